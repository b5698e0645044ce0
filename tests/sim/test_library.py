"""The shipped records: each is read, or stands apart as not used yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sim.inputs import library

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("sim", "finance", "study", "report", "ui", "tests")
# Read whole: a row for each region, each class of container, each rating of a set, each choice of the method page.
TABLES = ("grid.co2_factor_kg_per_kwh", "bess.classes", "diesel.fuel_curves_l_per_h", "modelling_choices", "lead_time")
APART = ("schema_version", "as_of", "sources", "not_used_yet")


def records(node: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the records below a node; a table counts as one."""
    if path in TABLES or "value" in node:
        yield path
        return
    for key, below in node.items():
        yield from records(below, f"{path}.{key}" if path else key)


@cache
def texts() -> tuple[str, ...]:
    own = Path(__file__)
    return tuple(
        file.read_text(encoding="utf-8") for folder in FOLDERS for file in (ROOT / folder).rglob("*.py") if file != own
    )


def is_read(path: str) -> bool:
    """Asked for by its path, or named where a figure of the code tells that it is this record's."""
    key = re.compile(rf"\b{re.escape(path.rpartition('.')[2])}\b")
    return any(path in text or ("equipment.yaml" in text and key.search(text)) for text in texts())


def test_every_record_of_the_equipment_is_read_or_stands_apart() -> None:
    whole = {name: node for name, node in library._file("equipment").items() if name not in APART}
    assert [path for path in records(whole) if not is_read(path) and path not in TABLES] == []


def test_what_is_not_used_yet_is_not_used() -> None:
    waiting = library._file("equipment")["not_used_yet"]
    assert all(node["source"] for node in waiting.values())
    assert [path for path in waiting if any(f'"{path}"' in text for text in texts())] == []


def test_every_source_of_the_equipment_is_named_by_a_record() -> None:
    text = (ROOT / "assets" / "data" / "equipment.yaml").read_text(encoding="utf-8")
    assert [key for key in library._file("equipment")["sources"] if len(re.findall(rf"\b{key}\b", text)) < 2] == []
