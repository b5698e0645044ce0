"""What the answer pages share: context line, answer box, chips, KPI cards, turning points, and tables in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from finance.figures import KeyFigure, figures_on
from finance.metrics import Figure, Payback
from i18n import numbers
from report import sentences, views
from report.palette import palette
from report.screen import cost as charts_cost
from report.text import inputs as register_text
from report.text import say
from report.text.amounts import Amounts, month_name
from report.text.currency import rate_note
from report.text.plain import as_part, as_plain
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from study import answer, turning
from study.alerts import Alert, alerts
from study.answer import Finding
from study.better_size import better_size as find_better_size
from study.decision import decision
from study.study import Study
from ui import form, state
from ui.figures import chart, conclude
from ui.state import t

RETURN_REASONS = ("all_zero", "no_sign_change", "no_root", "several_roots", "never", "no_outlay")
TURNING_ROW_PX = 62
IN_THE_SHELL = ("tariff_elsewhere", "tariff_stands_in")  # they stand above every page, with what mends them
ARROWS = {numbers.MINUS: "down", say.PLUS: "up"}
COLOURS = {True: "green", False: "red", None: "gray"}


def study_or_reason() -> Study:
    """The study of the scenario on screen. Where it cannot be calculated, the page says why and ends."""
    try:
        return state.study()
    except ValueError as error:
        st.error(t("answers.error.study", reason=state.refused(error)))
        state.stop()


def context_line(scenario: Scenario) -> None:
    """Case, size, term, price basis: the quiet line under the question."""
    words, site = state.words(), scenario.site
    year, month = int(site.start[:4]), int(site.start[5:])
    line = t(
        "answers.context.line",
        site=as_plain(say.project(scenario, words)),
        power=say.power(peak_kw(scenario.load), words),
        start=t("answers.context.start", month=month_name(words, month), year=year),
        term=say.term(site.term_months, words),
        vat=t(f"answers.context.{scenario.finance.vat_basis}"),
        year=year,
    )
    note = as_part(rate_note(scenario, words))
    st.markdown(f":small[:gray[{' · '.join(filter(None, (line, note)))}]]")


def headline(study: Study) -> None:
    """The answer in one sentence; the change is green where it is good for the client and red where it is not."""
    finding = answer.headline(study)
    mark = {"change": f":{COLOURS[finding.good]}[{{}}]"} if finding.good is not None else {}
    conclude(say.say(finding, state.words(), study.scenario.site.currency, mark))


def chips(found: Iterable[Finding]) -> None:
    """Badges in one row that wraps."""
    with st.container(horizontal=True, gap="small"):
        for finding in found:
            st.badge(say.say(finding, state.words(), ""), color=COLOURS[finding.good])


def warnings(study: Study) -> None:
    """Every warning about the answer: the grave ones red, the others amber. The results below are still shown."""
    for alert in alerts(study):
        if alert.code in IN_THE_SHELL:
            continue
        text = say.say(alert.finding, state.words(), study.scenario.site.currency)
        if alert.severity == "high":
            with st.container(border=True, gap="small"):
                st.markdown(f":red[{text}]")
                _ways_out(study, alert)
        else:
            st.warning(text)
            _ways_out(study, alert)


def _ways_out(study: Study, alert: Alert) -> None:
    """A button for each input whose other value mends what the warning is about."""
    if not alert.remedies or state.reader() is not None:
        return
    with st.container(horizontal=True, gap="small"):
        for path, value in alert.remedies.items():
            entry = register()[path]
            shown = register_text.number(entry, value, study.scenario, state.words())
            label = t("answers.way_out", name=register_text.label(entry, state.words()), value=shown)
            taken = {path: round(value) if entry.kind == "integer" else value}
            st.button(label, key=f"remedy.{alert.code}.{path}", on_click=state.take, args=(taken,))


def better_size(study: Study) -> None:
    """A size that costs less by the rule in use, and a button that takes it."""
    line, found = sentences.better_line(study, state.words()), find_better_size(study)
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(line)
        st.button(t("answers.better.take"), key="better.take", on_click=state.take, args=(dict(found.changes),))


@dataclass(frozen=True)
class Card:
    """One KPI: `delta` is the chip below the value, `good` its colour, `note` the text after it; `unit` stands beside
    the name where the value has none."""

    name: str
    value: str
    meaning: str
    delta: str = ""
    good: bool | None = None
    note: str = ""
    is_money: bool = True
    missing: str = ""
    unit: str = ""


def kpi_cards(study: Study, former: Study | None = None) -> None:
    """Four figures: cost and hours for short jobs, returns and cost of energy from three years on. Beside each what it
    was before the last change, in `former`."""
    cards = _cards(study)
    if former is not None and answer.is_long_term(former.scenario) == answer.is_long_term(study.scenario):
        cards = [_with_former(card, old) for card, old in zip(cards, _cards(former), strict=True)]
    outer = st.container(key="kpis").grid(2, min_column_width=330)
    for pair in (cards[:2], cards[2:]):
        with outer.cell(), st.grid(2, min_column_width=150):
            for card in pair:
                label = t("figures.with_unit", name=card.name, unit=card.unit) if card.unit else card.name
                st.metric(
                    label + _diamond(card.is_money),
                    card.value,
                    card.delta or None,
                    delta_color=COLOURS[card.good],
                    delta_arrow=ARROWS.get(card.delta[:1], "off"),
                    delta_description=card.note or None,
                    help=card.meaning,
                    border=True,
                    height="stretch",
                )
    _missing_note(cards)


def _cards(study: Study) -> list[Card]:
    is_long = answer.is_long_term(study.scenario)
    return [_figure_card(study, row) for row in figures_on("long")] if is_long else _short_cards(study)


def _with_former(card: Card, old: Card) -> Card:
    if card.value == old.value:
        return card
    return replace(card, delta=t("changed.was", value=old.value), good=None, note="")


def _diamond(is_money: bool) -> str:
    """The mark of a figure that rests on an unverified default."""
    weak = form.marks()
    rests = weak if is_money else [path for path in weak if not path.startswith("finance.")]
    return " ◇" if rests else ""


def _short_cards(study: Study) -> list[Card]:
    words, base_t = state.words(), study.kpis[decision(study).rival].co2_t
    saved_t = base_t - study.kpis["hybrid"].co2_t
    avoided = Card(
        sentences.co2_name(saved_t, words),
        words.number(abs(saved_t), t("charts.unit.t")),
        t("answers.kpi.co2_help"),
        say.change(-saved_t / base_t, words) if base_t > 0 else "",
        saved_t >= 0,
        _versus(study),
        is_money=False,
    )
    return [*(_figure_card(study, row) for row in figures_on("short")), _ride_card(study), avoided]


def _versus(study: Study, after_tax: bool = False) -> str:
    key = "vs_taxed" if after_tax and decision(study).is_after_tax else "vs"
    return t(f"answers.kpi.{key}", baseline=say.name(decision(study).rival, state.words()))


def _figure_card(study: Study, row: KeyFigure) -> Card:
    """A key figure of the hybrid, beside the rival's; one of a difference, after tax, beside its rate or the term."""
    words, currency, figure = state.words(), study.scenario.site.currency, sentences.decision_figure(study, row)
    name, meaning = say.figure_name(row, words), say.figure_meaning(row, study, words)
    unit = say.figure_unit(row, words, currency) if row.is_money else ""
    if figure.value is None:
        return _missing_card(name, figure, meaning, unit=unit)
    text = say.figure(row, figure, words, currency, unit=False)
    if row.flow is None:
        return Card(name, text, meaning, *_change(study, row, text), unit=unit)
    beside = t("answers.kpi.discount", rate=say.share(study.scenario.finance.discount_rate, words))
    if row.kind == "years":
        beside = t("answers.kpi.term_left", term=say.term(study.scenario.site.term_months, words))
    if isinstance(figure, Payback) and figure.lost_again:
        text, beside = say.lasting(figure, words), say.first_back(figure, words)
    good = figure.value >= 0 if row.is_money else None
    return Card(name, text, meaning, beside, good, _versus(study, after_tax=True), unit=unit)


def _change(study: Study, row: KeyFigure, text: str) -> tuple[str, bool | None, str]:
    """What the figure is more or less than the rival's, in the digits of `text`; whether good; against what."""
    words, currency = state.words(), study.scenario.site.currency
    own, base = (study.kpis[name].figure(row.key).value for name in ("hybrid", decision(study).rival))
    if own is None or base is None:
        return "", None, ""
    good = (own < base) == (row.better == "less")
    if row.kind == "money":
        change = own - base
        return say.signed(words.amount(change, currency), change), good or not change, _versus(study)
    decimals = len(text.partition(".")[2])
    change = round((own - base) * words.rate(currency), decimals)
    if not change:
        return t("answers.kpi.same"), None, _versus(study)
    return say.signed(words.number(change, decimals=decimals), change), good, _versus(study)


def _ride_card(study: Study) -> Card:
    sure, text, best = sentences.ride_through(study, state.words())
    name, meaning = t("answers.kpi.ride"), t("answers.kpi.ride_help")
    if sure.value is None:
        return _missing_card(name, sure, meaning, is_money=False)
    return Card(name, text, meaning, best, is_money=False)


def _missing_card(name: str, figure: Figure, meaning: str, is_money: bool = True, unit: str = "") -> Card:
    reason = say.short_reason(figure, state.words())
    missing = figure.reason or ""
    return Card(name, t("answers.kpi.none"), meaning, reason, is_money=is_money, missing=missing, unit=unit)


def _missing_note(cards: list[Card]) -> None:
    """Blue: why a figure does not exist and what to read instead."""
    by_reason: dict[str, list[str]] = {}
    for card in cards:
        if card.missing:
            by_reason.setdefault(card.missing, []).append(card.name)
    for reason, names in by_reason.items():
        sentence = t(f"answers.missing.{reason}")
        instead = t("answers.missing.instead") if reason in RETURN_REASONS else ""
        st.info(
            t("answers.missing.title", names=say.listed(names, state.words()), reason=sentence, instead=instead).strip()
        )


def spending_note(study: Study) -> str:
    """Quantity and unit of the cumulative figure."""
    return t("answers.spending.note", unit=views.spending_amounts(study, state.words()).unit)


def spending_alt(study: Study) -> str:
    words, currency = state.words(), study.scenario.site.currency
    return t(
        "answers.spending.alt",
        unit=words.shown_in(currency),
        term=say.term(study.scenario.site.term_months, words),
        rival=say.name(decision(study).rival, words),
        base=words.money(study.kpis[decision(study).rival].total_cost, currency),
        own=words.money(study.kpis["hybrid"].total_cost, currency),
        finding=say.say(answer.spending_title(study), words, currency),
    )


def turning_card(study: Study) -> None:
    """Title, note and bars of the nearest turning points."""
    words, points = state.words(), turning.nearest(study)[: turning.SHOWN]
    rows = charts_cost.turning_rows(study, points, words)
    st.subheader(sentences.turning_title(points, words), anchor=False)
    st.markdown(f":small[:gray[{t('answers.turning.note')}]]")
    listed = say.enumerated((f"{row.label} {row.from_to} ({row.distance})" for row in rows), words)
    if not rows:
        return
    alt = t("answers.turning.alt", list=listed)
    height = TURNING_ROW_PX * len(rows)
    chart(charts_cost.turning_bars(rows, state.is_dark()), key="turning", height=height, alt=alt)


def number_table(table: pd.DataFrame, scale: Amounts | None = None) -> pd.DataFrame:
    """Numbers of a table as text, all with the same decimals: four digits for the largest single one (totals are last).
    Empty for none and for zero. The first column stays."""
    values = table.iloc[:, 1:] / (scale.divisor if scale else 1.0)
    single = values.iloc[:-1, :-1].to_numpy()
    largest = float(np.nanmax(np.abs(single))) if single.size else 0.0
    decimals = 0 if largest <= 0 else max(0, 3 - math.floor(math.log10(largest)))
    texts = values.map(
        lambda value: "" if pd.isna(value) or value == 0 else state.words().number(value, decimals=decimals)
    )
    return pd.concat([table.iloc[:, :1], texts], axis=1)


def distinct(columns: list[str]) -> list[str]:
    """Column names that differ: a month that returns gets its year."""
    seen: dict[str, int] = {}
    names = []
    for name in columns:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


def show_table(table: pd.DataFrame, *, key: str, alt: str) -> None:
    """A table whose first column names the row and whose numbers stand right."""
    config = {name: st.column_config.TextColumn(alignment="right") for name in table.columns[1:]}
    config[table.columns[0]] = st.column_config.TextColumn(pinned=True, width="medium")
    st.dataframe(table, hide_index=True, column_config=config, key=key, alt=alt, height="content")


def squares(items: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(label, palette attribute) to (label, colour) in the visitor's theme."""
    colours = palette(state.is_dark())
    return [(label, getattr(colours, name)) for label, name in items]
