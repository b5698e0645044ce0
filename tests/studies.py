"""Studies of the shipped cases, evaluated once a worker. They are values: a test that wants another makes its own."""

from __future__ import annotations

from functools import cache

from study.beside import Beside, beside
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study


@cache
def study_of(preset: str) -> Study:
    return evaluate(presets()[preset].scenario)


@cache
def beside_of(preset: str) -> Beside:
    """What the paper of a shipped case shows beside its answer: other controls, other sizes."""
    return beside(study_of(preset))
