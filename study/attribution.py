"""Who earns the saving: its split by the Shapley value between grid connection, PV, battery, diesel sets, control,
declaring anew where the bill is on a declared demand, and compute that gives way.

Every combination of the parts is simulated and billed as a plant of its own; a part gets its mean contribution over all
orders in which the parts could be added. The split needs no order, sums to the saving, gives equal parts to
interchangeable ones and nothing to one that changes nothing (Shapley 1953; Shorrocks 2013 for decompositions).

The combination of nothing is the named baseline, the combination of all is the hybrid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial, fsum
from typing import Any

from finance import metrics
from finance.baseline import baseline_of
from finance.ledger import ledger
from finance.rates import grid_bill
from sim.dispatch.lanes import simulate
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.scenario import Scenario
from study.decision import decision
from study.study import Study, kept

PARTS = ("grid", "pv", "battery", "sets", "control", "redeclaring", "compute")
Coalition = frozenset[str]
Value = Callable[[Coalition], float]


@dataclass(frozen=True)
class Attribution:
    """`parts`: share of each part in the saving, in money, negative where it costs more than it brings. `alone`: what
    a part would save as the only one; `last`: what the plant would lose without it. The two show how far parts depend
    on each other; they do not sum to the saving."""

    saving: float
    parts: Mapping[str, float]
    alone: Mapping[str, float]
    last: Mapping[str, float]


def shapley(players: Sequence[str], value: Value) -> Attribution:
    """Split value(all) - value(none) between the players. `value` is called once for each of the 2^n combinations."""
    everyone = frozenset(players)
    if len(everyone) != len(players):
        raise ValueError("two players have the same name; names must differ")
    known = {group: value(group) for group in _groups(players)}
    parts = {player: _part(player, players, known) for player in players}
    nobody = known[frozenset()]
    return Attribution(
        saving=known[everyone] - nobody,
        parts=parts,
        alone={player: known[frozenset((player,))] - nobody for player in players},
        last={player: known[everyone] - known[everyone - {player}] for player in players},
    )


def attribute(study: Study, measure: str = "total") -> Attribution:
    """The saving of the hybrid against the study's baseline, split over `PARTS`.

    measure: "total", undiscounted cost over the term as in `study.savings`; "worth", discounted at the study's rate.
    Parts the case does not have get 0 without being simulated.
    """
    if measure not in ("total", "worth"):
        raise ValueError(f"measure is '{measure}'; use 'total' or 'worth'")
    without = {part: _without(study.scenario, part) for part in PARTS}
    active = [part for part in PARTS if study.scenario.with_(without[part]) != _plain(study.scenario)]
    found = shapley(active, lambda group: -_cost(study, without, group, active, measure))

    def all_parts(values: Mapping[str, float]) -> dict[str, float]:
        return {part: values.get(part, 0.0) for part in PARTS}

    return Attribution(found.saving, all_parts(found.parts), all_parts(found.alone), all_parts(found.last))


@kept
def parts(study: Study) -> dict[str, float]:
    """What each part of the hybrid brings against the rival of `study.decision`, in present value before tax: "supply",
    connection and sets; "pv"; "battery", with its control. Their sum is what the hybrid costs less than the rival; PV
    and battery share what they bring together by the Shapley value."""
    without = {"pv": {"pv.dc_kwp": 0.0}, "battery": {"storage.energy_kwh": 0.0}}
    there = {"pv": study.scenario.pv.exists, "battery": study.scenario.storage.exists}
    active = [part for part in without if there[part]]
    found = shapley(active, lambda group: -_cost(study, without, group, active, "worth"))
    rival, own = (study.kpis[name].present_cost for name in (decision(study).rival, "hybrid"))
    brought = {part: found.parts.get(part, 0.0) for part in without}
    return {"supply": rival - own - sum(brought.values()), **brought}


def _groups(players: Sequence[str]) -> list[Coalition]:
    return [frozenset(group) for size in range(len(players) + 1) for group in combinations(players, size)]


def _part(player: str, players: Sequence[str], known: Mapping[Coalition, float]) -> float:
    n = len(players)
    others = [other for other in players if other != player]
    weighted = (
        factorial(len(group)) * factorial(n - len(group) - 1) * (known[group | {player}] - known[group])
        for group in _groups(others)
    )
    return fsum(weighted) / factorial(n)


def _plain(scenario: Scenario) -> Scenario:
    return scenario.with_({})


def _without(scenario: Scenario, part: str) -> dict[str, Any]:
    """The changes that take a part out of the hybrid and put the baseline's choice in its place."""
    genset = scenario.genset
    no_grid = {"grid.existing_kw": 0.0, "grid.import_limit_kw": 0.0, "grid.stages": ()}
    baseline_sets = {
        "diesel": {"genset.last_resort_sets": genset.sets},
        "grid_diesel": {"genset.last_resort_sets": genset.backup_sets},
        "grid": {"genset.last_resort_sets": 0, "genset.sets": 0},
    }
    changes: dict[str, dict[str, Any]] = {
        "grid": no_grid if baseline_of(scenario) == "diesel" else {},
        "pv": {"pv.dc_kwp": 0.0},
        "battery": {"storage.energy_kwh": 0.0},
        "sets": baseline_sets[baseline_of(scenario)],
        "redeclaring": {"grid.hybrid_redeclares": False} if _declares_anew(scenario) else {},
        "control": {
            "dispatch.arbitrage": "off",
            "dispatch.peak_shave_kw": None,
            "dispatch.shave_limits": (),
            "finance.ems_cost": 0.0,
        },
        "compute": {"compute.cap_rule": "off", "compute.defer": False, "compute.shed_in_outages": False},
    }
    return changes[part]


def _declares_anew(scenario: Scenario) -> bool:
    is_declared = scenario.tariff.demand_basis == "contract_demand" and scenario.grid.declared_kw is not None
    return is_declared and baseline_of(scenario) != "diesel"


def _cost(study: Study, without: Mapping[str, Any], group: Coalition, active: Sequence[str], measure: str) -> float:
    changes = {path: value for part in active if part not in group for path, value in without[part].items()}
    scenario = study.scenario.with_(changes) if changes else study.scenario
    dispatch = simulate(scenario) if changes else study.dispatch
    flow = ledger(scenario, dispatch, grid_bill(scenario, dispatch)).total[ALTERNATIVES.index("hybrid")]
    if measure == "total":
        return -float(flow.sum())
    return -float(metrics.npv(scenario.finance.discount_rate, flow, metrics.MONTHLY))
