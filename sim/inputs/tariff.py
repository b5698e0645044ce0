"""Electricity tariffs: time-of-use seasons, demand charges, adders; and their billing classes on a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from sim.inputs import library
from sim.inputs.base import CURRENCY, Closed, require_day
from sim.inputs.field import MONEY_MAX, Money
from sim.inputs.market import Market
from sim.inputs.text import Name, Note
from sim.problem import Problem, Refusal
from sim.timeline import Timeline

SLOT_MINUTES = 15
DAY_TYPES = ("weekday", "saturday", "sunday_holiday")
DAY_TYPE_NAMES = {
    "weekday": Problem("weekday"),
    "saturday": Problem("saturday"),
    "sunday_holiday": Problem("sunday/holiday"),
}
Hour = Annotated[float, Field(ge=0, le=24, multiple_of=0.25)]
Month = Annotated[int, Field(ge=1, le=12)]
Price = Annotated[float, Field(ge=-100_000, le=1_000_000)]
DemandBasis = Literal["max_demand", "contract_demand", "transformer_kva"]
DEMAND_BASES: tuple[DemandBasis, ...] = get_args(DemandBasis)
EVERY_MONTH: tuple[int, ...] = tuple(range(1, 13))
MOST_PERIODS, MOST_SEASONS, MOST_CHARGES, MOST_TIERS, MOST_PEAKS = 96, 12, 60, 40, 400
# Ending of the name under which the bill shows what goes beyond a declared demand.
OVERRUN = "_overrun"
# Names listed in a refusal.
SHOWN = 20
Months = Annotated[tuple[Month, ...], Field(max_length=12)]
Periods = Annotated[tuple[Name, ...], Field(max_length=MOST_PERIODS)]


class Window(Closed):
    """Hours of a day that belong to one price period, local clock, end exclusive (17.5 is 17:30)."""

    start_hour: Hour
    end_hour: Hour
    period: Name

    @model_validator(mode="after")
    def _runs_forward(self) -> Window:
        if self.end_hour <= self.start_hour:
            times = {"start": clock(self.start_hour), "end": clock(self.end_hour)}
            raise Refusal("window {start}-{end} ends before it starts; split it at midnight", **times)
        return self


Windows = Annotated[tuple[Window, ...], Field(max_length=MOST_PERIODS)]


class Season(Closed):
    """Months that share prices and windows. Each day type must be covered from 00:00 to 24:00 exactly once."""

    name: Name
    months: Annotated[Months, Field(min_length=1)]
    prices_per_kwh: dict[Name, Price] = Field(min_length=1, max_length=MOST_PERIODS)
    weekday: Windows
    saturday: Windows
    sunday_holiday: Windows

    @model_validator(mode="after")
    def _covers_each_day(self) -> Season:
        for day_type in DAY_TYPES:
            self._check_day(day_type)
        return self

    def _check_day(self, day_type: str) -> None:
        where = Problem("season '{name}', {day_type}", name=self.name, day_type=DAY_TYPE_NAMES[day_type])
        reached = 0.0
        for window in sorted(getattr(self, day_type), key=lambda w: w.start_hour):
            if window.period not in self.prices_per_kwh:
                raise Refusal(
                    "{where}: period '{period}' has no price; give one or use one of: {known}",
                    where=where,
                    period=window.period,
                    known=tuple(self.prices_per_kwh)[:SHOWN],
                )
            if window.start_hour > reached:
                raise _gap(where, reached, window.start_hour)
            if window.start_hour < reached:
                raise Refusal(
                    "{where}: two windows overlap from {start} to {end}; shorten one",
                    where=where,
                    start=clock(window.start_hour),
                    end=clock(reached),
                )
            reached = window.end_hour
        if reached < 24:
            raise _gap(where, reached, 24)

    def period_at(self, day_type: str, minute_of_day: int) -> str:
        """The price period in which this minute of a day type lies."""
        hour = minute_of_day / 60
        return next(w.period for w in getattr(self, day_type) if w.start_hour <= hour < w.end_hour)


class PriceTier(Closed):
    """A price on top of the plain one for the part of a month's quantity up to `up_to`, counted from the tier before;
    None = all the rest."""

    up_to: Annotated[float, Field(gt=0, le=MONEY_MAX)] | None = None
    adder: Price


Tiers = Annotated[tuple[PriceTier, ...], Field(max_length=MOST_TIERS)]


class EnergyTiers(Closed):
    """Tiers by the kWh of a month in these price periods together; `periods` empty means all of the month's kWh."""

    tiers: Tiers
    periods: Periods = ()
    months: Months = EVERY_MONTH

    @model_validator(mode="after")
    def _tiers_rise(self) -> EnergyTiers:
        _check_tiers(self.tiers)
        return self


class PeakHour(Closed):
    """One hour of the year in which the whole grid had its peak; it returns every year."""

    month: Month
    day: Annotated[int, Field(ge=1, le=31)]
    hour: Annotated[int, Field(ge=0, le=23)]

    _day_exists = model_validator(mode="after")(require_day)


class DemandCharge(Closed):
    """A price per kW of the month's greatest metered import. `measured_periods` empty means every hour counts; with
    `hours` (coincident peaks) only those count. `tiers` are on top of `per_kw_month`."""

    name: Name
    per_kw_month: Annotated[float, Field(ge=0, le=10_000_000)]
    measured_periods: Periods = ()
    months: Months = EVERY_MONTH
    tiers: Tiers = ()
    hours: tuple[PeakHour, ...] = Field(default=(), max_length=MOST_PEAKS)

    @model_validator(mode="after")
    def _tiers_rise(self) -> DemandCharge:
        if self.tiers:
            _check_tiers(self.tiers)
        return self

    @property
    def is_all_hours(self) -> bool:
        """Whether every hour counts: such a charge can be on a declared demand."""
        return not self.measured_periods and not self.hours


class ContractTerms(Closed):
    """Rules of a declared demand: up to `tolerance` times it nothing more is paid, what is above costs
    `overrun_factor` times the price; at least `floor_fraction_of_kva` of the transformers is declared; a declaration
    holds for `hold_months`. The defaults are China's (NDRC 2016 No. 1583)."""

    tolerance: Annotated[float, Field(ge=1, le=2)] = 1.05
    overrun_factor: Annotated[float, Field(gt=1, le=10)] = 2.0
    floor_fraction_of_kva: Annotated[float, Field(ge=0, le=1)] = 0.4
    hold_months: Annotated[int, Field(ge=1, le=12)] = 1


class Tariff(Closed):
    """One electricity tariff. Prices in the site's currency, on the VAT basis `includes_vat` says. `market`: prices of
    each step of a year, on top of the periods' own.

    `levies_per_kwh`: what of the energy prices the power-factor adjustment leaves out. `ratchet_calendar_months`:
    months whose peaks feed the ratchet. With `high_use_kwh_per_kva` or more in a month, charges per kW cost
    `high_use_factor` of their price. The minimum bill is per month, and per kVA of transformers.
    """

    library_id: Name = ""
    name_en: Name
    name_zh: Name = ""
    currency: str = Field(pattern=CURRENCY)
    voltage_kv: Annotated[float, Field(ge=0, le=2000)] | None = None
    seasons: tuple[Season, ...] = Field(min_length=1, max_length=MOST_SEASONS)
    market: Market | None = None
    energy_adders_per_kwh: Price = 0.0
    energy_tax_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    energy_tiers: tuple[EnergyTiers, ...] = Field(default=(), max_length=MOST_CHARGES)
    levies_per_kwh: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    demand_basis: DemandBasis = "max_demand"
    demand_charges: tuple[DemandCharge, ...] = Field(default=(), max_length=MOST_CHARGES)
    contract: ContractTerms = ContractTerms()
    capacity_per_kva_month: Annotated[float, Field(ge=0, le=10_000_000)] | None = None
    demand_window_minutes: Literal[15, 30, 60] = 15
    ratchet_fraction: Annotated[float, Field(ge=0, le=1)] = 0.0
    ratchet_months: Annotated[int, Field(ge=0, le=36)] = 0
    ratchet_calendar_months: Months = EVERY_MONTH
    high_use_kwh_per_kva: Annotated[float, Field(gt=0, le=100_000)] | None = None
    high_use_factor: Annotated[float, Field(ge=0, le=1)] = 1.0
    power_factor_rule: Literal["none", "cn_1983_090"] = "none"
    minimum_per_month: Money = 0.0
    minimum_per_kva_month: Annotated[float, Field(ge=0, le=10_000_000)] = 0.0
    export_credit_per_kwh: Price = 0.0
    fixed_per_month: Money = 0.0
    includes_vat: bool = True
    vat_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    source: Note = ""
    as_of: Name = ""
    confidence: library.Confidence = "unverified"
    demand_confidence: library.Confidence = "unverified"
    notes: Note = ""
    notes_zh: Note = ""

    @model_validator(mode="before")
    @classmethod
    def _from_library(cls, data: Any) -> Any:
        """`{"library_id": "my_tnb_mv_tou", ...}` without seasons means the library's record, with the rest changed."""
        if isinstance(data, dict) and data.get("library_id") and "seasons" not in data:
            return {**library_fields(data["library_id"]), **data}
        return data

    @model_validator(mode="after")
    def _is_complete(self) -> Tariff:
        for month in EVERY_MONTH:
            holders = [s.name for s in self.seasons if month in s.months]
            if len(holders) != 1:
                held = Problem("seasons {names}", names=tuple(holders)) if holders else Problem("no season")
                raise Refusal("{held} for month {month}; every month needs exactly one season", held=held, month=month)
        if self.demand_basis == "transformer_kva" and self.capacity_per_kva_month is None:
            raise Refusal("demand basis 'transformer_kva' needs capacity_per_kva_month, the price per kVA and month")
        if self.demand_basis == "contract_demand" and not any(charge.is_all_hours for charge in self.demand_charges):
            raise Refusal("demand basis 'contract_demand' needs a demand charge that counts every hour; add one")
        _check_names([charge.name for charge in self.demand_charges])
        known = {period for season in self.seasons for period in season.prices_per_kwh}
        for period in (period for rule in self.energy_tiers for period in rule.periods):
            if period not in known:
                raise Refusal(
                    "energy_tiers: no season has a period '{period}'; use one of: {known}",
                    period=period,
                    known=tuple(sorted(known))[:SHOWN],
                )
        return self

    def season(self, month: int) -> Season:
        return next(s for s in self.seasons if month in s.months)


@dataclass(frozen=True, eq=False)
class PriceClasses:
    """A tariff laid on a timeline. A class is a price period, or a mixture where a step straddles two; hours of a
    coincident peak are classes of their own.

    `period` (steps,): class of each step. `energy_per_kwh` (months, classes): energy price with adders, before energy
    tax, NaN where the class does not occur in that month's season. `measured` (charges, classes): whether the demand
    charge of that position counts imports of the class. `tier_share` (energy tiers, classes): part of the class's kWh
    that counts in the rule of that position. `market_per_kwh`, `export_market_per_kwh`: the market's price of each step
    (steps,), before energy tax, on top of the class's for imports and of the export credit; 0.0 without a market.
    """

    names: tuple[str, ...]
    period: NDArray[np.int64]
    energy_per_kwh: NDArray[np.float64]
    energy_tax_rate: float
    measured: NDArray[np.bool_]
    tier_share: NDArray[np.float64]
    market_per_kwh: NDArray[np.float64] | float = 0.0
    export_market_per_kwh: NDArray[np.float64] | float = 0.0

    @property
    def price_per_kwh(self) -> NDArray[np.float64]:
        """What one kWh costs (months, classes), energy tax included."""
        return self.energy_per_kwh * (1.0 + self.energy_tax_rate)

    def step_price_per_kwh(self, clock_: Timeline) -> NDArray[np.float64]:
        """Energy price of each step (steps,)."""
        market = self.market_per_kwh * (1.0 + self.energy_tax_rate)
        return self.price_per_kwh[clock_.month_index, self.period] + market

    def mean_market_per_kwh(self, clock_: Timeline) -> NDArray[np.float64]:
        """Mean market price of each class in each month (months, classes); 0 where the class does not occur."""
        sums, counts = np.zeros((2, clock_.months, len(self.names)))
        np.add.at(sums, (clock_.month_index, self.period), self.market_per_kwh)
        np.add.at(counts, (clock_.month_index, self.period), 1.0)
        return sums / np.maximum(counts, 1.0)


def price_classes(tariff: Tariff, clock_: Timeline) -> PriceClasses:
    """Lay the tariff's windows on the timeline's steps (see `PriceClasses`)."""
    mixtures: dict[tuple[str, ...], int] = {}
    table = np.empty((clock_.months, len(DAY_TYPES), 24 * 60 // clock_.step_minutes), dtype=np.int64)
    known: dict[tuple[int, ...], NDArray[np.int64]] = {}
    for index, month in enumerate(clock_.calendar_months()):
        season = tariff.season(month)
        if season.months not in known:
            days = [_day_mixtures(getattr(season, day_type), clock_.step_minutes) for day_type in DAY_TYPES]
            numbers = [[mixtures.setdefault(mixture, len(mixtures)) for mixture in day] for day in days]
            known[season.months] = np.array(numbers)
        table[index] = known[season.months]
    kind_of_weekday = np.array([0, 0, 0, 0, 0, 1, 2])
    step_of_day = clock_.minute_of_day // clock_.step_minutes
    plain = table[clock_.month_index, kind_of_weekday[clock_.weekday], step_of_day]
    period, classes = _with_peak_hours(tariff, clock_, plain, tuple(mixtures))
    of = [cls.mixture for cls in classes]
    return PriceClasses(
        names=tuple("/".join([*dict.fromkeys(cls.mixture), *cls.coincident]) for cls in classes),
        period=period,
        energy_per_kwh=_class_prices(tariff, clock_, of),
        energy_tax_rate=tariff.energy_tax_rate,
        measured=np.array(
            [[_is_measured(charge, cls) for cls in classes] for charge in tariff.demand_charges], dtype=bool
        ).reshape(len(tariff.demand_charges), len(classes)),
        tier_share=np.array([[_share(rule, mixture) for mixture in of] for rule in tariff.energy_tiers]).reshape(
            len(tariff.energy_tiers), len(classes)
        ),
    )


class _Class(NamedTuple):
    """A billing class: its price periods, and the demand charges whose coincident hours it holds."""

    mixture: tuple[str, ...]
    coincident: tuple[str, ...] = ()


def _with_peak_hours(
    tariff: Tariff, clock_: Timeline, period: NDArray[np.int64], mixtures: tuple[tuple[str, ...], ...]
) -> tuple[NDArray[np.int64], list[_Class]]:
    """The class of each step, and the classes: steps in a coincident hour get their own, at the same price."""
    period, classes = period.copy(), [_Class(mixture) for mixture in mixtures]
    within: dict[int, list[str]] = {}
    for charge in tariff.demand_charges:
        for at in charge.hours:
            inside = (clock_.calendar_month == at.month) & (clock_.day == at.day) & (clock_.hour == at.hour)
            for step in np.flatnonzero(inside).tolist():
                within.setdefault(step, []).append(charge.name)
    for step, names in within.items():
        cls = _Class(mixtures[period[step]], tuple(dict.fromkeys(names)))
        if cls not in classes:
            classes.append(cls)
        period[step] = classes.index(cls)
    return period, classes


def _day_mixtures(windows: tuple[Window, ...], step_minutes: int) -> list[tuple[str, ...]]:
    """The price period of each step of a day, or all quarter hours of a step that holds several, sorted."""
    slots = [""] * (24 * 60 // SLOT_MINUTES)
    for window in windows:
        first, end = (round(hour * 60 / SLOT_MINUTES) for hour in (window.start_hour, window.end_hour))
        slots[first:end] = [window.period] * (end - first)
    width = step_minutes // SLOT_MINUTES
    steps = [slots[at : at + width] for at in range(0, len(slots), width)]
    return [(step[0],) if len(set(step)) == 1 else tuple(sorted(step)) for step in steps]


def _class_prices(tariff: Tariff, clock_: Timeline, mixtures: list[tuple[str, ...]]) -> NDArray[np.float64]:
    prices = np.full((clock_.months, len(mixtures)), np.nan)
    for index, month in enumerate(clock_.calendar_months()):
        known = tariff.season(month).prices_per_kwh
        for k, mixture in enumerate(mixtures):
            if all(period in known for period in mixture):
                prices[index, k] = float(np.mean([known[period] for period in mixture]))
    return prices + tariff.energy_adders_per_kwh


def _is_measured(charge: DemandCharge, cls: _Class) -> bool:
    if charge.hours:
        return charge.name in cls.coincident
    return not charge.measured_periods or any(period in charge.measured_periods for period in cls.mixture)


def _share(rule: EnergyTiers, mixture: tuple[str, ...]) -> float:
    """Part of a class's kWh that counts in the tiers."""
    return float(np.mean([not rule.periods or period in rule.periods for period in mixture]))


def _check_names(names: list[str]) -> None:
    """The bill shows each demand charge by its name."""
    for name in names:
        if names.count(name) > 1:
            raise Refusal("two demand charges are called '{name}'; give one of them another name", name=name)
        if name + OVERRUN in names:
            raise Refusal(
                "a demand charge is called '{over}', which is what the bill calls the over-run of '{name}'; give it "
                "another name",
                over=name + OVERRUN,
                name=name,
            )


def _check_tiers(tiers: tuple[PriceTier, ...]) -> None:
    if not tiers or tiers[-1].up_to is not None:
        raise Refusal("the last tier needs no limit, so that everything has a price; leave its up_to empty")
    limits = [tier.up_to for tier in tiers if tier.up_to is not None]
    if len(limits) < len(tiers) - 1 or any(after <= before for before, after in pairwise(limits)):
        raise Refusal("the limits of the tiers must rise, and only the last one may be left out")


def library_ids() -> tuple[str, ...]:
    """Ids of the shipped tariffs, in file order."""
    return tuple(library.raw_tariffs())


def library_tariff(library_id: str) -> Tariff:
    """A shipped tariff. Raises ValueError naming near ids where there is none of that id."""
    return Tariff.model_validate({"library_id": library_id})


def library_fields(library_id: str) -> dict[str, Any]:
    """The fields of `Tariff` for a record of `tariffs.yaml`.

    China's two-part tariffs start on the measured maximum; contract demand is a choice of `demand_basis`. Singapore's
    contracted capacity is a declaration for a year, Indonesia's minimum bill a price per kVA of transformers.
    """
    raw = library.raw_tariffs().get(library_id)
    if raw is None:
        raise _no_tariff(library_id)
    rule_id = raw["demand"]["rule_id"]
    rule = library.demand_rule(rule_id)
    return {
        "library_id": library_id,
        "name_en": raw["name_en"],
        "name_zh": raw["name_zh"],
        "currency": raw["currency"],
        "voltage_kv": raw["voltage_kv"],
        "seasons": [_season_fields(season) for season in raw["tou"]["seasons"]],
        "energy_adders_per_kwh": sum(adder["value"] for adder in raw["energy_adders_per_kwh"]),
        "energy_tax_rate": raw["energy_tax_rate"] or 0.0,
        "demand_charges": [_charge_fields(charge) for charge in raw["demand"].get("charge_components") or []],
        "capacity_per_kva_month": raw["demand"].get("capacity_charge_per_kva_month"),
        "demand_window_minutes": raw["demand"]["measurement_window_minutes"],
        "ratchet_fraction": 1.0 if rule_id == "annual_peak" else rule.get("ratchet_fraction", 0.0),
        "ratchet_months": 11 if rule_id in ("annual_peak", "th_ratchet_70") else 0,
        **_rule_fields(raw, rule_id, rule),
        "fixed_per_month": raw["fixed_charge_per_month"] or 0.0,
        "includes_vat": raw["includes_vat"],
        "vat_rate": raw["vat_rate"] or 0.0,
        "source": library.tariff_source(raw["source"]),
        "as_of": str(raw["as_of"]),
        "confidence": raw["confidence"],
        "demand_confidence": raw["demand"]["confidence"],
        "notes": " ".join(filter(None, [raw["notes"], _rule_note(rule_id, rule, "en")])),
        "notes_zh": "".join(filter(None, [raw.get("notes_zh"), _rule_note(rule_id, rule, "zh")])),
    }


def _no_tariff(library_id: str) -> Refusal:
    from difflib import get_close_matches

    near = tuple(get_close_matches(str(library_id), library_ids(), n=3, cutoff=0))
    return Refusal("there is no tariff '{name}' in the library; near ones: {near}", name=library_id, near=near)


def _rule_fields(raw: dict[str, Any], rule_id: str, rule: dict[str, Any]) -> dict[str, Any]:
    """What a demand rule adds to the plain monthly maximum."""
    if rule_id == "cn_two_part":
        terms = {
            "tolerance": rule["overrun_threshold"],
            "overrun_factor": rule["overrun_multiplier"],
            "floor_fraction_of_kva": rule["contract_min_fraction_of_transformer_capacity"],
        }
        levies = (raw["components_per_kwh"] or {}).get("government_funds") or 0.0
        return {"contract": terms, "power_factor_rule": "cn_1983_090", "levies_per_kwh": levies}
    if rule_id == "sg_contracted_capacity":
        terms = {"tolerance": 1.0, "overrun_factor": rule["overrun_multiplier"], "floor_fraction_of_kva": 0.0}
        return {"demand_basis": "contract_demand", "contract": terms | {"hold_months": 12}}
    if rule_id == "id_pln_min_40h":
        off_peak = min(price for season in raw["tou"]["seasons"] for price in season["prices_per_kwh"].values())
        return {"minimum_per_kva_month": rule["min_hours"] * off_peak}
    return {}


def _season_fields(raw: dict[str, Any]) -> dict[str, Any]:
    windows = raw["windows"]
    every_day = windows.get("all_days")
    days = {day_type: every_day or windows[day_type] for day_type in DAY_TYPES}
    return {"name": raw["name"], "months": raw["months"], "prices_per_kwh": raw["prices_per_kwh"], **days}


def _charge_fields(raw: dict[str, Any]) -> dict[str, Any]:
    periods = raw["measured_periods"]
    return {
        "name": raw["name"],
        "per_kw_month": raw["charge_per_kw_month"],
        "measured_periods": () if periods == "all" else periods,
        "months": raw["months"],
    }


def _rule_note(rule_id: str, rule: dict[str, Any], language: str) -> str:
    return "" if rule_id in ("none", "simple_max_demand") else str(rule.get(f"description_{language}", ""))


def clock(hour: float) -> str:
    """An hour as a clock reading: 17.5 -> "17:30"."""
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _gap(where: Problem, start: float, end: float) -> Refusal:
    hours = {"start": clock(start), "end": clock(end)}
    return Refusal("{where}: no price period from {start} to {end}; add a window for these hours", where=where, **hours)
