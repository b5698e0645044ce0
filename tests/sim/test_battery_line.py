"""A battery on a straight line: when cells come and what is left, worked by hand."""

import numpy as np
import pytest

from sim.inputs.storage import Storage
from sim.plant.battery import battery_life, straight_line


def test_cells_are_added_on_a_straight_line_by_hand():
    """2 % a year and 2 % more at first: 0.90 is left after four years. Filled up at the start of year 5, 0.10 new
    cells: at the end of year 8 the old ones hold 0.82 and the new ones 0.10 x 0.90."""
    life = battery_life(Storage(renewal="augment", augment_by="periodic", augment_every_years=4), 8)
    assert life.added == pytest.approx([0, 0, 0, 0, 0.10, 0, 0, 0])
    assert life.added_in == (5,) and life.replaced_in == ()
    assert life.at_end[[3, 7]] == pytest.approx([0.90, 0.82 + 0.09])
    assert life.health[4] == pytest.approx(1 - 0.02 * 4.5 - 0.02 + 0.10 * (1 - 0.01 - 0.01))


def test_cells_are_added_below_a_limit_and_in_listed_years():
    below = battery_life(Storage(renewal="augment", augment_below_fraction=0.85), 10)
    assert below.added_in == (8,)  # year 7 begins with 0.86, year 8 with 0.84
    assert below.added[7] == pytest.approx(0.16)
    listed = Storage(renewal="augment", augment_by="years", augment_years=[{"year": 3}], augment_to_fraction=0.97)
    assert battery_life(listed, 4).added == pytest.approx([0, 0, 0.97 - 0.94, 0])


def test_a_limit_that_is_just_reached_is_not_passed():
    """Year 15 begins with exactly 0.70: 1 - 0.02 - 14 x 0.02, whatever the rounding."""
    assert battery_life(Storage(end_of_life_fraction=0.70), 15).replaced_in == ()
    assert battery_life(Storage(end_of_life_fraction=0.70), 17).replaced_in == (16,)


def test_many_batteries_are_single_ones():
    rates, storage = np.array([0.02, 0.03, 0.05]), Storage(renewal="replace", end_of_life_fraction=0.8)
    found = straight_line(storage, (rates, np.full(3, 0.01), np.full(3, 0.8)), 12)
    for k, rate in enumerate(rates):
        one = battery_life(storage.model_copy(update={"fade_per_year": rate, "fade_first_year": 0.01}), 12)
        for many, single in zip(found, (one.health, one.at_end, one.added), strict=True):
            np.testing.assert_array_equal(many[k], single)
