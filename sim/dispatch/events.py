"""What each outage of a year leaves without power, many lanes side by side: the dispatch rule again, without series."""

from __future__ import annotations

import numpy as np

from sim.arrays import Floats, Ints
from sim.compiled import Kernel
from sim.dispatch import kernel, rule
from sim.dispatch.batch import Lanes, Series
from sim.dispatch.rule import (
    HELD,
    LOAD,
    N_METERED,
    N_ROWS,
    SUMS,
    UNSERVED,
    WIDTH,
    _load_lane,
    _load_month,
    _meter_demand,
    _run_month,
)


def events(
    series: Series, lanes: Lanes, which: Ints, spans: tuple[Ints, Ints], n_periods: int
) -> tuple[Floats, Floats]:
    """Load not served, and load, in each outage (events, len(which)) of the lanes `which`, in kW x steps.

    `spans`: first step and end (exclusive) of each outage, in order, none touching the next.
    """
    lost, load = np.zeros((2, len(spans[0]), len(which)))
    w, c = kernel._aligned(N_ROWS * WIDTH), kernel._aligned(n_periods * N_METERED * WIDTH)
    year = kernel._year(series, n_periods)
    _run_events(year, WIDTH, lanes.scalars, lanes.monthly, which, *spans, w, c, lost, load)
    return lost, load


def _run_events_of(year, width, scalars, monthly, which, starts, ends, w, c, lost, load):
    steps, classes, held, peak_share, month_ends, step_h = year
    for first in range(0, len(which), WIDTH):
        for j in range(WIDTH):
            _load_lane(w, j, scalars, which[min(first + j, len(which) - 1)], step_h)
        kept = min(WIDTH, len(which) - first)
        t, event, inside, running = 0, 0, False, False
        for month in range(month_ends.shape[0]):
            for j in range(WIDTH):
                _load_month(w, j, scalars, monthly, which[min(first + j, len(which) - 1)], month)
            w[HELD * WIDTH :] = 0.0
            c[:] = 0.0
            begin = t
            while t < month_ends[month]:
                if t > begin and classes[t, 1] != classes[t - 1, 1]:
                    _meter_demand(w, c, held[month], width, classes[t - 1, 1], classes[t, 1], peak_share)
                if event < len(starts) and t == starts[event]:
                    inside = True
                until = month_ends[month]
                if event < len(starts):
                    until = min(until, ends[event] if inside else starts[event])
                w[(SUMS + UNSERVED) * WIDTH : (SUMS + UNSERVED + 1) * WIDTH] = 0.0
                w[(SUMS + LOAD) * WIDTH : (SUMS + LOAD + 1) * WIDTH] = 0.0
                running = _run_month(steps, classes, held[month], peak_share, t, until, width, running, w, c)
                t = until
                if inside:
                    for j in range(kept):
                        lost[event, first + j] += w[(SUMS + UNSERVED) * WIDTH + j]
                        load[event, first + j] += w[(SUMS + LOAD) * WIDTH + j]
                    if t == ends[event]:
                        event, inside = event + 1, False


_run_events = Kernel(_run_events_of, builds_on=(rule,))
