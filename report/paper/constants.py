"""The chapter of constants and draws: what an auditor needs beside the inputs to make the same series again.

Every number is the code's own, taken from the module that uses it, and written in full.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from report.paper.blocks import Block, Draft, chapter, heading, prose, small, table
from sim.inputs.scenario import Scenario
from sim.plant import ageing, load
from sim.plant.interruptions import HOURS_PER_YEAR
from sim.sun import drawn, panels, year

Numbers = dict[str, tuple[float, ...]]
OF_PANELS = ("noct_c", "temperature_coefficient_per_k", "albedo", "inverter_efficiency")


def constants(draft: Draft) -> Block:
    """A part for each thing that is drawn or worked out in this scenario: its rule in words, and its constants."""
    scenario = draft.study.scenario
    blocks: list[Block | None] = [small(draft.t("constants.generator", name=generator(), version=np.__version__))]
    for key, (in_use, seed, numbers) in PARTS.items():
        if in_use(scenario):
            told = "" if seed is None else draft.t("constants.seed", seed=seed(scenario)) + " "
            blocks += [heading(draft.t(f"constants.{key}")), prose(told + draft.t(f"constants.{key}_rule"))]
            blocks.append(_table(draft, numbers(scenario)))
    blocks.append(small(draft.t("constants.series")))
    return chapter(draft, "constants", draft.t("constants.finding"), blocks)


def generator() -> str:
    """Name of the bit generator behind every draw."""
    return type(np.random.default_rng(0).bit_generator).__name__


def exact(numbers: tuple[float, ...]) -> str:
    """Numbers so that they read back equal, "0.8; 1"."""
    return "; ".join(f"{number:.15g}" for number in numbers)


def _table(draft: Draft, numbers: Numbers) -> Block | None:
    rows = [[draft.t(f"constants.row.{key}"), exact(found)] for key, found in numbers.items()]
    head = [draft.t("constants.what"), draft.t("constants.value")]
    return table(head, rows, align="ll", widths=[2.2, 1.4]) if rows else None


# --- the parts --------------------------------------------------------------------------------------------------------


def _trains(s: Scenario) -> bool:
    return s.load.kind in ("training", "mixed")


def _of_load(_: Scenario) -> Numbers:
    return {
        "job_h": (load.JOB_H,),
        "allocation": (load.ALLOCATION_LOW, load.ALLOCATION_HIGH),
        "running": (load.RUNNING_LEVEL, load.RUNNING_SPREAD),
        "running_limits": load.RUNNING_LIMITS,
        "gaps": (load.GAPS_PER_DAY, load.GAP_MINUTES, load.GAP_LEVEL),
    }


def _of_users(_: Scenario) -> Numbers:
    return {"weekend": (load.WEEKEND_LEVEL, *load.WEEKEND_REQUESTS.values())}


def _of_weather(_: Scenario) -> Numbers:
    return {
        "memory": (drawn.DAY_MEMORY,),
        "spread": (drawn.DAY_SPREAD,),
        "month_share": drawn.MONTH_SHARE_LIMITS,
        "clearness": drawn.CLEARNESS_LIMITS,
        "wind": (year.DEFAULT_WIND_M_S,),
    }


def _of_air(_: Scenario) -> Numbers:
    return {"hours": (drawn.COLDEST_HOUR, drawn.WARMEST_HOUR)}


def _of_pv(_: Scenario) -> Numbers:
    return {
        **{name: (getattr(panels.PvArray, name),) for name in OF_PANELS},
        "glass": (panels.GLASS_COATED_INDEX,),
        "module_efficiency": (panels.MODULE_EFFICIENCY,),
        "sun_year": (year.SUN_YEAR,),
    }


def _of_outages(_: Scenario) -> Numbers:
    return {"hours_of_year": (HOURS_PER_YEAR,)}


def _of_ageing(s: Scenario) -> Numbers:
    return {
        "calendar": (ageing.CALENDAR_PRE, ageing.CALENDAR_K, ageing.CALENDAR_ANODE_K, ageing.CALENDAR_EXPONENT),
        "anode": (ageing.ANODE_EMPTY, ageing.ANODE_FULL),
        "anode_first": (ageing.ANODE_BASE_V, ageing.ANODE_FIRST_V, ageing.ANODE_FIRST_DECAY),
        **{f"anode_step_{k}": step for k, step in enumerate(ageing.ANODE_STEPS, 1)},
        "cycle": (ageing.CYCLE_BASE, ageing.CYCLE_BY_DEPTH, ageing.CYCLE_BY_C_RATE, ageing.CYCLE_K),
        "cycle_exponent": (ageing.CYCLE_EXPONENT,),
        "cycle_cell": ageing.CYCLE_CELL_C,
        "still": (ageing.STILL_PER_H,),
        "substeps": (ageing.SUBSTEPS,),
    }


# For each part: whether the scenario has it, its seed where it is drawn, and its constants; in the order of the year.
PARTS: dict[str, tuple[Callable[[Scenario], bool], Callable[[Scenario], int] | None, Callable[[Scenario], Numbers]]] = {
    "year": (lambda s: True, None, lambda s: {}),
    "load": (_trains, lambda s: s.load.seed, _of_load),
    "users": (lambda s: s.load.kind in ("inference", "mixed"), None, _of_users),
    "weather": (lambda s: s.pv.exists and s.pv.weather is None, lambda s: s.pv.seed, _of_weather),
    "air": (lambda s: s.pv.weather is None, None, _of_air),
    "pv": (lambda s: s.pv.exists, None, _of_pv),
    "outages": (lambda s: s.grid.outage_source == "statistics", lambda s: s.grid.outage_seed, _of_outages),
    "ageing": (lambda s: s.storage.exists and s.storage.fade_model == "lfp", None, _of_ageing),
    "thresholds": (lambda s: bool(s.dispatch.shave_limits), None, lambda s: {}),
}
