"""Every page of every shipped case in every language, looked at in the one crawl."""

from __future__ import annotations

from itertools import pairwise

import pytest

from i18n.words import LANGUAGES
from sim.inputs.scenario import scenario_from_json
from study.presets import presets
from tests.ui.apps import PAGES, faults
from tests.ui.crawl import PRESETS, crawl

every_page = pytest.mark.parametrize("page", PAGES)
every_case = pytest.mark.parametrize("preset", PRESETS)
HEADINGS = ("title", "header", "subheader")
every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_page
@every_case
@every_language
def test_every_page_is_drawn_without_an_error(page: str, preset: str, language: str) -> None:
    drawn = crawl(page, preset, language)
    assert drawn.exceptions == () and drawn.errors == []
    assert len(drawn.of("title")) == 1
    levels = [HEADINGS.index(heading.kind) for heading in drawn.of(*HEADINGS)]
    assert all(lower - level <= 1 for level, lower in pairwise(levels))  # a reader by ear misses none
    assert len(drawn.texts(place="sidebar")) > 20 or page == "present"  # what a client sees has none


@every_page
@every_case
@every_language
def test_no_page_shows_a_key_or_a_broken_number(page: str, preset: str, language: str) -> None:
    assert {fault for text in crawl(page, preset, language).texts() for fault in faults(text)} == set()


@every_page
@every_case
def test_an_address_opens_the_case_it_names_and_stays_short(page: str, preset: str) -> None:
    drawn = crawl(page, preset, "en")
    assert scenario_from_json(drawn.scenario) == presets()[preset].scenario
    assert drawn.query == {"lang": "en", "preset": preset}


@every_case
@pytest.mark.parametrize("page", ("overview", "operation", "money", "sizing", "autonomy"))
@every_language
def test_answer_pages_answer_below_headings(page: str, preset: str, language: str) -> None:
    drawn = crawl(page, preset, language)
    assert drawn.of("header") and drawn.of("subheader")


def test_a_fault_is_seen() -> None:
    """The check of texts finds what it looks for, and takes neither an input's path nor a word for it."""
    assert faults("Cost answers.metric.npv, nan kWh for {years}") == ["answers.metric.npv", "nan", "{years}"]
    assert faults("deal.kind is kept; finance; mine.json; banana; %{y}") == []
