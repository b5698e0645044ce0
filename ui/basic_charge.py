"""The card of the basic charge: its three bases side by side, the one to choose, and what is declared."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from report.text import say
from report.text.amounts import Amounts, amounts
from study.basic_charge import FIRST_YEAR, WITH_GRID, BasicCharge, basic_charge, high_use
from study.study import Study
from ui import answers, form, state
from ui.figures import card
from ui.kept import once
from ui.state import t


def draw() -> None:
    """The card, with the inputs of a declaration and the power factor below."""
    try:
        study = state.study()
    except ValueError:
        with card(t("basic_charge.title.failed")):
            _inputs(None)
        return
    found = _basic_charge(study)
    if found is None:
        with card(t("basic_charge.title.one")):
            _inputs(study)
        return
    unit = amounts(state.words(), max(found.now.values()) or 1.0, study.scenario.site.currency)
    with card(_title(study, found), t("basic_charge.note", span=_span(study), unit=unit.unit)):
        answers.show_table(_table(study, found, unit), key="basic_charge", alt=t("basic_charge.alt"))
        _buttons(study, found)
        _notes(study)
        _inputs(study)


_basic_charge = once(basic_charge)


def basis_name(basis: str) -> str:
    return t(f"basic_charge.basis.{basis}")


def _span(study: Study) -> str:
    months = min(FIRST_YEAR, study.dispatch.months)
    return t("basic_charge.span.year") if months == FIRST_YEAR else t("basic_charge.span.months", n=months)


def _title(study: Study, found: BasicCharge) -> str:
    best, words, currency = found.cheapest("hybrid"), state.words(), study.scenario.site.currency
    saved = found.now["hybrid"] - found.charges[best]["hybrid"]
    if saved <= 0.0005 * found.now["hybrid"]:
        now = study.scenario.tariff.demand_basis
        amount = words.money(found.now["hybrid"], currency)
        return t("basic_charge.title.best", basis=basis_name(now), amount=amount, span=_span(study))
    return t("basic_charge.title.other", saved=words.money(saved, currency), basis=basis_name(best), span=_span(study))


def _table(study: Study, found: BasicCharge, unit: Amounts) -> pd.DataFrame:
    """One row a basis; the one in use is as the study bills it where today's declaration is kept."""
    words, tariff = state.words(), study.scenario.tariff
    rows = dict(found.charges)
    if study.scenario.grid.declared_kw is not None and tariff.demand_basis == "contract_demand":
        rows = {"now": found.now, **rows}
    texts = {name: {who: unit.label(rows[name][who]) for who in WITH_GRID} for name in rows}
    return pd.DataFrame(
        {
            t("basic_charge.column.basis"): [
                t("basic_charge.row.now") if name == "now" else basis_name(name) for name in rows
            ],
            **{say.name(who, words, first=True): [texts[name][who] for name in rows] for who in WITH_GRID},
            t("basic_charge.column.declares"): [_declares(found, name) for name in rows],
            t("basic_charge.column.standing"): [_mark(study, found, name, "now" in rows) for name in rows],
        }
    )


def _declares(found: BasicCharge, row: str) -> str:
    if row != "contract_demand":
        return "" if row == "now" else t("basic_charge.nothing")
    words, declared = state.words(), found.declared_kw["hybrid"]
    low, high = (words.number(value, decimals=0) for value in (declared.min(), declared.max()))
    return words.number(declared.max(), "kW", 0) if low == high else t("basic_charge.range", low=low, high=f"{high} kW")


def _mark(study: Study, found: BasicCharge, row: str, has_now: bool) -> str:
    is_now = row == "now" or (row == study.scenario.tariff.demand_basis and not has_now)
    is_best = row == found.cheapest("hybrid")
    return (
        t(f"basic_charge.mark.{'both' if is_now and is_best else 'now' if is_now else 'cheapest'}")
        if (is_now or is_best)
        else ""
    )


def _buttons(study: Study, found: BasicCharge) -> None:
    """One click takes a basis for the whole study; today's declaration is given up with it."""
    scenario = study.scenario
    kept = scenario.grid.declared_kw is not None and scenario.tariff.demand_basis == "contract_demand"
    with st.container(horizontal=True, gap="small"):
        for basis in found.charges:
            if basis != scenario.tariff.demand_basis or kept:
                label = t("basic_charge.use", basis=basis_name(basis))
                kind = "primary" if basis == found.cheapest("hybrid") else "secondary"
                st.button(label, key=f"basic_charge.{basis}", type=kind, on_click=partial(_use, basis))


def _use(basis: str) -> None:
    if state.change({"tariff.demand_basis": basis, "grid.declared_kw": None}):
        state.replace(state.current(), t("basic_charge.taken", basis=basis_name(basis)))


def _notes(study: Study) -> None:
    scenario, words = study.scenario, state.words()
    step, window = scenario.site.step_minutes, scenario.tariff.demand_window_minutes
    if step > window:
        st.warning(t("basic_charge.step", step=step, window=window))
    if scenario.grid.declared_kw is not None and scenario.tariff.demand_basis == "contract_demand":
        declared = words.number(scenario.grid.declared_kw, "kW", 0)
        _small(t("basic_charge.kept", declared=declared, row=t("basic_charge.row.now")))
    steady = high_use(study)
    if steady:
        _small(
            t(
                "basic_charge.high_use",
                used=words.number(steady.used, decimals=0),
                threshold=words.number(steady.threshold, decimals=0),
                factor=words.percent(steady.factor),
                amount=words.money(steady.charge, scenario.site.currency),
                span=_span(study),
            )
        )


def _small(text: str) -> None:
    st.markdown(f":small[:gray[{text}]]")


def _inputs(study: Study | None) -> None:
    peak = 0.0 if study is None else float(np.max(study.dispatch.peak_kw))
    starts = {"grid.declared_kw": round(peak, -1) or 1000.0, "grid.power_factor": 0.95}
    form.card("tariff.declaration", columns=2, starts=starts)
