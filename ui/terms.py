"""Cards of the terms page that are more than fields: price paths, income tax, the loan."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from finance.metrics import real_flows
from finance.price_paths import COMPONENTS, DIESEL_SHOCK, path_of, read_points
from finance.tax import THREE_FREE_THREE_HALF, country_rules
from report.screen.charts import legend
from report.screen.financing import path_legend, price_paths
from report.text import financing as financing_text
from report.text import inputs as register_text
from report.text import say
from sim.inputs import library
from ui import form, state, table
from ui.figures import card, chart, drawer
from ui.state import t

POINTS, SHOCKS, HOLIDAY = "finance.price_points", "finance.price_shocks", "finance.tax_holiday"
EXAMPLE = "year,energy,fuel\n1,1.00,1.00\n5,0.92,1.15"


def years_of_term() -> int:
    """Project years of the scenario; a part of one counts."""
    return -(-state.current().site.term_months // 12)


# --- price paths ------------------------------------------------------------------------------------------------------


def price_paths_drawer() -> None:
    """The paths as they count, nominal or real, and the tables they come from."""
    finance = state.current().finance
    is_given = bool(finance.price_points or finance.price_shocks)
    title, note = t("financing.terms.paths"), t("financing.terms.paths_note")
    with drawer(title, note, key="paths.drawer", is_open=is_given):
        kind = st.segmented_control(
            t("financing.terms.money"),
            ["nominal", "real"],
            default="nominal",
            format_func=lambda name: t(f"financing.terms.{name}"),
            key="paths.money",
            required=True,
        )
        words, dark = state.words(), state.is_dark()
        st.markdown(legend(path_legend(words, dark)))
        chart(price_paths(_factors(kind == "real"), words, dark), key="paths", height=240, alt=_paths_alt())
        _points_editor()
        _points_from_text()
        _shocks_editor()


def _factors(real: bool) -> dict[str, Any]:
    finance, years = state.current().finance, years_of_term()
    inflation = finance.inflation if real else 0.0
    return {name: real_flows(path_of(finance, name).factors(years), inflation) for name in COMPONENTS}


def _paths_alt() -> str:
    words = state.words()
    last = {name: words.percent(float(values[-1])) for name, values in _factors(False).items()}
    parts = (f"{t(f'financing.component.{name}')} {value}" for name, value in last.items())
    listed = say.enumerated(parts, words)
    return t("financing.terms.paths_alt", years=years_of_term(), list=listed)


def _points_editor() -> None:
    """Years by components; an empty cell follows the line between its neighbours, or the yearly rate."""
    st.markdown(f"**{t('financing.terms.points')}**  \n:small[:gray[{t('financing.terms.points_note')}]]")
    key = _key(POINTS)
    if key not in st.session_state or f"{key}.base" not in st.session_state:
        st.session_state[f"{key}.base"] = _points_frame()
    config = {"year": st.column_config.NumberColumn(t("financing.year"), disabled=True, width="small", pinned=True)}
    config |= {name: table.number(t(f"financing.component.{name}"), 0, 100, step=0.01) for name in COMPONENTS}
    edited = st.data_editor(
        st.session_state[f"{key}.base"],
        key=key,
        column_config=config,
        hide_index=True,
        height=240,
        placeholder="",
        alt=t("financing.terms.points"),
    )
    points = _points_in(edited)
    if points != _points_in(_points_frame()) and state.change({POINTS: points}):
        st.rerun()
    form.problems(POINTS)


def _points_frame() -> pd.DataFrame:
    points = state.current().finance.price_points
    last = max([years_of_term(), *(point.year for point in points)])
    frame = pd.DataFrame(index=range(1, last + 1), columns=list(COMPONENTS), dtype=float)
    for point in points:
        frame.loc[point.year, point.component] = point.factor
    return frame.rename_axis("year").reset_index()


def _points_in(frame: pd.DataFrame) -> list[dict[str, Any]]:
    long = frame.melt("year", var_name="component", value_name="factor").dropna()
    return [
        {"year": int(row.year), "component": str(row.component), "factor": float(row.factor)}
        for row in long.itertuples()
    ]


def _points_from_text() -> None:
    with st.popover(t("financing.terms.paste"), width="content"):
        st.text_area(
            t("financing.terms.paste_label", columns=", ".join(("year", *COMPONENTS))),
            key="paths.text",
            placeholder=EXAMPLE,
            height=160,
        )
        st.button(t("financing.terms.paste_take"), on_click=_take_text, key="paths.take")
        for sentence in state.problems_of("paths.text"):
            st.error(sentence)


def _take_text() -> None:
    try:
        points = read_points(st.session_state["paths.text"])
    except ValueError as error:
        st.session_state.problems["paths.text"] = (state.words().problem(error),)
        return
    if state.change({POINTS: [point.model_dump() for point in points]}, where="paths.text"):
        _forget(POINTS)


def _shocks_editor() -> None:
    st.markdown(f"**{t('financing.terms.shocks')}**  \n:small[:gray[{t('financing.terms.shocks_note')}]]")
    component = st.column_config.SelectboxColumn(
        t("financing.component"),
        options=list(COMPONENTS),
        default="fuel",
        required=True,
        format_func=lambda name: t(f"financing.component.{name}"),
    )
    columns = {"component": component, **_year_columns(2, 3)}
    columns["factor"] = table.number(t("financing.factor"), 0, 100, step=0.01, default=1.0)
    table.rows_editor(SHOCKS, columns, alt=t("financing.terms.shocks"))
    factor = state.words().number(DIESEL_SHOCK.factor)
    st.button(
        t("financing.terms.diesel_shock", factor=factor, first=DIESEL_SHOCK.first_year, last=DIESEL_SHOCK.last_year),
        help=t("financing.terms.diesel_shock_help"),
        on_click=_add_row,
        args=(SHOCKS, DIESEL_SHOCK.model_dump()),
        key="paths.shock",
    )


def _year_columns(first: int, last: int) -> dict[str, Any]:
    return {
        "first_year": table.number(t("financing.first_year"), 1, 100, default=first),
        "last_year": table.number(t("financing.last_year"), 1, 100, default=last),
    }


# --- tax and loan -----------------------------------------------------------------------------------------------------


def tax_card() -> None:
    """Whose rules count, what they say, the fields, and years with a lower rate."""
    with card(t("financing.terms.tax"), t("financing.terms.tax_note")):
        _country_line()
        form.card("terms.tax", columns=3)
        if state.current().finance.vat_basis == "incl":
            st.markdown(f":small[:gray[{t('financing.terms.tax_on_vat')}]]")
        _holiday_drawer()


def _holiday_drawer() -> None:
    """Years with a lower rate."""
    title, is_given = t("financing.terms.holiday"), bool(state.current().finance.tax_holiday)
    with drawer(title, t("financing.terms.holiday_note"), key="tax.drawer", is_open=is_given):
        columns = _year_columns(1, 3) | {"factor": table.number(t("financing.factor"), 0, 1, step=0.05, default=0.5)}
        table.rows_editor(HOLIDAY, columns, alt=title)
        st.button(
            t("financing.terms.three_and_three"),
            help=t("financing.terms.three_and_three_help"),
            on_click=_three_and_three,
            key="tax.three",
        )


def _country_line() -> None:
    """The country's rules in a sentence, and a button that writes them into the fields."""
    code, words = state.current().site.country, state.words()
    if code not in library.countries():
        st.info(t("financing.terms.no_country", code=code))
        return
    name = say.country(code, words)
    found = library.country_record(code, "corporate_income_tax_rate")
    mark = f" {form.DIAMOND}" if found.confidence == "unverified" else ""
    source = t("inputs.source", source=f"{register_text.source_words(found.source, words)} ({found.as_of})")
    text = t("financing.terms.country", name=name, rules=financing_text.rules_text(country_rules(code), words))
    st.markdown(f"{text}{mark}  \n:small[:gray[{source}]]")
    st.button(t("financing.terms.copy_country"), on_click=_copy_country, args=(code,), key="tax.copy")


def _copy_country(code: str) -> None:
    rules = country_rules(code)
    years = rules.loss_carry_years
    state.change(
        {
            "finance.tax_rules": "own",
            "finance.tax_rate": rules.rate,
            "finance.tax_depreciation": rules.depreciation.method,
            "finance.tax_depreciation_years": rules.depreciation.years,
            "finance.tax_residual_fraction": rules.depreciation.residual_fraction,
            "finance.tax_loss_carry_years": 100 if years is None else years,
        }
    )


def _three_and_three() -> None:
    """Years 1-3 free and 4-6 at half rate, in the place of any other holiday."""
    free = sum(factor == 0 for factor in THREE_FREE_THREE_HALF)
    rows = [
        {"first_year": 1, "last_year": free, "factor": 0.0},
        {"first_year": free + 1, "last_year": len(THREE_FREE_THREE_HALF), "factor": THREE_FREE_THREE_HALF[-1]},
    ]
    if state.change({HOLIDAY: rows}):
        _forget(HOLIDAY)


def loan_card() -> None:
    with card(t("financing.terms.loan"), t("financing.terms.loan_note")):
        form.card("terms.loan", columns=3)


# --- tables -----------------------------------------------------------------------------------------------------------


def _add_row(path: str, row: dict[str, Any]) -> None:
    rows = [known.model_dump() for known in state.current().get(path)]
    if row not in rows and state.change({path: [*rows, row]}):
        _forget(path)


def _key(path: str) -> str:
    return f"table.{path}@{state.revision()}"


def _forget(path: str) -> None:
    """The table is drawn anew from the scenario."""
    for key in (_key(path), f"{_key(path)}.base"):
        st.session_state.pop(key, None)
