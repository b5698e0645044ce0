"""The sheet of a contract: what is shared, who gets what of it, and what owner and investor are left with.

Live are the plant's own lines and the split by the yellow shares. What the plant saves is a value of the app: the same
site without the plant, which it is measured against, is simulated apart. So is what other contracts pay (rents,
fees, a guarantee).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finance import metrics
from finance.lines import LINES
from report.book.cells import Book, cell, heads, number, put, span, text
from report.book.flows import START as FLOW_START
from report.book.flows import Searched, flow_cell, irr_formula
from report.text import deal as deal_text
from report.text import say
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES
from study.deal import PLANT_PARTS, Outcome, agreed, plant_lines, plant_names

LABEL, SUM, START, TOP = 0, 1, 2, 5
ROWS = (
    "project",
    "saving",
    "share",
    "payment",
    "plant",
    "investor",
    "host",
    "investor_running",
    "host_running",
    "investor_discounted",
    "host_discounted",
)
WITHOUT_SUM = ("share", "investor_running", "host_running")
FIGURES_TOP = TOP + len(ROWS) + 2


def deal_sheet(book: Book, position: int) -> list[Searched]:
    """Write the sheet where there is a contract; returned is the investor's flow if it has an outlay. `position`: that
    of its flow on the sheet of rates."""
    found = agreed(book.study)
    if found is None:
        return []
    sheet, words = book.sheet("deal"), book.words
    text(book, sheet, 0, 0, words.t("deal.xlsx.title"), "title")
    text(book, sheet, 1, 0, deal_text.terms_line(book.study, found, words))
    text(book, sheet, 2, 0, words.t("deal.xlsx.note"), "note")
    periods = [book.t("flows.month", n=n) for n in range(1, book.periods + 1)]
    heads(book, sheet, TOP - 1, [book.t("flows.line"), book.t("flows.sum"), book.t("flows.start"), *periods])
    values = _values(book, found)
    for k, name in enumerate(ROWS):
        text(book, sheet, TOP + k, LABEL, words.t(f"deal.line.{name}"))
        if name not in WITHOUT_SUM:
            put(book, sheet, TOP + k, SUM, f"=SUM({_row(book, name)})", values[name].sum(), "total")
    for period in range(book.periods + 1):
        _column(book, sheet, found, values, period)
    _figures(book, sheet, found, position)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, START + book.periods, 15)
    sheet.freeze_panes(TOP, 2)
    if not found.has_investor:
        return []
    start, later = cell(_at("investor"), START, "rc"), span(_at("investor"), START + 1, START + book.periods, "rc")
    return [
        Searched(words.t("deal.party.investor"), book.ref("deal", start), book.ref("deal", later), found.investor.flow)
    ]


def _at(name: str) -> int:
    return TOP + ROWS.index(name)


def _row(book: Book, name: str) -> str:
    return span(_at(name), START, START + book.periods)


def _values(book: Book, found: Outcome) -> dict[str, Floats]:
    rate, count = book.study.scenario.finance.discount_rate, found.host.flow.size
    factors = metrics.discount_factors(rate, count, metrics.MONTHLY)
    host, investor = found.host.flow, found.investor.flow
    return {
        "project": host + investor,
        "saving": found.saving,
        "share": found.share,
        "payment": found.deal.payment,
        "plant": investor - found.deal.payment,
        "investor": investor,
        "host": host,
        "investor_running": investor.cumsum(),
        "host_running": host.cumsum(),
        "investor_discounted": investor * factors,
        "host_discounted": host * factors,
    }


def _column(book: Book, sheet: Any, found: Outcome, values: dict[str, Floats], period: int) -> None:
    column = START + period
    for name, formula in _formulas(book, found, period).items():
        put(book, sheet, _at(name), column, formula, values[name][period])
    number(book, sheet, _at("saving"), column, values["saving"][period], "fixed")
    sheet.write_number(_at("share"), column, values["share"][period], book.formats["input"])
    if found.contract.kind != "shared_saving":
        sheet.write_number(_at("payment"), column, values["payment"][period], book.formats["fixed"])


def _formulas(book: Book, found: Outcome, period: int) -> dict[str, str]:
    column = START + period

    def own(name: str, back: int = 0) -> str:
        return cell(_at(name), column - back)

    formulas = {
        "project": _project(book, found, period),
        "plant": "="
        + ("+".join(_plant_line(book, line, period) for line in plant_lines(book.study, found, period)) or "0"),
        "investor": f"={own('payment')}+{own('plant')}",
        "host": f"={own('project')}-{own('investor')}",
    }
    if found.contract.kind == "shared_saving":
        end = found.deal.payment[period] - found.share[period] * found.saving[period]
        handed_over = f"+{float(end)!r}" if period == found.periods and found.contract.buy_out_fraction else ""
        formulas["payment"] = f"={own('share')}*{own('saving')}{handed_over}"
    for name in ("investor", "host"):
        before = f"{own(f'{name}_running', 1)}+" if period else ""
        formulas[f"{name}_running"] = f"={before}{own(name)}"
        formulas[f"{name}_discounted"] = f"={own(name)}/(1+period_rate)^{period}"
    return formulas


def _project(book: Book, found: Outcome, period: int) -> str:
    """What the plant saves, a value of the app, and the plant's own lines, live."""
    study, kind, hybrid = book.study, found.contract.kind, ALTERNATIVES.index("hybrid")
    names = [name for part in PLANT_PARTS for name in plant_names(study, part, kind)]
    own = sum(float(study.ledger.lines[name][hybrid, period]) for name in names)
    rest = float(found.host.flow[period] + found.investor.flow[period]) - own
    return "=" + "+".join([repr(rest), *(_plant_line(book, name, period) for name in names)])


def _plant_line(book: Book, line: str, period: int) -> str:
    """A ledger line of the hybrid; the site without the plant has none of these."""
    return flow_cell(book, ALTERNATIVES.index("hybrid"), list(LINES).index(line), FLOW_START + period)


def _figures(book: Book, sheet: Any, found: Outcome, position: int) -> None:
    for k, (label, formula, value, style) in enumerate(_figure_cells(book, found, position)):
        text(book, sheet, FIGURES_TOP + k, LABEL, label)
        put(book, sheet, FIGURES_TOP + k, SUM, formula, value, style)


def _figure_cells(book: Book, found: Outcome, position: int) -> Iterator[tuple[str, str, Any, str]]:
    words, parties = book.words, {"host": found.host, "investor": found.investor}
    for name, party in parties.items():
        total = f"=SUM({_row(book, f'{name}_discounted')})"
        yield words.t(f"deal.xlsx.worth_{name}"), total, party.before_tax.worth, "money"
    if found.has_investor:
        irr = found.investor.before_tax.irr
        shown = say.short_reason(irr, words) if irr.value is None else irr.value
        yield (
            words.t("deal.column.investor_irr"),
            "=" + irr_formula(book, _row(book, "investor"), position),
            shown,
            "percent",
        )
