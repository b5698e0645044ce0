"""The sheet of tax and loan: depreciation, losses carried forward, repayment plan, and what the owners get, all live.

Blocks from the top: the rules in use, the project by year with tax and loan, losses used (one triangle without and one
with the loan), and the flows after tax by period with their figures. Tax and loan come at each year's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from finance import metrics
from finance.cashflow import by_year
from finance.debt import year_lengths
from finance.figures import OF_FLOWS, KeyFigure
from finance.lines import LINES
from finance.tax import MACRS, TaxRules, country_rules
from report.book.cells import Book, baseline_of, cell, heads, number, put, put_figure, span, text
from report.book.flows import (
    DIFFERENCE,
    PAID,
    Searched,
    crossing,
    filled,
    first_crossing,
    flow_cell,
    in_year,
    irr_formula,
)
from report.book.flows import START as FLOW_START
from report.text import say
from sim.arrays import Floats
from sim.dispatch.result import ALTERNATIVES
from sim.inputs import library
from study.financing import PROJECT_LINES, Returns, monthly_lines, returns

LABEL, SUM, START = 0, 1, 2  # year 0 stands in column START
NO_LIMIT_YEARS = 100
RULES_ROW = 3
RULES = ("tax_rate", "tax_method", "tax_years", "tax_residual", "tax_carry_years")
DERIVED = (
    *("project_cost", "depreciable_cost", "loan_years", "loan_grace", "loan_worth", "loan_amount"),
    *("least_dscr", "least_dscr_year"),
)
MACRS_ROW = RULES_ROW + len(RULES) + len(DERIVED) + 2
TABLE_ROW = MACRS_ROW + len(MACRS) + 3
YEARLY = (
    *(*PROJECT_LINES, "before_tax", "ebitda", "depreciation", "book_value_sold", "ebit", "rate_factor"),
    *("losses_used_ebit", "tax_on_ebit", "credit", "vat", "after_tax", "available", "sculpted"),
    *("opening", "drawdown", "principal", "interest", "closing"),
    *("taxable", "losses_used", "tax_paid", "equity", "dscr", "icr"),
)
AMOUNTS_WITHOUT_SUM = ("opening", "closing", "rate_factor", "dscr", "icr", "sculpted")
VIEWS = ("after_tax", "equity")
PAID_VIEWS = ("before_tax_paid", "after_tax_paid", "equity_paid")
VIEW_ROWS = ("flow", "running", "discounted", "running_discounted", "crossing", "crossing_discounted")
FIGURES = tuple(row.key for row in OF_FLOWS)


@dataclass(frozen=True, eq=False)
class FinanceSheet:
    """Where things stand: rows of the yearly table by name, first rows of the blocks below it."""

    book: Book
    years: int

    def row(self, name: str) -> int:
        return TABLE_ROW + YEARLY.index(name)

    @property
    def last(self) -> int:
        return START + self.years

    @property
    def triangles(self) -> dict[str, int]:
        """First row of each triangle of losses, by the income it is for."""
        top = TABLE_ROW + len(YEARLY) + 3
        return {"ebit": top, "taxable": top + self.years + 3}

    def view(self, name: str) -> int:
        """First row of a view's flows."""
        top = self.triangles["taxable"] + self.years + 3
        return top + (*VIEWS, *PAID_VIEWS).index(name) * (len(VIEW_ROWS) + len(FIGURES) + 3)

    def at(self, name: str, year: int, fixed: str = "") -> str:
        return cell(self.row(name), START + year, fixed)

    def line(self, name: str, first: int = 0) -> str:
        return span(self.row(name), START + first, self.last)


def finance_sheet(book: Book) -> list[Searched]:
    """Write the sheet; returned are the flows whose rates of return are searched for."""
    sheet, place = book.sheet("finance"), _place(book)
    text(book, sheet, 0, 0, _t(book, "title"), "title")
    text(book, sheet, 1, 0, _t(book, "note"), "note")
    _rules(book, sheet)
    _derived(book, sheet, place)
    _macrs(book, sheet)
    _table(book, sheet, place)
    for income, used in (("ebit", "losses_used_ebit"), ("taxable", "losses_used")):
        _triangle(book, sheet, place, income, used)
    for position, name in enumerate(shown_views(book), start=len(ALTERNATIVES)):
        _view(book, sheet, place, name, position)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, max(place.last, START + book.periods), 15)
    sheet.freeze_panes(0, 2)
    return [_searched(book, place, name) for name in shown_views(book)]


def shown_views(book: Book) -> tuple[str, ...]:
    """After tax and the owners'; where a priced loss is counted, all three of only what is paid too."""
    return VIEWS + (PAID_VIEWS if returns(book.study).is_priced else ())


def _t(book: Book, key: str, **values: object) -> str:
    return book.words.t(f"financing.xlsx.{key}", **values)


def finance_cell(book: Book, name: str, key: str) -> str:
    """A figure of a view (one of `FIGURES`), seen from another sheet."""
    row = _place(book).view(name) + len(VIEW_ROWS) + FIGURES.index(key)
    return book.ref("finance", cell(row, SUM, "rc"))


def finance_checks(book: Book) -> list[tuple[str, str, str, float]]:
    """(name, one way, another way, value): what a reviewer recomputes."""
    place, found, whole = _place(book), returns(book.study), returns(book.study).whole

    def total(name: str) -> str:
        return f"SUM({book.ref('finance', span(place.row(name), START, place.last, 'rc'))})"

    def flow(name: str) -> str:
        top = place.view(name)
        return f"SUM({book.ref('finance', span(top, START, START + book.periods, 'rc'))})"

    written_off = float(whole.depreciation.sum() + whole.book_value_sold.sum())
    return [
        ("loan", f"={total('principal')}", "=fin_loan_amount", float(whole.loan.principal.sum())),
        (
            "depreciation",
            f"={total('depreciation')}+{total('book_value_sold')}",
            '=IF(fin_tax_method="none",0,fin_depreciable_cost)',
            written_off,
        ),
        ("after_tax", f"={total('after_tax')}", f"={flow('after_tax')}", float(found.monthly["after_tax"].sum())),
        ("equity", f"={total('equity')}", f"={flow('equity')}", float(found.monthly["equity"].sum())),
    ]


def _place(book: Book) -> FinanceSheet:
    return FinanceSheet(book, returns(book.study).whole.after_tax.size - 1)


# --- rules ------------------------------------------------------------------------------------------------------------


def _rules(book: Book, sheet: Any) -> None:
    """Each rule in use: the user's, the country's (a value of this file), or that of no tax."""
    code = book.study.scenario.site.country
    country = country_rules(code) if code in library.countries() else TaxRules()
    used, of_country, of_none = (_rule_values(rules) for rules in (returns(book.study).rules, country, TaxRules()))
    own = ("tax_rate", "tax_depreciation", "tax_depreciation_years", "tax_residual_fraction", "tax_loss_carry_years")
    heads(book, sheet, RULES_ROW - 1, [_t(book, "rule"), _t(book, "used"), _t(book, "of_country")])
    for k, name in enumerate(RULES):
        row, known = RULES_ROW + k, of_country[k]
        text(book, sheet, row, LABEL, _t(book, name))
        write = sheet.write_string if isinstance(known, str) else sheet.write_number
        write(row, START, known, book.formats["fixed"])
        nothing = f'"{of_none[k]}"' if isinstance(of_none[k], str) else of_none[k]
        formula = (
            f'=IF(in_finance_tax_rules="own",in_finance_{own[k]},'
            f'IF(in_finance_tax_rules="country",{cell(row, START)},{nothing}))'
        )
        _named(book, sheet, row, name, formula, used[k])


def _rule_values(rules: TaxRules) -> tuple[float | str, ...]:
    written_off, carry = rules.depreciation, rules.loss_carry_years
    years = NO_LIMIT_YEARS if carry is None else carry
    return rules.rate, written_off.method, written_off.years, written_off.residual_fraction, years


def _named(book: Book, sheet: Any, row: int, name: str, formula: str, value: Any) -> None:
    put(book, sheet, row, SUM, formula, value, "fixed")
    book.file.define_name(f"fin_{name}", "=" + book.ref("finance", cell(row, SUM, "rc")))


def _derived(book: Book, sheet: Any, place: FinanceSheet) -> None:
    """Cost, what is written off, the loan in use, and the least coverage with its year."""
    found, top = returns(book.study), RULES_ROW + len(RULES) + 1
    formulas = dict(_derived_formulas(place))
    values = _derived_values(book, found)
    for k, name in enumerate(DERIVED):
        text(book, sheet, top + k, LABEL, _t(book, name))
        _named(book, sheet, top + k, name, formulas[name], values[name])


def _derived_formulas(place: FinanceSheet) -> Iterator[tuple[str, str]]:
    none = place.book.words.t("financing.none")
    yield "project_cost", f"=-{place.at('investment', 0)}"
    reduced = "fin_project_cost*(1-0.5*in_finance_tax_credit_fraction)-in_finance_tax_grant"
    taxed = 'IF(in_finance_tax_rules="none",fin_project_cost,MAX({},MIN(fin_project_cost,0)))'
    yield "depreciable_cost", "=" + taxed.format(reduced)
    yield "loan_years", f"=MIN(in_finance_loan_years,{place.years})"
    yield "loan_grace", "=MIN(in_finance_loan_grace_years,fin_loan_years-1)"
    worth = f"SUM({place.line('sculpted', 1)})"
    yield "loan_worth", f"={worth}"
    granted = 'AND(fin_project_cost>0,OR(in_finance_loan_repayment<>"sculpted",fin_loan_worth>0))'
    yield "loan_amount", f"=IF({granted},in_finance_loan_share*fin_project_cost,0)"
    ratios = place.line("dscr", 1)
    yield "least_dscr", f'=IF(COUNT({ratios})=0,"{none}",MIN({ratios}))'
    yield "least_dscr_year", f'=IF(COUNT({ratios})=0,"{none}",MATCH(MIN({ratios}),{ratios},0))'


def _derived_values(book: Book, found: Returns) -> dict[str, Any]:
    whole, finance, none = found.whole, book.study.scenario.finance, book.words.t("financing.none")
    cost, years = -float(whole.cash.capex[0]), whole.after_tax.size - 1
    span_years = min(finance.loan_years, years)
    grace, least = min(finance.loan_grace_years, span_years - 1), found.coverage.least_dscr.value
    reduced = cost * (1 - 0.5 * found.rules.credit_fraction) - found.rules.grant
    return {
        "project_cost": cost,
        "depreciable_cost": max(reduced, min(cost, 0.0)),
        "loan_years": span_years,
        "loan_grace": grace,
        "loan_worth": float(_sculpted(book, found, span_years, grace).sum()),
        "loan_amount": float(whole.loan.drawdown[0]),
        "least_dscr": none if least is None else least,
        "least_dscr_year": none if least is None else found.coverage.least_dscr_year,
    }


def _sculpted(book: Book, found: Returns, years: int, grace: int) -> Floats:
    """Cash that can pay the loan, discounted to the end of the grace (years + 1,)."""
    at = np.arange(found.whole.after_tax.size)
    paying = (at > grace) & (at <= years)
    rate, lasts = book.study.scenario.finance.loan_rate, year_lengths(book.study.dispatch.months)
    growth = np.cumprod(1.0 + rate * lasts) / (1.0 + rate) ** grace
    return np.where(paying, np.maximum(found.whole.available, 0.0) / growth, 0.0)


def _macrs(book: Book, sheet: Any) -> None:
    """The tables of IRS Publication 946, a row each."""
    text(book, sheet, MACRS_ROW - 1, LABEL, _t(book, "macrs"), "note")
    for k, (name, shares) in enumerate(MACRS.items()):
        text(book, sheet, MACRS_ROW + k, LABEL, name)
        for year in range(max(len(table) for table in MACRS.values())):
            number(book, sheet, MACRS_ROW + k, START + year, shares[year] if year < len(shares) else 0.0, "factor")


# --- by year ----------------------------------------------------------------------------------------------------------


def _table(book: Book, sheet: Any, place: FinanceSheet) -> None:
    """Every line by year: formula and value."""
    heads(book, sheet, TABLE_ROW - 1, [book.t("flows.line"), book.t("flows.sum"), *book.year_labels])
    values = yearly_values(book)
    for name in YEARLY:
        row = place.row(name)
        text(book, sheet, row, LABEL, _label(book, name))
        for year in range(place.years + 1):
            _year_cell(book, sheet, place, name, year, values[name][year])
        if name not in AMOUNTS_WITHOUT_SUM:
            put(book, sheet, row, SUM, f"=SUM({place.line(name)})", values[name].sum() + 0.0)


def _label(book: Book, name: str) -> str:
    own = f"financing.xlsx.row_{name}"
    return book.words.lookup(own) or book.words.t(f"financing.row.{name}")


def _year_cell(book: Book, sheet: Any, place: FinanceSheet, name: str, year: int, value: float) -> None:
    row, column = place.row(name), START + year
    style = "years" if name in ("dscr", "icr") else "money"
    if name == "rate_factor":
        number(book, sheet, row, column, value, "input")
        return
    formula = _formula(place, name, year)
    if formula is None:
        number(book, sheet, row, column, 0.0, style)
    else:
        put(book, sheet, row, column, formula, "" if np.isnan(value) else value + 0.0, style)


def _formula(place: FinanceSheet, name: str, year: int) -> str | None:
    """The formula of a line in a year; None where it cannot occur."""
    if name in PROJECT_LINES:
        return "=" + "+".join(_ledger_line(place.book, line, year) for line in PROJECT_LINES[name])
    at = {other: place.at(other, year) for other in YEARLY}
    if name == "before_tax":
        return f"=SUM({place.at('saved_energy', year)}:{place.at(tuple(PROJECT_LINES)[-1], year)})"
    if year == 0:
        return _at_the_start(place, name, at)
    return _tax_formula(place, name, year, at) or _loan_formula(place, name, year, at)


def _ledger_line(book: Book, line: str, year: int) -> str:
    """Hybrid less baseline of a ledger line in a project year."""
    offset = list(LINES).index(line)
    cells = [in_year(book, row, offset, year) for row in range(len(ALTERNATIVES))]
    return f"{cells[ALTERNATIVES.index('hybrid')]}-{baseline_of(cells)}"


def _at_the_start(place: FinanceSheet, name: str, at: dict[str, str]) -> str | None:
    if name == "ebitda":
        return f"={at['before_tax']}-{at['investment']}-{at['saved_loss']}"
    if name == "vat":
        return f"=IF({_vat_span(place)}>0,-fin_project_cost*in_finance_vat_rate,0)"
    if name in ("drawdown", "closing"):
        return "=fin_loan_amount"
    if name == "after_tax":
        return f"={at['before_tax']}+{at['vat']}"
    if name == "equity":
        return f"={at['after_tax']}+{at['drawdown']}"
    return None


def _vat_span(place: FinanceSheet) -> str:
    """Years over which the VAT on the investment comes back; 0 where it is no line of its own."""
    return f'IF(in_finance_vat_basis="excl",MIN(in_finance_vat_recovery_years,{place.years}),0)'


def _tax_formula(place: FinanceSheet, name: str, year: int, at: dict[str, str]) -> str | None:
    own = {
        "ebitda": f"={at['before_tax']}-{at['investment']}-{at['saved_loss']}",
        "depreciation": f"={_depreciation(place, year)}",
        "ebit": f"={at['ebitda']}-{at['depreciation']}-{at['book_value_sold']}",
        "losses_used_ebit": f"=SUM({_used_in(place, 'ebit', year)})",
        "losses_used": f"=SUM({_used_in(place, 'taxable', year)})",
        "tax_on_ebit": f"={_tax(at, 'ebit', 'losses_used_ebit')}",
        "taxable": f"={at['ebit']}-{at['interest']}",
        "tax_paid": f"={_tax(at, 'taxable', 'losses_used')}",
        "vat": f"=IF({_vat_span(place)}>={year},fin_project_cost*in_finance_vat_rate/{_vat_span(place)},0)",
        "after_tax": f"={at['before_tax']}-{at['tax_on_ebit']}+{at['credit']}+{at['vat']}",
        "available": f"={at['ebitda']}-{at['tax_on_ebit']}+{at['credit']}",
    }
    if name == "credit" and year == 1:
        given = "fin_project_cost*in_finance_tax_credit_fraction+in_finance_tax_grant"
        return f'=IF(in_finance_tax_rules="none",0,{given})'
    if name == "book_value_sold" and year == place.years:
        return f'=IF(fin_tax_method="none",0,fin_depreciable_cost-SUM({place.line("depreciation", 1)}))'
    return own.get(name)


def _depreciation(place: FinanceSheet, year: int) -> str:
    """Written off in a year: the method decides, as `finance.tax.Depreciation.shares`."""
    cost, life, rest = "fin_depreciable_cost", "fin_tax_years", "fin_tax_residual"
    book_value = cost
    if year > 1:
        book_value = f"({cost}-SUM({place.at('depreciation', 1)}:{place.at('depreciation', year - 1)}))"
    kept = f"{cost}*{rest}"
    level = f"({book_value}-{kept})/({life}-{year - 1})"
    # Sizes are compared by their amount, so that a project that needs less equipment is written off the same way.
    sign = f"SIGN({cost})"
    declining = f"{sign}*MIN(MAX(2/{life}*{sign}*{book_value},{sign}*{level}),{sign}*({book_value}-{kept}))"
    within = f"{life}>={year}"
    table = f"{cell(MACRS_ROW, LABEL, 'rc')}:{cell(MACRS_ROW + len(MACRS) - 1, LABEL, 'rc')}"
    shares = "0"
    if year <= 16:
        column = START + year - 1
        cells = f"{cell(MACRS_ROW, column, 'rc')}:{cell(MACRS_ROW + len(MACRS) - 1, column, 'rc')}"
        shares = f"{cost}*INDEX({cells},MATCH(fin_tax_method,{table},0))"
    at_once = f"{cost}*(1-{rest})" if year == 1 else "0"
    digits = f"({life}*({life}+1)/2)"
    return (
        f'IF(fin_tax_method="none",0,IF(fin_tax_method="immediate",{at_once},'
        f'IF(LEFT(fin_tax_method,5)="macrs",{shares},IF({within},'
        f'IF(fin_tax_method="straight_line",{cost}*(1-{rest})/{life},'
        f'IF(fin_tax_method="sum_of_years",{cost}*(1-{rest})*({life}-{year - 1})/{digits},{declining})),0))))'
    )


def _tax(at: dict[str, str], income: str, used: str) -> str:
    taxed = (
        f'IF(in_finance_tax_losses="immediate",{at[income]},'
        f'IF(in_finance_tax_losses="lost",MAX({at[income]},0),MAX({at[income]},0)-{at[used]}))'
    )
    return f"fin_tax_rate*{at['rate_factor']}*{taxed}"


def _loan_formula(place: FinanceSheet, name: str, year: int, at: dict[str, str]) -> str | None:
    before = place.at("closing", year - 1)
    rate, part = "in_finance_loan_rate", _part(place, year)
    service = f"({at['principal']}+{at['interest']})"
    return {
        "sculpted": f"=IF(AND({year}>fin_loan_grace,{year}<=fin_loan_years),MAX({at['available']},0)"
        f"/((1+{rate})^({year - 1}-fin_loan_grace)*(1+{rate}{part})),0)",
        "opening": f"={before}",
        "interest": f"={at['opening']}*{rate}{part}",
        "principal": f"={_principal(place, at, year)}",
        "closing": f"=IF({year}>=fin_loan_years,0,{at['opening']}-{at['principal']})",
        "equity": f"={at['before_tax']}-{at['tax_paid']}+{at['credit']}+{at['vat']}-{at['principal']}-{at['interest']}",
        "dscr": f'=IF({service}>1E-9,({at["ebitda"]}-{at["tax_paid"]})/{service},"")',
        "icr": f'=IF({at["interest"]}>1E-9,{at["ebit"]}/{at["interest"]},"")',
    }.get(name)


def _part(place: FinanceSheet, year: int) -> str:
    """The factor of a year that is a part of one; none for a whole year."""
    rest = place.book.periods % 12
    return f"*{rest}/12" if rest and year == place.years else ""


def _principal(place: FinanceSheet, at: dict[str, str], year: int) -> str:
    """A last part year repays that part of what a whole one does, before interest where payments are level."""
    rate, paying, part = "in_finance_loan_rate", "(fin_loan_years-fin_loan_grace)", _part(place, year)
    rest = place.book.periods % 12
    missing = f"-IF(fin_loan_years={place.years},{12 - rest}/12,0)" if rest else ""
    even = f"fin_loan_amount/({paying}{missing}){part}"
    worth = f"(1-(1+{rate})^(-{paying}))/{rate}"
    if rest:
        whole = f"({paying}-1)"
        short = f"(1-(1+{rate})^(-{whole}))/{rate}+{rest}/12/((1+{rate})^{whole}*(1+{rate}*{rest}/12))"
        worth = f"IF(fin_loan_years={place.years},{short},{worth})"
    level = f"IF({rate}=0,{even},fin_loan_amount/({worth}){part}-{at['interest']})"
    cash = f"MAX({at['available']},0)"
    sculpted = f"IF(fin_loan_worth>0,fin_loan_amount*{cash}/fin_loan_worth-{at['interest']},0)"
    return (
        f"IF(OR({year}<=fin_loan_grace,{year}>fin_loan_years),0,"
        f'IF(in_finance_loan_repayment="bullet",IF({year}=fin_loan_years,{at["opening"]},0),'
        f'IF(in_finance_loan_repayment="equal_principal",{even},IF(in_finance_loan_repayment="level",{level},{sculpted}))))'
    )


def yearly_values(book: Book) -> dict[str, Floats]:
    """What every line of the table is in the study (years + 1,); a ratio that does not exist is NaN."""
    study, found, whole = book.study, returns(book.study), returns(book.study).whole
    plan, years, finance = whole.loan, whole.after_tax.size - 1, study.scenario.finance
    span_years = min(finance.loan_years, years)
    used = {name: _used(income, found.rules).sum(axis=0) for name, income in _incomes(found).items()}
    return {
        **{name: by_year(line) for name, line in monthly_lines(study).items()},
        "before_tax": by_year(found.monthly["before_tax"]),
        "ebitda": whole.ebitda,
        "depreciation": whole.depreciation,
        "book_value_sold": whole.book_value_sold,
        "ebit": whole.taxable_without_loan,
        "rate_factor": np.append(1.0, TaxRules(1.0, rate_factors=found.rules.rate_factors).rates(years)[1:]),
        "losses_used_ebit": used["ebit"],
        "tax_on_ebit": whole.tax_without_loan.tax,
        "credit": whole.credit,
        "vat": whole.vat,
        "after_tax": by_year(found.monthly["after_tax"]),
        "available": whole.available * (np.arange(years + 1) > 0),
        "sculpted": _sculpted(book, found, span_years, min(finance.loan_grace_years, span_years - 1)),
        "opening": plan.opening,
        "drawdown": plan.drawdown,
        "principal": plan.principal,
        "interest": plan.interest,
        "closing": plan.closing,
        "taxable": whole.taxable,
        "losses_used": used["taxable"],
        "tax_paid": whole.tax.tax,
        "equity": by_year(found.monthly["equity"]),
        "dscr": found.coverage.dscr,
        "icr": found.coverage.icr,
    }


# --- losses -----------------------------------------------------------------------------------------------------------


def _incomes(found: Returns) -> dict[str, Floats]:
    return {"ebit": found.whole.taxable_without_loan, "taxable": found.whole.taxable}


def _used(income: Floats, rules: TaxRules) -> Floats:
    """(years + 1, years + 1): how much of the loss of year o the profit of year t uses up, the oldest first."""
    used = np.zeros((income.size, income.size))
    if rules.loss_rule != "carry_forward":
        return used
    carry = NO_LIMIT_YEARS if rules.loss_carry_years is None else rules.loss_carry_years
    for year in range(1, income.size):
        for origin in range(max(1, year - carry), year):
            left = max(-income[origin], 0.0) - used[origin].sum()
            used[origin, year] = min(left, max(income[year], 0.0) - used[:, year].sum())
    return used


def _used_in(place: FinanceSheet, income: str, year: int) -> str:
    top = place.triangles[income]
    return f"{cell(top, START + year)}:{cell(top + place.years - 1, START + year)}"


def _triangle(book: Book, sheet: Any, place: FinanceSheet, income: str, used: str) -> None:
    """A row a year of loss, a column a year of profit."""
    top, values = place.triangles[income], _used(_incomes(returns(book.study))[income], returns(book.study).rules)
    text(book, sheet, top - 1, LABEL, _t(book, f"triangle_{used}"), "section")
    for origin in range(1, place.years + 1):
        row = top + origin - 1
        text(book, sheet, row, LABEL, _t(book, "loss_of", year=origin))
        for year in range(1, place.years + 1):
            if year > origin:
                formula = _loss_used(place, income, origin, year)
                put(book, sheet, row, START + year, formula, values[origin, year] + 0.0)
            else:
                number(book, sheet, row, START + year, 0.0, "money")


def _loss_used(place: FinanceSheet, income: str, origin: int, year: int) -> str:
    row, column, top = place.triangles[income] + origin - 1, START + year, place.triangles[income]
    left = f"MAX(-{place.at(income, origin)},0)"
    if year > origin + 1:
        left += f"-SUM({span(row, START + origin + 1, column - 1)})"
    free = f"MAX({place.at(income, year)},0)"
    if origin > 1:
        free += f"-SUM({cell(top, column)}:{cell(row - 1, column)})"
    within = f'AND(in_finance_tax_losses="carry_forward",{year - origin}<=fin_tax_carry_years)'
    return f"=IF({within},MIN({left},{free}),0)"


# --- views by period --------------------------------------------------------------------------------------------------


def _view(book: Book, sheet: Any, place: FinanceSheet, name: str, position: int) -> None:
    """The flow by period, its running totals and its figures."""
    top, values = place.view(name), view_values(book, name)
    periods = [book.t("flows.month", n=n) for n in range(1, book.periods + 1)]
    title = book.words.t(f"financing.view.{name}")
    heads(book, sheet, top - 1, [title, "", book.t("flows.start"), *periods])
    for k, key in enumerate(VIEW_ROWS):
        text(book, sheet, top + k, LABEL, book.t("checks.flow") if key == "flow" else book.t(f"flows.{key}"))
    for period in range(book.periods + 1):
        for k, (formula, value, style) in enumerate(_view_cells(book, place, name, period, values)):
            put(book, sheet, top + k, START + period, formula, value, style)
    for k, (figure, formula) in enumerate(_figures(book, place, name, position)):
        row, view = top + len(VIEW_ROWS) + k, returns(book.study).both_bases[name]
        text(book, sheet, row, LABEL, say.figure_name(figure, book.words))
        put_figure(book, sheet, row, SUM, figure, formula, getattr(view, figure.key))


def view_values(book: Book, name: str) -> dict[str, Floats]:
    flow = returns(book.study).flow(name)
    factors = metrics.discount_factors(book.study.scenario.finance.discount_rate, flow.size, metrics.MONTHLY)
    discounted = flow * factors
    return {"flow": flow, "running": flow.cumsum(), "running_discounted": discounted.cumsum(), "discounted": discounted}


def _view_cells(
    book: Book, place: FinanceSheet, name: str, period: int, values: dict
) -> Iterator[tuple[str, Any, str]]:
    """(formula, value, format) of the rows of a view in one period."""
    top, column = place.view(name), START + period

    def own(k: int, back: int = 0) -> str:
        return cell(top + k, column - back)

    yield f"={_flow(book, place, name, period)}", values["flow"][period], "money"
    yield f"={own(1, 1)}+{own(0)}" if period else f"={own(0)}", values["running"][period], "money"
    yield f"={own(0)}/(1+period_rate)^{period}", values["discounted"][period], "money"
    yield f"={own(3, 1)}+{own(2)}" if period else f"={own(2)}", values["running_discounted"][period], "money"
    if period:
        yield crossing(top + 1, column, values["running"], period)
        yield crossing(top + 3, column, values["running_discounted"], period)


def _flow(book: Book, place: FinanceSheet, name: str, period: int) -> str:
    """The flow before tax of the month, with what the year brings at its end."""
    view, column = name.removesuffix("_paid"), FLOW_START + period
    paid = [flow_cell(book, row, PAID, column) for row in range(len(ALTERNATIVES))]
    hybrid = ALTERNATIVES.index("hybrid")
    before = flow_cell(book, hybrid, DIFFERENCE, column) if view == name else f"{paid[hybrid]}-{baseline_of(paid)}"
    if view == "before_tax":
        return before
    ends = [min(12 * year, book.periods) for year in range(place.years + 1)]
    years = [year for year, end in enumerate(ends) if end == period]
    return "+".join([before, *(f"{place.at(view, year)}-{place.at('before_tax', year)}" for year in years)])


def _figures(book: Book, place: FinanceSheet, name: str, position: int) -> Iterator[tuple[KeyFigure, str]]:
    """The figures of a view's flow, and their formulas with its own rows in them."""
    top, last = place.view(name), START + book.periods

    def crossing_of(running: str) -> str:
        k = VIEW_ROWS.index(running)
        crossed = VIEW_ROWS.index(running.replace("running", "crossing"))
        return first_crossing(book, span(top + crossed, START + 1, last), span(top + k, START, last))

    cells = {
        "present": lambda _: f"SUM({span(top + VIEW_ROWS.index('discounted'), START, last)})",
        "irr": lambda _: irr_formula(book, span(top, START, last), position),
        "crossing": crossing_of,
    }
    for row in OF_FLOWS:
        yield row, f"={filled(row.formula, cells)}"


def _searched(book: Book, place: FinanceSheet, name: str) -> Searched:
    top, last = place.view(name), START + book.periods
    return Searched(
        book.words.t(f"financing.view.{name}"),
        book.ref("finance", cell(top, START, "rc")),
        book.ref("finance", span(top, START + 1, last, "rc")),
        returns(book.study).flow(name),
    )
