"""Check one finance case: project cash flows with tax and loan, bare flow vectors, or levelised cost of storage."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from finance.cashflow import CashFlow, Financed, financed, in_year
from finance.debt import NO_LOAN, Loan
from finance.figures import appraise
from finance.metrics import irr, lcoe, npv
from finance.tax import Depreciation, TaxRules
from tests.finance import simple_project
from tests.finance.simple_project import ProjectInputs, grown, project, replacement_line

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
    whole = financed(cash, _tax_rules(inputs), _loan(inputs))
    _check_lines(whole, expected["annual"], tolerance)
    flows = (cash.pre_tax, whole.after_tax, whole.equity)
    for name, flow in zip(FLOWS, flows, strict=True):
        _check_figures(name, flow, rate, expected[name], tolerance)
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


def _tax_rules(inputs: dict) -> TaxRules:
    given = inputs.get("depreciation", {"method": "none"})
    written_off = Depreciation(given["method"], given.get("years", 1), given.get("residual_fraction", 0.0))
    return TaxRules(
        rate=inputs.get("tax_rate", 0.0),
        depreciation=written_off,
        loss_rule=inputs.get("loss_rule", "immediate"),
        loss_carry_years=inputs.get("loss_carry_years"),
    )


def _loan(inputs: dict) -> Loan:
    if not inputs.get("debt_share"):
        return NO_LOAN
    return Loan(inputs["debt_share"], inputs["loan_rate"], int(inputs["loan_years"]))


def _check_lines(whole: Financed, annual: dict, tolerance: dict) -> None:
    cash, plan = whole.cash, whole.loan
    ours = {
        "savings": cash.savings,
        "opex": -cash.opex,
        "replacement": -cash.replacement,
        "depreciation": whole.depreciation,
        "loan_interest": plan.interest,
        "loan_principal": plan.principal,
        "loan_balance_end": plan.closing,
        "salvage": cash.salvage,
        "book_value_written_off_at_sale": whole.book_value_sold,
        "taxable_income_with_loan": whole.taxable,
        "taxable_income_without_loan": whole.taxable_without_loan,
        "tax_with_loan": whole.tax.tax,
        "tax_without_loan": whole.tax_without_loan.tax,
        "cash_flow_pre_tax_no_loan": cash.pre_tax,
        "cash_flow_after_tax_no_loan": whole.after_tax,
        "cash_flow_after_tax_equity": whole.equity,
    }
    # Zero in the case may be rounding of the loan's size in ours.
    absolute = tolerance["money_relative"] * abs(cash.capex[0]) * 1e-6
    for name, line in ours.items():
        if name in annual:
            _close(name, line, annual[name], tolerance["money_relative"], absolute)


def _check_levelised(cash: CashFlow, rate: float, expected: dict, relative: float) -> None:
    _close("LCOE", simple_project.lcoe(cash, rate).value, expected["lcoe_per_kwh_pre_tax"], relative)
    _close("PV of cost", npv(rate, simple_project.cost(cash)), expected["present_value_of_cost_pre_tax"], relative)
    _close("PV of energy", npv(rate, cash.energy_kwh) / 1000, expected["present_value_of_energy_mwh"], relative)


def _check_figures(name: str, flows: object, rate: float, expected: dict, tolerance: dict) -> None:
    ours = appraise(flows, rate)
    money = {"relative": tolerance.get("money_relative", 0.0), "absolute": tolerance.get("npv_abs", 0.0)}
    _close(f"{name} NPV", ours.npv.value, expected["npv"], **money)
    _close(f"{name} IRR", ours.irr.value, expected["irr"], absolute=tolerance["irr_abs"])
    _close(f"{name} roots", irr(flows).roots, expected["irr_all_real_roots"], absolute=tolerance["irr_abs"])
    start = _IRR_NOTE_STARTS.get(ours.irr.reason, "none")
    assert expected["irr_note"].startswith(start), f"{name} IRR: {ours.irr.reason}, expected {expected['irr_note']}"
    years = {"absolute": tolerance["payback_years_abs"]}
    _close(f"{name} payback", ours.payback_years.value, expected["simple_payback_years"], **years)
    _close(f"{name} discounted", ours.discounted_payback_years.value, expected["discounted_payback_years"], **years)


def _check_storage(case: dict) -> None:
    inputs, expected = case["inputs"], case["expected"]
    years, rate, relative = inputs["years"], inputs["discount_rate"], case["tolerance"]["relative"]
    discharged_kwh = grown(1000.0 * inputs["discharged_mwh_year1"], -inputs["fade_per_year"], years)
    replacements = tuple((int(year), cost) for year, cost in inputs.get("replacement", {}).items())
    costs = in_year(inputs["capex"], 0, years) + grown(inputs["opex_per_year"], 0.0, years)
    costs = costs + replacement_line(replacements, 0.0, years)
    price, efficiency = inputs["charging_price_per_kwh"], inputs["round_trip_efficiency"]
    charging = discharged_kwh / efficiency * price
    _close("LCOS", lcoe(costs + charging, discharged_kwh, rate).value, expected["lcos_per_kwh"], relative)
    own = lcoe(costs, discharged_kwh, rate).value
    _close("without charging", own, expected["lcos_without_charging_per_kwh"], relative)
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
