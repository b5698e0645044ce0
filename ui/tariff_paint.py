"""The tariff as a picture to paint on: hours by months, one picture a day type; nothing counts before it is applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from pydantic import ValidationError

from report.screen.tariff import painting_grid, period_colours, touched
from report.text import inputs as register_text
from report.text import say
from report.text.amounts import month_name
from report.text.plain import as_plain
from sim.inputs.base import InputError, input_error
from sim.inputs.tariff import DAY_TYPES, EVERY_MONTH, Tariff, clock
from sim.tariff.paint import (
    SLOTS,
    Painting,
    month_groups,
    months_text,
    painted,
    painted_fields,
    painting_of,
    refined,
    with_day_copied,
    with_period,
    with_price,
)
from ui import form, site_year, state
from ui.figures import Finished, card
from ui.state import t

KEY = "tariff_draft"
STEPS_BACK = 40
SAME = 1e-5
HEIGHT_PX = {24: 440, 48: 640, 96: 980}


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture in work over the tariff `of`; `revision` is part of the widgets' keys, so that a new picture gets new
    ones and no old selection is painted twice."""

    of: Tariff
    now: Painting
    before: tuple[Painting, ...] = ()
    revision: int = 0


@st.fragment
def draw() -> None:
    """The card, redrawn alone while one paints."""
    draft = _draft()
    start = painting_of(draft.of)
    is_changed = not draft.now.same_as(refined(start, draft.now.slots))
    tariff, problem = _tariff(draft)
    with card(_title(draft, tariff if is_changed else None), t("tariff.paint.note")):
        if problem:
            st.error(state.refused(problem))
        tools = st.container(horizontal=True, vertical_alignment="bottom")
        with tools:
            day_type = _day_type()
            _slots(draft, start.slots)
        period = _brush(draft.now)
        left, right = st.columns([5, 3], gap="medium")
        with left:
            _picture(draft, day_type, period)
        with right:
            _prices(draft)
            _new_period(draft)
            _by_hand(draft, day_type, period)
        _buttons(draft, day_type, is_changed, tariff)


def _draft() -> Canvas:
    tariff, known = state.current().tariff, st.session_state.get(KEY)
    if known is None or known.of != tariff:
        known = Canvas(tariff, painting_of(tariff), revision=known.revision + 1 if known else 0)
        st.session_state[KEY] = known
    return known


def _go(painting: Painting) -> None:
    draft = _draft()
    st.session_state[KEY] = Canvas(draft.of, painting, (*draft.before, draft.now)[-STEPS_BACK:], draft.revision + 1)


def _title(draft: Canvas, tariff: Tariff | None) -> str:
    """What the painted tariff does to the year's grid bill; None where nothing was painted or it is no tariff yet."""
    if tariff is None:
        return t("tariff.paint.title")
    words, currency = state.words(), draft.of.currency
    old, new = (site_year.of_tariff(one).cost("grid") for one in (draft.of, tariff))
    if not old or abs(new / old - 1) < SAME:
        return t("tariff.paint.title_same", old=words.money(old, currency))
    percent = words.percent(abs(new / old - 1))
    return t(f"tariff.paint.title_{'up' if new > old else 'down'}", percent=percent, new=words.money(new, currency))


def _tariff(draft: Canvas) -> tuple[Tariff | None, InputError | None]:
    """The picture as a tariff, or why it is none."""
    try:
        return Tariff.model_validate(painted_fields(draft.now, _name(draft.of))), None
    except ValidationError as error:
        return None, input_error(error)


def _name(tariff: Tariff) -> str:
    name = say.own_name(tariff, state.words())
    return t("inputs.tariff.edited", name=name) if tariff.library_id else name


def _day_type() -> str:
    return st.segmented_control(
        t("inputs.tariff.day_type"),
        DAY_TYPES,
        default=DAY_TYPES[0],
        format_func=lambda name: t(f"inputs.tariff.{name}"),
        required=True,
        key="paint_day_type",
    )


def _slots(draft: Canvas, least: int) -> None:
    options = [slots for slots in SLOTS if slots >= max(least, draft.now.slots)]
    if len(options) > 1:
        key = f"paint_slots.{draft.revision}"
        st.selectbox(
            t("tariff.paint.slots"),
            options,
            format_func=lambda slots: state.words().number(1440 // slots, t("tariff.minutes"), 0),
            width=120,
            key=key,
            on_change=lambda: _go(refined(draft.now, st.session_state[key])),
        )


def _brush(painting: Painting) -> str:
    """The period that is painted with."""
    shades = dict(zip(painting.periods, period_colours(painting, state.is_dark()), strict=True))
    key = f"paint_brush.{'|'.join(painting.periods)}"
    return st.segmented_control(
        t("tariff.paint.brush"),
        painting.periods,
        default=painting.periods[-1],
        format_func=lambda name: f':color[■]{{foreground="{shades[name]}"}} {as_plain(_shown(name))}',
        required=True,
        wrap=True,
        key=key,
        help=t("tariff.paint.brush_help"),
    )


def _picture(draft: Canvas, day_type: str, period: str) -> None:
    key = f"painting.{day_type}.{draft.revision}"
    st.plotly_chart(
        Finished(painting_grid(draft.now, day_type, state.words(), state.is_dark())),
        key=key,
        height=HEIGHT_PX[draft.now.slots],
        theme=None,
        config={"displayModeBar": False, "scrollZoom": False, "doubleClick": False},
        on_select=lambda: _paint_selected(key, day_type, period),
        selection_mode="box",
        alt=t("tariff.paint.alt", day=t(f"inputs.tariff.{day_type}")),
    )


def _paint_selected(key: str, day_type: str, period: str) -> None:
    draft = _draft()
    boxes = st.session_state[key]["selection"]["box"]
    cells = {cell for box in boxes for cell in touched(box["x"], box["y"], draft.now.slots)}
    if cells:
        _go(painted(draft.now, day_type, cells, period))


def _prices(draft: Canvas) -> None:
    """Price of every period in use, by the months that will be one season."""
    painting = draft.now
    used = painting.used()
    rows = [
        (name, months)
        for months in month_groups(painting)
        for k, name in enumerate(painting.periods)
        if used[k, months[0] - 1]
    ]
    frame = pd.DataFrame(
        {
            "months": [_months(months) for _, months in rows],
            "period": [_shown(name) for name, _ in rows],
            "price": [painting.price_per_kwh[painting.periods.index(name), months[0] - 1] for name, months in rows],
        }
    )
    key = f"paint_prices.{draft.revision}"
    currency = state.words().currency(draft.of.currency)
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        disabled=["months", "period"],
        height=min(360, 35 * (len(rows) + 1) + 3),
        column_config={
            "months": st.column_config.TextColumn(t("inputs.table.months")),
            "period": st.column_config.TextColumn(t("inputs.tariff.period"), width="small"),
            "price": st.column_config.NumberColumn(t("inputs.tariff.price", currency=currency), format="%.4f"),
        },
        on_change=lambda: _take_prices(key, rows),
        alt=t("inputs.tariff.prices"),
    )


def _take_prices(key: str, rows: list[tuple[str, tuple[int, ...]]]) -> None:
    painting = _draft().now
    for at, changed in st.session_state[key]["edited_rows"].items():
        name, months = rows[int(at)]
        if changed.get("price") is not None:
            painting = with_price(painting, name, months, float(changed["price"]))
    _go(painting)


def _new_period(draft: Canvas) -> None:
    with st.popover(t("tariff.paint.new"), width="stretch"):
        name = st.text_input(t("tariff.paint.new_name"), key=f"paint_new_name.{draft.revision}", max_chars=40)
        price = st.number_input(
            t("inputs.tariff.price", currency=draft.of.currency),
            value=None,
            step=None,
            format="%.4f",
            key=f"paint_new_price.{draft.revision}",
        )
        if st.button(t("tariff.paint.new_add"), disabled=not name or price is None, key="paint_new_add"):
            try:
                _go(with_period(draft.now, name, price))
            except ValueError as error:
                st.error(state.refused(error))
            else:
                st.rerun()


def _by_hand(draft: Canvas, day_type: str, period: str) -> None:
    """The same by keyboard: months and hours to be painted with the chosen period."""
    words, slots = state.words(), draft.now.slots
    with st.popover(t("tariff.paint.by_hand"), width="stretch"):
        months = st.multiselect(
            t("inputs.table.months"),
            EVERY_MONTH,
            format_func=lambda month: month_name(words, month),
            key="paint_hand_months",
            placeholder=t("tariff.paint.every_month"),
        )
        ends = [24 * at / slots for at in range(slots + 1)]
        start = st.selectbox(t("inputs.table.start"), ends[:-1], format_func=clock, key=f"paint_hand_start.{slots}")
        later = [end for end in ends if end > start]
        end = st.selectbox(t("inputs.table.end"), later, format_func=clock, key=f"paint_hand_end.{slots}.{start}")
        first, last = (round(hour * slots / 24) for hour in (start, end))
        cells = [(month - 1, slot) for month in months or EVERY_MONTH for slot in range(first, last)]
        st.button(
            t("tariff.paint.paint", period=as_plain(_shown(period))),
            key="paint_hand",
            on_click=lambda: _go(painted(draft.now, day_type, cells, period)),
        )


def _buttons(draft: Canvas, day_type: str, is_changed: bool, tariff: Tariff | None) -> None:
    row = st.container(horizontal=True, vertical_alignment="center")
    can_apply = is_changed and tariff is not None
    is_pressed = row.button(t("inputs.tariff.apply"), type="primary", disabled=not can_apply, key="paint_apply")
    if is_pressed and tariff is not None:
        _apply(tariff)
    _do(row, "undo", bool(draft.before), _undo)
    others = tuple(name for name in DAY_TYPES if name != day_type)
    _do(
        row, "copy", True, lambda: _go(with_day_copied(draft.now, day_type, others)), day=t(f"inputs.tariff.{day_type}")
    )
    _do(row, "restart", is_changed, lambda: _go(painting_of(draft.of)))
    form.problems("tariff")


def _do(row, name: str, is_possible: bool, action: Callable[[], None], **values: str) -> None:
    row.button(t(f"tariff.paint.{name}", **values), key=f"paint_{name}", disabled=not is_possible, on_click=action)


def _undo() -> None:
    draft = _draft()
    st.session_state[KEY] = Canvas(draft.of, draft.before[-1], draft.before[:-1], draft.revision + 1)


def _apply(tariff: Tariff) -> None:
    if state.change({"tariff": tariff.model_dump()}):
        state.replace(state.current(), t("inputs.tariff.taken"))
        st.rerun()


def _months(months: tuple[int, ...]) -> str:
    """Calendar months as runs of their names."""
    if months == EVERY_MONTH:
        return t("tariff.paint.every_month")
    runs = [
        [month_name(state.words(), int(month)) for month in run.split("-")] for run in months_text(months).split(", ")
    ]
    return ", ".join("-".join(run) for run in runs)


def _shown(period: str) -> str:
    return register_text.period(period, state.words())
