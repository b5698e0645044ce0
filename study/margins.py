"""What the hybrid costs less than its rival at many prices at once: the yardstick of `study.decision` for a batch.

Prices leave the dispatch as it is, so each alternative is simulated once and its cost lines are read for all variants
(`study.flows`). At the scenario's own prices the margin is the decision's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from finance import metrics
from finance.lines import LINES
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES
from study.batch_lanes import Alternative
from study.batch_years import Term, Used
from study.decision import RIVALS, decision
from study.financing import after_tax, grouped
from study.flows import cost_flows
from study.study import Study, kept
from study.varied import MONEY, Values, checked


def margins(study: Study, prices: Mapping[str, ArrayLike]) -> Floats:
    """What the hybrid costs less than the cheapest rival (N,) where prices, path -> (N,), are others; after tax where
    the decision is. Raises ValueError for what is no price, and as `study.flows.flows` does."""
    if other := [path for path in prices if path not in MONEY]:
        raise ValueError(f"'{other[0]}' is no price; use one of: {', '.join(MONEY)}")
    given = checked(prices)
    v = Values(study.scenario, given, len(next(iter(given.values()))))
    found = decision(study)
    lines = {name: cost_flows(term, v, used) for name, (term, used) in _used(study).items()}
    rivals = [name for name in RIVALS if found.serves[name]] or list(RIVALS)
    saved = {key: np.stack([lines["hybrid"][key] - lines[rival][key] for rival in rivals]) for key in LINES}
    flow = after_tax(study, grouped(saved)) if found.is_after_tax else sum(saved.values())
    return metrics.npv(v("finance.discount_rate"), flow, metrics.MONTHLY).min(axis=0)


@kept
def _used(study: Study) -> dict[str, tuple[Term, Used]]:
    """Each alternative and what it uses in each month, simulated once."""
    terms = {name: Term(Alternative.of(study, name)) for name in ALTERNATIVES}
    as_it_is = Values(study.scenario, {}, 1)
    return {name: (term, term.every_year(as_it_is)[0]) for name, term in terms.items()}
