"""Check one dispatch case: the optimum by slope lists and by HiGHS against every expected figure of the case."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.optimum.model import Optimum, Programme, ScheduleCosts, ShedTier, monthly_windows
from sim.optimum.oracle import solve_oracle
from sim.optimum.solve import solve
from tests.sim.breaches import breaches

OBJECTIVE = 1e-6  # relative; the cases themselves allow 1e-5
SIZING = 1e-4
BREACH = 1e-6  # kW or kWh, of plants of 1,000 kW and more
GAP = 1e-8


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    if "expected_csv" in case:
        _check_sizes(path, case)
    elif "cases" in case:
        _check_hand_worked(path, case)
    else:
        _check_optimum(path, case)


def programme_of(
    columns: dict[str, np.ndarray], parameters: dict, flat: dict, tou: dict, genset_per_kwh: float, step_h: float = 1.0
) -> Programme:
    """Programme from a table of the reference format; flat: price per kW by month, tou: price by demand period."""
    q, month, outage = parameters, columns["month"].astype(int), columns["outage"]
    load = columns["load_kw"]
    cut = outage == 1
    masks = [np.ones(len(load), bool), *(columns["demand_period"] == period for period in tou)]
    return Programme(
        step_h=step_h,
        month=month,
        load_kw=load,
        pv_kw=columns["pv_avail_kw"] * q.get("pv_on", True),
        buy_per_kwh=columns["buy_per_kwh"],
        credit_per_kwh=columns["export_credit_per_kwh"],
        import_limit_kw=columns["grid_limit_kw"],
        export_limit_kw=np.where(cut, 0.0, q["export_limit_kw"]),
        soc_min=np.where(outage > 0, q["soc_min_outage"], q["soc_min"]),
        soc_max=np.full(len(load), q["soc_max"]),
        windows=monthly_windows(month, masks, [flat, *tou.values()]),
        shed=(ShedTier(np.where(cut, load - columns["critical_kw"], 0.0), q["shed_per_kwh"]),) if cut.any() else (),
        battery_kw=q["bess_kw"],
        battery_kwh=q["bess_kwh"],
        charge_efficiency=q["eta_charge"],
        discharge_efficiency=q["eta_discharge"],
        wear_per_kwh=q["wear_per_kwh_discharged"],
        genset_kw=q["genset_kw"],
        genset_per_kwh=genset_per_kwh,
        soc_start=q["soc_start"],
    )


def read_columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def read_case(path: Path) -> Programme:
    """Programme of a case with a series and parameters of its own."""
    inputs = json.loads(path.read_text(encoding="utf-8"))["inputs"]
    columns = read_columns(path.parent / inputs["series_csv"])
    return programme_of(
        columns,
        inputs["parameters"],
        {int(month): price for month, price in inputs["demand_flat_per_kw_by_month"].items()},
        {int(period): price for period, price in inputs["demand_tou_per_kw_by_period"].items()},
        inputs["genset_cost_per_kwh"],
        inputs.get("interval_minutes", 60) / 60,
    )


def _check_optimum(path: Path, case: dict) -> None:
    programme, expected = read_case(path), case["expected"]
    for optimum in (solve(programme, GAP), solve_oracle(programme)):
        name = optimum.method
        _compare(f"{name}: objective", optimum.cost, expected["objective"], OBJECTIVE)
        _compare_split(name, optimum.costs, expected["split"], expected["objective"])
        _check_bound_and_schedule(programme, optimum, expected["objective"])
    without = expected.get("without_battery")
    if without:
        optimum = solve(replace(programme, battery_kw=0.0, battery_kwh=0.0), GAP)
        _compare("without battery: total", optimum.cost, without["total"], OBJECTIVE)


def _compare_split(name: str, costs: ScheduleCosts, split: dict, objective: float) -> None:
    """Energy, demand and fuel lie within 0.1 % of the objective: the value is unique, the schedule is not."""
    got = {
        "energy": (costs.energy - costs.export_credit, split["energy_charge"] - split["export_credit"]),
        "demand": (float(costs.demand.sum()), split["demand_flat"] + split["demand_tou"]),
        "fuel": (costs.fuel, split["fuel_cost"]),
        "wear and shedding": (costs.wear + costs.shed, split["wear_cost"] + split["shed_cost"]),
    }
    for part, (value, want) in got.items():
        assert abs(value - want) <= 1e-3 * objective, f"{name}: {part} is {value:.2f}, expected {want:.2f}"


def _check_bound_and_schedule(programme: Programme, optimum: Optimum, objective: float) -> None:
    above = optimum.lower_bound / objective - 1
    assert above <= 1e-9, f"{optimum.method}: lower bound is {above:.1e} above the expected objective"
    found = breaches(programme, optimum.schedule)
    worst = max(found, key=found.get)
    assert found[worst] <= BREACH, f"{optimum.method}: {worst} is breached by {found[worst]:.2e}, expected 0"


def _check_hand_worked(path: Path, case: dict) -> None:
    for name, block in case["cases"].items():
        expected = block["expected"]
        columns = read_columns(path.parent / f"{case['case']}_{name}.csv")
        flat = dict.fromkeys(columns["month"].astype(int).tolist(), case["demand_flat_per_kw"][name])
        programme = programme_of(columns, case["parameters"], flat, {}, 0.0)
        for optimum in (solve(programme, GAP), solve_oracle(programme)):
            label = f"{name}, {optimum.method}"
            _compare(f"{label}: cost", optimum.cost, expected["cost_optimal"], OBJECTIVE)
            if "peak_optimal_kw" in expected:
                _compare(f"{label}: peak", float(optimum.peaks_kw.max()), expected["peak_optimal_kw"], OBJECTIVE)
            if "battery_discharge_kwh" in expected:
                discharged = float(optimum.schedule.discharge_kw.sum())
                _compare(f"{label}: discharge", discharged, expected["battery_discharge_kwh"], OBJECTIVE)


def _check_sizes(path: Path, case: dict) -> None:
    """Least cost against battery size, with and without demand charges."""
    folder = path.parent.parent
    columns, flat, tou = _bill_series(folder / "bill")
    q = case["inputs"]["parameters"]
    for row in _rows(path.parent / case["expected_csv"]):
        q = {**q, "bess_kw": row["bess_kw"], "bess_kwh": row["bess_kwh"]}
        charged = row["demand_charge"] == 1
        programme = programme_of(columns, q, flat if charged else {}, tou if charged else {}, 0.0)
        optimum = solve(programme, GAP)
        label = f"{row['bess_kw']:.0f} kW, {row['bess_kwh']:.0f} kWh, demand charge {charged}"
        _compare(f"{label}: cost", optimum.cost, row["annual_cost"], SIZING)
        split = abs(optimum.costs.demand.sum() - row["of_it_demand"])
        assert split <= 1e-3 * optimum.cost, f"{label}: demand charge differs by {split:.2f} from the expected one"
        assert optimum.lower_bound <= row["annual_cost"] * (1 + 1e-8), f"{label}: lower bound above the expected cost"


def _bill_series(folder: Path) -> tuple[dict[str, np.ndarray], dict[int, float], dict[int, float]]:
    """Load and tariff of the bill case, without PV, grid limit and export."""
    profile = read_columns(folder / "bill_cn_10mw.csv")
    tariff = json.loads((folder / "bill_cn_10mw_tariff.json").read_text(encoding="utf-8"))
    n = len(profile["load_kw"])
    period = _by_hour(profile, tariff, "energy")
    buy = {int(k): float(v["buy_per_kwh"]) for k, v in tariff["energy_periods"].items()}
    nothing = np.zeros(n)
    columns = {
        "month": profile["month"],
        "load_kw": profile["load_kw"],
        "pv_avail_kw": nothing,
        "buy_per_kwh": np.array([buy[k] for k in period]),
        "export_credit_per_kwh": nothing,
        "grid_limit_kw": np.full(n, np.inf),
        "outage": nothing,
        "critical_kw": nothing,
        "demand_period": _by_hour(profile, tariff, "demand"),
    }
    flat = dict(enumerate(tariff["demand_flat_per_kw_month_by_month"], 1))
    tou = {int(k): float(v["per_kw_month"]) for k, v in tariff["demand_tou_periods"].items()}
    return columns, flat, {k: price for k, price in tou.items() if price > 0}


def _by_hour(profile: dict[str, np.ndarray], tariff: dict, kind: str) -> np.ndarray:
    """Number of the period of each step from the 12 x 24 tables for weekdays and weekends."""
    tables = [np.array(tariff[f"{kind}_schedule_{day}_12x24"]) for day in ("weekday", "weekend")]
    month, hour = profile["month"].astype(int) - 1, profile["hour"].astype(int)
    return np.where(profile["weekday"] >= 5, tables[1][month, hour], tables[0][month, hour])


def _rows(path: Path) -> list[dict[str, float]]:
    columns = read_columns(path)
    return [{name: float(values[i]) for name, values in columns.items()} for i in range(len(columns["bess_kw"]))]


def _compare(what: str, got: float, want: float, relative: float) -> None:
    assert abs(got - want) <= relative * max(1.0, abs(want)), f"{what} is {got:.6f}, expected {want:.6f}"
