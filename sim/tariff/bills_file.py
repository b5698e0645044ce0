"""A table of monthly bills (CSV, XLSX) -> `RealBill` rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.inputs.bills import MOST_BILLS
from sim.meter.cells import parse_numbers
from sim.meter.file import load
from sim.problem import Refusal

MONTH = "month"
PERIOD = "period:"
SUMS = {"total", "sum", "year", "合计", "总计", "小计"}


def plain_name(heading: object) -> str:
    """A heading without spaces, case, brackets' content and punctuation: "Energy charge (CNY)" -> "energycharge"."""
    text = unicodedata.normalize("NFKC", "" if heading is None else str(heading)).lower()
    return re.sub(r"[^\w]", "", re.sub(r"\(.*?\)|\[.*?\]", "", text))


def read_bills(data: bytes, filename: str, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows for `Scenario.bills`. `fields` gives the field of each plain heading; "period:peak" is the kWh of a period.

    Empty cells stay empty. Columns of other names are left out. Raises Refusal naming row and column, or MeterError.
    """
    sheet = load(data, filename)
    at = next((k for k, row in enumerate(sheet.rows) if MONTH in _known(row, fields).values()), None)
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
    bills: list[dict[str, Any]] = [{MONTH: _month(_cell(row, _column(known, MONTH)), number)} for number, row in rows]
    columns = {column: field for column, field in known.items() if field != MONTH}
    cells = [
        (bill, number, column, _cell(row, column))
        for bill, (number, row) in zip(bills, rows, strict=True)
        for column in columns
    ]
    numbers = parse_numbers([cell for *_, cell in cells], sheet.delimiter)
    for (bill, number, column, cell), value, is_text in zip(cells, numbers.values, numbers.is_text, strict=True):
        if is_text:
            raise _no_number(number, str(sheet.rows[at][column]), cell)
        _put(bill, columns[column], float(value))
    return bills


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


def _month(cell: object, row: int) -> str:
    text = unicodedata.normalize("NFKC", "" if cell is None else str(cell)).strip()
    found = re.match(r"(20\d\d)\D{0,2}(1[0-2]|0?[1-9])(?!\d)", text)
    if not found:
        raise Refusal("row {row}: '{text}' is not a month; write it as 2025-06", row=row, text=text[:40])
    return f"{found.group(1)}-{int(found.group(2)):02d}"


def _cell(row: Sequence[object], column: int) -> object:
    return row[column] if column < len(row) else None
