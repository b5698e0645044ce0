"""Depreciation, losses, holidays, credits and VAT against figures worked by hand and laws that must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.cashflow import financed
from finance.tax import (
    MACRS,
    METHODS,
    THREE_FREE_THREE_HALF,
    Depreciation,
    TaxRules,
    country_rules,
    credit_line,
    depreciable_cost,
    depreciation_line,
    income_tax,
)
from tests.finance.simple_project import ProjectInputs, project

CARRY_5 = TaxRules(rate=0.25, loss_rule="carry_forward", loss_carry_years=5)


@pytest.mark.parametrize("name", MACRS)
def test_a_macrs_table_writes_off_everything(name):
    assert sum(MACRS[name]) == pytest.approx(1.0, abs=1e-9)


def test_straight_line_keeps_the_residual_value():
    """52 M over 15 years with 5 % residual: 3,293,333.33 a year."""
    line = depreciation_line(Depreciation("straight_line", 15, 0.05), 52e6, 20)
    np.testing.assert_allclose(line[1:16], 52e6 * 0.95 / 15)
    assert line[0] == 0 and (line[16:] == 0).all()


def test_double_declining_changes_to_straight_line():
    """1000 over 5 years: 400, 240, 144, then 108 and 108."""
    np.testing.assert_allclose(
        depreciation_line(Depreciation("double_declining", 5), 1000.0, 6), [0, 400, 240, 144, 108, 108, 0]
    )


def test_sum_of_years_digits():
    np.testing.assert_allclose(depreciation_line(Depreciation("sum_of_years", 4), 100.0, 4), [0, 40, 30, 20, 10])


@pytest.mark.parametrize("method", [name for name in METHODS if name != "none"])
def test_every_method_writes_off_the_whole_cost_in_time(method):
    assert depreciation_line(Depreciation(method, 8), np.array([10.0, 7.0]), 30).sum(axis=1) == pytest.approx([10, 7])


def test_losses_offset_the_oldest_first_and_lapse():
    """Losses of 100 (year 1) and 50 (year 2), five years: years 3-6 earn 20 each, year 7 earns 100.

    The 100 of year 1 is used up by 80 until year 6 and 20 lapse then; of year 7's 100 the 50 of year 2 are free.
    """
    found = income_tax([0, -100, -50, 20, 20, 20, 20, 100, 10], CARRY_5)
    np.testing.assert_allclose(found.tax, [0, 0, 0, 0, 0, 0, 0, 12.5, 2.5])
    assert found.loss_lapsed[6] == pytest.approx(20) and found.loss_left[6] == pytest.approx(50)


def test_a_loss_without_other_profit_costs_against_an_immediate_one():
    flows = [0, -100, 150]
    at_once = income_tax(flows, TaxRules(rate=0.25))
    np.testing.assert_allclose(at_once.tax, [0, -25, 37.5])
    np.testing.assert_allclose(income_tax(flows, CARRY_5).tax, [0, 0, 12.5])
    np.testing.assert_allclose(income_tax(flows, TaxRules(rate=0.25, loss_rule="lost")).tax, [0, 0, 37.5])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.integers(0, 8))
def test_carrying_losses_lies_between_losing_them_and_money_at_once(taxable, carry):
    rules = {rule: TaxRules(rate=0.2, loss_rule=rule, loss_carry_years=carry) for rule in ("carry_forward", "lost")}
    carried, lost = (income_tax(taxable, rule).tax for rule in rules.values())
    assert (carried >= 0).all() and (carried <= lost + 1e-6).all()
    forever = income_tax(taxable, TaxRules(rate=0.2, loss_rule="carry_forward")).tax
    assert forever.sum() <= carried.sum() + 1e-6
    assert forever.sum() >= income_tax(taxable, TaxRules(rate=0.2)).tax.sum() - 1e-6


def test_lanes_do_not_see_each_other():
    rows = np.array([[0, -100, 50, 80.0], [0, 30, -20, 40.0]])
    both = income_tax(rows, CARRY_5).tax
    for row, line in zip(rows, both, strict=True):
        np.testing.assert_array_equal(income_tax(row, CARRY_5).tax, line)


def test_three_years_free_and_three_at_half_rate():
    rules = TaxRules(rate=0.25, rate_factors=THREE_FREE_THREE_HALF)
    np.testing.assert_allclose(income_tax([0] + [100] * 8, rules).tax, [0, 0, 0, 0, 12.5, 12.5, 12.5, 25, 25])


def test_investment_credit_lowers_the_depreciable_cost_by_half_of_it():
    """30 % credit on 1 M: 300,000 with year 1, 850,000 to depreciate (IRC section 50(c)(3))."""
    rules = TaxRules(rate=0.21, depreciation=Depreciation("macrs5"), credit_fraction=0.3)
    assert depreciable_cost(rules, 1e6) == 850_000
    np.testing.assert_allclose(credit_line(rules, 1e6, 3), [0, 300_000, 0, 0])
    whole = financed(project(ProjectInputs(years=10, capex=1e6, savings_year1=2e5)), rules)
    assert whole.depreciation.sum() == pytest.approx(850_000)
    assert whole.after_tax[1] == pytest.approx(2e5 - 0.21 * (2e5 - 170_000) + 300_000)


def test_china_taxes_25_percent_over_ten_years():
    rules = country_rules("CN")
    assert (rules.rate, rules.depreciation) == (0.25, Depreciation("straight_line", 10, 0.05))
    assert country_rules("US").depreciation.method == "macrs5"
    with pytest.raises(KeyError, match="no country 'XX'"):
        country_rules("XX")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Depreciation("linear"), "not known"),
        (lambda: Depreciation("straight_line", 0), "whole number from 1"),
        (lambda: TaxRules(rate=25), "fraction from 0 to 1"),
        (lambda: TaxRules(loss_rule="never"), "carry_forward"),
        (lambda: TaxRules(loss_carry_years=-1), "0 or more"),
    ],
)
def test_bad_rules_say_what_to_do(make, message):
    with pytest.raises(ValueError, match=message):
        make()
