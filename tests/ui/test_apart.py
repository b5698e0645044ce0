"""A bad file ends a worker, never the server: time and memory of reading are limited, and errors come back whole."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from report.paper import pdf
from sim.meter.findings import MeterError, MeterQuestion
from sim.meter.read import inspect, read_meter
from sim.problem import Problem, Refusal
from sim.sun.files import read_weather
from sim.sun.year import WeatherError
from study import sizing
from tests.studies import study_of
from ui.apart import apart, searched


def whose() -> int:
    return os.getpid()


def for_ever() -> None:
    while True:
        time.sleep(0.01)


def greedy() -> int:
    return len(bytearray(8 * 1024**3))


def ended() -> None:
    os._exit(3)


def chatty() -> str:
    print("x" * 100_000)
    return "done"


def asking() -> None:
    raise MeterQuestion(Problem("what unit is {name}?", name="a"), code="unit", column="b", options=("kW", "kWh"))


def test_work_is_done_by_another_process() -> None:
    assert apart(whose) != os.getpid()
    assert apart(chatty) == "done"


@pytest.mark.parametrize("harm", [for_ever, greedy, pytest.param(ended, marks=pytest.mark.nightly)])
def test_what_takes_too_much_ends_a_worker_and_is_told(harm) -> None:
    for kind in (WeatherError,) if harm is for_ever else (Refusal, MeterError, WeatherError):
        with pytest.raises(kind, match="took too much time or memory"):
            apart(harm, refused=kind, limit_s=8 if harm is for_ever else 60)
    assert apart(whose) != os.getpid()  # the next one is served


def counted(most: int, progress: Callable[[int, int], None]) -> int:
    for done in range(1, most + 1):
        progress(done, most)
    return os.getpid()


def test_a_search_tells_how_far_it_is_and_ends_with_its_visitor() -> None:
    told: list[tuple[int, int]] = []
    worker = searched(counted, 3, progress=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]

    def leaves(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        searched(counted, 3, progress=leaves)
    assert searched(whose) not in (worker, os.getpid())


def test_errors_come_back_as_they_were_raised() -> None:
    with pytest.raises(MeterQuestion) as caught:
        apart(asking)
    assert (caught.value.code, caught.value.column, caught.value.options) == ("unit", "b", ("kW", "kWh"))
    assert caught.value.problem.values == {"name": "a"} and str(caught.value) == "what unit is a?"
    with pytest.raises(ZeroDivisionError):
        apart(divmod, 1, 0)


def test_a_reading_comes_back_whole() -> None:
    rows = "\n".join(f"2025-01-{1 + k // 24:02d} {k % 24:02d}:00,{5000 + k % 9}" for k in range(672))
    data = f"time,kW\n{rows}\n".encode()
    assert apart(inspect, data, "a.csv").columns == inspect(data, "a.csv").columns
    own, other = read_meter(data, "a.csv", allow_short=True), apart(read_short, data)
    assert own.kw.tolist() == other.kw.tolist() and own.findings == other.findings
    with pytest.raises(WeatherError, match="no weather file"):
        apart(read_weather, data, "a.csv", 8.0, refused=WeatherError)


def read_short(data: bytes):
    return read_meter(data, "a.csv", allow_short=True)


def test_a_size_found_by_a_worker_is_that_found_here() -> None:
    plan = sizing.plan(study_of("case_a"), sizing.Wish(False, False, 0.0, False))
    found, here = apart(sizing.find, plan), sizing.find(plan)
    assert (found.size, found.cost, found.lower_bound) == (here.size, here.cost, here.lower_bound)


def test_a_document_set_by_a_worker_is_that_set_here() -> None:
    content = pdf.data(study_of("case_a"), "en")
    assert apart(pdf.pdf, content) == pdf.pdf(content)
