"""A synthetic year of weather, drawn from a place's monthly record of sun and temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats
from sim.problem import Problem
from sim.sun.year import (
    DEFAULT_WIND_M_S,
    FIRST_HOUR_OF_MONTH,
    HOURS,
    MONTH_OF_HOUR,
    Sun,
    Weather,
    WeatherError,
    WeatherFinding,
    hour_stamps,
    place_findings,
    split_ghi,
    sun_of,
)
from sim.timeline import MONTH_DAYS

DAY_SPREAD = 1.5  # Beta draws of mean m vary with m (1 - m) / (1 + DAY_SPREAD); gives the diffuse share of the records
DAY_MEMORY = 0.4  # correlation of a day's clearness with the day before
CLEARNESS_LIMITS, MONTH_SHARE_LIMITS = (0.02, 1.0), (0.05, 0.98)  # of a day; of a month's mean against clear sky
COLDEST_HOUR, WARMEST_HOUR = 5.0, 15.0
USUAL_RANGE_K = 8.0  # between a day's coldest and warmest hour where a place has no record


def synthetic_year(
    latitude_deg: float,
    longitude_deg: float,
    utc_offset_h: float,
    ghi_monthly_kwh_per_m2: Sequence[float],
    temperature_mean_monthly_c: Sequence[float],
    linke_turbidity_monthly: Sequence[float] | None = None,
    daily_range_monthly_c: Sequence[float] | None = None,
    altitude_m: float = 0.0,
    seed: int = 1,
) -> Weather:
    """A plausible year that keeps every month's global irradiation (12 values, January first). Same seed, same year.

    Clear sky after Ineichen (pvlib) with the place's Linke turbidity (pvlib's SoDa table if None), times a clearness
    drawn day by day from a Beta distribution with memory, then brought to the month's sum by a power, which keeps it
    within clear sky; direct and diffuse by Erbs. Temperature: monthly means with a daily swing (8 K if no range given).
    Within a day the clearness is constant: hours are smoother than real ones, clipping and ramps read low. Monthly
    records are often estimates (sites.yaml: about 9 %).
    """
    ghi_month = _twelve(ghi_monthly_kwh_per_m2, "ghi_monthly_kwh_per_m2")
    if np.any(ghi_month < 0) or ghi_month.sum() <= 0:
        raise WeatherError("ghi_monthly_kwh_per_m2 must be 0 or more in every month and not all 0.")
    sun = sun_of(latitude_deg, longitude_deg, utc_offset_h, altitude_m)
    clear = _clear_ghi(sun, latitude_deg, longitude_deg, altitude_m, linke_turbidity_monthly)
    findings: list[WeatherFinding] = []
    drawn = _day_draws(_month_share(ghi_month, clear), seed)
    ghi = np.empty(HOURS)
    for month in range(12):
        hours = month == MONTH_OF_HOUR
        ghi[hours] = _to_month_sum(clear[hours], drawn[hours], 1000 * ghi_month[month], month, findings)
    dni, dhi = split_ghi(ghi, sun)
    weather = Weather(
        ghi=ghi,
        dni=dni,
        dhi=dhi,
        air_c=air_temperatures_c(temperature_mean_monthly_c, daily_range_monthly_c),
        wind_m_s=np.full(HOURS, DEFAULT_WIND_M_S),
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        utc_offset_h=utc_offset_h,
        altitude_m=altitude_m,
        source=f"drawn from monthly records, seed {seed}",
    )
    return replace(weather, findings=(*findings, *place_findings(weather)))


def _twelve(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=float)
    if array.shape != (12,) or not np.isfinite(array).all():
        raise WeatherError(
            "{name} needs 12 numbers, January first, but has {count} values.", name=name, count=array.size
        )
    return array


def _clear_ghi(
    sun: Sun, latitude_deg: float, longitude_deg: float, altitude_m: float, linke: Sequence[float] | None
) -> Floats:
    import pvlib

    if linke is None:
        hours = hour_stamps(0.0, 30.0)
        found = pvlib.clearsky.lookup_linke_turbidity(hours, latitude_deg, longitude_deg, interp_turbidity=False)
        by_hour = found.to_numpy()
    else:
        by_hour = _twelve(linke, "linke_turbidity_monthly")[MONTH_OF_HOUR]
    air_mass = pvlib.atmosphere.get_relative_airmass(sun.apparent_zenith_deg)
    pressure = pvlib.atmosphere.alt2pres(altitude_m)
    with np.errstate(divide="ignore", invalid="ignore"):  # pvlib divides by the sun's height, also at night
        found = pvlib.clearsky.ineichen(
            sun.apparent_zenith_deg,
            pvlib.atmosphere.get_absolute_airmass(air_mass, pressure),
            by_hour,
            altitude=altitude_m,
            dni_extra=sun.extra_w_per_m2,
        )
    return np.nan_to_num(np.asarray(found["ghi"]))


def _month_share(ghi_month: Floats, clear: Floats) -> Floats:
    clear_month = np.bincount(MONTH_OF_HOUR, weights=clear, minlength=12) / 1000
    return np.clip(ghi_month / np.maximum(clear_month, 1e-9), *MONTH_SHARE_LIMITS)


def _day_draws(share_of_month: Floats, seed: int) -> Floats:
    """Clearness of each hour (8760,), one value a day: Beta with the month's mean, days correlated."""
    from scipy.special import betaincinv, ndtr

    noise = np.random.default_rng(seed).standard_normal(365)
    state = np.empty(365)
    state[0] = noise[0]
    for day in range(1, 365):
        state[day] = DAY_MEMORY * state[day - 1] + np.sqrt(1 - DAY_MEMORY**2) * noise[day]
    mean = share_of_month[MONTH_OF_HOUR[::24]]
    drawn = betaincinv(mean * DAY_SPREAD, (1 - mean) * DAY_SPREAD, ndtr(state))
    return np.repeat(np.clip(drawn, *CLEARNESS_LIMITS), 24)


def _to_month_sum(
    clear: Floats, drawn: Floats, target_wh_per_m2: float, month: int, findings: list[WeatherFinding]
) -> Floats:
    """clear x drawn^p with the p that gives the month's sum; above clear sky everything is raised."""
    most = clear.sum()
    if target_wh_per_m2 <= 0 or most <= 0:
        return np.zeros(clear.size)
    if target_wh_per_m2 >= most:
        above = target_wh_per_m2 / most - 1
        values = {"month": month + 1, "above": above}
        text = Problem("The record of month {month} lies {above:.0%} above clear sky; the record is kept.", **values)
        findings.append(WeatherFinding("above_clear_sky", "warning", text))
        return clear * target_wh_per_m2 / most
    low, high = 0.0, 60.0
    for _ in range(60):
        power = (low + high) / 2
        low, high = (power, high) if (clear * drawn**power).sum() > target_wh_per_m2 else (low, power)
    shaped = clear * drawn**high
    return shaped * target_wh_per_m2 / shaped.sum()


def air_temperatures_c(monthly_mean_c: Sequence[float], daily_range_c: Sequence[float] | None) -> Floats:
    """Hourly temperature: straight lines between mid-months, a swing by the hour, months brought to their mean."""
    mean = _twelve(monthly_mean_c, "temperature_mean_monthly_c")
    swing = np.full(12, USUAL_RANGE_K) if daily_range_c is None else _twelve(daily_range_c, "daily_range_monthly_c")
    hour = np.arange(HOURS) % 24 + 0.5
    rising = np.where(
        (hour >= COLDEST_HOUR) & (hour < WARMEST_HOUR),
        -np.cos(np.pi * (hour - COLDEST_HOUR) / (WARMEST_HOUR - COLDEST_HOUR)),
        np.cos(np.pi * ((hour - WARMEST_HOUR) % 24) / (24 - WARMEST_HOUR + COLDEST_HOUR)),
    )
    middle = FIRST_HOUR_OF_MONTH + np.array(MONTH_DAYS) * 12
    at = np.concatenate([[middle[-1] - HOURS], middle, [middle[0] + HOURS]])
    base = np.interp(np.arange(HOURS) + 0.5, at, np.concatenate([mean[-1:], mean, mean[:1]]))
    shaped = base + swing[MONTH_OF_HOUR] / 2 * rising
    error = mean - np.bincount(MONTH_OF_HOUR, weights=shaped, minlength=12) / (np.array(MONTH_DAYS) * 24)
    return shaped + error[MONTH_OF_HOUR]
