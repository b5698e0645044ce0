"""What energy and demand cost, as a control that looks ahead sees it: money by month and billing class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats


@dataclass(frozen=True, eq=False)
class PeakRate:
    """A demand charge: which classes it measures (classes,), and its price per kW (months,)."""

    measured: NDArray[np.bool_]
    per_kw: Floats


@dataclass(frozen=True, eq=False)
class Rates:
    """Money of one year: energy and export credit per kWh (months, classes), demand, diesel, load not served."""

    energy_per_kwh: Floats
    credit_per_kwh: Floats
    demand: tuple[PeakRate, ...]
    per_litre: float
    unserved_per_kwh: float
