"""What a meter has seen and a calendar says by midnight: days behind, ordinary days ahead, and what a kWh left after
them is worth. Nothing later than the step before midnight enters it but the prices that are published by then.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from sim.compiled import OPTIONS
from sim.dispatch.rule import AUXILIARY, LOAD_SCALE, N_SCALARS, PV_KWP, STEP_LOAD, STEP_PV

VIEW_DAYS = 2
LOAD_DAYS = 5  # the last days of the same kind whose mean is an ordinary day's load
PV_DAYS = 3  # the last days whose mean is an ordinary day's PV
HAIR = 1e-6
CALENDAR_DAYS = 7  # ahead, whose prices say what a kWh left at the end of the view is worth; of a market, a week ago's

# A stretch of steps as known: kW of need and surplus, prices of a kWh and of one exported, kW of the ceiling.
View = namedtuple("View", "need surplus price credit cap")
# The year as a meter sees it: rows of the kernel, the month, day's kind, price and class of each step, the nominal
# lane, the price per kW of each month and charge (months, charges), which charges measure a class (charges, K), for how
# many days the prices are known, and whether the term ends with it.
Year = namedtuple(
    "Year",
    "steps month_of month_ends kind price credit period scalars monthly per_kw measured window_steps per_day known "
    "ends",
)

_called = njit(**OPTIONS)


@_called
def _load(year, t, kw):
    """The site's load in step `t` where the series has `kw`."""
    return kw * year.monthly[LOAD_SCALE - N_SCALARS, 0, year.month_of[t]] + year.scalars[AUXILIARY, 0]


@_called
def _past(year, first, end, limit_of):
    """The steps `first` ... `end` - 1 as they were measured, without a ceiling."""
    need, surplus, cap = np.zeros(end - first), np.zeros(end - first), np.zeros(end - first)
    for i in range(end - first):
        t = first + i
        net = _load(year, t, year.steps[t, STEP_LOAD]) - year.steps[t, STEP_PV] * year.scalars[PV_KWP, 0]
        need[i], surplus[i], cap[i] = max(net, 0.0), max(-net, 0.0), limit_of[year.month_of[t]]
    return View(need, surplus, year.price[first:end], year.credit[first:end], cap)


@_called
def _ordinary_load(year, day, ahead, out):
    """Load of each slot of the day `ahead` after `day`, kW before scaling: the mean of the last days of its kind before
    `day`; of any kind where there is none; what is measured first where nothing is known yet."""
    kind, count = year.kind[(day + ahead) % len(year.kind)], 0
    out[:] = 0.0
    for same in (True, False):
        for back in range(1, 3 * CALENDAR_DAYS + 1):
            d = day - back
            if count == LOAD_DAYS or d < 0 or (count and not same):
                break
            if year.kind[d] == kind or not same:
                for slot in range(year.per_day):
                    out[slot] += year.steps[d * year.per_day + slot, STEP_LOAD]
                count += 1
    if count:
        out /= count
    else:
        out[:] = year.steps[0, STEP_LOAD]


@_called
def _ordinary_pv(year, day, out):
    """PV per kWp of each slot, the mean of the last days before `day`; none where nothing is known yet."""
    out[:] = 0.0
    first = max(0, day - PV_DAYS)
    for d in range(first, day):
        for slot in range(year.per_day):
            out[slot] += year.steps[d * year.per_day + slot, STEP_PV] / (day - first)


@_called
def _ordinary(year, day, view, limit_of):
    """Fill the view with ordinary days from `day` on, without a ceiling; after the year's last day comes its first,
    after the term's last nothing."""
    load, pv = np.zeros(year.per_day), np.zeros(year.per_day)
    _ordinary_pv(year, day, pv)
    for ahead in range(VIEW_DAYS):
        _ordinary_load(year, day, ahead, load)
        for slot in range(year.per_day):
            i = ahead * year.per_day + slot
            t = (day * year.per_day + i) % len(year.price)
            view.price[i], view.credit[i] = year.price[t], year.credit[t]
            net = _load(year, t, load[slot]) - pv[slot] * year.scalars[PV_KWP, 0]
            view.need[i], view.surplus[i], view.cap[i] = max(net, 0.0), max(-net, 0.0), limit_of[year.month_of[t]]
            if year.ends and day + ahead >= len(year.kind):
                view.need[i], view.surplus[i], view.cap[i] = 0.0, 0.0, 0.0


@_called
def _least_worth(price, battery, held, filled):
    """What a kWh left at the end of a view is worth by these prices ahead: it spares the cheapest purchase, or, where
    nothing is held below a ceiling, the dearest sale if that is less. `filled`: whether it is bought under a ceiling;
    else it is kept where it is there already."""
    spared = price.min() / battery.eta_charge
    if not held:
        return min(spared, price.max() * battery.eta_discharge)
    return spared if filled else spared - HAIR * abs(spared)


@_called
def _ahead(year, day, battery, held, filled):
    """What a kWh left at the end of the view is worth, by the prices of the days ahead, where they are not known those
    of a week before: a weekend must not sell what Monday needs. Nothing where the term ends before, but under a
    ceiling: a peak may come in its last hour."""
    days = min(CALENDAR_DAYS, len(year.kind) - day) if year.ends else CALENDAR_DAYS
    if year.ends and days <= VIEW_DAYS and not held:
        return 0.0
    price = np.zeros(days * year.per_day)
    for i in range(len(price)):
        known = i < year.known * year.per_day
        at = day * year.per_day + i - (0 if known else CALENDAR_DAYS * year.per_day)
        price[i] = year.price[at % len(year.price)]
    return _least_worth(price, battery, held, filled)
