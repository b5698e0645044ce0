"""Weather upload, ageing, sets and outages on the pages: what a visitor does and what is told where it cannot be."""

from __future__ import annotations

import pytest

from sim.sun.pv import year_of_weather
from sim.sun.year import WeatherError
from tests.sim.test_pv_model import _epw
from tests.ui.apps import assert_calm, reopened
from tests.ui.test_ui import keys_of, open_app, scenario_of, widget


def texts(app) -> str:
    return " ".join(str(node.value) for node in [*app.markdown, *app.header, *app.subheader, *app.warning])


def weather_uploader(app):
    return app.get_by_key(next(key for key in keys_of(app) if key.startswith("weather_file")))


def test_a_weather_file_is_read_used_and_removed() -> None:
    app = open_app("equipment", preset="case_c")
    data = _epw(year_of_weather(("johor_bahru", 5, None)))
    weather_uploader(app).upload("johor.epw", data, "text/plain").run()
    assert_calm(app)
    app.button(key="weather_use").click().run()
    assert scenario_of(app).pv.weather.name == "johor.epw"
    assert "Weather in use: **johor.epw**" in texts(app)
    assert reopened(app) == scenario_of(app)
    app.button(key="weather_remove").click().run()
    assert scenario_of(app).pv.weather is None
    assert_calm(app)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x89PNG" + bytes(40), b"LOCATION,here,-,-,IWEC,1,2,3,x\n"])
def test_a_file_that_is_no_weather_is_told(content: bytes) -> None:
    app = open_app("equipment", preset="case_c")
    before = scenario_of(app)
    weather_uploader(app).upload("x.epw", content, "text/plain").run()
    assert not app.exception
    assert any("x.epw cannot be used; your inputs are as before." in error.value for error in app.error)
    assert scenario_of(app) == before


def test_pvgis_out_of_reach_is_told(monkeypatch) -> None:
    def out_of_reach(*_):
        raise WeatherError("PVGIS is out of reach for 1.5, 103.7. Check the internet connection.")

    monkeypatch.setattr("ui.weather_upload.fetch_pvgis", out_of_reach)
    app = open_app("equipment", preset="case_c")
    app.button(key="weather_fetch").click().run()
    assert not app.exception
    assert any("PVGIS is out of reach" in error.value for error in app.error)
    assert scenario_of(app).pv.weather is None


def test_saidi_without_saifi_is_told_beside_the_field() -> None:
    app = open_app("grid")
    widget(app, "page.grid.outage_source").set_value("statistics").run()
    assert any(
        "give both SAIFI (grid.saifi_per_year) and SAIDI (grid.saidi_h_per_year)" in error.value for error in app.error
    )
    assert scenario_of(app).grid.outage_source == "list"
    widget(app, "given.grid.saidi_h_per_year").set_value(True).run()
    assert any("SAIDI is given without SAIFI" in error.value for error in app.error)
    for name in ("saifi_per_year", "saidi_h_per_year"):
        widget(app, f"given.grid.{name}").set_value(True).run()
    widget(app, "page.grid.outage_source").set_value("statistics").run()
    assert_calm(app)
    assert scenario_of(app).grid.outage_source == "statistics"
    assert "About 2.00 outages" in texts(app)


def test_a_warranty_that_does_not_hold_is_told() -> None:
    app = open_app("equipment", preset="blank")
    widget(app, "given.storage.warranty_years").set_value(True).run()
    widget(app, "given.storage.warranty_cycles_per_year").set_value(True).run()
    assert not app.exception
    assert any("full cycles by the end of year" in warning.value for warning in app.warning)


def test_cells_added_in_listed_years_have_a_table() -> None:
    app = open_app("equipment", preset="blank", storage__renewal="augment", storage__augment_by="periodic")
    assert_calm(app)
    assert "Cells added in year 6, 11" in texts(app)
    widget(app, "page.storage.augment_by").set_value("years").run()
    assert any("no year is listed" in error.value for error in app.error)


def test_operation_says_what_the_sets_need() -> None:
    app = open_app("operation", preset="case_a")
    app.get_by_key("operation.alternative").set_value("diesel").run()
    assert_calm(app)
    assert "fuel trucks a week" in texts(app) and "dB(A), the limits of an industrial area" in texts(app)
    assert any("mean load over 24 h reaches" in warning.value for warning in app.warning)


def test_outages_page_names_the_worst_hour_and_the_cost() -> None:
    app = open_app("outages", preset="case_c")
    assert_calm(app)
    assert "carries the critical load for at least" in texts(app)
    assert "One loss of power costs" in texts(app) and "Beside the sets" in texts(app)
    assert "the battery's power carries the critical load at every hour" in texts(app).lower()
    app = open_app("outages", preset="case_d", grid__outage_source="list", load__critical_fraction="0.5")
    assert_calm(app)


def test_equipment_counts_cabinets_and_tells_frost_and_panels_that_look_away() -> None:
    failing = {"storage__cabinet_mtbf_h": "1000", "storage__cabinet_repair_h": "1000", "storage__spare_cabinets": "1"}
    app = open_app("equipment", preset="blank", **failing)
    assert_calm(app)
    assert "4 cabinets of" in texts(app) and "can be counted on" in texts(app)
    bare = {"storage__cell_temperature": "ambient", "site__place": "zhongwei"}
    app = open_app("equipment", preset="blank", **bare, pv__dc_kwp="1000", pv__tilt_deg="30", pv__azimuth_deg="0")
    assert_calm(app)
    assert "Heat or cold holds the power" in texts(app) and "Several arrays" in [e.label for e in app.expander]
    assert any("tilted away from the equator" in warning.value for warning in app.warning)


def test_restarts_that_are_counted_are_told_beside_the_stack() -> None:
    app = open_app("overview", preset="case_c", finance__count_interruptions="1", storage__seamless_transfer="0")
    assert_calm(app)
    assert "restarts after losses of power, priced but not paid" in texts(app)
