"""The cost lines of every alternative, month by month: what is paid, when, and for what.

Sign: money out is negative. Column 0 is the start and is not discounted; column m is the end of project month m.
Prices move once a year: a line of project year y is multiplied by its component's factor (`finance.price_paths`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from finance.bill import Bill
from finance.instalments import FROM_THE_START, MONTHS_OF, Instalment, instalments, months_of, years_from
from finance.lines import LINES, Due, Line, Reader, keys, proportional, value
from finance.lives import FACTORS, Lives
from finance.price_paths import by_month, path_of
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario
from sim.plant.interruptions import Interruption
from sim.plant.load import gpus

HYBRID = np.array([[0.0], [0], [0], [1]])
WITH_GRID = np.array([[0.0], [1], [1], [1]])

CAPEX_LINES = keys(cause="investment")
MAIN_SOURCE_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Ledger:
    """`lines[name]` (alternatives, months + 1) in the order of `LINES`; `co2_kg` (alternatives, months).

    `unserved` and `interruptions` are priced, never paid, and never price the same loss. `unserved_value` is what the
    load not served is worth, hour by hour; `interruption_value` is what a loss of power costs beyond its hours off:
    work since the last checkpoint, the restart, damaged hardware, a penalty. All but the penalty follow the price path
    of compute. Each is in its line, and so in `total`,
    only where the scenario counts it; here both (alternatives, months + 1) stand in any case.
    `compute` is work the hybrid's control gave up, at the GPU price; it is always counted, because what it saves is.
    """

    lines: dict[str, Floats]
    co2_kg: Floats
    unserved_value: Floats
    interruption_value: Floats

    @cached_property
    def total(self) -> Floats:
        """Net flow (alternatives, months + 1)."""
        return np.sum(list(self.lines.values()), axis=0)

    def line_totals(self) -> dict[str, Floats]:
        """Undiscounted sum over the term of each line (alternatives,)."""
        return {name: values.sum(axis=1) for name, values in self.lines.items()}


def ledger(scenario: Scenario, dispatch: Dispatch, bill: Bill) -> Ledger:
    """All cost lines of all alternatives on the study's VAT basis."""
    of, months = quantities(scenario, dispatch, bill), dispatch.months
    return Ledger(
        lines={line.key: _line(line, scenario, dispatch, bill, of) for line in LINES.values()},
        co2_kg=of("co2_kg"),
        unserved_value=_placed("monthly", -of("unserved_value"), months),
        interruption_value=_placed("monthly", -of("interruption_value"), months),
    )


def _line(line: Line, scenario: Scenario, dispatch: Dispatch, bill: Bill, of: Reader) -> Floats:
    """A line by month (alternatives, months + 1): at its usual time, or stage by stage."""
    parts, months = instalments(scenario, dispatch.sets, line), dispatch.months
    if parts is None:
        return _placed(line.due, _amount(line, of), months)
    found = np.zeros((len(ALTERNATIVES), months + 1))
    for part in parts:
        own = quantities(scenario, dispatch, bill, part)
        found += part.share * _placed(line.due, _amount(line, own), months, part.month)
    return found


def _amount(line: Line, of: Reader) -> Floats:
    return line.sign * of(line.factors[0]) if line.due == "billed" else value(line, of)


def columns_of(due: Due, begun: int = 0) -> slice:
    """Where a line that is due so stands in (months + 1,), of what is there from month `begun` on (0 is the first)."""
    places = {"start": slice(begun, begun + 1), "end": slice(-1, None), "yearly": slice(1 + begun, None, 12)}
    return places.get(due, slice(1, None))


def _placed(due: Due, amount: Floats, months: int, begun: int = 0) -> Floats:
    """(alternatives, months + 1) of amounts (alternatives or 1, 1), months or project years of them."""
    line = np.zeros((len(ALTERNATIVES), months + 1))
    line[:, columns_of(due, begun)] = amount
    return line


def quantities(scenario: Scenario, dispatch: Dispatch, bill: Bill, stage: Instalment = FROM_THE_START) -> Reader:
    """What each factor of a cost line is in a study: (alternatives or 1, months, project years or 1), or a number; of a
    stage, whose lives count from its month on."""
    years = years_from(stage.month, dispatch.months)
    price = cells_price(scenario.finance.storage_cost_decline, years, stage.month)
    added, replaces = dispatch.life.added[:years], scenario.storage.renewal == "replace"
    lives = Lives(dispatch.months - stage.month, scenario.get, added, price, replaces)

    def plain(name: str) -> Any:
        if name in _OF_PLANT:
            return _OF_PLANT[name](dispatch)
        if name in _OF_BILL:
            return _OF_BILL[name](bill)
        if name in dispatch.monthly:
            return dispatch.monthly[name]
        if name.startswith("up."):
            return by_month(scenario.finance, name.removeprefix("up."), dispatch.months)
        if name in ("cells_price", "cells_added"):
            return price if name == "cells_price" else added
        if name in MONTHS_OF:
            return months_of(scenario, name, dispatch.months)
        if name in FACTORS:
            return lives(name)
        return of_site(scenario, name)

    return Reader(plain, stage.known)


_OF_BILL: dict[str, Callable[[Bill], Floats]] = {
    "bill_energy": lambda bill: bill.energy_charge + bill.tiers + bill.tax,
    "bill_demand": lambda bill: bill.capacity_charge + sum(bill.demand_charges.values()),
    "bill_fixed": lambda bill: bill.fixed + bill.power_factor + bill.minimum,
    "bill_export": lambda bill: bill.export_credit,
}
_OF_PLANT: dict[str, Callable[[Dispatch], Any]] = {
    "hybrid": lambda dispatch: HYBRID,
    "with_grid": lambda dispatch: WITH_GRID,
    "months": lambda dispatch: 1.0,
    "import_kwh": lambda dispatch: dispatch.import_kwh.sum(axis=-1),
    "sets": lambda dispatch: dispatch.sets,
    "fleet": lambda dispatch: dispatch.sets.max(axis=1, keepdims=True),
    "main_months": lambda dispatch: crew_months(dispatch.monthly, dispatch.sets)[0],
    "standby_months": lambda dispatch: crew_months(dispatch.monthly, dispatch.sets)[1],
}
# What a scenario alone says, whatever its plant does.
_OF_SITE: dict[str, Callable[[Scenario], float]] = {
    "vat": lambda scenario: vat_factor(scenario),
    "vat_services": lambda scenario: vat_factor(scenario, "finance.vat_services_rate"),
    "has_battery": lambda scenario: scenario.storage.energy_kwh > 0,
    "storage_bought": lambda scenario: scenario.finance.storage_ownership == "buy",
    "storage_rented": lambda scenario: scenario.finance.storage_ownership == "rent",
    "genset_bought": lambda scenario: scenario.finance.genset_ownership == "buy",
    "genset_rented": lambda scenario: scenario.finance.genset_ownership == "rent",
    "has_works": lambda scenario: _share_built(scenario) > 0,
    "new_kva": lambda scenario: scenario.grid.transformer_kva * _share_built(scenario),
    "gpus": lambda scenario: gpus(scenario.load),
    "kw_beyond": lambda scenario: float(
        kw_beyond(scenario.storage.power_kw, scenario.storage.energy_kwh, scenario.finance.storage_price_hours)
    ),
    "pv_ac_kw": lambda scenario: scenario.pv.dc_kwp / scenario.pv.dc_ac_ratio,
}


def _share_built(scenario: Scenario) -> float:
    return scenario.grid.share_built(scenario.site.term_months)


def kw_beyond(power_kw: ArrayLike, energy_kwh: ArrayLike, price_hours: ArrayLike) -> Floats:
    """Battery power (kW) beyond that of a battery of the hours its price per kWh is for; the arguments broadcast."""
    energy = np.asarray(energy_kwh, dtype=float)
    return np.where(energy > 0, np.maximum(0.0, power_kw - energy / np.asarray(price_hours)), 0.0)


def from_inputs(scenario: Scenario, name: str) -> float:
    """A quantity of the cost lines that follows from inputs alone."""
    return float(Reader(partial(of_site, scenario))(name))


def of_site(scenario: Scenario, name: str) -> float:
    """A factor that is an input or follows from inputs alone."""
    return float(_OF_SITE[name](scenario) if name in _OF_SITE else scenario.get(name))


def unit_cost(scenario: Scenario, quantity: str, years: int) -> Floats:
    """What one more of a quantity costs in each project year (years,), on the study's VAT basis: the lines that are
    proportional to it."""

    def plain(name: str) -> Any:
        if name.startswith("up."):
            return path_of(scenario.finance, name.removeprefix("up.")).factors(years)
        return of_site(scenario, name)

    of = Reader(plain, {quantity: 1.0})
    return -sum((value(LINES[key], of) for key in proportional(quantity)), np.zeros(years))


def crew_months(monthly: Mapping[str, Floats], sets: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a month has a full crew, because sets give most of the energy, or a standby contract, because sets stand
    ready: (..., months) each."""
    main = monthly["genset_kwh"] > MAIN_SOURCE_SHARE * monthly["load_kwh"]
    return main, ~main & (sets > 0)


def cells_price(yearly_decline: ArrayLike, years: int, begun: int = 0) -> Floats:
    """Price of new cells at the start of each year over today's (..., years), counted from month `begun` on."""
    return (1.0 - np.asarray(yearly_decline)[..., None]) ** (np.arange(years) + begun / 12)


def lost_gpu_h(scenario: Scenario, dispatch: Dispatch) -> Floats:
    """GPU-hours the control gave up (alternatives, months): not computed, and lost where jobs are paused, half a
    checkpoint interval and a restart each."""
    return Reader(lambda name: dispatch.monthly[name] if name in dispatch.monthly else of_site(scenario, name))(
        "given_up_gpu_h"
    )


def restart_cost(scenario: Scenario) -> float:
    """What one loss of power costs beyond its hours off, which are priced as load not served."""
    return from_inputs(scenario, "restart_cost")


def interruption(scenario: Scenario) -> Interruption:
    """The scenario's cost of a loss of power (`loads.yaml: outage_cost.formula`)."""
    finance = scenario.finance
    return Interruption(
        gpus=gpus(scenario.load),
        gpu_hour_price=finance.gpu_price_per_h,
        checkpoint_interval_h=finance.checkpoint_interval_h,
        restart_h=finance.restart_h,
        hardware_failure_fraction=finance.hardware_failure_fraction,
        hardware_repair_cost=finance.hardware_repair_cost,
        penalty_per_event=finance.interruption_penalty,
    )


def vat_factor(scenario: Scenario, rate: str = "finance.vat_rate") -> float:
    """What prices of section `finance` are multiplied by to stand on the study's VAT basis, at the rate of an input."""
    finance = scenario.finance
    wanted = finance.vat_basis == "incl"
    if finance.prices_include_vat == wanted:
        return 1.0
    with_vat = 1.0 + float(scenario.get(rate))
    return with_vat if wanted else 1.0 / with_vat
