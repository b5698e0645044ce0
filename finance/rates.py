"""From a tariff to the rates of every project month, on the study's VAT basis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from finance.bill import Bill, BillRates, ContractRate, DemandRate, TierRate, bill, only_where
from finance.price_paths import by_month
from finance.tiers import Tier
from sim.arrays import Floats
from sim.dispatch.lanes import import_limits_kw
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import DemandCharge, PriceTier


def grid_bill(scenario: Scenario, dispatch: Dispatch) -> Bill:
    """The utility bill of every alternative and project month (alternatives, months); nothing where not connected."""
    whole = bill(bill_rates(scenario, dispatch), dispatch, reactive_kvarh(scenario, dispatch.monthly))
    return only_where(connected(scenario, dispatch.months), whole)


def connected(scenario: Scenario, months: int) -> NDArray[np.bool_]:
    """(alternatives, months): whether the alternative has a grid connection in that month."""
    has_grid = np.array([name != "diesel" for name in ALTERNATIVES])
    return has_grid[:, None] & (import_limits_kw(scenario, months) > 0)


def reactive_kvarh(scenario: Scenario, monthly: dict[str, Floats]) -> Floats | None:
    """Reactive energy from the grid in each month (..., months): that of the load which no set carries.

    None where the tariff has no power-factor rule or the scenario gives no power factor.
    """
    factor = scenario.grid.power_factor
    if factor is None or scenario.tariff.power_factor_rule == "none":
        return None
    carried = monthly["load_kwh"] - monthly["unserved_kwh"] - monthly["genset_kwh"]
    return np.maximum(carried, 0.0) * np.tan(np.arccos(factor))


def bill_rates(scenario: Scenario, dispatch: Dispatch, months: int | None = None) -> BillRates:
    """The tariff's rates for each project month, with price factor and price paths; of the first `months`, which may
    go beyond the term."""
    tariff, finance = scenario.tariff, scenario.finance
    count = dispatch.months if months is None else months
    month = np.arange(count)
    growth = by_month(finance, "energy", count)
    demand_growth = by_month(finance, "demand", count)
    calendar = np.array(dispatch.clock.calendar_months())[month % dispatch.clock.months]
    energy = dispatch.classes.energy_per_kwh[month % dispatch.clock.months]
    energy_growth = finance.energy_price_factor * growth
    by_kva = tariff.demand_basis == "transformer_kva"
    return BillRates(
        energy_per_kwh=energy * energy_growth[:, None],
        export_credit_per_kwh=np.broadcast_to((tariff.export_credit_per_kwh * growth)[:, None], energy.shape),
        market_factor=energy_growth * (tariff.market is not None),
        export_market_factor=growth * (tariff.market is not None),
        demand=tuple(
            _demand_rate(scenario, charge, measured, calendar, demand_growth)
            for charge, measured in zip(tariff.demand_charges, dispatch.classes.measured, strict=True)
            if not by_kva
        ),
        tiers=tuple(
            TierRate(_tiers(rule.tiers), share, energy_growth * np.isin(calendar, rule.months))
            for rule, share in zip(tariff.energy_tiers, dispatch.classes.tier_share, strict=True)
        ),
        minimum_per_month=(tariff.minimum_per_month + tariff.minimum_per_kva_month * scenario.grid.transformer_kva)
        * demand_growth,
        high_use_kwh_per_kva=tariff.high_use_kwh_per_kva,
        high_use_factor=tariff.high_use_factor,
        levies_per_kwh=tariff.levies_per_kwh * energy_growth,
        fixed_per_month=tariff.fixed_per_month * demand_growth,
        capacity_per_kva_month=(tariff.capacity_per_kva_month or 0.0) * demand_growth if by_kva else 0.0,
        capacity_kva=scenario.grid.transformer_kva,
        tax_rate=tariff.energy_tax_rate,
        vat_rate=tariff.vat_rate,
        prices_include_vat=tariff.includes_vat,
        vat_included=finance.vat_basis == "incl",
    )


def step_prices(rates: BillRates, dispatch: Dispatch, year: int) -> Floats:
    """What a kWh from the grid costs in each step of a project year (steps,), 1 is the first: market, adders, energy
    tax and VAT in it. Months beyond the term cost what its last does."""
    month = _months(rates, dispatch, year)
    market = rates.market_factor[month] * dispatch.classes.market_per_kwh
    price = rates.energy_per_kwh[month, dispatch.classes.period] + market + rates.adders_per_kwh
    return price * rates.vat_factor * (1.0 + rates.tax_rate)


def step_credits(rates: BillRates, dispatch: Dispatch, year: int) -> Floats:
    """What a kWh fed in earns in each step of a project year (steps,), VAT in it."""
    month = _months(rates, dispatch, year)
    market = rates.export_market_factor[month] * dispatch.classes.export_market_per_kwh
    return (rates.export_credit_per_kwh[month, dispatch.classes.period] + market) * rates.vat_factor


def _months(rates: BillRates, dispatch: Dispatch, year: int) -> NDArray[np.int64]:
    """The project month of each step of a year; beyond the term, its last."""
    first = dispatch.clock.months * (year - 1)
    return np.minimum(first + dispatch.clock.month_index, len(rates.market_factor) - 1)


def declared_kw(scenario: Scenario) -> Floats:
    """What each alternative declares (alternatives,), NaN = the cheapest for its own peaks."""
    grid = scenario.grid
    today = np.nan if grid.declared_kw is None else grid.declared_kw
    anew = [name == "hybrid" and grid.hybrid_redeclares for name in ALTERNATIVES]
    return np.where(anew, np.nan, today)


def _demand_rate(
    scenario: Scenario, charge: DemandCharge, measured: NDArray[np.bool_], calendar: NDArray[np.int64], growth: Floats
) -> DemandRate | ContractRate:
    tariff, grid = scenario.tariff, scenario.grid
    billed = growth * np.isin(calendar, charge.months)
    if tariff.demand_basis == "contract_demand" and charge.is_all_hours:
        return ContractRate(
            name=charge.name,
            per_kw_month=charge.per_kw_month * billed,
            measured=measured,
            declared_kw=np.broadcast_to(declared_kw(scenario)[:, None], (len(ALTERNATIVES), calendar.size)),
            tolerance=tariff.contract.tolerance,
            overrun_factor=tariff.contract.overrun_factor,
            floor_kw=tariff.contract.floor_fraction_of_kva * grid.transformer_kva,
            hold_months=grid.declaration_hold_months or tariff.contract.hold_months,
            is_billed=import_limits_kw(scenario, calendar.size) > 0,
        )
    return DemandRate(
        name=charge.name,
        per_kw_month=charge.per_kw_month * billed,
        measured=measured,
        ratchet_fraction=tariff.ratchet_fraction,
        ratchet_months=tariff.ratchet_months,
        ratchet_counts=np.isin(calendar, tariff.ratchet_calendar_months),
        tiers=_tiers(charge.tiers),
        tier_factor=billed,
    )


def _tiers(tiers: tuple[PriceTier, ...]) -> tuple[Tier, ...]:
    return tuple(Tier(tier.adder, tier.up_to) for tier in tiers)
