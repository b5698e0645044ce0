"""The strip after a change: inputs, margin and best before and after, and former values in cards and charts."""

from __future__ import annotations

import json

from study.decision import decision
from study.evaluate import evaluate
from study.presets import presets
from tests.ui.apps import assert_calm, opened
from tests.ui.test_ui import scenario_of, widget
from ui import state


def strip(app) -> str:
    said = (one.value.replace("\u00a0", " ") for one in app.markdown)
    return next((text for text in said if " · hybrid" in text), "")


def former_traces(app) -> list[dict]:
    charts = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    return [trace for chart in charts for trace in chart["data"] if trace.get("meta") == "former"]


def test_the_strip_says_what_moved_and_undo_takes_it_back(monkeypatch) -> None:
    app = opened(preset="case_b").run()
    assert strip(app) == "" and former_traces(app) == []
    case = presets()["case_b"].scenario
    monkeypatch.setattr(state, "SAME_ACT_S", 0.0)
    widget(app, "lever.finance.storage_capex_per_kwh").set_value(1600).run()
    was, now = evaluate(case), evaluate(scenario_of(app))
    assert decision(was).margin > 0 and decision(was).best == "hybrid"
    said = strip(app)
    assert "1,100 CNY/kWh → 1,600 CNY/kWh" in said and "hybrid against grid only" in said
    assert ("still costs least" in said) == (decision(now).best == decision(was).best)
    totals = [kpis.present_cost for kpis in was.kpis.values()]
    ticks = next(trace for trace in former_traces(app) if trace["type"] == "scatter" and trace["mode"] == "markers")
    scale = max(totals) / max(ticks["x"])
    assert sorted(round(x * scale) for x in ticks["x"]) == sorted(map(round, totals))
    assert sum("before: " in one.delta for one in app.metric) >= 2
    app.button(key="undo").click().run()
    assert scenario_of(app) == case
    assert_calm(app)


def test_a_burst_of_one_lever_is_one_act_and_two_levers_are_two() -> None:
    app = opened(preset="case_b").run()
    for value in (21.0, 22.0, 23.0):
        widget(app, "lever.storage.energy_kwh").set_value(value).run()
        app.session_state["step"] = state.replace_fields(app.session_state["step"], at=1e18)
    assert "20,000 kWh → 23,000 kWh" in strip(app)
    widget(app, "lever.finance.diesel_per_l").set_value(9.0).run()
    app.button(key="undo").click().run()
    assert scenario_of(app).storage.energy_kwh == 23_000
    widget(app, "start_from").select("case_a").run()
    assert "more inputs" in strip(app)
    app.button(key="undo").click().run()
    assert scenario_of(app).storage.energy_kwh == 23_000
    assert_calm(app)
