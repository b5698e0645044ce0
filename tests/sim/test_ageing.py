"""Battery ageing: BLAST-Lite's figures, the tables of the data file, rainflow by ASTM, renewal, warranty, climate."""

import json
from itertools import pairwise
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inputs.library import record
from sim.inputs.storage import Storage
from sim.plant.ageing import (
    CYCLE_BASE,
    CYCLE_BY_C_RATE,
    CYCLE_BY_DEPTH,
    CYCLE_CELL_C,
    CYCLE_K,
    DAYS_PER_YEAR,
    NEW,
    Duty,
    Fade,
    Renewal,
    Warranty,
    age,
    availability,
    calendar_rate,
    cell_temperature_c,
    charge_c_rate_limit,
    check_warranty,
    duty,
    expected_share,
    mean_depth,
    plan_capacity,
    power_limits_kw,
    rainflow,
    soh_by_year,
)
from sim.plant.battery import auxiliary_kw_per_mwh

REFERENCE = Path(__file__).parents[1] / "reference/battery_life/lfp_life.json"
ONE_A_DAY = np.array([0.95] * 9 + [0.45] + [0.10] * 6 + [0.60] + [0.95] * 7)  # 10-95 %, 310 EFC a year
TWO_A_DAY = np.array(([0.95] * 5 + [0.45] + [0.10] * 3 + [0.60] + [0.95] * 2) * 2)


def cycle_rate(cell_c, depth, c_rate):
    """Loss after one equivalent full cycle, k_cyc of loss = k_cyc x EFC^0.828; the arguments broadcast."""
    kelvin = np.clip(cell_c, *CYCLE_CELL_C) + 273.15
    return (CYCLE_BASE + CYCLE_BY_DEPTH * depth + CYCLE_BY_C_RATE * c_rate) * np.exp(CYCLE_K / kelvin)


def cycling_duty(efc_per_year: float, depth: float, mean_soc: float, cell_c) -> Duty:
    """The duty of figures instead of a trace: its C-rate is that of the throughput over all time, its calendar part
    that of resting at mean_soc."""
    still, over_time = cycle_rate(cell_c, depth, 0.0), 2 * efc_per_year / (DAYS_PER_YEAR * 24)
    return Duty(calendar_rate(cell_c, mean_soc), still, cycle_rate(cell_c, depth, over_time) - still, efc_per_year)


def _cases() -> dict:
    return json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("name", _cases())
def test_capacity_is_that_of_blast_lite(name):
    """The same rate equations, so within 0.0005 and not only within the 0.03 of a simpler curve. What is left is the
    explicit daily step of BLAST-Lite, which overshoots on a curve that flattens."""
    case = _cases()[name]
    year = duty(case["inputs"]["soc_hour_by_hour"], case["inputs"]["cell_temperature_c"], 1.0)
    soh = soh_by_year(year, 15)
    for after, fraction in case["expected"]["capacity_fraction_after_years"].items():
        assert soh[int(after)] == pytest.approx(fraction, abs=5e-4)
    fade = age(NEW, year, 1.0)
    assert 1 - fade.calendar == pytest.approx(case["expected"]["calendar_part"]["1"], abs=2e-4)
    assert 1 - fade.cycle == pytest.approx(case["expected"]["cycle_part"]["1"], abs=1e-4)
    for _ in range(14):
        fade = age(fade, year)
    assert fade.efc == pytest.approx(case["expected"]["equivalent_full_cycles_after_years"]["15"], rel=1e-3)


@pytest.mark.parametrize(
    ("table", "soc", "cell_c"),
    [
        ("soh_table_one_cycle_per_day_25c", ONE_A_DAY, 25),
        ("soh_table_two_cycles_per_day_25c", TWO_A_DAY, 25),
        ("soh_table_one_cycle_per_day_45c", ONE_A_DAY, 45),
    ],
)
def test_tables_of_the_data_file(table, soc, cell_c):
    soh = soh_by_year(duty(soc, cell_c, 1.0), 15)
    for year, fraction in record("equipment", f"bess.life.{table}").value.items():
        assert soh[int(year)] == pytest.approx(fraction, abs=0.03)


def test_calendar_fade_by_temperature_and_charge():
    """equipment.yaml: 1.9 / 3.7 / 6.8 / 12.2 % in ten years at 15 / 25 / 35 / 45 C; about 1.5 times at SOC 0.9."""
    fades = 1 - soh_by_year(cycling_duty(0.0, 0.0, 0.5, np.array([15.0, 25.0, 35.0, 45.0])), 10)[10]
    assert fades == pytest.approx([0.019, 0.037, 0.068, 0.122], abs=0.0006)
    assert calendar_rate(25, 0.9) / calendar_rate(25, 0.5) == pytest.approx(1.5, abs=0.05)
    one_year = record("equipment", "bess.life.calendar_fade_at_25c_sqrt_year_fraction").value
    assert fades[1] == pytest.approx(one_year * sqrt(10), abs=0.002)


def test_cycle_fade_per_thousand_cycles_with_the_pack_margin():
    """equipment.yaml: 0.035 per 1000 EFC with 25 % margin; BLAST-Lite's own 2.6 to 2.8 %, over ten years."""
    fade = NEW
    for _ in range(10):
        fade = age(fade, duty(ONE_A_DAY, 25, 1.0))
    bare = float(fade.cycle / fade.efc * 1000)
    assert 0.026 <= bare <= 0.028
    assert bare * 1.25 == pytest.approx(
        record("equipment", "bess.life.cycle_fade_fraction_per_1000_efc").value, abs=2e-3
    )


def test_a_trace_and_its_figures_say_the_same():
    trace = duty(ONE_A_DAY, 25, 1.0)
    figures = cycling_duty(310.25, 0.85, 0.6, 25)
    assert trace.efc_per_year == pytest.approx(310.25)
    assert (trace.cycle_rest, trace.cycle_by_c_rate) == pytest.approx((figures.cycle_rest, figures.cycle_by_c_rate))
    quarters = duty(np.repeat(ONE_A_DAY, 4), 25, 0.25)
    assert quarters.efc_per_year == pytest.approx(310.25)
    assert quarters.calendar == pytest.approx(trace.calendar)


def test_quarter_steps_are_fine_enough():
    year = duty(TWO_A_DAY, 45, 1.0)
    fine = NEW
    for _ in range(15 * 13):
        fine = age(fine, year, 1 / 13)
    assert soh_by_year(year, 15)[15] == pytest.approx(float(fine.soh), abs=3e-4)


def test_lanes_are_single_runs():
    duties = [duty(ONE_A_DAY, c, 1.0) for c in (15, 25, 35)]
    names = ("calendar", "cycle_rest", "cycle_by_c_rate", "efc_per_year")
    together = Duty(*(np.array([getattr(one, name) for one in duties]) for name in names))
    singles = np.stack([soh_by_year(one, 8) for one in duties], axis=1)
    assert soh_by_year(together, 8) == pytest.approx(singles, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 800), st.floats(0, 1), st.floats(0, 1), st.floats(-20, 55), st.floats(0.5, 3))
def test_capacity_only_falls_and_more_use_never_helps(efc, depth, soc, cell_c, factor):
    soh = soh_by_year(cycling_duty(efc, depth, soc, cell_c), 15)
    assert np.all(np.diff(soh) <= 0) and np.all((soh >= 0) & (soh <= 1))
    harder = soh_by_year(cycling_duty(efc * (1 + factor), depth, soc, cell_c), 15)
    assert np.all(harder <= soh + 1e-12)
    assert np.all(soh_by_year(cycling_duty(efc, depth, soc, cell_c), 15, cycle_margin=1 + factor) <= soh + 1e-12)


def test_a_mild_year_after_a_hot_one_goes_on_from_the_loss():
    hot, mild = cycling_duty(0.0, 0.0, 0.5, 45), cycling_duty(0.0, 0.0, 0.5, 25)
    mixed = soh_by_year([hot] + [mild] * 9, 10)
    assert soh_by_year(hot, 10)[10] < mixed[10] < soh_by_year(mild, 10)[10]
    assert soh_by_year(mild, 5, start=Fade(0.05, 0.0, 0.0))[5] < 0.95


# --- counting -------------------------------------------------------------------------------------------------------


def test_rainflow_counts_the_example_of_the_standard():
    """ASTM E1049-85 (2017), figure 6: -2, 1, -3, 5, -1, 3, -4, 4, -2."""
    depth, mean, count = rainflow([-2, 1, -3, 5, -1, 3, -4, 4, -2])
    found = {}
    for one, times in zip(depth, count, strict=True):
        found[one] = found.get(one, 0) + times
    assert found == {3: 0.5, 4: 1.5, 6: 0.5, 8: 1.0, 9: 0.5}
    assert mean[list(depth).index(9)] == 0.5


def test_rainflow_sees_the_big_cycle_around_a_small_one():
    soc = [0.9, 0.5, 0.6, 0.1, 0.9]
    depth, _, count = rainflow(soc)
    assert (depth * count).sum() == pytest.approx(np.abs(np.diff(soc)).sum() / 2)
    assert sorted(zip(depth.round(9), count, strict=True)) == [(0.1, 1.0), (0.8, 0.5), (0.8, 0.5)]
    assert mean_depth(soc) == pytest.approx((0.01 + 0.64) / 0.9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=200))
def test_cycles_hold_all_that_is_moved(soc):
    depth, _, count = rainflow(soc)
    assert (depth * count).sum() == pytest.approx(np.abs(np.diff(soc)).sum() / 2, abs=1e-9)
    assert 0 <= mean_depth(soc) <= 1


def test_a_trace_at_rest_has_no_cycles():
    assert mean_depth([0.5] * 24) == 0.0
    assert duty([0.5] * 24, 25, 1.0).efc_per_year == 0.0


@pytest.mark.parametrize(
    ("soc", "word"), [([0.5], "at least two"), ([0.5, np.nan], "not a number"), ([0.5, 1.5], "between 0 and 1")]
)
def test_bad_traces_are_refused(soc, word):
    with pytest.raises(ValueError, match=word):
        duty(soc, 25, 1.0)


# --- renewal and warranty -------------------------------------------------------------------------------------------

YEAR = duty(TWO_A_DAY, 35, 1.0)


def test_without_renewal_the_plan_is_the_fade():
    plan, soh = plan_capacity(YEAR, 15), soh_by_year(YEAR, 15)
    assert plan.at_start == pytest.approx(soh[:-1]) and plan.at_end == pytest.approx(soh[1:])
    assert np.all((plan.mean < plan.at_start) & (plan.mean > plan.at_end))
    assert not plan.added.any() and not plan.replaced.any()


def test_augmentation_at_a_threshold_fills_up():
    plan = plan_capacity(YEAR, 15, Renewal("augment", below_fraction=0.85))
    first = int(np.argmax(plan.added > 0))
    assert plan_capacity(YEAR, 15).at_start[first] < 0.85 <= plan_capacity(YEAR, 15).at_start[first - 1]
    assert plan.at_start[first] == pytest.approx(1.0)
    assert plan.at_start.min() >= 0.85
    assert plan.added[first] == pytest.approx(1 - plan.at_end[first - 1])


def test_augmentation_by_the_calendar_and_by_hand():
    assert np.flatnonzero(plan_capacity(YEAR, 12, Renewal("augment", every_years=4)).added).tolist() == [4, 8]
    plan = plan_capacity(YEAR, 12, Renewal("augment", in_years=(3, 7), restore_fraction=1.1))
    assert np.flatnonzero(plan.added).tolist() == [2, 6]
    assert plan.at_start[[2, 6]] == pytest.approx(1.1)


def test_replacement_starts_the_life_again():
    plan = plan_capacity(YEAR, 12, Renewal("replace", in_years=(6,)))
    assert plan.replaced.tolist() == [False] * 5 + [True] + [False] * 6
    assert plan.at_end[5:] == pytest.approx(plan_capacity(YEAR, 7).at_end)
    assert plan.efc[5] == pytest.approx(plan.efc[0])
    assert plan.added[5] == 1.0


def test_renewals_that_cannot_be_are_refused():
    for arguments, word in (
        ({"action": "augment"}, "needs a trigger"),
        ({"action": "augment", "below_fraction": 0.9, "restore_fraction": 0.9}, "never ends"),
        ({"action": "replace", "in_years": (1,)}, "2 or later"),
        ({"action": "replace", "below_fraction": 1.2}, "between 0 and 1"),
    ):
        with pytest.raises(ValueError, match=word):
            Renewal(**arguments)


def test_warranty_limits_name_the_first_year():
    warranty = Warranty(10, cycles=2500, throughput_kwh_per_kwh=3000, soh_by_year={5: 0.80, 10: 0.70})
    soh = np.array([0.95, 0.90, 0.86, 0.83, 0.79, 0.76, 0.73, 0.71, 0.70, 0.69, 0.68])
    findings = check_warranty(warranty, soh, np.full(11, 300.0), np.full(11, 290.0))
    assert [(one.limit, one.year) for one in findings] == [("years", 11), ("cycles", 9), ("throughput", 11), ("soh", 5)]
    assert findings[1].text == "Cycles: 2,700 by the end of year 9, 2,500 allowed."
    assert check_warranty(Warranty(), soh, 300.0, 290.0) == ()
    assert check_warranty(Warranty(11, cycles=3300.0), soh, 300.0, 290.0) == ()


# --- climate and cabinets -------------------------------------------------------------------------------------------


def test_auxiliaries_follow_the_data_file():
    table = record("equipment", "bess.performance.auxiliary_kw_per_mwh_nameplate_by_ambient_c").value
    storage = Storage(auxiliary_kw_per_mwh=1.0)
    for ambient, kw in table.items():
        assert auxiliary_kw_per_mwh(storage, np.array([float(ambient)])) == pytest.approx(kw)
    beyond = [auxiliary_kw_per_mwh(storage, np.array([ambient])) for ambient in (-40.0, 60.0)]
    assert beyond == [5.0, 4.5]


def test_charge_limits_follow_the_data_file():
    rows = record("equipment", "bess.performance.charge_rate_limit_by_cell_temperature").value
    for row in rows:
        assert charge_c_rate_limit(row["cell_c_below"] - 0.5) == row["c_rate"]
    assert charge_c_rate_limit([-5, 0, 5, 10, 59, 60]).tolist() == [0.0, 0.12, 0.3, 0.5, 0.5, 0.0]


def test_power_from_minus_30_to_50_degrees():
    ambient = np.arange(-35.0, 56.0, 5.0)
    charge, discharge = power_limits_kw(ambient, 2500.0, 5000.0)
    rated = (ambient >= -30) & (ambient <= 50)
    assert not charge[~rated].any() and not discharge[~rated].any()
    assert np.all(charge[rated] == discharge[rated]) and discharge[ambient == 50] == pytest.approx(2250.0)
    bare_charge, bare_discharge = power_limits_kw(ambient, 2500.0, 5000.0, managed=False)
    assert not bare_charge[ambient < -5].any() and bare_charge[ambient == 0] == 0.3 * 5000
    assert bare_discharge[ambient == -20] == 2500.0 and bare_discharge[ambient == -30] == 0.0
    assert cell_temperature_c([-30, 20, 50]).tolist() == [15.0, 25.0, 35.0]


def test_faster_cells_lose_the_same_share_in_the_cold():
    """A 1 C battery at 2 C in its cells takes 0.12 of the sheet's 0.5, like one of 0.5 C; one of 0.1 C is not held."""
    for battery_kw, taken in ((5000.0, 0.24), (2500.0, 0.24), (500.0, 1.0)):
        charge, discharge = power_limits_kw(-3.0, battery_kw, 5000.0, managed=False)
        assert charge / battery_kw == pytest.approx(taken) and discharge == battery_kw


def test_the_share_of_cabinets_that_can_be_counted_on():
    """By hand: one of two is spare: at least one works with 1 - 0.1^2. Without spares it is the availability."""
    assert expected_share(2, 1, 0.9) == pytest.approx(0.99 / 2)
    assert expected_share(7, 0, 0.9) == pytest.approx(0.9)
    assert expected_share(5000, 0, 0.97) == pytest.approx(0.97)
    assert expected_share(5000, 400, 0.97) == pytest.approx(4600 / 5000)
    assert expected_share(10, 3, 1.0) == 0.7 and expected_share(10, 3, 0.0) == 0.0
    shares = [expected_share(20, spare, 0.9) for spare in range(20)]
    assert all(more >= less for more, less in pairwise(shares))
    with pytest.raises(ValueError, match="spare is 2"):
        expected_share(2, 2, 0.9)


def test_a_cabinet_works_between_its_failures():
    """By hand: 4000 h between failures, 72 h to repair."""
    assert availability(4000, 4) > availability(4000, 72) == pytest.approx(4000 / 4072)
