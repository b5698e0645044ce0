"""What differs between variants? Inputs that differ, figures side by side, costs on one scale."""

import streamlit as st

from report.screen import charts
from report.screen import compare as charts_compare
from report.screen import cost as charts_cost
from report.views import stack_parts
from ui import answers, compare, state, variants
from ui.figures import card, chart
from ui.state import t

words, dark = state.words(), state.is_dark()

st.title(t("compare.question"), anchor=False)
answers.context_line(state.current())
columns = variants.columns()
if compare.is_alone(columns):
    st.info(t("compare.how"))
compare.manage()
answers.study_or_reason()
found = compare.studies(columns)

with card(t("compare.inputs"), t("compare.inputs_note")):
    table = compare.differing(columns)
    if table is None:
        st.markdown(t("compare.no_difference"))
    else:
        answers.show_table(table, key="compare_inputs", alt=t("compare.inputs"))

with card(compare.title(found), t("compare.figures_note")):
    st.table(compare.figures(found).set_index(t("answers.money.figure")))

grid = st.grid(2, min_column_width=400)
scale = charts_compare.stack_scale(found, words)
note = compare.stack_note(found, scale.unit)
with card(t("compare.stack"), note, within=grid):
    parts = [part for study in found.values() for part in stack_parts(study)]
    st.markdown(charts.legend(charts_cost.part_legend(parts, words, dark)))
    chart(charts_compare.stacks(found, words, dark), key="compare_stack", height=90 + 55 * len(found), alt=note)
with card(t("compare.lines"), t("compare.lines_note", unit=scale.unit), within=grid):
    chart(charts_compare.lines(found, words, dark), key="compare_lines", height=320, alt=note)
