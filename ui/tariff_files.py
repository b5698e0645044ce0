"""Tariffs from files and into files: an own price curve, a URDB rate, the tariff itself."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import streamlit as st
from pydantic import ValidationError

from report.text import say
from report.text.amounts import month_name
from sim.inputs.base import InputError, input_error
from sim.inputs.tariff import DAY_TYPES, EVERY_MONTH, Tariff, clock
from sim.tariff.curve import Curve, curve_fields, curve_table, read_curve
from sim.tariff.urdb import read_urdb, to_tariff, to_urdb
from study.price_curve import fit_to_site
from ui import form, site_year, state
from ui.figures import as_plain, card
from ui.state import t

FILE_LIMIT_MB = 5
BOM = "\ufeff"


def upload() -> None:
    """One uploader for a price curve (CSV, XLSX), a URDB rate or a tariff file (JSON)."""
    with card(t("tariff.files.title"), t("tariff.files.note")):
        file = st.file_uploader(
            t("tariff.files.upload"),
            type=["csv", "txt", "xlsx", "json"],
            max_upload_size=FILE_LIMIT_MB,
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
    if name.lower().endswith(".json"):
        _json(data, name)
    else:
        _curve(read_curve(data, name), name)


def _json(data: bytes, name: str) -> None:
    """A file of ours has seasons; anything else is read as a URDB rate."""
    try:
        raw = json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError([t("tariff.files.no_json")]) from error
    if isinstance(raw, dict) and "seasons" in raw:
        try:
            tariff, findings = Tariff.model_validate(raw), ()
        except ValidationError as error:
            raise input_error(error) from error
    else:
        tariff, findings = to_tariff(read_urdb(raw))
    year = _summary(tariff)
    for sentence in findings:
        st.warning(state.refused(sentence))
    if year:
        _offer(tariff.model_dump(), tariff.currency, name)


def _curve(curve: Curve, name: str) -> None:
    scenario, words = state.current(), state.words()
    year = int(scenario.site.start[:4])
    if curve.kind == "year":
        year = int(
            st.number_input(
                t("tariff.files.year"), 2000, 2099, year, key="curve_year", help=t("tariff.files.year_help")
            )
        )
    fit = fit_to_site(scenario, curve, year)
    what = t(f"tariff.files.kind_{curve.kind}")
    if curve.was_quarter_hours:
        what += " " + t("tariff.files.quarters")
    if fit.is_exact:
        st.success(f"{what} {t('tariff.files.exact')}")
    else:
        st.warning(
            f"{what} "
            + t(
                "tariff.files.mean",
                error=words.percent(fit.bill_error),
                deviation=words.percent(fit.mean_deviation),
            )
        )
    tariff = scenario.tariff
    fields = curve_fields(tariff, fit, t("tariff.files.curve_name", name=name[:80]), name[:200])
    if _summary(Tariff.model_validate(fields)):
        _offer(fields, tariff.currency, name)


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


def _offer(fields: dict[str, Any], currency: str, name: str) -> None:
    if st.button(t("tariff.files.use"), type="primary", key="tariff_file_use"):
        before = state.current().site.currency
        if state.change({"tariff": fields, "site.currency": currency}, "tariff"):
            state.replace(state.current(), t("tariff.files.taken", name=as_plain(name)))
            if currency != before:
                state.notify(t("inputs.tariff.currency_changed", before=before, after=currency), "warning")
            st.rerun()
        form.problems("tariff")


def _template() -> str:
    """The prices in use, 24 hours x 12 months, of weekdays: a file to overwrite."""
    words = state.words()
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow([t("inputs.table.start"), *(month_name(words, month) for month in EVERY_MONTH)])
    for hour, prices in enumerate(curve_table(state.current().tariff, DAY_TYPES[0])):
        writer.writerow([clock(hour), *(f"{price:.6g}" for price in prices)])
    return BOM + table.getvalue()
