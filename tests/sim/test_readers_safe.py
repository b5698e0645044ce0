"""No file harms: whatever the bytes, a reader returns or refuses in words, and no pattern is slow on a long text."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import openpyxl
import pytest

from finance.price_paths import read_points
from sim.meter import cells, columns, evidence, file, parts, scripts, stamps, units, words
from sim.meter.findings import MeterError
from sim.meter.read import inspect, read_meter
from sim.problem import Problem, Refusal
from sim.tariff import bills_file, price_units, urdb_file
from sim.tariff.price_file import PriceChoices, read_curve
from sim.tariff.urdb import read_urdb, to_tariff
from tests.field.files import BILL_FIELDS, OWN

MODULES = (cells, columns, evidence, file, parts, scripts, stamps, units, words, bills_file, price_units, urdb_file)
FILES = {
    path.name: path.read_bytes()
    for path in sorted((OWN / "files").iterdir())
    if path.suffix != ".md" and path.name != "expected.json"
}
PIECES = (
    b"E5",
    b"1e999",
    b"-",
    b"nan",
    b"inf",
    b"99/99/9999",
    b"24:00",
    b"25:61",
    b'"',
    b";",
    b",",
    b"\t",
    b"\x00",
    b"\xff",
    b"\n\n",
    b"2025-02-30",
    b"1900-01-01",
    b"2061-01-01",
    b"1" * 60,
    b"=",
    b"12/31",
    b"",
    b"0",
    b"-5",
    b"1e308",
    b"(",
    b"[",
    b"%",
    "万".encode(),
    b"kW",
    b"MWh",
    b"UTC",
    b"\r",
    b"{",
    b"<",
    b"null",
    b"[[]]",
)


def mutated(rng: random.Random, data: bytes) -> bytes:
    """A file gone wrong in one to forty of many ways."""
    data = data[: rng.choice([200, 2000, 8000, 40_000])]
    for _ in range(rng.choice([1, 1, 2, 5, 40])):
        at, kind = rng.randrange(len(data) + 1), rng.randrange(8)
        lines = data.split(b"\n")
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + rng.choice(PIECES) + data[at:]
        elif kind == 2:
            data = data[:at] + rng.randbytes(rng.choice([1, 4, 30])) + data[at:]
        elif kind == 3:
            row = rng.randrange(len(lines))
            mark = b"," if b"," in lines[row] else b";"
            held = lines[row].split(mark)
            held[rng.randrange(len(held))] = rng.choice(PIECES)
            data = b"\n".join([*lines[:row], mark.join(held), *lines[row + 1 :]])
        elif kind == 4:
            rng.shuffle(lines)
            data = b"\n".join(lines)
        elif kind == 5:
            data = data.replace(rng.choice([b"0", b"1", b"-", b":", b",", b";", b".", b"2025"]), rng.choice(PIECES))
        elif kind == 6:
            data = b"\n".join(lines[:1] + lines[1 :: rng.choice([2, 3, 7])])
        else:
            data = b"\n".join(line for line in lines for _ in range(rng.choice([1, 1, 1, 2])))
        data = data[:60_000]
    return data


def doors(rng: random.Random, data: bytes) -> Iterator[Callable[[], object]]:
    unit, offset = rng.choice([None, "kW", "kWh"]), rng.choice([None, 8])
    fields = {bills_file.plain_name(name): name for name in BILL_FIELDS} | {"time": "month", "date": "month"}
    yield lambda: inspect(data, "x.csv")
    yield lambda: read_meter(
        data, "x.csv", allow_short=True, unit=unit, site_offset_h=offset, expected_peak_kw=9000, actions={2: "cut"}
    )
    yield lambda: read_curve(data, "x.csv", PriceChoices(unit=rng.choice([None, "per MWh"])))
    yield lambda: bills_file.read_bills_file(data, "x.csv", fields)
    yield lambda: read_points(data)
    yield lambda: to_tariff(read_urdb(data))


def check(cases: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(cases):
        name = rng.choice(list(FILES))
        data = rng.randbytes(rng.randrange(300)) if rng.random() < 0.1 else mutated(rng, FILES[name])
        for door in doors(rng, data):
            try:
                door()
            except Refusal as refusal:
                assert isinstance(refusal.problem, Problem)
                assert str(refusal).strip()


def test_mutated_files_are_read_or_refused_in_words() -> None:
    check(150, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_mutated_files_are_read_or_refused_in_words(seed: int) -> None:
    check(500, seed)


# Patterns


def patterns(module: ModuleType) -> Iterator[re.Pattern[str]]:
    """The module's compiled patterns, alone or in lists and tables."""
    todo = list(vars(module).values())
    while todo:
        value = todo.pop()
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            yield value
        elif isinstance(value, tuple | list):
            todo += value
        elif isinstance(value, dict):
            todo += value.values()


SIGNS = "0159 aehkwWHzE,.;:-+/()[]{}\"'%$=_\t万千月日时至~xX|\\#"
LONG = 100_000


@pytest.mark.timeout(120)
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_pattern_is_slow_on_a_long_text(module: ModuleType) -> None:
    """A quadratic pattern takes minutes for this; the limit of time ends it. Readers also cut what they match."""
    for pattern in set(patterns(module)):
        for sign in SIGNS:
            text = sign * LONG
            pattern.match(text)
            pattern.fullmatch(text)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("sign", ["(", "[", "1", " ", ",", "e", ".", "-", ":", '"', "千", "/", "a "])
def test_a_cell_of_one_sign_is_read_in_a_moment(sign: str) -> None:
    cell = sign * (LONG // len(sign))
    for told in (cell, f"1{cell}", f"{cell}1", f"2025-01-01 {cell}"):
        for look in (cells.is_number, stamps.is_date, stamps.is_clock, units.find_unit, price_units.find_price_unit):
            look(told)
        words.has_word(told, words.LOAD)
        bills_file.plain_name(told)
        cells.parse_numbers([told] * 3, ",")
        stamps.parse_stamps([told] * 3)
        stamps.parse_clocks([told] * 3)


def test_a_heading_of_open_brackets_does_not_freeze_the_bills() -> None:
    data = b"month," + b"(" * LONG + b"\n2025-01,1\n"
    assert bills_file.read_bills_file(data, "b.csv", {"month": "month", "kwh": "kwh"}).rows == [{"month": "2025-01"}]


# Limits


def test_rows_columns_and_cells_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = file.load((",".join(["x" * 500] * 400) + "\n").encode() * 3, "x.csv")
    assert (len(sheet.rows[0]), len(sheet.rows[0][0])) == (256, 200)
    monkeypatch.setattr(file, "MAX_ROWS", 1000)
    with pytest.raises(MeterError, match="1,000 rows"):
        file.load(b"1,2\n" * 1001, "x.csv")


def with_cell(reference: str) -> bytes:
    """A workbook of a few kilobytes with a cell in the far corner of the sheet."""
    book, buffer, out = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active["A1"] = 1
    book.save(buffer)
    row = re.sub(r"\D", "", reference)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            data = source.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                cell = f'<row r="{row}"><c r="{reference}"><v>3</v></c></row></sheetData>'
                data = data.replace(b"</sheetData>", cell.encode())
            target.writestr(member.filename, data)
    return out.getvalue()


@pytest.mark.parametrize("reference", ["XFD1048576", "A1000000000", "ZZZ99999"])
def test_a_small_workbook_cannot_take_the_memory(reference: str) -> None:
    with pytest.raises(MeterError):
        read_meter(with_cell(reference), "x.xlsx")


@pytest.mark.parametrize(
    "change",
    [
        {"energyratestructure": [[{"rate": 1e308}]]},
        {"energyratestructure": [[{"rate": [1]}]]},
        {"energyratestructure": [[]]},
        {"energyratestructure": [[{"rate": 0.1}]] * 1000},
        {"energyweekdayschedule": [[None] * 24] * 12},
        {"energyweekdayschedule": [[0.5] * 24] * 12},
        {"demandwindow": 1e999},
        {"lookbackRange": "abc"},
        {"lookbackMonths": 5},
        {"fixedchargefirstmeter": {}},
        {"demandratchetpercentage": "x"},
        {"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [0.5] * 12},
        {"name": ["x"] * 9, "uri": {"a": 1}},
        {"name": "\ud800", "demandrateunit": "\ud800", "\ud800": 3},
    ],
)
def test_hostile_rates_end_in_words(change: dict) -> None:
    rate = {
        "energyratestructure": [[{"rate": 0.1}]],
        "energyweekdayschedule": [[0] * 24] * 12,
        "energyweekendschedule": [[0] * 24] * 12,
    }
    try:
        tariff, findings = to_tariff(read_urdb(rate | change))
        " ".join([tariff.name_en, *findings]).encode()
    except Refusal as refusal:
        assert "validation error" not in str(refusal)
        assert "invalid literal" not in str(refusal)


def test_files_of_the_field_are_there() -> None:
    assert len(FILES) == 52
    assert Path(OWN / "files" / "expected.json").exists()
