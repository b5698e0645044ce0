"""A Dispatch: what every alternative does in every month of the term, as `sim.dispatch.lanes.simulate` has found it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.dispatch import kernel
from sim.dispatch.batch import Lanes, Series, Trace
from sim.dispatch.control import Shaving
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import PriceClasses
from sim.plant.battery import BatteryLife, available
from sim.plant.flex import Flex
from sim.timeline import Timeline

ALTERNATIVES = ("diesel", "grid", "grid_diesel", "hybrid")


@dataclass(frozen=True, eq=False)
class Dispatch:
    """What every alternative does over the whole term.

    `monthly[name]` (alternatives, months): energies in kWh (`load_kwh, pv_load_kwh, pv_charge_kwh, curtailed_kwh,
    grid_load_kwh, grid_charge_kwh, genset_charge_kwh, discharge_kwh, genset_kwh, dumped_kwh, unserved_kwh,
    auxiliary_kwh`), `fuel_l`, `set_hours`, `genset_hours`, `unserved_hours`, `starts`, `interruptions` (losses of power
    that end in a restart). `shed_kwh` is the part of `unserved_kwh` that is not critical and was shed on purpose.
    What the hybrid's control holds back (`sim.plant.flex`) is in neither load nor unserved: `capped_kwh, paused_kwh,
    deferred_kwh, caught_up_kwh`, and what that costs: `lost_gpu_h`, and `stopped_gpus`, each a paused job to restart.
    `import_kwh, export_kwh, peak_kw` (alternatives, months, classes): what the bill is made from; peak is the greatest
    demand-window mean. Both are read at the meter; `transformer_kwh` is lost between it and the bus.
    `sets` (alternatives, months): sets on site. Months count from the project's first. The load
    includes the battery's auxiliaries.

    `series` is the template year with the full load and the outages of the list, or those drawn for year 1; `down`
    (years, steps) is True where the grid fails. `runs` holds the series that were simulated and `run_of` (lanes,) says
    which lane had which; `held`: where the rule holds imports; `shed_kw` (steps of each run) is what is shed in it,
    before growth and ramp. `flex`: how the hybrid's load gives way in each project year, empty where it never does.
    """

    scenario: Scenario
    clock: Timeline
    classes: PriceClasses
    life: BatteryLife
    years: int
    months: int
    monthly: dict[str, Floats]
    import_kwh: Floats
    export_kwh: Floats
    peak_kw: Floats
    transformer_kwh: Floats
    sets: Floats
    series: Series
    lanes: Lanes
    down: NDArray[np.bool_]
    runs: tuple[Series, ...]
    run_of: NDArray[np.int64]
    shed_kw: tuple[Floats, ...]
    held: Shaving
    flex: tuple[Flex, ...] = ()

    @cached_property
    def key(self) -> str:
        """`dispatch_key` of its scenario."""
        return self.scenario.dispatch_key

    def row(self, alternative: str) -> int:
        """Position of an alternative in the arrays."""
        return ALTERNATIVES.index(alternative)

    @property
    def auxiliary_kw(self) -> float:
        """What the hybrid's battery takes for its own cooling and heating all year, kW; part of the load."""
        return float(self.lanes.auxiliary_kw[self.row("hybrid") * self.years])

    def capacity_kwh(self, year: int = 1) -> float:
        """Energy of the hybrid's battery at full charge in a project year: what works of it, aged."""
        return available(self.scenario.storage)[1] * float(self.life.health[year - 1])

    def start_kwh(self, year: int = 1) -> float:
        """Energy in the hybrid's battery as a project year begins."""
        lane = self.row("hybrid") * self.years + year - 1
        return float(self.lanes.energy_start_kwh[lane] * self.lanes.battery_share[lane, 0])

    def total(self, name: str) -> Floats:
        """Sum over the term of one monthly quantity (alternatives,)."""
        return self.monthly[name].sum(axis=1)

    def by_year(self, name: str) -> Floats:
        """Sum over each project year of one monthly quantity (alternatives, years)."""
        starts = np.arange(0, self.months, self.clock.months)
        return np.add.reduceat(self.monthly[name], starts, axis=1)

    def trace(self, alternative: str, year: int = 1) -> Trace:
        """Every step of one alternative in one project year (1 is the first), by the same rule as the sums."""
        if not 1 <= year <= self.years:
            raise ValueError(f"year {year} is outside the term; it has project years 1 to {self.years}")
        lane = self.row(alternative) * self.years + year - 1
        return self.with_shed(kernel.trace(self.runs[self.run_of[lane]], self.lanes, lane), lane)

    def with_shed(self, found: Trace, lane: int) -> Trace:
        """A lane's steps with what is shed on purpose, which its run leaves out of the load."""
        shed_kw = self.shed_kw[self.run_of[lane]]
        if not shed_kw.any():
            return found
        shed_kw = shed_kw * self.lanes.load_scale[lane][self.clock.month_index]
        return replace(found, load_kw=found.load_kw + shed_kw, unserved_kw=found.unserved_kw + shed_kw)

    def step_price_per_kwh(self) -> Floats:
        """Energy price of each step of the template year (steps,), with adders and energy tax."""
        return self.classes.step_price_per_kwh(self.clock)
