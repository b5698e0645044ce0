"""Variants side by side: inputs that differ, figures, and what is said above the charts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from finance.figures import figures_on
from report.text import inputs as register_text
from report.text import say
from report.text.plain import as_part
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from store.states import State
from study.decision import TIE_FRACTION, decision
from study.difference import BILLS, TARIFF, changes
from study.study import Study
from ui import form, state, variants
from ui.state import t

SCALED = 1e-9


def studies(columns: Mapping[str, State]) -> dict[str, Study]:
    """The study of each variant in the currency of the first; the others, and those that cannot be calculated, are
    named."""
    found: dict[str, Study] = {}
    for name, one in columns.items():
        currency = next(iter(found.values())).scenario.site.currency if found else one.scenario.site.currency
        if one.scenario.site.currency != currency:
            st.info(t("compare.other_currency", name=name, currency=one.scenario.site.currency))
            continue
        try:
            found[name] = state.study_of(one.scenario)
        except ValueError as error:
            st.error(t("compare.cannot", name=name, reason=state.refused(error)))
    return found


def differing(columns: Mapping[str, State]) -> pd.DataFrame | None:
    """Inputs that are not the same in all variants, a row each; None where they are."""
    first, *others = (one.scenario for one in columns.values())
    paths = dict.fromkeys(change.path for other in others for change in changes(first, other))
    if not paths:
        return None
    ordered = [path for path in (*register(), TARIFF, BILLS) if path in paths]
    rows = {t("compare.input"): [_name(path) for path in ordered]}
    for name, one in columns.items():
        rows[name] = [_value(path, one.scenario) for path in ordered]
    return pd.DataFrame(rows)


def _name(path: str) -> str:
    if path in register():
        return form.name_text(register()[path])
    return t("shell.nav.tariff" if path == TARIFF else "shell.nav.bills")


def _value(path: str, scenario: Scenario) -> str:
    if path == TARIFF:
        return say.own_name(scenario.tariff, state.words())
    if path == BILLS:
        return str(len(scenario.bills))
    if path == "site.place":
        return form.place_text(scenario.site.place)
    return register_text.value(register()[path], scenario, state.words())


def figures(found: Mapping[str, Study]) -> pd.DataFrame:
    """What is best, the margin, and the hybrid's figures; the best value of a row in bold."""
    words = state.words()
    head = [t("compare.best"), t("compare.rival"), t("compare.margin")]
    rows = [
        [say.name(decision(study).best, words, first=True) for study in found.values()],
        [say.name(decision(study).rival, words, first=True) for study in found.values()],
    ]
    margins = {name: decision(study).margin for name, study in found.items()}
    currency = next(iter(found.values())).scenario.site.currency
    texts = [say.signed(words.money(margin, currency), margin) for margin in margins.values()]
    rows.append(_best_bold(texts, list(margins.values()), "more"))
    for row in figures_on("paper"):
        values = [study.kpis["hybrid"].figure(row.key) for study in found.values()]
        texts = [say.figure(row, value, words, currency) for value in values]
        rows.append(_best_bold(texts, [value.value for value in values], row.better))
        head.append(t("compare.of_hybrid", figure=say.figure_name(row, words)))
    table = pd.DataFrame(rows, columns=list(found))
    table.insert(0, t("answers.money.figure"), head)
    return table


def _best_bold(texts: list[str], values: list[float | None], better: str | None) -> list[str]:
    known = [value for value in values if value is not None]
    if better is None or len(known) < 2 or max(known) - min(known) <= SCALED * max(map(abs, known)):
        return [as_part(text) for text in texts]
    best = min(known) if better == "less" else max(known)
    return [
        f"**{as_part(text)}**" if value == best else as_part(text) for text, value in zip(texts, values, strict=True)
    ]


def title(found: Mapping[str, Study]) -> str:
    """Which variant costs least with what is best in it, where they differ."""
    words = state.words()
    if len(found) < 2:
        return t("compare.one")
    costs = {name: study.kpis[decision(study).best].present_cost for name, study in found.items()}
    best = min(costs, key=lambda name: costs[name])
    cost = words.money(costs[best], found[best].scenario.site.currency)
    if max(costs.values()) - costs[best] <= TIE_FRACTION * abs(costs[best]):
        return t("compare.tie", cost=cost)
    return t("compare.title", cost=cost, name=best, what=say.name(decision(found[best]).best, words))


def manage() -> None:
    """Buttons that drop a variant; the sidebar keeps and shows them."""
    with st.container(horizontal=True, gap="small"):
        for letter in state.variants():
            label = t("compare.forget", letter=letter)
            st.button(label, key=f"forget.{letter}", type="tertiary", on_click=variants.forget, args=(letter,))


def stack_note(found: Mapping[str, Study], unit: str) -> str:
    return t("compare.stack_note", unit=unit, names=say.listed(found, state.words()))


def is_alone(columns: Mapping[str, State]) -> bool:
    """Whether there is nothing to compare with yet."""
    return len(columns) < 2
