"""Glue of the sizing page: what may be built, cached answers, their sentences, and taking a size into the scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from report.palette import palette
from report.screen import charts
from report.screen import sizing as charts_sizing
from report.screen.sizing import Mark, ShownUnit
from report.text import say
from report.text.amounts import Amounts, amounts, month_name
from sim.inputs import library
from sim.inputs.register import unverified
from sim.optimum.model import Infeasible, Sizes
from sim.plant.battery import available_share
from study import sizing, sizing_fronts
from study.sizing import Plan, Priced, Wish
from study.sizing_fronts import PARTS, FrontPoint, Margins, SizeRow, Surface
from study.study import Study
from ui import answers, form, state
from ui.apart import searched
from ui.figures import card, chart, pressable
from ui.kept import once
from ui.state import t

REASONS = ("staged", "ratchet", "contract_demand", "bill_rules", "no_load")
BUILDS = ("battery", "pv", "sets")
FLAT = 0.005  # of the least cost: sizes that cost no more than this beyond it
SAME = 0.001  # of today's cost: a saving below it is none
FEW = 3  # containers: fewer than these are too coarse to be chosen unasked
TENTH = 10


@dataclass(frozen=True, eq=False)
class Answer:
    """The plan of a wish and its best size."""

    key: str
    plan: Plan
    best: Priced


def ask_wish(study: Study) -> Wish:
    """What may be built, how much PV fits, and whether every kWh must be served."""
    scenario = study.scenario
    with st.container(horizontal=True, vertical_alignment="bottom"):
        built = st.segmented_control(
            t("sizing.ask.build"),
            BUILDS,
            default="pv" if scenario.pv.exists else "battery",
            required=True,
            key=f"sizing.build@{state.revision()}",
            format_func=lambda name: t(f"sizing.build.{name}"),
        )
        most_kwp = 0.0
        if built != "battery":
            unit = power_unit(max(study.dispatch.series.load_kw.max(), scenario.pv.dc_kwp), "kWp")
            shown = st.number_input(
                t("sizing.ask.most_pv", unit=unit.name),
                0.0,
                None,
                float(f"{max(study.dispatch.series.load_kw.max(), 1.5 * scenario.pv.dc_kwp) / unit.divisor:.2g}"),
                key=f"sizing.most_pv@{state.revision()}",
                width=180,
                help=t("sizing.ask.most_pv_help"),
            )
            most_kwp = shown * unit.divisor
        serve_all = st.toggle(t("sizing.ask.serve_all"), key="sizing.serve_all", help=t("sizing.ask.serve_all_help"))
    return Wish(built != "battery", built == "sets", most_kwp, serve_all)


def found_or_reason(study: Study, wish: Wish) -> Answer:
    """The best size; where there is none the page says why and ends."""
    try:
        with st.spinner(t("sizing.searching")):
            return _found(study, wish)
    except Infeasible as error:
        st.error(
            t("sizing.infeasible", power=say.power(error.missing_kw, state.words()), when=_when(study, error.step))
        )
        state.stop()
    except ValueError as error:
        st.info(t(f"sizing.reason.{error}") if str(error) in REASONS else state.refused(error))
        state.stop()


@once
def _found(study: Study, wish: Wish) -> Answer:
    plan = sizing.plan(study, wish)
    return Answer(f"{study.scenario.key} {wish}", plan, searched(sizing.find, plan))


def _when(study: Study, step: int) -> str:
    clock, step = study.dispatch.clock, step * study.dispatch.series.demand_window_steps
    words, minute = state.words(), int(clock.minute_of_day[step])
    month, day = month_name(words, int(clock.calendar_month[step])), int(clock.day[step])
    return t("sizing.when", month=month, day=day, time=f"{minute // 60:02d}:{minute % 60:02d}")


# --- sizes in words ---------------------------------------------------------------------------------------------------


def power_unit(largest: float, small: str = "kW") -> ShownUnit:
    return ShownUnit(1000.0, small.replace("k", "M", 1)) if largest >= 999.5 else ShownUnit(1.0, small)


def energy_unit(largest: float) -> ShownUnit:
    return ShownUnit(1000.0, "MWh") if largest >= 999.5 else ShownUnit(1.0, "kWh")


def size_text(plan: Plan, size: Sizes) -> str:
    """A size in a few words, only what is sized."""
    words, parts = state.words(), []
    if size.kwh > 0:
        power = size.kw / available_share(plan.study.scenario.storage)
        parts.append(t("sizing.size.battery", power=say.power(power, words), energy=say.energy(size.kwh, words)))
    else:
        parts.append(t("sizing.size.no_battery"))
    if plan.wish.pv:
        parts.append(t("sizing.size.pv", power=power_unit(size.kwp, "kWp").text(size.kwp, words)))
    if plan.wish.sets:
        parts.append(t("sizing.size.sets", power=say.power(size.set_kw, words)))
    return t("sizing.size.join").join(parts)


def said(plan: Plan, key: str, **values: object) -> str:
    """A text in which {per} is the time its sums are for: a year, or the whole of a shorter term."""
    months = plan.study.dispatch.clock.months
    per = t("sizing.per.year") if months == 12 else t("sizing.per.term", term=say.term(months, state.words()))
    return t(key, per=per, **values)


def money(study: Study, value: float) -> str:
    return state.words().money(value, study.scenario.site.currency)


def unit_of(study: Study, values: np.ndarray) -> Amounts:
    there = np.abs(np.asarray(values)[np.isfinite(values)])
    return amounts(state.words(), float(there.max()) if there.size else 1.0, study.scenario.site.currency)


# --- the answer -------------------------------------------------------------------------------------------------------


def ask_unit(answer: Answer) -> Sizes:
    """The container that sizes are rounded to."""
    best = answer.best.size if answer.best.size.kwh > 0 else answer.plan.today
    own = _own_unit(best if best.kwh > 0 else answer.plan.most)
    works, words = available_share(answer.plan.study.scenario.storage), state.words()
    units = {"own": own} | {key: Sizes(kw * works, kwh) for key, (kw, kwh) in library.battery_classes().items()}
    fitting = [key for key, one in units.items() if key != "own" and best.kwh >= FEW * one.kwh]
    default = max(fitting, key=lambda key: units[key].kwh, default="own")

    def name(key: str) -> str:
        one = units[key]
        return t("sizing.unit", power=say.power(one.kw / works, words), energy=say.energy(one.kwh, words))

    chosen = st.selectbox(
        t("sizing.ask.unit"),
        list(units),
        list(units).index(default),
        key=f"sizing.unit@{answer.key}",
        format_func=name,
        help=t("sizing.ask.unit_help"),
        width=320,
    )
    return units[chosen]


def _own_unit(best: Sizes) -> Sizes:
    """About a tenth of the best size, in round figures."""
    kwh = form.nice_step(best.kwh / TENTH)
    return Sizes(float(f"{best.kw / best.kwh * kwh:.2g}"), kwh)


def rows(answer: Answer, each: Sizes) -> list[SizeRow]:
    with st.spinner(t("sizing.simulating")):
        return _rows(answer, each)


@once
def _rows(answer: Answer, each: Sizes) -> list[SizeRow]:
    plan, best = answer.plan, answer.best.size
    none = Sizes(0.0, 0.0, plan.today.kwp, plan.today.set_kw)
    first = [sizing_fronts.row(plan, "today", plan.today), sizing_fronts.row(plan, "best", best)]
    last = [sizing_fronts.row(plan, "none", none)] if plan.today.kwh > 0 and best.kwh > 0 else []
    return first + searched(sizing_fronts.container_rows, plan, best, each) + last


def named(table: list[SizeRow], name: str) -> SizeRow:
    """The first row of this kind."""
    return next(row for row in table if row.name == name)


def bound_note(answer: Answer) -> str:
    """What the search knows, and the steps it takes where they are not the study's own."""
    study = answer.plan.study
    if study.dispatch.series.demand_window_steps == 1:
        return t("sizing.bound")
    own, window = study.scenario.site.step_minutes, study.scenario.tariff.demand_window_minutes
    return t("sizing.bound_by_windows", minutes=window, own=own)


def headline(answer: Answer, table: list[SizeRow]) -> str:
    """The best size and what it saves against today's."""
    plan, today = answer.plan, named(table, "today")
    size = size_text(plan, answer.best.size)
    if today.programme is None:
        return t("sizing.answer.today_fails", size=size)
    saved = today.programme - answer.best.cost
    if saved <= SAME * abs(today.programme):
        return t("sizing.answer.same", size=size)
    key = "sizing.answer.best" if answer.best.size.kwh > 0 else "sizing.answer.no_battery"
    mark = f" {form.DIAMOND}" if unverified(plan.study.scenario) else ""
    return said(plan, key, size=size, money=money(plan.study, saved) + mark)


def rule_sentence(answer: Answer, table: list[SizeRow]) -> str:
    """What the plain rule makes of the same size."""
    saved = named(table, "today").rule - named(table, "best").rule
    key = "sizing.answer.rule_saves" if saved >= 0 else "sizing.answer.rule_costs"
    return said(answer.plan, key, money=money(answer.plan.study, abs(saved)))


def at_limit(answer: Answer) -> list[str]:
    """Which sizes ended at the limit of the search."""
    best, most = answer.best.size.values, answer.plan.most.values
    names = ("power", "energy", "pv", "sets")
    return [
        t(f"sizing.limit.{name}")
        for name, own, top in zip(names, best, most, strict=True)
        if top > 0 and own >= 0.999 * top
    ]


def size_table(answer: Answer, table: list[SizeRow]) -> tuple[pd.DataFrame, str]:
    """Every size with both costs, and the unit of the sums."""
    plan, words = answer.plan, state.words()
    sums = [value for row in table for value in (row.programme, row.rule) if value is not None]
    unit = unit_of(plan.study, np.array(sums))
    decimals = 2 if max(sums) < 1000 * unit.divisor else 1

    def cost(value: float | None) -> str:
        return t("sizing.none") if value is None else words.number(value / unit.divisor, decimals=decimals)

    lines = [
        [
            _row_name(row),
            size_text(plan, row.size),
            cost(row.programme),
            cost(row.rule),
            money(plan.study, row.worth),
        ]
        for row in table
    ]
    columns = [t(f"sizing.column.{name}") for name in ("name", "size", "programme", "rule", "worth")]
    return pd.DataFrame(lines, columns=columns), unit.unit


def _row_name(row: SizeRow) -> str:
    if row.containers is None:
        return t(f"sizing.row.{row.name}")
    return state.counted("sizing.row.containers", row.containers)


def take_button(answer: Answer, size: Sizes, name: str, key: str) -> None:
    """One click puts a size into the scenario."""
    st.button(
        t("sizing.take", name=name, size=size_text(answer.plan, size)),
        key=f"sizing.take.{key}",
        on_click=_take,
        args=(answer.plan, size),
        type="primary" if key == "best" else "secondary",
    )


def _take(plan: Plan, size: Sizes) -> None:
    changed = sizing.changes(plan, size)
    if state.change(changed):
        prices = any(path.startswith("finance.") for path in changed)
        state.notify(t("sizing.taken_price" if prices else "sizing.taken", size=size_text(plan, size)))


# --- cards ------------------------------------------------------------------------------------------------------------


def surface_card(answer: Answer) -> None:
    """The cost of every power and energy, with the best and today's size."""
    plan, words = answer.plan, state.words()
    found = _surface(answer)
    power, energy = power_unit(found.kw[-1]), energy_unit(found.kwh[-1])
    above = found.cost - np.nanmin(found.cost)
    near = above <= FLAT * abs(np.nanmin(found.cost))
    reach = found.kwh[near.any(axis=0)]
    low, high = (energy.text(value, words) for value in (reach[0], reach[-1]))
    key = "sizing.map.sharp" if reach.size == 1 else "sizing.map.title"
    title = t(key, share=words.percent(FLAT), low=low, high=high, at=low)
    with card(title, said(plan, "sizing.map.note")):
        titles = (t("sizing.axis.energy", unit=energy.name), t("sizing.axis.power", unit=power.name))
        figure = charts_sizing.cost_surface(
            found,
            _marks(answer, energy, power),
            power,
            energy,
            unit_of(plan.study, above),
            titles,
            words,
            state.is_dark(),
        )
        _pressed_size(answer, found, pressable(figure, key="surface", height=420, alt=title))


def _pressed_size(answer: Answer, found: Surface, pressed: dict[str, Any] | None) -> None:
    """A button that takes the size pressed on the map."""
    row, column = divmod(pressed["point_index"], found.kwh.size) if pressed else (found.kw.size, 0)
    if row >= found.kw.size:  # nothing is pressed, or what is on another map
        st.markdown(f":small[:gray[{t('sizing.map.press')}]]")
        return
    size = replace(answer.best.size, kw=float(found.kw[row]), kwh=float(found.kwh[column]))
    take_button(answer, size, t("sizing.map.size"), "pressed")


@once
def _surface(answer: Answer) -> Surface:
    bar = st.progress(0.0, text=t("sizing.mapping"))
    try:
        return searched(
            sizing_fronts.surface,
            answer.plan,
            answer.best.size,
            progress=lambda done, total: bar.progress(done / total, text=t("sizing.mapping")),
        )
    finally:
        bar.empty()


def _marks(answer: Answer, energy: ShownUnit, power: ShownUnit) -> list[Mark]:
    best, today = answer.best.size, answer.plan.today
    marks = [Mark("today", t("sizing.mark.today"), today.kwh / energy.divisor, today.kw / power.divisor)]
    return [*marks, Mark("best", t("sizing.mark.best"), best.kwh / energy.divisor, best.kw / power.divisor)]


def margin_card(answer: Answer, axis: str, within) -> None:
    """Why not bigger: what the next unit is worth, by bill part, and where it stops paying."""
    words, found = state.words(), _margins(answer, axis)
    size = energy_unit(found.at[-1]) if axis == "kwh" else power_unit(found.at[-1])
    other = power_unit(found.held.kw) if axis == "kwh" else energy_unit(found.held.kwh)
    held = other.text(found.held.kw if axis == "kwh" else found.held.kwh, words)
    per = size.divisor
    title = _margin_title(answer, found, size)
    price = money(answer.plan.study, found.price * per)
    with card(title, said(answer.plan, "sizing.margin.note", unit=size.name, held=held), within=within):
        unit = unit_of(answer.plan.study, np.array([found.price * per]))
        colours = charts_sizing.part_colours(palette(state.is_dark()))
        st.markdown(
            charts.legend([(t(f"sizing.part.{part}"), colours[part]) for part in charts_sizing.shown_parts(found)])
        )
        names = (
            said(answer.plan, "sizing.margin.price", money=price),
            t(f"sizing.axis.{_named(axis)}", unit=size.name),
        )
        figure = charts_sizing.margin_bars(
            found, size, unit, per, lambda part: t(f"sizing.part.{part}"), names, words, state.is_dark()
        )
        chart(figure, key=f"margin_{axis}", height=320, alt=title)


def _named(axis: str) -> str:
    return "energy" if axis == "kwh" else "power"


def _margin_title(answer: Answer, found: Margins, size: ShownUnit) -> str:
    words, most = state.words(), getattr(answer.plan.most, found.axis)
    if found.stops <= 1e-6 * most:
        worth = sum(found.parts[part][0] for part in PARTS) * size.divisor
        study = answer.plan.study
        return said(answer.plan, "sizing.margin.never", unit=size.name, worth=money(study, worth))
    key = "sizing.margin.always" if found.stops >= 0.999 * most else "sizing.margin.stops"
    return t(key, unit=size.name, at=size.text(found.stops, words))


@once
def _margins(answer: Answer, axis: str) -> Margins:
    return searched(sizing_fronts.margins, answer.plan, answer.best.size, axis)


def resilience_card(answer: Answer, within) -> None:
    """Cost against hours carried without the grid, both by the plain rule."""
    words, plan = state.words(), answer.plan
    with st.spinner(t("sizing.simulating")):
        sweep, best, today = _resilience(answer)
    least, last = min(sweep, key=lambda one: one.cost), max(sweep, key=lambda one: one.other)
    hours = [words.number(one.other, decimals=1) for one in (least, last)]
    more = last.other - least.other
    if more < 0.1:
        title = t("sizing.resilience.flat", hours=hours[0])
    else:
        title = said(
            plan,
            "sizing.resilience.title",
            less=hours[0],
            more=hours[1],
            money=money(plan.study, last.cost - least.cost),
        )
    with card(title, said(plan, "sizing.resilience.note"), within=within):
        _front(answer, "resilience", sweep, best, today, title)


@once
def _resilience(answer: Answer) -> tuple[list[FrontPoint], FrontPoint, FrontPoint]:
    plan, best = answer.plan, answer.best.size
    at_best, today = (sizing_fronts.survival_of(plan, size) for size in (best, plan.today))
    return searched(sizing_fronts.resilience_front, plan, best), at_best, today


def carbon_card(answer: Answer, within) -> None:
    """Least cost against CO2."""
    words, plan = state.words(), answer.plan
    with st.spinner(t("sizing.searching")):
        points, today = _carbon(answer)
    if not points:
        return
    cut = (points[0].other - points[-1].other) / points[0].other if points[0].other > 0 else 0.0
    dearer = points[-1].cost - points[0].cost
    key = "sizing.carbon.title" if cut >= FLAT else "sizing.carbon.flat"
    title = said(plan, key, share=words.percent(cut), money=money(plan.study, dearer))
    with card(title, said(plan, "sizing.carbon.note"), within=within):
        _front(answer, "carbon", points, points[0], today, title)


@once
def _carbon(answer: Answer) -> tuple[list[FrontPoint], FrontPoint | None]:
    plan = answer.plan
    try:
        today = sizing.price_of(plan, plan.today)
    except Infeasible:
        return searched(sizing_fronts.carbon_front, plan, answer.best), None
    point = FrontPoint(plan.today, today.cost, plan.co2_t(today.optimum))
    return searched(sizing_fronts.carbon_front, plan, answer.best), point


def _front(
    answer: Answer, name: str, points: list[FrontPoint], best: FrontPoint, today: FrontPoint | None, title: str
) -> None:
    words, plan = state.words(), answer.plan
    ends = [("best", best)] + ([("today", today)] if today else [])
    unit = unit_of(plan.study, np.array([one.cost for one in (*points, *(one for _, one in ends))]))
    hover = [
        f"{size_text(plan, one.size)}<br>{words.number(one.cost / unit.divisor, unit.unit)}<br>"
        + said(plan, f"sizing.{name}.hover", value=words.number(one.other))
        for one in points
    ]
    marks = [Mark(kind, t(f"sizing.mark.{kind}"), one.other, one.cost / unit.divisor) for kind, one in ends]
    figure = charts_sizing.front(
        [one.other for one in points],
        [one.cost / unit.divisor for one in points],
        marks,
        hover,
        (said(plan, f"sizing.{name}.axis"), unit.unit),
        words,
        state.is_dark(),
    )
    chart(figure, key=name, height=320, alt=title)


def terms(answer: Answer) -> None:
    """What the programme is, and what it is not."""
    plan, words = answer.plan, state.words()
    scenario, price = plan.study.scenario, answer.plan.price
    values = {
        "term": say.term(scenario.site.term_months, words),
        "rate": words.percent(scenario.finance.discount_rate),
        "year": plan.year,
        "usable": words.percent(plan.usable),
        "per_kwh": money(plan.study, price.kwh),
        "per_kw": money(plan.study, price.kw),
        "control": money(plan.study, plan.battery_cost),
    }
    with st.expander(t("sizing.terms.title")):
        st.markdown(said(plan, "sizing.terms.text", **values))


def show_table(answer: Answer, table: list[SizeRow]) -> None:
    frame, unit = size_table(answer, table)
    with card(_table_title(answer, table), said(answer.plan, "sizing.table.note", unit=unit)):
        answers.show_table(frame, key="sizes", alt=_table_title(answer, table))


def _table_title(answer: Answer, table: list[SizeRow]) -> str:
    cheapest = min(table, key=lambda row: row.rule)
    return t("sizing.table.title", size=size_text(answer.plan, cheapest.size))
