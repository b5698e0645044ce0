"""Glue of the risk page: what is asked for, cached runs, and the sentences above the figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from finance.figures import FIGURES, KeyFigure, figures_on
from report.screen.risk import shown_bars
from report.text import say
from report.text.amounts import Amounts, amounts
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from study import risk
from study.decision import decision
from study.risk import HeatMap, Risk, Tornado
from study.study import Study
from study.varied import FACTORS, VARIED
from ui import form, state
from ui.apart import searched
from ui.kept import once
from ui.state import t

DRAWS = (1_000, 10_000)
BESIDE = ("outages", "market")  # drawn, and no input
MAP_SIZE, FIELD_PX = 50, 320
PRICE = "finance.storage_capex_per_kwh"


def label(path: str) -> str:
    """Name of an input, a factor, the outages, or the market year."""
    return t(f"risk.factor.{path}") if path in (*FACTORS, *BESIDE) else form.name_text(register()[path])


def axis_label(study: Study) -> Callable[[str], str]:
    """Names of inputs with their unit, for an axis."""

    def name(path: str) -> str:
        unit = "" if path in FACTORS else form.unit_text(register()[path], study.scenario)
        return f"{label(path)} ({unit})" if unit and form.scale(register()[path]) == 1 else label(path)

    return name


def ends(end: str) -> str:
    return t(f"risk.end.{end}")


def money_unit(study: Study, values: np.ndarray) -> Amounts:
    """The scale for these sums of money."""
    there = np.abs(values[np.isfinite(values)])
    return amounts(state.words(), float(there.max()) if there.size else 1.0, study.scenario.site.currency)


def ask_run() -> tuple[int, int, float]:
    """Number of draws, seed, and the payback looked for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.segmented_control(
            t("risk.ask.draws"),
            DRAWS,
            default=DRAWS[0],
            key="risk.draws",
            format_func=lambda n: state.words().number(n, decimals=0),
            required=True,
        )
        seed = st.number_input(t("risk.ask.seed"), 0, 10_000, 1, key="risk.seed", width=120)
        target = st.number_input(t("risk.ask.target"), 0.5, 30.0, 5.0, 0.5, key="risk.target", width=160)
    return int(count or DRAWS[0]), int(seed), float(target)


@once
def run(study: Study, count: int, seed: int, target: float) -> Risk:
    """The Monte Carlo study; a bar shows how far it is."""
    bar = st.progress(0.0, text=t("risk.running", n=state.words().number(count, decimals=0)))
    try:
        draws = risk.draw(study, count, seed)
        given = study, draws, target, None
        return searched(risk.simulate_draws, *given, progress=lambda done, total: bar.progress(done / total))
    finally:
        bar.empty()


def answer(study: Study, found: Risk) -> str:
    """How often the hybrid wins, and what it saves in most draws."""
    words, saving = state.words(), found.quantiles["saving"]
    values = {
        "wins": words.percent(found.wins),
        "n": words.number(found.draws.count, decimals=0),
        "baseline": say.name(decision(study).rival, words),
    }
    if saving.q10 is None or saving.q90 is None:
        return t("risk.answer.none", **values)
    currency = study.scenario.site.currency
    values |= {"low": words.money(saving.q10, currency), "high": words.money(saving.q90, currency)}
    return t("risk.answer.wins", **values)


def payback_sentence(found: Risk) -> str:
    words, years = state.words(), found.draws.market_year
    told = t(
        "risk.answer.payback",
        share=words.percent(found.paid_back),
        years=words.number(found.target_years, t("risk.years")),
        seed=found.draws.seed,
        digest=found.draws.digest,
    )
    if years is None:
        return told
    met = t("risk.answer.market", n=len(set(years.tolist())), first=min(years.tolist()), last=max(years.tolist()))
    return say.joined((told, met), words)


def quantile_rows(study: Study, found: Risk) -> dict[str, list[str]]:
    """The table of quantiles, as text by column."""
    words, currency = state.words(), study.scenario.site.currency
    writers: dict[str, Callable[[float], str]] = {
        "saving": lambda value: words.money(value, currency),
        "saving_fraction": words.percent,
        **{row.key: partial(_figure, row, currency) for row in figures_on("lead")},
        "co2_saving_t": lambda value: words.number(value, "t"),
    }
    columns: dict[str, list[str]] = {name: [] for name in ("figure", "q10", "q50", "q90", "exists")}
    for name, write in writers.items():
        quantiles = found.quantiles[name]
        row = FIGURES.get(name)
        columns["figure"].append(say.figure_name(row, words) if row else t(f"risk.measure.{name}"))
        for mark in ("q10", "q50", "q90"):
            value = getattr(quantiles, mark)
            columns[mark].append(t("risk.none") if value is None else write(value))
        columns["exists"].append(words.percent(quantiles.exists))
    return {t(f"risk.column.{name}"): values for name, values in columns.items()}


def _figure(row: KeyFigure, currency: str, value: float) -> str:
    return say.figure(row, value, state.words(), currency)


tornado = once(risk.tornado)


def ask_map(study: Study) -> tuple[str, str]:
    """The two inputs of the map."""
    paths = [one.path for one in risk.default_ranges(study.scenario)]
    sizes = ("storage.energy_kwh", "pv.dc_kwp")
    paths += [path for path in sizes if path in VARIED and study.scenario.get(path)]
    first = paths.index("storage.energy_kwh") if "storage.energy_kwh" in paths else 0
    with st.container(horizontal=True):
        across = st.selectbox(t("risk.ask.across"), paths, first, key="risk.across", format_func=label)
        others = [path for path in paths if path != across]
        second = others.index(PRICE) if PRICE in others else 0
        down = st.selectbox(t("risk.ask.down"), others, second, key="risk.down", format_func=label)
    return across, down


@once
def two_way(study: Study, across: str, down: str) -> HeatMap:
    x, y = (_span(study, path) for path in (across, down))
    return risk.heat_map(study, across, x, down, y)


def _span(study: Study, path: str) -> np.ndarray:
    """Values of an axis: the documented range half as wide again, a size from a tenth to twice."""
    if path in ("storage.energy_kwh", "pv.dc_kwp"):
        return np.linspace(0.1, 2.0, MAP_SIZE) * study.scenario.get(path)
    one = risk.default_range(study.scenario, path)
    more = (one.high - one.low) / 4
    entry = register().get(path)
    low, high = one.low - more, one.high + more
    if entry is not None:
        low = low if entry.minimum is None else max(low, entry.minimum)
        high = high if entry.maximum is None else min(high, entry.maximum)
    return np.linspace(max(low, 0.0) if path in FACTORS else low, high, MAP_SIZE)


def variants_note(name: str, scenario: Scenario) -> str:
    """What a picture of variants shows, and how far off it may be where there is a battery to control."""
    note = t(f"risk.{name}.note")
    return t("risk.planned", note=note) if scenario.storage.exists else note


def map_title(found: HeatMap) -> str:
    values = found.values[np.isfinite(found.values)]
    share = float((values > 0).mean()) if values.size else 0.0
    return t("risk.map.title", share=state.words().percent(share))


def tornado_title(found: Tornado) -> str:
    return t("risk.tornado.title", first=label(found.bars[0].path)) if found.bars else t("risk.tornado.none")


def tornado_fields(found: Tornado, pressed: dict[str, Any] | None) -> None:
    """The field of the input whose bar was pressed."""
    bars = shown_bars(found)
    if pressed is None or pressed["point_index"] >= len(bars):
        st.markdown(f":small[:gray[{t('risk.tornado.press')}]]")
        return
    path = bars[pressed["point_index"]].path
    if path not in register():
        st.markdown(t("risk.tornado.factor", name=label(path)))
        return
    with st.container(width=FIELD_PX):
        form.field(path, place="tornado")


def driver_title(found: Risk) -> str:
    if not found.drivers:
        return t("risk.drivers.none")
    first, share = next(iter(found.drivers.items()))
    return t("risk.drivers.title", first=label(first), share=state.words().percent(share))
