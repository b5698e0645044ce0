"""The strategy table in the proposal's operation chapter, with the saving it reaches in the simulator."""

from __future__ import annotations

from report.paper.blocks import Block, Draft, heading, small, table
from report.screen import strategy
from study.foresight import bound, cost_of_trace, not_covered


def strategy_blocks(draft: Draft) -> list[Block]:
    """The table the site's control is to follow and what it saves, where the scenario has one."""
    scenario, words = draft.study.scenario, draft.words
    if not strategy.has_table(scenario):
        return []
    head = [words.t(f"control.paper.{key}") for key in ("month", "days", "charge", "discharge", "threshold")]
    rows = strategy.month_rows(scenario, words)
    return [
        heading(words.t("control.paper.title")),
        table(head, rows, align="lllll", widths=[1.2, 1.1, 2.2, 2.2, 0.9]),
        small(_strategy_saving(draft)),
    ]


def _strategy_saving(draft: Draft) -> str:
    study, words = draft.study, draft.words
    year = study.scenario.dispatch.shave_limits_year
    found = None if not_covered(study) else bound(study, 1)
    if found is None:
        return words.t("control.paper.saving_only", year=year)
    cost = cost_of_trace(study, 1, found, study.dispatch.trace("hybrid", 1))
    share = found.share(cost)
    if share is None:
        return words.t("control.paper.saving_only", year=year)
    saving = draft.money(found.without_battery.total - cost.total)
    return words.t("control.paper.saving", saving=saving, share=words.percent(share), year=year)
