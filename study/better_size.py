"""Whether the same hybrid would cost less with another battery or other PV, by the control rule in use.

Each size is simulated as a study of its own: shares and multiples of today's battery with its power in proportion, then
of today's PV beside the best battery. It is a look around, no optimum; that is `study.sizing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from study.decision import TIE_FRACTION, decision
from study.study import Study, kept
from study.turning import bare_study

BATTERY_STEPS = (0.0, 0.25, 0.5, 0.75, 1.5, 2.0)
PV_STEPS = (0.0, 0.5, 1.5)


@dataclass(frozen=True)
class BetterSize:
    """`changes`: inputs by path with the value to take; `gain`: what the hybrid then costs less in present value."""

    changes: Mapping[str, float]
    gain: float


@kept
def better_size(study: Study) -> BetterSize | None:
    """The best size found, or None where none that serves the load is worth more than a tie."""
    scenario, found = study.scenario, decision(study)
    today = {path: float(scenario.get(path)) for path in ("storage.energy_kwh", "storage.power_kw", "pv.dc_kwp")}
    best, gain = dict(today), 0.0
    batteries = BATTERY_STEPS if scenario.storage.exists else ()
    for paths, steps in ((("storage.energy_kwh", "storage.power_kw"), batteries), (("pv.dc_kwp",), _pv_steps(today))):
        sizes = [{**best, **{path: step * today[path] for path in paths}} for step in steps]
        for size in sizes:
            more = _gain(study, size)
            if more > gain:
                best, gain = size, more
    if gain <= TIE_FRACTION * abs(found.present_cost[found.rival]):
        return None
    return BetterSize({path: value for path, value in best.items() if value != today[path]}, gain)


def _pv_steps(today: Mapping[str, float]) -> tuple[float, ...]:
    return PV_STEPS if today["pv.dc_kwp"] > 0 else ()


def _gain(study: Study, size: Mapping[str, float]) -> float:
    """What the hybrid costs less at this size; minus infinity where it no longer serves the load."""
    other = decision(bare_study(study.scenario.with_(dict(size))))
    if decision(study).serves["hybrid"] and not other.serves["hybrid"]:
        return float("-inf")
    return other.margins[decision(study).rival] - decision(study).margin
