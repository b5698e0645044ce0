"""Utility rates of OpenEI's Utility Rate Database (URDB, JSON of API version 7 and later), read and written.

A rate has numbered energy and demand periods with tiers, and 12 x 24 tables (month, hour) of the period for weekdays
and weekends. `to_tariff` turns it into a `Tariff`; what a `Tariff` cannot hold is named in the findings, never dropped
in silence. Field names: https://openei.org/services/doc/rest/util_rates/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sim.inputs.base import json_fault
from sim.inputs.tariff import EVERY_MONTH, DemandCharge, PriceTier, Season, Tariff
from sim.problem import Problem, Refusal

Table = tuple[tuple[int, ...], ...]
Priced = tuple[float, tuple[PriceTier, ...]]
ENERGY_UNITS = ("kWh", "kwh")
NOT_READ = {
    "coincidentratestructure": Problem(
        "coincident peak charges, as the file has no dates of the grid's peaks; name the hours in a tariff file"
    ),
    "demandreactivepowercharge": Problem("the charge on reactive power"),
    "annualmincharge": Problem("the yearly minimum bill"),
}
PER_MONTH = {"$/day": 365 / 12, "$/year": 1 / 12}


@dataclass(frozen=True)
class UrdbTier:
    """Price with adjustment per kWh or kW up to `up_to` of the month (None = the rest), and credit per kWh sold."""

    price: float
    up_to: float | None = None
    sell: float = 0.0


@dataclass(frozen=True)
class UrdbRate:
    """A rate as URDB has it: tiers of each period, tables (12 x 24) of the period, charges by month."""

    name: str
    utility: str
    source: str
    energy: tuple[tuple[UrdbTier, ...], ...]
    energy_weekday: Table
    energy_weekend: Table
    demand: tuple[tuple[UrdbTier, ...], ...]
    demand_weekday: Table
    demand_weekend: Table
    flat_demand: tuple[tuple[UrdbTier, ...], ...]
    flat_demand_months: tuple[int, ...]
    fixed_per_month: float
    minimum_per_month: float
    ratchet_fraction: float
    ratchet_months: int
    ratchet_calendar_months: tuple[int, ...]
    demand_window_minutes: int
    not_read: tuple[Problem, ...] = ()


def read_urdb(text: str | bytes | Mapping[str, Any]) -> UrdbRate:
    """A rate from its JSON, bare, or inside the API's answer (`items`), whose first item is taken.

    Raises Refusal with a sentence a problem.
    """
    raw = _one_item(text)
    energy = _structure(raw, "energyratestructure")
    if not energy:
        raise Refusal("the rate has no energyratestructure; choose one with energy prices")
    demand, flat = _structure(raw, "demandratestructure"), _structure(raw, "flatdemandstructure")
    ratchet = raw.get("demandratchetpercentage") or raw.get("lookbackPercent") or 0.0
    fraction = max(ratchet) if isinstance(ratchet, Sequence) and not isinstance(ratchet, str) else ratchet
    named = tuple(month for month, counts in zip(EVERY_MONTH, raw.get("lookbackMonths") or (), strict=False) if counts)
    return UrdbRate(
        name=str(raw.get("name", "")),
        utility=str(raw.get("utility", "")),
        source=str(raw.get("uri") or raw.get("source") or ""),
        energy=energy,
        energy_weekday=_table(raw, "energyweekdayschedule", len(energy)),
        energy_weekend=_table(raw, "energyweekendschedule", len(energy)),
        demand=demand,
        demand_weekday=_table(raw, "demandweekdayschedule", len(demand)) if demand else (),
        demand_weekend=_table(raw, "demandweekendschedule", len(demand)) if demand else (),
        flat_demand=flat,
        flat_demand_months=_flat_months(raw, len(flat)),
        fixed_per_month=_per_month(raw, "fixedchargefirstmeter", "fixedmonthlycharge", "fixedchargeunits"),
        ratchet_fraction=float(fraction) / (100.0 if fraction > 1 else 1.0),
        minimum_per_month=_per_month(raw, "mincharge", "minmonthlycharge", "minchargeunits"),
        ratchet_months=int(raw.get("lookbackRange") or (11 if named else 12 if fraction else 0)),
        ratchet_calendar_months=named or EVERY_MONTH,
        demand_window_minutes=int(raw.get("demandwindow") or 60),
        not_read=tuple(text for name, text in NOT_READ.items() if text and raw.get(name)),
    )


def to_tariff(rate: UrdbRate, currency: str = "USD") -> tuple[Tariff, tuple[Problem, ...]]:
    """The rate as a `Tariff`, and what of it could not be taken over (one sentence each).

    A price period is a pair of energy and demand period, so that demand is measured where the rate says so. Tiers count
    the kWh of their energy period, as URDB does. Export is credited at the first period that has a price for it.
    """
    months = [_month_key(rate, month) for month in range(12)]
    seasons = []
    for key in dict.fromkeys(months):
        numbers = tuple(month + 1 for month in range(12) if months[month] == key)
        seasons.append(_season(rate, numbers))
    window = min((15, 30, 60), key=lambda minutes: abs(minutes - rate.demand_window_minutes))
    tariff = Tariff(
        name_en=" ".join(filter(None, [rate.utility, rate.name])) or "URDB rate",
        currency=currency,
        seasons=tuple(seasons),
        demand_charges=(*_flat_charges(rate), *_period_charges(rate)),
        demand_window_minutes=window,
        ratchet_fraction=rate.ratchet_fraction,
        ratchet_months=rate.ratchet_months,
        ratchet_calendar_months=rate.ratchet_calendar_months,
        energy_tiers=tuple(_energy_tiers(rate)),
        minimum_per_month=rate.minimum_per_month,
        export_credit_per_kwh=next((tiers[0].sell for tiers in rate.energy if tiers[0].sell), 0.0),
        fixed_per_month=rate.fixed_per_month,
        includes_vat=False,
        source=rate.source or "OpenEI Utility Rate Database",
        confidence="seen_in_source",
        demand_confidence="seen_in_source",
    )
    return tariff, tuple(_findings(rate, window))


def to_urdb(tariff: Tariff) -> dict[str, Any]:
    """A `Tariff` as a URDB rate. Adders and energy tax are in the energy prices; quarter hours become whole ones.

    Weekends are URDB's: Saturday and Sunday share a table, so the Sunday's windows are used where the two differ.
    Raises Refusal for demand charges whose windows overlap in part: URDB has one demand period an hour; for tiers that
    count several prices together: URDB counts each energy period by itself; and for coincident peaks.
    """
    if any(charge.hours for charge in tariff.demand_charges):
        raise Refusal("a charge on named hours of the year has no place in URDB")
    periods: dict[Priced, int] = {}
    tables = {
        day: [[_hour_period(tariff, month, day, hour, periods) for hour in range(24)] for month in EVERY_MONTH]
        for day in ("weekday", "sunday_holiday")
    }
    demand, demand_tables = _demand_out(tariff)
    flat = [charge for charge in tariff.demand_charges if not charge.measured_periods]
    by_month = [tuple(charge for charge in flat if month in charge.months) for month in EVERY_MONTH]
    levels = list(dict.fromkeys(by_month))
    return {
        "name": tariff.name_en,
        "uri": tariff.source,
        "energyratestructure": [
            [
                tier | {"unit": "kWh", "sell": tariff.export_credit_per_kwh}
                for tier in _tiers_out(price, tiers, 1.0 + tariff.energy_tax_rate)
            ]
            for price, tiers in periods
        ],
        "energyweekdayschedule": tables["weekday"],
        "energyweekendschedule": tables["sunday_holiday"],
        **({"demandratestructure": demand, **demand_tables} if demand else {}),
        **({"flatdemandstructure": [_charges_out(level) for level in levels]} if flat else {}),
        **({"flatdemandmonths": [levels.index(charges) for charges in by_month]} if flat else {}),
        "fixedchargefirstmeter": tariff.fixed_per_month,
        "fixedchargeunits": "$/month",
        "demandwindow": tariff.demand_window_minutes,
        **({"mincharge": tariff.minimum_per_month, "minchargeunits": "$/month"} if tariff.minimum_per_month else {}),
        **(
            {"lookbackPercent": tariff.ratchet_fraction, **_lookback_out(tariff)}
            if tariff.ratchet_months and tariff.ratchet_fraction
            else {}
        ),
    }


# --- reading ----------------------------------------------------------------------------------------------------------


def _one_item(text: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(text, str | bytes):
        try:
            text = json.loads(text)
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise Refusal("this is not a URDB rate: {fault}", fault=json_fault(error)) from error
    if not isinstance(text, Mapping):
        raise Refusal("this is not a URDB rate: it must be one JSON object")
    items = text.get("items")
    if items is None:
        return text
    if not isinstance(items, list) or not items or not isinstance(items[0], Mapping):
        raise Refusal("the URDB answer holds no rate; search again and download a rate with detail=full")
    return items[0]


def _structure(raw: Mapping[str, Any], name: str) -> tuple[tuple[UrdbTier, ...], ...]:
    given = raw.get(name) or []
    try:
        return tuple(tuple(_tier(tier, name) for tier in period) for period in given)
    except (TypeError, ValueError, AttributeError) as error:
        reason = getattr(error, "problem", str(error))
        raise Refusal(
            "{name}: {reason}; it must list the tiers of each period with 'rate'", name=name, reason=reason
        ) from error


def _tier(raw: Mapping[str, Any], name: str) -> UrdbTier:
    unit = raw.get("unit", "kWh")
    if name.startswith("energy") and unit not in ENERGY_UNITS:
        raise Refusal("unit '{unit}' depends on the load's size, which cannot be read; only kWh can", unit=unit)
    limit = raw.get("max")
    price = float(raw.get("rate", 0.0)) + float(raw.get("adj", 0.0))
    return UrdbTier(price, None if limit is None or float(limit) > 1e30 else float(limit), float(raw.get("sell", 0.0)))


def _table(raw: Mapping[str, Any], name: str, periods: int) -> Table:
    given = raw.get(name)
    fits = (
        isinstance(given, list) and len(given) == 12 and all(isinstance(row, list) and len(row) == 24 for row in given)
    )
    if not fits:
        raise Refusal("{name} must be a table of 12 months and 24 hours", name=name)
    table = tuple(tuple(int(number) for number in row) for row in given)
    if min(map(min, table)) < 0 or max(map(max, table)) >= periods:
        raise Refusal(
            "{name} names a period that has no price; there are {count}, counted from 0", name=name, count=periods
        )
    return table


def _flat_months(raw: Mapping[str, Any], periods: int) -> tuple[int, ...]:
    if not periods:
        return ()
    given = raw.get("flatdemandmonths") or [0] * 12
    if len(given) != 12 or min(given) < 0 or max(given) >= periods:
        raise Refusal("flatdemandmonths must name one of the flat demand periods for each of 12 months")
    return tuple(int(number) for number in given)


def _per_month(raw: Mapping[str, Any], name: str, older: str, units: str) -> float:
    """Money per month: the current field with its unit, else the older one, which is per month."""
    if not raw.get(name):
        return float(raw.get(older) or 0.0)
    return float(raw[name]) * PER_MONTH.get(str(raw.get(units, "$/month")), 1.0)


# --- to a Tariff ------------------------------------------------------------------------------------------------------


def _month_key(rate: UrdbRate, month: int) -> tuple:
    tables = (rate.energy_weekday, rate.energy_weekend, rate.demand_weekday, rate.demand_weekend)
    return tuple(table[month] for table in tables if table)


def _period_name(energy: int, demand: int | None) -> str:
    return f"energy_{energy}" if demand is None else f"energy_{energy}_demand_{demand}"


def _season(rate: UrdbRate, months: tuple[int, ...]) -> Season:
    weekday = _windows(rate, rate.energy_weekday, rate.demand_weekday, months[0] - 1)
    weekend = _windows(rate, rate.energy_weekend, rate.demand_weekend, months[0] - 1)
    names = {window["period"] for window in (*weekday, *weekend)}
    prices = {name: rate.energy[int(name.split("_")[1])][0].price for name in sorted(names)}
    days = {"weekday": weekday, "saturday": weekend, "sunday_holiday": weekend}
    return Season(name=f"months {months[0]}-{months[-1]}", months=months, prices_per_kwh=prices, **days)


def _windows(rate: UrdbRate, energy: Table, demand: Table, month: int) -> tuple[dict[str, Any], ...]:
    numbers = [(energy[month][hour], demand[month][hour] if demand else None) for hour in range(24)]
    windows, at = [], 0
    for pair, run in groupby(numbers):
        length = sum(1 for _ in run)
        windows.append({"start_hour": at, "end_hour": at + length, "period": _period_name(*pair)})
        at += length
    return tuple(windows)


def _flat_charges(rate: UrdbRate) -> list[dict[str, Any]]:
    return [
        {"name": f"flat_{number}", **_kw_price(tiers), "months": months}
        for number, tiers in enumerate(rate.flat_demand)
        if (months := tuple(at + 1 for at, n in enumerate(rate.flat_demand_months) if n == number))
        and _is_priced(tiers)
    ]


def _is_priced(tiers: tuple[UrdbTier, ...]) -> bool:
    return any(tier.price for tier in tiers)


def _kw_price(tiers: tuple[UrdbTier, ...]) -> dict[str, Any]:
    return {"per_kw_month": tiers[0].price, "tiers": _on_top(tiers) if len(tiers) > 1 else ()}


def _on_top(tiers: tuple[UrdbTier, ...]) -> tuple[dict[str, Any], ...]:
    """Tiers as prices on top of the first one's; the last is open whatever the file says."""
    return tuple(
        {"up_to": None if tier is tiers[-1] else tier.up_to, "adder": tier.price - tiers[0].price} for tier in tiers
    )


def _energy_tiers(rate: UrdbRate) -> Iterator[dict[str, Any]]:
    """One rule for each energy period with tiers that some hour has."""
    for number, tiers in enumerate(rate.energy):
        names = sorted({_period_name(energy, demand) for energy, demand in _pairs(rate) if energy == number})
        if len(tiers) > 1 and names:
            yield {"tiers": _on_top(tiers), "periods": names}


def _pairs(rate: UrdbRate) -> set[tuple[int, int | None]]:
    """Energy and demand period of every hour that occurs."""
    days = ((rate.energy_weekday, rate.demand_weekday), (rate.energy_weekend, rate.demand_weekend))
    return {
        (energy[month][hour], demand[month][hour] if demand else None)
        for energy, demand in days
        for month in range(12)
        for hour in range(24)
    }


def _period_charges(rate: UrdbRate) -> list[dict[str, Any]]:
    pairs = _pairs(rate)
    return [
        {
            "name": f"demand_{number}",
            **_kw_price(tiers),
            "measured_periods": tuple(sorted(_period_name(e, d) for e, d in pairs if d == number)),
            "months": tuple(month for month in EVERY_MONTH if _occurs(rate, number, month)),
        }
        for number, tiers in enumerate(rate.demand)
        if _is_priced(tiers) and any(d == number for _, d in pairs)
    ]


def _occurs(rate: UrdbRate, period: int, month: int) -> bool:
    """Whether a demand period has an hour in the month: without one nothing is charged, whatever a ratchet recalls."""
    return period in (*rate.demand_weekday[month - 1], *rate.demand_weekend[month - 1])


def _findings(rate: UrdbRate, window: int) -> Iterator[Problem]:
    if window != rate.demand_window_minutes:
        minutes = {"given": rate.demand_window_minutes, "used": window}
        yield Problem("Demand is measured over {given} min; {used} min is used.", **minutes)
    if len({tiers[0].sell for tiers in rate.energy}) > 1:
        yield Problem("The credit for a kWh sold differs by period; one credit is used for all.")
    for what in rate.not_read:
        yield Problem("Not taken over: {what}.", what=what)


# --- from a Tariff ----------------------------------------------------------------------------------------------------


def _hour_period(tariff: Tariff, month: int, day: str, hour: int, periods: dict[Priced, int]) -> int:
    """Number of the energy price in this hour, from the window that holds its middle; new prices are added."""
    season = tariff.season(month)
    name = season.period_at(day, hour * 60 + 30)
    price = (season.prices_per_kwh[name] + tariff.energy_adders_per_kwh) * (1.0 + tariff.energy_tax_rate)
    tiers = _tiers_of(tariff, month, name)
    return periods.setdefault((price, tiers), len(periods))


def _tiers_of(tariff: Tariff, month: int, period: str) -> tuple[PriceTier, ...]:
    """The tiers that count a period's kWh in a month, alone."""
    rules = [rule for rule in tariff.energy_tiers if month in rule.months and period in (rule.periods or (period,))]
    if not rules:
        return ()
    prices = tariff.season(month).prices_per_kwh
    counted = {prices[name] for name in rules[0].periods or prices if name in prices}
    if len(rules) > 1 or len(counted) > 1:
        raise Refusal("tiers count the kWh of several prices together; URDB counts those of each price by themselves")
    return rules[0].tiers


def _tiers_out(price: float, tiers: Sequence[PriceTier], factor: float = 1.0) -> list[dict[str, Any]]:
    """A price and what its tiers add as URDB's tiers, `factor` on the tiers' prices."""
    found = [
        {"rate": price + tier.adder * factor} | ({} if tier.up_to is None else {"max": tier.up_to}) for tier in tiers
    ]
    return found or [{"rate": price}]


def _charges_out(charges: Sequence[DemandCharge]) -> list[dict[str, Any]]:
    """The charges per kW of one period as one price with its tiers."""
    tiers = [charge.tiers for charge in charges if charge.tiers]
    if tiers and len(charges) > 1:
        raise Refusal("two demand charges of one period, one of them with tiers, have no place in URDB")
    price = sum(charge.per_kw_month for charge in charges)
    return [tier | {"unit": "kW"} for tier in _tiers_out(price, tiers[0] if tiers else ())]


def _lookback_out(tariff: Tariff) -> dict[str, Any]:
    """The months a ratchet looks back on: a number of them, or the named ones of the year."""
    if set(tariff.ratchet_calendar_months) == set(EVERY_MONTH):
        return {"lookbackRange": tariff.ratchet_months}
    return {"lookbackRange": 0, "lookbackMonths": [int(m in tariff.ratchet_calendar_months) for m in EVERY_MONTH]}


def _demand_out(tariff: Tariff) -> tuple[list, dict[str, list]]:
    """Demand periods and tables: one period for each set of charges that measure an hour."""
    windowed = [charge for charge in tariff.demand_charges if charge.measured_periods]
    if not windowed:
        return [], {}
    sets = {charge.measured_periods for charge in windowed}
    if any(set(one) & set(other) for one in sets for other in sets if one != other):
        raise Refusal("two demand charges measure overlapping hours; URDB has only one demand period an hour")
    known: dict[tuple[str, ...], int] = {(): 0}

    def number(month: int, day: str, hour: int) -> int:
        name = tariff.season(month).period_at(day, hour * 60 + 30)
        here = tuple(c.name for c in windowed if name in c.measured_periods and month in c.months)
        return known.setdefault(here, len(known))

    tables = {
        f"demand{kind}schedule": [[number(month, day, hour) for hour in range(24)] for month in EVERY_MONTH]
        for kind, day in (("weekday", "weekday"), ("weekend", "sunday_holiday"))
    }
    of = {charge.name: charge for charge in windowed}
    return [_charges_out([of[name] for name in names]) for names in known], tables
