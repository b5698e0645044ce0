"""The series of a file that holds several: columns beside each other, or rows told apart by a key column."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.meter import words
from sim.meter.columns import Layout
from sim.meter.findings import MeterFinding, finding, followed, quoted
from sim.meter.kinds import Kind
from sim.meter.stamps import distinct
from sim.meter.words import has_word
from sim.problem import Problem

Role = Literal["load", "export", "other"]
MOST_VALUES = 60
MOST_KEYS = 12
# From this share of rows with a stamp that another row has too, the stamps repeat through the file.
REPEATS_FROM = 0.2
# Share of rows that may still share stamp and key, as the hour when clocks go back does.
MOST_LEFT = 0.02
# Below this share of all stamps a series is one register of several that take turns, as day and night do.
WHOLE_FROM = 0.9
NAMES_SHOWN = 12


@dataclass(frozen=True, eq=False)
class Part:
    """One series: its name, what it is by its words, the rows it holds, and its column."""

    name: str
    role: Role
    rows: NDArray[np.int64]
    column: int


def role_of(text: str) -> Role:
    """What a heading or a key speaks of; what says nothing else may be load."""
    if has_word(text, words.EXPORT) or re.search(r"\b[AP]-(?!\w)|[:.]2\.(?:8|29|5)\b|(?:^|[#·_\s])B\d\b|\bAE\b", text):
        return "export"
    if (
        has_word(text, words.REACTIVE)
        or has_word(text, words.ELECTRIC)
        or re.search(r"[:.][34567]\.(?:8|29)\b|(?:^|[#·_\s])[QK]\d\b|\bR[IE]\b", text)
    ):
        return "other"
    if has_word(text, ("gas", "heat", "water", "temperature", "solar", "pv", "wind", "generation", "光伏", "温度")):
        return "other"
    return "load"


# Rows


def key_columns(
    layout: Layout, cells: Mapping[int, Sequence[object]], minutes: NDArray[np.int64], taken: set[int]
) -> tuple[int, ...]:
    """The columns that tell apart rows of one stamp, () where stamps do not repeat or nothing tells.

    A column whose words part load from export or reactive power is one even where the stamps do not repeat.
    """
    labels = {}
    for column, held in cells.items():
        texts = {_key(cell) for cell in held}
        if column not in taken and 2 <= len(texts) <= MOST_VALUES and _is_key_kind(layout, column):
            labels[column] = texts
    if len(minutes) - len(distinct(minutes)) < REPEATS_FROM * len(minutes):
        mixed = [c for c, texts in labels.items() if len({role_of(text) for text in texts if text}) > 1]
        return tuple(mixed[:1])
    codes = {column: _codes(cells[column]) for column in list(labels)[:MOST_KEYS]}
    for size in (1, 2):
        best = min(
            itertools.combinations(codes, size),
            key=lambda pair: (_left(minutes, [codes[c] for c in pair]), sum(len(labels[c]) for c in pair)),
            default=None,
        )
        if best is not None and _left(minutes, [codes[c] for c in best]) <= MOST_LEFT:
            return best
    return ()


def _is_key_kind(layout: Layout, column: int) -> bool:
    kinds = (Kind.LABEL, Kind.IDENTIFIER, Kind.FLAG, Kind.CONSTANT, Kind.VALUES)
    kind = layout.profiles[column].kind
    return kind in kinds[:-1] or (
        kind is Kind.VALUES and has_word(layout.name(column), ("id", "meter", "no", "number", "表号", "channel"))
    )


def _key(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _codes(cells: Sequence[object]) -> NDArray[np.int64]:
    return np.unique([_key(cell) for cell in cells], return_inverse=True)[1]


def _left(minutes: NDArray[np.int64], codes: list[NDArray[np.int64]]) -> float:
    """Share of rows that another row with the same stamp and keys precedes."""
    keys = codes[0] if len(codes) == 1 else codes[0] * (MOST_VALUES + 1) + codes[1]
    return 1 - len(distinct(minutes * (MOST_VALUES + 1) ** 2 + keys)) / len(minutes)


def row_parts(
    cells: Mapping[int, Sequence[object]], keys: tuple[int, ...], column: int, extra: Sequence[object] | None
) -> list[Part]:
    """One part for each combination of keys; `extra` are cells, such as the unit, that help to tell what it is."""
    texts = [" · ".join(filter(None, (_key(cells[c][i]) for c in keys))) or "-" for i in range(len(cells[keys[0]]))]
    names, codes = np.unique(texts, return_inverse=True)
    found = []
    for number, name in enumerate(names[:MOST_VALUES]):
        rows = np.flatnonzero(codes == number)
        told = f"{name} {_key(extra[rows[0]]) if extra is not None else ''}".strip()
        found.append(Part(str(name), role_of(told), rows, column))
    return found


def rows_finding(parts: Sequence[Part], used: Sequence[Part]) -> MeterFinding:
    left = [part for part in parts if part not in used]
    text = Problem("Several rows share each time: {names}.", names=_names(parts))
    done = Problem("The sum of {names} was taken.", names=_names(used))
    if len(used) == 1:
        done = Problem("{names} was taken.", names=_names(used))
    text = followed(text, done)
    if left:
        text = followed(text, Problem("{names} was left out.", names=_names(left)))
    return finding("series", "question", text, count=len(parts))


def _names(parts: Sequence[Part]) -> tuple[Problem, ...]:
    return tuple(quoted(part.name) for part in parts[:NAMES_SHOWN])


# Columns

# Registers of a tariff: 1.8.1, 1.8.2; T1, T2; HT, NT; 尖峰平谷.
_REGISTER = re.compile(
    r"(?:^|[:.\s])1\.8\.[1-9]\b|\b(?:T|Tarif|Tariff|Tarief|Rate)[ _-]?[1-9]\b|\b(?:HT|NT|HP|HC)\b"
    r"|\b(?:off|mid|on)?[ -]?peak\b|[(（]?[尖峰平谷][)）]?(?:电量|示数|段|$|\W)",
    re.I,
)


def alike(names: Sequence[str]) -> bool:
    """Whether names differ only by a letter or a number beside a common word: PDU-A kW, PDU-B kW."""
    names = [name.replace("_", " ") for name in names]
    if len(names) > 1 and all(_REGISTER.search(name) for name in names):
        return True
    if len(names) == 3 and all(re.search(r"\bL[123]\b|\b[LPU][123]", name) for name in names):
        return True
    stems = {re.sub(r"\d{1,6}|(?<![A-Za-z])[A-Za-z](?![A-Za-z])", "#", name) for name in names}
    return (
        len(names) > 1 and len(stems) == 1 and len(re.sub(r"[\W\d_#]", "", re.sub(r"[kKMG]?Wh?", "", stems.pop()))) >= 1
    )


def take_turns(columns: Sequence[NDArray[np.float64]]) -> bool:
    """Whether at most one of several columns is above 0 at a time, and each is now and then: registers of a tariff."""
    held = np.nan_to_num(np.array(columns)) > 0
    return len(columns) > 1 and bool((held.sum(axis=0) <= 1).all() and held.any(axis=1).all())


def columns_finding(names: Sequence[str]) -> MeterFinding:
    text = Problem(
        "The columns {names} look like parts of one load and were summed.",
        names=tuple(quoted(name) for name in names[:NAMES_SHOWN]),
    )
    return finding("series", "question", text, count=len(names))
