"""What size is best? The least-cost plant with perfect foresight, what the plain rule gets there, why not bigger."""

import streamlit as st

from ui import answers, sizing, state
from ui.figures import conclude
from ui.state import t

scenario = state.current()

st.title(t("sizing.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

wish = sizing.ask_wish(study)
found = sizing.found_or_reason(study, wish)
with st.container(border=True, gap="small"):
    title = st.empty()
    sentence = st.empty()
    st.markdown(f":small[:gray[{sizing.bound_note(found)}]]")
    for limit in sizing.at_limit(found):
        st.info(limit)
    each = sizing.ask_unit(found)
    table = sizing.rows(found, each)
    conclude(sizing.headline(found, table), title)
    sentence.markdown(sizing.rule_sentence(found, table))
    with st.container(horizontal=True):
        sizing.take_button(found, found.best.size, t("sizing.row.best"), "best")
        whole = sizing.named(table, "containers")
        if whole.containers:
            sizing.take_button(
                found, whole.size, state.counted("sizing.row.containers", whole.containers), "containers"
            )

sizing.show_table(found, table)
sizing.surface_card(found)
grid = st.grid(2, min_column_width=400)
sizing.margin_card(found, "kwh", grid)
sizing.margin_card(found, "kw", grid)
sizing.resilience_card(found, grid)
sizing.carbon_card(found, grid)
sizing.terms(found)
