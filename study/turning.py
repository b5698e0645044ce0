"""How far an input may move before the verdict turns: before the hybrid and the cheapest rival cost the same in present
value (`study.decision`).

The value is found on the real study, one input at a time, all others as they are: prices use the dispatch at hand,
physical inputs are simulated again. The search goes from today's value to the ends of a range: the input's own limits,
but no further than ten times today's value or the top of its documented range, whichever is more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import Literal

from finance.ledger import ledger
from finance.rates import grid_bill
from sim.dispatch.lanes import simulate
from sim.dispatch.result import Dispatch
from sim.inputs.base import InputError
from sim.inputs.register import Input, register
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from study.decision import decision
from study.study import Study, kept

ARRIVAL = "grid.ready_month"
# What is simulated anew: sizes, the charge kept for outages, and when the grid comes.
PHYSICAL = ("storage.energy_kwh", "pv.dc_kwp", "dispatch.reserve_fraction", "load.growth_per_year", ARRIVAL)
REACH = 10.0
HIGHEST_RATE = 0.5  # a year
A_YEAR, FAR_RATE = "fraction/year", 0.1  # ten points of a yearly rate are as far as 100 % of a price
SHOWN = 3  # turning points named on a page
COST_TOLERANCE, VALUE_TOLERANCE = 1e-4, 1e-4
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
    holds: Literal["above", "below"] | None = None
    distance: float | None = None
    reason: str | None = None


@kept
def nearest(study: Study) -> tuple[TurningPoint, ...]:
    """The turning points of all inputs that matter, the nearest first; those without a limit are left out."""
    return tuple(point for point in turning_points(study, candidates(study.scenario)) if point.at is not None)


def candidates(scenario: Scenario) -> tuple[str, ...]:
    """The inputs looked at: every price that matters in the scenario, and what of `PHYSICAL` is in the plan (a size of
    zero is no part of it; a wait of zero months is)."""
    prices = [path for path, entry in register().items() if entry.varies == "price" and entry.when(scenario)]
    physical = [path for path in PHYSICAL if path == ARRIVAL or scenario.get(path)]
    return tuple(path for path in (*prices, *physical) if register()[path].when(scenario))


def turning_points(study: Study, paths: tuple[str, ...]) -> tuple[TurningPoint, ...]:
    """One for each path, the nearest first, those without a limit last. Inputs that are not numbers are left out."""
    numeric = [path for path in paths if path in register() and register()[path].kind in ("number", "integer")]
    found = [turning_point(study, path) for path in numeric if study.scenario.get(path) is not None]
    return tuple(sorted(found, key=lambda point: float("inf") if point.distance is None else point.distance))


def turning_point(study: Study, path: str) -> TurningPoint:
    """The nearest value of one input at which hybrid and rival cost the same in present value."""
    now = float(study.scenario.get(path))
    low, high = search_range(study.scenario, register()[path])
    is_whole = register()[path].kind == "integer"
    gap = _gap(study, path, is_whole)
    found = [at for end in (low, high) if (at := turn(gap, now, end)) is not None]
    if not found:
        return TurningPoint(path, now, low, high, reason="no_limit")
    at = min(found, key=lambda value: abs(value - now))
    holds = "above" if (gap(now) < 0) == (now > at) else "below"
    at = _first_beyond(at, now) if is_whole else at
    return TurningPoint(path, now, low, high, at, holds, _distance(path, now, at, low, high))


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
    known = {float(study.scenario.get(path)): -decision(study).margin}

    def gap(value: float) -> float:
        if value not in known:
            known[value] = _gap_at(study, path, int(value) if whole else value, money_only)
        return known[value]

    def between(value: float) -> float:
        below, above = float(floor(value)), float(ceil(value))
        return gap(below) if below == above else gap(below) + (value - below) * (gap(above) - gap(below))

    return between if whole else gap


def _gap_at(study: Study, path: str, value: float, money_only: bool) -> float:
    try:
        scenario = study.scenario.with_({path: value})
    except InputError:
        return float("nan")
    found = decision(bare_study(scenario, study.dispatch if money_only else None))
    if found.serves["hybrid"] != found.serves[found.rival]:  # then money does not decide
        return abs(found.present_cost[found.rival]) * (-1.0 if found.serves["hybrid"] else 1.0)
    return -found.margin


def bare_study(scenario: Scenario, dispatch: Dispatch | None = None) -> Study:
    """A study without key figures: a decision needs no more. `dispatch`: of another with the same physics."""
    dispatch = dispatch or simulate(scenario)
    bill = grid_bill(scenario, dispatch)
    return Study(scenario, "", dispatch, bill, ledger(scenario, dispatch, bill), {}, {})


def turn(gap: Gap, now: float, end: float) -> float | None:
    """Where a function changes its sign between today's value and one end of the range, or None where the sign is the
    same at both. Equal costs at the very end of the range (no battery at all, say) are no turn."""
    from scipy.optimize import brentq  # not needed by pages that look for no root

    if end == now:
        return None
    at_now, at_end = gap(now), gap(end)
    if not isfinite(at_end) or (at_now < 0) == (at_end < 0):
        return None
    if abs(at_end) <= COST_TOLERANCE * max(abs(at_now), abs(at_end)):
        return None
    near = VALUE_TOLERANCE * max(abs(now), 1e-3 * abs(end - now))
    return float(brentq(gap, now, end, xtol=near, rtol=VALUE_TOLERANCE))


def _first_beyond(at: float, now: float) -> float:
    """The first whole value on the other side of a root."""
    return float(ceil(at) if at > now else floor(at))


def _distance(path: str, now: float, at: float, low: float, high: float) -> float:
    if register()[path].unit == A_YEAR:
        return abs(at - now) / FAR_RATE
    if path == ARRIVAL or now == 0:
        return abs(at - now) / (high - low)
    return abs(at - now) / abs(now)
