"""A contract on the study's plant: both parties' flows and returns, the prices that suit both, and what to ask about.

The plant is the hybrid's PV and battery with their control; the PV alone under a PPA, or where the battery is rented.
The project is the hybrid against the same site without PV and battery (`study.without_plant`), whatever the baseline:
what grid works and sets cost or save is in no contract. Each month host + investor = that project's flow before tax.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from finance import metrics, ownership
from finance.cashflow import CashFlow, by_year
from finance.debt import NO_LOAN, Coverage, Loan, coverage, schedule, year_lengths
from finance.figures import Appraisal, appraise
from finance.lines import keys
from finance.metrics import Figure
from finance.ownership import Deal, Role, Split
from finance.tax import THREE_FREE_THREE_HALF, TaxRules, income_tax, tax_rules
from sim.arrays import Floats, sum_of
from sim.inputs.contract import Contract, ContractKind
from study.financing import CAUSES, PAID_CAUSES
from study.study import Study, kept
from study.without_plant import kwh_price, plant_project

NoContract = Literal["later", "no_investment", "no_energy"]
Bearer = Literal["host", "investor", "both"]
KINDS: tuple[ContractKind, ...] = get_args(ContractKind)
PLANT_PARTS = ("investment", "operating", "replacement", "residual")
OF_PLANT = ("pv_cost", "battery_cost", "control_cost")
# Usual lengths, general knowledge; leases and rentals run to the term's end.
STANDARD_YEARS = {"shared_saving": 10, "guaranteed_saving": 5, "finance_lease": 5, "as_a_service": 10, "ppa": 20}
RISKS = ("performance", "price", "residual", "default")
# Who loses where the plant gives less, prices move, the plant's worth at the end is another, the other party fails.
BEARERS: dict[ContractKind, tuple[Bearer, Bearer, Bearer, Bearer]] = {
    "buy": ("host", "host", "host", "host"),
    "shared_saving": ("both", "both", "host", "investor"),
    "guaranteed_saving": ("investor", "both", "host", "host"),
    "operating_lease": ("host", "host", "investor", "investor"),
    "rental": ("investor", "host", "investor", "investor"),
    "finance_lease": ("host", "host", "host", "investor"),
    "as_a_service": ("investor", "host", "host", "investor"),
    "ppa": ("investor", "host", "host", "investor"),
}
LESS = 0.8
HIGHEST_PRICE = 5.0


@dataclass(frozen=True, eq=False)
class Party:
    """One party: flows by month (months + 1,) before and after tax, both appraised at the study's discount rate.

    hurdle: yearly rate it wants. worth: NPV before tax at that rate; wanted: what that NPV must reach.
    """

    flow: Floats
    taxed: Floats
    before_tax: Appraisal
    after_tax: Appraisal
    hurdle: float
    worth: float
    wanted: float

    @property
    def irr(self) -> Figure:
        """Rate of return before tax; none for a flow that begins with money in, which is no investment."""
        moved = self.flow[np.abs(self.flow) > 0]
        return Figure(None, "no_outlay") if moved.size and moved[0] > 0 else self.before_tax.irr

    @property
    def is_content(self) -> bool:
        return self.worth >= self.wanted - 1e-9 * max(1.0, float(np.abs(self.flow).max()))


@dataclass(frozen=True, eq=False)
class Outcome:
    """A contract at its terms. Lines are by month (months + 1,).

    periods: months it runs. saved: all that the project saves; saving: what the contract measures of it. share: the
    investor's part of that, 0 under other kinds. coverage: of the investor's loan.
    """

    contract: Contract
    deal: Deal
    periods: int
    saved: Floats
    saving: Floats
    share: Floats
    host: Party
    investor: Party
    coverage: Coverage

    @property
    def has_investor(self) -> bool:
        """Whether somebody else puts money in."""
        return bool(self.deal.investor_capital[0] < 0)


def no_contract(study: Study, kind: ContractKind) -> NoContract | None:
    """Why there is nothing to make this contract about; None where there is."""
    plant = plant_cash(study, kind)
    if plant.capex[1:].any():
        return "later"
    if plant.capex[0] >= 0:
        return "no_investment"
    if kind == "ppa" and not plant.energy_kwh.any():
        return "no_energy"
    return None


def outcome(study: Study, contract: Contract | None = None, saving_factor: float = 1.0) -> Outcome:
    """Both parties under a contract, the scenario's own unless given. `saving_factor`: on all that is saved.

    Raises ValueError where there is nothing to make it about (`no_contract`).
    """
    contract = study.scenario.deal if contract is None else contract
    reason = no_contract(study, contract.kind)
    if reason and contract.kind != "buy":
        raise ValueError(f"there is no '{contract.kind}' contract for this plant: {reason}")
    frame = _frame(study, contract, saving_factor)
    deal = _deal(frame, contract)
    investor_rules, host_rules = _investor_rules(study, contract), tax_rules(study.scenario)
    return Outcome(
        contract=contract,
        deal=deal,
        periods=frame.periods,
        saved=frame.plant.savings,
        saving=frame.shared,
        share=_shares(contract, frame) * (contract.kind == "shared_saving"),
        host=_party(study, deal, "host", host_rules, study.scenario.finance.hurdle_rate, _host_wants(frame, contract)),
        investor=_party(study, deal, "investor", investor_rules, contract.investor_hurdle_rate, 0.0),
        coverage=_coverage(study, contract, frame, deal, investor_rules),
    )


@kept
def agreed(study: Study) -> Outcome | None:
    """Owner and investor under the scenario's contract; None where the owner buys or the plant allows no such
    contract."""
    kind = study.scenario.deal.kind
    return None if kind == "buy" or no_contract(study, kind) else outcome(study)


def standard(contract: Contract, kind: ContractKind) -> Contract:
    """A kind at the terms given, over its usual length; the chosen one over its own."""
    if kind == contract.kind:
        return contract
    return contract.model_copy(update={"kind": kind, "years": STANDARD_YEARS.get(kind, contract.years)})


def comparison(study: Study) -> dict[ContractKind, Outcome]:
    """Every kind that this plant allows, at the terms given."""
    contract = study.scenario.deal
    possible = [kind for kind in KINDS if kind == "buy" or no_contract(study, kind) is None]
    return {kind: outcome(study, standard(contract, kind)) for kind in possible}


def hit(study: Study, found: Outcome, factor: float = LESS) -> tuple[float, float]:
    """(host, investor): by how much each NPV changes where all that is saved is `factor` times as much."""
    less = outcome(study, found.contract, factor)
    return (
        less.host.before_tax.worth - found.host.before_tax.worth,
        less.investor.before_tax.worth - found.investor.before_tax.worth,
    )


# --- the price of a contract ------------------------------------------------------------------------------------------


def price_of(study: Study, contract: Contract) -> tuple[str, float, float] | None:
    """(term, lowest, highest): the term that moves money between the parties, and how far it is searched. None where
    no price does: buying, and a guarantee, for which the supplier lays nothing out."""
    kind = contract.kind
    if kind in ("buy", "guaranteed_saving"):
        return None
    if kind == "as_a_service":
        power, energy = study.scenario.storage.power_kw, by_year(plant_cash(study, kind).energy_kwh)
        most = HIGHEST_PRICE * float(np.abs(plant_cash(study, kind).capex[0]))
        return (
            ("service_per_kw_month", 0.0, most / (12 * power))
            if power > 0
            else ("service_per_kwh", 0.0, most / max(1.0, float(energy.max())))
        )
    return {
        "shared_saving": ("investor_share", 0.0, 1.0),
        "operating_lease": ("lease_rent_fraction", 0.0, 1.0),
        "rental": ("rental_fraction_per_month", 0.0, 0.2),
        "finance_lease": ("lease_rate", 0.0, 0.5),
        "ppa": ("ppa_fraction", 0.0, HIGHEST_PRICE),
    }[kind]


def at_price(contract: Contract, term: str, price: float) -> Contract:
    """The contract at another price, the same in every year."""
    return contract.model_copy(update={term: price, "share_by_year": ()})


def agreement(study: Study, contract: Contract) -> Split | None:
    """The prices at which both parties have what they want, before tax; None where the contract has no price."""
    priced = price_of(study, contract)
    if priced is None:
        return None
    term, low, high = priced
    frame = _frame(study, contract)
    return ownership.fair_split(
        lambda price: _deal(frame, at_price(contract, term, price)),
        (low, high),
        contract.investor_hurdle_rate,
        study.scenario.finance.hurdle_rate,
        _host_wants(frame, contract),
    )


@dataclass(frozen=True, eq=False)
class Ladder:
    """Both parties over a contract's price (points,): IRR of each where it exists (NaN elsewhere), and the host's NPV
    at its hurdle rate less what it wants."""

    term: str
    prices: Floats
    investor_irr: Floats
    host_irr: Floats
    host_margin: Floats


def ladder(study: Study, contract: Contract, prices: Floats) -> Ladder:
    """Both parties at each of these prices (points,). Raises ValueError for a contract without a price."""
    priced = price_of(study, contract)
    if priced is None:
        raise ValueError(f"a '{contract.kind}' contract has no price to move")
    frame = _frame(study, contract)
    deals = [_deal(frame, at_price(contract, priced[0], float(price))) for price in prices]
    wanted, rate = _host_wants(frame, contract), study.scenario.finance.hurdle_rate
    host = np.array([deal.host for deal in deals])
    return Ladder(
        priced[0],
        prices,
        metrics.irr_rows(np.array([deal.investor for deal in deals]), frame.per_year).value,
        metrics.irr_rows(host, frame.per_year).value,
        metrics.npv(rate, host, frame.per_year) - wanted,
    )


# --- what a reader should ask about -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flag:
    """One check: `raised`, or None where what it needs is not given; `values` are amounts (money), rates or years."""

    key: str
    raised: bool | None
    values: Mapping[str, float]


def flags(study: Study, found: Outcome) -> tuple[Flag, ...]:
    """What is wrong with many offers, checked on this one; the vendor's claim where it is given."""
    years = by_year(found.saving, found.deal.per_year)[1 : -(-found.periods // found.deal.per_year) + 1]
    price_growth = study.scenario.finance.energy_escalation
    terms, first, whole = found.contract, float(years[0]), float(years.sum())
    uses_fee = terms.kind in ("operating_lease", "rental", "as_a_service", "ppa")
    paid = by_year(found.deal.payment, found.deal.per_year)[1 : years.size + 1]
    saved = by_year(found.saved, found.deal.per_year)[1 : years.size + 1]
    short = np.flatnonzero(paid > saved + 1e-6)
    below = found.coverage.years_below_one
    cut = 12 * terms.years > study.dispatch.months and terms.kind not in ("operating_lease", "rental", "buy")
    rises = terms.kind in ("shared_saving", "guaranteed_saving") and terms.shared_on == "gross"
    return (
        *_claims(terms, years, price_growth),
        Flag("times_years", first * years.size > 1.02 * whole, {"first": first, "n": years.size, "whole": whole}),
        Flag("gross", rises, {"left": _left_out(study)}),
        Flag(
            "not_billed",
            terms.kind in ("shared_saving", "guaranteed_saving") and terms.shared_on == "with_loss",
            {"loss": float(plant_project(study)["saved_loss"].sum())},
        ),
        Flag("fee_growth", uses_fee and terms.escalation > price_growth, {"own": terms.escalation, "of": price_growth}),
        Flag(
            "pays_more",
            bool(short.size),
            {"n": short.size, "year": int(short[0]) + 1 if short.size else 0},
        ),
        Flag("coverage", bool(below) if found.has_investor else None, {"year": below[0] if below else 0}),
        Flag("longer", cut, {"years": terms.years, "months": study.dispatch.months}),
    )


def _claims(terms: Contract, years: Floats, price_growth: float) -> tuple[Flag, ...]:
    """The vendor's figures beside the study's: first year, growth beyond the prices', no loss with age, the sum."""
    claimed, n = terms.claimed_saving, years.size
    if claimed is None:
        return tuple(Flag(f"claim_{key}", None, {}) for key in ("first", "growth", "age", "sum"))
    growth, line = terms.claimed_growth, claimed * (1.0 + terms.claimed_growth) ** np.arange(n)
    own = float((years[-1] / years[0]) ** (1.0 / max(1, n - 1)) - 1.0) if years[0] > 0 and years[-1] > 0 else 0.0
    return (
        Flag("claim_first", claimed > 1.05 * years[0], {"claimed": claimed, "own": float(years[0])}),
        Flag("claim_growth", growth > price_growth, {"claimed": growth, "of": price_growth}),
        Flag("claim_age", growth > own + 1e-4, {"claimed": growth, "own": own}),
        Flag("claim_sum", line.sum() > 1.05 * years.sum(), {"claimed": float(line.sum()), "own": float(years.sum())}),
    )


def _left_out(study: Study) -> float:
    """What a gross saving leaves out over the term: the items that cost more."""
    lines = plant_project(study)
    return float((_measured(lines, "gross") - _measured(lines, "net")).sum())


# --- from the ledger to a contract ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Frame:
    """What every contract on this study is made from: the plant's flow, what else is the host's, the shared line."""

    plant: CashFlow
    own_income: Floats
    own_capital: Floats
    priced: Floats
    shared: Floats
    kwh_price: float
    power_kw: float
    periods: int
    per_year: int
    host_rate: float


def plant_cash(study: Study, kind: ContractKind = "buy") -> CashFlow:
    """Lines by month (months + 1,) of what the investor would build; `savings` are the whole project's. Energy is
    what the fee or the price is paid on: PV used on site, as a service what the battery gives back too."""
    lines = plant_project(study)
    parts = {name: _plant_line(study, name, kind) for name in PLANT_PARTS}
    row, monthly = study.dispatch.row("hybrid"), study.dispatch.monthly
    names = ("pv_load_kwh", "pv_charge_kwh") if kind == "ppa" else ("pv_load_kwh", "discharge_kwh")
    kwh = np.append(0.0, sum_of(monthly[name][row] for name in names))
    return CashFlow(
        capex=parts["investment"],
        savings=sum_of(lines[name] for name in CAUSES),
        opex=parts["operating"],
        replacement=parts["replacement"],
        salvage=parts["residual"],
        energy_kwh=kwh,
    )


def _plant_line(study: Study, part: str, kind: ContractKind) -> Floats:
    """The part of a project line that is the plant's, by month; the site without it has none."""
    lines, row, nothing = study.ledger.lines, study.dispatch.row("hybrid"), np.zeros(study.dispatch.months + 1)
    return sum((lines[line][row] for line in plant_names(study, part, kind)), nothing)


def plant_names(study: Study, part: str, kind: ContractKind) -> list[str]:
    """The ledger lines of one of `PLANT_PARTS` that are the plant's under a contract of this kind."""
    only_pv = kind == "ppa" or study.scenario.finance.storage_ownership == "rent"
    return list(keys(cause=part, step=OF_PLANT[:1] if only_pv else OF_PLANT))


def plant_lines(study: Study, found: Outcome, period: int) -> list[str]:
    """The ledger lines that are the investor's own in a period, beside what it is paid."""
    kind, is_start = found.contract.kind, period == 0
    if not found.has_investor or period > found.periods:
        return []
    parts = ["investment"] if is_start else []
    if kind != "finance_lease":
        parts += ["residual"] if kind == "operating_lease" else ["operating", "replacement", "residual"]
    return [name for part in parts for name in plant_names(study, part, kind)]


def _frame(study: Study, contract: Contract, saving_factor: float = 1.0) -> _Frame:
    lines, plant, scenario = plant_project(study), plant_cash(study, contract.kind), study.scenario
    per_year, last = metrics.MONTHLY, plant.capex.size - 1
    rest = sum_of(lines[name] for name in ("operating", "replacement", "residual"))
    runs_on = contract.kind in ("operating_lease", "rental")
    return _Frame(
        plant=replace(plant, savings=plant.savings * saving_factor),
        own_income=rest - plant.opex - plant.replacement - plant.salvage,
        own_capital=lines["investment"] - plant.capex,
        priced=lines["saved_loss"] * saving_factor,
        shared=_measured(lines, contract.shared_on) * saving_factor,
        kwh_price=kwh_price(study),
        power_kw=scenario.storage.power_kw,
        periods=last if runs_on else min(contract.years * per_year, last),
        per_year=per_year,
        host_rate=scenario.finance.hurdle_rate,
    )


def _measured(lines: Mapping[str, Floats], shared_on: str) -> Floats:
    """The saving a contract speaks of (months + 1,)."""
    billed = [lines[name] for name in PAID_CAUSES]
    if shared_on == "gross":
        return sum_of(np.maximum(line, 0.0) for line in billed)
    return sum_of(billed) + (lines["saved_loss"] if shared_on == "with_loss" else 0.0)


def _deal(frame: _Frame, contract: Contract) -> Deal:
    """The contract on the plant, and the host's own lines."""
    return _on_plant(frame, contract).with_own(frame.own_income, frame.own_capital, frame.priced)


def _on_plant(frame: _Frame, contract: Contract) -> Deal:
    cash, periods, per_year, grows = frame.plant, frame.periods, frame.per_year, contract.escalation
    price = -float(cash.capex[0])
    end = contract.buy_out_fraction * price
    match contract.kind:
        case "buy":
            return ownership.buy(cash, per_year)
        case "shared_saving":
            shares = _shares(contract, frame)[1 : periods + 1]
            return ownership.shared_saving(cash, shares, periods, end, frame.shared, per_year)
        case "guaranteed_saving":
            first = contract.guaranteed_fraction * _first_year(frame)
            return ownership.guaranteed_saving(cash, first, contract.surplus_share, periods, frame.shared, per_year)
        case "operating_lease":
            return ownership.operating_lease(
                cash, contract.lease_rent_fraction * price, periods, grows, per_year=per_year
            )
        case "rental":
            rent = 12 * contract.rental_fraction_per_month * price
            return ownership.operating_lease(cash, rent, periods, grows, upkeep_paid=True, per_year=per_year)
        case "finance_lease":
            rate, down = contract.lease_rate, contract.down_payment_fraction
            return ownership.finance_lease(cash, rate, periods, down, end, per_year)
        case "as_a_service":
            fee = 12 * contract.service_per_kw_month * frame.power_kw
            return ownership.as_a_service(cash, fee, periods, grows, end, contract.service_per_kwh, per_year)
        case _:
            return ownership.ppa(cash, contract.ppa_fraction * frame.kwh_price, periods, grows, end, per_year)


def _first_year(frame: _Frame) -> float:
    """The shared saving of the first project year; of a shorter project as if it went on for a year."""
    first = frame.shared[1 : frame.per_year + 1]
    return float(first.sum()) * frame.per_year / first.size


def _shares(contract: Contract, frame: _Frame) -> Floats:
    """The investor's share in each month of the contract (months + 1,), 0 outside it."""
    line = np.zeros(frame.plant.capex.size)
    steps = sorted((step.first_year, step.share) for step in contract.share_by_year)
    for period in range(1, frame.periods + 1):
        year = -(-period // frame.per_year)
        line[period] = next((share for first, share in reversed(steps) if first <= year), contract.investor_share)
    return line


def _host_wants(frame: _Frame, contract: Contract) -> float:
    """NPV the host wants at its hurdle rate: its least share of what is saved while the contract runs; nothing beyond
    the rate itself where the plant is its own."""
    if contract.kind in ("buy", "guaranteed_saving", "finance_lease"):
        return 0.0
    running = np.arange(frame.shared.size) <= frame.periods
    worth = float(metrics.npv(frame.host_rate, frame.shared * running, frame.per_year))
    return contract.host_least_share * max(0.0, worth)


def _party(study: Study, deal: Deal, role: Role, rules: TaxRules, hurdle: float, wanted: float) -> Party:
    rate, flow, taxed = study.scenario.finance.discount_rate, deal.flow(role), deal.after_tax(role, rules)
    return Party(
        flow=flow,
        taxed=taxed,
        before_tax=appraise(flow, rate, deal.per_year),
        after_tax=appraise(taxed, rate, deal.per_year),
        hurdle=hurdle,
        worth=float(metrics.npv(hurdle, flow, deal.per_year)),
        wanted=wanted,
    )


def _investor_rules(study: Study, contract: Contract) -> TaxRules:
    if contract.investor_tax == "none":
        return TaxRules()
    rules = tax_rules(study.scenario)
    return rules if contract.investor_tax == "as_host" else replace(rules, rate_factors=THREE_FREE_THREE_HALF)


def _coverage(study: Study, contract: Contract, frame: _Frame, deal: Deal, rules: TaxRules) -> Coverage:
    """How the investor's cash pays its loan: equal payments, never beyond the contract."""
    finance, result = study.scenario.finance, deal.result("investor")
    years, outlay = result.size - 1, -float(deal.investor_capital[0])
    span = min(finance.loan_years, -(-frame.periods // frame.per_year))
    borrows = outlay > 0 and contract.investor_loan_share > 0 and deal.owner == "investor"
    loan = Loan(contract.investor_loan_share, finance.loan_rate, span) if borrows else NO_LOAN
    plan = schedule(loan, max(0.0, outlay), years, lengths=year_lengths(study.dispatch.months))
    ebit = result - deal.books("investor", rules)[0]
    return coverage(plan, result, income_tax(ebit - plan.interest, rules).tax, ebit)
