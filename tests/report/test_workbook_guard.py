"""The workbook as a document: a changed white cell is told and never counted, all but yellow is locked, it prints."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from i18n import words
from report.book.inputs import COPY, FIRST_ROW, is_live
from sim.inputs.base import InputError
from sim.inputs.register import register
from study.evaluate import evaluate
from study.presets import presets
from tests.processes import run_well
from tests.report.documents import _tool, book_of, by_formualizer
from tests.report.test_workbook import assert_figures, assert_sound, with_inputs, without_values
from tests.shared import a_few
from tests.studies import study_of

EN = words("en")
VALID, STALE = (EN.t(f"proposal.xlsx.summary.{key}") for key in ("valid", "stale"))
ENTRIES = [entry for entry in register().values() if entry.kind != "other"]
WHITE = [entry for entry in ENTRIES if not is_live(entry)]
YELLOW = [entry for entry in ENTRIES if entry.section == "finance" and entry.kind == "number"]
MOST_PAGES = 40


def with_cells(content: bytes, changes: dict[str, object]) -> bytes:
    """The file with other values in the cells a reader sees of these inputs."""
    book, target = openpyxl.load_workbook(io.BytesIO(content)), io.BytesIO()
    rows = {entry.path: FIRST_ROW + 1 + k for k, entry in enumerate(ENTRIES)}
    for path, value in changes.items():
        book["Inputs"].cell(rows[path], 2).value = value
    book.save(target)
    return target.getvalue()


def test_no_formula_reads_a_white_cell_and_each_has_its_copy() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of("case_b")))
    sheet = book["Inputs"]
    for k, entry in enumerate(ENTRIES, start=FIRST_ROW + 1):
        _, place = next(book.defined_names["in_" + entry.path.replace(".", "_")].destinations)
        assert place == f"${'B' if is_live(entry) else 'H'}${k}", entry.path
        if not is_live(entry):
            assert sheet.cell(k, 2).value == sheet.cell(k, COPY + 1).value
    assert sheet.column_dimensions["H"].hidden


CHANGED = {
    "a larger battery": {"storage.energy_kwh": 30_000},
    "a number as text": {"storage.energy_kwh": "20000"},
    "a word": {"load.kind": "inference"},
    "an emptied cell": {"grid.transformer_kva": None},
    "two cells": {"pv.dc_kwp": 5_000, "genset.set_kw": 2_000},
}


@pytest.mark.parametrize("kind", a_few(CHANGED, "an emptied cell", "two cells"))
def test_a_changed_white_cell_is_told_and_moves_nothing(kind: str) -> None:
    found = by_formualizer(with_cells(without_values(book_of("case_b")), CHANGED[kind]))
    assert found["Summary", "A6"] == f"{len(CHANGED[kind])}{STALE}"
    assert_figures(found, study_of("case_b"))


def test_an_untouched_file_says_that_its_figures_hold() -> None:
    for name in ("case_a", "case_c"):
        found = by_formualizer(without_values(book_of(name)))
        assert found["Summary", "A6"] == VALID


def test_all_but_yellow_cells_are_protected_without_a_password() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of("case_b")))
    for sheet in book:
        if sheet.sheet_state != "veryHidden":
            assert sheet.protection.sheet and not sheet.protection.password, sheet.title
        for row in sheet.iter_rows():
            for cell in row:
                is_yellow = cell.fill.start_color.rgb == "FFFFF9E5"
                assert cell.protection.locked != is_yellow, (sheet.title, cell.coordinate)
    assert book[EN.t("proposal.xlsx.sheet.rates")].sheet_state == "hidden"


def test_a_yellow_cell_that_moves_nothing_says_so() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of("case_b")))
    formulas = " ".join(
        str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    )
    sheet, scenario = book["Inputs"], presets()["case_b"].scenario
    for k, entry in enumerate(ENTRIES, start=FIRST_ROW + 1):
        if is_live(entry):
            is_yellow = sheet.cell(k, 2).fill.start_color.rgb == "FFFFF9E5"
            assert is_yellow == (f"in_{entry.path.replace('.', '_')}" in formulas), entry.path
            if entry.when(scenario):
                kind = "live" if is_yellow else "not_here"
                assert sheet.cell(k, 4).value == EN.t(f"proposal.xlsx.effect.{kind}")
    assert "in_finance_hurdle_rate" in formulas


def test_it_prints_on_few_pages(tmp_path: Path) -> None:
    given_file = tmp_path / "book.xlsx"
    given_file.write_bytes(book_of("case_b"))
    tool = _tool("soffice", "LibreOffice")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    run_well([tool, "--headless", profile, "--convert-to", "pdf", "--outdir", tmp_path, given_file])
    import pypdf

    assert len(pypdf.PdfReader(tmp_path / "book.pdf").pages) <= MOST_PAGES


def _moved(name: str, draw: st.DataObject) -> dict[str, object]:
    """One to three yellow numbers of a case, moved within their limits."""
    scenario = presets()[name].scenario
    entries = draw.draw(st.lists(st.sampled_from(YELLOW), min_size=1, max_size=3, unique_by=lambda one: one.path))
    changes = {}
    for entry in entries:
        now = scenario.get(entry.path) or 0.0
        low, high = max(entry.minimum or 0.0, 0.5 * now), min(entry.maximum or 1e9, 1.5 * now + 0.01)
        changes[entry.path] = draw.draw(st.floats(low, max(low, high)))
    return changes


def check_changed_inputs(name: str, draw: st.DataObject) -> None:
    """Yellow cells give what a new study gives; a white cell moved besides turns the file red."""
    changes, scenario = _moved(name, draw), presets()[name].scenario
    white = draw.draw(st.booleans())
    try:
        study = evaluate(scenario.with_(changes), study_of(name).dispatch)
    except InputError:
        return
    content = with_inputs(without_values(book_of(name)), changes)
    found = by_formualizer(with_cells(content, {"storage.energy_kwh": 12_345.0}) if white else content)
    assert_figures(found, study)
    assert_sound(found)
    assert (found["Summary", "A6"] == VALID) != white


@pytest.mark.nightly
@pytest.mark.parametrize("name", ("case_a", "case_b", "case_c", "case_d"))
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_sixty_changed_inputs_equal_the_product_or_the_file_is_red(name: str, draw: st.DataObject) -> None:
    check_changed_inputs(name, draw)


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_some_changed_inputs_equal_the_product_or_the_file_is_red(draw: st.DataObject) -> None:
    check_changed_inputs("case_b", draw)
