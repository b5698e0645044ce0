"""A contract in words: who earns what, what suits both, tables of the parties, and the answers to the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finance.cashflow import by_year
from finance.kpis import by_period
from finance.ownership import Split
from i18n import Words
from report.text import financing as financing_text
from report.text import say
from sim.arrays import Floats
from sim.inputs.contract import Contract, ContractKind
from study.deal import BEARERS, RISKS, Flag, Outcome, Party, hit
from study.study import Study

COMPARED = (
    *("kind", "host_worth", "host_irr", "investor_worth", "investor_irr", "investor_after_tax"),
    *("payback", "dscr", "host_hit", "investor_hit"),
)
FRACTIONS = ("investor_share", "lease_rent_fraction", "rental_fraction_per_month", "lease_rate", "ppa_fraction")


def kind_name(kind: ContractKind, words: Words) -> str:
    return words.t(f"inputs.choice.deal.kind.{kind}")


def finding(study: Study, found: Outcome, words: Words) -> str:
    """Who earns what, and whether both have what they want."""
    money = _money(study, words)
    kept = {"worth": money(found.host.before_tax.worth)}
    if found.contract.kind == "buy":
        return words.t("deal.finding.buy", **kept)
    if not found.has_investor:
        paid = float(found.deal.payment.sum())
        return words.t("deal.finding.pays" if paid < 0 else "deal.finding.takes", amount=money(abs(paid)), **kept)
    values = {"irr": financing_text.rate(found.investor.irr, words), "hurdle": say.share(found.investor.hurdle, words)}
    values["short"] = money(found.host.wanted - found.host.worth)
    key = {(True, True): "both", (True, False): "host", (False, True): "investor", (False, False): "neither"}
    return words.t(f"deal.finding.{key[found.host.is_content, found.investor.is_content]}", **kept, **values)


def wants(study: Study, found: Outcome, words: Words) -> str:
    """What each party wants, and how well the investor's loan is covered."""
    least, money = found.coverage.least_dscr.value, _money(study, words)
    hurdles = {"hurdle": say.share(found.investor.hurdle, words), "host": say.share(found.host.hurdle, words)}
    texts = [words.t("deal.wants", least=money(found.host.wanted), **hurdles)]
    if least is not None:
        year = found.coverage.least_dscr_year or 0
        texts.append(words.t("deal.dscr", dscr=words.number(least, decimals=2), year=year))
    return say.joined(texts, words)


def price_text(term: str, price: float, study: Study, words: Words) -> str:
    """A contract's price: "85 %", "45 CNY/kW/month"."""
    if term in FRACTIONS:
        return say.share(price, words)
    unit = words.lookup("inputs.unit./kW/month") if term == "service_per_kw_month" else "/kWh"
    return words.number(price, f"{words.currency(study.scenario.site.currency)}{unit}")


def zone(study: Study, split: Split, term: str, words: Words) -> str:
    """The range of a price in which both have what they want, or what is missing."""
    name = words.t(f"deal.price.{term}")
    if split.possible:
        low, high = (price_text(term, float(figure.value or 0.0), study, words) for figure in (split.low, split.high))
        return words.t("deal.zone.range", name=name, low=low, high=high)
    return words.t("deal.zone.none", name=name, missing=_money(study, words)(split.missing))


def comparison_rows(study: Study, outcomes: Mapping[ContractKind, Outcome], words: Words) -> list[list[str]]:
    """One row a kind, in the columns of `COMPARED`."""
    return [_compared(study, kind, found, words) for kind, found in outcomes.items()]


def _compared(study: Study, kind: ContractKind, found: Outcome, words: Words) -> list[str]:
    money, none = _money(study, words), words.t("financing.none")
    host_hit, investor_hit = hit(study, found)
    row = [kind_name(kind, words), money(found.host.before_tax.worth), financing_text.rate(found.host.irr, words)]
    if kind == "buy":
        return [*row, *([none] * 5), money(host_hit), none]
    investor, returns = found.investor, [none] * 3
    if found.has_investor:
        rates = (financing_text.rate(figure, words) for figure in (investor.irr, investor.after_tax.irr))
        back = investor.before_tax.payback_years
        returns = [*rates, none if back.value is None else financing_text.years(back, words)]
    sums = money(host_hit), money(investor_hit)
    return [*row, money(investor.before_tax.worth), *returns, _dscr(found, words), *sums]


def _dscr(found: Outcome, words: Words) -> str:
    least = found.coverage.least_dscr.value
    return words.t("financing.none") if least is None else words.number(least, decimals=2)


def heads(columns: tuple[str, ...], study: Study, words: Words) -> list[str]:
    rate = say.share(study.scenario.finance.discount_rate, words)
    return [words.t(f"deal.column.{name}", rate=rate) for name in columns]


def risk_rows(outcomes: Mapping[ContractKind, Outcome], words: Words) -> list[list[str]]:
    """Who loses, by kind and risk, in the order of `RISKS`."""
    return [[kind_name(kind, words), *(_bearer(kind, risk, words) for risk in range(len(RISKS)))] for kind in outcomes]


def _bearer(kind: ContractKind, risk: int, words: Words) -> str:
    nobody = kind == "buy" and RISKS[risk] == "default"
    return words.t("financing.none") if nobody else words.t(f"deal.bearer.{BEARERS[kind][risk]}")


def party_rows(study: Study, found: Outcome, words: Words) -> list[list[str]]:
    """Both parties' figures: NPV, IRR before and after tax, payback, what each wants."""
    return [_party_row(study, found, name, words) for name in ("host", "investor")]


def _party_row(study: Study, found: Outcome, name: str, words: Words) -> list[str]:
    party: Party = found.host if name == "host" else found.investor
    has_outlay = party.irr.reason != "no_outlay"
    taxed = party.after_tax.irr if has_outlay else party.irr
    return [
        words.t(f"deal.party.{name}"),
        _money(study, words)(party.before_tax.worth),
        financing_text.rate(party.irr, words),
        financing_text.rate(taxed, words),
        financing_text.years(party.before_tax.payback_years, words),
        financing_text.years(party.before_tax.discounted_payback_years, words),
    ]


PARTY_COLUMNS = ("party", "worth", "irr", "irr_after_tax", "static_payback", "discounted_payback")


@dataclass(frozen=True, eq=False)
class PeriodRow:
    """One row of the table by period: its label's key, values (periods + 1,); shares and running totals have no sum."""

    key: str
    values: Floats
    kind: str


def lines_of(found: Outcome) -> list[PeriodRow]:
    """What is shared, who gets what of it, and both parties' flows."""
    host, investor = shown(found.host.flow), shown(found.investor.flow)
    rows = []
    if found.contract.kind in ("shared_saving", "guaranteed_saving"):
        running = np.arange(found.saving.size) <= found.periods
        rows.append(PeriodRow("saving", shown(found.saving * running), "part"))
    if found.share.any():
        rows.append(PeriodRow("share", shown_share(found.share), "share"))
    rows += [
        PeriodRow("payment", shown(found.deal.payment), "part"),
        PeriodRow("host", host, "total"),
        PeriodRow("host_taxed", shown(found.host.taxed), "part"),
        PeriodRow("host_running", host.cumsum(), "running"),
        PeriodRow("investor", investor, "total"),
        PeriodRow("investor_taxed", shown(found.investor.taxed), "part"),
        PeriodRow("investor_running", investor.cumsum(), "running"),
        PeriodRow("project", host + investor, "total"),
    ]
    return rows


def shown(line: Floats) -> Floats:
    """A line of a contract by month as tables show it (periods + 1,)."""
    return by_period(line, line.size - 1)


def shown_share(share: Floats) -> Floats:
    """The investor's share in each period of the tables: that of its first month."""
    return share if shown(share).size == share.size else np.append(0.0, share[1::12])


def shown_end(found: Outcome) -> int:
    """The period of the tables in which the contract ends."""
    return found.periods if shown(found.share).size == found.share.size else -(-found.periods // 12)


def flag_text(study: Study, flag: Flag, words: Words) -> str:
    """What was found, in a sentence."""
    if flag.raised is None:
        return words.t("deal.flag.not_given")
    if not flag.raised:
        return words.t("deal.flag.fine")
    money = _money(study, words)
    shown = {key: _flag_value(flag.key, key, value, money, words) for key, value in flag.values.items()}
    return words.t(f"deal.flag.{flag.key}.raised", **shown)


def _flag_value(flag: str, key: str, value: float, money, words: Words) -> str:
    rates = flag in ("claim_growth", "claim_age", "fee_growth")
    if rates:
        return say.share(value, words)
    if key in ("n", "year", "years"):
        return words.number(value, decimals=0)
    return say.term(value, words) if key == "months" else money(value)


def terms_line(study: Study, found: Outcome, words: Words) -> str:
    """The contract in a sentence: kind, length, price, hand-over."""
    contract, span = found.contract, say.term(found.periods, words)
    values = {
        "share": say.share(contract.investor_share, words),
        "end": _hand_over(contract.buy_out_fraction, words),
        "guarantee": say.share(contract.guaranteed_fraction, words),
        "surplus": say.share(contract.surplus_share, words),
        "rent": say.share(contract.lease_rent_fraction, words),
        "month": say.share(contract.rental_fraction_per_month, words),
        "rate": say.share(contract.lease_rate, words),
        "down": say.share(contract.down_payment_fraction, words),
        "fee": _fee(study, contract, words),
        "ppa": say.share(contract.ppa_fraction, words),
        "growth": say.share(contract.escalation, words),
    }
    stepped = "_steps" if contract.kind == "shared_saving" and contract.share_by_year else ""
    return words.t(f"deal.terms.{contract.kind}{stepped}", span=span, **values)


def _hand_over(fraction: float, words: Words) -> str:
    key = "deal.end.paid" if fraction > 0 else "deal.end.free"
    return words.t(key, share=say.share(fraction, words))


def _fee(study: Study, contract: Contract, words: Words) -> str:
    fees = {"service_per_kw_month": contract.service_per_kw_month, "service_per_kwh": contract.service_per_kwh}
    texts = [price_text(term, fee, study, words) for term, fee in fees.items() if fee > 0]
    return words.t("deal.fee_mark").join(texts) or words.t("deal.fee_none")


def yearly(found: Outcome, line: Floats) -> Floats:
    """A line by project year."""
    return by_year(line, found.deal.per_year)


def _money(study: Study, words: Words):
    currency = study.scenario.site.currency
    return lambda amount: words.money(float(amount), currency)
