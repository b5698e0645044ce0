"""Figures of the plan: chains of steps as bars, MW wanted against MW there by the month, cost by the grid's month."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from i18n import Words
from report.palette import palette
from report.screen.charts import Figure, axis, f32, figure, value_axis
from report.text import say
from report.text import when as when_text
from report.text.amounts import Amounts
from sim.arrays import Floats
from study.timeline import Arrival, DeliveryPlan, PartPlan

MOST_MONTHS, BEYOND = 60, 3
PART_COLOUR = {"grid": "grid", "battery": "battery", "pv": "pv", "sets": "genset"}
BAR_PX, FRAME_PX = 26, 60


def shown_months(found: DeliveryPlan) -> int:
    """Months a picture of the plan reaches: until all that comes is there, and some beyond."""
    last = [part.first for part in found.parts if part.first is not None]
    last += [power.whole for power in found.power.values() if power.whole is not None]
    ramp = found.power["hybrid"].wanted_mw
    last.append(int(np.argmax(ramp >= ramp.max())))
    return min(len(ramp), MOST_MONTHS, max(last) + BEYOND)


def gantt_height(found: DeliveryPlan) -> int:
    return FRAME_PX + BAR_PX * sum(len(part.chain) for part in found.parts)


def gantt(found: DeliveryPlan, words: Words, dark: bool) -> Figure:
    """A bar for each step from its begin to its end, parts below each other; what does not decide is pale, a step that
    never ends has none."""
    colours = palette(dark)
    labels = [_label(part, step.key, words) for part in found.parts for step in part.chain]
    data = [_bars(part, words, getattr(colours, PART_COLOUR[part.part])) for part in found.parts]
    ends = [date for part in found.parts for date in part.dates.values() if date != inf]
    across = value_axis(colours, words, 0, max(ends, default=1.0), words.t("when.months"), rangemode="tozero")
    down = axis(colours, categoryorder="array", categoryarray=labels[::-1], range=[-0.6, len(labels) - 0.4])
    return figure(data, dark, xaxis=across, yaxis=down, bargap=0.35, barmode="overlay")


def _label(part: PartPlan, step: str, words: Words) -> str:
    return f"{words.t(f'when.short.{part.part}')}: {when_text.step_name(step, words)}"


def _bars(part: PartPlan, words: Words, colour: str) -> dict:
    steps = [step for step in part.chain if part.dates[step.key] != inf]
    ends = np.array([part.dates[step.key] for step in steps])
    lengths = np.array([float(step.months) for step in steps])
    names = [_label(part, step.key, words) for step in steps]
    texts = [
        words.t("when.bar", name=name, begin=words.number(end - length), end=words.number(end))
        for name, end, length in zip(names, ends, lengths, strict=True)
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "name": words.t(f"when.part.{part.part}"),
        "y": names,
        "x": f32(lengths),
        "base": f32(ends - lengths),
        "marker": {"color": colour, "opacity": [1.0 if step.key in part.critical else 0.45 for step in steps]},
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def curve(found: DeliveryPlan, words: Words, dark: bool) -> Figure:
    """MW wanted, and MW there by alternative, month by month as steps. About 300 px high."""
    colours, months = palette(dark), shown_months(found)
    x = list(range(months + 1))
    lines = {words.t("when.wanted"): (found.power["hybrid"].wanted_mw, colours.text, "dot")}
    for name, power in found.power.items():
        lines[say.name(name, words, first=True)] = (power.available_mw, colours.alternatives[name], "solid")
    data = [_line(name, x, values[:months], colour, dash) for name, (values, colour, dash) in lines.items()]
    top = max(float(values[:months].max(initial=0.0)) for values, *_ in lines.values()) or 1.0
    across = axis(colours, tickvals=month_ticks(months), ticktext=month_texts(month_ticks(months), words))
    return figure(data, dark, xaxis=across, yaxis=value_axis(colours, words, 0, top, "MW", range=[0, top * 1.06]))


def _line(name: str, x: list[int], values: Floats, colour: str, dash: str) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "meta": name,
        "x": x,
        "y": f32([*values, values[-1]]),
        "line": {"color": colour, "width": 2, "dash": dash, "shape": "hv"},
        "hovertemplate": f"{name}: %{{y:.2f}} MW<extra></extra>",
    }


def month_ticks(months: int) -> list[int]:
    step = 1 if months <= 8 else 3 if months <= 24 else 12
    return list(range(0, months + 1, step))


def month_texts(ticks: Sequence[int], words: Words) -> list[str]:
    """The unit on the last one."""
    return [words.number(at, words.t("when.months") if at == ticks[-1] else "", 0) for at in ticks]


def cost_by_arrival(found: Arrival, scale: Amounts, words: Words, dark: bool) -> Figure:
    """Cost over the term of each alternative by the month in which the grid is there. About 280 px high."""
    colours, places = palette(dark), list(range(len(found.months)))
    data = []
    for name, costs in found.cost.items():
        shown = say.name(name, words, first=True)
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": shown,
                "meta": shown,
                "x": places,
                "y": f32(np.array(costs) / scale.divisor),
                "line": {"color": colours.alternatives[name], "width": 2},
                "customdata": [scale.label(cost) for cost in costs],
                "hovertemplate": f"{shown}: %{{customdata}} {scale.unit}<extra></extra>",
            }
        )
    top = max(max(costs) for costs in found.cost.values()) / scale.divisor or 1.0
    across = axis(colours, tickvals=places, ticktext=month_texts(found.months, words))
    return figure(data, dark, xaxis=across, yaxis=value_axis(colours, words, 0, top, scale.unit, range=[0, top * 1.06]))


def legend(found: DeliveryPlan, words: Words, dark: bool) -> list[tuple[str, str]]:
    """Names and colours of the lines."""
    colours = palette(dark)
    named = [(say.name(name, words, first=True), colours.alternatives[name]) for name in found.power]
    return [(words.t("when.wanted_line"), colours.text), *named]
