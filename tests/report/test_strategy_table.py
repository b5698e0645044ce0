"""The strategy table as a file: every window and threshold, with its kW, and nothing else."""

import csv
import io
import json

import numpy as np
import pytest

from i18n import words
from report.paper.blocks import Draft
from report.paper.offer import Offer
from report.paper.strategy import strategy_blocks
from report.screen import strategy
from sim.inputs.scenario import Scenario
from study.evaluate import evaluate

TABLE = {
    "storage.power_kw": 8000,
    "dispatch.charge_limit_kw": 6000,
    "dispatch.arbitrage": "windows",
    "dispatch.windows": [
        {"start_hour": 9, "end_hour": 11.5, "action": "discharge", "months": [7, 8], "power_fraction": 0.5},
        {"start_hour": 0, "end_hour": 6, "action": "charge", "days": "workday", "power_fraction": 0.25},
        {"start_hour": 13, "end_hour": 15, "action": "charge", "months": [7]},
    ],
    "dispatch.shave_limits": [
        {"threshold_kw": 9000, "months": [7, 8]},
        {"threshold_kw": 8500, "months": [7], "periods": ["peak"]},
    ],
}


def test_a_row_for_every_window_and_threshold():
    """Charging 0.25 of the charging limit of 6000 kW is 1500 kW; discharging half of 8000 is 4000."""
    rows = strategy.rows(Scenario().with_(TABLE))
    assert [row["power_kw"] for row in rows] == [1500, 4000, None, None, None]
    assert rows[0] | {"months": None} == {
        "months": None,
        "days": "workday",
        "start": "00:00",
        "end": "06:00",
        "action": "charge",
        "power_kw": 1500,
        "threshold_kw": None,
        "price_periods": None,
    }
    assert rows[3]["threshold_kw"] == 9000 and rows[3]["months"] == [7, 8] and rows[3]["price_periods"] == []
    assert rows[4]["threshold_kw"] == 8500 and rows[4]["price_periods"] == ["peak"]


def test_csv_and_json_hold_the_same_rows():
    scenario = Scenario().with_(TABLE)
    read = list(csv.DictReader(io.StringIO(strategy.strategy_csv(scenario).decode("utf-8-sig"))))
    assert [row["start"] for row in read] == ["00:00", "09:00", "13:00", "", ""]
    assert read[1]["months"] == "7 8" and read[1]["power_kw"] == "4000.0"
    whole = json.loads(strategy.strategy_json(scenario))
    assert len(whole["rows"]) == len(read) and whole["battery_kw"] == 8000
    assert "power_kw" not in whole["rows"][2] and whole["fingerprint"] == scenario.fingerprint


def test_the_map_shows_the_orders_by_month_and_hour():
    scenario = Scenario().with_(TABLE)
    assert strategy.kinds_of_day(scenario) == ("workday", "weekend")
    months, powers = strategy.powers_kw(scenario, "workday")
    july = powers[months.index(7)]
    assert july[:6] == pytest.approx(np.full(6, -1500)) and july[9] == pytest.approx(4000)
    _, weekend = strategy.powers_kw(scenario, "weekend")
    assert not weekend[:, :6].any()


def test_the_thresholds_are_told_by_month():
    text = strategy.threshold_text(Scenario().with_(TABLE), words("en"))
    assert "8.50\u00a0MW" in text and "9.00\u00a0MW" in text
    assert strategy.threshold_text(Scenario(), words("en")) == words("en").t("control.thresholds_none")


def test_only_own_windows_or_thresholds_are_a_table():
    assert strategy.has_table(Scenario().with_(TABLE))
    assert not strategy.has_table(Scenario())
    assert not strategy.has_table(Scenario().with_({"dispatch.arbitrage": "windows"}))


def test_the_proposal_has_the_table_and_what_it_saves():
    study = evaluate(Scenario().with_(TABLE))
    heading, table, saving = strategy_blocks(Draft(study, words("en"), Offer()))
    assert heading["text"] == "Strategy table for the energy management system"
    july = next(row for row in table["rows"] if row[0] == "Jul" and row[1] == "Monday to Friday")
    assert july[2].startswith("0–6: 1.50 MW; 13–15: ")
    assert (july[3], july[4]) == ("9–12: 4.00 MW", "8.50 MW")
    assert "of what perfect foresight would save" in saving["text"]
    assert strategy_blocks(Draft(evaluate(Scenario()), words("en"), Offer())) == []
