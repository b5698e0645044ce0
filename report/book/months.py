"""The sheet of months: what the simulation gave, and bill and running costs as formulas on it, for each alternative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finance.bill import OVERRUN
from finance.kpis import served_kwh
from finance.ledger import crew_months
from finance.lines import keys
from finance.price_paths import COMPONENTS
from finance.rates import reactive_kvarh
from report.book.cells import Book, cell, heads, number, put, span, text
from report.book.inputs import TARIFF_FIRST_ROW, class_labels, demand_charges
from report.book.lines import line_formula
from report.book.paths import factor_cell
from report.text import say
from sim.dispatch.lanes import import_limits_kw
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.tariff import PriceTier

FIRST_ROW = 4
ABOUT = ("alternative", "month", "calendar_month", "year")
SIMULATED = (
    "served_kwh",
    "unserved_kwh",
    "genset_kwh",
    "fuel_l",
    "sets",
    "crew_kind",
    "connected",
    "export_kwh",
    "events",
    "lost_gpu_h",
    "stopped_gpus",
)
BILL = ("energy", "tiers", "tax", "capacity", "fixed", "power_factor", "export", "minimum")
# Rules few tariffs have, and the test of whether this one has them; the others have no such column.
RULES = {
    "tiers": lambda scenario: bool(scenario.tariff.energy_tiers),
    "power_factor": lambda scenario: (
        scenario.grid.power_factor is not None and scenario.tariff.power_factor_rule != "none"
    ),
    "minimum": lambda scenario: bool(scenario.tariff.minimum_per_month or scenario.tariff.minimum_per_kva_month),
}
MARKET = ("worth_import", "worth_export")
PLANT = keys(due="monthly")
CREW_KINDS = {"main_months": 2, "standby_months": 1}


@dataclass(frozen=True)
class MonthColumns:
    """Where each quantity stands: column numbers by name."""

    at: dict[str, int]
    classes: int
    charges: int

    @property
    def imports(self) -> tuple[int, int]:
        return self.at["import_0"], self.at["import_0"] + self.classes - 1


def month_columns(book: Book) -> MonthColumns:
    """The layout, which depends on the tariff's classes and charges."""
    classes, charges = len(book.study.dispatch.classes.names), len(demand_charges(book))
    names = [*ABOUT, *SIMULATED]
    names += ["reactive_kvarh"] * has_rule(book, "power_factor")
    names += [*MARKET] * (book.study.scenario.tariff.market is not None)
    names += [f"import_{k}" for k in range(classes)] + [f"peak_{k}" for k in range(charges)]
    names += [f"declared_{k}" for k in range(charges) if declared_kw(book, k) is not None]
    names += [f"billed_{k}" for k in range(charges)] + [f"demand_{k}" for k in range(charges)]
    names += [name for name in BILL if name not in RULES or has_rule(book, name)] + ["bill", *PLANT, "unserved_value"]
    return MonthColumns({name: k for k, name in enumerate(names)}, classes, charges)


def has_rule(book: Book, name: str) -> bool:
    return RULES[name](book.study.scenario)


def declared_kw(book: Book, charge: int) -> NDArray[np.float64] | None:
    """What is declared (alternatives, months) where the charge is on a declared demand, as the study has it."""
    tariff, name = book.study.scenario.tariff, demand_charges(book)[charge].name
    by_contract = tariff.demand_basis == "contract_demand" and demand_charges(book)[charge].is_all_hours
    return book.study.bill.billed_kw[name] if by_contract else None


def first_row_of(book: Book, row: int) -> int:
    """The sheet row of the first month of an alternative (its position in `ALTERNATIVES`)."""
    return FIRST_ROW + row * book.study.dispatch.months


def months_sheet(book: Book) -> None:
    """One row for each alternative and project month."""
    sheet, columns = book.sheet("months"), month_columns(book)
    text(book, sheet, 0, 0, book.t("months.title"), "title")
    text(book, sheet, 1, 0, book.t("months.note"), "note")
    heads(book, sheet, FIRST_ROW - 1, list(_labels(book, columns)))
    text(book, sheet, FIRST_ROW - 2, columns.at["served_kwh"], book.t("months.simulated"), "note")
    text(
        book, sheet, FIRST_ROW - 2, columns.at.get("billed_0", columns.at["energy"]), book.t("months.formulas"), "note"
    )
    values = _values(book, columns)
    for row in range(len(ALTERNATIVES)):
        for month in range(book.study.dispatch.months):
            _month_row(book, sheet, columns, values, row, month)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, len(columns.at), 13)
    sheet.freeze_panes(FIRST_ROW, 4)


def _labels(book: Book, columns: MonthColumns) -> Iterator[str]:
    labels = class_labels(book)
    charges = [say.charge(charge.name, book.words) for charge in demand_charges(book)]
    for name in columns.at:
        kind, _, position = name.rpartition("_")
        if kind == "import":
            yield book.t("column.import_of", name=labels[int(position)])
        elif kind in ("peak", "declared", "billed", "demand") and position.isdigit():
            yield book.t(f"column.{kind}_of", name=charges[int(position)])
        elif name in PLANT:
            yield book.words.t(f"answers.line.{name}")
        else:
            yield book.t(f"column.{name}")


def _values(book: Book, columns: MonthColumns) -> dict[str, NDArray[np.float64]]:
    """All numbers of the sheet (alternatives, months), as the study has them."""
    study, dispatch = book.study, book.study.dispatch
    monthly, bill, lines = dispatch.monthly, study.bill, study.ledger.lines
    main, standby = crew_months(monthly, dispatch.sets)
    has_grid = np.array([name != "diesel" for name in ALTERNATIVES])[:, None]
    limits = import_limits_kw(study.scenario, dispatch.months)
    values = {
        "served_kwh": served_kwh(dispatch),
        "unserved_kwh": monthly["unserved_kwh"],
        "genset_kwh": monthly["genset_kwh"],
        "fuel_l": monthly["fuel_l"],
        "sets": dispatch.sets,
        "crew_kind": CREW_KINDS["main_months"] * main + CREW_KINDS["standby_months"] * standby,
        "connected": (has_grid & (limits > 0)).astype(float),
        "export_kwh": dispatch.export_kwh.sum(axis=-1),
        "events": monthly["interruptions"],
        "lost_gpu_h": monthly["lost_gpu_h"],
        "stopped_gpus": monthly["stopped_gpus"],
        "worth_import": dispatch.monthly["import_worth"],
        "worth_export": dispatch.monthly["export_worth"],
        "energy": bill.energy_charge,
        "tax": bill.tax,
        "tiers": bill.tiers,
        "power_factor": bill.power_factor,
        "minimum": bill.minimum,
        "capacity": bill.capacity_charge,
        "fixed": bill.fixed,
        "export": bill.export_credit,
        "bill": bill.total,
        "unserved_value": -study.ledger.unserved_value[:, 1:],
        **{name: lines[name][:, 1:] for name in PLANT},
    }
    if has_rule(book, "power_factor"):
        values["reactive_kvarh"] = reactive_kvarh(study.scenario, monthly)
    for k in range(columns.classes):
        values[f"import_{k}"] = dispatch.import_kwh[..., k]
    for k, charge in enumerate(demand_charges(book)):
        measured = dispatch.classes.measured[k]
        values[f"peak_{k}"] = np.max(dispatch.peak_kw, axis=-1, where=measured, initial=0.0)
        names = [name for name in (charge.name, charge.name + OVERRUN) if name in bill.billed_kw]
        values[f"billed_{k}"] = sum(bill.billed_kw[name] for name in names)
        values[f"demand_{k}"] = sum(bill.demand_charges[name] for name in names)
        if declared_kw(book, k) is not None:
            values[f"declared_{k}"] = declared_kw(book, k)
    return values


def _month_row(book: Book, sheet: Any, columns: MonthColumns, values: dict, row: int, month: int) -> None:
    dispatch, at = book.study.dispatch, columns.at
    line, template = first_row_of(book, row) + month, month % dispatch.clock.months
    text(book, sheet, line, at["alternative"], say.name(ALTERNATIVES[row], book.words, first=True))
    number(book, sheet, line, at["month"], month + 1)
    number(book, sheet, line, at["calendar_month"], dispatch.clock.calendar_months()[template])
    number(book, sheet, line, at["year"], month // 12 + 1)
    for name in (
        *SIMULATED,
        *(f"import_{k}" for k in range(columns.classes)),
        *(f"peak_{k}" for k in range(columns.charges)),
        *(name for name in at if name in ("reactive_kvarh", *MARKET) or name.startswith("declared_")),
    ):
        number(book, sheet, line, at[name], values[name][row, month])
    for name, formula in _formulas(book, columns, row, month):
        put(book, sheet, line, at[name], formula, values[name][row, month] + 0.0)


def _formulas(book: Book, columns: MonthColumns, row: int, month: int) -> Iterator[tuple[str, str]]:
    """(column, formula) of one month; what cannot occur in an alternative has none."""
    line, at = first_row_of(book, row) + month, columns.at
    here = {name: cell(line, column) for name, column in at.items()}
    here |= {f"price_{name}": factor_cell(book, name, month // 12 + 1) for name in COMPONENTS}
    imports = span(line, *columns.imports)
    if ALTERNATIVES[row] != "diesel":
        yield from _bill_formulas(book, columns, row, month, here, imports)
    quantities = {name: here[name] for name in SIMULATED} | {f"up.{name}": here[f"price_{name}"] for name in COMPONENTS}
    quantities |= {name: f"IF({here['crew_kind']}={kind},1,0)" for name, kind in CREW_KINDS.items()}
    quantities |= {"import_kwh": f"SUM({imports})", "interruptions": here["events"]}
    yield "unserved_value", f"={here['unserved_kwh']}*in_finance_unserved_per_kwh*{here['price_compute']}"
    for name in PLANT:
        formula = line_formula(book, row, name, quantities, month)
        if formula is not None:
            yield name, formula


def _bill_formulas(book, columns, row: int, month: int, here: dict, imports: str) -> Iterator[tuple[str, str]]:
    tariff_row = TARIFF_FIRST_ROW + month % book.study.dispatch.clock.months
    prices = book.ref("tariff", span(tariff_row, 1, columns.classes, "rc"))
    scale = f"{here['connected']}*{here['price_energy']}*bill_vat_factor"
    by_demand = f"{here['connected']}*{here['price_demand']}*bill_vat_factor"
    energy_scale = f"{scale}*in_finance_energy_price_factor"
    # The price factor and the path act on the class price with its adders, as in `finance.rates`.
    bought, sold = (f"+{here[name]}" if name in here else "" for name in MARKET)
    yield "energy", f"={energy_scale}*(SUMPRODUCT({imports},{prices}){bought})"
    taxed, month_number = here["energy"], book.study.dispatch.clock.calendar_months()[tariff_row - TARIFF_FIRST_ROW]
    if "tiers" in here:
        yield "tiers", f"={energy_scale}*({_energy_tiers(book, here, month_number)})"
        taxed = f"({here['energy']}+{here['tiers']})"
    yield "tax", f"={taxed}*tariff_tax_rate"
    for k, charge in enumerate(demand_charges(book)):
        price = book.ref("tariff", cell(tariff_row, 1 + columns.classes + k, "rc"))
        yield f"billed_{k}", f"={here['connected']}*{_billed(book, columns, row, month, k)}"
        in_tiers = _tiers(here[f"billed_{k}"], charge.tiers) if charge.tiers and month_number in charge.months else "0"
        plain = f"{here[f'billed_{k}']}*{price}" + (f"+{in_tiers}" if charge.tiers else "")
        yield f"demand_{k}", f"=({plain})*{here['price_demand']}*bill_vat_factor{_high_use(book, imports)}"
    yield "capacity", f"={by_demand}*tariff_capacity_per_kva*in_grid_transformer_kva"
    yield "fixed", f"={by_demand}*tariff_fixed_per_month"
    yield "export", f"={scale}*({here['export_kwh']}*tariff_export_credit{sold})"
    demand = "".join(f"+{here[f'demand_{k}']}" for k in range(columns.charges))
    basic = f"{here['energy']}{demand}+{here['capacity']}" + (f"+{here['tiers']}" if "tiers" in here else "")
    before = f"{basic}+{here['tax']}+{here['fixed']}-{here['export']}"
    if "power_factor" in here:
        levies = f"{energy_scale}*{book.study.scenario.tariff.levies_per_kwh!r}*SUM({imports})"
        yield "power_factor", f"={here['connected']}*{_power_factor(here, imports)}*({basic}-{levies})"
        before += f"+{here['power_factor']}"
    if "minimum" in here:
        yield "minimum", f"=MAX(0,{by_demand}*tariff_minimum_per_month-({before}))*{here['connected']}"
    yield "bill", f"={before}" + (f"+{here['minimum']}" if "minimum" in here else "")


def _high_use(book: Book, imports: str) -> str:
    """The factor on charges per kW of a user that takes much per kVA; nothing where the tariff has no such rule."""
    tariff, kva = book.study.scenario.tariff, book.study.scenario.grid.transformer_kva
    if tariff.high_use_kwh_per_kva is None or not kva:
        return ""
    return f"*IF(SUM({imports})>={tariff.high_use_kwh_per_kva * kva!r},{tariff.high_use_factor!r},1)"


def _energy_tiers(book: Book, here: dict, month_number: int) -> str:
    """Sum of the tier rules of one month, at the tariff's prices."""
    shares = book.study.dispatch.classes.tier_share
    parts = ["0"]
    for rule, share in zip(book.study.scenario.tariff.energy_tiers, shares, strict=True):
        if month_number in rule.months:
            counted = "+".join(f"{here[f'import_{k}']}*{float(part)!r}" for k, part in enumerate(share) if part)
            parts.append(_tiers(f"({counted or '0'})", rule.tiers))
    return "+".join(parts)


def _tiers(quantity: str, tiers: tuple[PriceTier, ...]) -> str:
    """Each tier's price on the part within it: the first on all, then what changes at each limit on what lies above."""
    steps = [f"{quantity}*({tiers[0].adder!r})"]
    for below, tier in zip(tiers, tiers[1:], strict=False):
        steps.append(f"MAX(0,{quantity}-{below.up_to!r})*({tier.adder - below.adder!r})")
    return "(" + "+".join(steps) + ")"


def _power_factor(here: dict, imports: str) -> str:
    """Surcharge or rebate of the month by the table of `finance.demand_contract.power_factor_fraction`."""
    apparent = f"SQRT(SUM({imports})^2+{here['reactive_kvarh']}^2)"
    below = f"(90-100*ROUND(IF({apparent}>0,SUM({imports})/{apparent},1),2))"
    return (
        f"(0.005*MIN(MAX({below},0),20)+0.01*MIN(MAX({below}-20,0),5)+0.02*MAX({below}-25,0)"
        f"-0.0015*MIN(MAX(-{below},0),5))"
    )


def _billed(book: Book, columns: MonthColumns, row: int, month: int, charge: int) -> str:
    """The month's own peak, or a share of the greatest one of the months before where there is a ratchet; of a declared
    demand the declared kW and the factor on what goes beyond its tolerance."""
    column, line = columns.at[f"peak_{charge}"], first_row_of(book, row) + month
    tariff, own = book.study.scenario.tariff, cell(line, column)
    if f"declared_{charge}" in columns.at:
        declared, terms = cell(line, columns.at[f"declared_{charge}"]), tariff.contract
        return f"({declared}+{terms.overrun_factor!r}*MAX(0,{own}-{terms.tolerance!r}*{declared}))"
    calendar, first = book.study.dispatch.clock.calendar_months(), max(0, month - tariff.ratchet_months)
    feeding = [m for m in range(first, month) if calendar[m % len(calendar)] in tariff.ratchet_calendar_months]
    if not tariff.ratchet_months or not feeding:
        return own
    top = first_row_of(book, row)
    if len(feeding) == month - first:
        earlier = f"{cell(top + first, column)}:{cell(line - 1, column)}"
    else:
        earlier = ",".join(cell(top + m, column) for m in feeding)
    return f"MAX({own},tariff_ratchet_fraction*MAX({earlier}))"
