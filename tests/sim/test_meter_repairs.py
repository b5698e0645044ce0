"""What is wrong in a meter file and mended or refused: gaps, order, clocks; and the year and the steps it ends in."""

import time as clock
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.meter.findings import MeterError, MeterQuestion
from sim.meter.read import inspect, read_meter
from sim.meter.year import align_weekdays, is_repeated, to_step
from tests.sim.meter_files import (
    HOUR,
    KW,
    KW15,
    ROWS,
    T15,
    T,
    codes,
    csv_text,
    found,
    load_curve,
    read,
    refused,
    stamps,
)

# Gaps


def without(begin, end, times=T, values=KW):
    return csv_text(times[:begin] + times[end:], [*values[:begin], *values[end:]])


def test_short_gap_takes_a_straight_line():
    reading = read(without(100, 104))
    line = np.interp(range(100, 104), [99, 104], KW[[99, 104]])
    assert reading.kw[100:104] == pytest.approx(line)
    assert np.array_equal(np.delete(reading.kw, range(100, 104)), np.delete(KW, range(100, 104)))
    gap = found(reading, "gap_line")
    assert (gap.rows, gap.count, gap.severity) == ((101,), 4, "repaired")


@pytest.mark.parametrize(("begin", "source"), [(1000, 1000 - 168), (50, 50 + 168)])
def test_longer_gap_takes_the_neighbouring_week(begin, source):
    reading = read(without(begin, begin + 72))
    assert np.array_equal(reading.kw[begin : begin + 72], KW[source : source + 72])
    assert (found(reading, "gap_week").rows, found(reading, "gap_week").count) == ((begin + 1,), 72)


def test_gap_of_five_hours_is_no_line():
    assert codes(read(without(1000, 1005))) == ["gap_week"]


def test_gap_beyond_three_days_is_refused_with_its_row():
    error = refused("gap_too_long", without(1000, 1073))
    assert error.row == 1001
    assert "2025-02-11 16:00" in str(error)


def test_gap_whose_neighbouring_weeks_are_gone_too():
    keep = [i for i in range(8760) if i not in {*range(1000, 1048), *range(1168, 1216), *range(1336, 1384)}]
    assert refused("gap_too_long", csv_text([T[i] for i in keep], KW[keep])).row == 1169 - 48


def test_jump_of_decades_does_not_fill_the_memory():
    assert refused("gap_too_long", csv_text([*T[:-1], datetime(2059, 1, 1)], KW)).row in (8760, 8761)


def test_words_and_blanks_are_gaps():
    cells = ["Fehler" if i == 7 else "" if i == 20 else "n/a" if i == 30 else v for i, v in enumerate(KW)]
    reading = read(csv_text(T, cells))
    assert (found(reading, "not_a_number").rows, found(reading, "not_a_number").count) == ((9,), 1)
    assert (found(reading, "blank").rows, found(reading, "blank").count) == ((22, 32), 2)
    assert found(reading, "gap_line").rows == (9, 22, 32)
    assert reading.kw[7] == pytest.approx((KW[6] + KW[8]) / 2)


def test_blank_first_rows_do_not_become_the_header():
    reading = read(csv_text(T, ["", "", *KW[2:]]))
    assert reading.value_column == "kW"
    assert found(reading, "blank").rows == (2, 3)


def test_footer_is_left_out():
    reading = read(csv_text(T, KW) + "\nTotal,123456\n")
    assert np.array_equal(reading.kw, KW)
    assert found(reading, "bad_stamps").rows == (8763,)


# Order, duplicates, intervals


def test_wrong_order_is_sorted_and_said():
    reading = read(csv_text(T[100:] + T[:100], [*KW[100:], *KW[:100]]))
    assert np.array_equal(reading.kw, KW)
    assert (found(reading, "order").rows[0], found(reading, "order").count) == (8662, 100)


def test_two_rows_changed_about():
    times, values = [*T15], [*KW15]
    times[5], times[6], values[5], values[6] = times[6], times[5], values[6], values[5]
    reading = read(csv_text(times, values))
    assert np.array_equal(reading.kw, KW15)
    assert found(reading, "order").rows == (8,)


def test_newest_first():
    reading = read(csv_text(T[::-1], KW[::-1]))
    assert np.array_equal(reading.kw, KW)
    assert codes(reading) == ["newest_first"]


def test_duplicates():
    times = [*T[:3], T[2], *T[3:10], T[9], *T[10:]]
    values = [*KW[:3], KW[2], *KW[3:10], KW[9] + 100, *KW[10:]]
    reading = read(csv_text(times, values))
    expected = KW.copy()
    expected[9] += 50
    assert reading.kw == pytest.approx(expected, abs=1e-9)
    assert (found(reading, "duplicates_same").rows, found(reading, "duplicates_same").severity) == ((5,), "repaired")
    conflict = found(reading, "duplicates_conflicting")
    assert (conflict.rows, conflict.severity) == ((13,), "warning")


@pytest.mark.parametrize("form", ["{t:%Y-%m-%d %H:%M},{v}", "{t:%Y-%m-%d %H:%M:%S},{v}"])
def test_stamps_at_the_interval_end(form):
    reading = read(csv_text([t + timedelta(minutes=15) for t in T15], KW15, row=form))
    assert np.array_equal(reading.kw, KW15)
    assert codes(reading) == ["interval_end"]
    assert (reading.start, reading.end) == (datetime(2025, 1, 1, 0, 15), datetime(2026, 1, 1))


def test_stamps_one_second_before_the_end():
    reading = read(
        csv_text([t + timedelta(minutes=14, seconds=59) for t in T15], KW15, row="{t:%Y-%m-%d %H:%M:%S},{v}")
    )
    assert np.array_equal(reading.kw, KW15)
    assert codes(reading) == ["interval_end"]


def test_24_00_and_hours_counted_from_1():
    as_24 = "\n".join(["Date,Time,kWh", *(f"{t:%Y-%m-%d},{t.hour + 1:02d}:00,{v}" for t, v in zip(T, KW, strict=True))])
    as_hours = "\n".join(["Date,Hour,kWh", *(f"{t:%Y-%m-%d},{t.hour + 1},{v}" for t, v in zip(T, KW, strict=True))])
    for text in (as_24, as_hours):
        reading = read(text)
        assert np.array_equal(reading.kw, KW)
        assert codes(reading) == ["interval_end"]


def test_midnight_under_the_date_of_the_day_that_it_ends():
    ends = [t.replace(hour=0) if t.hour == 23 else t + HOUR for t in T]
    reading = read(csv_text(ends, KW))
    assert np.array_equal(reading.kw, KW)
    assert codes(reading) == ["interval_end"]


def test_a_letter_of_quality_is_no_unit_and_both_ratios_count():
    with pytest.raises(MeterQuestion):
        read(csv_text(T, KW, "time,Value,Status", "{t:%Y-%m-%d %H:%M},{v},W"))
    secondary = "CT ratio: 800/5, PT ratio: 11000/110\n" + csv_text(T, KW / 16000)
    reading = read(secondary)
    assert reading.ratio == 16000 and reading.kw == pytest.approx(KW)


def test_header_that_says_interval_end():
    # From noon to noon nothing but the header tells.
    times = [t + HOUR for t in stamps(start=datetime(2025, 1, 1, 12))]
    assert "interval_end" in codes(read(csv_text(times, KW, "Interval ending,kW")))
    assert "interval_end" not in codes(read(csv_text(times, KW, "Interval start,kW")))


def test_settlement_periods():
    rows = [
        f"{t:%d/%m/%Y},{t.hour * 2 + t.minute // 30 + 1},{v}" for t, v in zip(stamps(30), load_curve(30), strict=True)
    ]
    reading = read("\n".join(["Date,Settlement period,kW", *rows]))
    assert np.array_equal(reading.kw, load_curve(30))
    assert reading.findings == ()


@pytest.mark.parametrize(("step", "target"), [(1, 15), (5, 15), (10, 30), (20, 60)])
def test_other_steps_are_averaged(step, target):
    kw = load_curve(step)
    reading = read(csv_text(stamps(step), kw, "time,kWh"))
    assert reading.step_minutes == target
    assert reading.kw == pytest.approx(kw.reshape(-1, target // step).mean(axis=1) * 60 / step, rel=1e-9)
    assert codes(reading) == ["averaged"]


def test_change_of_interval_is_refused_with_its_row():
    times = T[:4000] + stamps(15)[16000:]
    assert refused("mixed_intervals", csv_text(times, np.resize(KW, len(times)))).row == 2


def test_few_rows_of_another_interval():
    times = T[:100] + stamps(15)[400:404] + T[101:]
    reading = read(csv_text(times, [*KW[:100], *[KW[100]] * 4, *KW[101:]]))
    assert found(reading, "mixed_intervals").count == 3
    assert np.array_equal(np.delete(reading.kw, [100, 101]), np.delete(KW, [100, 101]))


def test_offset_and_jittering_stamps():
    late = read(csv_text([t + timedelta(minutes=3) for t in T15], KW15))
    assert np.array_equal(late.kw, KW15)
    assert codes(late) == ["phase"]
    jitter = read(csv_text([t + timedelta(minutes=i % 90 == 0) for i, t in enumerate(T15)], KW15))
    assert np.array_equal(jitter.kw, KW15)
    assert codes(jitter) == ["jitter"]


# Values


def test_few_negative_values_become_zero():
    reading = read(csv_text(T, np.where(np.isin(np.arange(8760), [7, 9]), -5, KW)))
    assert reading.kw[[7, 9]].tolist() == [0, 0]
    assert (found(reading, "negative").rows, found(reading, "negative").severity) == ((9, 11), "repaired")


@pytest.mark.parametrize(
    ("action", "value"),
    [(None, (KW[6] + KW[8]) / 2), ("missing", (KW[6] + KW[8]) / 2), ("keep", 99999.0), ("cut", np.delete(KW, 7).max())],
)
def test_a_spike_does_not_set_the_peak_unasked(action, value):
    text = csv_text(T, np.where(np.arange(8760) == 7, 99999.0, KW))
    reading = read(text, actions={9: action} if action else {})
    assert reading.kw[7] == pytest.approx(value)
    assert (found(reading, "spikes").rows, found(reading, "spikes").severity) == ((9,), "question")
    [suspect] = reading.suspects
    assert (suspect.kind, suspect.row, suspect.kw, suspect.at, suspect.action) == (
        "spike",
        9,
        99999.0,
        T[7],
        action or "missing",
    )


def test_zeros_are_kept_and_warned_of():
    reading = read(csv_text(T, np.where(np.arange(8760) // 24 == 40, 0.0, KW)))
    assert reading.energy_kwh == pytest.approx(KW.sum() - KW[960:984].sum())
    assert found(reading, "zeros").count == 24
    [run] = reading.suspects
    assert (run.kind, run.row, run.count, run.action) == ("zero", 962, 24, "keep")
    mended = read(csv_text(T, np.where(np.arange(8760) // 24 == 40, 0.0, KW)), actions={962: "missing"})
    assert np.array_equal(mended.kw[960:984], KW[960 - 168 : 984 - 168])


# Summer time


def wall_clock(zone, step, start=datetime(2025, 1, 1), lag=timedelta(0)):
    """Local stamps, with summer time, of a year of equal steps from `start` in standard time."""
    place = ZoneInfo(zone)
    standard = min(datetime(2025, month, 1, tzinfo=place).utcoffset() for month in (1, 7))
    return [(t + lag - standard).replace(tzinfo=timezone.utc).astimezone(place) for t in stamps(step, start)]  # noqa: UP017


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "America/New_York"])
@pytest.mark.parametrize("step", [15, 60])
def test_summer_time_is_moved_to_standard_time(zone, step):
    kw = load_curve(step)
    reading = read(csv_text(wall_clock(zone, step), kw))
    assert np.array_equal(reading.kw, kw)
    assert codes(reading) == ["dst"]
    assert reading.energy_kwh == pytest.approx(kw.sum() * step / 60)


def test_summer_time_south_of_the_equator():
    start = datetime(2024, 12, 31, 23)
    reading = read(csv_text(wall_clock("Australia/Sydney", 15, start), KW15))
    # 00:00 of summer time is 23:00 of the day before, which the year has at its end.
    assert np.array_equal(reading.kw, np.roll(KW15, -4))
    assert codes(reading) == ["dst"]


@pytest.mark.parametrize("step", [15, 60])
def test_summer_time_with_stamps_at_the_interval_end(step):
    kw = load_curve(step)
    reading = read(csv_text(wall_clock("Europe/Berlin", step, lag=timedelta(minutes=step)), kw))
    assert np.array_equal(reading.kw, kw)
    assert codes(reading) == ["interval_end", "dst"]


def test_summer_time_newest_first_or_told_by_offset():
    times = wall_clock("Europe/Berlin", 15)
    assert np.array_equal(read(csv_text(times[::-1], KW15[::-1])).kw, KW15)
    by_offset = read("time,kW\n" + "\n".join(f"{t.isoformat()},{v}" for t, v in zip(times, KW15, strict=True)))
    assert np.array_equal(by_offset.kw, KW15)
    assert codes(by_offset) == ["dst"]


def test_summer_time_whose_lost_hour_is_written_as_zeros():
    times = [t.replace(tzinfo=None) for t in wall_clock("Europe/Berlin", 60)]
    at = times.index(datetime(2025, 3, 30, 3))
    reading = read(csv_text([*times[:at], datetime(2025, 3, 30, 2), *times[at:]], [*KW[:at], 0.0, *KW[at:]]))
    assert np.array_equal(reading.kw, KW)
    assert "dst" in codes(reading)


def test_shuffled_summer_time_takes_the_mean_of_the_repeated_hour():
    times = wall_clock("Europe/Berlin", 15)
    order = np.random.default_rng(3).permutation(len(times))
    reading = read(csv_text([times[i] for i in order], KW15[order]))
    first = next(i for i, t in enumerate(times) if (t.month, t.day, t.hour, t.fold) == (10, 26, 2, 0))
    expected = KW15.copy()
    expected[first : first + 8] = np.tile((KW15[first : first + 4] + KW15[first + 4 : first + 8]) / 2, 2)
    assert reading.kw == pytest.approx(expected, abs=1e-9)
    assert "mean" in found(reading, "dst").text


def test_lost_hour_alone_is_filled_and_said():
    lost = T.index(datetime(2025, 3, 30, 2))
    reading = read(without(lost, lost + 1))
    assert codes(reading) == ["dst_gap", "gap_line"]
    assert found(reading, "dst_gap").rows == (lost + 1,)
    assert reading.kw[lost] == pytest.approx((KW[lost - 1] + KW[lost + 1]) / 2)


def test_repeated_hour_alone_is_averaged_and_said():
    twice = T.index(datetime(2025, 10, 26, 2))
    reading = read(csv_text([*T[: twice + 1], *T[twice:]], [*KW[: twice + 1], KW[twice] + 10, *KW[twice + 1 :]]))
    assert codes(reading) == ["dst_repeat", "duplicates_conflicting"]
    assert reading.kw[twice] == pytest.approx(KW[twice] + 5)


def test_missing_hour_on_another_day_is_no_summer_time():
    lost = T.index(datetime(2025, 3, 29, 2))
    assert codes(read(without(lost, lost + 1))) == ["gap_line"]


def test_utc_is_said():
    assert codes(read(csv_text(T, KW, row="{t:%Y-%m-%dT%H:%M}Z,{v}"))) == ["utc"]


# The year


def test_leap_day_is_dropped():
    times = stamps(start=datetime(2024, 1, 1), count=8784)
    values = np.arange(8784) % 500 + 1.0
    reading = read(csv_text(times, values))
    keep = np.array([(t.month, t.day) != (2, 29) for t in times])
    assert np.array_equal(reading.kw, values[keep])
    assert reading.year == 2024
    assert codes(reading) == ["leap_day"]


def test_one_row_too_many_is_left_out():
    reading = read(csv_text(stamps(count=8761), [*KW, 1.0]))
    assert np.array_equal(reading.kw, KW)
    assert codes(reading) == ["long_year"]


def test_more_than_a_year_takes_the_last_365_days():
    times = stamps(start=datetime(2024, 1, 1), count=(366 + 365) * 24)
    reading = read(csv_text(times, np.r_[np.full(366 * 24, 1.0), KW]))
    assert np.array_equal(reading.kw, KW)
    assert (reading.year, codes(reading)) == (2025, ["long_year"])


def test_year_from_july_is_wrapped_with_weekdays_in_step():
    times = stamps(start=datetime(2025, 7, 1))
    # The value tells the weekday of the reading.
    reading = read(csv_text(times, [t.weekday() + 1 for t in times]))
    assert reading.year == 2025
    assert np.array_equal(reading.kw, [t.weekday() + 1 for t in T])
    energy = sum(t.weekday() + 1 for t in times)
    assert f"{reading.energy_kwh / energy - 1:+.3%}" in found(reading, "wrapped").text
    assert "weekdays follow 2025" in found(reading, "wrapped").text


def test_wrapped_year_keeps_each_day_within_a_week_of_its_date():
    times = stamps(start=datetime(2025, 7, 1))
    date_of = np.array([(t - datetime(t.year, 1, 1)).days + 1 for t in times])
    days_off = read(csv_text(times, date_of)).kw.reshape(365, 24)[:, 0] - np.arange(1, 366)
    # 1 January 2026 is a Thursday, that of 2025 a Wednesday: January to June show the day before, and 1 January the
    # Wednesday after.
    assert days_off[0] == 6
    assert set(days_off[1:181]) == {-1}
    assert set(days_off[181:]) == {0}


def test_days_missing_at_the_ends_come_from_the_neighbouring_week():
    reading = read(csv_text(T[5 * 24 : 345 * 24], KW[5 * 24 : 345 * 24]))
    assert np.array_equal(reading.kw[: 5 * 24], KW[7 * 24 : 12 * 24])
    # 26 December is 20 days on: 5 December is the last same weekday on file.
    assert np.array_equal(reading.kw[345 * 24 : 352 * 24], KW[338 * 24 : 345 * 24])
    assert np.array_equal(reading.kw[359 * 24 : 364 * 24], KW[338 * 24 : 343 * 24])
    assert found(reading, "short_year").count == 25 * 24


def test_short_files():
    text = csv_text(T[: 60 * 24], KW[: 60 * 24])
    assert "allow a short file" in str(refused("too_short", text))
    reading = read(text, allow_short=True)
    assert found(reading, "short_repeated").severity == "warning"
    assert len(reading.kw) == 8760
    # 60 days hold eight whole weeks, which follow each other.
    assert np.array_equal(reading.kw[60 * 24 : 61 * 24], KW[4 * 24 : 5 * 24])
    assert refused("too_short", csv_text(T[: 27 * 24], KW[: 27 * 24]), allow_short=True)


def test_reading_cannot_be_changed():
    reading = read(csv_text(T, KW))
    with pytest.raises(ValueError, match="read-only"):
        reading.kw[0] = 1
    with pytest.raises(AttributeError):
        reading.year = 2024


# Steps and weekdays


def test_to_step():
    kw = np.array([1.0, 3.0, 5.0, 7.0])
    assert to_step(kw, 15, 60).tolist() == [4]
    assert to_step(kw, 15, 30).tolist() == [2, 6]
    assert to_step(kw, 30, 15).tolist() == [1, 1, 3, 3, 5, 5, 7, 7]
    assert to_step(np.array([kw, kw]), 15, 60).shape == (2, 1)
    assert to_step(kw, 15, 15) is not kw
    assert is_repeated(60, 15)
    assert not is_repeated(15, 60)
    with pytest.raises(ValueError, match="45 min"):
        to_step(kw, 30, 45)
    with pytest.raises(ValueError, match="3 steps"):
        to_step(kw[:3], 15, 60)


def weekday_of(year, day):
    """Weekday of the nth day of a year without 29 February, by the calendar."""
    first = datetime(2025, 1, 1) + timedelta(days=day)
    return datetime(year, first.month, first.day).weekday()


@given(st.integers(2000, 2040), st.integers(2000, 2040))
@settings(max_examples=60, deadline=None)
def test_align_weekdays(year_from, year_to):
    kw = np.repeat([weekday_of(year_from, d) for d in range(365)], 24).astype(float)
    moved, days = align_weekdays(kw, 60, year_from, year_to)
    assert -3 <= days <= 3
    assert sorted(moved) == sorted(kw)
    shown = moved.reshape(365, 24)[:, 0]
    out_of_step = [d for d in range(365) if shown[d] != weekday_of(year_to, d)]
    assert len(out_of_step) <= 6
    assert all(min(d, abs(d - 59), 364 - d) <= 3 for d in out_of_step)


def test_align_weekdays_by_hand():
    kw = np.arange(8760.0)
    same, none = align_weekdays(kw, 60, 2025, 2025)
    assert np.array_equal(same, kw)
    assert none == 0
    # 1 January 2025 is a Wednesday, 2026 a Thursday: 1 January 2026 shows 2 January 2025.
    moved, days = align_weekdays(kw, 60, 2025, 2026)
    assert days == 1
    assert moved[0] == 24
    with pytest.raises(ValueError, match="8760 values"):
        align_weekdays(kw[:-1], 60, 2025, 2026)


# Properties

FORMS = st.sampled_from(sorted(ROWS))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_shuffled_rows_give_the_same_year(seed):
    order = np.random.default_rng(seed).permutation(8760)
    reading = read(csv_text([T[i] for i in order], KW[order]))
    assert np.array_equal(reading.kw, KW)
    assert set(codes(reading)) <= {"order"}


@given(FORMS, st.integers(0, 99), st.sampled_from([0.3, 40.0, 900.0, 45000.0]))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(name, seed, peak_kw):
    kw = np.abs(load_curve(60, peak_kw, seed)) + 0.001
    kw = np.round(kw, 3)
    header, row = ROWS[name]
    reading = read(header + "\n" + "\n".join(row(t, v) for t, v in zip(T, kw, strict=True)))
    assert reading.kw == pytest.approx(kw, rel=1e-12)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused_in_words(data):
    for attempt in (inspect, read_meter):
        try:
            attempt(data, "x.csv")
        except MeterError as error:
            assert str(error)


@given(st.text(alphabet="0123456789.,;:/- \n\tkWT年月日时\"'", max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused_in_words(text):
    for attempt in (inspect, read_meter):
        try:
            attempt(f"time,kW\n{text}".encode(), "x.csv")
        except MeterError as error:
            assert str(error)


@given(st.lists(st.integers(0, 8759), max_size=40, unique=True))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_left_out_are_counted_and_the_rest_is_untouched(lost):
    keep = np.setdiff1d(np.arange(1, 8759), lost)
    keep = np.r_[0, keep, 8759]
    reading = read(csv_text([T[i] for i in keep], KW[keep]))
    assert np.array_equal(reading.kw[keep], KW[keep])
    filled = sum(f.count for f in reading.findings if f.code in ("gap_line", "gap_week"))
    assert filled == 8760 - len(keep)


def test_a_year_of_quarter_hours_is_read_within_a_second():
    data = csv_text(T15, KW15).encode()
    read(data)
    begin = clock.perf_counter()
    first = read(data)
    assert clock.perf_counter() - begin < 1.0
    again = read(data)
    assert np.array_equal(first.kw, again.kw)
    assert first.findings == again.findings
