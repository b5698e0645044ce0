"""Small scenarios with what people complained about elsewhere, and the figure that is right.

A case holds a `preset`, `changes` by dotted path, and `expected`: a list of figures with `value` and tolerance, or
`min` and `max`; or an `outcome` (refused), a `relation` over several `runs`, a `text`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from finance.figures import FIGURES
from i18n import words
from report.paper import plant
from report.paper.blocks import Draft
from report.paper.offer import Offer
from report.text import financing as financing_text
from report.text import say
from study import foresight
from study.evaluate import evaluate
from study.financing import returns
from study.presets import presets
from study.summary import summary

OWN = Path(__file__).resolve().parents[1] / "reference" / "field"
# Cases that other work is to mend, and why they fail today. One that begins to pass fails here until its line is gone.
NOT_YET = {}


def cases() -> dict[str, dict[str, Any]]:
    """{name: case} of the folder: the project's own, or that of FIELD_DIR, which may hold `scenarios/`."""
    folder = Path(os.environ.get("FIELD_DIR", OWN))
    paths = sorted((folder / "scenarios").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def figure(study: Any, name: str) -> float:
    """`line:ALTERNATIVE:LINE` is the sum of a ledger line; any other name is a path into the object of `--json`."""
    if name.startswith("line:"):
        _, alternative, line = name.split(":")
        return float(study.ledger.lines[line][study.dispatch.row(alternative)].sum())
    if name == "equity minus project NPV":
        found = returns(study)
        return found.equity.worth - found.project_after_tax.worth
    node: Any = summary(study)
    for part in name.split("."):
        node = node[part]
    return node


def holds(value: float, expected: dict[str, Any]) -> bool:
    if "value" in expected:
        near = expected.get("abs_tol", 0) + expected.get("rel_tol", 0) * abs(expected["value"])
        return abs(value - expected["value"]) <= near
    return expected.get("min", -float("inf")) <= value <= expected.get("max", float("inf"))


def verdict(case: dict[str, Any]) -> tuple[bool, Any]:
    """Whether a case holds, and what was found."""
    start, expected = presets()[case["preset"]].scenario, case["expected"]
    if isinstance(expected, list):
        study = evaluate(start.with_(case["changes"]))
        found = {one["figure"]: figure(study, one["figure"]) for one in expected}
        return all(holds(found[one["figure"]], one) for one in expected), found
    if "outcome" in expected:
        try:
            return False, evaluate(start.with_(case["changes"])).fingerprint
        except ValueError as error:
            return True, str(error)
    rising = [
        evaluate(start.with_({**case["changes"], **run})).kpis["hybrid"].npv.value for run in case["runs"].values()
    ]
    return all(after >= before - 1e4 for before, after in zip(rising, rising[1:], strict=False)), rising


def paybacks_told(case: dict[str, Any], language: str) -> list[str]:
    """What is said of the payback: overview and Money, the table of figures, the proposal, the command line."""
    study, spoken = evaluate(presets()[case["preset"]].scenario.with_(case["changes"])), words(language)
    draft = Draft(study, spoken, Offer(), frozenset())
    row = FIGURES["payback_years"]
    return [
        say.lead(study, spoken),
        " ".join(financing_text.views(study, spoken)[0]),
        draft.key_figure(row.key),
        say.figure(row, study.kpis["hybrid"].figure(row.key), spoken, draft.currency),
    ]


def left_alone(case: dict[str, Any]) -> tuple[float, float, float]:
    """The case's year without its battery, at its optimum, and by the rule without a typed threshold."""
    changes = case["changes"] | {"dispatch.peak_shave_kw": None}
    study = evaluate(presets()[case["preset"]].scenario.with_(changes))
    found = foresight.bound(study)
    assert found is not None
    rule = foresight.cost_of_trace(study, 1, found, study.dispatch.trace("hybrid", 1))
    return found.without_battery.total, found.best.total, rule.total


def supply_list(case: dict[str, Any], language: str) -> list[list[str]]:
    """The proposal's list of equipment."""
    study = evaluate(presets()[case["preset"]].scenario.with_(case["changes"]))
    return plant._equipment(Draft(study, words(language), Offer(), (), frozenset()))
