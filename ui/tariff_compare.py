"""What this site would pay elsewhere: a year under the library's tariffs, up to four of them beside each other."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from report.screen.charts import legend
from report.screen.tariff import curve_colours, day_curves
from report.text.amounts import month_name
from report.text.plain import as_plain
from sim.inputs import library
from sim.inputs.tariff import DAY_TYPES, Tariff, library_ids, library_tariff
from study.site_year import Elsewhere
from ui import site_year, state, tariff_card
from ui.figures import card, chart
from ui.form import DIAMOND
from ui.state import t

MOST_COMPARED = 4
ALL = "all"


@st.fragment
def draw() -> None:
    """The card: table, curves of the chosen rows, and a button to take one."""
    tariff, words = state.current().tariff, state.words()
    own = site_year.of_tariff(tariff)
    price = words.number(own.mean_per_kwh, f"{words.currency(tariff.currency)}/kWh")
    with card(t("tariff.elsewhere.title", price=price), t("tariff.elsewhere.note")):
        country = _country(tariff)
        rows = site_year.of_library(_ids(country))
        table = _table(rows, own.cost("grid"), tariff)
        key = f"tariff_elsewhere.{country}@{state.revision()}"
        chosen = st.dataframe(
            table,
            key=key,
            hide_index=True,
            height=min(400, 35 * (len(rows) + 1) + 3),
            on_select="rerun",
            selection_mode="multi-row",
            column_config=_columns(),
            alt=t("tariff.elsewhere.alt"),
        )
        picked = [rows[at].library_id for at in chosen["selection"]["rows"]][:MOST_COMPARED]
        if len(chosen["selection"]["rows"]) > MOST_COMPARED:
            st.info(t("tariff.elsewhere.most", n=MOST_COMPARED))
        if picked:
            _compared(tariff, picked)
        else:
            st.markdown(f":small[:gray[{t('tariff.elsewhere.pick', n=MOST_COMPARED)}]]")


def _country(tariff: Tariff) -> str:
    """Country of the tariffs listed; that of the tariff in use first."""
    raw = library.raw_tariffs().get(tariff.library_id)
    home = raw["country"] if raw else state.current().site.country
    countries = list(dict.fromkeys(record["country"] for record in library.raw_tariffs().values()))
    return st.segmented_control(
        t("inputs.tariff.country"),
        [*countries, ALL],
        default=home if home in countries else ALL,
        format_func=lambda code: t("inputs.tariff.any") if code == ALL else code,
        required=True,
        wrap=True,
        label_visibility="collapsed",
        key=f"tariff_elsewhere_country.{home}",
    )


def _ids(country: str) -> tuple[str, ...]:
    return tuple(name for name in library_ids() if country in (ALL, library.raw_tariffs()[name]["country"]))


def _table(rows: list[Elsewhere], own_cost: float, tariff: Tariff) -> pd.DataFrame:
    """One row for each tariff; the difference to the tariff in use only where the currency is the same."""
    same = [row.currency == tariff.currency and own_cost > 0 for row in rows]
    return pd.DataFrame(
        {
            "name": [_name(row.library_id, tariff) for row in rows],
            "currency": [state.words().currency(row.currency) for row in rows],
            "mean": [row.mean_per_kwh for row in rows],
            "grid": [row.grid for row in rows],
            "change": [
                100 * (row.grid / own_cost - 1) if is_same else None for row, is_same in zip(rows, same, strict=True)
            ],
            "hybrid": [row.hybrid for row in rows],
            "saved": [100 * (1 - row.hybrid / row.grid) if row.grid > 0 else None for row in rows],
        }
    )


def _columns() -> dict:
    number, texts = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "name": texts(t("tariff.elsewhere.name"), pinned=True),
        "currency": texts(t("tariff.elsewhere.currency"), width="small"),
        "mean": number(t("tariff.elsewhere.mean"), format="%.4f", help=t("tariff.elsewhere.mean_help")),
        "grid": number(t("tariff.elsewhere.grid"), format="localized", step=1),
        "change": number(t("tariff.elsewhere.change"), format="%+.1f %%", help=t("tariff.elsewhere.change_help")),
        "hybrid": number(t("tariff.elsewhere.hybrid"), format="localized", step=1),
        "saved": number(t("tariff.elsewhere.saved"), format="%.1f %%", help=t("tariff.elsewhere.saved_help")),
    }


def _name(library_id: str, tariff: Tariff) -> str:
    raw = library.raw_tariffs()[library_id]
    mark = f" {DIAMOND}" if raw["confidence"] == "unverified" else ""
    used = f" ({t('tariff.elsewhere.in_use')})" if library_id == tariff.library_id else ""
    return f"{tariff_card.record_name(raw)}{mark}{used}"


def _compared(tariff: Tariff, picked: list[str]) -> None:
    words, dark = state.words(), state.is_dark()
    raw = library.raw_tariffs()
    names = {name: tariff_card.record_name(raw[name]) for name in picked}
    tariffs = {"": tariff} | {name: library_tariff(name) for name in picked if name != tariff.library_id}
    row = st.container(horizontal=True, vertical_alignment="bottom")
    month = row.selectbox(
        t("tariff.month"),
        range(1, 13),
        index=6,
        format_func=lambda m: month_name(words, m),
        width=130,
        key="tariff_elsewhere_month",
    )
    day_type = row.selectbox(
        t("inputs.tariff.day_type"),
        DAY_TYPES,
        format_func=lambda d: t(f"inputs.tariff.{d}"),
        width=200,
        key="tariff_elsewhere_day",
    )
    labels = [t("tariff.elsewhere.in_use") if not name else as_plain(names[name]) for name in tariffs]
    st.markdown(legend(list(zip(labels, curve_colours(dark), strict=False))))
    figure = day_curves(tariffs, month, day_type, words, dark)
    chart(figure, key="tariff_curves", height=260, alt=t("tariff.elsewhere.curves_alt", month=month_name(words, month)))
    st.markdown(f":small[:gray[{t('tariff.elsewhere.curves_note')}]]")
    buttons = st.container(horizontal=True)
    for name in picked:
        if name != tariff.library_id and buttons.button(
            t("tariff.elsewhere.take", name=names[name]), key=f"tariff_take.{name}"
        ):
            tariff_card.take(name)
            st.rerun()
