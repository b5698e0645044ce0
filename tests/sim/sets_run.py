"""Diesel sets alone on a load, step by step: what the dispatch kernel must do where there is nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.plant.genset import LOAD_FRACTIONS, FuelCurve, linear_fit

EPS_SETS = 1e-9  # float noise in the load, as a share of one set, that commits no further set (as in the kernel)


def fuel_l_per_h(curve: FuelCurve, output_kw: np.ndarray | float, sets: np.ndarray | float) -> np.ndarray:
    """Litres per hour of `sets` sets that share `output_kw` equally; arrays of one shape or scalars. No set burns
    nothing."""
    base, slope_50, slope_75, slope_100 = curve.kernel_coefficients
    load_sum = np.asarray(output_kw) / curve.set_kw
    sets = np.asarray(sets)
    bend_50 = (slope_75 - slope_50) * np.maximum(load_sum - 0.50 * sets, 0.0)
    bend_75 = (slope_100 - slope_75) * np.maximum(load_sum - 0.75 * sets, 0.0)
    return np.where(sets > 0, base * sets + slope_50 * load_sum + bend_50 + bend_75, 0.0)


def linear_curve(curve: FuelCurve) -> FuelCurve:
    """The straight line through the curve's four points, as a curve of the same set."""
    load_kw = curve.set_kw * np.array(LOAD_FRACTIONS)
    slope_l_per_kwh, intercept_l_per_h = linear_fit(load_kw, curve.l_per_h)
    return FuelCurve(curve.set_kw, tuple(float(point) for point in intercept_l_per_h + slope_l_per_kwh * load_kw))


@dataclass(frozen=True)
class SetsRun:
    """What the sets did for a load, step by step (n,): litres and sets of the step, the rest means in kW."""

    served_kw: np.ndarray
    output_kw: np.ndarray
    dumped_kw: np.ndarray
    unserved_kw: np.ndarray
    fuel_l: np.ndarray
    sets_running: np.ndarray
    step_h: float

    @property
    def litres(self) -> float:
        return float(self.fuel_l.sum())

    @property
    def served_kwh(self) -> float:
        return float(self.served_kw.sum() * self.step_h)

    @property
    def output_kwh(self) -> float:
        return float(self.output_kw.sum() * self.step_h)

    @property
    def dumped_kwh(self) -> float:
        return float(self.dumped_kw.sum() * self.step_h)

    @property
    def unserved_kwh(self) -> float:
        return float(self.unserved_kw.sum() * self.step_h)

    @property
    def set_hours(self) -> float:
        return float(self.sets_running.sum() * self.step_h)

    @property
    def starts(self) -> float:
        """Starts of single sets; before the first step none runs."""
        return float(np.maximum(np.diff(self.sets_running, prepend=0.0), 0.0).sum())


def run_sets(
    load_kw: np.ndarray,
    sets: int,
    set_kw: float,
    min_fraction: float,
    max_fraction: float,
    always_on: bool,
    step_h: float,
    curve: FuelCurve,
) -> SetsRun:
    """Carry `load_kw` (n,) with up to `sets` equal sets and nothing else.

    As few sets run as keep each at or below `max_fraction` of its rating, or all of them if `always_on`; when no
    further set is left they go up to their rating. Each carries at least `min_fraction`; what the load does not take
    is dumped.
    """
    load_kw = np.asarray(load_kw, dtype=float)
    if not np.all(load_kw >= 0):
        raise ValueError("load_kw must be a number of 0 kW or more in every step.")
    if not (0 <= min_fraction <= 1 and 0 < max_fraction <= 1):
        raise ValueError("min_fraction must lie between 0 and 1, max_fraction above 0 and not above 1.")
    if curve.set_kw != set_kw:
        raise ValueError(f"The fuel curve is that of a {curve.set_kw:g} kW set, but set_kw is {set_kw:g}.")
    planned = np.ceil(np.maximum(load_kw / (set_kw * max_fraction) - EPS_SETS, 0.0))
    running = np.full_like(load_kw, sets) if always_on else np.minimum(planned, sets)
    output_kw = np.clip(load_kw, running * set_kw * min_fraction, running * set_kw)
    served_kw = np.minimum(load_kw, output_kw)
    return SetsRun(
        served_kw=served_kw,
        output_kw=output_kw,
        dumped_kw=output_kw - served_kw,
        unserved_kw=load_kw - served_kw,
        fuel_l=fuel_l_per_h(curve, output_kw, running) * step_h,
        sets_running=running,
        step_h=step_h,
    )
