"""A study as a project: lines that foot, four rates of return, cost of storage."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finance.cashflow import by_year, financed
from finance.debt import Loan
from finance.figures import OF_FLOWS, appraise
from finance.metrics import MONTHLY, Figure, npv
from finance.tax import Depreciation, TaxRules, country_rules, tax_rules
from study.cash_tables import equity_table, loan_table, project_table, tax_table
from study.claims import vendor_ladder
from study.evaluate import evaluate
from study.financing import (
    PROJECT_LINES,
    charging_cost,
    monthly_lines,
    project_cash,
    real_return,
    returns,
    returns_under,
    storage_cost,
)
from study.presets import presets
from tests.field import scenarios
from tests.finance.simple_project import ProjectInputs, project


@pytest.fixture(scope="module")
def case_b():
    return evaluate(presets()["case_b"].scenario)


def test_the_project_is_the_difference_to_the_baseline(case_b):
    cash, own = project_cash(case_b), case_b.kpis["hybrid"]
    loss = monthly_lines(case_b)["saved_loss"].sum()
    assert cash.pre_tax.sum() + loss == pytest.approx(case_b.savings["hybrid"].total, rel=1e-12)
    assert -cash.capex[0] == pytest.approx(own.capex - case_b.kpis["grid"].capex)
    found = returns(case_b)
    assert found.project_before_tax.worth == pytest.approx(own.npv.value, rel=1e-12)
    assert found.project_before_tax.irr.value == pytest.approx(own.irr.value, abs=1e-9)
    assert found.project_before_tax.payback_years.value == pytest.approx(own.payback_years.value, rel=1e-9)
    with pytest.raises(ValueError, match="is the baseline"):
        project_cash(case_b, "grid")


def test_the_project_against_another_rival(case_b):
    """Against an alternative that is not the baseline: the figures of the same site with that baseline."""
    found = returns_under(case_b, against="diesel")
    other = evaluate(case_b.scenario.with_({"finance.baseline": "diesel"}), case_b.dispatch)
    for row in OF_FLOWS:
        figure, wanted = getattr(found.project_before_tax, row.key), other.kpis["hybrid"].figure(row.key)
        assert figure.reason == wanted.reason
        assert figure.value == (None if wanted.value is None else pytest.approx(wanted.value, rel=1e-9))
    assert found.against == "diesel" and returns(case_b).against == "grid"
    np.testing.assert_allclose(found.lines["equity"], returns(other).lines["equity"], rtol=1e-9, atol=1e-6)
    with pytest.raises(ValueError, match="measured against itself"):
        project_cash(case_b, "diesel", "diesel")


def test_part_years_are_summed():
    np.testing.assert_array_equal(by_year(np.arange(15.0)), [0, sum(range(1, 13)), 13 + 14])
    np.testing.assert_array_equal(by_year(np.ones((2, 14))), [[1, 12, 1], [1, 12, 1]])
    np.testing.assert_array_equal(by_year([7.0]), [7])


# Nothing is bought, sold or renewed at the end of the term and nothing ages, so a longer one only adds months.
NO_END = dict.fromkeys(("storage.fade_first_year", "storage.fade_per_year"), 0.0) | {
    "storage.fade_model": "line",
    "finance.pv_residual_fraction": 0.0,
    "finance.storage_residual_fraction": 0.0,
    "finance.genset_residual_fraction": 0.0,
    "finance.baseline": "grid",
    "storage.renewal": "none",
}


@settings(max_examples=8, deadline=None)
@given(st.integers(12, 61))
@example(23)
@example(47)
@example(48)
def test_one_month_more_adds_its_own_flow_discounted(months):
    """Whatever the term: whole years and parts of years, months shown and years shown."""
    case = presets()["case_d"].scenario.with_(NO_END)
    shorter, longer = (evaluate(case.with_({"site.term_months": term})) for term in (months, months + 1))
    rate, added = case.finance.discount_rate, returns(longer).monthly["before_tax"][-1]
    worth = [study.kpis["hybrid"].npv.value for study in (shorter, longer)]
    assert worth[1] - worth[0] == pytest.approx(added / (1 + rate) ** ((months + 1) / 12), rel=1e-6, abs=1e-6)
    for found, term in ((returns(shorter), months), (returns(longer), months + 1)):
        assert found.lines["equity"].size == 1 + (term if term < 24 else -(-term // 12))
        for name, line in found.lines.items():
            assert line.sum() == pytest.approx(found.monthly[name].sum(), rel=1e-12, abs=1e-6)


def test_returns_move_smoothly_with_the_term():
    """They jumped where flows turned from monthly to yearly: 28.3, 22.6 and 30.0 % at 47, 48 and 49 months."""
    changes = scenarios.cases()["npv_119_120_121_months"]["changes"]
    case = presets()["blank"].scenario.with_(changes)
    for middle in (48, 120):
        studies = [evaluate(case.with_({"site.term_months": middle + k})) for k in (-1, 0, 1)]
        below, at, above = (study.kpis["hybrid"] for study in studies)
        assert below.irr.value < at.irr.value < above.irr.value < below.irr.value + 0.02
        assert below.worth < at.worth < above.worth


def test_tax_and_loan_come_at_each_project_years_end(case_b):
    study = evaluate(case_b.scenario.with_(LOAN | {"site.term_months": 30}))
    monthly, yearly = returns(study).monthly, returns(study).whole
    for name, line in (("interest", -yearly.loan.interest), ("tax_paid", -yearly.tax.tax)):
        assert list(np.flatnonzero(monthly[name])) == [
            at for at, value in zip((0, 12, 24, 30), line, strict=True) if value
        ]
    assert returns(study).equity.worth == pytest.approx(
        float(npv(study.scenario.finance.discount_rate, monthly["equity"], MONTHLY))
    )


def test_four_rates_of_return_in_their_order(case_b):
    """Tax lowers the project's return; a loan cheaper than it raises the owners' above it."""
    found = returns_under(case_b, country_rules("CN"), Loan(0.7, 0.045, 8))
    before, after, equity = (
        view.irr.value for view in (found.project_before_tax, found.project_after_tax, found.equity)
    )
    assert after < before and equity > after
    assert found.coverage.least_dscr.value > 1 and found.mirr.value < before
    assert found.profitability_index.value == pytest.approx(
        1 - found.project_before_tax.worth / found.whole.cash.capex[0]
    )


def test_the_cash_flow_lines_foot(case_b):
    lines = returns_under(case_b, TaxRules(0.25), Loan(0.5, 0.05, 6)).lines
    before = sum(lines[name] for name in PROJECT_LINES)
    np.testing.assert_allclose(before, lines["before_tax"], atol=1e-6)
    given = lines["credit"] + lines["vat"]
    np.testing.assert_allclose(before + lines["tax_on_ebit"] + given, lines["after_tax"], atol=1e-6)
    owners = before + given + sum(lines[name] for name in ("drawdown", "principal", "interest", "tax_paid"))
    np.testing.assert_allclose(owners, lines["equity"], atol=1e-6)


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
        "headline",
        "efficiency",
        "depth",
        "fade",
        "auxiliaries",
        "upkeep",
        "connection",
        "second_cycle",
        "income",
        "foresight",
    ]
    assert rungs[-1].value.value == pytest.approx(case_b.kpis["hybrid"].irr.value, abs=1e-9)
    assert all(rung.lost > -1e-9 for rung in rungs[1:])
    assert sum(rung.lost for rung in rungs[1:]) == pytest.approx(rungs[0].value.value - rungs[-1].value.value)


LOAN = {"finance.loan_share": 0.6, "finance.loan_rate": 0.05, "finance.loan_years": 6}


def varied(study, changes):
    return evaluate(study.scenario.with_(changes), study.dispatch)


@pytest.fixture(scope="module")
def case_a():
    return evaluate(presets()["case_a"].scenario)


def test_the_headline_never_moves_by_tax_or_loan(case_b):
    changes = LOAN | {"finance.tax_rules": "own", "finance.tax_rate": 0.4, "finance.tax_grant": 1e6}
    moved = varied(case_b, changes)
    assert moved.kpis == case_b.kpis and moved.savings == case_b.savings
    assert returns(moved).project_before_tax == returns(case_b).project_before_tax


def test_a_study_is_taxed_by_its_country_unless_told_otherwise(case_b):
    """China: 25 %, straight line over 10 years, 5 % stays in the books until the sale in year 15."""
    found = returns(case_b).whole
    cost = -found.cash.capex[0]
    assert found.depreciation[1:11] == pytest.approx(cost * 0.95 / 10)
    assert (found.depreciation[11:] == 0).all()
    assert found.book_value_sold[15] == pytest.approx(0.05 * cost)
    first = found.cash.savings[1] + found.cash.opex[1] - cost * 0.095
    assert found.tax_without_loan.tax[1] == pytest.approx(0.25 * first)
    untaxed = returns(varied(case_b, {"finance.tax_rules": "none"}))
    assert untaxed.project_after_tax.worth == pytest.approx(untaxed.project_before_tax.worth, rel=1e-12)
    assert untaxed.project_after_tax.irr.value == pytest.approx(untaxed.project_before_tax.irr.value, rel=1e-9)
    unknown = tax_rules(case_b.scenario.with_({"site.country": "FR"}))
    assert (unknown.rate, unknown.depreciation.method) == (0, "none")


def test_own_rules_with_a_holiday_a_credit_and_a_grant(case_b):
    """Years 1-2 free, 3 at half; 10 % credit lowers the base by 5 %, a grant by all of it."""
    changes = {
        "finance.tax_rules": "own",
        "finance.tax_rate": 0.2,
        "finance.tax_depreciation": "immediate",
        "finance.tax_residual_fraction": 0.0,
        "finance.tax_losses": "immediate",
        "finance.tax_holiday": [
            {"first_year": 1, "last_year": 2, "factor": 0.0},
            {"first_year": 3, "last_year": 3, "factor": 0.5},
        ],
        "finance.tax_credit_fraction": 0.1,
        "finance.tax_grant": 1e6,
    }
    found = returns(varied(case_b, changes)).whole
    cost = -found.cash.capex[0]
    assert found.depreciation[1] == pytest.approx(0.95 * cost - 1e6)
    assert found.credit[1] == pytest.approx(0.1 * cost + 1e6) and found.credit[2:].sum() == 0
    assert (found.tax.tax[1:3] == 0).all()
    assert found.tax.tax[3] == pytest.approx(0.1 * (found.cash.savings[3] + found.cash.opex[3]))
    assert found.tax.tax[4] == pytest.approx(0.2 * (found.cash.savings[4] + found.cash.opex[4]))


def test_equity_is_the_project_after_tax_with_the_loan_and_its_tax_shield(case_b):
    """Owners' flow = project after tax + drawdown - debt service + rate x interest, once no loss is carried."""
    found = returns(varied(case_b, LOAN))
    lines, whole = found.lines, found.whole
    shield = whole.tax_without_loan.tax - whole.tax.tax
    assert shield[1:7] == pytest.approx(0.25 * whole.loan.interest[1:7])
    expected = lines["after_tax"] + lines["drawdown"] + lines["principal"] + lines["interest"] + shield
    np.testing.assert_allclose(lines["equity"], expected, atol=1e-6)
    np.testing.assert_allclose(lines["equity"], whole.equity + lines["saved_loss"], atol=1e-6)
    assert lines["drawdown"][0] == pytest.approx(0.6 * -whole.cash.capex[0])


def test_months_keep_their_own_flow_and_pay_tax_at_the_years_end(case_a):
    """Four months: the flow before tax is that of the key figures; tax and the loan come in the last month."""
    found = returns(varied(case_a, LOAN))
    assert found.project_before_tax.payback_years.value == pytest.approx(case_a.kpis["hybrid"].payback_years.value)
    assert found.project_before_tax.worth == pytest.approx(case_a.kpis["hybrid"].npv.value)
    assert found.lines["tax_paid"].size == 5 and (found.lines["tax_paid"][:4] == 0).all()
    assert found.loan.years == 1  # asked for six, but never beyond the term
    assert found.lines["principal"].sum() == pytest.approx(-found.lines["drawdown"].sum())
    assert found.lines["equity"].sum() == pytest.approx((found.whole.equity + by_year(found.lines["saved_loss"])).sum())


def test_a_term_with_a_part_year(case_a):
    study = evaluate(case_a.scenario.with_({"site.term_months": 30}))
    found = returns(study)
    years = np.add.reduceat(found.monthly["after_tax"][1:], [0, 12, 24])
    np.testing.assert_allclose(years, found.whole.after_tax[1:] + found.lines["saved_loss"][1:], atol=1e-6)


def test_vat_on_the_investment_comes_back(case_b):
    """13 % of the price without VAT goes out at the start and comes back in three equal parts; EBIT knows nothing."""
    changes = {"finance.vat_basis": "excl", "finance.vat_recovery_years": 3}
    found, at_once = returns(varied(case_b, changes)), returns(varied(case_b, {"finance.vat_basis": "excl"}))
    vat, cost = found.lines["vat"], -found.lines["investment"][0]
    assert vat[0] == pytest.approx(-0.13 * cost) and vat[1:4] == pytest.approx(0.13 * cost / 3)
    assert vat.sum() == pytest.approx(0, abs=1e-6) and (vat[4:] == 0).all()
    assert found.project_after_tax.worth < at_once.project_after_tax.worth
    np.testing.assert_array_equal(found.whole.tax.tax, at_once.whole.tax.tax)
    assert not returns(varied(case_b, changes | {"finance.vat_basis": "incl"})).lines["vat"].any()


def test_no_bank_lends_without_an_investment_or_cash(case_b):
    rented = {"finance.storage_ownership": "rent", "finance.ems_share": 0.0}
    assert returns(varied(case_b, LOAN | rented)).no_loan == "no_investment"
    hopeless = {"finance.loan_repayment": "sculpted", "finance.storage_om_fraction": 1.0}
    assert returns(varied(case_b, LOAN | hopeless)).no_loan == "no_cash"
    off = returns(case_b)
    assert off.no_loan == "off" and off.equity == off.project_after_tax


def test_the_largest_loan_is_carried_at_the_wanted_dscr(case_b):
    """A sculpted loan of that share, its tax shield apart, has the wanted DSCR in every year."""
    wanted = {"finance.loan_dscr": 2.5, "finance.loan_repayment": "sculpted", "finance.tax_rules": "none"}
    share = returns(varied(case_b, LOAN | wanted)).largest_loan
    assert 0 < share < 1
    found = returns(varied(case_b, LOAN | wanted | {"finance.loan_share": share})).coverage
    assert found.dscr[1:7] == pytest.approx(2.5) and found.least_dscr.value == pytest.approx(2.5)


def test_real_returns_by_fisher():
    assert real_return(Figure(0.0908), 0.02).value == pytest.approx(1.0908 / 1.02 - 1)
    assert real_return(Figure(None, "no_root"), 0.02).reason == "no_root"


@pytest.mark.parametrize("name", presets())
def test_the_lines_before_tax_give_the_headline(name):
    study = evaluate(presets()[name].scenario)
    found = appraise(returns(study).monthly["before_tax"], study.scenario.finance.discount_rate, MONTHLY)
    headline = study.kpis["hybrid"]
    assert headline.worth == pytest.approx(found.worth, rel=1e-9)
    assert headline.irr.value == (None if found.irr.value is None else pytest.approx(found.irr.value, rel=1e-9))
    assert headline.payback_years.value == pytest.approx(found.payback_years.value, rel=1e-9)


@pytest.mark.parametrize("name", presets())
def test_the_cash_flow_tables_foot(name):
    study = evaluate(presets()[name].scenario.with_(LOAN | {"finance.tax_grant": 1000.0}))
    found = returns(study)
    project = {row.number: row.values for row in project_table(found)}
    np.testing.assert_allclose(project["3"], project["1"] - project["2"], atol=1e-6)
    taken = sum(values for number, values in project.items() if number.startswith("5"))
    np.testing.assert_allclose(project["6"], project["3"] - taken, atol=1e-6)
    np.testing.assert_allclose(project["7"], project["6"].cumsum(), atol=1e-6)
    equity = {row.number: row.values for row in equity_table(found)}
    np.testing.assert_allclose(equity["3"], equity["1"] - equity["2"], atol=1e-6)
    loan = {row.key: row.values for row in loan_table(found)}
    np.testing.assert_allclose(loan["closing"], loan["opening"] + loan["drawdown"] - loan["principal"], atol=1e-6)
    tax = {row.key: row.values for row in tax_table(found)}
    np.testing.assert_allclose(tax["taxable"], tax["ebit"] - tax["interest"], atol=1e-6)


@pytest.fixture(scope="module")
def lost_compute():
    """Case D against the grid, which leaves load dark: avoided lost compute decides, and nobody pays it."""
    changes = LOAN | {"finance.baseline": "grid", "finance.tax_rules": "own", "finance.tax_rate": 0.25}
    return evaluate(presets()["case_d"].scenario.with_(changes))


def test_bank_figures_know_nothing_of_a_loss_that_is_only_priced(lost_compute):
    """Whatever a kWh not served is worth: coverage, tax, largest loan, LCOE, cost of a kWh and the paid basis stay."""
    found, free = returns(lost_compute), returns(varied(lost_compute, {"finance.unserved_per_kwh": 0.0}))
    np.testing.assert_array_equal(found.coverage.dscr, free.coverage.dscr)
    np.testing.assert_array_equal(found.whole.tax.tax, free.whole.tax.tax)
    assert found.largest_loan == free.largest_loan and found.coverage.least_icr == free.coverage.least_icr
    for name, view in free.views.items():
        assert found.paid[name].worth == pytest.approx(view.worth, rel=1e-12)
        assert found.views[name].worth > view.worth
    assert found.is_priced and not free.is_priced and list(free.both_bases) == ["before_tax", "after_tax", "equity"]
    other = varied(lost_compute, {"finance.unserved_per_kwh": 40.0})
    for name in ("grid", "hybrid"):
        for key in ("lcoe_per_kwh", "cost_per_kwh"):
            found = lost_compute.kpis[name].figure(key).value
            assert other.kpis[name].figure(key).value == pytest.approx(found, rel=1e-12)
    assert other.kpis["grid"].total_cost > lost_compute.kpis["grid"].total_cost


def test_coverage_of_case_d_by_hand(lost_compute):
    """DSCR of year 1: paid savings less upkeep and tax over the level payment of the loan."""
    lines, own, base = lost_compute.ledger.lines, lost_compute.dispatch.row("hybrid"), lost_compute.dispatch.row("grid")
    paid = [name for name in lines if name not in ("unserved", "interruptions", "compute")]
    cash = sum(float((lines[name][own] - lines[name][base])[1:13].sum()) for name in paid)
    found = returns(lost_compute)
    service = -found.whole.cash.capex[0] * 0.6 * 0.05 / (1 - 1.05**-6)
    assert found.coverage.dscr[1] == pytest.approx((cash - found.whole.tax.tax[1]) / service)
    assert found.coverage.least_dscr.value < 0.5  # 2.85 with the loss


def test_the_causes_of_the_saving_are_all_other_lines(case_b):
    """Every ledger line is in exactly one line of the project."""
    named = [line for lines in PROJECT_LINES.values() for line in lines]
    assert sorted(named) == sorted(case_b.ledger.lines)


def test_the_check_vector_after_tax():
    """-1000, then 220 falling 2 % a year for 10 years; 25 % tax, written off in 10 years; 60 % loan, 5 %, 5 years.

    Year 1: EBIT 120, tax 30, flow 190. Interest 30, so tax paid 22.50, and the level payment is 138.58.
    """
    cash = project(ProjectInputs(years=10, capex=1000, savings_year1=220, savings_degradation=0.02))
    whole = financed(cash, TaxRules(0.25, Depreciation("straight_line", 10)), Loan(0.6, 0.05, 5))
    before = appraise(cash.pre_tax, 0.08)
    assert round(before.payback_years.value, 2) == 4.72 and round(before.discounted_payback_years.value, 2) == 6.25
    assert round(100 * before.irr.value, 2) == 15.88 and round(before.worth, 1) == 367.4
    assert whole.after_tax[1] == pytest.approx(190) and whole.tax.tax[1] == pytest.approx(22.5)
    assert whole.loan.service[1:6] == pytest.approx(138.584879)
    assert whole.equity[0] == -400 and whole.equity[1] == pytest.approx(220 - 22.5 - 138.584879)
