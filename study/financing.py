"""A study as a project: its cash flow against the baseline with tax and loan, four rates of return, cost of storage.

The project is what the alternative does differently from the baseline: more investment, less running cost. Lines are
yearly sums on the study's VAT basis; where VAT is recovered the study should be without it on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finance import metrics
from finance.cashflow import Appraisal, CashFlow, Financed, appraise, financed
from finance.debt import NO_LOAN, Coverage, Loan
from finance.explain import charging_money
from finance.kpis import served_kwh
from finance.ledger import CAPEX_LINES
from finance.metrics import Figure
from finance.tax import TaxRules
from study.compare import Study

Floats = NDArray[np.float64]
CAPITAL = (*CAPEX_LINES, "genset_mobilisation")
UPKEEP = ("pv_om", "storage_om", "storage_rent")
RESALE = ("pv_residual", "storage_residual", "genset_residual")


def project_cash(study: Study, alternative: str = "hybrid") -> CashFlow:
    """The alternative less the baseline, by year (years + 1,). Year 0 is the start; a last part year counts whole.

    savings: everything that is neither investment, upkeep of PV and battery, new cells, nor resale. Raises ValueError
    for the baseline itself.
    """
    if alternative == study.baseline:
        raise ValueError(f"'{alternative}' is the baseline; a project needs another alternative")
    own, base = study.dispatch.row(alternative), study.dispatch.row(study.baseline)
    lines = {name: by_year(line[own] - line[base]) for name, line in study.ledger.lines.items()}
    known = (*CAPITAL, *UPKEEP, "storage_replacement", *RESALE)

    def total(names: tuple[str, ...]) -> Floats:
        return np.sum([lines[name] for name in names], axis=0)

    energy = by_year(np.append(0.0, served_kwh(study.dispatch)[own]))
    return CashFlow(
        capex=total(CAPITAL),
        savings=total(tuple(name for name in lines if name not in known)),
        opex=total(UPKEEP),
        replacement=lines["storage_replacement"],
        salvage=total(RESALE),
        energy_kwh=energy,
    )


def by_year(monthly: Floats) -> Floats:
    """(months + 1,) to (years + 1,): the start, then the sums of each project year; the last may be a part of one."""
    starts = np.arange(1, monthly.size, 12)
    return np.append(monthly[0], np.add.reduceat(monthly, starts)) if starts.size else monthly[:1]


@dataclass(frozen=True, eq=False)
class Returns:
    """The four views of one project, and how the loan is covered. `project_before_tax` and `project_after_tax` know no
    loan; the tax of the second is on EBIT. `equity`: the owners' flow with the tax really paid."""

    whole: Financed
    project_before_tax: Appraisal
    project_after_tax: Appraisal
    equity: Appraisal
    coverage: Coverage
    mirr: Figure
    profitability_index: Figure


def returns(study: Study, rules: TaxRules | None = None, loan: Loan = NO_LOAN, alternative: str = "hybrid") -> Returns:
    """Appraise the project at the study's discount rate; MIRR with that rate both ways."""
    rate = study.scenario.finance.discount_rate
    whole = financed(project_cash(study, alternative), rules or TaxRules(), loan)
    before = whole.cash.pre_tax
    return Returns(
        whole=whole,
        project_before_tax=appraise(before, rate),
        project_after_tax=appraise(whole.after_tax, rate),
        equity=appraise(whole.equity, rate),
        coverage=whole.coverage,
        mirr=metrics.mirr(before, rate, rate),
        profitability_index=metrics.profitability_index(rate, before),
    )


def storage_cost(study: Study, with_charging: bool = True) -> Figure:
    """Levelised cost of a kWh the battery gives back: its own lines, and what its charging costs on the bill.

    Per discharged AC kWh. Charging from PV and sets counts as free; what it displaces is in the bill.
    """
    row = study.dispatch.row("hybrid")
    names = ("storage_capex", "storage_rent", "storage_om", "storage_replacement", "storage_residual", "ems")
    cost = -by_year(np.sum([study.ledger.lines[name][row] for name in names], axis=0))
    if with_charging:
        cost = cost + by_year(np.append(0.0, charging_cost(study)))
    discharged = by_year(np.append(0.0, study.dispatch.monthly["discharge_kwh"][row]))
    return metrics.lcoe(cost, discharged, study.scenario.finance.discount_rate)


def charging_cost(study: Study) -> Floats:
    """What the battery's grid charging costs in each month (months,): each kWh at the price of its own hour."""
    return charging_money(study.scenario, study.dispatch)


def lines_of(returns_: Returns) -> Mapping[str, Floats]:
    """The lines of the project cash-flow table (项目投资现金流量表) and the equity one, in their usual order."""
    whole = returns_.whole
    return {
        "capex": whole.cash.capex,
        "savings": whole.cash.savings,
        "opex": whole.cash.opex,
        "replacement": whole.cash.replacement,
        "salvage": whole.cash.salvage,
        "before_tax": whole.cash.pre_tax,
        "tax_on_ebit": -whole.tax_without_loan.tax,
        "credit": whole.credit,
        "after_tax": whole.after_tax,
        "drawdown": whole.loan.drawdown,
        "principal": -whole.loan.principal,
        "interest": -whole.loan.interest,
        "tax_paid": -whole.tax.tax,
        "equity": whole.equity,
    }
