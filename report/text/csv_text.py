"""Rows as CSV: the one place that writes cells, so that no text of anybody's is a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows of texts, numbers and None (empty). Floats are written by repr, so that they read back equal; a text that a
    spreadsheet would take for a formula gets an apostrophe."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return stream.getvalue()


def _cell(text: str) -> str:
    is_formula = text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
