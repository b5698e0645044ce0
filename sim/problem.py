"""What is wrong with an input, as a sentence that another language can say too.

`Refusal("{name} has {count} values", name=..., count=...)` reads as English wherever text is wanted; its pattern is the
key of the other languages' catalogue (`assets/i18n/<code>/problems.json`). A value may itself be a `Problem`.
"""

from __future__ import annotations

from typing import Any


class Problem(str):
    """A filled sentence that remembers its `pattern` and `values`."""

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Problem:
        self = super().__new__(cls, pattern.format(**values) if values else pattern)
        self.pattern, self.values = pattern, values
        return self


class Refusal(ValueError):
    """Input that cannot be used, with the sentence that says why and what to do."""

    def __init__(self, pattern: str, /, **values: Any):
        self.problem = Problem(pattern, **values)
        super().__init__(self.problem)
