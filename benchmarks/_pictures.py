"""Takes the pictures of README and docs from the running dashboard: ``python -m benchmarks._pictures``.

Six places as a visitor finds them, at 1440 x 900, in both languages and themes, with few enough colours to stay small.
"""

from __future__ import annotations

import io
import shutil

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.page import BROWSER_NAMES, DRAWN, ROOT, server

SIZE, COLOURS, LIMIT_MS = {"width": 1440, "height": 900}, 96, 300_000
STILL, BREATH_MS = 8, 150
# File, address, scheme, what is scrolled to the top.
PICTURES = (
    ("start", "?lang=en", "light", ""),
    ("overview", "?lang=en&preset=case_b", "light", ""),
    ("hours", "operation?lang=en&preset=case_c", "light", ".st-key-dispatch"),
    ("size", "sizing?lang=zh&preset=case_b", "dark", ".st-key-surface"),
    ("when", "when?lang=zh&preset=case_c", "light", ""),
    ("risk", "risk?lang=en&preset=case_b", "dark", ""),
)


def take(page: Page, address: str, scheme: str, at: str) -> bytes:
    """The page at an address once it rests; `at` is brought to the middle of the window."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address)
    page.wait_for_selector(f"{DRAWN} .st-key-answer h2", timeout=LIMIT_MS)
    still = 0
    while still < STILL:
        page.wait_for_timeout(BREATH_MS)
        rests = page.locator(DRAWN).count() and not page.get_by_test_id("stSkeleton").count()
        still = still + 1 if rests else 0
    if at:
        page.locator(at).first.evaluate("e => e.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(4 * BREATH_MS)
    return page.screenshot()


def main() -> None:
    """All of them, one after the other."""
    browser_path = next(path for name in BROWSER_NAMES if (path := shutil.which(name)))
    with sync_playwright() as playwright, server("app.py") as app:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(LIMIT_MS)
        for name, query, scheme, at in PICTURES:
            picture = Image.open(io.BytesIO(take(page, f"{app}/{query}", scheme, at))).convert("RGB")
            picture.quantize(COLOURS, dither=Image.Dither.NONE).save(ROOT / "docs" / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
