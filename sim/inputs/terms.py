"""Inputs of growing prices, income tax and the loan: parts of section `finance`. `sim/` never reads them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sim.inputs.base import Closed
from sim.inputs.field import Fraction, Money, given
from sim.problem import Refusal

Component = Literal["energy", "demand", "fuel", "om", "carbon"]
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
            raise Refusal("the shock ends in year {last}, before it begins in year {first}; swap the two years",
                          first=self.first_year, last=self.last_year)  # fmt: skip
        return self


class TaxHoliday(Closed):
    """The income tax rate times this factor in some project years; 0 is free of tax, 0.5 is half the rate."""

    first_year: int = Field(ge=1, le=LONGEST_YEARS)
    last_year: int = Field(ge=1, le=LONGEST_YEARS)
    factor: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _years_in_order(self) -> TaxHoliday:
        if self.last_year < self.first_year:
            raise Refusal("the tax holiday ends in year {last}, before it begins in year {first}; swap the two years",
                          first=self.first_year, last=self.last_year)  # fmt: skip
        return self


class PricePaths(Closed):
    """How prices move beyond one rate each."""

    demand_escalation: float | None = given(
        None, "Demand charge escalation", "fraction/year",
        "Nominal, of demand, capacity and fixed charges. As the grid price where none is given.", ge=-0.5, le=0.5,
    )  # fmt: skip
    carbon_escalation: float = given(0.0, "Carbon price escalation", "fraction/year", "Nominal.", ge=-0.5, le=0.5)
    inflation: float = given(
        0.02, "Inflation", "fraction/year", "Only for rates of return in money of constant worth.", low=0.0, high=0.04,
        source="general knowledge", confidence="unverified", ge=-0.2, le=0.5,
    )  # fmt: skip
    price_points: tuple[PricePoint, ...] = given(
        (), "Own price paths", "",
        "Factor on today's price by project year and component; in a line between two given years, at the yearly rate "
        "after the last.",
    )  # fmt: skip
    price_shocks: tuple[PriceShock, ...] = given(
        (), "Price shocks", "", "A factor on top of the path in some project years."
    )

    @model_validator(mode="after")
    def _points_differ(self) -> PricePaths:
        seen = [(point.component, point.year) for point in self.price_points]
        twice = next((key for key in seen if seen.count(key) > 1), None)
        if twice:
            raise Refusal("the price path of '{component}' names year {year} twice; keep one",
                          component=twice[0], year=twice[1])  # fmt: skip
        return self


class IncomeTax(Closed):
    """What the tax office takes and gives. It never changes a figure before tax."""

    tax_rules: Literal["country", "own", "none"] = given(
        "country", "Tax rules", "", "The usual rules of the site's country, your own below, or no tax at all."
    )
    tax_rate: Fraction = given(
        0.25, "Income tax rate", "fraction", "Of the owner's company.", source="general knowledge",
        confidence="unverified", low=0.09, high=0.3,
    )  # fmt: skip
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
    ] = given("straight_line", "Depreciation", "", "How the investment is written off for tax.")
    tax_depreciation_years: int = given(
        10, "Written off over", "years", "For the methods without a table.", ge=1, le=50, low=5, high=20,
        source="general knowledge", confidence="unverified",
    )  # fmt: skip
    tax_residual_fraction: Fraction = given(
        0.05, "Residual book value", "fraction", "Share of the cost that stays in the books until the sale.",
        source="general knowledge", confidence="unverified", low=0.0, high=0.1,
    )  # fmt: skip
    tax_loss_carry_years: int = given(
        5, "Losses carried forward", "years", "More years than the term has are without limit.", ge=0,
        le=LONGEST_YEARS, source="general knowledge", confidence="unverified",
    )  # fmt: skip
    tax_losses: Literal["carry_forward", "immediate", "lost"] = given(
        "carry_forward", "A loss for tax", "",
        "Carried forward where the project stands alone; at once where the owner has other profit to set it against.",
    )  # fmt: skip
    tax_holiday: tuple[TaxHoliday, ...] = given((), "Tax holiday", "", "Years with a lower rate. Needs a legal basis.")
    tax_credit_fraction: Fraction = given(
        0.0, "Investment tax credit", "fraction",
        "Of the investment, with the tax of year 1; half of it lowers what is written off. After tax only.",
    )  # fmt: skip
    tax_grant: Money = given(
        0.0, "Investment grant", "",
        "Paid with year 1; it lowers what is written off. Counted after tax only, so that no case rests on it.",
    )  # fmt: skip
    vat_recovery_years: int = given(
        0, "VAT on the investment comes back in", "years",
        "Where prices are without VAT: 0 is at once, else in equal parts over these years. After tax only.", ge=0,
        le=20,
    )  # fmt: skip


class Financing(Closed):
    """The bank's part, and what the owners want. It never changes a figure of the project."""

    hurdle_rate: float = given(
        0.08, "Hurdle rate", "fraction/year", "The return the owners want; 6 and 8 % are common in China.", ge=-0.5,
        le=1,
    )  # fmt: skip
    loan_share: Fraction = given(
        0.0, "Loan", "fraction", "Of the investment beyond the baseline's. Banks lend 50-75 % on storage."
    )
    loan_rate: float = given(
        0.045, "Loan rate", "fraction/year", "Nominal, paid at each year's end.", ge=0, le=1, low=0.035, high=0.055,
        source="Hint text of a public C&I storage calculator", confidence="derived",
    )  # fmt: skip
    loan_years: int = given(
        8, "Loan over", "years", "From the drawdown to the last payment; never beyond the term.", ge=1, le=50
    )
    loan_repayment: Literal["level", "equal_principal", "bullet", "sculpted"] = given(
        "level", "Repayment", "",
        "Equal payments, equal principal, all at the end, or in proportion to the cash of each year (the same DSCR).",
    )  # fmt: skip
    loan_grace_years: int = given(0, "Grace", "years", "Interest only, at the beginning.", ge=0, le=20)
    loan_dscr: float = given(
        1.2, "DSCR the bank wants", "", "Cash after tax over interest and principal, in every year.", ge=1, le=5,
        low=1.2, high=1.3, source="general knowledge", confidence="unverified",
    )  # fmt: skip
