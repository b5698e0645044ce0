"""Uploads on screen: what nothing tells is asked, guesses wait, files do not mix, spikes are mended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.ui.apps import assert_calm, opened

HOURS = [datetime(2025, 1, 1) + timedelta(hours=h) for h in range(8760)]


def open_app(page: str):
    return opened(page).run()


def scenario_of(app):
    return app.session_state["scenario"]


def keys_of(app) -> list[str]:
    return [str(key) for key in app.session_state]


def table(head: str, row) -> bytes:
    return "\n".join([head, *map(row, HOURS)]).encode()


def kw(t: datetime) -> int:
    return 4000 + 100 * t.hour


def send(app, name: str, data: bytes):
    key = next(key for key in keys_of(app) if key.startswith("meter_file"))
    app.get_by_key(key).upload(name, data, "text/csv").run()
    assert not app.exception
    return app


def use_button(app):
    return next((button for button in app.button if button.key == "meter_use"), None)


def summary(app) -> str:
    """The sentence of the figures, with plain blanks."""
    found = (text.value for text in app.main.markdown if text.value.startswith("From 2025"))
    return next(found, "").replace("\xa0", " ")


def question(app) -> str:
    return " ".join(text.value for text in app.main.markdown if text.value.startswith(":violet["))


def test_a_unit_that_nothing_tells_is_asked_and_the_answer_stays_with_its_file() -> None:
    app = send(open_app("load"), "a.csv", table("time,load", lambda t: f"{t},{kw(t)}"))
    assert "Nothing in the file tells the unit" in question(app)
    assert (use_button(app), summary(app)) == (None, "")
    unit = next(box for box in app.selectbox if box.key.startswith("meter_unit"))
    unit.set_value("kWh").run()
    assert "6.30 MW" in summary(app) and not use_button(app).disabled
    # Another file whose heading says MW: the choice of kWh does not reach it.
    send(app, "b.csv", table("time,load (MW)", lambda t: f"{t},{kw(t) / 1000}"))
    assert "6.30 MW" in summary(app) and question(app) == ""
    assert "as MW" in summary(app)


def test_a_guess_is_told_beside_the_figures_until_it_is_confirmed() -> None:
    app = send(open_app("load"), "halls.csv", table("time,Hall A kW,Hall B kW", lambda t: f"{t},{kw(t)},{kw(t)}"))
    assert "look like parts of one load" in question(app)
    assert "12.6 MW" in summary(app)
    assert use_button(app).disabled
    next(box for box in app.checkbox if box.key.startswith("upload_sure.series")).check().run()
    assert question(app) == ""
    use_button(app).click().run()
    assert max(scenario_of(app).load.meter.kw) == 12_600
    assert any("look like parts" in sentence for sentence in scenario_of(app).load.meter.done)
    assert_calm(app)


def test_choosing_a_column_answers_the_guess() -> None:
    app = send(open_app("load"), "halls.csv", table("time,Hall A kW,Hall B kW", lambda t: f"{t},{kw(t)},{kw(t)}"))
    next(box for box in app.multiselect if box.key.startswith("meter_value")).set_value(["Hall B kW"]).run()
    assert question(app) == ""
    assert "6.30 MW" in summary(app)


def test_a_spike_does_not_set_the_peak_and_the_step_follows_the_file() -> None:
    lines = ["time,kW"]
    for quarter in range(35_040):
        t = datetime(2025, 1, 1) + timedelta(minutes=15 * quarter)
        lines.append(f"{t},{98_000 if quarter == 500 else kw(t)}")
    app = send(open_app("load"), "spike.csv", "\n".join(lines).encode())
    assert "the highest 98,000 kW" in question(app)
    assert "6.30 MW" in summary(app)
    next(box for box in app.checkbox if box.key.startswith("upload_sure.spikes")).check().run()
    use_button(app).click().run()
    scenario = scenario_of(app)
    assert max(scenario.load.meter.kw) == 6300
    assert (scenario.load.meter.step_minutes, scenario.site.step_minutes) == (15, 15)
    assert any("98,000" in sentence for sentence in scenario.load.meter.done)


@pytest.mark.parametrize(("answer", "price"), [("per MWh", "0.0515"), ("per kWh", "51.5")])
def test_the_unit_of_prices_is_asked(answer: str, price: str) -> None:
    app = open_app("tariff")
    key = next(key for key in keys_of(app) if key.startswith("tariff_file"))
    data = "\n".join(["hour,price", *(f"{h},{40 + h}" for h in range(24))]).encode()
    app.get_by_key(key).upload("p.csv", data, "text/csv").run()
    assert "Nothing in the file tells the money" in question(app)
    next(box for box in app.selectbox if box.key.startswith("price_unit")).set_value(answer).run()
    assert not app.exception
    assert any(price in text.value for text in app.main.markdown if text.value.startswith("Energy price"))
