"""What may turn out otherwise: the saving over many draws, what drives it, one input at a time, and two at once."""

import numpy as np
import pandas as pd
import streamlit as st

from report.screen import charts
from report.screen import risk as charts_risk
from ui import answers, policy, risk, state
from ui.figures import card, chart, conclude, pressable
from ui.state import t

scenario, words, dark = state.current(), state.words(), state.is_dark()

st.title(t("risk.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

count, seed, target = risk.ask_run()
found = risk.run(study, count, seed, target)
with st.container(border=True, gap="small"):
    conclude(risk.answer(study, found))
    st.markdown(risk.payback_sentence(found))

grid = st.grid(2, min_column_width=400)
unit = risk.money_unit(study, found.results["saving"])
names = {mark: t(f"risk.column.{mark}") for mark in ("q10", "q50", "q90")}
with card(t("risk.histogram.title"), t("risk.histogram.note", n=words.number(count, decimals=0)), within=grid):
    figure = charts_risk.histogram(found.results["saving"], found.quantiles["saving"], unit, names, words, dark)
    chart(figure, key="histogram", height=300, alt=risk.answer(study, found))
with card(risk.driver_title(found), t("risk.drivers.note"), within=grid):
    figure = charts_risk.driver_bars(found.drivers, risk.label, words, dark)
    chart(figure, key="drivers", height=300, alt=risk.driver_title(found))

with card(t("risk.table.title"), t("risk.table.note")):
    answers.show_table(
        pd.DataFrame(risk.quantile_rows(study, found)),
        key="quantiles",
        alt=t("risk.table.title"),
    )

single = risk.tornado(study)
ends = np.array([[bar.at_low, bar.at_high] for bar in single.bars] or [[single.base] * 2])
with card(risk.tornado_title(single), risk.variants_note("tornado", scenario)):
    st.markdown(charts.legend(charts_risk.end_legend(risk.ends, dark)))
    figure = charts_risk.tornado_bars(single, risk.money_unit(study, ends), risk.label, risk.ends, words, dark)
    risk.tornado_fields(single, pressable(figure, key="tornado", height=400, alt=risk.tornado_title(single)))

with st.container(border=True, gap="small"):
    title = st.empty()
    across, down = risk.ask_map(study)
    both = risk.two_way(study, across, down)
    title.subheader(risk.map_title(both), anchor=False)
    st.markdown(f":small[:gray[{risk.variants_note('map', scenario)}]]")
    figure = charts_risk.two_way_map(both, risk.money_unit(study, both.values), risk.axis_label(study), words, dark)
    chart(figure, key="two_way", height=380, alt=risk.map_title(both))

policy.draw(study)
