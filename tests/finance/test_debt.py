"""Repayment plans and coverage: what reviewers recompute, closed forms, and a covered case by hand."""

from dataclasses import replace

import numpy as np
import numpy_financial as npf
import pytest

from finance.cashflow import financed
from finance.debt import NO_LOAN, Loan, coverage, debt_capacity, schedule, year_lengths
from finance.figures import appraise
from finance.tax import Depreciation, TaxRules
from tests.finance.simple_project import ProjectInputs, project

LOANS = [
    Loan(0.6, 0.048, 8),
    Loan(0.6, 0.048, 8, grace_years=2),
    Loan(0.7, 0.05, 6, "equal_principal"),
    Loan(0.7, 0.05, 6, "equal_principal", 1),
    Loan(0.5, 0.04, 5, "bullet"),
    Loan(0.5, 0.04, 7, "sculpted"),
    Loan(0.5, 0.04, 7, "sculpted", 2),
    Loan(0.5, 0.0, 7),
]
CASH = np.array([0, 9, 8, 7, 9, 10, 4, 6, 5, 5, 5.0])


@pytest.mark.parametrize("loan", LOANS)
def test_the_plan_foots(loan):
    """Closing = opening + drawdown - principal, interest = opening x rate, nothing left, PV 0 at its rate."""
    plan = schedule(loan, 100.0, 10, CASH)
    np.testing.assert_allclose(plan.closing, plan.opening + plan.drawdown - plan.principal, atol=1e-9)
    np.testing.assert_allclose(plan.interest, plan.opening * loan.rate, atol=1e-9)
    assert plan.closing[loan.years :] == pytest.approx(0, abs=1e-9)
    assert npf.npv(loan.rate, plan.drawdown - plan.service) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("months", "interest"), [(1, 12_500), (4, 50_000), (6, 75_000), (12, 150_000)])
def test_a_part_of_a_year_bears_that_part_of_the_interest(months, interest):
    """2.5 M at 6 %, all repaid at the end."""
    plan = schedule(Loan(1.0, 0.06, 1, "bullet"), 2.5e6, 1, lengths=year_lengths(months))
    assert plan.interest[1] == pytest.approx(interest) and plan.principal[1] == pytest.approx(2.5e6)


def test_eighteen_months_bear_a_year_and_a_half():
    """Bullet: 150,000 and 75,000. Equal principal: two thirds, one third. Level: the second pays half."""
    lengths = year_lengths(18)
    np.testing.assert_array_equal(lengths, [0.0, 1.0, 0.5])
    bullet, even, level = (
        schedule(Loan(1.0, 0.06, 2, kind), 2.5e6, 2, lengths=lengths) for kind in ("bullet", "equal_principal", "level")
    )
    assert bullet.interest[1:] == pytest.approx([150_000, 75_000])
    assert even.principal[1:] == pytest.approx([2.5e6 * 2 / 3, 2.5e6 / 3])
    assert even.interest[1:] == pytest.approx([150_000, 25_000])
    payment = 2.5e6 / (1 / 1.06 + 0.5 / (1.06 * 1.03))
    assert level.service[1:] == pytest.approx([payment, payment / 2]) and level.closing[2] == 0
    assert debt_capacity([0.0, 106.0, 54.59], 0.06, 1.0, 2, lengths) == pytest.approx(100 + 50)


@pytest.mark.parametrize("loan", LOANS)
@pytest.mark.parametrize("months", [109, 114])
def test_a_plan_with_a_part_year_foots(loan, months):
    """Nothing is left and its present value at its own rate is 0, whether the loan ends in the part year or before."""
    lengths, long = year_lengths(months), replace(loan, years=10)
    for one in (loan, long):
        plan = schedule(one, 100.0, 10, CASH, lengths)
        np.testing.assert_allclose(plan.closing, plan.opening + plan.drawdown - plan.principal, atol=1e-9)
        worth = (plan.drawdown - plan.service) / np.cumprod(1.0 + one.rate * lengths)
        assert worth.sum() == pytest.approx(0, abs=1e-9) and plan.closing[one.years :] == pytest.approx(0, abs=1e-9)


def test_level_payment_is_the_annuity():
    plan = schedule(Loan(0.6, 0.048, 8), 52e6, 20)
    assert plan.service[1:9] == pytest.approx(31.2e6 * 0.048 / (1 - 1.048**-8), rel=1e-12)
    free = schedule(Loan(0.6, 0.0, 8), 52e6, 20)
    assert free.service[1:9] == pytest.approx(31.2e6 / 8, rel=1e-12)


def test_a_sculpted_loan_has_the_same_coverage_every_year():
    plan = schedule(Loan(0.5, 0.04, 7, "sculpted"), 60.0, 10, CASH)
    ratio = CASH[1:8] / plan.service[1:8]
    np.testing.assert_allclose(ratio, ratio[0])
    assert debt_capacity(CASH, 0.04, ratio[0], 7) == pytest.approx(30.0)


def test_lanes_of_loans():
    plan = schedule(Loan(0.5, 0.04, 7, "sculpted"), np.array([60.0, 30.0]), 10, np.array([CASH, CASH * 2]))
    np.testing.assert_allclose(plan.principal[0], 2 * plan.principal[1])


def test_coverage_names_the_weak_year():
    """A replacement in year 4 takes the cash: DSCR below 1 there although the mean is above 2."""
    cash = project(ProjectInputs(years=8, capex=1000, savings_year1=300, replacements=((4, 250.0),)))
    whole = financed(cash, TaxRules(0.25, Depreciation("straight_line", 8)), Loan(0.5, 0.05, 6))
    found = whole.coverage
    assert found.least_dscr_year == 4 and found.years_below_one == (4,)
    assert np.isnan(found.dscr[0]) and np.isnan(found.dscr[7])
    service = -npf.pmt(0.05, 6, 500)
    interest = 25.0
    assert found.icr[1] == pytest.approx((300 - 125) / interest)
    assert found.dscr[1] == pytest.approx((300 - 0.25 * (300 - 125 - interest)) / service)


def test_without_a_loan_there_is_no_coverage():
    whole = financed(project(ProjectInputs(years=5, capex=100, savings_year1=30)), TaxRules(0.25), NO_LOAN)
    assert whole.coverage.least_dscr.value is None and whole.coverage.least_dscr.text
    np.testing.assert_array_equal(whole.equity, whole.after_tax)


def test_leverage_raises_the_equity_return_but_not_the_project_one():
    cash, rules = project(ProjectInputs(years=12, capex=1000, savings_year1=200)), TaxRules(0.25)
    plain, lent = financed(cash, rules), financed(cash, rules, Loan(0.7, 0.04, 8))
    np.testing.assert_array_equal(plain.after_tax, lent.after_tax)
    assert appraise(lent.equity, 0.08).irr.value > appraise(plain.equity, 0.08).irr.value


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Loan(1.2, 0.05, 8), "from 0 to 1"),
        (lambda: Loan(0.5, 5, 8), "5 % as 0.05"),
        (lambda: Loan(0.5, 0.05, 0), "whole number from 1"),
        (lambda: Loan(0.5, 0.05, 3, grace_years=3), "less than the loan"),
        (lambda: Loan(0.5, 0.05, 3, "balloon"), "not known"),
        (lambda: schedule(Loan(0.5, 0.05, 9), 100.0, 5), "choose a shorter loan"),
        (lambda: schedule(Loan(0.5, 0.05, 4, "sculpted"), 100.0, 5), "needs the cash flow"),
        (lambda: schedule(Loan(0.5, 0.05, 4, "sculpted"), 100.0, 5, np.zeros(6)), "no cash flow to repay"),
        (lambda: debt_capacity(CASH, 0.05, 0, 5), "above 0"),
    ],
)
def test_bad_loans_say_what_to_do(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_coverage_of_a_bare_plan():
    plan = schedule(Loan(1.0, 0.1, 1), 100.0, 1)
    found = coverage(plan, np.array([0, 132.0]), np.zeros(2), np.array([0, 30.0]))
    assert found.least_dscr.value == pytest.approx(1.2) and found.least_icr.value == pytest.approx(3.0)
