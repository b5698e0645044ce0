"""A tariff as editable tables, and back: prices by season, windows by day type, demand charges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.inputs import library
from sim.inputs.tariff import DAY_TYPES, Tariff
from sim.problem import Refusal

Rows = list[dict[str, Any]]
ALL_PERIODS = "all"


def countries() -> list[str]:
    """Countries of the library's tariffs, in file order."""
    return list(dict.fromkeys(raw["country"] for raw in library.raw_tariffs().values()))


def matching(country: str, region: str | None = None, voltage_kv: float | None = None) -> list[str]:
    """Ids of the library's tariffs of a country, a region and a voltage; None means every one."""
    return [
        name
        for name, raw in library.raw_tariffs().items()
        if raw["country"] == country
        and region in (None, raw.get("region_en"))
        and voltage_kv in (None, raw["voltage_kv"])
    ]


def regions(country: str) -> list[str]:
    return list(dict.fromkeys(library.raw_tariffs()[name].get("region_en") or "" for name in matching(country)))


def region_name(region: str, language: str) -> str:
    """A region as a language calls it."""
    raw = next(raw for raw in library.raw_tariffs().values() if raw.get("region_en") == region)
    return raw.get(f"region_{language}") or region


def voltages(country: str, region: str | None) -> list[float]:
    return sorted({library.raw_tariffs()[name]["voltage_kv"] for name in matching(country, region)})


def price_rows(tariff: Tariff) -> Rows:
    """One row for each season and period."""
    return [
        {"season": season.name, "period": period, "price": float(price)}
        for season in tariff.seasons
        for period, price in season.prices_per_kwh.items()
    ]


def window_rows(tariff: Tariff) -> Rows:
    """One row for each window of each season and day type."""
    return [
        {
            "season": season.name,
            "day_type": day_type,
            "start_hour": window.start_hour,
            "end_hour": window.end_hour,
            "period": window.period,
        }
        for season in tariff.seasons
        for day_type in DAY_TYPES
        for window in sorted(getattr(season, day_type), key=lambda w: w.start_hour)
    ]


def season_rows(tariff: Tariff) -> Rows:
    """One row for each season with its months."""
    return [{"season": season.name, "months": list(season.months)} for season in tariff.seasons]


def charge_rows(tariff: Tariff) -> Rows:
    """One row for each demand charge."""
    return [
        {
            "name": charge.name,
            "per_kw_month": charge.per_kw_month,
            "periods": ", ".join(charge.measured_periods) or ALL_PERIODS,
            "months": list(charge.months),
        }
        for charge in tariff.demand_charges
    ]


def edited_tariff(
    tariff: Tariff,
    seasons: Sequence[Mapping[str, Any]],
    prices: Sequence[Mapping[str, Any]],
    windows: Sequence[Mapping[str, Any]],
    charges: Sequence[Mapping[str, Any]],
    scalars: Mapping[str, Any],
    name: str,
) -> dict[str, Any]:
    """The fields of a tariff with the tables' contents, ready to be validated; no longer the library's record.

    Raises Refusal where a row names a season that does not exist.
    """
    known = [row["season"] for row in seasons]
    for table in (prices, windows):
        for number, row in enumerate(table, start=1):
            if row["season"] not in known:
                values = {"row": number, "season": row["season"], "known": tuple(known)}
                raise Refusal("row {row}: there is no season '{season}'; use one of: {known}", **values)
    return tariff.model_dump() | {
        "library_id": "",
        "name_en": name,
        "name_zh": name,
        "confidence": "unverified",
        "seasons": [_season(row, prices, windows) for row in seasons],
        "demand_charges": [_charge(row, tariff) for row in charges],
        **scalars,
    }


def _season(row: Mapping[str, Any], prices: Sequence[Mapping[str, Any]], windows: Sequence[Mapping[str, Any]]) -> dict:
    own = [window for window in windows if window["season"] == row["season"]]
    return {
        "name": row["season"],
        "months": list(row["months"]),
        "prices_per_kwh": {price["period"]: price["price"] for price in prices if price["season"] == row["season"]},
        **{
            day_type: [
                {key: window[key] for key in ("start_hour", "end_hour", "period")}
                for window in own
                if window["day_type"] == day_type
            ]
            for day_type in DAY_TYPES
        },
    }


def _charge(row: Mapping[str, Any], tariff: Tariff) -> dict[str, Any]:
    """A row as a charge; tiers and coincident hours, which the table does not show, stay with the charge's name."""
    before = [charge.model_dump() for charge in tariff.demand_charges if charge.name == row["name"]]
    periods = [part.strip() for part in row["periods"].split(",") if part.strip()]
    return (before[0] if before else {}) | {
        "name": row["name"],
        "per_kw_month": row["per_kw_month"],
        "measured_periods": [] if periods == [ALL_PERIODS] else periods,
        "months": list(row["months"]),
    }
