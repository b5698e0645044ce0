"""How a figure and a card are put on a page."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import plotly.io
import streamlit as st
from plotly.basedatatypes import BaseFigure

# Tags of our own charts; what else looks like one is text.
FOREIGN_TAG = re.compile(r"<(?!(?:br|b|/b|/span|/?extra|span style='color:[^'<>]*')>)")
BINARY = ("f4", "f8", "i1", "i2", "i4", "u1", "u2", "u4")  # numbers that plotly reads from memory
REST_OPACITY = 0.55  # of the bars beside one that is pressed
PLAIN: dict[str, Any] = {"theme": None, "config": {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}}


def chart(figure: dict[str, Any], *, key: str, height: int, alt: str) -> None:
    """Draw a plain dict figure, as wide as its container and `height` pixels high. `alt` says what it shows."""
    st.plotly_chart(Finished(figure), key=key, height=height, alt=alt, **PLAIN)


def pressable(figure: dict[str, Any], *, key: str, height: int, alt: str) -> dict[str, Any] | None:
    """Draw a chart as `chart` does, and return what of it was pressed last: the place of the trace (``curve_number``)
    and of the point in it (``point_index``); None where nothing was. A second press takes it back."""
    others = {"bar": REST_OPACITY, "scatter": 1.0}  # those that are not pressed
    traces = [
        {"unselected": {"marker": {"opacity": others[trace["type"]]}}} | trace
        if trace["type"] in others and "selected" not in trace
        else trace
        for trace in figure["data"]
    ]
    event = st.plotly_chart(
        Finished(figure | {"data": traces}),
        key=key,
        height=height,
        alt=alt,
        **PLAIN,
        on_select="rerun",
        selection_mode="points",
    )
    points = event["selection"]["points"]
    return points[-1] if points else None


class Finished(BaseFigure):
    """A figure whose attributes Streamlit takes as they are. Those of a plain dict it checks in every run, 10 ms a
    chart; `tests/report/test_charts.py` has checked ours."""

    def __init__(self, figure: dict[str, Any]) -> None:
        """`figure` is not parsed, so none of the base's own state exists."""
        self._sent = _sendable({"data": figure["data"], "layout": {"template": _template()} | figure["layout"]})

    def to_dict(self) -> dict[str, Any]:
        return self._sent


@cache
def _template() -> dict[str, Any]:
    """What plotly adds to a figure that names no template."""
    return plotly.io.templates[plotly.io.templates.default].to_plotly_json()


def _sendable(part: Any) -> Any:
    """The same with arrays of numbers as plotly's binary ones, and no tags but ours; long lists of numbers stay."""
    if isinstance(part, dict):
        return {name: _sendable(value) for name, value in part.items()}
    if isinstance(part, str):
        return FOREIGN_TAG.sub("&lt;", part)
    if isinstance(part, list | tuple) and len(part) and isinstance(part[0], dict | list | tuple | np.ndarray | str):
        return [_sendable(value) for value in part]
    if not isinstance(part, np.ndarray):
        return part
    narrow = part.astype(np.int32) if part.dtype == np.int64 else part
    if narrow.dtype.str[1:] not in BINARY:
        return part.tolist()
    shape = {"shape": ", ".join(map(str, narrow.shape))} if narrow.ndim > 1 else {}
    return {"dtype": narrow.dtype.str[1:], "bdata": b64encode(narrow.tobytes()).decode(), **shape}


def conclude(text: str, at: Any = st) -> None:
    """What the page has found, in one sentence: the heading below its question. `at` is where it stands."""
    st.session_state.is_answered = True
    with at.container(key="answer"):
        st.header(text, anchor=False)


@contextmanager
def card(title: str, note: str = "", *, within: Any = None) -> Iterator[Any]:
    """A bordered container with a title and a small grey note. `within` is a grid, whose cards get equal heights."""
    if within is None:
        box = st.container(border=True, gap="small")
    else:
        box = within.container(border=True, gap="small", height="stretch")
    with box:
        heading = st.subheader if st.session_state.get("is_answered") else st.header  # no level is left out
        heading(title, anchor=False)
        if note:
            st.markdown(f":small[:gray[{note}]]")
        yield box


@contextmanager
def drawer(title: str, note: str = "", *, key: str, is_open: bool = False) -> Iterator[None]:
    """What few sites need, behind a line that names it; open where something is in it."""
    with st.expander(title, expanded=is_open, key=key):
        if note:
            st.markdown(f":small[:gray[{note}]]")
        yield
