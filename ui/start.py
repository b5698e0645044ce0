"""The start card of a site of one's own: six answers, the five inputs that move the answer most, the worked examples.

Each answer is taken at once (`state.answer`): the place brings its world, the plant is sized by rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from report.text import inputs as register_text
from report.text import say
from report.text.amounts import month_name
from report.text.plain import as_part
from sim.inputs.register import register
from study import own_site
from study.own_site import OTHERWISE, Start, start_of
from study.presets import presets
from study.risk import Bar, tornado
from study.study import Study
from ui import form, meter_upload, state, works
from ui.figures import card
from ui.kept import once
from ui.state import t

MONTHS_AHEAD = 24
NEVER = -1
GRID_MONTHS = (0, 3, 6, 9, 12, 18, 24)
MOST_MW = 2000.0
MOVERS, NARROWEST_PX = 5, 160
# What the card asks itself is not asked again among what moves the answer most.
ASKED = ("finance.diesel_per_l", "finance.delivery_per_l", *own_site.ANSWERS)


def fields() -> None:
    """The six answers."""
    start = start_of(state.current())
    with card(t("start.title")):
        _where()
        _how_big(start)
        with st.container(horizontal=True, gap="small"):
            _from_when(start)
        with st.container(horizontal=True, gap="small"):
            _grid(start)
        _pick("otherwise", OTHERWISE, start.otherwise, lambda name: t(f"start.otherwise.{name}"))
        _diesel()
        st.markdown(f":small[:gray[{t('start.rule')}]]")


def _where() -> None:
    form.field("site.place")
    line, more = st.columns([4, 1])
    line.markdown(f":small[:gray[{brought()}]]")
    with more:
        if st.button(t("start.change_tariff"), key="start.tariff", type="tertiary"):
            st.switch_page("../pages/tariff.py")


def brought() -> str:
    """What the place has brought, in a line."""
    scenario, words = state.current(), state.words()
    mark = f" {form.DIAMOND}" if scenario.tariff.confidence == "unverified" else ""
    return t(
        "start.brings",
        tariff=as_part(say.own_name(scenario.tariff, words)) + mark,
        currency=words.currency(scenario.site.currency),
        factor=words.number(scenario.grid.co2_kg_per_kwh, "kg/kWh"),
    )


def _how_big(start: Start) -> None:
    kinds = ("mw", "gpus", "meter")
    now = "meter" if start.meter else "gpus" if start.gpus is not None else "mw"
    key = _key("size_by")
    with st.container(horizontal=True, gap="small"):
        chosen = form.follow(
            st.segmented_control,
            t("start.size"),
            kinds,
            key=key,
            value=st.session_state.get("start_size_by", now) if now == "mw" else now,
            format_func=lambda kind: t(f"start.size_{kind}"),
            required=True,
            on_change=_choose_size,
            args=(key,),
            width="content",
        )
        if chosen == "gpus":
            _number("gpus", start.gpus or 1, 1, 2_000_000, lambda value: {"gpus": int(value)}, whole=True)
            models = register()["load.gpu_model"].choices
            _pick("gpu_model", models, start.gpu_model, lambda name: form.choice_text("load.gpu_model", name))
        elif chosen == "mw":
            _number("mw", start.peak_kw / 1000, 0.1, MOST_MW, lambda value: {"peak_kw": 1000 * value})
    if chosen == "meter":
        with st.expander(t("start.meter"), expanded=start.meter is None):
            meter_upload.draw()
    form.problems("start.size")


def _choose_size(key: str) -> None:
    chosen, start = st.session_state[key], start_of(state.current())
    st.session_state.start_size_by = chosen
    if chosen == "gpus" and start.gpus is None:
        count = state.current().load.gpu_count
        state.answer("start.size", gpus=count, meter=None)
    elif chosen == "mw":
        state.answer("start.size", gpus=None, meter=None)


def _from_when(start: Start) -> None:
    first = start.start
    options = _months_from(min(first, own_site.next_month()), MONTHS_AHEAD)
    options = options if first in options else [first, *options]
    _pick("start", options, first, _month_text)
    _number(
        "months",
        start.months,
        1,
        360,
        lambda value: {"months": int(value)},
        whole=True,
        help_key="start.months_help",
    )


def _month_text(month: str) -> str:
    return t("start.month", month=month_name(state.words(), int(month[5:])), year=month[:4])


def _months_from(first: str, count: int) -> list[str]:
    year, month = int(first[:4]), int(first[5:]) - 1
    return [f"{year + (month + ahead) // 12}-{(month + ahead) % 12 + 1:02d}" for ahead in range(count)]


def _grid(start: Start) -> None:
    _number("existing", start.existing_kw / 1000, 0.0, MOST_MW, lambda value: {"existing_kw": 1000 * value})
    now = NEVER if start.ready_month is None else start.ready_month
    options = sorted({*GRID_MONTHS, max(now, 0)}) + [NEVER]
    key = _key("ready")
    more: dict[str, Any] = {"format_func": _ready_text, "on_change": _choose_ready, "args": (key,)}
    form.follow(st.selectbox, t("start.ready"), options, key=key, value=now, **more)
    form.problems("start.ready")


def _ready_text(months: int) -> str:
    if months == NEVER:
        return t("start.ready_never")
    return t("start.ready_now") if months == 0 else state.counted("start.ready_after", months)


def _choose_ready(key: str) -> None:
    chosen = st.session_state[key]
    state.answer("start.ready", ready_month=None if chosen == NEVER else chosen)


def _diesel() -> None:
    scenario = state.current()
    delivered = scenario.finance.diesel_per_l + scenario.finance.delivery_per_l
    unit = form.unit_text(register()["finance.diesel_per_l"], scenario)
    mark = f" {form.DIAMOND}" if "finance.diesel_per_l" in form.marks() else ""
    key = _key("diesel")
    form.follow(
        st.number_input,
        t("start.diesel", unit=unit) + mark,
        value=float(f"{delivered:.9g}"),
        min_value=0.0,
        step=form.nice_step(max(delivered, 1.0) / 20),
        format=f"%.{max(2, form.decimals(delivered))}f",
        key=key,
        help=t("start.diesel_help"),
        on_change=_take_diesel,
        args=(key,),
    )
    form.problems("start.diesel")


def _take_diesel(key: str) -> None:
    entered = st.session_state[key]
    if entered is not None:
        state.change(own_site.diesel_at(state.current(), entered), where="start.diesel")


def _pick(name: str, options: Sequence[Any], now: Any, text: Callable[[Any], str]) -> None:
    key = _key(name)
    more: dict[str, Any] = {"format_func": text, "on_change": _take, "args": (name, key, None)}
    form.follow(st.selectbox, t(f"start.{name}"), options, key=key, value=now, **more)
    form.problems(f"start.{name}")


def _number(
    name: str,
    now: float,
    low: float,
    high: float,
    answers: Callable[[float], dict[str, Any]],
    whole: bool = False,
    help_key: str = "",
) -> None:
    key, number = _key(name), int if whole else float
    now = number(float(f"{now:.9g}"))
    form.follow(
        st.number_input,
        t(f"start.{name}"),
        value=now,
        min_value=number(low),
        max_value=number(max(high, now)),
        step=1 if whole else form.nice_step(max(now, 1.0) / 10),
        format="%d" if whole else f"%.{max(1, form.decimals(now))}f",
        key=key,
        help=t(help_key) if help_key else None,
        on_change=_take,
        args=(name, key, answers),
    )
    form.problems(f"start.{name}")


def _take(name: str, key: str, answers: Callable[[float], dict[str, Any]] | None) -> None:
    entered = st.session_state[key]
    if entered is not None:
        state.answer(f"start.{name}", **(answers(entered) if answers else {name: entered}))


def _key(name: str) -> str:
    return f"start.{name}"


@once
def movers(study: Study) -> tuple[Bar, ...]:
    """The inputs that move the worth against the rival most between their usual ends, without what the card asks."""
    bars = (bar for bar in tornado(study).bars if bar.path in register() and bar.path not in ASKED)
    return tuple(bar for bar in bars if bar.swing > 0)[:MOVERS]


def five(study: Study) -> None:
    """Fields of what moves the answer most, the most first, each with what it moves."""
    words, currency = state.words(), study.scenario.site.currency
    found = movers(study)
    if not found:
        return
    with card(t("start.five"), t("start.five_note", n=len(register()) - len(ASKED))):
        grid = st.grid(MOVERS, min_column_width=NARROWEST_PX)
        for bar in found:
            with grid.container(gap="xxsmall"):
                form.field(bar.path, with_source=False)
                swing = words.money(bar.swing, currency)
                entry = register()[bar.path]
                low, high = (register_text.number(entry, end, study.scenario, words) for end in (bar.low, bar.high))
                st.markdown(f":small[{t('start.moves', swing=swing, low=low, high=high)}]")


def examples() -> None:
    """The recent projects and the shipped cases, one press each."""
    works.go_on()
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f":small[:gray[{t('start.examples')}]]", width="content")
        for name, preset in presets().items():
            label = t(f"shell.preset.{name}")
            st.button(label, key=f"example.{name}", type="tertiary", on_click=_open, args=(name, preset.scenario))


def _open(name: str, scenario: Any) -> None:
    state.replace(scenario, preset=name)
