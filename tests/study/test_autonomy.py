"""Independence by hand: battery hours, shocks that are proportional, a week in the dark, certificates."""

import numpy as np
import pytest

from sim.dispatch.result import ALTERNATIVES
from study.autonomy import SHOCKS, autonomy, carbon, mean_load_kw, yearly_cost
from study.evaluate import evaluate
from study.outages import tank_l
from study.presets import presets


@pytest.fixture(scope="module")
def case_c():
    rules = {"market_co2_kg_per_kwh": 0.8, "green_share": 0.2, "certificate_per_mwh": 5.0, "carbon_price_per_t": 30.0}
    return evaluate(presets()["case_c"].scenario.with_({f"finance.{name}": value for name, value in rules.items()}))


@pytest.fixture(scope="module")
def found(case_c):
    return autonomy(case_c)


def test_every_alternative_has_every_figure(found):
    assert set(found) == set(ALTERNATIVES)
    assert all(set(one.shock_cost) == set(SHOCKS) for one in found.values())


def test_hours_on_the_battery_by_hand(case_c, found):
    """30 MWh from 95 to 5 % and from 40 to 5 %, one-way efficiency, at 13.05 MW mean."""
    storage = case_c.scenario.storage
    per_hour = 13_050 / storage.discharge_efficiency
    assert found["hybrid"].battery_h == pytest.approx(30_000 * 0.9 / per_hour, rel=1e-3)
    assert found["hybrid"].reserve_h == pytest.approx(30_000 * 0.35 / per_hour, rel=1e-3)
    assert found["grid"].battery_h == 0


def test_self_supply(found):
    assert found["diesel"].self_supply.value == pytest.approx(1.0, abs=1e-3)
    assert found["grid"].self_supply.value == 0
    assert found["hybrid"].pv_share.value == pytest.approx(0.168, abs=0.002)


def test_a_grid_price_shock_costs_20_percent_of_the_energy_charge(case_c, found):
    row = case_c.dispatch.row("grid_diesel")
    energy = (case_c.bill.energy_charge + case_c.bill.tax)[row, :12].sum()
    assert found["grid_diesel"].shock_cost["grid_price_up_20"] == pytest.approx(0.2 * energy, rel=1e-9)
    assert found["diesel"].shock_cost["grid_price_up_20"] == 0
    assert found["grid"].shock_cost["diesel_up_50"] == 0
    exposed = [found[name].shock_cost["grid_price_up_20"] for name in ("hybrid", "grid")]
    assert exposed[0] < exposed[1]


def test_a_week_without_grid_hurts_the_grid_plan_most(found):
    lost = {name: one.week_unserved_kwh for name, one in found.items()}
    assert lost["grid"] > 0.9 * 13_050 * 168 and lost["diesel"] == 0
    assert lost["hybrid"] < lost["grid"]
    assert found["grid"].shock_cost["week_without_grid"] > found["grid_diesel"].shock_cost["week_without_grid"] > 0


def test_fuel_days_by_hand(case_c, found):
    """Tanks for 12 h of all sets at full load, at the mean load and the diesel plan's litres per kWh."""
    diesel, genset = case_c.dispatch.row("diesel"), case_c.scenario.genset
    per_kwh = case_c.dispatch.total("fuel_l")[diesel] / case_c.dispatch.total("genset_kwh")[diesel]
    litres = tank_l(case_c.scenario, genset.sets)
    assert litres == pytest.approx(12 * genset.sets * genset.set_kw * 0.25, rel=0.15)
    assert found["diesel"].fuel_days == pytest.approx(litres / (per_kwh * 13_050 * 24), rel=1e-3)
    assert found["grid"].fuel_days is None


def test_certificates_and_market_based_carbon(case_c, found):
    row = case_c.dispatch.row("grid")
    grid_kwh, own = case_c.dispatch.import_kwh[row, :12].sum(), found["grid"].carbon
    assert own.certificates_mwh == pytest.approx(grid_kwh / 1000 * 0.2)
    assert own.certificates_cost == pytest.approx(grid_kwh / 1000 * 0.2 * 5.0)
    assert own.market_t == pytest.approx(grid_kwh * 0.8 * 0.8 / 1000, rel=1e-6)
    assert own.location_t == pytest.approx(grid_kwh * case_c.scenario.grid.co2_kg_per_kwh / 1000)
    assert own.price_cost == pytest.approx(-case_c.ledger.lines["carbon"][row, 1:13].sum())
    assert carbon(evaluate(presets()["case_c"].scenario))["grid"].market_t is None


def test_the_account_of_certificates_moves_no_money(case_c):
    plain = evaluate(presets()["case_c"].scenario.with_({"finance.carbon_price_per_t": 30.0}))
    assert case_c.kpis["hybrid"].total_cost == plain.kpis["hybrid"].total_cost
    assert case_c.dispatch.scenario.dispatch_key == plain.dispatch.scenario.dispatch_key


def test_yearly_cost_leaves_out_what_is_paid_once(case_c):
    year = evaluate(case_c.scenario.with_({"site.term_months": 12}))
    totals = -year.ledger.total.sum(axis=1)
    grid = year.dispatch.row("grid")
    assert yearly_cost(year)[grid] == pytest.approx(totals[grid])
    assert (yearly_cost(year) <= totals + 1e-6).all()
    assert mean_load_kw(year) == pytest.approx(13_050, rel=1e-3)
    assert np.isfinite(yearly_cost(year)).all()


def test_a_week_without_grid_comes_on_top_of_drawn_outages():
    drawn = {"grid.saifi_per_year": 12.0, "grid.saidi_h_per_year": 24.0, "site.term_months": 12}
    case = presets()["blank"].scenario.with_(drawn).with_({"grid.outage_source": "statistics"})
    found = autonomy(evaluate(case))["grid"]
    assert found.week_unserved_kwh > 100 * mean_load_kw(evaluate(case))
