"""The saving, risk and claims pages answer to their switches."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from study.presets import presets
from tests.ui.apps import assert_calm as calm
from tests.ui.apps import opened
from tests.ui.crawl import PRESETS, crawl


def open_page(name: str, preset: str, **query: str) -> AppTest:
    return opened(name, preset=preset, **query).run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.header, *app.subheader))


def test_what_turns_a_claim_is_shown_when_asked_for():
    app = open_page("claims", "case_a")
    assert "4 of 6 claims hold." in texts(app)
    assert "As a mean load: 2,185\N{NO-BREAK SPACE}kW to 2,470\N{NO-BREAK SPACE}kW." in texts(
        app
    )  # 68.3 to 77.2 % of 3,200
    assert "Caterpillar Tier 2 (3516E): 1,856,160\N{NO-BREAK SPACE}L, holds." in texts(app)
    assert "Cummins 50 Hz (QSK): 1,603,509\N{NO-BREAK SPACE}L, does not hold." in texts(app)
    switch = next(toggle for toggle in app.toggle if toggle.key.startswith("claims.turn.cost_down_40"))
    switch.set_value(True).run()
    calm(app)
    assert "holds above 6.0" in texts(app) or "holds above 6.1" in texts(app)


def test_combinations_are_tried_when_asked_for():
    app = open_page("claims", "case_c")
    next(toggle for toggle in app.toggle if toggle.key.startswith("claims.together")).set_value(True).run()
    calm(app)
    assert "No combination, of 63 tried" in texts(app)


def test_an_own_claim_joins_the_list():
    app = open_page("claims", "blank")
    assert "no claims" in app.info[0].value
    next(box for box in app.selectbox if box.label == "Figure").select("cost_saving_fraction")
    next(box for box in app.number_input if box.label == "Value").set_value(1.0)
    next(button for button in app.button if button.label == "Check it").click().run()
    calm(app)
    assert "Cost saved against the baseline is at least 1" in texts(app)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_saving_is_explained_against_every_reference(preset: str):
    assert any("Split between the parts" in text for text in crawl("saving", preset).texts("header", "subheader"))


def test_another_seed_draws_again():
    app = open_page("risk", "case_a")
    first = texts(app)
    app.get_by_key("risk.seed").set_value(2).run()
    calm(app)
    assert "seed 2" in texts(app) and texts(app) != first


@pytest.mark.parametrize("preset", PRESETS)
def test_the_money_page_tells_what_is_earned_after_tax(preset: str):
    drawn = crawl("money", preset)
    text = "\n".join(drawn.texts("markdown", "header", "subheader"))
    assert "After tax the project" in text
    assert "DSCR by year" not in text and "No loan is assumed" in text
    assert any("IRR, real" in table.columns for table in drawn.tables())


def test_a_loan_brings_its_coverage_and_its_tables():
    app = open_page("money", "case_c")
    app.query_params["finance.loan_share"] = "0.7"
    app.session_state["scenario"] = presets()["case_c"].scenario.with_(
        {"finance.loan_share": 0.7, "finance.loan_years": 15, "finance.loan_dscr": 1.75}
    )
    app.run()
    calm(app)
    assert "below the required" in texts(app)
    app.get_by_key("money.table").set_value("loan").run()
    calm(app)
    lines = app.dataframe[1].value
    assert list(lines.iloc[:, 0])[-2:] == ["6 DSCR", "7 ICR"]


def test_the_countrys_tax_rules_are_copied_and_edited():
    app = open_page("terms", "case_c")
    app.get_by_key("tax.copy").click().run()
    calm(app)
    finance = app.session_state["scenario"].finance
    assert (finance.tax_rules, finance.tax_rate, finance.tax_loss_carry_years) == ("own", 0.24, 10)
    app.get_by_key("tax.three").click().run()
    calm(app)
    rows = app.session_state["scenario"].finance.tax_holiday
    assert [(row.first_year, row.last_year, row.factor) for row in rows] == [(1, 3, 0), (4, 6, 0.5)]


def test_price_paths_are_pasted_and_a_shock_is_added():
    app = open_page("terms", "case_b")
    app.get_by_key("paths.text").set_value("year,fuel\n1,1\n3,gas")
    app.get_by_key("paths.take").click().run()
    assert [error.value for error in app.error] == ["line 3: 'gas' is not a number; give a factor such as 1.05"]
    app.get_by_key("paths.text").set_value("year,fuel\n1,1\n3,1.4")
    app.get_by_key("paths.take").click().run()
    app.get_by_key("paths.shock").click().run()
    calm(app)
    finance = app.session_state["scenario"].finance
    assert [(point.year, point.factor) for point in finance.price_points] == [(1, 1.0), (3, 1.4)]
    assert len(finance.price_shocks) == 1
