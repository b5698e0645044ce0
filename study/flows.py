"""Money flows of many variants of a study at once: hybrid and baseline, physics run again for each variant.

A variant is the study's scenario with some inputs at other values (`study.varied`) and, if wanted, its own outages. All
of them go through the dispatch rule side by side (`study.batch_lanes`), over every project year or, with outages of
their own, one (`study.batch_years`); the cost lines are those of `finance.lines`, read for arrays of variants. The
scenario itself gives the study's own figures. As in the study stay the yearly capacity of cells that age by their use,
what an outage costs beyond its hours off, and work given up by the hybrid's control.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from finance import metrics
from finance.instalments import FROM_THE_START, MONTHS_OF, Instalment, instalments, months_of, years_from
from finance.ledger import cells_price, columns_of, kw_beyond, of_site
from finance.lines import LINES, Reader, value
from finance.lives import FACTORS, Lives
from finance.price_paths import path_of, rate_input
from sim.arrays import Floats, sum_of
from sim.dispatch import variants
from sim.dispatch.variants import Outages
from study.batch_lanes import Alternative, health_and_cells
from study.batch_years import Term, Used
from study.study import Study
from study.varied import Values, checked

CHUNK = 1024
BEYOND = ("storage.power_kw", "storage.energy_kwh", "finance.storage_price_hours")


@dataclass(frozen=True, eq=False)
class Flows:
    """Net flows (N, months + 1) of hybrid and baseline, money out negative, lost compute in them where the scenario
    counts it. `rate` (N,): yearly discount rate. unserved_kwh, co2_t (N,): of the hybrid; base_...: of the baseline."""

    own: Floats
    base: Floats
    rate: Floats
    unserved_kwh: Floats
    base_unserved_kwh: Floats
    co2_t: Floats
    base_co2_t: Floats

    @property
    def per_year(self) -> int:
        return metrics.MONTHLY

    @property
    def difference(self) -> Floats:
        """Hybrid less baseline: what the project's NPV, IRR and payback are of."""
        return self.own - self.base

    @property
    def saving(self) -> Floats:
        """Undiscounted saving over the term (N,)."""
        return self.difference.sum(axis=1)

    @property
    def saving_fraction(self) -> Floats:
        """Of the baseline's cost (N,); NaN where that is 0."""
        cost = -self.base.sum(axis=1)
        return np.divide(self.saving, cost, out=np.full(len(cost), np.nan), where=cost > 0)


def flows(
    study: Study,
    values: Mapping[str, ArrayLike],
    outages: Outages | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    against: str | None = None,
) -> Flows:
    """Flows of all variants, against the baseline unless another alternative is named. values: path of `VARIED` ->
    (N,); inputs that are not named stay as they are.

    outages: of each variant, in steps of the template year; None = the study's, year by year, for all. progress: called
    with (done, all) after each `CHUNK` of variants; what it raises ends the run. The result does not depend on
    `threads`. Raises ValueError for inputs that cannot be varied here, arrays of different length, and values out of
    limits.
    """
    given = checked(values)
    count = len(next(iter(given.values()))) if given else (outages.count if outages else 1)
    if outages is not None and outages.count != count:
        raise ValueError(f"there are {count} variants but outages for {outages.count}; give one list for each")
    puts_up_pv = bool((given.get("pv.dc_kwp", np.zeros(1)) > 0).any())
    terms = [Term(Alternative.of(study, name, puts_up_pv)) for name in ("hybrid", against or study.baseline)]
    everyone, parts = Values(study.scenario, given, count), []
    used = [] if outages else [term.every_year(everyone, threads) for term in terms]
    for start in range(0, count, CHUNK):
        rows = np.arange(start, min(start + CHUNK, count))
        some = everyone.some(rows)
        if outages is None:
            own = [{key: values[kind[rows]] for key, values in of_term.items()} for of_term, kind in used]
        else:
            own = [term.one_year(some, variants.repeated(outages, rows), threads) for term in terms]
        parts.append(_chunk(terms, some, own))
        if progress:
            progress(int(rows[-1]) + 1, count)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Flows(**joined)


def _chunk(terms: list[Term], v: Values, used: list[Used]) -> dict[str, Floats]:
    found = {"rate": v("finance.discount_rate")}
    for prefix, flow, term, own in zip(("", "base_"), ("own", "base"), terms, used, strict=True):
        of = _quantities(term, v, own)
        found[flow] = sum_of(_cost_flows(term, v, own, of).values())
        found[f"{prefix}unserved_kwh"] = of("unserved_kwh").sum(axis=1)
        found[f"{prefix}co2_t"] = np.broadcast_to(of("co2_kg"), (v.count, term.months)).sum(axis=1) / 1000
    return found


def cost_flows(term: Term, v: Values, used: Used) -> dict[str, Floats]:
    """Every cost line of one alternative (n, months + 1), money out negative."""
    return _cost_flows(term, v, used, _quantities(term, v, used))


def _cost_flows(term: Term, v: Values, used: Used, of: Reader) -> dict[str, Floats]:
    nothing, study = np.zeros((v.count, term.months + 1)), term.own.study
    found = dict.fromkeys(LINES, nothing)
    for line in LINES.values():
        if any(np.ndim(factor) == 0 and factor == 0 for factor in map(of, line.plain)):
            continue
        found[line.key] = np.zeros_like(nothing)
        parts = instalments(study.scenario, study.dispatch.sets[term.own.row][None], line)
        if parts is None:
            found[line.key][:, columns_of(line.due)] = value(line, of)
        for part in parts or ():
            own = _quantities(term, v, used, part)
            found[line.key][:, columns_of(line.due, part.month)] += part.share * value(line, own)
    return found


def _quantities(term: Term, v: Values, used: Used, stage: Instalment = FROM_THE_START) -> Reader:
    """What each factor of a cost line is for variants: (n or 1, months, project years or 1), or a number. What is not
    simulated for variants is the study's own."""
    study, row = term.own.study, term.own.row
    finance, year = study.scenario.finance, term.year_of_month
    spread = v.factor("tariff.spread")
    years, months = years_from(stage.month, study.dispatch.months), study.dispatch.months
    added = health_and_cells(study, v)[1][:, :years]
    price = cells_price(v("finance.storage_cost_decline"), years, stage.month)
    lives = Lives(months - stage.month, v.one, added, price, study.scenario.storage.renewal == "replace")
    own: dict[str, Callable[[], Any]] = {
        "hybrid": lambda: float(term.own.is_hybrid),
        "with_grid": lambda: float(term.own.name != "diesel"),
        "has_battery": lambda: v.factor("storage.energy_kwh") > 0,
        "kw_beyond": lambda: kw_beyond(*map(v.factor, BEYOND)),
        "pv_ac_kw": lambda: v.factor("pv.dc_kwp") / v.factor("pv.dc_ac_ratio"),
        "months": lambda: 1.0,
        "bill_energy": lambda: spread * used["energy"] + (1.0 - spread) * used["energy_flat"],
        "bill_demand": lambda: used["demand"],
        "bill_fixed": lambda: 0.0,
        "bill_export": lambda: used["export"],
        "fleet": lambda: float(study.dispatch.sets[row].max()),
        "cells_added": lambda: added,
        "cells_price": lambda: price,
    }

    def plain(name: str) -> Any:
        if name in own:
            return own[name]()
        if name in FACTORS:
            return lives(name)
        if name in MONTHS_OF:
            return months_of(study.scenario, name, months)
        if name in used:
            return used[name]
        if name in study.dispatch.monthly:
            return study.dispatch.monthly[name][row][None]
        if name.startswith("up."):
            component = name.removeprefix("up.")
            rates = v.factor(rate_input(finance, component))
            return path_of(finance, component).factors_at(np.atleast_1d(np.squeeze(rates)), year[-1] + 1)[:, year]
        return v.factor(name) if "." in name else of_site(study.scenario, name)

    return Reader(plain, stage.known)
