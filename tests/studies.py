"""Studies of the shipped cases, evaluated once a worker. They are values: a test that wants another makes its own."""

from __future__ import annotations

from functools import cache

from report.paper.proposal import levers_of
from study.beside import Beside, beside
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study
from study.turning import TurningPoint, turning_points


@cache
def study_of(preset: str) -> Study:
    return evaluate(presets()[preset].scenario)


@cache
def points_of(preset: str) -> tuple[TurningPoint, ...]:
    """Where the answer of a shipped case turns."""
    return turning_points(study_of(preset), levers_of(study_of(preset)))


@cache
def beside_of(preset: str) -> Beside:
    """What the paper of a shipped case shows beside its answer: other controls, other sizes."""
    return beside(study_of(preset))
