"""Where a figure comes from: what each cost line adds to it, and what a line is the product of in one year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from finance.instalments import MONTHS_OF, instalments
from finance.ledger import quantities
from finance.lines import LINES
from sim.arrays import Floats
from study.decision import decision, present_cost
from study.study import Study, kept

TAX = "income_tax"
DUST = 1e-12  # of the greatest share: what rounding leaves of nothing
# Factors that only say whether a line is there at all.
SWITCHES = {
    "hybrid",
    "with_grid",
    "has_battery",
    "storage_bought",
    "storage_rented",
    "genset_bought",
    "genset_rented",
}


@dataclass(frozen=True)
class Share:
    """What one line costs in present value, in the hybrid and in its rival."""

    key: str
    hybrid: float
    rival: float

    @property
    def saved(self) -> float:
        """What the hybrid spends less on it."""
        return self.rival - self.hybrid


@kept
def shares(study: Study) -> tuple[Share, ...]:
    """Every line that costs or earns something in the hybrid or its rival, the greatest difference first; income tax
    last, as what the project pays on its saving. What they save sums to the margin of the decision."""
    found = decision(study)
    rows = [study.dispatch.row(name) for name in ("hybrid", found.rival)]
    costs = {key: present_cost(study, line[rows]).tolist() for key, line in study.ledger.lines.items()}
    listed = [Share(key, *cost) for key, cost in costs.items() if any(cost)]
    listed.sort(key=lambda share: -abs(share.saved))
    tax = sum(share.saved for share in listed) - found.margin
    is_paid = abs(tax) > DUST * max(abs(share.saved) for share in listed)
    return (*listed, Share(TAX, tax, 0.0)) if found.is_after_tax and is_paid else tuple(listed)


@dataclass(frozen=True)
class Factor:
    """One factor of a line: a path of an input or a name of `finance.lines`, and its value in the year."""

    name: str
    value: float


@dataclass(frozen=True)
class Worked:
    """A line worked out for one project year (1 is the first): its factors, whose product `amount` is (cost positive);
    `year` is 0 for the start and None for a line that never is anything. No factors: paid stage by stage."""

    year: int | None
    amount: float
    factors: tuple[Factor, ...]


def worked(study: Study, alternative: str, key: str) -> Worked:
    """A cost line of an alternative in the first project year in which it is anything."""
    line, row, months = LINES[key], study.dispatch.row(alternative), study.dispatch.months
    flows = study.ledger.lines[key][row]
    due = np.flatnonzero(flows)
    if not len(due):
        return Worked(None, 0.0, ())
    year = -(-int(due[0]) // 12)
    span = slice(12 * max(year - 1, 0), min(12 * max(year, 1), months))
    cost = -float(flows[span.start + 1 : span.stop + 1].sum()) if year else -float(flows[0])
    if instalments(study.scenario, study.dispatch.sets, line) is not None:
        return Worked(year, cost, ())
    of = quantities(study.scenario, study.dispatch, study.bill)
    names = line.factors[:1] if line.due == "billed" else line.factors
    by_month = line.due in ("billed", "monthly")
    factors = [Factor(name, _in_year(name, of, row, span, year, by_month)) for name in names]
    return Worked(year, cost, tuple(factor for factor in factors if factor.name not in SWITCHES))


def _in_year(name: str, of: Callable[[str], Any], row: int, span: slice, year: int, by_month: bool) -> float:
    """A factor's value in a project year: the sum of its months where it differs by month, but for a price's growth."""
    if name.startswith("/"):
        return float(name[1:])
    values: Floats = np.atleast_2d(np.asarray(of(name), dtype=float))
    own = values[row if len(values) > 1 else 0]
    if len(own) == 1:
        months = span.stop - span.start if name in MONTHS_OF else 1
        return float(own[0]) * months
    if not by_month:
        return float(own[max(year - 1, 0)])
    return float(own[span][0]) if name.startswith("up.") else float(own[span].sum())
