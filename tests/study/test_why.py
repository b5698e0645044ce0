"""In every step the reasons explain the flows: the grid's limit is told where imports reach it and nowhere else, ..."""

import numpy as np
import pytest

from study.controls import PLAIN
from study.evaluate import evaluate
from study.foresight import bound
from study.presets import presets
from study.why import reasons, terms, told, worth

EXTRA = {
    "case_a with a late grid": ("case_a", {"grid.ready_month": 1}),
    "blank held low": ("blank", {"dispatch.peak_shave_kw": 9000, "grid.import_limit_kw": 9500}),
    "case_c drawn": (
        "case_c",
        {
            "grid.outage_source": "statistics",
            "grid.saifi_per_year": 20,
            "grid.saidi_h_per_year": 60,
            "load.critical_fraction": 0.7,
        },
    ),
    "case_c held by month": ("case_c", {"dispatch.shave_limits": [{"threshold_kw": 10_900}]}),
    "case_d by windows": (
        "case_d",
        {
            **PLAIN,
            "dispatch.arbitrage": "windows",
            "dispatch.windows": [{"start_hour": 17, "end_hour": 22, "action": "discharge", "power_fraction": 0.3}],
        },
    ),
}


@pytest.fixture(scope="module", params=[*presets(), *EXTRA])
def year(request):
    name, changes = EXTRA.get(request.param, (request.param, {}))
    scenario = presets()[name].scenario
    study = evaluate(scenario.with_(changes) if changes else scenario)
    trace = study.dispatch.trace("hybrid", 1)
    return study, trace, reasons(study, 1, trace), terms(study, 1, trace)


def count(flags, prefix):
    return np.sum([holds for key, holds in flags.items() if key.startswith(prefix)], axis=0)


def test_one_reason_for_the_grid_in_every_step(year):
    _, _, flags, _ = year
    assert (count(flags, "grid_") == 1).all()


def test_the_limit_is_told_exactly_where_imports_reach_it(year):
    _, trace, flags, at = year
    reached = (at.limit_kw > 0) & (np.abs(trace.import_kw - at.limit_kw) <= at.near_kw)
    np.testing.assert_array_equal(flags["grid_limit"], reached)
    held = (at.limit_kw > 0) & ~reached & (np.abs(trace.import_kw - at.threshold_kw) <= at.near_kw)
    told_held = flags["grid_threshold"] | flags["grid_ceiling"] | flags["grid_billed"]
    np.testing.assert_array_equal(told_held, held)


def test_the_battery_has_a_reason_to_give_and_to_take_and_to_rest(year):
    _, trace, flags, at = year
    np.testing.assert_array_equal(count(flags, "discharge_"), (trace.discharge_kw > at.near_kw).astype(int))
    takes = sum(count(flags, f"charge_{why}") for why in ("pv", "window", "price", "refill")) > 0
    np.testing.assert_array_equal(takes, trace.pv_charge_kw + trace.grid_charge_kw > at.near_kw)
    idle = (trace.discharge_kw <= at.near_kw) & (trace.charge_kw <= at.near_kw)
    np.testing.assert_array_equal(count(flags, "idle_"), idle.astype(int))


def test_what_held_the_battery_was_at_its_end(year):
    _, trace, flags, at = year
    power = flags["held_power"]
    assert np.allclose(trace.discharge_kw[power], at.give_kw[power], atol=2 * at.near_kw)
    reserve = flags["held_reserve"]
    assert np.allclose(trace.energy_kwh[reserve], at.reserve_kwh, rtol=1e-5)
    full = flags["charge_full"] | flags["idle_full"]
    assert np.allclose(trace.energy_kwh[full], at.full_kwh, rtol=1e-5)
    tight = flags["charge_held_limit"] | flags["charge_held_threshold"]
    assert np.allclose(trace.import_kw[tight], at.threshold_kw[tight], atol=2 * at.near_kw)


def test_what_the_plan_keeps_is_left(year):
    _, trace, flags, at = year
    kept = flags["held_later"]
    assert np.allclose(trace.energy_kwh[kept], at.kept_kwh[kept], rtol=1e-5)
    later = flags["idle_later"]
    assert (at.stored_kwh[later] <= at.kept_kwh[later] * (1 + 1e-5)).all() or not at.by_plan


def test_sets_and_lost_load_are_told(year):
    _, trace, flags, at = year
    np.testing.assert_array_equal(count(flags, "sets_") == 1, trace.genset_kw > at.near_kw)
    np.testing.assert_array_equal(flags["unserved"], trace.unserved_kw > at.near_kw)
    np.testing.assert_array_equal(flags["grid_down"] | flags["grid_not_yet"], at.limit_kw <= 0)


def test_the_worth_of_a_kwh_and_what_the_optimum_does_agree():
    """Where the optimum gives from the battery and nothing holds it, a stored kWh saves what the load's kWh costs."""
    study = evaluate(presets()["case_b"].scenario)
    found = bound(study)
    give = [step for step in range(200) if worth(found, step).best_kw > 0]
    assert give
    efficiency = found.programme.discharge_efficiency
    for step in give:
        here = worth(found, step)
        assert here.load * efficiency >= here.stored - 1e-9
        assert here.price == pytest.approx(found.programme.buy_per_kwh[step])


def test_a_told_step_is_read_in_order():
    flags = {"grid_rest": np.array([True, False]), "idle_full": np.array([True, True])}
    assert told(flags, 0) == ("grid_rest", "idle_full") and told(flags, 1) == ("idle_full",)


def test_pv_that_is_sold_though_the_battery_has_room_is_told_as_that():
    """At a credit of ten times the energy price nothing is worth storing."""
    site = presets()["case_d"].scenario
    tariff = site.tariff.model_dump() | {
        "export_credit_per_kwh": 10 * max(site.tariff.seasons[0].prices_per_kwh.values())
    }
    study = evaluate(site.with_({"tariff": tariff, "grid.export_limit_kw": 1000, "pv.dc_kwp": 2 * site.pv.dc_kwp}))
    trace = study.dispatch.trace("hybrid", 1)
    flags = reasons(study, 1, trace)
    sold = flags["pv_sold"]
    assert sold.any() and not (sold & flags["pv_export"]).any()
    np.testing.assert_array_equal(sold | flags["pv_export"], trace.export_kw > terms(study, 1, trace).near_kw)
    assert trace.energy_kwh[sold].max() < terms(study, 1, trace).full_kwh
