"""Read back what a document carries: out of a PDF, a DOCX, an XLSX, or a scenario file.

The file may come from anybody: sizes are checked before anything is unpacked, and nothing in it is run.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from report.carry.places import SHEET_MARK, XML_NAMESPACE
from report.carry.texts import ENGINE, NAMES, OFFER, OFFER_KEY, SCENARIO, SUMMARY
from sim.inputs.scenario import Scenario, scenario_from_json
from sim.inputs.text import read_json
from sim.problem import Problem, Refusal
from study.saved import Saved, from_file

MOST_BYTES, MOST_UNPACKED, MOST_MEMBERS = 30_000_000, 120_000_000, 4000
NOT_OURS = Problem(
    "this file carries no scenario; give a PDF, DOCX, XLSX or ZIP made by PowerLadder, or a scenario file (JSON)"
)
DAMAGED = Problem("this file cannot be opened; it may be damaged or locked with a password")
TOO_LARGE = Problem("this file unpacks to more than a document of ours holds; give the file as it was made")


@dataclass(frozen=True)
class Carried:
    """What was found. kind: "pdf", "docx", "xlsx", "zip" or "json"; `offer` is a plain tree, empty where there is none;
    `summary` and `engine` are empty for a scenario file."""

    kind: str
    scenario: Scenario
    scenario_text: str
    offer: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    engine: dict[str, Any] = field(default_factory=dict)
    saved: Saved | None = None


def read(content: bytes) -> Carried:
    """What a file of ours carries. Raises Refusal where it carries nothing, InputError where its scenario is wrong."""
    if len(content) > MOST_BYTES:
        raise Refusal(TOO_LARGE)
    kind = kind_of(content)
    if kind == "json":
        return _scenario_file(content)
    texts = {"pdf": _of_pdf, "docx": _of_docx, "xlsx": _of_xlsx, "zip": _of_zip}[kind](content)
    if SCENARIO not in texts:
        raise Refusal(NOT_OURS)
    trees = {name: _tree(texts.get(name, "{}")) for name in (OFFER, SUMMARY, ENGINE)}
    return Carried(
        kind,
        scenario_from_json(texts[SCENARIO]),
        texts[SCENARIO],
        offer=trees[OFFER],
        summary=trees[SUMMARY],
        engine=trees[ENGINE],
    )


def kind_of(content: bytes) -> str:
    """ "pdf", "docx", "xlsx" or "zip" (of data) by what is in the file; anything else is taken for a scenario file."""
    if content[:5] == b"%PDF-":
        return "pdf"
    if content[:2] != b"PK":
        return "json"
    names = set(_members(content))
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    if SCENARIO in names:
        return "zip"
    raise Refusal(NOT_OURS)


def _scenario_file(content: bytes) -> Carried:
    tree = read_json(content) if f'"{OFFER_KEY}"'.encode() in content else None
    offer = tree.pop(OFFER_KEY, {}) if isinstance(tree, dict) else {}
    saved = from_file(json.dumps(tree) if isinstance(tree, dict) else content)
    text = saved.scenario.to_json()
    return Carried("json", saved.scenario, text, offer=offer if isinstance(offer, dict) else {}, saved=saved)


def _tree(text: str) -> dict[str, Any]:
    found = read_json(text)
    return found if isinstance(found, dict) else {}


def _of_pdf(content: bytes) -> dict[str, str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        attached = {} if reader.is_encrypted else reader.attachments
        found = {name: attached[name][0] for name in NAMES if attached.get(name)}
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, RecursionError) as error:
        raise Refusal(DAMAGED) from error
    return _decoded(found.items())


def _of_docx(content: bytes) -> dict[str, str]:
    """From the custom XML part; its number changes when another program saves, so each is looked into."""
    for name in _members(content):
        if re.fullmatch(r"customXml/item\d+\.xml", name):
            part = _unpacked(content, name)
            if XML_NAMESPACE.encode() not in part or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
                continue
            try:
                root = ElementTree.fromstring(part)
            except ElementTree.ParseError as error:
                raise Refusal(DAMAGED) from error
            if root.tag == f"{{{XML_NAMESPACE}}}document":
                texts = {str(one.get("name")): one.text or "" for one in root if one.tag.endswith("}text")}
                return {name: text for name, text in texts.items() if name in NAMES}
    return {}


def _of_zip(content: bytes) -> dict[str, str]:
    """From the data of a study."""
    return _decoded((name, _unpacked(content, name)) for name in _members(content) if name in NAMES)


def _of_xlsx(content: bytes) -> dict[str, str]:
    """From the hidden sheet that opens with our mark."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if SHEET_MARK not in book.sheet_names:
            return {}
        rows = book.get_sheet_by_name(SHEET_MARK).to_python()
    except (CalamineError, ValueError, OSError) as error:
        raise Refusal(DAMAGED) from error
    packed = {str(row[0]): "".join(map(str, row[1:])) for row in rows if str(row[0]) in NAMES}
    return _decoded((name, _inflated(text)) for name, text in packed.items())


def _inflated(text: str) -> bytes:
    """base64 of gzip, never unpacked beyond the limit."""
    try:
        opened = zlib.decompressobj(31)
        found = opened.decompress(base64.b64decode(text), MOST_BYTES)
    except (zlib.error, ValueError) as error:
        raise Refusal(DAMAGED) from error
    if opened.unconsumed_tail:
        raise Refusal(TOO_LARGE)
    return found


def _decoded(found: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    texts = {}
    for name, content in found:
        if len(content) > MOST_BYTES:
            raise Refusal(TOO_LARGE)
        try:
            texts[name] = content.decode()
        except UnicodeDecodeError as error:
            raise Refusal(DAMAGED) from error
    return texts


def _members(content: bytes) -> list[str]:
    """Names in a ZIP archive that is not larger unpacked than a document of ours."""
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Refusal(DAMAGED) from error
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNPACKED:
        raise Refusal(TOO_LARGE)
    return [member.filename for member in members]


def _unpacked(content: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)).open(name) as stream:
            return stream.read(MOST_BYTES)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error, ValueError) as error:
        raise Refusal(DAMAGED) from error
