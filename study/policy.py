"""What happens to the saving when the tariff's rules change: windows, market price, price level, basis of the charge.

Every case is a set of changes to the scenario, and its figures are those of a whole study: dispatched and billed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from finance.figures import Kpis
from finance.kpis import Saving
from sim.arrays import there
from sim.inputs import library
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import DAY_TYPES, DEMAND_BASES, Season, Tariff, library_tariff
from study.decision import decision
from study.study import Study, kept
from study.turning import bare_study, turn

# Windows of a province that has moved them to a midday valley (苏发改价格发〔2025〕426号).
MOVED_WINDOWS = "cn_jiangsu_10kv"
# The narrowest spread of the library's Chinese tariffs stands for a market whose prices hardly differ.
MARKET_SPREAD = "cn_gansu_110kv"
ADMINISTRATIVE = "administrative_tou_agency_purchase"
PRICE_STEP = 0.1
WIDEST = 3.0  # times today's spread: how far beyond it a break-even is looked for


@dataclass(frozen=True)
class Case:
    """One change of the rules: its key, and the scenario's changes by dotted path."""

    key: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class CaseFigures:
    """Figures of the hybrid in a case."""

    key: str
    saving: Saving
    figures: Kpis


def cases(study: Study, spread_per_kwh: float) -> tuple[Case, ...]:
    """The cases that are a change at all for this scenario. spread_per_kwh: between dearest and cheapest hour that a
    market price leaves."""
    scenario = study.scenario
    price = scenario.finance.energy_price_factor
    found = [
        Case("midday_valley", {"tariff": _moved(scenario.tariff)}),
        Case("market_price", {"tariff": _with_spread(study, spread_per_kwh)}),
        Case("price_up", {"finance.energy_price_factor": price * (1 + PRICE_STEP)}),
        Case("price_down", {"finance.energy_price_factor": price * (1 - PRICE_STEP)}),
        *(Case(f"basis_{name}", {"tariff.demand_basis": name, "grid.declared_kw": None}) for name in _bases(scenario)),
    ]
    return tuple(case for case in found if case.changes.get("tariff", True) is not None)


def outcome(key: str, study: Study) -> CaseFigures:
    """What a study shows of the hybrid."""
    return CaseFigures(key, study.savings["hybrid"], study.kpis["hybrid"])


@dataclass(frozen=True)
class MarketCondition:
    """The answer rests on windows that do not bind a user who buys directly in the market.

    since: from which day (ISO date), and its source. spread_per_kwh: the tariff's dearest less its cheapest price of
    the year, in its own currency.
    """

    since: str
    source: str
    spread_per_kwh: float


def market_condition(scenario: Scenario) -> MarketCondition | None:
    """What the answer of a Chinese site rests on, where its tariff is an agency-purchase curve at a voltage from which
    a data centre normally buys in the market, and the term goes on after the rule came into force; else None."""
    rule = library.market_users()
    last = np.datetime64(scenario.site.start, "M") + scenario.site.term_months
    tariff = scenario.tariff
    if not has_government_windows(tariff) or last <= np.datetime64(rule.value, "M"):
        return None
    if tariff.voltage_kv is None or tariff.voltage_kv < there(rule.low, "the voltage of market users"):
        return None
    return MarketCondition(rule.value, rule.source, year_spread_per_kwh(tariff))


@kept
def break_even_spread(study: Study) -> float | None:
    """The year's dearest less cheapest price, in the tariff's currency per kWh, at which the hybrid and its rival cost
    the same: every price is drawn towards, or away from, the mean that grid-only pays. None where it does not turn
    between one price and `WIDEST` times today's spread."""
    now = year_spread_per_kwh(study.scenario.tariff)

    @cache
    def margin(spread_per_kwh: float) -> float:
        tariff = _with_spread(study, spread_per_kwh)
        varied = study if tariff is None else bare_study(study.scenario.with_({"tariff": tariff}))
        return decision(varied).margin

    return turn(margin, now, 0.0 if margin(now) > 0 else WIDEST * now) if now > 0 else None


def has_government_windows(tariff: Tariff) -> bool:
    """Whether the tariff is a Chinese agency-purchase curve. Since 2026-03-01 those who buy directly in the market have
    neither its windows nor its price levels (NDRC/NEA 2025 No. 1656)."""
    return library.raw_tariffs().get(tariff.library_id, {}).get("regime") == ADMINISTRATIVE


def default_spread_per_kwh(scenario: Scenario) -> float:
    """The spread the market case starts from: the narrowest seen in China; none where prices are in other money."""
    narrow = library_tariff(MARKET_SPREAD)
    return round(year_spread_per_kwh(narrow), 4) if scenario.tariff.currency == narrow.currency else 0.0


def _bases(scenario: Scenario) -> tuple[str, ...]:
    """Other bases the tariff offers."""
    tariff = scenario.tariff
    if tariff.capacity_per_kva_month is None or scenario.grid.transformer_kva <= 0:
        return ()
    is_per_kw = any(charge.is_all_hours for charge in tariff.demand_charges)
    return tuple(basis for basis in DEMAND_BASES if basis != tariff.demand_basis and is_per_kw)


def _moved(tariff: Tariff) -> dict[str, Any] | None:
    """The tariff with Jiangsu's windows and its own prices: dearest, middle and cheapest of each season.

    None where that changes nothing, or there is only one price to move.
    """
    pattern, seasons = library_tariff(MOVED_WINDOWS), []
    for season in tariff.seasons:
        for new in pattern.seasons:
            months = tuple(month for month in season.months if month in new.months)
            if months:
                seasons.append(_with_windows(season, new, months))
    moved = _own(tariff, {"seasons": seasons})
    if max(len(set(season.prices_per_kwh.values())) for season in tariff.seasons) == 1:
        return None
    changed = Tariff.model_validate(moved)
    same = all(
        changed.season(month).prices_per_kwh[changed.season(month).period_at(day, minute)]
        == tariff.season(month).prices_per_kwh[tariff.season(month).period_at(day, minute)]
        for month in range(1, 13)
        for day in DAY_TYPES
        for minute in range(0, 24 * 60, 15)
    )
    return None if same else moved


def _with_windows(season: Season, pattern: Season, months: tuple[int, ...]) -> dict[str, Any]:
    """A season with another's windows: its own dearest price (without a tip) for peak, its cheapest for valley."""
    prices = {name: price for name, price in season.prices_per_kwh.items() if name != "tip"} or season.prices_per_kwh
    ranked = sorted(prices, key=lambda name: prices[name])
    own = {"valley": ranked[0], "flat": "flat" if "flat" in ranked else ranked[len(ranked) // 2], "peak": ranked[-1]}
    days = {
        day: [window.model_dump() | {"period": own[window.period]} for window in getattr(pattern, day)]
        for day in DAY_TYPES
    }
    return {
        "name": f"{season.name} {pattern.name}",
        "months": months,
        "prices_per_kwh": dict(season.prices_per_kwh),
        **days,
    }


def _with_spread(study: Study, spread_per_kwh: float) -> dict[str, Any] | None:
    """The tariff with every price drawn towards the mean that grid-only pays in its first year, so that this bill's
    energy stays what it is. None where there is no spread to narrow."""
    tariff, dispatch = study.scenario.tariff, study.dispatch
    now, months = year_spread_per_kwh(tariff), dispatch.clock.months
    taken = dispatch.import_kwh[dispatch.row("grid"), :months]
    if now <= 0 or spread_per_kwh == now or taken.sum() <= 0:
        return None
    priced = np.nan_to_num(dispatch.classes.energy_per_kwh) - tariff.energy_adders_per_kwh
    mean, share = float((taken * priced).sum() / taken.sum()), spread_per_kwh / now
    seasons = [
        season.model_dump()
        | {"prices_per_kwh": {name: mean + share * (price - mean) for name, price in season.prices_per_kwh.items()}}
        for season in tariff.seasons
    ]
    return _own(tariff, {"seasons": seasons})


def year_spread_per_kwh(tariff: Tariff) -> float:
    """The dearest less the cheapest price of the year."""
    prices = [price for season in tariff.seasons for price in season.prices_per_kwh.values()]
    return max(prices) - min(prices)


def _own(tariff: Tariff, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a changed tariff, which is no longer the library's."""
    return tariff.model_dump() | {"library_id": "", "confidence": "unverified"} | dict(fields)
