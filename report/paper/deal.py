"""The chapter of a contract: its terms, both parties' figures, the table of shares and flows by year, what to ask."""

from __future__ import annotations

import numpy as np

from report import views
from report.paper.blocks import Block, Draft, Scale, bullets, chapter, heading, prose, small, table, table_scale
from report.paper.tables import PERIODS_ON_A_PAGE, PERIODS_UPRIGHT
from report.text import deal as deal_text
from report.text import say
from study import deal
from study.deal import Outcome, agreed


def contract(draft: Draft) -> Block | None:
    """Who builds, who pays, who earns what; no chapter where the owner buys."""
    study, words, found = draft.study, draft.words, agreed(draft.study)
    if found is None:
        return None
    finding = deal_text.finding(study, found, words)
    return chapter(
        draft,
        "deal",
        finding,
        [
            prose(deal_text.terms_line(study, found, words)),
            table(
                deal_text.heads(deal_text.PARTY_COLUMNS, study, words),
                deal_text.party_rows(study, found, words),
                caption=words.t("deal.paper.parties"),
                widths=[0.8, 1.0, 1.2, 1.2, 1.2, 1.2],
            ),
            _price(draft, found),
            small(deal_text.wants(study, found, words)),
            _risks(draft, found),
            *_questions(draft, found),
            small(words.t("deal.paper.note")),
            *_years(draft, found),
        ],
    )


def _price(draft: Draft, found: Outcome) -> Block | None:
    split = deal.agreement(draft.study, found.contract)
    priced = deal.price_of(draft.study, found.contract)
    if split is None or priced is None:
        return None
    return prose(deal_text.zone(draft.study, split, priced[0], draft.words) + draft.words.t("financing.stop"))


def _risks(draft: Draft, found: Outcome) -> Block:
    """Which party each risk lies with, and what a saving 20 % lower costs each."""
    words, kind = draft.words, found.contract.kind
    bearers = deal_text.risk_rows({kind: found}, words)[0][1:]
    rows = [[words.t(f"deal.risk.{name}"), bearer] for name, bearer in zip(deal.RISKS, bearers, strict=True)]
    host, investor = deal.hit(draft.study, found)
    share = say.share(1 - deal.LESS, words)
    lost = words.t("deal.paper.less_text", host=draft.money(host), investor=draft.money(investor))
    return table(
        [words.t("deal.risk.title"), words.t("deal.paper.bearer")],
        [*rows, [words.t("deal.paper.less", share=share), lost]],
        align="ll",
        widths=[1.0, 2.0],
        caption=words.t("deal.paper.risks"),
    )


def _years(draft: Draft, found: Outcome) -> list[Block]:
    """The table of shares and both parties' flows, at most 16 periods on a page."""
    lines, labels = deal_text.lines_of(found), views.period_labels(draft.study, draft.words)
    scale = table_scale(draft, max(float(np.abs(line.values).max()) for line in lines if line.kind != "share"))
    blocks = []
    for first in range(0, len(labels), PERIODS_ON_A_PAGE):
        part = slice(first, first + PERIODS_ON_A_PAGE)
        rows = [[draft.words.t(f"deal.line.{line.key}"), *_cells(draft, line, part, scale)] for line in lines]
        blocks.append(
            table(
                [scale.unit, *labels[part]],
                rows,
                caption=draft.words.t("deal.paper.years", unit=scale.unit),
                strong=[k for k, line in enumerate(lines) if line.kind == "total"],
                wide=len(labels) > PERIODS_UPRIGHT,
                widths=[3.1] + [1.0] * len(labels[part]),
            )
        )
    return blocks


def _cells(draft: Draft, line: deal_text.PeriodRow, part: slice, scale: Scale) -> list[str]:
    if line.kind == "share":
        return [say.share(value, draft.words) if value else "" for value in line.values[part]]
    return [scale.text(value + 0.0) for value in line.values[part]]


def _questions(draft: Draft, found: Outcome) -> list[Block]:
    """What the checks found; nothing where they found nothing."""
    words = draft.words
    raised = [flag for flag in deal.flags(draft.study, found) if flag.raised]
    if not raised:
        return []
    texts = [f"{words.t(f'deal.flag.{flag.key}')} {deal_text.flag_text(draft.study, flag, words)}" for flag in raised]
    return [heading(words.t("deal.paper.flags")), bullets(texts)]
