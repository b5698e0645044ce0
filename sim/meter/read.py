"""Reading an uploaded meter file: a load curve in any usual layout -> one year of mean kW, and all that was done to it.

The steps, in this order: container, published format, table and columns by content, series, unit, ratio, stamps,
order, interval, stamps at the interval's end, summer time, counters, duplicates, suspects, sum, gaps, 15/30/60 min,
year, checks. Each reports what it found and did as a `MeterFinding`; a guess is a finding of severity "question". What
cannot be repaired honestly is refused by a `MeterError` that says what to do; what only the user can say by a
`MeterQuestion`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.meter.columns import find_layout
from sim.meter.counters import differenced, held_to_steps, is_irregular
from sim.meter.evidence import chosen_unit, column_unit, factor_to_kw, scale_finding
from sim.meter.file import rows_of, unpack
from sim.meter.findings import MeterError, MeterFinding, MeterQuestion, refusal, stamp_of
from sim.meter.mends import Action, Suspect, all_zero, mend
from sim.meter.parts import WHOLE_FROM, Part
from sim.meter.published import read_published
from sim.meter.series import (
    Readings,
    align_to_step,
    begin_of_interval,
    check_mixed_steps,
    check_values,
    find_step,
    late_midnights,
    leave_summer_time,
    merge_duplicates,
    sort_readings,
    to_standard_time,
    unswapped,
    without_marks,
)
from sim.meter.shapes import usual
from sim.meter.stamps import distinct
from sim.meter.table import Choices, Raw, SeriesFound, check_unit, read_table, why_value
from sim.meter.units import UNIT_TO_KW, is_energy
from sim.meter.year import Regular, fill_gaps, summed, to_common_step, to_regular, to_year
from sim.problem import Problem

__all__ = [
    "UNIT_TO_KW",
    "Choices",
    "MeterError",
    "MeterFinding",
    "MeterQuestion",
    "MeterReading",
    "Table",
    "inspect",
    "read_meter",
]

PREVIEW_ROWS = 8
INSPECT_ROWS = 1000
# A peak outside these times the expected one speaks of a wrong unit, column or ratio.
WRONG_SCALE = (1 / 50, 50.0)
# What was found is kept with the load, so that a reader of the study sees it.
LONGEST_NAME, DONE_KEPT, DONE_LENGTH = 200, 40, 1000


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
    is_published: bool = False


@dataclass(frozen=True, eq=False)
class MeterReading:
    """One year of mean kW (steps,) from 1 January 00:00 local standard time, 365 days; a step begins at its stamp.

    `year` is the calendar year of most readings, and the weekdays are its own. `start` and `end` are the first and last
    stamp as found in the file. `parts` are the series it offers, `used` the names of those that were summed, `suspects`
    readings that look wrong, `years` the calendar years that a long file covers.
    """

    kw: NDArray[np.float64]
    step_minutes: int
    year: int
    start: datetime
    end: datetime
    findings: tuple[MeterFinding, ...]
    time_column: str
    value_column: str
    unit: str
    parts: tuple[Part, ...] = ()
    used: tuple[str, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    years: tuple[int, ...] = ()
    ratio: float = 1.0

    @property
    def peak_kw(self) -> float:
        return float(self.kw.max())

    @property
    def energy_kwh(self) -> float:
        return float(self.kw.sum()) * self.step_minutes / 60

    def as_input(self, file_name: str, done: Sequence[str]) -> dict[str, Any]:
        """The fields of the input `load.meter`; `done` says what was found in the file, in the reader's words."""
        return {
            "file_name": file_name[-LONGEST_NAME:],
            "year": self.year,
            "step_minutes": self.step_minutes,
            "kw": tuple(float(f"{value:.6g}") for value in self.kw.tolist()),
            "done": tuple(sentence[:DONE_LENGTH] for sentence in done[:DONE_KEPT]),
        }

    @property
    def questions(self) -> tuple[MeterFinding, ...]:
        """What was guessed and waits for the user's word."""
        return tuple(found for found in self.findings if found.severity == "question")


# The table


def inspect(data: bytes, filename: str) -> Table:
    """Columns, first rows and guesses of a file. Raises MeterError if it is no table at all."""
    data, filename = unpack(data, filename)
    if read_published(data, Choices()) is not None:
        why = (Problem("The file is in a published format; nothing has to be chosen."),)
        return Table((), (), None, 1, None, None, None, None, why, is_published=True)
    sheet = usual(rows_of(data, filename, INSPECT_ROWS))
    layout = find_layout(sheet)
    dates, clock, load = (None if c is None else layout.name(c) for c in (layout.time, layout.clock, layout.value))
    preview = sheet.rows[layout.first_row - 1 :][:PREVIEW_ROWS]
    rows = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in preview)
    unit, why_unit = None, Problem("No unit without a load column.")
    if layout.value is not None:
        unit, why_unit = _unit_guess(layout, sheet)
    time = Problem("No column holds dates.")
    if layout.time is not None:
        time = Problem('"{name}" holds dates.', name=dates)
        if layout.clock is not None:
            time = Problem('"{name}" holds dates, "{clock}" the time of day.', name=dates, clock=clock)
    return Table(
        layout.names,
        rows,
        layout.header_row,
        layout.first_row,
        time_column=dates,
        clock_column=clock,
        value_column=load,
        unit=unit,
        why=(time, why_value(layout), why_unit),
        sheet=sheet.name,
        is_day_per_row=layout.days is not None,
    )


def _unit_guess(layout, sheet) -> tuple[str | None, Problem]:
    evidence = column_unit(layout, sheet, layout.value, None)
    if evidence.unit is None:
        return None, Problem("No unit is named in the heading.")
    unit, _ = chosen_unit(layout.name(layout.value), evidence, None)
    return unit, evidence.where or Problem("The header says {unit}.", unit=unit)


# Reading


def read_meter(
    data: bytes,
    filename: str,
    *,
    time_column: str | None = None,
    value_column: str | None = None,
    value_columns: Sequence[str] = (),
    parts: Sequence[str] = (),
    unit: str | None = None,
    day_first: bool | None = None,
    interval: Literal["begin", "end"] | None = None,
    ratio: float | None = None,
    year: int | None = None,
    span_year: int | None = None,
    site_offset_h: float | None = None,
    expected_peak_kw: float | None = None,
    allow_short: bool = False,
    actions: Mapping[int, Action] | None = None,
) -> MeterReading:
    """One year of kW from a load curve.

    Columns are names as `inspect` gives them, `parts` names of series as `MeterReading.parts` gives them; None or empty
    lets the file decide. `unit` is one of UNIT_TO_KW, energies per interval or on a counter. `day_first` says how
    3/1/2025 reads, `interval` what a stamp marks, `ratio` what the values are multiplied by, `year` the year of dates
    without one, `span_year` the calendar year taken of a long file, `site_offset_h` the site's standard time ahead of
    UTC. `expected_peak_kw` only serves to warn of a wrong scale. `allow_short` accepts 28 to 330 days and repeats their
    weeks. `actions` say what is done with suspects, by their row. Raises MeterError for what cannot be repaired, and
    MeterQuestion for what only the user can say.
    """
    check_unit(unit)
    columns = tuple(value_columns) or ((value_column,) if value_column is not None else ())
    choices = Choices(
        time_column,
        columns,
        tuple(parts),
        unit,
        day_first,
        interval,
        ratio,
        year,
        span_year,
        site_offset_h,
        expected_peak_kw,
        allow_short,
        dict(actions or {}),
    )
    data, filename = unpack(data, filename)
    found = read_published(data, choices)
    return _year_of(found if found is not None else read_table(usual(rows_of(data, filename)), choices), choices)


def _year_of(found: SeriesFound, choices: Choices) -> MeterReading:
    findings = list(found.findings)
    regulars, start, end = [], [], []
    suspects: list[Suspect] = []
    series: list[tuple[Readings, int]] = []
    for raw in _pooled(_with_readings(found.raws)):
        readings, marks = without_marks(raw.readings)
        readings, step, more = _in_order(replace(raw, readings=readings), found, choices)
        readings = replace(readings, values=readings.values * factor_to_kw(raw.unit, step))
        readings, checks = check_values(readings, found.value_column)
        series.append((readings, step))
        findings += [one for one in (*marks, *more, *checks) if one not in findings]
        start.append(raw.readings.minutes.min())
        end.append(raw.readings.minutes.max())
    dead = all_zero([readings for readings, _ in series])
    for readings, step in series:
        readings, doubtful, mends = mend(readings, choices.actions, dead)
        regulars.append(to_regular(readings, step))
        suspects += [one for one in doubtful if one not in suspects]
        findings += [one for one in mends if one not in findings]
    regular = summed(regulars)
    years = _whole_years(regular)
    regular, fills = fill_gaps(regular)
    regular, averaged = to_common_step(regular)
    kw, year, spans = to_year(regular, choices.allow_short, choices.span_year)
    unit, ratio = found.raws[0].unit, found.raws[0].ratio
    findings += fills + averaged + spans + scale_finding(kw, unit, choices.expected_peak_kw, WRONG_SCALE)
    kw.flags.writeable = False
    return MeterReading(
        kw,
        regular.step,
        year,
        stamp_of(min(start)),
        stamp_of(max(end)),
        tuple(findings),
        found.time_column,
        found.value_column,
        unit,
        found.parts,
        tuple(raw.name for raw in found.raws),
        tuple(suspects),
        years,
        ratio,
    )


def _with_readings(raws: Sequence[Raw]) -> Sequence[Raw]:
    """Of several series those that hold more than zeros, as registers of export or of a tariff without use do not."""
    filled = [raw for raw in raws if np.nan_to_num(raw.readings.values).any()]
    return filled or raws


def _whole_years(regular: Regular) -> tuple[int, ...]:
    """Calendar years that the readings cover from begin to end, at least two of them."""
    first, last = (stamp_of(at) for at in (regular.start, regular.end))
    years = range(first.year + (first.month > 1 or first.day > 1), last.year + (last.month == 12 and last.day == 31))
    return tuple(years) if len(years) > 1 else ()


def _pooled(raws: Sequence[Raw]) -> list[Raw]:
    """Registers that take turns, as day and night do, become one series; whole series stay apart."""
    if len(raws) < 2 or len({(raw.unit, raw.is_counter) for raw in raws}) > 1 or raws[0].is_counter:
        return list(raws)
    everything = distinct(np.concatenate([raw.readings.minutes for raw in raws]))
    partial = [raw for raw in raws if len(distinct(raw.readings.minutes)) < WHOLE_FROM * len(everything)]
    if len(partial) < 2:
        return list(raws)
    joined = [getattr(raw.readings, name) for name in ("minutes", "values", "rows") for raw in partial]
    size = len(partial)
    minutes, values, rows = (np.concatenate(joined[k * size : (k + 1) * size]) for k in range(3))
    order = np.argsort(rows, kind="stable")
    offsets = np.concatenate([raw.offsets for raw in partial])[order]
    pool = replace(partial[0], readings=Readings(minutes[order], values[order], rows[order]), offsets=offsets)
    return [pool, *(raw for raw in raws if raw not in partial)]


def _in_order(raw: Raw, found: SeriesFound, choices: Choices) -> tuple[Readings, int, list[MeterFinding]]:
    """(readings one a step in standard time, step, findings)."""
    if not len(raw.readings):
        raise refusal("no_numbers", "there are no numbers in it.", "Choose the column with the load.", column=raw.name)
    readings, findings = unswapped(late_midnights(raw.readings))
    readings, more = to_standard_time(readings, raw.offsets, found.is_utc, choices.site_offset_h)
    findings += more
    readings, is_ordered, more = sort_readings(readings)
    findings += more
    if is_irregular(readings.minutes):
        return _irregular(readings, raw, findings)
    step = find_step(readings)
    findings += check_mixed_steps(readings, step)
    for repair in (
        lambda r: align_to_step(r, step),
        lambda r: (r, []) if raw.is_counter else begin_of_interval(r, step, found.told),
        lambda r: (r, []) if np.isfinite(raw.offsets).any() else leave_summer_time(r, step, is_ordered),
        merge_duplicates,
    ):
        readings, more = repair(readings)
        findings += more
    if raw.is_counter:
        readings, more = differenced(readings, step, raw.name)
        findings += more
    return readings, step, findings


def _irregular(readings: Readings, raw: Raw, findings: list[MeterFinding]) -> tuple[Readings, int, list[MeterFinding]]:
    if is_energy(raw.unit) and not raw.is_counter:
        reason = Problem(
            "The readings stand at no fixed interval, so that nothing tells the time in which {unit} were used.",
            unit=raw.unit,
        )
        raise refusal("step", reason, "Export it again at 15, 30 or 60 min, or as power.")
    readings, more = held_to_steps(readings, raw.is_counter)
    findings = findings + more
    step = int(readings.minutes[1] - readings.minutes[0]) if len(readings) > 1 else 15
    if raw.is_counter:
        readings, more = differenced(readings, step, raw.name)
        findings = findings + more
    return readings, step, findings
