"""The optimum against hand-worked days, HiGHS on the same programme, and laws every optimum keeps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from sim.dispatch.kernel import trace
from sim.dispatch.rule import NO_LIMIT_KW
from sim.optimum.frame import PENALTIES
from sim.optimum.model import (
    Deferral,
    DemandWindow,
    Infeasible,
    Programme,
    ShedTier,
    Sizes,
    costs_of,
    monthly_windows,
    relative_gap,
)
from sim.optimum.oracle import solve_oracle
from sim.optimum.solve import (
    SizeSearch,
    beyond_slope_lists,
    size_map,
    solve,
    warm_up,
)
from tests.sim.breaches import breaches
from tests.sim.kernel_inputs import make_lanes, make_series
from tests.sim.programmes import (
    GAP,
    ROUNDING,
    SEEDS,
    assert_costs,
    assert_feasible,
    assert_same_optimum,
    cost_at,
    programme,
    random_point,
    random_site,
    search_has_no_penalty,
    search_of,
)

# ------------------------------------------------------------------------------------------------- against HiGHS


@settings(max_examples=300, deadline=None)
@given(seed=SEEDS)
def test_random_sites_cost_what_highs_says(seed):
    assert_same_optimum(random_site(seed))


@pytest.mark.parametrize("kind", ["bands", "every hour another"])
def test_whole_years_cost_what_highs_says(kind):
    assert_same_optimum(whole_year(kind, 1))


def test_a_year_of_quarter_hours_costs_what_highs_said():
    """Its cost by HiGHS 1.15 on arrays, which takes twenty times as long; `bench` asks anew for such a year."""
    assert_costs(whole_year("bands", 4), 36566045.80342927)


def whole_year(kind: str, steps_per_hour: int) -> Programme:
    r = np.random.default_rng(7)
    n = 8760 * steps_per_hour
    hour = np.arange(n) / steps_per_hour % 24
    month = np.repeat(np.arange(12), np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24 * steps_per_hour)
    by_hour = np.where(hour < 8, 0.3, np.where(hour < 18, 1.2, 0.7))
    outage = np.isin(np.arange(n) // (4 * steps_per_hour), r.integers(0, 2000, 5))
    load = np.repeat(r.uniform(8000, 10_000, 8760), steps_per_hour) * r.uniform(0.98, 1.02, n)
    masks = [np.ones(n, bool), (hour >= 10) & (hour < 21), (hour >= 8) & (hour < 23)]
    return Programme(
        step_h=1 / steps_per_hour,
        month=month,
        load_kw=load,
        pv_kw=9000 * np.clip(np.sin((hour - 6) / 12 * np.pi), 0, 1),
        buy_per_kwh=by_hour if kind == "bands" else r.uniform(0.2, 1.2, n),
        credit_per_kwh=np.full(n, 0.4155),
        import_limit_kw=np.where(outage, 0, 11_000),
        export_limit_kw=np.where(outage, 0, 20_000),
        soc_min=np.where(outage, 0, 0.1),
        soc_max=np.full(n, 0.95),
        windows=monthly_windows(month, masks, [42.0, 12.0, 9.0]),
        shed=(ShedTier(load, 50.0),),
        battery_kw=5000,
        battery_kwh=20_000,
        wear_per_kwh=0.05,
        genset_kw=3000,
        genset_per_kwh=1.95,
        soc_start=None,
    )


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_infeasible_sites_are_those_of_highs(seed):
    p = random_site(seed, feasible=False)
    try:
        oracle = solve_oracle(p).cost
    except Infeasible:
        with pytest.raises(Infeasible, match="kW are missing in step"):
            solve(p)
    else:
        assert solve(p).cost == pytest.approx(oracle, rel=2 * GAP, abs=2 * GAP)


# ---------------------------------------------------------------------------------------- hand-worked and refusals


def test_a_day_without_demand_charge_by_hand():
    """8 hours at 0.2 buy 20 kWh / 0.9; the rest of the day saves 20 x 0.9 at 1.0, less wear of 0.1 on 18 kWh."""
    price = np.where(np.arange(24) < 8, 0.2, 1.0)
    p = programme(buy_per_kwh=price, charge_efficiency=0.9, discharge_efficiency=0.9, wear_per_kwh=0.1)
    optimum = solve(p, 1e-9)
    assert optimum.cost == pytest.approx(8 * 10 * 0.2 + 16 * 10 + 20 / 0.9 * 0.2 - 18 + 18 * 0.1, rel=1e-9)
    assert optimum.costs.wear == pytest.approx(1.8)
    assert optimum.schedule.stored_kwh[-1] == pytest.approx(0, abs=1e-9)


def test_a_peak_is_cut_down_to_the_mean_when_demand_is_dear():
    """4 hours at 10 kW, 4 at 20 kW, no losses: 20 kWh moved makes 15 kW throughout."""
    p = programme(
        8,
        load_kw=np.repeat([10.0, 20.0], 4),
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        windows=(DemandWindow(100.0, np.arange(8)),),
    )
    optimum = solve(p, 1e-9)
    assert optimum.peaks_kw == pytest.approx([15.0])
    assert optimum.cost == pytest.approx(120 + 1500)
    assert optimum.costs.demand == pytest.approx([1500])


def test_two_windows_of_one_month_have_peaks_of_their_own():
    """The day's window is worth shaving, the flat one is not lowered by it: night loads are higher."""
    load = np.array([30.0, 30, 10, 20])
    windows = (DemandWindow(1.0, np.arange(4)), DemandWindow(50.0, np.array([2, 3])))
    p = programme(4, load_kw=load, battery_kw=5.0, charge_efficiency=1.0, discharge_efficiency=1.0, windows=windows)
    assert solve(p, 1e-9).peaks_kw == pytest.approx([30.0, 15.0])


def test_the_same_month_a_year_later_is_another_month():
    month = np.repeat([1, 2, 1], 8)
    windows = monthly_windows(month, [np.ones(24, bool)], [{1: 5.0, 2: 0.0}])
    assert [len(w.steps) for w in windows] == [8, 8]
    assert len(solve(programme(24, month=month, windows=windows)).peaks_kw) == 2


def test_a_missing_kw_is_named_with_its_step():
    limit = np.where(np.arange(24) == 17, 4.0, np.inf)
    with pytest.raises(Infeasible, match=r"3 kW are missing in step 17 \(hour 17 of the term\)") as caught:
        solve(programme(import_limit_kw=limit, battery_kw=3.0))
    assert (caught.value.step, caught.value.missing_kw) == (17, pytest.approx(3.0))
    with pytest.raises(Infeasible, match="3 kW are missing in step 17"):
        solve_oracle(programme(import_limit_kw=limit, battery_kw=3.0))


def test_a_long_outage_without_a_set_is_infeasible_by_its_energy():
    """20 kWh last two of three hours; the third kW-hours are missing."""
    limit = np.where(np.isin(np.arange(24), (10, 11, 12)), 0.0, np.inf)
    with pytest.raises(Infeasible, match="10 kWh in all") as caught:
        solve(programme(import_limit_kw=limit, discharge_efficiency=1.0))
    assert 10 <= caught.value.step <= 12


def test_a_reserve_above_the_usable_energy_is_refused():
    with pytest.raises(Infeasible, match=r"In step 5 the reserve \(95%.*3 kW are missing for one step"):
        programme(soc_min=np.where(np.arange(24) == 5, 0.95, 0.0), soc_max=0.8)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("load_kw", np.where(np.arange(24) == 3, -1.0, 5.0), "load_kw is negative in step 3"),
        ("buy_per_kwh", np.where(np.arange(24) == 4, np.nan, 1.0), "buy_per_kwh holds .* not a number in step 4"),
        ("charge_efficiency", 1.2, "charge_efficiency must be more than 0"),
        ("battery_kw", -1.0, "battery_kw must be 0 or more"),
        ("step_h", 0.0, "step_h must be more than 0"),
        ("soc_start", 1.5, "soc_start must lie between 0 and 1"),
        ("soc_max", 1.1, "soc_max exceeds 1 in step 0"),
        ("windows", (DemandWindow(1.0, np.array([23, 24])),), "outside the term"),
    ],
)
def test_bad_input_is_named(field, value, words):
    with pytest.raises(ValueError, match=words):
        programme(**{field: value})


def test_a_window_over_two_months_is_refused():
    with pytest.raises(ValueError, match="reaches over several months"):
        programme(month=np.repeat([1, 2], 12), windows=(DemandWindow(1.0, np.arange(24)),))


# -------------------------------------------------------------------------------------------- meters, sets, waiting


def sunny() -> Programme:
    """Six hours; in two of them PV of 30 kW beside 10 kW of load; selling pays 0.5 against buying at 0.3."""
    pv = np.array([0.0, 0, 30, 30, 0, 0])
    return programme(6, pv_kw=pv, buy_per_kwh=0.3, credit_per_kwh=0.5, export_limit_kw=100.0, battery_kw=0.0)


def test_two_meters_sell_all_pv_and_buy_all_load():
    assert solve(sunny(), 1e-9).cost == pytest.approx(6 * 10 * 0.3 - 60 * 0.5)


def test_one_meter_sells_what_the_load_leaves():
    optimum = solve(replace(sunny(), one_meter=True))
    assert optimum.cost == pytest.approx(4 * 10 * 0.3 - 40 * 0.5)
    assert optimum.lower_bound == pytest.approx(6 * 10 * 0.3 - 60 * 0.5, rel=1e-6)
    assert "two meters" in optimum.note
    assert optimum.gap == pytest.approx(relative_gap(optimum.cost, optimum.lower_bound))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_one_meter_lies_between_its_bound_and_never_below_the_exact_choice(seed):
    p = replace(random_site(seed, months=2, hours=15), one_meter=True)
    ours, exact = solve(p), solve_oracle(p, 1e-9)
    scale = max(1.0, abs(exact.cost))
    assert ours.lower_bound <= exact.cost + ROUNDING * scale
    assert ours.cost >= exact.lower_bound - ROUNDING * scale
    assert_feasible(p, ours.schedule)
    assert_feasible(p, exact.schedule)


def test_one_meter_without_dearer_selling_is_exact():
    p = replace(sunny(), one_meter=True, credit_per_kwh=np.full(6, 0.2), battery_kw=5.0)
    assert solve(p, 1e-8).cost == pytest.approx(solve_oracle(p).cost, rel=1e-8)
    assert solve(p).note == ""


def test_prices_below_zero_do_not_burn_energy():
    """Taking 10 kW at -1 is paid; charging and discharging at once would take more and is not possible."""
    price = np.where(np.arange(24) < 12, -1.0, 1.0)
    p = programme(buy_per_kwh=price, charge_efficiency=0.8, discharge_efficiency=0.8)
    optimum = solve(p)
    assert optimum.method == "HiGHS MILP" and "below zero" in optimum.note
    assert breaches(p, optimum.schedule)["charge and discharge at once"] <= 1e-6
    assert solve_oracle(p, relaxed=True).cost < optimum.cost - 1e-3


def test_a_set_runs_at_its_least_load_or_not_at_all():
    """In a two-hour outage 2 kW of load on a 10 kW set of 50 % least load: 5 kW run, 3 kW are dumped."""
    limit = np.array([np.inf, 0, 0, np.inf])
    p = programme(
        4,
        load_kw=2.0,
        import_limit_kw=limit,
        battery_kw=0.0,
        genset_kw=10.0,
        genset_per_kwh=2.0,
        genset_min_fraction=0.5,
    )
    optimum = solve(p)
    assert optimum.method == "HiGHS MILP" and "least load" in optimum.note
    assert optimum.schedule.genset_kw == pytest.approx([0, 5, 5, 0])
    assert optimum.schedule.dumped_kw == pytest.approx([0, 3, 3, 0])
    assert optimum.cost == pytest.approx(2 * 2 + 2 * 5 * 2)


def test_with_two_sets_the_second_stays_off():
    limit = np.array([np.inf, 0, 0, np.inf])
    p = programme(
        4,
        load_kw=4.0,
        import_limit_kw=limit,
        battery_kw=0.0,
        genset_kw=10.0,
        genset_per_kwh=2.0,
        genset_min_fraction=0.5,
        genset_sets=2,
    )
    assert solve(p).schedule.genset_kw == pytest.approx([0, 4, 4, 0])


def test_load_waits_for_cheap_hours_within_its_window():
    """3 kW of hour 2 may wait three hours, until the cheap hour 5; with two hours only hour 4 is left."""
    price = np.array([1.0, 1, 5, 4, 2, 1])
    waits = Deferral(limit_kw=np.array([0.0, 0, 3, 0, 0, 0]), catch_up_kw=3.0, window_steps=3, price_per_kwh=0.5)
    late = replace(waits, window_steps=2)
    p = programme(6, buy_per_kwh=price, battery_kw=0.0, deferral=waits)
    optimum = solve(p)
    assert optimum.method == "HiGHS LP" and "second store" in optimum.note
    assert optimum.cost == pytest.approx(140 - 3 * (5 - 1) + 3 * 0.5)
    assert solve(replace(p, deferral=late)).cost == pytest.approx(140 - 3 * (5 - 2) + 3 * 0.5)


def test_every_refusal_says_why():
    p = programme()
    assert beyond_slope_lists(p) == ""
    with pytest.raises(ValueError, match="Sizing needs a programme for slope lists. .*least load"):
        SizeSearch(replace(p, genset_kw=1.0, genset_min_fraction=0.3), Sizes(1.0, 1.0), Sizes(1.0, 1.0))


# --------------------------------------------------------------------------------------------------- laws and bounds


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_a_cut_touches_the_cost_where_it_was_made_and_never_exceeds_it_elsewhere(seed):
    """The cost at a point by HiGHS: the peaks become import limits, the level of the start a fixed one."""
    p = random_site(seed)
    r = np.random.default_rng(seed)
    search = search_of(p, (25.0, 80.0))
    here, there = (random_point(r, search, (25.0, 80.0)) for _ in range(2))
    value = search.evaluate(here)
    at_here, at_there = (cost_at(p, search, x) for x in (here, there))
    scale = max(1.0, abs(at_here), abs(at_there))
    assert search.value(there) <= at_there + ROUNDING * scale
    assert value == search.value(here)
    assert value <= at_here + ROUNDING * scale
    if search_has_no_penalty(p, search, here):
        assert value == pytest.approx(at_here, rel=1e-8, abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_more_battery_never_costs_more_and_the_cost_is_convex_in_it(seed):
    p = random_site(seed)
    costs = np.array([solve(replace(p, battery_kw=5.0 * k, battery_kwh=12.0 * k), 1e-9).cost for k in range(5)])
    scale = max(1.0, np.abs(costs).max())
    assert np.all(np.diff(costs) <= 1e-8 * scale)
    assert np.all(np.diff(costs, 2) >= -1e-8 * scale)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_worth_of_battery_lies_between_the_differences_to_both_sides(seed):
    p = replace(random_site(seed), battery_kw=8.0, battery_kwh=20.0)
    here = solve(p, 1e-10)
    scale = max(1.0, abs(here.cost))
    for field, worth in (("battery_kw", here.worth_per_kw), ("battery_kwh", here.worth_per_kwh)):
        h = 0.05
        size = getattr(p, field)
        gain = (here.cost - solve(replace(p, **{field: size + h}), 1e-10).cost) / h
        loss = (solve(replace(p, **{field: size - h}), 1e-10).cost - here.cost) / h
        assert gain - 1e-8 * scale <= worth <= loss + 1e-8 * scale


def test_no_battery_is_the_order_of_prices():
    p = replace(random_site(5), battery_kw=0.0, battery_kwh=0.0, windows=())
    assert solve(p).cost == pytest.approx(solve_oracle(p).cost, rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_the_rule_of_the_simulator_never_costs_less(seed):
    """The dispatch rule on the same site at the same prices; it starts with an empty battery and cannot end below."""
    r = np.random.default_rng(seed)
    n = 96
    load, pv = r.uniform(200, 1000, n), r.uniform(0, 600, n)
    hour = np.arange(n) % 24
    action = np.where(hour < 8, -1, np.where(hour >= 16, 1, 0))
    series = make_series(load, pv_kw_per_kwp=pv, action=action, above_shave_kw=0)
    lanes = make_lanes(
        pv_kwp=1.0,
        battery_kw=300.0,
        energy_max_kwh=900.0,
        charge_efficiency=0.95,
        discharge_efficiency=0.95,
        import_limit_kw=1200.0,
        shave_kw=700.0,
        export_limit_kw=NO_LIMIT_KW,
    )
    rule = trace(series, lanes, 0)
    price = np.where(hour < 8, 0.3, np.where(hour >= 16, 1.2, 0.7))
    p = programme(
        n,
        load_kw=load,
        pv_kw=pv,
        buy_per_kwh=price,
        credit_per_kwh=0.2,
        import_limit_kw=1200.0,
        export_limit_kw=np.inf,
        battery_kw=300.0,
        battery_kwh=900.0,
        windows=(DemandWindow(5.0, np.arange(n)),),
    )
    cost = p.buy_per_kwh @ rule.import_kw - p.credit_per_kwh @ rule.export_kw + 5 * rule.import_kw.max()
    assert rule.unserved_kw.max() <= 1e-9
    assert cost >= solve(p).lower_bound


# -------------------------------------------------------------------------------------------------------- the rest


def test_many_cuts_are_dropped_without_losing_the_optimum(monkeypatch):
    monkeypatch.setattr("sim.optimum.master.MOST_CUTS", 6)
    monkeypatch.setattr("sim.optimum.master.KEPT_CUTS", 3)
    p = random_site(11, months=3)
    sizes = np.linspace(0, 20, 6)
    cost, _ = size_map(p, sizes, 3 * sizes, GAP)
    assert cost[-1, -1] == pytest.approx(solve(replace(p, battery_kw=20.0, battery_kwh=60.0)).cost, rel=2 * GAP)


def test_the_cost_is_the_sum_of_its_parts_and_of_the_schedule():
    p = random_site(3, months=4)
    optimum = solve(p)
    assert optimum.cost == costs_of(p, optimum.schedule).total == optimum.costs.total


def test_a_tighter_penalty_is_tried_before_giving_up():
    """Serving a kWh for a peak of one step in many costs the penalty no less than the dearest true way."""
    assert PENALTIES[0] < PENALTIES[1]
    p = programme(24, load_kw=np.where(np.arange(24) == 12, 100.0, 1.0), windows=(DemandWindow(1e5, np.arange(24)),))
    assert solve(p).cost == pytest.approx(solve_oracle(p).cost, rel=GAP)


def test_nothing_given_is_changed():
    p = random_site(2)
    with pytest.raises(ValueError, match="read-only"):
        p.load_kw[0] = 1.0
    steps = np.array([3, 1, 2])
    assert DemandWindow(1.0, steps).steps.tolist() == [1, 2, 3] and steps.tolist() == [3, 1, 2]


def test_warm_up_runs():
    warm_up()
