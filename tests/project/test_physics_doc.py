"""docs/physics.md answers every modelling choice of the data file and names functions that exist."""

import re
from pathlib import Path

from sim.inputs import library

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/physics.md").read_text(encoding="utf-8")


def test_every_modelling_choice_has_a_row():
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)]
    assert numbers == [choice["n"] for choice in library._file("equipment")["modelling_choices"]]


def test_functions_and_files_it_names_exist():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim").rglob("*.py"))
    for name in re.findall(r"`([a-z_]+)`", TEXT):
        assert f"def {name}(" in source or f"{name}:" in source, name
    for name in re.findall(r"`((?:sim|finance|assets)/[a-z_./]+)", TEXT):
        assert (ROOT / name.rstrip(":")).exists(), name
