"""What a vendor adds to a study: who, to whom, what, for how much, until when. Nothing of it changes a figure."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import ClassVar

from matplotlib.ft2font import FT2Font
from PIL import Image, UnidentifiedImageError
from pydantic import ConfigDict

from report.paper.attached import check_attachments
from report.paper.offer_rows import (
    AS_SAVED,
    LONGEST_PASSAGE,
    MOST_ROWS,
    MOST_VARIANTS,
    Attachment,
    Item,
    OfferGuarantee,
    OfferStep,
    OfferVariant,
    OfferWarranty,
    Payment,
)
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
    "variants",
    "deal",
    "risk",
    "carbon",
    "permits",
    "commercial",
    "annex",
    "constants",
)
PAPERS = ("bills", "contract", "curve", "single_line", "site", "shifts")
LONGEST = {"client": 120, "vendor": 120, "contact": 200, "title": 120, "terms": 3000} | {
    "number": 40,
    "revision": 20,
    "changes": 600,
    "address": 200,
    "tax_id": 60,
    "signatory": 120,
    "client_address": 200,
    "client_signatory": 120,
    "exclusions": 3000,
    "size_reason": 600,
}
# What a company says in every offer alike.
PROFILE = (
    *("vendor", "contact", "address", "tax_id", "signatory", "logo", "accent"),
    *("terms", "exclusions", "payments", "warranties", "guarantees", "notes"),
)
TABLES: dict[str, type] = {
    "items": Item,
    "steps": OfferStep,
    "payments": Payment,
    "warranties": OfferWarranty,
    "guarantees": OfferGuarantee,
}
LOGO_MAX_BYTES = 1_000_000
LOGO_MAX_PX, LOGO_PRINTED_PX = 4000, 1600
LOGO_KINDS = ("PNG", "JPEG")
CURVE_MINUTES = 15
ROUNDING = 5e-3  # of shares typed as whole percents
DAMAGED = Problem("{name}: the picture is damaged; save it again")
HOLE = "□"


@dataclass(frozen=True)
class Offer:
    """`papers` are the client's documents at hand (keys of `PAPERS`); `chapters` those wanted, in any order. Dates are
    ISO or empty. `accent` is #RRGGBB. Logos are PNG or JPEG; an empty `logo` is PowerLadder's own. `notes`: the
    author's words by chapter; `size_reason`: why this size; `changes`: what this revision changed; `variants`: other
    inputs for the same site, shown beside those that are offered.

    Raises Refusal with a sentence naming the field.
    """

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
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
    number: str = ""
    revision: str = ""
    changes: str = ""
    address: str = ""
    tax_id: str = ""
    signatory: str = ""
    client_logo: bytes = b""
    client_address: str = ""
    client_signatory: str = ""
    items: tuple[Item, ...] = ()
    steps: tuple[OfferStep, ...] = ()
    payments: tuple[Payment, ...] = ()
    warranties: tuple[OfferWarranty, ...] = ()
    guarantees: tuple[OfferGuarantee, ...] = ()
    exclusions: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    size_reason: str = ""
    attachments: tuple[Attachment, ...] = ()
    variants: tuple[OfferVariant, ...] = ()

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
        for name in ("logo", "client_logo"):
            _check_logo(name, getattr(self, name))
        for known, names in (("papers", PAPERS), ("chapters", CHAPTERS), ("notes", CHAPTERS)):
            _check_known(known, getattr(self, known), names)
        _check_rows(self)
        check_attachments(self.attachments)

    @property
    def picture(self) -> bytes:
        """The logo drawn anew as a PNG, without whatever else its file holds; empty where there is none."""
        return drawn_anew(self.logo) if self.logo else b""

    @property
    def all_texts(self) -> Iterator[str]:
        """Every text somebody typed."""
        for given in fields(self):
            value = getattr(self, given.name)
            if isinstance(value, str):
                yield value
        yield from self.notes.values()
        for name in TABLES:
            for row in getattr(self, name):
                yield from (value for value in vars(row).values() if isinstance(value, str))
        yield from (one.name for one in self.attachments)
        yield from (one.name for one in self.variants)


def with_papers_of(offer: Offer, scenario: Scenario) -> Offer:
    """The offer with the documents that are in the scenario itself."""
    return replace(offer, papers=offer.papers | entered(scenario))


def entered(scenario: Scenario) -> frozenset[str]:
    """The client's documents that the figures rest on: a year of bills, a load curve measured finely enough."""
    load, months = scenario.load, {bill.calendar_month for bill in scenario.bills}
    is_fine = load.kind == "meter" and load.meter is not None and load.meter.step_minutes <= CURVE_MINUTES
    found = {"bills": len(months) == 12, "curve": is_fine}
    return frozenset(name for name, has in found.items() if has)


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


def _check_logo(name: str, logo: bytes) -> None:
    if not logo:
        return
    if len(logo) > LOGO_MAX_BYTES:
        raise Refusal("{name}: {size:.1f} MB is too large; use 1 MB or less", name=Named(name), size=len(logo) / 1e6)
    try:
        with Image.open(io.BytesIO(logo), formats=LOGO_KINDS) as picture:
            longest = max(picture.size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        longest = None
    except UnidentifiedImageError as error:
        raise Refusal(
            "{name}: this is neither a PNG nor a JPEG picture; save it as one of these", name=Named(name)
        ) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal(DAMAGED, name=Named(name)) from error
    if longest is None or longest > LOGO_MAX_PX:
        raise Refusal(
            "{name}: it has too many pixels; use {most:,} or fewer a side", name=Named(name), most=LOGO_MAX_PX
        )
    drawn_anew(logo, name)


@lru_cache(maxsize=8)
def drawn_anew(logo: bytes, name: str = "logo") -> bytes:
    """A picture as a PNG without whatever else its file holds."""
    try:
        with Image.open(io.BytesIO(logo), formats=LOGO_KINDS) as picture:
            picture.thumbnail((LOGO_PRINTED_PX, LOGO_PRINTED_PX))
            drawn = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal(DAMAGED, name=Named(name)) from error
    stream = io.BytesIO()
    drawn.save(stream, "PNG")
    return stream.getvalue()


def _check_rows(offer: Offer) -> None:
    for name, most in (dict.fromkeys(TABLES, MOST_ROWS) | {"variants": MOST_VARIANTS}).items():
        count = len(getattr(offer, name))
        if count > most:
            counts = {"count": count, "most": most}
            raise Refusal("{name}: {count} rows are too many; use {most} or fewer", name=Named(name), **counts)
    for text in offer.notes.values():
        if len(text) > LONGEST_PASSAGE:
            counts = {"count": len(text), "longest": LONGEST_PASSAGE}
            raise Refusal(
                "{name}: {count} characters are too many; use {longest} or fewer", name=Named("notes"), **counts
            )
    names = [one.name for one in offer.variants]
    if twice := [name for name in names if names.count(name) > 1]:
        raise Refusal("{name}: '{given}' stands twice; give each its own name", name=Named("variants"), given=twice[0])
    paid = sum(payment.share for payment in offer.payments)
    if offer.payments and abs(paid - 1) > ROUNDING:
        raise Refusal("{name}: the shares add up to {sum:.0%}; make them 100 %", name=Named("payments"), sum=paid)


def _check_known(name: str, given: Collection[str], known: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        values = {"name": Named(name), "given": unknown[0], "known": known}
        raise Refusal("{name}: there is no '{given}'; choose from {known}", **values)
