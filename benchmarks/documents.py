"""Documents in seconds of processor time, on the second call: the proposal as PDF with every chapter, and the workbook
with a year of quarter hours. Other controls, sizes and turning points are found once, as the page keeps them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from i18n import words
from report.book.workbook import workbook
from report.paper.pdf import proposal_pdf
from study.beside import beside
from study.evaluate import evaluate
from study.presets import presets

PDF_GOAL_S, XLSX_GOAL_S = 1.5, 3.0
RUNS = 3


def rows() -> list[dict[str, Any]]:
    """One row a document: median seconds after a first call, against its goal."""
    study = evaluate(presets()["case_c"].scenario.with_({"finance.loan_share": 0.7}))
    extra = beside(study)
    fine = evaluate(presets()["case_b"].scenario.with_({"site.step_minutes": 15}))
    return [
        _row("proposal PDF, case C with a loan", lambda: proposal_pdf(study, "en", None, extra), PDF_GOAL_S),
        _row("workbook XLSX with 35,040 rows, case B", lambda: workbook(fine, words("en")), XLSX_GOAL_S),
    ]


def _row(name: str, make: Callable[[], bytes], goal_s: float) -> dict[str, Any]:
    make()
    seconds = sorted(_timed(make) for _ in range(RUNS))[RUNS // 2]
    return {"name": name, "value": seconds, "unit": "s", "goal": goal_s, "met": seconds <= goal_s}


def _timed(make: Callable[[], bytes]) -> float:
    start = time.process_time()
    make()
    return time.process_time() - start
