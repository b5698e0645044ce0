"""Every page runs, alone and inside the shell; the sidebar, the fields and the address change the one scenario."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from i18n import words
from sim.inputs.register import on_card, register
from sim.inputs.tariff import library_tariff
from store.database import StoreError
from store.store import Store
from study.presets import presets
from tests.ui.apps import PAGES, alone, assert_calm, opened, reopened
from ui import form, history, levers, tariff_form, url

ROOT = Path(__file__).resolve().parents[2]


def open_app(page: str = "overview", **query: str) -> AppTest:
    return opened(page, **query).run()


def go(app: AppTest, page: str) -> AppTest:
    return app.switch_page(f"../pages/{page}.py").run()


def scenario_of(app: AppTest):
    return app.session_state["scenario"]


def keys_of(app: AppTest) -> list[str]:
    return [str(key) for key in app.session_state]


def edits(**changed: float) -> dict:
    """The state of a table editor in which cells of the first row were changed."""
    return {"edited_rows": {0: changed}, "added_rows": [], "deleted_rows": []}


def widget(app: AppTest, beginning: str):
    """The widget of this key, or the one whose key begins so, whatever the revision behind it."""
    if beginning in keys_of(app):
        return app.get_by_key(beginning)
    found = [key for key in keys_of(app) if key.startswith(f"{beginning}@")]
    return app.get_by_key(max(found, key=lambda key: int(key.rpartition("@")[2])))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_runs_alone(page: str) -> None:
    assert_calm(alone(page).run())


# A page of each place; `test_crawl` draws every page of every case.
@pytest.mark.parametrize("page", ["terms", "overview", "operation", "money", "risk", "proposal"])
def test_every_page_runs_in_the_shell_for_every_preset(page: str) -> None:
    app = open_app(page)
    for name in presets():
        widget(app, "start_from").select(name).run()
        assert_calm(app)
        assert scenario_of(app) == presets()[name].scenario


def test_every_input_has_one_field_on_some_page() -> None:
    """Tables are looked at in `test_cards`; the one card left out is drawn beside a table that has rows. Case C builds
    no grid, so what its works cost is asked in case A."""
    drawn = set()
    pages = ("load", "grid", "tariff", "equipment", "terms", "compute", "autonomy", "deal")
    for page, preset in (*((page, "case_c") for page in pages), ("terms", "case_a")):
        keys = keys_of(open_app(page, preset=preset))
        drawn |= {path for path in register() for key in keys if key.endswith(f".{path}")}
    fields = {path for path, entry in register().items() if entry.kind != "other"}
    assert fields - drawn == set(on_card("control.thresholds"))


def test_own_windows_can_be_edited_once_chosen() -> None:
    app = open_app("equipment")
    widget(app, "page.dispatch.arbitrage").set_value("windows").run()
    assert_calm(app)
    assert any("table.dispatch.windows" in key for key in keys_of(app))


def test_preset_switch_changes_levers_and_baseline() -> None:
    app = open_app()
    widget(app, "start_from").select("case_c").run()
    assert widget(app, "lever.pv.dc_kwp").value == 15.0
    assert widget(app, "page.finance.baseline").value == "grid_diesel"
    assert app.query_params["preset"] == "case_c"


def test_lever_changes_the_scenario_and_the_address() -> None:
    app = open_app()
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    assert scenario_of(app).storage.energy_kwh == 4800.0
    assert "storage.energy_kwh" not in app.query_params and reopened(app) == scenario_of(app)


def test_energy_price_lever_shows_the_mean_price() -> None:
    app = open_app()
    slider = widget(app, "lever.finance.energy_price_factor")
    before = slider.value
    slider.set_value(0.37).run()
    assert scenario_of(app).finance.energy_price_factor == pytest.approx(0.37 / before, rel=1e-6)


def test_delivered_diesel_lever_moves_the_pump_price() -> None:
    app = open_app()
    widget(app, "lever.finance.diesel_per_l").set_value(9.0).run()
    scenario = scenario_of(app)
    assert scenario.finance.diesel_per_l + scenario.finance.delivery_per_l == pytest.approx(9.0, rel=1e-12)


def test_lever_there_and_back_leaves_no_trace() -> None:
    app = open_app()
    before = scenario_of(app).fingerprint
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    widget(app, "lever.storage.energy_kwh").set_value(3.2).run()
    assert scenario_of(app).fingerprint == before


def test_reset_goes_back_to_the_preset() -> None:
    app = open_app(preset="case_b", storage__energy_kwh="5000")
    assert scenario_of(app).storage.energy_kwh == 5000
    app.button(key="reset").click().run()
    assert scenario_of(app) == presets()["case_b"].scenario
    assert widget(app, "lever.storage.energy_kwh").value == 20.0


def test_loaded_scenario_is_not_undone_by_widgets() -> None:
    app = open_app("equipment")
    loaded = presets()["case_b"].scenario.with_({"storage.energy_kwh": 12_345.0, "genset.sets": 3})
    upload(app, "mine.json", loaded.to_json().encode())
    assert scenario_of(app) == loaded
    for page in ("grid", "equipment", "overview", "equipment"):
        go(app, page)
        assert scenario_of(app) == loaded
    assert widget(app, "page.storage.energy_kwh").value == 12_345.0


def upload(app: AppTest, name: str, content: bytes) -> None:
    key = next(key for key in keys_of(app) if key.startswith("scenario_upload"))
    app.get_by_key(key).upload(name, content, "application/json").run()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00 not json", "not a scenario file"),
        (b"[1, 2]", "one JSON object"),
        (b'{"storage": {"energy_kwhh": 5}}', "did you mean 'energy_kwh'"),
        (b'{"storage": {"energy_kwh": "5 MWh"}}', "storage.energy_kwh"),
        (b'{"storage": {"energy_kwh": -5}}', "at least 0"),
        (b"[" * 5000, ""),
        (b"PK\x03\x04 a spreadsheet", "cannot be opened"),
    ],
)
def test_bad_scenario_file_is_told_and_changes_nothing(content: bytes, sentence: str) -> None:
    app = open_app()
    before = scenario_of(app)
    upload(app, "bad.json", content)
    assert not app.exception
    assert scenario_of(app) == before
    assert "bad.json was not loaded; your inputs are as before." in app.error[0].value
    assert sentence in app.error[0].value
    app.run()
    assert_calm(app)


def test_tariff_gap_in_a_file_names_the_hours() -> None:
    tree = presets()["case_a"].scenario.model_dump(mode="json")
    windows = tree["tariff"]["seasons"][0]["weekday"]
    windows[0]["start_hour"] = 2.0
    app = open_app()
    upload(app, "gap.json", json.dumps(tree).encode())
    assert "no price period from 00:00 to 02:00; add a window for these hours" in app.error[0].value


def test_wrong_entry_is_told_beside_the_field_and_keeps_the_old_value() -> None:
    app = open_app("equipment")
    widget(app, "page.storage.energy_kwh").set_value(-1.0).run()
    assert app.error[0].value.startswith("Battery energy: −1 kWh is out of range")
    assert scenario_of(app).storage.energy_kwh == 3200
    assert widget(app, "page.storage.energy_kwh").value == 3200
    widget(app, "page.storage.soc_min_fraction").set_value(96.0).run()
    assert "lowest charge must be below highest charge" in app.error[0].value
    assert scenario_of(app).storage.soc_min_fraction == 0.05


def test_refused_lever_is_told_in_the_sidebar_only() -> None:
    app = open_app("equipment", preset="blank", storage__power_kw="0", storage__energy_kwh="0")
    assert scenario_of(app).storage.energy_kwh == 0
    widget(app, "lever.storage.energy_kwh").set_value(4.0).run()
    assert "a battery with energy needs power" in app.sidebar.error[0].value
    assert len(app.error) == 1
    assert widget(app, "lever.storage.energy_kwh").value == 0.0


def test_language_choice_appears_once_there_is_a_second_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    def labels(app: AppTest) -> list[str]:
        return [control.label for control in app.sidebar.get("segmented_control")]

    monkeypatch.setattr("ui.sidebar.catalogue", lambda code: {"a": "b"} if code == "en" else {})
    assert "Language" not in labels(open_app("downloads"))
    monkeypatch.setattr("ui.sidebar.catalogue", lambda code: {"a": "b"})
    assert "Language" in labels(open_app("downloads"))


def test_a_failing_page_says_so_and_keeps_the_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app("equipment", storage__energy_kwh="4000")

    def fail() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("ui.cabinets.text", fail)
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == [words("en").t("shell.notice.failed")]
    assert scenario_of(app).storage.energy_kwh == 4000


def test_percent_and_optional_fields() -> None:
    app = open_app("equipment", preset="blank")
    widget(app, "page.storage.fade_per_year").set_value(3.5).run()
    assert scenario_of(app).storage.fade_per_year == 0.035
    widget(app, "given.dispatch.peak_shave_kw").set_value(True).run()
    assert scenario_of(app).dispatch.peak_shave_kw == scenario_of(app).grid.import_limit_kw
    widget(app, "page.dispatch.peak_shave_kw").set_value(3000.0).run()
    assert scenario_of(app).dispatch.peak_shave_kw == 3000
    widget(app, "given.dispatch.peak_shave_kw").set_value(False).run()
    assert scenario_of(app).dispatch.peak_shave_kw is None
    assert_calm(app)


def test_outage_table_changes_the_scenario_once() -> None:
    app = open_app("grid")
    key = "table.grid.outages@0"
    added = {"month": 7, "day": 1, "hour": 3.5, "duration_h": 2}
    app.session_state[key] = {"edited_rows": {}, "added_rows": [added], "deleted_rows": []}
    app.run()
    assert len(scenario_of(app).grid.outages) == 2
    assert scenario_of(app).grid.outages[1].hour == 3.5
    app.run()
    assert len(scenario_of(app).grid.outages) == 2
    go(go(app, "load"), "grid")
    assert len(scenario_of(app).grid.outages) == 2
    assert_calm(app)


def test_outage_on_day_zero_is_refused_in_place() -> None:
    app = open_app("grid")
    app.session_state["table.grid.outages@0"] = edits(day=0)
    app.run()
    assert "must be at least 1" in app.error[0].value
    assert scenario_of(app).grid.outages[0].day == 12


def test_choosing_a_tariff_brings_its_currency_and_the_prices_of_its_country() -> None:
    """A US tariff left diesel at 7.5 USD/L and a battery at 1,100 USD/kWh."""
    app = open_app("tariff", preset="blank")
    widget(app, "tariff.country").select("US").run()
    widget(app, "tariff.US.None.None.cn_shanghai_35kv").select("us_va_large_proxy").run()
    scenario = scenario_of(app)
    assert scenario.tariff == library_tariff("us_va_large_proxy") and scenario.site.currency == "USD"
    assert (scenario.finance.diesel_per_l, scenario.finance.storage_capex_per_kwh) == (1.05, 737)
    assert "the prices of United States came with it" in app.warning[0].value
    assert any("Tariff of Virginia" in text.value for text in app.markdown)
    app.button(key="undo").click().run()
    assert scenario_of(app) == presets()["blank"].scenario
    assert_calm(app)


def test_choosing_a_region_chooses_its_tariff_and_a_country_says_that_it_did_not() -> None:
    app = open_app("tariff", preset="blank")
    widget(app, "tariff.region.CN.cn_shanghai_35kv").select("Guangdong Pearl River Delta").run()
    assert scenario_of(app).tariff.library_id == "cn_guangdong_prd_10kv"
    assert widget(app, "tariff.region.CN.cn_guangdong_prd_10kv").value == "Guangdong Pearl River Delta"
    widget(app, "tariff.voltage.CN.Guangdong Pearl River Delta").select(110).run()
    assert scenario_of(app).tariff.library_id == "cn_guangdong_prd_110kv"
    widget(app, "tariff.country").select("MY").run()
    assert scenario_of(app).tariff.library_id == "cn_guangdong_prd_110kv"
    assert any("Not chosen yet: Guangdong Pearl River Delta" in text.value for text in app.markdown)
    assert_calm(app)


def test_another_currency_converts_every_price_and_the_tariff() -> None:
    """7.5 CNY are 7.5/7.1 USD."""
    app = open_app("terms", preset="blank")
    before = scenario_of(app)
    widget(app, "page.site.currency").select("USD").run()
    after = scenario_of(app)
    for path in ("finance.diesel_per_l", "finance.storage_capex_per_kwh", "finance.grid_line_per_km"):
        assert after.get(path) == pytest.approx(before.get(path) / 7.1, rel=1e-5)
    peak = [season.prices_per_kwh["peak"] for season in (before.tariff.seasons[0], after.tariff.seasons[0])]
    assert peak[1] == pytest.approx(peak[0] / 7.1) and after.tariff.currency == "USD"
    assert_calm(app)


def test_a_place_asks_once_and_a_press_brings_its_world() -> None:
    app = open_app("load", preset="blank")
    widget(app, "page.site.place").select("johor_bahru").run()
    assert any("Tariff of Shanghai, site in Johor Bahru" in text.value for text in app.markdown)
    app.button(key="take_world").click().run()
    scenario = scenario_of(app)
    assert (scenario.tariff.library_id, scenario.site.country) == ("my_tnb_mv_tou", "MY")
    assert (scenario.site.currency, scenario.grid.co2_kg_per_kwh) == ("MYR", 0.758)
    assert not any("Tariff of" in text.value for text in app.markdown)
    assert reopened(app) == scenario
    app.button(key="undo").click().run()
    assert scenario_of(app).tariff.library_id == "cn_shanghai_35kv"
    assert_calm(app)


def test_reset_can_be_undone() -> None:
    app = open_app(preset="case_b", storage__energy_kwh="5000")
    app.button(key="reset").click().run()
    app.button(key="undo").click().run()
    assert scenario_of(app).storage.energy_kwh == 5000
    assert_calm(app)


def test_tariff_tables_read_back_equal() -> None:
    for name in ("cn_shanghai_10kv", "my_tnb_mv_tou", "us_ca_large_tou_proxy"):
        tariff = library_tariff(name)
        tables = [make(tariff) for make in (tariff_form.season_rows, tariff_form.price_rows, tariff_form.window_rows)]
        fields = tariff_form.edited_tariff(tariff, *tables, tariff_form.charge_rows(tariff), {}, tariff.name_en)
        again = type(tariff).model_validate(fields)
        assert again.seasons == tariff.seasons
        assert again.demand_charges == tariff.demand_charges


def test_edited_tariff_with_a_gap_is_refused_with_the_hours() -> None:
    app = open_app("tariff")
    before = scenario_of(app)
    app.session_state["table.tariff.windows@0"] = edits(start_hour=2.0)
    app.button(key="tariff_apply").click().run()
    assert "no price period from 00:00 to 02:00; add a window for these hours" in app.error[0].value
    assert scenario_of(app) == before


@pytest.fixture
def no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that can keep nothing."""
    monkeypatch.setattr(history, "store", lambda: None)


def test_without_a_store_the_address_carries_what_fits(no_store) -> None:
    app = open_app()
    assert any(words("en").t("shell.sidebar.no_store") in text.value for text in app.sidebar.markdown)
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    assert app.query_params["storage.energy_kwh"] == "4800.0" and reopened(app) == scenario_of(app)
    assert [text.value for text in app.warning if "address" in text.value] == []


def test_a_store_that_fails_loses_nothing_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app()

    def fail(*_: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(Store, "take_step", fail)
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    assert app.query_params["storage.energy_kwh"] == "4800.0" and reopened(app) == scenario_of(app)
    assert_calm(app)


def test_an_edited_tariff_without_a_store_is_told_before_it_is_lost(no_store) -> None:
    app = open_app("tariff")
    app.session_state["table.tariff.prices@0"] = edits(price=1.5)
    app.button(key="tariff_apply").click().run()
    app.run()
    assert scenario_of(app).tariff.seasons[0].prices_per_kwh[first_period(scenario_of(app))] == 1.5
    assert words("en").t("shell.notice.not_in_address") in [text.value for text in app.warning]
    assert set(app.query_params) == {"lang", "preset"}


def first_period(scenario) -> str:
    return next(iter(scenario.tariff.seasons[0].prices_per_kwh))


def test_meter_file_is_read_and_used() -> None:
    app = open_app("load")
    lines = ["time,kW"] + [f"2025-{m:02d}-{d:02d} {h:02d}:00,{900 + h}" for m, d in days() for h in range(24)]
    uploader(app).upload("site.csv", "\n".join(lines).encode(), "text/csv").run()
    assert_calm(app)
    app.button(key="meter_use").click().run()
    assert scenario_of(app).load.kind == "meter"
    assert max(scenario_of(app).load.meter.kw) == 923
    assert set(app.query_params) == {"lang", "s"} and reopened(app) == scenario_of(app)
    app.button(key="meter_remove").click().run()
    assert scenario_of(app).load.meter is None
    assert_calm(app)


def days():
    lengths = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return [(month, day) for month, length in enumerate(lengths, 1) for day in range(1, length + 1)]


def uploader(app: AppTest):
    key = next(key for key in keys_of(app) if key.startswith("meter_file"))
    return app.get_by_key(key)


@pytest.mark.parametrize("content", [b"%PDF-1.7 ...", b"", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_wrong_meter_file_is_told(content: bytes) -> None:
    app = open_app("load")
    before = scenario_of(app)
    uploader(app).upload("load.csv", content, "text/csv").run()
    assert not app.exception
    assert app.error[0].value.startswith("load.csv cannot be used; your inputs are as before.")
    assert scenario_of(app) == before


@pytest.mark.parametrize("name", presets())
def test_address_of_a_preset_is_short_and_complete(name: str) -> None:
    query = url.encode(presets()[name].scenario, name, "en")
    assert query == {"lang": "en", "preset": name}
    assert url.fits(presets()[name].scenario, query)


def test_address_carries_numbers_tables_switches_and_tariff() -> None:
    preset = presets()["case_a"]
    changes = {
        "grid.stages": [{"month": 3, "import_limit_kw": 5000}],
        "storage.energy_kwh": 1 / 3 * 10_000,
        "finance.count_unserved": False,
        "dispatch.peak_shave_kw": 3100.5,
        "tariff": {"library_id": "cn_jiangsu_10kv", "demand_basis": "transformer_kva"},
        "load.kind": "mixed",
    }
    scenario = url.with_preset_notes(preset.scenario.with_(changes), preset)
    query = url.encode(scenario, "case_a", "en")
    assert query["tariff.library_id"] == "cn_jiangsu_10kv"
    opened = url.decode(query)
    assert opened.scenario == scenario
    assert opened.scenario.fingerprint == scenario.fingerprint


def test_bad_parts_of_an_address_are_dropped_with_a_notice() -> None:
    bad = {"lang": "xx", "load__peak_kw": "ten", "bogus": "1", "load__kind": "odd"}
    app = open_app(preset="case_b", storage__energy_kwh="1e99", **bad)
    warning = app.warning[0].value
    assert all(key in warning for key in ("lang", "load.peak_kw", "bogus", "load.kind"))
    assert scenario_of(app).storage.energy_kwh == 10_000_000
    assert scenario_of(app).load == presets()["case_b"].scenario.load
    app.run()
    assert warning not in [shown.value for shown in app.warning]


def test_address_value_that_clashes_is_dropped_alone() -> None:
    opened = url.decode({"preset": "case_a", "storage.soc_min_fraction": "0.99", "storage.energy_kwh": "4000"})
    assert opened.dropped == ("storage.soc_min_fraction",)
    assert opened.scenario.storage.energy_kwh == 4000


@pytest.mark.parametrize("name", presets())
def test_levers_reach_their_value_and_beyond(name: str) -> None:
    preset = presets()[name]
    for path in preset.levers:
        lever = levers.lever(path, preset.scenario, preset.scenario, words("en"), 0.8)
        shown = lever.shown.number(preset.scenario.get(path))
        assert lever.low <= shown <= lever.high
        assert lever.low < lever.high
        assert lever.inner(shown) == pytest.approx(preset.scenario.get(path), rel=1e-8)
        for end in (lever.low, lever.high):
            inner = lever.inner(end)
            preset.scenario.with_({path: int(inner) if register()[path].kind == "integer" else inner})


@pytest.mark.parametrize(("size", "step"), [(7, 5), (1.99, 1), (0.05, 0.05), (0.0499, 0.02), (1000, 1000), (0, 1e-6)])
def test_nice_step(size: float, step: float) -> None:
    assert form.nice_step(size) == pytest.approx(step)


def test_count_of_unverified_defaults_is_shown() -> None:
    app = open_app("method")
    marked = app.session_state["marks"][1]
    assert marked
    lines = next(text.value for text in app.sidebar.markdown if text.value.startswith("- **")).splitlines()
    assert sum(line.startswith("- **") for line in lines) == len(marked)
    assert words("en").t("shell.sidebar.marks", n=len(marked)).startswith("◇")
