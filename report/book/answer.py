"""The answer on the summary sheet: who costs least, the rival and the margin as formulas, and what would turn it."""

from __future__ import annotations

from typing import Any

from finance.figures import figures_on
from report.book.cells import Book, baseline_of, cell, heads, number, put, span, text
from report.book.finance import finance_cell
from report.book.flows import KPI_FIRST_ROW
from report.text import levers, say
from sim.dispatch.result import ALTERNATIVES
from study.decision import RIVALS, decision
from study.financing import returns

COST_ROW = KPI_FIRST_ROW + [figure.key for figure in figures_on("book")].index("present_cost")


def answer_rows(book: Book, sheet: Any, row: int) -> int:
    """Write the answer from a row on; the first free row below it. The ranking and the margin before tax follow the
    yellow cells; which alternatives serve the load, tax and turning points are the study's."""
    found, words = decision(book.study), book.words
    text(book, sheet, row, 0, book.t("answer.title"), "section")
    rivals = [name for name in RIVALS if found.serves[name]] or list(RIVALS)
    serving = [name for name in (*rivals, "hybrid") if found.serves[name]] or list(ALTERNATIVES)
    cost = found.present_cost
    least = min(serving, key=lambda name: cost[name])
    rival, taxed = min(rivals, key=lambda name: cost[name]), "_before_tax" if found.is_after_tax else ""
    rows: list[tuple[str, str, float | str, str]] = [
        (f"least{taxed}", _name_of(serving), say.name(least, words, first=True), "plain"),
        (f"rival{taxed}", _name_of(rivals), say.name(rival, words, first=True), "plain"),
        ("margin", f"={_least(rivals)}-{_cost('hybrid')}", cost[rival] - cost["hybrid"], "money"),
    ]
    rows += [*_saving(book), *_bank(book)]
    for k, (key, formula, value, style) in enumerate(rows, start=row + 1):
        text(book, sheet, k, 0, book.t(f"answer.{key}"))
        put(book, sheet, k, 1, formula, value, style)
    row += 1 + len(rows)
    if found.is_after_tax:
        text(book, sheet, row, 0, book.t("answer.after_tax"))
        number(book, sheet, row, 1, found.margin, "money")
        text(book, sheet, row, 2, book.t("answer.after_tax_note", rival=say.name(found.rival, words)), "note")
        row += 1
    return _turning(book, sheet, row + 1)


def _saving(book: Book) -> list[tuple[str, str, float | str, str]]:
    """What the hybrid saves against the chosen baseline over the term, undiscounted: money, and share."""
    row = KPI_FIRST_ROW + [figure.key for figure in figures_on("book")].index("total_cost")
    costs = [cell(row, 1 + k, "rc") for k in range(len(ALTERNATIVES))]
    base, own = baseline_of(costs), costs[ALTERNATIVES.index("hybrid")]
    cost, saving = book.study.kpis[book.study.baseline].total_cost, book.study.savings["hybrid"]
    share = saving.fraction if cost > 0 and saving.fraction is not None else 0.0
    return [
        ("saving", f"={base}-{own}", saving.total, "money"),
        ("saving_share", f"=IF({base}>0,({own}-{base})/{base},0)", -share, "percent"),
    ]


def _bank(book: Book) -> list[tuple[str, str, float | str, str]]:
    """Whether the project after tax earns the hurdle rate, and the least cover of the loan."""
    found, hurdle = returns(book.study), book.study.scenario.finance.hurdle_rate
    irr, cover = finance_cell(book, "after_tax", "irr"), found.coverage.least_dscr.value
    value = found.views["after_tax"].irr.value
    yes, no, none = (book.t(f"answer.hurdle_{key}") for key in ("met", "missed", "none"))
    verdict = none if value is None else yes if value >= hurdle else no
    formula = f'=IF(ISNUMBER({irr}),IF({irr}>=in_finance_hurdle_rate,"{yes}","{no}"),"{none}")'
    least = book.words.t("financing.none") if cover is None else cover
    return [("hurdle", formula, verdict, "plain"), ("dscr", "=fin_least_dscr", least, "years")]


def _turning(book: Book, sheet: Any, row: int) -> int:
    table, words = levers.turning_table(book.study, book.words), book.words
    if not table:
        return row
    heads(book, sheet, row, [words.t(f"proposal.decision.flips_{name}") for name in levers.TURNING_COLUMNS])
    text(book, sheet, row, len(levers.TURNING_COLUMNS), book.t("answer.turning_note"), "note")
    for k, shown in enumerate(table, start=row + 1):
        for column, value in enumerate(shown):
            text(book, sheet, k, column, value)
    return row + 2 + len(table)


def _cost(name: str) -> str:
    return cell(COST_ROW, 1 + ALTERNATIVES.index(name), "rc")


def _least(names: list[str]) -> str:
    return f"MIN({','.join(map(_cost, names))})"


def _name_of(names: list[str]) -> str:
    """The heading of the one of these alternatives whose present cost is least."""
    first, last = 1, len(ALTERNATIVES)
    headings, costs = span(KPI_FIRST_ROW - 1, first, last, "rc"), span(COST_ROW, first, last, "rc")
    return f"=INDEX({headings},MATCH({_least(names)},{costs},0))"
