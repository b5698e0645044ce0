"""What the plant really gives is one figure everywhere: on the pages, on paper, in the claims and in the simulation."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from i18n import words
from report.paper.blocks import Draft
from report.paper.offer import Offer
from report.paper.operation import resilience
from report.paper.plant import energy_rungs
from report.screen import operation as charts_operation
from report.text import say
from sim.dispatch.lanes import site_set_kw
from sim.inputs.plant import Control
from sim.inputs.storage import Storage
from sim.plant.battery import available, lane_fields, nameplate_for_kwh, usable_kwh
from study import answer, autonomy, claims
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study
from study.weeks import choose
from tests.ui.test_ui import open_app

EN = words("en")
SHARES = st.floats(0.0, 1.0)


@cache
def with_a_spare() -> Study:
    """Case B with one of its four cabinets as a spare, and a load that the other three can carry."""
    return evaluate(presets()["case_b"].scenario.with_({"storage.spare_cabinets": 1, "load.peak_kw": 5000.0}))


@cache
def derated() -> Study:
    """Two sets of 1,500 kW rated for 1000 m and 40 C, in Qingyang at 1,400 m."""
    changes = {"site.place": "qingyang", "genset.rating_at": "standard", "genset.set_kw": 1500.0}
    return evaluate(presets()["case_b"].scenario.with_({**changes, "genset.last_resort_sets": 2}))


def draft_of(study: Study) -> Draft:
    return Draft(study, EN, Offer(), (), frozenset())


@settings(max_examples=60, deadline=None)
@given(
    window=st.tuples(SHARES, SHARES).filter(lambda pair: abs(pair[0] - pair[1]) > 0.05),
    efficiency=st.floats(0.6, 1.0),
    gain=st.floats(0.0, 0.05),
    spare=st.integers(0, 3),
    mtbf_h=st.none() | st.floats(100.0, 1e5),
)
def test_usable_energy_is_what_the_lanes_of_the_simulation_hold(window, efficiency, gain, spare, mtbf_h) -> None:
    low, high = sorted(window)
    storage = Storage(
        soc_min_fraction=low,
        soc_max_fraction=high,
        soc_start_fraction=high,
        discharge_efficiency=efficiency,
        near_load_loss_gain_fraction=gain,
        spare_cabinets=spare,
        cabinet_mtbf_h=mtbf_h,
    )
    lane = {name: float(values[0]) for name, values in lane_fields(storage, Control(), np.ones(1)).items()}
    held_kwh = (lane["energy_max_kwh"] - lane["energy_min_kwh"]) * lane["discharge_efficiency"]
    assert usable_kwh(storage) == pytest.approx(held_kwh)
    assert lane["battery_kw"] == pytest.approx(available(storage)[0])
    assert nameplate_for_kwh(storage, usable_kwh(storage)) == pytest.approx(storage.energy_kwh)
    assert usable_kwh(storage, low / 2) == 0.0


def test_a_spare_cabinet_is_not_counted_on_in_any_place() -> None:
    """Three of four cabinets: 15 of 20 MWh, 90 % of it between the limits, 94.5 % of that at the bus."""
    study, mwh = with_a_spare(), 20 * 0.75 * 0.9 * 0.945
    storage, kept = study.scenario.storage, study.scenario.dispatch.reserve_fraction
    assert usable_kwh(storage) == pytest.approx(1000 * mwh)
    rungs = [kwh / 1000 for _, kwh in energy_rungs(draft_of(study))]
    assert rungs[:4] == pytest.approx([20, 15, 13.5, mwh])
    assert rungs[4] == pytest.approx(mwh * study.dispatch.life.health.min())
    assert answer.ride_through_h(study).value == pytest.approx(1000 * mwh / answer.full_load_kw(study))
    year = evaluate(study.scenario.with_({"site.term_months": 12}))
    assert autonomy.autonomy(study)["hybrid"].battery_h == pytest.approx(1000 * mwh / autonomy.mean_load_kw(year))
    claim = claims.METRICS["ride_through_h"].value(study, {"critical_kw": 1000.0})
    assert claim.value == pytest.approx(usable_kwh(storage, kept) / 1000)


def test_equipment_says_what_is_usable_and_what_the_sets_give() -> None:
    app = open_app("equipment", preset="case_b", **{"storage.spare_cabinets": "1"})
    found = " ".join(str(node.value) for node in [*app.header, *app.subheader, *app.markdown])
    assert "12.8\u00a0MWh usable, 1.70\u00a0h at 7.50\u00a0MW" in found


def test_sets_that_altitude_derates_are_that_small_on_paper_and_on_equipment() -> None:
    study = derated()
    kw = 2 * site_set_kw(study.scenario)
    assert 2700 < kw < 2950
    assert study.dispatch.lanes.set_kw == pytest.approx(kw / 2)
    paper = json.dumps(resilience(draft_of(study)), ensure_ascii=False)
    assert say.power(kw, EN) in paper and say.power(3000, EN) not in paper
    changes = {"site.place": "qingyang", "genset.rating_at": "standard", "genset.last_resort_sets": "2"}
    app = open_app("equipment", preset="case_b", **changes)
    found = " ".join(str(node.value) for node in [*app.header, *app.subheader, *app.markdown])
    assert f"{say.power(kw, EN)} in the hybrid" in found


def test_the_charge_that_is_drawn_stays_above_the_reserve_that_is_drawn() -> None:
    """In the last year the cells hold less: both are shares of what they hold then."""
    study = with_a_spare()
    year, kept = study.dispatch.years, study.scenario.dispatch.reserve_fraction
    trace = study.dispatch.trace("hybrid", year)
    steps = choose(study, "hybrid", year, trace, "typical", 7).steps(study.dispatch.clock)
    drawn = charts_operation.charge_fractions(study, year, trace, steps)
    assert kept - 1e-9 <= drawn.min() and drawn.max() <= study.scenario.storage.soc_max_fraction + 1e-9
    first = charts_operation.charge_fractions(study, 1, study.dispatch.trace("hybrid", 1), slice(0, 24))
    assert first[0] == pytest.approx(study.scenario.storage.soc_start_fraction)
