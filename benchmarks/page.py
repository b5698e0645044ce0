"""What a visitor waits for: from the command to the first chart, and from a lever to repainted charts.

The peer of a lever change is the bare round trip of Streamlit: a page with one slider and one line of text, measured
in the same browser on the same machine. Times run in the browser from the key press to the frame after the change.
"""

import os
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
START_GOAL_S, LEVER_GOAL = 5.0, 4.0
CHANGES, STARTS, LIMIT_S = 20, 3, 60
BARE_PAGE = "import streamlit as st\n\nst.markdown(f'value {st.slider(\"lever\", 0, 100, 20)}')\n"
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# What is on screen: the first chart's numbers, or the text where there is no chart.
SHOWN = """() => {
  const chart = document.querySelector('.js-plotly-plot')
  if (!chart) return [...document.querySelectorAll('[data-testid=stMain] [data-testid=stMarkdown]')].pop().innerText
  return JSON.stringify((chart.data || []).map(trace => [Array.from(trace.x || []), Array.from(trace.y || [])]))
}"""
# From the next key press until the shown state has changed, the script has ended, and one more frame is drawn.
WATCH = f"""() => {{
  const shown = {SHOWN}
  const before = shown()
  window.changed = new Promise(done => document.addEventListener('keydown', () => {{
    const start = performance.now()
    const look = () => shown() !== before && document.querySelector('{DRAWN}')
      ? requestAnimationFrame(() => done(performance.now() - start)) : requestAnimationFrame(look)
    requestAnimationFrame(look)
  }}, {{once: true, capture: true}}))
}}"""


CASE = "?preset=case_a"  # the bare address asks for a site first


def rows() -> list[dict]:
    """Start and lever times; one row with the reason where no browser is there to measure with."""
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
                bare_ms, lever_ms = (
                    lever_times_ms(browser, bare, "p"),
                    lever_times_ms(browser, f"{app}/{CASE}", ".js-plotly-plot"),
                )
        browser.close()
    ratio = lever_ms / bare_ms
    return [
        {
            "name": "page: command to first chart",
            "value": start_s,
            "unit": "s",
            "goal": f"<= {START_GOAL_S:g} s",
            "met": start_s <= START_GOAL_S,
        },
        {
            "name": "page: lever to repainted charts",
            "value": lever_ms,
            "unit": "ms",
            "peer": f"bare Streamlit rerun, {bare_ms:.0f} ms",
            "ratio": ratio,
            "goal": f"<= {LEVER_GOAL:g}x",
            "met": ratio <= LEVER_GOAL,
        },
    ]


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


def lever_times_ms(browser, address: str, drawn: str) -> float:
    """Median milliseconds from a key press on the first slider to the changed page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(drawn)
    page.wait_for_selector(DRAWN)
    page.wait_for_timeout(1500)
    slider, times = page.get_by_role("slider").first, []
    slider.focus()
    for change in range(CHANGES + 2):
        page.evaluate(WATCH)
        slider.press("ArrowRight" if change % 4 < 2 else "ArrowLeft")
        times.append(page.evaluate("() => window.changed"))
        page.wait_for_timeout(250)
    context.close()
    return statistics.median(times[2:])


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
