"""From a Scenario to a Dispatch: every alternative, every project year, one batch of lanes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim import kernel, library
from sim.battery import BatteryLife, battery_life
from sim.control import NO_THRESHOLD_KW, action_series, refill_share, shave_series
from sim.genset import fuel_curve
from sim.load import load_kw, monthly_scale, peak_kw
from sim.pv import pv_kw_per_kwp
from sim.scenario import Scenario
from sim.tariff import PriceClasses, price_classes
from sim.timeline import Timeline, timeline

ALTERNATIVES = ("diesel", "grid", "grid_diesel", "hybrid")
FUEL_FIELDS = tuple(name for name in kernel.SCALAR_FIELDS if name.startswith("fuel_"))
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dispatch:
    """What every alternative does over the whole term.

    `monthly[name]` (alternatives, months): energies in kWh (`load_kwh, pv_load_kwh, pv_charge_kwh, curtailed_kwh,
    grid_load_kwh, grid_charge_kwh, genset_charge_kwh, discharge_kwh, genset_kwh, dumped_kwh, unserved_kwh,
    auxiliary_kwh`), `fuel_l`, `set_hours`, `genset_hours`, `unserved_hours`, `starts`. `import_kwh, export_kwh,
    peak_kw` (alternatives, months, classes): what the bill is made from; peak is the greatest demand-window mean.
    `sets` (alternatives, months): sets on site. Months count from the project's first. The load includes the
    battery's auxiliaries.
    """

    scenario: Scenario
    clock: Timeline
    classes: PriceClasses
    life: BatteryLife
    years: int
    months: int
    monthly: dict[str, Floats]
    import_kwh: Floats
    export_kwh: Floats
    peak_kw: Floats
    sets: Floats
    series: kernel.Series
    lanes: kernel.Lanes

    def row(self, alternative: str) -> int:
        """Position of an alternative in the arrays."""
        return ALTERNATIVES.index(alternative)

    def total(self, name: str) -> Floats:
        """Sum over the term of one monthly quantity (alternatives,)."""
        return self.monthly[name].sum(axis=1)

    def trace(self, alternative: str, year: int = 1) -> kernel.Trace:
        """Every step of one alternative in one project year (1 is the first), by the same rule as the sums."""
        if not 1 <= year <= self.years:
            raise ValueError(f"year {year} is outside the term; it has project years 1 to {self.years}")
        return kernel.trace(self.series, self.lanes, self.row(alternative) * self.years + year - 1)

    def step_price_per_kwh(self) -> Floats:
        """Energy price of each step of the template year (steps,), with adders and energy tax."""
        return self.classes.step_price_per_kwh(self.clock)


def simulate(scenario: Scenario) -> Dispatch:
    """Run all alternatives over all project years."""
    clock = timeline(scenario.site.start, scenario.site.term_months, scenario.site.step_minutes)
    classes = price_classes(scenario.tariff, clock)
    years = -(-scenario.site.term_months // 12)
    life = battery_life(scenario.storage, years)
    series = _series(scenario, clock, classes)
    lanes, sets = _lanes(scenario, clock, life, years)
    sums = kernel.aggregate(series, lanes, len(classes.names))
    months = scenario.site.term_months

    def by_month(values: Floats) -> Floats:
        return values.reshape(len(ALTERNATIVES), years * clock.months, *values.shape[2:])[:, :months]

    return Dispatch(
        scenario=scenario,
        clock=clock,
        classes=classes,
        life=life,
        years=years,
        months=months,
        monthly={name: by_month(getattr(sums, name)) for name in (*kernel.SUM_FIELDS, "auxiliary_kwh")},
        import_kwh=by_month(sums.import_kwh),
        export_kwh=by_month(sums.export_kwh),
        peak_kw=by_month(sums.peak_kw),
        sets=by_month(sets),
        series=series,
        lanes=lanes,
    )


def import_limits_kw(scenario: Scenario, months: int) -> Floats:
    """Import limit of each project month (months,): what is there, then the works, then later stages."""
    grid = scenario.grid
    limit = np.full(months, grid.existing_kw)
    limit[grid.ready_month :] = grid.import_limit_kw
    for stage in sorted(grid.stages, key=lambda s: s.month):
        limit[stage.month - 1 :] = stage.import_limit_kw
    return limit


def _series(scenario: Scenario, clock: Timeline, classes: PriceClasses) -> kernel.Series:
    window = scenario.tariff.demand_window_minutes // clock.step_minutes
    return kernel.Series(
        load_kw=load_kw(scenario.load, clock),
        pv_kw_per_kwp=pv_kw_per_kwp(scenario.pv, scenario.site.place, clock),
        grid_up=_grid_up(scenario, clock),
        action=action_series(scenario, clock, classes),
        shave=shave_series(classes, scenario.dispatch),
        period=classes.period,
        month_ends=clock.month_ends,
        step_h=clock.step_h,
        demand_window_steps=max(1, window),
        refill_share=refill_share(scenario),
    )


def _grid_up(scenario: Scenario, clock: Timeline) -> Floats:
    """1 where the grid is there, 0 in a listed outage. An outage begins at the step that holds its hour."""
    up = np.ones(clock.steps)
    for outage in scenario.grid.outages:
        first = clock.step_at(outage.month, outage.day, outage.hour)
        if first is not None:
            up[first : first + max(1, round(outage.duration_h / clock.step_h))] = 0.0
    return up


def _lanes(scenario: Scenario, clock: Timeline, life: BatteryLife, years: int) -> tuple[kernel.Lanes, Floats]:
    """One lane for each alternative and year, alternatives outermost; and the sets on site (lanes, months)."""
    hybrid, grid = np.array([0.0, 0, 0, 1]), np.array([0.0, 1, 1, 1])

    def spread(by_alternative: Floats, by_year: Floats | float = 1.0) -> Floats:
        return (by_alternative[:, None] * np.broadcast_to(by_year, years)).ravel()

    def by_month(by_alternative: Floats, by_term_month: Floats) -> Floats:
        return (by_alternative[:, None] * by_term_month).reshape(len(ALTERNATIVES) * years, clock.months)

    ones, months = np.ones(len(ALTERNATIVES)), years * clock.months
    limits = import_limits_kw(scenario, months)
    sets = _sets_on_site(scenario, months).reshape(len(ALTERNATIVES) * years, clock.months)
    scale = monthly_scale(scenario.load, 0, months)
    pv_years = (1.0 - scenario.pv.degradation_per_year) ** np.arange(years)
    shave = scenario.dispatch.peak_shave_kw
    lanes = kernel.Lanes(
        pv_kwp=spread(hybrid * scenario.pv.dc_kwp, pv_years),
        **_battery_lanes(scenario, life, lambda value, by_year=1.0: spread(hybrid * value, by_year)),
        export_limit_kw=spread(hybrid * scenario.grid.export_limit_kw),
        **_genset_lanes(scenario, lambda value: spread(ones * value)),
        genset_first_below_kwh=spread(hybrid * _genset_start_kwh(scenario), life.health),
        load_scale=by_month(ones, scale),
        import_limit_kw=by_month(grid, limits),
        shave_kw=by_month(ones, np.full(months, NO_THRESHOLD_KW if shave is None else shave)),
        sets=sets,
    )
    return lanes, sets


def _battery_lanes(scenario: Scenario, life: BatteryLife, spread) -> dict[str, Floats]:
    storage, dispatch = scenario.storage, scenario.dispatch
    power = storage.power_kw if storage.energy_kwh > 0 else 0.0
    limits = (dispatch.charge_limit_kw, dispatch.discharge_limit_kw)
    charge_kw, discharge_kw = (power if limit is None else min(power, limit) for limit in limits)
    energy = storage.energy_kwh
    return {
        "battery_kw": spread(power),
        "charge_set_kw": spread(charge_kw, life.health),
        "discharge_set_kw": spread(discharge_kw, life.health),
        "energy_max_kwh": spread(energy * storage.soc_max_fraction, life.health),
        "energy_min_kwh": spread(energy * storage.soc_min_fraction, life.health),
        "energy_reserve_kwh": spread(energy * dispatch.reserve_fraction, life.health),
        "energy_start_kwh": spread(energy * storage.soc_start_fraction, life.health),
        "charge_efficiency": np.full(life.health.size * len(ALTERNATIVES), storage.charge_efficiency),
        "discharge_efficiency": np.full(life.health.size * len(ALTERNATIVES), storage.discharge_efficiency),
        "auxiliary_kw": spread(energy / 1000 * storage.auxiliary_kw_per_mwh),
    }


def _genset_lanes(scenario: Scenario, spread) -> dict[str, Floats]:
    genset = scenario.genset
    curve = fuel_curve(library.fuel_table(), genset.set_kw)
    return {
        "set_kw": spread(genset.set_kw),
        "set_min_fraction": spread(genset.min_load_fraction),
        "set_max_fraction": spread(genset.max_load_fraction),
        **{
            name: spread(value * genset.fuel_factor)
            for name, value in zip(FUEL_FIELDS, curve.kernel_coefficients, strict=True)
        },
    }


def _sets_on_site(scenario: Scenario, months: int) -> Floats:
    """(alternatives, months): the diesel plan's fleet until the grid is ready, then what each alternative keeps."""
    genset, ready = scenario.genset, scenario.grid.ready_month
    after = {"diesel": genset.sets, "grid": 0, "grid_diesel": genset.backup_sets, "hybrid": genset.last_resort_sets}
    sets = np.array([np.full(months, float(after[name])) for name in ALTERNATIVES])
    bridged = [ALTERNATIVES.index(name) for name in ("grid_diesel", "hybrid")]
    sets[bridged, :ready] = np.maximum(sets[bridged, :ready], genset.sets)
    return sets


def _genset_start_kwh(scenario: Scenario) -> float:
    """Battery energy below which sets go first in an outage; everything where they alone cannot carry the peak."""
    genset, storage = scenario.genset, scenario.storage
    if scenario.dispatch.genset_start_fraction is not None:
        return storage.energy_kwh * scenario.dispatch.genset_start_fraction
    too_small = genset.last_resort_sets * genset.set_kw < peak_kw(scenario.load)
    return storage.energy_kwh * 2 if too_small and genset.last_resort_sets else 0.0
