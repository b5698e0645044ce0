"""Reading what visitors bring, setting documents and searching sizes, in processes of their own: a bad file or a
strange scenario ends a worker, never the server.

Three workers wait for work, of which searches take two at most; one that takes too long or too much memory is ended,
and its visitor is told. `python -m ui.apart` is a worker: it reads jobs on standard input and writes answers on
standard output, each pickled behind its length, and what is done of a long one before it.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import LifoQueue
from threading import BoundedSemaphore, Timer
from typing import IO, Any, TypeVar

from sim.problem import Problem, Refusal

Answer = TypeVar("Answer")
Progress = Callable[[int, int], None]
ROOT = Path(__file__).resolve().parents[1]
WORKERS = 3
LIMIT_S, SEARCH_LIMIT_S, COMPILING_LIMIT_S = 60.0, 180.0, 300.0
STEP = b"s"  # begins what a worker says on the way; a pickled answer begins otherwise
READING = Problem("reading it took too much time or memory; give a smaller or simpler file")
MAKING = Problem(
    "working this out took too much time or memory; make the study smaller, or look for an input far too great"
)
MEMORY_BYTES = 3 * 1024**3  # of addresses, about a third of it for the programs that a job loads
LENGTH_BYTES = 8


def apart(
    function: Callable[..., Answer],
    *given: Any,
    refused: type[Refusal] = Refusal,
    limit_s: float = LIMIT_S,
    too_much: Problem = READING,
    progress: Progress | None = None,
) -> Answer:
    """`function(*given)` worked out by a worker. Raises what it raises, and `refused` with `too_much` where it takes
    too much time or memory. With `progress` the function is given one more argument, which it calls with what is done
    and what there is to do; `progress` is called with the same here."""
    job = pickle.dumps((function, given, progress is not None))
    worker = _free.get()
    try:
        answer = worker.ask(job, limit_s, progress)
    finally:
        _free.put(worker)
    if answer is None:
        raise refused(too_much)
    kind, *parts = pickle.loads(answer)
    if kind == "answer":
        return parts[0]
    raise _error(*parts)


def searched(function: Callable[..., Answer], *given: Any, progress: Progress | None = None) -> Answer:
    """A search worked out by a worker, as `apart` does; one worker is left to files and documents."""
    with _searches:
        return apart(function, *given, limit_s=SEARCH_LIMIT_S, too_much=MAKING, progress=progress)


def prepare() -> None:
    """Let one worker load what searches and documents need. What is not compiled yet it compiles, for the server too,
    which goes on meanwhile."""
    with suppress(Refusal):
        apart(_load, limit_s=COMPILING_LIMIT_S)


def _load() -> None:
    import report.paper.pdf  # noqa: F401
    import study.sizing  # noqa: F401
    from sim.dispatch import rolling
    from sim.optimum import solve

    solve.warm_up()
    rolling.warm_up()


class Worker:
    """A process that is started when it is first asked, and again after it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: bytes, limit_s: float, progress: Progress | None = None) -> bytes | None:
        """Its answer; None where it ended, or did not answer in time and was ended. A visitor who leaves ends it."""
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", __name__]
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process = self._process
        timer = Timer(limit_s, process.kill)
        timer.start()
        try:
            _write(_pipe(process.stdin), job)
            while (answer := _read(_pipe(process.stdout)))[:1] == STEP:
                if progress is not None:
                    progress(*pickle.loads(answer[1:]))
            return answer
        except (OSError, EOFError):
            self._end(process)
            return None
        except BaseException:
            self._end(process)
            raise
        finally:
            timer.cancel()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError, EOFError):
                _pipe(stream).close()


_free: LifoQueue[Worker] = LifoQueue()  # the one that worked last has loaded what the next needs
for _ in range(WORKERS):
    _free.put(Worker())
_searches = BoundedSemaphore(WORKERS - 1)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """One end of a worker. Raises EOFError where it has none."""
    if stream is None:
        raise EOFError
    return stream


def _write(stream: IO[bytes], content: bytes) -> None:
    stream.write(len(content).to_bytes(LENGTH_BYTES, "big"))
    stream.write(content)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes:
    length = int.from_bytes(_exactly(stream, LENGTH_BYTES), "big")
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def _error(kind: type[BaseException], text: Any, more: dict[str, Any]) -> BaseException:
    """An error as it was raised, whatever its class asks for to be made."""
    error = kind.__new__(kind, *text)
    error.args = text
    vars(error).update(more)
    return error


# The worker


def main() -> None:
    """Answer jobs until the server is gone."""
    _limit_memory()
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever prints, the answers stay whole
    with suppress(EOFError, OSError):
        while True:
            _write(answers, _answered(_read(given), answers))


def _answered(job: bytes, answers: IO[bytes]) -> bytes:
    """Memory that runs out ends the worker, with all it holds."""
    function, given, tells = pickle.loads(job)
    if tells:
        given = (*given, lambda done, total: _write(answers, STEP + pickle.dumps((done, total))))
    try:
        return pickle.dumps(("answer", function(*given)))
    except MemoryError:
        raise
    except Exception as error:
        return pickle.dumps(("error", type(error), error.args, vars(error)))


def _limit_memory() -> None:
    """Systems without such limits have only the time limit."""
    try:
        import resource
    except ImportError:
        return
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
