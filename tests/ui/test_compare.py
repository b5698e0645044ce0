"""Variants: "+" keeps what is on screen, the address names them, Compare sets them side by side."""

from __future__ import annotations

from study.decision import decision
from study.evaluate import evaluate
from study.presets import presets
from tests.ui.apps import assert_calm, opened
from tests.ui.test_ui import scenario_of, widget

CASE = presets()["case_a"].scenario


def test_variants_are_kept_in_the_address_and_stand_side_by_side() -> None:
    app = opened("compare").run()
    app.button(key="variant.keep").click().run()
    widget(app, "lever.storage.energy_kwh").set_value(4.8).run()
    app.button(key="variant.keep").click().run()
    widget(app, "lever.finance.diesel_per_l").set_value(9.0).run()
    assert_calm(app)
    inputs, figures = app.dataframe[0].value, app.table[0].value
    assert list(inputs.iloc[:, 0]) == ["Battery energy", "Diesel price"] and list(inputs.columns[1:]) == list(figures)
    assert [text.replace("\u00a0", " ") for text in inputs["A"]] == ["3,200 kWh", "7.50 CNY/L"]
    assert list(figures) == ["A", "B", "On screen"]
    margins = figures.loc["Hybrid against that, present value"]
    best = max(decision(evaluate(CASE)).margin, decision(evaluate(scenario_of(app))).margin)
    assert best == decision(evaluate(CASE)).margin and margins["A"].startswith("**") and "**" not in margins["B"]
    again = opened("compare", **{key: value for key, value in app.query_params.items()}).run()
    assert list(again.table[0].value) == list(figures) and again.table[0].value.equals(figures)
    app.button(key="variant.A").click().run()
    assert scenario_of(app) == CASE and list(app.table[0].value) == ["A", "B"]
    app.button(key="undo").click().run()
    app.button(key="forget.A").click().run()
    assert list(app.table[0].value) == ["B", "On screen"]
    assert_calm(app)


def test_money_of_another_currency_is_not_set_beside() -> None:
    app = opened("compare").run()
    app.button(key="variant.keep").click().run()
    widget(app, "start_from").select("case_c").run()
    assert list(app.table[0].value) == ["A"] and any("MYR" in one.value for one in app.info)
    assert_calm(app)
