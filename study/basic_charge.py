"""China's three bases of the basic charge for every alternative of a study, with the declared kW that suits it.

Peaks are those of the study's demand window; with hourly steps a 15-minute peak reads low, use 15-minute steps where it
decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finance.demand_contract import BasicCharge, Credit, Offer, compare_bases, credit
from sim import library
from sim.dispatch import ALTERNATIVES
from study.compare import Study

Floats = NDArray[np.float64]
FIRST_YEAR = 12


@dataclass(frozen=True, eq=False)
class BasicChargeStudy:
    """`rates`: prices and rules of the site, on the study's VAT basis. `offers`: the bases by alternative, first
    year. `credit`: the contract charge split into what declaring less saves without equipment and what the hybrid adds;
    None where the tariff has no price per kW."""

    rates: BasicCharge
    offers: dict[str, Offer]
    credit: Credit | None

    def recommended(self, alternative: str) -> str:
        """The cheapest basis for an alternative in its first year."""
        return str(self.offers[alternative].cheapest)


def basic_charge(study: Study, declared_kw: float | None = None, hold_months: int = 1) -> BasicChargeStudy:
    """Compare the bases. declared_kw: what is declared today; the transformers' kVA if it is not known.

    Raises ValueError for tariffs without a price per kW or kVA.
    """
    rates = rates_of(study)
    peaks = study.dispatch.peak_kw.max(axis=-1)[:, :FIRST_YEAR]
    offers = {
        name: compare_bases(rates, peaks[row], hold_months) for row, name in enumerate(ALTERNATIVES) if name != "diesel"
    }
    if rates.per_kw_month is None:
        return BasicChargeStudy(rates, offers, None)
    today = max(rates.floor_kw, rates.transformer_kva if declared_kw is None else declared_kw)
    rows = [study.dispatch.row(name) for name in ("grid", "hybrid")]
    return BasicChargeStudy(rates, offers, credit(rates, today, *peaks[rows], hold_months))


def rates_of(study: Study) -> BasicCharge:
    """Prices and rules of the study's tariff, on its VAT basis; the first charge per kW that counts every hour."""
    tariff, wanted = study.scenario.tariff, study.scenario.finance.vat_basis == "incl"
    rule = library.demand_rule("cn_two_part")
    vat = 1.0
    if tariff.includes_vat != wanted:
        vat = 1.0 + tariff.vat_rate if wanted else 1.0 / (1.0 + tariff.vat_rate)
    charges = [charge.per_kw_month for charge in tariff.demand_charges if not charge.measured_periods]
    per_kva = tariff.capacity_per_kva_month
    return BasicCharge(
        per_kw_month=charges[0] * vat if charges else None,
        per_kva_month=per_kva * vat if per_kva else None,
        transformer_kva=study.scenario.grid.transformer_kva,
        tolerance=rule["overrun_threshold"],
        overrun_factor=rule["overrun_multiplier"],
        floor_fraction=rule["contract_min_fraction_of_transformer_capacity"],
    )
