"""What a plain energy management system is told: when to charge, when to discharge, where to shave.

The result is an action per step, -1..1: the sign is the direction, the size the share of battery power. Energy is
spread evenly over the hours of one price level in a block, the dearest (cheapest) level first, so that the battery
lasts through the block and charging adds as little to the peak as it can.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.dispatch.kernel import NO_LIMIT_KW, Series
from sim.inputs.plant import Control
from sim.inputs.scenario import Scenario
from sim.inputs.storage import Storage
from sim.inputs.tariff import PriceClasses
from sim.plant.battery import available, discharge_efficiency
from sim.timeline import Timeline

NO_THRESHOLD_KW = 1e12
REFILL_H = 8.0
WEEKDAYS = {"every_day": range(7), "workday": range(5), "weekend": (5, 6), "saturday": (5,), "sunday": (6,)}


def action_series(scenario: Scenario, clock: Timeline, classes: PriceClasses) -> NDArray[np.float64]:
    """Charge (< 0) or discharge (> 0) order of each step as a share of battery power (steps,)."""
    storage, dispatch = scenario.storage, scenario.dispatch
    if not storage.exists or dispatch.arbitrage == "off":
        return np.zeros(clock.steps)
    if dispatch.arbitrage == "windows":
        direction, fixed = own_windows(dispatch, clock)
        spread = _spread(np.where(np.isnan(fixed), direction, 0), np.zeros(clock.steps), scenario, clock.step_h)
        return np.where(np.isnan(fixed), spread, direction * fixed)
    price = classes.step_price_per_kwh(clock)
    return _spread(_by_price(price, clock, storage, dispatch.second_charge), price, scenario, clock.step_h)


@dataclass(frozen=True, eq=False)
class Shaving:
    """Where imports are held in the template year: `lowest_kw` (months,) is the month's lowest threshold, `above_kw`
    (steps,) what a step's own exceeds it by, both huge where nothing is shaved; `moves` (months,): whether the
    threshold follows the load's peak and the battery from year to year, counted from project year `year`."""

    lowest_kw: NDArray[np.float64]
    above_kw: NDArray[np.float64]
    moves: NDArray[np.bool_]
    year: int


def shaving(dispatch: Control, clock: Timeline, classes: PriceClasses) -> Shaving:
    """The thresholds of the scenario, in the steps whose imports a demand charge measures."""
    by_class = np.array([_thresholds_kw(dispatch, month, classes) for month in clock.calendar_months()])
    lowest = by_class.min(axis=1)
    above = np.where(by_class < NO_THRESHOLD_KW, by_class - lowest[:, None], NO_LIMIT_KW)
    by_limits = [any(month in limit.months for limit in dispatch.shave_limits) for month in clock.calendar_months()]
    return Shaving(lowest, above[clock.month_index, classes.period], np.array(by_limits), dispatch.shave_limits_year)


def yearly_thresholds_kw(
    held: Shaving,
    clock: Timeline,
    series: Series,
    auxiliary_kw: float,
    pv_kwp: NDArray[np.float64],
    scale: NDArray[np.float64],
    health: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The lowest threshold of each project year and month (..., years, months), kW.

    Thresholds by month are those of one year. In others the depth by which the battery cuts the month's greatest need
    shrinks where its health is worse, the load smaller or the PV older: what it could hold once it can hold then.
    Inputs: pv_kwp (years,), scale (years, months), health (..., years): of one battery, or of many.
    """
    found = np.tile(held.lowest_kw, (health.shape[-1], 1))
    if not held.moves.any():
        return np.broadcast_to(found, (*health.shape, found.shape[-1]))
    need = [held_peaks_kw(held, clock, series, auxiliary_kw, pv, scale[year]) for year, pv in enumerate(pv_kwp)]
    peak, at = np.array(need), min(held.year, health.shape[-1]) - 1
    aged = np.divide(pv_kwp, pv_kwp[at], out=np.ones(len(pv_kwp)), where=pv_kwp[at] > 0)
    kept = np.minimum(1.0, aged * health / health[..., [at]])[..., None] * np.minimum(1.0, scale / scale[at])
    moves = held.moves & (found[at] < NO_THRESHOLD_KW)
    return np.where(moves, moved_kw(found[at], peak[at], peak, kept), found)


def held_peaks_kw(
    held: Shaving, clock: Timeline, series: Series, auxiliary_kw: float, pv_kwp: float, scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The greatest need of each month in the steps that are held, without the battery, kW (months,); so is scale."""
    need = series.load_kw * scale[clock.month_index] + auxiliary_kw - series.pv_kw_per_kwp * pv_kwp
    starts = np.append(0, clock.month_ends[:-1])
    return np.maximum.reduceat(np.where(held.above_kw < NO_LIMIT_KW, np.maximum(need, 0.0), 0.0), starts)


def moved_kw(
    threshold_kw: NDArray[np.float64],
    peak_then_kw: NDArray[np.float64],
    peak_kw: NDArray[np.float64],
    kept: NDArray[np.float64],
) -> NDArray[np.float64]:
    """A threshold where the month's greatest need and the battery are others: `kept` of the cut's depth is left."""
    depth = np.maximum(peak_then_kw - threshold_kw, 0.0)
    return np.maximum(threshold_kw + peak_kw - peak_then_kw + depth * (1.0 - kept), 0.0)


def _thresholds_kw(dispatch: Control, month: int, classes: PriceClasses) -> NDArray[np.float64]:
    """Threshold of each billing class in a calendar month (classes,); a mixed class is held to its lowest."""
    measured = classes.measured.any(axis=0) if classes.measured.size else np.ones(len(classes.names), bool)
    one = NO_THRESHOLD_KW if dispatch.peak_shave_kw is None else dispatch.peak_shave_kw
    here = [limit for limit in dispatch.shave_limits if month in limit.months]
    kw = [min((limit.threshold_kw for limit in here if limit.holds_in(name)), default=one) for name in classes.names]
    return np.where(measured, kw, NO_THRESHOLD_KW)


def refill_share(scenario: Scenario) -> float:
    """Share of battery power at which the grid restores the reserve after an outage, in about `REFILL_H` hours."""
    storage = scenario.storage
    if not storage.exists:
        return 0.0
    power_kw, energy_kwh = available(storage)
    above_empty = scenario.dispatch.reserve_fraction - storage.soc_min_fraction
    return min(1.0, above_empty * energy_kwh / storage.charge_efficiency / REFILL_H / power_kw)


def tradable_kwh(scenario: Scenario) -> float:
    """Energy the schedule may move, inside the battery, when new: between the reserve and the highest charge."""
    return available(scenario.storage)[1] * (scenario.storage.soc_max_fraction - scenario.dispatch.reserve_fraction)


def _by_price(price: NDArray[np.float64], clock: Timeline, storage: Storage, second_charge: bool) -> NDArray[np.int64]:
    """-1, 0, 1 for each step: charge at the day's lowest price, discharge above the middle of its range, if it pays."""
    per_day = 24 * 60 // clock.step_minutes
    round_trip = storage.charge_efficiency * discharge_efficiency(storage)
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


def own_windows(dispatch: Control, clock: Timeline) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """-1, 0, 1 for each step, and the share of battery power ordered, NaN where the energy is to be spread."""
    order, fixed = np.zeros(clock.steps, dtype=np.int64), np.full(clock.steps, np.nan)
    hour = clock.minute_of_day / 60
    for window in dispatch.windows:
        inside = (hour >= window.start_hour) & (hour < window.end_hour) & np.isin(clock.calendar_month, window.months)
        inside &= np.isin(clock.weekday, WEEKDAYS[window.days])
        order[inside] = 1 if window.action == "discharge" else -1
        fixed[inside] = np.nan if window.power_fraction is None else window.power_fraction
    return order, fixed


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
    efficiency = discharge_efficiency(storage) if sign > 0 else 1 / storage.charge_efficiency
    left_h = tradable_kwh(scenario) * efficiency / available(storage)[0]
    share = np.zeros(rank.size)
    for level in np.unique(rank):
        at_level = rank == level
        hours = at_level.sum() * step_h
        share[at_level] = min(1.0, left_h / hours)
        left_h = max(0.0, left_h - hours)
    return share
