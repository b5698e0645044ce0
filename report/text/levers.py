"""How an input that may turn the answer is read, on levers, in sentences, charts and tables: delivered diesel, the mean
energy price, sizes in MWh."""

from __future__ import annotations

from dataclasses import dataclass

from i18n import Words
from report.text import inputs, say
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from study.decision import decision
from study.study import Study
from study.turning import A_YEAR, ARRIVAL, TurningPoint, nearest

LARGE = 1000.0
NAMED = 2  # turning points in a sentence
TURNING_COLUMNS = ("input", "now", "at", "distance")


@dataclass(frozen=True)
class Shown:
    """How an input's values are read: value * scale + offset, in `unit`."""

    unit: str
    scale: float = 1.0
    offset: float = 0.0

    def number(self, value: float) -> float:
        return float(f"{value * self.scale + self.offset:.9g}")

    def value(self, number: float) -> float:
        return float(f"{(number - self.offset) / self.scale:.9g}")


def shown(path: str, scenario: Scenario, words: Words, mean_price: float | None, largest: float) -> Shown:
    """How an input is read. `mean_price`: grid energy per kWh at factor 1, None where there is none to be had;
    `largest` of the values that are shown together chooses kW or MW."""
    entry, money = register()[path], words.currency(scenario.site.currency)
    if path == "finance.energy_price_factor" and mean_price:
        return Shown(f"{money}/kWh", mean_price)
    if path == "finance.diesel_per_l":
        return Shown(f"{money}/L", offset=scenario.finance.delivery_per_l)
    if entry.unit in ("kWh", "kW", "kWp") and largest >= LARGE:
        return Shown(entry.unit.replace("k", "M", 1), 1e-3)
    return Shown(inputs.unit(entry, scenario, words), inputs.scale(entry))


def in_study(study: Study, path: str, words: Words, *values: float) -> Shown:
    """How values of an input are read beside the one of the study."""
    largest = max(float(study.scenario.get(path)), *values)
    return shown(path, study.scenario, words, mean_energy_price(study), largest)


def mean_energy_price(study: Study) -> float:
    """Grid energy price per kWh at factor 1, weighted by the load's first year, on the study's VAT basis."""
    load, price = study.dispatch.series.load_kw, study.dispatch.step_price_per_kwh()
    tariff, wanted = study.scenario.tariff, study.scenario.finance.vat_basis == "incl"
    mean = float((load * price).sum() / load.sum()) if load.sum() > 0 else float(price.mean())
    if tariff.includes_vat == wanted:
        return mean
    return mean * (1 + tariff.vat_rate) if wanted else mean / (1 + tariff.vat_rate)


def label(path: str, words: Words) -> str:
    """The input's name; what is read together with another has a name of its own."""
    return words.lookup(f"inputs.lever.{path}") or inputs.label(register()[path], words)


def value_text(study: Study, path: str, value: float, words: Words) -> str:
    """A value with its unit."""
    form = in_study(study, path, words, value)
    number = form.number(value)
    if path == ARRIVAL:
        return words.t("proposal.month_n", n=words.number(number, decimals=0))
    return words.number(number, form.unit)


def from_to(study: Study, point: TurningPoint, words: Words) -> str:
    """From today's value to the one at which the answer turns, or that it never does."""
    if point.at is None:
        return words.t("charts.turning.never", now=value_text(study, point.path, point.now, words))
    form = in_study(study, point.path, words, point.now, point.at)
    decimals = 0 if point.path == ARRIVAL else None
    now = words.number(form.number(point.now), decimals=decimals)
    at = words.number(form.number(point.at), form.unit, decimals)
    return words.t("charts.turning.from_to", now=now, at=at)


def distance(study: Study, point: TurningPoint, words: Words) -> str:
    """How far from today's value the answer turns, signed; words where it does not."""
    if point.at is None:
        return words.t("charts.turning.no_limit")
    form = in_study(study, point.path, words, point.now, point.at)
    now, at = form.number(point.now), form.number(point.at)
    if point.path == ARRIVAL:
        return say.signed(words.number(at - now, words.t("charts.unit.months"), 0), at - now)
    if register()[point.path].unit == A_YEAR:
        return say.signed(words.number(at - now, words.t("charts.unit.points")), at - now)
    return say.change(at / now - 1, words) if now else say.signed(words.number(at - now, form.unit), at - now)


def turning_table(study: Study, words: Words) -> list[list[str]]:
    """`TURNING_COLUMNS` of the nearest turning points: input, value now, value at which the answer turns, distance."""
    return [
        [
            label(point.path, words),
            value_text(study, point.path, point.now, words),
            value_text(study, point.path, point.at or 0.0, words),
            distance(study, point, words),
        ]
        for point in nearest(study)
    ]


def holds(study: Study, words: Words, mark: str = "{}") -> str:
    """What the verdict rests on: the nearest turning points, or that none is in reach. Empty where it is a tie. `mark`
    wraps the values at which it turns."""
    verdict = decision(study).verdict
    if verdict == "tie":
        return ""
    near = [point for point in nearest(study) if point.holds][:NAMED]
    if not near:
        return words.t(f"answers.holds.{'always' if verdict == 'yes' else 'never'}")
    conditions = [_condition(study, point, "" if verdict == "yes" else "becomes_", words, mark) for point in near]
    if len(conditions) == NAMED:
        joint = "answers.holds.both" if verdict == "yes" else "answers.holds.either"
        conditions = [words.t(joint, first=conditions[0], second=conditions[1])]
    return words.t(f"answers.holds.{verdict}", conditions=conditions[0])


def _condition(study: Study, point: TurningPoint, prefix: str, words: Words, mark: str) -> str:
    own = f"answers.holds.{point.path}.{prefix}{point.holds}"
    key = own if words.lookup(own) else f"answers.holds.{prefix}{point.holds}"
    form = in_study(study, point.path, words, point.now, point.at or 0.0)
    unit, decimals = ("", 0) if point.path == ARRIVAL else (form.unit, None)
    at, now = words.number(form.number(point.at or 0.0), unit, decimals), words.number(form.number(point.now))
    return words.t(key, label=say.inside(label(point.path, words)), at=mark.format(at), now=now)
