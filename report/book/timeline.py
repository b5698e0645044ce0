"""The plan by lead times as a sheet: what the page When shows, in numbers."""

from __future__ import annotations

from report.book.cells import Book, heads, number, text
from report.text import inputs as register_text
from report.text import say
from report.text import when as when_text
from study.timeline import TENTHS, plan

FIRST_ROW = 4


def timeline_sheet(book: Book) -> None:
    """Steps of each part, then MW by month and alternative, with the first month of each tenth. Months count from the
    start; an empty cell is never."""
    found, words = plan(book.study), book.words
    sheet = book.sheet("timeline")
    text(book, sheet, 0, 0, when_text.headline(found, words), "title")
    text(book, sheet, 1, 0, when_text.basis(found, words), "note")
    labels = ("part", "step", "takes", "done", "spare", "shortest", "longest", "source")
    heads(book, sheet, FIRST_ROW - 1, [book.t(f"timeline.{label}") for label in labels])
    line = FIRST_ROW
    for part in found.parts:
        for step in part.chain:
            text(book, sheet, line, 0, when_text.part_name(part, words))
            text(book, sheet, line, 1, when_text.step_name(step.key, words))
            values = (step.months, part.dates[step.key], part.slack.get(step.key), step.low, step.high)
            for column, value in enumerate(values, start=2):
                if value is not None and value < float("inf"):
                    number(book, sheet, line, column, float(value), "fixed")
            text(book, sheet, line, 7, register_text.source_words(step.source, book.words))
            line += 1
    line += 1
    tenth = [words.percent((k + 1) / TENTHS, 0) for k in range(TENTHS)]
    heads(book, sheet, line, [book.t("timeline.alternative"), *tenth, book.t("timeline.mw_months"), _waiting(book)])
    for name, power in found.power.items():
        line += 1
        text(book, sheet, line, 0, say.name(name, words, first=True))
        for column, month in enumerate(power.tenths, start=1):
            if month is not None:
                number(book, sheet, line, column, float(month), "number")
        number(book, sheet, line, TENTHS + 1, power.waiting_mw_months, "fixed")
        number(book, sheet, line, TENTHS + 2, power.waiting_cost, "money")
    line += 2
    names = [say.name(name, words, first=True) for name in found.power]
    heads(book, sheet, line, [book.t("timeline.month"), words.t("when.wanted"), *names])
    for month, wanted in enumerate(found.power["hybrid"].wanted_mw):
        line += 1
        number(book, sheet, line, 0, float(month), "number")
        for column, value in enumerate((wanted, *(p.available_mw[month] for p in found.power.values())), start=1):
            number(book, sheet, line, column, float(value), "fixed")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, TENTHS + 2, 15)


def _waiting(book: Book) -> str:
    return f"{book.words.t('when.head.waiting')}, {book.study.scenario.site.currency}"
