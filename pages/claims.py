"""Do the claims hold? Each statement of the case, what would turn it, which exclude each other, and own ones."""

import streamlit as st

from ui import answers, claims, state
from ui.figures import card, conclude
from ui.state import t

scenario = state.current()

st.title(t("claims.question"), anchor=False)
answers.context_line(scenario)
study = answers.study_or_reason()

listed = claims.of_case()
found = claims.verdicts(study, listed)
if found:
    with st.container(border=True, gap="small"):
        conclude(claims.summary(found))
        st.markdown(f":small[:gray[{t('claims.note')}]]")
    for verdict in found:
        with st.container(border=True, gap="small"):
            claims.draw(study, verdict)
else:
    st.info(t("claims.none"))

with card(t("claims.together.title"), t("claims.together.note")):
    if st.toggle(t("claims.together.try"), key=f"claims.together@{study.scenario.key}"):
        result = claims.together(study)
        if result is None:
            st.info(t("claims.together.no_inputs"))
        else:
            st.markdown(claims.together_text(study, result))

if scenario.storage.exists and scenario.finance.storage_ownership == "buy":
    title = claims.ladder_title(study)
    with card(title, t("claims.ladder.note")):
        answers.show_table(claims.ladder_table(study), key="ladder", alt=title)
else:
    with card(t("claims.ladder.title_none")):
        st.info(t("claims.ladder.no_battery"))

with card(t("flags.title"), t("flags.note")):
    st.table(claims.flag_table(), hide_index=True, alt=t("flags.title"))

with card(t("claims.own.title"), t("claims.own.note")):
    claims.own_claim_form()
