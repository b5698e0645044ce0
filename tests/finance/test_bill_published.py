"""Bills that others have published, with their source, and the rules they need, by hand.

REopt: REopt.jl, `test/runtests.jl` (commit 029db01d), testsets "Tiered Energy", "Lookback Demand Charges", "Coincident
Peak Charges", "Tiered TOU Demand". HOMER Grid: knowledge base, "Understanding the Calculations Inside HOMER Grid".
"""

import numpy as np
import pytest

from finance.bill import BillRates, DemandRate, bill
from finance.tiers import Tier, tiered_charge
from tests.finance.metered import meter
from tests.study.test_contract_study import study

# REopt's custom look-back load: 100 kW with peaks in January, April, June and December, and its monthly prices.
PEAKS_KW = np.array([200, 100, 100, 400, 100, 500, 100, 100, 100, 100, 100, 300.0])
PER_KW = np.array([10, 10, 20, 50, 20, 10, 20, 20, 20, 20, 20, 5.0])


def demand_cost(rate: DemandRate, peaks_kw) -> float:
    from tests.finance.metered import Metered

    nothing = np.zeros((12, 1))
    rates = BillRates(energy_per_kwh=nothing, demand=(rate,))
    return bill(rates, Metered(nothing, nothing, np.asarray(peaks_kw, dtype=float)[:, None])).total.sum()


def test_reopt_lookback_over_named_months():
    """75 % of the greatest of January, April and December binds everywhere but in April and June: 74,500."""
    named = np.isin(np.arange(1, 13), (1, 4, 12))
    rate = DemandRate("flat", PER_KW, [True], 0.75, 11, peaks_before_kw=PEAKS_KW * named, ratchet_counts=named)
    assert demand_cost(rate, PEAKS_KW) == pytest.approx(74_500)


def test_reopt_lookback_over_six_months():
    """75 % of the greatest of the six months before, 225 kW from January to 375 kW in December: 79,375."""
    rate = DemandRate("flat", PER_KW, [True], 0.75, 6, peaks_before_kw=PEAKS_KW[-6:])
    assert demand_cost(rate, PEAKS_KW) == pytest.approx(79_375)


def test_reopt_ratchet_of_35_percent():
    """100 kW in January, 1 kW after it; 10.5 per kW in six cold, 11.5 in six warm months: 5,302.50."""
    prices = np.array([10.5] * 5 + [11.5] * 6 + [10.5])
    peaks = np.array([100.0] + [1.0] * 11)
    rate = DemandRate("flat", prices, [True], 0.35, 11, peaks_before_kw=peaks[1:])
    assert demand_cost(rate, peaks) == pytest.approx(5_302.50)


def test_reopt_tiered_energy():
    """24,000 kWh a year, every month above 1,000 kWh, at 0.07531 and 0.09613 with 0.0119 adjustment: 2,342.88."""
    tiers = (Tier(0.07531 + 0.0119, 1000), Tier(0.09613 + 0.0119))
    month_kwh = 2000 + 800 * np.sin(np.arange(12) * np.pi / 6)
    assert month_kwh.sum() == pytest.approx(24_000) and month_kwh.min() > 1000
    assert tiered_charge(month_kwh, tiers).sum() == pytest.approx(2_342.88)


def test_reopt_tiered_tou_demand():
    """1 GWh a year, flat: 114.155 kW, the first 50 kW free, 12 per kW beyond: 9,238.36."""
    tiers = (Tier(0.0, 50), Tier(12.0))
    assert tiered_charge(np.full(12, 1e6 / 8760), tiers).sum() == pytest.approx(9_238.36, abs=0.005)


def test_reopt_coincident_peak():
    """A flat load of 1 kW, 10 per kW in hours 0, 1 and 99 of the year and 5 per kW in hour 6999: 15.0. REopt's second
    group has an hour of September too and counts once over both months; here a charge counts once a month."""
    first = [{"month": 1, "day": 1, "hour": 0}, {"month": 1, "day": 1, "hour": 1}, {"month": 1, "day": 5, "hour": 3}]
    charges = [
        {"name": "january", "per_kw_month": 10, "hours": first},
        {"name": "october", "per_kw_month": 5, "hours": [{"month": 10, "day": 19, "hour": 15}]},
    ]
    found = study({"demand_basis": "max_demand", "demand_charges": charges}, load={"kind": "flat", "peak_kw": 1})
    row = found.dispatch.row("grid")
    assert sum(charge[row].sum() for charge in found.bill.demand_charges.values()) == pytest.approx(15.0)


def test_homer_grid_month():
    """100 kW with four hours of 200 kW a day, 0.10 per kWh, 35 per kW: 7,000 demand, 8,400 or 8,680 energy a month."""
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    load_kw = np.tile(np.where((np.arange(24) >= 14) & (np.arange(24) < 18), 200.0, 100.0), 365)
    month = np.repeat(np.arange(12), days * 24)
    metered = meter(load_kw, np.zeros(8760), np.zeros(8760, dtype=int), month, 12, 1, 1.0)
    rates = BillRates(energy_per_kwh=np.full((12, 1), 0.10), demand=(DemandRate("demand", 35.0, [True]),))
    found = bill(rates, metered)
    np.testing.assert_allclose(found.demand_charges["demand"], 7_000)
    np.testing.assert_allclose(found.energy_charge[[3, 5, 8, 10]], 8_400)
    np.testing.assert_allclose(found.energy_charge[[0, 2, 4, 6, 7, 9, 11]], 8_680)


def test_three_tiers_by_hand_and_lanes():
    """120 kWh: 50 x 1 + 50 x 2 + 20 x 3 = 210."""
    tiers = (Tier(1.0, 50), Tier(2.0, 100), Tier(3.0))
    np.testing.assert_allclose(tiered_charge([[120.0, 50.0], [0.0, 75.0]], tiers), [[210, 50], [0, 100]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tiered_charge([1.0], ()), "last tier needs no limit"),
        (lambda: tiered_charge([1.0], (Tier(1.0, 5),)), "last tier needs no limit"),
        (lambda: tiered_charge([1.0], (Tier(1.0, 5), Tier(1.0, 4), Tier(1.0))), "must rise"),
    ],
)
def test_bad_rules_say_what_to_do(make, message):
    with pytest.raises(ValueError, match=message):
        make()
