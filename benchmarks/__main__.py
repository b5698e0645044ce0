"""Measure the speed goals: ``python run.py bench`` prints a table, ``--json`` one JSON list.

Each module in this folder has ``rows()``, which returns a list of dictionaries with the keys of ``COLUMNS``:
``ratio`` is this project's value against a peer measured in the same run, ``goal`` what it should be, ``met`` a bool.
"""

import argparse
import contextlib
import importlib
import io
import json
import pkgutil
import sys
from pathlib import Path

COLUMNS = ("name", "value", "unit", "peer", "ratio", "goal", "met")


def module_names() -> list[str]:
    """Return the benchmark modules of this folder in alphabetical order; a leading underscore marks a helper, and what
    tries hostile input measures nothing."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if not module.name.startswith("_") and module.name != "hostile")


def measure(name: str) -> list[dict]:
    """Return the rows of one module; a benchmark that fails becomes a row that says why and is not met."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # standard output is for the result alone
            return [whole(row) for row in importlib.import_module(f"benchmarks.{name}").rows()]
    except Exception as error:  # any fault of one benchmark must leave the others standing
        return [whole({"name": name, "unit": f"failed: {type(error).__name__}: {error}", "met": False})]


def whole(row: dict) -> dict:
    """Return a row with all columns, numpy numbers as Python numbers."""
    return {column: getattr(row.get(column), "item", lambda column=column: row.get(column))() for column in COLUMNS}


def cell(value: object) -> str:
    """Return a value as table text: four significant digits, yes or no, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(rows: list[dict]) -> str:
    """Return the rows as text with one column per key, each as wide as its longest cell."""
    lines = [COLUMNS, *(tuple(cell(row[column]) for column in COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)


def main(words: list[str]) -> int:
    """Run the benchmarks and return 0, or 1 if one failed or missed its goal."""
    parser = argparse.ArgumentParser(prog="python run.py bench", description="Measure the speed goals.")
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of a table")
    options = parser.parse_args(words)
    rows = [row for name in module_names() for row in measure(name)]
    print(json.dumps(rows, indent=1, ensure_ascii=False) if options.json else table(rows))
    return int(any(row["met"] is False for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
