"""Tables of a study as DataFrames: raw numbers, keys as columns; pages and files put them into words."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd

from finance.kpis import Kpis, by_period
from finance.lines import LINES
from finance.metrics import Figure
from report.screen.cost import bill_parts
from sim.dispatch.result import ALTERNATIVES
from study.study import Study

# The order of the comparison table: money first, then energy. Every field of `Kpis` is in it (a test says so).
METRICS = (
    "total_cost",
    "cost_per_kwh",
    "lcoe_per_kwh",
    "capex",
    "npv",
    "irr",
    "payback_years",
    "discounted_payback_years",
    "unserved_kwh",
    "unserved_value",
    "shed_kwh",
    "interruptions",
    "interruption_value",
    "energy_served_kwh",
    "grid_kwh",
    "pv_kwh",
    "battery_discharge_kwh",
    "diesel_kwh",
    "diesel_l",
    "genset_run_h",
    "genset_starts",
    "peak_import_kw",
    "co2_t",
    "nox_t",
    "pm_t",
    "co_t",
    "so2_t",
)


def cost_lines(study: Study, alternative: str) -> pd.DataFrame:
    """Cost lines that occur (index: ledger names and "total") by period (columns 0..n, 0 is the start) and "total".
    Positive = cost, credits negative; undiscounted, on the study's VAT basis."""
    row, term = ALTERNATIVES.index(alternative), study.scenario.site.term_months
    lines = {name: -by_period(study.ledger.lines[name][row], term) for name in LINES}
    table = pd.DataFrame({name: values for name, values in lines.items() if np.abs(values).max() > 0}).T
    if table.empty:
        table = pd.DataFrame(columns=range(by_period(study.ledger.total[row], term).size), dtype=float)
    table.loc["total"] = table.sum(axis=0)
    return table.assign(total=table.sum(axis=1))


def bill_by_month(study: Study, alternative: str, year: int) -> pd.DataFrame:
    """Bill components (index, with "total") by month of one project year (columns 0..n) and "total"."""
    table = pd.DataFrame(bill_parts(study, alternative, year)).T
    if table.empty:
        return pd.DataFrame({"total": [0.0]}, index=["total"])
    table.loc["total"] = table.sum(axis=0)
    return table.assign(total=table.sum(axis=1))


def metric(kpis: Kpis, name: str) -> Figure:
    """One KPI as a figure that may have no value, with the reason."""
    value = getattr(kpis, name)
    return value if isinstance(value, Figure) else Figure(float(value))


def comparison(study: Study) -> pd.DataFrame:
    """All KPIs (index, in the order of `METRICS`) of all alternatives (columns); NaN where there is no value."""
    return pd.DataFrame(
        {
            name: [np.nan if (value := metric(study.kpis[name], key).value) is None else value for key in METRICS]
            for name in ALTERNATIVES
        },
        index=list(METRICS),
        dtype=float,
    )


def metric_names() -> tuple[str, ...]:
    """The fields of `Kpis`."""
    return tuple(field.name for field in fields(Kpis))
