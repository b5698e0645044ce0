"""Figures about outages and the battery's life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from i18n import Words
from report.palette import Palette, faded, palette
from report.screen.charts import Figure, axis, f32, figure, value_axis
from report.text import say
from report.text.amounts import Amounts
from sim.arrays import Floats
from sim.inputs.storage import Storage
from sim.plant.battery import BatteryLife

SURVIVAL_TICKS_H = (1, 2, 4, 8, 24, 72, 168)


def survival_curves(
    curves: Mapping[str, Floats], looks: Mapping[str, tuple[str, str]], words: Words, dark: bool
) -> Figure:
    """Share of start hours that serve at least so many hours, by name of the curve; hours on a log scale.

    `looks`: palette colour and dash of each curve. About 300 px high.
    """
    colours = palette(dark)
    data = [_curve(name, curve, looks[name], colours) for name, curve in curves.items()]
    longest = max((curve.size for curve in curves.values()), default=1)
    ticks = [hours for hours in SURVIVAL_TICKS_H if hours <= longest]
    texts = [words.number(hours, words.t("charts.unit.h"), 0) for hours in ticks]
    across = axis(colours, type="log", tickvals=ticks, ticktext=texts, range=[0, float(np.log10(max(longest, 2)))])
    return figure(data, dark, xaxis=across, yaxis=value_axis(colours, words, 0, 100, "%", range=[0, 104]))


def _curve(name: str, curve: Floats, look: tuple[str, str], colours: Palette) -> dict:
    hours = np.arange(1, curve.size + 1)
    line = {"color": getattr(colours, look[0]), "width": 2, "dash": look[1], "shape": "hv"}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "meta": name,
        "x": f32(hours),
        "y": f32(curve * 100),
        "line": line,
        "hovertemplate": f"{name}: %{{x:.0f}} h, %{{y:.1f}} %<extra></extra>",
    }


def cost_by_length(
    lengths_h: Sequence[float],
    costs: Mapping[str, Floats],
    colour: Mapping[str, str],
    scale: Amounts,
    words: Words,
    dark: bool,
) -> Figure:
    """Mean cost of one outage by its length, a line for each name; lengths stand at even distances. About 300 px
    high."""
    colours = palette(dark)
    places = list(range(len(lengths_h)))
    data = []
    for name, values in costs.items():
        line = {"color": getattr(colours, colour[name]), "width": 2}
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "meta": name,
                "x": places,
                "y": f32(values / scale.divisor),
                "line": line,
                "marker": {"size": 6},
                "customdata": [scale.label(float(value)) for value in values],
                "hovertemplate": f"{name}: %{{customdata}} {scale.unit}<extra></extra>",
            }
        )
    texts = [_length_text(hours, words) for hours in lengths_h]
    top = max((float(values.max()) for values in costs.values()), default=0.0) / scale.divisor or 1.0
    across = axis(colours, tickvals=places, ticktext=texts)
    return figure(data, dark, xaxis=across, yaxis=value_axis(colours, words, 0, top, scale.unit))


def _length_text(hours: float, words: Words) -> str:
    """The unit at parts of an hour and at the first whole one only: nine labels stand side by side on a phone."""
    if hours < 1:
        return say.duration(hours, words)
    return words.number(hours, words.t("charts.unit.h") if hours == 1 else "", 0)


def capacity_by_year(life: BatteryLife, storage: Storage, words: Words, dark: bool) -> Figure:
    """Mean capacity of each project year in per cent of nameplate, with the limit at which cells are renewed. About
    200 px high."""
    colours, years = palette(dark), np.arange(1, life.health.size + 1)
    renewed = np.isin(years, [*life.replaced_in, *life.added_in])
    shades = [colours.battery if new else faded(colours.battery, 0.45) for new in renewed]
    bars = {
        "type": "bar",
        "x": years.tolist(),
        "y": f32(life.health * 100),
        "marker": {"color": shades},
        "name": "",
        "meta": "capacity",
        "hovertemplate": "%{x}: %{y:.1f} %<extra></extra>",
    }
    limits = {"replace": storage.end_of_life_fraction, "augment": storage.augment_below_fraction}
    follows = storage.renewal == "replace" or (storage.renewal == "augment" and storage.augment_by == "threshold")
    dash = {"color": colours.muted, "width": 1, "dash": "dot"}
    level = limits.get(storage.renewal, 0.0) * 100
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level, "line": dash}
    ticks = [int(year) for year in years if year == 1 or year % 5 == 0]
    return figure(
        [bars],
        dark,
        bargap=0.3,
        shapes=[line] if follows else [],
        xaxis=axis(colours, tickvals=ticks, ticktext=[str(year) for year in ticks]),
        yaxis=value_axis(colours, words, 0, 100, "%", range=[0, 104]),
    )
