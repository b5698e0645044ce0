"""What every upload shows: its findings, its guesses until they are confirmed, and the question nobody else can answer.

Widgets of an upload belong to the file by its bytes (`token_of`): nothing chosen for one file reaches the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import streamlit as st

from report.text.plain import as_part
from sim.inputs import library
from sim.meter.findings import MeterFinding, MeterQuestion
from sim.sun.year import WeatherFinding
from ui import state
from ui.state import t

BADGES = {"note": ("gray", "•"), "repaired": ("orange", "◆"), "warning": ("red", "▲"), "question": ("violet", "?")}
ANSWERS_SHOWN = 6


def token_of(data: bytes) -> str:
    """The part of a widget's key that says which file it belongs to."""
    return hashlib.sha256(data).hexdigest()


def site_offset_h() -> float:
    """Standard time of the site ahead of UTC."""
    return library.sites()[state.current().site.place].utc_offset_h


def ask(
    question: MeterQuestion,
    key: str,
    label: str,
    answer: Callable[[], None],
    said: Callable[[str], str] = str,
) -> None:
    """A question only the visitor can answer, in its colour, with likely answers below, each as `said` says it."""
    colour, sign = BADGES["question"]
    st.markdown(f":{colour}[{sign} **{t('inputs.meter.asked')}** {state.refused(question)}]")
    options = question.options[:ANSWERS_SHOWN]
    st.segmented_control(
        label, options, key=key, on_change=answer, format_func=lambda option: as_part(said(option)), wrap=True
    )


def questions(findings: Sequence[MeterFinding], token: str) -> bool:
    """Each guess in its colour with a box to confirm it; whether one is still open."""
    open_ones = 0
    for found in findings:
        if found.severity != "question":
            continue
        told = hashlib.sha256(str(found.text).encode()).hexdigest()
        key = f"upload_sure.{found.code}.{told}@{token}"
        is_sure = st.session_state.get(key, False)
        colour, sign = ("gray", "✓") if is_sure else BADGES["question"]
        head = t("inputs.meter.confirmed" if is_sure else "inputs.meter.question")
        line, box = st.columns([5, 1], vertical_alignment="center")
        line.markdown(f":{colour}[{sign} **{head}** {state.refused(found.text)}]")
        box.checkbox(t("inputs.meter.confirm"), key=key)
        open_ones += not is_sure
    return open_ones > 0


def show(findings: Sequence[MeterFinding | WeatherFinding]) -> None:
    """Everything found in a file but the guesses, worst first."""
    order = list(BADGES)[::-1]
    said = [found for found in findings if found.severity != "question"]
    for found in sorted(said, key=lambda finding: order.index(finding.severity)):
        colour, sign = BADGES[found.severity]
        st.markdown(f":{colour}[{sign} {t(f'inputs.meter.{found.severity}')}] {state.refused(found.text)}")
