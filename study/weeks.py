"""Days and weeks chosen by what they mean: typical, peak bill, longest outage, cloudiest; and a year's energy flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.dispatch.batch import Trace
from sim.timeline import Timeline
from study.study import Study

Meaning = Literal["typical", "peak_bill", "longest_outage", "cloudiest"]
MEANINGS: tuple[Meaning, ...] = ("typical", "peak_bill", "longest_outage", "cloudiest")


@dataclass(frozen=True)
class Span:
    """Whole days of the template year: `first_day` from 0, `days` of them."""

    first_day: int
    days: int

    def steps(self, clock: Timeline) -> slice:
        per_day = steps_per_day(clock)
        return slice(self.first_day * per_day, (self.first_day + self.days) * per_day)


@dataclass(frozen=True)
class OutageRun:
    """An unbroken outage: first step and how many."""

    first: int
    steps: int


def steps_per_day(clock: Timeline) -> int:
    return 24 * 60 // clock.step_minutes


def days_in_year(clock: Timeline) -> int:
    return clock.steps // steps_per_day(clock)


def available(study: Study, alternative: str, year: int = 1) -> tuple[Meaning, ...]:
    """The meanings this alternative has in a project year: no outage where none is, no bill without a grid."""
    has = {
        "typical": True,
        "peak_bill": bool(study.dispatch.import_kwh[study.dispatch.row(alternative)].any()),
        "longest_outage": alternative != "diesel" and bool(study.dispatch.down[year - 1].any()),
        "cloudiest": alternative == "hybrid" and study.scenario.pv.exists,
    }
    return tuple(meaning for meaning in MEANINGS if has[meaning])


def choose(study: Study, alternative: str, year: int, trace: Trace, meaning: Meaning, days: int) -> Span:
    """The span of `days` days that has this meaning; the event's day stands in its middle.

    Raises ValueError where the meaning is not available.
    """
    if meaning not in available(study, alternative, year):
        raise ValueError(f"there is no '{meaning}' span in this scenario; choose another")
    clock = study.dispatch.clock
    if meaning == "typical":
        return _typical(trace, clock, days)
    if meaning == "cloudiest":
        sun = rolling_sum(by_day(study.dispatch.series.pv_kw_per_kwp, clock), _within(days, clock))
        return Span(int(sun.argmin()), _within(days, clock))
    if meaning == "longest_outage":
        run = max(outage_runs(grid_up(study, year)), key=lambda run: run.steps)
        return around(run.first // steps_per_day(clock), days, clock)
    return around(_peak_bill_day(study, alternative, year, trace), days, clock)


def at_day(first_day: int, days: int, clock: Timeline) -> Span:
    """A span from a chosen day, pulled back where the year ends before it."""
    days = _within(days, clock)
    return Span(min(max(0, first_day), days_in_year(clock) - days), days)


def around(day: int, days: int, clock: Timeline) -> Span:
    """A span with `day` in its middle, kept inside the year."""
    return at_day(day - days // 2, days, clock)


def grid_up(study: Study, year: int) -> NDArray[np.float64]:
    """1 where the grid is there in this project year, 0 in an outage (steps,)."""
    return (~study.dispatch.down[year - 1]).astype(float)


def outage_runs(grid_up: NDArray[np.float64]) -> tuple[OutageRun, ...]:
    """Unbroken runs of steps without grid."""
    down = np.concatenate([[False], grid_up < 0.5, [False]])
    edges = np.flatnonzero(down[1:] != down[:-1])
    return tuple(OutageRun(int(a), int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def by_day(values: NDArray[np.float64], clock: Timeline) -> NDArray[np.float64]:
    """Daily sums of a step series (days,)."""
    return values.reshape(days_in_year(clock), -1).sum(axis=1)


def rolling_sum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Sum of `width` neighbours, at each place where they fit."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return total[width:] - total[:-width]


def _typical(trace: Trace, clock: Timeline, days: int) -> Span:
    """The span whose daily energies (load, PV, grid, discharge) lie nearest to the year's means."""
    days = _within(days, clock)
    distance = np.zeros(days_in_year(clock) - days + 1)
    for series in (trace.load_kw, trace.pv_load_kw + trace.pv_charge_kw, trace.import_kw, trace.discharge_kw):
        daily = by_day(series, clock)
        mean = daily.mean()
        if mean > 0:
            distance += ((rolling_sum(daily, days) / days - mean) / mean) ** 2
    return Span(int(distance.argmin()), days)


def _peak_bill_day(study: Study, alternative: str, year: int, trace: Trace) -> int:
    """The day of the greatest import inside the billed hours, in the year's dearest month."""
    dispatch, row = study.dispatch, study.dispatch.row(alternative)
    bill = study.bill.total[row, 12 * (year - 1) : 12 * year]
    clock = dispatch.clock
    counts = measured_steps(study) & (clock.month_index == int(bill.argmax()))
    if not counts.any():
        counts = clock.month_index == int(bill.argmax())
    return int(np.where(counts, trace.import_kw, -1.0).argmax()) // steps_per_day(clock)


def measured_steps(study: Study) -> NDArray[np.bool_]:
    """Steps whose imports some demand charge measures (steps,); all where none says otherwise."""
    measured = study.dispatch.classes.measured
    if not measured.size or study.scenario.tariff.demand_basis == "transformer_kva":
        return np.ones(study.dispatch.clock.steps, bool)
    by_class: NDArray[np.bool_] = np.any(measured, axis=0)
    return by_class[study.dispatch.classes.period]


def _within(days: int, clock: Timeline) -> int:
    return min(days, days_in_year(clock))


@dataclass(frozen=True)
class Peaks:
    """Peak by month of one project year (months,) in kW. `charge` is the demand charge that bills them, or None;
    `reason` then says why none does: "kva", "contract", "no_charge", "no_grid"."""

    kw: NDArray[np.float64]
    charge: str | None
    reason: str | None = None


def peaks(study: Study, alternative: str, year: int) -> Peaks:
    """Peak by month: billed by the dearest demand charge, ratchet included; else the measured greatest import."""
    months = slice(12 * (year - 1), min(12 * year, study.dispatch.months))
    row = study.dispatch.row(alternative)
    measured = study.dispatch.peak_kw[row, months].max(axis=-1)
    if alternative == "diesel":
        return Peaks(measured, None, "no_grid")
    basis = study.scenario.tariff.demand_basis
    if basis != "max_demand":
        return Peaks(measured, None, "kva" if basis == "transformer_kva" else "contract")
    charges = study.bill.demand_charges
    if not charges or not any(values.any() for values in charges.values()):
        return Peaks(measured, None, "no_charge")
    dearest = max(charges, key=lambda name: float(charges[name].sum()))
    return Peaks(study.bill.billed_kw[dearest][row, months], dearest)


def steps_in_term(study: Study, year: int) -> int:
    """Steps of a project year that lie in the term: all, but for a last year that is cut short."""
    clock = study.dispatch.clock
    return int(clock.month_ends[min(12 * year, study.dispatch.months) - 12 * (year - 1) - 1])


def flows_kwh(trace: Trace, step_h: float, steps: int | None = None) -> dict[tuple[str, str], float]:
    """Energy by (from, to) over the first `steps` steps (default: all), kWh; paths without energy are left out.

    "site" is the load without the battery's "auxiliary", which the main source carries. Charging less discharging is
    "losses" (the change of charge over the year with them). What sets give beyond load and charging is "dumped".
    """

    def total(series: NDArray[np.float64]) -> float:
        return float(series[:steps].sum()) * step_h

    genset_load = total(trace.genset_kw) - total(trace.genset_charge_kw) - total(trace.dumped_kw)
    flows = {
        ("grid", "site"): total(trace.grid_load_kw),
        ("grid", "battery"): total(trace.grid_charge_kw),
        ("pv", "site"): total(trace.pv_load_kw),
        ("pv", "battery"): total(trace.pv_charge_kw),
        ("pv", "export"): total(trace.export_kw),
        ("pv", "curtailed"): total(trace.curtailed_kw),
        ("diesel", "site"): genset_load,
        ("diesel", "battery"): total(trace.genset_charge_kw),
        ("diesel", "dumped"): total(trace.dumped_kw),
        ("battery", "site"): total(trace.discharge_kw),
        ("battery", "losses"): max(0.0, total(trace.charge_kw) - total(trace.discharge_kw)),
    }
    main = max(("grid", "pv", "diesel", "battery"), key=lambda name: flows[(name, "site")])
    moved = min(total(trace.auxiliary_kw), flows[(main, "site")])
    flows |= {(main, "site"): flows[(main, "site")] - moved, (main, "auxiliary"): moved}
    least = 1e-9 * max(sum(flows.values()), 1.0)
    return {path: value for path, value in flows.items() if value > least}
