"""WordprocessingML as text: paragraphs, runs, controls, fields. Rows and sentences are put together as text, since one
call a cell takes a second for a large table; the order of a property's children is the one that Word asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from xml.sax.saxutils import escape, quoteattr

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

NUMBER = re.compile(r"[−+±≥≤<>]?\d[\d,.\u202f]*%?")
CHECKBOX = "http://schemas.microsoft.com/office/word/2010/wordml"
SPACES = nsdecls("w", "r", "wp", "a", "pic") + f' xmlns:w14="{CHECKBOX}"'
GOTHIC = '<w:rFonts w:ascii="MS Gothic" w:eastAsia="MS Gothic" w:hAnsi="MS Gothic" w:hint="eastAsia"/>'
LONGEST_ALIAS = 60


class Marks:
    """Marks of one document: every control and picture has a number of its own."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)

    def number(self) -> int:
        return next(self._numbers)

    def control(self, inside: str, tag: str, *, alias: str = "", bound: str = "", is_text: bool = False) -> str:
        """A control that Word does not let anybody change; the words around it stay free."""
        named = f"<w:alias w:val={quoteattr(alias[:LONGEST_ALIAS])}/>" if alias else ""
        kind = "<w:text/>" if is_text else ""
        return (
            f"<w:sdt><w:sdtPr>{named}<w:tag w:val={quoteattr(tag)}/><w:id w:val='{self.number()}'/>"
            f"<w:lock w:val='sdtContentLocked'/>{bound}{kind}</w:sdtPr><w:sdtContent>{inside}</w:sdtContent></w:sdt>"
        )

    def figures(self, text: str, *, bold: bool = False) -> str:
        """Runs of a sentence, with each number in it locked."""
        parts, at = [], 0
        for found in NUMBER.finditer(text):
            parts.append(run(text[at : found.start()], bold=bold))
            parts.append(self.control(run(found.group(), bold=bold), "figure", is_text=True))
            at = found.end()
        return "".join([*parts, run(text[at:], bold=bold)])

    def tick(self, text: str, done: bool = False) -> str:
        """A line with a box that a reader ticks in Word."""
        sign = "☒" if done else "☐"
        box = (
            f"<w:sdt><w:sdtPr><w:id w:val='{self.number()}'/><w14:checkbox><w14:checked w14:val='{int(done)}'/>"
            "<w14:checkedState w14:val='2612' w14:font='MS Gothic'/>"
            "<w14:uncheckedState w14:val='2610' w14:font='MS Gothic'/></w14:checkbox></w:sdtPr>"
            f"<w:sdtContent><w:r><w:rPr>{GOTHIC}</w:rPr><w:t>{sign}</w:t></w:r></w:sdtContent></w:sdt>"
        )
        return para(box + run(f"  {text}"))


def run(text: str, *, bold: bool = False, colour: str = "", half_points: int = 0) -> str:
    """A run of text; its line ends are kept."""
    if not text:
        return ""
    look = "<w:b/>" if bold else ""
    look += f"<w:color w:val='{colour}'/>" if colour else ""
    look += f"<w:sz w:val='{half_points}'/>" if half_points else ""
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}{lines}</w:r>"


def para(
    inside: str,
    style: str = "Normal",
    *,
    keep: bool = False,
    on_new_page: bool = False,
    fill: str = "",
    align: str = "",
) -> str:
    """A paragraph of runs."""
    look = f"<w:pStyle w:val='{style}'/>"
    look += "<w:keepNext/>" if keep else ""
    look += "<w:pageBreakBefore/>" if on_new_page else ""
    look += f"<w:shd w:val='clear' w:color='auto' w:fill='{fill}'/>" if fill else ""
    look += f"<w:jc w:val='{align}'/>" if align else ""
    return f"<w:p><w:pPr>{look}</w:pPr>{inside}</w:p>"


def field(code: str, shown: str = "", *, is_dirty: bool = False) -> str:
    """A field that Word works out, with what it shows until then."""
    dirty = " w:dirty='true'" if is_dirty else ""
    return (
        f"<w:r><w:fldChar w:fldCharType='begin'{dirty}/></w:r>"
        f'<w:r><w:instrText xml:space="preserve"> {escape(code)} </w:instrText></w:r>'
        f"<w:r><w:fldChar w:fldCharType='separate'/></w:r>{run(shown)}"
        "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    )


def elements(xml: str) -> list:
    """Elements of a text of marks."""
    return list(parse_xml(f"<w:body {SPACES}>{xml}</w:body>"))
