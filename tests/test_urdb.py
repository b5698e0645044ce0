"""URDB rates in and out: a known rate, round trips of the library, and what is said of things not taken over."""

import json

import numpy as np
import pytest

from finance.bill_rules import Tier, tiered_charge
from sim.problem import Refusal
from sim.tariff import library_ids, library_tariff, price_classes
from sim.timeline import timeline
from sim.urdb import read_urdb, to_tariff, to_urdb

ALL = [[0] * 24 for _ in range(12)]
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
    assert tariff.fixed_per_month == 7.57 and "tiers" in findings[0]
    assert tariff.source.endswith("5550d6fd5457a3187e8b4567")


def test_a_time_of_use_rate_becomes_a_tariff():
    rate = read_urdb(COMMERCIAL)
    tariff, findings = to_tariff(rate)
    assert tariff.fixed_per_month == pytest.approx(3.298 * 365 / 12)
    assert (tariff.ratchet_fraction, tariff.ratchet_months, tariff.demand_window_minutes) == (0.35, 11, 15)
    assert findings == ("Not taken over: the minimum bill.",)
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


@pytest.mark.parametrize(
    ("text", "message"), [("{", "not valid JSON"), ("[]", "one JSON object"), ('{"items": []}', "holds no rate")]
)
def test_bad_files_say_what_is_wrong(text, message):
    with pytest.raises(Refusal, match=message):
        read_urdb(text)
