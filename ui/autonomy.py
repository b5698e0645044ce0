"""Sentences, tables and cached figures of the autonomy page."""

from __future__ import annotations

import pandas as pd

from finance.metrics import Figure
from report.text import say
from sim.arrays import there
from sim.dispatch.result import ALTERNATIVES
from study import autonomy
from study.autonomy import SHOCKS, Autonomy
from study.study import Study
from ui import state
from ui.kept import once
from ui.state import t

NOTHING_KWH = 0.5


found = once(autonomy.autonomy)


def headline(seen: dict[str, Autonomy]) -> str:
    """What the hybrid makes itself, and how long its battery bridges."""
    own = seen["hybrid"]
    if own.battery_h <= 0:
        return t("autonomy.headline_no_battery", share=_share(own.self_supply))
    hours = say.duration(own.battery_h, state.words())
    return t("autonomy.headline", share=_share(own.self_supply), hours=hours)


def lead(seen: dict[str, Autonomy]) -> str:
    """What a week without grid leaves dark, with the hybrid and with the grid alone."""
    own, grid = (_dark(seen[name]) for name in ("hybrid", "grid"))
    return t("autonomy.lead", hybrid=own, grid=grid)


def supply_title(seen: dict[str, Autonomy]) -> str:
    """How long the hybrid lasts on its tanks."""
    days = seen["hybrid"].fuel_days
    if days is None:
        return t("autonomy.supply.title_none")
    return t("autonomy.supply.title", time=say.duration(days * 24, state.words()))


def supply_table(seen: dict[str, Autonomy]) -> pd.DataFrame:
    """A row for each figure, a column for each alternative."""
    words = state.words()
    rows = {
        "self_supply": [_share(one.self_supply) for one in seen.values()],
        "pv_share": [_share(one.pv_share) for one in seen.values()],
        "battery_h": [_hours(one.battery_h) for one in seen.values()],
        "reserve_h": [_hours(one.reserve_h) for one in seen.values()],
        "fuel_days": [_days(one.fuel_days) for one in seen.values()],
        "dark": [_dark(one) for one in seen.values()],
    }
    return _table(
        seen, {t(f"autonomy.row.{key}", hours=words.number(168, decimals=0)): row for key, row in rows.items()}
    )


def shock_title(seen: dict[str, Autonomy]) -> str:
    """The shock that moves the hybrid's yearly cost most."""
    own = seen["hybrid"].shock_fraction
    worst = max(SHOCKS, key=lambda name: own[name])
    if own[worst] <= 0:
        return t("autonomy.shock.title_none")
    return t(
        "autonomy.shock.title", shock=t(f"autonomy.shock.of.{worst}"), change=say.change(own[worst], state.words())
    )


def shock_fractions(seen: dict[str, Autonomy], shock: str) -> dict[str, float]:
    return {name: one.shock_fraction[shock] for name, one in seen.items()}


def shock_alt(seen: dict[str, Autonomy], shock: str) -> str:
    words = state.words()
    parts = [
        f"{say.name(name, words, first=True)} {say.change(value, words)}"
        for name, value in shock_fractions(seen, shock).items()
    ]
    return t("autonomy.shock.alt", shock=t(f"autonomy.shock.{shock}"), list=say.listed(parts, words))


def shock_table(study: Study, seen: dict[str, Autonomy]) -> pd.DataFrame:
    """Money added by each shock, below the year's cost."""
    words, currency = state.words(), study.scenario.site.currency
    rows = {t("autonomy.shock.cost"): [words.money(one.cost, currency) for one in seen.values()]}
    for shock in SHOCKS:
        added = [one.shock_cost[shock] for one in seen.values()]
        rows[t(f"autonomy.shock.{shock}")] = [say.signed(words.money(value, currency), value) for value in added]
    return _table(seen, rows)


def carbon_title(study: Study, seen: dict[str, Autonomy]) -> str:
    """Tonnes the hybrid avoids in a year against the baseline, by the factor of the place."""
    words = state.words()
    avoided = seen[study.baseline].carbon.location_t - seen["hybrid"].carbon.location_t
    key = "autonomy.carbon.title" if avoided >= 0 else "autonomy.carbon.title_more"
    return t(key, tonnes=_tonnes(abs(avoided)), baseline=say.name(study.baseline, words))


def carbon_table(study: Study, seen: dict[str, Autonomy]) -> pd.DataFrame:
    """Tonnes by both methods, avoided against the baseline, certificates, and what carbon costs."""
    words, currency = state.words(), study.scenario.site.currency
    every, base = [one.carbon for one in seen.values()], seen[study.baseline].carbon
    rows = {
        "location": [_tonnes(one.location_t) for one in every],
        "location_avoided": [_tonnes(base.location_t - one.location_t) for one in every],
    }
    if base.market_t is not None:
        market = [there(one.market_t, "CO2 at the market's factor") for one in every]
        rows["market"] = [_tonnes(tonnes) for tonnes in market]
        rows["market_avoided"] = [_tonnes(base.market_t - tonnes) for tonnes in market]
    if study.scenario.finance.green_share > 0:
        rows["certificates"] = [words.number(one.certificates_mwh, decimals=0) for one in every]
        rows["certificates_cost"] = [words.money(one.certificates_cost, currency) for one in every]
    if study.scenario.finance.carbon_price_per_t > 0:
        rows["price_cost"] = [words.money(one.price_cost, currency) for one in every]
    return _table(seen, {t(f"autonomy.carbon.{key}"): row for key, row in rows.items()})


def carbon_note(study: Study) -> str:
    return t("autonomy.carbon.note", baseline=say.name(study.baseline, state.words()))


def carbon_missing(study: Study) -> str:
    """Which of the figures is not there, and what it would need; empty where all are."""
    finance = study.scenario.finance
    missing = {
        "market": finance.market_co2_kg_per_kwh is None,
        "certificates": finance.green_share <= 0,
        "price": finance.carbon_price_per_t <= 0,
    }
    told = (t(f"autonomy.carbon.no_{name}") for name, is_missing in missing.items() if is_missing)
    return say.joined(told, state.words())


def _table(seen: dict[str, Autonomy], rows: dict[str, list[str]]) -> pd.DataFrame:
    names = [say.name(name, state.words(), first=True) for name in ALTERNATIVES if name in seen]
    table = pd.DataFrame(rows.values(), columns=names)
    table.insert(0, t("autonomy.column.figure"), list(rows))
    return table


def _share(figure: Figure) -> str:
    return state.words().percent(figure.value) if figure.value is not None else t("autonomy.no_energy")


def _hours(hours: float) -> str:
    return say.duration(hours, state.words()) if hours > 0 else t("autonomy.none")


def _days(days: float | None) -> str:
    return t("autonomy.does_not_carry") if days is None else say.duration(days * 24, state.words())


def _dark(one: Autonomy) -> str:
    if one.week_unserved_kwh < NOTHING_KWH:
        return t("autonomy.nothing_dark")
    return say.energy(one.week_unserved_kwh, state.words())


def _tonnes(tonnes: float) -> str:
    return state.words().number(tonnes, t("charts.unit.t"))
