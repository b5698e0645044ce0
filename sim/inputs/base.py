"""The base of every input model: frozen, closed to unknown keys, and with errors a user can read."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from sim.inputs.field import When
from sim.inputs.text import LONGEST_KEY, one_line
from sim.problem import Named, Problem, Refusal, as_problem
from sim.timeline import MONTH_DAYS

MOST_PROBLEMS = 20
MOST_STAGES = 60
LONGEST_VALUE = 60
MOST_WRITTEN = 1e30
MONTH, COUNTRY, CURRENCY, NO_OR_CURRENCY = r"^20\d\d-(0[1-9]|1[0-2])$", "^[A-Z]{2}$", "^[A-Z]{3}$", "^([A-Z]{3})?$"
# What a text of each pattern may look like: no reader meets a regular expression.
EXAMPLES = {MONTH: "2026-06", COUNTRY: "CN", CURRENCY: "CNY", NO_OR_CURRENCY: "CNY"}


class Closed(BaseModel):
    """A value: never edited in place, and a misspelt key is refused at the door.

    A class of inputs may say for all of them on which card they are drawn and when they matter:
    `class Pv(Closed, card="pv", when=has_pv)`. An input's own `card` goes before, its own `when` is asked besides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    card_of_all: ClassVar[str] = ""
    when_of_all: ClassVar[When | None] = None

    def __init_subclass__(cls, *, card: str = "", when: When | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.card_of_all, cls.when_of_all = card, staticmethod(when) if when else None


class SectionPart(Closed, defer_build=True):
    """Inputs of a section that stand together. Only the section is ever made, so only it need be built:
    `class Finance(Taxes, Costs, defer_build=False)`."""


def require_day(value: Any) -> Any:
    """The value, whose `month` and `day` must be a date of the study's year. Raises Refusal."""
    if value.day > MONTH_DAYS[value.month - 1]:
        raise Refusal(
            "there is no day {day} in month {month} of the study's year, which leaves out 29 February; change the date",
            day=value.day,
            month=value.month,
        )
    return value


def require_order(path: str, stages: Sequence[Any]) -> None:
    """Stages of a plant must stand in the order of their months, one a month. Raises Refusal."""
    for before, after in pairwise(stages):
        if after.month <= before.month:
            raise Refusal(
                "{input}: a stage of month {after} stands behind one of month {before}; list them in the order of "
                "their months, one a month",
                input=Named(path),
                after=after.month,
                before=before.month,
            )


class InputError(Refusal):
    """Input that cannot be used. `problems` holds one sentence a field, what is wrong and what to do: the first
    `MOST_PROBLEMS` of them, and how many of `count` are left."""

    def __init__(self, problems: Sequence[str], count: int | None = None):
        shown = tuple(as_problem(problem) for problem in problems[:MOST_PROBLEMS])
        more = max(count or 0, len(problems)) - len(shown)
        self.problems = (*shown, Problem("and {count:,} more", count=more)) if more else shown
        super().__init__(reduce(_with_next, self.problems))


def input_error(error: ValidationError, known: dict[str, list[str]] | None = None) -> InputError:
    """Turn pydantic's findings into sentences that name the field by its dotted path."""
    found: list[Problem] = []
    for finding in error.errors(include_url=False)[:MOST_PROBLEMS]:
        found += _problems(finding, known or {})
    return InputError(found, max(len(found), error.error_count()))


def _problems(finding: ErrorDetails, known: dict[str, list[str]]) -> tuple[Problem, ...]:
    path = ".".join(one_line(str(part))[:LONGEST_KEY] for part in finding["loc"])
    reasons = getattr(finding.get("ctx", {}).get("error"), "problems", None) or (_reason(finding, path, known),)
    return tuple(Problem("{path}: {reason}", path=Named(path), reason=r) if path else r for r in reasons)


def _with_next(first: Problem, after: Problem) -> Problem:
    return Problem("{first}\n{after}", first=first, after=after)


def _reason(finding: ErrorDetails, path: str, known: dict[str, list[str]]) -> Problem:
    kind, context = finding["type"], finding.get("ctx", {})
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return _unknown(path, known)
    if kind == "missing":
        return Problem("this value is missing; give one")
    if kind == "value_error":
        return getattr(context.get("error"), "problem", None) or Problem(str(context.get("error", finding["msg"])))
    given = finding.get("input")
    limit = {
        "greater_than_equal": lambda: Problem("at least {limit}", limit=context["ge"]),
        "less_than_equal": lambda: Problem("at most {limit}", limit=context["le"]),
        "greater_than": lambda: Problem("more than {limit}", limit=context["gt"]),
        "less_than": lambda: Problem("less than {limit}", limit=context["lt"]),
    }.get(kind)
    if limit:
        return Problem("{given} is out of range; it must be {limit}", given=_short(given), limit=limit())
    return Problem("{given} cannot be used; {wanted}", given=_short(given), wanted=_wanted(kind, context))


def _wanted(kind: str, context: dict[str, Any]) -> Problem:
    """What pydantic asks for, by the type of its finding."""
    if kind == "literal_error":
        return Problem("choose one of: {choices}", choices=tuple(re.split(", | or ", context["expected"])))
    if kind == "string_pattern_mismatch":
        return Problem("write it like {example}", example=EXAMPLES[context["pattern"]])
    if kind == "string_too_long":
        return Problem("use {count} characters or fewer", count=context["max_length"])
    if kind == "too_long":
        return Problem("give {count} or fewer", count=context["max_length"])
    if kind == "too_short":
        return Problem("give {count} or more", count=context["min_length"])
    if kind == "multiple_of":
        return Problem("use a multiple of {step}", step=context["multiple_of"])
    if kind.startswith("int"):
        return Problem("give a whole number")
    if kind.startswith(("float", "finite")):
        return Problem("give a number")
    if kind.startswith("bool"):
        return Problem("give true or false")
    if kind.startswith("bytes"):
        return Problem("give a file in base64")
    if kind.startswith("string"):
        return Problem("give a text")
    if kind.startswith(("tuple", "list")):
        return Problem("give a list")
    return Problem("give an object with the fields of the input list")


def _unknown(path: str, known: dict[str, list[str]]) -> Problem:
    from difflib import get_close_matches

    section, _, name = path.rpartition(".")
    near = get_close_matches(name, known.get(section, []), n=1, cutoff=0.5)
    if near:
        return Problem("there is no such input; did you mean '{name}'?", name=near[0])
    return Problem("there is no such input; remove it, or see the input list for the right name")


def _short(value: object) -> object:
    """A number, or the beginning of anything else, which is never written out whole."""
    if isinstance(value, int | float) and abs(value) < MOST_WRITTEN:
        return value
    return one_line(reprlib.repr(value))[:LONGEST_VALUE]
