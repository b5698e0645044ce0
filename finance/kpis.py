"""The figures of merit of each alternative, and its saving against the named baseline.

Flows are yearly where the term is a whole number of years from two on, monthly otherwise; the rate is yearly either
way, so that month m is discounted by (1 + rate)^(m/12). NPV, IRR and payback are of the difference to the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finance.figures import FIGURES, AlternativeCase, Kpis
from finance.ledger import Ledger
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario


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
    return {name: _one(case(scenario, dispatch, book, name), scenario.finance.baseline) for name in ALTERNATIVES}


def case(scenario: Scenario, dispatch: Dispatch, book: Ledger, alternative: str) -> AlternativeCase:
    """What the figures of one alternative are found from."""
    row, term = dispatch.row(alternative), scenario.site.term_months
    total, served = book.total, served_kwh(dispatch)[row]
    return AlternativeCase(
        scenario,
        dispatch,
        book,
        row,
        total=by_period(total[row], term),
        difference=by_period(total[row] - total[dispatch.row(scenario.finance.baseline)], term),
        served=by_period(np.concatenate([[0.0], served]), term),
        energy_kwh=float(served.sum()),
        per_year=periods_per_year(term),
    )


def _one(found: AlternativeCase, baseline: str) -> Kpis:
    is_baseline = ALTERNATIVES[found.row] == baseline
    return Kpis(**{key: figure.of(found, is_baseline) for key, figure in FIGURES.items()})


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
