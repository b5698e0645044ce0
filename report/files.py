"""CSV files of a study: every number in full precision, units in the header, ISO times, readable by a spreadsheet.

Files are UTF-8 with a byte order mark, which Excel needs. Money stands on the study's VAT basis and in the shown
currency, which column and unit name; the summary states the rate. Column sums of a file equal the totals on the screen.
English headers are keys with their unit, for programs; those of another language are words. Rows stay as they are, but
for the sentences that say why a figure does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from finance.cashflow import by_year
from finance.figures import FIGURES
from finance.kpis import served_kwh
from finance.lines import LINES
from finance.metrics import REASONS
from finance.rates import bill_rates, step_credits, step_prices
from i18n import Words, words
from report.text import say
from report.text.csv_text import csv_text
from report.text.currency import exchange, rate_date, shown_currency
from sim.arrays import Floats, sum_of
from sim.dispatch.result import ALTERNATIVES
from sim.inputs import library
from sim.problem import Problem
from sim.sun.climate import ambient_c
from study.financing import monthly_lines, returns
from study.study import Study
from study.timeline import plan

SHARE_OF_BASELINE = Problem("fraction of the baseline's cost")
ENCODING = "utf-8-sig"
ENGLISH = words("en")
# The flows of a balance: what comes in, what is charged of it, and what else is done with it.
SUPPLY = ("pv_load", "pv_charge", "grid_load", "grid_charge", "discharge", "genset", "unserved")
CHARGED = ("pv_charge", "grid_charge", "genset_charge")
ENERGIES = (
    *dict.fromkeys(f"{flow}_kwh" for flow in ("load", *SUPPLY, *CHARGED, "dumped")),
    *("curtailed_kwh", "auxiliary_kwh", "fuel_l", "genset_hours", "starts", "unserved_hours"),
)
RARE = ("shed_kwh", "capped_kwh", "paused_kwh", "deferred_kwh", "caught_up_kwh", "lost_gpu_h", "interruptions")
SUFFIXES = {"money": "_{currency}", "money_per_kwh": "_{currency}_per_kwh", "power": "_kw"}


@dataclass(frozen=True)
class Column:
    """A column of a file. kind: what its numbers are (`finance.figures.KINDS`), which gives its unit and says whether
    it is money; empty for text, and for what carries its unit in its key. family: of the catalogue, where its heading
    stands; name: tells apart columns of one key."""

    key: str
    kind: str = ""
    family: str = "proposal.csv"
    name: str = ""

    @property
    def is_money(self) -> bool:
        return self.kind in ("money", "money_per_kwh")

    def plain(self, currency: str) -> str:
        """For programs: the key with its unit."""
        key = f"{self.key}_{_name(self.name)}" if self.name else self.key
        return key + SUFFIXES.get(self.kind, "").format(currency=currency.lower())

    def heading(self, words: Words, currency: str) -> str:
        """As in the file's language."""
        return self.plain(currency) if words.language == "en" else self.words_of(words, currency)

    def words_of(self, words: Words, currency: str) -> str:
        """In words with the unit; the plain key where the language has none."""
        found = words.lookup(f"{self.family}.{self.key}")
        if found is None:
            return self.plain(currency)
        named = say.charge(self.name, words)
        unit = words.money_unit(0.0, currency)
        if self.family != "proposal.csv" and self.is_money:
            return words.t("proposal.csv.amount", name=found, currency=unit)
        return found.format(currency=unit, name=named)


@dataclass(frozen=True)
class DataTable:
    """What stands in a file, before a currency is chosen and headings are written. A row may end before the last
    column."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


OF_MONTH = (Column("alternative"), Column("project_month"), Column("month"))
# How a column follows from others: cost lines say it themselves (`finance.lines`).
FORMULAS = {
    "charge_kw": "pv_charge_kw + grid_charge_kw + genset_charge_kw",
    "energy_cost": "import_kw x step in hours x energy_price",
    "balance_kw": "pv_load_kw + pv_charge_kw + grid_load_kw + grid_charge_kw + discharge_kw + genset_kw + unserved_kw"
    " - load_kw - charge_kw - dumped_kw",
    "balance_kwh": "as balance_kw, of the month's energies",
    "served_kwh": "load_kwh - auxiliary_kwh - unserved_kwh",
    "soc_fraction_of_nameplate": "energy_kwh / storage.energy_kwh",
}


def hourly(study: Study, alternative: str, year: int) -> DataTable:
    """Every step of one alternative in one project year (1 is the first), a row each, begun at its time.

    energy_cost = import_kw x step hours x energy_price; balance_kw = supply - use, zero but for rounding; the battery's
    energy stands at the step's end. A last year that is not whole has only its months. Raises ValueError where the
    alternative or the year does not exist.
    """
    if alternative not in ALTERNATIVES:
        raise ValueError(f"there is no alternative '{alternative}'; choose one of {', '.join(ALTERNATIVES)}")
    dispatch = study.dispatch
    trace = dispatch.trace(alternative, year)
    steps = _steps_of_year(study, year)
    price = step_price_per_kwh(study, year)
    capacity = study.scenario.storage.energy_kwh if alternative == "hybrid" else 0.0
    columns: dict[Column, Any] = {
        Column("time"): _iso_times(study, year),
        Column("price_period"): np.array(dispatch.classes.names)[dispatch.classes.period],
        Column("energy_price", "money_per_kwh"): price,
        **{Column(field.name): np.broadcast_to(getattr(trace, field.name), price.shape) for field in fields(trace)},
        Column("charge_kw"): trace.charge_kw,
        Column("soc_fraction_of_nameplate"): trace.energy_kwh / capacity if capacity else np.zeros_like(price),
        Column("energy_cost", "money"): trace.import_kw * dispatch.clock.step_h * price,
        Column("balance_kw"): balance_kw(trace),
    }
    return DataTable(list(columns), _by_step(columns.values(), steps))


def series(study: Study, _: Words) -> DataTable:
    """What the study is given and does not decide, a row each step of the template year, begun at its time: the load
    before ramp-up and growth, PV output of the first year (the hybrid's; before curtailment), and air temperature."""
    scenario, clock, series = study.scenario, study.dispatch.clock, study.dispatch.series
    columns = {
        Column("time"): _iso_times(study, 1),
        Column("load_kw"): series.load_kw,
        Column("pv_kw"): series.pv_kw_per_kwp * scenario.pv.dc_kwp,
        Column("temperature_c"): ambient_c(scenario, clock),
    }
    return DataTable(list(columns), _by_step(columns.values(), clock.steps))


def prices(study: Study, _: Words) -> DataTable:
    """The tariff of the first project year on the clock, a row each step: what a kWh costs, what one fed in earns."""
    dispatch, rates = study.dispatch, bill_rates(study.scenario, study.dispatch)
    columns = {
        Column("time"): _iso_times(study, 1),
        Column("price_period"): np.array(dispatch.classes.names)[dispatch.classes.period],
        Column("energy_price", "money_per_kwh"): step_prices(rates, dispatch, 1),
        Column("export_price", "money_per_kwh"): step_credits(rates, dispatch, 1),
    }
    return DataTable(list(columns), _by_step(columns.values(), _steps_of_year(study, 1)))


def _by_step(columns: Iterable[Any], steps: int) -> Iterator[tuple[Any, ...]]:
    return zip(*(np.asarray(values)[:steps].tolist() for values in columns), strict=True)


def _iso_times(study: Study, year: int) -> list[str]:
    """When each step begins: ISO 8601 in the place's standard time, with its offset from UTC."""
    minutes = round(library.sites()[study.scenario.site.place].utc_offset_h * 60)
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return [f"{stamp}{offset}" for stamp in np.datetime_as_string(study.dispatch.clock.stamps(year), unit="m")]


def balance_kw(trace: Any) -> Floats:
    """Supply less use of every step: PV, grid, battery, sets and unserved against load, charging and dumped power."""
    return _balance(lambda flow: getattr(trace, f"{flow}_kw"))


def balance_kwh(monthly: Mapping[str, Floats]) -> Floats:
    """The same of every alternative and month."""
    return _balance(lambda flow: monthly[f"{flow}_kwh"])


def _balance(flow: Callable[[str], Floats]) -> Floats:
    return sum_of(map(flow, SUPPLY)) - (flow("load") + sum_of(map(flow, CHARGED)) + flow("dumped"))


def step_price_per_kwh(study: Study, year: int) -> Floats:
    """What a kWh from the grid costs in each step of a project year (steps,): factor, escalation, tax and VAT in."""
    return step_prices(bill_rates(study.scenario, study.dispatch), study.dispatch, year)


def summary(study: Study, words: Words) -> DataTable:
    """All key figures of all alternatives, a row each; one that does not exist is empty, with the reason beside."""
    currency, rate = shown_currency(study.scenario), _rate(study)
    rows = [
        [key, row.unit_in(currency), *_cells(study, key, rate if row.is_money else None, words)]
        for key, row in FIGURES.items()
    ]
    rows += [
        ["saving_total", currency, *_saving_cells(study, "total", rate, words)],
        ["saving_fraction", words.problem(SHARE_OF_BASELINE), *_saving_cells(study, "fraction", None, words)],
        ["saving_co2_t", "t", *_saving_cells(study, "co2_t", None, words)],
    ]
    head: list[list[Any]] = [
        ["scenario", "", study.scenario.site.name],
        ["fingerprint", "", study.fingerprint],
        ["baseline", "", study.baseline],
        ["vat_basis", "", study.scenario.finance.vat_basis],
        ["term_months", "months", study.scenario.site.term_months],
        *_rate_rows(study),
    ]
    columns = [Column(key) for key in ("figure", "unit", *ALTERNATIVES, "why_empty")]
    return DataTable(columns, [*rows, *head])


def _where_billed(parts: dict[Column, Floats]) -> dict[Column, Floats]:
    """The parts that occur at all: rules few tariffs have get no column of zeros elsewhere."""
    return {column: values for column, values in parts.items() if values.any()}


def balance(study: Study, _: Words) -> DataTable:
    """Where each alternative's energy comes from and goes to by project month; balance_kwh is zero but for rounding."""
    dispatch, stamps = study.dispatch, _month_names(study)
    energies = {
        **{Column(key): values for key, values in dispatch.monthly.items() if key in ENERGIES},
        **_where_billed({Column(key): values for key, values in dispatch.monthly.items() if key in RARE}),
        Column("import_kwh"): dispatch.import_kwh.sum(axis=-1),
        Column("export_kwh"): dispatch.export_kwh.sum(axis=-1),
        Column("served_kwh"): served_kwh(dispatch),
        Column("balance_kwh"): balance_kwh(dispatch.monthly),
    }
    rows = (
        [name, month + 1, stamps[month], *(float(values[row, month]) for values in energies.values())]
        for row, name in enumerate(ALTERNATIVES)
        for month in range(dispatch.months)
    )
    return DataTable([*OF_MONTH, *energies], rows)


def bill(study: Study, _: Words) -> DataTable:
    """The utility bill by project month, component and alternative with a grid; credits are negative."""
    billed, dispatch = study.bill, study.dispatch
    rare = {Column("power_factor", "money"): billed.power_factor, Column("minimum_topup", "money"): billed.minimum}
    parts = {
        Column("energy_charge", "money"): billed.energy_charge,
        **_where_billed({Column("energy_tiers", "money"): billed.tiers}),
        Column("energy_tax", "money"): billed.tax,
        **{Column("demand", "money", name=name): values for name, values in billed.demand_charges.items()},
        Column("capacity_charge", "money"): billed.capacity_charge,
        Column("fixed", "money"): billed.fixed,
        **_where_billed(rare),
        Column("export_credit", "money"): -billed.export_credit,
        Column("total", "money"): billed.total,
        **{Column("billed", "power", name=name): values for name, values in billed.billed_kw.items()},
        Column("import_kwh"): dispatch.import_kwh.sum(axis=-1),
        Column("export_kwh"): dispatch.export_kwh.sum(axis=-1),
        Column("peak_import_kw"): dispatch.peak_kw.max(axis=-1),
    }
    stamps = _month_names(study)
    rows = (
        [name, month + 1, stamps[month], *(float(values[row, month]) + 0.0 for values in parts.values())]
        for row, name in enumerate(ALTERNATIVES)
        if name != "diesel"
        for month in range(dispatch.months)
    )
    return DataTable([*OF_MONTH, *parts], rows)


def lines(study: Study, _: Words) -> DataTable:
    """Every cost line by project month and alternative; money out is negative. Month 0 is the start."""
    paid, total = study.ledger.lines, study.ledger.total
    stamps = ["start", *_month_names(study)]
    rows = (
        [
            name,
            month,
            stamps[month],
            *(float(paid[line][row, month]) + 0.0 for line in LINES),
            float(total[row, month]) + 0.0,
        ]
        for row, name in enumerate(ALTERNATIVES)
        for month in range(study.dispatch.months + 1)
    )
    columns = [*OF_MONTH, *(Column(line, "money", "answers.line") for line in LINES), Column("total", "money")]
    return DataTable(columns, rows)


def cash_flow(study: Study, _: Words) -> DataTable:
    """The hybrid as a project, a row each project year: lines against the baseline with tax and loan, and what covers
    it. Money out is negative; balances, depreciation and income stand as amounts. A ratio that does not exist is empty.
    """
    found, yearly = returns(study), yearly_lines(study)
    ratios = {"dscr": found.coverage.dscr, "icr": found.coverage.icr}
    rows = (
        [
            year,
            *(float(values[year]) + 0.0 for values in yearly.values()),
            *("" if np.isnan(values[year]) else float(values[year]) for values in ratios.values()),
        ]
        for year in range(found.whole.after_tax.size)
    )
    kinds = {"project_year": "", **dict.fromkeys(yearly, "money"), **dict.fromkeys(ratios, "ratio")}
    return DataTable([Column(key, kind, "financing.row") for key, kind in kinds.items()], rows)


def yearly_lines(study: Study) -> dict[str, Floats]:
    """Lines of the cash flow by project year (years + 1,), the loan's balances, and what is taxed."""
    found, whole = returns(study), returns(study).whole
    plan, project = whole.loan, {name: by_year(line) for name, line in monthly_lines(study).items()}
    return project | {
        "before_tax": by_year(found.monthly["before_tax"]),
        "tax_on_ebit": -whole.tax_without_loan.tax,
        "credit": whole.credit,
        "vat": whole.vat,
        "after_tax": by_year(found.monthly["after_tax"]),
        "drawdown": plan.drawdown,
        "principal": -plan.principal,
        "interest": -plan.interest,
        "tax_paid": -whole.tax.tax,
        "equity": by_year(found.monthly["equity"]),
        "opening": plan.opening,
        "closing": plan.closing,
        "depreciation": whole.depreciation,
        "book_value_sold": whole.book_value_sold,
        "ebit": whole.taxable_without_loan,
        "taxable": whole.taxable,
        "loss_left": whole.tax.loss_left,
    }


def timeline(study: Study, _: Words) -> DataTable:
    """MW wanted, there and powered by project month and alternative, by the plan of lead times."""
    stamps, columns = _month_names(study), ("wanted_mw", "available_mw", "powered_mw")
    rows = (
        [name, month + 1, stamps[month], *(float(getattr(power, column)[month]) for column in columns)]
        for name, power in plan(study).power.items()
        for month in range(study.dispatch.months)
    )
    return DataTable([*OF_MONTH, *map(Column, columns)], rows)


# What of a study stands in a file of its own, beside the steps of each alternative.
TABLES: dict[str, Callable[[Study, Words], DataTable]] = {
    "summary": summary,
    "bill": bill,
    "lines": lines,
    "cash-flow": cash_flow,
    "balance": balance,
    "prices": prices,
    "series": series,
    "timeline": timeline,
}


def tables(study: Study, words: Words = ENGLISH, years: Iterable[int] = (1,)) -> Iterator[tuple[str, DataTable]]:
    """Every table of a study under its name: those above, and the steps of every alternative in these years."""
    yield from ((name, make(study, words)) for name, make in TABLES.items())
    yield from ((f"hourly-{name}-year-{year}", hourly(study, name, year)) for year in years for name in ALTERNATIVES)


def table_csv(study: Study, name: str, words: Words = ENGLISH) -> bytes:
    """One of `TABLES` as a file."""
    return to_csv(study, TABLES[name](study, words), words)


def hourly_csv(study: Study, alternative: str, year: int, words: Words = ENGLISH) -> bytes:
    return to_csv(study, hourly(study, alternative, year), words)


def write_csv_files(study: Study, folder: Path, words: Words = ENGLISH) -> Iterator[Path]:
    """Write every table with the first year of every alternative, and the scenario as JSON; each path as it is written.
    Tables of another language than English carry it in their name, so that all can lie in one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = "" if words.language == "en" else f"-{words.language}"
    for name, table in tables(study, words):
        path = folder / file_name(study, f"{name}{mark}")
        path.write_bytes(to_csv(study, table, words))
        yield path
    if words.language == "en":
        path = folder / file_name(study, "scenario", "json")
        path.write_text(study.scenario.to_json(), encoding="utf-8")
        yield path


def file_name(study: Study, name: str, ending: str = "csv") -> str:
    """A file's name, with the inputs' fingerprint in it."""
    return f"powerladder-{study.fingerprint}-{name}.{ending}"


def _steps_of_year(study: Study, year: int) -> int:
    months = min(study.dispatch.clock.months, study.dispatch.months - 12 * (year - 1))
    return int(study.dispatch.clock.month_ends[months - 1])


def _month_names(study: Study) -> list[str]:
    first = np.datetime64(study.scenario.site.start, "M")
    return [str(first + month) for month in range(study.dispatch.months)]


def _cells(study: Study, key: str, rate: float | None, words: Words) -> list[Any]:
    found = {alternative: study.kpis[alternative].figure(key) for alternative in ALTERNATIVES}
    missing = {alternative: figure for alternative, figure in found.items() if figure.value is None}
    reasons = [f"{alternative}: {words.problem(figure.text)}" for alternative, figure in missing.items()]
    return [*(_times(figure.value, rate) for figure in found.values()), " ".join(reasons)]


def _saving_cells(study: Study, name: str, rate: float | None, words: Words) -> list[Any]:
    found = [getattr(study.savings.get(alternative), name, None) for alternative in ALTERNATIVES]
    return [*(_times(value, rate) for value in found), f"{study.baseline}: {words.problem(REASONS['is_baseline'])}"]


def _name(text: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in text.lower()).split()) or "charge"


def to_csv(study: Study, table: DataTable, words: Words = ENGLISH) -> bytes:
    """A table as a file, columns of money in the shown currency."""
    rate, currency, rows = _rate(study), shown_currency(study.scenario), table.rows
    if rate is not None:
        rates = [rate if column.is_money else None for column in table.columns]
        rows = ([_times(cell, times) for cell, times in zip(row, rates, strict=False)] for row in rows)
    head = [column.heading(words, currency) for column in table.columns]
    return csv_text(chain([head], rows)).encode(ENCODING)


def _rate(study: Study) -> float | None:
    """What money is multiplied by to be shown; None where it stays."""
    found = exchange(study.scenario)
    return found.rate if found else None


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
