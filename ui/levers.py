"""The live levers of a preset: which unit each is shown in, its range and its step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from ui import form, state

STEPS = 100
LONGEST_WAIT_MONTHS = 60
HOURS_OF_STORAGE = 4.0
LARGE = 1000.0


@dataclass(frozen=True)
class Lever:
    """A slider: shown value = value * scale + offset. `unit` is a text or "money/..." for the scenario's currency."""

    path: str
    unit: str
    scale: float
    offset: float
    low: float
    high: float
    step: float

    def shown(self, value: float) -> float:
        return float(f"{value * self.scale + self.offset:.9g}")

    def inner(self, shown: float) -> float:
        """The input's value for a slider position, kept inside the input's limits."""
        entry = register()[self.path]
        value = float(f"{(shown - self.offset) / self.scale:.9g}")
        low = value if entry.minimum is None else max(value, entry.minimum)
        return low if entry.maximum is None else min(low, entry.maximum)


def lever(path: str, scenario: Scenario, start: Scenario, mean_price: float | None) -> Lever:
    """The lever of an input. `start` is the preset's scenario, which sets the range; `mean_price` is the grid energy
    price per kWh at factor 1."""
    entry, value = register()[path], float(scenario.get(path))
    origin = float(start.get(path)) or _size_to_start_from(path, scenario)
    unit, scale, offset = _form(path, scenario, max(origin, value), mean_price)
    low, high = _range(path, scenario, origin)
    low, high = min(low, value), max(high, value)
    step = form.nice_step(max(high - low, 1e-6) * scale / STEPS)
    if entry.kind == "integer":
        step = 1.0
    low, high = low * scale + offset, high * scale + offset
    low = math.floor(low / step + 1e-9) * step if offset == 0 else low
    high = low + math.ceil((high - low) / step - 1e-9) * step
    return Lever(path, unit, scale, offset, _clean(low), _clean(high), step)


def _form(path: str, scenario: Scenario, size: float, mean_price: float | None) -> tuple[str, float, float]:
    """(unit, scale, offset) a lever is shown in."""
    entry = register()[path]
    if path == "finance.energy_price_factor" and mean_price:
        return f"{state.words().currency(scenario.site.currency)}/kWh", mean_price, 0.0
    if path == "finance.diesel_per_l":
        return f"{state.words().currency(scenario.site.currency)}/L", 1.0, scenario.finance.delivery_per_l
    if entry.unit in ("kWh", "kW", "kWp") and size >= LARGE:
        return entry.unit.replace("k", "M", 1), 1e-3, 0.0
    return form.unit_text(entry, scenario), form.scale(entry), 0.0


def _range(path: str, scenario: Scenario, origin: float) -> tuple[float, float]:
    entry = register()[path]
    if path == "grid.ready_month":
        return 0.0, float(min(scenario.site.term_months, LONGEST_WAIT_MONTHS))
    if path == "dispatch.reserve_fraction" and scenario.storage.exists:
        return scenario.storage.soc_min_fraction, scenario.storage.soc_max_fraction
    if entry.unit == "fraction":
        return entry.minimum or 0.0, entry.maximum or 1.0
    return max(0.0, entry.minimum or 0.0), 2 * origin


def _size_to_start_from(path: str, scenario: Scenario) -> float:
    """Half the range of an input whose preset is zero."""
    peak = scenario.load.peak_kw or 1.0
    return {"pv.dc_kwp": peak, "storage.energy_kwh": peak * HOURS_OF_STORAGE / 2}.get(path, 1.0)


def _clean(value: float) -> float:
    return float(f"{value:.9g}")
