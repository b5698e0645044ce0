"""Declared demand through a whole study, by hand: 10 MW flat, 12.5 MVA, 40 per kW and month."""

import numpy as np
import pytest

from finance.bill import OVERRUN
from finance.waterfall import bill_components, waterfall
from sim.inputs.base import InputError
from sim.inputs.scenario import scenario_from_dict
from study.attribution import attribute
from study.evaluate import evaluate
from study.flows import flows

GRID = {"existing_kw": 20_000, "import_limit_kw": 20_000, "transformer_kva": 12_500}
PER_KW = [{"name": "max_demand", "per_kw_month": 40}]
NO_SETS = {"sets": 0, "backup_sets": 0, "last_resort_sets": 0}
# Lossless, no auxiliaries, no ageing: charging lifts the import by exactly its power.
BATTERY = {
    "energy_kwh": 10_800,
    "power_kw": 2_700,
    "soc_min_fraction": 0,
    "soc_max_fraction": 1,
    "soc_start_fraction": 0,
    "charge_efficiency": 1,
    "discharge_efficiency": 1,
    "auxiliary_kw_per_mwh": 0,
    "fade_model": "line",
    "fade_per_year": 0,
    "fade_first_year": 0,
}


def day(*windows):
    return [{"start_hour": start, "end_hour": end, "period": period} for start, end, period in windows]


def season(prices, windows):
    days = {name: windows for name in ("weekday", "saturday", "sunday_holiday")}
    return {"name": "all", "months": list(range(1, 13)), "prices_per_kwh": prices, **days}


FLAT = season({"flat": 0.6}, day((0, 24, "flat")))
# Four hours to charge and four to give back, so that the battery runs at its full power in both.
FOUR_HOURS = season(
    {"valley": 0.3, "flat": 0.6, "peak": 0.9},
    day((0, 4, "valley"), (4, 16, "flat"), (16, 20, "peak"), (20, 24, "flat")),
)
# By order, for the plain rule would not set a peak that does not pay.
WINDOWS = [
    {"start_hour": 0, "end_hour": 4, "action": "charge"},
    {"start_hour": 16, "end_hour": 20, "action": "discharge"},
]


def study(tariff=None, **sections):
    """A flat 10 MW load for a year, by contract demand unless the tariff says otherwise."""
    base = {"name_en": "hand", "currency": "CNY", "seasons": [FLAT], "demand_basis": "contract_demand"}
    base |= {"demand_charges": PER_KW, "capacity_per_kva_month": 25, "vat_rate": 0.13}
    tree = {
        "site": {"start": "2026-01", "term_months": 12},
        "load": {"kind": "flat", "peak_kw": 10_000},
        "grid": GRID | sections.pop("grid", {}),
        "tariff": base | (tariff or {}),
        "storage": sections.pop("storage", {"energy_kwh": 0, "power_kw": 0}),
        "genset": NO_SETS,
        "dispatch": {"reserve_fraction": 0, "arbitrage": "windows", "windows": WINDOWS} | sections.pop("dispatch", {}),
        "finance": {"baseline": "grid"} | sections.pop("finance", {}),
    }
    return evaluate(scenario_from_dict(tree | sections))


def basic(found, alternative):
    """Basic charge of the year."""
    return sum(charge[found.dispatch.row(alternative)].sum() for charge in found.bill.demand_charges.values())


def explained(found, **names):
    return waterfall(found.scenario, found.dispatch, found.bill, found.ledger, **names)


@pytest.mark.parametrize(("declared_kw", "year"), [(10_000, 4.80e6), (None, 4.5714e6)])
def test_a_flat_load(declared_kw, year):
    """4.80 M declared at 10,000 kW, 4.57 M at the cheapest, 9,524 kW; nothing is over-run."""
    found = study(grid={"declared_kw": declared_kw})
    row = found.dispatch.row("grid")
    assert basic(found, "grid") == pytest.approx(year, rel=1e-5)
    np.testing.assert_allclose(found.bill.billed_kw["max_demand"][row], declared_kw or 10_000 / 1.05)
    assert not found.bill.demand_charges["max_demand" + OVERRUN].any()
    assert basic(found, "diesel") == 0


@pytest.mark.parametrize(("anew", "year"), [(False, 6.912e6), (True, 5.8057e6)])
def test_charging_to_12_7_mw(anew, year):
    """Left at 10,000 kW: 10,000 + 2 x (12,700 - 10,500) = 14,400 kW, 6.91 M; declared anew 12,700 / 1.05, 5.81 M."""
    found = study({"seasons": [FOUR_HOURS]}, storage=BATTERY, grid={"declared_kw": 10_000, "hybrid_redeclares": anew})
    row = found.dispatch.row("hybrid")
    np.testing.assert_allclose(found.dispatch.peak_kw[row].max(axis=-1), 12_700, rtol=1e-9)
    assert basic(found, "hybrid") == pytest.approx(year, rel=1e-5)
    parts = bill_components(found.bill, row)
    if not anew:
        np.testing.assert_allclose(parts["demand_max_demand"], 400_000)
        np.testing.assert_allclose(parts["demand_max_demand" + OVERRUN], 2 * 2_200 * 40)
    np.testing.assert_allclose(sum(parts.values()), found.bill.total[row])


def shaved(peak_kw, **grid):
    """A study whose hybrid never takes more than `peak_kw`: the connection after the works lets no more through, and
    what is missing is left unserved, so that the cut is exact."""
    capped = {"existing_kw": peak_kw, "import_limit_kw": peak_kw, **grid}
    return study(grid=capped, finance={"count_unserved": False})


def test_shaving_without_redeclaring_saves_nothing():
    """Declared 9,524 kW. With the peak at 7,000 kW the bill stays; declared anew it falls by 3,000 / 1.05 x 40 x 12."""
    declared = 10_000 / 1.05
    whole = basic(study(grid={"declared_kw": declared}), "grid")
    kept = basic(shaved(7_000, declared_kw=declared, hybrid_redeclares=False), "hybrid")
    anew = basic(shaved(7_000, declared_kw=declared), "hybrid")
    assert kept == pytest.approx(whole)
    assert whole - anew == pytest.approx(3_000 / 1.05 * 40 * 12)


@pytest.mark.parametrize("peak_kw", [5_250, 3_000])
def test_redeclaring_saves_down_to_the_floor_and_not_further(peak_kw):
    """40 % of 12.5 MVA are 5,000 kW; they allow 5,250 kW."""
    assert basic(shaved(peak_kw, declared_kw=10_000), "hybrid") == pytest.approx(5_000 * 40 * 12)


def test_an_overrun_of_ten_percent():
    """Declared 10,000 kW, load 11,000: 10,000 + 2 x (11,000 - 10,500) = 11,000 kW."""
    found = study(grid={"declared_kw": 10_000}, load={"kind": "flat", "peak_kw": 11_000})
    assert basic(found, "grid") == pytest.approx(11_000 * 40 * 12)
    row = found.dispatch.row("grid")
    np.testing.assert_allclose(found.bill.demand_charges["max_demand" + OVERRUN][row], 1_000 * 40)


def test_a_declaration_that_holds_longer_costs_more():
    """Load 10 MW, 12 MW from July on, declared for a year: 12,000 / 1.05 all year costs 11,428.6 x 12 = 137,143 kW;
    10,000 / 1.05 costs 9,523.8 x 12 + 2 x 2,000 x 6 = 138,286; the first is cheaper. Monthly: half the year each."""
    growing = {"kind": "flat", "peak_kw": 10_000, "ramp": [{"month": 7, "fraction": 1.2}]}
    year = basic(study(grid={"declaration_hold_months": 12}, load=growing), "grid")
    month = basic(study(load=growing), "grid")
    assert year == pytest.approx(12_000 / 1.05 * 12 * 40)
    assert month == pytest.approx((10_000 + 12_000) / 1.05 * 6 * 40)


def test_what_declaring_anew_saves_is_a_step_of_its_own():
    """Declared 10,000 kW today: re-declaring earns 0.229 M, the charging costs 1.234 M of basic charge; exact sum."""
    found = study({"seasons": [FOUR_HOURS]}, storage=BATTERY, grid={"declared_kw": 10_000})
    steps = explained(found)
    assert steps.steps["redeclared"].sum() == pytest.approx(228_571, rel=1e-5)
    assert steps.steps["demand_cut"].sum() == pytest.approx(-1_234_286, rel=1e-5)
    np.testing.assert_allclose(steps.before - sum(steps.steps.values()), steps.after, rtol=1e-12)
    parts = attribute(found).parts
    assert sum(parts.values()) == pytest.approx(found.savings["hybrid"].total, rel=1e-9)
    assert parts["redeclaring"] > 0


@pytest.mark.parametrize("grid", [{}, {"declared_kw": 10_000, "hybrid_redeclares": False}])
def test_nothing_is_credited_to_declaring_where_nobody_declares_anew(grid):
    found = study({"seasons": [FOUR_HOURS]}, storage=BATTERY, grid=grid)
    assert explained(found).totals["redeclared"] == 0
    assert attribute(found).parts["redeclaring"] == 0


def test_less_than_the_floor_cannot_be_declared():
    with pytest.raises(InputError, match="below the least that may be declared, 5000"):
        study(grid={"declared_kw": 4_000})


def test_the_risk_module_bills_as_the_study_does():
    for grid in ({}, {"declared_kw": 10_000}, {"declared_kw": 10_000, "hybrid_redeclares": False}):
        found = study({"seasons": [FOUR_HOURS]}, storage=BATTERY, grid=grid | {"power_factor": 0.93})
        run = flows(found, {"finance.discount_rate": [0.08]})
        assert -run.own[0].sum() == pytest.approx(found.kpis["hybrid"].total_cost, rel=1e-9)
        assert -run.base[0].sum() == pytest.approx(found.kpis["grid"].total_cost, rel=1e-9)
