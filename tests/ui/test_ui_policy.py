"""Basic charge and policy cases on their pages: what is said, and what one click changes."""

from __future__ import annotations

import pytest

from sim.inputs.tariff import library_tariff
from study.presets import presets
from tests.ui.apps import drawn_alone, texts
from tests.ui.test_ui import open_app, scenario_of

CASE_B, CASE_C, BLANK = (presets()[name].scenario for name in ("case_b", "case_c", "blank"))
DECLARED = {"tariff.demand_basis": "contract_demand", "grid.declared_kw": 10_000}


def notices(app) -> list[str]:
    return [sentence for _, sentence in app.session_state["notices"]]


def test_one_click_bills_on_another_basis() -> None:
    app = drawn_alone("tariff", CASE_B.with_(DECLARED))
    assert any("less basic charge in the first year on Transformer capacity" in card.value for card in app.header)
    app.button(key="basic_charge.transformer_kva").click().run()
    assert not app.exception
    scenario = app.session_state["scenario"]
    assert scenario.tariff.demand_basis == "transformer_kva" and scenario.grid.declared_kw is None
    assert scenario.tariff.library_id == CASE_B.tariff.library_id
    assert any("is the cheapest of the three bases" in card.value for card in app.header)


def test_hourly_steps_are_warned_of_and_quarter_hours_are_not() -> None:
    for minutes, warned in ((60, True), (15, False)):
        app = drawn_alone("tariff", CASE_B.with_({"site.step_minutes": minutes}))
        assert any("peaks within the hour read low" in text.value for text in app.warning) == warned


def test_a_tariff_without_a_choice_says_so() -> None:
    app = drawn_alone("tariff", CASE_C)
    assert any("leaves no choice" in card.value for card in app.header)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_market_users_are_told_where_the_government_sets_windows(language: str) -> None:
    for page in ("tariff", "risk"):
        chinese = drawn_alone(page, BLANK.with_({"site.term_months": 12}), language=language)
        assert any("1656" in text for text in texts(chinese))
    johor = drawn_alone("tariff", CASE_C, language=language)
    assert not any("1656" in text for text in texts(johor))


@pytest.mark.parametrize("key", ["midday_valley", "market_price", "price_up", "basis_contract_demand"])
def test_one_click_takes_a_case_over(key: str) -> None:
    app = drawn_alone("risk", CASE_B)
    app.button(key=f"policy.{key}").click().run()
    assert not app.exception
    scenario = app.session_state["scenario"]
    assert scenario != CASE_B
    if key in ("midday_valley", "market_price"):
        assert scenario.tariff.library_id == "" and CASE_B.tariff.name_en in scenario.tariff.name_en
    if key == "midday_valley":
        jiangsu = library_tariff("cn_jiangsu_10kv")
        assert scenario.tariff.season(7).period_at("weekday", 12 * 60) == jiangsu.season(7).period_at(
            "weekday", 12 * 60
        )
    assert any("The scenario now has this case" in sentence for sentence in notices(app))


def test_the_spread_of_the_market_case_is_the_users() -> None:
    app = drawn_alone("risk", CASE_B)
    before = [card.value for card in app.subheader]
    app.number_input(key="policy.spread@CNY").set_value(0.0).run()
    assert not app.exception
    after = [card.value for card in app.subheader]
    assert before != after and any("Market price instead of fixed windows" in title for title in after)


def test_how_long_a_declaration_holds_is_asked_in_whole_months() -> None:
    app = open_app("tariff")
    app.session_state["scenario"] = scenario_of(app).with_(DECLARED | {"grid.declaration_hold_months": 3})
    app.run()
    assert not app.exception
    field = next(one for one in app.number_input if one.key == "page.grid.declaration_hold_months")
    assert field.value == 3 and isinstance(field.value, int)
    field.set_value(6).run()
    assert scenario_of(app).grid.declaration_hold_months == 6


def test_a_declaration_below_the_floor_is_refused_in_place() -> None:
    app = open_app("tariff")
    app.session_state["scenario"] = scenario_of(app).with_(DECLARED)
    app.run()
    field = next(one for one in app.number_input if one.key == "page.grid.declared_kw")
    field.set_value(1_000.0).run()
    assert scenario_of(app).grid.declared_kw == 10_000
    assert any("below the least that may be declared" in error.value for error in app.error)
