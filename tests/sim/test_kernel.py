"""The dispatch rule against hand-worked steps, a plain statement of the rule, and laws that hold in every step."""

import math
import tracemalloc
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.compiled import Kernel
from sim.dispatch import rule
from sim.dispatch.batch import MONTHLY_FIELDS, SCALAR_FIELDS, STEP_FIELDS, SUM_FIELDS, Aggregates, Lanes, Series
from sim.dispatch.kernel import aggregate, aggregate_runs, trace, warm_up
from sim.dispatch.rule import NO_LIMIT_KW
from tests.sim.kernel_inputs import make_lanes, make_series

MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
CASES = settings(deadline=None, max_examples=60)


def random_site(seed: int, *, count=1, months=2, step_h=1.0, window=1) -> tuple[Series, Lanes]:
    """A site in which everything happens: PV surplus, outages, windows, shaving, low reserves, small and large sets."""
    r = np.random.default_rng(seed)
    ends = np.cumsum(MONTH_DAYS[:months]) * round(24 / step_h) // (1 if months == 12 else 7)
    ends -= ends % window
    n = ends[-1]
    hour = np.arange(n) * step_h % 24
    market = np.random.default_rng(seed + 1).normal(0.05, 0.06, n)
    series = Series(
        load_kw=r.uniform(0, 2000, n),
        pv_kw_per_kwp=np.clip(np.sin((hour - 6) / 12 * np.pi), 0, 1) * r.uniform(0, 1, n),
        grid_up=r.random(n) > 0.15,
        action=r.integers(-1, 2, n) * r.choice([0.3, 1.0], n),
        above_shave_kw=r.choice([0.0, 150.0, NO_LIMIT_KW], n),
        period=r.integers(0, 3, n),
        month_ends=ends,
        step_h=step_h,
        demand_window_steps=window,
        refill_share=r.choice([0.0, 0.4, 1.0]),
        charge_power_share=r.choice([0.0, 0.5, 1.0, 1.0], n),
        discharge_power_share=r.choice([0.0, 0.7, 1.0, 1.0], n),
        market_per_kwh=market,
        export_market_per_kwh=market - 0.01,
    )
    return series, random_lanes(r, count, months)


def random_lanes(r: np.random.Generator, count: int, months: int) -> Lanes:
    def some(low, high, share=0.8, shape=count):  # of the lanes; the others have none
        return r.uniform(low, high, shape) * (r.random(shape) < share)

    energy_max = some(100, 8000)
    low, reserve = np.sort(r.uniform(0, 0.6, (2, count)), axis=0) * energy_max
    return Lanes(
        pv_kwp=some(100, 4000),
        battery_kw=some(50, 2000),
        charge_set_kw=some(50, 2000),
        discharge_set_kw=some(50, 2000),
        energy_max_kwh=energy_max,
        energy_min_kwh=low,
        energy_reserve_kwh=reserve,
        energy_start_kwh=low + r.random(count) * (energy_max - low),
        charge_efficiency=r.uniform(0.85, 1.0, count),
        discharge_efficiency=r.uniform(0.85, 1.0, count),
        auxiliary_kw=some(1, 50),
        export_limit_kw=some(10, 1000),
        set_kw=some(100, 1500),
        set_min_fraction=some(0.1, 0.6),
        set_max_fraction=r.uniform(0.6, 1.0, count),
        genset_first_below_kwh=some(0, 5000),
        fuel_base_l_per_h=np.full(count, 38.0),
        fuel_slope_0_50_l_per_h=np.full(count, 334.6),
        fuel_slope_50_75_l_per_h=np.full(count, 355.8),
        fuel_slope_75_100_l_per_h=np.full(count, 434.6),
        load_scale=r.uniform(0.5, 1.2, (count, months)),
        import_limit_kw=some(200, 2500, 0.8, (count, months)),
        shave_kw=np.where(r.random((count, months)) < 0.5, r.uniform(100, 2000, (count, months)), NO_LIMIT_KW),
        sets=r.integers(0, 4, (count, months)),
        pv_share=r.choice([0.0, 0.5, 1.0, 1.0, 1.1], (count, months)),
        battery_share=r.choice([0.0, 0.3, 1.0, 1.0, 1.1], (count, months)),
    )


OF_BATTERY = (
    *("battery_kw", "charge_set_kw", "discharge_set_kw", "energy_max_kwh", "energy_min_kwh", "energy_reserve_kwh"),
    *("energy_start_kwh", "auxiliary_kw", "genset_first_below_kwh"),
)


def plain_rule(series: Series, lanes: Lanes, lane: int) -> dict[str, list[float]]:
    """The rule as one would tell it, with branches, for one lane. Only numbers, no arrays: slow and easy to read."""
    whole = {name: float(getattr(lanes, name)[lane]) for name in SCALAR_FIELDS}
    h, p, energy, before, rows = series.step_h, dict(whole), 0.0, -1, []
    for t in range(len(series.load_kw)):
        month = int(np.searchsorted(series.month_ends, t, side="right"))
        m = {name: float(getattr(lanes, name)[lane, month]) for name in MONTHLY_FIELDS}
        if month != before:  # cells that come bring their lowest charge with them
            low = p["energy_min_kwh"]
            p |= {name: whole[name] * m["battery_share"] for name in OF_BATTERY}
            p["pv_kwp"] = whole["pv_kwp"] * m["pv_share"]
            energy = p["energy_start_kwh"] if t == 0 else energy + p["energy_min_kwh"] - low
            energy, before = min(max(energy, p["energy_min_kwh"]), p["energy_max_kwh"]), month
        row, energy = plain_step(p, m, series, t, h, energy)
        rows.append(row | {"energy_kwh": energy})
    return {name: [row[name] for row in rows] for name in rows[0]}


def plain_step(p, m, series, t, h, energy):
    load = series.load_kw[t] * m["load_scale"] + p["auxiliary_kw"]
    avail = m["import_limit_kw"] if series.grid_up[t] else 0.0
    pv = series.pv_kw_per_kwp[t] * p["pv_kwp"]
    pv_load = min(pv, load)
    need, surplus = load - pv_load, pv - pv_load
    island = avail <= 0
    threshold = min(avail, m["shave_kw"] + series.above_shave_kw[t])
    capacity = m["sets"] * p["set_kw"]

    wish = max(need - threshold, 0)
    if island and energy < p["genset_first_below_kwh"]:
        wish = max(need - capacity, 0)
    elif not island and series.action[t] > 0:
        wish = max(wish, min(need, series.action[t] * p["discharge_set_kw"]))
    floor = p["energy_min_kwh"] if island else p["energy_reserve_kwh"]
    takes_kw = p["battery_kw"] * series.charge_power_share[t]
    gives_kw = p["battery_kw"] * series.discharge_power_share[t]
    discharge = max(min(wish, gives_kw, (energy - floor) * p["discharge_efficiency"] / h), 0)
    grid_load = min(need - discharge, avail)

    deficit = need - discharge - grid_load
    sets = 0
    if deficit > 1e-6 and capacity > 0:
        sets = min(math.ceil(deficit / (p["set_kw"] * p["set_max_fraction"]) - 1e-9), m["sets"])
    genset = min(max(deficit, sets * p["set_kw"] * p["set_min_fraction"]), sets * p["set_kw"])
    excess, unserved = max(genset - deficit, 0), max(deficit - genset, 0)
    spared = min(excess, discharge)
    discharge -= spared
    room = (p["energy_max_kwh"] - energy) / (p["charge_efficiency"] * h)
    genset_charge = min(excess - spared, takes_kw, room)
    pv_charge = min(surplus, takes_kw, room)

    grid_charge = 0.0
    share = -series.action[t] if series.action[t] < 0 else 0 if series.action[t] > 0 else series.refill_share
    if not island and discharge == 0 and (series.action[t] < 0 or energy < p["energy_reserve_kwh"]):
        target = p["energy_max_kwh"] if series.action[t] < 0 else p["energy_reserve_kwh"]
        room = (target - energy) / (p["charge_efficiency"] * h)
        wanted = min(share * p["charge_set_kw"], takes_kw - pv_charge, room - pv_charge, threshold - grid_load)
        grid_charge = max(wanted, 0)
    export = 0.0 if island else min(surplus - pv_charge, p["export_limit_kw"])
    charge = pv_charge + grid_charge + genset_charge
    energy += p["charge_efficiency"] * charge * h - discharge * h / p["discharge_efficiency"]
    row = {
        "load_kw": load,
        "pv_load_kw": pv_load,
        "pv_charge_kw": pv_charge,
        "export_kw": export,
        "curtailed_kw": surplus - pv_charge - export,
        "grid_load_kw": grid_load,
        "grid_charge_kw": grid_charge,
        "genset_charge_kw": genset_charge,
        "discharge_kw": discharge,
        "genset_kw": genset,
        "dumped_kw": excess - spared - genset_charge,
        "unserved_kw": unserved,
        "sets_running": sets,
        "import_kw": grid_load + grid_charge,
    }
    return row, energy


def hand_site(**values) -> tuple[Series, Lanes]:
    """Six hours: peak shaving, discharge window, PV surplus, two hours of outage, charge window."""
    series = make_series(
        [100, 70, 40, 140, 80, 30],
        pv_kw_per_kwp=[0, 0, 1.6, 0, 0, 0],
        grid_up=[1, 1, 1, 0, 0, 1],
        action=[0, 1, 0, 0, 0, -1],
        period=[0, 1, 1, 0, 0, 2],
        above_shave_kw=0,
    )
    plant = {
        "pv_kwp": 100,
        "battery_kw": 100,
        "charge_set_kw": 40,
        "discharge_set_kw": 30,
        "energy_max_kwh": 200,
        "energy_min_kwh": 20,
        "energy_reserve_kwh": 80,
        "energy_start_kwh": 120,
        "charge_efficiency": 0.9,
        "discharge_efficiency": 0.8,
        "auxiliary_kw": 5,
        "export_limit_kw": 10,
        "set_kw": 40,
        "set_min_fraction": 0.5,
        "genset_first_below_kwh": 60,
        "fuel_base_l_per_h": 2,
        "fuel_slope_0_50_l_per_h": 8,
        "fuel_slope_50_75_l_per_h": 9,
        "fuel_slope_75_100_l_per_h": 10,
        "import_limit_kw": 100,
        "shave_kw": 90,
        "sets": 2,
    }
    return series, make_lanes(**(plant | values))


def test_six_hand_worked_steps():
    """Hour by hour (load with 5 kW of auxiliaries).

    0: 105 kW, shaved to 90: 15 from the battery, 120 - 15/0.8 = 101.25 kWh.
    1: 75 kW in the discharge window: 30 asked, down to the reserve only (101.25 - 80) x 0.8 = 17; 80 kWh.
    2: 160 kW of PV for 45 kW: 100 into the battery, 10 exported, 5 curtailed; 80 + 90 = 170 kWh.
    3: outage, 145 kW: 100 from the battery, two sets carry 45: 4 + 8 x 1.125 + 0.125 = 13.125 l; 170 - 125 = 45 kWh.
    4: outage, below 60 kWh the sets go first with 80, the battery gives 5: 4 + 16 + 1 + 0.5 = 21.5 l; 38.75 kWh.
    5: charge window, 35 kW: 40 into the battery, 75 imported; 38.75 + 36 = 74.75 kWh.
    """
    series, lanes = hand_site()
    got = trace(series, lanes, 0)
    assert got.load_kw.tolist() == [105, 75, 45, 145, 85, 35]
    assert got.discharge_kw == pytest.approx([15, 17, 0, 100, 5, 0], rel=1e-12)
    assert got.grid_load_kw == pytest.approx([90, 58, 0, 0, 0, 35], rel=1e-12)
    assert got.grid_charge_kw.tolist() == [0, 0, 0, 0, 0, 40]
    assert (got.pv_load_kw[2], got.pv_charge_kw[2], got.export_kw[2], got.curtailed_kw[2]) == (45, 100, 10, 5)
    assert got.genset_kw == pytest.approx([0, 0, 0, 45, 80, 0], rel=1e-12)
    assert got.sets_running.tolist() == [0, 0, 0, 2, 2, 0]
    assert got.fuel_l == pytest.approx([0, 0, 0, 13.125, 21.5, 0], rel=1e-12)
    assert got.energy_kwh == pytest.approx([101.25, 80, 170, 45, 38.75, 74.75], rel=1e-12)

    sums = aggregate(series, lanes, 3)
    assert sums.import_kwh[0, 0] == pytest.approx([90, 58, 75], rel=1e-12)
    assert sums.peak_kw[0, 0] == pytest.approx([90, 58, 75], rel=1e-12)
    assert sums.export_kwh[0, 0].tolist() == [0, 10, 0]
    assert (sums.starts[0, 0], sums.set_hours[0, 0], sums.genset_hours[0, 0]) == (2, 4, 2)
    assert (sums.auxiliary_kwh[0, 0], sums.unserved_hours[0, 0]) == (30, 0)
    assert sums.energy_end_kwh[0] == pytest.approx(74.75, rel=1e-12)


def test_minimum_load_spares_the_battery_then_charges_it_then_is_dumped():
    """An outage hour of 40 kW with 20 kW left in the battery: 20 are missing, a 100 kW set gives at least 60.

    Of the 40 kW too much 20 spare the battery and 20 charge it; with room for 5 kWh only, 15 are dumped.
    """
    plant = {"battery_kw": 50, "set_kw": 100, "set_min_fraction": 0.6, "sets": 1, "energy_start_kwh": 20}
    roomy = trace(make_series([40.0]), make_lanes(energy_max_kwh=100, **plant), 0)
    tight = trace(make_series([40.0]), make_lanes(energy_max_kwh=25, **plant), 0)
    assert (roomy.discharge_kw[0], roomy.genset_charge_kw[0], roomy.dumped_kw[0], roomy.energy_kwh[0]) == (0, 20, 0, 40)
    assert (tight.discharge_kw[0], tight.genset_charge_kw[0], tight.dumped_kw[0], tight.energy_kwh[0]) == (0, 5, 15, 25)


def test_a_load_of_exactly_one_set_starts_one_set():
    series = make_series([1500.0, 1500.0 + 1e-7, 1501.0, 4500.0])
    assert trace(series, make_lanes(set_kw=1500, sets=4), 0).sets_running.tolist() == [1, 1, 2, 3]


def test_demand_is_the_mean_of_a_window_and_belongs_to_the_class_of_its_first_step():
    series = make_series([10, 30, 50, 20], step_h=0.25, demand_window_steps=2, period=[0, 1, 1, 0])
    sums = aggregate(series, make_lanes(import_limit_kw=100), 2)
    assert sums.peak_kw[0, 0].tolist() == [20, 35]
    assert sums.import_kwh[0, 0].tolist() == [7.5, 20]


def test_demand_windows_of_half_an_hour_in_quarter_hours_match_a_plain_mean():
    series, lanes = random_site(7, count=3, step_h=0.25, window=2)
    sums = aggregate(series, lanes, 3)
    for lane in range(3):
        means = trace(series, lanes, lane).import_kw.reshape(-1, 2).mean(axis=1)
        for month, (start, end) in enumerate(zip([0, *series.month_ends[:-1]], series.month_ends, strict=True)):
            classes, month_means = series.period[start:end:2], means[start // 2 : end // 2]
            expected = [month_means[classes == k].max() for k in range(3)]
            assert sums.peak_kw[lane, month].tolist() == expected


def test_sets_that_go_first_outlast_sets_that_wait_for_an_empty_battery():
    """A 4.5 MW set below a 5.6 MW load, 5.5 MWh above the lower end of the battery, twelve hours without grid.

    Last: the battery gives 5.225 MW in the first hour and is empty. First: it gives 1.1 MW, 4.75 hours long.
    """
    energy = {"energy_max_kwh": 9500, "energy_min_kwh": 500, "energy_reserve_kwh": 500, "energy_start_kwh": 6000}
    plant = {"battery_kw": 5000, "discharge_efficiency": 0.95, "set_kw": 4500, "sets": 1}
    lanes = make_lanes(2, **energy, **plant, genset_first_below_kwh=[0, 1e6])
    last, first = aggregate(make_series(np.full(12, 5600.0)), lanes, 1).unserved_hours[:, 0]
    assert (last, first) == (11, 8)


def test_share_of_a_window_orders_a_part_of_the_set_points_and_the_reserve_waits_in_a_discharge_window():
    series = make_series([100.0] * 4, action=[-0.5, 0.25, 0, 1], refill_share=0.5)
    energy = {"energy_max_kwh": 500, "energy_reserve_kwh": 100, "energy_start_kwh": 100}
    set_points = {"battery_kw": 100, "charge_set_kw": 40, "discharge_set_kw": 80, "import_limit_kw": 1000}
    got = trace(series, make_lanes(**energy, **set_points), 0)
    assert got.energy_kwh.tolist() == [120, 100, 100, 100]
    low = trace(series, make_lanes(**(energy | {"energy_start_kwh": 40}), **set_points), 0)
    assert low.energy_kwh.tolist() == [60, 60, 80, 80]


@CASES
@given(seed=st.integers(0, 2**32 - 1), step_h=st.sampled_from([0.25, 0.5, 1.0]))
def test_balance_energy_window_and_limits_hold_in_every_step(seed, step_h):
    series, lanes = random_site(seed, months=2, step_h=step_h)
    got = trace(series, lanes, 0)
    month = np.searchsorted(series.month_ends, np.arange(len(got.load_kw)), side="right")
    there = lanes.battery_share[0][month]  # how much of the battery stands in each step
    supply = got.import_kw + got.pv_load_kw + got.pv_charge_kw + got.export_kw + got.curtailed_kw
    supply = supply + got.discharge_kw + got.genset_kw + got.unserved_kw
    use = got.load_kw + got.charge_kw + got.export_kw + got.curtailed_kw + got.dumped_kw
    np.testing.assert_allclose(supply, use, rtol=0, atol=1e-6 * got.load_kw.max())

    tiny = 1e-9 * max(lanes.energy_max_kwh[0], 1.0)
    low, high = lanes.energy_min_kwh * there, lanes.energy_max_kwh * there
    before = np.append(lanes.energy_start_kwh * there[0], got.energy_kwh[:-1])
    came = np.diff(low, prepend=low[0])  # cells bring their lowest charge with them, or take it away
    flow = got.charge_kw * lanes.charge_efficiency - got.discharge_kw / lanes.discharge_efficiency
    np.testing.assert_allclose(got.energy_kwh, np.clip(before + came, low, high) + flow * step_h, rtol=0, atol=tiny)
    assert np.all((got.energy_kwh >= low) & (got.energy_kwh <= high))
    assert not np.any((got.charge_kw > 0) & (got.discharge_kw > 0))
    assert np.all(got.charge_kw <= lanes.battery_kw * there * (1 + 1e-12))
    assert np.all(got.discharge_kw <= lanes.battery_kw * there)

    avail = lanes.import_limit_kw[0][month] * series.grid_up
    assert np.all(got.import_kw <= avail * (1 + 1e-12))
    used_with_grid = (avail > 0) & (got.discharge_kw > 0)
    assert np.all((got.energy_kwh >= lanes.energy_reserve_kwh * there - tiny)[used_with_grid])
    assert not np.any((avail <= 0) & (got.export_kw > 0))
    assert all(np.all(getattr(got, field.name) >= 0) for field in fields(got))


@CASES
@given(seed=st.integers(0, 2**32 - 1), step_h=st.sampled_from([0.25, 1.0]))
def test_kernel_follows_the_rule_as_told(seed, step_h):
    series, lanes = random_site(seed, months=2, step_h=step_h)
    got, told = trace(series, lanes, 0), plain_rule(series, lanes, 0)
    for name, expected in told.items():
        np.testing.assert_allclose(getattr(got, name), expected, rtol=1e-9, atol=1e-6, err_msg=name)


@CASES
@given(seed=st.integers(0, 2**32 - 1))
def test_trace_sums_to_the_aggregates_bit_for_bit(seed):
    series, lanes = random_site(seed, count=19, months=3)
    lane = seed % lanes.count
    sums, got = aggregate(series, lanes, 3), trace(series, lanes, lane)
    starts = np.maximum(np.diff(got.sets_running, prepend=0.0), 0.0)
    flags = {"set_hours": got.sets_running, "genset_hours": np.minimum(got.sets_running, 1.0), "starts": starts}
    flags["import_worth"] = got.import_kw * series.market_per_kwh
    flags["export_worth"] = got.export_kw * series.export_market_per_kwh
    flags["unserved_hours"] = (got.unserved_kw > rule.UNSERVED_FRACTION * got.load_kw).astype(float)
    for month, (start, end) in enumerate(zip([0, *series.month_ends[:-1]], series.month_ends, strict=True)):
        steps = slice(start, end)
        for name in SUM_FIELDS:
            values = flags[name] if name in flags else getattr(got, name.replace("_kwh", "_kw"))
            assert getattr(sums, name)[lane, month] == in_order(values[steps]), name
        for k in range(3):
            of_class = series.period[steps] == k
            assert sums.import_kwh[lane, month, k] == in_order(got.import_kw[steps][of_class])
            assert sums.export_kwh[lane, month, k] == in_order(got.export_kw[steps][of_class])
            assert sums.peak_kw[lane, month, k] == got.import_kw[steps][of_class].max(initial=0.0)
    assert sums.energy_end_kwh[lane] == got.energy_kwh[-1]


def in_order(values: np.ndarray) -> float:
    """The sum of hourly values added one after the other (numpy's own sum adds in pairs)."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


@pytest.mark.parametrize(("step_h", "window"), [(1.0, 1), (0.5, 1), (0.25, 2)])
def test_a_lane_does_not_depend_on_its_batch_its_block_or_the_threads(step_h, window):
    series, lanes = random_site(11, count=83, months=12, step_h=step_h, window=window)
    whole = aggregate(series, lanes, 3, threads=1)
    assert_same(whole, aggregate(series, lanes, 3, threads=2))
    assert_same(whole, aggregate(series, lanes, 3, threads=7))
    for start, stop in ((0, 1), (5, 6), (3, 40), (40, 83)):
        part = aggregate(series, pick(lanes, slice(start, stop)), 3)
        assert_same(pick(whole, slice(start, stop)), part)


def test_lanes_of_several_series_are_those_of_each_alone():
    """Outages and load of their own change what the other series hold in common with the first in no bit."""
    series, lanes = random_site(5, count=40, months=12)
    r = np.random.default_rng(5)
    n, runs = len(series.load_kw), [series]
    for _ in range(3):
        own = {"grid_up": (r.random(n) > 0.2).astype(float), "load_kw": r.uniform(0, 1500, n)}
        runs.append(series.with_outages(**own))
        plain = replace(series, **own)
        assert np.array_equal(runs[-1].steps, plain.steps) and np.array_equal(runs[-1].classes, plain.classes)
    run_of = r.integers(0, 4, lanes.count)
    joined = aggregate_runs(runs, run_of, lanes, 3)
    for lane, run in enumerate(run_of):
        one = slice(lane, lane + 1)
        assert_same(pick(joined, one), aggregate(runs[run], pick(lanes, one), 3))
    with pytest.raises(ValueError, match="grid_up must be 1"):
        series.with_outages(np.full(n, 0.5), series.load_kw)


def pick(value, lanes: slice):
    return replace(value, **{field.name: getattr(value, field.name)[lanes] for field in fields(value)})


def assert_same(one: Aggregates, other: Aggregates) -> None:
    for field in fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), field.name


@CASES
@given(seed=st.integers(0, 2**32 - 1))
def test_a_battery_without_power_or_without_energy_is_no_battery(seed):
    series, lanes = random_site(seed, months=1)
    zero = np.zeros(1)
    empty = dict.fromkeys(("energy_max_kwh", "energy_min_kwh", "energy_reserve_kwh", "energy_start_kwh"), zero)
    none = trace(series, replace(lanes, battery_kw=zero, genset_first_below_kwh=zero, **empty), 0)
    assert not none.charge_kw.any() and not none.discharge_kw.any() and not none.energy_kwh.any()
    for idle in (replace(lanes, **empty), replace(lanes, battery_kw=zero)):
        got = trace(series, replace(idle, genset_first_below_kwh=zero), 0)
        for field in fields(none):
            if field.name != "energy_kwh":
                assert np.array_equal(getattr(got, field.name), getattr(none, field.name)), field.name


@CASES
@given(seed=st.integers(0, 2**32 - 1))
def test_more_grid_never_burns_more_diesel_without_a_battery(seed):
    series, lanes = random_site(seed, months=1)
    lanes = replace(lanes, battery_kw=np.zeros(1))
    weak, strong = (replace(lanes, import_limit_kw=np.full((1, 1), kw)) for kw in (500.0, 900.0))
    assert np.all(trace(series, strong, 0).genset_kw <= trace(series, weak, 0).genset_kw + 1e-9)


def test_batch_of_10_000_needs_less_than_40_mb_beyond_its_results():
    series, _ = random_site(1, months=12)
    lanes = random_lanes(np.random.default_rng(1), 10_000, 12)
    warm_up()
    tracemalloc.start()
    sums = aggregate(series, lanes, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    results = sum(getattr(sums, field.name).nbytes for field in fields(sums))
    assert peak - results < 40e6


def test_inputs_are_copied_and_frozen():
    load_kw = np.ones(24)
    series = make_series(load_kw)
    load_kw[0] = 99.0
    assert series.load_kw[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        series.load_kw[0] = 2.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: make_series([]), "load_kw is empty"),
        (lambda: make_series([1.0, float("nan")]), "load_kw holds a value that is not a finite number"),
        (lambda: make_series([-1.0]), "load_kw must not be negative"),
        (lambda: make_series([1.0], pv_kw_per_kwp=-0.1), "pv_kw_per_kwp"),
        (lambda: make_series([1.0], grid_up=0.5), "grid_up"),
        (lambda: make_series([1.0], action=2), "action"),
        (lambda: make_series([1.0], refill_share=2.0), "refill_share"),
        (lambda: make_series([1.0], above_shave_kw=-1), "above_shave_kw"),
        (lambda: make_series([1.0], period=-1), "period"),
        (lambda: make_series([1.0], step_h=0.0), "step_h"),
        (lambda: make_series([1.0, 1.0], month_ends=[1]), "month_ends must end with the number of steps, 2"),
        (lambda: make_series([1.0, 1.0], month_ends=[2, 2]), "month_ends must rise"),
        (lambda: make_series(np.ones(13), month_ends=np.arange(1, 14)), "1 to 12 months"),
        (lambda: make_series(np.ones(3), demand_window_steps=2), "demand_window_steps must divide"),
        (lambda: make_series(np.ones(3), demand_window_steps=0), "demand_window_steps must be at least 1"),
        (lambda: Series(np.ones(2), np.ones(3), *[np.zeros(2)] * 4, [2], 1.0), r"pv_kw_per_kwp has shape \(3,\)"),
        (lambda: make_lanes(pv_kwp=-1.0), "pv_kwp must not be negative"),
        (lambda: make_lanes(charge_efficiency=0.0), "charge_efficiency"),
        (lambda: make_lanes(set_max_fraction=1.1), "set_max_fraction"),
        (lambda: make_lanes(set_min_fraction=1.1), "set_min_fraction"),
        (lambda: make_lanes(sets=1.5), "sets must be whole numbers"),
        (lambda: make_lanes(import_limit_kw=float("inf")), "import_limit_kw"),
        (lambda: make_lanes(energy_reserve_kwh=1.0), "energy_reserve_kwh must lie between"),
        (lambda: make_lanes(energy_max_kwh=2.0, energy_start_kwh=3.0), "energy_start_kwh must lie between"),
        (lambda: replace(make_lanes(), pv_kwp=1.0), "pv_kwp must be an array"),
        (lambda: replace(make_lanes(), load_scale=np.ones(1)), "load_scale must have one row a lane"),
        (lambda: replace(make_lanes(), sets=np.ones((1, 2))), r"sets has shape \(1, 2\)"),
        (lambda: aggregate(make_series([1.0]), make_lanes(months=2), 1), "The lanes have 2 months"),
        (lambda: aggregate(make_series([1.0], period=1), make_lanes(), 1), "period names class 1"),
        (lambda: trace(make_series([1.0]), make_lanes(), 1), "lane 1 does not exist"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_kernels_compile_where_there_is_no_place_for_a_cache(monkeypatch):
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    assert Kernel(_twice)(2.0) == 4.0


def test_kernels_compile_in_memory_where_the_cache_fails():
    def broken(_):
        raise OSError("No space left on device")

    compiled = Kernel(_twice)
    compiled.compiled = broken
    assert compiled(2.0) == 4.0


def _twice(x):
    return 2.0 * x


# What a row of the rule's arrays is called in its constants, by the name it has in a batch.
ROWS_OF_A_LANE = {
    "pv_kwp": "PV_KWP",
    "battery_kw": "BATTERY",
    "charge_set_kw": "CHARGE_SET",
    "discharge_set_kw": "DISCHARGE_SET",
    "energy_max_kwh": "ENERGY_MAX",
    "energy_min_kwh": "ENERGY_MIN",
    "energy_reserve_kwh": "RESERVE",
    "energy_start_kwh": "ENERGY",
    "charge_efficiency": "ETA_CHARGE",
    "discharge_efficiency": "ETA_DISCHARGE",
    "auxiliary_kw": "AUXILIARY",
    "export_limit_kw": "EXPORT_LIMIT",
    "set_kw": "SET_KW",
    "set_min_fraction": "SET_MIN",
    "set_max_fraction": "SET_MAX",
    "genset_first_below_kwh": "GENSET_FIRST",
    "fuel_base_l_per_h": "FUEL_BASE",
    "fuel_slope_0_50_l_per_h": "FUEL_SLOPE",
    "fuel_slope_50_75_l_per_h": "FUEL_BEND_50",
    "fuel_slope_75_100_l_per_h": "FUEL_BEND_75",
    "load_scale": "LOAD_SCALE",
    "import_limit_kw": "IMPORT_LIMIT",
    "shave_kw": "SHAVE",
    "sets": "SETS",
    "pv_share": "PV_SHARE",
    "battery_share": "BATTERY_SHARE",
}
ROWS_OF_SUMS = {
    "load_kwh": "LOAD",
    "pv_load_kwh": "PV_LOAD",
    "pv_charge_kwh": "PV_TO_BATTERY",
    "curtailed_kwh": "CURTAILED",
    "grid_load_kwh": "GRID_TO_LOAD",
    "grid_charge_kwh": "GRID_TO_BATTERY",
    "genset_charge_kwh": "GENSET_TO_BATTERY",
    "discharge_kwh": "DISCHARGED",
    "genset_kwh": "GENSET",
    "dumped_kwh": "DUMPED",
    "unserved_kwh": "UNSERVED",
    "fuel_l": "FUEL",
    "set_hours": "SET_HOURS",
    "genset_hours": "GENSET_HOURS",
    "unserved_hours": "UNSERVED_HOURS",
    "starts": "STARTS",
    "import_worth": "IMPORT_WORTH",
    "export_worth": "EXPORT_WORTH",
}
ROWS_OF_A_STEP = {
    **{name.replace("_kwh", "_kw"): row for name, row in list(ROWS_OF_SUMS.items())[:12]},
    "sets_running": "SET_HOURS",
    "energy_kwh": "ENERGY_LEFT",
    "import_kw": "IMPORTED",
    "export_kw": "EXPORTED",
}


@pytest.mark.parametrize(
    ("fields", "rows"),
    [
        ((*SCALAR_FIELDS, *MONTHLY_FIELDS), ROWS_OF_A_LANE),
        (SUM_FIELDS, ROWS_OF_SUMS),
        (STEP_FIELDS, ROWS_OF_A_STEP),
    ],
    ids=["lane", "sums", "step"],
)
def test_fields_of_a_batch_stand_in_the_rows_the_rule_reads(fields, rows):
    assert [getattr(rule, rows[name]) for name in fields] == list(range(len(rows)))


def test_fields_are_as_many_as_the_rule_counts():
    counts = (len(SCALAR_FIELDS), len(MONTHLY_FIELDS), len(SUM_FIELDS))
    assert counts == (rule.N_SCALARS, rule.N_MONTHLY, rule.N_SUMS)
