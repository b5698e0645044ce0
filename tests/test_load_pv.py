"""Load shapes and the PV shape keep what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import library
from sim.load import load_kw, monthly_scale, peak_kw
from sim.pv import pv_kw_per_kwp
from sim.scenario import Load, Meter, Pv
from sim.timeline import timeline


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["training", "inference", "mixed"]), st.floats(0.4, 0.97), st.integers(0, 1000),
    st.sampled_from([15, 60]),
)  # fmt: skip
def test_peak_and_load_factor_are_met(kind, load_factor, seed, step_minutes):
    clock = timeline("2026-06", 12, step_minutes)
    kw = load_kw(Load(kind=kind, peak_kw=5000, load_factor=load_factor, seed=seed), clock)
    assert kw.max() == pytest.approx(5000)
    assert kw.mean() == pytest.approx(5000 * load_factor, rel=1e-9)
    assert kw.min() >= 0


def test_same_seed_same_year():
    clock = timeline("2026-06", 12, 60)
    one, two, other = (load_kw(Load(seed=seed), clock) for seed in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_gpu_formula_by_hand():
    """8000 GPUs x 1.05 kW x 1.10 x 1.20 = 11,088 kW; 1.386 kW a GPU, the 1.4 of the data file."""
    load = Load(size_by="gpus", gpu_count=8000, watt_per_gpu=1050, network_overhead_fraction=0.10, pue=1.2)
    assert peak_kw(load) == pytest.approx(11_088)


def test_inference_is_lower_at_weekends_and_night():
    clock = timeline("2026-06", 12, 60)
    kw = load_kw(Load(kind="inference", load_factor=0.75), clock)
    assert kw[clock.is_weekend].mean() < kw[~clock.is_weekend].mean()
    assert kw[clock.hour == 4].mean() < kw[clock.hour == 15].mean()


def test_ramp_and_growth():
    load = Load(ramp=({"month": 1, "fraction": 0.2}, {"month": 4, "fraction": 1.0}), growth_per_year=0.1)
    scale = monthly_scale(load, 0, 25)
    assert scale[:4].tolist() == [0.2, 0.2, 0.2, 1.0]
    assert scale[12] == pytest.approx(1.1) and scale[24] == pytest.approx(1.21)


def test_meter_year_keeps_its_energy_and_hours():
    year = timeline("2026-01", 12, 60)
    kw = 100 + 50 * (year.hour >= 8) * (year.weekday < 5)
    meter = Meter(file_name="x.csv", year=2026, step_minutes=60, kw=tuple(kw.astype(float)))
    clock = timeline("2026-06", 12, 60)
    got = load_kw(Load(kind="meter", meter=meter), clock)
    assert np.array_equal(got, 100 + 50 * (clock.hour >= 8) * (clock.weekday < 5))


def test_pv_keeps_the_yield_and_the_monthly_record():
    clock = timeline("2026-01", 12, 60)
    for place in ("shanghai", "johor_bahru", "frankfurt"):
        record = library.sites()[place]
        output = pv_kw_per_kwp(Pv(dc_ac_ratio=3.0 if place == "none" else 1.0), place, clock)
        assert output.sum() == pytest.approx(record.pv_yield_kwh_per_kwp, rel=1e-6)
        monthly = np.bincount(clock.month_index, weights=output)
        assert monthly / monthly.sum() == pytest.approx(
            np.array(record.ghi_monthly_kwh_per_m2) / sum(record.ghi_monthly_kwh_per_m2), abs=0.004
        )


def test_pv_is_clipped_dark_at_night_and_follows_the_start_month():
    june, january = timeline("2026-06", 12, 60), timeline("2026-01", 12, 60)
    output = pv_kw_per_kwp(Pv(dc_ac_ratio=1.25), "shanghai", june)
    assert output.max() <= 0.8 + 1e-12
    assert (output[(june.hour < 4) | (june.hour > 20)] == 0).all()
    whole = pv_kw_per_kwp(Pv(dc_ac_ratio=1.25), "shanghai", january)
    first = int(np.argmax(january.calendar_month == 6))
    assert np.array_equal(output, np.roll(whole, -first))


def test_southern_and_northern_summer():
    clock = timeline("2026-01", 12, 60)
    output = pv_kw_per_kwp(Pv(), "frankfurt", clock)
    assert output[clock.calendar_month == 6].sum() > 3 * output[clock.calendar_month == 12].sum()
