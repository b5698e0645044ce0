"""A new input needs its line and its two texts; page, register, schema, address, files and paper follow."""

import json
import sys
from pathlib import Path

from tests import processes

ROOT = Path(__file__).resolve().parents[2]


def test_a_new_input_turns_up_everywhere_by_its_line_and_texts():
    done = processes.run([sys.executable, ROOT / "tests" / "project" / "new_input.py"], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "register": ["Age of the fuel", "days", 0, 999, 30, "a trade paper", "unverified"],
        "schema": {
            "title": "Age of the fuel",
            "default": 90.0,
            "unit": "days",
            "maximum": 999,
            "source": "a trade paper",
        },
        "card": "genset.neighbour_m",
        "is weak": True,
        "matters without sets": False,
        "file": 120.0,
        "address": "120.0",
        "page": [
            "Age of the fuel, days ◇",
            "Then it is polished.  \nUsual range 30.0 to 365 days.  \nSource: a trade paper",
            "200.0",
        ],
        "workbook": [
            ["Age of the fuel", 120, "days", "needs a new simulation", "own choice", "", "genset.fuel_age_days"],
            ["a trade paper", "Age of the fuel"],
        ],
        "paper": [["柴油存放天数", "120 days", "自选", ""]],
    }
