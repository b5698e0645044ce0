"""Does it pay to hold back compute? The levers at their best, when they act, what the study counts, and the inputs."""

import streamlit as st

from ui import answers, compute, state
from ui.figures import card, chart, conclude
from ui.state import t

scenario, dark = state.current(), state.is_dark()

st.title(t("compute.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

worth = compute.found(study)
if worth is not None:
    at_most = compute.break_even(study)
    with st.container(border=True, gap="small"):
        conclude(compute.title(study, worth, at_most))
        st.markdown(compute.lead(study))
        compute.show_metrics(compute.metrics(study, worth, at_most))
    with card(t("compute.levers.title"), compute.lever_note(study, worth)):
        answers.show_table(compute.lever_table(study, worth), key="levers", alt=t("compute.levers.title"))
        compute.ask_deferral(study, worth)
    title = compute.map_title(study, worth, at_most)
    with card(title, compute.map_note(worth)):
        chart(compute.hour_map(study, worth, at_most, dark), key="hour_map", height=320, alt=title)

effect = compute.rule_effect(study)
with card(compute.rule_title(study, effect), t("compute.rule.note")):
    st.markdown(compute.rule_text(study, effect))

with card(t("compute.inputs.worth"), t("compute.inputs.worth_note")):
    compute.inputs("compute.worth")
with card(t("compute.inputs.cap"), t("compute.inputs.cap_note")):
    compute.inputs("compute.cap")
with card(t("compute.inputs.defer"), t("compute.inputs.defer_note")):
    compute.inputs("compute.defer")
with card(t("compute.inputs.pause"), t("compute.inputs.pause_note")):
    compute.inputs("compute.pause")
