"""Presentation: the answer, three pictures and five levers for a client, and a link that only shows."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from report import sentences, views
from report.screen import charts
from report.screen import cost as charts_cost
from report.screen import operation as charts_operation
from report.text import levers as lever_text
from report.text import say
from report.text.plain import as_part
from sim.inputs.register import unverified
from store.tables import NAME_LENGTH
from study import answer
from study.alerts import alerts
from study.study import Study
from ui import answers, changed, history, sidebar, state
from ui.figures import card, chart
from ui.state import t

SCRIPT = Path(__file__).resolve().parent.parent / "assets" / "full_screen.js"
LEVERS, CHART_PX = 5, 300
CLIENT, LASTS = "present.client", "present.lasts"
LASTING_DAYS = (90, 30, 7, 365, 0)  # a link's; the first is the usual one, 0 has no end


@st.cache_resource(show_spinner=False)
def _full_screen():
    html = "<button type='button'></button>"
    style = "button {font: inherit; color: var(--st-text-color); background: none; border: 1px solid"
    style += " var(--st-border-color); border-radius: var(--st-button-radius); padding: .45rem .75rem; cursor: pointer}"
    return st.components.v2.component("full_screen", html=html, css=style, js=SCRIPT.read_text(encoding="utf-8"))


def draw() -> None:
    """The page; whoever came by a link that only shows sees it without the levers."""
    _head()
    is_mine = state.reader() is None
    if is_mine:
        _tools()
    study = answers.study_or_reason()
    _answer(study)
    if is_mine:
        _levers()
    _pictures(study, changed.former() if is_mine else None)
    answers.warnings(study)


def _head() -> None:
    """For whom it is, and, for whoever may change it, his name, full screen and the link."""
    reader = state.reader()
    client = reader if reader is not None else st.session_state.get(CLIENT, "")
    st.title(t("present.title", client=as_part(client)) if client else t("answers.overview.question"), anchor=False)
    answers.context_line(state.current())


def _tools() -> None:
    """Client's name, full screen, link."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        label = t("present.client")
        st.text_input(label, key=CLIENT, max_chars=NAME_LENGTH, width=320, persist_state="session")
        _full_screen()(key="full_screen", data={"label": t("present.full_screen")}, width="content")
        if history.store() is not None:
            st.selectbox(
                t("present.lasts"),
                LASTING_DAYS,
                key=LASTS,
                format_func=lambda days: t("present.days" if days else "present.no_end", n=days),
                width=160,
            )
            st.button(t("present.link"), key="present.link", on_click=_give_link, help=t("present.link_help"))
    link = st.session_state.get("present.given")
    if link and link[0] == state.on_screen():
        st.code(link[1], language=None)


def _give_link() -> None:
    address = history.read_only(
        state.on_screen(), st.session_state.get(CLIENT, ""), state.words().language, st.session_state[LASTS]
    )
    if address is None:
        state.notify(t("work.failed"), "error")
        return
    base = (st.context.url or "").partition("?")[0]
    st.session_state["present.given"] = (state.on_screen(), f"{base}?{address}")


def _answer(study: Study) -> None:
    """The headline and what it rests on."""
    words = state.words()
    with st.container(border=True, gap="small"):
        answers.headline(study)
        st.markdown(lever_text.holds(study, words, mark="**{}**"))
        weak = len(unverified(study.scenario))
        answers.chips(answer.chips(study, len(alerts(study)), weak))


def _pictures(study: Study, was: Study | None) -> None:
    """Cost, energy, spending."""
    words, dark, currency = state.words(), state.is_dark(), state.current().site.currency
    grid, scale = st.grid(3, min_column_width=360), views.stack_amounts(study, words)
    with card(
        say.say(answer.stack_title(study), words, currency), sentences.stack_note(study, words, scale), within=grid
    ):
        st.markdown(charts.legend(charts_cost.part_legend(views.stack_parts(study), words, dark)))
        stack, alt = charts_cost.cost_stack(study, words, dark), sentences.stack_alt(study, words, scale)
        chart(changed.on_stack(stack, study, was), key="present.stack", height=CHART_PX, alt=alt)
    with card(say.say(answer.mix_title(study), words, currency), t("answers.mix.note"), within=grid):
        shares = charts_operation.mix_shares(study)
        items = [(t(f"charts.flow.{key}"), colour) for key, colour in charts_operation.MIX if shares[key].any()]
        st.markdown(charts.legend(answers.squares(items)))
        mix, alt = charts_operation.energy_mix(study, words, dark), sentences.mix_alt(study, words, shares)
        chart(mix, key="present.mix", height=CHART_PX, alt=alt)
    with card(say.say(answer.spending_title(study), words, currency), answers.spending_note(study), within=grid):
        lines = changed.on_lines(charts_cost.cumulative(study, words, dark), study, was)
        chart(lines, key="present.cumulative", height=CHART_PX, alt=answers.spending_alt(study))


def _levers() -> None:
    """The five levers of the case in a row."""
    grid = st.grid(LEVERS, min_column_width=180)
    for lever in sidebar.levers_of()[:LEVERS]:
        with grid.container():
            sidebar.slider(lever)
