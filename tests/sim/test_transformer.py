"""Transformer losses by hand, and that every figure made from them agrees."""

import numpy as np
import pytest

from finance.waterfall import waterfall
from sim.inputs.grid import Grid
from sim.plant import transformer
from study.evaluate import evaluate
from study.flows import flows
from study.presets import presets

LOSSES = {"grid.transformer_no_load_loss_fraction": 0.001, "grid.transformer_load_loss_fraction": 0.008}
FLAT = {"load.kind": "flat", "load.pue_model": "constant", "site.term_months": 24, "storage.fade_model": "line"}


@pytest.fixture(scope="module")
def small():
    """10 MW flat behind 12.5 MVA: 12.5 kW without load, 10,000^2 / 12,500 x 0.008 = 64 kW with it."""
    case = presets()["blank"].scenario.with_({**FLAT, "load.peak_kw": 10_000, "grid.transformer_kva": 12_500})
    return evaluate(case), evaluate(case.with_(LOSSES))


def test_losses_of_a_loading_by_hand():
    grid = Grid(transformer_kva=1000, transformer_no_load_loss_fraction=0.002, transformer_load_loss_fraction=0.01)
    assert transformer.loss_kw(grid, np.array([0.0, 500.0, 1000.0])).tolist() == pytest.approx([2.0, 4.5, 12.0])
    assert transformer.loss_kw(grid.model_copy(update={"transformer_kva": 0.0}), 500.0) == 0


def test_the_meter_reads_the_losses_of_a_flat_load(small):
    plain, lossy = small
    row = plain.dispatch.row("grid")
    hours = 24 * 365 * 2
    assert lossy.dispatch.transformer_kwh[row].sum() == pytest.approx(76.5 * hours)
    assert lossy.kpis["grid"].grid_kwh == pytest.approx(10_076.5 * hours)
    assert lossy.kpis["grid"].peak_import_kw == pytest.approx(10_076.5)
    assert lossy.kpis["grid"].energy_served_kwh == plain.kpis["grid"].energy_served_kwh
    assert lossy.kpis["diesel"].total_cost == plain.kpis["diesel"].total_cost
    assert not plain.dispatch.transformer_kwh.any() and not lossy.dispatch.transformer_kwh[0].any()


def test_no_losses_before_the_grid_is_there(small):
    late = evaluate(small[1].scenario.with_({"grid.ready_month": 6}))
    assert not late.dispatch.transformer_kwh[:, :6].any() and late.dispatch.transformer_kwh[1:, 6:].any()


def test_the_saving_has_a_step_for_them_and_still_sums(small):
    lossy = evaluate(small[1].scenario.with_({"finance.baseline": "grid"}))
    found = waterfall(lossy.scenario, lossy.dispatch, lossy.bill, lossy.ledger)
    assert found.totals["transformer"] != 0
    left = found.before - sum(found.steps.values()) - found.after
    assert np.abs(left).max() < 1e-6 * np.abs(found.before).max()


def test_draws_bill_them_as_the_study_does():
    case = presets()["case_a"].scenario.with_({**LOSSES, "storage.fade_model": "line", "finance.baseline": "grid"})
    study = evaluate(case)
    assert study.dispatch.transformer_kwh.any()
    assert flows(study, {}).saving[0] == pytest.approx(study.savings["hybrid"].total, rel=1e-9)
