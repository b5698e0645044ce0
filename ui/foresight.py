"""The card that puts the plain rule beside the optimum: how much of the possible saving it gets in a year."""

from __future__ import annotations

import streamlit as st

from report.charts_cost import TurningRow, turning_bars
from study.compare import Study
from study.foresight import Bound, bound, cost_of_trace, not_covered
from ui import state
from ui.figures import card, chart
from ui.state import t

KEPT = 32
BAR_HEIGHT = 140


def card_of(study: Study, alternative: str, year: int) -> None:
    """Drawn for the hybrid only: the others have nothing to schedule."""
    reason = not_covered(study)
    if alternative != "hybrid" or reason == "no_battery":
        return
    with st.spinner(t("foresight.searching")):
        found = None if reason else _bound(f"{study.fingerprint}-{year}", study, year)
    cost = None if found is None else cost_of_trace(study, year, found, study.dispatch.trace("hybrid", year))
    part = None if cost is None else found.share(cost)
    if part is None:
        reason = reason or ("infeasible" if found is None else "nothing_to_save")
        with card(t("foresight.title.none"), t("foresight.note", year=year)):
            st.info(t(f"foresight.reason.{reason}"))
        return
    words, currency = state.words(), study.scenario.site.currency
    share = words.percent(part)
    with card(_title(part, share), t("foresight.note", year=year)):
        rows = [
            _row("rule", found.without_battery.total - cost.total, part, share, currency),
            _row("optimum", found.possible, 1.0, words.percent(1.0), currency),
        ]
        alt = t("foresight.alt", share=share, rule=rows[0].from_to, optimum=rows[1].from_to)
        chart(turning_bars(rows, state.is_dark()), key="foresight", height=BAR_HEIGHT, alt=alt)


def _title(share: float, text: str) -> str:
    return t("foresight.title.loses") if share < 0 else t("foresight.title.share", share=text)


def _row(key: str, saving: float, share: float, text: str, currency: str) -> TurningRow:
    amount = t("foresight.a_year", money=state.words().money(saving, currency))
    return TurningRow(t(f"foresight.row.{key}"), amount, text, max(0.0, share), is_far=key == "optimum")


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _bound(key: str, _study: Study, _year: int) -> Bound | None:
    return bound(_study, _year)
