"""The shipped data files (`assets/data/*.yaml`) as typed records, each figure with its source and confidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, Literal

import yaml

DATA_DIR = Path(__file__).resolve().parents[2] / "assets" / "data"
Confidence = Literal["seen_in_source", "derived", "unverified"]


@dataclass(frozen=True)
class Record:
    """One figure of a data file. `low` and `high` are None where the file gives no range."""

    path: str
    value: Any
    low: float | None
    high: float | None
    source: str
    as_of: str
    confidence: Confidence
    note: str


@dataclass(frozen=True)
class SiteRecord:
    """One place of `sites.yaml`: where it lies and its monthly sun and temperature records (12 values each).

    `also`: other names it is found by. `tariffs`: those at home there, each with the peak load in MW up to which it is
    the usual one (None = any).
    `temperature_range_monthly_c`: mean daily highest less mean daily lowest; `linke_turbidity_monthly`: haze of a clear
    sky. `pv_yield_kwh_per_kwp` is the file's own estimate for a 10 degree roof, +-10 %.
    """

    id: str
    name_en: str
    name_zh: str
    country: str
    province_en: str
    province_zh: str
    also: tuple[str, ...]
    timezone: str
    tariffs: tuple[tuple[str, float | None], ...]
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    utc_offset_h: float
    grid_region: str
    ghi_monthly_kwh_per_m2: tuple[float, ...]
    temperature_mean_monthly_c: tuple[float, ...]
    temperature_range_monthly_c: tuple[float, ...]
    linke_turbidity_monthly: tuple[float, ...]
    pv_yield_kwh_per_kwp: float
    confidence: Confidence
    note: str


@cache
def _file(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with (DATA_DIR / f"{name}.yaml").open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=loader)


@cache
def record(file: str, path: str) -> Record:
    """The figure at a dotted path of a data file, e.g. `record("equipment", "diesel.min_load_fraction")`.

    Raises KeyError naming the file and the path where there is none.
    """
    node: Any = _file(file)
    for part in path.split("."):
        if not isinstance(node, dict) or part not in node:
            raise KeyError(f"assets/data/{file}.yaml has no record '{path}' (stopped at '{part}')")
        node = node[part]
    return _as_record(f"{file}:{path}", node, _file(file).get("sources", {}))


def country_record(code: str, key: str) -> Record:
    """A fact of one country of `markets.yaml`, e.g. `country_record("MY", "diesel_price_per_litre")`."""
    markets = _file("markets")
    for country in markets["countries"]:
        if country["code"] == code:
            return _as_record(f"markets:{code}.{key}", country[key], markets["sources"])
    raise KeyError(f"assets/data/markets.yaml has no country '{code}'")


def country(code: str) -> dict[str, Any]:
    """All facts of one country of `markets.yaml`, as read. Raises KeyError where it has none."""
    found = [facts for facts in _file("markets")["countries"] if facts["code"] == code]
    if not found:
        raise KeyError(f"assets/data/markets.yaml has no country '{code}'")
    return found[0]


def grid_factor(site: SiteRecord) -> Record:
    """kg CO2 per kWh of a place's grid: of its grid region (`equipment.yaml`), where there is no figure of that of its
    province, else of its country (`markets.yaml`)."""
    if site.grid_region in _file("equipment")["grid"]["co2_factor_kg_per_kwh"]:
        return record("equipment", f"grid.co2_factor_kg_per_kwh.{site.grid_region}")
    provinces = _file("markets")["china_grid_emission_factors"]["provincial_2022"]
    if site.country == "CN" and site.province_en in provinces["values"]:
        found = provinces | {"value": provinces["values"][site.province_en], "note": ""}
        return _as_record(f"markets:provincial_2022.{site.province_en}", found, _file("markets")["sources"])
    return country_record(site.country, "grid_emission_factor_kg_co2_per_kwh")


def rent_abroad() -> Record:
    """USD a month for a kW of a rented diesel set outside China, without fuel (`markets.yaml: genset_rental`)."""
    rows = _file("markets")["genset_rental"]
    found = next(row for row in rows if row["item"].startswith("International rental fleets"))
    return _as_record("markets:genset_rental", found, _file("markets")["sources"])


def default_tariff(country_code: str) -> str:
    """The tariff that stands in where a place has none of its own in the library (`tariffs.yaml`)."""
    return _file("tariffs")["default_tariff_by_country"][country_code]


def countries() -> tuple[str, ...]:
    """Codes of the countries of `markets.yaml`, in file order."""
    return tuple(facts["code"] for facts in _file("markets")["countries"])


@cache
def currencies() -> tuple[str, ...]:
    """Codes of the national currencies in use (`fx.yaml: codes`), in alphabetical order."""
    return tuple(record("fx", "codes").value.split())


def units_per_usd(currency: str) -> Record | None:
    """What a dollar buys of a currency by the rate table, None where the table has none."""
    return record("fx", f"units_per_usd.{currency}") if currency in _file("fx")["units_per_usd"] else None


def table_rate(site: str, shown: str) -> float:
    """Units of the currency `shown` for one of `site`, by the dollar rates of the table. KeyError where it has none."""
    own, other = units_per_usd(site), units_per_usd(shown)
    if own is None or other is None:
        raise KeyError(f"assets/data/fx.yaml has no rate from {site} to {shown}")
    return other.value / own.value


def moves_clocks(country: str) -> bool:
    """Whether a country, by its code, has daylight saving time somewhere."""
    return country in record("markets", "daylight_saving_countries").value.split()


def _as_record(path: str, node: dict[str, Any], sources: dict[str, Any]) -> Record:
    keys = node["source"] if isinstance(node["source"], list) else str(node["source"]).split("; ")
    titles = [sources[key]["title"] if key in sources else str(key) for key in keys]
    return Record(
        path=path,
        value=node["value"],
        low=node.get("low"),
        high=node.get("high"),
        source="; ".join(titles),
        as_of=str(node.get("as_of", "")),
        confidence=node.get("confidence", "unverified"),
        note=node.get("note", ""),
    )


@cache
def sites() -> dict[str, SiteRecord]:
    """All places by id, in file order."""
    return {raw["id"]: _as_site(raw) for raw in _file("sites")["sites"]}


def _as_site(raw: dict[str, Any]) -> SiteRecord:
    highs, lows = (raw[f"temperature_daily_{end}_mean_monthly_c"] for end in ("max", "min"))
    return SiteRecord(
        id=raw["id"],
        name_en=raw["name_en"],
        name_zh=raw["name_zh"],
        country=raw["country"],
        province_en=raw["province"],
        province_zh=raw["province_zh"],
        also=tuple(raw.get("also", ())),
        timezone=raw["timezone"],
        tariffs=tuple(raw["tariffs"].items()),
        latitude_deg=raw["latitude_deg"],
        longitude_deg=raw["longitude_deg"],
        altitude_m=raw["altitude_m"],
        utc_offset_h=raw["utc_offset_h"],
        grid_region=raw["grid_region"],
        ghi_monthly_kwh_per_m2=tuple(raw["ghi_monthly_kwh_per_m2"]),
        temperature_mean_monthly_c=tuple(raw["temperature_mean_monthly_c"]),
        temperature_range_monthly_c=tuple(high - low for high, low in zip(highs, lows, strict=True)),
        linke_turbidity_monthly=tuple(raw["linke_turbidity_monthly"]),
        pv_yield_kwh_per_kwp=raw["pv_yield_roof10_kwh_per_kwp_year1"],
        confidence=raw["confidence"],
        note=raw["note"],
    )


@cache
def raw_tariffs() -> dict[str, dict[str, Any]]:
    """The tariff records of `tariffs.yaml` by id, in file order, as read."""
    return {raw["id"]: raw for raw in _file("tariffs")["tariffs"]}


def demand_rule(rule_id: str) -> dict[str, Any]:
    """The demand-charge rule a tariff record names (`tariffs.yaml: demand_rules`)."""
    return _file("tariffs")["demand_rules"][rule_id]


def market_users() -> Record:
    """Since when (ISO date) Chinese users who buy directly in the market have no time-of-use windows or price levels
    set by the government; `low` is the voltage in kV from which a data centre normally does (`tariffs.yaml`)."""
    found = next(note for note in _file("tariffs")["general_notes"] if note["id"] == "cn_market_users")
    return _as_record("tariffs:cn_market_users", found | {"low": found["from_kv"]}, _file("tariffs")["sources"])


def tariff_source(keys: str) -> str:
    """Titles for the source keys of a tariff record ("S02; S03" -> their titles)."""
    known = _file("tariffs")["sources"]
    return "; ".join(known[key.strip()]["title"] if key.strip() in known else key.strip() for key in keys.split(";"))


@cache
def lead_steps(chain: str) -> tuple[tuple[str, tuple[str, ...], Record], ...]:
    """The steps of a part's chain (`equipment.yaml: lead_time`): name, the steps it waits for, and its months."""
    data = _file("equipment")
    return tuple(
        (
            row["step"],
            tuple(row["after"]),
            _as_record(f"equipment:lead_time.{chain}.{row['step']}", row, data["sources"]),
        )
        for row in data["lead_time"][chain]
    )


FUEL_LOADS = {"load_25": 0.25, "load_50": 0.50, "load_75": 0.75, "load_100": 1.00}


def fuel_table(family: str) -> list[dict[str, float]]:
    """Litres per hour of one diesel set at 25, 50, 75 and 100 % load, a row a rating (`equipment.yaml: diesel`): the
    makers' own rows of an engine family, or for "median" one row with the median of all makers' L/kWh at each load."""
    rows = _file("equipment")["diesel"]["fuel_curves_l_per_h"]
    if family == "median":
        per_kwh = {
            load: median(row[load] / (row["rated_kw"] * share) for row in rows if load in row)
            for load, share in FUEL_LOADS.items()
        }
        return [{"rated_kw": 1.0} | {load: per_kwh[load] * share for load, share in FUEL_LOADS.items()}]
    return [
        {name: float(row[name]) for name in ("rated_kw", *FUEL_LOADS)} for row in rows if row.get("family") == family
    ]


def inference_shape_24h() -> tuple[float, ...]:
    """Power of a single-country inference service by local hour, peak 1 (`loads.yaml`)."""
    return tuple(record("loads", "workloads.inference.power_shape_local_24h").value)


def battery_classes() -> dict[str, tuple[float, float]]:
    """Containers and cabinets on the market by id: kW and kWh of nameplate (`equipment.yaml: bess.classes`)."""
    classes = _file("equipment")["bess"]["classes"]
    return {raw["id"]: (1000 * raw["power_mw"], 1000 * raw["energy_nameplate_mwh"]) for raw in classes}


REQUESTS_24H = {"chat": "request_shape_chat_weekday_24h", "coding": "request_shape_coding_weekday_24h"}


def requests_24h(service: str) -> tuple[float, ...]:
    """Requests of a public trace by hour UTC on a weekday, peak 1: "chat" or "coding" (`loads.yaml`)."""
    return tuple(record("loads", f"workloads.inference.{REQUESTS_24H[service]}").value)


def idle_floor_fraction() -> float:
    """Power of an inference cluster without requests, over its peak (`loads.yaml`)."""
    return record("loads", "workloads.inference.idle_floor_fraction_of_peak").value


def gpu_systems() -> dict[str, dict[str, Any]]:
    """GPU nodes and racks by id (`loads.yaml: hardware`): accelerators, peak_kw, training_mean_kw, idle_kw, ..."""
    return {raw["id"]: raw for raw in _file("loads")["hardware"]}


@cache
def pue_curve(cooling: str) -> dict[float, float]:
    """PUE by outdoor temperature in degrees C, rising, of one kind of cooling (`loads.yaml: pue`)."""
    found = record("loads", f"pue.curve_by_ambient_c.{cooling}").value
    return {float(celsius): value for celsius, value in sorted(found.items(), key=lambda pair: float(pair[0]))}


@cache
def throughput_curve(work: str) -> dict[float, float]:
    """Throughput by power cap, both as fractions of the uncapped GPU, from 1 down (`loads.yaml: power_capping`)."""
    found = record("loads", f"power_capping.{work}").value
    return {float(cap): value for cap, value in sorted(found.items(), key=lambda pair: -float(pair[0]))}
