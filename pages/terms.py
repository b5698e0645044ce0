"""What each thing costs: rates and VAT, energy, diesel, battery, PV, grid works, lost compute, tax, loan."""

import streamlit as st

from report.text import say
from ui import currency, form, state, terms
from ui.figures import card
from ui.state import t

TOPICS = ("frame", "energy", "fuel", "sets", "storage", "pv", "grid", "loss")

st.title(t("inputs.terms.question"), anchor=False)
site, basis = state.current().site, state.current().finance.vat_basis
st.markdown(f":small[:gray[{t(f'inputs.terms.context_{basis}', currency=site.currency)}]]")

currency.draw()
for topic in TOPICS:
    if not form.matters(f"terms.{topic}"):
        continue
    with card(t(f"inputs.terms.{topic}"), t(f"inputs.terms.{topic}_note")):
        form.card(f"terms.{topic}", columns=3)
        if topic == "energy":
            terms.price_paths_drawer()

terms.tax_card()
terms.loan_card()
idle = [t(f"inputs.terms.{topic}") for topic in TOPICS if not form.matters(f"terms.{topic}")]
if idle:
    st.markdown(f":small[:gray[{t('inputs.terms.idle', list=say.enumerated(idle, state.words()))}]]")
