"""The sets of one alternative in one project year: rating, fuel trucks, overhauls, what they emit."""

from __future__ import annotations

import streamlit as st

from report.text import say
from sim.dispatch.batch import Trace
from sim.dispatch.lanes import site_set_kw
from sim.plant.ratings import (
    RatingFinding,
    noise_db_a,
    noise_hours,
    trip_hours,
    wear,
)
from study.sets_duty import HOURS_PER_YEAR, duty
from study.study import Study
from ui import state
from ui.figures import card
from ui.state import t

AIR = ("nox", "pm", "co", "so2")
WORTH_SAYING = 0.5  # trucks a week
DAY_DB_A, NIGHT_DB_A = 65.0, 55.0  # class 3, industry, of GB 12348-2008


def card_of(study: Study, alternative: str, year: int, trace: Trace) -> None:
    """The card; none where no set runs in that year."""
    found = duty(study, alternative, year, trace)
    if found is None:
        return
    kept, fleet, each_year_h, tank_l, fuel = found.kept, found.fleet, found.each_h, found.tank_l, found.fuel
    lane, step_h = study.dispatch.row(alternative) * study.dispatch.years + year - 1, study.dispatch.clock.step_h
    words = state.words()
    each = words.number(each_year_h, t("charts.unit.h"), 0)
    trucks = words.number(fuel.trucks_per_week)
    title = t("answers.operation.sets_title_rare", hours=each)
    if fuel.trucks_per_week >= WORTH_SAYING:
        title = t("answers.operation.sets_title", trucks=trucks, hours=each)
    with card(title, t("answers.operation.sets_note", year=year, n=fleet)):
        for finding in found.limits:
            st.warning(_rating_text(study, finding))
        if fuel.dry_steps:
            st.warning(t("answers.operation.sets_dry", hours=say.duration(fuel.dry_steps * step_h, words)))
        st.markdown(_trip_text(study, lane, year, trace, kept))
        st.markdown(_fuel_text(study, fuel, tank_l))
        st.markdown(_wear_text(study, each_year_h, fleet))
        st.markdown(_air_text(study, alternative))
        st.markdown(_noise_text(study, trace, kept))


def _rating_text(study: Study, finding: RatingFinding) -> str:
    words = state.words()
    values = (finding.value, finding.allowed)
    shown = [words.number(v, decimals=0) if finding.limit == "hours" else words.percent(v) for v in values]
    rating = study.scenario.genset.rating
    return t(f"answers.operation.rating_{finding.limit}", rating=rating, value=shown[0], allowed=shown[1])


def _trip_text(study: Study, lane: int, year: int, trace: Trace, kept: slice) -> str:
    """In how many of the hours without the grid one tripped set would take load with it."""
    dispatch, words = study.dispatch, state.words()
    limit_kw = dispatch.lanes.import_limit_kw[lane][dispatch.clock.month_index]
    alone = (dispatch.down[year - 1] | (limit_kw == 0))[kept] & (trace.sets_running[kept] > 0)
    if not alone.any():
        return t("answers.operation.sets_trip_grid")
    has_energy = trace.energy_kwh[kept] > dispatch.lanes.energy_min_kwh[lane]
    ready_kw = (dispatch.lanes.battery_kw[lane] - trace.discharge_kw[kept]) * has_energy
    rows = (trace.sets_running[kept][alone], trace.genset_kw[kept][alone], ready_kw[alone])
    step_h = dispatch.clock.step_h
    hours = [trip_hours(*rows, site_set_kw(study.scenario), step_h), float(alone.sum()) * step_h]
    short, whole = (words.number(value, t("charts.unit.h"), 0) for value in hours)
    return t(
        "answers.operation.sets_trip" if hours[0] else "answers.operation.sets_trip_none", short=short, whole=whole
    )


def _fuel_text(study: Study, fuel, tank_l: float) -> str:
    words, litre = state.words(), t("charts.unit.l")
    if not fuel.deliveries:
        burnt = words.number(fuel.litres, litre)
        return t("answers.operation.sets_fuel_tank", tank=words.number(tank_l, litre), burnt=burnt)
    days = [words.number(value) for value in (fuel.autonomy_days_mean, fuel.autonomy_days_peak)]
    return t(
        "answers.operation.sets_fuel",
        tank=words.number(tank_l, litre),
        mean=days[0],
        peak=days[1],
        trucks=words.number(fuel.trucks_in_peak_week, decimals=0),
        truck=words.number(study.scenario.genset.truck_l, litre),
    )


def _wear_text(study: Study, each_year_h: float, fleet: int) -> str:
    words, dispatch = state.words(), study.dispatch
    found = wear(
        min(each_year_h, HOURS_PER_YEAR) * fleet, fleet, dispatch.years, study.scenario.genset.overhaul_interval_h
    )
    overhauls, oil = sum(found.overhauls_by_year), found.oil_changes_per_year
    return t(
        "answers.operation.sets_wear", overhauls=words.number(overhauls, decimals=0), oil=words.number(oil, decimals=1)
    )


def _air_text(study: Study, alternative: str) -> str:
    own = study.kpis[alternative]
    return t("answers.operation.sets_air", **{name: _mass(getattr(own, f"{name}_t")) for name in AIR})


def _noise_text(study: Study, trace: Trace, kept: slice) -> str:
    """How loud the sets are at the neighbour, and for how many hours too loud for an industrial area."""
    words, genset, clock = state.words(), study.scenario.genset, study.dispatch.clock
    running = trace.sets_running[kept]
    site = (genset.neighbour_m, genset.noise_db_a_at_7m)
    found = noise_hours(running, clock.hour[kept], *site, DAY_DB_A, NIGHT_DB_A, clock.step_h)
    hours = {key: words.number(found[f"{key}_above"], t("charts.unit.h"), 0) for key in ("day", "night")}
    level = words.number(float(noise_db_a(running.max(), *site)), "dB(A)", 0)
    limits = {"day_limit": f"{DAY_DB_A:g}", "night_limit": f"{NIGHT_DB_A:g}"}
    metres = words.number(genset.neighbour_m, "m", 0)
    return t("answers.operation.sets_noise", level=level, metres=metres, **limits, **hours)


def _mass(tonnes: float) -> str:
    words = state.words()
    return words.number(tonnes, t("charts.unit.t")) if tonnes >= 1 else words.number(tonnes * 1000, "kg")
