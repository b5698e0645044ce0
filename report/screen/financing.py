"""Figures about financing: price paths, and how the cash of each year covers the loan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from i18n import Words
from report.palette import palette
from report.screen.charts import SMALL_PX, Figure, axis, f32, figure, note, value_axis
from sim.arrays import Floats

PATH_DASHES = {
    "energy": "solid",
    "demand": "dash",
    "fuel": "solid",
    "om": "dot",
    "carbon": "dashdot",
    "compute": "longdash",
}
PATH_COLOURS = {
    "energy": "grid",
    "demand": "demand",
    "fuel": "fuel",
    "om": "battery",
    "carbon": "pv",
    "compute": "unserved",
}


def path_legend(words: Words, dark: bool) -> list[tuple[str, str]]:
    """(label, colour) of each price component."""
    colours = palette(dark)
    return [(words.t(f"financing.component.{key}"), getattr(colours, hue)) for key, hue in PATH_COLOURS.items()]


def price_paths(factors: Mapping[str, Floats], words: Words, dark: bool) -> Figure:
    """Price of each component by project year (years,), today's price is 100 %. About 240 px high."""
    colours = palette(dark)
    years = np.arange(1, len(next(iter(factors.values()))) + 1)
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers" if years.size == 1 else "lines",
            "x": years.tolist(),
            "y": f32(100 * values),
            "line": {"color": getattr(colours, PATH_COLOURS[key]), "width": 2, "dash": PATH_DASHES[key]},
            "name": words.t(f"financing.component.{key}"),
            "customdata": [words.percent(value) for value in values],
            "hovertemplate": f"{words.t('financing.year')} %{{x}}: %{{customdata}}<extra>%{{fullData.name}}</extra>",
        }
        for key, values in factors.items()
    ]
    every = 100 * np.concatenate(list(factors.values()))
    down = value_axis(colours, words, min(100.0, float(every.min())), max(100.0, float(every.max())) + 1e-6, "%")
    return figure(data, dark, xaxis=axis(colours, tickformat="d", nticks=16), yaxis=down)


def coverage_bars(dscr: Floats, icr: Floats, wanted: float, words: Words, dark: bool) -> Figure:
    """DSCR of each loan year as a bar, those below what the bank wants in the colour of loss; ICR as points above.
    About 280 px high."""
    colours = palette(dark)
    owed = np.flatnonzero(~np.isnan(dscr))
    bars = {
        "type": "bar",
        "x": owed.tolist(),
        "y": f32(dscr[owed]),
        "name": "DSCR",
        "marker": {"color": [colours.battery if value >= wanted else colours.unserved for value in dscr[owed]]},
        "text": [words.number(value, decimals=2) for value in dscr[owed]],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"size": SMALL_PX},
        "customdata": [_or_none(value, words) for value in icr[owed]],
        "hovertemplate": f"{words.t('financing.year')} %{{x}}: DSCR %{{text}}, ICR %{{customdata}}<extra></extra>",
    }
    low, high = min(0.0, float(dscr[owed].min())), max(wanted, float(dscr[owed].max()))
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": wanted, "y1": wanted}
    line |= {"line": {"color": colours.text, "width": 1, "dash": "dot"}}
    text = words.t("financing.coverage.wanted", dscr=words.number(wanted, decimals=2))
    mark = note(text, 1.0, wanted, xref="paper", xanchor="right", bgcolor=colours.page, font={"size": SMALL_PX})
    down = value_axis(colours, words, low, high * 1.12, "", range=[low, high * 1.15])
    across = axis(colours, tickformat="d", dtick=1)
    return figure([bars], dark, bargap=0.35, xaxis=across, yaxis=down, shapes=[line], annotations=[mark])


def _or_none(value: float, words: Words) -> str:
    return words.t("financing.none") if np.isnan(value) else words.number(value, decimals=2)
