"""Figures of merit of a series of money flows: NPV, IRR, payback, levelised cost.

Conventions, here and in `cashflow`: flows run along the last axis, position 0 is now and is not discounted, an outlay
is negative, rates and flows are nominal, a period's flow comes at its end. `periods_per_year` is 1 or 12; rates are
always effective yearly rates, so month m is discounted by (1 + rate)^(m/12), and paybacks are in years.

What does not exist is None with a reason, never 0.

numpy-financial 1.0.0 does what it does right: the NPV and the MIRR of one series. Its `npv` discounts a 2-D array along
the wrong axis, its `irr` takes one row and, of several roots, gives the one nearest to zero; those are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy_financial as npf
from numpy.typing import ArrayLike, NDArray

from finance.irr_lanes import proved_irr
from sim.arrays import Flags, Floats
from sim.problem import Problem

MONTHLY = 12  # periods a year of every flow of a study
LOWEST_IRR, HIGHEST_IRR, START_IRR = -0.99, 10.0, 0.1
LONGEST_YEARS = 100
# Cells of ln(1 + rate) the search starts from, 1.4 % wide, and how often one may be halved: down to 1e-6.
_GRID = np.linspace(np.log1p(LOWEST_IRR), np.log1p(HIGHEST_IRR), 513)
_HALVINGS = 14
_ROWS_AT_ONCE = 256
# Shares of the sum of absolute discounted flows: rounding of that sum, and a dip that touches zero without crossing.
_ROUNDING, _TOUCH = 1e-15, 1e-13
_SAME_ROOT, _SETTLED = 1e-6, 1e-13
_RUNNING_TOTAL_ROUNDING = 1e-12

REASONS = {
    "all_zero": Problem("Every flow is zero, so any rate would do."),
    "no_sign_change": Problem("The flows never change sign, so no rate of return exists."),
    "no_root": Problem("No rate between -99 % and 1000 % a year brings the flows to zero."),
    "several_roots": Problem(
        "More than one rate brings the flows to zero, so there is no single rate of return; use the NPV."
    ),
    "never": Problem("The outlay is not recovered within the period looked at."),
    "no_outlay": Problem("The running total never falls below zero, so there is nothing to pay back."),
    "is_baseline": Problem("This is the baseline the others are measured against."),
    "no_energy": Problem("No energy is delivered, so there is no cost per kWh."),
    "no_debt": Problem("There is no loan to be paid, so there is no coverage."),
}


@dataclass(frozen=True)
class Figure:
    """A number that may not exist: `value`, or None with `reason`, a key of `REASONS`."""

    value: float | None
    reason: str | None = None

    @property
    def text(self) -> str:
        """Why there is no value, as a sentence; empty where there is one."""
        return REASONS[self.reason] if self.reason else ""


@dataclass(frozen=True)
class Irr(Figure):
    """Yearly rate of return; `roots` lists every rate in (-0.99, 10] that brings the NPV to zero, ascending."""

    roots: tuple[float, ...] = ()


@dataclass(frozen=True)
class Payback(Figure):
    """Years until the running total FIRST reaches zero from below, straight line inside the period.

    lost_again: the total falls below zero later (a replacement, say). lasting: years from which it stays at or above
    zero to the end, or None.
    """

    lost_again: bool = False
    lasting: float | None = None


@dataclass(frozen=True, eq=False)
class FigureRows:
    """A figure of N rows: `value` (N,), NaN where none exists; `reason` (N,) keys of `REASONS`, "" where it does."""

    value: Floats
    reason: NDArray[np.str_]

    def figures(self) -> Sequence[Figure]:
        """Each row's, as a number that may not exist."""
        return [Figure(*pair) for pair in self._pairs()]

    def _pairs(self) -> list[tuple[float | None, str | None]]:
        pairs = zip(self.value.tolist(), self.reason.tolist(), strict=True)
        return [(None if value != value else value, reason or None) for value, reason in pairs]


@dataclass(frozen=True, eq=False)
class PaybackRows(FigureRows):
    """Payback of N rows, in years; `lost_again` (N,), and `lasting` (N,) years, NaN where none is."""

    lost_again: NDArray[np.bool_]
    lasting: Floats

    def figures(self) -> Sequence[Payback]:
        lasting = [None if years != years else years for years in self.lasting.tolist()]
        rest = zip(self._pairs(), self.lost_again.tolist(), lasting, strict=True)
        return [Payback(*pair, lost, years) for pair, lost, years in rest]


def discount_factors(rate: ArrayLike, periods: int, periods_per_year: int = 1) -> Floats:
    """(..., periods) factors 1/(1 + rate)^(t / periods_per_year) for yearly rates (...), t from 0."""
    return (1.0 + _rate(rate))[..., None] ** -_years(periods, periods_per_year)


def npv(rate: ArrayLike, flows: ArrayLike, periods_per_year: int = 1) -> Floats:
    """Net present value (...) of flows (..., T) at one yearly rate, or one rate for each row."""
    flows = _checked(flows)
    if flows.ndim == 1 and np.ndim(rate) == 0:
        return npf.npv(_of_period(rate, periods_per_year), flows)
    return (flows * discount_factors(rate, flows.shape[-1], periods_per_year)).sum(axis=-1)


def irr(flows: ArrayLike, periods_per_year: int = 1) -> Irr:
    """Internal rate of return of one series (T,): the greatest root in (-0.99, 10], if no other is at or above zero.

    So from zero up the NPV has one sign below the IRR and the other one above it. Roots below zero beside it say
    nothing: a tax or an instalment at the end of the last year brings one. None where flows that sum to a gain have no
    root at or above zero: theirs is beyond the range.
    """
    row = _one_series(flows)[None]
    _check_span(row.shape[1], periods_per_year)
    proved = float(_proved(row, periods_per_year)[0])
    if not np.isnan(proved):
        return Irr(proved, None, (proved,))
    _, roots = _roots(row, periods_per_year)
    value, reason = _chosen(row, np.zeros(roots.size, dtype=np.int64), roots)
    return Irr(_number(value), str(reason[0]) or None, tuple(roots.tolist()))


def npv_rows(rate: ArrayLike, flows: ArrayLike, periods_per_year: int = 1) -> FigureRows:
    """`npv` of rows (N, T): it always exists."""
    value = npv(rate, _rows(flows), periods_per_year)
    return FigureRows(value, np.full(len(value), ""))


def irr_rows(flows: ArrayLike, periods_per_year: int = 1) -> FigureRows:
    """`irr` of many rows (N, T) at once, by the same rule.

    Rows with a proof that there is one root (`finance.irr_lanes`) take the fast way, the others the general search.
    """
    rows = _rows(flows)
    _check_span(rows.shape[1], periods_per_year)
    value = _proved(rows, periods_per_year)
    mixed = _changes_sign(rows)
    reason = np.where(mixed, "", np.where(rows.any(axis=1), "no_sign_change", "all_zero"))
    open_rows = np.flatnonzero(np.isnan(value) & mixed)
    if open_rows.size:
        value[open_rows], reason[open_rows] = _searched(rows[open_rows], periods_per_year)
    return FigureRows(value, reason)


def _proved(rows: Floats, periods_per_year: int) -> Floats:
    """The yearly rate of each row (N,) that is proved to have only one, NaN for the others."""
    low, high, start = (_of_period(rate, periods_per_year) for rate in (LOWEST_IRR, HIGHEST_IRR, START_IRR))
    found = proved_irr(rows, low, high, start=start)
    return found if periods_per_year == 1 else (1.0 + found) ** periods_per_year - 1.0


def _searched(rows: Floats, periods_per_year: int) -> tuple[Floats, NDArray[np.str_]]:
    return _chosen(rows, *_roots(rows, periods_per_year))


def _chosen(rows: Floats, row: NDArray[np.int64], roots: Floats) -> tuple[Floats, NDArray[np.str_]]:
    """Of each row's roots the one that is its rate of return (N,), NaN without one, and why there is none."""
    gains = np.bincount(row[roots >= -_SAME_ROOT], minlength=len(rows))
    first = rows[np.arange(len(rows)), _first_true(rows != 0)]
    value = np.full(len(rows), np.nan)
    value[row] = roots  # ascending: the greatest stays
    value[(gains > 1) | ((gains == 0) & (first * rows.sum(axis=1) < 0))] = np.nan
    return value, _missing(rows, gains, ~np.isnan(value))


def mirr(flows: ArrayLike, finance_rate: float, reinvest_rate: float, periods_per_year: int = 1) -> Figure:
    """Modified internal rate of return of one series (T,), yearly.

    Outlays are discounted at `finance_rate`, returns compounded to the last period at `reinvest_rate`; the rate that
    joins the two. It always exists where both are there, so it can stand beside an IRR that does not.
    """
    row = _one_series(flows)
    found = npf.mirr(row, *(_of_period(rate, periods_per_year) for rate in (finance_rate, reinvest_rate)))
    if np.isnan(found):
        return Figure(None, "no_sign_change" if row.any() else "all_zero")
    return Figure(float(1.0 + found) ** periods_per_year - 1.0)


def profitability_index(rate: float, flows: ArrayLike, periods_per_year: int = 1) -> Figure:
    """1 + NPV / outlay, the outlay being what is paid at position 0 (T,). Above 1 the project earns its rate."""
    row = _one_series(flows)
    if row[0] >= 0:
        return Figure(None, "no_outlay")
    return Figure(1.0 - float(npv(rate, row, periods_per_year)) / row[0])


def real_rate(nominal_rate: ArrayLike, inflation: ArrayLike) -> Floats:
    """Yearly rate in money of constant worth: (1 + nominal) / (1 + inflation) - 1 (Fisher)."""
    return (1.0 + np.asarray(nominal_rate, dtype=float)) / (1.0 + np.asarray(inflation, dtype=float)) - 1.0


def real_flows(flows: ArrayLike, inflation: float, periods_per_year: int = 1) -> Floats:
    """Nominal flows (..., T) in today's money. Discounted at `real_rate` they have the NPV of the nominal ones."""
    flows = _checked(flows)
    return flows * discount_factors(inflation, flows.shape[-1], periods_per_year)


def payback(flows: ArrayLike, periods_per_year: int = 1) -> Payback:
    """Simple payback of one series (T,)."""
    return payback_rows(_one_series(flows)[None], periods_per_year).figures()[0]


def discounted_payback(rate: float, flows: ArrayLike, periods_per_year: int = 1) -> Payback:
    """Payback of the discounted flows, straight line between discounted totals."""
    return discounted_payback_rows(rate, _one_series(flows)[None], periods_per_year).figures()[0]


def discounted_payback_rows(rate: ArrayLike, flows: ArrayLike, periods_per_year: int = 1) -> PaybackRows:
    """`discounted_payback` of many rows (N, T)."""
    rows = _rows(flows)
    return payback_rows(rows * discount_factors(rate, rows.shape[1], periods_per_year), periods_per_year)


def payback_rows(flows: ArrayLike, periods_per_year: int = 1) -> PaybackRows:
    """Simple payback of many rows (N, T)."""
    total = _running_total(_rows(flows))
    crossing = (total[:, :-1] < 0) & (total[:, 1:] >= 0)
    paid: Flags = np.any(crossing, axis=1)
    first, last = _first_true(crossing), crossing.shape[1] - 1 - _first_true(crossing[:, ::-1])
    after = np.arange(total.shape[1]) > first[:, None]
    reason = np.where(paid, "", np.where((total < 0).any(axis=1), "never", "no_outlay"))
    years_per_period = _years(2, periods_per_year)[1]
    return PaybackRows(
        value=_crossing(total, first, paid) * years_per_period,
        reason=reason,
        lost_again=paid & np.any((total < 0) & after, axis=1),
        lasting=_crossing(total, last, paid & (total[:, -1] >= 0)) * years_per_period,
    )


def lcoe(costs: ArrayLike, energy_kwh: ArrayLike, rate: float, periods_per_year: int = 1) -> Figure:
    """Levelised cost per kWh: PV(costs) / PV(energy), both (T,).

    `costs` are positive outlays (capex at position 0; opex, replacement less salvage after it).
    """
    return lcoe_rows(_one_series(costs)[None], _one_series(energy_kwh)[None], rate, periods_per_year).figures()[0]


def lcoe_rows(costs: ArrayLike, energy_kwh: ArrayLike, rate: float, periods_per_year: int = 1) -> FigureRows:
    """`lcoe` of many rows (N, T)."""
    delivered_kwh = npv(rate, _rows(energy_kwh), periods_per_year)
    some = delivered_kwh > 0
    cost = npv(rate, _rows(costs), periods_per_year)
    value = np.divide(cost, delivered_kwh, out=np.full(len(cost), np.nan), where=some)
    return FigureRows(value, np.where(some, "", "no_energy"))


def _missing(rows: Floats, gains: NDArray[np.int64], exists: Flags) -> NDArray[np.str_]:
    """Why a row with so many roots from zero up has no IRR; "" where it exists."""
    none = np.where(_changes_sign(rows), "no_root", np.where(rows.any(axis=1), "no_sign_change", "all_zero"))
    return np.where(exists, "", np.where(gains > 1, "several_roots", none))


def _changes_sign(rows: Floats) -> Flags:
    """Whether a row (N, T) has gains and losses (N,)."""
    return np.any(rows > 0, axis=1) & np.any(rows < 0, axis=1)


def _roots(rows: Floats, periods_per_year: int) -> tuple[NDArray[np.int64], Floats]:
    """Every root in (-0.99, 10]: the row each belongs to, and the rate; ascending within a row."""
    years = _check_span(rows.shape[1], periods_per_year)
    parts = [_block_roots(rows[at : at + _ROWS_AT_ONCE], years) for at in range(0, max(len(rows), 1), _ROWS_AT_ONCE)]
    row = np.concatenate([part[0] + at * _ROWS_AT_ONCE for at, part in enumerate(parts)])
    return row, np.expm1(np.concatenate([part[1] for part in parts]))


def _check_span(periods: int, periods_per_year: int) -> Floats:
    """The times of the flows in years, or ValueError where they span more than a rate of return is searched for."""
    years = _years(periods, periods_per_year)
    if years[-1] > LONGEST_YEARS:
        raise ValueError(f"the flows span {years[-1]:.0f} years; a rate of return needs {LONGEST_YEARS} or less")
    return years


def _block_roots(rows: Floats, years: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Rows and roots ln(1 + rate) of a block, sorted, roots closer than `_SAME_ROOT` counted once."""
    crossing, unclear = _isolated(rows, years)
    crossed, touched = np.concatenate([part.row for part in crossing]), unclear.row
    lower, upper = (np.concatenate([getattr(part, end) for part in crossing]) for end in ("lower", "upper"))
    touches, turn = _touching(rows[touched], years, (unclear.lower + unclear.upper) / 2)
    row = np.append(crossed, touched[touches])
    root = np.append(_newton(rows[crossed], years, lower, upper), turn[touches])
    order = np.lexsort((root, row))
    row, root = row[order], root[order]
    repeated = np.append(False, (np.diff(row) == 0) & (np.diff(root) < _SAME_ROOT))[: row.size]
    return row[~repeated], root[~repeated]


@dataclass(frozen=True, eq=False)
class _Cells:
    """Intervals (I,) of ln(1 + rate), the row each belongs to, and the four sums of `_sums` (4, I) at both ends."""

    row: NDArray[np.int64]
    lower: Floats
    upper: Floats
    left: Floats
    right: Floats

    def where(self, mask: NDArray[np.bool_]) -> _Cells:
        return _Cells(self.row[mask], self.lower[mask], self.upper[mask], self.left[:, mask], self.right[:, mask])

    def halves(self, rows: Floats, years: Floats) -> _Cells:
        middle = (self.lower + self.upper) / 2
        sums = _sums(rows[self.row], years, np.exp(-middle[:, None] * years))
        return _Cells(
            np.tile(self.row, 2),
            np.append(self.lower, middle),
            np.append(middle, self.upper),
            np.hstack([self.left, sums]),
            np.hstack([sums, self.right]),
        )


def _isolated(rows: Floats, years: Floats) -> tuple[list[_Cells], _Cells]:
    """Cells that hold exactly one root, and the tiny ones that may hold a root where the NPV touches zero.

    Gains and losses each fall with the rate, so their values at the ends of a cell bound the NPV inside it; the same
    holds for the slope. A cell is dropped once the NPV cannot be zero in it, settled once the slope cannot, and halved
    while neither is proved, so no root is passed over however close another one is.
    """
    cells, crossing = _grid_cells(rows, years), []
    for _ in range(_HALVINGS):
        if not cells.row.size:
            break
        steady = _one_sided(cells.left[2:], cells.right[2:])
        crossing.append(cells.where(steady & _crosses(cells)))
        halves = cells.where(~steady).halves(rows, years)
        cells = halves.where(~_one_sided(halves.left[:2], halves.right[:2]))
    crosses = _crosses(cells)
    return [*crossing, cells.where(crosses)], cells.where(~crosses)


def _grid_cells(rows: Floats, years: Floats) -> _Cells:
    """The grid's cells in which the NPV of a row may be zero. A row without flows has none."""
    basis = _grid_factors(tuple(years.tolist()))
    gains, losses = np.maximum(rows, 0), np.maximum(-rows, 0)
    sums = np.array([part @ basis for part in (gains, losses, gains * years, losses * years)])
    left, right = sums[..., :-1], sums[..., 1:]
    row, cell = np.nonzero(~_one_sided(left[:2], right[:2]) & np.any(rows, axis=1)[:, None])
    return _Cells(row, _GRID[cell], _GRID[cell + 1], left[:, row, cell], right[:, row, cell])


@lru_cache(maxsize=4)
def _grid_factors(years: tuple[float, ...]) -> Floats:
    """Discount factors (T, cells + 1) at the grid's rates."""
    return np.exp(-np.outer(years, _GRID))


def _sums(rows: Floats, years: Floats, factors: Floats) -> Floats:
    """(4, I): present value of gains, of losses, and both weighted with the time they come."""
    gains, losses = np.maximum(rows, 0) * factors, np.maximum(-rows, 0) * factors
    return np.array([gains.sum(axis=1), losses.sum(axis=1), gains @ years, losses @ years])


def _one_sided(left: Floats, right: Floats) -> NDArray[np.bool_]:
    """Whether gains - losses keeps its sign in the cell, from falling gains and losses (2, ...) at its ends."""
    return (right[0] > left[1]) | (left[0] < right[1])


def _crosses(cells: _Cells) -> NDArray[np.bool_]:
    """Whether the NPV changes sign in (lower, upper]; what is only rounding counts as zero."""
    left, right = (
        np.where(np.abs(ends[0] - ends[1]) <= _ROUNDING * (ends[0] + ends[1]), 0.0, np.sign(ends[0] - ends[1]))
        for ends in (cells.left, cells.right)
    )
    return (left * right < 0) | ((left != 0) & (right == 0))


def _touching(rows: Floats, years: Floats, middle: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Whether the NPV touches zero beside the middle of a tiny cell, and where: one Newton step on its slope."""
    terms = rows * np.exp(-middle[:, None] * years)
    slope, bend = -(terms @ years), terms @ years**2
    turn = middle - np.divide(slope, bend, out=np.full_like(middle, np.inf), where=bend != 0)
    near = np.abs(turn - middle) <= _SAME_ROOT
    turn = np.where(near, turn, middle)
    terms = rows * np.exp(-turn[:, None] * years)
    return near & (np.abs(terms.sum(axis=1)) <= _TOUCH * np.abs(terms).sum(axis=1)), turn


def _value(rows: Floats, years: Floats, at: Floats) -> Floats:
    """NPV of each row at its own ln(1 + rate)."""
    return (rows * np.exp(-at[:, None] * years)).sum(axis=1)


def _newton(rows: Floats, years: Floats, lower: Floats, upper: Floats) -> Floats:
    """Root of each row between its ends: Newton's step while it stays inside the bracket, else halving."""
    sign, at = np.sign(_value(rows, years, lower)), (lower + upper) / 2
    for _ in range(100):
        terms = rows * np.exp(-at[:, None] * years)
        value, slope = terms.sum(axis=1), -(terms * years).sum(axis=1)
        beyond = np.sign(value) == sign
        lower, upper = np.where(beyond, at, lower), np.where(beyond, upper, at)
        step = at - np.divide(value, slope, out=np.full_like(at, np.inf), where=slope != 0)
        following = np.where((step >= lower) & (step <= upper), step, (lower + upper) / 2)
        moved, at = np.abs(following - at), following
        if (moved <= _SETTLED).all():
            break
    return at


def _running_total(rows: Floats) -> Floats:
    """Running totals with what is only rounding set to zero, so a payback exactly on a period's end is found."""
    total = rows.cumsum(axis=1)
    rounding = _RUNNING_TOTAL_ROUNDING * np.abs(rows).sum(axis=1, keepdims=True)
    return np.where(np.abs(total) <= rounding, 0.0, total)


def _crossing(total: Floats, period: NDArray[np.int64], exists: NDArray[np.bool_]) -> Floats:
    """Where the straight line from the total at `period` to the next one meets zero, in periods; NaN if not."""
    rows = np.flatnonzero(exists)
    start, end = total[rows, period[rows]], total[rows, period[rows] + 1]
    result = np.full(len(total), np.nan)
    result[rows] = period[rows] + start / (start - end)
    return result


def _first_true(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    return mask.argmax(axis=1) if mask.shape[1] else np.zeros(len(mask), dtype=np.int64)


def _number(values: Floats) -> float | None:
    return None if np.isnan(values[0]) else float(values[0])


def _rate(rate: ArrayLike) -> Floats:
    yearly = np.asarray(rate, dtype=float)
    if not (np.isfinite(yearly).all() and (yearly > -1).all()):
        raise ValueError("the discount rate must be a number above -1 (-100 %); write 8 % as 0.08")
    return yearly


def _of_period(rate: ArrayLike, periods_per_year: int) -> float:
    """A yearly rate as that of one period."""
    one = float(_years(2, periods_per_year)[1])
    return float(_rate(rate)) if one == 1 else float((1.0 + _rate(rate)) ** one) - 1.0


def _years(periods: int, periods_per_year: int) -> Floats:
    if periods_per_year not in (1, 12):
        raise ValueError(f"periods_per_year is {periods_per_year}; use 1 for yearly or 12 for monthly flows")
    return np.arange(periods) / periods_per_year


def _checked(flows: ArrayLike) -> Floats:
    values = np.asarray(flows, dtype=float)
    if values.ndim < 1 or not values.shape[-1]:
        raise ValueError("the flows are empty; give one number per period, the first for now")
    if not np.isfinite(values).all():
        raise ValueError("the flows hold a missing or infinite number; every period needs a finite one")
    return values


def _one_series(flows: ArrayLike) -> Floats:
    values = _checked(flows)
    if values.ndim != 1:
        raise ValueError(f"the flows have shape {values.shape}; give one series, or use the function for rows")
    return values


def _rows(flows: ArrayLike) -> Floats:
    values = _checked(flows)
    if values.ndim != 2:
        raise ValueError(f"the flows have shape {values.shape}; give one row per series")
    return values
