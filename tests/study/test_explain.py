"""An explanation is the figure's own arithmetic: shares sum to the margin, factors multiply to a line's amount."""

import math

import pytest

from finance.lines import LINES
from sim.dispatch.result import ALTERNATIVES
from study.decision import decision
from study.evaluate import evaluate
from study.explain import TAX, shares, worked
from study.presets import presets


@pytest.mark.parametrize("name", presets())
def test_what_the_lines_save_sums_to_the_margin(name: str) -> None:
    study = evaluate(presets()[name].scenario)
    found, listed = decision(study), shares(study)
    assert sum(share.saved for share in listed) == pytest.approx(found.margin, rel=1e-9)
    for column, alternative in (("hybrid", "hybrid"), ("rival", found.rival)):
        cost = sum(getattr(share, column) for share in listed if share.key != TAX)
        assert cost == pytest.approx(found.present_cost[alternative], rel=1e-9)


@pytest.mark.parametrize("name", presets())
def test_a_line_is_the_product_of_its_factors(name: str) -> None:
    study, seen = evaluate(presets()[name].scenario), 0
    for alternative in ALTERNATIVES:
        for key, line in LINES.items():
            one = worked(study, alternative, key)
            if one.year is None:
                continue
            product = math.prod(1 / f.value if f.name.startswith("/") else f.value for f in one.factors)
            assert -line.sign * product == pytest.approx(one.amount, rel=1e-9), (alternative, key)
            seen += 1
    assert seen > 20


def test_a_line_of_staged_plant_says_its_amount_without_a_product() -> None:
    stages = [{"month": 1, "energy_kwh": 1600}, {"month": 3, "energy_kwh": 1600}]
    scenario = presets()["case_a"].scenario.with_({"storage.stages": stages, "finance.storage_ownership": "buy"})
    study = evaluate(scenario)
    one = worked(study, "hybrid", "storage_capex")
    flows = study.ledger.lines["storage_capex"][study.dispatch.row("hybrid")]
    assert one.factors == () and one.amount == pytest.approx(-flows[: 13 if one.year else 1].sum())
