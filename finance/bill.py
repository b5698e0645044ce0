"""One utility bill per month: energy by price class and tier, demand measured or declared, capacity, fixed charge,
power-factor adjustment, minimum bill, tax and VAT.

Everything is vectorised: lanes (any leading axes), M months, K billing classes. A class is the smallest set of hours
that shares one energy price and one answer to "is demand measured here", for example "peak", or the pair of an energy
period and a demand period. Money is in the tariff's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from finance.demand_contract import best_declared_kw, overrun_kw, power_factor, power_factor_fraction
from finance.tiers import Tier, tiered_charge
from sim.arrays import Filled, Floats
from sim.inputs.tariff import OVERRUN

BY_MONTH = (
    *("fixed_per_month", "capacity_per_kva_month", "minimum_per_month", "levies_per_kwh"),
    *("market_factor", "export_market_factor"),
)


@dataclass(frozen=True, eq=False)
class DemandRate:
    """A price per kW on the greatest import of each month within the measured classes.

    name: key of the charge in the bill, unique within a tariff.
    per_kw_month: (M,) money per kW and month; a single number means every month.
    measured: (K,) True where imports of the class count. Hours outside cost nothing.
    ratchet_fraction, ratchet_months: billed kW of a month = max(its own peak, fraction x the greatest measured peak of
        that many months before). 0 months or fraction 0 means no ratchet.
    ratchet_counts: (M,) False for months whose peak feeds no ratchet; True means every month does.
    peaks_before_kw: measured peaks of the months before the first, oldest first; (B,), or (..., B) to differ by lane.
        Months that are not given do not bind.
    tiers: price per kW on top of per_kw_month for the part of the billed kW within each tier; none = one price.
    tier_factor: (M,) what the tiers' prices are multiplied by in each month.
    """

    name: str
    per_kw_month: Filled
    measured: Filled
    ratchet_fraction: float = 0.0
    ratchet_months: int = 0
    peaks_before_kw: Filled = ()
    ratchet_counts: Filled = True
    tiers: tuple[Tier, ...] = ()
    tier_factor: Filled = 1.0

    def __post_init__(self) -> None:
        _fraction(self.ratchet_fraction, f"ratchet_fraction of demand charge '{self.name}'")
        if self.ratchet_months < 0:
            raise ValueError(f"ratchet_months of demand charge '{self.name}' is {self.ratchet_months}; use 0 or more")
        object.__setattr__(self, "measured", _fixed(self.measured, bool))
        object.__setattr__(self, "per_kw_month", _fixed(self.per_kw_month, float))
        object.__setattr__(self, "peaks_before_kw", _fixed(self.peaks_before_kw, float))
        object.__setattr__(self, "ratchet_counts", _fixed(self.ratchet_counts, bool))
        object.__setattr__(self, "tier_factor", _fixed(self.tier_factor, float))


@dataclass(frozen=True, eq=False)
class ContractRate:
    """A price per kW on what was declared; what goes beyond the tolerated part of it is billed at a factor.

    name, per_kw_month, measured: as of `DemandRate`. The bill shows the two parts as `name` and `name` + "_overrun".
    declared_kw: (M,), or (..., M) to differ by lane; NaN = the cheapest for the lane's own peaks.
    tolerance, overrun_factor, floor_kw: rules of `finance.demand_contract`. hold_months: how long a declaration holds.
    is_billed: (M,) False for months without a connection, which the cheapest declaration leaves out of account.
    """

    name: str
    per_kw_month: Filled
    measured: Filled
    declared_kw: Filled = np.nan
    tolerance: float = 1.05
    overrun_factor: float = 2.0
    floor_kw: float = 0.0
    hold_months: int = 1
    is_billed: Filled = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "measured", _fixed(self.measured, bool))
        object.__setattr__(self, "per_kw_month", _fixed(self.per_kw_month, float))
        object.__setattr__(self, "declared_kw", _fixed(self.declared_kw, float))
        object.__setattr__(self, "is_billed", _fixed(self.is_billed, bool))

    def best_kw(self, peak_kw: Floats) -> Floats:
        """The cheapest kW to declare for the greatest import of each month (..., M)."""
        return best_declared_kw(self, peak_kw, self.hold_months, self.per_kw_month * self.is_billed)


@dataclass(frozen=True, eq=False)
class TierRate:
    """Prices per kWh on top of the class prices, by the month's quantity. share: (K,) part of each class that counts.
    factor: (M,) what the tiers' prices are multiplied by, 0 in months without the rule."""

    tiers: tuple[Tier, ...]
    share: Filled
    factor: Filled = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", _fixed(self.share, float))
        object.__setattr__(self, "factor", _fixed(self.factor, float))


@dataclass(frozen=True, eq=False)
class BillRates:
    """A tariff resolved to M months and K classes.

    energy_per_kwh: (M, K) price before adders and tax. NaN = the class does not occur in that month.
    export_credit_per_kwh: (M, K) credit per exported kWh, paid in the same month, no cap. A number means everywhere.
    market_factor, export_market_factor: (M,) what the worth of imports and exports at the market's prices is multiplied
        by; 0 = no market. The worth of imports is part of the energy charge, that of exports of the credit.
    demand: the charges per kW.
    tiers: prices per kWh by the month's quantity; the energy tax is on them too.
    minimum_per_month: money per month the bill comes to at least, a number or (M,).
    high_use_kwh_per_kva, high_use_factor: in months with at least that much per kVA the charges per kW cost this share
        of their price; None = no such rule.
    levies_per_kwh: (M,) part of the energy prices which the power-factor adjustment leaves out.
    fixed_per_month: money per month, a number or (M,).
    capacity_per_kva_month, capacity_kva: the charge on installed transformer capacity, a price per kVA (a number or
        (M,)); load and peaks do not enter.
    adders_per_kwh: levies per imported kWh, added to every energy price.
    tax_rate: fraction on energy charge and adders: a kWh costs (energy + adders) x (1 + tax_rate). Demand, capacity and
        fixed charges do not carry it.
    vat_rate, prices_include_vat, vat_included: all prices above are with or without VAT (prices_include_vat); the bill
        is wanted with or without (vat_included). Every component, credits too, is converted at the end.
    """

    energy_per_kwh: Filled
    export_credit_per_kwh: Filled = 0.0
    market_factor: Filled = 0.0
    export_market_factor: Filled = 0.0
    demand: tuple[DemandRate | ContractRate, ...] = ()
    tiers: tuple[TierRate, ...] = ()
    minimum_per_month: Filled = 0.0
    high_use_kwh_per_kva: float | None = None
    high_use_factor: float = 1.0
    levies_per_kwh: Filled = 0.0
    fixed_per_month: Filled = 0.0
    capacity_per_kva_month: Filled = 0.0
    capacity_kva: float = 0.0
    adders_per_kwh: float = 0.0
    tax_rate: float = 0.0
    vat_rate: float = 0.0
    prices_include_vat: bool = True
    vat_included: bool = True

    def __post_init__(self) -> None:
        energy = _fixed(self.energy_per_kwh, float)
        if energy.ndim != 2 or not energy.size:
            raise ValueError(f"energy_per_kwh has shape {energy.shape}; give one row per month, one column per class")
        _fraction(self.tax_rate, "tax_rate")
        _fraction(self.vat_rate, "vat_rate")
        months, classes = energy.shape
        credit = _spread(self.export_credit_per_kwh, energy.shape, "export_credit_per_kwh")
        object.__setattr__(self, "energy_per_kwh", energy)
        object.__setattr__(self, "export_credit_per_kwh", credit)
        for name in BY_MONTH:
            object.__setattr__(self, name, _spread(getattr(self, name), (months,), name))
        _check_demand(self.demand, months, classes)

    @property
    def vat_factor(self) -> float:
        """What every component is multiplied by to stand on the wanted VAT basis."""
        if self.prices_include_vat == self.vat_included:
            return 1.0
        return 1.0 + self.vat_rate if self.vat_included else 1.0 / (1.0 + self.vat_rate)


class Billable(Protocol):
    """Meter readings (..., M, K): energy taken and fed in by class, and the greatest demand-window mean import. The
    dispatch kernel's aggregates have them. `monthly` has the worth (..., M) of imports and exports at a market's prices
    (`import_worth`, `export_worth`); it is asked for only where the rates have one."""

    @property
    def import_kwh(self) -> Floats: ...

    @property
    def export_kwh(self) -> Floats: ...

    @property
    def peak_kw(self) -> Floats: ...

    @property
    def monthly(self) -> Mapping[str, Floats]: ...


@dataclass(frozen=True, eq=False)
class Bill:
    """A bill by month and component; arrays (..., M) unless said. All on the VAT basis the rates ask for.

    energy_charge holds the adders and is the sum of energy_charge_by_class (..., M, K) and of `market`, what imports
    cost at the market's price of their step. export_credit is a positive number. total = energy_charge + tiers + tax -
    export_credit + the demand charges + capacity_charge + fixed + power_factor + minimum. power_factor is negative
    where it is a rebate; minimum is what is missing to the minimum bill. billed_kw is the kW each demand charge is
    raised on, after the ratchet; of a declared demand the declared kW, and its over-run times the factor.
    """

    energy_charge: Floats
    energy_charge_by_class: Floats
    market: Floats
    export_credit: Floats
    demand_charges: dict[str, Floats]
    billed_kw: dict[str, Floats]
    capacity_charge: Floats
    fixed: Floats
    tax: Floats
    tiers: Floats
    power_factor: Floats
    minimum: Floats
    total: Floats


def bill(rates: BillRates, metered: Billable, reactive_kvarh: Floats | None = None) -> Bill:
    """The bill of each lane and month. reactive_kvarh (..., M): None = the power factor plays no part.

    Raises ValueError where readings and rates do not fit each other.
    """
    _check_readings(rates, metered)
    vat, months = rates.vat_factor, metered.import_kwh.shape[:-1]
    price_per_kwh = np.nan_to_num(rates.energy_per_kwh, nan=0.0) + rates.adders_per_kwh
    by_class = metered.import_kwh * price_per_kwh * vat
    market, sold = _market(rates, metered)
    energy_charge = by_class.sum(axis=-1) + market * vat
    export_credit = ((metered.export_kwh * rates.export_credit_per_kwh).sum(axis=-1) + sold) * vat
    demand_charges, billed_kw = _demand(rates, metered.peak_kw, vat * high_use_share(rates, metered.import_kwh))
    capacity_charge = np.broadcast_to(rates.capacity_per_kva_month * rates.capacity_kva * vat, months)
    fixed = np.broadcast_to(rates.fixed_per_month * vat, months)
    tiers = np.zeros(months)
    for rate in rates.tiers:
        tiers = tiers + tiered_charge(metered.import_kwh @ rate.share, rate.tiers) * rate.factor * vat
    tax = (energy_charge + tiers) * rates.tax_rate
    basic = energy_charge + tiers + sum(demand_charges.values()) + capacity_charge
    adjustment = np.zeros(months)
    if reactive_kvarh is not None:
        imported = metered.import_kwh.sum(axis=-1)
        fraction = power_factor_fraction(power_factor(imported, reactive_kvarh))
        adjustment = fraction * (basic - imported * rates.levies_per_kwh * vat)
    before = basic + tax - export_credit + fixed + adjustment
    has_minimum = rates.minimum_per_month > 0
    minimum = np.where(has_minimum, np.maximum(rates.minimum_per_month * vat - before, 0.0), 0.0)
    return Bill(
        energy_charge=energy_charge,
        energy_charge_by_class=by_class,
        market=market * vat,
        export_credit=export_credit,
        demand_charges=demand_charges,
        billed_kw=billed_kw,
        capacity_charge=capacity_charge,
        fixed=fixed,
        tax=tax,
        tiers=tiers,
        power_factor=adjustment,
        minimum=np.broadcast_to(minimum, months),
        total=before + minimum,
    )


def _market(rates: BillRates, metered: Billable) -> tuple[Floats, Floats]:
    """What imports cost and exports earn at the market's prices (..., M), before VAT."""
    if not (rates.market_factor.any() or rates.export_market_factor.any()):
        nothing = np.zeros(metered.import_kwh.shape[:-1])
        return nothing, nothing
    worth = metered.monthly
    return worth["import_worth"] * rates.market_factor, worth["export_worth"] * rates.export_market_factor


def only_where(mask: NDArray[np.bool_], whole: Bill) -> Bill:
    """The bill with every component 0 where `mask` (..., M) is False: no connection, no bill."""

    def kept(values: Any) -> Any:
        if isinstance(values, dict):
            return {name: kept(part) for name, part in values.items()}
        return values * (mask[..., None] if values.ndim > mask.ndim else mask)

    return Bill(**{field.name: kept(getattr(whole, field.name)) for field in fields(Bill)})


def high_use_share(rates: BillRates, import_kwh: Floats) -> Floats | float:
    """The share of the price per kW that is paid in each month (..., M): less for users that take much per kVA."""
    if rates.high_use_kwh_per_kva is None or not rates.capacity_kva:
        return 1.0
    is_steady = import_kwh.sum(axis=-1) >= rates.high_use_kwh_per_kva * rates.capacity_kva
    return np.where(is_steady, rates.high_use_factor, 1.0)


def _demand(rates: BillRates, peak_kw: Floats, factor: Floats | float) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """The charges per kW by name (..., M), times `factor`, and the kW they are raised on."""
    charges: dict[str, Floats] = {}
    billed_kw: dict[str, Floats] = {}
    for rate in rates.demand:
        if isinstance(rate, ContractRate):
            parts = _declared_parts(rate, peak_kw)
            billed_kw |= parts
            charges |= {name: kw * rate.per_kw_month * factor for name, kw in parts.items()}
            continue
        billed_kw[rate.name] = kw = _billed_kw(rate, peak_kw)
        in_tiers = tiered_charge(kw, rate.tiers) * rate.tier_factor if rate.tiers else 0.0
        charges[rate.name] = (kw * rate.per_kw_month + in_tiers) * factor
    return charges, billed_kw


def _declared_parts(rate: ContractRate, peak_kw: Floats) -> dict[str, Floats]:
    """The declared kW of each month, and the billed kW of what goes beyond it."""
    peaks = np.max(peak_kw, axis=-1, where=rate.measured, initial=0.0)
    declared = np.broadcast_to(rate.declared_kw, peaks.shape)
    if np.isnan(declared).any():
        declared = np.where(np.isnan(declared), rate.best_kw(peaks), declared)
    return {rate.name: declared, f"{rate.name}{OVERRUN}": rate.overrun_factor * overrun_kw(rate, declared, peaks)}


def _billed_kw(rate: DemandRate, peak_kw: Floats) -> Floats:
    own_kw = np.max(peak_kw, axis=-1, where=rate.measured, initial=0.0)
    if not rate.ratchet_months or not rate.ratchet_fraction:
        return own_kw
    return np.maximum(own_kw, rate.ratchet_fraction * _greatest_before(own_kw, rate))


def _greatest_before(own_kw: Floats, rate: DemandRate) -> Floats:
    """Greatest measured peak of the `ratchet_months` months before each month (..., M)."""
    lookback = rate.ratchet_months
    before = rate.peaks_before_kw[..., -lookback:]
    lanes = np.broadcast_shapes(own_kw.shape[:-1], before.shape[:-1])
    unknown = np.zeros((*lanes, lookback - before.shape[-1]))
    counted = own_kw * rate.ratchet_counts
    known = [np.broadcast_to(part, (*lanes, part.shape[-1])) for part in (before, counted)]
    history = np.concatenate([unknown, *known], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(history[..., :-1], lookback, axis=-1).max(axis=-1)


def _check_readings(rates: BillRates, metered: Billable) -> None:
    for name in ("import_kwh", "export_kwh", "peak_kw"):
        shape = getattr(metered, name).shape
        if shape[-2:] != rates.energy_per_kwh.shape:
            raise ValueError(
                f"{name} has shape {shape}, but the rates are for {rates.energy_per_kwh.shape[0]} months and "
                f"{rates.energy_per_kwh.shape[1]} classes; meter and rates must use the same months and classes"
            )
    unpriced = np.isnan(rates.energy_per_kwh) & (metered.import_kwh > 0)
    if unpriced.any():
        month, class_ = np.argwhere(unpriced)[0][-2:]
        raise ValueError(f"energy is taken in class {class_} of month {month}, which has no energy price; give one")


def _check_demand(demand: tuple[DemandRate | ContractRate, ...], months: int, classes: int) -> None:
    names = [rate.name for rate in demand]
    for rate in demand:
        if names.count(rate.name) > 1:
            raise ValueError(f"two demand charges are called '{rate.name}'; names must differ")
        if rate.measured.shape != (classes,):
            raise ValueError(f"measured of demand charge '{rate.name}' needs one True or False for each class")
        if rate.per_kw_month.shape not in ((), (months,)):
            raise ValueError(f"per_kw_month of demand charge '{rate.name}' needs one price, or one for each month")


def _fraction(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; give a fraction from 0 to 1")


def _fixed(values: ArrayLike, dtype: type) -> NDArray:
    """A read-only copy, so that a frozen record cannot change through its arrays."""
    copy: NDArray = np.array(values, dtype=dtype)
    copy.setflags(write=False)
    return copy


def _spread(values: ArrayLike, shape: tuple[int, ...], name: str) -> Floats:
    given = _fixed(values, float)
    if given.shape not in ((), shape):
        raise ValueError(f"{name} has shape {given.shape}; give one number, or an array of shape {shape}")
    return np.broadcast_to(given, shape)
