"""The contract's sheet recalculates to the study's split, and follows the plant's price and a changed share."""

from __future__ import annotations

import io

import openpyxl
import pytest

from report.book.deal import ROWS, START, TOP
from report.book.workbook import workbook
from study.deal import agreed
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study
from tests.report.documents import book_of, by_formualizer, values
from tests.report.test_workbook import EN, assert_same, with_inputs, without_values
from tests.shared import a_few

BASE = presets()["case_d"].scenario
SHEET = EN.t("proposal.xlsx.sheet.deal")
SHARED = {"deal.kind": "shared_saving", "deal.investor_share": 0.7, "deal.years": 7, "deal.buy_out_fraction": 0.1}


def place(name: str, period: int) -> str:
    return f"{openpyxl.utils.get_column_letter(START + period + 1)}{TOP + ROWS.index(name) + 1}"


def assert_parties(found: dict, study: Study) -> None:
    for name in ("host", "investor"):
        flow = getattr(agreed(study), name).flow
        for period, value in enumerate(flow):
            assert found.get((SHEET, place(name, period)), 0) == pytest.approx(value, rel=1e-6, abs=1e-6), (
                name,
                period,
            )


DEALS = {
    "shared": SHARED,
    "gross, by year": SHARED | {"deal.shared_on": "gross", "deal.share_by_year": [{"first_year": 4, "share": 0.5}]},
    "by the month": SHARED | {"deal.shared_on": "with_loss", "site.term_months": 9},
    "guaranteed": {"deal.kind": "guaranteed_saving"},
    "lease": {"deal.kind": "operating_lease"},
    "rental": {"deal.kind": "rental"},
    "finance lease": {"deal.kind": "finance_lease"},
    "service": {"deal.kind": "as_a_service"},
    "ppa": {"deal.kind": "ppa"},
}


@pytest.mark.parametrize("name", a_few(DEALS, "gross, by year", "by the month", "finance lease", "ppa"))
def test_the_sheet_gives_both_parties_of_the_study(name: str) -> None:
    study = evaluate(BASE.with_(DEALS[name]))
    content = workbook(study, EN, hourly=False)
    found = by_formualizer(without_values(content))
    assert_parties(found, study)
    assert_same(values(content), found)


def test_a_changed_price_of_the_plant_and_a_changed_share_move_both_parties() -> None:
    """The plant's lines are live; what it saves is the app's, against a site that is simulated apart."""
    study = evaluate(BASE.with_(SHARED | {"deal.buy_out_fraction": 0}))
    prices = {"finance.storage_om_fraction": 0.03, "finance.discount_rate": 0.11}
    moved = with_inputs(without_values(workbook(study, EN, hourly=False)), prices)
    book, target = openpyxl.load_workbook(io.BytesIO(moved)), io.BytesIO()
    for period in range(1, 85):
        book[SHEET][place("share", period)].value = 0.55
    book.save(target)
    found = by_formualizer(target.getvalue())
    assert_parties(found, evaluate(study.scenario.with_(prices | {"deal.investor_share": 0.55}), study.dispatch))


def test_who_buys_has_no_such_sheet() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of("case_d")))
    assert SHEET not in book.sheetnames
