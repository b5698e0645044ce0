"""The plain rule's orders: when, which way, how hard."""

import numpy as np
import pytest

from sim.control import action_series, refill_share, shave_series
from sim.scenario import Scenario
from sim.tariff import price_classes
from sim.timeline import timeline

CLOCK = timeline("2026-01", 12, 60)


def orders(scenario, month, day):
    classes = price_classes(scenario.tariff, CLOCK)
    first = CLOCK.step_at(month, day, 0)
    return action_series(scenario, CLOCK, classes)[first : first + 24]


def test_shanghai_spring_day_has_two_charges_and_two_discharges():
    """Valley 22-06, peaks 08-11 and 18-21, flat between: 两充两放."""
    day = orders(Scenario(), 4, 15)
    assert (day[[22, 23, 0, 1, 5]] < 0).all()
    assert (day[[8, 9, 10, 18, 19, 20]] > 0).all()
    assert (day[11:18] < 0).all()
    assert (day[[6, 7, 21]] == 0).all()


def test_one_cycle_where_the_second_charge_is_off_or_does_not_pay():
    off = orders(Scenario().with_({"dispatch.second_charge": False}), 4, 15)
    assert (off[11:18] == 0).all() and (off[[8, 18]] > 0).all()
    lossy = Scenario().with_({"storage.charge_efficiency": 0.78, "storage.discharge_efficiency": 0.78})
    assert (orders(lossy, 4, 15)[11:18] == 0).all()


def test_energy_is_spread_evenly_so_that_it_lasts_through_the_block():
    """20 MWh x (0.95 - 0.20) x 0.945 = 14.2 MWh out over 3 h = 4.7 of 10 MW."""
    day = orders(Scenario(), 4, 15)
    assert day[8:11] == pytest.approx([20 * 0.75 * 0.945 / 3 / 10] * 3)
    assert -day[22] == pytest.approx(20 * 0.75 / 0.945 / 8 / 10)


def test_the_dearest_hours_of_a_block_come_first():
    """August: peak 08-12, tip 12-14, peak 14-15. A one-hour battery gives all it has in the tip."""
    fast = Scenario().with_({"storage.energy_kwh": 10_000, "storage.power_kw": 10_000})
    day = orders(fast, 8, 12)
    assert day[12:14] == pytest.approx([10 * 0.75 * 0.945 / 2 / 10] * 2)
    assert (day[8:12] == 0).all() and day[14] == 0


def test_no_order_where_the_spread_does_not_cover_the_losses():
    flat = Scenario().with_({"tariff": {"library_id": "cn_gansu_110kv"}, "storage.charge_efficiency": 0.6})
    assert (orders(flat, 4, 15) == 0).all()


def test_own_windows_replace_the_tariffs():
    own = Scenario().with_(
        {
            "dispatch.arbitrage": "windows",
            "dispatch.windows": [
                {"start_hour": 1, "end_hour": 5, "action": "charge"},
                {"start_hour": 19, "end_hour": 21, "action": "discharge", "months": [4]},
            ],
        }
    )
    assert np.flatnonzero(orders(own, 4, 15)).tolist() == [1, 2, 3, 4, 19, 20]
    assert np.flatnonzero(orders(own, 5, 15)).tolist() == [1, 2, 3, 4]


def test_shaving_applies_where_demand_is_measured():
    classes = price_classes(Scenario().tariff, CLOCK)
    assert shave_series(classes, Scenario().dispatch).sum() == 0
    shaving = Scenario().with_({"dispatch.peak_shave_kw": 9000}).dispatch
    assert shave_series(classes, shaving).all()


def test_the_reserve_is_refilled_in_eight_hours():
    """(0.20 - 0.05) x 20 MWh / 0.945 / 8 h = 0.397 of 10 MW."""
    assert refill_share(Scenario()) == pytest.approx(3.0 / 0.945 / 8 / 10)
