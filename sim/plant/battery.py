"""The battery over the years: ageing, renewal and warranty, and what a year is dispatched with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats
from sim.inputs.plant import Control
from sim.inputs.storage import Storage
from sim.plant.ageing import (
    AUXILIARY_C,
    AUXILIARY_KW_PER_MWH,
    LET_FADE,
    Duty,
    Renewal,
    Warranty,
    WarrantyFinding,
    availability,
    check_warranty,
    duty,
    expected_share,
    plan_capacity,
    power_limits_kw,
)

LINE_INPUTS = ("fade_per_year", "fade_first_year", "end_of_life_fraction")


@dataclass(frozen=True, eq=False)
class BatteryLife:
    """Capacity of each project year over nameplate.

    `health` (years,): its mean, with which the year is dispatched; `at_end` (years,): what is left at the year's end;
    `added` (years,): new cells put in at its start. `replaced_in`: project years (1, 2, ...) at whose start all cells
    are new. `cycles` (years,): equivalent full cycles of the capacity that is left, 0 where they play no part.
    """

    health: Floats
    replaced_in: tuple[int, ...]
    at_end: Floats = field(default_factory=lambda: np.zeros(0))
    added: Floats = field(default_factory=lambda: np.zeros(0))
    cycles: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def added_in(self) -> tuple[int, ...]:
        """Project years at whose start cells are added without exchanging all."""
        return tuple(int(year) + 1 for year in np.flatnonzero(self.added) if year + 1 not in self.replaced_in)


def battery_life(storage: Storage, years: int) -> BatteryLife:
    """Straight-line fade (`straight_line`). No dependence on temperature or cycles: that is `cell_life`."""
    found = straight_line(storage, (np.array([getattr(storage, name)]) for name in LINE_INPUTS), years)
    health, at_end, added = (values[0] for values in found)
    is_replaced = (added > 0) & (storage.renewal == "replace")
    replaced_in = tuple(int(year) + 1 for year in np.flatnonzero(is_replaced))
    return BatteryLife(health, replaced_in, at_end, added, np.zeros(years))


def usual_fade(storage: Storage) -> Storage:
    """The same battery with the straight line that is usual: where the search for cells that age by use begins, so that
    the two inputs of another model change nothing there."""
    line = ("fade_per_year", "fade_first_year")
    return storage.model_copy(update={name: Storage.model_fields[name].default for name in line})


def straight_line(storage: Storage, line: Iterable[Floats], years: int) -> tuple[Floats, Floats, Floats]:
    """Fade on a straight line with an extra loss in the first year of use, of many batteries at once; line: the inputs
    `LINE_INPUTS` (n,) that stand in for the battery's own.

    Returned (n, years): mean capacity over nameplate of each year, capacity at its end, and the new cells put in at its
    start, by the rule of `renewal`. Added cells fade from their own first year on.
    """
    fade_per_year, fade_first_year, end_of_life_fraction = line
    rule, replaces = renewal(storage, years), storage.renewal == "replace"
    below = end_of_life_fraction if replaces else rule.below_fraction
    health, at_end, added = np.zeros((3, len(fade_per_year), years))
    cohorts = [(np.ones(len(fade_per_year)), 0)]

    def left(age_at: float) -> Floats:
        found = np.zeros(len(fade_per_year))
        for size, born in cohorts:
            age = age_at - born
            found += size * np.maximum(0.0, 1.0 - fade_per_year * age - fade_first_year * min(1.0, age))
        return found

    for year in range(years):
        now = left(year)
        due = np.broadcast_to(rule.due(year + 1, now, below), now.shape)
        if due.any():
            new = np.where(due, 1.0 if replaces else np.maximum(rule.restore_fraction - now, 0.0), 0.0)
            cohorts = [(np.where(due & replaces, 0.0, size), born) for size, born in cohorts] + [(new, year)]
            added[:, year] = new
        health[:, year], at_end[:, year] = left(year + 0.5), left(year + 1.0)
    return health, at_end, added


def cell_life(
    storage: Storage, soc: Floats, cell_c: Floats, step_h: float, months_share: float, cycles: Floats
) -> BatteryLife:
    """LFP ageing: calendar and cycle fade by the charge and temperature of one dispatched year, and by the cycles of
    each.

    soc (steps,): charge over the capacity of that year; cell_c (steps,); months_share: how much of a year the template
    is; cycles (years,): equivalent full cycles of each project year. A battery stands still after a short term.
    """
    stress = duty(np.clip(soc, 0.0, 1.0), cell_c, step_h)
    yearly = [Duty(stress.calendar, stress.cycle_rest, stress.cycle_by_c_rate, n / months_share) for n in cycles]
    plan = plan_capacity(yearly, len(cycles), renewal(storage, len(cycles)), storage.cycle_margin)
    replaced_in = tuple(int(year) + 1 for year in np.flatnonzero(plan.replaced))
    return BatteryLife(plan.mean, replaced_in, plan.at_end, plan.added, np.asarray(cycles, dtype=float))


def renewal(storage: Storage, years: int) -> Renewal:
    """When cells are exchanged or added in a term of so many project years: not in the last, but where it is listed."""
    if storage.renewal == "none":
        return LET_FADE
    if storage.renewal == "replace":
        return Renewal("replace", below_fraction=min(storage.end_of_life_fraction, 0.999), last_year=years - 1)
    by = storage.augment_by
    return Renewal(
        "augment",
        below_fraction=storage.augment_below_fraction if by == "threshold" else None,
        every_years=storage.augment_every_years if by == "periodic" else None,
        in_years=tuple(row.year for row in storage.augment_years) if by == "years" else (),
        restore_fraction=storage.augment_to_fraction,
        last_year=years - 1,
    )


def warranty_findings(
    storage: Storage, life: BatteryLife, discharged_kwh: Sequence[float]
) -> tuple[WarrantyFinding, ...]:
    """Limits the first set of cells passes within the warranty; empty where none is set or all hold.

    discharged_kwh (years,): at the bus, of each project year.
    """
    years = int(storage.warranty_years or 0)
    last = min([year - 1 for year in life.replaced_in] + [life.health.size, years])
    if not storage.exists or last < 1:
        return ()
    limit = storage.warranty_cycles_per_year
    promised = storage.warranty_end_fraction
    warranty = Warranty(
        cycles=None if limit is None else limit * years,
        throughput_kwh_per_kwh=storage.warranty_throughput_kwh_per_kwh,
        soh_by_year={} if promised is None else {years: promised},
    )
    first_set_kwh = np.asarray(discharged_kwh, dtype=float)[:last]
    cycles, through = full_cycles(storage, first_set_kwh), first_set_kwh / storage.energy_kwh
    return check_warranty(warranty, life.at_end[:last], cycles, through)


def full_cycles(storage: Storage, discharged_kwh: ArrayLike) -> Floats:
    """Equivalent full cycles, as warranties count them: energy taken from the cells over nameplate energy, so that 1 is
    a full battery emptied once, however many turns it took. discharged_kwh: at the bus, any shape; what leaves the
    cells is more by the discharge efficiency. Needs a battery.

    Ageing counts otherwise: charge moved over the capacity that is left (`BatteryLife.cycles`).
    """
    return np.asarray(discharged_kwh, dtype=float) / discharge_efficiency(storage) / storage.energy_kwh


def available_share(storage: Storage) -> float:
    """Mean share of the battery's power and energy that can be counted on: cabinets fail and are repaired, spare ones
    stand in for them. The expectation, not a drawn failure; common causes are not in it."""
    if not storage.exists or (storage.cabinet_mtbf_h is None and storage.spare_cabinets == 0):
        return 1.0
    works = 1.0
    if storage.cabinet_mtbf_h is not None:
        works = availability(storage.cabinet_mtbf_h, storage.cabinet_repair_h)
    return expected_share(storage.cabinets, min(storage.spare_cabinets, storage.cabinets - 1), works)


def available(storage: Storage) -> tuple[float, float]:
    """Power (kW) and nameplate energy (kWh) of the cabinets that can be counted on; none without a battery."""
    share = available_share(storage)
    return (storage.power_kw * share, storage.energy_kwh * share) if storage.exists else (0.0, 0.0)


def usable_kwh(storage: Storage, from_fraction: float | None = None) -> float:
    """Energy that reaches the bus from a new battery: `window_kwh` less what discharging loses."""
    return window_kwh(storage, from_fraction) * discharge_efficiency(storage)


def window_kwh(storage: Storage, from_fraction: float | None = None) -> float:
    """Energy inside a new battery from a charge of `from_fraction` of nameplate (default: the highest) down to the
    lowest, of the cabinets that can be counted on; nothing from below it."""
    full = storage.soc_max_fraction if from_fraction is None else from_fraction
    return available(storage)[1] * max(0.0, full - storage.soc_min_fraction)


def nameplate_for_kwh(storage: Storage, needed_kwh: float) -> float:
    """Nameplate (kWh) of a battery like this one whose `usable_kwh` is `needed_kwh`."""
    window = (storage.soc_max_fraction - storage.soc_min_fraction) * available_share(storage)
    return needed_kwh / discharge_efficiency(storage) / window


def discharge_efficiency(storage: Storage) -> float:
    """One-way efficiency of discharging as the connection point sees it: beside the load cabinets spare line losses."""
    return float(seen_at_bus(storage, storage.discharge_efficiency))


def seen_at_bus(storage: Storage, one_way: Floats | float) -> Floats:
    """`discharge_efficiency` for other efficiencies of the cabinets themselves, of any shape."""
    return np.minimum(1.0, one_way * (1.0 + storage.near_load_loss_gain_fraction))


def lane_fields(
    storage: Storage, plan: Control, health: Floats, of: Mapping[str, Floats] | None = None
) -> dict[str, Floats]:
    """The battery's fields of `sim.kernel.Lanes`, without its auxiliaries, for lanes (n,) of which `health` (n,) says
    the capacity over nameplate. What the cells can be told to take and give shrinks with them, a limit typed does not.

    `of`: values (n,) of the variants that replace the battery's own, by the names of `energy_kwh`, `power_kw`,
    `charge_efficiency`, `discharge_efficiency` and `reserve_fraction`. Its cabinets are counted on as they are.
    """
    own = {"reserve_fraction": plan.reserve_fraction} | {
        name: getattr(storage, name) for name in ("energy_kwh", "power_kw", "charge_efficiency", "discharge_efficiency")
    }
    v, works = own | dict(of or {}), available_share(storage)
    energy = v["energy_kwh"] * works
    power = np.where(np.asarray(v["energy_kwh"]) > 0, v["power_kw"] * works, 0.0)
    limits = {"charge_set_kw": plan.charge_limit_kw, "discharge_set_kw": plan.discharge_limit_kw}
    fractions = {
        "energy_max_kwh": storage.soc_max_fraction,
        "energy_min_kwh": storage.soc_min_fraction,
        "energy_reserve_kwh": v["reserve_fraction"],
        "energy_start_kwh": storage.soc_start_fraction,
    }
    return {
        "battery_kw": power * np.ones_like(health),
        **{name: np.minimum(power * health, np.inf if limit is None else limit) for name, limit in limits.items()},
        **{name: energy * fraction * health for name, fraction in fractions.items()},
        "charge_efficiency": v["charge_efficiency"] * np.ones_like(health),
        "discharge_efficiency": seen_at_bus(storage, v["discharge_efficiency"]) * np.ones_like(health),
    }


def power_shares(storage: Storage, ambient_c: Floats) -> tuple[Floats, Floats]:
    """Share of the battery's power that the cells take and give at each air temperature (steps,), 0 to 1."""
    limits_kw = power_limits_kw(ambient_c, storage.power_kw, storage.energy_kwh, storage.cell_temperature == "held")
    charge, discharge = (limit_kw / storage.power_kw for limit_kw in limits_kw)
    return charge, discharge


def auxiliary_kw_per_mwh(storage: Storage, ambient_c: Floats) -> float:
    """Mean own use over the year (kW per MWh of nameplate): as given at 25 °C, by the temperature where asked for.

    One mean for all hours: on a 20 MWh battery the hours differ by 0.04 MW, which no bill of a cluster shows.
    """
    if not storage.auxiliary_by_temperature:
        return storage.auxiliary_kw_per_mwh
    by_temperature = np.interp(ambient_c, AUXILIARY_C, AUXILIARY_KW_PER_MWH)
    return storage.auxiliary_kw_per_mwh * float(by_temperature.mean())
