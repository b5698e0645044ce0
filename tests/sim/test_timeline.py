"""The template year."""

from datetime import date

import numpy as np

from sim.timeline import timeline


def test_a_year_from_june_with_real_weekdays():
    clock = timeline("2026-06", 180, 60)
    assert clock.steps == 8760 and clock.months == 12
    assert clock.calendar_months() == (6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5)
    assert clock.weekday[0] == date(2026, 6, 1).weekday()
    assert clock.stamps()[0] == np.datetime64("2026-06-01T00:00")
    assert clock.stamps()[-1] == np.datetime64("2027-05-31T23:00")
    assert clock.stamps(3)[0] == np.datetime64("2028-06-01T00:00")


def test_a_short_term_keeps_its_months():
    clock = timeline("2026-06", 4, 15)
    assert clock.steps == (30 + 31 + 31 + 30) * 96
    assert clock.month_ends.tolist() == (np.cumsum([30, 31, 31, 30]) * 96).tolist()
    assert clock.stamps()[-1] == np.datetime64("2026-09-30T23:45")


def test_29_february_is_left_out():
    clock = timeline("2028-01", 12, 60)
    stamps = clock.stamps().astype("datetime64[D]").astype(str)
    assert "2028-02-29" not in stamps and "2028-02-28" in stamps and clock.steps == 8760


def test_weekdays_are_the_calendars_even_after_a_29_february():
    for start in ("2028-01", "2027-06", "2026-01"):
        clock = timeline(start, 12, 60)
        for step in (0, 3000, 5000, 8759):
            day = clock.stamps()[step].astype("datetime64[D]").item()
            assert clock.weekday[step] == day.weekday(), (start, day)


def test_step_at():
    clock = timeline("2026-06", 4, 30)
    step = clock.step_at(8, 12, 14.25)
    assert clock.stamps()[step] == np.datetime64("2026-08-12T14:00")
    assert clock.step_at(1, 1, 0) is None
