"""The card of currencies: that of the site, and the one amounts are shown in with its rate."""

from __future__ import annotations

from typing import Any

import streamlit as st

from report.text.currency import rate_note, shown_currency
from report.text.plain import as_part
from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from study.place import has_rate, in_currency
from ui import form, state
from ui.figures import card
from ui.state import t

OWN, SHOWN = "", "finance.shown_currency"


def draw() -> None:
    scenario, words = state.current(), state.words()
    title = t("currency.card.title", currency=shown_currency(scenario))
    with card(title, t("currency.card.note")):
        columns = st.grid(2, min_column_width=210)
        with columns.container(gap="xxsmall"):
            _ask("site.currency", t("currency.card.site"), library.currencies(), scenario.site.currency, _take_site)
            form.problems("site.currency")
        with columns.container(gap="xxsmall"):
            options, now = (OWN, *library.currencies()), scenario.finance.shown_currency
            _ask(SHOWN, form.name_text(register()[SHOWN]), options, now, _take_shown)
            form.problems(SHOWN)
        form.card("terms.rate", columns=2, starts={"finance.shown_rate": _start(scenario)})
        if shown_currency(scenario) != scenario.site.currency:
            st.markdown(f":small[:gray[{t('currency.card.rate_now', note=as_part(rate_note(scenario, words)))}]]")


def _ask(name: str, label: str, options: tuple[str, ...], value: str, take) -> None:
    key = form.key_of(name)
    text = {OWN: t("currency.card.own")}
    named: dict[str, Any] = {"format_func": lambda code: text.get(code, code)}
    form.follow(st.selectbox, label, options, key=key, value=value, on_change=take, args=(key,), **named)


def _take_site(key: str) -> None:
    """The site's currency and its tariff's, which must be the same. Every price is converted at the table's rate; where
    that has none only the name changes, and the page says so."""
    code, scenario = st.session_state[key], state.current()
    tariff = {"tariff": {**scenario.tariff.model_dump(), "currency": code}, "site.currency": code}
    is_known = has_rate(scenario.site.currency, code)
    try:
        changed = in_currency(scenario, code) if is_known else scenario.with_(tariff)
    except InputError as error:
        st.session_state.problems["site.currency"] = error.problems
        return
    state.replace(changed)
    state.notify(t("currency.converted" if is_known else "currency.changed", currency=code), "warning")


def _take_shown(key: str) -> None:
    """The shown currency. A rate of the scenario's own belonged to the one before and goes with it; where the table has
    none it stands at 1, and the page says so."""
    code, site = st.session_state[key], state.current().site.currency
    known = code in (OWN, site) or has_rate(site, code)
    rate = None if known else 1.0
    changes = {SHOWN: code, "finance.shown_rate": rate, "finance.shown_rate_as_of": ""}
    if state.change(changes, SHOWN) and not known:
        state.notify(t("currency.no_rate", site=site, shown=code), "warning")


def _start(scenario: Scenario) -> float:
    site, shown = scenario.site.currency, shown_currency(scenario)
    return library.table_rate(site, shown) if has_rate(site, shown) else 1.0
