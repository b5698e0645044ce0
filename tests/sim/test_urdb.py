"""URDB rates in and out: a known rate, round trips of the library, and what is said of things not taken over."""

import json

import numpy as np
import pytest

from finance.tiers import Tier, tiered_charge
from sim.inputs.tariff import library_ids, library_tariff, price_classes
from sim.problem import Refusal
from sim.tariff.urdb import read_urdb, to_tariff, to_urdb
from sim.timeline import timeline
from tests.study.test_contract_study import FOUR_HOURS, study

ALL = [[0] * 24 for _ in range(12)]
SUMMER = {
    "kind": "flat",
    "peak_kw": 10_000,
    "ramp": [{"month": m, "fraction": 1.2 if m in (7, 8) else 0.9} for m in range(1, 13)],
}
# RS-1 Residential Service, Florida Power & Light (URDB label 5550d6fd5457a3187e8b4567).
RESIDENTIAL = {
    "name": "RS-1 Residential Service",
    "utility": "Florida Power & Light Co.",
    "uri": "https://openei.org/apps/USURDB/rate/view/5550d6fd5457a3187e8b4567",
    "fixedmonthlycharge": 7.57,
    "energyratestructure": [
        [{"max": 1000, "rate": 0.07531, "adj": 0.0119, "unit": "kWh"}, {"rate": 0.09613, "adj": 0.0119, "unit": "kWh"}]
    ],
    "energyweekdayschedule": ALL,
    "energyweekendschedule": ALL,
}
DAYTIME = [[0] * 8 + [1] * 12 + [0] * 4 for _ in range(12)]
COMMERCIAL = {
    "name": "TOU",
    "energyratestructure": [[{"rate": 0.08, "unit": "kWh"}], [{"rate": 0.15, "unit": "kWh"}]],
    "energyweekdayschedule": DAYTIME,
    "energyweekendschedule": ALL,
    "demandratestructure": [[{"rate": 0.0}], [{"rate": 12.0, "unit": "kW"}]],
    "demandweekdayschedule": [[0] * 14 + [1] * 4 + [0] * 6 for _ in range(12)],
    "demandweekendschedule": ALL,
    "flatdemandstructure": [[{"rate": 3.0}], [{"rate": 5.0}]],
    "flatdemandmonths": [0] * 5 + [1] * 4 + [0] * 3,
    "fixedchargefirstmeter": 3.298,
    "fixedchargeunits": "$/day",
    "demandwindow": 15,
    "lookbackPercent": 0.35,
    "lookbackRange": 11,
    "mincharge": 20,
}


def test_a_tiered_rate_is_read_whole():
    rate = read_urdb(json.dumps({"items": [RESIDENTIAL]}))
    tiers = [Tier(tier.price, tier.up_to) for tier in rate.energy[0]]
    assert tiered_charge(np.full(12, 2000.0), tiers).sum() == pytest.approx(2_342.88)
    tariff, findings = to_tariff(rate)
    assert tariff.fixed_per_month == 7.57 and findings == ()
    (rule,) = tariff.energy_tiers
    assert rule.periods == ("energy_0",) and rule.tiers[0].up_to == 1000
    assert [tier.adder for tier in rule.tiers] == pytest.approx([0, 0.09613 - 0.07531])
    assert tariff.source.endswith("5550d6fd5457a3187e8b4567")


def test_a_time_of_use_rate_becomes_a_tariff():
    rate = read_urdb(COMMERCIAL)
    tariff, findings = to_tariff(rate)
    assert tariff.fixed_per_month == pytest.approx(3.298 * 365 / 12)
    assert (tariff.ratchet_fraction, tariff.ratchet_months, tariff.demand_window_minutes) == (0.35, 11, 15)
    assert tariff.minimum_per_month == 20 and findings == ()
    charges = {charge.name: charge for charge in tariff.demand_charges}
    assert charges["flat_1"].months == (6, 7, 8, 9) and charges["flat_1"].per_kw_month == 5.0
    assert charges["demand_1"].measured_periods == ("energy_1_demand_1",)
    clock = timeline("2026-01", 12, 60)
    classes = price_classes(tariff, clock)
    price = classes.step_price_per_kwh(clock)
    weekday = clock.weekday < 5
    np.testing.assert_allclose(price, np.where(weekday & (clock.hour >= 8) & (clock.hour < 20), 0.15, 0.08))
    measured = classes.measured[list(charges).index("demand_1")][classes.period]
    np.testing.assert_array_equal(measured, weekday & (clock.hour >= 14) & (clock.hour < 18))


@pytest.mark.parametrize(
    "library_id", [name for name in library_ids() if not name.startswith("cn_")][:12] + ["cn_shanghai_35kv"]
)
def test_a_library_tariff_survives_the_round_trip(library_id):
    """Written as URDB and read again: the same price in every hour whose windows are whole hours, the same demand."""
    tariff = library_tariff(library_id)
    again, _ = to_tariff(read_urdb(to_urdb(tariff)), tariff.currency)
    clock = timeline("2026-01", 12, 60)
    own = price_classes(tariff, clock)
    ours, theirs = own.step_price_per_kwh(clock), price_classes(again, clock).step_price_per_kwh(clock)
    mixed = np.array(["/" in name for name in own.names])[own.period]
    saturday = clock.weekday == 5
    keep = ~mixed & ~saturday
    np.testing.assert_allclose(theirs[keep], ours[keep], rtol=1e-12)
    assert sum(charge.per_kw_month for charge in again.demand_charges) == pytest.approx(
        sum(charge.per_kw_month for charge in tariff.demand_charges)
    )


def test_a_residential_year_is_billed_in_tiers():
    """24,000 kWh a year in equal months of 2,000 kWh cost 2,342.88; a flat load has months of 28 to 31 days."""
    tariff, _ = to_tariff(read_urdb(RESIDENTIAL), "CNY")
    kw = 24_000 / 8760
    found = study(tariff.model_dump(), load={"kind": "flat", "peak_kw": kw})
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    tiers = [Tier(0.07531 + 0.0119, 1000), Tier(0.09613 + 0.0119)]
    expected = tiered_charge(kw * 24 * days, tiers) + 7.57
    np.testing.assert_allclose(found.bill.total[found.dispatch.row("grid")], expected, rtol=1e-9)
    assert expected.sum() == pytest.approx(2_342.88 + 12 * 7.57, rel=1e-3)


def test_rules_of_the_bill_survive_the_round_trip():
    """Tiers, named look-back months and a minimum: written, read again, and the year's bill is the same."""
    rules = {
        "seasons": [FOUR_HOURS],
        "demand_basis": "max_demand",
        "demand_charges": [
            {"name": "all", "per_kw_month": 12, "tiers": [{"up_to": 6_000, "adder": 0}, {"adder": 3}]},
            {"name": "peak", "per_kw_month": 9, "measured_periods": ["peak"], "months": [6, 7, 8]},
        ],
        "energy_tiers": [{"tiers": [{"up_to": 1e6, "adder": 0.0}, {"adder": -0.05}], "periods": ["flat"]}],
        "energy_tax_rate": 0.1,
        "minimum_per_month": 4_000_000,
        "ratchet_fraction": 0.8,
        "ratchet_months": 11,
        "ratchet_calendar_months": [7, 8],
        "includes_vat": False,
        "vat_rate": 0,
    }
    before = study(rules, load=SUMMER)
    again, findings = to_tariff(read_urdb(to_urdb(before.scenario.tariff)), "CNY")
    after = study(again.model_dump(), load=SUMMER)
    assert findings == ()
    assert before.bill.minimum.any() and before.bill.tiers.any()
    row = before.dispatch.row("grid")
    np.testing.assert_allclose(after.bill.total[row], before.bill.total[row], rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy_tiers": [{"tiers": [{"adder": 0.1}]}]}, "count the kWh of several prices together"),
        (
            {"demand_charges": [{"name": "a", "per_kw_month": 1, "hours": [{"month": 1, "day": 1, "hour": 1}]}]},
            "named hours",
        ),
        (
            {"demand_charges": [{"name": n, "per_kw_month": 1, "tiers": [{"adder": 1}]} for n in ("a", "b")]},
            "one of them with tiers",
        ),
    ],
)
def test_what_urdb_has_no_place_for_is_refused(change, message):
    tariff = study({"seasons": [FOUR_HOURS], "demand_basis": "max_demand", **change}).scenario.tariff
    with pytest.raises(ValueError, match=message):
        to_urdb(tariff)


def test_a_coincident_peak_needs_its_hours():
    _, findings = to_tariff(read_urdb({**COMMERCIAL, "coincidentratestructure": [[{"rate": 5}]]}))
    assert len(findings) == 1 and "no dates of the grid's peaks" in findings[0]


@pytest.mark.parametrize(
    ("fields", "money"),
    [
        ({"coincidentratestructure": [[{"rate": 5}, {"rate": 7, "max": 1000}]]}, "84,000"),  # 7 x 12 x 1000 kW
        ({"demandreactivepowercharge": 0.4}, "2,324"),  # 0.4 x 12 x 1000 kW x 0.484 at a power factor of 0.9
        ({"annualmincharge": 9000}, "9,000"),
        ({"mincharge": 5, "minchargeunits": "$/kW"}, "60,000"),  # 5 x 12 x 1000 kW
    ],
)
def test_what_is_not_taken_over_is_named_with_its_money(fields, money):
    _, findings = to_tariff(read_urdb({**COMMERCIAL, **fields}), peak_kw=1000)
    assert len(findings) == 1 and f"It may come to {money} USD a year." in str(findings[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energyratestructure": []}, "no energyratestructure"),
        ({"energyweekdayschedule": [[0] * 23] * 12}, "12 months and 24 hours"),
        ({"energyweekendschedule": [[7] * 24] * 12}, "no price"),
        ({"energyratestructure": [[{"rate": 0.1, "unit": "kWh/kW"}]]}, "only kWh can"),
        ({"energyratestructure": [[{"rate": "much"}]]}, "energyratestructure"),
        ({"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [3] * 12}, "flatdemandmonths"),
    ],
)
def test_bad_rates_say_what_is_wrong(change, message):
    with pytest.raises(Refusal, match=message):
        read_urdb({**RESIDENTIAL, **change})


def test_a_rate_of_the_bulk_file_is_read_as_the_service_answers_it():
    table = [[0] * 12 + [1] * 12] * 12
    bulk = {
        "rateName": "R",
        "energyRateStrux": [{"energyRateTiers": [{"rate": 0.08}]}, {"energyRateTiers": [{"rate": 0.2, "adj": 0.01}]}],
        "flatDemandStrux": [{"flatDemandTiers": [{"rate": 3}]}],
        "flatDemandMonths": [0] * 12,
        "energyWeekdaySched": table,
        "energyWeekendSched": table,
    }
    answered = {
        "name": "R",
        "energyratestructure": [[{"rate": 0.08}], [{"rate": 0.2, "adj": 0.01}]],
        "flatdemandstructure": [[{"rate": 3}]],
        "flatdemandmonths": [0] * 12,
        "energyweekdayschedule": table,
        "energyweekendschedule": table,
    }
    assert to_tariff(read_urdb([bulk])) == to_tariff(read_urdb(answered))


@pytest.mark.parametrize(
    ("text", "message"), [("{", "not valid JSON"), ("[]", "one JSON object"), ('{"items": []}', "holds no rate")]
)
def test_bad_files_say_what_is_wrong(text, message):
    with pytest.raises(Refusal, match=message):
        read_urdb(text)
