"""All files of a study, as the command line writes them and the page offers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from i18n import words
from report.archive import data_zip
from report.book.workbook import workbook
from report.files import write_csv_files
from report.paper import pdf
from report.paper.names import document_name
from report.paper.offer import Offer
from report.paper.pdf import LANGUAGES
from report.paper.saved import offer_text
from report.word.document import proposal_docx
from study.beside import beside
from study.study import Study

SETTERS = {"pdf": pdf.pdf, "docx": proposal_docx}  # of the same blocks
KINDS = ("pdf", "board", "docx", "xlsx", "csv", "data")


def write_files(
    study: Study,
    folder: Path,
    kinds: tuple[str, ...],
    language: str,
    offer: Offer | None = None,
    years: Iterable[int] = (1,),
) -> Iterator[Path]:
    """Write the kinds asked for; each path as soon as it is written. "both" gives one PDF or DOCX, and a workbook, data
    and CSV files in each language. years: of which every step stands in the data. Raises ValueError for a
    language or kind that is not there."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"there is no kind of file '{unknown[0]}'; choose from {', '.join(KINDS)}")
    if language not in LANGUAGES:
        raise ValueError(f"there is no language '{language}'; choose one of {', '.join(LANGUAGES)}")
    folder.mkdir(parents=True, exist_ok=True)
    offer = offer or Offer()
    if "board" in kinds:
        content = pdf.board(study, language, offer)
        yield _write(folder / document_name(study, offer, "board", language, "pdf"), pdf.pdf(content))
    setters = {kind: SETTERS[kind] for kind in kinds if kind in SETTERS}
    if setters:
        content = pdf.data(study, language, offer, beside(study))
        for kind, to_bytes in setters.items():
            yield _write(folder / document_name(study, offer, "proposal", language, kind), to_bytes(content))
    for code in sorted(LANGUAGES[language]):
        if "xlsx" in kinds:
            yield _write(
                folder / document_name(study, offer, "workbook", code, "xlsx"),
                workbook(study, words(code), offer=offer_text(offer)),
            )
        if "data" in kinds:
            yield _write(
                folder / document_name(study, offer, "data", code, "zip"),
                data_zip(study, code, offer_text(offer), years),
            )
        if "csv" in kinds:
            yield from write_csv_files(study, folder, words(code))


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
