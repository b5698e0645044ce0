"""When a plant that comes in stages is paid for: each stage as if it were a plant of its own, from its month on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from finance.lines import Line
from sim.arrays import Floats
from sim.inputs.arrival import WHOLE, has_staged_sets, share_there, stages
from sim.inputs.scenario import Scenario

PLANT_OF = {"pv": "pv", "battery": "battery", "control": "battery"}  # by the part of the cost stack
DUE_ONCE = ("start", "yearly", "end")
# Factors of what is paid by the month for as much of a plant as stands.
MONTHS_OF = {"pv_months": "pv", "battery_months": "battery"}


@dataclass(frozen=True)
class Instalment:
    """A share of a line's amount, of what comes in a month (0 is the first): its lives count from there. `known`:
    factors that are the stage's own."""

    month: int
    share: float = 1.0
    known: Mapping[str, Floats] = field(default_factory=dict)


FROM_THE_START = Instalment(0)


def instalments(scenario: Scenario, sets: Floats, line: Line) -> tuple[Instalment, ...] | None:
    """How a line is paid where its plant comes later or in stages; None where all of it is due at its usual time.

    sets (..., months): on site. What would come after the term is not paid for.
    """
    if line.due not in DUE_ONCE:
        return None
    if line.part in PLANT_OF:
        found = stages(scenario, PLANT_OF[line.part])
        if found == WHOLE:
            return None
        if line.key == "ems":  # one control for all stages
            return tuple(Instalment(stage.month) for stage in found[:1])
        return tuple(Instalment(stage.month, stage.share) for stage in found)
    if line.part == "works" and scenario.timing.by_month:
        ready = scenario.grid.ready_month
        return (Instalment(ready),) if ready < scenario.site.term_months else ()
    if line.part == "sets" and has_staged_sets(scenario):
        return _of_sets(sets, line)
    return None


def _of_sets(sets: Floats, line: Line) -> tuple[Instalment, ...]:
    """Sets that are bought stay bought; those that are moved in again are moved in anew."""
    counted = np.maximum.accumulate(sets, axis=-1) if line.key == "genset_capex" else sets
    came = np.maximum(np.diff(counted, prepend=0.0, axis=-1), 0.0)
    months = [int(month) for month in np.flatnonzero(came.reshape(-1, came.shape[-1]).any(axis=0))]
    if line.due != "start":
        return (Instalment(months[0]),) if months else ()
    return tuple(Instalment(month, known={"fleet": came[..., month : month + 1]}) for month in months)


def months_of(scenario: Scenario, factor: str, months: int) -> Floats | float:
    """How much of a plant is paid for in each month (1, months), 1.0 where all of it is in every month."""
    part = MONTHS_OF[factor]
    return 1.0 if stages(scenario, part) == WHOLE else share_there(scenario, part, months)[None]


def years_from(month: int, months: int) -> int:
    """Project years of a plant that comes in a month of a term of so many."""
    return ceil((months - month) / 12)
