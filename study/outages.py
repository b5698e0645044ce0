"""How long each alternative carries the critical load without the grid, from every hour of a year, and what it costs.

Hourly means throughout, whatever the study's step. An outage begins at the start of an hour of the template year and
runs on into the next year's first hours; the critical load stays as it is, the tank is full and is not refilled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from finance.ledger import interruption, restart_cost
from sim.arrays import Floats, Ints
from sim.dispatch.lanes import site_set_kw
from sim.inputs.scenario import Scenario
from sim.plant.genset import LOAD_FRACTIONS, curve_of, linear_fit
from sim.plant.island import (
    ORDERS,
    BatteryNeed,
    Island,
    Order,
    battery_need,
    hours_survived,
    ladder_order,
    survival_curve,
)
from sim.plant.reliability import SetReliability, survival_probability
from study.study import Study

HORIZON_H = 168
LENGTHS_H = (0.25, 1, 2, 4, 8, 12, 24, 48, 72)
ISLANDED = ("grid_diesel", "hybrid")  # what has something to go on with; the diesel plan has no grid to lose
SAMPLED_STARTS, LEVELS = 48, 51  # of the Markov walk, which costs about a millisecond a start for ten sets


@dataclass(frozen=True, eq=False)
class Outlook:
    """One alternative in one project year, hour by hour (hours,).

    net_kw: critical load and auxiliaries less PV, above 0 where something has to carry it; critical_kw: the load of it;
    start_kwh: in the battery when an outage begins; order: what the ladder does, `hours` by it and `other_hours` by the
    other order: hours served from each start, at most `HORIZON_H`.
    """

    alternative: str
    year: int
    net_kw: Floats
    critical_kw: Floats
    start_kwh: Floats
    island: Island
    order: Order

    @cached_property
    def hours(self) -> Ints:
        return self.by_order(self.order)

    @cached_property
    def other_hours(self) -> Ints:
        return self.by_order(next(order for order in ORDERS if order != self.order))

    def by_order(self, order: Order) -> Ints:
        return hours_survived(self.net_kw, self.start_kwh, self.island, order, HORIZON_H)

    @property
    def curve(self) -> Floats:
        """Share of the starts that serve at least 1, 2, ... hours (HORIZON_H,)."""
        return survival_curve(self.hours, HORIZON_H)

    @property
    def other_curve(self) -> Floats:
        return survival_curve(self.other_hours, HORIZON_H)

    @property
    def worst_start(self) -> int:
        """Hour of the template year from which it lasts least; the first of several."""
        return int(self.hours.argmin())


def outlook(study: Study, alternative: str, year: int = 1) -> Outlook:
    """An alternative in a project year with a grid. Raises ValueError where it has nothing to go on with."""
    if alternative not in ISLANDED:
        raise ValueError(f"'{alternative}' has no outlook in an outage; choose one of {', '.join(ISLANDED)}")
    dispatch = study.dispatch
    lane = dispatch.row(alternative) * dispatch.years + year - 1
    trace, lanes, clock = dispatch.trace(alternative, year), dispatch.lanes, dispatch.clock
    scale = lanes.load_scale[lane][clock.month_index]
    critical = _hourly(dispatch.series.load_kw * scale * study.scenario.load.critical_fraction, clock.step_h)
    pv_kw = _hourly(trace.pv_load_kw + trace.pv_charge_kw + trace.curtailed_kw + trace.export_kw, clock.step_h)
    before = np.concatenate([[lanes.energy_start_kwh[lane]], trace.energy_kwh[:-1]])
    net = critical + lanes.auxiliary_kw[lane] - pv_kw
    island = _island(study, lane)
    return Outlook(
        alternative=alternative,
        year=year,
        net_kw=net,
        critical_kw=critical,
        start_kwh=before[:: round(1 / clock.step_h)],
        island=island,
        order=_order(study, net, island),
    )


def _island(study: Study, lane: int) -> Island:
    """Battery and sets of one lane; the fewest sets that stand ready in a month of that year.

    The battery's power has to match the site alone: its auxiliaries take of its energy (as in `study.answer`). It is
    that of the year's hardest hour where heat or cold hold it.
    """
    lanes, genset = study.dispatch.lanes, study.scenario.genset
    least_share = float(study.dispatch.series.discharge_power_share.min())
    set_kw, sets = site_set_kw(study.scenario), int(lanes.sets[lane].min())
    curve = curve_of(genset, set_kw)
    per_kwh, _ = linear_fit([fraction * set_kw for fraction in LOAD_FRACTIONS], curve.l_per_h)
    idle = curve.l_per_h[-1] - per_kwh * set_kw  # exact at full load, by which the tank is measured
    return Island(
        bess_kw=float(lanes.battery_kw[lane] * least_share + lanes.auxiliary_kw[lane]),
        energy_min_kwh=float(lanes.energy_min_kwh[lane]),
        energy_max_kwh=float(lanes.energy_max_kwh[lane]),
        charge_efficiency=float(lanes.charge_efficiency[lane]),
        discharge_efficiency=float(lanes.discharge_efficiency[lane]),
        set_kw=set_kw,
        sets=sets,
        min_load_fraction=genset.min_load_fraction,
        fuel_idle_l_per_h_per_kw=max(0.0, idle) / set_kw,
        fuel_l_per_kwh=per_kwh,
        tank_l=tank_l(study.scenario, sets),
    )


def tank_l(scenario: Scenario, sets: int) -> float:
    """Litres of diesel on site when full: `genset.tank_h` hours of these sets at full load."""
    return scenario.genset.tank_h * sets * curve_of(scenario.genset, site_set_kw(scenario)).l_per_h[-1]


def _order(study: Study, net_kw: Floats, island: Island) -> Order:
    """What the study's dispatch does: diesel last unless asked to start early or too small to be last."""
    asked = study.scenario.dispatch.genset_start_fraction
    if asked is None:
        return ladder_order(net_kw, island)
    return "genset_first" if asked >= study.scenario.storage.soc_max_fraction else "battery_first"


def _hourly(values: Floats, step_h: float) -> Floats:
    return values.reshape(-1, round(1 / step_h)).mean(axis=1)


def without_sets(found: Outlook) -> Outlook:
    """The same with the battery alone."""
    return replace(found, island=replace(found.island, sets=0), order="battery_first")


def battery_alone_h(found: Outlook) -> float:
    """Hours the battery alone carries the critical load from the worst start, with the part of the last one. PV beyond
    the load is not stored here, so the answer is on the safe side."""
    alone = without_sets(found)
    whole = int(alone.hours.min())
    at = np.flatnonzero(alone.hours == whole)
    need = np.resize(np.maximum(alone.net_kw, 0.0), alone.net_kw.size + whole + 1)
    spent = np.concatenate([[0.0], np.cumsum(need)])
    left = (alone.start_kwh[at] - alone.island.energy_min_kwh) * alone.island.discharge_efficiency
    left = left - (spent[at + whole] - spent[at])
    due = need[at + whole]
    part = np.divide(left, due, out=np.ones_like(due), where=due > 0) * (due <= alone.island.bess_kw)
    return whole + float(np.clip(part, 0.0, 1.0).min())


def need_for(found: Outlook, hours: int) -> tuple[BatteryNeed, BatteryNeed]:
    """Battery that carries an outage of whole hours from any start: alone, and beside the sets that stand ready."""
    return battery_need(found.net_kw, hours), battery_need(found.net_kw, hours, found.island.genset_kw)


def survival_with_failures(study: Study, found: Outlook, hours: int) -> float:
    """Probability of serving an outage of whole hours where sets fail to start or to run: mean over starts spread over
    the year. The Markov chain knows no minimum load; the fuel's limit multiplies it."""
    genset = study.scenario.genset
    sets = SetReliability(
        found.island.sets,
        found.island.set_kw,
        genset.availability_fraction,
        genset.failure_to_start,
        genset.mean_time_to_failure_h,
    )
    starts = np.linspace(0, found.net_kw.size - 1, min(SAMPLED_STARTS, found.net_kw.size)).astype(np.int64)
    chance = survival_probability(found.net_kw, found.start_kwh, found.island, sets, hours, starts=starts, bins=LEVELS)
    return float((chance[:, -1] * (found.hours[starts] >= hours)).mean())


def lost_kwh(found: Outlook, hours: float) -> float:
    """Mean critical energy not served in an outage of that length over all starts, where the site stays down from the
    first hour that fails until the grid is back."""
    return float((found.critical_kw * np.maximum(hours - found.hours, 0.0)).mean())


def start_gap_kw(found: Outlook) -> float:
    """Net critical load that the battery's power does not cover in the seconds until sets run, at the worst hour."""
    return max(0.0, float(found.net_kw.max()) - found.island.bess_kw)


def is_bridged(study: Study, alternative: str) -> bool:
    """Whether the load notices nothing when the grid fails: the battery's transfer, or a UPS until sets run."""
    scenario = study.scenario
    seamless = scenario.storage.exists and scenario.storage.seamless_transfer
    return alternative != "grid" and (scenario.grid.ups_bridges or (alternative == "hybrid" and seamless))


def cost_by_length(study: Study, alternative: str, year: int = 1) -> Floats:
    """Mean cost over all starts of one outage of each of `LENGTHS_H` (lengths,), in the prices of year 1.

    Load not served x its value, whether critical or shed on purpose, plus a restart where the load noticed: never the
    hours off twice. Where the plant fails the site stays down until the grid is back.
    """
    whole, critical, hours = _served(study, alternative, year)
    value = study.scenario.finance.unserved_per_kwh
    bridged = is_bridged(study, alternative)
    costs = []
    for length in LENGTHS_H:
        off_h = np.maximum(length - hours, 0.0)
        lost = (critical * off_h + (whole - critical) * length).mean() * value
        restarts = 1.0 if not bridged else float((off_h > 0).mean())
        costs.append(lost + restarts * restart_cost(study.scenario))
    return np.array(costs)


def _served(study: Study, alternative: str, year: int) -> tuple[Floats, Floats, Ints]:
    """Mean whole and critical load (kW) of each start's hour, and hours served from it."""
    dispatch = study.dispatch
    if alternative != "grid":
        found = outlook(study, alternative, year)
        share = study.scenario.load.critical_fraction
        return found.critical_kw / share if share else found.critical_kw, found.critical_kw, found.hours
    lane = dispatch.row("grid") * dispatch.years + year - 1
    scale = dispatch.lanes.load_scale[lane][dispatch.clock.month_index]
    load = _hourly(dispatch.series.load_kw * scale, dispatch.clock.step_h)
    return load, load * study.scenario.load.critical_fraction, np.zeros(load.size, dtype=np.int64)


def parts_of_an_outage(study: Study) -> dict[str, float]:
    """What one loss of power costs by cause, without the hours off: lost work, restart, hardware, penalty."""
    cost = interruption(study.scenario)
    per_hour = cost.gpus * cost.gpu_hour_price
    return {
        "work": per_hour * cost.checkpoint_interval_h / 2,
        "restart": per_hour * cost.restart_h,
        "hardware": cost.hardware_failure_fraction * cost.gpus * cost.hardware_repair_cost,
        "penalty": cost.penalty_per_event,
    }
