"""Which alternative to choose: one yardstick, the present cost of all that is paid and lost over the term.

An alternative serves the load where it leaves less than `SERVES_FRACTION` of it without power. The rival is the one
without the project that serves the load at the least present cost. What the hybrid is worth is its present cost less
than the rival's; where tax is used, its worth against each other as a project after tax (`study.financing`), which then
ranks them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from finance import metrics
from finance.kpis import served_kwh
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES
from study.financing import Returns, after_tax, grouped, has_tax, returns_under
from study.study import Study, kept

RIVALS = tuple(name for name in ALTERNATIVES if name != "hybrid")
SERVES_FRACTION = 5e-3  # of the load; what is lost within it is in the money, at the value of lost compute
TIE_FRACTION = 1e-3  # of the rival's present cost
WEAK_BASELINE = 1.5  # times the rival's present cost
Answer = Literal["yes", "no", "tie"]


@dataclass(frozen=True)
class Decision:
    """What the yardstick says.

    present_cost: of each alternative, in money of the start, before tax. margins: what the hybrid costs less than each
    (negative: more), after tax where `is_after_tax`. serves: whether an alternative carries the load. order: those that
    do from the cheapest, then the others. verdict: whether to build the hybrid; a "tie" within `TIE_FRACTION`.
    """

    present_cost: Mapping[str, float]
    margins: Mapping[str, float]
    serves: Mapping[str, bool]
    order: tuple[str, ...]
    rival: str
    verdict: Answer
    is_after_tax: bool

    @property
    def best(self) -> str:
        return self.order[0]

    @property
    def margin(self) -> float:
        """What the hybrid costs less than its rival."""
        return self.margins[self.rival]

    @property
    def margin_fraction(self) -> float | None:
        """Of the rival's present cost; None where that is nothing."""
        cost = self.present_cost[self.rival]
        return self.margin / cost if cost > 0 else None

    @property
    def place(self) -> int:
        """The hybrid's place in the order, from 1."""
        return self.order.index("hybrid") + 1


@kept
def decision(study: Study) -> Decision:
    """The yardstick applied to a study, once. It reads dispatch and ledger only, so that it can be asked of a study
    without key figures."""
    serves = {name: unserved_fraction(study, name) <= SERVES_FRACTION for name in ALTERNATIVES}
    cost = dict(zip(ALTERNATIVES, present_cost(study, study.ledger.total).tolist(), strict=True))
    taxed = has_tax(study)
    margins = _after_tax(study) if taxed else {name: cost[name] - cost["hybrid"] for name in RIVALS}
    margins["hybrid"] = 0.0
    order = tuple(sorted(ALTERNATIVES, key=lambda name: (not serves[name], margins[name])))
    rival = next(name for name in order if name != "hybrid")
    return Decision(cost, margins, serves, order, rival, _verdict(margins[rival], cost[rival], serves, rival), taxed)


def _after_tax(study: Study) -> dict[str, float]:
    """What the hybrid is worth against each other alternative as a project after tax."""
    own, rows = study.dispatch.row("hybrid"), [study.dispatch.row(name) for name in RIVALS]
    lines = grouped({key: line[own] - line[rows] for key, line in study.ledger.lines.items()})
    return dict(zip(RIVALS, (-present_cost(study, after_tax(study, lines))).tolist(), strict=True))


@kept
def project(study: Study) -> Returns:
    """The hybrid as a project against its rival, with tax and loan: the figures of the decision."""
    return returns_under(study, against=decision(study).rival)


def present_cost(study: Study, flows: Floats) -> Floats:
    """Present value of monthly flows (..., months + 1) at the study's rate, cost positive (...,)."""
    return 0.0 - metrics.npv(study.scenario.finance.discount_rate, flows, metrics.MONTHLY)


def unserved_fraction(study: Study, alternative: str) -> float:
    """Share of its load that an alternative leaves without power over the term; 0 without a load."""
    row = study.dispatch.row(alternative)
    left = float(study.dispatch.monthly["unserved_kwh"][row].sum())
    load = left + float(served_kwh(study.dispatch)[row].sum())
    return left / load if load > 0 else 0.0


def _verdict(margin: float, cost: float, serves: Mapping[str, bool], rival: str) -> Answer:
    if serves["hybrid"] != serves[rival]:
        return "yes" if serves["hybrid"] else "no"
    if abs(margin) <= TIE_FRACTION * abs(cost):
        return "tie"
    return "yes" if margin > 0 else "no"
