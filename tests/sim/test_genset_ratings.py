"""Diesel sets: ratings by ISO 8528, derating, reserve, tank and trucks, overhauls, pollutants and noise, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inputs.library import record
from sim.plant.ratings import (
    RATINGS,
    check_rating,
    derating,
    fuel_logistics,
    noise_db_a,
    noise_hours,
    pollutants_kg,
    sets_online,
    trip_hours,
    wear,
)


def test_ratings_are_those_of_the_data_file():
    assert RATINGS["PRP"].mean_load_fraction == record("equipment", "diesel.prime_max_24h_average_load_fraction").value
    assert RATINGS["PRP"].power_fraction == record("equipment", "diesel.prime_to_standby_power_ratio").value
    assert RATINGS["ESP"].hours_per_year == record("equipment", "diesel.standby_max_hours_per_year").value
    assert RATINGS["LTP"].hours_per_year == record("equipment", "diesel.limited_time_hours_per_year").value
    assert (
        RATINGS["DCC"].mean_load_fraction == record("equipment", "diesel.mission_critical_average_load_fraction").value
    )
    assert 768 * RATINGS["PRP"].power_fraction == pytest.approx(701, abs=3)  # QSK23-G3 by its curve


def test_a_prime_set_at_three_quarters_passes_its_mean():
    """75 % all day is too much for prime (70 % over 24 h), not for a mission-critical rating (85 %)."""
    output = np.full(8760, 750.0)
    assert [one.limit for one in check_rating(output, 1000, "PRP")] == ["mean_load"]
    assert check_rating(output, 1000, "DCC") == () and check_rating(output, 1000, "COP") == ()
    assert [one.limit for one in check_rating(output, 1000, "ESP")] == ["mean_load", "hours"]
    assert "75%; the prime rating allows 70%" in check_rating(output, 1000, "PRP")[0].text


def test_the_mean_is_of_running_hours_and_counts_little_as_30_percent():
    """Half a day at 100 % and half stopped: mean 100 %. Half at 100 %, half at 10 % (counted 30 %): 65 %."""
    day = np.array([1000.0] * 12 + [0.0] * 12)
    assert check_rating(np.tile(day, 10), 1000, "PRP")[0].value == pytest.approx(1.0)
    assert check_rating(np.tile(np.where(day > 0, day, 100.0), 10), 1000, "PRP") == ()
    quarter = check_rating(np.repeat(np.tile(day, 10), 4), 1000, "PRP", step_h=0.25)
    assert quarter[0].value == pytest.approx(1.0)


def test_hours_are_scaled_to_a_year_and_overload_is_said():
    month = np.zeros(730)
    month[:20] = 500.0
    assert [one.limit for one in check_rating(month, 1000, "ESP")] == ["hours"]
    assert check_rating(month, 1000, "ESP")[0].value == pytest.approx(240)
    assert [one.limit for one in check_rating([1200.0], 1000, "COP")] == ["power", "mean_load"]


def test_thin_and_hot_air():
    """2500 m and 45 C by hand: (1 - 0.034 x 5) x (1 - 0.10 x 0.5)."""
    assert derating(2500, 45) == pytest.approx(0.83 * 0.95)
    assert derating(500, [20, 40, 50]).tolist() == pytest.approx([1.0, 1.0, 0.9])
    assert derating(20_000, 200) == 0.0


def test_reserve_by_hand():
    """1200 kW ready beside 4000 kW of load: 5200 / 1500 = 4 sets; a 1000 kW battery saves one."""
    reserve = 1200.0
    assert sets_online(4000.0, 1500.0) == 3
    assert sets_online(4000.0, 1500.0, reserve) == 4
    assert sets_online(4000.0, 1500.0, reserve, battery_kw=1000.0) == 3
    assert sets_online([4000.0, 0.0], 1500.0, survive_largest=True).tolist() == [4, 0]
    assert sets_online(4000.0, 1500.0, survive_largest=True, battery_kw=1500.0) == 3


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1e5), st.floats(100, 3000), st.floats(0, 1e4), st.floats(0, 1e4))
def test_enough_sets_and_never_one_too_many(load, set_kw, reserve, battery):
    sets = int(sets_online(load, set_kw, reserve, battery))
    assert sets * set_kw >= load - 1e-6 * set_kw and sets * set_kw + battery >= load + reserve - 1e-6 * set_kw
    fewer = (sets - 1) * set_kw
    assert sets == 0 or fewer < load or fewer + battery < load + reserve
    assert sets_online(load, set_kw, reserve, battery, survive_largest=True) >= sets


# --- fuel -------------------------------------------------------------------------------------------------------------


def test_four_weeks_of_trucks_by_hand():
    """1000 L/h from 48 000 L usable: two days. 30 000 L trucks: 168 000 / 30 000 = 5.6 a week."""
    plan = fuel_logistics(np.full(672, 1000.0), tank_l=48_000, truck_l=30_000, usable_fraction=1.0)
    assert plan.litres == 672_000 and plan.trucks_per_week == pytest.approx(5.6)
    assert plan.autonomy_days_mean == pytest.approx(2.0) and plan.autonomy_days_peak == pytest.approx(2.0)
    assert plan.trucks_in_peak_week in (5, 6, 7) and plan.dry_steps == 0
    assert plan.least_level_l >= 0


def test_a_tank_smaller_than_its_lead_time_runs_dry():
    plan = fuel_logistics(np.full(336, 1000.0), tank_l=20_000, truck_l=20_000, lead_time_h=48)
    assert plan.dry_steps > 0 and plan.least_level_l == 0
    prompt = fuel_logistics(np.full(336, 1000.0), tank_l=20_000, truck_l=5_000, lead_time_h=2)
    assert prompt.dry_steps == 0


def test_no_fuel_needs_no_truck():
    plan = fuel_logistics(np.zeros(8760), 20_000, 20_000)
    assert (plan.deliveries, plan.trucks_per_week, plan.autonomy_days_mean) == (0, 0.0, float("inf"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 500), min_size=24, max_size=400), st.floats(12_000, 60_000), st.floats(6000, 30_000))
def test_what_is_burnt_was_there(fuel, tank, truck):
    plan = fuel_logistics(fuel, tank, truck, lead_time_h=6)
    assert 0 <= plan.least_level_l <= 0.9 * tank
    assert plan.dry_steps == 0
    assert plan.deliveries * truck + 0.9 * tank >= plan.litres - 1e-6
    days = fuel_logistics(fuel[: len(fuel) // 24 * 24], tank, truck)  # of whole days one burns at least the mean
    assert days.autonomy_days_peak <= days.autonomy_days_mean * (1 + 1e-9)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"tank_l": 0.0}, "tank_l"), ({"fuel_l": [-1.0]}, "0 litres"), ({"usable_fraction": 2.0}, "0 to 1")],
)
def test_bad_tanks_are_refused(change, word):
    with pytest.raises(ValueError, match=word):
        fuel_logistics(**{"fuel_l": [1.0], "tank_l": 10.0, "truck_l": 10.0, **change})


# --- wear, air and noise ----------------------------------------------------------------------------------------------


def test_overhauls_by_hours():
    """Four sets share 24 000 h a year: 6000 each; overhauls at 15 000 h fall into years 3, 5, 8 and 10."""
    fleet = wear(24_000, 4, 10)
    assert fleet.hours_per_set_year == 6000 and fleet.oil_changes_per_year == 96
    assert fleet.overhauls_by_year == (0, 0, 4, 0, 4, 0, 0, 4, 0, 4)
    assert wear(100, 4, 15).overhauls_by_year == (0,) * 15
    assert wear(24_000, 4, 1, hours_at_start=10_000).overhauls_by_year == (4,)
    with pytest.raises(ValueError, match="more than a year has"):
        wear(20_000, 2, 1)


def test_pollutants_by_hand():
    """1 GWh and 262 000 L: 200 kg PM, 9 t NOx, 3.5 t CO; SO2 = 262 000 x 0.84 kg x 10 ppm x 2."""
    kg = pollutants_kg(1e6, 262_000)
    assert kg == pytest.approx({"PM": 200, "NOx": 9000, "CO": 3500, "SO2": 4.397}, rel=1e-3)
    assert kg["SO2"] / 1e6 * 1000 == pytest.approx(record("equipment", "diesel.so2_g_per_kwh").value, rel=0.03)
    assert kg["PM"] / 1000 == record("equipment", "diesel.pm_g_per_kwh").value
    assert kg["NOx"] / 1000 == record("equipment", "diesel.nox_g_per_kwh_uncontrolled").value
    assert pollutants_kg(1e6, 262_000, kept_fraction={"NOx": 0.1})["NOx"] == pytest.approx(900)
    with pytest.raises(ValueError, match="unknown pollutants: Nox"):
        pollutants_kg(1.0, 1.0, kept_fraction={"Nox": 0.1})


def test_noise_falls_with_distance_and_rises_with_sets():
    """Ten sets are 10 dB more; ten times as far is 20 dB less."""
    assert noise_db_a(1, 7) == 80
    assert noise_db_a(10, 70) == pytest.approx(70)
    assert noise_db_a([0, 1], 7).tolist() == [0.0, 80.0]


def test_noise_hours_of_a_day():
    """Two sets for a whole day, 60 m away: 64.3 dB(A): within 65 by day, above 55 for the eight hours of night."""
    found = noise_hours(np.full(24, 2), np.arange(24), 60.0)
    assert found == {"running": 24.0, "day_above": 0.0, "night_above": 8.0}
    assert noise_hours(np.zeros(24), np.arange(24), 60.0)["running"] == 0.0


def test_hours_in_which_a_tripped_set_takes_load_with_it():
    """Sets of 100 kW. 180 kW on two: one is left with 100, 80 short; with 80 kW ready nothing is. 100 on two holds,
    so does standing still; one set alone never does, unless the battery takes all."""
    running, output = [2, 2, 2, 0, 1, 1], [180, 180, 100, 0, 50, 50]
    assert trip_hours(running, output, [0, 80, 0, 0, 0, 50], 100.0, step_h=0.5) == 1.0
