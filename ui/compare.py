"""Variants side by side: inputs that differ, figures, and what is said above the charts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from report.text import say
from report.text import variants as variants_text
from report.text.plain import as_part
from store.states import State
from study.study import Study
from ui import offer_fields, state, variants
from ui.state import t


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
    rows = variants_text.differing({name: one.scenario for name, one in columns.items()}, state.words())
    return pd.DataFrame(rows, columns=[t("compare.input"), *columns]) if rows else None


def figures(found: Mapping[str, Study]) -> pd.DataFrame:
    """What is best, the margin, and the hybrid's figures; the best value of a row in bold."""
    rows = [[row.name, *_marked(row)] for row in variants_text.figures(found, state.words())]
    return pd.DataFrame(rows, columns=[t("answers.money.figure"), *found])


def _marked(row: variants_text.FigureOfEach) -> list[str]:
    texts = [as_part(text) for text in row.texts]
    return [f"**{text}**" if place == row.best else text for place, text in enumerate(texts)]


def title(found: Mapping[str, Study]) -> str:
    return variants_text.title(found, state.words())


def manage() -> None:
    """Buttons that drop a variant, and one that sets all beside the proposal; the sidebar keeps and shows them."""
    letters = list(state.variants())
    with st.container(horizontal=True, gap="small"):
        for letter in letters:
            label = t("compare.forget", letter=letter)
            st.button(label, key=f"forget.{letter}", type="tertiary", on_click=variants.forget, args=(letter,))
        if letters and st.button(t("compare.into_proposal"), key="into_proposal"):
            offer_fields.choose_variants(letters)
            st.switch_page("../pages/proposal.py")


def stack_note(found: Mapping[str, Study], unit: str) -> str:
    return t("compare.stack_note", unit=unit, names=say.listed(found, state.words()))


def is_alone(columns: Mapping[str, State]) -> bool:
    """Whether there is nothing to compare with yet."""
    return len(columns) < 2
