"""What somebody brought, in a place that reads markdown."""

from __future__ import annotations

import re

MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~$:&])")
DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Where markdown takes a bare text for an address, whatever is escaped in it: a word joiner parts it unseen.
ADDRESS = re.compile(r"(?<=://)|(?<=@)|(?<=www)(?=\.)", re.IGNORECASE)
JOINER = "\u2060"
HARMLESS = re.compile(r"(?:[^\W_]|(?<=[^\W_])_(?=[^\W_])|[ .,;:%/+'\"°()–…-])*")


def as_plain(text: str) -> str:
    """A user's text for a place that reads markdown: every sign of markup is shown as itself, on one line, and marks
    that turn the reading direction are dropped. A bare address is no link."""
    return MARKUP.sub(r"\\\1", ADDRESS.sub(JOINER, " ".join(DIRECTION_MARKS.sub("", text).split())))


def as_part(text: str) -> str:
    """`as_plain` of a value in a sentence of ours; one that markdown leaves alone anyway stays as it is."""
    return text if HARMLESS.fullmatch(text) and not ADDRESS.search(text) else as_plain(text)
