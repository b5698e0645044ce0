"""The sheet of single prices moved: NPV, IRR and payback, with the flows they are made from below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from finance import metrics
from finance.figures import Flow, KeyFigure, figures_on
from finance.lines import LINES
from report.book.cells import KIND_FORMATS, Book, baseline_of, cell, heads, number, put, span, text
from report.book.flows import DIFFERENCE, PRESENT, START, flow_cell, flow_span, flow_values, short
from report.text import inputs as register_text
from report.text import say
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.register import register
from study.price_moves import CHANGES, present_value, prices

FIRST_ROW = 4
MOVED_FIGURES = tuple(row for row in figures_on("lead") if not row.is_money)
HYBRID = ALTERNATIVES.index("hybrid")
START_GUESS = 0.1


@dataclass(frozen=True, eq=False)
class Place:
    """Where the blocks stand: the tables of figures, then for each price its lines and the moved flows."""

    book: Book
    prices: int

    def figures(self, position: int) -> int:
        """First row of the table of a figure."""
        return FIRST_ROW + (position + 1) * (self.prices + 3) + 1

    def flows(self, price: int) -> int:
        """Row of a price's own lines by period; below it two rows a change: the moved flow and its running total."""
        return self.figures(len(MOVED_FIGURES)) + 1 + price * (1 + 2 * len(CHANGES))

    @property
    def last(self) -> int:
        return START + self.book.periods


def sensitivity_sheet(book: Book) -> None:
    """NPV, IRR and payback of the hybrid against the baseline with single prices moved. Prices do not steer the plain
    control rule, so every cell is what a new study of that price gives."""
    sheet = book.sheet("sensitivity")
    text(book, sheet, 0, 0, book.t("sensitivity.title", baseline=say.name(book.study.baseline, book.words)), "title")
    text(book, sheet, 1, 0, book.t("sensitivity.note"), "note")
    changes = [book.words.percent(change) if change < 0 else "+" + book.words.percent(change) for change in CHANGES]
    labels = [book.t("sensitivity.input"), book.t("sensitivity.now"), book.t("sensitivity.present")]
    heads(book, sheet, 3, [*labels, *changes])
    values, row = flow_values(book), FIRST_ROW
    shown = [(path, lines) for path, lines in prices(book.study).items() if present_value(book.study, lines) != 0.0]
    for path, lines in shown:
        _price_row(book, sheet, row, path, lines)
        row += 1
    _rate_row(book, sheet, row, values)
    place = Place(book, len(shown))
    for position, figure in enumerate(MOVED_FIGURES):
        _figure_heads(book, sheet, place.figures(position), figure, changes)
    text(book, sheet, place.flows(0) - 1, 0, book.words.t("financing.xlsx.moved_flows"), "section")
    for number_of, (path, lines) in enumerate(shown):
        _moved_rows(book, sheet, place, number_of, path, lines, values)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, max(9, START + book.periods), 17)


def _worth_cell(book: Book) -> tuple[str, float]:
    hybrid = ALTERNATIVES.index("hybrid")
    values = flow_values(book)
    return flow_cell(book, hybrid, DIFFERENCE, PRESENT), float((values["difference"][hybrid] * values["factors"]).sum())


def _price_row(book: Book, sheet: Any, row: int, path: str, lines: tuple[str, ...]) -> None:
    scenario = book.study.scenario
    now, present = float(scenario.get(path)), present_value(book.study, lines)
    worth_ref, worth = _worth_cell(book)
    text(book, sheet, row, 0, _price_label(book, path))
    put(book, sheet, row, 1, f"=in_{path.replace('.', '_')}", now, "fixed")
    put(book, sheet, row, 2, "=" + "+".join(_difference_of(book, line) for line in lines), present)
    for k, change in enumerate(CHANGES):
        put(book, sheet, row, 3 + k, f"={worth_ref}+({change})*{cell(row, 2, 'c')}", worth + change * present)


def _difference_of(book: Book, line: str) -> str:
    offset, hybrid = list(LINES).index(line), HYBRID
    base = baseline_of([flow_cell(book, row, offset, PRESENT) for row in range(len(ALTERNATIVES))])
    return f"({flow_cell(book, hybrid, offset, PRESENT)}-{base})"


def _rate_row(book: Book, sheet: Any, row: int, values: dict) -> None:
    entry, hybrid = register()["finance.discount_rate"], ALTERNATIVES.index("hybrid")
    rate, flows = book.study.scenario.finance.discount_rate, values["difference"][hybrid]
    text(book, sheet, row, 0, register_text.label(entry, book.words))
    put(book, sheet, row, 1, "=in_finance_discount_rate", rate, "percent")
    start, later = flow_cell(book, hybrid, DIFFERENCE, START), flow_span(book, hybrid, DIFFERENCE, START + 1)
    for k, change in enumerate(CHANGES):
        moved = f"(1+{cell(row, 1, 'c')}*(1+({change})))^(1/periods_per_year)-1"
        value = float(metrics.npv(rate * (1 + change), flows, metrics.MONTHLY))
        put(book, sheet, row, 3 + k, f"={start}+NPV({moved},{later})", value)


def _price_label(book: Book, path: str) -> str:
    entry = register()[path]
    unit = register_text.plain_unit(entry, book.study.scenario, book.words)
    return register_text.label(entry, book.words) + (f" ({unit})" if unit else "")


def _figure_heads(book: Book, sheet: Any, row: int, figure: KeyFigure, changes: list[str]) -> None:
    heads(book, sheet, row - 1, [say.figure_name(figure, book.words), book.t("sensitivity.now"), "", *changes])


def _moved_rows(
    book: Book, sheet: Any, place: Place, price: int, path: str, lines: tuple[str, ...], values: dict
) -> None:
    """The lines of a price by period, each moved flow with its running total, and the figures made from them."""
    own = place.flows(price)
    base, ledger = book.study.dispatch.row(book.study.baseline), book.study.ledger.lines
    amounts = sum(ledger[line][HYBRID] - ledger[line][base] for line in lines)
    text(book, sheet, own, 0, _price_label(book, path))
    for period, amount in enumerate(amounts):
        formula = "=" + "+".join(_line_difference(book, line, START + period) for line in lines)
        put(book, sheet, own, START + period, formula, amount)
    for position in range(len(MOVED_FIGURES)):
        row = place.figures(position) + price
        text(book, sheet, row, 0, _price_label(book, path))
        put(book, sheet, row, 1, f"=in_{path.replace('.', '_')}", float(book.study.scenario.get(path)), "fixed")
    for k, change in enumerate(CHANGES):
        flows = values["difference"][HYBRID] + change * amounts
        _moved_flow(book, sheet, own + 1 + 2 * k, own, change, flows)
        for position, figure in enumerate(MOVED_FIGURES):
            formula = (_irr if figure.kind == "rate" else _payback)(book, place, own + 1 + 2 * k)
            shown, style = moved_figure(book, figure, flows), KIND_FORMATS[figure.kind]
            put(book, sheet, place.figures(position) + price, 3 + k, formula, shown, style)


def _line_difference(book: Book, line: str, column: int) -> str:
    """Hybrid less baseline of a ledger line in a column of the cash-flow sheet."""
    cells = [flow_cell(book, row, list(LINES).index(line), column) for row in range(len(ALTERNATIVES))]
    return f"{cells[HYBRID]}-{baseline_of(cells)}"


def _moved_flow(book: Book, sheet: Any, row: int, own: int, change: float, flows: Floats) -> None:
    number(book, sheet, row, 1, change, "percent")
    for period, (flow, running) in enumerate(zip(flows, flows.cumsum(), strict=True)):
        column = START + period
        plain = flow_cell(book, HYBRID, DIFFERENCE, column)
        put(book, sheet, row, column, f"={plain}+{cell(row, 1, 'c')}*{cell(own, column)}", flow)
        before = f"{cell(row + 1, column - 1)}+" if period else ""
        put(book, sheet, row + 1, column, f"={before}{cell(row, column)}", running)


def moved_figure(book: Book, figure: KeyFigure, flows: Floats) -> float | str:
    """A figure of a moved flow as the sheet has it; none where its sign, and that of its running total, change more
    often than once. A running total that changes it once has one rate from zero up (Norstrom 1972)."""
    is_back = flows.cumsum() >= 0
    turns, of_total = int((flows[:-1] * flows[1:] < 0).sum()), int((is_back[:-1] != is_back[1:]).sum())
    if of_total > 1 if figure.kind != "rate" else of_total != 1 and turns > 1:
        return _unclear(book)
    found = figure.of_flow(Flow(flows, book.study.scenario.finance.discount_rate, metrics.MONTHLY))
    return found.value if found.value is not None else say.short_reason(found, book.words)


def _unclear(book: Book) -> str:
    return book.words.t("financing.xlsx.unclear")


def _signs(place: Place, row: int) -> str:
    """How often the sign of a flow changes from one period to the next."""
    first, second = span(row, START, place.last - 1), span(row, START + 1, place.last)
    return f"SUMPRODUCT(({first}<0)*({second}>0)+({first}>0)*({second}<0))"


def _turns(place: Place, row: int) -> str:
    """How often the running total of a flow goes from below zero to zero or more, or back."""
    first, second = span(row + 1, START, place.last - 1), span(row + 1, START + 1, place.last)
    return f"SUMPRODUCT(({first}<0)*({second}>=0)+({first}>=0)*({second}<0))"


def _irr(book: Book, place: Place, row: int) -> str:
    """One change of sign, of the flow or of its running total, means one rate; beyond -99 % or 1000 % there is none."""
    flows, signs, turns = span(row, START, place.last), _signs(place, row), _turns(place, row)
    rate = f"(1+IRR({flows},{1 + START_GUESS}^(1/periods_per_year)-1))^periods_per_year-1"
    inside = f'IF(AND({rate}>=-0.99,{rate}<=10),{rate},"{short(book, "no_root")}")'
    found = f'IFERROR({inside},"{short(book, "no_root")}")'
    none = f'IF(AND(MIN({flows})=0,MAX({flows})=0),"{short(book, "all_zero")}","{short(book, "no_sign_change")}")'
    return f'=IF(OR({signs}=1,{turns}=1),{found},IF({signs}>1,"{_unclear(book)}",{none}))'


def _payback(book: Book, place: Place, row: int) -> str:
    running = span(row + 1, START, place.last)
    below = f'COUNTIF({running},"<0")'
    at = f"{below}-1+INDEX({running},{below})/(INDEX({running},{below})-INDEX({running},{below}+1))"
    lost = f"OR({cell(row + 1, START)}>=0,{cell(row + 1, place.last)}<0)"
    known = (
        f'IF(MIN({running})>=0,"{short(book, "no_outlay")}",'
        f'IF({lost},"{short(book, "never")}",({at})/periods_per_year))'
    )
    return f'=IF({_turns(place, row)}>1,"{_unclear(book)}",{known})'
