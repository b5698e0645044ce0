"""The tariff page: painting, own curves, URDB files, and taking a tariff from elsewhere."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from sim.inputs.tariff import library_tariff
from sim.tariff.paint import painting_of
from sim.tariff.urdb import to_urdb
from study.site_year import full_year, under
from tests.ui.apps import assert_calm
from tests.ui.test_ui import keys_of, open_app, scenario_of


def upload(app, name: str, content: bytes) -> None:
    key = max((key for key in keys_of(app) if key.startswith("tariff_file@")), key=lambda key: int(key.split("@")[1]))
    app.get_by_key(key).upload(name, content, "text/csv").run()


def brush(app):
    return app.get_by_key(next(key for key in keys_of(app) if key.startswith("paint_brush.")))


def paint_by_hand(app, months: list[int], start: float, end: float, period: str) -> None:
    brush(app).set_value(period).run()
    app.get_by_key("paint_hand_months").set_value(months).run()
    app.get_by_key("paint_hand_start.24").set_value(start).run()
    app.get_by_key(f"paint_hand_end.24.{start}").set_value(end).run()
    app.button(key="paint_hand").click().run()


def test_painting_counts_only_once_applied() -> None:
    app = open_app("tariff")
    before = scenario_of(app)
    paint_by_hand(app, [3, 4], 2.0, 5.0, "peak")
    assert_calm(app)
    assert scenario_of(app) == before
    assert any("year's grid bill rises by" in card.value for card in app.header)
    app.button(key="paint_apply").click().run()
    assert_calm(app)
    tariff = scenario_of(app).tariff
    assert tariff.library_id == ""
    assert [tariff.season(month).period_at("weekday", 3 * 60) for month in (2, 3, 4, 5)] == [
        "valley",
        "peak",
        "peak",
        "valley",
    ]
    assert tariff.season(3).period_at("saturday", 3 * 60) == "valley"
    assert app.button(key="paint_apply").disabled


def test_undo_restart_and_copy() -> None:
    app = open_app("tariff")
    assert app.button(key="paint_undo").disabled
    paint_by_hand(app, [1], 2.0, 3.0, "peak")
    app.button(key="paint_copy").click().run()
    draft = app.session_state["tariff_draft"].now
    assert (draft.cells[:, 0, 2] == draft.periods.index("peak")).all()
    app.button(key="paint_undo").click().run()
    draft = app.session_state["tariff_draft"].now
    assert (draft.cells[1:, 0, 2] == draft.periods.index("valley")).all()
    app.button(key="paint_restart").click().run()
    assert app.session_state["tariff_draft"].now.same_as(painting_of(scenario_of(app).tariff))
    assert_calm(app)


def test_a_period_of_ones_own() -> None:
    app = open_app("tariff", preset="case_c")
    draft = app.session_state["tariff_draft"]
    app.get_by_key(f"paint_new_name.{draft.revision}").set_value("night").run()
    app.get_by_key(f"paint_new_price.{draft.revision}").set_value(0.11).run()
    app.button(key="paint_new_add").click().run()
    paint_by_hand(app, [], 1.0, 4.0, "night")
    app.button(key="paint_apply").click().run()
    assert scenario_of(app).tariff.season(9).prices_per_kwh["night"] == 0.11
    assert_calm(app)


def test_a_curve_of_a_day_is_used() -> None:
    app = open_app("tariff")
    upload(app, "mine.csv", "\n".join(["hour,CNY/kWh", *(f"{h},{0.3 + h / 100}" for h in range(24))]).encode())
    assert_calm(app)
    assert "holds it exactly" in app.success[0].value
    app.button(key="tariff_file_use").click().run()
    tariff = scenario_of(app).tariff
    season = tariff.season(5)
    assert season.prices_per_kwh[season.period_at("saturday", 7 * 60)] == pytest.approx(0.37)
    assert tariff.demand_charges[0].per_kw_month == library_tariff("cn_shanghai_10kv").demand_charges[0].per_kw_month
    assert_calm(app)


def test_years_of_market_prices_are_used_and_one_is_billed() -> None:
    """Two years of hours, the second 10 dearer: taken as they are; which is billed can be chosen."""
    app = open_app("tariff")
    first = datetime(2023, 1, 1)
    times = [first + timedelta(hours=k) for k in range(2 * 8760 + 24)]
    rows = (f"{t:%Y-%m-%d %H:%M},{100 + t.hour + 10 * (t.year - 2023)}" for t in times)
    upload(app, "market.csv", "\n".join(["time,CNY/MWh", *rows]).encode())
    app.get_by_key("tariff_file_use").click().run()
    market = scenario_of(app).tariff.market
    assert [one.year for one in market.years] == [2023, 2024] and market.billed.year == 2024
    assert market.billed.per_kwh[:2] == pytest.approx([0.110, 0.111])
    assert "Market prices from market.csv, 2024" in " ".join(text.value for text in app.main.markdown)
    next(box for box in app.selectbox if "market" in box.key).set_value(2023).run()
    assert scenario_of(app).tariff.market.billed.per_kwh[0] == pytest.approx(0.100)


def test_a_urdb_rate_comes_with_its_currency_and_the_same_bill() -> None:
    app = open_app("tariff")
    tariff = library_tariff("us_ca_large_tou_proxy")
    upload(app, "rate.json", json.dumps(to_urdb(tariff)).encode())
    assert_calm(app)
    app.button(key="tariff_file_use").click().run()
    scenario = scenario_of(app)
    assert scenario.site.currency == "USD"
    year = full_year(scenario)
    again = under(year, scenario.tariff).cost("grid")
    plain = tariff.model_copy(update={"includes_vat": False, "vat_rate": 0.0})
    assert again == pytest.approx(under(year, plain).cost("grid"), rel=1e-9)


def test_a_saved_tariff_reads_back() -> None:
    app = open_app("tariff")
    tariff = library_tariff("cn_zhejiang_35kv")
    upload(app, "tariff.json", tariff.model_dump_json().encode())
    app.button(key="tariff_file_use").click().run()
    assert scenario_of(app).tariff == tariff


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"1,2,3\n4,5,6\n", "2 rows of"),
        ("a.json", b"{not json", "not valid JSON"),
        ("a.json", b'{"name": "x"}', "energyratestructure"),
        ("a.json", b'{"seasons": []}', "name_en"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(name: str, content: bytes, sentence: str) -> None:
    app = open_app("tariff")
    before = scenario_of(app)
    upload(app, name, content)
    assert not app.exception
    assert "your tariff is as before" in app.error[0].value
    assert sentence in app.error[0].value
    assert scenario_of(app) == before


def test_a_tariff_from_elsewhere_is_taken_with_its_currency() -> None:
    app = open_app("tariff")
    widget_key = next(key for key in keys_of(app) if key.startswith("tariff_elsewhere_country."))
    app.get_by_key(widget_key).set_value("MY").run()
    key = next(key for key in keys_of(app) if key.startswith("tariff_elsewhere.MY@"))
    app.session_state[key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert_calm(app)
    app.button(key="tariff_take.my_tnb_hv_tou").click().run()
    assert scenario_of(app).tariff == library_tariff("my_tnb_hv_tou")
    assert scenario_of(app).site.currency == "MYR"
