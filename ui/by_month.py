"""The drawer "by month" of the equipment page: lead times, and plant that comes in stages."""

from __future__ import annotations

import streamlit as st

from sim.inputs.arrival import steps_of
from sim.inputs.scenario import Scenario
from ui import form, state, table
from ui.state import t

STAGED = {
    "battery": ("storage.stages", "energy_kwh", "stage_kwh", 10_000_000),
    "pv": ("pv.stages", "kwp", "stage_kwp", 2_000_000),
    "sets": ("genset.stages", "sets", "stage_sets", 400),
}


def draw() -> None:
    """Closed until somebody asks: a plant that stands from the start needs none of it."""
    scenario = state.current()
    with st.expander(t("inputs.equipment.by_month"), expanded=_in_use(scenario)):
        st.markdown(f":small[:gray[{t('inputs.equipment.by_month_note')}]]")
        form.card("timing", columns=3)
        form.card("timing.worth", columns=3, starts={"finance.waiting_per_mw_month": 1_000_000.0})
        if scenario.timing.by_month:
            _steps(scenario)
        st.markdown(f":small[:gray[{t('inputs.equipment.stages_note')}]]")
        for part in _parts(scenario):
            path, size, label, most = STAGED[part]
            name = t(f"inputs.equipment.stages_{part}")
            st.markdown(f"**{name}**")
            columns = {
                "month": table.number(t("inputs.table.month"), 1, 360, default=1),
                size: table.number(t(f"inputs.equipment.{label}"), -most if part == "sets" else 0, most),
            }
            table.rows_editor(path, columns, alt=name)


def _in_use(scenario: Scenario) -> bool:
    return scenario.timing.by_month or any(scenario.get(path) for path, *_ in STAGED.values())


def _parts(scenario: Scenario) -> list[str]:
    has = {"battery": scenario.storage.exists, "pv": scenario.pv.exists, "sets": scenario.genset.sets > 0}
    return [part for part, is_there in has.items() if is_there or scenario.get(STAGED[part][0])]


def _steps(scenario: Scenario) -> None:
    """Months of single steps in place of the usual ones."""
    st.markdown(f"**{t('inputs.equipment.by_month_steps')}**")
    st.markdown(f":small[:gray[{t('inputs.equipment.by_month_steps_note')}]]")
    known = steps_of(scenario)
    steps = list(dict.fromkeys(step for chain in known.values() for step in chain))
    columns = {
        "part": st.column_config.SelectboxColumn(
            t("inputs.equipment.part"), options=list(known), format_func=lambda part: t(f"when.part.{part}")
        ),
        "step": st.column_config.SelectboxColumn(
            t("inputs.equipment.step"), options=steps, format_func=lambda step: t(f"when.step.{step}")
        ),
        **{
            name: table.optional_number(t(f"inputs.equipment.{label}"), 0, 240)
            for name, label in (("months", "months"), ("low", "shortest"), ("high", "longest"))
        },
    }
    table.rows_editor("timing.steps", columns, alt=t("inputs.equipment.by_month_steps"))
