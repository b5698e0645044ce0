"""Every reference case under REFERENCE_DIR (default: this folder), recomputed by our own code.

A case is a JSON file; its folder's name is its group. `checks_<group>.py` beside this file has `check(path)`, which
raises AssertionError with the figure that differs.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import run

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ.get("REFERENCE_DIR") or HERE).resolve()
# These must always be checked: a missing checks module is a failure, not a silent gap.
REQUIRED_GROUPS = ("bill", "finance", "genset", "pv", "battery_life", "survival", "dispatch", "timeline")


def cases(root: Path) -> list[Path]:
    """Case files of every group that has to be checked or can be, in a fixed order."""
    return [path for path in sorted(root.rglob("*.json")) if _is_case(path)]


def _is_case(path: Path) -> bool:
    group = path.parent.name
    checkable = group in REQUIRED_GROUPS or _checks_file(group).exists()
    return checkable and not path.stem.endswith("_tariff")


def _checks_file(group: str) -> Path:
    return HERE / f"checks_{group}.py"


def _check_of(group: str) -> Callable[[Path], None]:
    file = _checks_file(group)
    assert file.exists(), f"group '{group}' has cases, but {file.name} is missing"
    if file.stem not in sys.modules:
        spec = importlib.util.spec_from_file_location(file.stem, file)
        sys.modules[file.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[file.stem])
    return sys.modules[file.stem].check


def _id(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", cases(ROOT), ids=_id)
def test_reference_case(path: Path):
    _check_of(path.parent.name)(path)


def test_there_are_cases():
    assert cases(ROOT), f"no reference case found under {ROOT}; set REFERENCE_DIR to a folder with <group>/<case>.json"


def test_tariffs_and_groups_without_checks_are_no_cases(tmp_path):
    for name in ("bill/one.json", "bill/one_tariff.json", "weather/two.json", "finance/three.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert [_id(path) for path in cases(tmp_path)] == ["bill/one", "finance/three"]


def test_other_folder_of_cases_is_picked_up(tmp_path):
    (tmp_path / "finance").mkdir()
    shutil.copy(HERE / "finance/fin_lcos.json", tmp_path / "finance/another_storage.json")
    result = run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "test_reference_case", "-v", __file__],
        env={**os.environ, "REFERENCE_DIR": str(tmp_path)},
        cwd=HERE.parents[1],
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "test_reference_case[finance/another_storage]" in result.stdout and "1 passed" in result.stdout


@pytest.mark.parametrize(
    ("case", "keys"),
    [
        ("bill/bill_mini48", ["expected", "bill"]),
        ("bill/bill_mini48", ["expected", "import_kwh_by_period", "3"]),
        ("bill/bill_cn_10mw", ["expected", "without_pv", "monthly", "demand_tou", 4]),
        ("bill/bill_cn_10mw", ["expected", "with_pv", "annual", "energy_charge"]),
        ("finance/fin_debt_tax_sl", ["expected", "lcoe_per_kwh_pre_tax"]),
        ("finance/fin_debt_tax_macrs", ["expected", "after_tax_equity", "irr"]),
        ("finance/fin_mini_vectors", ["cases", "two_irrs", "expected", "irr_all_real_roots", 0]),
        ("finance/fin_lcos", ["expected", "pv_cost"]),
    ],
)
def test_a_wrong_expected_figure_is_noticed(tmp_path, case, keys):
    """The check compares what it should: raise one expected figure by 0.01 % and it fails."""
    source = HERE / case
    folder = shutil.copytree(source.parent, tmp_path / source.parent.name)
    path = folder / f"{source.name}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    holder = content
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] *= 1.0001
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(AssertionError, match="expected"):
        _check_of(folder.name)(path)


def _write_ratchet_case(folder: Path, billed_march_kw: float) -> Path:
    """Quarter hours of February and March only, 80 % ratchet over two months, worked by hand in the test below."""
    table = [[1] * 24] * 12
    tariff = {
        "energy_periods": {"1": {"buy_per_kwh": 1.0, "export_credit_per_kwh": 0.5}},
        "energy_schedule_weekday_12x24": table,
        "energy_schedule_weekend_12x24": table,
        "demand_flat_per_kw_month_by_month": [10.0] * 12,
        "fixed_per_month": 5.0,
        "ratchet_pct_of_lookback_peak": 80,
        "ratchet_lookback_months": 2,
    }
    loads = {2: (100, 200, 100, 100), 3: (100, 100, 100, 100)}
    rows = [f"{month},1,0,3,{kw}" for month, series in loads.items() for kw in series]
    case = {
        "inputs": {
            "profile_csv": "r.csv",
            "tariff_json": "r_tariff.json",
            "interval_minutes": 15,
            "peaks_of_previous_year_by_month_kw": [0] * 11 + [400],
        },
        "expected": {
            "monthly": {
                "month": [2, 3],
                "imp_kwh": [125.0, 100.0],
                "peak_import_kw": [200.0, 100.0],
                "billed_kw": [320.0, billed_march_kw],
                "demand_flat": [3200.0, 1600.0],
                "bill": [3330.0, 1705.0],
            },
            "annual": {"fixed": 10.0, "bill": 5035.0},
        },
        "tolerance": {"relative": 1e-9},
    }
    (folder / "r.csv").write_text("\n".join(["month,day,hour,weekday,load_kw", *rows]), encoding="utf-8")
    (folder / "r_tariff.json").write_text(json.dumps(tariff), encoding="utf-8")
    (folder / "r.json").write_text(json.dumps(case), encoding="utf-8")
    return folder / "r.json"


def test_bill_case_with_quarter_hours_some_months_and_ratchet(tmp_path):
    """February: 80 % of last December's 400 kW binds (320 kW). March: 80 % of February's 200 kW (160 kW)."""
    _check_of("bill")(_write_ratchet_case(tmp_path, billed_march_kw=160.0))
    with pytest.raises(AssertionError, match="billed_kw, month 3"):
        _check_of("bill")(_write_ratchet_case(tmp_path, billed_march_kw=100.0))
