"""Money flows of many variants of a study at once: hybrid and baseline, physics run again for each variant.

A variant is the study's scenario with some inputs at other values (`VARIED`) and, if wanted, its own outages. All of
them go through the dispatch rule side by side (`sim.variants`); the cost lines are those of `finance.ledger`, written
for arrays of variants, and agree with it for the scenario itself. Battery size, power, reserve and efficiency change
how much the schedule orders, but in which hours it charges and discharges stays as it is for the scenario; so does the
yearly capacity of cells that age by their use, what an outage costs beyond its hours off, load shed in one, and what
the hybrid's control holds back of the load.

Not every project year of every variant is simulated. Years that differ only by the battery's health, by PV age or by
load growth are read between two or three simulated ones on a straight line: as new, at the variant's lowest health, and
with the last year's PV and load. With own outages one year of each variant is simulated, at its mean health and age.
Ratchets are billed as in a year that repeats, a declared demand that is not fixed is the cheapest in each variant's own
year, and a minimum bill is measured against the bill at the scenario's own energy prices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from finance.bill import BillRates, ContractRate, DemandRate, Metered, bill
from finance.kpis import by_period, periods_per_year
from finance.ledger import MAIN_SOURCE_SHARE, vat_factor
from finance.price_paths import path_of
from finance.rates import bill_rates, reactive_kvarh
from sim.dispatch import kernel, variants
from sim.dispatch.control import NO_THRESHOLD_KW, REFILL_H, held_peaks_kw, moved_kw, shaving
from sim.dispatch.lanes import FUEL_FIELDS, import_limits_kw
from sim.dispatch.result import ALTERNATIVES
from sim.dispatch.variants import Outages
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from sim.plant import transformer
from sim.plant.battery import available, available_share, lane_fields
from sim.plant.load import monthly_scale
from sim.sun.pv import pv_kw_per_kwp
from study.study import Study

Floats = NDArray[np.float64]

# Factors that are no input of a scenario, and what they are 1 of.
FACTORS = {
    "load.level": "load of every step, peak and mean together",
    "pv.irradiation": "PV output of every step",
    "tariff.spread": "distance of every energy price from the mean price over the year",
}
# Inputs whose definition says that they may vary here: the simulation is run again for those of the plant.
PHYSICS = tuple(path for path, entry in register().items() if entry.varies == "plant")
MONEY = tuple(path for path, entry in register().items() if entry.varies == "price")
VARIED = (*FACTORS, *PHYSICS, *MONEY)
# Lines of the ledger that variants have of their own; any other stays as in the study.
WRITTEN_LINES = (
    *("grid_energy", "grid_demand", "grid_fixed", "export_credit", "grid_works", "pv_capex", "pv_om", "pv_residual"),
    *("storage_capex", "storage_rent", "storage_om", "storage_replacement", "storage_residual", "ems", "fuel"),
    *("fuel_delivery", "genset_rent", "genset_capex", "genset_mobilisation", "genset_om", "crew", "genset_residual"),
    *("carbon", "unserved"),
)
# What a simulation of the hybrid and of a baseline depends on.
OF_HYBRID = ("load.level", "pv.irradiation", *PHYSICS)
OF_BASELINE = ("load.level", "genset.fuel_factor")
# What `sim.plant.battery.lane_fields` takes of variants.
BATTERY_INPUTS = (
    *("storage.energy_kwh", "storage.power_kw", "storage.charge_efficiency", "storage.discharge_efficiency"),
    "dispatch.reserve_fraction",
)
CHUNK = 1024


@dataclass(frozen=True, eq=False)
class Flows:
    """Net flows (N, periods + 1) of hybrid and baseline, money out negative, lost compute in them where the scenario
    counts it. `rate` (N,): yearly discount rate. unserved_kwh, co2_t (N,): of the hybrid; base_...: of the baseline."""

    own: Floats
    base: Floats
    rate: Floats
    per_year: int
    unserved_kwh: Floats
    base_unserved_kwh: Floats
    co2_t: Floats
    base_co2_t: Floats

    @property
    def difference(self) -> Floats:
        """Hybrid less baseline: what the project's NPV, IRR and payback are of."""
        return self.own - self.base

    @property
    def saving(self) -> Floats:
        """Undiscounted saving over the term (N,)."""
        return self.difference.sum(axis=1)

    @property
    def saving_fraction(self) -> Floats:
        """Of the baseline's cost (N,); NaN where that is 0."""
        cost = -self.base.sum(axis=1)
        return np.divide(self.saving, cost, out=np.full(len(cost), np.nan), where=cost > 0)


@dataclass(frozen=True, eq=False)
class _Values:
    """The scenario with some inputs as arrays (n, 1) of variants."""

    scenario: Scenario
    given: Mapping[str, Floats]
    count: int

    def __call__(self, path: str) -> Floats:
        """Values of one input (n,)."""
        if path in self.given:
            return self.given[path]
        value = 1.0 if path in FACTORS else float(self.scenario.get(path))
        return np.full(self.count, value)

    def column(self, path: str) -> Floats:
        return self(path)[:, None]

    def money(self, name: str) -> Floats:
        """Values of an input of section finance (n, 1)."""
        return self(f"finance.{name}")[:, None]


def flows(
    study: Study,
    values: Mapping[str, ArrayLike],
    outages: Outages | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Flows:
    """Flows of all variants. values: path of `VARIED` -> (N,); inputs that are not named stay as they are.

    outages: of each variant, in steps of the template year; None = the scenario's list for all. progress: called with
    (done, all) after each `CHUNK` of variants; what it raises ends the run. The result does not depend on `threads`.
    Raises ValueError for inputs that cannot be varied here, arrays of different length, and values out of limits.
    """
    given = _checked(values)
    count = len(next(iter(given.values()))) if given else (outages.count if outages else 1)
    if outages is not None and outages.count != count:
        raise ValueError(f"there are {count} variants but outages for {outages.count}; give one list for each")
    shared = _Shared.of(study, puts_up_pv=bool((given.get("pv.dc_kwp", np.zeros(1)) > 0).any()))
    parts = []
    for start in range(0, count, CHUNK):
        rows = np.arange(start, min(start + CHUNK, count))
        some = _Values(study.scenario, {path: array[rows] for path, array in given.items()}, len(rows))
        own_outages = None if outages is None else variants.repeated(outages, rows)
        parts.append(_chunk(shared, some, own_outages, threads))
        if progress:
            progress(int(rows[-1]) + 1, count)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Flows(**joined, per_year=periods_per_year(study.scenario.site.term_months))


# --- what all variants share ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Shared:
    """Taken from the study once: series, schedule, rates of the template year, and groups of like project years."""

    study: Study
    series: kernel.Series
    orders: variants.Orders
    rates: BillRates
    mean_price_per_kwh: float
    groups: tuple[NDArray[np.int64], ...]
    limits_kw: Floats
    sets: Floats
    other_lines: Floats

    @staticmethod
    def of(study: Study, puts_up_pv: bool) -> _Shared:
        scenario, dispatch = study.scenario, study.dispatch
        years, months = dispatch.years, dispatch.clock.months
        limits = import_limits_kw(scenario, years * months).reshape(years, months)
        own, base = dispatch.row("hybrid"), dispatch.row(study.baseline)
        sets = dispatch.lanes.sets.reshape(len(ALTERNATIVES), years, months)[[own, base]]
        growth = (1.0 + scenario.load.growth_per_year) ** np.arange(years)
        ramp = monthly_scale(scenario.load, 0, years * months).reshape(years, months) / growth[:, None]
        like = np.concatenate([limits, sets[0], sets[1], ramp], axis=1)
        _, group = np.unique(like.round(9), axis=0, return_inverse=True)
        return _Shared(
            study=study,
            series=_with_pv(study) if puts_up_pv else dispatch.series,
            orders=variants.orders(scenario, dispatch.clock, dispatch.classes),
            rates=_template_rates(study),
            mean_price_per_kwh=float(dispatch.step_price_per_kwh().mean()),
            groups=tuple(np.flatnonzero(group.ravel() == k) for k in range(group.max() + 1)),
            limits_kw=limits,
            sets=sets,
            other_lines=_other_lines(study)[[own, base]],
        )

    def listed(self, count: int) -> Outages:
        return variants.listed_outages(self.study.dispatch.series.grid_up, count)


def _with_pv(study: Study) -> kernel.Series:
    """The study's series, with what PV yields where the study itself has none."""
    series, scenario = study.dispatch.series, study.scenario
    if series.pv_kw_per_kwp.any():
        return series
    pv = scenario.with_({"pv.dc_kwp": 1.0}).pv
    columns = {field.name: getattr(series, field.name) for field in fields(kernel.Series)}
    yielded = pv_kw_per_kwp(pv, scenario.site.place, study.dispatch.clock)
    return kernel.Series(**{**columns, "pv_kw_per_kwp": yielded})


def _other_lines(study: Study) -> Floats:
    """Ledger lines that are not written for variants here (alternatives, periods + 1): they stay the study's own."""
    lines = [line for name, line in study.ledger.lines.items() if name not in WRITTEN_LINES]
    return by_period(np.sum(lines, axis=0), study.scenario.site.term_months)


def _template_rates(study: Study) -> BillRates:
    """The rates of the first project year's months, without price factor and paths (a variant has its own)."""
    today = {"finance.energy_price_factor": 1.0, "finance.price_points": (), "finance.price_shocks": ()}
    whole, first = bill_rates(study.scenario.with_(today), study.dispatch), slice(0, study.dispatch.clock.months)
    by_month = ("energy_per_kwh", "export_credit_per_kwh", "minimum_per_month", "levies_per_kwh", "fixed_per_month")
    return replace(
        whole,
        **{name: getattr(whole, name)[first] for name in (*by_month, "capacity_per_kva_month")},
        demand=tuple(_first_year(rate, first) for rate in whole.demand),
        tiers=tuple(replace(rate, factor=rate.factor[first]) for rate in whole.tiers),
    )


def _first_year(rate: DemandRate | ContractRate, first: slice) -> DemandRate | ContractRate:
    price = rate.per_kw_month[first]
    if isinstance(rate, ContractRate):
        return replace(rate, per_kw_month=price, declared_kw=rate.declared_kw[:, first], is_billed=True)
    counts, factor = rate.ratchet_counts[first], rate.tier_factor[first]
    return replace(rate, per_kw_month=price, ratchet_counts=counts, tier_factor=factor)


# --- one chunk --------------------------------------------------------------------------------------------------------


def _chunk(shared: _Shared, v: _Values, outages: Outages | None, threads: int | None) -> dict[str, Floats]:
    health, replaced = _health(shared, v)
    own = _operation(shared, v, outages, health, "hybrid", threads)
    base = _operation(shared, v, outages, health, shared.study.baseline, threads)
    term, per_year = shared.study.scenario.site.term_months, periods_per_year(shared.study.scenario.site.term_months)

    periods = -(-term * per_year // 12)
    result = {"rate": v("finance.discount_rate")}
    for name, run in (("own", own), ("base", base)):
        paid = _paid_by_period(shared, v, run, hybrid=name == "own")
        start, end, cells = _paid_once(shared, v, replaced, hybrid=name == "own")
        paid[:, :, 0] += cells
        line = paid.reshape(v.count, -1)[:, :periods]
        line[:, -1] += end
        result[name] = np.concatenate([start[:, None], line], axis=1) + shared.other_lines[0 if name == "own" else 1]
    for name, run in (("", own), ("base_", base)):
        totals = {"unserved_kwh": run["unserved_kwh"], "co2_t": _co2_t(shared, v, run)}
        for key, values in totals.items():
            result[f"{name}{key}"] = values.reshape(v.count, -1)[:, :periods].sum(axis=1)
    return result


OF_HEALTH = ("storage.fade_per_year", "storage.fade_first_year", "storage.end_of_life_fraction")


def _health(shared: _Shared, v: _Values) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean health of each year (n, years), and in which years all cells are new: the study's own, unless varied.

    Where the study's battery does not age on a straight line, a varied fade stretches the study's loss of capacity.
    """
    life = shared.study.dispatch.life
    own = np.zeros(life.health.size, dtype=bool)
    own[[year - 1 for year in life.replaced_in]] = True
    straight, _ = health_by_year(_Values(v.scenario, {}, 1), life.health.size)
    if any(path in v.given for path in OF_HEALTH):
        if np.allclose(straight[0], life.health, atol=1e-9):
            return health_by_year(v, life.health.size)
        stretch = v.column("storage.fade_per_year") / max(v.scenario.storage.fade_per_year, 1e-12)
        return np.clip(1.0 - (1.0 - life.health) * stretch, 0.0, 1.0), np.tile(own, (v.count, 1))
    return np.tile(life.health, (v.count, 1)), np.tile(own, (v.count, 1))


def health_by_year(v: _Values, years: int) -> tuple[Floats, NDArray[np.bool_]]:
    """The straight line of `sim.battery.battery_life` for variants: health (n, years), and where cells are new."""
    fade, first, least = (v(path) for path in OF_HEALTH)
    age, health = np.zeros(v.count), np.ones((v.count, years))
    replaced = np.zeros((v.count, years), dtype=bool)
    for year in range(years):
        replaced[:, year] = 1.0 - fade * age - first * np.minimum(1.0, age) < least
        age = np.where(replaced[:, year], 0.0, age)
        health[:, year] = np.maximum(0.0, 1.0 - fade * (age + 0.5) - first * np.minimum(1.0, age + 0.5))
        age = age + 1.0
    return health, replaced


def _operation(
    shared: _Shared, v: _Values, outages: Outages | None, health: Floats, name: str, threads: int | None
) -> dict[str, Floats]:
    """Quantities and bill items of each variant, project year and period of the year (n, years, 1 or months), at year-1
    prices.

    Without own outages, variants with the same physics are simulated once.
    """
    if outages is not None:
        return _run_mean_year(shared, v, outages, health, name, threads)
    names = [path for path in (OF_HYBRID if name == "hybrid" else OF_BASELINE) if path in v.given]
    if not names:
        one, index = np.zeros(1, dtype=np.int64), np.zeros(v.count, dtype=np.int64)
    else:
        _, one, index = np.unique(
            np.stack([v(path) for path in names], axis=1), axis=0, return_index=True, return_inverse=True
        )
    few = _Values(v.scenario, {path: array[one] for path, array in v.given.items()}, len(one))
    found = _run(shared, few, shared.listed(len(one)), health[one], name, threads)
    return {key: values[index.ravel()] for key, values in found.items()}


def _run(
    shared: _Shared, v: _Values, outages: Outages, health: Floats, name: str, threads: int | None
) -> dict[str, Floats]:
    years = shared.study.dispatch.years
    parts: dict[str, Floats] = {}
    for group in shared.groups:
        points = _points(shared, v, health, name, group)
        at = _simulated(shared, v, outages, name, group, points, threads)
        low, late = points.by_health(health[:, group]), points.by_time(group)
        for key, values in at.items():
            line = parts.setdefault(key, np.zeros((v.count, years, values.shape[-1])))
            line[:, group] = values[0][:, None]
            if points.low is not None:
                line[:, group] += low[:, :, None] * (values[points.low] - values[0])[:, None]
            if points.late is not None:
                line[:, group] += late[None, :, None] * (values[points.late] - values[0])[:, None]
    return parts


def _run_mean_year(
    shared: _Shared, v: _Values, outages: Outages, health: Floats, name: str, threads: int | None
) -> dict[str, Floats]:
    """One simulated year for each draw, at its mean health and PV age; how years differ from it, by the study's slopes.

    Over the term the slopes cancel out: they say when a saving comes, not how large it is.
    """
    years = shared.study.dispatch.years
    plain = _Values(v.scenario, {}, 1)
    own_health, _ = _health(shared, plain)
    parts: dict[str, Floats] = {}
    for group in shared.groups:
        ends = _points(shared, plain, own_health, name, group)
        at_ends = _simulated(shared, plain, shared.listed(1), name, group, ends, threads)
        mean = _Points(health[:, group].mean(axis=1)[None], (float(group.mean()),), None, None)
        at_mean = _simulated(shared, v, outages, name, group, mean, threads)
        for key, values in at_mean.items():
            line = parts.setdefault(key, np.zeros((v.count, years, values.shape[-1])))
            by_health, by_time = ends.slopes(at_ends[key])
            off = health[:, group] - health[:, group].mean(axis=1, keepdims=True)
            line[:, group] = values[0][:, None] + off[:, :, None] * by_health
            line[:, group] += ((group - group.mean())[:, None] * by_time)[None]
    return parts


@dataclass(frozen=True, eq=False)
class _Points:
    """What is simulated for a group of like years: health (P, n), and project year of PV age and load growth (P,).

    Point 0 is the first year as it begins; `low` the lowest health, `late` the last year; None where it is the same.
    """

    health: Floats
    year: tuple[float, ...]
    low: int | None
    late: int | None

    def by_health(self, health: Floats) -> Floats:
        """Weight of the point `low` in each year (n, years of the group)."""
        if self.low is None:
            return np.zeros_like(health)
        span = self.health[0] - self.health[self.low]
        drop = self.health[0][:, None] - health
        return np.divide(drop, span[:, None], out=np.zeros_like(drop), where=span[:, None] > 1e-12)

    def slopes(self, values: Floats) -> tuple[Floats, Floats]:
        """Change per unit of health and per year (1 or months,), from the values (P, 1, ...) at these points."""
        by_health = by_time = np.zeros(values.shape[-1])
        if self.low is not None:
            by_health = (values[self.low] - values[0])[0] / (self.health[self.low] - self.health[0])[0]
        if self.late is not None:
            by_time = (values[self.late] - values[0])[0] / (self.year[self.late] - self.year[0])
        return by_health, by_time

    def by_time(self, group: NDArray[np.int64]) -> Floats:
        """Weight of the point `late` in each year (years of the group,)."""
        if self.late is None:
            return np.zeros(len(group))
        return (group - group[0]) / (group[-1] - group[0])


def _points(shared: _Shared, v: _Values, health: Floats, name: str, group: NDArray[np.int64]) -> _Points:
    scenario = shared.study.scenario
    hybrid = name == "hybrid"
    best, worst = health[:, group].max(axis=1), health[:, group].min(axis=1)
    with_battery = hybrid and bool((v("storage.energy_kwh") > 0).any()) and bool((best - worst).max() > 1e-12)
    ages = hybrid and scenario.pv.degradation_per_year > 0 and bool((v("pv.dc_kwp") > 0).any())
    moves = len(group) > 1 and (ages or scenario.load.growth_per_year != 0)
    levels, years = [best], [int(group[0])]
    if with_battery:
        levels.append(worst)
        years.append(int(group[0]))
    if moves:
        levels.append(best)
        years.append(int(group[-1]))
    return _Points(np.array(levels), tuple(years), 1 if with_battery else None, len(levels) - 1 if moves else None)


def _simulated(
    shared: _Shared,
    v: _Values,
    outages: Outages,
    name: str,
    group: NDArray[np.int64],
    points: _Points,
    threads: int | None,
) -> dict[str, Floats]:
    """Quantities and bill items (P, n, 1 or months) of the points of one group of years."""
    count = len(points.year)
    lanes, shares, refill = _lanes(shared, v, name, group, points)
    classes = shared.study.dispatch.classes
    tiled = outages if count == 1 else variants.repeated(outages, np.tile(np.arange(v.count), count))
    series = _own_series(shared, name, int(group[0]))
    sums = variants.aggregate(series, lanes, shared.orders, shares, refill, tiled, len(classes.names), threads)
    sums = _at_meter(shared, sums, name, group[0])
    found = _bill_items(shared, sums, name, group[0])
    found |= {name: sums.monthly[name] for name in ("fuel_l", "genset_kwh", "unserved_kwh")}
    found["import_kwh"] = sums.import_kwh.sum(axis=-1)
    sets = shared.sets[0 if name == "hybrid" else 1, group[0]]
    main = sums.monthly["genset_kwh"] > MAIN_SOURCE_SHARE * sums.monthly["load_kwh"]
    found |= {
        "main_months": main,
        "standby_months": ~main & (sets > 0),
        "set_months": np.broadcast_to(sets, main.shape),
    }
    if periods_per_year(shared.study.scenario.site.term_months) == 1:
        found = {key: values.sum(axis=-1) for key, values in found.items()}
    return {key: values.reshape(count, v.count, -1) for key, values in found.items()}


def _at_meter(shared: _Shared, sums: variants.Sums, name: str, year: int) -> variants.Sums:
    dispatch, grid = shared.study.dispatch, shared.study.scenario.grid
    hours = transformer.class_hours(dispatch.classes, dispatch.clock)
    is_connected = (shared.limits_kw[year] > 0) & (name != "diesel")
    lost = transformer.losses_kwh(grid, sums.import_kwh, hours, is_connected)
    peak_kw = transformer.peak_at_meter_kw(grid, sums.peak_kw, hours, is_connected)
    return replace(sums, import_kwh=sums.import_kwh + lost, peak_kw=peak_kw)


def _own_series(shared: _Shared, name: str, year: int) -> kernel.Series:
    """The shared series; the hybrid's has the load that its control leaves in that project year (0 is the first)."""
    dispatch = shared.study.dispatch
    if name != "hybrid" or not dispatch.flex:
        return shared.series
    scale = dispatch.lanes.load_scale[dispatch.row(name) * dispatch.years + year][dispatch.clock.month_index]
    change = np.divide(dispatch.flex[year].change_kw, scale, out=np.zeros(len(scale)), where=scale > 0)
    return replace(shared.series, load_kw=np.maximum(shared.series.load_kw + change, 0.0))


def _bill_items(shared: _Shared, sums: variants.Sums, name: str, year: int) -> dict[str, Floats]:
    """Bill by item (lanes, months); `energy` at the tariff's prices, `energy_flat` at their mean over the year, both
    with the tiers and the power factor's adjustment of them."""
    scenario, row = shared.study.scenario, shared.study.dispatch.row(name)
    limits = shared.limits_kw[year]
    of_lanes = (_rate_of(rate, row, limits > 0, sums.peak_kw) for rate in shared.rates.demand)
    rates = replace(shared.rates, demand=tuple(of_lanes))
    metered = Metered(sums.import_kwh, sums.export_kwh, sums.peak_kw)
    result = bill(rates, metered, reactive_kvarh(scenario, sums.monthly))
    there = (limits > 0) * (name != "diesel")
    imported = sums.import_kwh.sum(axis=-1)
    basic = result.energy_charge + result.tiers + sum(result.demand_charges.values()) + result.capacity_charge
    adjusted = basic - imported * rates.levies_per_kwh * rates.vat_factor
    share = np.divide(result.power_factor, adjusted, out=np.zeros_like(adjusted), where=adjusted > 0)
    flat = imported * shared.mean_price_per_kwh * rates.vat_factor
    taxed_tiers = result.tiers * (1.0 + rates.tax_rate + share)
    levies = share * imported * rates.levies_per_kwh * rates.vat_factor
    energy = result.energy_charge * (1.0 + share) + result.energy_charge * rates.tax_rate + taxed_tiers - levies
    energy_flat = flat * (1.0 + share / (1.0 + rates.tax_rate)) + taxed_tiers - levies
    found = {"energy": energy, "energy_flat": energy_flat, "export": -result.export_credit}
    found["demand"] = result.total - energy - found["export"]
    return {key: values * there for key, values in found.items()}


def _rate_of(
    rate: DemandRate | ContractRate, row: int, is_connected: NDArray[np.bool_], peak_kw: Floats
) -> DemandRate | ContractRate:
    """The rate as one alternative has it, its ratchet as in a year that repeats."""
    if isinstance(rate, ContractRate):
        return replace(rate, declared_kw=rate.declared_kw[row], is_billed=is_connected)
    if not rate.ratchet_months or not rate.ratchet_fraction:
        return rate
    own_kw = np.max(peak_kw, axis=-1, where=rate.measured, initial=0.0)
    return replace(rate, peaks_before_kw=own_kw * rate.ratchet_counts)


def _lanes(shared: _Shared, v: _Values, name: str, group: NDArray[np.int64], points: _Points):
    """Lanes (P x n, the point outermost), the ordered share of each level, and the refill share.

    Every field is the study's own lane of the group's first year; what a variant or a point changes is put over it.
    """
    scenario, dispatch = shared.study.scenario, shared.study.dispatch
    count, hybrid = len(points.year), name == "hybrid"
    lane = dispatch.row(name) * dispatch.years + int(group[0])
    size = v.count * count
    values = {field: np.full(size, getattr(dispatch.lanes, field)[lane]) for field in kernel.SCALAR_FIELDS}
    monthly = {
        field: np.broadcast_to(getattr(dispatch.lanes, field)[lane], (size, dispatch.clock.months))
        for field in kernel.MONTHLY_FIELDS
    }
    level = np.tile(v("load.level"), count) * (1.0 + scenario.load.growth_per_year) ** (
        np.repeat(points.year, v.count) - group[0]
    )
    fuel = np.tile(v("genset.fuel_factor"), count) / scenario.genset.fuel_factor
    values |= {field: values[field] * fuel for field in FUEL_FIELDS}
    monthly["load_scale"] = monthly["load_scale"] * level[:, None]
    plant = _plant(v, points, shared.study.dispatch.life.health[group[0]], lane, dispatch) if hybrid else {}
    if hybrid and scenario.dispatch.shave_limits:
        monthly["shave_kw"] = _thresholds_kw(shared, points, group, lane)
    lanes = kernel.Lanes(**{**values, **{field: plant[field] for field in plant if field in values}}, **monthly)
    if not hybrid:
        return lanes, np.zeros((len(shared.orders.sign), size)), np.zeros(size)
    return lanes, shared.orders.shares(*plant["orders"]), plant["refill"]


def _thresholds_kw(shared: _Shared, points: _Points, group: NDArray[np.int64], lane: int) -> Floats:
    """Thresholds by month of the hybrid's lanes (P x n, months): they follow the points' load, PV age and health."""
    scenario, dispatch = shared.study.scenario, shared.study.dispatch
    lanes, held = dispatch.lanes, shaving(scenario.dispatch, dispatch.clock, dispatch.classes)
    years = np.array(points.year) - group[0]
    growth, age = (1.0 + scenario.load.growth_per_year) ** years, (1.0 - scenario.pv.degradation_per_year) ** years

    def peak_kw(growth: float, age: float) -> Floats:
        plant = float(lanes.auxiliary_kw[lane]), float(lanes.pv_kwp[lane]) * age
        return held_peaks_kw(held, dispatch.clock, dispatch.series, *plant, lanes.load_scale[lane] * growth)

    own, count = points.health.shape[1], dispatch.clock.months
    peaks = np.array([peak_kw(*point) for point in zip(growth, age, strict=True)])
    health = points.health.reshape(-1, 1) / dispatch.life.health[group[0]]
    kept = np.minimum(1.0, health * np.repeat(age, own)[:, None]) * np.minimum(1.0, np.repeat(growth, own))[:, None]
    then = np.broadcast_to(lanes.shave_kw[lane], (len(kept), count))
    moved = moved_kw(then, peak_kw(1.0, 1.0), np.repeat(peaks, own, axis=0), kept)
    return np.where(held.moves & (then < NO_THRESHOLD_KW), moved, then)


def _plant(v: _Values, points: _Points, health_now: float, lane: int, dispatch) -> dict[str, Floats]:
    """PV and battery of the hybrid's lanes, by field; the inputs of the schedule, and the refill share."""
    scenario, count = v.scenario, len(points.year)
    storage, plan = scenario.storage, scenario.dispatch

    def tiled(path: str) -> Floats:
        return np.tile(v(path), count)

    nameplate, works = tiled("storage.energy_kwh"), available_share(storage)
    inputs = {path.partition(".")[2]: tiled(path) for path in BATTERY_INPUTS}
    found = lane_fields(storage, plan, points.health.ravel(), inputs)
    age = (1.0 - scenario.pv.degradation_per_year) ** np.repeat(points.year, v.count)
    first_below = dispatch.lanes.genset_first_below_kwh[lane]
    per_kwh = first_below / (available(storage)[1] * health_now) if storage.exists else 0.0
    own_use = dispatch.lanes.auxiliary_kw[lane] / (storage.energy_kwh * storage.auxiliary_kw_per_mwh or np.inf)
    use_per_kwh = own_use or 1e-3
    energy, power, reserve = nameplate * works, found["battery_kw"], inputs["reserve_fraction"]
    charge, discharge = found["charge_efficiency"], found["discharge_efficiency"]
    tradable = energy * (storage.soc_max_fraction - reserve)
    above_empty = (reserve - storage.soc_min_fraction) * energy / charge / REFILL_H
    return found | {
        "pv_kwp": tiled("pv.dc_kwp") * tiled("pv.irradiation") * age,
        "auxiliary_kw": nameplate * tiled("storage.auxiliary_kw_per_mwh") * use_per_kwh,
        "genset_first_below_kwh": energy * per_kwh * points.health.ravel(),
        "orders": (tradable, power, charge, discharge),
        "refill": np.minimum(1.0, np.divide(above_empty, power, out=np.zeros_like(power), where=power > 0)),
    }


# --- money ------------------------------------------------------------------------------------------------------------


def _paid_by_period(shared: _Shared, v: _Values, run: Mapping[str, Floats], hybrid: bool) -> Floats:
    """What is paid in each period (n, years, 1 or months), negative: bill, fuel, crew, rents, O&M, lost compute."""
    scenario, years = shared.study.scenario, shared.study.dispatch.years
    finance, vat, term = scenario.finance, vat_factor(scenario), scenario.site.term_months

    def rising(component: str, name: str) -> Floats:
        return path_of(finance, component).factors_at(v(f"finance.{name}"), years)[:, :, None]

    def price(path: str) -> Floats:
        return v(path)[:, None, None]

    def money(name: str) -> Floats:
        return price(f"finance.{name}")

    own_demand = "energy_escalation" if finance.demand_escalation is None else "demand_escalation"
    energy_growth, demand_growth = rising("energy", "energy_escalation"), rising("demand", own_demand)
    om_growth, carbon_growth = rising("om", "om_escalation"), rising("carbon", "carbon_escalation")
    spread = price("tariff.spread")
    energy = (spread * run["energy"] + (1.0 - spread) * run["energy_flat"]) * money("energy_price_factor")
    crew = run["main_months"] * money("crew_per_month") + run["standby_months"] * money("standby_crew_per_month")
    rent = run["set_months"] * money("genset_rent_per_set_month") * (finance.genset_ownership == "rent")
    litres, months = run["fuel_l"], 12 if periods_per_year(term) == 1 else 1
    fuel = litres * money("diesel_per_l") * rising("fuel", "diesel_escalation")
    upkeep = litres * money("delivery_per_l") + run["genset_kwh"] * money("genset_om_per_kwh") + crew + rent
    if hybrid:
        upkeep = upkeep + months * _plant_upkeep(v, finance.storage_ownership == "buy")[:, None, None]
    lost = run["unserved_kwh"] * money("unserved_per_kwh") * finance.count_unserved
    carbon = _co2_t(shared, v, run) * money("carbon_price_per_t") * carbon_growth
    grid = (energy + run["export"]) * energy_growth + run["demand"] * demand_growth
    return -(grid + (fuel + upkeep * om_growth) * vat + lost + carbon)


def _plant_upkeep(v: _Values, owned: bool) -> Floats:
    """Rent or O&M of battery and PV by month (n,), in the prices of year 1."""
    kwh = v("storage.energy_kwh")
    shares = v("finance.storage_om_fraction") + v("finance.storage_insurance_fraction")
    care = kwh * v("finance.storage_capex_per_kwh") * shares / 12
    rent = kwh * v("finance.storage_rent_per_kwh_month")
    return (care if owned else rent) + v("pv.dc_kwp") * v("finance.pv_om_per_kwp_year") / 12


def _paid_once(shared: _Shared, v: _Values, replaced: NDArray[np.bool_], hybrid: bool) -> tuple[Floats, Floats, Floats]:
    """Signed: at the start (n,), at the end (n,), and for new cells in the first month of each year (n, years)."""
    scenario = shared.study.scenario
    finance, vat = scenario.finance, vat_factor(scenario)
    base = shared.study.baseline
    with_grid = hybrid or base != "diesel"
    fleet = shared.sets[0 if hybrid else 1].ravel()[: scenario.site.term_months].max()
    sets = fleet * scenario.genset.set_kw * v("finance.genset_capex_per_kw") * (finance.genset_ownership == "buy")
    works = _grid_works(v) * v("finance.grid_works_share") if with_grid else np.zeros(v.count)
    start = sets + fleet * v("finance.genset_mobilisation_per_set") + works
    end = sets * v("finance.genset_residual_fraction")
    cells = np.zeros(replaced.shape)
    if hybrid:
        owned = finance.storage_ownership == "buy"
        kwh = v("storage.energy_kwh")
        battery = kwh * v("finance.storage_capex_per_kwh") * owned
        pv = v("pv.dc_kwp") * v("finance.pv_capex_per_kwp")
        start = start + battery + pv + v("finance.ems_cost") * v("finance.ems_share") * (kwh > 0)
        end = end + battery * v("finance.storage_residual_fraction") + pv * v("finance.pv_residual_fraction")
        decline = (1.0 - v.money("storage_cost_decline")) ** np.arange(replaced.shape[1])
        cells = replaced * decline * (battery * v("finance.storage_replacement_fraction"))[:, None]
    return -start * vat, end * vat, -cells * vat


def _grid_works(v: _Values) -> Floats:
    grid, finance = v.scenario.grid, v.scenario.finance
    highest = max([grid.import_limit_kw, *(stage.import_limit_kw for stage in grid.stages)])
    if highest <= grid.existing_kw:
        return np.zeros(v.count)
    substation = grid.transformer_kva * (1.0 - grid.existing_kw / highest) * v("finance.grid_works_per_kva")
    return substation + finance.grid_line_km * v("finance.grid_line_per_km")


def _co2_t(shared: _Shared, v: _Values, run: Mapping[str, Floats]) -> Floats:
    factor = v("grid.co2_kg_per_kwh")[:, None, None]
    return (run["import_kwh"] * factor + run["fuel_l"] * shared.study.scenario.genset.co2_kg_per_l) / 1000


def _checked(values: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    given = {path: np.atleast_1d(np.asarray(array, dtype=float)) for path, array in values.items()}
    unknown = [path for path in given if path not in VARIED]
    if unknown:
        raise ValueError(f"'{unknown[0]}' cannot be varied in a batch; use one of: {', '.join(VARIED)}")
    lengths = {array.shape for array in given.values()}
    if len(lengths) > 1 or any(len(shape) != 1 for shape in lengths):
        raise ValueError("every varied input needs one value for each variant, all arrays of the same length")
    for path, array in given.items():
        _check_limits(path, array)
    return given


def _check_limits(path: str, array: Floats) -> None:
    entry = register().get(path)
    low, high = (0.0, None) if entry is None else (entry.minimum, entry.maximum)
    bad = (
        ~np.isfinite(array) | (array < (-np.inf if low is None else low)) | (array > (np.inf if high is None else high))
    )
    if bad.any():
        raise ValueError(f"{path}: {array[bad][0]:g} is out of range; it must lie between {low} and {high}")
