"""Warnings: each says its figure, and its remedy mends it."""

import pytest

from study.alerts import alerts
from study.attribution import parts
from study.better_size import better_size
from study.decision import decision
from study.evaluate import evaluate
from study.presets import presets
from tests.studies import study_of


def codes(study) -> list[str]:
    return [alert.code for alert in alerts(study)]


def test_a_weak_baseline_is_told_with_how_weak():
    study = study_of("case_a")
    alert = next(alert for alert in alerts(study) if alert.code == "weak_baseline")
    found = decision(study)
    assert alert.figure.value == pytest.approx(found.present_cost["diesel"] / found.present_cost[found.rival], abs=0.01)
    assert "weak_baseline" not in codes(study_of("blank"))


def test_load_left_dark_comes_first_and_its_remedies_work():
    study = study_of("case_b")
    alert = alerts(study)[0]
    assert alert.severity == "high" and alert.figure.value == study.kpis["hybrid"].unserved_kwh
    for path, value in alert.remedies.items():
        more = value * 1.02 if path == "dispatch.reserve_fraction" else value
        mended = evaluate(study.scenario.with_({path: more, "site.term_months": 12}))
        assert mended.kpis["hybrid"].unserved_kwh < 1, path


def test_a_battery_that_can_do_nothing_is_told():
    """Case A's own battery works; switched off it only waits for an outage."""
    case = presets()["case_a"].scenario.with_({"site.term_months": 1})
    idle = case.with_({"dispatch.arbitrage": "off", "grid.outages": [], "dispatch.peak_shave_kw": None})
    assert "idle_battery" not in codes(evaluate(case)) and "idle_battery" in codes(evaluate(idle))


def test_a_battery_that_costs_more_than_it_brings_is_told_and_a_smaller_one_offered():
    study = study_of("case_c")
    alert = next(alert for alert in alerts(study) if alert.code == "losing_battery")
    assert alert.figure.value == pytest.approx(-parts(study)["battery"])
    found = better_size(study)
    taken = evaluate(study.scenario.with_(dict(found.changes)))
    gained = decision(taken).margin - decision(study).margin
    assert gained == pytest.approx(found.gain, rel=1e-9) and found.gain > 0


def test_sets_beyond_their_rating_and_dry_tanks_are_told_of_what_the_hybrid_is_compared_with():
    """The diesel plan of case A runs its prime-rated sets at 97 % in the mean of a day."""
    assert {"rating_mean_load", "tanks_dry"} <= set(codes(study_of("case_a")))


@pytest.mark.parametrize("name", presets())
def test_parts_sum_to_the_margin_before_tax(name: str):
    study = study_of(name)
    found, rival = parts(study), decision(study).rival
    margin = study.kpis[rival].present_cost - study.kpis["hybrid"].present_cost
    assert sum(found.values()) == pytest.approx(margin, rel=1e-9, abs=1e-6)


SHORT = presets()["blank"].scenario.with_({"site.term_months": 1})
ENTRIES = {
    "storage_hours": {"storage.power_kw": 10_000, "storage.energy_kwh": 100},
    "price_diesel_per_l": {"finance.diesel_per_l": 70},
    "price_storage_capex_per_kwh": {"finance.storage_capex_per_kwh": 90_000},
    "price_energy_per_kwh": {"finance.energy_price_factor": 20},
    "small_transformer": {"grid.transformer_kva": 5_000, "tariff.demand_basis": "max_demand"},
    "daylight_saving": {"site.country": "DE", "site.start": "2026-06", "pv.dc_kwp": 2000},
}


@pytest.mark.parametrize("code", ENTRIES)
def test_what_is_hardly_meant_is_told_with_its_figure_and_a_way_out(code: str):
    study = evaluate(SHORT.with_(ENTRIES[code]))
    alert = next(alert for alert in alerts(study) if alert.code == code)
    assert float(alert.figure.value) > 0
    if alert.remedies:
        assert code not in codes(evaluate(study.scenario.with_(dict(alert.remedies))))


def test_the_shipped_cases_hold_nothing_that_is_hardly_meant():
    for name in presets():
        assert not set(ENTRIES) & set(codes(study_of(name))), name
