"""The scenario in the sidebar, the same on every page: case, baseline, levers, marks, file, fingerprint."""

from __future__ import annotations

from functools import partial

import streamlit as st

from i18n import LANGUAGES
from i18n.words import catalogue
from report.text import levers as lever_text
from report.text.plain import as_part, as_plain
from sim.inputs.register import register
from sim.problem import Refusal
from study.own_site import OWN
from study.presets import presets
from ui import form, history, levers, offers, state, variants, works
from ui.file_field import file_field
from ui.levers import Lever
from ui.state import t

SCENARIO_FILE_LIMIT_MB = 30


def draw(on_overview: bool) -> None:
    """The sidebar down to its levers; the overview of a site of one's own has levers of its own."""
    _heading()
    _preset()
    if not (state.is_own() and on_overview):
        form.card("sidebar", columns=1)
        st.markdown(f"**{t('shell.sidebar.levers')}**")
        for lever in levers_of():
            slider(lever)


def draw_rest() -> None:
    """What stands below the levers: once it stands there, drawn after the page, which is waited for."""
    variants.switch()
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(t("shell.sidebar.reset"), on_click=_reset, key="reset", help=t("shell.sidebar.reset_help"))
        _scenario_file()
        works.menu()
    _marks()
    st.markdown(f":small[:gray[{t('shell.sidebar.fingerprint', code=state.current().fingerprint)}]]")
    if history.store() is None:
        st.markdown(f":small[:orange[{t('shell.sidebar.no_store')}]]")


def _heading() -> None:
    languages = [code for code in LANGUAGES if catalogue(code)]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{t('shell.sidebar.scenario')}**")
        if len(languages) > 1:
            form.follow(
                st.segmented_control,
                t("shell.sidebar.language"),
                languages,
                key="language_choice",
                value=state.words().language,
                format_func=lambda code: t(f"shell.language.{code}"),
                required=True,
                label_visibility="collapsed",
                on_change=_choose_language,
            )


def _preset() -> None:
    key = "start_from"
    form.follow(
        st.selectbox,
        t("shell.sidebar.preset"),
        [OWN, *presets()],
        key=key,
        value=state.preset_id(),
        format_func=lambda name: t(f"shell.preset.{name}"),
        on_change=_choose_preset,
        args=(key,),
    )


def levers_of() -> list[Lever]:
    scenario, preset = state.current(), state.origin()
    try:
        price = lever_text.mean_energy_price(state.study())
    except ValueError:
        price = None
    return [levers.lever(path, scenario, preset.scenario, state.words(), price) for path in preset.levers]


def slider(lever: Lever) -> None:
    entry, scenario = register()[lever.path], state.current()
    key = form.key_of(lever.path, "lever")
    is_whole = entry.kind == "integer"
    number = int if is_whole else float
    form.follow(
        st.slider,
        _label(lever),
        number(lever.low),
        number(max(lever.high, lever.low + lever.step)),
        step=number(lever.step),
        format="%d" if is_whole else f"%.{form.decimals(lever.step)}f",
        key=key,
        value=number(lever.shown.number(scenario.get(lever.path))),
        help=form.help_text(entry, scenario),
        on_change=_move,
        args=(lever, key),
    )
    form.problems(key)


def _label(lever: Lever) -> str:
    name = lever_text.label(lever.path, state.words())
    mark = f" {form.DIAMOND}" if lever.path in form.marks() else ""
    return f"{name} ({lever.shown.unit}){mark}" if lever.shown.unit else f"{name}{mark}"


def _marks() -> None:
    scenario, marked = state.current(), form.marks()
    if not marked:
        st.markdown(f":small[:gray[{t('shell.sidebar.no_marks')}]]")
        return
    with st.popover(state.counted("shell.sidebar.marks", len(marked)), type="tertiary", key="marks_list"):
        st.markdown(t("shell.sidebar.marks_help"))
        rows = [entry for path, entry in register().items() if path in marked]
        lines = [
            f"- **{form.name_text(entry)}**: {as_part(form.value_text(entry, scenario))}  \n"
            f"  :small[:gray[{as_part(form.source_text(entry, scenario)) or t('shell.sidebar.no_source')}]]"
            for entry in rows
        ]
        st.markdown("\n".join(lines))


def _scenario_file() -> None:
    with st.popover(t("shell.sidebar.file"), key="scenario_file"):
        st.download_button(
            t("shell.sidebar.save"),
            data=partial(offers.scenario_file, state.on_screen()),
            file_name=f"powerladder-{state.current().fingerprint}.json",
            mime="application/json",
            on_click="ignore",
            key="save_scenario",
        )
        key = f"scenario_upload@{state.revision()}"
        file_field(
            t("shell.sidebar.load"),
            ("json", "pdf", "docx", "xlsx", "zip"),
            SCENARIO_FILE_LIMIT_MB,
            key=key,
            on_change=_load_file,
            args=(key,),
        )


def _load_file(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        found = offers.load(file.getvalue())
    except Refusal as error:
        sentences = "  \n".join(map(state.refused, getattr(error, "problems", (error.problem,))))
        state.replace(state.current())
        state.notify(t("shell.notice.file_refused", name=as_plain(file.name)) + "  \n" + sentences, "error")
        return
    start_from = found.origin if found.origin in (OWN, *presets()) else state.preset_id()
    state.replace(found.scenario, t("shell.notice.file_loaded", name=as_plain(file.name)), start_from)
    works.remember(found)


def _choose_language() -> None:
    state.speak(st.session_state.language_choice)


def _choose_preset(key: str) -> None:
    name = st.session_state[key]
    if name == OWN:
        state.start_own()
    else:
        state.replace(presets()[name].scenario, preset=name)


def _reset() -> None:
    state.replace(state.origin().scenario)


def _move(lever: Lever, key: str) -> None:
    value = lever.inner(st.session_state[key])
    state.change({lever.path: round(value) if register()[lever.path].kind == "integer" else value}, where=key)
