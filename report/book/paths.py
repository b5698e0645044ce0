"""The sheet of price paths: what a price is in each project year, from the yearly rate, given years and shocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from finance.price_paths import COMPONENTS, PricePath, path_of
from report.book.cells import Book, cell, heads, number, put, text

FIRST_ROW = 4
# Blocks of one column a component: the factor that counts, the path without shocks, given years, shocks.
FACTOR, PATH, GIVEN, SHOCK = (1 + k * len(COMPONENTS) for k in range(4))
DEMAND_RATE = "IF(ISNUMBER(in_finance_demand_escalation),in_finance_demand_escalation,in_finance_energy_escalation)"
RATES = {
    "energy": "in_finance_energy_escalation",
    "demand": DEMAND_RATE,
    "fuel": "in_finance_diesel_escalation",
    "om": "in_finance_om_escalation",
    "carbon": "in_finance_carbon_escalation",
    "compute": "in_finance_compute_escalation",
}


def paths_sheet(book: Book) -> None:
    """One row a project year; yellow cells are live, an empty given year follows the yearly rate."""
    sheet, t = book.sheet("paths"), book.words.t
    text(book, sheet, 0, 0, t("financing.xlsx.paths_title"), "title")
    text(book, sheet, 1, 0, t("financing.xlsx.paths_note"), "note")
    names = [t(f"financing.component.{name}") for name in COMPONENTS]
    blocks = {FACTOR: "factor", PATH: "path", GIVEN: "given", SHOCK: "shock"}
    for column, key in blocks.items():
        text(book, sheet, FIRST_ROW - 2, column, t(f"financing.xlsx.{key}"), "note")
    heads(book, sheet, FIRST_ROW - 1, [t("financing.year"), *(names * len(blocks))])
    for position, name in enumerate(COMPONENTS):
        _component(book, sheet, position, name)
    for year in range(1, years(book) + 1):
        number(book, sheet, FIRST_ROW + year - 1, 0, year)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, SHOCK + len(COMPONENTS) - 1, 14)
    sheet.freeze_panes(FIRST_ROW, 1)


def years(book: Book) -> int:
    return -(-book.study.dispatch.months // 12)


def factor_cell(book: Book, component: str, year: int) -> str:
    """The factor of a component in a project year, seen from another sheet."""
    column = FACTOR + COMPONENTS.index(component)
    return book.ref("paths", cell(FIRST_ROW + year - 1, column, "rc"))


def _component(book: Book, sheet: Any, position: int, name: str) -> None:
    path = path_of(book.study.scenario.finance, name)
    plain, shocks = replace(path, shocks=()).factors(years(book)), PricePath(0.0, (), path.shocks).factors(years(book))
    for k, (factor, shock) in enumerate(zip(plain, shocks, strict=True)):
        row = FIRST_ROW + k
        own, given = cell(row, PATH + position), cell(row, GIVEN + position)
        if k < len(path.given):
            number(book, sheet, row, GIVEN + position, path.given[k], "input")
        else:
            sheet.write_blank(row, GIVEN + position, None, book.formats["input"])
        number(book, sheet, row, SHOCK + position, shock, "input")
        grown = f"{cell(row - 1, PATH + position)}*(1+{RATES[name]})" if k else "1"
        put(book, sheet, row, PATH + position, f"=IF(ISNUMBER({given}),{given},{grown})", factor, "factor")
        put(book, sheet, row, FACTOR + position, f"={own}*{cell(row, SHOCK + position)}", factor * shock, "factor")
