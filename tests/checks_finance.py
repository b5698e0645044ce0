"""Check one finance case: project cash flows, bare flow vectors, or levelised cost of storage.

Tax and debt lines are not checked yet. The key figures of the flows after tax are, on the flows the case itself gives.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from finance.cashflow import CashFlow, ProjectInputs, appraise, grown, in_year, project, replacement_line
from finance.metrics import lcos, npv

FLOWS = ("pre_tax_no_loan", "after_tax_no_loan", "after_tax_equity")
_IRR_NOTE_STARTS = {None: "unique", "several_roots": "not unique"}


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    if "cases" in case:
        _check_vectors(case)
    elif "discharged_mwh_year1" in case["inputs"]:
        _check_storage(case)
    else:
        _check_project(case)


def _check_vectors(case: dict) -> None:
    for name, vector in case["cases"].items():
        _check_figures(name, vector["flows_year0_on"], vector["discount_rate"], vector["expected"], case["tolerance"])


def _check_project(case: dict) -> None:
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    cash, rate = project(_project_inputs(inputs)), inputs["discount_rate"]
    _check_lines(cash, expected["annual"], tolerance)
    _check_figures(FLOWS[0], cash.pre_tax, rate, expected[FLOWS[0]], tolerance)
    plain = not inputs.get("tax_rate") and not inputs.get("debt_share")
    for name in FLOWS[1:]:
        flows = expected["annual"][f"cash_flow_{name}"]
        if plain:
            _close(name, cash.pre_tax, flows, tolerance["money_relative"])
        _check_figures(name, flows, rate, expected[name], tolerance)
    if "lcoe_per_kwh_pre_tax" in expected:
        _check_levelised(cash, rate, expected, tolerance["money_relative"])


def _project_inputs(inputs: dict) -> ProjectInputs:
    same = ("years", "capex", "savings_year1", "savings_escalation", "savings_degradation", "opex_year1")
    more = ("opex_escalation", "replacement_escalation", "salvage_fraction")
    replacements = inputs.get("replacements_today_money", {})
    return ProjectInputs(
        **{name: inputs[name] for name in same + more if name in inputs},
        replacements=tuple((int(year), cost) for year, cost in replacements.items()),
        energy_kwh_year1=1000.0 * inputs.get("energy_mwh_year1", 0.0),
    )


def _check_lines(cash: CashFlow, annual: dict, tolerance: dict) -> None:
    ours = {
        "savings": cash.savings,
        "opex": -cash.opex,
        "replacement": -cash.replacement,
        "salvage": cash.salvage,
        "cash_flow_pre_tax_no_loan": cash.pre_tax,
    }
    for name, line in ours.items():
        _close(name, line, annual[name], tolerance["money_relative"])


def _check_levelised(cash: CashFlow, rate: float, expected: dict, relative: float) -> None:
    _close("LCOE", cash.lcoe(rate).value, expected["lcoe_per_kwh_pre_tax"], relative)
    _close("PV of cost", npv(rate, cash.cost), expected["present_value_of_cost_pre_tax"], relative)
    _close("PV of energy", npv(rate, cash.energy_kwh) / 1000, expected["present_value_of_energy_mwh"], relative)


def _check_figures(name: str, flows: object, rate: float, expected: dict, tolerance: dict) -> None:
    ours = appraise(flows, rate)
    money = {"relative": tolerance.get("money_relative", 0.0), "absolute": tolerance.get("npv_abs", 0.0)}
    _close(f"{name} NPV", ours.npv, expected["npv"], **money)
    _close(f"{name} IRR", ours.irr.value, expected["irr"], absolute=tolerance["irr_abs"])
    _close(f"{name} roots", ours.irr.roots, expected["irr_all_real_roots"], absolute=tolerance["irr_abs"])
    start = _IRR_NOTE_STARTS.get(ours.irr.reason, "none")
    assert expected["irr_note"].startswith(start), f"{name} IRR: {ours.irr.reason}, expected {expected['irr_note']}"
    years = {"absolute": tolerance["payback_years_abs"]}
    _close(f"{name} payback", ours.payback.value, expected["simple_payback_years"], **years)
    _close(f"{name} discounted", ours.discounted_payback.value, expected["discounted_payback_years"], **years)


def _check_storage(case: dict) -> None:
    inputs, expected = case["inputs"], case["expected"]
    years, rate, relative = inputs["years"], inputs["discount_rate"], case["tolerance"]["relative"]
    discharged_kwh = grown(1000.0 * inputs["discharged_mwh_year1"], -inputs["fade_per_year"], years)
    replacements = tuple((int(year), cost) for year, cost in inputs.get("replacement", {}).items())
    costs = in_year(inputs["capex"], 0, years) + grown(inputs["opex_per_year"], 0.0, years)
    costs = costs + replacement_line(replacements, 0.0, years)
    price, efficiency = inputs["charging_price_per_kwh"], inputs["round_trip_efficiency"]
    full = lcos(costs, discharged_kwh, rate, charging_per_kwh=price, round_trip_efficiency=efficiency)
    _close("LCOS", full.value, expected["lcos_per_kwh"], relative)
    _close(
        "without charging", lcos(costs, discharged_kwh, rate).value, expected["lcos_without_charging_per_kwh"], relative
    )
    _close("PV of discharge", npv(rate, discharged_kwh), expected["pv_discharged_kwh"], relative)
    _close("PV of cost", npv(rate, costs + discharged_kwh / efficiency * price), expected["pv_cost"], relative)


def _close(what: str, got: object, want: object, relative: float = 0.0, absolute: float = 0.0) -> None:
    if got is None or want is None:
        assert got is None and want is None, f"{what}: {got!r}, expected {want!r}"
        return
    got, want = np.atleast_1d(np.asarray(got, dtype=float)), np.atleast_1d(np.asarray(want, dtype=float))
    assert got.shape == want.shape, f"{what}: {got.tolist()}, expected {want.tolist()}"
    for ours, theirs in zip(got, want, strict=True):
        assert math.isclose(ours, theirs, rel_tol=relative, abs_tol=absolute), f"{what}: {ours!r}, expected {theirs!r}"
