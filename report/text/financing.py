"""Tax, loan and returns in words: labels of table lines, numbers of a row, reasons where there is no figure."""

from __future__ import annotations

from dataclasses import replace
from math import floor, log10

import numpy as np

from finance.figures import FIGURES, OF_FLOWS, Appraisal, KeyFigure
from finance.metrics import Figure
from finance.tax import TaxRules
from i18n import Words
from report.text import say
from report.text.amounts import Amounts
from study.cash_tables import Row
from study.deal import agreed
from study.financing import CAUSES, Returns, full_cycles_per_year, real_return, returns
from study.project_figures import PROJECT_FIGURES
from study.study import Study

VIEWED = ("irr_after_tax", "irr_equity", "irr_real")  # rates of other flows than that before tax


def row_label(row: Row, words: Words) -> str:
    """ "5 Income tax on EBIT"."""
    return f"{row.number} {words.t(f'financing.row.{row.key}')}"


def cells(row: Row, scale: Amounts, decimals: int, words: Words) -> list[str]:
    """The row's values as text; a ratio that does not exist is empty, as is an amount below the last digit."""
    if row.level == "ratio":
        return ["" if np.isnan(value) else words.number(value, decimals=2) for value in row.values]
    return [_amount(float(value), scale, decimals, words) for value in row.values]


def total(row: Row, scale: Amounts, decimals: int, words: Words) -> str:
    """The row's sum; empty for running totals and ratios."""
    return "" if row.level in ("running", "ratio") else _amount(float(row.values.sum()), scale, decimals, words)


def _amount(value: float, scale: Amounts, decimals: int, words: Words) -> str:
    shown = value / scale.divisor
    return "" if abs(shown) < 0.5 * 10.0**-decimals else words.number(shown, decimals=decimals)


def decimals_of(rows: list[Row], scale: Amounts) -> int:
    """Digits after the point that give the greatest amount of a table four in all."""
    return max(0, 3 - floor(log10(largest(rows) / scale.divisor)))


def largest(rows: list[Row]) -> float:
    """The greatest amount of a table."""
    return max(float(np.nanmax(np.abs(row.values))) for row in rows if row.level != "ratio") or 1.0


def rate(figure: Figure, words: Words) -> str:
    """A rate of return, or why there is none."""
    return say.missing(figure, words) if figure.value is None else say.rate(figure.value, words)


def years(figure: Figure, words: Words) -> str:
    """A payback, with the lasting one where it is lost again, or why there is none."""
    return say.figure(FIGURES["payback_years"], figure, words, "")


def project_figure(row: KeyFigure, study: Study, words: Words) -> str:
    """A figure of the hybrid as a project; cycles with those of the first year beside the mean of the term."""
    text = say.figure(row, row.found(study), words, study.scenario.site.currency)
    if row.key != "full_cycles_per_year" or study.dispatch.months <= 12:
        return text
    first = words.number(full_cycles_per_year(study)[1], decimals=0)
    return words.t("financing.storage.cycles_value", mean=text, first=first)


def views(study: Study, words: Words) -> list[list[str]]:
    """One row a view of the project: name, then the columns of `view_heads`; then owner and investor where there is a
    contract."""
    rows = [_view(study, words, f"financing.view.{name}", view) for name, view in returns(study).both_bases.items()]
    found = agreed(study)
    if found is None:
        return rows
    parties = {"host": found.host, "investor": found.investor}
    own = {name: replace(party.before_tax, irr=party.irr) for name, party in parties.items()}
    return rows + [_view(study, words, f"deal.view.{name}", view) for name, view in own.items()]


def _view(study: Study, words: Words, key: str, view: Appraisal) -> list[str]:
    """The figures of a flow, a rate of return in real terms beside it."""
    texts, currency, inflation = [words.t(key)], study.scenario.site.currency, study.scenario.finance.inflation
    for row in OF_FLOWS:
        found = getattr(view, row.key)
        texts.append(say.figure(row, found, words, currency))
        if row.kind == "rate":
            texts.append(say.figure(row, real_return(found, inflation), words, currency))
    return texts


def view_heads(study: Study, words: Words) -> list[str]:
    names, share = [words.t("financing.column.view")], say.share(study.scenario.finance.discount_rate, words)
    for row in OF_FLOWS:
        name = say.figure_name(row, words)
        names.append(words.t("figures.at_rate", name=name, rate=share) if row.is_money else name)
        if row.kind == "rate":
            names.append(words.t("financing.figure.irr_real"))
    return names


def priced_note(study: Study, words: Words) -> str:
    """How much of the saving is priced and paid by nobody, and which figures leave it out; empty where none is."""
    found = returns(study)
    saved = {name: float(found.lines[name].sum()) for name in CAUSES}
    lost, whole = saved["saved_loss"], sum(saved.values())
    if not found.is_priced:
        return ""
    if whole <= 0 or not 0 < lost <= whole:
        return words.t("financing.returns.priced", amount=words.money(lost, study.scenario.site.currency))
    return words.t("financing.returns.lost", share=say.share(lost / whole, words))


def finding(study: Study, words: Words) -> str:
    """What the project earns after tax, beside the rate the owners want."""
    irr, hurdle = returns(study).project_after_tax.irr, study.scenario.finance.hurdle_rate
    values = {"hurdle": say.share(hurdle, words)}
    if irr.value is None:
        worth = words.money(returns(study).project_after_tax.worth, study.scenario.site.currency)
        return words.t("financing.finding.none", reason=say.short_reason(irr, words), worth=worth)
    key = "above" if irr.value >= hurdle else "below"
    return words.t(f"financing.finding.{key}", irr=say.rate(irr.value, words), **values)


def coverage_finding(study: Study, words: Words) -> str:
    """The weakest year of the loan beside what the bank wants."""
    cover, wanted = returns(study).coverage, study.scenario.finance.loan_dscr
    least = cover.least_dscr.value or 0.0
    key = "covered" if least >= wanted else "weak" if least >= 1 else "short"
    return words.t(
        f"financing.coverage.{key}",
        dscr=words.number(least, decimals=2),
        year=cover.least_dscr_year,
        wanted=words.number(wanted, decimals=2),
    )


def rules_text(rules: TaxRules, words: Words) -> str:
    """Rate, write-off and losses in a sentence or two; that nothing is taxed where it is so."""
    if rules.rate == 0:
        return words.t("financing.rules.untaxed")
    method = say.inside(words.t(f"inputs.choice.finance.tax_depreciation.{rules.depreciation.method}"))
    values = {"rate": words.percent(rules.rate), "method": method, "span": _span(rules.depreciation.years, words)}
    residual = words.percent(rules.depreciation.residual_fraction)
    text = words.t(f"financing.rules.{_write_off(rules)}", residual=residual, **values)
    carry = rules.loss_carry_years
    losses = rules.loss_rule if rules.loss_rule != "carry_forward" else "years" if carry is not None else "any"
    return say.joined([text, words.t(f"financing.losses.{losses}", span=_span(carry or 0, words))], words)


def _span(years: int, words: Words) -> str:
    return say.term(12 * years, words)


def _write_off(rules: TaxRules) -> str:
    method = rules.depreciation.method
    return "by_table" if method.startswith("macrs") else method if method in ("immediate", "none") else "over"


def loan_line(study: Study, words: Words) -> str:
    """The loan in a sentence, or why there is none."""
    found, finance = returns(study), study.scenario.finance
    if found.no_loan is not None:
        return words.t(f"financing.no_loan.{found.no_loan}")
    repayment = say.inside(words.t(f"inputs.choice.finance.loan_repayment.{found.loan.repayment}"))
    return words.t(
        "financing.loan",
        amount=words.money(float(found.whole.loan.drawdown[0]), study.scenario.site.currency),
        share=say.share(found.loan.share, words),
        rate=say.share(finance.loan_rate, words),
        span=_span(found.loan.years, words),
        repayment=repayment,
    )


def largest_loan(found: Returns, study: Study, words: Words) -> str:
    """How much the cash could carry; empty where there is no investment."""
    if found.largest_loan is None:
        return ""
    wanted = words.number(study.scenario.finance.loan_dscr, decimals=2)
    key = "all" if found.largest_loan >= 1 else "part"
    return words.t(f"financing.largest_loan.{key}", share=say.share(found.largest_loan, words), dscr=wanted)


def definitions(study: Study, words: Words) -> list[tuple[str, str]]:
    """(figure, how it is defined) of every figure of these tables."""
    rows = [(say.figure_name(row, words), say.figure_meaning(row, study, words)) for row in OF_FLOWS]
    rows += [(words.t(f"financing.figure.{key}"), words.t(f"financing.define.{key}")) for key in VIEWED]
    return rows + [
        (say.figure_name(row, words), say.figure_meaning(row, study, words)) for row in PROJECT_FIGURES.values()
    ]
