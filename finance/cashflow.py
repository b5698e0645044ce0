"""Yearly cash flow of a project: before tax, after tax, and for the owner who took a loan.

Lines are signed (outlay negative) and run over years 0..N; a flow is the sum of its lines. Conventions of
`finance.metrics` hold. There are four rates of return: project before tax; project after tax, with the tax on EBIT, in
which interest plays no part; equity, with the tax really paid; and each party's under a contract (`finance.ownership`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from finance.debt import NO_LOAN, Coverage, Loan, RepaymentPlan, coverage, schedule
from finance.tax import Tax, TaxRules, book_value_left, credit_line, depreciable_cost, depreciation_line, income_tax
from sim.arrays import Floats


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


def financed(
    cash: CashFlow, rules: TaxRules, loan: Loan = NO_LOAN, vat: ArrayLike = 0.0, lengths: ArrayLike | None = None
) -> Financed:
    """Tax and loan of a project whose whole capex is depreciable and taken as paid in year 0, later stages too; `vat`
    as in `vat_on_investment`, `lengths` of the years as in `finance.debt`.

    Replacements are an expense of their year; what the books still hold is set against the sale in year N.
    """
    years = cash.capex.shape[-1] - 1
    cost = -cash.capex.sum(axis=-1)
    base = depreciable_cost(rules, cost)
    depreciation = depreciation_line(rules.depreciation, base, years)
    left = book_value_left(base, depreciation, rules.depreciation.method != "none")
    sold = left[..., None] * in_year(1.0, years, years)
    taxable_without_loan = cash.pre_tax - cash.capex - sold - depreciation
    tax_without_loan = income_tax(taxable_without_loan, rules)
    credit = credit_line(rules, cost, years)
    available = cash.pre_tax - cash.capex - tax_without_loan.tax + credit
    plan = schedule(loan, cost, years, available, lengths)
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
        tax=income_tax(taxable, rules) if loan.share else tax_without_loan,
        tax_without_loan=tax_without_loan,
    )


def vat_on_investment(cost: ArrayLike, vat_rate: float, recovery_years: int, years: int) -> Floats:
    """(..., years + 1): the VAT on the investment (...), paid in year 0 and back in equal parts over the recovery
    years, signed.

    Nothing where it comes back at once (0 years); what a short project would get back after its end comes in its last.
    """
    paid = np.asarray(cost, dtype=float) * vat_rate
    line, span = np.zeros((*paid.shape, years + 1)), min(recovery_years, years)
    if span:
        line[..., 0], line[..., 1 : span + 1] = -paid, paid[..., None] / span
    return line


def in_year(amount: float, year: int, years: int) -> Floats:
    """(years + 1,): the amount in one year, nothing in the others."""
    return np.where(np.arange(years + 1) == year, amount, 0.0)


def by_year(line: ArrayLike, per_year: int = 12) -> Floats:
    """(..., periods + 1) to (..., years + 1): the start, then the sums of each project year; the last may be a part of
    one."""
    line = np.asarray(line, dtype=float)
    starts = np.append(0, np.arange(1, line.shape[-1], per_year))
    return np.add.reduceat(line, starts, axis=-1)


def at_year_ends(yearly: Floats, periods: int, per_year: int) -> Floats:
    """(..., years + 1) to (..., periods): each year's amount in its last period."""
    line = np.zeros((*yearly.shape[:-1], periods))
    line[..., np.minimum(np.arange(yearly.shape[-1]) * per_year, periods - 1)] = yearly
    return line
