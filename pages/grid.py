"""What the grid can give: connection, stages, outages. Its prices have a page of their own."""

import streamlit as st

from sim.arrays import there
from ui import form, state, table
from ui.figures import card, drawer
from ui.state import t

scenario, words = state.current(), state.words()
st.title(t("inputs.grid.question"), anchor=False)
st.markdown(f":small[:gray[{t('inputs.context')}]]")

with card(t("inputs.grid.connection"), t("inputs.grid.connection_note")):
    form.card("grid.connection", columns=3)
    title, note = t("inputs.grid.stages"), t("inputs.grid.stages_note")
    with drawer(title, note, key="stages.drawer", is_open=bool(scenario.grid.stages)):
        columns = {
            "month": table.number(t("inputs.table.month"), 1, 360, default=1),
            "import_limit_kw": table.number(
                t("inputs.grid.limit"), 0, 2_000_000, default=scenario.grid.import_limit_kw
            ),
        }
        table.rows_editor("grid.stages", columns, alt=title)

outages = scenario.grid.outages
title = t("inputs.grid.outages_none")
if scenario.grid.outage_source == "statistics":
    told = {"SAIFI": scenario.grid.saifi_per_year, "SAIDI": scenario.grid.saidi_h_per_year}
    often, long = (words.number(there(value, name)) for name, value in told.items())
    title = t("inputs.grid.outages_drawn", often=often, hours=long)
elif outages:
    total = words.number(sum(outage.duration_h for outage in outages), "h")
    title = state.counted("inputs.grid.outages", len(outages), hours=total)
with card(title, t("inputs.grid.outages_note")):
    form.card("grid.outages", columns=3, starts={"grid.saifi_per_year": 2.0, "grid.saidi_h_per_year": 3.0})
    columns = {
        "month": table.number(t("inputs.table.calendar_month"), 1, 12, default=7),
        "day": table.number(t("inputs.table.day"), 1, 31, default=15),
        "hour": table.number(t("inputs.table.hour"), 0, 23.75, step=0.25, default=14.0),
        "duration_h": table.number(t("inputs.table.duration"), 0.25, 744, step=0.25, default=2.0),
        "announced": table.flag(t("inputs.table.announced"), t("inputs.table.announced_help")),
    }
    table.rows_editor("grid.outages", columns, alt=t("inputs.grid.outages_alt"), height=240)
