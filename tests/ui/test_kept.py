"""What is kept for all visitors: bounded in bytes, and never another scenario's."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest

from sim.inputs.scenario import Scenario
from study import claims
from study.claims import Claim
from study.evaluate import evaluate
from study.presets import presets
from tests.studies import study_of
from ui import kept
from ui.claims import verdicts

MB = 1_000_000


def some(size_mb: float) -> np.ndarray:
    return np.zeros(int(size_mb * MB) // 8)


def weight(shelf: kept.Shelf) -> int:
    """Bytes of all that is on it; what several share counts once."""
    return sum(kept.blocks_of([entry.value for entry in shelf._entries.values()]).values())


@pytest.fixture
def own_shelf(monkeypatch):
    found = kept.Shelf()
    monkeypatch.setattr(kept, "shelf", lambda: found)
    return found


def test_the_shelf_is_bounded_in_bytes():
    """Ten values of 10 MB on a shelf of 35 MB: the last three stay."""
    shelf = kept.Shelf(35 * MB)
    for number in range(10):
        shelf.get(number, lambda: {"series": some(10)})
    assert len(shelf) == 3 and weight(shelf) < 35 * MB
    assert shelf.get(9, lambda: "made again") != "made again"
    assert shelf.get(0, lambda: "made again") == "made again"


def test_what_two_values_share_counts_once_and_a_view_as_the_whole():
    shelf, shared = kept.Shelf(35 * MB), some(20)
    for number in range(5):
        shelf.get(number, lambda: [shared, some(1)])
    assert len(shelf) == 5 and 25 * MB < weight(shelf) < 26 * MB
    shelf.get("view", lambda: some(30)[:5])
    assert weight(shelf) >= 30 * MB


def test_answers_that_come_later_are_weighed():
    shelf = kept.Shelf(35 * MB)
    first = shelf.get("first", lambda: {})
    shelf.get("second", lambda: some(10))
    first["later"] = some(30)
    shelf.grown(first)
    assert weight(shelf) < 35 * MB and len(shelf) == 1
    assert shelf.get("first", lambda: None) is first


def test_the_newest_stays_whatever_its_size():
    shelf = kept.Shelf(MB)
    made = shelf.get("great", lambda: some(5))
    assert shelf.get("great", lambda: None) is made


def test_many_who_ask_at_once_wait_for_one():
    shelf, made = kept.Shelf(), []

    def make():
        time.sleep(0.05)
        made.append(1)
        return "answer"

    threads = [threading.Thread(target=shelf.get, args=("key", make)) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert made == [1]


def test_what_fails_is_asked_again():
    shelf = kept.Shelf()
    with pytest.raises(ZeroDivisionError):
        shelf.get("key", lambda: 1 / 0)
    assert shelf.get("key", lambda: 5) == 5


def test_a_study_is_of_the_scenario_asked_for_even_where_two_have_one_key(own_shelf, monkeypatch):
    """The first of two visitors whose inputs share a key never gives its money to the second."""
    monkeypatch.setattr(Scenario, "key", "0" * 64)
    one = presets()["case_a"].scenario
    other = one.with_({"finance.diesel_per_l": 2 * one.finance.diesel_per_l})
    assert kept.study_of(one).scenario == one
    second = kept.study_of(other)
    assert second.scenario == other
    assert second.kpis["diesel"].total_cost == evaluate(other).kpis["diesel"].total_cost
    assert second.kpis["diesel"].total_cost > kept.study_of(one).kpis["diesel"].total_cost


def test_what_is_shown_has_80_bits_and_begins_as_it_did():
    """Eight digits alone were shown once: a document of that time is still found by them."""
    scenario = presets()["case_a"].scenario
    shown = scenario.fingerprint.replace("-", "")
    assert len(scenario.key) == len(scenario.dispatch_key) == 64
    assert len(shown) == 20 and scenario.key.startswith(shown)
    assert scenario.fingerprint[:9] == f"{scenario.key[:4]}-{scenario.key[4:8]}"


def test_prices_share_one_simulation(own_shelf):
    one = presets()["case_a"].scenario
    first = kept.study_of(one)
    assert kept.study_of(one) is first
    assert kept.study_of(one.with_({"finance.diesel_per_l": 9.0})).dispatch is first.dispatch


def test_two_visitors_own_claims_of_one_number_are_two():
    """Both visitors' first own claim is "own_1", at the same threshold, about different figures."""
    study = study_of("case_a")
    listed = [Claim("own_1", metric, "at_least", 0.0) for metric in ("npv", "irr")]
    found = [verdict for claim in listed for verdict in verdicts(study, (claim,))]
    expected = [claims.check(study, claim, with_break_even=False) for claim in listed]
    assert [one.claim for one in found] == listed
    assert [one.value for one in found] == [one.value for one in expected]


def test_answers_leave_with_their_study():
    @kept.once
    def answer(study, name):
        return some(1)

    study = evaluate(presets()["case_a"].scenario)
    assert answer(study, "x") is answer(study, "x")
    assert answer(study, "x") is not answer(study, "y")
    gone = weakref.ref(answer(study, "x"))
    del study
    gc.collect()
    assert gone() is None
