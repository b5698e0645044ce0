"""Batched flows against the whole study of each variant."""

import numpy as np
import pytest

from finance.figures import WORTH
from finance.kpis import by_period
from sim.inputs.register import register
from sim.plant.battery import battery_life
from study.evaluate import evaluate
from study.flows import MONEY, OF_HYBRID, VARIED, _Values, flows, health_by_year
from study.presets import presets
from study.risk import measured

# Relative to the saving: how near years read between simulated ones come to years that are all simulated.
NEAR = {"case_a": 1e-12, "case_b": 2e-4, "case_c": 6e-3, "case_d": 2e-4, "blank": 2e-4}


def on_a_line(scenario):
    """The scenario with cells that fade on a straight line, which no dispatch changes."""
    return scenario.with_({"storage.fade_model": "line"}) if "storage.fade_model" in register() else scenario


@pytest.fixture(scope="module")
def studies():
    return {name: evaluate(on_a_line(presets()[name].scenario)) for name in NEAR}


@pytest.mark.parametrize("name", NEAR)
def test_cells_that_age_by_their_use_are_those_of_the_study(name):
    study = evaluate(presets()[name].scenario)
    assert flows(study, {}).saving[0] == pytest.approx(study.savings["hybrid"].total, rel=max(1e-2, NEAR[name]))


@pytest.mark.parametrize("name", NEAR)
def test_the_scenario_itself_gives_the_studys_figures(studies, name):
    study = studies[name]
    found, term = flows(study, {}), study.dispatch.months
    saving = study.savings["hybrid"].total
    for flow, row in ((found.own, "hybrid"), (found.base, study.baseline)):
        expected = by_period(study.ledger.total[study.dispatch.row(row)], term)
        np.testing.assert_allclose(flow[0], expected, atol=NEAR[name] * abs(saving), rtol=1e-12)
    assert found.saving[0] == pytest.approx(saving, rel=NEAR[name])
    assert found.saving_fraction[0] == pytest.approx(study.savings["hybrid"].fraction, rel=NEAR[name])
    assert found.co2_t[0] == pytest.approx(study.kpis["hybrid"].co2_t, rel=1e-3)
    assert found.base_unserved_kwh[0] == pytest.approx(study.kpis[study.baseline].unserved_kwh, rel=1e-6, abs=1e-6)


def changed(scenario, path):
    value = scenario.get(path)
    return value * (0.9 if path.endswith(("share", "fraction")) else 1.1) if value else 0.01


@pytest.mark.parametrize("path", [path for path in (*OF_HYBRID[2:], *MONEY) if "efficiency" not in path])
def test_one_input_changed_gives_its_study_exactly_where_every_year_is_simulated(studies, path):
    """Case A has one project year, so nothing is read between points."""
    study = studies["case_a"]
    value = changed(study.scenario, path)
    other = evaluate(study.scenario.with_({path: value}))
    found = flows(study, {path: [value, study.scenario.get(path)]})
    assert found.saving[0] == pytest.approx(other.savings["hybrid"].total, rel=1e-11)
    assert measured(found, WORTH)[0] == pytest.approx(other.kpis["hybrid"].npv.value, rel=1e-11)
    assert found.saving[1] == pytest.approx(study.savings["hybrid"].total, rel=1e-11)


def test_cabinets_that_fail_are_those_of_the_study():
    failing = {"storage.cabinet_mtbf_h": 800, "storage.cabinet_repair_h": 200, "storage.spare_cabinets": 1}
    case = on_a_line(presets()["case_a"].scenario).with_({**failing, "storage.near_load_loss_gain_fraction": 0.02})
    study = evaluate(case)
    assert flows(study, {}).saving[0] == pytest.approx(study.savings["hybrid"].total, rel=1e-11)
    assert study.savings["hybrid"].total != evaluate(on_a_line(presets()["case_a"].scenario)).savings["hybrid"].total


@pytest.mark.parametrize(
    "changes",
    [
        {"storage.energy_kwh": 12_000, "finance.storage_capex_per_kwh": 900},
        {"storage.fade_per_year": 0.045, "finance.energy_price_factor": 1.0},
        {"pv.dc_kwp": 4_000, "finance.pv_capex_per_kwp": 2500, "finance.energy_escalation": 0.02},
        {"storage.energy_kwh": 0, "storage.power_kw": 0},
    ],
)
def test_several_inputs_changed_in_a_case_of_fifteen_years(studies, changes):
    study = studies["case_b"]
    other = evaluate(study.scenario.with_(changes))
    found = flows(study, {path: [value] for path, value in changes.items()})
    cost = study.kpis[study.baseline].total_cost
    assert found.saving[0] == pytest.approx(other.savings["hybrid"].total, abs=3e-4 * cost)


def test_growing_load_and_a_grid_that_comes_later_are_followed():
    scenario = on_a_line(presets()["case_b"].scenario).with_(
        {
            "finance.baseline": "grid_diesel",
            "grid.existing_kw": 4000,
            "grid.ready_month": 18,
            "load.growth_per_year": 0.01,
            "load.peak_kw": 8000,
            "genset.last_resort_sets": 2,
            "site.term_months": 72,
        }
    )
    study = evaluate(scenario)
    found = flows(study, {})
    assert found.saving[0] == pytest.approx(study.savings["hybrid"].total, rel=5e-3)
    assert -found.base[0].sum() == pytest.approx(study.kpis["grid_diesel"].total_cost, rel=1e-3)


def test_health_by_year_is_the_battery_lifes(studies):
    scenario = studies["case_b"].scenario
    for fade, first, least in ((0.02, 0.02, 0.7), (0.05, 0.0, 0.8), (0.0, 0.1, 0.6), (0.08, 0.05, 0.7)):
        changes = {"fade_per_year": fade, "fade_first_year": first, "end_of_life_fraction": least}
        life = battery_life(scenario.with_({f"storage.{key}": value for key, value in changes.items()}).storage, 15)
        given = {f"storage.{key}": np.array([value]) for key, value in changes.items()}
        health, replaced = health_by_year(_Values(scenario, given, 1), 15)
        np.testing.assert_allclose(health[0], life.health, rtol=1e-14)
        assert tuple(np.flatnonzero(replaced[0]) + 1) == life.replaced_in


def test_spread_keeps_the_mean_price(studies):
    """A flat load's bill does not change with the spread; the battery's saving does."""
    study = studies["case_b"]
    found = flows(study, {"tariff.spread": [0.5, 1.0, 1.5]})
    assert (np.diff(found.saving) > 0).all()
    assert found.base.sum(axis=1) == pytest.approx(found.base[1].sum(), rel=0.01)


def test_chunks_threads_and_neighbours_do_not_change_a_digit(studies):
    study, random = studies["case_a"], np.random.default_rng(2)
    values = {"finance.diesel_per_l": random.uniform(6, 9, 1100), "load.level": random.uniform(0.9, 1.0, 1100)}
    whole, one = flows(study, values, threads=2), flows(study, values, threads=1)
    np.testing.assert_array_equal(whole.own, one.own)
    some = flows(study, {path: array[1020:1030] for path, array in values.items()})
    np.testing.assert_array_equal(whole.own[1020:1030], some.own)


def test_progress_is_told_and_can_end_the_run(studies):
    seen = []
    flows(studies["case_a"], {"load.level": np.ones(2100)}, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1024, 2100), (2048, 2100), (2100, 2100)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flows(studies["case_a"], {"load.level": np.ones(2100)}, progress=stop)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"load.pue": [1.2]}, "cannot be varied in a batch"),
        ({"load.level": [1.0, 1.1], "pv.dc_kwp": [0.0]}, "same length"),
        ({"finance.diesel_per_l": [-1.0]}, "out of range"),
        ({"load.level": [np.nan]}, "out of range"),
    ],
)
def test_bad_values_say_what_to_do(studies, values, message):
    with pytest.raises(ValueError, match=message):
        flows(studies["case_a"], values)
    assert "load.pue" not in VARIED
