"""Tariffs: the library, windows on a timeline, half hours, messages."""

import numpy as np
import pytest
from pydantic import ValidationError

from sim.inputs.tariff import Tariff, library_ids, library_tariff, price_classes
from sim.timeline import timeline


def tariff(windows, prices, **rest):
    season = {"name": "all", "months": list(range(1, 13)), "prices_per_kwh": prices}
    season |= dict.fromkeys(("weekday", "saturday", "sunday_holiday"), windows)
    return Tariff.model_validate({"name_en": "t", "currency": "CNY", "seasons": [season], **rest})


@pytest.mark.parametrize("name", library_ids())
def test_notes_are_said_in_both_languages(name: str) -> None:
    tariff = library_tariff(name)
    assert bool(tariff.notes) == bool(tariff.notes_zh)
    assert not tariff.notes_zh or any("\u4e00" <= c <= "\u9fff" for c in tariff.notes_zh)


def test_all_41_tariffs_load_and_price_every_step():
    clock = timeline("2026-03", 12, 60)
    assert len(library_ids()) == 41
    for name in library_ids():
        classes = price_classes(library_tariff(name), clock)
        price = classes.step_price_per_kwh(clock)
        assert price.shape == (8760,) and np.isfinite(price).all() and (price > 0).all(), name


def test_shanghai_prices_by_hand():
    """August 2026: 12-14 tip 1.4104, 18-21 peak 1.1444, 02 valley 0.3167; April 10 h peak 1.0261."""
    clock = timeline("2026-01", 12, 60)
    price = price_classes(library_tariff("cn_shanghai_10kv"), clock).step_price_per_kwh(clock)
    for (month, day, hour), expected in {
        (8, 3, 12): 1.4104,
        (8, 3, 13): 1.4104,
        (8, 3, 14): 1.1444,
        (8, 3, 18): 1.1444,
        (8, 3, 2): 0.3167,
        (4, 10, 10): 1.0261,
        (4, 10, 15): 0.6714,
        (9, 1, 12): 1.1444,
    }.items():
        assert price[clock.step_at(month, day, hour)] == expected, (month, day, hour)


def test_malaysian_price_holds_adder_and_energy_tax():
    clock = timeline("2026-01", 12, 30)
    classes = price_classes(library_tariff("my_tnb_mv_tou"), clock)
    price = classes.step_price_per_kwh(clock)
    monday_noon, monday_three = clock.step_at(1, 5, 12), clock.step_at(1, 5, 15)
    assert price[monday_noon] == pytest.approx(0.2723 * 1.016)
    assert price[monday_three] == pytest.approx(0.3132 * 1.016)
    assert price[clock.step_at(1, 3, 15)] == pytest.approx(0.2723 * 1.016)
    assert classes.measured.tolist() == [[False, True], [False, True]]


def test_an_hour_that_straddles_two_periods_costs_their_mean():
    windows = [
        {"start_hour": 0, "end_hour": 17.5, "period": "low"},
        {"start_hour": 17.5, "end_hour": 24, "period": "high"},
    ]
    t = tariff(
        windows,
        {"low": 1.0, "high": 3.0},
        demand_charges=[{"name": "d", "per_kw_month": 1, "measured_periods": ["high"]}],
    )
    hourly, half = timeline("2026-01", 1, 60), timeline("2026-01", 1, 30)
    by_hour = price_classes(t, hourly)
    assert by_hour.step_price_per_kwh(hourly)[[16, 17, 18]].tolist() == [1, 2, 3]
    assert price_classes(t, half).step_price_per_kwh(half)[[34, 35]].tolist() == [1, 3]
    assert dict(zip(by_hour.names, by_hour.measured[0], strict=True)) == {
        "low": False,
        "high/low": True,
        "high": True,
    }


def test_demand_window_rule_of_ratchets_from_the_library():
    thai = library_tariff("th_mea_42_mv")
    assert (thai.ratchet_fraction, thai.ratchet_months) == (0.7, 11)


@pytest.mark.parametrize(
    ("windows", "sentence"),
    [
        ([(0, 2), (3, 24)], "no price period from 02:00 to 03:00"),
        ([(0, 20)], "no price period from 20:00 to 24:00"),
        ([(0, 12), (11, 24)], "two windows overlap from 11:00 to 12:00"),
        ([(0, 24), (22, 6)], "window 22:00-06:00 ends before it starts; split it at midnight"),
    ],
)
def test_windows_that_do_not_fit_are_named(windows, sentence):
    given = [{"start_hour": a, "end_hour": b, "period": "p"} for a, b in windows]
    with pytest.raises(ValidationError, match=sentence):
        tariff(given, {"p": 1.0})


def test_periods_without_price_and_months_without_season():
    with pytest.raises(ValidationError, match="period 'q' has no price"):
        tariff([{"start_hour": 0, "end_hour": 24, "period": "q"}], {"p": 1.0})
    fields = library_tariff("cn_shanghai_10kv").model_dump()
    fields["seasons"] = fields["seasons"][1:]
    with pytest.raises(ValidationError, match="no season for month 7; every month needs exactly one season"):
        Tariff.model_validate(fields)


def test_kva_basis_needs_its_price():
    with pytest.raises(ValidationError, match="capacity_per_kva_month"):
        tariff([{"start_hour": 0, "end_hour": 24, "period": "p"}], {"p": 1.0}, demand_basis="transformer_kva")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("Peak", "Peak"), "two demand charges are called 'Peak'; give one of them another name"),
        (("Peak", "Peak_overrun"), "'Peak_overrun', which is what the bill calls the over-run of 'Peak'"),
    ],
)
def test_demand_charges_have_names_of_their_own(names, sentence):
    """The bill adds them up by name; two of one name ended the study in a sentence of Python's."""
    charges = [{"name": name, "per_kw_month": 10} for name in names]
    with pytest.raises(ValidationError, match=sentence):
        tariff([{"start_hour": 0, "end_hour": 24, "period": "p"}], {"p": 1.0}, demand_charges=charges)


def test_unknown_library_id():
    with pytest.raises(ValueError, match="no tariff 'cn_mars' in the library"):
        library_tariff("cn_mars")
