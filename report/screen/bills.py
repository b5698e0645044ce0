"""Real bills beside modelled ones, month by month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from i18n import Words
from report.palette import Palette, palette
from report.screen.charts import Figure, axis, f32, figure, value_axis
from report.text.amounts import amounts
from sim.arrays import Floats
from study.real_bills import Comparison


def bill_colours(dark: bool) -> tuple[str, str]:
    """Colours of what was billed and of what is modelled."""
    colours = palette(dark)
    return colours.control, colours.grid


def months(found: Comparison, name: str, words: Words, dark: bool, currency: str) -> Figure:
    """Two bars a month of one component; a month without a figure has no bar. About 260 px high."""
    line, colours = found.lines[name], palette(dark)
    largest = float(np.nanmax(np.abs([line.real, line.model]), initial=0.0, where=~np.isnan([line.real, line.model])))
    scale = amounts(words, largest, currency)
    divisor, unit = (1000.0, "MWh") if name == "kwh" else (scale.divisor, scale.unit)
    data = [
        _bars(found.months, values / divisor, unit, colour)
        for values, colour in zip((line.real, line.model), bill_colours(dark), strict=True)
    ]
    low = min(0.0, float(np.nanmin([line.real, line.model], initial=0.0)) / divisor)
    return figure(
        data, dark, barmode="group", bargap=0.25, **_axes(found.months, colours, words, low, largest / divisor, unit)
    )


def _axes(months: Sequence[str], colours: Palette, words: Words, low: float, high: float, unit: str) -> dict:
    """Months below, the year below its first month."""
    short = words.t("tariff.paint.months").split()
    years = [month[:4] for month in months]
    texts = [
        short[int(month[5:]) - 1] + (f"<br>{year}" if year not in years[:at] else "")
        for at, (month, year) in enumerate(zip(months, years, strict=True))
    ]
    across = axis(colours, type="category", tickvals=list(months), ticktext=texts)
    return {"xaxis": across, "yaxis": value_axis(colours, words, low, high, unit)}


def _bars(names: Sequence[str], values: Floats, unit: str, colour: str) -> dict:
    hover = "%{x}: %{y:.4~g} " + unit + "<extra></extra>"
    return {"type": "bar", "x": list(names), "y": f32(values), "marker": {"color": colour}, "hovertemplate": hover}
