"""Parts of a page that are worked out after what stands below them.

Their place is kept: by grey bars where the page is drawn for the first time, else by what stands there, until the new
one takes its place. So nothing below moves, and the charts are the first to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import state

BREATH_S = 0.01  # what has been drawn so far gets on its way before long sums hold the interpreter


class Later:
    """A place of a page; `bars_px`: the height of what is expected in each of its rows."""

    def __init__(self, *bars_px: int) -> None:
        self._place = st.empty() if state.is_drawn_first() else st.container(gap="small")
        if state.is_drawn_first() and bars_px:
            with self._place.container(gap="small"):
                for height in bars_px:
                    st.skeleton(height)

    @contextmanager
    def filled(self) -> Iterator[DeltaGenerator]:
        """What is drawn inside stands in the place."""
        box = self._place.container(gap="small") if state.is_drawn_first() else self._place
        with box:
            yield box
