"""Small tables of a scenario (stages, outages, ramp, windows) in an editor that follows the scenario."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from i18n.numbers import plain
from ui import form, state
from ui.state import t

Rows = list[dict[str, Any]]


def rows_editor(path: str, columns: Mapping[str, Any], *, alt: str, height: int | str = "auto") -> None:
    """Edit the rows at an input path; `columns` are column configurations by the rows' field names.

    A table the scenario cannot use keeps its cells, says why, and leaves the scenario as it was.
    """
    rows = [row.model_dump() for row in state.current().get(path)]
    edited = grid_editor(path, rows, columns, alt=alt, height=height)
    if edited is not None and edited != [_plain(row) for row in rows] and state.change({path: edited}):
        st.rerun()
    form.problems(path)


def grid_editor(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any],
    *,
    alt: str,
    height: int | str = "auto",
    fixed: bool = False,
) -> Rows | None:
    """An editor over `rows`; the rows as edited, or None while a cell is still empty (which it says). A column with
    `required=False` may stay empty."""
    key = f"table.{name}@{state.revision()}"
    base_key = f"{key}.base"
    if key not in st.session_state or base_key not in st.session_state:
        st.session_state[base_key] = _frame(rows, columns)
    edited = st.data_editor(
        st.session_state[base_key],
        key=key,
        column_config=dict(columns),
        num_rows="fixed" if fixed else "dynamic",
        hide_index=True,
        height=height,
        alt=alt,
        placeholder="",
    )
    found = [{str(name): value for name, value in row.items()} for row in edited.to_dict("records")]
    flags = [name for name, config in columns.items() if config["type_config"]["type"] == "checkbox"]
    found = [row | {name: row[name] is True or row[name] == 1 for name in flags} for row in found]
    found = [row for row in found if not all(_is_blank(value) for name, value in row.items() if name not in flags)]
    for number, row in enumerate(found, start=1):
        for field, value in row.items():
            if _is_blank(value) and columns[field].get("required") is not False:
                st.info(t("inputs.table.blank", row=number, column=_title(columns, field)))
                return None
    return [_plain(row) for row in found]


def _frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> pd.DataFrame:
    kinds: dict[str, Callable[[Any], Any]] = {
        "number": _float,
        "checkbox": bool,
        "multiselect": lambda items: list(map(str, items)),
    }
    table = {}
    for name, config in columns.items():
        kind = config["type_config"]["type"]
        values = [kinds.get(kind, str)(row[name]) for row in rows]
        table[name] = pd.Series(values, dtype="float64" if kind == "number" else "object")
    return pd.DataFrame(table)


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _is_blank(value: Any) -> bool:
    is_empty = isinstance(value, str | list) and not value
    return value is None or is_empty or (isinstance(value, float) and value != value)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers as int, month lists as numbers, nothing for an empty cell, so that a table read back equals the
    table given."""
    return {name: _plain_cell(value) for name, value in row.items()}


def _plain_cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sorted(int(item) if str(item).isdigit() else item for item in value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _title(columns: Mapping[str, Any], field: str) -> str:
    return columns[field]["label"] or field


def number(label: str, low: float, high: float, *, step: float = 1.0, default: float | None = None) -> Any:
    """A number column; its limits are told by the scenario, not enforced silently in the cell."""
    limits = t("inputs.table.limits", low=plain(low), high=plain(high))
    return st.column_config.NumberColumn(label, help=limits, step=step, default=default, width="small")


def optional_number(label: str, low: float, high: float) -> Any:
    """A number column that may stay empty."""
    limits = t("inputs.table.limits", low=plain(low), high=plain(high))
    return st.column_config.NumberColumn(label, help=limits, width="small", required=False)


def flag(label: str, note: str) -> Any:
    """A column of yes or no."""
    return st.column_config.CheckboxColumn(label, help=note, default=False, width="small")


def fraction(label: str, note: str) -> Any:
    """A share column, shown in per cent; it may stay empty."""
    return st.column_config.NumberColumn(label, help=note, format="percent", step=0.01, width="small", required=False)


def months(label: str) -> Any:
    """A column of month lists."""
    return st.column_config.MultiselectColumn(
        label, options=[str(month) for month in range(1, 13)], default=[str(month) for month in range(1, 13)]
    )
