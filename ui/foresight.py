"""The card that puts a control beside the optimum, and what plain rule and forecast make of it and of other years."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from report import files
from report.screen import strategy
from report.screen.cost import TurningRow, turning_bars
from report.text import say
from sim.arrays import there
from sim.inputs.scenario import Scenario
from study.controls import Controls, compare_controls, is_plain
from study.foresight import Bound, YearCost, bound, cost_of_trace, not_covered
from study.study import Study
from ui import state
from ui.apart import searched
from ui.figures import card, chart
from ui.kept import once
from ui.state import t

BAR_HEIGHT = 140
MAP_MARGIN, MAP_ROW = 50, 20
PARTS = {"energy": ("energy", "export"), "demand": ("demand",), "supply": ("fuel", "lost")}


def card_of(study: Study, alternative: str, year: int) -> None:
    """Drawn for the hybrid only: the others have nothing to schedule."""
    reason = not_covered(study)
    if alternative != "hybrid" or reason == "no_battery":
        return
    with st.spinner(t("foresight.searching")):
        found = None if reason else bound_of(study, year)
    cost = None if found is None else cost_of_trace(study, year, found, study.dispatch.trace("hybrid", year))
    part = None if found is None or cost is None else found.share(cost)
    if found is None or cost is None or part is None:
        reason = reason or ("infeasible" if found is None else "nothing_to_save")
        with card(t("foresight.title.none"), t("foresight.note", year=year)):
            st.info(t(f"foresight.reason.{reason}"))
        return
    share, control = state.words().percent(part), "plain" if is_plain(study.scenario) else "own"
    title = t("foresight.title.loses") if part < 0 else t(f"foresight.title.{control}", share=share)
    with card(title, t("foresight.note", year=year)):
        saving = found.without_battery.total - cost.total
        rows = [_row(study, control, saving, part), _row(study, "optimum", found.possible, 1.0)]
        alt = t("foresight.alt", share=share, rule=rows[0].from_to, optimum=rows[1].from_to)
        chart(turning_bars(rows, state.is_dark()), key="foresight", height=BAR_HEIGHT, alt=alt)
    _controls_card(study, found, year)


def table_card(study: Study, alternative: str) -> None:
    """The strategy table the scenario is run by, where it has one."""
    if alternative == "hybrid" and strategy.has_table(study.scenario):
        with card(t("control.table_of_site"), t("control.table_of_site_note")):
            draw(study.scenario)
            with st.container(horizontal=True):
                downloads(study)


def bound_of(study: Study, year: int) -> Bound | None:
    """The year's optimum, kept with the study."""
    return _bound(study, year)


def _row(study: Study, key: str, saving: float, share: float) -> TurningRow:
    words = state.words()
    amount = t("foresight.a_year", money=words.money(saving, study.scenario.site.currency))
    label = t(f"control.name.{key}")
    return TurningRow(label, amount, words.percent(share), max(0.0, share), is_far=key == "optimum")


def _controls_card(study: Study, found: Bound, year: int) -> None:
    """Asked for by a button: four years are run by forecast."""
    key = f"{study.scenario.key}-{year}"
    if st.session_state.get("controls_of") != key:
        with card(t("control.ask"), t("control.ask_note")):
            st.button(t("control.run"), key="controls_run", on_click=_ask, args=(key,))
        return
    with st.spinner(t("control.searching")):
        controls = _controls(study, year)
    words = state.words()
    shares = {name: words.percent(share) for name, share in controls.shares.items()}
    shares["optimum"] = words.percent(1.0)
    title = t("control.title", plain=shares["plain"], forecast=shares["forecast"])
    with card(title, t("control.note", year=year)):
        _table(study, controls, shares)
        st.markdown("  \n".join([_worst(controls), t("control.default")]))


def _ask(key: str) -> None:
    st.session_state.controls_of = key


def _table(study: Study, controls: Controls, shares: dict[str, str]) -> None:
    """A row a control: its cost and saving a year, and by how much each part is dearer than at best."""
    words, currency = state.words(), study.scenario.site.currency
    without = controls.found.without_battery.total

    def cells(name: str, cost: YearCost) -> list[str]:
        lost = controls.lost(name)
        parts = [sum(getattr(lost, field) for field in fields) for fields in PARTS.values()]
        money = [words.money(cost.total, currency), words.money(without - cost.total, currency)]
        again = say.shares(controls.redrawn.get(name, ()), words)
        return [t(f"control.name.{name}"), *money, shares[name], again, *(_more(value, currency) for value in parts)]

    heads = [t(f"control.column.{key}") for key in ("control", "cost", "saving", "share", "redrawn", *PARTS)]
    table = pd.DataFrame([cells(name, cost) for name, cost in controls.costs.items()], columns=heads)
    config = {head: st.column_config.TextColumn(alignment="right") for head in heads[1:]}
    config[heads[0]] = st.column_config.TextColumn(pinned=True, width="medium")
    st.dataframe(
        table, hide_index=True, column_config=config, key="controls", alt=t("control.table_alt"), height="content"
    )


def _more(value: float, currency: str) -> str:
    """Money with its sign; empty where it rounds to nothing."""
    text = state.words().money(value, currency)
    return "" if abs(value) < 0.5 else f"+{text}" if value > 0 else text


def _worst(controls: Controls) -> str:
    """Where the plain rule loses most."""
    lost = controls.lost("plain")
    return t(f"control.loses.{max(PARTS, key=lambda part: sum(getattr(lost, field) for field in PARTS[part]))}")


def draw(scenario: Scenario) -> None:
    """Power by month and hour, one map a kind of day, and the thresholds."""
    words = state.words()
    for kind in strategy.kinds_of_day(scenario):
        months, powers = strategy.powers_kw(scenario, kind)
        st.markdown(f"**{t('control.map', days=t(f'control.days.{kind}'))}**")
        figure = strategy.strategy_map(months, powers, words, state.is_dark())
        height = MAP_MARGIN + MAP_ROW * len(months)
        chart(figure, key=f"strategy_{kind}", height=height, alt=t("control.map_alt"))
    st.markdown(f":small[:gray[{strategy.threshold_text(scenario, words)}]]")


def downloads(study: Study) -> None:
    """The table as CSV and JSON."""
    for ending, mime, make in (
        ("csv", "text/csv", strategy.strategy_csv),
        ("json", "application/json", strategy.strategy_json),
    ):
        st.download_button(
            t("control.download", kind=ending.upper()),
            data=make(study.scenario),
            file_name=files.file_name(study, "strategy", ending),
            mime=mime,
            on_click="ignore",
            key=f"strategy_{ending}",
        )


@once
def _bound(study: Study, year: int) -> Bound | None:
    return bound(study, year)


@once
def _controls(study: Study, year: int) -> Controls:
    return searched(compare_controls, study, there(bound_of(study, year), "the optimum of the year"), year)
