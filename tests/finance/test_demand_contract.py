"""Rules of a declared demand and the power-factor table, by hand: 10 MW flat, 12.5 MVA."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.bill import ContractRate
from finance.demand_contract import best_declared_kw, overrun_kw, power_factor, power_factor_fraction

CHINA = ContractRate("demand", 40.0, [True], floor_kw=5_000)
FLAT = np.full(12, 10_000.0)


def billed_kw(declared_kw, peak_kw):
    return declared_kw + CHINA.overrun_factor * overrun_kw(CHINA, declared_kw, peak_kw)


def test_the_best_declaration_is_the_peak_over_1_05():
    np.testing.assert_allclose(best_declared_kw(CHINA, FLAT), 9523.8095, rtol=1e-7)


def test_it_never_lies_below_the_floor():
    np.testing.assert_allclose(best_declared_kw(CHINA, np.full(12, 3000.0)), 5000)


def test_an_overrun_of_10_percent_costs_double_beyond_105():
    """Declared 10,000, peak 11,000: 10,000 + 2 x (11,000 - 10,500) = 11,000 kW billed."""
    assert billed_kw(10_000, [11_000.0]) == pytest.approx([11_000])
    assert billed_kw(10_000, [10_500.0]) == pytest.approx([10_000])


def test_months_without_a_bill_do_not_weigh():
    """6 months at 10 MW, then 6 at 7 MW that are not billed: held for a year, the first six decide."""
    peaks = np.repeat([10_000.0, 7_000.0], 6)
    assert best_declared_kw(CHINA, peaks, 12)[0] == pytest.approx(10_000 / 1.05)
    weights = np.repeat([0.0, 1.0], 6)
    assert best_declared_kw(CHINA, peaks, 12, weights)[0] == pytest.approx(7_000 / 1.05)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 20_000), min_size=1, max_size=12), st.integers(1, 12), st.floats(5_000, 25_000))
def test_no_other_declaration_is_cheaper(peaks, hold_months, other_kw):
    best = best_declared_kw(CHINA, peaks, hold_months)
    ours, other = billed_kw(best, peaks), billed_kw(other_kw, peaks)
    for at in range(0, len(peaks), hold_months):
        held = slice(at, at + hold_months)
        assert len(set(best[held])) == 1
        assert ours[held].sum() <= other[held].sum() + 1e-6


@pytest.mark.parametrize(
    ("factor", "fraction"),
    [
        (0.90, 0),
        (0.95, -0.0075),
        (1.0, -0.0075),
        (0.92, -0.003),
        (0.89, 0.005),
        (0.70, 0.10),
        (0.66, 0.14),
        (0.65, 0.15),
        (0.64, 0.17),
        (0.60, 0.25),
    ],
)
def test_power_factor_table(factor, fraction):
    assert power_factor_fraction(factor) == pytest.approx(fraction, abs=1e-12)


def test_power_factor_of_two_meters():
    np.testing.assert_allclose(power_factor([300.0, 0.0], [400.0, 0.0]), [0.6, 1.0])


def test_bad_input_says_what_to_do():
    with pytest.raises(ValueError, match="below the floor of 5000 kW"):
        overrun_kw(CHINA, 4_000, FLAT)
    with pytest.raises(ValueError, match="1 month or more"):
        best_declared_kw(CHINA, FLAT, 0)
