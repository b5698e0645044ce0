"""A year of weather for a place, and the sun above it.

Conventions: 8760 rows of one hour, 1 January 00:00 first, local standard time, no leap day; a row begins at its stamp
and holds the hour's mean. Irradiance W/m2, temperature degrees C, wind m/s at 10 m; latitude and longitude are positive
north and east. `sun_minutes` says how far past its stamp the sun of a row stands: 30 for means of the hour.

pvlib is imported inside the functions: that takes a second or more, and the app's start does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.arrays import Floats
from sim.problem import Problem, Refusal
from sim.timeline import MONTH_DAYS

if TYPE_CHECKING:
    import pandas as pd

HOURS = 8760
SUN_YEAR = 2023  # sun positions differ by less than 0.3 degrees between years
MONTH_OF_HOUR = np.repeat(np.arange(12), np.array(MONTH_DAYS) * 24)
DAY_OF_YEAR = np.arange(HOURS) // 24 + 1
DEFAULT_WIND_M_S = 2.0
FIRST_HOUR_OF_MONTH = np.concatenate([[0], np.cumsum(MONTH_DAYS)[:-1]]) * 24
GHI_YEAR_KWH_PER_M2 = (500.0, 2700.0)  # from the arctic to the Atacama


@dataclass(frozen=True)
class WeatherFinding:
    """One thing found in a weather file, or in a monthly record, and what was done about it."""

    code: str
    severity: Literal["note", "repaired", "warning"]
    text: Problem


class WeatherError(Refusal):
    """Weather that cannot be used. The message says what is wrong and what to do."""


@dataclass(frozen=True, eq=False)
class Weather:
    """One year, hour by hour (8760,), and the place it belongs to."""

    ghi: Floats
    dni: Floats
    dhi: Floats
    air_c: Floats
    wind_m_s: Floats
    latitude_deg: float
    longitude_deg: float
    utc_offset_h: float
    altitude_m: float
    sun_minutes: float = 30.0
    source: str = ""
    findings: tuple[WeatherFinding, ...] = ()

    @property
    def ghi_monthly_kwh_per_m2(self) -> Floats:
        """Global horizontal irradiation by month (12,)."""
        return np.bincount(MONTH_OF_HOUR, weights=self.ghi, minlength=12) / 1000


@dataclass(frozen=True, eq=False)
class Sun:
    """Where the sun stands in each hour (8760,): degrees, azimuth clockwise from north; irradiance beyond the air."""

    zenith_deg: Floats
    apparent_zenith_deg: Floats
    azimuth_deg: Floats
    extra_w_per_m2: Floats


def sun_of(
    latitude_deg: float, longitude_deg: float, utc_offset_h: float, altitude_m: float = 0.0, sun_minutes: float = 30.0
) -> Sun:
    """Sun positions of the year (pvlib's Solar Position Algorithm); any time zone, halves and quarters of hours too."""
    import pvlib

    hours = hour_stamps(utc_offset_h, sun_minutes)
    found = pvlib.solarposition.get_solarposition(hours, latitude_deg, longitude_deg, altitude=altitude_m)
    return Sun(
        zenith_deg=found["zenith"].to_numpy(),
        apparent_zenith_deg=found["apparent_zenith"].to_numpy(),
        azimuth_deg=found["azimuth"].to_numpy(),
        extra_w_per_m2=np.asarray(pvlib.irradiance.get_extra_radiation(DAY_OF_YEAR)),
    )


def hour_stamps(utc_offset_h: float, sun_minutes: float) -> pd.DatetimeIndex:
    """Where the sun of each row stands (8760,)."""
    import pandas as pd

    zone = timezone(timedelta(hours=float(utc_offset_h)))
    begin = pd.Timestamp(year=SUN_YEAR, month=1, day=1, tz=zone) + pd.Timedelta(minutes=sun_minutes)
    return pd.date_range(begin, periods=HOURS, freq="h")


def split_ghi(ghi: Floats, sun: Sun) -> tuple[Floats, Floats]:
    """Direct normal and diffuse from global by the Erbs rule (Solar Energy 28, 1982, 293)."""
    import pvlib

    parts = pvlib.irradiance.erbs(ghi, sun.zenith_deg, DAY_OF_YEAR)
    dhi = np.where(sun.zenith_deg < 90, np.asarray(parts["dhi"]), ghi)
    return np.asarray(parts["dni"]), np.minimum(dhi, ghi)


def place_findings(weather: Weather) -> list[WeatherFinding]:
    """What is noteworthy about a year's place: south of the equator, a zone of part hours, an unlikely sum of sun."""
    found, total = [], float(weather.ghi_monthly_kwh_per_m2.sum())
    if weather.latitude_deg < 0:
        text = Problem(
            "The place lies south of the equator: panels face north (azimuth 0) and the sunny months are about January."
        )
        found.append(WeatherFinding("southern_hemisphere", "note", text))
    if weather.utc_offset_h % 1:
        zone = weather.utc_offset_h
        text = Problem("The time zone is UTC{zone:+g}: sun positions are computed for it to the minute.", zone=zone)
        found.append(WeatherFinding("part_hour_zone", "note", text))
    if not GHI_YEAR_KWH_PER_M2[0] <= total <= GHI_YEAR_KWH_PER_M2[1]:
        text = Problem(
            "The global irradiation of {total:,.0f} kWh/m2 a year is out of range; check the file's units.", total=total
        )
        found.append(WeatherFinding("ghi_year", "warning", text))
    return found
