"""The sizing page runs for every preset and awkward scenarios, says why where there is no answer, and takes a size."""

import re

import pytest

from i18n.words import LANGUAGES
from sim.inputs.scenario import Scenario
from study.presets import presets
from tests.shared import a_few
from tests.ui.apps import drawn_alone, faults, texts
from tests.ui.crawl import PRESETS, crawl
from tests.ui.test_pages_answers import AWKWARD, CASE_C

FEW_AWKWARD = ("no battery, no PV", "no grid", "one month", "18 months", "no sets", "not counted", "free energy")


def size(scenario: Scenario, **state: object):
    return drawn_alone("sizing", scenario, **state)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_case_has_every_card(preset: str, language: str):
    assert len(crawl("sizing", preset, language).of("subheader")) >= 6


@pytest.mark.parametrize("name", a_few(FEW_AWKWARD, "no battery, no PV", "no grid"))
def test_page_runs_for_awkward_scenarios(name: str):
    assert {fault for text in texts(size(AWKWARD[name])) for fault in faults(text)} == set()


def test_a_site_without_load_says_so():
    assert "no load" in size(AWKWARD["no load"]).info[0].value


def test_a_job_of_months_is_not_told_by_the_year():
    app = size(presets()["case_a"].scenario, preset="case_a")
    assert " in 4 months" in app.header[0].value
    assert not [text for text in texts(app) if " a year" in text]


def test_taking_the_best_size_changes_the_scenario_and_then_it_is_todays():
    app = size(presets()["case_b"].scenario, preset="case_b")
    assert "Least cost" in app.header[0].value
    app.button(key="sizing.take.best").click().run()
    taken = app.session_state["scenario"]
    assert taken.storage.energy_kwh > 20_000
    assert taken.finance.storage_capex_per_kwh < presets()["case_b"].scenario.finance.storage_capex_per_kwh
    assert "Today's size is the best" in app.header[0].value


def test_more_to_size_asks_for_the_room():
    app = size(CASE_C, preset="case_c")
    control = next(one for one in app.segmented_control if one.label == "Sized")
    control.set_value("sets").run()
    assert not app.exception
    assert any("of sets" in button.label for button in app.button)


def test_load_that_must_be_served_names_the_hour_it_cannot_be():
    scenario = AWKWARD["no sets"].with_({"grid.import_limit_kw": 1500, "grid.existing_kw": 0})
    app = size(scenario)
    app.toggle(key="sizing.serve_all").set_value(True).run()
    assert re.search(r"are missing on \d+ \w+, \d\d:\d\d", app.error[0].value)
