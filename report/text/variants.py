"""Variants side by side in words, on screen and paper alike: inputs that differ, figures, which is cheapest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from finance.figures import Direction, figures_on
from i18n import Words
from report.text import inputs as register_text
from report.text import say
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from study.decision import TIE_FRACTION, decision
from study.difference import BILLS, TARIFF, changes
from study.study import Study

SCALED = 1e-9
# Where one of these differs, so does what is paid for, or how: costs cannot be set against each other.
APART = ("load.", "site.term_months", "site.start", "finance.discount_rate", "finance.vat_basis", "grid.outage")


@dataclass(frozen=True)
class FigureOfEach:
    """A row of figures, a text a variant; `best`: the place of the best value, None where there is none."""

    name: str
    texts: tuple[str, ...]
    best: int | None = None


def differing(scenarios: Mapping[str, Scenario], words: Words) -> list[list[str]]:
    """Inputs that are not the same in all variants: name, then a value each; empty where they are."""
    first, *others = scenarios.values()
    paths = {change.path for other in others for change in changes(first, other)}
    ordered = [path for path in (*register(), TARIFF, BILLS) if path in paths]
    return [[_name(path, words), *(_value(path, one, words) for one in scenarios.values())] for path in ordered]


def _name(path: str, words: Words) -> str:
    if path in register():
        return register_text.label(register()[path], words)
    return words.t("shell.nav.tariff" if path == TARIFF else "shell.nav.bills")


def _value(path: str, scenario: Scenario, words: Words) -> str:
    if path == TARIFF:
        return say.own_name(scenario.tariff, words)
    if path == BILLS:
        return str(len(scenario.bills))
    return register_text.value(register()[path], scenario, words)


def figures(found: Mapping[str, Study], words: Words) -> list[FigureOfEach]:
    """What is best, the margin, and the hybrid's figures of each variant."""
    currency = next(iter(found.values())).scenario.site.currency
    made = [decision(study) for study in found.values()]
    margins = [one.margin for one in made]
    rows = [
        FigureOfEach(words.t("compare.best"), tuple(say.name(one.best, words, first=True) for one in made)),
        FigureOfEach(words.t("compare.rival"), tuple(say.name(one.rival, words, first=True) for one in made)),
        FigureOfEach(
            words.t("compare.margin"),
            tuple(say.signed(words.money(margin, currency), margin) for margin in margins),
            _best(margins, "more"),
        ),
    ]
    for row in figures_on("paper"):
        values = [study.kpis["hybrid"].figure(row.key) for study in found.values()]
        name = words.t("compare.of_hybrid", figure=say.figure_name(row, words))
        texts = tuple(say.figure(row, value, words, currency) for value in values)
        rows.append(FigureOfEach(name, texts, _best([value.value for value in values], row.better)))
    return rows


def _best(values: Sequence[float | None], better: Direction | None) -> int | None:
    """Where the best value stands; None where there is no direction, or nothing to choose between."""
    known = [value for value in values if value is not None]
    if better is None or len(known) < 2 or max(known) - min(known) <= SCALED * max(map(abs, known)):
        return None
    return list(values).index(min(known) if better == "less" else max(known))


def title(found: Mapping[str, Study], words: Words) -> str:
    """Which variant costs least with what is best in it, where they differ and pay for the same."""
    if len(found) < 2:
        return words.t("compare.one")
    first, *others = (study.scenario for study in found.values())
    if any(change.path.startswith(APART) for other in others for change in changes(first, other)):
        return words.t("compare.apart")
    costs = {name: study.kpis[decision(study).best].present_cost for name, study in found.items()}
    best = min(costs, key=lambda name: costs[name])
    cost = words.money(costs[best], found[best].scenario.site.currency)
    if max(costs.values()) - costs[best] <= TIE_FRACTION * abs(costs[best]):
        return words.t("compare.tie", cost=cost)
    return words.t("compare.title", cost=cost, name=best, what=say.name(decision(found[best]).best, words))
