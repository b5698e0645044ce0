"""China's basic charge: three bases side by side, the declared kW that is cheapest, and the power-factor adjustment.

Rules (NDRC 发改办价格〔2016〕1583号, `tariffs.yaml: demand_rules.cn_two_part`):
- actual demand: the month's greatest 15-minute mean x price per kW;
- contract demand: the declared kW x price; metered demand up to 105 % of it costs nothing more, what is above is billed
  double. The declared kW is at least 40 % of the connected transformers (and high-voltage motors). It may change every
  month, the basis every quarter;
- transformer capacity: kVA x price per kVA.

To declare peak / 1.05 needs no equipment, so a battery must not be credited with it: `credit` splits the two.
Peaks have shape (..., months); money is in the tariff's currency per month.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.problem import Refusal

Floats = NDArray[np.float64]
Basis = Literal["actual_demand", "contract_demand", "transformer_capacity"]
BASES: tuple[Basis, ...] = ("actual_demand", "contract_demand", "transformer_capacity")


class DeclarationRules(Protocol):
    """What a declared demand costs more where it is overrun, and the least that may be declared."""

    tolerance: float
    overrun_factor: float

    @property
    def floor_kw(self) -> float: ...


@dataclass(frozen=True)
class BasicCharge:
    """Prices and rules of one connection. A price of None means the tariff does not offer that basis.

    high_use_kwh_per_kva, high_use_factor: users that take at least that much per kVA and month pay this share of the
    demand price; None = the rule is not applied (seen for the period to 2026, its continuation is unverified).
    """

    per_kw_month: float | None
    per_kva_month: float | None
    transformer_kva: float
    tolerance: float = 1.05
    overrun_factor: float = 2.0
    floor_fraction: float = 0.4
    high_use_kwh_per_kva: float | None = None
    high_use_factor: float = 0.9

    def __post_init__(self) -> None:
        for name in ("per_kw_month", "per_kva_month", "transformer_kva"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} is {value}; give 0 or more")
        if self.per_kw_month is None and self.per_kva_month is None:
            raise ValueError("the tariff has neither a price per kW nor one per kVA; give at least one")
        if self.tolerance < 1 or self.overrun_factor * self.tolerance <= 1:
            raise ValueError("tolerance must be at least 1 and an over-run must cost more than declaring it")
        if not 0 <= self.floor_fraction <= 1:
            raise ValueError(f"floor_fraction is {self.floor_fraction}; give a fraction from 0 to 1")

    @property
    def floor_kw(self) -> float:
        """The least that may be declared."""
        return self.floor_fraction * self.transformer_kva


def contract_charge(rates: BasicCharge, declared_kw: ArrayLike, peak_kw: ArrayLike) -> Floats:
    """Charge of each month (..., months) for a declared kW (broadcast) and the metered peaks.

    Raises ValueError where less is declared than the floor allows.
    """
    declared = np.asarray(declared_kw, dtype=float)
    return (declared + rates.overrun_factor * overrun_kw(rates, declared, peak_kw)) * _kw_price(rates)


def overrun_kw(rules: DeclarationRules, declared_kw: ArrayLike, peak_kw: ArrayLike) -> Floats:
    """What lies above the tolerated part of a declared kW in each month (..., months), before the factor on it.

    Raises Refusal where less is declared than the floor allows.
    """
    declared = np.asarray(declared_kw, dtype=float)
    if (declared < rules.floor_kw - 1e-6).any():
        raise Refusal(
            "the declared {declared} kW are below the floor of {floor} kW; declare at least that",
            declared=f"{declared.min():.0f}",
            floor=f"{rules.floor_kw:.0f}",
        )
    return np.maximum(np.asarray(peak_kw, dtype=float) - rules.tolerance * declared, 0.0)


def actual_charge(rates: BasicCharge, peak_kw: ArrayLike) -> Floats:
    """Charge of each month on the metered peak (..., months)."""
    return np.asarray(peak_kw, dtype=float) * _kw_price(rates)


def capacity_charge(rates: BasicCharge, peak_kw: ArrayLike) -> Floats:
    """Charge of each month on the connected kVA; the load plays no part (shape of `peak_kw`)."""
    if rates.per_kva_month is None:
        raise ValueError("the tariff has no price per kVA; choose a basis per kW")
    return np.full(np.shape(peak_kw), rates.per_kva_month * rates.transformer_kva)


def best_declared_kw(
    rules: DeclarationRules, peak_kw: ArrayLike, hold_months: int = 1, weights: ArrayLike = 1.0
) -> Floats:
    """The cheapest kW to declare in each month (..., months), kept for `hold_months` months at a time.

    For one month that is peak / 1.05: a kW declared less costs 2 x 1.05 kW of over-run. Held longer, the charge is a
    straight line between the values peak / 1.05, so one of them (or the floor) is the cheapest. weights: price of a kW
    in each month (months,), where it differs; 0 for a month that is not billed.
    """
    peaks = np.asarray(peak_kw, dtype=float)
    if hold_months < 1:
        raise ValueError(f"hold_months is {hold_months}; the declared kW is kept for 1 month or more")
    prices, starts = np.broadcast_to(weights, peaks.shape[-1:]), range(0, peaks.shape[-1], hold_months)
    held = [slice(at, at + hold_months) for at in starts]
    return np.concatenate([_held(rules, peaks[..., part], prices[part]) for part in held], axis=-1)


def _held(rules: DeclarationRules, peaks: Floats, prices: Floats) -> Floats:
    """One declared value for all given months (..., months)."""
    candidates = np.maximum(peaks / rules.tolerance, rules.floor_kw)
    over_kw = np.maximum(peaks[..., None, :] - rules.tolerance * candidates[..., :, None], 0.0)
    cost = candidates * prices.sum() + rules.overrun_factor * (over_kw * prices).sum(axis=-1)
    best = np.take_along_axis(candidates, cost.argmin(axis=-1)[..., None], axis=-1)
    return np.broadcast_to(best, peaks.shape)


@dataclass(frozen=True, eq=False)
class Offer:
    """The three bases for the same peaks: charge by month (..., months) of those the tariff offers, the declared kW the
    contract basis is reckoned with, the cheapest basis over all months by lane, and what it costs (...)."""

    charges: dict[Basis, Floats]
    declared_kw: Floats
    cheapest: NDArray[np.str_]
    least: Floats


def compare_bases(rates: BasicCharge, peak_kw: ArrayLike, hold_months: int = 1) -> Offer:
    """All bases the tariff offers for these peaks, the contract one with the best declared kW."""
    peaks = np.asarray(peak_kw, dtype=float)
    charges: dict[Basis, Floats] = {}
    declared = best_declared_kw(rates, peaks, hold_months)
    if rates.per_kw_month is not None:
        charges["actual_demand"] = actual_charge(rates, peaks)
        charges["contract_demand"] = contract_charge(rates, declared, peaks)
    if rates.per_kva_month is not None:
        charges["transformer_capacity"] = capacity_charge(rates, peaks)
    totals = np.stack([charge.sum(axis=-1) for charge in charges.values()])
    names = np.array(list(charges))
    return Offer(charges, declared, names[totals.argmin(axis=0)], totals.min(axis=0))


@dataclass(frozen=True)
class Credit:
    """Where a lower basic charge comes from, over all months. total = redeclaring + equipment.

    redeclaring: today's declaration changed to the best one for today's peaks, no equipment needed.
    equipment: from there to the best declaration for the peaks with the project; negative where charging raises them.
    left_as_is: what the equipment changes while the declaration stays what it is today.
    """

    redeclaring: float
    equipment: float
    left_as_is: float

    @property
    def total(self) -> float:
        return self.redeclaring + self.equipment


def credit(
    rates: BasicCharge, declared_kw: float, peak_before_kw: ArrayLike, peak_after_kw: ArrayLike, hold_months: int = 1
) -> Credit:
    """The saving in the contract charge of one site: without and with equipment (peaks (months,))."""
    before, after = np.asarray(peak_before_kw, dtype=float), np.asarray(peak_after_kw, dtype=float)
    today = contract_charge(rates, declared_kw, before).sum()
    best_before, best_after = (
        contract_charge(rates, best_declared_kw(rates, peaks, hold_months), peaks).sum() for peaks in (before, after)
    )
    return Credit(
        redeclaring=float(today - best_before),
        equipment=float(best_before - best_after),
        left_as_is=float(today - contract_charge(rates, declared_kw, after).sum()),
    )


def high_use_charge(rates: BasicCharge, charge: ArrayLike, energy_kwh: ArrayLike) -> Floats:
    """The per-kW charge with the discount for steady users, where the rules carry it (..., months)."""
    charge, energy = np.asarray(charge, dtype=float), np.asarray(energy_kwh, dtype=float)
    if rates.high_use_kwh_per_kva is None or not rates.transformer_kva:
        return charge
    steady = energy / rates.transformer_kva >= rates.high_use_kwh_per_kva
    return np.where(steady, charge * rates.high_use_factor, charge)


def power_factor(active_kwh: ArrayLike, reactive_kvarh: ArrayLike) -> Floats:
    """Mean power factor of a month from its two meters: kWh / sqrt(kWh2 + kvarh2); 1 where nothing is taken."""
    active, reactive = np.asarray(active_kwh, dtype=float), np.asarray(reactive_kvarh, dtype=float)
    apparent = np.hypot(active, reactive)
    return np.divide(active, apparent, out=np.ones_like(apparent), where=apparent > 0)


def power_factor_fraction(factor: ArrayLike, standard: float = 0.90) -> Floats:
    """Surcharge (+) or rebate (-) as a fraction of the bill without levies (力率调整电费).

    Table of 水电财字〔1983〕215号 for the standard 0.90 (users from 160 kVA at high voltage), seen in a copy of its
    look-up table (wgbc.cn): each 0.01 below costs 0.5 % down to 0.70, 1 % down to 0.65, 2 % below that; each 0.01 above
    earns 0.15 %, at most 0.75 %. The factor counts in whole hundredths, rounded. Other standards (0.85, 0.80) move the
    table by the difference; their rebates differ and are not modelled.
    """
    steps = np.round((np.round(np.asarray(factor, dtype=float), 2) - standard) * 100)
    below = -np.minimum(steps, 0)
    surcharge = 0.005 * np.minimum(below, 20) + 0.01 * np.clip(below - 20, 0, 5) + 0.02 * np.maximum(below - 25, 0)
    return surcharge - 0.0015 * np.clip(steps, 0, 5)


def _kw_price(rates: BasicCharge) -> float:
    if rates.per_kw_month is None:
        raise ValueError("the tariff has no price per kW; choose the basis per kVA")
    return rates.per_kw_month
