"""Outages: how long the plant carries the critical load without the grid, how likely that is, and what a failure costs.

Conventions: powers are means over a step (kW), energies are inside the battery (kWh), efficiencies are one-way, fuel is
litres. `net_kw` is critical load less PV of each step (n,); negative means surplus. A start index s is the step in
which the outage begins; series wrap at their end. Duration index d - 1 stands for an outage of d steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.compiled import Kernel, inlined

Floats = NDArray[np.float64]
Order = Literal["battery_first", "genset_first"]
ORDERS: tuple[Order, ...] = ("battery_first", "genset_first")
EPS = 1e-9  # float noise, as a share of the power in question, that fails no step
DEAD = 1e-12  # probability left below which a Markov walk is over
HOURS_PER_YEAR = 8760


@dataclass(frozen=True)
class Island:
    """What carries the site without the grid.

    energy_min_kwh is the battery's floor in an outage, energy_max_kwh its ceiling. Sets are equal and share the load
    equally: k = ceil(output / set_kw) run, and together give at least min_load_fraction x set_kw. k sets that give g kW
    burn fuel_idle_l_per_h_per_kw x set_kw x k + fuel_l_per_kwh x g litres an hour (a straight line: within 3 % of the
    makers' tables from half load up, 5 % at quarter load). The tank is full when the outage begins and not refilled.
    """

    bess_kw: float
    energy_min_kwh: float
    energy_max_kwh: float
    charge_efficiency: float
    discharge_efficiency: float
    set_kw: float = 0.0
    sets: int = 1
    min_load_fraction: float = 0.0
    fuel_idle_l_per_h_per_kw: float = 0.0
    fuel_l_per_kwh: float = 0.0
    tank_l: float = np.inf

    def __post_init__(self):
        for name in ("bess_kw", "set_kw", "fuel_idle_l_per_h_per_kw", "fuel_l_per_kwh", "tank_l", "sets"):
            _require(getattr(self, name) >= 0, f"{name} must be 0 or more, but is {getattr(self, name)}.")
        for name in ("charge_efficiency", "discharge_efficiency"):
            _require(0 < getattr(self, name) <= 1, f"{name} must be above 0 and not above 1.")
        _require(
            0 <= self.energy_min_kwh <= self.energy_max_kwh,
            "energy_min_kwh must lie between 0 and energy_max_kwh.",
        )
        _require(
            0 <= self.min_load_fraction <= 1,
            f"min_load_fraction is {self.min_load_fraction}: a set is smaller than its minimum load; give 0 to 1.",
        )

    @property
    def genset_kw(self) -> float:
        return self.set_kw * self.sets


def _require(held: bool, message: str) -> None:
    if not held:
        raise ValueError(message)


def ladder_order(net_kw: ArrayLike, island: Island) -> Order:
    """The order the dispatch ladder uses: diesel last, unless the sets alone cannot carry the highest net load.

    A set below the load has to start before the battery is empty: in the reference pair a 4 h outage survives with 20 %
    when diesel waits and with 89 % when it starts at once.
    """
    return "battery_first" if island.genset_kw >= np.max(net_kw) else "genset_first"


# --- hours served from every start ----------------------------------------------------------------------------------


def hours_survived(
    net_kw: ArrayLike,
    start_energy_kwh: ArrayLike,
    island: Island,
    order: Order,
    horizon_steps: int = 168,
    step_h: float = 1.0,
) -> NDArray[np.int64]:
    """Whole steps served from every start (n,), at most `horizon_steps`; the first step that fails ends the count.

    start_energy_kwh: in the battery at each start (n,), or one number; it is held within energy_min and energy_max.
    "battery_first": the sets start in a step in which the battery alone cannot carry the load. "genset_first": they
    carry what they can from the first step. A surplus of PV or of the minimum load charges the battery; what does not
    fit is lost. No part-steps, no start delay (see `interruption_cost_of_draws`), every set starts (see
    `survival_probability`).

    "genset_first" is monotone: more energy, power or fuel never shortens a ride. "battery_first" is not: with a little
    more energy the set may start one step later and be too small to catch up.
    """
    net, energy, flags = _walk_inputs(net_kw, start_energy_kwh, island, order, horizon_steps, step_h)
    hours = np.empty(energy.size, dtype=np.int64)
    _first_failure(net, energy, horizon_steps, _row(island, step_h), flags, hours)
    return hours


def survival_curve(hours: NDArray[np.int64], horizon_steps: int = 168) -> Floats:
    """Share of the starts that serve at least 1, 2, ... horizon_steps steps (horizon_steps,)."""
    alive = np.bincount(np.minimum(hours, horizon_steps), minlength=horizon_steps + 1)[::-1].cumsum()[::-1]
    return alive[1:] / len(hours)


def shed_kwh(
    net_kw: ArrayLike,
    start_energy_kwh: ArrayLike,
    island: Island,
    order: Order,
    horizon_steps: int = 168,
    step_h: float = 1.0,
) -> Floats:
    """Mean critical energy not served by an outage of 1, 2, ... horizon_steps steps (horizon_steps,), kWh per outage.

    The plant serves what it can in every step and sheds the rest: the floor of the loss, for a site that can shed
    without going down. `blackout_kwh` is the ceiling.
    """
    net, energy, flags = _walk_inputs(net_kw, start_energy_kwh, island, order, horizon_steps, step_h)
    shed = np.zeros(horizon_steps)
    _shed_by_step(net, energy, horizon_steps, _row(island, step_h), flags, shed)
    return shed.cumsum() / energy.size


def blackout_kwh(load_kw: ArrayLike, hours: NDArray[np.int64], horizon_steps: int = 168, step_h: float = 1.0) -> Floats:
    """Mean critical energy lost by an outage of 1, 2, ... horizon_steps steps (horizon_steps,), kWh per outage, where
    the site stays down from its first failed step until the grid is back. `load_kw`: critical load (n,)."""
    load = np.asarray(load_kw, dtype=float)
    _require(load.size == hours.size, "load_kw and hours must have one value per start.")
    lost = np.zeros(horizon_steps)
    for step in range(horizon_steps):
        lost[step] = np.roll(load, -step)[hours <= step].sum() * step_h
    return lost.cumsum() / load.size


@dataclass(frozen=True, eq=False)
class Ride:
    """One outage step by step, up to and including its first failed step (m,). Energy and fuel at the step's end; in
    the failed step they stay as they were."""

    served: NDArray[np.bool_]
    genset_kw: Floats
    energy_kwh: Floats
    fuel_l: Floats


def ride(
    net_kw: ArrayLike, start_energy_kwh: float, island: Island, order: Order, start: int = 0, step_h: float = 1.0
) -> Ride:
    """The ride from one start through at most one turn of the series."""
    net, _, flags = _walk_inputs(net_kw, start_energy_kwh, island, order, 1, step_h)
    steps = np.zeros((np.size(net_kw), 4))
    net = np.roll(net[: len(steps)], -start)
    walked = _trace_ride(net, float(start_energy_kwh), _row(island, step_h), flags, steps)
    served, genset, energy, fuel = steps[:walked].T
    return Ride(served.astype(bool), genset, energy, fuel)


@dataclass(frozen=True)
class BatteryNeed:
    """Battery that carries an outage alone: power and usable energy at the bus (kW, kWh), the start (index) that needs
    most energy."""

    power_kw: float
    usable_kwh: float
    worst_start: int


def battery_need(net_kw: ArrayLike, steps: int, firm_kw: float = 0.0, step_h: float = 1.0) -> BatteryNeed:
    """What an outage of `steps` steps would need from any start, beside `firm_kw` of sets that certainly run.

    Surplus inside the outage is not stored, so the answer is on the safe side with much PV.
    """
    _require(steps >= 1, "steps must be at least 1.")
    missing = np.maximum(np.asarray(net_kw, dtype=float) - firm_kw, 0.0)
    around = np.concatenate([[0.0], np.cumsum(np.resize(missing, missing.size + steps))])
    energy = around[steps : steps + missing.size] - around[: missing.size]
    worst = int(np.argmax(energy))
    return BatteryNeed(float(missing.max()), float(energy[worst] * step_h), worst)


def _walk_inputs(net_kw, start_energy_kwh, island, order, horizon_steps, step_h) -> tuple[Floats, Floats, bool]:
    net = np.asarray(net_kw, dtype=float)
    _require(order in ORDERS, f"order must be 'battery_first' or 'genset_first', but is '{order}'.")
    _require(net.ndim == 1 and net.size > 0, "net_kw must be a series of at least one step.")
    _require(bool(np.isfinite(net).all()), "net_kw holds a value that is not a number; fill the gap.")
    _require(horizon_steps >= 1, "horizon_steps must be at least 1.")
    _require(step_h > 0, "step_h must be more than 0 hours.")
    energy = np.asarray(start_energy_kwh, dtype=float)
    _require(
        energy.ndim == 0 or energy.shape == net.shape,
        f"start_energy_kwh must be one number or one per start ({net.size}), but has shape {energy.shape}.",
    )
    energy = np.clip(np.broadcast_to(energy, net.shape), island.energy_min_kwh, island.energy_max_kwh)
    return np.resize(net, net.size + horizon_steps), np.ascontiguousarray(energy), order == "battery_first"


def _row(island: Island, step_h: float) -> tuple[float, ...]:
    return (
        island.bess_kw,
        island.energy_min_kwh,
        island.energy_max_kwh,
        island.charge_efficiency,
        island.discharge_efficiency,
        island.set_kw,
        float(island.sets),
        island.min_load_fraction * island.set_kw,
        island.fuel_idle_l_per_h_per_kw * island.set_kw,
        island.fuel_l_per_kwh,
        island.tank_l,
        step_h,
    )


@inlined
def _sets_for(output_kw, set_kw):
    return 1.0 if output_kw <= set_kw else np.ceil(output_kw / set_kw - EPS)


@inlined
def _within_fuel(wanted_kw, fuel_l, plant):
    """The most of `wanted_kw` that the sets and the fuel of this step allow; fewer sets idle less."""
    set_kw, sets, minimum_kw, idle, per_kwh, step_h = plant[5], plant[6], plant[7], plant[8], plant[9], plant[11]
    if wanted_kw <= 0 or set_kw <= 0 or sets < 1:
        return 0.0
    running = min(_sets_for(wanted_kw, set_kw), sets)
    best = min(wanted_kw, running * set_kw)
    if (idle * running + per_kwh * best) * step_h <= fuel_l:
        return best if best >= minimum_kw * (1 - EPS) else 0.0
    best = 0.0
    while running >= 1:
        output = min(wanted_kw, running * set_kw)
        if per_kwh > 0:
            output = min(output, (fuel_l / step_h - idle * running) / per_kwh)
        elif idle * running * step_h > fuel_l:
            output = 0.0
        best = max(best, output)
        running -= 1
    return best if best >= minimum_kw * (1 - EPS) else 0.0


@inlined
def _island_step(net_kw, energy, fuel, plant, battery_first):
    """Energy and fuel after the step, output of the sets, and what stays unserved (kW)."""
    bess_kw, e_min, e_max, eta_c, eta_d = plant[0], plant[1], plant[2], plant[3], plant[4]
    set_kw, minimum_kw, idle, per_kwh, step_h = plant[5], plant[7], plant[8], plant[9], plant[11]
    available = max(min(bess_kw, (energy - e_min) * eta_d / step_h), 0.0)
    genset = 0.0
    if net_kw > 0 and not (battery_first and net_kw <= available):
        wanted = net_kw - available if battery_first else net_kw
        genset = _within_fuel(max(wanted, minimum_kw), fuel, plant)
    if genset > 0:
        fuel = max(fuel - (idle * _sets_for(genset, set_kw) + per_kwh * genset) * step_h, 0.0)
    rest = net_kw - genset
    if rest <= 0:
        energy = min(energy + min(-rest, bess_kw) * eta_c * step_h, max(e_max, energy))
        return energy, fuel, genset, 0.0
    given = min(rest, available)
    return max(energy - given * step_h / eta_d, min(e_min, energy)), fuel, genset, rest - given


@Kernel
def _first_failure(net, energy_start, horizon, plant, battery_first, hours):
    for start in range(energy_start.size):
        energy, fuel, served = energy_start[start], plant[10], 0
        while served < horizon:
            need = net[start + served]
            energy, fuel, _, missing = _island_step(need, energy, fuel, plant, battery_first)
            if missing > EPS * abs(need):
                break
            served += 1
        hours[start] = served


@Kernel
def _shed_by_step(net, energy_start, horizon, plant, battery_first, shed):
    for start in range(energy_start.size):
        energy, fuel = energy_start[start], plant[10]
        for step in range(horizon):
            energy, fuel, _, missing = _island_step(net[start + step], energy, fuel, plant, battery_first)
            shed[step] += missing * plant[11]


@Kernel
def _trace_ride(net, energy, plant, battery_first, steps):
    """Fill rows of served, genset, energy, fuel up to the first failed step; number of rows."""
    fuel = plant[10]
    for step in range(net.size):
        after, left, genset, missing = _island_step(net[step], energy, fuel, plant, battery_first)
        if missing > EPS * abs(net[step]):
            steps[step] = 0.0, 0.0, energy, fuel
            return step + 1
        energy, fuel = after, left
        steps[step] = 1.0, genset, energy, fuel
    return net.size


# --- sets that fail to start or to run ------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetReliability:
    """Equal sets that are out for maintenance, fail to start, or fail while running.

    availability: share of the time a set is not out for maintenance; failure_to_start: probability per start;
    mean_time_to_failure_h: of a running set (inf = never). Typical values of REopt (for well maintained sets): 0.995,
    0.0094, 1100 h; poorly maintained sets (Marqusee and Jenket, Applied Energy 268, 2020, 114918) about 70 h.
    """

    sets: int
    set_kw: float
    availability: float = 0.995
    failure_to_start: float = 0.0094
    mean_time_to_failure_h: float = 1100.0

    def __post_init__(self):
        _require(self.sets >= 0 and self.set_kw >= 0, "sets and set_kw must be 0 or more.")
        for name in ("availability", "failure_to_start"):
            _require(0 <= getattr(self, name) <= 1, f"{name} must lie between 0 and 1.")
        _require(self.mean_time_to_failure_h > 0, "mean_time_to_failure_h must be more than 0 hours.")


def sets_running_at_start(reliability: SetReliability) -> Floats:
    """Probability that 0, 1, ... sets are there and start (sets + 1,)."""
    works = reliability.availability * (1 - reliability.failure_to_start)
    return _binomial(reliability.sets, works)


def set_transitions(sets: int, failure_per_step: float) -> Floats:
    """Probability of ending a step with j sets running when i ran at its start (sets + 1, sets + 1); no repair."""
    matrix = np.zeros((sets + 1, sets + 1))
    for running in range(sets + 1):
        matrix[running, : running + 1] = _binomial(running, 1 - failure_per_step)
    return matrix


def _binomial(trials: int, success: float) -> Floats:
    return np.array([comb(trials, k) * success**k * (1 - success) ** (trials - k) for k in range(trials + 1)])


def survival_probability(
    net_kw: ArrayLike,
    start_energy_kwh: ArrayLike,
    island: Island,
    reliability: SetReliability,
    horizon_steps: int = 168,
    step_h: float = 1.0,
    starts: ArrayLike | None = None,
    bins: int = 101,
    battery_availability: float = 1.0,
) -> Floats:
    """Probability of serving 1, 2, ... horizon_steps steps (starts, horizon_steps) with sets that may fail.

    A Markov chain over (sets running, energy in the battery), the model of REopt's outage tool (NREL, REopt.jl,
    `backup_reliability`): sets fail before they serve the step, with 1/MTTF per hour; those that run go to full output,
    carry the load and charge the battery, which covers the rest; a set that failed does not come back. `reliability`
    replaces the island's sets; no fuel limit (multiply by `hours_survived(...) >= d` for it) and no minimum load.
    start_energy_kwh counts from zero; what lies below energy_min_kwh is not used. starts: indices, all if None.

    Energy lives on `bins` levels; between two levels the probability is split so that the mean energy is kept (REopt
    rounds to the nearest level, which loses small loads). Exact where every step moves a whole number of levels. Per
    start, with 101 levels and 168 steps: 0.03 ms for one set, 0.2 ms for four; give `starts` for a sample.
    """
    net, energy, _ = _walk_inputs(net_kw, start_energy_kwh, island, "genset_first", horizon_steps, step_h)
    _require(bins >= 2, "bins must be at least 2.")
    _require(0 <= battery_availability <= 1, "battery_availability must lie between 0 and 1.")
    _require(step_h < reliability.mean_time_to_failure_h, "step_h must be shorter than mean_time_to_failure_h.")
    at = np.arange(energy.size) if starts is None else np.asarray(starts, dtype=np.int64)
    begin = sets_running_at_start(reliability)
    moves = set_transitions(reliability.sets, step_h / reliability.mean_time_to_failure_h)
    usable = energy[at] - island.energy_min_kwh
    capacity = island.energy_max_kwh - island.energy_min_kwh
    out = np.zeros((at.size, horizon_steps))
    for share, kw, kwh in ((battery_availability, island.bess_kw, capacity), (1 - battery_availability, 0.0, 0.0)):
        if share == 0:
            continue
        found = np.zeros_like(out)
        battery = (kw, kwh, island.charge_efficiency, island.discharge_efficiency, step_h)
        _markov(net, at, usable if kwh else usable * 0, begin, moves, reliability.set_kw, battery, bins, found)
        out += share * found
    return out


@Kernel
def _markov(net, at, usable, begin, moves, set_kw, battery, bins, out):
    n_states, horizon = begin.size, out.shape[1]
    now, after = np.empty((n_states, bins)), np.empty((n_states, bins))
    width = battery[1] / (bins - 1)
    for row in range(at.size):
        now[:] = 0.0
        position = min(usable[row] / width, bins - 1.0) if width > 0 else 0.0
        for running in range(n_states):
            _put(now, running, position, begin[running])
        for step in range(horizon):
            after[:] = 0.0
            for was in range(n_states):
                for running in range(was + 1):
                    for level in range(bins):
                        after[running, level] += now[was, level] * moves[was, running]
            alive = _serve(after, now, net[at[row] + step], set_kw, battery, width)
            out[row, step] = alive
            if alive < DEAD:
                break


@inlined
def _serve(before, after, net_kw, set_kw, battery, width):
    """Serve one step from every state; probability that it is served. `after` receives the states that live."""
    bess_kw, _, eta_c, eta_d, step_h = battery
    bins, alive = before.shape[1], 0.0
    after[:] = 0.0
    for running in range(before.shape[0]):
        surplus = running * set_kw - net_kw
        moved = min(max(surplus, -bess_kw), bess_kw) * step_h
        shift = 0.0
        if width > 0:
            shift = (moved * eta_c if moved > 0 else moved / eta_d) / width
        for level in range(bins):
            chance = before[running, level]
            if chance == 0.0 or surplus + min(bess_kw, level * width * eta_d / step_h) < -EPS * abs(net_kw):
                continue
            alive += chance
            _put(after, running, min(max(level + shift, 0.0), bins - 1.0), chance)
    return alive


@inlined
def _put(states, running, position, chance):
    """Add `chance` at a position between two levels, split so that the mean position is kept."""
    level = int(position + EPS)
    part = position - level
    if part < EPS:
        states[running, level] += chance
    else:
        states[running, level] += chance * (1 - part)
        states[running, level + 1] += chance * part


# --- outages from statistics ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class OutageDraws:
    """Drawn outages: project year (1, 2, ...), hour of that year at which it begins, length in hours; each (k,)."""

    years: int
    year: NDArray[np.int64]
    start_h: Floats
    duration_h: Floats


def outage_draws(
    saifi_per_year: float | None,
    saidi_h_per_year: float | None,
    years: int,
    seed: int,
    spread: float = 0.0,
) -> OutageDraws:
    """Outages from the network's indices (IEEE 1366): SAIFI interruptions and SAIDI hours per customer and year.

    The count of a year is Poisson with mean SAIFI, starts are uniform over the 8760 h, lengths have the mean CAIDI =
    SAIDI / SAIFI: exponential with spread 0, else lognormal with sigma = spread (1.0 to 1.5 gives the long tail of
    storm damage). Draws may overlap. The same seed gives the same year y whatever the number of years. SAIFI counts
    sustained outages (above 1 to 5 min by country); voltage sags come on top.
    """
    _require(
        saifi_per_year is not None or saidi_h_per_year is None,
        "SAIDI is given without SAIFI: hours do not say how many outages there are. Give SAIFI (outages per year).",
    )
    _require(
        saidi_h_per_year is not None or saifi_per_year is None,
        "SAIFI is given without SAIDI: outages need a length. Give SAIDI (hours per year).",
    )
    saifi, saidi = saifi_per_year or 0.0, saidi_h_per_year or 0.0
    _require(0 <= saifi <= 10_000 and 0 <= saidi <= HOURS_PER_YEAR, "SAIFI and SAIDI must be 0 or more, SAIDI <= 8760.")
    _require(saifi > 0 or saidi == 0, "SAIFI is 0 but SAIDI is not: outages that never happen cannot last.")
    _require(spread >= 0 and years >= 1, "spread must be 0 or more and years at least 1.")
    drawn = [_one_year(saifi, saidi, np.random.default_rng([seed, year]), spread) for year in range(1, years + 1)]
    return OutageDraws(
        years=years,
        year=np.repeat(np.arange(1, years + 1), [start.size for start, _ in drawn]),
        start_h=np.concatenate([start for start, _ in drawn]),
        duration_h=np.concatenate([duration for _, duration in drawn]),
    )


def _one_year(saifi: float, saidi: float, rng: np.random.Generator, spread: float) -> tuple[Floats, Floats]:
    count = rng.poisson(saifi)
    start = np.sort(rng.uniform(0, HOURS_PER_YEAR, count))
    mean = saidi / saifi if saifi else 0.0
    if spread == 0:
        return start, rng.exponential(mean, count)
    return start, mean * rng.lognormal(-(spread**2) / 2, spread, count)


def grid_up(draws: OutageDraws, year: int, step_h: float = 1.0) -> Floats:
    """1 where the grid is there and 0 in an outage, for one year of 8760 h (n,). An outage takes the step it begins in
    and round(length / step) steps in all, at least one, so short ones read long; it wraps at the year's end."""
    steps = round(HOURS_PER_YEAR / step_h)
    up = np.ones(steps)
    mine = draws.year == year
    for start, duration in zip(draws.start_h[mine], draws.duration_h[mine], strict=True):
        length = max(1, round(duration / step_h))
        up[(int(start / step_h) + np.arange(length)) % steps] = 0.0
    return up


# --- what a failure costs -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interruption:
    """What a loss of power costs a cluster: GPUs x price x (off + rollback + restart) + hardware risk + penalty.

    Money is in the currency of gpu_hour_price. Rollback is half a checkpoint interval on average. Formula, defaults and
    ranges: `loads.yaml: outage_cost`; most are general knowledge and have to be replaced by the operator's own.
    """

    gpus: float
    gpu_hour_price: float
    checkpoint_interval_h: float = 1.0
    restart_h: float = 2.0
    hardware_failure_fraction: float = 0.002
    hardware_repair_cost: float = 3000.0
    penalty_per_event: float = 0.0

    def __post_init__(self):
        for name, value in vars(self).items():
            _require(value >= 0, f"{name} must be 0 or more, but is {value}.")


def interruption_cost(interruption: Interruption, off_h: ArrayLike) -> Floats:
    """Cost of one loss of power that keeps the cluster off for `off_h` hours; any shape."""
    per_hour = interruption.gpus * interruption.gpu_hour_price
    lost_h = np.asarray(off_h, dtype=float) + interruption.restart_h + interruption.checkpoint_interval_h / 2
    hardware = interruption.hardware_failure_fraction * interruption.gpus * interruption.hardware_repair_cost
    return per_hour * lost_h + hardware + interruption.penalty_per_event


def interruption_cost_per_year(
    interruption: Interruption, events_per_year: float, off_h: float, covered_probability: float = 0.0
) -> float:
    """Expected cost a year of `events_per_year` outages, each carried through with `covered_probability`."""
    _require(0 <= covered_probability <= 1, "covered_probability must lie between 0 and 1.")
    return float(events_per_year * interruption_cost(interruption, off_h) * (1 - covered_probability))


def interruption_cost_of_draws(
    interruption: Interruption,
    draws: OutageDraws,
    served_h: ArrayLike,
    seamless: bool = True,
    start_to_load_h: float = 12 / 3600,
) -> Floats:
    """Cost of each project year's drawn outages (years,), not discounted.

    served_h: hours the plant rides from each start of a year of equal steps (n,), e.g. `hours_survived` x step, or 0.
    An outage no longer than that costs nothing if the transfer is `seamless` (a grid-forming battery or a UPS bridges
    the milliseconds). Without it every outage is a loss of power: off until the sets take the load (start_to_load_h)
    or, where nothing starts, until the grid is back.
    """
    served = np.atleast_1d(np.asarray(served_h, dtype=float))
    at = (draws.start_h / HOURS_PER_YEAR * served.size).astype(np.int64)
    ridden = np.minimum(served[at], draws.duration_h)
    off = draws.duration_h - ridden
    if not seamless:
        off = off + np.where(ridden > 0, np.minimum(start_to_load_h, ridden), 0.0)
    cost = np.where(off > 0, interruption_cost(interruption, off), 0.0)
    return np.bincount(draws.year - 1, weights=cost, minlength=draws.years)


def present_worth_factor(years: int, escalation: float, discount_rate: float) -> float:
    """Present worth of 1 a year, grown by `escalation` already in year 1, paid at the end of years 1 ... `years`
    (REopt's convention)."""
    growth = (1 + escalation) / (1 + discount_rate)
    return float(sum(growth**year for year in range(1, years + 1)))


def expected_outage_cost(
    unserved_kwh_by_duration: Mapping[int, ArrayLike],
    probability: Mapping[int, float],
    value_of_lost_load_per_kwh: float,
    worth_factor: float,
) -> float:
    """Present value of one outage a year whose length is drawn with `probability`, at its worst start (REopt's robust
    choice): sum over lengths of probability x greatest unserved kWh of the starts x value x worth factor. Untaxed."""
    total = sum(probability.values())
    _require(abs(total - 1) < 1e-9, f"The probabilities of the outage lengths must sum to 1, but give {total:g}.")
    worst = sum(share * np.max(unserved_kwh_by_duration[length]) for length, share in probability.items())
    return float(worst * value_of_lost_load_per_kwh * worth_factor)
