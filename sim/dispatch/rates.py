"""What energy and demand cost, as a control that looks ahead sees it: money by month, billing class and step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class PeakRate:
    """A demand charge: which classes it measures (classes,), and its price per kW (months,)."""

    measured: NDArray[np.bool_]
    per_kw: Floats


@dataclass(frozen=True, eq=False)
class Rates:
    """Money of one year: energy and export credit per kWh (months, classes), demand, diesel, load not served; and of a
    market, on top of both, in each step (steps,)."""

    energy_per_kwh: Floats
    credit_per_kwh: Floats
    demand: tuple[PeakRate, ...]
    per_litre: float
    unserved_per_kwh: float
    market_per_kwh: Floats | float = 0.0
    export_market_per_kwh: Floats | float = 0.0

    def buy_per_kwh(self, month: Ints, period: Ints) -> Floats:
        """What a kWh from the grid costs in each step (steps,), from the step's month and class."""
        return self.energy_per_kwh[month, period] + self.market_per_kwh

    def earned_per_kwh(self, month: Ints, period: Ints) -> Floats:
        """What a kWh fed in earns in each step (steps,); 0 where it would cost, for then PV is curtailed."""
        return np.maximum(self.credit_per_kwh[month, period] + self.export_market_per_kwh, 0.0)
