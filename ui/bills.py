"""Real bills: the table to type or upload, the comparison with the model, and the load that fits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from i18n import LANGUAGES
from i18n import words as words_of
from report.screen.bills import bill_colours, months
from report.screen.charts import legend
from report.text import bills as real_bills_text
from report.text import say
from report.text.bills import COLUMNS, because, period_heading, title
from report.text.csv_text import csv_text
from report.text.plain import as_plain
from sim.inputs.bills import RealBill
from sim.meter.limits import TABLE_TYPES
from sim.tariff.bills_file import MONTH, PERIOD, plain_name, read_bills_file
from study.real_bills import Comparison, compare, fitting_peak_kw, verdict
from ui import form, site_year, state, table
from ui.apart import apart
from ui.figures import card, chart
from ui.file_field import file_field
from ui.state import t

AMOUNTS = ("energy", "demand", "adjustment", "tax", "other", "total")
QUANTITIES = ("kwh", "max_demand_kw")
FILE_LIMIT_MB = 5
COLUMNS_NAMED = 12
BOM = "\ufeff"


def editor() -> None:
    """The card with the bills of the scenario: upload, template, table."""
    bills = state.current().bills
    title = state.counted("bills.table.title", len(bills)) if bills else t("bills.table.none")
    with card(title, t("bills.table.note", vat=_vat())):
        _upload()
        row = st.container(horizontal=True)
        row.download_button(
            t("bills.table.template"),
            data=_template,
            file_name="bills.csv",
            mime="text/csv",
            on_click="ignore",
            key="bills_template",
        )
        if bills:
            row.button(t("bills.table.clear"), on_click=lambda: _take([], t("bills.table.cleared")), key="bills_clear")
        else:
            row.button(t("bills.table.twelve"), on_click=_twelve, key="bills_twelve")
        _table(bills)
        form.problems("bills")


def _vat() -> str:
    return t(f"bills.vat_{state.current().finance.vat_basis}")


def _upload() -> None:
    file = file_field(
        t("bills.upload"),
        TABLE_TYPES,
        FILE_LIMIT_MB,
        key=f"bills_file@{state.revision()}",
        help=t("bills.upload_help"),
    )
    if file is None:
        return
    try:
        found, left_out = apart(read_bills_file, file.getvalue(), file.name, _headings())
    except ValueError as error:
        st.error(t("bills.refused", name=as_plain(file.name), reason=state.refused(error)))
        return
    notice = t("bills.taken", name=as_plain(file.name), n=len(found))
    if left_out:
        names = say.listed(map(as_plain, left_out[:COLUMNS_NAMED]), state.words())
        notice += " " + t("bills.left_out", names=names)
    if _take(found, notice):
        st.rerun()


def _take(bills: list[dict[str, Any]], notice: str) -> bool:
    is_taken = state.change({"bills": bills})
    if is_taken:
        state.replace(state.current(), notice)
    return is_taken


def _twelve() -> None:
    """Empty bills of the twelve months before the study's first."""
    year, month = (int(part) for part in state.current().site.start.split("-"))
    counts = range(year * 12 + month - 13, year * 12 + month - 1)
    _take([{"month": f"{count // 12}-{count % 12 + 1:02d}"} for count in counts], t("bills.table.begun"))


def _table(bills: tuple[RealBill, ...]) -> None:
    """The bills as rows; a changed cell counts at once."""
    periods = _periods(bills)
    rows = [_row(bill, periods) for bill in bills]
    columns = _columns(periods)
    edited = table.grid_editor(
        "bills",
        rows,
        columns,
        alt=t("bills.table.alt"),
        height=460 if len(rows) > 8 else "auto",
    )
    if edited is None:
        return
    wanted = [_bill(row) for row in edited]
    if wanted != [_bill(row) for row in rows] and state.change({"bills": wanted}):
        st.rerun()


def _periods(bills: tuple[RealBill, ...]) -> list[str]:
    """Price periods with a column of their own: the tariff's and those of the bills, dearest first."""
    of_tariff = [name for season in state.current().tariff.seasons for name in season.prices_per_kwh]
    return list(dict.fromkeys([*of_tariff, *(name for bill in bills for name in bill.kwh_by_period)]))


def _row(bill: RealBill, periods: list[str]) -> dict[str, Any]:
    return {
        MONTH: bill.month,
        "kwh": bill.kwh,
        **{f"{PERIOD}{name}": bill.kwh_by_period.get(name) for name in periods},
        "max_demand_kw": bill.max_demand_kw,
        **{name: getattr(bill, name) for name in AMOUNTS},
    }


def _bill(row: Mapping[str, Any]) -> dict[str, Any]:
    """A table's row as a bill's fields, without what is empty."""
    given = {name: value for name, value in row.items() if value is not None}
    by_period = {name.removeprefix(PERIOD): value for name, value in given.items() if name.startswith(PERIOD)}
    plain = {name: value for name, value in given.items() if not name.startswith(PERIOD)}
    return plain | ({"kwh_by_period": by_period} if by_period else {})


def _columns(periods: list[str]) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        MONTH: st.column_config.TextColumn(t("bills.field.month"), help=t("bills.month_help"), pinned=True),
        "kwh": number(t("bills.field.kwh"), format="localized", required=False),
    }
    for name in periods:
        columns[f"{PERIOD}{name}"] = number(period_heading(name, state.words()), format="localized", required=False)
    for name in ("max_demand_kw", *AMOUNTS):
        columns[name] = number(t(f"bills.field.{name}"), format="localized", required=False)
    return columns


def _headings() -> dict[str, str]:
    """Field of each plain heading, in every language of the product, and by its own name."""
    found: dict[str, str] = {}
    for words in map(words_of, LANGUAGES):
        found |= {plain_name(words.t(f"bills.field.{name}")): name for name in (MONTH, *QUANTITIES, *AMOUNTS)}
        for name in _periods(state.current().bills):
            found[plain_name(period_heading(name, words))] = f"{PERIOD}{name}"
    return found | {plain_name(name): name for name in (MONTH, *QUANTITIES, *AMOUNTS)}


def _template() -> str:
    """A CSV with the headings of this page's language and the months of the bills, or of the year before the start."""
    bills = state.current().bills
    periods, words = _periods(bills), state.words()
    head = [words.t(f"bills.field.{name}") for name in (MONTH, "kwh")]
    head += [period_heading(name, words) for name in periods]
    head += [words.t(f"bills.field.{name}") for name in ("max_demand_kw", *AMOUNTS)]
    year = int(state.current().site.start[:4]) - 1
    rows = bills or [RealBill(month=f"{year}-{month:02d}") for month in range(1, 13)]
    return BOM + csv_text([head, *(list(_row(bill, periods).values()) for bill in rows)])


def comparison() -> None:
    """The cards that compare; a sentence where there is nothing to compare."""
    scenario, words = state.current(), state.words()
    if not scenario.bills:
        return
    found = compare(scenario.bills, site_year.of_tariff(scenario.tariff))
    said = verdict(found)
    if said is None:
        st.info(t("bills.nothing"))
        return
    with card(title(said, words), t("bills.note", vat=_vat())):
        st.markdown(because(said, words))
        _fit(found)
        _lines(found)
        _chart(found)
        with st.expander(t("bills.by_month"), key="bills_by_month"):
            _by_month(found)


def _fit(found: Comparison) -> None:
    """The button that sets the load's size so that the energies match."""
    scenario, line = state.current(), found.lines["kwh"]
    if not line.is_compared or abs(line.relative()) < 0.001:
        return
    fitting_kw = fitting_peak_kw(scenario, found)
    if fitting_kw is None:
        st.markdown(f":small[:gray[{t('bills.no_fit')}]]")
        return
    rounded_kw = float(f"{fitting_kw:.4g}")
    label = t("bills.fit", peak=say.power(rounded_kw, state.words()))
    st.button(label, key="bills_fit", on_click=_set_peak, args=(rounded_kw,), help=t("bills.fit_help"))


def _set_peak(kw: float) -> None:
    if state.change({"load.peak_kw": kw}):
        state.replace(state.current(), t("bills.fitted", peak=say.power(kw, state.words())))


def _lines(found: Comparison) -> None:
    """Sums of each component over the months that have both."""
    frame = pd.DataFrame(real_bills_text.rows(found, state.words()), columns=list(COLUMNS))
    right = partial(st.column_config.TextColumn, alignment="right")
    columns = {name: right(t(f"bills.column.{name}")) for name in COLUMNS}
    columns["part"] = st.column_config.TextColumn(t("bills.column.part"))
    st.dataframe(frame, hide_index=True, alt=t("bills.lines_alt"), column_config=columns)


def _chart(found: Comparison) -> None:
    drawn = [name for name in ("total", "energy", "demand", "kwh") if found.lines[name].is_compared]
    name = st.segmented_control(
        t("bills.drawn"),
        drawn,
        default=drawn[0],
        format_func=lambda name: t(f"bills.field.{name}"),
        required=True,
        label_visibility="collapsed",
        key=f"bills_drawn.{drawn[0]}",
        wrap=True,
    )
    dark, currency = state.is_dark(), state.current().site.currency
    labels = (t("bills.column.real"), t("bills.column.model"))
    st.markdown(legend(list(zip(labels, bill_colours(dark), strict=True))))
    figure = months(found, name, state.words().showing(None), dark, currency)
    chart(figure, key=f"bills_months.{name}", height=260, alt=t("bills.chart_alt", part=t(f"bills.field.{name}")))


def _by_month(found: Comparison) -> None:
    frame: dict[str, list[Any]] = {t("bills.field.month"): list(found.months)}
    for name, line in found.lines.items():
        if line.is_compared:
            label, gap = t(f"bills.field.{name}"), line.model - line.real
            frame[t("bills.of_bill", part=label)] = [_cell(value) for value in line.real]
            frame[t("bills.of_gap", part=label)] = [
                say.signed(_cell(value), value) if value == value else _cell(value) for value in gap
            ]
    st.dataframe(pd.DataFrame(frame), hide_index=True, alt=t("bills.by_month"))


def _cell(value: float) -> str:
    return state.words().number(float(value), decimals=0) if value == value else t("bills.not_on_bill")
