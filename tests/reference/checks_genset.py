"""Checks one reference case of the diesel sets: everything under `expected` is computed again with our own code."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from sim.plant.genset import FuelCurve, fuel_curve, linear_fit
from tests.sim.sets_run import SetsRun, linear_curve, run_sets

VARIANTS = {  # name: (sets or None for the plant's, max_fraction, always_on, straight line instead of the table)
    "as_few_sets_as_needed": (None, 1.0, False, False),
    "as_few_at_80pct_max": (None, 0.8, False, False),
    "three_always": (3, 1.0, True, False),
    "four_always": (4, 1.0, True, False),
    "as_few_linear_curve": (None, 1.0, False, True),
}
# Cummins KTA50-G3, performance curve FR-6250 (12 January 2001), 1500 rpm, prime power: shaft kW and litres per hour.
KTA50_G3_KW = (275.0, 548.0, 822.0, 1097.0)
KTA50_G3_L_PER_H = (76.0, 139.0, 199.0, 261.0)
ALTERNATOR_EFFICIENCY = 0.95
ROUNDING_L_PER_H = 0.0005  # half the last digit of the fuel table's file
NOISE_KWH = 1e-6  # below it an energy is float noise of sums over thousands of steps


def check(path: Path) -> None:
    """Recompute the case in `path`, reading the CSV files it names beside it, and assert within its tolerance."""
    case = json.loads(path.read_text(encoding="utf-8"))
    if "cases" in case:
        _check_single_hours(case, path.parent)
    else:
        _check_plant(case, path.parent)


def _check_single_hours(case: dict, folder: Path) -> None:
    inputs = case["inputs"]
    table = _read_table(folder / _table_name(inputs["curve"]))
    run = _run(case["cases"]["load_kw"], inputs, fuel_curve(table, inputs["rated_kw"]))
    tolerance = case["tolerance"]["litres_abs"]
    for i, expected in enumerate(case["cases"]["expected"]):
        assert expected["load_kw"] == case["cases"]["load_kw"][i]
        assert run.sets_running[i] == expected["sets_running"]
        assert run.fuel_l[i] == pytest.approx(expected["litres_in_the_hour"], abs=tolerance)
        assert run.dumped_kw[i] == pytest.approx(expected["dumped_kwh"], abs=tolerance)
        assert run.unserved_kw[i] == pytest.approx(expected["unserved_kwh"], abs=tolerance)


def _check_plant(case: dict, folder: Path) -> None:
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    table = _read_table(folder / inputs["fuel_table_csv"])
    curve = fuel_curve(table, inputs["rated_kw"])
    relative = tolerance["litres_relative"]
    for rated_kw, fit in expected.get("linear_fits", {}).items():
        _check_fit(fuel_curve(table, float(rated_kw)), fit, relative)
    if "engine_maker_cross_check_kta50_g3" in expected:
        _check_engine(expected["engine_maker_cross_check_kta50_g3"], relative)
    for name, results in expected["results"].items():
        load_kw = _load(name, inputs, folder)
        _check_load(load_kw, results, relative)
        for variant in VARIANTS.keys() & results.keys():
            _check_variant(load_kw, variant, inputs, curve, results[variant], relative)
        _check_straight_line(load_kw, inputs, curve, tolerance["linear_curve_vs_table_relative"])
    _check_targets(expected, inputs, curve, relative)


def _check_fit(curve: FuelCurve, expected: dict, relative: float) -> None:
    """The fits were made before the table was rounded for its file: what half a last digit can move is allowed."""
    load_kw = curve.set_kw * np.array([0.25, 0.5, 0.75, 1.0])
    slope, intercept = linear_fit(load_kw, curve.l_per_h)
    weights = np.linalg.pinv(np.vander(load_kw, 2))  # of the four points in slope and intercept
    slope_slack, intercept_slack = ROUNDING_L_PER_H * np.abs(weights).sum(axis=1)
    error_slack = 100 * 2 * (relative + ROUNDING_L_PER_H / min(curve.l_per_h))
    worst = np.max(np.abs((intercept + slope * load_kw) / np.array(curve.l_per_h) - 1))
    assert abs(slope / expected["slope_l_per_kwh"] - 1) <= relative + slope_slack / slope
    assert abs(intercept / expected["intercept_l_per_h"] - 1) <= relative + intercept_slack / intercept
    assert expected["intercept_l_per_h_per_rated_kw"] * curve.set_kw == pytest.approx(expected["intercept_l_per_h"])
    assert abs(100 * worst - expected["largest_error_pct"]) <= error_slack


def _check_engine(expected: dict, relative: float) -> None:
    slope, intercept = linear_fit(KTA50_G3_KW, KTA50_G3_L_PER_H)
    electric = [litres / (kw * ALTERNATOR_EFFICIENCY) for kw, litres in zip(KTA50_G3_KW, KTA50_G3_L_PER_H, strict=True)]
    names = ("at_25pct", "at_50pct", "at_75pct", "litres_per_kwh_electric_at_100pct_with_95pct_alternator")
    assert slope == pytest.approx(expected["slope_l_per_kwh_shaft"], rel=relative)
    assert intercept == pytest.approx(expected["intercept_l_per_h"], rel=relative)
    assert electric == pytest.approx([expected[name] for name in names], rel=relative)


def _check_load(load_kw: np.ndarray, expected: dict, relative: float) -> None:
    assert load_kw.mean() == pytest.approx(expected["mean_kw"], rel=relative)
    assert load_kw.sum() / 1000 == pytest.approx(expected["energy_mwh"], rel=relative)
    if "load_factor_of_3200" in expected:
        assert load_kw.mean() / 3200 == pytest.approx(expected["load_factor_of_3200"], rel=relative)


def _check_variant(
    load_kw: np.ndarray, variant: str, inputs: dict, curve: FuelCurve, expected: dict, relative: float
) -> None:
    run = _run(load_kw, inputs, curve, variant)
    for name in ("litres", "served_kwh", "dumped_kwh", "unserved_kwh", "set_hours", "starts"):
        assert getattr(run, name) == pytest.approx(expected[name], rel=relative, abs=NOISE_KWH), f"{variant}: {name}"
    load_factor = run.output_kwh / (run.set_hours * inputs["rated_kw"])
    assert load_factor == pytest.approx(expected["mean_load_factor_of_running_sets"], rel=relative)
    assert run.litres / run.served_kwh == pytest.approx(expected["litres_per_kwh_served"], rel=relative)


def _check_straight_line(load_kw: np.ndarray, inputs: dict, curve: FuelCurve, relative: float) -> None:
    line, table = _run(load_kw, inputs, curve, "as_few_linear_curve"), _run(load_kw, inputs, curve)
    assert line.litres == pytest.approx(table.litres, rel=relative)


def _check_targets(expected: dict, inputs: dict, curve: FuelCurve, relative: float) -> None:
    """The constant load, as a fraction of 3200 kW, that burns the litres named in the key; the CO2 of those litres."""
    for key, value in expected.items():
        litres = _million_litres(key)
        if key.startswith("co2_t_for"):
            kg_per_l = float(re.search(r"_at_(\d+)_(\d+)_kg_per_l", key).expand(r"\1.\2"))
            assert litres * kg_per_l / 1000 == pytest.approx(value, rel=relative)
        elif key.startswith("load_factor_for"):
            for variant, fraction in value.items():
                _check_load_factor(litres, variant, fraction, inputs, curve, relative)


def _check_load_factor(
    litres: float, variant: str, fraction: float, inputs: dict, curve: FuelCurve, relative: float
) -> None:
    def burnt(at: float) -> float:
        return _run(np.full(inputs["hours"], 3200.0 * at), inputs, curve, variant).litres

    if VARIANTS[variant][2]:
        assert burnt(fraction) == pytest.approx(litres, rel=relative)
    else:  # litres jump where a further set starts, so the case gives the first thousandth that reaches them
        assert burnt(fraction) >= litres > burnt(fraction - 0.001)


def _run(load_kw, inputs: dict, curve: FuelCurve, variant: str = "as_few_sets_as_needed") -> SetsRun:
    sets, max_fraction, always_on, straight = VARIANTS[variant]
    return run_sets(
        np.asarray(load_kw, dtype=float),
        sets or inputs["sets"],
        inputs["rated_kw"],
        inputs["minimum_load_fraction"],
        max_fraction,
        always_on,
        1.0,
        linear_curve(curve) if straight else curve,
    )


def _load(name: str, inputs: dict, folder: Path) -> np.ndarray:
    flat = re.fullmatch(r"flat_(\d+)kw", name)
    if flat:
        return np.full(inputs["hours"], float(flat.group(1)))
    with (folder / inputs["profile_csv"]).open(encoding="utf-8") as file:
        return np.array([float(row["load_kw"]) for row in csv.DictReader(file)])


def _read_table(path: Path) -> list[dict[str, float]]:
    """The CSV (one line a rating and load fraction) as rows of the fuel table."""
    rows: dict[float, dict[str, float]] = {}
    with path.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            row = rows.setdefault(float(line["rated_kw"]), {"rated_kw": float(line["rated_kw"])})
            row[f"load_{round(100 * float(line['load_fraction']))}"] = float(line["litres_per_hour"])
    return list(rows.values())


def _table_name(curve: str) -> str:
    return re.match(r"[\w.]+\.csv", curve).group(0)


def _million_litres(key: str) -> float:
    found = re.search(r"for_(\d+)_(\d+)_million_litres", key)
    return 1e6 * float(found.expand(r"\1.\2")) if found else 0.0
