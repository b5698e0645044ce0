"""Cells as text -> dates and times of day, column by column, as the whole column reads best."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

DAY = 1440
# Excel counts days from 1899-12-30; 25569 is 1970-01-01. The range is 1990 to 2060: meter files are not older.
EXCEL_EPOCH = 25569
SERIAL_RANGE = (32874.0, 58805.0)
YEARS = range(1990, 2061)
BUDDHIST = 543
# A single torn date is a bad row; more of them than this share are another order of day and month.
MOST_CONTRARY = 0.01
# Stamps know a handful of UTC offsets; where 08:00-09:00 gives many, the second part is the interval's end.
MOST_OFFSETS = 4
LONGEST_STAMP = 80
# The year of dates without one, until somebody says which: it begins on a Wednesday and has no leap day.
USUAL_YEAR = 2025

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)
_EXCEL_DAY_0 = datetime(1899, 12, 30)


@dataclass(frozen=True)
class Stamps:
    """`minutes` (rows,) since 1970 in the file's own clock, -1 where a cell holds no date. `offsets` are the UTC
    offsets in minutes, where given, else NaN. `has_24`: midnight is always written 24:00. `names_both_ends`: cells read
    "from - to". `has_year`: the dates name their year."""

    minutes: NDArray[np.int64]
    offsets: NDArray[np.float64]
    has_24: bool
    is_day_first: bool | None
    names_both_ends: bool = False
    has_year: bool = True


class DateOrderError(ValueError):
    """Dates such as 13/1 and 1/13 stand in one column. `index` is the first cell that does not fit."""

    def __init__(self, index: int) -> None:
        super().__init__(f"The dates do not fit one order of day and month (cell {index}).")
        self.index = index


_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-z]{0,9}[.,]?\s+(?=\d)"
    r"|\s?\(?(?:星期|周)[一二三四五六日天]\)?",
    re.IGNORECASE,
)
# What most cells read, found at once: 31.01.2025 00:15, 2025/1/31T00:15:00.
_USUAL = re.compile(r"([0-9./-]{8,10})[ T]([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)")
_YMD = re.compile(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})[日.]?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DMY = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})\.?")
_DAY_NAME = re.compile(
    r"(\d{1,2})\.?(?:[-/ ]?\s?| de )([A-Za-zäéûçà-я]{3,10})\.?(?:(?:[-/ ,]{0,2}| de )(\d{4}|\d{2}))?(?: г\.?)?", re.I
)
_NAME_DAY = re.compile(r"([A-Za-zäéû]{3,9})\.?[ -]{1,2}(\d{1,2})(?:st|nd|rd|th)?(?:,?[ -]{1,2}(\d{4}))?")
# Without a year: 03/31, 31.03., 3月31日.
_MD = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\.?")
_MD_HAN = re.compile(r"(\d{1,2})月(\d{1,2})日?")
# Minutes ahead of UTC of the zones that stamps name; only their differences count.
_ZONES = {"cet": 60, "cest": 120, "mez": 60, "mesz": 120, "wet": 0, "west": 60, "eet": 120, "eest": 180, "bst": 60}
_ZONES |= {"est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420}
_ZONES |= {"aest": 600, "aedt": 660, "acst": 570, "acdt": 630, "awst": 480, "nzst": 720, "nzdt": 780}
_ZONES |= {"jst": 540, "kst": 540, "hkt": 480, "sgt": 480, "msk": 180, "sast": 120}
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{0,2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s?(am|pm|[ap]\.\s?m\.)?\s?"
    rf"(z|utc|gmt|(?:utc|gmt)?[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}}|\(?(?:{'|'.join(_ZONES)}|utc|gmt)\)?)?",
    re.I,
)
RANGE = re.compile(r"\s{1,9}(?:-|–|—|~|to|bis|till|until|au|à|do|至|到)\s{1,9}|[~至–—]|/(?=\d{4}-|PT)", re.I)
_HOUR = re.compile(r"(\d{1,2})\s?[hH](?:\s?(\d{2}))?")
_PERIOD = re.compile(
    r"(?:([A-Za-z]{1,2}|hour|hr|period|block|第)[ _-]?)?(\d{1,6}(?:\.\d{1,6})?)\s?(?:时段|时|時|点|點|h|hr|[ab])?", re.I
)
_HOURS = re.compile(r"(\d{1,2})\s?(?:-|–|—|~|to|至)\s?(\d{1,2})(?:\s?[hH时])?")
# What may stand before and behind the number of a step: H01, HE1, T0015, P96, 第1点, 00:15 kWh.
_LABEL = re.compile(
    r"^(?:hour ending|hour|he|hr|h|period|interval|sp|p|t|q|v|i|kwh?|mwh?|value|val|wert|第)[ _-]?(?=\d)"
    r"|(?<=\d)\s?(?:hours?|hrs?|h|uhr|点|點|时|時|시|kwh?|mwh?)$",
    re.I,
)
_ERA = re.compile(
    r"(?:(令和|平成|R|H)\s?(?=元|\d{1,2}\D)|民國\s?|(?=1\d\d\D))(元|\d{1,3})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?"
)
# 00:15 03/03/2025; Mon Mar 03 00:15:00 2025; 20250303T001500+0800; 03-MAR-25 12.15.00 AM; 2025-062.
_CLOCK_FIRST = re.compile(r"(\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp][Mm])?)[,\s]{1,3}(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})")
_CTIME = re.compile(r"[A-Za-z]{3},? ([A-Za-z]{3}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d)(?: [A-Z]{3,4})? (\d{4})")
_BASIC = re.compile(r"(\d{8})[T ](\d\d)(\d\d)(?:\d\d)?(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?")
_DOTTED = re.compile(r"(\S{6,20})[ T](\d{1,2})\.(\d\d)(?:\.\d\d(?:[.,]\d{1,9})?)?\s?([AaPp][Mm])?")
_ORDINAL = re.compile(r"(\d{4})-(\d{3})")
_UNIX = re.compile(r"1\d{9}(\d{3})?(\.\d{1,9})?")
_MONTH_NAMES = (
    ("jan", "jän", "ene", "gen", "янв"),
    ("feb", "fév", "fev", "фев"),
    ("mar", "mär", "мар"),
    ("apr", "avr", "abr", "апр"),
    ("may", "mai", "mag", "mei", "май", "мая"),
    ("jun", "juin", "giu", "июн"),
    ("jul", "juil", "lug", "июл"),
    ("aug", "aoû", "ago", "авг"),
    ("sep", "set", "сен"),
    ("oct", "okt", "ott", "out", "окт"),
    ("nov", "ноя"),
    ("dec", "dez", "déc", "dic", "дек"),
)
_MONTHS = {name: month for month, names in enumerate(_MONTH_NAMES, 1) for name in names}


def parse_stamps(cells: Sequence[object], day_first: bool | None = None, year: int = USUAL_YEAR) -> Stamps:
    """Dates with times of one column. `day_first` None: told from the column (13/1 or 1/13), else from what makes the
    shorter period. `year` is that of dates without one. Raises DateOrderError when more than a few cells contradict
    the order."""
    fast = _iso_minutes(cells)
    if fast is not None:
        return Stamps(fast, np.full(len(fast), np.nan), False, None)
    parts = [_split(cell) for cell in cells]
    dates = {part[0] for part in parts if isinstance(part[0], str)}
    order = _day_first(dates) if day_first is None else day_first
    days = {text: _parse_date(text, order is not False, year) for text in dates}
    contrary = {t for t, day in days.items() if day is None and _parse_date(t, order is False, year) is not None}
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
    if any(text.strip(") ").lower().endswith(tuple(_ZONES)) for text in clocks):
        offsets = _carried_on(offsets)
    times = {clock for clock, _ in clocks.values()}
    is_range = any(
        isinstance(cell, str) and RANGE.search(cell[:LONGEST_STAMP]) for cell in cells[:: len(cells) // 50 + 1]
    )
    if len(np.unique(offsets[np.isfinite(offsets)])) > MOST_OFFSETS:
        offsets[:], is_range = np.nan, True
    has_year = not dates or sum(_without_year(text) for text in dates) <= len(dates) / 2
    minutes = minutes if has_year else _years_climbing(minutes)
    return Stamps(minutes, offsets, DAY in times and 0 not in times, order, is_range, has_year)


def _carried_on(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offsets of rows without a zone: those of the last row that names one, or of the first. Some files name it on the
    days of a change only."""
    named = np.flatnonzero(np.isfinite(offsets))
    if not len(named):
        return offsets
    last = np.searchsorted(named, np.arange(len(offsets)), side="right") - 1
    return offsets[named[np.maximum(last, 0)]]


def distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Different values in rising order: `np.unique` by sorting, which stamps nearly are already."""
    ordered = np.sort(values, kind="stable")
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def _iso_minutes(cells: Sequence[object]) -> NDArray[np.int64] | None:
    """Minutes since 1970 where every cell reads 2025-01-31 00:15 or 2025-01-31T00:15:00; None if any does not."""
    first = cells[0] if len(cells) else None
    if not isinstance(first, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", first):
        return None
    if any(not isinstance(cell, str) or len(cell) != len(first) or cell[4] != "-" for cell in cells):
        return None
    try:
        seconds = np.array(cells, dtype="datetime64[s]").astype(np.int64)
    except ValueError:
        return None
    years = np.array(cells, dtype="U4").astype(int) if _is_digits(cells) else np.zeros(1)
    return (seconds + 30) // 60 if YEARS[0] <= years.min() and years.max() <= YEARS[-1] else None


def _is_digits(cells: Sequence[object]) -> bool:
    return all(str(cell)[:4].isdecimal() for cell in cells)


def _years_climbing(minutes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Dates without a year: where they jump back from December to January the next year begins."""
    jumps = np.flatnonzero(np.diff(minutes) < -180 * DAY) + 1
    later = minutes.copy()
    for at in jumps[:5]:
        later[at:] += 365 * DAY * (later[at:] >= 0)
    return later


def _without_year(text: str) -> bool:
    text = _strip_weekday(text)
    if _MD.fullmatch(text) or _MD_HAN.fullmatch(text):
        return True
    match = _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text)
    return match is not None and match[3] is None


def _split(cell: object) -> tuple[str | int | None, str]:
    """(date as text, clock as text) of a text cell, or (minutes since 1970, "") of a workbook's own values."""
    if isinstance(cell, str):
        text = cell[:LONGEST_STAMP].strip()
        usual = _USUAL.fullmatch(text)
        return (usual[1], usual[2]) if usual else _split_text(text)
    if isinstance(cell, datetime):
        return (
            (round((cell.replace(tzinfo=None) - _EPOCH).total_seconds() / 60), "") if cell.year in YEARS else (None, "")
        )
    if isinstance(cell, date):
        return ((cell.toordinal() - _EPOCH_ORDINAL) * DAY, "") if cell.year in YEARS else (None, "")
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _since_1970(str(cell)) or (_serial_minutes(float(cell)), "")
    return None, ""


def _split_text(text: str) -> tuple[str | int | None, str]:
    if not text.isascii():
        text = _western_clock(unicodedata.normalize("NFKC", text))
    text = RANGE.split(text, maxsplit=1)[0].strip()
    if first := _CLOCK_FIRST.fullmatch(text):
        return first[2], first[1]
    if first := _CTIME.fullmatch(text):
        return f"{first[2]} {first[1]} {first[4]}", first[3]
    colon = text.find(":")
    if colon < 0:
        return _split_compact(text)
    start = colon - 2 if colon >= 2 and text[colon - 2].isdigit() else colon - 1
    return text[: max(start, 0)].rstrip(" T,"), text[max(start, 0) :]


def _western_clock(text: str) -> str:
    """Chinese clock words: 下午 3时15分 -> 3:15 PM."""
    text = re.sub(
        r"(\d{1,2})[时時點点시](?:\s?(\d{1,2})[分분]?)?(?:(\d{1,2})[秒초])?",
        lambda m: f"{m[1]}:{(m[2] or '0').zfill(2)}",
        text,
    )
    half = re.search(r"上午|下午|凌晨|晚上", text)
    if not half:
        return text
    return text.replace(half[0], " ") + (" PM" if half[0] in ("下午", "晚上") else " AM")


def _split_compact(text: str) -> tuple[str | int | None, str]:
    """Stamps without a colon: 20250103, 202501030015, 20250103 0015, 2025-01-03 00, Excel serials, Unix seconds."""
    if re.fullmatch(r"20\d{8}(\d{2}(\d{2})?)?", text):
        return text[:8], f"{text[8:10]}:{text[10:12]}"
    if basic := _BASIC.fullmatch(text):
        return basic[1], f"{basic[2]}:{basic[3]}{basic[4] or ''}"
    if dotted := _DOTTED.fullmatch(text):
        return dotted[1], f"{dotted[2]}:{dotted[3]} {dotted[4] or ''}".strip()
    if re.fullmatch(r"\d{5}([.,]\d{1,15})?", text):
        return _serial_minutes(float(text.replace(",", "."))), ""
    if (since := _since_1970(text)) is not None:
        return since
    day, gap, clock = re.sub(r"(?<=\d)T(?=\d)", " ", text).rpartition(" ")
    if gap and re.fullmatch(r"\d{2}(\d{2}){0,2}", clock) and (_YMD.fullmatch(day) or _COMPACT.fullmatch(day)):
        return day, f"{clock[:2]}:{clock[2:4]}"
    return text, ""


def _since_1970(text: str) -> tuple[int, str] | None:
    """Unix seconds or milliseconds, which count in UTC; None for anything else."""
    return (int(text[:10]) // 60, "0:00Z") if _UNIX.fullmatch(text) else None


def _serial_minutes(value: float) -> int | None:
    """Excel's day count -> minutes since 1970, to the nearest minute."""
    return round((value - EXCEL_EPOCH) * DAY) if SERIAL_RANGE[0] <= value <= SERIAL_RANGE[1] else None


def _strip_weekday(text: str) -> str:
    return _WEEKDAY.sub("", text).strip()


def _day_first(dates: set[str]) -> bool | None:
    """Order of 3/1/2025 or 3/1; None when no date is written so."""
    texts = [_strip_weekday(text) for text in dates]
    found = [match for match in (_DMY.fullmatch(text) or _MD.fullmatch(text) for text in texts) if match]
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


def _parse_date(text: str, day_first: bool, year: int = USUAL_YEAR) -> int | None:
    """Minutes since 1970 of the day's begin, None if the text is no date."""
    text = _western_year(_strip_weekday(text))
    if match := _YMD.fullmatch(text) or _COMPACT.fullmatch(text):
        return _day_minutes(match[1], match[2], match[3])
    if (match := _ORDINAL.fullmatch(text)) and (first := _day_minutes(match[1], 1, "1")) is not None:
        return first + (int(match[2]) - 1) * DAY if 1 <= int(match[2]) <= 366 else None
    if match := _DMY.fullmatch(text):
        day, month = (match[1], match[3]) if day_first else (match[3], match[1])
        return _day_minutes(match[4], month, day)
    if match := _MD.fullmatch(text):
        day, month = (match[1], match[3]) if day_first else (match[3], match[1])
        return _day_minutes(str(year), month, day)
    if match := _MD_HAN.fullmatch(text):
        return _day_minutes(str(year), match[1], match[2])
    if match := _DAY_NAME.fullmatch(text):
        return _day_minutes(match[3] or str(year), month_number(match[2]), match[1])
    if match := _NAME_DAY.fullmatch(text):
        return _day_minutes(match[3] or str(year), month_number(match[1]), match[2])
    return None


def _western_year(text: str) -> str:
    """Years of the Japanese eras Heisei and Reiwa and of the Republic of China: 令和7年3月3日, R7/3/3, 114/03/03."""
    if not (match := _ERA.fullmatch(text)):
        return text
    before = 2018 if match[1] in ("令和", "R") else 1988 if match[1] in ("平成", "H") else 1911
    year = 1 if match[2] == "元" else int(match[2])
    return f"{before + year}-{match[3]}-{match[4]}" if before < 1912 or year < 100 else text


def month_number(name: str) -> int:
    """1 to 12 of a month's name or its beginning, in the languages such files come in; 0 if it is none."""
    return _MONTHS.get(name.lower()[:4], _MONTHS.get(name.lower()[:3], 0))


def _day_minutes(year: str, month: str | int, day: str) -> int | None:
    full_year = int(year) + 2000 if len(year) == 2 else int(year)
    # The Buddhist era of Thailand.
    full_year -= BUDDHIST if full_year - BUDDHIST in YEARS else 0
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
    if (zone := text.strip("()").lower()) in _ZONES:
        return float(_ZONES[zone])
    match = re.search(r"([+-])(\d{2}):?(\d{2})?", text)
    return float(f"{match[1]}1") * (int(match[2]) * 60 + int(match[3] or 0)) if match else 0.0


# Times of day in a column, or a heading, of their own


@dataclass(frozen=True)
class Clocks:
    """`minutes` of the day (rows,), NaN where there is none. `numbers` (rows,) are hours or periods counted from 1,
    whose length is `period` minutes; None where the cells are times. `names_both_ends`: cells read "from - to"."""

    minutes: NDArray[np.float64]
    numbers: NDArray[np.float64] | None = None
    period: int = 0
    names_both_ends: bool = False


def parse_clocks(cells: Sequence[object]) -> Clocks:
    """A separate time column: 00:15, 12:15 AM, 00:00-00:15, 0h15, 00 - 01, Excel times, HE01, whole hours (0 to 25),
    hhmm, or numbered periods (1 to 50 or 1 to 100)."""
    texts = {
        cell: _clock_minutes(cell) for cell in set(cells) if cell is not None and not isinstance(cell, (int, float))
    }
    ranges = sum(isinstance(cell, str) and _is_range(cell) for cell in texts)
    if np.isfinite(list(texts.values())).sum() > len(texts) / 2:
        minutes = np.array([_number_or(texts, cell) for cell in cells], dtype=float)
        return Clocks(minutes, names_both_ends=ranges > len(texts) / 2)
    if _are_dotted(texts):
        pointed = {cell: _clock_minutes(str(cell).replace(".", ":")) for cell in texts}
        return Clocks(np.array([_number_or(pointed, cell) for cell in cells], dtype=float))
    return _numbered_clocks(np.array([clock_number(cell) for cell in cells], dtype=float))


def _are_dotted(cells: Collection[object]) -> bool:
    """Whether all cells read 9.15 for 9:15: two digits below 60 behind the point, and more of them than halves."""
    matches = [re.fullmatch(r"(\d{1,2})\.([0-5]\d)", str(cell).strip()[:20]) for cell in cells]
    found = [match for match in matches if match]
    return (
        len(found) == len(matches) > 0 and max(int(m[1]) for m in found) > 1 and {m[2] for m in found} != {"00", "50"}
    )


def _number_or(texts: dict[object, float], cell: object) -> float:
    return texts.get(cell, np.nan) if not isinstance(cell, (int, float)) else np.nan


def _is_range(cell: str) -> bool:
    return _HOURS.fullmatch(cell.strip()[:20]) is not None or RANGE.search(cell[:LONGEST_STAMP]) is not None


def clock_number(cell: object) -> float:
    if isinstance(cell, str):
        match = _PERIOD.fullmatch(cell.strip()[:20])
        return float(match[2]) if match else np.nan
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else np.nan


def _numbered_clocks(numbers: NDArray[np.float64]) -> Clocks:
    if not np.isfinite(numbers).any():
        return Clocks(numbers)
    top, low = np.nanmax(numbers), np.nanmin(numbers)
    if top <= 1.0 and low < 1.0:
        return Clocks(np.round(numbers * DAY))
    is_whole = bool((numbers[np.isfinite(numbers)] % 1 == 0).all())
    if top <= 25 and is_whole:
        # Hours counted from 1 end at their number; the 25th is that of the day when clocks go back.
        return Clocks(numbers * 60, numbers if low >= 1 else None, 60)
    for most, period in ((50, 30), (100, 15)):
        if top <= most and low >= 1 and is_whole and top > most - 5:
            return Clocks((numbers - 1) * period, numbers, period)
    if top <= 24:
        return Clocks(np.round(numbers * 60))
    if top > 2400 and is_whole and (numbers[np.isfinite(numbers)] % 100 == 0).all():
        numbers = numbers / 100
    return Clocks(np.where((numbers % 100 < 60) & (numbers <= 2400), numbers // 100 * 60 + numbers % 100, np.nan))


def _clock_minutes(cell: object) -> float:
    if isinstance(cell, time):
        return cell.hour * 60 + cell.minute + (cell.second >= 30)
    if isinstance(cell, timedelta):
        return round(cell.total_seconds() / 60)
    if isinstance(cell, datetime):
        # Excel's 24:00 is day 1 of its calendar, which readers show as a date of 1899 or 1900.
        return round((cell - _EXCEL_DAY_0).total_seconds() / 60) % DAY or DAY if cell.year < 1901 else np.nan
    if isinstance(cell, date):
        return DAY if cell.year < 1901 else np.nan
    if not isinstance(cell, str):
        return np.nan
    text = cell.strip()[:LONGEST_STAMP]
    if not text.isascii():
        text = _western_clock(unicodedata.normalize("NFKC", text))
    if match := _HOURS.fullmatch(text):
        return int(match[1]) * 60.0 if int(match[1]) <= 24 and _follows(int(match[1]), int(match[2])) else np.nan
    if (match := _HOUR.fullmatch(text)) and int(match[1]) <= 24:
        return int(match[1]) * 60.0 + int(match[2] or 0)
    minutes = _parse_clock(re.split(r"\s?(?:-|–|~|至|to)\s?(?=\d)", text)[0])[0]
    return np.nan if minutes is None else float(minutes)


def _follows(first: int, second: int) -> bool:
    return second in (first + 1, (first + 1) % 24)


def label_minutes(labels: Sequence[str]) -> list[float] | None:
    """Minutes of the day of column headings that name the steps of a day: 00:15, T0015, H01, P96, 1时, 00:00-00:15.

    None unless there are 23 to 25, 46 to 50 or 92 to 100 of them at even steps, counting up; what goes beyond a day is
    filled when clocks go back.
    """
    size = next((size for size in (24, 48, 96) if abs(len(labels) - size) <= size // 24), None)
    if size is None:
        return None
    minutes = [_clock_minutes(label) for label in labels]
    if minutes[-1] == 0 < minutes[0]:
        minutes[-1] = DAY
    if not np.isfinite(minutes).all():
        minutes = _numbered_labels(labels, size)
    steps = np.diff(minutes)
    is_even = np.isfinite(minutes).all() and (steps > 0).all() and np.median(steps) == DAY / size
    return [float(minute) for minute in minutes] if is_even else None


def _numbered_labels(labels: Sequence[str], size: int) -> list[float]:
    begins = {match[0] if (match := re.match(r"[^\W\d]{1,8}[ _-]?", label.strip()[:24])) else "" for label in labels}
    shared = begins.pop() if len(begins) == 1 else ""
    ends = {match[0] if (match := re.search(r"[ _-]?[^\W\d]{2,12}$", label.strip()[:24])) else "" for label in labels}
    end = ends.pop() if len(ends) == 1 else ""
    bare = [_LABEL.sub("", label.strip()[:24].removeprefix(shared).removesuffix(end)) for label in labels]
    if all(re.fullmatch(r"\d{4}", label) for label in bare):
        return [int(label[:2]) * 60.0 + int(label[2:]) for label in bare]
    if all(re.fullmatch(r"\d{1,3}", label) for label in bare):
        numbers = [int(label) for label in bare]
        return [(number - numbers[0]) * DAY / size for number in numbers]
    return [_clock_minutes(label) for label in bare]


def is_date(cell: object) -> bool:
    """Whether a single cell reads as a date (with or without time), Excel's day count included."""
    if isinstance(cell, str) and not any(letter.isdigit() for letter in cell[:LONGEST_STAMP]):
        return False
    day, clock = _split(cell)
    if isinstance(day, str):
        if not clock and (match := _MD.fullmatch(day)) and match[2] != "/":
            return False
        day = _parse_date(day, True) if _parse_date(day, True) is not None else _parse_date(day, False)
    return day is not None and (not clock or _parse_clock(clock)[0] is not None)


def is_clock(cell: object) -> bool:
    """Whether a single cell reads as a time of day alone."""
    if isinstance(cell, (datetime, date)):
        return cell.year < 1901
    return isinstance(cell, (time, timedelta)) or (isinstance(cell, str) and not np.isnan(_clock_minutes(cell)))


def is_midnight(cell: object) -> bool:
    """Whether a date's time of day is 00:00, as where the time stands in another column."""
    if isinstance(cell, str):
        clock = _split(cell)[1]
        return not clock or _parse_clock(clock)[0] == 0
    return (
        not getattr(cell, "hour", 0) and not getattr(cell, "minute", 0) and not (isinstance(cell, float) and cell % 1)
    )


def serial_like(cell: object) -> bool:
    """Whether a cell is a bare number that could be Excel's day count or Unix seconds."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return SERIAL_RANGE[0] <= cell <= SERIAL_RANGE[1] or _UNIX.fullmatch(str(cell)) is not None
    text = cell.strip()[:40] if isinstance(cell, str) else ""
    return re.fullmatch(r"\d{5}([.,]\d{1,15})?", text) is not None or _UNIX.fullmatch(text) is not None
