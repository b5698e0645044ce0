"""What the site pays in one full year, here and under other tariffs."""

from __future__ import annotations

import numpy as np
import pytest

from sim.inputs.scenario import Scenario
from sim.inputs.tariff import library_tariff
from study.evaluate import evaluate
from study.presets import presets
from study.site_year import elsewhere, full_year, under

FLAT = Scenario().with_({"load.kind": "flat", "load.peak_kw": 1000.0, "site.term_months": 12})


def test_flat_load_under_a_flat_tariff_by_hand() -> None:
    """1 MW all year under one price: 8.76 GWh times (price + adders), twelve demand charges of 1000 kW each."""
    tariff = library_tariff("my_tnb_mv_general")
    found = under(full_year(FLAT), tariff)
    energy = 8_760_000 * (tariff.seasons[0].prices_per_kwh["flat"] + tariff.energy_adders_per_kwh)
    demand = 12 * 1000 * sum(charge.per_kw_month for charge in tariff.demand_charges)
    due = energy * (1 + tariff.energy_tax_rate) + demand + 12 * tariff.fixed_per_month
    assert found.cost("grid") == pytest.approx(due, rel=1e-12)
    assert found.import_kwh("grid") == pytest.approx(8_760_000)
    assert found.mean_per_kwh == pytest.approx(due / 8_760_000)
    assert found.monthly_kw("grid") == pytest.approx(np.full(12, 1000.0))


def test_a_connected_site_pays_what_its_study_says_in_year_one() -> None:
    """Where the grid is there from the start and nothing ramps, the year is the study's first.

    The hybrid's to 1e-5: how its cells fade is found from the use of the whole term, so capacity in year one differs
    by 7e-7 between a term of one year and one of fifteen.
    """
    scenario = presets()["case_c"].scenario
    study, year = evaluate(scenario), under(full_year(scenario), scenario.tariff)
    for name, rel in (("grid", 1e-12), ("hybrid", 1e-5)):
        row = study.dispatch.row(name)
        assert year.cost(name) == pytest.approx(study.bill.total[row, :12].sum(), rel=rel)


@pytest.mark.parametrize("name", ["case_a", "case_d", "blank"])
def test_term_and_arrival_of_the_grid_play_no_part(name: str) -> None:
    scenario = presets()[name].scenario
    later = scenario.with_(
        {"site.term_months": 24, "grid.ready_month": 9, "load.ramp": [{"month": 1, "fraction": 0.3}]}
    )
    here, there = (under(full_year(one), one.tariff).cost("hybrid") for one in (scenario, later))
    assert here == pytest.approx(there, rel=1e-12)


def test_elsewhere_is_in_the_tariffs_own_currency() -> None:
    found = elsewhere(FLAT, ["cn_shanghai_35kv", "my_tnb_mv_tou"])
    assert [(row.library_id, row.currency) for row in found] == [("cn_shanghai_35kv", "CNY"), ("my_tnb_mv_tou", "MYR")]
    for row in found:
        year = under(full_year(FLAT), library_tariff(row.library_id))
        assert (row.grid, row.hybrid) == (year.cost("grid"), year.cost("hybrid"))
        assert row.mean_per_kwh == pytest.approx(row.grid / 8_760_000)


def test_a_site_without_a_connection_gets_one_of_its_peak() -> None:
    alone = FLAT.with_({"grid.existing_kw": 0.0, "grid.import_limit_kw": 0.0})
    assert under(full_year(alone), alone.tariff).import_kwh("grid") == pytest.approx(8_760_000)
