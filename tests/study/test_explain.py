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
