"""Counter readings -> energy of each interval, and readings at no fixed interval -> steps. The energy stays exact."""

import numpy as np
from numpy.typing import NDArray

from sim.meter.findings import MeterFinding, finding, listing, refusal, stamp_text
from sim.meter.kinds import FEWEST_RISES, is_counter, starts_again
from sim.meter.series import Readings
from sim.meter.stamps import DAY, distinct
from sim.problem import Problem, one_or_many

# A counter wraps from near 10^k to near 0.
WRAP_FROM, WRAP_TO = 0.9, 0.1
# A counter that is not read for longer says nothing of the course in between.
BRIDGE_UP_TO = 3 * DAY
# Below this share of the most common interval readings have no fixed one.
REGULAR_FROM = 0.6
MOST_OFF_BASE = 0.05
EVENT_STEP = 15
HOLD_UP_TO = DAY
# Counters named as such need fewer rises to be believed.
FEWEST_RISES_NAMED = 3


def looks_like_counter(values: NDArray[np.float64], is_named: bool, says_power: bool) -> bool:
    """Whether readings in the file's order only rise, but for a wrap, a change of meter, a torn reading or a start from
    0 each day.

    A column that names a unit of power must do so at most steps and without a single fall to be taken for one.
    """
    held = values[np.isfinite(values)]
    if says_power:
        steps = np.diff(held)
        return len(held) > 100 and bool((steps < 0).mean() < 1e-3 and (steps > 0).mean() > 0.5)
    fewest = FEWEST_RISES_NAMED if is_named else 2 * FEWEST_RISES
    return len(held) > 100 and (is_counter(held, fewest) or bool(starts_again(held).any()))


def is_irregular(minutes: NDArray[np.int64]) -> bool:
    """Whether readings stand at no fixed interval, as those of a logger that writes at each change."""
    steps = np.diff(distinct(minutes))
    if len(steps) < 50:
        return False
    found, counts = np.unique(steps, return_counts=True)
    base = int(found[counts.argmax()])
    off = (steps % base != 0).mean()
    return counts.max() < REGULAR_FROM * len(steps) and off > MOST_OFF_BASE and len(found) >= 3


def differenced(readings: Readings, step: int, column: str) -> tuple[Readings, list[MeterFinding]]:
    """Energy from each reading of a counter to the next, at its begin; `readings` are in order, one a stamp."""
    readings, torn = _without_torn(readings)
    usable = np.isfinite(readings.values)
    minutes, values, rows = readings.minutes[usable], readings.values[usable], readings.rows[usable]
    if len(values) < 2:
        raise refusal("no_numbers", "there are no numbers in it.", "Choose the column with the load.", column=column)
    rise = np.diff(values)
    wraps = _wraps(values)
    rise = np.where(wraps > 0, rise + wraps, rise)
    starts = starts_again(values)
    # What was counted between the last reading and a start that reads 0 is not known.
    rise = np.where(starts & (values[1:] > 0), values[1:], rise)
    changed = rise < 0
    total = np.concatenate([[0.0], np.cumsum(np.where(changed, 0.0, rise))])
    grid = np.arange(minutes[0], minutes[-1] + 1, step)
    energy = np.diff(np.interp(grid, minutes, total))
    last = np.searchsorted(minutes, grid[:-1], side="right") - 1
    gap = np.diff(minutes)[last]
    energy[(gap > max(BRIDGE_UP_TO, step)) | changed[last]] = np.nan
    found = _counter_findings(readings, torn, wraps, changed & ~starts, rows, column, bool(starts.any()))
    return Readings(grid[:-1], energy, rows[last]), found


def _without_torn(readings: Readings) -> tuple[Readings, NDArray[np.int64]]:
    """Readings that drop and come back at once are torn: they are left out."""
    values = readings.values
    at = np.flatnonzero(np.isfinite(values))
    held = values[at]
    if len(held) < 3:
        return readings, at[:0]
    before, here, after = held[:-2], held[1:-1], held[2:]
    torn = at[1:-1][(after >= before) & ((here < before) | (here > after)) & (after - before < np.abs(here - before))]
    mended = values.copy()
    mended[torn] = np.nan
    return Readings(readings.minutes, mended, readings.rows), readings.rows[torn]


def _wraps(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a wrap adds to each step down from near 10^k to near 0; 0 elsewhere."""
    before, after = values[:-1], values[1:]
    full = 10.0 ** np.ceil(np.log10(np.maximum(before, 1.0)))
    is_wrap = (after < before) & (before > WRAP_FROM * full) & (after < WRAP_TO * full) & (full >= 1e3)
    return np.where(is_wrap, full, 0.0)


def _counter_findings(
    readings: Readings,
    torn: NDArray[np.int64],
    wraps: NDArray[np.float64],
    changed: NDArray[np.bool_],
    rows: NDArray[np.int64],
    column: str,
    starts_daily: bool,
) -> list[MeterFinding]:
    text = Problem(
        '"{column}" only rises, as a counter does: the energy of each interval is the difference of its readings.',
        column=column,
    )
    if starts_daily:
        text = Problem(
            '"{column}" rises and starts again from 0 at equal intervals, as a counter of each day does: the energy of '
            "each interval is the difference of its readings.",
            column=column,
        )
    found = [finding("counter", "question", text, count=len(readings))]
    if len(torn):
        what = one_or_many(len(torn), "{count:,} reading was", "{count:,} readings were")
        text = Problem("{what} out of line with the counter ({rows}) and left out.", what=what, rows=listing(torn))
        found.append(finding("counter_torn", "repaired", text, torn))
    if (wraps > 0).any():
        where = rows[1:][wraps > 0]
        text = Problem("The counter starts again from 0 ({rows}); the energy goes on across it.", rows=listing(where))
        found.append(finding("counter_wrap", "repaired", text, where))
    if changed.any():
        where = rows[1:][changed]
        text = Problem(
            "The counter falls ({rows}), as when a meter is changed; that interval's energy is unknown and was filled.",
            rows=listing(where),
        )
        found.append(finding("counter_change", "warning", text, where))
    return found


def held_to_steps(readings: Readings, is_counted: bool) -> tuple[Readings, list[MeterFinding]]:
    """Readings at each change -> quarter hours: a power holds until the next reading, a counter rises evenly to it.

    `readings` are in order; of several at one minute the last counts. Values hold for a day at most.
    """
    minutes, first_from_end = np.unique(readings.minutes[::-1], return_index=True)
    values, rows = readings.values[::-1][first_from_end], readings.rows[::-1][first_from_end]
    usable = np.isfinite(values)
    minutes, values, rows = minutes[usable], values[usable], rows[usable]
    if len(minutes) < 2:
        raise refusal("too_short", "All readings carry the same time.", "Choose the column with each reading's time.")
    text = Problem(
        "The readings stand at no fixed interval. Each was taken to hold until the next, and the mean of every {step} "
        "min was formed; the first is at {at}.",
        step=EVENT_STEP,
        at=stamp_text(minutes[0]),
    )
    start, end = -(-minutes[0] // EVENT_STEP) * EVENT_STEP, minutes[-1] // EVENT_STEP * EVENT_STEP
    # The step that the first reading begins in counts if most of it is there.
    start -= EVENT_STEP if start - minutes[0] > EVENT_STEP // 2 else 0
    grid = np.arange(start, end + 1, EVENT_STEP)
    at = np.clip(np.searchsorted(minutes, grid[:-1], side="right") - 1, 0, None)
    if is_counted:
        return Readings(grid, np.interp(grid, minutes, values), rows[np.append(at, len(rows) - 1)]), [
            finding("events", "question", text)
        ]
    held = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(minutes))])
    area = np.interp(grid, minutes, held)
    spans = np.diff(np.clip(grid, minutes[0], minutes[-1]))
    mean = np.diff(area) / np.maximum(spans, 1)
    longest = np.append(np.diff(minutes), 0)[at]
    mean[longest > HOLD_UP_TO] = np.nan
    return Readings(grid[:-1], mean, rows[at]), [finding("events", "question", text, count=len(minutes))]
