"""Corporate income tax on a project: depreciation, losses, tax holidays, credits, and VAT with its recovery.

Lines run over years 0..N along the last axis, are nominal, and come at the year's end; any leading axes are lanes.
Here depreciation, tax and VAT are positive amounts; the cash flow subtracts them. Income tax is on income before tax
(`taxable`): an unlevered project flow takes it on EBIT (China: 调整所得税), an equity flow after interest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats
from sim.inputs import library
from sim.inputs.scenario import Scenario

LossRule = Literal["immediate", "carry_forward", "lost"]

# US modified accelerated cost recovery, half-year convention: IRS Publication 946, table A-1.
MACRS = {
    "macrs3": (0.3333, 0.4445, 0.1481, 0.0741),
    "macrs5": (0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576),
    "macrs7": (0.1429, 0.2449, 0.1749, 0.1249, 0.0893, 0.0892, 0.0893, 0.0446),
    "macrs10": (0.10, 0.18, 0.144, 0.1152, 0.0922, 0.0737, 0.0655, 0.0655, 0.0656, 0.0655, 0.0328),
    "macrs15": (
        *(0.05, 0.095, 0.0855, 0.077, 0.0693, 0.0623, 0.059, 0.059),
        *(0.0591, 0.059, 0.0591, 0.059, 0.0591, 0.059, 0.0591, 0.0295),
    ),
}
METHODS = ("none", "straight_line", "double_declining", "sum_of_years", "immediate", *MACRS)


@dataclass(frozen=True)
class Depreciation:
    """How an asset is written off. `years` and `residual_fraction` are for the methods without a table.

    residual_fraction: share of the cost that is never written off and stands in the books until the sale.
    """

    method: str = "straight_line"
    years: int = 10
    residual_fraction: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"depreciation method '{self.method}' is not known; use one of: {', '.join(METHODS)}")
        if self.years < 1 or self.years != int(self.years):
            raise ValueError(f"depreciation years is {self.years}; give a whole number from 1")
        _fraction("residual_fraction", self.residual_fraction)

    def shares(self) -> Floats:
        """Share of the cost written off in each year of the asset's life (from its first)."""
        if self.method == "none":
            return np.zeros(0)
        if self.method == "immediate":
            return np.array([1.0 - self.residual_fraction])
        if self.method in MACRS:
            return np.array(MACRS[self.method])
        return _spread_shares(self.method, int(self.years), self.residual_fraction)


@dataclass(frozen=True)
class TaxRules:
    """What a country's tax office wants. Defaults tax nothing.

    rate: income tax rate. rate_factors: factors on the rate in years 1, 2, ... (a holiday of three years and three at
    half rate is 0, 0, 0, 0.5, 0.5, 0.5), 1 after them.
    loss_rule: "immediate", a negative tax is money in at once (the owner has other profit); "carry_forward", losses
    offset later profits, oldest first, within `loss_carry_years` (None = without limit); "lost", neither.
    credit_fraction: investment tax credit, share of the depreciable cost paid back with the tax of year 1 (as money:
    whoever cannot use it sells it). basis_reduction: share of the credit by which the depreciable cost falls
    (US: 0.5, Internal Revenue Code section 50(c)(3)). grant: money in with year 1, all of it off the depreciable cost.
    """

    rate: float = 0.0
    depreciation: Depreciation = field(default_factory=lambda: Depreciation("none"))
    loss_rule: LossRule = "immediate"
    loss_carry_years: int | None = None
    rate_factors: tuple[float, ...] = ()
    credit_fraction: float = 0.0
    basis_reduction: float = 0.5
    grant: float = 0.0

    def __post_init__(self) -> None:
        for name in ("rate", "credit_fraction", "basis_reduction"):
            _fraction(name, getattr(self, name))
        if self.loss_rule not in ("immediate", "carry_forward", "lost"):
            raise ValueError(f"loss_rule is '{self.loss_rule}'; use immediate, carry_forward or lost")
        if self.loss_carry_years is not None and self.loss_carry_years < 0:
            raise ValueError(
                f"loss_carry_years is {self.loss_carry_years}; use 0 or more, or leave it out for no limit"
            )
        for factor in self.rate_factors:
            _fraction("rate_factors", factor)

    def rates(self, years: int) -> Floats:
        """Tax rate of each year (years + 1,); year 0 carries the full rate."""
        factors = np.ones(years + 1)
        given = np.array(self.rate_factors[:years], dtype=float)
        factors[1 : given.size + 1] = given
        return self.rate * factors


# Years 1-3 free, 4-6 half: an energy service company with a shared-saving contract, on proof (财税〔2010〕110号).
THREE_FREE_THREE_HALF = (0.0, 0.0, 0.0, 0.5, 0.5, 0.5)


def country_rules(code: str) -> TaxRules:
    """The statutory rate, usual write-off and loss rule of a country of `markets.yaml` (`library.country_record` has
    the sources).

    Losses are carried forward: a project of its own has no other profit. Raises KeyError for an unknown country.
    """
    rate = library.country_record(code, "corporate_income_tax_rate").value
    years = library.country_record(code, "tax_loss_carry_forward_years").value
    raw = library.country(code)["depreciation"]
    method = f"macrs{raw['years']}" if raw["method"] == "macrs" else raw["method"]
    written_off = Depreciation(method, int(raw["years"]), float(raw["salvage_fraction"]))
    return TaxRules(rate, written_off, "carry_forward", years)


def tax_rules(scenario: Scenario) -> TaxRules:
    """The rules a scenario is taxed by. A country that the data do not have taxes nothing."""
    finance, country = scenario.finance, scenario.site.country
    if finance.tax_rules == "none":
        return TaxRules()
    known = country_rules(country) if country in library.countries() else TaxRules()
    found = known if finance.tax_rules == "country" else _own_rules(scenario)
    return replace(
        found,
        loss_rule=finance.tax_losses,
        rate_factors=_holiday_factors(scenario),
        credit_fraction=finance.tax_credit_fraction,
        grant=finance.tax_grant,
    )


def _own_rules(scenario: Scenario) -> TaxRules:
    finance = scenario.finance
    written_off = Depreciation(finance.tax_depreciation, finance.tax_depreciation_years, finance.tax_residual_fraction)
    return TaxRules(finance.tax_rate, written_off, loss_carry_years=finance.tax_loss_carry_years)


def _holiday_factors(scenario: Scenario) -> tuple[float, ...]:
    """Factors on the rate of years 1, 2, ...; where two holidays meet, the later row counts."""
    rows = scenario.finance.tax_holiday
    factors = [1.0] * max((row.last_year for row in rows), default=0)
    for row in rows:
        factors[row.first_year - 1 : row.last_year] = [row.factor] * (row.last_year - row.first_year + 1)
    return tuple(factors)


def depreciation_line(rules: Depreciation, cost: ArrayLike, years: int, in_service_year: int = 1) -> Floats:
    """(..., years + 1) written off in each project year for assets of `cost` (...) in use from `in_service_year` on.

    What falls after year N stays in the books: `book_value_left`.
    """
    shares = np.zeros(years + 1)
    part = rules.shares()[: max(0, years + 1 - in_service_year)]
    shares[in_service_year : in_service_year + part.size] = part
    return np.asarray(cost, dtype=float)[..., None] * shares


def book_value_left(cost: ArrayLike, depreciation: Floats, written_off: bool = True) -> Floats:
    """(...,) cost not yet written off at the end; 0 where nothing is depreciated at all (`written_off` False)."""
    left = np.asarray(cost, dtype=float) - depreciation.sum(axis=-1)
    return left if written_off else np.zeros_like(left)


@dataclass(frozen=True, eq=False)
class Tax:
    """Tax of each year (..., N + 1), negative where money comes in; `loss_left` (..., N + 1) losses not used yet at
    the year's end, `loss_lapsed` what became too old in the year."""

    tax: Floats
    loss_left: Floats
    loss_lapsed: Floats


def income_tax(taxable: ArrayLike, rules: TaxRules) -> Tax:
    """Tax on the taxable income of years 0..N (..., N + 1) by the rules' rate and loss rule."""
    taxable = np.asarray(taxable, dtype=float)
    rates, nothing = rules.rates(taxable.shape[-1] - 1), np.zeros_like(taxable)
    if rules.loss_rule == "immediate":
        return Tax(taxable * rates, nothing, nothing)
    if rules.loss_rule == "lost":
        return Tax(np.maximum(taxable, 0.0) * rates, nothing, nothing)
    return _carried_forward(taxable, rates, rules.loss_carry_years)


def _carried_forward(taxable: Floats, rates: Floats, carry_years: int | None) -> Tax:
    """Losses offset later profits, the oldest first; one of year k may be used up to and including year k + carry."""
    span = taxable.shape[-1]
    losses = np.maximum(-taxable, 0.0)
    tax, left, lapsed = (np.zeros_like(taxable) for _ in range(3))
    for year in range(span):
        profit = np.maximum(taxable[..., year], 0.0)
        oldest = 0 if carry_years is None else max(0, year - carry_years)
        for origin in range(oldest, year):
            used = np.minimum(losses[..., origin], profit)
            losses[..., origin] = losses[..., origin] - used
            profit = profit - used
        tax[..., year] = profit * rates[year]
        if carry_years is not None and year >= carry_years:
            lapsed[..., year] = losses[..., year - carry_years]
            losses[..., year - carry_years] = 0.0
        left[..., year] = losses[..., : year + 1].sum(axis=-1)
    return Tax(tax, left, lapsed)


def credit_line(rules: TaxRules, cost: ArrayLike, years: int) -> Floats:
    """(..., years + 1): the investment tax credit and the grant, as money in with year 1."""
    line = np.zeros(years + 1)
    line[min(1, years)] = 1.0
    return (np.asarray(cost, dtype=float) * rules.credit_fraction + rules.grant)[..., None] * line


def depreciable_cost(rules: TaxRules, cost: ArrayLike) -> Floats:
    """Cost less the grant and the reduction that comes with an investment tax credit; never below 0 by them."""
    cost = np.asarray(cost, dtype=float)
    return np.maximum(cost * (1.0 - rules.credit_fraction * rules.basis_reduction) - rules.grant, np.minimum(cost, 0.0))


def _spread_shares(method: str, years: int, residual: float) -> Floats:
    if method == "straight_line":
        return np.full(years, (1.0 - residual) / years)
    if method == "sum_of_years":
        return (1.0 - residual) * np.arange(years, 0, -1, dtype=float) / (years * (years + 1) / 2)
    shares, book = np.zeros(years), 1.0
    for year in range(years):
        level = (book - residual) / (years - year)  # straight line over what is left, once that is more
        shares[year] = min(max(2.0 / years * book, level), book - residual)
        book -= shares[year]
    return shares


def _fraction(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; give a fraction from 0 to 1")
