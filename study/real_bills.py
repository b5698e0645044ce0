"""Real bills beside modelled ones: differences by month and component, what they come from, and the load that fits.

Only what both have is compared. What a bill does not say, or the tariff has no rule for, is NaN here and in no sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.inputs.bills import RealBill
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from study.site_year import SiteYear

MONEY = ("energy", "demand", "adjustment", "tax", "other")
ALTERNATIVE = "grid"
NEAR = 0.01
Cause = Literal["load", "price", "peak", "basis", "adjustment", "tax", "other", "not_split"]
CAUSES: tuple[Cause, ...] = get_args(Cause)


@dataclass(frozen=True, eq=False)
class Compared:
    """One component over the months of the bills: `real` and `model` (months,), NaN where there is none."""

    real: Floats
    model: Floats

    @property
    def both(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.real) & ~np.isnan(self.model)

    @property
    def is_compared(self) -> bool:
        return bool(self.both.any())

    def difference(self, where: NDArray[np.bool_] | bool = True) -> float:
        """Model less bill, summed over the months that have both."""
        kept = self.both & where
        return float((self.model - self.real)[kept].sum())

    def relative(self, where: NDArray[np.bool_] | bool = True) -> float:
        """`difference` over what was billed in the same months; NaN where that is nothing."""
        billed = float(self.real[self.both & where].sum())
        return self.difference(where) / billed if billed else float("nan")


@dataclass(frozen=True, eq=False)
class Comparison:
    """`months` as the bills name them, `lines` by component ("kwh", "max_demand_kw", those of `MONEY`, "total"), and
    `kwh_by_period` by price period."""

    months: tuple[str, ...]
    lines: dict[str, Compared]
    kwh_by_period: dict[str, Compared]

    def unexplained(self) -> float:
        """The part of the difference in the totals that no compared component explains."""
        where = self.lines["total"].both
        return self.lines["total"].difference() - sum(self.lines[name].difference(where) for name in MONEY)


@dataclass(frozen=True)
class BillVerdict:
    """`what` is compared ("total", "energy", "demand" or "kwh"), `relative` model against bill; `part` explains the
    fraction `share` of the difference, likely because of `cause`. They are empty where the two agree within 1 %. Where
    another part goes the other way and `share` is above 1, `against` names it."""

    what: str
    relative: float
    part: str = ""
    share: float = 0.0
    cause: Cause | None = None
    against: str = ""


def compare(bills: Sequence[RealBill], year: SiteYear) -> Comparison:
    """Each bill beside the modelled bill of the grid alternative in the same calendar month."""
    rows = sorted(bills, key=lambda bill: bill.month)
    calendar = year.dispatch.clock.calendar_months()
    at = [calendar.index(bill.calendar_month) for bill in rows]
    model = _modelled(year)
    lines = {
        name: Compared(_real(rows, "taken_kwh" if name == "kwh" else name), values[at])
        for name, values in model.items()
    }
    return Comparison(tuple(bill.month for bill in rows), lines, _periods(rows, year, at))


def _real(bills: Sequence[RealBill], name: str) -> Floats:
    found = (getattr(bill, name) for bill in bills)
    return np.array([np.nan if value is None else value for value in found])


def _modelled(year: SiteYear) -> dict[str, Floats]:
    """Components of the modelled bill by month (12,); a rule the tariff does not have is NaN, not 0."""
    row, bill, tariff = year.dispatch.row(ALTERNATIVE), year.bill, year.tariff
    none = np.full(year.dispatch.months, np.nan)
    has_other = tariff.fixed_per_month or tariff.minimum_per_month or tariff.minimum_per_kva_month
    has_demand = bool(bill.demand_charges) or tariff.demand_basis == "transformer_kva"
    demand = sum((values[row] for values in bill.demand_charges.values()), bill.capacity_charge[row])
    return {
        "kwh": year.monthly_kwh(ALTERNATIVE),
        "max_demand_kw": year.monthly_kw(ALTERNATIVE),
        "energy": bill.energy_charge[row] + bill.tiers[row],
        "demand": demand if has_demand else none,
        "adjustment": bill.power_factor[row] if bill.power_factor[row].any() else none,
        "tax": bill.tax[row] if tariff.energy_tax_rate else none,
        "other": bill.fixed[row] + bill.minimum[row] if has_other else none,
        "total": bill.total[row],
    }


def _periods(bills: Sequence[RealBill], year: SiteYear, at: list[int]) -> dict[str, Compared]:
    names = year.dispatch.classes.names
    kwh = year.dispatch.import_kwh[year.dispatch.row(ALTERNATIVE)]
    billed = dict.fromkeys(name for bill in bills for name in bill.kwh_by_period)
    none = np.full(len(bills), np.nan)
    return {
        name: Compared(
            np.array([bill.kwh_by_period.get(name, np.nan) for bill in bills]),
            kwh[at, names.index(name)] if name in names else none,
        )
        for name in billed
    }


def verdict(found: Comparison) -> BillVerdict | None:
    """What the comparison says; None where bills and model have nothing in common."""
    what = next((name for name in ("total", "energy", "demand", "kwh") if found.lines[name].is_compared), None)
    if what is None:
        return None
    relative = found.lines[what].relative()
    if not abs(relative) >= NEAR:
        return BillVerdict(what, relative)
    if what != "total":
        return BillVerdict(what, relative, what, 1.0, _cause(found, what))
    where = found.lines["total"].both
    parts = {name: found.lines[name].difference(where) for name in MONEY} | {"not_split": found.unexplained()}
    difference = found.lines["total"].difference()
    part = max(parts, key=lambda name: parts[name] * np.sign(difference))
    share = parts[part] / difference
    against = min(parts, key=lambda name: parts[name] * np.sign(difference)) if share > 1 + NEAR else ""
    return BillVerdict(what, relative, part, share, _cause(found, part), against)


def _cause(found: Comparison, part: str) -> Cause:
    """Quantity or price: what makes up at least half of a component's difference."""
    if part == "kwh":
        return "load"
    if part in CAUSES:
        return part
    measured: dict[str, tuple[str, Cause, Cause]] = {
        "energy": ("kwh", "load", "price"),
        "demand": ("max_demand_kw", "peak", "basis"),
    }
    quantity, because_quantity, because_price = measured[part]
    where = found.lines[part].both
    of_quantity, of_money = found.lines[quantity].relative(where), found.lines[part].relative(where)
    is_quantity = of_money and of_quantity / of_money >= 0.5
    return because_quantity if is_quantity else because_price


def fitting_peak_kw(scenario: Scenario, found: Comparison) -> float | None:
    """The peak load at which the modelled kWh equal the billed ones; None where the size is not given as a peak, or no
    bill states its kWh."""
    load, line = scenario.load, found.lines["kwh"]
    has_peak = load.kind == "flat" or (load.kind != "meter" and load.size_by == "peak")
    modelled = float(line.model[line.both].sum())
    if not has_peak or not line.is_compared or modelled <= 0:
        return None
    return peak_kw(load) * float(line.real[line.both].sum()) / modelled
