"""The chapter of variants: the same site with other inputs, each a whole study beside the one that is offered."""

from __future__ import annotations

import json
from typing import Any

from report.paper.blocks import Block, Draft, chapter, small, table
from report.paper.offer_rows import OfferVariant
from report.text import variants as variants_text
from sim.inputs.scenario import Scenario
from study.difference import changes
from study.evaluate import evaluate

FIRST_WIDTH = 2.2


def variants(draft: Draft) -> Block | None:
    """What differs, and what it comes to; None where the offer names none that does."""
    words, offered = draft.words, draft.study.scenario
    others = {one.name: offered.with_(one.changes) for one in draft.offer.variants}
    apart = {name: evaluate(other) for name, other in others.items() if changes(offered, other)}
    if not apart:
        return None
    found = {draft.t("variants.own"): draft.study, **apart}
    names = list(found)
    widths = [FIRST_WIDTH, *(1.0 for _ in names)]
    rows = variants_text.differing({name: study.scenario for name, study in found.items()}, words)
    figures = variants_text.figures(found, words)
    return chapter(
        draft,
        "variants",
        variants_text.title(found, words),
        [
            table([words.t("compare.input"), *names], rows, caption=words.t("compare.inputs"), widths=widths),
            small(words.t("compare.inputs_note")),
            table(
                [words.t("answers.money.figure"), *names],
                [[row.name, *row.texts] for row in figures],
                caption=draft.t("variants.figures"),
                widths=widths,
            ),
        ],
    )


def variant_of(name: str, offered: Scenario, other: Scenario) -> OfferVariant:
    """Another scenario as what it changes in the one that is offered."""
    tree: Any = json.loads(other.to_json())
    return OfferVariant(name, {change.path: _at(tree, change.path) for change in changes(offered, other)})


def _at(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree[part]
    return tree
