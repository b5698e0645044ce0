"""What a visitor is looking at: one Scenario in the session, its study from bounded caches, its address in the URL.

`ui/main.py` calls `begin()` first and `end()` last in every run. A page that runs alone gets a default scenario.
Widgets follow the scenario and change it only through callbacks, so a loaded scenario is never undone by them.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

import streamlit as st

from i18n import LANGUAGES, Words
from report.text import say
from report.text.currency import words_for
from report.text.plain import as_part
from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.scenario import Scenario
from sim.problem import Problem, Refusal
from study import own_site
from study.own_site import OWN, Start
from study.place import taken, world_of
from study.presets import Preset
from study.study import Study
from ui import kept, url


def begin() -> None:
    """Start of a run: the first one of a session reads the address."""
    if "scenario" not in st.session_state:
        _open(st.query_params.to_dict())


def end() -> None:
    """End of a run: the address follows the scenario; sentences shown once are forgotten."""
    query, is_complete = _address()
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state.is_in_address = is_complete
    st.session_state.notices = []
    st.session_state.problems = {}
    _freeze_imports()


def current() -> Scenario:
    """The scenario on screen."""
    if "scenario" not in st.session_state:
        _open({"preset": url.default_preset().id})
    return st.session_state.scenario


def study() -> Study:
    """The study of the current scenario. A change of prices alone uses the old simulation again."""
    return study_of(current())


def study_of(scenario: Scenario) -> Study:
    """The study of any scenario, from the same bounded shelf. Raises ValueError where it cannot be simulated."""
    return kept.study_of(scenario)


def words() -> Words:
    """Text and number forms of the visitor's language."""
    return words_for(current(), st.session_state.get("language", "en"))


def stop() -> NoReturn:
    """End the page here."""
    raise st.stop()  # which raises itself: Streamlit's own way to end a run


def t(key: str, /, **values: object) -> str:
    """The text of a catalogue key in the visitor's language."""
    return words().t(key, **values)


def counted(key: str, n: int, **values: object) -> str:
    """A text with a number in it: the key's own form for one, `<key>.one`, where n is 1."""
    return t(f"{key}.one" if n == 1 else key, n=n, **values)


def refused(problem: object) -> str:
    """Why something was refused, in the visitor's language."""
    return say.refused(problem, words(), as_part)


def is_dark() -> bool:
    """Whether the visitor sees the dark theme."""
    return st.context.theme.type == "dark"


def main_button() -> Literal["primary", "secondary"]:
    """The type of a page's chief button. Streamlit writes white on the accent, which is too bright for that in the dark
    theme (2.06:1)."""
    return "secondary" if is_dark() else "primary"


def preset_id() -> str:
    """The shipped case the scenario started from, or "own" of a site of one's own."""
    current()
    return st.session_state.preset


def is_own() -> bool:
    """Whether the scenario is a site of one's own, with its answers on the first page."""
    return preset_id() == OWN


def origin() -> Preset:
    """What the scenario started from, worked out once for each scenario."""
    scenario, known = current(), st.session_state.get("origin")
    if known is None or known[0] is not scenario or known[1].id != preset_id():
        st.session_state.origin = known = (scenario, url.origin(preset_id(), scenario))
    return known[1]


def revision() -> int:
    """Part of every widget's key; it rises when a scenario is loaded, so that no widget keeps an older value."""
    return st.session_state.get("revision", 0)


def replace(scenario: Scenario, notice: str | None = None, preset: str | None = None) -> None:
    """Load a whole scenario; `notice` is a sentence shown once, `preset` the case it starts from (else unchanged)."""
    before, name = current(), preset_id()
    st.session_state.scenario = scenario
    st.session_state.revision += 1
    st.session_state.preset = preset or st.session_state.preset
    if scenario != before:
        st.session_state.undone_by = (scenario, before, name)
    st.session_state.problems = {}
    if notice:
        notify(notice)


def start_own() -> None:
    """A site of one's own, with the answers it opens with."""
    replace(own_site.scenario_of(fresh_start()), preset=OWN)


def answer(where: str, **answers: Any) -> None:
    """Give answers of the start card; world and sizes follow. Where one cannot be used, see `problems_of(where)`."""
    try:
        scenario = own_site.moved(current(), **answers)
    except Refusal as error:
        st.session_state.problems[where] = getattr(error, "problems", (error.problem,))
        return
    if "place" in answers:
        replace(scenario)
    else:
        st.session_state.scenario = scenario


def take_world() -> bool:
    """The tariff, prices, CO2 factor, country and clock of the site's place. True where they were taken."""
    scenario = current()
    try:
        replace(taken(scenario, world_of(scenario.site.place, scenario)))
    except InputError as error:
        st.session_state.problems["site.place"] = error.problems
        return False
    return True


def can_undo() -> bool:
    """Whether the scenario on screen has just replaced another."""
    known = st.session_state.get("undone_by")
    return known is not None and known[0] is current()


def undo() -> None:
    """Back to the scenario that was replaced."""
    _, before, name = st.session_state.undone_by
    replace(before, preset=name)


def fresh_start() -> Start:
    """What a site of one's own opens with: next month, in a place of the visitor's time zone."""
    zone = st.context.timezone
    home = next((site.id for site in library.sites().values() if site.timezone == zone), Start().place)
    return Start(home, own_site.next_month())


def change(changes: Mapping[str, Any], where: str = "") -> bool:
    """Change inputs by dotted path. True where the change was taken.

    Where it cannot be used the old scenario stays, and the sentences wait to be shown by `problems_of(where)`, or at
    the page's end where nobody asks; `where` is the first path unless given.
    """
    scenario = current()
    try:
        changed = scenario.with_(changes)
    except InputError as error:
        st.session_state.problems[where or next(iter(changes), "")] = error.problems
        return False
    st.session_state.scenario = url.with_preset_notes(changed, url.origin(preset_id(), changed))
    return True


def take(changes: Mapping[str, Any], notice: str | None = None) -> bool:
    """Change inputs as one step that can be undone; fields are drawn anew, `notice` is shown once."""
    before = current()
    if not change(changes):
        return False
    after = st.session_state.scenario
    replace(after, notice)
    st.session_state.undone_by = (after, before, preset_id())
    return True


def problems_of(where: str) -> tuple[Problem, ...]:
    """The sentences about an entry refused there; taken, so that they are shown in one place."""
    return st.session_state.get("problems", {}).pop(where, ())


def notify(sentence: str, kind: str = "info") -> None:
    """Show a sentence once at the top of the next run; `kind` is "info", "warning" or "error"."""
    current()
    st.session_state.notices.append((kind, sentence))


def take_notices() -> list[tuple[str, str]]:
    """(kind, sentence) of what is to be shown once at the top."""
    current()
    shown, st.session_state.notices = st.session_state.notices, []
    return shown


def _open(query: Mapping[str, str]) -> None:
    opened = url.decode({"lang": _browser_language(), **query}, fresh_start())
    st.session_state.update(
        scenario=opened.scenario,
        preset=opened.preset_id,
        language=opened.language,
        revision=0,
        notices=[],
        problems={},
        is_in_address=True,
    )
    if opened.dropped:
        notify(t("shell.notice.dropped", keys=", ".join(opened.dropped)), "warning")


def _browser_language() -> str:
    """The visitor's own language where it is one of ours, else English."""
    code = (st.context.locale or "").lower()[:2]
    return code if code in LANGUAGES else "en"


def _address() -> tuple[dict[str, str], bool]:
    """(query parameters, whether they give back the whole scenario), worked out once for each scenario."""
    scenario, language = current(), words().language
    known = st.session_state.get("address")
    if known is None or known[0] is not scenario or known[1] != language:
        query = url.encode(scenario, preset_id(), language)
        is_complete = url.fits(scenario, query)
        if not is_complete:
            query = {key: query[key] for key in ("lang", "preset", OWN) if key in query}
        st.session_state.address = known = (scenario, language, query, is_complete)
    return known[2], known[3]


@st.cache_resource(show_spinner=False)
def _freeze_imports() -> None:
    """Streamlit collects garbage around every run; what the imports made need not be looked through (50 ms a run)."""
    gc.collect()
    gc.freeze()
