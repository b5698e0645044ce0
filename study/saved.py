"""A saved file: the scenario, and what was found with it, by which engine and when. Another version can say from it
what has changed since."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from finance.figures import FIGURES
from sim.inputs.register import register
from sim.inputs.scenario import ENGINE_VERSION, Scenario, scenario_from_dict, scenario_from_json
from sim.inputs.text import one_line, read_json
from sim.problem import Refusal
from study.decision import decision
from study.study import Study

MARGIN, BEST = "margin", "best"
SAME = 1e-9  # relative: figures of the same inputs on another machine
LONGEST = 100
Figures = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Saved:
    """What a file holds. `engine` is None where it does not say; `filled` are paths of inputs that it does not have."""

    scenario: Scenario
    origin: str = ""
    engine: str | None = None
    fingerprint: str = ""
    saved_at: str = ""
    figures: Figures = field(default_factory=dict)
    best: str = ""
    filled: tuple[str, ...] = ()

    @property
    def is_of_another_engine(self) -> bool:
        """Whether another version may have found other figures, or had other inputs."""
        return self.engine not in (None, ENGINE_VERSION) or bool(self.filled)


@dataclass(frozen=True)
class MovedFigure:
    """A key figure of an alternative that is another than the file says."""

    alternative: str
    key: str
    old: float | None
    new: float | None


def key_figures(study: Study) -> dict[str, Any]:
    """What a file, or a kept version, remembers of a study."""
    found = decision(study)
    alternatives = {
        name: {key: study.kpis[name].figure(key).value for key in FIGURES}
        | {MARGIN: found.margin if name == "hybrid" else None}
        for name in study.kpis
    }
    return {BEST: found.best, "alternatives": alternatives}


def as_file(scenario: Scenario, origin: str, figures: Mapping[str, Any], at: datetime | None = None) -> str:
    """The text of a scenario file; `figures` as `key_figures` gives them, empty where the site cannot be calculated."""
    tree = {
        "engine": ENGINE_VERSION,
        "fingerprint": scenario.fingerprint,
        "saved_at": (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "origin": origin,
        "figures": dict(figures),
    }
    head = json.dumps(tree, indent=1, ensure_ascii=False)[:-2]
    return f'{head},\n "scenario": {scenario.to_json()}\n}}\n'


def from_file(text: str | bytes) -> Saved:
    """Read a scenario file of this version or one before, with or without what was found. Raises InputError."""
    try:
        tree = read_json(text)
    except Refusal:
        return Saved(scenario_from_json(text))  # which says why not
    if not isinstance(tree, dict) or not isinstance(tree.get("scenario"), dict):
        return Saved(scenario_from_json(text), filled=_filled(tree) if isinstance(tree, dict) else ())
    found = tree["figures"] if isinstance(tree.get("figures"), dict) else {}
    return Saved(
        scenario_from_dict(tree["scenario"]),
        _text(tree, "origin"),
        _text(tree, "engine") or None,
        _text(tree, "fingerprint"),
        _text(tree, "saved_at"),
        _numbers(found.get("alternatives")),
        _text(found, BEST),
        _filled(tree["scenario"]),
    )


def moved(figures: Figures, study: Study) -> tuple[MovedFigure, ...]:
    """The figures that are no longer as remembered."""
    now = key_figures(study)["alternatives"]
    pairs = (
        MovedFigure(name, key, figures[name][key], new)
        for name, row in now.items()
        for key, new in row.items()
        if key in figures.get(name, {})
    )
    return tuple(one for one in pairs if not _is_same(one.old, one.new))


def _is_same(old: float | None, new: float | None) -> bool:
    return old is new if old is None or new is None else math.isclose(old, new, rel_tol=SAME, abs_tol=SAME)


def _filled(tree: Mapping[str, Any]) -> tuple[str, ...]:
    """Inputs that a tree of sections does not name. None of a file by hand that names few."""
    given = {f"{section}.{name}" for section, values in tree.items() if isinstance(values, dict) for name in values}
    missing = tuple(path for path in register() if path not in given)
    return missing if len(missing) < len(register()) / 2 else ()


def _text(tree: Mapping[str, Any], name: str) -> str:
    value = tree.get(name)
    return one_line(value)[:LONGEST] if isinstance(value, str) else ""


def _numbers(tree: Any) -> Figures:
    """Figures by alternative and key, without what is neither a number nor nothing."""
    rows = tree.items() if isinstance(tree, dict) else ()
    return {
        name: {key: value for key, value in row.items() if key in (*FIGURES, MARGIN) and _is_number(value)}
        for name, row in rows
        if isinstance(row, dict)
    }


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))
