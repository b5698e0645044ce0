"""Files of energy prices -> a `Curve` per kWh: a day, a day a month, or a year, in any usual layout.

The reader of load curves does the work: container, encoding, table, stamps, order, summer time. What differs is here:
which column is the price, what money and energy it counts, and what a file without dates stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats
from sim.inputs.market import MOST_YEARS, PriceStep
from sim.meter import words
from sim.meter.cells import is_number, parse_numbers
from sim.meter.columns import Layout, find_layout
from sim.meter.file import Sheet, rows_of, unpack
from sim.meter.findings import MeterFinding, asked, finding, quoted, refusal
from sim.meter.kinds import Kind
from sim.meter.parts import Part, key_columns, row_parts
from sim.meter.series import (
    Readings,
    align_to_step,
    begin_of_interval,
    check_mixed_steps,
    find_step,
    leave_summer_time,
    merge_duplicates,
    sort_readings,
    to_standard_time,
    unswapped,
)
from sim.meter.shapes import usual
from sim.meter.stamps import DAY, is_clock, parse_clocks
from sim.meter.table import Choices, Rows, Times
from sim.meter.units import find_unit
from sim.meter.words import has_word
from sim.meter.year import Regular, calendar_parts, coarser, fill_gaps, to_regular, to_year
from sim.problem import Problem, Refusal
from sim.tariff.curve import HOURS, MONTHS, YEAR_H, Curve
from sim.tariff.price_units import PRICE_UNITS, PriceUnit, find_currency, find_price_unit

# Beyond these money per kWh is no wholesale price, in currencies whose unit is worth about a euro or a yuan.
USUAL_PER_KWH = (-1.0, 2.0)
SMALL_MONEY = ("JPY", "KRW", "INR", "HUF", "RUB", "VND", "CLP", "KZT", "PHP", "THB", "TWD", "CZK")
STEPS: tuple[PriceStep, ...] = (60, 30, 15)
SHORTEST_DAYS = 330
MOST_NUMBERS = 12


@dataclass(frozen=True)
class PriceChoices:
    """What the user says of a price file; None leaves it to the file. `unit` is one of PRICE_UNITS."""

    column: str | None = None
    part: str | None = None
    unit: str | None = None
    site_offset_h: float | None = None


def read_curve(data: bytes, filename: str, choices: PriceChoices | None = None) -> Curve:
    """A curve from a table of prices. Raises Refusal or MeterError, and MeterQuestion where only the user can say."""
    choices = choices or PriceChoices()
    sheet = usual(rows_of(*unpack(data, filename)))
    table = _table_of_months(sheet, choices)
    if table is not None:
        return table
    layout = find_layout(sheet)
    grid = Rows(sheet, layout)
    column, found = _price_column(layout, choices)
    curve = _dated(grid, column, choices) if layout.time is not None else _undated(grid, column)
    unit, more = _unit(sheet, layout, grid, column, choices)
    numbered = [c for c, held in enumerate(layout.profiles) if held.is_number and c not in (layout.time, layout.clock)]
    names = () if layout.days else tuple(layout.name(c) for c in numbered)
    return replace(_checked(curve, unit, (*found, *more)), columns=names)


def _checked(curve: Curve, unit: PriceUnit, found: Sequence[MeterFinding]) -> Curve:
    years = {year: prices * unit.per_kwh for year, prices in curve.years.items()}
    curve = replace(curve, per_kwh=curve.per_kwh * unit.per_kwh, years=years, currency=unit.currency)
    low, high = (bound * (1000 if unit.currency in SMALL_MONEY else 1) for bound in USUAL_PER_KWH)
    mean = float(curve.per_kwh.mean())
    more = []
    if not low <= mean <= high:
        text = Problem("The mean price is {mean:,.6g} per kWh, which is no usual price: check the unit.", mean=mean)
        more = [finding("price_scale", "warning", text)]
    return replace(curve, findings=(*curve.findings, *found, *more))


# A table of hours and months


def _table_of_months(sheet: Sheet, choices: PriceChoices) -> Curve | None:
    """24 hours x 12 months, either way round, or 24 hours in a row; None for any other table."""
    numbered = [(at, list(row)) for at, row in enumerate(sheet.rows[:40], start=1) if any(_text(cell) for cell in row)]
    head = " ".join(_text(cell) for _, row in numbered[:1] for cell in row)
    rows, first = _without_labels(numbered)
    width = len(rows[0][1]) if rows else 0
    if len(sheet.rows) > 40 or (width not in (MONTHS, HOURS)):
        return None
    if any(len(row) != width for _, row in rows):
        short = next(number for number, row in rows if len(row) != width)
        raise Refusal("row {row} has another number of columns than the rows above; fill it", row=short)
    values = parse_numbers([cell for _, row in rows for cell in row], sheet.delimiter).values.reshape(len(rows), width)
    if values.shape not in ((HOURS, MONTHS), (MONTHS, HOURS), (1, HOURS)):
        return None
    bad = np.argwhere(np.isnan(values))
    if len(bad):
        raise _no_price(rows[bad[0][0]][0], int(bad[0][1]) + first + 1, rows[bad[0][0]][1][bad[0][1]])
    unit = _chosen(choices) or find_price_unit(head)
    if unit is None:
        raise _unit_asked(Problem("the table"))
    if len(values) == 1:
        return _checked(Curve("day", values.ravel()), unit, ())
    return _checked(Curve("months", values if len(values) == MONTHS else values.T), unit, ())


def _without_labels(rows: list[tuple[int, list[object]]]) -> tuple[list[tuple[int, list[object]]], int]:
    """The rows without a heading row and without columns of labels; and how many columns were left out."""
    is_one_more = len(rows) in (MONTHS + 1, HOURS + 1)
    if rows and (is_one_more or not all(is_number(cell) for cell in rows[0][1][1:] or rows[0][1])):
        rows = rows[1:]
    width = max((_width(row) for _, row in rows), default=0)
    keep = next((columns for columns in (HOURS, MONTHS) if columns <= width <= columns + 1), width)
    return [(number, row[width - keep : max(_width(row), width - keep)]) for number, row in rows], width - keep


def _width(row: Sequence[object]) -> int:
    """Columns up to the last that is filled."""
    return max((at + 1 for at, cell in enumerate(row) if _text(cell)), default=0)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _no_price(row: int, column: int, cell: object) -> Refusal:
    text = _text(cell)[:40]
    return Refusal(
        "row {row}, column {column}: '{text}' is not a price; give a number", row=row, column=column, text=text
    )


# Which column


def _price_column(layout: Layout, choices: PriceChoices) -> tuple[int, list[MeterFinding]]:
    """(column, what was guessed)."""
    if layout.days:
        return layout.days[0][0], []
    if choices.column is not None and choices.column in layout.names:
        return layout.names.index(choices.column), []
    scores = {
        c: _price_score(layout, c)
        for c, held in enumerate(layout.profiles)
        if held.is_number
        and c not in (layout.time, layout.clock)
        and held.kind not in (Kind.IDENTIFIER, Kind.ROW_NUMBER)
    }
    labels = [c for c in scores if _is_hours(layout, c)]
    if len(scores) > len(labels):
        scores = {c: score for c, score in scores.items() if c not in labels}
    if not scores:
        raise Refusal("no column holds prices; give a column of numbers headed with its unit, such as EUR/MWh")
    best = max(scores.values())
    ranked = [c for c, score in scores.items() if score == best]
    if len(ranked) == 1:
        return ranked[0], []
    text = Problem(
        '"{name}" was taken as the price; others are {others}. Choose another if it is wrong.',
        name=layout.name(ranked[0]),
        others=tuple(quoted(layout.name(c)) for c in ranked[1:13]),
    )
    return ranked[0], [finding("column_guess", "question", text)]


def _price_score(layout: Layout, column: int) -> int:
    name = layout.name(column)
    score = 8 * (find_price_unit(name) is not None) + 4 * has_word(name, words.PRICE) + has_word(name, words.TOTAL)
    score += 3 * (column < len(layout.hints) and find_price_unit(layout.hints[column]) is not None)
    is_load = find_price_unit(name) is None and find_unit(name) is not None
    kind = layout.profiles[column].kind
    # CAISO writes prices in a column called MW, beside flags and numbers of groups.
    score -= (
        8 * (kind is Kind.FLAG or _is_numbering(layout.profiles[column].values))
        + 12 * (kind is Kind.ZEROS)
        + 7 * (kind is Kind.CONSTANT and score <= 0)
    )
    return score - 6 * has_word(name, words.NO_PRICE) - 6 * is_load


def _is_numbering(values: Floats) -> bool:
    """Whether a column holds a few whole numbers only, as those of groups do."""
    held = values[np.isfinite(values)]
    return len(held) >= 100 and len(np.unique(held)) <= MOST_NUMBERS and bool((held == np.round(held)).all())


def _is_hours(layout: Layout, column: int) -> bool:
    """Whether a column counts hours or periods: by its name, or as it climbs by one."""
    if find_price_unit(layout.name(column)) or has_word(layout.name(column), words.PRICE):
        return False
    values = layout.profiles[column].values
    held = values[np.isfinite(values)]
    is_whole = len(held) > 1 and bool((held == np.round(held)).all()) and held.min() >= 0
    steps = np.abs(np.diff(held)) if is_whole else np.zeros(1)
    climbs = is_whole and bool((np.isin(steps, (1.0, 23.0, 47.0, 95.0))).mean() > 0.9)
    return climbs or (is_whole and has_word(layout.name(column), words.CLOCK) and held.max() <= 100)


# Unit


def _chosen(choices: PriceChoices) -> PriceUnit | None:
    return None if choices.unit is None else PriceUnit(PRICE_UNITS[choices.unit], None)


def _unit_asked(name: object) -> Exception:
    reason = Problem("Nothing in the file tells the money and energy that {name} counts.", name=name)
    return asked("price_unit_unknown", reason, Problem("Choose the unit of the price."), tuple(PRICE_UNITS))


def _unit(
    sheet: Sheet, layout: Layout, grid: Rows, column: int, choices: PriceChoices
) -> tuple[PriceUnit, list[MeterFinding]]:
    """The unit from the heading, its upper line, a column of units or money, or the rows above; else a question."""
    money = _money_column(layout, grid, column)
    if choices.unit is not None:
        return PriceUnit(PRICE_UNITS[choices.unit], money), []
    name = layout.name(column)
    hint = layout.hints[column] if column < len(layout.hints) else ""
    first = {c: _text(grid.cells(c)[0]) if grid.cells(c) else "" for c in range(len(layout.names))}
    labels = [first[c] for c, held in enumerate(layout.profiles) if held.kind is Kind.LABEL]
    last = (layout.header_row or layout.first_row) - 1
    above = [_text(cell) for row in sheet.rows[max(0, last - 60) : last] for cell in row if cell]
    for texts in ([name], [hint], labels, [*above, *layout.names]):
        units = {unit for text in texts if text and (unit := find_price_unit(text))}
        if len(units) == 1:
            unit = units.pop()
            return PriceUnit(unit.per_kwh, unit.currency or money), _where(unit, texts, name)
    raise _unit_asked(quoted(name))


def _where(unit: PriceUnit, texts: Sequence[str], name: str) -> list[MeterFinding]:
    if texts == [name]:
        return []
    told = next(text for text in texts if text and find_price_unit(text))
    text = Problem('The price\'s unit is told by "{told}".', told=told[:80])
    return [finding("price_unit", "note", text)]


def _money_column(layout: Layout, grid: Rows, column: int) -> str | None:
    for at, held in enumerate(layout.profiles):
        if at != column and held.kind is Kind.LABEL:
            codes = {find_currency(_text(cell)) for cell in grid.cells(at)[:50] if _text(cell)}
            if len(codes) == 1 and (code := codes.pop()):
                return code
    return None


# With dates


def _dated(grid: Rows, column: int, choices: PriceChoices) -> Curve:
    times = Times(grid, Choices(site_offset_h=choices.site_offset_h))
    cells = grid.values(column)
    numbers = parse_numbers(cells, grid.sheet.delimiter)
    rows, found, parts = _part_rows(grid, times, column, choices)
    minutes, values, at = times.minutes[rows], numbers.values[rows], grid.rows[rows]
    is_dated = minutes >= 0
    if is_dated.mean() < 0.9:
        bad = int(np.flatnonzero(~is_dated)[0])
        reason = Problem("the date cannot be read.")
        raise refusal("bad_stamps", reason, "Write it as 2025-01-31 00:15.", int(at[bad]), times.name)
    if not np.isfinite(values[is_dated]).any():
        raise Refusal("no column holds prices; give a column of numbers headed with its unit, such as EUR/MWh")
    readings = Readings(minutes[is_dated], values[is_dated], at[is_dated])
    offsets = times.offsets[rows][is_dated]
    regular, more = _regular(readings, offsets, times, choices)
    days = (regular.end - regular.start) / DAY
    found = [*times.findings, *found, *more]
    if days <= 1.05:
        return replace(_day_of(regular, found), parts=parts)
    if days < SHORTEST_DAYS:
        reason = Problem("The prices cover {days:.1f} days; a day or a year is needed.", days=days)
        raise refusal("too_short", reason, "Upload a typical day, or the prices of twelve months.")
    filled, gaps = fill_gaps(regular)
    step = next(step for step in reversed(STEPS) if step % filled.step == 0)
    years, spans = _years(coarser(filled, step))
    return replace(_year(years, step, (*found, *gaps, *spans)), parts=parts)


def _years(regular: Regular) -> tuple[dict[int | None, Floats], list[MeterFinding]]:
    """Prices (365 days,) of each calendar year that the file covers nearly whole, the last first; or of the last 365
    days where it covers none."""
    parts = calendar_parts(regular, SHORTEST_DAYS)[:MOST_YEARS]
    years: dict[int | None, Floats] = {}
    found: dict[str, MeterFinding] = {}
    for part in parts or [regular]:
        values, year, spans = to_year(part, True)
        years[year] = values
        found |= {str(one.text): one for one in spans}
    if len(parts) > 1:
        named = tuple(sorted(filter(None, years)))
        text = Problem("The file holds {count} years of prices: {years}.", count=len(years), years=named)
        found["years"] = finding("price_years", "note", text, count=len(years))
    return years, list(found.values())


def _part_rows(
    grid: Rows, times: Times, column: int, choices: PriceChoices
) -> tuple[np.ndarray, list[MeterFinding], tuple[str, ...]]:
    """Rows of one series where the file holds several, as of market areas or components; and the names of all."""
    layout = grid.layout
    taken = {c for c in (layout.time, layout.clock, column, *(layout.days[0] if layout.days else ())) if c is not None}
    cells = {c: grid.cells(c) for c in range(len(layout.names)) if c not in taken}
    keys = key_columns(layout, cells, times.minutes, taken)
    everything = np.arange(len(grid.rows))
    if not keys:
        return everything, [], ()
    parts: list[Part] = row_parts(cells, keys, column, None)
    every = tuple(part.name for part in parts)
    if choices.part in every:
        return parts[every.index(choices.part)].rows, [], every
    # Nodal files name the whole price LMP beside its components.
    part = next((one for one in parts if has_word(one.name, ("lmp", "price", "total"))), parts[0])
    text = Problem(
        "The file holds the prices {names}; {name} was taken.",
        names=tuple(map(quoted, every[:12])),
        name=quoted(part.name),
    )
    return part.rows, [finding("series", "question", text, count=len(parts))], every


def _regular(
    readings: Readings, offsets: np.ndarray, times: Times, choices: PriceChoices
) -> tuple[Regular, list[MeterFinding]]:
    readings, found = unswapped(readings)
    readings, more = to_standard_time(readings, offsets, times.is_utc, choices.site_offset_h)
    readings, is_ordered, order = sort_readings(readings)
    step = find_step(readings)
    found = [*found, *more, *order, *check_mixed_steps(readings, step)]
    readings, aligned = align_to_step(readings, step)
    readings, moved = begin_of_interval(readings, step, times.told)
    found += aligned + moved
    if not np.isfinite(offsets).any():
        readings, summer = leave_summer_time(readings, step, is_ordered)
        found += summer
    readings, doubled = merge_duplicates(readings)
    return to_regular(readings, step), found + doubled


def _day_of(regular: Regular, found: Sequence[MeterFinding]) -> Curve:
    minutes = (regular.start + regular.step * np.arange(len(regular.kw))) % DAY
    return _day(minutes, regular.kw, found)


def _day(minutes: ArrayLike, values: Floats, found: Sequence[MeterFinding]) -> Curve:
    """Means of the 24 hours; each must have a price."""
    hour = (np.asarray(minutes) // 60).astype(int) % HOURS
    usable = np.isfinite(values)
    counts = np.bincount(hour[usable], minlength=HOURS)
    if (counts == 0).any():
        reason = Problem("the hour from {hour}:00 has no price.", hour=int(np.flatnonzero(counts == 0)[0]))
        raise refusal("gap", reason, "Give all 24 hours of the day.")
    return Curve("day", np.bincount(hour[usable], values[usable], HOURS) / counts, findings=tuple(found))


def _year(years: Mapping[int | None, Floats], step: PriceStep, found: Sequence[MeterFinding]) -> Curve:
    latest = next(iter(years.values()))
    hourly = latest.reshape(YEAR_H, -1).mean(axis=1)
    return Curve("year", hourly, years=dict(years), step_minutes=step, findings=tuple(found))


# Without dates


def _undated(grid: Rows, column: int) -> Curve:
    """24, 48 or 96 rows are a day, by their clock where they have one; 8,760 and more a year from 1 January."""
    numbers = parse_numbers(grid.values(column), grid.sheet.delimiter)
    filled = ~numbers.is_blank
    values, rows = numbers.values[filled], grid.rows[filled]
    if np.isnan(values).any():
        at = int(np.flatnonzero(np.isnan(values))[0])
        cell = [cell for cell, keep in zip(grid.values(column), filled, strict=True) if keep][at]
        raise _no_price(int(rows[at]), column + 1, cell)
    found: list[MeterFinding] = []
    for step in STEPS:
        per_day = DAY // step
        if len(values) == per_day:
            minutes, found = _clock_of(grid, column, filled, step)
            return _day(minutes, values, found)
        if len(values) in (365 * per_day, 366 * per_day):
            if len(values) == 366 * per_day:
                values = np.delete(values, slice(59 * per_day, 60 * per_day))
                text = Problem("29 February was left out: the year is counted with 365 days.")
                found = [finding("leap_day", "note", text)]
            return _year({None: values}, step, found)
    raise Refusal(
        "the file has {rows} rows of {columns} prices; give 24 hours, 24 hours x 12 months, or the 8760 hours or "
        "35040 quarter hours of a year without 29 February",
        rows=len(values),
        columns=sum(held.is_number for held in grid.layout.profiles),
    )


def _clock_of(grid: Rows, column: int, filled: np.ndarray, step: int) -> tuple[Floats, list[MeterFinding]]:
    """Begin of each row's step in minutes of the day, by a column of times or numbers, else in the rows' order."""
    for at in range(len(grid.layout.names)):
        if at == column:
            continue
        held = [cell for cell, keep in zip(grid.cells(at), filled, strict=True) if keep]
        clocks = parse_clocks(held)
        minutes = clocks.minutes
        if sum(is_clock(cell) for cell in held) < len(held) and clocks.numbers is None and not _counts(held):
            continue
        if clocks.numbers is not None:
            minutes = (clocks.numbers - 1) * step
        if not np.isfinite(minutes).all() or len(np.unique(minutes)) < len(minutes):
            continue
        ends = minutes.max() == DAY and minutes.min() == step
        return minutes - (step if ends else 0), []
    return np.arange(int(filled.sum()), dtype=float) * step, []


def _counts(cells: Sequence[object]) -> bool:
    """Whether cells are the numbers 0 to n - 1 in some order."""
    values = parse_numbers(cells, None).values
    return bool(np.isfinite(values).all()) and sorted(values.tolist()) == list(range(len(values)))
