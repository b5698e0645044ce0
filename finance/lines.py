"""The cost lines, each written once: what is paid, when, and as a product of what. Ledger, batches, workbook and every
list of lines read this table.

A row of `_TABLE` has two lines. The first: key; part of the cost stack; step of the saving's waterfall ("bill": the
bill tells it); line of the project's cash flow; when it is due. The second: the sign (- is money out) and the product,
worked out from left to right. A factor is
    the path of an input, `finance.diesel_per_l`;
    a quantity the reader knows, `fuel_l`, or one of `QUANTITIES`, which are sums of products themselves;
    `up.<component>`, how its price has grown (`finance.price_paths`);
    `/12`, a plain number to divide by.
Beside `up` at most one factor of a line differs by month, so that a year's sum is the product of the year's sum.

To add a line: its row, its quantity in the readers where it is a new one, and `answers.line.<key>` in every language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, get_args

# billed: every month, by the utility, whose bill has prices and their growth in it, so that its first factor is the
# whole; monthly: at the end of each month; yearly: in the first month of each project year; start, end: of the term.
Due = Literal["billed", "monthly", "yearly", "start", "end"]
DUES: tuple[Due, ...] = get_args(Due)
Product = tuple[str, ...]
_TABLE = """
grid_energy           energy          bill               saved_energy   billed
    - bill_energy x finance.energy_price_factor x up.energy
grid_demand           demand          bill               saved_demand   billed
    - bill_demand x up.demand
grid_fixed            demand          bill               saved_demand   billed
    - bill_fixed x up.demand
export_credit         pv              bill               export         billed
    + bill_export x up.energy
grid_works            works           grid_works         investment     start
    - with_grid x grid_works_cost x vat
pv_capex              pv              pv_cost            investment     start
    - hybrid x pv.dc_kwp x finance.pv_capex_per_kwp x vat
pv_om                 pv_upkeep       pv_cost            operating      monthly
    - hybrid x pv_months x pv.dc_kwp x finance.pv_om_per_kwp_year x /12 x up.om x vat_services
pv_inverter_renewal   pv              pv_cost            replacement    yearly
    - hybrid x pv_ac_kw x finance.pv_inverter_per_kw x inverters_renewed x vat
pv_residual           pv              pv_cost            residual       end
    + hybrid x pv.dc_kwp x finance.pv_capex_per_kwp x pv_left x vat
pv_inverter_residual  pv              pv_cost            residual       end
    + hybrid x pv_ac_kw x finance.pv_inverter_per_kw x inverters_left x vat
storage_capex         battery         battery_cost       investment     start
    - hybrid x storage_price x storage_bought x vat
storage_power         battery         battery_cost       investment     start
    - hybrid x storage_bought x power_price x vat
storage_rent          battery         battery_cost       operating      monthly
    - hybrid x battery_months x storage_rented x storage.energy_kwh x finance.storage_rent_per_kwh_month x up.om x vat
storage_om            battery_upkeep  battery_cost       operating      monthly
    - hybrid x battery_months x storage_bought x storage_price x storage_care x /12 x up.om x vat_services
storage_power_om      battery_upkeep  battery_cost       operating      monthly
    - hybrid x battery_months x storage_bought x power_price x storage_care x /12 x up.om x vat_services
storage_replacement   battery         battery_cost       replacement    yearly
    - hybrid x storage_list_price x storage_bought x new_cells x vat
storage_converter_renewal battery     battery_cost       replacement    yearly
    - hybrid x has_battery x storage.power_kw x finance.storage_power_per_kw x storage_bought x converters_renewed x vat
storage_residual      battery         battery_cost       residual       end
    + hybrid x storage_worth x storage_bought x vat
storage_converter_residual battery    battery_cost       residual       end
    + hybrid x storage_bought x finance.storage_power_per_kw x kw_left x vat
ems                   control         control_cost       investment     start
    - hybrid x has_battery x finance.ems_cost x finance.ems_share x vat
fuel                  fuel            diesel_avoided     saved_fuel     monthly
    - fuel_l x finance.diesel_per_l x up.fuel x vat
fuel_delivery         sets            diesel_avoided     saved_fuel     monthly
    - fuel_l x finance.delivery_per_l x up.om x vat
genset_rent           sets            sets_and_crew      saved_sets     monthly
    - genset_rented x sets x finance.genset_rent_per_set_month x up.om x vat
genset_capex          sets            sets_and_crew      investment     start
    - fleet x genset.set_kw x finance.genset_capex_per_kw x genset_bought x vat
genset_mobilisation   sets            sets_and_crew      mobilisation   start
    - fleet x finance.genset_mobilisation_per_set x vat
genset_om             crew            diesel_avoided     saved_sets     monthly
    - genset_kwh x finance.genset_om_per_kwh x up.om x vat
crew                  crew            sets_and_crew      saved_sets     monthly
    - crew_cost x up.om x vat_services
genset_residual       sets            sets_and_crew      residual       end
    + fleet x genset.set_kw x finance.genset_capex_per_kw x genset_bought x genset_left x vat
carbon                control         carbon             saved_carbon   monthly
    - co2_kg x /1000 x finance.carbon_price_per_t x up.carbon
unserved              lost_compute    lost_compute       saved_loss     monthly
    - unserved_value x finance.count_unserved
interruptions         restarts        restarts           saved_loss     monthly
    - interruption_value x finance.count_interruptions
compute               lost_compute    compute_given_up   saved_loss     monthly
    - hybrid x given_up_gpu_h x finance.gpu_price_per_h x up.compute
"""
# Quantities made of others; what a reader knows under such a name from the start goes before.
_SUMS = {
    "works": "new_kva x finance.grid_works_per_kva + has_works x finance.grid_line_km x finance.grid_line_per_km",
    "grid_works_cost": "works x finance.grid_works_share",
    "storage_list_price": "storage.energy_kwh x finance.storage_capex_per_kwh",
    "storage_price": "storage_list_price"
    " + storage_list_price x storage.seamless_transfer x finance.storage_seamless_premium_fraction",
    "power_price": "finance.storage_power_per_kw x kw_beyond",
    "storage_worth": "storage_price x storage_left"
    " + storage_list_price x finance.storage_replacement_fraction x cells_left",
    "kw_left": "has_battery x storage.power_kw x converters_left + kw_beyond x storage_left",
    "storage_care": "finance.storage_om_fraction + finance.storage_insurance_fraction",
    "new_cells": "cells_added x finance.storage_replacement_fraction x cells_price",
    "crew_cost": "main_months x finance.crew_per_month + standby_months x finance.standby_crew_per_month",
    "co2_kg": "import_kwh x grid.co2_kg_per_kwh + fuel_l x genset.co2_kg_per_l",
    "unserved_value": "unserved_kwh x finance.unserved_per_kwh x up.compute",
    "restart_h": "finance.restart_h + finance.checkpoint_interval_h x /2",
    "gpu_loss": "gpus x finance.gpu_price_per_h x restart_h"
    " + finance.hardware_failure_fraction x gpus x finance.hardware_repair_cost",
    "restart_cost": "gpu_loss + finance.interruption_penalty",
    "interruption_value": "interruptions x gpu_loss x up.compute + interruptions x finance.interruption_penalty",
    "gpu_h_per_stop": "finance.checkpoint_interval_h x /2 + compute.resume_h",
    "given_up_gpu_h": "lost_gpu_h + stopped_gpus x gpu_h_per_stop",
}
QUANTITIES: dict[str, tuple[Product, ...]] = {
    name: tuple(tuple(product.split(" x ")) for product in text.split(" + ")) for name, text in _SUMS.items()
}


@dataclass(frozen=True)
class Line:
    """A row of the table; see the module."""

    key: str
    part: str
    step: str
    cause: str
    due: Due
    sign: int
    factors: Product

    @property
    def plain(self) -> Product:
        """Its factors without the numbers it is divided by."""
        return tuple(name for name in self.factors if not name.startswith("/"))

    @property
    def moves_with(self) -> frozenset[str]:
        """Every factor the line is proportional to, those of its quantities included."""
        return frozenset(_expanded(self.factors))


def _expanded(factors: Product) -> Iterator[str]:
    """The factors, and what every product of a sum among them has."""
    for name in factors:
        yield name
        if name in QUANTITIES:
            yield from set[str].intersection(*(set(_expanded(product)) for product in QUANTITIES[name]))


def _read(table: str) -> Iterator[Line]:
    rows = [row.split() for row in table.strip().splitlines()]
    for (key, part, step, cause, due), (sign, *factors) in zip(rows[::2], rows[1::2], strict=True):
        if due not in DUES or sign not in "+-" or set(factors[1::2]) - {"x"}:
            raise ValueError(f"the row of '{key}' is not as the table's head says")
        yield Line(key, part, step, cause, due, -1 if sign == "-" else 1, tuple(factors[::2]))


LINES = {line.key: line for line in _read(_TABLE)}


# --- questions to the table -------------------------------------------------------------------------------------------


def keys(**wanted: str | tuple[str, ...]) -> tuple[str, ...]:
    """Keys of the lines with these attributes, each one or one of several: `keys(due=("start", "end"))`."""
    choices = {name: (value,) if isinstance(value, str) else value for name, value in wanted.items()}
    return tuple(
        line.key for line in LINES.values() if all(getattr(line, name) in values for name, values in choices.items())
    )


def proportional(*factors: str) -> tuple[str, ...]:
    """Keys of the lines that are proportional to one of these factors."""
    return tuple(line.key for line in LINES.values() if line.moves_with.intersection(factors))


def by(attribute: str, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Keys of the lines by one attribute: {name: keys} for each of these values of it."""
    return {name: keys(**{attribute: name}) for name in names}


PRICED = keys(cause="saved_loss")  # priced by the study, paid by nobody: in no tax, no bank's figure, no cost of a kWh


# --- what a line comes to ---------------------------------------------------------------------------------------------


class Reader:
    """What every factor is worth to one reader: what is `known` from the start, the table's sums, and `plain` of all
    other names. Each is worked out once."""

    def __init__(self, plain: Callable[[str], Any], known: Mapping[str, Any] | None = None) -> None:
        self._plain = plain
        self._known: dict[str, Any] = dict(known or {})

    def __call__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._sum(name) if name in QUANTITIES else self._plain(name)
        return self._known[name]

    def _sum(self, name: str) -> Any:
        first, *others = (_product(factors, self) for factors in QUANTITIES[name])
        return reduce(lambda so_far, product: so_far + product, others, first)


def value(line: Line, of: Callable[[str], Any]) -> Any:
    """The line's amount, signed, from what `of` says of each factor: numbers, or arrays that fit each other."""
    return _product(line.factors, of, line.sign)


def _product(factors: Product, of: Callable[[str], Any], sign: int = 1) -> Any:
    first, *others = factors
    return reduce(lambda so_far, name: _times(so_far, name, of), others, sign * of(first))


def _times(so_far: Any, name: str, of: Callable[[str], Any]) -> Any:
    return so_far / float(name[1:]) if name.startswith("/") else so_far * of(name)


# --- what a line is as a formula --------------------------------------------------------------------------------------

# The cell of a factor: "" for one that is 1, None for one that is 0; KeyError for a name that only the table knows.
Cell = Callable[[str], str | None]


def formula(line: Line, cell: Cell) -> str | None:
    """The line's amount as a spreadsheet's formula; None where a factor is 0."""
    text = _product_text(line.factors, cell)
    return None if text is None else ("=-" if line.sign < 0 else "=") + text


def quantity_formula(name: str, cell: Cell) -> str:
    """What one of `QUANTITIES` is made of, as a formula."""
    products = [_product_text(factors, cell) for factors in QUANTITIES[name]]
    return "+".join(product for product in products if product is not None) or "0"


def _product_text(factors: Product, cell: Cell) -> str | None:
    text = ""
    for name in factors:
        part = name if name.startswith("/") else _factor_text(name, cell)
        if part is None:
            return None
        text += part if not text or not part or name.startswith("/") else f"*{part}"
    return text


def _factor_text(name: str, cell: Cell) -> str | None:
    try:
        return cell(name)
    except KeyError:
        text = quantity_formula(name, cell)
        return text if len(QUANTITIES[name]) == 1 else f"({text})"
