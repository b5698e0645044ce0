"""Who carries the load, hour by hour? A day or week by its meaning, the year's flows, billed peaks, every import."""

import streamlit as st

from report import views
from report.screen import charts
from report.screen import duration as charts_duration
from report.screen import operation as charts_operation
from report.text import say
from study import weeks
from ui import answers, foresight, operation, sets, state, why
from ui.figures import card, chart, pressable
from ui.state import t

scenario, words, dark = state.current(), state.words(), state.is_dark()

st.title(t("answers.operation.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

with st.container(horizontal=True, vertical_alignment="top"):
    alternative = operation.ask_alternative(study)
    year = operation.ask_year(study)
trace = study.dispatch.trace(alternative, year)
flows = weeks.flows_kwh(trace, study.dispatch.clock.step_h, weeks.steps_in_term(study, year))
operation.answer_box(study, alternative, year, trace)

if not scenario.storage.exists and not scenario.pv.exists and alternative == "hybrid":
    st.info(t("answers.remark.no_equipment"))

with st.container(border=True, gap="small"):
    title = st.empty()
    with st.container(horizontal=True, vertical_alignment="top"):
        days = operation.ask_days()
        meaning = operation.ask_meaning(study, alternative, year)
        span = operation.span(study, alternative, year, trace, meaning, days)
    title.subheader(operation.span_title(study, year, trace, meaning, span), anchor=False)
    st.markdown(f":small[:gray[{t('answers.operation.note', step=scenario.site.step_minutes)}]]")
    bands = charts_operation.bands_kw(trace, span.steps(study.dispatch.clock))
    st.markdown(charts.legend(charts_operation.band_legend(bands, words, dark)))
    pressed = pressable(
        charts_operation.dispatch_span(study, alternative, trace, span, words, dark, year),
        key="dispatch",
        height=500,
        alt=operation.dispatch_alt(study, alternative, trace, span),
    )
    if not study.dispatch.down.any():
        st.markdown(f":small[:gray[{t('answers.operation.no_outage')}]]")
why.card_of(study, alternative, year, trace, span, pressed)

grid = st.grid(2, min_column_width=400)
with card(operation.flows_title(flows), t("answers.operation.flows_note", year=year), within=grid):
    alt = t("answers.operation.flows_alt", year=year, list=operation.flows_text(flows))
    chart(charts_operation.energy_flows(flows, words, dark), key="flows", height=330, alt=alt)

reference, own = operation.peak_pair(study, alternative, year)
with card(operation.peaks_title(reference, own), operation.peaks_note(study, alternative, year), within=grid):
    chart(
        charts_operation.billed_peaks(
            reference.kw,
            own.kw,
            views.bill_calendar(study, year),
            (operation.reference_of(study, alternative), alternative),
            words,
            dark,
        ),
        key="peaks",
        height=330,
        alt=operation.peaks_alt(study, alternative, year),
    )

foresight.card_of(study, alternative, year)
foresight.table_card(study, alternative)
sets.card_of(study, alternative, year, trace)

steps = weeks.steps_in_term(study, year)
net = (trace.import_kw - trace.export_kw)[:steps]
load = trace.load_kw[:steps]
grid = st.grid(2, min_column_width=400)
with card(operation.duration_title(study, load, net), t("answers.operation.duration_note", year=year), within=grid):
    st.markdown(charts.legend(charts_duration.legend_items(words, dark)))
    figure = charts_duration.duration_curves(load, net.clip(0), study.dispatch.clock.step_h, words, dark)
    chart(figure, key="duration", height=300, alt=operation.duration_title(study, load, net))
with card(operation.map_title(study, net), t("answers.operation.map_note"), within=grid):
    chart(
        charts_operation.import_map(net, scenario.site.step_minutes, scenario.site.start, words, dark),
        key="import_map",
        height=300,
        alt=t("answers.operation.map_alt", peak=say.power(float(net.max()), words)),
    )
