"""What does it cost, and when is it back? Flows against the baseline, all figures, cost lines, bills."""

import streamlit as st

from report import sentences, views
from report.screen import charts
from report.screen import cost as charts_cost
from report.text import say
from study.answer import spending_title
from ui import answers, explain, money, operation, returns, state
from ui.figures import card, chart
from ui.state import t

scenario, words, dark = state.current(), state.words(), state.is_dark()

st.title(t("answers.money.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

with st.container(border=True, gap="small"):
    answers.headline(study)
    st.markdown(money.lead(study))

grid = st.grid(2, min_column_width=400)
scale = money.flow_scale(study)
with card(money.flow_title(study), money.flow_note(study, scale), within=grid):
    chart(charts_cost.cash_flow(study, words, dark), key="cash_flow", height=320, alt=sentences.flow_alt(study, words))
with card(say.say(spending_title(study), words, scenario.site.currency), answers.spending_note(study), within=grid):
    chart(charts_cost.cumulative(study, words, dark), key="cumulative", height=320, alt=answers.spending_alt(study))

returns.returns_card(study)
returns.coverage_card(study)
returns.tables_card(study)
returns.storage_card(study)

with card(t("answers.money.side_title"), money.side_note(study)):
    answers.show_table(money.side_table(study), key="side", alt=t("answers.money.side_title"))
    reasons = money.reasons(study)
    if reasons:
        with st.expander(t("answers.money.reasons")):
            st.markdown(reasons)
    with st.expander(t("answers.money.definitions")):
        st.markdown(money.definitions(study))

with st.container(horizontal=True, vertical_alignment="top"):
    alternative = operation.ask_alternative(study, key="money.alternative")
    year = operation.ask_year(study, key="money.year")

parts = views.period_parts(study, alternative)
with card(sentences.lines_title(study, alternative, words), money.lines_note(study)):
    st.markdown(charts.legend(charts_cost.part_legend(parts, words, dark)))
    figure = charts_cost.period_stack(study, alternative, words, dark)
    chart(figure, key="lines", height=320, alt=money.lines_alt(study, alternative))
    table, unit = money.lines_table(study, alternative)
    st.markdown(f":small[:gray[{t('answers.money.table_note', unit=unit)}]]")
    answers.show_table(table, key="lines_table", alt=money.lines_alt(study, alternative))
    explain.line(study, alternative)

bill = views.bill_parts(study, alternative, year)
with card(sentences.bill_title(bill, words), money.bill_note(study, alternative, year)):
    if bill:
        st.markdown(charts.legend(money.bill_legend(bill)))
        figure = charts_cost.bill_stack(study, alternative, year, words, dark)
        chart(figure, key="bill", height=300, alt=money.bill_alt(study, alternative, year))
        table, unit = money.bill_table(study, alternative, year)
        st.markdown(f":small[:gray[{t('answers.money.table_note', unit=unit)}]]")
        answers.show_table(table, key="bill_table", alt=money.bill_alt(study, alternative, year))
