"""Variants side by side give what the dispatch gives for each of them, to the last bit."""

import numpy as np
import pytest

from sim.dispatch import kernel, variants
from sim.dispatch.control import refill_share, tradable_kwh, window_orders
from sim.dispatch.lanes import simulate
from study.presets import presets


def shares_of(scenario, plan, count):
    storage = scenario.storage
    values = (tradable_kwh(scenario), storage.power_kw, storage.charge_efficiency, storage.discharge_efficiency)
    return plan.shares(*(np.full(count, value) for value in values))


@pytest.fixture(scope="module", params=["case_a", "case_b", "case_c", "case_d"])
def case(request):
    dispatch = simulate(presets()[request.param].scenario)
    plan = variants.orders(dispatch.scenario, dispatch.clock, dispatch.series)
    return dispatch, plan


def run(dispatch, plan, outages=None, threads=None):
    count = dispatch.lanes.count
    return variants.aggregate(
        dispatch.series,
        dispatch.lanes,
        plan,
        shares_of(dispatch.scenario, plan, count),
        np.full(count, refill_share(dispatch.scenario)),
        outages or variants.listed_outages(dispatch.series.grid_up, count),
        len(dispatch.classes.names),
        threads,
    )


def test_orders_of_windows_with_and_without_a_power_of_their_own():
    windows = [
        {"start_hour": 0, "end_hour": 6, "action": "charge", "power_fraction": 0.35},
        {"start_hour": 8, "end_hour": 11, "action": "discharge", "days": "workday"},
        {"start_hour": 10, "end_hour": 12, "action": "discharge", "power_fraction": 0.2, "months": [5]},
        {"start_hour": 12, "end_hour": 15, "action": "charge"},
    ]
    scenario = presets()["case_a"].scenario.with_({"dispatch.arbitrage": "windows", "dispatch.windows": windows})
    dispatch = simulate(scenario)
    plan = variants.orders(scenario, dispatch.clock, dispatch.series)
    ordered = plan.sign[plan.level] * shares_of(scenario, plan, 1)[plan.level, 0]
    np.testing.assert_array_equal(ordered, window_orders(scenario, dispatch.clock))
    sums = run(dispatch, plan)
    np.testing.assert_array_equal(sums.import_kwh, kernel.aggregate(dispatch.series, dispatch.lanes, 4).import_kwh)


@pytest.mark.parametrize(
    "change", [{"storage.energy_kwh": 2600}, {"storage.power_kw": 900}, {"dispatch.reserve_fraction": 0.6}]
)
def test_orders_of_another_battery_need_no_new_schedule(change):
    windows = [
        {"start_hour": 0, "end_hour": 6, "action": "charge"},
        {"start_hour": 8, "end_hour": 11, "action": "discharge"},
    ]
    scenario = presets()["case_a"].scenario.with_({"dispatch.arbitrage": "windows", "dispatch.windows": windows})
    dispatch, other = simulate(scenario), scenario.with_(change)
    plan = variants.orders(scenario, dispatch.clock, dispatch.series)
    ordered = plan.sign[plan.level] * shares_of(other, plan, 1)[plan.level, 0]
    np.testing.assert_array_equal(ordered, window_orders(other, dispatch.clock))


def test_sums_are_the_kernels_to_the_last_bit(case):
    dispatch, plan = case
    found, expected = (
        run(dispatch, plan),
        kernel.aggregate(dispatch.series, dispatch.lanes, len(dispatch.classes.names)),
    )
    for name in variants.KEPT:
        np.testing.assert_array_equal(found.monthly[name], getattr(expected, name), err_msg=name)
    for name in ("import_kwh", "export_kwh", "peak_kw"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_each_lane_has_its_own_outages():
    """Lanes with the outages of seven different years, beside each other and alone, give the same."""
    dispatch = simulate(presets()["case_b"].scenario)
    plan = variants.orders(dispatch.scenario, dispatch.clock, dispatch.series)
    random, count = np.random.default_rng(5), dispatch.lanes.count
    events = random.integers(0, 7, count)
    first = np.concatenate([[0], np.cumsum(events)])
    start = random.integers(0, dispatch.clock.steps, first[-1])
    outages = variants.Outages(
        first, start, np.minimum(start + random.integers(1, 30, first[-1]), dispatch.clock.steps)
    )
    found = run(dispatch, plan, outages, threads=2)
    for lane in random.integers(0, count, 6):
        up = np.ones(dispatch.clock.steps)
        for k in range(first[lane], first[lane + 1]):
            up[outages.start[k] : outages.stop[k]] = 0
        from dataclasses import replace

        alone = kernel.aggregate(replace(dispatch.series, grid_up=up), dispatch.lanes, len(dispatch.classes.names))
        for name in variants.KEPT:
            np.testing.assert_array_equal(found.monthly[name][lane], getattr(alone, name)[lane], err_msg=name)
        np.testing.assert_array_equal(found.peak_kw[lane], alone.peak_kw[lane])


def test_threads_do_not_change_a_bit(case):
    dispatch, plan = case
    one, two = run(dispatch, plan, threads=1), run(dispatch, plan, threads=2)
    assert all(np.array_equal(one.monthly[name], two.monthly[name]) for name in variants.KEPT)


def test_outages_of_some_lanes_again():
    outages = variants.Outages(np.array([0, 2, 2, 3]), np.array([5, 9, 1]), np.array([6, 12, 4]))
    found = variants.repeated(outages, [2, 0, 1, 0])
    assert found.first.tolist() == [0, 1, 3, 3, 5]
    assert found.start.tolist() == [1, 5, 9, 5, 9] and found.stop.tolist() == [4, 6, 12, 6, 12]


def test_shapes_that_do_not_fit_are_refused(case):
    dispatch, plan = case
    with pytest.raises(ValueError, match="one column or list for each"):
        run(dispatch, plan, variants.listed_outages(dispatch.series.grid_up, 1))
