"""No file harms: whatever the bytes, a reader returns or refuses in words, and no pattern is slow on a long text."""

from __future__ import annotations

import ast
import importlib
import io
import random
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest

from benchmarks import hostile
from finance.price_paths import read_points
from sim.meter import cells, columns, evidence, file, stamps, units, words
from sim.meter.findings import MeterError
from sim.meter.read import inspect, read_meter
from sim.problem import Problem, Refusal
from sim.sun.files import read_weather
from sim.tariff import bills_file, price_units, urdb_file
from sim.tariff.price_file import PriceChoices, read_curve
from sim.tariff.urdb import read_urdb, to_tariff
from tests.field.files import BILL_FIELDS, OWN

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_mutated_files_are_read_or_refused_in_words(seed: int) -> None:
    check(500, seed)


# Patterns


ROOMS = ("sim", "finance", "study", "report", "ui", "i18n")
# A process of its own, and the script that is a page's frame.
NO_MODULES = ("book_child", "main")
SIGNS = "0159 aehkwWHzE,.;:-+/()[]{}\"'%$=_\t\n万千月日时至~xX|\\#<>&!@`*"
SHORT, LONG, QUICK_S = 6_000, 100_000, 0.02


def held(value: object) -> Iterator[re.Pattern[str]]:
    """Patterns in a value, alone or in lists and tables."""
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, tuple | list):
        yield from (found for part in value for found in held(part))
    elif isinstance(value, dict):
        yield from (found for part in value.values() for found in held(part))


def patterns(room: str) -> set[re.Pattern[str]]:
    """Every pattern of a room's modules: compiled ones, and those written out where they are used."""
    found: set[re.Pattern[str]] = set()
    for path in sorted((ROOT / room).rglob("*.py")):
        if path.stem in NO_MODULES:
            continue
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found |= {pattern for value in vars(module).values() for pattern in held(value)}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first, owner = node.args[0], getattr(node.func.value, "id", "")
                if owner == "re" and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(re.compile(first.value))
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("room", ROOMS)
def test_no_pattern_is_slow_on_a_long_text(room: str) -> None:
    """A quadratic pattern takes 0.1 s for a short text already. It is given the long one then, and the limit of time
    ends it."""
    for pattern in patterns(room):
        for sign in SIGNS:
            for look in (pattern.match, pattern.fullmatch, pattern.search):
                began = time.process_time()
                look(sign * SHORT)
                if time.process_time() - began > QUICK_S:
                    look(sign * LONG)


def test_a_quadratic_pattern_would_be_found() -> None:
    began = time.process_time()
    re.compile(r"\s+x").search(" " * SHORT)
    assert time.process_time() - began > QUICK_S


def test_patterns_of_every_reader_are_found() -> None:
    found = {pattern.pattern for room in ROOMS for pattern in patterns(room)}
    for module in (cells, columns, evidence, stamps, units, words, bills_file, price_units, urdb_file):
        assert {pattern.pattern for value in vars(module).values() for pattern in held(value)} <= found
    assert len(found) > 150


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


WEATHERS = {
    "a letter in a cell": lambda text: text.replace(",15.0,", ",15.0x,", 3),
    "longitude beyond all bounds": lambda text: text.replace("121.43", "1e400", 1),
    "no number for a zone": lambda text: text.replace(",8.0,4.0", ",x,4.0", 1),
    "other line ends": lambda text: text.replace("\n", "\r"),
    "many lines": lambda text: text + "\n" * 1_200_000,
    "a quote that never ends": lambda text: text.replace(",15.0,", ',"15.0,', 1),
    "no rows": lambda text: text[:600],
}


@pytest.mark.parametrize("name", WEATHERS)
def test_a_broken_weather_file_ends_in_words(name: str) -> None:
    whole = hostile.weathers()[0]
    assert read_weather(whole, "w.epw", 8.0).ghi.size == 8760
    with suppress(Refusal):
        read_weather(WEATHERS[name](whole.decode()).encode(), "w.epw", 8.0)


def test_hostile_cases_end_in_words() -> None:
    """`benchmarks/hostile.py` runs them by the thousand."""
    for door in hostile.SHARES:
        stream = hostile.cases(door, random.Random(f"2 {door}"))
        for _ in range(3 if door == "study" else 20):
            assert hostile.judged(door, next(stream))[0] in ("accepted", "refused"), door


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
