"""The card of policy cases: what each change of a tariff's rules leaves of the saving, and a click to take it over."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from finance.figures import KeyFigure, figures_on
from finance.metrics import Figure
from report.text import say
from report.text.amounts import Amounts, amounts
from study.decision import decision
from study.policy import (
    WIDEST,
    Case,
    CaseFigures,
    break_even_spread,
    cases,
    default_spread_per_kwh,
    has_government_windows,
    outcome,
    year_spread_per_kwh,
)
from study.study import Study
from ui import answers, state
from ui.state import t


@st.fragment
def draw(study: Study) -> None:
    """Every case is a study of its own; the spread of the market case is asked for below the table."""
    words, currency = state.words(), study.scenario.site.currency
    box = st.container(border=True, gap="small")
    with box:
        title, note, table = st.empty(), st.empty(), st.container()
        spread = _ask_spread(study)
    found = cases(study, spread)
    today = outcome("today", study)
    outcomes = [outcome(case.key, state.study_of(study.scenario.with_(case.changes))) for case in found]
    unit = amounts(words, max(abs(one.saving.total) for one in (today, *outcomes)) or 1.0, currency)
    title.subheader(_title(study, today, outcomes), anchor=False)
    note.markdown(f":small[:gray[{t('policy.note', baseline=say.name(study.baseline, words), unit=unit.unit)}]]")
    with table:
        answers.show_table(_table([today, *outcomes], unit), key="policy", alt=t("policy.alt"))
        _buttons(found)
    with box:
        if has_government_windows(study.scenario.tariff):
            told = say.joined((t("policy.market_users"), _break_even_text(study)), state.words())
            st.markdown(f":small[{told}]")
        with st.expander(t("policy.what")):
            st.markdown(t("policy.what_text"))


def _ask_spread(study: Study) -> float:
    label = t("policy.spread", currency=study.scenario.tariff.currency)
    start = default_spread_per_kwh(study.scenario)
    key = f"policy.spread@{study.scenario.tariff.currency}"
    given = st.number_input(label, 0.0, None, start, key=key, format="%.4f", help=t("policy.spread_help"), width=280)
    return start if given is None else float(given)


def _break_even_text(study: Study) -> str:
    """At which spread the plan neither gains nor loses."""
    words, currency = state.words(), study.scenario.tariff.currency
    at, now = break_even_spread(study), year_spread_per_kwh(study.scenario.tariff)
    said = {"now": words.price(now, currency, "kWh"), "baseline": say.name(decision(study).rival, words)}
    if at is None:
        return t("policy.no_break_even", widest=words.number(WIDEST, decimals=0), **said)
    return t("policy.break_even", at=words.price(at, currency, "kWh"), **said)


def _title(study: Study, today: CaseFigures, outcomes: list[CaseFigures]) -> str:
    words, currency = state.words(), study.scenario.site.currency
    worst = min(outcomes, key=lambda one: one.saving.total, default=today)
    before = words.money(today.saving.total, currency)
    if worst.saving.total >= today.saving.total:
        return t("policy.title.none", before=before)
    return t(
        "policy.title.worst", case=_name(worst.key), before=before, after=words.money(worst.saving.total, currency)
    )


def _table(outcomes: list[CaseFigures], unit: Amounts) -> pd.DataFrame:
    words, now = state.words(), outcomes[0].saving.total
    changes = [one.saving.total - now for one in outcomes]
    return pd.DataFrame(
        {
            t("policy.column.case"): [_name(one.key) for one in outcomes],
            t("policy.column.saving"): [unit.label(one.saving.total) for one in outcomes],
            t("policy.column.change"): ["", *(say.signed(unit.label(change), change) for change in changes[1:])],
            **{
                say.figure_name(row, words): [_figure(row, one.figures.figure(row.key), unit) for one in outcomes]
                for row in figures_on("lead")
            },
        }
    )


def _figure(row: KeyFigure, found: Figure, unit: Amounts) -> str:
    """A figure, money in the unit of the table."""
    if row.kind == "money" and found.value is not None:
        return unit.label(found.value)
    return say.figure(row, found, state.words(), "")


def _name(key: str) -> str:
    return t(f"policy.case.{key}")


def _buttons(found: tuple[Case, ...]) -> None:
    with st.container(horizontal=True, gap="small"):
        for case in found:
            if st.button(t("policy.take", case=_name(case.key)), key=f"policy.{case.key}") and _take(case):
                st.rerun()  # the whole page: a press inside a fragment draws the fragment alone


def _take(case: Case) -> bool:
    """Put a case in the place of the scenario; a changed tariff says so in its name. True where it was taken."""
    changes, tariff = dict(case.changes), state.current().tariff
    if "tariff" in changes:
        names = {
            field: t("policy.name", name=getattr(tariff, field), case=_name(case.key))
            for field in ("name_en", "name_zh")
        }
        changes["tariff"] = changes["tariff"] | names
    return state.take(changes, t("policy.taken", case=_name(case.key)))
