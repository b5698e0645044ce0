"""PV output by hour from a place's monthly record: a documented shape, not yet a weather file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim import library
from sim.scenario import Pv
from sim.timeline import MONTH_DAYS, Timeline, timeline

DAY_CLEARNESS = (0.35, 0.70, 1.00, 1.25, 1.45)
AIR_MASS_EXPONENT = 1.15


def pv_kw_per_kwp(pv: Pv, place: str, clock: Timeline) -> NDArray[np.float64]:
    """AC output per kWp DC of each step (steps,), first year.

    Shape: cos(zenith)^1.15 times a fixed five-day mix of clear and cloudy days, each month scaled to the place's GHI,
    the year to its specific yield; then clipped at 1/DC-AC ratio. The mix repeats, so spells of dull weather are milder
    than real ones: peak-cutting by PV reads somewhat high.
    """
    place_record = library.sites()[place]
    year = timeline("2025-01", 12, clock.step_minutes)
    sun = _sun_height(year, place_record.latitude_deg) ** AIR_MASS_EXPONENT * _clearness(year)
    sun *= _monthly_factor(sun, year, place_record.ghi_monthly_kwh_per_m2)
    annual = pv.yield_kwh_per_kwp or place_record.pv_yield_kwh_per_kwp
    output = _scaled_and_clipped(sun / (sun.sum() * year.step_h), annual, 1.0 / pv.dc_ac_ratio, year.step_h)
    first = int(np.argmax(year.calendar_month == clock.start_month))
    return np.roll(output, -first)[: clock.steps]


def _day_of_year(year: Timeline) -> NDArray[np.int64]:
    before = np.concatenate([[0], np.cumsum(MONTH_DAYS)[:-1]])
    return before[year.calendar_month - 1] + year.day


def _sun_height(year: Timeline, latitude_deg: float) -> NDArray[np.float64]:
    """Cosine of the zenith angle at the middle of each step, 0 at night (local solar time taken as local time)."""
    latitude = np.radians(latitude_deg)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + _day_of_year(year)) / 365)
    hour_angle = np.radians(15 * ((year.minute_of_day + year.step_minutes / 2) / 60 - 12))
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.clip(height, 0, None)


def _clearness(year: Timeline) -> NDArray[np.float64]:
    return np.array(DAY_CLEARNESS)[(_day_of_year(year) * 3) % len(DAY_CLEARNESS)]


def _monthly_factor(sun: NDArray[np.float64], year: Timeline, ghi: tuple[float, ...]) -> NDArray[np.float64]:
    per_month = np.bincount(year.month_index, weights=sun, minlength=12)
    return (np.array(ghi) / per_month)[year.month_index]


def _scaled_and_clipped(
    relative: NDArray[np.float64], annual: float, ceiling: float, step_h: float
) -> NDArray[np.float64]:
    """Scale so that the clipped output still sums to `annual` kWh per kWp, or as near as the ceiling allows."""
    factor = annual
    for _ in range(20):
        output = np.minimum(relative * factor, ceiling)
        factor *= annual / (output.sum() * step_h)
    return np.minimum(relative * factor, ceiling)
