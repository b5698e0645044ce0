"""Dispatch of whole scenarios: conservation laws on every step of every alternative, and the ladder's order."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import dispatch as dispatch_module
from sim import kernel
from sim.dispatch import ALTERNATIVES, import_limits_kw, simulate
from sim.scenario import Scenario
from study.compare import evaluate
from study.presets import presets


def assert_conserves(result):
    """Balance to 1e-6 of each step's load, energy within its window, flows within their limits."""
    storage = result.scenario.storage
    for name in ALTERNATIVES:
        for year in {1, result.years}:
            t = result.trace(name, year)
            left = t.grid_load_kw + t.grid_charge_kw + t.pv_load_kw + t.pv_charge_kw + t.export_kw + t.curtailed_kw
            left = left + t.discharge_kw + t.genset_kw + t.unserved_kw
            right = t.load_kw + t.charge_kw + t.export_kw + t.curtailed_kw + t.dumped_kw
            assert np.abs(left - right).max() <= 1e-6 * t.load_kw.max()
            assert (np.abs(left - right) <= 1e-6 * np.maximum(t.load_kw, 1e-9)).all()
            health = result.life.health[year - 1]
            capacity = storage.energy_kwh * health if name == "hybrid" else 0.0
            assert t.energy_kwh.min() >= storage.soc_min_fraction * capacity - 1e-6
            assert t.energy_kwh.max() <= storage.soc_max_fraction * capacity + 1e-6
            assert (np.minimum(t.charge_kw, t.discharge_kw) <= 1e-9).all()
            limits = import_limits_kw(result.scenario, result.years * result.clock.months)
            month = (year - 1) * result.clock.months + result.clock.month_index
            limit = limits[month] * (name != "diesel") * result.series.grid_up
            assert (t.import_kw <= limit + 1e-6).all()


def assert_stored_energy_adds_up(result, year=1):
    t, storage = result.trace("hybrid", year), result.scenario.storage
    start = storage.energy_kwh * storage.soc_start_fraction * result.life.health[year - 1]
    change = t.charge_kw * storage.charge_efficiency - t.discharge_kw / storage.discharge_efficiency
    expected = start + np.cumsum(change) * result.clock.step_h
    assert t.energy_kwh == pytest.approx(expected, abs=1e-5 * max(1.0, storage.energy_kwh))


@pytest.mark.parametrize("name", list(presets()))
def test_presets_conserve_energy_on_every_step(name):
    result = simulate(presets()[name].scenario)
    assert_conserves(result)
    assert_stored_energy_adds_up(result)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    energy=st.floats(0, 60_000), power=st.floats(100, 12_000), pv=st.floats(0, 30_000), limit=st.floats(0, 15_000),
    sets=st.integers(0, 12), last=st.integers(0, 8), ready=st.integers(0, 14), reserve=st.floats(0.05, 0.95),
    shave=st.none() | st.floats(2000, 12_000), export=st.sampled_from([0.0, 5000.0]), hours=st.floats(0.5, 200),
    arbitrage=st.sampled_from(["tariff", "off"]), term=st.sampled_from([3, 14]),
)  # fmt: skip
def test_any_site_conserves_energy(
    energy, power, pv, limit, sets, last, ready, reserve, shave, export, hours, arbitrage, term
):
    scenario = Scenario().with_(
        {
            "site.term_months": term, "storage.energy_kwh": energy, "storage.power_kw": power, "pv.dc_kwp": pv,
            "grid.import_limit_kw": limit, "grid.ready_month": ready, "grid.export_limit_kw": export,
            "grid.outages": [{"month": 7, "day": 9, "hour": 13, "duration_h": hours}],
            "genset.sets": sets, "genset.last_resort_sets": last, "dispatch.reserve_fraction": reserve,
            "dispatch.peak_shave_kw": shave, "dispatch.arbitrage": arbitrage,
        }
    )  # fmt: skip
    result = simulate(scenario)
    assert_conserves(result)
    assert_stored_energy_adds_up(result)


def test_series_sum_to_the_monthly_figures_bit_for_bit():
    result = simulate(presets()["case_c"].scenario)
    for year in (1, 7):
        t = result.trace("hybrid", year)
        for sum_name, step_name in (("grid_load_kwh", "grid_load_kw"), ("discharge_kwh", "discharge_kw")):
            first, months = 0, result.monthly[sum_name][result.row("hybrid"), 12 * (year - 1) : 12 * year]
            for month, end in enumerate(result.clock.month_ends):
                total = np.cumsum(getattr(t, step_name)[first:end])[-1] * result.clock.step_h
                assert total == months[month]
                first = end


def test_one_alternative_alone_is_its_row_of_the_batch():
    result = simulate(presets()["case_a"].scenario)
    for lane in range(result.lanes.count):
        fields = (*kernel.SCALAR_FIELDS, *kernel.MONTHLY_FIELDS)
        alone = kernel.Lanes(**{name: getattr(result.lanes, name)[lane : lane + 1] for name in fields})
        got = kernel.aggregate(result.series, alone, len(result.classes.names))
        for name in kernel.SUM_FIELDS:
            assert np.array_equal(getattr(got, name)[0], result.monthly[name][lane]), (name, lane)


def test_a_diesel_price_change_does_not_simulate_again(monkeypatch):
    study = evaluate(presets()["case_a"].scenario)

    def forbidden(*_):
        raise AssertionError("simulated again")

    monkeypatch.setattr(dispatch_module.kernel, "aggregate", forbidden)
    dearer = evaluate(study.scenario.with_({"finance.diesel_per_l": 9.0}), study.dispatch)
    litres = study.kpis["diesel"].diesel_l
    extra = dearer.kpis["diesel"].total_cost - study.kpis["diesel"].total_cost
    assert extra == pytest.approx(litres * 1.5)


def test_a_dispatch_of_other_physics_is_refused():
    study = evaluate(presets()["case_a"].scenario)
    with pytest.raises(ValueError, match="simulated for other inputs"):
        evaluate(study.scenario.with_({"storage.energy_kwh": 1000}), study.dispatch)


def test_without_battery_pv_and_with_equal_sets_the_hybrid_is_grid_and_diesel():
    scenario = presets()["case_a"].scenario.with_(
        {"storage.energy_kwh": 0, "storage.power_kw": 0, "genset.last_resort_sets": 3}
    )
    result = simulate(scenario)
    for values in result.monthly.values():
        assert np.array_equal(values[result.row("hybrid")], values[result.row("grid_diesel")])


def test_the_grid_arrives_late_and_the_diesel_fleet_bridges():
    late = presets()["case_a"].scenario.with_({"grid.ready_month": 2})
    result = simulate(late)
    row = result.row("hybrid")
    assert result.sets[row].tolist() == [4, 4, 2, 2]
    assert (result.import_kwh[row].sum(axis=-1)[:2] == 0).all()
    assert (result.import_kwh[row].sum(axis=-1)[2:] > 0).all()
    assert result.monthly["unserved_kwh"][row].sum() == pytest.approx(0, abs=1e-6)
    assert result.monthly["unserved_kwh"][result.row("grid")][:2].sum() > 1e6


def test_diesel_is_last_unless_that_would_be_too_late():
    """A set smaller than the load must start before the battery is empty: 2 MW of sets, 3.2 MW peak, 3 h outage."""
    case = presets()["case_a"].scenario.with_({"genset.set_kw": 1000.0})
    early = simulate(case)
    late = simulate(case.with_({"dispatch.genset_start_fraction": 0.0}))
    row = early.row("hybrid")
    assert early.monthly["unserved_kwh"][row].sum() < late.monthly["unserved_kwh"][row].sum()
    big = simulate(case.with_({"genset.last_resort_sets": 4}))
    trace, outage = big.trace("hybrid"), np.flatnonzero(big.series.grid_up == 0)
    empty = case.storage.energy_kwh * case.storage.soc_min_fraction * big.life.health[0]
    assert trace.energy_kwh[outage] == pytest.approx(empty)
    assert trace.genset_kw[outage[0]] == pytest.approx(trace.load_kw[outage[0]] - trace.discharge_kw[outage[0]])


def test_later_project_years_have_the_aged_plant():
    result = simulate(presets()["case_c"].scenario)
    row = result.row("hybrid")
    pv = (result.monthly["pv_load_kwh"] + result.monthly["pv_charge_kwh"] + result.monthly["curtailed_kwh"])[row]
    assert pv[12:24].sum() / pv[:12].sum() == pytest.approx(1 - 0.005, rel=1e-9)
    assert result.life.health[0] == pytest.approx(1 - 0.02 * 0.5 - 0.02 * 0.5)
    assert result.trace("hybrid", 5).energy_kwh.max() < result.trace("hybrid", 1).energy_kwh.max()


def test_import_limits_follow_works_and_stages():
    scenario = Scenario().with_(
        {
            "grid.existing_kw": 2000, "grid.ready_month": 3, "grid.import_limit_kw": 8000,
            "grid.stages": [{"month": 7, "import_limit_kw": 12_000}],
        }
    )  # fmt: skip
    assert import_limits_kw(scenario, 8).tolist() == [2000] * 3 + [8000] * 3 + [12_000] * 2
