"""Find any input by its name, and change it where one stands."""

from __future__ import annotations

import streamlit as st

from sim.inputs.register import register
from ui import form, state
from ui.state import t

KEY = "find.input"


def ask() -> None:
    """The field with every input's name in it."""
    st.selectbox(
        t("find.label"),
        _paths(),
        index=None,
        key=KEY,
        format_func=_name,
        placeholder=t("find.label"),
        label_visibility="collapsed",
        width=320,
    )


def show() -> None:
    """The input found, with what it is, nothing where none is."""
    path = st.session_state.get(KEY)
    if path is None:
        return
    with st.container(border=True, gap="small", key="found"):
        field, text = st.columns([1, 2], gap="medium")
        with field:
            form.field(path, place="found")
        entry, scenario = register()[path], state.current()
        lines = [form.help_text(entry, scenario)]
        if not entry.when(scenario):
            lines.append(t("find.idle"))
        text.markdown("  \n".join(f":small[:gray[{line}]]" for line in lines))


def _paths() -> list[str]:
    return [path for path, entry in register().items() if entry.kind != "other"]


def _name(path: str) -> str:
    return form.name_text(register()[path])
