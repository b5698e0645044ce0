"""What has to be supplied: the project, the load's size and shape, its ramp-up, or a measured year."""

import streamlit as st

from report.screen.inputs import load_week, load_year
from ui import form, meter_upload, state, table
from ui.figures import card, chart, drawer
from ui.state import t

st.title(t("inputs.load.question"), anchor=False)
st.markdown(f":small[:gray[{t('inputs.context')}]]")

with card(t("inputs.load.site"), t("inputs.load.site_note")):
    form.card("load.site", columns=3)

with card(t("inputs.load.size"), t("inputs.load.size_note")):
    form.card("load.size", columns=3)
    title, note = t("inputs.load.ramp"), t("inputs.load.ramp_note")
    with drawer(title, note, key="ramp.drawer", is_open=bool(state.current().load.ramp)):
        month = table.number(t("inputs.table.month"), 1, 360, default=1)
        fraction = table.number(t("inputs.load.ramp_fraction"), 0, 5, step=0.01, default=1.0)
        table.rows_editor("load.ramp", {"month": month, "fraction": fraction}, alt=title)

with card(t("inputs.load.shape"), t("inputs.load.shape_note")):
    form.card("load.shape", columns=3)

with card(t("inputs.load.meter"), t("inputs.load.meter_note")):
    meter_upload.draw()

scenario, words = state.current(), state.words()
dispatch = state.study().dispatch
kw, clock = dispatch.series.load_kw, dispatch.clock
per_day = 24 * 60 // clock.step_minutes
mean, peak = (words.number(value / 1000, "MW") for value in (kw.mean(), kw.max()))
title = t("inputs.load.preview", peak=peak, mean=mean, percent=words.percent(kw.mean() / kw.max() if kw.max() else 0.0))
with card(title, t("inputs.load.preview_note")):
    year = load_year(kw, clock.step_minutes, clock.start_month, words, state.is_dark())
    chart(year, key="load_year", height=240, alt=t("inputs.load.year_alt"))
    monday = (7 - int(clock.weekday[0])) % 7
    peak_week = max(0, (int(kw.argmax()) // per_day - monday) // 7)
    weeks = max(1, (clock.steps // per_day - monday) // 7)
    chosen = st.slider(t("inputs.load.week"), 1, max(weeks, 2), min(peak_week, weeks - 1) + 1, key="load_week_choice")
    first = (monday + 7 * (min(chosen, weeks) - 1)) * per_day
    week = kw[first : first + 7 * per_day]
    weekday = int(clock.weekday[first])
    limit = scenario.grid.import_limit_kw
    figure = load_week(week, clock.step_minutes, weekday, words, state.is_dark(), limit)
    st.markdown(f":small[:gray[{t('inputs.load.week_note', limit=words.number(limit / 1000, 'MW'))}]]")
    chart(figure, key="load_week", height=240, alt=t("inputs.load.week_alt"))
