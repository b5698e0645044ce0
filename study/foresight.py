"""What a control saves in a year, beside the least-cost year with perfect foresight.

All play by the same terms: grid energy, demand charges, export credit, unserved load at its value, the reserve kept
where the rule had refilled it, sets and unserved load only for what the grid cannot carry. Diesel is priced as burnt
for a control and at its best litres per kWh for the optimum. A control that ends the year with less in the battery than
it began pays for the difference at its worth. The optimum knows the whole year in advance: no control beats it, a real
one comes near it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import numpy as np

from finance.ledger import unit_cost
from finance.price_paths import path_of
from finance.rates import bill_rates, reactive_kvarh
from sim.dispatch.batch import FUEL_FIELDS, Trace
from sim.dispatch.rates import PeakRate, Rates
from sim.inputs.arrival import is_staged
from sim.inputs.scenario import Scenario
from sim.optimum.model import Infeasible, Optimum, Programme, ShedTier, monthly_windows
from sim.optimum.solve import solve
from study.study import Study

GAP = 1e-6


@dataclass(frozen=True)
class YearCost:
    """A year of running the hybrid, in money. `export` is what the credit takes off, 0 or below; `lost` is load not
    served at its value; `stored` what the battery lacks at the end against the start, at its worth."""

    energy: float
    demand: float
    export: float
    fuel: float
    lost: float
    stored: float

    @property
    def total(self) -> float:
        return sum(astuple(self))


@dataclass(frozen=True, eq=False)
class Bound:
    """The least cost of a hybrid's year, and the same year without its battery.

    `worth_per_kwh`: of a kWh that is in the battery at the year's end, no more than the year's dearest kWh: where a
    demand charge decides, the last kWh of the optimum may stand for a peak, which no kWh of the next year brings back.
    """

    programme: Programme
    rates: Rates
    optimum: Optimum
    without_battery: YearCost
    worth_per_kwh: float

    @property
    def best(self) -> YearCost:
        return cost_of_optimum(self.programme, self.optimum)

    @property
    def possible(self) -> float:
        """What perfect foresight saves against no battery, by the proven bound."""
        return self.without_battery.total - self.optimum.lower_bound

    def share(self, cost: YearCost) -> float | None:
        """The part of the possible saving a control gets; None where the battery cannot save anything."""
        if self.possible <= GAP * abs(self.without_battery.total):
            return None
        return (self.without_battery.total - cost.total) / self.possible


def not_covered(study: Study) -> str | None:
    """Why a year has no bound, as a key: "no_battery" or one of `bill_not_covered`; None where it has one."""
    return "no_battery" if not study.scenario.storage.exists else bill_not_covered(study)


def bill_not_covered(study: Study) -> str | None:
    """What of plant and bill no programme knows, as a key: "staged" (battery, PV or sets that come later),
    "ratchet", "contract_demand", "bill_rules" (tiers, power factor, minimum bill); None where it knows all."""
    tariff = study.scenario.tariff
    if is_staged(study.scenario):
        return "staged"
    if tariff.ratchet_fraction and tariff.ratchet_months and tariff.demand_charges:
        return "ratchet"
    if tariff.demand_basis == "contract_demand":
        return "contract_demand"
    rates = bill_rates(study.scenario, study.dispatch)
    has_tiers = rates.tiers or rates.high_use_kwh_per_kva or any(getattr(rate, "tiers", ()) for rate in rates.demand)
    if has_tiers or rates.minimum_per_month.any() or reactive_kvarh(study.scenario, study.dispatch.monthly) is not None:
        return "bill_rules"
    return None


def bound(study: Study, year: int = 1) -> Bound | None:
    """The hybrid's project year `year` at its optimum, None where no schedule keeps the reserve and the limits.

    The optimum begins with the charge that the hybrid has carried there, as every control does, and what it lacks at
    the end is paid at the same worth: that of the last kWh of a year that ends as it begins, with each step's demand.
    The year must be one `not_covered` has nothing against.
    """
    programme, rates = hybrid_programme(study, year), hybrid_rates(study, year)
    auxiliary_kw = float(study.dispatch.lanes.auxiliary_kw[hybrid_lane(study, year)])
    bare = replace(programme, battery_kw=0.0, battery_kwh=0.0, load_kw=programme.load_kw - auxiliary_kw)
    try:
        end = _end_worth(programme)
        share = _start_share(study, year, programme)
        programme = replace(programme, soc_start=share, end_worth_per_kwh=end)
        optimum, without = solve(programme, GAP), solve(bare, GAP)
    except Infeasible:
        return None
    return Bound(programme, rates, optimum, cost_of_optimum(bare, without), end)


def _end_worth(programme: Programme) -> float:
    by_step = replace(programme, windows=tuple(replace(window, mean_steps=1) for window in programme.windows))
    worth = solve(by_step, GAP).stored_worth_per_kwh
    return 0.0 if worth is None else min(float(worth[-1]), float(programme.buy_per_kwh.max()))


def _start_share(study: Study, year: int, programme: Programme) -> float:
    start_kwh = float(study.dispatch.lanes.energy_start_kwh[hybrid_lane(study, year)])
    return min(start_kwh / programme.battery_kwh, 1.0) if programme.battery_kwh > 0 else 0.0


def hybrid_programme(study: Study, year: int) -> Programme:
    """The hybrid's year as a least-cost programme: same load, PV, prices, limits and battery as the rule had.

    The sets are the first shedding tier: in an outage they may also charge, else they only give what the grid cannot.
    Load may be given up only where the grid cannot carry it: switching computers off is no way to shave peaks.
    """
    dispatch, lane, rates = study.dispatch, hybrid_lane(study, year), hybrid_rates(study, year)
    lanes, series = dispatch.lanes, dispatch.runs[dispatch.run_of[lane]]
    clock, month = dispatch.clock, dispatch.clock.month_index
    trace = dispatch.trace("hybrid", year)
    limit = lanes.import_limit_kw[lane, month] * series.grid_up
    pv_kw = series.pv_kw_per_kwp * lanes.pv_kwp[lane]
    beyond_grid = np.maximum(trace.load_kw - pv_kw - limit, 0.0)
    sets_kw = (lanes.sets[lane] * lanes.set_kw[lane])[month]
    capacity_kwh = dispatch.capacity_kwh(year)
    stored = trace.energy_kwh / capacity_kwh if capacity_kwh > 0 else np.zeros(clock.steps)
    masks = [charge.measured[series.period] for charge in rates.demand]
    per_kw = [dict(enumerate(charge.per_kw)) for charge in rates.demand]
    return Programme(
        step_h=clock.step_h,
        month=month,
        load_kw=trace.load_kw,
        pv_kw=pv_kw,
        buy_per_kwh=rates.buy_per_kwh(month, series.period),
        credit_per_kwh=rates.earned_per_kwh(month, series.period),
        import_limit_kw=limit,
        export_limit_kw=lanes.export_limit_kw[lane] * (limit > 0),
        soc_min=np.minimum(study.scenario.dispatch.reserve_fraction, stored),
        soc_max=np.full(clock.steps, study.scenario.storage.soc_max_fraction),
        windows=monthly_windows(month, masks, per_kw, series.demand_window_steps),
        shed=(
            ShedTier(
                np.where(limit == 0, sets_kw, np.minimum(sets_kw, beyond_grid)),
                least_l_per_kwh(study, lane) * rates.per_litre,
            ),
            ShedTier(beyond_grid, rates.unserved_per_kwh),
        ),
        battery_kw=float(lanes.battery_kw[lane]),
        battery_kwh=capacity_kwh,
        charge_efficiency=float(lanes.charge_efficiency[lane]),
        discharge_efficiency=float(lanes.discharge_efficiency[lane]),
        soc_start=None,
    )


def hybrid_rates(study: Study, year: int) -> Rates:
    """The year's prices by month and billing class, on the study's VAT basis."""
    dispatch, rates = study.dispatch, bill_rates(study.scenario, study.dispatch)
    clock, classes = dispatch.clock, dispatch.classes
    month = np.minimum(12 * (year - 1) + np.arange(clock.months), dispatch.months - 1)
    market = rates.market_factor[month][clock.month_index] * classes.market_per_kwh
    sold = rates.export_market_factor[month][clock.month_index] * classes.export_market_per_kwh
    energy = (rates.energy_per_kwh[month] + rates.adders_per_kwh) * (1 + rates.tax_rate) * rates.vat_factor
    demand = [
        PeakRate(charge.measured, np.broadcast_to(charge.per_kw_month, dispatch.months)[month] * rates.vat_factor)
        for charge in rates.demand
    ]
    return Rates(
        energy_per_kwh=np.nan_to_num(energy),
        credit_per_kwh=rates.export_credit_per_kwh[month] * rates.vat_factor,
        demand=tuple(demand),
        per_litre=float(unit_cost(study.scenario, "fuel_l", year)[-1]),
        unserved_per_kwh=unserved_per_kwh(study.scenario, year),
        market_per_kwh=market * (1 + rates.tax_rate) * rates.vat_factor if study.scenario.tariff.market else 0.0,
        export_market_per_kwh=sold * rates.vat_factor if study.scenario.tariff.market else 0.0,
    )


def unserved_per_kwh(scenario: Scenario, year: int) -> float:
    """What a kWh not served is worth in a project year."""
    return scenario.finance.unserved_per_kwh * float(path_of(scenario.finance, "compute").factors(year)[-1])


def cost_of_trace(study: Study, year: int, found: Bound, trace: Trace) -> YearCost:
    """What a simulated year costs on the bound's terms."""
    programme, rates = found.programme, found.rates
    start_kwh = study.dispatch.lanes.energy_start_kwh[hybrid_lane(study, year)]
    peaks = [window.price_per_kw * window.peak_kw(trace.import_kw) for window in programme.windows]
    return YearCost(
        energy=float(programme.buy_per_kwh @ trace.import_kw) * programme.step_h,
        demand=float(sum(peaks)),
        export=-float(programme.credit_per_kwh @ trace.export_kw) * programme.step_h,
        fuel=float(trace.fuel_l.sum()) * rates.per_litre,
        lost=float(trace.unserved_kw.sum()) * programme.step_h * rates.unserved_per_kwh,
        stored=found.worth_per_kwh * float(start_kwh - trace.energy_kwh[-1]),
    )


def cost_of_optimum(programme: Programme, optimum: Optimum) -> YearCost:
    """An optimum by part; the programme's first shedding tier is the sets, the second load not served."""
    costs, shed_kw = optimum.costs, optimum.schedule.shed_kw
    fuel, lost = (
        tier.price_per_kwh * float(kw.sum()) * programme.step_h
        for tier, kw in zip(programme.shed, shed_kw, strict=True)
    )
    return YearCost(costs.energy, float(costs.demand.sum()), -costs.export_credit, fuel, lost, costs.stored)


def hybrid_lane(study: Study, year: int) -> int:
    """The hybrid's lane of a project year."""
    return study.dispatch.row("hybrid") * study.dispatch.years + year - 1


def least_l_per_kwh(study: Study, lane: int) -> float:
    """Litres per kWh at the set's best point: the optimum must not be charged more than any real set burns."""
    lanes = study.dispatch.lanes
    base, slope_50, slope_75, slope_100 = (float(getattr(lanes, name)[lane]) for name in FUEL_FIELDS)
    at_50 = base + 0.5 * slope_50
    at_75 = at_50 + 0.25 * slope_75
    at_100 = at_75 + 0.25 * slope_100
    return min(at_50 / 0.5, at_75 / 0.75, at_100) / float(lanes.set_kw[lane])
