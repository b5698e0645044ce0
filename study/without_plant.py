"""The same site without PV and battery: what a contract on the plant is measured against, whatever the baseline.

Connection, sets, load and control of the load are the hybrid's own, so that what grid works and sets cost or save is in
no contract. It is simulated once for all studies of the same physics, and kept with them.
"""

from __future__ import annotations

from finance.kpis import served_kwh
from sim.arrays import Floats
from sim.dispatch.lanes import simulate
from sim.dispatch.result import Dispatch
from study.evaluate import evaluate
from study.financing import CAUSES, PAID_CAUSES, PROJECT_LINES
from study.study import Study, kept

NO_PLANT = {"pv.dc_kwp": 0.0, "storage.energy_kwh": 0.0}


@kept
def without_plant(study: Study) -> Study:
    """A study whose hybrid is the site without the plant."""
    scenario = study.scenario.with_(NO_PLANT)
    found: dict[str, Dispatch] = vars(study.dispatch).setdefault("without_plant", {})
    if scenario.dispatch_key not in found:
        found[scenario.dispatch_key] = simulate(scenario)
    return evaluate(scenario, found[scenario.dispatch_key])


@kept
def plant_project(study: Study) -> dict[str, Floats]:
    """The lines of the plant as a project by month (months + 1,), those of `PROJECT_LINES`: the hybrid less the same
    site without it."""
    row, bare = study.dispatch.row("hybrid"), without_plant(study).ledger.lines
    return {
        name: sum(study.ledger.lines[line][row] - bare[line][row] for line in lines)
        for name, lines in PROJECT_LINES.items()
    }


def kwh_price(study: Study) -> float:
    """What a kWh costs the site without the plant in the first project year, before investment and what nobody pays."""
    bare, row, first = without_plant(study), study.dispatch.row("hybrid"), slice(0, 12)
    names = [line for cause in PAID_CAUSES for line in CAUSES[cause]]
    cost = -sum(float(bare.ledger.lines[name][row, 1:][first].sum()) for name in names)
    served = float(served_kwh(bare.dispatch)[row][first].sum())
    return cost / served if served > 0 else 0.0
