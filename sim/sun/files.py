"""Weather files: read by pvlib's own readers (pvlib-python 0.16), checked, mended, and brought to the year of a place.

Conventions are those of `sim.sun.year`. pvlib is imported inside the functions: that takes a second or more, and the
app's start does not need it.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Flags, Floats, runs
from sim.inputs.text import read_json
from sim.problem import Problem, Refusal
from sim.sun.year import (
    DEFAULT_WIND_M_S,
    FIRST_HOUR_OF_MONTH,
    HOURS,
    MONTH_OF_HOUR,
    Weather,
    WeatherError,
    WeatherFinding,
    place_findings,
    split_ghi,
    sun_of,
)

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["epw", "tmy3", "pvgis", "pvgis_series", "nsrdb", "solaranywhere"]
KIND_NAMES = {
    "epw": "EPW",
    "tmy3": "TMY3",
    "pvgis": "PVGIS TMY",
    "pvgis_series": "PVGIS series",
    "nsrdb": "NSRDB",
    "solaranywhere": "SolarAnywhere",
}
BY_UTC = ("pvgis", "pvgis_series")
PLANE = ("poa_direct", "poa_sky_diffuse", "poa_ground_diffuse")

FILLED_IN_A_ROW = 24  # longest gap that neighbouring days may fill, hours
FILLED_IN_ALL = 168  # and all gaps together: a week
PLAUSIBLE = {"ghi": (-20, 1500), "dni": (-20, 1400), "dhi": (-20, 900), "temp_air": (-70, 60), "wind_speed": (0, 60)}
COLUMN_NAMES = {
    "ghi": Problem("global irradiance"),
    "dni": Problem("direct irradiance"),
    "dhi": Problem("diffuse irradiance"),
    "temp_air": Problem("air temperature"),
    "wind_speed": Problem("wind speed"),
}
DAYLIGHT_W_PER_M2 = 5.0  # above it the sun is taken to be up
CLOCK_ERROR_H = 0.4  # more than this between the file's sun and its time zone is a fault of the file
PVGIS_WAIT_S = (5, 20)  # for a connection, and for the year to arrive
WHOLE_IN_NSRDB = ("Time Zone", "Local Time Zone", "Elevation")


# --- the sun ----------------------------------------------------------------------------------------------------------


# --- weather files ----------------------------------------------------------------------------------------------------
# A year of minutes, with line ends of two signs.
MOST_LINES = 1_100_000
# What a reader raises over a file that is not as it should be.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, csv.Error)


def read_weather(data: bytes, filename: str, utc_offset_h: float | None = None) -> Weather:
    """A year from an EPW, TMY3, PVGIS (TMY, or a series of the horizontal plane; CSV or JSON), NSRDB (CSV, PSM3 or 4)
    or SolarAnywhere (CSV) file. Of a series the last whole year is taken.

    utc_offset_h: of the site; needed only for PVGIS, whose rows are UTC (else the zone of its longitude is taken).
    Finer rows are averaged to hours. Gaps up to a day, a week in all, are filled from the days around them. Raises
    WeatherError for anything that is not a whole year.
    """
    text = _text(data, filename)
    kind = _kind(text, filename)
    try:
        frame, place = _parsed(text, kind, filename)
        zone = utc_offset_h if kind in BY_UTC else place["utc_offset_h"]
        return _year(frame, place, zone, Problem("{kind} file {name}", kind=KIND_NAMES[kind], name=filename))
    except WeatherError:
        raise
    except UNREADABLE as error:
        raise WeatherError(
            "{name} looks like a {kind} file, but cannot be read as one ({reason}). Download it again.",
            name=filename,
            kind=KIND_NAMES[kind],
            reason=getattr(error, "problem", Problem("header or columns are not as usual")),
        ) from error


def fetch_pvgis(latitude_deg: float, longitude_deg: float, utc_offset_h: float | None = None) -> Weather:
    """The typical year of PVGIS for a place (European Commission; Europe, Africa, Asia, the Americas), by internet.

    Raises WeatherError with a clear sentence where there is no internet, or PVGIS does not cover the place.
    """
    from pvlib import iotools
    from requests import RequestException

    try:
        frame, meta = iotools.get_pvgis_tmy(latitude_deg, longitude_deg, outputformat="csv", timeout=PVGIS_WAIT_S)
    except (RequestException, OSError) as error:
        answered = getattr(error, "response", None) is not None
        raise WeatherError(
            "{reason} for {latitude:g}, {longitude:g}. Check the internet connection and the place, or upload a "
            "weather file, or use the place's monthly record.",
            reason=Problem("PVGIS refused the request" if answered else "PVGIS is out of reach"),
            latitude=latitude_deg,
            longitude=longitude_deg,
        ) from error
    return _year(frame, _place("pvgis", meta), utc_offset_h, "PVGIS TMY")


def _year(frame: pd.DataFrame, place: dict[str, float], utc_offset_h: float | None, source: str) -> Weather:
    """The year of a reader's table; rows of another zone than `utc_offset_h` are brought to it."""
    findings: list[WeatherFinding] = list(frame.attrs.get("findings", ()))
    if place["utc_offset_h"] != utc_offset_h:
        frame, place = _to_local(frame, place, _zone(place["longitude_deg"], utc_offset_h, findings))
    rows, sun_minutes = _by_hour(frame, place["sun_minutes"], findings)
    site = {name: value for name, value in place.items() if name != "sun_minutes"}
    ghi, air_c = (_filled(rows[name], name, findings) for name in ("ghi", "temp_air"))
    if ghi.max() <= 0:
        raise WeatherError(
            "{source}: there is no sunshine, every global irradiance is 0. Choose another file.", source=source
        )
    sun_minutes = _checked_clock(ghi, site, sun_minutes, findings)
    dni, dhi = _direct_and_diffuse(rows, ghi, site, sun_minutes, findings)
    weather = Weather(
        ghi=np.maximum(ghi, 0.0),
        dni=dni,
        dhi=dhi,
        air_c=air_c,
        wind_m_s=_wind(rows["wind_speed"], findings),
        **site,
        sun_minutes=sun_minutes,
        source=source,
        findings=(),
    )
    return replace(weather, findings=(*findings, *place_findings(weather)))


def _wind(wind: Floats, findings: list[WeatherFinding]) -> Floats:
    if np.isnan(wind).sum() <= FILLED_IN_ALL:
        return _filled(wind, "wind_speed", findings)
    text = Problem("There is no wind speed; {wind:g} m/s is taken.", wind=DEFAULT_WIND_M_S)
    findings.append(WeatherFinding("wind", "repaired", text))
    return np.full(HOURS, DEFAULT_WIND_M_S)


def _text(data: bytes, filename: str) -> str:
    if not data.strip():
        raise WeatherError("{name} is empty. Choose a weather file with 8760 hours.", name=filename)
    if data.count(b"\n") + data.count(b"\r") > MOST_LINES:
        raise WeatherError(
            "{name} has more than {most:,} lines. Choose a file of one year.", name=filename, most=MOST_LINES
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _kind(text: str, filename: str) -> Kind:
    first, second = (text.split("\n", 2) + ["", ""])[:2]
    if first.lstrip().startswith("{"):
        outputs = _json(text, filename).get("outputs")
        kinds: dict[str, Kind] = {"tmy_hourly": "pvgis", "hourly": "pvgis_series"}
        for name, kind in kinds.items():
            if isinstance(outputs, dict) and isinstance(outputs.get(name), list):
                return kind
    if "ObservationTime(LST)" in second[:1000]:
        return "solaranywhere"
    if first.startswith("LOCATION,"):
        return "epw"
    if first.startswith("Source,Location ID"):
        return "nsrdb"
    if first.startswith("Latitude (decimal degrees)"):
        return "pvgis" if "time(UTC)" in text[:4000] else "pvgis_series"
    if second.startswith("Date (MM/DD/YYYY)"):
        return "tmy3"
    raise WeatherError(
        "{name} is no weather file known here. Give an EPW, a TMY3, a PVGIS TMY or horizontal series, an NSRDB or a "
        "SolarAnywhere file.",
        name=filename,
    )


def _json(text: str, filename: str) -> dict:
    try:
        tree = read_json(text)
    except Refusal as error:
        raise WeatherError("{name}: {fault}.", name=filename, fault=error.problem) from error
    return tree if isinstance(tree, dict) else {}


def _parsed(text: str, kind: Kind, filename: str) -> tuple[pd.DataFrame, dict[str, float]]:
    """pvlib's table, stamped by the beginning of its rows, and the place; sun_minutes as the format defines them."""
    import pandas as pd
    from pvlib import iotools

    readers = {
        "epw": lambda: iotools.read_epw(io.StringIO(text)),
        "tmy3": lambda: iotools.read_tmy3(io.StringIO(text)),
        "pvgis": lambda: iotools.read_pvgis_tmy(io.BytesIO(text.encode()), pvgis_format=_format(text)),
        "pvgis_series": lambda: _series(text, filename),
        "nsrdb": lambda: _nsrdb(text),
        "solaranywhere": lambda: _solaranywhere(text),
    }
    frame, meta = readers[kind]()
    place = _place(kind, meta)
    missing = tuple(COLUMN_NAMES[name] for name in ("ghi", "temp_air") if name not in frame)
    if missing:
        raise WeatherError(
            "{name} has no column for: {missing}. Choose a file with all columns.", name=filename, missing=missing
        )
    if kind == "tmy3":  # stamped by the end of its rows; its Februaries have 28 days, also those of leap years
        begin = frame.index - pd.Timedelta(hours=1)
        leap = (begin.month == 2) & (begin.day == 29)
        frame = frame.set_index(begin.where(~leap, begin - pd.Timedelta(days=1)))
    return frame, place


def _format(text: str) -> str:
    return "json" if text.lstrip().startswith("{") else "csv"


def _series(text: str, filename: str) -> tuple[pd.DataFrame, dict]:
    """The last whole year of a series of the horizontal plane; its rows are stamped some minutes past the hour."""
    from pvlib import iotools

    if _format(text) == "json":
        inputs = _json(text, filename).get("inputs") or {}
        slope = inputs["mounting_system"]["fixed"]["slope"]["value"]
    else:
        told = re.search(r"^Slope: *([\d.]{1,10})", text[:4000], re.MULTILINE)
        slope = float(told[1]) if told else None
    if slope != 0:
        raise WeatherError(
            "{name} is a PVGIS time series of a tilted plane. Download one of slope 0, or PVGIS's TMY.", name=filename
        )
    frame, meta = iotools.read_pvgis_hourly(io.StringIO(text), pvgis_format=_format(text))
    frame["ghi"] = frame["poa_global"] if "poa_global" in frame else frame[[n for n in PLANE if n in frame]].sum(axis=1)
    years, counts = np.unique(frame.index.year, return_counts=True)
    whole = years[counts >= HOURS]
    year = int(whole[-1] if whole.size else years[-1])
    frame = frame[frame.index.year == year]
    minutes = float(frame.index.minute[0])
    frame = frame.set_index(frame.index.floor("h"))
    if len(years) > 1:
        taken = Problem(
            "The file holds {count} years; {year} was taken, the last whole one.", count=len(years), year=year
        )
        frame.attrs["findings"] = [WeatherFinding("year", "note", taken)]
    return frame, {"inputs": {**_location(meta), "time offset": minutes / 60}}


def _location(meta: dict) -> dict:
    """Place of a PVGIS file: among the inputs of a CSV file, a level deeper in JSON."""
    return meta["inputs"].get("location", meta["inputs"])


def _solaranywhere(text: str) -> tuple[pd.DataFrame, dict]:
    """pvlib reads it from a path alone. Stamps are local standard time."""
    from pvlib import iotools

    with TemporaryDirectory() as folder:
        path = Path(folder) / "weather.csv"
        path.write_text(text, encoding="utf-8")
        return iotools.read_solaranywhere(path, encoding="utf-8")


def _nsrdb(text: str) -> tuple[pd.DataFrame, dict]:
    """pvlib's reader wants whole numbers for time zone and altitude; India's files have half hours. It gets whole ones,
    which changes no row's clock, and the file's own are put back."""
    from pvlib import iotools

    first, second, rows = text.split("\n", 2)
    names, values = first.strip().split(","), second.strip().split(",")
    given = {name: float(value) for name, value in zip(names, values, strict=False) if name in WHOLE_IN_NSRDB}
    whole = [str(int(given[name])) if name in given else value for name, value in zip(names, values, strict=False)]
    frame, meta = iotools.read_nsrdb_psm4(io.StringIO("\n".join([",".join(names), ",".join(whole), rows])))
    return frame, {**meta, "altitude": given["Elevation"], "Time Zone": given["Time Zone"]}


def _place(kind: Kind, meta: dict) -> dict[str, float]:
    found, sun, keys = meta, 30.0, ["latitude", "longitude", "altitude"]
    if kind in BY_UTC:
        found, zone, keys = _location(meta), 0.0, ["latitude", "longitude", "elevation"]
        named = ((key.lower().replace("_", " "), value) for key, value in found.items())
        sun = 60 * float(next((value for key, value in named if "time offset" in key), 0.5))
    elif kind == "nsrdb":
        zone = found["Time Zone"]
    else:
        zone = found["TZ"]
    latitude, longitude, altitude = (float(found[key]) for key in keys)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and -12 <= float(zone) <= 14):
        values = {"latitude": latitude, "longitude": longitude, "zone": float(zone)}
        raise Refusal("latitude {latitude:g}, longitude {longitude:g} or time zone {zone:g} is out of range", **values)
    return {
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "utc_offset_h": float(zone),
        "altitude_m": altitude,
        "sun_minutes": sun,
    }


def _zone(longitude_deg: float, given: float | None, findings: list[WeatherFinding]) -> float:
    if given is not None:
        return given
    zone = float(round(longitude_deg / 15))
    text = Problem(
        "The file's rows are UTC and it names no time zone; UTC{zone:+g} follows from its longitude.", zone=zone
    )
    findings.append(WeatherFinding("time_zone", "note", text))
    return zone


def _to_local(frame: pd.DataFrame, place: dict, zone: float) -> tuple[pd.DataFrame, dict]:
    """UTC rows as local ones. What is not a whole hour goes into sun_minutes, so that nothing is interpolated."""
    late_h = place["sun_minutes"] / 60 + zone
    whole = int(np.floor(late_h))
    columns = {name: np.roll(frame[name].to_numpy(), whole) for name in frame.columns}
    local = type(frame)(columns, index=frame.index)
    return local, {**place, "utc_offset_h": zone, "sun_minutes": 60 * (late_h - whole)}


def _by_hour(
    frame: pd.DataFrame, sun_minutes: float, findings: list[WeatherFinding]
) -> tuple[dict[str, Floats], float]:
    """Columns on the 8760 hours of the year, NaN where a row or value is missing."""
    index = frame.index
    leap = np.asarray((index.month == 2) & (index.day == 29))
    if leap.any():
        text = Problem("29 February is left out: a study year has 365 days.")
        findings.append(WeatherFinding("leap_day", "repaired", text))
        frame, index = frame[~leap], index[~leap]
    slot = FIRST_HOUR_OF_MONTH[index.month - 1] + (index.day - 1) * 24 + index.hour
    per_hour = np.bincount(slot, minlength=HOURS)
    finest = int(np.median(per_hour[per_hour > 0])) if len(frame) else 0
    _check_length(per_hour, len(frame), findings)
    if finest > 1:
        sun_minutes = float(np.asarray(index.minute).mean())
        text = Problem("{count} rows an hour are averaged to hours.", count=finest)
        findings.append(WeatherFinding("averaged", "note", text))
    elif np.ptp(np.asarray(index.minute)) == 0 and index.minute[0] > 0:
        sun_minutes = float(index.minute[0])
    return {name: _hourly(frame, name, slot) for name in PLAUSIBLE}, sun_minutes


def _check_length(per_hour: NDArray[np.int64], rows: int, findings: list[WeatherFinding]) -> None:
    missing = np.flatnonzero(per_hour == 0)
    if missing.size > FILLED_IN_ALL or _longest_run(per_hour == 0) > FILLED_IN_A_ROW:
        raise WeatherError(
            "The file has {rows:,} rows, but a year needs all 8,760 hours: {count:,} are missing, the first on "
            "{first}. Give a whole year.",
            rows=rows,
            count=missing.size,
            first=_when(missing[0]),
        )
    if missing.size:
        values = {"count": missing.size, "first": _when(missing[0])}
        text = Problem("{count} missing hours, the first on {first}, are filled from the days around them.", **values)
        findings.append(WeatherFinding("missing_hours", "repaired", text))


def _hourly(frame: pd.DataFrame, name: str, slot: NDArray[np.int64]) -> Floats:
    if name not in frame:
        return np.full(HOURS, np.nan)
    values = _numbers(frame[name])
    low, high = PLAUSIBLE[name]
    good = (values >= low) & (values <= high)
    counted = np.bincount(slot[good], minlength=HOURS)
    total = np.bincount(slot[good], weights=values[good], minlength=HOURS)
    return np.where(counted > 0, total / np.maximum(counted, 1), np.nan)


def _numbers(column: pd.Series) -> Floats:
    """A column as numbers, NaN where a cell is none."""
    import pandas as pd

    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=float)


def _filled(values: Floats, name: str, findings: list[WeatherFinding]) -> Floats:
    """Gaps take the mean of the same hour a day before and after, a further day away where those are gaps too."""
    gaps = np.isnan(values)
    if not gaps.any():
        return values
    if gaps.sum() > FILLED_IN_ALL or _longest_run(gaps) > FILLED_IN_A_ROW:
        raise WeatherError(
            "{what} has no usable value in {count:,} hours, the first on {first}. Give a file with a whole year of it.",
            what=COLUMN_NAMES[name],
            count=gaps.sum(),
            first=_when(int(np.argmax(gaps))),
        )
    if not any(one.code == "missing_hours" for one in findings):
        text = Problem(
            "{what} is missing or out of range in {count:,} hours; they are filled from the days around them.",
            what=COLUMN_NAMES[name],
            count=gaps.sum(),
        )
        findings.append(WeatherFinding("missing_values", "repaired", text))
    around = np.stack([np.roll(values, shift) for shift in (24, -24, 48, -48)])
    near = np.where(np.isnan(around[:2]).all(axis=0), np.nansum(around[2:], axis=0), np.nansum(around[:2], axis=0))
    count = np.where(
        np.isnan(around[:2]).all(axis=0), *(np.isfinite(part).sum(axis=0) for part in (around[2:], around[:2]))
    )
    return np.where(gaps, near / np.maximum(count, 1), values)


def _longest_run(flags: Flags) -> int:
    first, end = runs(flags)
    return int(np.max(end - first, initial=0))


def _when(hour: int) -> Problem:
    month = int(MONTH_OF_HOUR[hour])
    day, clock = divmod(int(hour) - FIRST_HOUR_OF_MONTH[month], 24)
    return Problem("{day}.{month}. at {clock:02d}:00", day=day + 1, month=month + 1, clock=clock)


def _checked_clock(ghi: Floats, place: dict, nominal_minutes: float, findings: list[WeatherFinding]) -> float:
    """Where the sun of the rows stands, in minutes past their stamp, from the middle of the file's days.

    The middle of daylight is symmetric about solar noon, 12 - (longitude / 15 - zone) on the mean of the year. A file
    whose sun disagrees with its time zone keeps its rows; its sun positions follow the file, or yields would be wrong.
    """
    days = (ghi > DAYLIGHT_W_PER_M2).reshape(365, 24)
    # A window of 24 h about local solar noon: in zones far from their meridian daylight can cross midnight.
    noon_h = 12 - (place["longitude_deg"] / 15 - place["utc_offset_h"])
    turn = round(noon_h - 12)
    days = np.roll(days.reshape(-1), -turn).reshape(365, 24)
    lit = days.any(axis=1) & ~days.all(axis=1)
    if lit.sum() < 100:
        return nominal_minutes
    middle = (days[lit].argmax(axis=1) + 23 - days[lit][:, ::-1].argmax(axis=1)) / 2 + turn
    minutes = 60 * (noon_h - float(middle.mean()))
    if abs(minutes - nominal_minutes) <= 60 * CLOCK_ERROR_H:
        return nominal_minutes
    early = (minutes - nominal_minutes) / 60
    text = Problem(
        "The sun of this file runs {hours:.1f} h {side} its time zone, UTC{zone:+g}. Sun positions follow the file; "
        "check whether its rows are local standard time.",
        hours=abs(early),
        side=Problem("ahead of" if early > 0 else "behind"),
        zone=place["utc_offset_h"],
    )
    findings.append(WeatherFinding("clock", "warning", text))
    return minutes


def _direct_and_diffuse(
    rows: dict[str, Floats], ghi: Floats, place: dict, sun_minutes: float, findings: list[WeatherFinding]
) -> tuple[Floats, Floats]:
    gaps = max(int(np.isnan(rows[name]).sum()) for name in ("dni", "dhi"))
    if gaps <= FILLED_IN_ALL:
        direct, diffuse = (np.maximum(_filled(rows[name], name, findings), 0.0) for name in ("dni", "dhi"))
        return direct, diffuse
    text = Problem("Direct and diffuse irradiance are missing; they follow from the global (Erbs).")
    findings.append(WeatherFinding("split", "repaired", text))
    return split_ghi(np.maximum(ghi, 0.0), sun_of(**place, sun_minutes=sun_minutes))
