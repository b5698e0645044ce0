"""Projects of the visitor's own: the recent ones, names, notes, kept versions; and what another engine finds now."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from finance.figures import FIGURES, WORTH
from report.text import inputs as register_text
from report.text import say
from report.text.plain import as_part, as_plain
from sim.inputs.base import InputError
from sim.inputs.register import register
from sim.inputs.scenario import ENGINE_VERSION
from store.database import StoreError
from store.store import Store, Version, Work
from store.tables import NAME_LENGTH, NOTE_LENGTH
from study.saved import MARGIN, MovedFigure, Saved, key_figures, moved
from ui import answers, history, state
from ui.state import t

SHOWN, ON_START = 8, 4
KEPT_UNDER = "work."
log = logging.getLogger("powerladder")


def menu() -> None:
    """A button of the sidebar: this project's name, note and versions, and the recent ones."""
    store = history.store()
    if store is None:
        return
    with st.popover(t("work.menu"), key="works"):
        try:
            mine = store.work(history.who(), history.work())
            _name_and_note(mine)
            _versions(store, mine)
            _recent(store, mine)
        except StoreError:
            log.exception("the projects cannot be read")
            st.warning(t("work.failed"))


def go_on() -> None:
    """The recent projects on the start card, one press each."""
    found = [one for one in _recent_works(ON_START + 1) if one.id != history.work()][:ON_START]
    if not found:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f":small[:gray[{t('work.go_on')}]]", width="content")
        for one in found:
            _open_button(one, "go_on")


def _recent_works(most: int) -> tuple[Work, ...]:
    store = history.store()
    try:
        return store.recent(history.who(), most) if store else ()
    except StoreError:
        log.exception("the recent projects cannot be read")
        return ()


def _name_and_note(mine: Work | None) -> None:
    name, note = (KEPT_UNDER + part + "." + history.work() for part in ("name", "note"))
    given = {"on_change": _describe, "args": (name, note)}
    now = ("", "") if mine is None else (mine.name, mine.note)
    st.text_input(t("work.name"), value=now[0], key=name, max_chars=NAME_LENGTH, placeholder=_title(), **given)
    st.text_area(t("work.note"), value=now[1], key=note, max_chars=NOTE_LENGTH, height="content", **given)


def _title() -> str:
    return state.title(state.current())


def _describe(name: str, note: str) -> None:
    def put(store: Store) -> None:
        _begin(store)
        store.describe(history.who(), history.work(), st.session_state[name], st.session_state[note])

    _try(put)


def _begin(store: Store) -> None:
    """A project that nothing was changed in has no entry yet."""
    if store.work(history.who(), history.work()) is None:
        store.begin(history.who(), history.work(), store.pack(state.on_screen()), _title())


def _versions(store: Store, mine: Work | None) -> None:
    kept = store.versions(history.who(), mine.id) if mine else ()
    with st.container(horizontal=True, gap="small"):
        st.button(t("work.keep"), on_click=_keep, key="work.keep", help=t("work.keep_help"))
        st.button(t("work.copy"), on_click=_copy, key="work.copy", help=t("work.copy_help"))
    for one in kept[:SHOWN]:
        label = t("work.version", n=one.n, at=_time(one.at))
        st.button(label, on_click=_restore, args=(one,), key=f"version.{one.id}", type="tertiary")


def _keep() -> None:
    def put(store: Store) -> None:
        _begin(store)
        who, work, shown = history.who(), history.work(), state.on_screen()
        figures = key_figures(state.study())
        n = store.keep_version(who, work, store.pack(shown), "", figures)
        state.notify(t("work.kept", n=n))

    _try(put)


def _copy() -> None:
    def put(store: Store) -> None:
        _begin(store)
        mine = store.work(history.who(), history.work())
        name = t("work.copy_of", name=mine.name or mine.title) if mine else ""
        found = store.duplicate(history.who(), history.work(), name)
        if found:
            st.session_state.work = found
            state.notify(t("work.copied", name=as_plain(name)))

    _try(put)


def _restore(version: Version) -> None:
    def put(store: Store) -> None:
        kept = store.load(version.state)
        if kept is not None:
            state.restore(kept, t("work.restored", n=version.n))
            alternatives = version.figures.get("alternatives", {})
            remember(Saved(kept.scenario, kept.origin, version.engine, figures=alternatives))

    _try(put)


def _recent(store: Store, mine: Work | None) -> None:
    others = [one for one in store.recent(history.who(), SHOWN) if mine is None or one.id != mine.id]
    if others:
        st.markdown(f"**{t('work.recent')}**")
    for one in others:
        _open_button(one, "recent")


def _open_button(one: Work, place: str) -> None:
    label = t("work.entry", name=as_part(one.name or one.title), at=_time(one.at))
    note, key = as_plain(one.note) or None, f"{place}.{one.id}"
    st.button(label, on_click=_open, args=(one,), key=key, type="tertiary", help=note)


def _open(one: Work) -> None:
    def put(store: Store) -> None:
        kept = store.load(one.state)
        if kept is not None:
            state.visit(kept, one.id)

    _try(put)


def _try(work: Callable[[Store], None]) -> None:
    """Do something with the store, or say that it failed."""
    store = history.store()
    try:
        if store is not None:
            work(store)
    except (StoreError, InputError, ValueError):
        log.exception("the store could not do it")
        state.notify(t("work.failed"), "error")


def _time(at_ms: int) -> str:
    """A moment in the visitor's own time."""
    zone: tzinfo = UTC
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ValueError, OSError, KeyError):
        log.info("the zone %s is not known", st.context.timezone)
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")


def remember(saved: Saved) -> None:
    """What a file or a version said, to be set beside what is found now."""
    st.session_state.opened_as = (state.current(), saved)


def then_and_now() -> None:
    """Figures as another engine found them beside those of now, and inputs it did not have."""
    scenario, saved = st.session_state.get("opened_as", (None, None))
    if saved is None or scenario is not state.current() or not saved.is_of_another_engine:
        return
    with st.container(border=True, gap="small", key="then_and_now"):
        engine = saved.engine or t("work.engine_unknown")
        st.markdown(t("work.then", engine=as_part(engine), now=ENGINE_VERSION))
        try:
            rows = moved(saved.figures, state.study())
        except ValueError as error:
            st.markdown(state.refused(error))
            return
        if rows:
            heads = [t(f"work.column.{name}") for name in ("alternative", "figure", "then", "now")]
            table = pd.DataFrame([_in_words(row, scenario.site.currency) for row in rows], columns=heads)
            answers.show_table(table, key="then_now", alt=t("work.then_alt"))
        elif saved.figures:
            st.markdown(t("work.same"))
        if saved.filled:
            names = (register_text.label(register()[path], state.words()) for path in saved.filled)
            with st.expander(state.counted("work.filled", len(saved.filled))):
                st.markdown(say.listed(names, state.words()))


def _in_words(row: MovedFigure, currency: str) -> list[str]:
    """Alternative, figure, as saved, now."""
    words, kind = state.words(), FIGURES[WORTH if row.key == MARGIN else row.key]
    name = t("work.margin") if row.key == MARGIN else say.figure_name(kind, words)
    none = t("answers.kpi.none")
    values = (none if one is None else say.figure(kind, one, words, currency) for one in (row.old, row.new))
    return [say.name(row.alternative, words), name, *values]
