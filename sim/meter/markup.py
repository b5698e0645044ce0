"""Tables inside HTML, JSON and XML spreadsheets -> rows. Many "xls" exports are web pages under another name."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from sim.meter.limits import CELL_LENGTH, MAX_COLUMNS, MAX_ROWS
from sim.meter.market_document import document_rows, is_market_document

Rows = list[Sequence[object]]
FEWEST_RECORDS = 20
MOST_TOLD = 40
# The heading of numbers that stand by their stamps alone.
BY_STAMP = ["time", "value"]


class _Tables(HTMLParser):
    """Collects the cells of all tables, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[object]]] = []
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables and len(self.tables[-1]) < MAX_ROWS:
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._close()
            self.cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._close()

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data[:CELL_LENGTH])

    def _close(self) -> None:
        if self.cell is not None and self.tables and self.tables[-1] and len(self.tables[-1][-1]) < MAX_COLUMNS:
            self.tables[-1][-1].append("".join(self.cell)[:CELL_LENGTH].strip())
        self.cell = None


def html_rows(text: str) -> Rows | None:
    """Rows of the longest table of a web page, None if it has none."""
    parser = _Tables()
    try:
        parser.feed(text)
    except (AssertionError, ValueError, RecursionError):
        return None
    longest: list = max(parser.tables, key=len, default=[])
    return longest or None


def json_rows(text: str) -> Rows | None:
    """The longest list of records (objects, or lists of equal length) as rows below their names, None without one."""
    try:
        tree = _tree(text)
        found, side = _records(tree, 0), _side_by_side(tree, 0)
    except (ValueError, RecursionError):
        return None
    if side and (found is None or len(side) > len(found) or not isinstance(found[0], dict)):
        beside = [] if side[0] is BY_STAMP else _told(tree, "", 0)[:MOST_TOLD]
        return [*([name, _flat(value)] for name, value in beside), [], *side]
    if found is None:
        return None
    if isinstance(found[0], list):
        return [[_flat(cell) for cell in row[:MAX_COLUMNS]] for row in found[:MAX_ROWS] if isinstance(row, list)]
    names = list(dict.fromkeys(str(name)[:CELL_LENGTH] for record in found[:50] for name in record))[:MAX_COLUMNS]
    records = (record for record in found[:MAX_ROWS] if isinstance(record, dict))
    head: Rows = [*([name, _flat(value)] for name, value in _told(tree, "", 0)[:MOST_TOLD]), []]
    return [*head, names, *([_flat(record.get(name)) for name in names] for record in records)]


def _tree(text: str) -> Any:
    """One JSON value, or a list of those that stand one a line."""
    try:
        return json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        return [json.loads(line) for line in lines[:MAX_ROWS]] if len(lines) >= FEWEST_RECORDS else None


def _side_by_side(tree: Any, depth: int) -> Rows | None:
    """Lists of equal length below their names, or numbers by their stamps, as rows below a heading; None without."""
    if depth > 8 or not isinstance(tree, (dict, list)):
        return None
    if isinstance(tree, list):
        parts = (_side_by_side(part, depth + 1) for part in tree[:FEWEST_RECORDS])
        return next((rows for rows in parts if rows), None)
    lists = {name: part for name, part in tree.items() if isinstance(part, list) and len(part) >= FEWEST_RECORDS}
    plain = {name: part for name, part in lists.items() if not isinstance(part[0], (dict, list))}
    names = [name for name in plain if len(plain[name]) == max(map(len, plain.values()))][:MAX_COLUMNS]
    if len(names) > 1:
        columns = (map(_flat, plain[name][:MAX_ROWS]) for name in names)
        return [[name[:CELL_LENGTH] for name in names], *map(list, zip(*columns, strict=True))]
    if len(tree) >= FEWEST_RECORDS and all(isinstance(part, (int, float, str)) for part in tree.values()):
        return [BY_STAMP, *([name[:CELL_LENGTH], _flat(part)] for name, part in list(tree.items())[:MAX_ROWS])]
    return next((rows for part in tree.values() if (rows := _side_by_side(part, depth + 1))), None)


def _told(tree: Any, name: str, depth: int) -> list[tuple[str, Any]]:
    """Names and values that stand beside the records, such as the unit."""
    if isinstance(tree, list) and len(tree) < FEWEST_RECORDS and depth <= 8:
        return [pair for part in tree for pair in _told(part, name, depth + 1)]
    if not isinstance(tree, dict) or depth > 8:
        return [(name, tree)] if name and isinstance(tree, (str, int, float)) else []
    inside = list(tree.items())[:MOST_TOLD]
    return [pair for key, part in inside for pair in _told(part, str(key)[:CELL_LENGTH], depth + 1)]


def _records(tree: Any, depth: int) -> list | None:
    if depth > 8:
        return None
    if isinstance(tree, list) and len(tree) >= FEWEST_RECORDS and isinstance(tree[0], (dict, list)):
        return tree
    if isinstance(tree, list) and len(tree) >= FEWEST_RECORDS and isinstance(tree[0], (int, float)):
        return [[value] for value in tree]
    inside = list(tree.values()) if isinstance(tree, dict) else tree[:FEWEST_RECORDS] if isinstance(tree, list) else []
    found = [records for part in inside if (records := _records(part, depth + 1)) is not None]
    return max(found, key=len, default=None)


def _flat(cell: Any) -> object:
    if isinstance(cell, (bool, int, float)) or cell is None:
        return cell if not isinstance(cell, int) or abs(cell) < 1 << 60 else str(cell)[:CELL_LENGTH]
    return str(cell)[:CELL_LENGTH]


def parse_xml(text: str) -> ElementTree.Element | None:
    """The root of an XML document; None where it is torn or brings definitions of its own, which can grow endlessly."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        # The text is decoded already, whatever encoding its first line names.
        return ElementTree.fromstring(re.sub(r"^\s{0,40}<\?xml[^>]{0,200}\?>", "", text))
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        return None


def local(element: ElementTree.Element) -> str:
    """An element's name without its name space."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def xml_rows(root: ElementTree.Element) -> Rows | None:
    """Rows of an XML spreadsheet (Excel 2003), or the most frequent element's children as columns; None without any."""
    if is_market_document(root):
        return document_rows(root)
    sheets = [element for element in root.iter() if local(element) == "Table"]
    if sheets and local(root) == "Workbook":
        rows = [row for row in max(sheets, key=len) if local(row) == "Row"]
        return [["".join(cell.itertext()).strip()[:CELL_LENGTH] for cell in row] for row in rows[:MAX_ROWS]]
    groups: dict[str, list[ElementTree.Element]] = {}
    for element in root.iter():
        if len(element) or element.attrib:
            groups.setdefault(local(element), []).append(element)
    best = max(groups.values(), key=len, default=[])
    if len(best) < FEWEST_RECORDS:
        return None
    names = list(dict.fromkeys(name for element in best[:50] for name in _leaves(element)))[:MAX_COLUMNS]
    return [names, *([_leaves(element).get(name) for name in names] for element in best[:MAX_ROWS])]


def _leaves(element: ElementTree.Element) -> dict[str, str]:
    children = {local(child): (child.text or "").strip()[:CELL_LENGTH] for child in element if not len(child)}
    return {name: value[:CELL_LENGTH] for name, value in element.attrib.items()} | children
