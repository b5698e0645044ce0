"""A cost line as a formula: in which cell of the workbook each factor stands (`finance.lines`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from finance.instalments import MONTHS_OF
from finance.lines import LINES, QUANTITIES, formula, quantity_formula
from finance.lives import LIFE
from report.book.cells import Book, input_name
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.register import register

# Factors that are 1 in a sheet of months, and those with a named cell of their own.
NAMED = {
    "months": "",
    "vat": "vat_factor",
    "vat_services": "vat_services_factor",
    "storage_bought": "storage_is_bought",
    "storage_rented": "(1-storage_is_bought)",
    "storage_price": "storage_price",
    "kw_beyond": "battery_kw_beyond",
    "genset_bought": "genset_is_bought",
    "genset_rented": "(1-genset_is_bought)",
    "new_kva": "new_transformer_kva",
    "has_works": "has_grid_works",
    "grid_works_cost": "grid_works_cost",
    "gpus": "gpus_on_site",
    **{f"{name}_left": f"{name}_left" for name in LIFE},
    "gpu_loss": "gpu_loss",
    "restart_cost": "restart_cost",
}


def line_formula(book: Book, row: int, key: str, here: Mapping[str, str | None], at: int = 0) -> str | None:
    """The formula of a cost line of an alternative (its position in `ALTERNATIVES`), None where it cannot occur.

    here: the cells of quantities. A quantity without a cell is written as the number the study has, that of month or
    project year `at` (from 0)."""
    return formula(LINES[key], _cells(book, row, here, at))


def derived_formula(name: str) -> str:
    """The formula of a quantity that follows from inputs alone, for its named cell."""
    return "=" + quantity_formula(name, lambda other: _input(other) if other in register() else NAMED[other])


def _cells(book: Book, row: int, here: Mapping[str, str | None], at: int) -> Callable[[str], str | None]:
    places = NAMED | dict(here)
    occurs = {
        "hybrid": ALTERNATIVES[row] == "hybrid",
        "with_grid": ALTERNATIVES[row] != "diesel",
        "has_battery": book.study.scenario.storage.energy_kwh > 0,
    }

    def cell(name: str) -> str | None:
        if name in occurs:
            return "" if occurs[name] else None
        if name in places:
            return places[name]
        if name in MONTHS_OF:  # nothing where the whole plant stands, else the share that does
            share = _number(book, name, row, at)
            return "" if share == "1.0" else share
        if name in register():
            return _input(name)
        if name in QUANTITIES:
            raise KeyError(name)
        return _number(book, name, row, at)

    return cell


def _input(path: str) -> str:
    return f"IF({input_name(path)},1,0)" if register()[path].kind == "switch" else input_name(path)


def _number(book: Book, name: str, row: int, at: int) -> str | None:
    values = np.atleast_2d(np.asarray(book.quantities(name), dtype=float))
    value = float(values[min(row, len(values) - 1), min(at, values.shape[1] - 1)])
    return repr(value) if value else None
