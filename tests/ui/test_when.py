"""The page When and the drawer "by month": what they say, and what a visitor does there."""

from __future__ import annotations

from sim.inputs.scenario import Scenario
from study.presets import presets
from tests.study.test_timeline import STAGED
from tests.ui.apps import assert_calm, drawn_alone, texts
from tests.ui.crawl import crawl
from tests.ui.test_ui import open_app, scenario_of


def test_the_title_answers_and_can_say_the_opposite() -> None:
    sooner, same = (crawl("when", preset, "en").texts("header")[0] for preset in ("case_a", "case_b"))
    assert "powers all of the load after 1 month, the grid alone not within the term" in sooner
    assert same.endswith("nobody waits")
    late = presets()["case_b"].scenario.with_({"genset.last_resort_sets": 0, "genset.sets": 0, "grid.ready_month": 9})
    app = drawn_alone("when", late.with_({"grid.existing_kw": 0.0}))
    said = app.header[0].value
    assert said.startswith("Grid + diesel powers all of the load after 1 month, the hybrid after 18 months")


def test_case_a_says_what_its_saving_stands_on() -> None:
    page, overview = (" ".join(crawl(name, "case_a", "en").texts()) for name in ("when", "overview"))
    assert "the hybrid saves 48.7 %, 32.7 %, 17.9 %, 2.0 %, −5.3 % against diesel" in page.replace("\u00a0", " ")
    assert "works of this kind usually take 5 months ◇" in overview
    assert "5.37" in page and "5,906 / 5,906" in page


def test_lead_times_are_counted_by_a_press_and_taken_back() -> None:
    app = open_app("when", preset="case_a")
    app.button(key="when_switch").click().run()
    assert_calm(app)
    assert scenario_of(app).timing.by_month and scenario_of(app).grid.ready_month == 5
    app.button(key="when_switch").click().run()
    assert not scenario_of(app).timing.by_month


def test_the_drawer_shows_stages_and_own_lead_times_only_where_they_are_in_use() -> None:
    scenario = Scenario().with_({**STAGED, "timing.by_month": True, "timing.grid_works": "10kv"})
    app = drawn_alone("equipment", scenario)
    tables = [frame for frame in app.dataframe if frame.editing_mode != "read_only"]
    assert any("step" in frame.value.columns for frame in tables)
    assert any("energy_kwh" in frame.value.columns and len(frame.value) == 2 for frame in tables)
    assert "Own lead times" in " ".join(texts(app))
    assert "Own lead times" not in " ".join(crawl("equipment", "case_b", "en").texts("markdown"))
