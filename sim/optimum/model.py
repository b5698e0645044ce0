"""The programme of least-cost dispatch as values: what is given, what a schedule is, what it costs, what it breaches.

Conventions: powers are means over the step (kW, at the site's bus), energies kWh, stored energy is inside the battery
and stands at the END of its step, efficiencies are one-way, prices are per kWh or per kW of a window's peak. Import and
export are both positive. In every step
    import + pv + discharge + genset + shed + deferred = load + charge + export + caught_up + dumped.
Outages are import and export limits of 0. The programme is that of an owner who knows the whole term in advance: its
optimum is an upper bound on what any control can save.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from sim.arrays import require

STEP_ARRAYS = (
    "load_kw",
    "pv_kw",
    "buy_per_kwh",
    "credit_per_kwh",
    "import_limit_kw",
    "export_limit_kw",
    "soc_min",
    "soc_max",
)


class Infeasible(ValueError):
    """No schedule meets the load and the battery's limits; `step` counts from 0, `missing_kw` is what lacks there."""

    def __init__(self, message: str, step: int, missing_kw: float):
        super().__init__(message)
        self.step = step
        self.missing_kw = missing_kw


def _own(values, name: str, length: int, dtype=np.float64, *, finite=True) -> np.ndarray:
    """A read-only copy of `values` of the given length, or a ValueError that names the field."""
    array = np.array(values, dtype=dtype)
    require(array.shape == (length,), f"{name} has shape {array.shape} but must have {length} steps.")
    bad = ~np.isfinite(array) if finite else np.isnan(array)
    require(not bad.any(), f"{name} holds a value that is not a number in step {int(np.argmax(bad))}.")
    array.flags.writeable = False
    return array


@dataclass(frozen=True)
class DemandWindow:
    """A demand charge: `price_per_kw` on the greatest import of `steps` (numbers of steps, all inside one month), or on
    the greatest mean of each `mean_steps` of them in a row, which must follow each other."""

    price_per_kw: float
    steps: np.ndarray
    mean_steps: int = 1

    def __post_init__(self):
        steps = np.unique(self.steps) if np.any(np.diff(self.steps) <= 0) else np.array(self.steps)
        steps = steps.astype(np.int64)
        steps.flags.writeable = False
        object.__setattr__(self, "steps", steps)
        require(0 <= self.price_per_kw < np.inf, "A demand window's price_per_kw must be 0 or more, and finite.")
        whole = self.mean_steps >= 1 and len(steps) % self.mean_steps == 0
        in_a_row = whole and bool(np.all(np.diff(self.blocks, axis=1) == 1))
        require(in_a_row, "A demand window of several steps must hold whole groups of steps that follow each other.")

    @property
    def blocks(self) -> np.ndarray:
        """The steps whose mean is measured, one group a row."""
        return self.steps.reshape(-1, self.mean_steps)

    def peak_kw(self, import_kw: np.ndarray) -> float:
        """What these imports are billed by."""
        return float(import_kw[self.blocks].mean(axis=1).max(initial=0.0))


@dataclass(frozen=True)
class ShedTier:
    """Load that may be given up: at most `limit_kw` in each step, for `price_per_kwh`."""

    limit_kw: np.ndarray
    price_per_kwh: float


@dataclass(frozen=True)
class Deferral:
    """Load that may wait: at most `limit_kw` in each step, made up within `window_steps` at `catch_up_kw` or less
    (one number, or one for each step).

    Every kWh put off costs `price_per_kwh`; at the end of the term nothing waits any more.
    """

    limit_kw: np.ndarray
    catch_up_kw: float | np.ndarray
    window_steps: int
    price_per_kwh: float = 0.0


@dataclass(frozen=True)
class Programme:
    """One site over a term of any length. Arrays have one value per step; they are copied and made read-only.

    month: billing month of each step, any whole numbers that change from month to month; credit_per_kwh: paid for
    exported energy, exports never exceed pv_kw; import_limit_kw: may be infinite, 0 in an outage; soc_min, soc_max:
    limits of the stored energy at the end of the step, fractions of battery_kwh; wear_per_kwh: per kWh discharged;
    soc_start: stored energy at start and end, None = equal at both, level free; end_worth_per_kwh: if given, the term
    begins at soc_start and ends at any level, and what is missing then is paid at this price; one_meter: buying and
    selling net within a step (False: PV has a meter of its own, so a step may buy and sell); genset_min_fraction: least
    load of a running set, of `genset_sets` equal sets.
    """

    step_h: float
    month: np.ndarray
    load_kw: np.ndarray
    pv_kw: np.ndarray
    buy_per_kwh: np.ndarray
    credit_per_kwh: np.ndarray
    import_limit_kw: np.ndarray
    export_limit_kw: np.ndarray
    soc_min: np.ndarray
    soc_max: np.ndarray
    windows: tuple[DemandWindow, ...] = ()
    shed: tuple[ShedTier, ...] = ()
    battery_kw: float = 0.0
    battery_kwh: float = 0.0
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    wear_per_kwh: float = 0.0
    genset_kw: float = 0.0
    genset_per_kwh: float = 0.0
    soc_start: float | None = 0.5
    end_worth_per_kwh: float | None = None
    one_meter: bool = False
    genset_sets: int = 1
    genset_min_fraction: float = 0.0
    deferral: Deferral | None = None

    def __post_init__(self):
        n = len(self.load_kw)
        require(n > 0, "load_kw is empty; give at least one step.")
        for name in STEP_ARRAYS:
            finite = not name.endswith("_limit_kw")
            object.__setattr__(self, name, _own(getattr(self, name), name, n, finite=finite))
        object.__setattr__(self, "month", _own(self.month, "month", n, np.int64))
        tiers = tuple(ShedTier(_own(k.limit_kw, "shed limit_kw", n), float(k.price_per_kwh)) for k in self.shed)
        object.__setattr__(self, "shed", tiers)
        object.__setattr__(self, "windows", tuple(self.windows))
        _check_scalars(self)
        _check_steps(self)
        _check_windows(self)

    @property
    def steps(self) -> int:
        return len(self.load_kw)

    @property
    def end_worth(self) -> float:
        """Price of a kWh that the battery holds less at the end than at the start; 0 where both are equal."""
        return self.end_worth_per_kwh or 0.0

    @property
    def means(self) -> bool:
        """Whether a demand charge is on the mean of several steps."""
        return any(window.mean_steps > 1 and window.price_per_kw > 0 for window in self.windows)

    @cached_property
    def export_room_kw(self) -> np.ndarray:
        """Greatest export of each step: never more than the PV at hand (no selling of stored grid energy)."""
        return np.minimum(self.export_limit_kw, self.pv_kw)

    @cached_property
    def month_edges(self) -> np.ndarray:
        """First step of each month, and the number of steps at the end."""
        inner = np.flatnonzero(np.diff(self.month)) + 1
        return np.concatenate([[0], inner, [self.steps]]).astype(np.int64)


def _check_scalars(p: Programme) -> None:
    require(p.step_h > 0, "step_h must be more than 0 hours.")
    for name in ("charge_efficiency", "discharge_efficiency"):
        require(0 < getattr(p, name) <= 1, f"{name} must be more than 0 and at most 1.")
    for name in ("battery_kw", "battery_kwh", "wear_per_kwh", "genset_kw"):
        require(0 <= getattr(p, name) < np.inf, f"{name} must be 0 or more, and finite.")
    require(np.isfinite(p.genset_per_kwh), "genset_per_kwh must be a finite number.")
    require(p.genset_sets >= 1, "genset_sets must be at least 1.")
    require(0 <= p.genset_min_fraction <= 1, "genset_min_fraction must lie between 0 and 1.")
    if p.soc_start is not None:
        require(0 <= p.soc_start <= 1, "soc_start must lie between 0 and 1.")
    if p.end_worth_per_kwh is not None:
        require(np.isfinite(p.end_worth_per_kwh), "end_worth_per_kwh must be a finite number.")
        require(p.soc_start is not None, "end_worth_per_kwh asks for a soc_start to begin at.")


def _check_steps(p: Programme) -> None:
    for name in ("load_kw", "pv_kw", "import_limit_kw", "export_limit_kw", "soc_min"):
        low = getattr(p, name) < 0
        require(not low.any(), f"{name} is negative in step {int(np.argmax(low))}; it must be 0 or more.")
    require(p.soc_max.max() <= 1, f"soc_max exceeds 1 in step {int(np.argmax(p.soc_max))}.")
    for tier in p.shed:
        require(tier.limit_kw.min() >= 0, "A shedding tier's limit_kw must not be negative.")
        require(np.isfinite(tier.price_per_kwh), "A shedding tier's price_per_kwh must be a finite number.")
    above = p.soc_min > p.soc_max
    if above.any():
        step = int(np.argmax(above))
        missing = float((p.soc_min[step] - p.soc_max[step]) * p.battery_kwh / p.step_h)
        raise Infeasible(
            f"In step {step} the reserve ({p.soc_min[step]:.0%} of the battery) lies above the usable energy "
            f"({p.soc_max[step]:.0%}): {missing:.6g} kW are missing for one step. Lower the reserve.",
            step,
            missing,
        )


def _check_windows(p: Programme) -> None:
    for number, window in enumerate(p.windows):
        if not len(window.steps):
            continue
        first, last = window.steps[0], window.steps[-1]
        require(first >= 0 and last < p.steps, f"Demand window {number} has steps outside the term.")
        home = np.searchsorted(p.month_edges, [first, last], side="right")
        require(home[0] == home[1], f"Demand window {number} reaches over several months; give one window a month.")


def monthly_windows(
    month: np.ndarray,
    masks: list[np.ndarray],
    price_per_kw: Sequence[float | dict[int, float]],
    mean_steps: int = 1,
) -> tuple[DemandWindow, ...]:
    """Demand windows of each month: masks[k] chooses the steps of charge k, whose price is one number or by month.

    A mask of all True is the flat charge. Charges of 0 are left out. Demand is the mean over `mean_steps`, which fill
    every month; the first of them says whether the mean is measured.
    """
    masks = [np.repeat(mask[::mean_steps], mean_steps)[: len(mask)] for mask in masks]
    month = np.asarray(month)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(month)) + 1, [len(month)]])
    windows = []
    for mask, price in zip(masks, price_per_kw, strict=True):
        for start, end in zip(edges[:-1], edges[1:], strict=True):
            per_kw = price.get(int(month[start]), 0.0) if isinstance(price, dict) else price
            steps = start + np.flatnonzero(mask[start:end])
            if per_kw > 0 and len(steps):
                windows.append(DemandWindow(per_kw, steps, mean_steps))
    return tuple(windows)


def by_windows(p: Programme, steps: int) -> Programme:
    """The programme in steps of `steps` of its own, as long as its demand windows: slope lists solve it, and no
    schedule of the programme itself costs less while prices stay the same within a window. Powers are means, levels
    those at the end."""
    if steps == 1:
        return p
    last = slice(steps - 1, None, steps)
    at_end: dict[str, Any] = {name: getattr(p, name)[last] for name in ("month", "soc_min", "soc_max")}
    powers: dict[str, Any] = {name: means(getattr(p, name), steps) for name in STEP_ARRAYS if name not in at_end}
    return replace(
        p,
        step_h=p.step_h * steps,
        **at_end | powers,
        windows=tuple(DemandWindow(w.price_per_kw, w.blocks[:, 0] // steps) for w in p.windows),
        shed=tuple(ShedTier(means(tier.limit_kw, steps), tier.price_per_kwh) for tier in p.shed),
    )


def means(values: np.ndarray, steps: int) -> np.ndarray:
    """Means of each `steps` values in a row."""
    return values.reshape(-1, steps).mean(axis=1)


@dataclass(frozen=True)
class Sizes:
    """One number for each thing that can be built: battery kW and kWh (nameplate), PV kWp, kW of last-resort sets.

    It is a size, a price of each for the programme's term, or the most of each, as the place says.
    """

    kw: float = 0.0
    kwh: float = 0.0
    kwp: float = 0.0
    set_kw: float = 0.0

    def __post_init__(self):
        for field in fields(self):
            held = 0 <= getattr(self, field.name) < np.inf
            require(held, f"{field.name} of a size, its price or its limit must be 0 or more, and finite.")

    @property
    def values(self) -> np.ndarray:
        return np.array([self.kw, self.kwh, self.kwp, self.set_kw])

    def cost(self, price: "Sizes") -> float:
        """What this size costs at these prices."""
        return float(self.values @ price.values)


@dataclass(frozen=True)
class Growth:
    """What a unit of plant brings to a programme, beyond the battery's own power and energy.

    pv_kw_per_kwp (steps,): output of one kWp; load_kw_per_kwh: own use of the battery per kWh of nameplate;
    sets_open (steps,): share of the last-resort sets that may run, 0 where they stand still; sets_per_kwh: their fuel.
    """

    pv_kw_per_kwp: np.ndarray
    sets_open: np.ndarray
    sets_per_kwh: float = 0.0
    load_kw_per_kwh: float = 0.0

    def __post_init__(self):
        for name in ("pv_kw_per_kwp", "sets_open"):
            object.__setattr__(self, name, _own(getattr(self, name), name, len(self.pv_kw_per_kwp)))
            require(getattr(self, name).min() >= 0, f"{name} must be 0 or more in every step.")
        require(np.isfinite(self.sets_per_kwh), "sets_per_kwh must be a finite number.")
        require(0 <= self.load_kw_per_kwh < np.inf, "load_kw_per_kwh must be 0 or more, and finite.")

    @property
    def has_pv(self) -> bool:
        return bool(self.pv_kw_per_kwp.any())

    @property
    def has_sets(self) -> bool:
        return bool(self.sets_open.any())


def no_growth(steps: int) -> Growth:
    """A battery alone, without own use."""
    return Growth(np.zeros(steps), np.zeros(steps))


def grown(p: Programme, growth: Growth, size: Sizes) -> Programme:
    """The programme with this plant: its PV beside that of `p`, its sets, if they may ever run, as the first tier."""
    sets = (ShedTier(growth.sets_open * size.set_kw, growth.sets_per_kwh),) if growth.has_sets else ()
    return replace(
        p,
        load_kw=p.load_kw + growth.load_kw_per_kwh * size.kwh,
        pv_kw=p.pv_kw + growth.pv_kw_per_kwp * size.kwp,
        shed=(*sets, *p.shed),
        battery_kw=size.kw,
        battery_kwh=size.kwh,
    )


@dataclass(frozen=True)
class Schedule:
    """What every source does in every step, kW; stored_kwh at the end of the step; shed_kw has shape (tiers, steps)."""

    import_kw: np.ndarray
    export_kw: np.ndarray
    pv_kw: np.ndarray
    charge_kw: np.ndarray
    discharge_kw: np.ndarray
    genset_kw: np.ndarray
    shed_kw: np.ndarray
    stored_kwh: np.ndarray
    deferred_kw: np.ndarray
    caught_up_kw: np.ndarray
    dumped_kw: np.ndarray


@dataclass(frozen=True)
class ScheduleCosts:
    """Money of a schedule by part; export_credit is positive and lowers the total; demand holds one sum per window;
    stored is what the battery lacks at the end, at its worth."""

    energy: float
    export_credit: float
    fuel: float
    wear: float
    shed: float
    deferral: float
    demand: np.ndarray
    stored: float = 0.0

    @property
    def total(self) -> float:
        paid = self.energy + self.fuel + self.wear + self.shed + self.deferral + float(self.demand.sum())
        return paid + self.stored - self.export_credit


@dataclass(frozen=True)
class Optimum:
    """A schedule, its cost, and the least cost any schedule can have.

    cost: of the schedule, summed from the schedule itself; lower_bound: proven, no schedule costs less; gap:
    (cost - lower_bound) / |cost|; peaks_kw: greatest import by demand window, the month's shaving threshold;
    stored_worth_per_kwh: what one more kWh in the battery is worth during the step, site_price_per_kwh: what one more
    kWh of load costs, both with the peaks held (None where the method has no such figures); worth_per_kw,
    worth_per_kwh: what one more kW and kWh of battery would save over the term, peaks and levels following; method:
    "slope lists", "HiGHS LP" or "HiGHS MILP".
    """

    cost: float
    lower_bound: float
    gap: float
    schedule: Schedule
    costs: ScheduleCosts
    peaks_kw: np.ndarray
    iterations: int
    method: str
    stored_worth_per_kwh: np.ndarray | None = None
    site_price_per_kwh: np.ndarray | None = None
    worth_per_kw: float | None = None
    worth_per_kwh: float | None = None
    note: str = ""


@dataclass(frozen=True)
class SizeOptimum:
    """Best plant: cost and lower_bound hold dispatch and plant together; optimum is the dispatch alone, whose
    first shedding tier is that of the sets where they may run."""

    size: Sizes
    cost: float
    lower_bound: float
    gap: float
    plant_cost: float
    optimum: Optimum


def relative_gap(cost: float, lower_bound: float) -> float:
    """(cost - lower_bound) / |cost|; a cost below one unit of money counts as one."""
    return max(cost - lower_bound, 0.0) / max(1.0, abs(cost))


def peaks_of(p: Programme, schedule: Schedule) -> np.ndarray:
    """Greatest import of each demand window, kW."""
    return np.array([w.peak_kw(schedule.import_kw) for w in p.windows])


def costs_of(p: Programme, d: Schedule) -> ScheduleCosts:
    """Money of a schedule from the schedule alone."""
    prices = np.array([w.price_per_kw for w in p.windows])
    shed = sum(tier.price_per_kwh * kw.sum() for tier, kw in zip(p.shed, d.shed_kw, strict=True))
    return ScheduleCosts(
        energy=float(p.buy_per_kwh @ d.import_kw) * p.step_h,
        export_credit=float(p.credit_per_kwh @ d.export_kw) * p.step_h,
        fuel=float(d.genset_kw.sum()) * p.genset_per_kwh * p.step_h,
        wear=float(d.discharge_kw.sum()) * p.wear_per_kwh * p.step_h,
        shed=float(shed) * p.step_h,
        deferral=float(d.deferred_kw.sum()) * (p.deferral.price_per_kwh if p.deferral else 0.0) * p.step_h,
        demand=prices * peaks_of(p, d),
        stored=p.end_worth * ((p.soc_start or 0.0) * p.battery_kwh - float(d.stored_kwh[-1])) if p.end_worth else 0.0,
    )
