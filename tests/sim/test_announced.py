"""On the day before an announced outage the battery is filled, whoever orders it."""

import numpy as np
import pytest

from sim.dispatch.announced import announced, day_before
from sim.dispatch.lanes import simulate
from study.controls import by_forecast
from study.evaluate import evaluate
from study.foresight import bound
from study.presets import presets
from study.why import reasons

OUTAGE = {"month": 1, "day": 20, "hour": 17, "duration_h": 2}
SITE = presets()["blank"].scenario.with_(
    {"site.term_months": 1, "site.start": "2026-01", "load.kind": "flat", "load.peak_kw": 9000, "load.size_by": "peak"}
)
WINDOWS = [
    {"start_hour": 0, "end_hour": 6, "action": "charge"},
    {"start_hour": 10, "end_hour": 16, "action": "discharge"},
]
ORDERS = {
    "tariff": {},
    "off": {"dispatch.arbitrage": "off"},
    "windows": {"dispatch.arbitrage": "windows", "dispatch.windows": WINDOWS},
}


def site(orders, **outage):
    return SITE.with_(orders | {"grid.outages": [OUTAGE | outage]})


def charge_at_outage(scenario) -> float:
    """Of what fits between lowest and highest charge, at the beginning of the outage."""
    found, storage = simulate(scenario), scenario.storage
    trace = found.trace("hybrid", 1)
    first = int(np.flatnonzero(found.down[0])[0])
    full, empty = (found.capacity_kwh(1) * part for part in (storage.soc_max_fraction, storage.soc_min_fraction))
    return (trace.energy_kwh[first - 1] - empty) / (full - empty)


@pytest.mark.parametrize("name", ORDERS)
def test_the_battery_is_full_when_an_announced_outage_begins(name):
    assert charge_at_outage(site(ORDERS[name], announced=True)) == pytest.approx(1.0, abs=1e-6)
    assert charge_at_outage(site(ORDERS[name])) < 0.9


def test_control_by_forecast_knows_it_too():
    study = evaluate(site({}, announced=True))
    trace = by_forecast(study, bound(study))
    first = int(np.flatnonzero(study.dispatch.down[0])[0])
    served = study.dispatch.capacity_kwh(1) * study.scenario.storage.soc_max_fraction
    assert trace.energy_kwh[first - 1] == pytest.approx(served, rel=1e-3)


def test_every_hour_of_it_is_explained():
    study = evaluate(site({}, announced=True))
    trace = study.dispatch.trace("hybrid", 1)
    found = reasons(study, 1, trace)
    told = found["charge_announced"] | found["idle_announced"]
    assert told.any() and (trace.grid_charge_kw[found["charge_announced"]] > 0).all()
    clock = study.dispatch.clock
    assert not told[~day_before(announced(study.scenario, clock), clock.step_h)].any()


def test_drawn_outages_are_not_announced():
    drawn = site({"grid.outage_source": "statistics", "grid.saifi_per_year": 2, "grid.saidi_h_per_year": 4})
    assert not announced(drawn, simulate(SITE).clock).any()
