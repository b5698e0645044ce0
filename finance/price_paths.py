"""How prices move over the years, by component: a rate, the user's own path, a shock.

A path is a factor on the price of today: (years,), 1 in year 1 unless a path or a shock says otherwise. Money lines of
project year y are multiplied by the factor of y; paths of different components are independent. They enter the bill
(`finance.rates`) and the ledger, and nothing else.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from sim.arrays import Floats
from sim.inputs.money import Finance
from sim.inputs.terms import Component, PricePoint, PriceShock
from sim.problem import Refusal

COMPONENTS: tuple[Component, ...] = get_args(Component)
# A path for each of a hundred years has a few kilobytes.
LONGEST_TEXT = 200_000
# Gasoline in Malaysia from 23 February to 13 April 2026 (+68 %), for two years: a shock that has happened.
DIESEL_SHOCK = PriceShock(component="fuel", first_year=2, last_year=3, factor=1.68)


@dataclass(frozen=True)
class PricePath:
    """One component. rate: yearly growth. given: factors of the first years; the rate acts from the last of them on.
    shocks: (first year, last year, factor on top), 1 is the first year."""

    rate: float = 0.0
    given: tuple[float, ...] = ()
    shocks: tuple[tuple[int, int, float], ...] = ()

    def factors(self, years: int) -> Floats:
        """Factor of each year (years,)."""
        return self.factors_at(self.rate, years)

    def factors_at(self, rate: ArrayLike, years: int) -> Floats:
        """Factors (..., years) of this path at other rates (...)."""
        growth, year = 1.0 + np.asarray(rate, dtype=float)[..., None], np.arange(years)
        line = growth**year
        if self.given:
            known = np.array(self.given)
            line = known[np.minimum(year, known.size - 1)] * growth ** np.maximum(year - known.size + 1, 0)
        for first, last, factor in self.shocks:
            line = np.where((year >= first - 1) & (year <= last - 1), line * factor, line)
        return line


def path_of(finance: Finance, component: str) -> PricePath:
    """The path of a component as the scenario has it."""
    points = sorted((point.year, point.factor) for point in finance.price_points if point.component == component)
    if points and points[0][0] > 1:
        points.insert(0, (1, 1.0))
    years, factors = zip(*points, strict=True) if points else ((), ())
    given = np.interp(np.arange(1, years[-1] + 1), years, factors).tolist() if points else ()
    shocks = ((s.first_year, s.last_year, s.factor) for s in finance.price_shocks if s.component == component)
    return PricePath(yearly_rate(finance, component), tuple(given), tuple(shocks))


def rate_input(finance: Finance, component: str) -> str:
    """The input that holds the yearly growth of a component; the demand charge follows the grid price where it has none
    of its own."""
    if component == "demand" and finance.demand_escalation is None:
        component = "energy"
    return f"finance.{'diesel' if component == 'fuel' else component}_escalation"


def yearly_rate(finance: Finance, component: str) -> float:
    """The yearly growth of a component."""
    return getattr(finance, rate_input(finance, component).removeprefix("finance."))


def by_month(finance: Finance, component: str, months: int) -> Floats:
    """Factor of each project month (months,): that of its year."""
    year = np.arange(months) // 12
    return path_of(finance, component).factors(int(year[-1]) + 1)[year]


def read_points(text: str | bytes) -> tuple[PricePoint, ...]:
    """Price paths from CSV: a head "year" and component names, then a year and its factors a line; empty cells follow
    the rate.

    Raises Refusal naming the line.
    """
    rows = _rows_of(text)
    if len(rows) < 2:
        raise Refusal("the price paths are empty; give a line of column names, then a year and its factors a line")
    head = [name.strip().lower() for name in rows[0]]
    unknown = next((name for name in head[1:] if name not in COMPONENTS), None)
    if head[0] != "year" or unknown is not None or len(set(head)) < len(head):
        raise Refusal(
            "the first line is '{head}'; begin with 'year', then each of these at most once: {components}",
            head=",".join(head),
            components=", ".join(COMPONENTS),
        )
    return tuple(point for at, row in enumerate(rows[1:], start=2) for point in _points(head, row, at))


def _rows_of(text: str | bytes) -> list[list[str]]:
    """Cells of comma-separated lines, or of tabs or semicolons as a spreadsheet's clipboard has them."""
    try:
        content = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Refusal("not text in UTF-8") from error
    lines = content[:LONGEST_TEXT].replace("\x00", "").splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(cell.strip() for cell in row)]
        while rows and all(len(row) == len(rows[0]) and not row[-1].strip() for row in rows):
            rows = [row[:-1] for row in rows]  # a separator at each line's end
    except csv.Error as error:
        raise Refusal("the price paths cannot be split into columns; look for a quotation mark never closed") from error
    return [[cell.replace(",", ".") for cell in row] for row in rows] if delimiter != "," else rows


def _points(head: list[str], row: list[str], line: int) -> list[PricePoint]:
    if len(row) > len(head):
        raise Refusal(
            "line {line} has {count} cells, the first line {wanted}", line=line, count=len(row), wanted=len(head)
        )
    cells = [_number(cell, line) for cell in row]
    year = cells[0]
    if year is None or year != int(year) or not 1 <= year <= 100:
        raise Refusal("line {line} begins with '{cell}'; give a project year from 1 to 100", line=line, cell=row[0])
    named = [(name, factor) for name, factor in zip(head[1:], cells[1:], strict=False) if factor is not None]
    wrong = next((factor for _, factor in named if not 0 <= factor <= 100), None)
    if wrong is not None:
        raise Refusal("line {line}: {factor} is out of range; 1 is the price of today", line=line, factor=wrong)
    return [PricePoint(year=int(year), component=name, factor=factor) for name, factor in named if name in COMPONENTS]


def _number(cell: str, line: int) -> float | None:
    if not cell.strip():
        return None
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise Refusal("line {line}: '{cell}' is not a number; give a factor such as 1.05", line=line, cell=cell.strip())
    return value
