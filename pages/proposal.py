"""What does the client take away? The proposal as PDF and workbook, with a preview of its pages."""

from functools import partial

import streamlit as st

from report.paper.names import document_name
from report.paper.offer import with_papers_of
from report.paper.proposal import grade_name, warnings
from ui import answers, offer_fields, proposal, state
from ui.figures import card
from ui.state import t

NAMES = {"board": "board", "xlsx": "workbook"}

st.title(t("proposal.app.question"), anchor=False)
answers.context_line(state.current())
study = answers.study_or_reason()

offer = offer_fields.ask()
if offer is None:
    state.stop()
offer = with_papers_of(offer, study.scenario)
for sentence in warnings(study, offer, state.words()):
    st.warning(sentence)

with card(
    t("proposal.app.files"),
    t("proposal.app.files_note", code=study.fingerprint, grade=grade_name(study, offer, state.words())),
):
    language = proposal.ask_language()
    makers = {
        "pdf": (partial(proposal.pdf_bytes, study, language, offer), "application/pdf"),
        "board": (partial(proposal.board_bytes, study, language, offer), "application/pdf"),
        "docx": (
            partial(proposal.docx_bytes, study, language, offer),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        "xlsx": (
            partial(proposal.xlsx_bytes, study, language, offer),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    }
    with st.container(horizontal=True):
        for kind, (make, mime) in makers.items():
            ending = "pdf" if kind == "board" else kind
            name = document_name(study, offer, NAMES.get(kind, "proposal"), language, ending)
            label = t(f"proposal.app.download_{kind}")
            st.download_button(label, data=make, file_name=name, mime=mime, on_click="ignore", key=f"proposal.{kind}")
    st.markdown(f":small[:gray[{t('proposal.app.csv_note')}]]")

with card(t("proposal.app.pages"), t("proposal.app.pages_note")):
    proposal.preview(study, language, offer)
