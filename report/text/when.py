"""The plan of lead times in words, on screen and paper alike: who has power when, what waiting costs, what decides."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from finance.ledger import restart_cost
from i18n import Words
from report.text import say
from report.text.inputs import DIAMOND
from sim.dispatch.result import ALTERNATIVES
from study.set_stops import SetStops
from study.study import Study
from study.timeline import Arrival, DeliveryPlan, PartPlan, Power

SHOWN_TENTHS = (1, 5, 10)
Rows = list[list[str]]


def month(value: int | None, words: Words) -> str:
    """A month of the plan: "from the start", "after 5 months", "not within the term"."""
    if value is None:
        return words.t("when.never")
    key = "when.start" if value == 0 else "when.after_one" if value == 1 else "when.after"
    return words.t(key, n=value)


def headline(found: DeliveryPlan, words: Words) -> str:
    """Who powers all of the load first, and what waiting costs."""
    currency = found.study.scenario.site.currency
    whole = {name: inf if power.whole is None else power.whole for name, power in found.power.items()}
    own, grid = whole["hybrid"], whole["grid"]
    first = min(ALTERNATIVES, key=lambda name: whole[name])

    def said(key: str, other: str, waits: str) -> str:
        values = {
            "own": month(found.power["hybrid"].whole, words),
            "other": month(found.power[other].whole, words),
            "first_other": say.name(other, words, first=True),
            "name": say.name(other, words),
            "cost": words.money(found.power[waits].waiting_cost, currency),
        }
        return words.t(f"when.title.{key}", **values)

    if own < grid:
        return said("sooner", "grid", "grid")
    if whole[first] < own:
        return said("never" if own == inf else "later", first, "hybrid")
    if own == inf:
        return said("nobody", "grid", "hybrid")
    return said("same_waits" if found.power["hybrid"].waiting_cost > 0 else "same", "grid", "hybrid")


def basis(found: DeliveryPlan, words: Words) -> str:
    """Whether the study counts lead times, or the page only asks what they would do; and what a MW is worth."""
    worth = words.money(found.worth_per_mw_month, found.study.scenario.site.currency)
    own = found.study.scenario.finance.waiting_per_mw_month is not None
    counted = words.t("when.counted" if found.in_use else "when.asked")
    return say.joined([counted, words.t(f"when.worth_{'given' if own else 'lost'}", worth=worth)], words)


def part_heads(words: Words) -> list[str]:
    return [words.t(f"when.head.{name}") for name in ("part", "there", "half", "most", "decides")]


def part_rows(found: DeliveryPlan, words: Words) -> Rows:
    """Each part: when it is there, by the draws, and the steps that decide."""
    rows = []
    for part in found.parts:
        months = [month(value, words) for value in (part.first, *part.quantiles)]
        rows.append([part_name(part, words), *months, _decides(part, words)])
    return rows


def part_name(part: PartPlan, words: Words) -> str:
    """A part, marked where its months are unverified."""
    name = words.t(f"when.part.{part.part}")
    return f"{name} {DIAMOND}" if any(step.confidence == "unverified" for step in part.chain) else name


def step_name(key: str, words: Words) -> str:
    return words.t(f"when.step.{key}")


def _decides(part: PartPlan, words: Words) -> str:
    """The steps of the longest way with their months; all of a chain that never ends."""
    shown = [step for step in part.chain if step.key in part.critical or not part.critical]
    return say.listed((f"{step_name(step.key, words)} {_months(step.months, words)}" for step in shown), words)


def _months(value: float, words: Words) -> str:
    if value == inf:
        return words.t("when.endless")
    decimals = next(digits for digits in (0, 1, 2) if digits == 2 or abs(value - round(value, digits)) < 1e-9)
    return words.number(value, decimals=decimals)


def tenth_heads(words: Words) -> list[str]:
    shares = [words.percent(tenth / 10, 0) for tenth in SHOWN_TENTHS]
    return [words.t("when.head.alternative"), *shares, *(words.t(f"when.head.whole_{q}") for q in ("half", "most"))]


def tenth_rows(found: DeliveryPlan, words: Words) -> Rows:
    """Each alternative: the month of the first, the fifth and the last tenth, and of the last by the draws."""
    return [
        [
            say.name(name, words, first=True),
            *(month(power.tenths[tenth - 1], words) for tenth in SHOWN_TENTHS),
            *(month(drawn[-1], words) for drawn in power.tenths_drawn),
        ]
        for name, power in found.power.items()
    ]


def waiting_heads(words: Words) -> list[str]:
    return [words.t(f"when.head.{name}") for name in ("alternative", "mw_months", "waiting")]


def waiting_rows(found: DeliveryPlan, words: Words) -> Rows:
    currency = found.study.scenario.site.currency
    return [
        [
            say.name(name, words, first=True),
            words.number(power.waiting_mw_months),
            words.money(power.waiting_cost, currency),
        ]
        for name, power in found.power.items()
    ]


def earlier_rows(worth: dict[str, float], words: Words, currency: str) -> Rows:
    """What a month less of each step is worth to the hybrid, with its sign."""
    return [[step_name(key, words), say.signed(words.money(value, currency), value)] for key, value in worth.items()]


def arrival_line(found: Arrival, baseline: str, words: Words) -> str:
    """What the grid's month does to the hybrid's saving, and where the answer turns, beside the usual lead time."""
    cost, base = found.cost["hybrid"], found.cost[baseline]
    saved = [words.percent(1 - own / other) for own, other in zip(cost, base, strict=True) if other > 0]
    months = say.listed([str(at) for at in found.months], words)
    values = {"months": months, "saved": say.listed(saved, words), "name": say.name(baseline, words)}
    parts = [words.t("when.arrival.saved", **values)]
    if found.usual is not None:
        parts.append(words.t("when.arrival.usual", n=found.usual))
    key = "stays" if found.flips is None else "flips"
    parts.append(words.t(f"when.arrival.{key}", n=found.flips))
    return say.joined(parts, words)


def curve_alt(found: DeliveryPlan, words: Words) -> str:
    """The curve in words: when each alternative has all of its load."""
    parts = [f"{say.name(name, words, first=True)} {whole(power, words)}" for name, power in found.power.items()]
    return words.t("when.curve_alt", list=say.enumerated(parts, words))


def whole(power: Power, words: Words) -> str:
    return month(power.whole, words)


def stops_title(found: Mapping[str, SetStops], words: Words) -> str:
    """How many stops are to be expected of the alternative that has most."""
    name = max(found, key=lambda one: found[one].expected)
    return words.t("when.stops_title_some", n=words.number(found[name].expected), name=say.name(name, words))


def stops_note(study: Study, words: Words) -> str:
    """What the stops rest on, and whether they are in the figures."""
    genset = study.scenario.genset
    values = {"mttf": words.number(genset.mean_time_to_failure_h, decimals=0), "repair": words.number(genset.repair_h)}
    values["each"] = words.money(restart_cost(study.scenario), study.scenario.site.currency)
    counted = words.t(f"when.stops_{'counted' if genset.count_failures else 'uncounted'}")
    return say.joined([words.t("when.stops_note", **values), counted], words)


def stops_heads(words: Words) -> list[str]:
    keys = ("alternative", "stops", "exposed", "stop_cost", "with_spare", "spare_cost", "spare_worth")
    return [words.t(f"when.head.{key}") for key in keys]


def stops_rows(found: Mapping[str, SetStops], words: Words, currency: str) -> Rows:
    """Stops expected of each alternative whose sets carry the load alone, and what one more running set would spare."""
    rows = []
    for name, one in found.items():
        hours = " / ".join(words.number(value, decimals=0) for value in (one.exposed_hours, one.set_hours))
        money = [words.money(value, currency) for value in (one.cost, one.spare_cost)]
        worth = say.signed(words.money(one.spare_is_worth, currency), one.spare_is_worth)
        counts = [words.number(value) for value in (one.expected, one.with_spare)]
        rows.append([say.name(name, words, first=True), counts[0], hours, money[0], counts[1], money[1], worth])
    return rows
