"""Inputs in words, for paper and workbook: label, value, unit, source and confidence of a register entry."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from i18n import Words
from i18n.words import catalogue
from report.text import say
from sim.inputs import library
from sim.inputs.register import Input, register
from sim.inputs.scenario import Scenario

PERCENT = 100.0
DIAMOND = "◇"


def label(entry: Input, words: Words) -> str:
    """The input's name; English comes from the register."""
    return words.lookup(f"input.{entry.path}.label") or entry.label


def unit(entry: Input, scenario: Scenario, words: Words) -> str:
    """The unit as read: fractions in percent, money with the scenario's currency."""
    return _with_currency(entry, scenario, words.lookup(f"inputs.unit.{entry.unit}") or entry.unit, words)


def scale(entry: Input) -> float:
    """What a stored number is multiplied by to be read: a fraction is read in percent."""
    return PERCENT if entry.unit.startswith("fraction") else 1.0


def plain_unit(entry: Input, scenario: Scenario, words: Words) -> str:
    """The unit of the stored number: a fraction stays a fraction."""
    if entry.unit.startswith("fraction"):
        return words.t(f"proposal.unit.{entry.unit.replace('/', '_per_')}")
    return unit(entry, scenario, words)


def _with_currency(entry: Input, scenario: Scenario, found: str, words: Words) -> str:
    return f"{words.currency(scenario.site.currency)}{found}" if entry.is_money else found


def value(entry: Input, scenario: Scenario, words: Words) -> str:
    """The value with its unit, as a reader sees it."""
    found = scenario.get(entry.path)
    if found in (None, ""):
        return words.t("inputs.none")
    if entry.kind == "choice":
        return words.lookup(f"inputs.choice.{entry.path}.{found}") or str(found)
    if entry.kind == "switch":
        return words.t("inputs.yes" if found else "inputs.no")
    if entry.kind in ("number", "integer"):
        return number(entry, found, scenario, words)
    if isinstance(found, tuple):
        key = "inputs.rows.one" if len(found) == 1 else "inputs.rows"
        return words.t(key, n=len(found)) if found else words.t("inputs.none")
    if entry.path == "site.place":
        return say.own_name(library.sites()[found], words)
    return str(found)


def number(entry: Input, found: float, scenario: Scenario, words: Words) -> str:
    """A value an input of numbers may have, with its unit."""
    decimals = 0 if entry.kind == "integer" else None
    return words.number(float(f"{found * scale(entry):.12g}"), unit(entry, scenario, words), decimals)


def source(entry: Input, scenario: Scenario, words: Words) -> str:
    """Where the value comes from. Titles of publications stay in their language; "estimate" and the like do not."""
    note = scenario.provenance.get(entry.path)
    if note is not None:
        return source_words(note.source, words) + (f" ({note.as_of})" if note.as_of else "")
    default = entry.kind == "other" or scenario.get(entry.path) == entry.default
    return source_words(entry.source, words) if default else ""


def assumed(scenario: Scenario, words: Words) -> list[str]:
    """A line for the tariff and for each value in use that has a note of its own: name, value, source, diamond."""
    tariff = scenario.tariff
    weak = DIAMOND if tariff.confidence == "unverified" else ""
    name = words.t("inputs.tariff.title")
    lines = [f"{name}: {say.own_name(tariff, words)} ({source_words(tariff.source, words)}, {tariff.as_of}) {weak}"]
    for path, note in scenario.provenance.items():
        entry = register().get(path)
        if entry and entry.when(scenario):
            weak = DIAMOND if note.confidence == "unverified" else ""
            told = f"{label(entry, words)}: {value(entry, scenario, words)} ({source(entry, scenario, words)}) {weak}"
            lines.append(told)
    return [line.rstrip() for line in lines]


def source_words(text: str, words: Words) -> str:
    """A source or a data file's note with the phrases of our own, such as "estimate", in the reader's language; titles
    of publications stay as they are."""
    phrases, pattern = _phrases(words.language)
    return pattern.sub(lambda found: phrases[found[0]], text) if phrases else text


@cache
def _phrases(language: str) -> tuple[dict[str, str], re.Pattern[str]]:
    """Phrase -> translation, and what finds them as whole words, the longest first, so that a part never spoils the
    whole."""
    known = {
        phrase: own
        for key, own in catalogue(language).items()
        if key.startswith(("proposal.source.", "notes."))
        and (phrase := key.partition(".")[2].removeprefix("source.")) != own
    }
    by_length = sorted(known, key=len, reverse=True)
    return known, re.compile("|".join(rf"(?<![A-Za-z]){re.escape(phrase)}(?![A-Za-z])" for phrase in by_length))


def confidence(entry: Input, scenario: Scenario, words: Words, weak: Collection[str]) -> str:
    """How sure the value is, marked where it is not verified; `weak` as `register.unverified` gives."""
    note = scenario.provenance.get(entry.path)
    own = note is None and entry.kind != "other" and scenario.get(entry.path) != entry.default
    found = None if own else entry.confidence if note is None else note.confidence
    mark = f" {DIAMOND}" if entry.path in weak else ""
    return words.t(f"inputs.confidence.{found or 'none'}") + mark


def period(name: str, words: Words) -> str:
    """A tariff's price period, or a mixture such as "flat/peak", in words."""
    return "/".join(words.lookup(f"proposal.period.{part}") or part.replace("_", " ") for part in name.split("/"))
