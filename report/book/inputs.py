"""The sheets a reader edits: every input with its source, and the tariff's prices by month."""

from __future__ import annotations

from typing import Any

import numpy as np

from finance.ledger import from_inputs
from finance.metrics import MONTHLY
from finance.rates import bill_rates
from report.book.cells import Book, cell, heads, input_name, number, put, text
from report.book.lines import derived_formula
from report.book.lives import left_cells
from report.text import inputs as register_text
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.register import Input, register, unverified
from sim.plant.load import gpus
from sim.tariff.market import monthly_spread

# Inputs outside section `finance` that only the money reads, so that the sheets can follow a change.
LIVE = ("grid.co2_kg_per_kwh", "genset.co2_kg_per_l", "compute.resume_h")
COLUMNS = ("input", "value", "unit", "effect", "confidence", "source", "name")
FIRST_ROW = 4
COPY = 7  # the hidden column of what the simulation was run with


def is_live(entry: Input) -> bool:
    """Whether the sheets recompute when this input is changed."""
    return entry.section == "finance" or entry.path in LIVE


def inputs_sheet(book: Book) -> None:
    """Every input: yellow cells are live, the others are what the simulation was run with."""
    sheet = book.sheet("inputs")
    text(book, sheet, 0, 0, book.t("inputs.title"), "title")
    text(book, sheet, 1, 0, book.t("inputs.note"), "note")
    heads(book, sheet, FIRST_ROW - 1, [book.t(f"column.{name}") for name in COLUMNS])
    entries = [entry for entry in register().values() if entry.kind != "other"]
    weak = frozenset(unverified(book.study.scenario))
    for k, entry in enumerate(entries):
        _input_row(book, sheet, FIRST_ROW + k, entry, weak)
    _derived(book, sheet, FIRST_ROW + len(entries) + 1)
    compare_copies(book, sheet, [FIRST_ROW + k for k, entry in enumerate(entries) if not is_live(entry)])
    sheet.set_column(COPY, COPY, 2, None, {"hidden": True})
    for column, width in enumerate((40, 18, 16, 22, 16, 70, 36)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(FIRST_ROW, 1)


def _input_row(book: Book, sheet: Any, row: int, entry: Input, weak: frozenset[str]) -> None:
    scenario, words = book.study.scenario, book.words
    live = is_live(entry)
    text(book, sheet, row, 0, register_text.label(entry, words))
    _value(book, sheet, row, scenario.get(entry.path), live, entry)
    text(book, sheet, row, 2, register_text.plain_unit(entry, scenario, words))
    effect = "live" if live else "contract" if entry.section == "deal" else "simulated"
    text(book, sheet, row, 3, book.t(f"effect.{effect if entry.when(scenario) else 'unused'}"), "note")
    text(book, sheet, row, 4, register_text.confidence(entry, scenario, words, weak))
    text(book, sheet, row, 5, register_text.source(entry, scenario, words))
    text(book, sheet, row, 6, entry.path, "note")
    if not live:
        _value(book, sheet, row, scenario.get(entry.path), False, entry, COPY)
    target = book.ref("inputs", cell(row, 1 if live else COPY, "rc"))
    book.file.define_name(input_name(entry.path), "=" + target)


def _value(book: Book, sheet: Any, row: int, value: Any, live: bool, entry: Input, column: int = 1) -> None:
    style = book.formats["input" if live else "fixed"]
    if value is None:
        style = book.formats["input_text" if live else "plain"]
        sheet.write_string(row, column, book.words.t("inputs.none"), style)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, style)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, str(value), book.formats["input_text" if live else "plain"])
        if live and entry.choices:
            sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": [str(c) for c in entry.choices]})


def compare_copies(book: Book, sheet: Any, rows: list[int]) -> None:
    """How many white cells are not what the simulation was run with: no formula of money reads one, so that a changed
    cell can be told and never counted."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    terms = (
        f"SUMPRODUCT(--({cell(a, 1, 'rc')}:{cell(b, 1, 'rc')}<>{cell(a, COPY, 'rc')}:{cell(b, COPY, 'rc')}))"
        for a, b in runs
    )
    text(book, sheet, 2, 0, book.t("inputs.moved"), "note")
    put(book, sheet, 2, 1, "=" + "+".join(terms), 0, "number")
    book.file.define_name("whites_moved", "=" + book.ref("inputs", cell(2, 1, "rc")))


def mark_dead(book: Book) -> None:
    """Yellow cells that no formula of this file reads are white in truth: they say so. Called when all is written."""
    sheet = book.file.get_worksheet_by_name(book.t("sheet.inputs"))
    entries = [entry for entry in register().values() if entry.kind != "other"]
    for row, entry in enumerate(entries, start=FIRST_ROW):
        if is_live(entry) and input_name(entry.path) not in book.read:
            _value(book, sheet, row, book.study.scenario.get(entry.path), False, entry)
            if entry.when(book.study.scenario):
                text(book, sheet, row, 3, book.t("effect.not_here"), "note")


def _vat_formula(includes: str, rate: str) -> str:
    """What prices that include VAT, or not, are multiplied by to stand on the study's basis."""
    return f'=IF({includes},IF(in_finance_vat_basis="incl",1,1/(1+{rate})),IF(in_finance_vat_basis="incl",1+{rate},1))'


BEYOND = "IF(in_storage_energy_kwh>0,MAX(0,in_storage_power_kw-in_storage_energy_kwh/in_finance_storage_price_hours),0)"


def _derived_cells(book: Book) -> list[tuple[str, str | None, float]]:
    """(name, formula or None, value) of each helper cell that follows from the inputs."""
    study, scenario = book.study, book.study.scenario
    finance = scenario.finance
    by_site = ALTERNATIVES.index(study.baseline) + 1  # what the site says where none is chosen
    names = ",".join(f'"{name}"' for name in ALTERNATIVES)
    rates, own = bill_rates(scenario, study.dispatch), "in_finance_prices_include_vat"
    return [
        ("baseline_number", f"=IFERROR(MATCH(in_finance_baseline,{{{names}}},0),{by_site})", by_site),
        ("periods_per_year", None, MONTHLY),
        (
            "period_rate",
            "=(1+in_finance_discount_rate)^(1/periods_per_year)-1",
            (1 + finance.discount_rate) ** (1 / MONTHLY) - 1,
        ),
        ("vat_factor", _vat_formula(own, "in_finance_vat_rate"), from_inputs(scenario, "vat")),
        (
            "vat_services_factor",
            _vat_formula(own, "in_finance_vat_services_rate"),
            from_inputs(scenario, "vat_services"),
        ),
        ("bill_vat_factor", _vat_formula("tariff_includes_vat", "tariff_vat_rate"), rates.vat_factor),
        ("storage_is_bought", '=IF(in_finance_storage_ownership="buy",1,0)', float(finance.storage_ownership == "buy")),
        ("genset_is_bought", '=IF(in_finance_genset_ownership="buy",1,0)', float(finance.genset_ownership == "buy")),
        ("storage_price", derived_formula("storage_price"), from_inputs(scenario, "storage_price")),
        ("battery_kw_beyond", f"={BEYOND}", from_inputs(scenario, "kw_beyond")),
        ("new_transformer_kva", None, from_inputs(scenario, "new_kva")),
        ("has_grid_works", None, from_inputs(scenario, "has_works")),
        ("grid_works_cost", derived_formula("grid_works_cost"), from_inputs(scenario, "grid_works_cost")),
        ("gpus_on_site", None, gpus(scenario.load)),
        ("gpu_loss", derived_formula("gpu_loss"), from_inputs(scenario, "gpu_loss")),
        ("restart_cost", derived_formula("restart_cost"), from_inputs(scenario, "restart_cost")),
        *left_cells(book),
    ]


def _derived(book: Book, sheet: Any, row: int) -> None:
    """Named helper cells that follow from the inputs."""
    text(book, sheet, row, 0, book.t("inputs.derived"), "section")
    for k, (name, formula, value) in enumerate(_derived_cells(book), start=row + 1):
        text(book, sheet, k, 0, book.t(f"derived.{name}"))
        text(book, sheet, k, 6, name, "note")
        book.file.define_name(name, "=" + book.ref("inputs", cell(k, 1, "rc")))
        if formula:
            put(book, sheet, k, 1, formula, value, "fixed")
        else:
            number(book, sheet, k, 1, value, "fixed")


TARIFF_FIRST_ROW = 13


def tariff_sheet(book: Book) -> None:
    """Prices by month of the year and billing class; all live. Class prices hold the adders."""
    sheet, scenario, dispatch = book.sheet("tariff"), book.study.scenario, book.study.dispatch
    tariff = scenario.tariff
    text(book, sheet, 0, 0, book.t("tariff.title"), "title")
    text(book, sheet, 1, 0, say.own_name(tariff, book.words))
    text(book, sheet, 2, 0, register_text.source_words(f"{tariff.source} ({tariff.as_of})", book.words), "note")
    scalars: dict[str, float | bool] = {
        "tariff_tax_rate": tariff.energy_tax_rate,
        "tariff_vat_rate": tariff.vat_rate,
        "tariff_includes_vat": tariff.includes_vat,
        "tariff_export_credit": tariff.export_credit_per_kwh,
        "tariff_fixed_per_month": tariff.fixed_per_month,
        "tariff_capacity_per_kva": 0.0 if by_demand(book) else (tariff.capacity_per_kva_month or 0.0),
        "tariff_ratchet_fraction": tariff.ratchet_fraction if tariff.ratchet_months else 0.0,
    }
    minimum = tariff.minimum_per_month + tariff.minimum_per_kva_month * scenario.grid.transformer_kva
    if minimum:
        scalars["tariff_minimum_per_month"] = minimum
    for k, (key, value) in enumerate(scalars.items(), start=4):
        text(book, sheet, k, 0, book.t(f"derived.{key}"))
        write = sheet.write_boolean if isinstance(value, bool) else sheet.write_number
        write(k, 1, value, book.formats["input"])
        book.file.define_name(key, "=" + book.ref("tariff", cell(k, 1, "rc")))
    classes = [book.t("column.price_of", name=label) for label in class_labels(book)]
    charges = [book.t("column.demand_of", name=say.charge(charge.name, book.words)) for charge in demand_charges(book)]
    spread = monthly_spread(tariff) if tariff.market else ()
    market = [book.t(f"column.market_{key}") for key, _ in zip(("mean", "low", "high"), spread, strict=False)]
    heads(book, sheet, TARIFF_FIRST_ROW - 1, [book.t("column.calendar_month"), *classes, *charges, *market])
    for k, month in enumerate(dispatch.clock.calendar_months()):
        row = TARIFF_FIRST_ROW + k
        number(book, sheet, row, 0, month)
        for j, price in enumerate(dispatch.classes.energy_per_kwh[k], start=1):
            if np.isfinite(price):
                number(book, sheet, row, j, price, "input")
        for j, charge in enumerate(demand_charges(book), start=1 + len(classes)):
            number(book, sheet, row, j, charge.per_kw_month * (month in charge.months), "input")
        for j, values in enumerate(spread, start=1 + len(classes) + len(charges)):
            number(book, sheet, row, j, values[month - 1])
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, 20, 16)


def class_labels(book: Book) -> list[str]:
    """Billing classes in words: price periods, or a mixture of two."""
    return [register_text.period(name, book.words) for name in book.study.dispatch.classes.names]


def by_demand(book: Book) -> bool:
    return book.study.scenario.tariff.demand_basis != "transformer_kva"


def demand_charges(book: Book) -> tuple:
    """The charges per kW that are raised: none where the charge is on transformer kVA."""
    return book.study.scenario.tariff.demand_charges if by_demand(book) else ()
