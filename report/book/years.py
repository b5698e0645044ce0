"""The cash flow by project year: sums of the sheet of months, for reading. What is discounted stands there."""

from __future__ import annotations

from typing import Any

import numpy as np

from finance.cashflow import by_year
from finance.kpis import shows_years
from finance.lines import LINES
from report.book.cells import Book, cell, heads, put, span, text
from report.book.flows import (
    DIFFERENCE,
    ENERGY,
    PAID,
    RUNNING,
    TOTAL,
    block,
    flow_span,
    flow_values,
    in_year,
    last_column,
)
from report.book.flows import START as FLOW_START
from report.text import say
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES

FIRST_ROW, LABEL, SUM, START = 3, 0, 1, 2
BELOW = {"total": TOTAL, "paid": PAID, "energy": ENERGY, "difference": DIFFERENCE}


def shown_flow(book: Book, row: int) -> tuple[str, str, str]:
    """Labels, difference to the baseline and its running total of an alternative, as its chart has them: by project
    year where there is such a sheet, else by month."""
    if not shows_years(book.study.scenario.site.term_months):
        label = book.ref("flows", span(block(row) - 1, FLOW_START, last_column(book), "rc"))
        return label, flow_span(book, row, DIFFERENCE), flow_span(book, row, RUNNING)
    top, last = _top(row), START + book.study.dispatch.years
    difference = top + len(LINES) + list(BELOW).index("difference")
    label, own, running = (
        book.ref("years", span(line, START, last, "rc"))
        for line in (top - 1, difference, top + len(LINES) + len(BELOW))
    )
    return label, own, running


def _top(row: int) -> int:
    """First line row of an alternative's block."""
    return FIRST_ROW + 2 + row * (len(LINES) + len(BELOW) + 4)


def years_sheet(book: Book) -> None:
    """A block an alternative; no sheet for a term whose months are shown."""
    if not shows_years(book.study.scenario.site.term_months):
        return
    sheet = book.sheet("years")
    text(book, sheet, 0, 0, book.t("flows.title"), "title")
    text(book, sheet, 1, 0, book.t("flows.note_year"), "note")
    values = {key: by_year(line) for key, line in flow_values(book).items() if key in (*LINES, *BELOW)}
    for row, name in enumerate(ALTERNATIVES):
        _block(book, sheet, row, name, {key: line[row] for key, line in values.items()})
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, START + book.study.dispatch.years, 15)
    sheet.freeze_panes(FIRST_ROW, START)


def _block(book: Book, sheet: Any, row: int, name: str, values: dict[str, Floats]) -> None:
    """The lines that occur, their total, the energy served, the difference to the baseline and its running total."""
    top = _top(row)
    text(
        book,
        sheet,
        top - 2,
        0,
        f"{say.name(name, book.words, first=True)}, {book.study.scenario.site.currency}",
        "section",
    )
    heads(book, sheet, top - 1, [book.t("flows.line"), book.t("flows.sum"), *book.year_labels])
    offsets = {key: list(LINES).index(key) for key in LINES} | BELOW
    for k, (key, offset) in enumerate(offsets.items()):
        label = book.words.t(f"answers.line.{key}") if key in LINES else book.t(f"flows.{key}")
        style = "total" if key == "total" else "number" if key == "energy" else "money"
        _line(
            book,
            sheet,
            top + k,
            label,
            [in_year(book, row, offset, n) for n in range(values[key].size)],
            values[key],
            style,
        )
    _running(book, sheet, top + len(offsets), values["difference"])


def _line(book: Book, sheet: Any, row: int, label: str, formulas: list[str], values: Floats, style: str) -> None:
    text(book, sheet, row, LABEL, label)
    for year, (formula, value) in enumerate(zip(formulas, values, strict=True)):
        put(book, sheet, row, START + year, f"={formula}", value + 0.0, style)
    put(book, sheet, row, SUM, f"=SUM({span(row, START, START + values.size - 1)})", values.sum() + 0.0, style)


def _running(book: Book, sheet: Any, row: int, difference: Floats) -> None:
    text(book, sheet, row, LABEL, book.t("flows.running"))
    for year, value in enumerate(np.cumsum(difference)):
        before = f"{cell(row, START + year - 1)}+" if year else ""
        put(book, sheet, row, START + year, f"={before}{cell(row - 1, START + year)}", value + 0.0)
