"""The part of the money chapter after tax: rates of return, cash-flow tables, loan and income tax."""

from __future__ import annotations

import numpy as np

from finance import metrics
from finance.kpis import by_period
from report import views
from report.paper.blocks import Block, Draft, Scale, heading, prose, small, table, table_scale
from report.text import financing as financing_text
from report.text import say
from study.cash_tables import Row, equity_table, loan_table, project_table, tax_table
from study.financing import returns

PERIODS_ON_A_PAGE = 16
PERIODS_UPRIGHT = 9


def after_tax(draft: Draft) -> list[Block | None]:
    """Rates of return before and after tax and of the owners, on what rules, and what covers the loan."""
    study, words = draft.study, draft.words
    heads = financing_text.view_heads(study, words)
    lines = [
        financing_text.rules_text(returns(study).rules, words),
        financing_text.loan_line(study, words),
        _coverage(draft),
        financing_text.priced_note(study, words),
    ]
    return [
        heading(financing_text.finding(study, words)),
        table(
            heads,
            financing_text.views(study, words),
            caption=words.t("financing.paper.views", baseline=draft.baseline),
            widths=[1.6, 1, 1, 1.1, 1, 1.2],
        ),
        prose(say.joined(lines, words)),
        small(words.t("financing.paper.note", inflation=say.share(study.scenario.finance.inflation, words))),
    ]


def _coverage(draft: Draft) -> str:
    study, words = draft.study, draft.words
    if returns(study).no_loan is not None:
        return ""
    sentences = (
        financing_text.coverage_finding(study, words) + words.t("financing.stop"),
        financing_text.largest_loan(returns(study), study, words),
    )
    return say.joined(sentences, words)


def cash_rows(draft: Draft) -> list[Row]:
    """The project's cash-flow table, and below it what its present value is made from."""
    study, found = draft.study, returns(draft.study)
    flows = found.monthly["before_tax"]
    factors = metrics.discount_factors(study.scenario.finance.discount_rate, flows.size, metrics.MONTHLY)
    discounted = by_period(flows * factors, study.scenario.site.term_months)
    return [
        *project_table(found),
        Row("discounted", "8", discounted, "part"),
        Row("running_discounted", "9", discounted.cumsum(), "running"),
    ]


def cash_tables(draft: Draft) -> list[Block]:
    """Project; the owners' where a loan parts it from the project; the loan; what the tax is worked out on."""
    found, words = returns(draft.study), draft.words
    rows = cash_rows(draft)
    scale = table_scale(draft, financing_text.largest(rows))
    periods, years = views.period_labels(draft.study, words), views.year_labels(draft.study, words)
    blocks = _split(draft, "project", rows, periods, scale)
    if found.no_loan is None:
        blocks += _split(draft, "equity", equity_table(found), periods, scale)
        blocks += _split(draft, "loan", loan_table(found), years, scale)
    if found.rules.rate > 0:
        blocks += _split(draft, "tax", tax_table(found), years, scale)
    return blocks


def _split(draft: Draft, name: str, rows: list[Row], labels: list[str], scale: Scale) -> list[Block]:
    """One table on pages across, at most 16 periods each; the total stands on the last."""
    caption = draft.words.t(f"financing.paper.{name}", baseline=draft.baseline, unit=scale.unit)
    blocks = []
    for first in range(0, len(labels), PERIODS_ON_A_PAGE):
        part, is_last = slice(first, first + PERIODS_ON_A_PAGE), first + PERIODS_ON_A_PAGE >= len(labels)
        head = [scale.unit, *labels[part], *([draft.words.t("answers.money.total")] if is_last else [])]
        body = [
            [
                financing_text.row_label(row, draft.words),
                *_cells(draft, row, part, scale),
                *([_sum(row, scale)] if is_last else []),
            ]
            for row in rows
        ]
        blocks.append(
            table(
                head,
                body,
                caption=caption,
                strong=[k for k, row in enumerate(rows) if row.level == "total"],
                wide=len(labels) > PERIODS_UPRIGHT,
                widths=[3.1] + [1.0] * (len(head) - 1),
            )
        )
    return blocks


def _cells(draft: Draft, row: Row, part: slice, scale: Scale) -> list[str]:
    if row.level == "ratio":
        return ["" if np.isnan(value) else draft.words.number(value, decimals=2) for value in row.values[part]]
    return [scale.text(value + 0.0) for value in row.values[part]]


def _sum(row: Row, scale: Scale) -> str:
    """Running totals and ratios have no sum."""
    return "" if row.level in ("running", "ratio") else scale.text(row.values.sum() + 0.0)
