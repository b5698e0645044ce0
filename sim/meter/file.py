"""The bytes of an uploaded file -> rows of cells, whatever the encoding, the separator or the workbook."""

import csv
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sim.meter.findings import MeterError, refusal
from sim.problem import Problem

MAX_BYTES = 20 * 1024 * 1024
# A workbook is a zip file: 20 MB of it can hold gigabytes of nothing.
MAX_UNPACKED_BYTES = 400 * 1024 * 1024
MAX_COLUMNS = 256
# Share of control characters above which a file is no text.
MOST_CONTROL = 0.01

AS_CSV = Problem("Save the load curve as CSV or as an Excel workbook (.xlsx) and upload that.")

_MAGIC = (
    (b"%PDF", "pdf", Problem("a PDF document")),
    (b"\x89PNG", "image", Problem("a picture (PNG)")),
    (b"\xff\xd8\xff", "image", Problem("a picture (JPEG)")),
    (b"GIF8", "image", Problem("a picture (GIF)")),
    (b"BM", "image", Problem("a picture (BMP)")),
    (b"II*\x00", "image", Problem("a picture (TIFF)")),
    (b"MM\x00*", "image", Problem("a picture (TIFF)")),
    (b"RIFF", "image", Problem("a picture or a recording (RIFF)")),
    (b"\x1f\x8b", "zip", Problem("a compressed file (gzip)")),
    (b"Rar!", "zip", Problem("a compressed archive (RAR)")),
    (b"7z\xbc\xaf", "zip", Problem("a compressed archive (7-Zip)")),
    (b"PAR1", "kind", Problem("a Parquet file")),
    (b"SQLite format", "kind", Problem("a database (SQLite)")),
    (b"{\\rtf", "kind", Problem("a text document (RTF)")),
)
_ZIPPED = (
    ("xl/workbook.bin", "kind", Problem("a binary Excel workbook (.xlsb)")),
    ("word/document.xml", "kind", Problem("a Word document")),
    ("ppt/presentation.xml", "kind", Problem("a PowerPoint file")),
    ("content.xml", "kind", Problem("an OpenDocument file")),
)
_PAGE, _JSON = Problem("a web page (HTML)"), Problem("a JSON file")
_MARKUP = (("<!doctype html", _PAGE), ("<html", _PAGE), ("<table", _PAGE), ("<?xml", Problem("an XML file")))
_MARKUP += (('{"', _JSON), ('[{"', _JSON), ("[[", _JSON))


@dataclass(frozen=True)
class Sheet:
    """Rows of cells as they stand in the file; `rows[i]` is row i + 1. Cells are text, or Excel's own values."""

    rows: list[Sequence[object]]
    delimiter: str | None = None
    name: str | None = None
    other_names: tuple[str, ...] = ()


def load(data: bytes, filename: str, limit: int | None = None) -> Sheet:
    """Cells of a CSV or XLSX file, at most the first `limit` rows. What the bytes are decides, not the file's name."""
    _check_size(data, filename)
    _check_kind(data, filename)
    read = _load_workbook if data.startswith(b"PK") else _load_text
    sheet = read(data, filename, limit)
    if not sheet.rows:
        raise _empty(filename)
    return sheet


def _check_size(data: bytes, filename: str) -> None:
    if len(data) > MAX_BYTES:
        size = len(data) / 1024**2
        reason = Problem('"{name}" has {size:.1f} MB; files up to 20 MB can be read.', name=filename, size=size)
        advice = Problem("Keep only the time and the load column, or average to 15 minutes, and upload again.")
        raise refusal("too_large", reason, advice)
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe,;"):
        raise _empty(filename)


def _empty(filename: str) -> MeterError:
    reason = Problem('"{name}" is empty.', name=filename)
    return refusal("empty", reason, "Export the load curve again and check it holds rows.")


def _check_kind(data: bytes, filename: str) -> None:
    for prefix, code, kind in _MAGIC:
        # "BM" also begins words; a bitmap has NUL bytes right behind it.
        if data.startswith(prefix) and (prefix != b"BM" or b"\x00" in data[2:16]):
            raise refusal(f"wrong_kind_{code}", _not_a_table(filename, kind), AS_CSV)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_office(data, filename)
    if data.startswith(b"PK"):
        _check_zip(data, filename)


def _not_a_table(filename: str, kind: Problem) -> Problem:
    return Problem('"{name}" is {kind}, not a table.', name=filename, kind=kind)


def _old_office(data: bytes, filename: str) -> MeterError:
    if "EncryptedPackage".encode("utf-16-le") in data:
        reason = Problem('"{name}" is protected by a password.', name=filename)
        return refusal("wrong_kind_locked", reason, "Remove it and upload again.")
    reason = Problem('"{name}" is in an old Office format (.xls).', name=filename)
    advice = Problem("Open it in Excel, choose Save As, Excel Workbook (.xlsx) or CSV, and upload that.")
    return refusal("wrong_kind_xls", reason, advice)


def _check_zip(data: bytes, filename: str) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _damaged(filename) from error
    names = {member.filename for member in members}
    for name, code, kind in _ZIPPED:
        if name in names:
            raise refusal(f"wrong_kind_{code}", Problem('"{name}" is {kind}.', name=filename, kind=kind), AS_CSV)
    if "xl/workbook.xml" not in names:
        reason = Problem('"{name}" is a zip archive, not a table.', name=filename)
        raise refusal("wrong_kind_zip", reason, "Unpack it and upload the CSV or XLSX file inside.")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        limit_mb = MAX_UNPACKED_BYTES >> 20
        reason = Problem('"{name}" unpacks to more than {limit_mb} MB.', name=filename, limit_mb=limit_mb)
        raise refusal("too_large", reason, AS_CSV)


def _damaged(filename: str) -> MeterError:
    reason = Problem('"{name}" is damaged: an Excel workbook that cannot be opened.', name=filename)
    return refusal("damaged", reason, "Open it in Excel, save it again (.xlsx or CSV) and upload that.")


def _load_workbook(data: bytes, filename: str, limit: int | None) -> Sheet:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions it does not know; they do not touch the cells.
            warnings.simplefilter("ignore")
            return _best_sheet(data, limit)
    # openpyxl has no error class of its own: a bad file surfaces as whatever went wrong inside.
    except Exception as error:
        raise _damaged(filename) from error


def _best_sheet(data: bytes, limit: int | None) -> Sheet:
    """The first sheet with at least 20 filled rows near its top, else the one with most."""
    import openpyxl  # only who uploads a workbook waits for it

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    try:
        sheets = book.worksheets
        sizes = [_filled_rows(_cells(sheet, 100)) for sheet in sheets]
        best = next((i for i, size in enumerate(sizes) if size >= 20), sizes.index(max(sizes)))
        others = tuple(sheet.title for i, sheet in enumerate(sheets) if i != best and sizes[i])
        rows = _without_tail(_cells(sheets[best], limit))
        return Sheet(rows, name=sheets[best].title, other_names=others)
    finally:
        book.close()


def _cells(sheet, limit: int | None) -> list[Sequence[object]]:
    # Some exporters write a wrong size into the file; without it every row is read.
    sheet.reset_dimensions()
    return list(islice(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), limit))


def _filled_rows(rows: Iterable[Sequence[object]]) -> int:
    return sum(sum(cell is not None for cell in row) >= 2 for row in rows)


def _without_tail(rows: list[Sequence[object]]) -> list[Sequence[object]]:
    end = len(rows)
    while end and all(cell is None or not str(cell).strip() for cell in rows[end - 1]):
        end -= 1
    return rows[:end]


def _load_text(data: bytes, filename: str, limit: int | None) -> Sheet:
    text = decode(data)
    start = text[:200].lstrip().lower()
    for prefix, kind in _MARKUP:
        if start.startswith(prefix):
            raise refusal("wrong_kind_markup", _not_a_table(filename, kind), AS_CSV)
    head = text[:100_000]
    if len(re.findall(r"[\x00-\x08\x0e-\x1f]", head)) > MOST_CONTROL * len(head):
        raise refusal("wrong_kind_binary", Problem('"{name}" is not a text file.', name=filename), AS_CSV)
    # Loggers that lose power leave NUL bytes: such a cell must not pass for a shorter number.
    text = text.replace("\x00", "\ufffd")
    delimiter = find_delimiter(text)
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), limit))
    except csv.Error as error:
        reason = Problem('"{name}" cannot be split into columns.', name=filename)
        advice = Problem("Look for a quotation mark that is opened and never closed.")
        raise refusal("damaged", reason, advice) from error
    return Sheet(_without_tail(rows), delimiter)


def decode(data: bytes) -> str:
    """Text of a file in UTF-8, UTF-16 (with or without mark), GB18030 or Windows-1252, told apart by its bytes."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    head = data[:2000]
    if head.count(0) > len(head) // 4:
        return data.decode("utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be", errors="replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _looks_chinese(data):
            return text
    return data.decode("cp1252", errors="replace")


def _looks_chinese(data: bytes) -> bool:
    """GB18030 writes common characters as two high bytes; accents of Western files stand alone between letters."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", data[:200_000])]
    return sum(length % 2 for length in runs) <= len(runs) / 2


def find_delimiter(text: str) -> str:
    """The separator that occurs equally often in most lines. The comma comes last: it may be a decimal comma."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:60_000].splitlines() if line.strip()]
    hint = re.match(r"sep=(.)", lines[0], re.IGNORECASE) if lines else None
    if hint:
        return hint.group(1)
    sample = lines[40:340] if len(lines) > 100 else lines
    for delimiter in (";", "\t", "|", ","):
        count, times = Counter(line.count(delimiter) for line in sample).most_common(1)[0] if sample else (0, 0)
        if count and times >= 0.6 * len(sample):
            return delimiter
    return ","
