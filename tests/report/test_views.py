"""Names that screen, paper, workbook and files share."""

from __future__ import annotations

import re

import pytest

from i18n import words
from report import views
from report.paper.blocks import Draft
from report.paper.front import decision
from report.paper.offer import Offer
from report.paper.proposal import levers_of
from report.text import say
from sim.inputs.tariff import library_ids, library_tariff
from study.evaluate import evaluate
from study.presets import presets
from study.turning import turning_points
from tests.ui.crawl import crawl


def test_every_demand_charge_of_the_library_has_a_chinese_name() -> None:
    chinese = words("zh")
    names = {charge.name for tariff in map(library_tariff, library_ids()) for charge in tariff.demand_charges}
    labels = {views.bill_label(f"demand.{name}", chinese) for name in names}
    labels |= {views.bill_label(f"demand.{name}_overrun", chinese) for name in names}
    assert len(names) > 5 and not any(re.search("[A-Za-z]", label) for label in labels)


def test_a_charge_of_ones_own_keeps_its_letters() -> None:
    assert say.charge("winter_evening", words("zh")) == "winter evening"
    assert views.bill_label("demand.winter_evening", words("en")) == "Demand charge (winter evening)"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("case", ["case_a", "case_b", "case_c"])
def test_screen_and_paper_say_the_same_of_the_answer(case: str, language: str) -> None:
    drawn, said = crawl("overview", case, language), words(language)
    study = evaluate(presets()[case].scenario)
    paper = decision(Draft(study, said, Offer(), turning_points(study, levers_of(study)), frozenset()))
    texts = [text.replace("**", "") for text in drawn.texts()]
    assert paper["lead"][0] in texts
    assert any(paper["stack_note"] in text for text in texts)
    assert paper["stack_alt"] in texts
