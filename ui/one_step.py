"""One act is one step of the browser's Back: what `assets/one_step.js` does in the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).resolve().parent.parent / "assets" / "one_step.js"


@st.cache_resource(show_spinner=False)
def _component():
    return st.components.v2.component("one_step", js=SCRIPT.read_text(encoding="utf-8"))


def draw() -> None:
    """Nothing that is seen."""
    _component()(key="one_step", height=0)
