"""Outages of the grid drawn from statistics, and what an interruption of power costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.arrays import Floats, Ints, require

HOURS_PER_YEAR = 8760


@dataclass(frozen=True, eq=False)
class OutageDraws:
    """Drawn outages: project year (1, 2, ...), hour of that year at which it begins, length in hours; each (k,)."""

    years: int
    year: NDArray[np.int64]
    start_h: Floats
    duration_h: Floats

    def steps(self, step_h: float) -> NDArray[np.int64]:
        """Whole steps that each outage takes (k,), see `in_steps`."""
        return in_steps(self.start_h, self.duration_h, step_h)[1]


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
    require(
        saifi_per_year is not None or saidi_h_per_year is None,
        "SAIDI is given without SAIFI: hours do not say how many outages there are. Give SAIFI (outages per year).",
    )
    require(
        saidi_h_per_year is not None or saifi_per_year is None,
        "SAIFI is given without SAIDI: outages need a length. Give SAIDI (hours per year).",
    )
    saifi, saidi = saifi_per_year or 0.0, saidi_h_per_year or 0.0
    require(0 <= saifi <= 10_000 and 0 <= saidi <= HOURS_PER_YEAR, "SAIFI and SAIDI must be 0 or more, SAIDI <= 8760.")
    require(saifi > 0 or saidi == 0, "SAIFI is 0 but SAIDI is not: outages that never happen cannot last.")
    require(spread >= 0 and years >= 1, "spread must be 0 or more and years at least 1.")
    mean_h = saidi / saifi if saifi else 0.0
    drawn = [drawn_years(np.random.default_rng([seed, year]), saifi, mean_h, spread) for year in range(1, years + 1)]
    return OutageDraws(
        years=years,
        year=np.repeat(np.arange(1, years + 1), [start.size for _, start, _ in drawn]),
        start_h=np.concatenate([start for _, start, _ in drawn]),
        duration_h=np.concatenate([duration for _, _, duration in drawn]),
    )


def drawn_years(
    random: np.random.Generator, events_per_year: float, mean_h: float, spread: float, years: int = 1
) -> tuple[Ints, Floats, Floats]:
    """The rule of `outage_draws`: for each outage its year (0 is the first), its hour of the year and its length in
    hours, ordered by year and hour; each (k,)."""
    year = np.repeat(np.arange(years), random.poisson(events_per_year, years))
    start_h = random.uniform(0, HOURS_PER_YEAR, year.size)
    start_h = start_h[np.lexsort((start_h, year))]
    if spread == 0:
        return year, start_h, random.exponential(mean_h, year.size)
    return year, start_h, mean_h * random.lognormal(-(spread**2) / 2, spread, year.size)


def in_steps(start_h: Floats, duration_h: Floats, step_h: float) -> tuple[Ints, Ints]:
    """First step and number of whole steps of outages (k,). What one is cut by, or lengthened, the next ones make up
    for, so that the hours of all are kept to within a step; a short one may take none."""
    ends = np.floor(np.cumsum(duration_h) / step_h + 0.5)
    return (start_h / step_h).astype(np.int64), np.diff(ends, prepend=0.0).astype(np.int64)


def grid_up(draws: OutageDraws, year: int, step_h: float = 1.0) -> Floats:
    """1 where the grid is there and 0 in an outage, for one year of 8760 h (n,). An outage begins with the step it
    begins in and takes `OutageDraws.steps`; it wraps at the year's end."""
    steps = round(HOURS_PER_YEAR / step_h)
    up = np.ones(steps)
    mine = draws.year == year
    for start, length in zip(draws.start_h[mine], draws.steps(step_h)[mine], strict=True):
        up[(int(start / step_h) + np.arange(length)) % steps] = 0.0
    return up


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
            require(value >= 0, f"{name} must be 0 or more, but is {value}.")


def interruption_cost(interruption: Interruption, off_h: ArrayLike) -> Floats:
    """Cost of one loss of power that keeps the cluster off for `off_h` hours; any shape."""
    per_hour = interruption.gpus * interruption.gpu_hour_price
    lost_h = np.asarray(off_h, dtype=float) + interruption.restart_h + interruption.checkpoint_interval_h / 2
    hardware = interruption.hardware_failure_fraction * interruption.gpus * interruption.hardware_repair_cost
    return per_hour * lost_h + hardware + interruption.penalty_per_event
