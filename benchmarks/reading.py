"""Speed of reading load curves: a year of quarter hours and of minutes, and the memory that takes.

The peer is pandas, which parses the same text into a table in the same run and asks nothing of it. Processor time,
fastest of the turns; memory is the peak of a process of its own over what its imports take.
"""

import io
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from sim.meter.read import read_meter

ROOT = Path(__file__).resolve().parents[1]
TURNS = 3
FIRST = datetime(2025, 1, 1)
# The kernel's own count: the usual call also counts what the parent held before this process began.
MEMORY = """
import sys
from pathlib import Path
from sim.meter.read import read_meter
def peak_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
data = sys.stdin.buffer.read()
before = peak_kb()
read_meter(data, "load.csv")
print((peak_kb() - before) / 1024)
"""


def rows() -> list[dict]:
    """Measure everything once."""
    quarters, minutes = year(15), year(1)
    return [
        speed_row("read a year of quarter hours", quarters, goal_s=1.0),
        speed_row("read a year of minutes", minutes, goal_s=6.0),
        memory_row(minutes),
    ]


def year(step_minutes: int) -> bytes:
    """A load curve as European loggers write it: day first, decimal commas."""
    count = 365 * 1440 // step_minutes
    lines = ["Zeit;Wirkleistung [kW]"]
    for k in range(count):
        t = FIRST + timedelta(minutes=step_minutes * k)
        lines.append(f"{t:%d.%m.%Y %H:%M};{9000 + 10 * t.hour + k % 7},{k % 10}")
    return "\n".join(lines).encode()


def speed_row(name: str, data: bytes, goal_s: float) -> dict:
    own = fastest(lambda: read_meter(data, "load.csv"))
    peer = fastest(lambda: with_pandas(data))
    text = f"pandas: {peer * 1e3:.0f} ms"
    return row(name, own * 1e3, "ms", text, own / peer, f"<= {goal_s * 1e3:.0f}", own <= goal_s)


def with_pandas(data: bytes) -> pd.DataFrame:
    table = pd.read_csv(io.BytesIO(data), sep=";", decimal=",")
    return table.assign(Zeit=pd.to_datetime(table["Zeit"], format="%d.%m.%Y %H:%M"))


def memory_row(data: bytes) -> dict:
    """Not measured where the system does not tell a process's peak: outside Linux."""
    name = "memory of reading a year of minutes"
    try:
        done = subprocess.run([sys.executable, "-c", MEMORY], input=data, capture_output=True, cwd=ROOT, check=True)
    except subprocess.CalledProcessError:
        return row(name, None, "MB", "not told by this system", None, "<= 300", True)
    mb = float(done.stdout)
    return row(name, mb, "MB", "", None, "<= 300", mb <= 300)


def fastest(run: Callable[[], object]) -> float:
    found = []
    for _ in range(TURNS):
        begin = time.process_time()
        run()
        found.append(time.process_time() - begin)
    return min(found)


def row(name: str, value: float | None, unit: str, peer: str, ratio: float | None, goal: str, met: bool) -> dict:
    return {"name": name, "value": value, "unit": unit, "peer": peer, "ratio": ratio, "goal": goal, "met": met}
