"""The three bases side by side, by hand and against whole studies."""

import numpy as np
import pytest

from study.basic_charge import basic_charge, high_use, on_basis
from study.evaluate import evaluate
from study.presets import presets
from tests.study.test_contract_study import BATTERY, FOUR_HOURS, study


@pytest.fixture(scope="module")
def flat():
    """Flat 10 MW, 12.5 MVA, 40 per kW and 25 per kVA; the battery charges at 2.7 MW."""
    return study({"seasons": [FOUR_HOURS]}, storage=BATTERY)


def test_by_hand(flat):
    """Without the battery 4.80 M, 4.57 M and 12,500 x 25 x 12 = 3.75 M; charging to 12.7 MW: 6.10, 5.81 and 3.75 M."""
    found = basic_charge(flat)
    assert found.charges["max_demand"]["grid"] == pytest.approx(4.80e6)
    assert found.charges["contract_demand"]["grid"] == pytest.approx(4.5714e6, rel=1e-5)
    assert found.charges["transformer_kva"]["grid"] == pytest.approx(3.75e6)
    assert found.charges["max_demand"]["hybrid"] == pytest.approx(6.096e6)
    assert found.charges["contract_demand"]["hybrid"] == pytest.approx(5.8057e6, rel=1e-5)
    assert found.cheapest("hybrid") == found.cheapest("grid") == "transformer_kva"
    np.testing.assert_allclose(found.declared_kw["hybrid"], 12_700 / 1.05)


@pytest.mark.parametrize("basis", ["max_demand", "contract_demand", "transformer_kva"])
def test_a_basis_costs_what_the_study_on_it_bills(basis):
    base = evaluate(
        presets()["case_b"].scenario.with_({"finance.vat_basis": "excl", "finance.energy_escalation": 0.02})
    )
    found, other = basic_charge(base).charges[basis], evaluate(on_basis(base.scenario, basis))
    basic = other.bill.capacity_charge + sum(other.bill.demand_charges.values())
    for name, charge in found.items():
        assert charge == pytest.approx(basic[other.dispatch.row(name), :12].sum(), rel=1e-12)


def test_a_tariff_without_a_choice_has_none():
    assert basic_charge(evaluate(presets()["case_c"].scenario.with_({"site.term_months": 1}))) is None


def test_steady_users(flat):
    """7.3 GWh a month of a flat 10 MW on 12.5 MVA are 584 kWh per kVA: 90 % of 5.81 M would be 5.23 M."""
    found = high_use(flat)
    assert found.used == pytest.approx(584, rel=0.01)
    assert found.charge == pytest.approx(0.9 * 5.8057e6, rel=1e-5)
    assert high_use(study(load={"kind": "flat", "peak_kw": 3_000})) is None
