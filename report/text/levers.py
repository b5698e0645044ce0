"""How an input that may turn the answer is written: delivered diesel, a mean energy price, sizes in MWh."""

from __future__ import annotations

from i18n import Words
from report.text import inputs as register_text
from report.text import say
from sim.inputs.register import register
from study.study import Study
from study.turning import TurningPoint

LARGE = 1000.0


def mean_energy_price(study: Study) -> float:
    """Grid energy price per kWh at factor 1, weighted by the load's first year, on the study's VAT basis."""
    load, price = study.dispatch.series.load_kw, study.dispatch.step_price_per_kwh()
    tariff, wanted = study.scenario.tariff, study.scenario.finance.vat_basis == "incl"
    mean = float((load * price).sum() / load.sum()) if load.sum() > 0 else float(price.mean())
    if tariff.includes_vat == wanted:
        return mean
    return mean * (1 + tariff.vat_rate) if wanted else mean / (1 + tariff.vat_rate)


def shown(study: Study, path: str, value: float, words: Words, largest: float | None = None) -> tuple[float, str]:
    """(number, unit) of an input's value as the levers show it; `largest` chooses kW or MW for several values alike."""
    entry, money = register()[path], words.currency(study.scenario.site.currency)
    if path == "finance.energy_price_factor":
        return value * mean_energy_price(study), f"{money}/kWh"
    if path == "finance.diesel_per_l":
        return value + study.scenario.finance.delivery_per_l, f"{money}/L"
    size = max(value, float(study.scenario.get(path))) if largest is None else largest
    if entry.unit in ("kWh", "kW", "kWp") and size >= LARGE:
        return value / 1000, entry.unit.replace("k", "M", 1)
    scale = register_text.PERCENT if entry.unit.startswith("fraction") else 1.0
    return value * scale, register_text.unit(entry, study.scenario, words)


def label(path: str, words: Words) -> str:
    return say.input_label(path, words)


def value_text(study: Study, path: str, value: float, words: Words) -> str:
    """A value with its unit; a month has one decimal."""
    number, unit = shown(study, path, value, words)
    if path == "grid.ready_month":
        return words.t("proposal.month_n", n=words.number(number, decimals=1 if number != round(number) else 0))
    return words.number(float(f"{number:.9g}"), unit)


def distance(study: Study, point: TurningPoint, words: Words) -> str:
    """How far from today's value the answer turns, signed; words where it does not."""
    if point.at is None:
        return words.t("charts.turning.no_limit")
    largest = max(point.now, point.at)
    now, unit = shown(study, point.path, point.now, words, largest)
    at, _ = shown(study, point.path, point.at, words, largest)
    if point.path == "grid.ready_month":
        return say.signed(words.number(at - now, words.t("charts.unit.months")), at - now)
    return say.change(at / now - 1, words) if now else say.signed(words.number(at - now, unit), at - now)
