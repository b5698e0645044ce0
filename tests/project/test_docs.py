"""The README's and the documents' figures come from a run; commands and files they name exist."""

import re
from pathlib import Path

import pytest

import cli
from i18n import words
from sim.dispatch.result import ALTERNATIVES
from study.evaluate import evaluate
from study.presets import presets

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8").replace("\u00a0", " ")
CASES = ("case_a", "case_b", "case_c")


def case_row(name):
    """One line of the README's table: cost of each alternative, and the hybrid against the named baseline."""
    study, w = evaluate(presets()[name].scenario), words("en")
    currency = study.scenario.site.currency
    costs = [w.money(study.kpis[alternative].total_cost, currency) for alternative in ALTERNATIVES]
    saving = study.savings["hybrid"].fraction
    against = f"{w.percent(-saving)} against {study.baseline.replace('_', ' + ')}"
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
    for figure in (
        w.number(study.kpis["diesel"].diesel_l / 1e6) + " million litres",
        w.percent(bought.savings["hybrid"].fraction),
        w.number(study.savings["hybrid"].co2_t, "t"),
    ):
        assert spaced(figure) in README, figure


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
