"""A tariff laid on a study's clock, with its market's prices of each step; and those prices month by month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.arrays import Floats, there
from sim.inputs.tariff import DAY_TYPES, PriceClasses, Tariff, price_classes
from sim.meter.year import on_clock
from sim.timeline import Timeline, timeline

MONTHS, KIND_OF_WEEKDAY = 12, np.array([0, 0, 0, 0, 0, 1, 2])


def laid(tariff: Tariff, clock: Timeline) -> PriceClasses:
    """The tariff's classes, and its market's prices, on the steps of a template year."""
    classes, market = price_classes(tariff, clock), tariff.market
    if market is None:
        return classes
    found = market_per_kwh(tariff, clock)
    return replace(classes, market_per_kwh=found, export_market_per_kwh=found * market.pays_exports)


def market_per_kwh(tariff: Tariff, clock: Timeline) -> Floats:
    """The billed year's prices on the clock's steps (steps,), the mean of those a longer step holds; 0 without one."""
    if tariff.market is None:
        return np.zeros(clock.steps)
    year = tariff.market.billed
    return on_clock(year.per_kwh, year.step_minutes, year.year, clock)


def mean_days(tariff: Tariff, step_minutes: int) -> Floats:
    """Mean market price of each step of the day, by day type and month of the billed year (day types, 12, steps)."""
    steps = 24 * 60 // step_minutes
    if tariff.market is None:
        return np.zeros((len(DAY_TYPES), MONTHS, steps))
    clock = timeline(f"{tariff.market.billed.year}-01", MONTHS, step_minutes)
    at = KIND_OF_WEEKDAY[clock.weekday], clock.month_index, clock.minute_of_day // step_minutes
    sums, counts = np.zeros((2, len(DAY_TYPES), MONTHS, steps))
    np.add.at(sums, at, market_per_kwh(tariff, clock))
    np.add.at(counts, at, 1.0)
    return sums / counts


def week_error(tariff: Tariff) -> float:
    """How far a price lies from that of a week before, which control by forecast expects of hours that have no price
    yet: the mean of the billed year, as a fraction of the mean size of a price. ValueError without a market."""
    year = there(tariff.market, "the market of the tariff").billed
    back = 7 * 24 * 60 // year.step_minutes
    off, size = np.abs(year.per_kwh[back:] - year.per_kwh[:-back]).mean(), np.abs(year.per_kwh).mean()
    return float(off / size) if size else 0.0


def monthly_spread(tariff: Tariff) -> tuple[Floats, Floats, Floats]:
    """(mean, mean of the days' lowest hour, mean of the days' dearest hour) of each month of the billed year (12,).

    ValueError without a market.
    """
    year = there(tariff.market, "the market of the tariff").billed
    clock = timeline(f"{year.year}-01", MONTHS, 60)
    hourly = on_clock(year.per_kwh, year.step_minutes, year.year, clock).reshape(-1, 24)
    starts = np.append(0, clock.month_ends[:-1]) // 24
    days = np.diff(np.append(starts, 365))
    mean, low, high = (np.add.reduceat(part, starts) / days for part in (hourly.mean(1), hourly.min(1), hourly.max(1)))
    return mean, low, high
