"""Batched flows against the whole study of each variant: the base and every price exactly, the plant closely."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from finance.figures import WORTH
from sim.dispatch import variants
from study.evaluate import evaluate
from study.flows import flows
from study.presets import presets
from study.risk import measured
from study.varied import MONEY, OF_HYBRID, VARIED
from tests.studies import study_of

ROOT = Path(__file__).resolve().parents[2]
CASES = ("case_a", "case_b", "case_c", "case_d", "blank")
# What a study can hold and a batch could leave out: cells added and never replaced, a growing load, outages of every
# year's own, load shed in them, a ratchet and prices on a path.
VARIANTS = {
    "as shipped": {},
    "cells on a line": {"storage.fade_model": "line"},
    "cells added": {"storage.renewal": "augment", "storage.augment_below_fraction": 0.95},
    "cells added every three years": {
        "storage.renewal": "augment",
        "storage.augment_by": "periodic",
        "storage.augment_every_years": 3,
    },
    "cells left to fade": {"storage.fade_model": "line", "storage.renewal": "none", "storage.fade_per_year": 0.04},
    "growing load": {
        "load.growth_per_year": 0.02,
        "load.ramp": [{"month": 1, "fraction": 0.5}, {"month": 7, "fraction": 1}],
    },
    "outages of every year": {
        "grid.saifi_per_year": 6.0,
        "grid.saidi_h_per_year": 12.0,
        "grid.outage_source": "statistics",
        "grid.outage_spread": 1.5,
        "load.critical_fraction": 0.7,
        "finance.count_interruptions": True,
    },
    "ratchet": {"tariff.ratchet_fraction": 0.8, "tariff.ratchet_months": 11},
    "prices on a path": {
        "finance.energy_price_factor": 1.1,
        "finance.energy_escalation": 0.03,
        "finance.demand_escalation": -0.01,
        "finance.price_shocks": [{"component": "energy", "first_year": 2, "last_year": 3, "factor": 1.4}],
        "tariff.minimum_per_month": 500_000,
    },
    "load that gives way": {"compute.cap_rule": "both", "compute.shed_in_outages": True},
}

# Of the saving. What the plain rule plans from: a variant follows the scenario's own levels and moves its ceilings, its
# study plans anew. What fades otherwise ends a year with another charge, and the variant begins with the study's.
NEAR = dict.fromkeys(
    (
        "pv.dc_kwp",
        "storage.energy_kwh",
        "storage.power_kw",
        "storage.auxiliary_kw_per_mwh",
        "dispatch.reserve_fraction",
    ),
    1e-2,
) | dict.fromkeys(("storage.fade_first_year", "storage.fade_per_year"), 1e-4)

LINE = {"storage.fade_model": "line"}


@pytest.fixture(scope="module")
def studies():
    """Every case with cells that fade on a straight line, which no dispatch changes."""
    return {name: evaluate(presets()[name].scenario.with_(LINE)) for name in CASES}


def worth(found):
    return measured(found, WORTH)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_scenario_itself_gives_the_studys_figures(name, variant):
    study = evaluate(presets()[name].scenario.with_(VARIANTS[variant]))
    found = flows(study, {})
    for flow, row in ((found.own, "hybrid"), (found.base, study.baseline)):
        expected = study.ledger.total[study.dispatch.row(row)]
        np.testing.assert_allclose(flow[0], expected, atol=1e-9 * np.abs(expected).max(), rtol=1e-11)
    assert worth(found)[0] == pytest.approx(study.kpis["hybrid"].npv.value, rel=1e-9)
    assert found.co2_t[0] == pytest.approx(study.kpis["hybrid"].co2_t, rel=1e-11)
    for kwh, row in ((found.unserved_kwh, "hybrid"), (found.base_unserved_kwh, study.baseline)):
        assert kwh[0] == pytest.approx(study.kpis[row].unserved_kwh, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("variant", ("as shipped", "cells added", "growing load", "ratchet", "prices on a path"))
def test_a_draw_with_the_scenarios_values_and_outages_is_the_study(name, variant):
    """One year of a draw is simulated; what the study's years are beside that one is put on top."""
    study = evaluate(presets()[name].scenario.with_(VARIANTS[variant]))
    listed = variants.listed_outages(study.dispatch.series.grid_up, 2)
    found = flows(study, {"finance.diesel_per_l": np.full(2, study.scenario.finance.diesel_per_l)}, listed)
    assert worth(found) == pytest.approx(study.kpis["hybrid"].npv.value, rel=1e-9)


@pytest.mark.parametrize("name", ("case_b", "case_c"))
def test_a_draw_without_outages_leaves_nothing_dark(name):
    study = evaluate(presets()[name].scenario.with_({"load.growth_per_year": 0.0}))
    calm = variants.listed_outages(np.ones(study.dispatch.clock.steps), 1)
    assert flows(study, {}, calm).unserved_kwh == pytest.approx(0, abs=1e-6)


def test_every_draw_is_near_its_own_study():
    """Case C under drawn values and outages, against a study of each with these outages listed."""
    study, random = evaluate(presets()["case_c"].scenario), np.random.default_rng(4)
    hours = [(int(month), int(day), int(hour)) for month, day, hour in random.integers((1, 1, 0), (13, 29, 24), (3, 3))]
    values = {"finance.diesel_per_l": [3.5, 2.0, 4.0], "storage.charge_efficiency": [0.95, 0.97, 0.96]}
    for at, (month, day, hour) in enumerate(hours):
        outage = {"month": month, "day": day, "hour": hour, "duration_h": 3.0}
        own = {path: value[at] for path, value in values.items()} | {
            "grid.outages": [*study.scenario.grid.outages, outage]
        }
        truth = evaluate(study.scenario.with_(own))
        listed = variants.listed_outages(truth.dispatch.series.grid_up, 1)
        found = flows(study, {path: [value[at]] for path, value in values.items()}, listed)
        near = 6e-3 * abs(study.savings["hybrid"].total)
        assert worth(found)[0] == pytest.approx(truth.kpis["hybrid"].npv.value, abs=near)


def changed(scenario, path):
    value = scenario.get(path)
    return value * (0.9 if path.endswith(("share", "fraction")) else 1.1) if value else 0.01


def whole(study, changes):
    """The whole study of a changed scenario, simulated only where the plant changes."""
    scenario = study.scenario.with_(changes)
    return evaluate(scenario, study.dispatch if scenario.dispatch_key == study.dispatch.key else None)


@pytest.mark.parametrize("name", ("case_a", "case_c"))
@pytest.mark.parametrize("path", [path for path in (*OF_HYBRID[2:], *MONEY) if "efficiency" not in path])
def test_one_input_changed_gives_its_study_exactly(studies, name, path):
    study = studies[name]
    value = changed(study.scenario, path)
    other = whole(study, {path: value})
    found = flows(study, {path: [value, study.scenario.get(path)]})
    near = NEAR.get(path, 1e-9) * abs(other.savings["hybrid"].total)
    assert found.saving[0] == pytest.approx(other.savings["hybrid"].total, abs=near)
    assert worth(found)[0] == pytest.approx(other.kpis["hybrid"].npv.value, abs=near)
    assert found.saving[1] == pytest.approx(study.savings["hybrid"].total, rel=1e-11)


@pytest.mark.parametrize("name", ("case_b", "case_c"))
@pytest.mark.parametrize("path", MONEY)
def test_a_price_changed_gives_its_study_exactly_whatever_ages(name, path):
    study = aged(name)
    value = changed(study.scenario, path)
    other = whole(study, {path: value})
    assert worth(flows(study, {path: [value]}))[0] == pytest.approx(other.kpis["hybrid"].npv.value, rel=1e-9)


@cache
def aged(name):
    """Cells that age by their use and are filled up: the yearly capacity, and what new cells cost, are not simple."""
    return evaluate(presets()[name].scenario.with_(VARIANTS["cells added"]))


def test_cabinets_that_fail_are_those_of_the_study(studies):
    failing = {"storage.cabinet_mtbf_h": 800, "storage.cabinet_repair_h": 200, "storage.spare_cabinets": 1}
    beside = {"storage.near_load_loss_gain_fraction": 0.02}
    study = evaluate(studies["case_a"].scenario.with_(failing | beside))
    assert flows(study, {}).saving[0] == pytest.approx(study.savings["hybrid"].total, rel=1e-11)
    assert study.savings["hybrid"].total != studies["case_a"].savings["hybrid"].total


def test_cells_that_are_never_replaced_are_not_paid_for():
    """Case B fading 4 % a year, looked at from a study that fades 1 %: no cells are bought in either. The orders
    stay those of the study's own cells (`docs/method.md`, Risk), which is worth less than 1e-4 of it."""
    case = presets()["case_b"].scenario.with_(LINE | {"storage.renewal": "none", "storage.fade_per_year": 0.01})
    study, other = evaluate(case), evaluate(case.with_({"storage.fade_per_year": 0.04}))
    assert other.dispatch.life.added.sum() == 0
    assert worth(flows(study, {"storage.fade_per_year": [0.04]}))[0] == pytest.approx(
        other.kpis["hybrid"].npv.value, rel=1e-4
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"storage.energy_kwh": 12_000, "finance.storage_capex_per_kwh": 900},
        {"storage.fade_per_year": 0.045, "finance.energy_price_factor": 1.0},
        {"pv.dc_kwp": 4_000, "finance.pv_capex_per_kwp": 2500, "finance.energy_escalation": 0.02},
        {"storage.energy_kwh": 0, "storage.power_kw": 0},
    ],
)
def test_several_inputs_changed_in_a_case_of_fifteen_years(studies, changes):
    study = studies["case_b"]
    other = evaluate(study.scenario.with_(changes))
    found = flows(study, {path: [value] for path, value in changes.items()})
    cost = study.kpis[study.baseline].total_cost
    near = 5e-4 if "pv.dc_kwp" in changes else 1e-5  # the plan of the plain rule is the scenario's own
    assert found.saving[0] == pytest.approx(other.savings["hybrid"].total, abs=near * cost)


@pytest.mark.parametrize("document", ["method.md", "method.zh.md"])
def test_the_method_tells_how_far_off_a_variant_may_be(document):
    study = study_of("case_c")
    kept = study.scenario.dispatch.reserve_fraction * 1.2
    alone = evaluate(study.scenario.with_({"dispatch.reserve_fraction": kept}))
    off = worth(flows(study, {"dispatch.reserve_fraction": [kept]}))[0] - alone.kpis["hybrid"].npv.value
    share = 100 * abs(off) / study.savings["hybrid"].total
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    assert f" {share:.1f} %" in text or f" {share:.1f}%" in text


def test_growing_load_and_a_grid_that_comes_later_are_followed():
    scenario = presets()["case_b"].scenario.with_(
        LINE
        | {
            "finance.baseline": "grid_diesel",
            "grid.existing_kw": 4000,
            "grid.ready_month": 18,
            "load.growth_per_year": 0.01,
            "load.peak_kw": 8000,
            "genset.last_resort_sets": 2,
            "site.term_months": 72,
        }
    )
    study = evaluate(scenario)
    found = flows(study, {})
    assert found.saving[0] == pytest.approx(study.savings["hybrid"].total, rel=1e-11)
    assert -found.base[0].sum() == pytest.approx(study.kpis["grid_diesel"].total_cost, rel=1e-11)


def test_spread_keeps_the_mean_price(studies):
    """A flat load's bill does not change with the spread; the battery's saving does."""
    study = studies["case_b"]
    found = flows(study, {"tariff.spread": [0.5, 1.0, 1.5]})
    assert (np.diff(found.saving) > 0).all()
    assert found.base.sum(axis=1) == pytest.approx(found.base[1].sum(), rel=0.01)


def test_chunks_threads_and_neighbours_do_not_change_a_digit(studies):
    study, random = studies["case_a"], np.random.default_rng(2)
    values = {"finance.diesel_per_l": random.uniform(6, 9, 1100), "load.level": random.uniform(0.9, 1.0, 1100)}
    whole, one = flows(study, values, threads=2), flows(study, values, threads=1)
    np.testing.assert_array_equal(whole.own, one.own)
    some = flows(study, {path: array[1020:1030] for path, array in values.items()})
    np.testing.assert_array_equal(whole.own[1020:1030], some.own)


def test_progress_is_told_and_can_end_the_run(studies):
    seen = []
    flows(studies["case_a"], {"load.level": np.ones(2100)}, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1024, 2100), (2048, 2100), (2100, 2100)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flows(studies["case_a"], {"load.level": np.ones(2100)}, progress=stop)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"load.pue": [1.2]}, "cannot be varied in a batch"),
        ({"load.level": [1.0, 1.1], "pv.dc_kwp": [0.0]}, "same length"),
        ({"finance.diesel_per_l": [-1.0]}, "out of range"),
        ({"load.level": [np.nan]}, "out of range"),
    ],
)
def test_bad_values_say_what_to_do(studies, values, message):
    with pytest.raises(ValueError, match=message):
        flows(studies["case_a"], values)
    assert "load.pue" not in VARIED
