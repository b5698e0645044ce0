"""An input that says it does not matter in a scenario changes no figure there, whatever value it takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.inputs.base import InputError
from sim.inputs.field import always
from sim.inputs.register import Input, register
from sim.inputs.scenario import Scenario
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study

SHORT = {"site.term_months": 2}
METER = {"file_name": "m.csv", "year": 2024, "step_minutes": 60, "kw": [100.0 + hour % 300 for hour in range(8760)]}
NO_SETS = {"genset.sets": 0, "genset.backup_sets": 0, "genset.last_resort_sets": 0}
NO_BATTERY = {"storage.energy_kwh": 0, "storage.power_kw": 0}
# One of each: rich, bare, rented, metered, sized by GPUs with losses counted.
SCENARIOS = {
    "case_c": presets()["case_c"].scenario.with_(SHORT),
    "bare": presets()["case_b"].scenario.with_({**SHORT, **NO_SETS, **NO_BATTERY, "pv.dc_kwp": 0}),
    "rented": presets()["case_a"].scenario.with_(SHORT),
    "metered": presets()["case_c"].scenario.with_({**SHORT, "load.meter": METER, "load.kind": "meter"}),
    "counted": presets()["case_b"].scenario.with_(
        {**SHORT, "finance.count_interruptions": True, "dispatch.arbitrage": "windows"}
    ),
}


@cache
def study_of(name: str) -> Study:
    return evaluate(SCENARIOS[name])


def others(entry: Input, value: Any) -> list[Any]:
    """Other values the input could have."""
    if entry.kind == "switch":
        return [not value]
    if entry.kind == "choice":
        return [choice for choice in entry.choices if choice != value]
    if entry.kind not in ("number", "integer") or entry.minimum is None or entry.maximum is None:
        return []
    low, high = entry.minimum, min(entry.maximum, entry.minimum + 100.0)
    found = [low + 0.3 * (high - low), low + 0.6 * (high - low)]
    return [round(number) if entry.kind == "integer" else number for number in found if number != value]


def changed(study: Study, path: str, values: list[Any]) -> Scenario | None:
    """The scenario with the first of these values that goes with its other inputs."""
    for value in values:
        try:
            return study.scenario.with_({path: value})
        except InputError:
            continue
    return None


def figures(study: Study) -> dict[str, Any]:
    sums = {f"dispatch {name}": value for name, value in study.dispatch.monthly.items()}
    return sums | {f"line {name}": value for name, value in study.ledger.lines.items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_does_not_matter_changes_nothing(name: str) -> None:
    study = study_of(name)
    idle = [entry for entry in register().values() if not entry.when(study.scenario)]
    assert idle
    for entry in idle:
        other = changed(study, entry.path, others(entry, study.scenario.get(entry.path)))
        if other is None:
            continue
        money_only = other.dispatch_key == study.scenario.dispatch_key
        found = figures(evaluate(other, study.dispatch if money_only else None))
        for figure, before in figures(study).items():
            np.testing.assert_allclose(found[figure], before, rtol=1e-12, err_msg=f"{entry.path} {figure}")


@pytest.mark.parametrize("path", ["pv.dc_kwp", "storage.energy_kwh", "genset.sets"])
def test_a_size_of_nothing_matters(path: str) -> None:
    assert register()[path].when(SCENARIOS["bare"])
    others_of_it = [entry for entry in register().values() if entry.section == path.partition(".")[0]]
    assert not any(entry.when(SCENARIOS["bare"]) for entry in others_of_it if entry.when is not always)
