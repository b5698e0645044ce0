"""The table of windows, powers and thresholds for the site's energy management system, tuned on a year.

It is what `sim.dispatch.tuning` finds for the hybrid's project year, as inputs of the scenario: a study that takes them
runs, bills and exports by them in every year. The saving named beside it is that of the simulated rule with these
inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.dispatch.lanes import some_lanes
from sim.dispatch.tuning import TunedTable, TuningYear, tune
from sim.inputs.scenario import Scenario
from study.foresight import Bound, hybrid_lane
from study.study import Study


@dataclass(frozen=True, eq=False)
class Strategy:
    """A tuned table for project year `year`, and the inputs that make a scenario follow it."""

    year: int
    table: TunedTable
    inputs: dict[str, Any]


def tuned(study: Study, found: Bound, year: int = 1) -> Strategy:
    """The best table for the hybrid's project year `year`."""
    table = tune(tuning_site(study, found, year))
    clock = study.dispatch.clock
    inputs = {
        "dispatch.arbitrage": "windows",
        "dispatch.windows": table.windows(clock.calendar_months()),
        "dispatch.shave_limits": table.limits(clock.calendar_months(), study.dispatch.classes.names),
        "dispatch.shave_limits_year": year,
    }
    return Strategy(year, table, inputs)


def tuning_site(study: Study, found: Bound, year: int) -> TuningYear:
    """The hybrid's year as the search wants it."""
    dispatch, lane, schedule = study.dispatch, hybrid_lane(study, year), found.optimum.schedule
    return TuningYear(
        clock=dispatch.clock,
        series=dispatch.runs[dispatch.run_of[lane]],
        lane=some_lanes(dispatch.lanes, [lane]),
        rates=found.rates,
        best_share=(schedule.discharge_kw - schedule.charge_kw) / found.programme.battery_kw,
        best_import_kw=schedule.import_kw,
        worth_per_kwh=found.worth_per_kwh,
    )


def with_strategy(scenario: Scenario, strategy: Strategy) -> Scenario:
    """The scenario run by the table."""
    return scenario.with_(strategy.inputs)
