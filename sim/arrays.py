"""Arrays as all the product has them: their types, runs of True, and checks that say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Held = TypeVar("Held")
Filled = Any  # a field that takes a number, a list or an array and holds a read-only array of it once it is made


def sum_of(parts: Iterable[Floats]) -> Floats:
    """The sum of arrays, one after the other; 0 where there is none."""
    return sum(parts, start=np.zeros(()))


def runs(flags: Flags) -> tuple[Ints, Ints]:
    """First index and end (exclusive) of each unbroken run of True."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def require(held: object, message: str) -> None:
    """Raise ValueError with the message where a caller broke what must hold."""
    if not held:
        raise ValueError(message)


def there(value: Held | None, what: str) -> Held:
    """The value, or ValueError where a caller asks for what this study or row has not."""
    if value is None:
        raise ValueError(f"{what} is not there.")
    return value


def own(values: ArrayLike, name: str, shape: tuple[int, ...], dtype=np.float64) -> NDArray:
    """A read-only copy of `values` with the given shape, or a ValueError that names the field."""
    array = np.array(values, dtype=dtype)
    require(array.shape == shape, f"{name} has shape {array.shape} but must have {shape}.")
    require(
        np.all(np.isfinite(array)),
        f"{name} holds a value that is not a finite number; fill the gap or use a huge number.",
    )
    array.flags.writeable = False
    return array
