"""The market's prices of the tariff in use: what they are, which year is billed, whether exports earn them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from report.text.plain import as_part, as_plain
from sim.inputs.market import Market
from sim.tariff.market import monthly_spread, week_error
from ui import form, state
from ui.state import t

YEAR, EXPORTS = "tariff.market.year", "tariff.market.pays_exports"


def draw() -> None:
    """Nothing where the tariff has no market."""
    tariff, words = state.current().tariff, state.words()
    market = tariff.market
    if market is None:
        return
    year = market.billed
    mean, low, high = (words.price(float(np.mean(part)), tariff.currency, "kWh") for part in monthly_spread(tariff))
    below = words.percent(float((year.per_kwh < 0).mean()))
    st.markdown(
        t(
            "tariff.market.in_use",
            file=as_part(market.file_name),
            year=year.year,
            minutes=year.step_minutes,
            mean=mean,
            low=low,
            high=high,
            below=below,
        )
    )
    known = t("tariff.market.known", error=words.percent(week_error(tariff)))
    st.markdown(f":small[:gray[{known}]]")
    left, right = st.columns(2, vertical_alignment="bottom")
    if len(market.years) > 1:
        with left:
            years = [one.year for one in market.years]
            key = form.key_of(YEAR)
            form.follow(
                st.selectbox,
                t("tariff.market.year", n=len(years)),
                years,
                key=key,
                value=year.year,
                help=t("tariff.market.year_help"),
                on_change=_change,
                args=(YEAR, key),
            )
    with right:
        _exports(market)
    if market.done:
        with st.expander(t("inputs.meter.done")):
            st.markdown("\n".join(f"- {as_plain(sentence)}" for sentence in market.done))


def _exports(market: Market) -> None:
    """Whether what is fed in earns the price of its step."""
    key = form.key_of(EXPORTS)
    form.follow(
        st.toggle,
        t("tariff.market.exports"),
        key=key,
        value=market.pays_exports,
        help=t("tariff.market.exports_help"),
        on_change=_change,
        args=(EXPORTS, key),
    )


def _change(path: str, key: str) -> None:
    state.change({path: st.session_state[key]})
