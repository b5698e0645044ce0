"""A program a test started is gone after the test, however the test ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import run, run_well, started

ROOT = Path(__file__).resolve().parents[2]
# A program that starts another, tells both numbers and then sleeps, deaf to a polite end.
FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
KILLED_RUN = """
import sys
from tests.processes import started
with started([sys.executable, "-c", sys.argv[1]]) as process:
    process.wait()
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups")


def is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
        # A dead process that nobody asks for is still listed where the first process of a container does not reap.
        return not Path(f"/proc/{number}/stat").is_file() or " Z " not in Path(f"/proc/{number}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def all_gone(numbers: list[int], limit_s: float = 30) -> bool:
    end = time.monotonic() + limit_s
    while any(map(is_there, numbers)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(is_there, numbers))


def family_of(process: subprocess.Popen) -> list[int]:
    numbers = [int(word) for word in process.stdout.readline().split()]
    assert len(numbers) == 2 and all(map(is_there, numbers))
    return numbers


def test_a_failing_test_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.processes.PATIENCE_S", 0.1)
    with (
        pytest.raises(ZeroDivisionError),
        started([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, text=True) as process,
    ):
        numbers = family_of(process)
        raise ZeroDivisionError
    assert all_gone(numbers)


def test_a_killed_test_run_leaves_nothing_behind() -> None:
    command = [sys.executable, "-c", KILLED_RUN, FAMILY]
    with started(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        numbers = family_of(killed)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert all_gone(numbers)


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run([sys.executable, "-c", "import time; time.sleep(600)"], limit_s=0.5)


def test_what_a_failing_program_says_is_shown() -> None:
    assert run([sys.executable, "-c", "print('well')"]).stdout == "well\n"
    with pytest.raises(AssertionError, match="ended with 3"):
        run_well([sys.executable, "-c", "raise SystemExit(3)"])
