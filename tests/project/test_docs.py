"""The README's and the documents' figures come from a run; commands and files they name exist."""

import re
from pathlib import Path

import pytest

import cli
from i18n import words
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from study.decision import decision, unserved_fraction
from study.evaluate import evaluate
from study.policy import break_even_spread
from study.presets import presets

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8").replace("\u00a0", " ")
CASES = ("case_a", "case_b", "case_c")


def case_row(name):
    """One line of the README's table: present cost of each alternative, and the hybrid against its rival."""
    study, w = evaluate(presets()[name].scenario), words("en")
    found, currency = decision(study), study.scenario.site.currency
    costs = [w.money(found.present_cost[alternative], currency) for alternative in ALTERNATIVES]
    against = f"{say.change(-found.margin_fraction, w)} against {found.rival.replace('_', ' + ')}"
    return spaced("| " + " | ".join([study.scenario.site.name, *costs, against]) + " |")


def spaced(text):
    """Documents use plain spaces where the screen uses no-break ones."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("name", CASES)
def test_the_readmes_case_figures_come_from_a_run(name):
    assert case_row(name) in README, case_row(name)


def test_figures_quoted_in_prose():
    study, w = evaluate(presets()["case_a"].scenario), words("en")
    bought = evaluate(
        study.scenario.with_(
            {
                "finance.storage_ownership": "buy",
                "finance.storage_residual_fraction": 0.0,
                "finance.grid_works_share": 1.0,
                "finance.ems_share": 1.0,
            }
        ),
        study.dispatch,
    )
    case_b, case_c = (evaluate(presets()[name].scenario) for name in ("case_b", "case_c"))
    paid = case_c.kpis["hybrid"].total_cost / case_c.kpis["grid"].total_cost
    for figure in (
        w.number(study.kpis["diesel"].diesel_l / 1e6) + " million litres",
        f"saves {w.percent(study.savings['hybrid'].fraction)}",
        w.percent(bought.savings["hybrid"].fraction),
        w.number(study.savings["hybrid"].co2_t, "t"),
        f"{w.percent(unserved_fraction(study, 'grid'))} of the load",
        f"worth {w.money(decision(case_b).margin, 'CNY')} after tax",
        w.price(break_even_spread(case_b), "CNY", "kWh"),
        f"{w.percent(1 - paid)} cheaper",
        w.money(case_c.kpis["grid"].interruption_value, "MYR"),
    ):
        assert spaced(figure) in README.replace("\n  ", " "), figure


def test_every_file_the_documents_name_exists():
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
        for target in re.findall(
            r"`((?:sim|finance|study|report|ui|pages|i18n|tests|docs|assets)/[\w./]+)`",
            document.read_text(encoding="utf-8"),
        ):
            assert (ROOT / target).exists(), f"{document.name}: {target}"


def test_every_command_is_in_the_readme():
    for command in ("run", "export", "presets", "schema"):
        assert f"cli {command}" in README
    assert cli.main(["presets"]) == 0
