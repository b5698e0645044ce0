"""The figure of the compute page: something by hour of day and month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import palette, scale
from report.screen.charts import Figure, axis, f32, figure, nice_ticks
from report.text.amounts import month_name, month_ticks
from sim.arrays import Floats


def by_hour_and_month(values: Floats, hour: NDArray[np.int64], month_index: NDArray[np.int64], add: bool) -> Floats:
    """(24, months): the sum of the steps' values in each hour of the day and month, or their mean; NaN is left out,
    and stands where nothing is left."""
    months = int(month_index[-1]) + 1
    cell, there = hour * months + month_index, np.isfinite(values)
    total = np.asarray(np.bincount(cell[there], weights=values[there], minlength=24 * months), dtype=float)
    count = np.bincount(cell[there], minlength=24 * months)
    mean = np.divide(total, count, out=np.full(24 * months, np.nan), where=count > 0)
    return (total if add else mean).reshape(24, months)


def hour_month_map(cells: Floats, calendar_months: Sequence[int], unit: str, words: Words, dark: bool) -> Figure:
    """Cells (24, months) in `unit`, dark where much. About 300 px high."""
    colours = palette(dark)
    top = float(np.nanmax(cells)) if np.isfinite(cells).any() else 0.0
    ticks = [tick for tick in nice_ticks(0.0, top or 1.0, 6) if tick <= (top or 1.0)]
    names = [month_name(words, month) for month in calendar_months]
    hours = [0, 6, 12, 18]
    image = {
        "type": "heatmap",
        "z": f32(cells),
        "zmin": 0.0,
        "zmax": top or 1.0,
        "xgap": 1,
        "ygap": 1,
        "colorscale": scale(colours.sequential),
        "hoverongaps": False,
        "customdata": [names] * 24,
        "hovertemplate": f"%{{customdata}}, %{{y}} h: %{{z:.3~g}} {unit}<extra></extra>",
        "colorbar": {
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": ticks,
            "tickfont": {"color": colours.muted},
            "ticktext": [words.number(tick, unit if k == len(ticks) - 1 else "") for k, tick in enumerate(ticks)],
        },
    }
    down = axis(colours, tickvals=hours, ticktext=[words.number(h, words.t("charts.unit.h"), 0) for h in hours])
    across = axis(colours, tickvals=list(range(len(names))), ticktext=month_ticks(words, calendar_months))
    return figure([image], dark, xaxis=across, yaxis=down)
