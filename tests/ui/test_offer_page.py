"""The proposal page: entries are kept, saved with the scenario, and come back from a document."""

from __future__ import annotations

from dataclasses import replace

from report.carry.reading import read
from report.paper.offer import Offer
from report.paper.offer_rows import Item
from report.paper.saved import offer_text
from report.paper.saved import opened as opened_file
from store.states import State
from study.presets import presets
from tests.report.documents import book_of
from tests.ui.apps import assert_calm, opened
from tests.ui.test_ui import widget
from ui import offers

HELD = Offer(client="Acme", terms="Retention 5 %", items=(Item("Battery", price=3.0),))


def test_entries_are_kept_across_pages_and_saved_with_the_scenario(monkeypatch) -> None:
    app = opened("proposal").run()
    app.get_by_key("offer.client@0").set_value("Acme").run()
    app.switch_page("../pages/money.py").run()
    app.switch_page("../pages/proposal.py").run()
    assert app.get_by_key("offer.client@0").value == "Acme"
    monkeypatch.setattr(offers.st, "session_state", app.session_state)
    shown = State(app.session_state["scenario"], "case_a")
    scenario, offer = opened_file(read(offers.scenario_file(shown).encode()))
    assert scenario == presets()["case_a"].scenario and offer.client == "Acme"


def test_a_workbook_brings_its_scenario_and_offer_back() -> None:
    from i18n import words
    from report.book.workbook import workbook
    from tests.studies import study_of

    content = workbook(study_of("case_b"), words("en"), hourly=False, offer=offer_text(HELD))
    app = opened("proposal").run()
    app.get_by_key("scenario_upload@0").upload("offer.xlsx", content, "application/octet-stream").run()
    assert app.session_state.scenario == presets()["case_b"].scenario
    assert replace(app.session_state.offer, issued="") == HELD
    assert app.get_by_key(f"offer.terms@{app.session_state.revision}").value == "Retention 5 %"
    app.get_by_key(f"scenario_upload@{app.session_state.revision}").upload("b.xlsx", book_of("case_a"), "x/y").run()
    assert app.session_state.scenario == presets()["case_a"].scenario


def test_variants_kept_are_set_beside_the_proposal() -> None:
    app = opened("compare").run()
    app.button(key="variant.keep").click().run()
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    app.button(key="into_proposal").click().run()
    assert_calm(app)
    assert app.get_by_key(f"offer.variants@{app.session_state.revision}").value == ["A"]
    (kept,) = app.session_state.offer.variants
    assert (kept.name, dict(kept.changes)) == ("A", {"storage.energy_kwh": 3_200.0})
