"""What a file's `expected.json` says against what the readers make of it, for `tests/test_field.py`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from finance.price_paths import read_points
from sim.meter.findings import MeterQuestion
from sim.meter.read import MeterReading, read_meter
from sim.problem import Refusal
from sim.tariff.bills_file import plain_name, read_bills_file
from sim.tariff.price_file import PriceChoices, read_curve
from sim.tariff.urdb import read_urdb, to_tariff

OWN = Path(__file__).resolve().parents[1] / "reference" / "field"
TOLERANCE = 1e-3
PRICE_TOLERANCE = 2e-3
# The files' site: Shanghai keeps UTC+8 all year.
SITE_OFFSET_H = 8
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
FIRST_DAY = dict(zip(MONTHS, np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]), strict=True))
BILL_FIELDS = ("month", "kwh", "max_demand_kw", "energy", "demand", "adjustment", "tax", "other", "total")


@dataclass(frozen=True)
class Outcome:
    """What came of a file: right, wrong, asked or refused, and the detail that shows it."""

    kind: str
    detail: str = ""


def folder() -> Path:
    """The folder of files: the project's own, or that of FIELD_DIR, which may hold `files/`."""
    named = Path(os.environ.get("FIELD_DIR", OWN))
    return named / "files" if (named / "files" / "expected.json").exists() else named


def cases() -> dict[str, dict[str, Any]]:
    path = folder() / "expected.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def allowed(case: dict[str, Any]) -> set[str]:
    """The outcomes that are right for a file."""
    text = case["right"].lower()
    found = {"right"}
    if case.get("question_allowed") or "or a question" in text:
        found.add("asked")
    if case.get("refusal_allowed") or text.startswith("a refusal"):
        found.add("refused")
    return found


def outcome(name: str, case: dict[str, Any]) -> Outcome:
    data = (folder() / name).read_bytes()
    door = {"meter": meter, "price": price, "urdb": urdb, "bills": bills, "paths": paths}[case["door"]]
    try:
        wrong = list(door(data, name, case))
    except MeterQuestion as question:
        return Outcome("asked", str(question))
    except Refusal as refusal:
        return _refused(str(refusal), case)
    return Outcome("wrong", "; ".join(wrong)) if wrong else Outcome("right")


def _refused(text: str, case: dict[str, Any]) -> Outcome:
    """A refusal that has to name a row and a column does so."""
    named = re.search(r"names row (\d+), column ([\w ]+)", case["right"])
    if named and not (f"row {named[1]}" in text and named[2].strip() in text):
        return Outcome("wrong", f"the refusal names something else: {text}")
    return Outcome("refused", text)


def _near(found: float, due: float, tolerance: float = TOLERANCE) -> bool:
    return abs(found - due) <= tolerance * max(abs(due), 1e-9)


# Load curves


def meter(data: bytes, name: str, case: dict[str, Any]) -> Iterator[str]:
    """A question of unit is answered as the words of the file suggest: by the first option."""
    options: dict[str, Any] = {"allow_short": True, "site_offset_h": SITE_OFFSET_H}
    try:
        reading = read_meter(data, name, **options)
    except MeterQuestion as question:
        if question.code != "unit_unknown":
            raise
        reading = read_meter(data, name, unit=question.options[0], **options)
    wrong = list(_meter_faults(reading, case))
    if wrong and reading.questions and case.get("question_allowed"):
        raise MeterQuestion("; ".join(reading.questions), code="guess", column=None, options=())
    yield from wrong


def _meter_faults(reading: MeterReading, case: dict[str, Any]) -> Iterator[str]:
    hours = reading.kw.reshape(8760, -1).mean(axis=1)
    first = (reading.start - timedelta(minutes=1)).date() if reading.start.minute else reading.start.date()
    begin = _day_of_year(datetime(first.year, first.month, first.day))
    if "energy_kwh" in case:
        found = float(hours[24 * begin : 24 * (begin + case["days"])].sum())
        if not _near(found, case["energy_kwh"]):
            yield f"energy {found:,.0f} kWh, not {case['energy_kwh']:,.0f}"
    if "peak_kw" in case and not _near(reading.peak_kw, case["peak_kw"]):
        yield f"peak {reading.peak_kw:,.4g} kW, not {case['peak_kw']:,.4g}"
    for at, due in _hours_told(case["right"]):
        found = float(hours[24 * _day_of_year(at) + at.hour])
        if not _near(found, due):
            yield f"{at:%m-%d %H}:00 {found:,.1f} kW, not {due:,.1f}"
    for month, due in re.findall(rf"({'|'.join(MONTHS)}) ([\d,]+) kWh", case["right"]):
        days = range(FIRST_DAY[month], [*FIRST_DAY.values(), 365][MONTHS.index(month) + 1])
        found = float(hours[24 * days[0] : 24 * (days[-1] + 1)].sum())
        if not _near(found, _figure(due)):
            yield f"{month} {found:,.0f} kWh, not {due}"
    for hour, due in re.findall(r"hour (\d+) (?:is )?([\d.]+) kW", case["right"]):
        if not _near(float(hours[int(hour)]), float(due)):
            yield f"hour {hour} is {hours[int(hour)]:,.1f} kW, not {due}"
    if "nothing is said of a clock change" in case["right"] and {f.code for f in reading.findings} & {
        "dst",
        "dst_gap",
        "gap_line",
    }:
        yield "a clock change is claimed"
    if "a finding at the least" in case["right"] and not reading.findings:
        yield "nothing is said"


def _hours_told(text: str) -> Iterator[tuple[datetime, float]]:
    pattern = r"(\d{4}-\d\d-\d\d) (\d\d):00-\d\d:00 (?:mean |is )?([\d.]+) kW"
    for day, hour, due in re.findall(pattern, text) + re.findall(
        r"(\d{4}-\d\d-\d\d) (\d\d):00-\d\d:00 (?:mean |is )?([\d.]+)$", text
    ):
        yield datetime.fromisoformat(f"{day} {hour}:00"), float(due)


def _day_of_year(at: datetime) -> int:
    return FIRST_DAY[MONTHS[at.month - 1]] + min(at.day, 28 if at.month == 2 else 31) - 1


def _figure(text: str) -> float:
    return float(text.replace(",", "").rstrip("."))


# Prices


def price(data: bytes, name: str, case: dict[str, Any]) -> Iterator[str]:
    curve = read_curve(data, name, PriceChoices(site_offset_h=SITE_OFFSET_H))
    text = case["right"]
    per_kwh = curve.per_kwh.ravel()
    is_year = "8760" in text or "January" in text
    if len(per_kwh) != (8760 if is_year else 24):
        yield f"{len(per_kwh)} prices"
        return
    for due, hour in re.findall(r"([\d.]+)(?: \w+/kWh)? (?:at|from) (\d\d):00", text):
        if not is_year and not _near(float(per_kwh[int(hour)]), float(due), PRICE_TOLERANCE):
            yield f"{per_kwh[int(hour)]} at {hour}:00, not {due}"
    for day, month, hour, summer, due in re.findall(
        r"(\d+) (\w+) (\d\d):00 (local summer time )?([\d.]+) \w+/kWh", text
    ):
        at = 24 * (FIRST_DAY[month] + int(day) - 1) + int(hour) - bool(summer)
        if not _near(float(per_kwh[at]), float(due), PRICE_TOLERANCE):
            yield f"{per_kwh[at]} on {day} {month} {hour}:00, not {due}"
    for due, day, month, hour in re.findall(r"([\d.]+) at (\d+) (\w+) (\d\d):00", text):
        at = 24 * (FIRST_DAY[month] + int(day) - 1) + int(hour)
        if not _near(float(per_kwh[at]), float(due), PRICE_TOLERANCE):
            yield f"{per_kwh[at]} on {day} {month} {hour}:00, not {due}"
    for due in re.findall(r"mean ([\d.]+)", text):
        if not _near(float(per_kwh.mean()), float(due), PRICE_TOLERANCE):
            yield f"mean {per_kwh.mean()}, not {due}"


# Rates


def urdb(data: bytes, name: str, case: dict[str, Any]) -> Iterator[str]:
    rate = read_urdb(data)
    tariff, findings = to_tariff(rate)
    text = case["right"]
    said = " ".join(findings)
    charges = [charge.per_kw_month for charge in tariff.demand_charges]
    for wrong in re.findall(r"never ([\d.]+)", text):
        figures = [*charges, tariff.minimum_per_month]
        if any(_near(figure, float(wrong)) for figure in figures) and not said:
            yield f"{wrong} a month in silence"
    if ratchet := re.search(r"ratchet ([\d.]+) on (\w+) to (\w+)", text):
        due = tuple(range(MONTHS.index(ratchet[2]) + 1, MONTHS.index(ratchet[3]) + 2))
        if (tariff.ratchet_fraction, tariff.ratchet_calendar_months) != (float(ratchet[1]), due):
            yield f"ratchet {tariff.ratchet_fraction} on {tariff.ratchet_calendar_months}"
    if energy := re.search(r"the rate, ([\d.]+) USD/kWh", text):
        prices = {price for season in tariff.seasons for price in season.prices_per_kwh.values()}
        if prices != {float(energy[1])}:
            yield f"energy {prices}"
    if "named" in text and not said:
        about = [float(due) for due in re.findall(r"(?:about|or) ([\d.]+)", text)]
        if not any(_near(charge, due, 0.03) for charge in charges for due in about):
            yield f"{charges} and nothing is named"


# Bills and price paths


def bills(data: bytes, name: str, case: dict[str, Any]) -> Iterator[str]:
    fields = {plain_name(field): field for field in BILL_FIELDS} | {"energycharge": "energy", "demandcharge": "demand"}
    rows = read_bills_file(data, name, fields).rows
    text = case["right"]
    by_month = {month: _figure(kwh) for month, kwh in re.findall(r"(\d{4}-\d\d): ([\d.,]+)", text)}
    for month, due in by_month.items():
        found = {row["month"]: row.get("kwh") for row in rows}
        if found.get(month) != due:
            yield f"{month}: {found.get(month)}, not {due}"
    if not by_month:
        figures = [_figure(one) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]
        found = [value for row in rows for value in (row.get("kwh"), row.get("total"))]
        if found != figures:
            yield f"{found}, not {figures}"


def paths(data: bytes, name: str, case: dict[str, Any]) -> Iterator[str]:
    points = read_points(data)
    for component, *due in re.findall(r"(\w+) ([\d.]+) and ([\d.]+)", case["right"]):
        found = [point.factor for point in points if point.component == component]
        if found != [float(one) for one in due]:
            yield f"{component}: {found}, not {due}"
