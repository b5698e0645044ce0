"""Tuned tables: what they save, that the scenario's own inputs do the same, and what a hand can check."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.dispatch import kernel
from sim.dispatch.control import NO_THRESHOLD_KW, shaving, window_orders
from sim.dispatch.lanes import simulate
from sim.dispatch.rolling import roll, with_orders
from sim.dispatch.tuning import TunedTable, TuningYear, tune
from sim.optimum.solve import solve
from study.evaluate import evaluate
from study.flows import flows
from study.foresight import bound, cost_of_trace
from study.presets import presets
from study.strategy import tuned, with_strategy
from tests.sim import reference_year

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "optimal.md"


@pytest.fixture(scope="module")
def studies():
    return {name: evaluate(presets()[name].scenario) for name in ("case_a", "case_b", "case_c", "blank")}


@pytest.fixture(scope="module")
def strategies(studies):
    bounds = {name: bound(study) for name, study in studies.items()}
    return {name: (found, tuned(studies[name], found)) for name, found in bounds.items()}


@pytest.mark.parametrize(("name", "least"), [("case_a", 0.94), ("case_b", 0.98), ("case_c", 0.96), ("blank", 0.98)])
def test_the_simulator_reaches_most_of_the_possible_saving(studies, strategies, name, least):
    """The goal is 0.90 in cases B and C; the plain rule gets 0.87, 1.00, 0.74 and 0.96. In case B, billed by kVA, it
    is the better of the two: a table has one day for all of a month's."""
    found, strategy = strategies[name]
    dispatch = simulate(with_strategy(studies[name].scenario, strategy))
    share = found.share(cost_of_trace(studies[name], 1, found, dispatch.trace("hybrid", 1)))
    plain = found.share(cost_of_trace(studies[name], 1, found, studies[name].dispatch.trace("hybrid", 1)))
    assert least < share <= 1
    assert share > plain or (name == "case_b" and plain > 0.995)


def test_the_reference_year():
    """The plain rule with the best of 400 yearly thresholds gets 0.54 here; the goal is 0.90, 0.85 by forecast."""
    year = reference_year.site()
    programme = reference_year.programme(year)
    optimum = solve(programme, 1e-7)
    assert optimum.lower_bound == pytest.approx(reference_year.LEAST_COST, rel=1e-6)
    bare = solve(replace(programme, battery_kw=0.0, battery_kwh=0.0), 1e-7).cost
    plan = optimum.schedule
    share = (plan.discharge_kw - plan.charge_kw) / programme.battery_kw
    worth = float(optimum.stored_worth_per_kwh[-1])
    series, lane, rates = reference_year.series(year), reference_year.lane(), reference_year.rates(year)
    table = tune(TuningYear(reference_year.CLOCK, series, lane, rates, share, plan.import_kw, worth))
    assert table.kinds == ("every_day",) and table.zones == ((0, 1, 2),)
    sums = ordered(table, series, lane)
    cost = cost_of(sums, rates) + worth * (8000 - float(sums.energy_end_kwh[0]))
    assert (bare - cost) / (bare - optimum.lower_bound) > 0.92
    best_plain = min(cost_of(kernel.aggregate(series, reference_year.lane(kw), 3), rates) for kw in (8000, 8250, 8500))
    assert (bare - best_plain) / (bare - optimum.lower_bound) < 0.65
    orders = roll(reference_year.CLOCK, series, lane, rates, reference_year.FUEL)
    told = kernel.aggregate(*with_orders(series, lane, orders), 3)
    cost = cost_of(told, rates) + worth * (8000 - float(told.energy_end_kwh[0]))
    by_forecast = (bare - cost) / (bare - optimum.lower_bound)
    assert f"control by forecast gets {by_forecast:.2f}" in " ".join(DOCUMENT.read_text(encoding="utf-8").split())


def ordered(table, series, lane):
    """The year with the table's orders, by the kernel."""
    clock = reference_year.CLOCK
    action = table.share[clock.month_index, 0, clock.hour]
    run = replace(series, action=action, above_shave_kw=np.zeros(clock.steps))
    return kernel.aggregate(run, replace(lane, shave_kw=table.threshold_kw.T), 3)


def cost_of(sums, rates) -> float:
    energy = (sums.import_kwh * rates.energy_per_kwh).sum() + rates.demand_cost(sums.peak_kw).sum()
    other = sums.fuel_l.sum() * rates.per_litre + sums.unserved_kwh.sum() * rates.unserved_per_kwh
    return float(energy + other + sums.discharge_kwh.sum() * reference_year.WEAR)


def test_the_inputs_order_what_the_table_says(studies, strategies):
    """Case A has three kinds of day; its months are January to April."""
    study, (_, strategy) = studies["case_a"], strategies["case_a"]
    scenario, clock, table = with_strategy(study.scenario, strategy), study.dispatch.clock, strategy.table
    kind = np.array([0, 0, 0, 0, 0, 1, 2])[clock.weekday]
    expected = table.share[clock.month_index, kind, clock.hour]
    found = window_orders(scenario, clock)
    assert found == pytest.approx(expected, abs=1e-9)
    held = shaving(scenario.dispatch, clock, study.dispatch.classes)
    assert held.lowest_kw.tolist() == table.threshold_kw[:, 0].tolist() and not held.above_kw.any()


def test_two_demand_windows_have_thresholds_of_their_own():
    """A peak window of 2 h inside a day of 24, each with a charge: what lies above 800 in it costs far more."""
    names = ("flat", "peak", "flat/peak")
    table = TunedTable(("every_day",), np.zeros((1, 1, 24)), ((0,), (1, 2)), np.array([[950.0, 800.0]]))
    limits = table.limits((6,), names)
    assert limits == [
        {"threshold_kw": 950.0, "months": (6,), "periods": ("flat",)},
        {"threshold_kw": 800.0, "months": (6,), "periods": ("peak",)},
    ]
    nothing = TunedTable(("every_day",), np.zeros((1, 1, 24)), (), np.array([[NO_THRESHOLD_KW]]))
    assert nothing.limits((6,), names) == [] and nothing.windows((6,)) == []


def test_equal_windows_of_several_months_are_one_row():
    share = np.zeros((3, 2, 24))
    share[:, 0, 1:5] = -0.4
    share[1, 1, 20:] = 0.25
    windows = TunedTable(("workday", "weekend"), share, (), np.full((3, 1), NO_THRESHOLD_KW)).windows((11, 12, 1))
    assert windows == [
        {
            "start_hour": 1.0,
            "end_hour": 5.0,
            "action": "charge",
            "months": (1, 11, 12),
            "days": "workday",
            "power_fraction": 0.4,
        },
        {
            "start_hour": 20.0,
            "end_hour": 24.0,
            "action": "discharge",
            "months": (12,),
            "days": "weekend",
            "power_fraction": 0.25,
        },
    ]


def test_a_table_tuned_in_year_one_still_serves_in_year_ten(studies, strategies):
    study, (_, strategy) = studies["case_c"], strategies["case_c"]
    later = bound(study, 10)
    dispatch = simulate(with_strategy(study.scenario, strategy))
    assert later.share(cost_of_trace(study, 10, later, dispatch.trace("hybrid", 10))) > 0.9


def test_risk_draws_follow_a_tuned_table_over_the_years(studies, strategies):
    """The thresholds of later years move with health and PV age in the batched years too."""
    scenario = with_strategy(studies["case_c"].scenario, strategies["case_c"][1]).with_({"storage.fade_model": "line"})
    study = evaluate(scenario)
    assert flows(study, {}).saving[0] == pytest.approx(study.savings["hybrid"].total, rel=1e-2)
