"""One year of a site with its connection there and its load at full size: what it pays under any tariff.

Term, ramp-up and the month the grid arrives play no part, so a four-month job and a fifteen-year plant are compared on
the same twelve months. Money is in each tariff's own currency and on the VAT basis of the scenario.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finance.bill import Bill
from finance.rates import grid_bill
from sim.dispatch.lanes import simulate
from sim.dispatch.result import Dispatch
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import Tariff, library_tariff
from sim.plant.load import peak_kw

MONTHS = 12


@dataclass(frozen=True, eq=False)
class SiteYear:
    """A year under one tariff: `bill` and `dispatch` have a row for each alternative and 12 months."""

    tariff: Tariff
    dispatch: Dispatch
    bill: Bill

    def cost(self, alternative: str) -> float:
        """The year's utility bill."""
        return float(self.bill.total[self.dispatch.row(alternative)].sum())

    def import_kwh(self, alternative: str) -> float:
        return float(self.dispatch.import_kwh[self.dispatch.row(alternative)].sum())

    @property
    def mean_per_kwh(self) -> float:
        """Bill of the grid alternative over what it takes; NaN where it takes nothing."""
        taken_kwh = self.import_kwh("grid")
        return self.cost("grid") / taken_kwh if taken_kwh > 0 else float("nan")

    def monthly_kwh(self, alternative: str) -> NDArray[np.float64]:
        """Energy taken in each month (12,)."""
        return self.dispatch.import_kwh[self.dispatch.row(alternative)].sum(axis=-1)

    def monthly_kw(self, alternative: str) -> NDArray[np.float64]:
        """Greatest demand-window mean of each month (12,), over all hours."""
        return self.dispatch.peak_kw[self.dispatch.row(alternative)].max(axis=-1)


@dataclass(frozen=True)
class Elsewhere:
    """What a year costs under a tariff of the library, in its `currency`: mean price of a kWh from the grid alone, and
    the bills of the grid alternative and of the hybrid."""

    library_id: str
    currency: str
    mean_per_kwh: float
    grid: float
    hybrid: float


def full_year(scenario: Scenario) -> Scenario:
    """The scenario with a term of twelve months, its whole load and its greatest connection from the first day.

    A site without any connection gets one of its peak load.
    """
    grid = scenario.grid
    limit_kw = max([grid.existing_kw, grid.import_limit_kw, *(stage.import_limit_kw for stage in grid.stages)])
    limit_kw = limit_kw or peak_kw(scenario.load)
    return scenario.with_(
        {
            "site.term_months": MONTHS,
            "load.ramp": [],
            "grid.ready_month": 0,
            "grid.stages": [],
            "grid.existing_kw": limit_kw,
            "grid.import_limit_kw": limit_kw,
        }
    )


def under(year: Scenario, tariff: Tariff) -> SiteYear:
    """A `full_year` under a tariff; about 15 ms."""
    site = year.site.model_copy(update={"currency": tariff.currency})
    priced = year.model_copy(update={"tariff": tariff, "site": site})
    dispatch = simulate(priced)
    return SiteYear(tariff, dispatch, grid_bill(priced, dispatch))


def elsewhere(scenario: Scenario, library_ids: Sequence[str]) -> list[Elsewhere]:
    """The site's year under each of these tariffs of the library."""
    year = full_year(scenario)
    return [_row(name, under(year, library_tariff(name))) for name in library_ids]


def _row(library_id: str, year: SiteYear) -> Elsewhere:
    grid, hybrid = (year.cost(name) for name in ("grid", "hybrid"))
    return Elsewhere(library_id, year.tariff.currency, year.mean_per_kwh, grid, hybrid)
