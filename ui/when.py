"""Figures of the page When, each worked out once for a study, and its tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from report.palette import palette
from report.screen import charts
from report.screen import when as charts_when
from report.text import say
from report.text import when as when_text
from report.text.amounts import shared_amounts
from study import timeline
from study.set_stops import SetStops, set_stops
from study.study import Study
from study.timeline import Arrival, DeliveryPlan
from ui import state
from ui.figures import card, chart
from ui.kept import once
from ui.state import t


@once
def found(study: Study) -> DeliveryPlan:
    """The plan by lead times."""
    return timeline.plan(study)


@once
def arrival(study: Study) -> Arrival | None:
    """What the month of the grid does to the answer."""
    return timeline.arrival(study)


@once
def earlier(study: Study) -> dict[str, dict[str, float]]:
    """What a month less of each step is worth, by part."""
    plan = found(study)
    return {part.part: timeline.earlier_worth(plan, part.part) for part in plan.parts}


def switch() -> None:
    """Counts lead times in the whole study, or no longer."""
    state.change({"timing.by_month": not state.current().timing.by_month})


def curve_card(plan: DeliveryPlan) -> None:
    words, dark = state.words(), state.is_dark()
    with card(t("when.curve_title"), t("when.curve_note")):
        st.markdown(charts.legend(charts_when.legend(plan, words, dark)))
        chart(charts_when.curve(plan, words, dark), key="when_curve", height=300, alt=when_text.curve_alt(plan, words))
        _table(when_text.tenth_heads(words), when_text.tenth_rows(plan, words), "when_tenths", t("when.tenths_alt"))
        st.markdown(f":small[:gray[{t('when.drawn_note', n=timeline.DRAWS)}]]")


def gantt_card(plan: DeliveryPlan) -> None:
    words, dark = state.words(), state.is_dark()
    rows = when_text.part_rows(plan, words)
    with card(t("when.gantt_title"), t("when.gantt_note")):
        alt = say.enumerated([f"{row[0]} {row[1]}" for row in rows], words)
        height = charts_when.gantt_height(plan)
        chart(charts_when.gantt(plan, words, dark), key="when_gantt", height=height, alt=alt)
        _table(when_text.part_heads(words), rows, "when_parts", alt)


def waiting_card(study: Study, plan: DeliveryPlan) -> None:
    words, currency = state.words(), study.scenario.site.currency
    with card(t("when.waiting_title"), t("when.waiting_note")):
        _table(
            when_text.waiting_heads(words), when_text.waiting_rows(plan, words), "when_waiting", t("when.waiting_title")
        )
        with st.expander(t("when.earlier_title")):
            st.markdown(f":small[:gray[{t('when.earlier_note')}]]")
            for part, worth in earlier(study).items():
                if any(worth.values()):
                    heads = [t(f"when.part.{part}"), t("when.head.worth")]
                    _table(heads, when_text.earlier_rows(worth, words, currency), f"when_{part}", heads[0])


def stops_card(study: Study) -> None:
    """Only where sets carry the load in a month without a grid."""
    seen = _stops(study)
    if not seen:
        return
    words, currency = state.words(), study.scenario.site.currency
    title = when_text.stops_title(seen, words)
    with card(title, when_text.stops_note(study, words)):
        _table(when_text.stops_heads(words), when_text.stops_rows(seen, words, currency), "when_stops", title)


@once
def _stops(study: Study) -> Mapping[str, SetStops]:
    return set_stops(study)


def arrival_card(study: Study) -> None:
    """Only where a connection has to be built."""
    with st.spinner(t("when.searching")):
        seen = arrival(study)
    if seen is None:
        return
    words, dark, currency = state.words(), state.is_dark(), study.scenario.site.currency
    text = when_text.arrival_line(seen, study.baseline, words)
    with card(t("when.arrival_title"), t("when.arrival_note")):
        st.markdown(text)
        scale = shared_amounts(words, [max(costs) for costs in seen.cost.values()], currency)
        colours = palette(dark).alternatives
        st.markdown(charts.legend([(say.name(name, words, first=True), colours[name]) for name in seen.cost]))
        figure = charts_when.cost_by_arrival(seen, scale, words, dark)
        chart(figure, key="when_arrival", height=280, alt=text)


def _table(heads: list[str], rows: list[list[str]], key: str, alt: str) -> None:
    st.dataframe(pd.DataFrame(rows, columns=heads), key=key, hide_index=True, alt=alt)
