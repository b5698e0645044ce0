"""The bill chapter with the client's own bills, and with a curve of many prices."""

from __future__ import annotations

import numpy as np
import pytest

from i18n import words
from report.paper import pdf
from report.paper.blocks import Draft
from report.paper.offer import Offer
from report.paper.site import bill
from sim.inputs.register import unverified
from sim.tariff.curve import Curve, curve_fields
from study.evaluate import evaluate
from study.presets import presets
from tests.report.typeset import complaints

BILLS = [{"month": f"2025-{month:02d}", "kwh": 7e6, "energy": 6e6, "total": 6.5e6} for month in range(1, 13)]


def bill_chapter(changes: dict, language: str = "en") -> dict:
    study = evaluate(presets()["case_b"].scenario.with_(changes))
    return bill(Draft(study, words(language), Offer(), (), frozenset(unverified(study.scenario))))


def tables(chapter: dict) -> list[dict]:
    return [block for block in chapter["blocks"] if block["kind"] == "table"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_own_bills_stand_beside_the_modelled_ones(language: str) -> None:
    chapter = bill_chapter({"bills": BILLS}, language)
    rows = tables(chapter)[-1]["rows"]
    t = words(language).t
    assert [row[0] for row in rows] == [t(f"bills.field.{name}") for name in ("kwh", "energy", "total")]
    assert [row[1] for row in rows] == ["12"] * 3
    assert [row[2] for row in rows] == ["84,000,000", "72,000,000", "78,000,000"]
    assert len(tables(bill_chapter({}, language))) == len(tables(chapter)) - 1


def test_a_curve_of_many_prices_has_one_column_of_energy() -> None:
    scenario = presets()["case_b"].scenario
    fields = curve_fields(scenario.tariff, Curve("day", 0.5 + np.arange(24) / 100), "mine", "")
    chapter = bill_chapter({"tariff": fields})
    head = tables(chapter)[0]["head"]
    assert head[1] == "Energy, MWh"
    assert sum("MWh" in text for text in head) == 1


def test_paper_takes_the_table() -> None:
    study = evaluate(presets()["case_b"].scenario.with_({"bills": BILLS}))
    assert complaints(pdf.data(study, "zh", Offer())) == []
