"""Yearly cash flow of a project: before tax, after tax, and for the owner who took a loan.

Lines are signed (outlay negative) and run over years 0..N; a flow is the sum of its lines. Conventions of
`finance.metrics` hold. There are four rates of return: project before tax; project after tax, with the tax on EBIT, in
which interest plays no part; equity, with the tax really paid; and each party's under a contract (`finance.ownership`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from finance import metrics
from finance.debt import NO_LOAN, Coverage, Loan, RepaymentPlan, coverage, schedule
from finance.tax import Tax, TaxRules, book_value_left, credit_line, depreciable_cost, depreciation_line, income_tax
from sim.arrays import Floats


@dataclass(frozen=True)
class ProjectInputs:
    """What a simple project is described by. Money is nominal; rates are yearly fractions.

    years: operating years N, at most 100. capex: spent in year 0.
    savings_year1, savings_escalation, savings_degradation: year n saves
        savings_year1 (1 + escalation)^(n-1) (1 - degradation)^(n-1).
    opex_year1, opex_escalation: likewise, without degradation.
    replacements: (year, cost in today's money); the cost in year k is x (1 + replacement_escalation)^(k-1), an expense
        of that year. One that falls after year N is not bought.
    salvage_fraction: share of capex that comes back in year N.
    energy_kwh_year1: energy of year 1 for the levelised cost; falls with savings_degradation.
    """

    years: int
    capex: float
    savings_year1: float = 0.0
    savings_escalation: float = 0.0
    savings_degradation: float = 0.0
    opex_year1: float = 0.0
    opex_escalation: float = 0.0
    replacements: tuple[tuple[int, float], ...] = ()
    replacement_escalation: float = 0.0
    salvage_fraction: float = 0.0
    energy_kwh_year1: float = 0.0

    def __post_init__(self) -> None:
        _within("years", self.years, 1, metrics.LONGEST_YEARS)
        if self.years != int(self.years):
            raise ValueError(f"years is {self.years}; give a whole number")
        for name in ("savings_year1", "opex_year1"):
            _within(name, getattr(self, name), -math.inf, math.inf)
        for name in ("capex", "energy_kwh_year1"):
            _within(name, getattr(self, name), 0, math.inf)
        for name in ("savings_escalation", "opex_escalation", "replacement_escalation"):
            _within(name, getattr(self, name), -0.99, 10)
        for name in ("savings_degradation", "salvage_fraction"):
            _within(name, getattr(self, name), 0, 1)
        for year, cost in self.replacements:
            if year != int(year) or year < 1:
                raise ValueError(f"replacements names year {year}; years are whole numbers from 1")
            _within(f"the replacement cost of year {year}", cost, 0, math.inf)


@dataclass(frozen=True, eq=False)
class CashFlow:
    """Signed lines (..., N + 1) for years 0..N, and the energy of each year in kWh (year 0 is 0)."""

    capex: Floats
    savings: Floats
    opex: Floats
    replacement: Floats
    salvage: Floats
    energy_kwh: Floats

    @property
    def pre_tax(self) -> Floats:
        """Net flow before tax, without a loan."""
        return self.capex + self.savings + self.opex + self.replacement + self.salvage

    @property
    def cost(self) -> Floats:
        """Lifetime cost without the savings, as positive outlays: capex, opex, replacement less salvage."""
        return -(self.capex + self.opex + self.replacement + self.salvage)

    def lcoe(self, rate: float) -> metrics.Figure:
        """Levelised cost per kWh of one project, before tax."""
        return metrics.lcoe(self.cost, self.energy_kwh, rate)


def project(inputs: ProjectInputs) -> CashFlow:
    """The lines of a project described by year-1 figures and rates (formulas: `ProjectInputs`)."""
    n = int(inputs.years)
    kept = grown(1.0, -inputs.savings_degradation, n)
    return CashFlow(
        capex=in_year(-inputs.capex, 0, n),
        savings=grown(inputs.savings_year1, inputs.savings_escalation, n) * kept,
        opex=0.0 - grown(inputs.opex_year1, inputs.opex_escalation, n),
        replacement=0.0 - replacement_line(inputs.replacements, inputs.replacement_escalation, n),
        salvage=in_year(inputs.salvage_fraction * inputs.capex, n, n),
        energy_kwh=inputs.energy_kwh_year1 * kept,
    )


@dataclass(frozen=True, eq=False)
class Financed:
    """A project's flow with tax and loan; lines (..., N + 1). Depreciation, interest, principal and tax are positive
    amounts; the flows are signed. `tax` is what is paid (with interest), `tax_without_loan` the one on EBIT. `vat`: the
    VAT on the investment that is paid in year 0 and comes back later, signed."""

    cash: CashFlow
    depreciation: Floats
    book_value_sold: Floats
    credit: Floats
    vat: Floats
    loan: RepaymentPlan
    taxable: Floats
    taxable_without_loan: Floats
    tax: Tax
    tax_without_loan: Tax

    @property
    def after_tax(self) -> Floats:
        """Project flow after tax on EBIT, without the loan."""
        return self.cash.pre_tax - self.tax_without_loan.tax + self.credit + self.vat

    @property
    def equity(self) -> Floats:
        """What the owners put in and get out, with the loan and the tax really paid."""
        loan = self.loan.drawdown - self.loan.service
        return self.cash.pre_tax - self.tax.tax + self.credit + self.vat + loan

    @property
    def ebitda(self) -> Floats:
        """Operating result of each year: savings less opex and replacements, sale included."""
        return self.cash.pre_tax - self.cash.capex

    @property
    def available(self) -> Floats:
        """Cash of each year that can serve a loan, with the tax on EBIT."""
        return self.ebitda - self.tax_without_loan.tax + self.credit

    @property
    def coverage(self) -> Coverage:
        """DSCR and ICR of one project."""
        return coverage(self.loan, self.ebitda, self.tax.tax, self.taxable_without_loan)


def financed(cash: CashFlow, rules: TaxRules, loan: Loan = NO_LOAN, vat: ArrayLike = 0.0) -> Financed:
    """Tax and loan of a project whose whole capex is depreciable and paid in year 0; `vat` as in `vat_on_investment`.

    Replacements are an expense of their year; what the books still hold is set against the sale in year N.
    """
    years = cash.capex.shape[-1] - 1
    cost = -cash.capex[..., 0]
    base = depreciable_cost(rules, cost)
    depreciation = depreciation_line(rules.depreciation, base, years)
    left = book_value_left(base, depreciation, rules.depreciation.method != "none")
    sold = left[..., None] * in_year(1.0, years, years)
    taxable_without_loan = cash.pre_tax - cash.capex - sold - depreciation
    tax_without_loan = income_tax(taxable_without_loan, rules)
    credit = credit_line(rules, cost, years)
    available = cash.pre_tax - cash.capex - tax_without_loan.tax + credit
    plan = schedule(loan, cost, years, available)
    taxable = taxable_without_loan - plan.interest
    return Financed(
        cash=cash,
        depreciation=depreciation,
        book_value_sold=sold,
        credit=credit,
        vat=cash.pre_tax * 0.0 + np.asarray(vat),
        loan=plan,
        taxable=taxable,
        taxable_without_loan=taxable_without_loan,
        tax=income_tax(taxable, rules),
        tax_without_loan=tax_without_loan,
    )


def vat_on_investment(cost: float, vat_rate: float, recovery_years: int, years: int) -> Floats:
    """(years + 1,): the VAT on the investment, paid in year 0 and back in equal parts over the recovery years, signed.

    Nothing where it comes back at once (0 years); what a short project would get back after its end comes in its last.
    """
    paid, line = cost * vat_rate, np.zeros(years + 1)
    span = min(recovery_years, years)
    if span:
        line[0], line[1 : span + 1] = -paid, paid / span
    return line


def grown(year1: float, rate: float, years: int) -> Floats:
    """(years + 1,): nothing in year 0, then year1 (1 + rate)^(n-1)."""
    return np.append(0.0, year1 * (1.0 + rate) ** np.arange(years))


def in_year(amount: float, year: int, years: int) -> Floats:
    """(years + 1,): the amount in one year, nothing in the others."""
    return np.where(np.arange(years + 1) == year, amount, 0.0)


def replacement_line(replacements: tuple[tuple[int, float], ...], escalation: float, years: int) -> Floats:
    """(years + 1,) cost of replacements given in today's money, in the money of their year; two in a year add up."""
    costs = (in_year(cost * (1.0 + escalation) ** (year - 1), year, years) for year, cost in replacements)
    return sum(costs, start=np.zeros(years + 1))


def by_year(line: ArrayLike, per_year: int = 12) -> Floats:
    """(periods + 1,) to (years + 1,): the start, then the sums of each project year; the last may be a part of one."""
    line = np.asarray(line, dtype=float)
    starts = np.arange(1, line.size, per_year)
    return np.append(line[0], np.add.reduceat(line, starts)) if starts.size else line[:1]


def at_year_ends(yearly: Floats, periods: int, per_year: int) -> Floats:
    """(years + 1,) to (periods,): each year's amount in its last period."""
    line = np.zeros(periods)
    line[np.minimum(np.arange(yearly.size) * per_year, periods - 1)] = yearly
    return line


def _within(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        bounds = "a finite number" if low == -math.inf else f"a number from {low}" + _to(high)
        raise ValueError(f"{name} is {value}; give {bounds}")


def _to(high: float) -> str:
    return "" if high == math.inf else f" to {high}"
