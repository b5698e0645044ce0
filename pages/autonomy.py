"""How far does the site depend on others? Own supply, prices and outages beside each alternative, and carbon."""

import streamlit as st

from report.screen import autonomy as charts_autonomy
from study.autonomy import SHOCKS
from ui import answers, autonomy, form, state
from ui.figures import card, chart, conclude
from ui.state import t

scenario, words, dark = state.current(), state.words(), state.is_dark()

st.title(t("autonomy.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()
seen = autonomy.found(study)

with st.container(border=True, gap="small"):
    conclude(autonomy.headline(seen))
    st.markdown(autonomy.lead(seen))

with card(autonomy.supply_title(seen), t("autonomy.supply.note")):
    answers.show_table(autonomy.supply_table(seen), key="supply", alt=autonomy.supply_title(seen))

with card(autonomy.shock_title(seen), t("autonomy.shock.note")):
    columns = st.grid(3, min_column_width=280)
    for shock in SHOCKS:
        with columns.container(gap="xxsmall"):
            st.markdown(f"**{t(f'autonomy.shock.{shock}')}**")
            figure = charts_autonomy.shock_bars(autonomy.shock_fractions(seen, shock), words, dark)
            chart(figure, key=f"shock.{shock}", height=150, alt=autonomy.shock_alt(seen, shock))
    answers.show_table(autonomy.shock_table(study, seen), key="shocks", alt=autonomy.shock_title(seen))

with card(autonomy.carbon_title(study, seen), autonomy.carbon_note(study)):
    answers.show_table(autonomy.carbon_table(study, seen), key="carbon", alt=autonomy.carbon_title(study, seen))
    missing = autonomy.carbon_missing(study)
    if missing:
        st.markdown(f":small[:gray[{missing}]]")

with card(t("autonomy.inputs.title"), t("autonomy.inputs.note")):
    form.card("autonomy.carbon", columns=3, starts={"finance.market_co2_kg_per_kwh": 0.6096})
