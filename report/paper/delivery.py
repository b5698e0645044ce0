"""The chapter about time: when each part is there, who has power when, and what waiting costs."""

from __future__ import annotations

from report.paper import charts as paper_charts
from report.paper.blocks import Block, Draft, chapter, chart, heading, prose, small, table
from report.text import when as when_text
from study.set_stops import set_stops
from study.timeline import DRAWS, arrival, plan


def delivery(draft: Draft) -> Block:
    """The plan by lead times, whether the study counts them or not."""
    found, words = plan(draft.study), draft.words
    blocks: list[Block | None] = [
        prose(when_text.basis(found, words)),
        table(
            when_text.part_heads(words),
            when_text.part_rows(found, words),
            caption=words.t("when.gantt_title"),
            align="lllll",
            widths=[1.1, 1, 1, 1, 1.9],
        ),
        chart(
            paper_charts.power_by_month(found, words),
            when_text.curve_alt(found, words),
            caption=words.t("when.curve_title"),
            legend=paper_charts.power_legend(found, words),
        ),
        table(when_text.tenth_heads(words), when_text.tenth_rows(found, words), caption=words.t("when.tenths_alt")),
        table(
            when_text.waiting_heads(words), when_text.waiting_rows(found, words), caption=words.t("when.waiting_title")
        ),
        small(words.t("when.drawn_note", n=DRAWS)),
    ]
    seen = arrival(draft.study)
    if seen is not None:
        blocks += [
            heading(words.t("when.arrival_title")),
            prose(when_text.arrival_line(seen, draft.study.baseline, words)),
        ]
    stops = set_stops(draft.study)
    if stops:
        blocks += [
            heading(when_text.stops_title(stops, words)),
            table(when_text.stops_heads(words), when_text.stops_rows(stops, words, draft.currency)),
            small(when_text.stops_note(draft.study, words)),
        ]
    return chapter(draft, "delivery", when_text.headline(found, words), blocks)
