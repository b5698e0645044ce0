"""What the last change did: inputs and margin before and after, and whether the best is still the best."""

from __future__ import annotations

from typing import Any

import streamlit as st

from report.screen import former as former_marks
from report.text import inputs as register_text
from report.text import say
from report.text.plain import as_part
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from study.decision import decision
from study.difference import BILLS, TARIFF, Change
from study.study import Study
from ui import form, one_step, state
from ui.state import t

SHOWN, LONGEST = 2, 40


def draw() -> None:
    """The strip under the bar: the last change; before the first, that each is kept. It stands there all the time, so
    that nothing moves."""
    step = state.last_step()
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="changed"):
        said = " · ".join([*_inputs(step), *_answer()]) if step else f":gray[{t('changed.none')}]"
        st.markdown(f":small[{said}]", width="content")
        st.button(t("shell.undo"), on_click=state.undo, key="undo", type="tertiary", disabled=step is None)
        one_step.draw()


def former() -> Study | None:
    """The study of what was on screen before the last change, in the money of now; None where there is none such."""
    step = state.last_step()
    if step is None or step.before.scenario.site.currency != state.current().site.currency:
        return None
    try:
        return state.study_of(step.before.scenario)
    except ValueError:  # what was there before could not be calculated
        return None


def on_stack(figure: dict[str, Any], study: Study, was: Study | None) -> dict[str, Any]:
    """The cost stack, with what it was."""
    return former_marks.on_stack(figure, study, was, state.words(), state.is_dark()) if was else figure


def on_lines(figure: dict[str, Any], study: Study, was: Study | None) -> dict[str, Any]:
    """The running spending, with what it was."""
    return former_marks.on_lines(figure, study, was, state.words(), state.is_dark()) if was else figure


def _inputs(step: state.Act) -> list[str]:
    shown = [_input(change, step.before.scenario, step.after.scenario) for change in step.changes[:SHOWN]]
    left = len(step.changes) - len(shown)
    return [*shown, state.counted("changed.more", left)] if left else shown


def _input(change: Change, before: Scenario, after: Scenario) -> str:
    if change.path == TARIFF:
        values = [say.own_name(one.tariff, state.words()) for one in (before, after)]
        return _said(t("shell.nav.tariff"), *values)
    if change.path == BILLS:
        return _said(t("shell.nav.bills"), *(str(len(one.bills)) for one in (before, after)))
    entry = register()[change.path]
    if change.path == "site.place":
        values = [form.place_text(one.site.place) for one in (before, after)]
    else:
        values = [register_text.value(entry, one, state.words()) for one in (before, after)]
    return _said(form.name_text(entry), *values)


def _said(name: str, old: str, new: str) -> str:
    if old == new:
        return t("changed.other_input", name=name)
    return t("changed.input", name=name, old=_short(old), new=_short(new))


def _short(text: str) -> str:
    return as_part(text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…")


def _answer() -> list[str]:
    """Margin and best, before and after."""
    was = former()
    if was is None:
        return []
    try:
        now = state.study()
    except ValueError:  # the page says why
        return []
    return [_margin(was, now), _best(was, now)]


def _margin(was: Study, now: Study) -> str:
    words, currency = state.words(), now.scenario.site.currency
    rivals = [decision(study).rival for study in (was, now)]
    margins = [decision(study).margin for study in (was, now)]
    old, new = (say.signed(words.money(margin, currency), margin) for margin in margins)
    names = {"rival": say.name(rivals[1], words), "was": say.name(rivals[0], words)}
    kind = "margin_same" if old == new else "margin" if rivals[0] == rivals[1] else "margin_rival"
    return t(f"changed.{kind}", old=old, new=new, **names)


def _best(was: Study, now: Study) -> str:
    words, best = state.words(), [decision(study).best for study in (was, now)]
    if best[0] == best[1]:
        return t("changed.best_same", best=say.name(best[1], words, first=True))
    return t("changed.best", best=say.name(best[1], words, first=True), was=say.name(best[0], words))
