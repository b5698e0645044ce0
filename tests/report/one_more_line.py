"""Show a shipped case with one more cost line: what its row in `finance/lines.py` and its texts alone bring about.

`python -m tests.report.one_more_line FOLDER PRESET KEY` prints one JSON object by language: the line on the Money
page, on paper, in the workbook and in the CSV file, and what it adds to the study's figures. FOLDER holds `finance/`
and `i18n/`, copies with the row and the texts added.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import i18n
from tests.report.one_more_figure import take


def shown(preset: str, key: str, language: str) -> dict[str, Any]:
    """By place: every cell that stands in a row with the line's name."""
    import openpyxl

    from report import files
    from report.book.workbook import workbook
    from report.paper.pdf import data
    from study.evaluate import evaluate
    from study.presets import presets
    from tests.ui.apps import opened
    from tests.ui.crawl import snapshot

    study, words = evaluate(presets()[preset].scenario), i18n.words(language)
    name = words.t(f"answers.line.{key}")
    screen = snapshot(opened("money", preset=preset, lang=language).run(), "money", preset, language)
    book = openpyxl.load_workbook(io.BytesIO(workbook(study, words, hourly=False)))
    heads, *rows = csv.reader(io.StringIO(files.table_csv(study, "lines", words).decode("utf-8-sig")))
    column = next(k for k, head in enumerate(heads) if head.startswith((key, name)))
    return {
        "name": name,
        "ledger": {alternative: float(study.ledger.lines[key][k].sum()) for k, alternative in enumerate(study.kpis)},
        "total_cost": study.kpis["hybrid"].total_cost,
        "capex": study.kpis["hybrid"].capex,
        "money": [list(line) for table in screen.tables() for line in table.rows if name in line],
        "paper": name in json.dumps(data(study, language)["parts"], ensure_ascii=False),
        "book": sorted(
            sheet.title for sheet in book for row in sheet.iter_rows(values_only=True) if name in row or key in row
        ),
        "csv": sum(float(row[column]) for row in rows),
    }


if __name__ == "__main__":
    folder, preset, key = sys.argv[1:]
    take(Path(folder))
    print(json.dumps({language: shown(preset, key, language) for language in ("en", "zh")}, ensure_ascii=False))
