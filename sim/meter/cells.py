"""Cells as text -> numbers, dates and times of day, column by column, as the whole column reads best."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

DAY = 1440
# Excel counts days from 1899-12-30; 25569 is 1970-01-01. The range is 1990 to 2060: meter files are not older.
EXCEL_EPOCH = 25569
SERIAL_RANGE = (32874.0, 58805.0)
YEARS = range(1990, 2061)
# A single torn date is a bad row; more of them than this share are another order of day and month.
MOST_CONTRARY = 0.01

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)
_EXCEL_DAY_0 = datetime(1899, 12, 30)
_BLANK = {"", "-", "--", "---", "n/a", "na", "#n/a", "nan", "null", "none", "nil", ".", "/", "\\", "无", "缺失"}


# Numbers


@dataclass(frozen=True)
class Numbers:
    """`values` (rows,) with NaN where a cell holds none; `is_blank` and `is_text` say why; `is_guess` if "1,234" could
    have been read either way."""

    values: NDArray[np.float64]
    is_blank: NDArray[np.bool_]
    is_text: NDArray[np.bool_]
    is_guess: bool = False


def parse_numbers(cells: Sequence[object], delimiter: str | None) -> Numbers:
    """Numbers of one column. Decimal comma and thousands marks are told from the column as a whole."""
    fast = _plain_numbers(cells)
    if fast is not None:
        none = np.zeros(len(fast), bool)
        return Numbers(fast, none, none, delimiter == ";" and _decimal_mark(cells, delimiter)[1])
    mark, is_guess = _decimal_mark(cells, delimiter)
    values = np.array([_number(cell, mark) for cell in cells], dtype=float)
    is_blank = np.array([_is_blank(cell) for cell in cells], dtype=bool)
    return Numbers(values, is_blank, np.isnan(values) & ~is_blank, is_guess)


def _plain_numbers(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """All cells as plain numbers with a decimal point, in one go; None if any is something else."""
    if any(isinstance(cell, bool) or (isinstance(cell, str) and "_" in cell) for cell in cells):
        return None
    try:
        values = np.array([float(cell) for cell in cells], dtype=float)
    except (TypeError, ValueError):
        return None
    if not np.isfinite(values).all() or _has_thousands_dots(cells):
        return None
    return values


def _has_thousands_dots(cells: Sequence[object]) -> bool:
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    return bool(texts) and _reads_as_thousands([t for t in texts if "." in t], [t for t in texts if "." not in t], ".")


def _decimal_mark(cells: Sequence[object], delimiter: str | None) -> tuple[str, bool]:
    """("." or ",", whether that is only a guess)."""
    texts = [_tidy(cell) for cell in cells if isinstance(cell, str) and not _is_blank(cell)]
    if any("," in t and t.rfind(",") > t.rfind(".") >= 0 for t in texts):
        return ",", False
    if any("." in t and t.rfind(".") > t.rfind(",") >= 0 for t in texts):
        return ".", False
    for mark, other in ((",", "."), (".", ",")):
        marked = [t for t in texts if mark in t]
        if not marked:
            continue
        if _reads_as_thousands(marked, [t for t in texts if mark not in t], mark):
            return other, False
        if not all(_is_grouped(t, mark) for t in marked):
            return mark, False
        # Every cell reads "12,345". Where ";" parts the columns the comma is a decimal comma, else it groups thousands.
        if mark == ",":
            return (",", True) if delimiter in (";", "\t") else (".", True)
        return ".", delimiter == ";"
    return ".", False


def _is_grouped(text: str, mark: str) -> bool:
    return re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(\{mark}\d{{3}})+", text) is not None


def _reads_as_thousands(marked: list[str], unmarked: list[str], mark: str) -> bool:
    """True for 998; 1.020; 1.234.567: marks only before groups of three, beside whole numbers below a thousand."""
    if not marked or not all(_is_grouped(t, mark) for t in marked):
        return False
    if any(t.count(mark) > 1 for t in marked):
        return True
    whole = [int(t) for t in unmarked if re.fullmatch(r"\d{1,4}", t)]
    return len(whole) > 0 and 100 <= float(np.median(whole)) < 1000


def _tidy(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'")
    return text.strip().replace(" ", "").replace("'", "")


def _number(cell: object, mark: str) -> float:
    if isinstance(cell, bool) or cell is None:
        return np.nan
    if isinstance(cell, (int, float)):
        return float(cell)
    if not isinstance(cell, str):
        return np.nan
    text = _tidy(cell)
    group = "." if mark == "," else ","
    pattern = rf"[+-]?(\d+|\d{{1,3}}(\{group}\d{{3}})+)?(\{mark}\d*)?([eE][+-]?\d+)?"
    if not re.fullmatch(pattern, text) or not re.search(r"\d", text):
        return np.nan
    value = float(text.replace(group, "").replace(mark, "."))
    return value if np.isfinite(value) else np.nan


def _is_blank(cell: object) -> bool:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return True
    return isinstance(cell, str) and cell.strip().lower() in _BLANK


def is_number(cell: object) -> bool:
    """Whether a single cell reads as a number, with either decimal mark."""
    return not (np.isnan(_number(cell, ".")) and np.isnan(_number(cell, ",")))


# Dates and times


@dataclass(frozen=True)
class Stamps:
    """`minutes` (rows,) since 1970 in the file's own clock, -1 where a cell holds no date. `offsets` are the UTC
    offsets in minutes, where given, else NaN. `has_24`: midnight is always written 24:00."""

    minutes: NDArray[np.int64]
    offsets: NDArray[np.float64]
    has_24: bool
    is_day_first: bool | None


class DateOrderError(ValueError):
    """Dates such as 13/1 and 1/13 stand in one column. `index` is the first cell that does not fit."""

    def __init__(self, index: int) -> None:
        super().__init__(f"The dates do not fit one order of day and month (cell {index}).")
        self.index = index


_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-z]*[.,]?\s+(?=\d)"
    r"|\s*\(?(?:星期|周)[一二三四五六日天]\)?",
    re.IGNORECASE,
)
_YMD = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DMY = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})\.?")
_DAY_NAME = re.compile(r"(\d{1,2})\.?[-/ ]?\s*([A-Za-zäéû]{3,9})\.?[-/ ,]*(\d{4}|\d{2})")
_NAME_DAY = re.compile(r"([A-Za-zäéû]{3,9})\.?[ -]+(\d{1,2})(?:st|nd|rd|th)?,?[ -]+(\d{4})")
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{0,2})(?::(\d{2})(?:[.,]\d+)?)?\s*(am|pm|a\.m\.|p\.m\.)?\s*"
    r"(z|utc|gmt|(?:utc|gmt)?[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.I,
)
_MONTH_NAMES = (
    ("jan", "jän", "ene"), ("feb", "fév"), ("mar", "mär"), ("apr", "avr", "abr"), ("may", "mai"), ("jun", "juin"),
    ("jul", "juil"), ("aug", "aoû", "ago"), ("sep", "set"), ("oct", "okt"), ("nov",), ("dec", "dez", "déc", "dic"),
)  # fmt: skip
_MONTHS = {name: month for month, names in enumerate(_MONTH_NAMES, 1) for name in names}


def parse_stamps(cells: Sequence[object], day_first: bool | None = None) -> Stamps:
    """Dates with times of one column. `day_first` None: told from the column (13/1 or 1/13), else from what makes the
    shorter period. Raises DateOrderError when more than a few cells contradict the order."""
    parts = [_split(cell) for cell in cells]
    dates = {part[0] for part in parts if isinstance(part[0], str)}
    order = _day_first(dates) if day_first is None else day_first
    days = {text: _parse_date(text, order is not False) for text in dates}
    contrary = {text for text, day in days.items() if day is None and _parse_date(text, order is False) is not None}
    against = [i for i, part in enumerate(parts) if part[0] in contrary] if contrary else []
    if len(against) > MOST_CONTRARY * len(parts):
        raise DateOrderError(against[0])
    clocks = {text: _parse_clock(text) for text in {part[1] for part in parts if part[1]}}
    minutes, offsets = np.full(len(cells), -1, np.int64), np.full(len(cells), np.nan)
    for i, (day_text, clock_text) in enumerate(parts):
        minute = days[day_text] if isinstance(day_text, str) else day_text
        clock, offset = clocks[clock_text] if clock_text else (0, None)
        if minute is not None and clock is not None:
            minutes[i] = minute + clock
            offsets[i] = np.nan if offset is None else offset
    times = {clock for clock, _ in clocks.values()}
    return Stamps(minutes, offsets, DAY in times and 0 not in times, order)


def _split(cell: object) -> tuple[str | int | None, str]:
    """(date as text, clock as text) of a text cell, or (minutes since 1970, "") of Excel's own values."""
    if isinstance(cell, str):
        return _split_text(cell.strip())
    if isinstance(cell, datetime):
        return (
            (round((cell.replace(tzinfo=None) - _EPOCH).total_seconds() / 60), "") if cell.year in YEARS else (None, "")
        )
    if isinstance(cell, date):
        return (cell.toordinal() - _EPOCH_ORDINAL) * DAY, ""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _serial_minutes(float(cell)), ""
    return None, ""


def _split_text(text: str) -> tuple[str | int | None, str]:
    if not text.isascii():
        text = _western_clock(unicodedata.normalize("NFKC", text))
    text = text.split(" - ")[0].strip()
    colon = text.find(":")
    if colon < 0:
        return _split_compact(text)
    start = colon - 2 if colon >= 2 and text[colon - 2].isdigit() else colon - 1
    return text[: max(start, 0)].rstrip(" T,"), text[max(start, 0) :]


def _western_clock(text: str) -> str:
    """Chinese clock words: 下午 3时15分 -> 3:15 PM."""
    text = re.sub(
        r"(\d{1,2})[时點点](?:(\d{1,2})分?)?(?:(\d{1,2})秒)?", lambda m: f"{m[1]}:{(m[2] or '0').zfill(2)}", text
    )
    half = re.search(r"上午|下午|凌晨|晚上", text)
    if not half:
        return text
    return text.replace(half[0], " ") + (" PM" if half[0] in ("下午", "晚上") else " AM")


def _split_compact(text: str) -> tuple[str | int | None, str]:
    """Stamps without a colon: 20250103, 202501030015, 20250103 0015, 2025-01-03 00, Excel serials, Unix seconds."""
    if re.fullmatch(r"20\d{8}(\d{2}(\d{2})?)?", text):
        return text[:8], f"{text[8:10]}:{text[10:12]}"
    if re.fullmatch(r"\d{5}([.,]\d+)?", text):
        return _serial_minutes(float(text.replace(",", "."))), ""
    if re.fullmatch(r"1\d{9}(\d{3})?", text):
        return int(text[:10]) // 60, ""
    day, gap, clock = re.sub(r"(?<=\d)T(?=\d)", " ", text).rpartition(" ")
    if gap and re.fullmatch(r"\d{2}(\d{2}){0,2}", clock) and _YMD.fullmatch(day) or _COMPACT.fullmatch(day):
        return day, f"{clock[:2]}:{clock[2:4]}"
    return text, ""


def _serial_minutes(value: float) -> int | None:
    """Excel's day count -> minutes since 1970, to the nearest minute."""
    return round((value - EXCEL_EPOCH) * DAY) if SERIAL_RANGE[0] <= value <= SERIAL_RANGE[1] else None


def _strip_weekday(text: str) -> str:
    return _WEEKDAY.sub("", text).strip()


def _day_first(dates: set[str]) -> bool | None:
    """Order of 3/1/2025; None when no date is written so."""
    found = [match for match in (_DMY.fullmatch(_strip_weekday(text)) for text in dates) if match]
    if not found:
        return None
    first, second = (sum(int(match[place]) > 12 for match in found) for place in (1, 3))
    if first or second:
        return first >= second
    spans = [_span(dates, order) for order in (True, False)]
    return spans[0] <= spans[1] or found[0][2] == "."


def _span(dates: set[str], day_first: bool) -> int:
    days = [day for day in (_parse_date(text, day_first) for text in dates) if day is not None]
    return max(days) - min(days) if days else 0


def _parse_date(text: str, day_first: bool) -> int | None:
    """Minutes since 1970 of the day's begin, None if the text is no date."""
    text = _strip_weekday(text)
    if match := _YMD.fullmatch(text) or _COMPACT.fullmatch(text):
        return _day_minutes(match[1], match[2], match[3])
    if match := _DMY.fullmatch(text):
        day, month = (match[1], match[3]) if day_first else (match[3], match[1])
        return _day_minutes(match[4], month, day)
    if match := _DAY_NAME.fullmatch(text):
        return _day_minutes(match[3], _month(match[2]), match[1])
    if match := _NAME_DAY.fullmatch(text):
        return _day_minutes(match[3], _month(match[1]), match[2])
    return None


def _month(name: str) -> int:
    return _MONTHS.get(name.lower()[:4], _MONTHS.get(name.lower()[:3], 0))


def _day_minutes(year: str, month: str | int, day: str) -> int | None:
    full_year = int(year) + 2000 if len(year) == 2 else int(year)
    if full_year not in YEARS:
        return None
    try:
        return (date(full_year, int(month), int(day)).toordinal() - _EPOCH_ORDINAL) * DAY
    except ValueError:
        return None


def _parse_clock(text: str) -> tuple[int | None, float | None]:
    """(minutes of the day to the nearest minute, UTC offset in minutes or None); (None, None) if it is no time."""
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        return None, None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    half = (match[4] or "").lower()[:1]
    # Some programs write 13:15 PM; only 12-hour times are converted.
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute + second > 0):
        return None, None
    return hour * 60 + minute + (second >= 30), _offset(match[5])


def _offset(text: str | None) -> float | None:
    if not text:
        return None
    match = re.search(r"([+-])(\d{2}):?(\d{2})?", text)
    return float(f"{match[1]}1") * (int(match[2]) * 60 + int(match[3] or 0)) if match else 0.0


def parse_clocks(cells: Sequence[object]) -> NDArray[np.float64]:
    """Minutes of the day of a separate time column (rows,), NaN where there is none: 00:15, 12:15 AM, 00:00-00:15,
    Excel times, whole hours (0 to 24), hhmm, or numbered periods (1 to 48 or 1 to 96)."""
    numbers = np.array([_clock_number(cell) for cell in cells])
    if np.isfinite(numbers).any():
        return _numbered_clocks(numbers)
    texts = {cell: _clock_minutes(cell) for cell in set(cells) if cell is not None}
    return np.array([texts.get(cell, np.nan) for cell in cells], dtype=float)


def _clock_number(cell: object) -> float:
    if isinstance(cell, str):
        return float(cell) if re.fullmatch(r"\d{1,4}(\.\d+)?", cell.strip()) else np.nan
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else np.nan


def _numbered_clocks(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    top = np.nanmax(numbers)
    if top <= 1.0:
        return np.round(numbers * DAY)
    if top <= 24:
        return numbers * 60
    if top in (48, 96):
        return (numbers - 1) * (DAY / top)
    return np.where(numbers % 100 < 60, numbers // 100 * 60 + numbers % 100, np.nan)


def _clock_minutes(cell: object) -> float:
    if isinstance(cell, time):
        return cell.hour * 60 + cell.minute + (cell.second >= 30)
    if isinstance(cell, timedelta):
        return round(cell.total_seconds() / 60)
    if isinstance(cell, datetime):
        # Excel's 24:00 is day 1 of its calendar, which openpyxl shows as a date of 1899 or 1900.
        return round((cell - _EXCEL_DAY_0).total_seconds() / 60) % DAY or DAY if cell.year < 1901 else np.nan
    if not isinstance(cell, str):
        return np.nan
    text = _western_clock(unicodedata.normalize("NFKC", cell.strip()))
    minutes = _parse_clock(re.split(r"\s*(?:-|–|~|至|to)\s*(?=\d)", text)[0])[0]
    return np.nan if minutes is None else minutes


def is_date(cell: object) -> bool:
    """Whether a single cell reads as a date (with or without time), Excel's day count included."""
    if isinstance(cell, str) and not any(letter.isdigit() for letter in cell):
        return False
    day, clock = _split(cell)
    if isinstance(day, str):
        day = _parse_date(day, True) if _parse_date(day, True) is not None else _parse_date(day, False)
    return day is not None and (not clock or _parse_clock(clock)[0] is not None)


def is_clock(cell: object) -> bool:
    """Whether a single cell reads as a time of day alone."""
    if isinstance(cell, datetime):
        return cell.year < 1901
    return isinstance(cell, (time, timedelta)) or (isinstance(cell, str) and not np.isnan(_clock_minutes(cell)))


def serial_like(cell: object) -> bool:
    """Whether a cell is a bare number that could be Excel's day count or Unix seconds."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return SERIAL_RANGE[0] <= cell <= SERIAL_RANGE[1]
    return isinstance(cell, str) and re.fullmatch(r"\d{5}([.,]\d+)?|1\d{9}(\d{3})?", cell.strip()) is not None
