"""How long plant lives: in which project years a part is renewed.

A part is renewed at the start of the project year after its life ends, as often as the term asks for, and never where
less than a whole project year would use it: in a last project year that is a part of one it goes on as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats

# Factors of a cost line that say whether a part is renewed, and the input that holds its life.
RENEWED = {
    "converters_renewed": "finance.storage_converter_life_years",
    "inverters_renewed": "finance.pv_inverter_life_years",
}


def renewals(life_years: ArrayLike, months: int) -> Floats:
    """1 in the project years at whose start a part that lives `life_years` (...) is renewed, else 0 (..., years).

    A life that ends within a project year is served to that year's end. months: of the term.
    """
    year = np.arange(-(-months // 12))
    due = (year > 0) & (year % np.ceil(np.asarray(life_years, dtype=float))[..., None] == 0)
    return (due & (12 * (year + 1) <= months)).astype(float)
