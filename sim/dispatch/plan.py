"""The plain rule's plan: from what is known at midnight, up to where the battery is filled and emptied in each step.

For a convex cost the best control of a store is two levels a step: below the one it buys, above the other it gives,
between it waits. Both follow from what a stored kWh is worth for the rest of the plan; what load and sun really do only
moves the charge between them. Each midnight the plan of two days is made from the tariff's calendar, or from what a
market has published for today and tomorrow, an ordinary day
(the load's mean over the last days of its kind, the PV's over the last days), and a ceiling for billed imports. Nothing
later than the step before midnight enters it.

The ceiling is what the month has billed so far, or the peak that would have cost least over the last four weeks,
whichever is higher; of the last three months' the highest holds, for what was needed once comes again. Both, and the
levels, are worked out on a nominal run: the battery as new, a year without outages, the rule of `sim.dispatch.rule`.

Energies here are kWh inside the battery above the reserve, 0 ... span; worths are money per such kWh.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from hashlib import sha256
from threading import Lock
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.compiled import OPTIONS, Kernel
from sim.dispatch import kernel, outlook, rule
from sim.dispatch.batch import Lanes, Series
from sim.dispatch.outlook import CALENDAR_DAYS, VIEW_DAYS, View, Year, _ahead, _least_worth, _ordinary, _past
from sim.dispatch.rule import (
    HELD,
    N_ROWS,
    STEP_ABOVE_SHAVE,
    STEP_CHARGE_SHARE,
    STEP_CHARGE_TO,
    STEP_DISCHARGING,
    STEP_GIVE_TO,
    STEP_LOAD,
    STEP_SUN_TO,
    WIDTH,
    WINDOW,
    _load_lane,
    _load_month,
    _run_step,
)

PLANS_KEPT = 8  # of 0.25 to 1 MB each: what changes neither load, sun, tariff nor battery plans nothing anew
PAST_DAYS = 28  # the last days whose cheapest peak is the ceiling,
PAST_MONTHS = 3  # and of so many months the highest
EARLY = (1, 2, 3, 5, 7, 10, 14, 21)  # days of the first month on which its ceiling is worked out anew
TIE = 1e-9
NARROWED = 1e-3  # of the greatest need: as near as a peak is looked for
GOLDEN = 0.6180339887498949
UNKNOWN = 1e300
# Share of the demand saved that a cut may cost in energy in a term of under a year, too short to win a lost one back;
# how many times that where the load moves, whose peaks are short; and from how many times its mean on the greatest load
# is one that moves. Set by trial on short terms under single prices, most of them flat loads with PV.
SHORT_STAKE, MOVING_STAKE, MOVES = 0.1, 3.0, 1.02
DEAR = 1e3  # times the dearest kWh and kW: what lies above a ceiling is met first
SEEN, RATCHET, DECLARED = range(3)  # what a ceiling comes from: the last weeks or months, what is billed or paid anyway
SOURCES = 4  # to the load above the ceiling, to the load, from the grid, from the sun

# Power into and out of the battery, kW; efficiencies; hours of a step; kWh above the reserve.
Battery = namedtuple("Battery", "kw charge_kw discharge_kw eta_charge eta_discharge step_h span_kwh")
# What is asked of the rule: kW typed as threshold of each month and class (months, K), huge where none; whether a
# ceiling is found where none is typed, and the grid charges; kW of each charge that are paid for anyway; share of the
# greatest peak of so many months before that is billed in any case, and which months count; and what share of a demand
# charge saved a cut may cost in energy.
Terms = namedtuple("Terms", "typed finds buys paid_kw ratchet ratchet_months ratchet_counts stake")
# Found: shares of the span in each step (n,), the ceiling of each day and class (days, K), kW, and what it comes from.
Found = namedtuple("Found", "charge_to give_to sun_to ceiling cause")
# Measured steps from `first` on whose cheapest peaks are looked for; weights: price per kW of each charge in them;
# greatest: the need that each measures.
Case = namedtuple("Case", "year battery seen first weights greatest limit_of dear worth top_kw levels")

_called = njit(**OPTIONS)


@_called
def _queue_up(worth, kwh, view, t, battery, dear):
    """What step `t` asks of the battery and offers it, dearest first, as worth and kWh in it; and the kWh it offers."""
    need, cap = view.need[t], view.cap[t]
    above = min(max(need - cap, 0.0), battery.kw)
    give = min(max(need - above, 0.0), min(battery.discharge_kw, battery.kw - above))
    grid = min(max(cap - need, 0.0), battery.charge_kw)
    sun = min(view.surplus[t], battery.kw)
    buy, credit = view.price[t], max(view.credit[t], 0.0)
    if buy < credit:
        sun = min(sun, battery.kw - grid)
    else:
        grid = min(grid, battery.kw - sun)
    stores, gives = battery.eta_charge * battery.step_h, battery.step_h / battery.eta_discharge
    worth[0], kwh[0] = dear * battery.eta_discharge, above * gives
    worth[1], kwh[1] = buy * battery.eta_discharge, give * gives
    worth[2], kwh[2] = buy / battery.eta_charge, grid * stores
    worth[3], kwh[3] = credit / battery.eta_charge, sun * stores
    offered = kwh[2] + kwh[3]
    for i in range(1, SOURCES):
        w, e, j = worth[i], kwh[i], i
        while j > 0 and worth[j - 1] < w:
            worth[j], kwh[j] = worth[j - 1], kwh[j - 1]
            j -= 1
        worth[j], kwh[j] = w, e
    return offered


@_called
def _take_turn(held, held_kwh, count, worth, kwh, offered, span, out, out_kwh):
    """The battery's kWh and the step's, dearest first, without the first `offered`: what a kWh is worth before the
    step. Returns how many pieces there are."""
    i, j, found, left = 0, 0, 0, span
    while left > 0.0 and (i < count or j < SOURCES):
        if j >= SOURCES or (i < count and held[i] >= worth[j]):
            w, e = held[i], held_kwh[i]
            i += 1
        else:
            w, e = worth[j], kwh[j]
            j += 1
        cut = min(offered, e)
        offered -= cut
        e = min(e - cut, left)
        if e > 0.0:
            left -= e
            if found and out[found - 1] == w:
                out_kwh[found - 1] += e
            else:
                out[found], out_kwh[found] = w, e
                found += 1
    if left > 0.0 and found:  # only by rounding
        out_kwh[found - 1] += left
    return found


@_called
def _above(held, held_kwh, count, least):
    """kWh in the battery that are worth at least so much."""
    kwh = 0.0
    for i in range(count):
        if held[i] < least:
            break
        kwh += held_kwh[i]
    return kwh


@_called
def _plan(view, battery, dear, end, late, charge_to, give_to, sun_to):
    """Levels of each step of the view, kWh; returns the kWh at its start that are worth at least `end`, which is what
    one left at its end is worth. Backward: before a step the battery's best kWh are those of the queue that its own and
    the step's form by worth. `late`: of equal hours the later is served, so that energy is there when a peak comes."""
    most = SOURCES * (len(view.need) + 1)
    held, held_kwh, other, other_kwh = np.zeros(most), np.zeros(most), np.zeros(most), np.zeros(most)
    worth, kwh = np.zeros(SOURCES), np.zeros(SOURCES)
    held[0], held_kwh[0], count = end, battery.span_kwh, 1
    for t in range(len(view.need) - 1, -1, -1):
        price, tie = view.price[t], TIE * max(1.0, abs(view.price[t]))
        sold = price * battery.eta_discharge
        charge_to[t] = _above(held, held_kwh, count, price / battery.eta_charge - tie)
        give_to[t] = max(_above(held, held_kwh, count, sold - tie if late else sold + tie), charge_to[t])
        sun_to[t] = _above(held, held_kwh, count, max(view.credit[t], 0.0) / battery.eta_charge - tie)
        offered = _queue_up(worth, kwh, view, t, battery, dear)
        count = _take_turn(held, held_kwh, count, worth, kwh, offered, battery.span_kwh, other, other_kwh)
        held, held_kwh, other, other_kwh = other, other_kwh, held, held_kwh
    return _above(held, held_kwh, count, end)


@_called
def _cost(view, battery, dear, end, charge_to, give_to, sun_to):
    """Cost of the view when everything in it is known beforehand, the battery bought full as it pays and sold at the
    end."""
    stored = _plan(view, battery, dear, end, False, charge_to, give_to, sun_to)
    cost = end * stored
    stores, gives = battery.eta_charge * battery.step_h, battery.step_h / battery.eta_discharge
    for t in range(len(view.need)):
        need, cap = view.need[t], view.cap[t]
        able = min(battery.kw, stored / gives)
        sold = min(min(need, battery.discharge_kw), max(stored - give_to[t], 0.0) / gives)
        given = min(able, max(need - cap, sold))
        room = min(battery.kw, (battery.span_kwh - stored) / stores)
        sun = min(room, min(view.surplus[t], max(sun_to[t] - stored, 0.0) / stores))
        bought = min(min(battery.charge_kw, room - sun), (charge_to[t] - stored) / stores - sun)
        bought = max(min(bought, cap - need), 0.0)
        imported = need - given + bought
        earned = max(view.credit[t], 0.0) * (view.surplus[t] - sun)
        cost += battery.step_h * (view.price[t] * imported - earned + dear * max(imported - cap, 0.0))
        stored = min(max(stored + (sun + bought) * stores - given * gives, 0.0), battery.span_kwh)
    return cost - end * stored


@_called
def _greatest(year, charge, first, view):
    """The greatest need of the view's steps that a charge measures."""
    greatest = 0.0
    for i in range(len(view.need)):
        if year.measured[charge, year.period[first + i]]:
            greatest = max(greatest, view.need[i])
    return greatest


@_called
def _held_cost(case, peaks):
    """Cost of the measured steps with the peaks (charges,) held, demand included."""
    year, view = case.year, case.seen
    for i in range(len(view.need)):
        held = case.limit_of[year.month_of[case.first + i]]
        for charge in range(len(peaks)):
            if case.weights[charge] > 0.0 and year.measured[charge, year.period[case.first + i]]:
                held = min(held, peaks[charge])
        view.cap[i] = held
    charge_to, give_to, sun_to = case.levels[0], case.levels[1], case.levels[2]
    return _cost(view, case.battery, case.dear, case.worth, charge_to, give_to, sun_to) + (case.weights * peaks).sum()


@_called
def _trial(section):
    """Where a golden section (low, high, cost at the lower point, at the upper) looks next."""
    low, high, cost, _ = section
    return high - GOLDEN * (high - low) if cost == UNKNOWN else low + GOLDEN * (high - low)


@_called
def _narrow(section, cost):
    """Take in the cost of the last trial; where both points have one, drop the end beyond the dearer."""
    low, high, lower, upper = section
    if lower == UNKNOWN:
        lower = cost
    else:
        upper = cost
    if lower < UNKNOWN and upper < UNKNOWN:
        step = GOLDEN * (high - low)
        if lower <= upper:
            return low, low + step, UNKNOWN, lower
        return high - step, high, upper, UNKNOWN
    return low, high, lower, upper


@_called
def _settled(case, charge, section):
    """A section's upper end, or a charge's greatest need where it lies in the section: a hair above that the battery
    would charge, and set a peak for nothing."""
    greatest = case.greatest[charge]
    return greatest if section[0] <= greatest < section[1] else section[1]


@_called
def _least_by(case, charge, peaks):
    """Move one charge's peak to where the measured steps cost least, which is convex in it; returns that cost."""
    section = (0.0, case.top_kw, UNKNOWN, UNKNOWN)
    while section[1] - section[0] > NARROWED * case.top_kw:
        peaks[charge] = _trial(section)
        section = _narrow(section, _held_cost(case, peaks))
    peaks[charge] = _settled(case, charge, section)
    return _held_cost(case, peaks)


@_called
def _least_by_both(case, first, second, peaks):
    """Move two charges' peaks to where the measured steps cost least: for each trial of one the other's best."""
    section = (0.0, case.top_kw, UNKNOWN, UNKNOWN)
    while section[1] - section[0] > NARROWED * case.top_kw:
        peaks[first] = _trial(section)
        section = _narrow(section, _least_by(case, second, peaks))
    peaks[first] = _settled(case, first, section)
    _least_by(case, second, peaks)


@_called
def _cheapest_peaks(year, battery, stake, month, first, view, limit_of, dear, levels, out):
    """The peaks (charges,) that would cost least over the view, which begins at step `first`, at a month's price of
    demand; huge for a charge that this month does not have. Where cutting them costs more energy than the share `stake`
    of the demand it saves, nothing is cut."""
    begun = year.month_ends[month - 1] if month else 0
    weights = year.per_kw[month] * (len(view.need) / (year.month_ends[month] - begun))
    top = view.need.max() + battery.kw
    greatest = np.array([_greatest(year, charge, first, view) for charge in range(len(weights))])
    worth = _least_worth(view.price, battery, True, True)
    case = Case(year, battery, view, first, weights, greatest, limit_of, dear, worth, top, levels)
    peaks = np.full(len(weights), top)
    before = -1
    for charge in range(len(weights)):
        if weights[charge] > 0.0:
            if before >= 0:
                _least_by_both(case, before, charge, peaks)
            else:
                _least_by(case, charge, peaks)
            before = charge
    if stake < 1.0:
        uncut = np.maximum(peaks, greatest)
        saved = (weights * (uncut - peaks)).sum()
        if _held_cost(case, peaks) - _held_cost(case, uncut) > (stake - 1.0) * saved:
            peaks[:] = uncut
    for charge in range(len(weights)):
        out[charge] = peaks[charge] if weights[charge] > 0.0 else rule.NO_LIMIT_KW


@_called
def _billed(year, month, k, peak_of):
    """The peak up to which imports of class `k` cost no more demand this month; `peak_of` (K,): billed so far."""
    least = rule.NO_LIMIT_KW
    for charge in range(year.per_kw.shape[1]):
        if year.measured[charge, k] and year.per_kw[month, charge] > 0.0:
            greatest = 0.0
            for other in range(len(peak_of)):
                if year.measured[charge, other]:
                    greatest = max(greatest, peak_of[other])
            least = min(least, greatest)
    return least if least < rule.NO_LIMIT_KW else 0.0


@_called
def _ceiling(year, terms, month, k, peaks, causes):
    """What imports of class `k` are held to in a month, by the threshold typed or the charges' peaks, and its cause."""
    if not terms.finds:
        return terms.typed[month, k], SEEN
    least, cause = rule.NO_LIMIT_KW, SEEN
    for charge in range(len(peaks)):
        if year.measured[charge, k] and year.per_kw[month, charge] > 0.0 and peaks[charge] < least:
            least, cause = peaks[charge], causes[charge]
    return least, cause


@_called
def _held_view(year, terms, day, view, peaks, causes, peak_of, limit_of):
    """Ordinary days under the ceiling; whether it holds anything below what the grid can give."""
    _ordinary(year, day, view, limit_of)
    today, held = year.month_of[day * year.per_day], False
    for i in range(len(view.need)):
        t = (day * year.per_day + i) % len(year.price)
        month, k = year.month_of[t], year.period[t]
        ceiling, _ = _ceiling(year, terms, month, k, peaks, causes)
        if month == today:
            ceiling = max(ceiling, _billed(year, month, k, peak_of))
        held = held or ceiling < view.cap[i]
        view.cap[i] = min(view.cap[i], ceiling)
    return held


@_called
def _renewed(year, battery, terms, day, limit_of, dear, levels, past, billed, peaks, causes):
    """Work the charges' peaks out anew at midnight of `day`, and where each comes from: the highest of the last
    months, and no lower than what is paid for anyway. Returns whether it pays to keep the battery full for a peak: in
    a short term only where a peak is to be cut."""
    month, first = year.month_of[day * year.per_day], max(0, day - PAST_DAYS) * year.per_day
    if day > 0:
        seen = _past(year, first, day * year.per_day, limit_of)
    else:
        n = VIEW_DAYS * year.per_day
        seen = View(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n))
        _ordinary(year, 0, seen, limit_of)
    load = year.steps[first : day * year.per_day, STEP_LOAD]
    moves = day == 0 or load.max() > MOVES * load.mean()
    stake = min(1.0, terms.stake * (MOVING_STAKE if moves else 1.0))
    _cheapest_peaks(year, battery, stake, month, first, seen, limit_of, dear, levels, past[month])
    causes[:], cuts = SEEN, False
    for charge in range(len(peaks)):
        known = past[month, charge]
        for back in range(1, PAST_MONTHS):
            if month >= back and past[month - back, charge] < rule.NO_LIMIT_KW:
                known = max(known, past[month - back, charge])
        for back in range(1, terms.ratchet_months + 1):
            if month >= back and terms.ratchet_counts[month - back]:
                held = terms.ratchet * billed[month - back, charge]
                known, causes[charge] = max(known, held), RATCHET if held > known else causes[charge]
        peaks[charge] = max(known, terms.paid_kw[charge])
        causes[charge] = DECLARED if terms.paid_kw[charge] > known else causes[charge]
        cuts = cuts or peaks[charge] < _greatest(year, charge, first, seen)
    return cuts or terms.stake == 1.0 or day == 0


@_called
def _share(kwh, battery):
    """Of the span; what rounding leaves beside nothing and all is nothing and all."""
    share = kwh / battery.span_kwh
    return 0.0 if share < TIE else 1.0 if share > 1.0 - TIE else share


@_called
def _run_day(year, day, w, found, peak_of):
    """Run the dispatch rule through the day by the levels found, and read its demand meters."""
    for t in range(day * year.per_day, (day + 1) * year.per_day):
        row, k, month = year.steps[t], year.period[t], year.month_of[t]
        row[STEP_CHARGE_TO], row[STEP_GIVE_TO], row[STEP_SUN_TO] = found.charge_to[t], found.give_to[t], found.sun_to[t]
        row[STEP_CHARGE_SHARE] = 1.0 if found.charge_to[t] > 0.0 else row[STEP_CHARGE_SHARE]
        row[STEP_DISCHARGING] = 1.0 if found.give_to[t] < 1.0 else 0.0
        row[STEP_ABOVE_SHAVE] = found.ceiling[day, k]
        for i in range(HELD, N_ROWS):
            w[i * WIDTH] = 0.0
        w[HELD * WIDTH] = _billed(year, month, k, peak_of)
        _run_step(year.steps, t, 1.0, False, w)
        peak_of[k] = max(peak_of[k], w[WINDOW * WIDTH] / year.window_steps)


def _plan_year(year, battery, terms, limit_of, dear, w, found):
    n, charges = VIEW_DAYS * year.per_day, year.per_kw.shape[1]
    view = View(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n))
    levels, space = np.zeros((3, n)), np.zeros((3, PAST_DAYS * year.per_day))
    peaks, peak_of = np.full(charges, rule.NO_LIMIT_KW), np.zeros(year.measured.shape[1])
    billed = np.zeros((len(year.month_ends), charges))
    past, causes = np.full(billed.shape, rule.NO_LIMIT_KW), np.zeros(charges, np.int64)
    _load_lane(w, 0, year.scalars, 0, battery.step_h)
    month, since, keeps_full = -1, 0, True
    for day in range(len(year.kind)):
        if year.month_of[day * year.per_day] != month:
            for charge in range(charges if month >= 0 else 0):
                for k in range(len(peak_of)):
                    if year.measured[charge, k]:
                        billed[month, charge] = max(billed[month, charge], peak_of[k])
            month, since = year.month_of[day * year.per_day], 0
            _load_month(w, 0, year.scalars, year.monthly, 0, month)
            peak_of[:] = 0.0
        if terms.finds and charges and (since == 0 or (month == 0 and since in EARLY)):
            keeps_full = _renewed(year, battery, terms, day, limit_of, dear, space, past, billed, peaks, causes)
        for k in range(len(peak_of)):
            found.ceiling[day, k], found.cause[day, k] = _ceiling(year, terms, month, k, peaks, causes)
        held = _held_view(year, terms, day, view, peaks, causes, peak_of, limit_of)
        _plan(view, battery, dear, _ahead(year, day, battery, held, keeps_full), held, levels[0], levels[1], levels[2])
        for slot in range(year.per_day):
            t = day * year.per_day + slot
            found.charge_to[t] = _share(levels[0, slot], battery) if terms.buys else 0.0
            found.give_to[t] = _share(levels[1, slot], battery)
            found.sun_to[t] = _share(levels[2, slot], battery)
        _run_day(year, day, w, found, peak_of)
        since += 1


_plan_levels = Kernel(_plan_year, builds_on=(rule, outlook))


def levels(
    series: Series,
    lane: Lanes,
    kind: NDArray[np.int64],
    price: Floats,
    credit: Floats,
    per_kw: Floats,
    measured: NDArray[np.bool_],
    terms: Terms,
    known_days: int = CALENDAR_DAYS,
    ends: bool = False,
) -> Found:
    """The plain rule's levels and ceilings of a year.

    `series`: load, PV and calendar; its orders and outages are not looked at. `lane`: the nominal hybrid, one lane;
    `kind` (days,): kind of each day; `price` and `credit` (n,) per kWh; `per_kw` (months, charges) and `measured`
    (charges, K): the demand charges; `known_days`: for how many days from a midnight on the prices are known;
    `ends`: the term ends with the year.
    """
    battery = _battery(lane, series.step_h)
    year = _year(series, lane, kind, price, credit, per_kw, measured, known_days, ends)
    limit_of = np.ascontiguousarray(lane.import_limit_kw[0])
    key = _print_of((*year, *battery, *terms, limit_of))
    found = _plans.get(key)
    if found is None:
        found = _made(year, battery, terms, limit_of)
        with _plans_lock:
            while len(_plans) >= PLANS_KEPT:
                del _plans[next(iter(_plans))]
            _plans[key] = found
    return found


_plans: dict[bytes, Found] = {}  # the last ones made; not to be written to
_plans_lock = Lock()


def _print_of(parts: Iterable[Any]) -> bytes:
    """A print of all that a plan depends on."""
    found = sha256()
    for part in parts:
        array = np.asarray(part)
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.digest()


def _made(year: Year, battery: Battery, terms: Terms, limit_of: Floats) -> Found:
    n, dearest = len(year.price), max(np.abs(year.price).max(), np.abs(year.credit).max())
    dearest += year.per_kw.sum(axis=1).max(initial=0.0) / battery.step_h
    ceiling = np.full((len(year.kind), year.measured.shape[1]), rule.NO_LIMIT_KW)
    found = Found(np.zeros(n), np.ones(n), np.ones(n), ceiling, np.zeros(ceiling.shape, np.int64))
    if battery.span_kwh > 0 and battery.kw > 0:
        dear = DEAR * max(float(dearest), 1e-6)
        _plan_levels(year, battery, terms, limit_of, dear, kernel._aligned(N_ROWS * WIDTH), found)
    for part in found:
        part.flags.writeable = False
    return found


def _battery(lane: Lanes, step_h: float) -> Battery:
    return Battery(
        float(lane.battery_kw[0]),
        float(lane.charge_set_kw[0]),
        float(lane.discharge_set_kw[0]),
        float(lane.charge_efficiency[0]),
        float(lane.discharge_efficiency[0]),
        float(step_h),
        float(lane.energy_max_kwh[0] - lane.energy_reserve_kwh[0]),
    )


def _year(series, lane, kind, price, credit, per_kw, measured, known_days, ends) -> Year:
    steps = series.steps.copy()
    steps[:, rule.STEP_GRID_UP] = 1.0
    steps[:, STEP_CHARGE_SHARE], steps[:, rule.STEP_EXPORT] = series.refill_share, credit >= 0
    return Year(
        steps,
        np.repeat(np.arange(len(series.month_ends)), np.diff(series.month_ends, prepend=0)),
        series.month_ends,
        kind,
        np.ascontiguousarray(price),
        np.ascontiguousarray(credit),
        np.ascontiguousarray(series.classes[:, 1]),
        lane.scalars,
        lane.monthly.copy(),
        per_kw,
        measured,
        float(series.demand_window_steps),
        round(24 / series.step_h),
        known_days,
        ends,
    )
