"""What a vendor adds to a study: who, to whom, until when, on which terms. Nothing of it changes a figure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from matplotlib.ft2font import FT2Font

from sim.inputs.scenario import Scenario
from sim.inputs.text import clean
from sim.problem import Named, Refusal

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "NotoSansSC-Regular.ttf"
CHAPTERS = (
    "bill",
    "load",
    "alternatives",
    "solution",
    "operation",
    "bridge",
    "resilience",
    "money",
    "deal",
    "risk",
    "carbon",
    "permits",
    "commercial",
    "annex",
)
PAPERS = ("bills", "contract", "curve", "single_line", "site", "shifts")
LONGEST = {"client": 120, "vendor": 120, "contact": 200, "title": 120, "terms": 3000}
LOGO_MAX_BYTES = 1_000_000
LOGO_STARTS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
CURVE_MINUTES = 15
HOLE = "□"
Grade = Literal["screening", "budget", "firm"]
# Characters that no line of text needs: controls, and marks that turn the reading direction.


@dataclass(frozen=True)
class Offer:
    """`papers` are the client's papers at hand (keys of `PAPERS`); `chapters` those wanted, in any order. Dates are
    ISO or empty. `accent` is #RRGGBB. `logo` is a PNG or JPEG, or empty for PowerLadder's own.

    Raises Refusal with a sentence naming the field.
    """

    client: str = ""
    vendor: str = ""
    contact: str = ""
    title: str = ""
    terms: str = ""
    issued: str = ""
    valid_until: str = ""
    accent: str = "#17344F"
    logo: bytes = b""
    papers: frozenset[str] = frozenset()
    chapters: tuple[str, ...] = CHAPTERS

    def __post_init__(self) -> None:
        for name, longest in LONGEST.items():
            length = len(getattr(self, name))
            if length > longest:
                counts = {"count": length, "longest": longest}
                raise Refusal(
                    "{name}: {count} characters are too many; use {longest} or fewer", name=Named(name), **counts
                )
        for name in ("issued", "valid_until"):
            _check_date(name, getattr(self, name))
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", self.accent):
            raise Refusal(
                "{name}: '{given}' is not a colour; write it as #17344F", name=Named("accent"), given=self.accent[:20]
            )
        _check_logo(self.logo)
        _check_known("papers", self.papers, PAPERS)
        _check_known("chapters", self.chapters, CHAPTERS)

    @property
    def logo_format(self) -> str:
        """ "png", "jpg", or "svg" for PowerLadder's own logo."""
        return next((kind for start, kind in LOGO_STARTS.items() if self.logo.startswith(start)), "svg")

    @property
    def grade(self) -> Grade:
        """How far the figures can be relied on, from the papers at hand alone; the inputs are judged beside it."""
        if self.papers >= set(PAPERS):
            return "firm"
        return "budget" if {"bills", "curve"} <= self.papers else "screening"


def with_papers_of(offer: Offer, scenario: Scenario) -> Offer:
    """The offer with the papers that are in the scenario itself: a year of bills, a measured load curve."""
    load, months = scenario.load, {bill.calendar_month for bill in scenario.bills}
    is_fine = load.kind == "meter" and load.meter is not None and load.meter.step_minutes <= CURVE_MINUTES
    found = {"bills": len(months) == 12, "curve": is_fine}
    return replace(offer, papers=offer.papers | {name for name, has in found.items() if has})


def printable(text: str) -> str:
    """`clean` text in which a box stands for a character the shipped font lacks."""
    return "".join(c if c == "\n" or ord(c) in characters() else HOLE for c in clean(text))


def missing_characters(*texts: str) -> str:
    """The characters of these texts that the shipped font lacks, each once, in order."""
    found = (c for text in texts for c in clean(text) if c != "\n" and ord(c) not in characters())
    return "".join(dict.fromkeys(found))


@cache
def characters() -> frozenset[int]:
    """Code points of the shipped font."""
    return frozenset(FT2Font(str(FONT)).get_charmap())


def _check_date(name: str, text: str) -> None:
    if not text:
        return
    try:
        date.fromisoformat(text)
    except ValueError:
        values = {"name": Named(name), "given": text[:20]}
        raise Refusal("{name}: '{given}' is not a date; write it as 2026-11-20", **values) from None


def _check_logo(logo: bytes) -> None:
    if not logo:
        return
    if len(logo) > LOGO_MAX_BYTES:
        raise Refusal("{name}: {size:.1f} MB is too large; use 1 MB or less", name=Named("logo"), size=len(logo) / 1e6)
    if not logo.startswith(tuple(LOGO_STARTS)):
        raise Refusal("{name}: this is neither a PNG nor a JPEG picture; save it as one of these", name=Named("logo"))


def _check_known(name: str, given: frozenset[str] | tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        values = {"name": Named(name), "given": unknown[0], "known": known}
        raise Refusal("{name}: there is no '{given}'; choose from {known}", **values)
