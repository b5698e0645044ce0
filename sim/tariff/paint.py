"""A tariff as a picture: which price period each slot of a day has, by month and day type; painted over, and back.

The picture holds period and price of every slot. Seasons are not painted: months with equal days and equal prices
become one when the picture is made a tariff again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.inputs.tariff import DAY_TYPES, EVERY_MONTH, Season, Tariff
from sim.problem import Refusal

SLOTS = (24, 48, 96)
MOST_PERIODS = 12
MONTHS = 12
Cell = tuple[int, int]  # month 0..11, slot


@dataclass(frozen=True, eq=False)
class Painting:
    """`cells` (day types, months, slots) number the period of each slot; `price_per_kwh` (periods, months) is NaN where
    a period has no price in a month. Day types are in the order of `DAY_TYPES`, arrays are not to be written to."""

    tariff: Tariff
    periods: tuple[str, ...]
    cells: NDArray[np.int64]
    price_per_kwh: NDArray[np.float64]

    @property
    def slots(self) -> int:
        return self.cells.shape[2]

    def used(self) -> NDArray[np.bool_]:
        """(periods, months): whether the period occurs in some day of the month."""
        return np.array([(self.cells == k).any(axis=(0, 2)) for k in range(len(self.periods))])

    def same_as(self, other: Painting) -> bool:
        """Whether both show the same periods at the same prices."""
        if self.periods != other.periods or self.slots != other.slots:
            return False
        same_prices = np.array_equal(self.price_per_kwh, other.price_per_kwh, equal_nan=True)
        return same_prices and np.array_equal(self.cells, other.cells)


def painting_of(tariff: Tariff) -> Painting:
    """The picture of a tariff, in the coarsest slots that hold all its windows. Periods go from cheap to dear."""
    periods = _by_price(tariff)
    slots = slots_needed(tariff)
    days = [
        [
            [periods.index(tariff.season(month).period_at(day_type, slot * 1440 // slots)) for slot in range(slots)]
            for month in EVERY_MONTH
        ]
        for day_type in DAY_TYPES
    ]
    prices = [[tariff.season(month).prices_per_kwh.get(name, np.nan) for month in EVERY_MONTH] for name in periods]
    return Painting(tariff, periods, np.array(days), np.array(prices, dtype=float))


def slots_needed(tariff: Tariff) -> int:
    """Slots a day needs so that every window begins and ends with one: 24, 48 or 96."""
    ends = {
        hour
        for season in tariff.seasons
        for day_type in DAY_TYPES
        for window in getattr(season, day_type)
        for hour in (window.start_hour, window.end_hour)
    }
    return next(slots for slots in SLOTS if all((hour * slots / 24).is_integer() for hour in ends))


def refined(painting: Painting, slots: int) -> Painting:
    """The same picture in finer slots. Raises Refusal where they are coarser than the picture."""
    if slots % painting.slots:
        raise Refusal("the picture has {now} slots a day and cannot be made coarser", now=painting.slots)
    return replace(painting, cells=np.repeat(painting.cells, slots // painting.slots, axis=2))


def painted(painting: Painting, day_type: str, where: Iterable[Cell], period: str) -> Painting:
    """With these cells of a day type in this period. In months where it has no price it takes the nearest month's."""
    number, cells, prices = painting.periods.index(period), painting.cells.copy(), painting.price_per_kwh.copy()
    for month, slot in where:
        cells[DAY_TYPES.index(day_type), month, slot] = number
        if np.isnan(prices[number, month]):
            prices[number, month] = _nearest(painting.price_per_kwh[number], month)
    return replace(painting, cells=cells, price_per_kwh=prices)


def with_day_copied(painting: Painting, source: str, targets: Iterable[str]) -> Painting:
    """With the days of one type painted like those of another."""
    cells = painting.cells.copy()
    for target in targets:
        cells[DAY_TYPES.index(target)] = cells[DAY_TYPES.index(source)]
    return replace(painting, cells=cells)


def with_period(painting: Painting, name: str, price_per_kwh: float) -> Painting:
    """With one more period, at this price in every month. Raises Refusal where the name is taken or the list full."""
    name = name.strip()
    if not name or name in painting.periods:
        raise Refusal("there is already a period '{name}', or it has no name; give another name", name=name)
    if len(painting.periods) >= MOST_PERIODS:
        raise Refusal("a tariff can be painted with at most {most} periods; use one of them", most=MOST_PERIODS)
    row = np.full((1, MONTHS), price_per_kwh)
    return replace(
        painting, periods=(*painting.periods, name), price_per_kwh=np.concatenate([painting.price_per_kwh, row])
    )


def with_price(painting: Painting, period: str, months: Iterable[int], price_per_kwh: float) -> Painting:
    """With another price of a period in these calendar months (1..12)."""
    prices = painting.price_per_kwh.copy()
    prices[painting.periods.index(period), [month - 1 for month in months]] = price_per_kwh
    return replace(painting, price_per_kwh=prices)


def month_groups(painting: Painting) -> list[tuple[int, ...]]:
    """Calendar months that share days and prices, each group one season to be, in the order of their first month."""
    groups: dict[tuple, list[int]] = {}
    used = painting.used()
    for month in range(MONTHS):
        prices = np.where(used[:, month], painting.price_per_kwh[:, month], np.nan)
        key = (painting.cells[:, month].tobytes(), prices.tobytes(), _other_terms(painting.tariff.season(month + 1)))
        groups.setdefault(key, []).append(month + 1)
    return [tuple(months) for months in groups.values()]


def painted_fields(painting: Painting, name: str) -> dict[str, Any]:
    """The fields of a tariff that looks like the picture; no longer the library's record, and called `name`."""
    return painting.tariff.model_dump() | {
        "library_id": "",
        "name_en": name,
        "name_zh": name,
        "confidence": "unverified",
        "seasons": [_season(painting, months) for months in month_groups(painting)],
    }


def _season(painting: Painting, months: tuple[int, ...]) -> dict[str, Any]:
    month, used = months[0] - 1, painting.used()
    prices = {
        name: float(painting.price_per_kwh[k, month]) for k, name in enumerate(painting.periods) if used[k, month]
    }
    days = {day_type: _windows(painting, kind, month) for kind, day_type in enumerate(DAY_TYPES)}
    known = {tuple(sorted(season.months)): season.name for season in painting.tariff.seasons}
    name = known.get(months, "months " + months_text(months))
    base = painting.tariff.season(months[0]).model_dump()
    return base | {"name": name, "months": list(months), "prices_per_kwh": prices} | days


def _windows(painting: Painting, kind: int, month: int) -> list[dict[str, Any]]:
    windows, at, hours = [], 0, 24 / painting.slots
    for number, run in groupby(painting.cells[kind, month].tolist()):
        end = at + len(list(run))
        windows.append({"start_hour": at * hours, "end_hour": end * hours, "period": painting.periods[number]})
        at = end
    return windows


def months_text(months: tuple[int, ...]) -> str:
    """Calendar months as runs: (1, 2, 3, 7) -> "1-3, 7"."""
    runs = [[month for _, month in run] for _, run in groupby(enumerate(months), lambda pair: pair[1] - pair[0])]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _other_terms(season: Season) -> str:
    """What a season holds besides prices and days: months that differ in it do not become one season."""
    return season.model_dump_json(exclude={"name", "months", "prices_per_kwh", *DAY_TYPES})


def _by_price(tariff: Tariff) -> tuple[str, ...]:
    found: dict[str, list[float]] = {}
    for season in tariff.seasons:
        for name, price in season.prices_per_kwh.items():
            found.setdefault(name, []).append(price)
    return tuple(sorted(found, key=lambda name: float(np.mean(found[name]))))


def _nearest(prices: NDArray[np.float64], month: int) -> float:
    """The price of the month nearest to `month` round the year, the earlier of two."""
    known = np.flatnonzero(~np.isnan(prices))
    apart = np.minimum((known - month) % MONTHS, (month - known) % MONTHS)
    return float(prices[known[np.argmin(apart)]])
