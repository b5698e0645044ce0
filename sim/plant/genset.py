"""Diesel sets: fuel by load, and how many sets run for a given load.

Loads are means over the step (kW), fuel is litres of diesel. The fuel curve of a set is given at 25, 50, 75 and 100 %
of its rating, by engine family or by the user; between the points it is a straight line, and below 25 % the first line
is prolonged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.inputs import library
from sim.inputs.plant import Genset

LOAD_FRACTIONS = (0.25, 0.50, 0.75, 1.00)
TABLE_COLUMNS = ("load_25", "load_50", "load_75", "load_100")


@dataclass(frozen=True)
class FuelCurve:
    """Litres per hour of one set of `set_kw` at 25, 50, 75 and 100 % load."""

    set_kw: float
    l_per_h: tuple[float, ...]

    def __post_init__(self):
        if not self.set_kw > 0:
            raise ValueError(f"set_kw must be more than 0 kW, but is {self.set_kw}.")
        if len(self.l_per_h) != 4 or not np.all(np.diff(self.l_per_h, prepend=0.0) > 0):
            raise ValueError(
                "The fuel curve needs four litres per hour, at 25, 50, 75 and 100 % load, rising from above 0."
            )
        if self.kernel_coefficients[0] < 0:
            raise ValueError("The fuel curve would burn less than nothing at no load; check its values at 25 and 50 %.")

    @property
    def kernel_coefficients(self) -> tuple[float, float, float, float]:
        """Litres per hour at no load, then the slope per unit of load fraction from 0 to 0.5, to 0.75 and to 1."""
        at_25, at_50, at_75, at_100 = self.l_per_h
        return 2 * at_25 - at_50, 4 * (at_50 - at_25), 4 * (at_75 - at_50), 4 * (at_100 - at_75)


def fuel_curve(table: Sequence[Mapping[str, float]], set_kw: float) -> FuelCurve:
    """The curve of a set of `set_kw` from rows with rated_kw, load_25, load_50, load_75 and load_100 (litres per hour).

    Between ratings each load point is interpolated; beyond the smallest and largest rating it is scaled with the
    rating.
    """
    if not table:
        raise ValueError("The fuel table is empty; give at least one row with rated_kw and load_25 to load_100.")
    rows = sorted(table, key=lambda row: row["rated_kw"])
    rated_kw = [float(row["rated_kw"]) for row in rows]
    within_kw = min(max(set_kw, rated_kw[0]), rated_kw[-1])
    points = [np.interp(within_kw, rated_kw, [row[column] for row in rows]) for column in TABLE_COLUMNS]
    return FuelCurve(set_kw, tuple(float(point) * set_kw / within_kw for point in points))


def curve_of(genset: Genset, set_kw: float) -> FuelCurve:
    """The curve of a set of `set_kw` by the engine family of the scenario, or through its own points, times its factor
    on fuel."""
    own = [{"rated_kw": 1.0} | {f"load_{load}": load / 100 * per_kwh for load, per_kwh in genset.own_l_per_kwh.items()}]
    curve = fuel_curve(own if genset.engine_family == "own" else library.fuel_table(genset.engine_family), set_kw)
    return FuelCurve(set_kw, tuple(point * genset.fuel_factor for point in curve.l_per_h))


def linear_fit(load_kw: Sequence[float], l_per_h: Sequence[float]) -> tuple[float, float]:
    """Least-squares straight line through fuel points: litres per kWh and litres per hour at no load."""
    slope_l_per_kwh, intercept_l_per_h = np.polyfit(load_kw, l_per_h, 1)
    return float(slope_l_per_kwh), float(intercept_l_per_h)
