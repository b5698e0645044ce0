"""The yearly project cash flow, worked by hand."""

import numpy as np
import pytest

from finance.cashflow import CashFlow
from finance.figures import appraise
from tests.finance.simple_project import ProjectInputs, cost, lcoe, project

PLANT = ProjectInputs(
    years=3,
    capex=1000.0,
    savings_year1=500.0,
    savings_escalation=0.02,
    savings_degradation=0.10,
    opex_year1=50.0,
    opex_escalation=0.10,
    replacements=((2, 100.0),),
    replacement_escalation=-0.05,
    salvage_fraction=0.05,
    energy_kwh_year1=2000.0,
)


def test_lines_worked_by_hand():
    """500 x 1.02 x 0.9 = 459 in year 2; the replacement costs 100 x 0.95; salvage 50 comes in year 3."""
    cash = project(PLANT)
    np.testing.assert_allclose(cash.capex, [-1000, 0, 0, 0])
    np.testing.assert_allclose(cash.savings, [0, 500, 459, 421.362])
    np.testing.assert_allclose(cash.opex, [0, -50, -55, -60.5])
    np.testing.assert_allclose(cash.replacement, [0, 0, -95, 0])
    np.testing.assert_allclose(cash.salvage, [0, 0, 0, 50])
    np.testing.assert_allclose(cash.energy_kwh, [0, 2000, 1800, 1620])
    np.testing.assert_allclose(cash.pre_tax, [-1000, 450, 309, 410.862])


def test_lcoe_leaves_the_savings_out():
    cash = project(PLANT)
    assert lcoe(cash, 0.0).value == pytest.approx((1000 + 50 + 55 + 60.5 + 95 - 50) / 5420)


def test_a_project_without_energy_has_no_lcoe():
    assert lcoe(project(ProjectInputs(years=2, capex=10.0)), 0.08).reason == "no_energy"


def test_appraisal_of_a_flow():
    figures = appraise([-1000, 400, 400, 400, 400, 400], 0.1)
    assert figures.npv.value == pytest.approx(516.3147077634)
    assert figures.irr.value == pytest.approx(0.286492902, abs=1e-9)
    assert figures.payback_years.value == pytest.approx(2.5)
    assert figures.discounted_payback_years.value == pytest.approx(3.01925)


def test_monthly_flows_are_appraised_in_years():
    """Twelve monthly flows without discounting pay back in the months they take."""
    figures = appraise([-600.0, *[100.0] * 12], 0.0, per_year=12)
    assert figures.payback_years.value == figures.discounted_payback_years.value == pytest.approx(0.5)


def test_replacements_of_one_year_add_up_and_later_ones_are_not_bought():
    inputs = ProjectInputs(years=2, capex=0.0, replacements=((2, 10.0), (2, 5.0), (7, 99.0)))
    assert project(inputs).replacement.tolist() == [0, 0, -15]


def test_lines_may_hold_many_lanes():
    """Lines of simulated years, one row per alternative, add up to flows of the same shape."""
    line = np.ones((4, 6))
    cash = CashFlow(-line, 3 * line, -line, 0 * line, 0 * line, line)
    assert (cash.pre_tax == line).all() and (cost(cash) == 2 * line).all()
