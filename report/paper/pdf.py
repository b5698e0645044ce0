"""A proposal as PDF (tagged, PDF/UA-1 and PDF/A-3a, with its study attached) or as pictures of its pages. Text of users
reaches the template as data, never as markup; the template reads nothing but its own folder and the shipped fonts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import typst

from report.carry.places import attachments
from report.carry.texts import texts_of
from report.palette import LIGHT
from report.paper.offer import Offer
from report.paper.proposal import proposal
from report.paper.saved import offer_text
from study.beside import Beside
from study.study import Study

ASSETS = Path(__file__).resolve().parents[2] / "assets"
TEMPLATE = ASSETS / "templates" / "proposal.typ"
STANDARDS: Any = ["ua-1", "a-3a"]
LANGUAGES = {"en": ("en",), "zh": ("zh",), "both": ("zh", "en")}


def proposal_pdf(
    study: Study,
    language: str = "en",
    offer: Offer | None = None,
    extra: Beside | None = None,
) -> bytes:
    """The PDF in "en", "zh", or "both" one after the other. The same study and offer give the same bytes."""
    return pdf(data(study, language, offer, extra))


def data(
    study: Study,
    language: str,
    offer: Offer | None = None,
    extra: Beside | None = None,
) -> dict[str, Any]:
    """All that the template needs. Raises ValueError for a language that is not there."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no language '{language}'; choose one of {', '.join(LANGUAGES)}")
    offer = offer or Offer()
    return {
        "parts": [proposal(study, code, offer, extra) for code in LANGUAGES[language]],
        "form": "proposal",
        "date": offer.issued or f"{study.scenario.site.start}-01",
        "author": offer.vendor or "PowerLadder",
        "accent": offer.accent,
        "logo": {"bytes": list(offer.picture or _own_logo()), "format": "png" if offer.logo else "svg"},
        "files": attachments(texts_of(study, language, offer_text(offer))),
        "colours": {name: getattr(LIGHT, name) for name in ("text", "muted", "fill", "border", "battery", "unserved")},
    }


def board(study: Study, language: str, offer: Offer | None = None) -> dict[str, Any]:
    """One page for those who decide: the answer, six figures, the alternatives, what would turn it, what is asked."""
    offer = offer or Offer()
    content = data(study, language, replace(offer, chapters=(), attachments=()))
    parts = [part | {"chapters": []} for part in content["parts"]]
    files = attachments(texts_of(study, language, offer_text(offer), "board"))
    return content | {"form": "board", "parts": parts, "files": files}


def pdf(content: dict[str, Any]) -> bytes:
    """Set the content and give a tagged PDF that passes PDF/UA-1 and PDF/A-3a."""
    return typst.compile(str(TEMPLATE), **_settings(content), format="pdf", pdf_standards=STANDARDS)


def pages(content: dict[str, Any], ppi: float = 80.0) -> list[bytes]:
    """Pictures of the pages, PNG."""
    found = typst.compile(str(TEMPLATE), **_settings(content), format="png", ppi=ppi)
    return found if isinstance(found, list) else [found]


def _settings(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "root": str(TEMPLATE.parent),
        "font_paths": [str(ASSETS / "fonts")],
        "ignore_system_fonts": True,
        "sys_inputs": {"data": json.dumps(content, ensure_ascii=False)},
    }


@cache
def _own_logo() -> bytes:
    return (ASSETS / "logo.svg").read_bytes()
