"""How far an input may move before the hybrid and the baseline cost the same.

The value is found on the real study, one input at a time, all others as they are: prices use the dispatch at hand,
physical inputs are simulated again. The search goes from today's value to the ends of a range: the input's own limits,
but no further than ten times today's value or the top of its documented range, whichever is more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import Literal

from finance.ledger import Ledger, ledger
from finance.rates import grid_bill
from sim.dispatch.lanes import simulate
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.base import InputError
from sim.inputs.register import Input, register
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from study.study import Study

REACH = 10.0
COST_TOLERANCE, VALUE_TOLERANCE, MOST_STEPS = 1e-4, 5e-4, 20
Gap = Callable[[float], float]


@dataclass(frozen=True)
class TurningPoint:
    """Where the answer turns. `at` is None where it does not within `low`..`high` (`reason` "no_limit").

    `holds`: the side on which the hybrid costs less, "above" or "below" `at`. `distance` is |at - now| over today's
    value, or over the range where a ratio means nothing (months, values of 0); None without a limit.
    """

    path: str
    now: float
    low: float
    high: float
    at: float | None = None
    holds: Literal["above", "below"] | None = None
    distance: float | None = None
    reason: str | None = None


def in_plan(scenario: Scenario, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The inputs that can turn the plan on the table: a size of zero is no part of it. (A wait of zero months is.)"""
    sizes = [path for path in paths if not path.endswith("_month")]
    return tuple(path for path in paths if path not in sizes or scenario.get(path) != 0)


def turning_points(study: Study, paths: tuple[str, ...]) -> tuple[TurningPoint, ...]:
    """One for each path, the nearest first, those without a limit last. Inputs that are not numbers are left out."""
    numeric = [path for path in paths if path in register() and register()[path].kind in ("number", "integer")]
    found = [turning_point(study, path) for path in numeric if study.scenario.get(path) is not None]
    return tuple(sorted(found, key=lambda point: float("inf") if point.distance is None else point.distance))


def turning_point(study: Study, path: str) -> TurningPoint:
    """The nearest break-even value of one input between hybrid and baseline (undiscounted cost over the term)."""
    now = float(study.scenario.get(path))
    low, high = search_range(study.scenario, register()[path])
    gap = _gap(study, path, register()[path].kind == "integer")
    found = [at for end in (low, high) if (at := _break_even(gap, now, end)) is not None]
    if not found:
        return TurningPoint(path, now, low, high, reason="no_limit")
    at = min(found, key=lambda value: abs(value - now))
    cheaper_now = gap(now) < 0
    holds = "above" if cheaper_now == (now > at) else "below"
    return TurningPoint(path, now, low, high, at, holds, _distance(path, now, at, low, high))


def search_range(scenario: Scenario, entry: Input) -> tuple[float, float]:
    """Lowest and highest value looked at."""
    now = float(scenario.get(entry.path))
    if entry.path == "grid.ready_month":
        return 0.0, float(max(scenario.site.term_months, now))
    if entry.path == "dispatch.reserve_fraction":
        return scenario.storage.soc_min_fraction, scenario.storage.soc_max_fraction
    low = entry.minimum if entry.minimum is not None else min(0.0, now * REACH)
    reach = REACH * max(abs(now), entry.high or 0.0) or _reach_of_size(scenario, entry)
    return min(low, now), max(now, reach if entry.maximum is None else min(entry.maximum, reach))


def _reach_of_size(scenario: Scenario, entry: Input) -> float:
    """How far to look where today's value is 0: twice the peak load for a power, ten hours of it for an energy."""
    hours = {"kW": 2.0, "kWp": 2.0, "kVA": 2.0, "kWh": REACH}.get(entry.unit)
    return hours * peak_kw(scenario.load) if hours else REACH * abs(float(entry.default or 0.0)) or 1.0


def _gap(study: Study, path: str, whole: bool) -> Gap:
    """Hybrid's cost less the baseline's as a function of one input; NaN where the value cannot be used."""
    money_only = path.startswith("finance.")
    known = {float(study.scenario.get(path)): _difference(study.baseline, study.ledger)}

    def gap(value: float) -> float:
        if value not in known:
            known[value] = _difference_at(study, path, int(value) if whole else value, money_only)
        return known[value]

    def between(value: float) -> float:
        below, above = float(floor(value)), float(ceil(value))
        return gap(below) if below == above else gap(below) + (value - below) * (gap(above) - gap(below))

    return between if whole else gap


def _difference_at(study: Study, path: str, value: float, money_only: bool) -> float:
    try:
        scenario = study.scenario.with_({path: value})
    except InputError:
        return float("nan")
    dispatch = study.dispatch if money_only else simulate(scenario)
    return _difference(study.baseline, ledger(scenario, dispatch, grid_bill(scenario, dispatch)))


def _difference(baseline: str, book: Ledger) -> float:
    paid = -book.total.sum(axis=1)
    return float(paid[ALTERNATIVES.index("hybrid")] - paid[ALTERNATIVES.index(baseline)])


def _break_even(gap: Gap, now: float, end: float) -> float | None:
    """The root between today's value and one end of the range, or None where the sign is the same at both. Equal costs
    at the very end of the range (no battery at all, say) are no turn."""
    at_now, at_end = gap(now), gap(end)
    zero = COST_TOLERANCE * max(abs(at_now), abs(at_end))
    if end == now or not isfinite(at_end) or (at_now < 0) == (at_end < 0) or abs(at_end) <= zero:
        return None
    return false_position(gap, now, end, zero, VALUE_TOLERANCE)


def false_position(gap: Gap, a: float, b: float, zero: float, relative: float) -> float:
    """Root of `gap` in the bracket a..b by false position with the Anderson-Bjorck step: exact at once on a straight
    line, never outside the bracket.

    Ends when |gap| <= `zero`, or when x moves by less than `relative` of itself.
    """
    at_a, at_b = gap(a), gap(b)
    x = a
    for _ in range(MOST_STEPS):
        before, x = x, (a * at_b - b * at_a) / (at_b - at_a)
        at_x = gap(x)
        if abs(at_x) <= zero or abs(x - before) <= relative * abs(x):
            break
        if (at_x < 0) == (at_b < 0):
            shrink = 1.0 - at_x / at_b
            b, at_b, at_a = x, at_x, at_a * (shrink if shrink > 0 else 0.5)
        else:
            a, at_a, b, at_b = b, at_b, x, at_x
    return x


def _distance(path: str, now: float, at: float, low: float, high: float) -> float:
    if path == "grid.ready_month" or now == 0:
        return abs(at - now) / (high - low)
    return abs(at - now) / abs(now)
