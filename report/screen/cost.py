"""Figures about money: cost stacks, spending over time, turning points, yearly costs and bills, cash flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from i18n import Words
from report.palette import Palette, faded, ink_on, palette
from report.screen.charts import (
    FITTING_TEXT,
    SMALL_PX,
    TEXT_PX,
    Figure,
    axis,
    f32,
    figure,
    hatch,
    nice_ticks,
    note,
    value_axis,
)
from report.text import levers, say
from report.text.amounts import Amounts, amounts
from report.views import (
    PARTS,
    PRICED,
    alternatives_in_order,
    bill_label,
    bill_months,
    bill_parts,
    difference_flows,
    parts_amounts,
    parts_reach,
    period_labels,
    period_parts,
    spending_amounts,
    stack_amounts,
    stack_parts,
)
from sim.dispatch.result import ALTERNATIVES
from study.answer import Crossing, crossing, spending
from study.decision import decision, present_cost
from study.study import Study
from study.turning import TurningPoint

LABEL_SHARE = 0.045


def part_legend(parts: list[str] | dict, words: Words, dark: bool) -> list[tuple[str, str]]:
    """(label, colour) of stack parts, in stack order."""
    colours = palette(dark)
    return [(words.t(f"charts.part.{key}"), getattr(colours, PARTS[key])) for key in PARTS if key in parts]


def cost_stack(study: Study, words: Words, dark: bool) -> Figure:
    """One bar an alternative, a shade a cost part, in present value; the total at its tip. Credits lie left of zero.
    Lost compute is hatched; where the scenario does not count it, it follows the total, outlined. About 310 px high."""
    colours, scale = palette(dark), stack_amounts(study, words)
    order = alternatives_in_order(study)
    rows = [ALTERNATIVES.index(name) for name in order]
    names = [say.name(name, words, first=True) for name in order]
    reach = np.array(_reach(study))[rows]
    data = [
        part_bars(key, values[rows], names, reach.max(), scale, words, dark)
        for key, values in stack_parts(study).items()
    ]
    if not study.scenario.finance.count_unserved:
        lost = present_cost(study, study.ledger.unserved_value)[rows]
        if lost.max() > 0:
            data.append(part_bars("lost_compute", lost, names, reach.max(), scale, words, dark) | {"opacity": 0.55})
    totals = [study.kpis[name].present_cost for name in order]
    notes = [
        note(f"<b>{scale.label(total)}</b>", float(at / scale.divisor), name, xshift=5, font={"size": TEXT_PX})
        for total, at, name in zip(totals, reach, names, strict=True)
    ]
    lowest = min(0.0, *(float(v.min()) for v in stack_parts(study).values())) / scale.divisor
    across = axis(colours, visible=False, range=[lowest, float(reach.max()) / scale.divisor])
    down = axis(colours, autorange="reversed", tickfont={"size": TEXT_PX, "color": colours.text}, ticksuffix="\u2002")
    layout = {"barmode": "relative", "bargap": 0.35, "annotations": notes, "uniformtext": FITTING_TEXT}
    layout |= {"margin": {"l": 8, "r": 46, "t": 8, "b": 8}}
    return figure(data, dark, xaxis=across, yaxis=down, **layout)


def _reach(study: Study) -> list[float]:
    """Where each alternative's bar ends to the right: its positive parts, uncounted lost compute included."""
    positive = sum(np.clip(values, 0, None) for values in stack_parts(study).values())
    if not study.scenario.finance.count_unserved:
        positive = positive + present_cost(study, study.ledger.unserved_value)
    return [max(float(value), 1e-9) for value in np.atleast_1d(positive)]


def part_bars(key: str, values, names: list[str], longest: float, scale: Amounts, words: Words, dark: bool) -> dict:
    colours = palette(dark)
    colour = getattr(colours, PARTS[key])
    texts = [scale.label(value) if abs(value) > LABEL_SHARE * longest else "" for value in values]
    marker = {"color": colour, "line": {"color": colours.page, "width": 1.5}}
    if key in PRICED:
        marker |= {"pattern": hatch(colour, colours.page), "line": {"color": colour, "width": 1}}
    label = words.t(f"charts.part.{key}")
    return {
        "type": "bar",
        "orientation": "h",
        "name": label,
        "meta": key,
        "x": [float(value) / scale.divisor if value else None for value in values],
        "y": names,
        "marker": marker,
        "text": texts,
        "textposition": "none" if key in PRICED else "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {"size": SMALL_PX, "color": ink_on(colour)},
        "customdata": [scale.label(value) for value in values],
        "hovertemplate": f"{label}: %{{customdata}} {scale.unit}<extra>%{{y}}</extra>",
    }


def cumulative(study: Study, words: Words, dark: bool) -> Figure:
    """Running spending of rival and hybrid with their crossing; resale drops the line at the end. About 310 px."""
    colours, cross, totals = palette(dark), crossing(study), spending(study)
    order = (decision(study).rival, "hybrid")
    rows = [ALTERNATIVES.index(name) for name in order]
    largest, scale = float(np.abs(totals.paid[rows]).max()) or 1.0, spending_amounts(study, words)
    paid, ends = totals.paid[rows] / scale.divisor, (totals.paid[rows, -1] - totals.resale[rows]) / scale.divisor
    inks = [colours.alternatives[order[0]], colours.battery]
    data = [_spending_line(totals.months, paid[k], inks[k], say.name(order[k], words)) for k in (0, 1)]
    data[1] |= {"fill": "tonexty", "fillcolor": faded(colours.battery, 0.12)}
    data += [
        _resale_drop(totals.months[-1], paid[k, -1], ends[k], inks[k]) for k in (0, 1) if totals.resale[rows[k]] > 0
    ]
    notes = _end_notes(
        totals.months[-1], ends, [say.name(name, words, first=True) for name in order], scale, largest / scale.divisor
    )
    notes += _resale_notes(totals, rows, paid, ends, scale, words, colours)
    notes += _crossing_note(cross, totals.months, paid[1], words, colours)
    term = float(totals.months[-1])
    low, high = min(0.0, float(paid.min())), float(paid.max()) or 1.0
    down = value_axis(colours, words, low, high, scale.unit, range=[1.04 * low - 0.01 * high, 1.04 * high])
    across = term_axis(term, words, colours) | {"range": [-0.015 * term, term]}
    margin = {"l": 8, "r": 92, "t": 26, "b": 8}
    return figure(data, dark, xaxis=across, yaxis=down, annotations=notes, margin=margin)


def _spending_line(months, paid, colour: str, name: str) -> dict:
    line = {"color": colour, "width": 2.5}
    hover = "%{y:,.3s}<extra></extra>"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": f32(months),
        "y": f32(paid),
        "line": line,
        "hovertemplate": hover,
    }


def _resale_drop(month: float, above: float, below: float, colour: str) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": f32([month, month]),
        "y": f32([above, below]),
        "line": {"color": colour, "width": 2.5},
        "hoverinfo": "skip",
    }


def _end_notes(month: float, ends, names: list[str], scale: Amounts, largest: float) -> list[dict]:
    """The last value and the name at each line's end, pushed apart where they would touch."""
    texts = [f"<b>{scale.label(end * scale.divisor)}</b><br>{name}" for end, name in zip(ends, names, strict=True)]
    too_near = abs(ends[0] - ends[1]) < 0.17 * largest
    shifts = ([17, -17] if ends[0] >= ends[1] else [-17, 17]) if too_near else [0, 0]
    return [
        note(text, month, float(end), xshift=7, yshift=shift, font={"size": SMALL_PX})
        for text, end, shift in zip(texts, ends, shifts, strict=True)
    ]


def _resale_notes(totals, rows, paid, ends, scale: Amounts, words: Words, colours: Palette) -> list[dict]:
    """The hybrid's resale, named beside its drop where it can be seen."""
    resale = float(totals.resale[rows[1]])
    if resale <= 0.02 * float(np.abs(totals.paid[rows]).max()):
        return []
    text = words.t("charts.resale", value=scale.label(resale))
    middle = float(paid[1, -1] + ends[1]) / 2
    font = {"size": SMALL_PX, "color": colours.muted}
    return [note(text, float(totals.months[-1]), middle, xanchor="right", xshift=-6, font=font)]


def _crossing_note(cross: Crossing, months, own_paid, words: Words, colours: Palette) -> list[dict]:
    if cross.month is None:
        return []
    at = float(np.interp(cross.month, months, own_paid))
    text = words.t("charts.even", when=say.when(cross.month, words))
    arrow = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": colours.text, "ax": 0}
    early = cross.month < 0.12 * float(months[-1])
    side = {
        "xanchor": "left" if early else "center",
        "ay": -110 if early else -64,
        "bgcolor": faded(colours.page, 0.75),
    }
    return [note(f"<b>{text}</b>", cross.month, at, font={"size": SMALL_PX}) | arrow | side]


def term_axis(term: float, words: Words, colours: Palette) -> dict:
    """Start, months or years along the bottom."""
    per, unit = (12.0, "year") if term > 24 else (1.0, "month")
    ticks = [tick for tick in nice_ticks(0, term / per) if 0 < tick <= term / per + 1e-9 and tick == round(tick)]
    texts = [words.t("charts.start"), *(words.number(tick, decimals=0) for tick in ticks)]
    if len(texts) > 1:
        texts[1] = words.t(f"charts.first_{unit}", n=texts[1])
    return axis(colours, tickvals=[0.0, *(tick * per for tick in ticks)], ticktext=texts)


@dataclass(frozen=True)
class TurningRow:
    """One bar: what it is, today's value and the turning one as text, how far (text), and the bar's length 0..1."""

    label: str
    from_to: str
    distance: str
    length: float
    is_far: bool


def turning_rows(study: Study, points: Sequence[TurningPoint], words: Words) -> list[TurningRow]:
    """Texts of the turning points."""
    return [_turning_row(study, point, words) for point in points]


def _turning_row(study: Study, point: TurningPoint, words: Words) -> TurningRow:
    label, far = levers.label(point.path, words), levers.distance(study, point, words)
    length = 1.0 if point.distance is None else min(1.0, point.distance)
    return TurningRow(label, levers.from_to(study, point, words), far, length, length >= 1.0)


def turning_bars(rows: list[TurningRow], dark: bool) -> Figure:
    """Distance from today's value to the turning one; a full bar is 100 % away or further. About 60 px a row."""
    colours = palette(dark)
    shades = [colours.control if row.is_far else colours.text for row in rows]
    bar = {
        "type": "bar",
        "orientation": "h",
        "x": [row.length for row in rows],
        "y": list(range(len(rows))),
        "width": 0.16,
        "marker": {"color": shades},
        "hoverinfo": "skip",
    }
    track = bar | {"x": [1.0] * len(rows), "marker": {"color": colours.fill}}
    left = [
        note(
            f"{row.label} <span style='color:{colours.muted}'>{row.from_to}</span>", 0, k - 0.3, font={"size": SMALL_PX}
        )
        for k, row in enumerate(rows)
    ]
    right = [
        note(f"<b>{row.distance}</b>", 1, k - 0.3, xanchor="right", align="right", font={"size": SMALL_PX})
        for k, row in enumerate(rows)
    ]
    down = axis(colours, visible=False, range=[max(len(rows), 1) - 0.7, -0.6])
    across = axis(colours, visible=False, range=[0, 1])
    return figure([track, bar], dark, barmode="overlay", xaxis=across, yaxis=down, annotations=left + right)


def period_stack(study: Study, alternative: str, words: Words, dark: bool) -> Figure:
    """Costs by year (months for short terms), stacked by part; credits below zero. About 320 px high."""
    parts = period_parts(study, alternative)
    (low, top), scale = parts_reach(parts), parts_amounts(study, parts, words)
    return _upright_stack(parts, period_labels(study, words), scale, (low, top), words, dark)


def _upright_stack(
    parts, labels: list[str], scale: Amounts, reach: tuple[float, float], words: Words, dark: bool
) -> Figure:
    colours, at = palette(dark), np.arange(len(labels), dtype=np.int16)
    data = []
    for key, values in parts.items():
        colour, label = getattr(colours, PARTS[key]), words.t(f"charts.part.{key}")
        marker = {"color": colour, "line": {"color": colours.page, "width": 0.5}}
        if key in PRICED:
            marker["pattern"] = hatch(colour, colours.page)
        texts = [f"{name}: {scale.label(value)}" for name, value in zip(labels, values, strict=True)]
        hover = f"{label}<br>%{{customdata}} {scale.unit}<extra></extra>"
        bars = {"type": "bar", "name": label, "meta": key, "x": at, "y": f32(values / scale.divisor), "marker": marker}
        data.append(bars | {"customdata": texts, "hovertemplate": hover})
    step = max(1, -(-len(labels) // 8))
    ticks = [k for k in range(len(labels)) if k == 0 or (k - 1) % step == step - 1 or step == 1]
    across = axis(colours, tickvals=ticks, ticktext=[labels[k] for k in ticks], range=[-0.6, len(labels) - 0.4])
    down = value_axis(colours, words, reach[0] / scale.divisor, reach[1] / scale.divisor, scale.unit)
    return figure(data, dark, barmode="relative", bargap=0.25, xaxis=across, yaxis=down)


def bill_colours(keys, colours: Palette) -> dict[str, str]:
    """Blue for all of the grid's bill: energy dark, demand mid, the rest light."""
    demand = [key for key in keys if key.startswith("demand.")]
    shades = dict(zip(demand, (colours.demand, colours.works, colours.control), strict=False))
    fixed = {"energy": colours.grid, "tax": colours.control, "capacity": colours.demand, "fixed": colours.works}
    fixed |= {"tiers": colours.works, "power_factor": colours.control, "minimum": colours.unserved}
    return {key: shades.get(key) or fixed.get(key, colours.pv) for key in keys}


def bill_stack(study: Study, alternative: str, year: int, words: Words, dark: bool) -> Figure:
    """The utility bill by month, stacked by component. About 300 px high."""
    colours, parts = palette(dark), bill_parts(study, alternative, year)
    (low, top), scale = parts_reach(parts), parts_amounts(study, parts, words)
    months = bill_months(study, year, words)
    shades = bill_colours(parts, colours)
    data = []
    for key, values in parts.items():
        texts = [f"{name}: {scale.label(value)}" for name, value in zip(months, values, strict=True)]
        label = bill_label(key, words)
        bars = {"type": "bar", "name": label, "meta": key, "x": months, "y": f32(values / scale.divisor)}
        marker = {"color": shades[key], "line": {"color": colours.page, "width": 1}}
        hover = f"{label}<br>%{{customdata}} {scale.unit}<extra></extra>"
        data.append(bars | {"marker": marker, "customdata": texts, "hovertemplate": hover})
    down = value_axis(colours, words, low / scale.divisor, top / scale.divisor, scale.unit)
    return figure(data, dark, barmode="relative", bargap=0.3, xaxis=axis(colours, type="category"), yaxis=down)


def cash_flow(study: Study, words: Words, dark: bool) -> Figure:
    """Bars: the hybrid's flow against the baseline in each period. Line: their running total. About 320 px high."""
    colours, flows = palette(dark), difference_flows(study)
    running = np.cumsum(flows)
    reach = (float(min(flows.min(), running.min(), 0)), float(max(flows.max(), running.max(), 0)))
    scale = amounts(words, max(abs(reach[0]), abs(reach[1])) or 1.0, study.scenario.site.currency)
    labels, at = period_labels(study, words), np.arange(flows.size, dtype=np.int16)
    texts = [f"{name}: {scale.label(value)}" for name, value in zip(labels, flows, strict=True)]
    sums = [f"{name}: {scale.label(value)}" for name, value in zip(labels, running, strict=True)]
    shades = [colours.battery if value >= 0 else colours.genset for value in flows]
    bars = {
        "type": "bar",
        "x": at,
        "y": f32(flows / scale.divisor),
        "marker": {"color": shades},
        "customdata": texts,
        "hovertemplate": f"%{{customdata}} {scale.unit}<extra></extra>",
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": at,
        "y": f32(running / scale.divisor),
        "line": {"color": colours.text, "width": 2},
        "customdata": sums,
        "hovertemplate": f"{words.t('charts.running')}<br>%{{customdata}} {scale.unit}<extra></extra>",
    }
    step = max(1, -(-flows.size // 8))
    ticks = [k for k in range(flows.size) if k == 0 or k % step == 0]
    across = axis(colours, tickvals=ticks, ticktext=[labels[k] for k in ticks], range=[-0.6, flows.size - 0.4])
    down = value_axis(colours, words, reach[0] / scale.divisor, reach[1] / scale.divisor, scale.unit)
    zero = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0}
    shapes = [zero | {"line": {"color": colours.muted, "width": 1}}]
    return figure([bars, line], dark, bargap=0.3, xaxis=across, yaxis=down, shapes=shapes)
