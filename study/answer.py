"""What a study says, as findings: a catalogue key and its values. The same rules can say the opposite.

A finding holds numbers, not text: `report.text.say` puts it into words. The headline is about the hybrid against its
rival on the yardstick of `study.decision`; the chosen baseline and undiscounted cost stand beside it.
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
from sim.inputs.arrival import chains, first_month
from sim.inputs.scenario import Scenario
from sim.plant.battery import available, discharge_efficiency, nameplate_for_kwh, usable_kwh
from sim.plant.load import monthly_scale, peak_kw
from study.decision import Decision, decision, unserved_fraction
from study.study import Study
from study.timeline import saved_by_month

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
    "basis",
    "price",
    "place",
    "region",
    "count",
    "text",
]


@dataclass(frozen=True)
class Quantity:
    """One value of a sentence. `kind` says how it is written: money in the site's currency, "amount" the same without
    the currency, "change" a signed and "percent" a plain fraction, power kW, energy kWh, duration h, "when" and "term"
    months, "years" years; "name", "first_name" an alternative (or an ordinal), "source" an energy source, "basis" the
    yardstick, by its key; "price" money per kWh; "place" a site and "region" a
    tariff's region by its id; "count" a whole number; "text" as it stands: a date, a code."""

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
    """The one sentence: who costs least in present value, and by how much the hybrid costs less or more."""
    found = decision(study)
    values = _sums(study, found)
    if study.kpis["hybrid"].energy_served_kwh + study.kpis["hybrid"].unserved_kwh <= NOTHING_KWH:
        return Finding("answers.headline.no_load", values)
    good = {"yes": True, "no": False, "tie": None}[found.verdict]
    if found.serves["hybrid"] != found.serves[found.rival]:
        return Finding(f"answers.headline.{'only_hybrid' if good else 'hybrid_fails'}", values, good)
    if found.margin_fraction is None and not good:
        return Finding("answers.headline.rival_is_free", values, good)
    return Finding(f"answers.headline.{found.verdict}", values, good)


def _sums(study: Study, found: Decision) -> dict[str, Quantity]:
    """Hybrid and rival on the yardstick."""
    return {
        "own": Quantity("money", found.present_cost["hybrid"]),
        "base": Quantity("money", found.present_cost[found.rival]),
        "margin": Quantity("money", abs(found.margin)),
        "change": Quantity("change", -(found.margin_fraction or 0.0)),
        "rival": Quantity("name", found.rival),
        "first_rival": Quantity("first_name", found.rival),
        "unserved": Quantity("energy", study.kpis["hybrid"].unserved_kwh),
        "term": Quantity("term", study.scenario.site.term_months),
        "basis": Quantity("basis", "after_tax" if found.is_after_tax else "before_tax"),
    }


def remarks(study: Study) -> tuple[Finding, ...]:
    """What stands beside the headline: the baseline, undiscounted cost, a cheaper alternative that leaves load dark,
    what the best one leaves dark, what is worked out and not counted."""
    found = [_against_baseline(study), _undiscounted(study), _left_dark(study), _cheaper_but_dark(study)]
    found += [_not_counted(study), _grid_after_the_term(study), _grid_on_time(study)]
    if not study.scenario.storage.exists and not study.scenario.pv.exists:
        found.append(Finding("answers.remark.no_equipment"))
    return tuple(finding for finding in found if finding)


def _against_baseline(study: Study) -> Finding | None:
    """The chosen baseline, where it is not the rival the headline names."""
    found, base = decision(study), study.baseline
    own, cost = found.present_cost["hybrid"], found.present_cost[base]
    if base == found.rival or cost <= 0:
        return None
    chosen = "by_site" if study.scenario.finance.baseline == "auto" else "chosen"
    values = {"change": Quantity("change", own / cost - 1), "base": Quantity("money", cost)}
    values["first_baseline"] = Quantity("first_name", base)
    return Finding(f"answers.remark.baseline_{chosen}", values)


def _undiscounted(study: Study) -> Finding | None:
    """The sums as they are paid, and whether they would say the opposite."""
    found, own = decision(study), study.kpis["hybrid"].total_cost
    base = study.kpis[found.rival].total_cost
    if base <= 0:
        return None
    turned = found.verdict != "tie" and (found.margin > 0) != (base > own)
    values = {
        "own": Quantity("money", own),
        "base": Quantity("money", base),
        "change": Quantity("change", own / base - 1),
        "rival": Quantity("name", found.rival),
        "rate": Quantity("percent", study.scenario.finance.discount_rate),
    }
    return Finding(f"answers.remark.undiscounted{'_turned' if turned else ''}", values)


def _grid_after_the_term(study: Study) -> Finding | None:
    """Works and stages that are ready too late to count."""
    site, grid = study.scenario.site, study.scenario.grid
    late_kw = grid.greatest_kw - max(grid.existing_kw, grid.reached_kw(site.term_months))
    return (
        Finding("answers.remark.grid_late", {"late": Quantity("power", late_kw)}, good=False) if late_kw > 0 else None
    )


def _grid_on_time(study: Study) -> Finding | None:
    """In a short term the month of the grid decides: what the saving becomes until the works are usually done."""
    chain, now = chains(study.scenario).get("grid"), study.scenario.grid.ready_month
    if is_long_term(study.scenario) or study.scenario.timing.by_month or chain is None:
        return None
    usual = first_month(chain)
    saved = {} if usual is None else saved_by_month(study, usual)
    if usual is None or usual <= now or not saved or saved[now] <= 0:
        return None
    held = max(month for month, share in saved.items() if share > 0)
    values = {
        "now": Quantity("term", now),
        "usual": Quantity("term", usual),
        "baseline": Quantity("name", study.baseline),
        "saved": Quantity("percent", saved[now]),
        "held": Quantity("term", held),
        "held_saved": Quantity("percent", saved[held]),
    }
    if held + 1 not in saved:
        return Finding("answers.remark.grid_on_time", values, good=False)
    values |= {"lost": Quantity("term", held + 1), "change": Quantity("change", -saved[held + 1])}
    return Finding("answers.remark.grid_on_time_lost", values, good=False)


def _left_dark(study: Study) -> Finding | None:
    """What the rival leaves without power, within the share that counts as serving the load."""
    name = decision(study).rival
    left = study.kpis[name].unserved_kwh
    if left <= NOTHING_KWH:
        return None
    values = {
        "first_name": Quantity("first_name", name),
        "unserved": Quantity("energy", left),
        "share": Quantity("percent", unserved_fraction(study, name)),
        "value": Quantity("money", study.kpis[name].unserved_value),
    }
    counted = "counted" if study.scenario.finance.count_unserved else "uncounted"
    return Finding(f"answers.remark.left_dark_{counted}", values)


def _cheaper_but_dark(study: Study) -> Finding | None:
    """The cheapest alternative that does not serve the load, where it costs less than the best that does."""
    found = decision(study)
    dark = [name for name in found.order if not found.serves[name] and name != "hybrid"]
    if not dark or not found.serves[found.best] or found.present_cost[dark[0]] >= found.present_cost[found.best]:
        return None
    values = {
        "first_name": Quantity("first_name", dark[0]),
        "cost": Quantity("money", found.present_cost[dark[0]]),
        "unserved": Quantity("energy", study.kpis[dark[0]].unserved_kwh),
        "share": Quantity("percent", unserved_fraction(study, dark[0])),
    }
    return Finding("answers.remark.cheaper_but_dark", values)


def _not_counted(study: Study) -> Finding | None:
    """Restarts after losses of power: what they would add, where the scenario does not count them."""
    rival = decision(study).rival
    own, base = (study.kpis[name].interruption_value for name in ("hybrid", rival))
    if study.scenario.finance.count_interruptions or max(own, base) <= 0:
        return None
    values = {"own": Quantity("money", own), "base": Quantity("money", base), "rival": Quantity("name", rival)}
    return Finding("answers.remark.restarts_not_counted", values)


def chips(study: Study, alerts: int, unverified_count: int) -> tuple[Finding, ...]:
    """Short marks under the answer: energy not served, warnings, inputs that rest on unverified defaults."""
    left = study.kpis["hybrid"].unserved_kwh
    served = Finding("answers.chip.all_served", good=True)
    if left > NOTHING_KWH:
        served = Finding("answers.chip.unserved", {"unserved": Quantity("energy", left)}, good=False)
    warned = Finding("answers.chip.no_warning", good=True)
    if alerts:
        key = f"answers.chip.warning{'s' if alerts > 1 else ''}"
        warned = Finding(key, {"n": Quantity("number", alerts)}, good=False)
    weak = Finding("answers.chip.verified", good=True)
    if unverified_count:
        weak = Finding("answers.chip.unverified", {"n": Quantity("number", unverified_count)})
    return served, warned, weak


def stack_title(study: Study) -> Finding:
    """Who costs least of those that serve the load, and where the hybrid stands."""
    found = decision(study)
    values = {"first_name": Quantity("first_name", found.best), "place": Quantity("name", f"place_{found.place}")}
    if found.verdict == "tie":
        return Finding("answers.stack.tie", values | {"rival": Quantity("name", found.rival)})
    return Finding(f"answers.stack.{'hybrid' if found.best == 'hybrid' else 'other'}", values, found.verdict == "yes")


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
    """When the hybrid's spending falls below the rival's: "from_start", "at" a month, "again" where it rises
    above it later and falls back for good at the month `lasting`, "by_resale" only, "never"."""

    kind: Literal["from_start", "at", "again", "by_resale", "never"]
    month: float | None = None
    lasting: float | None = None


def crossing(study: Study) -> Crossing:
    """Read from the running totals, straight line inside a month, the same rule as the payback."""
    totals, rival = spending(study), decision(study).rival
    gap = totals.paid[ALTERNATIVES.index(rival)] - totals.paid[ALTERNATIVES.index("hybrid")]
    behind = np.flatnonzero(gap < 0)
    if not behind.size:
        return Crossing("from_start")
    ahead = [k for k in range(behind[0] + 1, gap.size) if gap[k - 1] < 0 <= gap[k]]
    if not ahead:
        return Crossing("by_resale" if _saved(study) > 0 else "never")
    first, last = (float(k - 1 - gap[k - 1] / (gap[k] - gap[k - 1])) for k in (ahead[0], ahead[-1]))
    return Crossing("again", first, last) if last > first and gap[-1] >= 0 else Crossing("at", first)


def _saved(study: Study) -> float:
    """What the hybrid costs less than its rival, undiscounted."""
    total = study.ledger.total.sum(axis=1)
    return float(total[ALTERNATIVES.index("hybrid")] - total[ALTERNATIVES.index(decision(study).rival)])


def spending_title(study: Study) -> Finding:
    """The finding above the two cumulative lines."""
    cross = crossing(study)
    values = {"rival": Quantity("name", decision(study).rival)}
    if cross.month is not None:
        values["when"] = Quantity("when", cross.month)
    if cross.lasting is not None:
        values["lasting"] = Quantity("when", cross.lasting)
    ends_ahead = _saved(study) > 0
    good = cross.kind == "from_start" or ends_ahead
    key = cross.kind if ends_ahead or cross.kind == "never" else f"{cross.kind}_lost"
    return Finding(f"answers.spending.{key}", values, good=good)


def ride_through_h(study: Study, from_fraction: float | None = None, health: float = 1.0) -> Figure:
    """Hours the battery alone carries the peak load of year 1 from `from_fraction` of nameplate (default: full), with
    `health` of its new energy. Its power has to match the site alone, its energy carries the auxiliaries too. Reasons
    where there is none: "no_battery", "no_load", "too_little_power".
    """
    storage = study.scenario.storage
    if not storage.exists:
        return Figure(None, "no_battery")
    load = full_load_kw(study)
    if load <= 0:
        return Figure(None, "no_load")
    if available(storage)[0] < load - study.dispatch.auxiliary_kw:
        return Figure(None, "too_little_power")
    return Figure(usable_kwh(storage, from_fraction) * health / load)


def guaranteed_ride_h(study: Study) -> Figure:
    """Hours that can be promised: from the charge kept for outages, in the year in which the battery holds least."""
    return ride_through_h(study, study.scenario.dispatch.reserve_fraction, float(study.dispatch.life.health.min()))


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
