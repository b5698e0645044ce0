"""The plants of a batch of variants: a lane for each variant and project year, and what it meters.

A lane is the study's own lane of that year with what a variant changes put over it, so that the scenario itself has the
study's lanes to the last bit. Size, power, reserve and efficiency of the battery change what the plan's levels come to
in kWh; the levels themselves and own windows, what the hybrid's control holds back of the load, and how far cold cells
limit the power stay as they are for the scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from sim.arrays import Floats, Ints
from sim.dispatch import variants
from sim.dispatch.batch import FUEL_FIELDS, MONTHLY_FIELDS, SCALAR_FIELDS, Lanes, Series
from sim.dispatch.control import NO_THRESHOLD_KW, REFILL_H, held_peaks_kw, moved_kw, yearly_thresholds_kw
from sim.dispatch.lanes import genset_start_share, planned_fraction
from sim.dispatch.variants import Outages
from sim.plant import transformer
from sim.plant.battery import LINE_INPUTS, available_share, lane_fields, straight_line
from sim.sun.pv import pv_kw_per_kwp
from study.study import Study
from study.varied import Values

# What `sim.plant.battery.lane_fields` takes of variants, and what a life on a straight line hangs on.
BATTERY_INPUTS = (
    *("storage.energy_kwh", "storage.power_kw", "storage.charge_efficiency", "storage.discharge_efficiency"),
    "dispatch.reserve_fraction",
)
# What moves the ceilings that the plain rule has found for its imports.
OF_CEILING = ("load.level", "storage.energy_kwh", "storage.power_kw")
Years = TypeVar("Years", int, Ints)
OF_HEALTH = tuple(f"storage.{name}" for name in LINE_INPUTS)


@dataclass(frozen=True, eq=False)
class MeteredYears:
    """Sums (n, years, months), and readings by class (n, years, months, classes), at the meter; or shaped otherwise."""

    monthly: dict[str, Floats]
    import_kwh: Floats
    export_kwh: Floats
    peak_kw: Floats

    def reshaped(self, shape: Callable[[Floats], Floats]) -> MeteredYears:
        return MeteredYears(
            {name: shape(values) for name, values in self.monthly.items()},
            *(shape(values) for values in (self.import_kwh, self.export_kwh, self.peak_kw)),
        )


@dataclass(frozen=True, eq=False)
class Alternative:
    """One alternative of a study, whose plant can be varied. `pv_kw_per_kwp` (steps,): what PV yields where variants
    put some up and the study has none, else None."""

    study: Study
    name: str
    orders: variants.Orders
    pv_kw_per_kwp: Floats | None = None

    @staticmethod
    def of(study: Study, name: str, puts_up_pv: bool = False) -> Alternative:
        dispatch, scenario = study.dispatch, study.scenario
        bare = puts_up_pv and name == "hybrid" and not dispatch.series.pv_kw_per_kwp.any()
        pv = scenario.with_({"pv.dc_kwp": 1.0}).pv if bare else None
        yielded = pv_kw_per_kwp(pv, scenario.site.place, dispatch.clock) if pv else None
        if name == "hybrid":
            return Alternative(study, name, variants.orders(scenario, dispatch.clock, dispatch.series), yielded)
        return Alternative(study, name, variants.no_orders(dispatch.clock))

    @property
    def is_hybrid(self) -> bool:
        return self.name == "hybrid"

    @property
    def row(self) -> int:
        return self.study.dispatch.row(self.name)

    def own_lane(self, years: Years) -> Years:
        """The study's lanes of these project years (0 is the first)."""
        return self.row * self.study.dispatch.years + years


def health_and_cells(study: Study, v: Values) -> tuple[Floats, Floats]:
    """Mean capacity over nameplate of each variant and year (n, years), and the new cells put in (n or 1, years): the
    study's own, unless the battery fades on a straight line that varies. Cells that age by their use age as in the
    study."""
    life, storage = study.dispatch.life, study.scenario.storage
    if storage.fade_model == "line" and any(path in v.given for path in OF_HEALTH):
        health, _, added = straight_line(storage, (v(path) for path in OF_HEALTH), life.health.size)
        return health, added
    return np.tile(life.health, (v.count, 1)), life.added[None]


def metered(
    own: Alternative, v: Values, years: Ints, health: Floats, outages: Outages | None = None, threads: int | None = None
) -> MeteredYears:
    """Simulate these project years (0 is the first) of every variant, at a `health` (n, years).

    outages: of each variant, the same in all its years and with the whole load to be served; None = those of the study,
    year by year, with what it sheds in them.
    """
    shape = (v.count, len(years), own.study.dispatch.clock.months)
    classes = len(own.study.dispatch.classes.names)
    monthly: dict[str, Floats] = {name: np.empty(shape) for name in variants.KEPT}
    readings: dict[str, Floats] = {
        name: np.empty((*shape, classes)) for name in ("import_kwh", "export_kwh", "peak_kw")
    }
    for at, series, shed_kw in _series_of(own, years, outages is None):
        lanes, shares, refill = _lanes(own, v, years[at], health[:, at])
        if outages is None:
            down = variants.listed_outages(series.grid_up, lanes.count)
        else:
            down = variants.repeated(outages, np.repeat(np.arange(v.count), len(at)))
        found = variants.aggregate(series, lanes, own.orders, shares, refill, down, classes, threads)
        monthly_sums = _with_shed(own, found.monthly, lanes, shed_kw)
        sums = _at_meter(own, monthly_sums | {name: getattr(found, name) for name in readings}, lanes)
        for name, values in monthly.items():
            values[:, at] = sums[name].reshape(v.count, len(at), -1)
        for name, values in readings.items():
            values[:, at] = sums[name].reshape(v.count, len(at), -1, classes)
    return MeteredYears(monthly, **readings)


def _series_of(own: Alternative, years: Ints, as_in_the_study: bool) -> Iterator[tuple[Ints, Series, Floats]]:
    """Positions of years that share a series, the series, and what is shed in it (steps,)."""
    dispatch, nothing = own.study.dispatch, np.zeros(own.study.dispatch.clock.steps)
    if as_in_the_study:
        run = dispatch.run_of[own.own_lane(years)]
        for number in np.unique(run):
            yield np.flatnonzero(run == number), _with_pv(own, dispatch.runs[number]), dispatch.shed_kw[number]
    elif own.is_hybrid and dispatch.flex:
        for position, year in enumerate(years):
            yield np.array([position]), _with_pv(own, _given_way(own, int(year))), nothing
    else:
        yield np.arange(len(years)), _with_pv(own, dispatch.series), nothing


def _with_pv(own: Alternative, series: Series) -> Series:
    if own.pv_kw_per_kwp is None:
        return series
    values = {field.name: getattr(series, field.name) for field in fields(Series)}
    return Series(**values | {"pv_kw_per_kwp": own.pv_kw_per_kwp})


def _given_way(own: Alternative, year: int) -> Series:
    """The study's series with the load that the hybrid's control leaves in a project year."""
    dispatch = own.study.dispatch
    scale = dispatch.lanes.load_scale[own.own_lane(np.array(year))][dispatch.clock.month_index]
    change = np.divide(dispatch.flex[year].change_kw, scale, out=np.zeros(len(scale)), where=scale > 0)
    return replace(dispatch.series, load_kw=np.maximum(dispatch.series.load_kw + change, 0.0))


def _lanes(own: Alternative, v: Values, years: Ints, health: Floats) -> tuple[Lanes, Floats, Floats]:
    """Lanes (n x years, the variant outermost), the ordered share of each level, and the refill share."""
    dispatch, scenario, at = own.study.dispatch, own.study.scenario, own.own_lane(years)
    count = len(years)
    values = {name: np.tile(getattr(dispatch.lanes, name)[at], v.count) for name in SCALAR_FIELDS}
    monthly = {name: np.tile(getattr(dispatch.lanes, name)[at], (v.count, 1)) for name in MONTHLY_FIELDS}
    monthly["load_scale"] = monthly["load_scale"] * np.repeat(v("load.level"), count)[:, None]
    fuel = np.repeat(v("genset.fuel_factor") / scenario.genset.fuel_factor, count)
    values |= {name: values[name] * fuel for name in FUEL_FIELDS}
    if not own.is_hybrid:
        return Lanes(**values, **monthly), np.zeros((1, len(fuel))), np.zeros(len(fuel))
    if any(path in v.given for path in OF_HEALTH) and dispatch.held.moves.any():
        monthly["shave_kw"] = _thresholds_kw(own, years, health)
    if any(path in v.given for path in OF_CEILING) and dispatch.held.moves.any() and not scenario.dispatch.shave_limits:
        monthly["shave_kw"] = _ceilings_kw(own, v, years, monthly["shave_kw"])
    values |= _plant(own, v, years, health)
    shares, refill = _orders(own, v)
    return Lanes(**values, **monthly), np.repeat(shares, count, axis=1), np.repeat(refill, count)


def _thresholds_kw(own: Alternative, years: Ints, health: Floats) -> Floats:
    """Thresholds by month of the hybrid's lanes (n x years, months) at other healths (n, years)."""
    dispatch = own.study.dispatch
    held = dispatch.held
    at, every = own.own_lane(np.arange(dispatch.years)), np.tile(dispatch.life.health, (len(health), 1))
    every[:, years] = health
    lanes, series = dispatch.lanes, dispatch.series
    plant = float(lanes.auxiliary_kw[at[0]]), lanes.pv_kwp[at], lanes.load_scale[at]
    found = yearly_thresholds_kw(held, dispatch.clock, series, *plant, every)
    return found[:, years].reshape(-1, dispatch.clock.months)


def _ceilings_kw(own: Alternative, v: Values, years: Ints, found_kw: Floats) -> Floats:
    """The ceilings that the rule has found, (n x years, months), where load or battery are others: they move with the
    greatest need, and a smaller battery cuts it by less."""
    dispatch, storage, count = own.study.dispatch, own.study.scenario.storage, len(years)
    lanes, at = dispatch.lanes, own.own_lane(years)
    plants = zip(lanes.auxiliary_kw[at], lanes.pv_kwp[at], lanes.load_scale[at], strict=True)
    peak = np.array([held_peaks_kw(dispatch.held, dispatch.clock, dispatch.series, *plant) for plant in plants])
    peak, level = np.tile(peak, (v.count, 1)), np.repeat(v("load.level"), count)[:, None]
    size = np.minimum(v("storage.energy_kwh") / storage.energy_kwh, v("storage.power_kw") / storage.power_kw)
    kept = np.minimum(1.0, np.repeat(size, count))[:, None]
    moves = dispatch.held.moves & (found_kw < NO_THRESHOLD_KW)
    return np.where(moves, moved_kw(found_kw, peak, peak * level, kept), found_kw)


def _plant(own: Alternative, v: Values, years: Ints, health: Floats) -> dict[str, Floats]:
    """What variants change of PV and battery of the hybrid's lanes, by field."""
    scenario, storage, count = own.study.scenario, own.study.scenario.storage, len(years)
    inputs = {path.partition(".")[2]: np.repeat(v(path), count) for path in BATTERY_INPUTS}
    found = lane_fields(storage, scenario.dispatch, health.ravel(), inputs)
    kwh = inputs["energy_kwh"] * available_share(storage)
    age = (1.0 - scenario.pv.degradation_per_year) ** years
    lanes, at = own.study.dispatch.lanes, np.tile(own.own_lane(years), v.count)
    start_kwh, full_kwh = lanes.energy_start_kwh[at], lanes.energy_max_kwh[at]
    if not np.array_equal(found["energy_max_kwh"], full_kwh):  # carried from the year before, as in the study
        share = np.divide(start_kwh, full_kwh, out=np.zeros_like(full_kwh), where=full_kwh > 0)
        start_kwh = np.where(full_kwh > 0, found["energy_max_kwh"] * share, found["energy_start_kwh"])
    low_kwh, high_kwh = found["energy_min_kwh"], found["energy_max_kwh"]
    found |= {
        "energy_start_kwh": np.clip(start_kwh, low_kwh, high_kwh),
        "pv_kwp": ((v("pv.dc_kwp") * v("pv.irradiation"))[:, None] * age).ravel(),
        "genset_first_below_kwh": kwh * genset_start_share(scenario) * health.ravel(),
        "set_max_fraction": planned_fraction(scenario, found["battery_kw"]),
    }
    if "storage.energy_kwh" in v.given or "storage.auxiliary_kw_per_mwh" in v.given:
        lane, own_use = own.own_lane(years)[0], storage.energy_kwh * storage.auxiliary_kw_per_mwh
        kw_per_kw = own.study.dispatch.lanes.auxiliary_kw[lane] / own_use if own_use else 1e-3
        found["auxiliary_kw"] = inputs["energy_kwh"] * np.repeat(v("storage.auxiliary_kw_per_mwh"), count) * kw_per_kw
    return found


def _orders(own: Alternative, v: Values) -> tuple[Floats, Floats]:
    """Ordered share of each level (levels + 1, n) and refill share (n,), by the rules of `sim.dispatch.control`."""
    storage, plan = own.study.scenario.storage, own.study.scenario.dispatch
    inputs = {path.partition(".")[2]: v(path) for path in BATTERY_INPUTS}
    new, reserve = lane_fields(storage, plan, np.ones(v.count), inputs), inputs["reserve_fraction"]
    energy, power, charge = inputs["energy_kwh"] * available_share(storage), new["battery_kw"], new["charge_efficiency"]
    tradable = energy * (storage.soc_max_fraction - reserve)
    above_empty = (reserve - storage.soc_min_fraction) * energy / charge / REFILL_H
    refill = np.minimum(1.0, np.divide(above_empty, power, out=np.zeros(v.count), where=power > 0))
    return own.orders.shares(tradable, power, charge, new["discharge_efficiency"]), refill


def _with_shed(own: Alternative, sums: dict[str, Floats], lanes: Lanes, shed_kw: Floats) -> dict[str, Floats]:
    """What is shed on purpose belongs to the load, and to what is not served."""
    if not shed_kw.any():
        return sums
    clock = own.study.dispatch.clock
    by_month = np.add.reduceat(shed_kw, np.concatenate([[0], clock.month_ends[:-1]])) * clock.step_h
    shed = by_month * lanes.load_scale
    return sums | {name: sums[name] + shed for name in ("load_kwh", "unserved_kwh")}


def _at_meter(own: Alternative, sums: dict[str, Floats], lanes: Lanes) -> dict[str, Floats]:
    """Sums (lanes, months) and readings (lanes, months, classes) as the meter has them."""
    dispatch, is_connected = own.study.dispatch, lanes.import_limit_kw > 0
    grid = own.study.scenario.grid
    return sums | transformer.at_meter(grid, sums, dispatch.classes, dispatch.clock, is_connected)
