"""What a diesel set may give and what it takes: ratings, derating, reserve, fuel, overhauls, pollutants, noise.

Conventions: powers are means over the step (kW electric), series have one value per step (n,), fuel is litres of
diesel. Every default names its record in equipment.yaml; those of general knowledge ("gk") have to be replaced by the
maker's sheet before anything is promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.arrays import Floats, require

RatingCode = Literal["COP", "PRP", "LTP", "ESP", "DCC"]
HOURS_PER_YEAR = 8760
EPS = 1e-9


# --- ratings ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rating:
    """A rating of ISO 8528-1 as makers publish it. power_fraction is against the standby rating of the same engine.

    mean_load_fraction: greatest mean load over 24 h of running, against this rating. hours_per_year: None = no limit.
    """

    code: RatingCode
    name: str
    power_fraction: float
    mean_load_fraction: float
    hours_per_year: float | None


RATINGS: Mapping[RatingCode, Rating] = {
    rating.code: rating
    for rating in (
        Rating("COP", "continuous", 0.70, 1.00, None),
        Rating("PRP", "prime", 0.91, 0.70, None),
        Rating("LTP", "limited-time running", 0.91, 1.00, 500.0),
        Rating("ESP", "emergency standby", 1.00, 0.70, 200.0),
        Rating("DCC", "mission critical (data centre)", 1.00, 0.85, None),
    )
}
"""Source: equipment.yaml diesel (iso8528, qsk23). Power fractions are those of one engine (Cummins QSK23-G3: prime
0.91, continuous 0.70 of standby); others lie at 0.87 to 0.93. DCC is a maker's own rating."""
LEAST_COUNTED_LOAD = 0.30  # ISO 8528-1 counts a running set below 30 % as 30 % in the mean


@dataclass(frozen=True)
class RatingFinding:
    """A limit of the rating that the duty passes."""

    limit: Literal["power", "mean_load", "hours"]
    value: float
    allowed: float
    text: str


def check_rating(
    set_output_kw: ArrayLike, rated_kw: float, code: RatingCode, step_h: float = 1.0
) -> tuple[RatingFinding, ...]:
    """Which limits of the rating one set's output (n,) passes; empty if it may be run so. 0 = stands still.

    The mean is that of the running steps in any window of 24 h, with 30 % for less (ISO 8528-1); hours are scaled to a
    year if the series is shorter. Power above the rating counts from 1 % on (PRP's overload of an hour in 12 is not
    granted).
    """
    require(code in RATINGS, f"'{code}' is no rating; choose one of {', '.join(RATINGS)}.")
    require(rated_kw > 0, f"rated_kw must be more than 0 kW, but is {rated_kw}.")
    rating, load = RATINGS[code], np.asarray(set_output_kw, dtype=float) / rated_kw
    findings = []
    if load.max(initial=0.0) > 1.01:
        text = f"The load reaches {load.max():.0%} of the {rating.name} rating."
        findings.append(RatingFinding("power", float(load.max()), 1.0, text))
    mean = _highest_daily_mean(load, step_h)
    if mean > rating.mean_load_fraction + EPS:
        allowed = rating.mean_load_fraction
        text = f"The mean load over 24 h of running reaches {mean:.0%}; the {rating.name} rating allows {allowed:.0%}."
        findings.append(RatingFinding("mean_load", mean, allowed, text))
    hours = float((load > 0).sum() * step_h * HOURS_PER_YEAR / (load.size * step_h)) if load.size else 0.0
    if rating.hours_per_year is not None and hours > rating.hours_per_year + EPS:
        text = f"The set runs {hours:,.0f} h a year; the {rating.name} rating allows {rating.hours_per_year:,.0f} h."
        findings.append(RatingFinding("hours", hours, rating.hours_per_year, text))
    return tuple(findings)


def _highest_daily_mean(load: Floats, step_h: float) -> float:
    counted = np.where(load > 0, np.maximum(load, LEAST_COUNTED_LOAD), 0.0)
    window = min(round(24 / step_h), load.size)
    if window == 0:
        return 0.0
    total, running = (np.concatenate([[0.0], np.cumsum(part)]) for part in (counted, load > 0))
    totals, steps = total[window:] - total[:-window], running[window:] - running[:-window]
    return float(np.max(np.divide(totals, steps, out=np.zeros_like(totals), where=steps > 0), initial=0.0))


def derating(
    altitude_m: float,
    ambient_c: ArrayLike,
    altitude_limit_m: float = 1000.0,
    ambient_limit_c: float = 40.0,
    per_300_m: float = 0.034,
    per_10_c: float = 0.10,
) -> Floats:
    """Share of the rating a set gives at this altitude and air temperature (any shape of ambient_c), never below 0.

    Straight lines beyond the engine's limits, multiplied. 3.4 % per 300 m and 10 % per 10 C: equipment.yaml
    derate_altitude_fraction_per_300m, derate_temperature_fraction_per_10c (Cummins QSK23: 20 % per 10 C beyond its
    limit; others 2 %). The limits are 1000 to 1500 m and 40 C for most; take the engine's own curve where there is one.
    """
    require(per_300_m >= 0 and per_10_c >= 0, "per_300_m and per_10_c must be 0 or more.")
    high = 1 - per_300_m * max(altitude_m - altitude_limit_m, 0.0) / 300
    hot = 1 - per_10_c * np.maximum(np.asarray(ambient_c, dtype=float) - ambient_limit_c, 0.0) / 10
    return np.maximum(high, 0.0) * np.maximum(hot, 0.0)


# --- spinning reserve -------------------------------------------------------------------------------------------------


def sets_online(
    load_kw: ArrayLike,
    set_kw: float,
    reserve_kw: ArrayLike = 0.0,
    battery_kw: ArrayLike = 0.0,
    survive_largest: bool = False,
) -> NDArray[np.int64]:
    """Sets that must run in island mode (n,): they carry the load, and with the battery's ready power the reserve too.

    survive_largest: the load is still carried when one set trips (the battery may stand in for it). battery_kw is what
    it can give at once and hold until the next set has started (12 s, 20 to 60 s more to parallel).
    """
    require(set_kw > 0, f"set_kw must be more than 0 kW, but is {set_kw}.")
    load, ready = np.asarray(load_kw, dtype=float), np.asarray(battery_kw, dtype=float)
    plain = np.ceil(np.maximum(load / set_kw - EPS, 0.0))
    steps = np.ceil(np.maximum((load + np.asarray(reserve_kw) - ready) / set_kw - EPS, 0.0))
    needed = np.maximum(plain, steps)
    if survive_largest:
        after_trip = np.ceil(np.maximum((load - ready) / set_kw - EPS, 0.0)) + 1
        needed = np.where(load > 0, np.maximum(needed, after_trip), needed)
    return needed.astype(np.int64)


def trip_hours(
    sets_running: ArrayLike, output_kw: ArrayLike, ready_kw: ArrayLike, set_kw: float, step_h: float = 1.0
) -> float:
    """Hours of these steps (n,) in which the others and `ready_kw` could not take over what one tripped set gives."""
    running, output = np.asarray(sets_running, dtype=float), np.asarray(output_kw, dtype=float)
    short = sets_online(output, set_kw, battery_kw=ready_kw, survive_largest=True) > running
    return float((short & (running > 0)).sum() * step_h)


# --- tank and trucks --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FuelLogistics:
    """Deliveries for one series of fuel. A week has 7 days of 24 h; autonomy is a full usable tank over the burn."""

    litres: float
    deliveries: int
    trucks_per_week: float
    trucks_in_peak_week: int
    autonomy_days_mean: float
    autonomy_days_peak: float
    least_level_l: float
    dry_steps: int


def fuel_logistics(
    fuel_l: ArrayLike,
    tank_l: float,
    truck_l: float,
    step_h: float = 1.0,
    reorder_fraction: float = 0.5,
    lead_time_h: float = 24.0,
    usable_fraction: float = 0.9,
) -> FuelLogistics:
    """Refuelling of a tank that starts full and burns `fuel_l` litres in each step (n,).

    A truck is ordered when the usable level falls below reorder_fraction of it, counting trucks on their way, and comes
    lead_time_h later; it unloads what fits. dry_steps: steps in which the tank could not give the fuel. Tank limits:
    equipment.yaml fuel_storage_rule (1 m3 day tank indoors; 12 to 24 h for class A halls).
    """
    fuel = np.asarray(fuel_l, dtype=float)
    require(fuel.ndim == 1 and fuel.size > 0 and np.all(fuel >= 0), "fuel_l must be a series of 0 litres or more.")
    require(tank_l > 0 and truck_l > 0, "tank_l and truck_l must be more than 0 litres.")
    require(0 < usable_fraction <= 1 and 0 <= reorder_fraction <= 1, "usable_fraction and reorder_fraction: 0 to 1.")
    require(lead_time_h >= 0 and step_h > 0, "lead_time_h must be 0 or more and step_h more than 0.")
    capacity, steps_late = tank_l * usable_fraction, round(lead_time_h / step_h)
    arrivals = np.zeros(fuel.size + steps_late + 1, dtype=np.int64)
    level, coming, least, dry = capacity, 0, capacity, 0
    for step, burnt in enumerate(fuel):
        for _ in range(int(arrivals[step])):
            level, coming = min(level + truck_l, capacity), coming - 1
        dry += burnt > level + EPS * capacity
        level = max(level - burnt, 0.0)
        least = min(least, level)
        while burnt > 0 and level + coming * truck_l < reorder_fraction * capacity - EPS:
            arrivals[step + max(steps_late, 1)] += 1
            coming += 1
    delivered = int(arrivals[: fuel.size].sum())
    return FuelLogistics(
        litres=float(fuel.sum()),
        deliveries=delivered,
        trucks_per_week=float(fuel.sum() / truck_l * 168 / (fuel.size * step_h)),
        trucks_in_peak_week=_greatest_sum(arrivals[: fuel.size], round(168 / step_h)),
        autonomy_days_mean=_days(capacity, fuel.mean() * 24 / step_h),
        autonomy_days_peak=_days(capacity, _greatest_sum(fuel, round(24 / step_h))),
        least_level_l=float(least),
        dry_steps=int(dry),
    )


def _greatest_sum(values: NDArray, window: int):
    total = np.concatenate([[0], np.cumsum(values)])
    window = min(window, values.size)
    return (total[window:] - total[:-window]).max().item()


def _days(capacity_l: float, litres_per_day: float) -> float:
    return float(capacity_l / litres_per_day) if litres_per_day > EPS * capacity_l else float("inf")


# --- wear -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wear:
    """Hours of one set and what they bring: overhauls (whole fleet) by project year (years,) and oil changes a year."""

    hours_per_set_year: float
    overhauls_by_year: tuple[int, ...]
    oil_changes_per_year: float


def wear(
    set_hours_per_year: float,
    sets: int,
    years: int,
    overhaul_interval_h: float = 15_000.0,
    oil_change_interval_h: float = 250.0,
    hours_at_start: float = 0.0,
) -> Wear:
    """Overhauls of a fleet that shares its hours equally by rotation; at the interval's end, of every set in the same
    year. Intervals: equipment.yaml overhaul_interval_h (10 000 to 25 000 h), oil_change_interval_h (250 to 500 h)."""
    require(sets >= 1 and years >= 1, "sets and years must be at least 1.")
    require(set_hours_per_year >= 0 and hours_at_start >= 0, "hours must be 0 or more.")
    require(overhaul_interval_h > 0 and oil_change_interval_h > 0, "intervals must be more than 0 hours.")
    each = set_hours_per_year / sets
    require(each <= HOURS_PER_YEAR * (1 + EPS), f"{each:,.0f} h a year for each set is more than a year has (8,760 h).")
    done = np.floor((hours_at_start + each * np.arange(years + 1)) / overhaul_interval_h + EPS)
    return Wear(each, tuple(int(count) * sets for count in np.diff(done)), set_hours_per_year / oil_change_interval_h)


# --- pollutants and noise ---------------------------------------------------------------------------------------------

POLLUTANT_G_PER_KWH: Mapping[str, float] = {"PM": 0.20, "NOx": 9.0, "CO": 3.5}
"""PM and NOx: equipment.yaml pm_g_per_kwh, nox_g_per_kwh_uncontrolled (gk; Tier 2 PM limit 0.20, NOx about 6). CO: the
limit of US EPA Tier 2, 3.5 g/kWh (AP-42 3.4: 3.3 uncontrolled; gk). Limits and averages, not a permit."""
SULPHUR_PPM = 10.0  # mass; GB 19147 and EN 590 diesel
DENSITY_KG_PER_L = 0.84  # equipment.yaml: density_kg_per_l (gk)
SO2_PER_SULPHUR = 64.07 / 32.07  # masses of the molecules


def pollutants_kg(
    output_kwh: ArrayLike,
    fuel_l: ArrayLike,
    g_per_kwh: Mapping[str, float] = POLLUTANT_G_PER_KWH,
    sulphur_ppm: float = SULPHUR_PPM,
    kept_fraction: Mapping[str, float] | None = None,
) -> dict[str, Floats]:
    """Kilograms of PM, NOx, CO and SO2 of that output and fuel (any shape). All sulphur of the fuel becomes SO2.

    kept_fraction: what an after-treatment lets through by name, e.g. {"NOx": 0.1} for SCR, {"PM": 0.15} for a filter.
    Factors hold at half load and more; at idle engines emit more per kWh.
    """
    output, fuel = np.asarray(output_kwh, dtype=float), np.asarray(fuel_l, dtype=float)
    sound = np.all(output >= 0) and np.all(fuel >= 0) and sulphur_ppm >= 0
    require(sound, "output_kwh, fuel_l and sulphur_ppm: 0 or more.")
    kept = kept_fraction or {}
    require(all(0 <= share <= 1 for share in kept.values()), "kept_fraction must lie between 0 and 1.")
    unknown = set(kept) - set(g_per_kwh) - {"SO2"}
    require(not unknown, f"kept_fraction names unknown pollutants: {', '.join(sorted(unknown))}.")
    raw = {name: grams * output / 1000 for name, grams in g_per_kwh.items()}
    raw["SO2"] = fuel * DENSITY_KG_PER_L * sulphur_ppm * 1e-6 * SO2_PER_SULPHUR
    return {name: kg * kept.get(name, 1.0) for name, kg in raw.items()}


def noise_db_a(sets_running: ArrayLike, distance_m: float, db_a_at_7m: float = 80.0) -> Floats:
    """Sound level of that many equal sets at a distance (any shape), 0 where none runs: 10 log n - 20 log (r / 7).

    A free field without walls or ground: 3 to 6 dB more between walls. equipment.yaml noise_db_a_at_7m: 70 to 85 in a
    silenced container, 105 open.
    """
    require(distance_m > 0, "distance_m must be more than 0 m.")
    sets = np.asarray(sets_running, dtype=float)
    level = db_a_at_7m + 10 * np.log10(np.maximum(sets, 1.0)) - 20 * np.log10(distance_m / 7)
    return np.where(sets > 0, np.maximum(level, 0.0), 0.0)


def noise_hours(
    sets_running: ArrayLike,
    hour: ArrayLike,
    distance_m: float,
    db_a_at_7m: float = 80.0,
    day_limit_db_a: float = 65.0,
    night_limit_db_a: float = 55.0,
    step_h: float = 1.0,
) -> dict[str, float]:
    """Hours in which sets run and in which they pass the limit at that distance: running, day_above, night_above.

    hour: of the day of each step (n,); night is 22 to 6 h. Limits: 65 and 55 dB(A) are class 3 (industry) of GB
    12348-2008, 60 and 50 class 2 (general knowledge; check the permit).
    """
    level, clock = noise_db_a(sets_running, distance_m, db_a_at_7m), np.asarray(hour)
    require(level.shape == clock.shape, "sets_running and hour must have one value per step.")
    night = (clock >= 22) | (clock < 6)
    return {
        "running": float((np.asarray(sets_running) > 0).sum() * step_h),
        "day_above": float((~night & (level > day_limit_db_a)).sum() * step_h),
        "night_above": float((night & (level > night_limit_db_a)).sum() * step_h),
    }
