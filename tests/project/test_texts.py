"""Emphasis in the catalogues is emphasis: no reader meets raw stars.

By CommonMark's rule a run of stars opens only before, and closes only after, what is no space; beside a sign of
punctuation only if a space or another sign stands on its other side. A value that is filled in counts as a letter.
"""

from __future__ import annotations

import re
import unicodedata

import pytest

from i18n.words import LANGUAGES, catalogue

STARS = "**"


def is_sign(letter: str) -> bool:
    return bool(letter) and unicodedata.category(letter)[0] in "PS"


def is_space(letter: str) -> bool:
    return not letter or letter.isspace()


def leans(text: str, at: int) -> tuple[bool, bool]:
    """Whether the stars at a place can open, and whether they can close."""
    before, after = text[at - 1 : at], text[at + len(STARS) :][:1]
    opens = not is_space(after) and (not is_sign(after) or is_space(before) or is_sign(before))
    closes = not is_space(before) and (not is_sign(before) or is_space(after) or is_sign(after))
    return opens, closes


def raw_stars(text: str) -> list[str]:
    """Stars of a text that a reader would see, with what stands round them."""
    text = re.sub(r"\{\w+(:[^}]*)?\}", "x", text)
    places = [found.start() for found in re.finditer(re.escape(STARS), text)]
    wrong = [at for turn, at in enumerate(places) if not leans(text, at)[turn % 2]]
    return [text[max(0, at - 6) : at + 8] for at in wrong + places[-1:] * (len(places) % 2)]


def test_stars_that_a_reader_would_see_are_found() -> None:
    assert raw_stars("**停电时可供 0 kW。**缺供") and raw_stars("a ** b") and raw_stars("**open")
    assert raw_stars("**停电时可供 0 kW**。缺供") == raw_stars("**No.** It **holds** {x}.") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_shows_raw_stars(language: str) -> None:
    found = {key: raw_stars(text) for key, text in catalogue(language).items() if STARS in text}
    assert len(found) > 20
    assert {key: wrong for key, wrong in found.items() if wrong} == {}
