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


def test_a_cold_link_draws_the_pages_and_marks_them_when_stale(page, server: str, settle) -> None:
    open_page(page, server, settle)
    assert page.get_by_test_id("stImage").count() == 0
    page.get_by_role("button", name="Draw the pages").click()
    page.get_by_alt_text("Page 1 of").first.wait_for(timeout=LIMIT_MS)
    assert page.get_by_test_id("stImage").count() >= 10
    page.get_by_label("Prepared for").fill("Acme")
    page.get_by_label("Prepared for").press("Enter")
    page.get_by_text("Draw them again").wait_for(timeout=LIMIT_MS)
    settle(page)
    assert page.get_by_test_id("stImage").count() == 0


def test_files_are_made_on_click(page, server: str, settle) -> None:
    open_page(page, server, settle)
    for label, start in (("Download PDF", b"%PDF-"), ("Download workbook (XLSX)", b"PK")):
        with page.expect_download(timeout=LIMIT_MS) as found:
            page.get_by_role("button", name=label).click()
        with open(found.value.path(), "rb") as stream:
            content = stream.read()
        assert content.startswith(start)
    assert "Cash flow by month" in openpyxl.load_workbook(io.BytesIO(content), read_only=True).sheetnames


def test_a_chinese_page_offers_a_chinese_document(page, server: str, settle) -> None:
    open_page(page, server, settle, "?lang=zh&preset=case_c")
    assert page.get_by_text("交付客户的文件").count() == 1
    with page.expect_download(timeout=LIMIT_MS) as found:
        page.get_by_role("button", name="下载 PDF").click()
    assert found.value.suggested_filename.endswith("_zh.pdf")


def test_it_fits_a_phone(page, server: str, settle) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, server, settle)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_character_outside_the_font_is_told(page, server: str, settle) -> None:
    open_page(page, server, settle)
    page.get_by_label("Prepared for").fill("Acme \U0001f600")
    page.get_by_label("Prepared for").press("Enter")
    page.get_by_text("appear as a box").wait_for(timeout=LIMIT_MS)
