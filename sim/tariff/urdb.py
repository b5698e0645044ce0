"""Utility rates of OpenEI's Utility Rate Database (URDB, JSON of API version 7 and later), read and written.

A rate has numbered energy and demand periods with tiers, and 12 x 24 tables (month, hour) of the period for weekdays
and weekends. `to_tariff` turns it into a `Tariff`; what a `Tariff` cannot hold is named in the findings, never dropped
in silence. Field names: https://openei.org/services/doc/rest/util_rates/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from sim.inputs.base import input_error
from sim.inputs.tariff import EVERY_MONTH, DemandCharge, PriceTier, Season, Tariff
from sim.problem import Problem, Refusal
from sim.tariff.urdb_file import Table, Unread, UrdbTier, flat_months, not_read, one_rate, per_month, rate_model, table

Priced = tuple[float, tuple[PriceTier, ...]]
DAYS_A_MONTH = 365 / 12
KW_PER_HP = 0.745_699_872


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
    demand_unit: str = "kW"
    flat_demand_unit: str = "kW"
    fuel_by_month: tuple[float, ...] = ()
    not_read: tuple[Unread, ...] = ()


def read_urdb(text: str | bytes | Mapping[str, Any] | list) -> UrdbRate:
    """A rate from its JSON: bare, in a list, or inside an answer (`items`, `urdb_response`), whose first rate is taken.

    Raises Refusal with a sentence a problem.
    """
    raw, others = one_rate(text)
    given = rate_model(raw)
    energy, demand, flat = given.energyratestructure, given.demandratestructure, given.flatdemandstructure
    ratchet = given.demandratchetpercentage or given.lookbackpercent
    named = tuple(month for month, counts in zip(EVERY_MONTH, given.lookbackmonths, strict=False) if counts)
    fraction = max(ratchet, default=0.0)
    minimum = per_month(given.mincharge, given.minchargeunits, given.minmonthlycharge)
    fixed = per_month(given.fixedchargefirstmeter, given.fixedchargeunits, given.fixedmonthlycharge)
    return UrdbRate(
        name=given.name,
        utility=given.utility,
        source=given.uri or given.source,
        energy=energy,
        energy_weekday=table(given.energyweekdayschedule, "energyweekdayschedule", len(energy)),
        energy_weekend=table(given.energyweekendschedule, "energyweekendschedule", len(energy)),
        demand=demand,
        demand_weekday=table(given.demandweekdayschedule, "demandweekdayschedule", len(demand)) if demand else (),
        demand_weekend=table(given.demandweekendschedule, "demandweekendschedule", len(demand)) if demand else (),
        flat_demand=flat,
        flat_demand_months=flat_months(given.flatdemandmonths, len(flat)),
        fixed_per_month=fixed or 0.0,
        ratchet_fraction=fraction / (100.0 if fraction > 1 else 1.0),
        minimum_per_month=minimum or 0.0,
        ratchet_months=given.lookbackrange or (11 if named else 12 if fraction else 0),
        ratchet_calendar_months=named or EVERY_MONTH,
        demand_window_minutes=given.demandwindow or 60,
        demand_unit=given.demandrateunit or "kW",
        flat_demand_unit=given.flatdemandunit or "kW",
        fuel_by_month=given.fueladjustmentsmonthly or given.energyfueladjustments,
        not_read=tuple(not_read(raw, given, others, fixed is None, minimum is None)),
    )


def to_tariff(
    rate: UrdbRate, currency: str = "USD", peak_kw: float | None = None
) -> tuple[Tariff, tuple[Problem, ...]]:
    """The rate as a `Tariff`, and what of it could not be taken over (one sentence each), at `peak_kw` with its money.

    A price period is a pair of energy and demand period, so that demand is measured where the rate says so. Tiers count
    the kWh of their energy period, as URDB does. Export is credited at the first period that has a price for it.
    """
    months = [_month_key(rate, month) for month in range(12)]
    seasons = []
    for key in dict.fromkeys(months):
        numbers = tuple(month + 1 for month in range(12) if months[month] == key)
        seasons.append(_season(rate, numbers))
    window = min((15, 30, 60), key=lambda minutes: abs(minutes - rate.demand_window_minutes))
    fields = dict(
        name_en=" ".join(filter(None, [rate.utility, rate.name]))[:200] or "URDB rate",
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
    try:
        tariff = Tariff.model_validate(fields)
    except ValidationError as error:
        raise input_error(error) from error
    return tariff, tuple(_findings(rate, window, currency, peak_kw))


def to_urdb(tariff: Tariff) -> dict[str, Any]:
    """A `Tariff` as a URDB rate. Adders and energy tax are in the energy prices; quarter hours become whole ones.

    Weekends are URDB's: Saturday and Sunday share a table, so the Sunday's windows are used where the two differ.
    Raises Refusal for demand charges whose windows overlap in part: URDB has one demand period an hour; for tiers that
    count several prices together: URDB counts each energy period by itself; for coincident peaks and market prices.
    """
    if tariff.market is not None:
        raise Refusal("a market's price of every hour has no place in URDB")
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


# --- to a Tariff ------------------------------------------------------------------------------------------------------


def _month_key(rate: UrdbRate, month: int) -> tuple:
    tables = (rate.energy_weekday, rate.energy_weekend, rate.demand_weekday, rate.demand_weekend)
    fuel = rate.fuel_by_month[month] if rate.fuel_by_month else 0.0
    return (*(table[month] for table in tables if table), fuel)


def _period_name(energy: int, demand: int | None) -> str:
    return f"energy_{energy}" if demand is None else f"energy_{energy}_demand_{demand}"


def _season(rate: UrdbRate, months: tuple[int, ...]) -> Season:
    weekday = _windows(rate, rate.energy_weekday, rate.demand_weekday, months[0] - 1)
    weekend = _windows(rate, rate.energy_weekend, rate.demand_weekend, months[0] - 1)
    names = {window["period"] for window in (*weekday, *weekend)}
    fuel = rate.fuel_by_month[months[0] - 1] if rate.fuel_by_month else 0.0
    prices = {name: rate.energy[int(name.split("_")[1])][0].price + fuel for name in sorted(names)}
    days = {"weekday": weekday, "saturday": weekend, "sunday_holiday": weekend}
    name = f"months {months[0]}-{months[-1]}"
    return Season.model_validate({"name": name, "months": months, "prices_per_kwh": prices, **days})


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
        {"name": f"flat_{number}", **_kw_price(tiers, rate.flat_demand_unit), "months": months}
        for number, tiers in enumerate(rate.flat_demand)
        if (months := tuple(at + 1 for at, n in enumerate(rate.flat_demand_months) if n == number))
        and _is_priced(tiers)
    ]


def _is_priced(tiers: tuple[UrdbTier, ...]) -> bool:
    return any(tier.price for tier in tiers)


def per_kw_month(unit: str) -> float:
    """Factor from a price per unit of demand to one per kW and month; per kVA as at a power factor of 1."""
    plain = unit.lower()
    return (DAYS_A_MONTH if "dai" in plain or "day" in plain else 1.0) / (KW_PER_HP if "hp" in plain else 1.0)


def _kw_price(tiers: tuple[UrdbTier, ...], unit: str) -> dict[str, Any]:
    factor = per_kw_month(unit)
    size = KW_PER_HP if "hp" in unit.lower() else 1.0
    scaled = tuple(UrdbTier(t.price * factor, None if t.up_to is None else t.up_to * size) for t in tiers)
    return {"per_kw_month": scaled[0].price, "tiers": _on_top(scaled) if len(scaled) > 1 else ()}


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
            **_kw_price(tiers, rate.demand_unit),
            "measured_periods": tuple(sorted(_period_name(e, d) for e, d in pairs if d == number)),
            "months": tuple(month for month in EVERY_MONTH if _occurs(rate, number, month)),
        }
        for number, tiers in enumerate(rate.demand)
        if _is_priced(tiers) and any(d == number for _, d in pairs)
    ]


def _occurs(rate: UrdbRate, period: int, month: int) -> bool:
    """Whether a demand period has an hour in the month: without one nothing is charged, whatever a ratchet recalls."""
    return period in (*rate.demand_weekday[month - 1], *rate.demand_weekend[month - 1])


def _findings(rate: UrdbRate, window: int, currency: str, peak_kw: float | None) -> Iterator[Problem]:
    if window != rate.demand_window_minutes:
        minutes = {"given": rate.demand_window_minutes, "used": window}
        yield Problem("Demand is measured over {given} min; {used} min is used.", **minutes)
    if len({tiers[0].sell for tiers in rate.energy}) > 1:
        yield Problem("The credit for a kWh sold differs by period; one credit is used for all.")
    yield from _unit_findings(rate, currency, peak_kw)
    for what, per_year, per_kw_year in rate.not_read:
        money = per_year + per_kw_year * (peak_kw or 0.0)
        if money:
            yield Problem(
                "Not taken over: {what}. It may come to {money:,.0f} {currency} a year.",
                what=what,
                money=money,
                currency=currency,
            )
        else:
            yield Problem("Not taken over: {what}.", what=what)


def _unit_findings(rate: UrdbRate, currency: str, peak_kw: float | None) -> Iterator[Problem]:
    """What was made of demand that is not priced per kW and month, with the money it is about."""
    used = [(rate.demand_unit, rate.demand), (rate.flat_demand_unit, rate.flat_demand)]
    for unit, tiers in used:
        plain = unit.lower()
        highest = max((tier.price for period in tiers for tier in period), default=0.0)
        if not highest or plain in ("kw", "kw monthly"):
            continue
        if per_kw_month(unit) != 1.0:
            yield Problem(
                "Demand is priced per {unit}: {price:,.6g} {currency} became {monthly:,.6g} per kW and month.",
                unit=unit,
                price=highest,
                currency=currency,
                monthly=highest * per_kw_month(unit),
            )
        if "kva" in plain:
            text = Problem(
                "Demand is priced per kVA and was taken per kW: at a power factor of 0.9 it costs 11 % more."
            )
            if peak_kw:
                text = Problem(
                    "Demand is priced per kVA and was taken per kW: at a power factor of 0.9 and a peak of {peak:,.0f} "
                    "kW that leaves out {money:,.0f} {currency} a year.",
                    peak=peak_kw,
                    money=12 * peak_kw * highest * per_kw_month(unit) * (1 / 0.9 - 1),
                    currency=currency,
                )
            yield text
        elif not any(known in plain for known in ("kw", "hp")):
            yield Problem("The unit of demand, {unit}, is not known; the price was taken per kW and month.", unit=unit)


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
