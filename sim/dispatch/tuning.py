"""A table that a plain energy management system can follow, tuned on a year: by month and kind of day the power of each
hour, by month and price period a threshold for imports.

The dispatch rule stays that of `sim.dispatch.rule`; only its orders and thresholds are searched. The search starts
from the plain rule and from the mean of an optimal schedule, with thresholds around that schedule's own peaks, and then
moves one hour, one run of hours or one threshold at a time. Months are tried side by side: what a month leaves in the
battery for the next is priced at its worth. Each trial runs `LANES` threshold offsets at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints
from sim.dispatch import kernel, rule
from sim.dispatch.batch import MONTHLY_FIELDS, Lanes, Series
from sim.dispatch.control import NO_THRESHOLD_KW
from sim.timeline import Timeline

SWEEPS = 2
GRAIN = 0.05  # of battery power: powers of the table are multiples of it
OFFSETS = np.array([0.0, -0.1, -0.05, -0.02, -0.01, -0.005, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.5, 1e9])
LANES = len(OFFSETS)  # one SIMD block of the kernel
FINER = (1.0, 0.3, 0.1)  # of the offsets, sweep by sweep
SCALES = (1.0, 1.5, 2.0)  # of the mean optimal power, to start from
STEPS = (-0.25, -0.1, -0.05, 0.05, 0.1, 0.25)  # moves of the powers of a run of slots, of battery power
WIDTHS = (4, 1)  # slots moved together
DAY_MATTERS = 0.02  # of the mean load: from this difference on workdays and weekends have tables of their own
TIDY = 5e-5  # of a month's cost: what a table that is easier to read may cost
KEPT_GAIN = 1e-6  # of a month's cost: what a move must save to be kept


@dataclass(frozen=True, eq=False)
class PeakRate:
    """A demand charge: which classes it measures (classes,), and its price per kW (months,)."""

    measured: NDArray[np.bool_]
    per_kw: Floats


@dataclass(frozen=True, eq=False)
class Rates:
    """Money of one year: energy and export credit per kWh (months, classes), demand, diesel, load not served."""

    energy_per_kwh: Floats
    credit_per_kwh: Floats
    demand: tuple[PeakRate, ...]
    per_litre: float
    unserved_per_kwh: float

    def demand_cost(self, peak_kw: Floats) -> Floats:
        """Demand charges of each lane and month (lanes, months) for peaks by class (lanes, months, classes)."""
        parts = [c.per_kw * np.max(peak_kw, axis=2, where=c.measured, initial=0.0) for c in self.demand]
        return np.sum(parts, axis=0) if parts else np.zeros(peak_kw.shape[:2])


@dataclass(frozen=True, eq=False)
class TuningYear:
    """The year to tune on: one lane, its series with the plain rule's orders, its money, and an optimal schedule.

    `best_share` (steps,): its discharge less its charge over battery power; `best_import_kw` (steps,);
    `worth_per_kwh`: what a kWh left in the battery is worth.
    """

    clock: Timeline
    series: Series
    lane: Lanes
    rates: Rates
    best_share: Floats
    best_import_kw: Floats
    worth_per_kwh: float


@dataclass(frozen=True, eq=False)
class TunedTable:
    """What is tuned. `share` (months, kinds of day, slots): charge < 0 < discharge, of battery power; `kinds`: names
    of `sim.dispatch.control.WEEKDAYS`; slots of equal length fill a day. `threshold_kw` (months, zones), huge where
    imports are not held; `zones`: the billing classes of each."""

    kinds: tuple[str, ...]
    share: Floats
    zones: tuple[tuple[int, ...], ...]
    threshold_kw: Floats

    def windows(self, months: tuple[int, ...]) -> list[dict[str, Any]]:
        """The powers as windows of `sim.inputs.plant.ControlWindow`; `months`: calendar month of each row. Months
        with the same window share it."""
        found: dict[tuple, list[int]] = {}
        slot_h = 24 / self.share.shape[2]
        for month, by_kind in zip(months, self.share, strict=True):
            for kind, day in zip(self.kinds, by_kind, strict=True):
                edges = np.flatnonzero(np.diff(day, prepend=np.nan, append=np.nan) != 0)
                for first, end in zip(edges[:-1], edges[1:], strict=True):
                    if day[first]:
                        key = (kind, first * slot_h, end * slot_h, round(float(day[first]), 4))
                        found.setdefault(key, []).append(month)
        return [
            {
                "start_hour": start,
                "end_hour": end,
                "action": "discharge" if share > 0 else "charge",
                "months": tuple(sorted(here)),
                "days": kind,
                "power_fraction": abs(share),
            }
            for (kind, start, end, share), here in found.items()
        ]

    def limits(self, months: tuple[int, ...], names: tuple[str, ...]) -> list[dict[str, Any]]:
        """The thresholds as rows of `sim.inputs.plant.ShaveLimit`; `names`: of the billing classes. A class that
        mixes periods is held to the lowest of theirs."""
        found: dict[tuple, list[int]] = {}
        for month, held in zip(months, self.threshold_kw, strict=True):
            for zone, kw in zip(self.zones, held, strict=False):
                if kw < NO_THRESHOLD_KW:
                    plain = tuple(names[k] for k in zone if "/" not in names[k])
                    found.setdefault((float(kw), plain if len(self.zones) > 1 else ()), []).append(month)
        return [
            {"threshold_kw": kw, "months": tuple(sorted(here)), "periods": periods}
            for (kw, periods), here in found.items()
        ]


def tune(site: TuningYear, sweeps: int = SWEEPS) -> TunedTable:
    """The best table found for the site's year; `sweeps` 0 only chooses the best start of each month."""
    bench = _Bench(site)
    share, threshold, cost = _start(site, bench)
    top_kw = site.best_import_kw.max()
    for sweep in range(sweeps):
        kept = share.copy(), threshold.copy(), bench.run(share, threshold)[0].sum()
        reach = FINER[min(sweep, len(FINER) - 1)]
        for trial, held in _moves(share, threshold, reach * top_kw):
            _keep_better(bench, share, threshold, cost, trial, held, reach * top_kw * OFFSETS)
        cost[:] = bench.run(share, threshold)[0]
        if cost.sum() >= kept[2]:
            share, threshold, _ = kept
            break
    share = _tidied(bench, share, threshold)
    grain = min(1.0, 10.0 ** (np.floor(np.log10(top_kw)) - 3)) if top_kw > 0 else 1.0
    held = np.where(threshold < NO_THRESHOLD_KW, np.ceil(threshold / grain) * grain, NO_THRESHOLD_KW)
    return TunedTable(bench.kinds, share, bench.zones, np.round(held, 6))


def _tidied(bench: _Bench, share: Floats, threshold: Floats) -> Floats:
    """The powers with fewer changes in a day: a slot takes its neighbour's power, or none, where that costs next to
    nothing; all changes of a month together cost no more than `TIDY` of it."""
    share = share.copy()
    allowed = bench.run(share, threshold)[0]
    allowed = allowed + TIDY * np.abs(allowed)
    _, kinds, slots = share.shape
    for kind in range(kinds):
        for slot in range(slots):
            for other in (share[:, kind, slot - 1] if slot else 0.0, share[:, kind, (slot + 1) % slots], 0.0):
                trial = share.copy()
                trial[:, kind, slot] = other
                kept = bench.run(trial, threshold)[0] <= allowed
                share[kept] = trial[kept]
    return share


def _start(site: TuningYear, bench: _Bench) -> tuple[Floats, Floats, Floats]:
    """Share, threshold and cost (months,) of the best start of each month."""
    best, plain = bench.mean(site.best_share), bench.mean(_plain_share(site))
    peaks = bench.zone_peaks(site.best_import_kw)
    starts = [plain, np.minimum(plain, 0.0), *(scale * best for scale in SCALES), np.minimum(SCALES[1] * best, 0.0)]
    share, threshold = np.zeros_like(best), peaks.copy()
    cost = np.full(len(peaks), np.inf)
    for start in starts:
        trial = np.clip(np.round(start / GRAIN) * GRAIN, -1.0, 1.0)
        _keep_better(bench, share, threshold, cost, trial, peaks, site.best_import_kw.max() * OFFSETS)
    cost[:] = bench.run(share, threshold)[0]
    return share, threshold, cost


def _plain_share(site: TuningYear) -> Floats:
    """What the rule as it stands gives less what it takes, of battery power (steps,)."""
    plain = kernel.trace(site.series, site.lane, 0)
    return (plain.discharge_kw - plain.charge_kw) / site.lane.battery_kw[0]


def _keep_better(
    bench: _Bench, share: Floats, threshold: Floats, cost: Floats, trial: Floats, held: Floats, offsets: Floats
) -> None:
    """Write into `share`, `threshold` and `cost` the months in which the trial with one of the offsets costs less."""
    found = bench.run(trial, held, offsets)
    pick = found.argmin(axis=0)
    least = found[pick, np.arange(len(cost))]
    better = least < cost - KEPT_GAIN * np.abs(least)
    share[better], cost[better] = trial[better], least[better]
    threshold[better] = np.maximum(held + offsets[pick][:, None], 0.0)[better]


def _moves(share: Floats, threshold: Floats, top_kw: float) -> Iterator[tuple[Floats, Floats]]:
    """Trials around the table as it is by then: each zone's threshold, each run of hours, each hour."""
    months, kinds, slots = share.shape
    if threshold.shape[1] > 1:
        for zone in range(threshold.shape[1]):
            for part in OFFSETS[1:-1]:
                held = threshold.copy()
                held[:, zone] = np.maximum(held[:, zone] + part * top_kw, 0.0)
                yield share, held
    for width in WIDTHS:
        for kind in range(kinds):
            for first in range(0, slots, max(1, width // 2)):
                at = np.s_[:, kind, first : first + width]
                for step in (*STEPS, None):
                    trial = share.copy()
                    trial[at] = 0.0 if step is None else np.clip(trial[at] + step, -1.0, 1.0)
                    yield np.round(trial / GRAIN) * GRAIN, threshold


class _Bench:
    """Runs the rule with one table after the other on one year, without building its series anew."""

    def __init__(self, site: TuningYear):
        series, clock, self.site = site.series, site.clock, site
        self.kinds, kind_of_weekday = _kinds_of_day(site)
        slot_minutes = _slot_minutes(site)
        self.shape = clock.months, len(self.kinds), 24 * 60 // slot_minutes
        self.at = clock.month_index, kind_of_weekday[clock.weekday], clock.minute_of_day // slot_minutes
        self.zones, zone_of = _zones(site.rates)
        self.zone = zone_of[series.period]
        self.steps, self.refill = series.steps.copy(), series.refill_share
        lanes = np.zeros(LANES, dtype=np.int64)
        self.scalars = np.ascontiguousarray(site.lane.scalars[:, lanes])
        self.monthly = np.ascontiguousarray(site.lane.monthly[:, lanes])
        self.shave = MONTHLY_FIELDS.index("shave_kw")

    def mean(self, values: Floats) -> Floats:
        """Mean of each month, kind of day and slot."""
        total, count = np.zeros(self.shape), np.zeros(self.shape)
        np.add.at(total, self.at, values)
        np.add.at(count, self.at, 1.0)
        return total / np.maximum(count, 1.0)

    def zone_peaks(self, import_kw: Floats) -> Floats:
        """Greatest import of each month and zone (months, zones); huge in a zone a month does not have."""
        peaks = np.zeros((self.shape[0], max(1, len(self.zones))))
        held = self.zone >= 0
        np.maximum.at(peaks, (self.at[0][held], self.zone[held]), import_kw[held])
        return np.where(peaks > 0, peaks, NO_THRESHOLD_KW)

    def run(self, share: Floats, threshold: Floats, offsets: Floats = OFFSETS[:1]) -> Floats:
        """Cost of each month (offsets, months) with all thresholds moved by each offset, kW."""
        lowest = threshold.min(axis=1)
        self._order(share, threshold - lowest[:, None])
        self.monthly[self.shave] = lowest
        self.monthly[self.shave, : len(offsets)] = np.maximum(lowest + offsets[:, None], 0.0)
        return self._costs()[: len(offsets)]

    def _order(self, share: Floats, above: Floats) -> None:
        action, steps = share[self.at], self.steps
        steps[:, rule.STEP_CHARGE_TO] = action < 0
        steps[:, rule.STEP_GIVE_TO], steps[:, rule.STEP_SUN_TO] = 0.0, 1.0
        steps[:, rule.STEP_CHARGE_SHARE] = np.where(action == 0, self.refill, np.maximum(-action, 0.0))
        steps[:, rule.STEP_DISCHARGING] = np.maximum(action, 0.0) * steps[:, rule.STEP_GRID_UP]
        held = self.zone >= 0
        steps[:, rule.STEP_ABOVE_SHAVE] = np.where(held, above[self.at[0], self.zone], rule.NO_LIMIT_KW)

    def _costs(self) -> Floats:
        site, rates = self.site, self.site.rates
        series, months, classes = site.series, self.shape[0], rates.energy_per_kwh.shape[1]
        sums, metered = np.empty((rule.N_SUMS, LANES, months)), np.empty((rule.N_METERED, LANES, months, classes))
        held = np.zeros((months, 0, classes), np.bool_), 0.0  # by the table's thresholds alone
        rule._run_blocks(
            (self.steps, series.classes, *held, series.month_ends, float(series.step_h)),
            rule.WIDTH,
            self.scalars,
            self.monthly,
            0,
            1,
            kernel._aligned(rule.N_ROWS * rule.WIDTH),
            kernel._aligned(classes * rule.N_METERED * rule.WIDTH),
            sums,
            metered,
            np.empty(LANES),
        )
        energy = (metered[0] * rates.energy_per_kwh - metered[1] * rates.credit_per_kwh).sum(axis=2) * series.step_h
        demand = rates.demand_cost(metered[2] / series.demand_window_steps)
        burnt = sums[rule.FUEL] * rates.per_litre + sums[rule.UNSERVED] * rates.unserved_per_kwh
        charge = sums[rule.PV_TO_BATTERY] + sums[rule.GRID_TO_BATTERY] + sums[rule.GENSET_TO_BATTERY]
        stored = site.lane.charge_efficiency * charge - sums[rule.DISCHARGED] / site.lane.discharge_efficiency
        return energy + demand + burnt - site.worth_per_kwh * stored


def _kinds_of_day(site: TuningYear) -> tuple[tuple[str, ...], Ints]:
    """The kinds of day that tariff or load tell apart, and the kind of each weekday."""
    clock, series = site.clock, site.series
    month_and_slot = clock.month_index, clock.minute_of_day // clock.step_minutes
    near_kw = DAY_MATTERS * series.load_kw.mean()

    def alike(a: int, b: int) -> bool:
        days = [np.isin(clock.weekday, range(5) if d < 5 else (d,)) for d in (a, b)]
        if not all(day.any() for day in days):
            return True
        classes = [set(zip(*(at[day] for at in month_and_slot), series.period[day], strict=True)) for day in days]
        return classes[0] == classes[1] and abs(np.subtract(*(series.load_kw[day].mean() for day in days))) <= near_kw

    if not alike(5, 6):
        return ("workday", "saturday", "sunday"), np.array([0, 0, 0, 0, 0, 1, 2])
    if not alike(0, 6):
        return ("workday", "weekend"), np.array([0, 0, 0, 0, 0, 1, 1])
    return ("every_day",), np.zeros(7, dtype=np.int64)


def _slot_minutes(site: TuningYear) -> int:
    """An hour, or less where a price period begins within one."""
    begins = np.flatnonzero(np.diff(site.series.period) != 0) + 1
    return int(np.gcd.reduce(np.append(site.clock.minute_of_day[begins], 60)))


def _zones(rates: Rates) -> tuple[tuple[tuple[int, ...], ...], Ints]:
    """Classes that the same demand charges measure, and the zone of each class, -1 where none does."""
    classes = rates.energy_per_kwh.shape[1]
    live = [charge.measured for charge in rates.demand if charge.per_kw.any()]
    patterns = [tuple(bool(measured[k]) for measured in live) for k in range(classes)]
    found = list(dict.fromkeys(pattern for pattern in patterns if any(pattern)))
    zones = tuple(tuple(k for k in range(classes) if patterns[k] == pattern) for pattern in found)
    return zones, np.array([found.index(p) if p in found else -1 for p in patterns])
