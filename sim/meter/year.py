"""Readings at equal steps -> one full year of 365 days from 1 January, with every filled reading reported."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil

import numpy as np
from numpy.typing import NDArray

from sim.meter.findings import MeterError, MeterFinding, finding, followed, refusal, stamp_text
from sim.meter.series import TARGET_STEPS, Readings, runs_of
from sim.meter.stamps import DAY
from sim.problem import Problem, Refusal, one_or_many
from sim.timeline import Timeline, timeline

WEEK = 7 * DAY
YEAR = 365 * DAY
LINE_UP_TO = 240
WEEK_UP_TO = 3 * DAY
FULL_FROM_DAYS = 330
SHORT_FROM_DAYS = 28
# A share of filled readings above which the result is worth a warning.
MUCH_FILLED = 0.01
MOST_FILLED = 0.1


@dataclass(frozen=True, eq=False)
class Regular:
    """Mean kW of equal steps: `kw` (steps,) from `start` (minutes since 1970); `rows` (steps,) of the file or 0."""

    start: int
    step: int
    kw: NDArray[np.float64]
    rows: NDArray[np.int64]

    @property
    def end(self) -> int:
        return self.start + self.step * len(self.kw)

    @property
    def span(self) -> tuple[int, int]:
        """First and last minute of its steps."""
        return self.start, self.end - 1


def to_regular(readings: Readings, step: int) -> Regular:
    """Readings on a full grid from the first to the last usable one; NaN and row 0 where there is none."""
    usable = np.flatnonzero(np.isfinite(readings.values))
    readings = readings[slice(usable[0], usable[-1] + 1)]
    start = int(readings.minutes[0])
    size = int(readings.minutes[-1] - start) // step + 1
    if size > 40 * YEAR // step:
        at = int(np.diff(readings.minutes).argmax())
        times = {"before": stamp_text(readings.minutes[at]), "after": stamp_text(readings.minutes[at + 1])}
        reason = Problem("after {before} the time jumps to {after}.", **times)
        raise refusal("gap_too_long", reason, "Correct the date.", int(readings.rows[at + 1]))
    kw, rows = np.full(size, np.nan), np.zeros(size, np.int64)
    place = (readings.minutes - start) // step
    kw[place], rows[place] = readings.values, readings.rows
    return Regular(start, step, kw, rows)


def summed(regulars: Sequence[Regular]) -> Regular:
    """The sum of series over the time they share with any of them; missing where one of those that cover it is."""
    if len(regulars) == 1:
        return regulars[0]
    step = max(regular.step for regular in regulars)
    if any(step % regular.step for regular in regulars):
        step = 60
    regulars = [coarser(regular, step) for regular in regulars]
    start, end = min(regular.start for regular in regulars), max(regular.end for regular in regulars)
    kw, rows = np.zeros((end - start) // step), np.zeros((end - start) // step, np.int64)
    for regular in regulars:
        at = (regular.start - start) // step
        kw[at : at + len(regular.kw)] += regular.kw
        rows[at : at + len(regular.kw)] = np.maximum(rows[at : at + len(regular.kw)], regular.rows)
    return Regular(start, step, kw, rows)


# Gaps


def fill_gaps(regular: Regular) -> tuple[Regular, list[MeterFinding]]:
    """Gaps up to 4 h by a straight line, up to 3 days from the neighbouring week; longer ones are refused, and files in
    which more than a tenth of the readings is missing."""
    gaps = runs_of(np.isnan(regular.kw))
    missing = np.isnan(regular.kw).mean()
    if missing > MOST_FILLED:
        reason = Problem(
            "{share:.0%} of the readings are missing: what was filled would decide the result.", share=missing
        )
        advice = Problem("Ask the meter operator for the missing readings, or upload a period without this gap.")
        raise refusal("gap_too_long", reason, advice, _row_of_gap(regular, gaps[0][0]))
    kw = regular.kw.copy()
    line = [gap for gap in gaps if (gap[1] - gap[0]) * regular.step <= LINE_UP_TO]
    long = [gap for gap in gaps if gap not in set(line)]
    for begin, end in long:
        kw[begin:end] = _from_week(regular, begin, end)
    for begin, end in line:
        kw[begin:end] = np.interp(np.arange(begin, end), (begin - 1, end), (kw[begin - 1], kw[end]))
    by_line = Problem("by a straight line between the neighbours")
    by_week = Problem("from the same weekday and hour a week away")
    found = _gap_finding(regular, "gap_line", line, Problem("of up to 4 hours"), by_line)
    found += _gap_finding(regular, "gap_week", long, Problem("of up to 3 days"), by_week)
    return replace(regular, kw=kw), found


def _from_week(regular: Regular, begin: int, end: int) -> NDArray[np.float64]:
    """The readings one week before the gap, else one week after; refused when neither is complete."""
    week = WEEK // regular.step
    if (end - begin) * regular.step > WEEK_UP_TO:
        raise _unfillable(regular, begin, end, Problem("longer than 3 days and cannot be filled honestly"))
    for shift in (-week, week):
        a, b = begin + shift, end + shift
        if a >= 0 and b <= len(regular.kw) and np.isfinite(regular.kw[a:b]).all():
            return regular.kw[a:b]
    why = Problem("and the weeks before and after have no complete readings either")
    raise _unfillable(regular, begin, end, why)


def _unfillable(regular: Regular, begin: int, end: int, why: Problem) -> MeterError:
    hours = (end - begin) * regular.step / 60
    length = Problem("{days:.1f} days", days=hours / 24) if hours >= 48 else Problem("{hours:.0f} hours", hours=hours)
    since = stamp_text(regular.start + begin * regular.step)
    reason = Problem("from {since} on {length} are missing, {why}.", since=since, length=length, why=why)
    advice = Problem("Ask the meter operator for the missing readings, or upload a period without this gap.")
    return refusal("gap_too_long", reason, advice, _row_of_gap(regular, begin))


def _row_of_gap(regular: Regular, begin: int) -> int:
    """The row of the unusable reading, or of the last one before the gap."""
    return int(regular.rows[begin] or regular.rows[begin - 1])


def _gap_finding(
    regular: Regular, code: str, gaps: list[tuple[int, int]], size: Problem, how: Problem
) -> list[MeterFinding]:
    if not gaps:
        return []
    missing = sum(end - begin for begin, end in gaps)
    rows = [_row_of_gap(regular, begin) for begin, _ in gaps]
    share = missing / len(regular.kw)
    text = Problem(
        "{what} filled {how}: {gaps} {size}, the first at {at} (row {row}), {share:.2%} of the file.",
        what=one_or_many(missing, "{count:,} missing reading was", "{count:,} missing readings were"),
        how=how,
        gaps=one_or_many(len(gaps), "{count:,} gap", "{count:,} gaps"),
        size=size,
        at=stamp_text(regular.start + gaps[0][0] * regular.step),
        row=rows[0],
        share=share,
    )
    return [finding(code, "warning" if share > MUCH_FILLED else "repaired", text, rows, missing)]


# Step


def to_step(kw: NDArray[np.float64], from_minutes: int, to_minutes: int) -> NDArray[np.float64]:
    """Mean kW of steps of another length, along the last axis; energy stays the same.

    Longer steps take the mean. Shorter steps repeat the value and know nothing of peaks inside it: see `is_repeated`.
    Raises ValueError unless one length is a multiple of the other and the steps fill up.
    """
    kw = np.asarray(kw, dtype=float)
    if to_minutes == from_minutes:
        return kw.copy()
    if is_repeated(from_minutes, to_minutes) and from_minutes % to_minutes == 0:
        return np.repeat(kw, from_minutes // to_minutes, axis=-1)
    size, rest = divmod(to_minutes, from_minutes)
    if rest or kw.shape[-1] % size:
        raise Refusal(
            "{count} steps of {given} min cannot be turned into steps of {wanted} min; choose a multiple or a whole "
            "fraction, such as 15, 30 or 60 min.",
            count=kw.shape[-1],
            given=from_minutes,
            wanted=to_minutes,
        )
    return kw.reshape(*kw.shape[:-1], -1, size).mean(axis=-1)


def is_repeated(from_minutes: int, to_minutes: int) -> bool:
    """Whether `to_step` only repeats values: peaks and demand within the longer step stay unknown."""
    return to_minutes < from_minutes


def to_common_step(regular: Regular) -> tuple[Regular, list[MeterFinding]]:
    """Steps of 15, 30 or 60 min: others are averaged up to the next of these."""
    step = next(target for target in TARGET_STEPS if target % regular.step == 0)
    if step == regular.step:
        return regular, []
    text = Problem("Readings every {given} min were averaged to {step} min.", given=regular.step, step=step)
    return coarser(regular, step), [finding("averaged", "note", text, count=len(regular.kw))]


def coarser(regular: Regular, step: int) -> Regular:
    """Means of longer steps; a step that the readings cover in part takes the mean of what is there."""
    if step == regular.step:
        return regular
    size = step // regular.step
    before = regular.start % step // regular.step
    after = -(before + len(regular.kw)) % size
    kw = np.pad(regular.kw, (before, after), constant_values=np.nan).reshape(-1, size)
    rows = np.pad(regular.rows, (before, after)).reshape(-1, size).max(axis=1)
    usable = np.isfinite(kw)
    mean = np.where(
        usable.any(axis=1), np.where(usable, kw, 0.0).sum(axis=1) / np.maximum(usable.sum(axis=1), 1), np.nan
    )
    return Regular(regular.start - before * regular.step, step, mean, rows)


# Year


def to_year(
    regular: Regular, allow_short: bool, span_year: int | None = None
) -> tuple[NDArray[np.float64], int, list[MeterFinding]]:
    """(kW (365 days,) from 1 January, calendar year of most readings, findings). `span_year` is the year of a long file
    that is wanted; else its last 365 days are."""
    if span_year is not None:
        first, last = (_epoch_minute(y, 1, 1) for y in (span_year, span_year + 1))
        if regular.start <= first and last <= regular.end:
            regular = _cut(regular, first, last)
    window = _window(regular)
    days = (regular.end - regular.start - _leap_minutes(regular.start, regular.end)) / DAY
    found = _span_findings(regular, window, days, allow_short)
    minutes = np.arange(window[0], window[1], regular.step)
    kw = regular.kw[_source(regular, minutes, is_cyclic=days < FULL_FROM_DAYS)]
    year = _main_year(regular, minutes)
    is_leap_day = _month_day(minutes)[1] == 229
    if is_leap_day.any():
        found.append(finding("leap_day", "note", "29 February was left out: the year is counted with 365 days."))
    return *_wrap(minutes[~is_leap_day], kw[~is_leap_day], year, regular.step, found), found


def _cut(regular: Regular, begin: int, end: int) -> Regular:
    part = slice((begin - regular.start) // regular.step, (end - regular.start) // regular.step)
    return Regular(begin, regular.step, regular.kw[part], regular.rows[part])


def calendar_parts(regular: Regular, least_days: float) -> list[Regular]:
    """What falls in each calendar year of which there are at least so many days, the last year first."""
    first, last = (np.datetime64(int(at), "m").astype("datetime64[Y]").astype(int) + 1970 for at in regular.span)
    parts = []
    for year in range(last, first - 1, -1):
        begin, end = max(regular.start, _epoch_minute(year, 1, 1)), min(regular.end, _epoch_minute(year + 1, 1, 1))
        if end - begin >= least_days * DAY:
            parts.append(_cut(regular, begin, end))
    return parts


def _leap_minutes(start: int, end: int) -> int:
    """Minutes of 29 February between two times."""
    first, last = (np.datetime64(int(at), "m").astype("datetime64[Y]").astype(int) + 1970 for at in (start, end))
    leap_days = [_epoch_minute(y, 2, 29) for y in range(first, last + 1) if _is_leap(y)]
    return sum(max(0, min(end, day + DAY) - max(start, day)) for day in leap_days)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _epoch_minute(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days * DAY


def _window(regular: Regular) -> tuple[int, int]:
    """[begin, end) of 365 days beside 29 February: the last whole days of the file, else a period around it."""
    for end in (regular.end // DAY * DAY, regular.end):
        begin = _year_before(end)
        if begin >= regular.start:
            return begin, end
    year = np.datetime64((regular.start + regular.end) // 2, "m").astype("datetime64[Y]").astype(int) + 1970
    calendar = _epoch_minute(year, 1, 1), _epoch_minute(year + 1, 1, 1)
    if calendar[0] <= regular.start and regular.end <= calendar[1]:
        return calendar
    missing = YEAR - (regular.end - regular.start - _leap_minutes(regular.start, regular.end))
    end = ceil((regular.end + missing // 2) / DAY) * DAY
    return _year_before(end), end


def _year_before(end: int) -> int:
    begin = end - YEAR
    return begin - DAY if _leap_minutes(begin, end) else begin


def _source(regular: Regular, minutes: NDArray[np.int64], is_cyclic: bool) -> NDArray[np.int64]:
    """Index of the reading for each minute: itself, else the same weekday and hour of the nearest week on file, or of
    the file's whole weeks in turn."""
    at = (minutes - regular.start) // regular.step
    size, week = len(regular.kw), WEEK // regular.step
    if is_cyclic:
        return np.where((at >= 0) & (at < size), at, at % (size // week * week))
    weeks_late = np.maximum(0, -((size - 1 - at) // week))
    weeks_early = np.maximum(0, -(at // week))
    return at + (weeks_early - weeks_late) * week


def _span_findings(regular: Regular, window: tuple[int, int], days: float, allow_short: bool) -> list[MeterFinding]:
    period = _period(regular.start, regular.end)
    if days < SHORT_FROM_DAYS or (days < FULL_FROM_DAYS and not allow_short):
        raise _too_short(period, days)
    if days < FULL_FROM_DAYS:
        text = Problem(
            "The file covers only {days:.0f} days ({period}). Its weeks were repeated to fill the year: seasons, "
            "monthly peaks and demand charges are guesses.",
            days=days,
            period=period,
        )
        return [finding("short_repeated", "warning", text, count=round(365 - days))]
    if days < 365:
        missing = 365 - days
        if missing < 1:
            text = Problem(
                "The file covers all days of a year but {minutes:,.0f} min ({period}), which were filled from the same "
                "weekday of the neighbouring week.",
                minutes=missing * DAY,
                period=period,
            )
            return [finding("short_year", "repaired", text, count=round(missing * DAY / regular.step))]
        text = Problem(
            "The file covers {days:.1f} of 365 days ({period}). The missing {missing:.1f} days were filled from the "
            "same weekdays of the neighbouring week.",
            days=days,
            period=period,
            missing=missing,
        )
        return [finding("short_year", "repaired", text, count=round(missing * DAY / regular.step))]
    if regular.end - regular.start > window[1] - window[0]:
        text = Problem(
            "The file covers {days:.1f} days ({period}); the last 365 whole days were taken ({used}).",
            days=days,
            period=period,
            used=_period(*window),
        )
        return [finding("long_year", "note", text)]
    return []


def _period(begin: int, end: int) -> Problem:
    return Problem("{begin} to {end}", begin=stamp_text(begin), end=stamp_text(end))


def _too_short(period: Problem, days: float) -> MeterError:
    reason = Problem("The file covers {days:.1f} days ({period}); a year is needed.", days=days, period=period)
    if days < SHORT_FROM_DAYS:
        return refusal("too_short", reason, "Upload at least four weeks, better twelve months.")
    advice = Problem("Upload twelve months, or allow a short file: its weeks are repeated, demand and seasons guessed.")
    return refusal("too_short", reason, advice)


def _month_day(minutes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(calendar year, month * 100 + day) of each minute."""
    days = (minutes // DAY).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day = (days - months).astype(int) + 1
    return days.astype("datetime64[Y]").astype(int) + 1970, (months.astype(int) % 12 + 1) * 100 + day


def _main_year(regular: Regular, minutes: NDArray[np.int64]) -> int:
    inside = minutes[(minutes >= regular.start) & (minutes < regular.end)]
    years, counts = np.unique(_month_day(inside)[0], return_counts=True)
    return int(years[counts.argmax()])


def _wrap(
    minutes: NDArray[np.int64], kw: NDArray[np.float64], year: int, step: int, found: list[MeterFinding]
) -> tuple[NDArray[np.float64], int]:
    """Put each reading at its day and time of a year from 1 January; adds to `found` what was moved."""
    month_day = _month_day(minutes)[1]
    day = np.searchsorted(_MONTH_DAYS, month_day)
    order = np.argsort(day * DAY + minutes % DAY, kind="stable")
    minutes, kw = minutes[order], kw[order].reshape(365, -1)
    noon = minutes.reshape(365, -1)[:, DAY // step // 2]
    first = int(minutes.min())
    if (_month_day(noon)[0] == year).all():
        return kw.ravel(), year
    shifts = _weekday_shifts((noon // DAY + 3) % 7, calendar_weekdays(year))
    moved = kw[_nearby_days(shifts)]
    since = stamp_text(first)
    text = Problem(
        "The readings run from {since} on; they were wrapped so that the year begins on 1 January.", since=since
    )
    if not np.array_equal(moved, kw):
        more = Problem(
            "Days of the other year were moved by {days} so that weekdays follow {year}; the year's energy changes by "
            "{change:+.3%}.",
            days=one_or_many(int(np.abs(shifts).max()), "{count} day", "{count} days"),
            year=year,
            change=moved.sum() / kw.sum() - 1,
        )
        text = followed(text, more)
    found.append(finding("wrapped", "note", text, count=int((shifts != 0).sum())))
    return moved.ravel(), year


# Weekdays


def _calendar(year: int) -> NDArray[np.datetime64]:
    """The 365 days of a year, 29 February left out."""
    days = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
    return np.delete(days, 59) if len(days) == 366 else days


_MONTH_DAYS = _month_day(_calendar(2025).astype(int) * DAY)[1]


def calendar_weekdays(year: int) -> NDArray[np.int64]:
    """Weekday (365,) of each day of a year, Monday 0; 29 February is left out: a leap year skips a weekday."""
    return (_calendar(year).astype(int) + 3) % 7


def align_weekdays(
    kw: NDArray[np.float64], step_minutes: int, year_from: int, year_to: int
) -> tuple[NDArray[np.float64], int]:
    """(kW of the year moved by whole days so that its weekdays are those of `year_to`, days moved).

    `kw` (steps,) is one year of 365 days from 1 January of `year_from`. A day is at most three days from its date; the
    days at the edge change ends, so the energy stays the same. Days moved > 0: readings come from later days. Where
    only one of the years is a leap year, January and February move on their own and the figure is that of the rest.
    """
    kw = np.asarray(kw, dtype=float)
    due = 365 * DAY // step_minutes
    if kw.shape != (due,):
        counts = {"minutes": step_minutes, "due": due, "count": kw.size}
        raise Refusal("a year of {minutes} min steps has {due} values, this has {count}", **counts)
    shifts = _weekday_shifts(calendar_weekdays(year_from), calendar_weekdays(year_to))
    return kw.reshape(365, -1)[_rolled_days(shifts)].ravel(), int(shifts[-1])


def on_clock(values: NDArray[np.float64], step_minutes: int, year: int, clock: Timeline) -> NDArray[np.float64]:
    """A year's values, means of steps from 1 January of `year`, on the clock's steps (steps,): in calendar order from
    the study's first month, moved by days so that weekdays agree."""

    def of(calendar_year: int) -> NDArray[np.float64]:
        moved, _ = align_weekdays(values, step_minutes, year, calendar_year)
        return to_step(moved, step_minutes, clock.step_minutes)

    january_first = timeline(f"{clock.start_year}-01", 12, clock.step_minutes)
    first = int(np.argmax(january_first.calendar_month == clock.start_month))
    return np.concatenate([of(clock.start_year)[first:], of(clock.start_year + 1)[:first]])[: clock.steps]


def _weekday_shifts(have: NDArray[np.int64], want: NDArray[np.int64]) -> NDArray[np.int64]:
    """Days ahead (-3..3) at which each day finds its weekday."""
    return (want - have + 3) % 7 - 3


def _stretches(shifts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Days of the year in stretches of equal shift."""
    return np.split(np.arange(365), np.flatnonzero(np.diff(shifts)) + 1)


def _rolled_days(shifts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The day each day takes its readings from: each stretch rolls in itself, so that no day is lost or doubled."""
    return np.concatenate([np.roll(part, -int(shifts[part[0]])) for part in _stretches(shifts)])


def _nearby_days(shifts: NDArray[np.int64]) -> NDArray[np.int64]:
    """As `_rolled_days`, but days beyond a stretch's edge come from the week beside it: no June day in January."""
    parts = []
    for part in _stretches(shifts):
        source = part + shifts[part]
        source = source + 7 * (source < part[0]) - 7 * (source > part[-1])
        parts.append(np.clip(source, part[0], part[-1]))
    return np.concatenate(parts)
