"""Internal rates of return of many rows side by side, with a proof for each that there is no second one.

For x = 1/(1 + r) the present value is the polynomial p(x) of the flows. Where p has opposite signs at both ends of the
range of rates, Newton's rule inside the bracket finds a root r. Dividing by it leaves the balances
B_t = (1 + r) B_(t-1) + c_t as coefficients: p(x) = (1 - (1 + r) x) (B_0 + B_1 x + ...). Are they all of one sign (what
is called a pure investment), the second factor has no positive root and r is the only rate. (Soper 1959, "The marginal
efficiency of capital: a further note"; it is Descartes' rule of signs for the quotient.) Rows without that proof are
left to the general search in `finance.metrics`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numba import config, njit

from sim.arrays import Floats
from sim.compiled import PLAIN, Kernel

WIDTH = 16
ROWS_A_CHUNK = 64 * WIDTH
ROWS_FOR_THREADS = 50_000  # fewer are done before threads have started
MOST_STEPS = 200
SETTLED = 1e-14  # relative change of x at which Newton's rule has arrived
# Shares of the greatest flow (or sum of discounted flows): below it a balance, or an end of the range, proves nothing.
UNCLEAR = 1e-11


def proved_irr(rows: Floats, lowest: float, highest: float, threads: int | None = None, start: float = 0.1) -> Floats:
    """Rate per period of each row (N, T), NaN where it is not proved to be the only one in (lowest, highest). `start`:
    the rate that the search begins with.

    The result of a row depends neither on its neighbours nor on the number of threads.
    """
    rows = np.ascontiguousarray(rows, dtype=np.float64)
    found = np.full(len(rows), np.nan)
    chunks = range(0, len(rows), ROWS_A_CHUNK)
    places = 1.0 / (1.0 + highest), 1.0 / (1.0 + lowest), 1.0 / (1.0 + start)

    def run(first: int) -> None:
        _run(rows, found, first, min(first + ROWS_A_CHUNK, len(rows)), *places)

    enough = config.NUMBA_NUM_THREADS if len(rows) >= ROWS_FOR_THREADS else 1
    workers = min(threads or enough, max(1, len(chunks)))
    if workers == 1:
        for first in chunks:
            run(first)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, chunks))
    return found


@partial(Kernel, options=PLAIN)
def _run(rows, found, first, stop, x_low, x_high, x_start):
    """Rows `first` ... `stop - 1` in blocks of WIDTH; a block beyond the last row repeats it."""
    periods = rows.shape[1]
    flows = np.empty((periods, WIDTH))
    x, low, high = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH)
    value, slope, size, sign = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH)
    worst, largest, bracketed = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH)
    for block in range(first, stop, WIDTH):
        for j in range(WIDTH):
            row = min(block + j, stop - 1)
            for t in range(periods):
                flows[t, j] = rows[row, t]
        _bracket(flows, x_low, x_high, value, size, sign, bracketed)
        for j in range(WIDTH):
            low[j], high[j], x[j] = x_low, x_high, x_start
        for _ in range(MOST_STEPS):
            value[:] = 0.0
            slope[:] = 0.0
            for t in range(periods - 1, -1, -1):
                for j in range(WIDTH):
                    slope[j] = slope[j] * x[j] + value[j]
                    value[j] = value[j] * x[j] + flows[t, j]
            moved = 0.0
            for j in range(WIDTH):
                same = value[j] * sign[j] > 0.0
                low[j] = x[j] if same else low[j]
                high[j] = high[j] if same else x[j]
                step = x[j] - value[j] / slope[j]
                inside = step >= low[j] and step <= high[j]
                following = step if inside else 0.5 * (low[j] + high[j])
                change = abs(following - x[j]) / x[j] * bracketed[j]
                moved = change if change > moved else moved
                x[j] = following
            if moved <= SETTLED:
                break
        # Balances at the root, from whichever end does not enlarge rounding; `worst` is the one nearest the wrong side.
        largest[:] = 0.0
        for t in range(periods):
            for j in range(WIDTH):
                largest[j] = max(largest[j], abs(flows[t, j]))
        _balances(flows, x, sign, worst, value, size)
        for j in range(min(WIDTH, stop - block)):
            proved = bracketed[j] > 0.0 and worst[j] > UNCLEAR * largest[j]
            found[block + j] = 1.0 / x[j] - 1.0 if proved else np.nan


@njit(inline="always")
def _bracket(flows, x_low, x_high, value, size, sign, bracketed):
    """Sign of each row's sum at `x_low` (WIDTH,), and 1.0 where that at `x_high` has the other one: between them lies a
    root. An end at which the sum is only rounding proves nothing."""
    periods = flows.shape[0]
    value[:] = 0.0
    size[:] = 0.0
    for t in range(periods - 1, -1, -1):
        for j in range(WIDTH):
            value[j] = value[j] * x_low + flows[t, j]
            size[j] = size[j] * x_low + abs(flows[t, j])
    for j in range(WIDTH):
        sign[j] = 1.0 if value[j] > 0.0 else -1.0
        bracketed[j] = 1.0 if abs(value[j]) > UNCLEAR * size[j] else 0.0
    value[:] = 0.0
    size[:] = 0.0
    for t in range(periods - 1, -1, -1):
        for j in range(WIDTH):
            value[j] = value[j] * x_high + flows[t, j]
            size[j] = size[j] * x_high + abs(flows[t, j])
    for j in range(WIDTH):
        clear = abs(value[j]) > UNCLEAR * size[j] and value[j] * sign[j] < 0.0
        bracketed[j] = bracketed[j] if clear else 0.0


@njit(inline="always")
def _balances(flows, x, sign, worst, forward, backward):
    """`worst` (WIDTH,): the least of the balances of each row, counted positive on the side of the first one."""
    periods = flows.shape[0]
    worst[:] = 1e300
    forward[:] = 0.0
    backward[:] = 0.0
    for t in range(periods - 1):
        for j in range(WIDTH):
            forward[j] = forward[j] / x[j] + flows[t, j]
            growing = x[j] < 1.0  # a positive rate: forward sums would enlarge rounding
            worst[j] = worst[j] if growing else min(worst[j], forward[j] * sign[j])
    for t in range(periods - 1, 0, -1):
        for j in range(WIDTH):
            backward[j] = (backward[j] - flows[t, j]) * x[j]
            growing = x[j] < 1.0
            worst[j] = min(worst[j], backward[j] * sign[j]) if growing else worst[j]
