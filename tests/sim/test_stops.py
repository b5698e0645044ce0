"""Stops by failing sets: closed forms, and case A by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.dispatch.stops import with_one_more, with_one_waiting
from study.evaluate import evaluate
from study.presets import presets
from study.set_stops import set_stops

FAILS, NO_START, MONTH_H = 1 / 1100, 0.0094, 730


@pytest.mark.parametrize(
    ("needed", "repair_h", "running", "waiting"),
    [(2, 24, 0.0783, 0.0648), (2, 72, 0.196, 0.148), (8, 24, 0.760, 0.725), (8, 72, 1.480, 1.386)],
)
def test_stops_a_month_are_those_of_the_chain(needed: int, repair_h: float, running: float, waiting: float):
    count = np.array([float(needed)])
    assert with_one_more(count, FAILS, 1 / repair_h)[0] * MONTH_H == pytest.approx(running, rel=2e-3)
    assert with_one_waiting(count, FAILS, 1 / repair_h, NO_START)[0] * MONTH_H == pytest.approx(waiting, rel=2e-3)


@pytest.mark.parametrize("repair_h", [6.0, 24.0, 72.0])
def test_the_spare_that_runs_is_a_chain_solved_as_one(repair_h: float):
    """Mean time to the second failure, by the chain's equations: N + 1 run, then N, then a stop."""
    needed, mu = 3, 1 / repair_h
    full, less = (needed + 1) * FAILS, needed * FAILS
    # t0 = 1 / full + t1; t1 = 1 / (less + mu) + mu / (less + mu) * t0
    first = np.linalg.solve([[1, -1], [-mu / (less + mu), 1]], [1 / full, 1 / (less + mu)])[0]
    assert with_one_more(np.array([3.0]), FAILS, mu)[0] == pytest.approx(1 / first, rel=1e-12)


def test_case_a_by_hand():
    """5,906 set-hours at 1,100 h, and in each of them the sets that are left cannot carry the load: 5.37 stops. With
    one more running about a third of one; its fuel costs about what the stops do."""
    scenario = presets()["case_a"].scenario
    found = set_stops(evaluate(scenario))
    diesel = found["diesel"]
    assert set(found) == {"diesel"}
    assert diesel.set_hours == diesel.exposed_hours == 5906
    assert diesel.expected == pytest.approx(5906 / 1100)
    assert 0.30 < diesel.with_spare < 0.33
    assert diesel.cost / diesel.expected == pytest.approx(167_619, rel=1e-3)
    plain, counted = (evaluate(scenario.with_({"genset.count_failures": on})) for on in (False, True))
    more = counted.kpis["diesel"].interruptions - plain.kpis["diesel"].interruptions
    assert more == pytest.approx(diesel.expected)
    assert counted.kpis["grid"].interruptions == plain.kpis["grid"].interruptions


def test_a_battery_that_bridges_a_waiting_set_is_worth_a_running_one():
    """The hybrid before its grid: the battery carries a lost set until the next one runs, so few stops are left."""
    late = presets()["case_a"].scenario.with_({"grid.ready_month": 4})
    found = set_stops(evaluate(late))
    assert found["hybrid"].expected < 0.1 * found["grid_diesel"].expected
    assert found["grid_diesel"].expected == pytest.approx(found["diesel"].expected)


def test_the_hybrid_may_have_a_fleet_of_its_own_before_the_grid():
    late = {"grid.ready_month": 2, "genset.bridge_sets": 3}
    sets = evaluate(presets()["case_a"].scenario.with_(late)).dispatch.sets
    assert sets[0].tolist() == [4, 4, 4, 4] and sets[3, :2].tolist() == [3, 3]
    assert sets[2, 0] == 4
