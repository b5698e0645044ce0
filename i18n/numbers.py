"""Numbers as people write them: three significant digits, a real minus, no-break spaces, scale words by language."""

from __future__ import annotations

from math import floor, isfinite, log10

MINUS, NO_BREAK_SPACE = "\u2212", "\u00a0"
SIGNIFICANT_DIGITS = 3
SCALES = {
    "en": ((1e9, "B"), (1e6, "M"), (1e4, "k"), (1.0, "")),
    "zh": ((1e8, "亿"), (1e4, "万"), (1.0, "")),
}
SCALE_DIVISORS = {"B": 1e9, "M": 1e6, "k": 1e3, "亿": 1e8, "万": 1e4, "": 1.0}


LEAST_MONEY = 0.005  # half a hundredth of any currency; less is what rounding leaves


def plain(value: float, decimals: int | None = None) -> str:
    """A number with thousands separators; three significant digits unless `decimals` says how many after the point."""
    if not isfinite(value):
        raise ValueError("only a finite number can be written; say why there is none instead")
    digits = _decimals(value) if decimals is None else decimals
    rounded = round(value, digits)
    text = f"{abs(rounded):,.{max(0, digits)}f}"
    return f"{MINUS}{text}" if rounded < 0 else text


def scale_of(value: float, language: str) -> str:
    """The scale word a money amount of this size takes: "M", "k", "万", "亿" or none."""
    return next((word for least, word in SCALES[language] if abs(value) >= least * 0.9995), "")


def scaled(value: float, language: str, scale: str | None = None) -> str:
    """Money without its currency: 17,500,000 -> "17.5 M" or "1,750 万". `scale` forces the scale of a neighbour."""
    word = scale_of(value, language) if scale is None else scale
    value = value if abs(value) >= LEAST_MONEY else 0.0
    return joined(plain(value / SCALE_DIVISORS[word]), word)


def joined(number: str, unit: str) -> str:
    """Number and unit with a no-break space; nothing added where there is no unit."""
    return f"{number}{NO_BREAK_SPACE}{unit}" if unit else number


def percent(fraction: float, decimals: int | None = None) -> str:
    """A fraction as a percentage: one digit after the point, two or three below 1 %, none where it is whole.

    Nearly all is never written as "100 %", nor nearly nothing as "0 %".
    """
    value = fraction * 100
    if decimals is None:
        if 99.95 <= abs(value) < 100:
            value = 99.9 if value > 0 else -99.9
        decimals = _percent_decimals(abs(value))
    return joined(plain(value, decimals), "%")


def _percent_decimals(value: float) -> int:
    if abs(value - round(value)) < 1e-9:
        return 0
    return 1 if value >= 0.95 else 2 if value >= 0.095 else 3


def _decimals(value: float) -> int:
    """Digits after the point that leave three significant ones; whole numbers are never cut below the unit."""
    if value == 0:
        return 0
    magnitude = floor(log10(abs(value)))
    rounded_up = floor(log10(abs(float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}"))))
    return max(0, SIGNIFICANT_DIGITS - 1 - max(magnitude, rounded_up))
