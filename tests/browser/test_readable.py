"""What axe-core finds on the pages in both schemes: no serious fault of contrast, names or roles."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

GRAVE = ("serious", "critical")
# A page of each kind: the answer, what is asked, many fields, an upload, tables.
KINDS = ("", "proposal", "terms", "load", "money")

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", KINDS)
def test_no_serious_finding(page, server: str, settle, name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{server}/{name}?preset=case_b&lang={'zh' if scheme == 'dark' else 'en'}")
    settle(page)
    page.wait_for_selector('[data-testid="stMain"] h1')
    settle(page)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    told = [
        (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
        for fault in found
        if fault["impact"] in GRAVE
    ]
    assert told == []


def test_an_upload_speaks_the_visitors_language(page, server: str, settle) -> None:
    page.goto(f"{server}/load?preset=case_a&lang=zh")
    settle(page)
    field = page.locator('[data-testid="stMain"] [data-testid="stFileUploader"]').first
    field.wait_for()
    shown = "(e, part) => getComputedStyle(e.querySelector(part), '::after').content"
    assert field.evaluate(shown, "button p") == '"选择文件"'
    assert field.evaluate(shown, "[data-testid=stFileUploaderDropzoneInstructions] span").startswith('"单个文件不超过')
    hidden = "(e, part) => getComputedStyle(e.querySelector(part)).fontSize"
    assert field.evaluate(hidden, "button p") == "0px"
