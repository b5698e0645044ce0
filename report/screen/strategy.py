"""The strategy table of a scenario run by own windows: rows for people, CSV and JSON for the site's EMS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import palette
from report.screen.charts import Figure, axis, figure
from report.text import say
from report.text.amounts import month_name
from report.text.csv_text import csv_text
from sim.dispatch.control import NO_THRESHOLD_KW, WEEKDAYS, shaving, window_orders
from sim.inputs.plant import ControlWindow
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import PriceClasses, clock, price_classes
from sim.timeline import Timeline, timeline

ENCODING = "utf-8-sig"
COLUMNS = ("months", "days", "start", "end", "action", "power_kw", "threshold_kw", "price_periods")


def has_table(scenario: Scenario) -> bool:
    """Whether the scenario holds a table to hand over."""
    return scenario.dispatch.arbitrage == "windows" and bool(
        scenario.dispatch.windows or scenario.dispatch.shave_limits
    )


def rows(scenario: Scenario) -> list[dict[str, Any]]:
    """Windows, then thresholds, by month and hour: the keys of `COLUMNS`, None where one does not apply.

    power_kw is that of the first year; None where the energy is spread evenly over the window.
    """
    plan = scenario.dispatch
    windows = sorted(plan.windows, key=lambda w: (w.months[0], w.days, w.start_hour))
    limits = sorted(plan.shave_limits, key=lambda limit: (limit.months[0], limit.periods))
    empty = dict.fromkeys(COLUMNS)
    found = [
        empty
        | {
            "months": list(window.months),
            "days": window.days,
            "start": clock(window.start_hour),
            "end": clock(window.end_hour),
            "action": window.action,
            "power_kw": power_kw(scenario, window),
        }
        for window in windows
    ]
    return found + [
        empty | {"months": list(limit.months), "threshold_kw": limit.threshold_kw, "price_periods": list(limit.periods)}
        for limit in limits
    ]


def power_kw(scenario: Scenario, window: ControlWindow) -> float | None:
    """A window's power, kW, None where the energy is spread."""
    full = _full_kw(scenario, window.action)
    return None if window.power_fraction is None else round(window.power_fraction * full, 3)


def _full_kw(scenario: Scenario, action: str) -> float:
    """What a share of 1 is in kW: battery power, or its limit."""
    plan, power = scenario.dispatch, scenario.storage.power_kw
    most = plan.charge_limit_kw if action == "charge" else plan.discharge_limit_kw
    return power if most is None else min(most, power)


def strategy_csv(scenario: Scenario) -> bytes:
    """One row a window or threshold; months and price periods separated by spaces."""
    table = [
        [" ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row.values()]
        for row in rows(scenario)
    ]
    return csv_text([COLUMNS, *table]).encode(ENCODING)


def strategy_json(scenario: Scenario) -> str:
    """The same rows with what an EMS needs beside them."""
    storage, plan = scenario.storage, scenario.dispatch
    whole = {
        "site": scenario.site.name,
        "fingerprint": scenario.fingerprint,
        "battery_kw": storage.power_kw,
        "battery_kwh": storage.energy_kwh,
        "reserve_fraction": plan.reserve_fraction,
        "thresholds_of_project_year": plan.shave_limits_year,
        "rows": [{key: cell for key, cell in row.items() if cell is not None} for row in rows(scenario)],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False)


def kinds_of_day(scenario: Scenario) -> tuple[str, ...]:
    """The days the windows tell apart, as keys of `sim.dispatch.control.WEEKDAYS`."""
    days = {window.days for window in scenario.dispatch.windows}
    if days & {"saturday", "sunday"}:
        return ("workday", "saturday", "sunday")
    return ("workday", "weekend") if days & {"workday", "weekend"} else ("every_day",)


def powers_kw(scenario: Scenario, kind: str) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Calendar months, and the power ordered in each hour of a kind of day (months, 24): charge < 0, kW."""
    clock_, classes = _laid(scenario)
    share = window_orders(scenario, clock_)
    action = share * np.where(share < 0, _full_kw(scenario, "charge"), _full_kw(scenario, "discharge"))
    mine = np.isin(clock_.weekday, WEEKDAYS[kind])
    total, count = np.zeros((2, clock_.months, 24))
    np.add.at(total, (clock_.month_index[mine], clock_.hour[mine]), action[mine])
    np.add.at(count, (clock_.month_index[mine], clock_.hour[mine]), 1.0)
    return clock_.calendar_months(), total / np.maximum(count, 1.0)


def thresholds_kw(scenario: Scenario) -> list[tuple[int, float]]:
    """(calendar month, lowest threshold in kW) of the months that hold imports."""
    clock_, classes = _laid(scenario)
    lowest = shaving(scenario.dispatch, clock_, classes).lowest_kw
    pairs = zip(clock_.calendar_months(), lowest, strict=True)
    return [(month, float(kw)) for month, kw in pairs if kw < NO_THRESHOLD_KW]


def month_rows(scenario: Scenario, words: Words) -> list[list[str]]:
    """For a document: month, days, charging, discharging and threshold in words, a row for each month and kind of day;
    months that are alike stand in one row."""
    held = dict(thresholds_kw(scenario))
    months = powers_kw(scenario, kinds_of_day(scenario)[0])[0]
    found: dict[tuple[str, ...], list[int]] = {}
    for kind in kinds_of_day(scenario):
        for month, powers in zip(*powers_kw(scenario, kind), strict=True):
            threshold = say.power(held[month], words) if month in held else words.t("control.paper.none")
            cells = (kind, _hours(np.minimum(powers, 0.0), words), _hours(np.maximum(powers, 0.0), words), threshold)
            found.setdefault(cells, []).append(month)
    order = sorted(found.items(), key=lambda item: months.index(item[1][0]))
    comma = words.t("control.comma")
    return [
        [comma.join(month_name(words, month) for month in here), words.t(f"control.days.{kind}"), *cells]
        for (kind, *cells), here in order
    ]


def _hours(powers: NDArray[np.float64], words: Words) -> str:
    """Hours of a day with their mean power: "0–6: 2.50 MW"; the word for none where there are none."""
    edges = np.flatnonzero(np.diff(powers, prepend=np.nan, append=np.nan) != 0)
    parts = [
        words.t("control.paper.span", first=first, end=end, power=say.power(abs(float(powers[first])), words))
        for first, end in zip(edges[:-1], edges[1:], strict=True)
        if powers[first] != 0
    ]
    return words.t("control.paper.next").join(parts) or words.t("control.paper.none")


def threshold_text(scenario: Scenario, words: Words) -> str:
    """The thresholds in a sentence, by month; or that none is set."""
    found = thresholds_kw(scenario)
    if not found:
        return words.t("control.thresholds_none")
    listed = [f"{month_name(words, month)} {say.power(kw, words)}" for month, kw in found]
    return words.t("control.thresholds", list=words.t("control.comma").join(listed))


def _laid(scenario: Scenario) -> tuple[Timeline, PriceClasses]:
    clock_ = timeline(scenario.site.start, scenario.site.term_months, scenario.site.step_minutes)
    return clock_, price_classes(scenario.tariff, clock_)


def strategy_map(months: Sequence[int], powers: NDArray[np.float64], words: Words, dark: bool) -> Figure:
    """Power by hour of the day and month: charging in the grid's blue, discharging in the battery's green, kW in the
    hover text. About 260 px high."""
    colours = palette(dark)
    most = max(float(np.abs(powers).max()), 1e-9)
    shades = [[0.0, colours.grid], [0.5, colours.fill], [1.0, colours.battery]]
    image = {
        "type": "heatmap",
        "z": np.round(powers, 1).astype(np.float32),
        "colorscale": shades,
        "zmin": -most,
        "zmax": most,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y}, %{x} h: %{z:.4~g} kW<extra></extra>",
    }
    names = [month_name(words, month) for month in months]
    down = axis(colours, tickvals=list(range(len(names))), ticktext=names, autorange="reversed", showgrid=False)
    hours = [0, 6, 12, 18]
    across = axis(
        colours, tickvals=hours, ticktext=[words.number(h, words.t("charts.unit.h"), 0) for h in hours], showgrid=False
    )
    return figure([image], dark, xaxis=across, yaxis=down)
