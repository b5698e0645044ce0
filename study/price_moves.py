"""The hybrid's NPV with one price moved. Prices do not steer the plain control rule, and a cost line grows with its
price, so these figures are what a new study of that price gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finance import metrics
from finance.lines import keys, proportional
from sim.dispatch.result import ALTERNATIVES
from study.study import Study

CHANGES = (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)
PRICES = (
    "finance.diesel_per_l",
    "finance.energy_price_factor",
    "finance.storage_capex_per_kwh",
    "finance.storage_rent_per_kwh_month",
    "finance.pv_capex_per_kwp",
    "finance.grid_works_share",
    "finance.genset_rent_per_set_month",
    "finance.unserved_per_kwh",
)


@dataclass(frozen=True)
class PriceMove:
    """`worth` for each of `CHANGES`. Where the answer turns, `study.turning` says."""

    path: str
    now: float
    present_value: float
    worth: tuple[float, ...]


def price_moves(study: Study) -> tuple[PriceMove, ...]:
    """All prices that matter, the most telling first. Empty where the NPV does not exist."""
    worth = study.kpis["hybrid"].worth
    if worth is None:
        return ()
    found = [_move(study, path, lines, worth) for path, lines in prices(study).items()]
    return tuple(sorted((move for move in found if move.present_value != 0), key=lambda move: -abs(move.present_value)))


def prices(study: Study) -> dict[str, tuple[str, ...]]:
    """The prices with the lines that are proportional to them, where they move nothing else: energy does, where a
    power-factor adjustment or a minimum bill hangs on it."""
    tariff = study.scenario.tariff
    bound = study.bill.power_factor.any() or tariff.minimum_per_month or tariff.minimum_per_kva_month
    billed = keys(due="billed")
    found = {path: proportional(path) for path in PRICES}
    return {path: lines for path, lines in found.items() if not (bound and set(lines) & set(billed))}


def present_value(study: Study, lines: tuple[str, ...]) -> float:
    """Present value of these lines, hybrid less baseline."""
    own, base = ALTERNATIVES.index("hybrid"), study.dispatch.row(study.baseline)
    flows = sum(study.ledger.lines[line][own] - study.ledger.lines[line][base] for line in lines)
    factors = metrics.discount_factors(study.scenario.finance.discount_rate, np.size(flows), metrics.MONTHLY)
    return float((flows * factors).sum())


def _move(study: Study, path: str, lines: tuple[str, ...], worth: float) -> PriceMove:
    value = present_value(study, lines)
    return PriceMove(path, float(study.scenario.get(path)), value, tuple(worth + change * value for change in CHANGES))
