"""Whatever speaks of better or worse follows the yardstick of `study.decision`, over scenarios nobody chose.

The yardstick is worked out again here from the ledger's flows with one line of arithmetic; then every sentence, colour
and figure of the decision is held against it, and pages, papers and sheets of the shipped cases elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from i18n import Words, words
from report import sentences
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.base import InputError
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from study.answer import Finding, headline, remarks, spending_title, stack_title
from study.decision import SERVES_FRACTION, TIE_FRACTION, decision, project
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study

# Everywhere else 500 new ones; a build server would try the same ones every time.
SCENARIOS = 100 if os.environ.get("CI") else 500
LANGUAGES = ("en", "zh")
# Who is said to cost least of all. A language's own words, with the name in front.
LEAST = {"en": r"(?P<name>[\w+ ]+?) costs least", "zh": r"(?P<name>[\w+＋]+?)(?:方案)?最省"}
TERMS = {"case_a": (1, 4), "case_b": (47, 96), "case_c": (24, 49), "case_d": (12, 60), "blank": (13, 36)}
PRICES = tuple(
    path for path, entry in register().items() if entry.varies == "price" and entry.kind == "number" and entry.default
)
PLANT: Mapping[str, SearchStrategy[Any]] = {
    "storage.energy_kwh": st.sampled_from((0.0, 2_000.0, 20_000.0)),
    "pv.dc_kwp": st.sampled_from((0.0, 1_000.0, 10_000.0)),
    "dispatch.reserve_fraction": st.sampled_from((0.2, 0.5)),
    "grid.ready_month": st.sampled_from((0, 3, 200)),
}
CHOICES: Mapping[str, SearchStrategy[Any]] = {
    "finance.tax_rules": st.sampled_from(("none", "auto")),
    "finance.baseline": st.sampled_from(("auto", "diesel", "grid", "grid_diesel")),
    "finance.discount_rate": st.floats(0.0, 0.25),
    "finance.count_unserved": st.booleans(),
    "finance.count_interruptions": st.booleans(),
    "finance.vat_basis": st.sampled_from(("incl", "excl")),
}


@st.composite
def scenarios(draw: DrawFn, most_plant: int = 2) -> Scenario:
    """A shipped case with another term, other choices, up to six prices and a part or two of the plant moved."""
    name = draw(st.sampled_from(sorted(TERMS)))
    scenario = presets()[name].scenario.with_({"site.term_months": draw(st.sampled_from(TERMS[name]))})
    for path in draw(st.lists(st.sampled_from(sorted(PLANT)), max_size=most_plant, unique=True)):
        scenario = moved(scenario, {path: draw(PLANT[path])})
    for path in draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=4, unique=True)):
        scenario = moved(scenario, {path: draw(CHOICES[path])})
    for path in draw(st.lists(st.sampled_from(PRICES), max_size=6, unique=True)):
        factor = draw(st.floats(0.1, 4.0))
        scenario = moved(scenario, {path: float(scenario.get(path)) * factor})
    return scenario


def moved(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """With the changes, or as it was where they are refused: a refusal is no study."""
    try:
        return scenario.with_(changes)
    except InputError:
        return scenario


def costs(study: Study) -> dict[str, float]:
    """Present cost by alternative: every month's flow divided by (1 + rate) to the power of its years."""
    years = np.arange(study.ledger.total.shape[1]) / 12.0
    worth = (1.0 + study.scenario.finance.discount_rate) ** -years
    return {name: -float(study.ledger.total[k] @ worth) for k, name in enumerate(ALTERNATIVES)}


def holds_the_yardstick(study: Study) -> None:
    found, cost = decision(study), costs(study)
    scale = max(abs(value) for value in cost.values()) + 1e-9
    assert found.present_cost == pytest.approx(cost, abs=1e-9 * scale)
    dark = {name: study.kpis[name].unserved_kwh for name in ALTERNATIVES}
    load = {name: dark[name] + study.kpis[name].energy_served_kwh for name in ALTERNATIVES}
    serves = {name: dark[name] <= SERVES_FRACTION * load[name] for name in ALTERNATIVES}
    assert found.serves == serves
    rivals = [name for name in ALTERNATIVES if name != "hybrid" and serves[name]] or [*ALTERNATIVES[:3]]
    if not found.is_after_tax:
        assert cost[found.rival] == pytest.approx(min(cost[name] for name in rivals), abs=1e-9 * scale)
        assert found.margin == pytest.approx(cost[found.rival] - cost["hybrid"], abs=1e-8 * scale)
    assert found.rival in rivals
    if serves["hybrid"] == serves[found.rival] and abs(found.margin) > 1.01 * TIE_FRACTION * abs(cost[found.rival]):
        assert found.verdict == ("yes" if found.margin > 0 else "no")
        assert (found.best == "hybrid") == (found.verdict == "yes")


def findings(study: Study) -> Iterator[Finding]:
    yield headline(study)
    yield stack_title(study)
    yield spending_title(study)
    yield from remarks(study)


def texts(study: Study, words: Words) -> dict[str, str]:
    """What is said of better and worse, by place."""
    said = {finding.key: say.say(finding, words, study.scenario.site.currency) for finding in findings(study)}
    return said | {"parts": sentences.parts_line(study, words)}


def named_least(text: str, language: str) -> set[str]:
    """The alternatives said to cost least in a text."""
    names = {say.name(name, words(language), first=True): name for name in ALTERNATIVES}
    found = [match["name"].strip() for match in re.finditer(LEAST[language], text)]
    return {names[max((own for own in names if text.endswith(own)), key=len)] for text in found}


@settings(max_examples=SCENARIOS, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_every_sentence_follows_the_yardstick(scenario: Scenario) -> None:
    study = evaluate(scenario)
    holds_the_yardstick(study)
    found = decision(study)
    for language in LANGUAGES:
        said = texts(study, words(language))
        least = set.union(*(named_least(text, language) for text in said.values()))
        assert least <= {found.best}, (language, said)
    good = {"yes": True, "no": False, "tie": None}[found.verdict]
    assert headline(study).good is good or headline(study).key == "answers.headline.no_load"
    assert stack_title(study).good is good
    npv = project(study).project_after_tax.npv.value
    assert npv is not None and npv == pytest.approx(found.margin, abs=1e-6 * max(abs(npv), 1.0))


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(scenarios(most_plant=0), st.sampled_from((0.01, 7.25, 1000.0)))
def test_another_unit_of_money_leaves_the_verdict(scenario: Scenario, factor: float) -> None:
    one, other = evaluate(scenario), evaluate(in_other_money(scenario, factor))
    before, after = decision(one), decision(other)
    largest = max(abs(value) for value in before.present_cost.values())
    for name, cost in before.present_cost.items():
        assert after.present_cost[name] == pytest.approx(factor * cost, abs=1e-9 * largest * factor)
    assert after.margin == pytest.approx(factor * before.margin, abs=1e-7 * largest * factor)
    if abs(abs(before.margin) - TIE_FRACTION * abs(before.present_cost[before.rival])) > 1e-6 * largest:
        assert (after.verdict, after.order) == (before.verdict, before.order)


def in_other_money(scenario: Scenario, factor: float) -> Scenario:
    """Every price times a factor: a franc is worth a hundred centimes."""
    paths = [path for path, entry in register().items() if entry.is_money]
    changes = {path: scenario.get(path) * factor for path in paths if scenario.get(path) is not None}
    tariff = scenario.tariff.model_dump()
    for season in tariff["seasons"]:
        season["prices_per_kwh"] = {name: price * factor for name, price in season["prices_per_kwh"].items()}
    for charge in tariff["demand_charges"]:
        charge["per_kw_month"] *= factor
        for tier in charge["tiers"]:
            tier["adder"] *= factor
    for tier in (tier for rule in tariff["energy_tiers"] for tier in rule["tiers"]):
        tier["adder"] *= factor
    prices = [name for name in tariff if re.fullmatch(r"(?!high_use).*_per_(kwh|month|kva_month)", name)]
    tariff |= {name: tariff[name] * factor for name in prices if tariff[name] is not None}
    return scenario.with_({"tariff": tariff, **changes})
