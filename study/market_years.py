"""The years of a market as chance: each draw of a risk study meets one of those the tariff holds, as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields

import numpy as np

from sim.arrays import Floats, Ints, there
from sim.dispatch.variants import Outages, repeated
from sim.inputs.scenario import Scenario
from study.evaluate import evaluate
from study.flows import Flows, flows
from study.study import Study

YEAR = "tariff.market.year"


def mean_prices(scenario: Scenario) -> dict[int, float]:
    """Mean price of each year of the tariff's market; empty where there are not several to draw from."""
    market = scenario.tariff.market
    if market is None or len(market.years) < 2:
        return {}
    return {one.year: float(one.per_kwh.mean()) for one in market.years}


def flows_by_year(
    study: Study,
    market_year: Ints,
    values: Mapping[str, Floats],
    outages: Outages,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    against: str | None = None,
) -> Flows:
    """`flows` of variants that each have a market year of their own (N,): the control plans by that year's prices, and
    it is billed."""
    found: dict[str, Floats] = {}
    done, total = 0, len(market_year)
    billed = there(study.scenario.tariff.market, "the market of the tariff").billed.year
    for year in np.unique(market_year).tolist():
        rows = np.flatnonzero(market_year == year)
        other = study if year == billed else evaluate(study.scenario.with_({YEAR: year}))
        some = {path: drawn[rows] for path, drawn in values.items()}
        part = flows(other, some, repeated(outages, rows), threads, None, against)
        for field in fields(part):
            drawn = getattr(part, field.name)
            found.setdefault(field.name, np.empty((total, *drawn.shape[1:])))[rows] = drawn
        done += len(rows)
        if progress:
            progress(done, total)
    return Flows(**found)
