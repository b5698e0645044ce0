"""A server of its own for tests of the very first page view."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from socket import socket

import pytest

from tests.processes import started

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60


@pytest.fixture
def fresh_server() -> Iterator[str]:
    """Address of a dashboard nobody has opened yet."""
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *words]
    with started(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait(process, f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"


def _wait(process: subprocess.Popen, address: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, "the dashboard ended while starting"
        with suppress(OSError), direct.open(address, timeout=5) as answer:
            if answer.read() == b"ok":
                return
        time.sleep(0.05)
    pytest.fail(f"no health answer in {START_LIMIT_S} s")
