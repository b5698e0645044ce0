"""Declared demand and the power-factor adjustment: rules of a bill, as functions of peaks and meters.

China (NDRC 发改办价格〔2016〕1583号, `tariffs.yaml: demand_rules.cn_two_part`): the declared kW x price; metered
demand up to 105 % of it costs nothing more, what is above is billed double. The declared kW is at least 40 % of the
connected transformers (and high-voltage motors). It may change every month, the basis every quarter. To declare
peak / 1.05 needs no equipment, so a battery must not be credited with it (`finance.waterfall.redeclaring`).

Peaks have shape (..., months).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats
from sim.problem import Refusal


class DeclarationRules(Protocol):
    """What a declared demand costs more where it is overrun, and the least that may be declared."""

    @property
    def tolerance(self) -> float: ...

    @property
    def overrun_factor(self) -> float: ...

    @property
    def floor_kw(self) -> float: ...


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
    months = peaks.shape[-1]
    blocks = -(-months // hold_months)
    rest = blocks * hold_months - months
    held = np.pad(peaks, [(0, 0)] * (peaks.ndim - 1) + [(0, rest)]).reshape(*peaks.shape[:-1], blocks, hold_months)
    prices = np.pad(np.broadcast_to(weights, months), (0, rest)).reshape(blocks, hold_months)
    return _held(rules, held, prices).reshape(*peaks.shape[:-1], blocks * hold_months)[..., :months]


def _held(rules: DeclarationRules, peaks: Floats, prices: Floats) -> Floats:
    """One declared value for all months (the last axis) of a block (..., blocks, months)."""
    candidates = np.maximum(peaks / rules.tolerance, rules.floor_kw)
    over_kw = np.maximum(peaks[..., None, :] - rules.tolerance * candidates[..., :, None], 0.0)
    whole = candidates * prices.sum(axis=-1, keepdims=True)
    cost = whole + rules.overrun_factor * (over_kw * prices[:, None, :]).sum(axis=-1)
    best = np.take_along_axis(candidates, cost.argmin(axis=-1)[..., None], axis=-1)
    return np.broadcast_to(best, peaks.shape)


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
