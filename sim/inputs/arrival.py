"""When each part of a plant is there: chains of steps from application or order to commissioning, each with its months.

A step begins when the last of those it waits for is done, and ends its months later; infinite months never end. The
date of a chain is the latest of its steps; the part serves from the first whole month after it, month 0 being the first
of the project. Months may be numbers or draws of them (n,): the same sums serve both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import inf
from typing import Any

import numpy as np

from sim.arrays import Floats
from sim.inputs import library

NEVER = 360  # the last month an input can name: no term is longer
ROUNDING = 1e-9
PARTS = ("grid", "battery", "pv", "sets")
BIG_KW = 10_000.0  # from here on a works' chain is that of the higher voltage
BIG_US_KW = BIG_TH_KW = 20_000.0


@dataclass(frozen=True)
class Step:
    """A step of a chain: its months, usual range and source, and the steps it waits for."""

    key: str
    months: Any
    after: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    source: str = ""
    confidence: library.Confidence | None = None
    not_before: float = 0.0


Chain = tuple[Step, ...]


@dataclass(frozen=True)
class Stage:
    """A share of a part's size that comes in a month (0 is the first)."""

    month: int
    share: float


WHOLE = (Stage(0, 1.0),)


# --- the sums ---------------------------------------------------------------------------------------------------------


def dates(chain: Sequence[Step], months: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Month in which each step is done; `months` stand in for the steps' own. Raises ValueError where steps wait for
    each other, or for one that is not there."""
    months = {step.key: step.months for step in chain} if months is None else months
    own = {step.key: step for step in chain}
    found: dict[str, Any] = {}
    while left := [step for step in own.values() if step.key not in found]:
        ready = [step for step in left if all(key in found for key in step.after)]
        if not ready:
            raise ValueError(f"the steps {', '.join(step.key for step in left)} wait for each other")
        for step in ready:
            begun = reduce(np.maximum, (found[key] for key in step.after), step.not_before)
            found[step.key] = begun + months[step.key]
    return {step.key: found[step.key] for step in chain}


def done(chain: Sequence[Step], months: Mapping[str, Any] | None = None) -> Any:
    """Month in which the whole chain is done; 0 for one without steps."""
    return reduce(np.maximum, dates(chain, months).values(), 0.0)


def whole_months(date: Any) -> Any:
    """The first whole month from a date on, of numbers or draws; infinite stays."""
    return np.ceil(np.asarray(date, dtype=float) - ROUNDING)


def first_month(chain: Sequence[Step]) -> int | None:
    """The month from which the part serves, None where it never does."""
    month = float(whole_months(done(chain)))
    return None if month == inf else int(month)


def slack(chain: Sequence[Step]) -> dict[str, float]:
    """By how many months each step may be later without moving the part; nothing of a chain that never ends."""
    date, end = dates(chain), float(done(chain))
    if end == inf:
        return {}
    latest: dict[str, float] = {}
    while len(latest) < len(chain):
        for step in chain:
            followers = [other for other in chain if step.key in other.after]
            if step.key not in latest and all(other.key in latest for other in followers):
                latest[step.key] = min((latest[other.key] - other.months for other in followers), default=end)
    return {step.key: latest[step.key] - float(date[step.key]) for step in chain}


def critical(chain: Sequence[Step]) -> tuple[str, ...]:
    """The steps that decide, in their order; none of a chain that never ends."""
    late, date = slack(chain), dates(chain)
    return tuple(sorted((key for key, months in late.items() if months <= ROUNDING), key=lambda key: float(date[key])))


def drawn(chain: Sequence[Step], count: int, seed: int) -> Floats:
    """Dates of the chain (count,), each step drawn on its own and evenly between its low and high; one without a range
    keeps its months."""
    r = np.random.default_rng(seed)
    months = {step.key: _drawn(step, r.random(count)) for step in chain}
    return done(chain, months) + np.zeros(count)


def _drawn(step: Step, at: Floats) -> Floats:
    if step.low is None or step.high is None:
        return np.full(at.shape, float(step.months))
    return step.low + at * (step.high - step.low)


# --- the chains of a scenario -----------------------------------------------------------------------------------------


def chains(s: Any) -> dict[str, Chain]:
    """The chain of every part the scenario has, by part, with the months given there in place of the usual ones."""
    own = {(row.part, row.step): row for row in s.timing.steps}
    return {
        part: tuple(_given(step, own.get((part, step.key))) for step in _usual(name))
        for part, name in _names(s).items()
    }


def steps_of(s: Any) -> dict[str, tuple[str, ...]]:
    """Names of the steps of each part's chain, by part."""
    return {part: tuple(step.key for step in _usual(name)) for part, name in _names(s).items()}


def _names(s: Any) -> dict[str, str]:
    """The name of the usual chain of each part that has to come."""
    found = {"grid": f"grid_{works_of(s)}"} if s.grid.new_share > 0 else {}
    if s.storage.exists:
        found["battery"] = "battery"
    if s.pv.exists:
        found["pv"] = "pv"
    if s.genset.sets + s.genset.backup_sets + s.genset.last_resort_sets > 0:
        found["sets"] = _sets_chain(s)
    return found


def works_of(s: Any) -> str:
    """What kind of works the connection is: as chosen, else by country and size."""
    if s.timing.grid_works != "auto":
        return str(s.timing.grid_works)
    new_kw = s.grid.greatest_kw - s.grid.existing_kw
    if s.site.country == "US":
        return "large_us" if new_kw >= BIG_US_KW else "distribution_us"
    if s.site.country == "MY" and new_kw > BIG_KW:
        return "132kv_my"
    if s.site.country == "TH" and new_kw >= BIG_TH_KW:
        return "20mw_th"
    return "110kv" if new_kw > BIG_KW else "10kv"


def _sets_chain(s: Any) -> str:
    if s.timing.sets_come == "rented":
        return "sets_rented"
    return "sets_bought_us" if s.site.country == "US" else "sets_bought"


def _usual(name: str) -> Chain:
    return tuple(
        Step(key, float(found.value), after, found.low, found.high, f"{found.source} ({found.as_of})", found.confidence)
        for key, after, found in library.lead_steps(name)
    )


def _given(step: Step, row: Any) -> Step:
    """A step with the months of a row of the scenario; its range is the row's too."""
    if row is None:
        return step
    months = inf if row.months is None else row.months
    return replace(step, months=months, low=row.low, high=row.high, source="", confidence=None)


def arrivals(s: Any) -> dict[str, int]:
    """The month from which each of `PARTS` serves (`NEVER` = not at all): by its chain where lead times count, else
    everything from the start and the grid as the inputs say."""
    if not s.timing.by_month:
        return dict.fromkeys(PARTS, 0) | {"grid": s.grid.ready_month}
    found = {part: first_month(chain) for part, chain in chains(s).items()}
    months = {part: NEVER if month is None else min(month, NEVER) for part, month in found.items()}
    return dict.fromkeys(PARTS, 0) | months


def stages(s: Any, part: str) -> tuple[Stage, ...]:
    """What comes of battery or PV in which month of the term, as shares of its whole size: each stage in its own month,
    or when the chain lets it. What would come after the term is left out; nothing may be left."""
    rows = {"battery": s.storage.stages, "pv": s.pv.stages}[part]
    sizes = {"battery": lambda row: row.energy_kwh, "pv": lambda row: row.kwp}[part]
    there, whole = arrivals(s)[part], sum(map(sizes, rows))
    wanted = [(row.month - 1, sizes(row) / whole) for row in rows] or [(0, 1.0)]
    found: dict[int, float] = {}
    for month, share in wanted:
        at = max(month, there)
        if at < s.site.term_months:
            found[at] = found.get(at, 0.0) + share
    return tuple(Stage(month, share) for month, share in sorted(found.items()))


def share_there(s: Any, part: str, months: int) -> Floats:
    """Share of the whole battery or PV that stands in each month (months,)."""
    share = np.zeros(months)
    for stage in stages(s, part):
        share[stage.month :] += stage.share
    return share


def fleet(s: Any, months: int) -> Floats:
    """Sets of the diesel plan in each month (months,), where they can be there."""
    sets = np.full(months, float(s.genset.sets))
    if s.genset.stages:
        sets = np.zeros(months)
        for row in s.genset.stages:
            sets[row.month - 1 :] += row.sets
    sets[: arrivals(s)["sets"]] = 0.0
    return sets


def is_staged(s: Any) -> bool:
    """Whether anything but the grid comes later than the start."""
    return any(stages(s, part) != WHOLE for part in ("battery", "pv")) or has_staged_sets(s)


def has_staged_sets(s: Any) -> bool:
    return bool(s.genset.stages) or arrivals(s)["sets"] > 0
