"""The air temperature of a site, step by step: from an uploaded weather file, or from the place's monthly record."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sim.arrays import Floats
from sim.inputs import library
from sim.inputs.plant import WeatherYear
from sim.inputs.scenario import Scenario
from sim.sun.drawn import air_temperatures_c
from sim.timeline import MONTH_DAYS, Timeline


def ambient_c(scenario: Scenario, clock: Timeline) -> Floats:
    """Air temperature of each step of the template year (steps,), degrees C; an hour's mean in each of its steps."""
    return on_clock(_hourly_c(scenario.site.place, scenario.pv.weather), clock)


def on_clock(hourly: Floats, clock: Timeline) -> Floats:
    """A calendar year by hours (8760,), 1 January first, as the steps of the template year (steps,)."""
    values = np.repeat(hourly, 60 // clock.step_minutes)
    return np.roll(values, -first_step(clock))[: clock.steps]


def first_step(clock: Timeline) -> int:
    """Steps from 1 January to the first of the template year."""
    before = sum(MONTH_DAYS[: clock.start_month - 1])
    return before * 24 * 60 // clock.step_minutes


def altitude_m(scenario: Scenario) -> float:
    """Height above the sea: of the weather file where there is one, else of the place."""
    weather = scenario.pv.weather
    return weather.altitude_m if weather else library.sites()[scenario.site.place].altitude_m


def hottest_c(scenario: Scenario) -> float:
    """Highest hourly temperature of the year."""
    return float(_hourly_c(scenario.site.place, scenario.pv.weather).max())


@lru_cache(maxsize=32)
def _hourly_c(place: str, weather: WeatherYear | None) -> Floats:
    if weather is not None:
        return np.array(weather.air_c)
    record = library.sites()[place]
    return air_temperatures_c(record.temperature_mean_monthly_c, record.temperature_range_monthly_c)
