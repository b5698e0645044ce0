"""Prices in tiers of a month's quantity, kWh or kW. Money in the tariff's currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats


@dataclass(frozen=True)
class Tier:
    """A price up to a limit of the month's quantity (kWh or kW), counted from the tier before; None = all the rest."""

    price: float
    up_to: float | None = None


def tiered_charge(quantity: ArrayLike, tiers: Sequence[Tier]) -> Floats:
    """Charge of a month's kWh or kW (...) when each tier's price holds for the part within it.

    Raises ValueError where limits do not rise or something is left without a price.
    """
    amounts, reached = np.asarray(quantity, dtype=float), 0.0
    charge = np.zeros(())
    _check_tiers(tiers)
    for tier in tiers:
        top = np.inf if tier.up_to is None else tier.up_to
        charge = charge + np.clip(amounts - reached, 0.0, top - reached) * tier.price
        reached = top
    return charge


def _check_tiers(tiers: Sequence[Tier]) -> None:
    if not tiers or tiers[-1].up_to is not None:
        raise ValueError("the last tier needs no limit, so that everything has a price")
    limits = [tier.up_to for tier in tiers if tier.up_to is not None]
    if len(limits) < len(tiers) - 1 or any(b <= a for a, b in pairwise(limits)):
        raise ValueError("the limits of the tiers must rise, and only the last one may be left out")
