"""The sizing programme of a study: its prices are the ledger's, its optimum beats every size, its margins sum."""

from dataclasses import replace

import numpy as np
import pytest

from sim.optimum.master import Master
from sim.optimum.model import Infeasible, Sizes
from study import sizing, sizing_fronts
from study.evaluate import evaluate
from study.foresight import bound, cost_of_trace
from study.presets import presets
from study.sizing import Wish, price_of

CASE_B, CASE_D, BLANK = (presets()[name].scenario for name in ("case_b", "case_d", "blank"))
BATTERY = Wish()


@pytest.fixture(scope="module")
def plan():
    return sizing.plan(evaluate(CASE_B), BATTERY)


@pytest.fixture(scope="module")
def best(plan):
    return sizing.find(plan)


def present_value(study, lines):
    """Of the hybrid's lines, monthly flows at 8 %, by hand."""
    row, rate = study.dispatch.row("hybrid"), study.scenario.finance.discount_rate
    total = -sum(study.ledger.lines[name][row] for name in lines)
    return sum(flow / (1 + rate) ** (month / 12) for month, flow in enumerate(total))


def test_a_years_weight_is_the_mean_discount_factor_of_its_months(plan):
    """Twelve twelfths, the first after a month: 0.9594 in year 1 at 8 %, and the annuity of 15 years in all."""
    rate = CASE_B.finance.discount_rate
    of_year = (1 + rate) ** -np.arange(15.0) * np.mean((1 + rate) ** -(np.arange(1.0, 13.0) / 12))
    assert sizing.year_weights(plan.study) == pytest.approx(of_year) and of_year[0] == pytest.approx(0.9594, abs=5e-5)
    per_month = (1 + rate) ** (1 / 12) - 1
    assert plan.weight == pytest.approx((1 - (1 + rate) ** -15) / per_month / 12)


def test_a_battery_beyond_any_use_has_its_price():
    """One of five times the load's peak stood on the page as an error: the programme had no room for it."""
    plan = sizing.plan(evaluate(CASE_D.with_({"storage.power_kw": 50, "storage.energy_kwh": 150})), BATTERY)
    assert plan.today.kw > 4 * plan.programme.load_kw.max()
    assert sizing_fronts.row(plan, "today", plan.today).programme > sizing.find(plan).cost


def test_a_demand_window_longer_than_the_step_is_the_step_of_the_search():
    """It was refused. Today's battery costs no more there than by its own steps, which HiGHS solves with the window's
    means; the rule's figures keep the study's own steps."""
    case = presets()["case_a"].scenario
    tariff = {**case.tariff.model_dump(), "demand_window_minutes": 30}
    plan = sizing.plan(evaluate(case.with_({"site.step_minutes": 15, "tariff": tariff})), BATTERY)
    assert plan.programme.step_h == 0.5 and plan.programme.windows[0].mean_steps == 1
    best, today = sizing.find(plan), price_of(plan, plan.today)
    assert best.cost <= today.cost * (1 + 1e-6)
    assert sizing.simulated(plan, plan.today)[0].dispatch.clock.step_minutes == 15


def test_a_short_term_is_weighted_by_the_month():
    study = evaluate(BLANK.with_({"site.term_months": 18}))
    factor = (1 + BLANK.finance.discount_rate) ** (-np.arange(1, 25) / 12) * (np.arange(1, 25) <= 18)
    assert sizing.year_weights(study) == pytest.approx(factor.reshape(2, 12).sum(axis=1) / 12)


def test_power_and_energy_cost_what_the_ledger_says_at_the_studys_own_hours(plan):
    storage = present_value(plan.study, sizing.STORAGE_LINES) / plan.weight
    assert plan.price.kw * 10_000 + plan.price.kwh * 20_000 == pytest.approx(storage)
    assert plan.battery_cost == pytest.approx(present_value(plan.study, ("ems",)) / plan.weight)


def test_the_power_part_moves_the_price_with_the_hours_of_storage(plan):
    """160 a kW in 1100 a kWh at two hours is 80 of it; at four hours 40 remain: 1060."""
    changed = sizing.changes(plan, Sizes(5000.0, 20_000.0))
    assert changed["finance.storage_capex_per_kwh"] == pytest.approx(1100 - 80 + 40)
    assert changed["storage.power_kw"] == 5000 and changed["storage.energy_kwh"] == 20_000
    assert set(sizing.changes(plan, Sizes(5000.0, 10_000.0))) == {"storage.power_kw", "storage.energy_kwh"}
    assert sizing.changes(plan, Sizes()) == {"storage.power_kw": 0.0, "storage.energy_kwh": 0.0}


def test_a_size_that_is_taken_costs_what_the_parts_say(plan):
    """Another battery of another duration, as a study of its own: price, upkeep, renewal, resale go by kW and kWh."""
    for size in (Sizes(5000.0, 20_000.0), Sizes(12_000.0, 16_000.0), plan.today):
        taken = evaluate(sizing.scenario_of(plan, size))
        parts = plan.price.kw * size.kw + plan.price.kwh * size.kwh
        assert parts == pytest.approx(present_value(taken, sizing.STORAGE_LINES) / plan.weight, rel=1e-5)


def test_the_best_size_costs_no_more_than_any_other(plan, best):
    assert best.lower_bound <= best.cost <= best.lower_bound * (1 + 1e-6)
    for size in (plan.today, Sizes(), Sizes(8000.0, 32_000.0), replace(best.size, kwh=best.size.kwh * 1.1)):
        assert price_of(plan, size).cost >= best.lower_bound
    assert price_of(plan, best.size).cost == pytest.approx(best.cost, rel=2e-6)


def test_todays_size_costs_no_more_than_the_rule_does_on_the_same_year():
    """One year, so that the weighted year is that year; the rule keeps the reserve where it had refilled it."""
    study = evaluate(CASE_B.with_({"site.term_months": 12}))
    plan = sizing.plan(study, BATTERY)
    dispatch = price_of(plan, plan.today).optimum.lower_bound
    assert dispatch <= cost_of_trace(study, 1, bound(study), study.dispatch.trace("hybrid")).total


def test_the_simulated_size_of_today_is_the_study_itself(plan):
    study, cost = sizing.simulated(plan, plan.today)
    assert study.kpis["hybrid"].total_cost == pytest.approx(plan.study.kpis["hybrid"].total_cost)
    row = study.dispatch.row("hybrid")
    assert cost * plan.weight == pytest.approx(present_value(study, tuple(study.ledger.lines)), rel=1e-9), row


def test_lost_compute_is_in_the_simulated_cost_whether_or_not_the_study_counts_it():
    scenario = CASE_B.with_({"finance.unserved_per_kwh": 20.0})
    costs = [
        sizing.simulated(sizing.plan(evaluate(scenario.with_({"finance.count_unserved": counted})), BATTERY), Sizes())[
            1
        ]
        for counted in (True, False)
    ]
    assert costs[0] == pytest.approx(costs[1])


def test_a_battery_that_does_not_earn_its_control_system_is_not_built():
    plan = sizing.plan(evaluate(CASE_B), BATTERY)
    dear = replace(plan, battery_cost=1e8)
    assert sizing.find(plan).size.kwh > 0
    assert sizing.find(dear).size == Sizes()


def test_a_trace_of_power_is_no_battery(plan):
    """Power costs next to nothing where the battery is not worth having, so the search may leave a little of it."""
    dear = replace(plan, price=replace(plan.price, kwh=1e5))
    assert sizing.find(dear).size == Sizes()


def test_load_that_must_be_served_is_or_the_hour_is_named():
    dark = BLANK.with_({"genset.last_resort_sets": 0, "grid.import_limit_kw": 12_500, "grid.existing_kw": 0})
    served = sizing.find(sizing.plan(evaluate(dark), Wish(serve_all=True)))
    assert served.optimum.costs.shed == 0
    cut = dark.with_({"grid.import_limit_kw": 1000})
    with pytest.raises(Infeasible) as caught:
        sizing.find(sizing.plan(evaluate(cut), Wish(serve_all=True)))
    assert caught.value.missing_kw > 0


def test_pv_and_sets_join_in_where_asked():
    wish = Wish(pv=True, sets=True, most_kwp=30.0)
    plan = sizing.plan(evaluate(CASE_D), wish)
    found = sizing.find(plan)
    assert plan.today.kwp == 20 and plan.today.set_kw > 0
    assert 0 < found.size.kwp <= 30
    changed = sizing.changes(plan, found.size)
    assert changed["genset.last_resort_sets"] == int(np.ceil(found.size.set_kw / 15)) and "pv.dc_kwp" in changed


def test_the_parts_of_a_margin_lie_between_the_duals_of_both_ends(plan, best):
    """The cost is convex in the size: a step's mean worth is between that of the first and of the last kWh."""
    for axis, held in (("kwh", best.size.kw), ("kw", best.size.kwh)):
        found = sizing_fronts.margins(plan, best.size, axis)
        total = sum(found.parts.values())
        slack = 1e-3 * found.price
        assert np.all(total <= found.worth[:-1] + slack) and np.all(total >= found.worth[1:] - slack)
        assert getattr(found.held, "kw" if axis == "kwh" else "kwh") == held
        beyond, within = found.at > found.stops * 1.15, found.at < found.stops * 0.85
        assert np.all(total[beyond] < found.price) and np.all(total[within] > found.price)


def test_the_surface_holds_the_cost_of_every_size(plan, best):
    found = sizing_fronts.surface(plan, best.size)
    assert found.cost.min() >= best.lower_bound
    i, j = 9, 7
    exact = price_of(plan, Sizes(float(found.kw[i]), float(found.kwh[j]))).cost
    assert found.cost[i, j] == pytest.approx(exact, rel=2e-5)


def test_the_best_number_of_containers_beats_its_neighbours(plan, best):
    each = Sizes(2500.0, 5016.0)
    rows = sizing_fronts.container_rows(plan, best.size, each)
    assert rows[0].containers in (5, 6, 7) and len(rows) == 3
    assert rows[0].programme == min(row.programme for row in rows)
    assert rows[0].size == Sizes(2500.0 * rows[0].containers, 5016.0 * rows[0].containers)


def test_less_co2_never_costs_less(plan, best):
    points = sizing_fronts.carbon_front(plan, best)
    costs, tonnes = np.array([one.cost for one in points]), np.array([one.other for one in points])
    assert len(points) > 1 and np.all(np.diff(costs) >= 0) and np.all(np.diff(tonnes) < 0)
    assert points[0].cost == pytest.approx(best.cost)


def test_more_energy_carries_an_outage_longer():
    plan = sizing.plan(evaluate(BLANK), BATTERY)
    points = sizing_fronts.resilience_front(plan, plan.today)
    hours = [one.other for one in points]
    assert hours == sorted(hours) and hours[-1] > hours[0]


@pytest.mark.parametrize(("changes", "reason"), [({"ratchet_fraction": 0.7, "ratchet_months": 11}, "ratchet")])
def test_a_bill_that_is_not_covered_says_why(changes, reason):
    base = presets()["case_a"].scenario
    study = evaluate(base.with_({"tariff": {**base.tariff.model_dump(), **changes}}))
    with pytest.raises(ValueError, match=reason):
        sizing.plan(study, BATTERY)


def test_the_master_does_not_turn_in_circles_where_a_battery_has_no_power(monkeypatch: pytest.MonkeyPatch):
    """Case C with PV to size, the battery's energy held and its power at 0: it took two million steps, a minute."""
    steps, solve = [], Master.solve

    def counted(self: Master):
        found = solve(self)
        steps.append(self.solver.getInfo().simplex_iteration_count)
        return found

    monkeypatch.setattr(Master, "solve", counted)
    plan = sizing.plan(evaluate(presets()["case_c"].scenario), Wish(pv=True, most_kwp=22_000.0))
    sizing_fronts.margins(plan, sizing.find(plan).size, "kw")
    assert len(steps) > 10 and max(steps) < 5_000
