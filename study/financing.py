"""A study as a project: its cash flow against the baseline with tax and loan, rates of return, cost of storage.

The project is what an alternative does differently from the baseline: more investment, less running cost. Tax, loan and
coverage know only money that is paid; a loss that is priced and paid by nobody counts in the decision, so its returns
stand on both bases. Tax and loan are worked out on yearly sums on the study's VAT basis; where VAT is recovered the
study should be without it on both sides. Rates of return are of monthly flows, with tax, credit, VAT return and debt
service at the end of each project year, so that the figures before tax are those of the key figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from finance import metrics
from finance.cashflow import (
    CashFlow,
    Financed,
    at_year_ends,
    by_year,
    financed,
    vat_on_investment,
)
from finance.debt import NO_LOAN, Coverage, Loan, debt_capacity, year_lengths
from finance.figures import Appraisal, appraise
from finance.kpis import by_period, served_kwh
from finance.lines import PRICED, by, keys
from finance.metrics import Figure
from finance.tax import TaxRules, tax_rules
from finance.waterfall import charging_money
from sim.arrays import Floats, sum_of
from sim.plant.battery import full_cycles
from study.study import Study, kept

NoLoan = Literal["off", "no_investment", "no_cash"]
# What is saved, by cause; every line that is neither investment, upkeep, new cells nor resale is in one of them.
CAUSES = by(
    "cause", ("saved_energy", "saved_demand", "export", "saved_fuel", "saved_sets", "saved_carbon", "saved_loss")
)
PAID_CAUSES = tuple(name for name, lines in CAUSES.items() if not set(lines) & set(PRICED))
PROJECT_LINES = {
    **CAUSES,
    "residual": keys(cause="residual"),
    "investment": keys(cause=("investment", "mobilisation")),
    **by("cause", ("operating", "replacement")),
}
VIEWS = ("before_tax", "after_tax", "equity")
STORAGE_LINES = keys(step="battery_cost")


def project_cash(study: Study, alternative: str = "hybrid", against: str | None = None) -> CashFlow:
    """What the alternative pays less than another (`against`: the baseline unless given), by year (years + 1,). Year 0
    is the start; a last part year is summed. A priced loss is not in it.

    Raises ValueError for an alternative against itself.
    """
    against = against or study.baseline
    if alternative == against:
        is_baseline = "the baseline" if against == study.baseline else "measured against itself"
        raise ValueError(f"'{alternative}' is {is_baseline}; a project needs another alternative")
    served = served_kwh(study.dispatch)[study.dispatch.row(alternative)]
    return _cash(monthly_lines(study, alternative, against), by_year(np.append(0.0, served)))


def _cash(lines: Mapping[str, Floats], energy_kwh: Floats) -> CashFlow:
    """The yearly cash flow of monthly lines (..., months + 1)."""
    yearly = {name: by_year(line) for name, line in lines.items()}
    return CashFlow(
        capex=yearly["investment"],
        savings=sum_of(yearly[name] for name in PAID_CAUSES),
        opex=yearly["operating"],
        replacement=yearly["replacement"],
        salvage=yearly["residual"],
        energy_kwh=energy_kwh,
    )


def monthly_lines(study: Study, alternative: str = "hybrid", against: str | None = None) -> dict[str, Floats]:
    """The lines of the project's cash flow by month (months + 1,), signed: savings by cause, then the rest.
    `against`: the baseline unless given."""
    own, base = study.dispatch.row(alternative), study.dispatch.row(against or study.baseline)
    return grouped({key: line[own] - line[base] for key, line in study.ledger.lines.items()})


def grouped(lines: Mapping[str, Floats]) -> dict[str, Floats]:
    """Cost lines by what they are to a project: `PROJECT_LINES`."""
    return {name: sum_of(lines[line] for line in names) for name, names in PROJECT_LINES.items()}


@dataclass(frozen=True, eq=False)
class Returns:
    """The views of one project, and how the loan is covered.

    `whole` and what follows from it (tax, coverage, largest loan) know only money that is paid. The appraisals hold a
    priced loss where the scenario counts it; `paid` has those of the same views without it.

    `project_before_tax` and `project_after_tax` know no loan; the tax of the second is on EBIT. `equity`: the owners'
    flow with the tax really paid. `no_loan`: why there is none, or None where there is one. `largest_loan`: share of
    the investment whose sculpted service the cash covers as the bank wants, None without investment. `monthly`: the
    signed lines of the cash flow (months + 1,): those of `PROJECT_LINES`, then before_tax, tax_on_ebit, credit, vat,
    after_tax, drawdown, principal, interest, tax_paid and equity.
    """

    alternative: str
    against: str
    whole: Financed
    rules: TaxRules
    loan: Loan
    no_loan: NoLoan | None
    monthly: Mapping[str, Floats]
    project_before_tax: Appraisal
    project_after_tax: Appraisal
    equity: Appraisal
    paid: Mapping[str, Appraisal]
    coverage: Coverage
    mirr: Figure
    profitability_index: Figure
    largest_loan: float | None

    @cached_property
    def lines(self) -> dict[str, Floats]:
        """The lines as tables show them (periods + 1,): by project year, or by month of a short term."""
        return {name: by_period(line, line.size - 1) for name, line in self.monthly.items()}

    @property
    def views(self) -> dict[str, Appraisal]:
        """The appraisals by name, in the order readers expect."""
        return dict(zip(VIEWS, (self.project_before_tax, self.project_after_tax, self.equity), strict=True))

    @property
    def is_priced(self) -> bool:
        """Whether a loss that nobody pays is counted in the flows."""
        return bool(self.monthly["saved_loss"].any())

    @property
    def both_bases(self) -> dict[str, Appraisal]:
        """The views, and where a priced loss is counted those of only what is paid, as <view>_paid."""
        return self.views | {f"{name}_paid": view for name, view in self.paid.items() if self.is_priced}

    def flow(self, view: str) -> Floats:
        """The monthly flow of one of `both_bases` (months + 1,)."""
        name = view.removesuffix("_paid")
        return self.monthly[name] - (self.monthly["saved_loss"] if name != view else 0.0)


@kept
def returns(study: Study) -> Returns:
    """The hybrid as a project with the scenario's tax and loan, worked out when first asked for."""
    return returns_under(study)


def returns_under(
    study: Study,
    rules: TaxRules | None = None,
    loan: Loan | None = None,
    alternative: str = "hybrid",
    against: str | None = None,
) -> Returns:
    """Appraise the project at the study's discount rate; MIRR with that rate both ways.

    Tax rules and loan are the scenario's, `against` the baseline unless given. A loan longer than the term is paid back
    by its end.
    """
    rules, against = tax_rules(study.scenario) if rules is None else rules, against or study.baseline
    cash = project_cash(study, alternative, against)
    vat = _vat(study, cash)
    lengths, unlevered = year_lengths(study.dispatch.months), financed(cash, rules, NO_LOAN, vat)
    loan, no_loan = _granted(scenario_loan(study) if loan is None else loan, unlevered)
    whole = financed(cash, rules, loan, vat, lengths) if no_loan is None else unlevered
    rate, monthly = study.scenario.finance.discount_rate, _monthly(study, whole, alternative, against)
    before_tax = monthly["before_tax"]
    views = _appraised(monthly, rate, no_loan)
    paid = {name: monthly[name] - monthly["saved_loss"] for name in VIEWS}
    return Returns(
        alternative=alternative,
        against=against,
        whole=whole,
        rules=rules,
        loan=loan,
        no_loan=no_loan,
        monthly=monthly,
        project_before_tax=views["before_tax"],
        project_after_tax=views["after_tax"],
        equity=views["equity"],
        paid=_appraised(paid, rate, no_loan) if monthly["saved_loss"].any() else views,
        coverage=whole.coverage,
        mirr=metrics.mirr(before_tax, rate, rate, metrics.MONTHLY),
        profitability_index=metrics.profitability_index(rate, before_tax, metrics.MONTHLY),
        largest_loan=_largest_loan(study, unlevered),
    )


def _appraised(flows: Mapping[str, Floats], rate: float, no_loan: NoLoan | None) -> dict[str, Appraisal]:
    """The views of monthly flows; without a loan the owners' is the project's after tax."""
    found = {name: appraise(flows[name], rate, metrics.MONTHLY) for name in VIEWS if name != "equity" or not no_loan}
    return {"equity": found["after_tax"]} | found


def after_tax(study: Study, lines: Mapping[str, Floats]) -> Floats:
    """Monthly flow (..., months + 1) of a project's `grouped` lines after tax on EBIT, as `returns_under` has it."""
    cash = _cash(lines, np.zeros(1))
    whole = financed(cash, tax_rules(study.scenario), NO_LOAN, _vat(study, cash))
    before, yearly = sum_of(lines.values()), whole.credit + whole.vat - whole.tax_without_loan.tax
    return before + at_year_ends(yearly, before.shape[-1], metrics.MONTHLY)


def has_tax(study: Study) -> bool:
    """Whether tax, or VAT that comes back later, moves any flow of the project."""
    rules, finance = tax_rules(study.scenario), study.scenario.finance
    vat = finance.vat_basis == "excl" and finance.vat_rate > 0 and finance.vat_recovery_years > 0
    return bool(rules.rate or rules.credit_fraction or rules.grant or vat)


def scenario_loan(study: Study) -> Loan:
    """The loan the scenario asks for, within the term."""
    finance, years = study.scenario.finance, -(-study.dispatch.months // 12)
    span = min(finance.loan_years, years)
    return Loan(
        finance.loan_share, finance.loan_rate, span, finance.loan_repayment, min(finance.loan_grace_years, span - 1)
    )


def _granted(loan: Loan, unlevered: Financed) -> tuple[Loan, NoLoan | None]:
    """The loan, or none with the reason: no bank lends without an investment or without cash to repay it from."""
    if loan.share == 0:
        return NO_LOAN, "off"
    if unlevered.cash.capex.sum() >= 0:
        return NO_LOAN, "no_investment"
    paying = unlevered.available[loan.grace_years + 1 : loan.years + 1]
    if loan.repayment == "sculpted" and not (paying > 0).any():
        return NO_LOAN, "no_cash"
    return loan, None


def _largest_loan(study: Study, unlevered: Financed) -> float | None:
    investment, loan = -float(unlevered.cash.capex.sum()), scenario_loan(study)
    if investment <= 0:
        return None
    wanted, lengths = study.scenario.finance.loan_dscr, year_lengths(study.dispatch.months)
    return float(debt_capacity(unlevered.available, loan.rate, wanted, loan.years, lengths)) / investment


def _vat(study: Study, cash: CashFlow) -> Floats:
    """VAT on the investment where prices are without it; nothing where they are with it, or it comes back at once."""
    finance = study.scenario.finance
    rate = finance.vat_rate if finance.vat_basis == "excl" else 0.0
    return vat_on_investment(-cash.capex.sum(axis=-1), rate, finance.vat_recovery_years, cash.capex.shape[-1] - 1)


def _monthly(study: Study, whole: Financed, alternative: str, against: str) -> dict[str, Floats]:
    """Lines by month; what is worked out by year (tax, credit, VAT, loan) comes at the year's end."""
    lines = monthly_lines(study, alternative, against)
    before, plan = sum_of(lines.values()), whole.loan
    yearly = {
        "tax_on_ebit": -whole.tax_without_loan.tax,
        "credit": whole.credit,
        "vat": whole.vat,
        "drawdown": plan.drawdown,
        "principal": -plan.principal,
        "interest": -plan.interest,
        "tax_paid": -whole.tax.tax,
    }
    placed = {name: at_year_ends(line, before.size, metrics.MONTHLY) for name, line in yearly.items()}
    given = placed["credit"] + placed["vat"]
    after = before + placed["tax_on_ebit"] + given
    equity = before + given + sum_of(placed[name] for name in ("drawdown", "principal", "interest", "tax_paid"))
    return lines | {"before_tax": before} | placed | {"after_tax": after, "equity": equity}


def real_return(figure: Figure, inflation: float) -> Figure:
    """A nominal rate of return in money of constant worth (Fisher)."""
    return figure if figure.value is None else Figure(float(metrics.real_rate(figure.value, inflation)))


@kept
def storage_costs(study: Study) -> tuple[Figure, Figure]:
    """Levelised cost per kWh the battery gives back, with and without what its charging costs."""
    return storage_cost(study), storage_cost(study, with_charging=False)


def storage_cost(study: Study, with_charging: bool = True) -> Figure:
    """Levelised cost of a kWh the battery gives back: its own lines, and what its charging costs on the bill.

    Per discharged AC kWh. Charging from PV and sets counts as free; what it displaces is in the bill.
    """
    row = study.dispatch.row("hybrid")
    cost = -sum_of(study.ledger.lines[name][row] for name in STORAGE_LINES)
    if with_charging:
        cost = cost + np.append(0.0, charging_cost(study))
    discharged = np.append(0.0, study.dispatch.monthly["discharge_kwh"][row])
    return metrics.lcoe(cost, discharged, study.scenario.finance.discount_rate, metrics.MONTHLY)


def charging_cost(study: Study) -> Floats:
    """What the battery's grid charging costs in each month (months,): each kWh at the price of its own hour."""
    return charging_money(study.scenario, study.dispatch)


def overall_efficiency(study: Study) -> Figure:
    """AC energy out of the battery over AC energy into it and its auxiliaries, over the term, at the bus."""
    monthly, row = study.dispatch.monthly, study.dispatch.row("hybrid")
    names = ("pv_charge_kwh", "grid_charge_kwh", "genset_charge_kwh", "auxiliary_kwh")
    taken, given = sum(monthly[name][row].sum() for name in names), monthly["discharge_kwh"][row].sum()
    return Figure(float(given / taken)) if taken > 0 and given > 0 else Figure(None, "no_energy")


def full_cycles_per_year(study: Study) -> tuple[float, float]:
    """Equivalent full cycles (`battery.full_cycles`) a year: the mean of the term, and those of the first year."""
    given = study.dispatch.monthly["discharge_kwh"][study.dispatch.row("hybrid")]
    by_month = full_cycles(study.scenario.storage, given)
    return float(12 * by_month.mean()), float(12 * by_month[:12].mean())
