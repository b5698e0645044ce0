"""Is this file ours, and do its figures still come out? What a document carries is worked out anew and compared.

Three questions: are the carried inputs those its figures were made of; does the engine of today give the same figures;
and do the pages show what the file carries, which can be redrawn around true attachments.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree import ElementTree
from zipfile import ZipFile

from i18n import Words, words
from report.book.workbook import workbook
from report.carry.places import SHEET_MARK
from report.carry.reading import Carried, read
from report.carry.texts import digest
from report.paper import pdf
from report.paper.saved import opened
from sim.inputs.scenario import ENGINE_VERSION
from study.evaluate import evaluate
from study.study import Study
from study.summary import summary

RELATIVE, ABSOLUTE, OF_A_SHEET = 1e-9, 1e-6, 1e-6
MOST_TOLD, LONGEST_TOLD = 20, 120
PLAIN = ("fingerprint",)  # mixes in the engine's version: told by that
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"
Why = Literal["", "inputs", "engine", "figures", "pages", "no_figures"]


@dataclass(frozen=True)
class Moved:
    """A figure that is another today, by its name in the summary."""

    name: str
    then: Any
    now: Any


@dataclass(frozen=True)
class Verified:
    """compared: how many figures; shown: how many lines or cells of the pages; differing: those that the pages do not
    show, or show otherwise."""

    carried: Carried
    engine: str
    same_inputs: bool
    compared: int
    moved: tuple[Moved, ...]
    shown: int
    differing: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.why == ""

    @property
    def why(self) -> Why:
        """What does not hold, the gravest first."""
        if not self.carried.summary:
            return "no_figures"
        if not self.same_inputs:
            return "inputs"
        if self.moved:
            return "figures" if self.engine == ENGINE_VERSION else "engine"
        return "pages" if self.differing else ""


def verify(content: bytes) -> Verified:
    """Work a file's study out anew. Raises Refusal where the file carries none."""
    found = read(content)
    study = evaluate(found.scenario)
    then = dict(_flat(found.summary))
    now = dict(_flat(json.loads(json.dumps(summary(study))))) if then else {}
    names = [name for name in (*then, *(now.keys() - then.keys())) if name not in PLAIN]
    moved = [Moved(name, then.get(name), now.get(name)) for name in names if not _same(then.get(name), now.get(name))]
    shown, differing = _pages(content, found, study) if then and not moved else (0, [])
    return Verified(
        found,
        str(found.engine.get("engine", "")),
        found.kind == "json" or found.engine.get("inputs") == digest(found.scenario_text),
        len(names),
        tuple(moved),
        shown,
        tuple(differing),
    )


def told(found: Verified, texts: Words) -> list[str]:
    """What was found, in sentences."""
    counts = {"n": found.compared, "shown": found.shown, "then": found.engine, "now": ENGINE_VERSION}
    key = "verify.yes" if found.holds else f"verify.no_{found.why}"
    lines = [texts.t(key, **counts)]
    if found.engine and found.engine != ENGINE_VERSION:
        lines.append(texts.t("verify.engine", **counts))
    lines += [
        texts.t("verify.moved", name=one.name, then=_written(one.then), now=_written(one.now))
        for one in found.moved[:MOST_TOLD]
    ]
    lines += [texts.t("verify.differs", text=text[:LONGEST_TOLD]) for text in found.differing[:MOST_TOLD]]
    left = max(0, len(found.moved) - MOST_TOLD) + max(0, len(found.differing) - MOST_TOLD)
    return [*lines, texts.t("verify.more", n=left)] if left else lines


def _pages(content: bytes, found: Carried, study: Study) -> tuple[int, list[str]]:
    """How many lines with figures the pages should show, and those they do not."""
    language = found.engine.get("language", "en")
    language = language if language in pdf.LANGUAGES else "en"
    if found.kind == "xlsx":
        texts = words(language)
        hourly = texts.t("proposal.xlsx.sheet.hourly") in _sheets(content)
        return _cells(content, workbook(study, texts, hourly=hourly))
    if found.kind in ("json", "zip"):
        return 0, []
    _, offer = opened(found)
    would_be = (pdf.board if found.engine.get("form") == "board" else pdf.data)(study, language, offer)
    text = _text_of_pdf(content, would_be) if found.kind == "pdf" else squeezed(_text_of_docx(content))
    head = squeezed(would_be["parts"][0]["header"])  # also stands in sentences
    wanted = list(shown_lines(would_be))
    return len(wanted), [line for line in wanted if squeezed(line).replace(head, "") not in text.replace(head, "")]


def shown_lines(content: dict[str, Any]) -> Iterator[str]:
    """Every sentence and every row of a table with a figure in it, as the pages of a proposal show them."""
    for part in content["parts"]:
        front = [part["cover"]["answer"], part["decision"]["answer"], *part["decision"]["lead"]]
        front += [f"{card['label']}{card['value']}{card['note']}" for card in part["decision"]["cards"]]
        front += ["".join(row) for row in part["decision"]["flips"]]
        blocks = (line for chapter in part["chapters"] for block in chapter["blocks"] for line in _lines(block))
        findings = [chapter["finding"] for chapter in part["chapters"]]
        yield from (line for line in (*front, *findings, *blocks) if re.search(r"\d", line))


def _lines(block: dict[str, Any]) -> Iterator[str]:
    if block["kind"] in ("text", "small", "heading"):
        yield from block["text"].split("\n")
    elif block["kind"] == "bullets":
        yield from block["items"]
    elif block["kind"] == "table":
        yield from ("".join(row) for row in block["rows"])
    elif block["kind"] == "pair":
        yield from (line for side in ("left", "right") for one in block[side] for line in _lines(one))


def squeezed(text: str) -> str:
    """A text without any blank, as a page may break it anywhere."""
    return re.sub(r"[\s\u00a0\u00ad\u200b]+", "", text)


def _text_of_pdf(content: bytes, would_be: dict[str, Any]) -> str:
    """The words of all pages without head and foot, which would part a sentence that runs on."""
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(content)).pages
    texts = []
    for number, page in enumerate(pages, start=1):
        text = squeezed(page.extract_text())
        for part in would_be["parts"]:
            for repeated in (part["footer"], part["header"]):
                text = text.replace(squeezed(repeated), "")
        texts.append(text.replace(f"{number}/{len(pages)}", ""))
    return "".join(texts)


def _text_of_docx(content: bytes) -> str:
    with ZipFile(io.BytesIO(content)) as package:
        root = ElementTree.fromstring(package.read("word/document.xml"))
    return "".join(one.text or "" for one in root.iter(WORD))


def _cells(content: bytes, ours: bytes) -> tuple[int, list[str]]:
    """Cells of a workbook that are not what they would be today, by sheet and cell; a table of steps is left out."""
    then, now = _sheets(content), _sheets(ours)
    count, differing = 0, []
    for name, rows in now.items():
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                given = _at(then.get(name, []), r, c)
                count += value != ""
                if not _alike(given, value):
                    place = f"{chr(65 + c) if c < 26 else c + 1}{r + 1}"
                    differing.append(f"{name}!{place}: {_written(given)} / {_written(value)}")
    return count, differing


def _sheets(content: bytes) -> dict[str, list[list[Any]]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    names = [name for name in book.sheet_names if name != SHEET_MARK]
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}


def _at(rows: list[list[Any]], r: int, c: int) -> Any:
    return rows[r][c] if r < len(rows) and c < len(rows[r]) else ""


def _alike(given: Any, value: Any) -> bool:
    if isinstance(given, int | float) and isinstance(value, int | float):
        return math.isclose(given, value, rel_tol=OF_A_SHEET, abs_tol=OF_A_SHEET)
    return given == value


def _flat(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves by dotted path; a list's by their number."""
    if isinstance(tree, dict | list):
        for key, part in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    else:
        yield path, tree


def _same(then: Any, now: Any) -> bool:
    if isinstance(then, int | float) and isinstance(now, int | float):
        return math.isclose(then, now, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return then == now


def _written(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else "-" if value in (None, "") else str(value)
