"""Glue of the saving page: cached waterfall and split, their titles, and the bill with and without the project."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from finance.bill import OVERRUN
from finance.waterfall import Waterfall, bill_components, waterfall
from report.text import say
from report.text.amounts import Amounts, amounts
from sim.dispatch.result import ALTERNATIVES
from study.attribution import Attribution, attribute
from study.decision import decision
from study.study import Study
from ui import answers, state
from ui.kept import once
from ui.state import t


@once
def explained(study: Study, reference: str) -> Waterfall:
    return waterfall(study.scenario, study.dispatch, study.bill, study.ledger, reference=reference)


def split(study: Study) -> Attribution:
    with st.spinner(t("saving.splitting")):
        return _split(study)


@once
def _split(study: Study) -> Attribution:
    return attribute(study, "worth")


def ask_reference(study: Study) -> str:
    """What the hybrid is explained against; its rival unless chosen otherwise."""
    others = [name for name in ALTERNATIVES if name != "hybrid"]
    return st.segmented_control(
        t("saving.ask.reference"),
        others,
        default=decision(study).rival,
        key=f"saving.reference@{decision(study).rival}",
        format_func=lambda name: say.name(name, state.words(), first=True),
        required=True,
    )


def unit_of(study: Study, largest: float) -> Amounts:
    return amounts(state.words(), abs(largest) or 1.0, study.scenario.site.currency)


def step_label(name: str) -> str:
    return t(f"saving.step.{name}")


def part_label(name: str) -> str:
    return t(f"saving.part.{name}")


def title(study: Study, found: Waterfall) -> str:
    """What the hybrid costs less or more, and the greatest step."""
    words, currency = state.words(), study.scenario.site.currency
    saved = found.ends[0] - found.ends[1]
    first = max(found.totals, key=lambda name: abs(found.totals[name]))
    key = "saving.title.saves" if saved >= 0 else "saving.title.costs"
    reference = say.name(found.reference, words)
    return t(key, amount=words.money(abs(saved), currency), reference=reference, first=step_label(first))


def split_title(study: Study, found: Attribution) -> str:
    words, currency = state.words(), study.scenario.site.currency
    first = max(found.parts, key=lambda name: found.parts[name])
    return t("saving.split.title", first=part_label(first), amount=words.money(found.parts[first], currency))


def ends(found: Waterfall) -> tuple[tuple[str, float], tuple[str, float]]:
    words = state.words()
    return (
        (say.name(found.reference, words, first=True), found.ends[0]),
        (say.name(found.alternative, words, first=True), found.ends[1]),
    )


def bill_table(study: Study, reference: str) -> tuple[pd.DataFrame, str]:
    """First-year bill by component without and with the project, and the saving; and the unit of the sums."""
    own, base = (bill_components(study.bill, study.dispatch.row(name)) for name in ("hybrid", reference))
    groups: dict[str, list[float]] = {}
    for part, lines in enumerate((base, own)):
        for name, line in lines.items():
            groups.setdefault(_bill_group(name), [0.0, 0.0])[part] += float(line[:12].sum())
    shown = {name: pair for name, pair in groups.items() if any(pair)}
    shown["total"] = [sum(pair[0] for pair in groups.values()), sum(pair[1] for pair in groups.values())]
    unit = unit_of(study, max(abs(value) for pair in shown.values() for value in pair))
    rows = [(t(f"saving.bill.{name}"), pair[0], pair[1], pair[0] - pair[1]) for name, pair in shown.items()]
    columns = [t(f"saving.column.{name}") for name in ("component", "without", "with", "saved")]
    return answers.number_table(pd.DataFrame(rows, columns=columns), unit), unit.unit


def _bill_group(component: str) -> str:
    """Where a bill component stands in the table: all periods' energy is one row, so are all demand charges."""
    if component == "energy_tax" or not component.startswith(("energy_", "demand_")):
        return component
    return "overrun" if component.endswith(OVERRUN) else component.split("_")[0]
