"""Break-even values: at the value found, hybrid and rival really cost the same in present value."""

from functools import cache

import pytest

from finance.lines import proportional
from sim.inputs.register import register
from study import turning
from study.decision import decision
from study.evaluate import evaluate
from study.presets import presets
from study.price_moves import present_value
from study.study import Study


@cache
def study_of(name: str) -> Study:
    return evaluate(presets()[name].scenario)


def difference(study: Study, path: str, value: float) -> float:
    """What the hybrid costs more than its rival in a study of its own."""
    return -decision(evaluate(study.scenario.with_({path: value}))).margin


@pytest.mark.parametrize("name", list(presets()))
def test_costs_are_equal_at_the_turning_point_and_the_side_is_right(name: str):
    study = study_of(name)
    for point in turning.nearest(study):
        if register()[point.path].kind == "integer":
            continue
        scale = decision(study).present_cost[decision(study).rival]
        assert abs(difference(study, point.path, point.at)) < 1e-3 * scale, point
        step = 0.05 * max(abs(point.at), abs(point.now))
        above = difference(study, point.path, min(point.high, point.at + step))
        below = difference(study, point.path, max(point.low, point.at - step))
        assert (above < below) == (point.holds == "above"), point
        assert point.low <= point.at <= point.high


def test_a_price_by_the_straight_line():
    """Untaxed, the lines that are proportional to a price move the margin in a straight line."""
    study = evaluate(presets()["case_d"].scenario.with_({"finance.tax_rules": "none"}))
    path, found = "finance.storage_capex_per_kwh", decision(study)
    assert found.rival == study.baseline == "grid_diesel"
    point = turning.turning_point(study, path)
    expected = point.now * (1 - found.margin / present_value(study, proportional(path)))
    assert point.at == pytest.approx(expected, rel=1e-3)
    assert point.distance == pytest.approx(abs(expected - point.now) / point.now, rel=1e-2)


def test_of_a_whole_number_the_first_value_that_has_turned_is_named():
    study = study_of("case_b")
    point = turning.turning_point(study, "grid.ready_month")
    assert point.holds == "below" and point.at == round(point.at) > 0
    assert (
        difference(study, "grid.ready_month", int(point.at) - 1)
        < 0
        <= difference(study, "grid.ready_month", int(point.at))
    )


def test_a_battery_of_nothing_is_no_turn():
    """Case B without its battery is the grid itself: equal costs at the end of the range turn nothing."""
    study = study_of("case_b")
    point = turning.turning_point(study, "storage.energy_kwh")
    assert point.at is None or point.at > study.scenario.storage.energy_kwh


def test_prices_of_battery_pv_and_sets_and_the_discount_rate_are_looked_at():
    paths = turning.candidates(presets()["case_c"].scenario)
    wanted = {"finance.storage_capex_per_kwh", "finance.pv_capex_per_kwp", "finance.genset_capex_per_kw"}
    assert wanted | {"finance.discount_rate", "finance.diesel_per_l", "pv.dc_kwp", "grid.ready_month"} <= set(paths)
    without_pv = presets()["case_a"].scenario
    assert "pv.dc_kwp" not in turning.candidates(without_pv) and "grid.ready_month" in turning.candidates(without_pv)


@pytest.mark.parametrize("name", list(presets()))
def test_the_nearest_comes_first(name: str):
    known = [point.distance for point in turning.nearest(study_of(name))]
    assert known == sorted(known)


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


def test_where_the_hybrid_leaves_load_dark_no_price_turns_the_answer():
    """Lost compute all but free makes it the cheapest, and still it is no answer."""
    dark = {"storage.energy_kwh": 0.0, "genset.last_resort_sets": 0, "finance.unserved_per_kwh": 0.1}
    often = {"grid.outage_source": "statistics", "grid.saifi_per_year": 20, "grid.saidi_h_per_year": 120}
    study = evaluate(presets()["case_b"].scenario.with_(dark | often | {"site.term_months": 24}))
    found = decision(study)
    assert (found.verdict, found.serves["hybrid"]) == ("no", False) and found.margin > 0
    assert [point.path for point in turning.nearest(study) if register()[point.path].varies == "price"] == []
