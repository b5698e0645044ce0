"""Scenario files: those of every version that was released open, and say what has changed since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from finance.figures import FIGURES
from sim.inputs.base import InputError
from sim.inputs.scenario import ENGINE_VERSION
from study.evaluate import evaluate
from study.presets import presets
from study.saved import MARGIN, MovedFigure, as_file, from_file, key_figures, moved

FILES = sorted((Path(__file__).resolve().parents[1] / "reference" / "files").glob("scenario-*.json"))
CASE = presets()["case_d"].scenario


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_every_released_version_opens(path: Path) -> None:
    """Nobody takes one of them away: each was written by the version in its name."""
    saved = from_file(path.read_bytes())
    case_c, version = presets()["case_c"].scenario, path.stem.removeprefix("scenario-")
    assert saved.scenario.site.name == f"A file of version {version}"
    assert (saved.scenario.storage.energy_kwh, saved.scenario.finance.diesel_per_l) == (21_000, 4.4)
    assert saved.scenario.tariff.library_id == case_c.tariff.library_id
    assert saved.is_of_another_engine and 0 < len(saved.filled) < 60
    assert all(saved.scenario.get(name) == type(saved.scenario)().get(name) for name in saved.filled)


def test_a_file_says_engine_fingerprint_time_and_figures() -> None:
    study = evaluate(CASE)
    text = as_file(CASE, "case_d", key_figures(study), datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    tree = json.loads(text)
    assert (tree["engine"], tree["fingerprint"]) == (ENGINE_VERSION, CASE.fingerprint)
    assert tree["saved_at"] == "2026-12-01T09:30:00Z" and tree["figures"]["best"]
    saved = from_file(text)
    assert (saved.scenario, saved.origin, saved.filled) == (CASE, "case_d", ()) and not saved.is_of_another_engine
    assert moved(saved.figures, study) == ()
    assert set(saved.figures["hybrid"]) == {*FIGURES, MARGIN}


def test_another_engine_is_told_with_each_figure_that_moved() -> None:
    study = evaluate(CASE)
    tree = json.loads(as_file(CASE, "case_d", key_figures(study)))
    tree["engine"] = "0.1.9"
    tree["figures"]["alternatives"]["hybrid"]["npv"] += 5.0
    del tree["scenario"]["genset"]["overhaul_interval_h"]
    saved = from_file(json.dumps(tree))
    now = study.kpis["hybrid"].npv.value
    assert saved.is_of_another_engine and saved.filled == ("genset.overhaul_interval_h",)
    assert moved(saved.figures, study) == (MovedFigure("hybrid", "npv", now + 5.0, now),)


@pytest.mark.parametrize(
    "change",
    [
        {"figures": 3},
        {"figures": {"alternatives": {"hybrid": {"npv": "many", "irr": True, "no such": 1}, "x": 2}, "best": 7}},
        {"engine": ["0"], "origin": None, "saved_at": 5},
    ],
)
def test_what_a_file_says_beside_its_inputs_may_be_anything(change: dict) -> None:
    tree = json.loads(as_file(CASE, "case_d", {})) | change
    saved = from_file(json.dumps(tree))
    assert saved.scenario == CASE and not any(saved.figures.values())


@pytest.mark.parametrize("text", [b"", b"[1]", b'{"scenario": {"storage": {"energy_kwhh": 5}}}', b'{"scenario": 5}'])
def test_a_file_that_cannot_be_used_says_why(text: bytes) -> None:
    with pytest.raises(InputError):
        from_file(text)
