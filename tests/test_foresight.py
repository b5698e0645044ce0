"""The plain rule beside the optimum: the bound holds, the terms are the same, what is not covered says why."""

import pytest

from sim.optimal import solve
from study.compare import evaluate
from study.foresight import foresight, hybrid_programme, rule_cost
from study.presets import presets


@pytest.fixture(scope="module")
def studies():
    return {name: evaluate(preset.scenario) for name, preset in presets().items()}


@pytest.mark.parametrize("name", list(presets()))
def test_no_rule_is_cheaper_than_the_bound(studies, name):
    found = foresight(studies[name])
    assert found.reason is None, found
    assert found.optimum <= found.rule
    assert found.optimum <= found.without_battery
    assert found.share is not None and found.share <= 1


def test_the_rules_year_costs_what_its_bill_and_fuel_cost(studies):
    """Case B, year 1: energy charge, as the kVA charge is the same for every control, plus lost compute."""
    study = studies["case_b"]
    row = study.dispatch.row("hybrid")
    bill = study.bill.energy_charge[row, :12].sum() + study.bill.tax[row, :12].sum()
    unserved = study.dispatch.monthly["unserved_kwh"][row, :12].sum() * study.scenario.finance.unserved_per_kwh
    fuel = study.ledger.lines["fuel"][row, 1:13].sum() + study.ledger.lines["fuel_delivery"][row, 1:13].sum()
    assert rule_cost(study, hybrid_programme(study, 1), 1) == pytest.approx(bill + unserved - fuel)


def test_demand_is_on_both_sides(studies):
    study = studies["case_c"]
    programme = hybrid_programme(study, 1)
    row = study.dispatch.row("hybrid")
    demand = sum(charge[row, :12].sum() for charge in study.bill.demand_charges.values())
    optimum = solve(programme, 1e-5)
    assert optimum.costs.demand.sum() < demand
    energy = float(programme.buy_per_kwh @ study.dispatch.trace("hybrid").import_kw) * programme.step_h
    assert rule_cost(study, programme, 1) >= energy + demand - 1


def test_the_plain_rule_gets_most_where_price_alone_counts(studies):
    """Case B is billed by kVA: two fixed cycles a day are nearly all there is to get."""
    assert foresight(studies["case_b"]).share > 0.9


def test_what_is_not_covered_says_why(studies):
    base = studies["case_a"].scenario
    none = base.with_({"storage.energy_kwh": 0, "storage.power_kw": 0})
    assert foresight(evaluate(none)).reason == "no_battery"
    quarter_hours = base.with_(
        {"site.step_minutes": 15, "tariff": {**base.tariff.model_dump(), "demand_window_minutes": 30}}
    )
    assert foresight(evaluate(quarter_hours)).reason == "demand_window"
    ratchet = {**base.tariff.model_dump(), "ratchet_fraction": 0.7, "ratchet_months": 11}
    assert foresight(evaluate(base.with_({"tariff": ratchet}))).reason == "ratchet"
