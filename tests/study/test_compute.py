"""Computing work that gives way: the throughput curve, the plain rule, its cost line, and what it is worth at best."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from finance.cashflow import by_year
from finance.ledger import lost_gpu_h
from finance.waterfall import waterfall
from i18n import words
from report.book.workbook import workbook
from report.screen.compute import by_hour_and_month
from sim.dispatch.lanes import FLEX_SUMS
from sim.inputs.flex import Compute
from sim.inputs.scenario import Scenario, scenario_from_dict
from sim.optimum.model import Deferral, ShedTier
from sim.optimum.oracle import solve_oracle
from sim.optimum.solve import solve
from sim.plant.flex import cap_segments, dear_hours, fill_valleys, lost_by_cap, throughput
from sim.plant.load import site_kw_per_gpu
from study import compute
from study.attribution import attribute
from study.compute import Year, break_even_gpu_price, flexible, rule_effect, worth
from study.evaluate import evaluate
from study.flows import flows
from study.presets import presets
from tests.report.documents import by_formualizer
from tests.report.test_workbook import assert_figures, assert_sound, without_values
from tests.sim.breaches import breaches
from tests.sim.programmes import GAP, SEEDS, assert_same_optimum, programme, random_site
from tests.ui.apps import drawn_alone, opened

ROOT = Path(__file__).resolve().parents[2]
WORK = ("dense_training", "memory_bound_inference", "mild_training")
CHEAP, DEAR = 0.5, 15.0
SEASON = {
    "name": "all",
    "months": list(range(1, 13)),
    "prices_per_kwh": {"valley": 0.4, "peak": 1.2},
    **dict.fromkeys(
        ("weekday", "saturday", "sunday_holiday"),
        [{"start_hour": 0, "end_hour": 18, "period": "valley"}, {"start_hour": 18, "end_hour": 24, "period": "peak"}],
    ),
}


# --- curve and prices -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", WORK)
def test_throughput_falls_with_the_cap_and_ever_faster(work):
    caps = np.linspace(0.57, 1.0, 44)
    kept = throughput(work, caps)
    assert kept[-1] == 1.0 and (np.diff(kept) > 0).all()
    prices = [part.lost / part.load_share for part in cap_segments(Compute(cap_curve=work, cap_lowest_fraction=0.57))]
    assert len(prices) == 3 and (np.diff(prices) > 0).all()


def test_a_cap_inside_a_segment_by_hand():
    """To 0.80: 0.14 of power for 0.12 of throughput, then 0.06 of the next 0.15, which lose 0.14."""
    first, second = cap_segments(Compute(cap_lowest_fraction=0.80, gpu_power_share=0.5))
    assert (first.load_share, first.lost) == (pytest.approx(0.07), pytest.approx(0.12))
    assert (second.load_share, second.lost) == (pytest.approx(0.03), pytest.approx(0.14 * 0.06 / 0.15))
    assert lost_by_cap(Compute(gpu_power_share=0.5), np.array([0.0, 0.07, 0.10])) == pytest.approx(
        [0.0, 0.12, 0.12 + 0.056]
    )
    assert cap_segments(Compute(cap_lowest_fraction=1.0)) == ()


def test_price_of_a_capped_kwh_is_the_published_one_where_the_cap_acts_on_the_whole_site():
    """Memory-bound inference at 600 W: 6.5 % of 2.35 USD over 14 % of 1.40 kW = 0.78 USD/kWh (source: 0.72 for 6 %)."""
    scenario = Scenario().with_({"compute.cap_curve": "memory_bound_inference", "compute.gpu_power_share": 1.0})
    (segment,) = cap_segments(scenario.compute)
    by_hand = 0.065 * 2.35 / (0.14 * site_kw_per_gpu(scenario.load))
    assert compute.cap_price_per_kwh(scenario, segment, 2.35) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.78, abs=0.01)


def test_a_pause_costs_its_restart_over_the_event_and_nothing_where_idle_gpus_make_it_up():
    scenario = Scenario()  # half a checkpoint interval of 1 h, and 0.25 h
    per_kwh = 12.0 / site_kw_per_gpu(scenario.load)
    assert compute.pause_price_per_kwh(scenario, 3.0, 12.0) == pytest.approx(per_kwh * 1.25)
    assert compute.deferral_price_per_kwh(scenario, 12.0) == pytest.approx(per_kwh * 0.04)
    made_up = scenario.with_({"compute.recovered_fraction": 1.0})
    assert compute.pause_price_per_kwh(made_up, 3.0, 12.0) == 0


# --- the plain rule ---------------------------------------------------------------------------------------------------


def site(**changes):
    """1 MW flat in June and July 2026 on the grid, 0.4 by day and 1.2 from 18 to 24 h, no battery, no demand charge."""
    outage = {"month": 6, "day": 10, "hour": 4, "duration_h": 3}
    plain = scenario_from_dict(
        {
            "site": {"start": "2026-06", "term_months": 2},
            "load": {"kind": "flat", "peak_kw": 1000},
            "grid": {"existing_kw": 2000, "import_limit_kw": 2000, "outages": [outage]},
            "tariff": {"name_en": "two prices", "currency": "CNY", "seasons": [SEASON]},
            "storage": {"energy_kwh": 0, "power_kw": 0},
            "genset": {"last_resort_sets": 2, "set_kw": 1000},
            "finance": {"baseline": "grid_diesel"},
        }
    )
    return plain.with_(changes)


def test_capping_in_dear_hours_by_hand():
    """61 evenings of 6 h: 8.54 % of 1 MW less, 12 % of the GPUs' work lost at 12 CNY an hour."""
    with_, without = (evaluate(site(**{"compute.cap_rule": rule})) for rule in ("dear_hours", "off"))
    row, hours = with_.dispatch.row("hybrid"), 61 * 6
    assert with_.dispatch.total("capped_kwh")[row] == pytest.approx(hours * 85.4)
    lost = hours * 1000 / site_kw_per_gpu(with_.scenario.load) * 0.12
    assert lost_gpu_h(with_.scenario, with_.dispatch)[row].sum() == pytest.approx(lost)
    assert -with_.ledger.lines["compute"][row].sum() == pytest.approx(lost * 12)
    saved = without.ledger.lines["grid_energy"][row].sum() - with_.ledger.lines["grid_energy"][row].sum()
    assert -saved == pytest.approx(hours * 85.4 * 1.2)
    effect = rule_effect(with_)
    assert effect.saved == pytest.approx(hours * 85.4 * 1.2) and effect.lost_value == pytest.approx(lost * 12)
    assert effect.hours == hours
    assert effect.cost_per_gpu_h[1] > 0
    for name in ("diesel", "grid", "grid_diesel"):
        assert with_.kpis[name] == without.kpis[name]


def test_a_cap_at_the_import_limit_takes_what_is_above_it_and_no_more_than_the_lowest_cap():
    dispatch = evaluate(site(**{"compute.cap_rule": "limit", "grid.import_limit_kw": 950, "grid.existing_kw": 950}))
    first = dispatch.dispatch.flex[0]
    up = np.ones(first.capped_kw.size, bool)
    up[dispatch.dispatch.down[0]] = False
    assert first.capped_kw[up] == pytest.approx(np.full(up.sum(), 50.0))
    assert (first.capped_kw[~up] == 0).all()
    deep = evaluate(site(**{"compute.cap_rule": "limit", "grid.import_limit_kw": 500, "grid.existing_kw": 500}))
    assert deep.dispatch.flex[0].capped_kw[up] == pytest.approx(np.full(up.sum(), 85.4))


def test_paused_jobs_by_hand():
    """One outage of 3 h: a quarter of 1 MW, one restart of 0.25 h and half an hour of work for each GPU paused."""
    study = evaluate(site(**{"compute.shed_in_outages": True}))
    row, gpus = study.dispatch.row("hybrid"), 250 / site_kw_per_gpu(study.scenario.load)
    assert study.dispatch.total("paused_kwh")[row] == pytest.approx(750)
    assert study.dispatch.total("stopped_gpus")[row] == pytest.approx(gpus)
    assert lost_gpu_h(study.scenario, study.dispatch)[row].sum() == pytest.approx(gpus * 3.75)


def test_work_put_off_is_all_made_up_and_costs_what_waiting_costs():
    study = evaluate(site(**{"compute.defer": True, "load.kind": "training"}))
    first, row = study.dispatch.flex[0], study.dispatch.row("hybrid")
    assert first.deferred_kw.sum() > 0
    assert first.caught_up_kw.sum() == pytest.approx(first.deferred_kw.sum(), rel=1e-12)
    assert (study.dispatch.clock.hour[first.deferred_kw > 0] >= 18).all()
    assert (study.dispatch.clock.hour[first.caught_up_kw > 0] < 18).all()
    assert study.dispatch.trace("hybrid").load_kw.max() <= 1000 * (1 + 1e-9)
    lost = 0.04 * first.deferred_kw.sum() / site_kw_per_gpu(study.scenario.load)
    assert study.dispatch.total("lost_gpu_h")[row] == pytest.approx(lost)


@settings(max_examples=60)
@given(
    st.integers(2, 60).flatmap(
        lambda n: st.tuples(
            *(st.lists(st.sampled_from(v), min_size=n, max_size=n) for v in ((0.3, 0.5, 1.0), (0.0, 1.0, 2.5))),
            st.lists(st.floats(0, 3), min_size=n, max_size=n),
            st.integers(1, 20),
        )
    )
)
def test_put_off_work_keeps_its_energy_its_window_and_its_room(case):
    (price, wanted, room), window = (np.array(values, dtype=float) for values in case[:3]), case[3]
    deferred, caught_up = np.zeros((2, len(price)))
    fill_valleys(price, wanted, room.copy(), window, deferred, caught_up)
    waiting = np.cumsum(deferred) - np.cumsum(caught_up)
    assert (waiting >= -1e-9).all() and abs(waiting[-1]) <= 1e-9
    assert (np.cumsum(caught_up)[window:] >= np.cumsum(deferred)[:-window] - 1e-9).all()
    assert (deferred <= wanted + 1e-12).all() and (caught_up <= room + 1e-12).all()
    assert price @ caught_up <= price @ deferred + 1e-9


def test_dear_hours_are_those_of_the_days_highest_price():
    days = np.array([[1.0, 2.0, 3.0, 3.0], [2.0, 2.0, 2.0, 2.0]])
    assert dear_hours(days.ravel(), 4).tolist() == [False, False, True, True] + [False] * 4


@pytest.mark.parametrize("name", list(presets()))
def test_off_by_default_nothing_gives_way(name):
    study = evaluate(presets()[name].scenario)
    assert study.dispatch.flex == () and not study.scenario.compute.in_use
    assert all(study.dispatch.total(part).sum() == 0 for part in FLEX_SUMS)
    assert not study.ledger.lines["compute"].any()


# --- what follows from it ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deferring():
    return evaluate(presets()["case_b"].scenario.with_({"compute.defer": True, "compute.shed_in_outages": True}))


def test_the_waterfall_sums_with_a_load_that_gives_way(deferring):
    found = waterfall(deferring.scenario, deferring.dispatch, deferring.bill, deferring.ledger)
    assert found.totals["load_given_way"] > 0 and found.totals["compute_given_up"] < 0
    rest = found.before - sum(found.steps.values()) - found.after
    assert np.abs(rest).max() <= 1e-6 * np.abs(found.before).max()


def test_many_variants_at_once_know_the_load_that_is_left(deferring):
    """The years between the simulated ones lie on a straight line, which less battery in the dear hours bends."""
    found, row = flows(deferring, {}), deferring.dispatch.row("hybrid")
    own, ends = deferring.ledger.total[row], [0, *range(1, 13), *range(-12, 0)]
    assert found.own[0][ends] == pytest.approx(own[ends], rel=1e-9)
    assert by_year(found.own[0]) == pytest.approx(by_year(own), rel=3e-3)


def test_compute_is_a_part_of_the_saving_where_it_is_switched_on(deferring):
    found = attribute(deferring)
    saving = deferring.savings["hybrid"].total
    assert sum(found.parts.values()) == pytest.approx(saving, rel=1e-9)
    assert found.parts["compute"] != 0
    idle = evaluate(presets()["case_b"].scenario.with_({"compute.cap_rule": "limit"}))
    assert attribute(idle).parts["compute"] == 0


def test_the_workbooks_formulas_know_what_is_given_up(deferring):
    content = workbook(deferring, words("en"), hourly=False)
    found = by_formualizer(without_values(content))
    assert_figures(found, deferring)
    assert_sound(found)


# --- the optimum ------------------------------------------------------------------------------------------------------


def day(load_kw: float = 10.0, spare_kw: float = 0.0) -> Year:
    """A day without battery, 12 h cheap and 12 h dear."""
    price = np.repeat([DEAR, CHEAP], 12)
    p = programme(24, load_kw=load_kw, buy_per_kwh=price, battery_kw=0.0, battery_kwh=0.0, shed=(_dark(load_kw),))
    on = np.ones(24, bool)
    return Year(p, np.full(24, load_kw), ~on, 1.0, np.full(24, spare_kw), on)


def _dark(load_kw: float) -> ShedTier:
    return ShedTier(np.full(24, load_kw), 100.0)


def test_a_day_with_two_prices_by_hand():
    """Dear hours cost 15; a capped kWh costs 12 % of 12 CNY over 8.54 % of 1.386 kW = 12.17: the cap is used then."""
    scenario, given_day = Scenario(), day()
    p = flexible(scenario, given_day, ("cap",), 12.0)
    price = 0.12 * 12.0 / (0.14 * 0.61 * site_kw_per_gpu(scenario.load))
    assert p.shed[0].price_per_kwh == pytest.approx(price) and CHEAP < price < DEAR
    found = solve(p, GAP)
    assert found.schedule.shed_kw[0] == pytest.approx(np.repeat([0.854, 0.0], 12))
    assert found.cost == pytest.approx(120 * (CHEAP + DEAR) - 12 * 0.854 * (DEAR - price))


def test_work_that_waits_by_hand():
    """1 kW of 10 moves from each dear hour to a cheap one with 1 kW to spare; waiting costs 4 % of 12 / 1.386."""
    scenario, given_day = Scenario(), day(spare_kw=1.0)
    found = solve(flexible(scenario, given_day, ("defer",), 12.0), GAP)
    assert found.method == "HiGHS LP"
    assert found.schedule.deferred_kw == pytest.approx(np.repeat([1.0, 0.0], 12), abs=1e-9)
    assert found.schedule.caught_up_kw == pytest.approx(np.repeat([0.0, 1.0], 12), abs=1e-9)
    waiting = 0.04 * 12.0 / site_kw_per_gpu(scenario.load)
    assert found.cost == pytest.approx(120 * (CHEAP + DEAR) - 12 * (DEAR - CHEAP - waiting))


def with_tiers(p, shares=(0.08, 0.09), prices=(0.9, 1.7)):
    tiers = tuple(ShedTier(share * p.load_kw, price) for share, price in zip(shares, prices, strict=True))
    return replace(p, shed=(*tiers, *p.shed))


@settings(max_examples=30)
@given(SEEDS)
def test_a_lever_never_raises_the_cost_and_slope_lists_find_it_as_highs_does(seed):
    p = random_site(seed)
    flexible_too = with_tiers(p)
    assert solve(flexible_too, GAP).cost <= solve(p, GAP).cost + 2 * GAP * max(1.0, abs(solve(p, GAP).cost))
    assert_same_optimum(flexible_too)


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 8), st.just(0.0) | st.floats(1e-4, 0.3))  # a share of 1e-8 is within HiGHS's own rounding
def test_work_that_waits_never_raises_the_cost_and_keeps_its_energy(seed, window, share):
    p = random_site(seed, hours=30)
    spare = np.maximum(p.load_kw.max() - p.load_kw, 0.0)
    waiting = replace(p, deferral=Deferral(share * p.load_kw, spare, window, 0.05))
    found, without = solve_oracle(waiting), solve_oracle(p)
    scale = max(1.0, abs(without.cost))
    assert found.cost <= without.cost + 1e-7 * scale
    deferred, caught_up = np.cumsum(found.schedule.deferred_kw), np.cumsum(found.schedule.caught_up_kw)
    assert deferred[-1] == pytest.approx(caught_up[-1], abs=1e-6)
    assert (caught_up <= deferred + 1e-6).all()
    assert (caught_up[window:] >= deferred[:-window] - 1e-6).all()
    assert max(breaches(waiting, found.schedule).values()) <= 1e-5


@pytest.mark.parametrize("name", ["case_b", "case_c"])
def test_a_priceless_gpu_hour_is_never_given_up(name):
    scenario = presets()[name].scenario.with_({"finance.gpu_price_per_h": 1e7})
    found = worth(evaluate(scenario))
    assert found.lost_gpu_h == 0 and found.hours == 0 and not found.pays
    assert found.cost == pytest.approx(found.without, rel=1e-6)


def test_case_c_caps_for_its_demand_charge_and_case_b_not_at_all():
    """Johor bills 97 MYR per kW and month: a few hours of capping pay. Where only energy is saved they do not."""
    johor, shanghai = (evaluate(presets()[name].scenario) for name in ("case_c", "case_b"))
    found = worth(johor)
    assert found.pays and found.hours < 100
    assert found.per_lost_gpu_h > found.gpu_price
    assert found.net == pytest.approx(found.saved - found.lost_value)
    assert found.bound <= found.cost <= found.without
    none = worth(shanghai)
    assert not none.pays and none.per_lost_gpu_h is None
    assert none.cost_per_gpu_h[0] == pytest.approx(none.cost_per_gpu_h[1])


def test_the_break_even_price_parts_using_a_cap_from_not_using_it():
    scenario = presets()["case_b"].scenario
    at = break_even_gpu_price(evaluate(scenario))
    assert at < scenario.finance.gpu_price_per_h
    below = worth(evaluate(scenario.with_({"finance.gpu_price_per_h": 0.97 * at})), ("cap",))
    above = worth(evaluate(scenario.with_({"finance.gpu_price_per_h": 1.03 * at})), ("cap",))
    assert below.pays and below.lost_gpu_h > 0
    assert above.lost_gpu_h < 0.01 * below.lost_gpu_h


def test_the_optimum_does_not_depend_on_what_the_study_has_switched_on(deferring):
    plain = worth(evaluate(presets()["case_b"].scenario))
    assert worth(deferring).cost == pytest.approx(plain.cost, rel=1e-9)


def test_putting_off_in_a_whole_term_and_stopping_it():
    study, told = evaluate(presets()["case_a"].scenario), []
    found = worth(study, compute.LEVERS)
    assert found.method == "HiGHS LP" and found.pays
    assert [use.lever for use in found.uses] == list(compute.LEVERS)
    assert found.net >= worth(study).net

    def stop(seconds: float) -> None:
        told.append(seconds)
        raise KeyboardInterrupt

    quarter_hours = evaluate(presets()["case_c"].scenario)
    with pytest.raises(KeyboardInterrupt):
        worth(quarter_hours, compute.LEVERS, watch=stop)
    assert len(told) == 1


def test_a_demand_window_longer_than_the_step_is_the_step_of_the_optimum():
    """It was refused. What is found stands in the study's own steps."""
    base = presets()["case_a"].scenario
    tariff = {**base.tariff.model_dump(), "demand_window_minutes": 30}
    study = evaluate(base.with_({"site.term_months": 1, "site.step_minutes": 15, "tariff": tariff}))
    assert compute.reason_not_covered(study) is None
    found = worth(study)
    assert len(found.used_kw) == len(found.saving_per_gpu_h) == study.dispatch.clock.steps
    assert found.net >= 0 and found.method == "slope lists"


def test_what_is_not_covered_says_why():
    base = presets()["case_a"].scenario
    ratchet = {**base.tariff.model_dump(), "ratchet_fraction": 0.7, "ratchet_months": 11}
    assert compute.reason_not_covered(evaluate(base.with_({"tariff": ratchet}))) == "ratchet"
    no_battery = evaluate(base.with_({"storage.energy_kwh": 0, "storage.power_kw": 0}))
    assert compute.reason_not_covered(no_battery) is None
    assert worth(no_battery).gpu_h > 0


# --- the page ---------------------------------------------------------------------------------------------------------


def test_cells_by_hour_and_month_by_hand():
    """Two months of two days of 12 h steps: sums, and means without the gap."""
    hour, month = np.tile([0, 12], 4), np.repeat([0, 1], 4)
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan, 7.0, np.nan])
    sums, means = (by_hour_and_month(values, hour, month, add) for add in (True, False))
    assert sums[0].tolist() == [4.0, 12.0] and sums[12].tolist() == [6.0, 0.0]
    assert means[0].tolist() == [2.0, 6.0] and means[12][0] == 3.0
    assert np.isnan(means[12][1]) and np.isnan(means[5]).all()


def run(preset: str, **query: str) -> AppTest:
    return opened("compute", preset=preset, **query).run()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_with_every_lever_on(language):
    on = {"compute.cap_rule": "both", "compute.defer": True, "compute.shed_in_outages": True}
    app = drawn_alone("compute", presets()["case_b"].scenario.with_(on), language=language)
    assert len(app.metric) == 5


def test_the_page_works_out_putting_off_on_a_click_and_forgets_it_with_the_scenario():
    app = run("case_a")
    before = app.header[0].value
    app.button(key="compute.defer").click().run()
    assert not app.exception
    assert app.header[0].value != before
    assert "compute.defer" not in [button.key for button in app.button]
    app.run()
    assert "compute.defer" not in [button.key for button in app.button]
    app.button(key="reset").click().run()
    field = next(field for field in app.number_input if field.key.startswith("page.compute.cap_lowest_fraction"))
    field.set_value(80.0).run()
    assert "compute.defer" in [button.key for button in app.button]


def test_the_page_says_what_it_does_not_cover():
    base = presets()["case_a"].scenario
    ratchet = {**base.tariff.model_dump(), "ratchet_fraction": 0.7, "ratchet_months": 11}
    app = run("case_a")
    app.session_state["scenario"] = base.with_({"tariff": ratchet})
    app.run()
    assert not app.exception and len(app.metric) == 0
    assert any("ratchet" in info.value for info in app.info)
