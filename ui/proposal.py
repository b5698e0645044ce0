"""The proposal page's fields and its preview: what the author adds, and pictures of the pages made on request."""

from __future__ import annotations

from datetime import date

import streamlit as st

from report.book.workbook import workbook
from report.paper import pdf, proposal
from report.paper.offer import CHAPTERS, LONGEST, PAPERS, Offer
from study.beside import beside
from study.study import Study
from ui import state
from ui.figures import card
from ui.kept import once
from ui.state import t

LANGUAGES = ("en", "zh", "both")
PREVIEW_PPI, LOGO_LIMIT_MB = 72.0, 1
KEPT = {"persist_state": "session"}


def ask_offer() -> Offer | None:
    """The fields, and the offer made from them; None where one cannot be used, with the sentence beside the fields."""
    texts = _ask_parties()
    papers, chapters, terms = _ask_content()
    try:
        return Offer(papers=frozenset(papers), chapters=tuple(chapters), terms=terms, **texts)
    except ValueError as error:
        st.error(state.refused(error))
        return None


def ask_language() -> str:
    """The document's language, which need not be the page's."""
    return st.segmented_control(
        t("proposal.app.language"),
        LANGUAGES,
        default=state.words().language,
        format_func=lambda code: t(f"proposal.app.language_{code}"),
        required=True,
        key="proposal_language",
        **KEPT,
    )


def _ask_parties() -> dict:
    """Client, vendor, dates, colour and logo."""
    with card(t("proposal.app.parties"), t("proposal.app.parties_note")):
        grid = st.grid(3, min_column_width=210)
        texts = {}
        for name in ("client", "vendor", "contact", "title"):
            with grid.container():
                label, key = t(f"proposal.app.{name}"), f"proposal_{name}"
                texts[name] = st.text_input(label, max_chars=LONGEST[name], key=key, **KEPT)
        for name in ("issued", "valid_until"):
            with grid.container():
                default = date.today() if name == "issued" else None
                chosen = st.date_input(t(f"proposal.cover.{name}"), default, key=f"proposal_{name}", **KEPT)
                texts[name] = chosen.isoformat() if chosen else ""
        with grid.container():
            texts["accent"] = st.color_picker(t("proposal.app.accent"), "#17344F", key="proposal_accent", **KEPT)
        with grid.container():
            file = st.file_uploader(
                t("proposal.app.logo"), ["png", "jpg", "jpeg"], key="proposal_logo", max_upload_size=LOGO_LIMIT_MB
            )
            texts["logo"] = file.getvalue() if file else b""
    return texts


def _ask_content() -> tuple[list[str], list[str], str]:
    """Papers at hand, chapters wanted, further terms."""
    with card(t("proposal.app.content"), t("proposal.app.content_note")):
        papers = st.pills(
            t("proposal.app.papers"),
            PAPERS,
            selection_mode="multi",
            format_func=lambda name: t(f"proposal.paper.{name}"),
            key="proposal_papers",
            **KEPT,
        )
        titles = proposal.chapter_titles(state.words())
        chapters = st.multiselect(
            t("proposal.app.chapters"),
            CHAPTERS,
            list(CHAPTERS),
            format_func=titles.get,
            key="proposal_chapters",
            **KEPT,
        )
        terms = st.text_area(t("proposal.app.terms"), max_chars=LONGEST["terms"], key="proposal_terms", **KEPT)
    return papers or [], [key for key in CHAPTERS if key in chapters], terms or ""


# Other controls and battery sizes.
extra = once(beside)


def pdf_bytes(study: Study, language: str, offer: Offer) -> bytes:
    return pdf.proposal_pdf(study, language, offer, extra(study))


def xlsx_bytes(study: Study, language: str) -> bytes:
    """The workbook in one language; in that of the page where both are asked for."""
    from i18n import words

    return workbook(study, state.words() if language == "both" else words(language))


def preview(study: Study, language: str, offer: Offer) -> None:
    """A button that draws the pages; pictures of an older state are marked, not shown as new."""
    wanted = (study.fingerprint, language, offer)
    if st.button(t("proposal.app.preview"), key="proposal_preview", type=state.main_button()):
        st.session_state.proposal_shown = wanted
    shown = st.session_state.get("proposal_shown")
    if shown is None:
        st.markdown(f":small[:gray[{t('proposal.app.preview_note')}]]")
    elif shown != wanted:
        st.warning(t("proposal.app.stale", old=shown[0], new=study.fingerprint))
    else:
        with st.spinner(t("proposal.app.drawing")):
            pictures = _pages(study, language, offer)
        _show(pictures)


def _show(pictures: list[bytes]) -> None:
    grid = st.grid(2, min_column_width=380)
    for number, picture in enumerate(pictures, start=1):
        with grid.container():
            st.image(picture, width="stretch", alt=t("proposal.app.page", n=number, all=len(pictures)))


@once
def _pages(study: Study, language: str, offer: Offer) -> list[bytes]:
    return pdf.pages(pdf.data(study, language, offer, extra(study)), PREVIEW_PPI)
