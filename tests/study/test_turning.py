"""Break-even values: at the value found, hybrid and baseline really cost the same."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inputs.register import register
from study import turning
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study


@cache
def study_of(name: str) -> Study:
    return evaluate(presets()[name].scenario)


def difference(study: Study, path: str, value: float) -> float:
    moved = evaluate(study.scenario.with_({path: value}))
    return moved.kpis["hybrid"].total_cost - moved.kpis[study.baseline].total_cost


@pytest.mark.parametrize("name", list(presets()))
def test_costs_are_equal_at_the_turning_point_and_the_side_is_right(name: str):
    study = study_of(name)
    for point in turning.turning_points(study, presets()[name].levers):
        if point.at is None or register()[point.path].kind == "integer":
            continue
        scale = study.kpis[study.baseline].total_cost
        assert abs(difference(study, point.path, point.at)) < 1e-3 * scale, point
        step = 0.05 * max(abs(point.at), abs(point.now))
        above = difference(study, point.path, min(point.high, point.at + step))
        below = difference(study, point.path, max(point.low, point.at - step))
        assert (above < below) == (point.holds == "above"), point
        assert point.low <= point.at <= point.high


def test_diesel_price_of_case_a_by_the_straight_line():
    """Fuel is the only line the price enters, so the break-even follows from the litres: exact to 1e-3."""
    study = study_of("case_a")
    point = turning.turning_point(study, "finance.diesel_per_l")
    litres = study.kpis["diesel"].diesel_l - study.kpis["hybrid"].diesel_l
    expected = point.now - study.savings["hybrid"].total / litres
    assert point.holds == "above"
    assert point.at == pytest.approx(expected, rel=1e-3)
    assert point.distance == pytest.approx(abs(expected - point.now) / point.now, rel=1e-2)


def test_grid_ready_month_lies_between_two_whole_months():
    study = study_of("case_a")
    point = turning.turning_point(study, "grid.ready_month")
    assert point.holds == "below" and 0 < point.at < study.scenario.site.term_months
    assert difference(study, "grid.ready_month", int(point.at)) < 0
    assert difference(study, "grid.ready_month", int(point.at) + 1) > 0


def test_no_limit_where_the_sign_never_changes():
    study = study_of("case_a")
    point = turning.turning_point(study, "finance.grid_works_share")
    assert point.at is None and point.reason == "no_limit" and point.distance is None
    assert difference(study, point.path, point.low) < 0 and difference(study, point.path, point.high) < 0


def test_a_battery_of_nothing_is_no_turn():
    """Case B without its battery is the grid itself: equal costs at the end of the range turn nothing."""
    study = study_of("case_b")
    point = turning.turning_point(study, "storage.energy_kwh")
    assert point.at is None or point.at > study.scenario.storage.energy_kwh


def test_the_nearest_comes_first_and_no_limit_last():
    points = turning.turning_points(study_of("case_a"), presets()["case_a"].levers)
    known = [point.distance for point in points if point.distance is not None]
    assert known == sorted(known)
    assert [point.distance is None for point in points] == sorted(point.distance is None for point in points)


def test_inputs_that_are_not_numbers_are_left_out():
    assert turning.turning_points(study_of("case_a"), ("finance.baseline", "dispatch.charge_limit_kw", "nothing")) == ()


def test_search_range_stays_inside_the_limits():
    scenario = presets()["case_c"].scenario
    for path, entry in register().items():
        value = scenario.get(path)
        if entry.kind not in ("number", "integer") or value is None:
            continue
        low, high = turning.search_range(scenario, entry)
        assert low <= float(value) <= high, path
        assert entry.minimum is None or low >= entry.minimum, path
        assert entry.maximum is None or high <= max(entry.maximum, float(value)), path


@settings(max_examples=60, deadline=None)
@given(
    root=st.floats(-50, 50),
    slope=st.floats(0.01, 100),
    bend=st.floats(0, 5),
    left=st.floats(0.1, 60),
    right=st.floats(0.1, 60),
)
def test_false_position_finds_the_root(root: float, slope: float, bend: float, left: float, right: float):
    def curve(x: float) -> float:
        return slope * (x - root) + bend * (x - root) ** 3 / 100

    found = turning.false_position(curve, root - left, root + right, 1e-9, 1e-9)
    assert root - left <= found <= root + right
    assert abs(found - root) <= 1e-2 * (left + right)


def test_false_position_is_exact_on_a_line():
    calls = []

    def line(x: float) -> float:
        calls.append(x)
        return 3.0 * (x - 7.0)

    assert turning.false_position(line, 0.0, 100.0, 1e-9, 1e-12) == pytest.approx(7.0)
    assert len(calls) == 3


def test_a_size_of_zero_is_no_part_of_the_plan_but_a_wait_of_zero_months_is():
    paths = ("pv.dc_kwp", "storage.energy_kwh", "grid.ready_month", "finance.diesel_per_l")
    assert turning.in_plan(presets()["case_a"].scenario, paths) == paths[1:]
    assert turning.in_plan(presets()["case_c"].scenario, paths) == paths
