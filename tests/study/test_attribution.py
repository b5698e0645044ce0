"""The Shapley split: its axioms, a hand case, and the shipped cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.attribution import PARTS, attribute, shapley
from study.evaluate import evaluate
from study.presets import presets

PLAYERS = ("a", "b", "c", "d")


def test_a_glove_game_by_hand():
    """One left and two right gloves, a pair is worth 1: the left one gets 2/3, each right one 1/6."""
    found = shapley(("left", "right1", "right2"), lambda group: float("left" in group and len(group) > 1))
    assert found.parts == pytest.approx({"left": 2 / 3, "right1": 1 / 6, "right2": 1 / 6})
    assert found.alone == {"left": 0, "right1": 0, "right2": 0}
    assert found.last == {"left": 1, "right1": 0, "right2": 0}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=16, max_size=16))  # money has no 5e-324
def test_parts_sum_to_the_saving(values):
    table = dict(enumerate(values))
    found = shapley(PLAYERS, lambda group: table[sum(1 << PLAYERS.index(name) for name in group)])
    assert sum(found.parts.values()) == pytest.approx(found.saving, rel=1e-9, abs=1e-9 * max(map(abs, values)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5))
def test_symmetric_players_get_equal_parts_and_a_dummy_nothing(by_size):
    found = shapley(PLAYERS, lambda group: by_size[len(group - {"d"})])
    assert found.parts["d"] == 0
    assert found.parts["a"] == pytest.approx(found.parts["b"], rel=1e-12)
    assert found.parts["b"] == pytest.approx(found.parts["c"], rel=1e-12)


def test_names_must_differ():
    with pytest.raises(ValueError, match="same name"):
        shapley(("a", "a"), len)


@pytest.fixture(scope="module", params=["case_a", "case_b", "case_c", "case_d"])
def case(request):
    study = evaluate(presets()[request.param].scenario)
    return request.param, study, attribute(study)


def test_parts_of_a_case_sum_to_its_saving(case):
    _, study, found = case
    assert set(found.parts) == set(PARTS)
    saving = study.savings["hybrid"].total
    assert found.saving == pytest.approx(saving, rel=1e-9)
    assert sum(found.parts.values()) == pytest.approx(saving, rel=1e-9)


def test_parts_that_are_not_there_get_nothing(case):
    name, study, found = case
    if study.scenario.pv.dc_kwp == 0:
        assert found.parts["pv"] == 0
    if study.scenario.finance.baseline != "diesel":
        assert found.parts["grid"] == 0
    if name == "case_b":
        assert found.parts["sets"] == 0


def test_case_a_is_saved_by_the_grid_connection():
    """No "the battery saves 40 %": the grid connection brings nine tenths and more, the battery costs about nothing."""
    study = evaluate(presets()["case_a"].scenario)
    found = attribute(study)
    assert found.parts["grid"] > 0.85 * found.saving
    assert abs(found.parts["battery"]) < 0.15 * found.saving


def test_npv_can_be_split_too():
    study = evaluate(presets()["case_b"].scenario)
    found = attribute(study, "worth")
    assert sum(found.parts.values()) == pytest.approx(study.kpis["hybrid"].npv.value, rel=1e-9)
    with pytest.raises(ValueError, match="use 'total' or 'worth'"):
        attribute(study, "irr")


def test_the_split_does_not_depend_on_the_order_of_the_parts():
    table = np.random.default_rng(3).normal(size=16)

    def value(group):
        return table[sum(1 << "abcd".index(name) for name in group)]

    forward, backward = shapley("abcd", value), shapley("dcba", value)
    assert forward.parts == pytest.approx(backward.parts, rel=1e-12)
