"""Who owns the plant and who gets what: buy, leases, shared saving (EMC), storage as a service, PPA.

Both parties' flows: a contract moves money between host (the site) and investor; it makes none. So in every year
    host + investor = the project's own flow before tax,
whatever the terms. Lines run over years 0..N, signed from each party's own view. `income` lines are taxable when they
come; `capital` lines (price of the plant, loan principal, buy-out) are not, they are depreciated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from finance import metrics
from finance.cashflow import CashFlow, in_year
from finance.debt import Loan, schedule
from finance.metrics import Figure
from finance.tax import TaxRules, credit_line, depreciable_cost, depreciation_line, income_tax

Floats = NDArray[np.float64]
Role = Literal["host", "investor"]


@dataclass(frozen=True, eq=False)
class Deal:
    """Both parties' lines (N + 1,). `payment` is what the host pays the investor in each year (positive).

    `owner`: who depreciates the plant. `plant_cost`: what its tax books begin with.
    """

    name: str
    payment: Floats
    host_income: Floats
    host_capital: Floats
    investor_income: Floats
    investor_capital: Floats
    owner: Role
    plant_cost: float

    @property
    def host(self) -> Floats:
        """The host's flow before tax."""
        return self.host_income + self.host_capital

    @property
    def investor(self) -> Floats:
        """The investor's flow before tax."""
        return self.investor_income + self.investor_capital

    def after_tax(self, role: Role, rules: TaxRules) -> Floats:
        """One party's flow after income tax; the owner writes the plant off and takes the credits."""
        income = self.host_income if role == "host" else self.investor_income
        capital = self.host_capital if role == "host" else self.investor_capital
        written_off, credit = np.zeros_like(income), np.zeros_like(income)
        if role == self.owner:
            years = income.size - 1
            written_off = depreciation_line(rules.depreciation, depreciable_cost(rules, self.plant_cost), years)
            credit = credit_line(rules, self.plant_cost, years)
        return income + capital - income_tax(income - written_off, rules).tax + credit

    def irr(self, role: Role) -> metrics.Irr:
        """The party's rate of return before tax; without an outlay of its own there is none."""
        return metrics.irr(self.host if role == "host" else self.investor)


def buy(cash: CashFlow) -> Deal:
    """The host buys: everything is its own (业主自投)."""
    return _deal("buy", cash, payment=np.zeros_like(cash.capex), investor_years=0)


def shared_saving(
    cash: CashFlow, investor_share: ArrayLike, years: int, buy_out: float = 0.0, savings: ArrayLike | None = None
) -> Deal:
    """EMC of the shared kind (合同能源管理 分享型): the investor builds and runs, the saving is shared.

    years: of the contract. investor_share: a fraction, or one for each contract year. buy_out: paid by the host at the
    end of the last contract year; then plant, saving and upkeep are the host's. savings: the line that is shared, where
    not all of it is (N + 1,).
    """
    shares = _by_year(investor_share, years, cash.capex.size - 1, "investor_share")
    if (shares < 0).any() or (shares > 1).any():
        raise ValueError("investor_share must lie between 0 and 1 in every year; 90 % is 0.9")
    shared = cash.savings if savings is None else np.asarray(savings, dtype=float)
    return _deal("shared_saving", cash, payment=shared * shares, investor_years=years, buy_out=buy_out)


def guaranteed_saving(cash: CashFlow, guaranteed_per_year: float, investor_share_above: float, years: int) -> Deal:
    """EMC of the guaranteed kind: the host buys; the supplier tops up what is missing, shares what is more."""
    span = _term(years, cash.capex.size - 1)
    more = (cash.savings - guaranteed_per_year) * span
    payment = np.where(more > 0, more * investor_share_above, more)
    return _deal("guaranteed_saving", cash, payment=payment, investor_years=0)


def operating_lease(
    cash: CashFlow, rent_per_year: float, years: int, escalation: float = 0.0, lessor_pays_upkeep: bool = False
) -> Deal:
    """Operating lease or rental (经营租赁): the lessor owns the plant and takes it back, its worth then is the salvage.

    The saving ends with the lease if the project runs longer: choose lines of that length. `lessor_pays_upkeep`: O&M
    and replacements are in the rent (usual for rental by the month).
    """
    line = _growing(rent_per_year, escalation, years, cash.capex.size - 1)
    return _deal(
        "operating_lease",
        cash,
        payment=line,
        investor_years=cash.capex.size - 1,
        host_upkeep=not lessor_pays_upkeep,
    )


def finance_lease(
    cash: CashFlow, rate: float, years: int, down_payment_fraction: float = 0.2, buy_out: float = 0.0
) -> Deal:
    """Finance lease (融资租赁): equal yearly rents repay what is left after the down payment; the host runs the plant,
    writes it off and owns it at the end. The interest is income of the lessor and cost of the host."""
    capex = -float(cash.capex[0])
    plan = schedule(Loan(1.0, rate, years), capex * (1.0 - down_payment_fraction), cash.capex.size - 1)
    down = in_year(capex * down_payment_fraction, 0, cash.capex.size - 1)
    end = in_year(buy_out, years, cash.capex.size - 1)
    operation = cash.pre_tax - cash.capex
    return Deal(
        name="finance_lease",
        payment=down + plan.service + end,
        host_income=operation - plan.interest,
        host_capital=-(down + plan.principal + end),
        investor_income=plan.interest.copy(),
        investor_capital=cash.capex + down + plan.principal + end,
        owner="host",
        plant_cost=capex,
    )


def as_a_service(
    cash: CashFlow, fee_per_year: float, years: int, escalation: float = 0.0, buy_out: float = 0.0
) -> Deal:
    """Storage or energy as a service (储能即服务): a fixed fee, whatever the plant saves; the provider runs it."""
    line = _growing(fee_per_year, escalation, years, cash.capex.size - 1)
    return _deal("as_a_service", cash, payment=line, investor_years=years, buy_out=buy_out)


def ppa(cash: CashFlow, price_per_kwh: float, years: int, escalation: float = 0.0, buy_out: float = 0.0) -> Deal:
    """Power purchase agreement: the host pays for each kWh of `cash.energy_kwh`; what it saves is `cash.savings`."""
    price = _growing(price_per_kwh, escalation, years, cash.capex.size - 1)
    return _deal("ppa", cash, payment=cash.energy_kwh * price, investor_years=years, buy_out=buy_out)


@dataclass(frozen=True)
class Split:
    """Shares of the investor at which each party just reaches its hurdle rate. Both do between `low` and `high`.

    `possible`: whether there is such a share at all; a contract at `low` is the host's best, at `high` the investor's.
    """

    low: Figure
    high: Figure

    @property
    def possible(self) -> bool:
        return self.low.value is not None and self.high.value is not None and self.low.value <= self.high.value


def fair_split(
    cash: CashFlow, years: int, investor_rate: float, host_rate: float, buy_out: float = 0.0, host_minimum: float = 0.0
) -> Split:
    """The range of the investor's share in a shared-saving contract that suits both.

    The NPV of each party is a straight line in the share. host_minimum: NPV the host wants to be left with.
    """
    ends = [shared_saving(cash, share, years, buy_out) for share in (0.0, 1.0)]
    investor = [float(metrics.npv(investor_rate, deal.investor)) for deal in ends]
    host = [float(metrics.npv(host_rate, deal.host)) - host_minimum for deal in ends]
    return Split(_root(investor, rising=True), _root(host, rising=False))


def _root(ends: list[float], rising: bool) -> Figure:
    """Share in 0..1 from which (up to which) a straight line is not negative."""
    at_zero, at_one = ends
    good, bad = (at_one, at_zero) if rising else (at_zero, at_one)
    if good < 0 or at_zero == at_one:
        return Figure(None, "never")
    if bad >= 0:
        return Figure(0.0 if rising else 1.0)
    return Figure(at_zero / (at_zero - at_one))


def _deal(
    name: str, cash: CashFlow, payment: Floats, investor_years: int, buy_out: float = 0.0, host_upkeep: bool = False
) -> Deal:
    """The investor builds, and has upkeep and salvage for `investor_years` years (0: the host does all of it)."""
    years = cash.capex.size - 1
    if investor_years > years:
        raise ValueError(f"the contract runs {investor_years} years, the project only {years}; shorten the contract")
    theirs = _term(investor_years, years)
    upkeep = cash.opex + cash.replacement
    their_upkeep = np.zeros_like(upkeep) if host_upkeep else upkeep * theirs
    their_salvage = cash.salvage * theirs
    capex = cash.capex * (investor_years > 0)
    end = in_year(buy_out, investor_years, years) if investor_years else np.zeros_like(payment)
    investor_income = payment + their_upkeep + their_salvage
    host_income = cash.savings - payment + (upkeep - their_upkeep) + (cash.salvage - their_salvage)
    return Deal(
        name=name,
        payment=payment + end,
        host_income=host_income,
        host_capital=cash.capex - capex - end,
        investor_income=investor_income,
        investor_capital=capex + end,
        owner="investor" if investor_years else "host",
        plant_cost=-float(cash.capex[0]),
    )


def _term(years: int, all_years: int) -> Floats:
    """(N + 1,): 1 in years 1..years, 0 elsewhere."""
    if years != int(years) or years < 0:
        raise ValueError(f"the contract's years is {years}; give a whole number")
    at = np.arange(all_years + 1)
    return ((at >= 1) & (at <= years)).astype(float)


def _growing(amount: float, escalation: float, years: int, all_years: int) -> Floats:
    at = np.arange(all_years + 1)
    return amount * (1.0 + escalation) ** np.maximum(at - 1, 0) * _term(years, all_years)


def _by_year(values: ArrayLike, years: int, all_years: int, name: str) -> Floats:
    given = np.atleast_1d(np.asarray(values, dtype=float))
    if given.size not in (1, years):
        raise ValueError(f"{name} has {given.size} values for {years} contract years; give one, or one for each year")
    line = np.zeros(all_years + 1)
    line[1 : min(years, all_years) + 1] = np.broadcast_to(given, years)[:all_years]
    return line
