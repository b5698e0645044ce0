"""Show a shipped case with files of another folder in place of the product's: what a changed table of figures shows.

`python -m tests.report.one_more_figure FOLDER PRESET KEY` prints one JSON object: what every screen, paper, sheet and
file shows of the figure KEY. FOLDER holds `finance/` and `i18n/`, copies with one row and its texts added.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import finance
import i18n  # its name `words` is the function, not the module


def take(folder: Path) -> None:
    """From now on modules of `finance` and all catalogues are those of the folder, where it has them."""
    finance.__path__.insert(0, str(folder / "finance"))
    sys.modules["i18n.words"].CATALOGUES = folder / "i18n"


def shown(preset: str, key: str, language: str) -> dict[str, Any]:
    """By place: the row of the figure as its readers see it."""
    import openpyxl

    from finance.figures import FIGURES
    from report import files
    from report.book.workbook import workbook
    from report.paper.blocks import Draft
    from report.paper.offer import Offer
    from report.paper.plant import alternatives
    from report.text import say
    from study.evaluate import evaluate
    from study.presets import presets
    from tests.ui.apps import opened
    from tests.ui.crawl import snapshot

    study, words = evaluate(presets()[preset].scenario), i18n.words(language)
    name = say.figure_name(FIGURES[key], words)

    def row(rows: Any) -> list:
        return next(list(row) for row in rows if row and row[0] in (name, key))

    screen = snapshot(opened("money", preset=preset, lang=language).run(), "money", preset, language)
    paper = next(block for block in alternatives(Draft(study, words, Offer()))["blocks"] if block["kind"] == "table")
    book = openpyxl.load_workbook(io.BytesIO(workbook(study, words, hourly=False)), data_only=True)
    table = csv.reader(io.StringIO(files.table_csv(study, "summary", words).decode("utf-8-sig")))
    return {
        "name": name,
        "money": row(line for table in screen.tables() for line in table.rows),
        "paper": row(paper["rows"]),
        "book": row(book.worksheets[1].iter_rows(values_only=True)),
        "csv": row(table),
    }


def printed(preset: str) -> str:
    """What the command line prints."""
    import cli

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        cli.main(["run", preset])
    return out.getvalue()


if __name__ == "__main__":
    folder, preset, key = sys.argv[1:]
    take(Path(folder))
    found: dict[str, Any] = {language: shown(preset, key, language) for language in ("en", "zh")}
    print(json.dumps(found | {"cli": printed(preset)}, ensure_ascii=False))
