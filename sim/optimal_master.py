"""The master programme: peaks, stored energy at month edges and battery size against the cuts of every month.

    min  sum price . peak + per_kw P + per_kwh E + sum theta_m,   theta_m >= every cut of month m

Its value is a lower bound on the cost of every schedule, because no cut ever exceeds its month's cost.
"""

from dataclasses import dataclass

import highspy
import numpy as np

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

    @property
    def months(self) -> int:
        return len(self.peak_at) - 1


class Master:
    """Columns: peaks, stored energy at the edges, P, E, theta of each month. Rows: laws of the frame, then cuts."""

    def __init__(self, frame: Frame, per_kw: float, per_kwh: float, kw: tuple[float, float], kwh: tuple[float, float]):
        self.frame, self.per_kw, self.per_kwh, self.sizing = frame, per_kw, per_kwh, kwh[0] < kwh[1]
        months, peaks = frame.months, len(frame.prices)
        self.edge, self.kw = peaks, peaks + months + 1
        self.kwh, self.theta = self.kw + 1, self.kw + 2
        columns = self.theta + months
        self.solver = quiet_simplex()
        low = [frame.peak_low, frame.edge_low * kwh[0], [kw[0], kwh[0]], np.full(months, -INF)]
        high = [frame.peak_high, frame.edge_high * kwh[1], [kw[1], kwh[1]], np.full(months, INF)]
        self.solver.addVars(columns, np.concatenate(low), np.concatenate(high))
        cost = np.concatenate([frame.prices, np.zeros(months + 1), [per_kw, per_kwh], np.ones(months)])
        self.solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), cost)
        self._add_laws()
        self.laws = self.solver.getNumRow()
        self._shape_cuts()

    def _add_laws(self) -> None:
        frame = self.frame
        for part, whole in frame.inside:
            self._row(-INF, 0.0, (part, 1.0), (whole, -1.0))
        for m in range(frame.months + 1) if self.sizing else ():
            self._row(-INF, 0.0, (self.edge + m, 1.0), (self.kwh, -frame.edge_high[m]))
            self._row(0.0, INF, (self.edge + m, 1.0), (self.kwh, -frame.edge_low[m]))
        if frame.cyclic:
            self._row(0.0, 0.0, (self.edge, 1.0), (self.edge + frame.months, -1.0))

    def _row(self, low: float, high: float, *terms: tuple[int, float]) -> None:
        columns = np.array([column for column, _ in terms], np.int32)
        self.solver.addRow(low, high, len(terms), columns, np.array([value for _, value in terms]))

    def _shape_cuts(self) -> None:
        """One row a month: theta, start, end, P, E, peaks of the month; the cut's constant stands where theta does."""
        at, months = self.frame.peak_at, np.arange(self.frame.months)
        columns = [
            [self.theta + m, self.edge + m, self.edge + m + 1, self.kw, self.kwh, *range(at[m], at[m + 1])]
            for m in months
        ]
        sizes = [len(row) for row in columns]
        self.cut_columns = np.concatenate(columns).astype(np.int32)
        self.cut_month = np.repeat(months, sizes)
        self.cut_place = np.concatenate([np.arange(size) for size in sizes])
        self.cut_start = (np.cumsum(sizes) - sizes).astype(np.int32)
        self.no_limit = np.full(len(months), INF)
        self.row_month = np.zeros(0, np.int64)

    def add(self, cuts: np.ndarray) -> None:
        """Add a cut of every month: theta - cut . (start, end, P, E, peaks) >= constant."""
        values = -cuts[self.cut_month, self.cut_place]
        values[self.cut_start] = 1.0
        constants = np.ascontiguousarray(cuts[:, 0])
        self.row_month = np.concatenate([self.row_month, np.arange(len(cuts))])
        self.solver.addRows(len(cuts), constants, self.no_limit, len(values), self.cut_start, self.cut_columns, values)

    def fix(self, kw: float, kwh: float) -> None:
        """Hold the battery at one size."""
        self.solver.changeColBounds(self.kw, kw, kw)
        self.solver.changeColBounds(self.kwh, kwh, kwh)

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
        edges = dual[self.edge : self.kw] * (not self.sizing)  # when sizing, rows tie the levels to the energy
        limits = np.where(edges > 0, self.frame.edge_low, self.frame.edge_high)
        return self.per_kw - float(dual[self.kw]), self.per_kwh - float(dual[self.kwh] + edges @ limits)

    def solve(self) -> tuple[float, np.ndarray]:
        """Its value and the point where it is reached."""
        self.solver.run()
        status = self.solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
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
