"""A Study: one scenario, its dispatch, its money, under one fingerprint. Screen, files and CLI all read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from finance.bill import Bill
from finance.kpis import Kpis, Saving, kpis, savings
from finance.ledger import Ledger, ledger
from finance.metrics import Figure
from finance.rates import grid_bill
from sim.dispatch.lanes import simulate
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario
from study.deal import Outcome, no_contract, outcome
from study.financing import Returns, returns, storage_cost


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
        return self.scenario.finance.baseline

    @cached_property
    def returns(self) -> Returns:
        """The hybrid as a project with tax and loan, worked out when first asked for."""
        return returns(self)

    @cached_property
    def contract(self) -> Outcome | None:
        """Owner and investor under the scenario's contract; None where the owner buys or the plant allows no such
        contract."""
        kind = self.scenario.deal.kind
        return None if kind == "buy" or no_contract(self, kind) else outcome(self)

    @cached_property
    def storage_cost(self) -> tuple[Figure, Figure]:
        """Levelised cost per kWh the battery gives back, with and without what its charging costs."""
        return storage_cost(self), storage_cost(self, with_charging=False)

    @property
    def ranking(self) -> tuple[str, ...]:
        """Alternatives from the cheapest, lost compute included where the scenario counts it."""
        return tuple(sorted(ALTERNATIVES, key=lambda name: self.kpis[name].total_cost))


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
