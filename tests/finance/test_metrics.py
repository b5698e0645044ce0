"""Key figures against closed forms, hand-worked vectors, numpy-financial, and definitions that must hold."""

from math import fsum

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finance import irr_lanes, metrics
from finance.metrics import (
    REASONS,
    Figure,
    discount_factors,
    discounted_payback,
    irr,
    irr_rows,
    lcoe,
    npv,
    payback,
    payback_rows,
)

FLOW = st.floats(-1000, 1000).map(lambda x: round(x, 2))
SERIES = st.lists(FLOW, min_size=2, max_size=25)
GROWING = st.tuples(st.floats(100, 1000), st.lists(st.floats(0, 300), min_size=1, max_size=25)).map(
    lambda pair: [-pair[0], *pair[1], 1.0]
)


def savings_with_replacements(count: int, years: int = 20) -> np.ndarray:
    """Rows like a storage project's: an outlay, savings, a replacement in one middle year."""
    random = np.random.default_rng(7)
    rows = np.hstack([-random.uniform(5, 10, (count, 1)), random.uniform(0.5, 2, (count, years))])
    rows[np.arange(count), random.integers(5, 15, count)] -= 4
    return rows


def test_npv_leaves_year_0_undiscounted():
    assert npv(0.1, [-100, 110]) == pytest.approx(0, abs=1e-12)
    assert npv(0.1, [-100, 0, 121]) == pytest.approx(0, abs=1e-12)


def test_npv_of_a_square_array_discounts_each_row():
    """numpy-financial 1.0.0 discounts the rows of this array instead of its columns and answers (-200, 300)."""
    assert npv(1.0, [[-100.0, 200.0], [0.0, 200.0]]).tolist() == [0, 100]


def test_npv_with_one_rate_per_row():
    flows = np.array([[-100, 110.0], [-100, 120.0]])
    np.testing.assert_allclose(npv([0.1, 0.2], flows), 0, atol=1e-12)


@given(SERIES, st.floats(-0.5, 2))
def test_npv_is_the_sum_of_discounted_flows_alone_and_in_a_batch(flows, rate):
    for per_year in (1, 12):
        expected = fsum(flow / (1 + rate) ** (t / per_year) for t, flow in enumerate(flows))
        assert npv(rate, flows, per_year) == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert npv(np.full(2, rate), [flows, flows], per_year) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_monthly_flows_use_the_effective_yearly_rate():
    """Month 12 is worth what year 1 is; a monthly annuity's IRR is annualised by (1 + i)^12 - 1."""
    assert discount_factors(0.08, 13, 12)[12] == pytest.approx(1 / 1.08, rel=1e-14)
    flows = [-1000.0, *[100.0] * 12]
    assert irr(flows, 12).value == pytest.approx((1 + npf.rate(12, 100, -1000, 0)) ** 12 - 1, rel=1e-9)
    assert payback(flows, 12).value == pytest.approx(10 / 12)


def test_irr_of_a_worked_vector():
    """-1000, then 220 falling by 2 % a year for 10 years: 15.88 %; NPV at 8 % 367.4, paybacks 4.72 and 6.25 years."""
    flows = np.append(-1000, 220 * 0.98 ** np.arange(10))
    assert irr(flows).value == pytest.approx(0.1588, abs=5e-5)
    assert npv(0.08, flows) == pytest.approx(367.4, abs=0.05)
    assert payback(flows).value == pytest.approx(4.72, abs=5e-3)
    assert discounted_payback(0.08, flows).value == pytest.approx(6.25, abs=5e-3)


@pytest.mark.parametrize(
    ("flows", "roots", "reason"),
    [
        ([-100, 110], (0.10,), None),
        ([100, -110], (0.10,), None),
        ([0, -100, 110], (0.10,), None),
        ([-1000, 250, 250, 250, 250, 0], (0.0,), None),
        ([-1, 11], (10.0,), None),
        ([-100, 50], (-0.5,), None),
        ([-100, 260, -165], (0.10, 0.50), "several_roots"),
        ([-1000, 3600, -4310, 1716], (0.10, 0.20, 0.30), "several_roots"),
        ([-100, 200.01, -100.01], (0.0, 0.0001), "several_roots"),
        ([-100, 150, -40], (-0.653113, 0.153113), None),  # 1.5/2 +- sqrt(1.5^2 - 1.6)/2: a last payment brings -65 %
        ([-100, 120, -30], (-0.644949, -0.155051), None),  # a loss: the NPV is negative at every rate above -15.5 %
        ([-1, 20, -0.5], (-0.974969,), "no_root"),  # a gain, of 1897 % a year: -97 % is not its return
        ([-100, 150, -100], (), "no_root"),
        ([-1, 11.01], (), "no_root"),
        ([-100, 1.0], (), "no_root"),  # the root -0.99 itself is outside
        ([-100, -5, 0], (), "no_sign_change"),
        ([5], (), "no_sign_change"),
        ([0, 0, 0], (), "all_zero"),
    ],
)
def test_irr_lists_every_root_and_reports_only_a_single_one(flows, roots, reason):
    found = irr(flows)
    np.testing.assert_allclose(found.roots, roots, atol=1e-6)
    assert found.reason == reason
    assert found.value == (found.roots[-1] if reason is None else None)
    assert found.text == ("" if reason is None else REASONS[reason])


def test_a_root_that_only_touches_zero_is_one_root():
    """-100 (1 - 1.1 v)^2 is never positive. A double root is known to the square root of rounding only, 1e-8."""
    found = irr([-100, 220, -121])
    assert found.reason is None and len(found.roots) == 1
    assert found.value == pytest.approx(0.10, abs=1e-7)


def test_irr_rows_agrees_with_numpy_financial_to_1e_10():
    rows = savings_with_replacements(300)
    found = irr_rows(rows)
    assert (found.reason == "").all()
    np.testing.assert_allclose(found.value, [npf.irr(row) for row in rows], atol=1e-10, rtol=0)


@settings(max_examples=60, deadline=None)
@given(SERIES)
def test_irr_finds_the_roots_of_the_polynomial(flows):
    """Against numpy's companion-matrix roots, where these are well apart; and every root does bring the NPV to zero."""
    found = irr(flows).roots
    for root in found:
        scale = npv(root, np.abs(flows))
        assert abs(npv(root, flows)) <= 1e-9 * scale
    polynomial = np.roots(np.trim_zeros(np.array(flows), "b")[::-1]) if np.any(flows) else np.array([])
    real = np.sort(1 / polynomial[(np.abs(polynomial.imag) == 0) & (polynomial.real > 0)].real - 1)
    inside = real[(real > -0.98) & (real < 9.9)]
    if inside.size and np.diff(inside).min(initial=1) > 1e-3:
        clear = [root for root in inside if _crosses(flows, root)]
        assert all(np.abs(np.array(found) - root).min(initial=np.inf) < 1e-6 for root in clear)


@settings(max_examples=60, deadline=None)
@example([0, 41, 42, 43], [])
@given(
    st.lists(st.integers(-30, 60), min_size=1, max_size=4, unique=True),
    st.lists(st.floats(0, 2), max_size=12),
)
def test_irr_finds_exactly_the_roots_the_flows_were_built_from(percents, tail):
    """A product of (-1, 1 + r) has the roots r; multiplying by (1, a) with a >= 0 adds no positive one."""
    flows, rates = np.array([1.0]), sorted(percent / 100 for percent in percents)
    for factor in [(-1.0, 1.0 + rate) for rate in rates] + [(1.0, a) for a in tail]:
        flows = np.convolve(flows, factor)
    # 0, 41, 42, 43 % is the example that a search on a grid alone gets wrong.
    np.testing.assert_allclose(irr(1000 * flows).roots, rates, atol=1e-6)


def _crosses(flows, root) -> bool:
    """Whether the NPV clearly has opposite signs beside the root (not mere rounding of a multiple root)."""
    left, right = npv(root - 1e-6, flows), npv(root + 1e-6, flows)
    return left * right < 0 and min(abs(left), abs(right)) > 1e-9 * npv(root, np.abs(flows))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12).flatmap(lambda n: st.lists(st.lists(FLOW, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_a_row_of_many_equals_the_row_alone(rows):
    together, paybacks = irr_rows(rows), payback_rows(rows)
    for at, row in enumerate(rows):
        alone = irr(row)
        assert together.reason[at] == (alone.reason or "")
        assert alone.value is None or together.value[at] == pytest.approx(alone.value, abs=1e-10)
        assert np.isnan(together.value[at]) == (alone.value is None)
        assert paybacks.reason[at] == (payback(row).reason or "")


def test_more_rows_than_a_block_keep_their_places():
    rows = savings_with_replacements(metrics._ROWS_AT_ONCE + 3)
    assert irr_rows(rows).value[-1] == pytest.approx(irr(rows[-1]).value, abs=1e-12)
    assert irr_rows(np.zeros((0, 5))).value.shape == (0,)


def test_payback_is_a_straight_line_inside_the_year():
    assert payback([-1000, 400, 400, 400]).value == pytest.approx(2.5)
    assert discounted_payback(0.1, [-1000, 400, 400, 400, 400]).value == pytest.approx(3.01925)


def test_payback_exactly_on_a_year_end_survives_rounding():
    """Ten times 0.1 is a little less than 1 in floating point; nothing comes after."""
    assert payback([-1.0, *[0.1] * 10, 0.0]).value == pytest.approx(10)


def test_payback_lost_again_is_flagged():
    found = payback([-1000, 600, 600, -900, 600, 600])
    assert found.value == pytest.approx(1 + 400 / 600)
    assert found.lost_again
    assert found.lasting == pytest.approx(4 + 100 / 600)


def test_payback_lost_for_good():
    found = payback([-100, 260, -165])
    assert (found.lost_again, found.lasting) == (True, None)
    assert found.value == pytest.approx(100 / 260)


def test_payback_that_does_not_exist_has_a_reason():
    assert payback([-100, 20, 30]) == metrics.Payback(None, "never")
    assert payback([100, 20, -30]).reason == "no_outlay"
    assert payback([-5]).reason == "never"


@given(GROWING)
def test_payback_is_where_the_running_total_is_zero(flows):
    found, total = payback(flows), np.cumsum(flows)
    if found.value is None:
        assert total[-1] < 0
    else:
        assert np.interp(found.value, np.arange(len(total)), total) == pytest.approx(0, abs=1e-6)
        assert not found.lost_again and found.lasting == found.value


@given(GROWING, st.floats(0.001, 0.3))
def test_discounting_never_shortens_a_payback(flows, rate):
    simple, discounted = payback(flows).value, discounted_payback(rate, flows).value
    assert discounted is None or (simple is not None and discounted >= simple - 1e-6)


def test_lcoe_worked_by_hand():
    """1000 now and 110 after a year, against 500 and 550 kWh: (1000 + 100) / (500/1.1 + 550/1.21)."""
    found = lcoe([1000, 110, 0], [0, 500, 550], 0.1)
    assert found.value == pytest.approx(1100 / (500 / 1.1 + 550 / 1.21))


def test_lcoe_is_the_price_at_which_the_npv_is_zero():
    costs, energy_kwh = np.array([1000, 30, 40, 500.0]), np.array([0, 900, 880, 860.0])
    price = lcoe(costs, energy_kwh, 0.07).value
    assert npv(0.07, price * energy_kwh - costs) == pytest.approx(0, abs=1e-9)


def test_lcoe_without_energy_does_not_exist():
    assert lcoe([1000, 10], [0, 0], 0.08) == Figure(None, "no_energy")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: npv(-1.0, [1, 2]), "discount rate must be a number above -1"),
        (lambda: npv(float("nan"), [1, 2]), "discount rate must be"),
        (lambda: npv(0.1, []), "flows are empty"),
        (lambda: npv(0.1, [1, np.nan]), "missing or infinite"),
        (lambda: irr([[1, 2]]), "give one series"),
        (lambda: irr_rows([1, 2]), "one row per series"),
        (lambda: irr(np.ones(102)), "101 years"),
        (lambda: irr([-1, 2], 4), "periods_per_year is 4"),
    ],
)
def test_refusals_say_what_to_give(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_vector_of_the_definitions():
    """-1000, then 220 falling 2 % a year for 10 years: 4.72 y, 6.25 y at 8 %, IRR 15.88 %, NPV 367.4."""
    flows = np.append(-1000.0, 220 * 0.98 ** np.arange(10))
    assert payback(flows).value == pytest.approx(4.72, abs=0.005)
    assert discounted_payback(0.08, flows).value == pytest.approx(6.25, abs=0.005)
    assert irr(flows).value == pytest.approx(0.1588, abs=5e-5)
    assert npv(0.08, flows) == pytest.approx(367.4, abs=0.05)


def test_mirr_joins_outlays_at_one_rate_and_returns_at_another():
    flows = [-1000, 600, 600, -900, 600, 600]
    outlay = 1000 + 900 / 1.07**3
    returns = 600 * (1.05**4 + 1.05**3 + 1.05 + 1)
    assert metrics.mirr(flows, 0.07, 0.05).value == pytest.approx((returns / outlay) ** (1 / 5) - 1, rel=1e-12)
    outlay, returns = 1000 + 900 / 1.07 ** (3 / 12), 600 * sum(1.05 ** (m / 12) for m in (4, 3, 1, 0))
    assert metrics.mirr(flows, 0.07, 0.05, 12).value == pytest.approx((returns / outlay) ** (12 / 5) - 1, rel=1e-12)
    assert metrics.mirr([100, 10], 0.07, 0.05).reason == "no_sign_change"
    assert metrics.mirr([0, 0], 0.07, 0.05).reason == "all_zero"


def test_profitability_index_is_above_one_where_the_npv_is_positive():
    flows = [-1000, 400, 400, 400, 400, 400]
    assert metrics.profitability_index(0.1, flows).value == pytest.approx(1.5163147, abs=1e-7)
    assert metrics.profitability_index(0.1, [0, 1]).reason == "no_outlay"


def test_real_and_nominal_agree():
    flows = np.array([-1000, 300, 310, 320, 330, 340.0])
    real = metrics.real_flows(flows, 0.03)
    assert npv(metrics.real_rate(0.08, 0.03), real) == pytest.approx(npv(0.08, flows), rel=1e-12)
    assert metrics.real_rate(0.08, 0.03) == pytest.approx(irr(real).value - irr(flows).value + 0.08, abs=0.01)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(FLOW, min_size=6, max_size=6), min_size=1, max_size=40))
def test_the_fast_way_for_many_rows_gives_what_the_general_search_gives(rows):
    """A rate with a proof is the only root; the general search finds the same one or finds none other."""
    fast = irr_lanes.proved_irr(np.array(rows), metrics.LOWEST_IRR, metrics.HIGHEST_IRR)
    for row, value in zip(rows, fast, strict=True):
        if not np.isnan(value):
            assert irr(row).roots == pytest.approx((value,), abs=1e-9)


def test_threads_and_neighbours_do_not_change_a_rate():
    rows = savings_with_replacements(5000)
    low, high = metrics.LOWEST_IRR, metrics.HIGHEST_IRR
    one, two = (irr_lanes.proved_irr(rows, low, high, threads) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(irr_lanes.proved_irr(rows[1234:1235], low, high, 1), one[1234:1235])
