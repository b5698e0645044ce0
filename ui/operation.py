"""Choices and sentences of the operation page."""

from __future__ import annotations

from datetime import date
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from report import views
from report.screen import operation as charts_operation
from report.screen.duration import HIGH_FRACTION, hours_above
from report.text import say
from report.text.amounts import power_unit
from sim.dispatch.batch import Trace
from sim.plant.battery import full_cycles
from study import weeks
from study.study import Study
from study.weeks import Meaning, Peaks, Span
from ui import state
from ui.figures import conclude
from ui.state import t

DAY, WEEK = 1, 7
Meant = Meaning | Literal["date"]


def ask_alternative(study: Study, key: str = "operation.alternative") -> str:
    """The alternative to look at; the hybrid at first."""
    words, order = state.words(), views.alternatives_in_order(study)
    return st.segmented_control(
        t("answers.operation.alternative"),
        order,
        default="hybrid",
        required=True,
        format_func=lambda name: say.name(name, words, first=True),
        key=key,
        persist_state="session",
    )


def ask_year(study: Study, key: str = "operation.year") -> int:
    """The project year; asked only where there are several."""
    if study.dispatch.years == 1:
        return 1
    chosen = st.selectbox(
        t("answers.operation.year"),
        range(1, study.dispatch.years + 1),
        format_func=lambda year: t("answers.operation.year_n", n=year),
        key=f"{key}@{study.dispatch.years}",
        persist_state="session",
        width=140,
    )
    return int(chosen)


def ask_days() -> int:
    """A day or a week."""
    return st.segmented_control(
        t("answers.operation.span"),
        [DAY, WEEK],
        default=WEEK,
        required=True,
        format_func=lambda days: t(f"answers.operation.span_{days}"),
        key="operation.days",
        persist_state="session",
    )


def ask_meaning(study: Study, alternative: str, year: int) -> Meant:
    """Which day or week: the meanings this alternative has in that year, or a date."""
    options = [*weeks.available(study, alternative, year), "date"]
    first = "longest_outage" if "longest_outage" in options else "typical"
    return st.segmented_control(
        t("answers.operation.window"),
        options,
        default=first,
        required=True,
        format_func=lambda meaning: t(f"answers.operation.{meaning}"),
        wrap=True,
        key=f"operation.meaning@{'+'.join(options)}",
        persist_state="session",
    )


def span(study: Study, alternative: str, year: int, trace: Trace, meaning: Meant, days: int) -> Span:
    """The days that are meant; a date is asked for."""
    clock = study.dispatch.clock
    if meaning != "date":
        return weeks.choose(study, alternative, year, trace, meaning, days)
    stamps = clock.stamps(year)
    first, last = (stamp.astype("datetime64[D]").astype(date) for stamp in stamps[[0, -1]])
    chosen = st.date_input(
        t("answers.operation.pick_date"), first, first, last, key=f"operation.date@{first}-{last}", width=160
    )
    step = clock.step_at(chosen.month, min(chosen.day, 28 if chosen.month == 2 else 31), 0)
    return weeks.at_day((step or 0) // weeks.steps_per_day(clock), days, clock)


def answer_box(study: Study, alternative: str, year: int, trace: Trace) -> None:
    """Shares of grid, PV and diesel, what is unserved, what passes through the battery."""
    kept, step_h = slice(0, weeks.steps_in_term(study, year)), study.dispatch.clock.step_h
    with st.container(border=True, gap="small"):
        conclude(_headline(study, trace, kept))
        sentences = [_unserved_text(trace, kept, step_h), *_battery_text(study, alternative, trace, kept)]
        st.markdown(say.joined(sentences, state.words()))


def _headline(study: Study, trace: Trace, kept: slice) -> str:
    """Who gave the energy of the year, and how long the sets ran."""
    words, step_h = state.words(), study.dispatch.clock.step_h
    energy = {
        "grid": float((trace.grid_load_kw + trace.grid_charge_kw)[kept].sum()) * step_h,
        "pv": float((trace.pv_load_kw + trace.pv_charge_kw)[kept].sum()) * step_h,
        "diesel": float((trace.genset_kw - trace.dumped_kw)[kept].sum()) * step_h,
    }
    total, hours = sum(energy.values()), float((trace.sets_running[kept] > 0).sum()) * step_h
    period = t("answers.operation.in_year" if study.dispatch.clock.months == 12 else "answers.operation.in_term")
    if total <= 0:
        return t("answers.operation.headline_nothing", period=period)
    given = {name: value for name, value in energy.items() if value > 0}
    shares = (t(f"answers.operation.share_{k}", share=say.share(v / total, words)) for k, v in given.items())
    sources = say.listed(shares, words)
    sources = sources[:1].upper() + sources[1:]
    if hours == 0:
        return t("answers.operation.headline_no_sets", sources=sources, period=period)
    sets = words.number(hours, t("answers.unit.h"), decimals=0)
    return t("answers.operation.headline", sources=sources, hours=sets, period=period)


def _unserved_text(trace: Trace, kept: slice, step_h: float) -> str:
    words, lost = state.words(), float(trace.unserved_kw[kept].sum()) * step_h
    load = float(trace.load_kw[kept].sum()) * step_h
    if lost <= 0.5:
        return t("answers.operation.all_served")
    return t("answers.operation.unserved", unserved=say.energy(lost, words), share=say.share(lost / load, words))


def _battery_text(study: Study, alternative: str, trace: Trace, kept: slice) -> list[str]:
    words, storage = state.words(), study.scenario.storage
    if alternative != "hybrid" or not storage.exists:
        return []
    step_h = study.dispatch.clock.step_h
    out = float(trace.discharge_kw[kept].sum()) * step_h
    load = float(trace.load_kw[kept].sum()) * step_h
    cycles = words.number(float(full_cycles(storage, out)), decimals=0)
    share = say.share(out / load if load > 0 else 0.0, words)
    return [t("answers.operation.battery", cycled=say.energy(out, words), share=share, cycles=cycles)]


def span_title(study: Study, year: int, trace: Trace, meaning: str, chosen: Span) -> str:
    """The finding above the dispatch figure."""
    word = t(f"answers.operation.span_word_{DAY if chosen.days == 1 else WEEK}")
    if meaning == "date":
        first = t(f"answers.operation.span_first_{DAY if chosen.days == 1 else WEEK}")
        return t("answers.operation.title_date", span=first, date=start_text(study, chosen))
    who = _who_carries_the_outage(study, year, trace) if meaning == "longest_outage" else ""
    return t(f"answers.operation.title_{meaning}", span=word, who=who)


def _who_carries_the_outage(study: Study, year: int, trace: Trace) -> str:
    """What happens in the longest outage: load lost, the battery alone, or sets after some time."""
    words, step_h = state.words(), study.dispatch.clock.step_h
    run = max(weeks.outage_runs(weeks.grid_up(study, year)), key=lambda run: run.steps)
    steps = slice(run.first, run.first + run.steps)
    lost = float(trace.unserved_kw[steps].sum()) * step_h
    if lost > 0.5:
        return t("answers.operation.who_unserved", unserved=say.energy(lost, words))
    running = np.flatnonzero(trace.sets_running[steps] > 0)
    if running.size:
        if running[0] == 0:
            return t("answers.operation.who_sets_at_once")
        return t("answers.operation.who_sets", time=say.duration(running[0] * step_h, words))
    return t("answers.operation.who_battery" if trace.discharge_kw[steps].any() else "answers.operation.who_none")


def start_text(study: Study, chosen: Span) -> str:
    """First day of a span as "15 Mar"."""
    clock = study.dispatch.clock
    at = chosen.steps(clock).start
    day = date(2001, int(clock.calendar_month[at]), int(clock.day[at]))
    return charts_operation.date_text(day, state.words())


def dispatch_alt(study: Study, alternative: str, trace: Trace, chosen: Span) -> str:
    """Energies of the span in words."""
    words, step_h = state.words(), study.dispatch.clock.step_h
    bands = charts_operation.bands_kw(trace, chosen.steps(study.dispatch.clock))
    parts = [f"{t(f'charts.flow.{k}')} {say.energy(float(v.sum()) * step_h, words)}" for k, v in bands.items()]
    return t(
        "answers.operation.dispatch_alt",
        name=say.name(alternative, words, first=True),
        start=start_text(study, chosen),
        n=chosen.days,
        list=say.listed(parts, words),
    )


def flows_title(flows: dict[tuple[str, str], float]) -> str:
    """How much of the load passes through the battery."""
    out, load = flows.get(("battery", "site"), 0.0), sum(v for (_, sink), v in flows.items() if sink == "site")
    if out <= 0 or load <= 0:
        return t("answers.operation.flows_title_none")
    return t("answers.operation.flows_title", share=say.share(out / load, state.words()))


def flows_text(flows: dict[tuple[str, str], float]) -> str:
    words = state.words()
    return say.listed(
        (
            f"{t(f'charts.flow.{a}')} → {t(f'charts.flow.{b}')} {say.energy(value, words)}"
            for (a, b), value in flows.items()
        ),
        words,
    )


def reference_of(study: Study, alternative: str) -> str:
    """What peaks are compared with: the baseline where it has a grid, else grid only."""
    base = study.baseline if study.baseline != "diesel" else "grid"
    return base if base != alternative else next(n for n in ("grid", "grid_diesel") if n != alternative)


def peak_pair(study: Study, alternative: str, year: int) -> tuple[Peaks, Peaks]:
    """Peaks by month of the reference and of the alternative."""
    return weeks.peaks(study, reference_of(study, alternative), year), weeks.peaks(study, alternative, year)


def peak_names(study: Study, alternative: str) -> tuple[str, str]:
    words = state.words()
    return say.name(reference_of(study, alternative), words, first=True), say.name(alternative, words, first=True)


def peaks_title(reference: Peaks, own: Peaks) -> str:
    """How the billed peak changes, by its mean over the year's months; or why none is billed."""
    if own.charge is None:
        return t("answers.operation.peaks_title_none", why=t(f"answers.operation.peaks_{own.reason}"))
    words = state.words()
    fall = float((reference.kw - own.kw).mean())
    if abs(fall) < 0.002 * max(float(reference.kw.mean()), 1e-9):
        return t("answers.operation.peaks_title_same")
    key = "lower" if fall > 0 else "higher"
    return t(f"answers.operation.peaks_title_{key}", kw=say.power(abs(fall), words))


def peaks_note(study: Study, alternative: str, year: int) -> str:
    reference, own = peak_pair(study, alternative, year)
    names = peak_names(study, alternative)
    key = "peaks_note" if own.charge else "peaks_note_unbilled"
    largest = max(float(reference.kw.max(initial=0)), float(own.kw.max(initial=0)))
    unit = power_unit(largest, state.words())[1]
    minutes = max(study.scenario.tariff.demand_window_minutes, study.scenario.site.step_minutes)
    return t(f"answers.operation.{key}", minutes=minutes, unit=unit, year=year, reference=names[0], name=names[1])


def peaks_alt(study: Study, alternative: str, year: int) -> str:
    words, (reference, own) = state.words(), peak_pair(study, alternative, year)
    names = peak_names(study, alternative)
    pairs = zip(views.bill_months(study, year, words), reference.kw, own.kw, strict=True)
    parts = [f"{month} {words.number(float(a))}, {words.number(float(b))}" for month, a, b in pairs]
    unit = t("charts.unit.kw")
    return t(
        "answers.operation.peaks_alt", unit=unit, reference=names[0], name=names[1], list=say.enumerated(parts, words)
    )


def map_title(study: Study, net_import_kw: NDArray[np.float64]) -> str:
    """The greatest import of the year (of the term, where it is shorter), or that there is none."""
    length = "year" if study.dispatch.clock.months == 12 else "term"
    if not (net_import_kw > 0).any():
        return t(f"answers.operation.map_title_none_{length}")
    return t(f"answers.operation.map_title_{length}", peak=say.power(float(net_import_kw.max()), state.words()))


def duration_title(study: Study, load_kw: np.ndarray, import_kw: np.ndarray) -> str:
    """In how many hours the load, and what the grid gives, lie above a high share of the load's peak."""
    words, step_h = state.words(), study.dispatch.clock.step_h
    limit = HIGH_FRACTION * float(load_kw.max(initial=0))
    hours = [words.number(hours_above(kw, limit, step_h), decimals=0) for kw in (load_kw, import_kw)]
    return t("answers.operation.duration", power=say.power(limit, words), load=hours[0], grid=hours[1])
