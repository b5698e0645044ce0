"""Prices from a file as a tariff: a day, or a day each month, as its periods; each step of a year as its market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sim.arrays import Floats
from sim.inputs.base import input_error
from sim.inputs.market import Market, MarketYear, PriceStep, price_text
from sim.inputs.tariff import DAY_TYPES, EVERY_MONTH, SLOT_MINUTES, Tariff
from sim.meter.findings import MeterFinding
from sim.tariff.paint import Painting, painted_fields, painting_of, refined, slots_needed

Kind = Literal["day", "months", "year"]
HOURS, MONTHS, YEAR_H = 24, 12, 8760


@dataclass(frozen=True, eq=False)
class Curve:
    """Prices per kWh: (24,) of a day, (12, 24) of a day a month, or (8760,) of the last year from 1 January 00:00.

    `years`: the prices of each year, the last first, in the file's own step of `step_minutes` (365 days,), by calendar
    year, or by None where the file has no dates. `currency` is the code of the money the file names, `findings` what
    was found, done and guessed, `columns` the names of columns that may be the price, `parts` those of several series
    in rows, as of market areas.
    """

    kind: Kind
    per_kwh: Floats
    years: Mapping[int | None, Floats] = field(default_factory=dict)
    step_minutes: PriceStep = 60
    currency: str | None = None
    findings: tuple[MeterFinding, ...] = ()
    columns: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def year(self) -> int | None:
        """The last calendar year, None where the file has no dates."""
        return next(iter(self.years), None)


def market_fields(
    tariff: Tariff, curve: Curve, first_year: int, pays_exports: bool, names: tuple[str, str], done: tuple[str, ...]
) -> dict[str, Any]:
    """The fields of `tariff` with the curve's years as its market, in place of its own energy prices. `first_year`: of
    prices without dates; `names`: of the tariff and of the file. Raises InputError."""
    try:
        years = [
            MarketYear(year=year or first_year, step_minutes=curve.step_minutes, prices=price_text(prices))
            for year, prices in sorted(curve.years.items(), key=lambda pair: pair[0] or first_year)
        ]
        market = Market(file_name=names[1][:200], years=tuple(years), pays_exports=pays_exports, done=done)
    except ValidationError as error:
        raise input_error(error) from error
    return curve_fields(tariff, Curve("day", np.zeros(HOURS)), *names) | {"market": market.model_dump()}


def curve_fields(tariff: Tariff, curve: Curve, name: str, source: str) -> dict[str, Any]:
    """The fields of `tariff` with the energy prices of a day, or of a day each month; demand charges, adders and taxes
    stay.

    Equal prices of a month share a period. Demand charges and tiers that name periods go on counting their hours.
    """
    named = (*(charge.measured_periods for charge in tariff.demand_charges), *(r.periods for r in tariff.energy_tiers))
    old = painting_of(tariff) if any(named) else None
    slots = slots_needed(tariff) if old else HOURS
    days = np.broadcast_to(curve.per_kwh, (len(DAY_TYPES), MONTHS, HOURS))
    prices = np.repeat(days, slots // HOURS, axis=2)
    kept = refined(old, slots).cells if old else np.zeros(prices.shape, dtype=np.int64)
    cells, labels, by_month = _numbered(prices, kept)
    names = tuple(f"{old.periods[number]} P{rank:02d}" if old else f"P{rank:02d}" for number, rank in labels)
    charges = [
        charge.model_copy(update={"measured_periods": _renamed(charge.measured_periods, names)})
        for charge in tariff.demand_charges
    ]
    tiers = [rule.model_copy(update={"periods": _renamed(rule.periods, names)}) for rule in tariff.energy_tiers]
    counted = {"demand_charges": tuple(charges), "energy_tiers": tuple(tiers)}
    told = {"source": source[:4000], "as_of": "", "notes": "", "notes_zh": "", "market": None}
    bare = tariff.model_copy(update=counted | told)
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
