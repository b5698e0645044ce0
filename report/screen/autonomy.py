"""Figures about how much a site depends on others."""

from __future__ import annotations

from collections.abc import Mapping

from i18n import Words
from report.palette import palette
from report.screen.charts import SMALL_PX, Figure, axis, f32, figure
from report.text import say


def shock_bars(added: Mapping[str, float], words: Words, dark: bool) -> Figure:
    """What a shock adds to the yearly cost of each alternative, as a fraction of it, by the alternative's name. About
    150 px high."""
    colours, order = palette(dark), list(added)[::-1]
    values = [added[name] for name in order]
    shades = [colours.alternatives[name] for name in order]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [say.name(name, words, first=True) for name in order],
        "x": f32([value * 100 for value in values]),
        "marker": {"color": shades},
        "text": [say.change(value, words) for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"size": SMALL_PX},
        "meta": "shock",
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    low, high = min(0.0, *values) * 100, max(0.0, *values) * 100
    room = 0.3 * (high - low) or 1.0
    across = axis(colours, showticklabels=False, range=[low - (room if low < 0 else 0), high + room])
    return figure([bars], dark, bargap=0.35, xaxis=across, yaxis=axis(colours))
