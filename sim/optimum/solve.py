"""Least-cost dispatch and battery size with perfect foresight, and a proven bound on what the best could be.

`solve` finds the dispatch of a programme by slope lists and cuts (`docs/optimal.md`), or by HiGHS where that method
does not fit; `best_size` adds the battery's power and energy, PV and last-resort sets as variables; `size_map` and
`best_count` solve many sizes that share their cuts. The result says which method made it. Nothing here prints or
caches.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import numpy as np

from sim.optimum.frame import PENALTIES, Arrays, arrays_of, burns_energy, growing_arrays
from sim.optimum.master import Master
from sim.optimum.model import (
    Growth,
    Infeasible,
    Optimum,
    Programme,
    Schedule,
    SizeOptimum,
    Sizes,
    costs_of,
    grown,
    no_growth,
    peaks_of,
    relative_gap,
)
from sim.optimum.months import solve_months
from sim.optimum.oracle import solve_oracle
from sim.optimum.slopes import EXPORT, GENSET, GRID, PEAKS, PV, SHED, SIZES, Ends, evaluate, grow, schedule

SLOPE_LISTS = "slope lists"
DEFAULT_GAP = 1e-6
MOST_ROUNDS = 400
ROUNDING = 1e-6  # share of the greatest demand up to which a missing kW is rounding
FIRST_SIZE = 0.3  # of the greatest power and energy: where the search for a size begins
MEANS = "A demand window longer than a step ties the imports of several steps together, so HiGHS solved it."
CERTIFIED = 0.9  # of the wished gap: what the search must reach, so that the priced schedule keeps the wished gap


@dataclass(frozen=True)
class Point:
    """Where the term's cost is evaluated: peaks (kW), stored energy at start and end (kWh), and the sizes."""

    peaks_kw: np.ndarray
    start_kwh: float
    end_kwh: float
    kw: float
    kwh: float
    kwp: float = 0.0
    set_kw: float = 0.0

    def moved(self, target: "Point", share: float) -> "Point":
        """The point at `share` of the way to `target`."""
        pairs = ((getattr(self, part.name), getattr(target, part.name)) for part in fields(self))
        return Point(*(here + share * (there - here) for here, there in pairs))

    @property
    def size(self) -> Sizes:
        return Sizes(*(max(0.0, float(size)) for size in (self.kw, self.kwh, self.kwp, self.set_kw)))


@dataclass(frozen=True)
class Found:
    """End of a search: the best point seen, its cost, the lower bound and the number of evaluations."""

    point: Point
    cost: float
    lower_bound: float
    rounds: int


class Search:
    """One programme with its cuts: the arrays a pass over the term writes to, and the master."""

    def __init__(self, arrays: Arrays, master: Master):
        self.arrays, self.master = arrays, master
        n, months, at = len(arrays.steps.demand_kw), arrays.frame.months, arrays.frame.peak_at
        self.ends = Ends(np.zeros(n, np.int32), np.zeros(n, np.int32))
        self.cuts = np.zeros((months, PEAKS + max(1, int(np.diff(at).max()))))
        self.month_of_peak = np.repeat(np.arange(months), np.diff(at))
        self.place_of_peak = PEAKS + np.arange(at[-1]) - at[self.month_of_peak]
        self.start_slot = 0
        self.at: Point | None = None

    def evaluate(self, x: Point) -> float:
        """Least cost of the term at `x`, and the months' cuts there."""
        a = self.arrays
        if a.growing.on:
            grow(a.growing, float(x.kwh), float(x.kwp), float(x.set_kw), a.steps)
        self.start_slot = evaluate(
            a.edges,
            a.frame.peak_at,
            a.steps,
            a.groups,
            a.slopes,
            a.plant,
            self.ends,
            a.growing,
            x.peaks_kw,
            x.start_kwh,
            x.end_kwh,
            x.kw,
            x.kwh,
            x.kwp,
            x.set_kw,
            self.cuts,
        )
        self.cuts[:, 0] -= a.credit
        self.at = x
        return self.value(x)

    def value(self, x: Point) -> float:
        """The newest cuts at `x`: the term's least cost where they were made, never more than it elsewhere.

        Levels at the month edges are free: where the price of stored energy jumps, they stand at the limit that binds.
        """
        cut, frame = self.cuts, self.arrays.frame
        per_peak = cut[self.month_of_peak, self.place_of_peak] + frame.prices
        ends = cut[0, 1] * x.start_kwh + cut[-1, 2] * x.end_kwh + frame.end_worth * (x.start_kwh - x.end_kwh)
        per_size = cut[:, SIZES:PEAKS].sum(axis=0) + self.master.price.values
        size = per_size @ (x.kw, x.kwh, x.kwp, x.set_kw) + self.per_edges() * x.kwh
        return float(cut[:, 0].sum() + ends + size + per_peak @ x.peaks_kw)

    def per_edges(self) -> float:
        """Change of the term's cost per kWh of battery through the limits at the edges between months."""
        cut, frame = self.cuts, self.arrays.frame
        jump = cut[1:, 1] + cut[:-1, 2]
        return float(np.where(jump > 0, frame.edge_low[1:-1], frame.edge_high[1:-1]) @ jump)

    def run(self, x: Point, gap: float) -> Found:
        """Evaluate, cut, ask the master, until the best point seen is within `gap` of the bound.

        The next point lies between the best one and the master's (in-out): the master alone swings.
        """
        best, best_x, bound = np.inf, x, -np.inf
        for rounds in range(1, MOST_ROUNDS + 1):
            cost = self.evaluate(x)
            if cost < best:
                best, best_x = cost, x
            self.master.add(self.cuts)
            lower, target = self.ask()
            bound = max(bound, lower)
            reached = relative_gap(best, bound)
            if reached <= gap:
                break
            x = best_x.moved(target, _pull(reached, rounds))
        return Found(best_x, best, min(bound, best), rounds)

    def ask(self) -> tuple[float, Point]:
        """The master's value and point."""
        m = self.master
        lower, x = m.solve()
        return lower, Point(x[: m.edge], x[m.edge], x[m.size - 1], *x[m.size : m.theta])


def _pull(gap: float, rounds: int) -> float:
    """Share of the way to the master's point: half while far off, later nearly all, every fifth time all."""
    if gap > 1e-3:
        return 0.5
    return 0.8 if rounds % 5 else 1.0


def beyond_slope_lists(p: Programme) -> str:
    """Why slope lists cannot solve this programme, in words; empty if they can."""
    if p.deferral is not None:
        return "Deferred load is a second store, so HiGHS solved it."
    if p.genset_min_fraction > 0 and p.genset_kw > 0:
        return "A set's least load makes running it a yes-or-no choice, so HiGHS solved it."
    burning = burns_energy(p)
    if burning.any():
        return (
            f"In step {int(np.argmax(burning))} a price is so far below zero that wasting energy in the battery would "
            "pay, so HiGHS solved it with a yes-or-no choice of charging or discharging there."
        )
    return ""


def solve(p: Programme, gap: float = DEFAULT_GAP) -> Optimum:
    """Least-cost dispatch to the relative `gap`; the result's `method` and `note` say how it was found.

    Raises Infeasible, which names the step and the missing kW, if no schedule exists.
    """
    reason = beyond_slope_lists(p)
    if reason:
        return replace(solve_oracle(p, gap), note=reason)
    if p.means:
        return _solve_means(p, gap)
    if not p.one_meter:
        return _solve(p, gap)
    if sells_dearer(p).any():
        return _solve_one_meter(p, gap)
    optimum = _solve(p, gap)
    return _priced(p, _netted(optimum.schedule), optimum)


def _solve_means(p: Programme, gap: float) -> Optimum:
    """Where demand is the mean of several steps a step's import has no limit of its own, as slope lists need it: HiGHS
    solves month by month, from the levels between the months that are best where each step is measured."""
    if p.one_meter and sells_dearer(p).any():
        return replace(solve_oracle(p, gap), note=MEANS)
    first = _solve(replace(p, windows=tuple(replace(w, mean_steps=1) for w in p.windows), one_meter=False), gap)
    found = solve_months(p, gap, first.schedule.stored_kwh)
    return replace(_priced(p, _netted(found.schedule), found) if p.one_meter else found, note=MEANS)


def _solve(p: Programme, gap: float) -> Optimum:
    """By slope lists, with PV on a meter of its own."""
    for factor in PENALTIES:
        arrays = arrays_of(p, p.battery_kw, penalty_factor=factor)
        frame = arrays.frame
        own = Sizes(p.battery_kw, p.battery_kwh)
        search = Search(arrays, Master(frame, Sizes(), own, own))
        found = search.run(Point(arrays.first_peaks_kw, *frame.ends(p.battery_kwh), *own.values[:2]), CERTIFIED * gap)
        optimum, missing = _optimum(p, search, found)
        if missing.max() <= _rounding_kw(arrays):
            return optimum
    raise _infeasible(p, missing, _rounding_kw(arrays))


def _rounding_kw(arrays: Arrays) -> float:
    return ROUNDING * max(1.0, arrays.steps.demand_kw.max())


def _infeasible(p: Programme, missing_kw: np.ndarray, rounding_kw: float) -> Infeasible:
    step = int(np.argmax(missing_kw > rounding_kw))
    total = missing_kw[missing_kw > rounding_kw].sum() * p.step_h
    return Infeasible(
        f"No schedule meets the load: {missing_kw[step]:.6g} kW are missing in step {step} (hour "
        f"{step * p.step_h:g} of the term), {total:.6g} kWh in all. Raise the import limit, the battery or the sets "
        "there, allow shedding, or lower the reserve.",
        step,
        float(missing_kw[step]),
    )


def _optimum(p: Programme, search: Search, found: Found) -> tuple[Optimum, np.ndarray]:
    """The schedule at the best point, priced from itself, and the kW that only the penalty could supply."""
    plan, slots, price, missing = _plan(p, search, found.point)
    costs = costs_of(p, plan)
    cost = costs.total + found.point.size.cost(search.master.price)
    bound = min(found.lower_bound, cost)
    gap, stored_price = relative_gap(cost, bound), -search.arrays.slopes.slope[slots]
    made = (plan, costs, peaks_of(p, plan), found.rounds, SLOPE_LISTS)
    return Optimum(cost, bound, gap, *made, stored_price, price, *search.master.worth()), missing


def _plan(p: Programme, search: Search, x: Point) -> tuple[Schedule, np.ndarray, np.ndarray, np.ndarray]:
    """Schedule at a point, slope number and price at the bus of each step, and the kW only the penalty could supply."""
    a = search.arrays
    if search.at is not x:
        search.evaluate(x)
    slots, price = np.zeros(p.steps, np.int64), np.zeros(p.steps)
    charge, discharge, stored, missing = np.zeros((4, p.steps))
    given = np.zeros((SHED + len(p.shed), p.steps))
    at = (x.peaks_kw, x.start_kwh, x.end_kwh, x.kw, x.kwh, search.start_slot)
    found = (slots, price, charge, discharge, stored, given, missing)
    schedule(a.steps, a.groups, a.slopes, a.plant, search.ends, *at, *found)
    export, none = p.export_room_kw - given[EXPORT], np.zeros(p.steps)
    used = (given[GRID], export, given[PV], charge, discharge, given[GENSET], given[SHED:], stored)
    return Schedule(*used, none, none, none), slots, price, missing


def sells_dearer(p: Programme) -> np.ndarray:
    """Steps in which selling pays more than buying costs, with room for both: one meter and two differ there."""
    return (p.credit_per_kwh > p.buy_per_kwh) & (p.export_room_kw > 0) & (p.import_limit_kw > 0)


def _solve_one_meter(p: Programme, gap: float) -> Optimum:
    """Buying and selling net: not convex where selling pays more, so the bound comes from two meters.

    The schedule is the best of two: with no credit above the buying price, and with each such step held to buying or
    to selling as the first two schedules have it.
    """
    bound = _solve(replace(p, one_meter=False), gap)
    capped = _solve(replace(p, one_meter=False, credit_per_kwh=np.minimum(p.credit_per_kwh, p.buy_per_kwh)), gap)
    plans = [_netted(bound.schedule), _netted(capped.schedule)]
    plans += [_netted(_solve(_held(p, plan), gap).schedule) for plan in list(plans)]
    best = min(plans, key=lambda plan: costs_of(p, plan).total)
    note = "With one meter the bound is that of two meters; the gap is what the difference can be at most."
    return replace(_priced(p, best, bound), note=note)


def _held(p: Programme, plan: Schedule) -> Programme:
    """The programme in which every step that sells dearer may only buy, or only sell, as it does in `plan`."""
    selling = plan.export_kw > plan.import_kw
    some = sells_dearer(p)
    return replace(
        p,
        one_meter=False,
        import_limit_kw=np.where(some & selling, 0.0, p.import_limit_kw),
        export_limit_kw=np.where(some & ~selling, 0.0, p.export_limit_kw),
    )


def _netted(plan: Schedule) -> Schedule:
    """What is bought and sold in the same step is neither."""
    both = np.minimum(plan.import_kw, plan.export_kw)
    return replace(plan, import_kw=plan.import_kw - both, export_kw=plan.export_kw - both)


def _priced(p: Programme, plan: Schedule, like: Optimum) -> Optimum:
    """An optimum with another schedule and the bound it had."""
    costs = costs_of(p, plan)
    bound = min(like.lower_bound, costs.total)
    return replace(
        like,
        cost=costs.total,
        lower_bound=bound,
        gap=relative_gap(costs.total, bound),
        schedule=plan,
        costs=costs,
        peaks_kw=peaks_of(p, plan),
    )


class SizeSearch:
    """Costs of one programme with plants of any size up to a greatest one; all sizes share their cuts.

    `growth` None: a battery alone, without own use.
    """

    def __init__(
        self, p: Programme, price: Sizes, most: Sizes, growth: Growth | None = None, factor: float = PENALTIES[0]
    ):
        self.programme, self.most, self.growth = p, most, growth or no_growth(p.steps)
        greatest = grown(p, self.growth, most)
        reason = beyond_slope_lists(greatest) or (MEANS if p.means else "")
        if reason or (p.one_meter and sells_dearer(greatest).any()):
            reason = reason or "One meter with a credit above the buying price has no exact bound."
            raise ValueError(f"Sizing needs a programme for slope lists. {reason}")
        if growth is None:
            arrays = arrays_of(greatest, most.kw, price.kw + 2 * price.kwh, factor)
        else:
            arrays = growing_arrays(p, growth, price, most, factor)
        self.search = Search(arrays, Master(arrays.frame, price, Sizes(), most))

    @property
    def rounding_kw(self) -> float:
        return _rounding_kw(self.search.arrays)

    def within(self, gap: float, least: Sizes, most: Sizes, at_most: float = np.inf) -> Found:
        """The best size of all within these; `at_most`: what its cost cannot exceed, for example that of a smaller
        battery at no price."""
        self.search.master.hold(least, most)
        if self.search.at is None:
            return self.search.run(self._first(least, most), gap)
        lower, x = self.search.ask()
        if np.isfinite(at_most) and relative_gap(at_most, lower) <= gap:
            return Found(x, at_most, min(lower, at_most), 0)
        found = self.search.run(x, gap)
        self.search.master.drop_loose()
        return found

    def best(self, gap: float) -> Found:
        """The best size of all."""
        return self.within(gap, Sizes(), self.most)

    def at(self, size: Sizes, gap: float, at_most: float = np.inf) -> Found:
        """The cost with one size."""
        return self.within(gap, size, size, at_most)

    def optimum(self, found: Found) -> tuple[Optimum, np.ndarray]:
        """Schedule and money of dispatch and plant at a size found, and the kW that are missing in each step."""
        return _optimum(grown(self.programme, self.growth, found.point.size), self.search, found)

    def _first(self, least: Sizes, most: Sizes) -> Point:
        frame = self.search.arrays.frame
        size = least.values + FIRST_SIZE * (most.values - least.values)
        return Point(self.search.arrays.first_peaks_kw, *frame.ends(size[1]), *size)


def best_size(
    p: Programme, price: Sizes, most: Sizes, gap: float = DEFAULT_GAP, growth: Growth | None = None
) -> SizeOptimum:
    """Battery, PV and last-resort sets, each from 0 to `most`, of least cost of dispatch and plant together.

    Prices are annuities for the programme's term (for a year: per kW, kWh, kWp and kW of sets a year). PV and sets need
    `growth`. The programme's own battery_kw and battery_kwh do not matter. Raises Infeasible where no size meets the
    load.
    """
    for factor in PENALTIES:
        sizes = SizeSearch(p, price, most, growth, factor)
        found = sizes.best(CERTIFIED * gap)
        optimum, missing = sizes.optimum(found)
        if missing.max() <= sizes.rounding_kw:
            plant = found.point.size.cost(price)
            dispatch = replace(optimum, cost=optimum.cost - plant, lower_bound=optimum.lower_bound - plant)
            return SizeOptimum(found.point.size, optimum.cost, optimum.lower_bound, optimum.gap, plant, dispatch)
    raise _infeasible(p, missing, sizes.rounding_kw)


def size_map(
    p: Programme,
    kw: np.ndarray,
    kwh: np.ndarray,
    gap: float = DEFAULT_GAP,
    growth: Growth | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Least cost of dispatch for every pair of battery power and energy: (cost, lower_bound), each (kw, kwh).

    Both must rise. Every second energy belongs to one of two searches, each on a thread of its own with cuts of its
    own, so the result does not depend on the number of processors. progress: called here, on the caller's thread, with
    (energies done, all of them).
    """
    if np.any(np.diff(kw) < 0) or np.any(np.diff(kwh) < 0):
        raise ValueError("The sizes of a map must rise; sort kw and kwh.")
    cost, bound = np.full((2, len(kw), len(kwh)), np.inf)
    most = Sizes(float(np.max(kw)), float(np.max(kwh)))
    done: list[None] = []

    def fill(columns: slice, told: Callable[[int, int], None] | None) -> None:
        sizes = SizeSearch(p, Sizes(), most, growth)
        for _ in _fill_map(sizes, kw, kwh[columns], gap, cost[:, columns], bound[:, columns]):
            done.append(None)
            if told:
                told(len(done), len(kwh))

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(fill, slice(1, None, 2), None)
        fill(slice(0, None, 2), progress)
        other.result()
    if progress:
        progress(len(kwh), len(kwh))
    return cost, bound


def _fill_map(
    sizes: SizeSearch, kw: np.ndarray, kwh: np.ndarray, gap: float, cost: np.ndarray, bound: np.ndarray
) -> Iterator[None]:
    """Fill `cost` and `bound` (kw, kwh), one energy a turn.

    Neighbours are solved one after the other, to and fro: most cuts of a cell serve the next one, and where the bound
    meets the cost with a smaller battery nothing is left to do. A battery with own use can cost more than a smaller one
    of the same power, so then only less power gives such a bound.
    """
    own_use = sizes.growth.load_kw_per_kwh > 0
    for j in range(len(kwh)):
        for i in range(len(kw))[:: -1 if j % 2 else 1]:
            smaller = [(i - 1, j)] if own_use else [(i - 1, j), (i, j - 1)]
            at_most = min((cost[a, b] for a, b in smaller if min(a, b) >= 0), default=np.inf)
            found = sizes.at(Sizes(float(kw[i]), float(kwh[j])), gap, at_most)
            cost[i, j], bound[i, j] = found.cost, found.lower_bound
        yield


def best_count(
    p: Programme, each: Sizes, cost_each: float, most: int, gap: float = DEFAULT_GAP, growth: Growth | None = None
) -> tuple[int, dict[int, float]]:
    """Number of equal containers (0 ... most) of least cost, and the cost by number for those looked at.

    The cost is convex in the number, so halving the range finds the best one; it and its neighbours are exact to `gap`.
    """
    sizes = SizeSearch(p, Sizes(), Sizes(*(each.values * most)), growth)
    costs: dict[int, float] = {}

    def cost(count: int) -> float:
        if count not in costs:
            costs[count] = sizes.at(Sizes(*(each.values * count)), gap).cost + cost_each * count
        return costs[count]

    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if cost(middle) <= cost(middle + 1):
            high = middle
        else:
            low = middle + 1
    for count in (low - 1, low, low + 1):
        if 0 <= count <= most:
            cost(count)
    return min(costs, key=costs.__getitem__), dict(sorted(costs.items()))


def warm_up() -> None:
    """Compile the slope lists, or load them from the disk cache, on a day of hours, so that no user waits for it."""
    hours = np.ones(24)
    p = Programme(1.0, hours, hours, hours, hours, 0 * hours, hours, hours, 0 * hours, hours, battery_kwh=1.0)
    solve(p)
    best_size(p, Sizes(1.0, 1.0, 1.0), Sizes(1.0, 1.0, 1.0), growth=Growth(hours, 0 * hours))
