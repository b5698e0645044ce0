"""What all figures share. A figure is a plain plotly dict: `{"data": [...], "layout": {...}}`, without a template.

Every function that draws takes the numbers, the words and `dark`, and returns a dict; it reads no state. Titles stand
outside the figure, the unit sits on one tick, arrays are float32 or int16 so that they travel as bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from i18n import Words, numbers
from report.palette import Palette, palette

Figure = dict[str, Any]
FONT = "'Source Sans', 'Noto Sans SC', sans-serif"
FEW_MONTHS = 6
TEXT_PX, SMALL_PX = 13, 12
FITTING_TEXT = {"minsize": 11, "mode": "hide"}  # labels that do not fit their bar are left out, not shrunk
DAY_KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Amounts:
    """One money scale for a whole chart or table: `divisor` in currency, `unit` such as "M CNY"."""

    divisor: float
    unit: str

    def label(self, value: float) -> str:
        """A sum in this scale, three significant digits, without the unit."""
        return numbers.plain(float(value) / self.divisor)


def amounts(words: Words, largest: float, currency: str) -> Amounts:
    """The scale that suits the largest sum shown."""
    rate = words.rate(currency)
    word = numbers.scale_of(largest * rate, words.language)
    return Amounts(numbers.SCALE_DIVISORS[word] / rate, words.money_unit(largest, currency))


def shared_amounts(words: Words, sums: Sequence[float], currency: str) -> Amounts:
    """One scale for sums that stand side by side: that of the smallest, unless they lie more than 100 times apart."""
    sizes = [abs(float(value)) for value in sums if value] or [0.0]
    return amounts(words, min(sizes) if max(sizes) < 100 * min(sizes) else max(sizes), currency)


def figure(data: list[dict[str, Any]], dark: bool, **layout: Any) -> Figure:
    """Traces with the common layout; `layout` overrides it key by key."""
    colours = palette(dark)
    common = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": TEXT_PX, "color": colours.text},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hoverlabel": {"bgcolor": colours.page, "bordercolor": colours.border, "font": {"color": colours.text}},
        "dragmode": False,
        "hovermode": "closest",
    }
    return {"data": data, "layout": common | layout}


def axis(colours: Palette, **values: Any) -> dict[str, Any]:
    """An axis without title, zoom or zero line; `values` override."""
    common = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "automargin": True,
        "tickangle": 0,
        "ticks": "",
        "tickfont": {"size": SMALL_PX, "color": colours.muted},
        "linecolor": colours.border,
        "gridcolor": colours.border,
    }
    return common | values


def value_axis(colours: Palette, words: Words, low: float, high: float, unit: str, **values: Any) -> dict[str, Any]:
    """An axis of numbers with grid lines; the unit stands on the lowest tick."""
    span = high - low
    ticks = [tick for tick in nice_ticks(low, high) if tick >= low - 0.02 * span] or [low]
    decimals = next((d for d in range(9) if all(abs(tick - round(tick, d)) < 1e-9 for tick in ticks)), 9)
    texts = [words.number(tick, unit if k == 0 else "", decimals) for k, tick in enumerate(ticks)]
    return axis(colours, showgrid=True, tickvals=ticks, ticktext=texts) | values


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values that cover `low`..`high`, at most about `most` of them."""
    span = high - low
    if not span > 0:
        return [low]
    raw = span / max(1, most - 1)
    power = 10.0 ** floor(log10(raw))
    step = next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def note(text: str, x: float | str, y: float | str, **values: Any) -> dict[str, Any]:
    """A text in the figure, left aligned, without an arrow."""
    return {"text": text, "x": x, "y": y, "showarrow": False, "xanchor": "left", "align": "left"} | values


def hatch(colour: str, background: str) -> dict[str, Any]:
    """A hatched fill. Both colours are needed, or the bar vanishes."""
    return {"shape": "/", "size": 6, "solidity": 0.45, "fgcolor": colour, "bgcolor": background}


def f32(values: Sequence[float] | NDArray) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def month_name(words: Words, month: int) -> str:
    """Short name of a calendar month (1..12)."""
    return words.t(f"charts.month.{month}")


def month_ticks(words: Words, months: Sequence[int]) -> list[str]:
    """Names of calendar months under an axis, shortest where many stand in a row, which is narrow on a phone."""
    if len(months) <= FEW_MONTHS:
        return [month_name(words, month) for month in months]
    narrow = words.t("charts.months_narrow").split()
    return [narrow[month - 1] for month in months]


def day_of_month(words: Words, month: int, day: int) -> str:
    """A day without its year: "15 Mar"."""
    return words.t("charts.day_of_month", day=day, month=month_name(words, month))


def day_name(words: Words, weekday: int) -> str:
    """Short name of a weekday (0 is Monday)."""
    return words.t(f"charts.day.{DAY_KEYS[weekday]}")


def legend(items: Sequence[tuple[str, str]]) -> str:
    """One markdown line for a stack: (label, colour) in stack order, each behind a square of its colour."""
    marks = [f':color[■]{{foreground="{colour}"}}\u00a0' + label.replace(" ", "\u00a0") for label, colour in items]
    return f":small[{' '.join(marks)}]"


def power_unit(largest_kw: float, words: Words) -> tuple[float, str]:
    """kW per shown unit, and the unit: MW from one megawatt on."""
    return (1000.0, words.t("charts.unit.mw")) if largest_kw >= 999.5 else (1.0, words.t("charts.unit.kw"))
