"""Why the hybrid did what it did in a step: which rung of the rule acted, what held it, and what a kWh was worth.

Reasons are keys of sentences. They are worked out from the rule's own terms (need, threshold, order, reserve), not from
the flows they explain, for all steps of a year at once; where a reason is true the flow it names is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import Flags, Floats
from sim.dispatch.announced import announced, day_before
from sim.dispatch.batch import Lanes, Series, Trace
from study.foresight import Bound, hybrid_lane
from study.study import Study

NEAR = 1e-6  # of the greatest load: two powers closer than this are the same


@dataclass(frozen=True, eq=False)
class Terms:
    """What the rule decided by in each step (steps,), kW: need is the load less PV; ordered what the schedule or the
    plan asked of the battery, below 0 to charge; threshold what imports are held to, billed the month's peak by then,
    limit what the grid can give; give and take what the battery can; stored_kwh what it held at the step's beginning,
    kept_kwh and wanted_kwh down to and up to where the plan has it, floor_kwh where discharging stops, full_kwh where
    charging does. by_plan: whether the plain rule's levels decide; found: whether it has found the threshold itself;
    costs: whether exporting would cost money; announced: whether the battery is filled for an announced outage."""

    need_kw: Floats
    ordered_kw: Floats
    threshold_kw: Floats
    billed_kw: Floats
    limit_kw: Floats
    connected: Flags
    give_kw: Floats
    take_kw: Floats
    stored_kwh: Floats
    kept_kwh: Floats
    wanted_kwh: Floats
    floor_kwh: Floats
    reserve_kwh: float
    full_kwh: float
    near_kw: float
    by_plan: bool
    found: bool
    costs: Flags
    announced: Flags
    sells: Flags
    waits: Flags


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
    series = dispatch.runs[run]
    up, limits = series.grid_up > 0, lanes.import_limit_kw[lane][month]
    connected = limits > 0
    shed_kw = dispatch.shed_kw[run] * lanes.load_scale[lane][month]
    limit, billed = limits * up, billed_kw(series, trace)
    energy_kwh = np.concatenate([[lanes.energy_start_kwh[lane]], trace.energy_kwh[:-1]])
    ordered, kept, wanted = _orders(series, lanes, lane, energy_kwh)
    threshold = np.maximum(lanes.shave_kw[lane][month] + series.above_shave_kw, billed)
    return Terms(
        need_kw=trace.load_kw - shed_kw - trace.pv_load_kw,
        ordered_kw=ordered * (up & connected),
        threshold_kw=np.minimum(limit, threshold),
        billed_kw=billed,
        limit_kw=limit,
        connected=connected,
        give_kw=lanes.battery_kw[lane] * series.discharge_power_share,
        take_kw=lanes.battery_kw[lane] * series.charge_power_share,
        stored_kwh=energy_kwh,
        kept_kwh=kept,
        wanted_kwh=wanted,
        floor_kwh=np.where(up & connected, lanes.energy_reserve_kwh[lane], lanes.energy_min_kwh[lane]),
        reserve_kwh=float(lanes.energy_reserve_kwh[lane]),
        full_kwh=float(lanes.energy_max_kwh[lane]),
        near_kw=NEAR * float(trace.load_kw.max()),
        by_plan=series.levels is not None,
        found=bool(dispatch.held.moves.any()) and not study.scenario.dispatch.shave_limits,
        costs=(series.export_share == 0) & up & connected & (lanes.export_limit_kw[lane] > 0),
        announced=_announced(study, series),
        sells=_sells(series, lanes, lane, trace),
        waits=np.zeros(len(up), bool) if series.levels is None else (series.levels.refills == 0) & up & connected,
    )


def _sells(series: Series, lanes: Lanes, lane: int, trace: Trace) -> Flags:
    """Steps in which PV surplus is sold though the battery has room and power for it: its level is reached (steps,)."""
    if series.levels is None:
        return np.zeros(len(trace.import_kw), bool)
    reserve, full = lanes.energy_reserve_kwh[lane], lanes.energy_max_kwh[lane]
    level = reserve + series.levels.sun_to * (full - reserve)
    takes = lanes.battery_kw[lane] * series.charge_power_share
    has_room = (trace.energy_kwh < full * (1 - NEAR)) & (trace.charge_kw < takes * (1 - NEAR))
    return has_room & (trace.energy_kwh >= level - NEAR * full)


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


def _orders(series: Series, lanes: Lanes, lane: int, stored_kwh: Floats) -> tuple[Floats, Floats, Floats]:
    """What is ordered (steps,), kW, and the charge that the plan keeps and wants, kWh."""
    charge_kw, discharge_kw = lanes.charge_set_kw[lane], lanes.discharge_set_kw[lane]
    reserve = np.full(len(stored_kwh), lanes.energy_reserve_kwh[lane])
    if series.levels is None:
        by_window = np.where(series.action < 0, series.action * charge_kw, series.action * discharge_kw)
        return by_window, reserve, reserve
    span, step_h = lanes.energy_max_kwh[lane] - reserve, series.step_h
    kept, wanted = reserve + series.levels.give_to * span, reserve + series.levels.charge_to * span
    gives = np.maximum(stored_kwh - kept, 0.0) * lanes.discharge_efficiency[lane] / step_h
    takes = np.maximum(wanted - stored_kwh, 0.0) / lanes.charge_efficiency[lane] / step_h
    gives, takes = np.minimum(gives, discharge_kw), np.minimum(takes, charge_kw)
    return np.where((takes > 0) & (series.levels.charge_to > 0), -takes, gives), kept, wanted


def reasons(study: Study, year: int, trace: Trace) -> dict[str, Flags]:
    """For each reason the steps in which it holds (steps,), in the order in which they are told."""
    at = terms(study, year, trace)
    has_battery = bool(at.full_kwh > 0)
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
        "grid_ceiling": held & ~billed & at.found,
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
    beyond = at.need_kw - at.threshold_kw
    above = up & (beyond > ordered)
    wanted = np.maximum(beyond, ordered)
    short = gives & (trace.discharge_kw < wanted - near)
    at_power = short & (trace.discharge_kw >= at.give_kw - near)
    by_order = gives & up & ~above
    level = by_order & at.by_plan & (at.need_kw > trace.discharge_kw + near) & (at.kept_kwh > at.floor_kwh * (1 + NEAR))
    return {
        "discharge_outage": gives & ~up,
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
    return {
        "charge_pv": trace.pv_charge_kw > near,
        "charge_announced": buys & (at.ordered_kw < 0) & at.announced,
        "charge_window": buys & (at.ordered_kw < 0) & ~at.announced & (not at.by_plan),
        "charge_price": buys & (at.ordered_kw < 0) & ~at.announced & at.by_plan,
        "charge_refill": buys & (at.ordered_kw >= 0),
        "charge_held_limit": tight & (at.threshold_kw >= at.limit_kw),
        "charge_held_threshold": tight & (at.threshold_kw < at.limit_kw),
        "charge_full": buys & ~tight & (trace.energy_kwh >= at.full_kwh * (1 - NEAR)),
    }


def _idle(at: Terms, trace: Trace) -> dict[str, Flags]:
    """Why the battery did nothing: exactly one where it did not."""
    near = at.near_kw
    idle = (trace.discharge_kw <= near) & (trace.charge_kw <= near)
    wanted = np.maximum(at.need_kw - at.threshold_kw, np.minimum(at.need_kw, at.ordered_kw)) > near
    at_floor = idle & wanted
    told_to_charge = idle & ~wanted & (at.ordered_kw < 0)
    full = told_to_charge & (at.stored_kwh >= at.full_kwh * (1 - NEAR))
    no_room = told_to_charge & ~full
    waits = idle & ~at_floor & ~told_to_charge & at.announced
    rests = idle & ~at_floor & ~told_to_charge & ~waits
    spare, short_of = at.stored_kwh > at.reserve_kwh * (1 + NEAR), at.stored_kwh < at.reserve_kwh * (1 - NEAR)
    return {
        "idle_floor": at_floor,
        "idle_full": full,
        "idle_no_room": no_room,
        "idle_announced": waits,
        "idle_no_order": rests & (not at.by_plan),
        "idle_no_need": rests & at.by_plan & spare & (at.need_kw <= near),
        "idle_later": rests & at.by_plan & spare & (at.need_kw > near),
        "idle_refills_later": rests & at.by_plan & ~spare & short_of & at.waits,
        "idle_nothing_pays": rests & at.by_plan & ~spare & ~(short_of & at.waits),
    }
