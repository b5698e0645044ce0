"""The cases that ship with the product (`assets/presets/*.json`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sim.inputs.scenario import Scenario, scenario_from_dict

PRESET_DIR = Path(__file__).resolve().parent.parent / "assets" / "presets"


@dataclass(frozen=True)
class Preset:
    """A named starting point: its scenario and the inputs its readers move first (dotted paths)."""

    id: str
    scenario: Scenario
    levers: tuple[str, ...]


@cache
def presets() -> dict[str, Preset]:
    """All presets by id, in their order."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in PRESET_DIR.glob("*.json")]
    return {
        raw["id"]: Preset(raw["id"], scenario_from_dict(raw["scenario"]), tuple(raw["levers"]))
        for raw in sorted(files, key=lambda raw: raw["order"])
    }
