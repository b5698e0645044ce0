"""Vector charts for paper: matplotlib's object interface to SVG, in the colours of the screen's figures.

Text stays text, so the document's own font draws it. Every function gives SVG; sizes are millimetres on the page.
Matplotlib is not made for threads: one chart is drawn at a time.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from threading import Lock

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from finance import metrics
from finance.kpis import by_period
from i18n import Words
from report import views
from report.palette import LIGHT, ink_on
from report.screen import cost as charts_cost
from report.screen import operation as charts_operation
from report.screen import when as charts_when
from report.screen.charts import nice_ticks
from report.text import say
from report.text.amounts import amounts, month_name
from sim.dispatch.batch import Trace
from sim.dispatch.result import ALTERNATIVES
from study.study import Study
from study.timeline import DeliveryPlan
from study.turning import TurningPoint
from study.weeks import Span, outage_runs

FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
FAMILY = "Noto Sans SC"
FULL_MM, HALF_MM = 174.0, 84.0
SMALL, TEXT = 7.0, 8.0
WIDE = 1.8  # a Chinese sign beside a Latin letter
# Fixed once and the same for all threads: text as text, the same ids in every run, a hyphen-minus that fonts have.
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "powerladder",
    "axes.unicode_minus": False,
    "font.family": FAMILY,
    "font.size": TEXT,
    "hatch.linewidth": 0.7,
    "axes.linewidth": 0.6,
}
_LOCK = Lock()


@cache
def _prepare() -> None:
    for name in ("Regular", "Bold"):
        font_manager.fontManager.addfont(str(FONTS / f"NotoSansSC-{name}.ttf"))
    matplotlib.rcParams.update(SETTINGS)


def cost_stack(study: Study, words: Words, width_mm: float = FULL_MM) -> str:
    """Cost over the term of the four alternatives by part; the total at the tip."""
    parts, order = views.stack_parts(study), views.alternatives_in_order(study)
    scale = views.stack_amounts(study, words)
    rows = [ALTERNATIVES.index(name) for name in order]

    def draw(axes: Axes) -> None:
        right, left = np.zeros(len(rows)), np.zeros(len(rows))
        for key, values in parts.items():
            values = values[rows] / scale.divisor
            start = np.where(values >= 0, right, left)
            _bars_across(axes, key, values, start)
            right, left = right + np.clip(values, 0, None), left + np.clip(values, None, 0)
        reach = max(float(right.max()), 1e-9)
        for k, name in enumerate(order):
            label = scale.label(study.kpis[name].present_cost)
            axes.text(right[k] + 0.012 * reach, k, label, va="center", fontsize=TEXT, fontweight="bold")
        axes.set_xlim(min(0.0, float(left.min())), reach * 1.12)
        _names_down(axes, [say.name(name, words, first=True) for name in order])

    return _draw(draw, width_mm, 12 + 7.5 * len(rows), left_mm=28, bare=True)


def _bars_across(axes: Axes, key: str, values: NDArray, start: NDArray) -> None:
    colour = getattr(LIGHT, views.PARTS[key])
    hatched = {"hatch": "////", "facecolor": LIGHT.page, "edgecolor": colour}
    hatch = hatched if key in views.PRICED else {"color": colour}
    axes.barh(np.arange(values.size), values, left=start, height=0.62, linewidth=0.5, **hatch)


def _names_down(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(length=0)


def energy_mix(study: Study, words: Words, width_mm: float = FULL_MM) -> str:
    """Who carries the load of each alternative, shares of the load."""
    shares, order = charts_operation.mix_shares(study), views.alternatives_in_order(study)
    rows = [ALTERNATIVES.index(name) for name in order]

    def draw(axes: Axes) -> None:
        start = np.zeros(len(rows))
        for key, colour_name in charts_operation.MIX:
            values, colour = shares[key][rows], getattr(LIGHT, colour_name)
            look = (
                {"hatch": "////", "facecolor": LIGHT.page, "edgecolor": colour}
                if key == "unserved"
                else {"color": colour}
            )
            axes.barh(range(len(rows)), values, left=start, height=0.62, linewidth=0.5, **look)
            for k, value in enumerate(values):
                if value > 0.07:
                    place = (start[k] + value / 2, k)
                    axes.text(
                        *place,
                        say.share(float(value), words),
                        ha="center",
                        va="center",
                        color=ink_on(colour),
                        fontsize=SMALL,
                    )
            start = start + values
        axes.set_xlim(0, 1)
        _names_down(axes, [say.name(name, words, first=True) for name in order])

    return _draw(draw, width_mm, 10 + 6.5 * len(rows), left_mm=28, bare=True)


def _value_ticks(axes: Axes, words: Words, unit: str, low: float | None = None, high: float | None = None) -> None:
    """Round values up the side, the unit on the lowest, faint lines."""
    bottom, top = axes.get_ylim()
    ticks = nice_ticks(bottom if low is None else low, top if high is None else high)
    decimals = _tick_decimals(ticks)
    texts = [words.number(tick, unit if k == 0 else "", decimals) for k, tick in enumerate(ticks)]
    axes.set_yticks(ticks, texts)
    axes.set_ylim(ticks[0], ticks[-1])
    axes.grid(axis="y", color=LIGHT.border, linewidth=0.5)
    axes.set_axisbelow(True)


def mean_load_mw(study: Study) -> NDArray[np.float64]:
    """Mean load by hour of day and month (24, months) of the first project year at full size, MW."""
    clock, kw = study.dispatch.clock, study.dispatch.series.load_kw
    key = clock.month_index * 24 + clock.hour
    sums, counts = np.bincount(key, kw, 24 * clock.months), np.bincount(key, minlength=24 * clock.months)
    return (sums / np.maximum(counts, 1)).reshape(clock.months, 24).T / 1000


def _tick_decimals(ticks: Sequence[float]) -> int:
    """Digits after the point that all ticks need, such as 1 for steps of 2.5."""
    return next(d for d in range(12) if all(abs(tick - round(tick, d)) <= 1e-9 * max(1.0, abs(tick)) for tick in ticks))


def load_map(study: Study, words: Words, width_mm: float = HALF_MM) -> str:
    """Mean load by hour of day (down) and month (across), from light (least) to dark (most)."""
    values, months = mean_load_mw(study), study.dispatch.clock.calendar_months()

    def draw(axes: Axes) -> None:
        colours = LinearSegmentedColormap.from_list("load", list(LIGHT.sequential))
        axes.imshow(values, aspect="auto", cmap=colours, interpolation="none")
        step = 1 if len(months) <= 6 else 2
        axes.set_xticks(range(0, len(months), step), [month_name(words, month) for month in months[::step]])
        axes.set_yticks([0, 6, 12, 18], [words.number(hour, words.t("charts.unit.h"), 0) for hour in (0, 6, 12, 18)])
        axes.spines["bottom"].set_visible(False)

    return _draw(draw, width_mm, 50, right_mm=4, left_mm=11)


def duration_curve(study: Study, words: Words, width_mm: float = HALF_MM) -> str:
    """Load sorted from the greatest to the least, with the import limit, MW over hours of the year."""
    clock, kw = study.dispatch.clock, np.sort(study.dispatch.series.load_kw)[::-1] / 1000
    hours = np.arange(kw.size) * clock.step_h
    thin = np.unique(np.linspace(0, kw.size - 1, 300).astype(int))
    limit = study.scenario.grid.import_limit_kw / 1000

    def draw(axes: Axes) -> None:
        axes.fill_between(hours[thin], kw[thin], color=LIGHT.control, alpha=0.18, linewidth=0)
        axes.plot(hours[thin], kw[thin], color=LIGHT.text, linewidth=1.3)
        axes.axhline(limit, color=LIGHT.grid, linewidth=1, linestyle="--")
        axes.set_ylim(0, max(float(kw[0]), limit) * 1.02 or 1.0)
        _value_ticks(axes, words, "MW", 0.0, max(float(kw[0]), limit))
        ticks = [tick for tick in nice_ticks(0, float(hours[-1]), 5)[1:] if tick <= hours[-1]]
        texts = [words.number(tick, words.t("charts.unit.h") if k == 0 else "", 0) for k, tick in enumerate(ticks)]
        axes.set_xticks(ticks, texts)
        axes.set_xlim(0, hours[-1])

    return _draw(draw, width_mm, 50, right_mm=4)


def bill_stack(study: Study, alternative: str, words: Words, width_mm: float = FULL_MM) -> str:
    """The utility bill of the first year by month and component."""
    parts = views.bill_parts(study, alternative, 1)
    shades = charts_cost.bill_colours(parts, LIGHT)
    names = views.bill_months(study, 1, words)
    return _month_stack(parts, shades, names, study.scenario.site.currency, words, width_mm)


def cost_by_month(study: Study, alternative: str, words: Words, width_mm: float = FULL_MM) -> str:
    """Running costs of the first months or years by part, for a plan without a bill."""
    parts = views.period_parts(study, alternative)
    shades = {key: getattr(LIGHT, views.PARTS[key]) for key in parts}
    names = views.period_labels(study, words)
    return _month_stack(parts, shades, names, study.scenario.site.currency, words, width_mm)


def _month_stack(parts: dict, shades: dict, names: Sequence[str], currency: str, words: Words, width_mm: float) -> str:
    top = float(sum(np.clip(values, 0, None) for values in parts.values()).max()) if parts else 1.0
    scale = amounts(words, top, currency)

    def draw(axes: Axes) -> None:
        right, left = np.zeros(len(names)), np.zeros(len(names))
        for key, values in parts.items():
            values = values / scale.divisor
            look = {"color": shades[key]}
            if key in views.PRICED:
                look = {"hatch": "////", "facecolor": LIGHT.page, "edgecolor": shades[key]}
            axes.bar(
                range(len(names)), values, bottom=np.where(values >= 0, right, left), width=0.7, linewidth=0.4, **look
            )
            right, left = right + np.clip(values, 0, None), left + np.clip(values, None, 0)
        step = max(1, -(-len(names) // 16))
        axes.set_xticks(range(0, len(names), step), list(names)[::step])
        axes.set_xlim(-0.6, len(names) - 0.4)
        _value_ticks(axes, words, scale.unit, float(left.min()), float(right.max()))

    return _draw(draw, width_mm, 48)


def dispatch_day(study: Study, trace: Trace, span: Span, words: Words, width_mm: float = HALF_MM) -> str:
    """One day of the hybrid: power by source with the load line, below it the battery's charge and reserve."""
    clock = study.dispatch.clock
    steps = span.steps(clock)
    hours = np.arange(steps.stop - steps.start + 1) * clock.step_h
    bands = charts_operation.bands_kw(trace, steps)
    has_battery = study.scenario.storage.exists

    def draw(axes: Axes) -> None:
        base = np.zeros(hours.size)
        for key, values in bands.items():
            top = base + np.append(values, values[-1]) / 1000
            colour = getattr(LIGHT, dict(charts_operation.BANDS)[key])
            look = (
                {"hatch": "////", "facecolor": LIGHT.page, "edgecolor": colour}
                if key == "unserved"
                else {"color": colour}
            )
            axes.fill_between(hours, base, top, step="post", linewidth=0, **look)
            base = top
        load = np.append(trace.load_kw[steps], trace.load_kw[steps][-1:]) / 1000
        axes.step(hours, load, where="post", color=LIGHT.text, linewidth=1.2)
        high = max(float(base.max()), float(load.max()), 1e-6)
        _outage_bands(axes, study, steps)
        axes.set_ylim(0, high)
        small = high < 0.1
        axes.set_yticks(*_power_ticks(high, words, small))
        axes.set_ylim(0, high * 1.04)
        axes.grid(axis="y", color=LIGHT.border, linewidth=0.5)
        axes.set_axisbelow(True)
        _hour_ticks(axes, words, labels=not has_battery)
        if has_battery:
            _charge_axes(axes, study, trace, steps, hours, words)

    return _draw(draw, width_mm, 46, bottom_mm=19 if has_battery else 7, right_mm=3, left_mm=13)


def _power_ticks(high_mw: float, words: Words, small: bool) -> tuple[list[float], list[str]]:
    factor, unit = (1000.0, "kW") if small else (1.0, "MW")
    ticks = nice_ticks(0, high_mw * factor, 4)
    texts = [words.number(tick, unit if k == 0 else "", _tick_decimals(ticks)) for k, tick in enumerate(ticks)]
    return [tick / factor for tick in ticks], texts


def _outage_bands(axes: Axes, study: Study, steps: slice) -> None:
    step_h = study.dispatch.clock.step_h
    for run in outage_runs(study.dispatch.series.grid_up):
        first, last = max(run.first, steps.start), min(run.first + run.steps, steps.stop)
        if first < last:
            axes.axvspan(
                (first - steps.start) * step_h,
                (last - steps.start) * step_h,
                color=LIGHT.unserved,
                alpha=0.14,
                linewidth=0,
            )


def _hour_ticks(axes: Axes, words: Words, labels: bool) -> None:
    axes.set_xlim(0, 24)
    texts = [words.number(hour, words.t("charts.unit.h") if hour == 0 else "", 0) for hour in (0, 6, 12, 18, 24)]
    axes.set_xticks([0, 6, 12, 18, 24], texts if labels else [""] * 5)


def _charge_axes(axes: Axes, study: Study, trace: Trace, steps: slice, hours: NDArray, words: Words) -> None:
    below = axes.figure.add_axes((axes.get_position().x0, 0.13, axes.get_position().width, 0.2))
    charge = charts_operation.charge_fractions(study, 1, trace, steps) * 100
    below.fill_between(hours, charge, color=LIGHT.battery, alpha=0.18, linewidth=0)
    below.plot(hours, charge, color=LIGHT.battery, linewidth=1.2)
    below.axhline(study.scenario.dispatch.reserve_fraction * 100, color=LIGHT.muted, linewidth=0.7, linestyle=":")
    below.set_ylim(0, 100)
    below.set_yticks([0, 100], [words.number(0, "%"), "100"])
    _style(below)
    _hour_ticks(below, words, labels=True)


def bridge(
    steps: Sequence[tuple[str, float, str]], divisor: float, write: Callable[[float], str], width_mm: float = FULL_MM
) -> str:
    """A waterfall: (label, amount, colour), first and last are totals, the rest are changes; they add up exactly."""

    def draw(axes: Axes) -> None:
        running = 0.0
        tops = []
        for k, (_, amount, colour) in enumerate(steps):
            is_total = k in (0, len(steps) - 1)
            start = 0.0 if is_total else running
            axes.bar(k, amount / divisor, bottom=start / divisor, width=0.62, color=colour)
            running = amount if is_total else running + amount
            tops.append(max(start, start + amount))
            sign = "" if is_total or amount < 0 else "+"
            text = f"{sign}{write(amount)}"
            axes.text(k, tops[-1] / divisor, text, ha="center", va="bottom", fontsize=SMALL)
        axes.set_xticks(range(len(steps)), [_wrapped(label) for label, _, _ in steps])
        axes.set_ylim(0, max(tops) / divisor * 1.1 or 1.0)
        axes.set_yticks([])

    return _draw(draw, width_mm, 62, bottom_mm=12, left_mm=3, bare_left=True)


def _wrapped(label: str, width: int = 11) -> str:
    """A label over two lines where it is wider than so many Latin letters: broken before a bracket, at a space, or in
    the middle."""
    if sum(WIDE if unicodedata.east_asian_width(sign) in "WF" else 1.0 for sign in label) <= width:
        return label
    bracket, blank = label.find("\uff08", 2), label.rfind(" ", 0, width + 1)
    if bracket < 0 and blank > 0:
        return f"{label[:blank]}\n{label[blank + 1 :]}"
    cut = bracket if bracket > 0 else (len(label) + 1) // 2
    return label if label.isascii() else f"{label[:cut]}\n{label[cut:]}"


def energy_ladder(rungs: Sequence[tuple[str, float]], words: Words, width_mm: float = HALF_MM) -> str:
    """From nameplate to what is left at the end of the term, kWh."""

    def draw(axes: Axes) -> None:
        values = [value for _, value in rungs]
        shades = [LIGHT.battery if k in (0, len(rungs) - 1) else LIGHT.battery_light for k in range(len(rungs))]
        axes.barh(range(len(rungs)), values, height=0.6, color=shades)
        for k, value in enumerate(values):
            axes.text(
                value + 0.015 * values[0], k, say.energy(value, words), va="center", fontsize=SMALL, fontweight="bold"
            )
        axes.set_xlim(0, values[0] * 1.28 or 1.0)
        _names_down(axes, [_wrapped(label, 16) for label, _ in rungs])

    return _draw(draw, width_mm, 48, left_mm=27, bare=True)


def power_by_month(found: DeliveryPlan, words: Words, width_mm: float = FULL_MM) -> str:
    """MW wanted and MW there by alternative, month by month."""
    months = charts_when.shown_months(found)
    lines = [(power.available_mw, LIGHT.alternatives[name], "-") for name, power in found.power.items()]
    lines.append((found.power["hybrid"].wanted_mw, LIGHT.text, ":"))

    def draw(axes: Axes) -> None:
        for values, colour, style in lines:
            axes.step(range(months + 1), [*values[:months], values[months - 1]], colour, where="post", linestyle=style)
        axes.set_ylim(0, max(float(values[:months].max()) for values, *_ in lines) * 1.06 or 1.0)
        axes.set_xlim(0, months)
        ticks = charts_when.month_ticks(months)
        axes.set_xticks(ticks, charts_when.month_texts(ticks, words))

    return _draw(draw, width_mm, 48, left_mm=14, right_mm=12)


def power_legend(found: DeliveryPlan, words: Words) -> list[tuple[str, str]]:
    return charts_when.legend(found, words, dark=False)


def health_curve(study: Study, words: Words, width_mm: float = HALF_MM) -> str:
    """Mean capacity of each project year over nameplate, with the level at which cells are replaced."""
    health, level = study.dispatch.life.health * 100, study.scenario.storage.end_of_life_fraction * 100

    def draw(axes: Axes) -> None:
        years = np.arange(1, health.size + 1)
        axes.bar(years, health, width=0.7, color=LIGHT.battery)
        axes.axhline(level, color=LIGHT.text, linewidth=0.8, linestyle="--")
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 50, 100], [words.number(0, "%"), "50", "100"])
        ticks = [year for year in years if year == 1 or year % max(1, -(-years.size // 6)) == 0]
        axes.set_xticks(ticks, [words.t("charts.first_year", n=tick) if tick == 1 else str(tick) for tick in ticks])
        axes.grid(axis="y", color=LIGHT.border, linewidth=0.5)
        axes.set_axisbelow(True)

    return _draw(draw, width_mm, 48, right_mm=4)


def cash_flow(study: Study, words: Words, width_mm: float = FULL_MM) -> str:
    """The hybrid's flow against the baseline by period; running total dashed, discounted running total solid."""
    monthly, rate = views.monthly_difference(study), study.scenario.finance.discount_rate
    today = monthly * metrics.discount_factors(rate, monthly.size, metrics.MONTHLY)
    flows, discounted_flows = (by_period(line, study.scenario.site.term_months) for line in (monthly, today))
    plain, discounted = flows.cumsum(), discounted_flows.cumsum()
    reach = [min(flows.min(), plain.min(), discounted.min(), 0.0), max(flows.max(), plain.max(), discounted.max(), 0.0)]
    scale = amounts(words, max(abs(reach[0]), abs(reach[1])) or 1.0, study.scenario.site.currency)

    def draw(axes: Axes) -> None:
        at = np.arange(flows.size)
        shades = [LIGHT.battery if value >= 0 else LIGHT.genset for value in flows]
        axes.bar(at, flows / scale.divisor, width=0.66, color=shades)
        axes.plot(at, plain / scale.divisor, color=LIGHT.text, linewidth=1.1, linestyle="--")
        axes.plot(at, discounted / scale.divisor, color=LIGHT.text, linewidth=1.4)
        axes.axhline(0, color=LIGHT.muted, linewidth=0.7)
        labels = views.period_labels(study, words)
        step = max(1, -(-flows.size // 16))
        axes.set_xticks(at[::step], labels[::step])
        axes.set_xlim(-0.6, flows.size - 0.4)
        _value_ticks(axes, words, scale.unit, reach[0] / scale.divisor, reach[1] / scale.divisor)

    return _draw(draw, width_mm, 48)


def turning_bars(points: Sequence[TurningPoint], labels: Sequence[tuple[str, str]], width_mm: float = FULL_MM) -> str:
    """Distance of each input from the value at which the answer turns; `labels` are (text, distance)."""

    def draw(axes: Axes) -> None:
        for k, (point, (text, distance)) in enumerate(zip(points, labels, strict=True)):
            length = 1.0 if point.distance is None else min(1.0, point.distance)
            axes.barh(k, 1.0, height=0.2, color=LIGHT.fill)
            axes.barh(k, length, height=0.2, color=LIGHT.text if length < 1 else LIGHT.control)
            axes.text(0, k - 0.24, text, va="bottom", fontsize=SMALL)
            axes.text(1, k - 0.24, distance, va="bottom", ha="right", fontsize=SMALL, fontweight="bold")
        axes.set_xlim(0, 1)
        axes.set_ylim(len(points) - 0.6, -0.85)
        axes.set_yticks([])

    return _draw(draw, width_mm, 4 + 8.5 * max(1, len(points)), left_mm=1, right_mm=1, bottom_mm=1, bare=True)


def emissions(study: Study, words: Words, width_mm: float = FULL_MM) -> str:
    """Tonnes of CO2 over the term by alternative."""
    order = views.alternatives_in_order(study)

    def draw(axes: Axes) -> None:
        values = [study.kpis[name].co2_t for name in order]
        axes.barh(range(len(order)), values, height=0.6, color=[LIGHT.alternatives[name] for name in order])
        for k, value in enumerate(values):
            axes.text(
                value + 0.01 * max(values), k, words.number(value, "t"), va="center", fontsize=TEXT, fontweight="bold"
            )
        axes.set_xlim(0, max(values) * 1.15 or 1.0)
        _names_down(axes, [say.name(name, words, first=True) for name in order])

    return _draw(draw, width_mm, 8 + 6.5 * len(order), left_mm=28, bare=True)


def _draw(
    draw,
    width_mm: float,
    height_mm: float,
    *,
    left_mm: float = 20,
    right_mm: float = 2,
    bottom_mm: float = 7,
    bare: bool = False,
    bare_left: bool = False,
) -> str:
    """Set up a page-sized figure with fixed margins, let `draw` fill its axes, give the SVG."""
    with _LOCK:
        _prepare()
        figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4), facecolor="none")
        FigureCanvasSVG(figure)
        bottom = 1.0 if bare else bottom_mm
        box = (
            left_mm / width_mm,
            bottom / height_mm,
            1 - (left_mm + right_mm) / width_mm,
            1 - (bottom + 3) / height_mm,
        )
        axes = figure.add_axes(box, facecolor="none")
        draw(axes)
        _style(axes)
        if bare:
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
        if bare or bare_left:
            axes.spines["left"].set_visible(False)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _style(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT.border)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=LIGHT.muted, pad=2)
    for label in axes.get_yticklabels():
        label.set_color(LIGHT.text if axes.spines["bottom"].get_visible() is False else LIGHT.muted)
