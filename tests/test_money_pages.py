"""The saving, risk and claims pages answer to their switches."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from study.presets import presets

ROOT = Path(__file__).resolve().parents[1]


def open_page(name: str, preset: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=120)
    app.query_params["preset"] = preset
    return app.run().switch_page(f"../pages/{name}.py").run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.header, *app.subheader))


def calm(app: AppTest) -> None:
    assert not app.exception and [error.value for error in app.error] == []


def test_what_turns_a_claim_is_shown_when_asked_for():
    app = open_page("claims", "case_a")
    assert "4 of 6 claims hold." in texts(app)
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


@pytest.mark.parametrize("preset", presets())
def test_the_saving_is_explained_against_every_reference(preset: str):
    app = open_page("saving", preset)
    calm(app)
    assert "Split between the parts" in texts(app)


def test_another_seed_draws_again():
    app = open_page("risk", "case_a")
    first = texts(app)
    app.get_by_key("risk.seed").set_value(2).run()
    calm(app)
    assert "seed 2" in texts(app) and texts(app) != first
