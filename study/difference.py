"""What two scenarios differ in, input by input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.inputs.register import register
from sim.inputs.scenario import Scenario

TARIFF, BILLS = "tariff", "bills"  # whole records; the register knows no parts of them


@dataclass(frozen=True)
class Change:
    """An input before and after: a path of the register, `TARIFF` or `BILLS`."""

    path: str
    old: Any
    new: Any


def changes(before: Scenario, after: Scenario) -> tuple[Change, ...]:
    """The inputs that differ, in the register's order, then tariff and bills. Notes of sources are no inputs."""
    paths = (*register(), TARIFF, BILLS)
    pairs = ((path, before.get(path), after.get(path)) for path in paths)
    return tuple(Change(path, old, new) for path, old, new in pairs if old != new)
