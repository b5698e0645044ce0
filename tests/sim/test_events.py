"""What outages leave without power, lanes side by side, against the steps of each lane alone."""

import numpy as np
import pytest

from sim.arrays import runs
from sim.dispatch.events import events
from sim.dispatch.lanes import simulate
from study.presets import presets

SMALL = {"storage.energy_kwh": 3000.0, "storage.power_kw": 1500.0, "genset.last_resort_sets": 1}
DRAWN = {"grid.outage_source": "statistics", "grid.saifi_per_year": 6.0, "grid.saidi_h_per_year": 20.0}
SHED = {"load.critical_fraction": 0.7, "storage.energy_kwh": 3000.0}


@pytest.mark.parametrize("changes", [SMALL, DRAWN | SMALL, SHED])
def test_outages_side_by_side_are_those_of_the_steps(changes: dict) -> None:
    found = simulate(presets()["case_b"].scenario.with_(changes))
    row = found.row("hybrid") * found.years
    for run, series in enumerate(found.runs):
        years = np.flatnonzero(found.run_of[row : row + found.years] == run)
        first, end = runs(series.grid_up == 0)
        if not years.size or not first.size:
            continue
        lost, load = events(series, found.lanes, row + years, (first, end), len(found.classes.names))
        for lane, year in enumerate(years):
            steps = found.trace("hybrid", int(year) + 1)
            shed_kw = found.shed_kw[run] * found.lanes.load_scale[row + year][found.clock.month_index]
            for values, kw in ((lost, steps.unserved_kw - shed_kw), (load, steps.load_kw - shed_kw)):
                sums = np.append(0.0, np.cumsum(kw))
                assert values[:, lane] == pytest.approx(sums[end] - sums[first], rel=1e-9, abs=1e-6)
