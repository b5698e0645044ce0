"""Tariffs from files and into files: an own price curve, a URDB rate, the tariff itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from pydantic import ValidationError

from report.text import say
from report.text.amounts import month_name
from report.text.csv_text import csv_text
from report.text.plain import as_plain
from sim.arrays import Floats
from sim.inputs.base import input_error
from sim.inputs.tariff import DAY_TYPES, EVERY_MONTH, Tariff, clock
from sim.inputs.text import read_json
from sim.meter.findings import MeterQuestion
from sim.meter.limits import MAX_BYTES, TABLE_TYPES
from sim.meter.markup import json_rows
from sim.problem import Problem
from sim.tariff.curve import Curve, curve_fields, curve_table, market_fields
from sim.tariff.price_file import PriceChoices, read_curve
from sim.tariff.price_units import PRICE_UNITS
from sim.tariff.urdb import read_urdb, to_tariff, to_urdb
from ui import form, site_year, state, uploaded
from ui.apart import apart
from ui.figures import card
from ui.file_field import file_field
from ui.kept import shelf
from ui.state import t

FILE_LIMIT_MB = MAX_BYTES // 1024**2
BOM = "\ufeff"
DONE_KEPT, DONE_LENGTH = 40, 1000
EXTREMES: dict[str, Callable[[Floats], np.float64]] = {"low": np.min, "mean": np.mean, "high": np.max}


def upload() -> None:
    """One uploader for a price curve (CSV, XLSX), a URDB rate or a tariff file (JSON)."""
    with card(t("tariff.files.title"), t("tariff.files.note")):
        file = file_field(
            t("tariff.files.upload"),
            TABLE_TYPES,
            FILE_LIMIT_MB,
            key=f"tariff_file@{state.revision()}",
            help=t("tariff.files.help"),
        )
        if file is not None:
            try:
                _read(file.getvalue(), file.name)
            except ValueError as error:
                reason = state.refused(error)
                st.error(t("tariff.files.refused", name=as_plain(file.name), reason=reason))
        form.problems("tariff")
        st.download_button(
            t("tariff.files.template"),
            data=_template,
            file_name="price-curve.csv",
            mime="text/csv",
            on_click="ignore",
            key="tariff_template",
        )


def downloads() -> None:
    """The tariff in use as a file, and as a URDB rate with what that changes."""
    tariff = state.current().tariff
    with card(t("tariff.download.title"), t("tariff.download.note")):
        row = st.container(horizontal=True)
        row.download_button(
            t("tariff.download.json"),
            data=lambda: tariff.model_dump_json(indent=1),
            file_name="tariff.json",
            mime="application/json",
            on_click="ignore",
            key="tariff_json",
        )
        try:
            rate = to_urdb(tariff)
        except ValueError as error:
            st.warning(t("tariff.download.no_urdb", reason=state.refused(error)))
            return
        row.download_button(
            t("tariff.download.urdb"),
            data=json.dumps(rate, ensure_ascii=False, indent=1),
            file_name="tariff-urdb.json",
            mime="application/json",
            on_click="ignore",
            key="tariff_urdb",
        )
        st.markdown(f":small[:gray[{_urdb_loss(tariff, rate)}]]")


def _urdb_loss(tariff: Tariff, rate: dict[str, Any]) -> str:
    """How far the year's bill is off once the URDB file is read back."""
    again, _ = to_tariff(read_urdb(rate), tariff.currency)
    again = again.model_copy(update={"includes_vat": tariff.includes_vat, "vat_rate": tariff.vat_rate})
    due, found = (site_year.of_tariff(one).cost("grid") for one in (tariff, again))
    off = abs(found / due - 1) if due else 0.0
    if off < 5e-6:
        return t("tariff.download.urdb_exact")
    return t("tariff.download.urdb_off", percent=state.words().percent(off))


def _read(data: bytes, name: str) -> None:
    if name.lower().endswith(".json") and not _is_price_table(data):
        _json(data, name)
    else:
        _prices(data, name)


def _is_price_table(data: bytes) -> bool:
    """Whether a JSON file is neither tariff nor rate but a list of records, as services hand prices on."""
    is_ours = any(word in data.lower() for word in (b"energyratestructure", b'"seasons"'))
    return not is_ours and json_rows(data.decode("utf-8", errors="replace")) is not None


def _json(data: bytes, name: str) -> None:
    """A file of ours has seasons; anything else is read as a URDB rate."""
    raw = read_json(data)
    if isinstance(raw, dict) and "seasons" in raw:
        findings: tuple[Problem, ...] = ()
        try:
            tariff = Tariff.model_validate(raw)
        except ValidationError as error:
            raise input_error(error) from error
    else:
        tariff, findings = to_tariff(read_urdb(raw), peak_kw=state.current().load.peak_kw)
    year = _summary(tariff)
    for sentence in findings:
        st.warning(state.refused(sentence))
    if year:
        _offer(tariff.model_dump(), tariff.currency, name)


def _prices(data: bytes, name: str) -> None:
    """A price curve: its unit is asked for where nothing tells it, and what was guessed waits to be confirmed."""
    token = uploaded.token_of(data)
    key = f"price_unit@{token}"
    unit = st.selectbox(
        t("tariff.files.unit"),
        list(PRICE_UNITS),
        index=None,
        key=key,
        placeholder=t("inputs.meter.as_found"),
        format_func=_unit_text,
    )
    column, part = (st.session_state.get(f"price_{what}@{token}") for what in ("column", "part"))
    try:
        choices = PriceChoices(column=column, part=part, unit=unit, site_offset_h=uploaded.site_offset_h())
        curve = _read_curve(data, name, choices)
    except MeterQuestion as question:
        asked = f"price_asked@{token}"
        uploaded.ask(question, asked, t("tariff.files.unit"), lambda: _answer(asked, key), _unit_text)
        return
    for what, names in (("column", curve.columns), ("part", curve.parts)):
        if len(names) > 1:
            label, kept = t(f"tariff.files.{what}"), f"price_{what}@{token}"
            st.selectbox(label, names, index=None, key=kept, placeholder=t("inputs.meter.as_found"))
    _curve(curve, name, token)


def _read_curve(data: bytes, name: str, choices: PriceChoices) -> Curve:
    key = ("prices", uploaded.token_of(data), name, repr(choices))
    return shelf().get(key, lambda: apart(read_curve, data, name, choices))


def _unit_text(unit: str) -> str:
    return t(f"tariff.files.unit_{unit.replace(' ', '_')}")


def _answer(asked: str, key: str) -> None:
    st.session_state[key] = st.session_state[asked]


def _curve(curve: Curve, name: str, token: str) -> None:
    scenario, words = state.current(), state.words()
    tariff, first_year = scenario.tariff, int(scenario.site.start[:4])
    if curve.kind == "year" and curve.year is None:
        label, key = t("tariff.files.year"), f"curve_year@{token}"
        first_year = int(st.number_input(label, 1990, 2099, first_year, key=key, help=t("tariff.files.year_help")))
    money = curve.currency or tariff.currency
    prices = {key: words.price(float(f(curve.per_kwh)), money, "kWh") for key, f in EXTREMES.items()}
    st.markdown(t("tariff.files.prices", **prices))
    is_open = uploaded.questions(curve.findings, token)
    uploaded.show(curve.findings)
    if money != tariff.currency:
        st.warning(t("tariff.files.other_money", money=money, currency=tariff.currency))
    st.success(_held(curve))
    fields, step = _fields(curve, name, first_year), min(curve.step_minutes, scenario.site.step_minutes)
    if _summary(Tariff.model_validate(fields)):
        _offer(fields, tariff.currency, name, is_open, {"site.step_minutes": step})


def _fields(curve: Curve, name: str, first_year: int) -> dict[str, Any]:
    """The tariff in use with the curve's energy prices. Raises Refusal."""
    tariff = state.current().tariff
    if curve.kind != "year":
        return curve_fields(tariff, curve, t("tariff.files.curve_name", name=name[:80]), name[:200])
    done = tuple(state.refused(found.text)[:DONE_LENGTH] for found in curve.findings[:DONE_KEPT])
    names = t("tariff.files.market_name", name=name[:80]), name[:200]
    return market_fields(tariff, curve, first_year, False, names, done)


def _held(curve: Curve) -> str:
    """What becomes of the file's prices."""
    if curve.kind != "year":
        return f"{t(f'tariff.files.kind_{curve.kind}')} {t('tariff.files.exact')}"
    count, minutes = next(iter(curve.years.values())).size, curve.step_minutes
    told = t("tariff.files.kind_year", count=state.words().number(count), minutes=minutes)
    if minutes < state.current().site.step_minutes:
        told += " " + t("tariff.files.finer", minutes=minutes)
    return told


def _summary(tariff: Tariff) -> bool:
    """The year's grid bill under the file's tariff. False where the tariff does not go with the site."""
    words = state.words()
    if tariff.demand_basis == "transformer_kva" and state.current().grid.transformer_kva <= 0:
        st.error(t("tariff.files.no_kva"))
        return False
    year = site_year.of_tariff(tariff)
    st.markdown(
        t(
            "tariff.files.summary",
            name=as_plain(say.own_name(tariff, words)),
            bill=words.money(year.cost("grid"), tariff.currency),
            mean=words.price(year.mean_per_kwh, tariff.currency, "kWh"),
        )
    )
    return True


def _offer(
    fields: dict[str, Any], currency: str, name: str, is_open: bool = False, more: dict[str, Any] | None = None
) -> None:
    why = t("inputs.meter.use_open") if is_open else None
    if st.button(t("tariff.files.use"), type="primary", key="tariff_file_use", disabled=is_open, help=why):
        before = state.current().site.currency
        if state.change({"tariff": fields, "site.currency": currency} | (more or {}), "tariff"):
            state.replace(state.current(), t("tariff.files.taken", name=as_plain(name)))
            if currency != before:
                state.notify(t("inputs.tariff.currency_changed", before=before, after=currency), "warning")
            st.rerun()
        form.problems("tariff")


def _template() -> str:
    """The prices in use, 24 hours x 12 months, of weekdays: a file to overwrite."""
    words = state.words()
    unit = f"{state.current().tariff.currency}/kWh"
    head = [f"{t('inputs.table.start')} ({unit})", *(month_name(words, month) for month in EVERY_MONTH)]
    curves = enumerate(curve_table(state.current().tariff, DAY_TYPES[0]))
    return BOM + csv_text([head, *([clock(hour), *(f"{price:.6g}" for price in prices)] for hour, prices in curves)])
