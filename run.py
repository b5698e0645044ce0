"""Start, test or measure PowerLadder with one word, on Windows, macOS and Linux.

    python run.py                  make .venv if needed, start the dashboard, open the browser
    python run.py --port 9000      ... on a port of your choice; --no-browser leaves the browser alone
    python run.py test [...]       run every test, two at a time; further words go to pytest (-n 0: one at a time)
    python run.py cli [...]        the same study without a browser; further words go to cli.py
    python run.py bench [--json]   measure the speed goals
    python run.py lock             write the lock files anew after a change of requirements (needs uv)
    python run.py help             show this text

Only the standard library is used, and the syntax stays readable for Python 3.6, so that an old Python
can say what it lacks instead of failing with a traceback.
"""

import argparse
import contextlib
import errno
import hashlib
import importlib
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "powerladder-installed.txt"
LOCK_FILE = ROOT / ".venv.lock"
OLDEST_PYTHON = (3, 11)
USUAL_PORT = 8501
PORTS_TO_TRY = 50
START_LIMIT_S = 120
STOP_LIMIT_S = 8
RUNTIME = ("requirements.txt", "requirements.lock")
DEVELOPMENT = ("requirements-dev.txt", "requirements-dev.lock")
MEASURING = ("requirements-bench.txt", "requirements-bench.lock")  # 400 MB more than the tests need, for the peers
# Each worker takes a run of neighbouring tests, which share what they need, then helps the other.
TWO_AT_A_TIME = ("-n", "2", "--dist", "worksteal")
SETS = (RUNTIME, DEVELOPMENT, MEASURING)  # each contains those before it

DISK_FULL = "The disk is full. PowerLadder needs about 1 GB for its packages; free some space, then start again."
INSTALL_PROBLEMS = (
    ("No space left on device|not enough space", DISK_FULL),
    (
        "DO NOT MATCH THE HASHES|Hash mismatch",
        "A downloaded package is not the one PowerLadder was tested with (its hash differs), so it was not used. "
        "Empty the cache with 'pip cache purge' or 'uv cache clean', check the mirror or proxy in use, then try again.",
    ),
    (
        "(?i)failed to establish a new connection|NewConnectionError|name resolution|getaddrinfo|ConnectTimeout|"
        "read timed out|ProxyError|Network is unreachable|Connection refused|connection reset|error sending request|"
        "dns error|failed to fetch|SSLError|CERTIFICATE_VERIFY_FAILED|timed? ?out|IncompleteRead",
        "PowerLadder could not download its packages: the package index cannot be reached. "
        "Check the internet connection. Behind a proxy set HTTPS_PROXY; with a mirror of the index set PIP_INDEX_URL. "
        "Then run the same command again; this is needed only once.",
    ),
    (
        "No matching distribution found|has no wheels|no usable wheels|doesn't have a (source distribution or )?wheel",
        "One package has no build for this system ({system}, Python {python}). docs/deploy.md lists the systems "
        "that work and a way round (a container) for the others.",
    ),
    (
        "Permission denied|Access is denied",
        "A file in {venv} cannot be written. Close other PowerLadder windows, then try again.",
    ),
)

# Run inside .venv: exit status 0 if each direct pin (name==version) is there in just that version.
PINS_PRESENT = """
import sys
from importlib.metadata import PackageNotFoundError, version
try:
    sys.exit(any(version(name) != wanted for name, wanted in (pin.split("==") for pin in sys.argv[1:])))
except PackageNotFoundError:
    sys.exit(1)
"""


class SetupError(Exception):
    """What went wrong and what to do, in a sentence for the person at the keyboard."""


# --- which Python -----------------------------------------------------------------------------------------------------


def python_problem(version: tuple = tuple(sys.version_info[:3])) -> str:
    """Return why this Python cannot run PowerLadder, or an empty text."""
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return ""
    newer = [name for name in (f"python3.{minor}" for minor in range(14, 10, -1)) if shutil.which(name)]
    advice = f"Run it with: {newer[0]} run.py" if newer else "Install a newer one from python.org and run it with that."
    return "PowerLadder needs Python {}.{} or newer, this is {}.{}. {}".format(*OLDEST_PYTHON, *version[:2], advice)


def base_python() -> str:
    """Return the Python outside any virtual environment, so that .venv is never built from itself."""
    return getattr(sys, "_base_executable", None) or sys.executable


def venv_python() -> Path:
    return VENV / "Scripts" / "python.exe" if os.name == "nt" else VENV / "bin" / "python"


def child_environment() -> dict:
    """Return the environment for programs of .venv: this one without what points at another Python."""
    foreign = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")
    kept = {key: value for key, value in os.environ.items() if key not in foreign}
    if "PIP_INDEX_URL" in kept and "UV_INDEX_URL" not in kept:
        kept.setdefault("UV_DEFAULT_INDEX", kept["PIP_INDEX_URL"])  # uv does not read pip's settings
    return dict(kept, PYTHONUTF8="1")


# --- is everything installed ------------------------------------------------------------------------------------------


def set_key(lock_name: str) -> str:
    """Return what an installed set depends on: the lock file, the Python version and the kind of machine."""
    text = (ROOT / lock_name).read_bytes().replace(b"\r\n", b"\n")
    made_for = "{}.{} {} {}".format(*sys.version_info[:2], sys.platform, platform.machine())
    return hashlib.sha256(text + made_for.encode()).hexdigest()


def read_stamp() -> "set | None":
    """Return the keys of the installed sets; empty if an installation was cut short, None if run.py never made one."""
    try:
        return set(STAMP.read_text(encoding="ascii").split())
    except OSError:
        return None


def direct_pins(requirements_name: str) -> list:
    """Return the ``name==version`` lines of a requirements file without extras; lines with a marker are left out."""
    lines = (ROOT / requirements_name).read_text(encoding="utf-8").splitlines()
    bare = (re.sub(r"\[.*?\]|#.*|\s", "", line) for line in lines)
    return [line for line in bare if "==" in line and ";" not in line]


def venv_answers(*arguments: str) -> bool:
    """Return whether .venv has a Python that starts and ends the given program with status 0."""
    try:
        done = subprocess.run(
            [str(venv_python()), "-I", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def is_installed(files: tuple) -> bool:
    """Return whether .venv holds the set of one (requirements, lock) pair."""
    requirements_name, lock_name = files
    if set_key(lock_name) not in (read_stamp() or ()):
        return False
    pins = direct_pins(requirements_name) + direct_pins(RUNTIME[0])
    return venv_answers("-c", PINS_PRESENT, *pins)


# --- one installation at a time ---------------------------------------------------------------------------------------


def try_lock(handle: int) -> bool:
    """Take the lock on an open file without waiting; the system frees it when this process ends, however it ends."""
    try:
        if os.name == "nt":
            msvcrt = importlib.import_module("msvcrt")
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl = importlib.import_module("fcntl")
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def only_one(reason: str):
    """Hold PowerLadder's lock file; while another start holds it, say ``reason`` once and wait."""
    handle = os.open(str(LOCK_FILE), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not try_lock(handle):
            note(reason)
            while not try_lock(handle):
                time.sleep(0.2)
        yield
    finally:
        os.close(handle)


def folder_sentence(error: OSError) -> str:
    """Return what the system refused while .venv was made, and what to do about it."""
    if error.errno == errno.ENOSPC:
        return DISK_FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"PowerLadder cannot write to its folder {ROOT} ({error.strerror}). Close other PowerLadder windows, or "
            "copy the folder to a place of your own, for instance your home folder, and run it from there."
        )
    return f"PowerLadder could not be set up: {error}"


# --- installing -------------------------------------------------------------------------------------------------------


def ensure_installed(files: tuple) -> None:
    """Make .venv hold the set of one (requirements, lock) pair. Raises SetupError with the reason if it cannot."""
    if is_installed(files):
        return
    try:
        with only_one("Another start is installing PowerLadder's packages; waiting for it to finish."):
            if not is_installed(files):
                install(files)
    except OSError as error:
        raise SetupError(folder_sentence(error)) from error


def install(files: tuple) -> None:
    kept = usable_keys()
    if kept is None:
        note(f"Making {VENV}")
        make_venv()
        kept = set()
    STAMP.write_text("", encoding="ascii")  # until the end: "cut short"
    note(f"Installing packages from {files[1]} (about half a minute the first time)")
    install_lock(ROOT / files[1])
    keys = {set_key(lock) for _, lock in SETS[: SETS.index(files) + 1]}
    STAMP.write_text("\n".join(sorted(keys)) + "\n", encoding="ascii")


def usable_keys() -> "set | None":
    """Return the sets an existing .venv holds, or None if it is absent, broken, half made or of another Python."""
    keys = read_stamp()
    check = "import sys; sys.exit(sys.version_info[:2] != ({}, {}))".format(*sys.version_info[:2])
    if keys == set() or not venv_answers("-c", check):
        return None
    return keys or {"made by hand"}


def make_venv() -> None:
    """Make an empty .venv in place of whatever was there. Raises SetupError if Python's venv module cannot."""
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(str(VENV))
    VENV.mkdir()
    STAMP.write_text("", encoding="ascii")
    # pip is added later and only if uv is missing: a Debian without python3-venv still works with uv.
    status, output = run_and_listen([base_python(), "-m", "venv", "--without-pip", str(VENV)])
    if status:
        raise SetupError(venv_sentence(output))


def venv_sentence(output: str) -> str:
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    reason = (output.strip().splitlines() or ["no reason given"])[-1]
    return (
        f"This Python cannot make a virtual environment ({reason}). On Debian or Ubuntu run "
        f"'sudo apt install python3-venv' (or {package}); elsewhere install Python from python.org. "
        "Then run the same command again."
    )


def install_lock(lock: Path) -> None:
    """Install a hashed lock file into .venv by uv if there is one, else by pip. Raises SetupError."""
    uv = shutil.which("uv")
    options = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    if uv:
        status, _ = run_and_listen([uv, "pip", "install", "--python", str(venv_python()), *options])
        if not status:
            return
        note("uv did not manage it; trying pip")
    add_pip()
    pip = [str(venv_python()), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    status, output = run_and_listen([*pip, "--progress-bar", "off", "--retries", "2", *options])
    if status:
        raise SetupError(install_sentence(output))


def add_pip() -> None:
    if venv_answers("-m", "pip", "--version"):
        return
    status, output = run_and_listen([str(venv_python()), "-m", "ensurepip", "--default-pip"])
    if status:
        raise SetupError(venv_sentence(output))


def install_sentence(output: str) -> str:
    """Return what an installer's output means and what to do about it."""
    facts = {"system": f"{platform.system()} {platform.machine()}", "python": platform.python_version(), "venv": VENV}
    for pattern, sentence in INSTALL_PROBLEMS:
        if re.search(pattern, output):
            return sentence.format(**facts)
    last_lines = "\n".join("  " + line for line in output.strip().splitlines()[-8:])
    return f"The packages could not be installed. The installer said:\n{last_lines}"


def run_and_listen(command: list) -> tuple:
    """Run an installer, echo its lines about downloads, and return (exit status, whole output)."""
    lines = []
    with subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                lines.append(line)
                if re.match(r"\s*Downloading |Installing collected packages: (?!.*\bpip\b)", line):
                    note("  " + re.sub(r"-\d\S*|:.*", "", line.strip()))  # without versions and file endings
        except BaseException:
            stop(process)
            raise
    return process.returncode, "".join(lines)


def write_locks() -> int:
    """Resolve the requirement files for every system and Python from 3.11 on; hashes, but no index address."""
    uv = shutil.which("uv", path=os.pathsep.join([os.environ.get("PATH", ""), str(venv_python().parent)]))
    if not uv:
        raise SetupError("Writing the lock files needs uv: install it with 'pip install uv', then run this again.")
    fixed = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header", "--quiet"]
    runtime = [RUNTIME[0], "-o", RUNTIME[1]]
    development = [RUNTIME[0], DEVELOPMENT[0], "-c", RUNTIME[1], "-o", DEVELOPMENT[1]]
    measuring = [RUNTIME[0], DEVELOPMENT[0], MEASURING[0], "-c", DEVELOPMENT[1], "-o", MEASURING[1]]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    return max(
        subprocess.call(
            [uv, "--no-config", "pip", "compile", *fixed, *files],
            cwd=str(ROOT),
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        for files in (runtime, development, measuring)
    )


# --- the dashboard ----------------------------------------------------------------------------------------------------


def dashboard(words: list) -> int:
    options = dashboard_options(words)
    ensure_installed(RUNTIME)
    server = None
    try:
        with contextlib.ExitStack() as stack:
            # In a folder that cannot be written there is no lock; only two starts in the same second would notice.
            with contextlib.suppress(OSError):
                stack.enter_context(only_one("Another start is under way; waiting for it."))
            port = choose_port(options.host, options.port)
            server = start_server(options.host, port)
            wait_until_healthy(server, options.host, port)
        return attend(server, f"http://{shown_host(options.host)}:{port}", may_open_browser(options.no_browser))
    finally:  # whatever happens, no server stays behind
        if server is not None:
            stop(server)


def dashboard_options(words: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python run.py", add_help=False)
    parser.add_argument("--port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--no-browser", action="store_true")
    return parser.parse_args(words)


def shown_host(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "0.0.0.0") else host


def choose_port(host: str, wanted: "int | None") -> int:
    """Return the wanted port, or the first free one from 8501 on. Raises SetupError if there is none."""
    if wanted is not None:
        if not 1 <= wanted <= 65535:
            raise SetupError(f"--port must lie between 1 and 65535, but is {wanted}.")
        if not port_is_free(host, wanted):
            raise SetupError(
                f"Port {wanted} cannot be used: another program has it. Choose another or leave --port out."
            )
        return wanted
    for port in range(USUAL_PORT, USUAL_PORT + PORTS_TO_TRY):
        if port_is_free(host, port):
            return port
    raise SetupError(f"No free port from {USUAL_PORT} on. Close a program or choose one with --port.")


def port_is_free(host: str, port: int) -> bool:
    """Return whether a server could listen here: nobody answers, and the system lets us bind."""
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with contextlib.closing(socket.socket()) as probe:
        if os.name != "nt":  # on Windows this option would let us share a port that is taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def start_server(host: str, port: int) -> subprocess.Popen:
    settings = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "logger.hideWelcomeMessage": "true",
    }
    words = [word for key, value in settings.items() for word in ("--" + key, str(value))]
    command = [str(venv_python()), "-m", "streamlit", "run", "app.py", *words]
    # A group of its own: Ctrl-C reaches run.py alone, which then ends the server in an orderly way.
    group = {"creationflags": 0x200} if os.name == "nt" else {"start_new_session": True}  # CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(command, cwd=str(ROOT), env=child_environment(), stdin=subprocess.DEVNULL, **group)


def wait_until_healthy(server: subprocess.Popen, host: str, port: int) -> None:
    """Wait for the server's own health answer. Raises SetupError if it ends or stays silent."""
    address = "127.0.0.1" if host == "0.0.0.0" else host
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never ask a proxy for this machine
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SetupError("The dashboard ended while starting; the lines above say why.")
        with contextlib.suppress(OSError):
            if direct.open(f"http://{address}:{port}/_stcore/health", timeout=5).read() == b"ok":
                return
        time.sleep(0.1)
    raise SetupError(f"The dashboard did not answer within {START_LIMIT_S} seconds.")


def may_open_browser(unwanted: bool) -> bool:
    """Return whether a browser can and should be opened: somebody sits in front of a screen."""
    remote = any(os.environ.get(key) for key in ("CI", "SSH_CONNECTION"))
    screen = sys.platform in ("win32", "darwin") or any(os.environ.get(key) for key in ("DISPLAY", "WAYLAND_DISPLAY"))
    return screen and not remote and not unwanted


def attend(server: subprocess.Popen, address: str, open_browser: bool) -> int:
    """Show the address, stay until the server ends or Ctrl-C is pressed, and return the exit status."""
    try:
        say(f"PowerLadder is running at {address} (Ctrl-C stops it)")
        if open_browser:
            webbrowser.open(address)
        status = server.wait()
    except KeyboardInterrupt:
        stop(server)
        say("PowerLadder has stopped.")
        return 0
    if status:
        raise SetupError("The dashboard ended by itself; the lines above say why.")
    return 0


def stop(process: subprocess.Popen) -> None:
    """End a program that was started here: ask, wait, insist."""
    process.terminate()
    try:
        process.wait(timeout=STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- the words --------------------------------------------------------------------------------------------------------


def run_in_venv(words: list, folder: "Path | None") -> int:
    """Run .venv's Python with these words in a folder (None: where the user is) and return its exit status."""
    process = subprocess.Popen([str(venv_python()), *words], cwd=folder and str(folder), env=child_environment())
    try:
        return process.wait()
    except KeyboardInterrupt:
        stop(process)
        return 130


def run_tests(words: list) -> int:
    ensure_installed(DEVELOPMENT)
    return run_in_venv(["-m", "pytest", *TWO_AT_A_TIME, *words], ROOT)


def run_cli(words: list) -> int:
    """Run cli.py where the user is, so that file names on the command line mean what they say."""
    ensure_installed(RUNTIME)
    return run_in_venv([str(ROOT / "cli.py"), *words], None)


def run_benchmarks(words: list) -> int:
    ensure_installed(MEASURING)
    return run_in_venv(["-m", "benchmarks", *words], ROOT)


def run_lock(words: list) -> int:
    return write_locks()


def show_help(words: list) -> int:
    say(__doc__.strip())
    return 0


WORDS = {
    "test": run_tests,
    "cli": run_cli,
    "bench": run_benchmarks,
    "lock": run_lock,
    "help": show_help,
    "--help": show_help,
    "-h": show_help,
}


def say(text: str) -> None:
    print(text, flush=True)


def note(text: str) -> None:
    """Tell about the set-up; not on standard output, which belongs to what cli and bench print."""
    print(text, file=sys.stderr, flush=True)


def catch_signals() -> None:
    """Treat the end asked by another program and a closed terminal like Ctrl-C, so that no server is left behind.

    What was ignored before, as ``nohup`` does with a closed terminal, stays ignored.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main(words: list) -> int:
    """Do what the first word says and return the exit status; every failure ends as a sentence."""
    problem = python_problem()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    catch_signals()
    if words and not words[0].startswith("-") and words[0] not in WORDS:
        print(f"run.py does not know the word '{words[0]}'. 'python run.py help' lists them.", file=sys.stderr)
        return 2
    try:
        return WORDS[words[0]](words[1:]) if words and words[0] in WORDS else dashboard(words)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
