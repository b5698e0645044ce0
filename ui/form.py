"""Input fields made from the parameter register: label, unit, limits, help and source come from the one definition.

A widget shows the scenario's value and hands a changed one to `state.change`; a refused entry is told beside the field
and the field goes back to the old value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from i18n.numbers import plain
from report.text import inputs as register_text
from report.text import say
from report.text.inputs import DIAMOND
from report.text.plain import as_part
from sim.inputs import library
from sim.inputs.register import Input, on_card, register, unverified
from sim.inputs.scenario import Scenario
from sim.problem import Problem
from ui import state
from ui.state import t

SOURCE_SHOWN = 90
FEW_CHOICES = 4
NARROWEST_PX = 205


def card(name: str, *, columns: int, starts: dict[str, float] | None = None, all_open: bool = False) -> None:
    """The inputs of a card side by side: the everyday ones of those that matter in the scenario, or all of these where
    the card has none. The rest stands behind a line that counts it and what of it was changed.

    starts: what an empty value begins with, by path. all_open: none goes behind the line.
    """
    paths = [path for path in on_card(name) if register()[path].kind != "other"]
    shown = paths if all_open else _shown_at_once(paths)
    _draw(shown, columns, starts or {})
    hidden = [path for path in paths if path not in shown]
    if hidden:
        with st.expander(_hidden_text(hidden), key=f"more.{name}"):
            _draw(hidden, columns, starts or {})


def matters(name: str) -> bool:
    """Whether any input of the card plays a part in the scenario."""
    return any(register()[path].when(state.current()) for path in on_card(name))


def _shown_at_once(paths: list[str]) -> list[str]:
    scenario, entries = state.current(), register()
    used = [path for path in paths if entries[path].when(scenario)]
    everyday = [path for path in used if entries[path].everyday]
    return everyday if any(entries[path].everyday for path in paths) else used


def _hidden_text(paths: list[str]) -> str:
    """How many there are, and how many of them differ from what the scenario started from."""
    scenario, start = state.current(), state.origin().scenario
    is_idle = not any(register()[path].when(scenario) for path in paths)
    text = state.counted("inputs.idle" if is_idle else "inputs.more", len(paths))
    changed = sum(scenario.get(path) != start.get(path) for path in paths)
    return f"{text} · {state.counted('inputs.more_changed', changed)}" if changed else text


def _draw(paths: Sequence[str], columns: int, starts: dict[str, float]) -> None:
    grid = st.grid(columns, min_column_width=NARROWEST_PX)
    for path in paths:
        with grid.container(gap="xxsmall"):
            field(path, start=starts.get(path))


def field(path: str, *, start: float | None = None, with_source: bool = True, place: str = "page") -> None:
    """One input: widget, source line, and what was wrong with the last entry. `start` fills an empty optional value;
    without the line the help still has the source. `place` tells it from the same input elsewhere on the screen."""
    entry, scenario = register()[path], state.current()
    if entry.optional and entry.kind != "other":
        _optional(entry, scenario, start, place)
    else:
        _widget(entry, scenario, place)
    note = source_note(entry, scenario) if with_source else ""
    if note:
        st.markdown(f":small[:gray[{note}]]")
    problems(path)


def problems(where: str) -> None:
    """The sentences about an entry refused there, in place."""
    for sentence in state.problems_of(where):
        st.error(state.refused(sentence))


def label_text(entry: Input, scenario: Scenario) -> str:
    """Label, unit and the mark of an unverified default: "Diesel price, CNY/L ◇"."""
    unit = unit_text(entry, scenario)
    text = name_text(entry) + (f", {unit}" if unit else "")
    return f"{text} {DIAMOND}" if entry.path in marks() else text


def name_text(entry: Input) -> str:
    return register_text.label(entry, state.words())


def unit_text(entry: Input, scenario: Scenario) -> str:
    """The unit as shown: fractions in percent, money with the scenario's currency."""
    return register_text.unit(entry, scenario, state.words())


def marks() -> frozenset[str]:
    """Paths of the inputs in use that rest on an unverified default."""
    scenario = state.current()
    known = st.session_state.get("marks")
    if known is None or known[0] is not scenario:
        st.session_state.marks = known = (scenario, frozenset(unverified(scenario)))
    return known[1]


def scale(entry: Input) -> float:
    """What an inner value is multiplied by to be shown."""
    return register_text.scale(entry)


def to_shown(entry: Input, value: float) -> float:
    return value if entry.kind == "integer" else _clean(value * scale(entry))


def to_inner(entry: Input, shown: float) -> float:
    return _clean(shown / scale(entry))


def value_text(entry: Input, scenario: Scenario) -> str:
    """An input's value as a reader sees it, with its unit."""
    return register_text.value(entry, scenario, state.words())


def choice_text(path: str, value: object) -> str:
    return state.words().lookup(f"inputs.choice.{path}.{value}") or str(value)


def source_text(entry: Input, scenario: Scenario) -> str:
    """Where the value in use comes from; empty where it is the user's own choice."""
    return register_text.source(entry, scenario, state.words())


def confidence_text(entry: Input, scenario: Scenario) -> str:
    """How sure the value in use is: of its source, or the user's own choice."""
    return register_text.confidence(entry, scenario, state.words(), marks())


def source_note(entry: Input, scenario: Scenario) -> str:
    """The grey line below a field; long sources are cut, the help has them whole."""
    source = source_text(entry, scenario)
    short = as_part(source if len(source) <= SOURCE_SHOWN else source[: SOURCE_SHOWN - 1].rstrip() + "…")
    if entry.path in marks():
        return t("inputs.unverified", source=short) if short else t("inputs.unverified_bare")
    return t("inputs.source", source=short) if short else ""


def help_text(entry: Input, scenario: Scenario) -> str:
    """What the input is, its range and its source."""
    text = state.words().lookup(f"input.{entry.path}.help") or entry.help_text
    unit = unit_text(entry, scenario)
    if entry.low is not None and entry.high is not None:
        low, high = (plain(value * scale(entry)) for value in (entry.low, entry.high))
        text += "  \n" + t("inputs.range", low=low, high=high, unit=unit)
    source = source_text(entry, scenario)
    return text + ("  \n" + t("inputs.source", source=as_part(source)) if source else "")


def key_of(path: str, place: str = "page") -> str:
    """A widget's key, the same as long as the project lives: what a page sends after a restart of the server is still
    understood."""
    return f"{place}.{path}"


def follow(
    widget: Callable[..., Any],
    label: str,
    *said: Any,
    key: str,
    value: Any,
    on_change: Callable[..., Any],
    args: tuple[Any, ...] = (),
    **call: Any,
) -> Any:
    """A widget that shows `value`, however it was set before, and the same one all the time.

    In a session's first run it may come with a change that was made on the page before the session was lost. That is
    told by what it gives back, since no callback runs then.
    """
    call |= {"key": key, "on_change": on_change, "args": args}
    is_beyond = "min_value" in call and not call["min_value"] <= value <= call.get("max_value", value)
    if not state.is_arriving() or key in st.session_state or is_beyond:
        seed(key, value)
        return widget(label, *said, **call)
    given: dict[str, Any] = {"value": value}
    if widget is st.selectbox:
        given = {"index": list(said[0]).index(value)}
    elif widget is st.segmented_control:
        given = {"default": value}
    entered = widget(label, *said, **call, **given)
    if entered != value:
        state.late()
        on_change(*args)
    return entered


def seed(key: str, value: Any) -> None:
    """Let a widget show this value, however it was set before."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def _widget(entry: Input, scenario: Scenario, place: str) -> None:
    key, label, tip = key_of(entry.path, place), label_text(entry, scenario), help_text(entry, scenario)
    value = scenario.get(entry.path)
    call: dict[str, Any] = {"key": key, "help": tip, "on_change": take, "args": (entry.path, key)}
    if entry.path == "site.place":
        _choice(label, tuple(library.sites()), value, place_text, call)
    elif entry.path == "site.country":
        known = dict.fromkeys((*library.countries(), value))
        _choice(label, tuple(known), value, lambda code: say.country(code, state.words()), call)
    elif entry.kind in ("number", "integer"):
        _number(entry, label, value, call)
    elif entry.kind == "choice":
        _choice(label, entry.choices, value, lambda choice: choice_text(entry.path, choice), call)
    elif entry.kind == "switch":
        follow(st.toggle, label, value=value, **call)
    else:
        follow(st.text_input, label, value=value, **call)


def _number(entry: Input, label: str, value: float, call: dict[str, Any]) -> None:
    shown, is_whole = to_shown(entry, value), entry.kind == "integer"
    number_format = None if is_whole else _format(shown)
    follow(st.number_input, label, value=shown, step=1 if is_whole else _step(shown), format=number_format, **call)


def _choice(label: str, options: Sequence[Any], value: Any, text: Callable[[Any], str], call: dict[str, Any]) -> None:
    if len(options) <= FEW_CHOICES:
        follow(st.segmented_control, label, options, value=value, format_func=text, required=True, wrap=True, **call)
    else:
        follow(st.selectbox, label, options, value=value, format_func=text, **call)


def _optional(entry: Input, scenario: Scenario, start: float | None, place: str) -> None:
    value, key = scenario.get(entry.path), key_of(entry.path, f"given.{place}".removesuffix(".page"))
    follow(
        st.toggle,
        label_text(entry, scenario),
        key=key,
        value=value is not None,
        help=help_text(entry, scenario),
        on_change=_switch_optional,
        args=(entry.path, key, entry.minimum if start is None else start),
    )
    if value is not None:
        own = key_of(entry.path, place)
        call = {"key": own, "label_visibility": "collapsed", "on_change": take, "args": (entry.path, own)}
        _number(entry, label_text(entry, scenario), value, call)


def place_text(place: str) -> str:
    """A place's name, province and country, in the visitor's language: it is found by each of them."""
    site, words = library.sites()[place], state.words()
    name, country = say.own_name(site, words), say.country(site.country, words)
    province = site.province_zh if words.language == "zh" else site.province_en
    parts = dict.fromkeys(part for part in (province, country) if part not in name)
    return t("start.place.named", name=name, of=t("start.place.comma").join(parts)) if parts else name


def _switch_optional(path: str, key: str, start: float) -> None:
    state.change({path: start if st.session_state[key] else None})


def take(path: str, key: str) -> None:
    """Callback of a field: hand the entry to the scenario, or say why not."""
    entry, entered = register()[path], st.session_state[key]
    if entered is None:
        return
    if entry.kind in ("number", "integer"):
        beyond = _beyond_limits(entry, float(entered))
        if beyond:
            st.session_state.problems[path] = (beyond,)
            return
    value = to_inner(entry, entered) if entry.kind == "number" else entered
    if path == "site.place" and state.is_own():
        state.answer(path, place=value)
        return
    if not state.change({path: value}):
        found = st.session_state.problems[path]
        st.session_state.problems[path] = tuple(_by_label(entry, problem) for problem in found)


def _by_label(entry: Input, problem: Problem) -> Problem:
    """The field's label alone at the head of a sentence about it, its section, or the scenario as a whole."""
    at = problem.values.get("path")
    if at not in (entry.path, entry.section, None):
        return problem
    return Problem("{path}: {reason}", path=name_text(entry), reason=problem.values.get("reason", problem))


def _beyond_limits(entry: Input, shown: float) -> str:
    """Why a number is out of range, in the field's own unit; empty where it is not."""
    low, high = (None if limit is None else limit * scale(entry) for limit in (entry.minimum, entry.maximum))
    if (low is None or shown >= low) and (high is None or shown <= high) and math.isfinite(shown):
        return ""
    unit = unit_text(entry, state.current())
    given = plain(shown, decimals(shown)) if math.isfinite(shown) else str(shown)
    limits = {
        name: "" if limit is None else plain(limit, decimals(limit)) for name, limit in (("low", low), ("high", high))
    }
    kind = "between" if low is not None and high is not None else "least" if low is not None else "most"
    return t(f"inputs.beyond.{kind}", name=name_text(entry), given=given, unit=unit, **limits)


def _clean(value: float) -> float:
    """Without the dust of a multiplication: 0.35000000000000003 -> 0.35."""
    return float(f"{value:.12g}")


def _step(shown: float) -> float:
    """About a twentieth of the value, as 1, 2 or 5 of some power of ten."""
    return nice_step(abs(shown) / 20) if shown else 1.0


def nice_step(size: float) -> float:
    """The greatest of 1, 2, 5 times a power of ten that is not above `size` (at least 1e-6)."""
    size = max(size, 1e-6)
    power = 10.0 ** math.floor(math.log10(size) + 1e-9)
    return _clean(next(m for m in (5, 2, 1) if m * power <= size * (1 + 1e-9)) * power)


def decimals(value: float) -> int:
    """Digits after the point that are needed, at most 6."""
    text = f"{value:.6f}".rstrip("0")
    return len(text.partition(".")[2])


def _format(shown: float) -> str:
    return f"%.{max(decimals(shown), decimals(_step(shown)))}f"
