"""Dispatch of whole scenarios: conservation laws on every step of every alternative, and the ladder's order."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.arrays import runs
from sim.dispatch import kernel
from sim.dispatch import lanes as dispatch_module
from sim.dispatch.batch import MONTHLY_FIELDS, SCALAR_FIELDS, SUM_FIELDS, Lanes
from sim.dispatch.lanes import import_limits_kw, simulate, site_set_kw
from sim.dispatch.outages import as_list, longest_h
from sim.dispatch.result import ALTERNATIVES
from sim.inputs import library
from sim.inputs.scenario import Scenario
from sim.inputs.storage import Storage
from sim.plant.ageing import cell_temperature_c
from sim.plant.battery import auxiliary_kw_per_mwh, available_share, cell_life, discharge_efficiency, warranty_findings
from sim.plant.interruptions import outage_draws
from sim.sun.climate import ambient_c
from study.evaluate import evaluate
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
            limit = limits[month] * (name != "diesel") * ~result.down[year - 1]
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
    energy=st.floats(0, 60_000),
    power=st.floats(100, 12_000),
    pv=st.floats(0, 30_000),
    limit=st.floats(0, 15_000),
    sets=st.integers(0, 12),
    last=st.integers(0, 8),
    ready=st.integers(0, 14),
    reserve=st.floats(0.05, 0.95),
    shave=st.none() | st.floats(2000, 12_000),
    export=st.sampled_from([0.0, 5000.0]),
    hours=st.floats(0.5, 200),
    arbitrage=st.sampled_from(["tariff", "off"]),
    term=st.sampled_from([3, 14]),
    critical=st.sampled_from([1.0, 0.6]),
    drawn=st.booleans(),
    fade=st.sampled_from(["lfp", "line"]),
)
def test_any_site_conserves_energy(
    energy, power, pv, limit, sets, last, ready, reserve, shave, export, hours, arbitrage, term, critical, drawn, fade
):
    scenario = Scenario().with_(
        {
            "site.term_months": term,
            "storage.energy_kwh": energy,
            "storage.power_kw": power,
            "pv.dc_kwp": pv,
            "grid.import_limit_kw": limit,
            "grid.ready_month": ready,
            "grid.export_limit_kw": export,
            "grid.outages": [{"month": 7, "day": 9, "hour": 13, "duration_h": hours}],
            "genset.sets": sets,
            "genset.last_resort_sets": last,
            "dispatch.reserve_fraction": reserve,
            "dispatch.peak_shave_kw": shave,
            "dispatch.arbitrage": arbitrage,
            "load.critical_fraction": critical,
            "grid.outage_source": "statistics" if drawn else "list",
            "grid.saifi_per_year": 9,
            "grid.saidi_h_per_year": 9 * hours,
            "storage.fade_model": fade,
        }
    )
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
        fields = (*SCALAR_FIELDS, *MONTHLY_FIELDS)
        alone = Lanes(**{name: getattr(result.lanes, name)[lane : lane + 1] for name in fields})
        got = kernel.aggregate(result.series, alone, len(result.classes.names))
        for name in SUM_FIELDS:
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
    line = simulate(presets()["case_c"].scenario.with_({"storage.fade_model": "line"}))
    assert line.life.health[0] == pytest.approx(1 - 0.02 * 0.5 - 0.02 * 0.5)
    assert result.trace("hybrid", 5).energy_kwh.max() < result.trace("hybrid", 1).energy_kwh.max()


def test_import_limits_follow_works_and_stages():
    scenario = Scenario().with_(
        {
            "grid.existing_kw": 2000,
            "grid.ready_month": 3,
            "grid.import_limit_kw": 8000,
            "grid.stages": [{"month": 7, "import_limit_kw": 12_000}],
        }
    )
    assert import_limits_kw(scenario, 8).tolist() == [2000] * 3 + [8000] * 3 + [12_000] * 2


# --- ageing -----------------------------------------------------------------------------------------------------------


def test_the_aged_battery_is_the_one_that_is_dispatched():
    """The capacity plan made again from the final dispatch is the plan the dispatch was made with."""
    case = presets()["case_b"].scenario.with_({"storage.fade_model": "lfp"})
    result = simulate(case)
    given = result.by_year("discharge_kwh")[result.row("hybrid")]
    cycles = given / case.storage.discharge_efficiency / (case.storage.energy_kwh * result.life.health)
    soc = result.trace("hybrid").energy_kwh / (case.storage.energy_kwh * result.life.health[0])
    cell_c = cell_temperature_c(ambient_c(case, result.clock))
    again = cell_life(case.storage, soc, cell_c, 1.0, 1.0, cycles)
    assert again.health == pytest.approx(result.life.health, abs=2e-3)
    assert result.life.health[0] > result.life.health[7] > result.life.health[14]


def test_cells_age_as_the_data_file_says():
    """equipment.yaml, 25 C, 10-95 % once a day without margin: 0.930 after 5 years, 0.884 after 10, 0.843 after 15."""
    storage = Storage(cycle_margin=1.0, renewal="none")
    day = np.r_[np.linspace(0.1, 0.95, 12), np.linspace(0.95, 0.1, 12)]
    life = cell_life(storage, np.tile(day, 365), np.full(8760, 25.0), 1.0, 1.0, np.full(15, 310.0))
    assert life.at_end[[4, 9, 14]] == pytest.approx([0.930, 0.884, 0.843], abs=0.01)


def test_more_cycles_age_faster_and_heat_too():
    case = presets()["blank"].scenario.with_({"storage.fade_model": "lfp"})
    idle = simulate(case.with_({"dispatch.arbitrage": "off"})).life.health[-1]
    busy = simulate(case).life.health[-1]
    hot = simulate(case.with_({"site.place": "johor_bahru", "dispatch.arbitrage": "off"})).life.health[-1]
    assert busy < idle - 0.1 and hot < idle


def test_warranty_limits_are_checked_on_the_first_cells():
    case = presets()["blank"].scenario.with_(
        {"storage.warranty_years": 10, "storage.warranty_cycles_per_year": 365, "storage.warranty_end_fraction": 0.9}
    )
    result = simulate(case)
    given = result.by_year("discharge_kwh")[result.row("hybrid")]
    found = warranty_findings(case.storage, result.life, given)
    assert {finding.limit for finding in found} == {"cycles", "soh"}
    assert warranty_findings(case.with_({"storage.warranty_years": None}).storage, result.life, given) == ()
    assert sum(given[:10]) / 20_000 > 3000
    through = case.with_({"storage.warranty_throughput_kwh_per_kwh": 3000}).storage
    assert "throughput" in {finding.limit for finding in warranty_findings(through, result.life, given)}


COLD = {"site.place": "zhongwei", "site.term_months": 12, "storage.fade_model": "line"}


def test_cells_at_air_temperature_take_no_charge_in_the_frost():
    """Below -5 C outside the cells are below 0 C: no charge; they go on giving. Held cells do not notice -15 C."""
    held = simulate(presets()["blank"].scenario.with_(COLD))
    bare = simulate(held.scenario.with_({"storage.cell_temperature": "ambient"}))
    air_c, t = ambient_c(held.scenario, held.clock), bare.trace("hybrid")
    frost, cool = air_c < -5, (air_c >= 0) & (air_c < 5)
    assert frost.sum() > 50 and held.trace("hybrid").charge_kw[frost].max() > 0
    assert not t.charge_kw[frost].any() and t.discharge_kw[frost].any()
    assert t.charge_kw[cool].max() <= 0.6 * held.scenario.storage.power_kw * (1 + 1e-12)
    assert (held.series.charge_power_share == 1).all() and (held.series.discharge_power_share == 1).all()
    assert_conserves(bare)


def test_failing_cabinets_take_their_share_of_power_and_energy():
    """1,000 h between failures and 1,000 h to repair: one half works."""
    case = presets()["blank"].scenario.with_(COLD)
    half = simulate(case.with_({"storage.cabinet_mtbf_h": 1000, "storage.cabinet_repair_h": 1000}))
    lane = half.row("hybrid")
    assert half.lanes.battery_kw[lane] == pytest.approx(5_000)
    whole = simulate(case)
    for name in ("energy_max_kwh", "energy_min_kwh", "energy_reserve_kwh", "energy_start_kwh", "charge_set_kw"):
        assert getattr(half.lanes, name)[lane] == pytest.approx(getattr(whole.lanes, name)[lane] / 2)
    assert (half.lanes.auxiliary_kw == whole.lanes.auxiliary_kw).all()
    assert 0.5 < half.total("discharge_kwh")[lane] / whole.total("discharge_kwh")[lane] < 0.55


def test_spare_cabinets_make_up_for_failed_ones():
    """Four containers of 5 MWh, one of them spare: three are counted on, or nearly so where they fail."""
    storage = Storage(spare_cabinets=1)
    assert available_share(storage) == pytest.approx(3 / 4)
    failing = Storage(spare_cabinets=1, cabinet_mtbf_h=1000, cabinet_repair_h=10)
    assert 0.749 < available_share(failing) < 0.75
    assert available_share(Storage(spare_cabinets=9)) == pytest.approx(1 / 4)
    assert available_share(Storage()) == 1.0


def test_cabinets_near_the_load_give_more_at_the_meter():
    case = presets()["blank"].scenario.with_(COLD)
    near = simulate(case.with_({"storage.near_load_loss_gain_fraction": 0.02}))
    assert near.lanes.discharge_efficiency[-1] == pytest.approx(case.storage.discharge_efficiency * 1.02)
    assert discharge_efficiency(Storage(discharge_efficiency=0.9, near_load_loss_gain_fraction=0.02)) == 0.918
    more, less = (run.total("discharge_kwh")[run.row("hybrid")] for run in (near, simulate(case)))
    assert more > less


def test_auxiliaries_follow_the_temperature():
    """0.8 kW/MWh at 10 to 20 C, 2.8 at 40, 5.0 at -30, times the figure at 25 C."""
    storage = Storage(auxiliary_kw_per_mwh=2.0)
    assert auxiliary_kw_per_mwh(storage, np.array([15.0, 40.0, -30.0])) == pytest.approx(2 * (0.8 + 2.8 + 5.0) / 3)
    assert auxiliary_kw_per_mwh(Storage(auxiliary_by_temperature=False), np.array([40.0])) == 1.0


# --- sets -------------------------------------------------------------------------------------------------------------


def test_altitude_derates_a_set_of_a_standard_rating():
    """Zhongwei lies at 1226 m: 3.4 % per 300 m above 1000 m; no hour passes 40 C."""
    case = presets()["case_d"].scenario
    height = library.sites()["zhongwei"].altitude_m
    derated = simulate(case.with_({"genset.rating_at": "standard"}))
    expected = case.genset.set_kw * (1 - 0.034 * (height - 1000) / 300)
    assert site_set_kw(derated.scenario) == pytest.approx(expected)
    assert derated.lanes.set_kw == pytest.approx(expected)
    assert simulate(case).lanes.set_kw == pytest.approx(case.genset.set_kw)


def test_spinning_reserve_keeps_another_set_running():
    """6 MW flat on 1.5 MW sets: four carry it, 25 % of reserve needs five; the hybrid's battery stands in for them."""
    case = Scenario().with_({"load.kind": "flat", "load.peak_kw": 6000, "site.term_months": 1})
    plain, ready = simulate(case), simulate(case.with_({"genset.spinning_reserve_fraction": 0.25}))
    hours = 30 * 24
    assert plain.total("set_hours")[0] == 4 * hours
    assert ready.total("set_hours")[0] == 5 * hours
    assert ready.lanes.set_max_fraction[plain.row("hybrid")] == 1.0
    assert (ready.trace("diesel").genset_kw == 6000).all()


# --- outages ----------------------------------------------------------------------------------------------------------


def test_drawn_outages_are_each_years_own_and_the_same_for_the_same_seed():
    drawn = {"grid.outage_source": "statistics", "grid.saifi_per_year": 8, "grid.saidi_h_per_year": 24}
    case = presets()["case_c"].scenario.with_(drawn)
    one, again = simulate(case), simulate(case)
    other = simulate(case.with_({"grid.outage_seed": 2}))
    assert np.array_equal(one.down, again.down) and not np.array_equal(one.down, other.down)
    assert np.array_equal(one.monthly["unserved_kwh"], again.monthly["unserved_kwh"])
    assert not np.array_equal(one.down[0], one.down[1])
    hours = one.down.sum(axis=1) * one.clock.step_h
    assert hours.mean() == pytest.approx(24, abs=8)
    row = one.row("grid")
    for year in (1, 9):
        trace = one.trace("grid", year)
        assert ((trace.unserved_kw > 0) == one.down[year - 1]).all()
        months = slice(12 * (year - 1), 12 * year)
        total = trace.unserved_kw.sum() * one.clock.step_h
        assert total == pytest.approx(one.monthly["unserved_kwh"][row, months].sum())
    too_short = (outage_draws(8, 24, one.years, case.grid.outage_seed).steps(one.clock.step_h) == 0).sum()
    seen = sum(runs(year)[0].size for year in one.down)
    assert too_short > 0 and one.monthly["interruptions"][row].sum() == seen + too_short
    assert_conserves(one)


def test_drawn_outages_as_a_list_are_those_of_the_first_year():
    case = presets()["blank"].scenario.with_({"grid.saifi_per_year": 12.0, "grid.saidi_h_per_year": 60.0})
    drawn = simulate(case.with_({"grid.outage_source": "statistics", "site.term_months": 24}))
    listed = simulate(drawn.scenario.with_({"grid.outage_source": "list", "grid.outages": as_list(drawn)}))
    assert np.array_equal(listed.down[0], drawn.down[0]) and np.array_equal(listed.down[1], drawn.down[0])
    assert longest_h(drawn) == max(np.diff(runs(row), axis=0).max() for row in drawn.down)
    assert longest_h(simulate(case)) == 0.0


def test_only_the_critical_load_is_carried_in_an_outage():
    case = presets()["case_a"].scenario
    whole, part = simulate(case), simulate(case.with_({"load.critical_fraction": 0.6}))
    down = part.down[0]
    for name in ("grid_diesel", "hybrid"):
        trace, row = part.trace(name), part.row(name)
        assert trace.load_kw == pytest.approx(whole.trace(name).load_kw)
        auxiliary = trace.auxiliary_kw[down]
        assert trace.unserved_kw[down] == pytest.approx(0.4 * (trace.load_kw[down] - auxiliary))
        assert (trace.unserved_kw[~down] == 0).all()
        assert part.monthly["shed_kwh"][row].sum() == pytest.approx(trace.unserved_kw.sum())
        assert part.total("load_kwh")[row] == pytest.approx(whole.total("load_kwh")[row])
        assert part.total("fuel_l")[row] <= whole.total("fuel_l")[row]
    assert part.monthly["interruptions"][part.row("hybrid")].sum() == 0
    assert part.total("unserved_kwh")[part.row("diesel")] == 0
    assert_conserves(part)
    late = simulate(case.with_({"load.critical_fraction": 0.6, "grid.ready_month": 4, "grid.existing_kw": 0}))
    assert late.total("shed_kwh").sum() == 0


def test_a_ups_or_a_seamless_battery_spares_the_restart_while_the_load_is_served():
    case = presets()["case_a"].scenario
    for changes, expected in (
        ({}, [0, 1, 1, 0]),
        ({"grid.ups_bridges": True}, [0, 1, 0, 0]),
        ({"storage.seamless_transfer": False}, [0, 1, 1, 1]),
        ({"storage.energy_kwh": 0}, [0, 1, 1, 1]),
        ({"grid.ups_bridges": True, "genset.backup_sets": 1}, [0, 1, 1, 0]),
    ):
        assert simulate(case.with_(changes)).total("interruptions").tolist() == expected
