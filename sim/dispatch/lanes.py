"""From a Scenario to a Dispatch: every alternative, every project year, one batch of lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.dispatch import kernel
from sim.dispatch.batch import FUEL_FIELDS, SUM_FIELDS, Lanes, Series
from sim.dispatch.control import Shaving, orders, refill_share, yearly_thresholds_kw
from sim.dispatch.outages import grid_down, interruptions
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.dispatch.rule import STEP_PV
from sim.dispatch.stops import expected_stops
from sim.inputs.arrival import WHOLE, arrivals, fleet, share_there, stages
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import PriceClasses
from sim.plant import transformer
from sim.plant.ageing import cell_temperature_c
from sim.plant.battery import (
    BatteryLife,
    auxiliary_kw_per_mwh,
    available,
    battery_life,
    cell_life,
    discharge_efficiency,
    lane_fields,
    power_shares,
    usual_fade,
)
from sim.plant.flex import FLEX_FIELDS, Flex, Seen, rule
from sim.plant.genset import curve_of
from sim.plant.load import load_kw, monthly_scale, peak_kw
from sim.plant.ratings import derating
from sim.problem import Named, Refusal
from sim.sun.climate import altitude_m, ambient_c, hottest_c
from sim.sun.pv import pv_kw_per_kwp
from sim.tariff.market import laid
from sim.timeline import Timeline, timeline

LIFE_PASSES, LIFE_NEAR = 3, 0.002
FLEX_SUMS = ("capped_kwh", "paused_kwh", "deferred_kwh", "caught_up_kwh", "lost_gpu_h", "stopped_gpus")
ADDED_SUMS = ("auxiliary_kwh", "shed_kwh", *FLEX_SUMS)
EFFICIENCIES = ("charge_efficiency", "discharge_efficiency")


@dataclass(frozen=True, eq=False)
class SeriesWithoutPv(Series):
    """The series of a plant without PV. What PV would yield is worked out only when steps are asked for, by a batch of
    variants that puts some up; so pvlib, two seconds to import, is left alone until then."""

    pv_year: Callable[[], Floats] = partial(np.zeros, 0)

    @cached_property
    def steps(self) -> Floats:
        steps = vars(Series)["steps"].func(self)
        steps[:, STEP_PV] = self.pv_year()
        return steps


def simulate(scenario: Scenario) -> Dispatch:
    """Run all alternatives over all project years. Raises Refusal where a transformer billed by kVA cannot carry what
    the connection is to give."""
    _require_transformer(scenario)
    clock = timeline(scenario.site.start, scenario.site.term_months, scenario.site.step_minutes)
    classes = laid(scenario.tariff, clock)
    months, years = scenario.site.term_months, -(-scenario.site.term_months // 12)
    down = grid_down(scenario, clock, years)
    series, held = _series(scenario, clock, classes, down[0])
    runs, run_of, shed_kw = _runs(scenario, clock, series, down)
    runs, run_of, shed_kw = _without_lone_pv(scenario, clock, down, (runs, run_of, shed_kw))
    flex = _flex(scenario, clock, classes, runs, run_of)
    runs, run_of, shed_kw = _with_flex(flex, scenario, clock, (runs, run_of, shed_kw))
    first = runs[run_of[-years]] if flex else runs[0]
    life = _life(scenario, clock, held, years, first, len(classes.names))
    lanes, sets = _lanes(scenario, clock, held, series, life, years)
    lanes = _carried(runs, run_of, lanes, len(classes.names))
    sums = vars(kernel.aggregate_runs(runs, run_of, lanes, len(classes.names)))
    sums = _with_shed(sums, lanes, run_of, shed_kw, clock) | _flex_sums(flex, lanes.count, clock)
    sums |= transformer.at_meter(scenario.grid, sums, classes, clock, lanes.import_limit_kw > 0)

    def by_month(values: Floats) -> Floats:
        return values.reshape(len(ALTERNATIVES), years * clock.months, *values.shape[2:])[:, :months]

    found = Dispatch(
        scenario=scenario,
        clock=clock,
        classes=classes,
        life=life,
        years=years,
        months=months,
        monthly={name: by_month(sums[name]) for name in (*SUM_FIELDS, *ADDED_SUMS)},
        import_kwh=by_month(sums["import_kwh"]),
        export_kwh=by_month(sums["export_kwh"]),
        peak_kw=by_month(sums["peak_kw"]),
        transformer_kwh=by_month(sums["transformer_kwh"]),
        sets=by_month(sets),
        series=series,
        lanes=lanes,
        down=down,
        runs=runs,
        run_of=run_of,
        shed_kw=shed_kw,
        held=held,
        flex=flex,
    )
    events = interruptions(found)
    if scenario.genset.count_failures:
        events = events + expected_stops(found)
    return replace(found, monthly=found.monthly | {"interruptions": events})


def _require_transformer(scenario: Scenario) -> None:
    """A kVA figure below what is drawn through it would lower the bill for nothing."""
    grid = scenario.grid
    drawn_kw = min(grid.import_limit_kw, peak_kw(scenario.load))
    if scenario.tariff.demand_basis == "transformer_kva" and grid.transformer_kva < drawn_kw * (1 - 1e-9):
        raise Refusal(
            "{input} of {kva} kVA cannot carry the {kw} kW that the load draws through it, and the bill counts its "
            "kVA; raise it, or lower {limit}",
            input=Named("grid.transformer_kva"),
            kva=grid.transformer_kva,
            kw=round(drawn_kw, 1),
            limit=Named("grid.import_limit_kw"),
        )


def import_limits_kw(scenario: Scenario, months: int) -> Floats:
    """Import limit of each project month (months,): what is there, then the works, then later stages."""
    grid = scenario.grid
    limit = np.full(months, grid.existing_kw)
    limit[grid.ready_month :] = grid.import_limit_kw
    for stage in sorted(grid.stages, key=lambda s: s.month):
        limit[stage.month - 1 :] = stage.import_limit_kw
    return limit


def _series(
    scenario: Scenario, clock: Timeline, classes: PriceClasses, down: NDArray[np.bool_]
) -> tuple[Series, Shaving]:
    """The template year with the plain rule's orders, and where imports are held."""
    window = scenario.tariff.demand_window_minutes // clock.step_minutes
    needs_climate = scenario.load.pue_model != "constant"
    pv_year = partial(pv_kw_per_kwp, scenario.pv, scenario.site.place, clock)
    has_pv = scenario.pv.exists
    nothing = np.zeros(clock.steps)
    charge_share, discharge_share = _power_shares(scenario, clock)
    site = Series(
        load_kw=load_kw(scenario.load, clock, ambient_c(scenario, clock) if needs_climate else None),
        pv_kw_per_kwp=pv_year() if has_pv else nothing,
        grid_up=~down,
        action=nothing,
        above_shave_kw=nothing,
        period=classes.period,
        month_ends=clock.month_ends,
        step_h=clock.step_h,
        demand_window_steps=max(1, window),
        refill_share=refill_share(scenario),
        export_share=(scenario.tariff.export_credit_per_kwh + classes.export_market_per_kwh >= 0) * 1.0,
        market_per_kwh=classes.market_per_kwh,
        export_market_per_kwh=classes.export_market_per_kwh,
        charge_power_share=charge_share,
        discharge_power_share=discharge_share,
    )
    year = _ordinary_year(scenario, clock)
    told = orders(scenario, clock, classes, site, _nominal_lane(scenario, clock, year), year + 1)
    values = {part.name: getattr(site, part.name) for part in fields(Series)}
    values |= {name: getattr(told, name) for name in ("action", "levels", "measured")}
    values["above_shave_kw"] = told.held.above_kw
    return Series(**values) if has_pv else SeriesWithoutPv(**values, pv_year=pv_year), told.held


def _ordinary_year(scenario: Scenario, clock: Timeline) -> int:
    """The project year (0 is the first) whose load and connection the plan of the plain rule is made for: the first
    that has its full load and its last limit all year, else the last."""
    years = -(-scenario.site.term_months // 12)
    limits = import_limits_kw(scenario, years * clock.months).reshape(years, -1)
    grown = (1.0 + scenario.load.growth_per_year) ** np.arange(years)
    ramp = monthly_scale(scenario.load, 0, years * clock.months).reshape(years, -1) / grown[:, None]
    settled = np.all((limits == limits[-1, -1]) & (np.abs(ramp - ramp[-1, -1]) < 1e-9), axis=1)
    return int(np.argmax(settled)) if settled.any() else years - 1


def _nominal_lane(scenario: Scenario, clock: Timeline, year: int) -> Lanes:
    """The hybrid in that project year as one lane: battery and PV as new, connected in every month, without sets."""
    months, one = (year + 1) * clock.months, np.ones(1)
    auxiliary = auxiliary_kw_per_mwh(scenario.storage, _climate_where_asked(scenario, clock))
    limits = import_limits_kw(scenario, months)[-clock.months :]
    sets = np.zeros((1, clock.months))
    return Lanes(
        pv_kwp=one * scenario.pv.dc_kwp,
        **lane_fields(scenario.storage, scenario.dispatch, one),
        auxiliary_kw=one * scenario.storage.energy_kwh / 1000 * auxiliary,
        export_limit_kw=one * scenario.grid.export_limit_kw,
        **_genset_lanes(scenario, lambda value: np.ravel(value)[:1] * one),
        genset_first_below_kwh=one * 0.0,
        load_scale=monthly_scale(scenario.load, 0, months)[None, -clock.months :],
        import_limit_kw=np.where(limits > 0, limits, limits.max())[None],
        shave_kw=sets,
        sets=sets,
    )


def _power_shares(scenario: Scenario, clock: Timeline) -> tuple[Floats | float, Floats | float]:
    if not scenario.storage.exists:
        return 1.0, 1.0
    return power_shares(scenario.storage, ambient_c(scenario, clock))


def _runs(
    scenario: Scenario, clock: Timeline, series: Series, down: NDArray[np.bool_]
) -> tuple[tuple[Series, ...], NDArray[np.int64], tuple[Floats, ...]]:
    """The series to simulate, which of them each lane has, and what each sheds (steps,).

    One series serves all where the outages are a list and the whole load is critical. Else each kind of year has its
    own for the alternatives with a grid, without what is shed while a grid that is there has failed.
    """
    years, shed_share = len(down), 1.0 - scenario.load.critical_fraction
    plain = series.plain()
    if scenario.grid.outage_source == "list" and shed_share == 0:
        return (plain,), np.zeros(len(ALTERNATIVES) * years, dtype=np.int64), (np.zeros(clock.steps),)
    connected = import_limits_kw(scenario, years * clock.months).reshape(years, clock.months) > 0
    rows = down & connected[:, clock.month_index]
    kinds = {row.tobytes(): row for row in rows}
    shed = [shed_share * series.load_kw * row for row in kinds.values()]
    with_grid = [plain.with_outages(~row, plain.load_kw - kw) for row, kw in zip(kinds.values(), shed, strict=True)]
    of_year = 1 + np.array([list(kinds).index(row.tobytes()) for row in rows])
    run_of = np.concatenate([np.zeros(years, dtype=np.int64), np.tile(of_year, len(ALTERNATIVES) - 1)])
    return (plain, *with_grid), run_of, (np.zeros(clock.steps), *shed)


def _without_lone_pv(scenario: Scenario, clock: Timeline, down: NDArray[np.bool_], before: tuple) -> tuple:
    """Runs, which of them each lane has, and what each sheds. PV alone carries no load: its inverters follow a voltage
    that grid, battery or sets hold up. A hybrid without a battery has runs of its own where it has no set either."""
    runs, run_of, shed_kw = before
    years = len(down)
    battery = share_there(scenario, "battery", years * clock.months) * scenario.storage.exists
    if not scenario.pv.exists or battery.all():
        return before
    limits = import_limits_kw(scenario, years * clock.months).reshape(years, -1)[:, clock.month_index]
    sets = _sets_on_site(scenario, years * clock.months)[ALTERNATIVES.index("hybrid")]
    carried = (sets + battery).reshape(years, -1)[:, clock.month_index] > 0
    alone = (down | (limits == 0)) & ~carried
    runs, shed_kw, run_of = list(runs), list(shed_kw), run_of.copy()
    for year in np.flatnonzero(alone.any(axis=1)):
        lane = len(run_of) - years + year
        run = runs[run_of[lane]]
        values = {part.name: getattr(run, part.name) for part in fields(Series)}
        runs.append(Series(**values | {"pv_kw_per_kwp": run.pv_kw_per_kwp * ~alone[year]}))
        shed_kw.append(shed_kw[run_of[lane]])
        run_of[lane] = len(runs) - 1
    return tuple(runs), run_of, tuple(shed_kw)


def _flex(
    scenario: Scenario,
    clock: Timeline,
    classes: PriceClasses,
    runs: tuple[Series, ...],
    run_of: NDArray[np.int64],
) -> tuple[Flex, ...]:
    """How the hybrid's load gives way in each project year; empty where it never does."""
    if not scenario.compute.in_use:
        return ()
    years = len(run_of) // len(ALTERNATIVES)
    limits = import_limits_kw(scenario, years * clock.months).reshape(years, clock.months)
    scales = monthly_scale(scenario.load, 0, years * clock.months).reshape(years, clock.months)
    price = classes.step_price_per_kwh(clock)
    hybrid = run_of[-years:]
    return tuple(
        rule(scenario, clock, _year_seen(scenario, clock, price, runs[hybrid[year]], year, scales[year], limits[year]))
        for year in range(years)
    )


def _year_seen(
    scenario: Scenario,
    clock: Timeline,
    price_per_kwh: Floats,
    run: Series,
    year: int,
    scale: Floats,
    limit_kw: Floats,
) -> Seen:
    """One project year (0 is the first) as the rule sees it; scale, limit_kw (months,): growth and ramp of the load,
    and the import limit, of that year."""
    month = clock.month_index
    kwp = scenario.pv.dc_kwp * (1.0 - scenario.pv.degradation_per_year) ** year
    return Seen(
        load_kw=run.load_kw * scale[month],
        pv_kw=run.pv_kw_per_kwp * kwp,
        price_per_kwh=price_per_kwh,
        limit_kw=limit_kw[month] * run.grid_up,
        is_outage=(limit_kw[month] > 0) & (run.grid_up == 0),
        peak_kw=peak_kw(scenario.load) * scale[month],
    )


def _with_flex(flex: tuple[Flex, ...], scenario: Scenario, clock: Timeline, before: tuple) -> tuple:
    """Runs, which of them each lane has, and what each sheds, with runs of the hybrid's own: one for each kind of year
    in which its load gives way."""
    runs, run_of, shed_kw = before[0], before[1].copy(), before[2]
    scales = monthly_scale(scenario.load, 0, len(flex) * clock.months).reshape(len(flex), clock.months)
    known: dict[tuple[int, bytes], int] = {}
    for year, one in enumerate(flex):
        lane = len(run_of) - len(flex) + year
        own, scale = int(run_of[lane]), scales[year][clock.month_index]
        change = np.divide(one.change_kw, scale, out=np.zeros(clock.steps), where=scale > 0)
        key = (own, change.tobytes())
        if key not in known:
            known[key] = len(runs)
            load = np.maximum(runs[own].load_kw + change, 0.0)
            runs, shed_kw = (*runs, runs[own].with_outages(runs[own].grid_up, load)), (*shed_kw, shed_kw[own])
        run_of[lane] = known[key]
    return runs, run_of, shed_kw


def _flex_sums(flex: tuple[Flex, ...], lanes: int, clock: Timeline) -> dict[str, Floats]:
    """Sums of what gives way by lane and month; kW become kWh."""
    starts = np.concatenate([[0], clock.month_ends[:-1]])
    sums = {}
    for name, source in zip(FLEX_SUMS, FLEX_FIELDS, strict=True):
        sums[name] = np.zeros((lanes, clock.months))
        for year, one in enumerate(flex):
            per_step = clock.step_h if source.endswith("_kw") else 1.0
            sums[name][lanes - len(flex) + year] = np.add.reduceat(getattr(one, source), starts) * per_step
    return sums


def _with_shed(
    sums: dict[str, Floats],
    lanes: Lanes,
    run_of: NDArray[np.int64],
    shed_kw: tuple[Floats, ...],
    clock: Timeline,
) -> dict[str, Floats]:
    """What is shed on purpose belongs to the load, and to what is not served."""
    starts = np.concatenate([[0], clock.month_ends[:-1]])
    by_run = np.array([np.add.reduceat(kw, starts) for kw in shed_kw]) * clock.step_h
    shed = by_run[run_of] * lanes.load_scale
    added = {"load_kwh": sums["load_kwh"] + shed, "unserved_kwh": sums["unserved_kwh"] + shed}
    return sums | added | {"shed_kwh": shed}


def _life(scenario: Scenario, clock: Timeline, held: Shaving, years: int, series: Series, classes: int) -> BatteryLife:
    """The battery's capacity by year. Cells age by what the dispatch of each year does to them, and the dispatch is
    that of the aged battery: the hybrid's years run again until no year's capacity moves by more than `LIFE_NEAR`.

    `series` is one for all years: where each has its own outages, a few hours more or less do not age a battery.
    """
    storage = scenario.storage
    life = battery_life(storage if storage.fade_model == "line" else usual_fade(storage), years)
    if storage.fade_model == "line" or not storage.exists:
        return life
    mine = np.arange(years) + ALTERNATIVES.index("hybrid") * years
    cell_c = cell_temperature_c(ambient_c(scenario, clock), storage.cell_temperature == "held")
    for _ in range(LIFE_PASSES):
        lanes = _lanes(scenario, clock, held, series, life, years)[0].some(mine)
        given = kernel.aggregate(series, lanes, classes).discharge_kwh.sum(axis=1)
        full_kwh = available(storage)[1] * life.health
        cycles = given / discharge_efficiency(storage) / np.maximum(full_kwh, 1e-9)
        first = kernel.trace(series, lanes, 0).energy_kwh / full_kwh[0]
        aged = cell_life(storage, first, cell_c, clock.step_h, clock.months / 12, cycles)
        moved, life = np.abs(aged.health - life.health).max(), aged
        if moved < LIFE_NEAR:
            break
    return life


def _lanes(
    scenario: Scenario, clock: Timeline, held: Shaving, series: Series, life: BatteryLife, years: int
) -> tuple[Lanes, Floats]:
    """One lane for each alternative and year, alternatives outermost; and the sets on site (lanes, months)."""
    hybrid, grid = np.array([0.0, 0, 0, 1]), np.array([0.0, 1, 1, 1])

    def spread(by_alternative: Floats, by_year: Floats | float = 1.0) -> Floats:
        return (by_alternative[:, None] * np.broadcast_to(by_year, years)).ravel()

    def by_month(by_alternative: Floats, by_term_month: Floats) -> Floats:
        return (by_alternative[:, None] * by_term_month).reshape(len(ALTERNATIVES) * years, clock.months)

    ones, months, counted_kwh = np.ones(len(ALTERNATIVES)), years * clock.months, available(scenario.storage)[1]
    limits = import_limits_kw(scenario, months)
    sets = _sets_on_site(scenario, months).reshape(len(ALTERNATIVES) * years, clock.months)
    scale = monthly_scale(scenario.load, 0, months)
    pv_years = (1.0 - scenario.pv.degradation_per_year) ** np.arange(years, dtype=float)
    auxiliary = auxiliary_kw_per_mwh(scenario.storage, _climate_where_asked(scenario, clock))
    held_kw = yearly_thresholds_kw(
        held,
        clock,
        series,
        scenario.storage.energy_kwh / 1000 * auxiliary,
        scenario.pv.dc_kwp * pv_years,
        scale.reshape(years, -1),
        life.health,
    )
    battery_share = _share(scenario, "battery", clock.months, life.health)
    counted_kw = spread(hybrid * available(scenario.storage)[0], battery_share.reshape(years, -1).min(axis=1))
    set_max = planned_fraction(scenario, counted_kw)
    lanes = Lanes(
        pv_kwp=spread(hybrid * scenario.pv.dc_kwp, pv_years),
        **_battery_lanes(scenario, life.health, lambda by_year: spread(hybrid, by_year)),
        auxiliary_kw=spread(hybrid, scenario.storage.energy_kwh / 1000 * auxiliary),
        export_limit_kw=spread(hybrid * scenario.grid.export_limit_kw),
        **_genset_lanes(scenario, lambda value: spread(ones * value)) | {"set_max_fraction": set_max},
        genset_first_below_kwh=spread(hybrid * (counted_kwh * genset_start_share(scenario)), life.health),
        load_scale=by_month(ones, scale),
        import_limit_kw=by_month(grid, limits),
        shave_kw=by_month(ones, held_kw.ravel()),
        sets=sets,
        pv_share=by_month(ones, _share(scenario, "pv", clock.months, pv_years)),
        battery_share=by_month(ones, battery_share),
    )
    return lanes, sets


def _share(scenario: Scenario, part: str, per_year: int, left: Floats) -> Floats:
    """How much of battery or PV stands in each month of the term (months,), over what the whole would have `left` in
    that project year (years,) if all of it had come at the start: each stage ages from its own month on."""
    found = stages(scenario, part)
    if found == WHOLE:
        return np.ones(len(left) * per_year)
    month = np.arange(len(left) * per_year)
    share = np.zeros(len(month))
    for stage in found:
        own = left[np.maximum(month - stage.month, 0) // per_year] / left[month // per_year]
        share += stage.share * own * (month >= stage.month)
    return share


def _climate_where_asked(scenario: Scenario, clock: Timeline) -> Floats:
    return ambient_c(scenario, clock) if scenario.storage.auxiliary_by_temperature else np.zeros(0)


def _carried(runs: tuple[Series, ...], run_of: NDArray[np.int64], lanes: Lanes, n_periods: int) -> Lanes:
    """The lanes with the charge carried from year to year: each of the hybrid's years begins with what the one before
    left, as far as its own cells hold it. The years stand side by side, so they run again until no start moves, which
    the first hour in which the battery is full or empty brings about."""
    years = lanes.count // len(ALTERNATIVES)
    mine = np.arange(years) + ALTERNATIVES.index("hybrid") * years
    own = lanes.some(mine)
    if not own.battery_kw.any():
        return lanes
    first, last, low = own.battery_share[1:, 0], own.battery_share[:-1, -1], own.energy_min_kwh
    came = np.where(first == last, 0.0, low[1:] * first - low[:-1] * last)  # cells come with their lowest charge
    for _ in range(years - 1):
        ends = kernel.aggregate_runs(runs, run_of[mine], own, n_periods).energy_end_kwh[:-1] + came
        ends = np.divide(ends, first, out=own.energy_start_kwh[1:].copy(), where=first > 0)
        starts = np.append(own.energy_start_kwh[:1], np.clip(ends, low[1:], own.energy_max_kwh[1:]))
        if np.array_equal(starts, own.energy_start_kwh):
            break
        own = own.starting(starts)
    starts = lanes.energy_start_kwh.copy()
    starts[mine] = own.energy_start_kwh
    return lanes.starting(starts)


def _battery_lanes(scenario: Scenario, health: Floats, spread) -> dict[str, Floats]:
    """The hybrid's battery; the others have none, at the same efficiencies."""
    fields = lane_fields(scenario.storage, scenario.dispatch, health)
    efficiencies = {name: np.tile(fields.pop(name), len(ALTERNATIVES)) for name in EFFICIENCIES}
    return {name: spread(values) for name, values in fields.items()} | efficiencies


def _genset_lanes(scenario: Scenario, spread) -> dict[str, Floats]:
    genset = scenario.genset
    set_kw = site_set_kw(scenario)
    battery_kw = np.where(np.array(ALTERNATIVES) == "hybrid", available(scenario.storage)[0], 0.0)
    curve = curve_of(genset, set_kw)
    return {
        "set_kw": spread(set_kw),
        "set_min_fraction": spread(genset.min_load_fraction),
        "set_max_fraction": spread(planned_fraction(scenario, battery_kw)),
        **{name: spread(value) for name, value in zip(FUEL_FIELDS, curve.kernel_coefficients, strict=True)},
    }


def site_set_kw(scenario: Scenario) -> float:
    """What one set gives on this site: its rating, reduced by altitude and the hottest hour where the rating holds up
    to 1000 m and 40 °C. It burns what a set of that size burns."""
    genset = scenario.genset
    if genset.rating_at == "site":
        return genset.set_kw
    share = float(derating(altitude_m(scenario), hottest_c(scenario)))
    if share <= 0:
        raise Refusal(
            "{input}: altitude and heat of this site leave nothing of the rating; choose another set",
            input=Named("genset.set_kw"),
        )
    return genset.set_kw * share


def planned_fraction(scenario: Scenario, battery_kw: Floats) -> Floats:
    """Load of the running sets at which the next one starts: what is asked for, or less to keep the spinning reserve.
    The battery's power that can be counted on, of any shape, stands in for as much of it as it has."""
    reserve, peak = scenario.genset.spinning_reserve_fraction, peak_kw(scenario.load) or np.inf
    return np.minimum(scenario.genset.max_load_fraction, 1.0 / (1.0 + np.maximum(0.0, reserve - battery_kw / peak)))


def _sets_on_site(scenario: Scenario, months: int) -> Floats:
    """(alternatives, months): the diesel plan's fleet until the grid is ready, then what each alternative keeps."""
    genset, ready, diesel = scenario.genset, scenario.grid.ready_month, fleet(scenario, months)
    after = {"diesel": 0, "grid": 0, "grid_diesel": genset.backup_sets, "hybrid": genset.last_resort_sets}
    sets = np.array([np.full(months, float(after[name])) for name in ALTERNATIVES])
    bridged = [ALTERNATIVES.index(name) for name in ("grid_diesel", "hybrid")]
    sets[bridged, :ready] = np.maximum(sets[bridged, :ready], diesel[:ready])
    if genset.bridge_sets is not None:
        sets[ALTERNATIVES.index("hybrid"), :ready] = genset.bridge_sets
    sets[ALTERNATIVES.index("diesel")] = diesel
    sets[:, : arrivals(scenario)["sets"]] = 0.0
    return sets


def genset_start_share(scenario: Scenario) -> float:
    """Battery energy below which sets go first in an outage, over the energy that can be counted on; beyond it, so
    always, where they alone cannot carry the peak."""
    genset = scenario.genset
    if scenario.dispatch.genset_start_fraction is not None:
        return scenario.dispatch.genset_start_fraction
    carried_kw = peak_kw(scenario.load) * scenario.load.critical_fraction
    too_small = genset.last_resort_sets * site_set_kw(scenario) < carried_kw
    return 2.0 if too_small and genset.last_resort_sets else 0.0
