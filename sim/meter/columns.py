"""Where the table begins in a sheet, what its columns are called, and which of them hold time, load and unit."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.meter.cells import is_clock, is_date, is_number, parse_clocks, parse_numbers, serial_like
from sim.meter.file import Sheet
from sim.meter.findings import refusal
from sim.problem import Problem

# Factor from a reading to kW; energies are kWh per interval and are divided by its length later.
UNIT_TO_KW = {"W": 1e-3, "kW": 1.0, "MW": 1e3, "Wh": 1e-3, "kWh": 1.0, "MWh": 1e3}
SAMPLE_ROWS = 200
HEADER_SEARCH_ROWS = 200

_TIME_WORDS = ("timestamp", "datetime", "date", "time", "zeit", "datum", "uhrzeit", "fecha", "hora", "heure", "período")
_TIME_WORDS += (
    "interval",
    "period",
    "stamp",
    "von",
    "bis",
    "start",
    "时间",
    "時間",
    "日期",
    "时刻",
    "時刻",
    "日時",
    "年月日",
)
_LOAD_WORDS = ("power", "load", "demand", "consumption", "usage", "import", "energy", "leistung", "verbrauch", "bezug")
_LOAD_WORDS += ("lastgang", "last", "puissance", "consommation", "potencia", "consumo", "demanda", "wert", "value")
_LOAD_WORDS += ("有功", "功率", "负荷", "負荷", "电量", "電量", "用电", "用電", "电力", "電力")
_TOTAL_WORDS = ("total", "sum", "site", "总", "總", "合计", "全厂")
_OTHER_WORDS = ("reactive", "kvar", "kva", "blind", "无功", "視在", "视在", "volt", "current", "ampere", "电压", "电流")
_OTHER_WORDS += (
    "temp",
    "factor",
    "cos",
    "因数",
    "frequency",
    "频率",
    "export",
    "feed",
    "einspeis",
    "反向",
    "反送",
    "上网",
)
_OTHER_WORDS += ("price", "cost", "电价", "status", "quality", "cumul", "reading", "register", "示数", "表底", "读数")
_OTHER_WORDS += (
    "max",
    "maxim",
    "min",
    "minim",
    "最大",
    "最小",
    "humid",
    "pv",
    "solar",
    "光伏",
    "forecast",
    "预测",
    "no",
    "序号",
    "id",
)
_ENERGY_WORDS = (
    "energy",
    "consumption",
    "verbrauch",
    "consumo",
    "consommation",
    "usage",
    "电量",
    "電量",
    "用电",
    "用電",
)
_POWER_WORDS = ("power", "load", "demand", "leistung", "puissance", "potencia", "功率", "负荷", "負荷", "电力", "電力")
_END_WORDS = ("end", "ending", "endzeit", "enddatum", "bis", "until", "截止", "结束", "hasta", "fin")
_BEGIN_WORDS = ("start", "begin", "von", "from", "desde", "开始", "起始")


@dataclass(frozen=True)
class Layout:
    """The table inside a sheet. Row numbers count from 1, columns from 0.

    `names` are unique; `clock` is the column of the time of day where dates stand alone; `rivals` are columns as likely
    to be the load as `value`; `unit_given` says the header or the cells name the unit.
    """

    names: tuple[str, ...]
    header_row: int | None
    first_row: int
    time: int | None = None
    clock: int | None = None
    value: int | None = None
    rivals: tuple[int, ...] = ()

    def name(self, column: int) -> str:
        return self.names[column]


def find_layout(sheet: Sheet) -> Layout:
    """Header, first data row and the likeliest columns of a sheet; columns that cannot be told are None."""
    first = _first_data_row(sheet.rows)
    header, names = _header(sheet.rows, first)
    layout = Layout(names, header, first + 1)
    sample = sample_rows(sheet.rows, first)
    time = guess_time(layout, sample)
    layout = replace(layout, time=time, clock=find_clock(layout, sample, time))
    value, rivals = guess_value(layout, sample, sheet.delimiter)
    return replace(layout, value=value, rivals=rivals)


def sample_rows(rows: Sequence[Sequence[object]], first: int) -> list[Sequence[object]]:
    """Some 200 rows spread evenly over the data."""
    data = rows[first:]
    return list(data[:: max(1, len(data) // SAMPLE_ROWS)][:SAMPLE_ROWS])


def column_cells(rows: Sequence[Sequence[object]], column: int) -> list[object]:
    return [row[column] if column < len(row) else None for row in rows]


def _first_data_row(rows: Sequence[Sequence[object]]) -> int:
    """Index of the first of three rows in a row with a date and a number; 0 or the row below a text row otherwise."""
    filled = [i for i, row in enumerate(rows[:HEADER_SEARCH_ROWS]) if any(_text(cell) for cell in row)]
    for k in range(len(filled)):
        if all(_is_data(rows[i]) for i in filled[k : k + 3]):
            return _walk_up(rows, filled[: k + 1])
    widths = [sum(bool(_text(cell)) for cell in rows[i]) for i in filled]
    header = filled[widths.index(max(widths))]
    return header if any(is_number(cell) for cell in rows[header]) else header + 1


def _walk_up(rows: Sequence[Sequence[object]], filled: list[int]) -> int:
    """Rows right above whose date is fine but whose number is missing are data too."""
    columns = [c for c, cell in enumerate(rows[filled[-1]]) if is_date(cell)]
    first = filled[-1]
    for i in reversed(filled[:-1]):
        if i != first - 1 or not any(c < len(rows[i]) and is_date(rows[i][c]) for c in columns):
            break
        first = i
    return first


def _is_data(row: Sequence[object]) -> bool:
    dates = [is_date(cell) for cell in row]
    numbers = sum(is_number(cell) for cell in row)
    bare = sum(serial_like(cell) for cell in row)
    if sum(dates) > bare:
        return numbers - bare >= 1 or numbers >= 2 or (numbers == 1 and sum(dates) > 1)
    return bare > 0 and numbers >= 2


def _header(rows: Sequence[Sequence[object]], first: int) -> tuple[int | None, tuple[str, ...]]:
    """(header row number, names). A row of units between header and data is joined to the names."""
    above = [i for i in range(first) if any(_text(cell) for cell in rows[i])]
    width = max((len(row) for row in rows[first : first + SAMPLE_ROWS]), default=0)
    if not above or len([cell for cell in rows[above[-1]] if _text(cell)]) < min(2, width):
        return None, _unique([""] * width)
    names, header = [_text(cell) for cell in rows[above[-1]]], above[-1]
    if len(above) > 1 and _is_unit_row(names):
        units, header = names, above[-2]
        names = [_text(cell) for cell in rows[header]]
        names = [f"{name} [{unit.strip('[]()')}]" if unit else name for name, unit in _zip_longest(names, units)]
    return header + 1, _unique(names + [""] * (width - len(names)))


def _zip_longest(names: list[str], units: list[str]) -> list[tuple[str, str]]:
    width = max(len(names), len(units))
    return list(zip(names + [""] * (width - len(names)), units + [""] * (width - len(units)), strict=True))


def _is_unit_row(names: list[str]) -> bool:
    filled = [name.strip("[]()（） ") for name in names if name]
    known = [
        name for name in filled if re.fullmatch(r"[kmMKG]?[Ww]([·.*]?[Hh])?|千瓦时?|兆瓦时?|度|kvar|kVA|V|A|Hz", name)
    ]
    patterns = [name for name in filled if re.fullmatch(r"[ymdhsYMDHS:./ T-]{2,}|-+|°C|%", name)]
    return len(known) >= 1 and len(known) + len(patterns) == len(filled)


def _unique(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unique = []
    for i, name in enumerate(names):
        base = name or f"Column {i + 1}"
        seen[base] = seen.get(base, 0) + 1
        unique.append(base if seen[base] == 1 else f"{base} ({seen[base]})")
    return tuple(unique)


def _text(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower()


def _has_word(name: str, words: Sequence[str]) -> bool:
    """Western words count from a word's begin, those of up to three letters as a whole word, Chinese ones anywhere."""
    plain = re.sub(r"[_\W]+", " ", _plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))
    if any(word in plain for word in words if not word.isascii()):
        return True
    begins = "|".join(re.escape(word) + (r"\b" if len(word) < 4 else "") for word in words if word.isascii())
    return re.search(rf"\b(?:{begins})", plain) is not None


# Time


def guess_time(layout: Layout, sample: Sequence[Sequence[object]]) -> int | None:
    """The first column whose name speaks of time among those whose cells read as dates; None if no cells do."""
    shares = []
    for column in range(len(layout.names)):
        cells = [cell for cell in column_cells(sample, column) if _text(cell)]
        good = sum(is_date(cell) for cell in cells) if _may_be_time(layout.name(column), cells) else 0
        shares.append(good / len(cells) if cells else 0.0)
    likely = [c for c, share in enumerate(shares) if share >= 0.5]
    named = [c for c in likely if _has_word(layout.name(c), _TIME_WORDS)]
    return min(named or likely, default=None)


def _may_be_time(name: str, cells: list[object]) -> bool:
    """Bare numbers count as Excel's day count only if they climb in even steps of at most an hour, or by their name."""
    if not all(serial_like(cell) for cell in cells):
        return True
    if _has_word(name, _TIME_WORDS):
        return True
    values = np.sort(np.array([float(str(cell).replace(",", ".")) for cell in cells]))
    steps = np.diff(values)
    return len(steps) > 2 and bool(steps.min() > 0) and float(np.ptp(steps)) < 0.5 * float(np.median(steps))


def find_clock(layout: Layout, sample: Sequence[Sequence[object]], time: int | None) -> int | None:
    """The column with the time of day, where the time column holds dates alone."""
    if time is None:
        return None
    if any(_says_clock(cell) for cell in column_cells(sample, time)):
        return None
    others = [c for c in range(len(layout.names)) if c != time]
    for column in others:
        cells = [cell for cell in column_cells(sample, column) if _text(cell)]
        if cells and sum(is_clock(cell) for cell in cells) >= 0.5 * len(cells):
            return column
    return next((c for c in others if _is_numbered_clock(layout.name(c), column_cells(sample, c))), None)


def _says_clock(cell: object) -> bool:
    if isinstance(cell, str):
        bare = r"\d{5}[.,]\d+|\d{10,}|.*(\d{8}|[-/.]\d{1,2})[ T]\d{2,6}"
        return ":" in cell or "时" in cell or re.fullmatch(bare, cell.strip()) is not None
    return bool(getattr(cell, "hour", 0) or getattr(cell, "minute", 0)) or (isinstance(cell, float) and cell % 1 > 0)


def _is_numbered_clock(name: str, cells: Sequence[object]) -> bool:
    if not _has_word(name, (*_TIME_WORDS, "hour", "stunde", "时", "点", "hh", "settlement")):
        return False
    if not all(is_number(cell) for cell in cells if _text(cell)):
        return False
    minutes = parse_clocks(cells)
    return bool(np.isfinite(minutes).any()) and float(np.nanmax(minutes)) <= 1440


# Value and unit


def guess_value(layout: Layout, sample: Sequence[Sequence[object]], delimiter: str | None) -> tuple[int | None, tuple]:
    """(the likeliest load column, others as likely)."""
    scores = {}
    for column in range(len(layout.names)):
        numbers = parse_numbers(column_cells(sample, column), delimiter)
        usable = np.isfinite(numbers.values)
        if column in (layout.time, layout.clock) or usable.sum() == 0 or numbers.is_text.sum() > usable.sum():
            continue
        scores[column] = _value_score(layout.name(column)) - 2 * (not numbers.values[usable].any())
    if not scores:
        return None, ()
    best = max(scores.values())
    ranked = [column for column, score in scores.items() if score == best]
    return ranked[0], tuple(ranked[1:])


def _value_score(name: str) -> int:
    unit = find_unit(name)
    score = {"kW": 5, "MW": 5, "kWh": 4, "MWh": 4}.get(unit or "", 2 if unit else 0)
    score += 3 * _has_word(name, _LOAD_WORDS) + _has_word(name, _TOTAL_WORDS)
    score -= 4 * bool(re.search(r"[ABCabc]相|\bphase\b|\bL[123]\b", name))
    return score - 8 * _has_word(name, _OTHER_WORDS) - 6 * _has_word(name, _TIME_WORDS)


def find_unit(name: str) -> str | None:
    """The unit a header names, one of UNIT_TO_KW, or None. kW/h is taken as kWh, kWh/h as kW."""
    text = re.sub(r"(?<=[wW])[·.*\-/ ]?(?=[hH]\b)", "", unicodedata.normalize("NFKC", name))
    text = re.sub(r"([kKmM]?[wW])[hH]/[hH]\b", r"\1", text)
    found = re.findall(r"(?<![a-zA-Z万萬])([kKmM]?)[wW]([hH]?)(?![a-zA-Z])", text)
    if found:
        prefix, energy = found[-1]
        return {"k": "k", "m": "M"}.get(prefix.lower(), "") + "W" + energy.lower()
    for word, unit in (("万", None), ("兆瓦时", "MWh"), ("千瓦时", "kWh"), ("兆瓦", "MW"), ("千瓦", "kW")):
        if word in text:
            return unit
    return "kWh" if re.search(r"[(\[]度[)\]]", text) else None


def unit_or_guess(name: str) -> tuple[str, bool]:
    """(unit, whether the header names it). Without one, words such as energy or 电量 mean kWh, everything else kW."""
    unit = find_unit(name)
    if unit:
        return unit, True
    if re.search(r"[万萬](千瓦|kW|度)", name, re.IGNORECASE):
        advice = Problem(
            "Divide or multiply the column so that it is in kW, MW, kWh or MWh, or choose the unit yourself."
        )
        raise refusal("unit", "the unit is counted in ten thousands (万), which cannot be read.", advice, column=name)
    is_energy = _has_word(name, _ENERGY_WORDS) and not _has_word(name, _POWER_WORDS)
    return ("kWh" if is_energy else "kW"), False


def says_interval_end(name: str) -> bool:
    """Whether a header such as "interval ending" says so; "von - bis" names both ends, and its begin is read."""
    return _has_word(name, _END_WORDS) and not _has_word(name, _BEGIN_WORDS)


# One row a day


def day_columns(layout: Layout) -> tuple[list[int], list[float]] | None:
    """(columns, minutes of the day) of a table with one row a day and a column for each step, None if it is not one.

    Such headers read 00:00, 00:15, ... or 1, 2, ... 96 (P1, H01): at least 24 of them.
    """
    labels = {c: re.sub(r"^[A-Za-z]{1,2}(?=\d)", "", name) for c, name in enumerate(layout.names) if c != layout.time}
    clocks = {c: label for c, label in labels.items() if is_clock(label)}
    numbered = {c: label for c, label in labels.items() if re.fullmatch(r"\d{1,2}", label)}
    for found in (clocks, numbered):
        if len(found) in (24, 48, 96):
            return list(found), _label_minutes(list(found.values()))
    return None


def _label_minutes(labels: list[str]) -> list[float]:
    if all(label.isdigit() for label in labels):
        return [k * 1440 / len(labels) for k in range(len(labels))]
    return parse_clocks(labels).tolist()


def unfold_days(sheet: Sheet, layout: Layout, columns: list[int]) -> tuple[list[object], list[object], np.ndarray]:
    """(dates, values, file rows) with one entry for each step of a table with one row a day."""
    data = sheet.rows[layout.first_row - 1 :]
    days = column_cells(data, layout.time)
    values = [row[c] if c < len(row) else None for row in data for c in columns]
    rows = np.repeat(np.arange(layout.first_row, layout.first_row + len(data)), len(columns))
    return [day for day in days for _ in columns], values, rows
