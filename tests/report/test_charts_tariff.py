"""The picture to paint on, and the days of several tariffs on one scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i18n import words
from report.screen.tariff import day_curves, painting_grid, period_colours, touched
from sim.inputs.tariff import library_tariff
from sim.tariff.paint import painting_of, refined

EN = words("en")
SHANGHAI = library_tariff("cn_shanghai_10kv")


@given(st.floats(-0.5, 11.49), st.floats(0.01, 11), st.floats(-0.5, 23.49), st.floats(0.01, 23))
def test_a_box_paints_every_cell_it_meets(x: float, width: float, y: float, height: float) -> None:
    """Cell (m, s) covers m - 0.5 .. m + 0.5 across and s - 0.5 .. s + 0.5 down."""
    cells = touched([x + width, x], [y, y + height], 24)
    for month in range(12):
        for slot in range(24):
            meets = x < month + 0.5 and x + width >= month - 0.5 and y < slot + 0.5 and y + height >= slot - 0.5
            assert ((month, slot) in cells) == meets


@pytest.mark.parametrize("slots", [24, 48, 96])
def test_every_cell_has_points_to_be_caught_by(slots: int) -> None:
    figure = painting_grid(refined(painting_of(SHANGHAI), slots), "weekday", EN, dark=False)
    heat, names, spots = figure["data"]
    assert heat["z"].shape == (slots, 12)
    assert len(names["text"]) == slots * 12
    caught = {(round(float(x)), round(float(y))) for x, y in zip(spots["x"], spots["y"], strict=True)}
    assert caught == {(month, slot) for month in range(12) for slot in range(slots)}
    assert len(spots["x"]) == 8 * slots * 12


def test_dearer_periods_have_stronger_colours() -> None:
    painting = painting_of(SHANGHAI)
    assert painting.periods == ("valley", "flat", "peak", "tip")
    lightness = [sum(int(colour[k : k + 2], 16) for k in (1, 3, 5)) for colour in period_colours(painting, dark=False)]
    assert lightness == sorted(lightness, reverse=True)
    assert len(set(period_colours(painting, dark=True))) == 4


def test_day_curves_are_relative_to_each_tariffs_own_mean() -> None:
    tariffs = {"a": SHANGHAI, "b": library_tariff("my_tnb_mv_tou")}
    figure = day_curves(tariffs, 7, "weekday", EN, dark=False)
    for line in figure["data"]:
        assert float(np.mean(line["y"][:-1])) == pytest.approx(100, abs=1e-3)
