"""What a vendor adds to a study: who, to whom, until when, on which terms. Nothing of it changes a figure."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from matplotlib.ft2font import FT2Font
from PIL import Image, UnidentifiedImageError

from sim.inputs.scenario import Scenario
from sim.inputs.text import clean
from sim.problem import Named, Problem, Refusal

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "NotoSansSC-Regular.ttf"
CHAPTERS = (
    "bill",
    "load",
    "alternatives",
    "solution",
    "delivery",
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
    "constants",
)
PAPERS = ("bills", "contract", "curve", "single_line", "site", "shifts")
LONGEST = {"client": 120, "vendor": 120, "contact": 200, "title": 120, "terms": 3000}
LOGO_MAX_BYTES = 1_000_000
LOGO_MAX_PX, LOGO_PRINTED_PX = 4000, 1600
LOGO_KINDS = ("PNG", "JPEG")
CURVE_MINUTES = 15
DAMAGED = Problem("{name}: the picture is damaged; save it again")
HOLE = "□"
Grade = Literal["screening", "budget", "firm"]


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
    def picture(self) -> bytes:
        """The logo drawn anew as a PNG, without whatever else its file holds; empty where there is none."""
        return _drawn_anew(self.logo) if self.logo else b""

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
    try:
        with Image.open(io.BytesIO(logo), formats=LOGO_KINDS) as picture:
            longest = max(picture.size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        longest = None
    except UnidentifiedImageError as error:
        raise Refusal(
            "{name}: this is neither a PNG nor a JPEG picture; save it as one of these", name=Named("logo")
        ) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal(DAMAGED, name=Named("logo")) from error
    if longest is None or longest > LOGO_MAX_PX:
        raise Refusal(
            "{name}: it has too many pixels; use {most:,} or fewer a side", name=Named("logo"), most=LOGO_MAX_PX
        )
    _drawn_anew(logo)


@lru_cache(maxsize=8)
def _drawn_anew(logo: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(logo), formats=LOGO_KINDS) as picture:
            picture.thumbnail((LOGO_PRINTED_PX, LOGO_PRINTED_PX))
            drawn = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal(DAMAGED, name=Named("logo")) from error
    stream = io.BytesIO()
    drawn.save(stream, "PNG")
    return stream.getvalue()


def _check_known(name: str, given: frozenset[str] | tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        values = {"name": Named(name), "given": unknown[0], "known": known}
        raise Refusal("{name}: there is no '{given}'; choose from {known}", **values)
