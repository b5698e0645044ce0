"""What computing work that gives way is worth: the hybrid's least-cost year with and without it, and the plain rule.

The optimum knows the year in advance and may cap GPUs and pause jobs, each a shedding tier with its price in GPU-hours,
and put jobs off, which is a second store and goes to HiGHS. Load that stays dark in an outage is priced with the
restart it causes, on both sides, because that is what a controlled pause avoids. Like every optimum here it is a bound
on what a control can reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from finance.ledger import lost_gpu_h, restart_cost
from sim.arrays import Flags, Floats, runs, there
from sim.inputs.scenario import Scenario
from sim.optimum.model import Deferral, Optimum, Programme, ShedTier, by_windows, means
from sim.optimum.oracle import solve_oracle
from sim.optimum.solve import solve
from sim.plant.flex import FLEX_FIELDS, Segment, cap_segments
from sim.plant.load import peak_kw, site_kw_per_gpu
from study.evaluate import evaluate
from study.foresight import bill_not_covered, hybrid_programme
from study.study import Study

Lever = Literal["cap", "pause", "defer"]
LEVERS: tuple[Lever, ...] = ("cap", "pause", "defer")
QUICK: tuple[Lever, ...] = ("cap", "pause")
SWITCHES = {"compute.cap_rule": "off", "compute.defer": False, "compute.shed_in_outages": False}
GAP = 1e-6
USED_SHARE = 1e-5  # of the year's load, below which a lever counts as not used
SEARCH_STEPS, PRICE_REACH = 12, 1e4
TIME_LIMIT_S = 180.0


@dataclass(frozen=True, eq=False)
class Year:
    """The hybrid's year without any lever, in steps as long as a demand window: `own_steps` of the study's. `site_kw`
    (steps,): load without the battery's auxiliaries; `may_pause`:
    outages, and steps whose load less PV exceeds the import limit; `event_h`: mean length of these; `spare_kw`: room
    for work made up; `grid_up`: a connection that is there and has not failed."""

    programme: Programme
    site_kw: Floats
    may_pause: Floats
    event_h: float
    spare_kw: Floats
    grid_up: Flags
    own_steps: int = 1

    @property
    def load_kwh(self) -> float:
        return float(self.site_kw.sum()) * self.programme.step_h


@dataclass(frozen=True)
class Use:
    """One lever in the optimum's year. Prices are per kWh not used when it would have been, money by the GPU price;
    `kwh` not used then, `hours` in which it is, GPU-hours lost and what they are worth."""

    lever: Lever
    price_low: float
    price_high: float
    kwh: float
    hours: float
    lost_gpu_h: float
    value: float


@dataclass(frozen=True, eq=False)
class Worth:
    """The least running cost of a year without the levers and with them; `cost` holds `lost_value`, the worth of the
    GPU-hours lost. `used_kw` (steps,): load given up or put off. `gpu_price`: what an hour of one GPU earns; `gpu_h`:
    all GPU-hours of the year's load. `saving_per_gpu_h` (steps,): what the first GPU-hour given up by a cap saves then,
    NaN without the grid. `bound`: no use of the levers costs less. `method`: as in `Optimum`."""

    without: float
    cost: float
    bound: float
    lost_value: float
    lost_gpu_h: float
    gpu_h: float
    gpu_price: float
    hours: float
    used_kw: Floats
    saving_per_gpu_h: Floats
    uses: tuple[Use, ...]
    method: str

    @property
    def saved(self) -> float:
        """What is paid less, before the lost GPU-hours are counted."""
        return self.without - (self.cost - self.lost_value)

    @property
    def net(self) -> float:
        return self.without - self.cost

    @property
    def pays(self) -> bool:
        return self.lost_gpu_h > 0 and self.net > GAP * abs(self.without)

    @property
    def per_lost_gpu_h(self) -> float | None:
        """Saved for each GPU-hour lost; None where none is lost."""
        return self.saved / self.lost_gpu_h if self.lost_gpu_h > 0 else None

    @property
    def cost_per_gpu_h(self) -> tuple[float, float]:
        """Running cost of power over the GPU-hours computed, without and with the levers."""
        return self.without / self.gpu_h, (self.cost - self.lost_value) / (self.gpu_h - self.lost_gpu_h)


@dataclass(frozen=True)
class RuleEffect:
    """What the study's plain rule does over the term: paid less, worth of the GPU-hours lost, hours of year 1 in which
    it acts, and cost per GPU-hour without and with it (all costs of the hybrid, lost compute left out)."""

    saved: float
    lost_value: float
    lost_gpu_h: float
    gpu_h: float
    hours: float
    cost_per_gpu_h: tuple[float, float]

    @property
    def net(self) -> float:
        return self.saved - self.lost_value


def plain(study: Study) -> Study:
    """The study with every lever of the rule off."""
    return evaluate(study.scenario.with_(SWITCHES)) if study.scenario.compute.in_use else study


def reason_not_covered(study: Study) -> str | None:
    """Why the optimum of a year cannot be worked out, as a key of `bill_not_covered`, or "no_load"."""
    return bill_not_covered(study) or (None if peak_kw(study.scenario.load) > 0 else "no_load")


def year_of(study: Study, year: int = 1) -> Year:
    """The hybrid's project year without levers, from a study without them (`plain`)."""
    programme, dispatch = hybrid_programme(study, year), study.dispatch
    lane = dispatch.row("hybrid") * dispatch.years + year - 1
    month = dispatch.clock.month_index
    limit = programme.import_limit_kw
    is_outage = (dispatch.lanes.import_limit_kw[lane][month] > 0) & (limit == 0)
    site_kw = programme.load_kw - dispatch.lanes.auxiliary_kw[lane]
    may_pause = is_outage | ((limit > 0) & (programme.load_kw - programme.pv_kw > limit))
    scale = dispatch.lanes.load_scale[lane][month]
    spare = np.minimum(peak_kw(study.scenario.load) * scale, np.where(limit > 0, limit, 0.0)) - site_kw
    dark = programme.shed[-1]
    restart = restart_cost(study.scenario) / max(site_kw.mean() * _mean_h(is_outage, programme.step_h), 1e-9)
    dark = replace(dark, price_per_kwh=dark.price_per_kwh + restart * bool(is_outage.any()))
    steps = dispatch.series.demand_window_steps
    return Year(
        programme=by_windows(replace(programme, shed=(*programme.shed[:-1], dark)), steps),
        site_kw=means(site_kw, steps),
        may_pause=means(may_pause * 1.0, steps),
        event_h=_mean_h(may_pause, programme.step_h),
        spare_kw=means(np.maximum(spare, 0.0), steps),
        grid_up=means((limit > 0) * 1.0, steps) == 1,
        own_steps=steps,
    )


def worth(
    study: Study,
    levers: Sequence[Lever] = QUICK,
    year: int = 1,
    watch: Callable[[float], None] | None = None,
) -> Worth:
    """The year with and without the levers. With "defer" HiGHS solves it, which takes seconds to minutes: `watch` is
    told the seconds so far, and what it raises ends the run. Raises Infeasible, and ValueError after `TIME_LIMIT_S`."""
    base = plain(study)
    given = year_of(base, year)
    without = solve(given.programme, GAP)
    programme = flexible(base.scenario, given, levers, base.scenario.finance.gpu_price_per_h)
    if programme.deferral is None:
        found = solve(programme, GAP)
    else:
        found = solve_oracle(programme, GAP, time_limit_s=TIME_LIMIT_S, watch=watch)
    if found.cost > without.cost:  # the gap of two searches: not using the levers is allowed
        found = _unused(without, len(programme.shed) - len(given.programme.shed))
    return _worth(base.scenario, given, without, found, levers)


def break_even_gpu_price(study: Study, year: int = 1) -> float | None:
    """GPU price below which capping GPUs pays while the grid is there, to 1 %; None where it never or always pays."""
    base = plain(study)
    given = year_of(base, year)
    low, high = 0.0, 1.0
    while high < PRICE_REACH and _is_capped(base.scenario, given, high):
        low, high = high, 4.0 * high
    if high >= PRICE_REACH:
        return None
    for _ in range(SEARCH_STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _is_capped(base.scenario, given, middle) else (low, middle)
        if high - low <= 0.01 * high:
            break
    return high if low > 0 else None


def rule_effect(study: Study) -> RuleEffect:
    """The study beside itself without the rule."""
    base, row = plain(study), study.dispatch.row("hybrid")
    value = -float(study.ledger.lines["compute"][row].sum())
    lost = float(lost_gpu_h(study.scenario, study.dispatch)[row].sum())
    before = base.kpis["hybrid"].total_cost
    gpu_h = float(base.dispatch.monthly["load_kwh"][row].sum() - base.dispatch.monthly["auxiliary_kwh"][row].sum())
    gpu_h /= site_kw_per_gpu(study.scenario.load)
    paid = study.kpis["hybrid"].total_cost - value
    acts = np.zeros(base.dispatch.clock.steps, dtype=bool)
    if study.dispatch.flex:
        first = study.dispatch.flex[0]
        acts = np.any([getattr(first, name) > 0 for name in FLEX_FIELDS[:4]], axis=0)
    return RuleEffect(
        saved=before - paid,
        lost_value=value,
        lost_gpu_h=lost,
        gpu_h=gpu_h,
        hours=float(acts.sum()) * base.dispatch.clock.step_h,
        cost_per_gpu_h=(before / gpu_h, paid / (gpu_h - lost)),
    )


def cap_price_per_kwh(scenario: Scenario, segment: Segment, gpu_price: float) -> float:
    """What a kWh saved on this part of the throughput curve costs in work (`loads.yaml: opportunity_cost_formula`)."""
    return segment.lost / segment.load_share * _kwh_price(scenario, gpu_price)


def pause_price_per_kwh(scenario: Scenario, event_h: float, gpu_price: float) -> float:
    """The same for paused jobs: no work at all, and a restart with half a checkpoint interval over the event."""
    per_stop_h = 0.5 * scenario.finance.checkpoint_interval_h + scenario.compute.resume_h
    return (1.0 + per_stop_h / event_h) * _kwh_price(scenario, gpu_price)


def deferral_price_per_kwh(scenario: Scenario, gpu_price: float) -> float:
    """The same for work that is only put off."""
    return scenario.compute.deferral_loss_fraction * _kwh_price(scenario, gpu_price)


def flexible(scenario: Scenario, given: Year, levers: Sequence[Lever], gpu_price: float) -> Programme:
    """The year's programme with the levers, as further shedding tiers and as load that waits."""
    tiers = [tier for _, tier in _tiers(scenario, given, levers, gpu_price)]
    compute, deferral = scenario.compute, None
    if "defer" in levers:
        deferral = Deferral(
            compute.deferrable_fraction * given.site_kw * given.grid_up,
            given.spare_kw,
            max(1, round(compute.deferral_window_h / given.programme.step_h)),
            deferral_price_per_kwh(scenario, gpu_price),
        )
    return replace(given.programme, shed=(*tiers, *given.programme.shed), deferral=deferral)


def _tiers(scenario: Scenario, given: Year, levers: Sequence[Lever], gpu_price: float) -> list[tuple[Lever, ShedTier]]:
    compute = scenario.compute
    found: list[tuple[Lever, ShedTier]] = []
    if "cap" in levers:
        for segment in cap_segments(compute):
            price = cap_price_per_kwh(scenario, segment, gpu_price)
            found.append(("cap", ShedTier(segment.load_share * given.site_kw, price)))
    if "pause" in levers:
        price = pause_price_per_kwh(scenario, given.event_h, gpu_price)
        found.append(("pause", ShedTier(compute.shed_fraction * given.site_kw * given.may_pause, price)))
    return found


def _kwh_per_lost_gpu_h(scenario: Scenario) -> float:
    """kWh saved for the first GPU-hour lost to a cap; to a pause where no cap is allowed."""
    segments = cap_segments(scenario.compute)
    saved = segments[0].load_share / segments[0].lost if segments and segments[0].lost > 0 else 1.0
    return saved * site_kw_per_gpu(scenario.load)


def _kwh_price(scenario: Scenario, gpu_price: float) -> float:
    """Worth of the computing work of one kWh, the share that idle GPUs make up taken off."""
    return gpu_price / site_kw_per_gpu(scenario.load) * (1.0 - scenario.compute.recovered_fraction)


def _is_capped(scenario: Scenario, given: Year, gpu_price: float) -> bool:
    """Whether an optimum caps GPUs at this price while the grid is there."""
    with_grid = replace(given, site_kw=given.site_kw * given.grid_up)
    programme = flexible(scenario, with_grid, ("cap",), gpu_price)
    tiers = len(programme.shed) - len(given.programme.shed)
    used = solve(programme, GAP).schedule.shed_kw[:tiers].sum() * programme.step_h
    return bool(used > USED_SHARE * given.load_kwh)


def _unused(without: Optimum, tiers: int) -> Optimum:
    """The optimum without levers, with rows of zeros for their tiers."""
    plan = without.schedule
    shed = np.concatenate([np.zeros((tiers, plan.shed_kw.shape[1])), plan.shed_kw])
    return replace(without, schedule=replace(plan, shed_kw=shed))


def _worth(scenario: Scenario, given: Year, without: Optimum, found: Optimum, levers: Sequence[Lever]) -> Worth:
    price, step_h = scenario.finance.gpu_price_per_h, given.programme.step_h
    site_price = there(without.site_price_per_kwh, "the price of the site's load by step")
    tiers = _tiers(scenario, given, levers, price)
    uses = []
    for lever in levers:
        rows = [k for k, (name, _) in enumerate(tiers) if name == lever]
        if lever == "defer":
            prices, kw = np.array([deferral_price_per_kwh(scenario, price)]), found.schedule.deferred_kw[None]
        else:
            prices = np.array([tiers[k][1].price_per_kwh for k in rows])
            kw = found.schedule.shed_kw[rows]
        if len(prices):
            uses.append(_use(lever, prices, kw, step_h, price, given))
    given_up = found.schedule.shed_kw[: len(tiers)].sum(axis=0) + found.schedule.deferred_kw
    used_kw = np.where(given_up > USED_SHARE * given.site_kw.max(), given_up, 0.0)
    return Worth(
        without=without.cost,
        cost=found.cost,
        bound=min(found.lower_bound, found.cost),
        lost_value=sum(use.value for use in uses),
        lost_gpu_h=sum(use.lost_gpu_h for use in uses),
        gpu_h=given.load_kwh / site_kw_per_gpu(scenario.load),
        gpu_price=price,
        hours=float((used_kw > 0).sum()) * step_h,
        used_kw=np.repeat(used_kw, given.own_steps),
        saving_per_gpu_h=np.repeat(
            np.where(given.grid_up, site_price * _kwh_per_lost_gpu_h(scenario), np.nan), given.own_steps
        ),
        uses=tuple(uses),
        method=found.method,
    )


def _use(lever: Lever, prices: Floats, kw: Floats, step_h: float, gpu_price: float, given: Year) -> Use:
    kw = np.where(kw > USED_SHARE * given.site_kw.max(), kw, 0.0)
    value = float(prices @ kw.sum(axis=1)) * step_h
    return Use(
        lever=lever,
        price_low=float(prices.min()),
        price_high=float(prices.max()),
        kwh=float(kw.sum()) * step_h,
        hours=float(kw.any(axis=0).sum()) * step_h,
        lost_gpu_h=value / gpu_price if gpu_price > 0 else 0.0,
        value=value,
    )


def _mean_h(flags: Flags, step_h: float) -> float:
    """Mean length of the unbroken runs of True, one hour where there is none."""
    first, end = runs(flags)
    return float((end - first).mean()) * step_h if first.size else 1.0
