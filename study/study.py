"""A Study: one scenario, its dispatch, its money, under one fingerprint. Screen, files and CLI all read it.

It is a plain value; `study.evaluate` makes one. What is worked out from it only when somebody asks is `kept` with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any, TypeVar

from finance.baseline import baseline_of
from finance.bill import Bill
from finance.figures import Kpis
from finance.kpis import Saving
from finance.ledger import Ledger
from sim.dispatch.result import Dispatch
from sim.inputs.scenario import Scenario

Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class Study:
    """Everything known about a scenario. `kpis` by alternative; `savings` by alternative except the baseline."""

    scenario: Scenario
    fingerprint: str
    dispatch: Dispatch
    bill: Bill
    ledger: Ledger
    kpis: dict[str, Kpis]
    savings: dict[str, Saving]

    @property
    def baseline(self) -> str:
        return baseline_of(self.scenario)

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: the study without the answers that are kept with it."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


def kept(function: Callable[[Study], Answer]) -> Callable[[Study], Answer]:
    """A question about a study that is answered once: the answer stays with the study, and goes with it."""
    key = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def asked(study: Study) -> Answer:
        answers = vars(study)  # where `cached_property` would keep it: the study's own fields stay as they are
        if key not in answers:
            answers[key] = function(study)
        return answers[key]

    return asked
