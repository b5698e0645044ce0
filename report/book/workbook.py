"""The study as a workbook with live formulas: change a yellow cell, and bill, cash flow, NPV, IRR and payback follow.

What the sheets cannot recompute is the dispatch: energies, peaks and litres are values of the simulation and marked so.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime

from i18n import Words
from report.book.cells import Book, open_book
from report.book.deal import deal_sheet
from report.book.finance import finance_sheet
from report.book.finish import finish, list_of_sheets, read_me
from report.book.flows import alternatives_searched, flows_sheet, rates_sheet
from report.book.inputs import inputs_sheet, mark_dead, tariff_sheet
from report.book.months import months_sheet
from report.book.paths import paths_sheet
from report.book.sensitivity import sensitivity_sheet
from report.book.summary import checks_sheet, hourly_sheet, sources_sheet, summary_sheet
from report.book.timeline import timeline_sheet
from report.book.years import years_sheet
from report.carry.places import SHEET_MARK, sheet_rows
from report.carry.texts import texts_of
from study.study import Study


def workbook(study: Study, words: Words, hourly: bool = True, offer: str = "{}") -> bytes:
    """An XLSX file; the same study gives the same bytes. `hourly` False leaves out the steps of the first year; `offer`
    is the offer's text that it carries beside the study."""
    stream = io.BytesIO()
    book = open_book(stream, study, words)
    year, month = (int(part) for part in study.scenario.site.start.split("-"))
    made = {"created": datetime(year, month, 1), "title": study.scenario.site.name, "keywords": study.fingerprint}
    book.file.set_properties({**made, "author": "PowerLadder", "comments": book.t("summary.live")})
    read_me(book)
    book.sheet("summary")
    inputs_sheet(book)
    tariff_sheet(book)
    years_sheet(book)
    flows_sheet(book)
    sensitivity_sheet(book)
    months_sheet(book)
    paths_sheet(book)
    searched = [*alternatives_searched(book), *finance_sheet(book)]
    rates_sheet(book, [*searched, *deal_sheet(book, len(searched))])
    timeline_sheet(book)
    if hourly:
        hourly_sheet(book)
    checks_sheet(book)
    sources_sheet(book)
    summary_sheet(book)
    mark_dead(book)
    list_of_sheets(book)
    finish(book)
    _carry(book, texts_of(study, words.language, offer))
    book.file.close()
    return stream.getvalue()


def _carry(book: Book, texts: Mapping[str, str]) -> None:
    """The study and the offer on a sheet that only programs see."""
    sheet = book.file.add_worksheet(SHEET_MARK)
    for row, cells in enumerate(sheet_rows(texts)):
        for column, content in enumerate(cells):
            sheet.write_string(row, column, content)
    sheet.very_hidden()
