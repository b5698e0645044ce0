"""What each thing costs: rates and VAT, energy, diesel, battery, PV, grid works, lost compute, tax, loan."""

import streamlit as st

from sim.inputs.register import register
from ui import currency, form, state, terms
from ui.figures import card
from ui.state import t

TOPICS = {
    "frame": ("discount_rate", "vat_basis", "prices_include_vat", "vat_rate", "inflation"),
    "energy": (
        "energy_price_factor",
        "energy_escalation",
        "demand_escalation",
        "diesel_escalation",
        "om_escalation",
        "carbon_escalation",
    ),
    "fuel": ("diesel_per_l", "delivery_per_l", "carbon_price_per_t"),
    "sets": ("genset_", "crew_per_month", "standby_crew_per_month"),
    "storage": ("storage_", "ems_"),
    "pv": ("pv_",),
    "grid": ("grid_",),
    "loss": (
        "unserved_per_kwh",
        "count_unserved",
        "count_interruptions",
        "gpu_price_per_h",
        "checkpoint_interval_h",
        "restart_h",
        "hardware_",
        "interruption_penalty",
    ),
}

finance = [path for path, entry in register().items() if entry.section == "finance"]
st.title(t("inputs.terms.question"), anchor=False)
site, basis = state.current().site, state.current().finance.vat_basis
st.markdown(f":small[:gray[{t(f'inputs.terms.context_{basis}', currency=site.currency)}]]")

currency.draw()
for topic, beginnings in TOPICS.items():
    with card(t(f"inputs.terms.{topic}"), t(f"inputs.terms.{topic}_note")):
        form.fields([path for path in finance if path.removeprefix("finance.").startswith(beginnings)], columns=3)
    if topic == "energy":
        terms.price_path_card()

terms.tax_card()
terms.loan_card()
