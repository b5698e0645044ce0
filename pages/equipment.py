"""What stands on site: PV, battery and how it is run, diesel sets."""

import streamlit as st

from report.paper import diagram
from report.screen.svg import with_fonts
from report.text import say
from sim.dispatch.control import WEEKDAYS
from sim.dispatch.lanes import site_set_kw
from sim.plant.battery import available, usable_kwh
from sim.sun.pv import looks_away
from ui import ageing, by_month, cabinets, form, state, table, weather_upload
from ui.figures import card, drawer
from ui.state import t

scenario, words = state.current(), state.words()
pv, storage, genset = scenario.pv, scenario.storage, scenario.genset
st.title(t("inputs.equipment.question"), anchor=False)
st.markdown(f":small[:gray[{t('inputs.context')}]]")

with st.container(border=True), st.container(width=780):
    drawing = with_fonts(diagram.single_line(scenario, words, state.is_dark()))
    st.image(drawing, caption=diagram.describe(scenario, words), width="stretch")

title = t("inputs.equipment.battery_none")
if storage.exists:
    kwh, kw = usable_kwh(storage), available(storage)[0]
    values = {"energy": say.energy(kwh, words), "power": say.power(kw, words), "hours": words.number(kwh / kw, "h")}
    title = t("inputs.equipment.battery", **values)
with card(title, t("inputs.equipment.battery_note")):
    form.card("battery", columns=3)
    if storage.exists:
        st.markdown(cabinets.text())
        form.card("battery.cabinets", columns=3, starts=cabinets.starts())

if storage.exists:
    with card(ageing.title(), t("inputs.equipment.ageing_note")):
        ageing.draw()
        form.card("battery.ageing", columns=3, starts=ageing.WARRANTY_STARTS)
        if storage.renewal == "augment" and storage.augment_by == "years":
            year = table.number(t("inputs.equipment.augment_year"), 2, 30, default=6)
            table.rows_editor("storage.augment_years", {"year": year}, alt=t("inputs.equipment.augment_alt"))

title = t("inputs.equipment.pv_none")
if pv.exists:
    size = words.number(pv.dc_kwp / 1000, "MWp")
    title = t("inputs.equipment.pv", size=size, area=words.number(pv.hectares, t("inputs.equipment.hectares")))
with card(title, t("inputs.equipment.pv_note")):
    form.card("pv", columns=3, starts={"pv.yield_kwh_per_kwp": 1000.0, "pv.azimuth_deg": 180.0})
    if pv.exists:
        title, note = t("inputs.equipment.arrays"), t("inputs.equipment.arrays_note")
        with drawer(title, note, key="arrays.drawer", is_open=bool(pv.arrays)):
            columns = {
                "kwp": table.number(t("inputs.equipment.array_size"), 0, 2_000_000, step=100, default=1000.0),
                "tilt_deg": table.number(t("inputs.equipment.array_tilt"), 0, 90, default=pv.tilt_deg),
                "azimuth_deg": table.number(t("inputs.equipment.array_azimuth"), 0, 360, step=5, default=180.0),
            }
            table.rows_editor("pv.arrays", columns, alt=title)
        if looks_away(pv, scenario.site.place):
            st.warning(t("inputs.equipment.looks_away"))
    weather_upload.draw()

with card(t("inputs.equipment.control"), t("inputs.equipment.control_note")):
    starts = {
        "dispatch.charge_limit_kw": storage.power_kw,
        "dispatch.discharge_limit_kw": storage.power_kw,
        "dispatch.peak_shave_kw": scenario.grid.import_limit_kw,
        "dispatch.genset_start_fraction": scenario.dispatch.reserve_fraction,
    }
    form.card("control", columns=3, starts=starts)
    if scenario.dispatch.arbitrage == "windows":
        st.markdown(f":small[:gray[{t('inputs.equipment.windows_note')}]]")
        actions = st.column_config.SelectboxColumn(
            t("inputs.equipment.action"),
            options=["charge", "discharge"],
            format_func=lambda action: t(f"inputs.equipment.action_{action}"),
            default="charge",
        )
        columns = {
            "start_hour": table.number(t("inputs.table.start"), 0, 24, step=0.25, default=0.0),
            "end_hour": table.number(t("inputs.table.end"), 0, 24, step=0.25, default=8.0),
            "action": actions,
            "months": table.months(t("inputs.table.months")),
            "days": st.column_config.SelectboxColumn(
                t("control.table.days"),
                options=list(WEEKDAYS),
                format_func=lambda days: t(f"control.days.{days}"),
                default="every_day",
            ),
            "power_fraction": table.fraction(t("control.table.power"), t("control.table.power_help")),
        }
        table.rows_editor("dispatch.windows", columns, alt=t("inputs.equipment.windows_note"))
    if scenario.dispatch.arbitrage == "windows" or scenario.dispatch.shave_limits:
        st.markdown(f":small[:gray[{t('control.shave.note')}]]")
        periods = sorted({name for season in scenario.tariff.seasons for name in season.prices_per_kwh})
        columns = {
            "threshold_kw": table.number(t("control.shave.threshold"), 0, 1_000_000, step=1.0),
            "months": table.months(t("inputs.table.months")),
            "periods": st.column_config.MultiselectColumn(
                t("control.shave.periods"), options=periods, help=t("control.shave.periods_help"), required=False
            ),
        }
        table.rows_editor("dispatch.shave_limits", columns, alt=t("control.shave.note"))
        if scenario.dispatch.shave_limits:
            form.card("control.thresholds", columns=3)

set_kw = site_set_kw(scenario)
fleet = [say.power(count * set_kw, words) for count in (genset.sets, genset.last_resort_sets)]
with card(t("inputs.equipment.sets", diesel=fleet[0], hybrid=fleet[1]), t("inputs.equipment.sets_note")):
    form.card("sets", columns=3)

by_month.draw()
