"""What the shipped cases show, as hashes. `python tests/project/frozen.py` compares; with `--renew` it
writes them anew.

A change of layout keeps every hash. A mended fault that changes one renews it in its own commit, which names the fault.
Numbers count with ten significant digits, those of a step with nine: the last bits differ between processors.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import openpyxl  # noqa: E402

from i18n import words  # noqa: E402
from report.book.workbook import workbook  # noqa: E402
from report.export import write_files  # noqa: E402
from sim.dispatch.result import ALTERNATIVES  # noqa: E402
from study.presets import presets  # noqa: E402
from study.study import Study  # noqa: E402
from study.summary import summary  # noqa: E402
from tests.report.documents import book_of, paper  # noqa: E402
from tests.shared import made_once  # noqa: E402
from tests.studies import study_of  # noqa: E402
from tests.ui.apps import faults  # noqa: E402

FILE = ROOT / "tests" / "reference" / "frozen.json"
LANGUAGES = ("en", "zh")
# The code printed on every paper stands for the engine's version too, which is no figure.
FINGERPRINT = "(fingerprint)"


def frozen(name: str) -> dict[str, str]:
    """{what is shown: hash} of one shipped case."""
    return looked_at(name)[0]


def looked_at(name: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """What one shipped case shows, made once: {what is shown: hash}, and {file: faults of its texts}, where it has
    any."""
    return made_once(f"frozen {name}", partial(_looked_at, name))


def _looked_at(name: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    study = study_of(name)
    hashes, found = {}, {}
    for key, content in _shown(name, study):
        hashes[key] = _hash(content, study.fingerprint)
        if key.split()[0] in ("csv", "workbook", "proposal"):
            found[key] = {fault for text in set(_texts(content)) for fault in faults(text)}
    return hashes, {key: bad for key, bad in found.items() if bad}


def _texts(content: Any) -> Iterator[str]:
    parts = [*content, *content.values()] if isinstance(content, dict) else content
    texts = {part for part in parts if isinstance(part, str)}  # of the many cells of a column few differ
    yield from (text for text in texts if any(map(str.isalpha, text)) and not text.startswith("<svg"))
    for part in parts:
        if isinstance(part, list | tuple | dict):
            yield from _texts(part)


def _shown(name: str, study: Study) -> Iterator[tuple[str, Any]]:
    yield "json", summary(study)
    for alternative in ALTERNATIVES:
        yield f"trace {alternative}", _trace(study, alternative)
    for language in LANGUAGES:
        yield from ((f"csv {language} {name}", text) for name, text in _csv(study, language))
        book = workbook(study, words(language)) if language == "en" else book_of(name, language)
        yield f"workbook {language}", _cells(book)
        yield f"proposal {language}", paper(name, language)["parts"]


def _trace(study: Study, alternative: str) -> dict[str, list[str]]:
    trace = study.dispatch.trace(alternative)
    return {
        field.name: [f"{value:.9g}" for value in np.asarray(getattr(trace, field.name), float).ravel() + 0.0]
        for field in fields(trace)
    }


def _csv(study: Study, language: str) -> Iterator[tuple[str, list[str]]]:
    with TemporaryDirectory() as folder:
        for path in write_files(study, Path(folder), ("csv",), language):
            cells = path.read_text(encoding="utf-8-sig").replace("\n", ",\n,").split(",")
            digits = 9 if "-hourly-" in path.name else 10
            yield path.name.removeprefix(f"powerladder-{study.fingerprint}-"), [_number(cell, digits) for cell in cells]


def _number(text: str, digits: int) -> str:
    try:
        return f"{float(text) + 0.0:.{digits}g}"
    except ValueError:
        return text


def _cells(content: bytes) -> dict[str, list[Any]]:
    """Formulas and values of every sheet, row by row."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def _hash(content: Any, fingerprint: str) -> str:
    text = json.dumps(_plain(content), ensure_ascii=False, default=str).replace(fingerprint, FINGERPRINT)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return f"{value + 0.0:.10g}" if isinstance(value, float) else value


def differing(name: str) -> list[str]:
    """What one case shows otherwise than the file says."""
    expected, found = json.loads(FILE.read_text(encoding="utf-8")).get(name, {}), frozen(name)
    return sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))


def main(arguments: list[str]) -> int:
    """Compare, or with --renew write."""
    if "--renew" in arguments:
        FILE.write_text(json.dumps({name: frozen(name) for name in presets()}, indent=1) + "\n", encoding="utf-8")
        return 0
    found = {name: differing(name) for name in presets()}
    print(json.dumps(found, indent=1, ensure_ascii=False))
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
