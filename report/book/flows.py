"""The cash-flow sheet (lines by period for each alternative), the search for rates of return, and the key figures.

Rows of an alternative's block: the ledger's lines, their total, the energy served, then the difference to the
baseline with its running totals. Column B is the sum over the term, C the present value, D the start, E.. the periods.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finance import metrics
from finance.figures import KeyFigure
from finance.kpis import by_period, served_kwh
from finance.ledger import CAPEX_LINES
from finance.lines import LINES
from report.book.cells import Book, baseline_of, cell, heads, number, put, span, text
from report.book.lines import line_formula
from report.book.lives import renewed_cells
from report.book.months import first_row_of, month_columns
from report.text import say
from sim.dispatch.result import ALTERNATIVES

FIRST_ROW, LABEL, SUM, PRESENT, START = 3, 0, 1, 2, 3
TOTAL, ENERGY, DIFFERENCE, RUNNING, DISCOUNTED, RUNNING_DISCOUNTED, CROSSING, CROSSING_DISCOUNTED = range(
    len(LINES), len(LINES) + 8
)
BELOW = (
    "total",
    "energy",
    "difference",
    "running",
    "discounted",
    "running_discounted",
    "crossing",
    "crossing_discounted",
)
BLOCK = len(LINES) + len(BELOW) + 3
GRID_POINTS = 97
IN_BRACES = re.compile(r"\{(\w+) ?(\w*)\}")
RATE_FIRST_ROW = 4
# The columns of the sheet of months that a billed line is the sum of.
BILLED = {
    "bill_energy": ("energy", "tax", "tiers"),
    "bill_demand": ("capacity", "demand"),
    "bill_fixed": ("fixed", "power_factor", "minimum"),
    "bill_export": ("export",),
}
KPI_FIRST_ROW = 8


def block(row: int) -> int:
    """First line row of an alternative's block."""
    return FIRST_ROW + 2 + row * BLOCK


def last_column(book: Book) -> int:
    return START + book.periods


def flow_cell(book: Book, row: int, offset: int, column: int) -> str:
    """A cell of the cash-flow sheet as seen from another sheet."""
    return book.ref("flows", cell(block(row) + offset, column, "rc"))


def flow_span(book: Book, row: int, offset: int, first: int = START) -> str:
    return book.ref("flows", span(block(row) + offset, first, last_column(book), "rc"))


def flows_sheet(book: Book) -> None:
    """All four blocks."""
    sheet = book.sheet("flows")
    text(book, sheet, 0, 0, book.t("flows.title"), "title")
    text(book, sheet, 1, 0, book.t(f"flows.note_{'year' if book.per_year == 1 else 'month'}"), "note")
    values = flow_values(book)
    for row, name in enumerate(ALTERNATIVES):
        _block(book, sheet, row, name, values)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, last_column(book), 15)
    sheet.freeze_panes(FIRST_ROW, 3)


def flow_values(book: Book) -> dict[str, NDArray[np.float64]]:
    """Lines, total, energy and difference by period (alternatives, periods + 1), as the study has them."""
    study, term = book.study, book.study.scenario.site.term_months
    values = {name: by_period(line, term) for name, line in study.ledger.lines.items()}
    served = served_kwh(study.dispatch)
    total = by_period(study.ledger.total, term)
    difference = total - total[study.dispatch.row(study.baseline)]
    factors = metrics.discount_factors(study.scenario.finance.discount_rate, total.shape[1], book.per_year)
    energy = by_period(np.concatenate([np.zeros((len(served), 1)), served], axis=1), term)
    discounted = difference * factors
    return values | {
        "total": total,
        "energy": energy,
        "difference": difference,
        "running": difference.cumsum(axis=1),
        "discounted": discounted,
        "running_discounted": discounted.cumsum(axis=1),
        "factors": factors,
    }


def _block(book: Book, sheet: Any, row: int, name: str, values: dict) -> None:
    top, last = block(row), last_column(book)
    unit = book.study.scenario.site.currency
    label = "flows.year" if book.per_year == 1 else "flows.month"
    text(book, sheet, top - 2, 0, f"{say.name(name, book.words, first=True)}, {unit}", "section")
    periods = [book.t(label, n=n) for n in range(1, book.periods + 1)]
    heads(
        book,
        sheet,
        top - 1,
        [book.t("flows.line"), book.t("flows.sum"), book.t("flows.present"), book.t("flows.start"), *periods],
    )
    for k, line in enumerate(LINES):
        text(book, sheet, top + k, LABEL, book.words.t(f"answers.line.{line}"))
        formulas = dict(_line_formulas(book, row, line))
        for column in range(START, last + 1):
            _line_cell(book, sheet, top + k, column, formulas.get(column), values[line][row, column - START] + 0.0)
        _sums(book, sheet, top + k, values[line][row], values["factors"])
    for k, key in enumerate(BELOW):
        text(book, sheet, top + TOTAL + k, LABEL, book.t(f"flows.{key}"))
    for column in range(START, last + 1):
        for offset, formula, value, style in _below(book, row, column, values):
            put(book, sheet, top + offset, column, formula, value, style)
    for offset in (TOTAL, ENERGY, DIFFERENCE):
        key = BELOW[offset - TOTAL]
        _sums(book, sheet, top + offset, values[key][row], values["factors"], "total" if offset == TOTAL else "money")


def _line_cell(book: Book, sheet: Any, row: int, column: int, formula: str | None, value: float) -> None:
    """A formula, or a plain 0: NPV skips empty cells and would move the later ones forward."""
    if formula:
        put(book, sheet, row, column, formula, value)
    else:
        number(book, sheet, row, column, 0.0, "money")


def _sums(book: Book, sheet: Any, row: int, flows: NDArray[np.float64], factors: NDArray, style: str = "money") -> None:
    last = last_column(book)
    put(book, sheet, row, SUM, f"=SUM({span(row, START, last)})", flows.sum() + 0.0, style)
    put(book, sheet, row, PRESENT, f"={present(row, last)}", float((flows * factors).sum()) + 0.0, style)


def present(row: int, last: int) -> str:
    """Present value of a row: the start is not discounted, which a spreadsheet's NPV would do."""
    return f"{cell(row, START)}+NPV(period_rate,{span(row, START + 1, last)})"


def _line_formulas(book: Book, row: int, key: str) -> Iterator[tuple[int, str | None]]:
    """(column, formula) of one line; None, or no column, where it cannot occur."""
    due, months = LINES[key].due, range(book.study.dispatch.months)
    here: dict[str, str | None] = {"fleet": f"MAX({_months_range(book, row, 'sets', months)})"}
    if due in ("start", "end"):
        yield START if due == "start" else last_column(book), line_formula(book, row, key, here)
    elif due == "yearly":
        for year in range(book.study.dispatch.years):
            here["cells_price"] = f"(1-in_finance_storage_cost_decline)^({year + 1}-1)"
            here |= renewed_cells(book, year)
            column = START + 1 + (year if book.per_year == 1 else 12 * year)
            yield column, line_formula(book, row, key, here, year)
    elif due == "monthly" or ALTERNATIVES[row] != "diesel":
        for period in range(1, book.periods + 1):
            yield START + period, _monthly_sum(book, row, key, period)


def _months_range(book: Book, row: int, column: str, months: range) -> str:
    first, at = first_row_of(book, row), month_columns(book).at[column]
    return book.ref("months", f"{cell(first + months[0], at, 'rc')}:{cell(first + months[-1], at, 'rc')}")


def _monthly_sum(book: Book, row: int, key: str, period: int) -> str:
    """Sum of a line's own column over the months of a period, or of its columns of the bill."""
    months, columns, line = book.months_of(period), month_columns(book).at, LINES[key]
    if line.due == "monthly":
        return f"=SUM({_months_range(book, row, key, months)})"
    sign, parts = "-" if line.sign < 0 else "", BILLED[line.factors[0]]
    own = [name for part in parts for name in columns if name == part or re.fullmatch(rf"{part}_\d+", name)]
    return "=" + "".join(f"{sign}SUM({_months_range(book, row, name, months)})" for name in own)


def _below(book: Book, row: int, column: int, values: dict) -> Iterator[tuple[int, str, Any, str]]:
    """(offset, formula, value, format) of the rows under the lines, in one column."""
    top, period = block(row), column - START
    own, before = (lambda k: cell(top + k, column)), (lambda k: cell(top + k, column - 1))

    def value(key: str) -> float:
        return float(values[key][row, period]) + 0.0

    yield TOTAL, f"=SUM({cell(top, column)}:{cell(top + TOTAL - 1, column)})", value("total"), "total"
    if period:
        months = book.months_of(period)
        energy = f"=SUM({_months_range(book, row, 'served_kwh', months)})"
        yield ENERGY, energy, value("energy"), "number"
    base = baseline_of([cell(block(other) + TOTAL, column) for other in range(len(ALTERNATIVES))])
    yield DIFFERENCE, f"={own(TOTAL)}-{base}", value("difference"), "money"
    running = f"={before(RUNNING)}+{own(DIFFERENCE)}" if period else f"={own(DIFFERENCE)}"
    yield RUNNING, running, value("running"), "money"
    yield DISCOUNTED, f"={own(DIFFERENCE)}/(1+period_rate)^{period}", value("discounted"), "money"
    discounted = f"={before(RUNNING_DISCOUNTED)}+{own(DISCOUNTED)}" if period else f"={own(DISCOUNTED)}"
    yield RUNNING_DISCOUNTED, discounted, value("running_discounted"), "money"
    if period:
        for place, total in ((CROSSING, "running"), (CROSSING_DISCOUNTED, "running_discounted")):
            line = top + (RUNNING if total == "running" else RUNNING_DISCOUNTED)
            yield place, *crossing(line, column, values[total][row], period)


def crossing(line: int, column: int, running: NDArray, period: int) -> tuple[str, Any, str]:
    """Where in this period the running total reaches zero from below; empty text where it does not.

    A total that is only rounding counts as zero, as in `finance.metrics`.
    """
    here, before = cell(line, column), cell(line, column - 1)
    tiny = f"1E-9*MAX(1,ABS({before}))"
    formula = f'=IF(AND({before}<-{tiny},{here}>=-{tiny}),{period - 1}+{before}/({before}-{here}),"")'
    zero = 1e-9 * max(1.0, abs(running[period - 1]))
    crosses = running[period - 1] < -zero and running[period] >= -zero
    value = period - 1 + running[period - 1] / (running[period - 1] - running[period]) if crosses else ""
    return formula, value, "years"


@dataclass(frozen=True, eq=False)
class Searched:
    """A flow whose rate of return is searched for: its name, the cell of the start, the cells after it, its values."""

    name: str
    start: str
    later: str
    flows: NDArray[np.float64]


def alternatives_searched(book: Book) -> list[Searched]:
    """The difference of each alternative to the baseline, in the order of `ALTERNATIVES`."""
    values = flow_values(book)["difference"]
    return [
        Searched(
            say.name(name, book.words, first=True),
            flow_cell(book, row, DIFFERENCE, START),
            flow_span(book, row, DIFFERENCE, START + 1),
            values[row],
        )
        for row, name in enumerate(ALTERNATIVES)
    ]


def rates_sheet(book: Book, searched: list[Searched]) -> None:
    """Net present value at many rates: how often it changes sign, and between which rates. It gives IRR a start."""
    sheet = book.sheet("rates")
    text(book, sheet, 0, 0, book.t("rates.title"), "title")
    text(book, sheet, 1, 0, book.t("rates.note"), "note")
    labels = [book.t("rates.rate")]
    for flow in searched:
        labels += [book.t("rates.worth", name=flow.name), book.t("rates.sign", name=flow.name)]
    heads(book, sheet, RATE_FIRST_ROW - 1, labels)
    rates = np.expm1(np.linspace(np.log1p(metrics.LOWEST_IRR), np.log1p(metrics.HIGHEST_IRR), GRID_POINTS))
    for k, rate in enumerate(rates):
        sheet.write_number(RATE_FIRST_ROW + k, 0, rate, book.formats["percent"])
    for position, flow in enumerate(searched):
        worth = metrics.npv(rates, np.tile(flow.flows, (GRID_POINTS, 1)), book.per_year)
        for k in range(GRID_POINTS):
            _rate_cells(book, sheet, k, position, flow, worth)
    sheet.set_column(0, 2 * len(searched), 16)


def _rate_cells(book: Book, sheet: Any, k: int, position: int, flow: Searched, worth: NDArray) -> None:
    line, column = RATE_FIRST_ROW + k, 1 + 2 * position
    rate = f"(1+{cell(line, 0, 'c')})^(1/periods_per_year)-1"
    put(book, sheet, line, column, f"={flow.start}+NPV({rate},{flow.later})", worth[k])
    if k:
        here, before = cell(line, column), cell(line - 1, column)
        changes = int(np.sign(worth[k]) * np.sign(worth[k - 1]) < 0)
        put(book, sheet, line, column + 1, f"=IF(SIGN({here})*SIGN({before})<0,1,0)", changes, "number")


def _rate_range(book: Book, column: int, first: int = 1) -> str:
    top = RATE_FIRST_ROW + first
    bottom = RATE_FIRST_ROW + GRID_POINTS - 2 + first
    return book.ref("rates", f"{cell(top, column, 'rc')}:{cell(bottom, column, 'rc')}")


def kpi_formula(book: Book, figure: KeyFigure, row: int) -> str:
    """The formula of a key figure of one alternative on the summary sheet."""
    months = range(book.study.dispatch.months)

    def month(column: str) -> str:
        return (
            f"SUM({_imports(book, row, months) if column == 'imports' else _months_range(book, row, column, months)})"
        )

    cells = {
        "sum": lambda name: flow_cell(book, row, TOTAL + BELOW.index(name), SUM),
        "present": lambda name: flow_cell(book, row, TOTAL + BELOW.index(name), PRESENT),
        "crossing": lambda name: _crossing_of(book, row, name),
        "month": month,
        "why": lambda reason: short(book, reason),
        "irr": lambda _: irr_formula(book, flow_span(book, row, DIFFERENCE), row),
        "capex": lambda _: "".join(f"-{flow_cell(book, row, list(LINES).index(line), SUM)}" for line in CAPEX_LINES),
    }
    formula = filled(figure.formula, cells)
    if figure.flow:
        formula = f'IF(baseline_number={row + 1},"{short(book, "is_baseline")}",{formula})'
    return f"={formula}"


def filled(formula: str, cells: Mapping[str, Callable[[str], str]]) -> str:
    """A formula of the table of figures with cells in place of its braces: "{sum total}" is `cells["sum"]("total")`."""
    return IN_BRACES.sub(lambda found: cells[found[1]](found[2]), formula)


def _imports(book: Book, row: int, months: range) -> str:
    """What an alternative takes from the grid, by month and price period."""
    first, last = month_columns(book).imports
    top, bottom = first_row_of(book, row), first_row_of(book, row) + months[-1]
    return book.ref("months", f"{cell(top, first, 'rc')}:{cell(bottom, last, 'rc')}")


def _crossing_of(book: Book, row: int, running: str) -> str:
    """When a running total of an alternative's difference reaches zero."""
    places = flow_span(book, row, TOTAL + BELOW.index(running.replace("running", "crossing")), START + 1)
    return first_crossing(book, places, flow_span(book, row, TOTAL + BELOW.index(running)))


def short(book: Book, reason: str) -> str:
    """Why a figure does not exist, in a word or two, for use inside a formula."""
    return book.words.t(f"answers.missing.short_{reason}").replace('"', '""')


def irr_formula(book: Book, flows: str, position: int) -> str:
    """IRR where the net present value changes sign exactly once between -99 % and 1000 %, else why there is none.

    flows: cells from the start on; position: that of the flow on the sheet of rates.
    """
    signs = _rate_range(book, 2 + 2 * position)
    count = f"SUM({signs})"
    middle = f"SUMPRODUCT({signs},({_rate_range(book, 0, 0)}+{_rate_range(book, 0)})/2)"
    rate = f"(1+IRR({flows},(1+{middle})^(1/periods_per_year)-1))^periods_per_year-1"
    why = (
        f'IF(AND(MIN({flows})<0,MAX({flows})>0),"{short(book, "no_root")}",'
        f'IF(AND(MIN({flows})=0,MAX({flows})=0),"{short(book, "all_zero")}","{short(book, "no_sign_change")}"))'
    )
    return f'IF({count}=1,{rate},IF({count}>1,"{short(book, "several_roots")}",{why}))'


def first_crossing(book: Book, places: str, running: str) -> str:
    """The first place at which a running total reaches zero, in years, or why there is none."""
    never = f'IF(MIN({running})<0,"{short(book, "never")}","{short(book, "no_outlay")}")'
    return f"IF(COUNT({places})=0,{never},MIN({places})/periods_per_year)"
