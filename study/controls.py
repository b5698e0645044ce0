"""One year of the hybrid under five hands: without battery, by the plain rule, by a tuned table, by forecast, at best.

Load, PV, outages, limits and prices are the same for all (`study.foresight`); only who decides differs. A tuned table
is also tried on another draw of load and weather, where they are drawn: what it saves there is nearer to what a table
made from last year's figures saves next year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.dispatch import kernel
from sim.dispatch.batch import Trace
from sim.dispatch.lanes import simulate, some_lanes
from sim.dispatch.rolling import roll, with_orders
from sim.inputs.scenario import Scenario
from study.evaluate import evaluate
from study.foresight import Bound, YearCost, bound, cost_of_trace, hybrid_lane, least_l_per_kwh
from study.strategy import Strategy, tuned, with_strategy
from study.study import Study

DRAWS = 3  # years drawn anew, in which a control must show what it is worth
PLAIN = {"dispatch.arbitrage": "tariff", "dispatch.windows": (), "dispatch.shave_limits": ()}


@dataclass(frozen=True, eq=False)
class Redrawn:
    """Shares of the possible saving in a year with another draw: of the rule as it stands, of the tuned table, and of
    control by forecast."""

    rule: float
    tuned: float
    forecast: float


@dataclass(frozen=True, eq=False)
class Controls:
    """`costs` by control: "without", "plain", "own" (the study's own control, where it is not the plain rule), "tuned",
    "forecast", "optimum". `redrawn`: None where nothing is drawn."""

    found: Bound
    strategy: Strategy
    costs: Mapping[str, YearCost]
    redrawn: Redrawn | None

    def lost(self, name: str) -> YearCost:
        """What a control pays more than the optimum, part by part."""
        cost, best = self.costs[name], self.found.best
        return YearCost(*(getattr(cost, part) - getattr(best, part) for part in YearCost.__annotations__))


def is_plain(scenario: Scenario) -> bool:
    """Whether the scenario is run by the tariff's periods and at most one threshold."""
    return scenario.dispatch.arbitrage == "tariff" and not scenario.dispatch.shave_limits


def compare_controls(study: Study, found: Bound, year: int = 1) -> Controls:
    """All controls in the hybrid's project year `year`."""
    strategy = tuned(study, found, year)
    runs = {} if is_plain(study.scenario) else {"plain": _cost(study, found, year, study.scenario.with_(PLAIN))}
    own = "plain" if is_plain(study.scenario) else "own"
    runs[own] = cost_of_trace(study, year, found, study.dispatch.trace("hybrid", year))
    costs = {
        "without": found.without_battery,
        **runs,
        "tuned": _cost(study, found, year, with_strategy(study.scenario, strategy)),
        "forecast": cost_of_trace(study, year, found, by_forecast(study, found, year)),
        "optimum": found.best,
    }
    return Controls(found, strategy, costs, _redrawn(study, strategy, year))


def by_forecast(study: Study, found: Bound, year: int = 1) -> Trace:
    """The hybrid's year by rolling forecast."""
    dispatch, lane = study.dispatch, hybrid_lane(study, year)
    series, one = dispatch.runs[dispatch.run_of[lane]], some_lanes(dispatch.lanes, [lane])
    set_per_kwh = least_l_per_kwh(study, lane) * found.rates.per_litre
    orders = roll(dispatch.clock, series, one, found.rates, set_per_kwh)
    return dispatch.with_shed(kernel.trace(*with_orders(series, one, orders), 0), lane)


def _cost(study: Study, found: Bound, year: int, scenario: Scenario) -> YearCost:
    return cost_of_trace(study, year, found, simulate(scenario).trace("hybrid", year))


def shares(study: Study) -> dict[str, dict[str, Any]]:
    """Of the possible saving of year 1, by control ("plain", "forecast", "tuned"): the share `in_sample`, and
    `out_of_sample` in each of `DRAWS` years drawn anew, with the table that was tuned on the year at hand. None where
    there is nothing to save; no list entries where nothing is drawn. The year must be one `not_covered` has nothing
    against."""
    here, table = bound(study), None
    if here is not None:
        table = tuned(study, here, 1)
    drawn = [drawn_anew(study.scenario, by) for by in range(1, DRAWS + 1)]
    years = [study, *(evaluate(scenario) for scenario in drawn if scenario is not None)]
    found = [_shares(year, table) for year in years]
    return {name: {"in_sample": found[0][name], "out_of_sample": [one[name] for one in found[1:]]} for name in found[0]}


def _shares(study: Study, table: Strategy | None) -> dict[str, float | None]:
    found = bound(study)
    if found is None or table is None:
        return dict.fromkeys(("plain", "forecast", "tuned"))
    plain = study.scenario.with_(PLAIN)
    own = study.dispatch.trace("hybrid", 1)
    costs = {
        "plain": cost_of_trace(study, 1, found, own) if is_plain(study.scenario) else _cost(study, found, 1, plain),
        "forecast": cost_of_trace(study, 1, found, by_forecast(study, found)),
        "tuned": _cost(study, found, 1, with_strategy(study.scenario, table)),
    }
    return {name: found.share(cost) for name, cost in costs.items()}


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


def _redrawn(study: Study, strategy: Strategy, year: int) -> Redrawn | None:
    """The table in a year it was not tuned on: the next seed of what is drawn."""
    scenario = drawn_anew(study.scenario, 1)
    if scenario is None:
        return None
    other = evaluate(scenario)
    found = bound(other, year)
    if found is None:
        return None
    rule = found.share(cost_of_trace(other, year, found, other.dispatch.trace("hybrid", year)))
    table = found.share(_cost(other, found, year, with_strategy(other.scenario, strategy)))
    forecast = found.share(cost_of_trace(other, year, found, by_forecast(other, found, year)))
    return None if rule is None else Redrawn(rule, table, forecast)
