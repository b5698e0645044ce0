"""The script behind every page: state, navigation, sidebar, then the page itself."""

import logging
from pathlib import Path

import streamlit as st

from ui import place, sidebar, state
from ui.state import t

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ("overview", "operation", "money", "saving", "proposal")
QUESTIONS = ("sizing", "deal", "when", "outages", "autonomy", "compute", "risk", "claims")
INPUTS = ("load", "grid", "tariff", "bills", "equipment", "terms")
MORE = ("method", "downloads")

st.set_page_config(page_title="PowerLadder", page_icon=str(ROOT / "assets" / "icon.png"), layout="wide")
state.begin()


def page(name: str) -> st.Page:
    return st.Page(f"../pages/{name}.py", title=t(f"shell.nav.{name}"), default=name == "overview")


chosen = st.navigation(
    {
        "": [page(name) for name in ANSWERS],
        t("shell.nav.questions"): [page(name) for name in QUESTIONS],
        t("shell.nav.inputs"): [page(name) for name in INPUTS],
        t("shell.nav.more"): [page(name) for name in MORE],
    },
    position="top",
    expanded=True,
)
logo = "logo-dark.svg" if state.is_dark() else "logo.svg"
st.logo(str(ROOT / "assets" / logo), size="large", icon_image=str(ROOT / "assets" / logo))
with st.sidebar:
    sidebar.draw(on_overview=not chosen.url_path)
if state.can_undo():
    st.button(t("shell.undo"), on_click=state.undo, key="undo", type="tertiary")
place.draw()
for kind, sentence in state.take_notices():
    {"info": st.info, "warning": st.warning, "error": st.error}[kind](sentence)
try:
    chosen.run()
except Exception:
    logging.getLogger("powerladder").exception("page %s failed", chosen.url_path)
    st.error(t("shell.notice.failed"))
for sentences in st.session_state.get("problems", {}).values():
    st.error("  \n".join(map(state.refused, sentences)))
state.end()
