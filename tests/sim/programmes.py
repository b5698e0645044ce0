"""Sites for the optimum: a plain one, random ones, what the best plan of one must be, and searches over it."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from sim.optimum.frame import arrays_of
from sim.optimum.master import Master
from sim.optimum.model import Infeasible, Programme, ShedTier, Sizes, monthly_windows
from sim.optimum.oracle import solve_oracle
from sim.optimum.solve import Point, Search, solve
from tests.sim.breaches import breaches

GAP = 1e-6
ROUNDING = 1e-9  # of HiGHS' own tolerance, relative to the cost
BREACH = 1e-6  # kW or kWh
SEEDS = st.integers(0, 2**32 - 1)


def programme(n: int = 24, **given) -> Programme:
    """Hours of one month: 10 kW of load, 1 per kWh, no PV, a grid without limit, a battery of 10 kW and 20 kWh."""
    columns = {
        "month": 1,
        "load_kw": 10.0,
        "pv_kw": 0.0,
        "buy_per_kwh": 1.0,
        "credit_per_kwh": 0.0,
        "import_limit_kw": np.inf,
        "export_limit_kw": 0.0,
        "soc_min": 0.0,
        "soc_max": 1.0,
    }
    filled = {name: np.broadcast_to(given.pop(name, value), n) for name, value in columns.items()}
    return Programme(**filled, **{"step_h": 1.0, "battery_kw": 10.0, "battery_kwh": 20.0, "soc_start": 0.0} | given)


def random_site(seed: int, *, months: int | None = None, hours: int = 60, feasible: bool = True) -> Programme:
    """A site in which everything happens; half of them have whole numbers, so that ties are common."""
    r = np.random.default_rng(seed)
    step_h = r.choice([1.0, 0.25])
    lengths = r.integers(1, hours, months or r.integers(1, 5))
    n = lengths.sum()
    hour = np.arange(n) * step_h % 24
    load, pv = r.uniform(0, 20, n), r.uniform(0, 15, n)
    if r.random() < 0.5:
        load, pv = np.round(load), np.round(pv)
    load *= r.random(n) > 0.05
    by_hour = np.where(hour < 8, 0.3, np.where(hour < 18, 1.2, 0.7))
    buy = (r.choice([0.3, 0.5, 1.0, 2.0], n), r.uniform(0.05, 2, n), by_hour)[r.integers(3)]
    credit = np.where(r.random(n) < 0.5, buy, r.choice([0, 0.2, 0.4155, 1.5])) * (r.random() < 0.7)
    outage = np.zeros(n, bool)
    for start in r.integers(0, n, r.integers(0, 3)):
        outage[start : start + r.integers(1, 8)] = True
    masks = [np.ones(n, bool), buy >= np.quantile(buy, 0.6), (hour >= 8) & (hour < 20), r.random(n) < 0.3]
    charges = r.integers(0, 5)
    month = np.repeat(np.arange(len(lengths)), lengths)
    tiers = [ShedTier(0.4 * load * outage, 5.0), ShedTier(0.3 * load * outage, 9.0)][: r.integers(0, 3)]
    return Programme(
        step_h=step_h,
        month=month,
        load_kw=load,
        pv_kw=pv * (r.random(n) < r.choice([0, 0.5])),
        buy_per_kwh=buy,
        credit_per_kwh=credit,
        import_limit_kw=np.where(outage, 0, r.choice([np.inf, 30.0, 18.0, 12.0])),
        export_limit_kw=np.where(outage, 0, r.choice([0, 5.0, 100.0])),
        soc_min=np.where(outage, 0, 0 if outage.any() else r.choice([0, 0.1, 0.2])),
        soc_max=np.full(n, r.choice([1, 0.95])),
        windows=monthly_windows(month, masks[:charges], list(r.choice([0, 3, 12.5, 40], charges))),
        shed=(*tiers, *([ShedTier(load, 50.0)] if feasible else [])),
        battery_kw=r.choice([0, 3.0, 8.0, 20.0]),
        battery_kwh=r.choice([0, 5.0, 20.0, 60.0]),
        charge_efficiency=r.choice([1, 0.95, 0.9]),
        discharge_efficiency=r.choice([1, 0.95, 0.85]),
        wear_per_kwh=r.choice([0, 0.05, 0.2]),
        genset_kw=r.choice([0, 10.0]) * feasible,
        genset_per_kwh=1.95,
        soc_start=None if r.random() < 0.4 else 0.5,
    )


def assert_same_optimum(p: Programme, gap: float = GAP) -> None:
    """The optimum costs what HiGHS says, asked now."""
    oracle = solve_oracle(p)
    assert oracle.method == "HiGHS LP"
    assert_costs(p, oracle.cost, gap)


def assert_costs(p: Programme, cost: float, gap: float = GAP) -> None:
    """The optimum has this cost, a bound below it and a schedule that keeps every limit."""
    ours, scale = solve(p, gap), max(1.0, abs(cost))
    assert ours.method == "slope lists"
    assert ours.gap <= gap
    assert -ROUNDING * scale <= ours.cost - cost <= (gap + ROUNDING) * scale
    assert ours.lower_bound <= cost + ROUNDING * scale
    assert_feasible(p, ours.schedule)


def assert_feasible(p: Programme, schedule) -> None:
    found = {name: value for name, value in breaches(p, schedule).items() if value > BREACH}
    assert not found, f"breached: {found}"


def search_of(p: Programme, most: tuple[float, float]) -> Search:
    arrays = arrays_of(p, most[0], 10.0)
    return Search(arrays, Master(arrays.frame, Sizes(1.0, 1.0), Sizes(), Sizes(*most)))


def random_point(r: np.random.Generator, search: Search, most: tuple[float, float]) -> Point:
    frame = search.arrays.frame
    kw, kwh = r.uniform(0, 1, 2) * most
    start = r.uniform(frame.edge_low[0], frame.edge_high[0]) * kwh
    return Point(r.uniform(frame.peak_low, frame.peak_high), start, start, kw, kwh)


def cost_at(p: Programme, search: Search, x: Point) -> float:
    """Least cost at a point by HiGHS, infinite if nothing is feasible there."""
    limit = p.import_limit_kw.copy()
    for window, peak in zip(search.arrays.windows, x.peaks_kw, strict=True):
        limit[window.steps] = np.minimum(limit[window.steps], peak)
    start = x.start_kwh / x.kwh if x.kwh > 0 else 0.0
    fixed = replace(p, import_limit_kw=limit, windows=(), battery_kw=x.kw, battery_kwh=x.kwh, soc_start=start)
    try:
        dispatch = solve_oracle(fixed).cost
    except Infeasible:
        return np.inf
    return dispatch + float(search.arrays.frame.prices @ x.peaks_kw) + x.kw + x.kwh


def search_has_no_penalty(p: Programme, search: Search, x: Point) -> bool:
    return np.isfinite(cost_at(p, search, x))
