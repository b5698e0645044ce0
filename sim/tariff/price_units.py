"""Units of energy prices as headings and cells write them: EUR/MWh, ct/kWh, 元/千瓦时, $ per MWh."""

import re
import unicodedata
from typing import NamedTuple

# What the user may choose: factor from the figure in the file to money per kWh.
PRICE_UNITS = {"per kWh": 1.0, "per MWh": 1e-3, "ct per kWh": 1e-2}


class PriceUnit(NamedTuple):
    """Factor from a figure in the file to money per kWh, and the money's code where it is named."""

    per_kwh: float
    currency: str | None


_MONEY = {
    "EUR": r"eur|euros?|€",
    "USD": r"usd|us\$|\$|dollars?",
    "GBP": r"gbp|£|pounds?",
    "CNY": r"cny|rmb|元|圆|人民币|yuan",
    "JPY": r"jpy|円|yen",
    "AUD": r"aud|a\$",
    "CAD": r"cad|c\$",
    "SEK": r"sek",
    "NOK": r"nok",
    "DKK": r"dkk",
    "PLN": r"pln|zł",
    "INR": r"inr|₹|rs\.?",
    "KRW": r"krw|원|₩",
    "CHF": r"chf|fr\.?",
    "CZK": r"czk|kč",
    "RON": r"ron|lei",
    "HUF": r"huf|ft",
    "TRY": r"try|tl|₺",
    "RUB": r"rub|руб\.?|₽",
    "ZAR": r"zar",
    "BRL": r"brl|r\$",
    "MXN": r"mxn",
    "MYR": r"myr|rm",
    "SGD": r"sgd",
    "TWD": r"twd|nt\$|新台币",
    "VND": r"vnd",
    "THB": r"thb|baht",
    "PHP": r"php",
    "CLP": r"clp",
    "NZD": r"nzd",
    "KZT": r"kzt|тенге",
}
_HUNDREDTHS = {
    "GBP": r"p|pence",
    "CNY": r"分",
    "SEK": r"öre",
    "DKK": r"øre",
    "RUB": r"коп\.?",
    "": r"ct|cts|cents?|c|¢|rp\.?|sen|paise|gr",
}
_ENERGY = (
    (1e-3, r"m\s?w\s?[·.*]?\s?h(?:rs?|ours?)?|兆瓦时|兆瓦時|千千瓦时|мвт[·*.]?ч"),
    (1e-6, r"g\s?w\s?[·.*]?\s?h"),
    (1.0, r"k\s?w\s?[·.*]?\s?h(?:rs?|ours?)?|千瓦时|千瓦時|度|квт[·*.]?ч"),
)


def _patterns() -> list[tuple[re.Pattern[str], float, str | None]]:
    found = []
    for energy, unit in _ENERGY:
        after = rf"\s?(?:/|per|por|je|pro|за)\s?(?:{unit})(?![a-z])"
        for group, share in ((_HUNDREDTHS, 0.01), (_MONEY, 1.0)):
            for code, names in group.items():
                found.append((re.compile(rf"(?<![a-zà-ÿ])(?:{names}){after}"), share * energy, code or None))
        found.append((re.compile(rf"(?<![a-z])(?:mills?|厘){after}"), 0.001 * energy, None))
        # Y is both yen and yuan: the sign alone names no money.
        found.append((re.compile(rf"[¥￥]{after}"), energy, None))
        found.append(
            (
                re.compile(
                    rf"(?<![a-z/])(?:price|preis|prix|rate|价格?|電価)?\s?[\[(]\s?(?:/|per)\s?(?:{unit})\s?[\])]"
                ),
                energy,
                None,
            )
        )
    return found


_PATTERNS = _patterns()


def find_price_unit(text: str) -> PriceUnit | None:
    """The price unit that a text names, None without one."""
    plain = " ".join(unicodedata.normalize("NFKC", text[:160]).lower().replace("_", " ").split())
    plain = re.sub(r"(?<=瓦)(?:[·∙•・‧.*-]?小(?=[时時])|[·∙•・‧.*-](?=[时時]))", "", plain)
    if not re.search(r"h|时|時|度|ч", plain):
        return None
    for pattern, factor, code in _PATTERNS:
        if pattern.search(plain):
            return PriceUnit(factor, code)
    return None


def find_currency(text: str) -> str | None:
    """The code of a currency that a short cell is."""
    plain = unicodedata.normalize("NFKC", text[:20]).strip().lower()
    return next((code for code, names in _MONEY.items() if re.fullmatch(names, plain)), None)
