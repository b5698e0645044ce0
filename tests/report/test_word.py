"""The Word file says what the PDF says, in Word's own means, and opens in another program."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn

from i18n import words
from report.paper import pdf
from report.verify import shown_lines, squeezed, told, verify
from report.word.document import proposal_docx
from report.word.package import ORDER
from study.presets import presets
from tests.processes import run_well
from tests.report.documents import _tool, paper, text_of
from tests.studies import study_of


@cache
def word_of(name: str, language: str) -> bytes:
    return proposal_docx(paper(name, language))


def tables_of(content: dict) -> list[dict]:
    """Tables of the chapters, those in columns too."""
    waiting = [block for chapter in content["parts"][0]["chapters"] for block in chapter["blocks"]]
    found = []
    while waiting:
        block = waiting.pop(0)
        waiting += [*block.get("left", ()), *block.get("right", ())]
        found += [block] if block["kind"] == "table" else []
    return found


@pytest.mark.parametrize("language", ("en", "zh"))
@pytest.mark.parametrize("name", presets())
def test_it_shows_every_line_of_the_paper_that_has_a_figure(name: str, language: str) -> None:
    file = docx.Document(io.BytesIO(word_of(name, language)))
    text = squeezed("".join(one.text or "" for one in file.element.body.iter(qn("w:t"))))
    wanted = list(shown_lines(paper(name, language)))
    assert len(wanted) > 100
    assert [line for line in wanted if squeezed(line) not in text] == []


def test_tables_are_real_with_heads_that_repeat_and_figures_are_locked() -> None:
    content = paper("case_c", "zh")
    file = docx.Document(io.BytesIO(word_of("case_c", "zh")))
    body = file.element.body
    flips = bool(content["parts"][0]["decision"]["flips"])
    assert len(list(body.iter(qn("w:tblHeader")))) == len(tables_of(content)) + flips
    locks = [one for one in body.iter(qn("w:lock")) if one.get(qn("w:val")) == "sdtContentLocked"]
    heads = list(body.iter(qn("w:tblHeader")))
    assert all(any(above.tag == qn("w:sdt") for above in head.iterancestors()) for head in heads[flips:])
    assert len(locks) > len(heads)  # each table as one, and the figures of sentences
    assert [one.style.name for one in file.paragraphs].count("Heading 1") == len(content["parts"][0]["chapters"]) + 1
    drawings = list(body.iter(qn("wp:docPr")))
    assert drawings and all(len(one.get("descr")) > 3 for one in drawings)
    numbers = [one.get("id") for one in drawings] + [one.get(qn("w:val")) for one in body.iter(qn("w:id"))]
    assert len(numbers) == len(set(numbers))
    names = zipfile.ZipFile(io.BytesIO(word_of("case_c", "zh"))).namelist()
    vectors = [name for name in names if name.endswith(".svg")]
    assert len(vectors) >= 10 and all(re.search(r"media/.*\.(svg|png)$", name) for name in names if "media" in name)


def test_properties_stand_in_the_order_that_word_asks_for() -> None:
    body = docx.Document(io.BytesIO(word_of("case_a", "en"))).element.body
    for tag, names in ORDER.items():
        order = [qn(f"w:{name}") for name in names.split()]
        for one in body.iter(qn(tag)):
            places = [order.index(child.tag) for child in one]
            assert places == sorted(places)


def test_the_same_content_gives_the_same_bytes_and_it_still_verifies() -> None:
    assert word_of("case_a", "en") == proposal_docx(paper("case_a", "en"))
    found = verify(proposal_docx(pdf.data(study_of("case_a"), "en")))
    assert found.holds, told(found, words("en"))


def test_another_program_opens_it_and_keeps_words_and_what_it_carries(tmp_path: Path) -> None:
    given = tmp_path / "given.docx"
    given.write_bytes(word_of("case_a", "en"))
    tool = _tool("soffice", "LibreOffice")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    for kind in ("pdf", "docx"):
        run_well([tool, "--headless", profile, "--convert-to", kind, "--outdir", tmp_path / "out", given])
    if not (tmp_path / "out" / "given.pdf").exists():
        pytest.skip("LibreOffice has no writer here (libreoffice-writer-nogui)")
    text = squeezed(text_of((tmp_path / "out" / "given.pdf").read_bytes()))
    answer = paper("case_a", "en")["parts"][0]["decision"]["answer"]
    assert squeezed(answer) in text
    assert verify((tmp_path / "out" / "given.docx").read_bytes()).moved == ()
