"""The same programme as arrays to HiGHS: the oracle of the tests, and the way for what slope lists do not cover.

Beyond `sim.optimum.solve` it knows load that waits (a second store), the least load of running sets, buying and selling
net of each other and prices below zero; the last three need yes-or-no choices: a mixed-integer programme.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic

import highspy
import numpy as np

from sim.optimum.frame import burns_energy
from sim.optimum.master import INF, quiet_simplex
from sim.optimum.model import (
    Growth,
    Infeasible,
    Optimum,
    Programme,
    Schedule,
    Sizes,
    costs_of,
    grown,
    no_growth,
    peaks_of,
    relative_gap,
)

LP, MILP = "HiGHS LP", "HiGHS MILP"
ROUNDING_KW = 1e-6
WATCH_S = 0.5  # between two looks at a run


@dataclass
class _Matrix:
    """Columns and rows as they are added; a block is one value per step or per window."""

    cost: list = field(default_factory=list)
    low: list = field(default_factory=list)
    high: list = field(default_factory=list)
    whole: list = field(default_factory=list)
    row_low: list = field(default_factory=list)
    row_high: list = field(default_factory=list)
    entries: list = field(default_factory=list)  # (rows, columns, values)
    offset: float = 0.0  # of the cost
    columns: int = 0
    rows: int = 0

    def add_columns(self, count: int, cost=0.0, low=0.0, high=INF, whole: bool = False) -> np.ndarray:
        """Numbers of `count` new columns."""
        for values, value in ((self.cost, cost), (self.low, low), (self.high, high), (self.whole, whole)):
            values.append(np.broadcast_to(value, count))
        self.columns += count
        return np.arange(self.columns - count, self.columns)

    def add_rows(self, low, high, *terms: tuple[np.ndarray, float | np.ndarray]) -> None:
        """Rows low <= sum of value x column <= high, one for each entry of the terms' arrays of columns."""
        count = len(terms[0][0])
        rows = np.arange(self.rows, self.rows + count)
        self.row_low.append(np.broadcast_to(low, count))
        self.row_high.append(np.broadcast_to(high, count))
        for columns, value in terms:
            self.entries.append((rows, columns, np.broadcast_to(value, count)))
        self.rows += count

    def lp(self) -> highspy.HighsLp:
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        order = np.argsort(columns, kind="stable")
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_, lp.offset_ = self.columns, self.rows, self.offset
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = (np.concatenate(a) for a in (self.cost, self.low, self.high))
        lp.row_lower_, lp.row_upper_ = np.concatenate(self.row_low), np.concatenate(self.row_high)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        counts = np.bincount(columns, minlength=self.columns)
        lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        lp.a_matrix_.index_, lp.a_matrix_.value_ = rows[order].astype(np.int32), values[order].astype(float)
        whole = np.concatenate(self.whole)
        if whole.any():
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(w)] for w in whole]
        return lp


@dataclass(frozen=True)
class _Columns:
    """Numbers of the columns by meaning; shed is (tiers, steps), the last three may be empty."""

    imported: np.ndarray
    export: np.ndarray
    pv: np.ndarray
    charge: np.ndarray
    discharge: np.ndarray
    genset: np.ndarray
    stored: np.ndarray
    shed: list[np.ndarray]
    peaks: np.ndarray
    size: np.ndarray
    deferred: np.ndarray
    caught_up: np.ndarray
    dumped: np.ndarray
    missing: np.ndarray


def solve_oracle(
    p: Programme,
    gap: float = 1e-9,
    relaxed: bool = False,
    time_limit_s: float = 600.0,
    watch: Callable[[float], None] | None = None,
) -> Optimum:
    """The optimum by HiGHS; `relaxed` leaves out yes-or-no choices, whose optimum is then a lower bound only.

    watch: told now and then how many seconds the simplex method has run; what it raises ends the run.
    Raises Infeasible, which names the step and the missing kW, if no schedule exists.
    """
    matrix, columns = _programme(p, relaxed)
    solver, method = _run(p, matrix, gap, time_limit_s, watch)
    x = np.array(solver.getSolution().col_value)
    plan = _schedule(p, columns, x) if relaxed else _without_idle_cycling(p, _schedule(p, columns, x))
    costs = costs_of(p, plan)
    info = solver.getInfo()
    bound = info.mip_dual_bound if method == MILP else info.objective_function_value
    bound = min(bound, costs.total)
    price = stored = None
    if method == LP:
        duals = np.array(solver.getSolution().row_dual)
        price, stored = duals[: p.steps] / p.step_h, -duals[p.steps : 2 * p.steps]
    return Optimum(
        costs.total,
        bound,
        relative_gap(costs.total, bound),
        plan,
        costs,
        peaks_of(p, plan),
        int(info.simplex_iteration_count),
        method,
        stored,
        price,
    )


def size_by_oracle(p: Programme, price: Sizes, most: Sizes, growth: Growth | None = None) -> tuple[float, Sizes]:
    """Least cost of dispatch and plant, and its sizes, as one linear programme."""
    if growth is not None:
        p = grown(p, growth, Sizes())  # with the sets' tier, still empty
    matrix, columns = _programme(p, True, (price, most, growth or no_growth(p.steps)))
    solver, _ = _run(p, matrix, 1e-9, 3600.0)
    x = np.array(solver.getSolution().col_value)
    size = Sizes(*(max(0.0, float(value)) for value in x[columns.size]))
    return solver.getInfo().objective_function_value, size


def _run(
    p: Programme, matrix: _Matrix, gap: float, time_limit_s: float, watch: Callable[[float], None] | None = None
) -> tuple[highspy.Highs, str]:
    solver = quiet_simplex()
    whole = any(np.any(w) for w in matrix.whole)
    if whole:
        for name, value in (("presolve", "on"), ("solver", "choose"), ("mip_rel_gap", gap), ("mip_abs_gap", 0.0)):
            solver.setOptionValue(name, value)
    solver.setOptionValue("time_limit", time_limit_s)
    solver.passModel(matrix.lp())
    _run_watched(solver, watch) if watch else solver.run()
    status, kinds = solver.getModelStatus(), highspy.HighsModelStatus
    has_answer = solver.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        raise _infeasible(p)
    if status != kinds.kOptimal and not (whole and has_answer):
        raise ValueError(f"HiGHS found no schedule: {solver.modelStatusToString(status)}. Shorten the term.")
    return solver, MILP if whole else LP


def _run_watched(solver: highspy.Highs, watch: Callable[[float], None]) -> None:
    """Run, and look up every `WATCH_S`. An exception may not pass through HiGHS: it is kept, and raised afterwards."""
    begin = told = monotonic()
    raised: list[BaseException] = []

    def look_up(event) -> None:
        nonlocal told
        if raised or monotonic() - told < WATCH_S:
            return
        told = monotonic()
        try:
            watch(told - begin)
        except BaseException as stop:  # also that of a visitor who leaves the page
            raised.append(stop)
            event.interrupt()

    solver.cbSimplexInterrupt += look_up
    solver.run()
    if raised:
        raise raised[0]


def _programme(
    p: Programme, relaxed: bool, size: tuple | None = None, elastic: bool = False
) -> tuple[_Matrix, _Columns]:
    """Columns and rows; `size` = (price, most, growth) makes battery, PV and the sets of the first tier variables.

    `elastic`: load may stay unserved, and only that costs.
    """
    matrix, n, h = _Matrix(), p.steps, p.step_h * (not elastic)
    floor, top = p.soc_min * p.battery_kwh, p.soc_max * p.battery_kwh
    worth, free_end = np.zeros(n), p.end_worth_per_kwh is not None
    if p.soc_start is not None and not free_end:
        floor, top = floor.copy(), top.copy()
        floor[-1] = top[-1] = p.soc_start * p.battery_kwh
    worth[-1] = p.end_worth * (not elastic)
    matrix.offset = worth[-1] * (p.soc_start or 0.0) * p.battery_kwh
    power = INF if size else p.battery_kw
    has_pv, has_sets = (size is not None and size[2].has_pv, size is not None and size[2].has_sets)
    d = p.deferral
    columns = _Columns(
        imported=matrix.add_columns(n, p.buy_per_kwh * h, high=p.import_limit_kw),
        export=matrix.add_columns(n, -p.credit_per_kwh * h, high=p.export_limit_kw if has_pv else p.export_room_kw),
        pv=matrix.add_columns(n, high=INF if has_pv else p.pv_kw),
        charge=matrix.add_columns(n, high=power),
        discharge=matrix.add_columns(n, p.wear_per_kwh * h, high=power),
        genset=matrix.add_columns(n, p.genset_per_kwh * h, high=p.genset_kw),
        stored=matrix.add_columns(n, -worth, low=0.0 if size else floor, high=INF if size else top),
        shed=[
            matrix.add_columns(n, tier.price_per_kwh * h, high=INF if has_sets and not number else tier.limit_kw)
            for number, tier in enumerate(p.shed)
        ],
        peaks=matrix.add_columns(len(p.windows), [w.price_per_kw * (not elastic) for w in p.windows]),
        size=matrix.add_columns(4, size[0].values, high=size[1].values) if size else np.zeros(0, int),
        deferred=matrix.add_columns(n, d.price_per_kwh * h, high=d.limit_kw) if d else np.zeros(0, int),
        caught_up=matrix.add_columns(n, high=d.catch_up_kw) if d else np.zeros(0, int),
        dumped=matrix.add_columns(n) if _has_least_load(p) and not relaxed else np.zeros(0, int),
        missing=matrix.add_columns(n, 1.0) if elastic else np.zeros(0, int),
    )
    _add_balance(matrix, columns, p, size[2].load_kw_per_kwh if size else 0.0)
    _add_store(matrix, columns, p, size is not None)
    _add_peaks(matrix, columns, p)
    if size:
        _add_size(matrix, columns, p, size[2])
    if d:
        _add_deferral(matrix, columns, p)
    if not relaxed:
        _add_choices(matrix, columns, p)
    return matrix, columns


def _add_peaks(matrix: _Matrix, c: _Columns, p: Programme) -> None:
    """A window's peak is no less than any mean it measures."""
    for peak, window in zip(c.peaks, p.windows, strict=True):
        blocks = c.imported[window.blocks]
        if len(blocks):
            means = [(of_block, 1 / window.mean_steps) for of_block in blocks.T]
            matrix.add_rows(-INF, 0.0, *means, (np.full(len(blocks), peak), -1.0))


def _has_least_load(p: Programme) -> bool:
    return p.genset_min_fraction > 0 and p.genset_kw > 0


def _add_balance(matrix: _Matrix, c: _Columns, p: Programme, load_kw_per_kwh: float) -> None:
    sources = [c.imported, c.pv, c.discharge, c.genset, *c.shed, c.deferred, c.missing]
    uses = [c.charge, c.export, c.caught_up, c.dumped]
    terms = [(a, 1.0) for a in sources if len(a)] + [(a, -1.0) for a in uses if len(a)]
    if load_kw_per_kwh:
        terms.append((np.full(p.steps, c.size[1]), -load_kw_per_kwh))
    matrix.add_rows(p.load_kw, p.load_kw, *terms)


def _add_store(matrix: _Matrix, c: _Columns, p: Programme, sizing: bool) -> None:
    """stored - stored before = what is charged less what is discharged; the first step looks at the start level."""
    before = np.roll(c.stored, 1)
    start = np.zeros(p.steps)
    carried = np.full(p.steps, -1.0)
    if p.soc_start is not None and not sizing:
        start[0] = p.soc_start * p.battery_kwh
        carried[0] = 0.0
    matrix.add_rows(
        start,
        start,
        (c.stored, 1.0),
        (c.charge, -p.charge_efficiency * p.step_h),
        (c.discharge, p.step_h / p.discharge_efficiency),
    )
    rows = np.arange(matrix.rows - p.steps, matrix.rows)
    matrix.entries.append((rows, before, carried))


def _add_size(matrix: _Matrix, c: _Columns, p: Programme, growth: Growth) -> None:
    kw, kwh, kwp, set_kw = (np.full(p.steps, column) for column in c.size)
    for use in (c.pv, c.export) if growth.has_pv else ():
        matrix.add_rows(-INF, p.pv_kw, (use, 1.0), (kwp, -growth.pv_kw_per_kwp))
    if growth.has_sets:
        matrix.add_rows(-INF, 0.0, (c.shed[0], 1.0), (set_kw, -growth.sets_open))
    matrix.add_rows(-INF, 0.0, (c.charge, 1.0), (kw, -1.0))
    matrix.add_rows(-INF, 0.0, (c.discharge, 1.0), (kw, -1.0))
    matrix.add_rows(-INF, 0.0, (c.stored, 1.0), (kwh, -p.soc_max))
    matrix.add_rows(0.0, INF, (c.stored, 1.0), (kwh, -p.soc_min))
    if p.soc_start is not None:
        matrix.add_rows(0.0, 0.0, (c.stored[-1:], 1.0), (kwh[-1:], -p.soc_start))


def _add_deferral(matrix: _Matrix, c: _Columns, p: Programme) -> None:
    """What waits is a store of its own; all that waited before the window has been made up."""
    waiting = matrix.add_columns(p.steps)
    total = matrix.add_columns(p.steps)  # deferred since the start
    matrix.high[-2] = np.where(np.arange(p.steps) < p.steps - 1, INF, 0.0)
    h = p.step_h
    matrix.add_rows(0.0, 0.0, (waiting, 1.0), (c.deferred, -h), (c.caught_up, h))
    rows = np.arange(matrix.rows - p.steps, matrix.rows)
    matrix.entries.append((rows[1:], waiting[:-1], np.full(p.steps - 1, -1.0)))
    matrix.add_rows(0.0, 0.0, (total, 1.0), (c.deferred, -h))
    rows = np.arange(matrix.rows - p.steps, matrix.rows)
    matrix.entries.append((rows[1:], total[:-1], np.full(p.steps - 1, -1.0)))
    assert p.deferral is not None  # asked where load may wait
    w = p.deferral.window_steps
    if w < p.steps:
        matrix.add_rows(0.0, INF, (total[w:], 1.0), (waiting[w:], -1.0), (total[: p.steps - w], -1.0))


def _add_choices(matrix: _Matrix, c: _Columns, p: Programme) -> None:
    """Yes-or-no choices: sets on, buying or selling, charging or discharging; only where they can matter."""
    if _has_least_load(p):
        on = matrix.add_columns(p.steps, high=p.genset_sets, whole=True)
        each = p.genset_kw / p.genset_sets
        matrix.add_rows(-INF, 0.0, (c.genset, 1.0), (on, -each))
        matrix.add_rows(0.0, INF, (c.genset, 1.0), (on, -each * p.genset_min_fraction))
    most = p.load_kw + p.export_room_kw + p.battery_kw
    if p.one_meter:
        some = np.flatnonzero((p.credit_per_kwh >= p.buy_per_kwh) & (p.export_room_kw > 0) & (p.import_limit_kw > 0))
        limit = np.minimum(p.import_limit_kw, most)
        _either(matrix, c.imported[some], limit[some], c.export[some], p.export_room_kw[some])
    some = np.flatnonzero(burns_energy(p))
    _either(matrix, c.charge[some], p.battery_kw, c.discharge[some], p.battery_kw)


def _either(matrix: _Matrix, first: np.ndarray, most_first, second: np.ndarray, most_second) -> None:
    """Of two columns of a step one is 0."""
    if len(first):
        choice = matrix.add_columns(len(first), high=1.0, whole=True)
        matrix.add_rows(-INF, 0.0, (first, 1.0), (choice, -np.asarray(most_first)))
        matrix.add_rows(-INF, most_second, (second, 1.0), (choice, np.asarray(most_second)))


def _schedule(p: Programme, c: _Columns, x: np.ndarray) -> Schedule:
    def of(columns: np.ndarray) -> np.ndarray:
        return x[columns] if len(columns) else np.zeros(p.steps)

    shed = np.array([x[columns] for columns in c.shed]).reshape(len(c.shed), p.steps)
    return Schedule(
        of(c.imported),
        of(c.export),
        of(c.pv),
        of(c.charge),
        of(c.discharge),
        of(c.genset),
        shed,
        of(c.stored),
        of(c.deferred),
        of(c.caught_up),
        of(c.dumped),
    )


def _without_idle_cycling(p: Programme, plan: Schedule) -> Schedule:
    """Charging and discharging at once, where it costs nothing, taken out of a schedule that HiGHS left it in.

    The pair that leaves the stored energy as it is loses power; without it that much less PV is used.
    """
    kept = p.charge_efficiency * p.discharge_efficiency
    idle = np.minimum(plan.charge_kw, plan.discharge_kw / kept)
    spared = idle * (1 - kept)
    if not idle.any() or (spared > plan.pv_kw + 1e-9).any():
        return plan
    return replace(
        plan,
        charge_kw=plan.charge_kw - idle,
        discharge_kw=plan.discharge_kw - idle * kept,
        pv_kw=np.maximum(plan.pv_kw - spared, 0.0),
    )


def _infeasible(p: Programme) -> Infeasible:
    """Where the least unserved load falls, and how much it is."""
    matrix, columns = _programme(p, relaxed=True, elastic=True)
    solver = quiet_simplex()
    solver.passModel(matrix.lp())
    solver.run()
    missing = np.array(solver.getSolution().col_value)[columns.missing]
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or missing.max() <= ROUNDING_KW:
        return Infeasible(
            "No schedule keeps the battery within its limits from its start level to the same level at the end; lower "
            "the reserve, or raise power and energy.",
            0,
            float("nan"),
        )
    step = int(np.argmax(missing > ROUNDING_KW))
    return Infeasible(
        f"No schedule meets the load: {missing[step]:.6g} kW are missing in step {step} (hour "
        f"{step * p.step_h:g} of the term), {missing.sum() * p.step_h:.6g} kWh in all. Raise the import limit, the "
        "battery or the sets there, allow shedding, or lower the reserve.",
        step,
        float(missing[step]),
    )
