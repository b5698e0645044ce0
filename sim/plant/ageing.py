"""LFP batteries over the years: calendar and cycle fade, renewal, warranty, auxiliaries, limits by temperature, spares.

Conventions: capacity and its losses are fractions of nameplate, temperatures degrees C, SOC a fraction of the capacity
that is left. Year 1 is the first year of operation; index 0 of a yearly array is its start or its mean, as named.

Fade model: the two-part form and the constants of NREL's BLAST-Lite, model `Lfp_Gr_250AhPrismatic`, fitted to lab
ageing of a cell above 250 Ah (J. Energy Storage 2023, 109042): calendar loss = k_cal x days^0.526, cycle loss = k_cyc x
EFC^0.828. Measured at 10 to 45 C, depth 0.8 to 1, charging up to 0.65 C (0.16 C at 10 C); outside, and over decades, it
extrapolates. It is milder than makers' warranties; `cycle_margin` 1.25 allows for the spread in a pack and for 0.5 C
(equipment.yaml: cycle_fade_fraction_per_1000_efc).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.arrays import Flags, Floats, require
from sim.compiled import Kernel

CALENDAR_PRE, CALENDAR_K, CALENDAR_ANODE_K, CALENDAR_EXPONENT = 8.37e4, 5210.0, 3560.0, 0.526
CYCLE_BASE, CYCLE_BY_DEPTH, CYCLE_BY_C_RATE, CYCLE_K, CYCLE_EXPONENT = 4.38e-8, 1.55e-8, 1.68e-7, 2190.0, 0.828
CYCLE_CELL_C = (10.0, 45.0)  # the cycle term was fitted within; beyond it the nearest end counts
ANODE_EMPTY, ANODE_FULL = 0.0085, 0.78  # lithium in the graphite (Schimpe et al. 2018, doi 10.1149/2.1181714jes)
# Height, place and width of the steps of the graphite's potential, and the part that falls with the first lithium.
ANODE_STEPS = ((0.044, 0.1958, 0.1088), (0.1978, 1.0571, 0.0854), (0.6875, -0.0117, 0.0529), (0.0175, 0.5692, 0.0875))
ANODE_BASE_V, ANODE_FIRST_V, ANODE_FIRST_DECAY = 0.6379, 0.5416, 305.5309
STILL_PER_H = 0.01  # |dSOC/dt| below it is rest, not cycling (as in BLAST-Lite)
DAYS_PER_YEAR = 365.0
SUBSTEPS = 4  # steps in a year; against 52 the capacity after 15 years differs by less than 1e-4


def anode_potential_v(soc: ArrayLike) -> Floats:
    """Potential of the graphite against lithium (V): high when empty, low when full, with the plateaus between.
    Safari and Delacourt, J. Electrochem. Soc. 158 (2011) A562. Any shape."""
    x = ANODE_EMPTY + np.asarray(soc, dtype=float) * (ANODE_FULL - ANODE_EMPTY)
    falls = sum(height * np.tanh((x - at) / width) for height, at, width in ANODE_STEPS)
    return ANODE_BASE_V + ANODE_FIRST_V * np.exp(-ANODE_FIRST_DECAY * x) - falls


def calendar_rate(cell_c: ArrayLike, soc: ArrayLike) -> Floats:
    """Loss after one day at rest (fraction), k_cal of loss = k_cal x days^0.526; the arguments broadcast.

    Doubles about every 11 C at half charge and is about 1.5 times as high at SOC 0.9. Fitted at 10 to 45 C.
    """
    kelvin = np.asarray(cell_c, dtype=float) + 273.15
    return CALENDAR_PRE * np.exp(-(CALENDAR_K + CALENDAR_ANODE_K * anode_potential_v(soc)) / kelvin)


# --- what a year does to the cells ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Duty:
    """The stress of a year, each a number or one per lane (lanes,): mean calendar and cycle rate, and the equivalent
    full cycles a year of a battery at full health (a faded one moves less charge for the same SOC)."""

    calendar: ArrayLike
    cycle_rest: ArrayLike
    cycle_by_c_rate: ArrayLike
    efc_per_year: ArrayLike


def duty(soc: ArrayLike, cell_c: ArrayLike, step_h: float) -> Duty:
    """The duty of an SOC trace (n,) at the end of each step, and cell temperature (n,) or one number; any length, taken
    to repeat over the year. The depth is that of its cycles by rainflow, weighted by their throughput.

    Loss by cycles: k_cyc x EFC^0.828. Its C-rate is the mean of |power| over capacity over *all* time, rest included:
    BLAST-Lite's own reading of its fit. It falls with temperature, because the fit balances the calendar part: not to
    be read as "heat is good".
    """
    soc = _trace(soc)
    cell_c = np.broadcast_to(np.asarray(cell_c, dtype=float), soc.shape)
    require(np.isfinite(cell_c).all(), "cell_c holds a value that is not a number; fill the gap.")
    require(step_h > 0, "step_h must be more than 0 hours.")
    moved = np.abs(np.diff(soc, append=soc[0]))
    c_rate = np.where(moved / step_h < STILL_PER_H, 0.0, moved / step_h).mean()
    kelvin_factor = np.exp(CYCLE_K / (np.clip(cell_c, *CYCLE_CELL_C) + 273.15)).mean()
    return Duty(
        calendar=float(calendar_rate(cell_c, soc).mean()),
        cycle_rest=float((CYCLE_BASE + CYCLE_BY_DEPTH * mean_depth(soc)) * kelvin_factor),
        cycle_by_c_rate=float(CYCLE_BY_C_RATE * c_rate * kelvin_factor),
        efc_per_year=float(moved.sum() / 2 * DAYS_PER_YEAR * 24 / (soc.size * step_h)),
    )


@dataclass(frozen=True, eq=False)
class Fade:
    """What the cells have lost so far, each a number or per lane, and the equivalent full cycles of nameplate done."""

    calendar: ArrayLike = 0.0
    cycle: ArrayLike = 0.0
    efc: ArrayLike = 0.0

    @property
    def soh(self) -> Floats:
        """Capacity left, fraction of nameplate."""
        return np.maximum(1.0 - np.asarray(self.calendar) - np.asarray(self.cycle), 0.0)


NEW = Fade()


def age(fade: Fade, year: Duty, years: float = 1.0, cycle_margin: float = 1.0, calendar_margin: float = 1.0) -> Fade:
    """The fade after `years` more of this duty; all lanes at once. The margins multiply the rates.

    Losses add up along their own curve from where they stand (a change of duty continues from the loss reached, not
    from the time passed), so a hot first year does not count twice.
    """
    require(years >= 0 and cycle_margin >= 0 and calendar_margin >= 0, "years and margins must be 0 or more.")
    for _ in range(SUBSTEPS):
        fade = _part_of_a_year(fade, year, years / SUBSTEPS, cycle_margin, calendar_margin)
    return fade


def _part_of_a_year(fade: Fade, year: Duty, years: float, cycle_margin: float, calendar_margin: float) -> Fade:
    """One step at the health of its middle (Heun): from the start's health to the end's, then by the mean of both."""
    end = _at_health(fade, fade.soh, year, years, cycle_margin, calendar_margin)
    return _at_health(fade, (fade.soh + end.soh) / 2, year, years, cycle_margin, calendar_margin)


def _at_health(fade: Fade, soh: Floats, year: Duty, years: float, cycle_margin: float, calendar_margin: float) -> Fade:
    cycled = np.asarray(year.efc_per_year) * soh * years
    rate = (np.asarray(year.cycle_rest) + np.asarray(year.cycle_by_c_rate) * soh) * cycle_margin
    calendar_rates = np.asarray(year.calendar) * calendar_margin
    return Fade(
        calendar=_further(np.asarray(fade.calendar), calendar_rates, DAYS_PER_YEAR * years, CALENDAR_EXPONENT),
        cycle=_further(np.asarray(fade.cycle), rate, cycled, CYCLE_EXPONENT),
        efc=np.asarray(fade.efc) + cycled,
    )


def _further(loss: Floats, rate: Floats, more: Floats | float, exponent: float) -> Floats:
    """The loss k x^p after `more` x, beginning where that curve has reached `loss`."""
    safe = np.maximum(rate, 1e-300)
    return np.where(rate > 0, safe * ((loss / safe) ** (1 / exponent) + more) ** exponent, loss)


def soh_by_year(duties: Duty | Sequence[Duty], years: int, cycle_margin: float = 1.0, start: Fade = NEW) -> Floats:
    """Capacity left at the start and after 1, 2, ... years (years + 1, ...lanes). One duty for all or one a year."""
    listed = [duties] * years if isinstance(duties, Duty) else list(duties)
    require(len(listed) == years, f"duties lists {len(listed)} years, but {years} are asked for.")
    fades = [start]
    for year in listed:
        fades.append(age(fades[-1], year, 1.0, cycle_margin))
    return np.stack(np.broadcast_arrays(*[fade.soh for fade in fades]))


# --- counting cycles --------------------------------------------------------------------------------------------------


def rainflow(soc: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Depth, mean and count (0.5 or 1) of the cycles of a trace, by the rainflow rule of ASTM E1049-85, 5.4.4; each
    (k,), in the order they close."""
    trace = _trace(soc, bounded=False)
    depth, mean, count = np.empty(trace.size), np.empty(trace.size), np.empty(trace.size)
    found = _rainflow(_turning_points(trace), depth, mean, count)
    return depth[:found], mean[:found], count[:found]


def mean_depth(soc: ArrayLike) -> float:
    """Mean depth of the cycles of a trace, weighted by the throughput of each; 0 where nothing moves."""
    depth, _, count = rainflow(soc)
    through = (depth * count).sum()
    return float((depth * depth * count).sum() / through) if through > 0 else 0.0


def _trace(soc: ArrayLike, bounded: bool = True) -> Floats:
    trace = np.asarray(soc, dtype=float)
    require(trace.ndim == 1 and trace.size >= 2, "soc must be a trace of at least two values.")
    require(np.isfinite(trace).all(), "soc holds a value that is not a number; fill the gap.")
    require(
        not bounded or (trace.min() >= -1e-9 and trace.max() <= 1 + 1e-9),
        f"soc must lie between 0 and 1, but reaches from {trace.min():g} to {trace.max():g}.",
    )
    return trace


def _turning_points(trace: Floats) -> Floats:
    moving = trace[np.concatenate([[True], np.diff(trace) != 0])]
    if moving.size < 3:
        return moving
    turns = np.diff(np.sign(np.diff(moving))) != 0
    return moving[np.concatenate([[True], turns, [True]])]


@Kernel
def _rainflow(points, depth, mean, count):
    stack, height, found = np.empty(points.size), 0, 0
    for point in points:
        stack[height] = point
        height += 1
        while height >= 3:
            last, before = abs(stack[height - 1] - stack[height - 2]), abs(stack[height - 2] - stack[height - 3])
            if last < before:
                break
            depth[found], mean[found] = before, (stack[height - 2] + stack[height - 3]) / 2
            if height == 3:
                count[found] = 0.5
                stack[0], stack[1] = stack[1], stack[2]
                height = 2
            else:
                count[found] = 1.0
                stack[height - 3] = stack[height - 1]
                height -= 2
            found += 1
    for at in range(height - 1):
        depth[found], mean[found] = abs(stack[at + 1] - stack[at]), (stack[at + 1] + stack[at]) / 2
        count[found] = 0.5
        found += 1
    return found


# --- augmentation and replacement -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Renewal:
    """When cells are added ("augment") or all exchanged ("replace"), always at the start of a year.

    below_fraction: in a year that would begin with less of nameplate. every_years: in years 1 + every, 1 + 2 x every,
    ... in_years: in these project years. An augmentation fills up to restore_fraction of nameplate. "none" lets it
    fade. Augmentation and replacement are never both paid for (as in REopt). After last_year none come but those of
    in_years: nobody buys cells for a project year that hardly uses them.
    """

    action: Literal["none", "augment", "replace"] = "none"
    below_fraction: float | None = None
    every_years: int | None = None
    in_years: tuple[int, ...] = ()
    restore_fraction: float = 1.0
    last_year: int | None = None

    def __post_init__(self):
        below, every = self.below_fraction, self.every_years
        require(below is None or 0 < below < 1, "below_fraction must lie between 0 and 1.")
        require(every is None or every >= 1, "every_years must be at least 1.")
        require(all(year >= 2 for year in self.in_years), "in_years must be 2 or later: year 1 begins with new cells.")
        require(self.restore_fraction > 0, "restore_fraction must be more than 0.")
        require(
            self.action == "none" or below is not None or every is not None or self.in_years,
            f"'{self.action}' needs a trigger: below_fraction, every_years or in_years.",
        )
        require(
            self.action != "augment" or below is None or self.restore_fraction > below,
            "restore_fraction must lie above below_fraction, or augmentation never ends.",
        )

    def due(self, year: int, fraction: ArrayLike, below: ArrayLike | None = None) -> Flags:
        """Whether cells come at the start of this year (1, 2, ...), which would begin with `fraction` of nameplate, of
        any shape; `below` stands in for `below_fraction`."""
        below = self.below_fraction if below is None else below
        left = np.asarray(fraction, dtype=float)
        if year in self.in_years:
            return np.ones(left.shape, dtype=bool)
        if self.action == "none" or year == 1 or (self.last_year is not None and year > self.last_year):
            return np.zeros(left.shape, dtype=bool)
        periodic = self.every_years is not None and (year - 1) % self.every_years == 0
        worn = np.zeros(left.shape, dtype=bool) if below is None else left < np.asarray(below) - 1e-12
        return worn | periodic


LET_FADE = Renewal()


@dataclass(frozen=True, eq=False)
class CapacityPlan:
    """Capacity over the years (years,), fractions of nameplate: at the start (after renewal), at the end and the mean
    of each year; cells added at its start; whether all were exchanged; EFC of the oldest cells by its end."""

    at_start: Floats
    at_end: Floats
    mean: Floats
    added: Floats
    replaced: NDArray[np.bool_]
    efc: Floats


def plan_capacity(
    duties: Duty | Sequence[Duty],
    years: int,
    renewal: Renewal = LET_FADE,
    cycle_margin: float = 1.0,
) -> CapacityPlan:
    """Capacity with fade and renewal. Added cells are new and cycle in step with the old ones (same SOC). The mean of a
    year is that of its quarter ends. Re-dispatch each year with `mean` and give that year's duty for a closed loop.

    All cohorts fade together as lanes; about 1 ms for 15 years.
    """
    listed = [duties] * years if isinstance(duties, Duty) else list(duties)
    require(len(listed) == years and years >= 1, f"duties lists {len(listed)} years, but {years} are asked for.")
    sizes, fade, rows = np.array([1.0]), Fade(np.zeros(1), np.zeros(1), np.zeros(1)), []
    for year, stress in enumerate(listed, start=1):
        sizes, fade, added, replaced = _renewed(sizes, fade, renewal, year)
        levels = [sizes @ fade.soh]
        for _ in range(SUBSTEPS):
            fade = _part_of_a_year(fade, stress, 1 / SUBSTEPS, cycle_margin, 1.0)
            levels.append(sizes @ fade.soh)
        rows.append((levels[0], levels[-1], np.trapezoid(levels) / SUBSTEPS, added, replaced, np.asarray(fade.efc)[0]))
    *of_years, was_replaced, efc_done = (np.array(column) for column in zip(*rows, strict=True))
    at_start, at_end, mean, cells_added = of_years
    return CapacityPlan(at_start, at_end, mean, cells_added, was_replaced.astype(bool), efc_done)


def _renewed(sizes: Floats, fade: Fade, renewal: Renewal, year: int) -> tuple[Floats, Fade, float, bool]:
    left = float(sizes @ fade.soh)
    if not renewal.due(year, left):
        return sizes, fade, 0.0, False
    if renewal.action == "replace":
        return np.array([1.0]), Fade(np.zeros(1), np.zeros(1), np.zeros(1)), 1.0, True
    added = max(renewal.restore_fraction - left, 0.0)
    if added == 0.0:
        return sizes, fade, 0.0, False
    parts = (np.append(part, 0.0) for part in (fade.calendar, fade.cycle, fade.efc))
    return np.append(sizes, added), Fade(*parts), added, False


# --- warranty ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Warranty:
    """A maker's limits; None = not limited. throughput_kwh_per_kwh: discharged energy over nameplate. soh_by_year: the
    capacity the maker guarantees at the end of these years."""

    years: int | None = None
    cycles: float | None = None
    throughput_kwh_per_kwh: float | None = None
    soh_by_year: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))


Limit = Literal["years", "cycles", "throughput", "soh"]


@dataclass(frozen=True)
class WarrantyFinding:
    """One limit that ends the warranty, or one guarantee the expected fade undercuts: the first year it happens."""

    limit: Limit
    year: int
    value: float
    allowed: float
    text: str


def check_warranty(
    warranty: Warranty, soh_at_end: ArrayLike, cycles_per_year: ArrayLike, discharged_kwh_per_kwh: ArrayLike
) -> tuple[WarrantyFinding, ...]:
    """Every limit that is passed within the years given (years,), the first year each; empty if all hold.

    cycles_per_year: as the contract counts them (equivalent full cycles unless it says otherwise);
    discharged_kwh_per_kwh: discharged energy of each year over nameplate. Use one set of cells from new.
    """
    soh = np.asarray(soh_at_end, dtype=float)
    cycles, through = (
        np.cumsum(np.broadcast_to(np.asarray(rows, dtype=float), soh.shape))
        for rows in (cycles_per_year, discharged_kwh_per_kwh)
    )
    findings = []
    if warranty.years is not None and soh.size > warranty.years:
        text = f"The warranty ends after {warranty.years} years; the study runs {soh.size}."
        findings.append(WarrantyFinding("years", warranty.years + 1, soh.size, warranty.years, text))
    sums: tuple[tuple[Limit, str, Floats, float | None], ...] = (
        ("cycles", "cycles", cycles, warranty.cycles),
        ("throughput", "kWh discharged per kWh of nameplate", through, warranty.throughput_kwh_per_kwh),
    )
    for name, label, totals, allowed in sums:
        if allowed is not None and totals[-1] > allowed * (1 + 1e-12):
            year = int(np.argmax(totals > allowed * (1 + 1e-12))) + 1
            reached = f"{totals[year - 1]:,.0f} by the end of year {year}, {allowed:,.0f} allowed."
            text = f"{label[0].upper()}{label[1:]}: {reached}"
            findings.append(WarrantyFinding(name, year, float(totals[year - 1]), allowed, text))
    return tuple(findings) + _undercut(warranty, soh)


def _undercut(warranty: Warranty, soh: Floats) -> tuple[WarrantyFinding, ...]:
    for year, promised in sorted(warranty.soh_by_year.items()):
        if year <= soh.size and soh[year - 1] < promised:
            text = f"Expected capacity {soh[year - 1]:.1%} after year {year} is below the guaranteed {promised:.1%}."
            return (WarrantyFinding("soh", year, float(soh[year - 1]), promised, text),)
    return ()


# --- climate ----------------------------------------------------------------------------------------------------------

AMBIENT_RANGE_C = (-30.0, 50.0)  # equipment.yaml: bess.performance.ambient_operating_range_c (general knowledge)
HELD_CELL_C = (15.0, 35.0)  # what liquid cooling with a heater holds (general knowledge)
CELL_ABOVE_AMBIENT_C = 5.0  # of cells that work without cooling (general knowledge)
HOT_DERATE_FROM_C, HOT_DERATE_PER_C = 45.0, 0.02  # power at high ambient (assumption; ask the maker)
CHARGE_STEPS_C = (0.0, 5.0, 10.0, 60.0)  # Paneco 20C1600K datasheet: below 0 C no charging, 0.12 C, 0.3 C, 0.5 C
CHARGE_C_RATES = (0.0, 0.12, 0.3, 0.5, 0.0)
DISCHARGE_CELL_C = (-20.0, 60.0)  # Paneco 20C1600K datasheet: full discharge within
AUXILIARY_C = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0)
AUXILIARY_KW_PER_MWH = (5.0, 3.5, 2.2, 1.4, 0.8, 0.8, 1.0, 1.4, 2.0, 2.8, 3.6, 4.5)


def cell_temperature_c(ambient_c: ArrayLike, managed: bool = True) -> Floats:
    """Cell temperature at this ambient temperature: held within 15..35 C by liquid cooling and heating, else ambient
    + 5 C. A steady state: hours of warming up and the heat of a hard cycle are not in it."""
    cell = np.asarray(ambient_c, dtype=float) + CELL_ABOVE_AMBIENT_C
    return np.clip(cell, *HELD_CELL_C) if managed else cell


def charge_c_rate_limit(cell_c: ArrayLike) -> Floats:
    """Greatest charging rate (1/h) at this cell temperature: 0 below 0 C, 0.12 below 5, 0.3 below 10, 0.5 up to 60 C,
    then 0. Paneco 20C1600K datasheet (314 Ah LFP); other makers differ."""
    return np.array(CHARGE_C_RATES)[np.searchsorted(CHARGE_STEPS_C, np.asarray(cell_c, dtype=float), side="right")]


def power_limits_kw(
    ambient_c: ArrayLike, battery_kw: float, nameplate_kwh: float, managed: bool = True
) -> tuple[Floats, Floats]:
    """Greatest charging and discharging power at this ambient temperature (kW), any shape.

    0 outside -30..50 C (the rated range); above 45 C both fall by 2 % per degree (an assumption); charging is held by
    the rate the cells allow, discharging is 0 where they are colder than -20 or hotter than 60 C. A battery of more
    than 0.5 C has faster cells than the sheet's: their rates are taken to fall in the same proportion.
    """
    ambient = np.asarray(ambient_c, dtype=float)
    cell = cell_temperature_c(ambient, managed)
    rated = (ambient >= AMBIENT_RANGE_C[0]) & (ambient <= AMBIENT_RANGE_C[1])
    warm = np.where(rated, 1 - HOT_DERATE_PER_C * np.maximum(ambient - HOT_DERATE_FROM_C, 0.0), 0.0)
    within = (cell >= DISCHARGE_CELL_C[0]) & (cell <= DISCHARGE_CELL_C[1])
    allowed_kw = charge_c_rate_limit(cell) * max(nameplate_kwh, battery_kw / CHARGE_C_RATES[3])
    charge = np.minimum(battery_kw * warm, np.where(rated, allowed_kw, 0.0))
    return charge, np.where(within, battery_kw * warm, 0.0)


# --- cabinets ---------------------------------------------------------------------------------------------------------


def availability(mean_time_between_failures_h: float, mean_time_to_repair_h: float) -> float:
    """Share of time a cabinet works. Hot-swap is a short time to repair (a swap of 2 to 4 h instead of days)."""
    require(mean_time_between_failures_h > 0, "mean_time_between_failures_h must be more than 0.")
    require(mean_time_to_repair_h >= 0, "mean_time_to_repair_h must be 0 or more.")
    return mean_time_between_failures_h / (mean_time_between_failures_h + mean_time_to_repair_h)


def expected_share(installed: int, spare: int, cabinet_availability: float) -> float:
    """Mean share of `installed` equal, independent cabinets that can be counted on: those that work, at most all but
    the spare ones. Without spares it is the availability; with enough of them the share of the others."""
    require(0 <= spare < installed, f"spare is {spare}, but must lie between 0 and installed, {installed}, less one.")
    counted = np.minimum(np.arange(installed + 1), installed - spare)
    return float(_working(installed, cabinet_availability) @ counted) / installed


def _working(installed: int, cabinet_availability: float) -> Floats:
    """Probability that 0, 1, ... of the cabinets work (installed + 1,), by logarithms: plants have thousands."""
    number = np.arange(installed + 1)
    if cabinet_availability in (0.0, 1.0):
        return (number == installed * cabinet_availability).astype(float)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(number[1:]))])
    log_ways = log_factorial[-1] - log_factorial - log_factorial[::-1]
    works, fails = np.log(cabinet_availability), np.log1p(-cabinet_availability)
    return np.exp(log_ways + number * works + (installed - number) * fails)
