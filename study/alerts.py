"""What a reader must know before he trusts the answer: warnings with their figure, how grave they are, their remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from sim.arrays import there
from sim.inputs.library import moves_clocks, record, units_per_usd
from sim.plant.battery import window_kwh
from study.answer import NOTHING_KWH, Finding, Kind, Quantity, clash
from study.attribution import parts
from study.decision import WEAK_BASELINE, decision
from study.place import elsewhere, priced_abroad
from study.policy import break_even_spread, market_condition
from study.sets_duty import duty
from study.study import Study, kept

Severity = Literal["high", "medium"]
STORAGE_H = (0.25, 12.0)  # of storage: what is built lies between
SUMMER_TIME = range(4, 11)  # months of summer time in the north, the last of them nearly whole


@dataclass(frozen=True)
class Alert:
    """A warning. `figure`: the quantity it is about; `remedies`: inputs by path with the value that would mend it,
    where one is known."""

    finding: Finding
    severity: Severity
    figure: Quantity
    remedies: Mapping[str, float] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Its name for programs."""
        return self.finding.key.removeprefix("answers.").removeprefix("alert.")


@kept
def alerts(study: Study) -> tuple[Alert, ...]:
    """All of them, the grave ones first."""
    finders = (_supply, _place, _market, _baseline, _battery, _sets, _entries)
    found = [alert for finder in finders for alert in finder(study)]
    return tuple(sorted(found, key=lambda alert: alert.severity != "high"))


def _supply(study: Study) -> Iterator[Alert]:
    """Load the hybrid leaves without power, or sets that carry it though the grid is there."""
    left, found = study.kpis["hybrid"].unserved_kwh, clash(study)
    figure = Quantity("energy", left)
    if found:
        yield Alert(found, "high" if left > NOTHING_KWH else "medium", figure, _ways_out(study, found))
    elif left > NOTHING_KWH:
        yield Alert(Finding("answers.alert.unserved", {"unserved": figure}, good=False), "high", figure)


def _ways_out(study: Study, found: Finding) -> dict[str, float]:
    """The changes that a clash names, as values of inputs."""
    values, here = found.values, study.scenario
    more = here.genset.last_resort_sets if found.key.endswith("supply_too_small") else 0
    known = {
        "grid.import_limit_kw": values.get("limit_needed"),
        "dispatch.reserve_fraction": values.get("reserve"),
        "storage.energy_kwh": values.get("battery"),
    }
    if found.key.startswith("answers.clash.outage"):
        del known["grid.import_limit_kw"]
    ways = {path: float(value.value) for path, value in known.items() if value is not None}
    if "sets_needed" in values:
        ways["genset.last_resort_sets"] = float(values["sets_needed"].value) + more
    return ways


def _place(study: Study) -> Iterator[Alert]:
    """Figures of another place: China's prices under another currency's name, a tariff of another region."""
    paths = priced_abroad(study.scenario)
    if paths:
        count = Quantity("count", len(paths))
        values = {"n": count, "currency": Quantity("text", study.scenario.site.currency)}
        yield Alert(Finding("answers.alert.priced_abroad", values, good=False), "high", count)
    found = elsewhere(study.scenario)
    if found:
        values = {"region": Quantity("region", found.tariff), "place": Quantity("place", study.scenario.site.place)}
        key = "answers.alert.tariff_elsewhere" if found.own else "answers.alert.tariff_stands_in"
        yield Alert(Finding(key, values, good=False), "medium", values["region"])


def _market(study: Study) -> Iterator[Alert]:
    """Prices by government windows, which do not bind who buys in the market."""
    rests_on = market_condition(study.scenario)
    if rests_on is None or not study.scenario.storage.exists:
        return
    now, even = Quantity("price", rests_on.spread_per_kwh), break_even_spread(study)
    values = {"since": Quantity("text", rests_on.since), "now": now}
    if even is None:
        yield Alert(Finding("answers.alert.market_windows", values, good=False), "medium", now)
        return
    found = Finding("answers.alert.market_windows_spread", values | {"even": Quantity("price", even)}, good=False)
    yield Alert(found, "medium", Quantity("price", even))


def _baseline(study: Study) -> Iterator[Alert]:
    """A chosen baseline far dearer than the cheapest alternative: every saving against it flatters."""
    found = decision(study)
    cost, rival = found.present_cost[study.baseline], found.present_cost[found.rival]
    if rival > 0 and cost > WEAK_BASELINE * rival:
        times = Quantity("number", round(cost / rival, 2))
        values = {"first_baseline": Quantity("first_name", study.baseline), "rival": Quantity("name", found.rival)}
        finding = Finding("answers.alert.weak_baseline", values | {"times": times}, good=False)
        yield Alert(finding, "medium", times)


def _battery(study: Study) -> Iterator[Alert]:
    """A battery that hardly works, or costs more than it brings."""
    storage, dispatch = study.scenario.storage, study.dispatch
    if not storage.exists:
        return
    given = Quantity("energy", float(dispatch.total("discharge_kwh")[dispatch.row("hybrid")]) * 12 / dispatch.months)
    if float(given.value) < window_kwh(storage):
        yield Alert(Finding("answers.alert.idle_battery", {"given": given}, good=False), "medium", given)
    brought = parts(study)["battery"]
    if brought < 0:
        lost = Quantity("money", -brought)
        yield Alert(Finding("answers.alert.losing_battery", {"lost": lost}, good=False), "medium", lost)


def _entries(study: Study) -> Iterator[Alert]:
    """Inputs that no rule forbids and that are hardly meant: prices, hours of storage, a transformer, the clock."""
    yield from _prices(study)
    yield from _late_stages(study)
    storage, grid = study.scenario.storage, study.scenario.grid
    if storage.exists and storage.power_kw > 0:
        hours = Quantity("duration", storage.energy_kwh / storage.power_kw)
        low, high = (Quantity("duration", limit) for limit in STORAGE_H)
        if not STORAGE_H[0] <= float(hours.value) <= STORAGE_H[1]:
            limit = STORAGE_H[0] if float(hours.value) < STORAGE_H[0] else STORAGE_H[1]
            values = {"hours": hours, "low": low, "high": high}
            ways = {"storage.power_kw": storage.energy_kwh / limit}
            yield Alert(Finding("answers.alert.storage_hours", values, good=False), "medium", hours, ways)
    drawn_kva = float(study.dispatch.peak_kw.max()) / (grid.power_factor or 1.0)
    if 0 < grid.transformer_kva < drawn_kva * (1 - 1e-9):
        drawn = Quantity("number", round(drawn_kva), "kVA")
        values = {"kva": Quantity("number", grid.transformer_kva, "kVA"), "drawn": drawn}
        ways = {"grid.transformer_kva": float(np.ceil(drawn_kva))}
        yield Alert(Finding("answers.alert.small_transformer", values, good=False), "medium", drawn, ways)
    shifted = _shifted_h(study)
    if shifted and study.scenario.pv.exists and moves_clocks(study.scenario.site.country):
        hours = Quantity("duration", shifted)
        yield Alert(Finding("answers.alert.daylight_saving", {"hours": hours}, good=False), "medium", hours)


def _late_stages(study: Study) -> Iterator[Alert]:
    """A stage that comes after the term: it is neither bought nor simulated."""
    scenario = study.scenario
    parts: dict[str, Any] = {"battery": scenario.storage, "pv": scenario.pv, "sets": scenario.genset}
    for part, plant in parts.items():
        late = [row.month for row in plant.stages if row.month > scenario.site.term_months]
        if late:
            month = Quantity("count", late[0])
            values = {"month": month, "term": Quantity("term", scenario.site.term_months)}
            ways = {"site.term_months": float(late[-1])}
            yield Alert(Finding(f"answers.alert.stage_late_{part}", values, good=False), "medium", month, ways)


def _prices(study: Study) -> Iterator[Alert]:
    """Prices that lie far outside what is paid anywhere, at the rate of the table."""
    scenario, rate = study.scenario, units_per_usd(study.scenario.site.currency)
    if rate is None:
        return
    energy, money = study.dispatch.classes.price_per_kwh * scenario.finance.energy_price_factor, scenario.finance
    typed = {
        "energy_per_kwh": (float(energy.max()), "kWh"),
        "diesel_per_l": (money.diesel_per_l, "L"),
        "storage_capex_per_kwh": (money.storage_capex_per_kwh if scenario.storage.exists else 0.0, "kWh"),
        "pv_capex_per_kwp": (money.pv_capex_per_kwp if scenario.pv.exists else 0.0, "kWp"),
    }
    for name, (value, unit) in typed.items():
        known, dollars = record("fx", f"plausible_usd.{name}"), value / float(rate.value)
        low, high = (there(end, "the range of a price") for end in (known.low, known.high))
        if value > 0 and not low <= dollars <= high:
            price = Quantity("number", value, f"{scenario.site.currency}/{unit}")
            values = {
                "price": price,
                "dollars": Quantity("number", float(f"{dollars:.3g}"), f"USD/{unit}"),
                "low": Quantity("number", low, f"USD/{unit}"),
                "high": Quantity("number", high, f"USD/{unit}"),
                "date": Quantity("text", rate.as_of),
            }
            yield Alert(Finding(f"answers.alert.price_{name}", values, good=False), "high", price)


def _shifted_h(study: Study) -> float:
    """Hours a year with summer time in which the clock's hour has another price than the hour before it."""
    clock, period = study.dispatch.clock, study.dispatch.classes.period
    hour = max(1, round(1 / clock.step_h))
    other = (np.roll(period, -hour) != period) & np.isin(clock.calendar_month, SUMMER_TIME)
    return float(other.sum()) * clock.step_h * 12 / clock.months


def _sets(study: Study) -> Iterator[Alert]:
    """Tanks that run dry and limits of the rating, of the hybrid and of what it is compared with."""
    compared = dict.fromkeys(("hybrid", decision(study).rival, study.baseline))
    for name in compared:
        found = duty(study, name)
        if found is None:
            continue
        who = {"first_name": Quantity("first_name", name)}
        if found.fuel.dry_steps:
            dry = Quantity("duration", found.fuel.dry_steps * study.dispatch.clock.step_h)
            yield Alert(
                Finding("answers.alert.tanks_dry", who | {"hours": dry}, good=False),
                "high" if name == "hybrid" else "medium",
                dry,
            )
        for limit in found.limits:
            kind: Kind = "duration" if limit.limit == "hours" else "percent"
            value, allowed = Quantity(kind, limit.value), Quantity(kind, limit.allowed)
            rating = Quantity("text", study.scenario.genset.rating)
            values = who | {"value": value, "allowed": allowed, "rating": rating}
            yield Alert(Finding(f"answers.alert.rating_{limit.limit}", values, good=False), "medium", value)
