"""How long plant lives: in which project years a part is renewed, and what is left of it at the term's end.

A part is renewed at the start of the project year after its life ends, as often as the term asks for, and never where
less than a whole project year would use it: in a last project year that is a part of one it goes on as it is.
At the end of the term a plant is worth the share of its life that is left, of its price. What was renewed counts its
own life, in place of what it stands for. A fraction that is typed is the whole worth, of the first price.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats

# The input that holds the life of each plant and part; the fraction typed for a plant; the plant a part belongs to.
LIFE = {
    "storage": "finance.storage_life_years",
    "pv": "finance.pv_life_years",
    "genset": "finance.genset_life_years",
    "cells": "finance.storage_life_years",
    "converters": "finance.storage_converter_life_years",
    "inverters": "finance.pv_inverter_life_years",
}
TYPED = {name: f"finance.{name}_residual_fraction" for name in ("storage", "pv", "genset")}
PART_OF = {"cells": "storage", "converters": "storage", "inverters": "pv"}
# Factors of a cost line that `Lives` knows: whether a part is renewed, and what share of a price is left.
FACTORS = ("converters_renewed", "inverters_renewed", *(f"{name}_left" for name in LIFE))


@dataclass(frozen=True, eq=False)
class Lives:
    """The factors of a study of `months`, or of variants of it.

    of: an input's value, a number or one of each variant (n,). added (..., years): new cells put in at the start of
    each project year over nameplate; price (..., years): theirs over today's; exchanged: whether all cells are new
    then, or some are added.
    """

    months: int
    of: Callable[[str], Any]
    added: Floats
    price: Floats
    exchanged: bool

    def __call__(self, factor: str) -> Floats:
        """A factor of `FACTORS`: (..., years) of what is renewed, (..., 1) of what is left."""
        name, _, kind = factor.partition("_")
        return renewals(self.of(LIFE[name]), self.months) if kind == "renewed" else self.left(name)[..., None]

    def left(self, name: str) -> Floats:
        """Share of a plant's price that is left; of a part, by how much its renewal adds to that, of its own price."""
        typed, life_years = self.of(TYPED[PART_OF.get(name, name)]), self.of(LIFE[name])
        if name not in PART_OF:
            return np.asarray(share_left(life_years, self.months) if typed is None else typed, dtype=float)
        if typed is not None:
            return np.zeros(())
        whole = self.left(PART_OF[name])
        if name == "cells":
            return left_in_new(self.added, life_years, self.months, whole, self.price, self.exchanged)
        return left_in_new(renewals(life_years, self.months), life_years, self.months, whole)


def renewals(life_years: ArrayLike, months: int) -> Floats:
    """1 in the project years at whose start a part that lives `life_years` (...) is renewed, else 0 (..., years).

    A life that ends within a project year is served to that year's end. months: of the term.
    """
    year = np.arange(-(-months // 12))
    due = (year > 0) & (year % np.ceil(np.asarray(life_years, dtype=float))[..., None] == 0)
    return (due & (12 * (year + 1) <= months)).astype(float)


def share_left(life_years: ArrayLike, used_months: ArrayLike) -> Floats:
    """Share of a life that is left after so many months of use, 0 from its end on; the arguments broadcast."""
    return np.maximum(0.0, 1.0 - np.asarray(used_months) / 12 / np.asarray(life_years, dtype=float))


def left_in_new(
    added: Floats,
    life_years: ArrayLike,
    months: int,
    first_left: ArrayLike,
    price: Floats | float = 1.0,
    exchanged: bool = True,
) -> Floats:
    """What new parts (..., years; 1 is as much as the first) are worth at the term's end beyond what the first ones
    count for (...). Where all are exchanged, only the last ones are there, and the first ones are gone."""
    used = months - 12 * np.arange(added.shape[-1])
    kept, gone = added, np.zeros(added.shape[:-1])
    if exchanged:
        kept = np.where(np.cumsum(added[..., ::-1], axis=-1)[..., ::-1] > added, 0.0, added)
        gone = (added > 0).any(axis=-1) * np.asarray(first_left)
    worth = kept * price * share_left(np.asarray(life_years, dtype=float)[..., None], used)
    return worth.sum(axis=-1) - gone
