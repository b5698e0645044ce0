"""Where the table begins in a sheet, what its columns are called, and which of them hold time, load and unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.meter import words
from sim.meter.cells import is_number
from sim.meter.file import JOINED, Sheet
from sim.meter.kinds import Kind, Profile, profile
from sim.meter.stamps import (
    DAY,
    SERIAL_RANGE,
    clock_number,
    is_clock,
    is_date,
    is_midnight,
    label_minutes,
    parse_clocks,
    serial_like,
)
from sim.meter.units import find_unit, is_energy
from sim.meter.words import has_word

SAMPLE_ROWS = 200
# Multiples of it, less their whole part, fill 0 to 1 evenly and never come back.
GOLDEN = 0.6180339887
HEADER_SEARCH_ROWS = 200
LONGEST_HEADING = 120
# Files with more columns of values than these hold no pair of power and energy.
MOST_PAIRED = 24
# How many columns a day may have, with those of the days when clocks change, and how many others may stand before them.
DAY_SIZES = (100, 96, 92, 50, 48, 46, 25, 24, 23)
SHORT_DAYS = (92, 46, 23)
MOST_BEFORE_DAY = 6
MOST_BLOCKS = 100
# How a column's kind by content counts beside its heading.
_BY_KIND = {Kind.CONSTANT: -6, Kind.FLAG: -4, Kind.ZEROS: -12}
# What holds these is no load, unless its heading names a unit.
_NEVER_LOAD = (Kind.IDENTIFIER, Kind.ROW_NUMBER)


@dataclass(frozen=True)
class Layout:
    """The table inside a sheet. Row numbers count from 1, columns from 0.

    `names` are unique; `clock` is the column of the time of day where dates stand alone; `rivals` are columns as likely
    to be the load as `value`; `hints` are the upper lines of the heading, which may name a unit. `days` are the columns
    and minutes of a table with one row a day, None where each row is one reading.
    """

    names: tuple[str, ...]
    header_row: int | None
    first_row: int
    time: int | None = None
    clock: int | None = None
    value: int | None = None
    rivals: tuple[int, ...] = ()
    hints: tuple[str, ...] = ()
    profiles: tuple[Profile, ...] = field(default=(), compare=False)
    days: tuple[tuple[int, ...], tuple[float, ...]] | None = None

    def name(self, column: int) -> str:
        return self.names[column]


def find_layout(sheet: Sheet) -> Layout:
    """Header, first data row and the likeliest columns of a sheet; columns that cannot be told are None."""
    first = _first_data_row(sheet.rows)
    header, names, hints = _header(sheet.rows, first)
    layout = Layout(names, header, first + 1, hints=hints)
    sample = sample_rows(sheet.rows, first)
    layout = replace(layout, profiles=tuple(_profiles(layout, sample, sheet.delimiter)))
    time = guess_time(layout, sample)
    return with_time(layout, sample, time)


def with_time(layout: Layout, sample: Sequence[Sequence[object]], time: int | None) -> Layout:
    """The layout with this time column, and the columns that follow from it."""
    layout = replace(layout, time=time, clock=None)
    layout = replace(layout, days=day_columns(layout, sample))
    layout = replace(layout, clock=None if layout.days else find_clock(layout, sample, time))
    value, rivals = guess_value(layout)
    return replace(layout, value=value, rivals=rivals)


def sample_rows(rows: Sequence[Sequence[object]], first: int) -> list[Sequence[object]]:
    """Some 200 rows spread over the data, at no even distance: what repeats every few rows must not be missed."""
    data = rows[first:]
    if len(data) <= SAMPLE_ROWS:
        return list(data)
    width = len(data) / SAMPLE_ROWS
    return [data[int((k + k * GOLDEN % 1) * width)] for k in range(SAMPLE_ROWS)]


def column_cells(rows: Sequence[Sequence[object]], column: int) -> list[object]:
    return [row[column] if column < len(row) else None for row in rows]


def _first_data_row(rows: Sequence[Sequence[object]]) -> int:
    """Index of the first of three rows in a row with a date and a number; else the row below the widest text row."""
    filled = [i for i, row in enumerate(rows[:HEADER_SEARCH_ROWS]) if any(_text(cell) for cell in row)]
    for k in range(len(filled)):
        if all(_is_data(rows[i]) for i in filled[k : k + 3]):
            return _walk_up(rows, filled[: k + 1])
    widths = [sum(bool(_text(cell)) for cell in rows[i]) for i in filled]
    header = filled[widths.index(max(widths))] if filled else 0
    while header in filled[:-1] and not any(is_number(cell) for cell in rows[header]):
        header = filled[filled.index(header) + 1]
    return header if filled and any(is_number(cell) for cell in rows[header]) else header + 1


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


# Headings


def _header(rows: Sequence[Sequence[object]], first: int) -> tuple[int | None, tuple[str, ...], tuple[str, ...]]:
    """(header row number, names, upper lines). A row of units or additions below the header is joined to the names."""
    above = [i for i in range(max(0, first - HEADER_SEARCH_ROWS), first) if any(_text(cell) for cell in rows[i])]
    width = max((len(row) for row in rows[first : first + SAMPLE_ROWS]), default=0)
    if not above:
        return None, _unique([""] * width), ()
    names, header = [_text(cell) for cell in rows[above[-1]]], above[-1]
    if len(above) > 1 and _belongs_to_upper(names, rows[above[-2]], above[-1] - above[-2], width):
        lower, header = names, above[-2]
        pairs = _zip_longest([_text(cell) for cell in rows[header]], lower)
        is_units = _is_unit_row(lower)
        names = [_joined(name, more, is_units) for name, more in pairs]
    elif _filled(names) < min(2, width):
        return None, _unique([""] * width), ()
    hints = _upper_line(rows, above, header, max(width, len(names)))
    return header + 1, _unique(names + [""] * (width - len(names))), hints


def _belongs_to_upper(lower: list[str], upper: Sequence[object], distance: int, width: int) -> bool:
    """Whether the last line above the data only adds to the line above it: units, or fewer than two words."""
    if distance != 1 or _filled([_text(cell) for cell in upper]) < 2:
        return _is_unit_row(lower) and distance == 1
    return _is_unit_row(lower) or _filled(lower) < min(2, width)


def _joined(name: str, more: str, is_unit: bool) -> str:
    if not more or not name:
        return name or more
    return f"{name} [{more.strip('[]()')}]" if is_unit else f"{name} {more}"


def _upper_line(rows: Sequence[Sequence[object]], above: list[int], header: int, width: int) -> tuple[str, ...]:
    """Texts of the line right above the header, each reaching to the right as merged cells do."""
    at = above.index(header)
    if at == 0 or header - above[at - 1] != 1:
        return ()
    texts = [_text(cell) for cell in rows[above[at - 1]]]
    if _filled(texts) < 2 and len(texts) > 1 and width > 2 and texts[0]:
        return ()
    found, last = [], ""
    for column in range(width):
        last = texts[column] if column < len(texts) and texts[column] else last
        found.append(last)
    return tuple(found)


def _filled(texts: Sequence[str]) -> int:
    return sum(bool(text) for text in texts)


def _zip_longest(names: list[str], units: list[str]) -> list[tuple[str, str]]:
    width = max(len(names), len(units))
    return list(zip(names + [""] * (width - len(names)), units + [""] * (width - len(units)), strict=True))


def _is_unit_row(names: list[str]) -> bool:
    filled = [name.strip("[]()（） ") for name in names if name]
    known = [
        name for name in filled if len(name) <= 8 and (find_unit(name) or re.fullmatch(r"kvarh?|kVA|V|A|Hz", name))
    ]
    patterns = [name for name in filled if re.fullmatch(r"[ymdhsYMDHS:./ T-]{2,20}|-{1,3}|°C|%", name)]
    return len(known) >= 1 and len(known) + len(patterns) == len(filled)


def _unique(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unique = []
    for i, name in enumerate(names):
        base = name[:LONGEST_HEADING] or f"Column {i + 1}"
        seen[base] = seen.get(base, 0) + 1
        unique.append(base if seen[base] == 1 else f"{base} ({seen[base]})")
    return tuple(unique)


def _text(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())


# Time


def guess_time(layout: Layout, sample: Sequence[Sequence[object]]) -> int | None:
    """The first column whose name speaks of time among those whose cells read as dates; None if no cells do.

    Local time is preferred to UTC where both stand beside each other.
    """
    shares = []
    for column in range(len(layout.names)):
        cells = [cell for cell in column_cells(sample, column) if _text(cell)]
        good = sum(is_date(cell) for cell in cells) if _may_be_time(layout, column, cells) else 0
        shares.append(good / len(cells) if cells else 0.0)
    likely = [c for c, share in enumerate(shares) if share >= 0.5 and layout.name(c) != JOINED]
    named = [c for c in likely if has_word(layout.name(c), words.TIME)] or likely
    local = [c for c in named if not has_word(layout.name(c), words.UTC)] or named
    varying = [c for c in local if len({_text(cell) for cell in column_cells(sample, c)}) > 1] or local
    return min(varying, default=None)


def _may_be_time(layout: Layout, column: int, cells: list[object]) -> bool:
    """Bare numbers count as Excel's days or Unix seconds only if they climb by whole minutes, or by their name."""
    if not all(serial_like(cell) for cell in cells):
        return True
    if has_word(layout.name(column), words.TIME):
        return True
    values = np.array([float(str(cell).replace(",", ".")) for cell in cells])
    steps = np.diff(values) if len(values) < 2 or values[0] < values[-1] else np.diff(values[::-1])
    if len(steps) < 3 or steps.min() <= 0 or steps.max() > 4 * np.median(steps):
        return False
    minutes = values * DAY if values[0] < SERIAL_RANGE[1] else values / (60 if values[0] < 1e11 else 60_000)
    is_whole_days = values[0] < SERIAL_RANGE[1] and bool((values % 1 == 0).all())
    return not is_whole_days and bool((np.abs(minutes - np.round(minutes)) < 0.05).all())


def find_clock(layout: Layout, sample: Sequence[Sequence[object]], time: int | None) -> int | None:
    """The column with the time of day, where the time column holds dates alone, or dates that all read 00:00."""
    if time is None:
        return None
    dates = column_cells(sample, time)
    if any(_says_clock(cell) for cell in dates) and not all(is_midnight(cell) for cell in dates if _text(cell)):
        return None
    others = [c for c in range(len(layout.names)) if c != time]
    for column in others:
        if _holds_clocks(column_cells(sample, column)):
            return column
    return next((c for c in others if _is_numbered_clock(layout.name(c), column_cells(sample, c))), None)


def _holds_clocks(cells: Sequence[object]) -> bool:
    filled = [cell for cell in cells if _text(cell)]
    return bool(filled) and sum(is_clock(cell) for cell in filled) >= 0.5 * len(filled)


def _says_clock(cell: object) -> bool:
    if isinstance(cell, str):
        bare = r"\d{5}[.,]\d{1,15}|\d{10,14}|[^\n]{0,40}(\d{8}|[-/.]\d{1,2})[ T]\d{2,6}"
        return ":" in cell or "时" in cell or re.fullmatch(bare, cell.strip()[:60]) is not None
    return bool(getattr(cell, "hour", 0) or getattr(cell, "minute", 0)) or (isinstance(cell, float) and cell % 1 > 0)


def _is_numbered_clock(name: str, cells: Sequence[object]) -> bool:
    """Hours or periods by their name, or by cells such as HE01."""
    filled = [cell for cell in cells if _text(cell)]
    if not filled or not has_word(name, (*words.TIME, *words.CLOCK)):
        return False
    clocks = parse_clocks(filled).minutes
    if np.isfinite(clocks).mean() > 0.9:
        return float(np.nanmax(clocks)) <= 1500 and len(np.unique(clocks)) > 1
    # The last blocks of a day may be missing in a sample.
    numbers = np.array([clock_number(cell) for cell in filled])
    is_whole = bool(np.isfinite(numbers).all() and (numbers % 1 == 0).all())
    return is_whole and numbers.min() >= 1 and 24 < numbers.max() <= MOST_BLOCKS


# Value


def _profiles(layout: Layout, sample: Sequence[Sequence[object]], delimiter: str | None) -> list[Profile]:
    return [profile(column_cells(sample, column), delimiter) for column in range(len(layout.names))]


def guess_value(layout: Layout) -> tuple[int | None, tuple[int, ...]]:
    """(the likeliest load column, others as likely), by what the columns hold first and by their names second."""
    taken = (layout.time, layout.clock)
    held = {c: profile for c, profile in enumerate(layout.profiles) if profile.is_number and c not in taken}
    fit = [c for c, profile in held.items() if profile.kind not in _NEVER_LOAD or find_unit(layout.name(c))]
    scores = {c: _value_score(layout, c) for c in fit}
    for column in _own_use(layout, fit):
        scores[column] += 3
    for power, energy in _pairs(layout, list(scores)):
        scores[power] += 5
        scores[energy] += 4
    if not scores:
        return None, ()
    best = max(scores.values())
    ranked = [column for column, score in scores.items() if score == best]
    return ranked[0], tuple(ranked[1:])


def _own_use(layout: Layout, columns: list[int]) -> list[int]:
    """Columns of consumption in a file that also tells what a plant makes and what comes from the grid: the site's
    load is what it uses, not what it buys."""
    names = {c: layout.name(c) for c in columns}
    makes = any(has_word(name, words.MADE) for name in names.values())
    buys = any(has_word(name, words.BOUGHT) for name in names.values())
    if not (makes and buys):
        return []
    return [c for c, n in names.items() if has_word(n, words.USED) and not has_word(n, (*words.BOUGHT, "self"))]


def _value_score(layout: Layout, column: int) -> int:
    name, kind = layout.name(column), layout.profiles[column].kind
    unit = find_unit(name) or layout.profiles[column].unit
    score = 0 if unit is None else 4 if is_energy(unit) else 5
    score = {"W": 2, "Wh": 2, "J": 3}.get(unit or "", score)
    score += 3 * has_word(name, words.LOAD) + has_word(name, words.TOTAL) + 2 * has_word(name, words.BOUGHT)
    score -= 4 * bool(re.search(r"[ABCabc]相|\bphase\b|\bL[123]\b", name))
    score += 2 * bool(re.search(r"\b[AP]\+|(?:^|[:.\s])1\.(?:8|29|5|25)(?:\.|\b)", name))
    score += bool(re.search(r"(?:^|[:.\s])1\.8\.0\b", name))
    score -= 8 * bool(re.search(r"\b[AP]-(?!\w)|[:.]2\.(?:8|29|5|25)(?:\.|\b)|\b[QR][+-]", name))
    not_load = (words.EXPORT, words.REACTIVE, words.ELECTRIC, words.OTHER, words.COUNTER, words.RATIO)
    is_no_load = kind is Kind.COUNTER or any(has_word(name, group) for group in not_load)
    score -= 8 * is_no_load + 6 * has_word(name, words.TIME)
    return score + _BY_KIND.get(kind, 0)


def _pairs(layout: Layout, columns: list[int]) -> list[tuple[int, int]]:
    """(power, energy) of columns that show the same load twice: kW = kWh x 2, 4 or 12."""
    held = {c: layout.profiles[c].values for c in columns if layout.profiles[c].kind is Kind.VALUES}
    if len(held) > MOST_PAIRED:
        return []
    return [(a, b) for a, high in held.items() for b, low in held.items() if a != b and _is_multiple(high, low)]


def _is_multiple(high: NDArray[np.float64], low: NDArray[np.float64]) -> bool:
    """Whether one column is 2, 4 or 12 times another in all rows of the sample."""
    usable = np.isfinite(high) & np.isfinite(low) & (low > 0)
    if usable.sum() < 20:
        return False
    ratios = high[usable] / low[usable]
    return any(abs(ratios[0] / times - 1) < 2e-3 and np.allclose(ratios, times, rtol=2e-3) for times in (2, 4, 12))


def power_energy_pair(layout: Layout, column: int) -> str | None:
    """ "power" or "energy" where another column shows the same load the other way."""
    for power, energy in _pairs(layout, [c for c, held in enumerate(layout.profiles) if held.is_number]):
        if column in (power, energy):
            return "power" if column == power else "energy"
    return None


def says_interval_end(name: str) -> bool:
    """Whether a header such as "interval ending" says so; "von - bis" names both ends, and its begin is read."""
    return has_word(name, words.END) and not has_word(name, words.BEGIN)


# One row a day


def day_columns(layout: Layout, sample: Sequence[Sequence[object]]) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """(columns, minutes of the day) of a table with one row a day and a column for each step, None if it is not one.

    Such headers read 00:00, 00:15, ... or 1, 2, ... 96 (P1, H01, T0015): at least 24 of them, side by side.
    """
    columns = [c for c in range(len(layout.names)) if c != layout.time and re.search(r"\d", layout.name(c)[:24])]
    if layout.time is None or layout.header_row is None or len(columns) < 23:
        return None
    if not all(is_midnight(cell) for cell in column_cells(sample, layout.time) if _text(cell)):
        return None
    if any(_holds_clocks(column_cells(sample, c)) for c, held in enumerate(layout.profiles) if held.kind is Kind.LABEL):
        return None
    runs = [*_neighbours(columns), *_every_second(layout, columns)]
    return next(filter(None, map(partial(_day_in, layout), runs)), None)


def _day_in(layout: Layout, run: list[int]) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """The day's columns in a run of columns, and their minutes."""
    for size in DAY_SIZES:
        if size in SHORT_DAYS and size != len(run):
            continue
        for first in range(min(len(run) - size, MOST_BEFORE_DAY) + 1):
            part = run[first : first + size]
            minutes = label_minutes([layout.name(c) for c in part])
            if minutes is not None:
                return tuple(part[: len(minutes)]), tuple(minutes)
    return None


def _every_second(layout: Layout, columns: list[int]) -> list[list[int]]:
    """Columns of values with a flag of each between them."""
    values = [c for c in columns if layout.profiles[c].is_number]
    starts = [c for c in values if c - 2 not in values and c + 2 in values]
    runs = [[c for c in values if c >= start and (c - start) % 2 == 0] for start in starts[:MOST_BEFORE_DAY]]
    return [run[: 1 + next((k for k, c in enumerate(run[1:]) if c != run[k] + 2), len(run) - 1)] for run in runs]


def _neighbours(columns: list[int]) -> list[list[int]]:
    """Columns in runs without a gap."""
    starts = [0, *(at for at in range(1, len(columns)) if columns[at] != columns[at - 1] + 1), len(columns)]
    return [columns[begin:end] for begin, end in zip(starts, starts[1:], strict=False)]
