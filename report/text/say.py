"""Findings, key figures and quantities in words: the one place where a study's numbers become text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from finance.figures import KeyFigure, figures_on
from finance.metrics import HIGHEST_IRR, Figure, Payback
from i18n import Words
from sim.inputs import library
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from sim.problem import Named
from study.answer import Finding, Quantity
from study.presets import presets
from study.study import Study

PLUS = "+"


def say(finding: Finding, words: Words, currency: str, marks: Mapping[str, str] | None = None) -> str:
    """The sentence of a finding. `marks` wraps single values, e.g. {"change": ":green[{}]"}."""
    marks = marks or {}
    spoken = {
        name: marks.get(name, "{}").format(quantity(value, words, currency)) for name, value in finding.values.items()
    }
    return words.t(finding.key, **spoken)


def quantity(value: Quantity, words: Words, currency: str) -> str:
    """One value with its unit."""
    number = value.value
    if value.kind == "place":
        return own_name(library.sites()[str(number)], words)
    if value.kind == "region":
        return region_name(library.raw_tariffs()[str(number)], words)
    if isinstance(number, str):
        return number if value.kind == "text" else words.t(f"answers.{value.kind}.{number}")
    if value.kind == "money":
        return words.money(number, currency)
    if value.kind == "count":
        return words.number(number, decimals=0)
    if value.kind == "price":
        return words.price(number, currency, "kWh")
    if value.kind == "amount":
        return words.amount(number, currency)
    writers = {"change": change, "percent": share, "power": power, "energy": energy, "duration": duration}
    writers |= {"when": when, "term": term, "years": years}
    if value.kind in writers:
        return writers[value.kind](number, words)
    return words.number(number, value.unit, decimals=0 if number == round(number) else None)


def figure(row: KeyFigure, found: Figure | float, words: Words, currency: str, unit: bool = True) -> str:
    """A key figure with its unit, or "none (why)"; without `unit` the currency is left out, as it stands elsewhere."""
    found = found if isinstance(found, Figure) else Figure(found)
    value = found.value
    if row.kind == "rate" and value is not None and value > HIGHEST_IRR:  # beyond what a rate of return is searched for
        found, value = Figure(None, "no_root"), None
    if value is None:
        return missing(found, words)
    if isinstance(found, Payback) and found.lost_again:
        return words.t("answers.kpi.payback_lost", lasting=lasting(found, words), first=first_back(found, words))
    if row.kind == "money":
        return words.money(value, currency) if unit else words.amount(value, currency)
    if row.kind == "money_per_kwh":
        return words.price(value, currency, "kWh" if unit else "")
    if row.kind == "plain":
        return words.number(value, figure_unit(row, words, currency), 0 if value == round(value) else None)
    return FIGURE_WRITERS[row.kind](value, words)


def figure_name(row: KeyFigure, words: Words) -> str:
    """What a key figure is called."""
    return words.t(f"figures.{row.key}")


def figure_meaning(row: KeyFigure, study: Study | None, words: Words) -> str:
    """How a key figure is defined: with the study's rate and baseline, or their names where both can change."""
    rate, baseline = words.t("figures.the_rate"), words.t("figures.the_baseline")
    if study:
        rate, baseline = share(study.scenario.finance.discount_rate, words), name(study.baseline, words)
    return words.t(f"figures.{row.key}.meaning", rate=rate, baseline=baseline)


def figure_unit(row: KeyFigure, words: Words, currency: str) -> str:
    """The unit of a key figure where it stands apart from its number."""
    if row.kind == "money_per_kwh":
        return words.price_unit(currency, "kWh")
    if row.is_money:
        return words.currency(words.shown_in(currency))
    return words.lookup(f"figures.unit.{row.unit or row.kind}") or row.unit_in(currency)


def lead(study: Study, words: Words) -> str:
    """The hybrid's figures that decide, in one sentence."""
    own, currency = study.kpis["hybrid"], study.scenario.site.currency
    parts = [
        f"{inside(figure_name(row, words))} {figure(row, own.figure(row.key), words, currency)}"
        for row in figures_on("lead")
    ]
    rate = share(study.scenario.finance.discount_rate, words)
    together = enumerated(parts, words)
    return words.t("answers.money.lead", baseline=name(study.baseline, words), rate=rate, list=together)


def rate(value: float, words: Words) -> str:
    """A rate of return; one above 100 % a year tells only that, for no project earns it on what it sets free."""
    return words.t("answers.kpi.above", share=share(1.0, words)) if value > 1.0 else share(value, words)


def lasting(found: Payback, words: Words) -> str:
    """When a payback that is lost again comes to stay, or that it does not."""
    return words.t("answers.kpi.never_lasts") if found.lasting is None else years(found.lasting, words)


def first_back(found: Payback, words: Words) -> str:
    """When the payback is first reached, and that it is lost again."""
    return words.t("answers.kpi.first_back", when=years(found.value or 0.0, words))


def missing(found: Figure, words: Words) -> str:
    """That a figure does not exist, and why in a word or two."""
    return words.t("financing.missing", none=words.t("answers.kpi.none"), reason=short_reason(found, words))


def short_reason(found: Figure, words: Words) -> str:
    return words.t(f"answers.missing.short_{found.reason}")


def joined(sentences: Iterable[str], words: Words) -> str:
    """Sentences one after the other; Chinese needs no space between them."""
    return ("" if words.language == "zh" else " ").join(sentence for sentence in sentences if sentence)


def listed(parts: Iterable[str], words: Words) -> str:
    """Things one after the other: "a, b" or "a、b"."""
    return words.t("answers.list_mark").join(parts)


def enumerated(parts: Iterable[str], words: Words) -> str:
    """Like `listed`, of parts that may hold a comma of their own."""
    return words.t("answers.enumeration_mark").join(parts)


def inside(label: str) -> str:
    """A label as it stands inside a sentence: a first word that is no abbreviation loses its capital."""
    return label if label.partition(" ")[0].isupper() else label[:1].lower() + label[1:]


def change(fraction: float, words: Words) -> str:
    """A signed fraction: "−48 %", "+3.2 %"."""
    text = share(fraction, words)
    return f"{PLUS}{text}" if fraction > 0 else text


def share(fraction: float, words: Words) -> str:
    """A fraction as every page, file and document writes it."""
    return words.percent(fraction)


def shares(fractions: Iterable[float | None], words: Words) -> str:
    """Shares of several years, one after the other; those that do not exist are left out."""
    return listed((words.percent(one, 0) for one in fractions if one is not None), words)


def signed(text: str, value: float) -> str:
    """A plus before a positive amount."""
    return f"{PLUS}{text}" if value > 0 else text


def power(kw: float, words: Words) -> str:
    """kW or MW."""
    return words.number(kw / 1000, "MW") if abs(kw) >= 999.5 else words.number(kw, "kW")


def energy(kwh: float, words: Words) -> str:
    """kWh, MWh or GWh."""
    scale, unit = (1e6, "GWh") if abs(kwh) >= 999_500 else (1e3, "MWh") if abs(kwh) >= 999.5 else (1.0, "kWh")
    return words.number(kwh / scale, unit)


def duration(hours: float, words: Words) -> str:
    """Hours, or minutes below two hours."""
    if hours < 2:
        return words.number(hours * 60, words.t("answers.unit.min"), decimals=0)
    return words.number(hours, words.t("answers.unit.h"), 0 if hours == round(hours) else 1)


def years(value: float, words: Words) -> str:
    """A time span given in years: days below two months, months below two years."""
    if value * 12 < 2:
        return words.number(value * 365, words.t("answers.unit.days"), decimals=0)
    if value < 2:
        return words.number(value * 12, words.t("answers.unit.months"), decimals=1)
    return words.number(value, words.t("answers.unit.years"), decimals=1)


FIGURE_WRITERS: dict[str, Callable[[float, Words], str]] = {
    "rate": rate,
    "share": share,
    "years": years,
    "energy": energy,
    "power": power,
    "duration": duration,
    "count": lambda value, words: words.number(value, decimals=0),
    "ratio": lambda value, words: words.number(value, decimals=2),
}


def when(months: float, words: Words) -> str:
    """A moment of the term as the time since its start: "17 days", "9.8 months", "3.5 years"."""
    return years(months / 12, words)


def term(months: float, words: Words) -> str:
    """The length of the term: "4 months", "15 years"."""
    if months >= 24 and months % 12 == 0:
        return words.t("answers.term.years", n=words.number(months / 12, decimals=0))
    key = "answers.term.month" if months == 1 else "answers.term.months"
    return words.t(key, n=words.number(months, decimals=0))


def name(alternative: str, words: Words, first: bool = False) -> str:
    """An alternative inside a sentence, or at its beginning."""
    return words.t(f"answers.{'first_name' if first else 'name'}.{alternative}")


def own_name(thing: Any, words: Words) -> str:
    """The name of a place or tariff in the reader's language, where it has one."""
    return thing.name_zh if words.language == "zh" and thing.name_zh else thing.name_en


def region_name(record: Mapping[str, Any], words: Words) -> str:
    """The region of a tariff record of the library, in the reader's language."""
    return record["region_zh"] if words.language == "zh" and record["region_zh"] else record["region_en"]


def country(code: str, words: Words) -> str:
    """A country's name in the reader's language; the code of one the data files do not know."""
    if code not in library.countries():
        return code
    return library.country(code)["name_zh" if words.language == "zh" else "name_en"]


def charge(name: str, words: Words) -> str:
    """A tariff's own name of a demand charge, in words; one that no shipped tariff has keeps its letters."""
    return words.lookup(f"charts.charge.{name}") or name.replace("_", " ")


def refused(problem: object, words: Words, plain: Callable[[str], str] = str) -> str:
    """Why an input was refused: a `Problem`, or an error that has one, with the inputs it names by their labels.

    plain: how a text that somebody brought is written.
    """
    return words.problem(problem, lambda named: plain(input_name(named, words)), plain)


def input_name(named: Named, words: Words) -> str:
    """An input by label and path, "Peak load (load.peak_kw)"; a choice by its words; a row of a table by its number."""
    if named.choice:
        return words.lookup(f"inputs.choice.{named.path}.{named.choice}") or named.choice
    parts = named.path.split(".")
    for length in range(len(parts), 0, -1):
        path = ".".join(parts[:length])
        label = register()[path].label if path in register() else None
        keys = (f"input.{path}.label", f"inputs.section.{path}", f"proposal.app.{path}", f"proposal.cover.{path}")
        label = next(filter(None, map(words.lookup, keys)), label)
        if label and length < len(parts) and parts[length].isdigit():
            label = words.t("inputs.row", table=label, n=int(parts[length]) + 1)
        if label:
            return label if len(parts) == 1 else words.t("inputs.with_path", label=label, path=named.path)
    return named.path


def project(scenario: Scenario, words: Words) -> str:
    """The project's name; that of a shipped case in the reader's language, place and size where it has none."""
    name = scenario.site.name
    if name == register()["site.name"].default:
        place = own_name(library.sites()[scenario.site.place], words)
        return words.t("answers.context.unnamed", place=place)
    shipped = next((key for key, preset in presets().items() if preset.scenario.site.name == name), None)
    return (words.lookup(f"shell.preset.{shipped}") if shipped else None) or name
