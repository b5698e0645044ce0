"""Figures of variants side by side: the hybrid's cost stacks on one scale, running spending overlaid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from i18n import Words
from report.palette import palette
from report.screen.charts import FITTING_TEXT, SMALL_PX, TEXT_PX, Figure, axis, f32, figure, note, value_axis
from report.screen.cost import part_bars, term_axis
from report.text.amounts import Amounts, shared_amounts
from report.views import PARTS, stack_parts
from sim.dispatch.result import ALTERNATIVES
from study.answer import spending
from study.study import Study

HYBRID = ALTERNATIVES.index("hybrid")
PLOT_PX = 270
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def stack_scale(studies: Mapping[str, Study], words: Words) -> Amounts:
    """The money scale of both figures; all are in one currency."""
    first = next(iter(studies.values())).scenario.site.currency
    return shared_amounts(words, [study.kpis["hybrid"].present_cost for study in studies.values()], first)


def stacks(studies: Mapping[str, Study], words: Words, dark: bool) -> Figure:
    """One bar a variant: what the hybrid costs by part, in present value, the total at its tip."""
    colours, scale, names = palette(dark), stack_scale(studies, words), list(studies)
    parts = {
        part: np.array([_part(study, part) for study in studies.values()])
        for part in PARTS
        if any(part in stack_parts(study) for study in studies.values())
    }
    reach = np.maximum(sum(np.clip(values, 0, None) for values in parts.values()), 1e-9)
    data = [part_bars(part, values, names, reach.max(), scale, words, dark) for part, values in parts.items()]
    totals = [study.kpis["hybrid"].present_cost for study in studies.values()]
    notes = [
        note(f"<b>{scale.label(total)}</b>", float(end / scale.divisor), name, xshift=5, font={"size": TEXT_PX})
        for total, end, name in zip(totals, reach, names, strict=True)
    ]
    lowest = min(0.0, *(float(values.min()) for values in parts.values())) / scale.divisor
    across = axis(colours, visible=False, range=[lowest, float(reach.max()) / scale.divisor])
    down = axis(colours, autorange="reversed", tickfont={"size": TEXT_PX, "color": colours.text}, ticksuffix="\u2002")
    layout = {"barmode": "relative", "bargap": 0.35, "annotations": notes, "uniformtext": FITTING_TEXT}
    return figure(data, dark, xaxis=across, yaxis=down, margin={"l": 8, "r": 56, "t": 8, "b": 8}, **layout)


def _part(study: Study, part: str) -> float:
    found = stack_parts(study).get(part)
    return 0.0 if found is None else float(found[HYBRID])


def lines(studies: Mapping[str, Study], words: Words, dark: bool) -> Figure:
    """Running spending of the hybrid, a line a variant with its name at the end."""
    colours, scale = palette(dark), stack_scale(studies, words)
    data, notes, reach = [], [], []
    inks = (colours.battery, colours.grid, colours.pv, colours.genset, colours.text)
    for (name, study), ink, dash in zip(studies.items(), inks, DASHES, strict=False):
        found = spending(study)
        paid = found.paid[HYBRID] / scale.divisor
        line = {"color": ink, "width": 2, "dash": dash}
        trace = {"type": "scatter", "mode": "lines", "name": name, "x": f32(found.months), "y": f32(paid), "line": line}
        data.append(trace | {"hovertemplate": f"{name}: %{{y:,.3s}} {scale.unit}<extra></extra>"})
        end = float(found.months[-1])
        notes.append(note(f"<b>{name}</b>", end, float(paid[-1]), xshift=5, font={"size": SMALL_PX, "color": ink}))
        reach.append((end, float(paid.min()), float(paid.max())))
    term, low, high = max(end for end, _, _ in reach), min(low for _, low, _ in reach), max(top for _, _, top in reach)
    low, high = min(0.0, low), high or 1.0
    down = value_axis(colours, words, low, high, scale.unit, range=[1.04 * low - 0.01 * high, 1.04 * high])
    across = term_axis(term, words, colours) | {"range": [-0.015 * term, term]}
    margin = {"l": 8, "r": 92, "t": 26, "b": 8}
    return figure(data, dark, xaxis=across, yaxis=down, annotations=_apart(notes, high - low), margin=margin)


def _apart(notes: list[dict], span: float) -> list[dict]:
    """Names at the ends of lines, pushed up where they would lie on each other."""
    above, placed = -float("inf"), []
    for one in sorted(notes, key=lambda one: one["y"]):
        at = one["y"] / span * PLOT_PX
        above = max(at, above + TEXT_PX)
        placed.append(one | {"yshift": above - at})
    return placed
