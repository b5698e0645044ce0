"""How often sets that carry the load alone let it fall: expected stops in the months without a grid.

A running set fails at the rate 1 / mean time to failure. Where the sets that are left, with what the battery can add,
do not carry the load, every failure is a stop. Where the battery bridges the start of a set that stands ready, and
where one more runs than is needed, a stop takes a second failure before the repair: the mean times to it are those of a
Markov chain with one crew. Common causes (fuel, cooling, road) are not in it, and maintenance is no failure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import Floats
from sim.dispatch.batch import FUEL_FIELDS, Trace
from sim.dispatch.result import ALTERNATIVES, Dispatch

PARALLELING_S = 60.0  # from running to carrying load beside others


@dataclass(frozen=True, eq=False)
class Stops:
    """Of one alternative by month of the term (months,): expected stops; hours in which sets run without a grid, of all
    sets together, and those in which one lost set cannot be made up for; and the same stops and the litres more where
    one set more than needed runs."""

    expected: Floats
    set_hours: Floats
    exposed_hours: Floats
    with_spare: Floats
    spare_l: Floats


def stops(dispatch: Dispatch, alternative: str) -> Stops:
    """Worked out from every step of the years that have a month without a grid."""
    row, per_year = dispatch.row(alternative), dispatch.clock.months
    found = np.zeros((5, dispatch.years * per_year))
    for year in range(dispatch.years):
        lane = row * dispatch.years + year
        months = slice(year * per_year, (year + 1) * per_year)
        alone = (dispatch.lanes.import_limit_kw[lane] == 0) & (dispatch.lanes.sets[lane] > 0)
        if alone.any():
            found[:, months] = _of_year(dispatch, lane, dispatch.trace(alternative, year + 1)) * alone
    return Stops(*found[:, : dispatch.months])


def expected_stops(dispatch: Dispatch) -> Floats:
    """Of every alternative (alternatives, months)."""
    return np.array([stops(dispatch, name).expected for name in ALTERNATIVES])


def _of_year(dispatch: Dispatch, lane: int, trace: Trace) -> Floats:
    """The five sums of `Stops` by month of the template year (5, months)."""
    lanes, clock, genset = dispatch.lanes, dispatch.clock, dispatch.scenario.genset
    fails, repairs = 1.0 / genset.mean_time_to_failure_h, 1.0 / genset.repair_h
    running, month, set_kw = trace.sets_running, clock.month_index, lanes.set_kw[lane]
    runs = running > 0
    lost_kw = trace.genset_kw - (running - 1) * set_kw
    exposed = runs & (lost_kw > 0)
    bridged = exposed & _bridges(dispatch, lane, trace, lost_kw)
    waits = lanes.sets[lane][month] > running
    rate = np.where(exposed, running * fails, with_one_more(np.maximum(running - 1, 0), fails, repairs) * runs)
    rate = np.where(bridged & waits, with_one_waiting(running, fails, repairs, genset.failure_to_start), rate)
    spare = np.where(exposed, with_one_more(running, fails, repairs), rate)
    more_l = np.where(exposed, _litres(dispatch, lane, running + 1, trace.genset_kw) - trace.fuel_l / clock.step_h, 0.0)
    starts = np.concatenate([[0], clock.month_ends[:-1]])
    sums = np.array([rate, running * runs, running * exposed, spare, more_l])
    return np.add.reduceat(sums, starts, axis=1) * clock.step_h


def with_one_more(needed: Floats, fails: float, repairs: float) -> Floats:
    """Stops an hour where one set more than the `needed` ones runs: the first failure drops nothing."""
    return needed * (needed + 1) * fails**2 / ((2 * needed + 1) * fails + repairs)


def with_one_waiting(running: Floats, fails: float, repairs: float, no_start: float) -> Floats:
    """Stops an hour where another set stands ready and the battery bridges its start, which fails with `no_start`."""
    first, starts = running * fails, 1.0 - no_start
    mean_h = 1.0 / np.maximum(first, 1e-12) + starts / (first + repairs)
    return np.where(running > 0, (1.0 - starts * repairs / (first + repairs)) / mean_h, 0.0)


def _bridges(dispatch: Dispatch, lane: int, trace: Trace, lost_kw: Floats) -> Floats:
    """Whether the battery carries what a lost set leaves until the next one does."""
    lanes, month, genset = dispatch.lanes, dispatch.clock.month_index, dispatch.scenario.genset
    share = lanes.battery_share[lane][month]
    free_kw = lanes.battery_kw[lane] * share - trace.discharge_kw
    stored = (trace.energy_kwh - lanes.energy_min_kwh[lane] * share) * lanes.discharge_efficiency[lane]
    return (free_kw >= lost_kw) & (stored >= lost_kw * (genset.start_s + PARALLELING_S) / 3600)


def _litres(dispatch: Dispatch, lane: int, sets: Floats, kw: Floats) -> Floats:
    """Litres an hour of so many sets at equal shares, as the rule burns them; none below its minimum load."""
    lanes = dispatch.lanes
    base, low, middle, high = (getattr(lanes, name)[lane] for name in FUEL_FIELDS)
    load = np.maximum(kw, sets * lanes.set_kw[lane] * lanes.set_min_fraction[lane]) / max(lanes.set_kw[lane], 1e-9)
    beyond = np.maximum(load - 0.5 * sets, 0.0) * (middle - low) + np.maximum(load - 0.75 * sets, 0.0) * (high - middle)
    return sets * base + load * low + beyond
