"""PV output by hour: pvlib's chain over a drawn year that keeps the place's monthly record, or a weather file."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sim.arrays import Floats
from sim.inputs import library
from sim.inputs.plant import Pv, WeatherYear
from sim.sun.climate import on_clock
from sim.sun.drawn import synthetic_year
from sim.sun.panels import PvArray, faces_the_pole, plant_kw_per_kwp
from sim.sun.year import Sun, Weather, sun_of
from sim.timeline import Timeline

WEATHERS_KEPT, YEARS_KEPT = 16, 128  # of 0.4 MB and 0.07 MB each


def pv_kw_per_kwp(pv: Pv, place: str, clock: Timeline) -> Floats:
    """AC output per kWp DC of each step (steps,), first year, whether or not any PV is there.

    `pv.yield_kwh_per_kwp` scales the year, clipped at 1 / DC-AC ratio. Steps below an hour have their hour's mean.
    """
    drawn = (place, 0 if pv.weather else pv.seed, pv.weather)
    hourly = _hourly_kw(drawn, planes(pv, place), pv.dc_ac_ratio, pv.losses_fraction, pv.shared_inverters)
    if pv.yield_kwh_per_kwp is not None:
        hourly = _scaled_and_clipped(hourly, pv.yield_kwh_per_kwp, 1.0 / pv.dc_ac_ratio)
    return on_clock(hourly, clock)


def planes(pv: Pv, place: str) -> tuple[tuple[float, float, float], ...]:
    """Size, tilt and azimuth of each array; sizes count in proportion to each other."""
    toward = equator_deg(place, pv.weather)
    if not pv.arrays:
        return ((1.0, pv.tilt_deg, toward if pv.azimuth_deg is None else pv.azimuth_deg),)
    return tuple((array.kwp, array.tilt_deg, array.azimuth_deg) for array in pv.arrays)


def looks_away(pv: Pv, place: str) -> bool:
    """Whether an array is tilted away from the equator, which is usually a hemisphere mixed up."""
    latitude_deg = (pv.weather or library.sites()[place]).latitude_deg
    return any(faces_the_pole(latitude_deg, tilt, azimuth) for _, tilt, azimuth in planes(pv, place))


def equator_deg(place: str, file: WeatherYear | None = None) -> float:
    """Azimuth towards the equator: 180 in the north, 0 in the south."""
    return 180.0 if (file or library.sites()[place]).latitude_deg >= 0 else 0.0


def as_weather_year(year: Weather, name: str) -> WeatherYear:
    """A weather year read from a file as the input a scenario keeps: whole W/m2, tenths of degrees and m/s."""
    columns = {key: np.round(np.maximum(getattr(year, key), 0.0)).tolist() for key in ("ghi", "dni", "dhi")}
    columns |= {key: np.round(getattr(year, key), 1).tolist() for key in ("air_c", "wind_m_s")}
    return WeatherYear(
        name=name[-200:],
        latitude_deg=float(year.latitude_deg),
        longitude_deg=float(year.longitude_deg),
        utc_offset_h=float(year.utc_offset_h),
        altitude_m=float(year.altitude_m),
        sun_minutes=float(year.sun_minutes),
        **columns,
    )


@lru_cache(maxsize=WEATHERS_KEPT)
def year_of_weather(drawn: tuple[str, int, WeatherYear | None]) -> Weather:
    """The weather of (place, seed, file), hour by hour: of the file, else drawn from the place's record."""
    place, seed, file = drawn
    if file is not None:
        ghi, dni, dhi, air_c, wind = map(np.array, (file.ghi, file.dni, file.dhi, file.air_c, file.wind_m_s))
        where = file.latitude_deg, file.longitude_deg, file.utc_offset_h, file.altitude_m
        return Weather(ghi, dni, dhi, air_c, wind, *where, file.sun_minutes, file.name)
    record = library.sites()[place]
    return synthetic_year(
        record.latitude_deg,
        record.longitude_deg,
        record.utc_offset_h,
        record.ghi_monthly_kwh_per_m2,
        record.temperature_mean_monthly_c,
        record.linke_turbidity_monthly,
        record.temperature_range_monthly_c,
        record.altitude_m,
        seed,
    )


@lru_cache(maxsize=WEATHERS_KEPT)
def _sun(drawn: tuple[str, int, WeatherYear | None]) -> Sun:
    year = year_of_weather(drawn)
    return sun_of(year.latitude_deg, year.longitude_deg, year.utc_offset_h, year.altitude_m, year.sun_minutes)


@lru_cache(maxsize=YEARS_KEPT)
def _hourly_kw(
    drawn: tuple[str, int, WeatherYear | None],
    plant: tuple[tuple[float, float, float], ...],
    dc_ac_ratio: float,
    losses: float,
    shared_inverters: bool,
) -> Floats:
    arrays = [PvArray(*plane, dc_ac_ratio, losses) for plane in plant]
    found = plant_kw_per_kwp(year_of_weather(drawn), arrays, sun=_sun(drawn), shared_inverters=shared_inverters)
    found.flags.writeable = False
    return found


def _scaled_and_clipped(hourly: Floats, annual: float, ceiling: float) -> Floats:
    """Scale so that the clipped output sums to `annual` kWh per kWp, or as near as the ceiling allows."""
    factor = 1.0
    for _ in range(20):
        factor *= annual / np.minimum(hourly * factor, ceiling).sum()
    return np.minimum(hourly * factor, ceiling)
