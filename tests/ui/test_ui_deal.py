"""The page of contracts, the rows of the money page and the chapter of the paper, for every kind and both languages."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from i18n import words
from report.paper.offer import Offer
from report.paper.proposal import proposal
from report.text import financing as financing_text
from sim.inputs.scenario import Scenario
from study import deal
from study.deal import agreed
from study.evaluate import evaluate
from study.presets import presets
from tests.ui.apps import drawn_alone, faults, texts

BASE = presets()["case_d"].scenario
LATIN = re.compile(r"[A-Za-z]{4,}")


def run(scenario: Scenario, language: str = "en") -> AppTest:
    return drawn_alone("deal", scenario, preset="case_d", language=language)


@pytest.mark.parametrize("kind", deal.KINDS)
def test_the_page_stands_for_every_contract(kind: str) -> None:
    app = run(BASE.with_({"deal.kind": kind, "deal.claimed_saving": 300_000.0}))
    assert app.header and len(app.subheader) >= 5
    assert {fault for text in texts(app) for fault in faults(text)} == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"site.term_months": 9},
        {"site.term_months": 18},
        {"pv.dc_kwp": 0},
        {"storage.energy_kwh": 0, "storage.power_kw": 0},
        {"finance.energy_price_factor": 0, "finance.baseline": "grid"},
    ],
    ids=["nine months", "18 months", "no PV", "no battery", "free energy"],
)
@pytest.mark.parametrize("kind", ["shared_saving", "finance_lease", "as_a_service", "guaranteed_saving"])
def test_the_page_stands_for_awkward_plants(kind: str, changes: dict) -> None:
    app = run(BASE.with_({"deal.kind": kind, **changes}))
    assert app.title


def test_where_nothing_can_be_built_the_page_says_why() -> None:
    assert any("rented battery" in info.value for info in run(presets()["case_a"].scenario).info)
    sold = run(BASE.with_({"deal.kind": "ppa", "pv.dc_kwp": 0}))
    assert sold.info and [head.value for head in sold.header] == [words("en").t("deal.inputs.title")]


def test_owner_and_investor_stand_on_the_money_page_only_under_a_contract() -> None:
    scenario = BASE.with_({"deal.kind": "shared_saving", "deal.investor_share": 0.7})
    plain, shared = evaluate(BASE), evaluate(scenario)
    rows = financing_text.views(shared, words("en"))
    assert len(financing_text.views(plain, words("en"))) == 3 and len(rows) == 5
    assert rows[4][2] == financing_text.rate(agreed(shared).investor.irr, words("en"))
    assert agreed(plain) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_paper_has_a_chapter_under_a_contract(language: str) -> None:
    steps = [{"first_year": 6, "share": 0.6}]
    changes = {"deal.kind": "shared_saving", "deal.share_by_year": steps, "deal.shared_on": "gross"}
    found = proposal(evaluate(BASE.with_(changes)), language, Offer(chapters=("deal",)), ())["chapters"]
    assert [chapter["key"] for chapter in found] == ["deal"]
    tables = [block for block in found[0]["blocks"] if block["kind"] == "table"]
    years = tables[-1]
    shares = next(row for row in years["rows"] if row[0] == words(language).t("deal.line.share"))
    assert shares[2] == words(language).percent(0.9) and shares[-1] == words(language).percent(0.6)
    assert any(block["kind"] == "bullets" for block in found[0]["blocks"])


def test_the_paper_has_no_such_chapter_where_the_owner_buys() -> None:
    assert proposal(evaluate(BASE), "en", Offer(chapters=("deal",)), ())["chapters"] == []


def test_the_chinese_page_is_chinese() -> None:
    app = run(BASE.with_({"deal.kind": "shared_saving"}), "zh")
    allowed = {"foreground", "color", "small", "gray", "green", "orange", "DSCR"}
    for text in texts(app):
        assert not set(LATIN.findall(text)) - allowed, text
