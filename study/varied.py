"""Which inputs a batch of variants may vary, and the scenario with some of them at other values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats, Ints
from sim.inputs.register import register
from sim.inputs.scenario import Scenario

# Factors that are no input of a scenario, and what they are 1 of.
FACTORS = {
    "load.level": "load of every step, peak and mean together",
    "pv.irradiation": "PV output of every step",
    "tariff.spread": "distance of every energy price from the mean price over the year",
}
# Inputs whose definition says that they may vary here: the simulation is run again for those of the plant.
PHYSICS = tuple(path for path, entry in register().items() if entry.varies == "plant")
MONEY = tuple(path for path, entry in register().items() if entry.varies == "price")
VARIED = (*FACTORS, *PHYSICS, *MONEY)
# What a simulation of the hybrid and of a baseline depends on.
OF_HYBRID = ("load.level", "pv.irradiation", *PHYSICS)
OF_BASELINE = ("load.level", "genset.fuel_factor")


@dataclass(frozen=True, eq=False)
class Values:
    """The scenario with some inputs as arrays (n,) of variants."""

    scenario: Scenario
    given: Mapping[str, Floats]
    count: int

    def __call__(self, path: str) -> Floats:
        """Values of one input (n,)."""
        return self.given[path] if path in self.given else np.full(self.count, self._own(path))

    def one(self, path: str) -> Any:
        """Values of one input (n,), or the scenario's own, whatever it is."""
        return self.given[path] if path in self.given else self.scenario.get(path)

    def factor(self, path: str) -> Floats | float:
        """Values of one input (n, 1), or the one number that all variants have."""
        return self.given[path][:, None] if path in self.given else self._own(path)

    def _own(self, path: str) -> float:
        return 1.0 if path in FACTORS else float(self.scenario.get(path))

    def some(self, rows: Ints) -> Values:
        """These variants (a variant may come again)."""
        return Values(self.scenario, {path: array[rows] for path, array in self.given.items()}, len(rows))

    def alike(self, paths: tuple[str, ...]) -> tuple[Values, Ints]:
        """Variants that differ in these inputs, one of each kind, and which of them each variant (n,) is like."""
        names = [path for path in paths if path in self.given]
        if not names:
            return self.some(np.zeros(1, dtype=np.int64)), np.zeros(self.count, dtype=np.int64)
        columns = np.stack([self.given[path] for path in names], axis=1)
        _, one, index = np.unique(columns, axis=0, return_index=True, return_inverse=True)
        return self.some(one), index.ravel()


def checked(values: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    """Arrays (N,) by path. Raises ValueError for inputs that cannot be varied, arrays of different length, and values
    out of limits."""
    given = {path: np.atleast_1d(np.asarray(array, dtype=float)) for path, array in values.items()}
    unknown = [path for path in given if path not in VARIED]
    if unknown:
        raise ValueError(f"'{unknown[0]}' cannot be varied in a batch; use one of: {', '.join(VARIED)}")
    lengths = {array.shape for array in given.values()}
    if len(lengths) > 1 or any(len(shape) != 1 for shape in lengths):
        raise ValueError("every varied input needs one value for each variant, all arrays of the same length")
    for path, array in given.items():
        _check_limits(path, array)
    return given


def limits(path: str) -> tuple[float, float]:
    """Lowest and highest value of an input or a factor."""
    entry = register().get(path)
    low, high = (0.0, None) if entry is None else (entry.minimum, entry.maximum)
    return -np.inf if low is None else low, np.inf if high is None else high


def _check_limits(path: str, array: Floats) -> None:
    low, high = limits(path)
    bad = ~np.isfinite(array) | (array < low) | (array > high)
    if bad.any():
        raise ValueError(f"{path}: {array[bad][0]:g} is out of range; it must lie between {low:g} and {high:g}")
