"""CSV files of a study: every number in full precision, units in the header, ISO times, readable by a spreadsheet.

Files are UTF-8 with a byte order mark, which Excel needs. Money stands on the study's VAT basis and in the shown
currency, which column and unit name; the summary states the rate. Column sums of a file equal the totals on the screen.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finance.cashflow import by_year
from finance.figures import FIGURES
from finance.lines import LINES
from finance.metrics import REASONS
from finance.rates import bill_rates
from i18n.words import Exchange
from report.text.currency import exchange, rate_date
from sim.dispatch.result import ALTERNATIVES
from sim.inputs import library
from sim.problem import Problem
from study.financing import monthly_lines, returns
from study.study import Study

Floats = NDArray[np.float64]
SHARE_OF_BASELINE = Problem("fraction of the baseline's cost")
ENCODING = "utf-8-sig"
FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def hourly_csv(study: Study, alternative: str, year: int) -> bytes:
    """Every step of one alternative in one project year (1 is the first), a row each, begun at its time.

    energy_cost = import_kw x step hours x energy_price; balance_kw = supply - use, zero but for rounding; the battery's
    energy stands at the step's end. A last year that is not whole has only its months. Raises ValueError where the
    alternative or the year does not exist.
    """
    if alternative not in ALTERNATIVES:
        raise ValueError(f"there is no alternative '{alternative}'; choose one of {', '.join(ALTERNATIVES)}")
    dispatch, money = study.dispatch, study.scenario.site.currency.lower()
    trace = dispatch.trace(alternative, year)
    steps = _steps_of_year(study, year)
    price = step_price_per_kwh(study, year)
    capacity = study.scenario.storage.energy_kwh if alternative == "hybrid" else 0.0
    columns: dict[str, Any] = {
        "time": _iso_times(study, year),
        "price_period": np.array(dispatch.classes.names)[dispatch.classes.period],
        f"energy_price_{money}_per_kwh": price,
        **{field.name: np.broadcast_to(getattr(trace, field.name), price.shape) for field in fields(trace)},
        "charge_kw": trace.charge_kw,
        "soc_fraction_of_nameplate": trace.energy_kwh / capacity if capacity else np.zeros_like(price),
        f"energy_cost_{money}": trace.import_kw * dispatch.clock.step_h * price,
        "balance_kw": balance_kw(trace),
    }
    rows = zip(*(np.asarray(values)[:steps].tolist() for values in columns.values()), strict=True)
    return _csv(study, list(columns), rows)


def _iso_times(study: Study, year: int) -> list[str]:
    """When each step begins: ISO 8601 in the place's standard time, with its offset from UTC."""
    minutes = round(library.sites()[study.scenario.site.place].utc_offset_h * 60)
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return [f"{stamp}{offset}" for stamp in np.datetime_as_string(study.dispatch.clock.stamps(year), unit="m")]


def balance_kw(trace: Any) -> Floats:
    """Supply less use of every step: PV, grid, battery, sets and unserved against load, charging and dumped power."""
    supply = (
        trace.pv_load_kw
        + trace.pv_charge_kw
        + trace.grid_load_kw
        + trace.grid_charge_kw
        + trace.discharge_kw
        + trace.genset_kw
        + trace.unserved_kw
    )
    return supply - (trace.load_kw + trace.charge_kw + trace.dumped_kw)


def step_price_per_kwh(study: Study, year: int) -> Floats:
    """What a kWh from the grid costs in each step of a project year (steps,): factor, escalation, tax and VAT in."""
    dispatch, rates = study.dispatch, bill_rates(study.scenario, study.dispatch)
    months = np.minimum(dispatch.clock.month_index + 12 * (year - 1), dispatch.months - 1)
    price = rates.energy_per_kwh[months, dispatch.classes.period] + rates.adders_per_kwh
    return price * rates.vat_factor * (1.0 + rates.tax_rate)


def summary_csv(study: Study) -> bytes:
    """All key figures of all alternatives, a row each; one that does not exist is empty, with the reason beside."""
    currency = study.scenario.site.currency
    rows = [[key, row.unit_in(currency), *_cells(study, key)] for key, row in FIGURES.items()]
    rows += [
        ["saving_total", currency, *_saving_cells(study, "total")],
        ["saving_fraction", SHARE_OF_BASELINE, *_saving_cells(study, "fraction")],
        ["saving_co2_t", "t", *_saving_cells(study, "co2_t")],
    ]
    head = [
        ["scenario", "", _text(study.scenario.site.name)],
        ["fingerprint", "", study.fingerprint],
        ["baseline", "", study.baseline],
        ["vat_basis", "", study.scenario.finance.vat_basis],
        ["term_months", "months", study.scenario.site.term_months],
        *_rate_rows(study),
    ]
    return _csv(study, ["figure", "unit", *ALTERNATIVES, "why_empty"], [*_shown_rows(study, rows), *head])


def _where_billed(parts: dict[str, Floats]) -> dict[str, Floats]:
    """The parts that occur at all: rules few tariffs have get no column of zeros elsewhere."""
    return {name: values for name, values in parts.items() if values.any()}


def bill_csv(study: Study) -> bytes:
    """The utility bill by project month, component and alternative with a grid; credits are negative."""
    bill, dispatch, money = study.bill, study.dispatch, study.scenario.site.currency.lower()
    parts = {
        f"energy_charge_{money}": bill.energy_charge,
        **_where_billed({f"energy_tiers_{money}": bill.tiers}),
        f"energy_tax_{money}": bill.tax,
        **{f"demand_{_name(name)}_{money}": values for name, values in bill.demand_charges.items()},
        f"capacity_charge_{money}": bill.capacity_charge,
        f"fixed_{money}": bill.fixed,
        **_where_billed({f"power_factor_{money}": bill.power_factor, f"minimum_topup_{money}": bill.minimum}),
        f"export_credit_{money}": -bill.export_credit,
        f"total_{money}": bill.total,
        **{f"billed_{_name(name)}_kw": values for name, values in bill.billed_kw.items()},
        "import_kwh": dispatch.import_kwh.sum(axis=-1),
        "export_kwh": dispatch.export_kwh.sum(axis=-1),
        "peak_import_kw": dispatch.peak_kw.max(axis=-1),
    }
    stamps = _month_names(study)
    rows = (
        [name, month + 1, stamps[month], *(float(values[row, month]) + 0.0 for values in parts.values())]
        for row, name in enumerate(ALTERNATIVES)
        if name != "diesel"
        for month in range(dispatch.months)
    )
    return _csv(study, ["alternative", "project_month", "month", *parts], rows)


def lines_csv(study: Study) -> bytes:
    """Every cost line by project month and alternative; money out is negative. Month 0 is the start."""
    lines, money = study.ledger.lines, study.scenario.site.currency.lower()
    total = study.ledger.total
    stamps = ["start", *_month_names(study)]
    rows = (
        [
            name,
            month,
            stamps[month],
            *(float(lines[line][row, month]) + 0.0 for line in LINES),
            float(total[row, month]) + 0.0,
        ]
        for row, name in enumerate(ALTERNATIVES)
        for month in range(study.dispatch.months + 1)
    )
    header = ["alternative", "project_month", "month", *(f"{line}_{money}" for line in LINES), f"total_{money}"]
    return _csv(study, header, rows)


def cash_flow_csv(study: Study) -> bytes:
    """The hybrid as a project, a row each project year: lines against the baseline with tax and loan, and what covers
    it. Money out is negative; balances, depreciation and income stand as amounts. A ratio that does not exist is empty.
    """
    found, money = returns(study), study.scenario.site.currency.lower()
    lines = yearly_lines(study)
    ratios = {"dscr": found.coverage.dscr, "icr": found.coverage.icr}
    rows = (
        [
            year,
            *(float(values[year]) + 0.0 for values in lines.values()),
            *("" if np.isnan(values[year]) else float(values[year]) for values in ratios.values()),
        ]
        for year in range(found.whole.after_tax.size)
    )
    return _csv(study, ["project_year", *(f"{name}_{money}" for name in lines), *ratios], rows)


def yearly_lines(study: Study) -> dict[str, Floats]:
    """Lines of the cash flow by project year (years + 1,), the loan's balances, and what is taxed."""
    whole, plan = returns(study).whole, returns(study).whole.loan
    project = {name: by_year(line) for name, line in monthly_lines(study).items()}
    return project | {
        "before_tax": whole.cash.pre_tax,
        "tax_on_ebit": -whole.tax_without_loan.tax,
        "credit": whole.credit,
        "vat": whole.vat,
        "after_tax": whole.after_tax,
        "drawdown": plan.drawdown,
        "principal": -plan.principal,
        "interest": -plan.interest,
        "tax_paid": -whole.tax.tax,
        "equity": whole.equity,
        "opening": plan.opening,
        "closing": plan.closing,
        "depreciation": whole.depreciation,
        "book_value_sold": whole.book_value_sold,
        "ebit": whole.taxable_without_loan,
        "taxable": whole.taxable,
        "loss_left": whole.tax.loss_left,
    }


def write_csv_files(study: Study, folder: Path) -> list[Path]:
    """Write summary, bill, cost lines, cash flow and the first year of every alternative; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"summary": summary_csv(study), "bill": bill_csv(study), "lines": lines_csv(study)}
    contents["cash-flow"] = cash_flow_csv(study)
    contents |= {f"hourly-{name}-year-1": hourly_csv(study, name, 1) for name in ALTERNATIVES}
    paths = [folder / file_name(study, name) for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_bytes(content)
    return paths


def file_name(study: Study, name: str, ending: str = "csv") -> str:
    """A file's name, with the inputs' fingerprint in it."""
    return f"powerladder-{study.fingerprint}-{name}.{ending}"


def _steps_of_year(study: Study, year: int) -> int:
    months = min(study.dispatch.clock.months, study.dispatch.months - 12 * (year - 1))
    return int(study.dispatch.clock.month_ends[months - 1])


def _month_names(study: Study) -> list[str]:
    first = np.datetime64(study.scenario.site.start, "M")
    return [str(first + month) for month in range(study.dispatch.months)]


def _cells(study: Study, name: str) -> list[Any]:
    found = {alternative: study.kpis[alternative].figure(name) for alternative in ALTERNATIVES}
    reasons = [f"{alternative}: {figure.text}" for alternative, figure in found.items() if figure.value is None]
    return [*(figure.value for figure in found.values()), " ".join(reasons)]


def _saving_cells(study: Study, name: str) -> list[Any]:
    found = [getattr(study.savings.get(alternative), name, None) for alternative in ALTERNATIVES]
    return [*found, f"{study.baseline}: {REASONS['is_baseline']}"]


def _name(text: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in text.lower()).split()) or "charge"


def _text(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv(study: Study, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV; floats are written by repr, so that they read back equal. Columns of money, those that carry the
    site's currency in their name, are written in the shown one."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    found = exchange(study.scenario)
    if found:
        header, rows = _converted(found, header, rows)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode(ENCODING)


def _converted(
    found: Exchange, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> tuple[list[str], Iterable[list[Any]]]:
    """Header and rows with the columns of money renamed and multiplied. A row may end before the last column."""
    money = re.compile(rf"_{found.site.lower()}(?=_per_kwh$|$)")
    rates = [found.rate if money.search(name) else None for name in header]
    names = [money.sub(f"_{found.shown.lower()}", name) for name in header]
    return names, ([_times(cell, rate) for cell, rate in zip(row, rates, strict=False)] for row in rows)


def _shown_rows(study: Study, rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows of figure, unit and values, with those of money in the shown currency."""
    found = exchange(study.scenario)
    if found is None:
        return [list(row) for row in rows]
    units = {found.site: found.shown, f"{found.site}/kWh": f"{found.shown}/kWh"}
    return [
        [row[0], units[row[1]], *(_times(cell, found.rate) for cell in row[2:])] if row[1] in units else list(row)
        for row in rows
    ]


def _times(cell: Any, rate: float | None) -> Any:
    """A number times the rate; a text, an empty cell or one that is no money as it is."""
    return cell if rate is None or cell is None or isinstance(cell, str) else cell * rate


def _rate_rows(study: Study) -> list[list[Any]]:
    """What money was multiplied by, and the date of that rate; nothing where it was not."""
    found = exchange(study.scenario)
    if found is None:
        return []
    return [
        ["exchange_rate", f"{found.shown}/{found.site}", found.rate],
        ["exchange_rate_as_of", "", rate_date(study.scenario)],
    ]
