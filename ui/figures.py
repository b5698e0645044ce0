"""How a figure and a card are put on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~$:&])")
DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NO_MODE_BAR = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def as_plain(text: str) -> str:
    """A user's text for a place that reads markdown: every sign of markup is shown as itself, on one line, and marks
    that turn the reading direction are dropped."""
    return MARKUP.sub(r"\\\1", " ".join(DIRECTION_MARKS.sub("", text).split()))


def chart(figure: dict[str, Any], *, key: str, height: int, alt: str) -> None:
    """Draw a plain dict figure, as wide as its container and `height` pixels high. `alt` says what it shows."""
    st.plotly_chart(figure, key=key, height=height, theme=None, config=NO_MODE_BAR, alt=alt)


@contextmanager
def card(title: str, note: str = "", *, within: Any = None) -> Iterator[Any]:
    """A bordered container with a title and a small grey note. `within` is a grid, whose cards get equal heights."""
    if within is None:
        box = st.container(border=True, gap="small")
    else:
        box = within.container(border=True, gap="small", height="stretch")
    with box:
        st.subheader(title, anchor=False)
        if note:
            st.markdown(f":small[:gray[{note}]]")
        yield box
