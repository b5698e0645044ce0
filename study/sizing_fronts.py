"""Round the best size: containers, the cost surface, what the next MWh and MW are worth, and what else could be wanted.

All figures a year. "Programme" figures know everything in advance (`study.sizing`); "rule" figures are those of the
whole study, simulated by the plain rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sim.arrays import Floats
from sim.optimum.model import Growth, Infeasible, Optimum, Programme, Sizes, grown
from sim.optimum.solve import SizeSearch, best_count, best_size, size_map
from study import outages
from study.decision import decision
from study.sizing import GAP, Plan, Priced, price_of, search_of, simulated, within

Progress = Callable[[int, int], None]
PARTS = ("energy", "demand", "fuel", "unserved")
MAP_CELLS, MAP_GAP = 20, 1e-5
MARGIN_STEPS = 10
FRONT_STEPS = 9
MOST_CONTAINERS = 400
CARBON_STEPS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)  # of the mean energy price, on the CO2 of a grid kWh


@dataclass(frozen=True)
class SizeRow:
    """One size: yearly cost by the programme, None where it is infeasible, and by the rule; `worth`, what the hybrid
    costs less than its rival by the rule."""

    name: str
    size: Sizes
    programme: float | None
    rule: float
    worth: float
    containers: int | None = None


def row(plan: Plan, name: str, size: Sizes, containers: int | None = None) -> SizeRow:
    """A size with both costs."""
    programme = _cost_or_nan(plan, size)
    study, rule = simulated(plan, size)
    return SizeRow(name, size, None if np.isnan(programme) else programme, rule, decision(study).margin, containers)


def container_rows(plan: Plan, best: Sizes, each: Sizes) -> list[SizeRow]:
    """The best whole number of equal containers, then its neighbours, PV and sets as in `best`."""
    programme, growth, rest = _with_rest(plan, best)
    most = int(min(MOST_CONTAINERS, max(2.0, np.ceil(plan.most.kwh / each.kwh))))
    count, costs = best_count(programme, each, each.cost(plan.price), most, GAP, growth)
    if count and costs[count] + plan.battery_cost > price_of(plan, rest).cost - rest.cost(plan.price):
        count = 0
    numbers = [number for number in (count, count - 1, count + 1) if 0 <= number <= most]
    return [
        row(plan, "containers", replace(rest, kw=each.kw * number, kwh=each.kwh * number), number) for number in numbers
    ]


@dataclass(frozen=True, eq=False)
class Surface:
    """Yearly cost (kw, kwh) of every pair of battery power and energy, PV and sets held."""

    kw: Floats
    kwh: Floats
    cost: Floats


def surface(plan: Plan, best: Sizes, progress: Progress | None = None) -> Surface:
    """20 x 20 sizes up to half as much again as the best and today's; NaN where load that must be served is not.

    progress: called with (rows done, all rows).
    """
    kw, kwh = (np.linspace(0.0, reach, MAP_CELLS) for reach in _reach(plan, best))
    if len(plan.programme.shed) + plan.growth.has_sets < 2:  # all load must be served
        search = search_of(plan)
        cost = np.full((MAP_CELLS, MAP_CELLS), np.nan)
        for number, power in enumerate(kw):
            cost[number] = [_cost_or_nan(plan, replace(best, kw=power, kwh=energy), search) for energy in kwh]
            if progress:
                progress(number + 1, MAP_CELLS)
        return Surface(kw, kwh, cost)
    programme, growth, rest = _with_rest(plan, best)
    cost, _ = size_map(programme, kw, kwh, MAP_GAP, growth, progress)
    plant = plan.price.kw * kw[:, None] + plan.price.kwh * kwh + plan.battery_cost * (kwh > 0)
    return Surface(kw, kwh, cost + plant + rest.cost(plan.price))


def _with_rest(plan: Plan, best: Sizes) -> tuple[Programme, Growth, Sizes]:
    """The programme with the PV and sets of `best` built, and what still grows: the battery's own use."""
    rest, nothing = replace(best, kw=0.0, kwh=0.0), np.zeros(plan.programme.steps)
    growth = replace(plan.growth, pv_kw_per_kwp=nothing, sets_open=nothing)
    return grown(plan.programme, plan.growth, rest), growth, rest


def _cost_or_nan(plan: Plan, size: Sizes, search: SizeSearch | None = None) -> float:
    try:
        return price_of(plan, size, search).cost
    except Infeasible:
        return np.nan


def _reach(plan: Plan, best: Sizes) -> tuple[float, float]:
    """Greatest power and energy of the surface and the margins."""
    pairs = ((best.kw, plan.today.kw, plan.most.kw), (best.kwh, plan.today.kwh, plan.most.kwh))
    kw, kwh = (min(most, 1.5 * max(own, today)) or most / 5 for own, today, most in pairs)
    return kw, kwh


@dataclass(frozen=True, eq=False)
class Margins:
    """What one more unit of `axis` ("kwh" or "kw") is worth a year at rising sizes, the other one held.

    at (n,): sizes in the middle of each step; parts (n,) by bill part; price: what a unit costs a year; worth (n,):
    total at the size by the duals, as a check of the parts; stops: size from which it no longer pays, 0 for none.
    """

    axis: str
    held: Sizes
    at: Floats
    parts: dict[str, Floats]
    price: float
    worth: Floats
    stops: float


def margins(plan: Plan, best: Sizes, axis: str) -> Margins:
    """Steps from 0 to the surface's reach; the total of a size is the dual of its limit, a step's parts the difference
    between the bills at its ends."""
    other = "kw" if axis == "kwh" else "kwh"
    held = best if getattr(best, other) > 0 else replace(best, **{other: getattr(plan.today, other)})
    reach = _reach(plan, best)[axis == "kwh"]
    ends = np.linspace(0.0, reach, MARGIN_STEPS + 1)
    search = search_of(plan)
    priced = [price_of(plan, replace(held, **{axis: float(end)}), search) for end in ends]
    bills = {part: np.array([_bill(plan, one.optimum)[part] for one in priced]) for part in PARTS}
    worth = np.array([getattr(one.optimum, f"worth_per_{axis}") for one in priced])
    best_of_axis = within(plan, replace(held, **{axis: 0.0}), replace(held, **{axis: getattr(plan.most, axis)}), search)
    return Margins(
        axis,
        held,
        (ends[1:] + ends[:-1]) / 2,
        {part: -np.diff(bill) / np.diff(ends) for part, bill in bills.items()},
        getattr(plan.price, axis),
        worth,
        getattr(best_of_axis.size, axis),
    )


def _bill(plan: Plan, optimum: Optimum) -> dict[str, float]:
    costs, tiers = optimum.costs, optimum.schedule.shed_kw
    fuel = plan.sets_kwh(optimum) * plan.growth.sets_per_kwh
    return {
        "energy": costs.energy - costs.export_credit,
        "demand": float(costs.demand.sum()),
        "fuel": fuel,
        "unserved": costs.shed - fuel if len(tiers) else 0.0,
    }


@dataclass(frozen=True)
class FrontPoint:
    """One plan of a front: its size, its yearly cost, and what is set against it."""

    size: Sizes
    cost: float
    other: float


def resilience_front(plan: Plan, best: Sizes) -> list[FrontPoint]:
    """Yearly cost by the rule against hours carried from a mean start of an outage, for rising energy with the power to
    carry the critical load."""
    scenario = plan.study.scenario
    need_kw = float(plan.programme.load_kw.max()) * scenario.load.critical_fraction
    reach = max(_reach(plan, best)[1], 2 * need_kw)
    sizes = [replace(best, kw=need_kw if kwh else 0.0, kwh=float(kwh)) for kwh in np.linspace(0.0, reach, FRONT_STEPS)]
    return [survival_of(plan, size) for size in sizes]


def survival_of(plan: Plan, size: Sizes) -> FrontPoint:
    """Cost by the rule, and hours carried: mean over every start of the year, at most 168."""
    study, cost = simulated(plan, size)
    return FrontPoint(size, cost, float(outages.outlook(study, "hybrid", plan.year).hours.mean()))


def carbon_front(plan: Plan, best: Priced) -> list[FrontPoint]:
    """Least cost against t of CO2 a year: what is built, and how it runs, at rising weights of a tonne. No carbon price
    is added to the cost."""
    factor = plan.study.scenario.grid.co2_kg_per_kwh / 1000
    mean_price = float(plan.programme.buy_per_kwh.mean())
    if factor <= 0 or mean_price <= 0:
        return []
    points = [FrontPoint(best.size, best.cost, plan.co2_t(best.optimum))]
    points += [_carbon_point(plan, share * mean_price / factor) for share in CARBON_STEPS]
    return _undominated(points)


def _undominated(points: list[FrontPoint]) -> list[FrontPoint]:
    """Those that no other one beats in both, the cheapest first."""
    kept: list[FrontPoint] = []
    for point in sorted(points, key=lambda one: (one.cost, one.other)):
        if not kept or point.other < kept[-1].other:
            kept.append(point)
    return kept


def _carbon_point(plan: Plan, per_t: float) -> FrontPoint:
    scenario = plan.study.scenario
    per_grid_kwh = per_t * scenario.grid.co2_kg_per_kwh / 1000
    per_set_kwh = per_t * plan.litres_per_kwh * scenario.genset.co2_kg_per_l / 1000
    tiers = [
        replace(tier, price_per_kwh=tier.price_per_kwh + per_set_kwh) if is_sets else tier
        for tier, is_sets in zip(plan.programme.shed, _own_sets(plan), strict=True)
    ]
    dearer = replace(plan.programme, buy_per_kwh=plan.programme.buy_per_kwh + per_grid_kwh, shed=tuple(tiers))
    growth = replace(plan.growth, sets_per_kwh=plan.growth.sets_per_kwh + per_set_kwh)
    found = best_size(dearer, plan.price, plan.most, 10 * GAP, growth)
    tonnes = plan.co2_t(found.optimum)
    return FrontPoint(found.size, found.cost + plan.battery_cost * (found.size.kwh > 0) - per_t * tonnes, tonnes)


def _own_sets(plan: Plan) -> list[bool]:
    """Which tiers of the programme are sets: its first one, unless the sets are sized."""
    return [number == 0 and not plan.growth.has_sets for number in range(len(plan.programme.shed))]
