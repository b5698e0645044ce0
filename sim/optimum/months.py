"""Least cost where demand is the mean of several steps: a linear programme a month, and a master for what ties them.

Only the energy stored between two months ties them together. Each month's least cost is convex in the energy it begins
and ends with; its duals give a cut, as those of the slope lists do, and the master's value is a lower bound on every
schedule. A month once solved goes on from its last basis, for only two limits move.
"""

from __future__ import annotations

from dataclasses import fields, replace

import highspy
import numpy as np

from sim.arrays import Floats, require
from sim.optimum.master import INF, quiet_simplex
from sim.optimum.model import (
    STEP_ARRAYS,
    Optimum,
    Programme,
    Schedule,
    ShedTier,
    costs_of,
    peaks_of,
    relative_gap,
)
from sim.optimum.oracle import LP, _programme, _schedule, _without_idle_cycling

PENALTY = 30.0  # times the dearest kWh and kW: energy that limits keep from being there
MOST_ROUNDS = 100
HALF_WAY = 1e-3  # of the cost: from this gap on the master's own point is asked
ROUNDING_KWH = 1e-6


def solve_months(p: Programme, gap: float, stored_kwh: Floats) -> Optimum:
    """The optimum to the relative `gap`; `stored_kwh` (steps,) is a first guess of the energy stored.

    For linear programmes alone: no deferral, no least load of sets, no price that burns energy, two meters.
    A schedule must exist, as the one that the guess belongs to.
    """
    edges, months = p.month_edges, [_Month(p, m) for m in range(len(p.month_edges) - 1)]
    master = _Levels(p, len(months))
    x = stored_kwh[np.append(edges[-1], edges[1:]) - 1]
    x[0] = x[-1] if p.soc_start is None else p.soc_start * p.battery_kwh
    best, best_x, bound, at, rounds = np.inf, x, -np.inf, x, 0
    while rounds < MOST_ROUNDS:
        rounds += 1
        cost = sum(month.cost(x[m], x[m + 1]) for m, month in enumerate(months)) + p.end_worth * (x[0] - x[-1])
        if cost < best:
            best, best_x = cost, x
        at = x
        lower, target = master.ask(np.array([month.cut for month in months]), x)
        bound = max(bound, lower)
        reached = relative_gap(best, bound)
        if reached <= gap:
            break
        x = best_x + (0.5 if reached > HALF_WAY else 1.0) * (target - best_x)
    if at is not best_x:
        for m, month in enumerate(months):
            month.cost(best_x[m], best_x[m + 1])
    return _joined(p, months, bound, rounds)


class _Month:
    """One month as a linear programme whose first and last stored energy can be moved."""

    def __init__(self, p: Programme, number: int):
        self.programme = part = _part(p, *p.month_edges[number : number + 2])
        matrix, self.columns = _programme(part, True)
        tiers = [tier.price_per_kwh for tier in part.shed]
        dearest = max(np.abs(part.buy_per_kwh).max(), part.genset_per_kwh, 1e-3, *tiers)
        per_kw = sum(window.price_per_kw for window in part.windows)
        penalty = PENALTY * (dearest + per_kw / p.step_h) / (p.charge_efficiency * p.discharge_efficiency)
        self.elastic = matrix.add_columns(4, penalty)
        self.begins = part.steps  # the store's first row
        matrix.entries.append((np.full(2, self.begins), self.elastic[:2], np.array([-1.0, 1.0])))
        self.ends = matrix.rows
        last = self.columns.stored[-1:]
        matrix.add_rows(0.0, 0.0, (last, 1.0), (self.elastic[2:3], 1.0), (self.elastic[3:], -1.0))
        self.solver = quiet_simplex()
        self.solver.setOptionValue("presolve", "on")
        self.solver.passModel(matrix.lp())
        self.cut = np.zeros(3)

    def cost(self, start_kwh: float, end_kwh: float) -> float:
        """Least cost from one level to the other; `cut` has it, and the cost of a kWh more at the start, at the end."""
        for row, level in ((self.begins, start_kwh), (self.ends, end_kwh)):
            self.solver.changeRowBounds(row, level, level)
        self.solver.run()
        self.solver.setOptionValue("presolve", "off")  # from here on the last basis is better
        status = self.solver.getModelStatus()
        held = status == highspy.HighsModelStatus.kOptimal
        require(held, f"HiGHS found no schedule: {self.solver.modelStatusToString(status)}. Shorten the term.")
        dual = np.array(self.solver.getSolution().row_dual)
        self.cut = np.array([self.solver.getInfo().objective_function_value, dual[self.begins], dual[self.ends]])
        return float(self.cut[0])

    def found(self) -> tuple[Schedule, Floats, Floats, float]:
        """Schedule, price at the bus and worth of a stored kWh of each step, and the kWh that only the penalty gave."""
        solution, n, h = self.solver.getSolution(), self.programme.steps, self.programme.step_h
        x, dual = np.array(solution.col_value), np.array(solution.row_dual)
        plan = _without_idle_cycling(self.programme, _schedule(self.programme, self.columns, x))
        return plan, dual[:n] / h, -dual[n : 2 * n], float(x[self.elastic].max())


class _Levels:
    """The master: stored energy between the months against the cuts of every month."""

    def __init__(self, p: Programme, months: int):
        last = p.month_edges - 1  # the first is the term's last step
        low, high = p.soc_min[last] * p.battery_kwh, p.soc_max[last] * p.battery_kwh
        if p.soc_start is not None:
            fixed = [0, -1] if p.end_worth_per_kwh is None else [0]
            low[fixed] = high[fixed] = p.soc_start * p.battery_kwh
        worth = np.zeros(months + 1)
        worth[0] += p.end_worth
        worth[-1] -= p.end_worth
        self.months, self.solver = months, quiet_simplex()
        least = -PENALTY * max(float(np.abs(p.credit_per_kwh).max()), float(np.abs(p.buy_per_kwh).max()), 1.0)
        most_kwh = p.step_h * np.add.reduceat(p.export_room_kw + p.load_kw + p.battery_kw, p.month_edges[:-1])
        bottom = least * (most_kwh + p.battery_kwh)
        columns = 2 * months + 1
        self.solver.addVars(columns, np.append(low, bottom), np.append(high, np.full(months, INF)))
        cost = np.append(worth, np.ones(months))
        self.solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), cost)
        if p.soc_start is None:
            self.solver.addRow(0.0, 0.0, 2, np.array([0, months], np.int32), np.array([1.0, -1.0]))

    def ask(self, cuts: Floats, x: Floats) -> tuple[float, Floats]:
        """Its value and levels, with these cuts (months, 3) at the levels `x` besides."""
        for m, (value, start, end) in enumerate(cuts):
            columns = np.array([m, m + 1, self.months + 1 + m], np.int32)
            constant = value - start * x[m] - end * x[m + 1]
            self.solver.addRow(constant, INF, 3, columns, np.array([-start, -end, 1.0]))
        self.solver.run()
        levels = np.array(self.solver.getSolution().col_value)[: self.months + 1]
        return self.solver.getInfo().objective_function_value, levels


def _part(p: Programme, first: int, end: int) -> Programme:
    """The steps `first` ... `end` - 1 as a programme of their own, from an empty battery to any level."""
    here = slice(first, end)
    return replace(
        p,
        month=p.month[here],
        **{name: getattr(p, name)[here] for name in STEP_ARRAYS},
        windows=tuple(
            replace(w, steps=w.steps - first) for w in p.windows if len(w.steps) and first <= w.steps[0] < end
        ),
        shed=tuple(ShedTier(tier.limit_kw[here], tier.price_per_kwh) for tier in p.shed),
        soc_start=0.0,
        end_worth_per_kwh=0.0,
        one_meter=False,
    )


def _joined(p: Programme, months: list[_Month], bound: float, rounds: int) -> Optimum:
    """The months' schedules one after the other, priced from themselves."""
    found = [month.found() for month in months]
    plans, prices, worths, missing = zip(*found, strict=True)
    require(max(missing) <= ROUNDING_KWH * max(1.0, p.battery_kwh), "The battery's limits leave no schedule.")
    plan = Schedule(
        **{part.name: np.concatenate([getattr(one, part.name) for one in plans], axis=-1) for part in fields(Schedule)}
    )
    costs = costs_of(p, plan)
    bound = min(bound, costs.total)
    gap, made = relative_gap(costs.total, bound), (plan, costs, peaks_of(p, plan), rounds, LP)
    return Optimum(costs.total, bound, gap, *made, np.concatenate(worths), np.concatenate(prices))
