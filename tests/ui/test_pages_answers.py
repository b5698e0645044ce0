"""The answer pages run for every preset and every awkward scenario, without an exception and without a bare key."""

import pytest

from finance.figures import FIGURES
from study.evaluate import evaluate
from study.presets import presets
from tests.ui.apps import alone, assert_calm, drawn_alone, faults, opened, texts

PAGES = ("overview", "operation", "money")
CASE_A, CASE_C, BLANK = (presets()[name].scenario for name in ("case_a", "case_c", "blank"))
AWKWARD = {
    "no battery, no PV": BLANK.with_({"storage.energy_kwh": 0, "storage.power_kw": 0}),
    "no load": BLANK.with_({"load.kind": "flat", "load.peak_kw": 0}),
    "no grid": BLANK.with_({"grid.import_limit_kw": 0}),
    "late grid": BLANK.with_({"grid.ready_month": 24}),
    "one month": CASE_A.with_({"site.term_months": 1}),
    "18 months": BLANK.with_({"site.term_months": 18}),
    "no sets": CASE_A.with_({"genset.sets": 0, "genset.backup_sets": 0, "genset.last_resort_sets": 0}),
    "not counted": CASE_C.with_({"finance.count_unserved": False, "genset.last_resort_sets": 0}),
    "dear battery": CASE_C.with_({"finance.storage_capex_per_kwh": 9000}),
    "free energy": BLANK.with_({"finance.baseline": "grid", "finance.energy_price_factor": 0}),
    "much PV": CASE_C.with_({"pv.dc_kwp": 60000, "grid.export_limit_kw": 5000, "tariff.export_credit_per_kwh": 0.2}),
    "transformer kVA": CASE_A.with_({"tariff.demand_basis": "transformer_kva"}),
    "declared demand": CASE_A.with_(
        {"tariff.demand_basis": "contract_demand", "grid.declared_kw": 2500, "grid.power_factor": 0.85}
    ),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", list(AWKWARD))
def test_page_runs_for_awkward_scenarios(page: str, name: str):
    assert {fault for text in texts(drawn_alone(page, AWKWARD[name])) for fault in faults(text)} == set()


def test_four_kpis_by_term():
    short = [metric.label for metric in drawn_alone("overview", CASE_A, preset="case_a").metric]
    long = [metric.label for metric in drawn_alone("overview", CASE_C, preset="case_c").metric]
    assert [label.split(",")[0].split(" ◇")[0] for label in short] == [
        "Present cost",
        "All-in cost",
        "Ride-through",
        "CO2e added",
    ]
    assert [label.split(",")[0].split(" ◇")[0] for label in long] == ["Payback", "IRR", "NPV", "LCOE"]


def test_a_figure_that_does_not_exist_says_why():
    app = drawn_alone("overview", AWKWARD["no battery, no PV"])
    values = {metric.label.split(" ")[0]: metric.value for metric in app.metric}
    assert values["Payback"] == "none"
    assert any("not recovered" in info.value or "no additional investment" in info.value for info in app.info)
    assert any("neither battery nor PV" in text for text in texts(app))


def test_overview_shows_who_costs_least_and_the_chosen_baseline():
    study = evaluate(CASE_A)
    text = " ".join(texts(drawn_alone("overview", CASE_A, preset="case_a")))
    assert f"{study.kpis['grid'].present_cost / 1e6:.2f}\u00a0M" in text
    assert "Grid only costs least" in text and "Diesel, the chosen baseline" in text


def test_unserved_load_is_red_with_two_ways_out():
    app = drawn_alone("overview", presets()["case_b"].scenario, preset="case_b")
    assert [text for text in texts(app) if text.startswith(":red[") and " or keep " in text]


def test_operation_follows_alternative_year_and_span():
    app = drawn_alone("operation", CASE_C, preset="case_c")
    before = app.header[0].value
    controls = {control.label: control for control in app.segmented_control}
    controls["Alternative"].set_value("diesel").run()
    assert not app.exception and app.header[0].value != before and "diesel 100" in app.header[0].value.lower()
    controls = {control.label: control for control in app.segmented_control}
    assert controls["Which"].options == ["Typical", "Date"]
    controls["Alternative"].set_value("hybrid").run()
    for meaning in ("typical", "peak_bill", "longest_outage", "cloudiest", "date"):
        for days in (1, 7):
            controls = {control.label: control for control in app.segmented_control}
            controls["Which"].set_value(meaning)
            controls["Show"].set_value(days).run()
            assert not app.exception, (meaning, days)
    app.selectbox[0].set_value(15).run()
    assert not app.exception


def test_money_table_has_every_figure_of_every_alternative():
    app = drawn_alone("money", CASE_C, preset="case_c")
    side = next(frame.value for frame in app.dataframe if frame.value.columns[0] == "Figure")
    assert len(side) == len(FIGURES) and list(side.columns)[1] == "Grid + diesel"
    assert list(side.columns)[-1] == "Hybrid" and (side.map(len) > 0).all(axis=None)


def test_study_that_cannot_be_calculated_says_why(monkeypatch: pytest.MonkeyPatch):
    from ui import kept

    def fails(*_: object) -> None:
        raise ValueError("the load has no year")

    monkeypatch.setattr(kept, "study_of", fails)
    app = alone("overview").run()
    assert not app.exception and "the load has no year" in app.error[0].value


def test_a_project_name_is_shown_as_plain_text() -> None:
    from report.text.plain import as_plain

    assert as_plain("**A** [b](c) :red[d] $e$\n<i>") == r"\*\*A\*\* \[b\]\(c\) \:red\[d\] \$e\$ \<i\>"
    assert as_plain("=1\u202e2\t`x`") == r"=12 \`x\`"


def test_controls_are_compared_on_request_in_this_year_and_in_others():
    app = drawn_alone("operation", CASE_A)
    app.button(key="controls_run").click().run()
    assert not app.exception, app.exception[0].message
    rows = app.dataframe[0].value.to_dict("records")
    assert [row["Control"] for row in rows][1:3] == ["Plain rule", "Control by forecast"]
    assert [row["Other draws"].count("%") for row in rows] == [0, 3, 3, 0]
    assert "The site is run by a strategy table" not in texts(app)


def test_own_windows_are_shown_as_a_table():
    own = {
        "dispatch.arbitrage": "windows",
        "dispatch.windows": [{"start_hour": 0, "end_hour": 6, "action": "charge", "power_fraction": 0.25}],
        "dispatch.shave_limits": [{"threshold_kw": 6000, "months": [1]}],
    }
    app = drawn_alone("operation", CASE_A.with_(own))
    assert "The site is run by a strategy table" in texts(app)


def test_the_hour_of_the_greatest_import_is_explained():
    app = drawn_alone("operation", CASE_A)
    assert any("why the hybrid imports" in text for text in texts(app))
    assert any("cannot hold imports" in text for text in texts(app))  # its battery is empty in the greatest hour


def test_a_warning_s_way_out_is_a_button_and_one_step() -> None:
    app = opened(preset="case_b").run()
    key = next(button.key for button in app.button if str(button.key).endswith("genset.last_resort_sets"))
    app.button(key=key).click().run()
    assert_calm(app)
    assert app.session_state["scenario"].genset.last_resort_sets == 7
    assert key not in [button.key for button in app.button]
    app.button(key="undo").click().run()
    assert app.session_state["scenario"].genset.last_resort_sets == 0
