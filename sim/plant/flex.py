"""Computing work that gives way: GPUs capped, jobs put off, jobs paused in outages; and what that costs in GPU-hours.

A GPU at full throughput takes `kw_per_gpu` at the connection point, so a kWh of load is 1 / kw_per_gpu GPU-hours. A cap
to the fraction c of the GPUs' power saves (1 - c) x gpu_power_share of the load and leaves the throughput of
`loads.yaml: power_capping`, straight lines between its points. Every share is one of the load of its step.

The rule of the study is a plain one that looks at the tariff, the import limit and the outages, never at the battery;
it only changes the load of the hybrid, so the dispatch rule knows nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sim.arrays import Flags, Floats
from sim.compiled import Kernel
from sim.inputs import library
from sim.inputs.flex import Compute
from sim.inputs.scenario import Scenario
from sim.plant.load import site_kw_per_gpu
from sim.timeline import Timeline


@dataclass(frozen=True)
class Segment:
    """One straight part of the throughput curve: the share of the load it saves, and the GPU-hours lost per hour of a
    GPU. Segments come in the order in which a deepening cap uses them, the cheapest first."""

    load_share: float
    lost: float


@dataclass(frozen=True, eq=False)
class Seen:
    """What the rule sees of one project year, each (steps,): load and PV in kW, what a kWh costs, and what the grid can
    give: 0 where there is no connection or an outage; `is_outage`: a connection that is there has failed. `peak_kw`:
    the load's own greatest value in that month."""

    load_kw: Floats
    pv_kw: Floats
    price_per_kwh: Floats
    limit_kw: Floats
    is_outage: Flags
    peak_kw: Floats


@dataclass(frozen=True, eq=False)
class Flex:
    """How the load of one project year gives way, each (steps,).

    capped_kw, shed_kw: not used and not computed; deferred_kw, caught_up_kw: put off, and made up later; lost_gpu_h:
    GPU-hours not computed, the share idle GPUs make up taken off; stopped_gpus: GPUs whose jobs are paused in that
    step, each of which loses a restart and the work since its checkpoint.
    """

    capped_kw: Floats
    shed_kw: Floats
    deferred_kw: Floats
    caught_up_kw: Floats
    lost_gpu_h: Floats
    stopped_gpus: Floats

    @property
    def change_kw(self) -> Floats:
        """What is added to the load (steps,)."""
        return self.caught_up_kw - self.deferred_kw - self.capped_kw - self.shed_kw


FLEX_FIELDS = tuple(field.name for field in fields(Flex))


def throughput(work: str, cap: Floats | float) -> Floats:
    """Throughput over that of the uncapped GPU for caps as fractions of its power, any shape; level below the data."""
    curve = library.throughput_curve(work)
    caps = np.array(list(curve))[::-1]
    return np.interp(cap, caps, np.array(list(curve.values()))[::-1])


def cap_segments(compute: Compute) -> tuple[Segment, ...]:
    """The curve's straight parts between no cap and the lowest one."""
    lowest = compute.cap_lowest_fraction
    caps = [cap for cap in library.throughput_curve(compute.cap_curve) if cap > lowest] + [lowest]
    return tuple(
        Segment(
            (high - low) * compute.gpu_power_share,
            float(throughput(compute.cap_curve, high) - throughput(compute.cap_curve, low)),
        )
        for high, low in zip(caps[:-1], caps[1:], strict=True)
    )


def lost_by_cap(compute: Compute, saved_share: Floats) -> Floats:
    """GPU-hours lost per hour of a GPU where a cap saves this share of the load (steps,)."""
    cap = 1.0 - saved_share / compute.gpu_power_share
    return 1.0 - throughput(compute.cap_curve, cap)


def dear_hours(price_per_kwh: Floats, steps_per_day: int) -> Flags:
    """The hours of each day's highest price (steps,); none on a day with one price."""
    days = np.round(price_per_kwh.reshape(-1, steps_per_day), 9)
    dearest = days.max(axis=1, keepdims=True)
    return ((days == dearest) & (dearest > days.min(axis=1, keepdims=True))).ravel()


def rule(scenario: Scenario, clock: Timeline, seen: Seen) -> Flex:
    """The plain rule on one project year: jobs pause in outages, work moves out of dear hours, then GPUs are capped."""
    compute, up = scenario.compute, seen.limit_kw > 0
    shed = seen.load_kw * (compute.shed_fraction * compute.shed_in_outages) * seen.is_outage
    dear = dear_hours(seen.price_per_kwh, 24 * 60 // clock.step_minutes) & up
    deferred, caught_up = _put_off(compute, clock, seen, dear) if compute.defer else np.zeros((2, clock.steps))
    left = seen.load_kw - shed - deferred + caught_up
    capped = left * _capped_share(compute, left, seen, dear)
    kw_per_gpu = site_kw_per_gpu(scenario.load)
    kept = 1.0 - compute.recovered_fraction
    share = np.divide(capped, left, out=np.zeros_like(left), where=left > 0)
    lost = left * lost_by_cap(compute, share) + shed + compute.deferral_loss_fraction * deferred
    begins = np.diff(seen.is_outage.astype(int), prepend=0) == 1
    return Flex(
        capped_kw=capped,
        shed_kw=shed,
        deferred_kw=deferred,
        caught_up_kw=caught_up,
        lost_gpu_h=lost * clock.step_h / kw_per_gpu * kept,
        stopped_gpus=shed * begins / kw_per_gpu * kept,
    )


def _capped_share(compute: Compute, load_kw: Floats, seen: Seen, dear: Flags) -> Floats:
    """Share of the load that the cap saves in each step (steps,)."""
    most = (1.0 - compute.cap_lowest_fraction) * compute.gpu_power_share
    share = most * (dear & compute.caps_in_dear_hours).astype(float)
    if compute.caps_at_limit:
        above = (load_kw - seen.pv_kw - seen.limit_kw) * (seen.limit_kw > 0)
        needed = np.divide(above, load_kw, out=np.zeros_like(load_kw), where=load_kw > 0)
        share = np.maximum(share, np.clip(needed, 0.0, most))
    return share


def _put_off(compute: Compute, clock: Timeline, seen: Seen, dear: Flags) -> tuple[Floats, Floats]:
    """Work put off from dear hours and made up in the cheapest ones of the window, under the load's own peak and the
    import limit (steps,). What finds no room is not put off."""
    deferred, caught_up = np.zeros((2, clock.steps))
    wanted = seen.load_kw * compute.deferrable_fraction * dear
    room = np.maximum(np.minimum(seen.peak_kw, seen.limit_kw) - seen.load_kw, 0.0)
    window = round(compute.deferral_window_h / clock.step_h)
    fill_valleys(np.round(seen.price_per_kwh, 9), wanted, room, window, deferred, caught_up)
    return deferred, caught_up


def _fill_valleys(price, wanted, room, window, deferred, caught_up):
    """Each step's wanted kW go to the cheapest later steps within the window, the earliest of equal ones first."""
    steps = len(price)
    for t in range(steps):
        left = wanted[t]
        while left > 0.0:
            best = -1
            for s in range(t + 1, min(t + window, steps - 1) + 1):
                if room[s] > 0.0 and price[s] < price[t] and (best < 0 or price[s] < price[best]):
                    best = s
            if best < 0:
                break
            moved = min(left, room[best])
            room[best] -= moved
            caught_up[best] += moved
            deferred[t] += moved
            left -= moved


fill_valleys = Kernel(_fill_valleys)
