"""The start card: six answers on the bare address, the answer beside them, and an address that gives it back."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from study.evaluate import evaluate
from study.own_site import Start, next_month, scenario_of
from study.presets import presets
from tests.ui.apps import assert_calm, bare, opened, reopened
from ui import start, url
from ui.served import STYLE

ROOT = Path(__file__).resolve().parents[2]


def scenario_of_app(app: AppTest):
    return app.session_state["scenario"]


def field(app: AppTest, name: str):
    return app.get_by_key(name)


def test_the_bare_address_opens_the_card_and_each_answer_moves_the_answer() -> None:
    app = bare().run()
    assert_calm(app)
    assert scenario_of_app(app) == scenario_of(Start(start=next_month()))
    seen = [app.header[1].value]
    for name, value in (
        ("page.site.place", "johor_bahru"),
        ("start.mw", 15.0),
        ("start.months", 60),
        ("start.existing", 4.0),
        ("start.ready", 9),
        ("start.diesel", 5.0),
    ):
        widget = field(app, name)
        (widget.select if hasattr(widget, "select") else widget.set_value)(value).run()
        assert_calm(app)
        seen.append(app.header[1].value)
    assert len(set(seen)) == len(seen)
    expected = Start("johor_bahru", next_month(), 60, 15_000.0, existing_kw=4_000.0, ready_month=9)
    scenario = scenario_of(expected).with_({"finance.diesel_per_l": 4.85})
    assert scenario_of_app(app) == scenario
    assert reopened(app) == scenario
    field(app, "start.otherwise").select("own_sets").run()
    assert scenario_of_app(app).finance.genset_ownership == "buy"
    assert reopened(app) == scenario_of_app(app)


def test_gpus_and_never_more_grid() -> None:
    app = opened(own="ashburn").run()
    field(app, "start.size_by").set_value("gpus").run()
    field(app, "start.gpus").set_value(4000).run()
    field(app, "start.gpu_model").select("dgx_h100").run()
    field(app, "start.ready").select(start.NEVER).run()
    expected = Start("ashburn", gpus=4000, gpu_model="dgx_h100", ready_month=None)
    assert scenario_of_app(app) == scenario_of(expected)
    assert reopened(app) == scenario_of(expected)
    field(app, "start.size_by").set_value("mw").run()
    assert scenario_of_app(app).load.size_by == "peak"
    assert_calm(app)


def test_a_bad_answer_is_told_at_its_field_and_changes_nothing() -> None:
    app = opened(own="shanghai").run()
    before = scenario_of_app(app)
    field(app, "start.months").set_value(1).run()
    app.session_state["problems"] = {}
    assert scenario_of_app(app) != before
    other = opened(own="shanghai", load__peak_kw="10").run()
    assert scenario_of_app(other).load.peak_kw == 10
    field(other, "start.months").set_value(5).run()
    assert "too small for the rules of size" in other.error[0].value
    assert scenario_of_app(other).site.term_months == 36


def test_five_movers_stand_in_the_order_of_what_they_move() -> None:
    study = evaluate(scenario_of(Start("guangzhou", "2027-01", 36, 12_000.0, ready_month=9)))
    found = start.movers(study)
    assert len(found) == start.MOVERS
    assert [bar.swing for bar in found] == sorted((bar.swing for bar in found), reverse=True)
    assert not {bar.path for bar in found} & set(start.ASKED)
    app = opened(own="guangzhou", load__peak_kw="12000", grid__ready_month="9").run()
    shown = [key for key in app.session_state if str(key).startswith("page.") and "site.place" not in str(key)]
    assert {f"page.{bar.path}" for bar in found} == set(map(str, shown))


def test_a_worked_example_is_one_press_away_and_can_be_undone() -> None:
    app = bare().run()
    before = scenario_of_app(app)
    app.button(key="example.case_c").click().run()
    assert scenario_of_app(app) == presets()["case_c"].scenario and app.query_params["preset"] == "case_c"
    app.button(key="undo").click().run()
    assert scenario_of_app(app) == before
    assert_calm(app)


@pytest.mark.parametrize(
    "start_",
    [
        Start("ashburn", "2027-01", 36, 100_000.0, existing_kw=20_000.0, ready_month=18),
        Start("johor_bahru", "2027-01", 24, gpus=8000, gpu_model="gb200_nvl72", ready_month=None, otherwise="own_sets"),
        Start("shanghai", "2027-01", 4, 3_200.0, otherwise="grid_backup"),
    ],
    ids=lambda start_: start_.place,
)
def test_an_address_gives_the_site_and_its_changes_back(start_: Start) -> None:
    scenario = scenario_of(start_).with_({"pv.dc_kwp": 2000, "finance.discount_rate": 0.07, "genset.sets": 9})
    query = url.encode(scenario, "own", "en")
    opened_ = url.decode(query)
    assert (opened_.scenario, opened_.preset_id, opened_.dropped) == (scenario, "own", ())
    assert url.decode({"own": "nowhere"}).dropped == ("own",)


def test_a_chief_button_has_letters_that_can_be_read() -> None:
    """Streamlit writes white on the accent, which has 2.06:1 in the dark theme. A button that is off has no accent, so
    its letters stay Streamlit's."""
    themes = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    letters = re.search(r'stBaseButton-primary"\]:not\(:disabled\)[^}]*?light-dark\((#\w+), (#\w+)\)', STYLE).groups()
    for name, colour in zip(("light", "dark"), letters, strict=True):
        assert contrast(colour, themes[name]["primaryColor"]) >= 4.5, name


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
