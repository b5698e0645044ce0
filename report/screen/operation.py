"""Figures about running: the hours of a day or week, the year's energy flows, billed peaks, and the year's imports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import Palette, faded, ink_on, palette, scale
from report.screen.charts import SMALL_PX, TEXT_PX, Figure, axis, f32, figure, hatch, note, value_axis
from report.text import say
from report.text.amounts import day_name, day_of_month, month_name, month_ticks, power_unit
from sim.dispatch.batch import Trace
from sim.dispatch.result import ALTERNATIVES
from sim.timeline import MONTH_DAYS
from study.study import Study
from study.weeks import OutageRun, Span, grid_up, outage_runs

# Bands of the dispatch figure from bottom to top: (catalogue key, palette colour). Up to the load line they add up to
# the load; charging and the PV surplus stand on top of it.
BANDS = (
    ("grid", "grid"),
    ("pv", "pv"),
    ("battery", "battery"),
    ("diesel", "fuel"),
    ("unserved", "unserved"),
    ("charge", "battery_light"),
    ("surplus", "pv_light"),
)
MIX = BANDS[:5]
POWER_DOMAIN, CHARGE_DOMAIN, PRICE_DOMAIN = (0.34, 1.0), (0.12, 0.29), (0.0, 0.06)
NODE_WIDTH, CURVE_POINTS = 0.022, 14
FLOW_COLOURS = {"grid": "grid", "pv": "pv", "diesel": "fuel", "battery": "battery"}
SINKS = ("site", "auxiliary", "losses", "export", "curtailed", "dumped")
INT16_MAX = np.iinfo(np.int16).max


def bands_kw(trace: Trace, steps: slice) -> dict[str, NDArray[np.float64]]:
    """Power by band for these steps (steps,), kW; only bands that occur. The first five add up to the load."""
    bands = {
        "grid": trace.grid_load_kw,
        "pv": trace.pv_load_kw,
        "battery": trace.discharge_kw,
        "diesel": trace.genset_kw - trace.genset_charge_kw - trace.dumped_kw,
        "unserved": trace.unserved_kw,
        "charge": trace.charge_kw,
        "surplus": trace.export_kw + trace.curtailed_kw,
    }
    least = 1e-6 * max(float(trace.load_kw.max(initial=0)), 1.0)
    return {key: values[steps] for key, values in bands.items() if float(values[steps].max(initial=0)) > least}


def band_legend(bands: dict, words: Words, dark: bool) -> list[tuple[str, str]]:
    """(label, colour) of the bands that occur, in stack order, and the load line."""
    colours = palette(dark)
    found = [(words.t(f"charts.flow.{key}"), getattr(colours, name)) for key, name in BANDS if key in bands]
    return [*found, (words.t("charts.flow.load"), colours.text)]


def dispatch_span(
    study: Study, alternative: str, trace: Trace, span: Span, words: Words, dark: bool, year: int = 1
) -> Figure:
    """Power by source with the load line, the battery's charge with its reserve, a strip of energy prices, and outages
    as a band through all three. Stepped; at most 7 days x 96 points a trace. About 500 px high."""
    colours, clock = palette(dark), study.dispatch.clock
    steps = span.steps(clock)
    count = steps.stop - steps.start
    hours = np.arange(count + 1) * clock.step_h
    bands = bands_kw(trace, steps)
    top_kw = max(float(sum(bands.values(), np.zeros(count)).max()), float(trace.load_kw[steps].max()), 1e-3)
    power = power_unit(top_kw, words)
    data = [_band(key, hours, values, power, colours, words) for key, values in bands.items()]
    data.append(_load_line(hours, trace.load_kw[steps], power, colours, words))
    has_battery = alternative == "hybrid" and study.scenario.storage.exists
    data += _charge_trace(study, year, trace, steps, hours, colours, words) if has_battery else []
    data.append(_price_strip(study, steps, hours, colours, words)) if alternative != "diesel" else None
    layout = _span_axes(study, span, hours, has_battery, alternative != "diesel", top_kw, words, colours)
    shapes, notes = _span_marks(study, alternative, year, steps, hours, has_battery, words, colours)
    layout |= {"shapes": shapes, "annotations": notes, "hovermode": "x unified"}
    return figure(data, dark, **layout)


def _band(key: str, hours, values, power: tuple[float, str], colours: Palette, words: Words) -> dict:
    colour = getattr(colours, dict(BANDS)[key])
    area = {
        "type": "scatter",
        **_pressed(colours),
        "name": words.t(f"charts.flow.{key}"),
        "meta": key,
        "stackgroup": "power",
        "x": f32(hours),
        "y": f32(np.append(values, values[-1:]) / power[0]),
        "line": {"width": 0, "shape": "hv"},
        "fillcolor": colour,
        "hovertemplate": "%{y:.3~g} " + power[1],
    }
    return area | ({"fillpattern": hatch(colour, colours.page)} if key == "unserved" else {})


def _pressed(colours: Palette) -> dict:
    """A line whose steps can be pressed; the one that is shows a point."""
    marker = {"color": colours.text, "size": 9, "opacity": 0}
    return {"mode": "lines+markers", "marker": marker, "selected": {"marker": {"opacity": 1}}}


def _load_line(hours, load_kw, power: tuple[float, str], colours: Palette, words: Words) -> dict:
    line = {"color": colours.text, "width": 1.5, "shape": "hv"}
    return {
        "type": "scatter",
        **_pressed(colours),
        "name": words.t("charts.flow.load"),
        "meta": "load",
        "x": f32(hours),
        "y": f32(np.append(load_kw, load_kw[-1:]) / power[0]),
        "line": line,
        "hovertemplate": "%{y:.3~g} " + power[1],
    }


def charge_fractions(study: Study, year: int, trace: Trace, steps: slice) -> np.ndarray:
    """State of charge at the edges of the steps, of what the battery holds when full in that year."""
    before = trace.energy_kwh[steps.start - 1] if steps.start else study.dispatch.start_kwh(year)
    return np.concatenate([[before], trace.energy_kwh[steps]]) / study.dispatch.capacity_kwh(year)


def _charge_trace(
    study: Study, year: int, trace: Trace, steps: slice, hours, colours: Palette, words: Words
) -> list[dict]:
    charge = charge_fractions(study, year, trace, steps) * 100
    line = {"color": colours.battery, "width": 1.5}
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": words.t("charts.flow.battery"),
            "meta": "charge",
            "x": f32(hours),
            "y": f32(charge),
            "yaxis": "y2",
            "line": line,
            "fill": "tozeroy",
            "fillcolor": faded(colours.battery, 0.16),
            "hovertemplate": "%{y:.0f} %",
        }
    ]


def _price_strip(study: Study, steps: slice, hours, colours: Palette, words: Words) -> dict:
    currency = study.scenario.site.currency
    price, unit = study.dispatch.step_price_per_kwh() * words.rate(currency), words.price_unit(currency, "kWh")
    low, high = float(price.min()), float(price.max())
    return {
        "type": "heatmap",
        "meta": "price",
        "x": f32(hours),
        "y": [0],
        "z": f32(price[steps])[None, :],
        "yaxis": "y3",
        "colorscale": scale(colours.sequential_ink),
        "zmin": low,
        "zmax": high if high > low else low + 1,
        "showscale": False,
        "hovertemplate": "%{z:.3~g} " + unit + "<extra></extra>",
        "name": "",
    }


def _span_axes(
    study: Study, span: Span, hours, has_battery: bool, has_price: bool, top_kw: float, words, colours
) -> dict:
    divisor, unit = power_unit(top_kw, words)
    low = POWER_DOMAIN[0] if has_battery else PRICE_DOMAIN[1] + 0.05 if has_price else 0.0
    axes = {
        "xaxis": axis(colours, range=[0, float(hours[-1])], **_day_ticks(study, span, words)) | {"anchor": "free"},
        "yaxis": value_axis(colours, words, 0, top_kw / divisor, unit, domain=[low, 1.0]),
    }
    axes["xaxis"] |= {"position": 0.0}
    if has_battery:
        ticks = {"tickvals": [0, 50, 100], "ticktext": [words.number(0, "%"), "50", "100"]}
        axes["yaxis2"] = axis(colours, domain=list(CHARGE_DOMAIN), range=[0, 103], showgrid=True, **ticks)
    if has_price:
        text = words.t("charts.dispatch.price")
        axes["yaxis3"] = axis(colours, domain=list(PRICE_DOMAIN), tickvals=[0], ticktext=[text])
    return axes


def _day_ticks(study: Study, span: Span, words: Words) -> dict:
    """Weekday and date in the middle of each day; hours where there is one day only."""
    clock, first = study.dispatch.clock, span.steps(study.dispatch.clock).start
    if span.days == 1:
        ticks = [0, 6, 12, 18, 24]
        return {"tickvals": ticks, "ticktext": [words.number(tick, words.t("charts.unit.h"), 0) for tick in ticks]}
    per_day = 24 * 60 // clock.step_minutes
    at = [first + day * per_day for day in range(span.days)]
    texts = [
        f"{day_name(words, int(clock.weekday[k]))}<br>"
        + _day_text(words, int(clock.calendar_month[k]), int(clock.day[k]), names_month=k == first)
        for k in at
    ]
    return {"tickvals": [24 * day + 12 for day in range(span.days)], "ticktext": texts}


def _day_text(words: Words, month: int, day: int, names_month: bool) -> str:
    """A day with its month where that is new, else alone: seven stand in a row on a phone."""
    return day_of_month(words, month, day) if names_month or day == 1 else words.t("charts.day_number", day=day)


def _span_marks(
    study: Study, alternative: str, year: int, steps: slice, hours, has_battery: bool, words, colours
) -> tuple:
    """Outage bands with their length, and the reserve line."""
    shapes, notes, step_h = [], [], study.dispatch.clock.step_h
    runs = outage_runs(grid_up(study, year)) if alternative != "diesel" else ()
    for run in runs:
        first, last = max(run.first, steps.start), min(run.first + run.steps, steps.stop)
        if first < last:
            at = [(k - steps.start) * step_h for k in (first, last)]
            shapes.append(_outage_band(at, colours))
            notes.append(_outage_note(run, at, float(hours[-1]), step_h, words, colours))
    if has_battery:
        share = study.scenario.dispatch.reserve_fraction
        line = {"color": colours.muted, "width": 1, "dash": "dot"}
        level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": share * 100, "y1": share * 100}
        shapes.append(level | {"line": line})
        text = words.t("charts.dispatch.reserve", share=say.share(share, words))
        font = {"size": SMALL_PX, "color": colours.muted}
        place = {"xref": "paper", "yref": "y2", "xanchor": "right", "yanchor": "top", "font": font}
        notes.append(note(text, 1, share * 100, **place))
    return shapes, notes


def _outage_band(at: list[float], colours: Palette) -> dict:
    box = {"type": "rect", "xref": "x", "yref": "paper", "x0": at[0], "x1": at[1], "y0": 0, "y1": 1}
    return box | {"fillcolor": faded(colours.unserved, 0.14), "line": {"width": 0}, "layer": "above"}


def _outage_note(run: OutageRun, at: list[float], end: float, step_h: float, words: Words, colours: Palette) -> dict:
    text = words.t("charts.dispatch.outage", time=say.duration(run.steps * step_h, words))
    is_late = at[0] > 0.7 * end
    place = {"xanchor": "right" if is_late else "left", "yref": "paper", "yanchor": "top"}
    colour = {"font": {"size": SMALL_PX, "color": colours.unserved}, "bgcolor": faded(colours.page, 0.8)}
    return note(text, at[0 if is_late else 1], 1.0, **place, **colour)


def energy_mix(study: Study, words: Words, dark: bool) -> Figure:
    """Who carries the load of each alternative over the term, as shares of the load. About 300 px high."""
    colours, shares = palette(dark), mix_shares(study)
    order = [study.baseline, *(name for name in ALTERNATIVES if name not in (study.baseline, "hybrid")), "hybrid"]
    names = [say.name(name, words, first=True) for name in order]
    data = []
    for key, colour_name in MIX:
        colour, label = getattr(colours, colour_name), words.t(f"charts.flow.{key}")
        values = [float(shares[key][ALTERNATIVES.index(name)]) for name in order]
        marker = {"color": colour, "line": {"color": colours.page, "width": 1.5}}
        if key == "unserved":
            marker["pattern"] = hatch(colour, colours.page)
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": label,
                "meta": key,
                "y": names,
                "marker": marker,
                "x": [value if value > 0 else None for value in values],
                "textangle": 0,
                "text": [say.share(value, words) if value > 0.07 else "" for value in values],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textfont": {"size": SMALL_PX, "color": ink_on(colour)},
                "customdata": [say.share(value, words) for value in values],
                "hovertemplate": f"{label}: %{{customdata}}<extra>%{{y}}</extra>",
            }
        )
    down = axis(colours, autorange="reversed", tickfont={"size": TEXT_PX, "color": colours.text}, ticksuffix="\u2002")
    return figure(
        data, dark, barmode="stack", bargap=0.35, xaxis=axis(colours, visible=False, range=[0, 1]), yaxis=down
    )


def mix_shares(study: Study) -> dict[str, NDArray[np.float64]]:
    """Share of the load by who carries it in the end (alternatives,): the four sources and what is left unserved."""
    monthly = {name: values.sum(axis=1) for name, values in study.dispatch.monthly.items()}
    load = np.maximum(monthly["load_kwh"], 1e-9)
    genset = monthly["genset_kwh"] - monthly["genset_charge_kwh"] - monthly["dumped_kwh"]
    carried = {
        "grid": monthly["grid_load_kwh"],
        "pv": monthly["pv_load_kwh"],
        "battery": monthly["discharge_kwh"],
        "diesel": genset,
        "unserved": monthly["unserved_kwh"],
    }
    return {key: np.where(values > 1e-9 * load, values / load, 0.0) for key, values in carried.items()}


def energy_flows(flows: dict[tuple[str, str], float], words: Words, dark: bool) -> Figure:
    """Who gave how much energy to whom, as bands between bars; `flows` kWh by (from, to) as `weeks.flows_kwh` gives.
    Labels stand in the margins, so that none collide. About 320 px high."""
    colours = palette(dark)
    if not flows:
        return figure([], dark, xaxis=axis(colours, visible=False), yaxis=axis(colours, visible=False))
    boxes = _flow_boxes(flows)
    data = _flow_bands(flows, boxes, words, colours)
    shapes = [_flow_box(box, getattr(colours, FLOW_COLOURS.get(node, "text"))) for node, box in boxes.items()]
    notes = [_flow_note(node, box, _through(node, flows), words, colours) for node, box in boxes.items()]
    across = axis(colours, visible=False, range=[-0.36, 1.38])
    down = axis(colours, visible=False, range=[-0.06, 1.06])
    return figure(data, dark, shapes=shapes, annotations=notes, xaxis=across, yaxis=down)


def _through(node: str, flows: dict[tuple[str, str], float]) -> float:
    given = sum(value for (a, _), value in flows.items() if a == node)
    taken = sum(value for (_, b), value in flows.items() if b == node)
    return max(given, taken)


def _flow_boxes(flows) -> dict[str, tuple[float, float, float]]:
    """(x, bottom, top) of each node in a unit square; heights are shares of the greater side."""
    left = [n for n in ("grid", "pv", "diesel") if any(a == n for a, _ in flows)]
    right = [n for n in SINKS if any(b == n for _, b in flows)]
    total = max(sum(_through(n, flows) for n in side) for side in (left, right)) or 1.0
    gap = 0.13
    free = 1.0 - gap * (max(len(left), len(right)) - 1)
    boxes = {}
    for x, side in ((0.0, left), (1.0, right)):
        top = 1.0
        for node in side:
            height = _through(node, flows) / total * free
            boxes[node] = (x, top - height, top)
            top -= max(height, 0.012) + gap
    if any("battery" in path for path in flows):
        height = _through("battery", flows) / total * free
        boxes["battery"] = (0.5, 0.32 - height / 2, 0.32 + height / 2)
    return boxes


def _flow_bands(flows, boxes, words: Words, colours: Palette) -> list[dict]:
    """One filled band a path, in the colour of its source, leaving and entering the bars in order."""
    left_at = {node: box[2] for node, box in boxes.items()}
    right_at = dict(left_at)
    unit = _height_per_kwh(flows, boxes)
    data = []
    for (source, sink), value in flows.items():
        height = value * unit
        y0, y1 = left_at[source], right_at[sink]
        left_at[source], right_at[sink] = y0 - height, y1 - height
        x0, x1 = boxes[source][0] + NODE_WIDTH / 2, boxes[sink][0] - NODE_WIDTH / 2
        name = f"{words.t(f'charts.flow.{source}')} → {words.t(f'charts.flow.{sink}')}: {say.energy(value, words)}"
        data.append(_flow_band((x0, y0), (x1, y1), height, name, getattr(colours, FLOW_COLOURS[source])))
    return data


def _height_per_kwh(flows, boxes) -> float:
    node = max(boxes, key=lambda n: _through(n, flows))
    return (boxes[node][2] - boxes[node][1]) / _through(node, flows)


def _flow_band(start, end, height: float, name: str, colour: str) -> dict:
    s = np.linspace(0, 1, CURVE_POINTS)
    bend = s * s * (3 - 2 * s)
    x = start[0] + (end[0] - start[0]) * s
    y = start[1] + (end[1] - start[1]) * bend
    return {
        "type": "scatter",
        "mode": "lines",
        "x": f32(np.concatenate([x, x[::-1]])),
        "y": f32(np.concatenate([y, y[::-1] - height])),
        "fill": "toself",
        "fillcolor": faded(colour, 0.42),
        "line": {"width": 0.5, "color": colour},
        "hoveron": "fills",
        "name": name,
        "text": name,
        "hoverinfo": "text",
    }


def _flow_box(box: tuple[float, float, float], colour: str) -> dict:
    x, low, high = box
    middle, half = (low + high) / 2, max((high - low) / 2, 0.004)
    place = {"x0": x - NODE_WIDTH / 2, "x1": x + NODE_WIDTH / 2, "y0": middle - half, "y1": middle + half}
    return {"type": "rect", "fillcolor": colour, "line": {"width": 0}} | place


def _flow_note(node: str, box: tuple[float, float, float], kwh: float, words: Words, colours: Palette) -> dict:
    x, low, high = box
    text = f"<b>{words.t(f'charts.flow.{node}')}</b><br>{say.energy(kwh, words)}"
    font = {"size": SMALL_PX}
    if node == "battery":
        return note(
            text.replace("<br>", " "),
            x,
            low,
            xanchor="center",
            yanchor="top",
            yshift=-3,
            font=font,
            bgcolor=faded(colours.page, 0.75),
        )
    side = {"xanchor": "right", "align": "right", "xshift": -8} if x == 0 else {"xshift": 8}
    return note(text, x, (low + high) / 2, font=font, **side)


def billed_peaks(
    reference_kw: NDArray, own_kw: NDArray, months: Sequence[int], pair: tuple[str, str], words: Words, dark: bool
) -> Figure:
    """Peak by month of two alternatives (`pair`), joined by a bar: open circles the first, full ones the other.

    `months`: calendar numbers. About 300 px high.
    """
    colours = palette(dark)
    names, inks = [say.name(name, words, first=True) for name in pair], [colours.alternatives[name] for name in pair]
    divisor, unit = power_unit(float(max(reference_kw.max(initial=0), own_kw.max(initial=0))), words)
    high, own = reference_kw / divisor, own_kw / divisor
    at = np.arange(high.size, dtype=np.int16)
    joins = {
        "type": "bar",
        "x": at,
        "y": f32(high - own),
        "base": own.tolist(),
        "width": 0.16,
        "hoverinfo": "skip",
        "marker": {"color": colours.border},
    }
    open_dots = {"size": 10, "color": colours.page, "line": {"color": inks[0], "width": 2}}
    full_dots = {"size": 8, "color": inks[1]}
    dots = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": at,
            "y": f32(values),
            "marker": marker,
            "name": name,
            "hovertemplate": f"{name}: %{{y:.3~g}} {unit}<extra></extra>",
        }
        for values, marker, name in zip((high, own), (open_dots, full_dots), names, strict=True)
    ]
    low, top = float(min(high.min(), own.min())), float(max(high.max(), own.max()))
    margin = max(0.15 * (top - low), 0.02 * top, 1e-3)
    font = {"size": SMALL_PX, "color": colours.muted}
    up, down_ = ((18, -18) if high[0] >= own[0] else (-18, 18)) if high.size else (0, 0)
    notes = [
        note(name, -0.35, float(values[0]), yshift=shift, font=font)
        for name, values, shift in zip(names, (high, own), (up, down_), strict=True)
    ]
    bottom = max(0.0, low - 1.6 * margin)
    down = value_axis(colours, words, bottom, top + margin, unit, range=[bottom, top + 1.6 * margin])
    across = axis(colours, tickvals=at, ticktext=month_ticks(words, months), range=[-0.6, high.size - 0.4])
    return figure([joins, *dots], dark, annotations=notes, xaxis=across, yaxis=down)


def import_map(net_import_kw: NDArray, step_minutes: int, start: str, words: Words, dark: bool) -> Figure:
    """Net import by hour of day and day of the year, hourly means, kW. One image of at most 24 x 365 cells, in whole kW
    as int16 where they fit and are fine enough. `start` is "YYYY-MM" of the first day. About 300 px high."""
    colours = palette(dark)
    hourly = net_import_kw.reshape(-1, 24, 60 // step_minutes).mean(axis=2)
    low, high = min(0.0, float(hourly.min())), max(float(hourly.max()), 1.0)
    cells = f32(hourly.T) if high < 1000 else np.round(hourly.T).astype(np.int16 if high <= INT16_MAX else np.int32)
    divisor, unit = power_unit(high, words)
    ticks = [low, high] if low < 0 else [0.0, high / 2, high]
    texts = [words.number(tick / divisor, unit if k == len(ticks) - 1 else "") for k, tick in enumerate(ticks)]
    bar = {
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": ticks,
        "ticktext": texts,
        "tickfont": {"color": colours.muted},
    }
    image = {
        "type": "heatmap",
        "z": cells,
        "colorscale": scale(colours.sequential),
        "zmin": low,
        "zmax": high,
        "colorbar": bar,
        "hovertemplate": "%{y} h: %{z:.4~g} kW<extra></extra>",
    }
    hours = [0, 6, 12, 18]
    down = axis(colours, tickvals=hours, ticktext=[words.number(h, words.t("charts.unit.h"), 0) for h in hours])
    across = axis(colours, **_months_along(hourly.shape[0], start, words))
    return figure([image], dark, xaxis=across, yaxis=down)


def _months_along(days: int, start: str, words: Words) -> dict:
    """A tick at the first of every month, every other one for a whole year."""
    month, at, ticks, texts = int(start[5:]), 0, [], []
    while at < days:
        ticks.append(at)
        texts.append(month_name(words, month))
        at += MONTH_DAYS[month - 1]
        month = month % 12 + 1
    step = 2 if len(ticks) > 8 else 1
    return {"tickvals": ticks[::step], "ticktext": texts[::step]}


def date_text(day: date, words: Words) -> str:
    """A day as "15 Mar"."""
    return day_of_month(words, day.month, day.day)
