"""What is worked out once for all visitors: one shelf, bounded in bytes.

A study is found by the whole SHA-256 of its inputs and compared with the inputs asked for. What is asked about it later
stays with it (`once`), so an answer can be found only through the very thing it is about, and leaves with it.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import wraps
from threading import Lock, RLock
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from sim.dispatch.lanes import simulate
from sim.dispatch.result import Dispatch
from sim.inputs.scenario import Scenario
from study.evaluate import evaluate
from study.study import Study

Value = TypeVar("Value")
MOST_BYTES = 512 * 1024 * 1024
MOST_ENTRIES = 256
ANSWERS_KEPT = 16
# Of longer lists so many parts are weighed, the rest like them.
SAMPLE = 64


@dataclass
class _Entry:
    value: Any = None
    is_made: bool = False
    making: RLock = field(default_factory=RLock)
    blocks: dict[int, int] = field(default_factory=dict)
    is_weighed: bool = False


class Shelf:
    """Values by key. What was used least of late leaves once all together are greater than `most_bytes`, where that is
    given; the value just made stays, whatever its size."""

    def __init__(self, most_bytes: int | None = MOST_BYTES, most_entries: int = MOST_ENTRIES):
        self.most_bytes, self.most_entries = most_bytes, most_entries
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of `key`, made once however many ask at the same time."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            entry.is_weighed = False  # whoever holds the value may add answers to it
        with entry.making:
            if not entry.is_made:
                try:
                    entry.value = make()
                except BaseException:
                    with self._lock:
                        self._entries.pop(key, None)
                    raise
                entry.is_made = True
                self._make_room(key)
            return entry.value

    def grown(self, value: Any) -> None:
        """To be told where something was added to a value, or to one of its parts."""
        with self._lock:
            own = [key for key, entry in self._entries.items() if entry.is_made and entry.value is value]
            for key in own or self._entries:
                self._entries[key].is_weighed = False
            newest = next(iter(own), next(reversed(self._entries), None))
        self._make_room(newest)

    def _make_room(self, newest: Hashable) -> None:
        """Keep from the newest on what fits."""
        with self._lock:
            if newest in self._entries:
                self._entries.move_to_end(newest)
            blocks: dict[int, int] = {}
            total = entries = 0
            for key, entry in reversed(self._weighed()):
                more = {block: size for block, size in entry.blocks.items() if block not in blocks}
                size = total + sum(more.values())
                fits = size <= (self.most_bytes or size) and entries < self.most_entries
                if fits or key == newest:
                    blocks |= more
                    total, entries = size, entries + 1
                else:
                    del self._entries[key]

    def _weighed(self) -> list[tuple[Hashable, _Entry]]:
        made = [(key, entry) for key, entry in self._entries.items() if entry.is_made]
        for _, entry in made:
            if self.most_bytes and not entry.is_weighed:
                entry.blocks, entry.is_weighed = blocks_of(entry.value), True
        return made


def shelf() -> Shelf:
    """The one of this server."""
    return _shelf()


@st.cache_resource(show_spinner=False)
def _shelf() -> Shelf:
    return Shelf()


def study_of(scenario: Scenario) -> Study:
    """The study of a scenario. A change of prices alone uses the old simulation again.

    Raises ValueError where it cannot be simulated.
    """
    found = shelf().get(("study", scenario.key), lambda: evaluate(scenario, _dispatch_of(scenario)))
    return found if found.scenario == scenario else evaluate(scenario)


def _dispatch_of(scenario: Scenario) -> Dispatch:
    return shelf().get(("dispatch", scenario.dispatch_key), lambda: simulate(scenario))


def once(function: Callable[..., Value]) -> Callable[..., Value]:
    """A question about a study, or about an answer of one: asked once for each of the last arguments after it."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def asked(about: Any, *arguments: Any) -> Value:
        answers = vars(about).setdefault(name, Shelf(None, ANSWERS_KEPT))
        made = []

        def make() -> Value:
            made.append(function(about, *arguments))
            return made[0]

        found = answers.get(tuple(map(_key, arguments)), make)
        if made:
            shelf().grown(about)
        return found

    return asked


def _key(argument: Any) -> Hashable:
    """The argument itself; what cannot be a key, such as a claim, is one by all it holds."""
    try:
        hash(argument)
    except TypeError:
        return repr(argument)
    return argument


def blocks_of(value: Any) -> dict[int, int]:
    """{identity: bytes} of what a value holds; small parts are taken at the size of their container."""
    blocks: dict[int, int] = {}
    waiting, seen = [(value, 1.0)], set()
    while waiting:
        one, times = waiting.pop()
        if id(one) in seen or one is None or isinstance(one, bool | int | float | type):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            while isinstance(one.base, np.ndarray):
                one = one.base
            blocks[id(one)] = int(one.nbytes * times)
            continue
        size = int(one.memory_usage(deep=True).sum()) if isinstance(one, pd.DataFrame) else sys.getsizeof(one)
        parts, each = _parts(one)
        blocks[id(one)] = int((size + each) * times)
        more = max(1.0, len(one) / SAMPLE) if isinstance(one, list | tuple | set | frozenset) else 1.0
        waiting.extend((part, times * more) for part in parts)
    return blocks


def _parts(value: Any) -> tuple[list[Any], int]:
    """What is inside a value, and the bytes of plain numbers in it."""
    if isinstance(value, Shelf):
        return [entry.value for entry in list(value._entries.values())], 0
    if isinstance(value, dict):
        return [*value.values()], 64 * len(value)
    if isinstance(value, list | tuple | set | frozenset):
        few = [part for _, part in zip(range(SAMPLE), value, strict=False)]
        return few, 24 * len(value)
    return list(_fields(value)), 0


def _fields(value: Any) -> Iterator[Any]:
    if isinstance(value, str | bytes | pd.DataFrame) or callable(value):
        return
    inside = getattr(value, "__dict__", None)
    if inside is not None:
        yield from list(inside.values())
    elif is_dataclass(value):
        yield from (getattr(value, one.name) for one in fields(value))
