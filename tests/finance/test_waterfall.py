"""The waterfall sums in every month, splits the energy charge as a hand case says, and the components are the bill."""

import numpy as np
import pytest

from finance.waterfall import BILL_STEPS, STEPS, bill_components, waterfall
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.scenario import scenario_from_dict
from study.evaluate import evaluate
from study.presets import presets


def sums(found):
    """Saving of each step as it is paid, undiscounted."""
    return {name: float(values.sum()) for name, values in found.steps.items()}


def explained(study, **names):
    return waterfall(study.scenario, study.dispatch, study.bill, study.ledger, **names)


@pytest.fixture(scope="module", params=["case_a", "case_b", "case_c", "case_d"])
def study(request):
    return evaluate(presets()[request.param].scenario)


@pytest.mark.parametrize("reference", ["diesel", "grid", "grid_diesel"])
def test_it_sums_exactly_in_every_month(study, reference):
    found = explained(study, reference=reference)
    assert tuple(found.steps) == STEPS
    np.testing.assert_allclose(
        found.before - sum(found.steps.values()), found.after, rtol=1e-9, atol=1e-9 * found.before.max()
    )
    saving = study.kpis[reference].total_cost - study.kpis["hybrid"].total_cost
    assert sum(sums(found).values()) == pytest.approx(saving, rel=1e-9)


def test_the_bill_steps_are_the_difference_of_the_bills(study):
    found = explained(study, reference="grid")
    own, base = (study.bill.total[study.dispatch.row(name)].sum() for name in ("hybrid", "grid"))
    assert sum(sums(found)[name] for name in BILL_STEPS) == pytest.approx(base - own, rel=1e-9)


@pytest.mark.parametrize("row", range(len(ALTERNATIVES)))
def test_components_sum_to_the_bill(study, row):
    parts = bill_components(study.bill, row)
    np.testing.assert_allclose(sum(parts.values()), study.bill.total[row], rtol=1e-12)


def test_a_month_of_arbitrage_by_hand():
    """1000 kWh usable, 100 % efficient in, 90 % out, no auxiliaries: 900 kWh given back a day at 1.0, bought at 0.4.

    January has 31 days: shifted (1.0 - 0.4) x 900 x 31 = 16,740; losses 0.4 x 100 x 31 = 1,240, both times the mean
    capacity that a month of ageing leaves.
    """
    windows = [
        {"start_hour": 0, "end_hour": 8, "period": "valley"},
        {"start_hour": 8, "end_hour": 18, "period": "flat"},
        {"start_hour": 18, "end_hour": 22, "period": "peak"},
        {"start_hour": 22, "end_hour": 24, "period": "flat"},
    ]
    prices = {"valley": 0.4, "flat": 0.6, "peak": 1.0}
    season = {"name": "all", "months": list(range(1, 13)), "prices_per_kwh": prices}
    season |= {"weekday": windows, "saturday": windows, "sunday_holiday": windows}
    storage = {
        "energy_kwh": 1000,
        "power_kw": 1000,
        "soc_min_fraction": 0,
        "soc_max_fraction": 1,
        "charge_efficiency": 1,
    }
    storage |= {"soc_start_fraction": 0, "discharge_efficiency": 0.9, "auxiliary_kw_per_mwh": 0}
    storage |= {"fade_per_year": 0, "fade_first_year": 0}
    scenario = scenario_from_dict(
        {
            "site": {"start": "2026-01", "term_months": 1},
            "load": {"kind": "flat", "peak_kw": 2000},
            "grid": {"existing_kw": 5000, "import_limit_kw": 5000},
            "tariff": {"name_en": "hand", "currency": "CNY", "seasons": [season]},
            "storage": storage,
            "genset": {"sets": 0, "backup_sets": 0, "last_resort_sets": 0},
            "dispatch": {"reserve_fraction": 0, "second_charge": False},
            "finance": {"baseline": "grid"},
        }
    )
    study = evaluate(scenario)
    found, health = sums(explained(study)), study.dispatch.life.health[0]
    assert found["energy_shifted"] == pytest.approx(16_740 * health)
    assert found["losses"] == pytest.approx(-1_240 * health)
    assert all(
        found[name] == pytest.approx(0, abs=1e-9) for name in ("pv_used", "pv_exported", "auxiliaries", "demand_cut")
    )


def test_pv_that_is_used_is_worth_the_price_of_its_hour():
    scenario = presets()["case_c"].scenario.with_({"storage.energy_kwh": 0, "site.term_months": 12, "grid.outages": ()})
    study = evaluate(scenario)
    row = study.dispatch.row("hybrid")
    trace = study.dispatch.trace("hybrid")
    worth = (trace.pv_load_kw * study.dispatch.step_price_per_kwh()).sum() * study.dispatch.clock.step_h
    found = sums(explained(study, reference="grid"))
    assert found["pv_used"] == pytest.approx(worth, rel=1e-9)
    assert found["energy_shifted"] == found["losses"] == found["auxiliaries"] == 0
    assert study.dispatch.monthly["pv_load_kwh"][row].sum() > 0


def test_an_alternative_is_not_explained_by_itself(study):
    with pytest.raises(ValueError, match="against itself"):
        explained(study, alternative="grid", reference="grid")


def test_the_steps_sum_to_the_difference_in_present_cost(study):
    found = explained(study)
    before, after = found.ends
    assert before == pytest.approx(study.kpis[study.baseline].present_cost, rel=1e-9)
    assert sum(found.totals.values()) == pytest.approx(before - after, rel=1e-9)
