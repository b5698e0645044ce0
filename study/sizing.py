"""Which size is best: from a study to a least-cost programme whose battery, PV and last-resort sets may be of any size.

One weighted year stands for the term: prices, usable energy and PV age are means over the project years by what a
payment of each is worth today; load, connection and outages are those of the middle year. Plant costs are the ledger's
own, per unit, as equal payments a year at the study's discount rate. Everything is known in advance and no price is
negotiated: the answer is a bound on cost, not a bid. What a size really does is then simulated by the plain rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from finance import metrics
from finance.ledger import of_site, unit_cost
from finance.lines import keys, proportional
from sim.arrays import Floats
from sim.dispatch.lanes import site_set_kw
from sim.dispatch.rates import Rates
from sim.inputs.scenario import Scenario
from sim.optimum.model import (
    Growth,
    Infeasible,
    Optimum,
    Programme,
    ShedTier,
    SizeOptimum,
    Sizes,
    by_windows,
    means,
    monthly_windows,
)
from sim.optimum.solve import SizeSearch, best_size
from sim.plant.battery import available_share, discharge_efficiency
from sim.plant.load import peak_kw
from sim.sun.pv import pv_kw_per_kwp
from study.evaluate import evaluate
from study.foresight import bill_not_covered, hybrid_lane, hybrid_rates, least_l_per_kwh
from study.study import Study

GAP = 1e-6
POWER_LINES = proportional("finance.storage_power_per_kw")
STORAGE_LINES, PV_LINES, CONTROL_LINES = (keys(step=step) for step in ("battery_cost", "pv_cost", "control_cost"))
SET_LINES = proportional("sets", "fleet")
MOST_POWER_PART = 0.9  # of the battery's price: what a kWh without power costs at least is the rest
LEAST_POWER_PART = 1e-3  # so that power without a price is not built idle
LONGEST_H, MOST_POWER = 10.0, 1.5  # of the greatest load: energy and power the search goes up to
TRACE = 1e-6  # of the greatest size: below it a size is rounding
REFILL_H = 24.0  # after an outage, until the reserve must be there again; the rule needs about 8 h outside peaks


@dataclass(frozen=True)
class Wish:
    """What may be built and what must hold.

    pv, sets: whether PV and last-resort sets are sized too, else they stay; most_kwp: the greatest PV that fits;
    serve_all: no load may be left dark, whatever its value.
    """

    pv: bool = False
    sets: bool = False
    most_kwp: float = 0.0
    serve_all: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """The sizing programme of a study: `programme` without what is sized, what grows with it, its price a year and the
    most of it.

    battery_cost: a year, of any battery however small (control system); weight: what 1 in every year is worth today;
    year: the middle project year; usable: capacity over nameplate, mean; litres_per_kwh: of the sets at their best.
    """

    study: Study
    wish: Wish
    programme: Programme
    growth: Growth
    price: Sizes
    most: Sizes
    battery_cost: float
    weight: float
    year: int
    usable: float
    litres_per_kwh: float

    @property
    def today(self) -> Sizes:
        """The study's own sizes, as the programme counts them: 0 for what stays as it is."""
        scenario, works = self.study.scenario, available_share(self.study.scenario.storage)
        sets_kw = scenario.genset.last_resort_sets * site_set_kw(scenario)
        power = scenario.storage.power_kw if scenario.storage.exists else 0.0
        return Sizes(
            power * works,
            scenario.storage.energy_kwh,
            scenario.pv.dc_kwp if self.wish.pv else 0.0,
            sets_kw if self.wish.sets else 0.0,
        )

    def co2_t(self, optimum: Optimum) -> float:
        """Emissions of a year by location: imports and diesel."""
        scenario, step_h = self.study.scenario, self.programme.step_h
        imported = optimum.schedule.import_kw.sum() * step_h
        litres = self.sets_kwh(optimum) * self.litres_per_kwh
        return float(imported * scenario.grid.co2_kg_per_kwh + litres * scenario.genset.co2_kg_per_l) / 1000

    def sets_kwh(self, optimum: Optimum) -> float:
        """Energy of the last-resort sets in the year: they are the first tier where there is an outage at all."""
        return float(optimum.schedule.shed_kw[:1].sum()) * self.programme.step_h

    def unserved_kwh(self, optimum: Optimum) -> float:
        """Load left dark in the year."""
        return float(optimum.schedule.shed_kw[1:].sum()) * self.programme.step_h


@dataclass(frozen=True, eq=False)
class Priced:
    """A size at its least cost: `cost` a year of dispatch and plant, proven not to be beaten by more than the gap."""

    size: Sizes
    cost: float
    lower_bound: float
    optimum: Optimum


def plan(study: Study, wish: Wish) -> Plan:
    """The sizing programme. Raises ValueError with a key of `sizing.reason` where the study's bill is not covered."""
    reason = bill_not_covered(study) or ("no_load" if study.dispatch.series.load_kw.max() <= 0 else None)
    if reason:
        raise ValueError(reason)
    weights = year_weights(study)
    year = 1 + int(np.searchsorted(np.cumsum(weights), weights.sum() / 2))
    probe = _probe(study, wish)
    rates = mean_rates(study, weights)
    l_per_kwh = least_l_per_kwh(study, hybrid_lane(study, year))
    scenario = study.scenario
    carbon_per_l = _mean_cost(scenario, "co2_kg", weights) * scenario.genset.co2_kg_per_l
    sets_per_kwh = l_per_kwh * (rates.per_litre + carbon_per_l) + _mean_cost(scenario, "genset_kwh", weights)
    own_use = float(probe.dispatch.lanes.auxiliary_kw[hybrid_lane(probe, year)]) / probe.scenario.storage.energy_kwh
    usable = available_share(scenario.storage) * float(np.average(probe.dispatch.life.health, weights=weights))
    programme, open_sets = _programme(study, wish, weights, rates, year, usable, sets_per_kwh, own_use)
    steps = study.dispatch.series.demand_window_steps
    programme = by_windows(programme, steps)
    growth = Growth(
        pv_kw_per_kwp=means(_pv_kw_per_kwp(study, weights), steps) if wish.pv else np.zeros(programme.steps),
        sets_open=means(open_sets, steps),
        sets_per_kwh=sets_per_kwh,
        load_kw_per_kwh=own_use,
    )
    price, battery_cost = unit_prices(probe, weights.sum())
    return Plan(
        study,
        wish,
        programme,
        growth,
        price,
        _most(programme, wish, scenario),
        battery_cost,
        float(weights.sum()),
        year,
        usable,
        l_per_kwh,
    )


def year_weights(study: Study) -> Floats:
    """What a payment spread over the template year is worth today, in each project year (years,)."""
    scenario, dispatch = study.scenario, study.dispatch
    term, count = scenario.site.term_months, dispatch.clock.months
    month = np.arange(1, dispatch.years * count + 1)
    factor = (1 + scenario.finance.discount_rate) ** -(month / 12)
    return (factor * (month <= term)).reshape(dispatch.years, count).sum(axis=1) / count


def _mean_cost(scenario: Scenario, quantity: str, weights: Floats) -> float:
    """What one more of a quantity costs, mean over the project years."""
    return float(np.average(unit_cost(scenario, quantity, weights.size), weights=weights))


def mean_rates(study: Study, weights: Floats) -> Rates:
    """Prices by month and billing class, the mean of the project years by weight."""
    years = [hybrid_rates(study, year) for year in range(1, weights.size + 1)]

    def mean(values: list) -> Floats:
        return np.average(np.array(values), axis=0, weights=weights)

    demand = [
        replace(charge, per_kw=mean([one.demand[number].per_kw for one in years]))
        for number, charge in enumerate(years[0].demand)
    ]
    return replace(
        years[0],
        energy_per_kwh=mean([one.energy_per_kwh for one in years]),
        credit_per_kwh=mean([one.credit_per_kwh for one in years]),
        demand=tuple(demand),
        per_litre=float(mean([one.per_litre for one in years])),
        unserved_per_kwh=float(mean([one.unserved_per_kwh for one in years])),
        market_per_kwh=mean([one.market_per_kwh for one in years]),
        export_market_per_kwh=mean([one.export_market_per_kwh for one in years]),
    )


def unit_prices(probe: Study, weight: float) -> tuple[Sizes, float]:
    """Price of a kW, kWh, kWp and kW of sets as equal payments a year, and that of the control system, by the ledger of
    a study that has some of each. The battery's price per kWh is split in power and energy by
    `finance.storage_power_per_kw`, and what is paid by the kW goes with the power: at the probe's hours of storage the
    parts sum to the ledger's."""
    scenario, storage = probe.scenario, probe.scenario.storage
    works, sets_kw = available_share(storage), scenario.genset.last_resort_sets * site_set_kw(scenario)
    by_kw = yearly(probe, POWER_LINES, weight)
    by_kwh, share = yearly(probe, STORAGE_LINES, weight) - by_kw, _share_within(scenario)
    price = Sizes(
        kw=float((max(share, LEAST_POWER_PART) * by_kwh + by_kw) / storage.power_kw / works),
        kwh=float((1 - share) * by_kwh / storage.energy_kwh),
        kwp=yearly(probe, PV_LINES, weight) / scenario.pv.dc_kwp if scenario.pv.exists else 0.0,
        set_kw=yearly(probe, SET_LINES, weight) / sets_kw if sets_kw else 0.0,
    )
    return price, yearly(probe, CONTROL_LINES, weight)


def power_share(scenario: Scenario) -> float:
    """Part of the battery's price that goes with its power."""
    return _share(scenario, scenario.storage.power_kw, _price_per_kwh(scenario))


def _share_within(scenario: Scenario) -> float:
    """Part of what is paid by the kWh that goes with the power: that of the price's own hours."""
    within_kw = scenario.storage.power_kw - of_site(scenario, "kw_beyond")
    return _share(scenario, within_kw, scenario.finance.storage_capex_per_kwh)


def _share(scenario: Scenario, power_kw: float, price_per_kwh: float) -> float:
    cost = price_per_kwh * scenario.storage.energy_kwh
    return min(MOST_POWER_PART, scenario.finance.storage_power_per_kw * power_kw / cost) if cost else 0.0


def _price_per_kwh(scenario: Scenario) -> float:
    """Price of a kWh of the scenario's battery with the power beyond the price's hours, without a seamless transfer."""
    finance, energy_kwh = scenario.finance, scenario.storage.energy_kwh
    return finance.storage_capex_per_kwh + finance.storage_power_per_kw * of_site(scenario, "kw_beyond") / energy_kwh


def yearly(study: Study, lines: tuple[str, ...], weight: float) -> float:
    """What these lines of the hybrid cost, as equal payments a year; never below 0."""
    scenario, row = study.scenario, study.dispatch.row("hybrid")
    flows = sum(study.ledger.lines[name][row] for name in lines)
    return max(0.0, float(-metrics.npv(scenario.finance.discount_rate, flows, metrics.MONTHLY) / weight))


def find(plan: Plan) -> Priced:
    """The best size of all. Without a battery where none earns its control system. Raises Infeasible."""
    best = best_size(plan.programme, plan.price, plan.most, GAP, plan.growth)
    found = _priced(plan, best)
    if plan.battery_cost <= 0 or found.size.kwh == 0:
        return found
    bare = best_size(plan.programme, plan.price, replace(plan.most, kw=0.0, kwh=0.0), GAP, plan.growth)
    without = _priced(plan, bare)
    return without if without.cost < found.cost else found


def _priced(plan: Plan, best: SizeOptimum) -> Priced:
    size = _without_traces(plan, best.size)
    control = plan.battery_cost * (size.kwh > 0)
    return Priced(size, best.cost + control, best.lower_bound + control, best.optimum)


def _without_traces(plan: Plan, size: Sizes) -> Sizes:
    """A size without what is only rounding; power without energy, or energy without power, is no battery."""
    kept = Sizes(*np.where(size.values > TRACE * plan.most.values, size.values, 0.0).tolist())
    return kept if kept.kw > 0 and kept.kwh > 0 else replace(kept, kw=0.0, kwh=0.0)


def search_of(plan: Plan) -> SizeSearch:
    """A search whose sizes share their cuts; it remembers, so every caller has one of its own."""
    return SizeSearch(plan.programme, plan.price, plan.most, plan.growth)


def price_of(plan: Plan, size: Sizes, search: SizeSearch | None = None) -> Priced:
    """The least cost with one size. Raises Infeasible where it cannot serve the load or keep the reserve."""
    return within(plan, size, size, search)


def within(plan: Plan, least: Sizes, most: Sizes, search: SizeSearch | None = None) -> Priced:
    """The best size between two. Raises Infeasible."""
    search = search or search_of(plan)
    found = search.within(GAP, least, most)
    optimum, missing = search.optimum(found)
    if missing.max() > search.rounding_kw:
        step = int(np.argmax(missing > search.rounding_kw))
        raise Infeasible("this size leaves load dark or the reserve empty", step, float(missing[step]))
    size = found.point.size
    plant, control = size.cost(plan.price), plan.battery_cost * (size.kwh > 0)
    dispatch = replace(optimum, cost=optimum.cost - plant, lower_bound=found.lower_bound - plant)
    return Priced(size, optimum.cost + control, found.lower_bound + control, dispatch)


def scenario_of(plan: Plan, size: Sizes) -> Scenario:
    """The study's scenario with this size; the battery's price per kWh moves with its hours of storage."""
    return plan.study.scenario.with_(changes(plan, size))


def changes(plan: Plan, size: Sizes) -> dict[str, float | int]:
    """Inputs to change for this size, by dotted path."""
    scenario = plan.study.scenario
    power = size.kw / available_share(scenario.storage)
    changed: dict[str, float | int] = {"storage.energy_kwh": 0.0, "storage.power_kw": 0.0}
    if size.kwh > 0 and size.kw > 0:
        changed = {"storage.energy_kwh": round(size.kwh, 6), "storage.power_kw": round(power, 6)}
        changed |= _storage_prices(scenario, power / size.kwh)
    if plan.wish.pv:
        changed["pv.dc_kwp"] = round(size.kwp, 6)
    if plan.wish.sets:
        changed["genset.last_resort_sets"] = int(np.ceil(size.set_kw / site_set_kw(scenario) - 1e-6))
    return changed


def _storage_prices(scenario: Scenario, kw_per_kwh: float) -> dict[str, float]:
    before = _with_battery(scenario)
    share = power_share(before)
    own = before.storage.power_kw / before.storage.energy_kwh
    factor = 1 - share + share * kw_per_kwh / own
    if abs(factor - 1) < 1e-6:
        return {}
    prices = {"storage_capex_per_kwh": _price_per_kwh(before)}
    prices["storage_rent_per_kwh_month"] = scenario.finance.storage_rent_per_kwh_month
    moved = {f"finance.{name}": float(f"{price * factor:.6g}") for name, price in prices.items()}
    return moved | {"finance.storage_price_hours": float(f"{1 / kw_per_kwh:.6g}")}


def simulated(plan: Plan, size: Sizes) -> tuple[Study, float]:
    """The whole study at this size by the plain rule, and all it costs as equal payments a year, lost compute
    included."""
    study = evaluate(scenario_of(plan, size))
    row, scenario = study.dispatch.row("hybrid"), study.scenario
    total = study.ledger.total[row]
    if not scenario.finance.count_unserved:
        total = total + study.ledger.unserved_value[row]
    return study, -float(metrics.npv(scenario.finance.discount_rate, total, metrics.MONTHLY)) / plan.weight


def _probe(study: Study, wish: Wish) -> Study:
    """The same study with some of everything that can be sized, so that the ledger says what a unit costs."""
    scenario = _with_battery(study.scenario)
    wanted = {"pv.dc_kwp": 1.0} if wish.pv else {}
    wanted |= {"genset.last_resort_sets": 1} if wish.sets else {}
    missing = {path: value for path, value in wanted.items() if not scenario.get(path)}
    if missing:
        scenario = scenario.with_(missing)
    return study if scenario is study.scenario else evaluate(scenario)


def _with_battery(scenario: Scenario) -> Scenario:
    if scenario.storage.exists:
        return scenario
    peak = max(1.0, peak_kw(scenario.load))
    return scenario.with_({"storage.energy_kwh": 2 * peak, "storage.power_kw": peak})


def _programme(
    study: Study,
    wish: Wish,
    weights: Floats,
    rates: Rates,
    year: int,
    usable: float,
    sets_per_kwh: float,
    own_use: float,
) -> tuple[Programme, Floats]:
    """The weighted year without what is sized, and where last-resort sets may run if they are (steps,)."""
    dispatch, scenario, lane = study.dispatch, study.scenario, hybrid_lane(study, year)
    lanes, clock, month = dispatch.lanes, dispatch.clock, dispatch.clock.month_index
    series = dispatch.runs[dispatch.run_of[lane]]
    limit = lanes.import_limit_kw[lane, month] * ~dispatch.down[year - 1]
    dark = limit == 0
    load = dispatch.series.load_kw * lanes.load_scale[lane][month]
    beyond_grid = np.maximum(load + own_use * LONGEST_H * load.max() - limit, 0.0)
    keeps_pv = scenario.pv.exists and not wish.pv
    pv = _pv_kw_per_kwp(study, weights) * scenario.pv.dc_kwp if keeps_pv else np.zeros(clock.steps)
    sizes_sets = wish.sets and bool(beyond_grid.any())
    tiers: tuple[ShedTier, ...] = (
        () if sizes_sets else (ShedTier(_sets_kw(study, lane, dark, beyond_grid), sets_per_kwh),)
    )
    if not wish.serve_all and scenario.finance.unserved_per_kwh > 0:
        tiers += (ShedTier(beyond_grid, rates.unserved_per_kwh),)
    programme = Programme(
        step_h=clock.step_h,
        month=month,
        load_kw=load,
        pv_kw=pv,
        buy_per_kwh=rates.buy_per_kwh(month, series.period)
        + scenario.grid.co2_kg_per_kwh * _mean_cost(scenario, "co2_kg", weights),
        credit_per_kwh=rates.earned_per_kwh(month, series.period),
        import_limit_kw=limit,
        export_limit_kw=scenario.grid.export_limit_kw * ~dark,
        soc_min=_floor(scenario, dark, clock.step_h) * usable,
        soc_max=np.full(clock.steps, scenario.storage.soc_max_fraction * usable),
        windows=monthly_windows(
            month,
            [charge.measured[series.period] for charge in rates.demand],
            [dict(enumerate(charge.per_kw)) for charge in rates.demand],
            series.demand_window_steps,
        ),
        shed=tiers,
        charge_efficiency=scenario.storage.charge_efficiency,
        discharge_efficiency=discharge_efficiency(scenario.storage),
        soc_start=None,
    )
    return programme, (beyond_grid > 0).astype(float) * sizes_sets


def _sets_kw(study: Study, lane: int, dark: NDArray[np.bool_], beyond_grid: Floats) -> Floats:
    """What the sets that stay may give: all without a grid, else what the grid cannot (steps,)."""
    lanes, month = study.dispatch.lanes, study.dispatch.clock.month_index
    all_kw = (lanes.sets[lane] * lanes.set_kw[lane])[month]
    return np.where(dark, all_kw, np.minimum(all_kw, beyond_grid))


def _floor(scenario: Scenario, dark: NDArray[np.bool_], step_h: float) -> Floats:
    """Least charge of nameplate: the reserve, except in an outage and until it can have been refilled."""
    wait = max(1, round(REFILL_H / step_h))
    dark_so_far = np.concatenate([[0], np.cumsum(dark)])
    since = np.maximum(np.arange(1, dark.size + 1) - wait - 1, 0)
    released = dark_so_far[1:] > dark_so_far[since]
    return np.where(released, scenario.storage.soc_min_fraction, scenario.dispatch.reserve_fraction)


def _pv_kw_per_kwp(study: Study, weights: Floats) -> Floats:
    """Output of a kWp in the weighted year (steps,)."""
    scenario, clock = study.scenario, study.dispatch.clock
    age = (1 - scenario.pv.degradation_per_year) ** np.arange(weights.size)
    return pv_kw_per_kwp(scenario.pv, scenario.site.place, clock) * float(np.average(age, weights=weights))


def _most(programme: Programme, wish: Wish, scenario: Scenario) -> Sizes:
    """How far the search goes: to the size of today at the least, which has its price beside the best."""
    peak, storage = float(programme.load_kw.max()), scenario.storage
    kw, kwh = max(MOST_POWER * peak, storage.power_kw), max(LONGEST_H * peak, storage.energy_kwh)
    sets_kw = scenario.genset.last_resort_sets * site_set_kw(scenario)
    set_kw = max(peak, sets_kw) if wish.sets else 0.0
    return Sizes(kw, kwh, wish.most_kwp if wish.pv else 0.0, set_kw)
