"""A proposal as one plain object for each language, made from one Study: what the PDF sets and the preview shows.

A chapter whose numbers do not exist is left out; there is never an empty frame.
"""

from __future__ import annotations

from typing import Any

from i18n import Words
from report.paper import commercial, constants, deal, delivery, money, operation, plant, site, terms, variants
from report.paper.blocks import Draft
from report.paper.front import cover, decision, project_name
from report.paper.grade import grade_of
from report.paper.offer import CHAPTERS, Offer, missing_characters, with_papers_of
from report.text.currency import words_for
from sim.inputs.register import unverified
from study.beside import Beside
from study.study import Study

WRITERS = {
    "bill": site.bill,
    "load": site.load,
    "alternatives": plant.alternatives,
    "solution": plant.solution,
    "delivery": delivery.delivery,
    "operation": operation.operation,
    "bridge": money.bridge,
    "resilience": operation.resilience,
    "money": money.money,
    "variants": variants.variants,
    "deal": deal.contract,
    "risk": money.risk,
    "carbon": money.carbon,
    "permits": terms.permits,
    "commercial": terms.commercial,
    "annex": terms.annex,
    "constants": constants.constants,
}


def proposal(
    study: Study,
    language: str,
    offer: Offer | None = None,
    extra: Beside | None = None,
) -> dict[str, Any]:
    """Cover, decision page and the chapters asked for, in one language. Without `extra` the paper
    has neither other controls nor other battery sizes."""
    offer = with_papers_of(offer or Offer(), study.scenario)
    texts = words_for(study.scenario, language)
    draft = Draft(study, texts, offer, frozenset(unverified(study.scenario)), extra)
    return {
        "lang": draft.words.language,
        "document_title": draft.t("document_title", project=project_name(draft)),
        "cover": cover(draft),
        "decision": decision(draft),
        "contents": draft.t("contents"),
        "tables_title": draft.words.t("paper.tables_title"),
        "chapters": _chapters(draft),
        "attachments": commercial.appended(draft),
        "footer": draft.t("footer", code=study.fingerprint, vat=draft.t(f"basis.{study.scenario.finance.vat_basis}")),
        "header": f"{study.fingerprint}",
    }


def _chapters(draft: Draft) -> list[dict[str, Any]]:
    """The chapters asked for, each with the author's own words first; the terms stand behind that of scope."""
    found = []
    for key in CHAPTERS:
        block = WRITERS[key](draft) if key in draft.offer.chapters else None
        if block:
            found.append(block | {"blocks": [*commercial.author_note(draft, key), *block["blocks"]]})
        terms_of_offer = commercial.terms(draft) if key == "commercial" else None
        if terms_of_offer:
            found.append(terms_of_offer)
    return found


def warnings(study: Study, offer: Offer, texts: Words) -> list[str]:
    """Sentences about what the paper cannot show as given: characters that the font lacks."""
    lacking = missing_characters(*offer.all_texts, study.scenario.site.name)
    return [texts.t("proposal.warning.characters", characters=" ".join(lacking[:20]))] if lacking else []


def grade_name(study: Study, offer: Offer, texts: Words) -> str:
    """How far the document can be relied on, in words."""
    draft = Draft(study, texts, offer, frozenset(unverified(study.scenario)))
    return draft.t(f"grade.{grade_of(draft)}")


def chapter_titles(texts: Words) -> dict[str, str]:
    """All chapters by key, in their order."""
    return {key: texts.t(f"proposal.chapter.{key}") for key in CHAPTERS}
