"""A market's prices of energy, step by step, as a tariff holds them: one year or several, one of them billed."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from sim.inputs.base import Closed
from sim.inputs.text import Line, Name
from sim.problem import Refusal

MOST_YEARS = 30
LOWEST_PER_KWH, HIGHEST_PER_KWH = -100_000.0, 1_000_000.0
DECIMALS = 8
MOST_TEXT = 365 * 96 * 14
PriceStep = Literal[15, 30, 60]
Year = Annotated[int, Field(ge=1990, le=2100)]


class MarketYear(Closed):
    """365 days from 1 January 00:00 local standard time; `prices`: money per kWh of each step, blanks between."""

    year: Year
    step_minutes: PriceStep
    prices: Annotated[str, Field(max_length=MOST_TEXT)]

    @model_validator(mode="after")
    def _is_one_year(self) -> MarketYear:
        due = 365 * 24 * 60 // self.step_minutes
        given = _parsed(self.prices)
        if given is None:
            raise Refusal("the prices of a year are numbers with blanks between; one of them is none")
        if len(given) != due:
            counts = {"minutes": self.step_minutes, "due": due, "count": len(given)}
            raise Refusal("a year of {minutes} min steps has {due} values, this has {count}", **counts)
        if not ((given >= LOWEST_PER_KWH) & (given <= HIGHEST_PER_KWH)).all():
            limits = {"low": LOWEST_PER_KWH, "high": HIGHEST_PER_KWH}
            raise Refusal("a price per kWh must lie between {low} and {high}; check the unit", **limits)
        return self

    @property
    def per_kwh(self) -> NDArray[np.float64]:
        """The prices (steps,), read-only."""
        found = _parsed(self.prices)
        assert found is not None  # or the year would have been refused
        return found


class Market(Closed):
    """Prices by the hour from `file_name`. `year` is billed, the last one where none is named; `pays_exports`: what is
    fed in earns the price of its step on top of the export credit. `done` says what was found in the file."""

    file_name: Name
    years: tuple[MarketYear, ...] = Field(min_length=1, max_length=MOST_YEARS)
    year: Year | None = None
    pays_exports: bool = False
    done: tuple[Annotated[Line, Field(max_length=1000)], ...] = Field(default=(), max_length=40)

    @model_validator(mode="after")
    def _years_differ(self) -> Market:
        known = tuple(one.year for one in self.years)
        if len(set(known)) < len(known):
            raise Refusal("two years of market prices are called {year}; keep one of each", year=_twice(known))
        if self.year is not None and self.year not in known:
            raise Refusal("there are no market prices of {year}; choose one of {known}", year=self.year, known=known)
        return self

    @property
    def billed(self) -> MarketYear:
        """The year that is billed."""
        return next(one for one in self.years[::-1] if self.year in (None, one.year))


def price_text(per_kwh: NDArray[np.float64]) -> str:
    """Prices (steps,) as a `MarketYear` holds them, to 1e-8 of the money."""
    return " ".join(f"{price:.10g}" for price in np.round(per_kwh, DECIMALS).tolist())


def _twice(years: tuple[int, ...]) -> int:
    return next(year for year in years if years.count(year) > 1)


@lru_cache(maxsize=64)
def _parsed(text: str) -> NDArray[np.float64] | None:
    """Kept, because every change of a scenario checks it anew."""
    try:
        found = np.array(text.split(), dtype=float)
    except ValueError:
        return None
    found.flags.writeable = False
    return found if np.isfinite(found).all() else None
