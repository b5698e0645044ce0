"""Cells as text -> numbers, column by column, as the whole column reads best."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.meter.units import UNIT_TO_KW, find_unit, is_energy

_BLANK = {"", "-", "--", "---", "n/a", "na", "#n/a", "nan", "null", "none", "nil", ".", "/", "\\", "无", "缺失"}


# Numbers

LONGEST_NUMBER = 40
MOST_UNITS = 6
# A number has a digit before its exponent: E1 and .e5 are flags, not numbers.
_NUMBER = {
    mark: re.compile(
        rf"[+-]?(?:\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d{{1,2}}(?:{re.escape(group)}\d\d)+{re.escape(group)}\d{{3}}|\d+)(?:{re.escape(mark)}\d*)?(?:[eE][+-]?\d{{1,3}})?"
        rf"|[+-]?{re.escape(mark)}\d+(?:[eE][+-]?\d{{1,3}})?"
    )
    for mark, group in ((".", ","), (",", "."))
}
_ODD = re.compile(r"[^0-9.,+-]")
_WITHOUT_MONEY = {ord(sign): None for sign in "$€£¥￥₹₽₩₺"}
_UNIT_BEHIND = re.compile(r"(?<=[\d ])\s?[A-Za-zА-я千万度瓦兆时]{1,5}(?:[·.*/-]?[hч])?$")


@dataclass(frozen=True)
class Numbers:
    """`values` (rows,) with NaN where a cell holds none; `is_blank` and `is_text` say why; `is_guess` if "1,234" could
    have been read either way."""

    values: NDArray[np.float64]
    is_blank: NDArray[np.bool_]
    is_text: NDArray[np.bool_]
    is_guess: bool = False
    unit: str | None = None


def parse_numbers(cells: Sequence[object], delimiter: str | None) -> Numbers:
    """Numbers of one column. Decimal comma and thousands marks are told from the column as a whole.

    Cells such as "800 kW" give their number, and the column its `unit`; where some read "1.2 MW", all are in the least.
    """
    units = _units_behind(cells)
    if not units:
        return _numbers(cells, delimiter)
    bare = [_UNIT_BEHIND.sub("", cell[:40].strip()) if isinstance(cell, str) else cell for cell in cells]
    least = min(units.values(), key=UNIT_TO_KW.__getitem__)
    found = replace(_numbers(bare, delimiter), unit=least)
    if len(set(units.values())) == 1:
        return found
    times = {end: UNIT_TO_KW[unit] / UNIT_TO_KW[least] for end, unit in units.items()}
    factors = [times.get(_end(cell), 1.0) for cell in cells]
    return replace(found, values=found.values * np.array(factors))


def _units_behind(cells: Sequence[object]) -> dict[str, str]:
    """The units that cells name behind their numbers, by how they are written; none unless all are of one kind."""
    first = next((cell for cell in cells if isinstance(cell, str) and cell.strip()), "")
    if not _end(first):
        return {}
    ends = {end for cell in cells if (end := _end(cell))}
    units = {end: unit for end in ends if (unit := find_unit(end))} if len(ends) <= MOST_UNITS else {}
    return units if len(units) == len(ends) and len({is_energy(unit) for unit in units.values()}) == 1 else {}


def _end(cell: object) -> str:
    """The letters behind a cell's number."""
    text = cell.strip() if isinstance(cell, str) else ""
    if text[-1:].isdigit() or text[:1] not in "+-.,0123456789":
        return ""
    match = _UNIT_BEHIND.search(text[-12:])
    return match[0].strip() if match else ""


def _numbers(cells: Sequence[object], delimiter: str | None) -> Numbers:
    fast = _plain_numbers(cells)
    if fast is not None:
        none = np.zeros(len(fast), bool)
        return Numbers(fast, none, none, delimiter == ";" and _decimal_mark(cells, delimiter)[1])
    mark, is_guess = _decimal_mark(cells, delimiter)
    if mark == "," and not any("." in cell for cell in cells if isinstance(cell, str)):
        pointed = [cell.replace(",", ".") if isinstance(cell, str) else cell for cell in cells]
        if (fast := _plain_numbers(pointed)) is not None:
            none = np.zeros(len(fast), bool)
            return Numbers(fast, none, none, is_guess)
    values = np.array([_number(cell, mark) for cell in cells], dtype=float)
    is_blank = np.array([_is_blank(cell) for cell in cells], dtype=bool)
    return Numbers(values, is_blank, np.isnan(values) & ~is_blank, is_guess)


def _plain_numbers(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """All cells as plain numbers with a decimal point, in one go; None if any is something else."""
    if any(isinstance(cell, bool) or (isinstance(cell, str) and "_" in cell) for cell in cells):
        return None
    try:
        values = np.array([float(cell) for cell in cells], dtype=np.float64)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if not np.isfinite(values).all() or _has_thousands_dots(cells):
        return None
    return values


def _has_thousands_dots(cells: Sequence[object]) -> bool:
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    return bool(texts) and _reads_as_thousands([t for t in texts if "." in t], [t for t in texts if "." not in t], ".")


def _decimal_mark(cells: Sequence[object], delimiter: str | None) -> tuple[str, bool]:
    """("." or ",", whether that is only a guess)."""
    texts = [_tidy(cell) for cell in cells if isinstance(cell, str) and not _is_blank(cell)]
    if any("," in t and t.rfind(",") > t.rfind(".") >= 0 for t in texts):
        return ",", False
    if any("." in t and t.rfind(".") > t.rfind(",") >= 0 for t in texts):
        return ".", False
    for mark, other in ((",", "."), (".", ",")):
        marked = [t for t in texts if mark in t]
        if not marked:
            continue
        if _reads_as_thousands(marked, [t for t in texts if mark not in t], mark):
            return other, False
        if not all(_is_grouped(t, mark) for t in marked):
            return mark, False
        # Every cell reads "12,345". Where ";" parts the columns the comma is a decimal comma, else it groups thousands.
        if mark == ",":
            return (",", True) if delimiter in (";", "\t") else (".", True)
        return ".", delimiter == ";"
    return ".", False


def _is_grouped(text: str, mark: str) -> bool:
    """Groups of three; or of two and at last three, as in India: 12,34,567."""
    usual, indian = rf"[1-9]\d{{0,2}}(\{mark}\d{{3}})+", rf"[1-9]\d?(\{mark}\d\d)+\{mark}\d{{3}}"
    return re.fullmatch(rf"[+-]?(?:{usual}|{indian})", text) is not None


def _reads_as_thousands(marked: list[str], unmarked: list[str], mark: str) -> bool:
    """True for 998; 1.020; 1.234.567: marks only before groups of three, beside whole numbers below a thousand."""
    if not marked or not all(_is_grouped(t, mark) for t in marked):
        return False
    if any(t.count(mark) > 1 for t in marked):
        return True
    whole = [int(t) for t in unmarked if re.fullmatch(r"\d{1,4}", t)]
    return len(whole) > 0 and 100 <= float(np.median(whole)) < 1000


def _tidy(text: str) -> str:
    if not _ODD.search(text):
        return text
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'")
    text = text.strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    text = text.replace(" ", "").replace("'", "")
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    return text if text.isalnum() else text.translate(_WITHOUT_MONEY)


def _number(cell: object, mark: str) -> float:
    if isinstance(cell, bool) or cell is None:
        return np.nan
    if isinstance(cell, (int, float)):
        return float(cell)
    if not isinstance(cell, str):
        return np.nan
    text = _tidy(cell)
    group = "." if mark == "," else ","
    if len(text) > LONGEST_NUMBER or not _NUMBER[mark].fullmatch(text):
        return np.nan
    value = float(text.replace(group, "").replace(mark, "."))
    return value if np.isfinite(value) else np.nan


def _is_blank(cell: object) -> bool:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return True
    return isinstance(cell, str) and not cell[:1].isdigit() and cell.strip().lower() in _BLANK


def is_number(cell: object) -> bool:
    """Whether a single cell reads as a number, with either decimal mark and perhaps a unit behind it."""
    if isinstance(cell, str) and (behind := _UNIT_BEHIND.search(cell[-12:])) and find_unit(behind[0].strip()):
        cell = cell.strip()[: -len(behind[0])]
    return not (np.isnan(_number(cell, ".")) and np.isnan(_number(cell, ",")))
