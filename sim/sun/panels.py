"""PV output from a year of weather, by pvlib: AC kW per kWp of DC, hour by hour.

Chain (as NREL's PVWatts, of pvlib's parts): sun position; plane of array after Perez with ground reflection; reflection
losses of direct and diffuse light (physical model and Marion's integral, anti-reflective glass); cell temperature after
NOCT (SAM); DC power linear in irradiance with a temperature coefficient; system losses; part-load inverter, clipped at
its rating. No shading between rows, no snow, no spectral effects, no trackers: what of it applies belongs into
`losses_fraction`. The yield of the reference year lies 0.7 % above pvlib's own chain and 1.1 % above SAM PVWatts v8.

Azimuth is degrees clockwise from north (180 = south), tilt from the horizontal. Hours begin at their stamp, local
standard time. pvlib is imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.arrays import Floats, sum_of
from sim.sun.year import Sun, Weather, sun_of

GLASS_COATED_INDEX = 1.29  # refraction of the anti-reflective coat (pvlib.iam.physical, n_ar)
MODULE_EFFICIENCY = 0.21  # share of the light that does not heat the module (crystalline silicon, 2023-2026)
DARK_W_PER_M2 = 1e-6  # stands for no light where pvlib divides by it
SIDEWAYS_DEG = 90.0


@dataclass(frozen=True)
class PvArray:
    """One field of panels of one orientation behind its own inverters.

    losses_fraction: soiling, wiring, mismatch, availability ... (PVWatts set: 0.14), without the inverter.
    temperature_coefficient_per_k is negative. degradation_fraction_per_year counts from year 2 on: the array is new
    in year 1. first_year_loss_fraction comes on top from year 1 on (0.01 for N-type).
    """

    kwp: float
    tilt_deg: float
    azimuth_deg: float
    dc_ac_ratio: float = 1.2
    losses_fraction: float = 0.14
    inverter_efficiency: float = 0.975
    temperature_coefficient_per_k: float = -0.0030  # equipment.yaml: pv.temperature_coefficient_per_k
    noct_c: float = 45.0
    albedo: float = 0.2
    degradation_fraction_per_year: float = 0.005
    first_year_loss_fraction: float = 0.0

    def __post_init__(self):
        limits = {
            "kwp": (0, np.inf),
            "tilt_deg": (0, 90),
            "azimuth_deg": (0, 360),
            "dc_ac_ratio": (0.5, 5),
            "losses_fraction": (0, 0.9),
            "inverter_efficiency": (0.5, 1),
            "temperature_coefficient_per_k": (-0.02, 0),
            "noct_c": (20, 90),
            "albedo": (0, 1),
            "degradation_fraction_per_year": (0, 0.2),
            "first_year_loss_fraction": (0, 0.5),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"PV array: {name} must lie between {low:g} and {high:g}, but is {value}.")


def plane_of_array(weather: Weather, array: PvArray, sun: Sun | None = None) -> tuple[Floats, Floats]:
    """Irradiance on the panels, and what of it passes the glass, W/m2 (8760,) each."""
    import pvlib

    sun = sun or _sun(weather)
    air_mass = pvlib.atmosphere.get_relative_airmass(sun.apparent_zenith_deg)
    parts = pvlib.irradiance.get_total_irradiance(
        array.tilt_deg,
        array.azimuth_deg,
        sun.apparent_zenith_deg,
        sun.azimuth_deg,
        weather.dni,
        weather.ghi,
        weather.dhi,
        dni_extra=sun.extra_w_per_m2,
        airmass=air_mass,
        albedo=array.albedo,
        model="perez",
    )
    incidence = pvlib.irradiance.aoi(array.tilt_deg, array.azimuth_deg, sun.apparent_zenith_deg, sun.azimuth_deg)
    passes = np.nan_to_num(pvlib.iam.physical(incidence, n_ar=GLASS_COATED_INDEX))
    diffuse = pvlib.iam.marion_diffuse("physical", array.tilt_deg, n_ar=GLASS_COATED_INDEX)
    names = ("poa_direct", "poa_sky_diffuse", "poa_ground_diffuse")
    direct, sky, ground = (np.maximum(np.nan_to_num(np.asarray(parts[name])), 0.0) for name in names)
    ground_passes = diffuse["ground"] if array.tilt_deg > 0 else 1.0  # a level panel sees no ground
    return direct + sky + ground, direct * passes + sky * diffuse["sky"] + ground * ground_passes


def ac_kw_per_kwp(weather: Weather, array: PvArray, year: int = 1, sun: Sun | None = None) -> Floats:
    """AC output of one array per kWp of DC in operating year 1, 2, ... (8760,), kW per kWp, mean of each hour.

    `sun` saves the sun positions where several arrays or years stand in one place: `sun_of(...)` of that weather.
    """
    return _inverted(dc_kw_per_kwp(weather, array, year, sun), array)


def dc_kw_per_kwp(weather: Weather, array: PvArray, year: int = 1, sun: Sun | None = None) -> Floats:
    """DC output after system losses of one array per kWp of DC (8760,), as `ac_kw_per_kwp` before its inverter."""
    if year < 1:
        raise ValueError(f"year must be 1 or more (year 1 is the first of operation), but is {year}.")
    import pvlib

    total, effective = plane_of_array(weather, array, sun)
    cell_c = pvlib.temperature.noct_sam(
        np.maximum(total, DARK_W_PER_M2),
        weather.air_c,
        weather.wind_m_s,
        array.noct_c,
        MODULE_EFFICIENCY,
        effective_irradiance=np.maximum(effective, DARK_W_PER_M2),
    )
    worn = (1 - array.first_year_loss_fraction) * (1 - array.degradation_fraction_per_year) ** (year - 1)
    dc = pvlib.pvsystem.pvwatts_dc(effective, cell_c, worn, array.temperature_coefficient_per_k)
    return np.maximum(dc, 0.0) * (1 - array.losses_fraction)


def _inverted(dc: Floats, array: PvArray) -> Floats:
    """AC output behind the array's inverters, clipped at their rating; kW per kWp of DC."""
    import pvlib

    rating = 1.0 / array.dc_ac_ratio
    ac = pvlib.inverter.pvwatts(dc, rating / array.inverter_efficiency, array.inverter_efficiency)
    return np.clip(np.nan_to_num(ac), 0.0, rating)


def plant_kw_per_kwp(
    weather: Weather, arrays: Sequence[PvArray], year: int = 1, sun: Sun | None = None, shared_inverters: bool = False
) -> Floats:
    """AC output of several arrays together per kWp of all of them (8760,), kW per kWp: each clipped on its own, or the
    sum of them behind inverters they share, which are those of the first array."""
    total, arrays = sum(array.kwp for array in arrays), [array for array in arrays if array.kwp > 0]
    if not total > 0:
        raise ValueError("The PV plant has no kWp; give at least one array with kwp above 0.")
    sun = sun or _sun(weather)
    one = dc_kw_per_kwp if shared_inverters else ac_kw_per_kwp
    joined = sum_of(array.kwp / total * one(weather, array, year, sun) for array in arrays)
    return _inverted(joined, arrays[0]) if shared_inverters else joined


def faces_the_pole(latitude_deg: float, tilt_deg: float, azimuth_deg: float) -> bool:
    """Whether a tilted array looks away from the equator, by more than east or west: usually a sign error."""
    toward = 180.0 if latitude_deg >= 0 else 0.0
    off = abs((azimuth_deg - toward + 180) % 360 - 180)
    return tilt_deg > 5 and off > SIDEWAYS_DEG


def _sun(weather: Weather) -> Sun:
    return sun_of(
        weather.latitude_deg, weather.longitude_deg, weather.utc_offset_h, weather.altitude_m, weather.sun_minutes
    )
