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
        "register": ["Age of the fuel", "months", 0, 99, 6, "a trade paper", "unverified"],
        "schema": {
            "title": "Age of the fuel",
            "default": 12.0,
            "unit": "months",
            "maximum": 99,
            "source": "a trade paper",
        },
        "card": "genset.neighbour_m",
        "is weak": True,
        "matters without sets": False,
        "file": 10.0,
        "address": "10.0",
        "page": [
            "Age of the fuel, months ◇",
            "Then it is polished.  \nUsual range 6.00 to 18.0 months.  \nSource: a trade paper",
            "20.0",
        ],
        "workbook": [
            [
                "Age of the fuel",
                10,
                "months",
                "requires a new simulation",
                "user input",
                "",
                "genset.fuel_age_months",
                10,
            ],
            ["a trade paper", "Age of the fuel"],
        ],
        "paper": [["柴油存放时间", "10.0\N{NO-BREAK SPACE}个月", "用户设定", ""]],
    }
