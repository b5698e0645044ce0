"""When is there power, and what does waiting cost? The chains of steps, MW by the month, the grid's month."""

import streamlit as st

from report.text import when as when_text
from ui import answers, state, when
from ui.figures import conclude
from ui.state import t

scenario, words = state.current(), state.words()

st.title(t("when.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()
plan = when.found(study)

with st.container(border=True, gap="small"):
    conclude(when_text.headline(plan, words))
    st.markdown(when_text.basis(plan, words))
    st.button(t("when.stop" if plan.in_use else "when.count"), on_click=when.switch, key="when_switch")

when.curve_card(plan)
when.gantt_card(plan)
when.waiting_card(study, plan)
when.arrival_card(study)
when.stops_card(study)
