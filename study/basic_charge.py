"""The three bases of China's basic charge for every alternative of a study: actual demand, declared demand, kVA.

Each is the bill of the study on that basis, operated anew, for the plain rule's ceiling depends on what demand costs;
VAT, price paths and months without a connection are as in the study. A declaration is the one that suits the
alternative's own peaks: changing the basis means declaring anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finance.bill import Bill
from finance.rates import grid_bill
from sim.arrays import Floats
from sim.dispatch.lanes import simulate
from sim.dispatch.result import ALTERNATIVES
from sim.inputs import library
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import DEMAND_BASES
from sim.problem import Refusal
from study.study import Study

FIRST_YEAR = 12
WITH_GRID = tuple(name for name in ALTERNATIVES if name != "diesel")


@dataclass(frozen=True, eq=False)
class BasicCharge:
    """`charges[basis][alternative]`: basic charge of the first project year, of the bases the tariff offers.
    `declared_kw[alternative]` (months,): what is declared on the contract basis. `now`: the study's own charges."""

    charges: Mapping[str, Mapping[str, float]]
    declared_kw: Mapping[str, Floats]
    now: Mapping[str, float]

    def cheapest(self, alternative: str) -> str:
        """The basis with the least charge for an alternative in its first year."""
        return min(self.charges, key=lambda basis: self.charges[basis][alternative])


def basic_charge(study: Study) -> BasicCharge | None:
    """The bases side by side; None where the tariff leaves no choice: it has no price per kVA, or none per kW."""
    tariff = study.scenario.tariff
    names = [charge.name for charge in tariff.demand_charges if charge.is_all_hours]
    if tariff.capacity_per_kva_month is None or study.scenario.grid.transformer_kva <= 0 or not names:
        return None
    bills = {basis: _bill(study, basis) for basis in DEMAND_BASES}
    declared = bills["contract_demand"].billed_kw[names[0]]
    return BasicCharge(
        charges={basis: _by_alternative(bill) for basis, bill in bills.items()},
        declared_kw={name: declared[ALTERNATIVES.index(name), :FIRST_YEAR] for name in WITH_GRID},
        now=_by_alternative(study.bill),
    )


def _bill(study: Study, basis: str) -> Bill:
    """The bill on a basis; the study's operation serves where it is that of the basis, or the basis is refused."""
    scenario = on_basis(study.scenario, basis)
    if scenario == study.scenario:
        return grid_bill(scenario, study.dispatch)
    try:
        return grid_bill(scenario, simulate(scenario))
    except Refusal:  # a transformer too small to be billed by kVA
        return grid_bill(scenario, study.dispatch)


def on_basis(scenario: Scenario, basis: str) -> Scenario:
    """The scenario billed on another basis, every alternative with the declaration that suits it."""
    return scenario.with_({"tariff.demand_basis": basis, "grid.declared_kw": None})


@dataclass(frozen=True)
class HighUse:
    """The discount of the price period to 2026 for users that take much per kVA (2023 No. 526). That it goes on is not
    verified, so no bill has it. `used`: kWh per kVA and month of the first year; `charge`: what the cheaper basis per
    kW would cost an alternative with it."""

    used: float
    threshold: float
    factor: float
    charge: float


def high_use(study: Study, alternative: str = "hybrid") -> HighUse | None:
    """What the discount would do for an alternative; None where it takes too little per kVA."""
    rule = library.demand_rule("cn_two_part")["high_utilisation_discount"]
    threshold, factor = rule["threshold_kwh_per_kva_month"], rule["demand_charge_factor"]
    months = min(FIRST_YEAR, study.dispatch.months)
    imported = study.dispatch.import_kwh[ALTERNATIVES.index(alternative), :months].sum()
    used = float(imported / months / study.scenario.grid.transformer_kva)
    if used < threshold:
        return None
    terms = {"tariff.high_use_kwh_per_kva": threshold, "tariff.high_use_factor": factor}
    per_kw = [on_basis(study.scenario, basis).with_(terms) for basis in ("max_demand", "contract_demand")]
    charge = min(_by_alternative(grid_bill(scenario, study.dispatch))[alternative] for scenario in per_kw)
    return HighUse(used, threshold, factor, charge)


def _by_alternative(bill: Bill) -> dict[str, float]:
    basic = bill.capacity_charge + sum(bill.demand_charges.values())
    return {name: float(basic[ALTERNATIVES.index(name), :FIRST_YEAR].sum()) for name in WITH_GRID}
