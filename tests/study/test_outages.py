"""The outages of a study: outlook from every hour, cost by length, chances with sets that fail."""

import numpy as np
import pytest

from finance.ledger import restart_cost
from sim.inputs.scenario import Scenario
from study import outages
from study.evaluate import evaluate
from study.presets import presets

FLAT = {
    "site.term_months": 1,
    "site.start": "2026-01",
    "load.kind": "flat",
    "load.peak_kw": 1000,
    "grid.existing_kw": 5000,
    "grid.import_limit_kw": 5000,
    "storage.energy_kwh": 5000,
    "storage.power_kw": 2000,
    "storage.fade_model": "line",
    "storage.fade_first_year": 0,
    "storage.fade_per_year": 0,
    "storage.auxiliary_kw_per_mwh": 0,
    "storage.soc_min_fraction": 0,
    "storage.soc_max_fraction": 1,
    "storage.soc_start_fraction": 0.5,
    "storage.charge_efficiency": 1,
    "storage.discharge_efficiency": 1,
    "dispatch.reserve_fraction": 0.5,
    "dispatch.arbitrage": "off",
    "genset.set_kw": 500,
    "genset.sets": 2,
    "genset.backup_sets": 2,
    "genset.last_resort_sets": 0,
    "load.size_by": "peak",
}


@pytest.fixture(scope="module")
def small():
    """1 MW flat; 5 MWh at half charge and no losses: 2500 kWh carry 2 h and half of the third from every hour."""
    return evaluate(Scenario().with_(FLAT))


def test_a_flat_load_on_a_half_full_battery_by_hand(small):
    found = outages.outlook(small, "hybrid")
    assert (found.hours == 2).all() and found.worst_start == 0
    assert found.curve[:3].tolist() == [1, 1, 0]
    assert outages.battery_alone_h(found) == pytest.approx(2.5)
    alone, beside = outages.need_for(found, 2)
    assert (alone.power_kw, alone.usable_kwh) == (1000, pytest.approx(2000))
    assert beside == alone


def test_sets_last_as_long_as_their_tank(small):
    """Two 500 kW sets at full load, with tanks for 12 h of just that."""
    found = outages.outlook(small, "grid_diesel")
    assert set(found.hours) == {12}
    longer = evaluate(small.scenario.with_({"genset.tank_h": 30}))
    assert set(outages.outlook(longer, "grid_diesel").hours) <= {30}


def test_cost_by_length_by_hand(small):
    """The battery of 2.5 h serves two whole hours: an outage of 1 or 2 h costs nothing, one of 4 h two hours of 1000 kW
    at 8.57 and a restart; the grid alone loses all four and restarts too."""
    at = {length: k for k, length in enumerate(outages.LENGTHS_H)}
    hybrid, grid = outages.cost_by_length(small, "hybrid"), outages.cost_by_length(small, "grid")
    restart = restart_cost(small.scenario)
    assert hybrid[at[2]] == 0
    assert hybrid[at[4]] == pytest.approx(2 * 1000 * 8.57 + restart)
    assert grid[at[4]] == pytest.approx(4 * 1000 * 8.57 + restart)
    parts = outages.parts_of_an_outage(small)
    assert sum(parts.values()) == pytest.approx(restart)
    noticed = evaluate(small.scenario.with_({"storage.seamless_transfer": False}))
    assert outages.cost_by_length(noticed, "hybrid")[at[2]] == pytest.approx(restart)


def test_what_an_outage_leaves_unserved_by_hand(small):
    """Two whole hours are served: an outage of 8 h leaves 6 MWh, one of 2 h nothing."""
    found = outages.outlook(small, "hybrid")
    assert [outages.lost_kwh(found, hours) for hours in (2, 8)] == [0, pytest.approx(6000)]
    late = outages.outlook(evaluate(small.scenario.with_({"storage.power_kw": 600})), "hybrid")
    assert outages.start_gap_kw(found) == 0 and outages.start_gap_kw(late) == pytest.approx(400)


def test_what_is_shed_on_purpose_is_lost_for_the_whole_outage(small):
    part = evaluate(small.scenario.with_({"load.critical_fraction": 0.5}))
    assert (outages.outlook(part, "hybrid").hours == 5).all()
    at = outages.LENGTHS_H.index(4)
    assert outages.cost_by_length(part, "hybrid")[at] == pytest.approx(4 * 500 * 8.57)


def test_sets_that_may_fail_serve_less_surely():
    study = evaluate(presets()["case_c"].scenario)
    found = outages.outlook(study, "grid_diesel")
    sure = float((found.hours >= 4).mean())
    chance = outages.survival_with_failures(study, found, 4)
    assert 0.9 < chance < sure
    poor = evaluate(study.scenario.with_({"genset.mean_time_to_failure_h": 70.0}))
    assert outages.survival_with_failures(poor, outages.outlook(poor, "grid_diesel"), 4) < chance


def test_both_orders_are_worked_out_and_a_small_set_goes_first():
    """Seven sets of 1.5 MW do not carry 15 MW alone: they have to start at once (`sim.plant.island.ladder_order`)."""
    study = evaluate(presets()["case_c"].scenario)
    found = outages.outlook(study, "hybrid")
    assert found.order == "genset_first"
    assert found.hours.mean() > found.other_hours.mean()
    aged = outages.outlook(study, "hybrid", 15)
    assert aged.island.energy_max_kwh < found.island.energy_max_kwh
    assert aged.hours.mean() <= found.hours.mean()


def test_the_dispatch_and_the_outlook_agree_on_the_listed_outages():
    """Whole hours the outlook serves from the start of an outage are served in the dispatch too."""
    study = evaluate(presets()["case_a"].scenario)
    first = int(np.flatnonzero(study.dispatch.down[0])[0])
    found = outages.outlook(study, "hybrid")
    trace = study.dispatch.trace("hybrid")
    assert found.hours[first] >= 3
    assert (trace.unserved_kw[first : first + 3] < 1e-6).all()


def test_only_alternatives_with_a_grid_and_something_behind_it(small):
    for name in ("diesel", "grid"):
        with pytest.raises(ValueError, match="has no outlook in an outage"):
            outages.outlook(small, name)
