"""What reading a meter file has to say: findings for what was repaired, `MeterError` for what cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from numpy.typing import NDArray

from sim.problem import Problem, Refusal, as_problem

# A question is a guess: it counts until somebody confirms or changes it, and is shown beside the figures until then.
Severity = Literal["note", "repaired", "question", "warning"]

ROWS_NAMED = 5


@dataclass(frozen=True)
class MeterFinding:
    """One thing found in a meter file and what was done about it.

    `rows` are row numbers of the file (the first row is 1), at most the first five; `count` is how many there are.
    """

    code: str
    rows: tuple[int, ...]
    count: int
    text: Problem
    severity: Severity = "note"


class MeterError(Refusal):
    """A meter file that cannot be used. The message names the row and column, the reason and what to do."""

    def __init__(self, text: str, *, code: str = "meter", row: int | None = None, column: str | None = None) -> None:
        super().__init__(text)
        self.code, self.row, self.column = code, row, column


class MeterQuestion(MeterError):
    """What nobody but the user can say. `options` are the answers, likely ones first."""

    def __init__(self, text: str, *, code: str, column: str | None, options: Sequence[str]) -> None:
        super().__init__(text, code=code, column=column)
        self.options = tuple(options)


def asked(code: str, reason: str, advice: str, options: Sequence[str], column: str | None = None) -> MeterQuestion:
    """A `MeterQuestion` whose message is "reason. advice."."""
    text = followed(as_problem(reason), as_problem(advice))
    return MeterQuestion(text, code=code, column=column, options=options)


def finding(
    code: str, severity: Severity, text: str, rows: Sequence[int] | NDArray = (), count: int | None = None
) -> MeterFinding:
    """A `MeterFinding` that keeps only the first few of `rows`, and counts them all unless `count` is given."""
    first = tuple(sorted({int(row) for row in rows})[:ROWS_NAMED])
    return MeterFinding(code, first, len(rows) if count is None else int(count), as_problem(text), severity)


def refusal(code: str, reason: str, advice: str, row: int | None = None, column: str | None = None) -> MeterError:
    """A `MeterError` whose message is "Row 7, column "Power": reason. advice."."""
    text = followed(as_problem(reason), as_problem(advice))
    if row and column:
        text = Problem('Row {row}, column "{column}": {text}', row=row, column=column, text=text)
    elif row:
        text = Problem("Row {row}: {text}", row=row, text=text)
    elif column:
        text = Problem('Column "{column}": {text}', column=column, text=text)
    return MeterError(text, code=code, row=row, column=column)


def followed(first: Problem, second: Problem) -> Problem:
    """Two sentences, one after the other."""
    return Problem("{first} {second}", first=first, second=second)


def quoted(name: str) -> Problem:
    """A name of the file in quotation marks."""
    return Problem('"{name}"', name=name)


def listing(rows: Sequence[int] | NDArray) -> Problem:
    """ "row 7", "rows 7, 8 and 9" or "rows 7, 8, 9, 10, 11 and 20 more"."""
    numbers = sorted({int(row) for row in rows})
    named, more = tuple(numbers[:ROWS_NAMED]), len(numbers) - ROWS_NAMED
    if len(numbers) == 1:
        return Problem("row {row}", row=named[0])
    if more > 0:
        return Problem("rows {rows} and {more:,} more", rows=named, more=more)
    return Problem("rows {rows} and {last}", rows=named[:-1], last=named[-1])


def stamp_text(minute: int) -> str:
    """Minutes since 1970 as "2025-01-03 00:15"."""
    return stamp_of(minute).strftime("%Y-%m-%d %H:%M")


def stamp_of(minute: int) -> datetime:
    """Minutes since 1970 as a plain local time without zone."""
    return datetime.fromtimestamp(int(minute) * 60, UTC).replace(tzinfo=None)
