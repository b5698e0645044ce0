"""Slope lists: the least cost of a month as a function of the energy stored, and a cut that never exceeds it.

`docs/optimal.md` has the derivation. A step's sources stand in order of price (PV at 0, grid, sets, shedding, and
"not exporting", which costs the credit). Every slope that can occur is -price / eta_charge, (wear - price) x
eta_discharge or the penalty, so all slopes of a term are known before the first step: they are sorted once, and a slope
list is an array of lengths by slope number, with a bit set for every number in use. Merging lists is adding lengths.

Slope numbers are compared and copied, never positions: a sliver of rounding can make a cut loose but never wrong.
"""

from collections import namedtuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sim.compiled import Kernel, in_place, inlined

PV, GRID, GENSET, EXPORT, SHED = 0, 1, 2, 3, 4  # kinds of source; shedding tiers are SHED, SHED + 1, ...
SETS = SHED  # where a programme has grown, its last-resort sets are the first tier
FAR = 1e300  # beyond any price
FIXED_END = -1  # no slope: the term ends at a given level
BITS = 64
# A cut's columns: constant, per kWh at the start and at the end, per unit of each size, per kW of each peak. Of the
# sizes, power and energy act through the battery, those from GROWN on through what they bring to the balance.
SIZES, GROWN, PEAKS = 3, 2, 7

# Per step (rows) and place in the order of price (columns): number of the price, room in kW, kind of source.
# count: sources of the step; grid_at: place of the grid, -1 if it has no room; group: number of its set of windows.
Steps = namedtuple("Steps", "demand_kw price room kind count grid_at grid_kw floor top group")
# Sets of demand windows: each is a smaller set and one more window, the smallest so far; group 0 has none.
Groups = namedtuple("Groups", "parent window")
# By number of the price: the price, and the numbers of its slopes; by number of the slope: the slope.
# The first and the last slope are minus and plus the penalty; `unmet` is the number of discharging into unmet load.
Slopes = namedtuple("Slopes", "price charge discharge slope unmet")
Plant = namedtuple("Plant", "eta_charge eta_discharge wear step_h penalty")
# What a backward pass leaves for the cut: first and last slope number at the end of each step.
Ends = namedtuple("Ends", "head tail")
# What grows with the plant (`sim.optimum.model.Growth`), beside load, PV and export limit without it; places are those
# of Steps, -1 where a step has none. `owned` is True where PV, not the limit, bounds the export at the trial point.
Growing = namedtuple(
    "Growing",
    "on load_kw pv_kw export_limit_kw credit pv_per_kwp pv_at export_at owned open sets_at sets_price per_kwh",
)
# Import cap of each group of windows at a trial point, and the window that sets it (-1: none).
Caps = namedtuple("Caps", "kw owner")


@intrinsic
def _lowest_bit(typing, word):
    def build(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), build


@intrinsic
def _leading_zeros(typing, word):
    def build(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), build


@in_place
def _mark(used, slot):
    used[slot >> 6] |= np.uint64(1) << np.uint64(slot & 63)


@in_place
def _unmark(used, slot):
    used[slot >> 6] &= ~(np.uint64(1) << np.uint64(slot & 63))


@in_place
def _next(used, slot):
    """The first slope number in use from `slot` on; one must exist."""
    at = slot >> 6
    word = used[at] >> np.uint64(slot & 63)
    if word != 0:
        return slot + np.int64(_lowest_bit(word))
    at += 1
    while used[at] == 0:
        at += 1
    return at * 64 + np.int64(_lowest_bit(used[at]))


@in_place
def _previous(used, slot):
    """The last slope number in use up to `slot`; one must exist."""
    at = slot >> 6
    word = used[at] << np.uint64(63 - (slot & 63))
    if word != 0:
        return slot - np.int64(_leading_zeros(word))
    at -= 1
    while used[at] == 0:
        at -= 1
    return at * 64 + 63 - np.int64(_leading_zeros(used[at]))


def _distinct(prices, found, number):
    """Number the different prices of an array in the order met; returns how many, or -1 if `found` is too short."""
    known = 0
    last = -1
    for t in range(len(prices)):
        if last < 0 or found[last] != prices[t]:
            last = 0
            while last < known and found[last] != prices[t]:
                last += 1
            if last == known:
                if known == len(found):
                    return -1
                found[known] = prices[t]
                known += 1
        number[t] = last
    return known


distinct = Kernel(_distinct)


def _sort_sources(number, room, out_number, out_room, out_kind, count, grid_at):
    """Each step's sources with room, cheapest first; number (grows with the price) and room are (kinds, steps)."""
    kinds, n = number.shape
    for t in range(n):
        at = 0
        grid_at[t] = -1
        for k in range(kinds):
            if room[k, t] > 0.0:
                i = at
                while i > 0 and out_number[t, i - 1] > number[k, t]:
                    out_number[t, i] = out_number[t, i - 1]
                    out_room[t, i] = out_room[t, i - 1]
                    out_kind[t, i] = out_kind[t, i - 1]
                    i -= 1
                out_number[t, i] = number[k, t]
                out_room[t, i] = room[k, t]
                out_kind[t, i] = k
                at += 1
        for i in range(at):
            if out_kind[t, i] == GRID:
                grid_at[t] = i
        count[t] = at


sort_sources = Kernel(_sort_sources)


def _group_steps(first, steps, group, parent, window):
    """Number the sets of windows that occur; window k holds steps[first[k]:first[k + 1]], windows from large to small.

    Returns the number of groups, at most one more than all windows have steps.
    """
    known = 1
    fresh = np.zeros(len(parent), np.int64)
    for k in range(len(first) - 1):
        start = known
        for i in range(first[k], first[k + 1]):
            old = group[steps[i]]
            if fresh[old] < start:
                parent[known] = old
                window[known] = k
                fresh[old] = known
                known += 1
            group[steps[i]] = fresh[old]
    return known


group_steps = Kernel(_group_steps)


def _grow(growing, kwh, kwp, set_kw, steps):
    """Write demand and rooms of a plant of this size into `steps`; a kWh more demand is a kWh more to export."""
    for t in range(len(steps.demand_kw)):
        pv = growing.pv_kw[t] + growing.pv_per_kwp[t] * kwp
        export = min(pv, growing.export_limit_kw[t])
        growing.owned[t] = pv <= growing.export_limit_kw[t]
        steps.demand_kw[t] = growing.load_kw[t] + growing.per_kwh * kwh + export
        if growing.pv_at[t] >= 0:
            steps.room[t, growing.pv_at[t]] = pv
        if growing.export_at[t] >= 0:
            steps.room[t, growing.export_at[t]] = export
        if growing.sets_at[t] >= 0:
            steps.room[t, growing.sets_at[t]] = growing.open[t] * set_kw


grow = Kernel(_grow)


@inlined
def _caps(groups, peaks):
    """Import cap of each group: the least peak of its windows; of equal ones the most special window owns it."""
    caps = Caps(np.empty(len(groups.parent)), np.empty(len(groups.parent), np.int64))
    caps.kw[0] = FAR
    caps.owner[0] = -1
    for g in range(1, len(groups.parent)):
        parent = groups.parent[g]
        peak = peaks[groups.window[g]]
        own = peak <= caps.kw[parent]
        caps.kw[g] = peak if own else caps.kw[parent]
        caps.owner[g] = groups.window[g] if own else caps.owner[parent]
    return caps


@in_place
def _levels(t, left, first, last, length, used, sigma, near, far):
    """The levels near[t] ... far[t] between which sigma[t] is a slope."""
    reach = left
    slot = first
    while slot < sigma[t]:
        reach += length[slot]
        if slot == last:
            break
        slot = _next(used, slot + 1)
    near[t] = reach
    far[t] = reach + (length[slot] if slot == sigma[t] else 0.0)


@in_place
def _merged(t, steps, slopes, plant, caps, kw, length, used, left, right, first, last):
    """Band and ends of the list with the step's own slopes in it: charging from demand up and discharging from demand
    down the order of price."""
    per_charge = plant.eta_charge * plant.step_h
    per_discharge = plant.step_h / plant.eta_discharge
    demand = steps.demand_kw[t]
    high = demand + kw
    low = max(demand - kw, 0.0)
    grid = steps.grid_at[t]
    cap = min(steps.grid_kw[t], caps.kw[steps.group[t]])
    below = 0.0
    for i in range(steps.count[t]):
        room = cap if i == grid else steps.room[t, i]
        above = below + room
        number = steps.price[t, i]
        part = min(above, high) - max(below, demand)
        if part > 0.0:
            part *= per_charge
            slot = slopes.charge[number]
            length[slot] += part
            _mark(used, slot)
            left -= part
            first = min(first, slot)
            last = max(last, slot)
        part = min(above, demand) - max(below, low)
        if part > 0.0:
            part *= per_discharge
            slot = slopes.discharge[number]
            length[slot] += part
            _mark(used, slot)
            right += part
            first = min(first, slot)
            last = max(last, slot)
        below = above
    part = demand - max(below, low)
    if part > 0.0:
        part *= per_discharge
        length[slopes.unmet] += part
        _mark(used, slopes.unmet)
        right += part
        first = min(first, slopes.unmet)
        last = max(last, slopes.unmet)
    return left, right, first, last


@in_place
def _trimmed_below(cut, floor, last_slot, length, used, first, last, right):
    """Ends of the list, and the band's upper end, with `cut` taken off below, or the penalty's slope put on."""
    if cut >= 0.0:
        while cut >= length[first] and first != last:
            cut -= length[first]
            length[first] = 0.0
            _unmark(used, first)
            first = _next(used, first + 1)
        if cut < length[first]:
            length[first] -= cut
        else:  # everything lies below the floor
            length[first] = 0.0
            _unmark(used, first)
            first = last = last_slot
            _mark(used, last_slot)
            right = floor
    else:
        length[0] -= cut
        _mark(used, 0)
        first = 0
    return first, last, right


@in_place
def _trimmed_above(cut, last_slot, length, used, first, last):
    """The list's end with `cut` taken off above, or the penalty's slope put on."""
    if cut > 0.0:
        while cut >= length[last] and first != last:
            cut -= length[last]
            length[last] = 0.0
            _unmark(used, last)
            last = _previous(used, last - 1)
        length[last] = max(length[last] - cut, 0.0)
    elif cut < 0.0:
        length[last_slot] -= cut
        _mark(used, last_slot)
        last = last_slot
    return last


@in_place
def _slot_at(level_kwh, left, first, last, last_slot, length, used):
    """Number of the slope at a level of a list that begins at `left`."""
    if level_kwh < left:
        return 0
    slot = first
    reach = left + length[slot]
    while reach < level_kwh and slot != last:
        slot = _next(used, slot + 1)
        reach += length[slot]
    return slot if reach >= level_kwh else last_slot


@inlined
def _backward(
    steps, slopes, plant, caps, ends, start_kwh, end_kwh, end_slot, kw, kwh, length, used, sigma, near, far, ranges
):
    """Slope list of the least cost from each step on, from the term's end to its start.

    The term ends at end_kwh, or with end_slot from 0 on at any level, its cost moving with that slope. Where limits or
    power make a level unreachable, energy appears or vanishes at the penalty, so lists always cover the whole band.
    With `ranges`, near and far get the levels between which sigma[t] is a slope at the end of step t. Returns the
    number of a slope at start_kwh.
    """
    n = len(steps.demand_kw)
    last_slot = len(slopes.slope) - 1
    length[:] = 0.0
    used[:] = 0
    left = min(steps.floor[n - 1] * kwh, end_kwh)
    right = max(steps.top[n - 1] * kwh, end_kwh)
    first = end_slot if end_slot >= 0 else 0
    last = end_slot if end_slot >= 0 else last_slot
    if end_slot >= 0:
        length[end_slot] = right - left
    else:
        length[0] = end_kwh - left
        length[last_slot] = right - end_kwh
    _mark(used, first)
    _mark(used, last)
    for t in range(n - 1, -1, -1):
        ends.head[t] = first
        ends.tail[t] = last
        if ranges:
            _levels(t, left, first, last, length, used, sigma, near, far)
        left, right, first, last = _merged(t, steps, slopes, plant, caps, kw, length, used, left, right, first, last)
        if t == 0:
            break
        floor, top = steps.floor[t - 1] * kwh, steps.top[t - 1] * kwh
        first, last, right = _trimmed_below(floor - left, floor, last_slot, length, used, first, last, right)
        last = _trimmed_above(right - top, last_slot, length, used, first, last)
        left, right = floor, top
    return _slot_at(start_kwh, left, first, last, last_slot, length, used)


@in_place
def _site_price(t, worth, steps, slopes, plant, cap, kw):
    """Price of a kWh at the bus that is a maximiser of the step's dual, and the worths at which the battery acts."""
    charge_below = plant.eta_charge * worth
    discharge_above = plant.wear + worth / plant.eta_discharge
    if charge_below > discharge_above:  # stored energy is a burden: charging and discharging at once must not burn it
        charge_below = -FAR
    demand = steps.demand_kw[t]
    here = plant.penalty
    higher = plant.penalty
    lower = plant.penalty
    supply = 0.0
    for i in range(steps.count[t]):
        supply += cap if i == steps.grid_at[t] else steps.room[t, i]
        price = slopes.price[steps.price[t, i]]
        here = min(here, price if supply >= demand else plant.penalty)
        higher = min(higher, price if supply >= demand + kw else plant.penalty)
        lower = min(lower, price if supply >= demand - kw else plant.penalty)
    if demand <= kw:
        lower = -FAR
    price = min(max(here, min(charge_below, higher)), max(discharge_above, lower))
    return price, charge_below, discharge_above


@in_place
def _cut(t0, t1, sigma, steps, slopes, plant, caps, ends, growing, kw, kwh, kwp, set_kw, peak0, out):
    """Dual value at the prices of stored energy that start at slope number `sigma`.

    out = [constant, per start kWh, per end kWh, per kW, per kWh of battery, per kWp, per kW of sets, per kW of each
    peak]; the month costs at least out . (1, start, end, sizes, peaks) at every argument, and just that at the
    arguments of the backward pass.
    """
    out[:] = 0.0
    out[1] = slopes.slope[sigma]
    constant = per_kw = per_kwh = per_kwp = per_set_kw = prices = 0.0
    for t in range(t0, t1):
        slope = slopes.slope[sigma]
        group = steps.group[t]
        owned = caps.kw[group] <= steps.grid_kw[t] and group > 0  # a tie with the import limit goes to the peak
        cap = caps.kw[group] if owned else steps.grid_kw[t]
        price, charge_below, discharge_above = _site_price(t, -slope, steps, slopes, plant, cap, kw)
        constant += price * steps.demand_kw[t]
        grid_rent = 0.0
        for i in range(steps.count[t]):
            rent = max(price - slopes.price[steps.price[t, i]], 0.0)
            is_grid = i == steps.grid_at[t]
            grid_rent += rent if is_grid else 0.0
            constant -= 0.0 if is_grid else rent * steps.room[t, i]
        if owned:
            out[PEAKS + caps.owner[group] - peak0] -= grid_rent * plant.step_h
        else:
            constant -= grid_rent * cap
        if growing.on:
            prices += price
            lost = max(growing.credit[t] - price, 0.0) if growing.owned[t] else 0.0
            per_kwp += growing.pv_per_kwp[t] * (max(price, 0.0) + lost)
            per_set_kw += growing.open[t] * max(price - growing.sets_price, 0.0)
            constant -= growing.credit[t] * (steps.demand_kw[t] - growing.load_kw[t] - growing.per_kwh * kwh)
        per_kw += max(charge_below - price, 0.0) + max(price - discharge_above, 0.0)
        if t < t1 - 1:  # the price of stored energy changes only where a limit of the band binds
            new = min(max(sigma, ends.head[t]), ends.tail[t])
            per_kwh += (slopes.slope[new] - slope) * (steps.floor[t] if new > sigma else steps.top[t])
            sigma = new
    own_use = prices * growing.per_kwh
    out[0] = (constant + per_kwp * kwp + per_set_kw * set_kw - own_use * kwh) * plant.step_h
    out[2] = -slopes.slope[sigma]
    out[3] = -per_kw * plant.step_h
    out[4] = per_kwh + own_use * plant.step_h
    out[5] = -per_kwp * plant.step_h
    out[6] = -per_set_kw * plant.step_h
    return sigma


def _evaluate(
    edges,
    peak_at,
    steps,
    groups,
    slopes,
    plant,
    ends,
    growing,
    peaks,
    start_kwh,
    end_kwh,
    kw,
    kwh,
    kwp,
    set_kw,
    cuts,
):
    """Cut of every month at peaks (kW) and sizes for which `steps` were grown; returns the slope number at the start.

    The levels at the month edges are free: the backward pass finds the best ones.
    """
    length, used = np.zeros(len(slopes.slope)), np.zeros(len(slopes.slope) // BITS + 1, np.uint64)
    slots, none = np.zeros(1, np.int64), np.zeros(1)  # not filled
    caps = _caps(groups, peaks)
    start = _backward(
        steps, slopes, plant, caps, ends, start_kwh, end_kwh, FIXED_END, kw, kwh, length, used, slots, none, none, False
    )
    sigma = start
    for m in range(len(edges) - 1):
        t1 = edges[m + 1]
        sigma = _cut(
            edges[m], t1, sigma, steps, slopes, plant, caps, ends, growing, kw, kwh, kwp, set_kw, peak_at[m], cuts[m]
        )
        sigma = min(max(sigma, ends.head[t1 - 1]), ends.tail[t1 - 1])
    return start


evaluate = Kernel(_evaluate)


@in_place
def _battery_range(t, sigma, steps, slopes, plant, cap, kw):
    """Least and most kWh the battery may give from its store in step t (below 0: takes) at the price of `sigma`: what
    every slope below it gives, and those equal to it too."""
    demand = steps.demand_kw[t]
    high = demand + kw
    low = max(demand - kw, 0.0)
    least = 0.0
    most = 0.0
    below = 0.0
    for i in range(steps.count[t]):
        above = below + (cap if i == steps.grid_at[t] else steps.room[t, i])
        number = steps.price[t, i]
        part = max(min(above, high) - max(below, demand), 0.0) * plant.eta_charge * plant.step_h
        least -= part if slopes.charge[number] >= sigma else 0.0
        most -= part if slopes.charge[number] > sigma else 0.0
        part = max(min(above, demand) - max(below, low), 0.0) * plant.step_h / plant.eta_discharge
        least += part if slopes.discharge[number] < sigma else 0.0
        most += part if slopes.discharge[number] <= sigma else 0.0
        below = above
    part = max(demand - max(below, low), 0.0) * plant.step_h / plant.eta_discharge
    least += part if slopes.unmet < sigma else 0.0
    most += part if slopes.unmet <= sigma else 0.0
    return least, most


@in_place
def _battery_step(t, sigma, stored, near, far, steps, slopes, plant, cap, kw):
    """kWh the battery gives from its store in step t (below 0: takes): of all optimal choices that nearest to idle."""
    least, most = _battery_range(t, sigma, steps, slopes, plant, cap, kw)
    return min(max(0.0, least, stored - far), most, max(stored - near, least))


@in_place
def _serve(t, need, cap, steps, given):
    """Share `need` kW among the sources, cheapest first; returns what none of them could give.

    A peak a hair too low must not leave load unserved: then more is imported, and the bill is the schedule's own.
    """
    grid = steps.grid_at[t]
    supply = 0.0
    for i in range(steps.count[t]):
        supply += cap if i == grid else steps.room[t, i]
    cap = min(cap + max(need - supply, 0.0), steps.grid_kw[t])
    for i in range(steps.count[t]):
        power = min(max(need, 0.0), cap if i == grid else steps.room[t, i])
        given[steps.kind[t, i], t] = power
        need -= power
    return max(need, 0.0)


def _schedule(
    steps,
    groups,
    slopes,
    plant,
    ends,
    peaks,
    start_kwh,
    end_kwh,
    kw,
    kwh,
    start_slot,
    sigma,
    price,
    charge,
    discharge,
    level,
    given,
    missing,
):
    """Schedule, slope numbers and bus prices at the trial point that `evaluate` has seen last.

    given (kinds, steps) in kW by kind of source; missing (steps): kW that only the penalty could supply.
    """
    n = len(sigma)
    length, used = np.zeros(len(slopes.slope)), np.zeros(len(slopes.slope) // BITS + 1, np.uint64)
    near, far = np.empty(n), np.empty(n)
    caps = _caps(groups, peaks)
    sigma[0] = start_slot
    for t in range(1, n):
        sigma[t] = min(max(sigma[t - 1], ends.head[t - 1]), ends.tail[t - 1])
    _backward(
        steps, slopes, plant, caps, ends, start_kwh, end_kwh, FIXED_END, kw, kwh, length, used, sigma, near, far, True
    )
    stored = start_kwh
    for t in range(n):
        cap = min(steps.grid_kw[t], caps.kw[steps.group[t]])
        price[t], _, _ = _site_price(t, -slopes.slope[sigma[t]], steps, slopes, plant, cap, kw)
        released = _battery_step(t, sigma[t], stored, near[t], far[t], steps, slopes, plant, cap, kw)
        floor = steps.floor[t] * kwh
        end = min(max(stored - released, near[t], floor), max(far[t], floor), max(steps.top[t] * kwh, floor))
        missing[t] = abs(stored - released - end) / plant.step_h  # rounding, or energy at the penalty
        if released > 0.0:
            discharge[t] = released * plant.eta_discharge / plant.step_h
        else:
            charge[t] = -released / (plant.eta_charge * plant.step_h)
        need = steps.demand_kw[t] + charge[t] - discharge[t]
        missing[t] += _serve(t, need, cap, steps, given)
        stored = end
        level[t] = stored


schedule = Kernel(_schedule)
