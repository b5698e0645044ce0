"""`Words`: one language's catalogue and number forms, handed to pages and documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from i18n import numbers
from sim.problem import SEPARATOR, Named, Problem

CATALOGUES = Path(__file__).resolve().parent.parent / "assets" / "i18n"
LANGUAGES = ("en", "zh")
# A Chinese sentence has a space beside a value that is a number, and none beside one that ends in Chinese.
CHINESE = r"[\u3001-\u303f\u3400-\u9fff\uff01-\uffef]"
AFTER_VALUE, BEFORE_VALUE = "\0", "\1"
VALUE_THEN_CHINESE, CHINESE_THEN_VALUE = re.compile(rf"}} (?={CHINESE})"), re.compile(rf"(?<={CHINESE}) {{")
TOO_MUCH = re.compile(rf"(?<={CHINESE}){AFTER_VALUE}|(?<={CHINESE}\*\*){AFTER_VALUE}|{BEFORE_VALUE}(?={CHINESE})")
CURRENCY_WORDS = {"zh": {"CNY": "元"}}


@dataclass(frozen=True)
class Exchange:
    """Amounts in `site` are shown in `shown`: times `rate`."""

    site: str
    shown: str
    rate: float


@dataclass(frozen=True)
class Words:
    """Text and numbers of one language. A key without translation falls back to English, then to the key itself.

    With an `exchange`, amounts in its site currency are shown in another: by `money`, `amount`, `price`, `money_unit`
    and what is built on `rate` and `shown_in`, and by nothing else. `currency` and `number` leave inputs as entered.
    """

    language: str
    exchange: Exchange | None = None

    def showing(self, exchange: Exchange | None) -> Words:
        """The same words, with amounts shown in another currency."""
        return replace(self, exchange=exchange)

    def rate(self, currency: str) -> float:
        """What an amount in a currency is multiplied by to be shown."""
        return self.exchange.rate if self.exchange and self.exchange.site == currency else 1.0

    def shown_in(self, currency: str) -> str:
        """Code of the currency in which an amount in `currency` is shown."""
        return self.exchange.shown if self.exchange and self.exchange.site == currency else currency

    def t(self, key: str, /, **values: object) -> str:
        """The text of a key with its {placeholders} filled. Values are text or already formatted numbers; one named
        `currency` is a code and is written as this language writes it."""
        pattern = self.lookup(key)
        if "currency" in values:
            values["currency"] = self.currency(str(values["currency"]))
        return _filled(pattern if pattern is not None else key, values) if values else pattern or key

    def problem(self, sentence: object, label: Callable[[Named], str] = str, plain: Callable[[str], str] = str) -> str:
        """A refused input's sentence in this language; `label` says how an input it names is called, `plain` how a
        text that somebody brought is written in it. A text that is no `Problem` stays as it is."""
        found = getattr(sentence, "problem", sentence)
        return found if type(found) is str else str(self._part(found, label, plain))

    def _part(self, value: object, label: Callable[[Named], str], plain: Callable[[str], str]) -> object:
        texts = catalogue(self.language)
        if isinstance(value, tuple):
            return texts.get(SEPARATOR, SEPARATOR).join(str(self._part(item, label, plain)) for item in value)
        if isinstance(value, Named):
            return label(value)
        if not isinstance(value, Problem):
            return plain(str(value)) if isinstance(value, str | Exception) else value
        pattern = texts.get(value.pattern, value.pattern)
        parts = {name: self._part(part, label, plain) for name, part in value.values.items()}
        return _filled(pattern, parts) if parts else pattern

    def lookup(self, key: str) -> str | None:
        """The pattern of a key, or None where neither this language nor English has it."""
        return catalogue(self.language).get(key) or catalogue("en").get(key)

    def currency(self, code: str) -> str:
        """A currency as this language names it: 元 for CNY in Chinese, else its code."""
        return CURRENCY_WORDS.get(self.language, {}).get(code, code)

    def number(self, value: float, unit: str = "", decimals: int | None = None) -> str:
        text = numbers.plain(value, decimals)
        return f"{text}{unit}" if unit[:1] == "%" and self.language == "zh" else numbers.joined(text, unit)

    def money(self, value: float, currency: str, scale: str | None = None) -> str:
        """17,500,000 CNY -> "17.5 M CNY" or "1,750 万元"."""
        amount = numbers.scaled(value * self.rate(currency), self.language, scale)
        currency = self.shown_in(currency)
        word = CURRENCY_WORDS.get(self.language, {}).get(currency)
        if word is None:
            return numbers.joined(amount, currency)
        return f"{amount}{word}" if amount[-1] in "万亿" else numbers.joined(amount, word)

    def money_unit(self, value: float, currency: str) -> str:
        """The unit alone that `money` gives an amount of this size: "M CNY", "万元"."""
        word, currency = numbers.scale_of(value * self.rate(currency), self.language), self.shown_in(currency)
        name = self.currency(currency)
        return f"{word}{name}" if name != currency else numbers.joined(word, name) if word else name

    def amount(self, value: float, currency: str) -> str:
        """`money` without its currency: "17.5 M", "1,750 万"."""
        return numbers.scaled(value * self.rate(currency), self.language)

    def price(self, value: float, currency: str, unit: str = "", decimals: int | None = None) -> str:
        """Money for one unit of something: "0.512 CNY/kWh"; the number alone without a unit."""
        text = numbers.plain(value * self.rate(currency), decimals)
        return numbers.joined(text, self.price_unit(currency, unit)) if unit else text

    def price_unit(self, currency: str, unit: str) -> str:
        """The unit alone that `price` gives: "CNY/kWh"."""
        return f"{self.currency(self.shown_in(currency))}/{unit}"

    def percent(self, fraction: float, decimals: int | None = None) -> str:
        """In Chinese the sign follows the number at once (GB/T 15835)."""
        text = numbers.percent(fraction, decimals)
        return "".join(text.split()) if self.language == "zh" else text


def words(language: str) -> Words:
    """The words of a language; English for one that is not there."""
    return Words(language if language in LANGUAGES and catalogue(language) else "en")


def _filled(pattern: str, values: Mapping[str, object]) -> str:
    """The pattern with its {placeholders} filled, without a space between Chinese and Chinese."""
    marked = _marked(pattern)
    text = marked.format(**values)
    if marked is pattern:
        return text
    return TOO_MUCH.sub("", text).replace(AFTER_VALUE, " ").replace(BEFORE_VALUE, " ")


@cache
def _marked(pattern: str) -> str:
    """The same pattern, or with marks for the spaces between a placeholder and Chinese, where it has such."""
    marked = VALUE_THEN_CHINESE.sub("}" + AFTER_VALUE, pattern)
    marked = CHINESE_THEN_VALUE.sub(BEFORE_VALUE + "{", marked)
    return pattern if marked == pattern else marked


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by key, from every topic file of its folder; empty where there is none yet.

    Raises ValueError where two files hold the same key.
    """
    merged: dict[str, str] = {}
    for path in sorted((CATALOGUES / language).glob("*.json")):
        topic = json.loads(path.read_text(encoding="utf-8"))
        twice = merged.keys() & topic.keys()
        if twice:
            raise ValueError(f"{path.name} repeats {', '.join(sorted(twice))}; a key belongs to one file")
        merged |= topic
    return merged
