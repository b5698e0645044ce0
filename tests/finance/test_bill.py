"""The utility bill against hand-worked figures and laws that hold for every bill."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.bill import BillRates, DemandRate, bill
from tests.finance.metered import Metered, meter

ALL = (True, True)


def readings(import_kwh=0.0, export_kwh=0.0, peak_kw=0.0, shape=(1, 2)) -> Metered:
    return Metered(*(np.broadcast_to(np.array(v, dtype=float), shape) for v in (import_kwh, export_kwh, peak_kw)))


def one_month(demand=(), **fields) -> BillRates:
    """Peak (class 0) at 1.00 and valley (class 1) at 0.25 per kWh."""
    return BillRates(energy_per_kwh=[[1.0, 0.25]], demand=demand, **fields)


def test_energy_by_class():
    result = bill(one_month(), readings(import_kwh=[[100, 400]]))
    assert result.energy_charge_by_class.tolist() == [[100, 100]]
    assert result.energy_charge.tolist() == result.total.tolist() == [200]


def test_flat_demand_takes_the_greatest_of_all_classes():
    flat = DemandRate("flat", 40.0, ALL)
    result = bill(one_month((flat,)), readings(peak_kw=[[900, 1500]]))
    assert result.billed_kw["flat"].tolist() == [1500]
    assert result.demand_charges["flat"].tolist() == result.total.tolist() == [60_000]


def test_time_of_use_demand_adds_to_flat_demand():
    demand = (DemandRate("flat", 40.0, ALL), DemandRate("peak", 10.0, (True, False)))
    result = bill(one_month(demand), readings(peak_kw=[[1300, 1500]]))
    assert result.demand_charges["peak"].tolist() == [13_000]
    assert result.total.tolist() == [73_000]


def test_a_peak_outside_the_measured_window_costs_nothing():
    """Malaysia measures demand only from 14 to 22: a night peak from charging is free, the same kW by day is not."""
    window = DemandRate("14-22", 97.06, (True, False))
    kw = np.array([3000.0] * 24)
    night, day = kw.copy(), kw.copy()
    night[2], day[15] = 9000, 9000
    period = np.where((np.arange(24) >= 14) & (np.arange(24) < 22), 0, 1)
    metered = meter(np.array([kw, night, day]), np.zeros((3, 24)), period, np.zeros(24), 1, 2, 1.0)
    charge = bill(one_month((window,)), metered).demand_charges["14-22"][:, 0]
    assert charge[1] == charge[0] == 3000 * 97.06
    assert charge[2] == 9000 * 97.06


def test_demand_price_by_month():
    summer = DemandRate("summer", [0.0, 12.0, 0.0], [True])
    result = bill(BillRates(np.ones((3, 1)), demand=(summer,)), readings(peak_kw=500, shape=(3, 1)))
    assert result.total.tolist() == [0, 6000, 0]


def test_ratchet_worked_by_hand():
    """60 % of the greatest of the 2 months before; 1000 kW in the month before the first.

    month 0: max(300, 0.6 x 1000) = 600;   month 1: before are 1000 and 300 -> 600;   month 2: before are 300 and 200,
    own 800 -> 800;   month 3: before 200 and 800 -> 480;   month 4: before 800 and 100 -> 480;   month 5: before 100
    and 100, own 250 -> 250. Billed kW do not feed the next month's ratchet, measured peaks do.
    """
    rate = DemandRate("flat", 1.0, [True], ratchet_fraction=0.6, ratchet_months=2, peaks_before_kw=(9999, 50, 1000))
    peaks = np.array([300, 200, 800, 100, 100, 250.0])[:, None]
    result = bill(BillRates(np.zeros((6, 1)), demand=(rate,)), readings(peak_kw=peaks, shape=(6, 1)))
    assert result.billed_kw["flat"].tolist() == [600, 600, 800, 480, 480, 250]


def test_ratchet_longer_than_what_is_known_binds_only_on_known_months():
    rate = DemandRate("flat", 1.0, [True], ratchet_fraction=1.0, ratchet_months=11)
    peaks = np.array([300, 200, 800, 100.0])[:, None]
    result = bill(BillRates(np.zeros((4, 1)), demand=(rate,)), readings(peak_kw=peaks, shape=(4, 1)))
    assert result.billed_kw["flat"].tolist() == [300, 300, 800, 800]


def test_ratchet_can_differ_by_lane():
    rate = DemandRate("flat", 1.0, [True], 0.5, 1, peaks_before_kw=np.array([[1000.0], [100.0]]))
    result = bill(BillRates(np.zeros((1, 1)), demand=(rate,)), readings(peak_kw=200, shape=(2, 1, 1)))
    assert result.billed_kw["flat"].tolist() == [[500], [200]]


def test_quarter_hour_demand_is_above_the_hourly_mean():
    """One hour of 800, 800, 1600, 800 kW: 1600 kW by quarter hours, 1200 by half hours, 1000 by the hour."""
    kw, zero = np.array([800.0, 800, 1600, 800]), np.zeros(4, dtype=int)
    peaks = [meter(kw, 0 * kw, zero, zero, 1, 1, 0.25, window).peak_kw.item() for window in (1, 2, 4)]
    assert peaks == [1600, 1200, 1000]


def test_a_window_belongs_to_the_class_and_month_of_its_first_step():
    kw = np.array([100.0, 300, 500, 700])
    metered = meter(kw, 0 * kw, [0, 1, 1, 0], [0, 0, 0, 1], 2, 2, 0.5, 2)
    assert metered.peak_kw.tolist() == [[200, 600], [0, 0]]
    assert metered.import_kwh.tolist() == [[50, 400], [350, 0]]


def test_transformer_capacity_is_not_lowered_by_shaving():
    rates = one_month(capacity_per_kva_month=28.0, capacity_kva=12_500.0)
    before, after = (bill(rates, readings(peak_kw=kw)) for kw in (10_000, 7_000))
    assert before.capacity_charge.tolist() == after.total.tolist() == before.total.tolist() == [350_000]


def test_adders_and_energy_tax():
    """(1.00 + 0.05) x 1.0516 per kWh; the tax is not on demand and fixed charges."""
    rates = one_month((DemandRate("flat", 10.0, ALL),), adders_per_kwh=0.05, tax_rate=0.0516, fixed_per_month=7.0)
    result = bill(rates, readings(import_kwh=[[1000, 0]], peak_kw=20))
    assert result.energy_charge.item() == pytest.approx(1050)
    assert result.tax.item() == pytest.approx(54.18)
    assert result.total.item() == pytest.approx(1050 + 54.18 + 200 + 7)


def test_export_credit_is_taken_off_and_carries_no_tax():
    rates = one_month(export_credit_per_kwh=[[0.4, 0.1]], tax_rate=0.5)
    result = bill(rates, readings(export_kwh=[[800, 100]]))
    assert result.export_credit.tolist() == [330]
    assert result.total.tolist() == [-330]


def test_vat_switch_converts_every_component():
    fields = dict(
        demand=(DemandRate("flat", 42.0, ALL),),
        export_credit_per_kwh=0.4,
        fixed_per_month=500.0,
        capacity_per_kva_month=28.0,
        capacity_kva=100.0,
        adders_per_kwh=0.03,
        tax_rate=0.02,
        vat_rate=0.13,
    )
    metered = readings(import_kwh=[[5000, 7000]], export_kwh=[[90, 10]], peak_kw=[[800, 950]])
    with_vat = bill(one_month(**fields), metered)
    without = bill(one_month(**fields, vat_included=False), metered)
    for name in (
        "energy_charge",
        "energy_charge_by_class",
        "export_credit",
        "capacity_charge",
        "fixed",
        "tax",
        "total",
    ):
        np.testing.assert_allclose(getattr(without, name), getattr(with_vat, name) / 1.13, rtol=1e-14)
    np.testing.assert_allclose(without.demand_charges["flat"], with_vat.demand_charges["flat"] / 1.13, rtol=1e-14)
    assert without.billed_kw["flat"] == with_vat.billed_kw["flat"]


def test_net_prices_on_a_gross_bill():
    rates = one_month(vat_rate=0.07, prices_include_vat=False)
    assert bill(rates, readings(import_kwh=[[100, 0]])).total.item() == pytest.approx(107)


def test_class_without_a_price_is_fine_while_nothing_is_taken_in_it():
    rates = BillRates([[np.nan, 0.3]])
    assert bill(rates, readings(import_kwh=[[0, 10]])).total.item() == pytest.approx(3)
    with pytest.raises(ValueError, match="class 0 of month 0, which has no energy price"):
        bill(rates, readings(import_kwh=[[1, 10]]))


def test_rates_keep_their_own_copy_of_the_prices():
    prices = np.ones((1, 2))
    rates = BillRates(prices)
    prices[:] = 9
    assert rates.energy_per_kwh.tolist() == [[1, 1]]
    with pytest.raises(ValueError, match="read-only"):
        rates.energy_per_kwh[0, 0] = 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BillRates([1.0, 2.0]), "energy_per_kwh has shape"),
        (lambda: BillRates([[1.0]], tax_rate=6), "tax_rate is 6"),
        (lambda: BillRates([[1.0]], vat_rate=-0.1), "vat_rate is -0.1"),
        (lambda: BillRates([[1.0]], fixed_per_month=[1, 2]), "fixed_per_month has shape"),
        (lambda: DemandRate("flat", 1.0, [True], ratchet_fraction=60), "ratchet_fraction of demand charge 'flat'"),
        (lambda: DemandRate("flat", 1.0, [True], ratchet_months=-1), "ratchet_months of demand charge 'flat'"),
        (lambda: one_month((DemandRate("a", 1.0, [True]),)), "measured of demand charge 'a'"),
        (lambda: one_month((DemandRate("a", [1.0, 2.0], ALL),)), "per_kw_month of demand charge 'a'"),
        (lambda: one_month((DemandRate("a", 1.0, ALL),) * 2), "two demand charges are called 'a'"),
        (lambda: bill(one_month(), readings(shape=(12, 2))), "import_kwh has shape"),
        (lambda: meter([1.0, -1], [0, 0], [0, 0], [0, 0], 1, 1, 1.0), "import_kw has negative"),
        (lambda: meter([1.0, np.nan], [0, 0], [0, 0], [0, 0], 1, 1, 1.0), "import_kw has negative or missing"),
        (lambda: meter([], [], [], [], 1, 1, 1.0), "import_kw is empty"),
        (lambda: meter([1.0, 1], [0], [0, 0], [0, 0], 1, 1, 1.0), "export_kw has shape"),
        (lambda: meter([1.0] * 3, [0] * 3, [0] * 3, [0] * 3, 1, 1, 1.0, 2), "3 steps do not divide"),
        (lambda: meter([1.0], [0], [1], [0], 1, 1, 1.0), "period must hold whole numbers from 0 to 0"),
        (lambda: meter([1.0], [0], [0], [0, 0], 1, 1, 1.0), "month_index has shape"),
    ],
)
def test_refusals_name_the_field(make, message):
    with pytest.raises(ValueError, match=message):
        make()


RATES = BillRates(
    energy_per_kwh=[[1.0, 0.6, 0.3]] * 3,
    export_credit_per_kwh=0.4,
    demand=(
        DemandRate("flat", 42.0, [True] * 3, ratchet_fraction=0.7, ratchet_months=2),
        DemandRate("peak", [12.0, 0.0, 8.0], [True, False, False]),
    ),
    fixed_per_month=100.0,
    adders_per_kwh=0.02,
    tax_rate=0.05,
    vat_rate=0.13,
    vat_included=False,
)
STEPS = 72
SERIES = st.lists(st.floats(-5000, 20_000), min_size=STEPS, max_size=STEPS).map(np.array)


def three_months(net_kw) -> Metered:
    month, period = np.arange(STEPS) // 24, np.arange(STEPS) // 3 % 3
    return meter(np.maximum(net_kw, 0), np.maximum(-net_kw, 0), period, month, 3, 3, 1.0)


@settings(max_examples=40, deadline=None)
@given(SERIES, SERIES)
def test_laws_of_every_bill(net_kw, other_kw):
    """Energy is conserved, lanes do not see each other, components add up to the total."""
    metered = three_months(np.array([net_kw, other_kw]))
    assert metered.import_kwh[0].sum() == pytest.approx(np.maximum(net_kw, 0).sum())
    assert metered.export_kwh[0].sum() == pytest.approx(np.maximum(-net_kw, 0).sum())
    both, alone = bill(RATES, metered), bill(RATES, three_months(net_kw))
    assert (both.total[0] == alone.total).all()
    parts = both.energy_charge + both.tax - both.export_credit + sum(both.demand_charges.values()) + both.fixed
    np.testing.assert_allclose(parts, both.total, rtol=1e-12)
    np.testing.assert_allclose(both.energy_charge_by_class.sum(axis=-1), both.energy_charge, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(SERIES, st.integers(0, STEPS - 1), st.floats(0, 5000))
def test_taking_more_never_makes_the_bill_cheaper(net_kw, step, extra_kw):
    more = net_kw.copy()
    more[step] += extra_kw
    before, after = (bill(RATES, three_months(kw)).total.sum() for kw in (net_kw, more))
    assert after >= before - 1e-6
