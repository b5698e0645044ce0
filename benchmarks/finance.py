"""Speed of the rate of return of many cash flows, against numpy-financial's, which takes one row at a time.

Flows of a storage project: an outlay, 25 years of savings that drift and scatter, a replacement in the middle. Both
take turns in one run; the ratio is the median over the turns.
"""

from __future__ import annotations

import time

import numpy as np
import numpy_financial as npf

from finance.metrics import irr_rows

ROWS, PEER_ROWS, YEARS, TURNS = 10_000, 500, 25, 5


def rows() -> list[dict]:
    flows = project_flows(ROWS)
    irr_rows(flows[:64])
    ratios, rates = [], []
    for _ in range(TURNS):
        start = time.perf_counter()
        found = irr_rows(flows).value
        own_s = (time.perf_counter() - start) / ROWS
        start = time.perf_counter()
        peer = np.array([npf.irr(row) for row in flows[:PEER_ROWS]])
        ratios.append((time.perf_counter() - start) / PEER_ROWS / own_s)
        rates.append(1.0 / own_s)
    ratio, apart = float(np.median(ratios)), float(np.abs(found[:PEER_ROWS] - peer).max())
    peer_name = "numpy-financial irr, loop"
    return [
        {
            "name": "rates of return of 10,000 flows of 25 years",
            "value": float(np.median(rates)) / 1e6,
            "unit": "M rows/s",
            "peer": peer_name,
            "ratio": ratio,
            "goal": ">= 200",
            "met": ratio >= 200,
        },
        {
            "name": "greatest difference of a rate of return",
            "value": apart,
            "unit": "",
            "peer": peer_name,
            "ratio": None,
            "goal": "<= 1e-10",
            "met": apart <= 1e-10,
        },
    ]


def project_flows(count: int) -> np.ndarray:
    """(count, YEARS + 1) synthetic flows, fixed seed."""
    r = np.random.default_rng(0)
    flows = np.empty((count, YEARS + 1))
    flows[:, 0] = -r.uniform(3e6, 9e6, count)
    drift = (1 + r.uniform(-0.03, 0.04, (count, 1))) ** np.arange(YEARS)
    flows[:, 1:] = r.uniform(5e5, 2e6, (count, 1)) * drift * (1 + r.normal(0, 0.05, (count, YEARS)))
    flows[:, 12] -= r.uniform(0, 2e6, count)
    return flows
