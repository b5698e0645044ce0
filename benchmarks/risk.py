"""Speed and memory of a risk study of case B (10 MW, 15 years): Monte Carlo, tornado, two-way map.

Every draw has its own outages, its physics run again, and full cash flows with NPV, IRR and payback. Of several turns
the fastest counts, for other work on the machine only adds. Memory is that of the arrays numpy allocates.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from finance.figures import WORTH
from study.evaluate import evaluate
from study.presets import presets
from study.risk import default_ranges, draw, heat_map, simulate_draws, tornado
from study.study import Study

DRAWS, TURNS = 10_000, 4


def rows() -> list[dict]:
    study = evaluate(presets()["case_b"].scenario)
    simulate_draws(study, draw(study, 64))  # compiles
    return [monte_carlo_row(study), memory_row(study), sensitivity_row(study), digits_row(study)]


def monte_carlo_row(study: Study) -> dict:
    seconds = fastest(lambda: simulate_draws(study, draw(study, DRAWS)))
    return row("Monte Carlo, 10,000 draws with own outages", seconds, "s", "<= 1", seconds <= 1.0)


def memory_row(study: Study) -> dict:
    tracemalloc.start()
    simulate_draws(study, draw(study, DRAWS))
    extra_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return row("memory of 10,000 draws", extra_mb, "MB", "<= 200", extra_mb <= 200)


def sensitivity_row(study: Study) -> dict:
    ranges = default_ranges(study.scenario)[:20]
    sizes = np.linspace(2_000, 40_000, 50)
    prices = np.linspace(0.6, 1.4, 50)

    def both() -> None:
        tornado(study, ranges)
        heat_map(study, "storage.energy_kwh", sizes, "finance.energy_price_factor", prices)

    seconds = fastest(both)
    return row("tornado of 20 inputs and a 50 x 50 map", seconds, "s", "<= 0.3", seconds <= 0.3)


def digits_row(study: Study) -> dict:
    draws = draw(study, 2_000)
    one, two = (simulate_draws(study, draws, threads=threads).results[WORTH] for threads in (1, 2))
    differing = int((one != two).sum())
    return row("draws whose NPV depends on the threads", differing, "of 2,000", "0", differing == 0)


def fastest(run: Callable[[], object]) -> float:
    times = []
    for _ in range(TURNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def row(name: str, value: float, unit: str, goal: str, met: bool) -> dict:
    return {"name": name, "value": value, "unit": unit, "peer": "", "ratio": None, "goal": goal, "met": met}
