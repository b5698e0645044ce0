"""Workbooks (xlsx, xlsb, xls, ods) -> their sheets' rows, read in a process of its own with limits."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from sim.meter.findings import MeterError, refusal
from sim.meter.limits import CELL_LENGTH, MAX_COLUMNS, MAX_ROWS, MAX_SHEETS
from sim.problem import Problem

CHILD = Path(__file__).with_name("book_child.py")
TIME_OUT_S = 30.0


class Page(NamedTuple):
    """One sheet of a workbook, or one file of an archive."""

    name: str
    rows: list[Sequence[object]]


def read_book(data: bytes, filename: str) -> list[Page]:
    """The sheets of a workbook. Raises MeterError where it is locked, damaged or too large to be read safely."""
    limits = (MAX_SHEETS, MAX_ROWS, MAX_COLUMNS, CELL_LENGTH)
    # -I: the child sees neither this folder nor the environment's paths, only the installed packages.
    command = [sys.executable, "-I", str(CHILD), *map(str, limits)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIME_OUT_S, check=True)
        found = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError, RecursionError) as error:
        raise damaged(filename) from error
    if "fault" in found:
        reason = Problem('"{name}" is protected by a password.', name=filename)
        raise refusal("wrong_kind_locked", reason, "Remove it and upload again.")
    return [Page(str(name), [[_cell(cell) for cell in row] for row in rows]) for name, rows in found["sheets"]]


def damaged(filename: str) -> MeterError:
    reason = Problem('"{name}" is damaged or too large: a workbook that cannot be opened.', name=filename)
    return refusal("damaged", reason, "Open it in Excel, save it again (.xlsx or CSV) and upload that.")


def _cell(cell: object) -> object:
    if not isinstance(cell, list):
        return cell
    kind, value = cell
    if kind == "m":
        return timedelta(minutes=value)
    for read in (datetime.fromisoformat, time.fromisoformat):
        with contextlib.suppress(ValueError):
            found = read(value)
            return found.date() if len(value) == 10 and isinstance(found, date) else found
    return value
