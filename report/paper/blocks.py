"""What the chapters of a proposal are made of: plain blocks a template can set, and the draft they are written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from finance.figures import FIGURES, KeyFigure
from finance.metrics import Figure
from i18n import Words, numbers
from report.paper.offer import Offer
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from study.beside import Beside
from study.study import Study

Block = dict[str, Any]
LARGE_EN = 1e7


@dataclass(frozen=True, eq=False)
class Draft:
    """A study to be written up in one language. `weak`: the inputs in use that rest on unverified figures; `extra`:
    what takes longer to work out."""

    study: Study
    words: Words
    offer: Offer
    weak: frozenset[str] = field(default_factory=frozenset)
    extra: Beside | None = None

    def t(self, key: str, /, **values: object) -> str:
        return self.words.t(f"proposal.{key}", **values)

    @property
    def currency(self) -> str:
        return self.study.scenario.site.currency

    @property
    def baseline(self) -> str:
        """The baseline's name inside a sentence."""
        return say.name(self.study.baseline, self.words)

    @property
    def hybrid_row(self) -> int:
        return ALTERNATIVES.index("hybrid")

    @property
    def base_row(self) -> int:
        return ALTERNATIVES.index(self.study.baseline)

    def money(self, value: float) -> str:
        return self.words.money(value, self.currency)

    def price(self, value: float, unit: str) -> str:
        """Money for one unit of something: "0.512 CNY/kWh"."""
        return self.words.price(value, self.currency, unit)

    def figure(self, row: KeyFigure, found: Figure | float) -> str:
        """A key figure as every screen writes it."""
        return say.figure(row, found, self.words, self.currency)

    def key_figure(self, key: str, alternative: str = "hybrid") -> str:
        """A key figure of one alternative."""
        return self.figure(FIGURES[key], self.study.kpis[alternative].figure(key))

    def name(self, alternative: str) -> str:
        return say.name(alternative, self.words, first=True)


@dataclass(frozen=True)
class Scale:
    """One unit and number of decimals for a whole table of money, so that its columns add up for the reader."""

    divisor: float
    unit: str
    decimals: int

    def text(self, value: float) -> str:
        return numbers.plain(float(value) / self.divisor, self.decimals)


def table_scale(draft: Draft, largest: float) -> Scale:
    """Chinese tables stand in ten thousands throughout; English ones in millions or thousands."""
    unit, rate = draft.words.money_unit, draft.words.rate(draft.currency)
    largest *= rate
    if draft.words.language == "zh":
        divisor, decimals = 1e4, 2 if largest < 1e8 else 1 if largest < 1e9 else 0
        return Scale(divisor / rate, unit(1e4 / rate, draft.currency), decimals)
    if largest >= LARGE_EN:
        return Scale(1e6 / rate, unit(1e6 / rate, draft.currency), 2)
    if largest >= 1e4:
        return Scale(1e3 / rate, unit(1e4 / rate, draft.currency), 0 if largest >= 1e6 else 1)
    return Scale(1.0 / rate, unit(0.0, draft.currency), 0)


def heading(text: str) -> Block:
    return {"kind": "heading", "text": text}


def prose(text: str) -> Block:
    return {"kind": "text", "text": text}


def small(text: str) -> Block:
    return {"kind": "small", "text": text}


def bullets(items: Sequence[str]) -> Block:
    return {"kind": "bullets", "items": list(items)}


def ticks(items: Sequence[tuple[str, bool]]) -> Block:
    """Lines with a box; True is a box already ticked."""
    return {"kind": "ticks", "items": [{"text": text, "done": done} for text, done in items]}


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    align: str = "",
    widths: Sequence[float] = (),
    strong: Sequence[int] = (),
    wide: bool = False,
) -> Block:
    """`align` holds l, c or r a column (default: first left, the rest right); `strong` are row numbers set bold;
    `wide` asks for a page across."""
    columns = len(head)
    return {
        "kind": "table",
        "head": list(head),
        "rows": [list(row) for row in rows],
        "caption": caption,
        "align": list(align or "l" + "r" * (columns - 1)),
        "widths": list(widths or [1.0] * columns),
        "strong": list(strong),
        "wide": wide,
    }


def chart(svg: str, alt: str, *, caption: str = "", legend: Sequence[tuple[str, str]] = ()) -> Block:
    """A vector chart with its description; `legend` holds (label, colour) in drawing order."""
    return {
        "kind": "chart",
        "svg": svg,
        "alt": alt,
        "caption": caption,
        "legend": [{"label": label, "colour": colour} for label, colour in legend],
    }


def pair(left: Sequence[Block], right: Sequence[Block]) -> Block:
    """Two columns."""
    return {"kind": "pair", "left": list(left), "right": list(right)}


def chapter(draft: Draft, key: str, finding: str, blocks: Sequence[Block | None]) -> Block:
    """A chapter: its title, the finding under it, and its blocks without the empty ones."""
    return {
        "key": key,
        "title": draft.t(f"chapter.{key}"),
        "finding": finding,
        "blocks": [block for block in blocks if block],
    }
