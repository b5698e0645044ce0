"""Variants of a study: "+" keeps what is on screen as A, B, C, D; a letter shows it again. The address names them."""

from __future__ import annotations

import streamlit as st

from store.states import State
from ui import history, state
from ui.state import t


def switch() -> None:
    """A row of the sidebar: the letters kept, and "+"."""
    kept, shown = state.variants(), state.on_screen()
    free = [letter for letter in history.LETTERS if letter not in kept]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="variants"):
        st.markdown(f":small[:gray[{t('compare.variants')}]]", width="content")
        for letter, (one, _) in kept.items():
            label = f":blue-background[**{letter}**]" if one == shown else letter
            st.button(label, key=f"variant.{letter}", type="tertiary", on_click=state.restore, args=(one,))
        is_kept = any(one == shown for one, _ in kept.values())
        if free and not is_kept:
            note = t("compare.keep_help", letter=free[0])
            st.button("\\+", key="variant.keep", type="tertiary", on_click=keep, args=(free[0],), help=note)


def keep(letter: str) -> None:
    """Keep what is on screen under a letter."""
    shown = state.on_screen()
    entry = {letter: (shown, history.kept(shown) or "")}
    state.set_variants(dict(sorted((state.variants() | entry).items())))


def forget(letter: str) -> None:
    """Keep a variant no longer."""
    state.set_variants({name: entry for name, entry in state.variants().items() if name != letter})


def columns() -> dict[str, State]:
    """What stands side by side: the variants by letter, and what is on screen where it is none of them."""
    found = {letter: one for letter, (one, _) in state.variants().items()}
    shown = state.on_screen()
    return found if shown in found.values() else {**found, t("compare.on_screen"): shown}
