"""Demand that is the mean of several steps, and a year that ends with another charge than it began: against HiGHS."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from sim.optimum.model import DemandWindow, Programme, Sizes, costs_of, monthly_windows, peaks_of
from sim.optimum.oracle import solve_oracle
from sim.optimum.solve import MEANS, SizeSearch, solve
from tests.sim.programmes import GAP, ROUNDING, SEEDS, assert_costs, assert_feasible, programme, random_site


def by_means(p: Programme, steps: int) -> Programme:
    """The same site with each demand charge on the mean of so many steps, counted from the start of each month."""
    windows = []
    for window in p.windows:
        first = p.month_edges[np.searchsorted(p.month_edges, window.steps[0], side="right") - 1]
        measured = np.unique((window.steps - first) // steps)
        blocks = first + measured[:, None] * steps + np.arange(steps)
        end = p.month_edges[np.searchsorted(p.month_edges, window.steps[0], side="right")]
        whole = blocks[blocks[:, -1] < end]
        windows += [DemandWindow(window.price_per_kw, whole.ravel(), steps)] if len(whole) else []
    return replace(p, windows=tuple(windows))


def with_end(p: Programme, seed: int) -> Programme:
    r = np.random.default_rng(seed)
    start = float(r.uniform(p.soc_min[-1], p.soc_max[-1]))
    return replace(p, soc_start=start, end_worth_per_kwh=float(r.choice([0, 0.4, 1.0, 3.0])))


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_the_mean_of_several_steps_costs_what_highs_says_in_one_go(seed):
    p = by_means(random_site(seed), 2 + seed % 3)
    p = with_end(p, seed) if seed % 2 else p
    oracle, ours = solve_oracle(p), solve(p, GAP)
    scale = max(1.0, abs(oracle.cost))
    assert ours.method == ("HiGHS LP" if p.means else "slope lists") and ours.note == (MEANS if p.means else "")
    assert -ROUNDING * scale <= ours.cost - oracle.cost <= (GAP + ROUNDING) * scale
    assert ours.lower_bound <= oracle.cost + ROUNDING * scale and ours.gap <= GAP
    assert_feasible(p, ours.schedule)
    assert ours.costs.demand == pytest.approx(np.array([w.price_per_kw for w in p.windows]) * ours.peaks_kw)
    by_step = solve(replace(p, windows=tuple(replace(w, mean_steps=1) for w in p.windows)), GAP)
    assert ours.lower_bound <= by_step.cost + ROUNDING * scale


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_a_term_that_may_end_with_another_charge_costs_what_highs_says(seed):
    p = with_end(random_site(seed), seed)
    oracle = solve_oracle(p)
    assert_costs(p, oracle.cost)
    plan = oracle.schedule
    lacks_kwh = p.soc_start * p.battery_kwh - plan.stored_kwh[-1]
    assert costs_of(p, plan).stored == pytest.approx(p.end_worth * lacks_kwh)
    assert solve(p, GAP).cost <= solve(replace(p, end_worth_per_kwh=None), GAP).cost + (GAP + ROUNDING) * oracle.cost


def test_a_step_above_the_peak_is_free_where_its_window_is_not():
    """Quarter-hours of 0 and 20 kW, half-hour demand at 3 per kW: 10 kW are billed, and a battery gains nothing."""
    load = np.tile([0.0, 20.0], 4)
    p = programme(8, load_kw=load, step_h=0.25, windows=(DemandWindow(3.0, np.arange(8), 2),))
    found = solve(p, GAP)
    assert found.peaks_kw == pytest.approx([10.0]) and found.cost == pytest.approx(20.0 + 30.0)
    assert peaks_of(replace(p, windows=(DemandWindow(3.0, np.arange(8)),)), found.schedule) == pytest.approx([20.0])


def test_the_first_step_of_a_window_says_whether_it_is_measured():
    mask = np.array([True, False, False, True, True, True])
    (window,) = monthly_windows(np.ones(6), [mask], [2.0], 2)
    assert window.blocks.tolist() == [[0, 1], [4, 5]]
    with pytest.raises(ValueError, match="whole groups of steps"):
        DemandWindow(2.0, np.array([0, 1, 3, 4, 5]), 2)
    with pytest.raises(ValueError, match="whole groups of steps"):
        DemandWindow(2.0, np.array([0, 2]), 2)


def test_sizes_are_not_looked_for_where_steps_are_measured_together():
    p = programme(8, windows=(DemandWindow(3.0, np.arange(8), 2),))
    with pytest.raises(ValueError, match="longer than a step"):
        SizeSearch(p, Sizes(), Sizes(1.0, 1.0))
