"""What to take away: hourly rows, key figures, bill, cost lines, the scenario and its schema."""

import json
from functools import partial

import streamlit as st

from report import files
from report.archive import data_zip
from report.paper.names import document_name
from report.paper.offer import Offer
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.scenario import json_schema
from ui import state
from ui.figures import card
from ui.state import t

study, scenario, words = state.study(), state.current(), state.words()
st.title(t("downloads.question"), anchor=False)
st.markdown(f":small[:gray[{t('downloads.context', code=study.fingerprint)}]]")


def offer(name: str, ending: str, make) -> None:
    """A card's button; the file is made when it is pressed."""
    mime = "application/json" if ending == "json" else "text/csv"
    file = files.file_name(study, name, ending)
    label = t("downloads.button", kind=ending.upper())
    st.download_button(label, data=make, file_name=file, mime=mime, on_click="ignore", key=f"download.{name}")


with card(t("downloads.hourly"), t("downloads.hourly_note")):
    row = st.container(horizontal=True, vertical_alignment="bottom")
    names = list(ALTERNATIVES)
    alternative = row.selectbox(
        t("downloads.alternative"),
        names,
        index=names.index("hybrid"),
        format_func=lambda name: t(f"downloads.alternative.{name}"),
        key="download_alternative",
        width=240,
    )
    years = range(1, study.dispatch.years + 1)
    year = row.selectbox(t("downloads.year"), years, key=f"download_year.{study.dispatch.years}", width=140)
    with row:
        offer(f"hourly-{alternative}-year-{year}", "csv", partial(files.hourly_csv, study, alternative, year, words))
    st.markdown(f":small[:gray[{t('downloads.hourly_columns')}]]")

with card(t("downloads.data"), t("downloads.data_note", year=year)):
    st.download_button(
        t("downloads.button", kind="ZIP"),
        data=partial(data_zip, study, words.language, years=(year,)),
        file_name=document_name(study, Offer(), "data", words.language, "zip"),
        mime="application/zip",
        on_click="ignore",
        key="download.data",
    )

grid = st.grid(2, min_column_width=320)
makers = {
    **{name: ("csv", partial(files.table_csv, study, name, words)) for name in files.TABLES},
    "scenario": ("json", scenario.to_json),
    "schema": ("json", lambda: json.dumps(json_schema(), indent=2, ensure_ascii=False)),
}
for name, (ending, make) in makers.items():
    with card(t(f"downloads.{name}"), t(f"downloads.{name}_note"), within=grid):
        offer(name, ending, make)
