"""Check one battery-life case: capacity left in every listed year of every duty, and the order of the duties."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from sim.plant.ageing import duty, soh_by_year

TIE = 1e-4  # capacities closer than this have no order


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    tolerance = case["tolerance"]["capacity_fraction_abs"]
    ours = {name: _soh(entry) for name, entry in case["cases"].items()}
    for name, entry in case["cases"].items():
        for year, fraction in entry["expected"]["capacity_fraction_after_years"].items():
            text = f"{name}, year {year}: {ours[name][int(year)]}, expected {fraction}"
            assert abs(ours[name][int(year)] - fraction) <= tolerance, text
    _check_order(case["cases"], ours)


def _soh(entry: dict):
    """Capacity left by year. A cell that does not begin new is scaled: its first loss was before the case."""
    inputs = entry["inputs"]
    last = max(int(year) for year in entry["expected"]["capacity_fraction_after_years"])
    year = duty(inputs["soc_hour_by_hour"], inputs["cell_temperature_c"], step_h=1.0)
    return soh_by_year(year, last) * inputs.get("initial_capacity_fraction", 1.0)


def _check_order(cases: dict, ours: dict) -> None:
    for one, other in itertools.combinations(cases, 2):
        expected = (cases[name]["expected"]["capacity_fraction_after_years"] for name in (one, other))
        first, second = expected
        for year in first.keys() & second.keys():
            same = (first[year] - second[year]) * (ours[one][int(year)] - ours[other][int(year)])
            assert same > 0 or abs(first[year] - second[year]) < TIE, f"order of {one} and {other} in year {year}"
