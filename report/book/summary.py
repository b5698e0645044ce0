"""Summary, sensitivity, checks, sources and the steps of one year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from finance import metrics
from finance.figures import FIGURES, OF_FLOWS, KeyFigure, figures_on
from finance.lines import LINES, keys
from finance.metrics import Payback
from report.book.answer import COST_ROW, answer_rows
from report.book.cells import FONT, Book, BookSheet, cell, heads, put, put_figure, span, text
from report.book.finance import finance_cell, finance_checks, shown_views
from report.book.flows import (
    DIFFERENCE,
    KPI_FIRST_ROW,
    PRESENT,
    RUNNING,
    SUM,
    TOTAL,
    block,
    flow_cell,
    flow_span,
    flow_values,
    kpi_formula,
    last_column,
)
from report.book.months import first_row_of, month_columns
from report.book.years import shown_flow
from report.files import step_price_per_kwh
from report.text import inputs as register_text
from report.text import say
from report.text.currency import rate_note, shown_currency
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.register import register
from study.answer import headline
from study.financing import returns
from study.study import Study
from study.weeks import steps_in_term

VECTOR = (-1000.0, *(220.0 * 0.98**n for n in range(10)))
VECTOR_RATE = 0.08
TOLERANCE = "1E-6"


def summary_sheet(book: Book) -> None:
    """Headline, key figures of the four alternatives, how to read the file. Filled last, shown first."""
    sheet, study, words = book.file.get_worksheet_by_name(book.t("sheet.summary")), book.study, book.words
    site = study.scenario.site
    text(book, sheet, 0, 0, say.project(study.scenario, words), "title")
    text(book, sheet, 1, 0, say.say(headline(study), words, site.currency))
    basis = words.t(f"proposal.basis.{study.scenario.finance.vat_basis}")
    text(book, sheet, 2, 0, book.t("summary.basis", code=study.fingerprint, currency=site.currency, vat=basis), "note")
    text(book, sheet, 3, 0, book.t("summary.live"), "note")
    text(book, sheet, 4, 0, book.t("summary.simulated"), "note")
    _status(book, sheet)
    note = rate_note(study.scenario, words)
    if note:
        shown = words.currency(shown_currency(study.scenario))
        text(book, sheet, 2, 6, words.t("currency.xlsx", site=words.currency(site.currency), shown=shown, note=note))
    names = [say.name(name, words, first=True) for name in ALTERNATIVES]
    heads(
        book,
        sheet,
        KPI_FIRST_ROW - 1,
        [book.t("summary.figure"), *names, book.t("summary.unit"), book.t("summary.meaning")],
        numbers=range(1, 5),
    )
    for k, figure in enumerate(figures_on("book")):
        _kpi_row(book, sheet, KPI_FIRST_ROW + k, figure)
    _after_tax(book, sheet)
    _charts(book, sheet, answer_rows(book, sheet, AFTER_TAX_ROW + len(shown_views(book)) + 2))
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 4, 20)
    sheet.set_column(5, 5, 12)
    sheet.set_column(6, 6, 80)
    sheet.activate()


def _status(book: Book, sheet: Any) -> None:
    """Whether the figures below are those of the inputs; red, and the figures struck out, where a new simulation is
    needed."""
    valid, left = book.t("summary.valid"), book.t("summary.stale")
    put(book, sheet, 5, 0, f'=IF(whites_moved=0,"{valid}",whites_moved&"{left}")', valid, "good")
    moved = {"type": "formula", "criteria": "=whites_moved>0"}
    sheet.conditional_format(5, 0, 5, 5, moved | {"format": book.formats["alarm"]})
    last = AFTER_TAX_ROW + len(shown_views(book)) + 8
    for first, end in ((KPI_FIRST_ROW, AFTER_TAX_ROW - 1), (AFTER_TAX_ROW + 1, last)):
        sheet.conditional_format(first, 1, end, 4, moved | {"format": book.formats["struck"]})


def _kpi_row(book: Book, sheet: Any, row: int, figure: KeyFigure) -> None:
    words = book.words
    text(book, sheet, row, 0, say.figure_name(figure, words))
    for k, name in enumerate(ALTERNATIVES):
        formula = kpi_formula(book, figure, k) if figure.formula else ""
        put_figure(book, sheet, row, 1 + k, figure, formula, book.study.kpis[name].figure(figure.key))
    text(book, sheet, row, 5, say.figure_unit(figure, words, book.study.scenario.site.currency), "note")
    text(
        book,
        sheet,
        row,
        6,
        say.joined([say.figure_meaning(figure, None, words), _lost_again(book, figure)], words),
        "note",
    )


def _lost_again(book: Book, figure: KeyFigure) -> str:
    """The hybrid's payback as it was exported, where it is lost again; the cell has the first one."""
    found = book.study.kpis["hybrid"].figure(figure.key)
    if not (isinstance(found, Payback) and found.lost_again):
        return ""
    told = say.figure(figure, found, book.words, book.study.scenario.site.currency)
    return book.words.t("financing.pair", name=say.name("hybrid", book.words, first=True), text=told)


AFTER_TAX_ROW = KPI_FIRST_ROW + len(figures_on("book")) + 1


def _after_tax(book: Book, sheet: Any) -> None:
    """The hybrid after tax and for its owners, from the sheet of tax and loan."""
    words = book.words
    heads(
        book,
        sheet,
        AFTER_TAX_ROW,
        [words.t("financing.column.view"), *(say.figure_name(row, words) for row in OF_FLOWS)],
        numbers=range(1, 5),
    )
    for k, name in enumerate(shown_views(book), start=AFTER_TAX_ROW + 1):
        view = returns(book.study).both_bases[name]
        text(book, sheet, k, 0, words.t(f"financing.view.{name}"))
        for j, row in enumerate(OF_FLOWS, start=1):
            put_figure(book, sheet, k, j, row, f"={finance_cell(book, name, row.key)}", getattr(view, row.key))


def _charts(book: Book, sheet: Any, top: int) -> None:
    label, difference, running = shown_flow(book, ALTERNATIVES.index("hybrid"))
    flow = book.file.add_chart({"type": "column"})
    line = book.file.add_chart({"type": "line"})
    flow.add_series(
        {
            "name": book.t("flows.difference"),
            "categories": f"={label}",
            "values": f"={difference}",
            "fill": {"color": "#039C86"},
        }
    )
    line.add_series(
        {
            "name": book.t("flows.running"),
            "categories": f"={label}",
            "values": f"={running}",
            "line": {"color": "#101820"},
        }
    )
    flow.combine(line)
    baseline = say.name(book.study.baseline, book.words)
    flow.set_title({"name": book.t("summary.chart_flow", baseline=baseline), "name_font": {"name": FONT, "size": 11}})
    flow.set_legend({"position": "bottom"})
    flow.set_x_axis({"label_position": "low"})
    flow.set_y_axis({"num_format": "#,##0"})
    flow.set_size({"width": 720, "height": 320})
    sheet.insert_chart(top, 0, flow, {"description": book.t("summary.chart_flow", baseline=baseline)})
    cost, cost_name = book.file.add_chart({"type": "bar"}), say.figure_name(FIGURES["present_cost"], book.words)
    first = cell(KPI_FIRST_ROW - 1, 1, "rc")
    names = book.ref("summary", f"{first}:{cell(KPI_FIRST_ROW - 1, 4, 'rc')}")
    totals = book.ref("summary", span(COST_ROW, 1, 4, "rc"))
    cost.add_series(
        {
            "name": cost_name,
            "categories": f"={names}",
            "values": f"={totals}",
            "fill": {"color": "#1460BA"},
        }
    )
    cost.set_title({"name": cost_name, "name_font": {"name": FONT, "size": 11}})
    cost.set_legend({"none": True})
    cost.set_y_axis({"reverse": True})
    cost.set_x_axis({"num_format": "#,##0", "num_font": {"size": 8}})
    cost.set_size({"width": 560, "height": 320})
    sheet.insert_chart(top, 5, cost, {"description": cost_name})


def checks_sheet(book: Book) -> None:
    """Sums crossed by another way, and the formulas of this file on a known example."""
    sheet = book.sheet("checks")
    text(book, sheet, 0, 0, book.t("checks.title"), "title")
    text(book, sheet, 1, 0, book.t("checks.note"), "note")
    heads(
        book,
        sheet,
        3,
        [book.t("checks.check"), book.t("checks.one_way"), book.t("checks.other_way"), book.t("checks.result")],
    )
    row = 4
    for k, name in enumerate(ALTERNATIVES):
        for key, one, other, value in _cross_foots(book, k):
            label = book.t(f"checks.{key}", name=say.name(name, book.words, first=True))
            _check(book, sheet, row, label, one, other, value)
            row += 1
    for key, one, other, value in finance_checks(book):
        _check(book, sheet, row, book.words.t(f"financing.xlsx.check_{key}"), one, other, value)
        row += 1
    _vector(book, sheet, row + 2)
    sheet.set_column(0, 0, 62)
    sheet.set_column(1, 12, 17)


def _cross_foots(book: Book, row: int) -> list[tuple[str, str, str, float]]:
    """(name, one way, another way, value) for an alternative."""
    values, last = flow_values(book), last_column(book)
    columns, months = month_columns(book), book.study.dispatch.months
    top = first_row_of(book, row)
    line_sums = book.ref("flows", f"{cell(block(row), SUM, 'rc')}:{cell(block(row) + TOTAL - 1, SUM, 'rc')}")
    bill = book.ref(
        "months", f"{cell(top, columns.at['bill'], 'rc')}:{cell(top + months - 1, columns.at['bill'], 'rc')}"
    )
    bill_lines = "".join(f"-{flow_cell(book, row, list(LINES).index(line), SUM)}" for line in keys(due="billed"))
    found = [
        ("total", f"=SUM({line_sums})", f"={flow_cell(book, row, TOTAL, SUM)}", float(values["total"][row].sum())),
        ("bill", f"=SUM({bill})", f"={bill_lines}", float(book.study.bill.total[row].sum())),
        (
            "running",
            f"={flow_cell(book, row, RUNNING, last)}",
            f"=SUM({flow_span(book, row, DIFFERENCE)})",
            float(values["difference"][row].sum()),
        ),
        (
            "present",
            f"=SUM({flow_span(book, row, DIFFERENCE + 2)})",
            f"={flow_cell(book, row, DIFFERENCE, PRESENT)}",
            float(values["discounted"][row].sum()),
        ),
    ]
    return found


def _check(
    book: Book, sheet: Any, row: int, label: str, one: str, other: str, value: float, known: bool = False
) -> None:
    text(book, sheet, row, 0, label)
    put(book, sheet, row, 1, one, value, "fixed" if known else "money")
    if known:
        sheet.write_number(row, 2, float(other), book.formats["fixed"])
    else:
        put(book, sheet, row, 2, other, value)
    a, b = cell(row, 1), cell(row, 2)
    half_digit = 0.5 * 10.0 ** -len(other.partition(".")[2])
    limit = f"{half_digit:g}" if known else f"{TOLERANCE}*MAX(1,ABS({a}))"
    put(
        book,
        sheet,
        row,
        3,
        f'=IF(ABS({a}-{b})<={limit},"{book.t("checks.ok")}","{book.t("checks.differs")}")',
        book.t("checks.ok"),
        "good",
    )


def _vector(book: Book, sheet: Any, row: int) -> None:
    """The known example: -1000, then 220 falling by 2 % a year for 10 years, at 8 %."""
    flows = np.array(VECTOR)
    last = len(VECTOR)
    text(book, sheet, row, 0, book.t("checks.vector"), "section")
    for k, name in enumerate(("flow", "running", "discounted", "crossing", "crossing_discounted")):
        text(book, sheet, row + 1 + k, 0, book.t(f"flows.{name}") if name != "flow" else book.t("checks.flow"))
    discounted = flows * metrics.discount_factors(VECTOR_RATE, flows.size)
    for n in range(last):
        column = 1 + n
        own, before = (lambda k, c=column: cell(row + 1 + k, c)), (lambda k, c=column: cell(row + 1 + k, c - 1))
        formula = "=-1000" if n == 0 else f"=220*0.98^({n}-1)"
        put(book, sheet, row + 1, column, formula, flows[n], "years")
        start = n == 0
        put(
            book,
            sheet,
            row + 2,
            column,
            f"={own(0)}" if start else f"={before(1)}+{own(0)}",
            flows[: n + 1].sum(),
            "years",
        )
        running = f"={own(0)}" if start else f"={before(2)}+{own(0)}/(1+{VECTOR_RATE})^{n}"
        put(book, sheet, row + 3, column, running, discounted[: n + 1].sum(), "years")
        for k, series in ((3, flows.cumsum()), (4, discounted.cumsum())) if n else ():
            crosses = series[n - 1] < 0 <= series[n]
            value = n - 1 + series[n - 1] / (series[n - 1] - series[n]) if crosses else ""
            a, b = before(k - 2), own(k - 2)
            put(book, sheet, row + 1 + k, column, f'=IF(AND({a}<0,{b}>=0),{n - 1}+{a}/({a}-{b}),"")', value, "years")
    ranges = [span(row + 1 + k, 2, last) for k in range(5)]
    found = metrics.irr(flows).value or 0.0
    known = (
        ("static", f"=MIN({ranges[3]})", "4.72", metrics.payback(flows).value),
        ("dynamic", f"=MIN({ranges[4]})", "6.25", metrics.discounted_payback(VECTOR_RATE, flows).value),
        ("irr", f"=IRR({span(row + 1, 1, last)})*100", "15.88", found * 100),
        (
            "vector_present",
            f"={cell(row + 1, 1)}+NPV({VECTOR_RATE},{ranges[0]})",
            "367.4",
            float(metrics.npv(VECTOR_RATE, flows)),
        ),
    )
    for k, (key, formula, expected, value) in enumerate(known):
        limit_value = float(value or 0.0)
        _check(book, sheet, row + 7 + k, book.t(f"checks.{key}"), formula, expected, limit_value, known=True)


def sources_sheet(book: Book) -> None:
    """Sources of the inputs in use and of the tariff, and what the file cannot recompute."""
    sheet, scenario, words = book.sheet("sources"), book.study.scenario, book.words
    text(book, sheet, 0, 0, book.t("sources.title"), "title")
    heads(book, sheet, 2, [book.t("column.source"), book.t("sources.for")])
    used: dict[str, list[str]] = {}
    for entry in register().values():
        source = register_text.source(entry, scenario, words) if entry.when(scenario) else ""
        if source:
            used.setdefault(source, []).append(register_text.label(entry, words))
    tariff = scenario.tariff
    if tariff.source:
        source = register_text.source_words(f"{tariff.source} ({tariff.as_of})", book.words)
        used.setdefault(source, []).append(book.t("tariff.title"))
    for k, (source, labels) in enumerate(used.items(), start=3):
        text(book, sheet, k, 0, source, "wrap")
        text(book, sheet, k, 1, say.listed(labels, book.words), "wrap")
    sheet.set_column(0, 1, 80)


def hourly_sheet(book: Book) -> None:
    """Every step of the hybrid's first project year: values of the simulation, as a table."""
    study = book.study
    columns = hourly_columns(study)
    count = len(next(iter(columns.values())))
    sheet = book.file.add_worksheet(book.t("sheet.hourly"), StepSheet)
    text(book, sheet, 0, 0, book.t("hourly.note"), "note")
    headers = [{"header": book.t(f"hourly.{name}", currency=study.scenario.site.currency)} for name in columns]
    sheet.add_table(
        1, 0, 1 + count, len(columns) - 1, {"columns": headers, "name": "steps", "style": "Table Style Light 1"}
    )
    sheet.set_column(0, 0, 18, book.formats["time"])
    sheet.set_column(1, len(columns), 14, book.formats["fixed"])
    sheet.freeze_panes(2, 1)
    sheet.fill(2, list(columns.values()), book.formats["time"]._get_xf_index())


def hourly_columns(study: Study) -> dict[str, np.ndarray]:
    """The columns of the table, by key: time as a spreadsheet's day number, powers in kW, charge in kWh, price."""
    trace, steps = study.dispatch.trace("hybrid", 1), steps_in_term(study, 1)
    stamps = study.dispatch.clock.stamps(1)
    days = (stamps - np.datetime64("1899-12-30T00:00")).astype("timedelta64[m]").astype(float) / 1440
    known = {field.name for field in fields(trace)}
    names = ("load_kw", "import_kw", "pv_load_kw", "pv_charge_kw", "discharge_kw", "genset_kw", "unserved_kw")
    columns = {"time": days, **{name: getattr(trace, name) for name in names if name in known}}
    columns |= {"charge_kw": trace.charge_kw, "energy_kwh": trace.energy_kwh, "price": step_price_per_kwh(study, 1)}
    return {name: np.asarray(values)[:steps] for name, values in columns.items()}


class StepSheet(BookSheet):
    """A sheet that writes many rows of plain numbers at once; a cell at a time takes five times as long."""

    steps: str = ""
    dim_rowmax: int | None
    dim_colmax: int | None

    def fill(self, first_row: int, columns: Sequence[np.ndarray], first_style: int) -> None:
        """Numbers from `first_row` (0 is the first) down; `first_style` is the format of the first column."""
        count = len(columns[0])
        names = [xl_col_to_name(k) for k in range(len(columns))]
        first = f'<c r="{names[0]}%d" s="{first_style}"><v>%.10g</v></c>'
        row = '<row r="%d">' + first + "".join(f'<c r="{name}%d"><v>%.8g</v></c>' for name in names[1:]) + "</row>"
        numbers = np.arange(first_row + 1, first_row + 1 + count).tolist()
        lists = [np.round(values, 10).tolist() for values in columns]
        self.steps = "".join(
            row % (n, *(part for value in values for part in (n, value + 0.0)))
            for n, values in zip(numbers, zip(*lists, strict=True), strict=True)
        )
        self.dim_rowmax = max(self.dim_rowmax or 0, first_row + count - 1)
        self.dim_colmax = max(self.dim_colmax or 0, len(columns) - 1)

    def _write_rows(self) -> None:
        highest, self.dim_rowmax = self.dim_rowmax, 1
        super()._write_rows()
        self.dim_rowmax = highest
        self.fh.write(self.steps)
