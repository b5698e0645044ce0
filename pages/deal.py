"""Who builds, who pays, who earns what: the contract's terms, both parties' money, what suits both, what to ask."""

import streamlit as st

from ui import answers, deal, state
from ui.state import t

scenario = state.current()

st.title(t("deal.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

reason = deal.reason(study, deal.shown_contract(study).kind)
if reason:
    st.info(reason)
else:
    deal.headline(study)
    found = deal.outcome(study)
    deal.flows_card(study, found)
    deal.price_card(study, found)
    deal.comparison_card(study)
    deal.flags_card(study, found)
    deal.tables_card(study, found)

deal.terms_card(study)
