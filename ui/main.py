"""The script behind every page: state, navigation, sidebar, then the page itself."""

import logging
from pathlib import Path

import streamlit as st

from ui import changed, navigation, place, present, sidebar, state, works
from ui.state import t

ROOT = Path(__file__).resolve().parent.parent

st.set_page_config(page_title="PowerLadder", page_icon=str(ROOT / "assets" / "icon.png"), layout="wide")
state.begin()
chosen, part = navigation.chosen()
st.set_page_config(page_title=navigation.title(part))
is_shown_only = state.reader() is not None  # by a link that only shows
logo = "logo-dark.svg" if state.is_dark() else "logo.svg"
st.logo(str(ROOT / "assets" / logo), size="large")
below, is_first = None, False
if part != "present" and not is_shown_only:
    with st.sidebar:
        sidebar.draw(on_overview=part == navigation.FIRST)
        below, is_first = st.container(), state.is_drawn_first()
        if is_first:  # else the page would be there before the sidebar has its width, and be pushed aside
            with below:
                sidebar.draw_rest()
if not st.session_state.get("is_in_address", True):
    st.warning(t("shell.notice.not_in_address"))
if not is_shown_only:
    navigation.parts(part)
    changed.draw()
    place.draw()
for kind, sentence in state.take_notices():
    {"info": st.info, "warning": st.warning, "error": st.error}[kind](sentence)
works.then_and_now()
try:
    if is_shown_only:
        present.draw()
    else:
        chosen.run()
except Exception:
    logging.getLogger("powerladder").exception("page %s failed", part)
    st.error(t("shell.notice.failed"))
finally:  # a page may end early
    if below is not None and not is_first:
        with below:
            sidebar.draw_rest()
for sentences in st.session_state.get("problems", {}).values():
    st.error("  \n".join(map(state.refused, sentences)))
state.end()
