"""The shipped cases give what their recalculated claims say (figures and conditions: `docs/method.md`, README)."""

import numpy as np
import pytest

from sim.inputs.scenario import scenario_from_dict
from study.evaluate import evaluate
from study.presets import presets

ALL_BOUGHT = {
    "finance.storage_ownership": "buy",
    "finance.storage_residual_fraction": 0.0,
    "finance.grid_works_share": 1.0,
    "finance.ems_share": 1.0,
}


@pytest.fixture(scope="module")
def studies():
    return {name: evaluate(preset.scenario) for name, preset in presets().items()}


def test_case_a_diesel_plan_burns_what_the_article_plans(studies):
    case = studies["case_a"]
    assert case.dispatch.series.load_kw.max() == pytest.approx(3200)
    assert case.dispatch.months == 4
    assert 1.75e6 <= case.kpis["diesel"].diesel_l <= 1.90e6
    assert case.kpis["diesel"].unserved_kwh == 0


def test_case_a_saves_40_to_50_percent_when_rented_and_works_are_shared(studies):
    case = studies["case_a"]
    assert case.scenario.finance.storage_ownership == "rent"
    assert case.scenario.finance.grid_works_share == pytest.approx(1 / 3, abs=1e-4)
    assert 0.40 <= case.savings["hybrid"].fraction <= 0.50
    assert case.kpis["hybrid"].unserved_kwh == pytest.approx(0, abs=1e-6)


def test_case_a_saves_only_8_to_15_percent_when_everything_is_bought_and_written_off(studies):
    bought = evaluate(studies["case_a"].scenario.with_(ALL_BOUGHT), studies["case_a"].dispatch)
    assert 0.08 <= bought.savings["hybrid"].fraction <= 0.15


def test_case_a_saving_comes_from_the_grid_connection_not_the_battery(studies):
    """Grid and backup sets without battery cost about the same: the battery is not what saves."""
    costs = {name: figures.total_cost for name, figures in studies["case_a"].kpis.items()}
    assert abs(costs["hybrid"] - costs["grid_diesel"]) < 0.02 * costs["diesel"]


def test_case_b_pays_56_8_million_a_year_for_energy_at_published_prices(studies):
    """10 MW x 8000 h x 0.8 CNY/kWh = 64.0 M CNY is the article's; the shipped tariff's mean price is 0.71."""
    case = studies["case_b"]
    assert 10_000 * 8000 * 0.8 == 64.0e6
    energy = case.bill.energy_charge[case.dispatch.row("grid"), :12].sum()
    assert energy == pytest.approx(56.8e6, rel=5e-4)


def test_case_b_at_a_flat_price_is_the_articles_arithmetic_to_the_digit():
    windows = [{"start_hour": 0, "end_hour": 24, "period": "flat"}]
    season = {"name": "all", "months": list(range(1, 13)), "prices_per_kwh": {"flat": 0.8}}
    season |= {"weekday": windows, "saturday": windows, "sunday_holiday": windows}
    tariff = {"name_en": "flat 0.8", "currency": "CNY", "seasons": [season]}
    load = {"kind": "training", "peak_kw": 10_000, "load_factor": 8000 / 8760}
    scenario = scenario_from_dict({"site": {"term_months": 12}, "load": load, "tariff": tariff})
    study = evaluate(scenario)
    row = study.dispatch.row("grid")
    assert study.dispatch.import_kwh[row].sum() == pytest.approx(80.0e6, rel=1e-9)
    assert study.bill.energy_charge[row].sum() == pytest.approx(64.0e6, rel=1e-9)


def test_case_c_bills_demand_only_in_the_weekday_window_14_to_22(studies):
    case = studies["case_c"]
    clock, classes = case.dispatch.clock, case.dispatch.classes
    peak = classes.names.index("peak")
    billed_steps = classes.period == peak
    window = (clock.weekday < 5) & (clock.hour >= 14) & (clock.hour < 22)
    assert np.array_equal(billed_steps, window)
    assert case.scenario.tariff.demand_window_minutes == 30
    for charge in ("capacity", "network"):
        assert np.array_equal(case.bill.billed_kw[charge], case.dispatch.peak_kw[..., peak])
    rates = {charge.name: charge.per_kw_month for charge in case.scenario.tariff.demand_charges}
    assert rates == {"capacity": 30.19, "network": 66.87}
    row = case.dispatch.row("hybrid")
    assert case.dispatch.peak_kw[row].max() > case.bill.billed_kw["network"][row].max()


def test_case_c_serves_the_load_through_its_outages(studies):
    figures = studies["case_c"].kpis
    assert figures["hybrid"].unserved_kwh == pytest.approx(0, abs=1e-3)
    assert figures["grid"].unserved_kwh > 1e6


def test_case_d_weak_grid_alone_leaves_the_site_dark_and_the_hybrid_does_not(studies):
    figures = studies["case_d"].kpis
    assert figures["grid"].unserved_kwh > 0.04 * figures["grid"].energy_served_kwh
    assert figures["hybrid"].unserved_kwh == pytest.approx(0, abs=1e-3)
    assert figures["hybrid"].diesel_l < 0.35 * figures["grid_diesel"].diesel_l


def test_the_blank_case_is_the_default_scenario_with_owned_sets(studies):
    assert studies["blank"].scenario.load.peak_kw == 10_000
    assert studies["blank"].kpis["hybrid"].unserved_kwh == 0
