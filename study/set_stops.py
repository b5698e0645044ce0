"""What sets that carry the load alone cost by failing: stops expected, and what one more running set would spare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finance.ledger import restart_cost, unit_cost
from sim.dispatch.result import ALTERNATIVES
from sim.dispatch.stops import stops
from study.study import Study, kept


@dataclass(frozen=True)
class SetStops:
    """Of one alternative over the term: stops expected as it runs, and with one more set running; hours of all running
    sets without a grid, and those in which a lost set is not made up for; litres and cost of the spare; what the stops
    cost as it runs, and with the spare."""

    expected: float
    with_spare: float
    set_hours: float
    exposed_hours: float
    spare_l: float
    spare_cost: float
    cost: float
    cost_with_spare: float

    @property
    def spare_is_worth(self) -> float:
        """What the spare saves beyond its fuel; below 0 it costs more."""
        return self.cost - self.cost_with_spare - self.spare_cost


@kept
def set_stops(study: Study) -> Mapping[str, SetStops]:
    """Of the alternatives whose sets carry the load in a month without a grid."""
    dispatch, each = study.dispatch, restart_cost(study.scenario)
    per_l = unit_cost(study.scenario, "fuel_l", dispatch.years)[np.arange(dispatch.months) // 12]
    found = {}
    for name in ALTERNATIVES:
        one = stops(dispatch, name)
        if one.set_hours.any():
            expected, spare = float(one.expected.sum()), float(one.with_spare.sum())
            found[name] = SetStops(
                expected=expected,
                with_spare=spare,
                set_hours=float(one.set_hours.sum()),
                exposed_hours=float(one.exposed_hours.sum()),
                spare_l=float(one.spare_l.sum()),
                spare_cost=float(one.spare_l @ per_l),
                cost=expected * each,
                cost_with_spare=spare * each,
            )
    return found
