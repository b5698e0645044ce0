"""The figures of merit of each alternative, and its saving against the named baseline.

Flows are yearly where the term is a whole number of years from two on, monthly otherwise; the rate is yearly either
way, so that month m is discounted by (1 + rate)^(m/12). NPV, IRR and payback are of the difference to the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finance import metrics
from finance.ledger import CAPEX_LINES, Ledger
from finance.metrics import Figure
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario
from sim.plant.ratings import POLLUTANT_G_PER_KWH, pollutants_kg

Floats = NDArray[np.float64]
IS_BASELINE = Figure(None, "is_baseline")


@dataclass(frozen=True)
class Kpis:
    """One alternative over the term. Energies kWh at the bus; money positive = cost; see module for conventions."""

    energy_served_kwh: float
    unserved_kwh: float
    grid_kwh: float
    pv_kwh: float
    battery_discharge_kwh: float
    diesel_kwh: float
    diesel_l: float
    genset_run_h: float
    genset_starts: float
    peak_import_kw: float
    capex: float
    total_cost: float
    unserved_value: float
    shed_kwh: float
    interruptions: float
    interruption_value: float
    nox_t: float
    pm_t: float
    co_t: float
    so2_t: float
    cost_per_kwh: Figure
    npv: Figure
    irr: Figure
    payback_years: Figure
    discounted_payback_years: Figure
    lcoe_per_kwh: Figure
    co2_t: float


@dataclass(frozen=True)
class Saving:
    """Against the baseline, over the term, undiscounted; `fraction` of the baseline's cost."""

    total: float
    fraction: float | None
    co2_t: float


def periods_per_year(term_months: int) -> int:
    """1 where the term is a whole number of years from two on, else 12."""
    return 1 if term_months >= 24 and term_months % 12 == 0 else 12


def by_period(monthly: Floats, term_months: int) -> Floats:
    """(..., months + 1) to (..., periods + 1): yearly sums where flows are yearly."""
    if periods_per_year(term_months) == 12:
        return monthly
    years = monthly[..., 1:].reshape(*monthly.shape[:-1], term_months // 12, 12).sum(axis=-1)
    return np.concatenate([monthly[..., :1], years], axis=-1)


def served_kwh(dispatch: Dispatch) -> Floats:
    """Energy the site itself got (alternatives, months): load less unserved, without the battery's auxiliaries."""
    return dispatch.monthly["load_kwh"] - dispatch.monthly["auxiliary_kwh"] - dispatch.monthly["unserved_kwh"]


def kpis(scenario: Scenario, dispatch: Dispatch, book: Ledger) -> dict[str, Kpis]:
    """KPIs of every alternative by name."""
    total, served = book.total, served_kwh(dispatch)
    base = dispatch.row(scenario.finance.baseline)
    return {
        name: _one(scenario, dispatch, book, row, total[row] - total[base], served[row])
        for row, name in enumerate(ALTERNATIVES)
    }


def savings(scenario: Scenario, figures: dict[str, Kpis]) -> dict[str, Saving]:
    """Each alternative against the baseline, the baseline left out."""
    base = figures[scenario.finance.baseline]
    return {
        name: Saving(
            total=base.total_cost - own.total_cost,
            fraction=(base.total_cost - own.total_cost) / base.total_cost if base.total_cost > 0 else None,
            co2_t=base.co2_t - own.co2_t,
        )
        for name, own in figures.items()
        if name != scenario.finance.baseline
    }


def _one(scenario: Scenario, dispatch: Dispatch, book: Ledger, row: int, difference: Floats, served: Floats) -> Kpis:
    def total(name: str) -> float:
        return float(dispatch.monthly[name][row].sum())

    cost = -float(book.total[row].sum())
    energy = float(served.sum())
    return Kpis(
        energy_served_kwh=energy,
        unserved_kwh=total("unserved_kwh"),
        grid_kwh=float(dispatch.import_kwh[row].sum()),
        pv_kwh=total("pv_load_kwh") + total("pv_charge_kwh"),
        battery_discharge_kwh=total("discharge_kwh"),
        diesel_kwh=total("genset_kwh"),
        diesel_l=total("fuel_l"),
        genset_run_h=total("genset_hours"),
        genset_starts=total("starts"),
        peak_import_kw=float(dispatch.peak_kw[row].max()),
        capex=0.0 - sum(float(book.lines[name][row].sum()) for name in CAPEX_LINES),
        total_cost=cost,
        unserved_value=0.0 - float(book.unserved_value[row].sum()),
        shed_kwh=total("shed_kwh"),
        interruptions=total("interruptions"),
        interruption_value=0.0 - float(book.interruption_value[row].sum()),
        **pollutants_t(scenario, total("genset_kwh"), total("fuel_l")),
        cost_per_kwh=Figure(cost / energy) if energy > 0 else Figure(None, "no_energy"),
        lcoe_per_kwh=_lcoe(scenario, book.total[row], served),
        co2_t=float(book.co2_kg[row].sum()) / 1000,
        **_returns(scenario, difference, is_baseline=ALTERNATIVES[row] == scenario.finance.baseline),
    )


def pollutants_t(scenario: Scenario, output_kwh: float, fuel_l: float) -> dict[str, float]:
    """What the sets emit (t): NOx, soot and CO by output, SO2 by the fuel's sulphur (`sim.plant.ratings`)."""
    genset = scenario.genset
    rates = {"NOx": genset.nox_g_per_kwh, "PM": genset.pm_g_per_kwh, "CO": POLLUTANT_G_PER_KWH["CO"]}
    found = pollutants_kg(output_kwh, fuel_l, rates)
    return {f"{name.lower()}_t": kg / 1000 for name, kg in found.items()}


def _lcoe(scenario: Scenario, flows: Floats, served: Floats) -> Figure:
    term = scenario.site.term_months
    return metrics.lcoe(
        -by_period(flows, term),
        by_period(np.concatenate([[0.0], served]), term),
        scenario.finance.discount_rate,
        periods_per_year(term),
    )


def _returns(scenario: Scenario, difference: Floats, is_baseline: bool) -> dict[str, Figure]:
    names = ("npv", "irr", "payback_years", "discounted_payback_years")
    if is_baseline:
        return dict.fromkeys(names, IS_BASELINE)
    term, rate = scenario.site.term_months, scenario.finance.discount_rate
    flows, per_year = by_period(difference, term), periods_per_year(term)
    return {
        "npv": Figure(float(metrics.npv(rate, flows, per_year))),
        "irr": metrics.irr(flows, per_year),
        "payback_years": metrics.payback(flows, per_year),
        "discounted_payback_years": metrics.discounted_payback(rate, flows, per_year),
    }
