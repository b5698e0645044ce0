"""The battery over the years: fade, replacement, and the energy window a year is dispatched with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Storage


@dataclass(frozen=True, eq=False)
class BatteryLife:
    """`health` (years,): mean capacity of each project year over nameplate. `replaced_in`: project years (1, 2, ...)
    at whose start new cells go in."""

    health: NDArray[np.float64]
    replaced_in: tuple[int, ...]


def battery_life(storage: Storage, years: int) -> BatteryLife:
    """Straight-line fade with an extra loss in the first year of use; cells are replaced when a year would begin below
    `end_of_life_fraction`. (Ageing by temperature and cycles is not modelled here.)"""
    health, replaced_in, age = np.ones(years), [], 0
    for year in range(years):
        if _health_at(storage, age) < storage.end_of_life_fraction:
            replaced_in.append(year + 1)
            age = 0
        health[year] = max(0.0, _health_at(storage, age + 0.5))
        age += 1
    return BatteryLife(health, tuple(replaced_in))


def _health_at(storage: Storage, age_years: float) -> float:
    return 1.0 - storage.fade_per_year * age_years - storage.fade_first_year * min(1.0, age_years)
