"""A study as a project: lines that foot, four rates of return, cost of storage."""

import numpy as np
import pytest

from finance.debt import Loan
from finance.tax import TaxRules, country_rules
from study.claims import vendor_ladder
from study.compare import evaluate
from study.financing import by_year, charging_cost, lines_of, project_cash, returns, storage_cost
from study.presets import presets


@pytest.fixture(scope="module")
def case_b():
    return evaluate(presets()["case_b"].scenario)


def test_the_project_is_the_difference_to_the_baseline(case_b):
    cash, own = project_cash(case_b), case_b.kpis["hybrid"]
    assert cash.pre_tax.sum() == pytest.approx(case_b.savings["hybrid"].total, rel=1e-12)
    assert -cash.capex[0] == pytest.approx(own.capex - case_b.kpis["grid"].capex)
    found = returns(case_b)
    assert found.project_before_tax.npv == pytest.approx(own.npv.value, rel=1e-12)
    assert found.project_before_tax.irr.value == pytest.approx(own.irr.value, abs=1e-9)
    assert found.project_before_tax.payback.value == pytest.approx(own.payback_years.value, rel=1e-9)
    with pytest.raises(ValueError, match="is the baseline"):
        project_cash(case_b, "grid")


def test_part_years_are_summed():
    np.testing.assert_array_equal(by_year(np.arange(15.0)), [0, sum(range(1, 13)), 13 + 14])


def test_four_rates_of_return_in_their_order(case_b):
    """Tax lowers the project's return; a loan cheaper than it raises the owners' above it."""
    found = returns(case_b, country_rules("CN"), Loan(0.7, 0.045, 8))
    before, after, equity = (
        view.irr.value for view in (found.project_before_tax, found.project_after_tax, found.equity)
    )
    assert after < before and equity > after
    assert found.coverage.least_dscr.value > 1 and found.mirr.value < before
    assert found.profitability_index.value == pytest.approx(
        1 - found.project_before_tax.npv / found.whole.cash.capex[0]
    )


def test_the_cash_flow_tables_foot(case_b):
    lines = lines_of(returns(case_b, TaxRules(0.25), Loan(0.5, 0.05, 6)))
    before = sum(lines[name] for name in ("capex", "savings", "opex", "replacement", "salvage"))
    np.testing.assert_allclose(before, lines["before_tax"])
    np.testing.assert_allclose(before + lines["tax_on_ebit"] + lines["credit"], lines["after_tax"])
    owners = before + lines["credit"] + sum(lines[name] for name in ("drawdown", "principal", "interest", "tax_paid"))
    np.testing.assert_allclose(owners, lines["equity"])


def test_cost_of_storage(case_b):
    """Charging is bought at the valley and noon price: between 0.2 and 0.5 CNY per kWh given back on top."""
    whole, without = storage_cost(case_b), storage_cost(case_b, with_charging=False)
    assert 0.15 < without.value < 0.8
    assert 0.2 < whole.value - without.value < 0.6
    row = case_b.dispatch.row("hybrid")
    bought = case_b.dispatch.monthly["grid_charge_kwh"][row]
    mean = charging_cost(case_b) / np.maximum(bought, 1e-9)
    price = case_b.dispatch.step_price_per_kwh() * case_b.scenario.finance.energy_price_factor
    assert (mean[:12] >= price.min() - 1e-9).all() and (mean[:12] <= price.max() + 1e-9).all()


def test_the_brochures_figure_comes_down_to_the_studys(case_b):
    """No loss, full depth, no fade, no care, any connection: each step back to the case's own values is shown."""
    rungs = vendor_ladder(case_b)
    assert [rung.key for rung in rungs] == [
        "headline", "efficiency", "depth", "fade", "auxiliaries", "upkeep", "connection",
    ]  # fmt: skip
    assert rungs[-1].value.value == pytest.approx(case_b.kpis["hybrid"].irr.value, abs=1e-9)
    assert all(rung.lost > -1e-9 for rung in rungs[1:])
    assert sum(rung.lost for rung in rungs[1:]) == pytest.approx(rungs[0].value.value - rungs[-1].value.value)
