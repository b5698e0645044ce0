"""Why the hybrid did what it did in a step: which rung of the rule acted, what held it, and what a kWh was worth.

Reasons are keys of sentences. They are worked out from the rule's own terms (need, threshold, order, reserve), not from
the flows they explain, for all steps of a year at once; where a reason is true the flow it names is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import Flags, Floats, Ints
from sim.dispatch import plan
from sim.dispatch.announced import announced, day_before
from sim.dispatch.batch import Lanes, Series, Trace
from study.foresight import Bound, hybrid_lane
from study.study import Study

NEAR = 1e-6  # of the greatest load: two powers closer than this are the same


@dataclass(frozen=True, eq=False)
class Terms:
    """What the rule decided by in each step (steps,). Powers, kW: need is the load less PV; ordered what the schedule
    or the plan asked of the battery, below 0 to charge; refill what the grid gives a battery below its reserve;
    threshold what imports are held to, billed the month's peak by then, limit what the grid can give; give and take
    what the battery can; first what the sets give before a battery that is low. Energies, kWh: stored what it held at
    the step's beginning, kept and wanted down to and up to where the plan has it, floor where discharging stops, full
    where charging does; kw_per_kwh and kwh_per_kw: what a stored kWh gives in the step, what a kW stores.

    by_plan: whether the plain rule's levels decide, is_off: and buy nothing; found: whether it has found the threshold
    itself; cause: what such a threshold comes from; costs: exporting would cost money; announced: the battery is filled
    for an announced outage; sells: PV surplus is worth less stored; waits: the reserve's refill does; pays: a kWh from
    the grid is dear enough in the week ahead to be worth its losses."""

    need_kw: Floats
    ordered_kw: Floats
    refill_kw: Floats
    threshold_kw: Floats
    billed_kw: Floats
    limit_kw: Floats
    connected: Flags
    give_kw: Floats
    take_kw: Floats
    first_kw: Floats
    stored_kwh: Floats
    kept_kwh: Floats
    wanted_kwh: Floats
    floor_kwh: Floats
    reserve_kwh: Floats
    full_kwh: Floats
    kw_per_kwh: float
    kwh_per_kw: float
    near_kw: float
    by_plan: bool
    is_off: bool
    found: bool
    cause: Ints
    costs: Flags
    announced: Flags
    sells: Flags
    waits: Flags
    pays: Flags

    @property
    def wish_kw(self) -> Floats:
        """What was to come from the battery."""
        beyond = self.need_kw - self.threshold_kw - self.first_kw
        return np.maximum(beyond, np.minimum(self.need_kw, np.maximum(self.ordered_kw, 0.0)))


@dataclass(frozen=True)
class StepWorth:
    """Of one kWh in a step, in money: bought from the grid, one more of load, one in the battery (both at the optimum),
    and what the optimum gives from the battery, kW (below 0: it charges)."""

    price: float
    load: float
    stored: float
    best_kw: float


def terms(study: Study, year: int, trace: Trace) -> Terms:
    """The rule's terms in the hybrid's project year."""
    dispatch, lane = study.dispatch, hybrid_lane(study, year)
    lanes, run, month = dispatch.lanes, dispatch.run_of[lane], dispatch.clock.month_index
    series, held, levels = dispatch.runs[run], dispatch.held, dispatch.runs[run].levels
    limits, battery = lanes.import_limit_kw[lane][month], _battery(lanes, lane, month, series.step_h)
    connected, up = limits > 0, (series.grid_up > 0) & (limits > 0)
    billed, stored = billed_kw(series, trace), _stored_kwh(dispatch.start_kwh(year), battery, month, trace)
    ordered, kept, wanted = _orders(series, battery, stored)
    refill = np.minimum(series.refill_share * battery.charge_kw, (battery.reserve_kwh - stored) / battery.kwh_per_kw)
    waits = np.zeros(len(up), bool) if levels is None else (levels.refills == 0) & up
    by_sets = (stored < battery.share * lanes.genset_first_below_kwh[lane]) & ~up
    return Terms(
        need_kw=trace.load_kw - dispatch.shed_kw[run] * lanes.load_scale[lane][month] - trace.pv_load_kw,
        ordered_kw=ordered * up,
        refill_kw=np.maximum(refill, 0.0) * (up & ~waits & (series.action == 0)),
        threshold_kw=np.minimum(limits * up, np.maximum(lanes.shave_kw[lane][month] + series.above_shave_kw, billed)),
        billed_kw=billed,
        limit_kw=limits * up,
        connected=connected,
        give_kw=battery.kw * series.discharge_power_share,
        take_kw=battery.kw * series.charge_power_share,
        first_kw=by_sets * lanes.sets[lane][month] * lanes.set_kw[lane],
        stored_kwh=stored,
        kept_kwh=kept,
        wanted_kwh=wanted,
        floor_kwh=np.where(up, battery.reserve_kwh, battery.share * lanes.energy_min_kwh[lane]),
        reserve_kwh=battery.reserve_kwh,
        full_kwh=battery.full_kwh,
        kw_per_kwh=battery.kw_per_kwh,
        kwh_per_kw=battery.kwh_per_kw,
        near_kw=NEAR * float(trace.load_kw.max()),
        by_plan=levels is not None,
        is_off=study.scenario.dispatch.arbitrage == "off",
        found=held.cause is not None,
        cause=np.zeros(len(up), np.int64) if held.cause is None else held.cause,
        costs=(series.export_share == 0) & up & (lanes.export_limit_kw[lane] > 0),
        announced=_announced(study, series),
        sells=_sells(series, battery, trace),
        waits=waits,
        pays=_pays(study, battery),
    )


@dataclass(frozen=True, eq=False)
class Standing:
    """What of the battery is there in each step (steps,): its share, powers in kW, energies in kWh."""

    share: Floats
    kw: Floats
    charge_kw: Floats
    discharge_kw: Floats
    least_kwh: Floats
    reserve_kwh: Floats
    full_kwh: Floats
    kw_per_kwh: float
    kwh_per_kw: float


def _battery(lanes: Lanes, lane: int, month: Ints, step_h: float) -> Standing:
    share = lanes.battery_share[lane][month]
    return Standing(
        share=share,
        kw=share * lanes.battery_kw[lane],
        charge_kw=share * lanes.charge_set_kw[lane],
        discharge_kw=share * lanes.discharge_set_kw[lane],
        least_kwh=share * lanes.energy_min_kwh[lane],
        reserve_kwh=share * lanes.energy_reserve_kwh[lane],
        full_kwh=share * lanes.energy_max_kwh[lane],
        kw_per_kwh=float(lanes.discharge_efficiency[lane]) / step_h,
        kwh_per_kw=float(lanes.charge_efficiency[lane]) * step_h,
    )


def _stored_kwh(start_kwh: float, battery: Standing, month: Ints, trace: Trace) -> Floats:
    """What the battery held as each step began (steps,). Cells that come with a month bring their lowest charge."""
    before = np.concatenate([[start_kwh], trace.energy_kwh[:-1]])
    brought = np.diff(battery.least_kwh, prepend=battery.least_kwh[0]) * (np.diff(month, prepend=month[0]) != 0)
    return np.clip(before + brought, battery.least_kwh, battery.full_kwh)


def _pays(study: Study, battery: Standing) -> Flags:
    """Whether a kWh bought in a step spares a dearer one within the week ahead, losses included (steps,)."""
    price, step_h = study.dispatch.step_price_per_kwh(), study.dispatch.clock.step_h
    ahead = round(plan.CALENDAR_DAYS * 24 / step_h)
    coming = np.concatenate([price, np.resize(price, ahead)])[1:]
    dearest = np.lib.stride_tricks.sliding_window_view(coming, ahead)[: len(price)].max(axis=1)
    return price < dearest * battery.kw_per_kwh * battery.kwh_per_kw - NEAR * np.abs(dearest)


def _sells(series: Series, battery: Standing, trace: Trace) -> Flags:
    """Steps in which PV surplus is sold though the battery has room and power for it: its level is reached (steps,)."""
    if series.levels is None:
        return np.zeros(len(trace.import_kw), bool)
    level = battery.reserve_kwh + series.levels.sun_to * (battery.full_kwh - battery.reserve_kwh)
    takes = battery.kw * series.charge_power_share
    has_room = (trace.energy_kwh < battery.full_kwh * (1 - NEAR)) & (trace.charge_kw < takes * (1 - NEAR))
    return has_room & (trace.energy_kwh >= level - NEAR * battery.full_kwh)


def _announced(study: Study, series: Series) -> Flags:
    """Steps in which the battery is filled for an announced outage (steps,)."""
    clock = study.dispatch.clock
    before = day_before(announced(study.scenario, clock), clock.step_h)
    return before if series.levels is None else before & (series.levels.charge_to == 1.0)


def billed_kw(series: Series, trace: Trace) -> Floats:
    """The peak of the month by each step that its demand charges have billed, the least over those that measure it
    (steps,); 0 where the rule does not ask it."""
    billed = np.zeros(len(trace.import_kw))
    if series.measured is None:
        return billed
    window, first = series.demand_window_steps, 0
    sums = np.cumsum(trace.import_kw.reshape(-1, window), axis=1).ravel() / window
    for month, end in enumerate(series.month_ends):
        here, classes = slice(first, end), series.classes[first:end, 1]
        least = np.full(end - first, np.inf)
        for measured in series.measured[month]:
            counts = measured[classes]
            so_far = np.maximum.accumulate(np.where(counts, sums[here], 0.0))
            least = np.where(counts, np.minimum(least, np.append(0.0, so_far[:-1])), least)
        billed[here], first = np.where(np.isfinite(least), least, 0.0), end
    return billed


def _orders(series: Series, battery: Standing, stored_kwh: Floats) -> tuple[Floats, Floats, Floats]:
    """What is ordered (steps,), kW, and the charge that the plan keeps and wants, kWh."""
    charge_kw, discharge_kw, reserve = battery.charge_kw, battery.discharge_kw, battery.reserve_kwh
    if series.levels is None:
        by_window = np.where(series.action < 0, series.action * charge_kw, series.action * discharge_kw)
        return by_window, reserve, reserve
    span = battery.full_kwh - reserve
    kept, wanted = reserve + series.levels.give_to * span, reserve + series.levels.charge_to * span
    gives = np.minimum(np.maximum(stored_kwh - kept, 0.0) * battery.kw_per_kwh, discharge_kw)
    takes = np.minimum(np.maximum(wanted - stored_kwh, 0.0) / battery.kwh_per_kw, charge_kw)
    return np.where((takes > 0) & (series.levels.charge_to > 0), -takes, gives), kept, wanted


def reasons(study: Study, year: int, trace: Trace) -> dict[str, Flags]:
    """For each reason the steps in which it holds (steps,), in the order in which they are told."""
    at = terms(study, year, trace)
    has_battery = study.scenario.storage.exists
    found = _grid(at, trace) | _sets(at, trace) | _pv(at, trace)
    return found | (_discharging(at, trace) | _charging(at, trace) | _idle(at, trace) if has_battery else {})


def told(flags: dict[str, Flags], step: int) -> tuple[str, ...]:
    """The keys that hold in a step."""
    return tuple(key for key, holds in flags.items() if holds[step])


def worth(found: Bound, step: int) -> StepWorth | None:
    """What a kWh was worth; None where the optimum was found by a method without such prices."""
    optimum, plan = found.optimum, found.optimum.schedule
    if optimum.stored_worth_per_kwh is None or optimum.site_price_per_kwh is None:
        return None
    return StepWorth(
        price=float(found.programme.buy_per_kwh[step]),
        load=float(optimum.site_price_per_kwh[step]),
        stored=float(optimum.stored_worth_per_kwh[step]),
        best_kw=float(plan.discharge_kw[step] - plan.charge_kw[step]),
    )


def _grid(at: Terms, trace: Trace) -> dict[str, Flags]:
    """What the grid did, and what held it: exactly one in every step."""
    up, near = at.limit_kw > 0, at.near_kw
    at_limit = up & (trace.import_kw >= at.limit_kw - near)
    at_threshold = up & ~at_limit & (at.threshold_kw < at.limit_kw) & (trace.import_kw >= at.threshold_kw - near)
    above = at_threshold & (trace.import_kw > at.threshold_kw + near)
    buys = up & ~at_limit & ~at_threshold & (trace.import_kw > near)
    held = at_threshold & ~above
    billed = held & (at.billed_kw >= at.threshold_kw - near)
    return {
        "grid_not_yet": ~at.connected,
        "grid_down": at.connected & ~up,
        "grid_limit": at_limit,
        "grid_billed": billed,
        "grid_declared": held & ~billed & at.found & (at.cause == plan.DECLARED),
        "grid_ratchet": held & ~billed & at.found & (at.cause == plan.RATCHET),
        "grid_ceiling": held & ~billed & at.found & (at.cause == plan.SEEN),
        "grid_threshold": held & ~billed & (not at.found),
        "grid_above": above,
        "grid_rest": buys,
        "grid_none": up & ~at_limit & ~at_threshold & ~buys,
    }


def _sets(at: Terms, trace: Trace) -> dict[str, Flags]:
    runs = trace.genset_kw > at.near_kw
    surplus = trace.genset_charge_kw + trace.dumped_kw > at.near_kw
    return {
        "sets_short": runs & ~surplus,
        "sets_least": runs & surplus,
        "unserved": trace.unserved_kw > at.near_kw,
    }


def _pv(at: Terms, trace: Trace) -> dict[str, Flags]:
    return {
        "pv_sold": (trace.export_kw > at.near_kw) & at.sells,
        "pv_export": (trace.export_kw > at.near_kw) & ~at.sells,
        "pv_costs": (trace.curtailed_kw > at.near_kw) & at.costs,
        "pv_curtailed": (trace.curtailed_kw > at.near_kw) & ~at.costs,
    }


def _discharging(at: Terms, trace: Trace) -> dict[str, Flags]:
    """Why the battery gave: exactly one where it did; and what kept it from giving more."""
    gives, up, near = trace.discharge_kw > at.near_kw, at.limit_kw > 0, at.near_kw
    ordered = np.minimum(at.need_kw, np.maximum(at.ordered_kw, 0.0))
    above = up & (at.need_kw - at.threshold_kw > ordered)
    short = gives & (trace.discharge_kw < at.wish_kw - near)
    at_power = short & (trace.discharge_kw >= at.give_kw - near)
    by_order = gives & up & ~above
    level = by_order & at.by_plan & (at.need_kw > trace.discharge_kw + near) & (at.kept_kwh > at.floor_kwh * (1 + NEAR))
    return {
        "discharge_outage": gives & ~up & at.connected,
        "discharge_island": gives & ~up & ~at.connected,
        "discharge_limit": gives & above & (at.threshold_kw >= at.limit_kw),
        "discharge_shave": gives & above & (at.threshold_kw < at.limit_kw),
        "discharge_window": by_order & (not at.by_plan),
        "discharge_price": by_order & at.by_plan,
        "held_later": level & (trace.energy_kwh <= at.kept_kwh * (1 + NEAR)),
        "held_power": at_power,
        "held_reserve": short & ~at_power & up & (trace.genset_kw <= near),
        "held_empty": short & ~at_power & ~up & (trace.energy_kwh <= at.floor_kwh * (1 + NEAR)),
    }


def _charging(at: Terms, trace: Trace) -> dict[str, Flags]:
    """Why the battery took, and what kept it from taking more from the grid."""
    near, buys = at.near_kw, trace.grid_charge_kw > at.near_kw
    headroom = at.threshold_kw - at.need_kw
    tight = buys & (trace.grid_charge_kw >= headroom - near)
    by_order = buys & (at.ordered_kw < 0) & ~at.announced
    return {
        "charge_pv": trace.pv_charge_kw > near,
        "charge_announced": buys & (at.ordered_kw < 0) & at.announced,
        "charge_window": by_order & (not at.by_plan),
        "charge_price": by_order & at.by_plan & at.pays,
        "charge_peak": by_order & at.by_plan & ~at.pays,
        "charge_refill": buys & (at.ordered_kw >= 0),
        "charge_held_limit": tight & (at.threshold_kw >= at.limit_kw),
        "charge_held_threshold": tight & (at.threshold_kw < at.limit_kw),
        "charge_full": buys & ~tight & (trace.energy_kwh >= at.full_kwh * (1 - NEAR)),
    }


def _idle(at: Terms, trace: Trace) -> dict[str, Flags]:
    """Why the battery did nothing: exactly one where it did not, the first that holds."""
    near, up, every = at.near_kw, at.limit_kw > 0, np.ones(len(at.limit_kw), bool)
    to_give, to_take = at.wish_kw > near, np.maximum(-at.ordered_kw, at.refill_kw) > near
    spare, short_of = at.stored_kwh > at.reserve_kwh * (1 + NEAR), at.stored_kwh < at.reserve_kwh * (1 - NEAR)
    left_kw = (at.stored_kwh - at.floor_kwh) * at.kw_per_kwh
    is_full = (at.full_kwh - at.stored_kwh) / at.kwh_per_kw <= near
    cases = {
        "idle_absent": at.full_kwh <= 0,
        "idle_floor": to_give & (left_kw <= near),
        "idle_sets": (to_give | (at.first_kw > 0)) & (trace.genset_kw > near),
        "idle_no_power": to_give | (to_take & (at.take_kw <= near)),
        "idle_full": to_take & is_full | (at.by_plan & is_full & (at.wanted_kwh >= at.full_kwh * (1 - NEAR)) & up),
        "idle_no_room": to_take,
        "idle_announced": at.announced,
        "idle_no_need": (at.need_kw <= near) & (spare | ~up),
        "idle_no_order": every & (not at.by_plan),
        "idle_later": spare,
        "idle_refills_later": short_of & at.waits,
        "idle_off": every & at.is_off,
        "idle_nothing_pays": every,
    }
    left, found = (trace.discharge_kw <= near) & (trace.charge_kw <= near), {}
    for key, holds in cases.items():
        found[key] = left & holds
        left = left & ~holds
    return found
