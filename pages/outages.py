"""How long does it last without the grid, and what does an outage cost? Every start hour, both orders, by length."""

import numpy as np
import streamlit as st

from report.palette import palette
from report.screen import charts
from report.screen import outages as charts_outages
from report.text import say
from study.outages import LENGTHS_H
from ui import answers, outages, state
from ui.figures import card, chart, conclude
from ui.state import t

scenario, words, dark = state.current(), state.words(), state.is_dark()

st.title(t("outages.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()
seen = outages.found(study)

with st.container(border=True, gap="small"):
    conclude(outages.headline(seen))
    st.markdown(outages.lead(study))

curves = outages.curves(seen)
looks = {name: look for name, (_, look) in curves.items()}
with card(outages.curve_title(seen), t("outages.curve_note")):
    colours = palette(dark)
    st.markdown(charts.legend([(name, getattr(colours, colour)) for name, (colour, _) in looks.items()]))
    figure = charts_outages.survival_curves({name: curve for name, (curve, _) in curves.items()}, looks, words, dark)
    chart(figure, key="survival", height=300, alt=outages.curves_alt(study, seen))

title = outages.ride_title(study, seen)
with card(title, t("outages.ride_note")):
    st.dataframe(outages.ride_table(study, seen), key="ride", alt=title)
    st.markdown(outages.need_text(study, seen))
    st.markdown(outages.start_text(study, seen))

scale = outages.money_scale(study, seen)
costs = {say.name(name, words, first=True): np.array(values) for name, values in seen.costs.items()}
with card(outages.cost_title(study, seen), t("outages.cost_note")):
    colour = outages.colour_of()
    st.markdown(charts.legend([(name, getattr(palette(dark), colour[name])) for name in costs]))
    figure = charts_outages.cost_by_length(LENGTHS_H, costs, colour, scale, words, dark)
    chart(figure, key="outage_cost", height=300, alt=outages.costs_alt(seen, scale))
    st.markdown(outages.parts_text(study))
    st.markdown(f":small[:gray[{t('outages.split')}]]")
