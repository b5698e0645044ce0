"""What a plain energy management system is told: up to where to charge, down to where to give, where to hold imports.

By the tariff, levels and ceiling come from the plan of `sim.plan`. Own windows order a share of battery power in their
hours, -1..1; where no power is given the energy is spread evenly over the window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.dispatch import plan
from sim.dispatch.announced import announced, filled
from sim.dispatch.batch import Lanes, Levels, Series
from sim.dispatch.rule import NO_LIMIT_KW
from sim.inputs.plant import Control
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import DemandCharge, PriceClasses
from sim.plant.battery import available, discharge_efficiency
from sim.timeline import Timeline

NO_THRESHOLD_KW = 1e12
REFILL_H = 8.0
WEEKDAYS = {"every_day": range(7), "workday": range(5), "weekend": (5, 6), "saturday": (5,), "sunday": (6,)}


@dataclass(frozen=True, eq=False)
class Charges:
    """The tariff's demand charges as a control sees them, those that measure the same classes as one: `measured`
    (charges, classes), `per_kw` (months, charges), and the kW of each (charges,) that are paid for anyway. Hours of a
    coincident peak, given by date, are not known beforehand and not among them."""

    measured: NDArray[np.bool_]
    per_kw: Floats
    paid_kw: Floats

    @property
    def by_month(self) -> NDArray[np.bool_]:
        """Which charge measures a class in each month (months, charges, classes)."""
        return (self.per_kw > 0)[:, :, None] & self.measured[None]


def demand_charges(scenario: Scenario, clock: Timeline, classes: PriceClasses) -> Charges:
    """See `Charges`; none where the transformer's kVA are billed."""
    tariff = scenario.tariff
    found: dict[bytes, tuple[NDArray[np.bool_], Floats, float]] = {}
    months, k = np.array(clock.calendar_months()), len(classes.names)
    for charge, measured in zip(tariff.demand_charges, classes.measured, strict=True):
        if tariff.demand_basis != "transformer_kva" and not charge.hours:
            per_kw = (charge.per_kw_month + (charge.tiers[-1].adder if charge.tiers else 0.0)) * np.isin(
                months, charge.months
            )
            key = measured.tobytes()
            before = found.get(key, (measured, np.zeros(len(months)), 0.0))
            found[key] = measured, before[1] + per_kw, max(before[2], _paid_kw(scenario, charge))
    if not found:
        return Charges(np.zeros((0, k), bool), np.zeros((len(months), 0)), np.zeros(0))
    mask, prices, paid = zip(*found.values(), strict=True)
    return Charges(np.array(mask), np.ascontiguousarray(np.array(prices).T), np.array(paid))


def _paid_kw(scenario: Scenario, charge: DemandCharge) -> float:
    """What is declared, or must be, and its tolerance: up to it a peak costs nothing more."""
    tariff, grid = scenario.tariff, scenario.grid
    if tariff.demand_basis != "contract_demand" or not charge.is_all_hours:
        return 0.0
    floor_kw = tariff.contract.floor_fraction_of_kva * grid.transformer_kva
    declared = floor_kw if grid.declared_kw is None or grid.hybrid_redeclares else grid.declared_kw
    return float(declared * tariff.contract.tolerance)


@dataclass(frozen=True, eq=False)
class Told:
    """What the battery is told: `action` (steps,) by own windows, or `levels`; where imports are held; and which demand
    charges of which month measure a class, None where the thresholds alone hold."""

    action: Floats
    levels: Levels | None
    held: Shaving
    measured: NDArray[np.bool_] | None


def orders(scenario: Scenario, clock: Timeline, classes: PriceClasses, site: Series, lane: Lanes, year: int) -> Told:
    """The orders of the template year. `site`: its load and PV; `lane`: the nominal hybrid of project year `year`.
    Before an announced outage the battery is filled, whatever else is ordered."""
    told, down = _told(scenario, clock, classes, site, lane, year), announced(scenario, clock)
    if not scenario.storage.exists or not down.any():
        return told
    levels, action = filled(told.levels, told.action, down, classes.step_price_per_kwh(clock), lane, clock.step_h)
    return replace(told, levels=levels, action=action)


def _told(scenario: Scenario, clock: Timeline, classes: PriceClasses, site: Series, lane: Lanes, year: int) -> Told:
    typed = shaving(scenario.dispatch, clock, classes)
    idle = Told(np.zeros(clock.steps), None, typed, None)
    how, holds = scenario.dispatch.arbitrage, bool((typed.lowest_kw < NO_THRESHOLD_KW).any())
    if not scenario.storage.exists or (how == "off" and not site.pv_kw_per_kwp.any()):
        return idle
    if how == "windows":
        return replace(idle, action=window_orders(scenario, clock))
    charges = demand_charges(scenario, clock, classes)
    found = _planned(scenario, clock, classes, site, lane, charges, how == "tariff", how == "tariff" and not holds)
    if not holds and how == "tariff":
        typed = _found_shaving(found, clock, classes, year)
    return Told(np.zeros(clock.steps), _levels(found, site.step_h), typed, charges.by_month)


def _planned(
    scenario: Scenario,
    clock: Timeline,
    classes: PriceClasses,
    site: Series,
    lane: Lanes,
    charges: Charges,
    buys: bool,
    finds: bool,
) -> plan.Found:
    months, tariff = clock.calendar_months(), scenario.tariff
    credit = np.full(clock.steps, tariff.export_credit_per_kwh) + classes.export_market_per_kwh
    terms = plan.Terms(
        typed=np.array([_thresholds_kw(scenario.dispatch, month, classes) for month in months]),
        finds=finds,
        buys=buys,
        paid_kw=charges.paid_kw,
        ratchet=float(tariff.ratchet_fraction),
        ratchet_months=int(tariff.ratchet_months),
        ratchet_counts=np.isin(months, tariff.ratchet_calendar_months),
        stake=1.0 if scenario.site.term_months >= 12 else plan.SHORT_STAKE,
    )
    return plan.levels(
        site,
        lane,
        clock.is_weekend[:: 24 * 60 // clock.step_minutes].astype(np.int64),
        classes.step_price_per_kwh(clock),
        credit if scenario.grid.export_limit_kw > 0 else np.minimum(credit, 0.0),
        charges.per_kw,
        charges.measured,
        terms,
        plan.CALENDAR_DAYS if tariff.market is None else plan.VIEW_DAYS,
        ends=scenario.site.term_months <= 12,
    )


def _levels(found: plan.Found, step_h: float) -> Levels:
    """The plan's levels. Where the battery gives all and the grid will charge it within a day, the reserve's refill
    waits until then."""
    ahead = round(24 / step_h)
    buys = np.concatenate([found.charge_to > 0, found.charge_to[:ahead] > 0])
    bought = np.concatenate([[0], np.cumsum(buys)])
    soon = bought[ahead : ahead + len(found.charge_to)] > bought[: len(found.charge_to)]
    waits = soon & (found.give_to == 0)
    return Levels(found.charge_to, found.give_to, found.sun_to, ~waits)


def _found_shaving(found: plan.Found, clock: Timeline, classes: PriceClasses, year: int) -> Shaving:
    """The ceilings (days, classes) that were found, as thresholds that move from year to year; what is declared
    stays."""
    per_day = 24 * 60 // clock.step_minutes
    first = np.append(0, clock.month_ends[:-1]) // per_day
    lowest = np.minimum.reduceat(found.ceiling.min(axis=1), first)
    held = lowest < NO_THRESHOLD_KW
    stays = ((found.cause == plan.DECLARED) | (found.ceiling >= NO_THRESHOLD_KW)).all(axis=1)
    at = np.arange(clock.steps) // per_day, classes.period
    above = np.where(found.ceiling[at] < NO_THRESHOLD_KW, found.ceiling[at] - lowest[clock.month_index], NO_LIMIT_KW)
    moves = held & ~np.logical_and.reduceat(stays, first)
    return Shaving(np.where(held, lowest, NO_THRESHOLD_KW), above, moves, year, found.cause[at])


@dataclass(frozen=True, eq=False)
class Shaving:
    """Where imports are held in the template year: `lowest_kw` (months,) is the month's lowest threshold, `above_kw`
    (steps,) what a step's own exceeds it by, both huge where nothing is shaved; `moves` (months,): whether the
    threshold follows the load's peak and the battery from year to year, counted from project year `year`; `cause`
    (steps,): what a threshold that the rule has found comes from, as in `sim.dispatch.plan`; None where it is typed."""

    lowest_kw: NDArray[np.float64]
    above_kw: NDArray[np.float64]
    moves: NDArray[np.bool_]
    year: int
    cause: NDArray[np.int64] | None = None


def shaving(dispatch: Control, clock: Timeline, classes: PriceClasses) -> Shaving:
    """The thresholds of the scenario, in the steps whose imports a demand charge measures."""
    by_class = np.array([_thresholds_kw(dispatch, month, classes) for month in clock.calendar_months()])
    lowest = by_class.min(axis=1)
    above = np.where(by_class < NO_THRESHOLD_KW, by_class - lowest[:, None], NO_LIMIT_KW)
    by_limits = [any(month in limit.months for limit in dispatch.shave_limits) for month in clock.calendar_months()]
    return Shaving(lowest, above[clock.month_index, classes.period], np.array(by_limits), dispatch.shave_limits_year)


def yearly_thresholds_kw(
    held: Shaving,
    clock: Timeline,
    series: Series,
    auxiliary_kw: float,
    pv_kwp: NDArray[np.float64],
    scale: NDArray[np.float64],
    health: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The lowest threshold of each project year and month (..., years, months), kW.

    Thresholds by month are those of one year. In others the depth by which the battery cuts the month's greatest need
    shrinks where its health is worse, the load smaller or the PV older: what it could hold once it can hold then.
    Inputs: pv_kwp (years,), scale (years, months), health (..., years): of one battery, or of many.
    """
    found = np.tile(held.lowest_kw, (health.shape[-1], 1))
    if not held.moves.any():
        return np.broadcast_to(found, (*health.shape, found.shape[-1]))
    need = [held_peaks_kw(held, clock, series, auxiliary_kw, pv, scale[year]) for year, pv in enumerate(pv_kwp)]
    peak, at = np.array(need), min(held.year, health.shape[-1]) - 1
    aged = np.divide(pv_kwp, pv_kwp[at], out=np.ones(len(pv_kwp)), where=pv_kwp[at] > 0)
    kept = np.minimum(1.0, aged * health / health[..., [at]])[..., None] * np.minimum(1.0, scale / scale[at])
    moves = held.moves & (found[at] < NO_THRESHOLD_KW)
    return np.where(moves, moved_kw(found[at], peak[at], peak, kept), found)


def held_peaks_kw(
    held: Shaving, clock: Timeline, series: Series, auxiliary_kw: float, pv_kwp: float, scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The greatest need of each month in the steps that are held, without the battery, kW (months,); so is scale."""
    need = series.load_kw * scale[clock.month_index] + auxiliary_kw - series.pv_kw_per_kwp * pv_kwp
    starts = np.append(0, clock.month_ends[:-1])
    return np.maximum.reduceat(np.where(held.above_kw < NO_LIMIT_KW, np.maximum(need, 0.0), 0.0), starts)


def moved_kw(
    threshold_kw: NDArray[np.float64],
    peak_then_kw: NDArray[np.float64],
    peak_kw: NDArray[np.float64],
    kept: NDArray[np.float64],
) -> NDArray[np.float64]:
    """A threshold where the month's greatest need and the battery are others: `kept` of the cut's depth is left."""
    depth = np.maximum(peak_then_kw - threshold_kw, 0.0)
    return np.maximum(threshold_kw + peak_kw - peak_then_kw + depth * (1.0 - kept), 0.0)


def _thresholds_kw(dispatch: Control, month: int, classes: PriceClasses) -> NDArray[np.float64]:
    """Threshold of each billing class in a calendar month (classes,); a mixed class is held to its lowest."""
    measured = classes.measured.any(axis=0) if classes.measured.size else np.ones(len(classes.names), bool)
    one = NO_THRESHOLD_KW if dispatch.peak_shave_kw is None else dispatch.peak_shave_kw
    here = [limit for limit in dispatch.shave_limits if month in limit.months]
    kw = [min((limit.threshold_kw for limit in here if limit.holds_in(name)), default=one) for name in classes.names]
    return np.where(measured, kw, NO_THRESHOLD_KW)


def refill_share(scenario: Scenario) -> float:
    """Share of battery power at which the grid restores the reserve after an outage, in about `REFILL_H` hours."""
    storage = scenario.storage
    if not storage.exists:
        return 0.0
    power_kw, energy_kwh = available(storage)
    above_empty = scenario.dispatch.reserve_fraction - storage.soc_min_fraction
    return min(1.0, above_empty * energy_kwh / storage.charge_efficiency / REFILL_H / power_kw)


def tradable_kwh(scenario: Scenario) -> float:
    """Energy the schedule may move, inside the battery, when new: between the reserve and the highest charge."""
    return available(scenario.storage)[1] * (scenario.storage.soc_max_fraction - scenario.dispatch.reserve_fraction)


def window_orders(scenario: Scenario, clock: Timeline) -> Floats:
    """Charge (< 0) or discharge (> 0) order of each step as a share of battery power (steps,)."""
    direction, fixed = own_windows(scenario.dispatch, clock)
    spread = _spread(np.where(np.isnan(fixed), direction, 0), scenario, clock.step_h)
    return np.where(np.isnan(fixed), spread, direction * fixed)


def own_windows(dispatch: Control, clock: Timeline) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """-1, 0, 1 for each step, and the share of battery power ordered, NaN where the energy is to be spread."""
    order, fixed = np.zeros(clock.steps, dtype=np.int64), np.full(clock.steps, np.nan)
    hour = clock.minute_of_day / 60
    for window in dispatch.windows:
        inside = (hour >= window.start_hour) & (hour < window.end_hour) & np.isin(clock.calendar_month, window.months)
        inside &= np.isin(clock.weekday, WEEKDAYS[window.days])
        order[inside] = 1 if window.action == "discharge" else -1
        fixed[inside] = np.nan if window.power_fraction is None else window.power_fraction
    return order, fixed


def _spread(direction: NDArray[np.int64], scenario: Scenario, step_h: float) -> Floats:
    """Share of battery power for each step of each unbroken block of one direction: the power that just lasts."""
    storage, share = scenario.storage, np.zeros(direction.size)
    edges = np.flatnonzero(np.diff(direction, prepend=0, append=0))
    for first, end in zip(edges[:-1], edges[1:], strict=True):
        sign = int(direction[first])
        efficiency = discharge_efficiency(storage) if sign > 0 else 1 / storage.charge_efficiency
        lasts_h = tradable_kwh(scenario) * efficiency / available(storage)[0]
        share[first:end] = sign * min(1.0, lasts_h / ((end - first) * step_h))
    return share
