"""What CONTRIBUTING.md says of a new cost line: its row and its texts, and it is in every place that shows money."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from finance.ledger import vat_factor
from study.evaluate import evaluate
from study.presets import presets
from tests.processes import run_well

ROOT = Path(__file__).resolve().parents[2]
KEY, BEFORE = "site_fence", "pv_capex              pv"
ROW = f"""{KEY}            works           grid_works         investment     start
    - hybrid x finance.genset_mobilisation_per_set x vat
"""
NAMES = {"en": "Fence of the yard", "zh": "围栏"}


def with_one_more_line(folder: Path) -> None:
    """These are all the files there are to touch: `finance/lines.py` and answers.json in each language."""
    text = (ROOT / "finance" / "lines.py").read_text(encoding="utf-8")
    assert text.count(BEFORE) == 1
    (folder / "finance").mkdir()
    (folder / "finance" / "lines.py").write_text(text.replace(BEFORE, ROW + BEFORE), encoding="utf-8")
    shutil.copytree(ROOT / "assets" / "i18n", folder / "i18n")
    for language, name in NAMES.items():
        path = folder / "i18n" / language / "answers.json"
        texts = json.loads(path.read_text(encoding="utf-8")) | {f"answers.line.{KEY}": name}
        path.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")


def test_a_new_line_is_one_row_and_its_texts(tmp_path: Path):
    with_one_more_line(tmp_path)
    command = [sys.executable, "-m", "tests.report.one_more_line", tmp_path, "case_a", KEY]
    found = json.loads(run_well(command, cwd=ROOT).stdout)
    scenario = presets()["case_a"].scenario
    paid = -scenario.finance.genset_mobilisation_per_set * vat_factor(scenario)
    before = evaluate(scenario).kpis["hybrid"]
    for language, name in NAMES.items():
        places = found[language]
        assert places["name"] == name
        assert places["ledger"] == {"diesel": 0, "grid": 0, "grid_diesel": 0, "hybrid": pytest.approx(paid)}
        assert places["total_cost"] == pytest.approx(before.total_cost - paid, rel=1e-12)
        assert places["capex"] == pytest.approx(before.capex - paid, rel=1e-12)
        assert places["money"] and places["paper"] and len(places["book"]) >= 2
        assert places["csv"] == pytest.approx(paid)
