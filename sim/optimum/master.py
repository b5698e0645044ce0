"""The master programme: peaks, stored energy at month edges and sizes of the plant against the cuts of every month.

    min  sum price . peak + price of the sizes + sum theta_m,   theta_m >= every cut of month m

Its value is a lower bound on the cost of every schedule, because no cut ever exceeds its month's cost. theta_m has a
floor from the start: without one the first cuts send it to -1e11, where the simplex turns in circles for minutes.
"""

from dataclasses import dataclass

import highspy
import numpy as np

from sim.optimum.model import Sizes
from sim.optimum.slopes import GROWN, PEAKS, SIZES

INF = highspy.kHighsInf
MOST_CUTS, KEPT_CUTS = 60, 50  # of a month: beyond the first the looser ones are dropped; a bound stays a bound


@dataclass(frozen=True)
class Frame:
    """What the master is made of besides cuts; edge levels are fractions of the battery's energy."""

    prices: np.ndarray  # per kW of each peak
    peak_at: np.ndarray  # first peak of each month, then their number
    peak_low: np.ndarray
    peak_high: np.ndarray
    inside: tuple[tuple[int, int], ...]  # pairs (part, whole): a window inside another one
    edge_low: np.ndarray  # at the start, between the months, at the end
    edge_high: np.ndarray
    cyclic: bool
    end_worth: float  # of a kWh at the end, against one at the start
    floor: np.ndarray  # what no schedule of each month can cost less than

    @property
    def months(self) -> int:
        return len(self.peak_at) - 1

    def ends(self, battery_kwh: float) -> tuple[float, float]:
        """Stored energy at the start and at the end where a search begins, kWh."""
        middle = 0.5 * (self.edge_low + self.edge_high) * battery_kwh
        return float(middle[0]), float(middle[0] if self.cyclic else middle[-1])


class Master:
    """Columns: peaks, stored energy at the edges, the four sizes, theta of each month. Rows: laws of the frame, cuts.

    `price` of each size for the term, `least` and `most` of it; a size that cannot grow has no place in the cuts but P
    and E have.
    """

    def __init__(self, frame: Frame, price: Sizes, least: Sizes, most: Sizes):
        self.frame, self.price, self.sizing = frame, price, least.kwh < most.kwh
        months, peaks = frame.months, len(frame.prices)
        self.edge, self.size = peaks, peaks + months + 1
        self.theta = self.size + len(price.values)
        self.grows = np.flatnonzero((np.arange(len(price.values)) < GROWN) | (most.values > 0))
        columns = self.theta + months
        self.solver = quiet_simplex()
        low = [frame.peak_low, frame.edge_low * least.kwh, least.values, frame.floor]
        high = [frame.peak_high, frame.edge_high * most.kwh, most.values, np.full(months, INF)]
        self.solver.addVars(columns, np.concatenate(low), np.concatenate(high))
        worth = np.zeros(months + 1)
        worth[0], worth[-1] = frame.end_worth, -frame.end_worth
        cost = np.concatenate([frame.prices, worth, price.values, np.ones(months)])
        self.solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), cost)
        self._add_laws()
        self.laws = self.solver.getNumRow()
        self._shape_cuts()

    def _add_laws(self) -> None:
        frame = self.frame
        for part, whole in frame.inside:
            self._row(-INF, 0.0, (part, 1.0), (whole, -1.0))
        for m in range(frame.months + 1) if self.sizing else ():
            self._row(-INF, 0.0, (self.edge + m, 1.0), (self.size + 1, -frame.edge_high[m]))
            self._row(0.0, INF, (self.edge + m, 1.0), (self.size + 1, -frame.edge_low[m]))
        if frame.cyclic:
            self._row(0.0, 0.0, (self.edge, 1.0), (self.edge + frame.months, -1.0))

    def _row(self, low: float, high: float, *terms: tuple[int, float]) -> None:
        columns = np.array([column for column, _ in terms], np.int32)
        self.solver.addRow(low, high, len(terms), columns, np.array([value for _, value in terms]))

    def _shape_cuts(self) -> None:
        """One row a month: theta, start, end, sizes, peaks of the month; the cut's constant stands where theta does."""
        at, months = self.frame.peak_at, np.arange(self.frame.months)
        built = self.size + self.grows
        columns = [[self.theta + m, self.edge + m, self.edge + m + 1, *built, *range(at[m], at[m + 1])] for m in months]
        sizes = [len(row) for row in columns]
        fixed = np.concatenate([np.arange(SIZES), SIZES + self.grows])
        self.cut_columns = np.concatenate(columns).astype(np.int32)
        self.cut_month = np.repeat(months, sizes)
        self.cut_place = np.concatenate(
            [np.concatenate([fixed, PEAKS + np.arange(at[m + 1] - at[m])]) for m in months]
        ).astype(np.int64)
        self.cut_start = (np.cumsum(sizes) - sizes).astype(np.int32)
        self.no_limit = np.full(len(months), INF)
        self.row_month = np.zeros(0, np.int64)

    def add(self, cuts: np.ndarray) -> None:
        """Add a cut of every month: theta - cut . (start, end, sizes, peaks) >= constant."""
        values = -cuts[self.cut_month, self.cut_place]
        values[self.cut_start] = 1.0
        constants = np.ascontiguousarray(cuts[:, 0])
        self.row_month = np.concatenate([self.row_month, np.arange(len(cuts))])
        self.solver.addRows(len(cuts), constants, self.no_limit, len(values), self.cut_start, self.cut_columns, values)

    def hold(self, least: Sizes, most: Sizes) -> None:
        """Keep the sizes within these; equal ones hold them fast."""
        for column, low, high in zip(range(self.size, self.theta), least.values, most.values, strict=True):
            self.solver.changeColBounds(column, low, high)

    def drop_loose(self) -> None:
        """Keep each month's tightest cuts when they are many; of equals the newest."""
        if len(self.row_month) <= MOST_CUTS * self.frame.months:
            return
        slack = np.array(self.solver.getSolution().row_value) - np.array(self.solver.getLp().row_lower_)
        grain = 1e-9 * max(1.0, abs(self.solver.getInfo().objective_function_value))
        age = -np.arange(len(self.row_month))
        order = np.lexsort((age, np.round(slack[self.laws :] / grain), self.row_month))
        month = self.row_month[order]
        rank = np.arange(len(order)) - np.searchsorted(month, month)
        loose = np.sort(order[rank >= KEPT_CUTS])
        self.solver.deleteRows(len(loose), (self.laws + loose).astype(np.int32))
        self.row_month = np.delete(self.row_month, loose)

    def worth(self) -> tuple[float, float]:
        """What one more kW and one more kWh of battery would save, its own cost apart, at the point solved last."""
        dual = np.array(self.solver.getSolution().col_dual)
        edges = dual[self.edge : self.size] * (not self.sizing)  # when sizing, rows tie the levels to the energy
        limits = np.where(edges > 0, self.frame.edge_low, self.frame.edge_high)
        at_kw, at_kwh = dual[self.size], dual[self.size + 1] + edges @ limits
        return self.price.kw - float(at_kw), self.price.kwh - float(at_kwh)

    def solve(self) -> tuple[float, np.ndarray]:
        """Its value and the point where it is reached."""
        # A basis carried on through many cuts can wear out, and a cold start can end as "Unknown" where presolve helps.
        for start_over, presolve in ((False, "off"), (True, "off"), (True, "on")):
            if start_over:
                self.solver.clearSolver()
            self.solver.setOptionValue("presolve", presolve)
            self.solver.run()
            self.solver.setOptionValue("presolve", "off")
            status = self.solver.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                break
        else:
            raise RuntimeError(f"The master programme ended as '{self.solver.modelStatusToString(status)}'.")
        return self.solver.getInfo().objective_function_value, np.array(self.solver.getSolution().col_value)


def quiet_simplex() -> highspy.Highs:
    """Dual simplex from the last basis, one thread: the fastest for rows that only grow, and for dispatch as arrays."""
    solver = highspy.Highs()
    solver.silent()
    for name, value in (
        ("presolve", "off"),
        ("solver", "simplex"),
        ("threads", 1),
        ("simplex_dual_edge_weight_strategy", 1),
    ):
        solver.setOptionValue(name, value)
    return solver
