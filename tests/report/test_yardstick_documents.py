"""Papers, workbooks and the first page speak of better and worse as the yardstick does, over scenarios nobody chose.

`tests.study.test_yardstick` holds the sentences where they are made; here they are met again where they are read. Each
sentence of the catalogue that takes a side is known with what must be so when it stands somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from i18n import words
from i18n.words import catalogue
from report.book.workbook import workbook
from report.paper import pdf
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.scenario import Scenario
from study.decision import Decision, decision
from study.evaluate import evaluate
from study.study import Study
from tests.report.documents import Cells, values
from tests.study.test_yardstick import LANGUAGES, named_least, scenarios
from tests.ui.apps import drawn_alone, texts

FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=500)


def _serves_alone(found: Decision) -> bool:
    return found.serves["hybrid"] and not any(found.serves[name] for name in ALTERNATIVES if name != "hybrid")


SIDES: dict[str, Callable[[Decision], bool]] = {
    "answers.headline.yes": lambda found: found.verdict == "yes",
    "answers.headline.no": lambda found: found.verdict == "no",
    "answers.headline.tie": lambda found: found.verdict == "tie",
    "answers.headline.only_hybrid": _serves_alone,
    "answers.headline.hybrid_fails": lambda found: not found.serves["hybrid"],
    "answers.headline.rival_is_free": lambda found: found.present_cost[found.rival] <= 0,
    "answers.stack.hybrid": lambda found: found.best == "hybrid" and found.verdict == "yes",
    "answers.stack.other": lambda found: found.best != "hybrid" and found.verdict == "no",
    "answers.stack.tie": lambda found: found.verdict == "tie",
    "answers.holds.yes": lambda found: found.verdict == "yes",
    "answers.holds.always": lambda found: found.verdict == "yes",
    "answers.holds.no": lambda found: found.verdict == "no",
    "answers.holds.never": lambda found: found.verdict == "no",
}
HEADLINES = {key for key in SIDES if key.startswith("answers.headline.")} | {"answers.headline.no_load"}


@cache
def _patterns(language: str) -> dict[str, re.Pattern[str]]:
    """Each sentence that takes a side, with anything where it has a value."""
    known = {key: catalogue(language)[key] for key in (*SIDES, "answers.headline.no_load")}
    parts = {key: map(re.escape, re.split(r"\{\w+\}", text)) for key, text in known.items()}
    return {key: re.compile(r".{1,200}?".join(some)) for key, some in parts.items()}


def sides(said: str, language: str) -> set[str]:
    """Which of the sentences stand in a text."""
    return {key for key, pattern in _patterns(language).items() if pattern.search(said)}


def holds(said: list[str], study: Study, language: str, answers: bool = True) -> None:
    """Every sentence that takes a side is true, the answer itself is among them, and only one costs least."""
    found, plain = decision(study), [text.replace("\u00a0", " ") for text in said]
    seen: set[str] = set().union(*(sides(text, language) for text in plain))
    assert not answers or seen & HEADLINES, f"{language}: the answer is missing"
    wrong = {key for key in seen & set(SIDES) if not SIDES[key](found)}
    assert not wrong, (language, wrong, found)
    if language == "en":
        assert set().union(*(named_least(text, language) for text in plain)) <= {found.best}


def strings(node: Any) -> Iterator[str]:
    """Every text in nested lists and dicts."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from strings(value)


def beside(cells: Cells, label: str) -> object:
    """What stands to the right of a label in a workbook."""
    ((sheet, at),) = [place for place, value in cells.items() if value == label]
    return cells[(sheet, f"B{at[1:]}")]


def sheet_holds(study: Study, language: str) -> None:
    found, spoken, cells = decision(study), words(language), values(workbook(study, words(language), hourly=False))
    holds([value for value in cells.values() if isinstance(value, str)], study, language, answers=False)
    if found.is_after_tax:
        assert spoken.t("proposal.xlsx.answer.least") not in cells.values(), "before tax another may cost least"
        margin = beside(cells, spoken.t("proposal.xlsx.answer.after_tax"))
    else:
        least = beside(cells, spoken.t("proposal.xlsx.answer.least"))
        assert found.verdict == "tie" or least == say.name(found.best, spoken, first=True)
        margin = beside(cells, spoken.t("proposal.xlsx.answer.margin"))
    assert isinstance(margin, float | int) and margin == pytest.approx(found.margin, abs=1e-6 * abs(margin) + 1.0)


def page_holds(scenario: Scenario, study: Study, language: str) -> None:
    """The first page; its chief sentence is green where the hybrid is to be built and red where it is not."""
    app = drawn_alone("overview", scenario, language=language)
    holds(texts(app), study, language)
    colour = {"yes": ":green[", "no": ":red[", "tie": None}[decision(study).verdict]
    head = " ".join(header.value for header in app.header)
    if sides(head, language) & {"answers.headline.yes", "answers.headline.no"}:
        assert colour and colour in head, head


def followed(scenario: Scenario) -> None:
    study = evaluate(scenario)
    for language in LANGUAGES:
        holds(list(strings(pdf.data(study, language)["parts"])), study, language)
        sheet_holds(study, language)
        page_holds(scenario, study, language)


@FEW
@given(scenarios())
def test_paper_sheet_and_page_follow_the_yardstick(scenario: Scenario) -> None:
    followed(scenario)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_five_hundred_papers_sheets_and_pages() -> None:
    @MANY
    @given(scenarios())
    def one(scenario: Scenario) -> None:
        followed(scenario)

    one()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_for_the_wrong_side_is_seen(language: str) -> None:
    """The check itself: each sentence is found in a text that holds it, and none in one that does not."""
    for key in SIDES:
        assert key in sides(re.sub(r"\{\w+\}", "7 M", catalogue(language)[key]), language)
    assert not sides("7 M", language)
