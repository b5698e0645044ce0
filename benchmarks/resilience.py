"""Speed of outage and ageing studies: survival from every start hour, a study with ageing, its cost over one without.

The peer of the study with ageing is the same study with a straight line, in the same run; the goal is the part of the
30 ms a page may add. Fastest of the turns, for other work on the machine only adds.
"""

import time
from collections.abc import Callable

import numpy as np

from sim.inputs.scenario import Scenario
from sim.plant.island import Island, hours_survived
from sim.sun.pv import pv_kw_per_kwp
from sim.timeline import timeline
from study.evaluate import evaluate
from study.presets import presets

TURNS = 9


def rows() -> list[dict]:
    """Measure everything once."""
    return [survival_row(), *study_rows(), pv_row()]


def survival_row() -> dict:
    """8,760 starts x 168 h of a site whose sets and tank carry it through, which walks every hour."""
    r = np.random.default_rng(0)
    net_kw = 9_000 + 1_000 * r.uniform(-1, 1, 8760)
    island = Island(
        4_000, 1_000, 16_000, 0.95, 0.95, set_kw=1_500, sets=7, min_load_fraction=0.3, fuel_l_per_kwh=0.25, tank_l=1e7
    )
    seconds = fastest(lambda: hours_survived(net_kw, 8_000.0, island, "genset_first", 168))
    assert hours_survived(net_kw, 8_000.0, island, "genset_first", 168).min() == 168
    return row("8,760 survival starts x 168 h", seconds * 1e3, "ms", "", None, "<= 50", seconds <= 0.050)


def study_rows() -> list[dict]:
    """15 years of four alternatives by the hour: with LFP ageing, and what that adds."""
    aged = presets()["blank"].scenario
    line = aged.with_({"storage.fade_model": "line", "storage.auxiliary_by_temperature": False})
    statistics = {"grid.saifi_per_year": 6.0, "grid.saidi_h_per_year": 9.0}
    drawn = aged.with_(statistics).with_({"grid.outage_source": "statistics"})
    studies = [lambda some=some: evaluate(some) for some in (aged, line, drawn)]
    with_s, without_s, drawn_s = fastest_in_turns(*studies)
    added = (with_s - without_s) * 1e3
    name = "study of 15 years, 4 alternatives, with ageing"
    return [
        row(
            name,
            with_s * 1e3,
            "ms",
            f"straight line: {without_s * 1e3:.1f} ms",
            with_s / without_s,
            "<= 35",
            with_s <= 0.035,
        ),
        row("ageing adds to it", added, "ms", "straight line", None, "<= 30", added <= 30),
        row(
            "outages drawn for each year add",
            (drawn_s - with_s) * 1e3,
            "ms",
            "a list",
            drawn_s / with_s,
            "<= 30",
            drawn_s - with_s <= 0.030,
        ),
    ]


def pv_row() -> dict:
    """A PV year again, as a search asks for it dozens of times."""
    clock, pv = timeline("2026-01", 12, 60), Scenario().pv
    pv_kw_per_kwp(pv, "shanghai", clock)
    seconds = fastest(lambda: pv_kw_per_kwp(pv, "shanghai", clock))
    return row("PV year from memory", seconds * 1e3, "ms", "", None, "<= 1", seconds <= 0.001)


def fastest(run: Callable[[], object]) -> float:
    """Least wall time of `TURNS` runs after one that does not count, seconds."""
    return fastest_in_turns(run)[0]


def fastest_in_turns(*runs: Callable[[], object]) -> list[float]:
    """The same for several runs that take turns."""
    times = np.zeros((len(runs), TURNS + 1))
    for turn in range(TURNS + 1):
        for k, run in enumerate(runs):
            start = time.perf_counter()
            run()
            times[k, turn] = time.perf_counter() - start
    return times[:, 1:].min(axis=1).tolist()


def row(name: str, value: float, unit: str, peer: str, ratio: float | None, goal: str, met: bool) -> dict:
    return {"name": name, "value": value, "unit": unit, "peer": peer, "ratio": ratio, "goal": goal, "met": bool(met)}
