"""How much of the possible saving the plain rule gets: its year beside the least-cost year with perfect foresight.

Both play by the same terms: grid energy, demand charges, export credit, unserved load at its value, the reserve kept
where the rule had refilled it, sets only in outages. Diesel is priced as burnt for the rule and at its best litres per
kWh for the optimum. The optimum knows the whole year in advance: no control beats it, a real one comes near it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from finance.ledger import vat_factor
from finance.price_paths import path_of
from finance.rates import bill_rates, reactive_kvarh
from sim.optimal import solve
from sim.optimal_model import DemandWindow, Infeasible, Programme, ShedTier, monthly_windows
from study.compare import Study

Floats = NDArray[np.float64]
GAP = 1e-5


@dataclass(frozen=True)
class Foresight:
    """Yearly cost of running the hybrid, in money: without battery, by the plain rule, and the proven least.

    `share` is the part of the possible saving the rule gets, None where the battery cannot save anything or the year is
    not covered; `reason` then is a key: "no_battery", "ratchet", "contract_demand", "bill_rules" (tiers, power factor,
    minimum bill), "demand_window", "infeasible", "nothing_to_save".
    """

    without_battery: float | None
    rule: float | None
    optimum: float | None
    share: float | None
    reason: str | None = None


def foresight(study: Study, year: int = 1) -> Foresight:
    """The hybrid's project year `year` by the rule and at its optimum."""
    reason = _not_covered(study)
    if reason:
        return Foresight(None, None, None, None, reason)
    programme = hybrid_programme(study, year)
    rule = rule_cost(study, programme, year)
    bare = replace(programme, battery_kw=0.0, battery_kwh=0.0, load_kw=programme.load_kw - _auxiliary_kw(study, year))
    try:
        best, without = solve(programme, GAP).lower_bound, solve(bare, GAP).cost
    except Infeasible:
        return Foresight(None, rule, None, None, "infeasible")
    possible = without - best
    if possible <= GAP * abs(without):
        return Foresight(without, rule, best, None, "nothing_to_save")
    return Foresight(float(without), rule, best, float((without - rule) / possible))


def hybrid_programme(study: Study, year: int) -> Programme:
    """The hybrid's year as a least-cost programme: same load, PV, prices, limits and battery as the rule had.

    The sets are the first shedding tier, open in outages only: they are the last resort, not a way to shave peaks.
    """
    dispatch, lane = study.dispatch, _lane(study, year)
    lanes, series, clock = dispatch.lanes, dispatch.series, dispatch.clock
    trace = dispatch.trace("hybrid", year)
    limit = lanes.import_limit_kw[lane, clock.month_index] * series.grid_up
    nameplate = lanes.energy_max_kwh[lane] / study.scenario.storage.soc_max_fraction
    sets_kw = (lanes.sets[lane] * lanes.set_kw[lane])[clock.month_index] * (limit == 0)
    energy, windows, credit = _prices(study, year)
    return Programme(
        step_h=clock.step_h,
        month=clock.month_index,
        load_kw=trace.load_kw,
        pv_kw=series.pv_kw_per_kwp * lanes.pv_kwp[lane],
        buy_per_kwh=energy,
        credit_per_kwh=credit,
        import_limit_kw=limit,
        export_limit_kw=lanes.export_limit_kw[lane] * (limit > 0),
        soc_min=np.minimum(study.scenario.dispatch.reserve_fraction, trace.energy_kwh / nameplate),
        soc_max=np.full(clock.steps, study.scenario.storage.soc_max_fraction),
        windows=windows,
        shed=(
            ShedTier(sets_kw, _least_fuel_cost_per_kwh(study, lane, year)),
            ShedTier(trace.load_kw, study.scenario.finance.unserved_per_kwh),
        ),
        battery_kw=float(lanes.battery_kw[lane]),
        battery_kwh=float(nameplate),
        charge_efficiency=float(lanes.charge_efficiency[lane]),
        discharge_efficiency=float(lanes.discharge_efficiency[lane]),
        soc_start=None,
    )


def rule_cost(study: Study, programme: Programme, year: int) -> float:
    """What the rule's year costs on the programme's terms."""
    trace = study.dispatch.trace("hybrid", year)
    step_h = programme.step_h
    energy = float(programme.buy_per_kwh @ trace.import_kw - programme.credit_per_kwh @ trace.export_kw) * step_h
    demand = sum(window.price_per_kw * float(trace.import_kw[window.steps].max()) for window in programme.windows)
    fuel = float(trace.fuel_l.sum()) * _litre_price(study, year)
    unserved = float(trace.unserved_kw.sum()) * step_h * study.scenario.finance.unserved_per_kwh
    return energy + demand + fuel + unserved


def _not_covered(study: Study) -> str | None:
    tariff, storage = study.scenario.tariff, study.scenario.storage
    if storage.energy_kwh == 0:
        return "no_battery"
    if tariff.ratchet_fraction and tariff.ratchet_months and tariff.demand_charges:
        return "ratchet"
    if tariff.demand_basis == "contract_demand":
        return "contract_demand"
    rates = bill_rates(study.scenario, study.dispatch)
    has_tiers = rates.tiers or any(getattr(rate, "tiers", ()) for rate in rates.demand)
    if has_tiers or rates.minimum_per_month.any() or reactive_kvarh(study.scenario, study.dispatch.monthly) is not None:
        return "bill_rules"
    if study.dispatch.series.demand_window_steps > 1:
        return "demand_window"
    return None


def _prices(study: Study, year: int) -> tuple[Floats, tuple[DemandWindow, ...], Floats]:
    """Energy price and export credit of each step, and the demand windows, on the study's VAT basis."""
    dispatch, clock = study.dispatch, study.dispatch.clock
    rates = bill_rates(study.scenario, dispatch)
    first = 12 * (year - 1)
    month = np.minimum(first + clock.month_index, dispatch.months - 1)
    energy = rates.energy_per_kwh[month, dispatch.classes.period] * (1 + rates.tax_rate) * rates.vat_factor
    credit = rates.export_credit_per_kwh[month, dispatch.classes.period] * rates.vat_factor
    per_kw = [
        {
            m: float(rate.per_kw_month[min(first + m, dispatch.months - 1)]) * rates.vat_factor
            for m in range(clock.months)
        }
        for rate in rates.demand
    ]
    masks = [rate.measured[dispatch.classes.period] for rate in rates.demand]
    return energy, monthly_windows(clock.month_index, masks, per_kw), credit


def _lane(study: Study, year: int) -> int:
    return study.dispatch.row("hybrid") * study.dispatch.years + year - 1


def _auxiliary_kw(study: Study, year: int) -> float:
    return float(study.dispatch.lanes.auxiliary_kw[_lane(study, year)])


def _litre_price(study: Study, year: int) -> float:
    finance = study.scenario.finance
    fuel, upkeep = (path_of(finance, component).factors(year)[-1] for component in ("fuel", "om"))
    return float(finance.diesel_per_l * fuel + finance.delivery_per_l * upkeep) * vat_factor(study.scenario)


def _least_fuel_cost_per_kwh(study: Study, lane: int, year: int) -> float:
    """Price of a diesel kWh at the set's best point: the optimum must not be charged more than any real set burns."""
    lanes = study.dispatch.lanes
    base, slope_50, slope_75, slope_100 = (
        float(getattr(lanes, name)[lane])
        for name in (
            "fuel_base_l_per_h",
            "fuel_slope_0_50_l_per_h",
            "fuel_slope_50_75_l_per_h",
            "fuel_slope_75_100_l_per_h",
        )
    )
    at_50 = base + 0.5 * slope_50
    at_75 = at_50 + 0.25 * slope_75
    at_100 = at_75 + 0.25 * slope_100
    set_kw = float(lanes.set_kw[lane])
    return min(at_50 / 0.5, at_75 / 0.75, at_100) / set_kw * _litre_price(study, year)
