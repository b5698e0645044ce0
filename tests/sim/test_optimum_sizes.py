"""The best sizes of a plant against HiGHS and against trying all, and what holds for every size."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from sim.optimum.model import Growth, Programme, ShedTier, Sizes, grown, no_growth
from sim.optimum.oracle import size_by_oracle, solve_oracle
from sim.optimum.solve import Point, Search, SizeSearch, best_count, best_size, size_map
from tests.sim.programmes import GAP, ROUNDING, SEEDS, assert_feasible, cost_at, programme, random_site


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_best_sizes_cost_what_highs_says(seed):
    p = random_site(seed)
    r = np.random.default_rng(seed + 1)
    year = p.steps * p.step_h / 8760
    per_kw, per_kwh = r.choice([0, 240, 720]) * year, r.choice([60, 480, 1200]) * year
    price, most = Sizes(per_kw, per_kwh), Sizes(25.0, 80.0)
    cost, _ = size_by_oracle(p, price, most)
    ours = best_size(p, price, most, GAP)
    scale = max(1.0, abs(cost))
    assert -ROUNDING * scale <= ours.cost - cost <= (GAP + ROUNDING) * scale
    assert ours.lower_bound <= cost + ROUNDING * scale
    assert ours.gap <= GAP and ours.size.kw <= 25 and ours.size.kwh <= 80
    assert ours.optimum.cost + ours.plant_cost == pytest.approx(ours.cost)
    assert_feasible(grown(p, no_growth(p.steps), ours.size), ours.optimum.schedule)


def test_a_map_of_sizes_is_the_optimum_of_every_size():
    p = random_site(11, months=3)
    kw, kwh = np.array([0.0, 6.0, 20.0]), np.array([0.0, 10.0, 50.0])
    cost, bound = size_map(p, kw, kwh, GAP)
    single = [[solve_oracle(replace(p, battery_kw=a, battery_kwh=b)).cost for b in kwh] for a in kw]
    assert cost == pytest.approx(np.array(single), rel=2 * GAP)
    assert np.all(bound <= cost) and np.all(cost - bound <= GAP * np.maximum(1.0, np.abs(cost)))


def test_the_best_number_of_containers_is_that_of_trying_all():
    p = random_site(23, months=2)
    price = 0.4
    tried = [solve_oracle(replace(p, battery_kw=2.0 * k, battery_kwh=5.0 * k)).cost + price * k for k in range(9)]
    count, costs = best_count(p, Sizes(2.0, 5.0), price, 8)
    assert tried[count] == pytest.approx(min(tried), rel=2 * GAP)
    assert {count - 1, count, count + 1} & set(range(9)) <= set(costs)


def random_growth(seed: int, p: Programme) -> Growth:
    """PV of another shape than the site's own, sets that may run now and then, and a battery that uses energy."""
    r = np.random.default_rng(seed + 2)
    return Growth(
        pv_kw_per_kwp=np.round(r.uniform(0, 1, p.steps), r.choice([0, 3])) * (r.random(p.steps) < r.choice([0, 0.6])),
        sets_open=(r.random(p.steps) < r.choice([0, 0.1, 1])).astype(float),
        sets_per_kwh=r.choice([0.5, 1.95, 60.0]),
        load_kw_per_kwh=r.choice([0, 0.002, 0.02]),
    )


@settings(max_examples=120, deadline=None)
@given(seed=SEEDS)
def test_best_plants_cost_what_highs_says(seed):
    p = random_site(seed)
    growth, r = random_growth(seed, p), np.random.default_rng(seed + 1)
    year = p.steps * p.step_h / 8760
    price = Sizes(*(r.choice([0, 60, 480, 1200], 4) * year))
    most = Sizes(25.0, 80.0, r.choice([10.0, 60.0]), 15.0)
    cost, _ = size_by_oracle(p, price, most, growth)
    ours = best_size(p, price, most, GAP, growth)
    scale = max(1.0, abs(cost))
    assert -ROUNDING * scale <= ours.cost - cost <= (GAP + ROUNDING) * scale
    assert ours.lower_bound <= cost + ROUNDING * scale
    assert ours.gap <= GAP and np.all(ours.size.values <= most.values)
    assert ours.optimum.cost + ours.plant_cost == pytest.approx(ours.cost)
    assert_feasible(grown(p, growth, ours.size), ours.optimum.schedule)
    held = solve_oracle(grown(p, growth, ours.size)).cost + ours.size.cost(price)
    assert ours.cost == pytest.approx(held, rel=2 * GAP, abs=2 * GAP)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_a_cut_in_pv_and_sets_touches_the_cost_and_never_exceeds_it(seed):
    """Also with no PV, where the export follows every kWp, and with so much that the export limit holds."""
    p = random_site(seed)
    growth, r = random_growth(seed, p), np.random.default_rng(seed)
    price, most = Sizes(1.0, 1.0, 1.0, 1.0), Sizes(25.0, 80.0, 60.0, 15.0)
    search = SizeSearch(p, price, most, growth).search
    here, there = (random_plant(r, search, most) for _ in range(2))
    value = search.evaluate(here)
    at_here, at_there = (plant_cost_at(p, growth, search, x) for x in (here, there))
    scale = max(1.0, abs(at_here), abs(at_there))
    assert search.value(there) <= at_there + ROUNDING * scale
    assert value == search.value(here) <= at_here + ROUNDING * scale
    if np.isfinite(at_here):
        assert value == pytest.approx(at_here, rel=1e-8, abs=1e-8)


def random_plant(r: np.random.Generator, search: Search, most: Sizes) -> Point:
    frame, size = search.arrays.frame, most.values * r.choice([0.0, 0.3, 1.0], 4)
    start = r.uniform(frame.edge_low[0], frame.edge_high[0]) * size[1]
    return Point(r.uniform(frame.peak_low, frame.peak_high), start, start, *size)


def plant_cost_at(p: Programme, growth: Growth, search: Search, x: Point) -> float:
    concrete = replace(grown(p, growth, x.size), wear_per_kwh=p.wear_per_kwh)
    return cost_at(concrete, search, x) + x.kwp + x.set_kw


def test_pv_alone_is_built_until_a_kwp_no_longer_pays():
    """Four hours at 1 kWh per kWp and 10 kW of load at 1.0: each kWp up to 10 saves 4 and costs 3; beyond that it is
    sold at 0.5 for 2."""
    p = programme(4, credit_per_kwh=0.5, export_limit_kw=5.0)
    growth = Growth(np.ones(4), np.zeros(4))
    found = best_size(p, Sizes(kwp=3.0), Sizes(kwp=40.0), 1e-9, growth)
    assert found.size.kwp == pytest.approx(10.0)
    assert found.cost == pytest.approx(30.0)
    cheap = best_size(p, Sizes(kwp=1.0), Sizes(kwp=40.0), 1e-9, growth)
    assert cheap.size.kwp == pytest.approx(15.0)
    assert cheap.cost == pytest.approx(15.0 - 4 * 5 * 0.5)


def test_sets_are_built_where_lost_load_is_dearer_than_they_are():
    """Two hours without grid: 10 kW of load worth 50 a kWh against sets at 20 a kW and 2 a kWh."""
    p = programme(4, import_limit_kw=np.array([np.inf, 0, 0, np.inf]), shed=(ShedTier(np.full(4, 10.0), 50.0),))
    growth = Growth(np.zeros(4), np.array([0.0, 1, 1, 0]), sets_per_kwh=2.0)
    found = best_size(p, Sizes(set_kw=20.0), Sizes(set_kw=30.0), 1e-9, growth)
    assert found.size.set_kw == pytest.approx(10.0)
    assert found.cost == pytest.approx(2 * 10 + 20 * 2 + 10 * 20)
    assert best_size(p, Sizes(set_kw=97.0), Sizes(set_kw=30.0), 1e-9, growth).size.set_kw == pytest.approx(0.0)


def test_a_map_counts_the_batterys_own_use():
    p = random_site(11, months=2)
    growth = Growth(np.zeros(p.steps), np.zeros(p.steps), load_kw_per_kwh=0.01)
    kw, kwh = np.array([0.0, 6.0, 20.0]), np.array([0.0, 10.0, 50.0])
    cost, _ = size_map(p, kw, kwh, GAP, growth)
    single = [[solve_oracle(grown(p, growth, Sizes(a, b))).cost for b in kwh] for a in kw]
    assert cost == pytest.approx(np.array(single), rel=2 * GAP)
