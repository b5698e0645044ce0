"""The presentation, and the link that only shows it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from tests.ui.apps import assert_calm, opened
from tests.ui.test_ui import scenario_of, widget


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
