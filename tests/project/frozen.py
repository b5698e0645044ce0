"""What the shipped cases show, as prints. `python tests/project/frozen.py` compares; with `--renew` it
writes them anew.

A change of layout keeps every print. A mended fault that changes one renews it in its own commit, which names the
fault. A print is a hash of the words, the keys and the form of every printed number, and two weighted sums: of numbers
kept in full (`EXACT`: one that moves by 1e-6 of itself is seen) and of those printed in a text (`SHOWN`). Numbers are
not hashed, because their last bits, and now and then a rounded digit, differ between processors.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import partial
from itertools import islice
from math import isfinite, log1p
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import openpyxl  # noqa: E402

from i18n import words  # noqa: E402
from report.book.workbook import workbook  # noqa: E402
from report.files import tables, to_csv  # noqa: E402
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
FIRST_ROWS = 30
# How far the sums may lie apart; a digit rounded the other way moves the second by 0.1 at most.
EXACT, SHOWN = 3e-7, 0.3
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# The code printed on every paper stands for the engine's version too, which is no figure.
FINGERPRINT = "(fingerprint)"


Print = list[Any]  # [hash of words and forms, sum of exact numbers, sum of printed ones]


def frozen(name: str) -> dict[str, Print]:
    """{what is shown: print} of one shipped case."""
    return looked_at(name)[0]


def looked_at(name: str) -> tuple[dict[str, Print], dict[str, set[str]]]:
    """What one shipped case shows, made once: {what is shown: print}, and {file: faults of its texts}, where it has
    any."""
    return made_once(f"frozen {name}", partial(_looked_at, name))


def _looked_at(name: str) -> tuple[dict[str, Print], dict[str, set[str]]]:
    study = study_of(name)
    prints, found = {}, {}
    for key, content in _shown(name, study):
        prints[key] = print_of(content, study.fingerprint)
        if key.split()[0] in ("csv", "workbook", "proposal"):
            found[key] = {fault for text in set(_texts(content)) for fault in faults(text)}
    return prints, {key: bad for key, bad in found.items() if bad}


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


def _trace(study: Study, alternative: str) -> dict[str, list[float]]:
    trace = study.dispatch.trace(alternative)
    return {field.name: np.asarray(getattr(trace, field.name), float).ravel().tolist() for field in fields(trace)}


def _csv(study: Study, language: str) -> Iterator[tuple[str, list[str | float]]]:
    """All rows in English; in Chinese, whose rows are the same, headings and the first."""
    texts, most = words(language), None if language == "en" else FIRST_ROWS
    for name, table in tables(study, texts):
        content = to_csv(study, replace(table, rows=islice(table.rows, most)), texts).decode("utf-8-sig")
        yield f"{name}.csv", _parts(content.replace("\r", ""))
    yield "scenario.json", _parts(study.scenario.to_json())


def _parts(text: str) -> list[str | float]:
    return [_number(part) for part in text.replace("\n", ",\n,").split(",")]


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _cells(content: bytes) -> dict[str, list[Any]]:
    """Formulas and values of every sheet, row by row."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def print_of(content: Any, fingerprint: str = FINGERPRINT) -> Print:
    """The print of anything made of dicts, lists, texts and numbers; its fingerprint counts as any other."""
    words, exact, printed = [], [], []
    for part in _flat(content):
        if isinstance(part, str):
            text = part.replace(fingerprint, FINGERPRINT)
            printed += [float(number.replace(",", "")) for number in NUMBER.findall(text)]
            words.append(re.sub(r"\d", "0", text))
        elif isfinite(part):
            exact.append(part)
            words.append("#")
        else:
            words.append(str(part))
    whole = hashlib.sha256("\n".join(words).encode()).hexdigest()[:20]
    return [whole, _weighted(exact), _weighted(printed)]


def _flat(value: Any) -> Iterator[str | float]:
    """Keys and values in their order; numbers that are whole by nature, such as a count, are numbers too."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from _flat(part)
    elif isinstance(value, list | tuple):
        yield f"[{len(value)}"
        for part in value:
            yield from _flat(part)
    else:
        yield float(value) if isinstance(value, float | int) and not isinstance(value, bool) else str(value)


def _weighted(numbers: list[float]) -> float:
    """A sum in which each number counts by its own size and place."""
    return sum((1 + k % 7 / 7) * (log1p(abs(x)) if x >= 0 else -2 * log1p(abs(x))) for k, x in enumerate(numbers))


def alike(one: Print | None, other: Print | None) -> bool:
    """Whether two prints are of the same words, forms and, but for last bits, numbers."""
    if one is None or other is None or one[0] != other[0]:
        return False
    return abs(one[1] - other[1]) <= EXACT and abs(one[2] - other[2]) <= SHOWN


def differing(name: str) -> list[str]:
    """What one case shows otherwise than the file says."""
    expected, found = json.loads(FILE.read_text(encoding="utf-8")).get(name, {}), frozen(name)
    return sorted(key for key in expected.keys() | found.keys() if not alike(expected.get(key), found.get(key)))


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
