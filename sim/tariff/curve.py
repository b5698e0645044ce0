"""An own price curve from a file: 24 hours, 24 hours by 12 months, or every hour of a year, as a tariff.

A tariff has one price for each month, day type and hour. A day, or a day for each month, is held exactly. Of a year the
mean over the days of one kind in one month is held; `CurveFit` says how far single hours lie from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.inputs.tariff import DAY_TYPES, EVERY_MONTH, SLOT_MINUTES, Tariff
from sim.meter.findings import MeterFinding
from sim.problem import Refusal
from sim.tariff.paint import Painting, painted_fields, painting_of, refined, slots_needed
from sim.timeline import timeline

Kind = Literal["day", "months", "year"]
HOURS, MONTHS, YEAR_H = 24, 12, 8760
MOST_BILL_ERROR = 0.02
EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class Curve:
    """Prices per kWh: (24,) of a day, (12, 24) of a day a month, or (8760,) of a year from 1 January 00:00.

    `steps` are those of a year in the file's own step of `step_minutes`, `year` its calendar year where it has dates,
    `currency` the code of the money the file names, `findings` what was found, done and guessed,
    `columns` the names of columns that may be the price.
    """

    kind: Kind
    per_kwh: Floats
    was_quarter_hours: bool = False
    steps: Floats | None = None
    step_minutes: int = 60
    year: int | None = None
    currency: str | None = None
    findings: tuple[MeterFinding, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class CurveFit:
    """A curve as a tariff can hold it: `per_kwh` (day types, months, hours).

    bill_error: energy bill of the load under `per_kwh` against that under the curve, as a fraction of the latter.
    mean_deviation: how far an hour's price lies from the held one on average, over the curve's mean size.
    """

    per_kwh: Floats
    bill_error: float
    mean_deviation: float

    @property
    def is_exact(self) -> bool:
        return self.mean_deviation < EXACT


def fit_curve(curve: Curve, year: int, kw: Floats) -> CurveFit:
    """Lay a curve on months, day types and hours; `year` gives the weekdays of a curve of a year.

    `kw` (8760,) is the load from 1 January, by which the error in the energy bill is weighed. Raises Refusal where that
    error is above 2 %.
    """
    if curve.kind != "year":
        days = np.broadcast_to(curve.per_kwh, (len(DAY_TYPES), MONTHS, HOURS))
        return CurveFit(days.copy(), 0.0, 0.0)
    clock = timeline(f"{year}-01", MONTHS, 60)
    kind = np.array([0, 0, 0, 0, 0, 1, 2])[clock.weekday]
    cell = (kind * MONTHS + clock.month_index) * HOURS + clock.hour
    size = len(DAY_TYPES) * MONTHS * HOURS
    sums, counts = (np.bincount(cell, weights, size) for weights in (curve.per_kwh, None))
    held = sums / counts
    size_per_kwh = float(np.abs(curve.per_kwh).mean())
    off = curve.per_kwh - held[cell]
    due = float(kw @ curve.per_kwh)
    error = float(-(kw @ off) / due) if due else 0.0
    if abs(error) > MOST_BILL_ERROR:
        raise Refusal(
            "a tariff has one price for each month, kind of day and hour; with this curve's means the yearly energy "
            "bill would be off by {percent} %; a price that changes from day to day cannot be held, give typical days",
            percent=f"{100 * error:.1f}",
        )
    deviation = float(np.abs(off).mean() / size_per_kwh) if size_per_kwh else 0.0
    return CurveFit(held.reshape(len(DAY_TYPES), MONTHS, HOURS), error, deviation)


def curve_fields(tariff: Tariff, fit: CurveFit, name: str, source: str) -> dict[str, Any]:
    """The fields of `tariff` with the curve's energy prices; demand charges, adders and taxes stay.

    Equal prices of a month share a period. Demand charges and tiers that name periods go on counting their hours.
    """
    named = (*(charge.measured_periods for charge in tariff.demand_charges), *(r.periods for r in tariff.energy_tiers))
    old = painting_of(tariff) if any(named) else None
    slots = slots_needed(tariff) if old else HOURS
    prices = np.repeat(fit.per_kwh, slots // HOURS, axis=2)
    kept = refined(old, slots).cells if old else np.zeros(prices.shape, dtype=np.int64)
    cells, labels, by_month = _numbered(prices, kept)
    names = tuple(f"{old.periods[number]} P{rank:02d}" if old else f"P{rank:02d}" for number, rank in labels)
    charges = [
        charge.model_copy(update={"measured_periods": _renamed(charge.measured_periods, names)})
        for charge in tariff.demand_charges
    ]
    tiers = [rule.model_copy(update={"periods": _renamed(rule.periods, names)}) for rule in tariff.energy_tiers]
    counted = {"demand_charges": tuple(charges), "energy_tiers": tuple(tiers)}
    bare = tariff.model_copy(update=counted | {"source": source, "as_of": "", "notes": "", "notes_zh": ""})
    return painted_fields(Painting(bare, names, cells, by_month), name)


def _numbered(prices: Floats, kept: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[tuple[int, int]], Floats]:
    """Cells numbered by (kept period, rank of the price in its month), those pairs, and their prices by month."""
    pairs: dict[tuple[int, int], int] = {}
    cells = np.empty(prices.shape, dtype=np.int64)
    found: dict[tuple[int, int], float] = {}
    for month in range(MONTHS):
        levels, rank = np.unique(prices[:, month], return_inverse=True)
        rank = rank.reshape(prices[:, month].shape) + 1
        for place in np.ndindex(rank.shape):
            pair = (int(kept[place[0], month, place[1]]), int(rank[place]))
            number = pairs.setdefault(pair, len(pairs))
            cells[place[0], month, place[1]] = number
            found[number, month] = float(levels[rank[place] - 1])
    by_month = np.full((len(pairs), MONTHS), np.nan)
    for (number, month), price in found.items():
        by_month[number, month] = price
    return cells, list(pairs), by_month


def _renamed(measured: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the new periods that lie in the measured old ones; empty still means every hour."""
    return tuple(name for name in names if name.rpartition(" ")[0] in measured) if measured else ()


def curve_table(tariff: Tariff, day_type: str) -> Floats:
    """Energy prices of a tariff without adders and taxes, (24 hours, 12 months): the mean of an hour's quarters."""
    quarters = np.arange(0, 24 * 60, SLOT_MINUTES)
    rows = [
        [tariff.season(month).prices_per_kwh[tariff.season(month).period_at(day_type, int(m))] for m in quarters]
        for month in EVERY_MONTH
    ]
    return np.array(rows, dtype=float).reshape(MONTHS, HOURS, -1).mean(axis=2).T
