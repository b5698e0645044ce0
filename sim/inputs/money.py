"""Inputs that are only money: prices, growth, ownership. `sim/` never reads them."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from sim.inputs import library
from sim.inputs.base import Closed
from sim.inputs.field import Fraction, Money, given, sourced
from sim.inputs.terms import Financing, IncomeTax, PricePaths
from sim.problem import Refusal


class Costs(Closed):
    """What things cost, on one VAT basis, `prices_include_vat`; the study shows the basis `vat_basis`."""

    baseline: Literal["diesel", "grid", "grid_diesel"] = given(
        "diesel", "Compared with", "", "The alternative that savings, NPV, IRR and payback are measured against."
    )
    discount_rate: float = sourced(
        "finance_reference.discount_rate_nominal_fraction", "Discount rate", "fraction/year", "Nominal.", ge=-0.5, le=1
    )
    vat_basis: Literal["incl", "excl"] = given("incl", "Show prices", "", "Including or excluding VAT, everywhere.")
    prices_include_vat: bool = given(True, "Prices below include VAT", "", "The basis the prices were entered on.")
    vat_rate: Fraction = given(
        0.13, "VAT rate", "fraction", "Of equipment, fuel and services.", source="general knowledge",
        confidence="unverified",
    )  # fmt: skip
    energy_price_factor: float = given(
        1.0, "Grid energy price factor", "", "Times the tariff's energy prices.", ge=0, le=20
    )
    energy_escalation: float = sourced(
        "finance_reference.elec_price_escalation_fraction_per_year", "Grid price escalation", "fraction/year",
        "Nominal.",
        ge=-0.5, le=0.5,
    )  # fmt: skip
    diesel_escalation: float = sourced(
        "diesel.price_escalation_fraction_per_year",
        "Diesel price escalation",
        "fraction/year",
        "Nominal.",
        ge=-0.5,
        le=0.5,
    )
    om_escalation: float = sourced(
        "finance_reference.om_escalation_fraction_per_year", "O&M and rent escalation", "fraction/year", "Nominal.",
        ge=-0.5, le=0.5,
    )  # fmt: skip

    diesel_per_l: Money = sourced("diesel.price_cn_cny_per_l", "Diesel price", "/L", "At the pump or depot.")
    delivery_per_l: Money = sourced("diesel.delivery_premium_cny_per_l", "Diesel delivery", "/L", "Tanker to the site.")
    genset_ownership: Literal["rent", "buy"] = given("rent", "Sets are", "", "Rented by month, or bought.")
    genset_rent_per_set_month: Money = sourced(
        "diesel.rental_1500kw_truck_cny_per_month", "Set rent", "/set/month", "Without fuel."
    )
    genset_capex_per_kw: Money = sourced("diesel.capex_cn_cny_per_kw", "Set price", "/kW", "Installed, when bought.")
    genset_mobilisation_per_set: Money = given(
        30_000.0, "Mobilisation", "/set", "Bringing, cabling, commissioning and taking away one set.",
        source="estimate", confidence="unverified", low=10_000, high=80_000,
    )  # fmt: skip
    genset_residual_fraction: Fraction = given(
        0.2,
        "Set resale",
        "fraction",
        "Of its price, at the end of the term.",
        source="estimate",
        confidence="unverified",
    )
    genset_om_per_kwh: Money = sourced("diesel.om_variable_cny_per_kwh", "Set O&M", "/kWh", "Per kWh generated.")
    crew_per_month: Money = sourced(
        "diesel.operators_cny_per_site_month", "Crew, diesel as main source", "/month", "Round the clock."
    )
    standby_crew_per_month: Money = given(
        10_000.0, "Crew, diesel on standby", "/month", "Monthly test runs and a call-out contract.", source="estimate",
        confidence="unverified", low=0, high=30_000,
    )  # fmt: skip

    storage_ownership: Literal["rent", "buy"] = given("buy", "The battery is", "", "Rented by month, or bought.")
    storage_capex_per_kwh: Money = sourced(
        "bess.cost.turnkey_behind_the_meter_cn_cny_per_wh", "Battery price", "/kWh", "Turnkey, per nameplate kWh.",
        scale=1000,
    )  # fmt: skip
    storage_power_per_kw: Money = sourced(
        "bess.cost.pcs_grid_following_cny_per_w", "Power part of the battery price", "/kW",
        "Converters; already in the price per kWh. The sizing page moves them with the power.", scale=1000,
    )  # fmt: skip
    storage_rent_per_kwh_month: Money = sourced(
        "bess.cost.rental_containers_cny_per_kwh_month", "Battery rent", "/kWh/month", "Per nameplate kWh."
    )
    storage_om_fraction: Fraction = sourced(
        "bess.cost.om_fraction_of_capex_per_year", "Battery O&M", "fraction/year", "Of its price."
    )
    storage_insurance_fraction: Fraction = sourced(
        "bess.cost.insurance_fraction_of_capex_per_year", "Battery insurance", "fraction/year", "Of its price."
    )
    storage_residual_fraction: Fraction = sourced(
        "bess.cost.residual_fraction_of_capex", "Battery resale", "fraction", "Of its price, at the end of the term."
    )
    storage_replacement_fraction: Fraction = given(
        0.42, "Replacing the cells", "fraction", "Of the turnkey price, in today's money.", low=0.35, high=0.6,
        source="DC container 0.46 over turnkey 1.10 CNY/Wh", confidence="derived",
    )  # fmt: skip
    storage_cost_decline: float = sourced(
        "bess.cost.cost_decline_fraction_per_year", "Battery price decline", "fraction/year", "Until the replacement.",
        ge=-0.2, le=0.5,
    )  # fmt: skip

    pv_capex_per_kwp: Money = sourced("pv.capex_rooftop_cn_cny_per_wp", "PV price", "/kWp", "Turnkey.", scale=1000)
    pv_om_per_kwp_year: Money = sourced(
        "pv.om_cn_cny_per_wp_year", "PV O&M", "/kWp/year", "Cleaning, spares.", scale=1000
    )
    pv_residual_fraction: Fraction = given(
        0.05,
        "PV resale",
        "fraction",
        "Of its price, at the end of the term.",
        source="estimate",
        confidence="unverified",
    )

    grid_works_per_kva: Money = sourced(
        "grid.substation_10kv_cny_per_kva", "Substation", "/kVA", "Transformers and switchgear, installed."
    )
    grid_line_per_km: Money = sourced("grid.line_10kv_cable_cny_per_km", "Cable", "/km", "Installed.")
    grid_line_km: float = given(1.0, "Cable length", "km", "From the utility's point of supply.", ge=0, le=500)
    grid_works_share: Fraction = given(
        1.0, "Grid works charged here", "fraction", "The rest serves later use of the connection.",
    )  # fmt: skip
    ems_cost: Money = sourced(
        "grid.ems_cost_cny_per_site", "Control system (EMS)", "", "Hardware and set-up, hybrid only."
    )
    ems_share: Fraction = given(1.0, "Control system charged here", "fraction", "The rest is reused elsewhere.")

    unserved_per_kwh: Money = given(
        8.57, "Value of lost compute", "/kWh", "Price of a kWh the site should have had; priced, not paid.", low=5.7,
        high=14.3, source="12 CNY per GPU-hour (8-20) over 1.40 kW per GPU, general knowledge", confidence="unverified",
    )  # fmt: skip
    count_unserved: bool = given(
        True, "Count lost compute", "", "Whether it enters cost, NPV and the ranking. It is always shown apart."
    )
    gpu_price_per_h: Money = sourced(
        "outage_cost.gpu_hour_price_cny_cn_h100_class", "GPU price", "/GPU-hour", "What an hour of one GPU earns.",
        file="loads",
    )  # fmt: skip
    checkpoint_interval_h: float = sourced(
        "outage_cost.checkpoint_interval_h", "Checkpoint every", "h", "Half of it is lost in a restart.", file="loads",
        ge=0, le=168,
    )  # fmt: skip
    restart_h: float = sourced(
        "outage_cost.restart_after_site_blackout_h", "Restart", "h", "Until the cluster works again after a blackout.",
        file="loads", ge=0, le=336,
    )  # fmt: skip
    hardware_failure_fraction: Fraction = sourced(
        "outage_cost.hardware_failure_fraction_per_hard_power_loss", "Hardware failures", "fraction",
        "GPUs that do not come back from a hard loss of power.", file="loads",
    )  # fmt: skip
    hardware_repair_cost: Money = given(
        21_300.0, "Repair of one GPU", "/GPU", "Mean over those in and out of warranty.", low=3500, high=213_000,
        source="3000 USD (500-30,000) at 7.1 CNY/USD, general knowledge", confidence="unverified",
    )  # fmt: skip
    interruption_penalty: Money = given(0.0, "Penalty for an interruption", "/event", "Owed to customers.")
    count_interruptions: bool = given(
        False, "Count interruptions", "",
        "Whether lost work, restart and damaged hardware enter cost, NPV and the ranking, in a line of their own. "
        "The hours off are in the line of lost compute already.",
    )  # fmt: skip
    carbon_price_per_t: Money = given(0.0, "Carbon price", "/t", "Only if it is really paid.")


class CarbonAccount(Closed):
    """Market-based accounting of grid energy and its certificates, beside the factor of the place."""

    market_co2_kg_per_kwh: float | None = given(
        None, "Market-based CO2 factor", "kg/kWh",
        "Of grid energy no certificate covers (residual mix). Empty = no market-based figure.", ge=0, le=3, low=0.5306,
        high=0.8273, source="China 2023: 0.6096 without traded non-fossil power, 0.8273 fossil only (MEE/NBS)",
        confidence="seen_in_source",
    )  # fmt: skip
    green_share: Fraction = given(
        0.0, "Grid energy with certificates", "fraction",
        "Share for which green certificates are bought and cancelled; one stands for 1 MWh.",
    )  # fmt: skip
    certificate_per_mwh: Money = given(
        5.51, "Green certificate", "/MWh", "One stands for 1 MWh. Its cost is shown apart, not counted in the study.",
        source="NEA, January 2026: 5.51 CNY for 2025, 1.25 CNY for 2024", confidence="seen_in_source", low=1.25,
        high=8.0,
    )  # fmt: skip


class Shown(Closed):
    """The currency amounts are shown in. The study stays in the site's; only what is shown is multiplied."""

    shown_currency: str = given(
        "", "Show amounts in", "", "Three-letter code; empty = the site's own currency. Inputs stay in the site's.",
        pattern="^([A-Z]{3})?$",
    )  # fmt: skip
    shown_rate: float | None = given(
        None, "Exchange rate", "", "Units of the shown currency for one of the site's. Empty = the shipped table's.",
        gt=0, le=1e6,
    )  # fmt: skip
    shown_rate_as_of: str = given("", "Date of the rate", "", "Stated with every converted amount.", max_length=40)

    @model_validator(mode="after")
    def _shown_currency_is_known(self) -> Shown:
        if self.shown_currency and self.shown_currency not in library.currencies():
            raise Refusal("'{code}' is not the code of a currency in use (ISO 4217), such as CNY or USD; correct it",
                          code=self.shown_currency)  # fmt: skip
        return self


class Finance(Financing, IncomeTax, PricePaths, CarbonAccount, Shown, Costs):
    """Money only: costs, how they grow, tax and loan; and the currency they are shown in."""
