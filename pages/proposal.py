"""What does the client receive? What the author adds on the left; warnings, files and the pages on the right."""

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

left, right = st.columns(2, gap="medium")
with left:
    offer = offer_fields.ask()
if offer is None:
    state.stop()
offer = with_papers_of(offer, study.scenario)

with right:
    proposal.open_warnings(study, warnings(study, offer, state.words()))
    with card(
        t("proposal.app.files"),
        t("proposal.app.files_note", code=study.fingerprint, grade=grade_name(study, offer, state.words())),
    ):
        language = proposal.ask_language()
        with st.container(horizontal=True):
            for kind, (make, mime) in proposal.MAKERS.items():
                ending = "pdf" if kind == "board" else kind
                st.download_button(
                    t(f"proposal.app.download_{kind}"),
                    data=partial(make, study, language, offer),
                    file_name=document_name(study, offer, NAMES.get(kind, "proposal"), language, ending),
                    mime=mime,
                    on_click="ignore",
                    key=f"proposal.{kind}",
                )
        st.markdown(f":small[:gray[{t('proposal.app.csv_note')}]]")
    with card(t("proposal.app.pages"), t("proposal.app.pages_note")):
        proposal.preview(study, language, offer)
