"""How much of a file is read at most, so that no file can harm the server."""

MAX_BYTES = 20 * 1024 * 1024
# An archive or a workbook is compressed: 20 MB of it can hold gigabytes of nothing.
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_TEXT_BYTES = 60 * 1024 * 1024
# A leap year of minutes has 527,040 rows.
MAX_ROWS = 1_000_000
MAX_COLUMNS = 256
MAX_SHEETS = 60
CELL_LENGTH = 200
# Endings of files that may hold a table; what the bytes are decides.
TABLE_TYPES = ["csv", "txt", "tsv", "dat", "xlsx", "xlsm", "xlsb", "xls", "ods", "xml", "json", "zip", "gz"]
