"""How much a site depends on others: self-supply, hours it can go on alone, what price and grid shocks cost it.

Every figure is for each alternative, so that "energy sovereignty" is a comparison, not a word. Shocks are first-year
costs: the load, prices and plant of project year 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finance.ledger import CAPEX_LINES
from finance.metrics import Figure
from sim.battery import available, discharge_efficiency
from sim.dispatch import ALTERNATIVES
from sim.outages import as_list
from sim.scenario_plant import Outage
from study.compare import Study, evaluate

Floats = NDArray[np.float64]
SHOCKS = ("grid_price_up_20", "diesel_up_50", "week_without_grid")
PRICE_SHOCKS = {
    "grid_price_up_20": {"finance.energy_price_factor": 1.2},
    "diesel_up_50": {"finance.diesel_per_l": 1.5, "finance.delivery_per_l": 1.5},
}
RESIDUALS = ("pv_residual", "storage_residual", "genset_residual", "genset_mobilisation")
WEEK_H = 168.0


@dataclass(frozen=True)
class Autonomy:
    """One alternative in project year 1.

    self_supply: energy made on site (PV used and diesel) over energy served; pv_share: PV used alone. battery_h: hours
    the full battery carries the mean load; reserve_h: the charge kept for outages does. fuel_days: days the tank lasts
    at the mean load, None without a tank size or sets that carry the load. shock_cost: more to pay a year by shock, and
    shock_fraction over the year's cost. week_unserved_kwh: load left dark in a week without grid (lost compute is
    counted at its value where the scenario counts it). co2_t: first year, location-based; co2_market_t: grid energy at
    the residual-mix factor less certificates, None where no factor is given.
    """

    self_supply: Figure
    pv_share: Figure
    battery_h: float
    reserve_h: float
    fuel_days: float | None
    shock_cost: Mapping[str, float]
    shock_fraction: Mapping[str, float]
    week_unserved_kwh: float
    co2_t: float
    co2_market_t: float | None


@dataclass(frozen=True)
class CarbonRules:
    """Market-based accounting: factor of what is left when certified energy is taken out, share of the grid energy
    covered by green certificates, and their price per MWh (a certificate is 1 MWh)."""

    residual_kg_per_kwh: float | None = None
    green_share: float = 0.0
    certificate_per_mwh: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.green_share <= 1:
            raise ValueError(f"green_share is {self.green_share}; give a fraction from 0 to 1")


def autonomy(study: Study, tank_l: float | None = None, carbon: CarbonRules | None = None) -> dict[str, Autonomy]:
    """Figures of every alternative by name. tank_l: litres of diesel on site when full."""
    year = evaluate(study.scenario.with_({"site.term_months": min(12, study.scenario.site.term_months)}))
    shocks = {name: _repriced(year, changes) for name, changes in PRICE_SHOCKS.items()}
    dark = _week_without_grid(year)
    costs = {name: yearly_cost(shock) for name, shock in {**shocks, "week_without_grid": dark}.items()}
    base = yearly_cost(year)
    extra_kwh = (dark.dispatch.total("unserved_kwh") - year.dispatch.total("unserved_kwh")).clip(min=0)
    return {
        name: _one(year, row, base, costs, float(extra_kwh[row]), tank_l, carbon or CarbonRules())
        for row, name in enumerate(ALTERNATIVES)
    }


def yearly_cost(study: Study) -> Floats:
    """What each alternative pays in the study's months (alternatives,), without investment and resale."""
    once = sum(study.ledger.lines[name] for name in (*CAPEX_LINES, *RESIDUALS))
    return -(study.ledger.total - once).sum(axis=1)


def certificates(study: Study, carbon: CarbonRules) -> Floats:
    """Green certificates needed a year (alternatives,), in MWh, for the wanted share of the grid energy of year 1."""
    return study.dispatch.import_kwh[:, :12].sum(axis=(1, 2)) / 1000 * carbon.green_share


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


def _one(
    year: Study,
    row: int,
    base: Floats,
    costs: Mapping[str, Floats],
    dark_kwh: float,
    tank_l: float | None,
    carbon: CarbonRules,
) -> Autonomy:
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
        fuel_days=_fuel_days(year, row, tank_l),
        shock_cost=extra,
        shock_fraction={name: value / base[row] if base[row] > 0 else 0.0 for name, value in extra.items()},
        week_unserved_kwh=dark_kwh,
        co2_t=year.kpis[ALTERNATIVES[row]].co2_t,
        co2_market_t=_market_t(year, row, carbon),
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
    power_kw, energy_kwh = available(storage)
    if energy_kwh == 0 or mean_kw <= 0 or power_kw < mean_kw:
        return 0.0
    kwh = energy_kwh * (from_fraction - storage.soc_min_fraction) * discharge_efficiency(storage)
    return max(0.0, kwh) / mean_kw


def _fuel_days(year: Study, row: int, tank_l: float | None) -> float | None:
    """Days a full tank lasts with the sets alone on the mean load, by the diesel plan's litres per kWh."""
    sets = year.dispatch.sets[row].min()
    diesel = year.dispatch.row("diesel")
    energy = float(year.dispatch.monthly["genset_kwh"][diesel].sum())
    if tank_l is None or energy <= 0 or sets * year.scenario.genset.set_kw < mean_load_kw(year):
        return None
    litres_per_kwh = float(year.dispatch.monthly["fuel_l"][diesel].sum()) / energy
    return tank_l / (litres_per_kwh * mean_load_kw(year) * 24)


def _market_t(year: Study, row: int, carbon: CarbonRules) -> float | None:
    if carbon.residual_kg_per_kwh is None:
        return None
    grid_kwh = float(year.dispatch.import_kwh[row].sum())
    diesel_kg = float(year.dispatch.monthly["fuel_l"][row].sum()) * year.scenario.genset.co2_kg_per_l
    return (grid_kwh * (1.0 - carbon.green_share) * carbon.residual_kg_per_kwh + diesel_kg) / 1000
