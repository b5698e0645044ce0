"""Tables of another shape -> the usual one: dates or times parted into columns, days across and times down, times below
a line with their date, days numbered in a sheet a month, a year of bare days. Rows keep their numbers where they can.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sim.meter.cells import is_number
from sim.meter.file import JOINED, Sheet
from sim.meter.stamps import YEARS, is_clock, is_date, month_number, serial_like
from sim.meter.units import find_unit

HEAD_ROWS = 200
# Rows that are looked at before a table is taken for one of these shapes.
TRIED_ROWS = 60
FEWEST_DAYS = 20
FEWEST_SECTIONS = 5
STEPS_A_DAY = (24, 48, 96)

_NAMES = {
    "year": "year yr yyyy año ano anno jahr annee année jaar rok yil 年 年份 год",
    "month": "month mon mm mes mese mês monat mois maand miesiac ay 月 月份 месяц",
    "day": "day dd dia día giorno tag jour dag dzien gün 日 日期号 день",
    "hour": "hour hr hh hora ora stunde heure uur godzina saat 时 時 小时 час",
    "minute": "minute minutes min minuto minuti minuut 分 分钟 минута",
    "quarter": "quarter quarto cuarto quart viertel viertelstunde kwartier kvarter kwadrans 刻 刻钟",
}
_PARTS = {name: part for part, names in _NAMES.items() for name in names.split()}


def usual(sheet: Sheet) -> Sheet:
    """The sheet with one column of dates, or with days down, where it had neither; else the sheet itself."""
    shapes = (_joined_dates, _joined_clocks, _joined_without_heading, _turned, _under_dates, _days_of_sheets, _laid_out)
    for reshaped in shapes:
        rows = reshaped(sheet.rows)
        if rows is not None:
            return replace(sheet, rows=rows)
    return sheet


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


# A column of dates with columns of hours and of minutes, or quarters, beside it


def _joined_clocks(rows: list[Sequence[object]]) -> list[Sequence[object]] | None:
    for at, row in enumerate(rows[:HEAD_ROWS]):
        places = {part: c for c, cell in enumerate(row) if (part := _PARTS.get(_plain(cell)))}
        within = places.get("minute", places.get("quarter"))
        if "hour" in places and within is not None and "year" not in places:
            return _with_clocks(rows, at + 1, places["hour"], within, "minute" in places)
    return None


def _with_clocks(
    rows: list[Sequence[object]], first: int, hour: int, within: int, is_minute: bool
) -> list[Sequence[object]] | None:
    """The rows with one time in the hour's column. Hours and quarters count from 1; minutes from 0, or to 60."""
    pairs = [(_whole(row[hour]), _whole(row[within])) for row in rows[first:] if max(hour, within) < len(row)]
    known = {pair for pair in pairs if min(pair) >= 0}
    if not known or len(known) > 24 * 60 or any(h > 24 or m > 60 for h, m in known):
        return None
    from_one = min(h for h, _ in known) == 1 and max(h for h, _ in known) == 24
    quarters = sorted({m for _, m in known})
    if not is_minute and quarters not in ([1, 2, 3, 4], [0, 1, 2, 3]):
        return None
    head = [*rows[first - 1]]
    head[hour], head[within] = "Time", ""
    clocks = {(h, m): divmod(60 * (h - from_one) + (m if is_minute else 15 * (m - quarters[0])), 60) for h, m in known}
    return [*rows[: first - 1], head, *(_with_clock(row, hour, within, clocks) for row in rows[first:])]


def _with_clock(
    row: Sequence[object], hour: int, within: int, clocks: dict[tuple[int, int], tuple[int, int]]
) -> Sequence[object]:
    if max(hour, within) >= len(row) or (found := clocks.get((_whole(row[hour]), _whole(row[within])))) is None:
        return row
    cells = [*row]
    cells[hour], cells[within] = f"{found[0]}:{found[1]:02d}", None
    return cells


# Times below a line with their date


def _under_dates(rows: list[Sequence[object]]) -> list[Sequence[object]] | None:
    """Each day's rows stand below a line that holds nothing but its date, with a word at most."""
    if all(_lone_date(row) is None for row in rows[:HEAD_ROWS]):
        return None
    dates = {at: found for at, row in enumerate(rows) if (found := _lone_date(row)) is not None}
    if len(dates) < FEWEST_SECTIONS:
        return None
    first = min(dates)
    timed = sum(bool(row) and is_clock(row[0]) for row in rows[first:])
    if timed < STEPS_A_DAY[0] * len(dates) * 0.9 or timed < 0.8 * (len(rows) - first - len(dates)):
        return None
    dated: list[Sequence[object]] = [[None, *row] for row in rows[:first]]
    day: object = None
    for at, row in enumerate(rows[first:], start=first):
        day = dates.get(at, day)
        is_timed = bool(row) and is_clock(row[0])
        dated.append([day, *row] if is_timed else [None] if at in dates else ["Date", *row])
    return dated


def _lone_date(row: Sequence[object]) -> object:
    """The date that a line holds alone or behind a word; None for any other line."""
    filled = [cell for cell in row if _plain(cell)]
    if not 1 <= len(filled) <= 2 or serial_like(filled[-1]) or is_clock(filled[-1]):
        return None
    if len(filled) == 2 and re.search(r"\d", str(filled[0])[:40]):
        return None
    last = filled[-1]
    if isinstance(last, str):
        last = re.sub(r"^[^\W\d]{1,12}\s{0,2}[:：]\s{0,2}", "", last[:60].strip())
    return last if is_date(last) else None


# A sheet a month, whose rows count the days


def _days_of_sheets(rows: list[Sequence[object]]) -> list[Sequence[object]] | None:
    """Days 1 to 31 in the first column, the month in the sheet's name, which stands last in each row."""
    head = next((at for at, row in enumerate(rows[:HEAD_ROWS]) if row and row[-1] == JOINED), None)
    if head is None:
        return None
    body = [row for row in rows[head + 1 :] if row and _plain(row[0])]
    months = {str(row[-1]): _month_of(str(row[-1])) for row in body}
    days = [_whole(row[0]) for row in body]
    if None in months.values() or not body or sum(1 <= day <= 31 for day in days) < 0.9 * len(days):
        return None
    dated = [_on_day(row, months) for row in rows[head + 1 :]]
    return [*rows[:head], ["Date", *rows[head][1:]], *dated]


def _on_day(row: Sequence[object], months: dict[str, tuple[int, int] | None]) -> Sequence[object]:
    day, month = _whole(row[0]) if row else -1, months.get(str(row[-1])) if row else None
    if month is None or not 1 <= day <= 31:
        return row
    # Without a year the stamps' reader asks for one.
    return [f"{month[0]}-{month[1]:02d}-{day:02d}" if month[0] else f"{month[1]:02d}/{day:02d}", *row[1:]]


def _month_of(name: str) -> tuple[int, int] | None:
    """(year, or 0 without one, month) that a sheet's name tells: Jan-2025, 1月, 2025-01, March 25."""
    text = _plain(name)
    words = re.findall(r"[^\W\d_]{3,12}", text)
    numbers = [int(number) for number in re.findall(r"\d{1,4}", text)]
    years = [number for number in numbers if number in YEARS]
    month = next((found for word in words if (found := month_number(word))), 0)
    rest = [number for number in numbers if number not in years]
    if month:
        years += [2000 + number for number in rest if not years and number > 12]
    elif len(rest) == 1 and 1 <= rest[0] <= 12:
        month = rest[0]
    return (years[0] if years else 0, month) if month else None


# A year without dates, a day a row


def _laid_out(rows: list[Sequence[object]]) -> list[Sequence[object]] | None:
    """365 or 366 rows of a day's steps, after the day's number at most, one below the other."""
    first = next((at for at, row in enumerate(rows[:HEAD_ROWS]) if _is_day_of_numbers(row)), None)
    body = [] if first is None else [row for row in rows[first:] if any(_plain(cell) for cell in row)]
    if first is None or len(body) not in (365, 366) or not all(map(_is_day_of_numbers, body)):
        return None
    steps = max(size for size in STEPS_A_DAY if size <= len(body[0]))
    before = len(body[0]) - steps
    numbers = [_whole(row[0]) for row in body]
    if before > 1 or (before and numbers != list(range(numbers[0], numbers[0] + len(body)))):
        return None
    texts = [str(cell) for row in rows[:first] for cell in row if cell and find_unit(str(cell))]
    return [[texts[0] if texts else "Load"], *([row[c]] for row in body for c in range(before, before + steps))]


def _is_day_of_numbers(row: Sequence[object]) -> bool:
    return len(row) in (*STEPS_A_DAY, *(size + 1 for size in STEPS_A_DAY)) and all(map(is_number, row))


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
