"""The single-line diagram shows what the scenario has, and nothing else."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from i18n import words
from report.paper.diagram import HEIGHT, WIDTH, cabinets, describe, single_line, sources
from sim.inputs.storage import Storage
from study.presets import presets

EN = words("en")
NONE = {"storage.energy_kwh": 0, "storage.power_kw": 0, "pv.dc_kwp": 0, "genset.last_resort_sets": 0}


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("language", ("en", "zh"))
@pytest.mark.parametrize("name", presets())
def test_it_is_well_formed_and_inside_its_frame(name: str, language: str) -> None:
    svg = single_line(presets()[name].scenario, words(language))
    for node in ElementTree.fromstring(svg).iter():
        for key, limit in (("x", WIDTH), ("x1", WIDTH), ("x2", WIDTH), ("cx", WIDTH), ("y", HEIGHT), ("y2", HEIGHT)):
            assert 0 <= float(node.get(key, 0)) <= limit


def test_case_a_shows_grid_battery_and_two_sets_but_no_pv() -> None:
    scenario = presets()["case_a"].scenario
    found = " ".join(texts(single_line(scenario, EN))).replace("\u00a0", " ")
    assert sources(scenario) == ("grid", "battery", "diesel")
    assert "Battery 3.20 MWh" in found and "2 × 1.60 MWh" in found and "Diesel 2 × 1.50 MW" in found
    assert "PV" not in found and found.count("G ") >= 2


def test_what_is_not_there_is_not_drawn() -> None:
    bare = presets()["case_c"].scenario.with_(NONE)
    found = " ".join(texts(single_line(bare, EN)))
    assert sources(bare) == ("grid",)
    assert not any(word in found for word in ("PV", "Battery", "Diesel", "PCS"))
    assert "Battery" not in describe(bare, EN)


def test_every_genset_and_container_is_drawn() -> None:
    scenario = presets()["case_c"].scenario.with_({"genset.last_resort_sets": 5})
    assert texts(single_line(scenario, EN)).count("G") == 5


@given(st.floats(1.0, 5e6))
@settings(max_examples=60, deadline=None)
def test_containers_make_up_the_battery(energy_kwh: float) -> None:
    unit = cabinets(Storage(energy_kwh=energy_kwh))
    assert unit.count >= 1 and unit.count * unit.kwh == pytest.approx(energy_kwh)
    assert unit.kwh <= 5016 * 1.06


def test_cabinets_of_a_given_size_are_counted_by_energy_and_by_power() -> None:
    """10 MWh and 5 MW: 40 of 250 kWh, 50 of 100 kW."""
    battery = {"energy_kwh": 10_000, "power_kw": 5_000, "cabinet_kwh": 250}
    assert Storage(**battery).cabinets == 40
    assert Storage(**battery, cabinet_kw=100).cabinets == 50
    assert Storage(energy_kwh=0, power_kw=0).cabinets == 0


def test_text_is_escaped() -> None:
    scenario = presets()["case_a"].scenario
    assert "<script" not in single_line(scenario.with_({"site.name": "<script>"}), EN)
