"""Inputs of the contract under which the hybrid's PV and battery stand: who builds, who pays what, who wants what.

`sim/` never reads them, and they never change a figure of the project: a contract only moves its money.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sim.inputs.base import Closed
from sim.inputs.field import Fraction, Money, given
from sim.problem import Refusal

ContractKind = Literal[
    "buy", "shared_saving", "guaranteed_saving", "operating_lease", "rental", "finance_lease", "as_a_service", "ppa"
]
GENERAL = "general knowledge"


class ShareFrom(Closed):
    """The investor's share of the saving from a contract year on."""

    first_year: int = Field(ge=1, le=50)
    share: float = Field(ge=0, le=1)


class Contract(Closed):
    """The deal between the site's owner (host) and whoever builds (investor). Off is `kind` "buy"."""

    kind: ContractKind = given(
        "buy", "Contract", "", "Who builds the hybrid's PV and battery. Grid works and sets stay with the site's owner."
    )
    years: int = given(
        10, "Contract over", "years",
        "Within the term. Operating lease and rental run to the term's end, renewed where need be.", ge=1, le=50, low=5,
        high=20, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    investor_share: Fraction = given(
        0.9, "Investor's share of the saving", "fraction",
        "Of the shared saving, in years the table below does not name.", low=0.7, high=0.92, source=GENERAL,
        confidence="unverified",
    )  # fmt: skip
    share_by_year: tuple[ShareFrom, ...] = given(
        (), "Share by contract year", "", "A row changes the investor's share from its year on."
    )
    shared_on: Literal["net", "gross", "with_loss"] = given(
        "net", "Saving that is shared", "",
        "What the bills, fuel and crew cost less, net of what costs more; only the items that fall; or avoided lost "
        "compute too, which no bill shows.",
    )  # fmt: skip
    guaranteed_fraction: float = given(
        0.9, "Guaranteed saving", "fraction",
        "Of the first year's saving, in every contract year; the supplier pays what is missing.", ge=0, le=2, low=0.8,
        high=0.95, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    surplus_share: Fraction = given(
        0.5, "Supplier's share of the surplus", "fraction", "Of the saving above the guarantee.", source=GENERAL,
        confidence="unverified",
    )  # fmt: skip
    lease_rent_fraction: float = given(
        0.15, "Rent a year", "fraction/year", "Of the plant's price; the site's owner runs and maintains.", ge=0, le=1,
        low=0.12, high=0.2, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    rental_fraction_per_month: float = given(
        0.02, "Rent a month", "fraction/month", "Of the plant's price, with upkeep.", ge=0, le=0.2, low=0.015,
        high=0.03, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    lease_rate: float = given(
        0.05, "Rate of the finance lease", "fraction/year", "Equal rents at this rate.", ge=0, le=0.5, low=0.04,
        high=0.07, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    down_payment_fraction: Fraction = given(
        0.2, "Down payment", "fraction", "Of the plant's price, at the start.", source=GENERAL, confidence="unverified"
    )
    service_per_kw_month: Money = given(
        57.0, "Service fee", "/kW/month", "Per kW of the battery; 8 USD as 57 CNY.", low=36.0, high=108.0,
        source=GENERAL, confidence="unverified",
    )  # fmt: skip
    service_per_kwh: Money = given(
        0.0, "Service fee on energy", "/kWh", "Per kWh from PV used on site and from the battery.", le=100
    )
    ppa_fraction: float = given(
        0.85, "PPA price", "fraction",
        "Of what a kWh costs in the baseline in the first year, diesel sets and demand included; then it grows at the "
        "rate of fees.", ge=0, le=5, low=0.75, high=0.92, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    escalation: float = given(0.0, "Growth of rents, fees and PPA price", "fraction/year", "Nominal.", ge=-0.5, le=0.5)
    buy_out_fraction: Fraction = given(
        0.0, "Price at the hand-over", "fraction", "Of the plant's price, at the contract's end; 0 is for nothing."
    )
    investor_hurdle_rate: float = given(
        0.08, "Investor's hurdle rate", "fraction/year", "The return before tax below which nobody builds.", ge=-0.5,
        le=1, low=0.06, high=0.12, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    host_least_share: Fraction = given(
        0.1, "Least the owner keeps", "fraction",
        "Of the present value of the saving over the contract, at the owner's hurdle rate.", low=0.08, high=0.3,
        source=GENERAL, confidence="unverified",
    )  # fmt: skip
    investor_tax: Literal["as_host", "three_and_three", "none"] = given(
        "as_host", "Investor's income tax", "",
        "By the site's rules; free for three years and half for three (needs a legal basis); or none.",
    )  # fmt: skip
    investor_loan_share: Fraction = given(
        0.6, "Investor's loan", "fraction", "Of the plant's price, on the loan's rate and years of the cost page.",
        low=0.5, high=0.75, source=GENERAL, confidence="unverified",
    )  # fmt: skip
    claimed_saving: Money | None = given(
        None, "First-year saving in the offer", "/year", "What the vendor's paper says; it is held against the study's."
    )
    claimed_growth: float = given(
        0.0, "Growth of the saving in the offer", "fraction/year", "0 where the paper multiplies the first year.",
        ge=-0.5, le=0.5,
    )  # fmt: skip

    @model_validator(mode="after")
    def _steps_differ(self) -> Contract:
        seen = [step.first_year for step in self.share_by_year]
        twice = next((year for year in seen if seen.count(year) > 1), None)
        if twice is not None:
            raise Refusal("the table of shares names year {year} twice; keep one", year=twice)
        return self
