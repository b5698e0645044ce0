"""The plain rule's orders: when, which way, how hard."""

import numpy as np
import pytest

from sim.dispatch.control import NO_THRESHOLD_KW, refill_share, shaving, window_orders, yearly_thresholds_kw
from sim.dispatch.lanes import simulate
from sim.dispatch.rule import NO_LIMIT_KW
from sim.inputs.scenario import Scenario, scenario_from_dict
from sim.inputs.tariff import price_classes
from sim.timeline import timeline
from tests.sim.kernel_inputs import make_series

CLOCK = timeline("2026-01", 12, 60)


def orders(scenario, month, day):
    first = CLOCK.step_at(month, day, 0)
    return window_orders(scenario, CLOCK)[first : first + 24]


def levels(scenario, month, day):
    """The plain rule's levels of one day (charge to, give down to), shares of what lies above the reserve."""
    dispatch = simulate(scenario)
    first = dispatch.clock.step_at(month, day, 0)
    found = dispatch.series.levels
    return found.charge_to[first : first + 24], found.give_to[first : first + 24]


PRICES_ONLY = {"load.kind": "flat", "grid.outages": [], "site.term_months": 12}


def shanghai(**changes):
    """Flat load, billed by kVA: prices alone count."""
    tariff = {"library_id": "cn_shanghai_35kv", "demand_basis": "transformer_kva", "capacity_per_kva_month": 30.0}
    return Scenario().with_(
        PRICES_ONLY | {"tariff": tariff} | {path.replace("__", "."): v for path, v in changes.items()}
    )


def test_shanghai_spring_day_has_two_charges_and_two_discharges():
    """Valley 22-06, peaks 08-11 and 18-21, flat between: 两充两放."""
    charge_to, give_to = levels(shanghai(), 4, 15)
    assert (charge_to[[22, 23, 0, 1, 5]] == 1).all() and (charge_to[11:18] == 1).all()
    assert (give_to[[8, 9, 10, 18, 19, 20]] == 0).all()
    assert (charge_to[[8, 18]] == 0).all() and (give_to[[23, 0, 12]] == 1).all()


def test_one_cycle_where_the_second_charge_does_not_pay():
    lossy = shanghai(storage__charge_efficiency=0.78, storage__discharge_efficiency=0.78)
    assert (levels(lossy, 4, 15)[0][11:18] == 0).all()


def test_a_fast_battery_keeps_all_it_has_for_the_dearest_hours():
    """August: peak 08-12, tip 12-14. What one hour empties waits for the tip; a battery of two hours and more, 4 h of
    tip and peak, gives in the peak what the tip does not need."""
    fast = shanghai(storage__energy_kwh=10_000, storage__power_kw=10_000)
    assert (levels(fast, 8, 12)[1][8:12] == 1).all() and (levels(fast, 8, 12)[1][12:14] == 0).all()
    slow = levels(shanghai(storage__energy_kwh=60_000, storage__power_kw=10_000), 8, 12)[1]
    assert ((slow[8:12] > 0) & (slow[8:12] < 1)).any()


def test_no_order_where_the_spread_does_not_cover_the_losses():
    scenario = Scenario().with_({"tariff": {"library_id": "cn_gansu_110kv"}, "storage.charge_efficiency": 0.6})
    charge_to, _ = levels(scenario.with_(PRICES_ONLY | {"tariff.demand_charges": []}), 4, 15)
    assert (charge_to == 0).all()


def test_an_old_file_that_orders_a_second_charge_still_opens():
    tree = Scenario().model_dump()
    tree["dispatch"]["second_charge"] = False
    assert scenario_from_dict(tree) == Scenario()
    assert Scenario().with_({"dispatch.second_charge": True}) == Scenario()


def test_off_buys_nothing_and_gives_back_what_the_sun_left():
    idle = simulate(shanghai(dispatch__arbitrage="off"))
    assert idle.series.levels is None and not idle.series.action.any()
    sunny = simulate(shanghai(dispatch__arbitrage="off", pv__dc_kwp=30_000.0))
    assert not sunny.series.levels.charge_to.any() and (sunny.series.levels.give_to < 1).any()
    hybrid = sunny.row("hybrid")
    assert sunny.monthly["grid_charge_kwh"][hybrid].sum() < 1 < sunny.monthly["pv_charge_kwh"][hybrid].sum()


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
    none = shaving(Scenario().dispatch, CLOCK, classes)
    assert (none.above_kw == NO_LIMIT_KW).all() and (none.lowest_kw == NO_THRESHOLD_KW).all()
    one = shaving(Scenario().with_({"dispatch.peak_shave_kw": 9000}).dispatch, CLOCK, classes)
    assert (one.above_kw == 0).all() and (one.lowest_kw == 9000).all()


def test_the_reserve_is_refilled_in_eight_hours():
    """(0.20 - 0.05) x 20 MWh / 0.945 / 8 h = 0.397 of 10 MW."""
    assert refill_share(Scenario()) == pytest.approx(3.0 / 0.945 / 8 / 10)


def test_own_windows_can_name_days_and_power():
    """2026-04-15 is a Wednesday, 04-18 a Saturday; 0.35 of battery power as given, whatever the energy."""
    own = Scenario().with_(
        {
            "dispatch.arbitrage": "windows",
            "dispatch.windows": [
                {"start_hour": 0, "end_hour": 6, "action": "charge", "days": "workday", "power_fraction": 0.35},
                {"start_hour": 8, "end_hour": 10, "action": "discharge", "days": "weekend"},
            ],
        }
    )
    workday, saturday = orders(own, 4, 15), orders(own, 4, 18)
    assert workday[:6].tolist() == [-0.35] * 6 and not workday[6:].any()
    assert saturday[8:10] == pytest.approx([20 * 0.75 * 0.945 / 2 / 10] * 2) and np.count_nonzero(saturday) == 2


def test_thresholds_by_month_and_period_go_before_the_one_threshold():
    """June is held to 8 MW in the peak period and to 9.5 MW else; every other month keeps the one threshold."""
    scenario = Scenario().with_(
        {
            "dispatch.peak_shave_kw": 9000,
            "dispatch.shave_limits": [
                {"threshold_kw": 9500, "months": [6]},
                {"threshold_kw": 8000, "months": [6], "periods": ["peak"]},
            ],
        }
    )
    classes = price_classes(scenario.tariff, CLOCK)
    held = shaving(scenario.dispatch, CLOCK, classes)
    assert held.lowest_kw.tolist() == [9000] * 5 + [8000] + [9000] * 6
    june, peak = CLOCK.calendar_month == 6, classes.period == classes.names.index("peak")
    assert (held.above_kw[june & peak] == 0).all() and (held.above_kw[june & ~peak] == 1500).all()
    assert (held.above_kw[~june] == 0).all()


def test_later_years_shave_what_the_battery_can_still_shave():
    """Need 1000, held at 800. Load grows 10 %, health falls to 90 %: 1100 less 90 % of 200 is 920; half the load: 500
    less half of 90 % of 200 is 410. The one threshold stays where it is."""
    scenario = Scenario().with_({"dispatch.shave_limits": [{"threshold_kw": 800}]})
    held = shaving(scenario.dispatch, CLOCK, price_classes(scenario.tariff, CLOCK))
    series = make_series(np.full(CLOCK.steps, 1000.0), month_ends=CLOCK.month_ends)
    scale, health = np.array([[1.0], [1.1], [0.5]]) * np.ones(12), np.array([1.0, 0.9, 0.9])
    found = yearly_thresholds_kw(held, CLOCK, series, 0.0, np.zeros(3), scale, health)
    assert found[:, 0] == pytest.approx([800, 920, 410]) and (found == found[:, :1]).all()
    one = Scenario().with_({"dispatch.peak_shave_kw": 800})
    held = shaving(one.dispatch, CLOCK, price_classes(one.tariff, CLOCK))
    assert (yearly_thresholds_kw(held, CLOCK, series, 0.0, np.zeros(3), scale, health) == 800).all()
