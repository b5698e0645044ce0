"""An own price curve weighed by the site's load."""

from __future__ import annotations

import numpy as np

from sim.inputs.scenario import Scenario
from sim.plant.load import load_kw
from sim.sun.climate import ambient_c
from sim.tariff.curve import Curve, CurveFit, fit_curve
from sim.timeline import timeline


def fit_to_site(scenario: Scenario, curve: Curve, year: int) -> CurveFit:
    """The curve as a tariff can hold it, its error weighed by the site's hourly load. Raises Refusal."""
    clock = timeline(f"{year}-01", 12, 60)
    needs_climate = scenario.load.pue_model != "constant"
    kw = load_kw(scenario.load, clock, ambient_c(scenario, clock) if needs_climate else None)
    return fit_curve(curve, year, np.asarray(kw))
