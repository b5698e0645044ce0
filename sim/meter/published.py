"""Published formats of meter data: NEM12 (Australia) and Green Button (ESPI, North America), read by their own rules.

NEM12: AEMO, Meter Data File Format Specification NEM12 & NEM13. Green Button: NAESB REQ.21 (ESPI), espi.xsd.
"""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from xml.etree.ElementTree import Element

import numpy as np

from sim.meter.findings import MeterFinding, finding, refusal
from sim.meter.limits import MAX_ROWS
from sim.meter.markup import local, parse_xml
from sim.meter.parts import Part, Role, rows_finding
from sim.meter.scripts import decode
from sim.meter.series import Readings
from sim.meter.stamps import DAY, YEARS
from sim.meter.table import Choices, Raw, SeriesFound
from sim.meter.units import UNIT_TO_KW
from sim.problem import Problem

NEM_STEPS = (5, 15, 30)
NEM_UNITS = {unit.lower(): unit for unit in UNIT_TO_KW}
# Quality: A actual, E estimate, F final substitute, S substitute; N is null.
NEM_MISSING = ("N",)
ESPI_UNITS = {"72": "Wh", "38": "W"}
ESPI_ELECTRICITY = ("", "0", "1")
MOST_SERIES = 60


@dataclass
class _Channel:
    """One series while it is read."""

    name: str
    unit: str
    role: Role
    minutes: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    is_whole: bool = True


def read_published(data: bytes, choices: Choices) -> SeriesFound | None:
    """The series of a file in a published format; None for any other file. Raises MeterError for a torn one."""
    head = data[:4000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:200].upper().replace(b'"', b"").startswith((b"100,NEM12", b"200,")):
        return _nem12(decode(data), choices)
    if head[:200].upper().replace(b'"', b"").startswith((b"100,NEM13", b"250,")):
        reason = Problem("A NEM13 file holds readings of whole months or quarters, not of intervals.")
        raise refusal("step", reason, "Ask the meter operator for the NEM12 file.")
    if head.startswith(b"<") and b"espi" in data[:200_000]:
        return _green_button(decode(data), choices)
    return None


def _found(channels: list[_Channel], choices: Choices, name: str, time: str, is_utc: bool) -> SeriesFound:
    channels = [channel for channel in channels if channel.minutes]
    if not channels:
        reason = Problem("The {format} file holds no interval readings.", format=name)
        raise refusal("empty", reason, "Ask the meter operator for the interval data.")
    parts = [Part(c.name, c.role, np.array(c.rows), at) for at, c in enumerate(channels)]
    used = [part for part in parts if part.name in choices.parts] if choices.parts else []
    findings: list[MeterFinding] = [
        finding("format", "note", Problem("The file is in the format {format}.", format=name))
    ]
    if not used:
        used = [part for part in parts if part.role == "load"] or parts[:1]
        findings += [rows_finding(parts, used)] if len(parts) > 1 else []
    raws = [_raw(channels[part.column], choices) for part in used]
    return SeriesFound(
        tuple(raws), tuple(parts), tuple(findings), time, " + ".join(part.name for part in used), "begin", is_utc
    )


def _raw(channel: _Channel, choices: Choices) -> Raw:
    minutes = np.array(channel.minutes, np.int64)
    readings = Readings(
        minutes, np.array(channel.values, float) * (choices.ratio or 1.0), np.array(channel.rows, np.int64)
    )
    return Raw(channel.name, readings, np.full(len(minutes), np.nan), choices.unit or channel.unit)


# NEM12


def _nem12(text: str, choices: Choices) -> SeriesFound:
    """Records 200 (channel), 300 (a day's readings) and 400 (quality within the day); empty readings are missing."""
    channels: dict[str, _Channel] = {}
    channel, step, at = None, 30, 0
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        for row, cells in enumerate(lines, start=1):
            kind = cells[0].strip() if cells else ""
            if row > MAX_ROWS or len(channels) > MOST_SERIES:
                raise refusal(
                    "too_large", Problem("The file has more than {most:,} rows.", most=MAX_ROWS), "Upload one year."
                )
            if kind == "200":
                channel, step = _nem12_channel(cells, row, channels)
            elif kind == "300" and channel is not None:
                at = len(channel.minutes)
                _nem12_day(cells, row, channel, step)
            elif kind == "400" and channel is not None and len(cells) >= 4 and cells[3][:1].upper() in NEM_MISSING:
                _nem12_missing(cells, channel, at)
    except csv.Error as error:
        reason = Problem("The NEM12 file cannot be split into columns.")
        raise refusal("damaged", reason, "Export it again.") from error
    return _found(list(channels.values()), choices, "NEM12", "300", False)


def _nem12_channel(cells: list[str], row: int, channels: dict[str, _Channel]) -> tuple[_Channel, int]:
    values = [cell.strip() for cell in cells] + [""] * 10
    suffix, unit, length = values[4].upper(), values[7], values[8]
    if length not in map(str, NEM_STEPS):
        reason = Problem("the interval length {length} is none of 5, 15 and 30 min.", length=length[:20] or "-")
        raise refusal("step", reason, "Export the NEM12 file again.", row)
    name = " · ".join(filter(None, (values[1][:20], suffix[:10], unit[:10])))
    if name not in channels:
        # Suffix E is energy taken from the grid, B sent to it; Q and K are reactive.
        role: Role = "export" if suffix.startswith("B") else "load" if suffix[:1] in ("E", "A") else "other"
        known = NEM_UNITS.get(unit.lower())
        channels[name] = _Channel(name, known or "kWh", role if known else "other")
    return channels[name], int(length)


def _nem12_day(cells: list[str], row: int, channel: _Channel, step: int) -> None:
    count = DAY // step
    try:
        day = date(int(cells[1][:4]), int(cells[1][4:6]), int(cells[1][6:8]))
    except (ValueError, IndexError) as error:
        raise refusal("bad_stamps", "the day cannot be read.", "Export the NEM12 file again.", row) from error
    if day.year not in YEARS or len(cells) < 2 + count:
        reason = Problem("the day has {given} readings, not {due}.", given=max(0, len(cells) - 2), due=count)
        raise refusal("columns", reason, "Export the NEM12 file again.", row)
    begin = (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY
    is_missing = len(cells) > 2 + count and cells[2 + count].strip()[:1].upper() in NEM_MISSING
    channel.minutes += range(begin, begin + DAY, step)
    channel.values += [np.nan if is_missing else _number(cell) for cell in cells[2 : 2 + count]]
    channel.rows += [row] * count


def _nem12_missing(cells: list[str], channel: _Channel, at: int) -> None:
    """Readings that a 400 record calls null, numbered from 1 within the day."""
    if cells[1].strip().isdecimal() and cells[2].strip().isdecimal():
        first, last = (int(cell.strip()[:4]) for cell in cells[1:3])
        for place in range(at + first - 1, min(at + last, len(channel.values))):
            channel.values[place] = np.nan


def _number(text: str | None) -> float:
    try:
        value = float((text or "").strip()[:40])
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


# Green Button


def _green_button(text: str, choices: Choices) -> SeriesFound:
    """IntervalReadings below their ReadingType; local time by LocalTimeParameters, the site's where there are none."""
    root = parse_xml(text)
    if root is None:
        raise refusal("damaged", Problem("The Green Button file is torn."), "Download it again.")
    types, blocks, offset = [], defaultdict(list), None
    entries = [element for element in root.iter() if local(element) == "entry"] or [root]
    links: dict[str, dict[str, str]] = {}
    last_type: dict[str, str] = {}
    for entry in entries:
        for element in entry.iter():
            tag = local(element)
            if tag == "ReadingType":
                last_type = {local(child): (child.text or "").strip() for child in element}
                types.append(last_type)
                links[_link(entry, "self")] = last_type
            elif tag == "LocalTimeParameters":
                offset = _number(_child(element, "tzOffset")) + 0.0
            elif tag == "IntervalBlock":
                blocks[_link(entry, "up")].append(element)
    kinds = _types_of_blocks(root, entries, blocks, links, types)
    channels = [_espi_channel(number, kinds[up], found, offset) for number, (up, found) in enumerate(blocks.items(), 1)]
    return _found(channels[:MOST_SERIES], choices, "Green Button", "start", offset is None or not np.isfinite(offset))


def _types_of_blocks(
    root: Element, entries: list[Element], blocks: dict, links: dict[str, dict[str, str]], types: list[dict[str, str]]
) -> dict[str, dict[str, str]]:
    """The ReadingType of each group of blocks, by the links of its MeterReading; else types and groups in turn."""
    related: dict[str, dict[str, str]] = {}
    for entry in entries:
        ups = [
            element.get("href", "")
            for element in entry.iter()
            if local(element) == "link" and element.get("rel") == "related"
        ]
        types_here = [links[href] for href in ups if href in links]
        if types_here:
            related |= {href: types_here[0] for href in ups if href not in links}
    return {up: related.get(up) or (types[min(at, len(types) - 1)] if types else {}) for at, up in enumerate(blocks)}


def _link(entry: Element, rel: str) -> str:
    return next((e.get("href", "") for e in entry.iter() if local(e) == "link" and e.get("rel") == rel), "")


def _child(element: Element, name: str) -> str:
    return next(((child.text or "").strip() for child in element.iter() if local(child) == name), "")


def _espi_channel(number: int, kind: dict[str, str], blocks: list[Element], offset: float | None) -> _Channel:
    uom, flow = kind.get("uom", "72"), kind.get("flowDirection", "1")
    power = _number(kind.get("powerOfTenMultiplier") or "0")
    factor = 10.0 ** (power if np.isfinite(power) and abs(power) <= 12 else 0.0)
    is_load = uom in ESPI_UNITS and kind.get("commodity", "1") in ESPI_ELECTRICITY
    role: Role = ("export" if flow == "19" else "load") if is_load else "other"
    what = {"export": "export", "load": "import", "other": f"uom {uom}"[:20]}[role]
    channel = _Channel(f"{number} · {what}", ESPI_UNITS.get(uom, "Wh"), role)
    shift = round(offset / 60) if offset is not None and np.isfinite(offset) else 0
    for block in blocks:
        for reading in block.iter():
            if local(reading) == "IntervalReading":
                start, value = _number(_child(reading, "start")), _number(_child(reading, "value"))
                if np.isfinite(start) and 0 < start < 3e9 and len(channel.minutes) < MAX_ROWS:
                    channel.minutes.append(round(start / 60) + shift)
                    channel.values.append(value * factor)
                    channel.rows.append(len(channel.rows) + 1)
    return channel
