"""Tables of another shape -> the usual one: dates parted into columns for year, month and day, or days across and times
down. Rows keep their numbers where they can."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sim.meter.file import Sheet
from sim.meter.stamps import YEARS, is_clock, is_date, serial_like

HEAD_ROWS = 200
# Rows that are looked at before a table is taken for one of these shapes.
TRIED_ROWS = 60
FEWEST_DAYS = 20
STEPS_A_DAY = (24, 48, 96)

_NAMES = {
    "year": "year yr yyyy año ano anno jahr annee année jaar rok yil 年 年份 год",
    "month": "month mon mm mes mese mês monat mois maand miesiac ay 月 月份 месяц",
    "day": "day dd dia día giorno tag jour dag dzien gün 日 日期号 день",
    "hour": "hour hr hh hora ora stunde heure uur godzina saat 时 時 小时 час",
    "minute": "minute minutes min minuto minuti minuut 分 分钟 минута",
}
_PARTS = {name: part for part, names in _NAMES.items() for name in names.split()}


def usual(sheet: Sheet) -> Sheet:
    """The sheet with one column of dates, or with days down, where it had neither; else the sheet itself."""
    rows = _joined_dates(sheet.rows) or _joined_without_heading(sheet.rows) or _turned(sheet.rows)
    return sheet if rows is None else replace(sheet, rows=rows)


# Year, month and day in columns of their own


def _joined_dates(rows: list[Sequence[object]]) -> list[Sequence[object]] | None:
    for at, row in enumerate(rows[:HEAD_ROWS]):
        places = {part: c for c, cell in enumerate(row) if (part := _PARTS.get(_plain(cell)))}
        if {"year", "month", "day"} <= set(places):
            return _with_dates(rows, at + 1, places)
    return None


def _joined_without_heading(rows: list[Sequence[object]]) -> list[Sequence[object]] | None:
    """Rows that begin with year, month, day and a number of the hour, below at most one line without names."""
    first = next((at for at, row in enumerate(rows[:HEAD_ROWS]) if _day_of(row, 0, 1, 2)), None)
    if first is None or first > 1 or len(rows[first]) < 5 or not (0 <= _whole(rows[first][3]) <= 100):
        return None
    width = max(len(row) for row in rows[first : first + TRIED_ROWS])
    names = ["Year", "Month", "Day", "Hour", *(f"Column {c + 1}" for c in range(4, width))]
    places = {"year": 0, "month": 1, "day": 2, "hour": 3}
    return _with_dates([names, *rows[first:]], 1, places)


def _with_dates(rows: list[Sequence[object]], first: int, places: dict[str, int]) -> list[Sequence[object]] | None:
    """The rows with a date in the year's column and with a time in the hour's where minutes stand apart."""
    year, month, day = (places[part] for part in ("year", "month", "day"))
    tried = [row for row in rows[first : first + TRIED_ROWS] if any(_plain(cell) for cell in row)]
    dated = sum(_day_of(row, year, month, day) is not None for row in tried)
    if dated < 0.9 * len(tried) or not tried or any(is_date(cell) and not serial_like(cell) for cell in tried[0]):
        return None
    head = list(rows[first - 1])
    head[year] = "Date"
    joins_minutes = "hour" in places and "minute" in places
    if joins_minutes:
        head[places["hour"]] = "Time"
    return [*rows[: first - 1], head, *(_dated(row, places, joins_minutes) for row in rows[first:])]


def _dated(row: Sequence[object], places: dict[str, int], joins_minutes: bool) -> Sequence[object]:
    found = _day_of(row, places["year"], places["month"], places["day"])
    if found is None:
        return row
    cells = list(row)
    cells[places["year"]] = found.isoformat()
    for part in ("month", "day"):
        cells[places[part]] = None
    if joins_minutes and max(places["hour"], places["minute"]) < len(cells):
        hour, minute = (_whole(cells[places[part]]) for part in ("hour", "minute"))
        cells[places["hour"]] = f"{hour}:{minute:02d}" if 0 <= hour <= 24 and 0 <= minute < 60 else None
        cells[places["minute"]] = None
    return cells


def _day_of(row: Sequence[object], year: int, month: int, day: int) -> date | None:
    if max(year, month, day) >= len(row):
        return None
    parts = [_whole(row[c]) for c in (year, month, day)]
    try:
        return date(*parts) if parts[0] in YEARS else None
    except ValueError:
        return None


def _whole(cell: object) -> int:
    """A whole number that a cell holds, -1 where it holds none."""
    text = _plain(cell)
    return int(float(text)) if re.fullmatch(r"\d{1,4}(\.0{1,3})?", text) else -1


def _plain(cell: object) -> str:
    return "" if cell is None else unicodedata.normalize("NFKC", str(cell)[:40]).strip(" .:()[]").lower()


# Days across, times down


def _turned(rows: list[Sequence[object]]) -> list[Sequence[object]] | None:
    for at, row in enumerate(rows[:HEAD_ROWS]):
        columns = [c for c, cell in enumerate(row) if c and is_date(cell) and not serial_like(cell)]
        if len(columns) < FEWEST_DAYS:
            continue
        below = [below for below in rows[at + 1 : at + 1 + TRIED_ROWS + max(STEPS_A_DAY)] if below]
        steps = [one for one in below if is_clock(one[columns[0] - 1])]
        if len(steps) not in STEPS_A_DAY:
            return None
        labels = [one[columns[0] - 1] for one in steps]
        days = ([row[c], *(one[c] if c < len(one) else None for one in steps)] for c in columns)
        return [*rows[:at], ["Date", *labels], *days]
    return None
