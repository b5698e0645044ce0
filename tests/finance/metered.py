"""A utility meter read from a series: what the dispatch kernel's aggregates must give the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.arrays import Floats


@dataclass(frozen=True, eq=False)
class Metered:
    """Meter readings (..., M, K): energy taken and fed in by class, and the greatest demand-window mean import."""

    import_kwh: Floats
    export_kwh: Floats
    peak_kw: Floats
    monthly: Mapping[str, Floats] = field(default_factory=dict)


def meter(
    import_kw: ArrayLike,
    export_kw: ArrayLike,
    period: ArrayLike,
    month_index: ArrayLike,
    n_months: int,
    n_periods: int,
    step_h: float,
    demand_window_steps: int = 1,
) -> Metered:
    """Read a series as a utility meter does.

    import_kw, export_kw: (..., steps) step means, never negative. period, month_index: (steps,) class and month of each
    step, from 0. Demand is the greatest mean import over `demand_window_steps` steps; windows are aligned to the start
    of the series, and a window belongs to the class and month of its first step.
    """
    taken, given = _series(import_kw, "import_kw"), _series(export_kw, "export_kw")
    steps, window = taken.shape[-1], demand_window_steps
    if given.shape != taken.shape:
        raise ValueError(f"export_kw has shape {given.shape}, import_kw {taken.shape}; give both for the same steps")
    if window < 1 or steps % window:
        raise ValueError(f"{steps} steps do not divide into demand windows of {window}; give whole windows")
    key = _index(month_index, "month_index", steps, n_months) * n_periods + _index(period, "period", steps, n_periods)
    windows_kw = taken.reshape(*taken.shape[:-1], steps // window, window).mean(axis=-1)
    shape = (*taken.shape[:-1], n_months, n_periods)
    return Metered(
        import_kwh=_grouped(np.add, taken * step_h, key, n_months * n_periods).reshape(shape),
        export_kwh=_grouped(np.add, given * step_h, key, n_months * n_periods).reshape(shape),
        peak_kw=_grouped(np.maximum, windows_kw, key[::window], n_months * n_periods).reshape(shape),
    )


def _grouped(reduce: np.ufunc, values: Floats, key: NDArray[np.int64], groups: int) -> Floats:
    """Reduce the last axis by key; groups without a member are 0."""
    order = np.argsort(key, kind="stable")
    present, starts = np.unique(key[order], return_index=True)
    result = np.zeros((*values.shape[:-1], groups))
    result[..., present] = reduce.reduceat(values[..., order], starts, axis=-1)
    return result


def _series(values: ArrayLike, name: str) -> Floats:
    series = np.asarray(values, dtype=float)
    if series.ndim < 1 or not series.size:
        raise ValueError(f"{name} is empty; give one value per step")
    if not (np.isfinite(series).all() and (series >= 0).all()):
        raise ValueError(f"{name} has negative or missing values; split net power into import and export, fill gaps")
    return series


def _index(values: ArrayLike, name: str, steps: int, limit: int) -> NDArray[np.int64]:
    index = np.asarray(values)
    if index.shape != (steps,):
        raise ValueError(f"{name} has shape {index.shape}; give one whole number for each of the {steps} steps")
    if (index != index.astype(np.int64)).any() or index.min() < 0 or index.max() >= limit:
        raise ValueError(f"{name} must hold whole numbers from 0 to {limit - 1}")
    return index.astype(np.int64)
