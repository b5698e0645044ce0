"""Cards of the money page after tax: rates of return, loan coverage, cash-flow tables, cost of storage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from finance.figures import figures_on
from finance.tax import tax_rules
from report import views
from report.screen.financing import coverage_bars
from report.text import financing as financing_text
from report.text import say
from report.text.amounts import amounts
from sim.inputs import library
from study.cash_tables import Row, equity_table, loan_table, project_table, tax_table
from study.financing import Returns, returns, storage_costs
from study.project_figures import PROJECT_FIGURES
from study.study import Study
from ui import answers, form, state
from ui.figures import card, chart
from ui.state import t

TABLES: dict[str, Callable[[Returns], list[Row]]] = {
    "project": project_table,
    "equity": equity_table,
    "loan": loan_table,
    "tax": tax_table,
}


def returns_card(study: Study) -> None:
    """Rates of return before and after tax, of the project and of the owners."""
    words = state.words()
    with card(financing_text.finding(study, words), _returns_note(study)):
        heads = financing_text.view_heads(study, words)
        table = pd.DataFrame(financing_text.views(study, words), columns=heads)
        answers.show_table(table, key="returns", alt=financing_text.finding(study, words))
        st.markdown(_more_figures(study))
        with st.expander(t("financing.definitions")):
            st.markdown(_definitions(study))


def _returns_note(study: Study) -> str:
    words = state.words()
    note = t(
        "financing.returns.note",
        baseline=say.name(study.baseline, words),
        term=say.term(study.scenario.site.term_months, words),
        rules=financing_text.rules_text(tax_rules(study.scenario), words),
        loan=financing_text.loan_line(study, words),
    )
    weak = f"{form.DIAMOND} {t('financing.returns.weak')}" if _rules_are_weak(study) else ""
    return say.joined([note, weak], words)


def _rules_are_weak(study: Study) -> bool:
    finance, code = study.scenario.finance, study.scenario.site.country
    if finance.tax_rules != "country" or code not in library.countries():
        return False
    return library.country_record(code, "corporate_income_tax_rate").confidence == "unverified"


def _more_figures(study: Study) -> str:
    text = t(
        "financing.returns.mirr",
        mirr=_project_figure(study, "mirr"),
        index=_project_figure(study, "profitability_index"),
    )
    return say.joined([text, financing_text.priced_note(study, state.words())], state.words())


def _definitions(study: Study) -> str:
    rows = financing_text.definitions(study, state.words())
    return "\n".join(f"- {t('financing.pair', name=f'**{name}**', text=text)}" for name, text in rows)


def coverage_card(study: Study) -> None:
    """DSCR by year and the weakest; no card without a loan."""
    found, words = returns(study), state.words()
    if found.no_loan is not None:
        return
    cover, wanted = found.coverage, study.scenario.finance.loan_dscr
    note = t("financing.coverage.note", loan=financing_text.loan_line(study, words))
    with card(financing_text.coverage_finding(study, words), note):
        years = np.flatnonzero(~np.isnan(cover.dscr))
        parts = (f"{t('financing.year')} {year}: {words.number(cover.dscr[year], decimals=2)}" for year in years)
        listed = say.enumerated(parts, words)
        figure = coverage_bars(cover.dscr, cover.icr, wanted, words, state.is_dark())
        chart(figure, key="coverage", height=260, alt=t("financing.coverage.alt", list=listed))
        sentences = [financing_text.largest_loan(found, study, words)]
        if cover.least_icr.value is not None:
            sentences.insert(0, t("financing.coverage.icr", icr=_project_figure(study, "least_icr")))
        st.markdown(say.joined(sentences, words))


def tables_card(study: Study) -> None:
    """The cash-flow tables, one at a time."""
    found, words = returns(study), state.words()
    tables = {name: rows for name, make in TABLES.items() if (rows := make(found))}
    scale = amounts(words, financing_text.largest(tables["project"]), study.scenario.site.currency)
    with card(_tables_title(study), t("financing.tables.note", unit=scale.unit)):
        name = st.segmented_control(
            t("financing.tables.choose"),
            list(tables),
            default="project",
            format_func=lambda key: t(f"financing.tables.{key}"),
            label_visibility="collapsed",
            required=True,
            key="money.table",
        )
        rows = tables.get(name, tables["project"])
        labels = views.period_labels(study, words) if name in ("project", "equity") else views.year_labels(study, words)
        decimals = financing_text.decimals_of(tables["project"], scale)
        columns = answers.distinct([t("financing.tables.line"), t("answers.money.total"), *labels])
        body = [
            [
                financing_text.row_label(row, words),
                financing_text.total(row, scale, decimals, words),
                *financing_text.cells(row, scale, decimals, words),
            ]
            for row in rows
        ]
        term = say.term(study.scenario.site.term_months, words)
        alt = t("financing.tables.alt", table=t(f"financing.tables.{name}"), term=term)
        answers.show_table(pd.DataFrame(body, columns=columns), key=f"cash.{name}", alt=alt)


def _tables_title(study: Study) -> str:
    payback = returns(study).project_after_tax.payback_years
    if payback.lasting is not None:
        return t("financing.tables.back", when=say.years(payback.lasting, state.words()))
    return t("financing.tables.ahead" if payback.reason == "no_outlay" else "financing.tables.never")


def storage_card(study: Study) -> None:
    """What a kWh from the battery costs; no card without a battery."""
    words, scenario = state.words(), study.scenario
    if not scenario.storage.exists:
        return
    rows = [
        (say.figure_name(row, words), financing_text.project_figure(row, study, words))
        for row in figures_on("storage", PROJECT_FIGURES)
    ]
    note = t("financing.storage.note", rate=say.share(scenario.finance.discount_rate, words))
    with card(_storage_title(study), note):
        st.markdown("\n".join(f"- {t('financing.pair', name=name, text=f'**{value}**')}" for name, value in rows))


def _storage_title(study: Study) -> str:
    whole, own = storage_costs(study)
    if whole.value is None or own.value is None:
        return t("financing.storage.idle")
    charging = state.words().price(max(0.0, whole.value - own.value), study.scenario.site.currency)
    return t("financing.storage.title", lcos=_project_figure(study, "lcos_per_kwh"), charging=charging)


def _project_figure(study: Study, key: str) -> str:
    return financing_text.project_figure(PROJECT_FIGURES[key], study, state.words())
