"""Where each kind of file keeps what it carries: attachments of a PDF, a custom XML part of a DOCX, a hidden sheet of
an XLSX."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from report.carry.texts import ENGINE, OFFER, SCENARIO, SUMMARY

SHEET_MARK = "powerladder"
XML_NAMESPACE = "urn:powerladder:document:1"
LONGEST_CELL = 30_000  # a cell of a workbook takes 32,767 characters
ABOUT = {
    SCENARIO: ("source", "All inputs of the study"),
    OFFER: ("data", "The offer"),
    SUMMARY: ("data", "All figures of the study in full"),
    ENGINE: ("supplement", "Version of the engine and digest of the inputs"),
}


def attachments(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """What the typesetter attaches, with its relation to the document as PDF/A-3 asks for."""
    return [
        {"name": name, "text": text, "kind": ABOUT[name][0], "about": ABOUT[name][1]} for name, text in texts.items()
    ]


def sheet_rows(texts: Mapping[str, str]) -> Iterator[list[str]]:
    """A row a text: its name, then its packed form in as many cells as it takes."""
    for name, text in texts.items():
        packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
        yield [name, *(packed[at : at + LONGEST_CELL] for at in range(0, len(packed), LONGEST_CELL))]


def xml_part(texts: Mapping[str, str], figures: Mapping[str, str]) -> bytes:
    """The part of a DOCX: the texts, and the figures its pages are bound to by number."""
    bound = "".join(f"<p:figure id={quoteattr(key)}>{escape(value)}</p:figure>" for key, value in figures.items())
    kept = "".join(f"<p:text name={quoteattr(name)}>{escape(text)}</p:text>" for name, text in texts.items())
    xml = f'<p:document xmlns:p="{XML_NAMESPACE}"><p:figures>{bound}</p:figures>{kept}</p:document>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}'.encode()
