"""Units of power and energy as headings and cells write them, in any script, with k M G, 千 万 亿, J and Wh."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# Factor from a reading to kW, or to kWh of the interval for energies, which are divided by its length later.
UNIT_TO_KW = {
    "kW": 1.0,
    "MW": 1e3,
    "kWh": 1.0,
    "MWh": 1e3,
    "W": 1e-3,
    "Wh": 1e-3,
    "GW": 1e6,
    "GWh": 1e6,
    "万kW": 1e4,
    "万kWh": 1e4,
    "亿kWh": 1e8,
    "J": 1 / 3.6e6,
    "kJ": 1 / 3600,
    "MJ": 1 / 3.6,
    "GJ": 1 / 3.6e-3,
    "kBtu": 0.29307107,
    "MMBtu": 293.07107,
    "therm": 29.307107,
}
POWER_UNITS = ("kW", "MW", "W", "GW", "万kW")
ENERGY_UNITS = ("kWh", "MWh", "Wh", "GWh", "万kWh", "亿kWh", "MJ", "GJ", "kJ", "J", "kBtu", "MMBtu", "therm")
_PREFIXES = {"": "", "k": "k", "m": "M", "g": "G", "к": "k", "м": "M", "г": "G"}
_NUMERALS = {"百万": 1e6, "十万": 1e5, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}
_WATT = re.compile(
    r"(?P<numeral>10*\s*)?(?P<many>百万|十万|千|万|萬|亿|億)?(?<![A-Za-zА-я])(?P<prefix>[kKmMgGTкКмМгГ]?)"
    r"(?:(?P<watt>[wW](?![a-zA-Z0-9А-я]|atts?)|Вт|вт|ВТ|[wW][hH](?![a-zA-Z])|Втч|ВТЧ|втч)(?P<h>ч|h)?|(?P<joule>J)(?![A-Za-z]))"
)
# "Watt" and "hour" written out, in the languages such files come in.
_WATT_WORD = r"(?:watts?|watios?|vatios?|wat[oóty]?|ватт?|วัตต์|वाट|واط|ワット|와트)"
_HOUR_WORD = (
    r"(?:hours?|stunden?|uur|uren|heures?|hor[ae]s?|or[ae]|timer?|timmar|tuntia?|tunti|godzin[ay]?|год(?:ин)?"
    r"|час(?:ов|а)?|ч|ชั่วโมง|घं[टट]ा|घंटे?|ساعة|アワー|時|시)"
)
_BETWEEN = r"[ ·.*/-]{0,2}"


def _written_out(prefix: str, unit: str) -> list[tuple[re.Pattern[str], str]]:
    power = rf"(?:{prefix})-?\s?{_WATT_WORD}"
    hours = re.compile(rf"{power}{_BETWEEN}{_HOUR_WORD}", re.I)
    return [(hours, f"{unit}Wh"), (re.compile(power, re.I), f"{unit}W")]


_WORDS = (
    *_written_out("giga|гига|กิกะ|गीगा|جيجا|غيغا|ギガ|기가", "G"),
    *_written_out("mega|méga|мега|เมกะ|मेगा|ميجا|ميغا|メガ|메가", "M"),
    *_written_out("kilo|quilo|kilo|кило|กิโล|किलो|كيلو|キロ|킬로", "k"),
    (re.compile(rf"\bwatt{_BETWEEN}{_HOUR_WORD}", re.I), "Wh"),
    (re.compile(r"\bwatts?\b", re.I), "W"),
    (re.compile(r"\bmm\s?btu\b", re.I), "MMBtu"),
    (re.compile(r"\bk\s?btu\b", re.I), "kBtu"),
    (re.compile(r"\btherms?\b", re.I), "therm"),
)
# Powers of ten beside a unit: 10^4 kWh, 10³ kWh, '000 kWh, kWh x 1000.
_RAISED = str.maketrans({raised: f"^{digit}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
_TIMES = re.compile(
    r"(?:[x×*]\s?)?(?<!\d)10\s?\^\s?([1-9])(?!\d)|(?<=[\s)hHwW])[x×*]\s?1(0{1,6})(?!\d)|['’‘](000)(?!\d)", re.I
)
# What is said otherwise: kWhr, kW.hr, k.W.h, kWó (Hungarian), кВт·год (Ukrainian).
_OTHERWISE = (
    (re.compile(r"(?<=w)[\s.·*-]?h(?:ou)?rs?\b", re.I), "h"),
    (re.compile(r"\bk\.\s?w\.?\s?(?=h\b)", re.I), "kW"),
    (re.compile(r"\bk\.\s?(?=w\b)", re.I), "k"),
    (re.compile(r"(?<=w)ó\b", re.I), "h"),
    (re.compile(r"(?<=вт)[\s.·*-]?(?:год|сағ)\b", re.I), "ч"),
    (re.compile(r"(?<=瓦)(?:[·∙•・‧.*-]?小[时時]|[·∙•・‧.*-][时時])"), "时"),
)
# Chinese names: longest first, as 千瓦 is the beginning of 千瓦时.
_CHINESE = (
    ("兆瓦时", "MWh"),
    ("兆瓦時", "MWh"),
    ("千瓦时", "kWh"),
    ("千瓦時", "kWh"),
    ("瓦时", "Wh"),
    ("兆瓦", "MW"),
    ("千瓦", "kW"),
)
_CHINESE_MANY = re.compile(r"(百万|十万|千(?!瓦)|万|萬|亿|億)\s*(千瓦时|千瓦時|千瓦|度|瓦)")


def is_energy(unit: str) -> bool:
    """Whether a unit counts energy, of an interval or on a counter."""
    return unit in ENERGY_UNITS


@lru_cache(maxsize=4096)
def find_unit(text: str) -> str | None:
    """The unit a heading names, one of UNIT_TO_KW, or None. kW/h is taken as kWh, kWh/h as kW."""
    text = unicodedata.normalize("NFKC", text[:200].translate(_RAISED))
    if times := _TIMES.search(text):
        power = int(times[1]) if times[1] else len(times[2] or times[3])
        base = find_unit(f"{text[: times.start()]} {text[times.end() :]}")
        return None if base is None else _scaled(10.0**power, base)
    for pattern, written in _OTHERWISE:
        text = pattern.sub(written, text)
    if many := _CHINESE_MANY.search(text):
        base = {"度": "kWh", "瓦": "W"}.get(many[2]) or ("kWh" if "时" in many[2] or "時" in many[2] else "kW")
        return _scaled(_NUMERALS[many[1]], base)
    for word, unit in _CHINESE:
        if word in text:
            return unit
    for pattern, unit in _WORDS:
        if pattern.search(text):
            return unit
    text = re.sub(r"(?<=[wWтТ])[·∙•.*\-/× ]?(?=[hHчЧ]\b)", "", text)
    text = re.sub(r"([kKmMgG]?[wW])[hH]/(?:[hH]\b|1h)", r"\1", text)
    units = map(_unit_of, _WATT.finditer(text.replace("_", " ")))
    found = [unit for unit in units if unit]
    if found:
        return found[-1]
    return "kWh" if re.search(r"[(\[/]\s*度\s*([)\]]|$)|^度$", text) else None


def _unit_of(match: re.Match[str]) -> str | None:
    prefix = _PREFIXES.get(match["prefix"].lower(), match["prefix"])
    if match["joule"]:
        return f"{prefix}J" if f"{prefix}J" in UNIT_TO_KW else None
    is_hours = bool(match["h"]) or match["watt"].lower().endswith(("h", "ч"))
    factor = _NUMERALS.get(match["many"] or "", 1.0) * (float(match["numeral"]) if match["numeral"] else 1.0)
    return _scaled(factor, f"{prefix}W{'h' if is_hours else ''}")


def _scaled(factor: float, base: str) -> str | None:
    """The unit of UNIT_TO_KW that is so many of another one: 10,000 kW -> 万kW, 1,000 kWh -> MWh."""
    wanted = factor * UNIT_TO_KW[base] if base in UNIT_TO_KW else None
    names = ENERGY_UNITS if is_energy(base) else POWER_UNITS
    fitting = [name for name in names if wanted and abs(UNIT_TO_KW[name] / wanted - 1) < 1e-9]
    return base if base in fitting else fitting[0] if fitting else None


def unit_of_cells(cells: Sequence[object]) -> str | None:
    """The unit that a column of units names in every filled cell, None if they differ or name none."""
    texts = {str(cell).strip() for cell in cells if cell not in (None, "")}
    units = {find_unit(text) if len(text) <= 20 else None for text in texts}
    return units.pop() if len(units) == 1 else None


def ratio_of(cell: object) -> float | None:
    """A transformer's ratio from a cell: 2000, 1,200 or 400/5."""
    text = unicodedata.normalize("NFKC", str(cell)).strip().replace(" ", "")[:40]
    found = re.fullmatch(
        r"(?:CT|PT|VT)?[:=]?(\d{1,7}(?:[.,]\d{1,4})?)(?:A|V|kV)?(?:[/:](\d{1,4}(?:\.\d{1,2})?)(?:A|V)?)?", text
    )
    if not found:
        return None
    high, low = float(found[1].replace(",", ".")), float(found[2] or 1)
    value = high / low if low else 0.0
    return value if 1.0 <= value <= 1e6 else None
