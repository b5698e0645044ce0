"""Check one utility-bill case: our meter and our bill against every expected figure of the case."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from finance.bill import Bill, BillRates, DemandRate, bill
from tests.finance.metered import Metered, meter

FLAT = "flat"


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    tariff = json.loads((path.parent / inputs["tariff_json"]).read_text(encoding="utf-8"))
    profile = _columns(path.parent / inputs["profile_csv"])
    variants = [(name, expected[name]) for name in ("with_pv", "without_pv") if name in expected]
    for name, block in variants or [("flat block", expected)]:
        pv_on = name != "without_pv" and inputs.get("pv_on", True)
        figures = _figures(inputs, tariff, profile, pv_on)
        compared = [_compare(f"{name}: {what}", got, want, tolerance) for what, got, want in _pairs(block, figures)]
        assert compared, f"{name}: no expected figure of this block is known to the check"


def _columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def _figures(inputs: dict, tariff: dict, profile: dict[str, np.ndarray], pv_on: bool) -> dict[str, np.ndarray]:
    """Figures by name, each over the months the profile covers (a profile may hold some months only)."""
    pv_kw = profile.get("pv_kw", 0.0) if pv_on else 0.0
    net_kw = profile["load_kw"] - pv_kw
    month = profile["month"].astype(int) - 1
    energy_names, energy = _periods(profile, tariff, "energy", tariff["energy_periods"])
    demand_names, demand = _periods(profile, tariff, "demand", tariff.get("demand_tou_periods") or {"1": {}})
    readings = meter(
        np.maximum(net_kw, 0),
        np.maximum(-net_kw, 0),
        energy * len(demand_names) + demand,
        month,
        n_months=12,
        n_periods=len(energy_names) * len(demand_names),
        step_h=inputs.get("interval_minutes", 60) / 60,
    )
    result = bill(_rates(inputs, tariff, energy_names, demand_names), readings)
    covered = np.unique(month)
    return {name: values[covered] for name, values in _named(result, readings, energy_names, demand_names).items()} | {
        "month": covered + 1
    }


def _periods(profile: dict, tariff: dict, kind: str, periods: dict) -> tuple[list[str], np.ndarray]:
    """Names of the periods and the position of each step's one: from the profile, else from the 12 x 24 tables."""
    names = list(periods)
    if f"{kind}_period" in profile:
        number = profile[f"{kind}_period"].astype(int)
    elif f"{kind}_schedule_weekday_12x24" in tariff:
        days = np.array([tariff[f"{kind}_schedule_{day}_12x24"] for day in ("weekday", "weekend")])
        month, hour = profile["month"].astype(int) - 1, profile["hour"].astype(int)
        number = days[(profile["weekday"] >= 5).astype(int), month, hour]
    else:
        number = np.full(profile["month"].size, int(names[0]))
    return names, np.array([names.index(str(n)) for n in number])


def _rates(inputs: dict, tariff: dict, energy_names: list[str], demand_names: list[str]) -> BillRates:
    """Classes are the pairs (energy period, demand period), energy period first."""
    buy, credit = (
        np.repeat([tariff["energy_periods"][name].get(field, 0.0) for name in energy_names], len(demand_names))
        for field in ("buy_per_kwh", "export_credit_per_kwh")
    )
    return BillRates(
        energy_per_kwh=np.tile(buy, (12, 1)),
        export_credit_per_kwh=np.tile(credit, (12, 1)),
        demand=tuple(_demand_rates(inputs, tariff, len(energy_names), demand_names)),
        fixed_per_month=tariff.get("fixed_per_month", 0.0),
    )


def _demand_rates(inputs: dict, tariff: dict, n_energy: int, demand_names: list[str]) -> Iterator[DemandRate]:
    def rate(name: str, per_kw_month: float | list[float], measured: list[bool]) -> DemandRate:
        return DemandRate(
            name=name,
            per_kw_month=per_kw_month,
            measured=measured * n_energy,
            ratchet_fraction=_field("ratchet_pct_of_lookback_peak", inputs, tariff, 0) / 100,
            ratchet_months=int(_field("ratchet_lookback_months", inputs, tariff, 0)),
            peaks_before_kw=_peaks_before(_field("peaks_of_previous_year_by_month_kw", inputs, tariff, ()), name),
        )

    yield rate(FLAT, tariff.get("demand_flat_per_kw_month_by_month", 0.0), [True] * len(demand_names))
    for name, period in (tariff.get("demand_tou_periods") or {}).items():
        yield rate(name, period["per_kw_month"], [other == name for other in demand_names])


def _field(name: str, inputs: dict, tariff: dict, default: object) -> object:
    return inputs.get(name, tariff.get(name, default))


def _peaks_before(given: dict | list | tuple, name: str) -> list[float]:
    """January to December of the year before: one list for every charge, or one by demand period."""
    peaks = given.get(name, ()) if isinstance(given, dict) else given
    return [float(peak) for peak in peaks]


def _named(result: Bill, readings: Metered, energy_names: list[str], demand_names: list[str]) -> dict[str, np.ndarray]:
    """Our figures (12,) under the names the cases use."""
    by_energy_period = readings.import_kwh.reshape(12, len(energy_names), len(demand_names)).sum(axis=-1)
    by_demand_period = readings.peak_kw.reshape(12, len(energy_names), len(demand_names)).max(axis=-2)
    tou = [charge for name, charge in result.demand_charges.items() if name != FLAT]
    return {
        "imp_kwh": readings.import_kwh.sum(axis=-1),
        "exp_kwh": readings.export_kwh.sum(axis=-1),
        "energy_charge": result.energy_charge,
        "export_credit": result.export_credit,
        "peak_import_kw": readings.peak_kw.max(axis=-1),
        "demand_flat": result.demand_charges[FLAT],
        "demand_tou": sum(tou, start=np.zeros(12)),
        "billed_kw": result.billed_kw[FLAT],
        "fixed": np.array(result.fixed),
        "bill": result.total,
        **{f"imp_kwh_period_{name}": by_energy_period[:, at] for at, name in enumerate(energy_names)},
        **{f"peak_import_kw_period_{name}": by_demand_period[:, at] for at, name in enumerate(demand_names)},
        **{f"billed_kw_period_{name}": kw for name, kw in result.billed_kw.items() if name != FLAT},
    }


def _pairs(block: dict, figures: dict[str, np.ndarray]) -> Iterator[tuple[str, float, float]]:
    """(what, our figure, expected figure) for all of a block that we compute: by month, by year, or as bare totals."""
    months = block.get("monthly", {})
    if "month" in months:
        assert [int(m) for m in months["month"]] == figures["month"].tolist(), "months of the case and its profile"
    for name, want, got in _known(months, figures):
        for month, ours, theirs in zip(figures["month"], got, want, strict=True):
            yield f"{name}, month {month}", ours, theirs
    for name, want, got in _known(block.get("annual", block), figures):
        yield name, got.max() if "_kw" in name and "_kwh" not in name else got.sum(), want


def _known(block: dict, figures: dict[str, np.ndarray]) -> Iterator[tuple[str, object, np.ndarray]]:
    by_period = {f"imp_kwh_period_{name}": kwh for name, kwh in block.get("import_kwh_by_period", {}).items()}
    for given, want in {**block, **by_period}.items():
        name = given.replace("import_kwh", "imp_kwh").replace("export_kwh", "exp_kwh")
        if name in figures and name != "month":
            yield name, want, figures[name]


def _compare(what: str, got: float, want: float, tolerance: dict) -> None:
    relative, absolute = tolerance.get("relative", 0.0), tolerance.get("absolute_currency", 0.0)
    assert math.isclose(got, want, rel_tol=relative, abs_tol=absolute), f"{what}: {got!r}, expected {want!r}"
