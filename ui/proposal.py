"""The proposal page's files and its preview: pictures of the pages made on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from report.book.workbook import workbook
from report.paper import pdf
from report.paper.offer import Offer
from report.paper.saved import offer_text
from report.text import say
from report.word.document import proposal_docx
from sim.problem import Refusal
from study.alerts import alerts
from study.beside import beside
from study.study import Study
from ui import state
from ui.apart import MAKING, apart
from ui.kept import once
from ui.state import t

LANGUAGES = ("en", "zh", "both")
SETTING_LIMIT_S = 120.0
Set = TypeVar("Set")
PREVIEW_PPI = 72.0
KEPT = {"persist_state": "session"}


def ask_language() -> str:
    """The document's language: the page's until another is chosen."""
    return st.segmented_control(
        t("proposal.app.language"),
        LANGUAGES,
        default=state.words().language,
        format_func=lambda code: t(f"proposal.app.language_{code}"),
        required=True,
        key=f"proposal_language.{state.words().language}",
        **KEPT,
    )


# Other controls and battery sizes.
extra = once(beside)


def pdf_bytes(study: Study, language: str, offer: Offer) -> bytes:
    return _set(pdf.pdf, pdf.data(study, language, offer, extra(study)))


def board_bytes(study: Study, language: str, offer: Offer) -> bytes:
    return _set(pdf.pdf, pdf.board(study, language, offer))


def docx_bytes(study: Study, language: str, offer: Offer) -> bytes:
    return proposal_docx(pdf.data(study, language, offer, extra(study)))


def xlsx_bytes(study: Study, language: str, offer: Offer) -> bytes:
    """The workbook in one language; in that of the page where both are asked for."""
    from i18n import words

    return workbook(study, state.words() if language == "both" else words(language), offer=offer_text(offer))


OFFICE = "application/vnd.openxmlformats-officedocument"
# What makes each file, and its type.
MAKERS = {
    "pdf": (pdf_bytes, "application/pdf"),
    "board": (board_bytes, "application/pdf"),
    "docx": (docx_bytes, f"{OFFICE}.wordprocessingml.document"),
    "xlsx": (xlsx_bytes, f"{OFFICE}.spreadsheetml.sheet"),
}


def open_warnings(study: Study, of_paper: list[str]) -> None:
    """A red strip while grave warnings about the answer are open; what the document cannot show as given below it."""
    grave = [alert for alert in alerts(study) if alert.severity == "high"]
    sentences = [say.say(alert.finding, state.words(), study.scenario.site.currency) for alert in grave]
    if sentences:
        with st.container(border=True, key="open_warnings"):
            st.markdown(f":red[{t('proposal.app.open_warnings')}]")
            for sentence in sentences:
                st.markdown(f":red[{sentence}]")
    for sentence in of_paper:
        st.warning(sentence)


def preview(study: Study, language: str, offer: Offer) -> None:
    """A button that draws the pages, and a switch that draws them anew with every change; without it pictures of an
    older state are marked, not shown as new."""
    wanted = (study.fingerprint, language, offer)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_asked = st.button(t("proposal.app.preview"), key="proposal_preview", type="primary")
        is_live = st.toggle(t("proposal.app.live"), key="proposal_live", **KEPT)
    if is_asked or is_live:
        st.session_state.proposal_shown = wanted
    shown = st.session_state.get("proposal_shown")
    if shown is None:
        st.markdown(f":small[:gray[{t('proposal.app.preview_note')}]]")
    elif shown != wanted:
        st.warning(t("proposal.app.stale", old=shown[0], new=study.fingerprint))
    else:
        try:
            with st.spinner(t("proposal.app.drawing")):
                pictures = _pages(study, language, offer)
        except Refusal as error:
            st.error(state.refused(error))
            return
        _show(pictures)


def _show(pictures: list[bytes]) -> None:
    grid = st.grid(2, min_column_width=380)
    for number, picture in enumerate(pictures, start=1):
        with grid.container():
            st.image(picture, width="stretch", alt=t("proposal.app.page", n=number, all=len(pictures)))


@once
def _pages(study: Study, language: str, offer: Offer) -> list[bytes]:
    return _set(pdf.pages, pdf.data(study, language, offer, extra(study)), PREVIEW_PPI)


def _set(how: Callable[..., Set], content: dict[str, Any], *more: float) -> Set:
    """A document set by a worker, from what it is to say."""
    return apart(how, content, *more, limit_s=SETTING_LIMIT_S, too_much=MAKING)
