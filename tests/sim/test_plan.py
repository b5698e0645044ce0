"""The plain rule's plan: no losing cycle, nothing of the future, sums as traced, and what a hand can check."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.dispatch import kernel, plan, rule
from sim.dispatch.batch import Lanes, Levels
from sim.timeline import timeline
from tests.sim.kernel_inputs import make_lanes, make_series

CLOCK = timeline("2026-02", 1, 60)
DAYS = CLOCK.steps // 24
NO_CHARGES = np.zeros((1, 0)), np.zeros((0, 1), bool)


def terms(charges=0, months=1, classes=1, **given_terms):
    """What is asked of the rule where nothing is typed."""
    none = plan.Terms(
        typed=np.full((months, classes), rule.NO_LIMIT_KW),
        finds=True,
        buys=True,
        paid_kw=np.zeros(charges),
        ratchet=0.0,
        ratchet_months=0,
        ratchet_counts=np.ones(months, bool),
        stake=1.0,
    )
    return none._replace(**given_terms)


def site(load_kw, pv_kw=0.0, **columns):
    load = np.broadcast_to(load_kw, CLOCK.steps)
    return make_series(load, pv_kw_per_kwp=pv_kw, month_ends=CLOCK.month_ends, **columns)


def battery(kw=100.0, kwh=200.0, efficiency=0.95, **values):
    own = {"battery_kw": kw, "charge_set_kw": kw, "discharge_set_kw": kw, "energy_max_kwh": kwh, "pv_kwp": 1.0}
    own |= {"charge_efficiency": efficiency, "discharge_efficiency": efficiency, "import_limit_kw": 1e6}
    return make_lanes(1, 1, **own | {"shave_kw": 0.0} | values)


def found(series, lane, price, credit=0.0, charges=NO_CHARGES, asked=None):
    price, credit = (np.broadcast_to(values, CLOCK.steps).astype(float) for values in (price, credit))
    kinds = CLOCK.is_weekend[::24].astype(np.int64)
    asked = asked or terms(charges[0].shape[1], classes=charges[1].shape[1])
    return plan.levels(series, lane, kinds, price, credit, *charges, asked)


def told(series, levels, charges=NO_CHARGES):
    """The series under the plan's orders."""
    orders = Levels(levels.charge_to, levels.give_to, levels.sun_to, np.ones(CLOCK.steps))
    above = levels.ceiling[np.arange(CLOCK.steps) // 24, series.period]
    measured = (charges[0] > 0)[:, :, None] & charges[1][None]
    return replace(series, levels=orders, above_shave_kw=above, measured=measured)


hours = st.lists(st.integers(0, 3), min_size=24, max_size=24)
prices = st.lists(st.floats(0.0, 2.0), min_size=4, max_size=4)


@settings(max_examples=500, deadline=None)
@given(
    hours=hours,
    prices=prices,
    efficiency=st.floats(0.6, 1.0),
    kwh=st.floats(1.0, 1000.0),
    seed=st.integers(0, 999),
    spread=st.floats(0.0, 1.0),
)
def test_a_battery_never_costs_more_than_none_where_energy_alone_is_billed(
    hours, prices, efficiency, kwh, seed, spread
):
    """Any load above the battery's power, any prices of the day; what is left at the end counts at its least cost."""
    price = np.tile(np.array(prices)[hours], DAYS)
    load = 100.0 * (1.0 + spread * np.random.default_rng(seed).random(CLOCK.steps))
    series, lane = site(load), battery(kwh=kwh, efficiency=efficiency)
    trace = kernel.trace(told(series, found(series, lane, price)), lane, 0)
    left = trace.energy_kwh[-1] * price.min() / efficiency
    assert price @ trace.import_kw - left <= price @ load * (1 + 1e-9) + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sums_are_the_traces_to_the_last_bit(seed):
    """Levels, two nested demand charges, demand windows of two steps, a credit, lanes of other sizes and outages."""
    random = np.random.default_rng(seed)
    period = (CLOCK.hour >= random.integers(6, 14)).astype(int) + (CLOCK.hour >= 20)
    charges = np.array([[5.0, 3.0]]), np.array([[True, True, True], [False, True, False]])
    series = site(
        random.uniform(50, 300, CLOCK.steps),
        random.uniform(0, 400, CLOCK.steps) * (CLOCK.hour > 8),
        period=period,
        demand_window_steps=int(random.integers(1, 3)),
    )
    price = np.array([0.3, 1.0, 0.6])[period]
    one = battery(export_limit_kw=random.uniform(0, 100))
    levels = found(series, one, price, random.uniform(-0.1, 0.9), charges)
    run = told(series, levels, charges)
    down = random.random(CLOCK.steps) < 0.02
    run = replace(run, grid_up=~down)
    many = {field.name: np.repeat(getattr(one, field.name), 20, axis=0) for field in fields(one)}
    for name in ("battery_kw", "energy_max_kwh", "load_scale", "shave_kw"):
        many[name] = many[name] * random.uniform(0.5, 1.5, 20).reshape(-1, *[1] * (many[name].ndim - 1))
    lanes = Lanes(**many)
    sums = kernel.aggregate(run, lanes, 3)
    for lane in random.integers(0, 20, 3):
        trace = kernel.trace(run, lanes, lane)
        for name, kwh in (
            ("discharge", trace.discharge_kw),
            ("grid_charge", trace.grid_charge_kw),
            ("pv_charge", trace.pv_charge_kw),
        ):
            assert getattr(sums, f"{name}_kwh")[lane, 0] == _summed(kwh)
        assert sums.energy_end_kwh[lane] == trace.energy_kwh[-1]
        windows = trace.import_kw.reshape(-1, series.demand_window_steps)
        assert sums.peak_kw[lane].max() == pytest.approx(windows.mean(axis=1).max(), rel=1e-12)


def _summed(kw):
    total = 0.0
    for value in kw:
        total += value
    return total


@pytest.mark.parametrize("column", ["load_kw", "pv_kw_per_kwp"])
def test_the_future_changes_nothing_that_was_decided(column):
    """From noon of day 15 on the year is another one: the levels of that day and of all before are the same."""
    random, charges = np.random.default_rng(3), (np.array([[5.0]]), np.ones((1, 1), bool))
    series = site(random.uniform(50, 300, CLOCK.steps), random.uniform(0, 200, CLOCK.steps) * (CLOCK.hour > 8))
    known, decided = 15 * 24 + 12, 16 * 24
    other = np.where(np.arange(CLOCK.steps) < known, getattr(series, column), 3.0 * getattr(series, column) + 20)
    price = np.where(CLOCK.hour < 8, 0.3, 0.9)
    before, after = (
        found(run, battery(), price, charges=charges) for run in (series, replace(series, **{column: other}))
    )
    for name in ("charge_to", "give_to", "sun_to"):
        np.testing.assert_array_equal(getattr(before, name)[:decided], getattr(after, name)[:decided])
    np.testing.assert_array_equal(before.ceiling[:16], after.ceiling[:16])
    assert (before.ceiling[17:] != after.ceiling[17:]).any()


def test_a_plan_is_made_once_for_what_it_depends_on():
    """Outages do not enter it; a price does."""
    lane, price = battery(), np.where(CLOCK.hour < 8, 0.2, 0.9)
    plain = site(500.0)
    first = found(plain, lane, price)
    assert found(plain.with_outages(CLOCK.hour != 12, plain.load_kw), lane, price) is first
    other = found(plain, lane, price + 0.1 * (CLOCK.hour == 12))
    assert other is not first and (other.give_to != first.give_to).any() and not first.give_to.flags.writeable


def test_a_peak_that_comes_daily_is_cut_as_far_as_the_battery_reaches():
    """1000 kW from 18 to 20, else 500; 300 kW, 600 kWh without losses: from the second day on 1000 - 300 = 700 kW, to
    the 0.1 % to which a ceiling is found. The first day's reading knows nothing of the evening."""
    load = np.where((CLOCK.hour >= 18) & (CLOCK.hour < 20), 1000.0, 500.0)
    charges = np.array([[20.0]]), np.ones((1, 1), bool)
    series, lane = site(load), battery(300.0, 600.0, 1.0)
    levels = found(series, lane, 0.5, charges=charges)
    trace = kernel.trace(told(series, levels, charges), lane, 0)
    assert levels.ceiling[1:].max() == pytest.approx(700, rel=0.003) and levels.ceiling[1:].min() >= 700 - 1e-6
    assert trace.import_kw[24:].max() <= max(trace.import_kw[:24].max(), 702)
    typed = terms(1, finds=False, typed=np.full((1, 1), 700.0))
    held = kernel.trace(told(series, found(series, lane, 0.5, charges=charges, asked=typed), charges), lane, 0)
    assert held.import_kw[24:].max() == pytest.approx(700)


def test_surplus_waits_for_the_evening_and_is_sold_where_that_pays_more():
    """Flat price 1: what the sun leaves is given back as soon as there is load. With a credit of 0.95 and a round trip
    of 0.81 selling pays more, and the battery stays empty; below 0.81 it is filled."""
    sun = np.where((CLOCK.hour >= 10) & (CLOCK.hour < 14), 300.0, 0.0)
    series = site(100.0, sun)
    for credit, stores in ((0.95, False), (0.7, True)):
        lane = battery(kwh=300.0, efficiency=0.9, export_limit_kw=1e6)
        trace = kernel.trace(told(series, found(series, lane, 1.0, credit)), lane, 0)
        assert (trace.pv_charge_kw[48:].sum() > 0) == stores
        assert not trace.grid_charge_kw.any()
    assert trace.discharge_kw[48:][CLOCK.hour[48:] == 14].min() > 0


def test_exporting_at_a_loss_is_curtailed():
    series = site(0.0, 100.0, export_share=0.0)
    lane = battery(0.0, 0.0, export_limit_kw=1e6)
    trace = kernel.trace(series, lane, 0)
    assert not trace.export_kw.any() and (trace.curtailed_kw == 100).all()
