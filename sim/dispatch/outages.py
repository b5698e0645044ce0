"""Grid outages of a study: when they are, year by year, and which of them end in a restart of the cluster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats, Ints, runs
from sim.dispatch.announced import listed
from sim.dispatch.events import events as events_of
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
    months = dispatch.years * per_year
    events = np.zeros((len(dispatch.monthly["load_kwh"]), months))
    connected = dispatch.lanes.import_limit_kw[dispatch.row("grid") * dispatch.years :][: dispatch.years] > 0
    bridges, transfers = scenario.grid.ups_bridges, scenario.storage.exists and scenario.storage.seamless_transfer
    hybrid = np.full(months, bridges) | (transfers & (share_there(scenario, "battery", months) > 0))
    bridged = {"grid": np.zeros(months, bool), "grid_diesel": np.full(months, bridges), "hybrid": hybrid}
    spans = _spans(dispatch, connected)
    for name, held in bridged.items():
        lost = _not_served(dispatch, name, spans) if held.any() else [np.ones(first.size) for first, _ in spans]
        for year, (first, _) in enumerate(spans):
            month = year * per_year + dispatch.clock.month_index[first]
            missed = np.where(held[month], lost[year], 1.0)
            events[dispatch.row(name)] += np.bincount(month, missed, months)
            short = _too_short(dispatch, year)
            short = year * per_year + short[connected[year][short]]
            np.add.at(events[dispatch.row(name)], short[~held[short]], 1.0)
    return events[:, : dispatch.months]


def _spans(dispatch: Dispatch, connected: NDArray[np.bool_]) -> list[tuple[Ints, Ints]]:
    """First step and end of the outages of each project year, in the months (years, months) with a connection."""
    known: dict[bytes, tuple[Ints, Ints]] = {}
    found = []
    for down, months in zip(dispatch.down, connected, strict=True):
        hit = down & months[dispatch.clock.month_index]
        key = hit.tobytes()
        if key not in known:
            known[key] = runs(hit)
        found.append(known[key])
    return found


def _too_short(dispatch: Dispatch, year: int) -> NDArray[np.int64]:
    """Month of each drawn outage of a year that takes no whole step: too short to miss energy, but a loss of power."""
    clock, grid = dispatch.clock, dispatch.scenario.grid
    if grid.outage_source == "list":
        return np.zeros(0, np.int64)
    draws = drawn(dispatch.scenario, dispatch.years)
    mine = (draws.year == year + 1) & (draws.steps(clock.step_h) == 0)
    step = (draws.start_h[mine] / clock.step_h).astype(np.int64)
    return clock.month_index[step[step < clock.steps]]


def _not_served(dispatch: Dispatch, name: str, spans: list[tuple[Ints, Ints]]) -> list[Floats]:
    """For each project year 1 for each outage in which critical load is not served, else 0; looked at only where any of
    the year is missing. Years that share their outages are looked at side by side."""
    row, found = dispatch.row(name), [np.zeros(first.size) for first, _ in spans]
    missing, load, shed = (dispatch.by_year(key)[row] for key in ("unserved_kwh", "load_kwh", "shed_kwh"))
    alike: dict[tuple[int, int], list[int]] = {}
    for year in np.flatnonzero(missing - shed > LOST_FRACTION * load / 8760).tolist():
        if spans[year][0].size:
            run = int(dispatch.run_of[row * dispatch.years + year])
            alike.setdefault((run, id(spans[year])), []).append(year)
    for (run, _), years in alike.items():
        which, span = row * dispatch.years + np.array(years), spans[years[0]]
        lost, served = events_of(dispatch.runs[run], dispatch.lanes, which, span, len(dispatch.classes.names))
        served += _shed(dispatch, run, which, span)
        for lane, year in enumerate(years):
            found[year] = (lost[:, lane] > LOST_FRACTION * served[:, lane]).astype(float)
    return found


def _shed(dispatch: Dispatch, run: int, which: Ints, span: tuple[Ints, Ints]) -> Floats:
    """What is shed on purpose in each outage (outages, lanes), kW x steps: it belongs to the load."""
    shed_kw = dispatch.shed_kw[run]
    if not shed_kw.any():
        return np.zeros((len(span[0]), len(which)))
    scale = dispatch.lanes.load_scale[which][:, dispatch.clock.month_index]
    summed = np.concatenate([np.zeros((1, len(which))), np.cumsum((scale * shed_kw).T, axis=0)])
    return summed[span[1]] - summed[span[0]]
