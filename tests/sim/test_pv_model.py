"""PV and weather: pvlib's chain against hand figures and laws, weather files good and bad, synthetic years."""

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inputs import library
from sim.sun.drawn import synthetic_year
from sim.sun.files import fetch_pvgis, read_weather
from sim.sun.panels import PvArray, ac_kw_per_kwp, faces_the_pole, plane_of_array, plant_kw_per_kwp
from sim.sun.year import HOURS, MONTH_OF_HOUR, Weather, WeatherError, sun_of
from tests.processes import run

PV_CASE = Path(__file__).parents[1] / "reference/pv"
SOUTH = PvArray(1000.0, 22.0, 180.0, inverter_efficiency=0.96, temperature_coefficient_per_k=-0.0035)


@pytest.fixture(scope="module")
def shanghai() -> Weather:
    with (PV_CASE / "weather_shanghai.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    series = (np.array([float(row[name]) for row in rows]) for name in list(rows[0])[4:])
    return Weather(*series, 31.2, 121.5, 8.0, 5.0)


@pytest.fixture(scope="module")
def shanghai_sun():
    return sun_of(31.2, 121.5, 8.0, 5.0)


# --- the chain --------------------------------------------------------------------------------------------------------


def test_yield_is_close_to_both_engines(shanghai, shanghai_sun):
    """Well inside the 4 % of the case: reflection, transposition and temperature are those of the engines."""
    expected = json.loads((PV_CASE / "pv_shanghai.json").read_text(encoding="utf-8"))["expected"]
    total = ac_kw_per_kwp(shanghai, SOUTH, sun=shanghai_sun).sum()
    assert total == pytest.approx(expected["pvlib"]["annual_kwh_per_kwp"], rel=0.008)
    assert total == pytest.approx(expected["sam"]["annual_kwh_per_kwp"], rel=0.012)


def test_an_hour_by_hand():
    """A level array, a high sun: 800 W/m2 direct, no diffuse, 20 C, 1 m/s. Nearly nothing is reflected; the cell is
    G/800 x (44 - 20) K x (1 - 0.21/0.9) x 9.5/(5.7 + 3.8 v) warmer with v = 0.51 m/s at the module (SAM's NOCT model);
    DC = G x (1 - 0.003 (Tc - 25)) x 0.86; PVWatts' inverter at this part load has 1.0026 of its rated efficiency."""
    sun = sun_of(0.0, 0.0, 0.0)
    noon = int(np.argmin(sun.zenith_deg))
    still = np.zeros(HOURS)
    direct = still.copy()
    direct[noon] = 800.0
    height = np.cos(np.radians(sun.zenith_deg[noon]))
    weather = Weather(direct * height, direct, still, still + 20, still + 1, 0, 0, 0, 0)
    array = PvArray(1.0, 0.0, 180.0, dc_ac_ratio=1.0, inverter_efficiency=1.0, noct_c=44.0, albedo=0.0)
    ac = ac_kw_per_kwp(weather, array, sun=sun)
    cell_c = 20 + height * (44 - 20) * (1 - 0.21 / 0.9) * 9.5 / (5.7 + 3.8 * 0.51)
    dc = 0.8 * height * (1 - 0.003 * (cell_c - 25)) * 0.86
    assert ac[noon] == pytest.approx(dc * 1.0026, rel=5e-4)
    assert np.delete(ac, noon).max() == 0.0


def test_output_is_clipped_at_the_inverter(shanghai, shanghai_sun):
    small = replace(SOUTH, dc_ac_ratio=2.0)
    clipped, free = (ac_kw_per_kwp(shanghai, array, sun=shanghai_sun) for array in (small, SOUTH))
    assert clipped.max() == pytest.approx(0.5)
    assert (clipped >= 0.5 - 1e-9).sum() > 100
    assert clipped.sum() < free.sum()


def test_panels_age_before_the_inverter_clips(shanghai, shanghai_sun):
    first, tenth = (ac_kw_per_kwp(shanghai, SOUTH, year, shanghai_sun).sum() for year in (1, 10))
    assert tenth / first == pytest.approx(0.995**9, rel=2e-3)
    clipped = replace(SOUTH, dc_ac_ratio=2.5)
    first, tenth = (ac_kw_per_kwp(shanghai, clipped, year, shanghai_sun).sum() for year in (1, 10))
    assert 0.995**9 + 0.01 < tenth / first < 1
    worn = replace(SOUTH, first_year_loss_fraction=0.01)
    assert (
        ac_kw_per_kwp(shanghai, worn, sun=shanghai_sun).sum() < ac_kw_per_kwp(shanghai, SOUTH, sun=shanghai_sun).sum()
    )


def test_east_and_west_share_a_roof(shanghai):
    east, west = replace(SOUTH, kwp=300.0, azimuth_deg=90.0), replace(SOUTH, kwp=700.0, azimuth_deg=270.0)
    both = plant_kw_per_kwp(shanghai, [east, west])
    assert both == pytest.approx(0.3 * ac_kw_per_kwp(shanghai, east) + 0.7 * ac_kw_per_kwp(shanghai, west))
    hours = np.arange(HOURS) % 24
    assert np.average(hours, weights=ac_kw_per_kwp(shanghai, east)) < np.average(hours, weights=both)
    assert plant_kw_per_kwp(shanghai, [east, replace(west, kwp=0.0)]) == pytest.approx(ac_kw_per_kwp(shanghai, east))
    with pytest.raises(ValueError, match="no kWp"):
        plant_kw_per_kwp(shanghai, [replace(east, kwp=0.0)])


def test_arrays_behind_shared_inverters_clip_later(shanghai):
    """East and west do not peak together: their sum is clipped less than each alone. One array has one inverter."""
    steep = replace(SOUTH, tilt_deg=45.0, dc_ac_ratio=2.5)
    east, west = replace(steep, azimuth_deg=90.0), replace(steep, azimuth_deg=270.0)
    own, shared = (plant_kw_per_kwp(shanghai, [east, west], shared_inverters=both) for both in (False, True))
    assert shared.sum() > own.sum() * 1.01 and shared.max() <= 1 / 2.5 + 1e-12
    for both in (False, True):
        alone = plant_kw_per_kwp(shanghai, [east], shared_inverters=both)
        assert np.array_equal(alone, ac_kw_per_kwp(shanghai, east))


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 90), st.floats(0, 360), st.floats(0.8, 2.5), st.floats(0, 0.5))
def test_output_lies_between_nothing_and_the_rating(shanghai, shanghai_sun, tilt, azimuth, ratio, losses):
    array = PvArray(1.0, tilt, azimuth, ratio, losses)
    ac = ac_kw_per_kwp(shanghai, array, sun=shanghai_sun)
    assert ac.shape == (HOURS,) and np.isfinite(ac).all()
    assert ac.min() >= 0 and ac.max() <= 1 / ratio + 1e-12
    assert ac[shanghai_sun.zenith_deg > 91].max() == 0
    total, effective = plane_of_array(shanghai, array, shanghai_sun)
    assert np.all(effective <= total + 1e-9)


def test_a_level_array_sees_the_global_irradiance(shanghai, shanghai_sun):
    total, _ = plane_of_array(shanghai, replace(SOUTH, tilt_deg=0.0), shanghai_sun)
    assert total.sum() == pytest.approx(shanghai.ghi.sum(), rel=0.02)


def test_both_hemispheres_mirror_each_other():
    """The same records, shifted by half a year, at mirrored latitudes: nearly the same yield, facing the equator."""
    ghi, warm = [70, 85, 115, 130, 150, 155, 160, 150, 120, 100, 75, 65], [5, 6, 9, 15, 20, 24, 28, 28, 24, 18, 12, 7]
    half = ghi[6:] + ghi[:6], warm[6:] + warm[:6]
    north = synthetic_year(33.0, 120.0, 8.0, ghi, warm, [3.0] * 12)
    south = synthetic_year(-33.0, 120.0, 8.0, *half, [3.0] * 12)
    to_north, to_south = replace(SOUTH, azimuth_deg=0.0), SOUTH
    yields = [ac_kw_per_kwp(north, to_south).sum(), ac_kw_per_kwp(south, to_north).sum()]
    assert yields[0] == pytest.approx(yields[1], rel=0.03)
    assert ac_kw_per_kwp(south, to_south).sum() < 0.9 * yields[1]
    assert faces_the_pole(-33.0, 20.0, 180.0) and not faces_the_pole(-33.0, 20.0, 0.0)
    assert faces_the_pole(33.0, 20.0, 0.0) and not faces_the_pole(33.0, 20.0, 95.0)
    assert [finding.code for finding in south.findings] == ["southern_hemisphere"] and not north.findings


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"tilt_deg": 120.0}, "tilt_deg"),
        ({"azimuth_deg": -90.0}, "azimuth_deg"),
        ({"temperature_coefficient_per_k": 0.35}, "temperature_coefficient_per_k"),
        ({"losses_fraction": 14.0}, "losses_fraction"),
    ],
)
def test_bad_arrays_are_refused_with_the_field(change, word):
    with pytest.raises(ValueError, match=word):
        replace(SOUTH, **change)


def test_year_zero_does_not_exist(shanghai):
    with pytest.raises(ValueError, match="year must be 1"):
        ac_kw_per_kwp(shanghai, SOUTH, year=0)


def test_pvlib_is_not_needed_to_start():
    code = "import sim.sun.panels, sim.sun.files, sys; print('pvlib' in sys.modules, 'scipy' in sys.modules)"
    found = run([sys.executable, "-c", code], cwd=PV_CASE.parents[2])
    assert found.stdout.split() == ["False", "False"], found.stderr


# --- weather files ----------------------------------------------------------------------------------------------------


def _stamps() -> list[tuple[int, int, int]]:
    days = [
        (month + 1, day + 1)
        for month, n in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
        for day in range(n)
    ]
    return [(month, day, hour) for month, day in days for hour in range(24)]


def _epw(weather: Weather, keep=lambda month, day, hour: True, zone: float | None = None, dni: bool = True) -> bytes:
    zone = weather.utc_offset_h if zone is None else zone
    place = f"{weather.latitude_deg},{weather.longitude_deg},{zone},{weather.altitude_m}"
    head = [
        f"LOCATION,Somewhere,-,CHN,made,000000,{place}",
        *["DESIGN CONDITIONS,0"] * 6,
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    rows = []
    for t, (month, day, hour) in enumerate(_stamps()):
        if keep(month, day, hour):
            sky = (weather.ghi[t], weather.dni[t] if dni else 9999, weather.dhi[t] if dni else 9999)
            irradiance = f"9999,9999,9999,{sky[0]:.1f},{sky[1]:.1f},{sky[2]:.1f},999999,999999,999999,9999"
            rest = f"180,{weather.wind_m_s[t]:.1f},5,5,9999,99999,9,999999999,0,0.1,0,88,0.2,0,0"
            rows.append(f"2021,{month},{day},{hour + 1},0,?,{weather.air_c[t]:.1f},5,60,101000,{irradiance},{rest}")
    return "\n".join(head + rows).encode()


def _pvgis(weather: Weather, zone: int, late_h: float = 0.5) -> bytes:
    head = (
        f"Latitude (decimal degrees): {weather.latitude_deg}\nLongitude (decimal degrees): {weather.longitude_deg}\n"
        f"Elevation (m): {weather.altitude_m}\nIrradiance Time Offset (h): {late_h}\nmonth,year\n"
        + "".join(f"{month},2019\n" for month in range(1, 13))
        + "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP\n"
    )
    columns = [np.roll(x, -zone) for x in (weather.air_c, weather.ghi, weather.dni, weather.dhi, weather.wind_m_s)]
    rows = [
        f"2019{month:02d}{day:02d}:{hour:02d}00,{air},60,{ghi},{dni},{dhi},300,{wind},180,101000"
        for (month, day, hour), air, ghi, dni, dhi, wind in zip(_stamps(), *columns, strict=True)
    ]
    return (head + "\n".join(rows) + "\n\nT2m: 2-m air temperature (degree Celsius)\n\nPVGIS (c)\n").encode()


def _nsrdb(weather: Weather, minutes: tuple[int, ...] = (30,), leap: bool = False) -> bytes:
    names = "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,Local Time Zone"
    zone = f"{weather.utc_offset_h:g}"
    place = f"NSRDB,1,-,-,-,{weather.latitude_deg},{weather.longitude_deg},{zone},{weather.altitude_m},{zone}"
    out = io.StringIO()
    out.write(f"{names}\n{place}\nYear,Month,Day,Hour,Minute,Temperature,DHI,DNI,GHI,Wind Speed\n")
    for t, (month, day, hour) in enumerate(_stamps()):
        days = [(month, day)] + ([(2, 29)] if leap and (month, day) == (2, 28) else [])
        for of_month, of_day in days:
            for minute in minutes:
                sky = f"{weather.dhi[t]},{weather.dni[t]},{weather.ghi[t]},{weather.wind_m_s[t]}"
                out.write(f"2020,{of_month},{of_day},{hour},{minute},{weather.air_c[t]},{sky}\n")
    return out.getvalue().encode()


def _same(one: Weather, other: Weather) -> None:
    for name in ("ghi", "dni", "dhi", "air_c", "wind_m_s"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=0.051)


def test_epw_holds_what_was_written(shanghai):
    found = read_weather(_epw(shanghai), "here.epw")
    _same(found, shanghai)
    assert (found.latitude_deg, found.longitude_deg, found.utc_offset_h, found.altitude_m) == (31.2, 121.5, 8.0, 5.0)
    assert found.sun_minutes == 30.0 and found.findings == () and found.source == "EPW file here.epw"
    assert ac_kw_per_kwp(found, SOUTH).sum() == pytest.approx(ac_kw_per_kwp(shanghai, SOUTH).sum(), rel=1e-3)


def test_tmy3_of_pvlib_itself():
    """Greensboro, 8760 rows stamped by their end; the monthly years hold a leap year."""
    import pvlib

    data = (Path(pvlib.__file__).parent / "data/723170TYA.CSV").read_bytes()
    found = read_weather(data, "723170TYA.CSV")
    assert found.findings == () and found.utc_offset_h == -5.0
    assert found.ghi.sum() / 1000 == pytest.approx(1566, abs=1)
    sun = sun_of(36.1, -79.95, -5.0)
    assert found.ghi[sun.zenith_deg > 96].max() == 0  # no row is an hour off
    assert 1300 < ac_kw_per_kwp(found, replace(SOUTH, tilt_deg=30.0)).sum() < 1500


@pytest.mark.parametrize("late_h", [0.5, 0.1761])
def test_pvgis_rows_come_home_from_utc(shanghai, late_h):
    found = read_weather(_pvgis(shanghai, 8, late_h), "tmy.csv", utc_offset_h=8.0)
    _same(found, shanghai)
    assert found.sun_minutes == pytest.approx(60 * late_h if late_h == 0.5 else found.sun_minutes)
    guessed = read_weather(_pvgis(shanghai, 8, 0.5), "tmy.csv")
    assert guessed.utc_offset_h == 8.0 and [one.code for one in guessed.findings] == ["time_zone"]


def _pvgis_json(weather: Weather, zone: int) -> bytes:
    rows = [line.split(",") for line in _pvgis(weather, zone).decode().split("\n") if line.startswith("2019")]
    names = ("time(UTC)", "T2m", "RH", "G(h)", "Gb(n)", "Gd(h)", "IR(h)", "WS10m", "WD10m", "SP")
    hourly = [dict(zip(names, (row[0], *map(float, row[1:])), strict=True)) for row in rows]
    place = {"latitude": weather.latitude_deg, "longitude": weather.longitude_deg, "elevation": weather.altitude_m}
    outputs = {"months_selected": [], "tmy_hourly": hourly}
    return json.dumps({"inputs": {"location": place}, "outputs": outputs, "meta": {"inputs": {}}}).encode()


def _pvgis_series(weather: Weather, zone: int, kind: str, slope: float = 0.0) -> bytes:
    """Three years of the horizontal plane, the first and the last of them half."""
    ghi, air, wind = (np.roll(x, -zone) for x in (weather.ghi, weather.air_c, weather.wind_m_s))
    rows = [
        (f"{year}{month:02d}{day:02d}:{hour:02d}11", ghi[t] * 0.6, ghi[t] * 0.4, 0.0, 10.0, air[t], wind[t], 0)
        for year in (2019, 2020, 2021)
        for t, (month, day, hour) in enumerate(_stamps())
        if year == 2020 or (month > 6) == (year == 2019)
    ]
    names = ("time", "Gb(i)", "Gd(i)", "Gr(i)", "H_sun", "T2m", "WS10m", "Int")
    place = {"latitude": weather.latitude_deg, "longitude": weather.longitude_deg, "elevation": weather.altitude_m}
    if kind == "json":
        inputs = {"location": place, "mounting_system": {"fixed": {"slope": {"value": slope}}}}
        hourly = [dict(zip(names, row, strict=True)) for row in rows]
        return json.dumps({"inputs": inputs, "outputs": {"hourly": hourly}, "meta": {"inputs": {}}}).encode()
    head = (
        f"Latitude (decimal degrees):\t{place['latitude']}\nLongitude (decimal degrees):\t{place['longitude']}\n"
        f"Elevation (m):\t{place['elevation']}\nRadiation database:\tPVGIS-SARAH3\n\n\nSlope: {slope:g} deg. \n"
        f"Azimuth: 0 deg. \n{','.join(names)}\n"
    )
    return (head + "\n".join(",".join(map(str, row)) for row in rows) + "\n\nGb(i): direct\n").encode()


def _solaranywhere(weather: Weather) -> bytes:
    head = (
        f"0,Somewhere,-,{weather.utc_offset_h:g},{weather.latitude_deg},{weather.longitude_deg},{weather.altitude_m},"
    )
    head += "Data Version: 3.4 / Type: Historical / LatLon Resolution: 0.1\n"
    names = "ObservationTime(LST),Global Horizontal Irradiance (GHI) W/m2,Direct Normal Irradiance (DNI) W/m2,"
    names += "Diffuse Horizontal Irradiance (DIF) W/m2,AmbientTemperature (deg C),WindSpeed (m/s)\n"
    columns = (weather.ghi, weather.dni, weather.dhi, weather.air_c, weather.wind_m_s)
    rows = (
        f"{month:02d}/{day:02d}/2021 {hour:02d}:30," + ",".join(str(part[t]) for part in columns)
        for t, (month, day, hour) in enumerate(_stamps())
    )
    return (head + names + "\n".join(rows)).encode()


def test_pvgis_as_json_is_what_it_is_as_csv(shanghai):
    _same(read_weather(_pvgis_json(shanghai, 8), "tmy.json", utc_offset_h=8.0), shanghai)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_pvgis_series_of_the_horizontal_plane_gives_its_last_whole_year(shanghai, kind):
    found = read_weather(_pvgis_series(shanghai, 8, kind), f"series.{kind}", utc_offset_h=8.0)
    assert found.ghi == pytest.approx(shanghai.ghi, abs=0.01) and found.air_c == pytest.approx(shanghai.air_c, abs=0.01)
    assert found.sun_minutes == pytest.approx(11) and {"year", "split"} <= {one.code for one in found.findings}
    with pytest.raises(WeatherError, match="tilted plane"):
        read_weather(_pvgis_series(shanghai, 8, kind, slope=30.0), f"series.{kind}", utc_offset_h=8.0)


def test_solaranywhere_is_local_standard_time(shanghai):
    found = read_weather(_solaranywhere(shanghai), "sa.csv")
    _same(found, shanghai)
    assert found.sun_minutes == 30.0 and found.findings == ()


def test_half_hour_zones_keep_their_sun():
    """Delhi, UTC+5:30, from a local EPW and from a UTC PVGIS file: the same yield, and no light at night."""
    ghi, warm = (
        [110, 125, 170, 185, 200, 180, 155, 150, 155, 145, 115, 100],
        [14, 17, 23, 29, 33, 33, 31, 30, 29, 26, 20, 15],
    )
    delhi = synthetic_year(28.6, 77.2, 5.5, ghi, warm, [4.5] * 12)
    assert [one.code for one in delhi.findings] == ["part_hour_zone"]
    local = read_weather(_epw(delhi), "delhi.epw")
    assert [one.code for one in local.findings] == ["part_hour_zone"]
    assert ac_kw_per_kwp(local, SOUTH).sum() == pytest.approx(ac_kw_per_kwp(delhi, SOUTH).sum(), rel=2e-3)
    in_utc = synthetic_year(28.6, 77.2, 0.0, ghi, warm, [4.5] * 12)
    found = read_weather(_pvgis(replace(in_utc), 0), "delhi.csv", utc_offset_h=5.5)
    assert found.sun_minutes == pytest.approx(0.0) and found.utc_offset_h == 5.5
    assert found.ghi == pytest.approx(np.roll(in_utc.ghi, 6), abs=1e-9)
    sun = sun_of(28.6, 77.2, 5.5, sun_minutes=found.sun_minutes)
    assert found.ghi[sun.zenith_deg > 96].max() == 0


def test_nsrdb_of_hours_and_half_hours(shanghai):
    _same(read_weather(_nsrdb(shanghai), "psm.csv"), shanghai)
    fine = read_weather(_nsrdb(shanghai, (0, 30)), "psm.csv")
    _same(fine, shanghai)
    assert fine.sun_minutes == 15.0 and [one.code for one in fine.findings] == ["averaged"]


def test_nsrdb_of_a_half_hour_zone(shanghai):
    """India's files: pvlib's reader takes whole hours only."""
    found = read_weather(_nsrdb(replace(shanghai, longitude_deg=84.0, utc_offset_h=5.5, altitude_m=5.5)), "psm.csv")
    assert (found.utc_offset_h, found.altitude_m) == (5.5, 5.5)
    assert [one.code for one in found.findings] == ["part_hour_zone"]
    _same(found, shanghai)


def test_a_leap_year_loses_its_day(shanghai):
    found = read_weather(_nsrdb(shanghai, leap=True), "psm.csv")
    _same(found, shanghai)
    assert [one.code for one in found.findings] == ["leap_day"]


def test_a_few_missing_hours_are_filled_from_the_days_around(shanghai):
    data = _epw(shanghai, keep=lambda month, day, hour: (month, day, hour) not in {(3, 5, 12), (7, 9, 3)})
    found = read_weather(data, "gaps.epw")
    assert [one.code for one in found.findings] == ["missing_hours"]
    assert "2 missing hours, the first on 5.3. at 12:00" in found.findings[0].text
    noon = (31 + 28 + 4) * 24 + 12
    assert found.ghi[noon] == pytest.approx((shanghai.ghi[noon - 24] + shanghai.ghi[noon + 24]) / 2, abs=0.1)


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda month, day, hour: month < 12, "8,016 rows.*744 are missing, the first on 1.12. at 00:00"),
        (lambda month, day, hour: not (month == 5 and day in (3, 4)), "48 are missing, the first on 3.5."),
        (lambda month, day, hour: hour % 3, "2,920 are missing"),
    ],
)
def test_half_a_year_is_refused(shanghai, keep, words):
    with pytest.raises(WeatherError, match=words):
        read_weather(_epw(shanghai, keep), "short.epw")


def test_missing_direct_irradiance_follows_from_the_global(shanghai):
    found = read_weather(_epw(shanghai, dni=False), "global.epw")
    assert [one.code for one in found.findings] == ["split"]
    assert found.dhi.sum() == pytest.approx(shanghai.dhi.sum(), rel=0.05)
    assert ac_kw_per_kwp(found, SOUTH).sum() == pytest.approx(ac_kw_per_kwp(shanghai, SOUTH).sum(), rel=0.02)


def test_a_wrong_time_zone_is_said_and_the_yield_kept(shanghai):
    found = read_weather(_epw(shanghai, zone=6.0), "zone.epw")
    assert [one.code for one in found.findings] == ["clock"]
    assert "2.0 h behind its time zone, UTC+6" in found.findings[0].text
    assert ac_kw_per_kwp(found, SOUTH).sum() == pytest.approx(ac_kw_per_kwp(shanghai, SOUTH).sum(), rel=0.01)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"time,kw\n0,1\n", "no weather file known here"),
        (b"\xff\xd8\xff\xe0 a picture", "no weather file known here"),
        (b"LOCATION,a,b,c,d,e,31,121,8,5\nnonsense", "0 rows, but a year needs all 8,760 hours"),
        (b"LOCATION,a,b,c,d,e,north,121,8,5\n" + b"x\n" * 9, "cannot be read as one"),
        (b"Latitude (decimal degrees):\t45.000\nLongitude (decimal degrees):\t8.0\n\ntime,Gb(i)\n", "tilted plane"),
        (b"Source,Location ID,City\nNSRDB,1\n", "cannot be read as one"),
    ],
)
def test_what_is_no_weather_file_is_refused(data, words):
    with pytest.raises(WeatherError, match=words):
        read_weather(data, "file.csv")


def test_a_file_without_sun_is_refused(shanghai):
    dark = replace(shanghai, ghi=shanghai.ghi * 0)
    with pytest.raises(WeatherError, match="no sunshine"):
        read_weather(_epw(dark), "dark.epw")


def test_southern_files_say_so(shanghai):
    south = synthetic_year(
        -33.9, 151.2, 10.0, [190, 160, 150, 115, 90, 75, 85, 110, 140, 170, 185, 200], [20] * 12, [3] * 12
    )
    found = read_weather(_epw(south), "sydney.epw")
    assert [one.code for one in found.findings] == ["southern_hemisphere"]
    assert found.ghi_monthly_kwh_per_m2 == pytest.approx(south.ghi_monthly_kwh_per_m2, rel=1e-3)


def test_pvgis_by_internet_and_without(monkeypatch):
    import requests
    from pvlib import iotools

    year = synthetic_year(45.0, 8.0, 1.0, [40, 60, 100, 130, 160, 180, 190, 150, 100, 60, 40, 30], [10] * 12, [3] * 12)
    tmy = iotools.read_pvgis_tmy(io.BytesIO(_pvgis(year, 1)), "csv")
    monkeypatch.setattr(iotools, "get_pvgis_tmy", lambda *place, **how: tmy)
    found = fetch_pvgis(45.0, 8.0, 1.0)
    assert found.source == "PVGIS TMY" and found.ghi.sum() / 1000 == pytest.approx(1240)

    def no_internet(*place, **how):
        raise requests.ConnectionError("Name or service not known")

    monkeypatch.setattr(iotools, "get_pvgis_tmy", no_internet)
    with pytest.raises(WeatherError, match="PVGIS is out of reach for 45, 8. Check the internet connection"):
        fetch_pvgis(45.0, 8.0)

    def not_covered(*place, **how):
        raise requests.HTTPError("Location over the sea", response=requests.Response())

    monkeypatch.setattr(iotools, "get_pvgis_tmy", not_covered)
    with pytest.raises(WeatherError, match="PVGIS refused the request"):
        fetch_pvgis(45.0, 8.0)


def test_without_wind_two_metres_a_second(shanghai):
    found = read_weather(_epw(replace(shanghai, wind_m_s=np.full(HOURS, 999.0))), "calm.epw")
    assert [one.code for one in found.findings] == ["wind"] and set(found.wind_m_s) == {2.0}


# --- synthetic years --------------------------------------------------------------------------------------------------


def _raw_sites() -> list[dict]:
    return library._file("sites")["sites"]


def _year_of(raw: dict, seed: int = 1) -> Weather:
    swing = np.subtract(raw["temperature_daily_max_mean_monthly_c"], raw["temperature_daily_min_mean_monthly_c"])
    return synthetic_year(
        raw["latitude_deg"],
        raw["longitude_deg"],
        raw["utc_offset_h"],
        raw["ghi_monthly_kwh_per_m2"],
        raw["temperature_mean_monthly_c"],
        raw["linke_turbidity_monthly"],
        swing,
        raw["altitude_m"],
        seed,
    )


@pytest.mark.parametrize("raw", _raw_sites(), ids=lambda raw: raw["id"])
def test_every_site_keeps_its_record(raw):
    """Months to the digit; the yield of a 10-degree roof within 4 % of the data file's (which is good to 10 %)."""
    year = _year_of(raw)
    assert year.ghi_monthly_kwh_per_m2 == pytest.approx(raw["ghi_monthly_kwh_per_m2"], rel=1e-9)
    temperature = np.bincount(MONTH_OF_HOUR, weights=year.air_c) / np.bincount(MONTH_OF_HOUR)
    assert temperature == pytest.approx(raw["temperature_mean_monthly_c"], abs=1e-9)
    toward = 180.0 if raw["latitude_deg"] > 0 else 0.0
    roof = PvArray(1.0, 10.0, toward, inverter_efficiency=0.97, temperature_coefficient_per_k=-0.0035)
    assert ac_kw_per_kwp(year, roof).sum() == pytest.approx(raw["pv_yield_roof10_kwh_per_kwp_year1"], rel=0.04)
    assert year.dhi.sum() / year.ghi.sum() == pytest.approx(raw["diffuse_fraction_annual"], abs=0.1)


def test_the_same_seed_gives_the_same_year():
    raw = _raw_sites()[0]
    one, again, other = _year_of(raw, 5), _year_of(raw, 5), _year_of(raw, 6)
    assert np.array_equal(one.ghi, again.ghi) and np.array_equal(one.air_c, again.air_c)
    assert not np.array_equal(one.ghi, other.ghi)
    assert other.ghi_monthly_kwh_per_m2 == pytest.approx(one.ghi_monthly_kwh_per_m2)


def test_days_differ_and_stay_below_clear_sky():
    raw = _raw_sites()[0]
    year = _year_of(raw)
    clear = synthetic_year(
        raw["latitude_deg"],
        raw["longitude_deg"],
        8.0,
        np.array(raw["clear_sky_ghi_monthly_kwh_per_m2"]) * 0.999,
        [15] * 12,
        raw["linke_turbidity_monthly"],
    )
    assert np.all(year.ghi <= clear.ghi * 1.02 + 1)
    daily = year.ghi.reshape(365, 24).sum(axis=1) / clear.ghi.reshape(365, 24).sum(axis=1)
    assert daily.std() > 0.2
    assert np.corrcoef(daily[1:], daily[:-1])[0, 1] > 0.15  # 0.30 on the mean of many seeds


def test_a_record_above_clear_sky_is_said():
    year = synthetic_year(31.0, 121.0, 8.0, [300.0] * 12, [15.0] * 12, [3.0] * 12)
    assert {finding.code for finding in year.findings} == {"above_clear_sky", "ghi_year"}
    assert year.ghi_monthly_kwh_per_m2 == pytest.approx([300.0] * 12)


def test_polar_winter_has_no_sun():
    year = synthetic_year(70.0, 20.0, 1.0, [0, 10, 50, 100, 140, 150, 140, 100, 60, 25, 2, 0], [0] * 12, [2.5] * 12)
    assert year.ghi_monthly_kwh_per_m2[0] == 0.0
    assert np.isfinite(ac_kw_per_kwp(year, SOUTH)).all()


def test_short_records_are_refused():
    with pytest.raises(WeatherError, match="ghi_monthly_kwh_per_m2 needs 12 numbers"):
        synthetic_year(31.0, 121.0, 8.0, [100.0] * 11, [15.0] * 12)
    with pytest.raises(WeatherError, match="0 or more"):
        synthetic_year(31.0, 121.0, 8.0, [-1.0] + [100.0] * 11, [15.0] * 12)


def test_turbidity_of_pvlib_serves_where_none_is_given():
    year = synthetic_year(31.2, 121.5, 8.0, [70, 80, 105, 125, 145, 130, 155, 145, 125, 105, 75, 70], [15.0] * 12)
    assert not year.findings and year.ghi.sum() / 1000 == pytest.approx(1330)
