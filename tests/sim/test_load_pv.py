"""Load shapes and the PV shape keep what they promise."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.plant import Pv
from sim.inputs.scenario import Scenario, scenario_from_json
from sim.inputs.site import Load, Meter
from sim.plant.load import gpus, load_kw, monthly_scale, peak_kw, pue_at, shape, watt_per_gpu
from sim.sun.climate import ambient_c
from sim.sun.pv import as_weather_year, equator_deg, looks_away, pv_kw_per_kwp, year_of_weather
from sim.timeline import timeline
from tests.processes import run

ROOT = Path(__file__).resolve().parents[2]


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["training", "inference", "mixed"]),
    st.floats(0.4, 0.97),
    st.integers(0, 1000),
    st.sampled_from([15, 60]),
)
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


def test_pv_year_comes_near_the_places_own_estimate_and_keeps_a_given_yield():
    clock = timeline("2026-01", 12, 60)
    for place in ("shanghai", "johor_bahru", "frankfurt"):
        record = library.sites()[place]
        output = pv_kw_per_kwp(Pv(), place, clock)
        assert output.sum() == pytest.approx(record.pv_yield_kwh_per_kwp, rel=0.04)
        given = pv_kw_per_kwp(Pv(yield_kwh_per_kwp=1000), place, clock)
        assert given.sum() == pytest.approx(1000, rel=1e-6)


def test_the_drawn_year_has_the_monthly_record_and_its_seed():
    record = library.sites()["shanghai"]
    drawn = year_of_weather(("shanghai", 1, None))
    assert drawn.ghi_monthly_kwh_per_m2 == pytest.approx(record.ghi_monthly_kwh_per_m2, rel=1e-9)
    assert drawn.air_c.mean() == pytest.approx(16.8, abs=0.2)
    assert not np.array_equal(year_of_weather(("shanghai", 2, None)).ghi, drawn.ghi)


def test_pv_is_clipped_dark_at_night_and_follows_the_start_month():
    june, january = timeline("2026-06", 12, 60), timeline("2026-01", 12, 60)
    output = pv_kw_per_kwp(Pv(dc_ac_ratio=1.25), "shanghai", june)
    assert output.max() <= 0.8 + 1e-12
    assert (output[(june.hour < 4) | (june.hour > 20)] == 0).all()
    whole = pv_kw_per_kwp(Pv(dc_ac_ratio=1.25), "shanghai", january)
    first = int(np.argmax(january.calendar_month == 6))
    assert np.array_equal(output, np.roll(whole, -first))


def test_quarter_hours_keep_the_hours_energy():
    hours, quarters = timeline("2026-03", 12, 60), timeline("2026-03", 12, 15)
    whole = pv_kw_per_kwp(Pv(), "shanghai", quarters)
    assert whole.reshape(-1, 4).mean(axis=1) == pytest.approx(pv_kw_per_kwp(Pv(), "shanghai", hours))


def test_southern_and_northern_summer():
    clock = timeline("2026-01", 12, 60)
    output = pv_kw_per_kwp(Pv(), "frankfurt", clock)
    assert output[clock.calendar_month == 6].sum() > 3 * output[clock.calendar_month == 12].sum()


def test_an_empty_azimuth_looks_to_the_equator():
    north = year_of_weather(("shanghai", 1, None))
    south = as_weather_year(replace(north, latitude_deg=-31.0), "south.epw")
    assert equator_deg("shanghai") == 180.0 and equator_deg("shanghai", south) == 0.0


def test_several_arrays_share_the_size_in_proportion():
    clock = timeline("2026-01", 12, 60)
    roof, ground = {"tilt_deg": 10, "azimuth_deg": 90}, {"tilt_deg": 30, "azimuth_deg": 180}
    apart = [pv_kw_per_kwp(Pv(**plane), "shanghai", clock) for plane in (roof, ground)]
    for sizes in ((300, 700), (3, 7)):
        arrays = tuple({"kwp": kwp, **plane} for kwp, plane in zip(sizes, (roof, ground), strict=True))
        both = pv_kw_per_kwp(Pv(arrays=arrays), "shanghai", clock)
        assert both == pytest.approx(0.3 * apart[0] + 0.7 * apart[1])
    one = Pv(arrays=({"kwp": 50, **ground},), tilt_deg=60, azimuth_deg=0)
    assert np.array_equal(pv_kw_per_kwp(one, "shanghai", clock), apart[1])
    assert looks_away(Pv(tilt_deg=30, azimuth_deg=0), "shanghai") and not looks_away(one, "shanghai")


def test_a_weather_file_replaces_the_record():
    clock = timeline("2026-01", 12, 60)
    file = as_weather_year(year_of_weather(("phoenix", 1, None)), "phoenix.epw")
    by_file = pv_kw_per_kwp(Pv(weather=file), "shanghai", clock)
    assert by_file.sum() == pytest.approx(pv_kw_per_kwp(Pv(), "phoenix", clock).sum(), rel=2e-3)
    scenario = Scenario().with_({"pv.weather": file.model_dump()})
    assert scenario_from_json(scenario.to_json()) == scenario
    assert ambient_c(scenario, clock).mean() == pytest.approx(np.mean(file.air_c))
    with pytest.raises(InputError, match="a weather year has 8760 hours, but ghi has 8759"):
        Scenario().with_({"pv.weather": file.model_dump() | {"ghi": file.ghi[1:]}})


def test_without_pv_a_study_leaves_pvlib_alone_until_variants_ask():
    code = (
        "import sys; from study.presets import presets; from study.evaluate import evaluate;"
        "study = evaluate(presets()['case_a'].scenario); study.dispatch.trace('hybrid');"
        "assert 'pvlib' not in sys.modules; study.dispatch.series.steps; assert 'pvlib' in sys.modules"
    )
    done = run([sys.executable, "-c", code], cwd=ROOT)
    assert done.returncode == 0, done.stderr


# --- cooling by temperature, GPU systems ---


def test_pue_by_temperature_by_hand():
    """Liquid cooling, 35 degrees design: PUE 1.20 there, 1.12 at 20 (data file). At full IT load the site takes
    10 MW at 35 and 10 / 1.20 x 1.12 at 20; at half the IT load 0.4 + 0.6 x 0.5 = 70 % of the overhead is left."""
    load = Load(kind="inference", pue_model="liquid_direct_to_chip", peak_kw=10_000, load_factor=0.75)
    clock = timeline("2026-01", 12, 60)
    relative = shape(load, clock)
    for celsius, pue in ((35.0, 1.20), (20.0, 1.12)):
        kw = load_kw(load, clock, np.full(clock.steps, celsius))
        assert kw.max() == pytest.approx(10_000 / 1.20 * pue)
        expected = 10_000 / 1.20 * (relative + (pue - 1) * (0.4 + 0.6 * relative))
        assert kw == pytest.approx(expected)
    assert pue_at(load, np.array([-40.0, 27.5, 99.0])) == pytest.approx([1.09, 1.1575, 1.30])
    with pytest.raises(ValueError, match="needs the site's temperatures"):
        load_kw(load, clock)


def test_public_traces_lie_at_their_hours_on_the_sites_clock():
    """Chat peaks at 14:30 UTC and coding at 19:30: 22:30 and 3:30 by a clock 8 h ahead. Coding rests at weekends."""
    year = timeline("2026-01", 12, 60)
    for service, peak_hour in (("chat", 22), ("coding", 3)):
        level = shape(Load(kind="inference", inference_shape=service, utc_offset_h=8.0, load_factor=0.62), year)
        daily = level.reshape(-1, 24)[year.weekday.reshape(-1, 24)[:, 0] == 2].mean(axis=0)
        assert daily.argmax() == peak_hour
        assert level.mean() == pytest.approx(0.62) and level.max() == 1
        weekend = level[year.is_weekend].mean() / level[~year.is_weekend].mean()
        assert weekend < 0.9
    here = shape(Load(kind="inference", utc_offset_h=8.0), year)
    assert np.array_equal(here, shape(Load(kind="inference", utc_offset_h=-5.0), year))


def test_gpu_systems_give_the_power_per_gpu():
    """A DGX H100 peaks at 8.4 kW with 8 GPUs, a GB200 NVL72 rack at 120 kW with 72."""
    assert watt_per_gpu(Load(gpu_model="dgx_h100")) == pytest.approx(1050)
    assert watt_per_gpu(Load(gpu_model="gb200_nvl72")) == pytest.approx(120_000 / 72)
    assert set(get_args(Load.model_fields["gpu_model"].annotation)) == {"custom", *library.gpu_systems()}
    load = Load(size_by="gpus", gpu_count=1000, gpu_model="gb200_nvl72", pue_model="immersion", design_ambient_c=30)
    assert peak_kw(load) == pytest.approx(1000 * 120 / 72 * 1.10 * 1.11)
    assert gpus(load) == 1000
    assert gpus(Load(peak_kw=1386, watt_per_gpu=1050)) == pytest.approx(1000)
