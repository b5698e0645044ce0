"""China's three bases by hand: 10 MW flat, 12.5 MVA, 40 per kW and month."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.demand_contract import (
    BasicCharge,
    actual_charge,
    best_declared_kw,
    capacity_charge,
    compare_bases,
    contract_charge,
    credit,
    high_use_charge,
    power_factor,
    power_factor_fraction,
)

RATES = BasicCharge(per_kw_month=40.0, per_kva_month=25.0, transformer_kva=12_500)
FLAT = np.full(12, 10_000.0)
CHARGING = np.full(12, 12_700.0)


@pytest.mark.parametrize(
    ("declared_kw", "peak_kw", "year"),
    [
        (10_000, FLAT, 4.80e6),
        (10_000 / 1.05, FLAT, 4.571e6),
        (10_000, CHARGING, 6.912e6),
        (12_700 / 1.05, CHARGING, 5.806e6),
    ],
)
def test_declared_demand_by_hand(declared_kw, peak_kw, year):
    """4.80 M declared at 10,000 kW, 4.57 M at 9,524; charging to 12.7 MW: 6.91 M left at 10,000, 5.81 M re-declared."""
    assert contract_charge(RATES, declared_kw, peak_kw).sum() == pytest.approx(year, rel=1e-4)


def test_the_best_declaration_is_the_peak_over_1_05():
    np.testing.assert_allclose(best_declared_kw(RATES, FLAT), 9523.8095, rtol=1e-7)


def test_shaving_without_redeclaring_saves_nothing():
    """Declared 9,524 kW, peak cut from 10 to 7 MW: the bill stays."""
    found = credit(RATES, 10_000 / 1.05, FLAT, FLAT - 3000)
    assert found.left_as_is == pytest.approx(0, abs=1e-6)
    assert found.redeclaring == pytest.approx(0, abs=1e-6)
    assert found.equipment == pytest.approx(3000 / 1.05 * 40 * 12)


def test_redeclaring_saves_down_to_the_floor_and_not_further():
    """40 % of 12.5 MVA are 5,000 kW, the peak they allow is 5,250 kW: below that nothing more is saved."""
    at_floor, below = (credit(RATES, 10_000, FLAT, np.full(12, kw)) for kw in (5_250, 3_000))
    assert at_floor.total == pytest.approx((10_000 - 5_000) * 40 * 12)
    assert below == at_floor
    np.testing.assert_allclose(best_declared_kw(RATES, np.full(12, 3000.0)), 5000)


def test_an_overrun_of_10_percent_costs_double_beyond_105():
    """Declared 10,000, peak 11,000: 10,000 + 2 x (11,000 - 10,500) = 11,000 kW billed."""
    assert contract_charge(RATES, 10_000, [11_000.0]) == pytest.approx([11_000 * 40])
    assert contract_charge(RATES, 10_000, [10_500.0]) == pytest.approx([10_000 * 40])


def test_declaring_is_credited_apart_from_the_battery():
    """Charging lifts the peak to 12.7 MW: re-declaring earns 0.229 M, the battery costs 1.234 M of basic charge."""
    found = credit(RATES, 10_000, FLAT, CHARGING)
    assert found.redeclaring == pytest.approx(228_571, rel=1e-5)
    assert found.equipment == pytest.approx(-1_234_286, rel=1e-5)
    assert found.left_as_is == pytest.approx(-2.112e6)
    assert found.total == pytest.approx(found.redeclaring + found.equipment)


def test_three_bases_side_by_side():
    """Flat 10 MW: per kVA 3.75 M, contract 4.57 M, actual 4.80 M a year; a half-used connection turns the order."""
    offer = compare_bases(RATES, np.array([FLAT, FLAT / 2]))
    assert {name: round(float(charge[0].sum()) / 1e6, 2) for name, charge in offer.charges.items()} == {
        "actual_demand": 4.80,
        "contract_demand": 4.57,
        "transformer_capacity": 3.75,
    }
    assert offer.cheapest.tolist() == ["transformer_capacity", "actual_demand"]
    assert offer.least == pytest.approx([3.75e6, 2.4e6])
    np.testing.assert_allclose(actual_charge(RATES, FLAT), 400_000)
    np.testing.assert_allclose(capacity_charge(RATES, FLAT), 312_500)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 20_000), min_size=1, max_size=12), st.integers(1, 12), st.floats(5_000, 25_000))
def test_no_other_declaration_is_cheaper(peaks, hold_months, other_kw):
    best = best_declared_kw(RATES, peaks, hold_months)
    ours = contract_charge(RATES, best, peaks)
    other = contract_charge(RATES, other_kw, peaks)
    for at in range(0, len(peaks), hold_months):
        held = slice(at, at + hold_months)
        assert len(set(best[held])) == 1
        assert ours[held].sum() <= other[held].sum() + 1e-6


def test_steady_users_pay_90_percent():
    """260 kWh per kVA and month: 12.5 MVA need 3.25 GWh."""
    rates = BasicCharge(40.0, None, 12_500, high_use_kwh_per_kva=260)
    np.testing.assert_allclose(high_use_charge(rates, [100.0, 100.0], [3.25e6, 3.2e6]), [90, 100])
    np.testing.assert_allclose(high_use_charge(RATES, [100.0], [9e9]), [100])


@pytest.mark.parametrize(
    ("factor", "fraction"),
    [
        (0.90, 0),
        (0.95, -0.0075),
        (1.0, -0.0075),
        (0.92, -0.003),
        (0.89, 0.005),
        (0.70, 0.10),
        (0.65, 0.15),
        (0.60, 0.25),
    ],
)
def test_power_factor_table(factor, fraction):
    assert power_factor_fraction(factor) == pytest.approx(fraction, abs=1e-12)


def test_power_factor_of_two_meters():
    np.testing.assert_allclose(power_factor([300.0, 0.0], [400.0, 0.0]), [0.6, 1.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BasicCharge(None, None, 1000), "give at least one"),
        (lambda: BasicCharge(-1, None, 1000), "0 or more"),
        (lambda: BasicCharge(40, None, 1000, tolerance=0.9), "at least 1"),
        (lambda: BasicCharge(40, None, 1000, floor_fraction=4), "from 0 to 1"),
        (lambda: contract_charge(RATES, 4_000, FLAT), "below the floor of 5000 kW"),
        (lambda: best_declared_kw(RATES, FLAT, 0), "1 month or more"),
        (lambda: capacity_charge(BasicCharge(40, None, 1000), FLAT), "no price per kVA"),
        (lambda: actual_charge(BasicCharge(None, 20, 1000), FLAT), "no price per kW"),
    ],
)
def test_bad_input_says_what_to_do(make, message):
    with pytest.raises(ValueError, match=message):
        make()
