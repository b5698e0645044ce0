"""The site's load on a timeline: flat, a GPU cluster by its work, or a measured year."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.inputs import library
from sim.inputs.site import Load
from sim.meter.year import on_clock
from sim.timeline import Timeline, timeline

JOB_H = 72.0
ALLOCATION_LOW, ALLOCATION_HIGH = 0.80, 1.0
RUNNING_LEVEL, RUNNING_SPREAD, RUNNING_LIMITS = 0.97, 0.01, (0.9, 1.0)
GAPS_PER_DAY, GAP_LEVEL, GAP_MINUTES = 0.5, 0.30, 20.0
WEEKEND_LEVEL = 0.90
WEEKEND_REQUESTS = {"chat": 0.45, "coding": 0.20}  # over a weekday's (`loads.yaml: request_shape_..._24h`)
SHAPES_KEPT = 16  # of 0.07 to 0.28 MB each
FIXED_OVERHEAD = 0.40  # of the overhead at design load runs whatever the IT load does (`loads.yaml: part_load_rule`)


def load_kw(load: Load, clock: Timeline, ambient_c: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Mean load of each step of the template year (steps,), in kW, before ramp-up and growth.

    ambient_c (steps,): needed where the PUE follows the temperature. Then the shape and its load factor are those of
    the IT load, the peak is that at the design temperature, and a hotter hour may pass it.
    """
    if load.kind == "meter":
        assert load.meter is not None  # a metered load has one: `Load` refuses it without
        return on_clock(np.array(load.meter.kw), load.meter.step_minutes, load.meter.year, clock)
    if load.kind == "flat":
        return np.full(clock.steps, peak_kw(load))
    if load.pue_model == "constant":
        return peak_kw(load) * shape(load, clock)
    if ambient_c is None:
        raise ValueError("a PUE that follows the temperature needs the site's temperatures; give ambient_c")
    relative = shape(load, clock)
    overhead = (pue_at(load, ambient_c) - 1.0) * (FIXED_OVERHEAD + (1.0 - FIXED_OVERHEAD) * relative)
    return peak_kw(load) / design_pue(load) * (relative + overhead)


def peak_kw(load: Load) -> float:
    """Design peak in kW: as given, or GPUs x power x (1 + network) x PUE (`loads.yaml: cluster.formula`)."""
    if load.kind == "meter":
        return max(load.meter.kw) if load.meter else 0.0
    if load.size_by == "peak" or load.kind == "flat":
        return load.peak_kw
    return load.gpu_count * site_kw_per_gpu(load)


def site_kw_per_gpu(load: Load) -> float:
    """Power at the connection point for one GPU at peak, kW."""
    return watt_per_gpu(load) / 1000 * (1 + load.network_overhead_fraction) * design_pue(load)


def watt_per_gpu(load: Load) -> float:
    """Peak of a node or rack over its accelerators: of the chosen system (`loads.yaml: hardware`), or as given."""
    if load.gpu_model == "custom":
        return load.watt_per_gpu
    system = library.gpu_systems()[load.gpu_model]
    return system["peak_kw"] / system["accelerators"] * 1000


def gpus(load: Load) -> float:
    """GPUs on site: as given where the load is sized by them, else as many as the peak can feed."""
    if load.size_by == "gpus" and load.kind not in ("meter", "flat"):
        return float(load.gpu_count)
    return peak_kw(load) / site_kw_per_gpu(load)


def pue_at(load: Load, ambient_c: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """PUE at full IT load by outdoor temperature, any shape (`loads.yaml: pue.curve_by_ambient_c`), level beyond."""
    if load.pue_model == "constant":
        return np.full(np.shape(ambient_c), load.pue)
    curve = library.pue_curve(load.pue_model)
    return np.interp(np.asarray(ambient_c), list(curve), list(curve.values()))


def design_pue(load: Load) -> float:
    """PUE at the peak: the constant one, or that of the design temperature."""
    return float(pue_at(load, load.design_ambient_c))


def shape(load: Load, clock: Timeline) -> NDArray[np.float64]:
    """Load over peak of each step (steps,), greatest value 1, mean `load.load_factor`. Not to be written to."""
    parts = {"training": 1.0, "inference": 0.0, "mixed": load.training_share}
    start = f"{clock.start_year}-{clock.start_month:02d}"
    service = (load.inference_shape, 0.0 if load.inference_shape == "country" else load.utc_offset_h)
    whole = _whole_year(start, clock.step_minutes, parts[load.kind], load.load_factor, load.seed, service)
    return whole[: clock.steps]


@lru_cache(maxsize=SHAPES_KEPT)
def _whole_year(
    start: str, step_minutes: int, training_share: float, load_factor: float, seed: int, service: tuple[str, float]
) -> NDArray[np.float64]:
    """Kept, because a search simulates the same load dozens of times."""
    year = timeline(start, 12, step_minutes)
    mixed = training_share * _training(year, seed) + (1 - training_share) * _inference(year, *service)
    found = _to_load_factor(mixed / mixed.max(), load_factor)
    found.flags.writeable = False
    return found


def monthly_scale(load: Load, first_month: int, months: int) -> NDArray[np.float64]:
    """Ramp-up times growth for project months `first_month`.. (0 is the first); growth steps once a year."""
    month = np.arange(first_month, first_month + months)
    scale = np.ones(months)
    for step in sorted(load.ramp, key=lambda s: s.month):
        scale[month >= step.month - 1] = step.fraction
    return scale * (1.0 + load.growth_per_year) ** (month // 12)


def _training(year: Timeline, seed: int) -> NDArray[np.float64]:
    """Long jobs at a high level; how much of the cluster they hold changes every few days; faults leave short gaps.

    Checkpoint dips last under a minute and are invisible in 15-minute means. Gap rate and level: `loads.yaml`
    (Llama 3: 419 interruptions in 54 days on 16 384 GPUs, scaled to a 10 MW cluster; 20 min at 0.30 of peak).
    """
    draw = np.random.default_rng(seed)
    jobs = draw.uniform(ALLOCATION_LOW, ALLOCATION_HIGH, int(year.steps * year.step_h / JOB_H) + 2)
    hours = np.arange(year.steps) * year.step_h
    level = jobs[(hours // JOB_H).astype(int)] * np.clip(
        draw.normal(RUNNING_LEVEL, RUNNING_SPREAD, year.steps), *RUNNING_LIMITS
    )
    gap_share = min(1.0, GAP_MINUTES / year.step_minutes)
    steps_per_gap = max(1.0, GAP_MINUTES / year.step_minutes)
    gaps = draw.random(year.steps) < GAPS_PER_DAY * year.step_h / 24 * steps_per_gap
    return np.where(gaps, level * (1 - gap_share * (1 - GAP_LEVEL)), level)


def _inference(year: Timeline, service: str, utc_offset_h: float) -> NDArray[np.float64]:
    """A single-country service by local hour, lower at weekends (`loads.yaml: power_shape_local_24h`); or the requests
    of a public trace, whose hours are UTC, above the power of an idle cluster. Weekends are the site's own."""
    if service == "country":
        return _at_hours(year, library.inference_shape_24h(), 0.0) * np.where(year.is_weekend, WEEKEND_LEVEL, 1.0)
    requests = _at_hours(year, library.requests_24h(service), utc_offset_h)
    requests = requests * np.where(year.is_weekend, WEEKEND_REQUESTS[service], 1.0)
    idle = library.idle_floor_fraction()
    return idle + (1.0 - idle) * requests


def _at_hours(year: Timeline, shape_24h: tuple[float, ...], ahead_h: float) -> NDArray[np.float64]:
    """A day's shape at each step, straight lines between the middles of its hours; the site's clock is `ahead_h`."""
    hourly = np.array(shape_24h)
    at = ((year.minute_of_day + year.step_minutes / 2) / 60 - ahead_h) % 24
    return np.interp(at, np.arange(-1, 26) + 0.5, np.r_[hourly[-1], hourly, hourly[:2]])


def _to_load_factor(relative: NDArray[np.float64], load_factor: float) -> NDArray[np.float64]:
    """Raise to the power that gives the wanted mean: order and peak stay, values stay in 0..1."""
    if load_factor >= 1 or relative.min() >= 1:
        return np.ones_like(relative)
    log_shape, low, high = np.log(np.maximum(relative, 1e-9)), 0.0, 200.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.exp(middle * log_shape).mean() > load_factor else (low, middle)
    return np.exp(low * log_shape)
