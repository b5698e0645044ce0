"""Text and JSON that visitors bring: with limits, without what cannot be seen, and read in one place."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from sim.problem import Refusal

INVISIBLE = ("Cc", "Cf", "Co", "Cs", "Cn")
NAME_LENGTH, NOTE_LENGTH = 200, 4000
DEEPEST = 40
LONGEST_NUMBER = 40
LONGEST_KEY = 100
MOST_JSON_MB = 20
_LONG_NUMBER = re.compile(rf"[0-9]{{{LONGEST_NUMBER + 1}}}")
_LOOKED_INTO = frozenset((str, dict, list))


def clean(text: str) -> str:
    """Text as one reads it: no control characters, no marks that turn the direction; line ends are kept."""
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text
    kept = (c if c == "\n" else " " if c in "\t\r" else c for c in unicodedata.normalize("NFC", text))
    return "".join(c for c in kept if c == "\n" or unicodedata.category(c) not in INVISIBLE)


def one_line(text: str) -> str:
    """`clean` text on one line."""
    return clean(text).replace("\n", " ")


def _if_text(change: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: change(value) if isinstance(value, str) else value)


Line = Annotated[str, _if_text(one_line)]
Name = Annotated[Line, Field(max_length=NAME_LENGTH)]
Note = Annotated[str, _if_text(clean), Field(max_length=NOTE_LENGTH)]


def read_json(text: str | bytes) -> Any:
    """The tree of a JSON text that no later step stumbles over.

    Raises Refusal where it is no JSON, longer than `MOST_JSON_MB`, nested deeper than `DEEPEST`, names a key twice in
    one object, holds half a character, or a whole number of more than `LONGEST_NUMBER` digits.
    """
    if len(text) > MOST_JSON_MB * 1024**2:
        raise Refusal("longer than {most} MB; give a smaller file", most=MOST_JSON_MB)
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        counts = _whole if _LONG_NUMBER.search(text) else None  # to count the digits of each is slow
        tree = json.loads(text, object_pairs_hook=_object, parse_int=counts)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        at = {"line": error.lineno, "column": error.colno}
        raise Refusal("not valid JSON from line {line}, column {column} on", **at) from error
    except UnicodeDecodeError as error:
        raise Refusal("not text in UTF-8") from error
    _check(tree)
    return tree


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    seen: set[str] = set()
    for name, _ in pairs if len(found) < len(pairs) else ():
        if name in seen:
            raise Refusal("it has the key '{name}' twice in one object; keep one", name=one_line(name)[:LONGEST_KEY])
        seen.add(name)
    return found


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise Refusal("it has a number of {count:,} digits; correct it", count=len(digits))
    return int(digits)


def _check(tree: Any) -> None:
    waiting = [(tree, 1)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, str):
            _check_text(part)
        elif isinstance(part, dict | list):
            if depth > DEEPEST:
                raise _too_deep()
            if isinstance(part, dict):
                for name in part:
                    _check_text(name)
            inside = part.values() if isinstance(part, dict) else part
            waiting.extend([(one, depth + 1) for one in inside if type(one) in _LOOKED_INTO])


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        at = error.object[max(0, error.start - LONGEST_KEY) : error.start]
        raise Refusal("it has half a character after '{before}'; correct the text", before=at) from error


def _too_deep() -> Refusal:
    return Refusal("its parts are nested more than {count} deep", count=DEEPEST)
