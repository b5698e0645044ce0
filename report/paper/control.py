"""The part of the operation chapter about who decides: the year under other controls, and computing that gives way."""

from __future__ import annotations

from report.paper.blocks import Block, Draft, heading, small, table, table_scale
from report.text import say
from study.compute import rule_effect
from study.controls import is_plain
from study.foresight import YearCost

PARTS = {"energy": ("energy", "export"), "demand": ("demand",), "supply": ("fuel", "lost")}


def controls(draft: Draft) -> list[Block]:
    """Cost and saving of a year under every control, and where each loses against perfect foresight."""
    if draft.extra is None or draft.extra.controls is None:
        return []
    found, words = draft.extra.controls, draft.words
    shares = {name: words.percent(share) for name, share in found.shares.items()}
    without = found.found.without_battery.total
    scale = table_scale(draft, without)

    def cells(name: str, cost: YearCost) -> list[str]:
        lost = found.lost(name)
        parts = [sum(getattr(lost, field) for field in fields) for fields in PARTS.values()]
        amounts = [cost.total, without - cost.total]
        return [
            words.t(f"control.name.{name}"),
            *(scale.text(value + 0.0) for value in amounts),
            shares[name],
            say.shares(found.redrawn.get(name, ()), words),
            *(scale.text(value + 0.0) for value in parts),
        ]

    rows = [cells(name, cost) for name, cost in found.costs.items()]
    own = "plain" if is_plain(draft.study.scenario) else "own"
    counted = words.t("paper.controls.counted", name=words.t(f"control.name.{own}"))
    heads = [words.t(f"control.column.{key}") for key in ("control", "cost", "saving", "share", "redrawn", *PARTS)]
    return [
        heading(words.t("control.title", plain=shares["plain"], forecast=shares["forecast"])),
        table(
            heads,
            rows,
            caption=words.t("paper.controls.caption", unit=scale.unit),
            widths=[1.4, 1, 0.9, 0.7, 1.1, 0.9, 0.9, 0.9],
            strong=[list(found.costs).index(own)],
        ),
        small(say.joined((words.t("control.note", year=1), counted, words.t("control.default")), words)),
    ]


def giving_way(draft: Draft) -> list[tuple[str, str]]:
    """The row about computing that gives way, where the study lets it."""
    study, words = draft.study, draft.words
    if not study.scenario.compute.in_use:
        return []
    effect = rule_effect(study)
    text = words.t(
        "paper.compute.text",
        hours=words.number(effect.hours, words.t("charts.unit.h"), 0),
        lost=words.number(effect.lost_gpu_h, decimals=0),
        share=say.share(effect.lost_gpu_h / effect.gpu_h if effect.gpu_h > 0 else 0.0, words),
        value=draft.money(effect.lost_value),
        saved=draft.money(effect.saved),
    )
    return [(words.t("paper.compute.name"), text)]


def order_text(draft: Draft, found: tuple[str, ...]) -> str:
    """Who supplies first, of what the plant has."""
    words = draft.words
    names = [words.t(f"paper.order.{name}") for name in ("pv", "grid", "battery") if name in found]
    text = words.t("paper.order.text", list=words.t("paper.order.then").join(names))
    return text + (words.t("paper.order.diesel") if "diesel" in found else "")
