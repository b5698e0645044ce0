"""The cash-flow tables a financial reader checks, in their usual line order: project, equity, loan, income tax.

The project's is the 项目投资现金流量表, the owners' the 项目资本金现金流量表, the loan's the 还本付息计划表. Outflows
are positive in their own rows and subtracted in the sums, as these tables have it. The first two run over the study's
periods, loan and tax over project years, position 0 being the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim.arrays import Floats, sum_of
from study.financing import CAUSES, Returns

Level = Literal["total", "part", "running", "ratio"]

SMALLEST = 2e-4


@dataclass(frozen=True, eq=False)
class Row:
    """One line: `key` of its label, its `number` in the table, values (periods + 1,). A running total or a ratio has no
    sum; a ratio may be NaN where it does not exist."""

    key: str
    number: str
    values: Floats
    level: Level


def project_table(found: Returns) -> list[Row]:
    """Cash in, cash out, net before tax, tax on EBIT, net after tax, with running totals. Knows no loan."""
    lines = found.lines
    costs = {name: -lines[name] for name in ("investment", "operating", "replacement")}
    taken = {"tax_on_ebit": -lines["tax_on_ebit"], **{name: -values for name, values in _tax_extras(found).items()}}
    return [
        *_group("in", 1, _gains(found)),
        *_group("out", 2, costs),
        Row("before_tax", "3", lines["before_tax"], "total"),
        Row("running", "4", lines["before_tax"].cumsum(), "running"),
        *(Row(key, f"5.{k}" if len(taken) > 1 else "5", values, "part") for k, (key, values) in _numbered(taken)),
        Row("after_tax", "6", lines["after_tax"], "total"),
        Row("running", "7", lines["after_tax"].cumsum(), "running"),
    ]


def equity_table(found: Returns) -> list[Row]:
    """The owners' view: own capital, debt service and the tax really paid."""
    lines = found.lines
    costs = {
        "own_capital": -lines["investment"] - lines["drawdown"],
        **{name: -lines[name] for name in ("principal", "interest", "operating", "replacement", "tax_paid")},
    }
    return [
        *_group("in", 1, {**_gains(found), **_tax_extras(found)}),
        *_group("out", 2, costs),
        Row("equity", "3", lines["equity"], "total"),
        Row("running", "4", lines["equity"].cumsum(), "running"),
    ]


def loan_table(found: Returns) -> list[Row]:
    """The repayment plan with what covers it; empty without a loan."""
    if found.no_loan is not None:
        return []
    plan, cover = found.whole.loan, found.coverage
    amounts = {
        "opening": plan.opening,
        "drawdown": plan.drawdown,
        "principal": plan.principal,
        "interest": plan.interest,
        "closing": plan.closing,
    }
    rows = [
        Row(key, str(k), values, "running" if key in ("opening", "closing") else "part")
        for k, (key, values) in enumerate(amounts.items(), start=1)
    ]
    return [*rows, Row("dscr", "6", cover.dscr, "ratio"), Row("icr", "7", cover.icr, "ratio")]


def tax_table(found: Returns) -> list[Row]:
    """From the operating result, which is of money that is paid, to the tax: depreciation, book value sold, interest,
    losses."""
    whole = found.whole
    amounts = {
        "ebitda": whole.ebitda,
        "depreciation": whole.depreciation,
        "book_value_sold": whole.book_value_sold,
        "ebit": whole.taxable_without_loan,
        "interest": whole.loan.interest,
        "taxable": whole.taxable,
        "loss_left": whole.tax.loss_left,
        "loss_lapsed": whole.tax.loss_lapsed,
        "tax_paid": whole.tax.tax,
    }
    kept = {key: v for key, v in amounts.items() if key in ("ebitda", "ebit", "taxable", "tax_paid") or v.any()}
    strong = ("ebit", "taxable", "tax_paid")
    return [
        Row(key, str(k), values, "total" if key in strong else "running" if key == "loss_left" else "part")
        for k, (key, values) in enumerate(kept.items(), start=1)
    ]


def _gains(found: Returns) -> dict[str, Floats]:
    return {name: found.lines[name] for name in (*CAUSES, "residual")}


def _tax_extras(found: Returns) -> dict[str, Floats]:
    """What the tax office gives: credit and grant, VAT on the investment. Signed; nothing where there is none."""
    return {name: found.lines[name] for name in ("credit", "vat") if found.lines[name].any()}


def _group(key: str, number: int, parts: Mapping[str, Floats]) -> list[Row]:
    """A total with its parts worth a row; what is left out is too small to be seen beside the greatest."""
    least = SMALLEST * max(np.abs(values).max() for values in parts.values())
    shown = _numbered({name: values for name, values in parts.items() if np.abs(values).max() > least})
    rows = [Row(name, f"{number}.{k}", values, "part") for k, (name, values) in shown]
    return [Row(key, str(number), sum_of(parts.values()), "total"), *rows]


def _numbered(parts: Mapping[str, Floats]):
    return list(enumerate(parts.items(), start=1))
