"""Inputs of the dispatch kernel for tests: everything off unless named, scalars spread to the right shape."""

import numpy as np

from sim.dispatch.batch import MONTHLY_FIELDS, SCALAR_FIELDS, Lanes, Series
from sim.dispatch.rule import NO_LIMIT_KW

NEUTRAL = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "set_max_fraction": 1.0, "load_scale": 1.0}
WHOLE = {"pv_share": 1.0, "battery_share": 1.0}
UNLIMITED = {"charge_set_kw": NO_LIMIT_KW, "discharge_set_kw": NO_LIMIT_KW, "shave_kw": NO_LIMIT_KW}


def make_series(load_kw, *, month_ends=None, step_h=1.0, demand_window_steps=1, refill_share=1.0, **columns) -> Series:
    """A series with grid, without PV, windows or classes; `columns` replace single ones."""
    n = len(load_kw)
    neutral = {
        "pv_kw_per_kwp": 0,
        "grid_up": 1,
        "action": 0,
        "above_shave_kw": NO_LIMIT_KW,
        "period": 0,
        "export_share": 1,
        "market_per_kwh": 0,
        "export_market_per_kwh": 0,
    }
    filled = {name: np.broadcast_to(columns.get(name, value), n) for name, value in neutral.items()}
    return Series(
        load_kw=load_kw,
        month_ends=[n] if month_ends is None else month_ends,
        step_h=step_h,
        demand_window_steps=demand_window_steps,
        refill_share=refill_share,
        **filled,
    )


def make_lanes(count=1, months=1, **values) -> Lanes:
    """Lanes with nothing but what `values` name; monthly values may be given once, per lane (N, 1) or in full."""
    given = NEUTRAL | UNLIMITED | WHOLE | values
    scalars = {name: np.broadcast_to(given.get(name, 0.0), count) for name in SCALAR_FIELDS}
    monthly = {name: np.broadcast_to(given.get(name, 0.0), (count, months)) for name in MONTHLY_FIELDS}
    return Lanes(**scalars, **monthly)
