"""Policy cases: each is a whole study, the windows are Jiangsu's, the market price keeps the mean."""

import numpy as np
import pytest

from sim.inputs.tariff import library_tariff
from study.decision import decision
from study.evaluate import evaluate
from study.policy import (
    break_even_spread,
    cases,
    default_spread_per_kwh,
    has_government_windows,
    market_condition,
    outcome,
    year_spread_per_kwh,
)
from study.presets import presets
from tests.study.test_contract_study import BATTERY, FOUR_HOURS, study


@pytest.fixture(scope="module")
def case_b():
    return evaluate(presets()["case_b"].scenario)


def by_key(base, spread=0.1461):
    return {case.key: case for case in cases(base, spread)}


def in_case(base, key, spread=0.1461):
    return evaluate(base.scenario.with_(by_key(base, spread)[key].changes))


def test_a_two_part_tariff_has_all_cases(case_b):
    assert list(by_key(case_b)) == [
        "midday_valley",
        "market_price",
        "price_up",
        "price_down",
        "basis_max_demand",
        "basis_contract_demand",
    ]
    assert default_spread_per_kwh(case_b.scenario) == pytest.approx(0.1462)


@pytest.mark.parametrize("month", [3, 7])
def test_windows_move_to_those_of_jiangsu(case_b, month):
    """Own peak, flat and valley prices in Jiangsu's hours; the tip is gone."""
    moved, jiangsu = in_case(case_b, "midday_valley").scenario.tariff, library_tariff("cn_jiangsu_10kv")
    own = case_b.scenario.tariff.season(month).prices_per_kwh
    for hour in range(24):
        season = moved.season(month)
        period = season.period_at("weekday", 60 * hour)
        assert period == jiangsu.season(month).period_at("weekday", 60 * hour)
        assert season.prices_per_kwh[period] == own[period]


def test_a_market_price_keeps_the_mean_and_has_the_spread(case_b):
    """Grid-only's energy bill of the first year stays; at no spread all prices are one."""
    narrow = in_case(case_b, "market_price", 0.10)
    row, months = case_b.dispatch.row("grid"), slice(0, 12)
    before, after = (found.bill.energy_charge[row, months].sum() for found in (case_b, narrow))
    assert after == pytest.approx(before, rel=1e-9)
    spreads = [max(s.prices_per_kwh.values()) - min(s.prices_per_kwh.values()) for s in narrow.scenario.tariff.seasons]
    assert max(spreads) == pytest.approx(0.10)
    flat = in_case(case_b, "market_price", 0.0)
    assert np.ptp([price for s in flat.scenario.tariff.seasons for price in s.prices_per_kwh.values()]) < 1e-12


def test_a_flat_price_leaves_a_battery_nothing_to_shift():
    """Lossless battery, flat price, charge on kVA: the saving is what battery and control cost."""
    base = study({"seasons": [FOUR_HOURS], "demand_basis": "transformer_kva"}, storage=BATTERY)
    flat = in_case(base, "market_price", 0.0)
    row = flat.dispatch.row("hybrid")
    assert flat.bill.total[row].sum() == pytest.approx(flat.bill.total[flat.dispatch.row("grid")].sum())
    assert outcome("market_price", flat).saving.total < 0


def test_a_dearer_kwh_is_the_factor(case_b):
    up = in_case(case_b, "price_up")
    assert up.scenario.finance.energy_price_factor == pytest.approx(case_b.scenario.finance.energy_price_factor * 1.1)
    assert up.bill.energy_charge.sum() == pytest.approx(1.1 * case_b.bill.energy_charge.sum(), rel=1e-9)


def test_another_basis_is_that_of_the_basic_charge(case_b):
    found = in_case(case_b, "basis_max_demand")
    assert found.scenario.tariff.demand_basis == "max_demand"
    assert outcome("basis_max_demand", found).figures.payback_years == found.kpis["hybrid"].payback_years


def test_cases_that_change_nothing_are_left_out():
    """Jiangsu has its windows, TNB has no price per kVA, a flat tariff no spread."""
    site = presets()["case_b"].scenario.with_({"site.term_months": 12})
    jiangsu = evaluate(site.with_({"tariff": {"library_id": "cn_jiangsu_10kv"}}))
    assert "midday_valley" not in by_key(jiangsu)
    tnb = by_key(evaluate(presets()["case_c"].scenario.with_({"site.term_months": 12})))
    assert not [key for key in tnb if key.startswith("basis_")]
    flat = by_key(study())
    assert "midday_valley" not in flat and "market_price" not in flat


def test_at_the_break_even_spread_nothing_is_gained(case_b):
    """Guangdong's prices lie 1.5165 to 0.3382 CNY/kWh apart at 10 kV; the plan needs more than six tenths of that."""
    assert year_spread_per_kwh(case_b.scenario.tariff) == pytest.approx(1.1783)
    at = break_even_spread(case_b)
    margin = {share: decision(in_case(case_b, "market_price", share * at)).margin for share in (0.99, 1.0, 1.01)}
    assert margin[0.99] < 0 < margin[1.01] and abs(margin[1.0]) < 1e-3 * decision(case_b).margin
    assert 0.6 * 1.1783 < at < 0.75 * 1.1783


def test_a_plan_that_pays_at_no_spread_has_no_break_even():
    """A flat price has no spread to widen; TNB's four sen leave case C's PV to decide, whatever the spread."""
    assert break_even_spread(study()) is None
    assert break_even_spread(evaluate(presets()["case_c"].scenario)) is None


def test_what_a_chinese_answer_rests_on():
    """A curve of agency purchase at 10 kV or more, in a term that outlasts February 2026; no other."""
    site = presets()["case_b"].scenario
    found = market_condition(site)
    assert found.since == "2026-03-01" and "1656" in found.source and found.spread_per_kwh == pytest.approx(1.1783)
    assert market_condition(site.with_({"site.term_months": 2})) is None  # January and February 2026
    assert market_condition(site.with_({"site.term_months": 3})) is not None
    assert market_condition(site.with_({"tariff": {"library_id": "cn_gansu_110kv"}})) is None
    assert market_condition(site.with_({"tariff.voltage_kv": None})) is None  # nobody knows who may buy in the market
    low = site.tariff.model_dump() | {"voltage_kv": 0.4}
    assert market_condition(site.with_({"tariff": low})) is None
    assert market_condition(presets()["case_c"].scenario) is None
    assert {name for name, case in presets().items() if market_condition(case.scenario)} == {
        "case_a",
        "case_b",
        "blank",
    }


def test_where_the_government_sets_windows():
    assert has_government_windows(library_tariff("cn_guangdong_prd_10kv"))
    assert not has_government_windows(library_tariff("cn_gansu_110kv"))
    assert not has_government_windows(library_tariff("my_tnb_mv_tou"))
