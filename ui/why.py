"""The card that explains one step of the hybrid's year: what acted, what held it, what a kWh was worth."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import streamlit as st

from report.screen.operation import date_text
from report.text import say
from sim.dispatch.batch import Trace
from sim.inputs.tariff import clock
from study import why
from study.foresight import not_covered
from study.study import Study
from study.weeks import Span
from ui import foresight, state
from ui.state import t


def card_of(
    study: Study, alternative: str, year: int, trace: Trace, span: Span, pressed: dict[str, Any] | None
) -> None:
    """Drawn for the hybrid: the hour pressed in the chart of days above, else that of their greatest import."""
    if alternative != "hybrid":
        return
    box = st.container(border=True, gap="small")
    with box:
        title = st.empty()
        steps = span.steps(study.dispatch.clock)
        first = steps.start + int(np.argmax(trace.import_kw[steps]))
        if pressed is not None:
            first = min(steps.start + pressed["point_index"], steps.stop - 1)
        step = _ask_step(study, year, first)
        flags, words = why.reasons(study, year, trace), state.words()
        keys = why.told(flags, step)
        title.subheader(t("control.why.title", when=_when(study, step), power=_kw(trace.import_kw[step])), anchor=False)
        st.markdown(f":small[:gray[{t('control.why.note')}]]")
        at = why.terms(study, year, trace)
        values = {
            "need": _kw(at.need_kw[step]),
            "limit": _kw(at.limit_kw[step]),
            "threshold": _kw(at.threshold_kw[step]),
            "give": _kw(trace.discharge_kw[step]),
            "take": _kw(trace.grid_charge_kw[step]),
            "pv": _kw(trace.pv_charge_kw[step]),
            "sets": _kw(trace.genset_kw[step]),
            "lost": _kw(trace.unserved_kw[step]),
            "export": _kw(trace.export_kw[step]),
            "spilt": _kw(trace.curtailed_kw[step]),
            "reserve": words.percent(study.scenario.dispatch.reserve_fraction),
        }
        st.markdown("\n".join(f"- {t(f'control.why.{key}', **values)}" for key in keys))
        _worth(study, year, step)


def _kw(value: float) -> str:
    return say.power(float(value), state.words())


def _ask_step(study: Study, year: int, first: int) -> int:
    """A date and an hour of the year; `first` is what stands there before another is chosen."""
    times, minutes = study.dispatch.clock, study.dispatch.clock.step_minutes
    stamps = times.stamps(year)
    days = [stamp.astype("datetime64[D]").astype(date) for stamp in stamps[[0, first, -1]]]
    hours = [clock(k * minutes / 60) for k in range(24 * 60 // minutes)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day = st.date_input(t("control.why.date"), days[1], days[0], days[2], key=f"why.date@{year}-{first}", width=160)
        hour = st.selectbox(
            t("control.why.hour"),
            hours,
            index=int(times.minute_of_day[first]) // minutes,
            key=f"why.hour@{year}-{first}",
            width=120,
        )
    begin = times.step_at(day.month, min(day.day, 28 if day.month == 2 else 31), 0) or 0
    return min(begin + hours.index(hour), times.steps - 1)


def _when(study: Study, step: int) -> str:
    times = study.dispatch.clock
    day = date(2001, int(times.calendar_month[step]), int(times.day[step]))
    return f"{date_text(day, state.words())} {clock(float(times.minute_of_day[step]) / 60)}"


def _worth(study: Study, year: int, step: int) -> None:
    """Prices of a kWh in this step, and what the optimum does in it."""
    found = None if not_covered(study) else foresight.bound_of(study, year)
    here = None if found is None else why.worth(found, step)
    if here is None:
        return
    words, currency = state.words(), study.scenario.site.currency
    prices = {name: words.price(getattr(here, name), currency, "kWh") for name in ("price", "load", "stored")}
    st.markdown(t("control.why.worth", **prices))
    near = why.NEAR * study.scenario.storage.power_kw
    does = "gives" if here.best_kw > near else "takes" if here.best_kw < -near else "rests"
    st.markdown(t(f"control.why.best_{does}", power=_kw(abs(here.best_kw))))
