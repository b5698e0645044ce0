"""The live levers of a preset: which unit each is shown in, its range and its step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from i18n import Words
from report.text.levers import Shown, shown
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from sim.plant.load import peak_kw
from ui import form

STEPS = 100
LONGEST_WAIT_MONTHS = 60
HOURS_OF_STORAGE = 4.0


@dataclass(frozen=True)
class Lever:
    """A slider of an input: lowest and highest position and the step between two, as the input is `shown`."""

    path: str
    shown: Shown
    low: float
    high: float
    step: float

    def inner(self, position: float) -> float:
        """The input's value for a slider position, kept inside the input's limits."""
        entry, value = register()[self.path], self.shown.value(position)
        low = value if entry.minimum is None else max(value, entry.minimum)
        return low if entry.maximum is None else min(low, entry.maximum)


def lever(path: str, scenario: Scenario, start: Scenario, words: Words, mean_price: float | None) -> Lever:
    """The lever of an input. `start` is the preset's scenario, which sets the range; `mean_price` is the grid energy
    price per kWh at factor 1."""
    value = float(scenario.get(path))
    origin = float(start.get(path)) or _size_to_start_from(path, scenario)
    form_of = shown(path, scenario, words, mean_price, max(origin, value))
    low, high = _range(path, scenario, origin)
    low, high = min(low, value), max(high, value)
    step = 1.0 if register()[path].kind == "integer" else form.nice_step(max(high - low, 1e-6) * form_of.scale / STEPS)
    low, high = low * form_of.scale + form_of.offset, high * form_of.scale + form_of.offset
    low = math.floor(low / step + 1e-9) * step if form_of.offset == 0 else low
    high = low + math.ceil((high - low) / step - 1e-9) * step
    return Lever(path, form_of, _clean(low), _clean(high), step)


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
    peak = peak_kw(scenario.load) or 1.0
    return {"pv.dc_kwp": peak, "storage.energy_kwh": peak * HOURS_OF_STORAGE / 2}.get(path, 1.0)


def _clean(value: float) -> float:
    return float(f"{value:.9g}")
