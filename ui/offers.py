"""The offer in the session: saved with the scenario, outside its fingerprint, and back from any document of ours."""

from __future__ import annotations

import json

import streamlit as st

from report.carry.reading import read
from report.carry.texts import with_offer
from report.paper.offer import PROFILE, Offer
from report.paper.saved import offer_tree, opened
from store.states import State
from study.saved import Saved, as_file, key_figures
from ui import state


def current() -> Offer:
    """What the author has entered so far."""
    return st.session_state.get("offer", Offer())


def keep(offer: Offer) -> None:
    """Keep what stands in the fields of the proposal page, or what a file brought; fields follow a new revision."""
    st.session_state.offer = offer


def scenario_file(shown: State) -> str:
    """What is on screen as a file: inputs, offer, and what is found."""
    try:
        figures = key_figures(state.study_of(shown.scenario))
    except ValueError:  # a site that cannot be calculated is saved as it is
        figures = {}
    return with_offer(as_file(shown.scenario, shown.origin, figures), offer_tree(current()))


def load(content: bytes) -> Saved:
    """Take the offer of a file of ours; what else it holds is returned. Raises Refusal where it cannot be used."""
    found = read(content)
    scenario, offer = opened(found)
    if offer != Offer():
        keep(offer)
    return found.saved or Saved(scenario)


def profile_file() -> str:
    """What the company says in every offer alike."""
    return json.dumps(offer_tree(current(), PROFILE), indent=1, ensure_ascii=False)
