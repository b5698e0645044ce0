"""How an input is declared: its default, unit, limits, texts and source, where it is drawn, and when it matters.

    tank_h: float = given(
        estimate(12.0, "12 to 24 h for class A halls", 8, 24), "Fuel on site [h >0..720]", "Full tanks last so long."
    )

Everything else follows from that line: the widget and its card, the register, JSON Schema, CLI, workbook and sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.inputs import library

POWER_MAX_KW = 2_000_000
MONEY_MAX = 1e13
# Rows of a table that is an input, such as outages.
MOST_ROWS = 1000
GENERAL = "general knowledge"
Fraction = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0, le=MONEY_MAX)]
Kw = Annotated[float, Field(ge=0, le=POWER_MAX_KW)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]

# Asks a Scenario whether an input can change anything in it.
When = Callable[[Any], bool]
# What a batch of variants does again for another value: the simulation, or only the money.
Varies = Literal["plant", "price"]
NAMED = re.compile(r"(?P<label>[^\[\]]+?)(?: \[(?P<unit>[^\[\]]*)\])?")
LIMITS = re.compile(r"(?:^| )(>?)(-?[\d._e]+)\.\.(-?[\d._e]+)$")


def always(_: Any) -> bool:
    """As an input's `when`: it matters even where its class does not, since it is how the thing comes to be."""
    return True


@dataclass(frozen=True)
class Known:
    """A default and what is known of it. `low` and `high` are None without a usual range; `confidence` None means a
    choice of the user's, which needs no source; `note` is added to the help."""

    value: Any
    low: float | None = None
    high: float | None = None
    source: str = ""
    confidence: library.Confidence | None = None
    note: str = ""


def seen(value: Any, source: str, low: float | None = None, high: float | None = None) -> Known:
    """A default that stands so in its source."""
    return Known(value, low, high, source, "seen_in_source")


def derived(value: Any, source: str, low: float | None = None, high: float | None = None) -> Known:
    """A default worked out from what its source says."""
    return Known(value, low, high, source, "derived")


def estimate(value: Any, source: str = "estimate", low: float | None = None, high: float | None = None) -> Known:
    """A default nobody has verified: shown with a diamond."""
    return Known(value, low, high, source, "unverified")


def usual(value: Any, low: float, high: float) -> Known:
    """A choice of the user's with a usual range."""
    return Known(value, low, high)


def sourced(path: str, file: str = "equipment", scale: float = 1.0) -> Known:
    """Default, range, source and confidence of a record in `assets/data/`, times `scale` (unit change).

    Raises KeyError where there is no such record.
    """
    found = library.record(file, path)
    value, low, high = (_scaled(number, scale) for number in (found.value, found.low, found.high))
    return Known(value, low, high, f"{found.source} ({found.as_of})", found.confidence, found.note)


@dataclass(frozen=True)
class Facts:
    """What an input's line says beyond its type, default, limits and texts; `register.Input` tells what each means.

    Pydantic calls it to complete the input's JSON Schema.
    """

    unit: str
    known: Known
    cards: tuple[str, ...]
    after: str
    when: When | None
    varies: Varies | None
    everyday: bool

    def __call__(self, schema: dict[str, Any]) -> None:
        known = self.known
        schema.update(unit=self.unit, source=known.source, confidence=known.confidence, low=known.low, high=known.high)


def given(
    default: Any,
    name: str,
    help_text: str,
    *,
    card: str | tuple[str, ...] = (),
    after: str = "",
    when: When | None = None,
    varies: Varies | None = None,
    everyday: bool = False,
    **limits: Any,
) -> Any:
    """An input's line. `default` is a value the user chooses, or a `Known` one.

    name: label, and in brackets unit and limits, both included or without the lower one: "Battery power [kW 0..20]",
    "Fuel on site [h >0..720]", "PUE [1..3]".
    card: the card of a page it is drawn on, where it is not its class's; two where it stands on two pages.
    after: the input it is drawn after, where that is not the order of definition.
    when: asks the scenario whether it matters there, besides the question its class asks.
    varies: whether risk may vary it in a batch, and what has to be done again then.
    everyday: whether its card shows it at once; a card that has such inputs keeps the others behind a line.
    """
    known = default if isinstance(default, Known) else Known(default)
    named = NAMED.fullmatch(name)
    if named is None:
        raise ValueError(f"'{name}' is no label with its unit in brackets")
    label, unit = named["label"], named["unit"] or ""
    if found := LIMITS.search(unit):
        unit = unit[: found.start()]
        limits |= {"gt" if found[1] else "ge": _number(found[2]), "le": _number(found[3])}
    if known.value == ():
        limits.setdefault("max_length", MOST_ROWS)
    cards = (card,) if isinstance(card, str) else card
    text = f"{help_text} {known.note}".strip()
    extra: Any = Facts(unit, known, cards, after, when, varies, everyday)
    return Field(known.value, title=label, description=text, json_schema_extra=extra, **limits)


def _number(text: str) -> float:
    return int(text) if re.fullmatch(r"-?[\d_]+", text) else float(text)


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else float(f"{value * scale:.12g}")
