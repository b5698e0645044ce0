"""Inputs of growing prices, income tax and the loan: parts of section `finance`. `sim/` never reads them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from sim.inputs.base import Closed, SectionPart
from sim.inputs.field import GENERAL, Fraction, Money, always, derived, estimate, given, sourced
from sim.problem import Refusal

Component = Literal["energy", "demand", "fuel", "om", "carbon", "compute"]
LONGEST_YEARS = 100


class PricePoint(Closed):
    """What a price is in a project year, as a factor on that of today; between two points it moves in a line."""

    year: int = Field(ge=1, le=LONGEST_YEARS)
    component: Component
    factor: float = Field(ge=0, le=100)


class PriceShock(Closed):
    """A factor on top of the path in some project years, e.g. diesel x 1.68 in years 2 and 3."""

    component: Component
    first_year: int = Field(ge=1, le=LONGEST_YEARS)
    last_year: int = Field(ge=1, le=LONGEST_YEARS)
    factor: float = Field(ge=0, le=100)

    @model_validator(mode="after")
    def _years_in_order(self) -> PriceShock:
        if self.last_year < self.first_year:
            raise Refusal(
                "the shock ends in year {last}, before it begins in year {first}; swap the two years",
                first=self.first_year,
                last=self.last_year,
            )
        return self


class TaxHoliday(Closed):
    """The income tax rate times this factor in some project years; 0 is free of tax, 0.5 is half the rate."""

    first_year: int = Field(ge=1, le=LONGEST_YEARS)
    last_year: int = Field(ge=1, le=LONGEST_YEARS)
    factor: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _years_in_order(self) -> TaxHoliday:
        if self.last_year < self.first_year:
            raise Refusal(
                "the tax holiday ends in year {last}, before it begins in year {first}; swap the two years",
                first=self.first_year,
                last=self.last_year,
            )
        return self


class PricePaths(SectionPart, card="terms.energy"):
    """How prices move beyond one rate each."""

    demand_escalation: float | None = given(
        None,
        "Demand charge escalation [fraction/year -0.5..0.5]",
        "Nominal, of demand, capacity and fixed charges. As the grid price where none is given.",
    )
    carbon_escalation: float = given(
        0.0,
        "Carbon price escalation [fraction/year -0.5..0.5]",
        "Nominal.",
        when=lambda s: s.finance.carbon_price_per_t > 0,
        varies="price",
    )
    compute_escalation: float = given(
        sourced("outage_cost.compute_price_escalation_fraction_per_year", "loads"),
        "Compute price escalation [fraction/year -0.5..0.5]",
        "Nominal, of lost compute and GPU-hours: cards get cheaper as newer ones come.",
        varies="price",
    )
    inflation: float = given(
        estimate(0.02, GENERAL, 0.0, 0.04),
        "Inflation [fraction/year -0.2..0.5]",
        "Only for rates of return in money of constant worth.",
        card="terms.frame",
    )
    price_points: tuple[PricePoint, ...] = given(
        (),
        "Own price paths",
        "Factor on today's price by project year and component; in a line between two given years, at the yearly "
        "rate after the last.",
        card="terms.paths",
    )
    price_shocks: tuple[PriceShock, ...] = given(
        (), "Price shocks", "A factor on top of the path in some project years.", card="terms.paths"
    )

    @model_validator(mode="after")
    def _points_differ(self) -> PricePaths:
        seen = [(point.component, point.year) for point in self.price_points]
        twice = next((key for key in seen if seen.count(key) > 1), None)
        if twice:
            raise Refusal(
                "the price path of '{component}' names year {year} twice; keep one", component=twice[0], year=twice[1]
            )
        return self


def has_tax(s: Any) -> bool:
    return s.finance.tax_rules != "none"


def own_rules(s: Any) -> bool:
    return s.finance.tax_rules == "own"


def own_years(s: Any) -> bool:
    """Own rules, and a way of writing off that has no table of its own."""
    return own_rules(s) and not s.finance.tax_depreciation.startswith(("macrs", "immediate", "none"))


class IncomeTax(SectionPart, card="terms.tax"):
    """What the tax office takes and gives. It never changes a figure before tax."""

    tax_rules: Literal["country", "own", "none"] = given(
        "country",
        "Tax rules",
        "The usual rules of the site's country, your own below, or no tax at all.",
        when=always,
        everyday=True,
    )
    tax_rate: Fraction = given(
        estimate(0.25, GENERAL, 0.09, 0.3),
        "Income tax rate [fraction]",
        "Of the owner's company.",
        when=own_rules,
        everyday=True,
    )
    tax_depreciation: Literal[
        "straight_line",
        "double_declining",
        "sum_of_years",
        "macrs3",
        "macrs5",
        "macrs7",
        "macrs10",
        "macrs15",
        "immediate",
        "none",
    ] = given("straight_line", "Depreciation", "How the investment is written off for tax.", when=own_rules)
    tax_depreciation_years: int = given(
        estimate(10, GENERAL, 5, 20),
        "Written off over [years 1..50]",
        "For the methods without a table.",
        when=own_years,
    )
    tax_residual_fraction: Fraction = given(
        estimate(0.05, GENERAL, 0.0, 0.1),
        "Residual book value [fraction]",
        "Share of the cost that stays in the books until the sale.",
        when=own_rules,
    )
    tax_loss_carry_years: int = given(
        estimate(5, GENERAL),
        "Losses carried forward [years]",
        "More years than the term has are without limit.",
        ge=0,
        le=LONGEST_YEARS,
        after="tax_losses",
        when=own_rules,
    )
    tax_losses: Literal["carry_forward", "immediate", "lost"] = given(
        "carry_forward",
        "A loss for tax",
        "Carried forward where the project stands alone; at once where the owner has other profit to set it against.",
        when=has_tax,
    )
    tax_holiday: tuple[TaxHoliday, ...] = given(
        (), "Tax holiday", "Years with a lower rate. Needs a legal basis.", when=has_tax
    )
    tax_credit_fraction: Fraction = given(
        0.0,
        "Investment tax credit [fraction]",
        "Of the investment, with the tax of year 1; half of it lowers what is written off. After tax only.",
        when=has_tax,
    )
    tax_grant: Money = given(
        0.0,
        "Investment grant",
        "Paid with year 1; it lowers what is written off. Counted after tax only, so that no case rests on it.",
        when=has_tax,
    )
    vat_recovery_years: int = given(
        0,
        "VAT on the investment comes back in [years 0..20]",
        "Where prices are without VAT: 0 is at once, else in equal parts over these years. After tax only.",
        when=lambda s: s.finance.vat_basis == "excl",
    )


def has_loan(s: Any) -> bool:
    return s.finance.loan_share > 0


class Financing(SectionPart, card="terms.loan"):
    """The bank's part, and what the owners want. It never changes a figure of the project."""

    hurdle_rate: float = given(
        0.08,
        "Hurdle rate [fraction/year -0.5..1]",
        "The return the owners want; 6 and 8 % are common in China.",
        after="loan_dscr",
    )
    loan_share: Fraction = given(
        0.0, "Loan [fraction]", "Of the investment beyond the baseline's. Banks lend 50-75 % on storage.", everyday=True
    )
    loan_rate: float = given(
        derived(0.045, "Hint text of a public C&I storage calculator", 0.035, 0.055),
        "Loan rate [fraction/year 0..1]",
        "Nominal, paid at each year's end.",
        when=has_loan,
        everyday=True,
    )
    loan_years: int = given(
        8,
        "Loan over [years 1..50]",
        "From the drawdown to the last payment; never beyond the term.",
        when=has_loan,
        everyday=True,
    )
    loan_repayment: Literal["level", "equal_principal", "bullet", "sculpted"] = given(
        "level",
        "Repayment",
        "Equal payments, equal principal, all at the end, or in proportion to the cash of each year (the same DSCR).",
        when=has_loan,
    )
    loan_grace_years: int = given(0, "Grace [years 0..20]", "Interest only, at the beginning.", when=has_loan)
    loan_dscr: float = given(
        estimate(1.2, GENERAL, 1.2, 1.3),
        "DSCR the bank wants [1..5]",
        "Cash after tax over interest and principal, in every year.",
        when=has_loan,
    )
