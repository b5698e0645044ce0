"""One outage step by step, by the rule whose failures `sim.plant.island.hours_survived` counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.plant.island import EPS, Island, _island_step, _row, walk_inputs

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ride:
    """One outage up to and including its first failed step (m,). Energy and fuel at the step's end; in the failed step
    they stay as they were."""

    served: NDArray[np.bool_]
    genset_kw: Floats
    energy_kwh: Floats
    fuel_l: Floats


def ride(net_kw, start_energy_kwh: float, island: Island, order: str, start: int = 0, step_h: float = 1.0) -> Ride:
    """The ride from one start through at most one turn of the series."""
    net, _, battery_first = walk_inputs(net_kw, start_energy_kwh, island, order, 1, step_h)
    plant, energy, fuel, steps = _row(island, step_h), float(start_energy_kwh), island.tank_l, []
    for need in np.roll(net[: np.size(net_kw)], -start):
        after, left, genset, missing = _island_step(need, energy, fuel, plant, battery_first)
        if missing > EPS * abs(need):
            steps.append((False, 0.0, energy, fuel))
            break
        energy, fuel = after, left
        steps.append((True, genset, energy, fuel))
    served, genset_kw, energy_kwh, fuel_l = map(np.array, zip(*steps, strict=True))
    return Ride(served, genset_kw, energy_kwh, fuel_l)


def shed_kwh(net_kw, start_energy_kwh, island: Island, order: str, horizon_steps: int) -> Floats:
    """Mean energy not served by an outage of 1, 2, ... horizon_steps hours (horizon_steps,), where the plant serves
    what it can in every one and sheds the rest."""
    net, energies, battery_first = walk_inputs(net_kw, start_energy_kwh, island, order, horizon_steps, 1.0)
    plant, shed = _row(island, 1.0), np.zeros(horizon_steps)
    for start, energy in enumerate(energies):
        fuel = island.tank_l
        for step in range(horizon_steps):
            energy, fuel, _, missing = _island_step(net[start + step], energy, fuel, plant, battery_first)
            shed[step] += missing
    return shed.cumsum() / energies.size
