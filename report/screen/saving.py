"""Figures of the saving page: the waterfall from the reference's cost to the alternative's, and the Shapley split."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from i18n import Words
from report.palette import palette
from report.screen.charts import Figure, axis, f32, figure, value_axis
from report.text.amounts import Amounts

SMALLEST = 0.002  # of the greater cost: smaller steps are drawn as one
Label = Callable[[str], str]


def shown_steps(totals: Mapping[str, float], before: float, after: float) -> dict[str, float]:
    """Steps worth a bar of their own, in their order; the rest together under "other". Their sum is unchanged."""
    least = SMALLEST * max(abs(before), abs(after))
    shown = {name: value for name, value in totals.items() if abs(value) >= least}
    rest = sum(value for name, value in totals.items() if name not in shown)
    return {**shown, "other": rest} if rest else shown


def waterfall(
    totals: Mapping[str, float],
    ends: tuple[tuple[str, float], tuple[str, float]],
    unit: Amounts,
    label: Label,
    words: Words,
    dark: bool,
) -> Figure:
    """From one cost to the other; steps that save go down. `ends`: name and cost at the beginning and at the end."""
    colours = palette(dark)
    (first, before), (last, after) = ends
    steps = shown_steps(totals, before, after)
    names = [first, *(label(name) for name in steps), last]
    heights, bases, shades, level = [before], [0.0], [colours.control], before
    for value in steps.values():
        heights.append(-value)
        bases.append(level)
        shades.append(colours.battery if value > 0 else colours.unserved)
        level -= value
    heights, bases, shades = [*heights, after], [*bases, 0.0], [*shades, colours.control]
    texts = [unit.label(value) for value in heights]
    bars = {
        "type": "bar",
        "x": names,
        "y": f32([h / unit.divisor for h in heights]),
        "base": [b / unit.divisor for b in bases],
        "marker": {"color": shades},
        "text": texts,
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": f"%{{x}}: %{{text}} {unit.unit}<extra></extra>",
    }
    tops = [0.0, *(b for b in bases), *(b + h for b, h in zip(bases, heights, strict=True))]
    down = value_axis(colours, words, min(tops) / unit.divisor, max(tops) / unit.divisor, unit.unit)
    return figure([bars], dark, bargap=0.25, xaxis=axis(colours, type="category"), yaxis=down)


def split_bars(parts: Mapping[str, float], unit: Amounts, label: Label, words: Words, dark: bool) -> Figure:
    """Share of each part in the saving; what costs more than it brings goes to the left."""
    colours = palette(dark)
    hue = {"grid": colours.grid, "pv": colours.pv, "battery": colours.battery, "sets": colours.genset}
    shown = [(name, value) for name, value in parts.items() if value][::-1]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [label(name) for name, _ in shown],
        "x": f32([value / unit.divisor for _, value in shown]),
        "text": [unit.label(value) for _, value in shown],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [hue.get(name, colours.control) for name, _ in shown]},
        "hovertemplate": f"%{{y}}: %{{text}} {unit.unit}<extra></extra>",
    }
    values = [0.0, *(value / unit.divisor for _, value in shown)]
    span = max(values) - min(values) or 1.0
    room = [min(values) - 0.15 * span * (min(values) < 0), max(values) + 0.15 * span]
    across = value_axis(colours, words, min(values), max(values), unit.unit, range=room)
    zero = {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper"}
    shapes = [zero | {"line": {"color": colours.muted, "width": 1}}]
    return figure([bars], dark, bargap=0.35, xaxis=across, yaxis=axis(colours), shapes=shapes)
