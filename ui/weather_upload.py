"""Weather of the PV: a file, PVGIS by internet, or the place's monthly record."""

from __future__ import annotations

from hashlib import sha256

import streamlit as st

from report.text import say
from report.text.plain import as_plain
from sim.inputs import library
from sim.sun.files import fetch_pvgis, read_weather
from sim.sun.pv import as_weather_year
from sim.sun.year import Weather, WeatherError
from ui import state, uploaded
from ui.apart import apart
from ui.file_field import file_field
from ui.kept import shelf
from ui.state import t

FILE_LIMIT_MB = 20


def draw() -> None:
    """What is in use, the uploader and the button."""
    weather = state.current().pv.weather
    if weather is None:
        place = library.sites()[state.current().site.place]
        st.markdown(f":small[:gray[{t('inputs.weather.drawn', place=say.own_name(place, state.words()))}]]")
    else:
        total = state.words().number(sum(weather.ghi) / 1000, t("inputs.weather.unit"), 0)
        st.markdown(t("inputs.weather.in_use", name=as_plain(weather.name), total=total))
        st.button(t("inputs.weather.remove"), on_click=_remove, key="weather_remove")
    file = file_field(
        t("inputs.weather.upload"),
        ("epw", "tm3", "tmy3", "csv", "json"),
        FILE_LIMIT_MB,
        key=f"weather_file@{state.revision()}",
        help=t("inputs.weather.help"),
    )
    st.button(t("inputs.weather.fetch"), on_click=_fetch, key="weather_fetch", help=t("inputs.weather.fetch_help"))
    if file is not None:
        _reading(file.getvalue(), file.name)


def _reading(data: bytes, name: str) -> None:
    zone = library.sites()[state.current().site.place].utc_offset_h
    try:
        year = _read(data, name, zone)
    except WeatherError as error:
        st.error(t("inputs.weather.refused", name=as_plain(name), reason=state.refused(error)))
        return
    uploaded.show(year.findings)
    st.button(t("inputs.weather.use"), type="primary", on_click=_use, args=(year, name), key="weather_use")


def _fetch() -> None:
    place = library.sites()[state.current().site.place]
    try:
        year = fetch_pvgis(place.latitude_deg, place.longitude_deg, place.utc_offset_h)
    except WeatherError as error:
        state.notify(state.refused(error), "error")
        return
    _use(year, t("inputs.weather.pvgis", place=say.own_name(place, state.words())))


def _use(year: Weather, name: str) -> None:
    try:
        taken = as_weather_year(year, name)
    except ValueError:
        state.notify(t("inputs.weather.refused", name=as_plain(name), reason=t("inputs.weather.out_of_range")), "error")
        return
    if state.change({"pv.weather": taken.model_dump()}):
        state.replace(state.current(), t("inputs.weather.taken", name=as_plain(name)))


def _remove() -> None:
    state.change({"pv.weather": None})


def _read(data: bytes, name: str, utc_offset_h: float) -> Weather:
    key = ("weather", sha256(data).digest(), name, utc_offset_h)
    return shelf().get(key, lambda: apart(read_weather, data, name, utc_offset_h, refused=WeatherError))
