"""What may turn out otherwise: tornado, two-way map, break-even and Monte Carlo, the physics run again each time.

All of them are batches of `study.flows`. Ranges come from `low` and `high` of the data, in proportion to the value in
use: a diesel price of 3.2 with a range of 2.9 to 5.4 round a default of 7.5 becomes a range in its own money. Draws
are made before anything is simulated, by one seeded generator: the same seed gives the same draws and the same digits,
whatever the number of threads. Everything is against the rival of `study.decision`, before tax.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from finance.figures import FIGURES, WORTH, Flow, figures_on
from sim.arrays import Floats, Ints, there
from sim.dispatch.variants import Outages
from sim.inputs.register import register, unverified
from sim.inputs.scenario import Scenario
from sim.plant.interruptions import HOURS_PER_YEAR, drawn_years, in_steps
from study.batch_years import hours_off
from study.decision import decision
from study.flows import Flows, flows
from study.market_years import flows_by_year, mean_prices
from study.study import Study
from study.varied import FACTORS, VARIED, limits

Kind = Literal["triangular", "uniform", "normal"]
Progress = Callable[[int, int], None]

# Ranges of the factors: a year's sun against the mean (P90 about -8 %), a new cluster's load, a rewritten tariff.
FACTOR_RANGES = {"load.level": (0.85, 1.05), "pv.irradiation": (0.92, 1.08), "tariff.spread": (0.7, 1.15)}
# Fuel and power prices move together in part; battery and PV prices share a supply chain. Estimates, not measured.
CORRELATIONS = {
    ("finance.diesel_per_l", "finance.energy_price_factor"): 0.3,
    ("finance.storage_capex_per_kwh", "finance.pv_capex_per_kwp"): 0.4,
    ("finance.energy_price_factor", "tariff.spread"): 0.3,
}
UNKNOWN_RANGE = 0.1  # share up and down for an input without a documented range
MEASURES = ("saving", "saving_fraction", *(row.key for row in figures_on("lead")))


@dataclass(frozen=True)
class Range:
    """Low, most likely and high value of one input, and how it is distributed between them.

    "triangular": ends never passed. "uniform": all alike. "normal": low and high are the 10 % and 90 % quantiles, cut
    off at three standard deviations and at the input's limits.
    """

    path: str
    low: float
    mode: float
    high: float
    kind: Kind = "triangular"

    def __post_init__(self) -> None:
        if not self.low <= self.mode <= self.high:
            raise ValueError(
                f"{self.path}: low {self.low:g}, value {self.mode:g}, high {self.high:g}; put them in order"
            )
        if self.kind not in ("triangular", "uniform", "normal"):
            raise ValueError(f"{self.path}: distribution '{self.kind}'; use triangular, uniform or normal")


def default_range(scenario: Scenario, path: str, kind: Kind = "triangular") -> Range:
    """The documented range of an input in proportion to its value in use; +-10 % where none is documented."""
    if path in FACTORS:
        low, high = FACTOR_RANGES[path]
        return Range(path, low, 1.0, high, kind)
    entry, now = register()[path], float(scenario.get(path))
    if entry.low is None or entry.high is None or not entry.default:
        low, high = sorted((now * (1 - UNKNOWN_RANGE), now * (1 + UNKNOWN_RANGE)))
    else:
        low, high = sorted((now * entry.low / entry.default, now * entry.high / entry.default))
    if entry.default == 0 and entry.low is not None and entry.high is not None:
        low, high = now + entry.low, now + entry.high
    low = low if entry.minimum is None else max(low, entry.minimum)
    high = high if entry.maximum is None else min(high, entry.maximum)
    return Range(path, min(low, now), now, max(high, now), kind)


def default_ranges(scenario: Scenario, kind: Kind = "triangular") -> tuple[Range, ...]:
    """Ranges of all inputs that matter in the scenario and have one wider than nothing."""
    named = [path for path in VARIED if path not in FACTORS and _matters(scenario, path)]
    factors = [path for path in FACTORS if path != "pv.irradiation" or scenario.pv.exists]
    found = [default_range(scenario, path, kind) for path in (*factors, *named)]
    return tuple(one for one in found if one.high > one.low)


def _matters(scenario: Scenario, path: str) -> bool:
    entry = register()[path]
    return entry.when(scenario) and entry.low is not None


# --- one and two inputs -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """One input of a tornado: the measure at its low and high value; NaN where it does not exist there."""

    path: str
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """Distance between both ends."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Tornado:
    """`bars` from the widest swing; `base` is the measure with everything at its value in use."""

    measure: str
    base: float
    bars: tuple[Bar, ...]


def asked(study: Study) -> tuple[Bar, ...]:
    """Inputs in use that rest on unverified figures, by what they move the NPV by between their usual ends, the most
    first: the order in which to ask for them. What risk cannot vary, or has no usual range, is left out."""
    weak = set(unverified(study.scenario))
    ranges = [one for one in default_ranges(study.scenario) if one.path in weak]
    return tornado(study, ranges).bars if ranges else ()


def tornado(study: Study, ranges: Sequence[Range] | None = None, measure: str = WORTH) -> Tornado:
    """Each input at its low and at its high value, all others as they are."""
    ranges = default_ranges(study.scenario) if ranges is None else ranges
    count = 2 * len(ranges) + 1
    values = {one.path: np.full(count, one.mode) for one in ranges}
    for at, one in enumerate(ranges):
        values[one.path][2 * at + 1], values[one.path][2 * at + 2] = one.low, one.high
    found = measured(flows(study, values, against=decision(study).rival), measure)
    bars = [
        Bar(one.path, one.low, one.high, float(found[2 * at + 1]), float(found[2 * at + 2]))
        for at, one in enumerate(ranges)
    ]
    bars.sort(key=lambda bar: -1.0 if np.isnan(bar.swing) else -bar.swing)
    return Tornado(measure, float(found[0]), tuple(bars))


@dataclass(frozen=True, eq=False)
class HeatMap:
    """`values` (y, x) of a measure over two inputs; NaN where it does not exist."""

    measure: str
    x_path: str
    y_path: str
    x: Floats
    y: Floats
    values: Floats


def heat_map(
    study: Study,
    x_path: str,
    x: Sequence[float] | Floats,
    y_path: str,
    y: Sequence[float] | Floats,
    measure: str = WORTH,
) -> HeatMap:
    """A measure at every pair of values of two inputs."""
    if x_path == y_path:
        raise ValueError(f"both axes are '{x_path}'; choose two different inputs")
    columns, rows = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    grid_y, grid_x = np.meshgrid(rows, columns, indexing="ij")
    values = {x_path: grid_x.ravel(), y_path: grid_y.ravel()}
    found = measured(flows(study, values, against=decision(study).rival), measure)
    return HeatMap(measure, x_path, y_path, columns, rows, found.reshape(grid_x.shape))


def measured(found: Flows, measure: str) -> Floats:
    """One measure of every variant (N,), NaN where it does not exist (no rate of return, never paid back)."""
    if measure not in MEASURES:
        raise ValueError(f"measure '{measure}' is not known; use one of: {', '.join(MEASURES)}")
    if measure not in FIGURES:
        return getattr(found, measure)
    return FIGURES[measure].of_flows(Flow(found.difference, found.rate, found.per_year)).value


# --- Monte Carlo ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OutageModel:
    """Outages of a year by the rule that draws a study's own (`sim.plant.interruptions.drawn_years`): their mean number
    and length, and the spread of the lengths, 0 for exponential ones."""

    events_per_year: float
    mean_h: float
    spread: float = 0.0

    def __post_init__(self) -> None:
        if min(self.events_per_year, self.mean_h, self.spread) < 0:
            raise ValueError("outages need events_per_year, mean_h and a spread of 0 or more")

    @staticmethod
    def of(scenario: Scenario) -> OutageModel:
        """As the scenario's statistics say; from a list as many events a year, and as long ones, as it has."""
        grid, listed = scenario.grid, scenario.grid.outages
        if grid.outage_source == "statistics":
            number, hours = (there(one, "SAIFI or SAIDI") for one in (grid.saifi_per_year, grid.saidi_h_per_year))
            return OutageModel(number, hours / number if number else 0.0, grid.outage_spread)
        hours = sum(outage.duration_h for outage in listed)
        return OutageModel(float(len(listed)), hours / len(listed) if listed else 0.0)


@dataclass(frozen=True, eq=False)
class Draws:
    """Sampled inputs by path (N,), outages of each draw, and its market year (N,), None where there is no choice."""

    values: Mapping[str, Floats]
    outages: Outages
    seed: int
    market_year: Ints | None = None

    @property
    def count(self) -> int:
        return self.outages.count

    @property
    def digest(self) -> str:
        """Eight hex digits that stand for all draws."""
        digest = hashlib.sha256()
        for path in sorted(self.values):
            digest.update(path.encode() + self.values[path].tobytes())
        for array in (self.outages.first, self.outages.start, self.outages.stop):
            digest.update(array.tobytes())
        if self.market_year is not None:
            digest.update(self.market_year.tobytes())
        return digest.hexdigest()[:8]


def draw(
    study: Study,
    count: int = 10_000,
    seed: int = 1,
    ranges: Sequence[Range] | None = None,
    correlations: Mapping[tuple[str, str], float] | None = None,
    outage_model: OutageModel | None = None,
) -> Draws:
    """Sample all inputs (Gaussian copula for the correlations), the outages of every draw's year, and its market year
    where the tariff holds several.

    The discount rate is a choice, not a chance: it is drawn only where `ranges` names it.
    """
    if not 1 <= count <= 1_000_000:
        raise ValueError(f"{count} draws; choose between 1 and 1,000,000")
    if ranges is None:
        ranges = [one for one in default_ranges(study.scenario) if one.path != "finance.discount_rate"]
    random = np.random.default_rng(seed)
    normal = random.standard_normal((count, len(ranges)))
    normal = normal @ _factor([one.path for one in ranges], CORRELATIONS if correlations is None else correlations).T
    values = {one.path: _quantile(one, normal[:, at]) for at, one in enumerate(ranges)}
    model = outage_model or OutageModel.of(study.scenario)
    outages, years = _draw_outages(random, model, study, count), tuple(mean_prices(study.scenario))
    return Draws(values, outages, seed, random.choice(years, count) if years else None)


@dataclass(frozen=True)
class Quantiles:
    """Values not exceeded in 10, 50 and 90 % of the draws in which the figure exists, and the share in which it does.

    What lenders call P90 of a yield is `q10` here: the value exceeded with 90 % probability.
    """

    q10: float | None
    q50: float | None
    q90: float | None
    mean: float | None
    exists: float


@dataclass(frozen=True, eq=False)
class Risk:
    """Outcome of a Monte Carlo study. `results[measure]` (N,), NaN where the measure does not exist.

    wins: share of draws in which the hybrid is worth more than its rival (NPV before tax above 0); paid_back: share in
    which it has paid back by `target_years` (one that never does counts as no).
    drivers: share of the spread of the NPV that goes with each
    input, by squared rank correlation scaled to 1; with correlated inputs the shares overlap. "outages" stands for the
    hours without grid of a draw, "market" for the mean price of its market year.
    """

    draws: Draws
    results: Mapping[str, Floats]
    quantiles: Mapping[str, Quantiles]
    wins: float
    target_years: float
    paid_back: float
    drivers: Mapping[str, float] = field(default_factory=dict)


def simulate_draws(
    study: Study,
    draws: Draws,
    target_years: float = 5.0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Risk:
    """Run every draw: physics with its own outages, all cash flows, and their figures of merit."""
    rest = draws.values, draws.outages, threads, progress, decision(study).rival
    found = flows(study, *rest) if draws.market_year is None else flows_by_year(study, draws.market_year, *rest)
    results = {measure: measured(found, measure) for measure in MEASURES}
    results["unserved_kwh"], results["co2_saving_t"] = found.unserved_kwh, found.base_co2_t - found.co2_t
    years = results["payback_years"]
    return Risk(
        draws=draws,
        results=results,
        quantiles={name: quantiles(values) for name, values in results.items()},
        wins=float((results[WORTH] > 0).mean()),
        target_years=target_years,
        paid_back=float((np.nan_to_num(years, nan=np.inf) <= target_years).mean()),
        drivers=_drivers(study, draws, results[WORTH]),
    )


def quantiles(values: Floats) -> Quantiles:
    """Quantiles of the values that exist."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Quantiles(None, None, None, None, 0.0)
    low, middle, high = (float(value) for value in np.quantile(finite, (0.1, 0.5, 0.9)))
    return Quantiles(low, middle, high, float(finite.mean()), finite.size / values.size)


def _factor(paths: list[str], correlations: Mapping[tuple[str, str], float]) -> Floats:
    """Matrix that turns independent normal numbers into correlated ones; ValueError where no such numbers exist."""
    matrix = np.eye(len(paths))
    for (one, other), rho in correlations.items():
        if one in paths and other in paths:
            i, j = paths.index(one), paths.index(other)
            matrix[i, j] = matrix[j, i] = rho
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=float)
    except np.linalg.LinAlgError:
        raise ValueError("these correlations exclude each other; make some of them smaller") from None


def _quantile(one: Range, normal: Floats) -> Floats:
    """Value of the distribution at each standard normal number (N,)."""
    from scipy.special import ndtr, ndtri  # not needed by pages that draw nothing

    if one.kind == "normal":
        half = (one.high - one.low) / 2 / ndtri(0.9)
        drawn = one.mode + half * np.clip(normal, -3, 3)
        return _within_limits(one.path, drawn)
    share = ndtr(normal)
    span = one.high - one.low
    if one.kind == "uniform" or not span:
        return one.low + share * span
    turn = (one.mode - one.low) / span
    rising = one.low + np.sqrt(share * span * (one.mode - one.low))
    falling = one.high - np.sqrt((1.0 - share) * span * (one.high - one.mode))
    return np.where(share < turn, rising, falling)


def _within_limits(path: str, values: Floats) -> Floats:
    return np.clip(values, *limits(path))


def _draw_outages(random: np.random.Generator, model: OutageModel, study: Study, count: int) -> Outages:
    """Outages of each draw's template year. A short term sees the share of a year that it lasts."""
    clock = study.dispatch.clock
    year, start_h, duration_h = drawn_years(random, model.events_per_year, model.mean_h, model.spread, count)
    start, length = in_steps(start_h, duration_h, clock.step_h)
    end, steps = start + length, round(HOURS_PER_YEAR / clock.step_h)
    # What goes on beyond the year's end is an outage at its beginning.
    stop = np.minimum(np.concatenate([end, np.minimum(end - steps, start)]), clock.steps)
    year, start = np.tile(year, 2), np.concatenate([start, 0 * start])
    seen = np.flatnonzero(stop > start)
    seen = seen[np.argsort(year[seen], kind="stable")]
    first = np.concatenate([[0], np.cumsum(np.bincount(year[seen], minlength=count))]).astype(np.int64)
    return Outages(first, start[seen], stop[seen])


def _drivers(study: Study, draws: Draws, result: Floats) -> dict[str, float]:
    inputs = {**draws.values, "outages": hours_off(draws.outages, study.dispatch.clock)}
    if draws.market_year is not None:
        prices = mean_prices(study.scenario)
        inputs["market"] = np.array([prices[year] for year in draws.market_year.tolist()])
    there = np.isfinite(result)
    if there.sum() < 3:
        return {}
    moving = {path: values[there] for path, values in inputs.items() if np.ptp(values[there]) > 0}
    ranks = pd.DataFrame({"": result[there], **moving}).rank().to_numpy()
    related = np.corrcoef(ranks, rowvar=False)[0, 1:] if np.ptp(result[there]) > 0 else np.zeros(len(moving))
    squared = dict.fromkeys(inputs, 0.0) | dict(zip(moving, (related**2).tolist(), strict=True))
    total = sum(squared.values())
    shares = {path: value / total if total else 0.0 for path, value in squared.items()}
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))
