"""What a document's file is called: for whom, what, which revision, of which day, in which language."""

from __future__ import annotations

import re

from i18n import words
from report.paper.offer import Offer
from report.text import say
from study.study import Study

UNSAFE = re.compile(r"[^\w.&+-]+")
LONGEST_PART = 40
KINDS = {"proposal": "Proposal", "board": "Summary", "workbook": "Model", "data": "Data"}


def document_name(study: Study, offer: Offer, kind: str, language: str, ending: str) -> str:
    """ "Acme_Johor-15-MW_Proposal_V1.2_2026-11-30_zh.pdf"; what the author left empty is left out, and the fingerprint
    stands where there is no revision."""
    texts = words("zh" if language == "zh" else "en")
    project = say.project(study.scenario, texts)
    made = offer.issued or f"{study.scenario.site.start}-01"
    parts = [offer.client, project, KINDS[kind], offer.revision or study.fingerprint, made, language]
    return "_".join(filter(None, map(_part, parts))) + f".{ending}"


def _part(text: str) -> str:
    """What every system takes in a file's name."""
    return UNSAFE.sub("-", text).strip("-._")[:LONGEST_PART].strip("-._")
