"""What the diesel sets of an alternative go through in a project year: running hours, fuel, limits of their rating."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.arrays import there
from sim.dispatch.batch import Trace
from sim.dispatch.lanes import site_set_kw
from sim.plant.ratings import RATINGS, FuelLogistics, RatingFinding, check_rating, fuel_logistics
from study import weeks
from study.outages import tank_l as full_tank_l
from study.study import Study

HOURS_PER_YEAR = 8760


@dataclass(frozen=True, eq=False)
class SetsDuty:
    """kept: steps of the year inside the term. each_h: hours a year of one set in rotation. tank_l: what the site's
    tanks hold. limits: of the rating, those that are passed."""

    kept: slice
    fleet: int
    each_h: float
    tank_l: float
    fuel: FuelLogistics
    limits: tuple[RatingFinding, ...]


def duty(study: Study, alternative: str, year: int = 1, trace: Trace | None = None) -> SetsDuty | None:
    """The duty of an alternative's sets in a project year (1 is the first); None where no set runs. `trace` saves
    making it again."""
    lane = study.dispatch.row(alternative) * study.dispatch.years + year - 1
    fleet = int(study.dispatch.lanes.sets[lane].max())
    if fleet == 0:
        return None
    trace = trace or study.dispatch.trace(alternative, year)
    kept, step_h = slice(0, weeks.steps_in_term(study, year)), study.dispatch.clock.step_h
    set_hours = float(trace.sets_running[kept].sum()) * step_h
    if set_hours == 0:
        return None
    each_h = set_hours / fleet * HOURS_PER_YEAR / ((kept.stop or 0) * step_h)
    tank_l = full_tank_l(study.scenario, fleet)
    fuel = fuel_logistics(trace.fuel_l[kept], tank_l, study.scenario.genset.truck_l, step_h)
    return SetsDuty(kept, fleet, each_h, tank_l, fuel, tuple(_limits(study, trace, kept, each_h)))


def _limits(study: Study, trace: Trace, kept: slice, each_h: float) -> list[RatingFinding]:
    """Limits of the rating that the duty passes; hours are those of one set in rotation. What runs less than a
    limited-time rating allows may run at the prime power without a limit on its mean (ISO 8528-1)."""
    running = trace.sets_running[kept]
    one_kw = np.divide(trace.genset_kw[kept], running, out=np.zeros(running.size), where=running > 0)
    genset = study.scenario.genset
    limited_h = there(RATINGS["LTP"].hours_per_year, "the hours of limited-time running")
    code = "LTP" if genset.rating == "PRP" and each_h <= limited_h else genset.rating
    found = check_rating(one_kw, site_set_kw(study.scenario), code, study.dispatch.clock.step_h)
    allowed = RATINGS[genset.rating].hours_per_year
    passed = [finding for finding in found if finding.limit != "hours"]
    if allowed is not None and each_h > allowed:
        passed.append(RatingFinding("hours", each_h, allowed, ""))
    return passed
