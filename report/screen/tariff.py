"""Figures of the tariff page: the picture that is painted, and the days of several tariffs beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import Palette, palette
from report.screen.charts import Figure, axis, f32, figure, value_axis
from report.screen.inputs import MONTHS, SLOTS_PER_DAY, tariff_prices
from report.text import inputs as register_text
from report.text.amounts import month_name
from sim.inputs.tariff import DAY_TYPES, Tariff, clock
from sim.tariff.paint import Painting

LEAST_SHADE = 0.18
SPOTS_ACROSS, SPOTS_DOWN = 4, 2  # of each cell


def period_colours(painting: Painting, dark: bool) -> tuple[str, ...]:
    """A colour for each period, the stronger the dearer it is on average."""
    shades = palette(dark).sequential
    mean = np.nanmean(painting.price_per_kwh, axis=1)
    rank = np.argsort(np.argsort(mean, kind="stable"))
    places = LEAST_SHADE + (1 - LEAST_SHADE) * rank / max(1, mean.size - 1)
    return tuple(_between(shades, float(place)) for place in places)


def painting_grid(painting: Painting, day_type: str, words: Words, dark: bool) -> Figure:
    """Periods by hour of day (down) and month (across), to be painted by drawing a box.

    A heat map is not selectable, so unseen points lie on top of the cells. `touched` says which cells a box meets.
    """
    colours, cells = palette(dark), painting.cells[DAY_TYPES.index(day_type)]
    shades = period_colours(painting, dark)
    steps = [[edge / len(shades), shade] for k, shade in enumerate(shades) for edge in (k, k + 1)]
    heat = {
        "type": "heatmap",
        "z": np.asarray(cells.T, dtype=np.int16),
        "colorscale": steps,
        "zmin": -0.5,
        "zmax": len(shades) - 0.5,
        "showscale": False,
        "xgap": 1.5,
        "ygap": 1.0 if painting.slots == 24 else 0.5,
        "hoverinfo": "skip",
    }
    every_3_h = range(0, 24, 3)
    across = axis(colours, tickvals=list(range(MONTHS)), ticktext=words.t("tariff.paint.months").split(), side="top")
    down = axis(
        colours,
        tickvals=[hour * painting.slots / 24 - 0.5 for hour in every_3_h],
        ticktext=[clock(hour) for hour in every_3_h],
    )
    return figure(
        [heat, _names(painting, cells, words, colours), _spots(painting.slots)],
        dark,
        dragmode="select",
        selectdirection="d",
        newselection={"mode": "immediate", "line": {"color": colours.text, "width": 1.5}},
        xaxis=across | {"range": [-0.5, MONTHS - 0.5]},
        yaxis=down | {"range": [painting.slots - 0.5, -0.5]},
    )


def touched(across: Sequence[float], down: Sequence[float], slots: int) -> set[tuple[int, int]]:
    """Cells (month 0..11, slot) of `painting_grid` that a box between two corners meets, on the axes' own scale."""
    months, rows = _met(across, MONTHS), _met(down, slots)
    return {(month, slot) for month in months for slot in rows}


def _met(ends: Sequence[float], count: int) -> range:
    """Of cells centred on 0, 1, .. those that the stretch between two ends meets."""
    return range(max(0, floor(min(ends) + 0.5)), min(count - 1, floor(max(ends) + 0.5)) + 1)


def _names(painting: Painting, cells: NDArray[np.int64], words: Words, colours: Palette) -> dict:
    """What the pointer reads over a cell: month, time, period, price."""
    months, slots = np.divmod(np.arange(MONTHS * painting.slots), painting.slots)
    names = [register_text.period(name, words) for name in painting.periods]
    texts = [
        f"{month_name(words, m + 1)} {clock(24 * s / painting.slots)}: {names[cells[m, s]]}, "
        f"{words.number(float(painting.price_per_kwh[cells[m, s], m]), decimals=4)}"
        for m, s in zip(months, slots, strict=True)
    ]
    return _unseen(months, slots, colours.text) | {"text": texts, "hovertemplate": "%{text}<extra></extra>"}


def _spots(slots: int) -> dict:
    """Points close enough that even a small box holds one: a box without a point is not told."""
    across = np.arange(MONTHS * SPOTS_ACROSS) / SPOTS_ACROSS + (1 / SPOTS_ACROSS - 1) / 2
    down = np.arange(slots * SPOTS_DOWN) / SPOTS_DOWN + (1 / SPOTS_DOWN - 1) / 2
    x, y = np.meshgrid(across, down)
    return _unseen(x.ravel(), y.ravel(), "#000000") | {"hoverinfo": "skip"}


def _unseen(x: NDArray, y: NDArray, colour: str) -> dict:
    unseen = {"marker": {"opacity": 0}}
    marker = {"size": 6, "opacity": 0, "color": colour}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": f32(x),
        "y": f32(y),
        "marker": marker,
        "selected": unseen,
        "unselected": unseen,
    }


def day_curves(tariffs: Mapping[str, Tariff], month: int, day_type: str, words: Words, dark: bool) -> Figure:
    """Each tariff's price through a day, 100 % being its own mean price over that day. About 260 px high.

    Relative, so that tariffs of several currencies stand on one scale: what a battery sees is the shape.
    """
    colours = palette(dark)
    hours = np.arange(SLOTS_PER_DAY + 1) / 2
    data, values = [], []
    for colour, (name, tariff) in zip(curve_colours(dark), tariffs.items(), strict=False):
        prices = tariff_prices(tariff, day_type)[month - 1]
        relative = 100 * prices / prices.mean() if prices.mean() > 0 else np.full(prices.size, 100.0)
        values.append(relative)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": f32(hours),
                "y": f32(np.append(relative, relative[-1])),
                "line": {"color": colour, "width": 2, "shape": "hv"},
                "hovertemplate": "%{x:.1f} h: %{y:.0f} %<extra></extra>",
            }
        )
    low, high = (float(pick(values)) for pick in (np.min, np.max))
    ticks = [words.number(k, words.t("charts.unit.h"), 0) for k in range(0, 25, 6)]
    across = axis(colours, tickvals=list(range(0, 25, 6)), ticktext=ticks, range=[0, 24])
    return figure(data, dark, xaxis=across, yaxis=value_axis(colours, words, min(low, 50), max(high, 150), "%"))


def curve_colours(dark: bool) -> tuple[str, ...]:
    """Colours of the curves in order."""
    colours = palette(dark)
    return (colours.text, colours.grid, colours.pv, colours.battery, colours.unserved)


def _between(shades: tuple[str, ...], place: float) -> str:
    """The colour at `place` (0..1) of a scale of #RRGGBB colours."""
    at = place * (len(shades) - 1)
    low = min(int(at), len(shades) - 2)
    pairs = zip(*(_channels(shade) for shade in shades[low : low + 2]), strict=True)
    return "#" + "".join(f"{round(first + (second - first) * (at - low)):02X}" for first, second in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))
