"""Rules that every document keeps, whatever case and language: one figure in one place, one unit a column, words only
about what is there, pages that are filled. A case of a user's own stands beside the shipped ones."""

from __future__ import annotations

import copy
import io
import re
from functools import cache
from itertools import product
from typing import Any, ClassVar

import numpy as np
import openpyxl
import pypdf
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from i18n import words
from report.paper import charts, diagram, pdf
from report.paper.blocks import Draft
from report.paper.grade import grade_of
from report.paper.offer import LONGEST, PAPERS, Offer
from report.paper.offer_rows import Item
from report.paper.proposal import proposal
from report.verify import squeezed, told, verify
from sim.inputs.register import unverified
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study
from tests.report.documents import book_of, paper
from tests.studies import study_of

OWN = "own"
CASES = [(name, language) for name in (*presets(), OWN) for language in ("en", "zh")]
KEY = re.compile(r"^[a-z_]+(\.[a-z_]+)+$")
PATHS = 6  # the column of an input's path in the sheet of inputs
PREVIEW_PPI, FULL = 30.0, 0.3
SHORT_OF_A_PAGE = ("万", "亿")


@cache
def own_study() -> Study:
    """A quarter-hourly meter file, 126 months, a late grid, a loan, a shared saving, amounts shown in euros."""
    quarters = np.arange(35_040)
    kw = 8_000 + 1_500 * np.sin(quarters / 96 * 2 * np.pi) + 300 * np.cos(quarters * 0.37)
    meter = {"file_name": "meter.csv", "year": 2025, "step_minutes": 15, "kw": kw.round(3).tolist()}
    changes = {
        "site.place": "shanghai",
        "site.start": "2026-09",
        "site.term_months": 126,
        "load.kind": "meter",
        "load.meter": meter,
        "grid.existing_kw": 4_000,
        "grid.ready_month": 7,
        "pv.dc_kwp": 3_000,
        "storage.energy_kwh": 16_000,
        "storage.power_kw": 8_000,
        "finance.loan_share": 0.6,
        "finance.tax_rules": "own",
        "finance.tax_rate": 0.25,
        "deal.kind": "shared_saving",
        "deal.years": 8,
        "finance.shown_currency": "EUR",
        "finance.shown_rate": 0.128,
    }
    return evaluate(presets()["case_b"].scenario.with_(changes))


def study(name: str) -> Study:
    return own_study() if name == OWN else study_of(name)


@cache
def own_paper(language: str) -> dict[str, Any]:
    return pdf.data(own_study(), language)


def content(name: str, language: str) -> dict[str, Any]:
    return own_paper(language) if name == OWN else paper(name, language)


def part(name: str, language: str) -> dict[str, Any]:
    return content(name, language)["parts"][0]


def chapter(name: str, language: str, key: str) -> dict[str, Any]:
    return next(one for one in part(name, language)["chapters"] if one["key"] == key)


def tables(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    inner = [one for block in blocks for side in ("left", "right") for one in block.get(side, ())]
    return [block for block in blocks if block["kind"] == "table"] + (tables(inner) if inner else [])


@pytest.mark.parametrize(("name", "language"), CASES)
def test_the_net_investment_is_that_of_the_cash_flow(name: str, language: str) -> None:
    found = tables(chapter(name, language, "money")["blocks"])
    label = words(language).t("financing.row.investment")
    flows = [row for block in found for row in block["rows"] if row[0].endswith(label) and row[0].startswith("2")]
    started = words(language).t("answers.line.genset_capex")
    invested = [block for block in found if any(row[0] == started or len(row) == 5 for row in block["rows"])]
    net = [block["rows"][-1][3] for block in invested if len(block["head"]) == 5 and block["rows"][-1][2] == ""]
    assert not net or net[0] == flows[0][1]


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_break_even_is_the_same_wherever_it_is_printed(name: str, language: str) -> None:
    at = {row[0]: row[2] for row in part(name, language)["decision"]["flips"]}
    printed = [row for block in tables(chapter(name, language, "risk")["blocks"]) for row in block["rows"]]
    for row in printed:
        if row[0] in at and len(row) == 4:
            assert row[2] == at[row[0]]


@pytest.mark.parametrize(("name", "language"), CASES)
def test_no_sentence_of_the_terms_names_a_part_that_is_not_there(name: str, language: str) -> None:
    has, texts = diagram.sources(study(name).scenario), words(language)
    rows = [
        cell
        for block in tables(chapter(name, language, "commercial")["blocks"])
        for row in block["rows"]
        for cell in row
    ]
    said = " ".join(rows)
    for asset in ("pv", "battery", "diesel"):
        assert (texts.t(f"proposal.step.tests_{asset}") in said) == (asset in has)
        assert (texts.t(f"proposal.scope.{asset}") in rows) == (asset in has)


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_column_has_one_scale(name: str, language: str) -> None:
    for one in part(name, language)["chapters"]:
        for block in tables(one["blocks"]):
            if block["wide"]:
                for column in range(1, len(block["head"])):
                    cells = [row[column] for row in block["rows"]]
                    assert not any(scale in cell for cell in cells for scale in SHORT_OF_A_PAGE)


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_part_ends_on_a_page_that_is_not_nearly_empty(name: str, language: str) -> None:
    last = Image.open(io.BytesIO(pdf.pages(content(name, language), PREVIEW_PPI)[-1])).convert("L")
    inside = np.asarray(last)[round(0.09 * last.height) : round(0.94 * last.height)]
    rows = np.flatnonzero((inside < 200).any(axis=1))
    assert rows.size and rows[-1] / inside.shape[0] >= FULL


def test_the_longest_names_leave_the_cover_one_page() -> None:
    longest = {
        name: "测试文字长名称"[:7] * (count // 7)
        for name, count in LONGEST.items()
        if name not in ("terms", "exclusions")
    }
    offer = Offer(**longest, issued="2026-11-30", valid_until="2027-02-28")
    for name, language in (("case_c", "zh"), (OWN, "en")):
        made = pdf.data(study(name), language, offer)
        page = squeezed(pypdf.PdfReader(io.BytesIO(pdf.pdf(made))).pages[1].extract_text())
        assert squeezed(made["parts"][0]["decision"]["answer"]) in page


class Measured(Figure):
    """A figure that notes its words that stand beyond its edge."""

    cut: ClassVar[list[str]] = []

    def savefig(self, *args: Any, **options: Any) -> None:
        renderer, edge = FigureCanvasAgg(self).get_renderer(), self.bbox
        for text in self.findobj(Text):
            box = text.get_window_extent(renderer)
            inside = box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1 and box.y0 >= edge.y0 - 1 and box.y1 <= edge.y1 + 1
            if re.search(r"[^\W\d]", text.get_text()) and not inside:  # ticks out of sight are numbers
                self.cut.append(text.get_text())
        super().savefig(*args, **options)


def test_no_word_of_a_chart_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "Figure", Measured)
    for name, language in product(("case_a", "case_c"), ("en", "zh")):
        proposal(study(name), language)
    assert Measured.cut == []


@pytest.mark.parametrize("language", ("en", "zh"))
def test_the_decision_is_one_page_whatever_there_is_to_warn_of(language: str) -> None:
    """Case A has most to say; with half as much again its sentences are set smaller, and the contents still follow."""
    made = copy.deepcopy(content("case_a", language))
    for more in (0, 0.5):
        decision = made["parts"][0]["decision"]
        lead = decision["lead"]
        decision["lead"] = [*lead, *lead[: round(more * len(lead))]]
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.pdf(made))).pages]
        assert squeezed(decision["asks"][-1]) in squeezed(pages[1]) and made["parts"][0]["contents"] in pages[2]


@pytest.mark.parametrize("language", ("en", "zh"))
def test_no_raw_key_stands_in_the_workbook(language: str) -> None:
    for name in ("case_b", "case_c"):
        book = openpyxl.load_workbook(io.BytesIO(book_of(name, language)), data_only=True, read_only=True)
        for sheet in (one for one in book if one.sheet_state == "visible"):
            shows_paths = sheet.title == words(language).t("proposal.xlsx.sheet.inputs")
            for row in sheet.iter_rows(values_only=True):
                shown = row[:PATHS] if shows_paths else row
                assert not [value for value in shown if KEY.match(str(value))], sheet.title


def test_the_grade_follows_what_is_entered_and_not_what_is_ticked() -> None:
    bills = [{"month": f"2025-{month:02d}", "kwh": 7e6, "energy": 6e6, "total": 6.5e6} for month in range(1, 13)]
    modelled, entered = study_of("case_b"), evaluate(own_study().scenario.with_({"bills": bills}), own_study().dispatch)
    priced = Offer(items=(Item("Battery", price=1.0),), issued="2026-11-30", valid_until="2027-02-28")
    weak = frozenset(unverified(entered.scenario))

    def grade(one: Study, offer: Offer, doubted: frozenset[str]) -> str:
        return grade_of(Draft(one, words("en"), offer, doubted))

    assert grade(modelled, Offer(papers=frozenset(PAPERS)), weak) == "screening"
    assert weak and grade(entered, priced, weak) == "budget"
    assert grade(entered, Offer(), frozenset()) == "budget"
    assert grade(entered, priced, frozenset()) == "firm"


def test_a_document_of_a_users_own_case_verifies() -> None:
    found = verify(pdf.pdf(own_paper("zh")))
    assert found.holds, told(found, words("en"))
