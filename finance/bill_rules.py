"""Rules some tariffs add to the plain bill: tiers, look-back over named months, coincident peaks, minimum bills.

Functions of readings with months (or steps) on the last axis; any leading axes are lanes. Money in the tariff's
currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tier:
    """A price up to a limit of the month's quantity (kWh or kW), counted from the tier before; None = all the rest."""

    price: float
    up_to: float | None = None


def tiered_charge(quantity: ArrayLike, tiers: Sequence[Tier]) -> Floats:
    """Charge of a month's kWh or kW (...) when each tier's price holds for the part within it.

    Raises ValueError where limits do not rise or something is left without a price.
    """
    amounts, charge, reached = np.asarray(quantity, dtype=float), 0.0, 0.0
    _check_tiers(tiers)
    for tier in tiers:
        top = np.inf if tier.up_to is None else tier.up_to
        charge = charge + np.clip(amounts - reached, 0.0, top - reached) * tier.price
        reached = top
    return charge


def lookback_kw(
    peak_kw: ArrayLike, fraction: float, lookback_months: int | None = None, named_months: Sequence[int] | None = None
) -> Floats:
    """Billed kW of each month of a year that repeats (..., 12): its own peak or, if more, a share of earlier ones.

    lookback_months: of the greatest of that many months before, the last year's December coming before January.
    named_months: of the greatest among these calendar months (1..12), for every month of the year.
    """
    peaks = np.asarray(peak_kw, dtype=float)
    if (lookback_months is None) == (named_months is None):
        raise ValueError("give either lookback_months or named_months")
    if not 0 <= fraction <= 1:
        raise ValueError(f"the look-back fraction is {fraction}; give a fraction from 0 to 1")
    if named_months is not None:
        greatest = peaks[..., [month - 1 for month in named_months]].max(axis=-1, keepdims=True)
        return np.maximum(peaks, fraction * greatest)
    before = [np.roll(peaks, shift, axis=-1) for shift in range(1, lookback_months + 1)]
    greatest = np.max(before, axis=0) if before else np.zeros_like(peaks)
    return np.maximum(peaks, fraction * greatest)


def coincident_peak_charge(import_kw: ArrayLike, hours: Sequence[Sequence[int]], per_kw: Sequence[float]) -> Floats:
    """Charge on the load in the hours when the whole grid peaks (...): for each group of steps its greatest import.

    import_kw: (..., steps). hours: step numbers from 0 of each group; per_kw: price of each group.
    """
    series = np.asarray(import_kw, dtype=float)
    if len(hours) != len(per_kw):
        raise ValueError(f"{len(hours)} groups of coincident hours but {len(per_kw)} prices; give one for each")
    return sum(series[..., list(steps)].max(axis=-1) * price for steps, price in zip(hours, per_kw, strict=True))


def with_minimum(bill: ArrayLike, minimum_per_month: ArrayLike) -> Floats:
    """The bill of each month, at least the minimum (..., months)."""
    return np.maximum(np.asarray(bill, dtype=float), np.asarray(minimum_per_month, dtype=float))


def _check_tiers(tiers: Sequence[Tier]) -> None:
    limits = [tier.up_to for tier in tiers]
    if not limits or limits[-1] is not None:
        raise ValueError("the last tier needs no limit, so that everything has a price")
    if any(limit is None for limit in limits[:-1]) or any(
        b <= a for a, b in zip(limits[:-1], limits[1:-1], strict=False)
    ):
        raise ValueError("the limits of the tiers must rise, and only the last one may be left out")
