"""What the hybrid is measured against, where nobody chose it: what the site would do without the project."""

from __future__ import annotations

from sim.dispatch.lanes import import_limits_kw
from sim.inputs.scenario import Scenario


def baseline_of(scenario: Scenario) -> str:
    """The baseline by name: the chosen one, or by the site. Diesel where no grid comes within the term; the grid where
    it is there from the start and the site keeps no sets beside it; else grid and diesel, which is diesel until the
    grid comes."""
    chosen = scenario.finance.baseline
    if chosen != "auto":
        return chosen
    limits = import_limits_kw(scenario, scenario.site.term_months)
    if not limits.any():
        return "diesel"
    return "grid" if limits[0] > 0 and not scenario.genset.backup_sets else "grid_diesel"
