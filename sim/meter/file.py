"""The bytes of an uploaded file -> rows of cells, whatever the container, the encoding or the separator."""

import contextlib
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from sim.meter.book import Page, damaged, read_book
from sim.meter.findings import MeterError, refusal
from sim.meter.limits import (
    CELL_LENGTH,
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    MAX_TEXT_BYTES,
    MAX_UNPACKED_BYTES,
)
from sim.meter.markup import html_rows, json_rows, parse_xml, xml_rows
from sim.meter.scripts import decode
from sim.problem import Problem

# Share of control characters above which a file is no text.
MOST_CONTROL = 0.01
# Rows of a sheet that make it a table.
TABLE_ROWS = 20
HEAD_ROWS = 30
# The column that says which sheet or file a row comes from, where several were joined.
JOINED = "Sheet"

# Columns of a printed table are parted by at least two blanks.
WIDE_BLANK = "  "

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
    (b"Rar!", "zip", Problem("a compressed archive (RAR)")),
    (b"7z\xbc\xaf", "zip", Problem("a compressed archive (7-Zip)")),
    (b"PAR1", "kind", Problem("a Parquet file")),
    (b"SQLite format", "kind", Problem("a database (SQLite)")),
    (b"{\\rtf", "kind", Problem("a text document (RTF)")),
)
_ZIPPED = (
    ("word/document.xml", "kind", Problem("a Word document")),
    ("ppt/presentation.xml", "kind", Problem("a PowerPoint file")),
    ("content.xml", "kind", Problem("an OpenDocument file")),
)
_SPREADSHEETS = {"xl/workbook.xml", "xl/workbook.bin"}
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_TABLE_NAMES = (".csv", ".txt", ".tsv", ".dat", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".xml", ".json")
_PAGE, _JSON, _XML = Problem("a web page (HTML)"), Problem("a JSON file"), Problem("an XML file")
_MARKUP = (
    *((beginning, _PAGE) for beginning in ("<!doctype html", "<html", "<table", "<head", "<meta")),
    *(("<", _XML), ("{", _JSON), ("[", _JSON)),
)


@dataclass(frozen=True)
class Sheet:
    """Rows of cells as they stand in the file; `rows[i]` is row i + 1. Cells are text, or a workbook's own values.

    `joined` are the sheets or files whose rows follow each other here, with a last column that names them.
    """

    rows: list[Sequence[object]]
    delimiter: str | None = None
    name: str | None = None
    other_names: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()


def load(data: bytes, filename: str, limit: int | None = None) -> Sheet:
    """Cells of a table, at most the first `limit` rows. What the bytes are decides, not the file's name."""
    return rows_of(*unpack(data, filename), limit)


def rows_of(data: bytes, filename: str, limit: int | None = None, is_inside: bool = False) -> Sheet:
    """Cells of a file; an archive with several tables of one heading gives them one after another."""
    if is_archive(data) and not is_inside:
        sheet = _chosen(_members(data, filename))
    elif _is_book(data):
        sheet = _chosen(read_book(data, filename))
    else:
        sheet = _load_text(data, filename, limit)
    if not sheet.rows:
        raise _empty(filename)
    return Sheet(sheet.rows[:limit], sheet.delimiter, sheet.name, sheet.other_names, sheet.joined)


def unpack(data: bytes, filename: str) -> tuple[bytes, str]:
    """(bytes, name) of the only table in a zip or gz, or the file itself. Raises MeterError where there is none."""
    for most in (MAX_BYTES, MAX_TEXT_BYTES, MAX_TEXT_BYTES):
        _check_size(data, filename, most)
        _check_kind(data, filename)
        if data.startswith(b"\x1f\x8b"):
            data, filename = _gunzipped(data, filename), filename.removesuffix(".gz")
        elif is_archive(data) and len(inside := _table_members(data, filename)) == 1:
            data, filename = _member(data, inside[0], filename), inside[0].filename
        else:
            break
    return data, filename


# Containers


def _gunzipped(data: bytes, filename: str) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            found = stream.read(MAX_TEXT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _torn_archive(filename) from error
    if len(found) > MAX_TEXT_BYTES:
        raise _unpacks_too_far(filename, MAX_TEXT_BYTES)
    return found


def is_archive(data: bytes) -> bool:
    """Whether the bytes are a zip archive that is no workbook."""
    return data.startswith(b"PK") and not _is_book(data)


def _is_book(data: bytes) -> bool:
    if data.startswith(_OLD_OFFICE):
        return True
    return data.startswith(b"PK") and (bool(_SPREADSHEETS & set(_zip_names(data))) or _ODS in data[:200])


def _zip_names(data: bytes) -> list[str]:
    try:
        return zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return []


def _table_members(data: bytes, filename: str) -> list[zipfile.ZipInfo]:
    members = [
        member
        for member in zipfile.ZipFile(io.BytesIO(data)).infolist()
        if member.filename.lower().endswith(_TABLE_NAMES) and not member.filename.startswith(("__MACOSX", "."))
    ]
    if not members:
        reason = Problem('"{name}" is a zip archive without a table in it.', name=filename)
        raise refusal("wrong_kind_zip", reason, AS_CSV)
    if sum(member.file_size for member in members) > MAX_TEXT_BYTES:
        raise _unpacks_too_far(filename, MAX_TEXT_BYTES)
    return members[:MAX_SHEETS]


def _member(data: bytes, member: zipfile.ZipInfo, filename: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)).open(member) as stream:
            found = stream.read(MAX_TEXT_BYTES + 1)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error, ValueError) as error:
        raise _torn_archive(filename) from error
    if len(found) > MAX_TEXT_BYTES:
        raise _unpacks_too_far(filename, MAX_TEXT_BYTES)
    return found


def _members(data: bytes, filename: str) -> list[Page]:
    """The tables of an archive that holds several; what is none of them is left out."""
    pages = []
    for member in _table_members(data, filename):
        content = _member(data, member, filename)
        with contextlib.suppress(MeterError):
            pages.append(Page(member.filename, rows_of(content, member.filename, is_inside=True).rows))
    return pages


def _torn_archive(filename: str) -> MeterError:
    reason = Problem('"{name}" is a damaged or locked archive.', name=filename)
    return refusal("wrong_kind_zip", reason, "Unpack it and upload the CSV or XLSX file inside.")


def _unpacks_too_far(filename: str, most: int) -> MeterError:
    reason = Problem('"{name}" unpacks to more than {limit_mb} MB.', name=filename, limit_mb=most >> 20)
    return refusal("too_large", reason, AS_CSV)


def _check_size(data: bytes, filename: str, most: int) -> None:
    if len(data) > most:
        raise _too_large(data, filename)
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
    if data.startswith(_OLD_OFFICE) and "EncryptedPackage".encode("utf-16-le") in data:
        reason = Problem('"{name}" is protected by a password.', name=filename)
        raise refusal("wrong_kind_locked", reason, "Remove it and upload again.")
    if data.startswith(b"PK"):
        _check_zip(data, filename)


def _not_a_table(filename: str, kind: Problem) -> Problem:
    return Problem('"{name}" is {kind}, not a table.', name=filename, kind=kind)


def _check_zip(data: bytes, filename: str) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise damaged(filename) from error
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise _unpacks_too_far(filename, MAX_UNPACKED_BYTES)
    names = {member.filename for member in members}
    for name, code, kind in _ZIPPED:
        if name in names and _ODS not in data[:200]:
            raise refusal(f"wrong_kind_{code}", Problem('"{name}" is {kind}.', name=filename, kind=kind), AS_CSV)


# Sheets


def _chosen(pages: list[Page]) -> Sheet:
    """The first sheet that is a table, with those that go on under the same headings; else the one with most rows."""
    pages = [Page(page.name, _without_tail(page.rows)) for page in pages]
    sizes = [_filled_rows(page.rows[:100]) for page in pages]
    if not any(sizes):
        return Sheet([])
    best = next((i for i, size in enumerate(sizes) if size >= TABLE_ROWS), sizes.index(max(sizes)))
    header = {
        i: at
        for i, page in enumerate(pages)
        if i == best or sizes[i] >= 2
        if (at := _same_header(pages[best].rows, page.rows)) is not None
    }
    others = tuple(page.name for i, page in enumerate(pages) if sizes[i] and i != best and i not in header)
    if len(header) < 2:
        return Sheet(pages[best].rows, name=pages[best].name, other_names=others)
    return Sheet(_joined(pages, header), None, pages[best].name, others, tuple(pages[i].name for i in sorted(header)))


def _same_header(rows: Sequence[Sequence[object]], others: Sequence[Sequence[object]]) -> int | None:
    """Index in `others` of a heading of words that `rows` has too."""
    known = {words for row in rows[:HEAD_ROWS] if (words := _words(row))}
    return next((at for at, row in enumerate(others[:HEAD_ROWS]) if _words(row) in known), None)


def _words(row: Sequence[object]) -> tuple[str, ...]:
    """A row's texts if it has at least two and no number, else nothing."""
    texts = tuple("" if cell is None else str(cell).strip() for cell in row)
    texts = texts[: max((at + 1 for at, text in enumerate(texts) if text), default=0)]
    filled = [text for text in texts if text]
    is_header = len(filled) >= 2 and not any(re.match(r"[-+]?\d{1,12}([.,]\d{1,12})?$", text) for text in filled[:2])
    return texts if is_header else ()


def _joined(pages: list[Page], header: dict[int, int]) -> list[Sequence[object]]:
    first = min(header)
    width = max(len(pages[first].rows[header[first]]), 1)
    rows: list[Sequence[object]] = []
    for i, at in sorted(header.items()):
        above = pages[i].rows[: at + 1] if i == first else []
        rows += [_wide(row, width, JOINED if k == at else "") for k, row in enumerate(above)]
        rows += [_wide(row, width, pages[i].name) for row in pages[i].rows[at + 1 :]]
    return rows[:MAX_ROWS]


def _wide(row: Sequence[object], width: int, last: str) -> list[object]:
    return [*row[:width], *[None] * (width - len(row)), last]


def _filled_rows(rows: Sequence[Sequence[object]]) -> int:
    return sum(sum(cell is not None and cell != "" for cell in row) >= 2 for row in rows)


def _without_tail(rows: list[Sequence[object]]) -> list[Sequence[object]]:
    end = len(rows)
    while end and all(cell is None or not str(cell).strip() for cell in rows[end - 1]):
        end -= 1
    return rows[:end]


# Text


def _load_text(data: bytes, filename: str, limit: int | None) -> Sheet:
    text = decode(data)
    start = text[:400].lstrip().lower()
    for prefix, kind in _MARKUP:
        if start.startswith(prefix):
            return _marked_up(text, filename, kind)
    head = text[:100_000]
    if len(re.findall(r"[\x00-\x08\x0e-\x1f]", head)) > MOST_CONTROL * len(head):
        raise refusal("wrong_kind_binary", Problem('"{name}" is not a text file.', name=filename), AS_CSV)
    # Loggers that lose power leave NUL bytes: such a cell must not pass for a shorter number.
    text = text.replace("\x00", "\ufffd")
    delimiter = find_delimiter(text)
    if delimiter == WIDE_BLANK:
        text, delimiter = re.sub(r"(?m)^ {1,99}| {1,99}$", "", re.sub(r" {2,99}", "\t", text)), "\t"
    most = MAX_ROWS + 1 if limit is None else limit
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows: list[Sequence[object]] = [_cut(row) for row in islice(lines, most)]
    except csv.Error as error:
        reason = Problem('"{name}" cannot be split into columns.', name=filename)
        advice = Problem("Look for a quotation mark that is opened and never closed.")
        raise refusal("damaged", reason, advice) from error
    if len(rows) > MAX_ROWS:
        raise _too_large(data, filename)
    return Sheet(_without_tail(rows), delimiter)


def _cut(row: list[str]) -> list[str]:
    """At most 256 columns, and cells of at most 200 characters."""
    if len(row) <= MAX_COLUMNS and sum(map(len, row)) <= CELL_LENGTH:
        return row
    return [cell[:CELL_LENGTH] for cell in row[:MAX_COLUMNS]]


def _too_large(data: bytes, filename: str) -> MeterError:
    size = len(data) / 1024**2
    reason = Problem(
        '"{name}" has {size:.1f} MB; files of {most} MB and {rows:,} rows can be read.',
        name=filename,
        size=size,
        most=MAX_BYTES >> 20,
        rows=MAX_ROWS,
    )
    advice = Problem("Keep only the time and the load column, or average to 15 minutes, and upload again.")
    return refusal("too_large", reason, advice)


def _marked_up(text: str, filename: str, kind: Problem) -> Sheet:
    if kind == _PAGE:
        rows = html_rows(text)
    elif kind == _JSON:
        rows = json_rows(text)
    else:
        root = parse_xml(text)
        rows = html_rows(text) if root is None else xml_rows(root)
    if not rows or len(rows) < 2:
        raise refusal("wrong_kind_markup", _not_a_table(filename, kind), AS_CSV)
    return Sheet(_without_tail(rows))


def find_delimiter(text: str) -> str:
    """The separator that occurs equally often in most lines. The comma comes last: it may be a decimal comma."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:60_000].splitlines() if line.strip()]
    hint = re.match(r"sep=(.)", lines[0], re.IGNORECASE) if lines else None
    if hint:
        return hint.group(1)
    sample = lines[40:340] if len(lines) > 100 else lines
    steady = {}
    for delimiter in (";", "\t", "|", ","):
        count, times = Counter(line.count(delimiter) for line in sample).most_common(1)[0] if sample else (0, 0)
        if count and times >= 0.6 * len(sample):
            steady[delimiter] = count
    if steady.get("|", 0) < steady.get(",", 0):
        steady.pop("|", None)
    if not steady and sample and (blanks := _blanks(sample)):
        return blanks
    return next(iter(steady), ",")


def _blanks(sample: list[str]) -> str:
    """Wide blanks, or one behind a date, where columns are parted by nothing else; "" where they are not."""
    is_dated = sum(re.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d|20\d{6}", line) is not None for line in sample)
    for blanks, pattern in ((WIDE_BLANK, r" {2,99}"), (" ", " ")):
        count, times = Counter(len(re.findall(pattern, line.strip())) for line in sample).most_common(1)[0]
        if count and times >= 0.9 * len(sample) and (blanks == WIDE_BLANK or is_dated >= 0.9 * len(sample)):
            return blanks
    return ""
