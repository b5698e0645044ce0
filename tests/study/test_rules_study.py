"""Tiers, ratchets of named months, coincident peaks, minimum bills, power factor, VAT and demand windows in a study."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.bill import BillRates, TierRate, bill
from finance.tiers import Tier, tiered_charge
from finance.waterfall import STEPS, bill_components, waterfall
from sim.inputs.base import InputError
from sim.inputs.tariff import library_tariff
from study.evaluate import evaluate
from study.flows import flows
from study.foresight import not_covered
from study.presets import presets
from tests.finance.metered import Metered
from tests.study.test_contract_study import BATTERY, FOUR_HOURS, study

JANUARY_KWH = 10_000 * 24 * 31
TIERS = [{"up_to": 1e6, "adder": 0.0}, {"up_to": 5e6, "adder": 0.1}, {"adder": -0.05}]


def of(found, component, alternative="grid"):
    return bill_components(found.bill, found.dispatch.row(alternative))[component]


def simple(tariff, **sections):
    """A flat 10 MW load billed on the measured maximum."""
    return study({"demand_basis": "max_demand", **tariff}, **sections)


def test_tiers_of_the_months_kwh():
    """January takes 7.44 GWh: 4 GWh at 0.1 more, 2.44 GWh at 0.05 less = 278,000; the tax is on it too."""
    found = simple({"energy_tiers": [{"tiers": TIERS}], "energy_tax_rate": 0.1, "demand_charges": []})
    assert of(found, "tiers")[0] == pytest.approx(4e6 * 0.1 - 2.44e6 * 0.05)
    assert of(found, "energy_tax")[0] == pytest.approx(0.1 * (JANUARY_KWH * 0.6 + 278_000))
    assert found.ledger.lines["grid_energy"][found.dispatch.row("grid"), 1] == pytest.approx(
        -1.1 * (JANUARY_KWH * 0.6 + 278_000)
    )


def test_tiers_count_the_kwh_of_their_periods_and_months():
    """The peak's four hours are a sixth of the day, 1.24 GWh in January: 0.24 GWh in the second tier."""
    rule = {"tiers": TIERS, "periods": ["peak"], "months": [1, 2]}
    found = simple({"seasons": [FOUR_HOURS], "energy_tiers": [rule]})
    assert of(found, "tiers")[0] == pytest.approx(0.24e6 * 0.1)
    assert not of(found, "tiers")[2:].any()


def test_hourly_steps_share_a_period_that_ends_within():
    """A period from 0:00 to 0:30 holds half of the first hour's kWh: 10,000 x 0.5 x 31 in January."""
    windows = [
        {"start_hour": 0, "end_hour": 0.5, "period": "peak"},
        {"start_hour": 0.5, "end_hour": 24, "period": "flat"},
    ]
    days = {name: windows for name in ("weekday", "saturday", "sunday_holiday")}
    season = {"name": "all", "months": list(range(1, 13)), "prices_per_kwh": {"peak": 1.0, "flat": 0.6}, **days}
    found = simple({"seasons": [season], "energy_tiers": [{"tiers": [{"adder": 1.0}], "periods": ["peak"]}]})
    assert of(found, "tiers")[0] == pytest.approx(10_000 * 0.5 * 31)


def test_tiers_of_a_demand_charge():
    """10,000 kW: 40 for each, 5 more for what lies above 4,000."""
    charge = {"name": "demand", "per_kw_month": 40, "tiers": [{"up_to": 4_000, "adder": 0}, {"adder": 5}]}
    found = simple({"demand_charges": [charge]})
    np.testing.assert_allclose(of(found, "demand_demand"), 10_000 * 40 + 6_000 * 5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1e6), min_size=4, max_size=4),
    st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    st.floats(1, 4e5),
    st.floats(1, 4e5),
)
def test_tiers_in_the_bill_are_the_rule_of_its_own(kwh, adders, first, more):
    """Any quantities and tiers: the bill with tiers is the plain one and the tiered charge of the counted kWh."""
    tiers = (Tier(adders[0], first), Tier(adders[1], first + more), Tier(adders[2]))
    imported = np.array(kwh).reshape(2, 2)
    metered = Metered(imported, np.zeros((2, 2)), np.zeros((2, 2)))
    plain = bill(BillRates(np.full((2, 2), 0.5)), metered)
    tiered = bill(BillRates(np.full((2, 2), 0.5), tiers=(TierRate(tiers, [1.0, 0.25]),)), metered)
    counted = imported @ [1.0, 0.25]
    np.testing.assert_allclose(tiered.total - plain.total, tiered_charge(counted, tiers), rtol=1e-9, atol=1e-6)


def test_a_ratchet_of_named_months():
    """12 MW in July and August only; 80 % of the greatest summer peak of the eleven months before binds from then on,
    in the second year all year."""
    ramp = [{"month": m, "fraction": 1.2 if m % 12 in (7, 8) else 0.9} for m in range(1, 25)]
    tariff = {"ratchet_fraction": 0.8, "ratchet_months": 11, "ratchet_calendar_months": [7, 8]}
    found = simple(
        tariff, load={"kind": "flat", "peak_kw": 10_000, "ramp": ramp}, site={"start": "2026-01", "term_months": 24}
    )
    row = found.dispatch.row("grid")
    billed = found.bill.billed_kw["max_demand"][row]
    np.testing.assert_allclose(billed[:6], 9_000)
    np.testing.assert_allclose(billed[12:], [9_600] * 6 + [12_000] * 2 + [9_600] * 4)


@pytest.mark.parametrize("steps", [15, 60])
def test_a_coincident_peak_is_the_import_in_its_hours(steps):
    """The charge of the whole study is that of the rule on the series itself, in the months that have such hours."""
    hours = [{"month": 7, "day": 3, "hour": 18}, {"month": 7, "day": 9, "hour": 2}, {"month": 12, "day": 1, "hour": 19}]
    charges = [
        {"name": "own", "per_kw_month": 10},
        {"name": "coincident", "per_kw_month": 7, "hours": hours},
    ]
    base = presets()["case_b"].scenario
    tariff = base.tariff.model_dump() | {"demand_basis": "max_demand", "demand_charges": charges}
    changes = {"tariff": tariff, "site.term_months": 12, "site.step_minutes": steps, "load.kind": "training"}
    found = evaluate(base.with_(changes))
    clock, trace = found.dispatch.clock, found.dispatch.trace("hybrid")
    at = [
        np.flatnonzero((clock.calendar_month == h["month"]) & (clock.day == h["day"]) & (clock.hour == h["hour"]))
        for h in hours
    ]
    year = 7 * (trace.import_kw[np.concatenate(at[:2])].max() + trace.import_kw[at[2]].max())
    own = of(found, "demand_coincident", "hybrid")
    assert own.sum() == pytest.approx(year, rel=1e-9)
    assert np.count_nonzero(own) == 2
    plain = [trace.import_kw[clock.month_index == month].max() * 10 for month in range(12)]
    np.testing.assert_allclose(of(found, "demand_own", "hybrid"), plain)
    without = evaluate(base.with_(changes | {"tariff": tariff | {"demand_charges": charges[:1]}}))
    assert found.bill.energy_charge.sum() == pytest.approx(without.bill.energy_charge.sum(), rel=1e-12)


def test_the_optimum_covers_a_coincident_peak():
    charge = {"name": "coincident", "per_kw_month": 30, "hours": [{"month": 1, "day": 20, "hour": 18}]}
    found = simple(
        {"seasons": [FOUR_HOURS], "demand_charges": [charge]},
        storage=BATTERY,
        site={"start": "2026-01", "term_months": 1},
    )
    assert not_covered(found) is None


def test_a_minimum_bill():
    """Jakarta's kind: 40 h x 12.5 MVA x 0.6 = 300,000 a month; a load of 100 kW takes 43,200 to 44,640."""
    small = {"kind": "flat", "peak_kw": 100}
    found = simple({"minimum_per_kva_month": 24, "demand_charges": []}, load=small)
    row = found.dispatch.row("grid")
    np.testing.assert_allclose(found.bill.total[row], 300_000)
    assert of(found, "minimum")[0] == pytest.approx(300_000 - 100 * 744 * 0.6)
    assert found.ledger.lines["grid_fixed"][row, 1] == pytest.approx(-(300_000 - 44_640))
    assert not found.bill.total[found.dispatch.row("diesel")].any()
    assert not of(simple({"minimum_per_kva_month": 24, "demand_charges": []}), "minimum").any()


def test_the_power_factor_of_the_load_adjusts_the_bill():
    """0.87 is three hundredths below 0.90: 1.5 % on energy and demand, without levies of 0.03 per kWh."""
    tariff = {"power_factor_rule": "cn_1983_090", "levies_per_kwh": 0.03}
    found = simple(tariff, grid={"power_factor": 0.87})
    january = JANUARY_KWH * (0.6 - 0.03) + 10_000 * 40
    assert of(found, "power_factor")[0] == pytest.approx(0.015 * january)
    assert not of(simple(tariff), "power_factor").any()
    assert not of(simple({}, grid={"power_factor": 0.87}), "power_factor").any()


def test_pv_lowers_the_power_factor_at_the_meter():
    """PV gives kWh but no kvarh: the hybrid's adjustment is the dearer one."""
    base = presets()["case_b"].scenario.with_({"pv.dc_kwp": 8_000, "grid.power_factor": 0.91, "site.term_months": 12})
    found = evaluate(base)
    share = {
        name: of(found, "power_factor", name).sum() / found.bill.total[found.dispatch.row(name)].sum()
        for name in ("grid", "hybrid")
    }
    assert share["grid"] < 0 < share["hybrid"]


def rules_of_all_kinds():
    hours = [{"month": 7, "day": 3, "hour": 18}]
    charges = [
        {"name": "max_demand", "per_kw_month": 40},
        {"name": "peak", "per_kw_month": 9, "measured_periods": ["peak"]},
        {"name": "coincident", "per_kw_month": 7, "hours": hours},
    ]
    return {
        "demand_charges": charges,
        "energy_tiers": [{"tiers": TIERS, "periods": ["peak", "flat"]}],
        "energy_tax_rate": 0.05,
        "ratchet_fraction": 0.7,
        "ratchet_months": 5,
        "power_factor_rule": "cn_1983_090",
        "levies_per_kwh": 0.02,
        "high_use_kwh_per_kva": 260,
        "high_use_factor": 0.9,
        "minimum_per_month": 6e6,
        "fixed_per_month": 500,
    }


@pytest.mark.parametrize("basis", ["max_demand", "contract_demand", "transformer_kva"])
@pytest.mark.parametrize("vat_basis", ["incl", "excl"])
def test_everything_together_sums_in_every_month(basis, vat_basis):
    found = study(
        rules_of_all_kinds() | {"seasons": [FOUR_HOURS], "demand_basis": basis, "includes_vat": False},
        storage=BATTERY,
        grid={"power_factor": 0.88, "declared_kw": 11_000},
        finance={"vat_basis": vat_basis, "energy_price_factor": 1.1},
        site={"start": "2026-01", "term_months": 12},
    )
    for row in range(4):
        np.testing.assert_allclose(sum(bill_components(found.bill, row).values()), found.bill.total[row], rtol=1e-12)
    steps = waterfall(found.scenario, found.dispatch, found.bill, found.ledger)
    assert tuple(steps.steps) == STEPS
    np.testing.assert_allclose(steps.before - sum(steps.steps.values()), steps.after, rtol=1e-12)
    if basis == "contract_demand":
        assert steps.totals["redeclared"] > 0
    assert not_covered(found) in ("ratchet", "contract_demand")


def test_the_risk_module_agrees_where_no_minimum_binds():
    rules = rules_of_all_kinds() | {"seasons": [FOUR_HOURS], "minimum_per_month": 0, "ratchet_months": 0}
    found = study(rules, storage=BATTERY, grid={"power_factor": 0.88}, finance={"energy_price_factor": 1.3})
    run = flows(found, {"finance.discount_rate": [0.08]})
    assert -run.own[0].sum() == pytest.approx(found.kpis["hybrid"].total_cost, rel=1e-9)
    cheaper = evaluate(found.scenario.with_({"finance.energy_price_factor": 0.7}))
    varied = flows(found, {"finance.energy_price_factor": [0.7]})
    assert -varied.own[0].sum() == pytest.approx(cheaper.kpis["hybrid"].total_cost, rel=1e-9)


def test_one_vat_basis_through_the_whole_study():
    """At 13 % on everything all money is 1 / 1.13 without VAT and the payback stays: 11.5 % off if only the outlay were
    taken without VAT. Lost compute and carbon carry no VAT and are off here."""
    base = presets()["case_b"].scenario.with_(
        {
            "finance.count_unserved": False,
            "finance.vat_services_rate": 0.13,
            "tariff.includes_vat": True,
            "tariff.vat_rate": 0.13,
            "grid.outages": (),
        }
    )
    incl = evaluate(base.with_({"tariff.demand_basis": "contract_demand", "grid.power_factor": 0.95}))
    excl = evaluate(incl.scenario.with_({"finance.vat_basis": "excl"}))
    for name in ("grid", "hybrid"):
        assert incl.kpis[name].total_cost == pytest.approx(1.13 * excl.kpis[name].total_cost, rel=1e-9)
    paid = [found.kpis["hybrid"].payback_years.value for found in (incl, excl)]
    assert paid[0] == pytest.approx(paid[1], rel=1e-9)
    capex = [sum(found.ledger.lines[line][3, 0] for line in ("storage_capex", "ems")) for found in (incl, excl)]
    assert 1 - capex[1] / capex[0] == pytest.approx(0.115, abs=1e-4)


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_a_demand_window_wider_than_the_step(minutes):
    """On 15-minute steps the month's demand is the greatest mean of whole windows, aligned to the hour."""
    base = presets()["case_b"].scenario
    tariff = base.tariff.model_dump() | {"demand_basis": "max_demand", "demand_window_minutes": minutes}
    found = evaluate(base.with_({"tariff": tariff, "site.step_minutes": 15, "site.term_months": 12, "load.seed": 5}))
    clock, imported = found.dispatch.clock, found.dispatch.trace("hybrid").import_kw
    per = minutes // 15
    means = imported.reshape(-1, per).mean(axis=1)
    month = clock.month_index[::per]
    expected = [means[month == m].max() for m in range(12)]
    charge = found.scenario.tariff.demand_charges[0].name
    np.testing.assert_allclose(found.bill.billed_kw[charge][3], expected, rtol=1e-12)


def test_library_rules_are_read():
    singapore, jakarta = library_tariff("sg_sp_ht_large"), library_tariff("id_pln_i3_tm")
    assert singapore.demand_basis == "contract_demand"
    assert (singapore.contract.tolerance, singapore.contract.overrun_factor, singapore.contract.hold_months) == (
        1,
        1.5,
        12,
    )
    assert jakarta.minimum_per_kva_month == pytest.approx(40 * 1035.78)
    shanghai = library_tariff("cn_shanghai_10kv")
    assert shanghai.demand_basis == "max_demand" and shanghai.power_factor_rule == "cn_1983_090"
    assert shanghai.levies_per_kwh == pytest.approx(0.029115)


def test_a_contracted_capacity_for_a_year_by_hand():
    """Singapore's rule, 16.5 per kW: 10 MW, 12 MW in December. Contracting 10 MW: 10,000 x 12 + 1.5 x 2,000 = 123,000
    kW; contracting 12 MW: 144,000 kW."""
    ramp = [{"month": 12, "fraction": 1.2}]
    tariff = {"contract": {"tolerance": 1.0, "overrun_factor": 1.5, "floor_fraction_of_kva": 0, "hold_months": 12}}
    tariff |= {"demand_charges": [{"name": "contracted", "per_kw_month": 16.5}]}
    found = study(tariff, load={"kind": "flat", "peak_kw": 10_000, "ramp": ramp})
    paid = of(found, "demand_contracted").sum() + of(found, "demand_contracted_overrun").sum()
    assert paid == pytest.approx(123_000 * 16.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy_tiers": [{"tiers": [{"up_to": 5, "adder": 1}]}]}, "the last tier needs no limit"),
        (
            {"energy_tiers": [{"tiers": [{"up_to": 5, "adder": 1}, {"up_to": 4, "adder": 1}, {"adder": 0}]}]},
            "must rise",
        ),
        ({"energy_tiers": [{"tiers": [{"adder": 1}], "periods": ["noon"]}]}, "no season has a period 'noon'"),
        ({"demand_charges": [{"name": "peak", "per_kw_month": 1, "measured_periods": ["flat"]}]}, "counts every hour"),
    ],
)
def test_rules_that_make_no_sense_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        study(change)
