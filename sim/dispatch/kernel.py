"""The dispatch rule: who carries the load in every step, for many lanes at once.

One lane is one (alternative, project year, draw). All lanes of a batch share the series (load shape, PV yield,
outages, tariff windows) and differ in scalars and in monthly rows. The ladder of the rule: PV, grid, battery, and the
diesel sets last.

Conventions: powers are means over the step (kW), energies are kWh, the battery's energy is inside the battery and
stands at the end of its step, efficiencies are one-way, imports and exports are both positive. In every step
    grid_load + grid_charge + pv_load + pv_charge + export + curtailed + discharge + genset + unserved
      = load + charge + export + curtailed + dumped,   charge = pv_charge + grid_charge + genset_charge.

`_supply`, `_run_sets` and `_charge` are the only statement of the rule. `aggregate` runs it over blocks of `WIDTH`
lanes side by side (one SIMD lane each) and keeps sums; `trace` runs it over one lane and keeps every step. Neither
reassociates or fuses operations, so both give the same bits, whatever lanes share a block and whichever thread runs
it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numba import config

from sim.compiled import Kernel, inlined

NO_LIMIT_KW = 1e30  # for "no threshold" and "no limit": finite, and beyond any load
WIDTH = 16  # lanes side by side: two AVX-512 registers or four AVX2 registers for a row of the work array
EPS_SETS = 1e-9  # float noise in the deficit, as a share of one set, that commits no further set
UNSERVED_FRACTION = 1e-6  # share of the load up to which an unserved remainder is float noise, not an unserved hour
POWER_SHARES = ("charge_power_share", "discharge_power_share")
SHARES = (*POWER_SHARES, "export_share")
CHUNK_BLOCKS = 16  # blocks a thread takes at a time: the hand-over costs little and the work is shared evenly


def _require(held, message: str) -> None:
    if not held:
        raise ValueError(message)


def _own(values, name: str, shape: tuple[int, ...], dtype=np.float64) -> np.ndarray:
    """A read-only copy of `values` with the given shape, or a ValueError that names the field."""
    array = np.array(values, dtype=dtype)
    _require(array.shape == shape, f"{name} has shape {array.shape} but must have {shape}.")
    _require(
        np.all(np.isfinite(array)),
        f"{name} holds a value that is not a finite number; fill the gap or use a huge number.",
    )
    array.flags.writeable = False
    return array


def _require_grid(grid_up: np.ndarray) -> None:
    _require(np.all((grid_up == 0) | (grid_up == 1)), "grid_up must be 1 or, in an outage, 0.")


@dataclass(frozen=True, eq=False)
class Levels:
    """The plain rule's orders in each step (n,), as shares of what lies between reserve and full, 0 ... 1: from the
    grid the battery is charged up to `charge_to`, to the load it gives down to `give_to`, and PV surplus is stored
    rather than exported up to `sun_to`. `refills`: whether the grid may refill the reserve."""

    charge_to: np.ndarray
    give_to: np.ndarray
    sun_to: np.ndarray
    refills: np.ndarray

    def __post_init__(self):
        n = len(self.charge_to)
        for name in ("charge_to", "give_to", "sun_to", "refills"):
            object.__setattr__(self, name, _own(getattr(self, name), name, (n,)))
            inside = np.all((getattr(self, name) >= 0) & (getattr(self, name) <= 1))
            _require(inside, f"{name} must lie between 0 and 1.")
        _require(np.all(self.charge_to <= self.give_to), "charge_to must not lie above give_to.")


@dataclass(frozen=True)
class Series:
    """What all lanes share, per step. Arrays are copied and made read-only.

    load_kw: site load before scaling; pv_kw_per_kwp: AC output per kWp, clipping included; grid_up: 1, or 0 in an
    outage; action: what a schedule orders, -1 ... 1: the share of charge_set_kw (below 0) or discharge_set_kw (above
    0), 0 outside its windows; levels: or, instead of a schedule, up to where the battery is filled and emptied;
    above_shave_kw: kW by which imports may exceed the lane's shave threshold, NO_LIMIT_KW where nothing is shaved;
    period: billing class of the step, 0 ... K-1; month_ends: number of steps up to the end of
    each month (at most 12 months, the last entry is the length); demand_window_steps: steps over which demand is
    averaged. Windows start with each month, must fill it without rest, and belong to the class of their first step;
    refill_share: share of charge_set_kw at which the grid refills the reserve outside all windows (in a discharge
    window it waits); charge_power_share and discharge_power_share: share of battery_kw that the cells take and give at
    the step's temperature, one number or one a step; export_share: share of the export limit that is used, 0 where
    exporting would cost money, one number or one a step; measured (months, charges, K): whether a demand charge of that
    month measures a class: where it does, imports up to the peak it has billed this month are not held back. None: the
    threshold alone holds.
    """

    load_kw: np.ndarray
    pv_kw_per_kwp: np.ndarray
    grid_up: np.ndarray
    action: np.ndarray
    above_shave_kw: np.ndarray
    period: np.ndarray
    month_ends: np.ndarray
    step_h: float
    demand_window_steps: int = 1
    refill_share: float = 1.0
    charge_power_share: np.ndarray | float = 1.0
    discharge_power_share: np.ndarray | float = 1.0
    export_share: np.ndarray | float = 1.0
    levels: "Levels | None" = None
    measured: np.ndarray | None = None

    def __post_init__(self):
        n = len(self.load_kw)
        for name in SHARES:
            object.__setattr__(self, name, np.broadcast_to(getattr(self, name), n))
        for name in ("load_kw", "pv_kw_per_kwp", "grid_up", "action", "above_shave_kw", *SHARES):
            object.__setattr__(self, name, _own(getattr(self, name), name, (n,)))
        object.__setattr__(self, "period", _own(self.period, "period", (n,), np.int64))
        ends = _own(self.month_ends, "month_ends", np.shape(self.month_ends), np.int64)
        object.__setattr__(self, "month_ends", ends)
        _require(n > 0, "load_kw is empty; give at least one month of steps.")
        _require(ends.ndim == 1 and 1 <= len(ends) <= 12, "month_ends must list 1 to 12 months.")
        _require(
            np.all(np.diff(ends, prepend=0) > 0), "month_ends must rise from month to month, without an empty month."
        )
        _require(ends[-1] == n, f"month_ends must end with the number of steps, {n}, but ends with {ends[-1]}.")
        _require(self.step_h > 0, "step_h must be more than 0 hours.")
        _require(self.demand_window_steps >= 1, "demand_window_steps must be at least 1.")
        _require(0 <= self.refill_share <= 1, "refill_share must lie between 0 and 1.")
        _require(
            np.all(ends % self.demand_window_steps == 0), "demand_window_steps must divide every month without rest."
        )
        _require(self.load_kw.min() >= 0, "load_kw must not be negative.")
        _require(self.pv_kw_per_kwp.min() >= 0, "pv_kw_per_kwp must not be negative.")
        _require_grid(self.grid_up)
        _require(self.above_shave_kw.min() >= 0, "above_shave_kw must not be negative.")
        _require(np.abs(self.action).max() <= 1, "action must lie between -1 (charge) and 1 (discharge).")
        _require(self.period.min() >= 0, "period must be a class number from 0 on.")
        for name in SHARES:
            share = getattr(self, name)
            _require(share.min() >= 0 and share.max() <= 1, f"{name} must lie between 0 and 1.")
        _require(self.levels is None or len(self.levels.charge_to) == n, f"levels must have {n} steps.")
        if self.measured is not None:
            shape = (len(ends), np.shape(self.measured)[1], np.shape(self.measured)[2])
            object.__setattr__(self, "measured", _own(self.measured, "measured", shape, np.bool_))

    @cached_property
    def steps(self) -> np.ndarray:
        """All series as the kernel reads them: one row of N_COLUMNS a step."""
        steps = np.zeros((len(self.load_kw), N_COLUMNS))
        steps[:, STEP_LOAD] = self.load_kw
        steps[:, STEP_PV] = self.pv_kw_per_kwp
        steps[:, STEP_GRID_UP] = self.grid_up
        if self.levels is None:
            steps[:, STEP_CHARGE_TO], steps[:, STEP_SUN_TO], steps[:, STEP_REFILLS] = self.action < 0, 1.0, 1.0
            steps[:, STEP_CHARGE_SHARE] = np.where(self.action == 0, self.refill_share, np.maximum(-self.action, 0.0))
        else:
            steps[:, STEP_CHARGE_TO], steps[:, STEP_GIVE_TO] = self.levels.charge_to, self.levels.give_to
            steps[:, STEP_SUN_TO], steps[:, STEP_REFILLS] = self.levels.sun_to, self.levels.refills
            refill = self.refill_share * self.levels.refills
            steps[:, STEP_CHARGE_SHARE] = np.where(self.levels.charge_to > 0, 1.0, refill)
        steps[:, STEP_DISCHARGING] = self.giving * self.grid_up
        steps[:, STEP_EXPORT] = self.export_share * self.grid_up
        steps[:, STEP_ABOVE_SHAVE] = self.above_shave_kw
        steps[:, STEP_KEEP_WINDOW] = np.arange(len(steps)) % self.demand_window_steps > 0
        steps[:, STEP_CHARGE_POWER] = self.charge_power_share
        steps[:, STEP_DISCHARGE_POWER] = self.discharge_power_share
        return steps

    @cached_property
    def giving(self) -> np.ndarray:
        """Share of discharge_set_kw ordered while the grid is up (n,)."""
        return np.maximum(self.action, 0.0) if self.levels is None else (self.levels.give_to < 1.0).astype(float)

    def with_outages(self, grid_up: np.ndarray, load_kw: np.ndarray) -> "OutageYear":
        """The same year with other outages and another load (n,); what stays is shared, not checked again."""
        grid_up, load_kw = (
            _own(values, name, self.load_kw.shape) for name, values in (("grid_up", grid_up), ("load_kw", load_kw))
        )
        _require_grid(grid_up)
        _require(load_kw.min() >= 0, "load_kw must not be negative.")
        other = object.__new__(OutageYear)
        shared = {name: value for name, value in vars(self).items() if name != "steps"}
        other.__dict__.update(shared | {"classes": self.classes, "grid_up": grid_up, "load_kw": load_kw, "base": self})
        return other

    def with_orders(self, action: np.ndarray, above_shave_kw: np.ndarray) -> "Series":
        """The same year under other orders (n,), held by that threshold alone; a year made by `with_outages` becomes
        one of its own."""
        values = {field.name: getattr(self, field.name) for field in fields(Series)}
        orders = {"action": action, "above_shave_kw": above_shave_kw, "levels": None, "measured": None}
        return Series(**values | orders)

    @cached_property
    def classes(self) -> np.ndarray:
        """(n, 2): the billing class of a step's energy, and that of its demand window."""
        first_of_window = np.arange(len(self.period)) // self.demand_window_steps * self.demand_window_steps
        return np.stack([self.period, self.period[first_of_window]], axis=1)


@dataclass(frozen=True)
class OutageYear(Series):
    """A `base` year with outages and a load of its own (`Series.with_outages`). A term has many, so its rows are made
    when they are asked for and not kept."""

    base: Series | None = None

    @property
    def steps(self) -> np.ndarray:
        steps = self.base.steps.copy()
        steps[:, STEP_LOAD], steps[:, STEP_GRID_UP] = self.load_kw, self.grid_up
        steps[:, STEP_DISCHARGING], steps[:, STEP_EXPORT] = self.giving * self.grid_up, self.export_share * self.grid_up
        return steps


@dataclass(frozen=True)
class Lanes:
    """What a lane has of its own: scalars (N,) and monthly values (N, M). Arrays are copied and made read-only.

    Energies are inside the battery, 0 <= energy_min <= energy_reserve <= energy_max; efficiencies are one-way.
    charge_set_kw and discharge_set_kw bound what the schedule asks for, battery_kw bounds everything. Fuel is that of
    one set in litres per hour at the load fraction f: base, and a slope per unit of f for each part of the curve.
    import_limit_kw 0 means no connection in that month; NO_LIMIT_KW stands for no shave threshold or export limit.
    auxiliary_kw is added to the load in every step.
    """

    pv_kwp: np.ndarray
    battery_kw: np.ndarray
    charge_set_kw: np.ndarray
    discharge_set_kw: np.ndarray
    energy_max_kwh: np.ndarray
    energy_min_kwh: np.ndarray
    energy_reserve_kwh: np.ndarray
    energy_start_kwh: np.ndarray
    charge_efficiency: np.ndarray
    discharge_efficiency: np.ndarray
    auxiliary_kw: np.ndarray
    export_limit_kw: np.ndarray
    set_kw: np.ndarray
    set_min_fraction: np.ndarray
    set_max_fraction: np.ndarray
    genset_first_below_kwh: np.ndarray
    fuel_base_l_per_h: np.ndarray
    fuel_slope_0_50_l_per_h: np.ndarray
    fuel_slope_50_75_l_per_h: np.ndarray
    fuel_slope_75_100_l_per_h: np.ndarray
    load_scale: np.ndarray
    import_limit_kw: np.ndarray
    shave_kw: np.ndarray
    sets: np.ndarray

    def __post_init__(self):
        n = np.shape(self.pv_kwp)[:1]
        months = np.shape(self.load_scale)[1:2]
        _require(n and n[0] > 0, "pv_kwp must be an array with one value a lane.")
        _require(months, "load_scale must have one row a lane and one column a month.")
        for name in SCALAR_FIELDS:
            object.__setattr__(self, name, _own(getattr(self, name), name, n))
        for name in MONTHLY_FIELDS:
            object.__setattr__(self, name, _own(getattr(self, name), name, n + months))
        for name in (*SCALAR_FIELDS[:16], *MONTHLY_FIELDS):
            _require(getattr(self, name).min() >= 0, f"{name} must not be negative.")
        for name in ("charge_efficiency", "discharge_efficiency", "set_max_fraction"):
            value = getattr(self, name)
            _require(value.min() > 0 and value.max() <= 1, f"{name} must lie above 0 and not above 1.")
        _require(np.all(self.set_min_fraction <= 1), "set_min_fraction must not be above 1.")
        _require(np.all(self.sets == np.floor(self.sets)), "sets must be whole numbers.")
        low, high = self.energy_min_kwh, self.energy_max_kwh
        for name in ("energy_reserve_kwh", "energy_start_kwh"):
            value = getattr(self, name)
            inside = np.all((low <= value) & (value <= high))
            _require(inside, f"{name} must lie between energy_min_kwh and energy_max_kwh.")

    @property
    def count(self) -> int:
        return len(self.pv_kwp)

    @cached_property
    def scalars(self) -> np.ndarray:
        """All scalars, (N_SCALARS, N), in the order of SCALAR_FIELDS."""
        return np.stack([getattr(self, name) for name in SCALAR_FIELDS])

    @cached_property
    def monthly(self) -> np.ndarray:
        """All monthly values, (N_MONTHLY, N, M), in the order of MONTHLY_FIELDS."""
        return np.stack([getattr(self, name) for name in MONTHLY_FIELDS])


@dataclass(frozen=True)
class Aggregates:
    """Sums of each lane and month (N, M), by billing class (N, M, K), and the battery's energy at the end (N,).

    Energies in kWh by path; peak_kw is the greatest mean import over a demand window, charging included. set_hours
    counts every running set, genset_hours every hour with a set on, unserved_hours every hour in which a part of the
    load is not served.
    """

    load_kwh: np.ndarray
    pv_load_kwh: np.ndarray
    pv_charge_kwh: np.ndarray
    curtailed_kwh: np.ndarray
    grid_load_kwh: np.ndarray
    grid_charge_kwh: np.ndarray
    genset_charge_kwh: np.ndarray
    discharge_kwh: np.ndarray
    genset_kwh: np.ndarray
    dumped_kwh: np.ndarray
    unserved_kwh: np.ndarray
    fuel_l: np.ndarray
    set_hours: np.ndarray
    genset_hours: np.ndarray
    unserved_hours: np.ndarray
    starts: np.ndarray
    auxiliary_kwh: np.ndarray
    import_kwh: np.ndarray
    export_kwh: np.ndarray
    peak_kw: np.ndarray
    energy_end_kwh: np.ndarray


@dataclass(frozen=True)
class Trace:
    """Every step of one lane, (n,): means in kW, litres and sets of the step, the battery's energy at its end."""

    load_kw: np.ndarray
    pv_load_kw: np.ndarray
    pv_charge_kw: np.ndarray
    curtailed_kw: np.ndarray
    grid_load_kw: np.ndarray
    grid_charge_kw: np.ndarray
    genset_charge_kw: np.ndarray
    discharge_kw: np.ndarray
    genset_kw: np.ndarray
    dumped_kw: np.ndarray
    unserved_kw: np.ndarray
    fuel_l: np.ndarray
    sets_running: np.ndarray
    energy_kwh: np.ndarray
    import_kw: np.ndarray
    export_kw: np.ndarray
    auxiliary_kw: np.ndarray

    @property
    def charge_kw(self) -> np.ndarray:
        """What goes into the battery from PV, grid and sets, before the charging loss."""
        return self.pv_charge_kw + self.grid_charge_kw + self.genset_charge_kw


# The order of the fields is the order of the rows of the kernel's arrays.
SCALAR_FIELDS = tuple(field.name for field in fields(Lanes))[:20]
MONTHLY_FIELDS = tuple(field.name for field in fields(Lanes))[20:]
SUM_FIELDS = tuple(field.name for field in fields(Aggregates))[:16]
STEP_FIELDS = tuple(field.name for field in fields(Trace))[:16]
N_SCALARS, N_MONTHLY, N_SUMS = len(SCALAR_FIELDS), len(MONTHLY_FIELDS), len(SUM_FIELDS)

# Rows of the flat work array, each WIDTH wide. Offsets are compile-time constants, so the compiler sees that rows do
# not overlap. First the caller's scalars in the order of SCALAR_FIELDS (energy_start becomes the running energy, two
# fuel slopes become bends), then the month's values, the derived ones, what one part of the step hands to the next,
# the state, the meters and the sums.
(
    PV_KWP,
    BATTERY,
    CHARGE_SET,
    DISCHARGE_SET,
    ENERGY_MAX,
    ENERGY_MIN,
    RESERVE,
    ENERGY,
    ETA_CHARGE,
    ETA_DISCHARGE,
    AUXILIARY,
    EXPORT_LIMIT,
    SET_KW,
    SET_MIN,
    SET_MAX,
    GENSET_FIRST,
    FUEL_BASE,
    FUEL_SLOPE,
    FUEL_BEND_50,
    FUEL_BEND_75,
) = range(N_SCALARS)
LOAD_SCALE, IMPORT_LIMIT, SHAVE, SETS = range(N_SCALARS, N_SCALARS + N_MONTHLY)
(
    SET_MIN_KW,
    SETS_PER_KW,
    PLANNED_SETS_PER_KW,
    KW_PER_ROOM,
    ROOM_PER_KW,
    KW_PER_STORED,
    STORED_PER_KW,
    SPAN,
    RESERVE_UP,
    EXPORT_UP,
    DISCHARGE_UP,
    GENSET_CAP,
    GENSET_CAP_UP,
    NEED,
    SURPLUS,
    THRESHOLD,
    DISCHARGE,
    GRID_LOAD,
    DEFICIT,
    GENSET_CHARGE,
    SETS_ON,
    WINDOW,
    HELD,
    IMPORT_SUM,
    EXPORT_SUM,
    PEAK,
    SUMS,
) = range(N_SCALARS + N_MONTHLY, N_SCALARS + N_MONTHLY + 27)
N_ROWS = SUMS + N_SUMS
N_METERED = 3  # IMPORT_SUM, EXPORT_SUM and PEAK of the class being metered; other classes wait in a second array

# Rows of the sums, in the order of SUM_FIELDS, counted from SUMS.
(
    LOAD,
    PV_LOAD,
    PV_TO_BATTERY,
    CURTAILED,
    GRID_TO_LOAD,
    GRID_TO_BATTERY,
    GENSET_TO_BATTERY,
    DISCHARGED,
    GENSET,
    DUMPED,
    UNSERVED,
    FUEL,
    SET_HOURS,
    GENSET_HOURS,
    UNSERVED_HOURS,
    STARTS,
) = range(N_SUMS)
# Columns of a step: what all lanes share.
(
    STEP_LOAD,
    STEP_PV,
    STEP_GRID_UP,
    STEP_CHARGE_TO,
    STEP_CHARGE_SHARE,
    STEP_DISCHARGING,
    STEP_GIVE_TO,
    STEP_SUN_TO,
    STEP_EXPORT,
    STEP_ABOVE_SHAVE,
    STEP_KEEP_WINDOW,
    STEP_CHARGE_POWER,
    STEP_DISCHARGE_POWER,
    STEP_REFILLS,
) = range(14)
N_COLUMNS = 14


@inlined
def _supply(
    w, j, looks, load_kw, pv_kw_per_kwp, grid_up, discharging, give_to, above_shave_kw, peak_share, power_share
):
    """PV, battery and grid of one step of lane `j`: who carries the load, and the deficit that is left to the sets.

    `discharging` is the share of discharge_set_kw ordered with the grid up, else 0, and `give_to` the level down to
    which it is given; imports may exceed the lane's threshold by `above_shave_kw`, or come up to the peak that is
    billed already (`peak_share` of a demand window's sum); `power_share` is the share of battery_kw that may be given.
    Without `looks` neither level nor billed peak is asked (the level is all or nothing, and no charge holds).
    Choices are made by products with 0 and 1, minima and maxima, never by branches, so that the loop over lanes
    vectorises; `looks` is a constant where it is called.
    """
    load = load_kw * w[LOAD_SCALE * WIDTH + j] + w[AUXILIARY * WIDTH + j]
    avail = w[IMPORT_LIMIT * WIDTH + j] * grid_up
    pv = pv_kw_per_kwp * w[PV_KWP * WIDTH + j]
    pv_load = min(pv, load)
    need = load - pv_load
    threshold = w[SHAVE * WIDTH + j] + above_shave_kw
    if looks:
        threshold = max(threshold, max(w[HELD * WIDTH + j], w[PEAK * WIDTH + j] * peak_share))
    threshold = min(avail, threshold)  # 0 in an island

    energy = w[ENERGY * WIDTH + j]
    genset_first_kw = w[GENSET_CAP * WIDTH + j] - grid_up * w[GENSET_CAP_UP * WIDTH + j]  # 0 while the grid is up
    low = 1.0 if energy < w[GENSET_FIRST * WIDTH + j] else 0.0
    beyond = need - (threshold + low * genset_first_kw)
    ordered = min(need, discharging * w[DISCHARGE_UP * WIDTH + j])
    if looks:
        kept = w[RESERVE * WIDTH + j] + give_to * w[SPAN * WIDTH + j]
        ordered = min(ordered, max(energy - kept, 0.0) * w[KW_PER_STORED * WIDTH + j])
    wish = max(beyond, ordered)
    floor = max(grid_up * w[RESERVE_UP * WIDTH + j], w[ENERGY_MIN * WIDTH + j])
    stored_kw = max(energy - floor, 0.0) * w[KW_PER_STORED * WIDTH + j]
    discharge = min(min(wish, w[BATTERY * WIDTH + j] * power_share), stored_kw)
    rest = need - discharge
    grid_load = min(rest, avail)

    w[NEED * WIDTH + j] = need
    w[SURPLUS * WIDTH + j] = pv - pv_load
    w[THRESHOLD * WIDTH + j] = threshold
    w[DISCHARGE * WIDTH + j] = discharge
    w[GRID_LOAD * WIDTH + j] = grid_load
    w[DEFICIT * WIDTH + j] = rest - grid_load
    w[(SUMS + LOAD) * WIDTH + j] += load
    w[(SUMS + PV_LOAD) * WIDTH + j] += pv_load
    w[(SUMS + GRID_TO_LOAD) * WIDTH + j] += grid_load


@inlined
def _looks(steps, t, peak_share):
    """Whether level or billed peak matter in a step."""
    return peak_share > 0.0 or 0.0 < steps[t, STEP_GIVE_TO] < 1.0


@inlined
def _supplied(steps, t, peak_share):
    """What `_supply` asks of a step."""
    orders = steps[t, STEP_DISCHARGING], steps[t, STEP_GIVE_TO], steps[t, STEP_ABOVE_SHAVE]
    return (
        steps[t, STEP_LOAD],
        steps[t, STEP_PV],
        steps[t, STEP_GRID_UP],
        *orders,
        peak_share,
        steps[t, STEP_DISCHARGE_POWER],
    )


@inlined
def _charged(steps, t):
    """What `_charge` asks of a step."""
    levels = steps[t, STEP_CHARGE_TO], steps[t, STEP_SUN_TO], steps[t, STEP_CHARGE_SHARE]
    return steps[t, STEP_EXPORT], *levels, steps[t, STEP_KEEP_WINDOW], steps[t, STEP_CHARGE_POWER]


@inlined
def _run_sets(w, j, load_kw, power_share):
    """The diesel sets of one step of lane `j`: as few as the planned loading allows, at equal shares.

    What their minimum load gives beyond the deficit first spares the battery's discharge, then charges it, at most with
    `power_share` of its power; the rest is dumped.
    """
    deficit = w[DEFICIT * WIDTH + j]
    planned = max(deficit * w[PLANNED_SETS_PER_KW * WIDTH + j] - EPS_SETS, 0.0)
    sets = min(np.ceil(planned), w[SETS * WIDTH + j])
    genset = min(max(deficit, sets * w[SET_MIN_KW * WIDTH + j]), sets * w[SET_KW * WIDTH + j])
    unserved = max(deficit - genset, 0.0)
    load = load_kw * w[LOAD_SCALE * WIDTH + j] + w[AUXILIARY * WIDTH + j]

    discharge = w[DISCHARGE * WIDTH + j]
    excess = max(genset - deficit, 0.0)
    spared = min(excess, discharge)
    room_kw = (w[ENERGY_MAX * WIDTH + j] - w[ENERGY * WIDTH + j]) * w[KW_PER_ROOM * WIDTH + j]
    genset_charge = min(excess - spared, min(w[BATTERY * WIDTH + j] * power_share, room_kw))
    w[DISCHARGE * WIDTH + j] = discharge - spared
    w[GENSET_CHARGE * WIDTH + j] = genset_charge

    load_sum = genset * w[SETS_PER_KW * WIDTH + j]  # the running sets' load fractions, added up
    fuel_l_per_h = (
        sets * w[FUEL_BASE * WIDTH + j]
        + load_sum * w[FUEL_SLOPE * WIDTH + j]
        + max(load_sum - 0.5 * sets, 0.0) * w[FUEL_BEND_50 * WIDTH + j]
        + max(load_sum - 0.75 * sets, 0.0) * w[FUEL_BEND_75 * WIDTH + j]
    )
    w[(SUMS + GENSET_TO_BATTERY) * WIDTH + j] += genset_charge
    w[(SUMS + GENSET) * WIDTH + j] += genset
    w[(SUMS + DUMPED) * WIDTH + j] += excess - spared - genset_charge
    w[(SUMS + UNSERVED) * WIDTH + j] += unserved
    w[(SUMS + FUEL) * WIDTH + j] += fuel_l_per_h
    w[(SUMS + SET_HOURS) * WIDTH + j] += sets
    w[(SUMS + GENSET_HOURS) * WIDTH + j] += min(sets, 1.0)
    w[(SUMS + UNSERVED_HOURS) * WIDTH + j] += 1.0 if unserved > UNSERVED_FRACTION * load else 0.0
    w[(SUMS + STARTS) * WIDTH + j] += max(sets - w[SETS_ON * WIDTH + j], 0.0)
    w[SETS_ON * WIDTH + j] = sets


@inlined
def _charge(w, j, sorts, export_up, charge_to, sun_to, charge_share, keep_window, power_share):
    """Charging, export and the state at the end of one step of lane `j`: PV surplus first, then the grid.

    `charge_to` is the level up to which the grid charges, `charge_share` the share of charge_set_kw that may be used;
    PV surplus is stored, but with `sorts` only up to the level `sun_to` if the rest can be exported (`export_up`: share
    of the export limit in use); `keep_window` is 0.0 in the first step of a demand window and 1.0 after it,
    `power_share` the share of battery_kw that may go in. A PV surplus and an excess of the sets never meet, for a
    surplus means there is no deficit. The grid's headroom is measured from the need before discharge, which keeps
    charge and discharge apart whatever the rounding.
    """
    energy = w[ENERGY * WIDTH + j]
    energy_max = w[ENERGY_MAX * WIDTH + j]
    kw_per_room = w[KW_PER_ROOM * WIDTH + j]
    surplus = w[SURPLUS * WIDTH + j]
    limit = min(w[BATTERY * WIDTH + j] * power_share, (energy_max - energy) * kw_per_room)
    reserve, span = w[RESERVE * WIDTH + j], w[SPAN * WIDTH + j]
    export_kw = export_up * w[EXPORT_UP * WIDTH + j]
    pv_charge = min(surplus, limit)
    if sorts:  # a constant where it is called: no branch in the loop over lanes
        sun_kw = max(reserve + sun_to * span - energy, 0.0) * kw_per_room
        pv_charge = min(pv_charge, max(surplus - export_kw, sun_kw))
    target = reserve + charge_to * span
    room_kw = min(limit, (target - energy) * kw_per_room) - pv_charge
    headroom = w[THRESHOLD * WIDTH + j] - w[NEED * WIDTH + j]
    grid_charge = max(min(min(w[CHARGE_SET * WIDTH + j] * charge_share, room_kw), headroom), 0.0)
    spill = surplus - pv_charge
    export = min(spill, export_kw)

    discharge = w[DISCHARGE * WIDTH + j]
    charge = pv_charge + grid_charge + w[GENSET_CHARGE * WIDTH + j]
    stored = energy + charge * w[ROOM_PER_KW * WIDTH + j] - discharge * w[STORED_PER_KW * WIDTH + j]
    w[ENERGY * WIDTH + j] = min(max(stored, w[ENERGY_MIN * WIDTH + j]), energy_max)
    w[(SUMS + PV_TO_BATTERY) * WIDTH + j] += pv_charge
    w[(SUMS + CURTAILED) * WIDTH + j] += spill - export
    w[(SUMS + GRID_TO_BATTERY) * WIDTH + j] += grid_charge
    w[(SUMS + DISCHARGED) * WIDTH + j] += discharge

    # Imports are never negative, so the greatest partial sum of a demand window is its whole sum.
    imported = w[GRID_LOAD * WIDTH + j] + grid_charge
    window_sum = w[WINDOW * WIDTH + j] * keep_window + imported
    w[WINDOW * WIDTH + j] = window_sum
    w[IMPORT_SUM * WIDTH + j] += imported
    w[EXPORT_SUM * WIDTH + j] += export
    w[PEAK * WIDTH + j] = max(w[PEAK * WIDTH + j], window_sum)


@inlined
def _load_lane(w, j, scalars, lane, step_h):
    """Copy the scalars of `lane` into column `j`, derive what the steps want ready-made, clear the state."""
    for row in range(N_SCALARS):
        w[row * WIDTH + j] = scalars[row, lane]
    set_kw = scalars[SET_KW, lane]
    planned_kw = set_kw * scalars[SET_MAX, lane]
    w[SET_MIN_KW * WIDTH + j] = set_kw * scalars[SET_MIN, lane]
    w[SETS_PER_KW * WIDTH + j] = 1.0 / set_kw if set_kw > 0.0 else 0.0
    w[PLANNED_SETS_PER_KW * WIDTH + j] = 1.0 / planned_kw if planned_kw > 0.0 else 0.0
    w[ROOM_PER_KW * WIDTH + j] = scalars[ETA_CHARGE, lane] * step_h
    w[KW_PER_ROOM * WIDTH + j] = 1.0 / (scalars[ETA_CHARGE, lane] * step_h)
    w[STORED_PER_KW * WIDTH + j] = step_h / scalars[ETA_DISCHARGE, lane]
    w[SPAN * WIDTH + j] = scalars[ENERGY_MAX, lane] - scalars[RESERVE, lane]
    w[KW_PER_STORED * WIDTH + j] = scalars[ETA_DISCHARGE, lane] / step_h
    w[FUEL_BEND_50 * WIDTH + j] = scalars[FUEL_BEND_50, lane] - scalars[FUEL_SLOPE, lane]
    w[FUEL_BEND_75 * WIDTH + j] = scalars[FUEL_BEND_75, lane] - scalars[FUEL_BEND_50, lane]
    w[GENSET_CHARGE * WIDTH + j] = 0.0
    w[SETS_ON * WIDTH + j] = 0.0
    w[WINDOW * WIDTH + j] = 0.0


@inlined
def _load_month(w, j, monthly, lane, month):
    """Copy the month's values of `lane` into column `j`; what needs the grid is 0 in a month without connection."""
    for row in range(N_MONTHLY):
        w[(N_SCALARS + row) * WIDTH + j] = monthly[row, lane, month]
    connected = 1.0 if w[IMPORT_LIMIT * WIDTH + j] > 0.0 else 0.0
    w[RESERVE_UP * WIDTH + j] = connected * w[RESERVE * WIDTH + j]
    w[EXPORT_UP * WIDTH + j] = connected * w[EXPORT_LIMIT * WIDTH + j]
    w[DISCHARGE_UP * WIDTH + j] = connected * w[DISCHARGE_SET * WIDTH + j]
    w[GENSET_CAP * WIDTH + j] = w[SETS * WIDTH + j] * w[SET_KW * WIDTH + j]
    w[GENSET_CAP_UP * WIDTH + j] = connected * w[GENSET_CAP * WIDTH + j]


@inlined
def _swap_class(w, c, row, rows, old, new):
    """Park `rows` meter rows from `row` on for class `old` in `c` and go on with those of `new`."""
    for i in range((row - IMPORT_SUM) * WIDTH, (row - IMPORT_SUM + rows) * WIDTH):
        c[old * N_METERED * WIDTH + i] = w[IMPORT_SUM * WIDTH + i]
        w[IMPORT_SUM * WIDTH + i] = c[new * N_METERED * WIDTH + i]


@inlined
def _meter_demand(w, c, held, width, old, new, peak_share):
    """Go on with the demand meter of class `new`, and with the peak up to which its imports cost no more demand this
    month: the least over the charges that measure it of the greatest that each has billed so far. `held` (charges, K):
    which charges measure a class. Where none does, the peak is 0."""
    limit, alike = 0.0, True
    for charge in range(held.shape[0]):
        limit = NO_LIMIT_KW if held[charge, new] else limit
        alike = alike and held[charge, old] == held[charge, new]
    if alike:
        for j in range(width):
            w[HELD * WIDTH + j] = max(w[HELD * WIDTH + j], w[PEAK * WIDTH + j] * peak_share)
    _swap_class(w, c, PEAK, 1, old, new)
    if alike:
        return
    for j in range(width):
        w[HELD * WIDTH + j] = limit
    for charge in range(held.shape[0]):
        if held[charge, new]:
            for j in range(width):
                w[SURPLUS * WIDTH + j] = 0.0  # free between two steps
            for k in range(held.shape[1]):
                if held[charge, k]:
                    for j in range(width):
                        peak = c[(k * N_METERED + PEAK - IMPORT_SUM) * WIDTH + j] * peak_share
                        w[SURPLUS * WIDTH + j] = max(w[SURPLUS * WIDTH + j], peak)
            for j in range(width):
                w[HELD * WIDTH + j] = min(w[HELD * WIDTH + j], w[SURPLUS * WIDTH + j])


@inlined
def _run_month(steps, classes, held, peak_share, t, end, width, running, w, c):
    """The steps `t` ... `end - 1` of a block; returns whether sets run in its last step.

    `width` is always WIDTH: a trip count the compiler does not know keeps it from unrolling the loops over lanes,
    which would stop their vectorisation. Where no lane has a deficit and no set runs, the sets' part would add zeros
    and is left out.
    """
    energy_class, peak_class = classes[t, 0], classes[t, 1]
    while t < end:
        if classes[t, 0] != energy_class:
            _swap_class(w, c, IMPORT_SUM, 2, energy_class, classes[t, 0])
            energy_class = classes[t, 0]
        if classes[t, 1] != peak_class:
            _meter_demand(w, c, held, width, peak_class, classes[t, 1], peak_share)
            peak_class = classes[t, 1]
        supply, charge = _supplied(steps, t, peak_share), _charged(steps, t)
        if _looks(steps, t, peak_share):
            for j in range(width):
                _supply(w, j, True, *supply)
        else:
            for j in range(width):
                _supply(w, j, False, *supply)
        deficits = 0
        for j in range(width):
            deficits |= w[DEFICIT * WIDTH + j] > 0.0
        if deficits or running:
            for j in range(width):
                _run_sets(w, j, steps[t, STEP_LOAD], steps[t, STEP_CHARGE_POWER])
            running = deficits > 0
        if steps[t, STEP_SUN_TO] < 1.0:
            for j in range(width):
                _charge(w, j, True, *charge)
        else:
            for j in range(width):
                _charge(w, j, False, *charge)
        t += 1
    _swap_class(w, c, IMPORT_SUM, 2, energy_class, energy_class)
    _swap_class(w, c, PEAK, 1, peak_class, peak_class)
    return running


@inlined
def _run_block(year, width, scalars, monthly, first, w, c, sums, metered, energy_end):
    """Lanes `first` ... `first + WIDTH - 1`; beyond the last lane the block repeats it and keeps only the real ones."""
    steps, classes, held, peak_share, month_ends, step_h = year
    last = scalars.shape[1] - 1
    kept = min(WIDTH, last + 1 - first)
    for j in range(WIDTH):
        _load_lane(w, j, scalars, min(first + j, last), step_h)
    t = 0
    running = False
    for month in range(month_ends.shape[0]):
        for j in range(WIDTH):
            _load_month(w, j, monthly, min(first + j, last), month)
        w[HELD * WIDTH :] = 0.0
        c[:] = 0.0
        running = _run_month(steps, classes, held[month], peak_share, t, month_ends[month], width, running, w, c)
        t = month_ends[month]
        for j in range(kept):
            for row in range(N_SUMS):
                sums[row, first + j, month] = w[(SUMS + row) * WIDTH + j] * (1.0 if row == STARTS else step_h)
            for row in range(N_METERED):
                for k in range(metered.shape[3]):
                    metered[row, first + j, month, k] = c[(k * N_METERED + row) * WIDTH + j]
    for j in range(kept):
        energy_end[first + j] = w[ENERGY * WIDTH + j]


@Kernel
def _run_blocks(year, width, scalars, monthly, start, stop, w, c, sums, metered, energy_end):
    """Blocks `start` ... `stop - 1`, one after the other, on the work arrays `w` and `c` of the calling thread."""
    for block in range(start, stop):
        _run_block(year, width, scalars, monthly, block * WIDTH, w, c, sums, metered, energy_end)


@inlined
def _run_step(steps, t, peak_share, running, w):
    """One step of the lane in column 0; whether sets run in it."""
    supply, charge = _supplied(steps, t, peak_share), _charged(steps, t)
    _supply(w, 0, True, *supply)  # to look where there is nothing to see changes no bit
    if w[DEFICIT * WIDTH] > 0.0 or running:
        _run_sets(w, 0, steps[t, STEP_LOAD], steps[t, STEP_CHARGE_POWER])
        running = w[DEFICIT * WIDTH] > 0.0
    if steps[t, STEP_SUN_TO] < 1.0:
        _charge(w, 0, True, *charge)
    else:
        _charge(w, 0, False, *charge)
    return running


@Kernel
def _run_trace(year, scalars, monthly, lane, w, c, out):
    """One lane in column 0; every step goes to `out` (row = STEP_FIELDS). Cleared sums hold one step's values; the
    demand meters run on through the month, by class, as in a batch."""
    steps, classes, held, peak_share, month_ends, step_h = year
    _load_lane(w, 0, scalars, lane, step_h)
    t = 0
    running = False
    for month in range(month_ends.shape[0]):
        _load_month(w, 0, monthly, lane, month)
        w[HELD * WIDTH :] = 0.0
        c[:] = 0.0
        peak_class = classes[t, 1]
        while t < month_ends[month]:
            if classes[t, 1] != peak_class:
                _meter_demand(w, c, held[month], 1, peak_class, classes[t, 1], peak_share)
                peak_class = classes[t, 1]
            for row in range(N_SUMS):
                w[(SUMS + row) * WIDTH] = 0.0
            w[IMPORT_SUM * WIDTH], w[EXPORT_SUM * WIDTH] = 0.0, 0.0
            running = _run_step(steps, t, peak_share, running, w)
            for row in range(FUEL):
                out[row, t] = w[(SUMS + row) * WIDTH]
            out[FUEL, t] = w[(SUMS + FUEL) * WIDTH] * step_h
            out[SET_HOURS, t] = w[(SUMS + SET_HOURS) * WIDTH]
            out[SET_HOURS + 1, t] = w[ENERGY * WIDTH]
            out[SET_HOURS + 2, t] = w[IMPORT_SUM * WIDTH]
            out[SET_HOURS + 3, t] = w[EXPORT_SUM * WIDTH]
            t += 1


def aggregate(series: Series, lanes: Lanes, n_periods: int, threads: int | None = None) -> Aggregates:
    """Run all lanes and return their monthly sums.

    `n_periods` is the number of billing classes K. `threads` defaults to the processors numba may use
    (NUMBA_NUM_THREADS); the result does not depend on it. Plain threads and a kernel that releases the interpreter's
    lock are used instead of numba's own threading layer, whose portable form ends the process when two sessions enter
    it at once.
    """
    _check_match(series, lanes, n_periods)
    found = _run(series, lanes.scalars, lanes.monthly, n_periods, threads or config.NUMBA_NUM_THREADS)
    return _aggregates(series, lanes, *found)


def aggregate_runs(runs: Sequence[Series], run_of: np.ndarray, lanes: Lanes, n_periods: int) -> Aggregates:
    """The same where each lane has its own of several series of one year; `run_of` (N,) says which."""
    if len(runs) == 1:
        return aggregate(runs[0], lanes, n_periods)
    for series in runs:
        _check_match(series, lanes, n_periods)
    parts = [(series, np.flatnonzero(run_of == k)) for k, series in enumerate(runs)]
    parts = [(series, mine) for series, mine in parts if mine.size]

    def run(part: tuple[Series, np.ndarray]) -> tuple[np.ndarray, ...]:
        series, mine = part
        return _run(series, lanes.scalars[:, mine], lanes.monthly[:, mine], n_periods, 1)

    with ThreadPoolExecutor(config.NUMBA_NUM_THREADS) as pool:
        found = list(pool.map(run, parts))
    back = np.argsort(np.concatenate([mine for _, mine in parts]))
    sums, metered = (np.concatenate([part[k] for part in found], axis=1)[:, back] for k in (0, 1))
    return _aggregates(runs[0], lanes, sums, metered, np.concatenate([part[2] for part in found])[back])


def _run(
    series: Series, scalars: np.ndarray, monthly: np.ndarray, n_periods: int, threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums (N_SUMS, N, M), meter readings (N_METERED, N, M, K) and the energy at the end (N,) of all lanes."""
    n, months = scalars.shape[1], len(series.month_ends)
    sums = np.empty((N_SUMS, n, months))
    metered = np.empty((N_METERED, n, months, n_periods))
    energy_end = np.empty(n)

    year = _year(series, n_periods)

    def run(start: int, stop: int) -> None:
        w, c = _aligned(N_ROWS * WIDTH), _aligned(n_periods * N_METERED * WIDTH)
        _run_blocks(year, WIDTH, scalars, monthly, start, stop, w, c, sums, metered, energy_end)

    _share_blocks(run, -(-n // WIDTH), threads)
    metered[:2] *= series.step_h
    metered[2] /= series.demand_window_steps
    return sums, metered, energy_end


def _aggregates(
    series: Series, lanes: Lanes, sums: np.ndarray, metered: np.ndarray, energy_end: np.ndarray
) -> Aggregates:
    hours = np.diff(series.month_ends, prepend=0) * series.step_h
    return Aggregates(
        **dict(zip(SUM_FIELDS, sums, strict=True)),
        auxiliary_kwh=lanes.auxiliary_kw[:, None] * hours,
        import_kwh=metered[0],
        export_kwh=metered[1],
        peak_kw=metered[2],
        energy_end_kwh=energy_end,
    )


def trace(series: Series, lanes: Lanes, lane: int) -> Trace:
    """Run the one lane with index `lane` and return all its steps."""
    _check_match(series, lanes)
    _require(0 <= lane < lanes.count, f"lane {lane} does not exist; there are {lanes.count}, counted from 0.")
    out = np.empty((len(STEP_FIELDS), len(series.load_kw)))
    n_periods = int(series.period.max()) + 1
    w, c = _aligned(N_ROWS * WIDTH), _aligned(n_periods * N_METERED * WIDTH)
    _run_trace(_year(series, n_periods), lanes.scalars, lanes.monthly, lane, w, c, out)
    auxiliary_kw = np.broadcast_to(lanes.auxiliary_kw[lane], out.shape[1:])
    return Trace(**dict(zip(STEP_FIELDS, out, strict=True)), auxiliary_kw=auxiliary_kw)


def _year(series: Series, n_periods: int) -> tuple:
    """What all lanes share, as the compiled loops take it."""
    return series.steps, series.classes, *_demand(series, n_periods), series.month_ends, float(series.step_h)


def _demand(series: Series, n_periods: int) -> tuple[np.ndarray, float]:
    """Which charges measure a class in each month (M, charges, K), and the share of a demand window's sum that is its
    mean; 0 where the threshold alone holds."""
    if series.measured is None or not series.measured.any():
        return np.zeros((len(series.month_ends), 0, n_periods), np.bool_), 0.0
    return series.measured, 1.0 / series.demand_window_steps


def warm_up() -> None:
    """Compile both kernels, or load them from the disk cache, on a tiny input, so that no user waits for it."""
    zero = np.zeros(1)
    series = Series(zero, zero, zero, zero, zero, zero, np.ones(1), 1.0)
    one = np.ones(1)
    scalars = {name: one if "efficiency" in name or name == "set_max_fraction" else zero for name in SCALAR_FIELDS}
    lanes = Lanes(**scalars, **{name: np.zeros((1, 1)) for name in MONTHLY_FIELDS})
    aggregate(series, lanes, 1, threads=1)
    trace(series, lanes, 0)


def _check_match(series: Series, lanes: Lanes, n_periods: int | None = None) -> None:
    _require(
        n_periods is None or series.period.max() < n_periods,
        f"period names class {series.period.max()}, but there are {n_periods} classes from 0 on.",
    )
    months = lanes.load_scale.shape[1]
    _require(
        months == len(series.month_ends),
        f"The lanes have {months} months (columns of load_scale), the series {len(series.month_ends)} (month_ends).",
    )


def _aligned(size: int) -> np.ndarray:
    """`size` zeros that begin on a 64-byte line, so that no vector of a row straddles two lines."""
    raw = np.zeros(size + 8)
    start = -raw.ctypes.data % 64 // 8
    return raw[start : start + size]


def _share_blocks(run, blocks: int, threads: int) -> None:
    """Call `run(start, stop)` for all blocks, in chunks handed to `threads` threads."""
    size = min(CHUNK_BLOCKS, -(-blocks // threads))
    chunks = [(start, min(start + size, blocks)) for start in range(0, blocks, size)]
    if threads == 1 or len(chunks) == 1:
        run(0, blocks)
        return
    with ThreadPoolExecutor(min(threads, len(chunks))) as pool:
        list(pool.map(lambda chunk: run(*chunk), chunks))
