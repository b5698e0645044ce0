"""The store: what is kept reads back equal, once, under an id that nobody guesses, and outlives its program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from sim.inputs.scenario import Scenario, scenario_from_dict
from sim.inputs.site import Meter
from store import database, tables
from store.database import StoreError
from store.states import State
from store.store import Store
from study.difference import changes
from study.presets import presets

ROOT = Path(__file__).resolve().parents[2]
KW = [900.0 + (k * 37 % 1000) / 7 for k in range(35_040)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def with_files() -> Scenario:
    """Case C with a meter file of quarter hours and a painted tariff."""
    tree = presets()["case_c"].scenario.model_dump()
    tree["load"] |= {
        "kind": "meter",
        "meter": Meter(file_name="site.csv", year=2025, step_minutes=15, kw=KW).model_dump(),
    }
    tree["site"]["step_minutes"] = 15
    tree["tariff"]["seasons"][0]["prices_per_kwh"] = dict.fromkeys(
        tree["tariff"]["seasons"][0]["prices_per_kwh"], 1 / 3
    )
    return scenario_from_dict(tree)


def step(store: Store, before: Scenario, after: Scenario, work: str = "w", who: str = "me") -> str:
    first, second = (store.pack(State(scenario, "case_a")) for scenario in (before, after))
    store.keep(first)
    store.take_step(who, work, first.id, second, changes(before, after), "a title")
    return second.id


def count(store: Store, table) -> int:
    return database.read(store.engine, lambda c: c.scalar(select(func.count()).select_from(table)))


@pytest.mark.parametrize("scenario", [*(p.scenario for p in presets().values()), with_files()], ids=str)
def test_a_state_reads_back_equal(store: Store, scenario: Scenario) -> None:
    packed = store.pack(State(scenario, "case_b"))
    store.keep(packed)
    again = store.load(packed.id)
    assert again == State(scenario, "case_b") and again.scenario.key == scenario.key


def test_files_are_kept_once_and_small(store: Store) -> None:
    scenario = with_files()
    for k in range(5):
        step(store, scenario, scenario := scenario.with_({"storage.energy_kwh": 10_000 + k}))
    assert count(store, tables.file) == 2 and count(store, tables.step) == 5 and count(store, tables.state) == 6
    texts = database.read(store.engine, lambda c: c.scalars(select(tables.state.c.scenario)).all())
    assert max(map(len, texts)) < 20_000


def test_the_same_inputs_have_one_id_here_and_another_elsewhere(store: Store, tmp_path: Path) -> None:
    state, other = State(Scenario(), "blank"), Store(tmp_path / "other")
    assert store.pack(state).id == Store(tmp_path).pack(state).id != other.pack(state).id
    assert store.pack(State(Scenario(), "case_a")).id != store.pack(state).id
    assert len(store.pack(state).id) == 22 and store.load("x" * 22) is None


def test_a_step_says_what_changed(store: Store) -> None:
    before = Scenario()
    step(store, before, before.with_({"finance.diesel_per_l": 9.1, "site.name": "Harbour"}))
    text = database.read(store.engine, lambda c: c.scalar(select(tables.step.c.changes)))
    assert text == (
        '[{"path": "site.name", "old": "' + before.site.name + '", "new": "Harbour"}, '
        '{"path": "finance.diesel_per_l", "old": ' + str(before.finance.diesel_per_l) + ', "new": 9.1}]'
    )


def test_each_browser_sees_its_own_work_the_last_first(store: Store) -> None:
    a, b = Scenario(), Scenario().with_({"genset.sets": 9})
    for work, who in (("one", "me"), ("two", "me"), ("three", "other")):
        kept = step(store, a, b, work, who)
    assert [work.id for work in store.recent("me")] == ["two", "one"]
    assert store.work_of("other", kept) == "three" and store.work_of("nobody", kept) is None
    store.describe("other", "one", "stolen", "")
    store.describe("me", "one", "Harbour", "first talk")
    assert store.work("other", "one") is None and store.work("me", "one").name == "Harbour"
    copy = store.duplicate("me", "one", "Harbour, copy")
    assert store.work("me", copy).note == "first talk" and store.duplicate("other", "one", "x") is None
    step(store, b, a, copy)
    assert store.work("me", "one").state == kept != store.work("me", copy).state


def test_versions_are_numbered_and_stay_with_their_figures(store: Store) -> None:
    a, b = Scenario(), Scenario().with_({"genset.sets": 9})
    step(store, a, b)
    for scenario in (a, b):
        store.keep_version("me", "w", store.pack(State(scenario, "blank")), "note", {"npv": 1.5})
    found = store.versions("me", "w")
    assert [(one.n, one.figures, store.load(one.state).scenario) for one in found] == [
        (2, {"npv": 1.5}, b),
        (1, {"npv": 1.5}, a),
    ]
    assert store.versions("other", "w") == ()
    assert store.keep_version("other", "w", store.pack(State(a, "blank")), "", {}) is None


def test_a_damaged_file_and_a_store_of_a_newer_version_are_told(store: Store, tmp_path: Path) -> None:
    packed = store.pack(State(with_files(), "case_c"))
    store.keep(packed)
    database.written(
        store.engine, lambda c: c.execute(update(tables.file).values(packed=b"x\x9c\x03\x00\x00\x00\x00\x01"))
    )
    with pytest.raises(StoreError, match="damaged"):
        store.load(packed.id)
    database.written(store.engine, lambda c: c.execute(update(tables.about).values(value="99")))
    with pytest.raises(StoreError, match="form 99"):
        Store(tmp_path)


def test_no_store_where_none_is_wanted_or_none_can_be(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv(database.FOLDER, "none")
    assert database.folder() is None
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError):
        Store(tmp_path / "file" / "below")
    monkeypatch.delenv(database.FOLDER)
    assert database.folder().is_relative_to(Path.home()) or "XDG_DATA_HOME" in os.environ


def test_a_failed_step_leaves_nothing_behind(store: Store) -> None:
    packed = store.pack(State(Scenario(), "blank"))
    with pytest.raises(StoreError):
        store.take_step("me", "w", "no such state", packed, (), "")
    assert [count(store, table) for table in (tables.state, tables.work, tables.step)] == [0, 0, 0]


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from sim.inputs.scenario import Scenario
from store.states import State
from store.store import Store
from study.difference import changes
store, before = Store(Path(sys.argv[1])), Scenario()
store.keep(store.pack(State(before, "blank")))
for k in range(100_000):
    after = before.with_({"finance.diesel_per_l": 5 + k / 1000})
    packed = store.pack(State(after, "blank"))
    store.take_step("me", "w", store.pack(State(before, "blank")).id, packed, changes(before, after), "")
    print(packed.id, flush=True)
    before = after
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
def test_what_was_told_as_kept_outlives_a_kill(tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(ROOT)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            told += [writer.stdout.readline().strip() for _ in range(20)]
            writer.send_signal(signal.SIGKILL)
            told += [line.strip() for line in writer.stdout if len(line) == 23]
    store = Store(tmp_path)
    assert len(told) >= 40 and all(store.load(one) is not None for one in told)
    assert database.read(store.engine, lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"
    assert database.read(store.engine, lambda c: c.exec_driver_sql("PRAGMA foreign_key_check").all()) == []
