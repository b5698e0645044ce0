"""Glue of the compute page: cached runs, the run on click, sentences, figures and the table by lever."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from report.screen import compute as charts_compute
from report.screen.charts import Figure
from report.text import say
from sim.inputs.register import is_weak, register
from sim.optimum.model import Infeasible
from study import compute
from study.compute import RuleEffect, Use, Worth
from study.study import Study
from ui import form, state
from ui.kept import once
from ui.state import t

SOLVED, WANTED = "compute.solved", "compute.wanted"
GPU_PRICE = "finance.gpu_price_per_h"


def found(study: Study) -> Worth | None:
    """The levers' worth, putting off included once it is worked out. None, with a sentence, where there is none."""
    reason = compute.reason_not_covered(study)
    if reason:
        st.info(t(f"compute.reason.{reason}"))
        return None
    try:
        if st.session_state.pop(WANTED, None) == study.scenario.key:
            st.session_state[SOLVED] = (study.scenario.key, _with_deferral(study))
        key, solved = st.session_state.get(SOLVED, ("", None))
        return solved if key == study.scenario.key else _worth(study)
    except Infeasible:
        st.info(t("compute.reason.infeasible"))
        return None


def ask_deferral(study: Study, worth: Worth) -> None:
    """The button that works out putting off, where that has not been done for this scenario."""
    if study.scenario.compute.deferrable_fraction == 0 or any(use.lever == "defer" for use in worth.uses):
        return
    help_text = t("compute.defer.help")
    st.button(
        t("compute.defer.button"), key="compute.defer", help=help_text, on_click=_want, args=(study.scenario.key,)
    )


def _want(key: str) -> None:
    st.session_state[WANTED] = key


def _with_deferral(study: Study) -> Worth:
    """While it runs the visitor sees the seconds; any click, the one on "stop" too, ends it. Where the time is up the
    other levers' worth stands in, with a sentence."""
    holder = st.empty()
    with holder.container():
        bar = st.progress(0.0, text=t("compute.defer.running", seconds=0))
        st.button(t("compute.defer.stop"), key="compute.stop")

    def watch(seconds: float) -> None:
        text = t("compute.defer.running", seconds=state.words().number(seconds, decimals=0))
        bar.progress(min(1.0, seconds / compute.TIME_LIMIT_S), text=text)

    try:
        return compute.worth(study, compute.LEVERS, watch=watch)
    except Infeasible:
        raise
    except ValueError:
        minutes = state.words().number(compute.TIME_LIMIT_S / 60)
        st.warning(t("compute.defer.too_long", minutes=minutes))
        return _worth(study)
    finally:
        holder.empty()


_worth = once(compute.worth)
break_even = once(compute.break_even_gpu_price)
rule_effect = once(compute.rule_effect)


def lead(study: Study) -> str:
    """What the figures are, and the steps they were found in where these are not the study's own."""
    if study.dispatch.series.demand_window_steps == 1:
        return t("compute.lead")
    minutes = study.scenario.tariff.demand_window_minutes
    return t("compute.lead_by_windows", lead=t("compute.lead"), minutes=minutes)


def title(study: Study, worth: Worth, at_most: float | None) -> str:
    """Whether giving way pays, and what a GPU-hour given up saves."""
    price = _money(study, worth.gpu_price)
    if worth.pays:
        return t(
            "compute.title.pays",
            hours=_hours(worth.hours),
            net=_money(study, worth.net),
            each=_money(study, worth.per_lost_gpu_h or 0.0),
            price=price,
        )
    if at_most is None:
        return t("compute.title.never")
    return t("compute.title.not", price=price, each=_money(study, at_most))


def metrics(study: Study, worth: Worth, at_most: float | None) -> list[tuple[str, str, str]]:
    """(label, value, note) of the cards."""
    words, none = state.words(), t("compute.none")
    currency = words.shown_in(_currency(study))
    before, after = (_price(study, value) for value in worth.cost_per_gpu_h)
    share = words.percent(worth.lost_gpu_h / worth.gpu_h)
    earned = worth.per_lost_gpu_h if worth.pays else None
    price = _price(study, worth.gpu_price)
    rows = [
        ("lost", words.number(worth.lost_gpu_h, decimals=0), t("compute.metric.lost_note", share=share)),
        ("hours", _hours(worth.hours), t("compute.metric.hours_note")),
        (
            "earned",
            none if earned is None else _price(study, earned),
            t("compute.metric.earned_note", currency=currency, price=price),
        ),
        ("power", after, t("compute.metric.power_note", currency=currency, before=before)),
        (
            "break_even",
            none if at_most is None else _price(study, at_most),
            t("compute.metric.break_even_note", currency=currency),
        ),
    ]
    return [(t(f"compute.metric.{name}") + _mark(study), value, note) for name, value, note in rows]


def show_metrics(rows: Sequence[tuple[str, str, str]]) -> None:
    grid = st.grid(len(rows), min_column_width=170)
    for label, value, note in rows:
        with grid.container():
            st.metric(label, value, note, delta_color="off", delta_arrow="off", border=True, height="stretch")


def lever_table(study: Study, worth: Worth) -> pd.DataFrame:
    """One row for each lever, and one for all of them."""
    words = state.words()
    names = ("lever", "price", "hours", "energy", "lost", "value")
    rows = [_row(study, use) for use in worth.uses]
    if len(rows) > 1:
        energy = say.energy(sum(use.kwh for use in worth.uses), words)
        total = [words.number(worth.lost_gpu_h, decimals=0), _money(study, worth.lost_value)]
        rows.append([t("compute.lever.all"), "", _hours(worth.hours), energy, *total])
    return pd.DataFrame(rows, columns=[t(f"compute.column.{name}") for name in names])


def _row(study: Study, use: Use) -> list[str]:
    words, unit = state.words(), state.words().price_unit(_currency(study), "kWh")
    low, high = _price(study, use.price_low), _price(study, use.price_high)
    return [
        t(f"compute.lever.{use.lever}"),
        f"{low} {unit}" if low == high else t("compute.range", low=low, high=f"{high} {unit}"),
        _hours(use.hours),
        say.energy(use.kwh, words),
        words.number(use.lost_gpu_h, decimals=0),
        _money(study, use.value),
    ]


def lever_note(study: Study, worth: Worth) -> str:
    """What was paid less, what the lost GPU-hours are worth, and which method found it."""
    method = t("compute.method.lists" if worth.method == "slope lists" else "compute.method.highs")
    saved, value, net = (_money(study, amount) for amount in (worth.saved, worth.lost_value, worth.net))
    key = "compute.levers.note" if worth.pays else "compute.levers.note_unused"
    return t(key, saved=saved, value=value, net=net, method=method)


def map_title(study: Study, worth: Worth, at_most: float | None) -> str:
    if worth.pays:
        return t("compute.map.title_used")
    cells = _cells(study, worth, at_most)
    hour, month = np.unravel_index(int(np.nanargmax(cells)), cells.shape) if np.isfinite(cells).any() else (0, 0)
    calendar = study.dispatch.clock.calendar_months()[month]
    best = float(np.nanmax(cells)) if np.isfinite(cells).any() else 0.0
    return t("compute.map.title_saving", each=_per_gpu_h(study, best), hour=hour, month=t(f"charts.month.{calendar}"))


def map_note(worth: Worth) -> str:
    return t("compute.map.note_used" if worth.pays else "compute.map.note_saving")


def hour_map(study: Study, worth: Worth, at_most: float | None, dark: bool) -> Figure:
    """When load is held back, in MWh of the year; where none is, what giving up a GPU-hour would save then."""
    words = state.words()
    unit = "MWh" if worth.pays else t("compute.unit.per_gpu_h", currency=words.shown_in(_currency(study)))
    months = study.dispatch.clock.calendar_months()
    rate = 1.0 if worth.pays else words.rate(_currency(study))
    return charts_compute.hour_month_map(_cells(study, worth, at_most) * rate, months, unit, words, dark)


def _cells(study: Study, worth: Worth, at_most: float | None) -> np.ndarray:
    """MWh held back, or what a GPU-hour given up would save: the price of one more kWh, which can lie above what one
    kWh less saves, so nothing above the price at which a cap begins to pay."""
    clock = study.dispatch.clock
    saving = worth.saving_per_gpu_h if at_most is None else np.minimum(worth.saving_per_gpu_h, at_most)
    values = worth.used_kw * clock.step_h / 1000 if worth.pays else saving
    return charts_compute.by_hour_and_month(values, clock.hour, clock.month_index, add=worth.pays)


def rule_title(study: Study, effect: RuleEffect) -> str:
    if not study.scenario.compute.in_use:
        return t("compute.rule.title_off")
    if effect.lost_gpu_h == 0 and effect.saved == 0:
        return t("compute.rule.title_idle")
    key = "compute.rule.title_saves" if effect.net >= 0 else "compute.rule.title_costs"
    return t(key, net=_money(study, abs(effect.net)))


def rule_text(study: Study, effect: RuleEffect) -> str:
    """What the rule does to the study: paid less, GPU-hours lost and their worth, cost per GPU-hour."""
    if not study.scenario.compute.in_use:
        return t("compute.rule.text_off")
    words = state.words()
    before, after = (_per_gpu_h(study, value) for value in effect.cost_per_gpu_h)
    return t(
        "compute.rule.text",
        hours=_hours(effect.hours),
        lost=words.number(effect.lost_gpu_h, decimals=0),
        share=words.percent(effect.lost_gpu_h / effect.gpu_h),
        value=_money(study, effect.lost_value),
        saved=_money(study, effect.saved),
        before=before,
        after=after,
    )


def inputs(card: str) -> None:
    """Fields of the levers, shown whether the study uses them or not: the figures above do."""
    form.card(card, columns=4, all_open=True)


def _mark(study: Study) -> str:
    """The sign of a figure that rests on an unverified GPU price."""
    return f" {form.DIAMOND}" if is_weak(study.scenario, register()[GPU_PRICE]) else ""


def _currency(study: Study) -> str:
    return study.scenario.site.currency


def _money(study: Study, amount: float) -> str:
    return state.words().money(amount, _currency(study))


def _per_gpu_h(study: Study, value: float) -> str:
    words = state.words()
    unit = t("compute.unit.per_gpu_h", currency=words.shown_in(_currency(study)))
    return words.number(value * words.rate(_currency(study)), unit)


def _price(study: Study, value: float) -> str:
    """A price without its unit."""
    return state.words().price(value, _currency(study))


def _hours(hours: float) -> str:
    return state.words().number(hours, t("charts.unit.h"), decimals=0)
