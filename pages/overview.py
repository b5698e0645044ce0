"""What should power this cluster? The answer, what it rests on, and what would turn it around."""

import time

import streamlit as st

from report import sentences, views
from report.screen import charts
from report.screen import cost as charts_cost
from report.screen import operation as charts_operation
from report.text import levers as lever_text
from report.text import say
from study import answer
from study.alerts import alerts
from ui import answers, changed, explain, form, start, state
from ui.figures import card, chart
from ui.later import BREATH_S, Later
from ui.state import t

LINE_PX, TURNING_PX = 24, 260
scenario, words, dark = state.current(), state.words(), state.is_dark()
currency = scenario.site.currency

st.title(t("answers.overview.question"), anchor=False)
answers.context_line(scenario)
beside = st.container(gap="small")
if state.is_own():
    sides = st.grid(2, min_column_width=400)
    with sides.container(gap="small"):
        start.fields()
    beside = sides.container(gap="small", key="own_answer")  # its box goes first on a phone: `ui.served`
study, was = answers.study_or_reason(), changed.former()

with beside:
    with st.container(border=True, gap="small", key="answer_box"):
        answers.headline(study)
        holds, parts = Later(LINE_PX), Later(LINE_PX)
        remarks, chips = Later(LINE_PX, LINE_PX), Later(LINE_PX)
    warnings = Later()
    if state.is_drawn_first():  # how many there are cannot be foreseen, and the rest stands below them
        with warnings.filled():
            answers.warnings(study)
    answers.kpi_cards(study, was)
    explain.figures(study)
if state.is_own():
    start.five(study)
    start.examples()

grid = st.grid(2, min_column_width=400)
scale = views.stack_amounts(study, words)
with card(say.say(answer.stack_title(study), words, currency), sentences.stack_note(study, words, scale), within=grid):
    st.markdown(charts.legend(charts_cost.part_legend(views.stack_parts(study), words, dark)))
    explain.stack(
        changed.on_stack(charts_cost.cost_stack(study, words, dark), study, was),
        study,
        sentences.stack_alt(study, words, scale),
    )
with card(say.say(answer.mix_title(study), words, currency), t("answers.mix.note"), within=grid):
    shares = charts_operation.mix_shares(study)
    items = [(t(f"charts.flow.{key}"), colour) for key, colour in charts_operation.MIX if shares[key].any()]
    st.markdown(charts.legend(answers.squares(items)))
    chart(
        charts_operation.energy_mix(study, words, dark),
        key="mix",
        height=300,
        alt=sentences.mix_alt(study, words, shares),
    )
with card(say.say(answer.spending_title(study), words, currency), answers.spending_note(study), within=grid):
    lines = changed.on_lines(charts_cost.cumulative(study, words, dark), study, was)
    chart(lines, key="cumulative", height=330, alt=answers.spending_alt(study))
with grid.container(border=True, gap="small", height="stretch"):
    turning, better = Later(TURNING_PX), Later()

time.sleep(BREATH_S)
if not state.is_drawn_first():
    with warnings.filled():
        answers.warnings(study)
with remarks.filled():  # in a short term they need a study for each month of the grid
    said = say.joined((say.say(remark, words, currency) for remark in answer.remarks(study)), words)
    st.markdown(f":small[:gray[{said}]]")
with chips.filled():
    answers.chips(answer.chips(study, len(alerts(study)), len(form.marks())))
with parts.filled():
    st.markdown(sentences.parts_line(study, words))
with holds.filled():
    st.markdown(lever_text.holds(study, words, mark="**{}**"))
with turning.filled():
    answers.turning_card(study)
with better.filled():
    answers.better_size(study)
