"""The load duration curve: how many hours of a year the load, and what the grid gives, lie above a power."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import palette
from report.screen.charts import Figure, axis, f32, figure, nice_ticks, value_axis
from report.text.amounts import power_unit

POINTS = 400
HIGH_FRACTION = 0.8  # of the load's peak: the power the title speaks of


def hours_above(kw: NDArray[np.float64], limit_kw: float, step_h: float) -> float:
    """Hours in which a series (steps,) lies above a power."""
    return float((kw > limit_kw).sum()) * step_h


def duration_curves(load_kw: NDArray, import_kw: NDArray, step_h: float, words: Words, dark: bool) -> Figure:
    """Load and import (steps,), each sorted from its greatest value to its least, over hours. About 300 px high."""
    colours = palette(dark)
    top_kw = max(float(load_kw.max(initial=0)), float(import_kw.max(initial=0)), 1e-3)
    divisor, unit = power_unit(top_kw, words)
    data = [
        _curve(load_kw / divisor, step_h, unit, words.t("charts.duration.load"), colours.text),
        _curve(import_kw / divisor, step_h, unit, words.t("charts.duration.import"), colours.grid),
    ]
    end = load_kw.size * step_h
    ticks = [tick for tick in nice_ticks(0, end, 5) if tick <= end]
    texts = [words.number(tick, words.t("charts.unit.h") if tick == ticks[-1] else "", 0) for tick in ticks]
    across = axis(colours, tickvals=ticks, ticktext=texts, range=[0, end])
    return figure(data, dark, xaxis=across, yaxis=value_axis(colours, words, 0, top_kw / divisor, unit))


def legend_items(words: Words, dark: bool) -> list[tuple[str, str]]:
    """(label, colour) of the two curves."""
    colours = palette(dark)
    return [(words.t("charts.duration.load"), colours.text), (words.t("charts.duration.import"), colours.grid)]


def _curve(values: NDArray, step_h: float, unit: str, name: str, colour: str) -> dict:
    """At most `POINTS` of the sorted values, first and last among them."""
    falling = np.sort(values)[::-1]
    at = np.unique(np.linspace(0, falling.size - 1, min(POINTS, falling.size)).astype(int))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": f32((at + 1) * step_h),
        "y": f32(falling[at]),
        "name": name,
        "line": {"color": colour, "width": 1.8},
        "hovertemplate": f"{name}: %{{x:.0f}} h > %{{y:.3~g}} {unit}<extra></extra>",
    }
