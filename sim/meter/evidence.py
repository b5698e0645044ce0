"""Where a unit and a transformer's ratio are told: heading, unit column, key, cells, upper heading, rows above."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from sim.meter import words
from sim.meter.columns import Layout, power_energy_pair
from sim.meter.file import Sheet
from sim.meter.findings import MeterFinding, MeterQuestion, Severity, asked, finding
from sim.meter.kinds import Kind
from sim.meter.units import ENERGY_UNITS, POWER_UNITS, UNIT_TO_KW, find_unit, is_energy, ratio_of, unit_of_cells
from sim.meter.words import has_word
from sim.problem import Problem

MOST_ROWS_ABOVE = 60
USUAL_POWER, USUAL_ENERGY = ("kW", "MW", "W"), ("kWh", "MWh", "Wh")


@dataclass(frozen=True)
class UnitEvidence:
    """A unit and the sentence that says where it stands; no unit where nothing names one."""

    unit: str | None
    where: Problem | None = None
    is_certain: bool = True


def column_unit(layout: Layout, sheet: Sheet, column: int, unit_cells: Sequence[object] | None) -> UnitEvidence:
    """The unit of a load column: from its heading, its cells, a unit column, the upper heading, the rows above."""
    name = layout.name(column)
    if unit := find_unit(name):
        return UnitEvidence(unit)
    if column < len(layout.profiles) and (unit := layout.profiles[column].unit):
        return UnitEvidence(unit, Problem("Its cells name the unit {unit}.", unit=unit))
    if unit_cells is not None and (unit := unit_of_cells(unit_cells)):
        return UnitEvidence(unit, Problem("The column of units says {unit}.", unit=unit))
    if column < len(layout.hints) and (unit := find_unit(layout.hints[column])):
        where = Problem('The heading above, "{heading}", says {unit}.', heading=layout.hints[column], unit=unit)
        return UnitEvidence(unit, where)
    return _unit_above(layout, sheet)


def _unit_above(layout: Layout, sheet: Sheet) -> UnitEvidence:
    """A unit in the rows above the table: a cell that is nothing but a unit, or one in a text."""
    last = (layout.header_row or layout.first_row) - 1
    cells = [str(cell).strip() for row in sheet.rows[max(0, last - MOST_ROWS_ABOVE) : last] for cell in row if cell]
    bare = {unit for cell in cells if len(cell) <= 12 and (unit := find_unit(cell)) and _is_bare(cell)}
    told = {unit for cell in cells if _UNIT_TOLD.search(cell[:100]) and (unit := find_unit(cell))}
    for units, is_certain in ((bare or told, True), ({unit for cell in cells if (unit := find_unit(cell))}, False)):
        if len(units) == 1:
            unit = units.pop()
            return UnitEvidence(unit, Problem("The rows above the table name the unit {unit}.", unit=unit), is_certain)
    return UnitEvidence(None)


_UNIT_TOLD = re.compile(r"unit|einheit|unité|unidad|eenheid|jednostka|单位|單位|単位|ед\.", re.I)


def _is_bare(cell: str) -> bool:
    return re.fullmatch(r"[\[(]?[A-Za-zА-я万千亿百十瓦时度兆·.*/-]{1,10}[\])]?", cell) is not None


def unit_column(layout: Layout, taken: set[int]) -> int | None:
    """The column whose heading speaks of units."""
    named = [c for c in range(len(layout.names)) if c not in taken and layout.profiles[c].kind is Kind.LABEL]
    return next(
        (c for c in named if _UNIT_TOLD.search(layout.name(c)[:40]) or layout.name(c).lower() in ("uom", "unite")), None
    )


def unit_asked(layout: Layout | None, column: int | None, name: str, is_counter: bool) -> MeterQuestion:
    """The question for a unit that nothing tells, likely answers first."""
    pair = power_energy_pair(layout, column) if layout is not None and column is not None else None
    speaks_of_energy = has_word(name, words.ENERGY) and not has_word(name, words.POWER)
    counts = is_counter or pair == "energy" or (pair is None and speaks_of_energy)
    first = (*USUAL_ENERGY, *USUAL_POWER) if counts else (*USUAL_POWER, *USUAL_ENERGY)
    options = ENERGY_UNITS if is_counter else tuple(dict.fromkeys((*first, *POWER_UNITS, *ENERGY_UNITS)))
    reason = Problem('Nothing in the file tells the unit of "{name}".', name=name)
    if re.search(r"kva(?!r)", name, re.I):
        reason = Problem(
            '"{name}" is apparent power: choose kW, and enter the power factor as the transformer ratio.', name=name
        )
    return asked("unit_unknown", reason, Problem("Choose the unit of the load."), options, name)


def chosen_unit(name: str, evidence: UnitEvidence, unit: str | None) -> tuple[str | None, list[MeterFinding]]:
    """(unit, findings) from what the file says and what was chosen; None where neither says anything."""
    if unit is None:
        if evidence.unit is None or evidence.where is None:
            return evidence.unit, []
        severity: Severity = "note" if evidence.is_certain else "question"
        return evidence.unit, [finding("unit", severity, evidence.where)]
    if evidence.unit in (None, unit) or not evidence.is_certain:
        return unit, []
    text = Problem(
        'The header "{column}" says {named}, but {unit} was chosen; the values were read as {unit}.',
        column=name,
        named=evidence.unit,
        unit=unit,
    )
    return unit, [finding("unit_differs", "warning", text)]


def factor_to_kw(unit: str, step: int) -> float:
    """kW per reading: energies are per interval of `step` minutes."""
    return UNIT_TO_KW[unit] * (60 / step if is_energy(unit) else 1.0)


# Ratios


def ratio_columns(layout: Layout, taken: set[int]) -> list[int]:
    """Columns whose heading speaks of a transformer's ratio; a combined one (综合倍率) stands for all."""
    named = [
        c
        for c in range(len(layout.names))
        if c not in taken and has_word(layout.name(c), words.RATIO) and layout.profiles[c].kind is not Kind.VALUES
    ]
    combined = [c for c in named if re.search(r"综合|總|总|total|combined|overall", layout.name(c), re.I)]
    return combined or named


def ratio_of_cells(columns: Sequence[Sequence[object]]) -> float | None:
    """The product of constant ratios, None where a column is empty, varies or holds none."""
    product = 1.0
    for cells in columns:
        texts = {str(cell).strip() for cell in cells if cell not in (None, "")}
        value = ratio_of(texts.pop()) if len(texts) == 1 else None
        if value is None:
            return None
        product *= value
    return product if columns and product > 1 else None


def ratio_above(layout: Layout, sheet: Sheet) -> float | None:
    """A ratio named in the rows above the table, in the same cell ("倍率: 2000") or the next."""
    last = (layout.header_row or layout.first_row) - 1
    found: dict[str, float] = {}
    for row in sheet.rows[max(0, last - MOST_ROWS_ABOVE) : last]:
        texts = ["" if cell is None else str(cell).strip()[:60] for cell in row]
        for at, text in enumerate(texts):
            if not text or not has_word(text, words.RATIO):
                continue
            inside = re.search(r"\d[\d.,/:]{0,16}", text)
            value = (
                ratio_of(inside[0].rstrip(".,:/"))
                if inside
                else ratio_of(texts[at + 1])
                if at + 1 < len(texts)
                else None
            )
            if value and value > 1:
                kind = re.search(r"\b(?:CT|PT|VT)\b", text, re.I)
                found.setdefault(kind[0].upper() if kind else "", value)
    # One for all, or those of current and voltage together.
    return found.get("") or (prod(found.values()) if found else None)


def ratio_finding(ratio: float) -> MeterFinding:
    text = Problem(
        "The file names a transformer ratio of {ratio:,.6g}; the values were multiplied by it. "
        "Set it to 1 if they are primary values already.",
        ratio=ratio,
    )
    return finding("ratio", "question", text)


def scale_finding(
    kw: np.ndarray, unit: str, expected_peak_kw: float | None, bounds: tuple[float, float]
) -> list[MeterFinding]:
    """A red line where the peak is far outside the expected one."""
    peak = float(kw.max())
    if not expected_peak_kw or peak <= 0:
        return []
    ratio = peak / expected_peak_kw
    if bounds[0] <= ratio <= bounds[1]:
        return []
    names = ENERGY_UNITS if is_energy(unit) else POWER_UNITS
    fitting = [name for name in names if bounds[0] * 5 <= ratio * UNIT_TO_KW[name] / UNIT_TO_KW[unit] <= bounds[1] / 5]
    fits = Problem("no unit would fit")
    if fitting:
        nearest = min(fitting, key=lambda name: abs(np.log(ratio * UNIT_TO_KW[name] / UNIT_TO_KW[unit])))
        fits = Problem("{unit} would fit", unit=nearest)
    text = Problem(
        "Read as {unit}, the peak is {peak:,.6g} kW, {ratio:,.3g} times the expected {expected:,.6g} kW: {fits}. "
        "Nothing was converted; choose the unit if it is wrong.",
        unit=unit,
        peak=peak,
        ratio=ratio,
        expected=expected_peak_kw,
        fits=fits,
    )
    return [finding("unit_1000", "warning", text)]
