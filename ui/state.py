"""What a visitor is looking at: one Scenario in the session, its study from bounded caches, its address in the URL.

`ui/main.py` calls `begin()` first and `end()` last in every run. A page that runs alone gets a default scenario.
Widgets follow the scenario and change it only through callbacks, so a loaded scenario is never undone by them.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from i18n import LANGUAGES, Words
from report.text import say
from report.text.currency import words_for
from report.text.plain import as_part
from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from sim.problem import Problem, Refusal
from store.states import State
from study import own_site
from study.difference import Change, changes
from study.own_site import OWN, Start
from study.place import taken, world_of
from study.presets import Preset
from study.study import Study
from ui import history, kept, url

SAME_ACT_S = 2.0
WORDS = "words_of_the_run"


@dataclass(frozen=True)
class Act:
    """The last act: what was on screen before it and is now, in which study, what was changed, and when (s)."""

    before: State
    after: State
    work: str
    changes: tuple[Change, ...]
    at: float


def begin() -> None:
    """Start of a run. The session's own scenario goes before the address, which may be one run behind, but in its first
    run and where the browser's Back or Forward asks."""
    _forget_words()
    query, st.session_state.is_answered = st.query_params.to_dict(), False
    if "scenario" not in st.session_state or (history.is_back_or_forward() and query != st.session_state.get("shown")):
        _open(query)


def end() -> None:
    """End of a run: the address names what is on screen; sentences shown once are forgotten."""
    _arrive()
    st.session_state.notices = []
    st.session_state.problems = {}
    st.session_state.drawn = st.session_state.get("part")
    _freeze_imports()


def _arrive() -> None:
    """The run has drawn what there is to draw."""
    st.session_state.has_arrived = True
    if st.session_state.pop("is_late", False):
        st.rerun()  # what stands above the widget that was moved was made before the move
    _mend_address()


def _mend_address() -> None:
    """Where it cannot be used, names another language, or was lost on the way from page to page."""
    shown, language = st.session_state.get("shown"), words().language
    if shown is None:
        shown, st.session_state.is_in_address = history.address(on_screen(), language)
    elif shown.get("lang", _browser_language()) != language:
        shown = {**shown, "lang": language}
    _go_to(shown)


def _go_to(address: Mapping[str, str]) -> None:
    address = history.with_variants(address, {letter: kept for letter, (_, kept) in variants().items()})
    st.session_state.shown = address
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def is_arriving() -> bool:
    """Whether no run of the session has come to its end yet. A page that was open before a restart, or a long cut,
    sends its first change into such a run, without the callback. Where that is Back or Forward, the page shows what is
    left, not what was changed."""
    return not st.session_state.get("has_arrived", False) and not history.is_back_or_forward()


def late() -> None:
    """To be told where a widget came with a change in flight: the page is drawn once more."""
    st.session_state.is_late = True


def is_drawn_first() -> bool:
    """Whether the run before, where it came to its end, was of another page."""
    return st.session_state.get("drawn") is None or st.session_state.drawn != st.session_state.get("part")


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
    """Text and number forms of the visitor's language. Asked for a thousand times a run, hence kept with it."""
    run = get_script_run_ctx(suppress_warning=True)
    found = getattr(run, WORDS, None)
    if found is None:
        found = words_for(current(), st.session_state.get("language", "en"))
        if run is not None:
            setattr(run, WORDS, found)
    return found


def speak(language: str) -> None:
    """The visitor chooses a language."""
    st.session_state.language = language
    _forget_words()


def _forget_words() -> None:
    """Scenario or language may have changed."""
    run = get_script_run_ctx(suppress_warning=True)
    if run is not None:
        setattr(run, WORDS, None)


def stop() -> NoReturn:
    """End the page here."""
    _arrive()
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
    if preset:
        st.session_state.work = ""  # another study
    restore(State(scenario, preset or preset_id()), notice)


def reader() -> str | None:
    """For whom a link that only shows was given, "" where nobody is named; None where the visitor may change inputs."""
    return st.session_state.get("reader")


def variants() -> dict[str, tuple[State, str]]:
    """{letter: a state kept to compare with, and its id in the store, "" where it is in this session alone}."""
    return st.session_state.get("variants", {})


def set_variants(found: dict[str, tuple[State, str]]) -> None:
    """Other variants, which the address names."""
    st.session_state.variants = found
    shown = st.session_state.get("shown")
    if shown is not None:
        _go_to(shown)


def visit(state: State, work: str, notice: str | None = None) -> None:
    """Show a study where it was left. That changes none of its inputs, so it is no step of it."""
    st.session_state.update(scenario=state.scenario, preset=state.origin, work=work, step=None)
    address, st.session_state.is_in_address = history.address(state, words().language)
    _drawn_anew(notice)
    _go_to(address)


def restore(state: State, notice: str | None = None) -> None:
    """Show another state of the study on screen; that is a step of it."""
    _show(state)
    _drawn_anew(notice)


def _drawn_anew(notice: str | None = None) -> None:
    """Tables and uploads forget what was entered; `notice` is shown once."""
    st.session_state.revision += 1
    st.session_state.problems = {}
    if notice:
        notify(notice)


def on_screen() -> State:
    """The scenario on screen and what it started from."""
    return State(current(), preset_id())


def _show(after: State, goes_on: bool = False) -> None:
    """Every change of what is on screen goes through here: it is kept and has its address before it is drawn. A run
    that the next change cuts short would lose an address that is set at its end. `goes_on`: it may be part of the act
    before, as the keys that turn a lever are."""
    if reader() is not None:
        return
    before, work, last = on_screen(), st.session_state.get("work", ""), last_step()
    st.session_state.update(scenario=after.scenario, preset=after.origin)
    _forget_words()
    if before == after:
        return
    found = changes(before.scenario, after.scenario)
    shown = st.session_state.get("shown")
    address, is_whole = history.step(before, shown, after, found, words().language, title(after.scenario))
    step = Act(before, after, work, found, time.monotonic())
    st.session_state.update(step=_goes_on(last, step) if goes_on else step, is_in_address=is_whole)
    _go_to(address)


def _goes_on(last: Act | None, step: Act) -> Act:
    """One act from its beginning: a lever that is turned by the keyboard sends several changes of one input."""
    is_same = last is not None and [c.path for c in last.changes] == [c.path for c in step.changes]
    if last is None or not is_same or step.at - last.at > SAME_ACT_S:
        return step
    whole = changes(last.before.scenario, step.after.scenario)
    return replace_fields(step, before=last.before, changes=whole) if whole else step


def title(scenario: Scenario) -> str:
    """What a study is called that nobody has named: its project and size."""
    power = say.power(peak_kw(scenario.load), words())
    return t("shell.work.title", project=say.project(scenario, words()), power=power)


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
        _show(State(scenario, preset_id()))


def take_world() -> bool:
    """The tariff, prices, CO2 factor, country and clock of the site's place. True where they were taken."""
    scenario = current()
    try:
        replace(taken(scenario, world_of(scenario.site.place, scenario)))
    except InputError as error:
        st.session_state.problems["site.place"] = error.problems
        return False
    return True


def last_step() -> Act | None:
    """The change that led to what is on screen."""
    step = st.session_state.get("step")
    return step if step is not None and step.after.scenario is current() else None


def undo() -> None:
    """Back to what was on screen before the last change; that is a step too."""
    step = last_step()
    if step is None:
        return
    st.session_state.work = step.work
    restore(step.before)


def fresh_start() -> Start:
    """What a site of one's own opens with: next month, in a place of the visitor's time zone."""
    zone = st.context.timezone
    home = next((site.id for site in library.sites().values() if site.timezone == zone), Start().place)
    return Start(home, own_site.next_month())


def change(inputs: Mapping[str, Any], where: str = "") -> bool:
    """Change inputs by dotted path. True where the change was taken.

    Where it cannot be used the old scenario stays, and the sentences wait to be shown by `problems_of(where)`, or at
    the page's end where nobody asks; `where` is the first path unless given.
    """
    scenario = current()
    try:
        changed = scenario.with_(inputs)
    except InputError as error:
        st.session_state.problems[where or next(iter(inputs), "")] = error.problems
        return False
    _show(State(url.with_preset_notes(changed, url.origin(preset_id(), changed)), preset_id()), goes_on=True)
    return True


def take(inputs: Mapping[str, Any], notice: str | None = None) -> bool:
    """Change inputs; fields are drawn anew, `notice` is shown once."""
    if not change(inputs):
        return False
    replace(current(), notice)
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
    """Show what an address names; one that cannot be used in full is mended at the run's end."""
    shared = history.shared(query)
    state = shared[0] if shared else history.found(query)
    own_keys = (history.KEPT, history.VARIANTS, history.READ)
    readable = {key: value for key, value in query.items() if key not in own_keys}
    opened = url.decode({"lang": _browser_language(), **readable}, fresh_start())
    is_lost = state is None and (history.KEPT in query or history.READ in query)
    if state is not None:
        opened = replace_fields(opened, scenario=state.scenario, preset_id=state.origin)
    st.session_state.update(
        scenario=opened.scenario,
        preset=opened.preset_id,
        language=opened.language,
        revision=revision() + 1 if "revision" in st.session_state else 0,
        notices=[],
        problems={},
        is_in_address=True,
        shown=None if is_lost or opened.dropped else dict(query),
        step=None,
        variants=history.variants(query),
        reader=shared[1] if shared else None,
    )
    _forget_words()
    if is_lost:
        day = history.ended(query)
        notify(t("present.ended", day=day) if day else t("shell.notice.not_kept_here"), "warning")
    if opened.dropped:
        notify(t("shell.notice.dropped", keys=", ".join(opened.dropped)), "warning")


def _browser_language() -> str:
    """The visitor's own language where it is one of ours, else English."""
    code = (st.context.locale or "").lower()[:2]
    return code if code in LANGUAGES else "en"


@st.cache_resource(show_spinner=False)
def _freeze_imports() -> None:
    """Streamlit collects garbage around every run; what the imports made need not be looked through (50 ms a run)."""
    gc.collect()
    gc.freeze()
