"""Figures of the risk page: distribution of the saving, what drives it, tornado, and a map of two inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import palette, scale
from report.screen.charts import Figure, axis, f32, figure, nice_ticks, note, value_axis
from report.text.amounts import Amounts
from study.risk import Bar, HeatMap, Quantiles, Tornado

BINS = 40
SHOWN_BARS = 10
Label = Callable[[str], str]


def histogram(
    values: NDArray[np.float64], marks: Quantiles, unit: Amounts, names: Mapping[str, str], words: Words, dark: bool
) -> Figure:
    """How often each size of saving occurs, with its 10, 50 and 90 % values. About 300 px high."""
    colours = palette(dark)
    shown = values[np.isfinite(values)] / unit.divisor
    counts, edges = np.histogram(shown, BINS)
    middle, share = (edges[1:] + edges[:-1]) / 2, counts / max(1, shown.size)
    shades = [colours.battery if value >= 0 else colours.unserved for value in middle]
    texts = [f"{words.number(x, unit.unit)}: {words.percent(float(y))}" for x, y in zip(middle, share, strict=True)]
    bars = {
        "type": "bar",
        "x": f32(middle),
        "y": f32(share * 100),
        "width": f32(np.diff(edges) * 0.94),
        "marker": {"color": shades},
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    lines, notes = [], []
    for name in ("q10", "q50", "q90"):
        at = getattr(marks, name)
        if at is None:
            continue
        x = at / unit.divisor
        lines.append(
            {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"}
            | {"line": {"color": colours.text, "width": 1, "dash": "dot"}}
        )
        notes.append(note(f"{names[name]}<br>{words.number(x)}", x, 1.0, yref="paper", yanchor="top", xshift=4))
    down = value_axis(colours, words, 0.0, float(share.max() * 115) or 1.0, "%", range=[0, float(share.max() * 115)])
    across = value_axis(colours, words, float(edges[0]), float(edges[-1]), unit.unit, showgrid=False)
    return figure([bars], dark, bargap=0, xaxis=across, yaxis=down, shapes=lines, annotations=notes)


def shown_bars(found: Tornado) -> list[Bar]:
    """The widest, as they are drawn: from below."""
    return [bar for bar in found.bars if np.isfinite(bar.swing) and bar.swing > 0][:SHOWN_BARS][::-1]


def tornado_bars(found: Tornado, unit: Amounts, label: Label, ends: Label, words: Words, dark: bool) -> Figure:
    """Each input at its low and high value; the widest on top. About 36 px a bar."""
    colours, bars = palette(dark), shown_bars(found)
    names = [label(bar.path) for bar in bars]
    data = []
    for end, colour in _end_colours(dark):
        reach = np.array([getattr(bar, f"at_{end}") for bar in bars]) - found.base
        texts = [
            f"{name}, {ends(end)} {words.number(getattr(bar, end))}: "
            f"{words.number(getattr(bar, f'at_{end}') / unit.divisor, unit.unit)}"
            for name, bar in zip(names, bars, strict=True)
        ]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": names,
                "x": f32(reach / unit.divisor),
                "base": found.base / unit.divisor,
            }
            | {"name": ends(end), "marker": {"color": colour}, "customdata": texts}
            | {"hovertemplate": "%{customdata}<extra></extra>"}
        )
    values = [found.base, *(getattr(bar, f"at_{end}") for bar in bars for end in ("low", "high"))]
    low, high = min(values) / unit.divisor, max(values) / unit.divisor
    across = value_axis(colours, words, low, high, unit.unit)
    base = {"type": "line", "x0": found.base / unit.divisor, "x1": found.base / unit.divisor, "y0": 0, "y1": 1}
    shapes = [base | {"yref": "paper", "line": {"color": colours.text, "width": 1}}]
    return figure(data, dark, barmode="overlay", bargap=0.35, xaxis=across, yaxis=axis(colours), shapes=shapes)


def end_legend(ends: Label, dark: bool) -> list[tuple[str, str]]:
    """Names and colours of the two ends of a bar."""
    return [(ends(end), colour) for end, colour in _end_colours(dark)]


def _end_colours(dark: bool) -> tuple[tuple[str, str], ...]:
    colours = palette(dark)
    return ("low", colours.demand), ("high", colours.fuel)


def driver_bars(drivers: Mapping[str, float], label: Label, words: Words, dark: bool) -> Figure:
    """Share of the spread that goes with each input, the greatest on top."""
    colours = palette(dark)
    top = list(drivers.items())[:SHOWN_BARS][::-1]
    texts = [words.percent(share) for _, share in top]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [label(path) for path, _ in top],
        "x": f32([share * 100 for _, share in top]),
        "text": texts,
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colours.grid},
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    most = max((share for _, share in top), default=0.01) * 100
    across = axis(colours, showticklabels=False, range=[0, most * 1.2])
    return figure([bars], dark, bargap=0.35, xaxis=across, yaxis=axis(colours))


def two_way_map(found: HeatMap, unit: Amounts, label: Label, words: Words, dark: bool) -> Figure:
    """A measure over two inputs; the line marks where it is 0. About 360 px high."""
    colours = palette(dark)
    values = found.values / unit.divisor
    reach = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0
    shades = [[0.0, colours.unserved], [0.5, colours.page], [1.0, colours.battery]]
    ticks = nice_ticks(-reach, reach, 3)
    bar = {"thickness": 10, "outlinewidth": 0, "title": {"text": unit.unit, "side": "right"}}
    bar |= {"tickvals": ticks, "ticktext": [words.number(tick) for tick in ticks]}
    cells = {
        "type": "heatmap",
        "x": f32(found.x),
        "y": f32(found.y),
        "z": f32(values),
        "zmin": -reach,
        "zmax": reach,
        "colorscale": shades,
        "hoverongaps": False,
        "colorbar": bar,
        "hovertemplate": f"{label(found.x_path)} %{{x:.4g}}<br>{label(found.y_path)} %{{y:.4g}}<br>"
        f"%{{z:.4g}} {unit.unit}<extra></extra>",
    }
    zero = {
        "type": "contour",
        "x": f32(found.x),
        "y": f32(found.y),
        "z": f32(values),
        "showscale": False,
        "contours": {"start": 0, "end": 0, "size": 1, "coloring": "lines"},
        "hoverinfo": "skip",
        "colorscale": scale((colours.text, colours.text)),
        "line": {"width": 2},
    }
    across = axis(colours, title={"text": label(found.x_path)}, **_ticks(found.x, words))
    down = axis(colours, title={"text": label(found.y_path)}, **_ticks(found.y, words))
    return figure([cells, zero], dark, xaxis=across, yaxis=down)


def _ticks(values: NDArray[np.float64], words: Words) -> dict[str, list]:
    ticks = [tick for tick in nice_ticks(float(values[0]), float(values[-1])) if values[0] <= tick <= values[-1]]
    return {"tickvals": ticks, "ticktext": [words.number(tick) for tick in ticks]}
