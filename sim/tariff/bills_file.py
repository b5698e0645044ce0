"""A table of monthly bills (CSV, XLSX) -> `RealBill` rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.inputs.bills import MOST_BILLS
from sim.meter.cells import parse_numbers
from sim.meter.file import load
from sim.meter.findings import stamp_of
from sim.meter.stamps import RANGE, DateOrderError, month_number, parse_stamps
from sim.meter.units import UNIT_TO_KW, find_unit, is_energy
from sim.problem import Refusal
from sim.tariff.price_units import find_currency

MONTH = "month"
PERIOD = "period:"
DEMAND, ENERGIES = "max_demand_kw", ("kwh",)
SUMS = {"total", "sum", "year", "合计", "总计", "小计"}


LONGEST_HEADING = 200
FIGURE = "0123456789.,'+-() \u00a0\u202f"
# The head of the table is looked for in the first rows only.
HEAD_ROWS = 200
# What may stand around a figure: USD 1,234.50, 1.234,50 kr, 1000 kWh.
_BEFORE = re.compile(r"([A-Za-z$]{2,4}\.?|元)\s?(?=[-+(\d])")
_BEHIND = re.compile(r"(?<=[\d)])\s?([A-Za-z]{1,4}\.?|[万千亿]?元|万?度|[万亿]?千瓦[·]?时|[万亿]?kWh)$")
# How many of the money a figure counts; kr is said of several.
_MANY = (
    (re.compile(r"亿元"), 1e8),
    (re.compile(r"百万元|\b(?:million|mio\.?|mn)\b", re.I), 1e6),
    (re.compile(r"万元|萬元"), 1e4),
    (re.compile(r"千元|\bthousand\b|['’]000\b|\bk\s?(?:€|\$|£|eur|usd|gbp|cny|rmb)", re.I), 1e3),
    (re.compile(r"\blakhs?\b", re.I), 1e5),
)
_MANY_ALONE = re.compile(r"kr\.?|[万千亿]元", re.I)
_YEAR_MONTH = re.compile(r"(20\d\d)\D{0,2}(1[0-2]|0?[1-9])(?!\d)")
_MONTH_YEAR = re.compile(r"(0?[1-9]|1[0-2])\s?[-/.]\s?(20\d\d)")
_NAME_YEAR = re.compile(r"([A-Za-zäéû]{3,9})\.?[-/ ,]{0,2}'?(20\d\d|\d\d)")
_YEAR_NAME = re.compile(r"(20\d\d|\d\d)[-/ ]{0,2}([A-Za-zäéû]{3,9})\.?")


def plain_name(heading: object) -> str:
    """A heading without spaces, case, brackets' content and punctuation: "Energy charge (CNY)" -> "energycharge"."""
    text = unicodedata.normalize("NFKC", "" if heading is None else str(heading)[:LONGEST_HEADING]).lower()
    return re.sub(r"[^\w]", "", re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", text))


class BillsFile(NamedTuple):
    """Rows for `Scenario.bills`, and the headings of columns that were left out though they hold something."""

    rows: list[dict[str, Any]]
    left_out: tuple[str, ...]


def read_bills_file(data: bytes, filename: str, fields: Mapping[str, str]) -> BillsFile:
    """Bills of a table. `fields` gives the field of each plain heading; "period:peak" is the kWh of a period.

    Empty cells stay empty. Raises Refusal naming row and column, or MeterError.
    """
    sheet = load(data, filename)
    head = enumerate(sheet.rows[:HEAD_ROWS])
    at = next((k for k, row in head if MONTH in _known(row, fields).values()), None)
    if at is None:
        raise Refusal("no column is headed as the month; use the headings of the template")
    known = _known(sheet.rows[at], fields)
    rows = [(number, row) for number, row in enumerate(sheet.rows[at + 1 :], start=at + 2) if _is_bill(row, known)]
    if not rows:
        raise Refusal("the table has headings but no bills below them")
    if len(rows) > MOST_BILLS:
        raise Refusal(
            "the table has {count} bills; at most {most} months can be read", count=len(rows), most=MOST_BILLS
        )
    months = _months([_cell(row, _column(known, MONTH)) for _, row in rows], [number for number, _ in rows])
    bills: list[dict[str, Any]] = [{MONTH: month} for month in months]
    columns = {column: field for column, field in known.items() if field != MONTH}
    cells = [
        (bill, number, column, _cell(row, column))
        for bill, (number, row) in zip(bills, rows, strict=True)
        for column in columns
    ]
    heads = {column: str(sheet.rows[at][column])[:LONGEST_HEADING] for column in columns}
    factors = {column: _factor(columns[column], head) for column, head in heads.items()}
    numbers = parse_numbers([_bare(cell) for *_, cell in cells], sheet.delimiter)
    for (bill, number, column, cell), value, is_text in zip(cells, numbers.values, numbers.is_text, strict=True):
        if is_text:
            raise _no_number(number, heads[column], cell)
        own = _factor(columns[column], cell[:60].strip(FIGURE)) if isinstance(cell, str) else None
        _put(bill, columns[column], float(value) * (own or factors[column] or 1.0))
    return BillsFile(bills, _left_out(sheet.rows[at], [row for _, row in rows], known))


def _left_out(head: Sequence[object], rows: Sequence[Sequence[object]], known: Mapping[int, str]) -> tuple[str, ...]:
    others = [column for column in range(len(head)) if column not in known]
    filled = [c for c in others if any(str(_cell(row, c) or "").strip() for row in rows)]
    return tuple(str(head[c] or "").strip()[:60] or f"#{c + 1}" for c in filled)


def _factor(field: str, text: str) -> float | None:
    """What a figure is multiplied by to be in kWh, kW or money, by the unit its heading or cell names, such as MWh or
    万元; None where it names none."""
    text = unicodedata.normalize("NFKC", text)
    if field == DEMAND or field in ENERGIES or field.startswith(PERIOD):
        unit = find_unit(text)
        return UNIT_TO_KW[unit] if unit and is_energy(unit) == (field != DEMAND) else None
    return next((times for pattern, times in _MANY if pattern.search(text)), None)


def _bare(cell: object) -> object:
    """A figure without the money or unit written around it; a minus behind it goes before it."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()[:60]
    if re.fullmatch(r"[\d.,'\s]{1,40}-", text):
        text = f"-{text[:-1]}"
    if (before := _BEFORE.match(text)) and find_currency(before[1]):
        text = text[before.end() :]
    names = (find_currency, find_unit, _MANY_ALONE.fullmatch)
    if (behind := _BEHIND.search(text)) and any(name(behind[1]) for name in names):
        text = text[: behind.start()]
    return text


def _known(row: Sequence[object], fields: Mapping[str, str]) -> dict[int, str]:
    found = {column: fields.get(plain_name(cell)) for column, cell in enumerate(row)}
    return {column: field for column, field in found.items() if field}


def _column(known: Mapping[int, str], field: str) -> int:
    return next(column for column, name in known.items() if name == field)


def _is_bill(row: Sequence[object], known: Mapping[int, str]) -> bool:
    """A row with something in a known column, and not a line of sums."""
    month = str(_cell(row, _column(known, MONTH)) or "").strip().lower()
    return month not in SUMS and any(str(_cell(row, column) or "").strip() for column in known)


def _put(bill: dict[str, Any], field: str, value: float) -> None:
    """An empty cell (NaN) leaves the field out."""
    if np.isnan(value):
        return
    if field.startswith(PERIOD):
        bill.setdefault("kwh_by_period", {})[field.removeprefix(PERIOD)] = value
    else:
        bill[field] = value


def _no_number(row: int, heading: str, cell: object) -> Refusal:
    return Refusal(
        "row {row}, column {column}: '{text}' is not a number; leave it empty where the bill does not say",
        row=row,
        column=heading,
        text=str(cell)[:40],
    )


def _months(cells: Sequence[object], rows: Sequence[int]) -> list[str]:
    """Months as 2025-06, from 2025-06, 2025年6月, 6/2025, Jun-25, or any date of the month; of a period its first."""
    texts = [unicodedata.normalize("NFKC", "" if cell is None else str(cell)[:60]).strip() for cell in cells]
    found = [_month(text) for text in texts]
    left = [at for at, month in enumerate(found) if month is None]
    if left:
        try:
            # Of a period both ends tell the order of day and month.
            ends = [RANGE.split(texts[at], maxsplit=1) for at in left]
            later = [parts[1] for parts in ends if len(parts) > 1]
            minutes = parse_stamps([*(cells[at] for at in left), *later]).minutes[: len(left)]
        except DateOrderError as error:
            at = left[error.index % len(left)]
            raise _no_month(rows[at], texts[at]) from error
        for at, minute in zip(left, minutes.tolist(), strict=True):
            if minute < 0:
                raise _no_month(rows[at], texts[at])
            found[at] = f"{stamp_of(minute):%Y-%m}"
    return [month for month in found if month is not None]


def _month(text: str) -> str | None:
    if found := _YEAR_MONTH.match(text):
        return f"{found[1]}-{int(found[2]):02d}"
    if found := _MONTH_YEAR.fullmatch(text):
        return f"{found[2]}-{int(found[1]):02d}"
    if found := _NAME_YEAR.fullmatch(text):
        name, year = found[1], found[2]
    elif found := _YEAR_NAME.fullmatch(text):
        year, name = found[1], found[2]
    else:
        return None
    number = month_number(name)
    return f"20{year[-2:]}-{number:02d}" if number else None


def _no_month(row: int, text: str) -> Refusal:
    return Refusal("row {row}: '{text}' is not a month; write it as 2025-06", row=row, text=text[:40])


def _cell(row: Sequence[object], column: int) -> object:
    return row[column] if column < len(row) else None
