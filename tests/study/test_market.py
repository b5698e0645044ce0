"""Prices of every hour: billed to the cent, planned by what is known, curtailed where exporting costs, drawn."""

from __future__ import annotations

import numpy as np
import pytest

from finance.rates import bill_rates, step_prices
from sim.dispatch.lanes import simulate
from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.market import Market, MarketYear, price_text
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import DAY_TYPES, Tariff
from study.controls import by_forecast
from study.decision import decision
from study.evaluate import evaluate
from study.foresight import bound, cost_of_trace, hybrid_programme
from study.place import in_currency
from study.presets import presets
from study.risk import draw, simulate_draws

HOUR = np.arange(8760)
YEAR = 2026


def market(per_kwh: np.ndarray, *, exports: bool = False, year: int = YEAR) -> Market:
    step = 365 * 24 * 60 // len(per_kwh)
    years = (MarketYear(year=year, step_minutes=step, prices=price_text(per_kwh)),)
    return Market(file_name="m.csv", years=years, pays_exports=exports)


def spot(seed: int = 0, count: int = 8760) -> np.ndarray:
    """Dear evenings, cheap noons that fall below zero, and chance."""
    hour = np.arange(count) * 8760 / count % 24
    noise = np.random.default_rng(seed).normal(0, 0.03, count)
    return 0.07 + 0.05 * np.sin((hour - 13) / 24 * 2 * np.pi) - 0.06 * (np.abs(hour - 12) < 3) + noise


def bare(**fields) -> Tariff:
    """Nothing but a market."""
    season = {"name": "year", "months": range(1, 13), "prices_per_kwh": {"all": 0.0}}
    days = {day: [{"start_hour": 0, "end_hour": 24, "period": "all"}] for day in DAY_TYPES}
    return Tariff(name_en="m", currency="CNY", seasons=[season | days], **fields)


def tiny(tariff: Tariff, **changes) -> Scenario:
    """A flat 100 kW in January with a lossless battery of 50 kW and 100 kWh."""
    return Scenario().with_(
        {
            "site.start": f"{YEAR}-01",
            "site.term_months": 1,
            "load.kind": "flat",
            "load.peak_kw": 100,
            "grid.existing_kw": 1000,
            "grid.import_limit_kw": 1000,
            "grid.outages": [],
            "grid.transformer_kva": 0,
            "pv.dc_kwp": 0,
            "genset.sets": 0,
            "storage.power_kw": 50,
            "storage.energy_kwh": 100,
            "storage.charge_efficiency": 1,
            "storage.discharge_efficiency": 1,
            "storage.auxiliary_kw_per_mwh": 0,
            "storage.soc_min_fraction": 0,
            "storage.soc_max_fraction": 1,
            "storage.fade_model": "line",
            "storage.fade_first_year": 0,
            "storage.fade_per_year": 0,
            "storage.soc_start_fraction": 0,
            "dispatch.reserve_fraction": 0,
            "tariff": tariff.model_dump(),
        }
        | {path.replace("__", "."): value for path, value in changes.items()}
    )


def two_days() -> np.ndarray:
    """1 January: 0.05 until noon, then 0.15. 2 January: -0.02 until 6:00, then 0.10. Later everything is free."""
    prices = np.zeros(8760)
    prices[:24] = np.repeat([0.05, 0.15], 12)
    prices[24:48] = np.repeat([-0.02, 0.10], [6, 18])
    return prices


def test_two_days_by_hand():
    """Grid: 100 kW x (12 x 0.05 + 12 x 0.15 - 6 x 0.02 + 18 x 0.10) = 408.00; an adder of 0.01 on 744 h, 744.00; tax of
    10 % on both: 1267.20."""
    study = evaluate(tiny(bare(market=market(two_days()), energy_adders_per_kwh=0.01, energy_tax_rate=0.1)))
    bill, grid = study.bill, study.dispatch.row("grid")
    assert bill.market[grid, 0] == pytest.approx(408.00, abs=1e-9)
    assert bill.energy_charge[grid, 0] == pytest.approx(1152.00, abs=1e-9)
    assert bill.total[grid, 0] == pytest.approx(1267.20, abs=1e-9)


def test_the_plain_rule_plans_two_days_by_hand():
    """100 kWh bought at 0.05 and sold at 0.15 spare 10; bought at -0.02 and sold at 0.10 they spare 12."""
    study = evaluate(tiny(bare(market=market(two_days()))))
    grid, hybrid = (study.bill.market[study.dispatch.row(name), 0] for name in ("grid", "hybrid"))
    start = study.dispatch.start_kwh() * 0.15  # what is there on 1 January is sold too
    assert grid == pytest.approx(408.00, abs=1e-9)
    assert hybrid == pytest.approx(408.00 - 10 - 12 - max(0.0, start - 10), abs=1e-6)


@pytest.mark.parametrize(("step", "count"), [(60, 8760), (60, 35040), (15, 35040)])
def test_the_bill_is_the_sum_over_the_trace(step: int, count: int):
    """Imports times the price of their step, month by month, whatever the step of the file; so the exports."""
    changes = {"tariff.market": market(spot(1, count), exports=True).model_dump(), "grid.export_limit_kw": 100.0}
    scenario = presets()["case_d"].scenario.with_(changes | {"site.step_minutes": step})
    study = evaluate(scenario)
    dispatch, rates = study.dispatch, bill_rates(scenario, study.dispatch)
    starts, h = np.append(0, dispatch.clock.month_ends[:-1]), dispatch.clock.step_h
    for name in ("grid", "grid_diesel", "hybrid"):
        trace, row = dispatch.trace(name, 2), dispatch.row(name)
        due = np.add.reduceat(trace.import_kw * step_prices(rates, dispatch, 2), starts) * h
        np.testing.assert_allclose((study.bill.energy_charge + study.bill.tax)[row, 12:24], due, rtol=1e-9)
        credit = scenario.tariff.export_credit_per_kwh + dispatch.classes.export_market_per_kwh
        sold = np.add.reduceat(trace.export_kw * credit, starts) * h * rates.vat_factor
        earned = study.bill.export_credit[row, 12:24] / rates.export_market_factor[12]
        np.testing.assert_allclose(earned, sold, rtol=1e-9, atol=1e-9)
    exported = dispatch.trace("hybrid", 2).export_kw
    assert exported.sum() > 0
    assert not exported[credit < 0].any()


def test_losses_of_the_transformer_are_billed_at_the_market():
    """A flat load at a flat price: what is lost costs that price, to the last digit."""
    lossy = {"grid__transformer_kva": 200, "grid__transformer_load_loss_fraction": 0.01}
    study = evaluate(tiny(bare(market=market(np.full(8760, 0.25))), **lossy))
    row = study.dispatch.row("grid")
    assert study.dispatch.transformer_kwh[row].sum() > 0
    assert study.bill.market[row, 0] == pytest.approx(0.25 * study.dispatch.import_kwh[row].sum(), rel=1e-12)


def test_a_control_that_ignores_prices_is_not_moved_by_them():
    runs = [simulate(tiny(bare(market=market(spot(k))), dispatch__arbitrage="off")) for k in (1, 2)]
    for name in set(runs[0].monthly) - {"import_worth", "export_worth"}:
        np.testing.assert_array_equal(runs[0].monthly[name], runs[1].monthly[name])
    assert (runs[0].monthly["import_worth"] != runs[1].monthly["import_worth"]).any()


def test_the_plan_knows_tomorrow_and_nothing_later():
    """From 11 April on the market is another one: up to 9 April, whose plan sees the 10th, nothing changes."""
    known = 24 * 100
    other = np.where((known <= HOUR) & (known + 24 * 60 > HOUR), spot(2), spot(1))
    found = [
        simulate(tiny(bare(market=market(prices)), site__term_months=12)).series.levels for prices in (spot(1), other)
    ]
    for name in ("charge_to", "give_to"):
        before, after = (getattr(one, name) for one in found)
        np.testing.assert_array_equal(before[: known - 24], after[: known - 24])
        assert (before[known - 24 :] != after[known - 24 :]).any()


def test_forecast_control_knows_tomorrow_from_one_o_clock():
    known = 24 * 20
    other = np.where(known <= HOUR, np.minimum(spot(2), spot(1).max()), spot(1))
    studies = [evaluate(tiny(bare(market=market(prices)))) for prices in (spot(1), other)]
    traces = [by_forecast(study, bound(study)).energy_kwh for study in studies]
    decided = known - 24 + 13
    np.testing.assert_allclose(traces[0][:decided], traces[1][:decided], atol=1e-9)
    assert np.abs(traces[0][decided:] - traces[1][decided:]).max() > 1


def test_every_control_curtails_where_exporting_costs():
    changes = {"tariff.market": market(spot(3), exports=True).model_dump(), "grid.export_limit_kw": 200.0}
    study = evaluate(presets()["case_d"].scenario.with_(changes))
    found, programme = bound(study), hybrid_programme(study, 1)
    costs = study.dispatch.classes.export_market_per_kwh < 0
    assert costs.any()
    assert not programme.credit_per_kwh[costs].any() and programme.credit_per_kwh[~costs].all()
    own = study.dispatch.trace("hybrid", 1)
    for trace in (own, by_forecast(study, found)):
        assert not trace.export_kw[costs].any() and trace.curtailed_kw[costs].any()
        assert cost_of_trace(study, 1, found, trace).total >= found.optimum.lower_bound - 1e-6
    assert found.share(cost_of_trace(study, 1, found, own)) > 0.6


def test_draws_meet_the_market_years_of_the_file():
    """Two years, one twice as dear: each draw's bill is that of its year, and the year is what drives the result."""
    years = tuple(market(k * spot(k), year=2023 + k).years[0] for k in (1, 2))
    several = Market(file_name="m.csv", years=years, year=2024)
    changes = {"tariff.market": several.model_dump(), "site.term_months": 24}
    study = evaluate(presets()["case_d"].scenario.with_(changes))
    draws = draw(study, 60, 1)
    assert set(draws.market_year) == {2024, 2025}
    found = simulate_draws(study, draws)
    dear = found.results["saving"][draws.market_year == 2025].mean()
    assert dear > found.results["saving"][draws.market_year == 2024].mean()
    assert found.drivers["market"] > 0
    assert draw(study, 60, 2).digest != draws.digest


def test_another_currency_takes_the_market_along():
    """Every price, the market's too, at one rate: so is every cost, and the verdict stays."""
    blank = presets()["blank"].scenario.with_({"site.term_months": 12})
    tariff = blank.tariff.model_copy(update={"market": market(spot(), exports=True)})
    here = blank.with_({"tariff": tariff.model_dump()})
    there = in_currency(here, "USD")
    before, after, rate = decision(evaluate(here)), decision(evaluate(there)), library.table_rate("CNY", "USD")
    assert after.present_cost == pytest.approx({name: cost * rate for name, cost in before.present_cost.items()}, 1e-5)
    assert (after.order, after.verdict) == (before.order, before.verdict)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"prices": "0.1 x " + "0 " * 8758}, "one of them is none"),
        ({"prices": "0.1 nan " + "0 " * 8758}, "one of them is none"),
        ({"prices": "0.1 " * 8759}, "this has 8759"),
        ({"prices": "1e9 " * 8760}, "must lie between"),
    ],
)
def test_prices_that_are_none_are_refused(fields, sentence):
    year = {"year": YEAR, "step_minutes": 60} | fields
    with pytest.raises(InputError, match=sentence):
        Scenario().with_({"tariff.market": {"file_name": "m", "years": [year]}})
