"""Sentences, tables and cached figures of the outages page."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from report.text import say
from report.text.amounts import Amounts, shared_amounts
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES
from sim.plant.battery import nameplate_for_kwh
from study import outages
from study.outages import Outlook
from study.study import Study
from ui import state
from ui.kept import once
from ui.state import t

CHANCE_H = (2, 8, 24)
LOST_H = (8, 24)
NEED_H = 2
TITLE_H = 8


@dataclass(frozen=True)
class OutageFigures:
    """Everything the page shows of one study. `aged` is the last project year; `chance` by hours of outage."""

    new: dict[str, Outlook]
    aged: dict[str, Outlook]
    chance: dict[str, dict[int, float]]
    costs: dict[str, list[float]]


@once
def found(study: Study) -> OutageFigures:
    """The outlooks of new and aged plant, the chances with sets that fail, the cost by length."""
    last = study.dispatch.years
    new = {name: outages.outlook(study, name) for name in reversed(outages.ISLANDED)}
    aged = {name: outages.outlook(study, name, last) for name in new}
    chance = {
        name: {hours: outages.survival_with_failures(study, new[name], hours) for hours in CHANCE_H} for name in new
    }
    costs = {name: outages.cost_by_length(study, name).tolist() for name in ("grid", *outages.ISLANDED)}
    return OutageFigures(new, aged, chance, costs)


def headline(seen: OutageFigures) -> str:
    """How long the hybrid lasts from its worst hour, and from every hour."""
    words, hybrid = state.words(), seen.new["hybrid"]
    least = int(hybrid.hours.min())
    if least >= outages.HORIZON_H:
        return t("outages.headline_week")
    if least == 0 and hybrid.curve[0] == 0:
        return t("outages.headline_never")
    if least == 0:
        return t("outages.headline_some", share=words.percent(float(hybrid.curve[0])))
    return t("outages.headline", hours=_hours(least), share=words.percent(float((hybrid.hours > least).mean())))


def lead(study: Study) -> str:
    """What happens in the scenario itself: how many losses of power end in a restart, and their worth."""
    words, dispatch = state.words(), study.dispatch
    if not dispatch.down.any():
        return t("outages.lead_none")
    events = {name: study.kpis[name].interruptions for name in ("grid", "grid_diesel", "hybrid")}
    named = [f"{say.name(name, words)} {words.number(count, decimals=0)}" for name, count in events.items()]
    key = "outages.lead_counted" if study.scenario.finance.count_interruptions else "outages.lead"
    value = words.money(study.kpis["hybrid"].interruption_value, study.scenario.site.currency)
    return t(key, events=say.listed(named, state.words()), value=value)


def curve_title(seen: OutageFigures) -> str:
    """From how many hours the hybrid survives a short outage."""
    share = state.words().percent(float(seen.new["hybrid"].curve[NEED_H - 1]))
    return t("outages.curve_title", hours=_hours(NEED_H), share=share)


def ride_title(study: Study, seen: OutageFigures) -> str:
    """The hybrid's worst hour."""
    hybrid = seen.new["hybrid"]
    if hybrid.hours.min() >= outages.HORIZON_H:
        return t("outages.ride_title_none")
    return t("outages.ride_title", when=_when(study, hybrid), hours=_hours(int(hybrid.hours.min())))


def cost_title(study: Study, seen: OutageFigures) -> str:
    """What an outage of a working day costs with the hybrid and with the grid alone."""
    words, currency = state.words(), study.scenario.site.currency
    at = outages.LENGTHS_H.index(TITLE_H)
    own, grid = (words.money(seen.costs[name][at], currency) for name in ("hybrid", "grid"))
    return t("outages.cost_title", hours=_hours(TITLE_H), hybrid=own, grid=grid)


def curves(seen: OutageFigures) -> dict[str, tuple[Floats, tuple[str, str]]]:
    """(curve, look) by name: each alternative new, the hybrid aged and by the other order where these differ."""
    words = state.words()
    both, hybrid = say.name("grid_diesel", words, first=True), say.name("hybrid", words, first=True)
    new, aged = seen.new["hybrid"], seen.aged["hybrid"]
    kept = {
        t("outages.curve_new", name=hybrid): (new.curve, ("battery", "solid")),
        both: (seen.new["grid_diesel"].curve, ("demand", "solid")),
    }
    if aged.year > 1:
        kept[t("outages.curve_year", name=hybrid, n=aged.year)] = (aged.curve, ("battery_light", "solid"))
    if new.island.sets > 0 and new.island.bess_kw > 0:
        order = "genset_first" if new.order == "battery_first" else "battery_first"
        kept[t(f"outages.curve_{order}", name=hybrid)] = (new.other_curve, ("fuel", "dash"))
    return kept


def ride_table(study: Study, seen: OutageFigures) -> pd.DataFrame:
    """A row for each question, a column for the alternatives, in words."""
    names = [say.name(name, state.words(), first=True) for name in seen.new]
    rows = {
        t("outages.row_worst"): [_hours(int(seen.new[name].hours.min())) for name in seen.new],
        t("outages.row_aged", n=study.dispatch.years): [_hours(int(seen.aged[name].hours.min())) for name in seen.new],
        t("outages.row_battery"): [_battery_alone(seen.new[name]) for name in seen.new],
        t("outages.row_battery_aged", n=study.dispatch.years): [_battery_alone(seen.aged[name]) for name in seen.new],
        t("outages.row_when"): [_when(study, seen.new[name]) for name in seen.new],
        **{
            t("outages.row_chance", hours=_hours(hours)): [_chance(seen.chance[name][hours]) for name in seen.new]
            for hours in CHANCE_H
        },
        **{
            t("outages.row_lost", hours=_hours(hours)): [_lost(seen.new[name], hours) for name in seen.new]
            for hours in LOST_H
        },
    }
    if study.dispatch.years == 1:
        rows = {key: row for key, row in rows.items() if key not in _aged_rows(study)}
    return pd.DataFrame(rows.values(), index=list(rows), columns=names)


def _aged_rows(study: Study) -> tuple[str, str]:
    n = study.dispatch.years
    return t("outages.row_aged", n=n), t("outages.row_battery_aged", n=n)


def need_text(study: Study, seen: OutageFigures) -> str:
    """What battery a two-hour outage needs from any hour, alone and beside the sets."""
    words = state.words()
    alone, beside = outages.need_for(seen.new["hybrid"], NEED_H)
    storage, health = study.scenario.storage, float(study.dispatch.life.at_end.min())
    nameplate_kwh = nameplate_for_kwh(storage, alone.usable_kwh)
    values = {"hours": _hours(NEED_H), "power": say.power(alone.power_kw, words)}
    values |= {"usable": say.energy(alone.usable_kwh, words), "nameplate": say.energy(nameplate_kwh, words)}
    values |= {"aged": say.energy(nameplate_kwh / max(health, 1e-9), words)}
    text = t("outages.need", **values)
    if beside.usable_kwh <= 0:
        return say.joined((text, t("outages.need_sets_enough")), words)
    return say.joined((text, t("outages.need_beside", usable=say.energy(beside.usable_kwh, words))), words)


def money_scale(study: Study, seen: OutageFigures) -> Amounts:
    return shared_amounts(state.words(), [max(costs) for costs in seen.costs.values()], study.scenario.site.currency)


def parts_text(study: Study) -> str:
    """What one restart costs, by cause."""
    words, currency = state.words(), study.scenario.site.currency
    parts = {key: value for key, value in outages.parts_of_an_outage(study).items() if value > 0}
    named = [t(f"outages.part_{key}", value=words.money(value, currency)) for key, value in parts.items()]
    total, listed = words.money(sum(parts.values()), currency), say.listed(named, state.words())
    return t("outages.parts", total=total, list=listed or t("outages.part_none"))


def costs_alt(seen: OutageFigures, scale: Amounts) -> str:
    words = state.words()
    parts = [
        f"{say.name(name, words, first=True)}: {', '.join(scale.label(cost) for cost in costs)} {scale.unit}"
        for name, costs in seen.costs.items()
    ]
    return t("outages.cost_alt", list=say.enumerated(parts, words))


def curves_alt(study: Study, seen: OutageFigures) -> str:
    words = state.words()
    parts = [
        f"{name} {', '.join(words.percent(float(curve[hours - 1])) for hours in (1, 2, 24))}"
        for name, (curve, _) in curves(seen).items()
    ]
    return t("outages.curve_alt", list=say.enumerated(parts, words))


def colour_of() -> dict[str, str]:
    """Palette name by the shown name of an alternative."""
    words, used = state.words(), {"diesel": "fuel", "grid": "grid", "grid_diesel": "demand", "hybrid": "battery"}
    return {say.name(name, words, first=True): used[name] for name in ALTERNATIVES}


def _hours(hours: int) -> str:
    words = state.words()
    text = words.number(hours, t("charts.unit.h"), 0)
    return t("outages.at_least", hours=text) if hours >= outages.HORIZON_H else text


def _battery_alone(seen: Outlook) -> str:
    if seen.island.bess_kw == 0:
        return t("outages.no_battery")
    hours = outages.battery_alone_h(seen)
    return _hours(outages.HORIZON_H) if hours >= outages.HORIZON_H else say.duration(hours, state.words())


def _when(study: Study, seen: Outlook) -> str:
    """Date and hour of the worst start as "15 Jul, 14:00"; a dash where every start lasts the whole horizon."""
    if seen.hours.min() >= outages.HORIZON_H:
        return t("outages.never_fails")
    clock = study.dispatch.clock
    step = seen.worst_start * round(1 / clock.step_h)
    month = state.words().t(f"charts.month.{int(clock.calendar_month[step])}")
    return t("outages.when", day=int(clock.day[step]), month=month, hour=f"{int(clock.hour[step]):02d}:00")


def start_text(study: Study, seen: OutageFigures) -> str:
    """What carries the load in the seconds until the hybrid's sets run."""
    words, hybrid, scenario = state.words(), seen.new["hybrid"], study.scenario
    if hybrid.island.sets == 0:
        return ""
    gap_kw = outages.start_gap_kw(hybrid)
    seconds = words.number(scenario.genset.start_s, t("outages.second"), 0)
    if scenario.grid.ups_bridges:
        return t("outages.start_ups", seconds=seconds)
    if gap_kw <= 0:
        return t("outages.start_held", seconds=seconds)
    power, gap = (say.power(kw, words) for kw in (hybrid.island.bess_kw, gap_kw))
    return t("outages.start_gap", seconds=seconds, power=power, gap=gap)


def _lost(seen: Outlook, hours: int) -> str:
    lost = outages.lost_kwh(seen, hours)
    return say.energy(lost, state.words()) if lost >= 0.5 else t("outages.nothing_lost")


def _chance(probability: float) -> str:
    return state.words().percent(probability)
