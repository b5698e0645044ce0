"""What the hybrid is measured against where nobody chose it."""

import pytest

from finance.baseline import baseline_of
from sim.inputs.scenario import Scenario

WITH_SETS = Scenario().with_({"site.term_months": 24, "finance.baseline": "auto"})
BARE = WITH_SETS.with_({"genset.backup_sets": 0, "genset.last_resort_sets": 0})


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        (WITH_SETS, "grid_diesel"),
        (BARE, "grid"),
        (BARE.with_({"grid.ready_month": 6}), "grid_diesel"),  # somebody has to carry the first six months
        (BARE.with_({"grid.ready_month": 6, "grid.existing_kw": 500}), "grid"),
        (WITH_SETS.with_({"grid.ready_month": 24}), "diesel"),  # it comes when the term is over
        (WITH_SETS.with_({"grid.import_limit_kw": 0}), "diesel"),
        (WITH_SETS.with_({"finance.baseline": "diesel"}), "diesel"),
        (BARE.with_({"finance.baseline": "grid_diesel"}), "grid_diesel"),
    ],
)
def test_the_baseline_is_what_the_site_would_do_without_the_project(scenario: Scenario, expected: str):
    assert baseline_of(scenario) == expected
