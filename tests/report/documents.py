"""Documents of the shipped cases, made once a test run, and what other programs read from them.

``paper``, ``pdf_of`` and ``book_of`` are what a user gets for a shipped case; ``text_of`` reads a PDF,
``by_formualizer`` and ``by_libreoffice`` recalculate workbooks.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest

from i18n import words
from report.book.workbook import workbook
from report.paper import pdf
from tests.processes import run_well
from tests.shared import made_once
from tests.studies import beside_of, study_of

RECALCULATE_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""
Cells = dict[tuple[str, str], object]  # stored values by sheet and cell


def paper(preset: str, language: str) -> dict[str, Any]:
    """All that the proposal of a shipped case says, with its turning points and what stands beside it."""

    def make() -> dict[str, Any]:
        study = study_of(preset)
        return pdf.data(study, language, extra=beside_of(preset))

    return made_once(f"paper {preset} {language}", make)


def pdf_of(preset: str, language: str) -> bytes:
    return made_once(f"pdf {preset} {language}", lambda: pdf.pdf(paper(preset, language)))


def book_of(preset: str, language: str = "en") -> bytes:
    """The workbook of a shipped case without its table of steps."""
    return made_once(f"book {preset} {language}", partial(workbook, study_of(preset), words(language), hourly=False))


def text_of(content: bytes, *options: str) -> str:
    """Text of a PDF without line ends and with plain blanks; ``options`` go to pdftotext."""
    with TemporaryDirectory() as folder:
        given = Path(folder) / "given.pdf"
        given.write_bytes(content)
        found = run_well([_tool("pdftotext", "poppler-utils"), *options, given, "-"], text=False)
    return re.sub(r"\s+", " ", found.stdout.decode().replace("\u00a0", " "))


def squeezed(text: str) -> str:
    """A text without any blank, as a PDF may break it anywhere."""
    return re.sub(r"\s+", "", text.replace("\u00a0", ""))


def by_formualizer(content: bytes) -> Cells:
    """What formualizer calculates in a workbook."""
    beside_python = shutil.which("formualizer", path=str(Path(sys.executable).parent))
    tool = beside_python or _tool("formualizer", "requirements-dev.txt")
    with TemporaryDirectory() as folder:
        given, found = Path(folder) / "given.xlsx", Path(folder) / "found.xlsx"
        given.write_bytes(content)
        run_well([tool, "recalc", given, "-o", found, "--json"])
        return values(found.read_bytes())


def by_libreoffice(contents: Iterable[bytes]) -> list[Cells]:
    """What LibreOffice calculates in several workbooks; it is started once, with a profile of its own."""
    tool = _tool("soffice", "LibreOffice")
    with TemporaryDirectory() as folder:
        profile, given = Path(folder) / "profile", []
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE_ALWAYS)
        for k, content in enumerate(contents):
            given.append(Path(folder) / f"given{k}.xlsx")
            given[-1].write_bytes(content)
        command = [tool, "--headless", f"-env:UserInstallation={profile.as_uri()}", "--convert-to", "xlsx", "--outdir"]
        run_well([*command, Path(folder) / "out", *given])
        return [values((Path(folder) / "out" / path.name).read_bytes()) for path in given]


def values(content: bytes) -> Cells:
    """Stored values by sheet and cell."""
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=True)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def _tool(name: str, package: str) -> str:
    """Where a program is; without it the test is skipped."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed ({package})")
    return found
