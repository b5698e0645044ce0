"""Price paths by hand, and what they do to a whole study: its bill, its ledger, its risk module, nothing else."""

import numpy as np
import pytest

from finance.price_paths import COMPONENTS, DIESEL_SHOCK, PricePath, by_month, path_of, read_points
from sim.inputs.base import InputError
from sim.problem import Refusal
from study.evaluate import evaluate
from study.flows import flows
from study.presets import presets

MOVED_BY = {
    "energy": ("grid_energy", "export_credit"),
    "demand": ("grid_demand", "grid_fixed"),
    "fuel": ("fuel",),
    "om": (
        "fuel_delivery",
        "genset_rent",
        "genset_om",
        "crew",
        "pv_om",
        "storage_om",
        "storage_rent",
        "storage_power_om",
    ),
    "carbon": ("carbon",),
    "compute": ("unserved", "interruptions", "compute"),
}
CASE_B = presets()["case_b"].scenario


@pytest.fixture(scope="module")
def study():
    return evaluate(CASE_B)


def point(year, component, factor):
    return {"year": year, "component": component, "factor": factor}


def test_a_rate_a_path_and_a_shock():
    np.testing.assert_allclose(PricePath(0.1).factors(3), [1, 1.1, 1.21])
    np.testing.assert_allclose(PricePath(0.1, (1.0, 0.9)).factors(4), [1, 0.9, 0.99, 1.089])
    np.testing.assert_allclose(PricePath(0.0, (), ((2, 3, 1.5),)).factors(4), [1, 1.5, 1.5, 1])


def test_rates_of_many_variants_at_once():
    path = PricePath(0.0, (1.0, 0.8), ((3, 3, 2.0),))
    found = path.factors_at(np.array([0.0, 0.5]), 4)
    np.testing.assert_allclose(found, [[1, 0.8, 1.6, 0.8], [1, 0.8, 2.4, 1.8]])


def test_given_years_are_joined_by_a_line_and_followed_by_the_rate():
    """Fuel 1 today, 1.4 in year 3, then +10 % a year; the demand charge follows the grid price."""
    finance = CASE_B.with_(
        {
            "finance.diesel_escalation": 0.1,
            "finance.energy_escalation": 0.02,
            "finance.price_points": [point(3, "fuel", 1.4)],
        }
    ).finance
    np.testing.assert_allclose(path_of(finance, "fuel").factors(5), [1, 1.2, 1.4, 1.54, 1.694])
    np.testing.assert_allclose(by_month(finance, "demand", 25)[[0, 11, 12, 24]], [1, 1, 1.02, 1.0404])
    own = CASE_B.with_({"finance.demand_escalation": -0.05}).finance
    np.testing.assert_allclose(path_of(own, "demand").factors(2), [1, 0.95])


def test_each_component_moves_its_own_lines_and_no_others(study):
    """A factor of 1.5 in year 2 moves exactly the component's lines, in year 2 and no other year."""
    priced = study.scenario.with_({"finance.carbon_price_per_t": 60})
    plain = evaluate(priced, study.dispatch)
    for component in COMPONENTS:
        shock = [{"component": component, "first_year": 2, "last_year": 2, "factor": 1.5}]
        moved = evaluate(priced.with_({"finance.price_shocks": shock}), study.dispatch)
        for name, line in plain.ledger.lines.items():
            expected = line.copy()
            if name in MOVED_BY[component]:
                expected[:, 13:25] *= 1.5
            np.testing.assert_allclose(moved.ledger.lines[name], expected, rtol=1e-12, atol=1e-6, err_msg=name)


def test_no_path_needs_a_new_simulation(study):
    changed = study.scenario.with_(
        {"finance.price_points": [point(4, "energy", 0.7)], "finance.price_shocks": [DIESEL_SHOCK.model_dump()]}
    )
    assert changed.dispatch_key == study.scenario.dispatch_key and changed.fingerprint != study.fingerprint


def test_the_risk_module_follows_the_paths(study):
    """The batch of one variant is the study, on paths of all components."""
    changes = {
        "finance.price_points": [point(1, "energy", 1.1), point(6, "energy", 0.8), point(5, "demand", 1.3)],
        "finance.price_shocks": [DIESEL_SHOCK.model_dump()],
        "finance.demand_escalation": 0.01,
        "finance.carbon_price_per_t": 50.0,
        "finance.carbon_escalation": 0.04,
    }
    plain = flows(study, {"finance.diesel_per_l": [8.0]})
    moved = evaluate(study.scenario.with_(changes), study.dispatch)
    found = flows(moved, {"finance.diesel_per_l": [8.0]})
    expected = evaluate(moved.scenario.with_({"finance.diesel_per_l": 8.0}), study.dispatch)
    before = evaluate(study.scenario.with_({"finance.diesel_per_l": 8.0}), study.dispatch)
    gap = plain.saving[0] - before.savings["hybrid"].total  # the batch reads years on a straight line
    assert found.saving[0] == pytest.approx(expected.savings["hybrid"].total, rel=2e-3, abs=2 * abs(gap))
    assert abs(found.saving[0] - plain.saving[0]) > 10 * abs(gap)


def test_paths_from_a_table():
    found = read_points(b"\xef\xbb\xbfyear,energy,fuel\n1,1.0,\n2,0.95,1.2\n\n4,,1.1\n")
    assert [(p.year, p.component, p.factor) for p in found] == [
        (1, "energy", 1.0),
        (2, "energy", 0.95),
        (2, "fuel", 1.2),
        (4, "fuel", 1.1),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("year,fuel\n", "are empty"),
        ("year,gas\n1,1\n", "begin with 'year'"),
        ("fuel,year\n1,1\n", "begin with 'year'"),
        ("year,fuel,fuel\n1,1,1\n", "at most once"),
        ("year,fuel\n1.5,1\n", "project year"),
        ("year,fuel\n1,much\n", "not a number"),
        ("year,fuel\n1,1,2\n", "3 cells"),
        ("year,fuel\n1,-1\n", "out of range"),
    ],
)
def test_a_bad_table_says_what_to_do(text, message):
    with pytest.raises(Refusal, match=message):
        read_points(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"finance.price_points": [point(2, "fuel", 1), point(2, "fuel", 2)]}, "names year 2 twice"),
        ({"finance.price_points": [point(0, "fuel", 1)]}, "at least 1"),
        ({"finance.price_points": [point(1, "gas", 1)]}, "price_points.0.component"),
        (
            {"finance.price_shocks": [{"component": "fuel", "first_year": 3, "last_year": 2, "factor": 1.5}]},
            "swap the two",
        ),
        ({"finance.demand_escalation": 20}, "at most 0.5"),
    ],
)
def test_bad_paths_are_refused_by_the_scenario(changes, message):
    with pytest.raises(InputError, match=message):
        CASE_B.with_(changes)
