"""The cost lines written out by hand, one at a time: the oracle of the table of lines (`finance.lines`).

Sign: money out is negative. Column 0 is the start and is not discounted; column m is the end of project month m.
Prices move once a year: a line of project year y is multiplied by its component's factor (`finance.price_paths`).
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from finance.bill import Bill
from finance.price_paths import by_month
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario
from sim.plant.interruptions import Interruption, interruption_cost
from sim.plant.load import gpus

HYBRID = np.array([[0.0], [0], [0], [1]])
WITH_GRID = np.array([[0.0], [1], [1], [1]])

MAIN_SOURCE_SHARE = 0.5
SERVICES = ("pv_om", "storage_om", "storage_power_om", "crew")


def lines_by_hand(scenario: Scenario, dispatch: Dispatch, bill: Bill) -> dict[str, Floats]:
    """Every cost line (alternatives, months + 1)."""
    co2, finance, plant = co2_kg(scenario, dispatch), scenario.finance, _plant_lines(scenario, dispatch)
    vat, services = (vat_factor(scenario, rate) for rate in (finance.vat_rate, finance.vat_services_rate))
    compute = by_month(finance, "compute", dispatch.months)
    unserved = _monthly(-(dispatch.monthly["unserved_kwh"] * finance.unserved_per_kwh * compute))
    hard = dispatch.monthly["interruptions"] * _gpu_loss(scenario) * compute
    restarts = _monthly(-(hard + dispatch.monthly["interruptions"] * finance.interruption_penalty))
    return {
        **_grid_lines(bill),
        **{name: values * (services if name in SERVICES else vat) for name, values in plant.items()},
        "carbon": _monthly(-co2 / 1000 * finance.carbon_price_per_t * by_month(finance, "carbon", dispatch.months)),
        "unserved": unserved * finance.count_unserved,
        "interruptions": restarts * finance.count_interruptions,
        "compute": _monthly(-lost_gpu_h(scenario, dispatch) * finance.gpu_price_per_h * compute),
    }


def lost_gpu_h(scenario: Scenario, dispatch: Dispatch) -> Floats:
    """GPU-hours the control gave up (alternatives, months): not computed, and lost where jobs are paused, half a
    checkpoint interval and a restart each."""
    per_stop_h = 0.5 * scenario.finance.checkpoint_interval_h + scenario.compute.resume_h
    return dispatch.monthly["lost_gpu_h"] + dispatch.monthly["stopped_gpus"] * per_stop_h


def _gpu_loss(scenario: Scenario) -> float:
    """What one loss of power costs beyond its hours off, which are priced as load not served, and without a penalty."""
    return float(interruption_cost(replace(interruption(scenario), penalty_per_event=0.0), 0.0))


def interruption(scenario: Scenario) -> Interruption:
    """The scenario's cost of a loss of power (`loads.yaml: outage_cost.formula`)."""
    finance = scenario.finance
    return Interruption(
        gpus=gpus(scenario.load),
        gpu_hour_price=finance.gpu_price_per_h,
        checkpoint_interval_h=finance.checkpoint_interval_h,
        restart_h=finance.restart_h,
        hardware_failure_fraction=finance.hardware_failure_fraction,
        hardware_repair_cost=finance.hardware_repair_cost,
        penalty_per_event=finance.interruption_penalty,
    )


def co2_kg(scenario: Scenario, dispatch: Dispatch) -> Floats:
    """Location-based emissions (alternatives, months): grid imports and burnt diesel; exports earn nothing."""
    imported = dispatch.import_kwh.sum(axis=-1)
    return imported * scenario.grid.co2_kg_per_kwh + dispatch.monthly["fuel_l"] * scenario.genset.co2_kg_per_l


def vat_factor(scenario: Scenario, rate: float) -> float:
    """What prices of section `finance` are multiplied by to stand on the study's VAT basis."""
    finance = scenario.finance
    wanted = finance.vat_basis == "incl"
    if finance.prices_include_vat == wanted:
        return 1.0
    return 1.0 + rate if wanted else 1.0 / (1.0 + rate)


def _grid_lines(bill: Bill) -> dict[str, Floats]:
    demand = bill.capacity_charge + sum(bill.demand_charges.values())
    return {
        "grid_energy": _monthly(-(bill.energy_charge + bill.tiers + bill.tax)),
        "grid_demand": _monthly(-demand),
        "grid_fixed": _monthly(-(bill.fixed + bill.power_factor + bill.minimum)),
        "export_credit": _monthly(bill.export_credit),
    }


def _plant_lines(scenario: Scenario, dispatch: Dispatch) -> dict[str, Floats]:
    return {
        "grid_works": _at(-WITH_GRID * grid_works_cost(scenario), 0, dispatch.months),
        **_pv_lines(scenario, dispatch.months),
        **_storage_lines(scenario, dispatch),
        **_diesel_lines(scenario, dispatch),
    }


def grid_works_cost(scenario: Scenario) -> float:
    """Substation and cable for the capacity that is not there yet, times the share charged to this project."""
    grid, finance = scenario.grid, scenario.finance
    term, highest = scenario.site.term_months, max([grid.import_limit_kw, *(s.import_limit_kw for s in grid.stages)])
    come = [s.import_limit_kw for s in grid.stages if s.month <= term]
    come += [grid.import_limit_kw] if grid.ready_month < term else []
    if max([0.0, *come]) <= grid.existing_kw:
        return 0.0
    new_share = (1.0 - grid.existing_kw / highest) - (1.0 - max([grid.existing_kw, *come]) / highest)
    works = (
        grid.transformer_kva * new_share * finance.grid_works_per_kva + finance.grid_line_km * finance.grid_line_per_km
    )
    return works * finance.grid_works_share


def _pv_lines(scenario: Scenario, months: int) -> dict[str, Floats]:
    finance, kwp = scenario.finance, scenario.pv.dc_kwp
    capex = HYBRID * kwp * finance.pv_capex_per_kwp
    om = -HYBRID * kwp * finance.pv_om_per_kwp_year / 12 * by_month(finance, "om", months)
    return {
        "pv_capex": _at(-capex, 0, months),
        "pv_om": _monthly(om),
        "pv_inverter_renewal": _renewals(
            HYBRID * (kwp / scenario.pv.dc_ac_ratio) * finance.pv_inverter_per_kw,
            finance.pv_inverter_life_years,
            months,
        ),
        "pv_residual": _at(capex * left(finance.pv_residual_fraction, finance.pv_life_years, months), months, months),
        "pv_inverter_residual": _at(
            HYBRID
            * (kwp / scenario.pv.dc_ac_ratio)
            * finance.pv_inverter_per_kw
            * _left_in_last(
                finance.pv_inverter_life_years, finance.pv_residual_fraction, finance.pv_life_years, months
            ),
            months,
            months,
        ),
    }


def _storage_lines(scenario: Scenario, dispatch: Dispatch) -> dict[str, Floats]:
    finance, kwh, months = scenario.finance, scenario.storage.energy_kwh, dispatch.months
    owned = finance.storage_ownership == "buy"
    list_price = kwh * finance.storage_capex_per_kwh
    price = HYBRID * _storage_price(scenario)
    beyond = HYBRID * owned * finance.storage_power_per_kw * kw_beyond(scenario)
    growth = by_month(finance, "om", months)
    yearly_share = finance.storage_om_fraction + finance.storage_insurance_fraction
    rent = HYBRID * kwh * finance.storage_rent_per_kwh_month
    return {
        "storage_capex": _at(-price * owned, 0, months),
        "storage_power": _at(-beyond, 0, months),
        "storage_rent": _monthly(-rent * growth * (not owned)),
        "storage_om": _monthly(-price * yearly_share / 12 * growth * owned),
        "storage_power_om": _monthly(-beyond * yearly_share / 12 * growth),
        "storage_replacement": _replacements(scenario, dispatch, HYBRID * list_price * owned),
        "storage_converter_renewal": _renewals(
            HYBRID * (kwh > 0) * scenario.storage.power_kw * finance.storage_power_per_kw * owned,
            finance.storage_converter_life_years,
            months,
        ),
        "storage_residual": _at(HYBRID * _storage_worth(scenario, dispatch) * owned, months, months),
        "storage_converter_residual": _at(
            HYBRID * owned * finance.storage_power_per_kw * _kw_left(scenario, months),
            months,
            months,
        ),
        "ems": _at(-HYBRID * finance.ems_cost * finance.ems_share * (kwh > 0), 0, months),
    }


def _replacements(scenario: Scenario, dispatch: Dispatch, price: Floats) -> Floats:
    """New cells, all or some, paid in the first month of the year they go in, at today's price less the yearly
    decline."""
    finance = scenario.finance
    line = np.zeros((len(ALTERNATIVES), dispatch.months + 1))
    for year, added in enumerate(dispatch.life.added, start=1):
        if added > 0:
            share = added * finance.storage_replacement_fraction * (1.0 - finance.storage_cost_decline) ** (year - 1)
            line += _at(-price * share, 12 * (year - 1) + 1, dispatch.months)
    return line


def left(typed: float | None, life_years: float, months: int) -> float:
    """Share of a price that is left at the end: what was typed, or the share of its life."""
    return max(0.0, 1.0 - months / 12 / life_years) if typed is None else typed


def _left_in_last(life_years: float, typed: float | None, plant_life_years: float, months: int) -> float:
    """Of a part renewed by `_renewals`, instead of the plant's share; nothing where a fraction was typed."""
    period, last = ceil(life_years), 0
    while 12 * (last + period + 1) <= months:
        last += period
    if typed is not None or not last:
        return 0.0
    return left(None, life_years, months - 12 * last) - left(None, plant_life_years, months)


def _storage_worth(scenario: Scenario, dispatch: Dispatch) -> float:
    """The battery's share of its price, and new cells by their own years: exchanged ones instead of the first."""
    finance, months, added = scenario.finance, dispatch.months, dispatch.life.added
    list_price, price = scenario.storage.energy_kwh * finance.storage_capex_per_kwh, _storage_price(scenario)
    typed, life = finance.storage_residual_fraction, finance.storage_life_years
    first, cells, came = left(typed, life, months), 0.0, np.flatnonzero(added).tolist()
    if typed is None and came:
        exchanged = scenario.storage.renewal == "replace"
        worth = np.zeros(added.size)
        for year in came[-1:] if exchanged else came:
            worth[year] = (
                added[year] * (1.0 - finance.storage_cost_decline) ** year * left(None, life, months - 12 * year)
            )
        cells = worth.sum() - first * exchanged
    return price * first + list_price * finance.storage_replacement_fraction * cells


def _storage_price(scenario: Scenario) -> float:
    """Per kWh, with what a seamless transfer adds."""
    finance = scenario.finance
    price = scenario.storage.energy_kwh * finance.storage_capex_per_kwh
    return price + price * scenario.storage.seamless_transfer * finance.storage_seamless_premium_fraction


def kw_beyond(scenario: Scenario) -> float:
    """Power that a battery of the price's hours would not have."""
    storage = scenario.storage
    if not storage.exists:
        return 0.0
    return max(0.0, storage.power_kw - storage.energy_kwh / scenario.finance.storage_price_hours)


def _kw_left(scenario: Scenario, months: int) -> float:
    """Renewed converters beyond the battery's share, and the battery's share of the power paid apart."""
    finance, storage = scenario.finance, scenario.storage
    typed, life = finance.storage_residual_fraction, finance.storage_life_years
    renewed = _left_in_last(finance.storage_converter_life_years, typed, life, months)
    return storage.exists * storage.power_kw * renewed + kw_beyond(scenario) * left(typed, life, months)


def _renewals(price: Floats, life_years: float, months: int) -> Floats:
    """A part that lives so long, paid again in the first month of the project year after, if that year is whole."""
    line, year = np.zeros((len(ALTERNATIVES), months + 1)), ceil(life_years)
    while 12 * (year + 1) <= months:
        line += _at(-price, 12 * year + 1, months)
        year += ceil(life_years)
    return line


def _diesel_lines(scenario: Scenario, dispatch: Dispatch) -> dict[str, Floats]:
    finance, months = scenario.finance, dispatch.months
    litres, kwh = dispatch.monthly["fuel_l"], dispatch.monthly["genset_kwh"]
    growth = by_month(finance, "om", months)
    fleet = dispatch.sets.max(axis=1, keepdims=True)
    owned = finance.genset_ownership == "buy"
    price = fleet * scenario.genset.set_kw * finance.genset_capex_per_kw * owned
    return {
        "fuel": _monthly(-litres * finance.diesel_per_l * by_month(finance, "fuel", months)),
        "fuel_delivery": _monthly(-litres * finance.delivery_per_l * growth),
        "genset_rent": _monthly(-dispatch.sets * finance.genset_rent_per_set_month * growth * (not owned)),
        "genset_capex": _at(-price, 0, months),
        "genset_mobilisation": _at(-fleet * finance.genset_mobilisation_per_set, 0, months),
        "genset_om": _monthly(-kwh * finance.genset_om_per_kwh * growth),
        "crew": _monthly(-_crew(scenario, dispatch) * growth),
        "genset_residual": _at(
            price * left(finance.genset_residual_fraction, finance.genset_life_years, months), months, months
        ),
    }


def _crew(scenario: Scenario, dispatch: Dispatch) -> Floats:
    """A full crew in months in which the sets give most of the energy, a standby contract where sets stand ready."""
    main = dispatch.monthly["genset_kwh"] > MAIN_SOURCE_SHARE * dispatch.monthly["load_kwh"]
    standby = np.where(dispatch.sets > 0, scenario.finance.standby_crew_per_month, 0.0)
    return np.where(main, scenario.finance.crew_per_month, standby)


def _monthly(values: Floats) -> Floats:
    """Months 1.. with an empty column for the start."""
    return np.concatenate(
        [np.zeros((len(ALTERNATIVES), 1)), np.broadcast_to(values, (len(ALTERNATIVES), values.shape[1]))], axis=1
    )


def _at(amount: Floats, column: int, months: int) -> Floats:
    """One payment of each alternative in one column; `amount` (alternatives, 1)."""
    line = np.zeros((len(ALTERNATIVES), months + 1))
    line[:, column] = amount[:, 0]
    return line
