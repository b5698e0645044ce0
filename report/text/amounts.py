"""Scales of money and power, and names of months and days, in words of one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from i18n import Words, numbers

FEW_MONTHS = 6
DAY_KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Amounts:
    """One money scale for a whole chart or table: `divisor` in currency, `unit` such as "M CNY"."""

    divisor: float
    unit: str

    def label(self, value: float) -> str:
        """A sum in this scale, three significant digits, without the unit."""
        return numbers.plain(float(value) / self.divisor)


def amounts(words: Words, largest: float, currency: str) -> Amounts:
    """The scale that suits the largest sum shown."""
    rate = words.rate(currency)
    word = numbers.scale_of(largest * rate, words.language)
    return Amounts(numbers.SCALE_DIVISORS[word] / rate, words.money_unit(largest, currency))


def shared_amounts(words: Words, sums: Sequence[float], currency: str) -> Amounts:
    """One scale for sums that stand side by side: that of the smallest, unless they lie more than 100 times apart."""
    sizes = [abs(float(value)) for value in sums if value] or [0.0]
    return amounts(words, min(sizes) if max(sizes) < 100 * min(sizes) else max(sizes), currency)


def month_name(words: Words, month: int) -> str:
    """Short name of a calendar month (1..12)."""
    return words.t(f"charts.month.{month}")


def month_ticks(words: Words, months: Sequence[int]) -> list[str]:
    """Names of calendar months under an axis, shortest where many stand in a row, which is narrow on a phone."""
    if len(months) <= FEW_MONTHS:
        return [month_name(words, month) for month in months]
    narrow = words.t("charts.months_narrow").split()
    return [narrow[month - 1] for month in months]


def day_of_month(words: Words, month: int, day: int) -> str:
    """A day without its year: "15 Mar"."""
    return words.t("charts.day_of_month", day=day, month=month_name(words, month))


def day_name(words: Words, weekday: int) -> str:
    """Short name of a weekday (0 is Monday)."""
    return words.t(f"charts.day.{DAY_KEYS[weekday]}")


def power_unit(largest_kw: float, words: Words) -> tuple[float, str]:
    """kW per shown unit, and the unit: MW from one megawatt on."""
    return (1000.0, words.t("charts.unit.mw")) if largest_kw >= 999.5 else (1.0, words.t("charts.unit.kw"))
