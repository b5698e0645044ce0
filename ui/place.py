"""The standing line of a site whose tariff or country is that of another place, with a button that mends it."""

from __future__ import annotations

import streamlit as st

from report.text import say
from sim.inputs import library
from study.place import elsewhere
from ui import form, start, state
from ui.state import t


def draw() -> None:
    """Nothing where they agree."""
    scenario, words = state.current(), state.words()
    site, mismatch = library.sites()[scenario.site.place], elsewhere(scenario)
    is_abroad = scenario.site.country != site.country
    if mismatch is None and not is_abroad:
        form.problems("site.place")
        return
    place = say.own_name(site, words)
    if mismatch:
        region = say.region_name(library.raw_tariffs()[mismatch.tariff], words)
        line = t("start.place.tariff_elsewhere", region=region, place=place)
    else:
        line = t("start.place.country_elsewhere", country=say.country(scenario.site.country, words), place=place)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="place_line"):
        if mismatch is None or is_abroad or mismatch.own:
            st.badge(line, color="orange", width="content")
            st.button(t("start.place.take", place=place), on_click=_take, key="take_world")
        else:
            st.badge(t("start.place.stands_in", region=region, place=place), color="orange", width="content")
    form.problems("site.place")


def _take() -> None:
    """Take the world of the place, and say what came with it."""
    if state.take_world():
        state.notify(start.brought())
