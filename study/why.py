"""Why the hybrid did what it did in a step: which rung of the rule acted, what held it, and what a kWh was worth.

Reasons are keys of sentences. They are worked out from the rule's own terms (need, threshold, order, reserve), not from
the flows they explain, for all steps of a year at once; where a reason is true the flow it names is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.dispatch.kernel import Trace
from study.foresight import Bound, hybrid_lane
from study.study import Study

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NEAR = 1e-6  # of the greatest load: two powers closer than this are the same


@dataclass(frozen=True, eq=False)
class Terms:
    """What the rule decided by in each step (steps,), kW: need is the load less PV; ordered what the schedule asked of
    the battery, below 0 to charge; threshold what imports are held to, limit what the grid can give; give and take what
    the battery can; stored_kwh what it held at the step's beginning, floor_kwh where discharging stops, full_kwh where
    charging does."""

    need_kw: Floats
    ordered_kw: Floats
    threshold_kw: Floats
    limit_kw: Floats
    connected: Flags
    give_kw: Floats
    take_kw: Floats
    stored_kwh: Floats
    floor_kwh: Floats
    reserve_kwh: float
    full_kwh: float
    near_kw: float


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
    charge_kw, discharge_kw = lanes.charge_set_kw[lane], lanes.discharge_set_kw[lane]
    ordered = np.where(series.action < 0, series.action * charge_kw, series.action * discharge_kw) * (up & connected)
    limit = limits * up
    energy_kwh = np.concatenate([[lanes.energy_start_kwh[lane]], trace.energy_kwh[:-1]])
    return Terms(
        need_kw=trace.load_kw - shed_kw - trace.pv_load_kw,
        ordered_kw=ordered,
        threshold_kw=np.minimum(limit, lanes.shave_kw[lane][month] + series.above_shave_kw),
        limit_kw=limit,
        connected=connected,
        give_kw=lanes.battery_kw[lane] * series.discharge_power_share,
        take_kw=lanes.battery_kw[lane] * series.charge_power_share,
        stored_kwh=energy_kwh,
        floor_kwh=np.where(up & connected, lanes.energy_reserve_kwh[lane], lanes.energy_min_kwh[lane]),
        reserve_kwh=float(lanes.energy_reserve_kwh[lane]),
        full_kwh=float(lanes.energy_max_kwh[lane]),
        near_kw=NEAR * float(trace.load_kw.max()),
    )


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
    return {
        "grid_not_yet": ~at.connected,
        "grid_down": at.connected & ~up,
        "grid_limit": at_limit,
        "grid_threshold": at_threshold & ~above,
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
        "pv_export": trace.export_kw > at.near_kw,
        "pv_curtailed": trace.curtailed_kw > at.near_kw,
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
    return {
        "discharge_outage": gives & ~up,
        "discharge_limit": gives & above & (at.threshold_kw >= at.limit_kw),
        "discharge_shave": gives & above & (at.threshold_kw < at.limit_kw),
        "discharge_window": gives & up & ~above,
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
        "charge_window": buys & (at.ordered_kw < 0),
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
    return {
        "idle_floor": at_floor,
        "idle_full": full,
        "idle_no_room": no_room,
        "idle_no_order": idle & ~at_floor & ~told_to_charge,
    }
