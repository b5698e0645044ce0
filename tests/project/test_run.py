"""run.py: what a person meets before anything is installed."""

import ast
import contextlib
import errno
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.processes import run as run_program
from tests.processes import started

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path, monkeypatch) -> object:
    """run.py as a module whose folder is an empty copy with spaces in its name; nothing is installed there."""
    folder = tmp_path / "Power Ladder copy"
    folder.mkdir()
    for path in (ROOT / "run.py", *ROOT.glob("requirements*.txt"), *ROOT.glob("requirements*.lock")):
        shutil.copy(path, folder)
    specification = importlib.util.spec_from_file_location("run_copy", folder / "run.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "catch_signals", lambda: None)  # the signals of the test run are pytest's
    return module


@pytest.fixture
def fake_install(run, monkeypatch) -> list:
    """Replace the download by a note of the lock file's name; any Python that starts then counts as complete."""
    installed = []
    monkeypatch.setattr(run, "install_lock", lambda lock: installed.append(lock.name))
    monkeypatch.setattr(run, "PINS_PRESENT", "pass")
    return installed


def run_file(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    return run_program(
        [sys.executable, folder / "run.py", *words], env={**os.environ, **environment}, cwd=folder.parent
    )


# --- which Python -----------------------------------------------------------------------------------------------------


def test_an_old_python_can_read_the_file():
    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_told_so(run):
    sentence = run.python_problem((3, 8, 18))
    assert sentence.startswith("PowerLadder needs Python 3.11 or newer, this is 3.8. ")


def test_the_oldest_python_that_works_is_accepted(run):
    assert run.python_problem((3, 11, 0)) == ""
    assert run.python_problem((4, 0, 0)) == ""


def test_an_old_python_ends_with_status_1_and_no_traceback(run, monkeypatch, capsys):
    monkeypatch.setattr(run, "python_problem", lambda: "too old")
    assert run.main([]) == 1
    assert capsys.readouterr().err == "too old\n"


# --- words ------------------------------------------------------------------------------------------------------------


def test_help_names_every_word(run, capsys):
    assert run.main(["help"]) == 0
    text = capsys.readouterr().out
    assert all(f"python run.py {word}" in text for word in run.WORDS if not word.startswith("-"))


def test_an_unknown_word_is_refused(run, capsys):
    assert run.main(["strat"]) == 2
    assert capsys.readouterr().err.startswith("run.py does not know the word 'strat'.")


# --- installing -------------------------------------------------------------------------------------------------------


def test_an_install_is_done_once(run, fake_install):
    run.ensure_installed(run.RUNTIME)
    run.ensure_installed(run.RUNTIME)
    assert fake_install == ["requirements.lock"]


def test_the_development_set_stands_for_the_runtime_set(run, fake_install):
    run.ensure_installed(run.DEVELOPMENT)
    run.ensure_installed(run.RUNTIME)
    assert fake_install == ["requirements-dev.lock"]


def test_the_runtime_set_does_not_stand_for_the_development_set(run, fake_install):
    run.ensure_installed(run.RUNTIME)
    run.ensure_installed(run.DEVELOPMENT)
    assert fake_install == ["requirements.lock", "requirements-dev.lock"]


def test_the_measuring_set_stands_for_both_and_the_tests_do_without_it(run, fake_install):
    run.ensure_installed(run.DEVELOPMENT)
    run.ensure_installed(run.MEASURING)
    run.ensure_installed(run.DEVELOPMENT)
    run.ensure_installed(run.RUNTIME)
    assert fake_install == ["requirements-dev.lock", "requirements-bench.lock"]


def test_a_changed_lock_is_installed_into_the_same_venv(run, fake_install):
    run.ensure_installed(run.RUNTIME)
    (run.VENV / "mine.txt").write_text("kept")
    lock = run.ROOT / "requirements.lock"
    lock.write_text(lock.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    run.ensure_installed(run.RUNTIME)
    assert fake_install == ["requirements.lock", "requirements.lock"]
    assert (run.VENV / "mine.txt").exists()


def test_line_ends_of_a_windows_checkout_do_not_count_as_a_change(run):
    key = run.set_key("requirements.lock")
    lock = run.ROOT / "requirements.lock"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    assert run.set_key("requirements.lock") == key


@pytest.mark.parametrize("damage", ["no python", "cut short", "a file instead"])
def test_a_broken_venv_is_rebuilt(run, fake_install, damage):
    run.ensure_installed(run.RUNTIME)
    (run.VENV / "left over.txt").write_text("from before")
    if damage == "no python":
        run.venv_python().unlink()
    elif damage == "cut short":
        run.STAMP.write_text("")
    else:
        shutil.rmtree(run.VENV)
        run.VENV.write_text("")
    run.ensure_installed(run.RUNTIME)
    assert len(fake_install) == 2
    assert run.venv_answers("-c", "pass")
    assert not (run.VENV / "left over.txt").exists()


def test_a_missing_package_is_noticed(run, monkeypatch):
    monkeypatch.setattr(run, "install_lock", lambda lock: None)
    run.ensure_installed(run.RUNTIME)
    assert run.read_stamp() and not run.is_installed(run.RUNTIME)  # stamped, but the venv is empty


def test_a_failed_install_leaves_the_mark_of_a_half_made_venv(run, monkeypatch):
    def fail(lock):
        raise run.SetupError("no network")

    monkeypatch.setattr(run, "install_lock", fail)
    with pytest.raises(run.SetupError, match="no network"):
        run.ensure_installed(run.RUNTIME)
    assert run.read_stamp() == set()


def test_two_starts_at_once_install_once(run, fake_install, capsys):
    record = run.install_lock
    run.install_lock = lambda lock: (time.sleep(0.5), record(lock))
    threads = [threading.Thread(target=run.ensure_installed, args=(run.RUNTIME,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake_install == ["requirements.lock"]
    told = capsys.readouterr()
    assert "Another start is installing" in told.err
    assert told.out == ""  # standard output is for what cli and bench print


# --- sentences instead of tracebacks ----------------------------------------------------------------------------------


def test_no_network_is_said(run):
    """A real installer against an address where nobody listens."""
    nobody = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    offline = {**nobody, "PIP_NO_CACHE_DIR": "1", "UV_NO_CONFIG": "1", "UV_NO_CACHE": "1", "UV_FIND_LINKS": ""}
    done = run_file(run.ROOT, "cli", **offline, UV_INDEX_URL=nobody["PIP_INDEX_URL"])
    assert done.returncode == 1
    assert "the package index cannot be reached" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "its hash differs"),
        ("ERROR: No matching distribution found for numba==1", "no build for this system"),
        ("  Caused by: dns error: failed to lookup address", "cannot be reached"),
        ("something new\nthat nobody foresaw", "The installer said:\n  something new\n  that nobody foresaw"),
    ],
)
def test_what_an_installer_says_becomes_advice(run, output, words):
    assert words in run.install_sentence(output)


def test_a_python_without_ensurepip_is_named(run, monkeypatch, capsys):
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    monkeypatch.setattr(
        run, "add_pip", lambda: (_ for _ in ()).throw(run.SetupError(run.venv_sentence("no ensurepip")))
    )
    assert run.main(["cli"]) == 1
    assert "sudo apt install python3-venv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "cannot write to its folder {} (Read-only file system)"),
        (errno.EACCES, "cannot write to its folder {} (Permission denied)"),
        (errno.ENOSPC, "The disk is full"),
        (errno.EIO, "could not be set up: [Errno"),
    ],
)
def test_what_the_system_refuses_is_named(run, monkeypatch, capsys, number, words):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(run.os, "open", refuse)
    assert run.main(["cli"]) == 1
    assert words.format(run.ROOT) in capsys.readouterr().err


# --- ports and browser ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def listener(port: int = 0):
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_taken_port_is_passed_over(run, monkeypatch):
    with listener() as port:
        monkeypatch.setattr(run, "USUAL_PORT", port)
        assert run.choose_port("127.0.0.1", None) > port


def test_a_wanted_port_that_is_taken_is_refused(run):
    with listener() as port, pytest.raises(run.SetupError, match=f"Port {port} cannot be used"):
        run.choose_port("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_an_impossible_port_is_refused(run, port):
    with pytest.raises(run.SetupError, match="between 1 and 65535"):
        run.choose_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("environment", "unwanted", "opens"),
    [
        ({"DISPLAY": ":0"}, False, True),
        ({"DISPLAY": ":0"}, True, False),
        ({"DISPLAY": ":0", "CI": "1"}, False, False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "here there"}, False, False),
        ({}, False, False),
    ],
)
def test_the_browser_opens_only_for_somebody_in_front_of_a_screen(run, monkeypatch, environment, unwanted, opens):
    monkeypatch.setattr(run.sys, "platform", "linux")
    for key in ("DISPLAY", "WAYLAND_DISPLAY", "CI", "SSH_CONNECTION"):
        monkeypatch.delenv(key, raising=False)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    assert run.may_open_browser(unwanted) is opens


def test_the_child_sees_no_other_python(run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror.example/simple")
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    environment = run.child_environment()
    assert "PYTHONPATH" not in environment
    assert environment["UV_DEFAULT_INDEX"] == "http://mirror.example/simple"


# --- the dashboard from first word to Ctrl-C --------------------------------------------------------------------------

STAND_IN = """
import http.server, sys
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Healthy).serve_forever()
"""

DRIVER = """
import importlib.util, signal, subprocess, sys
# As in front of a terminal: a test run in the background starts its programs deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.argv[3:]:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
specification = importlib.util.spec_from_file_location("run_copy", sys.argv[1])
run = importlib.util.module_from_spec(specification)
specification.loader.exec_module(run)
run.ensure_installed = lambda files: None
run.start_server = lambda host, port: subprocess.Popen([sys.executable, "-c", sys.argv[2], str(port)])
sys.exit(run.main(["--no-browser"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_dashboard_starts_says_its_address_and_stops(run, number):
    command = [sys.executable, "-c", DRIVER, str(run.ROOT / "run.py"), STAND_IN]
    with started(command, stdout=subprocess.PIPE, text=True) as process:
        announcement = process.stdout.readline()
        port = int(announcement.split("localhost:")[1].split()[0])
        assert not run.port_is_free("127.0.0.1", port)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
        assert (rest, process.returncode) == ("PowerLadder has stopped.\n", 0)
        assert run.port_is_free("127.0.0.1", port)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no nohup")
def test_a_dashboard_started_with_nohup_outlives_its_terminal(run):
    command = [sys.executable, "-c", DRIVER, str(run.ROOT / "run.py"), STAND_IN, "nohup"]
    with started(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30)[0] == "PowerLadder has stopped.\n"


def test_a_dashboard_that_ends_while_starting_is_said(run, monkeypatch, capsys):
    monkeypatch.setattr(run, "ensure_installed", lambda files: None)
    monkeypatch.setattr(run, "start_server", lambda host, port: subprocess.Popen([sys.executable, "-c", "1/0"]))
    assert run.main([]) == 1
    assert "ended while starting" in capsys.readouterr().err
