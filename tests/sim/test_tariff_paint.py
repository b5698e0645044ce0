"""A tariff painted over and made a tariff again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.inputs.tariff import DAY_TYPES, Tariff, library_ids, library_tariff, price_classes
from sim.problem import Refusal
from sim.tariff.paint import (
    MOST_PERIODS,
    SLOTS,
    month_groups,
    months_text,
    painted,
    painted_fields,
    painting_of,
    refined,
    with_day_copied,
    with_period,
    with_price,
)
from sim.timeline import timeline

CLOCK = timeline("2026-06", 12, 15)


def price_of_steps(tariff: Tariff) -> np.ndarray:
    return price_classes(tariff, CLOCK).step_price_per_kwh(CLOCK)


def back(painting) -> Tariff:
    return Tariff.model_validate(painted_fields(painting, "mine"))


@pytest.mark.parametrize("name", library_ids())
def test_painting_nothing_changes_no_price_and_no_class(name: str) -> None:
    tariff = library_tariff(name)
    before, after = price_classes(tariff, CLOCK), price_classes(back(painting_of(tariff)), CLOCK)
    assert after.names == before.names
    np.testing.assert_array_equal(after.period, before.period)
    np.testing.assert_array_equal(after.measured, before.measured)
    np.testing.assert_array_equal(price_of_steps(back(painting_of(tariff))), price_of_steps(tariff))


@pytest.mark.parametrize("name", ["cn_shanghai_10kv", "vn_evn_production_22_110kv", "us_ca_large_tou_proxy"])
def test_finer_slots_show_the_same(name: str) -> None:
    painting = painting_of(library_tariff(name))
    assert painting.slots == (48 if name.startswith("vn") else 24)
    fine = refined(painting, 96)
    np.testing.assert_array_equal(price_of_steps(back(fine)), price_of_steps(painting.tariff))
    with pytest.raises(Refusal, match="coarser"):
        refined(fine, 24)


@given(
    name=st.sampled_from(library_ids()),
    day_type=st.sampled_from(DAY_TYPES),
    cells=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 23)), min_size=1, max_size=30),
    data=st.data(),
)
def test_painted_slots_and_only_they_change(name, day_type, cells, data) -> None:
    """Each painted hour has the period's price in the tariff made from the picture; every other hour its old one."""
    before = refined(painting_of(library_tariff(name)), 48)
    period = data.draw(st.sampled_from(before.periods))
    tariff = back(painted(before, day_type, cells, period))
    touched = np.zeros((len(DAY_TYPES), 12, 48), bool)
    for month, slot in cells:
        touched[DAY_TYPES.index(day_type), month, slot] = True
    after = refined(painting_of(tariff), 48)
    names = np.array(after.periods)[after.cells]
    old_names = np.array(before.periods)[before.cells]
    assert (names[touched] == period).all()
    assert (names[~touched] == old_names[~touched]).all()
    for kind, month, slot in zip(*np.nonzero(~touched), strict=True):
        old = before.price_per_kwh[before.cells[kind, month, slot], month]
        assert after.price_per_kwh[after.cells[kind, month, slot], month] == old


def test_a_period_takes_the_nearest_months_price_where_it_had_none() -> None:
    """Shanghai has a tip price in January, July, August and December; June is nearest to July, March to January."""
    painting = painting_of(library_tariff("cn_shanghai_10kv"))
    tip = painting.price_per_kwh[painting.periods.index("tip")]
    assert np.flatnonzero(~np.isnan(tip)).tolist() == [0, 6, 7, 11]
    after = painted(painting, "weekday", [(5, 12), (2, 12)], "tip")
    row = after.price_per_kwh[after.periods.index("tip")]
    assert (row[5], row[2]) == (tip[6], tip[0])
    assert np.isnan(row[3])


def test_months_painted_alike_become_one_season() -> None:
    painting = painting_of(library_tariff("my_tnb_mv_tou"))
    assert month_groups(painting) == [tuple(range(1, 13))]
    apart = painted(painting, "saturday", [(3, 2), (9, 2)], "peak")
    assert month_groups(apart) == [(1, 2, 3, 5, 6, 7, 8, 9, 11, 12), (4, 10)]
    together = painted(apart, "saturday", [(3, 2), (9, 2)], "flat")
    assert month_groups(together) == [tuple(range(1, 13))]
    assert back(apart).season(4).name == "months 4, 10"


def test_another_price_in_one_month_makes_a_season_of_it() -> None:
    painting = with_price(painting_of(library_tariff("my_tnb_mv_tou")), "peak", [2], 0.5)
    tariff = back(painting)
    assert tariff.season(2).prices_per_kwh["peak"] == 0.5
    assert tariff.season(2).months == (2,)
    assert tariff.season(3).prices_per_kwh == library_tariff("my_tnb_mv_tou").season(3).prices_per_kwh


def test_weekend_copied_from_weekday() -> None:
    copied = with_day_copied(painting_of(library_tariff("my_tnb_mv_tou")), "weekday", ("saturday", "sunday_holiday"))
    season = back(copied).season(1)
    assert season.saturday == season.sunday_holiday == season.weekday


def test_new_period_and_its_limits() -> None:
    painting = with_period(painting_of(library_tariff("my_tnb_mv_tou")), " night ", 0.2)
    assert painting.periods[-1] == "night"
    tariff = back(painted(painting, "weekday", [(0, 3)], "night"))
    assert tariff.season(1).prices_per_kwh["night"] == 0.2
    assert "night" not in tariff.season(2).prices_per_kwh
    for name in ("night", "  "):
        with pytest.raises(Refusal, match="another name"):
            with_period(painting, name, 0.1)
    for number in range(len(painting.periods), MOST_PERIODS):
        painting = with_period(painting, f"p{number}", 0.1)
    with pytest.raises(Refusal, match="at most"):
        with_period(painting, "one more", 0.1)


def test_a_painted_tariff_is_nobodys_record() -> None:
    tariff = back(painting_of(library_tariff("cn_shanghai_35kv")))
    assert (tariff.library_id, tariff.name_en, tariff.confidence) == ("", "mine", "unverified")


@pytest.mark.parametrize(("months", "text"), [((1, 2, 3, 7), "1-3, 7"), ((5,), "5"), ((1, 12), "1, 12")])
def test_months_in_words(months: tuple[int, ...], text: str) -> None:
    assert months_text(months) == text


def test_slots_are_those_of_the_tariff() -> None:
    assert {painting_of(library_tariff(name)).slots for name in library_ids()} <= set(SLOTS)
