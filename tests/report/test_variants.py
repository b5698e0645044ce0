"""The chapter of variants: each is a whole study; where they pay for different things it sets no costs side by side."""

from __future__ import annotations

import pytest

from i18n import words
from report.paper.offer import Offer
from report.paper.offer_rows import MOST_VARIANTS, OfferVariant
from report.paper.proposal import proposal
from report.paper.saved import offer_from
from report.paper.variants import variant_of
from report.text import say
from sim.inputs.base import InputError
from sim.problem import Refusal
from study.decision import decision
from study.evaluate import evaluate
from study.presets import presets
from tests.studies import study_of

CASE = presets()["case_b"].scenario
CHANGED = {"storage.energy_kwh": 30_000, "storage.power_kw": 15_000, "tariff": presets()["blank"].scenario.tariff}
OTHER = CASE.with_(CHANGED)


def chapter(*variants: OfferVariant, language: str = "en") -> dict:
    made = proposal(study_of("case_b"), language, Offer(variants=variants, chapters=("variants",)))
    return made["chapters"][0]


def test_a_variant_is_what_it_changes_and_gives_the_study_of_the_other_site() -> None:
    kept = variant_of("B", CASE, OTHER)
    assert set(kept.changes) == set(CHANGED)
    assert CASE.with_(kept.changes).key == OTHER.key
    inputs, _, figures = chapter(kept)["blocks"]
    assert [row[0] for row in inputs["rows"]] == ["Battery energy", "Battery power", "Tariff"]
    assert inputs["head"][1:] == figures["head"][1:] == ["This proposal", "B"]
    margins = [decision(study).margin for study in (study_of("case_b"), evaluate(OTHER))]
    assert figures["rows"][2][1:] == [say.signed(words("en").money(margin, "CNY"), margin) for margin in margins]


def test_the_cheapest_is_named_only_where_all_pay_for_the_same() -> None:
    assert "cheapest" in chapter(OfferVariant("B", {"finance.storage_capex_per_kwh": 2_000.0}))["finding"]
    for path, value in (("load.peak_kw", 9_000.0), ("finance.discount_rate", 0.05), ("site.term_months", 120)):
        assert "not comparable" in chapter(OfferVariant("B", {path: value}))["finding"]


def test_without_a_variant_that_differs_there_is_no_such_chapter() -> None:
    """A variant that is on screen itself is the offered one."""
    same = OfferVariant("A", {"storage.energy_kwh": CASE.storage.energy_kwh})
    for variants in ((), (same,)):
        made = proposal(study_of("case_b"), "zh", Offer(variants=variants, chapters=("variants",)))
        assert made["chapters"] == []


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        ([{"name": "B"}, {"name": "B"}], "variants: 'B' stands twice"),
        ([{"name": str(n)} for n in range(MOST_VARIANTS + 1)], "5 rows are too many; use 4 or fewer"),
        ([{"name": "x" * 25}], "25 characters are too many"),
    ],
)
def test_what_cannot_stand_beside_each_other_is_refused(variants: list, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        offer_from({"variants": variants})


def test_an_input_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="energy_kwhh"):
        chapter(OfferVariant("B", {"storage.energy_kwhh": 1.0}))
