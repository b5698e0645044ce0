"""Compile what numba keeps on disk, in two halves side by side, before two workers would both compile all of it.

``python -m tests.warm_up 0`` and ``... 1`` take about 25 s each where nothing is kept yet, and two where all is.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def forecast() -> None:
    from sim.dispatch import rolling

    rolling.warm_up()


def the_rest() -> None:
    from sim.dispatch import kernel
    from sim.optimum import solve
    from study.presets import presets
    from tests.ui.apps import drawn_alone

    kernel.warm_up()
    solve.warm_up()
    for page in ("risk", "outages"):  # draws with outages of their own, and how long a site rides through one
        drawn_alone(page, presets()["case_a"].scenario)


HALVES = (forecast, the_rest)


def warm_up() -> None:
    """Both halves, each in a process of its own. What fails here fails again, and is told, in a test."""
    from tests.processes import run

    def half(k: int) -> None:
        run([sys.executable, "-m", "tests.warm_up", str(k)], cwd=ROOT)

    with ThreadPoolExecutor(len(HALVES)) as pool:
        list(pool.map(half, range(len(HALVES))))


if __name__ == "__main__":
    HALVES[int(sys.argv[1])]()
