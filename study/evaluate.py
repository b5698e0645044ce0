"""From a scenario to its Study: dispatch, bill, ledger and key figures."""

from __future__ import annotations

from math import isfinite
from typing import Any

from finance.kpis import kpis, savings
from finance.ledger import ledger
from finance.metrics import Figure
from finance.rates import grid_bill
from sim.dispatch.lanes import simulate
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario
from sim.problem import Refusal
from study.study import Study

SHOWN = 12


def evaluate(scenario: Scenario, dispatch: Dispatch | None = None) -> Study:
    """The whole study. `dispatch` from an earlier run is used again where it was made for the same physics.

    Raises ValueError where the given dispatch belongs to other inputs, Refusal where a figure is no finite number.
    """
    if dispatch is None:
        dispatch = simulate(scenario)
    elif dispatch.key != scenario.dispatch_key:
        raise ValueError("this dispatch was simulated for other inputs; simulate the scenario again")
    bill = grid_bill(scenario, dispatch)
    book = ledger(scenario, dispatch, bill)
    _require_finite({name: line.sum() for name, line in (book.lines | {"co2": book.co2_kg}).items()})
    figures = kpis(scenario, dispatch, book)
    for name in ALTERNATIVES:
        _require_finite(dict(vars(figures[name])))
    return Study(scenario, scenario.fingerprint, dispatch, bill, book, figures, savings(scenario, figures))


def _require_finite(figures: dict[str, Any]) -> None:
    numbers = {name: value.value if isinstance(value, Figure) else value for name, value in figures.items()}
    wrong = [name for name, value in numbers.items() if isinstance(value, float) and not isfinite(value)]
    if wrong:
        raise Refusal(
            "the study has no finite number for {names}; an input is far too great or too small",
            names=tuple(wrong[:SHOWN]),
        )
