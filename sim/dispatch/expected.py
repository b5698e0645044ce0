"""What a controller expects of load and sun in the hours ahead, from what was measured up to now.

An ordinary day comes first: the load's mean over the last days of the same kind (workday or weekend), the sun's over
the last days. Then what is different now. A job that runs, a cloud that stands: how much of the error of the last hour
and of the hours before it is still there at each hour ahead is learned, hour by hour of the day, from all days so far
(least squares, older days forgotten slowly). Where few days are known a plain guess stands in: half of a load's error
for each `HALVED_H` ahead, none of the sun's. For the sun that is one view; the other is yesterday's, times today's
clearness so far against it, and the two are weighed, for a mean alone would never show a surplus to come.

`year` is `sim.dispatch.rolling.Year`; nothing from step `now` on is looked at.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from sim.compiled import OPTIONS
from sim.dispatch.rule import STEP_LOAD, STEP_PV

VIEW_DAYS = 2
LOAD_DAYS = 5  # the last days of the same kind whose mean is the ordinary load,
SUN_DAYS = 3  # and the last days whose mean is the ordinary sun
WEEK = 7
LEARNED_FROM = 3  # days known before anything is learned
BEFORE_H = 5  # the hours before the last one, whose mean error counts beside its own
FADES = 0.99  # a day: what is left of a day's weight in what is learned
GUESSED = 20.0 * (1.0 - FADES)  # days' weight of the plain guess, beside days that fade
HALVED_H = 12.0  # the guess: half of the load's error is left so many hours ahead
MOST_CLEAR = 2.0  # times yesterday's PV: no more is believed of the hours to come
YESTERDAYS = 0.75  # weight of yesterday's sun by today's clearness, beside what is learned
LEAST = 1e-12  # weight of the guess where nothing is learned
LOAD, SUN = 0, 1

# What is learned of load and sun: `error` (2, steps) against the ordinary day; by hour of the day the moments of the
# two errors looked at, `square` (2, 3, slots), and theirs with the error of each step ahead, `both` (2, 2, slots,
# ahead).
Memory = namedtuple("Memory", "error square both")

_called = njit(**OPTIONS)


def memory(steps: int, per_day: int) -> Memory:
    """Nothing learned yet."""
    return Memory(np.zeros((2, steps)), np.zeros((2, 3, per_day)), np.zeros((2, 2, per_day, VIEW_DAYS * per_day)))


@_called
def ordinary_load(year, now, u):
    """Mean load at the hour of step `u` over the last days of its kind, of steps before `now`, kW before scaling; that
    of any day where there is none of its kind, and the last one measured where there is no day at all."""
    day, slot = u // year.per_day, u % year.per_day
    total, count, other = 0.0, 0, year.steps[max(now - 1, 0), STEP_LOAD]
    for back in range(min(day, WEEK + 1), 0, -1):
        at = (day - back) * year.per_day + slot
        if at < now:
            other = year.steps[at, STEP_LOAD]
    for back in range(1, min(day, WEEK + 1) + 1):
        at = (day - back) * year.per_day + slot
        if at < now and year.kind[day - back] == year.kind[day] and count < LOAD_DAYS:
            total += year.steps[at, STEP_LOAD]
            count += 1
    return total / count if count else other


@_called
def ordinary_sun(year, now, u, days):
    """PV per kWp at the hour of step `u`, the mean of the last days before `now`; 0 where there is none."""
    at = u - year.per_day
    while at >= now:
        at -= year.per_day
    total, count = 0.0, 0
    for back in range(days):
        if at - back * year.per_day >= 0:
            total += year.steps[at - back * year.per_day, STEP_PV]
            count += 1
    return total / count if count else 0.0


@_called
def note_error(year, u):
    """Write down by how much step `u` missed what was ordinary at its day's midnight."""
    midnight = u // year.per_day * year.per_day
    year.memory.error[LOAD, u] = year.steps[u, STEP_LOAD] - ordinary_load(year, midnight, u)
    year.memory.error[SUN, u] = year.steps[u, STEP_PV] - ordinary_sun(year, midnight, u, SUN_DAYS)


@_called
def learn(year, day):
    """Take in the errors of the day before `day`, at its midnight."""
    memory, per_day, begin = year.memory, year.per_day, (day - 1) * year.per_day
    for what in range(2):
        for slot in range(per_day):
            for k in range(3):
                memory.square[what, k, slot] *= FADES
            for ahead in range(VIEW_DAYS * per_day):
                memory.both[what, 0, slot, ahead] *= FADES
                memory.both[what, 1, slot, ahead] *= FADES
        for d in range(max(2, day - 1 - VIEW_DAYS), day):
            for slot in range(per_day):
                now = d * per_day + slot
                last, before = errors_seen(year, what, now)
                if d == day - 1:
                    memory.square[what, 0, slot] += last * last
                    memory.square[what, 1, slot] += last * before
                    memory.square[what, 2, slot] += before * before
                for ahead in range(max(0, begin - now), min(VIEW_DAYS * per_day, begin + per_day - now)):
                    memory.both[what, 0, slot, ahead] += last * memory.error[what, now + ahead]
                    memory.both[what, 1, slot, ahead] += before * memory.error[what, now + ahead]


@_called
def errors_seen(year, what, now):
    """Mean error of the last hour, and of the hours before it."""
    hour = max(1, year.per_day // 24)
    last, before = 0.0, 0.0
    for u in range(now - hour, now):
        last += year.memory.error[what, u] / hour
    for u in range(now - (1 + BEFORE_H) * hour, now - hour):
        before += year.memory.error[what, u] / (BEFORE_H * hour)
    return last, before


@_called
def guessed(year, what):
    """Weight of the plain guess beside what is learned."""
    total = 0.0
    for slot in range(year.per_day):
        total += year.memory.square[what, 0, slot]
    return GUESSED * total / year.per_day + LEAST


@_called
def carried(year, what, now, ahead, last, before, weight):
    """What is left, `ahead` steps after `now`, of the errors seen at `now`."""
    memory, slot = year.memory, now % year.per_day
    guess = 0.5 * 0.5 ** (ahead * 24 / (year.per_day * HALVED_H)) if what == LOAD else 0.0
    a, b = memory.square[what, 0, slot] + weight, memory.square[what, 1, slot]
    c = memory.square[what, 2, slot] + weight
    p, q = memory.both[what, 0, slot, ahead] + weight * guess, memory.both[what, 1, slot, ahead] + weight * guess
    return (last * (c * p - b * q) + before * (a * q - b * p)) / (a * c - b * b)


@_called
def clearness(year, now, since):
    """PV measured from step `since` on over yesterday's of the same hours; 1 before the sun is up."""
    measured, yesterday = 0.0, 0.0
    for u in range(max(since, year.per_day), now):
        measured += year.steps[u, STEP_PV]
        yesterday += year.steps[u - year.per_day, STEP_PV]
    return min(measured / yesterday, MOST_CLEAR) if yesterday > 0.0 else 1.0


@_called
def expect(year, now, loads, suns):
    """Load (kW before scaling) and PV per kWp of the steps from `now` on, as many as `loads` and `suns` have."""
    midnight = now // year.per_day * year.per_day
    clear, learned = clearness(year, now, midnight), now >= LEARNED_FROM * year.per_day
    load_last, load_before, sun_last, sun_before = 0.0, 0.0, 0.0, 0.0
    if now >= year.per_day:
        load_last, load_before = errors_seen(year, LOAD, now)
        sun_last, sun_before = errors_seen(year, SUN, now)
    load_guess, sun_guess = guessed(year, LOAD), guessed(year, SUN)
    for i in range(len(loads)):
        u = now + i
        load = ordinary_load(year, now, u) + carried(year, LOAD, now, i, load_last, load_before, load_guess)
        sun = ordinary_sun(year, now, u, 1) * (clear if u // year.per_day == midnight // year.per_day else 1.0)
        if learned:
            other = ordinary_sun(year, now, u, SUN_DAYS) + carried(year, SUN, now, i, sun_last, sun_before, sun_guess)
            sun = YESTERDAYS * sun + (1.0 - YESTERDAYS) * max(other, 0.0)
        loads[i], suns[i] = max(load, 0.0), sun
