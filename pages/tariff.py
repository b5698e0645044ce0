"""What a kWh and a kW cost: the tariff in use, what the site would pay elsewhere, own prices painted or from a file."""

import streamlit as st

from report.screen.inputs import tariff_heatmap
from report.text import say
from sim.inputs.tariff import DAY_TYPES
from ui import basic_charge, form, market, state, tariff_card, tariff_compare, tariff_files, tariff_paint
from ui.figures import card, chart
from ui.state import t

scenario, words = state.current(), state.words()
st.title(t("tariff.question"), anchor=False)
st.markdown(f":small[:gray[{t('inputs.context')}]]")

with card(t("inputs.tariff.title"), t("inputs.tariff.note")):
    tariff_card.chooser()
    tariff_card.facts()
    market.draw()
    basis, vat = st.columns(2)
    with basis:
        tariff_card.demand_basis()
    with vat:
        form.field("finance.vat_basis")

basic_charge.draw()

note = t("inputs.tariff.heatmap_note", currency=scenario.tariff.currency)
if scenario.tariff.market:
    note = say.joined((note, t("tariff.market.heatmap")), words)
with card(t("inputs.tariff.heatmap"), note):
    day_type = st.segmented_control(
        t("inputs.tariff.day_type"),
        DAY_TYPES,
        default=DAY_TYPES[0],
        format_func=lambda name: t(f"inputs.tariff.{name}"),
        required=True,
        label_visibility="collapsed",
        key="heatmap_day_type",
    )
    figure = tariff_heatmap(scenario.tariff, day_type, words, state.is_dark())
    chart(
        figure,
        key="tariff_heatmap",
        height=320,
        alt=t("inputs.tariff.heatmap_alt", name=say.own_name(scenario.tariff, state.words())),
    )

tariff_compare.draw()
tariff_paint.draw()

with (
    card(t("tariff.tables.title"), t("inputs.tariff.edit_note")),
    st.expander(t("inputs.tariff.edit"), key="tariff_edit"),
):
    tariff_card.editor()

tariff_files.upload()
tariff_files.downloads()
