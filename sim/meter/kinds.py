"""What a column holds, told from its cells: values, a counter, an identifier, a flag, a constant, labels or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sim.meter.cells import parse_numbers

# Whole numbers from here on are identifiers: no site has a terawatt.
IDENTIFIER_FROM = 1e9
# A counter that starts again each day falls at equal intervals, to a small part of what it had reached.
# and climbs there in small steps.
FEWEST_STARTS, FEWEST_STEPS_A_START, USUAL_STARTS, START_TO, MOST_RISE = 3, 20, 0.8, 0.2, 0.35
# A counter rises in many places and falls in next to none.
FEWEST_RISES = 20
MOST_FALLS = 0.0005


class Kind(StrEnum):
    """The kinds of columns that the reader tells apart."""

    VALUES = "values"
    COUNTER = "counter"
    ROW_NUMBER = "row_number"
    IDENTIFIER = "identifier"
    FLAG = "flag"
    CONSTANT = "constant"
    ZEROS = "zeros"
    LABEL = "label"
    EMPTY = "empty"


@dataclass(frozen=True, eq=False)
class Profile:
    """A column's kind, its numbers in the sample (NaN where none), and the unit that its cells name themselves."""

    kind: Kind
    values: NDArray[np.float64]
    unit: str | None = None

    @property
    def is_number(self) -> bool:
        return self.kind not in (Kind.LABEL, Kind.EMPTY)


def profile(cells: Sequence[object], delimiter: str | None) -> Profile:
    """The kind of a column by a sample of its cells in the file's order."""
    numbers = parse_numbers(cells, delimiter)
    held = numbers.values[np.isfinite(numbers.values)]
    if numbers.is_text.sum() > len(held):
        return Profile(Kind.LABEL, numbers.values)
    if not len(held):
        return Profile(Kind.EMPTY, numbers.values)
    if any(isinstance(cell, str) and cell.startswith('="') for cell in cells[:5]):
        return Profile(Kind.IDENTIFIER, numbers.values)
    return Profile(_kind(held), numbers.values, numbers.unit)


def _kind(held: NDArray[np.float64]) -> Kind:
    is_whole = bool((held == np.round(held)).all())
    if not held.any():
        return Kind.ZEROS
    if is_whole and np.abs(held).min() >= IDENTIFIER_FROM:
        return Kind.IDENTIFIER
    if len(held) >= 10 and np.ptp(held) == 0:
        return Kind.CONSTANT
    steps = np.diff(held)
    if len(held) >= 10 and is_whole and (steps > 0).all() and np.ptp(steps) <= 1 and held[0] <= 1:
        return Kind.ROW_NUMBER
    if is_counter(held, FEWEST_RISES):
        return Kind.COUNTER
    if len(held) >= 30 and is_whole and len(np.unique(held)) <= 3 and np.abs(held).max() <= 20:
        return Kind.FLAG
    return Kind.VALUES


def is_counter(held: NDArray[np.float64], fewest_rises: int) -> bool:
    """Whether readings in the file's order rise or stay, but for few falls; or the other way, newest first."""
    steps = np.diff(held)
    up, down = int((steps > 0).sum()), int((steps < 0).sum())
    return max(up, down) >= fewest_rises and min(up, down) <= max(2, MOST_FALLS * len(held)) and bool((held >= 0).all())


def starts_again(held: NDArray[np.float64]) -> NDArray[np.bool_]:
    """At which steps (readings - 1,) a counter starts again from 0, as one of the day's energy does each midnight; none
    where the readings are no such counter."""
    steps, none = np.diff(held), np.zeros(max(0, len(held) - 1), bool)
    falls = np.flatnonzero(steps < 0)
    if len(falls) < FEWEST_STARTS or (held < 0).any():
        return none
    gaps = np.diff(falls)
    usual = np.abs(gaps / np.median(gaps) - 1) < 0.1
    is_regular = gaps.min() >= FEWEST_STEPS_A_START / 2 and np.median(gaps) >= FEWEST_STEPS_A_START
    falls_far = bool((held[falls + 1] <= START_TO * held[falls]).all())
    climbs = (steps > 0).mean() >= 0.3 and steps.max() <= MOST_RISE * np.median(held[falls])
    return steps < 0 if is_regular and usual.mean() >= USUAL_STARTS and falls_far and climbs else none
