"""A loan: its repayment plan, what it does to an equity flow, and how safely it is carried.

Lines run over years 0..N along the last axis; the loan is drawn in year 0, interest and principal are paid at the
year's end and are positive here. A last year that is a part of one (`lengths`) bears that part of a year's interest and
of what a whole year repays. Coverage follows the usual definitions: DSCR = (EBITDA - income tax) / (principal +
interest), ICR = EBIT / interest, each year and the minimum; a year without debt service has none (NaN).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from finance.metrics import Figure
from sim.arrays import Floats

Repayment = Literal["level", "equal_principal", "bullet", "sculpted"]


@dataclass(frozen=True)
class Loan:
    """share: of the investment. rate: yearly. years: from the drawdown to the last payment, grace included.

    repayment: "level" (等额本息), equal payments; "equal_principal" (等额本金); "bullet", all at the end; "sculpted",
    debt service in proportion to the cash flow available for it. grace_years: interest only, at the beginning.
    """

    share: float
    rate: float
    years: int
    repayment: Repayment = "level"
    grace_years: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"the loan's share is {self.share}; give a fraction of the investment from 0 to 1")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"the loan's rate is {self.rate}; give a yearly fraction from 0 to 1, 5 % as 0.05")
        if self.share and (self.years < 1 or self.years != int(self.years)):
            raise ValueError(f"the loan's years is {self.years}; give a whole number from 1")
        if self.share and not 0 <= self.grace_years < self.years:
            raise ValueError(f"grace_years is {self.grace_years}; it must be less than the loan's {self.years} years")
        if self.repayment not in ("level", "equal_principal", "bullet", "sculpted"):
            raise ValueError(
                f"repayment '{self.repayment}' is not known; use level, equal_principal, bullet or sculpted"
            )


NO_LOAN = Loan(0.0, 0.0, 0)


@dataclass(frozen=True, eq=False)
class RepaymentPlan:
    """A repayment plan (..., N + 1): opening balance, drawdown, interest, principal and closing balance of each year.

    Closing = opening + drawdown - principal; interest = opening x rate x length of the year.
    """

    opening: Floats
    drawdown: Floats
    interest: Floats
    principal: Floats
    closing: Floats

    @property
    def service(self) -> Floats:
        """Interest and principal."""
        return self.interest + self.principal


def year_lengths(months: int) -> Floats:
    """How long each project year of a term is, in years (years + 1,); the start is none."""
    years = -(-months // 12)
    return np.clip(months / 12 - np.arange(-1.0, years), 0.0, 1.0) * (np.arange(years + 1) > 0)


def schedule(
    loan: Loan,
    investment: ArrayLike,
    years: int,
    available: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> RepaymentPlan:
    """The plan of a loan on `investment` (...) within a project of `years` years.

    `available` (..., years + 1): cash flow available for debt service, needed for the sculpted form only. `lengths`
    (years + 1,): how long each year is (`year_lengths`), 1 unless given. Raises
    ValueError where the loan outlives the project, or where a sculpted one has nothing to be paid from.
    """
    drawn = np.asarray(investment, dtype=float) * loan.share
    if loan.share and loan.years > years:
        raise ValueError(f"the loan runs {loan.years} years, the project {years}; choose a shorter loan")
    principal, lasts = np.zeros((*drawn.shape, years + 1)), _lengths(lengths, years)
    if loan.share:
        principal[..., 1 : loan.years + 1] = drawn[..., None] * _parts(loan, available, lasts[1 : loan.years + 1])
    drawdown = np.zeros_like(principal)
    drawdown[..., 0] = drawn
    closing = drawn[..., None] - np.cumsum(principal, axis=-1)
    closing[..., loan.years if loan.share else 0 :] = 0.0  # not the rounding of the sum, which would bear interest
    opening = np.concatenate([np.zeros((*drawn.shape, 1)), closing[..., :-1]], axis=-1)
    return RepaymentPlan(opening, drawdown, opening * loan.rate * lasts, principal, closing)


def _lengths(lengths: ArrayLike | None, years: int) -> Floats:
    return np.ones(years + 1) if lengths is None else np.asarray(lengths, dtype=float)


def _parts(loan: Loan, available: ArrayLike | None, lasts: Floats) -> Floats:
    """Share of the loan repaid in each of its years (..., loan.years), which are as long as `lasts`; they sum to 1."""
    paying = lasts * (np.arange(loan.years) >= loan.grace_years)
    if loan.repayment == "bullet":
        return (np.arange(loan.years) == loan.years - 1).astype(float)
    if loan.repayment == "equal_principal":
        return paying / paying.sum()
    # Equal payments are those in proportion to a cash that is the same in every year.
    cash = paying if loan.repayment == "level" else None if available is None else _within(loan, available)
    return _in_proportion(loan, cash, lasts)


def _within(loan: Loan, available: ArrayLike) -> Floats:
    return np.asarray(available, dtype=float)[..., 1 : loan.years + 1]


def _in_proportion(loan: Loan, available: Floats | None, lasts: Floats) -> Floats:
    """Debt service in the same proportion to the available cash in every year: principal = service - interest."""
    if available is None:
        raise ValueError("a sculpted loan needs the cash flow available for debt service")
    cash = np.array(available)
    cash[..., : loan.grace_years] = 0.0
    growth = np.cumprod(1.0 + loan.rate * lasts)
    worth = (np.maximum(cash, 0.0) / growth).sum(axis=-1)
    if (worth <= 0).any():
        raise ValueError("there is no cash flow to repay a sculpted loan from; choose another repayment")
    service = np.maximum(cash, 0.0) / worth[..., None]
    service[..., : loan.grace_years] = loan.rate * lasts[: loan.grace_years]  # interest only; the balance stays 1
    if loan.grace_years:
        service[..., loan.grace_years :] /= growth[loan.grace_years - 1]
    balance, parts = np.ones(cash.shape[:-1]), np.zeros_like(cash)
    for year in range(loan.years):
        parts[..., year] = service[..., year] - balance * loan.rate * lasts[year]
        balance = balance - parts[..., year]
    return parts


def debt_capacity(
    available: ArrayLike, rate: float, dscr: float, years: int, lengths: ArrayLike | None = None
) -> Floats:
    """The loan (...) whose sculpted service is `available` / `dscr` in each of its years: their present value.

    available: (..., N + 1); years in which it is negative lend nothing. lengths: as in `schedule`.
    """
    if dscr <= 0:
        raise ValueError(f"the wanted DSCR is {dscr}; give a number above 0, banks ask for 1.2 and more")
    cash = np.maximum(np.asarray(available, dtype=float)[..., 1 : years + 1], 0.0)
    lasts = _lengths(lengths, cash.shape[-1])[1 : cash.shape[-1] + 1]
    return (cash / dscr / np.cumprod(1.0 + rate * lasts)).sum(axis=-1)


@dataclass(frozen=True, eq=False)
class Coverage:
    """`dscr` and `icr` (N + 1,), NaN in years without debt service; the least of each, with its year; years below 1."""

    dscr: Floats
    icr: Floats
    least_dscr: Figure
    least_dscr_year: int | None
    least_icr: Figure
    years_below_one: tuple[int, ...]


def coverage(plan: RepaymentPlan, ebitda: ArrayLike, tax: ArrayLike, ebit: ArrayLike) -> Coverage:
    """How many times the cash of each year pays the loan (one project, lines (N + 1,))."""
    dscr = _ratio(np.asarray(ebitda, dtype=float) - np.asarray(tax, dtype=float), plan.service)
    icr = _ratio(np.asarray(ebit, dtype=float), plan.interest)
    owed = ~np.isnan(dscr)
    year = int(np.nanargmin(dscr)) if owed.any() else None
    below = tuple(int(at) for at in np.flatnonzero(owed & (np.nan_to_num(dscr, nan=1.0) < 1.0)))
    return Coverage(dscr, icr, _least(dscr), year, _least(icr), below)


def _ratio(cash: Floats, due: Floats) -> Floats:
    return np.divide(cash, due, out=np.full(np.broadcast_shapes(cash.shape, due.shape), np.nan), where=due > 1e-9)


def _least(ratio: Floats) -> Figure:
    return Figure(None, "no_debt") if np.isnan(ratio).all() else Figure(float(np.nanmin(ratio)))
