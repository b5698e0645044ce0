"""From a programme to the arrays of the slope lists and the frame of the master."""

from dataclasses import dataclass, replace

import numpy as np

from sim.optimum.master import Frame
from sim.optimum.model import DemandWindow, Growth, Programme, Sizes, grown
from sim.optimum.slopes import (
    EXPORT,
    GENSET,
    GRID,
    PV,
    SETS,
    SHED,
    Groups,
    Growing,
    Plant,
    Slopes,
    Steps,
    distinct,
    group_steps,
    sort_sources,
)

PENALTIES = (3.0, 30.0)  # times the dearest way to serve a kWh: more than any true marginal price
FEW_PRICES = 256  # up to here a linear search numbers the prices faster than sorting
NO_KIND = -1  # of source
FIRST_PEAK = 0.97  # of the greatest load less PV: where the search for a peak begins


@dataclass(frozen=True)
class Arrays:
    """One programme, ready for `sim.optimum.slopes` and `sim.optimum.master`."""

    edges: np.ndarray
    steps: Steps
    groups: Groups
    slopes: Slopes
    plant: Plant
    growing: Growing
    frame: Frame
    first_peaks_kw: np.ndarray
    credit: np.ndarray  # of each month, if all that can be exported were; 0 where the cuts count it themselves
    windows: tuple[DemandWindow, ...]  # in the order of the master's peaks


def burns_energy(p: Programme) -> np.ndarray:
    """Steps whose price is so far below zero that charging and discharging at once would pay: not for slope lists."""
    loss = 1 - p.charge_efficiency * p.discharge_efficiency
    if loss == 0 or p.battery_kw == 0:
        return np.zeros(p.steps, bool)
    lowest = np.where(p.import_limit_kw > 0, p.buy_per_kwh, np.inf)
    lowest = np.where(p.export_room_kw > 0, np.minimum(lowest, p.credit_per_kwh), lowest)
    lowest = np.minimum(lowest, p.genset_per_kwh if p.genset_kw else np.inf)
    for tier in p.shed:
        lowest = np.minimum(lowest, np.where(tier.limit_kw > 0, tier.price_per_kwh, np.inf))
    return lowest < -p.wear_per_kwh * p.charge_efficiency * p.discharge_efficiency / loss


def growing_arrays(p: Programme, growth: Growth, price: Sizes, most: Sizes, penalty_factor: float) -> Arrays:
    """Arrays for every plant up to `most`; what grows is written into their steps by `sim.optimum.slopes.grow`."""
    greatest = grown(p, growth, most)
    arrays = arrays_of(greatest, most.kw, price.kw + 2 * price.kwh + price.kwp + price.set_kw, penalty_factor)
    least_load = replace(greatest, load_kw=p.load_kw)
    low, _, _ = _peak_ranges(least_load, arrays.windows, arrays.steps.grid_kw, most.kw)
    return replace(
        arrays,
        growing=_growing(p, growth, arrays.steps),
        frame=replace(arrays.frame, peak_low=low),
        credit=np.zeros_like(arrays.credit),
    )


def _growing(p: Programme, growth: Growth, steps: Steps) -> Growing:
    def place(kind: int) -> np.ndarray:
        held = (steps.kind == kind) & (np.arange(steps.kind.shape[1]) < steps.count[:, None])
        return np.where(held.any(axis=1), held.argmax(axis=1), -1).astype(np.int8)

    return Growing(
        True,
        p.load_kw.copy(),
        p.pv_kw.copy(),
        p.export_limit_kw.copy(),
        p.credit_per_kwh.copy(),
        growth.pv_kw_per_kwp.copy(),
        place(PV),
        place(EXPORT),
        np.zeros(p.steps, bool),
        growth.sets_open.copy(),
        place(SETS if growth.has_sets else NO_KIND),
        float(growth.sets_per_kwh),
        float(growth.load_kw_per_kwh),
    )


def _nothing_grows() -> Growing:
    none, nowhere = np.zeros(0), np.zeros(0, np.int8)
    return Growing(False, none, none, none, none, none, nowhere, nowhere, np.zeros(0, bool), none, nowhere, 0.0, 0.0)


def arrays_of(
    p: Programme, greatest_kw: float, size_price: float = 0.0, penalty_factor: float = PENALTIES[0]
) -> Arrays:
    """Arrays for batteries up to `greatest_kw`; size_price: what a kW and a kWh of battery cost together."""
    edges = p.month_edges
    demand = p.load_kw + p.export_room_kw
    grid = np.minimum(p.import_limit_kw, demand + greatest_kw)
    windows = _live_windows(p, edges)
    home = np.array([np.searchsorted(edges, w.steps[0], side="right") - 1 for w in windows], np.int64)
    group, groups = _grouped(windows, p.steps)
    per_kw = _dearest_group(windows, groups) + size_price
    prices, numbers = _numbered_prices(p)
    dearest = max(np.abs(prices).max(), 1e-3, abs(p.end_worth)) + p.wear_per_kwh + per_kw / p.step_h
    penalty = penalty_factor * dearest / (p.charge_efficiency * p.discharge_efficiency)
    plant = Plant(p.charge_efficiency, p.discharge_efficiency, p.wear_per_kwh, p.step_h, penalty)
    low, high, first = _peak_ranges(p, windows, grid, greatest_kw)
    credit = np.add.reduceat(p.credit_per_kwh * p.export_room_kw * p.step_h, edges[:-1])
    frame = Frame(
        prices=np.array([w.price_per_kw for w in windows]),
        peak_at=np.searchsorted(home, np.arange(len(edges))).astype(np.int64),
        peak_low=low,
        peak_high=high,
        inside=_windows_inside(windows, home, p.steps),
        floor=_floor(p, grid),
        **_edge_levels(p, edges),
    )
    steps = _steps(p, numbers, demand, grid, group)
    slopes = slopes_of(prices, plant)
    return Arrays(edges, steps, groups, slopes, plant, _nothing_grows(), frame, first, credit, windows)


def _floor(p: Programme, grid_kw: np.ndarray) -> np.ndarray:
    """What no schedule of each month can cost less than (months,): all earned that can be earned, nothing paid."""
    earned = np.maximum(p.credit_per_kwh, 0.0) * p.export_room_kw + np.maximum(-p.buy_per_kwh, 0.0) * grid_kw
    earned += max(0.0, -p.genset_per_kwh) * p.genset_kw
    for tier in p.shed:
        earned += max(0.0, -tier.price_per_kwh) * tier.limit_kw
    return -np.add.reduceat(earned * p.step_h, p.month_edges[:-1]) - 1.0


def _live_windows(p: Programme, edges: np.ndarray) -> tuple[DemandWindow, ...]:
    """Windows that cost something, by month, in each month the largest first."""
    live = [w for w in p.windows if w.price_per_kw > 0 and len(w.steps)]
    return tuple(sorted(live, key=lambda w: (np.searchsorted(edges, w.steps[0], side="right"), -len(w.steps))))


def _grouped(windows: tuple[DemandWindow, ...], n: int) -> tuple[np.ndarray, Groups]:
    """Number of each step's set of windows, and the sets."""
    group = np.zeros(n, np.int32)
    first = np.cumsum([0] + [len(w.steps) for w in windows])
    steps = np.concatenate([w.steps for w in windows]) if windows else np.zeros(0, np.int64)
    parent, window = np.zeros((2, 1 + len(steps)), np.int64)
    known = group_steps(first, steps, group, parent, window)
    return group, Groups(parent[:known].copy(), window[:known].copy())


def _dearest_group(windows: tuple[DemandWindow, ...], groups: Groups) -> float:
    """Greatest sum of the demand prices that one step can raise."""
    sums = [0.0]
    for parent, window in zip(groups.parent[1:], groups.window[1:], strict=True):
        sums.append(sums[parent] + windows[window].price_per_kw)
    return max(sums)


def _windows_inside(windows: tuple[DemandWindow, ...], home: np.ndarray, n: int) -> tuple[tuple[int, int], ...]:
    """Pairs (part, whole) of windows of one month: the part's peak never exceeds the whole's."""
    pairs = []
    within = np.zeros(n, bool)
    for whole, window in enumerate(windows):
        within[window.steps] = True
        for part in range(whole + 1, len(windows)):
            if home[part] != home[whole]:
                break
            if within[windows[part].steps].all():
                pairs.append((part, whole))
        within[window.steps] = False
    return tuple(pairs)


def _peak_ranges(
    p: Programme, windows: tuple[DemandWindow, ...], grid_kw: np.ndarray, greatest_kw: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least and greatest sensible peak of each window, and where the search begins, kW."""
    net = p.load_kw - p.pv_kw
    needed = net - p.genset_kw - sum((tier.limit_kw for tier in p.shed), np.zeros(p.steps)) - greatest_kw
    high = np.array([grid_kw[w.steps].max() for w in windows])
    low = np.minimum(np.array([max(needed[w.steps].max(), 0.0) for w in windows]), high)
    first = np.clip(np.array([FIRST_PEAK * net[w.steps].max() for w in windows]), low, high)
    return low, high, first


def _edge_levels(p: Programme, edges: np.ndarray) -> dict:
    """Band of the stored energy at the month edges, fractions."""
    last = edges[1:] - 1
    low = np.concatenate([p.soc_min[last[-1:]], p.soc_min[last]])
    high = np.concatenate([p.soc_max[last[-1:]], p.soc_max[last]])
    if p.soc_start is not None:
        fixed = [0, -1] if p.end_worth_per_kwh is None else [0]
        low[fixed] = high[fixed] = p.soc_start
    return {"edge_low": low, "edge_high": high, "cyclic": p.soc_start is None, "end_worth": p.end_worth}


def _numbered_prices(p: Programme) -> tuple[np.ndarray, np.ndarray]:
    """All prices in rising order, and (kinds of source, steps) the number of each source's price."""
    buy, buy_number = _numbered(p.buy_per_kwh)
    credit, credit_number = _numbered(p.credit_per_kwh)
    others = np.array([0.0, p.genset_per_kwh, *(tier.price_per_kwh for tier in p.shed)])
    prices, number = np.unique(np.concatenate([others, buy, credit]), return_inverse=True)
    numbers = np.empty((SHED + len(p.shed), p.steps), np.int32)
    numbers[PV] = number[0]
    numbers[GENSET] = number[1]
    numbers[SHED:] = number[2 : len(others), None]
    numbers[GRID] = number[len(others) : len(others) + len(buy)][buy_number]
    numbers[EXPORT] = number[len(others) + len(buy) :][credit_number]
    return prices, numbers


def _numbered(prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different values of `prices`, and the number of each element's value."""
    found, number = np.empty(FEW_PRICES), np.empty(len(prices), np.int64)
    known = distinct(prices, found, number)
    return np.unique(prices, return_inverse=True) if known < 0 else (found[:known], number)


def slopes_of(prices: np.ndarray, plant: Plant) -> Slopes:
    """Every slope that can occur, in rising order."""
    charge = -prices / plant.eta_charge
    discharge = (plant.wear - prices) * plant.eta_discharge
    others = [-plant.penalty, plant.penalty, (plant.wear - plant.penalty) * plant.eta_discharge]
    slope, number = np.unique(np.concatenate([others, charge, discharge]), return_inverse=True)
    n = len(prices)
    return Slopes(prices, number[3 : 3 + n].astype(np.uint32), number[3 + n :].astype(np.uint32), slope, int(number[2]))


def _steps(p: Programme, numbers: np.ndarray, demand: np.ndarray, grid: np.ndarray, group: np.ndarray) -> Steps:
    """Giving up an exported kWh counts as a source: demand = load + export room, "not exporting" costs the credit.

    So an export credit above the buying price needs no special case.
    """
    kinds, n = numbers.shape
    room = np.empty((kinds, n))
    room[PV] = p.pv_kw
    room[GRID] = grid
    room[GENSET] = p.genset_kw
    room[EXPORT] = p.export_room_kw
    for k, tier in enumerate(p.shed):
        room[SHED + k] = tier.limit_kw
    sorted_number, sorted_room = np.zeros((n, kinds), np.uint32), np.zeros((n, kinds))
    kind, count, grid_at = np.zeros((n, kinds), np.int8), np.empty(n, np.int8), np.empty(n, np.int8)
    sort_sources(numbers, room, sorted_number, sorted_room, kind, count, grid_at)
    return Steps(demand, sorted_number, sorted_room, kind, count, grid_at, grid, p.soc_min, p.soc_max, group)
