"""A sheet with its layout -> the series it holds: stamps, numbers, unit and ratio of each, and how that was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.arrays import there
from sim.meter import words
from sim.meter.cells import Numbers, parse_numbers
from sim.meter.columns import Layout, column_cells, find_layout, sample_rows, says_interval_end, with_time
from sim.meter.counters import looks_like_counter
from sim.meter.evidence import (
    UnitEvidence,
    chosen_unit,
    column_unit,
    ratio_above,
    ratio_columns,
    ratio_finding,
    ratio_of_cells,
    unit_asked,
    unit_column,
)
from sim.meter.file import JOINED, Sheet
from sim.meter.findings import MeterFinding, finding, followed, listing, quoted, refusal
from sim.meter.kinds import Kind
from sim.meter.mends import Action
from sim.meter.parts import Part, alike, columns_finding, key_columns, role_of, row_parts, rows_finding, take_turns
from sim.meter.periods import across_changes
from sim.meter.series import Readings
from sim.meter.stamps import DAY, USUAL_YEAR, Clocks, DateOrderError, Stamps, parse_clocks, parse_stamps
from sim.meter.units import UNIT_TO_KW, find_unit, is_energy
from sim.meter.words import has_word
from sim.problem import Problem, one_or_many

MOST_BAD_STAMPS = 0.05
# Rows of a year without stamps: hours, half hours, quarter hours or minutes, of 365 or 366 days.
STEPS_WITHOUT_STAMPS = (60, 30, 15, 10, 5, 1)
BY_DAY = "one row a day"
DAY_STEPS = (24, 48, 96)


@dataclass(frozen=True)
class Choices:
    """What the user says of a file; None or empty leaves it to the file. See `read.read_meter`."""

    time_column: str | None = None
    value_columns: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    unit: str | None = None
    day_first: bool | None = None
    interval: Literal["begin", "end"] | None = None
    ratio: float | None = None
    year: int | None = None
    span_year: int | None = None
    site_offset_h: float | None = None
    expected_peak_kw: float | None = None
    allow_short: bool = False
    actions: Mapping[int, Action] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Raw:
    """One series as found, in the file's order: readings in `unit`, UTC offsets in minutes where given, else NaN."""

    name: str
    readings: Readings
    offsets: NDArray[np.float64]
    unit: str
    is_counter: bool = False
    ratio: float = 1.0


@dataclass(frozen=True, eq=False)
class SeriesFound:
    """The series to be summed, all parts the file offers, and what is known of its stamps."""

    raws: tuple[Raw, ...]
    parts: tuple[Part, ...]
    findings: tuple[MeterFinding, ...]
    time_column: str
    value_column: str
    told: Literal["begin", "end"] | None = None
    is_utc: bool = False


# The table


class Rows:
    """The rows of a table as one row a reading, whether the file has it so or one row a day."""

    def __init__(self, sheet: Sheet, layout: Layout) -> None:
        self.sheet, self.layout = sheet, layout
        data = sheet.rows[layout.first_row - 1 :]
        filled = [any(cell is not None and cell != "" for cell in row) for row in data]
        self.data = [row for row, is_filled in zip(data, filled, strict=True) if is_filled]
        rows = np.arange(layout.first_row, layout.first_row + len(data))[np.array(filled, dtype=bool)]
        self.steps = len(layout.days[0]) if layout.days else 1
        self.rows = np.repeat(rows, self.steps)
        self._cells: dict[int, list[object]] = {}

    def cells(self, column: int) -> list[object]:
        """Cells of a column, one a reading."""
        if column not in self._cells:
            held = column_cells(self.data, column)
            self._cells[column] = [cell for cell in held for _ in range(self.steps)] if self.layout.days else held
        return self._cells[column]

    def values(self, column: int) -> list[object]:
        """Cells of a load column; of a table with one row a day those of all its steps."""
        if not self.layout.days:
            return column_cells(self.data, column)
        columns = self.layout.days[0]
        return [row[c] if c < len(row) else None for row in self.data for c in columns]

    @property
    def usual_steps(self) -> int:
        """How many of a row's columns make a usual day."""
        return max((size for size in DAY_STEPS if size <= self.steps), default=self.steps)

    def _numbered(self, clocks: Clocks) -> Clocks:
        """The steps of a day counted from 1, as far as its row is filled: all only where clocks go back."""
        usual = self.usual_steps
        values = parse_numbers(self.values(0), self.sheet.delimiter).values.reshape(-1, self.steps)
        is_there = np.isfinite(values) & ((values != 0) | (np.arange(self.steps) < usual))
        filled = np.where(is_there, np.arange(1, self.steps + 1), 0).max(axis=1)
        numbers = np.where(np.arange(1, self.steps + 1) <= filled[:, None], np.arange(1.0, self.steps + 1), np.nan)
        minutes = np.where(np.isfinite(numbers.ravel()), clocks.minutes, np.nan)
        return replace(clocks, minutes=minutes, numbers=numbers.ravel(), period=DAY // usual)

    @cached_property
    def clocks(self) -> Clocks | None:
        if self.layout.days:
            clocks = parse_clocks([timedelta(minutes=minute) for minute in self.layout.days[1]] * len(self.data))
            return clocks if self.steps <= self.usual_steps else self._numbered(clocks)
        return None if self.layout.clock is None else parse_clocks(self.cells(self.layout.clock))


def read_table(sheet: Sheet, choices: Choices) -> SeriesFound:
    """The series of a sheet. Raises MeterError, or MeterQuestion where only the user can say."""
    layout = _chosen_layout(sheet, choices)
    _check_split_decimals(sheet, layout)
    grid = Rows(sheet, layout)
    if layout.value is None and not layout.days:
        reason = Problem("No column holds numbers; the columns are {names}.", names=_names(layout))
        advice = Problem("Choose the column with the load; check the decimal mark and the separator of the file.")
        raise refusal("no_numbers", reason, advice)
    times = Times(grid, choices)
    columns, guess = _value_columns(layout, choices)
    found = [*_sheet_findings(sheet, layout), *guess, *times.findings]
    parts, used, more = _parts(grid, times, columns, choices)
    raws, kinds = [], []
    for part in used:
        raw, findings = _raw(grid, times, part, choices)
        raws.append(raw)
        kinds += [finding for finding in findings if finding not in kinds]
    name = (
        BY_DAY
        if layout.days
        else layout.name(columns[0])
        if len(columns) == 1
        else " + ".join(map(layout.name, columns))
    )
    return SeriesFound(
        tuple(raws),
        tuple(parts),
        tuple(found + more + kinds),
        times.name,
        name,
        times.told,
        times.is_utc,
    )


# Columns


def _chosen_layout(sheet: Sheet, choices: Choices) -> Layout:
    layout = find_layout(sheet)
    if len(sheet.rows) < layout.first_row:
        raise refusal("empty", "There are headers but no rows below them.", "Export the load curve again.")
    if choices.time_column is not None:
        sample = sample_rows(sheet.rows, layout.first_row - 1)
        layout = with_time(layout, sample, column_of(layout, choices.time_column))
    if choices.value_columns and not layout.days:
        value = column_of(layout, choices.value_columns[0])
        layout = replace(layout, value=value, rivals=())
    return layout


def column_of(layout: Layout, name: str) -> int:
    if name not in layout.names:
        reason = Problem('There is no column "{name}".', name=name)
        raise refusal("no_column", reason, Problem("Choose one of {names}.", names=_names(layout)))
    return layout.names.index(name)


def _names(layout: Layout) -> tuple[Problem, ...] | Problem:
    shown = tuple(quoted(name) for name in layout.names[:12])
    return shown if len(layout.names) <= 12 else Problem("{names} and more", names=shown)


def _value_columns(layout: Layout, choices: Choices) -> tuple[list[int], list[MeterFinding]]:
    """(columns to be summed, what was guessed)."""
    if layout.days:
        return [layout.days[0][0]], []
    if choices.value_columns:
        return [column_of(layout, name) for name in choices.value_columns], []
    best = [c for c in (layout.value, *layout.rivals) if c is not None]
    if not layout.rivals:
        return best, []
    names = [layout.name(c) for c in best]
    if alike(names) or take_turns([layout.profiles[c].values for c in best]):
        return best, [columns_finding(names)]
    text = followed(why_value(layout), Problem("Choose another if it is wrong."))
    return best[:1], [finding("column_guess", "question", text)]


def why_value(layout: Layout) -> Problem:
    """Why this column is taken for the load."""
    if layout.days:
        return Problem("Each row is one day, with a column for each step.")
    if layout.value is None:
        return Problem("No column holds numbers.")
    name = layout.name(layout.value)
    if not layout.rivals:
        return Problem('"{name}" is the likeliest load by its name and its numbers.', name=name)
    others = tuple(quoted(layout.name(column)) for column in layout.rivals[:12])
    return Problem(
        '"{name}" is the first of several columns that may be the load; others are {others}.', name=name, others=others
    )


def _check_split_decimals(sheet: Sheet, layout: Layout) -> None:
    """Refuses "00:15,9,5": a decimal comma in a file whose columns are parted by commas."""
    if sheet.delimiter != "," or layout.header_row is None:
        return
    data = sheet.rows[layout.first_row - 1 :]
    width = sum(bool(str(cell).strip()) for cell in sheet.rows[layout.header_row - 1])
    if sum(len(row) > width and _filled_width(row) > width for row in data) > len(data) / 2 and layout.names[
        -1
    ].startswith("Column "):
        reason = Problem(
            "the rows have more cells than the header ({width}); the comma seems to be separator and decimal mark.",
            width=width,
        )
        raise refusal("columns", reason, "Export with semicolons or with decimal points.", layout.first_row)


def _filled_width(row: Sequence[object]) -> int:
    """Columns up to the last that is filled."""
    return max((at + 1 for at, cell in enumerate(row) if cell is not None and str(cell).strip()), default=0)


def _sheet_findings(sheet: Sheet, layout: Layout) -> list[MeterFinding]:
    found = []
    if sheet.joined:
        names = tuple(quoted(name) for name in sheet.joined[:12])
        text = Problem("{names} hold one table and were read one after another; rows are counted through.", names=names)
        found.append(finding("sheets_joined", "note", text))
    if sheet.other_names:
        others = tuple(quoted(name) for name in sheet.other_names[:12])
        text = Problem('The sheet "{name}" was read, not {others}.', name=sheet.name, others=others)
        found.append(finding("sheet", "note", text))
    if layout.header_row is None:
        found.append(finding("no_header", "note", "The file has no header row; its columns were numbered."))
    return found


# Time


class Times:
    """Stamps of all rows: minutes since 1970 (-1 without), UTC offsets, and what is known of begin, end and zone."""

    def __init__(self, grid: Rows, choices: Choices) -> None:
        self.findings: list[MeterFinding] = []
        self.told: Literal["begin", "end"] | None = choices.interval
        self.is_numbered = self.is_utc = False
        layout = grid.layout
        if layout.time is None:
            self.name = ""
            self.minutes = self._counted(grid, choices)
            self.offsets = np.full(len(self.minutes), np.nan)
            self.told = self.told or "begin"
            return
        self.name = layout.name(layout.time)
        self.is_utc = says_utc(self.name) or (layout.clock is not None and says_utc(layout.name(layout.clock)))
        stamps = self._parsed(grid, layout.time, choices)
        self.minutes, self.offsets = stamps.minutes, stamps.offsets
        if self.told is None:
            if stamps.has_24 or any(says_interval_end(name) for name in self._headings(layout)):
                self.told = "end"
            elif stamps.names_both_ends or any(has_word(name, words.BEGIN) for name in self._headings(layout)):
                self.told = "begin"
        if not stamps.has_year:
            year = choices.year or USUAL_YEAR
            text = Problem("The dates name no year; {year} was taken. Weekdays and holidays follow it.", year=year)
            self.findings += [] if choices.year else [finding("year", "question", text)]

    @staticmethod
    def _headings(layout: Layout) -> list[str]:
        return [layout.name(c) for c in (layout.time, layout.clock) if c is not None]

    def _parsed(self, grid: Rows, time: int, choices: Choices) -> Stamps:
        # A day's date is read once, however many steps its row has.
        dates = column_cells(grid.data, time)
        dates = dates if grid.layout.clock is None else _carried_down(dates)
        try:
            stamps = parse_stamps(dates, choices.day_first, choices.year or USUAL_YEAR)
        except DateOrderError as error:
            date = str(dates[error.index])
            reason = Problem('the date "{date}" does not fit the order of day and month of the others.', date=date)
            advice = Problem("Choose whether the day or the month comes first, or write dates as 2025-01-31.")
            raise refusal("date_order", reason, advice, int(grid.rows[error.index * grid.steps]), self.name) from error
        minutes, offsets = np.repeat(stamps.minutes, grid.steps), np.repeat(stamps.offsets, grid.steps)
        stamps = replace(stamps, minutes=minutes, offsets=offsets)
        return self._with_clock(stamps, grid.clocks) if grid.clocks is not None else stamps

    def _with_clock(self, stamps: Stamps, clocks: Clocks) -> Stamps:
        is_good = (stamps.minutes >= 0) & np.isfinite(clocks.minutes)
        if clocks.numbers is not None and is_good.any():
            numbered = across_changes(stamps.minutes[is_good], clocks.numbers[is_good], clocks.period)
            if numbered is not None:
                self.is_numbered = True
                self.told = self.told or "begin"
                minutes, offsets = np.full(len(is_good), -1, np.int64), np.full(len(is_good), np.nan)
                minutes[is_good], offsets[is_good] = numbered
                return replace(stamps, minutes=minutes, offsets=offsets, has_24=False)
        minutes = np.where(is_good, stamps.minutes + np.nan_to_num(clocks.minutes).astype(np.int64), -1)
        has_24 = bool((clocks.minutes == DAY).any() and not (clocks.minutes == 0).any())
        both = stamps.names_both_ends or clocks.names_both_ends
        return replace(stamps, minutes=minutes, has_24=has_24, names_both_ends=both)

    def _counted(self, grid: Rows, choices: Choices) -> NDArray[np.int64]:
        """Stamps of a year without any: as many rows as a year has hours, half hours or quarter hours."""
        value = there(grid.layout.value, "the column of the values")
        numbers = parse_numbers(grid.values(value), grid.sheet.delimiter).values
        count = int(np.isfinite(numbers).sum())
        step = next((s for s in STEPS_WITHOUT_STAMPS if count in (365 * DAY // s, 366 * DAY // s)), None)
        if step is None:
            reason = Problem("No column holds dates; the columns are {names}.", names=_names(grid.layout))
            advice = Problem("Add a column with date and time, or choose it if its name is unusual.")
            raise refusal("no_time", reason, advice)
        is_leap = count == 366 * DAY // step
        year = choices.year or (USUAL_YEAR - 1 if is_leap else USUAL_YEAR)
        if not choices.year:
            text = Problem(
                "The file has no dates, but {count:,} rows: a year from 1 January 00:00 in steps of {step} min. {year} "
                "was taken; weekdays and holidays follow it.",
                count=count,
                step=step,
                year=year,
            )
            self.findings.append(finding("year", "question", text))
        start = int(np.datetime64(f"{year}-01-01", "m").astype(np.int64))
        minutes = np.full(len(numbers), -1, np.int64)
        minutes[np.isfinite(numbers)] = start + np.arange(count) * step
        if is_leap and year % 4:
            # 29 February is the 60th day of the file; a common year has none.
            day = (minutes - start) // DAY
            minutes = np.where(day == 59, -1, np.where(day > 59, minutes - DAY, minutes))
        return minutes


def _carried_down(dates: Sequence[object]) -> list[object]:
    """Dates beside a column of times: an empty cell has the date above it, as under merged cells."""
    carried: list[object] = []
    for cell in dates:
        is_empty = cell is None or (isinstance(cell, str) and not cell.strip())
        carried.append(carried[-1] if is_empty and carried else cell)
    return carried


def says_utc(name: str) -> bool:
    """Whether a heading names UTC as the clock; UTC+8 names another."""
    return has_word(name, words.UTC) and not any(sign in name for sign in "+-±")


# Parts


def _parts(
    grid: Rows, times: Times, columns: list[int], choices: Choices
) -> tuple[list[Part], list[Part], list[MeterFinding]]:
    """(all parts, those used, findings)."""
    layout = grid.layout
    everything = np.arange(len(grid.rows))
    taken = {
        c for c in (layout.time, layout.clock, *columns, *(layout.days[0] if layout.days else ())) if c is not None
    }
    if len(columns) == 1:
        units = unit_column(layout, taken)
        labels = [c for c in range(len(layout.names)) if c not in taken and c != units and not _is_time_like(layout, c)]
        cells = {c: grid.cells(c) for c in labels}
        is_dated = times.minutes >= 0
        minutes = np.where(is_dated, times.minutes, np.arange(-1, -len(is_dated) - 1, -1))
        if keys := key_columns(layout, cells, minutes, taken):
            parts = row_parts(cells, keys, columns[0], None if units is None else grid.cells(units))
            return _used_rows(parts, choices)
    wide = [c for c, held in enumerate(layout.profiles) if held.is_number and c not in (layout.time, layout.clock)]
    wide = [c for c in wide if layout.profiles[c].kind in (Kind.VALUES, Kind.COUNTER, Kind.ZEROS) or c in columns]
    if layout.days:
        return [], [Part(BY_DAY, "load", everything, columns[0])], []
    parts = [Part(layout.name(c), role_of(layout.name(c)), everything, c) for c in wide]
    return parts, [Part(layout.name(c), "load", everything, c) for c in columns], []


def _is_time_like(layout: Layout, column: int) -> bool:
    return (
        layout.profiles[column].kind is Kind.LABEL
        and has_word(layout.name(column), words.TIME)
        and layout.name(column) != JOINED
    )


def _used_rows(parts: list[Part], choices: Choices) -> tuple[list[Part], list[Part], list[MeterFinding]]:
    if choices.parts:
        used = [part for part in parts if part.name in choices.parts]
        if used:
            return parts, used, []
    loads = [part for part in parts if part.role == "load"]
    used = loads or [part for part in parts if part.role != "export"] or parts[:1]
    return parts, used, [rows_finding(parts, used)]


# Numbers, unit and ratio of one part


def _raw(grid: Rows, times: Times, part: Part, choices: Choices) -> tuple[Raw, list[MeterFinding]]:
    layout, sheet = grid.layout, grid.sheet
    column = BY_DAY if layout.days else layout.name(part.column)
    cells = grid.values(part.column)
    whole = len(part.rows) == len(grid.rows)
    cells = cells if whole else [cells[i] for i in part.rows]
    minutes, offsets, rows = times.minutes[part.rows], times.offsets[part.rows], grid.rows[part.rows]
    numbers = parse_numbers(cells, sheet.delimiter)
    minutes, found = _dated(grid, times, minutes, numbers, rows, part)
    found += _number_findings(numbers, cells, column, rows, minutes >= 0)
    is_dated = minutes >= 0
    evidence = _unit_evidence(grid, part)
    says_power = not is_energy(choices.unit or evidence.unit or "kWh")
    is_counter = looks_like_counter(numbers.values[is_dated], has_word(column, words.COUNTER), says_power)
    unit, more = chosen_unit(column, evidence, choices.unit)
    if unit is None:
        raise unit_asked(None if layout.days else layout, None if layout.days else part.column, column, is_counter)
    if is_counter and says_power:
        reason = Problem("the values only ever rise, like the counter of a meter, but {unit} is a power.", unit=unit)
        raise refusal("counter", reason, "Choose the unit of energy it counts, or another column.", column=column)
    ratio, asked = _ratio(grid, part, choices)
    readings = Readings(minutes[is_dated], numbers.values[is_dated] * ratio, rows[is_dated])
    return Raw(part.name, readings, offsets[is_dated], unit, is_counter, ratio), found + more + asked


def _dated(
    grid: Rows, times: Times, minutes: NDArray[np.int64], numbers: Numbers, rows: NDArray[np.int64], part: Part
) -> tuple[NDArray[np.int64], list[MeterFinding]]:
    """(minutes, findings); refuses a column where many rows with numbers have no readable date."""
    if grid.layout.time is None:
        return minutes, []
    is_lost = minutes < 0
    if grid.steps > grid.usual_steps:
        # The columns of the hour when clocks go back are empty, or 0, on all other days.
        is_lost &= ~numbers.is_blank & (np.arange(len(minutes)) % grid.steps < grid.usual_steps)
    # A row with neither date nor number is a heading that came again, or a text.
    is_bad = is_lost & ~numbers.is_blank & ~numbers.is_text
    texts = int((is_lost & ~is_bad).sum())
    if is_bad.mean() > MOST_BAD_STAMPS or (minutes < 0).all():
        at = int(np.flatnonzero(minutes < 0)[0])
        shown = grid.cells(grid.layout.time)[int(part.rows[at])]
        reason = Problem(
            '{bad:,} of {count:,} rows have no readable date and time, the first "{first}".',
            bad=int((minutes < 0).sum()),
            count=len(rows),
            first=str(shown)[:40],
        )
        advice = Problem("Choose the column with date and time, or write it as 2025-01-31 00:15.")
        raise refusal("bad_stamps", reason, advice, int(rows[at]), times.name)
    found = []
    if texts:
        what = one_or_many(texts, "{count:,} row", "{count:,} rows")
        text = Problem("{what} without date and number, such as headings, were left out.", what=what)
        found.append(finding("text_rows", "note", text, rows[is_lost & ~is_bad]))
    if is_bad.any():
        text = Problem(
            "{what} without a readable date and time and left out ({rows}).",
            what=one_or_many(int(is_bad.sum()), "{count:,} row was", "{count:,} rows were"),
            rows=listing(rows[is_bad]),
        )
        found.append(finding("bad_stamps", "repaired", text, rows[is_bad]))
    return minutes, found


def _number_findings(
    numbers: Numbers, cells: Sequence[object], column: str, rows: NDArray[np.int64], is_dated: NDArray[np.bool_]
) -> list[MeterFinding]:
    is_text, is_blank = numbers.is_text & is_dated, numbers.is_blank & is_dated
    found = []
    if is_text.any():
        at = int(np.flatnonzero(is_text)[0])
        if is_text.sum() > 0.5 * is_dated.sum():
            values = {"count": int(is_text.sum()), "first": str(cells[at])[:40]}
            reason = Problem('{count:,} cells are not numbers; the first reads "{first}".', **values)
            raise refusal("no_numbers", reason, "Choose the column with the load.", int(rows[at]), column)
        text = Problem(
            '{what} not a number in column "{column}" ({rows}; the first reads "{first}") and treated as missing.',
            what=one_or_many(int(is_text.sum()), "{count:,} cell was", "{count:,} cells were"),
            column=column,
            rows=listing(rows[is_text]),
            first=str(cells[at])[:40],
        )
        found.append(finding("not_a_number", "repaired", text, rows[is_text]))
    if is_blank.any():
        text = Problem(
            '{what} empty in column "{column}" ({rows}) and treated as missing.',
            what=one_or_many(int(is_blank.sum()), "{count:,} cell was", "{count:,} cells were"),
            column=column,
            rows=listing(rows[is_blank]),
        )
        found.append(finding("blank", "repaired", text, rows[is_blank]))
    return found + _mark_findings(numbers, cells)


def _mark_findings(numbers: Numbers, cells: Sequence[object]) -> list[MeterFinding]:
    marked = [i for i, cell in enumerate(cells) if isinstance(cell, str) and ("," in cell or "." in cell)]
    if not numbers.is_guess or not marked:
        return []
    is_decimal = abs(numbers.values[marked[0]]) < 1000
    text = Problem(
        'Values such as "{value}" can be read in two ways; the mark was taken as {mark}. Check the peak.',
        value=str(cells[marked[0]]).strip()[:40],
        mark=Problem("a decimal mark" if is_decimal else "a thousands mark"),
    )
    return [finding("decimal_guess", "question", text)]


def _unit_evidence(grid: Rows, part: Part) -> UnitEvidence:
    """What the file says of a part's unit, wherever it stands."""
    layout = grid.layout
    taken = {c for c in (layout.time, layout.clock, part.column) if c is not None}
    at = unit_column(layout, taken)
    cells = None if at is None else [grid.cells(at)[i] for i in part.rows[:200]]
    evidence = column_unit(layout, grid.sheet, part.column, cells)
    if (evidence.unit is None or not evidence.is_certain) and (told := _label_unit(grid, part, taken)):
        return UnitEvidence(told, Problem("Its label names the unit {unit}.", unit=told))
    return evidence


def _label_unit(grid: Rows, part: Part, taken: set[int]) -> str | None:
    """The unit that the labels of a part name, as 有功功率(kW) does in a column of quantities."""
    for column, held in enumerate(grid.layout.profiles):
        if column in taken or held.kind is not Kind.LABEL or (grid.layout.days and column in grid.layout.days[0]):
            continue
        texts = {str(cell).strip() for cell in (grid.cells(column)[i] for i in part.rows[:200]) if cell}
        text = texts.pop() if len(texts) == 1 else ""
        unit = find_unit(text) if len(text) > 1 else None  # a letter alone is a flag of quality
        if unit:
            return unit
    return None


def _ratio(grid: Rows, part: Part, choices: Choices) -> tuple[float, list[MeterFinding]]:
    if choices.ratio is not None:
        return choices.ratio, []
    layout = grid.layout
    taken = {
        c for c in (layout.time, layout.clock, part.column, *(layout.days[0] if layout.days else ())) if c is not None
    }
    columns = [[grid.cells(c)[i] for i in part.rows] for c in ratio_columns(layout, taken)]
    ratio = ratio_of_cells(columns) or ratio_above(layout, grid.sheet)
    return (ratio, [ratio_finding(ratio)]) if ratio else (1.0, [])


def check_unit(unit: str | None) -> None:
    if unit is not None and unit not in UNIT_TO_KW:
        reason = Problem('The unit "{unit}" is not known.', unit=unit)
        raise refusal("unit", reason, Problem("Choose one of {names}.", names=tuple(UNIT_TO_KW)))
