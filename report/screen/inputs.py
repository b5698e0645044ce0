"""Figures of the input pages: the tariff's prices and the load."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from i18n import Words
from report.palette import faded, palette, scale
from report.screen.charts import Figure, axis, f32, figure, value_axis
from report.text.amounts import day_name, month_name, month_ticks, power_unit
from sim.inputs.tariff import DAY_TYPES, Tariff
from sim.tariff.market import mean_days
from sim.timeline import MONTH_DAYS

MONTHS, SLOTS_PER_DAY = 12, 48


def tariff_prices(tariff: Tariff, day_type: str) -> NDArray[np.float64]:
    """Energy price per kWh, adders and energy tax included, (12 calendar months, 48 half hours).

    `day_type`: "weekday", "saturday" or "sunday_holiday". The price is that at the start of each half hour; of a market
    the mean of the month's days.
    """
    prices = np.empty((MONTHS, SLOTS_PER_DAY))
    for month in range(MONTHS):
        season = tariff.season(month + 1)
        periods = [season.period_at(day_type, slot * 30) for slot in range(SLOTS_PER_DAY)]
        prices[month] = [season.prices_per_kwh[period] for period in periods]
    prices += mean_days(tariff, 30)[DAY_TYPES.index(day_type)]
    return (prices + tariff.energy_adders_per_kwh) * (1.0 + tariff.energy_tax_rate)


def tariff_heatmap(tariff: Tariff, day_type: str, words: Words, dark: bool) -> Figure:
    """Price by hour of day (down) and month (across), in the tariff's currency per kWh. About 320 px high."""
    colours, prices = palette(dark), tariff_prices(tariff, day_type)
    unit = words.t("charts.unit.per_kwh", currency=tariff.currency)
    low, high = float(prices.min()), float(prices.max())
    names = [month_name(words, month + 1) for month in range(MONTHS)]
    data = {
        "type": "heatmap",
        "z": f32(prices.T),
        "x": names,
        "y": f32(np.arange(SLOTS_PER_DAY) / 2),
        "colorscale": scale(colours.sequential),
        "zmin": min(0.0, low),
        "zmax": high if high > low or high > 0 else low + 1,
        "xgap": 1.5,
        "hovertemplate": "%{x} %{y:.1f} h: %{z:.3f} " + unit + "<extra></extra>",
        "colorbar": _price_bar(colours, words, low, high, unit),
    }
    hours = axis(
        colours,
        tickvals=[0, 6, 12, 18],
        ticktext=[words.number(h, words.t("charts.unit.h"), 0) for h in (0, 6, 12, 18)],
    )
    across = axis(colours, side="bottom", tickvals=names, ticktext=month_ticks(words, range(1, MONTHS + 1)))
    return figure([data], dark, xaxis=across, yaxis=hours | {"range": [23.75, -0.25]})


def _price_bar(colours, words: Words, low: float, high: float, unit: str) -> dict:
    ends = [low, high] if high > low else [high]
    texts = [words.number(end) for end in ends]
    texts[-1] = f"{texts[-1]} {unit}"
    return {
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": ends,
        "ticktext": texts,
        "tickfont": {"color": colours.muted},
    }


def load_week(
    kw: NDArray[np.float64],
    step_minutes: int,
    first_weekday: int,
    words: Words,
    dark: bool,
    limit_kw: float | None = None,
) -> Figure:
    """One week of load as a stepped line: `kw` (steps,) of mean power from midnight of `first_weekday` (0 is Monday).

    `limit_kw` draws the import limit as a dashed line. Any number of whole days is fine. About 240 px high.
    """
    colours = palette(dark)
    hours = np.arange(kw.size + 1) * step_minutes / 60
    days = int(hours[-1] // 24)
    top_kw = max(float(kw.max(initial=0)), limit_kw or 0.0, 1e-3)
    divisor, unit = power_unit(top_kw, words)
    data = [_line(hours, np.append(kw, kw[-1:]) / divisor, unit, colours.text, "hv", faded(colours.control, 0.15))]
    if limit_kw is not None:
        data.append(_line(hours[[0, -1]], [limit_kw / divisor] * 2, unit, colours.grid, "linear") | {"name": "limit"})
        data[-1]["line"]["dash"] = "dash"
    names = [day_name(words, (first_weekday + day) % 7) for day in range(days)]
    across = axis(colours, tickvals=[24 * day + 12 for day in range(days)], ticktext=names, range=[0, hours[-1]])
    return figure(data, dark, xaxis=across, yaxis=value_axis(colours, words, 0, top_kw / divisor, unit))


def load_year(kw: NDArray[np.float64], step_minutes: int, first_month: int, words: Words, dark: bool) -> Figure:
    """A year (or its first months) as daily lowest, mean and highest load: 365 points a line. About 240 px high.

    `kw` (steps,) whole days from the first of calendar month `first_month`; 29 February does not occur.
    """
    colours = palette(dark)
    top_kw = max(float(kw.max(initial=0)), 1e-3)
    divisor, unit = power_unit(top_kw, words)
    by_day = kw.reshape(-1, 24 * 60 // step_minutes) / divisor
    days = np.arange(by_day.shape[0], dtype=np.int16)
    low = _line(days, by_day.min(axis=1), unit, faded(colours.control, 0.0), "linear")
    high = _line(days, by_day.max(axis=1), unit, faded(colours.control, 0.0), "linear") | {
        "fill": "tonexty",
        "fillcolor": faded(colours.control, 0.35),
    }
    mean = _line(days, by_day.mean(axis=1), unit, colours.text, "linear")
    across = axis(colours, range=[0, max(1, days.size - 1)], **_month_ticks(days.size, first_month, words))
    return figure([low, high, mean], dark, xaxis=across, yaxis=value_axis(colours, words, 0, top_kw / divisor, unit))


def _month_ticks(days: int, first_month: int, words: Words) -> dict:
    starts, names, at = [], [], 0
    for k in range(MONTHS):
        month = (first_month - 1 + k) % MONTHS
        if at < days:
            starts.append(at)
            names.append(month_name(words, month + 1))
        at += MONTH_DAYS[month]
    return {"tickvals": starts, "ticktext": names, "ticklabelposition": "outside right"}


def _line(x, y, unit: str, colour: str, shape: str, fill: str | None = None) -> dict:
    area = {"fill": "tozeroy", "fillcolor": fill} if fill else {}
    line = {"color": colour, "width": 1.5, "shape": shape}
    hover = "%{y:.3~g} " + unit + "<extra></extra>"
    return {"type": "scatter", "mode": "lines", "x": f32(x), "y": f32(y), "line": line, "hovertemplate": hover} | area
