"""What a visitor waits for: the first chart after the command, charts after a lever, the page at rest, another page.

The peer is the bare round trip of Streamlit: a page with one slider and one line of text, measured in the same browser
on the same machine. Times run in the browser from the press to the frame after the change. How far the page jumps
meanwhile is its cumulative layout shift, as browsers count it.
"""

import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import socket

ROOT = Path(__file__).resolve().parents[1]
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
START_GOAL_S, LEVER_GOAL, PAGE_GOAL, SHIFT_GOAL = 4.0, 2.0, 2.0, 0.05
REST_GOAL = 6.0  # warnings, turning points and better sizes come after the charts
CHANGES, STARTS, LIMIT_S = 20, 3, 20
BARE_PAGE = "import streamlit as st\n\nst.markdown(f'value {st.slider(\"lever\", 0, 100, 20)}')\n"
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# What is on screen: the numbers of the charts, or the text where there is none.
SHOWN = """() => {
  const charts = [...document.querySelectorAll('.js-plotly-plot')]
  const text = '[data-testid=stMain] [data-testid=stMarkdown]'
  if (!charts.length) return [...document.querySelectorAll(text)].pop().innerText
  const numbers = trace => ['x', 'y', 'z'].map(axis => trace[axis]?.bdata || Array.from(trace[axis] || []).slice(0, 50))
  return JSON.stringify(charts.map(chart => (chart.data || []).map(numbers)))
}"""
# From the next press: ms until the shown state has changed, and until the script has ended too, with one more frame.
WATCH = f"""event => {{
  const shown = {SHOWN}
  const before = shown()
  window.changed = new Promise(done => document.addEventListener(event, () => {{
    const start = performance.now()
    let drawn = 0
    const look = () => {{
      if (performance.now() - start > {LIMIT_S * 1000}) return done([NaN, NaN])
      if (!drawn && shown() !== before) requestAnimationFrame(() => drawn = performance.now() - start)
      drawn && document.querySelector('{DRAWN}')
        ? requestAnimationFrame(() => done([drawn, performance.now() - start])) : requestAnimationFrame(look)
    }}
    requestAnimationFrame(look)
  }}, {{once: true, capture: true}}))
}}"""
SHIFTS = """
  window.shift = 0
  new PerformanceObserver(list => list.getEntries().forEach(entry => {
    window.shift += entry.hadRecentInput ? 0 : entry.value
  })).observe({type: 'layout-shift', buffered: true})
"""

CHART = ".js-plotly-plot"
LEVER = re.compile("energy price|lever")  # what moves charts on every page; diesel costs case A's plans nothing
CASE = "?preset=case_a"  # the bare address asks for a site first


def rows() -> list[dict]:
    """The rows; one with the reason where no browser is there to measure with."""
    browser_path = next((path for name in BROWSER_NAMES if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        browser_path = None
    if browser_path is None:
        return [{"name": "page: lever to charts", "unit": "skipped: no browser or no playwright", "met": None}]
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        start_to_chart_s(browser)  # as after an installation: Python writes its bytecode, numba its compiled kernel
        start_s = min(start_to_chart_s(browser) for _ in range(STARTS))  # other work on the machine only adds
        with tempfile.TemporaryDirectory() as folder:
            bare_script = Path(folder) / "bare.py"
            bare_script.write_text(BARE_PAGE, encoding="utf-8")
            with server(str(bare_script)) as bare, server("app.py") as app:
                found = _measured(browser, bare, app)
        browser.close()
    start = {"name": "page: command to first chart", "value": start_s, "unit": "s", "goal": f"<= {START_GOAL_S:g} s"}
    return [start | {"met": start_s <= START_GOAL_S}, *found]


def _measured(browser, bare: str, app: str) -> list[dict]:
    """The rows of levers and pages, and of what jumps."""
    (bare_ms, _), _ = lever_times_ms(browser, bare, "p")
    (chart_ms, rest_ms), shifts = lever_times_ms(browser, f"{app}/{CASE}", CHART)
    peer = f"bare Streamlit rerun, {bare_ms:.0f} ms"
    times = [
        ("page: lever to repainted charts", chart_ms, LEVER_GOAL),
        ("page: lever to the page at rest", rest_ms, REST_GOAL),
        ("page: another page to its charts", page_change_ms(browser, f"{app}/{CASE}"), PAGE_GOAL),
    ]
    found = [_row(name, ms, peer, bare_ms, goal) for name, ms, goal in times]
    for name in ("money", "sizing"):
        (ms, _), _ = lever_times_ms(browser, f"{app}/{name}{CASE}", CHART)
        found.append(_row(f"page: lever to charts on {name}", ms, f"overview, {chart_ms:.0f} ms", chart_ms, PAGE_GOAL))
    for name, shift in zip(("on load", "of the worst lever move"), shifts, strict=True):
        row = {"name": f"page: layout shift {name}", "value": shift, "unit": "", "goal": f"<= {SHIFT_GOAL:g}"}
        found.append(row | {"met": shift <= SHIFT_GOAL})
    return found


def _row(name: str, ms: float, peer: str, peer_ms: float, goal: float) -> dict:
    ratio = ms / peer_ms
    values = {"name": name, "value": ms, "unit": "ms", "peer": peer, "ratio": ratio}
    return values | {"goal": f"<= {goal:g}x", "met": ratio <= goal}


def start_to_chart_s(browser) -> float:
    """Seconds from the command to the first painted chart in a fresh browser page."""
    start = time.perf_counter()
    with server("app.py") as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(f"{address}/{CASE}")
        page.wait_for_selector(".js-plotly-plot .main-svg", timeout=LIMIT_S * 1000)
        elapsed = time.perf_counter() - start
        context.close()
    return elapsed


def lever_times_ms(browser, address: str, drawn: str) -> tuple[list[float], tuple[float, float]]:
    """Median milliseconds from a key press on the slider to the changed charts and to the page at rest; and the
    shift of the layout on load, and of the worst press."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto(address)
    page.wait_for_selector(drawn)
    page.wait_for_selector(DRAWN)
    page.wait_for_timeout(1500)
    slider, times, shifts = page.get_by_role("slider", name=LEVER).first, [], [page.evaluate("() => window.shift")]
    slider.focus()
    for change in range(CHANGES + 2):
        page.evaluate(WATCH, "keydown")
        slider.press("ArrowRight" if change % 4 < 2 else "ArrowLeft")
        times.append(_changed(page))
        page.wait_for_timeout(250)
        shifts.append(page.evaluate("() => window.shift"))
    context.close()
    worst = max(after - before for before, after in zip(shifts[:-1], shifts[1:], strict=True))
    return [statistics.median(column) for column in zip(*times[2:], strict=True)], (shifts[0], worst)


def page_change_ms(browser, address: str) -> float:
    """Median milliseconds from a press on another page's name to its charts; two pages in turn, both seen before."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(CHART)
    page.wait_for_selector(DRAWN)
    times = []
    for change in range(CHANGES + 2):
        page.wait_for_timeout(400)
        page.evaluate(WATCH, "click")
        page.get_by_role("link", name=("Money", "Answer")[change % 2], exact=True).first.click()
        times.append(_changed(page)[0])
    context.close()
    return statistics.median(times[2:])


def _changed(page) -> list[float]:
    """What the watch of the last press found, in ms. Raises RuntimeError where nothing changed on the page."""
    found = page.evaluate("() => window.changed")
    if math.isnan(found[0]):
        raise RuntimeError(f"nothing changed on {page.url} in {LIMIT_S} s")
    return found


@contextmanager
def server(script: str) -> Iterator[str]:
    """A Streamlit server of its own for a script, stopped at the end."""
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"]
    command = [sys.executable, "-m", "streamlit", "run", script, *words]
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, cwd=ROOT, env=plain, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(process: subprocess.Popen, port: int) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), direct.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
            if answer.read() == b"ok":
                return
        time.sleep(0.02)
    raise RuntimeError("the dashboard did not start")
