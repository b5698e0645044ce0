"""Reading an uploaded meter file: a load curve as CSV or XLSX -> one year of mean kW, and all that was done to it.

The steps, in this order: size and kind of file, cells, table and columns, numbers and stamps, order, interval, stamps
at the interval's end, summer time, duplicates, values, gaps, 15/30/60 min, year. Each reports what it found and did as
a `Finding`; what cannot be repaired honestly is refused by a `MeterError` that says what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sim.meter.cells import DAY, DateOrderError, Numbers, Stamps, parse_clocks, parse_numbers, parse_stamps
from sim.meter.columns import (
    UNIT_TO_KW,
    Layout,
    column_cells,
    day_columns,
    find_clock,
    find_layout,
    find_unit,
    guess_value,
    sample_rows,
    says_interval_end,
    unfold_days,
    unit_or_guess,
)
from sim.meter.file import Sheet, load
from sim.meter.findings import Finding, MeterError, finding, followed, listing, quoted, refusal, stamp_of
from sim.meter.series import (
    Readings,
    align_to_step,
    begin_of_interval,
    check_mixed_steps,
    check_values,
    find_step,
    leave_summer_time,
    merge_duplicates,
    sort_readings,
    to_standard_time,
)
from sim.meter.year import align_weekdays, fill_gaps, is_repeated, to_common_step, to_regular, to_step, to_year
from sim.problem import Problem, one_or_many

__all__ = [
    "UNIT_TO_KW", "Finding", "MeterError", "MeterReading", "Table",
    "align_weekdays", "inspect", "is_repeated", "read_meter", "to_step",
]  # fmt: skip

PREVIEW_ROWS = 8
INSPECT_ROWS = 1000
MOST_BAD_STAMPS = 0.05
# A peak this many times the expected one (or its inverse) speaks of kW read as MW or the other way round.
WRONG_UNIT = (300.0, 3000.0)


@dataclass(frozen=True)
class Table:
    """What a file looks like, for the page's choosers. `rows` are the first data rows as text; guesses may be None."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    header_row: int | None
    first_row: int
    time_column: str | None
    clock_column: str | None
    value_column: str | None
    unit: str | None
    why: tuple[Problem, ...]
    sheet: str | None = None
    is_day_per_row: bool = False


@dataclass(frozen=True, eq=False)
class MeterReading:
    """One year of mean kW (steps,) from 1 January 00:00 local standard time, 365 days; a step begins at its stamp.

    `year` is the calendar year of most readings, and the weekdays are its own. `start` and `end` are the first and last
    stamp as found in the file.
    """

    kw: NDArray[np.float64]
    step_minutes: int
    year: int
    start: datetime
    end: datetime
    findings: tuple[Finding, ...]
    time_column: str
    value_column: str
    unit: str

    @property
    def peak_kw(self) -> float:
        return float(self.kw.max())

    @property
    def energy_kwh(self) -> float:
        return float(self.kw.sum()) * self.step_minutes / 60


# The table


def inspect(data: bytes, filename: str) -> Table:
    """Columns, first rows and guesses of a file. Raises MeterError if it is no table at all."""
    sheet = load(data, filename, INSPECT_ROWS)
    layout = find_layout(sheet)
    by_day = _day_table(layout)
    unit, why_unit = _unit_guess(layout, by_day is not None)
    name = [None if c is None else layout.name(c) for c in (layout.time, layout.clock, layout.value)]
    preview = sheet.rows[layout.first_row - 1 :][:PREVIEW_ROWS]
    rows = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in preview)
    why = (_why_time(layout), _why_value(layout, by_day is not None), why_unit)
    is_by_day = by_day is not None
    return Table(layout.names, rows, layout.header_row, layout.first_row, *name, unit, why, sheet.name, is_by_day)


def _day_table(layout: Layout) -> tuple[list[int], list[float]] | None:
    return None if layout.time is None else day_columns(layout)


def _why_time(layout: Layout) -> Problem:
    if layout.time is None:
        return Problem("No column holds dates.")
    name = layout.name(layout.time)
    if layout.clock is None:
        return Problem('"{name}" holds dates.', name=name)
    return Problem('"{name}" holds dates, "{clock}" the time of day.', name=name, clock=layout.name(layout.clock))


def _why_value(layout: Layout, is_by_day: bool) -> Problem:
    if is_by_day:
        return Problem("Each row is one day, with a column for each step.")
    if layout.value is None:
        return Problem("No column holds numbers.")
    name = layout.name(layout.value)
    if not layout.rivals:
        return Problem('"{name}" is the likeliest load by its name and its numbers.', name=name)
    others = tuple(quoted(layout.name(column)) for column in layout.rivals)
    return Problem(
        '"{name}" is the first of several columns that may be the load; others are {others}.', name=name, others=others
    )


def _unit_guess(layout: Layout, is_by_day: bool) -> tuple[str | None, Problem]:
    if is_by_day:
        return "kW", Problem("No unit is named; kW is assumed.")
    if layout.value is None:
        return None, Problem("No unit without a load column.")
    try:
        unit, is_named = unit_or_guess(layout.name(layout.value))
    except MeterError as error:
        return None, error.problem
    if is_named:
        return unit, Problem("The header says {unit}.", unit=unit)
    return unit, Problem("The header names no unit; {unit} is assumed.", unit=unit)


# Reading


def read_meter(
    data: bytes,
    filename: str,
    *,
    time_column: str | None = None,
    value_column: str | None = None,
    unit: str | None = None,
    day_first: bool | None = None,
    expected_peak_kw: float | None = None,
    allow_short: bool = False,
) -> MeterReading:
    """One year of kW from a CSV or XLSX load curve.

    Columns are names as `inspect` gives them; None lets the file decide. `unit` is kW, MW, kWh or MWh per interval (W
    and Wh too). `day_first` says how 3/1/2025 reads. `expected_peak_kw` only serves to warn of a wrong unit.
    `allow_short` accepts 28 to 330 days and repeats their weeks. Raises MeterError for what cannot be repaired.
    """
    if unit is not None and unit not in UNIT_TO_KW:
        reason = Problem('The unit "{unit}" is not known.', unit=unit)
        raise refusal("unit", reason, Problem("Choose one of {names}.", names=tuple(UNIT_TO_KW)))
    sheet = load(data, filename)
    layout = _chosen_layout(sheet, time_column, value_column)
    dates, clocks, cells, rows, column = _columns(sheet, layout, value_column)
    unit, found = _chosen_unit(column, unit)
    found = [*_table_findings(sheet, layout, value_column), *found]
    stamps, more = _stamps(dates, clocks, layout, rows, day_first)
    numbers, bad = _numbers(cells, sheet.delimiter, column, rows, stamps.minutes >= 0)
    ends = stamps.has_24 or says_interval_end(layout.name(layout.time))
    readings, step, start, end, series = _in_order(stamps, numbers, rows, ends)
    readings = replace(readings, values=readings.values * _factor(unit, step))
    readings, checks = check_values(readings, column)
    kw, year, step, fills = _whole_year(readings, step, allow_short)
    found += more + bad + series + checks + fills + _unit_check(kw, unit, expected_peak_kw)
    kw.flags.writeable = False
    return MeterReading(kw, step, year, start, end, tuple(found), layout.name(layout.time), column, unit)


def _factor(unit: str, step: int) -> float:
    """kW per reading: energies are per interval of `step` minutes."""
    return UNIT_TO_KW[unit] * (60 / step if unit.endswith("h") else 1.0)


def _in_order(
    stamps: Stamps, numbers: Numbers, rows: NDArray[np.int64], says_end: bool
) -> tuple[Readings, int, datetime, datetime, list[Finding]]:
    """(readings one a step in standard time, step, first and last stamp as found, findings)."""
    is_dated = stamps.minutes >= 0
    raw = Readings(stamps.minutes[is_dated], numbers.values[is_dated], rows[is_dated])
    start, end = stamp_of(raw.minutes.min()), stamp_of(raw.minutes.max())
    readings, found = to_standard_time(raw, stamps.offsets[is_dated])
    readings, is_ordered, more = sort_readings(readings)
    step = find_step(readings)
    mixed = check_mixed_steps(readings, step)
    readings, aligned = align_to_step(readings, step)
    readings, moved = begin_of_interval(readings, step, says_end)
    readings, summer = leave_summer_time(readings, step, is_ordered)
    readings, merged = merge_duplicates(readings)
    return readings, step, start, end, found + more + mixed + aligned + moved + summer + merged


def _whole_year(readings: Readings, step: int, allow_short: bool) -> tuple[NDArray, int, int, list[Finding]]:
    regular, found = fill_gaps(to_regular(readings, step))
    regular, averaged = to_common_step(regular)
    kw, year, more = to_year(regular, allow_short)
    return kw, year, regular.step, found + averaged + more


# Columns


def _chosen_layout(sheet: Sheet, time_column: str | None, value_column: str | None) -> Layout:
    layout = find_layout(sheet)
    if len(sheet.rows) < layout.first_row:
        raise refusal("empty", "There are headers but no rows below them.", "Export the load curve again.")
    time = layout.time if time_column is None else _column(layout, time_column)
    value = layout.value if value_column is None else _column(layout, value_column)
    if time is None:
        reason = Problem("No column holds dates; the columns are {names}.", names=_names(layout))
        advice = Problem("Add a column with date and time, or choose it if its name is unusual.")
        raise refusal("no_time", reason, advice)
    sample = sample_rows(sheet.rows, layout.first_row - 1)
    chosen = replace(layout, time=time, value=value, clock=find_clock(layout, sample, time))
    if time == layout.time or value_column is not None:
        return chosen
    value, rivals = guess_value(chosen, sample, sheet.delimiter)
    return replace(chosen, value=value, rivals=rivals)


def _column(layout: Layout, name: str) -> int:
    if name not in layout.names:
        reason = Problem('There is no column "{name}".', name=name)
        raise refusal("no_column", reason, Problem("Choose one of {names}.", names=_names(layout)))
    return layout.names.index(name)


def _names(layout: Layout) -> tuple[Problem, ...] | Problem:
    shown = tuple(quoted(name) for name in layout.names[:12])
    return shown if len(layout.names) <= 12 else Problem("{names} and more", names=shown)


def _columns(
    sheet: Sheet, layout: Layout, value_column: str | None
) -> tuple[Sequence[object], Sequence[object] | None, Sequence[object], NDArray[np.int64], str]:
    """(date cells, clock cells, value cells, file rows, name of the load column)."""
    by_day = day_columns(layout) if value_column is None else None
    if by_day is not None:
        days, values, rows = unfold_days(sheet, layout, by_day[0])
        clocks = [timedelta(minutes=minute) for minute in by_day[1]] * (len(days) // len(by_day[1]))
        return days, clocks, values, rows, "one row a day"
    if layout.value is None:
        reason = Problem("No column holds numbers; the columns are {names}.", names=_names(layout))
        advice = Problem("Choose the column with the load; check the decimal mark and the separator of the file.")
        raise refusal("no_numbers", reason, advice)
    data = sheet.rows[layout.first_row - 1 :]
    _check_split_decimals(sheet, layout, data)
    filled = np.array([any(cell is not None and cell != "" for cell in row) for row in data])
    rows = np.arange(layout.first_row, layout.first_row + len(data))[filled]
    data = [row for row, is_filled in zip(data, filled, strict=True) if is_filled]
    clocks = None if layout.clock is None else column_cells(data, layout.clock)
    name = layout.name(layout.value)
    return column_cells(data, layout.time), clocks, column_cells(data, layout.value), rows, name


def _check_split_decimals(sheet: Sheet, layout: Layout, data: Sequence[Sequence[object]]) -> None:
    """Refuses "00:15,9,5": a decimal comma in a file whose columns are parted by commas."""
    if sheet.delimiter != "," or layout.header_row is None:
        return
    width = sum(bool(str(cell).strip()) for cell in sheet.rows[layout.header_row - 1])
    if sum(len(row) > width for row in data) > len(data) / 2 and layout.names[-1].startswith("Column "):
        reason = Problem(
            "the rows have more cells than the header ({width}); the comma seems to be separator and decimal mark.",
            width=width,
        )
        raise refusal("columns", reason, "Export with semicolons or with decimal points.", layout.first_row)


def _table_findings(sheet: Sheet, layout: Layout, value_column: str | None) -> list[Finding]:
    found = []
    if sheet.other_names:
        others = tuple(quoted(name) for name in sheet.other_names)
        text = Problem('The sheet "{name}" was read, not {others}.', name=sheet.name, others=others)
        found.append(finding("sheet", "note", text))
    if layout.header_row is None:
        found.append(finding("no_header", "note", "The file has no header row; its columns were numbered."))
    if value_column is None and layout.rivals and day_columns(layout) is None:
        text = followed(_why_value(layout, False), Problem("Choose another if it is wrong."))
        found.append(finding("column_guess", "warning", text))
    return found


def _chosen_unit(column: str, unit: str | None) -> tuple[str, list[Finding]]:
    if unit is None:
        guess, is_named = unit_or_guess(column)
        text = Problem(
            'The header "{column}" names no unit; the values were read as {unit}. Choose another if that is wrong.',
            column=column,
            unit=guess,
        )
        return guess, [] if is_named else [finding("unit_guess", "warning", text)]
    named = find_unit(column)
    if named is None or named == unit:
        return unit, []
    text = Problem(
        'The header "{column}" says {named}, but {unit} was chosen; the values were read as {unit}.',
        column=column,
        named=named,
        unit=unit,
    )
    return unit, [finding("unit_differs", "warning", text)]


def _unit_check(kw: NDArray[np.float64], unit: str, expected_peak_kw: float | None) -> list[Finding]:
    if not expected_peak_kw or expected_peak_kw <= 0:
        return []
    # The highest value that is not one of a few spikes.
    peak = float(np.percentile(kw, 99.95, method="lower")) or float(kw.max())
    ratio = peak / expected_peak_kw
    low, high = WRONG_UNIT
    if not (low <= ratio <= high or low <= 1 / ratio <= high):
        return []
    prefixes = ("", "k", "M", "G")
    place = prefixes.index(unit[:-1].removesuffix("W") if unit.endswith("h") else unit.removesuffix("W"))
    place += -1 if ratio > 1 else 1
    base = "Wh" if unit.endswith("h") else "W"
    fits = Problem("the values seem 1000 times off")
    if 0 <= place < len(prefixes):
        fits = Problem("{unit} would fit", unit=f"{prefixes[place]}{base}")
    text = Problem(
        "Read as {unit}, the peak is {peak:,.6g} kW, {ratio:,.3g} times the expected {expected:,.6g} kW: {fits}. "
        "Nothing was converted; choose the unit if it is wrong.",
        unit=unit,
        peak=peak,
        ratio=ratio,
        expected=expected_peak_kw,
        fits=fits,
    )
    return [finding("unit_1000", "warning", text)]


# Cells


def _stamps(
    dates: Sequence[object],
    clocks: Sequence[object] | None,
    layout: Layout,
    rows: NDArray[np.int64],
    day_first: bool | None,
) -> tuple[Stamps, list[Finding]]:
    column = layout.name(layout.time)
    try:
        stamps = parse_stamps(dates, day_first)
    except DateOrderError as error:
        date = str(dates[error.index])
        reason = Problem('the date "{date}" does not fit the order of day and month of the others.', date=date)
        advice = Problem("Choose whether the day or the month comes first, or write dates as 2025-01-31.")
        raise refusal("date_order", reason, advice, int(rows[error.index]), column) from error
    if clocks is not None:
        stamps = _with_clock(stamps, parse_clocks(clocks))
    is_bad = stamps.minutes < 0
    if is_bad.mean() > MOST_BAD_STAMPS:
        at = int(np.flatnonzero(is_bad)[0])
        reason = Problem(
            '{bad:,} of {count:,} rows have no readable date and time, the first "{first}".',
            bad=int(is_bad.sum()),
            count=len(rows),
            first=str(dates[at]),
        )
        advice = Problem("Choose the column with date and time, or write it as 2025-01-31 00:15.")
        raise refusal("bad_stamps", reason, advice, int(rows[at]), column)
    if not is_bad.any():
        return stamps, []
    text = Problem(
        "{what} without a readable date and time and left out ({rows}).",
        what=one_or_many(int(is_bad.sum()), "{count:,} row was", "{count:,} rows were"),
        rows=listing(rows[is_bad]),
    )
    return stamps, [finding("bad_stamps", "repaired", text, rows[is_bad])]


def _with_clock(stamps: Stamps, clock: NDArray[np.float64]) -> Stamps:
    is_good = (stamps.minutes >= 0) & np.isfinite(clock)
    minutes = np.where(is_good, stamps.minutes + np.nan_to_num(clock).astype(np.int64), -1)
    return replace(stamps, minutes=minutes, has_24=bool((clock == DAY).any() and not (clock == 0).any()))


def _numbers(
    cells: Sequence[object], delimiter: str | None, column: str, rows: NDArray[np.int64], is_dated: NDArray[np.bool_]
) -> tuple[Numbers, list[Finding]]:
    numbers = parse_numbers(cells, delimiter)
    is_text, is_blank = numbers.is_text & is_dated, numbers.is_blank & is_dated
    found = []
    if is_text.any():
        at = int(np.flatnonzero(is_text)[0])
        if is_text.sum() > 0.5 * is_dated.sum():
            values = {"count": int(is_text.sum()), "first": str(cells[at])}
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
    if numbers.is_guess:
        text = Problem(
            'Values such as "{value}" can be read in two ways; the mark was taken as {mark}. Check the peak.',
            value=_marked(cells),
            mark=Problem("a decimal mark" if _is_decimal(numbers, cells) else "a thousands mark"),
        )
        found.append(finding("decimal_guess", "warning", text))
    return numbers, found


def _marked(cells: Sequence[object]) -> str:
    return next(str(cell).strip() for cell in cells if isinstance(cell, str) and ("," in cell or "." in cell))


def _is_decimal(numbers: Numbers, cells: Sequence[object]) -> bool:
    at = next(i for i, cell in enumerate(cells) if isinstance(cell, str) and ("," in cell or "." in cell))
    return abs(numbers.values[at]) < 1000
