"""How the battery ages, in one sentence and one figure, and what of its warranty does not hold."""

from __future__ import annotations

import streamlit as st

from report.screen.outages import capacity_by_year
from report.text import say
from sim.plant.battery import BatteryLife, warranty_findings
from ui import state
from ui.figures import chart
from ui.state import t

WARRANTY_STARTS = {
    "storage.warranty_years": 10,
    "storage.warranty_cycles_per_year": 365.0,
    "storage.warranty_throughput_kwh_per_kwh": 5000.0,
    "storage.warranty_end_fraction": 0.7,
}


def title() -> str:
    """What is left at the end of the term, and when new cells go in."""
    life, words = _life(), state.words()
    left = words.percent(float(life.at_end[-1]))
    years = sorted({*life.replaced_in, *life.added_in})
    if not years:
        return state.counted("inputs.equipment.ageing", life.health.size, left=left)
    key = "inputs.equipment.ageing_replaced" if life.replaced_in else "inputs.equipment.ageing_added"
    return t(key, left=left, years=say.listed(map(str, years), words))


def draw() -> None:
    """Capacity by year, and each warranted limit that is passed."""
    life, study, words = _life(), state.study(), state.words()
    figure = capacity_by_year(life, study.scenario.storage, words, state.is_dark())
    listed = say.listed((words.percent(float(value)) for value in life.health), words)
    chart(figure, key="capacity", height=200, alt=t("inputs.equipment.ageing_alt", list=listed))
    given = study.dispatch.by_year("discharge_kwh")[study.dispatch.row("hybrid")]
    for found in warranty_findings(study.scenario.storage, life, given):
        value, allowed = (_amount(found.limit, number) for number in (found.value, found.allowed))
        st.warning(t(f"inputs.equipment.warranty_{found.limit}", year=found.year, value=value, allowed=allowed))


def _amount(limit: str, number: float) -> str:
    return state.words().percent(number) if limit == "soh" else state.words().number(number, decimals=0)


def _life() -> BatteryLife:
    return state.study().dispatch.life
