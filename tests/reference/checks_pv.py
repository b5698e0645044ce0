"""Check one PV case: yield by year and month against the mean of its engines, and the hourly shape of each."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from sim.sun.panels import PvArray, ac_kw_per_kwp, plane_of_array
from sim.sun.year import MONTH_OF_HOUR, Weather

BRIGHT_KW_PER_KWP = 0.02  # hours above it count for the correlation
ENGINES = ("sam", "pvlib")


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    weather = _weather(path.parent / inputs["weather_csv"], inputs)
    _check_weather(weather, expected)
    array = _array(inputs)
    ours = ac_kw_per_kwp(weather, array)
    engines = [expected[name] for name in ENGINES if name in expected]
    assert engines, f"none of the engines {ENGINES} is in this case"
    year = np.mean([engine["annual_kwh_per_kwp"] for engine in engines])
    _close("year", ours.sum(), year, tolerance["annual_pct_of_mean_of_engines"])
    months = np.mean([engine["monthly_kwh_per_kwp"] for engine in engines], axis=0)
    for month, want in enumerate(months):
        _close(
            f"month {month + 1}", ours[month == MONTH_OF_HOUR].sum(), want, tolerance["monthly_pct_of_mean_of_engines"]
        )
    plane = np.mean([engine["annual_poa_kwh_m2"] for engine in engines])
    _close(
        "plane of array",
        plane_of_array(weather, array)[0].sum() / 1000,
        plane,
        tolerance["annual_pct_of_mean_of_engines"],
    )
    _check_hours(ours, path.parent / f"{path.stem}_hourly.csv", tolerance["hourly_corr_min"])


def _weather(path: Path, inputs: dict) -> Weather:
    column = _columns(path)
    return Weather(
        ghi=column["ghi_w_m2"],
        dni=column["dni_w_m2"],
        dhi=column["dhi_w_m2"],
        air_c=column["tdry_c"],
        wind_m_s=column["wind_m_s"],
        latitude_deg=inputs["lat_deg"],
        longitude_deg=inputs["lon_deg"],
        utc_offset_h=inputs["tz_h"],
        altitude_m=inputs.get("elev_m", 0.0),
    )


def _array(inputs: dict) -> PvArray:
    return PvArray(
        kwp=1.0,
        tilt_deg=inputs["tilt_deg"],
        azimuth_deg=inputs["azimuth_deg_from_north_clockwise"],
        dc_ac_ratio=inputs["dc_ac_ratio"],
        losses_fraction=inputs["system_losses_pct"] / 100,
        inverter_efficiency=inputs["inverter_eff_pct"] / 100,
        temperature_coefficient_per_k=inputs["temp_coeff_pct_per_k"] / 100,
        albedo=inputs.get("albedo", 0.2),
    )


def _columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def _check_weather(weather: Weather, expected: dict) -> None:
    for name, series in (("annual_ghi_kwh_m2", weather.ghi), ("annual_dni_kwh_m2", weather.dni)):
        if name in expected:
            _close(name, series.sum() / 1000, expected[name], 0.01)


def _check_hours(ours: np.ndarray, path: Path, least: float) -> None:
    if not path.exists():
        return
    column = _columns(path)
    for name in ENGINES:
        if f"ac_kw_per_kwp_{name}" not in column:
            continue
        theirs = column[f"ac_kw_per_kwp_{name}"]
        bright = (theirs > BRIGHT_KW_PER_KWP) | (ours > BRIGHT_KW_PER_KWP)
        correlation = np.corrcoef(ours[bright], theirs[bright])[0, 1]
        assert correlation >= least, f"hourly correlation with {name}: {correlation:.4f}, expected {least}"


def _close(what: str, ours: float, theirs: float, percent: float) -> None:
    assert abs(ours / theirs - 1) <= percent / 100, f"{what}: {ours:.4f}, expected {theirs:.4f} within {percent} %"
