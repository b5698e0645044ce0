"""What is wrong with an input, as a sentence that another language can say too.

`Refusal("{name} has {count} values", name=..., count=...)` reads as English wherever text is wanted; its pattern is the
key of the other languages' catalogue (`assets/i18n/<code>/problems.json`), and `i18n.Words.problem` says it there.
A value may itself be a `Problem`, a `Named` input, or a tuple, which is a list.
"""

from __future__ import annotations

from typing import Any

SEPARATOR = ", "


class Problem(str):
    """A filled sentence that remembers its `pattern` and `values`."""

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Problem:
        filled = {name: SEPARATOR.join(map(str, v)) if isinstance(v, tuple) else v for name, v in values.items()}
        self = super().__new__(cls, pattern.format(**filled) if values else pattern)
        self.pattern, self.values = str(pattern), values
        return self


class Named(str):
    """The dotted path of an input, or one of its choices. A screen shows the label it has there."""

    path: str
    choice: str

    def __new__(cls, path: str, choice: str = "") -> Named:
        self = super().__new__(cls, choice or path)
        self.path, self.choice = path, choice
        return self


class Refusal(ValueError):
    """Input that cannot be used, with the sentence that says why and what to do."""

    def __init__(self, pattern: str, /, **values: Any):
        self.problem = Problem(pattern, **values) if values else as_problem(pattern)
        super().__init__(self.problem)


def as_problem(text: str) -> Problem:
    """A sentence without values as a `Problem`; one that is a `Problem` already stays."""
    return text if isinstance(text, Problem) else Problem(text)


def one_or_many(count: int, one: str, many: str) -> Problem:
    """The form for one or for several, with {count} filled: "1 row was", "1,200 rows were"."""
    return Problem(one if count == 1 else many, count=count)
