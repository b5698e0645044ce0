"""Rows of a workbook on standard input as JSON on standard output, in a process of its own.

The parser is fast, but a few kilobytes can make it ask for all the memory there is, and then it ends its process: so it
never runs in the server's. Nothing of the project is imported here.
"""

import json
import sys
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice

MEMORY_BYTES = 1536 * 1024 * 1024
PROCESSOR_S = 20


def limit() -> None:
    """Memory and processor time of this process; systems without such limits have only the caller's time-out."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def plain(cell: object, longest: int) -> object:
    """A cell that JSON can say: dates and times as ["t", ISO text] or ["m", minutes]."""
    if isinstance(cell, str):
        return cell[:longest] or None
    if isinstance(cell, bool) or cell is None:
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell
    if isinstance(cell, (datetime, date, time)):
        return ["t", cell.isoformat()]
    return ["m", cell.total_seconds() / 60] if isinstance(cell, timedelta) else str(cell)[:longest]


def sheet_rows(sheet, most_rows: int, most_columns: int, longest: int) -> list:
    """Cells from the sheet's first row and column on, whatever its writer left empty."""
    if sheet.start is None:
        return []
    left = [None] * min(sheet.start[1], most_columns)
    rows = islice(sheet.iter_rows(), most_rows)
    return [(left + [plain(cell, longest) for cell in row[:most_columns]])[:most_columns] for row in rows]


def main() -> None:
    limit()
    most_sheets, most_rows, most_columns, longest = (int(word) for word in sys.argv[1:5])
    from python_calamine import CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
    except PasswordError:
        print(json.dumps({"fault": "locked"}))
        return
    sheets, left = [], most_rows
    for name in book.sheet_names[:most_sheets]:
        rows = sheet_rows(book.get_sheet_by_name(name), left, most_columns, longest)
        left -= len(rows)
        sheets.append([name, rows])
    json.dump({"sheets": sheets}, sys.stdout)


if __name__ == "__main__":
    main()
