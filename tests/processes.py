"""Programs a test starts: none outlives its test, not even where the test run itself is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_S = 10
LIMIT_S = 240


@contextmanager
def started(command: Sequence[str | Path], **settings: object) -> Iterator[subprocess.Popen]:
    """A program in a group of its own; at the end of the block it and all it started are ended.

    ``settings`` go to ``subprocess.Popen``. A guard holds a pipe from this process: it closes when the test run ends
    in whatever way, and then the guard ends the group.
    """
    with subprocess.Popen(command, start_new_session=True, **settings) as process:
        guard = guard_of(process)
        try:
            yield process
        finally:
            end(process)
            if guard is not None:
                guard.kill()
                guard.communicate()


def guard_of(process: subprocess.Popen) -> subprocess.Popen | None:
    if os.name == "nt":
        return None
    script = f"read -r nothing; kill -s KILL -- -{process.pid}"
    return subprocess.Popen(
        ["sh", "-c", script], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )


def end(process: subprocess.Popen) -> None:
    """Ask, wait, insist; what the program started itself and left behind is ended without asking."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=PATIENCE_S)
    if os.name == "nt":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def run(
    command: Sequence[str | Path], *, limit_s: float = LIMIT_S, text: bool = True, **settings: object
) -> subprocess.CompletedProcess:
    """What a program writes, as ``subprocess.run`` gives it, with a limit of time. Its status is for the test to ask.

    Raises:
        subprocess.TimeoutExpired: The program took longer; it and all it started are ended.
    """
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(command, text=text, **pipes, **settings) as process:
        out, err = process.communicate(timeout=limit_s)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run_well(command: Sequence[str | Path], **settings: object) -> subprocess.CompletedProcess:
    """As ``run``; a status other than 0 fails the test with what the program said."""
    done = run(command, **settings)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done
