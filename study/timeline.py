"""When is there power, and what does waiting cost? Every part by its chain of steps, every alternative by the month.

The plan is that of the study where lead times count in it, else of the same site with them. What is powered is what
connection and sets carry of the peak, or what the hours of the dispatch serve of the load where that is more; a month
that leaves less than `SERVES_FRACTION` of it dark is whole. Month 0 is the first of the project. The cost of waiting is
no line of the ledger, which counts load not served by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from sim.arrays import Floats, Ints
from sim.dispatch.lanes import import_limits_kw, site_set_kw
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.arrival import (
    NEVER,
    Chain,
    arrivals,
    chains,
    critical,
    dates,
    done,
    drawn,
    first_month,
    fleet,
    slack,
    whole_months,
)
from sim.inputs.base import InputError
from sim.inputs.scenario import Scenario
from sim.plant.load import monthly_scale, peak_kw
from study.decision import SERVES_FRACTION, decision
from study.evaluate import evaluate
from study.study import Study, kept
from study.turning import first_turned

TENTHS = 10
DRAWS, SEED = 1000, 1
QUANTILES = (0.5, 0.9)
MONTH_H = 730.0
ROUNDING = 1e-9
SHORT_TERM = 12
SHORT_MONTHS, LONG_MONTHS = tuple(range(7)), (0, 6, 12, 18, 24, 36)
Months = tuple[int | None, ...]


@dataclass(frozen=True)
class PartPlan:
    """One part: its chain, when each step is done, the month it serves from (None = never), the steps that decide, by
    how much the others may be late, and the months that half and nine tenths of the draws keep."""

    part: str
    chain: Chain
    dates: Mapping[str, float]
    first: int | None
    critical: tuple[str, ...]
    slack: Mapping[str, float]
    quantiles: Months


@dataclass(frozen=True, eq=False)
class Power:
    """One alternative by the month: MW wanted, there at most, and powered (months,); the first month of each tenth of
    the greatest load wanted, at the plan's months and by quantile of the draws; what waiting costs."""

    wanted_mw: Floats
    available_mw: Floats
    powered_mw: Floats
    tenths: Months
    tenths_drawn: tuple[Months, ...]
    waiting_mw_months: float
    waiting_cost: float

    @property
    def whole(self) -> int | None:
        """The first month in which all of the load is powered."""
        return self.tenths[-1]


@dataclass(frozen=True, eq=False)
class DeliveryPlan:
    """The plan of a study: `study` is the one with lead times in it; `in_use`: whether that is the study asked about.
    worth_per_mw_month: of a powered MW."""

    study: Study
    in_use: bool
    parts: tuple[PartPlan, ...]
    power: Mapping[str, Power]
    worth_per_mw_month: float

    def part(self, name: str) -> PartPlan | None:
        return next((found for found in self.parts if found.part == name), None)


@kept
def plan(study: Study) -> DeliveryPlan:
    """The plan by lead times; the study itself is simulated with them where they do not count in it yet."""
    scenario = study.scenario
    in_use = scenario.timing.by_month
    timed = study if in_use else evaluate(scenario.with_({"timing.by_month": True}))
    draws = {part: drawn(chain, DRAWS, SEED + at) for at, (part, chain) in enumerate(chains(timed.scenario).items())}
    parts = tuple(_part(name, chain, draws[name]) for name, chain in chains(timed.scenario).items())
    worth = worth_of(study)
    power = {name: _power(timed, name, draws, worth) for name in ALTERNATIVES}
    return DeliveryPlan(timed, in_use, parts, power, worth)


def worth_of(study: Study) -> float:
    """Money of a month of one powered MW: as given, or the value of lost compute at the load's own load factor."""
    finance, load = study.scenario.finance, study.dispatch.series.load_kw
    if finance.waiting_per_mw_month is not None:
        return finance.waiting_per_mw_month
    share = float(load.mean()) / (peak_kw(study.scenario.load) or 1.0)
    return finance.unserved_per_kwh * 1000 * MONTH_H * share


def _part(name: str, chain: Chain, draws: Floats) -> PartPlan:
    found = {key: float(date) for key, date in dates(chain).items()}
    return PartPlan(name, chain, found, first_month(chain), critical(chain), slack(chain), quantiles(draws))


# --- the sums ---------------------------------------------------------------------------------------------------------


def quantiles(draws: Floats) -> Months:
    """The first month by which half, and nine tenths, of the drawn dates (n,) have come; None where that is never."""
    return tuple(_month(value) for value in whole_months(np.quantile(draws, QUANTILES, method="inverted_cdf")))


def _month(value: float) -> int | None:
    return None if value >= NEVER else int(value)


def tenths(powered: Floats, wanted: Floats) -> Ints:
    """First month (..., TENTHS) with at least each tenth of the greatest load wanted; `NEVER` where none is. powered
    (..., months), wanted (months,)."""
    needed = np.arange(1, TENTHS + 1) / TENTHS * wanted.max(initial=0.0)
    reached = powered[..., None, :] >= needed[:, None] - ROUNDING * max(1.0, needed[-1])
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1), NEVER)


def months_of(first: Ints) -> Months:
    """As `tenths`, for readers."""
    return tuple(_month(float(month)) for month in first)


def waiting(wanted: Floats, powered: Floats) -> float:
    """MW-months of load not powered."""
    return float(np.maximum(wanted - powered, 0.0).sum())


# --- one alternative --------------------------------------------------------------------------------------------------


def _power(timed: Study, name: str, draws: Mapping[str, Floats], worth: float) -> Power:
    dispatch, row = timed.dispatch, timed.dispatch.row(name)
    months = dispatch.months
    wanted = peak_kw(timed.scenario.load) * monthly_scale(timed.scenario.load, 0, months) / 1000
    load, left = (dispatch.monthly[key][row] for key in ("load_kwh", "unserved_kwh"))
    served = 1.0 - np.divide(left, load, out=np.zeros(months), where=load > 0)
    served_mw = wanted * np.where(served >= 1.0 - SERVES_FRACTION, 1.0, served)
    come = {part: np.array([month]) for part, month in arrivals(timed.scenario).items()}
    firm = _firm_mw(timed.scenario, name, come, months)[0]
    powered = np.maximum(served_mw, np.minimum(wanted, firm))  # what an outage leaves dark is no waiting
    lift = float(np.maximum(powered - firm, 0.0).max(initial=0.0)) if name == "hybrid" else 0.0
    drawn_months = {part: whole_months(dates_) for part, dates_ in draws.items()}
    could = _firm_mw(timed.scenario, name, come | drawn_months, months)
    if lift:
        could = could + lift * (np.arange(months) >= np.maximum(*_lifted_from(come | drawn_months))[:, None])
    first = tenths(np.minimum(wanted, could), wanted)
    return Power(
        wanted_mw=wanted,
        available_mw=np.maximum(firm, powered),
        powered_mw=powered,
        tenths=months_of(tenths(powered, wanted)),
        tenths_drawn=tuple(months_of(row) for row in np.quantile(first, QUANTILES, axis=0, method="inverted_cdf")),
        waiting_mw_months=waiting(wanted, powered),
        waiting_cost=waiting(wanted, powered) * worth,
    )


def _lifted_from(come: Mapping[str, Any]) -> tuple[Any, Any]:
    """What battery and PV add to the firm supply is there once both are."""
    return come["battery"], come["pv"]


def _firm_mw(scenario: Scenario, name: str, come: Mapping[str, Any], months: int) -> Floats:
    """MW of connection and sets in each month (n, months) where the parts come in these months (n,)."""
    month, grid, sets = np.arange(months), come["grid"][:, None], come["sets"][:, None]
    works = scenario.timing.by_month and scenario.grid.new_share > 0
    before, after = (_limits_kw(scenario, ready, months) for ready in ((NEVER, 0) if works else (None, None)))
    is_ready = month >= grid
    limit = np.where(is_ready, after, before) if name != "diesel" else np.zeros(1)
    genset, diesel = scenario.genset, fleet(_without_leads(scenario), months)
    later: Any = {"diesel": diesel, "grid": 0.0, "grid_diesel": genset.backup_sets, "hybrid": genset.last_resort_sets}[
        name
    ]
    early = later if name in ("diesel", "grid") else np.maximum(later, diesel)
    if name == "hybrid" and genset.bridge_sets is not None:
        early = genset.bridge_sets
    count = np.where(is_ready, later, early) * (month >= sets)
    return (limit + count * site_set_kw(scenario)) / 1000


def _limits_kw(scenario: Scenario, ready: int | None, months: int) -> Floats:
    if ready is None:
        return import_limits_kw(scenario, months)
    grid = scenario.grid.model_copy(update={"ready_month": ready})
    return import_limits_kw(scenario.model_copy(update={"grid": grid}), months)


def _without_leads(scenario: Scenario) -> Scenario:
    timing = scenario.timing.model_copy(update={"by_month": False})
    return scenario.model_copy(update={"timing": timing})


# --- a month earlier, a month later -----------------------------------------------------------------------------------


def arriving(scenario: Scenario, part: str, month: int) -> Scenario:
    """The scenario with one part there from a month on. Raises InputError where the scenario cannot be so."""
    if not scenario.timing.by_month:
        return scenario.with_({"grid.ready_month": month})
    chain = chains(scenario)[part]
    kept_rows = [row.model_dump() for row in scenario.timing.steps if row.part != part]
    rows = [{"part": part, "step": step.key, "months": float(month) if step == chain[0] else 0.0} for step in chain]
    return scenario.with_({"timing.steps": [*kept_rows, *rows]})


def earlier_worth(found: DeliveryPlan, part: str) -> dict[str, float]:
    """What a month less of each step of a part's chain is worth: less total cost of the hybrid; 0 where another step
    holds the part up."""
    own = there_part(found, part)
    if own.first is None:
        return {}
    worth: dict[int, float] = {own.first: 0.0}
    given = {}
    for step in own.chain:
        months = {other.key: other.months for other in own.chain}
        date = float(whole_months(done(own.chain, months | {step.key: max(0.0, step.months - 1.0)})))
        if date not in worth:
            worth[int(date)] = _total(found.study) - _total(evaluate(arriving(found.study.scenario, part, int(date))))
        given[step.key] = worth[int(date)]
    return given


def there_part(found: DeliveryPlan, part: str) -> PartPlan:
    """A part's plan. Raises ValueError where the site has no such part."""
    own = found.part(part)
    if own is None:
        raise ValueError(f"there is no part '{part}' in this plan")
    return own


def _total(study: Study) -> float:
    return study.kpis["hybrid"].total_cost


@dataclass(frozen=True)
class Arrival:
    """What the grid's month does to the answer. months: those looked at; cost: total by alternative in each; flips: the
    first month in which the verdict is another than today's, None where it stays; usual: what the chain comes to."""

    now: int
    months: tuple[int, ...]
    cost: Mapping[str, tuple[float, ...]]
    flips: int | None
    usual: int | None


@kept
def arrival(study: Study) -> Arrival | None:
    """The same study with the grid there in other months; None where nothing has to be built."""
    found = plan(study)
    own = found.part("grid")
    if own is None:
        return None
    term = study.scenario.site.term_months
    looked = tuple(month for month in (SHORT_MONTHS if term <= SHORT_TERM else LONG_MONTHS) if month <= term)
    studies = {month: _with_grid_in(study, month) for month in looked}
    cost = {name: tuple(studies[month].kpis[name].total_cost for month in looked) for name in ALTERNATIVES}
    now = study.scenario.grid.ready_month

    def gap(month: float) -> float:
        known = studies.get(int(month))
        try:
            return -decision(known or _with_grid_in(study, int(month))).margin
        except InputError:
            return inf

    turned = [at for end in (0.0, float(term)) if (at := first_turned(gap, float(min(now, term)), end)) is not None]
    flips = min(turned, key=lambda at: abs(at - now)) if turned else None
    return Arrival(now, looked, cost, None if flips is None else int(flips), own.first)


def saved_by_month(study: Study, until: int) -> dict[int, float]:
    """What the hybrid saves of the baseline's cost, undiscounted, with the grid there in each month from today's to
    `until` or the term's end; empty where that means nothing."""
    last = min(until, study.scenario.site.term_months)
    studies = {month: _with_grid_in(study, month) for month in range(study.scenario.grid.ready_month, last + 1)}
    saved = {month: found.savings["hybrid"].fraction for month, found in studies.items()}
    return {month: share for month, share in saved.items() if share is not None}


def _with_grid_in(study: Study, month: int) -> Study:
    return study if month == study.scenario.grid.ready_month else evaluate(arriving(study.scenario, "grid", month))
