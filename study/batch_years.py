"""What a batch of variants uses and pays for in each month of the term: every project year simulated, or one.

`every_year` simulates each project year of each variant, with the study's outages of that year, and bills the whole
term; for the scenario itself it gives the study's own figures. `one_year` is for variants that bring outages of their
own, thousands of them: of each group of like project years it simulates the middle one, at the variant's mean capacity,
and puts on top what the scenario's own years differ by from its own middle year: once without outages, and for each
hour without grid. So the scenario with its own outages gives the study's figures here too; what varies is the
difference that a variant makes in one year. Ratchets are those of a year that repeats, a declared demand that is not
fixed is the cheapest of that year, and load shed in an outage comes in with the hours without grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from finance.ledger import crew_months
from sim.arrays import Flags, Floats, Ints
from sim.dispatch import variants
from sim.dispatch.result import Dispatch
from sim.dispatch.variants import Outages
from sim.timeline import Timeline
from study.batch_bill import as_repeated, items, rates_of_term, rates_of_year
from study.batch_lanes import Alternative, MeteredYears, health_and_cells, metered
from study.varied import OF_BASELINE, OF_HYBRID, Values

LANES = 4096  # simulated at a time: what they meter fits in memory
PHYSICAL = ("fuel_l", "genset_kwh", "unserved_kwh", "import_kwh", "main_months", "standby_months")
BESIDE = 0.05  # of nameplate: how far beside the study's own capacities a year is looked at
NO_OUTAGES = Outages(np.zeros(2, dtype=np.int64), *np.zeros((2, 0), dtype=np.int64))
Used = dict[str, Floats]  # quantities of a cost line and items of the bill (n, months)


@dataclass(frozen=True, eq=False)
class Term:
    """One alternative over the whole term: what variants of it use and pay for."""

    own: Alternative

    def every_year(self, v: Values, threads: int | None = None) -> tuple[Used, Ints]:
        """Quantities and bill items (kinds, months) at prices of today, and the kind of each variant (n,): variants
        with the same physics are simulated once."""
        kinds, index = v.alike(OF_HYBRID if self.own.is_hybrid else OF_BASELINE)
        step = max(1, LANES // self._dispatch.years)
        some = (kinds.some(np.arange(at, min(at + step, kinds.count))) for at in range(0, kinds.count, step))
        parts = [self._every_year(part, None, threads) for part in some]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}, index

    def one_year(self, v: Values, outages: Outages, threads: int | None = None) -> Used:
        """The same for variants with outages of their own."""
        calm, per_hour = self._own_years
        found, hours = self._middle_years(v, outages, threads), hours_off(outages, self._dispatch.clock)[:, None]
        for key, values in found.items():
            values += calm[key] + hours * per_hour[key]
            if key in PHYSICAL:
                values *= self._is_above_zero(values)
        return found

    @property
    def months(self) -> int:
        return self._dispatch.months

    @cached_property
    def year_of_month(self) -> Ints:
        """Project year (0 is the first) of each month (months,)."""
        return np.arange(self.months) // 12

    def _is_above_zero(self, values: Floats) -> Flags:
        """Whether the sum of the project year of each month is (n, months)."""
        return (np.add.reduceat(values, np.arange(0, self.months, 12), axis=1) > 0)[:, self.year_of_month]

    @property
    def _dispatch(self) -> Dispatch:
        return self.own.study.dispatch

    # --- every project year simulated ---------------------------------------------------------------------------------

    def _every_year(self, v: Values, outages: Outages | None, threads: int | None = None) -> Used:
        study, row, months = self.own.study, self.own.row, self._dispatch.months
        health, _ = health_and_cells(study, v)
        found = metered(self.own, v, np.arange(self._dispatch.years), health, outages, threads)
        whole = found.reshaped(lambda values: values.reshape(v.count, -1, *values.shape[3:])[:, :months])
        bill = items(study, row, rates_of_term(study, row), whole)
        return bill | _quantities(whole, self._dispatch.sets[row])

    # --- one year of each variant -------------------------------------------------------------------------------------

    @cached_property
    def _own_years(self) -> tuple[Used, Used]:
        """By what the scenario's own years exceed its middle years (months,): without outages, and for each hour
        without grid that the study has in the year."""
        dispatch, scenario = self._dispatch, Values(self.own.study.scenario, {}, 1)
        runs = dispatch.run_of[self.own.own_lane(np.arange(dispatch.years))]
        year, at = self.year_of_month, np.arange(self.months)
        listed = variants.joined([variants.listed_outages(dispatch.runs[run].grid_up, 1) for run in runs])
        own, middle = self._every_year(scenario, None), self._middle_years(scenario.some(0 * runs), listed)
        calm_own, calm_middle = (simulate(scenario, NO_OUTAGES) for simulate in (self._every_year, self._middle_years))
        hours = hours_off(listed, dispatch.clock)[year]
        calm = {key: calm_own[key][0] - calm_middle[key][0] for key in own}
        more = {key: own[key][0] - middle[key][year, at] - calm[key] for key in own}
        return calm, {key: np.divide(part, hours, out=0.0 * part, where=hours > 0) for key, part in more.items()}

    def _middle_years(self, v: Values, outages: Outages, threads: int | None = None) -> Used:
        """All years of each group as its middle one is, at the mean capacity of each variant; as capacity moves round
        that mean otherwise than the study's, by the slope of the middle year."""
        health, years = health_and_cells(self.own.study, v)[0], self._dispatch.years
        off = _off_mean(health, self._groups) - _off_mean(self._dispatch.life.health[None], self._groups)
        found: Used = {}
        for group in self._groups:
            middle, mean = _middle_of(group), health[:, group].mean(axis=1)
            slopes = self._slopes[middle] if np.ptp(off[:, group]) > 1e-12 else None
            for key, values in self._middle(v, middle, mean, outages, threads).items():
                whole = found.setdefault(key, np.empty((v.count, years, values.shape[1])))
                whole[:, group] = values[:, None]
                if slopes:
                    whole[:, group] += off[:, group, None] * slopes[key]
        return {key: values.reshape(v.count, -1)[:, : self.months] for key, values in found.items()}

    def _middle(self, v: Values, year: int, health: Floats, outages: Outages, threads: int | None = None) -> Used:
        """One project year of each variant (n, months of a year)."""
        study, row, months = self.own.study, self.own.row, self._dispatch.clock.months
        found = metered(self.own, v, np.array([year]), health[:, None], outages, threads)
        whole = found.reshaped(lambda values: values[:, 0])
        rates = as_repeated(rates_of_year(study, row, year), whole.peak_kw)
        monthly = items(study, row, rates, whole, first=year * months)
        return monthly | _quantities(whole, self._dispatch.lanes.sets[self.own.own_lane(year)])

    @cached_property
    def _slopes(self) -> dict[int, Used]:
        """By the middle year of each group: change per unit of capacity round the study's, without outages (each
        (months of a year,))."""
        found, scenario = {}, Values(self.own.study.scenario, {}, 2)
        for group in self._groups:
            year, health = _middle_of(group), self._dispatch.life.health[group]
            ends = np.array([max(0.0, health.min() - BESIDE), min(1.0, health.max() + BESIDE)])
            used = self._middle(scenario, year, ends, variants.repeated(NO_OUTAGES, [0, 0]))
            found[year] = {key: (values[1] - values[0]) / (ends[1] - ends[0]) for key, values in used.items()}
        return found

    @cached_property
    def _groups(self) -> tuple[Ints, ...]:
        """Project years that differ by battery, PV age and growth of the load alone."""
        dispatch, load = self._dispatch, self.own.study.scenario.load
        at, growth = self.own.own_lane(np.arange(dispatch.years)), 1.0 + load.growth_per_year
        ramp = dispatch.lanes.load_scale[at] / growth ** np.arange(dispatch.years)[:, None]
        like = np.concatenate([dispatch.lanes.import_limit_kw[at], dispatch.lanes.sets[at], ramp], axis=1)
        _, group = np.unique(like.round(9), axis=0, return_inverse=True)
        return tuple(np.flatnonzero(group.ravel() == k) for k in range(group.max() + 1))


def hours_off(outages: Outages, clock: Timeline) -> Floats:
    """Hours without grid of each list of outages (N,)."""
    ends = np.concatenate([[0.0], np.cumsum((outages.stop - outages.start) * clock.step_h)])
    return np.diff(ends[outages.first])


def _middle_of(group: Ints) -> int:
    return int(group[(len(group) - 1) // 2])


def _off_mean(health: Floats, groups: tuple[Ints, ...]) -> Floats:
    """By what each year's capacity differs from the mean of its group (n, years)."""
    off = np.empty_like(health)
    for group in groups:
        off[:, group] = health[:, group] - health[:, group].mean(axis=1, keepdims=True)
    return off


def _quantities(found: MeteredYears, sets: Floats) -> Used:
    """By month (n, months); sets (months,)."""
    main, standby = crew_months(found.monthly, sets)
    names = ("fuel_l", "genset_kwh", "unserved_kwh")
    return {name: found.monthly[name] for name in names} | {
        "import_kwh": found.import_kwh.sum(axis=-1),
        "main_months": main.astype(float),
        "standby_months": standby.astype(float),
        "sets": np.broadcast_to(sets, main.shape),
    }
