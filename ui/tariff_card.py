"""The tariff in use: choose one of the library, read its source, edit its prices and windows in tables."""

from __future__ import annotations

from typing import Any

import streamlit as st

from report.text import inputs as register_text
from report.text import say
from report.text.plain import as_part, as_plain
from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.tariff import DAY_TYPES, DEMAND_BASES, Tariff
from study.place import in_currency_of, with_facts
from study.policy import has_government_windows
from ui import form, state, table, tariff_form
from ui.state import t

PLACE = "tariff"
PER_KWH = ("energy_adders_per_kwh", "export_credit_per_kwh")
SCALARS = (*PER_KWH, "energy_tax_rate", "capacity_per_kva_month", "fixed_per_month")


def chooser() -> None:
    """Country, region and voltage: a chosen region or voltage takes its tariff at once; a country only narrows the
    list, and then it is said that the old tariff still stands."""
    tariff = state.current().tariff
    raw = library.raw_tariffs().get(tariff.library_id)
    grid = st.grid(3, min_column_width=160)
    with grid.container():
        countries = tariff_form.countries()
        home = raw["country"] if raw else state.current().site.country
        start = countries.index(home) if home in countries else 0
        country = st.selectbox(
            t("inputs.tariff.country"),
            countries,
            index=start,
            key=_key("country"),
            format_func=lambda code: say.country(code, state.words()),
        )
    is_home = raw is not None and country == raw["country"]
    with grid.container():
        regions, now = [None, *tariff_form.regions(country)], raw["region_en"] if raw and is_home else None
        key = _key(f"region.{country}.{tariff.library_id}")
        region = st.selectbox(
            t("inputs.tariff.region"),
            regions,
            index=regions.index(now),
            format_func=_region,
            key=key,
            on_change=_choose_region,
            args=(key, country),
        )
    with grid.container():
        options = [None, *tariff_form.voltages(country, region)]
        key = _key(f"voltage.{country}.{region}")
        voltage = st.selectbox(
            t("inputs.tariff.voltage"),
            options,
            format_func=_voltage,
            key=key,
            on_change=_choose_voltage,
            args=(key, country, region),
        )
    _list(tariff, tariff_form.matching(country, region, voltage), f"{country}.{region}.{voltage}.{tariff.library_id}")


def _list(tariff: Tariff, names: list[str], key: str) -> None:
    """The tariffs found; where the one in use is not among them, that it still stands."""
    key = _key(key)
    st.selectbox(
        t("inputs.tariff.name", n=len(names)),
        names,
        index=names.index(tariff.library_id) if tariff.library_id in names else None,
        format_func=lambda name: record_name(library.raw_tariffs()[name]),
        placeholder=t("inputs.tariff.choose"),
        key=key,
        on_change=_choose,
        args=(key,),
    )
    if tariff.library_id and tariff.library_id not in names:
        name = as_part(say.own_name(tariff, state.words()))
        st.badge(t("inputs.tariff.still", name=name), color="orange", width="content")
    form.problems("tariff")


def facts() -> None:
    """Source, date, confidence, VAT and notes of the tariff in use."""
    tariff, words = state.current().tariff, state.words()
    name = say.own_name(tariff, words)
    mark = "" if tariff.confidence != "unverified" else f" {form.DIAMOND}"
    rate = words.percent(tariff.vat_rate)
    vat = t("inputs.tariff.vat_in" if tariff.includes_vat else "inputs.tariff.vat_out", rate=rate)
    window = t("inputs.tariff.demand_window", minutes=tariff.demand_window_minutes)
    st.markdown(f"**{as_part(name)}**{mark}  \n{say.joined((vat, window), words)}")
    confidence = t(f"inputs.confidence.{tariff.confidence}")
    demand = t(f"inputs.confidence.{tariff.demand_confidence}")
    origin, date = (as_part(register_text.source_words(part, words)) or "?" for part in (tariff.source, tariff.as_of))
    source = t("inputs.tariff.source", source=origin, date=date)
    sure = t("inputs.tariff.confidence", energy=confidence, demand=demand)
    st.markdown(f":small[:gray[{say.joined((source, sure), words)}]]")
    if has_government_windows(tariff):
        st.markdown(f":small[{t('policy.market_users')}]")
    notes = tariff.notes_zh if words.language == "zh" and tariff.notes_zh else tariff.notes
    if notes:
        with st.expander(t("inputs.tariff.notes")):
            st.markdown(as_plain(notes))


def demand_basis() -> None:
    """What the demand charge is raised on."""
    key, tariff = form.key_of("tariff.demand_basis"), state.current().tariff
    form.follow(
        st.segmented_control,
        t("inputs.tariff.basis"),
        DEMAND_BASES,
        value=tariff.demand_basis,
        format_func=lambda basis: t(f"inputs.tariff.basis_{basis}"),
        required=True,
        wrap=True,
        key=key,
        help=t("inputs.tariff.basis_help"),
        on_change=_choose_basis,
        args=(key,),
    )
    form.problems("tariff.demand_basis")


def editor() -> None:
    """Prices, windows and demand charges in tables; they count once the button is pressed and they fit together."""
    tariff, currency = state.current().tariff, state.current().tariff.currency
    tables = tuple(
        _table(name, rows, columns)
        for name, rows, columns in (
            ("seasons", tariff_form.season_rows(tariff), _season_columns()),
            ("prices", tariff_form.price_rows(tariff), _price_columns(currency)),
            ("windows", tariff_form.window_rows(tariff), _window_columns(tariff)),
            ("charges", tariff_form.charge_rows(tariff), _charge_columns(currency)),
        )
    )
    scalars = _scalars(tariff)
    if st.button(t("inputs.tariff.apply"), type="primary", key="tariff_apply"):
        filled = [rows for rows in tables if rows is not None]
        if len(filled) < len(tables):
            st.error(t("inputs.tariff.unfinished"))
        else:
            _apply(tariff, filled, scalars)


def _table(name: str, rows: table.Rows, columns: dict[str, Any]) -> table.Rows | None:
    title = t(f"inputs.tariff.{name}")
    st.markdown(f"**{title}**")
    return table.grid_editor(f"tariff.{name}", rows, columns, alt=title, height=320 if len(rows) > 8 else "auto")


def _apply(tariff: Tariff, tables: list[table.Rows], scalars: dict[str, Any]) -> None:
    name = say.own_name(tariff, state.words())
    name = t("inputs.tariff.edited", name=name) if tariff.library_id else name
    try:
        seasons, prices, windows, charges = tables
        fields = tariff_form.edited_tariff(tariff, seasons, prices, windows, charges, scalars, name)
    except ValueError as error:
        st.error(state.refused(error))
        return
    if state.change({"tariff": fields}):
        state.replace(state.current(), t("inputs.tariff.taken"))
        st.rerun()
    form.problems("tariff")


def _scalars(tariff: Tariff) -> dict[str, Any]:
    """The tariff's single figures, in fields."""
    grid, entered = st.grid(3, min_column_width=180), {}
    for name in SCALARS:
        factor = 100.0 if name == "energy_tax_rate" else 1.0
        value = getattr(tariff, name)
        with grid.container():
            label = t(f"inputs.tariff.{name}", currency=tariff.currency)
            shown = None if value is None else value * factor
            given = st.number_input(label, value=shown, step=None, format="%.4f", key=_key(name))
            entered[name] = (None if name == "capacity_per_kva_month" else 0.0) if given is None else given / factor
    return entered


def _choose(key: str) -> None:
    name = st.session_state[key]
    if name is not None and name != state.current().tariff.library_id:
        take(name)


def _choose_region(key: str, country: str) -> None:
    """Take the region's tariff of the voltage next to that in use."""
    region = st.session_state[key]
    if region is not None:
        volts = state.current().tariff.voltage_kv or 0.0
        names = tariff_form.matching(country, region)
        take(min(names, key=lambda name: abs(library.raw_tariffs()[name]["voltage_kv"] - volts)))


def _choose_voltage(key: str, country: str, region: str | None) -> None:
    """Take the tariff of this voltage, where a region is chosen and it has only one such."""
    names = tariff_form.matching(country, region, st.session_state[key])
    if region is not None and st.session_state[key] is not None and len(names) == 1:
        take(names[0])


def take(name: str) -> None:
    """Use a tariff of the library. Where it is in another currency, the prices of its country come with it, and figures
    of the user's own at the dated rate."""
    scenario, raw = state.current(), library.raw_tariffs()[name]
    facts = in_currency_of(raw["country"], scenario) if raw["currency"] != scenario.site.currency else {}
    try:
        changed = with_facts(scenario, facts, {"tariff": {"library_id": name}})
    except InputError as error:
        st.session_state.problems["tariff"] = error.problems
        return
    state.replace(changed)
    if facts:
        country = say.country(raw["country"], state.words())
        state.notify(t("inputs.tariff.currency_changed", country=country, currency=raw["currency"]), "warning")


def _choose_basis(key: str) -> None:
    state.change({"tariff.demand_basis": st.session_state[key]})


def _season_columns() -> dict[str, Any]:
    name = st.column_config.TextColumn(t("inputs.tariff.season"))
    return {"season": name, "months": table.months(t("inputs.table.months"))}


def _price_columns(currency: str) -> dict[str, Any]:
    return {
        "season": st.column_config.TextColumn(t("inputs.tariff.season")),
        "period": st.column_config.TextColumn(t("inputs.tariff.period")),
        "price": st.column_config.NumberColumn(t("inputs.tariff.price", currency=currency), format="%.4f"),
    }


def _window_columns(tariff: Tariff) -> dict[str, Any]:
    return {
        "season": st.column_config.TextColumn(t("inputs.tariff.season"), default=tariff.seasons[0].name),
        "day_type": st.column_config.SelectboxColumn(
            t("inputs.tariff.day_type"),
            options=list(DAY_TYPES),
            format_func=lambda day_type: t(f"inputs.tariff.{day_type}"),
            default=DAY_TYPES[0],
        ),
        "start_hour": table.number(t("inputs.table.start"), 0, 24, step=0.25),
        "end_hour": table.number(t("inputs.table.end"), 0, 24, step=0.25),
        "period": st.column_config.TextColumn(t("inputs.tariff.period")),
    }


def _charge_columns(currency: str) -> dict[str, Any]:
    return {
        "name": st.column_config.TextColumn(t("inputs.tariff.charge")),
        "per_kw_month": st.column_config.NumberColumn(t("inputs.tariff.per_kw", currency=currency), format="%.3f"),
        "periods": st.column_config.TextColumn(t("inputs.tariff.measured"), default=tariff_form.ALL_PERIODS),
        "months": table.months(t("inputs.table.months")),
    }


def record_name(raw: dict[str, Any]) -> str:
    """Name of a record of the library, in the visitor's language."""
    return raw["name_zh"] if state.words().language == "zh" and raw["name_zh"] else raw["name_en"]


def _region(region: str | None) -> str:
    return t("inputs.tariff.any") if region is None else tariff_form.region_name(region, state.words().language)


def _voltage(voltage_kv: float | None) -> str:
    return t("inputs.tariff.any") if voltage_kv is None else state.words().number(voltage_kv, "kV")


def _key(name: str) -> str:
    return f"{PLACE}.{name}@{state.revision()}"
