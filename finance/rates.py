"""From a tariff to the rates of every project month, on the study's VAT basis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from finance.bill import Bill, BillRates, DemandRate, bill, only_where
from finance.price_paths import by_month
from sim.dispatch import ALTERNATIVES, Dispatch, import_limits_kw
from sim.scenario import Scenario
from sim.tariff import DemandCharge

Floats = NDArray[np.float64]


def grid_bill(scenario: Scenario, dispatch: Dispatch) -> Bill:
    """The utility bill of every alternative and project month (alternatives, months); nothing where not connected."""
    return only_where(connected(scenario, dispatch.months), bill(bill_rates(scenario, dispatch), dispatch))


def connected(scenario: Scenario, months: int) -> NDArray[np.bool_]:
    """(alternatives, months): whether the alternative has a grid connection in that month."""
    has_grid = np.array([name != "diesel" for name in ALTERNATIVES])
    return has_grid[:, None] & (import_limits_kw(scenario, months) > 0)


def bill_rates(scenario: Scenario, dispatch: Dispatch) -> BillRates:
    """The tariff's rates for each project month, with price factor and price paths."""
    tariff, finance = scenario.tariff, scenario.finance
    months = np.arange(dispatch.months)
    growth = by_month(finance, "energy", dispatch.months)
    demand_growth = by_month(finance, "demand", dispatch.months)
    calendar = np.array(dispatch.clock.calendar_months())[months % dispatch.clock.months]
    energy = dispatch.classes.energy_per_kwh[months % dispatch.clock.months]
    by_demand = tariff.demand_basis == "max_demand"
    return BillRates(
        energy_per_kwh=energy * (finance.energy_price_factor * growth)[:, None],
        export_credit_per_kwh=np.broadcast_to((tariff.export_credit_per_kwh * growth)[:, None], energy.shape),
        demand=tuple(
            _demand_rate(scenario, charge, measured, calendar, demand_growth)
            for charge, measured in zip(tariff.demand_charges, dispatch.classes.measured, strict=True)
            if by_demand
        ),
        fixed_per_month=tariff.fixed_per_month * demand_growth,
        capacity_per_kva_month=0.0 if by_demand else (tariff.capacity_per_kva_month or 0.0) * demand_growth,
        capacity_kva=scenario.grid.transformer_kva,
        tax_rate=tariff.energy_tax_rate,
        vat_rate=tariff.vat_rate,
        prices_include_vat=tariff.includes_vat,
        vat_included=finance.vat_basis == "incl",
    )


def _demand_rate(
    scenario: Scenario, charge: DemandCharge, measured: NDArray[np.bool_], calendar: NDArray[np.int64], growth: Floats
) -> DemandRate:
    return DemandRate(
        name=charge.name,
        per_kw_month=charge.per_kw_month * growth * np.isin(calendar, charge.months),
        measured=measured,
        ratchet_fraction=scenario.tariff.ratchet_fraction,
        ratchet_months=scenario.tariff.ratchet_months,
    )
