"""What the answer pages share: context line, answer box, chips, KPI cards, turning points, and tables in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from finance.metrics import Figure
from i18n import numbers
from report import views
from report.palette import palette
from report.screen import cost as charts_cost
from report.text import say
from report.text.amounts import Amounts, month_name
from report.text.currency import rate_note
from sim.inputs.register import unverified
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from study import answer, turning
from study.answer import Finding
from study.study import Study
from study.turning import TurningPoint
from ui import state
from ui.figures import as_plain, chart
from ui.state import t

RETURN_REASONS = ("all_zero", "no_sign_change", "no_root", "several_roots", "never", "no_outlay")
POINTS_KEPT = 64
TURNING_ROW_PX = 62
ARROWS = {numbers.MINUS: "down", say.PLUS: "up"}
COLOURS = {True: "green", False: "red", None: "gray"}


def study_or_reason() -> Study:
    """The study of the scenario on screen. Where it cannot be calculated, the page says why and ends."""
    try:
        return state.study()
    except ValueError as error:
        st.error(t("answers.error.study", reason=state.refused(error)))
        st.stop()


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
    note = rate_note(scenario, words)
    st.markdown(f":small[:gray[{' · '.join(filter(None, (line, note)))}]]")


def headline(study: Study) -> None:
    """The answer in one sentence; the change is green where it is good for the client and red where it is not."""
    finding = answer.headline(study)
    mark = {"change": f":{COLOURS[finding.good]}[{{}}]"} if finding.good is not None else {}
    st.header(say.say(finding, state.words(), study.scenario.site.currency, mark), anchor=False)


def chips(found: Iterable[Finding]) -> None:
    """Badges in one row that wraps."""
    with st.container(horizontal=True, gap="small"):
        for finding in found:
            st.badge(say.say(finding, state.words(), ""), color=COLOURS[finding.good])


def clash(study: Study) -> None:
    """Amber, where numbers of the scenario clash; the results below are still shown."""
    finding = answer.clash(study)
    if finding:
        st.warning(say.say(finding, state.words(), study.scenario.site.currency))


@dataclass(frozen=True)
class Card:
    """One KPI: `delta` is the chip below the value, `good` its colour, `note` the text after it."""

    key: str
    value: str
    delta: str = ""
    good: bool | None = None
    note: str = ""
    is_money: bool = True
    missing: str = ""


def kpi_cards(study: Study) -> None:
    """Four figures: cost and hours for short jobs, payback, IRR, NPV and LCOE from three years on."""
    cards = _long_cards(study) if answer.is_long_term(study.scenario) else _short_cards(study)
    rate = say.share(study.scenario.finance.discount_rate, state.words())
    currency = state.words().shown_in(study.scenario.site.currency)
    outer = st.grid(2, min_column_width=330)
    for pair in (cards[:2], cards[2:]):
        with outer.cell(), st.grid(2, min_column_width=150):
            for card in pair:
                label = t(f"answers.kpi.{card.key}", currency=currency) + _diamond(study.scenario, card.is_money)
                st.metric(
                    label,
                    card.value,
                    card.delta or None,
                    delta_color=COLOURS[card.good],
                    delta_arrow=ARROWS.get(card.delta[:1], "off"),
                    delta_description=card.note or None,
                    help=t(f"answers.kpi.{card.key}_help", rate=rate),
                    border=True,
                    height="stretch",
                )
    _missing_note(cards)


def _diamond(scenario: Scenario, is_money: bool) -> str:
    """The mark of a figure that rests on an unverified default."""
    weak = unverified(scenario)
    rests = weak if is_money else [path for path in weak if not path.startswith("finance.")]
    return " ◇" if rests else ""


def _short_cards(study: Study) -> list[Card]:
    words, own, base = state.words(), study.kpis["hybrid"], study.kpis[study.baseline]
    saved = study.savings["hybrid"]
    share = saved.co2_t / base.co2_t if base.co2_t > 0 else None
    vs = t("answers.kpi.vs", baseline=say.name(study.baseline, words))
    return [
        _change_card("cost", own.total_cost, base.total_cost, vs),
        _figure_change_card("per_kwh", own.cost_per_kwh, base.cost_per_kwh, vs),
        _ride_card(study.scenario),
        Card(
            "co2",
            words.number(saved.co2_t, t("charts.unit.t")),
            say.change(-share, words) if share is not None else "",
            saved.co2_t >= 0,
            vs,
            is_money=False,
        ),
    ]


def _change_card(key: str, own: float, base: float, vs: str) -> Card:
    words, currency = state.words(), state.current().site.currency
    delta = say.signed(words.amount(own - base, currency), own - base)
    return Card(key, words.amount(own, currency), delta, own <= base, vs)


def _figure_change_card(key: str, own: Figure, base: Figure, vs: str) -> Card:
    words, currency = state.words(), state.current().site.currency
    if own.value is None:
        return _missing_card(key, own)
    text = words.price(own.value, currency)
    if base.value is None:
        return Card(key, text)
    decimals = len(text.partition(".")[2])
    change = round((own.value - base.value) * words.rate(currency), decimals)
    good = None if change == 0 else change < 0
    delta = say.signed(words.number(change, decimals=decimals), change) if change else t("answers.kpi.same")
    return Card(key, text, delta, good, vs)


def _ride_card(study: Study) -> Card:
    full = answer.ride_through_h(study)
    if full.value is None:
        return _missing_card("ride", full, is_money=False)
    kept = answer.ride_through_h(study, study.scenario.dispatch.reserve_fraction)
    words = state.words()
    delta = t("answers.kpi.ride_reserve", time=say.duration(kept.value or 0.0, words))
    return Card("ride", say.duration(full.value, words), delta, is_money=False)


def _long_cards(study: Study) -> list[Card]:
    words, own, base = state.words(), study.kpis["hybrid"], study.kpis[study.baseline]
    vs = t("answers.kpi.vs", baseline=say.name(study.baseline, words))
    term = say.term(study.scenario.site.term_months, words)
    rate = study.scenario.finance.discount_rate
    payback, irr, npv = _missing_card("payback", own.payback_years), _missing_card("irr", own.irr), own.npv.value
    if own.payback_years.value is not None:
        payback = Card(
            "payback", say.years(own.payback_years.value, words), t("answers.kpi.term_left", term=term), None, vs
        )
    if own.irr.value is not None:
        irr = Card(
            "irr", say.share(own.irr.value, words), t("answers.kpi.discount", rate=say.share(rate, words)), None, vs
        )
    npv_card = _missing_card("npv", own.npv)
    if npv is not None:
        npv_card = Card(
            "npv",
            words.amount(npv, study.scenario.site.currency),
            t("answers.kpi.discount", rate=say.share(rate, words)),
            npv >= 0,
            vs,
        )
    return [payback, irr, npv_card, _figure_change_card("lcoe", own.lcoe_per_kwh, base.lcoe_per_kwh, vs)]


def _missing_card(key: str, figure: Figure, is_money: bool = True) -> Card:
    return Card(
        key,
        t("answers.kpi.none"),
        t(f"answers.missing.short_{figure.reason}"),
        None,
        is_money=is_money,
        missing=figure.reason or "",
    )


def _missing_note(cards: list[Card]) -> None:
    """Blue: why a figure does not exist and what to read instead."""
    by_reason: dict[str, list[str]] = {}
    for card in cards:
        if card.missing:
            by_reason.setdefault(card.missing, []).append(t(f"answers.metric_name.{card.key}"))
    for reason, names in by_reason.items():
        sentence = t(f"answers.missing.{reason}")
        instead = t("answers.missing.instead") if reason in RETURN_REASONS else ""
        st.info(t("answers.missing.title", names=", ".join(names), reason=sentence, instead=instead).strip())


def stack_note(study: Study, scale: Amounts) -> str:
    """What the stack shows: unit, term, resale, lost compute, and what grid only leaves without power."""
    words, kpis = state.words(), study.kpis
    notes = [t("answers.stack.note", term=say.term(study.scenario.site.term_months, words), unit=scale.unit)]
    if any(figures.unserved_value > 0 for figures in kpis.values()):
        counted = study.scenario.finance.count_unserved
        notes.append(t("answers.stack.note_unserved" if counted else "answers.stack.note_uncounted"))
    if study.ledger.lines["interruptions"].any():
        notes.append(t("answers.stack.note_restarts"))
    left = kpis["grid"].unserved_kwh
    if left > answer.NOTHING_KWH:
        share = left / (left + kpis["grid"].energy_served_kwh)
        notes.append(t("answers.stack.grid_only", unserved=say.energy(left, words), share=say.share(share, words)))
    return " ".join(notes)


def stack_alt(study: Study, scale: Amounts) -> str:
    words = state.words()
    order = views.alternatives_in_order(study)
    parts = [f"{say.name(name, words, first=True)} {scale.label(study.kpis[name].total_cost)}" for name in order]
    term = say.term(study.scenario.site.term_months, words)
    return t("answers.stack.alt", term=term, unit=scale.unit, list=", ".join(parts))


def mix_alt(study: Study, shares: dict) -> str:
    """The hybrid's shares in words."""
    words, row = state.words(), study.dispatch.row("hybrid")
    parts = [f"{t(f'charts.flow.{key}')} {say.share(float(v[row]), words)}" for key, v in shares.items() if v[row] > 0]
    return t("answers.mix.alt", list=", ".join(parts))


def spending_finding(study: Study) -> Finding:
    """The finding above the two cumulative lines."""
    return answer.spending_title(study)


def spending_note(study: Study) -> str:
    """Quantity and unit of the cumulative figure."""
    return t("answers.spending.note", unit=views.spending_amounts(study, state.words()).unit)


def spending_alt(study: Study) -> str:
    words, currency = state.words(), study.scenario.site.currency
    return t(
        "answers.spending.alt",
        unit=words.shown_in(currency),
        term=say.term(study.scenario.site.term_months, words),
        baseline=say.name(study.baseline, words),
        base=words.money(study.kpis[study.baseline].total_cost, currency),
        own=words.money(study.kpis["hybrid"].total_cost, currency),
        finding=say.say(answer.spending_title(study), words, currency),
    )


def turning_points(study: Study, paths: tuple[str, ...]) -> tuple[TurningPoint, ...]:
    """The break-even values of these inputs, kept by the scenario's fingerprint."""
    return _turning_points(study.fingerprint, paths, study)


@st.cache_data(max_entries=POINTS_KEPT, show_spinner=False)
def _turning_points(fingerprint: str, paths: tuple[str, ...], _study: Study) -> tuple[TurningPoint, ...]:
    return turning.turning_points(_study, paths)


def turning_card(study: Study, points: tuple[TurningPoint, ...]) -> None:
    """Title, note and bars of the turning points."""
    words = state.words()
    rows = charts_cost.turning_rows(study, points, words)
    near = sum(not row.is_far for row in rows)
    key = "none" if near == 0 else "one" if near == 1 else "some"
    st.subheader(t(f"answers.turning.{key}", n=t(f"answers.turning.n_{near}")), anchor=False)
    st.markdown(f":small[:gray[{t('answers.turning.note', baseline=say.name(study.baseline, words))}]]")
    alt = t("answers.turning.alt", list="; ".join(f"{row.label} {row.from_to} ({row.distance})" for row in rows))
    height = TURNING_ROW_PX * max(1, len(rows))
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
