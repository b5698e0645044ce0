"""Key figures: each has one definition, one name and one form, wherever it is shown."""

from __future__ import annotations

import re

import numpy as np
import pytest

from i18n import words
from report.paper.pdf import data
from report.text import financing as financing_text
from sim.plant.battery import full_cycles, warranty_findings
from study.evaluate import evaluate
from study.financing import full_cycles_per_year
from study.presets import presets
from study.project_figures import PROJECT_FIGURES
from tests.ui.crawl import crawl

CYCLES = re.compile(r"([\d,]+) equivalent full cycles")


# --- one definition of a cycle ----------------------------------------------------------------------------------------


def test_a_cycle_empties_the_nameplate_energy_of_the_cells_once():
    storage = presets()["case_b"].scenario.storage
    at_the_bus = storage.energy_kwh * storage.discharge_efficiency
    assert full_cycles(storage, [0.0, at_the_bus, 3 * at_the_bus]) == pytest.approx([0.0, 1.0, 3.0])


def test_operation_money_and_paper_count_the_same_cycles():
    """Case B: Operation said 430 in year 1, Money and paper 374 a year by another definition."""
    scenario = presets()["case_b"].scenario
    study, english = evaluate(scenario), words("en")
    mean, first = full_cycles_per_year(study)
    shown = financing_text.project_figure(PROJECT_FIGURES["full_cycles_per_year"], study, english)
    assert shown == f"{mean:.0f} on average, {first:.0f} in year 1" and round(mean) < round(first) == 430
    by_year = full_cycles(scenario.storage, study.dispatch.by_year("discharge_kwh")[study.dispatch.row("hybrid")])
    assert mean == pytest.approx(np.mean(by_year)) and first == pytest.approx(by_year[0])
    on_operation = CYCLES.search(" ".join(crawl("operation", "case_b").texts()))
    assert on_operation and on_operation[1] == f"{first:.0f}"
    assert f"**{shown}**" in " ".join(crawl("money", "case_b").texts())
    assert str(data(study, "en")["parts"]).count(shown) == 2  # how it is run, and how it is defined


def test_the_warranty_counts_the_cycles_that_are_shown():
    """A warranty of one year holds at just more than the cycles shown for year 1, and fails at just less."""
    study = evaluate(presets()["case_b"].scenario)
    given = study.dispatch.by_year("discharge_kwh")[study.dispatch.row("hybrid")]
    first = full_cycles_per_year(study)[1]
    for limit, found in ((1.001 * first, []), (0.999 * first, ["cycles"])):
        changes = {"storage.warranty_years": 1, "storage.warranty_cycles_per_year": limit}
        storage = study.scenario.with_(changes).storage
        assert [one.limit for one in warranty_findings(storage, study.dispatch.life, given)] == found
