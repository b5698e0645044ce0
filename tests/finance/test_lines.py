"""The table of cost lines: bit for bit the lines written out by hand, and its own rules."""

import ast
from pathlib import Path

import numpy as np
import pytest

from finance.ledger import quantities
from finance.lines import LINES, _read, keys, proportional
from study.evaluate import evaluate
from study.presets import presets
from tests.finance.ledger_by_hand import lines_by_hand

ROOT = Path(__file__).resolve().parents[2]
OUTAGES = [{"month": 7, "day": 3, "hour": 5, "duration_h": 2}]
PATH = [{"component": "om", "year": 2, "factor": 1.3}, {"component": "carbon", "year": 3, "factor": 0.7}]
VARIANTS = {
    "as shipped": {},
    "without VAT": {"finance.vat_basis": "excl", "finance.prices_include_vat": True},
    "VAT on top": {"finance.vat_basis": "incl", "finance.prices_include_vat": False},
    "rented battery": {"finance.storage_ownership": "rent"},
    "bought battery and sets": {"finance.storage_ownership": "buy", "finance.genset_ownership": "buy"},
    "carbon": {"finance.carbon_price_per_t": 73.0, "finance.carbon_escalation": 0.03},
    "growth": {"finance.om_escalation": 0.031, "finance.diesel_escalation": -0.017, "finance.price_points": PATH},
    "losses counted": {"finance.count_unserved": True, "finance.count_interruptions": True},
    "cells added": {"storage.renewal": "augment", "storage.augment_below_fraction": 0.97},
    "outages": {"grid.outages": OUTAGES, "storage.seamless_transfer": False, "finance.count_interruptions": True},
    "exports": {"pv.dc_kwp": 30_000, "grid.export_limit_kw": 5000, "tariff.export_credit_per_kwh": 0.2},
    "jobs paused": {"compute.cap_rule": "both", "compute.shed_in_outages": True, "grid.outages": OUTAGES},
}


@pytest.fixture(scope="module")
def studies():
    """{(preset, variant): study}"""
    found = {}
    for name, preset in presets().items():
        own = evaluate(preset.scenario)
        for variant, changes in VARIANTS.items():
            scenario = own.scenario.with_(changes)
            same = scenario.dispatch_key == own.dispatch.key
            found[name, variant] = evaluate(scenario, own.dispatch if same else None)
    return found


def test_the_ledger_is_the_lines_written_out_by_hand_bit_for_bit(studies):
    moved = set()
    for case, study in studies.items():
        expected = lines_by_hand(study.scenario, study.dispatch, study.bill)
        assert list(study.ledger.lines) == list(LINES) and expected.keys() == LINES.keys()
        for key, line in study.ledger.lines.items():
            np.testing.assert_array_equal(line, expected[key], err_msg=f"{case}: {key}")
            moved |= {key} if line.any() else set()
    assert moved == set(LINES), "a line that is 0 everywhere is compared with nothing"


def test_a_years_sum_of_a_line_is_the_product_of_the_years_sum(studies):
    """Beside the growth of its price no more than one factor of a line differs by month."""
    study = studies["case_b", "jobs paused"]
    of = quantities(study.scenario, study.dispatch, study.bill)
    for line in LINES.values():
        own = [name for name in line.factors if not name.startswith(("up.", "/"))]
        by_month = [name for name in own if np.shape(of(name))[-1:] == (study.dispatch.months,)]
        assert len(by_month) <= 1, line.key


def test_lines_are_found_by_what_they_say():
    assert keys(step="battery_cost", due=("start", "end")) == (
        "storage_capex",
        "storage_power",
        "storage_residual",
        "storage_converter_residual",
    )
    renewed = ("pv_inverter_renewal", "storage_replacement", "storage_converter_renewal")
    assert keys(cause="replacement") == renewed
    price = "finance.storage_capex_per_kwh"
    assert proportional(price) == ("storage_capex", "storage_om", "storage_replacement", "storage_residual")
    assert "finance.storage_om_fraction" not in LINES["storage_om"].moves_with, "a sum is not proportional to a part"
    by_set = ("genset_rent", "genset_capex", "genset_mobilisation", "genset_residual")
    assert proportional("sets", "fleet") == by_set


@pytest.mark.parametrize("row", ["a b c d monthly\n* x", "a b c d sometimes\n- x", "a b c d monthly\n- x y z"])
def test_a_row_that_is_not_like_the_others_is_refused(row):
    with pytest.raises(ValueError, match="row of 'a'"):
        list(_read(row))


def _product_files():
    folders = ("finance", "study", "report", "ui", "pages", "sim", "i18n")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))] + [
        ROOT / "app.py",
        ROOT / "cli.py",
    ]


def _words_of(tree):
    """Every string of a module that is one word, docstrings left out."""
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_no_list_of_lines_stands_outside_the_table():
    """Names that mean nothing but a cost line: no display outside the table holds two of them, few files hold one."""
    names = {key for key in LINES if "_" in key}
    files: dict[str, set[str]] = {}
    for path in _product_files():
        if path.name == "lines.py" and path.parent.name == "finance":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
                inside = names.intersection(_words_of(node))
                assert len(inside) < 2, f"{path.relative_to(ROOT)}:{node.lineno} lists {sorted(inside)}"
        for name in names.intersection(_words_of(tree)):
            files.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    assert {name: where for name, where in files.items() if len(where) > 3} == {}
