"""Figures of the sizing page: the cost surface, what the next unit is worth by bill part, and fronts of two aims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import Palette, palette, scale
from report.screen.charts import Figure, axis, f32, figure, nice_ticks, note, value_axis
from report.text.amounts import Amounts
from sim.arrays import sum_of
from study.sizing_fronts import PARTS, Margins, Surface

SEEN = 0.01  # of the price of a unit: bill parts below it are left out
EDGE = 0.08  # of the width: nearer to an end, a name stands towards the middle
TALL = 6.0  # times the price: bars beyond it are cut
NEAR_SHADES = 0.6  # of the cost range: what lies above is drawn in the darkest shade
Label = Callable[[str], str]


@dataclass(frozen=True)
class Mark:
    """A named size on a figure: `kind` "best" or "today", coordinates in the figure's units."""

    kind: str
    label: str
    x: float
    y: float


@dataclass(frozen=True)
class ShownUnit:
    """How a power or energy is shown: `divisor` in kW or kWh, its name."""

    divisor: float
    name: str

    def text(self, value: float, words: Words) -> str:
        return words.number(value / self.divisor, self.name)


def part_colours(colours: Palette) -> dict[str, str]:
    """Bill parts in the hues they have everywhere."""
    hues = (colours.grid, colours.demand, colours.fuel, colours.unserved)
    return dict(zip(PARTS, hues, strict=True))


def cost_surface(
    found: Surface,
    marks: Sequence[Mark],
    power: ShownUnit,
    energy: ShownUnit,
    money: Amounts,
    titles: tuple[str, str],
    words: Words,
    dark: bool,
) -> Figure:
    """What each size costs a year beyond the cheapest; energy across, power upwards. About 420 px high."""
    colours = palette(dark)
    x, y = found.kwh / energy.divisor, found.kw / power.divisor
    above = (found.cost - np.nanmin(found.cost)) / money.divisor
    top = max(float(np.nanquantile(above, NEAR_SHADES)), 1e-9)
    texts = [
        [_cell(found, i, j, above[i, j], power, energy, money, words) for j in range(x.size)] for i in range(y.size)
    ]
    ticks = [tick for tick in nice_ticks(0.0, top, 4) if tick <= top]
    bar = {"thickness": 10, "outlinewidth": 0, "tickvals": ticks, "ticktext": [words.number(tick) for tick in ticks]}
    bar |= {"title": {"text": money.unit, "side": "right"}}
    cells = {
        "type": "heatmap",
        "x": f32(x),
        "y": f32(y),
        "z": f32(above),
        "zmin": 0,
        "zmax": top,
        "colorbar": bar,
        "colorscale": scale(colours.sequential),
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
        "hoverongaps": False,
    }
    lines, spots = _contour(x, y, above, top, colours), _spots(x, y, texts, colours)
    across = axis(colours, title={"text": titles[0]}, range=[float(x[0]), float(x[-1])], **_ticks(x, words))
    down = axis(colours, title={"text": titles[1]}, range=[float(y[0]), float(y[-1])], **_ticks(y, words))
    drawn, notes = _marks(marks, (float(x[0]), float(x[-1])), colours)
    return figure([cells, lines, *drawn, spots], dark, xaxis=across, yaxis=down, annotations=notes)


def _contour(x: NDArray, y: NDArray, above: NDArray, top: float, colours: Palette) -> dict:
    """Lines of equal cost above the cheapest, at round amounts."""
    most = float(np.nanmax(above)) or 1.0
    levels = [level for level in nice_ticks(0.0, top, 6) if 0 < level < most]
    first, last, size = (levels[0], levels[-1], levels[0]) if levels else (0, 0, 1)
    reach = {"start": first, "end": last, "size": size, "coloring": "lines"}
    cells = {"type": "contour", "x": f32(x), "y": f32(y), "z": f32(above), "showscale": False, "hoverinfo": "skip"}
    return cells | {"contours": reach, "colorscale": scale((colours.muted, colours.muted)), "line": {"width": 0.8}}


def _spots(x: NDArray, y: NDArray, texts: list[list[str]], colours: Palette) -> dict:
    """A point in each cell, row by row, that can be pressed; seen once it is."""
    across, up = np.meshgrid(x, y)
    marker = {"size": 14, "opacity": 0, "color": colours.page, "line": {"color": colours.text, "width": 2}}
    spots = {"type": "scatter", "mode": "markers", "x": f32(across.ravel()), "y": f32(up.ravel()), "marker": marker}
    spots |= {"customdata": [text for row in texts for text in row], "hovertemplate": "%{customdata}<extra></extra>"}
    return spots | {"meta": "sizes", "selected": {"marker": {"opacity": 1}}, "showlegend": False}


def _cell(
    found: Surface, i: int, j: int, above: float, power: ShownUnit, energy: ShownUnit, money: Amounts, words: Words
) -> str:
    size = f"{energy.text(found.kwh[j], words)}, {power.text(found.kw[i], words)}"
    return f"{size}<br>+{words.number(above, money.unit)}" if np.isfinite(above) else size


def _ticks(values: NDArray[np.float64], words: Words) -> dict[str, list]:
    ticks = [tick for tick in nice_ticks(float(values[0]), float(values[-1])) if values[0] <= tick <= values[-1]]
    return {"tickvals": ticks, "ticktext": [words.number(tick) for tick in ticks]}


def _marks(marks: Sequence[Mark], reach: tuple[float, float], colours: Palette) -> tuple[list[dict], list[dict]]:
    """Points with their names, the best one's above it and the other's below, so that near ones stay apart."""
    drawn, notes = [], []
    for mark in marks:
        is_best = mark.kind == "best"
        marker = {"symbol": "diamond" if is_best else "circle", "size": 14, "line": {"width": 2, "color": colours.text}}
        drawn.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": f32([mark.x]),
                "y": f32([mark.y]),
                "cliponaxis": False,
                "marker": marker | {"color": colours.battery if is_best else colours.page},
                "hovertemplate": f"{mark.label}<extra></extra>",
            }
        )
        share = (mark.x - reach[0]) / (reach[1] - reach[0])
        place: dict[str, str | int] = {"xanchor": "left" if share < EDGE else "right" if share > 1 - EDGE else "center"}
        place |= {"yanchor": "bottom", "yshift": 9} if is_best else {"yanchor": "top", "yshift": -9}
        notes.append(note(mark.label, mark.x, mark.y, bgcolor=colours.page, opacity=0.9, borderpad=2, **place))
    return drawn, notes


def shown_parts(found: Margins) -> list[str]:
    """Bill parts that can be seen beside the price; energy where none can."""
    seen = [part for part in PARTS if np.abs(found.parts[part]).max() > SEEN * found.price]
    return seen or ["energy"]


def margin_bars(
    found: Margins,
    size: ShownUnit,
    money: Amounts,
    per: float,
    label: Label,
    names: tuple[str, str],
    words: Words,
    dark: bool,
) -> Figure:
    """What `per` more units are worth a year at each size, by bill part, against their price. About 320 px high.

    names: of the price line, and of the axis.
    """
    colours = palette(dark)
    at, step = found.at / size.divisor, float(np.diff(found.at).mean()) / size.divisor
    data = []
    for part in shown_parts(found):
        colour, values = part_colours(colours)[part], found.parts[part] * per / money.divisor
        texts = [
            f"{words.number(x, size.name)}: {label(part)} {words.number(y, money.unit)}"
            for x, y in zip(at, values, strict=True)
        ]
        data.append(
            {
                "type": "bar",
                "x": f32(at),
                "y": f32(values),
                "width": 0.9 * step,
                "marker": {"color": colour},
                "customdata": texts,
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )
    price = found.price * per / money.divisor
    rising, falling = (sum_of(np.clip(found.parts[part], *side) for part in PARTS) for side in ((0, None), (None, 0)))
    top = min(float(rising.max()) * per / money.divisor, TALL * price)
    low = max(float(falling.min()) * per / money.divisor, -2 * price)
    high = 1.1 * max(top, 1.3 * price)
    ends = [0.0, float(at[-1] + step / 2)]
    lines = [{"type": "line", "x0": ends[0], "x1": ends[1], "y0": price, "y1": price}]
    lines[0] |= {"line": {"color": colours.text, "width": 1.5}}
    notes = [note(names[0], ends[1], price, xanchor="right", yanchor="bottom", bgcolor=colours.page, opacity=0.85)]
    if 0 < found.stops < ends[1] * size.divisor:
        stop = {"type": "line", "x0": found.stops / size.divisor, "x1": found.stops / size.divisor, "y0": 0, "y1": 1}
        lines.append(stop | {"yref": "paper", "line": {"color": colours.text, "width": 1, "dash": "dot"}})
    across = axis(colours, title={"text": names[1]}, range=ends, **_ticks(np.array(ends), words))
    down = value_axis(colours, words, low, high, money.unit, range=[1.1 * min(low, 0.0), high])
    return figure(data, dark, barmode="relative", xaxis=across, yaxis=down, shapes=lines, annotations=notes)


def front(
    x: Sequence[float],
    y: Sequence[float],
    marks: Sequence[Mark],
    hover: Sequence[str],
    titles: tuple[str, str],
    words: Words,
    dark: bool,
) -> Figure:
    """Plans between two aims as a line, and today's and the best size beside it. About 320 px high."""
    colours = palette(dark)
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": f32(x),
        "y": f32(y),
        "customdata": list(hover),
        "line": {"color": colours.grid, "width": 2},
        "marker": {"size": 7, "color": colours.grid},
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    every_x, every_y = [*x, *(mark.x for mark in marks)], [*y, *(mark.y for mark in marks)]
    wide, tall = (max(values) - min(values) or abs(max(values)) or 1.0 for values in (every_x, every_y))
    left, right = min(every_x) - 0.06 * wide, max(every_x) + 0.06 * wide
    bottom, top = min(every_y) - 0.12 * tall, max(every_y) + 0.15 * tall
    across = axis(colours, title={"text": titles[0]}, range=[left, right], **_ticks(np.array([left, right]), words))
    down = value_axis(colours, words, bottom, top, titles[1], range=[bottom, top])
    drawn, notes = _marks(marks, (left, right), colours)
    return figure([line, *drawn], dark, xaxis=across, yaxis=down, annotations=notes)
