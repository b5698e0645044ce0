"""The offer in the session: saved with the scenario, outside its fingerprint, and back from any document of ours."""

from __future__ import annotations

import json

import streamlit as st

from report.carry.reading import read
from report.carry.texts import with_offer
from report.paper.offer import PROFILE, Offer
from report.paper.saved import offer_tree, opened
from sim.inputs.scenario import Scenario
from ui import state


def current() -> Offer:
    """What the author has entered so far."""
    return st.session_state.get("offer", Offer())


def keep(offer: Offer) -> None:
    """Keep what stands in the fields of the proposal page, or what a file brought; fields follow a new revision."""
    st.session_state.offer = offer


def scenario_file() -> str:
    """The scenario on screen as a file, with the offer."""
    return with_offer(state.current().to_json(), offer_tree(current()))


def load(content: bytes) -> Scenario:
    """Take the offer of a file of ours; its scenario is returned. Raises Refusal where the file cannot be used."""
    scenario, offer = opened(read(content))
    if offer != Offer():
        keep(offer)
    return scenario


def profile_file() -> str:
    """What the company says in every offer alike."""
    return json.dumps(offer_tree(current(), PROFILE), indent=1, ensure_ascii=False)
