"""Upload of a measured load: choose columns and unit, read what was found and repaired, use it."""

from __future__ import annotations

import streamlit as st

from report.screen.inputs import load_year
from sim.meter.findings import MeterError
from sim.meter.read import MeterReading, Table, inspect, read_meter
from ui import state
from ui.figures import as_plain, chart
from ui.state import t

UNITS = ("kW", "MW", "kWh", "MWh")
FILE_LIMIT_MB = 20
FILES_KEPT = 4
BADGES = {"note": ("gray", "•"), "repaired": ("orange", "◆"), "warning": ("red", "▲")}


def draw() -> None:
    """The card's content: what is in use, the uploader, and the file's reading."""
    meter = state.current().load.meter
    if meter is not None:
        key = "inputs.meter.in_use" if state.current().load.kind == "meter" else "inputs.meter.kept"
        st.markdown(t(key, name=as_plain(meter.file_name), year=meter.year, step=meter.step_minutes))
        st.button(t("inputs.meter.remove"), on_click=_remove, key="meter_remove")
    file = st.file_uploader(
        t("inputs.meter.upload"),
        type=["csv", "txt", "tsv", "xlsx"],
        max_upload_size=FILE_LIMIT_MB,
        key=f"meter_file@{state.revision()}",
        help=t("inputs.meter.help"),
    )
    if file is None:
        return
    try:
        _reading(file.getvalue(), file.name)
    except MeterError as error:
        st.error(t("inputs.meter.refused", name=as_plain(file.name), reason=state.refused(error)))


def _reading(data: bytes, name: str) -> None:
    table = _inspect(data, name)
    time, value, unit, day_first, is_short = _choices(table)
    with st.expander(t("inputs.meter.rows", n=len(table.rows), first=table.first_row)):
        cells = {column: [_cell(row, place) for row in table.rows] for place, column in enumerate(table.columns)}
        st.dataframe(cells, hide_index=True, alt=t("inputs.meter.rows_alt"))
    try:
        reading = _read(data, name, time, value, unit, day_first, state.current().load.peak_kw, is_short)
    except MeterError as error:
        st.error(t("inputs.meter.refused", name=name, reason=state.refused(error)))
        return
    words = state.words()
    st.markdown(
        t(
            "inputs.meter.summary",
            start=f"{reading.start:%Y-%m-%d %H:%M}",
            end=f"{reading.end:%Y-%m-%d %H:%M}",
            step=reading.step_minutes,
            peak=words.number(reading.peak_kw / 1000, "MW"),
            energy=words.number(reading.energy_kwh / 1e6, "GWh"),
        )
    )
    _findings(reading)
    figure = load_year(reading.kw, reading.step_minutes, 1, words, state.is_dark())
    chart(figure, key="meter_year", height=220, alt=t("inputs.meter.year_alt"))
    st.button(t("inputs.meter.use"), type="primary", on_click=_use, args=(reading, name), key="meter_use")


def _choices(table: Table) -> tuple[str | None, str | None, str | None, bool | None, bool]:
    """(time column, load column, unit, day first, accept a short file) as the visitor chooses, guesses first."""
    columns = list(table.columns)
    row = st.grid(4, min_column_width=160)
    with row.container():
        time = st.selectbox(t("inputs.meter.time"), columns, index=_place(columns, table.time_column), key="meter_time")
    with row.container():
        value = None
        if not table.is_day_per_row:
            guess = _place(columns, table.value_column)
            value = st.selectbox(t("inputs.meter.value"), columns, index=guess, key="meter_value")
    with row.container():
        guess = UNITS.index(table.unit) if table.unit in UNITS else None
        unit = st.selectbox(t("inputs.meter.unit"), UNITS, index=guess, key="meter_unit")
    with row.container():
        orders = {"auto": None, "day": True, "month": False}
        order = st.selectbox(
            t("inputs.meter.order"), list(orders), format_func=lambda o: t(f"inputs.meter.order_{o}"), key="meter_order"
        )
    is_short = st.checkbox(t("inputs.meter.short"), key="meter_short", help=t("inputs.meter.short_help"))
    st.markdown(f":small[:gray[{' '.join(map(state.refused, table.why))}]]")
    return time, value, unit, orders[order], is_short


def _findings(reading: MeterReading) -> None:
    """Everything found in the file, worst first."""
    if not reading.findings:
        st.markdown(t("inputs.meter.clean"))
    order = list(BADGES)[::-1]
    for found in sorted(reading.findings, key=lambda finding: order.index(finding.severity)):
        colour, sign = BADGES[found.severity]
        st.markdown(f":{colour}[{sign} {t(f'inputs.meter.{found.severity}')}] {state.refused(found.text)}")


def _use(reading: MeterReading, name: str) -> None:
    meter = {
        "file_name": name[-200:],
        "year": reading.year,
        "step_minutes": reading.step_minutes,
        "kw": tuple(float(f"{value:.6g}") for value in reading.kw.tolist()),
    }
    if state.change({"load.meter": meter, "load.kind": "meter"}):
        state.replace(state.current(), t("inputs.meter.taken", name=name))


def _remove() -> None:
    kind = "training" if state.current().load.kind == "meter" else state.current().load.kind
    state.change({"load.kind": kind, "load.meter": None})


def _place(columns: list[str], guess: str | None) -> int | None:
    return columns.index(guess) if guess in columns else None


def _cell(row: tuple[str, ...], place: int) -> str:
    return row[place] if place < len(row) else ""


@st.cache_data(max_entries=FILES_KEPT, show_spinner=False)
def _inspect(data: bytes, name: str) -> Table:
    return inspect(data, name)


@st.cache_resource(max_entries=FILES_KEPT, show_spinner=False)
def _read(
    data: bytes,
    name: str,
    time: str | None,
    value: str | None,
    unit: str | None,
    day_first: bool | None,
    peak_kw: float,
    is_short: bool,
) -> MeterReading:
    return read_meter(
        data,
        name,
        time_column=time,
        value_column=value,
        unit=unit,
        day_first=day_first,
        expected_peak_kw=peak_kw,
        allow_short=is_short,
    )
