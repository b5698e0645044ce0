"""The plain rule beside the optimum: the bound holds, the terms are the same, what is not covered says why."""

import pytest

from sim.optimum.model import by_windows
from sim.optimum.solve import solve
from study.evaluate import evaluate
from study.foresight import bound, cost_of_trace, hybrid_programme, not_covered
from study.presets import presets


@pytest.fixture(scope="module")
def studies():
    return {name: evaluate(preset.scenario) for name, preset in presets().items()}


@pytest.fixture(scope="module")
def bounds(studies):
    return {name: bound(study) for name, study in studies.items()}


def rule(study, found):
    return cost_of_trace(study, 1, found, study.dispatch.trace("hybrid", 1))


@pytest.mark.parametrize("name", list(presets()))
def test_no_rule_is_cheaper_than_the_bound(studies, bounds, name):
    found = bounds[name]
    cost = rule(studies[name], found)
    assert found.optimum.lower_bound <= cost.total
    assert found.optimum.lower_bound <= found.without_battery.total
    assert found.share(cost) <= 1 and found.share(found.without_battery) == 0
    assert found.share(found.best) == pytest.approx(1, abs=2e-3)


def test_the_rules_year_costs_what_its_bill_and_fuel_cost(studies, bounds):
    """Case B, year 1: energy charge, as the kVA charge is the same for every control, plus lost compute."""
    study = studies["case_b"]
    row = study.dispatch.row("hybrid")
    bill = study.bill.energy_charge[row, :12].sum() + study.bill.tax[row, :12].sum()
    lost = study.dispatch.monthly["unserved_kwh"][row, :12].sum() * study.scenario.finance.unserved_per_kwh
    fuel = study.ledger.lines["fuel"][row, 1:13].sum() + study.ledger.lines["fuel_delivery"][row, 1:13].sum()
    cost = rule(study, bounds["case_b"])
    assert (cost.energy, cost.lost, cost.fuel) == pytest.approx((bill, lost, -fuel))
    assert cost.demand == cost.export == 0


def test_demand_is_on_both_sides(studies, bounds):
    study = studies["case_c"]
    row = study.dispatch.row("hybrid")
    demand = sum(charge[row, :12].sum() for charge in study.bill.demand_charges.values())
    assert rule(study, bounds["case_c"]).demand == pytest.approx(demand)
    assert bounds["case_c"].best.demand < demand


def test_load_is_given_up_only_where_the_grid_cannot_carry_it(bounds):
    """Switching computers off to shave a peak is no battery control: with the grid up and wide nothing is shed."""
    programme, plan = bounds["case_c"].programme, bounds["case_c"].optimum.schedule
    assert plan.shed_kw[:, programme.import_limit_kw >= programme.load_kw].max() == 0
    assert plan.shed_kw[:, programme.import_limit_kw == 0].max() > 0


def test_what_the_year_takes_from_the_battery_is_paid(studies, bounds):
    study, found = studies["case_b"], bounds["case_b"]
    trace = study.dispatch.trace("hybrid", 1)
    taken_kwh = 0.5 * 20_000 * study.dispatch.life.health[0] - trace.energy_kwh[-1]
    assert rule(study, found).stored == pytest.approx(found.worth_per_kwh * taken_kwh)
    prices = study.dispatch.step_price_per_kwh()
    assert prices.min() < found.worth_per_kwh < prices.max()


def test_the_plain_rule_gets_most_where_price_alone_counts(studies, bounds):
    """Case B is billed by kVA: two fixed cycles a day are nearly all there is to get."""
    assert bounds["case_b"].share(rule(studies["case_b"], bounds["case_b"])) > 0.9


def test_a_battery_that_cannot_save_has_no_share(studies):
    study = studies["case_b"]
    tariff = study.scenario.tariff.model_dump()
    season = tariff["seasons"][0]
    season |= {"months": tuple(range(1, 13)), "prices_per_kwh": dict.fromkeys(season["prices_per_kwh"], 0.5)}
    flat = study.scenario.with_({"tariff": {**tariff, "seasons": [season]}, "grid.outages": ()})
    other = evaluate(flat)
    found = bound(other)
    assert found.share(rule(other, found)) is None


def test_in_steps_of_its_windows_a_year_costs_no_more_than_in_its_own(studies):
    """Demand by the half-hour at steps of 15 min: a search asks for steps of half an hour, whose optimum bounds the one
    of the quarters, which HiGHS finds."""
    base = studies["case_a"].scenario
    tariff = {**base.tariff.model_dump(), "demand_window_minutes": 30}
    study = evaluate(base.with_({"site.term_months": 1, "site.step_minutes": 15, "tariff": tariff}))
    exact = hybrid_programme(study, 1)
    halves, quarters = solve(by_windows(exact, 2), 1e-7), solve(exact, 1e-7)
    assert halves.lower_bound <= quarters.cost * (1 + 1e-9)
    assert halves.lower_bound == pytest.approx(quarters.cost, rel=1e-3) and not_covered(study) is None


def test_what_is_not_covered_says_why(studies):
    base = studies["case_a"].scenario
    assert not_covered(studies["case_a"]) is None
    none = base.with_({"storage.energy_kwh": 0, "storage.power_kw": 0})
    assert not_covered(evaluate(none)) == "no_battery"
    ratchet = {**base.tariff.model_dump(), "ratchet_fraction": 0.7, "ratchet_months": 11}
    assert not_covered(evaluate(base.with_({"tariff": ratchet}))) == "ratchet"
