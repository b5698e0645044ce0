"""One year of the hybrid under four hands: without battery, by the plain rule, by forecast, at best.

Load, PV, outages, limits and prices are the same for all (`study.foresight`); only who decides differs. Where load,
weather or outages are drawn, the same is asked of years drawn anew: a control must show there what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.arrays import there
from sim.dispatch import kernel
from sim.dispatch.announced import announced
from sim.dispatch.batch import Trace
from sim.dispatch.lanes import simulate
from sim.dispatch.rolling import roll, with_orders
from sim.inputs.scenario import Scenario
from study.evaluate import evaluate
from study.foresight import Bound, YearCost, bound, cost_of_trace, hybrid_lane, least_l_per_kwh
from study.study import Study

DRAWS = 3  # years drawn anew, in which a control must show what it is worth
DECIDING = ("plain", "forecast")  # controls that decide without knowing the year
PLAIN = {"dispatch.arbitrage": "tariff", "dispatch.windows": (), "dispatch.shave_limits": ()}


@dataclass(frozen=True, eq=False)
class Controls:
    """`costs` by control: "without", "plain", "own" (the study's own control, where it is not the plain rule),
    "forecast", "optimum". `redrawn`: of "plain" and "forecast", the share of the possible saving in each of `DRAWS`
    years drawn anew; no entries where nothing is drawn."""

    found: Bound
    costs: Mapping[str, YearCost]
    redrawn: Mapping[str, tuple[float | None, ...]]

    @property
    def shares(self) -> dict[str, float]:
        """The part of the possible saving each control gets. ValueError where the battery cannot save anything."""
        return {name: there(self.found.share(cost), "a saving to share") for name, cost in self.costs.items()}

    def lost(self, name: str) -> YearCost:
        """What a control pays more than the optimum, part by part."""
        cost, best = self.costs[name], self.found.best
        return YearCost(*(getattr(cost, part) - getattr(best, part) for part in YearCost.__annotations__))


def is_plain(scenario: Scenario) -> bool:
    """Whether the scenario is run by the tariff's periods and at most one threshold."""
    return scenario.dispatch.arbitrage == "tariff" and not scenario.dispatch.shave_limits


def compare_controls(study: Study, found: Bound, year: int = 1) -> Controls:
    """All controls in the hybrid's project year `year`."""
    run = _costs(study, found, year)
    if not is_plain(study.scenario):
        own = cost_of_trace(study, year, found, study.dispatch.trace("hybrid", year))
        run = {"plain": run["plain"], "own": own, "forecast": run["forecast"]}
    costs = {"without": found.without_battery, **run, "optimum": found.best}
    return Controls(found, costs, _redrawn(study.scenario, year))


def shares(study: Study) -> dict[str, dict[str, Any]]:
    """Of the possible saving of year 1, by control ("plain", "forecast"): the share `in_sample`, and `out_of_sample` in
    each of `DRAWS` years drawn anew. None where there is nothing to save; no list entries where nothing is drawn. The
    year must be one `not_covered` has nothing against."""
    here, others = _shares(study, 1), _redrawn(study.scenario, 1)
    return {name: {"in_sample": here[name], "out_of_sample": list(others[name])} for name in here}


def _redrawn(scenario: Scenario, year: int) -> dict[str, tuple[float | None, ...]]:
    drawn = [drawn_anew(scenario, by) for by in range(1, DRAWS + 1)]
    found = [_shares(evaluate(other), year) for other in drawn if other is not None]
    return {name: tuple(one[name] for one in found) for name in DECIDING}


def _shares(study: Study, year: int) -> dict[str, float | None]:
    found = bound(study, year)
    if found is None:
        return dict.fromkeys(DECIDING)
    return {name: found.share(cost) for name, cost in _costs(study, found, year).items()}


def _costs(study: Study, found: Bound, year: int) -> dict[str, YearCost]:
    """What the year costs by the plain rule and by forecast."""
    plain = study.dispatch if is_plain(study.scenario) else simulate(study.scenario.with_(PLAIN))
    traces = plain.trace("hybrid", year), by_forecast(study, found, year)
    return dict(zip(DECIDING, (cost_of_trace(study, year, found, trace) for trace in traces), strict=True))


def by_forecast(study: Study, found: Bound, year: int = 1) -> Trace:
    """The hybrid's year by rolling forecast."""
    dispatch, lane = study.dispatch, hybrid_lane(study, year)
    series, one = dispatch.runs[dispatch.run_of[lane]], dispatch.lanes.some([lane])
    set_per_kwh = least_l_per_kwh(study, lane) * found.rates.per_litre
    down = announced(study.scenario, dispatch.clock)
    orders = roll(dispatch.clock, series, one, found.rates, set_per_kwh, down)
    return dispatch.with_shed(kernel.trace(*with_orders(series, one, orders), 0), lane)


def drawn_anew(scenario: Scenario, by: int) -> Scenario | None:
    """The scenario with other draws of load, weather and outages, `by` seeds on; None where nothing is drawn."""
    seeds = {}
    if scenario.load.kind not in ("meter", "flat"):
        seeds["load.seed"] = scenario.load.seed + by
    if scenario.pv.exists and scenario.pv.weather is None:
        seeds["pv.seed"] = scenario.pv.seed + by
    if scenario.grid.outage_source == "statistics":
        seeds["grid.outage_seed"] = scenario.grid.outage_seed + by
    return scenario.with_(seeds) if seeds else None
