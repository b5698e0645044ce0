"""Outages of the list, and what is done for those that are announced: on the day before one the battery is filled."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, runs
from sim.dispatch.batch import Lanes, Levels
from sim.inputs.grid import Outage
from sim.inputs.scenario import Scenario
from sim.timeline import Timeline

AHEAD_H = 24


def listed(outages: Iterable[Outage], clock: Timeline) -> NDArray[np.bool_]:
    """Steps of outages of a list (steps,). One begins at the step that holds its hour; over the end of a whole year it
    runs on into the next one."""
    down = np.zeros(clock.steps, dtype=bool)
    for outage in outages:
        first = clock.step_at(outage.month, outage.day, outage.hour)
        if first is not None:
            steps = first + np.arange(max(1, round(outage.duration_h / clock.step_h)))
            down[steps % clock.steps if clock.months == 12 else steps[steps < clock.steps]] = True
    return down


def announced(scenario: Scenario, clock: Timeline) -> NDArray[np.bool_]:
    """Steps of the outages that the control knows of beforehand (steps,)."""
    if scenario.grid.outage_source != "list":
        return np.zeros(clock.steps, dtype=bool)
    return listed((outage for outage in scenario.grid.outages if outage.announced), clock)


def day_before(down: NDArray[np.bool_], step_h: float) -> NDArray[np.bool_]:
    """Steps of the day before each outage begins (steps,)."""
    before = np.zeros(len(down), dtype=bool)
    for first in runs(down)[0]:
        before[max(0, first - round(AHEAD_H / step_h)) : first] = True
    return before & ~down


def filled(
    levels: Levels | None, action: Floats, down: NDArray[np.bool_], price: Floats, lane: Lanes, step_h: float
) -> tuple[Levels | None, Floats]:
    """Levels, or action, with the battery filled for the outages `down` (steps,) and nothing given meanwhile. Levels
    are those of the cheapest hours it takes within the day before, and of all after the first of them; orders by own
    windows take the whole day, evenly. `lane`: one lane; `price` (steps,)."""
    taken, fills = _steps_to_fill(lane, step_h), day_before(down, step_h)
    if levels is None:
        return None, np.where(fills, -min(1.0, taken * step_h / AHEAD_H), action)
    for begin, end in zip(*runs(fills), strict=True):
        cheapest = np.argsort(price[begin:end], kind="stable")[: round(np.ceil(taken))]
        fills[begin : begin + cheapest.min()] = False
    names = ("charge_to", "give_to", "sun_to", "refills")
    return Levels(*(np.where(fills, 1.0, getattr(levels, name)) for name in names)), action


def _steps_to_fill(lane: Lanes, step_h: float) -> float:
    """Steps of full charging power from the reserve on; endless where the battery has none."""
    span_kwh = float(lane.energy_max_kwh[0] - lane.energy_reserve_kwh[0])
    per_step_kwh = float(lane.charge_set_kw[0] * lane.charge_efficiency[0]) * step_h
    return max(1.0, span_kwh / per_step_kwh) if per_step_kwh > 0 else AHEAD_H / step_h
