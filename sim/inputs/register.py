"""The parameter register: every input of a Scenario as a flat list, from the one place where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from inspect import get_annotations
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from sim.inputs.base import Closed
from sim.inputs.field import Facts, Varies, When, always
from sim.inputs.library import Confidence
from sim.inputs.scenario import Scenario

MONEY_PER_SITE = ("finance.ems_cost", "finance.tax_grant")
Kind = Literal["number", "integer", "choice", "switch", "text", "other"]


@dataclass(frozen=True)
class Input:
    """One input. `minimum` and `maximum` are None where unlimited; `choices` is empty unless `kind` is "choice".

    when: whether it can matter at all in a scenario: a PV price does not where there is no PV. cards: the cards of
    pages it is drawn on; after: the input it follows there, "" for the order of definition. varies: "plant" where risk
    may vary it and a variant is simulated again, "price" where only its money changes, None where it may not. everyday:
    shown at once on its card, where the card has such inputs.
    """

    path: str
    section: str
    name: str
    kind: Kind
    label: str
    unit: str
    help_text: str
    default: Any
    optional: bool
    minimum: float | None
    maximum: float | None
    choices: tuple[Any, ...]
    low: float | None
    high: float | None
    source: str
    confidence: Confidence | None
    when: When
    cards: tuple[str, ...]
    after: str
    varies: Varies | None
    everyday: bool

    @property
    def is_money(self) -> bool:
        """Whether its value is in the site's currency."""
        return (self.section in ("finance", "deal") and self.unit.startswith("/")) or self.path in MONEY_PER_SITE


@cache
def register() -> dict[str, Input]:
    """All inputs by dotted path, in the order they are defined. The tariff and nested tables are not in it."""
    found: dict[str, Input] = {}
    for section, field in Scenario.model_fields.items():
        model: Any = field.annotation
        if section == "tariff" or not hasattr(model, "model_fields"):
            continue
        for name, spec in model.model_fields.items():
            found[f"{section}.{name}"] = _input(section, name, spec, model)
    return found


def unverified(scenario: Scenario) -> tuple[str, ...]:
    """Paths of the inputs in use whose value rests on an unverified figure (shown with a diamond)."""
    weak = [path for path, entry in register().items() if is_weak(scenario, entry) and entry.when(scenario)]
    return tuple(weak)


def is_weak(scenario: Scenario, entry: Input) -> bool:
    """Whether the value in use rests on an unverified figure, used or not."""
    note = scenario.provenance.get(entry.path)
    if note is not None:
        return note.confidence == "unverified"
    return entry.confidence == "unverified" and scenario.get(entry.path) == entry.default


def on_card(card: str) -> tuple[str, ...]:
    """Paths of the inputs drawn on a card of a page, in the order they are drawn. Raises KeyError for an unknown card.

    That is the order of definition, but for those which say what they come after.
    """
    entries = [entry for entry in register().values() if card in entry.cards]
    if not entries:
        raise KeyError(f"no input says that it stands on the card '{card}'")
    found: list[str] = []
    for entry in entries:
        if entry.after not in {other.path for other in entries}:
            found += _with_followers(entry, entries)
    return tuple(found)


def _with_followers(entry: Input, entries: list[Input]) -> list[str]:
    return [entry.path, *(p for other in entries if other.after == entry.path for p in _with_followers(other, entries))]


def _input(section: str, name: str, spec: FieldInfo, model: type[Closed]) -> Input:
    facts = spec.json_schema_extra
    if not isinstance(facts, Facts):
        raise TypeError(f"{section}.{name} is not declared by `given`")
    owner: Any = next(base for base in model.__mro__ if name in get_annotations(base))
    cards = facts.cards or (owner.card_of_all,)
    if not all(cards):
        raise TypeError(f"{section}.{name} says no card, nor does its class; without one no page draws it")
    kind, choices, optional, limits = _kind(spec)
    known = facts.known
    return Input(
        path=f"{section}.{name}",
        section=section,
        name=name,
        kind=kind,
        label=spec.title or name,
        unit=facts.unit,
        help_text=spec.description or "",
        default=spec.default,
        optional=optional,
        minimum=_limit(limits, (Ge, Gt), ("ge", "gt")),
        maximum=_limit(limits, (Le, Lt), ("le", "lt")),
        choices=choices,
        low=known.low,
        high=known.high,
        source=known.source,
        confidence=known.confidence,
        when=_when(facts.when, owner.when_of_all),
        cards=cards,
        after=facts.after if not facts.after or "." in facts.after else f"{section}.{facts.after}",
        varies=facts.varies,
        everyday=facts.everyday,
    )


def _when(own: When | None, of_all: When | None) -> When:
    """The input's own question and that of its class; `always` stands for itself."""
    if own is always or of_all is None:
        return own or always
    return of_all if own is None else lambda scenario: of_all(scenario) and own(scenario)


def _kind(spec: FieldInfo) -> tuple[Kind, tuple[Any, ...], bool, list[Any]]:
    limits = list(spec.metadata)
    annotation: Any = spec.annotation
    optional = False
    if NoneType in get_args(annotation):
        optional = True
        annotation = next(arg for arg in get_args(annotation) if arg is not NoneType)
    while hasattr(annotation, "__metadata__"):
        for item in annotation.__metadata__:
            limits.extend(item.metadata if isinstance(item, FieldInfo) else [item])
        annotation = annotation.__origin__
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation), optional, limits
    kinds: dict[Any, Kind] = {bool: "switch", int: "integer", float: "number", str: "text"}
    return kinds.get(annotation, "other"), (), optional, limits


def _limit(limits: list[Any], kinds: tuple[type, type], names: tuple[str, str]) -> float | None:
    for item in limits:
        for kind, name in zip(kinds, names, strict=True):
            if isinstance(item, kind):
                return float(getattr(item, name))
    return None
