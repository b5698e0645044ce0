"""What a study says, as findings: a catalogue key and its values. The same rules can say the opposite.

A finding holds numbers, not text: `report.text.say` puts it into words. The headline is about the hybrid against the
named baseline; what is cheaper still, or left without power, is always said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from finance.lines import keys
from finance.metrics import Figure
from sim.dispatch.lanes import import_limits_kw, site_set_kw
from sim.dispatch.outages import longest_h
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.scenario import Scenario
from sim.plant.battery import available, discharge_efficiency, nameplate_for_kwh, usable_kwh, window_kwh
from sim.plant.load import monthly_scale, peak_kw
from study.study import Study

SAME_FRACTION = 0.0005
NOTHING_KWH = 0.5
MAIN_DIESEL_SHARE = 0.2
LONG_TERM_MONTHS = 36
RESIDUAL_LINES = keys(cause="residual")
Kind = Literal[
    "money",
    "amount",
    "change",
    "percent",
    "number",
    "power",
    "energy",
    "duration",
    "when",
    "term",
    "years",
    "name",
    "first_name",
    "source",
]


@dataclass(frozen=True)
class Quantity:
    """One value of a sentence. `kind` says how it is written: money in the site's currency, "amount" the same without
    the currency, "change" a signed and "percent" a plain fraction, power kW, energy kWh, duration h, "when" and "term"
    months, "years" years; "name", "first_name" an alternative (or an ordinal), "source" an energy source by its key."""

    kind: Kind
    value: float | str
    unit: str = ""


@dataclass(frozen=True)
class Finding:
    """A sentence: catalogue key and values. `good` is True or False where it is good or bad news for the client."""

    key: str
    values: Mapping[str, Quantity] = field(default_factory=dict)
    good: bool | None = None


def headline(study: Study) -> Finding:
    """The one sentence: the hybrid's cost over the term against the baseline's."""
    own, base = study.kpis["hybrid"], study.kpis[study.baseline]
    values = {
        "own": Quantity("money", own.total_cost),
        "base": Quantity("amount", base.total_cost),
        "baseline": Quantity("name", study.baseline),
        "first_baseline": Quantity("first_name", study.baseline),
        "term": Quantity("term", study.scenario.site.term_months),
    }
    fraction = study.savings["hybrid"].fraction
    if max(own.energy_served_kwh, base.energy_served_kwh) <= NOTHING_KWH:
        return Finding("answers.headline.no_load", values)
    if base.energy_served_kwh <= NOTHING_KWH:
        return Finding("answers.headline.baseline_serves_nothing", values)
    if fraction is None:
        return Finding("answers.headline.baseline_is_free", values, good=False)
    if abs(fraction) < SAME_FRACTION:
        return Finding("answers.headline.same", values)
    values |= {"change": Quantity("change", -fraction), "more": Quantity("money", own.total_cost - base.total_cost)}
    return Finding(f"answers.headline.{'cheaper' if fraction > 0 else 'dearer'}", values, good=fraction > 0)


def remarks(study: Study) -> tuple[Finding, ...]:
    """What has to stand beside the headline: a cheaper alternative, load left without power, no equipment."""
    found = [_cheaper_still(study), _left_unserved(study, "hybrid"), _left_unserved(study, study.baseline)]
    found.append(_worth_today(study))
    found.append(_idle_battery(study))
    found.append(_grid_after_the_term(study))
    if not study.scenario.storage.exists and not study.scenario.pv.exists:
        found.append(Finding("answers.remark.no_equipment"))
    return tuple(finding for finding in found if finding)


def _worth_today(study: Study) -> Finding | None:
    """Where discounting turns the sign of the saving: cheaper over the term but not worth it today, or the reverse."""
    worth, saved = study.kpis["hybrid"].worth, study.savings["hybrid"]
    if worth is None or saved.fraction is None or abs(saved.fraction) < SAME_FRACTION:
        return None
    if (worth < 0) == (saved.total < 0):
        return None
    values = {
        "worth": Quantity("money", worth),
        "rate": Quantity("percent", study.scenario.finance.discount_rate),
        "baseline": Quantity("name", study.baseline),
    }
    return Finding(f"answers.remark.worth_{'negative' if worth < 0 else 'positive'}", values, good=worth > 0)


def _idle_battery(study: Study) -> Finding | None:
    """A battery that gives less than what it holds once a year."""
    storage, dispatch = study.scenario.storage, study.dispatch
    given_kwh = float(dispatch.total("discharge_kwh")[dispatch.row("hybrid")]) * 12 / dispatch.months
    if not storage.exists or given_kwh >= window_kwh(storage):
        return None
    return Finding("answers.remark.idle_battery", {"given": Quantity("energy", given_kwh)}, good=False)


def _grid_after_the_term(study: Study) -> Finding | None:
    """Works and stages that are ready too late to count."""
    site, grid = study.scenario.site, study.scenario.grid
    late_kw = grid.greatest_kw - max(grid.existing_kw, grid.reached_kw(site.term_months))
    return (
        Finding("answers.remark.grid_late", {"late": Quantity("power", late_kw)}, good=False) if late_kw > 0 else None
    )


def _cheaper_still(study: Study) -> Finding | None:
    """The cheapest alternative, where it is neither the hybrid nor the baseline the headline already compares."""
    best, own = study.ranking[0], study.kpis["hybrid"].total_cost
    cost, left = study.kpis[best].total_cost, study.kpis[best].unserved_kwh
    if best in ("hybrid", study.baseline) or own - cost <= SAME_FRACTION * abs(own):
        return None
    values = {
        "name": Quantity("name", best),
        "cost": Quantity("money", cost),
        "unserved": Quantity("energy", left),
        "value": Quantity("money", study.kpis[best].unserved_value),
    }
    if left <= NOTHING_KWH:
        return Finding("answers.remark.cheaper_still", values, good=False)
    counted = "counted" if study.scenario.finance.count_unserved else "not_counted"
    return Finding(f"answers.remark.cheaper_unserved_{counted}", values, good=False)


def _left_unserved(study: Study, name: str) -> Finding | None:
    figures = study.kpis[name]
    if figures.unserved_kwh <= NOTHING_KWH:
        return None
    load = figures.energy_served_kwh + figures.unserved_kwh
    values = {
        "first_name": Quantity("first_name", name),
        "unserved": Quantity("energy", figures.unserved_kwh),
        "share": Quantity("percent", figures.unserved_kwh / load),
        "value": Quantity("money", figures.unserved_value),
    }
    return Finding("answers.remark.unserved", values, good=False)


def chips(study: Study, unverified_count: int) -> tuple[Finding, ...]:
    """Short marks under the answer: energy not served, the control rule, inputs that rest on unverified defaults."""
    left = study.kpis["hybrid"].unserved_kwh
    served = Finding("answers.chip.all_served", good=True)
    if left > NOTHING_KWH:
        served = Finding("answers.chip.unserved", {"unserved": Quantity("energy", left)}, good=False)
    weak = Finding("answers.chip.verified", good=True)
    if unverified_count:
        weak = Finding("answers.chip.unverified", {"n": Quantity("number", unverified_count)})
    return served, Finding("answers.chip.plain_rule"), weak


def stack_title(study: Study) -> Finding:
    """Who is cheapest of the four, and where the hybrid stands."""
    best, full = study.ranking[0], _full_service_ranking(study)
    left = study.kpis[best].unserved_kwh
    values = {
        "first_name": Quantity("first_name", best),
        "unserved": Quantity("energy", left),
        "place": Quantity("name", f"place_{study.ranking.index('hybrid') + 1}"),
    }
    if best == "hybrid":
        included = any(figures.unserved_value > 0 for figures in study.kpis.values())
        counted = included and study.scenario.finance.count_unserved
        return Finding(f"answers.stack.hybrid_cheapest{'_counted' if counted else ''}", values, good=True)
    if left > NOTHING_KWH and full[:1] == ("hybrid",):
        return Finding("answers.stack.hybrid_cheapest_full", values, good=True)
    return Finding(f"answers.stack.other_cheapest{'_unserved' if left > NOTHING_KWH else ''}", values, good=False)


def _full_service_ranking(study: Study) -> tuple[str, ...]:
    return tuple(name for name in study.ranking if study.kpis[name].unserved_kwh <= NOTHING_KWH)


def mix_title(study: Study) -> Finding:
    """Who gives most of the hybrid's energy."""
    own = study.kpis["hybrid"]
    sources = {"grid": own.grid_kwh, "pv": own.pv_kwh, "diesel": own.diesel_kwh}
    total = sum(sources.values())
    if total <= 0:
        return Finding("answers.mix.nothing", good=False)
    main = max(sources, key=lambda name: sources[name])
    values = {"source": Quantity("source", main), "share": Quantity("percent", sources[main] / total)}
    return Finding("answers.mix.main", values)


@dataclass(frozen=True, eq=False)
class Spending:
    """Cumulative spending (alternatives, months + 1), positive = paid, without the resale at the end; `resale`
    (alternatives,) comes back at the end. `months` (months + 1,) are the ends of the months."""

    months: NDArray[np.float64]
    paid: NDArray[np.float64]
    resale: NDArray[np.float64]


def spending(study: Study) -> Spending:
    """Running total of what each alternative costs, by month as payback and IRR have it."""
    lines = study.ledger.lines
    resale = sum(lines[name].sum(axis=1) for name in RESIDUAL_LINES)
    without = study.ledger.total - sum(lines[name] for name in RESIDUAL_LINES)
    paid = -np.cumsum(without, axis=1)
    return Spending(np.arange(paid.shape[1], dtype=float), paid, resale)


@dataclass(frozen=True)
class Crossing:
    """When the hybrid's spending falls below the baseline's: "from_start", "at" a month, "again" where it rises
    above it later and falls back for good at the month `lasting`, "by_resale" only, "never"."""

    kind: Literal["from_start", "at", "again", "by_resale", "never"]
    month: float | None = None
    lasting: float | None = None


def crossing(study: Study) -> Crossing:
    """Read from the running totals, straight line inside a month, the same rule as the payback."""
    totals = spending(study)
    gap = totals.paid[ALTERNATIVES.index(study.baseline)] - totals.paid[ALTERNATIVES.index("hybrid")]
    behind = np.flatnonzero(gap < 0)
    if not behind.size:
        return Crossing("from_start")
    ahead = [k for k in range(behind[0] + 1, gap.size) if gap[k - 1] < 0 <= gap[k]]
    if not ahead:
        return Crossing("by_resale" if study.savings["hybrid"].total > 0 else "never")
    first, last = (float(k - 1 - gap[k - 1] / (gap[k] - gap[k - 1])) for k in (ahead[0], ahead[-1]))
    return Crossing("again", first, last) if last > first and gap[-1] >= 0 else Crossing("at", first)


def spending_title(study: Study) -> Finding:
    """The finding above the two cumulative lines."""
    cross = crossing(study)
    values = {"baseline": Quantity("name", study.baseline)}
    if cross.month is not None:
        values["when"] = Quantity("when", cross.month)
    if cross.lasting is not None:
        values["lasting"] = Quantity("when", cross.lasting)
    ends_ahead = study.savings["hybrid"].total > 0
    good = cross.kind == "from_start" or ends_ahead
    key = cross.kind if ends_ahead or cross.kind == "never" else f"{cross.kind}_lost"
    return Finding(f"answers.spending.{key}", values, good=good)


def ride_through_h(study: Study, from_fraction: float | None = None) -> Figure:
    """Hours the battery alone carries the peak load of year 1, when new, from `from_fraction` of nameplate (default:
    full). Its power has to match the site alone, its energy carries the auxiliaries too. Reasons where there is none:
    "no_battery", "no_load", "too_little_power".
    """
    storage = study.scenario.storage
    if not storage.exists:
        return Figure(None, "no_battery")
    load = full_load_kw(study)
    if load <= 0:
        return Figure(None, "no_load")
    if available(storage)[0] < load - study.dispatch.auxiliary_kw:
        return Figure(None, "too_little_power")
    return Figure(usable_kwh(storage, from_fraction) / load)


def full_load_kw(study: Study) -> float:
    """Peak load of year 1 with the battery's auxiliaries, kW."""
    load = study.scenario.load
    scale = monthly_scale(load, 0, min(12, study.scenario.site.term_months)).max()
    return float(peak_kw(load) * scale + study.dispatch.auxiliary_kw)


def is_long_term(scenario: Scenario) -> bool:
    """Whether payback, IRR, NPV and LCOE lead the page; shorter jobs show cost and hours instead."""
    return scenario.site.term_months >= LONG_TERM_MONTHS


def clash(study: Study) -> Finding | None:
    """Numbers that cannot both hold, with two ways out: load the hybrid leaves unserved, or diesel as a main source."""
    if study.kpis["hybrid"].unserved_kwh - study.kpis["hybrid"].shed_kwh > NOTHING_KWH:
        return _unserved_clash(study)
    figures, scenario = study.kpis["hybrid"], study.scenario
    hours = study.dispatch.months * 365 * 24 / 12
    mean_kw = figures.energy_served_kwh / hours if hours else 0.0
    share = figures.diesel_kwh / figures.energy_served_kwh if figures.energy_served_kwh > 0 else 0.0
    if share < MAIN_DIESEL_SHARE or scenario.grid.import_limit_kw >= mean_kw:
        return None
    values = {
        "limit": Quantity("power", scenario.grid.import_limit_kw),
        "mean": Quantity("power", mean_kw),
        "share": Quantity("percent", share),
    }
    return Finding("answers.clash.diesel_main", values, good=False)


def _unserved_clash(study: Study) -> Finding:
    """In the worst month: is the supply too small with the grid up, or only in an outage?"""
    scenario, row = study.scenario, ALTERNATIVES.index("hybrid")
    month = int(study.dispatch.monthly["unserved_kwh"][row].argmax())
    limit = float(import_limits_kw(scenario, study.dispatch.months)[month])
    sets_kw = float(study.dispatch.sets[row, month]) * site_set_kw(scenario)
    scale = monthly_scale(scenario.load, 0, study.dispatch.months)[month]
    peak = full_load_kw(study) / monthly_scale(scenario.load, 0, min(12, study.dispatch.months)).max() * scale
    values = {
        "unserved": Quantity("energy", study.kpis["hybrid"].unserved_kwh),
        "limit": Quantity("power", limit),
        "sets": Quantity("power", sets_kw),
        "peak": Quantity("power", float(peak)),
        "limit_needed": Quantity("power", max(0.0, float(peak) - sets_kw)),
        "sets_needed": Quantity("number", ceil(peak / site_set_kw(scenario) - 1e-9)),
    }
    if limit + sets_kw < peak:
        more = ceil((peak - limit) / site_set_kw(scenario) - 1e-9)
        values["sets_needed"] = Quantity("number", more)
        return Finding("answers.clash.supply_too_small", values, good=False)
    longest = longest_h(study.dispatch)
    storage = scenario.storage
    needed_kwh = max(0.0, peak - sets_kw) * longest
    full_kwh = available(storage)[1] * discharge_efficiency(storage)
    values["hours"] = Quantity("duration", longest)
    reserve = storage.soc_min_fraction + needed_kwh / full_kwh if full_kwh > 0 else np.inf
    if reserve <= storage.soc_max_fraction:
        values["reserve"] = Quantity("percent", float(reserve))
        return Finding("answers.clash.outage_reserve", values, good=False)
    values["battery"] = Quantity("energy", nameplate_for_kwh(storage, needed_kwh))
    return Finding("answers.clash.outage_battery", values, good=False)
