"""Where does the saving come from? A waterfall that sums, the split between the parts, the bill with and without."""

import streamlit as st

from report.screen import saving as charts_saving
from ui import answers, saving, state
from ui.figures import card, chart
from ui.state import t

scenario, words, dark = state.current(), state.words(), state.is_dark()

st.title(t("saving.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

reference = saving.ask_reference(study)
found = saving.explained(study, reference)
ends = saving.ends(found)
unit = saving.unit_of(study, max(abs(value) for value in found.totals.values()))  # the steps are what is read
with card(saving.title(study, found), t("saving.note", unit=unit.unit)):
    figure = charts_saving.waterfall(found.totals, ends, unit, saving.step_label, words, dark)
    chart(figure, key="waterfall", height=380, alt=saving.title(study, found))
    with st.expander(t("saving.definitions")):
        st.markdown(t("saving.definitions_text"))

parts = saving.split(study)
split_unit = saving.unit_of(study, max(abs(value) for value in parts.parts.values()))
with card(saving.split_title(study, parts), t("saving.split.note")):
    figure = charts_saving.split_bars(parts.parts, split_unit, saving.part_label, words, dark)
    chart(figure, key="split", height=260, alt=saving.split_title(study, parts))

with card(t("saving.bill.title"), t("saving.bill.note")):
    if reference == "diesel":
        st.info(t("saving.bill.no_grid"))
    else:
        table, bill_unit = saving.bill_table(study, reference)
        st.markdown(f":small[:gray[{t('answers.money.table_note', unit=bill_unit)}]]")
        answers.show_table(table, key="bill_parts", alt=t("saving.bill.title"))
