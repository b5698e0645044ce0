"""The script behind every page: state, navigation, sidebar, then the page itself."""

import logging
from pathlib import Path

import streamlit as st

from ui import navigation, place, sidebar, state
from ui.state import t

ROOT = Path(__file__).resolve().parent.parent

st.set_page_config(page_title="PowerLadder", page_icon=str(ROOT / "assets" / "icon.png"), layout="wide")
state.begin()
chosen, part = navigation.chosen()
st.set_page_config(page_title=navigation.title(part))
logo = "logo-dark.svg" if state.is_dark() else "logo.svg"
st.logo(str(ROOT / "assets" / logo), size="large", icon_image=str(ROOT / "assets" / logo))
with st.sidebar:
    sidebar.draw(on_overview=part == navigation.FIRST)
navigation.parts(part)
if state.can_undo():
    st.button(t("shell.undo"), on_click=state.undo, key="undo", type="tertiary")
place.draw()
for kind, sentence in state.take_notices():
    {"info": st.info, "warning": st.warning, "error": st.error}[kind](sentence)
try:
    chosen.run()
except Exception:
    logging.getLogger("powerladder").exception("page %s failed", part)
    st.error(t("shell.notice.failed"))
for sentences in st.session_state.get("problems", {}).values():
    st.error("  \n".join(map(state.refused, sentences)))
state.end()
