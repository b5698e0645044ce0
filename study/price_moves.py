"""What the hybrid is worth against its rival with one price moved, on the yardstick of `study.decision`. Prices do not
steer the plain control rule, so these figures are what a new study of that price gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finance import metrics
from finance.lines import keys, proportional
from sim.dispatch.result import ALTERNATIVES
from study.margins import margins
from study.study import Study

CHANGES = (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)
NOTHING = 0.5  # money
PRICES = (
    "finance.diesel_per_l",
    "finance.energy_price_factor",
    "finance.storage_capex_per_kwh",
    "finance.storage_rent_per_kwh_month",
    "finance.pv_capex_per_kwp",
    "finance.grid_works_per_kva",
    "finance.genset_rent_per_set_month",
    "finance.unserved_per_kwh",
)


@dataclass(frozen=True)
class PriceMove:
    """What the hybrid costs less than its rival, `worth`, for each of `CHANGES`."""

    path: str
    now: float
    worth: tuple[float, ...]

    @property
    def swing(self) -> float:
        return max(self.worth) - min(self.worth)


def price_moves(study: Study) -> tuple[PriceMove, ...]:
    """All prices that move the margin, the most telling first."""
    paths = [path for path in prices(study) if study.scenario.get(path)]
    if not paths:
        return ()
    now = {path: float(study.scenario.get(path)) for path in paths}
    moved, count = np.tile(1.0 + np.array(CHANGES), len(paths)), len(CHANGES)
    which = np.repeat(np.arange(len(paths)), count)
    worth = margins(study, {path: now[path] * np.where(which == k, moved, 1.0) for k, path in enumerate(paths)})
    found = [PriceMove(path, now[path], tuple(row)) for path, row in zip(paths, worth.reshape(-1, count), strict=True)]
    return tuple(sorted((move for move in found if move.swing > NOTHING), key=lambda move: -move.swing))


def prices(study: Study) -> dict[str, tuple[str, ...]]:
    """The prices with the lines that are proportional to them, where they move nothing else: energy does, where a
    power-factor adjustment or a minimum bill hangs on it."""
    tariff = study.scenario.tariff
    bound = study.bill.power_factor.any() or tariff.minimum_per_month or tariff.minimum_per_kva_month
    billed = keys(due="billed")
    found = {path: proportional(path) for path in PRICES}
    return {path: lines for path, lines in found.items() if not (bound and set(lines) & set(billed))}


def present_value(study: Study, lines: tuple[str, ...]) -> float:
    """Present value of these lines, hybrid less baseline, as the workbook's sheet has it."""
    own, base = ALTERNATIVES.index("hybrid"), study.dispatch.row(study.baseline)
    flows = sum(study.ledger.lines[line][own] - study.ledger.lines[line][base] for line in lines)
    factors = metrics.discount_factors(study.scenario.finance.discount_rate, np.size(flows), metrics.MONTHLY)
    return float((flows * factors).sum())
