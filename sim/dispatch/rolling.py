"""Control by forecast: in every step the least cost of the next two days is worked out anew from what is known by then.

The controller knows the tariff, the battery, announced outages, what was measured up to the step before, and the
month's peaks so far; of a market the prices of today, from 13:00 on those of tomorrow, and beyond takes those of a week
before. It takes load and PV of an hour as `sim.dispatch.expected` says: of ordinary days, moved by what
now runs for as long as such errors have lasted before; and no other outage. Imports up to a floor cost energy alone;
beyond it each demand charge is counted by the share of the month's rest that lies in view, because a peak set now
serves all days that are left. The floor is the greater of the month's peak so far and the peak that would have been
best over the last four weeks, worked out every midnight from what was measured: what would have failed lately is not
tried again. Where it is the load that surprises, a little less is tried: how long a job runs is foreseen and the peak
raised in time; a cloud is not. Above the best peak a charge counts more than it costs: what a forecast asks for may not
come; below it just what it costs, or energy would be wasted on a peak that is not worth it. What stands in the battery
at the end of the view is worth what it costs to buy at the cheapest price of the day ahead; without the loss of
charging where no peak is billed, for there nothing is lost by buying it later.

The window is the programme of `docs/optimal.md` solved by the same slope lists; its peaks are found by halving. What it
decides for a step is an order and a threshold for the dispatch rule, and the rule runs it against the real load, PV and
outages. Nothing later than the step before enters a decision. The constants below were chosen by trial on the shipped
cases.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.compiled import OPTIONS, Kernel
from sim.dispatch import expected, kernel, rule
from sim.dispatch.batch import MONTHLY_FIELDS, SCALAR_FIELDS, Lanes, Series
from sim.dispatch.rates import PeakRate, Rates
from sim.dispatch.rule import (
    AUXILIARY,
    CHARGE_SET,
    DEFICIT,
    DISCHARGE_SET,
    ENERGY,
    EXPORT_LIMIT,
    HELD,
    IMPORT_LIMIT,
    LOAD_SCALE,
    N_ROWS,
    N_SCALARS,
    PV_KWP,
    RESERVE,
    SET_KW,
    SETS,
    SHAVE,
    STEP_CHARGE_POWER,
    STEP_DISCHARGE_POWER,
    STEP_EXPORT,
    STEP_GRID_UP,
    STEP_KEEP_WINDOW,
    STEP_LOAD,
    STEP_PV,
    WIDTH,
    WINDOW,
    _charge,
    _load_lane,
    _load_month,
    _run_sets,
    _supply,
)
from sim.optimum import slopes as slope_lists
from sim.optimum.frame import slopes_of
from sim.optimum.slopes import (
    BITS,
    EXPORT,
    FAR,
    GENSET,
    GRID,
    PV,
    SHED,
    Ends,
    Groups,
    Plant,
    Steps,
    _backward,
    _battery_range,
    _caps,
    _site_price,
)
from sim.timeline import Timeline, timeline

CAUTION = 0.005  # of the load: the forecast is taken that much higher, less where the load's errors are below
ERRING = 0.05  # of its greatest
DAYS_HELD = 28  # the last days whose best peaks are the floor,
FLOOR = 0.97  # times this where the load errs as much as the sun: a threshold can be raised, not lowered again
WARY = 2.0  # times the demand charge in view, above the best peak of the past: what is foreseen may not come
WEEK = 7
PUBLISHED_H = 13  # of the day before, when a day-ahead market has published its prices
CALENDAR = -1  # instead of that step of the day: all prices are known
HALVINGS = 12
ROUNDS = 2  # over the demand windows, where there are several
LEAST = 1e-6  # of battery power: less is no order
PENALTY = 3.0  # times the dearest way to serve a kWh
SOURCES = 5  # PV, grid, sets, not exporting, load not served
KEPT = SOURCES  # row of the price that energy left at the end of the view is worth
REAL = -1  # instead of the step a forecast is made in: what was measured

# The year as the controller meets it: rows of `sim.dispatch.rule`, the lane, for each step the number of every
# source's price and its set of demand windows, for each day its kind, the price per kW of each month and window, the
# step of the day from which on tomorrow's prices are out, the steps of announced outages, the steps of a demand window,
# what is learned of errors, and how the load errs: against `ERRING`, and beside the sun.
Year = namedtuple(
    "Year",
    "steps month_of month_ends scalars monthly per_day kind numbers group per_kw refill out_at announced window_steps "
    "memory erring",
)
# What does not change: sets of windows, slopes and plant of `sim.optimum.slopes`, battery power and energy.
Rules = namedtuple("Rules", "groups slopes plant kw kwh")
# Arrays that every look writes to.
Desk = namedtuple("Desk", "space ends length used rents")

_called = njit(**OPTIONS)  # functions of their own: inlined, the slope lists would be compiled many times over


@dataclass(frozen=True, eq=False)
class StepOrders:
    """What the controller ordered in each step (steps,): `action`, -1 ... 1 as in `sim.dispatch.batch.Series`, and
    `threshold_kw`, huge where imports are not held."""

    action: Floats
    threshold_kw: Floats


def roll(
    clock: Timeline,
    series: Series,
    lane: Lanes,
    rates: Rates,
    set_per_kwh: float,
    announced: NDArray[np.bool_] | None = None,
) -> StepOrders:
    """The orders of a whole year, each from what was known before its step.

    `lane` is one lane with a battery; `set_per_kwh`: fuel of a diesel kWh, in money; `announced` (steps,): outages that
    are known beforehand.
    """
    zones, plant = _zones(rates), _plant(clock, series, lane, rates, set_per_kwh)
    prices, numbers = _numbered(clock, series, rates, set_per_kwh, plant.eta_charge)
    per_day = round(24 / series.step_h)
    most = DAYS_HELD * per_day
    year = Year(
        series.steps,
        clock.month_index,
        series.month_ends,
        lane.scalars,
        lane.monthly,
        per_day,
        clock.is_weekend[::per_day].astype(np.int64),
        numbers,
        zones.group_of_class[series.classes[:, 1]].astype(np.int32),
        zones.per_kw,
        float(series.refill_share),
        CALENDAR if np.ndim(rates.market_per_kwh) == 0 else PUBLISHED_H * per_day // 24,
        np.zeros(len(series.load_kw), dtype=bool) if announced is None else announced,
        float(series.demand_window_steps),
        expected.memory(len(series.load_kw), per_day),
        np.zeros(2),
    )
    slopes, kwh = slopes_of(prices, plant), float(lane.energy_max_kwh[0])
    rules = Rules(zones.groups, slopes, plant, float(lane.battery_kw[0]), kwh)
    view = _empty_view(most, float(lane.energy_reserve_kwh[0]) / kwh)
    ends = Ends(np.zeros(most, np.int32), np.zeros(most, np.int32))
    used = np.zeros(len(slopes.slope) // BITS + 1, np.uint64)
    desk = Desk(view, ends, np.zeros(len(slopes.slope)), used, np.zeros(zones.per_kw.shape[1]))
    n = len(series.load_kw)
    orders = StepOrders(np.zeros(n), np.full(n, rule.NO_LIMIT_KW))
    _roll(year, rules, desk, kernel._aligned(N_ROWS * WIDTH), orders.action, orders.threshold_kw)
    return orders


def _empty_view(most: int, floor: float) -> Steps:
    """Room for so many steps; `floor`: the reserve's share of a full battery."""
    return Steps(
        np.zeros(most),
        np.zeros((most, SOURCES), np.uint32),
        np.zeros((most, SOURCES)),
        np.zeros((most, SOURCES), np.int8),
        np.zeros(most, np.int8),
        np.zeros(most, np.int8),
        np.zeros(most),
        np.full(most, floor),
        np.ones(most),
        np.zeros(most, np.int32),
    )


def warm_up() -> None:
    """Compile the controller, or load it from the disk cache, on a month of an idle site, so that no user waits."""
    clock = timeline("2026-02", 1, 60)
    zero, one, month = np.zeros(clock.steps), np.ones(clock.steps), np.ones((1, 1))
    series = Series(one, zero, one, zero, zero, zero, clock.month_ends, 1.0)
    scalars = {name: np.ones(1) for name in SCALAR_FIELDS} | {"energy_reserve_kwh": np.zeros(1)}
    scalars |= {"energy_min_kwh": np.zeros(1)}
    charge = PeakRate(np.ones(1, bool), np.ones(1))
    rates = Rates(month, 0 * month, (charge,), 1.0, 1.0)
    roll(clock, series, Lanes(**scalars, **dict.fromkeys(MONTHLY_FIELDS, month)), rates, 1.0)


def with_orders(series: Series, lane: Lanes, orders: StepOrders) -> tuple[Series, Lanes]:
    """Series and lane for `kernel.trace`: the dispatch rule under these orders."""
    run = series.with_orders(orders.action, orders.threshold_kw)
    return run, replace(lane, shave_kw=np.zeros_like(lane.shave_kw))


@dataclass(frozen=True, eq=False)
class Zones:
    """Demand charges with the same measured classes as one window, from large to small: the sets of windows that occur
    (`sim.optimum.slopes.Groups`), the set of each class, and the price per kW of each month and window."""

    groups: Groups
    group_of_class: Ints
    per_kw: Floats


def _zones(rates: Rates) -> Zones:
    months, classes = rates.energy_per_kwh.shape
    masks: dict[bytes, tuple[NDArray[np.bool_], Floats]] = {}
    for charge in rates.demand:
        mask, per_kw = masks.get(charge.measured.tobytes(), (charge.measured, np.zeros(months)))
        masks[charge.measured.tobytes()] = mask, per_kw + charge.per_kw
    windows = sorted(masks.values(), key=lambda found: -found[0].sum())
    sets: list[tuple[int, ...]] = [()]
    group_of_class = np.zeros(classes, dtype=np.int64)
    for k in range(classes):
        chain = tuple(number for number, (mask, _) in enumerate(windows) if mask[k])
        sets += [chain[:length] for length in range(1, len(chain) + 1) if chain[:length] not in sets]
        group_of_class[k] = sets.index(chain)
    parent = np.array([sets.index(found[:-1]) if found else 0 for found in sets])
    window = np.array([found[-1] if found else 0 for found in sets])
    per_kw = np.array([price for _, price in windows]).reshape(len(windows), months).T
    return Zones(Groups(parent, window), group_of_class, np.ascontiguousarray(per_kw))


def _numbered(
    clock: Timeline, series: Series, rates: Rates, set_per_kwh: float, eta_charge: float
) -> tuple[Floats, Ints]:
    """All prices in rising order, and the number of each source's price and of `KEPT` (SOURCES + 1, steps)."""
    at = clock.month_index, series.period
    of_step = np.zeros((SOURCES + 1, len(series.load_kw)))
    of_step[GRID], of_step[EXPORT] = rates.buy_per_kwh(*at), rates.earned_per_kwh(*at)
    of_step[GENSET], of_step[SHED] = set_per_kwh, rates.unserved_per_kwh
    billed = any(charge.per_kw.max(initial=0.0) > 0 for charge in rates.demand)
    of_step[KEPT] = of_step[GRID] * (1.0 if billed else eta_charge)  # as a price to charge at
    prices, number = np.unique(of_step, return_inverse=True)
    return prices, number.reshape(of_step.shape).astype(np.int64)


def _plant(clock: Timeline, series: Series, lane: Lanes, rates: Rates, set_per_kwh: float) -> Plant:
    charge, discharge = float(lane.charge_efficiency[0]), float(lane.discharge_efficiency[0])
    per_kw = sum(float(c.per_kw.max(initial=0.0)) for c in rates.demand)
    at = clock.month_index, series.period
    prices = [np.abs(rates.buy_per_kwh(*at)).max(), rates.earned_per_kwh(*at).max(), rates.unserved_per_kwh]
    dearest = max(*prices, set_per_kwh, 1e-3) + per_kw / series.step_h
    return Plant(charge, discharge, 0.0, float(series.step_h), PENALTY * float(dearest) / (charge * discharge))


@_called
def _priced(year, now, u):
    """The step whose prices stand for those of step `u` at the beginning of step `now`."""
    known = (now // year.per_day + 1) * year.per_day
    if now % year.per_day >= year.out_at:
        known += year.per_day
    if now == REAL or year.out_at == CALENDAR or u < known:
        return u
    at = u - WEEK * year.per_day
    while at < 0:
        at += year.per_day
    return at


@_called
def _fill(year, rules, view, now, first):
    """Write steps from `first` on into the view, as expected at the beginning of step `now`."""
    scalars, monthly = year.scalars, year.monthly
    room, count = np.zeros(SOURCES), len(view.demand_kw)
    loads, suns = year.steps[first : first + count, STEP_LOAD].copy(), year.steps[first : first + count, STEP_PV].copy()
    caution = 1.0
    if now != REAL:
        expected.expect(year, now, loads, suns)
        caution += CAUTION * year.erring[0]
    for i in range(count):
        u = first + i
        month = year.month_of[u]
        load = caution * loads[i] * monthly[LOAD_SCALE - N_SCALARS, 0, month] + scalars[AUXILIARY, 0]
        pv = suns[i] * scalars[PV_KWP, 0]
        limit = 0.0 if year.announced[u] and now != REAL else monthly[IMPORT_LIMIT - N_SCALARS, 0, month]
        export = min(scalars[EXPORT_LIMIT, 0], pv)
        beyond = max(load - pv - limit, 0.0)
        view.demand_kw[i] = load + export
        view.grid_kw[i] = min(limit, load + export + rules.kw)
        view.group[i] = year.group[u]
        room[PV], room[GRID], room[EXPORT], room[SHED] = pv, view.grid_kw[i], export, beyond
        room[GENSET] = min(beyond, monthly[SETS - N_SCALARS, 0, month] * scalars[SET_KW, 0])
        _sort(view, i, year.numbers[:, _priced(year, now, u)], room)


@_called
def _sort(view, i, numbers, room):
    """Put the sources of the view's step `i` that have room in order of price."""
    count = 0
    for kind in range(SOURCES):
        if room[kind] > 0.0:
            at = count
            while at > 0 and view.price[i, at - 1] > numbers[kind]:
                view.price[i, at] = view.price[i, at - 1]
                view.room[i, at] = view.room[i, at - 1]
                view.kind[i, at] = view.kind[i, at - 1]
                at -= 1
            view.price[i, at] = numbers[kind]
            view.room[i, at] = room[kind]
            view.kind[i, at] = kind
            count += 1
    view.count[i] = count
    view.grid_at[i] = -1
    for at in range(count):
        if view.kind[i, at] == GRID:
            view.grid_at[i] = at


@_called
def _cheapest(year, now, first, count):
    """Number of the price at which energy left at the end of the view is worth: the least of the first day."""
    least = year.numbers[KEPT, first]
    for u in range(first, first + min(count, year.per_day)):
        least = min(least, year.numbers[KEPT, _priced(year, now, u)])
    return least


@_called
def _rents(rules, view, ends, caps, sigma, rents):
    """What one kW more of each window's peak saves in the view (windows,), at the prices that start at `sigma`."""
    slopes, plant = rules.slopes, rules.plant
    rents[:] = 0.0
    for i in range(len(view.demand_kw)):
        group = view.group[i]
        if group > 0 and caps.kw[group] <= view.grid_kw[i] and view.grid_at[i] >= 0:
            price, _, _ = _site_price(i, -slopes.slope[sigma], view, slopes, plant, caps.kw[group], rules.kw)
            bought = slopes.price[view.price[i, view.grid_at[i]]]
            rents[caps.owner[group]] += max(price - bought, 0.0) * plant.step_h
        sigma = min(max(sigma, ends.head[i]), ends.tail[i])


@_called
def _look(rules, desk, view, peaks, start_kwh, end_slot, sigma, near, far, ranges):
    """Number of the slope of stored energy at the view's start with these peaks; the desk has the peaks' rents."""
    caps = _caps(rules.groups, peaks)
    slot = _backward(
        view,
        rules.slopes,
        rules.plant,
        caps,
        desk.ends,
        start_kwh,
        start_kwh,
        end_slot,
        rules.kw,
        rules.kwh,
        desk.length,
        desk.used,
        sigma,
        near,
        far,
        ranges,
    )
    if not ranges:
        _rents(rules, view, desk.ends, caps, slot, desk.rents)
    return slot


@_called
def _rent(rules, desk, view, peaks, k, start_kwh, end_slot):
    """What one kW more of peak `k` saves in the view."""
    none, no_levels = np.zeros(1, np.int64), np.zeros(1)
    _look(rules, desk, view, peaks, start_kwh, end_slot, none, no_levels, no_levels, False)
    return desk.rents[k]


@_called
def _least(rules, desk, view, peaks, k, low, high, weight, start_kwh, end_slot):
    """Raise peak `k` from `low` as long as one kW more saves more than `weight`."""
    peaks[k] = low
    if _rent(rules, desk, view, peaks, k, start_kwh, end_slot) <= weight:
        return
    for _ in range(HALVINGS):
        peaks[k] = (low + high) / 2
        if _rent(rules, desk, view, peaks, k, start_kwh, end_slot) > weight:
            low = peaks[k]
        else:
            high = peaks[k]
    peaks[k] = high


@_called
def _best_peak(rules, desk, view, peaks, k, floor, known, weight, wary, start_kwh, end_slot):
    """Raise peak `k` from its floor; up to the one `known` from the past a kW weighs what it costs, above it `wary`
    times that."""
    if known > floor:
        peaks[k] = known
        rent = _rent(rules, desk, view, peaks, k, start_kwh, end_slot)
        if rent <= weight:
            _least(rules, desk, view, peaks, k, floor, known, weight, start_kwh, end_slot)
            return
        if rent <= wary * weight:
            return
        floor = known
    top = max(view.demand_kw.max() + rules.kw, floor)
    _least(rules, desk, view, peaks, k, floor, top, wary * weight, start_kwh, end_slot)


@_called
def _best_peaks(rules, desk, view, peaks, floors, known, weights, wary, start_kwh, end_slot):
    """Raise each peak from its floor as long as one kW more saves more than it weighs; a window without a price holds
    nothing."""
    priced = 0
    for k in range(len(peaks)):
        priced += weights[k] > 0.0
        peaks[k] = floors[k] if weights[k] > 0.0 else max(view.demand_kw.max() + rules.kw, floors[k])
    for _ in range(1 if priced == 1 else ROUNDS):
        for k in range(len(peaks)):
            if weights[k] > 0.0:
                _best_peak(rules, desk, view, peaks, k, floors[k], known[k], weights[k], wary, start_kwh, end_slot)


@_called
def _choice(rules, view, slot, start_kwh, far, cap):
    """kWh the battery gives from its store in the view's first step (below 0: takes). Of equal choices the one that
    leaves most in it: the load may come higher than expected."""
    least, _ = _battery_range(0, slot, view, rules.slopes, rules.plant, cap, rules.kw)
    return max(least, start_kwh - far)


@_called
def _order(rules, desk, view, peaks, start_kwh, end_slot, scalars):
    """Order and threshold of the view's first step. What lies above the threshold is left to the rule, which meets the
    real load; ordered is what is bought or spared for its price."""
    count = len(view.demand_kw)
    sigma, near, far = np.zeros(count, np.int64), np.zeros(count), np.zeros(count)
    sigma[0] = _look(rules, desk, view, peaks, start_kwh, end_slot, sigma, near, far, False)
    _look(rules, desk, view, peaks, start_kwh, end_slot, sigma, near, far, True)
    held = _caps(rules.groups, peaks).kw[view.group[0]]
    cap, plant = min(view.grid_kw[0], held), rules.plant
    pv, export = 0.0, 0.0
    for i in range(view.count[0]):
        pv += view.room[0, i] if view.kind[0, i] == PV else 0.0
        export += view.room[0, i] if view.kind[0, i] == EXPORT else 0.0
    need = view.demand_kw[0] - export - pv
    given = _choice(rules, view, sigma[0], start_kwh, far[0], cap)
    if given > 0.0:
        power, above = given * plant.eta_discharge / plant.step_h, max(need - cap, 0.0)
        ordered = power / scalars[DISCHARGE_SET, 0] if power > above + LEAST * rules.kw else 0.0
    else:
        power, above = -given / (plant.eta_charge * plant.step_h), max(-need, 0.0)
        ordered = -(power - above) / scalars[CHARGE_SET, 0] if power > above + LEAST * rules.kw else 0.0
    return min(max(ordered, -1.0), 1.0), held


@_called
def _run(year, w, t, action, threshold, running):
    """One step of the dispatch rule in column 0 under an order; whether sets run."""
    steps = year.steps
    for row in range(HELD, N_ROWS):
        w[row * WIDTH] = 0.0
    w[SHAVE * WIDTH] = 0.0
    up, share = steps[t, STEP_GRID_UP], max(action, 0.0) * steps[t, STEP_GRID_UP]
    load_kw, pv, power = steps[t, STEP_LOAD], steps[t, STEP_PV], steps[t, STEP_DISCHARGE_POWER]
    _supply(w, 0, False, load_kw, pv, up, share, 0.0, threshold, 0.0, power)
    if w[DEFICIT * WIDTH] > 0.0 or running:
        _run_sets(w, 0, steps[t, STEP_LOAD], steps[t, STEP_CHARGE_POWER])
    running = w[DEFICIT * WIDTH] > 0.0
    share = year.refill if action == 0.0 else max(-action, 0.0)
    charging = 1.0 if action < 0.0 else 0.0
    export, power = steps[t, STEP_EXPORT], steps[t, STEP_CHARGE_POWER]
    _charge(w, 0, False, export, charging, 1.0, share, steps[t, STEP_KEEP_WINDOW], power)
    return running


@_called
def _part(view, count):
    """The first steps of a view."""
    return Steps(
        view.demand_kw[:count],
        view.price[:count],
        view.room[:count],
        view.kind[:count],
        view.count[:count],
        view.grid_at[:count],
        view.grid_kw[:count],
        view.floor[:count],
        view.top[:count],
        view.group[:count],
    )


@_called
def _peaks_of_past(year, rules, desk, day, begun_kwh, out):
    """The peaks that would have been best over the last days before `day` (windows,), by what was measured."""
    days = min(day, DAYS_HELD)
    first = (day - days) * year.per_day
    view = _part(desk.space, days * year.per_day)
    _fill(year, rules, view, REAL, first)
    month = year.month_of[first]
    begin = year.month_ends[month - 1] if month else 0
    weights = year.per_kw[month] * (days * year.per_day / (year.month_ends[month] - begin))
    end_slot = np.int64(rules.slopes.charge[_cheapest(year, REAL, first, year.per_day)])
    none = np.zeros(len(out))
    _best_peaks(rules, desk, view, out, none, none, weights, 1.0, begun_kwh[day - days], end_slot)


@_called
def _decide(year, rules, desk, t, energy, so_far, past):
    """Order and threshold of step `t`, from the energy stored and the peaks known at its beginning."""
    reserve = year.scalars[RESERVE, 0]
    floors = np.maximum(so_far, (1.0 - (1.0 - FLOOR) * year.erring[1]) * past)
    count = min(expected.VIEW_DAYS * year.per_day, len(year.steps) - t)
    view = _part(desk.space, count)
    _fill(year, rules, view, t, t)
    month = year.month_of[t]
    weights = year.per_kw[month] * min(1.0, count / (year.month_ends[month] - t))
    start_kwh = min(max(energy, reserve), rules.kwh)
    end_slot = np.int64(rules.slopes.charge[_cheapest(year, t, t, count)])
    peaks = np.zeros(len(floors))
    _best_peaks(rules, desk, view, peaks, floors, past, weights, WARY, start_kwh, end_slot)
    ordered, held = _order(rules, desk, view, peaks, start_kwh, end_slot, year.scalars)
    return ordered if energy >= reserve else 0.0, held if held < FAR else rule.NO_LIMIT_KW


@_called
def _note_how_it_errs(year, t):
    """How far load and sun were off over the last days before step `t`, a day's midnight."""
    load, sun, greatest, first = 0.0, 0.0, 1e-9, max(year.per_day, t - DAYS_HELD * year.per_day)
    for u in range(first, t):
        scale = year.monthly[LOAD_SCALE - N_SCALARS, 0, year.month_of[u]]
        greatest = max(greatest, year.steps[u, STEP_LOAD] * scale)
        load += (year.memory.error[expected.LOAD, u] * scale) ** 2
        sun += (year.memory.error[expected.SUN, u] * year.scalars[PV_KWP, 0]) ** 2
    year.erring[0] = min(1.0, np.sqrt(load / max(t - first, 1)) / (ERRING * greatest))
    load, sun = np.sqrt(load), np.sqrt(sun)
    year.erring[1] = min(1.0, 2.0 * load / (load + sun)) if load > 0.0 else 0.0


def _roll_year(year, rules, desk, w, action, threshold):
    windows, days = year.per_kw.shape[1], len(year.kind)
    so_far, past, begun_kwh = np.zeros(windows), np.zeros(windows), np.zeros(days)
    _load_lane(w, 0, year.scalars, 0, rules.plant.step_h)
    running, month = False, -1
    for t in range(len(year.steps)):
        if year.month_of[t] != month:
            month = year.month_of[t]
            _load_month(w, 0, year.scalars, year.monthly, 0, month)
            so_far[:] = 0.0
        if t >= year.per_day:
            expected.note_error(year, t - 1)
        if t % year.per_day == 0:
            if t // year.per_day >= expected.LEARNED_FROM - 1:
                expected.learn(year, t // year.per_day)
            begun_kwh[t // year.per_day] = max(w[ENERGY * WIDTH], year.scalars[RESERVE, 0])
            if t > 0 and windows:
                _note_how_it_errs(year, t)
                _peaks_of_past(year, rules, desk, t // year.per_day, begun_kwh, past)
        connected = year.monthly[IMPORT_LIMIT - N_SCALARS, 0, month] > 0.0
        if connected and year.steps[t, STEP_GRID_UP] > 0.0:
            action[t], threshold[t] = _decide(year, rules, desk, t, w[ENERGY * WIDTH], so_far, past)
        running = _run(year, w, t, action[t], threshold[t], running)
        group = year.group[t]
        while group > 0:
            window = rules.groups.window[group]
            so_far[window] = max(so_far[window], w[WINDOW * WIDTH] / year.window_steps)
            group = rules.groups.parent[group]


_roll = Kernel(_roll_year, builds_on=(rule, slope_lists, expected))
