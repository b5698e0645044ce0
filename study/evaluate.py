"""From a scenario to its Study: dispatch, bill, ledger and key figures."""

from __future__ import annotations

from finance.kpis import kpis, savings
from finance.ledger import ledger
from finance.rates import grid_bill
from sim.dispatch.lanes import simulate
from sim.dispatch.result import Dispatch
from sim.inputs.scenario import Scenario
from study.study import Study


def evaluate(scenario: Scenario, dispatch: Dispatch | None = None) -> Study:
    """The whole study. `dispatch` from an earlier run is used again where it was made for the same physics.

    Raises ValueError where the given dispatch belongs to other inputs.
    """
    if dispatch is None:
        dispatch = simulate(scenario)
    elif dispatch.key != scenario.dispatch_key:
        raise ValueError("this dispatch was simulated for other inputs; simulate the scenario again")
    bill = grid_bill(scenario, dispatch)
    book = ledger(scenario, dispatch, bill)
    figures = kpis(scenario, dispatch, book)
    return Study(scenario, scenario.fingerprint, dispatch, bill, book, figures, savings(scenario, figures))
