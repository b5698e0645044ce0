"""Figures about a contract: both parties' running totals, and what each has over the contract's price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finance.ownership import Split
from i18n import Words
from report import views
from report.palette import Palette, palette
from report.screen.charts import SMALL_PX, Figure, axis, f32, figure, nice_ticks, note, value_axis
from report.text import deal as deal_text
from report.text import say
from report.text.amounts import Amounts, amounts
from sim.arrays import Floats
from study.deal import Ladder, Outcome
from study.study import Study

LINES = {"host": "battery", "investor": "grid", "project": "muted"}
LEAST_IRR, MOST_IRR = -0.1, 0.6


def flow_legend(words: Words, dark: bool) -> list[tuple[str, str]]:
    """(label, colour) of both parties and the project."""
    colours = palette(dark)
    return [(words.t(f"deal.party.{name}"), getattr(colours, hue)) for name, hue in LINES.items()]


def running(found: Outcome) -> dict[str, Floats]:
    """Running totals (periods + 1,) of both parties and the project."""
    host, investor = (deal_text.shown(party.flow).cumsum() for party in (found.host, found.investor))
    return {"host": host, "investor": investor, "project": host + investor}


def flow_amounts(study: Study, found: Outcome, words: Words) -> Amounts:
    largest = max(float(np.abs(line).max()) for line in running(found).values()) or 1.0
    return amounts(words, largest, study.scenario.site.currency)


def cumulative(study: Study, found: Outcome, words: Words, dark: bool) -> Figure:
    """Running totals of host, investor and project; a line where the contract ends. About 320 px high."""
    colours, lines, scale = palette(dark), running(found), flow_amounts(study, found, words)
    labels = views.period_labels(study, words)
    data = [_line(name, line, labels, scale, words, colours) for name, line in lines.items()]
    ends = np.concatenate([line / scale.divisor for line in lines.values()])
    low, high = min(0.0, float(ends.min())), max(0.0, float(ends.max()))
    last, contract_end = len(labels) - 1, deal_text.shown_end(found)
    step = max(1, -(-len(labels) // 8))
    ticks = [k for k in range(len(labels)) if k % step == 0]
    across = axis(colours, tickvals=ticks, ticktext=[labels[k] for k in ticks], range=[-0.3, last + 0.3])
    down = value_axis(colours, words, low, high, scale.unit)
    shapes, notes = [_across(0.0, colours.muted, "solid")], []
    if 0 < contract_end < last:
        shapes.append(_upright(contract_end, colours.muted))
        notes.append(
            note(
                words.t("deal.chart.ends"),
                contract_end,
                1.0,
                yref="paper",
                yanchor="top",
                xshift=4,
                font={"size": SMALL_PX, "color": colours.muted},
            )
        )
    return figure(data, dark, xaxis=across, yaxis=down, shapes=shapes, annotations=notes)


def _line(name: str, line: Floats, labels: Sequence[str], scale: Amounts, words: Words, colours: Palette) -> dict:
    whole = name == "project"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.arange(line.size, dtype=np.int16),
        "y": f32(line / scale.divisor),
        "line": {
            "color": getattr(colours, LINES[name]),
            "width": 1.5 if whole else 2.5,
            "dash": "dot" if whole else "solid",
        },
        "name": words.t(f"deal.party.{name}"),
        "customdata": [f"{label}: {scale.label(value)}" for label, value in zip(labels, line, strict=True)],
        "hovertemplate": f"%{{fullData.name}}<br>%{{customdata}} {scale.unit}<extra></extra>",
    }


def price_ladder(
    study: Study, found: Outcome, ladder: Ladder, split: Split, now: float, words: Words, dark: bool
) -> Figure:
    """Above: the investor's IRR over the contract's price with the rate it wants. Below: the host's NPV beyond what it
    wants. The range that suits both is shaded, the contract's own price a line. About 400 px high."""
    colours, x = palette(dark), 100.0 * ladder.prices if ladder.term in deal_text.FRACTIONS else ladder.prices
    factor = float(x[-1] / ladder.prices[-1])
    irr = np.where(_is_shown(ladder.investor_irr), 100.0 * ladder.investor_irr, np.nan)
    scale = amounts(words, float(np.abs(ladder.host_margin).max()) or 1.0, study.scenario.site.currency)
    margin, hurdle = ladder.host_margin / scale.divisor, 100.0 * found.investor.hurdle
    texts = [deal_text.price_text(ladder.term, float(price), study, words) for price in ladder.prices]
    shown = irr[np.isfinite(irr)]
    low, high = min(0.0, hurdle, *shown) * 1.1, max(0.01, hurdle, *shown) * 1.15
    rates = [f"{text}: {_rate(value, words)}" for text, value in zip(texts, ladder.investor_irr, strict=True)]
    sums = [f"{text}: {scale.label(v)} {scale.unit}" for text, v in zip(texts, ladder.host_margin, strict=True)]
    data = [_curve(x, irr, colours.grid, "y", rates), _curve(x, margin, colours.battery, "y2", sums)]
    shapes = [
        _level(hurdle, "y", colours.grid),
        _level(0.0, "y2", colours.battery),
        _upright(now * factor, colours.text),
    ]
    if split.possible and split.low.value is not None and split.high.value is not None:
        shapes.insert(0, _band(split.low.value * factor, min(split.high.value * factor, float(x[-1])), colours))
    small = {"font": {"size": SMALL_PX, "color": colours.text}, "xref": "paper", "bgcolor": colours.page}
    wanted = words.t("deal.chart.hurdle", rate=say.share(found.investor.hurdle, words))
    notes = [
        note(wanted, 0.01, hurdle, yref="y", yanchor="top" if hurdle > low + 0.8 * (high - low) else "bottom", **small),
        note(words.t("deal.chart.irr"), 0, 1.0, yref="paper", yanchor="bottom", **small),
        note(words.t("deal.chart.margin"), 0, 0.4, yref="paper", yanchor="bottom", **small),
    ]
    ticks = nice_ticks(float(x[0]), float(x[-1]), 6)
    names = [deal_text.price_text(ladder.term, tick / factor, study, words) for tick in ticks]
    across = axis(colours, tickvals=ticks, ticktext=names, range=[float(x[0]), float(x[-1])], anchor="y2")
    upper = value_axis(colours, words, low, high, "%", domain=[0.52, 1.0], range=[low, high])
    reach = (min(0.0, float(margin.min())), max(0.0, float(margin.max())))
    lower = value_axis(colours, words, *reach, scale.unit, domain=[0.0, 0.4], range=_padded(reach))
    room = {"l": 8, "r": 8, "t": 26, "b": 8}
    return figure(data, dark, xaxis=across, yaxis=upper, yaxis2=lower, shapes=shapes, annotations=notes, margin=room)


def _is_shown(irr: Floats) -> NDArray[np.bool_]:
    return (irr >= LEAST_IRR) & (irr <= MOST_IRR)


def _rate(value: float, words: Words) -> str:
    return words.t("financing.none") if np.isnan(value) else say.share(value, words)


def _padded(reach: tuple[float, float]) -> list[float]:
    pad = 0.25 * (reach[1] - reach[0])
    return [reach[0] - 0.1 * pad, reach[1] + pad]


def _curve(x: Floats, y: Floats, colour: str, down: str, texts: list[str]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": f32(x),
        "y": f32(y),
        "yaxis": down,
        "line": {"color": colour, "width": 2.5},
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _across(y: float, colour: str, dash: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1, "dash": dash}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}


def _level(y: float, down: str, colour: str) -> dict[str, Any]:
    return _across(y, colour, "dot") | {"yref": down}


def _upright(x: float, colour: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1, "dash": "dash"}
    return {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": line}


def _band(low: float, high: float, colours: Palette) -> dict[str, Any]:
    place = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": low, "x1": high, "layer": "below"}
    return place | {"fillcolor": colours.battery_light, "opacity": 0.35, "line": {"width": 0}}
