"""The address of what is on screen: a state kept in the store under `?s=`, or, without a store, written out.

Streamlit pushes an entry of the browser's history for each address that is set, so one change is one step of Back, and
Forward does it again. The rest is in `ui/state.py`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from sim.inputs.base import InputError
from store.database import StoreError, new_id, now
from store.states import State
from store.store import Store, end_of, usual
from study.difference import Change
from study.own_site import OWN
from study.presets import presets
from ui import url

KEPT, VARIANTS, READ = "s", "v", "r"  # keys of an address
LETTERS = ("A", "B", "C", "D")
COOKIE, LONGEST_NAME = "powerladder", 64
DAY_MS = 24 * 3600 * 1000
log = logging.getLogger("powerladder")


def is_back_or_forward() -> bool:
    """Whether the browser's Back or Forward asked for this run. Internal to Streamlit; a browser test guards it."""
    return bool(getattr(get_script_run_ctx(), "is_history_navigation", False))


@st.cache_resource(show_spinner=False)
def store() -> Store | None:
    """The one of this server; None where nothing can be kept."""
    try:
        return usual()
    except StoreError:
        log.exception("nothing can be kept")
        return None


def who() -> str:
    """The browser by its cookie; one without is known for this session only."""
    if "who" not in st.session_state:
        cookie = st.context.cookies.get(COOKIE)
        is_named = isinstance(cookie, str) and 0 < len(cookie) <= LONGEST_NAME
        st.session_state.who = cookie if is_named else f"session-{secrets.token_urlsafe(16)}"
    return st.session_state.who


def work() -> str:
    """The study that changes are kept in."""
    if not st.session_state.get("work"):
        st.session_state.work = new_id()
    return st.session_state.work


def read_only(state: State, client: str, language: str, days: int) -> str | None:
    """The query of a link that only shows a state, for so many days (0: without an end); None where it could not be
    kept."""
    kept_by = store()
    try:
        token = (
            None
            if kept_by is None
            else kept_by.share(kept_by.pack(state), client, now() + days * DAY_MS if days else None)
        )
    except StoreError:
        log.exception("a link could not be given")
        return None
    return token and f"lang={language}&{READ}={token}"


def shared(query: Mapping[str, str]) -> tuple[State, str] | None:
    """What a link that only shows names, and for whom."""
    kept_by, token = store(), query.get(READ, "")
    try:
        return kept_by.shared(token) if kept_by is not None and token else None
    except (StoreError, InputError):
        log.exception("a link cannot be read")
        return None


def ended(query: Mapping[str, str]) -> str | None:
    """The day on which the link that only shows came to its end; None where it has not."""
    end = end_of(query.get(READ, ""))
    return date_of(end) if end is not None and end <= now() else None


def date_of(moment: int) -> str:
    """The day of a moment of the store, as 2027-03-01."""
    return datetime.fromtimestamp(moment / 1000, UTC).date().isoformat()


def variants(query: Mapping[str, str]) -> dict[str, tuple[State, str]]:
    """{letter: a state that an address names as a variant, and its id}, without those that are not kept here."""
    kept_by, named = store(), query.get(VARIANTS, "").split(".")
    if kept_by is None:
        return {}
    found = {}
    for letter, state_id in zip(LETTERS, named, strict=False):
        try:
            state = kept_by.load(state_id) if state_id else None
        except (StoreError, InputError):
            log.exception("variant %s cannot be read", state_id)
            continue
        if state is not None:
            found[letter] = (state, state_id)
    return found


def with_variants(address: Mapping[str, str], ids: Mapping[str, str]) -> dict[str, str]:
    """An address that names variants too, by the letters of `ids`."""
    plain = {key: value for key, value in address.items() if key != VARIANTS}
    named = ".".join(ids.get(letter, "") for letter in LETTERS).rstrip(".")
    return {**plain, VARIANTS: named} if named else plain


def found(query: Mapping[str, str]) -> State | None:
    """The state an address names in the store; None where it names none, or one that is not there."""
    kept_by, state_id = store(), query.get(KEPT, "")
    if kept_by is None or not state_id:
        return None
    try:
        state = kept_by.load(state_id)
    except (StoreError, InputError):
        log.exception("state %s cannot be read", state_id)
        return None
    if state is None:
        return None
    known = state if state.origin in (OWN, *presets()) else State(state.scenario, url.default_preset().id)
    st.session_state.work = _work_of(kept_by, state_id)
    return known


def _work_of(kept_by: Store, state_id: str) -> str:
    try:
        return kept_by.work_of(who(), state_id) or ""
    except StoreError:
        return ""


def address(state: State, language: str) -> tuple[dict[str, str], bool]:
    """(query parameters, whether they give back the whole state) of a state as such, without a step to it."""
    kept_at = None if _by_name(state, language) else kept(state)
    return _named(state, language, kept_at)


def step(
    before: State, shown: Mapping[str, str] | None, after: State, changes: Sequence[Change], language: str, title: str
) -> tuple[dict[str, str], bool]:
    """Keep a change of the state that stands at the address `shown`; the address of the state after it, as `address`
    has it."""
    from_id = (shown or {}).get(KEPT) or kept(before)
    kept_by = store()
    if kept_by is None or from_id is None:
        return _named(after, language, None)
    try:
        packed = kept_by.pack(after)
        kept_by.take_step(who(), work(), from_id, packed, changes, title)
    except StoreError:
        log.exception("a change could not be kept")
        return _named(after, language, None)
    return _named(after, language, packed.id)


def _named(state: State, language: str, kept_at: str | None) -> tuple[dict[str, str], bool]:
    by_name = _by_name(state, language)
    if by_name:
        return by_name, True
    return ({"lang": language, KEPT: kept_at}, True) if kept_at else _written(state, language)


def _by_name(state: State, language: str) -> dict[str, str] | None:
    """A shipped case as it is shipped has an address that can be read."""
    preset = presets().get(state.origin)
    is_plain = preset is not None and preset.scenario == state.scenario
    return {"lang": language, "preset": state.origin} if is_plain else None


def kept(state: State) -> str | None:
    """The id of a state that is now kept; None where it could not be."""
    kept_by = store()
    if kept_by is None:
        return None
    try:
        packed = kept_by.pack(state)
        kept_by.keep(packed)
    except StoreError:
        log.exception("a state could not be kept")
        return None
    return packed.id


def _written(state: State, language: str) -> tuple[dict[str, str], bool]:
    """What fits into the address; where that is not all, what it started from."""
    query = url.encode(state.scenario, state.origin, language)
    if url.fits(state.scenario, query):
        return query, True
    return {key: query[key] for key in ("lang", "preset", OWN) if key in query}, False
