"""The bills of a batch of variants by what moves them: energy prices and their spread, demand prices, export credit.

Prices of energy and demand move a bill in proportion, so it is raised once at the study's own prices and kept as what
the same readings cost at today's. Two rules are not in proportion and stay as at the study's own prices: a minimum
bill, and the share of a power-factor adjustment.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finance.bill import BY_MONTH, Bill, BillRates, ContractRate, DemandRate, bill
from finance.price_paths import path_of
from finance.rates import bill_rates, connected, reactive_kvarh
from sim.arrays import Flags, Floats
from sim.inputs.scenario import Scenario
from study.batch_lanes import MeteredYears
from study.study import Study


def rates_of_term(study: Study, row: int) -> BillRates:
    """The rates of every project month for one alternative (its row)."""
    whole = bill_rates(_priced(study), study.dispatch)
    return replace(whole, demand=tuple(_of_row(rate, row) for rate in whole.demand))


def rates_of_year(study: Study, row: int, year: int) -> BillRates:
    """The rates of a whole project year (0 is the first) for one alternative, months beyond the term included."""
    clock = study.dispatch.clock
    whole = bill_rates(_priced(study), study.dispatch, months=(year + 1) * clock.months)
    part = slice(year * clock.months, None)
    return replace(
        whole,
        **{name: getattr(whole, name)[part] for name in ("energy_per_kwh", "export_credit_per_kwh", *BY_MONTH)},
        demand=tuple(_of_months(_of_row(rate, row), part) for rate in whole.demand),
        tiers=tuple(replace(rate, factor=rate.factor[part]) for rate in whole.tiers),
    )


def as_repeated(rates: BillRates, peak_kw: Floats) -> BillRates:
    """The rates with ratchets that have these very peaks (..., months, classes) behind them."""

    def repeated(rate: DemandRate | ContractRate) -> DemandRate | ContractRate:
        if isinstance(rate, ContractRate) or not rate.ratchet_months or not rate.ratchet_fraction:
            return rate
        own_kw = np.max(peak_kw, axis=-1, where=rate.measured, initial=0.0)
        return replace(rate, peaks_before_kw=own_kw * rate.ratchet_counts)

    return replace(rates, demand=tuple(repeated(rate) for rate in rates.demand))


def items(study: Study, row: int, rates: BillRates, readings: MeteredYears, first: int = 0) -> dict[str, Floats]:
    """The bill by what moves it, each (n, months) at today's prices: `energy` at the tariff's prices, `energy_flat` at
    their mean over the year, both with the tiers and the power factor's adjustment of them; `export`; and `demand`, all
    the rest. `first`: project month of the first of the months.
    """
    whole = bill(rates, readings, reactive_kvarh(study.scenario, readings.monthly))
    months = slice(first, first + readings.import_kwh.shape[-2])
    there = connected(study.scenario, months.stop)[row, months]
    energy_prices, demand_prices, export_prices = _own_prices(study, months)
    energy, flat = _energy(study, rates, readings, whole, energy_prices)
    demand = whole.total - energy + whole.export_credit
    return {
        "energy": _today(energy * there, energy_prices),
        "energy_flat": _today(flat * there, energy_prices),
        "demand": _today(demand * there, demand_prices),
        "export": _today(whole.export_credit * there, export_prices),
    }


def _energy(
    study: Study, rates: BillRates, readings: MeteredYears, whole: Bill, prices: Floats
) -> tuple[Floats, Floats]:
    """What hangs on energy prices (n, months), and what it would be at their mean over the year."""
    imported, vat = readings.import_kwh.sum(axis=-1), rates.vat_factor
    basic = whole.energy_charge + whole.tiers + sum(whole.demand_charges.values()) + whole.capacity_charge
    adjusted = basic - imported * rates.levies_per_kwh * vat
    share = np.divide(whole.power_factor, adjusted, out=np.zeros_like(adjusted), where=adjusted > 0)
    mean_price = float(study.dispatch.step_price_per_kwh().mean())
    others = whole.tiers * (1.0 + rates.tax_rate + share) - share * imported * rates.levies_per_kwh * vat
    energy = whole.energy_charge * (1.0 + share + rates.tax_rate) + others
    return energy, imported * mean_price * prices * vat * (1.0 + share / (1.0 + rates.tax_rate)) + others


def _today(amount: Floats, prices: Floats) -> Floats:
    """An amount at today's prices; one at a price of 0 is 0 whatever becomes of it."""
    return np.divide(amount, prices, out=np.zeros_like(amount), where=prices != 0)


def _own_prices(study: Study, months: slice) -> tuple[Floats, Floats, Floats]:
    """What the rates of these project months have on today's: energy, demand, export credit; each (months,)."""
    finance, year = _priced(study).finance, np.arange(months.start, months.stop) // 12
    energy, demand = (path_of(finance, name).factors(int(year[-1]) + 1)[year] for name in ("energy", "demand"))
    return finance.energy_price_factor * energy, demand, energy


def _priced(study: Study) -> Scenario:
    """The scenario; where energy is free in it, at the tariff's prices, which variants may have."""
    free = study.scenario.finance.energy_price_factor == 0
    return study.scenario.with_({"finance.energy_price_factor": 1.0}) if free else study.scenario


def _of_row(rate: DemandRate | ContractRate, row: int) -> DemandRate | ContractRate:
    return replace(rate, declared_kw=rate.declared_kw[row]) if isinstance(rate, ContractRate) else rate


def _of_months(rate: DemandRate | ContractRate, part: slice) -> DemandRate | ContractRate:
    price = rate.per_kw_month[part]
    if isinstance(rate, ContractRate):
        is_billed: Flags = rate.is_billed[part]
        return replace(rate, per_kw_month=price, declared_kw=rate.declared_kw[part], is_billed=is_billed)
    counts, factor = rate.ratchet_counts[part], rate.tier_factor[part]
    return replace(rate, per_kw_month=price, ratchet_counts=counts, tier_factor=factor)
