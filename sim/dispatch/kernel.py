"""The dispatch kernel: the rule of `sim.dispatch.rule` over all lanes of a batch, as sums, or over one, by steps."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import config

from sim.arrays import require
from sim.dispatch.batch import (
    MONTHLY_FIELDS,
    SCALAR_FIELDS,
    STEP_FIELDS,
    SUM_FIELDS,
    Aggregates,
    Lanes,
    Series,
    Trace,
)
from sim.dispatch.rule import N_METERED, N_ROWS, N_SUMS, WIDTH, _run_blocks, _run_trace

MOST_COMPARED = 512  # lanes of a batch in which those that are alike are looked for
BLOCKS_FOR_THREADS = 8  # fewer are done before threads have started
CHUNK_BLOCKS = 16  # blocks a thread takes at a time: the hand-over costs little and the work is shared evenly


def aggregate(series: Series, lanes: Lanes, n_periods: int, threads: int | None = None) -> Aggregates:
    """Run all lanes and return their monthly sums.

    `n_periods` is the number of billing classes K. `threads` defaults to the processors numba may use
    (NUMBA_NUM_THREADS); the result does not depend on it. Plain threads and a kernel that releases the interpreter's
    lock are used instead of numba's own threading layer, whose portable form ends the process when two sessions enter
    it at once.
    """
    _check_match(series, lanes, n_periods)
    found = _run(series, lanes.scalars, lanes.monthly, n_periods, threads or config.NUMBA_NUM_THREADS)
    return _aggregates(series, lanes, *found)


def aggregate_runs(runs: Sequence[Series], run_of: np.ndarray, lanes: Lanes, n_periods: int) -> Aggregates:
    """The same where each lane has its own of several series of one year; `run_of` (N,) says which."""
    if len(runs) == 1:
        return aggregate(runs[0], lanes, n_periods)
    for series in runs:
        _check_match(series, lanes, n_periods)
    parts = [(series, np.flatnonzero(run_of == k)) for k, series in enumerate(runs)]
    parts = [(series, mine) for series, mine in parts if mine.size]

    def run(part: tuple[Series, np.ndarray]) -> tuple[np.ndarray, ...]:
        series, mine = part
        return _run(series, *_some(lanes.scalars, lanes.monthly, mine), n_periods, 1)

    with ThreadPoolExecutor(config.NUMBA_NUM_THREADS) as pool:
        found = list(pool.map(run, parts))
    back = np.argsort(np.concatenate([mine for _, mine in parts]))
    sums, metered = (np.concatenate([part[k] for part in found], axis=1)[:, back] for k in (0, 1))
    return _aggregates(runs[0], lanes, sums, metered, np.concatenate([part[2] for part in found])[back])


def _run(
    series: Series, scalars: np.ndarray, monthly: np.ndarray, n_periods: int, threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums (N_SUMS, N, M), meter readings (N_METERED, N, M, K) and the energy at the end (N,) of all lanes. Of a small
    batch, such as the years of a plan, lanes that are alike are run once."""
    if WIDTH < scalars.shape[1] <= MOST_COMPARED:
        first, of = _distinct(scalars, monthly)
        if len(first) < len(of):
            found = _run(series, *_some(scalars, monthly, first), n_periods, threads)
            return found[0][:, of], found[1][:, of], found[2][of]
    n, months = scalars.shape[1], len(series.month_ends)
    sums = np.empty((N_SUMS, n, months))
    metered = np.empty((N_METERED, n, months, n_periods))
    energy_end = np.empty(n)

    year = _year(series, n_periods)

    def run(start: int, stop: int) -> None:
        w, c = _aligned(N_ROWS * WIDTH), _aligned(n_periods * N_METERED * WIDTH)
        _run_blocks(year, WIDTH, scalars, monthly, start, stop, w, c, sums, metered, energy_end)

    _share_blocks(run, -(-n // WIDTH), threads)
    metered[:2] *= series.step_h
    metered[2] /= series.demand_window_steps
    return sums, metered, energy_end


def _some(scalars: np.ndarray, monthly: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lanes with these indices, in the order of memory that the compiled loops are made for."""
    return np.ascontiguousarray(scalars[:, which]), np.ascontiguousarray(monthly[:, which])


def _distinct(scalars: np.ndarray, monthly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of lanes that are alike the first, and which of those each lane is like (N,)."""
    rows = np.concatenate([scalars.T, np.moveaxis(monthly, 1, 0).reshape(scalars.shape[1], -1)], axis=1)
    known: dict[bytes, int] = {}
    of = np.array([known.setdefault(row.tobytes(), len(known)) for row in rows])
    return np.unique(of, return_index=True)[1], of


def _aggregates(
    series: Series, lanes: Lanes, sums: np.ndarray, metered: np.ndarray, energy_end: np.ndarray
) -> Aggregates:
    hours = np.diff(series.month_ends, prepend=0) * series.step_h
    return Aggregates(
        **dict(zip(SUM_FIELDS, sums, strict=True)),
        auxiliary_kwh=lanes.auxiliary_kw[:, None] * lanes.battery_share * hours,
        import_kwh=metered[0],
        export_kwh=metered[1],
        peak_kw=metered[2],
        energy_end_kwh=energy_end,
    )


def trace(series: Series, lanes: Lanes, lane: int) -> Trace:
    """Run the one lane with index `lane` and return all its steps."""
    _check_match(series, lanes)
    require(0 <= lane < lanes.count, f"lane {lane} does not exist; there are {lanes.count}, counted from 0.")
    out = np.empty((len(STEP_FIELDS), len(series.load_kw)))
    n_periods = int(series.period.max()) + 1
    w, c = _aligned(N_ROWS * WIDTH), _aligned(n_periods * N_METERED * WIDTH)
    _run_trace(_year(series, n_periods), lanes.scalars, lanes.monthly, lane, w, c, out)
    own_use = lanes.auxiliary_kw[lane] * lanes.battery_share[lane]
    if np.all(own_use == own_use[0]):
        auxiliary_kw = np.broadcast_to(own_use[0], out.shape[1:])
    else:
        auxiliary_kw = np.repeat(own_use, np.diff(series.month_ends, prepend=0))
    return Trace(**dict(zip(STEP_FIELDS, out, strict=True)), auxiliary_kw=auxiliary_kw)


def _year(series: Series, n_periods: int) -> tuple:
    """What all lanes share, as the compiled loops take it."""
    return series.steps, series.classes, *_demand(series, n_periods), series.month_ends, float(series.step_h)


def _demand(series: Series, n_periods: int) -> tuple[np.ndarray, float]:
    """Which charges measure a class in each month (M, charges, K), and the share of a demand window's sum that is its
    mean; 0 where the threshold alone holds."""
    if series.measured is None or not series.measured.any():
        return np.zeros((len(series.month_ends), 0, n_periods), np.bool_), 0.0
    return series.measured, 1.0 / series.demand_window_steps


def warm_up() -> None:
    """Compile both kernels, or load them from the disk cache, on a tiny input, so that no user waits for it."""
    zero = np.zeros(1)
    series = Series(zero, zero, zero, zero, zero, zero, np.ones(1), 1.0)
    one = np.ones(1)
    scalars = {name: one if "efficiency" in name or name == "set_max_fraction" else zero for name in SCALAR_FIELDS}
    lanes = Lanes(**scalars, **{name: np.zeros((1, 1)) for name in MONTHLY_FIELDS})
    aggregate(series, lanes, 1, threads=1)
    trace(series, lanes, 0)


def _check_match(series: Series, lanes: Lanes, n_periods: int | None = None) -> None:
    require(
        n_periods is None or series.period.max() < n_periods,
        f"period names class {series.period.max()}, but there are {n_periods} classes from 0 on.",
    )
    months = lanes.load_scale.shape[1]
    require(
        months == len(series.month_ends),
        f"The lanes have {months} months (columns of load_scale), the series {len(series.month_ends)} (month_ends).",
    )


def _aligned(size: int) -> np.ndarray:
    """`size` zeros that begin on a 64-byte line, so that no vector of a row straddles two lines."""
    raw = np.zeros(size + 8)
    start = -raw.ctypes.data % 64 // 8
    return raw[start : start + size]


def _share_blocks(run, blocks: int, threads: int) -> None:
    """Call `run(start, stop)` for all blocks, in chunks handed to `threads` threads."""
    size = min(CHUNK_BLOCKS, -(-blocks // threads))
    chunks = [(start, min(start + size, blocks)) for start in range(0, blocks, size)]
    if threads == 1 or blocks < BLOCKS_FOR_THREADS:
        run(0, blocks)
        return
    with ThreadPoolExecutor(min(threads, len(chunks))) as pool:
        list(pool.map(lambda chunk: run(*chunk), chunks))
