"""Readings as found -> readings in order, at equal steps, in standard time, one a step."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.arrays import runs
from sim.meter.findings import MeterError, MeterFinding, Severity, finding, followed, listing, refusal, stamp_text
from sim.meter.stamps import DAY, distinct
from sim.problem import Problem, one_or_many

SUNDAY = 3  # 1970-01-01 was a Thursday: day 3 was a Sunday
MOST_NEGATIVE = 0.01
# Negative numbers that loggers write where they have no reading: -99, -999.9, -8888, -32768.
_NO_READING = re.compile(r"-(?:9{2,9}(?:\.9{1,4})?|8{3,9}|32768|2147483648)")
MOST_OFF_GRID = 0.01
MOST_OTHER_STEP = 0.02
# A share of rows out of order above which somebody should know.
MUCH_BEHIND = 0.01
# Of so many days, and no fewer, the midnight must come last to be taken for the day's end.
LATE_DAYS, FEWEST_LATE = 0.9, 5
# More rows with the time of another and another value than these are no slip: the mean would be an invention.
MOST_CONFLICTS, MOST_CONFLICTS_SHARE = 24, 0.01
# Months in which clocks go forward or back, north and south of the equator.
SPRING_MONTHS = (3, 9, 10)
AUTUMN_MONTHS = (4, 10, 11)
TARGET_STEPS = (15, 30, 60)


@dataclass(frozen=True, eq=False)
class Readings:
    """`minutes` since 1970 at which a step begins, `values` with NaN where nothing usable stands, file `rows`."""

    minutes: NDArray[np.int64]
    values: NDArray[np.float64]
    rows: NDArray[np.int64]

    def __getitem__(self, which: NDArray | slice) -> "Readings":
        return Readings(self.minutes[which], self.values[which], self.rows[which])

    def __len__(self) -> int:
        return len(self.minutes)


Repair = tuple[Readings, list[MeterFinding]]


# Order and step


def sort_readings(readings: Readings) -> tuple[Readings, bool, list[MeterFinding]]:
    """(readings by time, whether equal stamps still stand in the order of the clock, findings)."""
    minutes = readings.minutes
    steps = np.diff(minutes)
    if (steps <= 0).sum() > 0.98 * len(steps) and (steps < 0).sum() > (steps > 0).sum():
        text = Problem("The file runs from the newest reading to the oldest; it was turned round.")
        turned, is_ordered, more = sort_readings(readings[::-1])
        return turned, is_ordered, [finding("newest_first", "note", text), *more]
    behind = _behind(minutes)
    if not behind.any():
        return readings[np.argsort(minutes, kind="stable")], True, []
    rows = readings.rows[behind]
    what = one_or_many(len(rows), "{count:,} row was", "{count:,} rows were")
    text = Problem("{what} not in order of time ({rows}) and were sorted.", what=what, rows=listing(rows))
    order = np.lexsort((readings.values, minutes))
    severity: Severity = "warning" if len(rows) > MUCH_BEHIND * len(minutes) else "repaired"
    return readings[order], False, [finding("order", severity, text, readings.rows[behind])]


def unswapped(readings: Readings) -> Repair:
    """Dates whose day and month a spreadsheet swapped up to the 12th -> as they were, if that makes the rows climb."""
    if _share_behind(readings.minutes) <= MUCH_BEHIND:
        return readings, []
    days, rest = readings.minutes // DAY, readings.minutes % DAY
    dates = days.astype("datetime64[D]")
    years, months = dates.astype("datetime64[Y]"), dates.astype("datetime64[M]")
    day, month = (dates - months).astype(int), (months - years).astype(int)
    turned = years.astype("datetime64[M]") + np.minimum(day, 11).astype("timedelta64[M]")
    turned = turned.astype("datetime64[D]") + month.astype("timedelta64[D]")
    is_swapped = (day < 12) & (day != month)
    minutes = np.where(is_swapped, turned.astype(np.int64) * DAY + rest, readings.minutes)
    if _share_behind(minutes) > MUCH_BEHIND / 5:
        return readings, []
    count = int(is_swapped.sum())
    text = Problem(
        "Day and month are swapped in {count:,} rows ({rows}), as a spreadsheet does up to the 12th: the rows climb "
        "only when they are turned back, and so they were read.",
        count=count,
        rows=listing(readings.rows[is_swapped]),
    )
    return replace(readings, minutes=minutes), [finding("dates_swapped", "question", text, readings.rows[is_swapped])]


def late_midnights(readings: Readings) -> Readings:
    """Midnights that end a day under its own date, as 31 January 00:00 behind 23:45 -> those of the next day."""
    minutes = readings.minutes
    back = np.append(0, np.diff(minutes))
    is_late = (minutes % DAY == 0) & (back < -DAY // 2) & (back > -DAY)
    days = len(distinct(minutes // DAY))
    if is_late.sum() < max(FEWEST_LATE, LATE_DAYS * days):
        return readings
    return replace(readings, minutes=minutes + DAY * is_late)


def _share_behind(minutes: NDArray[np.int64]) -> float:
    """Share of rows that do not climb, or do not fall where most fall."""
    if len(minutes) < 2:
        return 0.0
    is_falling = (np.diff(minutes) < 0).mean() > 0.5
    return float(_behind(minutes[::-1] if is_falling else minutes).mean())


def _behind(minutes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Stamps before an earlier row's. One found twice within the hour is the hour when clocks go back."""
    late = np.maximum.accumulate(minutes) - minutes
    _, inverse, counts = np.unique(minutes, return_inverse=True, return_counts=True)
    return (late > 0) & ~((counts[inverse] == 2) & (late < 60))


def find_step(readings: Readings) -> int:
    """The most common interval in minutes. Refuses intervals above an hour or that do not divide an hour."""
    steps = np.diff(distinct(readings.minutes))
    if not len(steps):
        raise refusal("too_short", "All readings carry the same time.", "Choose the column with each reading's time.")
    found, counts = np.unique(steps, return_counts=True)
    step = int(found[counts.argmax()])
    if step >= DAY:
        days = step // DAY
        reason = Problem("There is one reading per {days} day(s); the course of a day is unknown.", days=days)
        advice = Problem("Ask the supplier or the meter operator for the 15, 30 or 60 min load curve.")
        raise refusal("step", reason, advice)
    if not any(target % step == 0 for target in TARGET_STEPS):
        reason = Problem("The readings stand {step} min apart, which is no part of 15, 30 or 60 min.", step=step)
        raise refusal("step", reason, "Export it again at 15, 30 or 60 min.")
    return step


def check_mixed_steps(readings: Readings, step: int) -> list[MeterFinding]:
    """Long stretches at another interval: refused, or reported as gaps if they are few."""
    minutes, first = np.unique(readings.minutes, return_index=True)
    gaps = np.diff(minutes)
    runs = runs_of(gaps > step)
    other = [(a, b) for a, b in runs if b - a >= 12 and len(set(gaps[a:b].tolist())) == 1]
    if not other:
        return []
    row, length = int(readings.rows[first[other[0][0]]]), int(gaps[other[0][0]])
    share = sum(minutes[b] - minutes[a] for a, b in other) / (minutes[-1] - minutes[0])
    if share > MOST_OTHER_STEP:
        raise _mixed(row, length, step)
    values = {"row": row, "length": length, "step": step}
    text = Problem(
        "From row {row} some readings stand {length} min apart, not {step}; the steps between were treated as gaps.",
        **values,
    )
    return [finding("mixed_intervals", "warning", text, [row], sum(b - a for a, b in other))]


def _mixed(row: int, length: int, step: int) -> MeterError:
    minutes = {"length": length, "step": step}
    reason = Problem("the interval changes to {length} min, while most readings stand {step} min apart.", **minutes)
    return refusal("mixed_intervals", reason, "Export the whole period with one interval, or upload one part.", row)


def runs_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """[begin, end) of each stretch of True."""
    begin, end = runs(flags)
    return list(zip(begin.tolist(), end.tolist(), strict=True))


def begin_of_interval(readings: Readings, step: int, told: Literal["begin", "end"] | None) -> Repair:
    """Stamps at the interval's end -> at its begin. `told` by 24:00, the header or the user; else by a day that begins
    one step late. Where the file begins and ends inside a day nothing tells, and the begin is a guess."""
    first, last = readings.minutes[0], readings.minutes[-1]
    begins_late = first % DAY == step and last % DAY == 0
    if told == "begin" or (told is None and not begins_late):
        is_told = told is not None or first % DAY == 0 or last % DAY == DAY - step
        text = Problem("Nothing tells whether a stamp marks the begin or the end of its interval; the begin was taken.")
        return readings, [] if is_told else [finding("interval_guess", "question", text)]
    text = Problem(
        "The stamps mark the end of each interval (the first is {first}); all were moved {step} min earlier.",
        first=stamp_text(first),
        step=step,
    )
    return replace(readings, minutes=readings.minutes - step), [finding("interval_end", "note", text)]


def align_to_step(readings: Readings, step: int) -> Repair:
    """Stamps such as 00:03, 00:18 -> 00:00, 00:15; single stray stamps are dropped or moved, many are refused."""
    phases, counts = np.unique(readings.minutes % step, return_counts=True)
    phase = int(phases[counts.argmax()])
    # Distance from the grid of most stamps, -step/2 .. step/2.
    stray = (readings.minutes - phase + step // 2) % step - step // 2
    shift = -phase if phase <= step / 2 else step - phase
    found: list[MeterFinding] = []
    if phase:
        minutes = {"phase": phase, "step": step, "shift": shift}
        text = Problem(
            "The stamps lie {phase} min past the full step of {step} min; all were moved by {shift:+d} min.", **minutes
        )
        found.append(finding("phase", "note", text))
    readings, more = _without_strays(replace(readings, minutes=readings.minutes - stray + shift), stray, step)
    return readings, found + more


def _without_strays(readings: Readings, stray: NDArray[np.int64], step: int) -> Repair:
    far = np.abs(stray) > max(1, step // 5)
    near = (stray != 0) & ~far
    found = []
    if far.mean() > MOST_OFF_GRID:
        row = int(readings.rows[far][0])
        values = {"more": int(far.sum()) - 1, "step": step}
        reason = Problem(
            "this and {more:,} more stamps do not fit the interval of {step} min that most readings have.", **values
        )
        raise refusal("mixed_intervals", reason, "Export the whole period with one interval.", row)
    if near.any():
        what = one_or_many(int(near.sum()), "{count:,} stamp was", "{count:,} stamps were")
        most = int(np.abs(stray[near]).max())
        text = Problem("{what} up to {most} min off the step and moved onto it.", what=what, most=most)
        found.append(finding("jitter", "repaired", text, readings.rows[near]))
    if far.any():
        rows = readings.rows[far]
        text = Problem(
            "{what} between two steps of {step} min ({rows}) and left out, with the reading nearby; the gap was "
            "filled.",
            what=one_or_many(len(rows), "{count:,} reading was", "{count:,} readings were"),
            step=step,
            rows=listing(rows),
        )
        found.append(finding("mixed_intervals", "warning", text, readings.rows[far]))
    spoiled = np.isin(readings.minutes, readings.minutes[far])
    return readings[~spoiled], found


# Summer time


def to_standard_time(
    readings: Readings, offsets: NDArray[np.float64], utc: bool = False, site_offset_h: float | None = None
) -> Repair:
    """Stamps that carry a UTC offset (NaN where not) -> standard time, which is the smaller of the offsets.

    `utc`: the heading says UTC. Stamps in UTC are moved to the site's standard time where `site_offset_h` is known.
    """
    given = offsets[np.isfinite(offsets)]
    if utc or (len(given) and np.all(given == 0)):
        return _from_utc(readings, site_offset_h)
    if not len(given):
        return readings, []
    ahead = np.where(np.isfinite(offsets), offsets - given.min(), 0).astype(np.int64)
    if not ahead.any():
        return readings, []
    what = one_or_many(int((ahead > 0).sum()), "{count:,} reading was", "{count:,} readings were")
    text = Problem("{what} in summer time by UTC offset and moved to standard time.", what=what)
    return replace(readings, minutes=readings.minutes - ahead), [finding("dst", "note", text, readings.rows[ahead > 0])]


def _from_utc(readings: Readings, site_offset_h: float | None) -> Repair:
    if site_offset_h is None:
        text = Problem("The stamps are in UTC and were taken as local standard time: elsewhere the day is shifted.")
        return readings, [finding("utc", "warning", text)]
    text = Problem(
        "The stamps are in UTC; they were moved by {hours:+g} h to the site's standard time.", hours=site_offset_h
    )
    return replace(readings, minutes=readings.minutes + round(site_offset_h * 60)), [finding("utc", "question", text)]


def leave_summer_time(readings: Readings, step: int, is_ordered: bool) -> Repair:
    """Readings by a clock with summer time -> standard time, when both the missing and the repeated hour are there.

    The repeated hour's first pass is summer time; if the rows' order does not tell, each pass takes the mean.
    """
    springs = _missing_hours(readings, step)
    autumns = _repeated_hours(readings, step)
    changes = sorted([(at, "spring") for at in springs] + [(at, "autumn") for at in autumns])
    kinds = [kind for _, kind in changes]
    alternates = all(a != b for a, b in zip(kinds, kinds[1:], strict=False))
    if springs and autumns and alternates:
        return _shift_summer(readings, changes, is_ordered)
    # A hour of zeros is a hour of readings unless the autumn's repeated hour says otherwise.
    lost = [at for at in springs if not _among(distinct(readings.minutes), range(at, at + 60, step)).any()]
    found = [_single_change(readings, at, "spring") for at in lost] if not autumns else []
    found += [_single_change(readings, at, "autumn") for at in autumns] if not springs else []
    return readings, found


def _sunday_hours(minutes: NDArray[np.int64], months: tuple[int, ...], step: int) -> list[int]:
    """Minutes since 1970 of 00:00, 01:00, 02:00 and 03:00 on every Sunday of these months within the readings, and of
    one step before: moved stamps of interval ends change there if 02:00 itself was written as 03:00."""
    days = np.arange(minutes[0] // DAY, minutes[-1] // DAY + 1)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
    sundays = days[(days % 7 == SUNDAY) & np.isin(month, months)]
    return sorted({int(day * DAY + hour * 60 - early) for day in sundays for hour in range(4) for early in (0, step)})


def _missing_hours(readings: Readings, step: int) -> list[int]:
    """Begins of hours on a spring Sunday without readings (or all zero) whose neighbours are there."""
    present = distinct(readings.minutes[np.isfinite(readings.values) & (readings.values != 0)])
    return [
        at
        for at in _sunday_hours(readings.minutes, SPRING_MONTHS, step)
        if not _among(present, range(at, at + 60, step)).any() and _among(present, (at - step, at + 60)).all()
    ]


def _among(stamps: NDArray[np.int64], wanted: Sequence[int]) -> NDArray[np.bool_]:
    """Which of the wanted minutes occur among the sorted stamps."""
    at = np.searchsorted(stamps, wanted)
    return np.array([i < len(stamps) and stamps[i] == minute for i, minute in zip(at, wanted, strict=True)])


def _repeated_hours(readings: Readings, step: int) -> list[int]:
    """Begins of hours on an autumn Sunday of which every step stands twice, its neighbours once."""
    stamps, counts = np.unique(readings.minutes, return_counts=True)
    twice, once = stamps[counts == 2], stamps[counts == 1]
    return [
        at
        for at in _sunday_hours(readings.minutes, AUTUMN_MONTHS, step)
        if _among(twice, range(at, at + 60, step)).all() and _among(once, (at - step, at + 60)).all()
    ]


def _shift_summer(readings: Readings, changes: list[tuple[int, str]], is_ordered: bool) -> Repair:
    minutes, values = readings.minutes.copy(), readings.values.copy()
    is_summer, drop = np.zeros(len(minutes), bool), np.zeros(len(minutes), bool)
    summer_from = int(minutes[0]) if changes[0][1] == "autumn" else None
    for at, kind in [*changes, (int(minutes[-1]) + 1, "end")]:
        if kind == "spring":
            drop |= (minutes >= at) & (minutes < at + 60)
            summer_from = at + 60
            continue
        if summer_from is not None:
            is_summer |= (minutes >= summer_from) & (minutes < at)
        if kind == "autumn":
            hour = np.flatnonzero((minutes >= at) & (minutes < at + 60))
            is_summer[hour[::2]] = True
            if not is_ordered:
                values[hour] = np.repeat((values[hour[::2]] + values[hour[1::2]]) / 2, 2)
        summer_from = None
    shifted = Readings(minutes - 60 * is_summer, values, readings.rows)[~drop]
    return shifted[np.argsort(shifted.minutes, kind="stable")], [_summer_finding(readings, changes, is_ordered)]


def _summer_finding(readings: Readings, changes: list[tuple[int, str]], is_ordered: bool) -> MeterFinding:
    text = Problem(
        "The file follows summer time: {where}. The summer's readings were moved one hour back to standard time.",
        where=tuple(_change_text(at, kind) for at, kind in changes),
    )
    if not is_ordered:
        more = Problem("The rows were not in order, so both passes of the repeated hour take their mean.")
        text = followed(text, more)
    return finding("dst", "repaired", text, [_row_at(readings, at) for at, _ in changes])


def _change_text(at: int, kind: str) -> Problem:
    if kind == "spring":
        return Problem("an hour is missing at {at}", at=stamp_text(at))
    return Problem("an hour stands twice at {at}", at=stamp_text(at))


def _single_change(readings: Readings, at: int, kind: str) -> MeterFinding:
    row = _row_at(readings, at)
    if kind == "spring":
        text = Problem(
            "The hour at {at} is missing after row {row}, as when clocks go forward, but none stands twice in autumn. "
            "It is filled by a line; if the file uses summer time, summer is an hour late.",
            at=stamp_text(at),
            row=row,
        )
        return finding("dst_gap", "warning", text, [row])
    text = Problem(
        "The hour at {at} stands twice from row {row}, as when clocks go back, but none is missing in spring. The mean "
        "of both was taken; if the file uses summer time, summer is an hour late.",
        at=stamp_text(at),
        row=row,
    )
    return finding("dst_repeat", "warning", text, [row])


def _row_at(readings: Readings, minute: int) -> int:
    """File row of the last reading before `minute`, or of the first one at it."""
    at = int(np.searchsorted(readings.minutes, minute))
    is_there = at < len(readings) and readings.minutes[at] == minute
    return int(readings.rows[at if is_there else at - 1])


# Duplicates


def merge_duplicates(readings: Readings) -> Repair:
    """One reading a stamp: equal ones are dropped, different ones give their mean."""
    minutes, inverse = np.unique(readings.minutes, return_inverse=True)
    if len(minutes) == len(readings):
        return readings, []
    usable = np.isfinite(readings.values)
    size = len(minutes)
    count = np.bincount(inverse[usable], minlength=size)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, inverse[usable], readings.values[usable])
    np.maximum.at(high, inverse[usable], readings.values[usable])
    total = np.bincount(inverse[usable], weights=readings.values[usable], minlength=size)
    is_split = (count > 1) & (high > low)
    if is_split.sum() > max(MOST_CONFLICTS, MOST_CONFLICTS_SHARE * size):
        raise _repeats(readings, inverse, is_split)
    values = np.where(count == 0, np.nan, np.where(is_split, total / np.maximum(count, 1), high))
    first = np.unique(readings.minutes, return_index=True)[1]
    return Readings(minutes, values, readings.rows[first]), _duplicate_findings(readings, inverse, is_split)


def _repeats(readings: Readings, inverse: NDArray, is_split: NDArray[np.bool_]) -> MeterError:
    row = int(readings.rows[is_split[inverse]].min())
    reason = Problem(
        "{count:,} times stand there more than once with different values, and no column tells the rows apart.",
        count=int(is_split.sum()),
    )
    return refusal("repeats", reason, "Export one series a file, or with a column that names the series.", row)


def _duplicate_findings(readings: Readings, inverse: NDArray, is_split: NDArray[np.bool_]) -> list[MeterFinding]:
    is_extra = np.ones(len(readings), bool)
    is_extra[np.unique(inverse, return_index=True)[1]] = False
    same, different = readings.rows[is_extra & ~is_split[inverse]], readings.rows[is_extra & is_split[inverse]]
    found = []
    if len(same):
        what = one_or_many(len(same), "{count:,} row was", "{count:,} rows were")
        text = Problem(
            "{what} there twice with the same value ({rows}) and left out once.", what=what, rows=listing(same)
        )
        found.append(finding("duplicates_same", "repaired", text, same))
    if len(different):
        what = one_or_many(len(different), "{count:,} row was", "{count:,} rows were")
        text = Problem(
            "{what} there twice with different values ({rows}); the mean was taken. Ask which value is right.",
            what=what,
            rows=listing(different),
        )
        found.append(finding("duplicates_conflicting", "warning", text, different))
    return found


# Values


def without_marks(readings: Readings) -> Repair:
    """Negative numbers that stand for "no reading" -> missing; values as they stand in the file."""
    is_negative = readings.values < 0
    marks = [mark for mark in np.unique(readings.values[is_negative]) if _NO_READING.fullmatch(f"{mark:.10g}")]
    is_mark = np.isin(readings.values, marks)
    if not is_mark.any() or (is_negative & ~is_mark).sum() > is_mark.sum():
        return readings, []
    rows = readings.rows[is_mark]
    text = Problem(
        "{what} {mark:g} ({rows}), a mark of no reading; they were treated as missing.",
        what=one_or_many(len(rows), "{count:,} cell holds", "{count:,} cells hold"),
        mark=float(marks[0]),
        rows=listing(rows),
    )
    missing = replace(readings, values=np.where(is_mark, np.nan, readings.values))
    return missing, [finding("no_reading", "repaired", text, rows)]


def check_values(readings: Readings, column: str) -> Repair:
    """Refuses export metering and a column of zeros; sets a few negative values to 0."""
    finite = readings.values[np.isfinite(readings.values)]
    if not len(finite):
        raise refusal("no_numbers", "there are no numbers in it.", "Choose the column with the load.", column=column)
    if not finite.any():
        raise refusal("all_zero", "every value is 0.", "Choose the column with the load.", column=column)
    return _without_negatives(readings, column)


def _without_negatives(readings: Readings, column: str) -> Repair:
    is_negative = readings.values < 0
    if not is_negative.any():
        return readings, []
    rows = readings.rows[is_negative]
    if is_negative.sum() > MOST_NEGATIVE * np.isfinite(readings.values).sum():
        values = {"count": len(rows), "rows": listing(rows)}
        raise refusal(
            "export",
            Problem("{count:,} values are negative ({rows}); the meter probably counts export too.", **values),
            "Upload the site's consumption, without its own PV or export; PV is added on its own page.",
            int(rows.min()),
            column,
        )
    what = one_or_many(len(rows), "{count:,} negative value was", "{count:,} negative values were")
    text = Problem("{what} set to 0 ({rows}).", what=what, rows=listing(rows))
    return replace(readings, values=np.where(is_negative, 0.0, readings.values)), [
        finding("negative", "repaired", text, rows)
    ]
