"""What a plain energy management system is told: when to charge, when to discharge, where to shave.

The result is an action per step, -1..1: the sign is the direction, the size the share of battery power. Energy is
spread evenly over the hours of one price level in a block, the dearest (cheapest) level first, so that the battery
lasts through the block and charging adds as little to the peak as it can.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.scenario_plant import Dispatch, Storage
from sim.tariff import PriceClasses
from sim.timeline import Timeline

NO_THRESHOLD_KW = 1e12
REFILL_H = 8.0


def action_series(scenario: Scenario, clock: Timeline, classes: PriceClasses) -> NDArray[np.float64]:
    """Charge (< 0) or discharge (> 0) order of each step as a share of battery power (steps,)."""
    storage, dispatch = scenario.storage, scenario.dispatch
    if storage.energy_kwh == 0 or dispatch.arbitrage == "off":
        return np.zeros(clock.steps)
    if dispatch.arbitrage == "windows":
        direction, price = _own_windows(dispatch, clock), np.zeros(clock.steps)
    else:
        price = classes.step_price_per_kwh(clock)
        direction = _by_price(price, clock, storage, dispatch.second_charge)
    return _spread(direction, price, scenario, clock.step_h)


def shave_series(classes: PriceClasses, dispatch: Dispatch) -> NDArray[np.float64]:
    """1 in the steps whose imports a demand charge measures and a threshold is set, else 0 (steps,)."""
    if dispatch.peak_shave_kw is None:
        return np.zeros(classes.period.size)
    measured = classes.measured.any(axis=0) if classes.measured.size else np.ones(len(classes.names), bool)
    return measured[classes.period].astype(float)


def refill_share(scenario: Scenario) -> float:
    """Share of battery power at which the grid restores the reserve after an outage, in about `REFILL_H` hours."""
    storage = scenario.storage
    if storage.energy_kwh == 0:
        return 0.0
    above_empty = scenario.dispatch.reserve_fraction - storage.soc_min_fraction
    return min(1.0, above_empty * storage.energy_kwh / storage.charge_efficiency / REFILL_H / storage.power_kw)


def tradable_kwh(scenario: Scenario) -> float:
    """Energy the schedule may move, inside the battery, when new: between the reserve and the highest charge."""
    return scenario.storage.energy_kwh * (scenario.storage.soc_max_fraction - scenario.dispatch.reserve_fraction)


def _by_price(price: NDArray[np.float64], clock: Timeline, storage: Storage, second_charge: bool) -> NDArray[np.int64]:
    """-1, 0, 1 for each step: charge at the day's lowest price, discharge above the middle of its range, if it pays."""
    per_day = 24 * 60 // clock.step_minutes
    round_trip = storage.charge_efficiency * storage.discharge_efficiency
    days = np.round(price.reshape(-1, per_day), 9)
    patterns, which = np.unique(days, axis=0, return_inverse=True)
    orders = np.array([_day_order(day, round_trip, second_charge) for day in patterns])
    return orders[which.ravel()].ravel()


def _day_order(day: NDArray[np.float64], round_trip: float, second_charge: bool) -> NDArray[np.int64]:
    low, high = day.min(), day.max()
    order = np.zeros(day.size, dtype=np.int64)
    if high * round_trip <= low:
        return order
    order[day > (low + high) / 2] = 1
    order[day == low] = -1
    if second_charge:
        order[_between_peaks(order) & (day < high * round_trip)] = -1
    return order


def _between_peaks(order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Idle steps that lie between the first and the last discharge of the day."""
    peaks = np.flatnonzero(order == 1)
    inside = np.zeros(order.size, dtype=bool)
    inside[peaks[0] : peaks[-1]] = True
    return inside & (order == 0)


def _own_windows(dispatch: Dispatch, clock: Timeline) -> NDArray[np.int64]:
    order = np.zeros(clock.steps, dtype=np.int64)
    hour = clock.minute_of_day / 60
    for window in dispatch.windows:
        inside = (hour >= window.start_hour) & (hour < window.end_hour) & np.isin(clock.calendar_month, window.months)
        order[inside] = 1 if window.action == "discharge" else -1
    return order


def _spread(
    direction: NDArray[np.int64], price: NDArray[np.float64], scenario: Scenario, step_h: float
) -> NDArray[np.float64]:
    """Share of battery power for each step of each unbroken block of one direction."""
    share = np.zeros(direction.size)
    known: dict[tuple[int, bytes], NDArray[np.float64]] = {}
    edges = np.flatnonzero(np.diff(direction, prepend=0, append=0))
    for first, end in zip(edges[:-1], edges[1:], strict=True):
        sign = int(direction[first])
        if sign:
            block = price[first:end] * -sign
            key = (sign, block.tobytes())
            if key not in known:
                known[key] = sign * _block_share(block, sign, scenario, step_h)
            share[first:end] = known[key]
    return share


def _block_share(rank: NDArray[np.float64], sign: int, scenario: Scenario, step_h: float) -> NDArray[np.float64]:
    """Best price level first (lowest rank), each at the power that just lasts, until the energy is used."""
    storage = scenario.storage
    efficiency = storage.discharge_efficiency if sign > 0 else 1 / storage.charge_efficiency
    left_h = tradable_kwh(scenario) * efficiency / storage.power_kw
    share = np.zeros(rank.size)
    for level in np.unique(rank):
        at_level = rank == level
        hours = at_level.sum() * step_h
        share[at_level] = min(1.0, left_h / hours)
        left_h = max(0.0, left_h - hours)
    return share
