"""Does the model bill what the site really pays? Twelve months of bills beside the modelled ones."""

import streamlit as st

from ui import bills
from ui.state import t

st.title(t("bills.question"), anchor=False)
st.markdown(f":small[:gray[{t('bills.context')}]]")
bills.comparison()
bills.editor()
