"""What several tests, also of several workers, look at is made once in a test run.

The first who asks makes it and leaves it in a folder of the run; the others wait for it and read it from there.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
FOLDER = "POWERLADDER_TEST_RUN"  # the variable that tells every worker the run's folder
_here: dict[str, object] = {}


def made_once(name: str, make: Callable[[], T]) -> T:
    """``make()`` of the first test of this run that asked for ``name``, a plain value that pickle can keep.

    Outside a test run, where there is no folder, each process makes its own.
    """
    if name not in _here and FOLDER not in os.environ:
        _here[name] = make()
    if name not in _here:
        place = Path(os.environ[FOLDER]) / hashlib.sha256(name.encode()).hexdigest()[:24]
        with _alone(place.with_suffix(".lock")):
            with suppress(FileNotFoundError):
                _here[name] = pickle.loads(place.read_bytes())
            if name not in _here:
                _here[name] = make()
                place.write_bytes(pickle.dumps(_here[name]))
    return _here[name]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait while another worker makes the same; the system frees the lock of one that died."""
    with lock.open("w") as handle:
        with suppress(ImportError):  # where there is no such lock both make it, and the same
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def a_few(cases: Iterable[str], *here: str) -> list[Any]:
    """Cases of a slow test: a build server tries those named, a machine with more time all."""
    return [case if case in here else pytest.param(case, marks=pytest.mark.nightly) for case in cases]
