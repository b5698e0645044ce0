"""How prices move over the years, by component: a rate, the user's own path, a shock; nominal or real.

A path is a factor on the price of year 1: (years,), 1 in year 1 (unless a path says otherwise). Money lines of year y
are multiplied by the factor of y; paths of different components are independent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COMPONENTS = ("energy", "demand", "fuel", "om", "carbon")
# Which lines of the ledger each component moves.
LINES = {
    "energy": ("grid_energy", "export_credit"),
    "demand": ("grid_demand", "grid_fixed"),
    "fuel": ("fuel",),
    "om": ("fuel_delivery", "genset_rent", "genset_om", "crew", "pv_om", "storage_om", "storage_rent"),
    "carbon": ("carbon",),
}


@dataclass(frozen=True)
class PricePath:
    """One component. rate: yearly growth. given: factors of the first years; the rate acts from the last of them on.
    shocks: (first year, last year, factor on top), 1 is the first year."""

    rate: float = 0.0
    given: tuple[float, ...] = ()
    shocks: tuple[tuple[int, int, float], ...] = ()

    def __post_init__(self) -> None:
        if not -0.9 <= self.rate <= 1:
            raise ValueError(f"the growth rate is {self.rate}; give a yearly fraction, 2 % as 0.02")
        if any(not np.isfinite(factor) or factor < 0 for factor in self.given):
            raise ValueError("a price path needs factors of 0 or more, 1 = the price of today")
        for first, last, factor in self.shocks:
            if not 1 <= first <= last or factor < 0:
                raise ValueError(f"shock {first}-{last} x {factor}: give a first and a last year from 1 and a factor")

    def factors(self, years: int) -> Floats:
        """Factor of each year (years,)."""
        year = np.arange(years)
        if self.given:
            known = np.array(self.given, dtype=float)
            line = known[np.minimum(year, known.size - 1)] * (1.0 + self.rate) ** np.maximum(year - known.size + 1, 0)
        else:
            line = (1.0 + self.rate) ** year
        for first, last, factor in self.shocks:
            line = np.where((year >= first - 1) & (year <= last - 1), line * factor, line)
        return line


@dataclass(frozen=True)
class Prices:
    """A path for each of `COMPONENTS`; what is not named stays at today's price."""

    paths: Mapping[str, PricePath] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [name for name in self.paths if name not in COMPONENTS]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is no price component; use {', '.join(COMPONENTS)}")

    def factors(self, component: str, years: int) -> Floats:
        return self.paths.get(component, PricePath()).factors(years)

    def with_shock(self, component: str, first_year: int, last_year: int, factor: float) -> Prices:
        """A variant with one more shock, e.g. diesel +68 % in years 2 and 3: ("fuel", 2, 3, 1.68)."""
        old = self.paths.get(component, PricePath())
        return Prices({**self.paths, component: replace(old, shocks=(*old.shocks, (first_year, last_year, factor)))})


# Gasoline in Malaysia from 23 February to 13 April 2026 (+68 %), for two years: a shock that has happened.
DIESEL_SHOCK = ("fuel", 2, 3, 1.68)


def repriced(
    lines: Mapping[str, Floats], prices: Prices, built_in: Mapping[str, float] | None = None
) -> dict[str, Floats]:
    """Ledger lines (..., months + 1) on other price paths.

    built_in: yearly growth already in the lines, by component, which is taken out first. Column 0 stays.
    """
    months = next(iter(lines.values())).shape[-1] - 1
    year = np.arange(months) // 12
    years = int(year[-1]) + 1
    result = dict(lines)
    for component, names in LINES.items():
        before = (1.0 + (built_in or {}).get(component, 0.0)) ** np.arange(years)
        factor = np.append(1.0, (prices.factors(component, years) / before)[year])
        result |= {name: lines[name] * factor for name in names if name in lines}
    return result


def read_path(text: str | bytes) -> PricePath:
    """A user's path from CSV: one factor a line, or two columns year and factor (years 1, 2, 3, ... without a gap).

    Raises ValueError naming the line.
    """
    content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    rows = [row for row in csv.reader(io.StringIO(content)) if any(cell.strip() for cell in row)]
    if rows and not _is_number(rows[0][-1]):
        rows = rows[1:]
    if not rows:
        raise ValueError("the price path is empty; give one factor for each year, 1 = the price of today")
    return PricePath(given=tuple(_factor(row, at + 1) for at, row in enumerate(rows)))


def _factor(row: Sequence[str], year: int) -> float:
    if not _is_number(row[-1]):
        raise ValueError(f"year {year}: '{row[-1]}' is not a number; give a factor such as 1.05")
    if len(row) > 1 and row[0].strip() != str(year):
        raise ValueError(f"line {year} is for year '{row[0].strip()}'; list years 1, 2, 3, ... without a gap")
    return float(row[-1])


def _is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text))
    except ValueError:
        return False
