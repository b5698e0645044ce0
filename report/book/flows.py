"""The cash flow by month (lines of each alternative), the search for rates of return, and the key figures.

Rows of an alternative's block: the ledger's lines, their total, the energy served, then the difference to the
baseline with its running totals. Column B is the sum over the term, C the present value, D the start, E.. the months.
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
from finance.instalments import Instalment, instalments
from finance.kpis import served_kwh
from finance.ledger import CAPEX_LINES
from finance.lines import LINES, PRICED
from report.book.cells import Book, baseline_of, cell, heads, number, put, span, text
from report.book.lines import line_formula
from report.book.lives import renewed_cells
from report.book.months import first_row_of, month_columns
from report.text import say
from sim.dispatch.result import ALTERNATIVES

FIRST_ROW, LABEL, SUM, PRESENT, START = 3, 0, 1, 2, 3
TOTAL, PAID, ENERGY, DIFFERENCE, RUNNING, DISCOUNTED, RUNNING_DISCOUNTED, CROSSING, CROSSING_DISCOUNTED = range(
    len(LINES), len(LINES) + 9
)
BELOW = (
    "total",
    "paid",
    "energy",
    "difference",
    "running",
    "discounted",
    "running_discounted",
    "crossing",
    "crossing_discounted",
)
BLOCK = len(LINES) + len(BELOW) + 3
GRID_POINTS, GAIN_POINTS = 97, 49
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
    text(book, sheet, 1, 0, book.t("flows.note_month"), "note")
    values = flow_values(book)
    for row, name in enumerate(ALTERNATIVES):
        _block(book, sheet, row, name, values)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, last_column(book), 15)
    sheet.freeze_panes(FIRST_ROW, 3)


def flow_values(book: Book) -> dict[str, NDArray[np.float64]]:
    """Lines, total, energy and difference by month (alternatives, months + 1), as the study has them."""
    study, total = book.study, book.study.ledger.total
    served = served_kwh(study.dispatch)
    difference = total - total[study.dispatch.row(study.baseline)]
    factors = metrics.discount_factors(study.scenario.finance.discount_rate, total.shape[1], metrics.MONTHLY)
    energy = np.concatenate([np.zeros((len(served), 1)), served], axis=1)
    discounted = difference * factors
    return dict(study.ledger.lines) | {
        "total": total,
        "paid": total - sum(study.ledger.lines[name] for name in PRICED),
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
    text(book, sheet, top - 2, 0, f"{say.name(name, book.words, first=True)}, {unit}", "section")
    periods = [book.t("flows.month", n=n) for n in range(1, book.periods + 1)]
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
    for offset in (TOTAL, PAID, ENERGY, DIFFERENCE):
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
    parts = instalments(book.study.scenario, book.study.dispatch.sets, LINES[key])
    if parts is not None:
        yield from _by_stages(book, row, key, parts)
    elif due in ("start", "end"):
        yield START if due == "start" else last_column(book), line_formula(book, row, key, here)
    elif due == "yearly":
        for year in range(book.study.dispatch.years):
            here["cells_price"] = f"(1-in_finance_storage_cost_decline)^({year + 1}-1)"
            here |= renewed_cells(book, year)
            yield START + 1 + 12 * year, line_formula(book, row, key, here, year)
    elif due == "monthly" or ALTERNATIVES[row] != "diesel":
        for period in range(1, book.periods + 1):
            yield START + period, _of_month(book, row, key, period - 1)


def _by_stages(book: Book, row: int, key: str, parts: tuple[Instalment, ...]) -> Iterator[tuple[int, str | None]]:
    """What comes in stages: the first price of each is a formula; what hangs on the lives of several is a number."""
    if LINES[key].due != "start":
        paid = book.study.ledger.lines[key][row]
        yield from ((START + int(at), f"={float(paid[at])!r}") for at in np.flatnonzero(paid))
        return
    for part in parts:
        here: dict[str, str | None] = {name: repr(float(np.ravel(values)[row])) for name, values in part.known.items()}
        found = line_formula(book, row, key, here)
        yield START + part.month, found and (found if part.share == 1.0 else f"{found}*{part.share!r}")


def _months_range(book: Book, row: int, column: str, months: range) -> str:
    first, at = first_row_of(book, row), month_columns(book).at[column]
    return book.ref("months", f"{cell(first + months[0], at, 'rc')}:{cell(first + months[-1], at, 'rc')}")


def _of_month(book: Book, row: int, key: str, month: int) -> str:
    """A line's own column of the sheet of months, or its columns of the bill."""
    columns, line = month_columns(book).at, LINES[key]
    if line.due == "monthly":
        return f"={_month_cell(book, row, key, month)}"
    sign, parts = "-" if line.sign < 0 else "+", BILLED[line.factors[0]]
    own = [name for part in parts for name in columns if name == part or re.fullmatch(rf"{part}_\d+", name)]
    return "=" + "".join(f"{sign}{_month_cell(book, row, name, month)}" for name in own).removeprefix("+")


def _month_cell(book: Book, row: int, column: str, month: int) -> str:
    return book.ref("months", cell(first_row_of(book, row) + month, month_columns(book).at[column], "rc"))


def in_year(book: Book, row: int, offset: int, year: int) -> str:
    """A row of an alternative's block in a project year (0 is the start), as seen from another sheet."""
    if year == 0:
        return flow_cell(book, row, offset, START)
    first, last = (START + month for month in (12 * (year - 1) + 1, min(12 * year, book.periods)))
    return f"SUM({book.ref('flows', span(block(row) + offset, first, last, 'rc'))})"


def _below(book: Book, row: int, column: int, values: dict) -> Iterator[tuple[int, str, Any, str]]:
    """(offset, formula, value, format) of the rows under the lines, in one column."""
    top, period = block(row), column - START
    own, before = (lambda k: cell(top + k, column)), (lambda k: cell(top + k, column - 1))

    def value(key: str) -> float:
        return float(values[key][row, period]) + 0.0

    yield TOTAL, f"=SUM({cell(top, column)}:{cell(top + TOTAL - 1, column)})", value("total"), "total"
    priced = "".join(f"-{own(list(LINES).index(name))}" for name in PRICED)
    yield PAID, f"={own(TOTAL)}{priced}", value("paid"), "money"
    if period:
        energy = f"={_month_cell(book, row, 'served_kwh', period - 1)}"
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
    rates = searched_rates()
    for k, rate in enumerate(rates):
        sheet.write_number(RATE_FIRST_ROW + k, 0, rate, book.formats["percent"])
    for position, flow in enumerate(searched):
        worth = metrics.npv(rates, np.tile(flow.flows, (GRID_POINTS, 1)), metrics.MONTHLY)
        for k in range(GRID_POINTS):
            _rate_cells(book, sheet, k, position, flow, worth, rates)
    sheet.set_column(0, 2 * len(searched), 16)


def searched_rates() -> NDArray[np.float64]:
    """Yearly rates from -99 % to 1000 %, 0 % among them."""
    below = np.linspace(np.log1p(metrics.LOWEST_IRR), 0.0, GRID_POINTS - GAIN_POINTS + 1)
    above = np.linspace(0.0, np.log1p(metrics.HIGHEST_IRR), GAIN_POINTS)
    return np.expm1(np.append(below[:-1], above))


def _rate_cells(book: Book, sheet: Any, k: int, position: int, flow: Searched, worth: NDArray, rates: NDArray) -> None:
    """The worth at a rate; 1 + the middle rate where its sign has changed since the rate before, else 0."""
    line, column = RATE_FIRST_ROW + k, 1 + 2 * position
    rate = f"(1+{cell(line, 0, 'c')})^(1/periods_per_year)-1"
    put(book, sheet, line, column, f"={flow.start}+NPV({rate},{flow.later})", worth[k])
    if k:
        here, before = cell(line, column), cell(line - 1, column)
        middle = f"1+({cell(line - 1, 0, 'c')}+{cell(line, 0, 'c')})/2"
        found = 1 + (rates[k - 1] + rates[k]) / 2 if np.sign(worth[k]) * np.sign(worth[k - 1]) < 0 else 0
        put(book, sheet, line, column + 1, f"=IF(SIGN({here})*SIGN({before})<0,{middle},0)", found, "fixed")


def _changes(book: Book, position: int) -> str:
    """Where the worth of a searched flow changes its sign: 1 + the rate, or 0."""
    column, top = 2 + 2 * position, RATE_FIRST_ROW
    return book.ref("rates", f"{cell(top + 1, column, 'rc')}:{cell(top + GRID_POINTS - 1, column, 'rc')}")


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
    """The greatest rate between -99 % and 1000 % at which the net present value changes sign, if no other is above 0 %;
    else why there is none (`finance.metrics.irr`).

    flows: cells from the start on; position: that of the flow on the sheet of rates.
    """
    changes, first = _changes(book, position), f"IF(INDEX({flows},1)=0,INDEX({flows},2),INDEX({flows},1))"
    gains = f'COUNTIF({changes},">1")'
    rate = f"(1+IRR({flows},MAX({changes})^(1/periods_per_year)-1))^periods_per_year-1"
    is_loss = f"AND(MAX({changes})>0,{first}*SUM({flows})>0)"
    why = (
        f'IF(AND(MIN({flows})<0,MAX({flows})>0),"{short(book, "no_root")}",'
        f'IF(AND(MIN({flows})=0,MAX({flows})=0),"{short(book, "all_zero")}","{short(book, "no_sign_change")}"))'
    )
    several = short(book, "several_roots")
    return f'IF({gains}>1,"{several}",IF(OR({gains}=1,{is_loss}),{rate},{why}))'


def first_crossing(book: Book, places: str, running: str) -> str:
    """The first place at which a running total reaches zero, in years, or why there is none."""
    never = f'IF(MIN({running})<0,"{short(book, "never")}","{short(book, "no_outlay")}")'
    return f"IF(COUNT({places})=0,{never},MIN({places})/periods_per_year)"
