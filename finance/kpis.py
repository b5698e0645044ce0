"""The figures of merit of each alternative, and its saving against the named baseline.

Figures are of monthly flows, whatever the term; the rate is yearly, so that month m is discounted by
(1 + rate)^(m/12). NPV, IRR and payback are of the difference to the baseline. Tables and charts show the sums of
project years where the term has two or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from finance import metrics
from finance.baseline import baseline_of
from finance.cashflow import by_year
from finance.figures import FIGURES, IS_BASELINE, Alternatives, Flow, KeyFigure, Kpis
from finance.ledger import Ledger
from finance.metrics import FigureRows
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario

SHOWN_BY_YEAR_MONTHS = 24
SERVED_ROUNDING = 1e-9


@dataclass(frozen=True)
class Saving:
    """Against the baseline, over the term, undiscounted; `fraction` of the baseline's cost."""

    total: float
    fraction: float | None
    co2_t: float


def shows_years(term_months: int) -> bool:
    """Whether tables and charts show project years, the last perhaps a part of one; months of shorter terms."""
    return term_months >= SHOWN_BY_YEAR_MONTHS


def by_period(monthly: Floats, term_months: int) -> Floats:
    """(..., months + 1) to (..., periods + 1), as tables show them: the start, then sums of project years, or months
    of a short term."""
    return by_year(monthly) if shows_years(term_months) else monthly


def served_kwh(dispatch: Dispatch) -> Floats:
    """Energy the site itself got (alternatives, months): load less unserved, without the battery's auxiliaries. What is
    only rounding of that sum is nothing."""
    load = dispatch.monthly["load_kwh"]
    served = load - dispatch.monthly["auxiliary_kwh"] - dispatch.monthly["unserved_kwh"]
    return np.where(np.abs(served) <= SERVED_ROUNDING * load, 0.0, served)


def kpis(scenario: Scenario, dispatch: Dispatch, book: Ledger) -> dict[str, Kpis]:
    """KPIs of every alternative by name. Each figure is found for all of them at once."""
    served = np.pad(served_kwh(dispatch), ((0, 0), (1, 0)))
    seen = Alternatives(scenario, dispatch, book, served)
    base = dispatch.row(baseline_of(scenario))
    against = Flow(np.delete(book.total, base, axis=0) - book.total[base], seen.rate, metrics.MONTHLY)
    columns = {key: _column(figure, seen, against, base) for key, figure in FIGURES.items()}
    return {
        name: Kpis(**{key: column[row] for key, column in columns.items()}) for row, name in enumerate(ALTERNATIVES)
    }


def _column(figure: KeyFigure, seen: Alternatives, against: Flow, base: int) -> list[Any]:
    """One figure of every alternative; the baseline has none of those against itself."""
    if figure.flow is not None:
        found = list(figure.of_flows(against).figures())
        found.insert(base, IS_BASELINE)
        return found
    value = figure.found(seen)
    return list(value.figures()) if isinstance(value, FigureRows) else value.tolist()


def savings(scenario: Scenario, figures: dict[str, Kpis]) -> dict[str, Saving]:
    """Each alternative against the baseline, the baseline left out."""
    base = figures[baseline_of(scenario)]
    return {
        name: Saving(
            total=base.total_cost - own.total_cost,
            fraction=(base.total_cost - own.total_cost) / base.total_cost if base.total_cost > 0 else None,
            co2_t=base.co2_t - own.co2_t,
        )
        for name, own in figures.items()
        if name != baseline_of(scenario)
    }
