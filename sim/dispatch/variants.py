"""Many variants of one plant at once: lanes that also have their own grid outages and their own charging orders.

The dispatch rule is that of `sim.dispatch.rule`, called, not copied. `kernel.aggregate` lets all lanes share outages
and orders; here each lane brings its own, so that every draw of a risk study is a year of its own. Where a lane's
outages and orders are the shared ones both give the same sums to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import config

from sim.arrays import Floats, Ints, runs
from sim.compiled import Kernel, in_place
from sim.dispatch import control, kernel, rule
from sim.dispatch.batch import SUM_FIELDS, Lanes, Series
from sim.dispatch.rule import (
    DEFICIT,
    HELD,
    IMPORT_SUM,
    N_METERED,
    N_ROWS,
    PEAK,
    STEP_ABOVE_SHAVE,
    STEP_CHARGE_POWER,
    STEP_CHARGE_TO,
    STEP_DISCHARGE_POWER,
    STEP_DISCHARGING,
    STEP_EXPORT,
    STEP_EXPORT_MARKET,
    STEP_GIVE_TO,
    STEP_KEEP_WINDOW,
    STEP_LOAD,
    STEP_MARKET,
    STEP_PV,
    STEP_REFILLS,
    STEP_SUN_TO,
    SUMS,
    WIDTH,
    _charge,
    _load_lane,
    _load_month,
    _meter_demand,
    _price,
    _run_sets,
    _supply,
    _swap_class,
)
from sim.inputs.scenario import Scenario
from sim.timeline import Timeline

KEPT = (
    *("load_kwh", "discharge_kwh", "genset_kwh", "unserved_kwh", "fuel_l", "genset_hours"),
    *("import_worth", "export_worth"),
)
KEPT_ROWS = np.array([SUM_FIELDS.index(name) for name in KEPT])
# Rows behind the rule's own: whether the lane's grid is up, the share its order asks for, its refill share.
GRID_UP, SHARE, REFILL = N_ROWS, N_ROWS + 1, N_ROWS + 2
BY_LEVELS = 2.0
NEVER = np.int64(2**62)


@dataclass(frozen=True, eq=False)
class Outages:
    """Outages of N lanes: those of lane i are entries `first[i]` ... `first[i + 1] - 1` of `start` and `stop` (steps,
    stop exclusive), in any order; they may overlap."""

    first: Ints
    start: Ints
    stop: Ints

    @property
    def count(self) -> int:
        return len(self.first) - 1


@dataclass(frozen=True, eq=False)
class Orders:
    """What the schedule orders, as levels. `level` (steps,): 0 outside all windows, else the number of the level.
    `sign` (levels + 1,): -1 charge, 1 discharge, 0 for level 0, 2 where the plain rule fills and empties the battery by
    the levels of `sim.kernel.Levels`. `given` (levels + 1,): share of battery power of the
    levels that have one of their own, 0 for the others. `groups`: for each kind of block of the others its levels from
    the best on, and the hours of each."""

    level: Ints
    sign: Floats
    given: Floats
    groups: tuple[tuple[Ints, Floats], ...]

    def shares(self, tradable_kwh: Floats, power_kw: Floats, charge: Floats, discharge: Floats) -> Floats:
        """Share of battery power of each level and lane (levels + 1, N), the best level first at the power that lasts
        through it (`sim.dispatch.control`); inputs (N,), `charge` and `discharge` the one-way efficiencies."""
        usable = power_kw > 0
        out = self.given[:, None] * usable
        for levels, hours in self.groups:
            efficiency = discharge if self.sign[levels[0]] > 0 else 1.0 / charge
            left_h = np.divide(tradable_kwh * efficiency, power_kw, out=np.zeros_like(power_kw), where=usable)
            for level, length in zip(levels, hours, strict=True):
                out[level] = np.minimum(1.0, left_h / length)
                left_h = np.maximum(0.0, left_h - length)
        return out


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of each lane and month (N, M) named in `KEPT`, and the bill's readings by class (N, M, K)."""

    monthly: dict[str, Floats]
    import_kwh: Floats
    export_kwh: Floats
    peak_kw: Floats


def orders(scenario: Scenario, clock: Timeline, series: Series) -> Orders:
    """The scenario's schedule as levels, whose shares can then be had for any battery size."""
    plan = scenario.dispatch
    level = np.zeros(clock.steps, dtype=np.int64)
    if series.levels is not None:
        return Orders(level + 1, np.array([0.0, BY_LEVELS]), np.array([0.0, 1.0]), ())
    if plan.arbitrage != "windows":
        return no_orders(clock)
    direction, power = control.own_windows(plan, clock)
    given = np.where(np.isnan(power), 0.0, direction * power)
    direction = np.where(np.isnan(power), direction, 0)
    values = np.unique(given[given != 0])
    level[given != 0] = 1 + np.searchsorted(values, given[given != 0])
    signs, known = [0.0, *np.sign(values)], {}
    groups: list[tuple[Ints, Floats]] = []
    edges = np.flatnonzero(np.diff(direction, prepend=0, append=0))
    for first, end in zip(edges[:-1], edges[1:], strict=True):
        sign = int(direction[first])
        if sign:
            if (key := (sign, end - first)) not in known:
                known[key] = len(signs)
                groups.append((np.array([len(signs)]), np.array([(end - first) * clock.step_h])))
                signs.append(float(sign))
            level[first:end] = known[key]
    shares = np.concatenate([[0.0], np.abs(values), np.zeros(len(signs) - 1 - len(values))])
    return Orders(level, np.array(signs), shares, tuple(groups))


def no_orders(clock: Timeline) -> Orders:
    """A schedule that orders nothing."""
    return Orders(np.zeros(clock.steps, dtype=np.int64), np.zeros(1), np.zeros(1), ())


def listed_outages(grid_up: Floats, lanes: int) -> Outages:
    """The same outages for every lane, from a series that is 1 with the grid and 0 without (steps,)."""
    start, stop = runs(grid_up == 0)
    return Outages(np.arange(lanes + 1) * len(start), np.tile(start, lanes), np.tile(stop, lanes))


def joined(parts: Sequence[Outages]) -> Outages:
    """The outages of the lanes of all parts, one part after the other."""
    counts = np.concatenate([np.diff(part.first) for part in parts])
    start, stop = (np.concatenate([getattr(part, name) for part in parts]) for name in ("start", "stop"))
    return Outages(np.concatenate([[0], np.cumsum(counts)]), start, stop)


def repeated(outages: Outages, lanes: Sequence[int] | Ints) -> Outages:
    """The outages of the named lanes, in that order (a lane may come again)."""
    lanes = np.asarray(lanes)
    counts = np.diff(outages.first)[lanes]
    first = np.concatenate([[0], np.cumsum(counts)])
    entry = np.arange(first[-1]) - np.repeat(first[:-1], counts) + np.repeat(outages.first[lanes], counts)
    return Outages(first, outages.start[entry], outages.stop[entry])


def aggregate(
    series: Series,
    lanes: Lanes,
    plan: Orders,
    shares: Floats,
    refill: Floats,
    outages: Outages,
    n_periods: int,
    threads: int | None = None,
) -> Sums:
    """Run all lanes with their own outages and orders. `series` gives neither: its grid_up, action and refill_share are
    not looked at; `refill` (N,) is the share of charge_set_kw at which the grid restores the reserve.

    The result depends neither on the number of threads nor on which lanes stand side by side.
    """
    n, months = lanes.count, len(series.month_ends)
    if shares.shape != (len(plan.sign), n) or outages.count != n:
        raise ValueError(f"there are {n} lanes; shares and outages must have one column or list for each")
    sums = np.empty((len(KEPT), n, months))
    metered = np.empty((N_METERED, n, months, n_periods))
    steps = series.steps.copy()
    steps[:, STEP_DISCHARGING], steps[:, STEP_EXPORT] = series.giving, series.export_share
    year = (steps, *kernel._year(series, n_periods)[1:])
    given, events = (plan.level, plan.sign, shares, refill), _events(outages, len(steps))

    def run(start: int, stop: int) -> None:
        w, c = kernel._aligned((N_ROWS + 3) * WIDTH), kernel._aligned(n_periods * N_METERED * WIDTH)
        _run_lanes(
            year, WIDTH, lanes.scalars, lanes.monthly, given, events, KEPT_ROWS, start, stop, w, c, sums, metered
        )

    kernel._share_blocks(run, -(-n // WIDTH), threads or config.NUMBA_NUM_THREADS)
    metered[:2] *= series.step_h
    metered[2] /= series.demand_window_steps
    return Sums(dict(zip(KEPT, sums, strict=True)), metered[0], metered[1], metered[2])


def _events(outages: Outages, steps: int) -> tuple[Ints, Ints, Ints]:
    """Where each lane's outages stand, and step and sign of each begin (+1) and end (-1), in the order of time within
    a lane; each lane is closed by NEVER."""
    n, counts = outages.count, np.diff(outages.first)
    lane = np.repeat(np.arange(n), counts)
    ends = np.arange(n)
    at = np.concatenate([outages.start, np.minimum(outages.stop, steps), np.full(n, NEVER)])
    sign = np.concatenate([np.ones(len(lane)), -np.ones(len(lane)), np.zeros(n)]).astype(np.int64)
    owner = np.concatenate([lane, lane, ends])
    order = np.lexsort((at, owner))
    first = np.concatenate([[0], np.cumsum(2 * counts + 1)])
    return first.astype(np.int64), at[order].astype(np.int64), sign[order]


@in_place
def _next_event(event_at, due):
    """The step of the next begin or end of an outage in any lane of the block."""
    following = event_at[due[0]]
    for j in range(1, WIDTH):
        following = min(following, event_at[due[j]])
    return following


@in_place
def _begin_block(scalars, refill, event_first, first, step_h, due, depth, w):
    """Lanes `first` ... `first + WIDTH - 1` with the grid up, no order, and their first outage due."""
    last = scalars.shape[1] - 1
    for j in range(WIDTH):
        lane = min(first + j, last)
        _load_lane(w, j, scalars, lane, step_h)
        w[GRID_UP * WIDTH + j] = 1.0
        w[SHARE * WIDTH + j] = 0.0
        w[REFILL * WIDTH + j] = refill[lane]
        due[j] = event_first[lane]
        depth[j] = 0


@in_place
def _pass_events(t, event_at, event_sign, due, depth, w):
    """The outages that begin or end by step `t`; returns the step of the next one."""
    for j in range(WIDTH):
        while event_at[due[j]] <= t:
            depth[j] += event_sign[due[j]]
            due[j] += 1
        w[GRID_UP * WIDTH + j] = 1.0 if depth[j] == 0 else 0.0
    return _next_event(event_at, due)


@in_place
def _supply_all(steps, t, direction, peak_share, width, w):
    """PV, battery and grid of every lane under its own order; how many bits of a deficit are left to the sets."""
    load_kw, pv = steps[t, STEP_LOAD], steps[t, STEP_PV]
    above_shave_kw, power = steps[t, STEP_ABOVE_SHAVE], steps[t, STEP_DISCHARGE_POWER]
    give_to = steps[t, STEP_GIVE_TO]
    discharging = steps[t, STEP_DISCHARGING] if direction == BY_LEVELS else 1.0 if direction > 0.0 else 0.0
    for j in range(width):
        up = w[GRID_UP * WIDTH + j]
        share = w[SHARE * WIDTH + j] * discharging * up
        _supply(w, j, True, load_kw, pv, up, share, give_to, above_shave_kw, peak_share, power)
    deficits = 0
    for j in range(width):
        deficits |= w[DEFICIT * WIDTH + j] > 0.0
    return deficits


@in_place
def _charge_all(steps, t, direction, width, w):
    """Charging and export of every lane under its own order, and its state at the end of the step."""
    by_levels = direction == BY_LEVELS
    sun_to, export, refills = steps[t, STEP_SUN_TO], steps[t, STEP_EXPORT], steps[t, STEP_REFILLS]
    keep_window, power = steps[t, STEP_KEEP_WINDOW], steps[t, STEP_CHARGE_POWER]
    charge_to = steps[t, STEP_CHARGE_TO] if by_levels else 1.0 if direction < 0.0 else 0.0
    ordered = 1.0 if charge_to > 0.0 else 0.0
    busy = ordered if by_levels else 1.0 if direction != 0.0 else 0.0
    for j in range(width):
        order_on = 1.0 if w[SHARE * WIDTH + j] > 0.0 else 0.0
        alone = refills * (1.0 - order_on * busy)
        share = w[SHARE * WIDTH + j] * ordered + w[REFILL * WIDTH + j] * alone
        up = w[GRID_UP * WIDTH + j]
        _charge(w, j, True, export * up, charge_to * order_on, sun_to, share, keep_window, power)


@in_place
def _run_month(
    year, month, t, first, last, width, orders, events, order, direction, following, running, due, depth, w, c
):
    """The steps of a month from `t` on; returns the order in force, its direction, the next event, and whether sets
    run."""
    steps, classes, held, peak_share, month_ends, _ = year
    level, sign, shares, _ = orders
    _, event_at, event_sign = events
    energy_class, peak_class = classes[t, 0], classes[t, 1]
    while t < month_ends[month]:
        if classes[t, 0] != energy_class:
            _swap_class(w, c, IMPORT_SUM, 2, energy_class, classes[t, 0])
            energy_class = classes[t, 0]
        if classes[t, 1] != peak_class:
            _meter_demand(w, c, held[month], width, peak_class, classes[t, 1], peak_share)
            peak_class = classes[t, 1]
        if level[t] != order:
            order = level[t]
            direction = sign[order]
            for j in range(WIDTH):
                w[SHARE * WIDTH + j] = shares[order, min(first + j, last)]
        if t >= following:
            following = _pass_events(t, event_at, event_sign, due, depth, w)
        deficits = _supply_all(steps, t, direction, peak_share, width, w)
        if deficits or running:
            for j in range(width):
                _run_sets(w, j, steps[t, STEP_LOAD], steps[t, STEP_CHARGE_POWER])
            running = deficits > 0
        _charge_all(steps, t, direction, width, w)
        if steps[t, STEP_MARKET] != 0.0:
            for j in range(width):
                _price(w, j, steps[t, STEP_MARKET], steps[t, STEP_EXPORT_MARKET])
        t += 1
    _swap_class(w, c, IMPORT_SUM, 2, energy_class, energy_class)
    _swap_class(w, c, PEAK, 1, peak_class, peak_class)
    return order, direction, following, running


@in_place
def _keep(month, first, kept, step_h, kept_rows, w, c, sums, metered):
    """A month's sums and meter readings of the `kept` lanes from `first` on."""
    for j in range(kept):
        for row in range(kept_rows.shape[0]):
            sums[row, first + j, month] = w[(SUMS + kept_rows[row]) * WIDTH + j] * step_h
        for row in range(N_METERED):
            for k in range(metered.shape[3]):
                metered[row, first + j, month, k] = c[(k * N_METERED + row) * WIDTH + j]


def _run_all(year, width, scalars, monthly, orders, events, kept_rows, start, stop, w, c, sums, metered):
    month_ends, step_h = year[4], year[5]
    last = scalars.shape[1] - 1
    due, depth = np.empty(WIDTH, np.int64), np.empty(WIDTH, np.int64)
    for first in range(start * WIDTH, stop * WIDTH, WIDTH):
        _begin_block(scalars, orders[3], events[0], first, step_h, due, depth, w)
        following = _next_event(events[1], due)
        t, running, order, direction = 0, False, 0, 0.0
        for month in range(month_ends.shape[0]):
            for j in range(WIDTH):
                _load_month(w, j, scalars, monthly, min(first + j, last), month)
            w[HELD * WIDTH : N_ROWS * WIDTH] = 0.0
            c[:] = 0.0
            order, direction, following, running = _run_month(
                year,
                month,
                t,
                first,
                last,
                width,
                orders,
                events,
                order,
                direction,
                following,
                running,
                due,
                depth,
                w,
                c,
            )
            t = month_ends[month]
            _keep(month, first, min(WIDTH, last + 1 - first), step_h, kept_rows, w, c, sums, metered)


_run_lanes = Kernel(_run_all, builds_on=(rule,))
