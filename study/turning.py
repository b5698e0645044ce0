"""How far an input may move before the verdict turns: before the hybrid and the cheapest rival cost the same in present
value (`study.decision`).

The value is found one input at a time, all others as they are: prices side by side on the dispatch at hand
(`study.margins`), physical inputs on studies simulated again, and those no further away than the nearest found so far.
The search goes from today's value to the ends of a range: the input's own limits, but no further than ten times
today's value or the top of its documented range, whichever is more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np

from finance.ledger import ledger
from finance.rates import grid_bill
from sim.arrays import Floats, Ints
from sim.dispatch.lanes import simulate
from sim.dispatch.result import Dispatch
from sim.inputs.base import InputError
from sim.inputs.register import Input, register
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from study.decision import Decision, decision
from study.margins import margins
from study.study import Study, kept

ARRIVAL = "grid.ready_month"
# What is simulated anew: sizes, the charge kept for outages, and when the grid comes.
PHYSICAL = ("storage.energy_kwh", "pv.dc_kwp", "dispatch.reserve_fraction", "load.growth_per_year", ARRIVAL)
REACH = 10.0
HIGHEST_RATE = 0.5  # a year
A_YEAR, FAR_RATE = "fraction/year", 0.1  # ten points of a yearly rate are as far as 100 % of a price
SHOWN = 3  # turning points named on a page
COST_TOLERANCE, VALUE_TOLERANCE = 1e-4, 1e-4
# Prices by which a bill does not move in proportion where it has a minimum or is adjusted for the power factor.
OF_ENERGY = ("finance.energy_price_factor", "finance.energy_escalation")
Side = Literal["above", "below"]
Gap = Callable[[float], float]


@dataclass(frozen=True)
class TurningPoint:
    """Where the answer turns. `at` is None where it does not within `low`..`high` (`reason` "no_limit"); of a whole
    number it is the first value at which the answer has turned.

    `holds`: the side on which the hybrid costs less, "above" or "below" `at`. `distance` is |at - now| over today's
    value, of a yearly rate over ten points, or over the range where a ratio means nothing (months, values of 0); None
    without a limit.
    """

    path: str
    now: float
    low: float
    high: float
    at: float | None = None
    holds: Side | None = None
    distance: float | None = None
    reason: str | None = None


@kept
def nearest(study: Study) -> tuple[TurningPoint, ...]:
    """The `SHOWN` nearest turning points of all inputs that matter, the nearest first."""
    paths = candidates(study.scenario)
    side_by_side = [path for path in paths if _is_in_proportion(study.scenario, path)]
    found = _first(_of_prices(study, side_by_side))
    for path in (path for path in paths if path not in side_by_side):
        within = found[-1].distance if len(found) == SHOWN else None
        found = _first([*found, turning_point(study, path, within)])
    return tuple(found)


def _first(points: list[TurningPoint]) -> list[TurningPoint]:
    return sorted((point for point in points if point.at is not None), key=lambda point: point.distance or 0.0)[:SHOWN]


def candidates(scenario: Scenario) -> tuple[str, ...]:
    """The inputs looked at: every price that matters in the scenario, and what of `PHYSICAL` is in the plan (a size of
    zero is no part of it; a wait of zero months is)."""
    prices = [path for path, entry in register().items() if entry.varies == "price" and entry.when(scenario)]
    physical = [path for path in PHYSICAL if path == ARRIVAL or scenario.get(path)]
    return tuple(
        path for path in (*prices, *physical) if register()[path].when(scenario) and scenario.get(path) is not None
    )


def turning_point(study: Study, path: str, within: float | None = None) -> TurningPoint:
    """The nearest value of one input at which hybrid and rival cost the same in present value; `within`: the greatest
    distance looked at."""
    now = float(study.scenario.get(path))
    whole_range = low, high = search_range(study.scenario, register()[path])
    if within is not None:
        reach = within * _unit(path, now, low, high)
        low, high = max(low, now - reach), min(high, now + reach)
    is_whole = register()[path].kind == "integer"
    gap, search = _gap(study, path, is_whole), first_turned if is_whole else turn
    found = [at for end in (low, high) if (at := search(gap, now, end)) is not None]
    if not found:
        return TurningPoint(path, now, low, high, reason="no_limit")
    at = min(found, key=lambda value: abs(value - now))
    return _point(path, now, whole_range, at, gap(now) < 0)


def _point(path: str, now: float, within: tuple[float, float], at: float, costs_less: bool) -> TurningPoint:
    """`costs_less`: whether the hybrid does, at today's value."""
    holds: Side = "above" if costs_less == (now > at) else "below"
    return TurningPoint(path, now, *within, at, holds, abs(at - now) / _unit(path, now, *within))


# --- prices, side by side ---------------------------------------------------------------------------------------------


def _is_in_proportion(scenario: Scenario, path: str) -> bool:
    """Whether the input is a price whose lines a batch of variants reads exactly."""
    entry, tariff = register()[path], scenario.tariff
    bent = tariff.power_factor_rule != "none" or tariff.minimum_per_month > 0 or tariff.minimum_per_kva_month > 0
    return entry.varies == "price" and entry.kind == "number" and not (bent and path in OF_ENERGY)


def _of_prices(study: Study, paths: list[str]) -> list[TurningPoint]:
    """The turning points of prices, in the order of `paths`; those without one are left out."""
    if not paths or not _is_about_money(decision(study)):
        return []
    now = np.array([float(study.scenario.get(path)) for path in paths])
    ends = np.array([search_range(study.scenario, register()[path]) for path in paths])
    which = np.repeat(np.arange(len(paths)), 2)
    gaps, today = _price_gaps(study, paths, ends.ravel(), which, now), -decision(study).margin
    turns = ((gaps < 0) != (today < 0)) & (np.abs(gaps) > COST_TOLERANCE * np.maximum(abs(today), np.abs(gaps)))
    at = np.full(ends.size, np.nan)
    at[turns] = _roots(study, paths, which[turns], now, ends.ravel()[turns])
    found = []
    for path, value, (low, high), roots in zip(paths, now.tolist(), ends.tolist(), at.reshape(-1, 2), strict=True):
        if not np.isnan(roots).all():
            nearest_root = float(roots[np.nanargmin(np.abs(roots - value))])
            found.append(_point(path, value, (low, high), nearest_root, today < 0))
    return found


def _roots(study: Study, paths: list[str], which: Ints, now: Floats, ends: Floats) -> Floats:
    """Where the gap is nothing between today's value of the input `which` (n,) and an end (n,) of its range."""
    from scipy.optimize import elementwise

    def gap(values: Floats, rows: Ints) -> Floats:
        return _price_gaps(study, paths, values, rows.astype(int), now)

    bracket = np.minimum(now[which], ends), np.maximum(now[which], ends)
    return elementwise.find_root(gap, bracket, args=(which,), tolerances={"xrtol": 1e-7, "xatol": 1e-9}).x


def _price_gaps(study: Study, paths: list[str], values: Floats, which: Ints, now: Floats) -> Floats:
    """What the hybrid costs more than its rival with the input `which` (n,) at a value (n,), the others as now."""
    prices = {path: np.where(which == k, values, now[k]) for k, path in enumerate(paths)}
    return -margins(study, prices)


# --- one input --------------------------------------------------------------------------------------------------------


def search_range(scenario: Scenario, entry: Input) -> tuple[float, float]:
    """Lowest and highest value looked at."""
    now = float(scenario.get(entry.path))
    if entry.path == ARRIVAL:
        return 0.0, float(max(scenario.site.term_months, now))
    if entry.path == "dispatch.reserve_fraction":
        return scenario.storage.soc_min_fraction, scenario.storage.soc_max_fraction
    if entry.path == "finance.discount_rate":
        return min(0.0, now), max(now, HIGHEST_RATE)
    low = entry.minimum if entry.minimum is not None else min(0.0, now * REACH)
    reach = REACH * max(abs(now), entry.high or 0.0) or _reach_of_size(scenario, entry)
    return min(low, now), max(now, reach if entry.maximum is None else min(entry.maximum, reach))


def _reach_of_size(scenario: Scenario, entry: Input) -> float:
    """How far to look where today's value is 0: twice the peak load for a power, ten hours of it for an energy."""
    hours = {"kW": 2.0, "kWp": 2.0, "kVA": 2.0, "kWh": REACH}.get(entry.unit)
    return hours * peak_kw(scenario.load) if hours else REACH * abs(float(entry.default or 0.0)) or 1.0


def _gap(study: Study, path: str, whole: bool) -> Gap:
    """What the hybrid costs more than its rival as a function of one input; NaN where the value cannot be used."""
    money_only = register()[path].varies == "price"
    known = {float(study.scenario.get(path)): _gap_of(decision(study))}

    def gap(value: float) -> float:
        if value not in known:
            known[value] = _gap_at(study, path, int(value) if whole else value, money_only)
        return known[value]

    return gap


def _gap_at(study: Study, path: str, value: float, money_only: bool) -> float:
    try:
        scenario = study.scenario.with_({path: value})
    except InputError:
        return float("nan")
    return _gap_of(decision(bare_study(scenario, study.dispatch if money_only else None)))


def _gap_of(found: Decision) -> float:
    """What the hybrid costs more than its rival; all of a cost where only one of them serves the load, for then no
    money turns the answer."""
    if not _is_about_money(found):
        return abs(found.present_cost[found.rival]) * (-1.0 if found.serves["hybrid"] else 1.0)
    return -found.margin


def _is_about_money(found: Decision) -> bool:
    """Whether both or neither serve the load."""
    return found.serves["hybrid"] == found.serves[found.rival]


def bare_study(scenario: Scenario, dispatch: Dispatch | None = None) -> Study:
    """A study without key figures: a decision needs no more. `dispatch`: of another with the same physics."""
    dispatch = dispatch or simulate(scenario)
    bill = grid_bill(scenario, dispatch)
    return Study(scenario, "", dispatch, bill, ledger(scenario, dispatch, bill), {}, {})


def turn(gap: Gap, now: float, end: float) -> float | None:
    """Where a function changes its sign between today's value and one end of the range, or None where the sign is the
    same at both."""
    from scipy.optimize import brentq  # not needed by pages that look for no root

    if not _turns(gap, now, end):
        return None
    near = VALUE_TOLERANCE * max(abs(now), 1e-3 * abs(end - now))
    return float(brentq(gap, now, end, xtol=near, rtol=VALUE_TOLERANCE))


def first_turned(gap: Gap, now: float, end: float) -> float | None:
    """The whole value nearest to today's, on the way to an end of the range, at which the sign is another."""
    way, reach = (1.0 if end > now else -1.0), int(abs(end - now))
    if not _turns(gap, now, now + way * reach):
        return None
    far = 1
    while far < reach and not _turns(gap, now, now + way * far):
        far *= 2
    holds, turned = far // 2, min(far, reach)
    while turned - holds > 1:
        middle = (holds + turned) // 2
        holds, turned = (holds, middle) if _turns(gap, now, now + way * middle) else (middle, turned)
    return now + way * turned


def _turns(gap: Gap, now: float, end: float) -> bool:
    """Whether the sign is another at a value. Equal costs there (no battery at all, say) are no turn."""
    if end == now or not isfinite(gap(end)) or (gap(now) < 0) == (gap(end) < 0):
        return False
    return abs(gap(end)) > COST_TOLERANCE * max(abs(gap(now)), abs(gap(end)))


def _unit(path: str, now: float, low: float, high: float) -> float:
    """What a distance of 1 is: today's value, ten points of a yearly rate, or the range where a ratio means nothing."""
    if register()[path].unit == A_YEAR:
        return FAR_RATE
    if path == ARRIVAL or now == 0:
        return high - low
    return abs(now)
