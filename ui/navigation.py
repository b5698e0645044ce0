"""Six places: each holds its parts, which are pages with addresses of their own. The top bar names the places, a row
under it the parts of the one being looked at."""

from __future__ import annotations

import streamlit as st

from ui import find, state
from ui.state import t

FIRST = "overview"
PLACES = {
    "site": ("load", "grid", "tariff", "bills", "equipment", "terms"),
    "answer": (FIRST, "when", "saving", "sizing", "compare"),
    "hours": ("operation", "outages", "autonomy", "compute"),
    "money": ("money", "deal"),
    "risk": ("risk", "claims"),
    "proposal": ("proposal", "present", "downloads", "method"),
}
PARTS = tuple(part for parts in PLACES.values() for part in parts)


def of(part: str) -> str:
    """The place a part belongs to."""
    return next(place for place, parts in PLACES.items() if part in parts)


def chosen() -> tuple[st.Page, str]:
    """The page to run and the name of its part; the bar shows the six places, the one looked at as the part of it."""
    looked_at = st.session_state.get("part", FIRST)
    page = _bar(looked_at)
    part = page.url_path or FIRST
    if part != looked_at:
        page = _bar(part)
    st.session_state.part = part
    return page, part


def _bar(looked_at: str) -> st.Page:
    """Streamlit's bar of pages with one visible link a place: the part looked at, or the place's first."""
    shown = {looked_at if looked_at in parts else parts[0] for parts in PLACES.values()}
    names = [(part, f"shell.place.{of(part)}" if part in shown else f"shell.nav.{part}") for part in PARTS]
    pages = [_page(part, t(name), part in shown) for part, name in names]
    return st.navigation(pages, position="top" if state.reader() is None else "hidden", expanded=True)


def _page(part: str, title: str, is_shown: bool) -> st.Page:
    visibility = "visible" if is_shown else "hidden"
    return st.Page(_file(part), title=title, default=part == FIRST, visibility=visibility)


def parts(part: str) -> None:
    """The row of links to the parts of the place, on Site with a field that finds any input."""
    place = of(part)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="parts"):
        for name in PLACES[place]:
            link(name, t(f"shell.nav.{name}"))
        if place == "site":
            st.space("stretch")
            find.ask()
    if place == "site":
        find.show()


def link(part: str, label: str) -> None:
    """A link to a part."""
    st.page_link(_file(part), label=label)


def _file(part: str) -> str:
    return f"../pages/{part}.py"


def title(part: str) -> str:
    """What the browser's tab is called: the part and the project."""
    project = state.current().site.name
    return f"{t(f'shell.nav.{part}')} | {project}" if project else t(f"shell.nav.{part}")
