"""A batch as the kernel takes and gives it: the series all lanes share, the lanes, their sums, the steps of one.

One lane is one (alternative, project year, draw). All lanes of a batch share the series (load shape, PV yield,
outages, tariff windows) and differ in scalars and in monthly rows. Conventions are those of `sim.dispatch.rule`.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from sim.arrays import Filled, own, require
from sim.dispatch.rule import (
    N_COLUMNS,
    STEP_ABOVE_SHAVE,
    STEP_CHARGE_POWER,
    STEP_CHARGE_SHARE,
    STEP_CHARGE_TO,
    STEP_DISCHARGE_POWER,
    STEP_DISCHARGING,
    STEP_EXPORT,
    STEP_EXPORT_MARKET,
    STEP_GIVE_TO,
    STEP_GRID_UP,
    STEP_KEEP_WINDOW,
    STEP_LOAD,
    STEP_MARKET,
    STEP_PV,
    STEP_REFILLS,
    STEP_SUN_TO,
)

POWER_SHARES = ("charge_power_share", "discharge_power_share")
SHARES = (*POWER_SHARES, "export_share")
MARKETS = ("market_per_kwh", "export_market_per_kwh")
FUEL_FIELDS = (
    "fuel_base_l_per_h",
    "fuel_slope_0_50_l_per_h",
    "fuel_slope_50_75_l_per_h",
    "fuel_slope_75_100_l_per_h",
)  # fitted to makers' tables: one of them may lie below zero


def _require_grid(grid_up: np.ndarray) -> None:
    require(np.all((grid_up == 0) | (grid_up == 1)), "grid_up must be 1 or, in an outage, 0.")


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
            object.__setattr__(self, name, own(getattr(self, name), name, (n,)))
            inside = np.all((getattr(self, name) >= 0) & (getattr(self, name) <= 1))
            require(inside, f"{name} must lie between 0 and 1.")
        require(np.all(self.charge_to <= self.give_to), "charge_to must not lie above give_to.")


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
    threshold alone holds; market_per_kwh and export_market_per_kwh: the market's price of a kWh taken and fed in, one a
    step, or 0.0 without a market.
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
    charge_power_share: Filled = 1.0
    discharge_power_share: Filled = 1.0
    export_share: Filled = 1.0
    levels: "Levels | None" = None
    measured: np.ndarray | None = None
    market_per_kwh: Filled = 0.0
    export_market_per_kwh: Filled = 0.0

    def __post_init__(self):
        n = len(self.load_kw)
        for name in (*SHARES, *MARKETS):
            object.__setattr__(self, name, np.broadcast_to(getattr(self, name), n))
        for name in ("load_kw", "pv_kw_per_kwp", "grid_up", "action", "above_shave_kw", *SHARES, *MARKETS):
            object.__setattr__(self, name, own(getattr(self, name), name, (n,)))
        object.__setattr__(self, "period", own(self.period, "period", (n,), np.int64))
        ends = own(self.month_ends, "month_ends", np.shape(self.month_ends), np.int64)
        object.__setattr__(self, "month_ends", ends)
        require(n > 0, "load_kw is empty; give at least one month of steps.")
        require(ends.ndim == 1 and 1 <= len(ends) <= 12, "month_ends must list 1 to 12 months.")
        require(
            np.all(np.diff(ends, prepend=0) > 0), "month_ends must rise from month to month, without an empty month."
        )
        require(ends[-1] == n, f"month_ends must end with the number of steps, {n}, but ends with {ends[-1]}.")
        require(self.step_h > 0, "step_h must be more than 0 hours.")
        require(self.demand_window_steps >= 1, "demand_window_steps must be at least 1.")
        require(0 <= self.refill_share <= 1, "refill_share must lie between 0 and 1.")
        require(
            np.all(ends % self.demand_window_steps == 0), "demand_window_steps must divide every month without rest."
        )
        require(self.load_kw.min() >= 0, "load_kw must not be negative.")
        require(self.pv_kw_per_kwp.min() >= 0, "pv_kw_per_kwp must not be negative.")
        _require_grid(self.grid_up)
        require(self.above_shave_kw.min() >= 0, "above_shave_kw must not be negative.")
        require(np.abs(self.action).max() <= 1, "action must lie between -1 (charge) and 1 (discharge).")
        require(self.period.min() >= 0, "period must be a class number from 0 on.")
        for name in SHARES:
            share = getattr(self, name)
            require(share.min() >= 0 and share.max() <= 1, f"{name} must lie between 0 and 1.")
        require(self.levels is None or len(self.levels.charge_to) == n, f"levels must have {n} steps.")
        if self.measured is not None:
            shape = (len(ends), np.shape(self.measured)[1], np.shape(self.measured)[2])
            object.__setattr__(self, "measured", own(self.measured, "measured", shape, np.bool_))

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
        steps[:, STEP_MARKET], steps[:, STEP_EXPORT_MARKET] = self.market_per_kwh, self.export_market_per_kwh
        return steps

    @cached_property
    def giving(self) -> np.ndarray:
        """Share of discharge_set_kw ordered while the grid is up (n,)."""
        return np.maximum(self.action, 0.0) if self.levels is None else (self.levels.give_to < 1.0).astype(float)

    def with_outages(self, grid_up: np.ndarray, load_kw: np.ndarray) -> "OutageYear":
        """The same year with other outages and another load (n,); what stays is shared, not checked again."""
        grid_up, load_kw = (
            own(values, name, self.load_kw.shape) for name, values in (("grid_up", grid_up), ("load_kw", load_kw))
        )
        _require_grid(grid_up)
        require(load_kw.min() >= 0, "load_kw must not be negative.")
        other = object.__new__(OutageYear)
        shared = {name: value for name, value in vars(self).items() if name != "steps"}
        other.__dict__.update(shared | {"classes": self.classes, "grid_up": grid_up, "load_kw": load_kw, "base": self})
        return other

    def plain(self) -> "Series":
        """The same year as a plain series, which holds all it has."""
        other = object.__new__(Series)
        other.__dict__.update({part.name: getattr(self, part.name) for part in fields(Series)})
        return other

    def with_orders(self, action: np.ndarray, above_shave_kw: np.ndarray) -> "Series":
        """The same year under other orders (n,), held by that threshold alone; a year made by `with_outages` becomes
        one of its own."""
        values = {part.name: getattr(self, part.name) for part in fields(Series)}
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

    base: Series = field(kw_only=True)

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
    auxiliary_kw is added to the load in every step. pv_share and battery_share: how much of PV, and of the battery with
    its energies, powers and auxiliaries, stands in a month; 1.0 where all of it does, more where it is younger than the
    lane's year.
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
    pv_share: Filled = 1.0
    battery_share: Filled = 1.0

    def __post_init__(self):
        n = np.shape(self.pv_kwp)[:1]
        months = np.shape(self.load_scale)[1:2]
        require(n and n[0] > 0, "pv_kwp must be an array with one value a lane.")
        require(months, "load_scale must have one row a lane and one column a month.")
        for name in SCALAR_FIELDS:
            object.__setattr__(self, name, own(getattr(self, name), name, n))
        for name in ("pv_share", "battery_share"):
            object.__setattr__(self, name, np.broadcast_to(getattr(self, name), n + months))
        for name in MONTHLY_FIELDS:
            object.__setattr__(self, name, own(getattr(self, name), name, n + months))
        for name in (*SCALAR_FIELDS, *MONTHLY_FIELDS):
            require(name in FUEL_FIELDS or getattr(self, name).min() >= 0, f"{name} must not be negative.")
        for name in ("charge_efficiency", "discharge_efficiency", "set_max_fraction"):
            value = getattr(self, name)
            require(value.min() > 0 and value.max() <= 1, f"{name} must lie above 0 and not above 1.")
        require(np.all(self.set_min_fraction <= 1), "set_min_fraction must not be above 1.")
        require(np.all(self.sets == np.floor(self.sets)), "sets must be whole numbers.")
        low, high = self.energy_min_kwh, self.energy_max_kwh
        for name in ("energy_reserve_kwh", "energy_start_kwh"):
            value = getattr(self, name)
            inside = np.all((low <= value) & (value <= high))
            require(inside, f"{name} must lie between energy_min_kwh and energy_max_kwh.")

    @property
    def count(self) -> int:
        return len(self.pv_kwp)

    def some(self, which: np.ndarray | list[int]) -> "Lanes":
        """The lanes with these indices; what has been checked is not checked again."""
        return self._with({name: getattr(self, name)[which] for name in (*SCALAR_FIELDS, *MONTHLY_FIELDS)})

    def starting(self, energy_start_kwh: np.ndarray) -> "Lanes":
        """The same lanes with another charge at the start (N,)."""
        start = own(energy_start_kwh, "energy_start_kwh", (self.count,))
        inside = np.all((self.energy_min_kwh <= start) & (start <= self.energy_max_kwh))
        require(inside, "energy_start_kwh must lie between energy_min_kwh and energy_max_kwh.")
        return self._with({"energy_start_kwh": start})

    def _with(self, changed: dict[str, np.ndarray]) -> "Lanes":
        other = object.__new__(Lanes)
        for name in (*SCALAR_FIELDS, *MONTHLY_FIELDS):
            values = changed.get(name, getattr(self, name))
            values.flags.writeable = False
            other.__dict__[name] = values
        return other

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
    load is not served. import_worth, export_worth: money of imports and exports at the market's price of their step.
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
    import_worth: np.ndarray
    export_worth: np.ndarray
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


def _names(of: type, *but: str) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of) if field.name not in but)


# The order of the fields is the order of the rows of the kernel's arrays (`sim.dispatch.rule`; a test compares them).
MONTHLY_FIELDS = ("load_scale", "import_limit_kw", "shave_kw", "sets", "pv_share", "battery_share")
SCALAR_FIELDS = _names(Lanes, *MONTHLY_FIELDS)
SUM_FIELDS = _names(Aggregates, "auxiliary_kwh", "import_kwh", "export_kwh", "peak_kw", "energy_end_kwh")
STEP_FIELDS = _names(Trace, "auxiliary_kw")
