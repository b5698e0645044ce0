"""Nothing on the first page jumps while it is drawn, nor where a lever moves."""

from __future__ import annotations

import pytest

MOST_SHIFT = 0.05
# Every shift but those within half a second of a press, as browsers count them.
WATCH = """
  window.shifts = []
  new PerformanceObserver(list => list.getEntries().forEach(entry => entry.hadRecentInput || window.shifts.push(
    [entry.value, entry.sources.map(source => source.node?.innerText?.slice(0, 40) ?? '')]
  ))).observe({type: 'layout-shift', buffered: true})
"""

pytestmark = pytest.mark.browser


def shifted(page) -> list:
    """What has moved since one last asked."""
    return page.evaluate("() => window.shifts.splice(0)")


@pytest.mark.parametrize("query", ["?preset=case_a", "?preset=case_c&lang=zh", "?own=1"])
def test_nothing_jumps_on_load_nor_where_a_lever_moves(page, server: str, settle, query: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server}/{query}")  # what a server compiles and reads for its first visitor is not what is asked
    settle(page)
    page.add_init_script(WATCH)
    page.goto(f"{server}/{query}")
    settle(page)
    page.wait_for_selector(".js-plotly-plot .main-svg")
    settle(page)
    found = shifted(page)
    assert sum(value for value, _ in found) <= MOST_SHIFT, found
    assert "lang=zh" in query or not [url for url in asked if url.endswith("SC-Regular.woff2")]  # 1 MB for a few signs
    lever = page.get_by_role("slider" if "preset" in query else "spinbutton").last
    for press in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        lever.press(press)
        settle(page)
        page.wait_for_timeout(700)
        found = shifted(page)
        assert sum(value for value, _ in found) <= MOST_SHIFT, found
