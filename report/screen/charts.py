"""What all figures share. A figure is a plain plotly dict: `{"data": [...], "layout": {...}}`, without a template.

Every function that draws takes the numbers, the words and `dark`, and returns a dict; it reads no state. Titles stand
outside the figure, the unit sits on one tick, arrays are float32 or int16 so that they travel as bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import Palette, palette
from report.text.plain import as_part

Figure = dict[str, Any]
FONT = "'Source Sans', 'Noto Sans SC', sans-serif"
TEXT_PX, SMALL_PX = 13, 12
FITTING_TEXT = {"minsize": 11, "mode": "hide"}  # labels that do not fit their bar are left out, not shrunk


def figure(data: list[dict[str, Any]], dark: bool, **layout: Any) -> Figure:
    """Traces with the common layout; `layout` overrides it key by key."""
    colours = palette(dark)
    common = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": TEXT_PX, "color": colours.text},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hoverlabel": {"bgcolor": colours.page, "bordercolor": colours.border, "font": {"color": colours.text}},
        "dragmode": False,
        "hovermode": "closest",
    }
    return {"data": data, "layout": common | layout}


def axis(colours: Palette, **values: Any) -> dict[str, Any]:
    """An axis without title, zoom or zero line; `values` override."""
    common = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "automargin": True,
        "tickangle": 0,
        "ticks": "",
        "tickfont": {"size": SMALL_PX, "color": colours.muted},
        "linecolor": colours.border,
        "gridcolor": colours.border,
    }
    return common | values


def value_axis(colours: Palette, words: Words, low: float, high: float, unit: str, **values: Any) -> dict[str, Any]:
    """An axis of numbers with grid lines; the unit stands on the lowest tick."""
    span = high - low
    ticks = [tick for tick in nice_ticks(low, high) if tick >= low - 0.02 * span] or [low]
    decimals = next((d for d in range(9) if all(abs(tick - round(tick, d)) < 1e-9 for tick in ticks)), 9)
    texts = [words.number(tick, unit if k == 0 else "", decimals) for k, tick in enumerate(ticks)]
    return axis(colours, showgrid=True, tickvals=ticks, ticktext=texts) | values


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values that cover `low`..`high`, at most about `most` of them."""
    span = high - low
    if not span > 0:
        return [low]
    raw = span / max(1, most - 1)
    power = 10.0 ** floor(log10(raw))
    step = next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def note(text: str, x: float | str, y: float | str, **values: Any) -> dict[str, Any]:
    """A text in the figure, left aligned, without an arrow."""
    return {"text": text, "x": x, "y": y, "showarrow": False, "xanchor": "left", "align": "left"} | values


def hatch(colour: str, background: str) -> dict[str, Any]:
    """A hatched fill. Both colours are needed, or the bar vanishes."""
    return {"shape": "/", "size": 6, "solidity": 0.45, "fgcolor": colour, "bgcolor": background}


def f32(values: Sequence[float] | NDArray) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def legend(items: Sequence[tuple[str, str]]) -> str:
    """One markdown line for a stack: (label, colour) in stack order, each behind a square of its colour."""
    marks = [
        f':color[■]{{foreground="{colour}"}}\u00a0' + as_part(label).replace(" ", "\u00a0") for label, colour in items
    ]
    return f":small[{' '.join(marks)}]"
