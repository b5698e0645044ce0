"""The chapter of constants and draws is enough: series made anew from what it prints, by code of its own."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pvlib
import pytest
from scipy.stats import beta, norm

from report.paper import constants
from report.paper.offer import Offer
from report.paper.proposal import proposal
from sim.inputs import library
from sim.inputs.scenario import Scenario
from sim.plant import ageing
from sim.plant.load import shape
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study

MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTH_OF_DAY = np.repeat(np.arange(12), MONTH_DAYS)
MONTH_OF_HOUR = np.repeat(MONTH_OF_DAY, 24)
STATISTICS = {"grid.outage_source": "statistics", "grid.saifi_per_year": 6.0, "grid.saidi_h_per_year": 15.0}


def printed(study: Study, part: str) -> tuple[dict[str, list[float]], int | None]:
    """Constants of a part of the chapter by key, and its seed, read from the English paper."""
    (chapter,) = proposal(study, "en", Offer(chapters=("constants",)))["chapters"]
    blocks = chapter["blocks"]
    keys = [key for key, (in_use, _, _) in constants.PARTS.items() if in_use(study.scenario)]
    starts = [k for k, block in enumerate(blocks) if block["kind"] == "heading"]
    own = blocks[starts[keys.index(part)] :][1:3]
    seed = re.match(r"Seed (\d+)\.", own[0]["text"])
    names = constants.PARTS[part][2](study.scenario)
    rows = [[float(number) for number in cell.split("; ")] for _, cell in own[1]["rows"]] if names else []
    return dict(zip(names, rows, strict=True)), int(seed[1]) if seed else None


def draws(seed: int | list[int]) -> np.random.Generator:
    return np.random.Generator(getattr(np.random, constants.generator())(seed))


@pytest.fixture(scope="module")
def study() -> Study:
    scenario = presets()["case_c"].scenario.with_(
        STATISTICS | {"site.term_months": 24, "site.step_minutes": 60, "storage.fade_model": "lfp", "load.seed": 7}
    )
    return evaluate(scenario)


def test_outages_from_the_printed_rule(study: Study) -> None:
    found, seed = printed(study, "outages")
    hours, grid = int(found["hours_of_year"][0]), study.scenario.grid
    start, length, of_year = [], [], []
    for year in (1, 2):
        random = draws([seed, year])
        count = random.poisson(grid.saifi_per_year)
        start += sorted(random.uniform(0, hours, count))
        length += list(random.exponential(grid.saidi_h_per_year / grid.saifi_per_year, count))
        of_year += [year] * count
    ends = np.floor(np.cumsum(length) / 1.0 + 0.5)
    down = np.zeros((2, hours), bool)
    for begin, steps, year in zip(start, np.diff(ends, prepend=0.0), of_year, strict=True):
        down[year - 1, (int(begin) + np.arange(int(steps))) % hours] = True
    assert 10 < down.sum() < 80
    assert np.array_equal(down, study.dispatch.down)


def test_training_load_from_the_printed_rule(study: Study) -> None:
    found, seed = printed(study, "load")
    (job_h,), (low, high), (mean, spread) = found["job_h"], found["allocation"], found["running"]
    a_day, minutes, gap_level = found["gaps"]
    random = draws(seed)
    jobs = random.uniform(low, high, int(8760 / job_h) + 2)
    level = jobs[(np.arange(8760) // job_h).astype(int)]
    level = level * np.clip(random.normal(mean, spread, 8760), *found["running_limits"])
    gap = random.random(8760) < a_day / 24 * max(1.0, minutes / 60)
    level = np.where(gap, level * (1 - min(1.0, minutes / 60) * (1 - gap_level)), level)
    relative, wanted = level / level.max(), study.scenario.load.load_factor
    low_p, high_p = 0.0, 20.0
    for _ in range(80):
        middle = (low_p + high_p) / 2
        low_p, high_p = (middle, high_p) if np.mean(relative**middle) > wanted else (low_p, middle)
    assert shape(study.scenario.load, study.dispatch.clock) == pytest.approx(relative**low_p, abs=1e-9)


def temperatures(study: Study) -> np.ndarray:
    """By the printed rule: mid-months, a swing between the printed hours, months at their mean."""
    (coldest, warmest), place = printed(study, "air")[0]["hours"], library.sites()[study.scenario.site.place]
    middle = np.cumsum(MONTH_DAYS) * 24 - MONTH_DAYS * 12
    mean = np.array(place.temperature_mean_monthly_c)
    at = np.r_[middle[-1] - 8760, middle, middle[0] + 8760]
    line = np.interp(np.arange(8760) + 0.5, at, np.r_[mean[-1], mean, mean[0]])
    hour = np.arange(8760) % 24 + 0.5
    up = (hour - coldest) / (warmest - coldest)
    down = ((hour - warmest) % 24) / (24 - warmest + coldest)
    swing = np.where((up >= 0) & (up < 1), -np.cos(np.pi * up), np.cos(np.pi * down))
    found = line + np.array(place.temperature_range_monthly_c)[MONTH_OF_HOUR] / 2 * swing
    error = mean - np.bincount(MONTH_OF_HOUR, found) / (MONTH_DAYS * 24)
    return found + error[MONTH_OF_HOUR]


def test_pv_from_the_printed_chain(study: Study) -> None:
    """Sun drawn, split, laid on the panels and inverted with printed numbers and pvlib's parts alone."""
    s, place = study.scenario, library.sites()[study.scenario.site.place]
    found, seed = printed(study, "weather")
    chain = {key: numbers[0] for key, numbers in printed(study, "pv")[0].items()}
    zone = f"Etc/GMT{-place.utc_offset_h:+.0f}"
    begin = f"{chain['sun_year']:.0f}-01-01 00:30"
    times = pd.date_range(begin, periods=8760, freq="h", tz=zone)
    sun = pvlib.solarposition.get_solarposition(times, place.latitude_deg, place.longitude_deg, place.altitude_m)
    day = np.arange(8760) // 24 + 1
    extra = np.asarray(pvlib.irradiance.get_extra_radiation(day))
    zenith = sun["apparent_zenith"].to_numpy()
    mass = pvlib.atmosphere.get_relative_airmass(zenith)
    absolute = pvlib.atmosphere.get_absolute_airmass(mass, pvlib.atmosphere.alt2pres(place.altitude_m))
    linke = np.array(place.linke_turbidity_monthly)[MONTH_OF_HOUR]
    with np.errstate(all="ignore"):
        clear = pvlib.clearsky.ineichen(zenith, absolute, linke, altitude=place.altitude_m, dni_extra=extra)["ghi"]
    ghi = _drawn_ghi(np.nan_to_num(np.asarray(clear)), np.array(place.ghi_monthly_kwh_per_m2), found, seed)
    split = pvlib.irradiance.erbs(ghi, sun["zenith"].to_numpy(), day)
    dhi = np.minimum(np.where(sun["zenith"].to_numpy() < 90, split["dhi"], ghi), ghi)
    azimuth = (180.0 if place.latitude_deg >= 0 else 0.0) if s.pv.azimuth_deg is None else s.pv.azimuth_deg
    poa = pvlib.irradiance.get_total_irradiance(
        s.pv.tilt_deg,
        azimuth,
        zenith,
        sun["azimuth"].to_numpy(),
        np.asarray(split["dni"]),
        ghi,
        dhi,
        dni_extra=extra,
        airmass=mass,
        albedo=chain["albedo"],
        model="perez",
    )
    direct, sky, ground = (
        np.maximum(np.nan_to_num(poa[key]), 0) for key in ("poa_direct", "poa_sky_diffuse", "poa_ground_diffuse")
    )
    angle = pvlib.irradiance.aoi(s.pv.tilt_deg, azimuth, zenith, sun["azimuth"].to_numpy())
    diffuse = pvlib.iam.marion_diffuse("physical", s.pv.tilt_deg, n_ar=chain["glass"])
    through = direct * np.nan_to_num(pvlib.iam.physical(angle, n_ar=chain["glass"]))
    through = through + sky * diffuse["sky"] + ground * diffuse["ground"]
    lit = through > 1e-3
    total = (direct + sky + ground)[lit]
    cell = pvlib.temperature.noct_sam(
        total,
        temperatures(study)[lit],
        found["wind"][0],
        chain["noct_c"],
        chain["module_efficiency"],
        effective_irradiance=through[lit],
    )
    dc = pvlib.pvsystem.pvwatts_dc(through[lit], cell, 1.0, chain["temperature_coefficient_per_k"])
    rating, efficiency = 1 / s.pv.dc_ac_ratio, chain["inverter_efficiency"]
    ac = np.zeros(8760)
    ac[lit] = pvlib.inverter.pvwatts(dc * (1 - s.pv.losses_fraction), rating / efficiency, efficiency)
    ac = np.clip(np.nan_to_num(ac), 0, rating)
    assert ac.sum() > 1000
    assert study.dispatch.series.pv_kw_per_kwp == pytest.approx(ac, abs=1e-6)


def _drawn_ghi(clear: np.ndarray, month_kwh: np.ndarray, found: dict[str, list[float]], seed: int) -> np.ndarray:
    noise, (memory,), (spread,) = draws(seed).standard_normal(365), found["memory"], found["spread"]
    state = noise.copy()
    for k in range(1, 365):
        state[k] = memory * state[k - 1] + np.sqrt(1 - memory**2) * noise[k]
    share = np.clip(1000 * month_kwh / np.bincount(MONTH_OF_HOUR, clear), *found["month_share"])[MONTH_OF_DAY]
    clearness = np.clip(beta.ppf(norm.cdf(state), share * spread, (1 - share) * spread), *found["clearness"])
    hourly, ghi = np.repeat(clearness, 24), np.empty(8760)
    for month in range(12):
        mine, low, high = month == MONTH_OF_HOUR, 0.0, 60.0
        for _ in range(80):
            middle = (low + high) / 2
            enough = (clear[mine] * hourly[mine] ** middle).sum() > 1000 * month_kwh[month]
            low, high = (middle, high) if enough else (low, middle)
        ghi[mine] = clear[mine] * hourly[mine] ** high
    return ghi


def test_calendar_ageing_from_the_printed_constants(study: Study) -> None:
    """Cells at rest at 25 C and half charge: k x days^n, whatever the steps."""
    found, _ = printed(study, "ageing")
    pre, b, c, exponent = found["calendar"]
    empty, full = found["anode"]
    base, first, decay = found["anode_first"]
    x = empty + 0.5 * (full - empty)
    steps = [found[f"anode_step_{k}"] for k in (1, 2, 3, 4)]
    u = base + first * np.exp(-decay * x) - sum(h * np.tanh((x - a) / w) for h, a, w in steps)
    loss = pre * np.exp(-(b + c * u) / 298.15) * (365 * 10) ** exponent
    rest = ageing.Duty(ageing.calendar_rate(25.0, 0.5), 0.0, 0.0, 0.0)
    fade = ageing.NEW
    for _ in range(10):
        fade = ageing.age(fade, rest)
    assert float(fade.calendar) == pytest.approx(loss, rel=1e-9) and 0.02 < loss < 0.06


@pytest.mark.parametrize("name", presets())
def test_parts_that_a_case_has_not_are_left_out(name: str) -> None:
    scenario: Scenario = presets()[name].scenario
    parts = {key for key, (in_use, _, _) in constants.PARTS.items() if in_use(scenario)}
    assert ("pv" in parts) == (scenario.pv.dc_kwp > 0)
    assert ("load" in parts) == (scenario.load.kind == "training") and "outages" not in parts and "year" in parts
