"""The types of the product hold: what `python -m mypy` checks by `pyproject.toml`."""

import sys
from pathlib import Path

from tests.processes import run

ROOT = Path(__file__).resolve().parents[2]


def test_the_type_checker_finds_nothing():
    done = run([sys.executable, "-m", "mypy"], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
