"""Grid outages of a study: when they are, year by year, and which of them end in a restart of the cluster."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, runs
from sim.dispatch.announced import listed
from sim.dispatch.result import Dispatch
from sim.inputs.arrival import share_there
from sim.inputs.grid import LONGEST_LISTED_H, Outage
from sim.inputs.scenario import Scenario
from sim.plant.interruptions import OutageDraws, grid_up, outage_draws
from sim.timeline import Timeline

LOST_FRACTION = 1e-6  # of the load of an outage, up to which what is not served is float noise


def grid_down(scenario: Scenario, clock: Timeline, years: int) -> NDArray[np.bool_]:
    """True where the grid fails (years, steps): the list, the same every year, or each year's own draws."""
    if scenario.grid.outage_source == "list":
        return np.broadcast_to(listed(scenario.grid.outages, clock), (years, clock.steps))
    draws = drawn(scenario, years)
    return np.array([grid_up(draws, year, clock.step_h)[: clock.steps] == 0 for year in range(1, years + 1)])


def drawn(scenario: Scenario, years: int) -> OutageDraws:
    """Outages of the project years from SAIFI and SAIDI. A short term sees the share of a year that it lasts."""
    grid = scenario.grid
    return outage_draws(grid.saifi_per_year, grid.saidi_h_per_year, years, grid.outage_seed, grid.outage_spread)


def longest_h(dispatch: Dispatch) -> float:
    """Length of the longest outage of all project years, 0 where the grid never fails."""
    lengths = [end - first for first, end in map(runs, dispatch.down)]
    return float(max((length.max(initial=0) for length in lengths), default=0)) * dispatch.clock.step_h


def as_list(dispatch: Dispatch) -> tuple[Outage, ...]:
    """The outages of project year 1 as a list, which returns every year; none longer than a list allows."""
    clock = dispatch.clock
    first, end = runs(dispatch.down[0])
    hours = np.minimum((end - first) * clock.step_h, LONGEST_LISTED_H)
    return tuple(
        Outage(month=clock.calendar_month[k], day=clock.day[k], hour=clock.hour[k], duration_h=duration_h)
        for k, duration_h in zip(first, hours, strict=True)
    )


def interruptions(dispatch: Dispatch) -> Floats:
    """Losses of power that end in a restart (alternatives, months), in the month in which the outage begins.

    An outage is none where something bridges it (the battery's seamless transfer, or a UPS until sets run) and the
    critical load is then served to its end. The grid alone has nothing to bridge with; the diesel plan has no grid.
    """
    per_year, scenario = dispatch.clock.months, dispatch.scenario
    events = np.zeros((len(dispatch.monthly["load_kwh"]), dispatch.years * per_year))
    connected = dispatch.lanes.import_limit_kw[dispatch.row("grid") * dispatch.years :][: dispatch.years] > 0
    bridges = scenario.grid.ups_bridges
    transfers = scenario.storage.exists and scenario.storage.seamless_transfer
    stands = share_there(scenario, "battery", dispatch.years * per_year) > 0
    for year in range(dispatch.years):
        first, end = runs(dispatch.down[year] & connected[year][dispatch.clock.month_index])
        if first.size:
            month = year * per_year + dispatch.clock.month_index[first]
            held_over: dict[str, Any] = {
                "grid": False,
                "grid_diesel": bridges,
                "hybrid": bridges | (transfers & stands[month]),
            }
            for name, held in held_over.items():
                is_bridged = np.broadcast_to(held, first.size)
                missed = _not_served(dispatch, name, year, first, end) if is_bridged.any() else np.ones(first.size)
                np.add.at(events[dispatch.row(name)], month, np.where(is_bridged, missed, 1.0))
        for month in _too_short(dispatch, year):
            if connected[year][month]:
                held = bridges or (transfers and stands[year * per_year + month])
                rows = [("grid", False), ("grid_diesel", bridges), ("hybrid", held)]
                for row in (dispatch.row(name) for name, is_bridged in rows if not is_bridged):
                    events[row, year * per_year + month] += 1.0
    return events[:, : dispatch.months]


def _too_short(dispatch: Dispatch, year: int) -> NDArray[np.int64]:
    """Month of each drawn outage of a year that takes no whole step: too short to miss energy, but a loss of power."""
    clock, grid = dispatch.clock, dispatch.scenario.grid
    if grid.outage_source == "list":
        return np.zeros(0, np.int64)
    draws = drawn(dispatch.scenario, dispatch.years)
    mine = (draws.year == year + 1) & (draws.steps(clock.step_h) == 0)
    step = (draws.start_h[mine] / clock.step_h).astype(np.int64)
    return clock.month_index[step[step < clock.steps]]


def _not_served(dispatch: Dispatch, name: str, year: int, first: NDArray[np.int64], end: NDArray[np.int64]) -> Floats:
    """1 for each outage in which critical load is not served, else 0; traced only where any of the year is missing."""
    months = slice(year * dispatch.clock.months, (year + 1) * dispatch.clock.months)
    row = dispatch.row(name)
    missing, load = (dispatch.monthly[key][row, months].sum() for key in ("unserved_kwh", "load_kwh"))
    if missing - dispatch.monthly["shed_kwh"][row, months].sum() <= LOST_FRACTION * load / 8760:
        return np.zeros(first.size)
    trace, lane = dispatch.trace(name, year + 1), row * dispatch.years + year
    shed_kw = dispatch.shed_kw[dispatch.run_of[lane]] * dispatch.lanes.load_scale[lane][dispatch.clock.month_index]
    lost, served = (np.concatenate([[0.0], np.cumsum(kw)]) for kw in (trace.unserved_kw - shed_kw, trace.load_kw))
    return (lost[end] - lost[first] > LOST_FRACTION * (served[end] - served[first])).astype(float)
