"""Inputs that are only money: prices, growth, ownership. `sim/` never reads them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from sim.inputs import library
from sim.inputs.base import NO_OR_CURRENCY, SectionPart
from sim.inputs.field import GENERAL, Fraction, Money, derived, estimate, given, seen, sourced
from sim.inputs.grid import has_works
from sim.inputs.plant import has_pv, has_sets
from sim.inputs.storage import has_battery
from sim.inputs.terms import Financing, IncomeTax, PricePaths
from sim.problem import Refusal


def rents_sets(s: Any) -> bool:
    return s.finance.genset_ownership == "rent"


def buys_sets(s: Any) -> bool:
    return s.finance.genset_ownership == "buy"


def rents_battery(s: Any) -> bool:
    return s.finance.storage_ownership == "rent"


def buys_battery(s: Any) -> bool:
    return s.finance.storage_ownership == "buy"


def counts_interruptions(s: Any) -> bool:
    return s.finance.count_interruptions


def moves_vat(s: Any) -> bool:
    """Prices stand on one VAT basis and are shown on the other."""
    return (s.finance.vat_basis == "incl") != s.finance.prices_include_vat


class Costs(SectionPart, card="terms.frame"):
    """What things cost, on one VAT basis, `prices_include_vat`; the study shows the basis `vat_basis`."""

    baseline: Literal["auto", "diesel", "grid", "grid_diesel"] = given(
        "auto",
        "Compared with",
        "The alternative that savings, NPV, IRR and payback are measured against. By the site: diesel where no grid "
        "comes within the term, else the grid, with diesel where the site keeps sets or waits for the grid.",
        card="sidebar",
    )
    discount_rate: float = given(
        sourced("finance_reference.discount_rate_nominal_fraction"),
        "Discount rate [fraction/year -0.5..1]",
        "Nominal.",
        varies="price",
        everyday=True,
    )
    vat_basis: Literal["incl", "excl"] = given(
        "incl", "Show prices", "Including or excluding VAT, everywhere.", everyday=True
    )
    prices_include_vat: bool = given(True, "Prices below include VAT", "The basis the prices were entered on.")
    vat_rate: Fraction = given(
        estimate(0.13, GENERAL),
        "VAT rate [fraction]",
        "Of equipment, works, rent and fuel; the tariff has its own.",
        when=lambda s: s.finance.vat_basis == "excl" or not s.finance.prices_include_vat,
    )
    vat_services_rate: Fraction = given(
        estimate(0.06, "China: 6 % on services, 13 % on goods and on renting them; " + GENERAL),
        "VAT rate of services [fraction]",
        "Of O&M of PV and battery, insurance and crew.",
        when=moves_vat,
    )
    energy_price_factor: float = given(
        1.0,
        "Grid energy price factor [0..20]",
        "Times the tariff's energy prices.",
        card="terms.energy",
        varies="price",
        everyday=True,
    )
    energy_escalation: float = given(
        sourced("finance_reference.elec_price_escalation_fraction_per_year"),
        "Grid price escalation [fraction/year -0.5..0.5]",
        "Nominal.",
        card="terms.energy",
        varies="price",
        everyday=True,
    )
    diesel_escalation: float = given(
        sourced("diesel.price_escalation_fraction_per_year"),
        "Diesel price escalation [fraction/year -0.5..0.5]",
        "Nominal.",
        card="terms.energy",
        varies="price",
        when=has_sets,
        everyday=True,
    )
    om_escalation: float = given(
        sourced("finance_reference.om_escalation_fraction_per_year"),
        "O&M and rent escalation [fraction/year -0.5..0.5]",
        "Nominal.",
        card="terms.energy",
        varies="price",
    )


class SetCosts(SectionPart, card="terms.sets", when=has_sets):
    """What diesel and sets cost."""

    diesel_per_l: Money = given(
        sourced("diesel.price_cn_cny_per_l"),
        "Diesel price [/L]",
        "What the site really pays for a litre before delivery: at the pump, or less where it buys by the tanker. Ask "
        "for a quotation.",
        card="terms.fuel",
        varies="price",
    )
    delivery_per_l: Money = given(
        sourced("diesel.delivery_premium_cny_per_l"),
        "Diesel delivery [/L]",
        "Tanker to the site.",
        card="terms.fuel",
        varies="price",
    )
    genset_ownership: Literal["rent", "buy"] = given("rent", "Sets are", "Rented by month, or bought.", everyday=True)
    genset_rent_per_set_month: Money = given(
        sourced("diesel.rental_1500kw_truck_cny_per_month"),
        "Set rent [/set/month]",
        "Without fuel.",
        when=rents_sets,
        varies="price",
        everyday=True,
    )
    genset_capex_per_kw: Money = given(
        sourced("diesel.capex_cn_cny_per_kw"),
        "Set price [/kW]",
        "Installed, when bought.",
        when=buys_sets,
        varies="price",
        everyday=True,
    )
    genset_mobilisation_per_set: Money = given(
        estimate(30_000.0, "estimate", 10_000, 80_000),
        "Mobilisation [/set]",
        "Bringing, cabling, commissioning and taking away one set.",
        varies="price",
    )
    genset_life_years: float = given(
        estimate(20.0, "general knowledge; overhauls are in the O&M", 15, 30),
        "Life of bought sets [years 1..50]",
        "What is left of it at the end of the term is their worth.",
        when=lambda s: buys_sets(s) and s.finance.genset_residual_fraction is None,
        varies="price",
    )
    genset_residual_fraction: float | None = given(
        None,
        "Set resale [fraction 0..1]",
        "Of the price, at the end of the term; empty = the share of its life that is left.",
        when=buys_sets,
    )
    genset_om_per_kwh: Money = given(
        sourced("diesel.om_variable_cny_per_kwh"), "Set O&M [/kWh]", "Per kWh generated.", varies="price"
    )
    crew_per_month: Money = given(
        sourced("diesel.operators_cny_per_site_month"),
        "Crew, diesel as main source [/month]",
        "Round the clock.",
        varies="price",
    )
    standby_crew_per_month: Money = given(
        estimate(10_000.0, "estimate", 0, 30_000),
        "Crew, diesel on standby [/month]",
        "Monthly test runs and a call-out contract.",
        varies="price",
    )


class BatteryCosts(SectionPart, card="terms.storage", when=has_battery):
    """What the battery costs, bought or rented."""

    storage_ownership: Literal["rent", "buy"] = given(
        "buy", "The battery is", "Rented by month, or bought.", everyday=True
    )
    storage_capex_per_kwh: Money = given(
        sourced("bess.cost.turnkey_behind_the_meter_cn_cny_per_wh", scale=1000),
        "Battery price [/kWh]",
        "Turnkey, per nameplate kWh.",
        when=buys_battery,
        varies="price",
        everyday=True,
    )
    storage_price_hours: float = given(
        derived(2.0, "Turnkey prices in China are quoted for 2 h (InfoLink 2025-10, 2026-02)"),
        "Hours the battery price is for [h 0.01..1000]",
        "A battery with more power for its energy pays the power part on top.",
        when=buys_battery,
    )
    storage_seamless_premium_fraction: Fraction = given(
        sourced("bess.cost.seamless_premium_fraction"),
        "Seamless transfer adds to the battery price [fraction]",
        "Grid-forming converter and static switch. 0 where the price per kWh holds them.",
        when=lambda s: buys_battery(s) and s.storage.seamless_transfer,
        varies="price",
    )
    storage_power_per_kw: Money = given(
        sourced("bess.cost.pcs_grid_following_cny_per_w", scale=1000),
        "Power part of the battery price [/kW]",
        "Converters. The price per kWh holds those of its own hours of storage; power beyond them costs this on top, "
        "and renewing all of them this again.",
        when=buys_battery,
        varies="price",
    )
    storage_converter_life_years: float = given(
        sourced("bess.cost.pcs_replacement_year"),
        "Life of the battery's converters [years 1..50]",
        "Renewed as the next project year begins, at today's price; not for less than a whole project year.",
        when=buys_battery,
        varies="price",
    )
    storage_rent_per_kwh_month: Money = given(
        sourced("bess.cost.rental_containers_cny_per_kwh_month"),
        "Battery rent [/kWh/month]",
        "Per nameplate kWh.",
        when=rents_battery,
        varies="price",
        everyday=True,
    )
    storage_om_fraction: Fraction = given(
        sourced("bess.cost.om_fraction_of_capex_per_year"),
        "Battery O&M [fraction/year]",
        "Of its price.",
        when=buys_battery,
        varies="price",
    )
    storage_insurance_fraction: Fraction = given(
        sourced("bess.cost.insurance_fraction_of_capex_per_year"),
        "Battery insurance [fraction/year]",
        "Of its price.",
        when=buys_battery,
        varies="price",
    )
    storage_life_years: float = given(
        sourced("bess.life.calendar_life_years"),
        "Life of the battery [years 1..50]",
        "What is left of it at the end of the term is its worth; new cells count their own years.",
        when=lambda s: buys_battery(s) and s.finance.storage_residual_fraction is None,
        varies="price",
        everyday=True,
    )
    storage_residual_fraction: float | None = given(
        None,
        "Battery resale [fraction 0..1]",
        "Of the first price, at the end of the term; empty = the share of its life that is left. Moving and a buyer's "
        "discount are not in that share: give a fraction where it is sold after months.",
        when=buys_battery,
    )
    storage_replacement_fraction: Fraction = given(
        derived(0.42, "DC container 0.46 over turnkey 1.10 CNY/Wh", 0.35, 0.6),
        "Replacing the cells [fraction]",
        "Of the price per kWh, in today's money.",
        when=buys_battery,
        varies="price",
    )
    storage_cost_decline: float = given(
        sourced("bess.cost.cost_decline_fraction_per_year"),
        "Battery price decline [fraction/year -0.2..0.5]",
        "Until the replacement.",
        when=buys_battery,
        varies="price",
    )


class PvCosts(SectionPart, card="terms.pv", when=has_pv):
    """What PV costs."""

    pv_capex_per_kwp: Money = given(
        sourced("pv.capex_rooftop_cn_cny_per_wp", scale=1000),
        "PV price [/kWp]",
        "Turnkey.",
        varies="price",
        everyday=True,
    )
    pv_om_per_kwp_year: Money = given(
        sourced("pv.om_cn_cny_per_wp_year", scale=1000),
        "PV O&M [/kWp/year]",
        "Cleaning, spares.",
        varies="price",
        everyday=True,
    )
    pv_inverter_per_kw: Money = given(
        sourced("pv.inverter_replacement_cost_cny_per_w", scale=1000),
        "Renewing the PV inverters [/kW]",
        "Per kW AC, in today's money; the first ones are in the PV price.",
        varies="price",
    )
    pv_inverter_life_years: float = given(
        sourced("pv.inverter_replacement_year"),
        "Life of the PV inverters [years 1..50]",
        "Renewed as the next project year begins; not for less than a whole project year.",
        varies="price",
    )
    pv_life_years: float = given(
        sourced("pv.life_years"),
        "Life of the PV [years 1..50]",
        "What is left of it at the end of the term is its worth; new inverters count their own years.",
        when=lambda s: s.finance.pv_residual_fraction is None,
        varies="price",
    )
    pv_residual_fraction: float | None = given(
        None,
        "PV resale [fraction 0..1]",
        "Of the first price, at the end of the term; empty = the share of its life that is left.",
    )


class GridCosts(SectionPart, card="terms.grid"):
    """What the connection costs, and the control system beside it."""

    grid_works_per_kva: Money = given(
        sourced("grid.substation_10kv_cny_per_kva"),
        "Substation [/kVA]",
        "Transformers and switchgear, installed.",
        varies="price",
        when=has_works,
        everyday=True,
    )
    grid_line_per_km: Money = given(
        sourced("grid.line_10kv_cable_cny_per_km"), "Cable [/km]", "Installed.", varies="price", when=has_works
    )
    grid_line_km: float = given(
        1.0, "Cable length [km 0..500]", "From the utility's point of supply.", when=has_works, everyday=True
    )
    grid_works_share: Fraction = given(
        1.0,
        "Grid works charged here [fraction]",
        "The rest serves later use of the connection.",
        varies="price",
        when=has_works,
    )
    ems_cost: Money = given(
        sourced("grid.ems_cost_cny_per_site"),
        "Control system (EMS)",
        "Hardware and set-up, hybrid only.",
        card="terms.storage",
        when=has_battery,
        varies="price",
    )
    ems_share: Fraction = given(
        1.0,
        "Control system charged here [fraction]",
        "The rest is reused elsewhere.",
        card="terms.storage",
        when=has_battery,
        varies="price",
    )


class Losses(SectionPart, card="terms.loss"):
    """What the site loses where power fails, and the price of carbon."""

    unserved_per_kwh: Money = given(
        estimate(8.57, "12 CNY per GPU-hour (8-20) over 1.40 kW per GPU, general knowledge", 5.7, 14.3),
        "Value of lost compute [/kWh]",
        "Price of a kWh the site should have had; priced, not paid.",
        varies="price",
        everyday=True,
    )
    count_unserved: bool = given(
        True,
        "Count lost compute",
        "Whether it enters cost, NPV and the ranking. It is always shown apart.",
        everyday=True,
    )
    waiting_per_mw_month: Money | None = given(
        None,
        "Worth of a powered MW [/month]",
        "What a month of one MW of running compute is worth, for the cost of waiting alone: its revenue and the rent "
        "of the hall differ by seven. Empty = the value of lost compute.",
        card="timing.worth",
    )
    gpu_price_per_h: Money = given(
        sourced("outage_cost.gpu_hour_price_cny_cn_h100_class", "loads"),
        "GPU price [/GPU-hour]",
        "What an hour of one GPU earns.",
        card=("terms.loss", "compute.worth"),
        when=lambda s: s.compute.in_use or s.finance.count_interruptions,
        everyday=True,
    )
    checkpoint_interval_h: float = given(
        sourced("outage_cost.checkpoint_interval_h", "loads"),
        "Checkpoint every [h 0..168]",
        "Half of it is lost in a restart.",
        card=("terms.loss", "compute.pause"),
        when=lambda s: s.compute.shed_in_outages or s.finance.count_interruptions,
    )
    restart_h: float = given(
        sourced("outage_cost.restart_after_site_blackout_h", "loads"),
        "Restart [h 0..336]",
        "Until the cluster works again after a blackout.",
        when=counts_interruptions,
    )
    hardware_failure_fraction: Fraction = given(
        sourced("outage_cost.hardware_failure_fraction_per_hard_power_loss", "loads"),
        "Hardware failures [fraction]",
        "GPUs that do not come back from a hard loss of power.",
        when=counts_interruptions,
    )
    hardware_repair_cost: Money = given(
        estimate(21_300.0, "3000 USD (500-30,000) at 7.1 CNY/USD, general knowledge", 3500, 213_000),
        "Repair of one GPU [/GPU]",
        "Mean over those in and out of warranty.",
        when=counts_interruptions,
    )
    interruption_penalty: Money = given(
        0.0, "Penalty for an interruption [/event]", "Owed to customers.", when=counts_interruptions
    )
    count_interruptions: bool = given(
        False,
        "Count interruptions",
        "Whether lost work, restart and damaged hardware enter cost, NPV and the ranking, in a line of their own. "
        "The hours off are in the line of lost compute already.",
    )
    carbon_price_per_t: Money = given(
        0.0,
        "Carbon price [/t]",
        "Only if it is really paid.",
        card=("terms.fuel", "autonomy.carbon"),
        after="certificate_per_mwh",
        varies="price",
    )


class CarbonAccount(SectionPart, card="autonomy.carbon"):
    """Market-based accounting of grid energy and its certificates, beside the factor of the place."""

    market_co2_kg_per_kwh: float | None = given(
        seen(None, "China 2023: 0.6096 without traded non-fossil power, 0.8273 fossil only (MEE/NBS)", 0.5306, 0.8273),
        "Market-based CO2 factor [kg/kWh 0..3]",
        "Of grid energy no certificate covers (residual mix). Empty = no market-based figure.",
    )
    green_share: Fraction = given(
        0.0,
        "Grid energy with certificates [fraction]",
        "Share for which green certificates are bought and cancelled; one stands for 1 MWh.",
    )
    certificate_per_mwh: Money = given(
        seen(5.51, "NEA, January 2026: 5.51 CNY for 2025, 1.25 CNY for 2024", 1.25, 8.0),
        "Green certificate [/MWh]",
        "One stands for 1 MWh. Its cost is shown apart, not counted in the study.",
        when=lambda s: s.finance.green_share > 0,
    )


class ShownCurrency(SectionPart, card="terms.rate"):
    """The currency amounts are shown in. The study stays in the site's; only what is shown is multiplied."""

    shown_currency: str = given(
        "",
        "Show amounts in",
        "Three-letter code; empty = the site's own currency. Inputs stay in the site's.",
        card="terms.currency",
        pattern=NO_OR_CURRENCY,
    )
    shown_rate: float | None = given(
        None,
        "Exchange rate [>0..1e6]",
        "Units of the shown currency for one of the site's. Empty = the shipped table's.",
        when=lambda s: s.finance.shown_currency not in ("", s.site.currency),
    )
    shown_rate_as_of: str = given(
        "",
        "Date of the rate",
        "Stated with every converted amount.",
        max_length=40,
        when=lambda s: s.finance.shown_rate is not None,
    )

    @model_validator(mode="after")
    def _shown_currency_is_known(self) -> ShownCurrency:
        if self.shown_currency and self.shown_currency not in library.currencies():
            raise Refusal(
                "'{code}' is not the code of a currency in use (ISO 4217), such as CNY or USD; correct it",
                code=self.shown_currency,
            )
        return self


class Finance(
    Financing,
    IncomeTax,
    PricePaths,
    CarbonAccount,
    ShownCurrency,
    Losses,
    GridCosts,
    PvCosts,
    BatteryCosts,
    SetCosts,
    Costs,
    defer_build=False,
):
    """Money only: costs, how they grow, tax and loan; and the currency they are shown in."""
