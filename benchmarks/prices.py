"""What a year of market prices costs: a study with one beside the same study with its tariff, and reading a year.

Processor time, the fastest of turns that alternate; the ratio is that of the worst shipped case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from benchmarks.reading import fastest, row
from sim.inputs.market import Market, MarketYear, price_text
from sim.inputs.scenario import Scenario
from sim.tariff.price_file import read_curve
from study.evaluate import evaluate
from study.presets import presets
from study.risk import draw, simulate_draws

ROUNDS, DRAWS, YEARS = 5, 1000, 20


def rows() -> list[dict]:
    """Measure everything once."""
    ratio, name = max((study_ratio(preset.scenario), name) for name, preset in presets().items())
    quarters = entsoe()
    seconds = fastest(lambda: read_curve(quarters, "prices.csv"))
    return [
        row(f"study with a price year, {name}", ratio, "", "the same with its tariff", ratio, "<= 1.3", ratio <= 1.3),
        row("read a year of 15 min prices", seconds * 1e3, "ms", "", None, "<= 1000", seconds <= 1.0),
        years_row(),
    ]


def study_ratio(scenario: Scenario) -> float:
    """Time of the study with a market over that with its tariff."""
    market = scenario.with_({"tariff.market": market_of(1).model_dump()})
    runs: list[Callable[[], object]] = [lambda: evaluate(market), lambda: evaluate(scenario)]
    found = np.array([[fastest(run) for run in runs] for _ in range(ROUNDS)])
    return float(np.divide(*found.min(axis=0)))


def years_row() -> dict:
    """Draws that meet one of twenty years, beside draws of one."""
    case_b = presets()["case_b"].scenario
    one, many = (evaluate(case_b.with_({"tariff.market": market_of(n).model_dump()})) for n in (1, YEARS))
    simulate_draws(one, draw(one, 64))
    seconds, alone = (fastest(lambda study=study: simulate_draws(study, draw(study, DRAWS))) for study in (many, one))
    name = f"{DRAWS:,} draws of {YEARS} market years"
    return row(name, seconds, "s", f"of one year: {alone:.2f} s", seconds / alone, "<= 10", seconds <= 10)


def market_of(count: int) -> Market:
    """Synthetic hourly years, fixed seed."""
    r, hour = np.random.default_rng(0), np.arange(8760)
    shape = 0.06 + 0.03 * np.sin((hour % 24 - 8) / 24 * 2 * np.pi)
    years = [
        MarketYear(year=2026 - count + k, step_minutes=60, prices=price_text(shape + r.normal(0, 0.02, 8760)))
        for k in range(count)
    ]
    return Market(file_name="prices.csv", years=tuple(years))


def entsoe() -> bytes:
    """A year of quarter hours as the transparency platform exports it."""
    first, quarter = datetime(2025, 1, 1), timedelta(minutes=15)
    lines = ['"MTU (CET/CEST)","Day-ahead Price (EUR/MWh)"']
    for k in range(365 * 96):
        begin = first + k * quarter
        lines.append(f'"{begin:%d/%m/%Y %H:%M:%S} - {begin + quarter:%d/%m/%Y %H:%M:%S}","{40 + k % 96 - k % 7:.2f}"')
    return "\n".join(lines).encode()
