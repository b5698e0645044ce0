"""Names that screen, paper, workbook and files share."""

from __future__ import annotations

import re

import numpy as np
import pytest

from i18n import words
from report import sentences, views
from report.paper.blocks import Draft
from report.paper.front import decision
from report.paper.offer import Offer
from report.text import levers, say
from sim.inputs.tariff import library_ids, library_tariff
from study.answer import is_long_term
from study.evaluate import evaluate
from study.presets import presets
from study.turning import SHOWN, nearest
from tests.report.documents import paper
from tests.studies import study_of
from tests.ui.crawl import crawl, texts_of


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
    page = decision(Draft(study, said, Offer(), frozenset()))
    texts = [text.replace("**", "") for text in drawn.texts()]
    assert page["lead"][0] in texts
    assert any(page["stack_note"] in text for text in texts)
    assert page["stack_alt"] in texts


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("case", ["case_a", "case_b", "case_c"])
def test_screen_and_paper_say_the_same_of_cash_and_of_what_turns_the_answer(case: str, language: str) -> None:
    said, study = words(language), study_of(case)
    points = nearest(study)[:SHOWN]
    pages = [*crawl("overview", case, language).texts(), *crawl("money", case, language).texts()]
    printed = list(texts_of(paper(case, language)["parts"]))
    shared = [sentences.turning_title(points, said), sentences.flow_alt(study, said)]
    shared += [] if is_long_term(study.scenario) else [sentences.ride_through(study, said)[1]]
    shared += [levers.from_to(study, point, said) for point in points]
    for places in (pages, printed):
        assert [text for text in shared if not any(text in shown for shown in places)] == []


def test_the_largest_part_is_a_share_of_what_is_paid() -> None:
    """A credit lowers the bill, not what the components cost; the paper once divided by the sum with the credit."""
    parts = {"energy": np.array([60.0, 0.0]), "fixed": np.array([20.0, 20.0]), "export_credit": np.array([-50.0, 0.0])}
    assert "60\u00a0%" in sentences.bill_title(parts, words("en"))
    assert sentences.bill_title({"energy": np.zeros(2)}, words("en")) == words("en").t("answers.money.bill_title_none")
