"""Text is text: nothing that a file or visitor brought becomes a link, picture, colour or formula, anywhere."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from i18n import words
from report.book.workbook import workbook
from report.export import write_files
from report.paper import pdf
from report.paper.offer import Offer
from report.text.csv_text import csv_text
from report.text.plain import as_part, as_plain
from sim.inputs.base import InputError
from sim.inputs.scenario import scenario_from_dict
from study.evaluate import evaluate
from study.study import Study
from tests.hostile import HOST, MARKUP, hostile_scenario, live
from tests.report.documents import squeezed, text_of
from tests.shared import made_once
from tests.ui.apps import PAGES, opened
from tests.ui.crawl import Drawn, snapshot, texts_of
from ui.figures import Finished
from ui.state import refused

FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
# Kinds whose values are drawn as they are; their labels and helps are markdown.
VERBATIM = ("text_input", "text_area", "selectbox", "multiselect", "dataframe", "table", "number_input")


def hostile_study() -> Study:
    return evaluate(hostile_scenario())


def page(name: str, language: str) -> Drawn:
    return made_once(f"hostile {name} {language}", partial(_page, name, language))


def _page(name: str, language: str) -> Drawn:
    app = opened(name, lang=language)
    given = {"scenario": hostile_scenario(), "preset": "case_a", "revision": 0, "notices": [], "problems": {}}
    for key, value in (given | {"language": language, "is_in_address": False}).items():
        app.session_state[key] = value
    return snapshot(app.run(), name, "case_a", language)


def markdown_of(drawn: Drawn) -> Iterator[tuple[str, str]]:
    """(kind, text) of every text of a page that is drawn as markdown."""
    for element in drawn.of(place=""):
        if element.kind == "plotly_chart":
            continue
        shown = (element.label, element.help) if element.kind in VERBATIM else element.texts
        yield from ((element.kind, text) for text in shown)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_of_a_scenario_comes_alive_on_any_page(language: str) -> None:
    pages = PAGES if language == "en" else ("overview", "tariff", "equipment", "terms", "load")
    alive = {
        (name, kind, text[:200]): live(text)
        for name in pages
        for kind, text in markdown_of(page(name, language))
        if live(text)
    }
    assert alive == {}
    assert [page(name, language).exceptions for name in pages if page(name, language).exceptions] == []
    seen = "".join(text for name in pages for _, text in markdown_of(page(name, language)))
    assert seen.count(HOST) > 20  # the hostile texts were there


@pytest.mark.parametrize("name", ["tariff", "operation"])
def test_no_text_of_a_scenario_is_a_tag_in_a_chart(name: str) -> None:
    charts = [text for figure in page(name, "en").charts() for text in texts_of(figure)]
    assert charts and [text[:200] for text in charts if "<a" in text] == []


def test_charts_keep_their_own_tags_and_no_other() -> None:
    sent = Finished({"data": [{"text": ["a<br><b>b</b>", "<a href='x'>y</a>", "<i>"]}], "layout": {}}).to_dict()
    assert sent["data"][0]["text"] == ["a<br><b>b</b>", "&lt;a href='x'>y&lt;/a>", "&lt;i>"]


def test_a_plain_text_is_no_address() -> None:
    """Markdown looks for addresses after it has taken the backslashes away."""
    for text in ("http://a.test", "HTTPS://a.test/x", "www.a.test", "me@a.test"):
        bare = as_plain(text).replace("\\", "")
        assert not re.search(r"https?://\w|www\.|@\w", bare, re.IGNORECASE) and bare.replace("\u2060", "") == text
    assert as_part("load.csv, 3 kWh (1.5 %)") == "load.csv, 3 kWh (1.5 %)"
    assert live(as_part(MARKUP)) == []


def test_what_a_refusal_quotes_is_plain_text() -> None:
    """The key of a scenario file is the visitor's, and so is the name of a period in an error box."""
    for tree in ({"site": {MARKUP[:90]: 1}}, {"site": {"currency": MARKUP}}, {"load": {"kind": MARKUP}}):
        with pytest.raises(InputError) as caught:
            scenario_from_dict(tree)
        said = [refused(problem) for problem in caught.value.problems]
        assert said and [live(text) for text in said] == [[]] * len(said)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_cell_of_a_csv_file_is_a_formula(language: str, tmp_path: Path) -> None:
    paths = list(write_files(hostile_study(), tmp_path, ("csv",), language))
    for path in paths:
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
        cells = {cell for row in rows for cell in row}
        alive = [c for c in cells if c.startswith(FORMULAS) and not re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", c)]
        assert alive == [], path.name
    assert len(paths) > 4


@pytest.mark.parametrize("start", FORMULAS)
def test_a_sign_that_starts_a_formula_gets_an_apostrophe(start: str) -> None:
    assert next(csv.reader(io.StringIO(csv_text([[f"{start}1+1", "a", -1.5, None]]), newline=""))) == [
        f"'{start}1+1",
        "a",
        "-1.5",
        "",
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_is_a_formula_or_link_in_the_workbook(language: str) -> None:
    parts = zipfile.ZipFile(io.BytesIO(workbook(hostile_study(), words(language))))
    xml = {name: parts.read(name).decode("utf-8", "replace") for name in parts.namelist()}
    formulas = [formula for text in xml.values() for formula in re.findall(r"<f>([^<]*)</f>", text)]
    assert len(formulas) > 100 and [one for one in formulas if HOST in one or one.startswith("1+1")] == []
    linked = re.compile(rf'<hyperlink |Target="[^"]*{HOST}')
    assert [name for name, text in xml.items() if linked.search(text)] == []


def test_no_text_is_a_link_or_script_in_the_paper() -> None:
    texts = {"client": MARKUP[:120], "vendor": MARKUP[:120], "contact": MARKUP[:200], "title": MARKUP[:120]}
    paper = pdf.proposal_pdf(hostile_study(), "both", Offer(terms=MARKUP, **texts))
    inside = paper + b"".join(map(_unpacked, re.findall(rb"stream\r?\n(.*?)endstream", paper, re.DOTALL)))
    assert len(inside) > 2 * len(paper)
    assert [word for word in (b"/URI", b"/JavaScript", b"/Launch", b"/JS") if word in inside] == []
    assert squeezed(f"client: {MARKUP[:40]}"[8:]) in squeezed(text_of(paper))


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""
