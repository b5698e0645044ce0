"""What a chart showed before the last change, as a thin mark beside what it shows now."""

from __future__ import annotations

from typing import Any

from i18n import Words
from report.palette import palette
from report.screen.charts import Figure, f32
from report.text import say
from report.views import alternatives_in_order, spending_amounts, stack_amounts
from sim.dispatch.result import ALTERNATIVES
from study.answer import spending
from study.decision import decision
from study.study import Study

TICK_PX = 30


def on_stack(figure: Figure, study: Study, former: Study, words: Words, dark: bool) -> Figure:
    """A tick in each bar of the cost stack where its total was."""
    scale, names = stack_amounts(study, words), alternatives_in_order(study)
    totals = [former.kpis[name].present_cost for name in names]
    ends = [total / scale.divisor for total in totals]
    ticks = {
        "type": "scatter",
        "mode": "markers",
        "meta": "former",
        "x": ends,
        "y": [say.name(name, words, first=True) for name in names],
        "marker": {"symbol": "line-ns", "size": TICK_PX, "line": {"width": 2, "color": palette(dark).text}},
        "customdata": [scale.label(total) for total in totals],
        "hovertemplate": f"{words.t('changed.before')}: %{{customdata}} {scale.unit}<extra>%{{y}}</extra>",
        "cliponaxis": False,
    }
    low, high = figure["layout"]["xaxis"]["range"]
    reach = [low, max(high, *ends)]
    return _with(figure, [ticks], {"xaxis": {**figure["layout"]["xaxis"], "range": reach}})


def on_lines(figure: Figure, study: Study, former: Study, words: Words, dark: bool) -> Figure:
    """Dotted, the running spending of the same two alternatives as it was."""
    scale, totals, colours = spending_amounts(study, words), spending(former), palette(dark)
    inks = {decision(study).rival: colours.alternatives[decision(study).rival], "hybrid": colours.battery}
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "meta": "former",
            "x": f32(totals.months),
            "y": f32(totals.paid[ALTERNATIVES.index(name)] / scale.divisor),
            "line": {"color": ink, "width": 1.5, "dash": "dot"},
            "hoverinfo": "skip",
        }
        for name, ink in inks.items()
    ]
    return _with(figure, lines, {})


def _with(figure: Figure, traces: list[dict[str, Any]], layout: dict[str, Any]) -> Figure:
    return {"data": [*figure["data"], *traces], "layout": {**figure["layout"], **layout}}
