"""What makes the workbook a document: a sheet that says how to read it, protection, print set-up, hidden helpers."""

from __future__ import annotations

from typing import Any

from report.book.cells import Book, heads, text
from report.text import say
from sim.inputs.scenario import ENGINE_VERSION

LANDSCAPE_A4, MARGIN_IN = 9, 0.4
HEAD_ROWS = {"inputs": 3, "tariff": 12, "flows": 3, "months": 3, "hourly": 1, "checks": 3, "sources": 2, "years": 3}
FROZEN = {"tariff": (13, 1), "checks": (4, 1), "sources": (3, 0)}
HIDDEN = ("rates",)
PRINTED_HOURS = 48
WIDEST_PRINTED = {"inputs": 5, "hourly": 10}  # last column on paper: sources and helper columns stay on the screen
MAY = {
    "objects": True,
    "scenarios": True,
    "format_cells": True,
    "format_columns": True,
    "format_rows": True,
    "sort": True,
    "autofilter": True,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}
READ_ME = ("purpose", "yellow", "white", "red", "money", "simulated", "protected", "verify")


def read_me(book: Book) -> None:
    """The first sheet: what the file is, what may be changed, what each sheet holds."""
    sheet, study = book.sheet("read_me"), book.study
    text(book, sheet, 0, 0, book.t("read_me.title"), "title")
    text(book, sheet, 1, 0, say.project(study.scenario, book.words))
    text(book, sheet, 2, 0, book.t("read_me.made", code=study.fingerprint, engine=ENGINE_VERSION), "note")
    for row, key in enumerate(READ_ME, start=4):
        text(book, sheet, row, 0, book.t(f"read_me.{key}"), "wrap")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 96)
    for row in range(4, 4 + len(READ_ME)):
        sheet.merge_range(row, 0, row, 1, book.t(f"read_me.{READ_ME[row - 4]}"), book.formats["wrap"])
        sheet.set_row(row, 30)


def list_of_sheets(book: Book) -> None:
    """Every sheet that a reader sees, with what it holds; written when all are there."""
    sheet = book.file.get_worksheet_by_name(book.t("sheet.read_me"))
    first = 6 + len(READ_ME)
    heads(book, sheet, first - 1, [book.t("read_me.sheet"), book.t("read_me.holds")])
    shown = [key for key in SHEETS if book.file.get_worksheet_by_name(book.t(f"sheet.{key}"))]
    for row, key in enumerate(shown, start=first):
        text(book, sheet, row, 0, book.t(f"sheet.{key}"))
        text(book, sheet, row, 1, book.t(f"holds.{key}"), "wrap")


SHEETS = (
    *("summary", "inputs", "tariff", "years", "flows", "sensitivity", "months", "paths"),
    *("finance", "deal", "timeline", "hourly", "checks", "sources"),
)


def finish(book: Book) -> None:
    """Protect every sheet without a password, set up printing, hide what only formulas read."""
    keys = {book.t(f"sheet.{key}"): key for key in (*SHEETS, *HIDDEN, "read_me")}
    for sheet in book.file.worksheets():
        key = keys.get(sheet.get_name(), "")
        sheet.protect("", MAY)
        _print(book, sheet, key)
        if key in HIDDEN:
            sheet.hide()
        if key in FROZEN:
            sheet.freeze_panes(*FROZEN[key])


def _print(book: Book, sheet: Any, key: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(LANDSCAPE_A4)
    sheet.set_margins(MARGIN_IN, MARGIN_IN, MARGIN_IN, 0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{book.study.fingerprint}&C&A&R&P / &N")
    if key in HEAD_ROWS:
        sheet.repeat_rows(HEAD_ROWS[key])
    last_row = PRINTED_HOURS + 1 if key == "hourly" else sheet.dim_rowmax
    if key in WIDEST_PRINTED and last_row:
        sheet.print_area(0, 0, last_row, WIDEST_PRINTED[key])
