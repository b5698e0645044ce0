"""Lead times and stages through the whole study: what is not there carries nothing and costs nothing."""

from __future__ import annotations

import time
from math import inf

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from report.files import balance_kw
from sim.inputs.arrival import Step, chains, critical, dates, drawn, first_month, slack, stages
from sim.inputs.base import InputError
from sim.inputs.library import lead_steps
from sim.inputs.scenario import Scenario
from study.alerts import alerts
from study.evaluate import evaluate
from study.flows import flows
from study.presets import presets
from study.study import Study
from study.timeline import arrival, earlier_worth, plan

PRICES = {
    "finance.prices_include_vat": True,
    "finance.vat_basis": "incl",
    "finance.om_escalation": 0.0,
    "finance.genset_rent_per_set_month": 200_000.0,
    "finance.genset_mobilisation_per_set": 30_000.0,
    "finance.storage_capex_per_kwh": 1_000.0,
    "finance.storage_om_fraction": 0.02,
    "finance.storage_insurance_fraction": 0.0,
    "finance.storage_life_years": 10,
    "finance.storage_price_hours": 2.0,
    "storage.seamless_transfer": False,
}
# The fifth of the timelines worked by hand (tests/reference/timeline), as a site of its own.
STAGED = {
    "site.term_months": 12,
    "load.kind": "flat",
    "load.peak_kw": 12_000.0,
    "load.ramp": ({"month": 1, "fraction": 4 / 12}, {"month": 5, "fraction": 8 / 12}, {"month": 9, "fraction": 1.0}),
    "genset.set_kw": 2_000.0,
    "genset.sets": 5,
    "genset.last_resort_sets": 4,
    "genset.stages": ({"month": 1, "sets": 3}, {"month": 5, "sets": 2}, {"month": 9, "sets": -1}),
    "grid.existing_kw": 0.0,
    "grid.import_limit_kw": 3_000.0,
    "grid.ready_month": 8,
    "grid.outages": (),
    "storage.energy_kwh": 12_000.0,
    "storage.power_kw": 6_000.0,
    "storage.stages": ({"month": 3, "energy_kwh": 4_000.0}, {"month": 9, "energy_kwh": 8_000.0}),
    "pv.dc_kwp": 3_000.0,
    "pv.stages": ({"month": 7, "kwp": 3_000.0},),
    **PRICES,
}


@pytest.fixture(scope="module")
def staged() -> Study:
    return evaluate(Scenario().with_(STAGED))


def paid(study: Study, line: str, alternative: str) -> dict[int, float]:
    """What a line costs, by column: 0 is the start, m the end of month m."""
    found = -study.ledger.lines[line][study.dispatch.row(alternative)]
    return {int(at): round(float(found[at]), 2) for at in np.flatnonzero(found)}


def test_sets_come_and_go_are_rented_and_moved_by_the_month(staged: Study):
    assert staged.dispatch.sets[0].tolist() == [3, 3, 3, 3, 5, 5, 5, 5, 4, 4, 4, 4]
    assert sum(paid(staged, "genset_rent", "diesel").values()) == 9_600_000
    # three in at the start, two more in month 4; the price of a set is for coming and going
    assert paid(staged, "genset_mobilisation", "diesel") == {0: 90_000, 4: 60_000}


def test_a_stage_of_the_battery_is_bought_in_its_month_ages_and_costs_from_it(staged: Study):
    assert paid(staged, "storage_capex", "hybrid") == {2: 4_000_000, 8: 8_000_000}
    care = paid(staged, "storage_om", "hybrid")
    assert sorted(care) == list(range(3, 13))
    assert (care[3], care[8], care[9]) == (6_666.67, 6_666.67, 20_000.0)
    # ten years of life: of 4 MWh ten months are gone, of 8 MWh four
    left = 4e6 * (1 - 10 / 120) + 8e6 * (1 - 4 / 120)
    assert -sum(paid(staged, "storage_residual", "hybrid").values()) == pytest.approx(left, abs=0.01)


def test_what_is_not_there_yet_does_nothing(staged: Study):
    row = staged.dispatch.row("hybrid")
    discharged, pv = (staged.dispatch.monthly[name][row] for name in ("discharge_kwh", "pv_load_kwh"))
    assert not discharged[:2].any() and not pv[:6].any() and pv[6:].all()
    trace = staged.dispatch.trace("hybrid", 1)
    month = staged.dispatch.clock.month_index
    most = [trace.energy_kwh[month == m].max() for m in (1, 7, 11)]
    assert most[0] == 0 and most[1] <= 4_000 and most[2] <= 12_000
    assert np.abs(balance_kw(trace)).max() < 1e-6 * 12_000
    assert trace.auxiliary_kw[month == 1].max() == 0 < trace.auxiliary_kw[month == 2].max()


def test_a_batch_of_variants_has_the_study_in_it(staged: Study):
    found = flows(staged, {"finance.diesel_per_l": [staged.scenario.finance.diesel_per_l]})
    row = staged.dispatch.row("hybrid")
    assert found.own[0] == pytest.approx(staged.ledger.total[row], rel=1e-9, abs=1e-3)


def test_one_stage_from_the_start_is_the_scalar_bit_for_bit():
    scalar = presets()["case_a"].scenario
    kwh = scalar.storage.energy_kwh
    one = {"month": 1, "energy_kwh": kwh}
    found, plain = evaluate(scalar.with_({"storage.stages": (one,)})), evaluate(scalar)
    assert all(np.array_equal(found.ledger.lines[name], line) for name, line in plain.ledger.lines.items())
    assert all(np.array_equal(found.dispatch.monthly[name], sums) for name, sums in plain.dispatch.monthly.items())


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.integers(1, 5), more=st.integers(0, 3), month=st.integers(2, 6))
def test_a_bigger_first_stage_never_powers_a_tenth_later(first: int, more: int, month: int):
    def tenths(count: int) -> list[float]:
        rows = ({"month": 1, "sets": count}, {"month": month, "sets": 6 - first})
        site = Scenario().with_({**STAGED, "site.term_months": 6, "genset.stages": rows, "load.ramp": ()})
        found = plan(evaluate(site)).power["diesel"].tenths
        return [inf if one is None else one for one in found]

    assert all(b <= a for a, b in zip(tenths(first), tenths(first + more), strict=True))


def test_case_a_by_its_lead_times_is_diesel_alone():
    """Four months, a connection that takes five and containers that take four: neither is bought, nobody rents it."""
    study = evaluate(presets()["case_a"].scenario.with_({"timing.by_month": True}))
    assert study.scenario.grid.ready_month == 5 and stages(study.scenario, "battery") == ()
    hybrid, diesel = (study.ledger.total[study.dispatch.row(name)] for name in ("hybrid", "diesel"))
    assert np.array_equal(hybrid, diesel)
    assert plan(study).power["grid"].tenths == (None,) * 10
    assert study.dispatch.sets[:, 0].tolist() == [0, 0, 0, 0]  # rented sets come in month 1


def test_the_months_of_the_grid_and_what_they_do_to_case_a():
    found = arrival(evaluate(presets()["case_a"].scenario))
    saved = [1 - own / base for own, base in zip(found.cost["hybrid"], found.cost["diesel"], strict=True)]
    assert found.usual == 5 and found.months == (0, 1, 2, 3, 4)
    assert saved[0] > 0.48 and saved[-1] < 0 and saved == sorted(saved, reverse=True)


def test_a_month_less_of_a_step_that_waits_for_another_is_worth_nothing():
    site = presets()["case_b"].scenario.with_(
        {"site.term_months": 36, "grid.existing_kw": 0.0, "timing.by_month": True, "finance.waiting_per_mw_month": 1e6}
    )
    found = plan(evaluate(site))
    worth = earlier_worth(found, "grid")
    assert set(worth) == {"apply", "permit", "order", "works", "commission"}
    assert worth["permit"] == 0 and worth["order"] == worth["works"] != 0
    assert found.power["grid"].waiting_cost == pytest.approx(found.power["grid"].waiting_mw_months * 1e6)


def test_draws_are_quick_and_keep_the_order_of_their_quantiles():
    study = evaluate(presets()["case_b"].scenario.with_({"grid.existing_kw": 0.0, "timing.by_month": True}))
    found, took = plan(study), []
    for _ in range(3):
        began = time.perf_counter()
        plan.__wrapped__(study)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.5
    for part in found.parts:
        half, most = (inf if month is None else month for month in part.quantiles)
        assert half <= most
        low, high = (
            sum(getattr(step, end) for step in part.chain if step.key in part.critical) for end in ("low", "high")
        )
        assert half >= 0 and (low - 1 <= most <= high + 1)


def test_a_step_that_never_ends_holds_up_what_waits_for_it():
    chain = (Step("permit", inf), Step("works", 6.0, ("permit",)), Step("order", 3.0))
    assert dates(chain)["works"] == inf and dates(chain)["order"] == 3
    assert first_month(chain) is None and slack(chain) == {} and critical(chain) == ()
    assert np.isinf(drawn(chain, 3, 1)).all()
    with pytest.raises(ValueError, match="wait for each other"):
        dates((Step("a", 1.0, ("b",)), Step("b", 1.0, ("a",))))


@pytest.mark.parametrize(
    ("chain", "total"),
    [
        ("grid_10kv", (5, 3, 10)),
        ("grid_110kv", (18, 12, 30)),
        ("battery", (4, 2, 8)),
        ("pv", (4, 2, 9)),
        ("sets_rented", (0.75, 0.25, 2)),
    ],
)
def test_the_steps_of_a_usual_chain_come_to_its_total(chain: str, total: tuple[float, ...]):
    for end, expected in zip(("value", "low", "high"), total, strict=True):
        steps = [Step(key, float(getattr(found, end)), after) for key, after, found in lead_steps(chain)]
        assert max(dates(steps).values()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"storage.stages": ({"month": 5, "energy_kwh": 1.0}, {"month": 2, "energy_kwh": 1.0})},
            "order of their months",
        ),
        ({"genset.stages": ({"month": 1, "sets": 2}, {"month": 3, "sets": -3})}, "there would be -1 sets"),
        ({"timing.steps": ({"part": "grid", "step": "works", "months": -1},)}, "at least 0"),
        ({"timing.steps": ({"part": "grid", "step": "works", "months": 1, "low": 3, "high": 2},)}, "swap the two"),
        ({"timing.steps": ({"part": "grid", "step": "works", "months": 1, "low": 3},)}, "give both, or neither"),
        ({"timing.steps": ({"part": "pv", "step": "apply"},) * 2}, "given twice"),
        (
            {
                "timing.by_month": True,
                "storage.energy_kwh": 1000.0,
                "timing.steps": ({"part": "battery", "step": "works", "months": 1},),
            },
            "has no step 'works'",
        ),
    ],
)
def test_bad_stages_and_lead_times_are_refused(changes: dict, said: str):
    with pytest.raises(InputError, match=said):
        Scenario().with_(changes)


def test_a_stage_after_the_term_is_told_with_its_remedy():
    late = {**STAGED, "genset.stages": ({"month": 1, "sets": 3}, {"month": 15, "sets": 2})}
    study = evaluate(Scenario().with_(late))
    told = next(alert for alert in alerts(study) if alert.code == "stage_late_sets")
    assert told.figure.value == 15 and told.remedies == {"site.term_months": 15.0}
    assert study.dispatch.sets[0].tolist() == [3] * 12


def test_own_months_go_before_the_usual_ones():
    rows = ({"part": "grid", "step": "order", "months": 8.0, "low": 8.0, "high": 8.0},)
    site = Scenario().with_(
        {"timing.by_month": True, "timing.grid_works": "10kv", "timing.steps": rows, "grid.existing_kw": 0.0}
    )
    assert first_month(chains(site)["grid"]) == 11 == site.grid.ready_month
    never = site.with_({"timing.steps": ({"part": "grid", "step": "order"},)})
    assert never.grid.ready_month == 360
