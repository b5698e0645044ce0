"""A scenario in which every text that a file or visitor can bring wants to be markup, and whether one came alive."""

from __future__ import annotations

import json
import re
from typing import Any

from sim.inputs.scenario import Scenario, scenario_from_dict
from sim.sun.pv import as_weather_year, year_of_weather
from study.presets import presets

HOST = "evil.test"
# Picture, link, colour, formula, tag, address, mail, code, and a cell that calculates.
MARKUP = (
    f"=1+1 ![p](http://{HOST}/p.png) [l](javascript:x) :blue[r] $\\frac{{a}}{{b}}$ **b** <a href='http://{HOST}'>h</a> "
    f'http://{HOST}/x www.{HOST} me@{HOST} `c` #link("http://{HOST}")[t] {{0}} {{name}}'
)
# What markdown makes of it where no backslash stands before the signs; an address it finds in any case.
LIVE = {
    "picture or link": re.compile(r"(?<!\\)\]\((?:http|javascript)"),
    "colour": re.compile(r"(?<!\\):blue(?<!\\)\["),
    "formula": re.compile(r"(?<!\\)\$\\+frac"),
    "bold": re.compile(r"(?<!\\)\*\*b(?<!\\)\*\*"),
    "code": re.compile(r"(?<!\\)`c(?<!\\)`"),
    "tag": re.compile(r"(?<!\\)<a href"),
    "address": re.compile(rf"(?:https?\\?://|www\.|@){re.escape(HOST)}"),
}


def live(text: str) -> list[str]:
    """What of the hostile text markdown would bring to life."""
    return [name for name, pattern in LIVE.items() if pattern.search(text)]


def named(name: str) -> str:
    """A name that is markup, and still one of its own."""
    return f"{MARKUP[:170]} {name}"[:200]


def hostile_scenario() -> Scenario:
    """Case A with markup wherever a text can stand, an uploaded load curve, weather, bills, notes and an own tariff."""
    tree: dict[str, Any] = json.loads(presets()["case_a"].scenario.to_json())
    tree["site"]["name"] = MARKUP[:200]
    tariff = tree["tariff"]
    for season in tariff["seasons"]:
        season["name"] = named(season["name"])
        season["prices_per_kwh"] = {named(name): price for name, price in season["prices_per_kwh"].items()}
        for day in ("weekday", "saturday", "sunday_holiday"):
            for window in season[day]:
                window["period"] = named(window["period"])
    for charge in tariff["demand_charges"]:
        charge["name"] = named(charge["name"])
        charge["measured_periods"] = [named(name) for name in charge["measured_periods"]]
    for rule in tariff["energy_tiers"]:
        rule["periods"] = [named(name) for name in rule["periods"]]
    tariff |= {"name_en": named("n"), "name_zh": named("n"), "source": MARKUP, "as_of": named("a"), "library_id": ""}
    tariff |= {"notes": MARKUP, "notes_zh": MARKUP}
    tree["finance"] |= {"shown_currency": "USD", "shown_rate": 0.14, "shown_rate_as_of": MARKUP[:40]}
    paths = ("finance.diesel_per_l", "storage.energy_kwh", "load.peak_kw", "finance.discount_rate", "genset.sets")
    note = {"source": MARKUP, "confidence": "unverified", "as_of": MARKUP[:40]}
    tree["provenance"] |= {path: note for path in (*paths, *tree["provenance"])}
    first = f"{int(tree['site']['start'][:4]) - 1}-01"
    tree["bills"] = [{"month": first, "kwh": 1e6, "kwh_by_period": {named("own"): 1e5}, "total": 1e6}]
    curve = {"file_name": named("f"), "year": 2025, "step_minutes": 60, "done": [MARKUP]}
    tree["load"] |= {"kind": "meter", "meter": curve | {"kw": [2500.0 + 10 * (hour % 24) for hour in range(8760)]}}
    weather = as_weather_year(year_of_weather((tree["site"]["place"], 1, None)), "w")
    tree["pv"]["weather"] = weather.model_dump(mode="json") | {"name": named("w")}
    return scenario_from_dict(tree)
