"""The red flags of storage proposals, each shown not to be committed here."""

import json
from pathlib import Path

import numpy as np
import pytest

from finance.waterfall import waterfall
from sim.inputs.scenario import Scenario
from study.claims import METRICS, foresight_gap, vendor_ladder
from study.evaluate import evaluate
from study.financing import overall_efficiency, returns
from study.foresight import bound, cost_of_trace
from study.presets import presets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def case_b():
    return evaluate(presets()["case_b"].scenario)


@pytest.fixture(scope="module")
def case_c():
    return evaluate(presets()["case_c"].scenario)


def hybrid(study, values):
    return values[study.dispatch.row("hybrid")]


def test_cost_missing_what_is_dispatched_is_paid_for(case_c):
    for name, price in (("pv_capex", "pv_capex_per_kwp"), ("storage_capex", "storage_capex_per_kwh")):
        assert hybrid(case_c, case_c.ledger.lines[name]).sum() < 0, name
        cheaper = evaluate(case_c.scenario.with_({f"finance.{price}": 0.0}), case_c.dispatch)
        assert hybrid(cheaper, cheaper.ledger.lines[name]).sum() == 0


def test_double_counting_the_reserve_is_not_sold(case_c):
    trace, storage = case_c.dispatch.trace("hybrid", 1), case_c.scenario.storage
    kept = case_c.scenario.dispatch.reserve_fraction * storage.energy_kwh * case_c.dispatch.life.health[0]
    up = ~np.broadcast_to(case_c.dispatch.down[0], trace.energy_kwh.shape)
    sold = up & (trace.discharge_kw > 1e-6) & (trace.unserved_kw < 1e-6)
    assert np.mean(trace.energy_kwh[sold] >= kept * 0.98 - 1.0) > 0.99


def test_double_counting_the_steps_sum_to_the_saving(case_b):
    found = waterfall(case_b.scenario, case_b.dispatch, case_b.bill, case_b.ledger)
    steps = sum(values.sum() for values in found.steps.values())
    assert steps == pytest.approx(case_b.savings["hybrid"].total, rel=1e-6)


def test_foresight_and_greedy_the_rule_lies_below_the_optimum_and_near_it(case_b):
    found = bound(case_b)
    share = found.share(cost_of_trace(case_b, 1, found, case_b.dispatch.trace("hybrid", 1)))
    assert 0.9 < share < 1.0
    assert foresight_gap(case_b) == pytest.approx((1 - share) * found.possible, rel=1e-6)


def test_cycles_follow_from_the_tariff(case_b):
    yearly = case_b.kpis["hybrid"].battery_discharge_kwh / case_b.scenario.storage.energy_kwh / case_b.dispatch.years
    assert yearly < 0.9 * 2 * 365
    seasons = [season.model_dump() for season in case_b.scenario.tariff.seasons]
    flat = [season | {"prices_per_kwh": dict.fromkeys(season["prices_per_kwh"], 0.7)} for season in seasons]
    one_price = evaluate(case_b.scenario.with_({"tariff.seasons": flat, "grid.outages": (), "site.term_months": 12}))
    assert one_price.kpis["hybrid"].battery_discharge_kwh < 0.01 * case_b.scenario.storage.energy_kwh * 365


def test_efficiency_each_thing_left_out_is_a_step_that_costs(case_b):
    lost = {rung.key: rung.lost for rung in vendor_ladder(case_b)[1:]}
    for key in ("efficiency", "depth", "fade", "auxiliaries", "second_cycle", "income"):
        assert lost[key] > 0.001, key
    assert lost["foresight"] > 0.0001  # where prices alone decide the plain rule misses next to nothing


def test_demand_charging_is_in_the_billed_import(case_b):
    per_kw = evaluate(case_b.scenario.with_({"tariff.demand_basis": "max_demand"}))
    assert METRICS["demand_saving_fraction_year1"].value(per_kw, {}).value < 0


def test_auxiliaries_are_load_at_the_meter(case_b):
    storage = case_b.scenario.storage
    assert hybrid(case_b, case_b.dispatch.monthly["auxiliary_kwh"]).min() > 0
    assert overall_efficiency(case_b).value < storage.charge_efficiency * storage.discharge_efficiency


def test_capacity_falls_and_new_cells_are_paid(case_b):
    life = case_b.dispatch.life
    assert life.health[1] < life.health[0] <= 1
    assert bool(life.replaced_in) == bool(hybrid(case_b, case_b.ledger.lines["storage_replacement"]).any())


def test_resale_is_by_life_and_escalation_and_subsidy_are_nothing_by_default():
    """A battery's life is that of the usual term: nothing is left of it after 15 years."""
    finance = Scenario().finance
    assert finance.storage_residual_fraction is None and finance.storage_life_years <= 15
    assert finance.pv_residual_fraction is None and finance.pv_life_years <= 25
    assert finance.energy_escalation == 0 and finance.tax_grant == 0 and finance.tax_credit_fraction == 0


def test_before_tax_the_returns_stand_side_by_side(case_b):
    taxed = {"finance.tax_rules": "own", "finance.tax_rate": 0.25, "finance.loan_share": 0.6}
    found = evaluate(case_b.scenario.with_(taxed), case_b.dispatch)
    before, after = found.kpis["hybrid"].irr.value, returns(found).project_after_tax.irr.value
    assert after < before == case_b.kpis["hybrid"].irr.value


def test_promise_no_sentence_promises_a_saving():
    for path in (ROOT / "assets" / "i18n" / "en").glob("*.json"):
        for key, text in json.loads(path.read_text(encoding="utf-8")).items():
            assert "will save" not in text.lower(), key


def test_scaling_half_the_battery_does_not_save_half(case_b):
    half = {"storage.energy_kwh": 10_000.0, "storage.power_kw": 5_000.0}
    saved = METRICS["bill_saving_fraction_year1"].value
    one, other = saved(case_b, {}).value, saved(evaluate(case_b.scenario.with_(half)), {}).value
    assert abs(other / one - 0.5) > 0.01
