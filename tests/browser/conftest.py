"""A server of its own for tests of the very first page view."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import socket

import pytest

from tests.processes import started

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60


@pytest.fixture
def fresh_server() -> Iterator[str]:
    """Address of a dashboard nobody has opened yet."""
    with served(free_port(), {}) as process:
        yield process.args[-1]


@contextmanager
def served(port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A dashboard at a port; the last of its arguments is its address."""
    options = {"server.address": "127.0.0.1", "server.port": port, "server.headless": "true"}
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *words, "--", address]
    settings = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": os.environ | environment}
    with started(command, cwd=ROOT, **settings) as process:
        _wait(process, f"{address}/_stcore/health")
        yield process


def free_port() -> int:
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
