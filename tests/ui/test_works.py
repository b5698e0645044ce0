"""Projects: names, versions, copies, recent work, and what another engine found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from i18n import words
from study.evaluate import evaluate
from study.presets import presets
from study.saved import as_file, key_figures
from tests.ui.apps import assert_calm, bare, opened, reopened
from tests.ui.test_ui import scenario_of, upload, widget
from ui import history

text = words("en").t


@pytest.fixture
def me(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A browser with a name of its own."""
    monkeypatch.setattr(history, "who", lambda: tmp_path.name)
    return tmp_path.name


def press(app: AppTest, beginning: str) -> AppTest:
    return next(one for one in app.button if str(one.key).startswith(beginning)).click().run()


def test_a_project_is_named_kept_copied_and_restored(me: str) -> None:
    app = opened("downloads").run()
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    kept = scenario_of(app)
    name = next(one for one in app.text_input if str(one.key).startswith("work.name"))
    name.set_value("Harbour").run()
    press(app, "work.keep")
    assert text("work.kept", n=1) in [one.value for one in app.info]
    widget(app, "lever.storage.energy_kwh").set_value(6.4).run()
    later = scenario_of(app)
    press(app, "version.")
    assert scenario_of(app) == kept == reopened(app)
    app.button(key="undo").click().run()
    assert scenario_of(app) == later
    press(app, "work.copy")
    widget(app, "lever.storage.energy_kwh").set_value(8.0).run()
    assert [one.name for one in history.store().recent(me)] == ["Harbour, copy", "Harbour"]
    assert_calm(app)


def test_the_start_card_offers_to_continue(me: str) -> None:
    app = opened("downloads").run()
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    left = scenario_of(app)
    other = bare().run()
    button = next(one for one in other.button if str(one.key).startswith("go_on."))
    assert "3.2" in button.label
    button.click().run()
    assert scenario_of(other) == left == reopened(other)
    widget(other, "lever.storage.energy_kwh").set_value(5.6).run()
    assert len(history.store().recent(me)) == 1
    assert_calm(other)


def test_another_browser_sees_none_of_it_but_what_a_link_names(me: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("downloads").run()
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    monkeypatch.setattr(history, "who", lambda: "somebody else")
    assert not any(str(one.key).startswith("go_on.") for one in bare().run().button)
    assert reopened(app) == scenario_of(app)


def test_a_file_of_another_engine_shows_old_and_new_figures_and_what_was_filled_in(me: str) -> None:
    scenario = presets()["case_d"].scenario
    tree = json.loads(as_file(scenario, "case_d", key_figures(evaluate(scenario))))
    tree |= {"engine": "0.1.9"}
    tree["figures"]["alternatives"]["hybrid"]["co2_t"] += 3.0
    del tree["scenario"]["genset"]["overhaul_interval_h"]
    app = opened("downloads").run()
    upload(app, "old.json", json.dumps(tree).encode())
    table = next(one.value for one in app.dataframe if "As saved" in one.value.columns)
    assert table.shape == (1, 4) and scenario_of(app) == scenario
    assert any("0.1.9" in one.value for one in app.markdown)
    assert any(text("work.filled.one") == one.label for one in app.expander)
    widget(app, "lever.storage.energy_kwh").set_value(1.0).run()
    assert not any("As saved" in one.value.columns for one in app.dataframe)
    assert_calm(app)
