"""The proposal in a browser: pages drawn on request, files made on click, a stale preview marked, Chinese too."""

from __future__ import annotations

import io

import openpyxl
import pytest

pytestmark = pytest.mark.browser
LIMIT_MS = 60_000


def open_page(page, server: str, settle, query: str = "") -> None:
    page.goto(f"{server}/proposal{query}")
    settle(page)
    page.get_by_role("button", name="Draw the pages" if "lang=zh" not in query else "生成页面").wait_for(
        timeout=LIMIT_MS
    )


def prepared_for(page, name: str, answer: str) -> None:
    """Type a client's name, and wait until the page answers."""
    page.get_by_label("Prepared for").fill(name)
    page.get_by_label("Prepared for").press("Enter")
    page.get_by_text(answer).wait_for(timeout=LIMIT_MS)


def test_a_cold_link_draws_the_pages_marks_them_when_stale_and_makes_files(page, server: str, settle) -> None:
    open_page(page, server, settle)
    assert page.get_by_test_id("stImage").count() == 0
    page.get_by_role("button", name="Draw the pages").click()
    page.get_by_alt_text("Page 1 of").first.wait_for(timeout=LIMIT_MS)
    assert page.get_by_test_id("stImage").count() >= 10
    prepared_for(page, "Acme", "Draw them again")
    settle(page)
    assert page.get_by_test_id("stImage").count() == 0
    for label, start in (("Download PDF", b"%PDF-"), ("Download workbook (XLSX)", b"PK")):
        with page.expect_download(timeout=LIMIT_MS) as found:
            page.get_by_role("button", name=label).click()
        with open(found.value.path(), "rb") as stream:
            content = stream.read()
        assert content.startswith(start)
    assert "Cash flow by month" in openpyxl.load_workbook(io.BytesIO(content), read_only=True).sheetnames
    prepared_for(page, "Acme \U0001f600", "appear as a box")


def test_a_chinese_page_offers_a_chinese_document(page, server: str, settle) -> None:
    open_page(page, server, settle, "?lang=zh&preset=case_c")
    assert page.get_by_text("交付客户的文件").count() == 1
    with page.expect_download(timeout=LIMIT_MS) as found:
        page.get_by_role("button", name="下载 PDF").click()
    assert found.value.suggested_filename.endswith("_zh.pdf")
