"""Upload of a measured load: see what was read, answer what only the visitor can say, mend it, use it.

Every widget belongs to the file by its bytes: nothing that was chosen for one file reaches the next. A chooser is empty
until somebody chooses, so that a guess of the reader stays a guess, told beside the figures until it is confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import pandas as pd
import streamlit as st

from report.screen.inputs import load_year
from report.text.plain import as_plain
from sim.inputs.site import Meter
from sim.meter.findings import MeterError, MeterQuestion
from sim.meter.limits import MAX_BYTES, TABLE_TYPES
from sim.meter.mends import Suspect
from sim.meter.read import MeterReading, Table, inspect, read_meter
from sim.meter.units import ENERGY_UNITS, POWER_UNITS
from ui import state, uploaded
from ui.apart import apart
from ui.figures import chart
from ui.file_field import file_field
from ui.kept import shelf
from ui.state import t

UNITS = (*POWER_UNITS, *ENERGY_UNITS)
ACTIONS = ("keep", "missing", "cut")


def draw() -> None:
    """The card's content: what is in use, the uploader, and the file's reading."""
    meter = state.current().load.meter
    if meter is not None:
        key = "inputs.meter.in_use" if state.current().load.kind == "meter" else "inputs.meter.kept"
        st.markdown(t(key, name=as_plain(meter.file_name), year=meter.year, step=meter.step_minutes))
        if meter.done:
            with st.expander(t("inputs.meter.done")):
                st.markdown("\n".join(f"- {as_plain(sentence)}" for sentence in meter.done))
        st.button(t("inputs.meter.remove"), on_click=_remove, key="meter_remove")
    file = file_field(
        t("inputs.meter.upload"),
        TABLE_TYPES,
        MAX_BYTES >> 20,
        key=f"meter_file@{state.revision()}",
        help=t("inputs.meter.help"),
    )
    if file is None:
        return
    data = file.getvalue()
    _File(data, file.name).draw()


class _File:
    """One uploaded file on screen; its widgets' keys end with the hash of its bytes."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name = data, name
        self.token = uploaded.token_of(data)

    def key(self, widget: str) -> str:
        return f"meter_{widget}@{self.token}"

    def draw(self) -> None:
        try:
            table = _inspect(self.data, self.name)
        except MeterError as error:
            self._refuse(error)
            return
        choices = self._choices(table)
        if table.columns:
            with st.expander(t("inputs.meter.rows", n=len(table.rows), first=table.first_row)):
                cells = {
                    column: [_cell(row, place) for row in table.rows] for place, column in enumerate(table.columns)
                }
                st.dataframe(cells, hide_index=True, alt=t("inputs.meter.rows_alt"))
        options = choices | {"actions": self._actions()}
        try:
            reading = _read(self.data, self.name, _frozen(options))
        except MeterQuestion as question:
            uploaded.ask(question, self.key("asked"), t("inputs.meter.unit"), self._answer)
            return
        except MeterError as error:
            self._refuse(error)
            return
        chosen = self._series(reading, table, options)
        if chosen is not None:
            self._show(chosen, table, options)

    def _refuse(self, error: MeterError) -> None:
        st.error(t("inputs.meter.refused", name=as_plain(self.name), reason=state.refused(error)))

    def _answer(self) -> None:
        st.session_state[self.key("unit")] = st.session_state[self.key("asked")]

    # Choosers: empty as long as the file decides.

    def _choices(self, table: Table) -> dict[str, Any]:
        columns, found = list(table.columns), t("inputs.meter.as_found")
        chosen: dict[str, Any] = {}
        row = st.grid(4, min_column_width=160)
        if columns:
            with row.container():
                chosen["time_column"] = st.selectbox(
                    t("inputs.meter.time"),
                    columns,
                    index=None,
                    key=self.key("time"),
                    placeholder=_as_found(found, table.time_column),
                )
        if columns and not table.is_day_per_row:
            with row.container():
                chosen["value_columns"] = st.multiselect(
                    t("inputs.meter.value"),
                    columns,
                    key=self.key("value"),
                    help=t("inputs.meter.value_help"),
                    placeholder=_as_found(found, table.value_column),
                )
        with row.container():
            chosen["unit"] = st.selectbox(
                t("inputs.meter.unit"),
                UNITS,
                index=None,
                key=self.key("unit"),
                placeholder=_as_found(found, table.unit),
            )
        with row.container():
            chosen |= self._more(found)
        if table.why:
            st.markdown(f":small[:gray[{' '.join(map(state.refused, table.why))}]]")
        return chosen

    def _more(self, found: str) -> dict[str, Any]:
        """What is seldom needed, behind one button."""
        with st.popover(t("inputs.meter.more"), width="stretch"):
            order = self._option("order", ("day", "month"), found)
            interval = self._option("interval", ("begin", "end"), found)
            ratio = st.number_input(
                t("inputs.meter.ratio"),
                0.001,
                1e6,
                None,
                key=self.key("ratio"),
                placeholder=found,
                help=t("inputs.meter.ratio_help"),
            )
            year = st.number_input(
                t("inputs.meter.year"),
                1990,
                2060,
                None,
                key=self.key("year"),
                placeholder=found,
                help=t("inputs.meter.year_help"),
            )
            is_short = st.checkbox(t("inputs.meter.short"), key=self.key("short"), help=t("inputs.meter.short_help"))
        return {
            "day_first": None if order is None else order == "day",
            "interval": interval,
            "ratio": ratio,
            "year": None if year is None else int(year),
            "allow_short": is_short,
        }

    def _option(self, name: str, options: Sequence[str], found: str) -> str | None:
        return st.selectbox(
            t(f"inputs.meter.{name}"),
            options,
            index=None,
            key=self.key(name),
            placeholder=found,
            format_func=lambda option: t(f"inputs.meter.{name}_{option}"),
        )

    def _actions(self) -> dict[int, str]:
        return dict(st.session_state.get(self.key("actions"), {}))

    # Series and years, which are known once the file has been read

    def _series(self, reading: MeterReading, table: Table, options: dict[str, Any]) -> MeterReading | None:
        """The reading once more with the series and the year that were chosen."""
        names = [part.name for part in reading.parts]
        more: dict[str, Any] = {}
        if len(names) > 1 and not set(names) <= set(table.columns):
            more["parts"] = st.multiselect(
                t("inputs.meter.series"),
                names,
                key=self.key("series"),
                help=t("inputs.meter.series_help"),
                placeholder=_as_found(t("inputs.meter.as_found"), ", ".join(reading.used)),
                format_func=lambda name: self._part_label(reading, name),
            )
        if reading.years:
            more["span_year"] = st.selectbox(
                t("inputs.meter.span"),
                reading.years,
                index=None,
                key=self.key("span"),
                placeholder=t("inputs.meter.span_last"),
            )
        if not any(more.values()):
            return reading
        try:
            return _read(self.data, self.name, _frozen(options | more))
        except MeterError as error:
            self._refuse(error)
            return None

    @staticmethod
    def _part_label(reading: MeterReading, name: str) -> str:
        part = next(part for part in reading.parts if part.name == name)
        return f"{name} ({t(f'inputs.meter.role_{part.role}')})"

    # Figures, guesses, findings

    def _show(self, reading: MeterReading, table: Table, options: dict[str, Any]) -> None:
        words = state.words()
        st.markdown(
            t(
                "inputs.meter.summary",
                start=f"{reading.start:%Y-%m-%d %H:%M}",
                end=f"{reading.end:%Y-%m-%d %H:%M}",
                step=reading.step_minutes,
                peak=words.number(reading.peak_kw / 1000, "MW"),
                energy=words.number(reading.energy_kwh / 1e6, "GWh"),
                factor=words.percent(reading.kw.mean() / reading.peak_kw if reading.peak_kw else 0.0),
                unit=reading.unit,
                column=as_plain(reading.value_column),
            )
        )
        is_open = uploaded.questions(reading.findings, self.token)
        if not reading.findings:
            st.markdown(t("inputs.meter.clean"))
        uploaded.show(reading.findings)
        self._mending(reading)
        self._picture(reading, options)
        follows = st.checkbox(
            t("inputs.meter.follow", step=reading.step_minutes),
            value=True,
            key=self.key("follow"),
            help=t("inputs.meter.follow_help"),
        )
        st.button(
            t("inputs.meter.use"),
            type="primary",
            on_click=_use,
            args=(reading, self.name, follows),
            key="meter_use",
            disabled=is_open,
            help=t("inputs.meter.use_open") if is_open else None,
        )

    def _mending(self, reading: MeterReading) -> None:
        """The table of readings that look wrong, each with what is done about it."""
        if not reading.suspects:
            return
        words = state.words()
        rows = [
            {
                "row": suspect.row,
                "at": f"{suspect.at:%Y-%m-%d %H:%M}",
                "what": t(f"inputs.meter.suspect_{suspect.kind}"),
                "count": suspect.count,
                "kw": words.number(suspect.kw, "kW"),
                "action": t(f"inputs.meter.action_{suspect.action}"),
            }
            for suspect in reading.suspects
        ]
        text, column = st.column_config.TextColumn, t
        edited = st.data_editor(
            pd.DataFrame(rows),
            hide_index=True,
            key=self.key(f"mend.{_said(reading.suspects)}"),
            disabled=["row", "at", "what", "count", "kw"],
            column_config={
                "row": text(column("inputs.meter.column_row")),
                "at": text(column("inputs.meter.column_time")),
                "what": text(column("inputs.meter.column_what")),
                "count": text(column("inputs.meter.column_count")),
                "kw": text(column("inputs.meter.column_kw")),
                "action": st.column_config.SelectboxColumn(
                    column("inputs.meter.column_action"),
                    options=[t(f"inputs.meter.action_{action}") for action in ACTIONS],
                    required=True,
                ),
            },
            alt=t("inputs.meter.mend_alt"),
        )
        by_text = {t(f"inputs.meter.action_{action}"): action for action in ACTIONS}
        pairs = zip(reading.suspects, edited["action"].tolist(), strict=True)
        wanted = {suspect.row: by_text[text] for suspect, text in pairs}
        if any(wanted[suspect.row] != suspect.action for suspect in reading.suspects):
            st.session_state[self.key("actions")] = self._actions() | wanted
            st.rerun()

    def _picture(self, reading: MeterReading, options: dict[str, Any]) -> None:
        """The year as it would be used, and as it is in the file where something was mended."""
        words, dark = state.words(), state.is_dark()
        if any(suspect.action != "keep" for suspect in reading.suspects):
            kept = {suspect.row: "keep" for suspect in reading.suspects}
            before = _read(self.data, self.name, _frozen(options | {"actions": options["actions"] | kept}))
            st.markdown(f":small[**{t('inputs.meter.before')}**]")
            figure = load_year(before.kw, before.step_minutes, 1, words, dark)
            chart(figure, key="meter_before", height=180, alt=t("inputs.meter.before"))
            st.markdown(f":small[**{t('inputs.meter.after')}**]")
        figure = load_year(reading.kw, reading.step_minutes, 1, words, dark)
        chart(figure, key="meter_year", height=220, alt=t("inputs.meter.year_alt"))


def _said(suspects: Sequence[Suspect]) -> str:
    """A new editor for new suspects: an old one's edits are of other rows."""
    return sha256(repr(suspects).encode()).hexdigest()


def _as_found(found: str, guess: str | None) -> str:
    return f"{found}: {guess}" if guess else found


def _use(reading: MeterReading, name: str, follows: bool) -> None:
    meter = reading.as_input(name, [state.refused(found.text) for found in reading.findings])
    if state.is_own():
        state.answer("start.size", meter=Meter.model_validate(meter))
        state.replace(state.current(), t("inputs.meter.taken", name=as_plain(name)))
        return
    changes: dict[str, Any] = {"load.meter": meter, "load.kind": "meter"}
    if follows:
        changes["site.step_minutes"] = reading.step_minutes
    if state.change(changes):
        state.replace(state.current(), t("inputs.meter.taken", name=as_plain(name)))


def _remove() -> None:
    if state.is_own():
        state.answer("start.size", meter=None)
        return
    kind = "training" if state.current().load.kind == "meter" else state.current().load.kind
    state.change({"load.kind": kind, "load.meter": None})


def _cell(row: tuple[str, ...], place: int) -> str:
    return row[place] if place < len(row) else ""


def _frozen(options: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Options as a cache's key; what was not chosen is left out."""
    scenario = state.current()
    known = options | {
        "expected_peak_kw": scenario.load.peak_kw,
        "site_offset_h": uploaded.site_offset_h(),
        "actions": tuple(sorted(options.get("actions", {}).items())),
    }
    chosen = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
    return tuple(sorted((name, value) for name, value in chosen.items() if value not in (None, (), "")))


def _inspect(data: bytes, name: str) -> Table:
    return shelf().get(("table", sha256(data).digest(), name), lambda: apart(inspect, data, name, refused=MeterError))


def _read(data: bytes, name: str, options: tuple[tuple[str, Any], ...]) -> MeterReading:
    given = dict(options)
    given["actions"] = dict(given.get("actions", ()))
    read = partial(read_meter, **given)
    key = ("meter", sha256(data).digest(), name, options)
    return shelf().get(key, lambda: apart(read, data, name, refused=MeterError))
