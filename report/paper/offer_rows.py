"""The rows of an offer's tables: what is supplied, when, how it is paid for, and what is promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from pydantic import ConfigDict

from sim.problem import Named, Problem, Refusal

LONGEST_WORDS, LONGEST_PASSAGE, MOST_ROWS = 120, 1500, 60
LONGEST_NAME, MOST_VARIANTS = 24, 4
LARGEST_NUMBER = 1e12
Status = Literal["firm", "provisional", "excluded"]
STATUSES: tuple[Status, ...] = get_args(Status)
BELOW_ZERO = Problem("give a number of 0 or more")
AS_SAVED = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", extra="forbid", allow_inf_nan=False)
SHARE_RANGE = Problem("give a share between 0 and 1")


@dataclass(frozen=True)
class Item:
    """A line of the price schedule. price: of one unit, without VAT, in the site's currency; None where it is still
    open. vat: the rate. An excluded item names what somebody else brings."""

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
    name: str
    spec: str = ""
    quantity: float = 1.0
    unit: str = ""
    price: float | None = None
    vat: float = 0.0
    status: Status = "firm"

    def __post_init__(self) -> None:
        check_words(self, ("name", "spec", "unit"))
        check_numbers(self, ("quantity", "price"))
        check_share("vat", self.vat)
        if self.status not in STATUSES:
            raise Refusal("{name}: choose one of: {choices}", name=Named("status"), choices=STATUSES)

    @property
    def net(self) -> float | None:
        """Without VAT; None where it is open, or somebody else's."""
        return None if self.price is None or self.status == "excluded" else self.quantity * self.price


@dataclass(frozen=True)
class OfferStep:
    """A step of delivery: begun so many weeks after the order, and how long it takes."""

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
    name: str
    start_week: float = 0.0
    weeks: float = 1.0
    note: str = ""

    def __post_init__(self) -> None:
        check_words(self, ("name", "note"))
        check_numbers(self, ("start_week", "weeks"))

    @property
    def end_week(self) -> float:
        return self.start_week + self.weeks


@dataclass(frozen=True)
class Payment:
    """A share of the price, and what makes it due."""

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
    milestone: str
    share: float = 0.0

    def __post_init__(self) -> None:
        check_words(self, ("milestone",))
        check_share("share", self.share)


@dataclass(frozen=True)
class OfferWarranty:
    """What is warranted, for how many years, and to what extent."""

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
    item: str
    years: float = 0.0
    cover: str = ""

    def __post_init__(self) -> None:
        check_words(self, ("item", "cover"))
        check_numbers(self, ("years",))


@dataclass(frozen=True)
class OfferGuarantee:
    """A guaranteed figure, and what is owed where it is missed."""

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
    name: str
    value: str = ""
    remedy: str = ""

    def __post_init__(self) -> None:
        check_words(self, ("name", "value", "remedy"))


@dataclass(frozen=True)
class OfferVariant:
    """The same site with other inputs, shown beside the one that is offered: {path: value} of what differs."""

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_words(self, ("name",), LONGEST_NAME)


@dataclass(frozen=True)
class Attachment:
    """A PDF whose pages are appended."""

    __pydantic_config__: ClassVar[ConfigDict] = AS_SAVED
    name: str
    pdf: bytes

    def __post_init__(self) -> None:
        check_words(self, ("name",))


def check_words(row: object, names: tuple[str, ...], longest: int = LONGEST_WORDS) -> None:
    """Raises Refusal for a text that is too long."""
    for name in names:
        length = len(getattr(row, name))
        if length > longest:
            counts = {"count": length, "longest": longest}
            raise Refusal("{name}: {count} characters are too many; use {longest} or fewer", name=Named(name), **counts)


def check_numbers(row: object, names: tuple[str, ...]) -> None:
    """Raises Refusal for a number below 0, beyond all use, or none at all."""
    for name in names:
        value = getattr(row, name)
        if value is not None and not 0 <= value <= LARGEST_NUMBER:
            raise Refusal("{name}: {reason}", name=Named(name), reason=BELOW_ZERO)


def check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise Refusal("{name}: {reason}", name=Named(name), reason=SHARE_RANGE)
