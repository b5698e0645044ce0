"""Who owns the plant and who gets what: buy, leases, shared saving (EMC), storage as a service, PPA.

Both parties' flows: a contract moves money between host (the site) and investor; it makes none. So in every period
    host + investor = the project's own flow before tax,
whatever the terms. Lines run over periods 0..N, years or months (`per_year` 1 or 12), signed from each party's own
view. `income` lines are taxable when they come; `capital` lines (price of the plant, loan principal) are not, they are
depreciated. What is paid for the plant at the contract's end is income of the one and an expense of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from finance import metrics
from finance.cashflow import CashFlow, at_year_ends, by_year, in_year
from finance.debt import Loan, schedule
from finance.metrics import Figure
from finance.tax import TaxRules, book_value_left, credit_line, depreciable_cost, depreciation_line, income_tax
from sim.arrays import Floats

Role = Literal["host", "investor"]
HALVINGS = 80


@dataclass(frozen=True, eq=False)
class Deal:
    """Both parties' lines (N + 1,). `payment` is what the host pays the investor in each period (positive).

    `owner`: who depreciates the plant, and for how many periods (`owned`). `plant_cost`: what its tax books begin
    with; `host_cost`: what the host's own begin with beside the plant. `priced`: what of the host's income is only
    priced, so that no tax office knows of it.
    """

    name: str
    payment: Floats
    host_income: Floats
    host_capital: Floats
    investor_income: Floats
    investor_capital: Floats
    owner: Role
    owned: int
    plant_cost: float
    host_cost: float = 0.0
    priced: Floats | float = 0.0
    per_year: int = 1

    @property
    def host(self) -> Floats:
        """The host's flow before tax."""
        return self.host_income + self.host_capital

    @property
    def investor(self) -> Floats:
        """The investor's flow before tax."""
        return self.investor_income + self.investor_capital

    def flow(self, role: Role) -> Floats:
        """One party's flow before tax."""
        return self.host if role == "host" else self.investor

    def result(self, role: Role) -> Floats:
        """One party's operating result in paid money by year (years + 1,), before depreciation, interest and tax."""
        return by_year(self.host_income - self.priced if role == "host" else self.investor_income, self.per_year)

    def books(self, role: Role, rules: TaxRules) -> tuple[Floats, Floats]:
        """(written off, credit and grant) of one party by year (years + 1,), both positive.

        The owner has the plant in the books while it is theirs; what is left then is set against the hand-over.
        """
        years = self.result(role).size - 1
        plant = self.plant_cost if role == self.owner else 0.0
        own = self.host_cost if role == "host" else 0.0
        held = min(years, -(-self.owned // self.per_year)) if role == self.owner else years
        if role != self.owner:
            rules = replace(rules, grant=0.0)
        base = depreciable_cost(rules, plant + own)
        line = depreciation_line(rules.depreciation, base, years)
        line[held + 1 :] = 0.0
        line[held] += book_value_left(base, line, rules.depreciation.method != "none")
        return line, credit_line(rules, plant + own, years)

    def after_tax(self, role: Role, rules: TaxRules) -> Floats:
        """One party's flow after income tax, which comes at the year's end; the owner takes the credits."""
        written_off, credit = self.books(role, rules)
        tax = income_tax(self.result(role) - written_off, rules).tax
        flow = self.flow(role)
        return flow + at_year_ends(credit - tax, flow.size, self.per_year)

    def irr(self, role: Role) -> metrics.Irr:
        """The party's rate of return before tax; without an outlay of its own there is none."""
        return metrics.irr(self.flow(role), self.per_year)

    def with_own(self, income: Floats, capital: Floats, priced: Floats | float = 0.0) -> Deal:
        """The same contract with lines that are the host's whatever the terms, and what of its income nobody pays."""
        return replace(
            self,
            host_income=self.host_income + income,
            host_capital=self.host_capital + capital,
            host_cost=self.host_cost - float(capital[0]),
            priced=priced,
        )


def buy(cash: CashFlow, per_year: int = 1) -> Deal:
    """The host buys: everything is its own (业主自投)."""
    return _deal("buy", cash, payment=np.zeros_like(cash.capex), periods=0, per_year=per_year)


def shared_saving(
    cash: CashFlow,
    investor_share: ArrayLike,
    periods: int,
    buy_out: float = 0.0,
    savings: ArrayLike | None = None,
    per_year: int = 1,
) -> Deal:
    """EMC of the shared kind (合同能源管理 分享型): the investor builds and runs, the saving is shared.

    periods: of the contract. investor_share: a fraction, or one for each contract period. buy_out: paid by the host at
    the end of the last; then plant, saving and upkeep are the host's. savings: the line that is shared, where not all
    of it is (N + 1,).
    """
    shares = _by_period(investor_share, periods, cash.capex.size - 1, "investor_share")
    if (shares < 0).any() or (shares > 1).any():
        raise ValueError("investor_share must lie between 0 and 1 in every year; 90 % is 0.9")
    shared = cash.savings if savings is None else np.asarray(savings, dtype=float)
    return _deal("shared_saving", cash, shared * shares, periods, buy_out=buy_out, per_year=per_year)


def guaranteed_saving(
    cash: CashFlow,
    guaranteed_per_year: float,
    investor_share_above: float,
    periods: int,
    savings: ArrayLike | None = None,
    per_year: int = 1,
) -> Deal:
    """EMC of the guaranteed kind: the host buys; the supplier tops up what is missing in a year, shares what is more.

    It is settled at each year's end; a part of a year is guaranteed its part.
    """
    measured = cash.savings if savings is None else np.asarray(savings, dtype=float)
    span = _term(periods, cash.capex.size - 1)
    more = by_year((measured - guaranteed_per_year / per_year) * span, per_year)
    settled = np.where(more > 0, more * investor_share_above, more)
    payment = at_year_ends(settled, cash.capex.size, per_year)
    return _deal("guaranteed_saving", cash, payment, periods=0, per_year=per_year)


def operating_lease(
    cash: CashFlow,
    rent_per_year: float,
    periods: int,
    escalation: float = 0.0,
    upkeep_paid: bool = False,
    per_year: int = 1,
) -> Deal:
    """Operating lease or rental (经营租赁): the lessor owns the plant and takes it back, its worth then is the salvage.

    The saving ends with the lease if the project runs longer: choose lines of that length. `upkeep_paid`: O&M and
    replacements are in the rent (usual for rental by the month).
    """
    line = _growing(rent_per_year, escalation, periods, cash.capex.size - 1, per_year)
    years = cash.capex.size - 1
    return _deal("operating_lease", cash, line, years, host_upkeep=not upkeep_paid, per_year=per_year)


def finance_lease(
    cash: CashFlow,
    rate: float,
    periods: int,
    down_payment_fraction: float = 0.2,
    buy_out: float = 0.0,
    per_year: int = 1,
) -> Deal:
    """Finance lease (融资租赁): equal rents repay what is left after the down payment; the host runs the plant, writes
    it off and owns it at the end. The interest is income of the lessor and cost of the host."""
    capex, last = -float(cash.capex[0]), cash.capex.size - 1
    loan = Loan(1.0, (1.0 + rate) ** (1.0 / per_year) - 1.0, periods)
    plan = schedule(loan, capex * (1.0 - down_payment_fraction), last)
    down, end = in_year(capex * down_payment_fraction, 0, last), in_year(buy_out, periods, last)
    return Deal(
        name="finance_lease",
        payment=down + plan.service + end,
        host_income=cash.pre_tax - cash.capex - plan.interest - end,
        host_capital=cash.capex - cash.capex[0] * in_year(1.0, 0, last) - down - plan.principal,
        investor_income=plan.interest + end,
        investor_capital=cash.capex[0] * in_year(1.0, 0, last) + down + plan.principal,
        owner="host",
        owned=last,
        plant_cost=capex,
        per_year=per_year,
    )


def as_a_service(
    cash: CashFlow,
    fee_per_year: float,
    periods: int,
    escalation: float = 0.0,
    buy_out: float = 0.0,
    fee_per_kwh: float = 0.0,
    per_year: int = 1,
) -> Deal:
    """Storage or energy as a service (储能即服务): a fee whatever the plant saves, and one for each kWh of
    `cash.energy_kwh`; the provider runs it."""
    last = cash.capex.size - 1
    line = _growing(fee_per_year, escalation, periods, last, per_year)
    by_energy = cash.energy_kwh * _growing(fee_per_kwh * per_year, escalation, periods, last, per_year)
    return _deal("as_a_service", cash, line + by_energy, periods, buy_out=buy_out, per_year=per_year)


def ppa(
    cash: CashFlow,
    price_per_kwh: float,
    periods: int,
    escalation: float = 0.0,
    buy_out: float = 0.0,
    per_year: int = 1,
) -> Deal:
    """Power purchase agreement: the host pays for each kWh of `cash.energy_kwh`; what it saves is `cash.savings`."""
    price = _growing(price_per_kwh * per_year, escalation, periods, cash.capex.size - 1, per_year)
    return _deal("ppa", cash, cash.energy_kwh * price, periods, buy_out=buy_out, per_year=per_year)


@dataclass(frozen=True)
class Split:
    """Prices of a contract (the investor's share, a rent, a fee) at which each party just reaches what it wants.

    Both do between `low`, the host's best, and `high`, the investor's. `missing`: present value at the investor's rate
    that it lacks where the host just has what it wants; 0 where there is such a price.
    """

    low: Figure
    high: Figure
    missing: float

    @property
    def possible(self) -> bool:
        return self.low.value is not None and self.high.value is not None and self.low.value <= self.high.value


def fair_split(
    deal_at: Callable[[float], Deal],
    ends: tuple[float, float],
    investor_rate: float,
    host_rate: float,
    host_minimum: float = 0.0,
) -> Split:
    """The range of a contract's price that suits both, within `ends`.

    deal_at: the contract at a price; the more it is, the more the investor gets. host_minimum: NPV the host wants to be
    left with. Found by halving, to the last digits.
    """

    def investor(price: float) -> float:
        deal = deal_at(price)
        return float(metrics.npv(investor_rate, deal.investor, deal.per_year))

    def host(price: float) -> float:
        deal = deal_at(price)
        return float(metrics.npv(host_rate, deal.host, deal.per_year)) - host_minimum

    low, high = _least(investor, ends), _least(lambda price: -host(price), ends)
    high = Figure(None, "never") if host(ends[0]) < 0 else Figure(ends[1]) if high.value is None else high
    at_most = ends[0] if high.value is None else high.value
    possible = low.value is not None and high.value is not None and low.value <= high.value
    return Split(low, high, 0.0 if possible else max(0.0, -investor(at_most)))


def _least(rising: Callable[[float], float], ends: tuple[float, float]) -> Figure:
    """Where a rising function reaches zero; the lower end where it is there already."""
    low, high = ends
    if rising(high) < 0:
        return Figure(None, "never")
    if rising(low) >= 0:
        return Figure(low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if rising(middle) >= 0 else (middle, high)
    return Figure(high)


def _deal(
    name: str,
    cash: CashFlow,
    payment: Floats,
    periods: int,
    *,
    buy_out: float = 0.0,
    host_upkeep: bool = False,
    per_year: int = 1,
) -> Deal:
    """The investor builds, and has upkeep and salvage for `periods` periods (0: the host does all of it)."""
    last = cash.capex.size - 1
    if periods > last:
        raise ValueError(f"the contract runs {periods} periods, the project only {last}; shorten the contract")
    theirs = _term(periods, last)
    upkeep = cash.opex + cash.replacement
    their_upkeep = np.zeros_like(upkeep) if host_upkeep else upkeep * theirs
    their_salvage = cash.salvage * theirs
    capex = cash.capex * (periods > 0)
    end = in_year(buy_out, periods, last) if periods else np.zeros_like(payment)
    paid = payment + end
    return Deal(
        name=name,
        payment=paid,
        host_income=cash.savings - paid + (upkeep - their_upkeep) + (cash.salvage - their_salvage),
        host_capital=cash.capex - capex,
        investor_income=paid + their_upkeep + their_salvage,
        investor_capital=capex,
        owner="investor" if periods else "host",
        owned=periods or last,
        plant_cost=-float(cash.capex[0]),
        per_year=per_year,
    )


def _term(periods: int, last: int) -> Floats:
    """(N + 1,): 1 in periods 1..periods, 0 elsewhere."""
    if periods != int(periods) or periods < 0:
        raise ValueError(f"the contract's length is {periods}; give a whole number")
    at = np.arange(last + 1)
    return ((at >= 1) & (at <= periods)).astype(float)


def _growing(per_year_amount: float, escalation: float, periods: int, last: int, per_year: int) -> Floats:
    """(N + 1,): a yearly amount in each contract period, growing from year to year."""
    year = -(-np.arange(last + 1) // per_year)
    return per_year_amount / per_year * (1.0 + escalation) ** np.maximum(year - 1, 0) * _term(periods, last)


def _by_period(values: ArrayLike, periods: int, last: int, name: str) -> Floats:
    given = np.atleast_1d(np.asarray(values, dtype=float))
    if given.size not in (1, periods):
        raise ValueError(f"{name} has {given.size} values for {periods} contract years; give one, or one for each year")
    line = np.zeros(last + 1)
    line[1 : min(periods, last) + 1] = np.broadcast_to(given, periods)[:last]
    return line
