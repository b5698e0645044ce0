"""What all sheets of the workbook share: formats, names of input cells, and how a formula is written with its value.

Every formula is stored together with the value the study has, so that previews without a calculation engine show the
same digits; a spreadsheet recalculates them on opening.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from finance.figures import KeyFigure
from finance.ledger import quantities
from finance.lines import Reader
from finance.metrics import Figure
from i18n import Words
from report.palette import LIGHT
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from study.study import Study

FONT = "Arial"
FORMATS: dict[str, dict[str, Any]] = {
    "plain": {},
    "title": {"bold": True, "font_size": 16},
    "head": {"bold": True, "bg_color": LIGHT.fill, "bottom": 1, "text_wrap": True, "valign": "top"},
    "head_right": {
        "bold": True,
        "bg_color": LIGHT.fill,
        "bottom": 1,
        "text_wrap": True,
        "valign": "top",
        "align": "right",
    },
    "section": {"bold": True, "font_size": 12, "top": 1, "top_color": LIGHT.border},
    "note": {"font_color": LIGHT.muted},
    "wrap": {"text_wrap": True, "valign": "top"},
    "input": {"font_color": "#0000C0", "bg_color": "#FFF9E5", "locked": False, "num_format": "#,##0.######"},
    "input_text": {"font_color": "#0000C0", "bg_color": "#FFF9E5", "locked": False},
    "fixed": {"num_format": "#,##0.######"},
    "money": {"num_format": "#,##0;[Red]-#,##0;0", "align": "right"},
    "total": {"num_format": "#,##0;[Red]-#,##0;0", "bold": True, "top": 1},
    "number": {"num_format": "#,##0"},
    "price": {"num_format": "0.0000", "align": "right"},
    "factor": {"num_format": "0.000000"},
    "percent": {"num_format": "0.00%", "align": "right"},
    "rate": {"num_format": '[>1]">100%";0.00%', "align": "right"},
    "years": {"num_format": "0.00", "align": "right"},
    "figure": {"num_format": "[=0]0;[>=100]#,##0;0.000", "align": "right"},
    "time": {"num_format": "yyyy-mm-dd hh:mm"},
    "good": {"bold": True, "font_color": "#0B6E4F"},
    "alarm": {"bold": True, "font_color": "#FFFFFF", "bg_color": "#B3261E"},
    "struck": {"font_color": "#B3261E", "font_strikeout": True},
}
NAMED = re.compile(r"in_[a-z0-9_]+")


# How a key figure of each kind is written; a kind that is not here is an amount without decimals.
KIND_FORMATS = {
    "money_per_kwh": "price",
    "rate": "rate",
    "share": "percent",
    "years": "years",
    "ratio": "years",
    "plain": "figure",
}


class BookSheet(Worksheet):
    """A sheet whose formulas have no function younger than Excel 2007: to look for one 28 times in each of 47,000
    takes half the time of a workbook."""

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")


@dataclass(frozen=True, eq=False)
class Book:
    """An open workbook with what its sheets are made from. `sheets` holds each sheet's shown name by key."""

    file: xlsxwriter.Workbook
    study: Study
    words: Words
    formats: dict[str, Format] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)  # names of input cells that a formula reads

    def t(self, key: str, /, **values: object) -> str:
        return self.words.t(f"proposal.xlsx.{key}", **values)

    def sheet(self, key: str) -> Worksheet:
        """A new sheet, named in the workbook's language."""
        return self.file.add_worksheet(self.t(f"sheet.{key}"), BookSheet)

    def ref(self, key: str, cell: str) -> str:
        """A cell or range of another sheet."""
        return f"'{self.t(f'sheet.{key}')}'!{cell}"

    @cached_property
    def quantities(self) -> Reader:
        """What each factor of a cost line is in the study."""
        return quantities(self.study.scenario, self.study.dispatch, self.study.bill)

    @property
    def periods(self) -> int:
        """How many flows come after the start: the months of the term."""
        return self.study.dispatch.months

    @property
    def year_labels(self) -> list[str]:
        """The start and the project years with the calendar's; a last one that is a part says so."""
        whole, rest = divmod(self.periods, 12)
        labels = [
            self.words.t("proposal.xlsx.flows.start"),
            *(self.words.t("proposal.xlsx.flows.year", n=n + 1) for n in range(whole)),
        ]
        if rest:
            labels.append(self.words.t("proposal.xlsx.flows.part_year", n=whole + 1, months=rest))
        return [labels[0], *(f"{label} ({self._calendar(n)})" for n, label in enumerate(labels[1:]))]

    def _calendar(self, year: int) -> str:
        """The calendar year of a project year that begins in January, "2026"; of another the two, "2026/27"."""
        first, month = (int(part) for part in self.study.scenario.site.start.split("-"))
        return str(first + year) if month == 1 else f"{first + year}/{(first + year + 1) % 100:02d}"


def open_book(stream: Any, study: Study, words: Words) -> Book:
    """A workbook that takes no text for a formula or a link, with a date that follows from the study."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = xlsxwriter.Workbook(stream, options)
    formats = {name: file.add_format({"font_name": FONT, "font_size": 10} | values) for name, values in FORMATS.items()}
    return Book(file, study, words.showing(None), formats)


def put_figure(
    book: Book, sheet: Worksheet, row: int, column: int, key: KeyFigure, formula: str, found: Figure
) -> None:
    """A key figure with the value it has now, or why it has none; without a formula the value alone."""
    shown = say.short_reason(found, book.words) if found.value is None else found.value
    style = KIND_FORMATS.get(key.kind, "money")
    if formula:
        put(book, sheet, row, column, formula, shown, style)
    elif isinstance(shown, str):
        text(book, sheet, row, column, shown, style)
    else:
        number(book, sheet, row, column, shown, style)


def put(book: Book, sheet: Worksheet, row: int, column: int, formula: str, value: Any, style: str = "money") -> None:
    """A formula with the value it has now."""
    if hasattr(value, "item"):
        value = value.item()
    if "in_" in formula:
        book.read.update(NAMED.findall(formula))
    sheet.write_formula(row, column, formula, book.formats[style], value)


def text(book: Book, sheet: Worksheet, row: int, column: int, value: str, style: str = "plain") -> None:
    """Text, never taken for anything else."""
    sheet.write_string(row, column, value, book.formats[style])


def number(book: Book, sheet: Worksheet, row: int, column: int, value: float, style: str = "number") -> None:
    sheet.write_number(row, column, float(value), book.formats[style])


def heads(
    book: Book, sheet: Worksheet, row: int, labels: list[str], first_column: int = 0, numbers: range = range(0)
) -> None:
    """A row of headings; those of the columns `numbers` stand to the right, as the numbers below them."""
    for k, label in enumerate(labels):
        text(book, sheet, row, first_column + k, label, "head_right" if k in numbers else "head")


def cell(row: int, column: int, fixed: str = "") -> str:
    """ "B3", or with dollar signs: `fixed` holds "r" for the row and "c" for the column."""
    return xl_rowcol_to_cell(row, column, row_abs="r" in fixed, col_abs="c" in fixed)


def span(row: int, first: int, last: int, fixed: str = "") -> str:
    """A part of a row."""
    return f"{cell(row, first, fixed)}:{cell(row, last, fixed)}"


def input_name(path: str) -> str:
    """The name of an input's cell: "finance.diesel_per_l" -> "in_finance_diesel_per_l"."""
    return "in_" + path.replace(".", "_")


def baseline_of(cells: list[str]) -> str:
    """The one of four cells, in the order of the alternatives, that belongs to the chosen baseline."""
    if len(cells) != len(ALTERNATIVES):
        raise ValueError(f"give one cell for each of the {len(ALTERNATIVES)} alternatives")
    return f"CHOOSE(baseline_number,{','.join(cells)})"
