"""The presentation, and the link that only shows it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from i18n import words
from store.store import end_of
from tests.ui.apps import assert_calm, opened
from tests.ui.test_ui import scenario_of, widget
from ui import history


def test_five_levers_three_pictures_and_a_link_that_only_shows() -> None:
    app = opened("present", preset="case_b").run()
    assert len(app.slider) == 5 and len(app.get("plotly_chart")) == 3 and len(app.sidebar.slider) == 0
    app.text_input(key="present.client").set_value("Harbour Ltd").run()
    widget(app, "lever.storage.energy_kwh").set_value(24.0).run()
    app.button(key="present.link").click().run()
    assert_calm(app)
    query = dict(parse_qsl(app.code[0].value.partition("?")[2]))
    assert set(query) == {"lang", "r"} and query["r"] not in str(dict(app.query_params))
    for name in ("present", "terms"):
        reader = opened(name, **query)
        del reader.query_params["preset"]
        reader.run()
        assert "Harbour Ltd" in reader.title[0].value and len(reader.get("plotly_chart")) == 3
        assert (reader.slider, reader.number_input, reader.text_input, reader.get("file_uploader")) == ([],) * 4
        assert scenario_of(reader) == scenario_of(app) and set(reader.query_params) == {"lang", "r"}
        assert [button.key for button in reader.button] == []
        assert_calm(reader)


def test_a_link_ends_when_it_says_and_its_end_cannot_be_moved(monkeypatch) -> None:
    app = opened("present", preset="case_b").run()
    app.selectbox(key="present.lasts").select(7).run()
    app.button(key="present.link").click().run()
    query = dict(parse_qsl(app.code[0].value.partition("?")[2]))
    end, kept = end_of(query["r"]), history.store()
    assert kept.shared(query["r"]) and kept.shared(query["r"].replace(f"{end:x}", f"{end + 1:x}")) is None
    monkeypatch.setattr("store.store.now", lambda: end)
    monkeypatch.setattr("ui.history.now", lambda: end)
    late = opened("present", **query)
    del late.query_params["preset"]
    late.run()
    assert words("en").t("present.ended", day=history.date_of(end)) in [warning.value for warning in late.warning]
    assert_calm(late)
