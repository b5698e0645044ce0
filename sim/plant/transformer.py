"""Transformer losses on the way from the meter to the site bus, where the meter stands on the high side.

Conventions: imports at the site bus go in, imports at the meter come out; losses are fractions of the transformers'
kVA: without load all the time they are connected, with load by the square of the loading. Within a month and a billing
class the loading is taken as its mean, which is a little low where imports swing: at a coefficient of variation of 0.3
the load loss, itself about a hundredth of the energy, reads 9 % low.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.inputs.grid import Grid
from sim.inputs.tariff import PriceClasses
from sim.timeline import Timeline

Quantity = TypeVar("Quantity", float, Floats)


def class_hours(classes: PriceClasses, clock: Timeline) -> Floats:
    """Hours of each billing class in each month of the template year (months, classes)."""
    hours = np.zeros((clock.months, len(classes.names)))
    np.add.at(hours, (clock.month_index, classes.period), clock.step_h)
    return hours


def at_meter(
    grid: Grid, sums: Mapping[str, Floats], classes: PriceClasses, clock: Timeline, is_connected: NDArray[np.bool_]
) -> dict[str, Floats]:
    """Readings at the meter from sums at the site bus, each (..., months, classes), worth and is_connected (...,
    months); what is lost is worth the mean market price of its class and month."""
    hours = class_hours(classes, clock)
    lost = losses_kwh(grid, sums["import_kwh"], hours, is_connected)
    return {
        "import_kwh": sums["import_kwh"] + lost,
        "import_worth": sums["import_worth"] + (lost * classes.mean_market_per_kwh(clock)).sum(axis=-1),
        "peak_kw": peak_at_meter_kw(grid, sums["peak_kw"], hours, is_connected),
        "transformer_kwh": lost,
    }


def losses_kwh(grid: Grid, import_kwh: Floats, hours: Floats, is_connected: NDArray[np.bool_]) -> Floats:
    """Losses beside the imports of each month and class (..., months, classes); is_connected (..., months)."""
    mean_kw = np.divide(import_kwh, hours, out=np.zeros_like(import_kwh), where=hours > 0)
    return loss_kw(grid, mean_kw) * hours * is_connected[..., None]


def peak_at_meter_kw(grid: Grid, peak_kw: Floats, hours: Floats, is_connected: NDArray[np.bool_]) -> Floats:
    """Greatest means at the meter from those at the site bus (..., months, classes)."""
    return peak_kw + loss_kw(grid, peak_kw) * (hours > 0) * is_connected[..., None]


def loss_kw(grid: Grid, import_kw: Quantity) -> Quantity:
    """What the transformers lose while this much passes them; 0 without transformers."""
    kva = grid.transformer_kva
    if kva == 0:
        return import_kw * 0.0
    return kva * grid.transformer_no_load_loss_fraction + import_kw**2 / kva * grid.transformer_load_loss_fraction
