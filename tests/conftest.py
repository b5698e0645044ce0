"""Fixtures for tests that need the running dashboard or a browser.

``server`` is the address of one dashboard for the whole test run, ``page`` a fresh browser page that fails its test if
the page complained (console errors, exceptions, requests to other hosts), ``settle`` waits until a page is drawn.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from store.database import FOLDER as DATA_DIR
from tests import shared
from tests.processes import started
from tests.warm_up import warm_up

# On a build server the same examples come every time, so that a run can be repeated; elsewhere new ones are tried.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

ROOT = Path(__file__).resolve().parents[1]
START_LIMIT_S = 120
SETTLE_PAUSE_MS = 150
SETTLE_LIMIT_MS = 60_000
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# On a deep link Streamlit's front end asks for these below the page's own path first; the 404 is harmless.
HARMLESS_404 = re.compile(r"/_stcore/(health|host-config)$")
LOG_LINES_SHOWN = 60


def pytest_configure(config: pytest.Config) -> None:
    """An end asked by another program ends the run as Ctrl-C does: fixtures still put away what they started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not hasattr(config, "workerinput"):  # workers inherit the variable
        folder = tempfile.TemporaryDirectory(prefix="powerladder-tests-", ignore_cleanup_errors=True)
        os.environ[shared.FOLDER] = folder.name
        os.environ[DATA_DIR] = f"{folder.name}/data"  # the user's own work is left alone
        config.add_cleanup(folder.cleanup)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A build server tries a few cases of what a machine with more time tries by the thousand."""
    if os.environ.get("CI") and not config.getoption("markexpr"):
        later = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in set(later)]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Before the workers start: what they all need compiled is compiled once."""
    if session.config.getoption("numprocesses", None):
        warm_up()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def server_log(config: pytest.Config) -> Path:
    return Path(config.stash[LOG_KEY])


LOG_KEY = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard of our own, such as ``http://127.0.0.1:43210``; its log is shown when a test fails."""
    log_path = tmp_path_factory.mktemp("server") / "server.log"
    request.config.stash[LOG_KEY] = str(log_path)
    port = free_port()
    options = {"server.address": "127.0.0.1", "server.port": port, "server.headless": "true"}
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *words]
    with (
        log_path.open("w", encoding="utf-8") as log,
        started(command, cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        wait_until_healthy(process, port, log_path)
        yield f"http://127.0.0.1:{port}"


def wait_until_healthy(process: subprocess.Popen, port: int, log_path: Path) -> None:
    """Wait for the health answer; a server that is not ours cannot pass, because ours would have ended."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"The dashboard ended while starting:\n{log_path.read_text(encoding='utf-8')}", pytrace=False)
        with suppress(OSError), direct.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
            if answer.read() == b"ok":
                return
        time.sleep(0.1)
    pytest.fail(f"No health answer in {START_LIMIT_S} s:\n{log_path.read_text(encoding='utf-8')}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the end of the server's log to a failed test that used the server."""
    report = yield
    if report.failed and "server" in getattr(item, "fixturenames", ()) and LOG_KEY in item.config.stash:
        lines = server_log(item.config).read_text(encoding="utf-8", errors="replace").splitlines()
        report.sections.append(("dashboard log", "\n".join(lines[-LOG_LINES_SHOWN:])))
    return report


def give_up(reason: str) -> None:
    """Fail under REQUIRE_BROWSER=1, otherwise skip, with the reason."""
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """The system's Chromium, driven by Playwright (which downloads no browser of its own)."""
    path = next((found for name in BROWSER_NAMES if (found := shutil.which(name))), None)
    if path is None:
        give_up(f"no browser is on the path ({', '.join(BROWSER_NAMES)}); install Chromium to run this test")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        give_up("playwright is not installed (requirements-dev.txt)")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the page of this test complained about so far; a test that expects a complaint clears the list."""
    return []


@pytest.fixture
def page(browser: object, complaints: list[str]) -> Iterator[object]:
    """A page of 1440 x 900 in a fresh context; its complaints fail the test at the end."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    new_page = context.new_page()
    listen(new_page, complaints)
    yield new_page
    context.close()
    assert complaints == []


def listen(page: object, complaints: list[str]) -> None:
    """Write console errors, exceptions and requests to other hosts into ``complaints``."""
    page.on("console", lambda message: complaints.extend(console_complaint(message)))
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    page.on("request", lambda request: complaints.extend(foreign_request(request.url)))


def console_complaint(message: object) -> list[str]:
    harmless = "404" in message.text and HARMLESS_404.search(message.location.get("url", ""))
    return [f"console: {message.text} ({message.location})"] if message.type == "error" and not harmless else []


def foreign_request(url: str) -> list[str]:
    parts = urlsplit(url)
    own = parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")
    return [] if own else [f"request to another host: {url}"]


@pytest.fixture
def settle() -> Callable[[object], None]:
    """``settle(page)`` returns when Streamlit has finished drawing; the pause lets a click reach the server first."""

    def wait(page: object) -> None:
        page.wait_for_timeout(SETTLE_PAUSE_MS)
        page.wait_for_selector(DRAWN, timeout=SETTLE_LIMIT_MS)

    return wait
