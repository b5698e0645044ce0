"""How much a site depends on others: self-supply, hours it can go on alone, what price and grid shocks cost it.

Every figure is for each alternative, so that "energy sovereignty" is a comparison, not a word. Shocks are first-year
costs: the load, prices and plant of project year 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finance.lines import keys
from finance.metrics import Figure
from sim.arrays import Floats
from sim.dispatch.lanes import site_set_kw
from sim.dispatch.outages import as_list
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.grid import Outage
from sim.plant.battery import available, usable_kwh
from study.evaluate import evaluate
from study.outages import tank_l
from study.study import Study

SHOCKS = ("grid_price_up_20", "diesel_up_50", "week_without_grid")
PRICE_SHOCKS = {
    "grid_price_up_20": {"finance.energy_price_factor": 1.2},
    "diesel_up_50": {"finance.diesel_per_l": 1.5, "finance.delivery_per_l": 1.5},
}
PAID_ONCE = keys(due=("start", "end"))
WEEK_H = 168.0


@dataclass(frozen=True)
class Autonomy:
    """One alternative in project year 1.

    self_supply: energy made on site (PV used and diesel) over energy served; pv_share: PV used alone. battery_h: hours
    the full battery carries the mean load; reserve_h: the charge kept for outages does. fuel_days: days the full tanks
    of `genset.tank_h` last at the mean load, None without sets that carry it. cost: what the year costs; shock_cost:
    more to pay by shock, and shock_fraction over the year's cost. week_unserved_kwh: load left dark in a week without
    grid (lost compute is counted at its value where the scenario counts it).
    """

    self_supply: Figure
    pv_share: Figure
    battery_h: float
    reserve_h: float
    fuel_days: float | None
    cost: float
    shock_cost: Mapping[str, float]
    shock_fraction: Mapping[str, float]
    week_unserved_kwh: float
    carbon: Carbon


@dataclass(frozen=True)
class Carbon:
    """One alternative's first year. location_t: grid energy at the factor of the place; market_t: at the residual-mix
    factor, less what certificates cover, None where no factor is given; both with diesel. certificates_mwh and their
    cost: of the wanted share of the grid energy; nobody counts that cost in the study. price_cost: location_t at the
    scenario's carbon price."""

    location_t: float
    market_t: float | None
    certificates_mwh: float
    certificates_cost: float
    price_cost: float


def autonomy(study: Study) -> dict[str, Autonomy]:
    """Figures of every alternative by name."""
    year = evaluate(study.scenario.with_({"site.term_months": min(12, study.scenario.site.term_months)}))
    shocks = {name: _repriced(year, changes) for name, changes in PRICE_SHOCKS.items()}
    dark = _week_without_grid(year)
    costs = {name: yearly_cost(shock) for name, shock in {**shocks, "week_without_grid": dark}.items()}
    base = yearly_cost(year)
    extra_kwh = (dark.dispatch.total("unserved_kwh") - year.dispatch.total("unserved_kwh")).clip(min=0)
    return {name: _one(year, row, base, costs, float(extra_kwh[row])) for row, name in enumerate(ALTERNATIVES)}


def carbon(study: Study) -> dict[str, Carbon]:
    """Tonnes and certificates of every alternative by name, in the first twelve months."""
    return {name: _carbon(study, row) for row, name in enumerate(ALTERNATIVES)}


def yearly_cost(study: Study) -> Floats:
    """What each alternative pays in the study's months (alternatives,), without investment and resale."""
    once = sum(study.ledger.lines[name] for name in PAID_ONCE)
    return -(study.ledger.total - once).sum(axis=1)


def _repriced(year: Study, factors: Mapping[str, float]) -> Study:
    changes = {path: year.scenario.get(path) * factor for path, factor in factors.items()}
    return evaluate(year.scenario.with_(changes), year.dispatch)


def _week_without_grid(year: Study) -> Study:
    """The same year with a week of outage where the load is greatest, its other outages kept."""
    clock = year.dispatch.clock
    steps = min(round(WEEK_H / clock.step_h), clock.steps)
    load = np.concatenate([[0.0], np.cumsum(year.dispatch.series.load_kw)])
    starts = np.arange(0, clock.steps - steps + 1, round(24 / clock.step_h))
    first = int(starts[(load[starts + steps] - load[starts]).argmax()])
    week = Outage(month=int(clock.calendar_month[first]), day=int(clock.day[first]), hour=0, duration_h=WEEK_H)
    listed = {"grid.outage_source": "list", "grid.outages": (*as_list(year.dispatch), week)}
    return evaluate(year.scenario.with_(listed))


def _one(year: Study, row: int, base: Floats, costs: Mapping[str, Floats], dark_kwh: float) -> Autonomy:
    month, scenario = year.dispatch.monthly, year.scenario

    def total(name: str) -> float:
        return float(month[name][row].sum())

    served = total("load_kwh") - total("auxiliary_kwh") - total("unserved_kwh")
    pv = total("pv_load_kwh") + total("pv_charge_kwh")
    diesel = total("genset_kwh") - total("dumped_kwh")
    extra = {name: float(cost[row] - base[row]) for name, cost in costs.items()}
    has_battery = ALTERNATIVES[row] == "hybrid"
    return Autonomy(
        self_supply=_fraction(pv + diesel, served),
        pv_share=_fraction(pv, served),
        battery_h=_battery_h(year, scenario.storage.soc_max_fraction) if has_battery else 0.0,
        reserve_h=_battery_h(year, scenario.dispatch.reserve_fraction) if has_battery else 0.0,
        fuel_days=_fuel_days(year, row),
        cost=float(base[row]),
        shock_cost=extra,
        shock_fraction={name: value / base[row] if base[row] > 0 else 0.0 for name, value in extra.items()},
        week_unserved_kwh=dark_kwh,
        carbon=_carbon(year, row),
    )


def _fraction(part: float, whole: float) -> Figure:
    return Figure(part / whole) if whole > 0 else Figure(None, "no_energy")


def mean_load_kw(year: Study) -> float:
    """Mean of the site's load in the study's first months, without the battery's auxiliaries."""
    hours = year.dispatch.clock.steps * year.dispatch.clock.step_h
    row = ALTERNATIVES.index("grid")
    return float(year.dispatch.monthly["load_kwh"][row].sum()) / hours


def _battery_h(year: Study, from_fraction: float) -> float:
    """Hours of the mean load from a charge down to the lowest, new battery; 0 where its power cannot carry it."""
    storage, mean_kw = year.scenario.storage, mean_load_kw(year)
    if not storage.exists or mean_kw <= 0 or available(storage)[0] < mean_kw:
        return 0.0
    return usable_kwh(storage, from_fraction) / mean_kw


def _fuel_days(year: Study, row: int) -> float | None:
    """Days full tanks last with the sets alone on the mean load, by the diesel plan's litres per kWh."""
    sets = int(year.dispatch.sets[row].min())
    diesel = year.dispatch.row("diesel")
    energy = float(year.dispatch.monthly["genset_kwh"][diesel].sum())
    if energy <= 0 or sets * site_set_kw(year.scenario) < mean_load_kw(year):
        return None
    litres_per_kwh = float(year.dispatch.monthly["fuel_l"][diesel].sum()) / energy
    return tank_l(year.scenario, sets) / (litres_per_kwh * mean_load_kw(year) * 24)


def _carbon(study: Study, row: int) -> Carbon:
    scenario, months = study.scenario, slice(0, 12)
    finance = scenario.finance
    grid_kwh = float(study.dispatch.import_kwh[row, months].sum())
    diesel_kg = float(study.dispatch.monthly["fuel_l"][row, months].sum()) * scenario.genset.co2_kg_per_l
    location_t = (grid_kwh * scenario.grid.co2_kg_per_kwh + diesel_kg) / 1000
    market_t = None
    if finance.market_co2_kg_per_kwh is not None:
        market_t = (grid_kwh * (1.0 - finance.green_share) * finance.market_co2_kg_per_kwh + diesel_kg) / 1000
    certificates = grid_kwh / 1000 * finance.green_share
    return Carbon(
        location_t=location_t,
        market_t=market_t,
        certificates_mwh=certificates,
        certificates_cost=certificates * finance.certificate_per_mwh,
        price_cost=location_t * finance.carbon_price_per_t,
    )
