"""Outages: rides by hand, REopt's published reliability values, laws that hold for every plant, and the cost."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.plant.interruptions import Interruption, grid_up, interruption_cost, outage_draws
from sim.plant.island import Island, battery_need, hours_survived, ladder_order, survival_curve
from sim.plant.reliability import SetReliability, set_transitions, sets_running_at_start, survival_probability
from tests.sim.rides import ride, shed_kwh

CASES = Path(__file__).parents[1] / "reference/survival"
LOSSLESS = Island(bess_kw=1.0, energy_min_kwh=2.0, energy_max_kwh=4.0, charge_efficiency=1, discharge_efficiency=1)


def _case(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, Island, str]:
    """Net load, start energy, expected hours, plant and order of a reference year."""
    parameters = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))["inputs"]["parameters"]
    with (CASES / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    series = {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}
    island = Island(
        parameters["bess_kw"],
        parameters["e_min"],
        parameters["e_max"],
        parameters["eta_c"],
        parameters["eta_d"],
        parameters["gen_kw"],
        1,
        parameters["gen_min"],
        parameters["fuel_a"],
        parameters["fuel_b"],
        parameters["tank_l"],
    )
    net_kw = series["critical_load_kw"] - series["pv_kw"]
    return net_kw, series["start_energy_kwh"], series["hours_survived"], island, parameters["order"]


@pytest.mark.parametrize("name", [path.stem for path in sorted(CASES.glob("surv_cn_*.json"))])
def test_every_single_start_hour_agrees(name):
    net_kw, energy, expected, island, order = _case(name)
    assert np.array_equal(hours_survived(net_kw, energy, island, order), expected)


def test_tank_and_battery_that_outlast_the_horizon_end_no_start_early():
    """The worst case for time, which `benchmarks.resilience` measures."""
    net_kw, energy, _, island, order = _case("surv_cn_genset")
    assert hours_survived(net_kw, energy, replace(island, set_kw=8000, tank_l=1e9), order).min() == 168


# --- laws ------------------------------------------------------------------------------------------------------------

series = st.lists(st.floats(-500, 1500), min_size=3, max_size=30).map(np.array)
plants = st.builds(
    lambda kw, low, window, eta, set_kw, sets, minimum, tank: Island(
        kw, low, low + window, eta, eta, set_kw, sets, minimum, 0.02, 0.25, tank
    ),
    kw=st.floats(0, 1500),
    low=st.floats(0, 200),
    window=st.floats(0, 4000),
    eta=st.floats(0.8, 1),
    set_kw=st.floats(0, 1000),
    sets=st.integers(0, 3),
    minimum=st.floats(0, 0.5),
    tank=st.floats(0, 3000),
)


@settings(max_examples=60, deadline=None)
@given(series, plants, st.floats(0, 1), st.sampled_from(["battery_first", "genset_first"]))
def test_a_ride_stays_within_its_limits(net_kw, island, level, order):
    start = island.energy_min_kwh + level * (island.energy_max_kwh - island.energy_min_kwh)
    trip = ride(net_kw, start, island, order)
    before = np.concatenate([[start], trip.energy_kwh[:-1]])
    power = np.where(
        trip.energy_kwh < before,
        (before - trip.energy_kwh) * island.discharge_efficiency,
        (before - trip.energy_kwh) / island.charge_efficiency,
    )
    assert np.all(np.abs(power) <= island.bess_kw * (1 + 1e-9) + 1e-6)
    assert np.all(trip.energy_kwh >= island.energy_min_kwh - 1e-6)
    assert np.all(trip.energy_kwh <= island.energy_max_kwh + 1e-6)
    assert np.all(trip.fuel_l >= 0) and np.all(np.diff(trip.fuel_l, prepend=island.tank_l) <= 1e-9)
    assert np.all(trip.genset_kw <= island.genset_kw * (1 + 1e-9))
    running = trip.genset_kw > 0
    assert np.all(trip.genset_kw[running] >= island.min_load_fraction * island.set_kw * (1 - 1e-6))
    served = trip.served
    assert np.all(
        (trip.genset_kw + power)[served]
        >= (net_kw[: len(served)] - 1e-6 * np.abs(net_kw[: len(served)]))[served] - 1e-4
    )


@settings(max_examples=60, deadline=None)
@given(series, plants, st.floats(0, 1), st.floats(1, 3), st.sampled_from(["energy_max_kwh", "bess_kw", "tank_l"]))
def test_a_bigger_plant_never_sheds_more_with_sets_first(net_kw, island, level, factor, field):
    start = level * island.energy_max_kwh
    bigger = replace(island, **{field: getattr(island, field) * factor})
    for more, energy in ((bigger, start), (island, start * factor)):
        was, now = (shed_kwh(net_kw, e, p, "genset_first", 24) for p, e in ((island, start), (more, energy)))
        assert np.all(now <= was * (1 + 1e-9) + 1e-6)
        hours_was = hours_survived(net_kw, start, island, "genset_first", 24)
        assert np.all(hours_survived(net_kw, energy, more, "genset_first", 24) >= hours_was)


def test_more_energy_can_end_a_battery_first_ride_earlier():
    """Why the ladder starts a small set at once. With 1000 kWh the battery carries hour 1 alone and is empty in hour 2,
    where 600 kW cannot carry 1000 kW. With 999 kWh the set has to start in hour 1 already and saves what is needed."""
    island = Island(1000, 0, 2000, 1, 1, set_kw=600, min_load_fraction=1.0)
    net_kw = np.array([1000.0, 1000.0, 0.0])
    waits, starts = (hours_survived(net_kw, e, island, "battery_first", 2)[0] for e in (1000.0, 999.0))
    assert (waits, starts) == (1, 2)
    assert ladder_order(net_kw, island) == "genset_first"
    assert ladder_order(net_kw, replace(island, sets=2)) == "battery_first"


def test_zero_battery_is_no_battery():
    net_kw = np.array([100.0, 700.0, -50.0, 600.0])
    nothing = Island(0, 0, 0, 0.9, 0.9, set_kw=600, fuel_l_per_kwh=0.25, tank_l=1000)
    kept_out = replace(nothing, bess_kw=500.0)
    assert hours_survived(net_kw, 0.0, nothing, "battery_first", 4).tolist() == [1, 0, 3, 2]
    assert hours_survived(net_kw, 0.0, kept_out, "battery_first", 4).tolist() == [1, 0, 3, 2]


def test_quarter_hours_ride_as_long_as_hours():
    net_kw, _, _, island, _ = _case("surv_cn_no_genset")
    flat = np.full(96, net_kw.mean())
    hours = hours_survived(flat[:24], 9000.0, island, "battery_first", 24)
    quarters = hours_survived(flat, 9000.0, island, "battery_first", 96, step_h=0.25)
    assert np.all(quarters // 4 == hours[0])


def test_several_sets_burn_idle_fuel_by_set():
    """900 kW on 600 kW sets: two run. 2 x 12 + 225 = 249 L an hour, so 500 L last two hours."""
    island = Island(0, 0, 0, 1, 1, 600, 2, 0.3, 0.02, 0.25, 500.0)
    trip = ride([900.0] * 5, 0.0, island, "genset_first")
    assert trip.fuel_l.tolist() == pytest.approx([251.0, 2.0, 2.0])
    assert trip.served.tolist() == [True, True, False]


def test_what_two_hours_would_need():
    """By hand: 3 + 5 kWh at the bus from hour 1 on, beside 1 kW of firm sets 2 + 4; inside a battery of 0.8 one-way
    efficiency a quarter more."""
    need = battery_need([1.0, 3.0, 5.0, 2.0], steps=2, firm_kw=1.0)
    assert (need.power_kw, need.usable_kwh, need.worst_start) == (4.0, pytest.approx(6.0), 1)
    island = Island(5.0, 0, 10, 1, 0.8)
    inside_kwh = battery_need([1.0, 3.0, 5.0, 2.0], 2).usable_kwh / 0.8
    assert hours_survived([1.0, 3.0, 5.0, 2.0], inside_kwh, island, "battery_first", 2).min() == 2
    assert hours_survived([1.0, 3.0, 5.0, 2.0], inside_kwh - 0.01, island, "battery_first", 2).min() == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"min_load_fraction": 1.2}, "smaller than its minimum load"),
        ({"energy_min_kwh": 9.0}, "energy_min_kwh"),
        ({"charge_efficiency": 0.0}, "charge_efficiency"),
        ({"tank_l": -1.0}, "tank_l"),
    ],
)
def test_bad_plants_are_refused_with_the_field(change, word):
    with pytest.raises(ValueError, match=word):
        replace(LOSSLESS, **change)


def test_bad_series_are_refused():
    with pytest.raises(ValueError, match="not a number"):
        hours_survived([1.0, np.nan], 1.0, LOSSLESS, "genset_first")
    with pytest.raises(ValueError, match="one per start"):
        hours_survived([1.0, 2.0], [1.0, 2.0, 3.0], LOSSLESS, "genset_first")
    with pytest.raises(ValueError, match="order must be"):
        hours_survived([1.0], 1.0, LOSSLESS, "diesel_last")


# --- sets that fail (values of REopt's own tests: NREL/REopt.jl, test/runtests.jl, "Backup Generator Reliability") ---


def test_two_sets_and_a_battery_as_reopt_publishes_them():
    """2 x 1 kW, MTTF 5 h, battery 4 kWh / 1 kW at SOC 0.75, floor 0.5; loads 1, 2, 2, 1 kW."""
    found = survival_probability([1, 2, 2, 1], 3.0, LOSSLESS, SetReliability(2, 1.0, 1.0, 0.0, 5.0), 3, bins=3)
    assert found[0] == pytest.approx([1.0, 0.8704, 0.557056], abs=1e-12)
    # The same table in the docstring of REopt's survival_with_battery.
    assert found[1:] == pytest.approx(
        np.array([[0.96, 0.6144, 0.57344], [0.96, 0.896, 0.8192], [1.0, 0.96, 0.761856]]), abs=1e-12
    )


def test_flat_load_with_one_set_as_reopt_publishes_it():
    """The battery alone lasts 4 h, so the set has to run 20 of the first 24: 0.99^20 x 0.9 x 0.98 = 0.721394."""
    island = Island(100, 0, 400, 1, 1)
    found = survival_probability(
        np.full(8760, 100.0), 400.0, island, SetReliability(1, 100.0, 0.98, 0.1, 100.0), 24, starts=[0, 4000]
    )
    assert found[:, -1] == pytest.approx(0.721394, abs=1e-6)
    assert found[:, -1] == pytest.approx(0.99**20 * 0.9 * 0.98, rel=1e-9)


def test_transition_matrix_of_reopt():
    assert set_transitions(2, 0.1)[2] == pytest.approx([0.01, 0.18, 0.81])
    assert sets_running_at_start(SetReliability(2, 1, 0.99, 0.05)) == pytest.approx(
        [0.0595**2, 2 * 0.0595 * 0.9405, 0.9405**2]
    )


def test_perfect_sets_agree_with_the_ride():
    """Sets that never fail and always charge: the Markov chain is the plain walk, 0 or 1."""
    net_kw = np.array([300.0, 900.0, 700.0, 1100.0, 200.0])
    island = Island(500, 0, 1000, 1, 1, set_kw=600)
    found = survival_probability(net_kw, 500.0, island, SetReliability(1, 600, 1, 0, np.inf), 5, bins=11)
    walked, energy = 0, 500.0
    for need in net_kw:
        energy += min(max(600 - need, -500), 500)
        energy = min(energy, 1000)
        walked += energy >= 0 and need - 600 <= 500
        if energy < 0:
            break
    assert found[0].tolist() == [1.0] * walked + [0.0] * (5 - walked)


def test_chain_agrees_with_many_drawn_outages():
    """Two sets of 60 kW and a battery, 40 000 outages drawn step by step; the levels fit the loads, so it is exact."""
    rng, trials, net_kw = (
        np.random.default_rng(5),
        40_000,
        np.array([80.0, 110.0, 70.0, 100.0, 90.0, 60.0, 110.0, 80.0]),
    )
    sets = SetReliability(2, 60.0, 0.95, 0.05, 8.0)
    found = survival_probability(net_kw, 60.0, Island(50, 0, 100, 1, 1), sets, 8, bins=11)[0]
    running, energy = rng.binomial(2, 0.95 * 0.95, trials), np.full(trials, 60.0)
    alive = np.ones(trials, dtype=bool)
    for step, need in enumerate(net_kw):
        running = rng.binomial(running, 1 - 1 / 8)
        surplus = running * 60.0 - need
        alive &= surplus + np.minimum(50, energy) >= 0
        energy = np.clip(energy + np.clip(surplus, -50, 50), 0, 100)
        assert alive.mean() == pytest.approx(found[step], abs=0.01)


def test_small_loads_are_not_lost_between_levels():
    """1 kW from 100 kWh on 11 levels of 10 kWh: rounding to the nearest level would last for ever."""
    found = survival_probability([1.0], 100.0, Island(5, 0, 100, 1, 1), SetReliability(0, 0.0), 400, bins=11)[0]
    assert np.sum(found) == pytest.approx(100, rel=0.12)
    assert found[-1] < 1e-3


@settings(max_examples=25, deadline=None)
@given(st.floats(0.5, 1), st.floats(0, 0.5), st.floats(2, 500), st.integers(1, 4))
def test_survival_falls_with_time_and_rises_with_sets(availability, fails, mttf, sets):
    island, net_kw = Island(50, 0, 100, 0.95, 0.95), np.array([80.0, 120.0, 100.0])
    one, more = (
        survival_probability(net_kw, 60.0, island, SetReliability(n, 70.0, availability, fails, mttf), 10, bins=21)
        for n in (sets, sets + 1)
    )
    assert np.all(np.diff(one, axis=1) <= 1e-12) and np.all((one >= 0) & (one <= 1 + 1e-12))
    assert np.all(more >= one - 1e-12)


def test_a_battery_that_may_be_out_is_a_mixture():
    arguments = ([100.0], 100.0, Island(100, 0, 100, 1, 1), SetReliability(1, 100.0, 1.0, 0.5, np.inf), 2)
    assert survival_probability(*arguments)[0].tolist() == [1.0, 0.5]
    assert survival_probability(*arguments, battery_availability=0.9)[0] == pytest.approx([0.95, 0.5])


# --- outages and their cost ------------------------------------------------------------------------------------------


def test_draws_keep_the_indices_and_the_seed():
    draws = outage_draws(2.0, 3.0, years=4000, seed=7)
    assert draws.year.size / draws.years == pytest.approx(2.0, rel=0.03)
    assert draws.duration_h.sum() / draws.years == pytest.approx(3.0, rel=0.05)
    storms = outage_draws(2.0, 3.0, years=4000, seed=7, spread=1.0)
    assert storms.duration_h.sum() / storms.years == pytest.approx(3.0, rel=0.08)
    few = outage_draws(2.0, 3.0, years=3, seed=7)
    first = draws.year <= 3
    assert np.array_equal(few.start_h, draws.start_h[first]) and np.array_equal(few.duration_h, draws.duration_h[first])
    assert not np.array_equal(outage_draws(2.0, 3.0, 3, seed=8).start_h, few.start_h)


@pytest.mark.parametrize(
    ("saifi", "saidi", "word"),
    [(None, 2.0, "without SAIFI"), (2.0, None, "without SAIDI"), (0.0, 2.0, "SAIFI is 0"), (-1.0, 2.0, "0 or more")],
)
def test_half_a_statistic_is_refused(saifi, saidi, word):
    with pytest.raises(ValueError, match=word):
        outage_draws(saifi, saidi, 1, 1)


def test_no_statistic_means_no_outage():
    draws = outage_draws(None, None, 2, 1)
    assert draws.year.size == 0 and grid_up(draws, 1).all()


def test_the_grid_is_gone_for_the_drawn_hours():
    draws = outage_draws(6.0, 24.0, 1, seed=3)
    down = 1 - grid_up(draws, 1, step_h=0.25)
    assert down.sum() * 0.25 == pytest.approx(draws.duration_h.sum(), abs=0.25 * draws.year.size)
    assert grid_up(draws, 1).size == 8760


@pytest.mark.parametrize("step_h", [1.0, 0.5, 0.25])
def test_drawn_hours_are_kept_at_any_step(step_h):
    """SAIFI 10 and SAIDI 1 h: six minutes each. Over 30 years the hours are those drawn, to within 2 %; over many
    seeds they are SAIDI, which outages of at least a step each would miss by far. What the draw itself is off in 30
    years is chance."""
    for seed in range(1, 11):
        draws = outage_draws(10.0, 1.0, 30, seed)
        down_h = sum((1 - grid_up(draws, year, step_h)).sum() * step_h for year in range(1, 31))
        assert down_h == pytest.approx(draws.duration_h.sum(), rel=0.02)
    many = outage_draws(10.0, 1.0, 6000, seed=6)
    assert many.steps(step_h).sum() * step_h / 6000 == pytest.approx(1.0, rel=0.02)


def test_the_worked_blackout_of_ten_thousand_gpus():
    """loads.yaml: outage_cost.worked_example_usd_10000_h100: 1 h off, 82 250 of lost compute and 60 000 of hardware."""
    cluster = Interruption(gpus=10_000, gpu_hour_price=2.35)
    assert interruption_cost(cluster, 1.0) == pytest.approx(142_250)
    assert interruption_cost(cluster, [0.0, 1.0]) == pytest.approx([118_750, 142_250])


def test_curve_counts_the_starts_that_last():
    assert survival_curve(np.array([0, 1, 3, 3]), 3).tolist() == [0.75, 0.5, 0.5]
