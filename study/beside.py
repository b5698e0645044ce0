"""What a proposal shows beside its study: the year under other controls, the same plant with another battery, and which
unverified inputs to ask for first.

All cost more than the rest of the paper, so they are worked out once and handed to each language.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.problem import Refusal
from study.controls import Controls, compare_controls
from study.evaluate import evaluate
from study.foresight import bound, not_covered
from study.risk import Bar, asked
from study.study import Study

SIZES = (0.5, 0.75, 1.25, 1.5)


@dataclass(frozen=True, eq=False)
class Beside:
    """`controls`: None where the year has no bound or the battery nothing to save. `sizes`: studies of rising battery
    size at the same hours of storage, the study itself among them; empty without a battery, and where it follows a
    strategy table: that is made for one size. `asked`: unverified inputs by what they move the NPV by."""

    controls: Controls | None
    sizes: tuple[Study, ...]
    asked: tuple[Bar, ...] = ()


def beside(study: Study) -> Beside:
    """All of it, from scratch."""
    return Beside(controls_of(study), sizes_of(study), asked(study))


def controls_of(study: Study, year: int = 1) -> Controls | None:
    """The hybrid's project year under every control; None where there is no bound to measure them by, or where the
    computing gives way: the forecast does not see that."""
    found = None if not_covered(study) or study.scenario.compute.in_use else bound(study, year)
    if found is None or found.share(found.best) is None:
        return None
    return compare_controls(study, found, year)


def sizes_of(study: Study) -> tuple[Study, ...]:
    """Whole studies with `SIZES` times the battery, all years simulated; a size the inputs refuse is left out."""
    storage, plan = study.scenario.storage, study.scenario.dispatch
    if not storage.exists or storage.power_kw <= 0 or plan.windows or plan.shave_limits:
        return ()
    found = [study]
    for factor in SIZES:
        sizes = {"storage.energy_kwh": factor * storage.energy_kwh, "storage.power_kw": factor * storage.power_kw}
        try:
            found.append(evaluate(study.scenario.with_(sizes)))
        except Refusal:
            continue
    return tuple(sorted(found, key=lambda one: one.scenario.storage.energy_kwh))
