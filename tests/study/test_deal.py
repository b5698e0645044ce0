"""Contracts through a whole study: money is only moved, deals by hand, the range both agree on, what is flagged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from finance import metrics
from finance.cashflow import by_year
from sim.inputs.contract import Contract
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from sim.problem import Refusal
from study import deal
from study.evaluate import evaluate
from study.financing import returns
from study.presets import presets
from study.without_plant import plant_project, without_plant

BASE = presets()["case_d"].scenario.with_({"finance.baseline": "diesel"})


@pytest.fixture(scope="module")
def study():
    return evaluate(BASE)


@pytest.fixture(scope="module")
def cheap():
    """A plant that pays well, so that there is something to share."""
    return evaluate(BASE.with_({"finance.storage_capex_per_kwh": 400.0, "finance.pv_capex_per_kwp": 1500.0}))


def terms(**values) -> Contract:
    return Contract(**values)


@pytest.mark.parametrize("kind", deal.KINDS)
def test_host_and_investor_are_the_project_in_every_month(study, kind):
    found = deal.outcome(study, terms(kind=kind, escalation=0.02, buy_out_fraction=0.1))
    project = sum(plant_project(study).values())
    assert np.abs(found.host.flow + found.investor.flow - project).max() <= 1e-9 * np.abs(project).max()
    worth = metrics.npv(study.scenario.finance.discount_rate, project, 12)
    assert found.host.before_tax.worth + found.investor.before_tax.worth == pytest.approx(float(worth))


@pytest.mark.parametrize("kind", ["shared_saving", "ppa", "guaranteed_saving"])
def test_no_baseline_moves_a_contract(study, kind):
    """What the owner's grid connection saves against diesel was the investor's income: 445 % a year on a blank site."""
    found = [
        deal.outcome(evaluate(BASE.with_({"finance.baseline": baseline}), study.dispatch), terms(kind=kind))
        for baseline in ("diesel", "grid", "grid_diesel")
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(other.investor.flow, found[0].investor.flow)
        np.testing.assert_array_equal(other.host.flow, found[0].host.flow)


def test_a_blank_sites_investor_earns_what_battery_and_pv_save():
    """90 % over 10 years; its yearly income is 0.9 of the bills, fuel, sets and carbon that the plant alone avoids."""
    blank = presets()["blank"].scenario.with_({"pv.dc_kwp": 0.0, "finance.baseline": "diesel"})
    bare = evaluate(blank.with_({"storage.energy_kwh": 0.0}))
    study, contract = evaluate(blank), terms(kind="shared_saving", years=10, investor_share=0.9)
    found, row = deal.outcome(study, contract), study.dispatch.row("hybrid")
    assert found.investor.irr.value < 0.2
    bills = ("grid_energy", "grid_demand", "grid_fixed", "export_credit", "fuel", "fuel_delivery", "genset_rent")
    bills += ("genset_om", "crew", "carbon")
    saved = sum(study.ledger.lines[name][row] - bare.ledger.lines[name][row] for name in bills)
    np.testing.assert_allclose(found.deal.payment[1:121], 0.9 * saved[1:121], atol=1e-6)


def test_the_site_without_the_plant_is_simulated_once(study, monkeypatch):
    """A price change asks for no simulation; the second question finds the first one's."""
    plant_project(study)
    monkeypatch.setattr("study.without_plant.simulate", lambda scenario: pytest.fail("simulated again"))
    dearer = evaluate(BASE.with_({"finance.diesel_per_l": 9.0}), study.dispatch)
    assert without_plant(dearer).kpis["hybrid"].total_cost != without_plant(study).kpis["hybrid"].total_cost


def test_a_short_project_is_shared_by_the_month():
    """Nine months: the flows are monthly, the contract ends with the project, the sums are those of the key figures."""
    scenario = BASE.with_({"site.term_months": 9})
    study = evaluate(scenario)
    found = deal.outcome(study, terms(kind="shared_saving", investor_share=0.7, years=10))
    assert found.periods == 9 and found.host.flow.size == 10
    np.testing.assert_allclose(found.host.flow + found.investor.flow, sum(plant_project(study).values()), atol=1e-6)
    np.testing.assert_allclose(found.deal.payment, 0.7 * found.saving)


def test_who_buys_has_the_project_before_and_after_tax(study):
    """Where the compared site is the one without the plant, that is the study's own project."""
    kept = {"finance.baseline": "grid_diesel", "genset.last_resort_sets": BASE.genset.backup_sets}
    kept |= {"genset.sets": BASE.genset.backup_sets, "finance.tax_rules": "own", "finance.tax_rate": 0.25}
    study = evaluate(BASE.with_(kept))
    own, found = deal.outcome(study).host, returns(study)
    np.testing.assert_allclose(own.flow, found.monthly["before_tax"], atol=1e-6)
    np.testing.assert_allclose(own.taxed, found.monthly["after_tax"], atol=1e-6)
    assert own.irr.value == pytest.approx(found.project_before_tax.irr.value)


def test_the_contract_changes_no_figure_of_the_project_and_no_simulation(study):
    other = BASE.with_({"deal.kind": "shared_saving", "deal.investor_share": 0.5})
    assert other.dispatch_key == BASE.dispatch_key and other.fingerprint != BASE.fingerprint
    assert evaluate(other, study.dispatch).kpis["hybrid"] == study.kpis["hybrid"]


def test_shared_saving_by_hand(study):
    """Year by year from the ledger: the investor builds PV and battery and keeps them up, gets 80 % then 60 %."""
    steps = [{"first_year": 4, "share": 0.6}]
    found = deal.outcome(study, terms(kind="shared_saving", years=6, investor_share=0.8, share_by_year=steps))
    own, lines, bare = study.dispatch.row("hybrid"), study.ledger.lines, without_plant(study).ledger.lines

    def year(name: str, n: int) -> float:
        months = slice(12 * n - 11, 12 * n + 1)
        return float((lines[name][own] - bare[name][own])[months].sum())

    bills = ("grid_energy", "grid_demand", "grid_fixed", "export_credit", "fuel", "fuel_delivery", "genset_rent")
    bills += ("genset_om", "crew", "carbon")
    price = -sum(float(lines[name][own][0]) for name in ("pv_capex", "storage_capex", "ems"))
    assert found.investor.flow[0] == pytest.approx(-price)
    for n, share in ((1, 0.8), (3, 0.8), (4, 0.6), (6, 0.6)):
        saved = sum(year(name, n) for name in bills)
        upkeep = sum(year(name, n) for name in ("pv_om", "storage_om", "storage_rent", "storage_replacement"))
        assert by_year(found.investor.flow)[n] == pytest.approx(share * saved + upkeep)
    assert not found.investor.flow[73:].any()


def test_fixed_prices_by_hand(study):
    price = -deal.plant_cash(study).capex[0]
    lease = deal.outcome(study, terms(kind="operating_lease", lease_rent_fraction=0.15, escalation=0.02))
    assert lease.deal.payment[25:37] == pytest.approx(0.15 * price * 1.02**2 / 12)
    rental = deal.outcome(study, terms(kind="rental", rental_fraction_per_month=0.02))
    assert rental.deal.payment[1:] == pytest.approx(0.02 * price)
    service = deal.outcome(study, terms(kind="as_a_service", years=4, service_per_kw_month=50, service_per_kwh=0.1))
    power, energy = BASE.storage.power_kw, deal.plant_cash(study, "as_a_service").energy_kwh
    assert service.deal.payment[2] == pytest.approx(50 * power + 0.1 * energy[2])
    assert service.deal.payment[48] and not service.deal.payment[49:].any()


def test_a_ppa_sells_pv_alone_and_the_battery_is_the_hosts(study):
    found = deal.outcome(study, terms(kind="ppa", years=10, ppa_fraction=0.8))
    row, bare = study.dispatch.row("hybrid"), without_plant(study)
    monthly, without, lines = study.dispatch.monthly, bare.dispatch.monthly, study.ledger.lines
    kwh = float((monthly["pv_load_kwh"] + monthly["pv_charge_kwh"])[row, :12].sum())
    bills = ("grid_energy", "grid_demand", "grid_fixed", "fuel", "fuel_delivery", "genset_rent", "genset_om", "crew")
    cost = -sum(float(bare.ledger.lines[name][row, 1:13].sum()) for name in bills)
    per_kwh = cost / float((without["load_kwh"] - without["auxiliary_kwh"] - without["unserved_kwh"])[row, :12].sum())
    assert by_year(found.deal.payment)[1] == pytest.approx(0.8 * per_kwh * kwh)
    assert found.investor.flow[0] == pytest.approx(float(lines["pv_capex"][row, 0]))
    whole = plant_project(study)["investment"][0]
    assert found.host.flow[0] == pytest.approx(whole - float(lines["pv_capex"][row, 0]))


def test_what_is_not_on_a_bill_is_shared_only_where_the_contract_says_so(study):
    monthly = plant_project(study)
    lines = {name: line.sum() for name, line in monthly.items()}
    names = ("saved_energy", "saved_demand", "export", "saved_fuel", "saved_sets", "saved_carbon")
    net, gross, loss = (
        deal.outcome(study, terms(kind="shared_saving", shared_on=on)).saving.sum()
        for on in ("net", "gross", "with_loss")
    )
    assert net == pytest.approx(sum(lines[name] for name in names))
    assert gross == pytest.approx(sum(np.maximum(monthly[name], 0.0).sum() for name in names))
    assert loss == pytest.approx(net + lines["saved_loss"])
    blank = evaluate(presets()["blank"].scenario)  # its charging raises the demand charge
    kept, rises = (
        deal.outcome(blank, terms(kind="shared_saving", shared_on=on)).saving.sum() for on in ("net", "gross")
    )
    dearer = np.minimum(plant_project(blank)["saved_demand"], 0.0).sum()
    assert dearer < 0 and rises - kept == pytest.approx(-dearer)


@pytest.mark.parametrize("kind", ["shared_saving", "operating_lease", "rental", "finance_lease", "as_a_service", "ppa"])
def test_within_the_range_both_reach_what_they_want(cheap, kind):
    study = cheap
    contract = terms(kind=kind, years=8)
    split, (term, *_) = deal.agreement(study, contract), deal.price_of(study, contract)
    assert split.possible
    at_low = deal.outcome(study, deal.at_price(contract, term, split.low.value))
    at_high = deal.outcome(study, deal.at_price(contract, term, split.high.value))
    assert metrics.npv(0.08, at_low.investor.flow, 12) == pytest.approx(0, abs=1e-3)
    assert at_low.investor.irr.value == pytest.approx(0.08, abs=1e-6)
    assert at_low.host.is_content and at_high.investor.is_content and at_high.host.is_content
    most = deal.price_of(study, contract)[2]
    if split.high.value < most:
        beyond = deal.at_price(contract, term, split.high.value + 0.01 * (most - split.high.value))
        assert not deal.outcome(study, beyond).host.is_content


def test_the_owners_least_share_is_what_it_keeps(study):
    """Where nothing comes after the contract, 1 - 0.25 is the most the investor may have."""
    contract = terms(kind="shared_saving", years=10, host_least_share=0.25)
    found = deal.agreement(study, contract)
    rest = deal.outcome(study, deal.at_price(contract, "investor_share", 1.0)).host.worth
    worth = metrics.npv(0.08, deal.outcome(study, contract).saving, 12)
    assert found.high.value == pytest.approx(0.75 + rest / worth)


def test_a_contract_nobody_can_make_says_what_is_missing(study):
    contract = terms(kind="shared_saving", years=1, investor_hurdle_rate=0.9)
    found = deal.agreement(study, contract)
    at_high = deal.outcome(study, deal.at_price(contract, "investor_share", found.high.value))
    assert not found.possible and found.missing == pytest.approx(-at_high.investor.worth) and found.missing > 0


def test_less_saving_hits_by_the_contract(study):
    """Of a saving 20 % lower each bears its share; a fixed rent leaves all of it with the host."""
    shared = deal.outcome(study, terms(kind="shared_saving", years=10, investor_share=0.6))
    host, investor = deal.hit(study, shared)
    saved = float(metrics.npv(study.scenario.finance.discount_rate, shared.saving, 12))
    assert investor == pytest.approx(-0.2 * 0.6 * saved)
    assert host == pytest.approx(-0.2 * 0.4 * saved)
    host, investor = deal.hit(study, deal.outcome(study, terms(kind="operating_lease")))
    assert investor == pytest.approx(0, abs=1e-6) and host == pytest.approx(-0.2 * saved)


def test_the_investors_loan_is_covered_by_what_is_left_of_its_share(study):
    """Level payments over 8 years at 4.5 %; year 1 by hand with the tax of a loan."""
    found = deal.outcome(
        study, terms(kind="shared_saving", investor_share=0.6, investor_loan_share=0.5, investor_tax="none")
    )
    borrowed = 0.5 * -found.investor.flow[0]
    service = borrowed * 0.045 / (1 - 1.045**-8)
    assert found.coverage.dscr[1] == pytest.approx(by_year(found.investor.flow)[1] / service)
    assert found.coverage.least_dscr.value == pytest.approx(np.nanmin(found.coverage.dscr))
    assert deal.outcome(study).coverage.least_dscr.reason == "no_debt"


def test_three_years_free_and_three_at_half(study):
    free, plain = (
        deal.outcome(study, terms(kind="shared_saving", investor_tax=tax)).investor
        for tax in ("three_and_three", "as_host")
    )
    np.testing.assert_allclose(free.taxed[1:37], free.flow[1:37])
    assert (free.taxed >= plain.taxed - 1e-6).all()


def raised(study, **values) -> set[str]:
    return {flag.key for flag in deal.flags(study, deal.outcome(study, terms(**values))) if flag.raised}


def test_what_is_wrong_with_an_offer_is_flagged(study):
    first = float(by_year(deal.outcome(study, terms(kind="shared_saving")).saving)[1])
    assert "gross" in raised(study, kind="shared_saving", shared_on="gross")
    assert "not_billed" in raised(study, kind="shared_saving", shared_on="with_loss")
    assert "fee_growth" in raised(study, kind="operating_lease", escalation=0.03)
    assert "fee_growth" not in raised(study, kind="operating_lease")
    assert "longer" in raised(study, kind="shared_saving", years=20)
    assert "pays_more" in raised(study, kind="rental", rental_fraction_per_month=0.1)
    assert {"claim_first", "claim_growth", "claim_age", "claim_sum"} <= raised(
        study, kind="shared_saving", claimed_saving=1.3 * first, claimed_growth=0.08
    )
    assert not raised(study, kind="shared_saving", investor_share=0.8, claimed_saving=first) & {
        "claim_first",
        "claim_growth",
    }


def test_a_falling_saving_is_not_ten_times_its_first_year(study):
    plain = deal.outcome(study, terms(kind="shared_saving"))
    falling = replace(plain, saving=np.append(0.0, np.repeat(100.0 * 0.95 ** np.arange(10), 12) / 12))
    flag = next(flag for flag in deal.flags(study, falling) if flag.key == "times_years")
    assert flag.raised and flag.values["whole"] == pytest.approx(100 * (1 - 0.95**10) / 0.05)


def test_without_a_plant_there_is_no_contract():
    rented = evaluate(presets()["case_a"].scenario)
    assert deal.no_contract(rented, "shared_saving") == "no_investment"
    assert list(deal.comparison(rented)) == ["buy"]
    with pytest.raises(ValueError, match="no_investment"):
        deal.outcome(rented, terms(kind="shared_saving"))
    battery_only = evaluate(BASE.with_({"pv.dc_kwp": 0}))
    assert deal.no_contract(battery_only, "ppa") == "no_investment"


def test_terms_matter_only_under_their_contract():
    def used(kind: str) -> set[str]:
        scenario = Scenario().with_({"deal.kind": kind})
        return {entry.name for entry in register().values() if entry.section == "deal" and entry.when(scenario)}

    assert used("buy") == {"kind"}
    assert {"investor_share", "shared_on", "years"} <= used("shared_saving") and "lease_rate" not in used(
        "shared_saving"
    )
    assert "years" not in used("operating_lease") and "lease_rent_fraction" in used("operating_lease")


def test_a_year_named_twice_is_refused():
    with pytest.raises((Refusal, ValueError), match="names year 3 twice"):
        terms(share_by_year=[{"first_year": 3, "share": 0.8}, {"first_year": 3, "share": 0.7}])


def test_a_site_that_saves_sets_too_pays_no_more_than_is_saved():
    """Resale of sets the hybrid does without is no loss of the contract: 90 % of the saving is less than all of it."""
    johor = evaluate(presets()["case_c"].scenario)
    assert "pays_more" not in raised(johor, kind="shared_saving", years=15)
