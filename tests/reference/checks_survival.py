"""Check one survival case: hours served from every start hour, or every row of a hand-worked ride."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from sim.plant.island import Island, hours_survived, survival_curve
from tests.sim.rides import ride

EQUAL_STARTS = 0.995  # share of the start hours that must agree; the cases say so in words


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    parameters = case["inputs"]["parameters"]
    if "series_csv" in case["inputs"]:
        _check_year(case, _island(parameters), parameters["order"], path.parent)
    else:
        _check_ride(case, _island(parameters), parameters["order"])


def _island(parameters: dict) -> Island:
    return Island(
        bess_kw=parameters["bess_kw"],
        energy_min_kwh=parameters["e_min"],
        energy_max_kwh=parameters["e_max"],
        charge_efficiency=parameters["eta_c"],
        discharge_efficiency=parameters["eta_d"],
        set_kw=parameters["gen_kw"],
        min_load_fraction=parameters["gen_min"],
        fuel_idle_l_per_h_per_kw=parameters["fuel_a"],
        fuel_l_per_kwh=parameters["fuel_b"],
        tank_l=parameters["tank_l"],
    )


def _check_year(case: dict, island: Island, order: str, folder: Path) -> None:
    horizon, expected = case["inputs"]["horizon_h"], case["expected"]
    with (folder / case["inputs"]["series_csv"]).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    column = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    hours = hours_survived(
        column["critical_load_kw"] - column["pv_kw"], column["start_energy_kwh"], island, order, horizon
    )
    equal = np.mean(hours == column["hours_survived"])
    assert equal >= EQUAL_STARTS, f"{equal:.4%} of the start hours agree, expected {EQUAL_STARTS:.1%}"
    curve, tolerance = survival_curve(hours, horizon), case["tolerance"]["probability_abs"]
    for hour, probability in expected["survival_probability_by_hours"].items():
        ours = curve[int(hour) - 1]
        assert abs(ours - probability) <= tolerance, f"survival of {hour} h: {ours}, expected {probability}"
    # The mean moves by at most the tolerance of the curve in every hour that is reached.
    figures = {
        "min_hours": (hours.min(), 0),
        "max_hours_capped": (hours.max(), 0),
        "mean_hours": (hours.mean(), tolerance * hours.max()),
        "share_reaching_horizon": (np.mean(hours == horizon), tolerance),
    }
    for name in figures.keys() & expected.keys():
        ours, within = figures[name]
        assert ours == pytest.approx(expected[name], abs=within), f"{name}: {ours}, expected {expected[name]}"


def _check_ride(case: dict, island: Island, order: str) -> None:
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]["absolute"]
    net_kw = np.subtract(inputs["load_kw"], inputs["pv_kw"])
    ours = ride(net_kw, inputs["start_energy_kwh"], island, order)
    assert ours.served.sum() == expected["hours_survived"]
    assert len(ours.served) >= len(expected["rows"]), "the ride ends before the last row of the case"
    for at, row in enumerate(expected["rows"]):
        assert ours.served[at] == bool(row["served"]), f"hour {row['hour']}: served {ours.served[at]}"
        for name, values in (
            ("energy_after_kwh", ours.energy_kwh),
            ("fuel_after_l", ours.fuel_l),
            ("genset_kw", ours.genset_kw),
        ):
            text = f"hour {row['hour']}, {name}: {values[at]}, expected {row[name]}"
            assert abs(values[at] - row[name]) <= tolerance, text
