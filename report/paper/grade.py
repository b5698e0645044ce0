"""How far a document can be relied on, from what its figures rest on. A document that the client has sent and nobody
has entered raises nothing: it is only said to be received."""

from __future__ import annotations

from typing import Literal

from report.paper.blocks import Draft
from report.paper.offer import PAPERS, entered
from report.text import say

Grade = Literal["screening", "budget", "firm"]
ENTERED = ("bills", "curve")  # what is known to be used: the others have no input of their own


def grade_of(draft: Draft) -> Grade:
    """Budget: a year of bills and a measured curve are in the inputs. Firm: besides, no input in use is unverified, and
    every item is offered at a firm price with a date."""
    if entered(draft.study.scenario) < set(ENTERED):
        return "screening"
    return "budget" if draft.weak or not is_priced(draft) else "firm"


def is_priced(draft: Draft) -> bool:
    """Whether the offer has firm dated prices for all that it brings."""
    offer = draft.offer
    brought = [item for item in offer.items if item.status != "excluded"]
    firm = all(item.status == "firm" and item.price is not None for item in brought)
    return bool(brought and firm and offer.issued and offer.valid_until)


def grade_note(draft: Draft) -> str:
    """What holds and what does not, and what the grade is good for."""
    found = entered(draft.study.scenario)
    received = [draft.t(f"paper.{name}") for name in PAPERS if name in draft.offer.papers - found]
    sentences = [
        draft.t("grade.load_measured" if "curve" in found else "grade.load_modelled"),
        draft.t("grade.bills_entered" if "bills" in found else "grade.bills_modelled"),
        draft.t("grade.prices_offered" if is_priced(draft) else "grade.prices_default"),
        draft.t("grade.unverified", n=len(draft.weak)) if draft.weak else "",
        draft.t("grade.received", list=say.listed(received, draft.words)) if received else "",
        draft.t(f"grade.{grade_of(draft)}_note"),
    ]
    return say.joined(filter(None, sentences), draft.words)
