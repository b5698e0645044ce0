"""By the plain rule a battery costs no more than none: never on an energy-only bill, next to never with demand charges.

The bench of `tests.project.shares` under any tariff of the library, with loads, suns and batteries nobody chose: a
month of energy, one month to a year of demand, for on the first day nothing is known. What the battery holds more at
the end counts at the cheapest price of its last two days.

Under a demand charge every cut of a peak is a bet: what cycling loses is paid, and one cloudy day takes the month's cut
away. A year wins such bets; a term of some months makes only those that cost little of what they may bring.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.inputs.scenario import Scenario
from sim.inputs.tariff import library_ids, library_tariff
from study.evaluate import evaluate
from study.foresight import hybrid_rates
from tests.project.shares import PEAK_KW, scenario

FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(FEW, max_examples=500)
MONTHS = {"energy": (1,), "demand": (1, 2, 3, 12)}
NONE = {"storage.energy_kwh": 0, "storage.power_kw": 0}
TARIFFS = {
    "energy": library_ids(),
    "demand": tuple(name for name in library_ids() if library_tariff(name).demand_charges),
}
LOSS = {"energy": 1e-9, "demand": 1e-4}  # of the bill


@st.composite
def sites(draw: st.DrawFn, bill: str) -> Scenario:
    """The bench with another load, sun and battery, over a term of some months or a year."""
    power_kw, hours = draw(st.sampled_from((300, 1000, 1800, 3000))), draw(st.sampled_from((1, 2, 4)))
    changes = {
        "site.term_months": draw(st.sampled_from(MONTHS[bill])),
        "site.start": f"2026-{draw(st.integers(1, 12)):02d}",
        "load.kind": draw(st.sampled_from(("flat", "mixed", "training", "inference"))),
        "load.seed": draw(st.integers(1, 999)),
        "pv.dc_kwp": PEAK_KW * draw(st.sampled_from((0, 0.5, 1.5))),
        "pv.seed": draw(st.integers(1, 999)),
        "grid.export_limit_kw": draw(st.sampled_from((0, 1000))),
        "storage.power_kw": power_kw,
        "storage.energy_kwh": power_kw * hours / 0.8,
    }
    return scenario(draw(st.sampled_from(TARIFFS[bill])), "flat", bill).with_(changes)


def lost(site: Scenario) -> float:
    """What the battery costs more than it saves, of the bill without it."""
    studies, costs = (evaluate(site), evaluate(site.with_(NONE))), []
    for study in studies:
        run, rates = study.dispatch, hybrid_rates(study, 1)
        k = run.row("hybrid")
        energy = run.import_kwh[k] * rates.energy_per_kwh - run.export_kwh[k] * rates.credit_per_kwh
        peaks = [c.per_kw * run.peak_kw[k].max(axis=1, where=c.measured, initial=0.0) for c in rates.demand]
        costs.append(float(energy.sum() + np.sum(peaks)))
    found = studies[0].dispatch
    left_kwh = found.trace("hybrid", 1).energy_kwh[-1] - found.lanes.energy_start_kwh[found.row("hybrid")]
    price = hybrid_rates(studies[0], 1).buy_per_kwh(found.clock.month_index, found.series.period)[-48:].min()
    price /= site.storage.charge_efficiency
    return (costs[0] - costs[1] - max(float(left_kwh), 0.0) * max(float(price), 0.0)) / costs[1]


@FEW
@given(sites("energy"))
def test_an_energy_only_bill_never_rises(site: Scenario):
    assert lost(site) <= LOSS["energy"]


@FEW
@given(sites("demand"))
def test_a_bill_with_demand_charges_rises_by_next_to_nothing(site: Scenario):
    assert lost(site) <= LOSS["demand"]


@pytest.mark.parametrize(("tariff", "months"), [("us_va_large_proxy", 2), ("my_tnb_mv_general", 1)])
def test_a_load_that_never_moves_sets_no_peak_by_charging(tariff: str, months: int):
    """The best peak was looked for to 0.1 %: the battery charged in the hair's breadth above the load, for nothing."""
    flat = {"site.term_months": months, "storage.power_kw": 300, "storage.energy_kwh": 750}
    assert lost(scenario(tariff, "flat", "demand").with_(flat)) <= LOSS["energy"]


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("bill", MONTHS)
def test_five_hundred_bills_of_each(bill: str):
    @MANY
    @given(sites(bill))
    def holds(site: Scenario):
        assert lost(site) <= LOSS[bill]

    holds()
