"""Inputs of the contract under which the hybrid's PV and battery stand: who builds, who pays what, who wants what.

`sim/` never reads them, and they never change a figure of the project: a contract only moves its money.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from sim.inputs.base import Closed
from sim.inputs.field import GENERAL, Fraction, Money, When, always, estimate, given
from sim.problem import Refusal

ContractKind = Literal[
    "buy", "shared_saving", "guaranteed_saving", "operating_lease", "rental", "finance_lease", "as_a_service", "ppa"
]


class ShareFrom(Closed):
    """The investor's share of the saving from a contract year on."""

    first_year: int = Field(ge=1, le=50)
    share: float = Field(ge=0, le=1)


def is_deal(s: Any) -> bool:
    return s.deal.kind != "buy"


def under(*kinds: ContractKind) -> When:
    """The contract is one of these."""
    return lambda s: s.deal.kind in kinds


class Contract(Closed, card="deal.terms", when=is_deal):
    """The deal between the site's owner (host) and whoever builds (investor). Off is `kind` "buy"."""

    kind: ContractKind = given(
        "buy",
        "Contract",
        "Who builds the hybrid's PV and battery. Grid works and sets stay with the site's owner.",
        when=always,
    )
    years: int = given(
        estimate(10, GENERAL, 5, 20),
        "Contract over [years 1..50]",
        "Within the term. Operating lease and rental run to the term's end, renewed where need be.",
        when=under("shared_saving", "guaranteed_saving", "finance_lease", "as_a_service", "ppa"),
    )
    investor_share: Fraction = given(
        estimate(0.9, GENERAL, 0.7, 0.92),
        "Investor's share of the saving [fraction]",
        "Of the shared saving, in years the table below does not name.",
        when=under("shared_saving"),
    )
    share_by_year: tuple[ShareFrom, ...] = given(
        (),
        "Share by contract year",
        "A row changes the investor's share from its year on.",
        when=under("shared_saving"),
    )
    shared_on: Literal["net", "gross", "with_loss"] = given(
        "net",
        "Saving that is shared",
        "What the bills, fuel and crew cost less, net of what costs more; only the items that fall; or avoided "
        "lost compute too, which no bill shows.",
        when=under("shared_saving", "guaranteed_saving"),
    )
    guaranteed_fraction: float = given(
        estimate(0.9, GENERAL, 0.8, 0.95),
        "Guaranteed saving [fraction 0..2]",
        "Of the first year's saving, in every contract year; the supplier pays what is missing.",
        when=under("guaranteed_saving"),
    )
    surplus_share: Fraction = given(
        estimate(0.5, GENERAL),
        "Supplier's share of the surplus [fraction]",
        "Of the saving above the guarantee.",
        when=under("guaranteed_saving"),
    )
    lease_rent_fraction: float = given(
        estimate(0.15, GENERAL, 0.12, 0.2),
        "Rent a year [fraction/year 0..1]",
        "Of the plant's price; the site's owner runs and maintains.",
        when=under("operating_lease"),
    )
    rental_fraction_per_month: float = given(
        estimate(0.02, GENERAL, 0.015, 0.03),
        "Rent a month [fraction/month 0..0.2]",
        "Of the plant's price, with upkeep.",
        when=under("rental"),
    )
    lease_rate: float = given(
        estimate(0.05, GENERAL, 0.04, 0.07),
        "Rate of the finance lease [fraction/year 0..0.5]",
        "Equal rents at this rate.",
        when=under("finance_lease"),
    )
    down_payment_fraction: Fraction = given(
        estimate(0.2, GENERAL),
        "Down payment [fraction]",
        "Of the plant's price, at the start.",
        when=under("finance_lease"),
    )
    service_per_kw_month: Money = given(
        estimate(57.0, GENERAL, 36.0, 108.0),
        "Service fee [/kW/month]",
        "Per kW of the battery; 8 USD as 57 CNY.",
        when=under("as_a_service"),
    )
    service_per_kwh: Money = given(
        0.0,
        "Service fee on energy [/kWh]",
        "Per kWh from PV used on site and from the battery.",
        le=100,
        when=under("as_a_service"),
    )
    ppa_fraction: float = given(
        estimate(0.85, GENERAL, 0.75, 0.92),
        "PPA price [fraction 0..5]",
        "Of what a kWh costs the site without the plant in the first year, diesel and demand included; then it grows "
        "at the rate of fees.",
        when=under("ppa"),
    )
    escalation: float = given(
        0.0,
        "Growth of rents, fees and PPA price [fraction/year -0.5..0.5]",
        "Nominal.",
        when=under("operating_lease", "rental", "as_a_service", "ppa"),
    )
    buy_out_fraction: Fraction = given(
        0.0,
        "Price at the hand-over [fraction]",
        "Of the plant's price, at the contract's end; 0 is for nothing.",
        when=under("shared_saving", "finance_lease", "as_a_service", "ppa"),
    )
    investor_hurdle_rate: float = given(
        estimate(0.08, GENERAL, 0.06, 0.12),
        "Investor's hurdle rate [fraction/year -0.5..1]",
        "The return before tax below which nobody builds.",
    )
    host_least_share: Fraction = given(
        estimate(0.1, GENERAL, 0.08, 0.3),
        "Least the owner keeps [fraction]",
        "Of the present value of the saving over the contract, at the owner's hurdle rate.",
    )
    investor_tax: Literal["as_host", "three_and_three", "none"] = given(
        "as_host",
        "Investor's income tax",
        "By the site's rules; free for three years and half for three (needs a legal basis); or none.",
    )
    investor_loan_share: Fraction = given(
        estimate(0.6, GENERAL, 0.5, 0.75),
        "Investor's loan [fraction]",
        "Of the plant's price, on the loan's rate and years of the cost page.",
    )
    claimed_saving: Money | None = given(
        None,
        "First-year saving in the offer [/year]",
        "What the vendor's paper says; it is held against the study's.",
        card="deal.claims",
    )
    claimed_growth: float = given(
        0.0,
        "Growth of the saving in the offer [fraction/year -0.5..0.5]",
        "0 where the paper multiplies the first year.",
        card="deal.claims",
        when=lambda s: s.deal.claimed_saving is not None,
    )

    @model_validator(mode="after")
    def _steps_differ(self) -> Contract:
        seen = [step.first_year for step in self.share_by_year]
        twice = next((year for year in seen if seen.count(year) > 1), None)
        if twice is not None:
            raise Refusal("the table of shares names year {year} twice; keep one", year=twice)
        return self
